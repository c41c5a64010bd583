"""Reads of the social atlas: one figure of all areas, as map and ranking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from monitoring.charts import map_class, quantile_borders
from monitoring.models import Area, IndexRun, Indicator, Unit
from monitoring.secrecy import Shown
from monitoring.selectors.areas import areas_of_year
from monitoring.selectors.figures import figures_in_force
from monitoring.selectors.runs import ordered_results
from monitoring.words import shown_text, why_hidden
from project.common.formats import as_written, signed_de
from project.common.sorting import natural_key
from stakeholders.models import Organisation
from stakeholders.permissions import Perm, visible

#: Name of the index in addresses; indicators have their keys.
INDEX = "index"


@dataclass(frozen=True)
class AtlasRow:
    """An area in the ranking.

    Attributes:
        area: Without its geometry.
        rank: 1 for the highest figure (of the index: the most need); None without a figure.
        value: The figure as it is shown; None for none.
        text: As written, number or sign.
        map_class: 1 to 5; None without a figure.
        stands_out: Whether the index of the area is above the border.
        note: Why there is no figure, in words; "" if there is one.
        sign: Sign of official statistics beside the figure or in place of it.
        total: Of the index: the sum of the deviations, of which the figure is the standing among the areas.
        total_text: As written.
    """

    area: Area
    rank: int | None
    value: float | None
    text: str
    map_class: int | None
    stands_out: bool = False
    note: str = ""
    sign: str = ""
    total: float | None = None
    total_text: str = ""


@dataclass(frozen=True)
class AtlasView:
    """What the atlas shows.

    Attributes:
        title: Name of the figure with year.
        unit: Unit in words.
        source: Where the figures come from.
        rows: All areas, highest first, those without a figure last.
        borders: Borders of the classes.
        mean: Mean of the areas; None if it must not be shown or has no meaning.
        is_example: Whether the figures are invented for show.
    """

    title: str
    unit: str
    source: str
    rows: Sequence[AtlasRow]
    borders: Sequence[float]
    mean: float | None
    places: int
    is_example: bool = False

    @property
    def values(self) -> list[float | None]:
        """Figures of all areas."""
        return [row.value for row in self.rows]

    @property
    def ranked_count(self) -> int:
        """Areas with a figure."""
        return sum(row.rank is not None for row in self.rows)

    def row_of(self, area_pk: int | None) -> AtlasRow | None:
        """The row of an area."""
        return next((row for row in self.rows if row.area.pk == area_pk), None)


def atlas_territories(user: Any) -> QuerySet[Organisation]:
    """Territories whose areas a person may see and that have any, by name. Queries: none of its own."""
    areas = visible(user, Perm.VIEW_AREA, Area.objects.all())
    return Organisation.objects.filter(
        pk__in=areas.order_by().values("territory_id"), territory_id=F("pk")
    ).order_by("name")


#: Borders of a map of standard deviations where the run has none of its own.
_PLAIN_BORDERS: Final = (-1.0, 0.0, 1.0)


def left_out_reason(reason: str) -> str:
    """Why an area is no part of the index, in words."""
    sentences = {
        "missing": _("figures are missing"),
        "population": _("too few inhabitants"),
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


def run_borders(run: IndexRun) -> list[float]:
    """Class borders of the map of a run, in standard deviations: its own classes where it has a border."""
    if run.border is not None:
        return index_borders(float(run.border))
    classes = run.content.get("classes", {})
    if classes.get("method") == "sd" and 0 < len(classes["borders"]) <= len(_PLAIN_BORDERS) + 1:
        return [float(border) for border in classes["borders"]]
    return list(_PLAIN_BORDERS)


def index_view(run: IndexRun) -> AtlasView:
    """The index of a run as map and ranking. Queries: 1 or 2."""
    results = list(ordered_results(run))
    borders = run_borders(run)
    return AtlasView(
        title=_("Social index %(year)s") % {"year": run.year},
        unit=_("standard deviations from the mean; above 0 is more need"),
        source=_("own calculation from the figures delivered, run of %(year)s") % {"year": run.year},
        rows=[
            AtlasRow(
                area=row.area,
                rank=row.rank,
                value=row.normalised,
                text="" if row.normalised is None else signed_de(row.normalised, 2),
                map_class=map_class(row.normalised, borders),
                stands_out=row.stands_out,
                note="" if row.is_included else left_out_reason(row.reason),
                total=row.total,
                total_text="" if row.total is None else signed_de(row.total, 1),
            )
            for row in results
        ],
        borders=borders,
        mean=None,
        places=2,
        is_example=any(row.area.is_example for row in results),
    )


def indicator_view(territory: Organisation, indicator: Indicator, year: int) -> AtlasView:
    """An indicator and year as map and ranking, protected by statistical secrecy.

    Args:
        territory: The planning authority.
        indicator: With its unit.
        year: Year.

    Returns:
        The view. Queries: 3.
    """
    areas = list(areas_of_year(territory, year))
    figures = figures_in_force(areas, [indicator], years=[year])
    found = [(area, figures.of(indicator, area, year)) for area in areas]
    # Classes and ranks go by what readers see: equal figures stand alike.
    numbers = [as_written(shown.value, indicator.unit.decimals) for _area, shown in found]
    borders = quantile_borders(numbers)
    ranking = sorted((number for number in numbers if number is not None), reverse=True)
    rows = [
        AtlasRow(
            area=area,
            rank=None if number is None else ranking.index(number) + 1,
            value=number,
            text=shown_text(shown, indicator.unit) if shown.sign or shown.value is not None else "",
            map_class=map_class(number, borders),
            note=_note(shown, indicator.unit),
            sign=shown.sign,
        )
        for (area, shown), number in zip(found, numbers, strict=True)
    ]
    rows.sort(key=lambda row: (row.rank is None, row.rank or 0, natural_key(row.area.name), row.area.pk))
    return AtlasView(
        title=f"{indicator.name} {year}",
        unit=indicator.unit.symbol,
        source=indicator.source,
        rows=rows,
        borders=borders,
        mean=figures.mean(indicator, year),
        places=indicator.unit.decimals,
        is_example=indicator.is_example,
    )


def _note(shown: Shown, unit: Unit) -> str:
    if shown.is_secret:
        return why_hidden(shown, unit)
    return "" if shown.value is not None or shown.sign else _("not delivered")
