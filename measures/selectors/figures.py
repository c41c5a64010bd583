"""Key figures with their path, confirmed actuals and traffic light."""

from __future__ import annotations

import dataclasses
import datetime
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from django.db.models import Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from measures.models import (
    FigureDirection,
    FigureKind,
    FigureReport,
    KeyFigure,
    KeyFigureTarget,
    QualityStep,
    RoundReportState,
)
from measures.status import FigurePath, Light, Point, light_badge, light_of, progress_of
from monitoring.secrecy import is_small
from monitoring.selectors.figures import figures_in_force
from project.common.formats import SIGN_UNKNOWN, Badge, decimal_de


@dataclasses.dataclass(frozen=True)
class Actual:
    """A confirmed figure; an empty value is no data, and the comment says why, or both are kept secret.

    Attributes:
        version: Above 1 it corrects what was confirmed before.
        before: What it corrects: the value as it had been confirmed; None if it corrects nothing.
    """

    day: datetime.date
    value: Decimal | None
    comment: str
    is_secret: bool = False
    version: int = 1
    before: Actual | None = None


@dataclasses.dataclass(frozen=True)
class FigureLine:
    """A key figure as pages show it.

    Attributes:
        figure: The key figure, with its unit.
        targets: Its targets by day.
        path: What it should do.
        actuals: Confirmed figures by day, those without a value included.
        known_light: Traffic light where the figure it follows from is not shown; None to work it out.
        hides_baseline: Whether the baseline counts so few people that it is not shown.
    """

    figure: KeyFigure
    targets: tuple[KeyFigureTarget, ...]
    path: FigurePath
    actuals: tuple[Actual, ...]
    known_light: Light | None = None
    hides_baseline: bool = False

    @property
    def baseline(self) -> Decimal | None:
        """Where it began; None where that is not shown."""
        return None if self.hides_baseline else self.figure.baseline

    @property
    def latest(self) -> Actual | None:
        """The latest confirmed report on it, whether it has a value or not."""
        return self.actuals[-1] if self.actuals else None

    @property
    def last_value(self) -> Actual | None:
        """The latest confirmed figure that has a value, be it a secret one."""
        return next((row for row in reversed(self.actuals) if row.value is not None or row.is_secret), None)

    @property
    def light(self) -> Light:
        """Traffic light of the latest confirmed report."""
        return self.known_light or light_of(self.path, point_of(self.latest))

    @property
    def progress(self) -> int | None:
        """Percent of the way from the baseline to the last target; None without a figure that may be told."""
        if self.hides_baseline:
            # With target and actual it could be worked out.
            return None
        return progress_of(self.path, point_of(self.latest))

    @property
    def follows_indicator(self) -> bool:
        """Whether it follows an indicator of an area by itself, so that nobody reports it."""
        return self.figure.indicator_id is not None

    @property
    def badge(self) -> Badge:
        """The light in word and colour."""
        return light_badge(self.light)

    @property
    def expected(self) -> Fraction | None:
        """Where the path is on the day of the latest confirmed report."""
        return self.path.expected(self.latest.day) if self.latest else None

    def next_target(self, today: datetime.date) -> KeyFigureTarget | None:
        """The target to be reached next; after the last one, the last."""
        return next(
            (row for row in self.targets if row.due_on >= today), self.targets[-1] if self.targets else None
        )

    @property
    def decimals(self) -> int:
        """Digits after the comma its numbers are shown with; what was typed more precisely stays so."""
        return self.figure.unit.decimals


def is_small_count(value: Decimal | None, figure: KeyFigure) -> bool:
    """Whether a figure counts so few people that it is told to some only (``services.raw_figures``)."""
    return value is not None and figure.unit.is_count and is_small(float(value))


def protected(line: FigureLine) -> FigureLine:
    """A key figure without its small counts of people, with the light they led to; itself if it has none."""
    actuals = tuple(_protected(row, line.figure) for row in line.actuals)
    hides_baseline = is_small_count(line.figure.baseline, line.figure)
    if actuals == line.actuals and hides_baseline == line.hides_baseline:
        return line
    return dataclasses.replace(line, actuals=actuals, known_light=line.light, hides_baseline=hides_baseline)


def _protected(row: Actual, figure: KeyFigure) -> Actual:
    before = _protected(row.before, figure) if row.before else None
    if is_small_count(row.value, figure):
        # A comment may name the number it explains.
        return dataclasses.replace(row, value=None, comment="", is_secret=True, before=before)
    return row if before == row.before else dataclasses.replace(row, before=before)


def actual_text(actual: Actual | None, figure: KeyFigure) -> str:
    """A confirmed figure as written: number and unit, a dash for no data, the sign of secrecy."""
    if actual is not None and actual.is_secret:
        return SIGN_UNKNOWN
    return number_of(actual.value if actual else None, figure)


def baseline_text(line: FigureLine) -> str:
    """A baseline as written, or the sign of secrecy."""
    return SIGN_UNKNOWN if line.hides_baseline else number_of(line.figure.baseline, line.figure)


def point_of(actual: Actual | None) -> Point | None:
    """The actual as the rule takes it; None without a value."""
    if actual is None or actual.value is None:
        return None
    return Point(actual.day, Fraction(actual.value))


def path_of(figure: KeyFigure, targets: Iterable[KeyFigureTarget]) -> FigurePath:
    """The path of a key figure through its targets, with its own borders of the traffic light."""
    return FigurePath(
        baseline=Point(figure.baseline_on, Fraction(figure.baseline)),
        targets=tuple(Point(row.due_on, Fraction(row.value)) for row in targets),
        is_rising=figure.direction == FigureDirection.RISING,
        on_path_percent=figure.on_path_percent,
        at_risk_percent=figure.at_risk_percent,
        is_stepped=figure.kind == FigureKind.QUALITY,
    )


def figure_lines(
    measure_pks: Iterable[int],
    *,
    before: datetime.date | None = None,
    until: datetime.date | None = None,
    latest_only: bool = False,
) -> dict[int, list[FigureLine]]:
    """Key figures of measures with their confirmed actuals, of each day the latest confirmed version.

    Args:
        measure_pks: Keys of the measures.
        before: Take actuals of earlier days only; None takes all.
        until: Take actuals of this day and earlier ones only; None takes all.
        latest_only: Take the latest confirmed report of each key figure only: enough for its light.

    Returns:
        Key of the measure -> its key figures in the order they were written; measures without any are left
        out. Queries: 3 for any number of measures, and those of ``figures_in_force`` once if any figure
        follows an indicator.
    """
    keys = list(measure_pks)
    figures = list(
        KeyFigure.objects.filter(measure__in=keys)
        .select_related("unit", "reporter", "indicator__unit", "area")
        .order_by("pk")
    )
    targets: dict[int, list[KeyFigureTarget]] = defaultdict(list)
    for target in KeyFigureTarget.objects.filter(key_figure__measure__in=keys).order_by("due_on"):
        targets[target.key_figure_id].append(target)
    actuals = _reported(keys, latest_only=latest_only and before is None and until is None)
    actuals.update(_followed([row for row in figures if row.indicator_id is not None]))
    lines: dict[int, list[FigureLine]] = defaultdict(list)
    for figure in figures:
        of_figure = tuple(targets[figure.pk])
        known = tuple(
            row
            for row in actuals.get(figure.pk, ())
            if (before is None or row.day < before) and (until is None or row.day <= until)
        )
        lines[figure.measure_id].append(FigureLine(figure, of_figure, path_of(figure, of_figure), known))
    return dict(lines)


def _reported(measure_pks: list[int], *, latest_only: bool) -> dict[int, list[Actual]]:
    """Confirmed figures by key figure and day. Queries: 1."""
    rows = FigureReport.objects.filter(
        key_figure__measure__in=measure_pks, report__state=RoundReportState.CONFIRMED
    ).order_by("report__round__reference_on", "report__version")
    if latest_only:
        # A window: asked row by row whether there is a later one, a database takes minutes.
        newest_first = ("-report__round__reference_on", "-report__version")
        place = Window(RowNumber(), partition_by="key_figure", order_by=newest_first)
        rows = rows.annotate(place_from_last=place).filter(place_from_last=1)
    found: dict[int, list[Actual]] = defaultdict(list)
    for key, day, value, comment, version in rows.values_list(
        "key_figure", "report__round__reference_on", "value", "comment", "report__version"
    ):
        of_figure = found[key]
        earlier = of_figure.pop() if of_figure and of_figure[-1].day == day else None
        of_figure.append(Actual(day, value, comment, version=version, before=earlier))
    return found


def _followed(figures: list[KeyFigure]) -> dict[int, list[Actual]]:
    """Figures in force of the indicators that key figures follow, as they may be shown to anybody.

    A value counts as of the last day of its year, once that day is over, and only after the baseline. One
    that is secret is no data. Queries: none without such figures, else those of ``figures_in_force``.
    """
    pairs = [(row, row.indicator, row.area) for row in figures if row.indicator and row.area]
    if not pairs:
        return {}
    indicators = {indicator.pk: indicator for _row, indicator, _area in pairs}
    areas = {area.pk: area for _row, _indicator, area in pairs}
    shown = figures_in_force(areas.values(), indicators.values(), has_means=False)
    today = timezone.localdate()
    found: dict[int, list[Actual]] = {}
    for figure, indicator, area in pairs:
        actuals = []
        for year in shown.years(indicator):
            day, cell = datetime.date(year, 12, 31), shown.of(indicator, area, year)
            is_known = cell.value is not None or cell.is_secret
            if is_known and figure.baseline_on < day <= today:
                actuals.append(Actual(day, _rounded(cell.value), "", is_secret=cell.is_secret))
        found[figure.pk] = actuals
    return found


def _rounded(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value)).quantize(Decimal("0.01"))


def number_of(value: Decimal | Fraction | None, figure: KeyFigure) -> str:
    """A value as written: in the decimals of its unit, with the unit (1.234 Personen), or in words."""
    if value is None:
        return decimal_de(None)
    if figure.kind == FigureKind.QUALITY:
        return str(QualityStep(int(value)).label)
    number = Decimal(value.numerator) / Decimal(value.denominator) if isinstance(value, Fraction) else value
    return f"{decimal_de(number, figure.unit.decimals)}\u00a0{figure.unit.symbol}"
