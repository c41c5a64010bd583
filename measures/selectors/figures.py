"""Key figures with their path, confirmed actuals and traffic light."""

from __future__ import annotations

import dataclasses
import datetime
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from measures.models import (
    FigureDirection,
    FigureReport,
    KeyFigure,
    KeyFigureTarget,
    RoundReportState,
)
from measures.status import FigurePath, Light, Point, light_badge, light_of
from monitoring.secrecy import is_small
from project.common.formats import SIGN_UNKNOWN, Badge, decimal_de


@dataclasses.dataclass(frozen=True)
class Actual:
    """A confirmed figure; an empty value is no data, and the comment says why, or it is kept secret."""

    day: datetime.date
    value: Decimal | None
    comment: str
    is_secret: bool = False


@dataclasses.dataclass(frozen=True)
class FigureLine:
    """A key figure as pages show it.

    Attributes:
        figure: The key figure, with its unit.
        targets: Its targets by day.
        path: What it should do.
        actuals: Confirmed figures by day, those without a value included.
        known_light: Traffic light where the figure it follows from is not shown; None to work it out.
    """

    figure: KeyFigure
    targets: tuple[KeyFigureTarget, ...]
    path: FigurePath
    actuals: tuple[Actual, ...]
    known_light: Light | None = None

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
    actuals = tuple(
        Actual(row.day, None, row.comment, is_secret=True) if is_small_count(row.value, line.figure) else row
        for row in line.actuals
    )
    if actuals == line.actuals:
        return line
    return dataclasses.replace(line, actuals=actuals, known_light=line.light)


def actual_text(actual: Actual | None, figure: KeyFigure) -> str:
    """A confirmed figure as written: number and unit, a dash for no data, the sign of secrecy."""
    if actual is not None and actual.is_secret:
        return SIGN_UNKNOWN
    return number_of(actual.value if actual else None, figure)


def point_of(actual: Actual | None) -> Point | None:
    """The actual as the rule takes it; None without a value."""
    if actual is None or actual.value is None:
        return None
    return Point(actual.day, Fraction(actual.value))


def path_of(figure: KeyFigure, targets: Iterable[KeyFigureTarget]) -> FigurePath:
    """The path of a key figure through its targets."""
    return FigurePath(
        baseline=Point(figure.baseline_on, Fraction(figure.baseline)),
        targets=tuple(Point(row.due_on, Fraction(row.value)) for row in targets),
        is_rising=figure.direction == FigureDirection.RISING,
    )


def figure_lines(
    measure_pks: Iterable[int], *, before: datetime.date | None = None
) -> dict[int, list[FigureLine]]:
    """Key figures of measures with their confirmed actuals.

    Args:
        measure_pks: Keys of the measures.
        before: Take actuals of earlier days only; None takes all.

    Returns:
        Key of the measure -> its key figures in the order they were written; measures without any are left
        out. Queries: 3 for any number of measures.
    """
    keys = list(measure_pks)
    figures = list(KeyFigure.objects.filter(measure__in=keys).select_related("unit").order_by("pk"))
    targets: dict[int, list[KeyFigureTarget]] = defaultdict(list)
    for target in KeyFigureTarget.objects.filter(key_figure__measure__in=keys).order_by("due_on"):
        targets[target.key_figure_id].append(target)
    actuals: dict[int, list[Actual]] = defaultdict(list)
    reported = FigureReport.objects.filter(
        key_figure__measure__in=keys, report__state=RoundReportState.CONFIRMED
    ).order_by("report__round__reference_on")
    if before is not None:
        reported = reported.filter(report__round__reference_on__lt=before)
    for key, day, value, comment in reported.values_list(
        "key_figure", "report__round__reference_on", "value", "comment"
    ):
        actuals[key].append(Actual(day, value, comment))
    lines: dict[int, list[FigureLine]] = defaultdict(list)
    for figure in figures:
        of_figure = tuple(targets[figure.pk])
        lines[figure.measure_id].append(
            FigureLine(figure, of_figure, path_of(figure, of_figure), tuple(actuals[figure.pk]))
        )
    return dict(lines)


def number_of(value: Decimal | Fraction | None, figure: KeyFigure) -> str:
    """A number in the decimals of its unit, with the unit: 1.234 Personen, 12,5 %."""
    if value is None:
        return decimal_de(None)
    number = Decimal(value.numerator) / Decimal(value.denominator) if isinstance(value, Fraction) else value
    return f"{decimal_de(number, figure.unit.decimals)}\u00a0{figure.unit.symbol}"
