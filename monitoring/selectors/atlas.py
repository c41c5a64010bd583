"""Reads of the social atlas: one figure of all areas, as map, ranking, table and over the years."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import F, Max, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from monitoring.certainty import NeedWords, need_words
from monitoring.classes import DEFAULT_CLASSES, Classing, ClassMethod, classing_of
from monitoring.models import Area, AreaKind, Delivery, IndexResult, IndexRun, Indicator, Unit, Value
from monitoring.secrecy import Shown
from monitoring.selectors.areas import areas_of_year, levels_in_use
from monitoring.selectors.figures import figures_in_force
from monitoring.selectors.runs import filled_of, indicator_years_of, ordered_results
from monitoring.words import FILLED_SIGN, shown_text, why_hidden
from project.common.formats import SIGN_UNKNOWN, as_written, sign_meaning, signed_de
from project.common.sorting import natural_key
from stakeholders.models import Organisation
from stakeholders.permissions import Perm, visible

#: Name of the index in addresses; indicators have their keys.
INDEX = "index"

#: Figures over the years; None for a year without one.
Course = tuple[tuple[int, float | None], ...]


@dataclass(frozen=True)
class AtlasRow:
    """An area in the ranking.

    Attributes:
        area: Without its geometry.
        rank: 1 for the highest figure (of the index: the most need); None without a figure.
        value: The figure as it is shown; None for none.
        text: As written, number or sign.
        css: Class name of the fill.
        stands_out: Whether the index of the area is above the border.
        note: Why there is no figure, in words; "" if there is one.
        sign: Sign of official statistics beside the figure or in place of it.
        total: Of the index: the sum of the deviations, of which the figure is the standing among the areas.
        total_text: As written.
        from_mean: How far above the mean of the areas; None where that must not be said.
        filled: Of the index: what took the place of missing figures, in words; "" for nothing.
        result: Of the index: how sure the place is.
    """

    area: Area
    rank: int | None
    value: float | None
    text: str
    css: str
    stands_out: bool = False
    note: str = ""
    sign: str = ""
    total: float | None = None
    total_text: str = ""
    from_mean: float | None = None
    filled: str = ""
    result: IndexResult | None = None

    @property
    def how_sure(self) -> str:
        """Of the index: in how many weightings it stands out; "" where that is plain, or not known."""
        share = None if self.result is None else self.result.outstanding_share
        return "" if self.result is None or not share else self.result.how_sure


@dataclass(frozen=True)
class AtlasView:
    """What the atlas shows.

    Attributes:
        title: Name of the figure with year.
        unit: Unit in words.
        source: Where the figures come from.
        rows: All areas, highest first, those without a figure last.
        classing: Classes of the map.
        mean: Mean of the areas; None if it must not be shown or has no meaning.
        places: Decimals.
        is_example: Whether the figures are invented for show.
        as_of: Day the latest of the figures was accepted, or the index computed.
        means: Mean of the areas over the years.
        courses: Figures of each area over the years, by primary key.
        is_index: Whether the figure is an index.
        need: Of an index: where need is greatest, and how sure that is.
    """

    title: str
    unit: str
    source: str
    rows: Sequence[AtlasRow]
    classing: Classing
    mean: float | None
    places: int
    is_example: bool = False
    as_of: datetime.date | None = None
    means: Course = ()
    courses: Mapping[int, Course] = field(default_factory=dict)
    is_index: bool = False
    need: NeedWords | None = None

    @property
    def base(self) -> float | None:
        """What areas are compared with: the mean. That of an index is zero by definition."""
        return 0.0 if self.is_index else self.mean

    @property
    def values(self) -> list[float | None]:
        """Figures of all areas."""
        return [row.value for row in self.rows]

    @property
    def filled_rows(self) -> list[AtlasRow]:
        """Areas whose index rests in part on figures taken in place of missing ones."""
        return [row for row in self.rows if row.filled]

    @property
    def ranked_count(self) -> int:
        """Areas with a figure."""
        return sum(row.rank is not None for row in self.rows)

    @property
    def signs(self) -> list[tuple[str, str, int]]:
        """Signs in use with their meaning and the number of areas."""
        counts: dict[str, int] = {}
        for row in self.rows:
            sign = row.sign or ("" if row.value is not None or not row.text else SIGN_UNKNOWN)
            if sign:
                counts[sign] = counts.get(sign, 0) + 1
        return [(sign, sign_meaning(sign), count) for sign, count in sorted(counts.items())]

    def row_of(self, area_pk: int | None) -> AtlasRow | None:
        """The row of an area."""
        return next((row for row in self.rows if row.area.pk == area_pk), None)


def atlas_territories(user: Any) -> QuerySet[Organisation]:
    """Territories whose areas a person may see and that have any, by name. Queries: none of its own."""
    areas = visible(user, Perm.VIEW_AREA, Area.objects.all())
    return Organisation.objects.filter(
        pk__in=areas.order_by().values("territory_id"), territory_id=F("pk")
    ).order_by("name")


def atlas_levels(territory: Organisation, indicator: Indicator) -> list[AreaKind]:
    """Levels a territory has figures of an indicator on, the finest first. Queries: 1."""
    found = (
        Value.objects.filter(is_current=True, area__territory=territory, indicator=indicator)
        .order_by()
        .values_list("area__kind", flat=True)
        .distinct()
    )
    return levels_in_use(found)


def atlas_years(territory: Organisation, indicator: Indicator, level: str) -> list[int]:
    """Years with figures of an indicator on a level, falling. Queries: 1."""
    return list(
        Value.objects.filter(
            is_current=True, area__territory=territory, area__kind=level, indicator=indicator
        )
        .order_by("-year")
        .values_list("year", flat=True)
        .distinct()
    )


#: Borders of a map of standard deviations where the run has none of its own.
_PLAIN_BORDERS: Final = (-1.0, 0.0, 1.0)


def left_out_reason(reason: str) -> str:
    """Why an area is no part of the index, in words."""
    sentences = {
        "missing": _("figures are missing"),
        "population": _("too few inhabitants, or their number is not known"),
        "invalid": _("did not exist at the end of the year"),
    }
    return sentences.get(reason, "")


def index_borders(border: float) -> list[float]:
    """Class borders of an index map: the darkest class are the areas that stand out.

    Args:
        border: Border of the run, standard deviations, above 0.

        >>> index_borders(1.5)
        [-1.0, 0.0, 0.75, 1.5]
    """
    return [-1.0, 0.0, border / 2, border]


def run_borders(run: IndexRun, results: Sequence[IndexResult]) -> list[float]:
    """Class borders of the map of a run, in standard deviations, so that the map shows the run's classes.

    Args:
        run: The run.
        results: All of its results.
    """
    if run.border is not None:
        return index_borders(float(run.border))
    classes = run.content.get("classes", {})
    if classes.get("method") == "sd":
        return [float(border) for border in classes["borders"]]
    if classes.get("method") == "quantile" and "dynamics" not in run.content:
        # Borders are shares of the areas: the highest index of a class is its border.
        highest: dict[str, float] = {}
        for row in results:
            if row.normalised is not None:
                highest[row.class_label] = max(row.normalised, highest.get(row.class_label, row.normalised))
        return sorted(highest.values())[:-1]
    return list(_PLAIN_BORDERS)


def index_view(
    run: IndexRun,
    runs: Collection[IndexRun] = (),
    *,
    method: ClassMethod = ClassMethod.BORDER,
    count: int = DEFAULT_CLASSES,
) -> AtlasView:
    """The index of a run as map and ranking.

    Args:
        run: The run.
        runs: Runs of other years to be shown beside it, at most one a year.
        method: How classes are made; ``BORDER`` makes those that stand out the highest.
        count: Number of classes, not of ``BORDER``.

    Returns:
        The view. Queries: 4.
    """
    results = list(ordered_results(run))
    if method is ClassMethod.BORDER:
        classing = Classing(tuple(run_borders(run, results)))
    else:
        numbers = [as_written(row.normalised, 2) for row in results]
        # Of an index zero is the middle, not nothing.
        classing = classing_of(numbers, method, count, places=2, zero_is_none=False)
    courses = _index_courses([row.area.pk for row in results], [run, *runs])
    filled = filled_of(run)
    years = sorted({year for course in courses.values() for year, _value in course})
    return AtlasView(
        title=_("Social index %(year)s") % {"year": run.year},
        unit=_("standard deviations from the mean; above 0 is more need"),
        source=_("own calculation from the figures delivered, run of %(year)s") % {"year": run.year},
        rows=[_index_row(row, classing, filled.get(row.area_id, "")) for row in results],
        classing=classing,
        mean=None,
        places=2,
        is_example=any(row.area.is_example for row in results),
        as_of=timezone.localdate(run.created_at),
        means=tuple((year, 0.0) for year in years),
        courses=courses,
        is_index=True,
        need=need_words(run, results, indicator_years_of(run).values()),
    )


def _index_row(row: IndexResult, classing: Classing, filled: str) -> AtlasRow:
    return AtlasRow(
        area=row.area,
        rank=row.rank,
        value=row.normalised,
        text=_marked(row.normalised, 2, filled),
        css=classing.css(row.normalised),
        stands_out=row.stands_out,
        note="" if row.is_included else left_out_reason(row.reason),
        total=row.total,
        total_text=_marked(row.total, 1, filled),
        filled=filled,
        result=row,
    )


def _marked(number: float | None, places: int, filled: str) -> str:
    if number is None:
        return ""
    return f"{signed_de(number, places)}{FILLED_SIGN if filled else ''}"


def _index_courses(areas: Collection[int], runs: Collection[IndexRun]) -> dict[int, Course]:
    rows = (
        IndexResult.objects.filter(run__in={row.pk for row in runs}, area__in=areas)
        .order_by("run__year")
        .values_list("area_id", "run__year", "normalised")
    )
    found: dict[int, list[tuple[int, float | None]]] = {}
    for area, year, value in rows:
        found.setdefault(area, []).append((year, value))
    return {area: tuple(points) for area, points in found.items()}


def indicator_view(
    territory: Organisation,
    indicator: Indicator,
    year: int,
    *,
    level: str | None = None,
    method: ClassMethod = ClassMethod.QUANTILES,
    count: int = DEFAULT_CLASSES,
) -> AtlasView:
    """An indicator and year as map and ranking, protected by statistical secrecy.

    Args:
        territory: The planning authority.
        indicator: With its unit.
        year: Year.
        level: Level of the areas; None for the one the territory plans on.
        method: How classes are made.
        count: Number of classes.

    Returns:
        The view. Queries: 4, and 1 for the level if it is not given.
    """
    areas = list(areas_of_year(territory, year, level=level))
    figures = figures_in_force(areas, [indicator])
    shown = {area.pk: figures.of(indicator, area, year) for area in areas}
    places = indicator.unit.decimals
    # Classes and ranks go by what readers see: equal figures stand alike.
    numbers = [as_written(shown[area.pk].value, places) for area in areas]
    classing = classing_of(numbers, method, count, places=places, zero_is_none=indicator.unit.counts_people)
    mean = figures.mean(indicator, year)
    rows = _indicator_rows(areas, shown, indicator.unit, classing, mean)
    years = figures.years(indicator)
    accepted = Delivery.objects.filter(
        pk__in={pk for (_what, at, _area), pk in figures.deliveries.items() if at == year}
    ).aggregate(last=Max("accepted_at"))["last"]
    return AtlasView(
        title=f"{indicator.name} {year}",
        unit=indicator.unit.symbol,
        source=indicator.source,
        rows=rows,
        classing=classing,
        mean=mean,
        places=places,
        is_example=indicator.is_example,
        as_of=None if accepted is None else timezone.localdate(accepted),
        means=tuple((point, figures.mean(indicator, point)) for point in years),
        courses={
            area.pk: tuple((point, figures.of(indicator, area, point).value) for point in years)
            for area in areas
        },
    )


def _indicator_rows(
    areas: Sequence[Area], found: Mapping[int, Shown], unit: Unit, classing: Classing, mean: float | None
) -> list[AtlasRow]:
    """Rows by rank, those without a figure last."""
    numbers = {area.pk: as_written(found[area.pk].value, unit.decimals) for area in areas}
    ranks = _ranks(list(numbers.values()))
    rows = []
    for area in areas:
        shown, number = found[area.pk], numbers[area.pk]
        rows.append(
            AtlasRow(
                area=area,
                rank=None if number is None else ranks[number],
                value=number,
                text=shown_text(shown, unit) if shown.sign or shown.value is not None else "",
                css=classing.css(number),
                note=_note(shown, unit),
                sign=shown.sign,
                from_mean=None if number is None or mean is None else number - mean,
            )
        )
    rows.sort(key=lambda row: (row.rank is None, row.rank or 0, natural_key(row.area.name), row.area.pk))
    return rows


def _ranks(numbers: Sequence[float | None]) -> dict[float, int]:
    """Rank of each figure, 1 for the highest; equal ones share the better rank."""
    ranks: dict[float, int] = {}
    for place, number in enumerate(sorted((n for n in numbers if n is not None), reverse=True), start=1):
        ranks.setdefault(number, place)
    return ranks


def _note(shown: Shown, unit: Unit) -> str:
    if shown.is_secret:
        return why_hidden(shown, unit)
    return "" if shown.value is not None or shown.sign else _("not delivered")
