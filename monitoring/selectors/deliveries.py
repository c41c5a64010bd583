"""Reads of deliveries: what came in, what is missing, what changed, what is to be corrected."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext

from monitoring.issues import TO_ASSIGN, figure_written, issue_message
from monitoring.models import Area, Delivery, DeliveryIssue, Indicator, Severity
from monitoring.secrecy import Shown
from monitoring.selectors.areas import planning_areas
from monitoring.selectors.figures import Figures, figures_delivered, figures_in_force
from monitoring.selectors.protection import Cell
from monitoring.selectors.versions import comments_of
from monitoring.words import FORM_NAMES, OUR_FORM, shown_text
from project.common.keys import key_or_none

#: Codes of hints at figures that stay out begin with this.
LEFT_OUT: Final = "out_"
_UNKNOWN_AREA: Final = frozenset(
    {"unknown_area", "unknown_area_like", "area_undecided", "area_undecided_like"}
)
_TWICE: Final = frozenset({"duplicate_row", "given_twice", "source_twice_same", "source_twice_other"})


@dataclass(frozen=True)
class IssueLine:
    """One line of the list of remarks, in the reader's language."""

    is_error: bool
    sheet: str
    row: int | None
    column: str
    heading: str
    value: str
    message: str
    code: str = ""
    #: Area, indicator and year, for figures typed in the browser: they stand in no row and column.
    place: str = ""
    count: int = 0


@dataclass(frozen=True)
class Completeness:
    """How much of an indicator came in.

    Attributes:
        indicator: The indicator.
        expected: Cells asked for.
        figures: Cells with a number.
        signs: Cells with a sign in place of a number.
        year: Latest year with a number; None without any.
        mean: Mean of the areas in that year; None if it must not be shown.
        mean_before: Mean in the year before; None likewise.
        unusual: Number of unusual changes among its figures.
    """

    indicator: Indicator
    expected: int
    figures: int
    signs: int
    year: int | None
    mean: float | None
    mean_before: float | None
    unusual: int

    @property
    def missing(self) -> int:
        """Cells of which nothing came in."""
        return max(self.expected - self.figures - self.signs, 0)

    @property
    def change(self) -> float | None:
        """Change of the mean since the year before."""
        if self.mean is None or self.mean_before is None:
            return None
        return self.mean - self.mean_before


@dataclass(frozen=True)
class ValueRow:
    """A figure of an area beside the one of the year before, both as they may be shown."""

    area: Area
    now: str
    before: str
    change: float | None
    is_unusual: bool
    comment: str = ""


@dataclass(frozen=True)
class Difference:
    """A figure that is another one than in an earlier delivery."""

    area: Area
    indicator: Indicator
    year: int
    before: str
    now: str


@dataclass(frozen=True)
class Chosen:
    """One indicator and year of a delivery, area by area."""

    indicator: Indicator
    year: int
    years: Sequence[int]
    rows: Sequence[ValueRow]


@dataclass(frozen=True)
class Preview:
    """All there is to say of a delivery before it is handed in or judged."""

    delivery: Delivery
    errors: Sequence[IssueLine]
    hints: Sequence[IssueLine]
    completeness: Sequence[Completeness]
    figures: Figures
    before: Figures
    areas: Sequence[Area]
    unusual: Collection[tuple[str, str, int]]
    #: Whether the cells asked for are known, and with them what is missing.
    knows_expected: bool = True
    comments: Mapping[Cell, str] = field(default_factory=dict)

    @property
    def expected(self) -> int:
        """Cells asked for."""
        return sum(row.expected for row in self.completeness)

    @property
    def form_name(self) -> str:
        """How the form of the file is called; "" if it is not known."""
        return str(FORM_NAMES.get(self.delivery.source_form, ""))

    @property
    def counts_entries(self) -> bool:
        """Whether the file was counted by its figures and signs, not by its rows: one row may hold many."""
        return self.delivery.source_form not in {"", OUR_FORM} and not self.delivery.is_typed

    @property
    def can_be_assigned(self) -> bool:
        """Whether an error may come from a file that nobody has told how to read."""
        return any(line.is_error and line.code in TO_ASSIGN for line in self.errors)

    @property
    def matched(self) -> int:
        """Figures and signs that belong to what was asked for."""
        return len(self.figures.cells)

    @property
    def left_out(self) -> int:
        """Figures that stay out without being wrong: totals, other areas, years, indicators."""
        return sum(line.count for line in self.hints if line.code.startswith(LEFT_OUT))

    @property
    def totals_left_out(self) -> int:
        """Of these the totals."""
        return sum(line.count for line in self.hints if line.code == f"{LEFT_OUT}totals")

    @property
    def unmatched_areas(self) -> int:
        """Areas of the file that nobody knows."""
        return sum(line.code in _UNKNOWN_AREA for line in self.errors)

    @property
    def duplicates(self) -> int:
        """Figures that the file gives twice."""
        return sum(line.code in _TWICE for line in self.errors)

    @property
    def missing(self) -> int:
        """Cells of which nothing came in."""
        return sum(row.missing for row in self.completeness)

    @property
    def years(self) -> list[int]:
        """Years with any figure, falling."""
        return sorted({year for _indicator, year, _area in self.figures.cells}, reverse=True)

    @property
    def indicators(self) -> list[Indicator]:
        """What was asked for."""
        return [row.indicator for row in self.completeness]

    @property
    def counts_secret(self) -> int:
        """Figures that came in but are not shown."""
        return sum(shown.is_secret for shown in self.figures.cells.values())

    def chosen(self, key: str, year: str) -> Chosen | None:
        """The indicator and year an address asks for, else the first with figures and its latest year.

        Args:
            key: Key of an indicator, or anything.
            year: Year as text, or anything.

        Returns:
            None if no figure came in. Queries: 0.
        """
        with_figures = [row.indicator for row in self.completeness if row.figures or row.signs]
        if not with_figures:
            return None
        indicator = next((row for row in with_figures if row.key == key), with_figures[0])
        years = self.figures.years(indicator)[::-1]
        asked = key_or_none(year)
        wanted = asked if asked is not None and asked in years else years[0]
        return Chosen(indicator, wanted, years, self.value_rows(indicator, wanted))

    def value_rows(self, indicator: Indicator, year: int) -> list[ValueRow]:
        """Figures of one indicator and year, area by area. Queries: 0."""
        rows = []
        for area in self.areas:
            now = self.figures.of(indicator, area, year)
            before = self._before(indicator, area, year - 1)
            change = None if now.value is None or before.value is None else now.value - before.value
            rows.append(
                ValueRow(
                    area,
                    shown_text(now, indicator.unit) if (now.sign or now.value is not None) else "",
                    shown_text(before, indicator.unit) if (before.sign or before.value is not None) else "",
                    change,
                    (area.key, indicator.key, year) in self.unusual,
                    "" if now.is_secret else self.comments.get((indicator.pk, year, area.pk), ""),
                )
            )
        return rows

    def _before(self, indicator: Indicator, area: Area, year: int) -> Shown:
        """The figure of an earlier year: from this delivery, else the one in force."""
        own = self.figures.of(indicator, area, year)
        return own if own.sign or own.value is not None else self.before.of(indicator, area, year)


def delivery_preview(
    delivery: Delivery,
    *,
    indicators: Iterable[Indicator],
    areas: Iterable[Area],
    years: Collection[int],
    knows_expected: bool = True,
) -> Preview:
    """Look at a delivery: remarks, completeness, changes since the year before.

    Args:
        delivery: Whether handed in or not.
        indicators: What was asked for, with units.
        areas: Areas asked for.
        years: Years asked for.
        knows_expected: False if these are only what the delivery itself names.

    Returns:
        The preview. Queries: 4.
    """
    indicators, areas = list(indicators), list(areas)
    issues = list(delivery.issues.all())
    names = _names(indicators)
    lines = [_line(issue, names, is_typed=delivery.is_typed) for issue in issues]
    unusual = {
        (str(issue.params["area_key"]), str(issue.params["indicator"]), int(issue.params["year"]))
        for issue in issues
        if issue.code == "unusual_change"
    }
    figures = figures_delivered(delivery, areas, indicators)
    before = figures_in_force(areas, indicators, years={year - 1 for year in years})
    completeness = [
        _completeness(row, figures, before, len(areas) * len(years), unusual) for row in indicators
    ]
    return Preview(
        delivery=delivery,
        errors=[line for line in lines if line.is_error],
        hints=[line for line in lines if not line.is_error],
        completeness=completeness,
        figures=figures,
        before=before,
        areas=areas,
        unusual=unusual,
        knows_expected=knows_expected,
        comments=comments_of(delivery),
    )


def needs_assignment(delivery: Delivery) -> bool:
    """Whether a file cannot be read until somebody says what it means. Queries: 1.

    Mistakes in our own form are corrected in the file.
    """
    errors = delivery.issues.filter(severity=Severity.ERROR)
    codes = set(errors.values_list("code", flat=True)) if delivery.source_form != "form" else set()
    return bool(codes) and codes <= TO_ASSIGN and bool(delivery.file)


def delivery_contents(delivery: Delivery) -> tuple[list[Indicator], list[Area], list[int]]:
    """Indicators, areas and years of a delivery itself, where nobody says what was asked. Queries: 4."""
    indicators = list(
        Indicator.objects.filter(pk__in=delivery.values.order_by().values("indicator_id"))
        .select_related("unit", "domain")
        .order_by("domain__position", "key")
    )
    years = sorted(set(delivery.values.order_by().values_list("year", flat=True)))
    return indicators, list(planning_areas(delivery.territory)), years


def _completeness(
    indicator: Indicator,
    figures: Figures,
    before: Figures,
    expected: int,
    unusual: Collection[tuple[str, str, int]],
) -> Completeness:
    cells = [(year, shown) for (pk, year, _area), shown in figures.cells.items() if pk == indicator.pk]
    with_number = [year for year, shown in cells if shown.value is not None or shown.is_secret]
    year = max(with_number, default=None)
    mean = None if year is None else figures.mean(indicator, year)
    mean_before = None
    if year is not None:
        own = figures.mean(indicator, year - 1)
        mean_before = before.mean(indicator, year - 1) if own is None else own
    return Completeness(
        indicator=indicator,
        expected=expected,
        figures=len(with_number),
        signs=len(cells) - len(with_number),
        year=year,
        mean=mean,
        mean_before=mean_before,
        unusual=sum(key == indicator.key for _area, key, _year in unusual),
    )


def _names(indicators: Iterable[Indicator]) -> dict[str, str]:
    """Names of indicators in the reader's language, by those in any."""
    return {name: row.name for row in indicators for name in (row.name_de, row.name_en) if name}


def _line(issue: DeliveryIssue, names: Mapping[str, str], *, is_typed: bool) -> IssueLine:
    value, place = issue.value, ""
    if issue.params.get("name") in names:
        # Stored in the language of who delivered.
        issue.params = {**issue.params, "name": names[issue.params["name"]]}
    if issue.code == "unusual_change":
        value = figure_written(issue.params, "now")
        place = ", ".join(str(issue.params[name]) for name in ("area", "name", "year"))
    return IssueLine(
        is_error=issue.severity == Severity.ERROR,
        sheet="" if is_typed else issue.sheet,
        row=None if is_typed else issue.row,
        column="" if is_typed else issue.column,
        heading="" if is_typed else str(issue.params.get("heading", "")),
        value=value,
        place=(place or gettext("All figures")) if is_typed else "",
        message=issue_message(issue),
        code=issue.code,
        count=int(issue.params.get("count", 0)) if issue.code.startswith(LEFT_OUT) else 0,
    )


def issue_lines(delivery: Delivery) -> list[IssueLine]:
    """Remarks on a delivery, errors before hints, then by row. Queries: 2."""
    issues = list(delivery.issues.all())
    told = {str(issue.params["name"]) for issue in issues if "name" in issue.params}
    names = _names(Indicator.objects.filter(Q(name_de__in=told) | Q(name_en__in=told)))
    return [_line(issue, names, is_typed=delivery.is_typed) for issue in issues]


def differences(
    delivery: Delivery, earlier: Delivery, *, indicators: Iterable[Indicator], areas: Iterable[Area]
) -> list[Difference]:
    """Figures that differ between a delivery and an earlier one, as they may be shown.

    Args:
        delivery: The new one.
        earlier: The one it corrects.
        indicators: What was asked for, with units.
        areas: Areas asked for.

    Returns:
        Differences by indicator, year, area; two secret figures count as alike. Queries: 2.
    """
    indicators, areas = list(indicators), list(areas)
    new = figures_delivered(delivery, areas, indicators)
    old = figures_delivered(earlier, areas, indicators)
    years = sorted({year for _indicator, year, _area in [*new.cells, *old.cells]})
    return [
        Difference(area, row, year, _text(old.of(row, area, year), row), _text(new.of(row, area, year), row))
        for row in indicators
        for year in years
        for area in areas
        if new.of(row, area, year) != old.of(row, area, year)
    ]


def _text(shown: Shown, indicator: Indicator) -> str:
    return shown_text(shown, indicator.unit) if shown.sign or shown.value is not None else "–"


def with_issue_counts(deliveries: QuerySet[Delivery]) -> QuerySet[Delivery]:
    """Add ``error_count`` and ``hint_count``. Queries: none of its own."""
    return deliveries.annotate(
        error_count=Count("issues", filter=Q(issues__severity=Severity.ERROR), distinct=True),
        hint_count=Count("issues", filter=Q(issues__severity=Severity.WARNING), distinct=True),
    )
