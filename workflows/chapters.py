"""What an edition of the social report shows: its frozen figures read, masked and drawn; no database.

Web page, paper and files take everything from here, so that none of them shows more than another.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _

from monitoring.charts import LegendEntry, MapArea, Series, TimeChart, choropleth, time_chart
from monitoring.classes import DEFAULT_CLASSES, Classing, ClassMethod, classing_of, legend_of
from monitoring.models import IndexResult, Indicator, Unit
from monitoring.secrecy import Shown
from monitoring.selectors.methods import rule_words
from monitoring.shapes import MapShapes
from monitoring.words import shown_text, with_unit
from project.common.formats import NO_VALUE, SIGN_UNKNOWN, date_de, decimal_de, sign_meaning, signed_de
from project.common.svg import Drawing

#: Counted up when frozen figures are written in another way; older ones stay as they are.
FORM: Final = 1
#: Frozen figures as they are stored.
Frozen = dict[str, Any]
#: Indicator, year, area; None for the mean of the areas.
SecretKey = tuple[int, int, int | None]

_SECRET = Shown(None, SIGN_UNKNOWN, is_secret=True)


@dataclass(frozen=True, slots=True)
class ChapterArea:
    """An area as it was called."""

    pk: int
    key: str
    name: str


@dataclass(frozen=True)
class AreaFigure:
    """A figure of an area as it may be shown.

    Attributes:
        area: The area.
        shown: Figure or sign.
        text: As written, without unit.
        z: Deviation in standard deviations, of figures of an index; None without.
        rank: 1 for the highest figure; None without a figure.
    """

    area: ChapterArea
    shown: Shown
    text: str
    z: float | None = None
    rank: int | None = None


@dataclass(frozen=True)
class Part:
    """An indicator in a chapter.

    Attributes:
        indicator: Not of the database: as it was when the figures were frozen.
        year: Year of the figures.
        rows: Areas, highest figure first, those without one last.
        mean: Mean of the areas; None if it must not be shown or has no meaning.
        course: Mean over the years.
        is_example: Whether the figures are invented for show.
    """

    indicator: Indicator
    year: int
    rows: Sequence[AreaFigure]
    mean: float | None
    course: tuple[tuple[int, float | None], ...]
    is_example: bool

    @property
    def pk(self) -> int:
        """Key of the indicator, for addresses within the page."""
        return int(self.indicator.pk)

    @property
    def unit(self) -> Unit:
        """Unit of the figures."""
        return self.indicator.unit

    @property
    def mean_text(self) -> str:
        """Mean with unit; "" if there is none. That of counts says nothing of an area."""
        return "" if self.mean is None or self.unit.is_count else with_unit(self.mean, self.unit)

    @property
    def known(self) -> list[AreaFigure]:
        """Areas with a figure, highest first."""
        return [row for row in self.rows if row.shown.value is not None]

    @property
    def signs(self) -> list[tuple[str, str]]:
        """Signs in use, with their meaning."""
        found = sorted({row.shown.sign for row in self.rows if row.shown.sign})
        return [(sign, sign_meaning(sign)) for sign in found]

    def of(self, area_pk: int) -> AreaFigure | None:
        """The figure of an area."""
        return next((row for row in self.rows if row.area.pk == area_pk), None)


@dataclass(frozen=True)
class RunFacts:
    """What is said of the index run behind a chapter."""

    year: int
    computed_on: datetime.date
    sha256: str
    borders: tuple[float, ...]
    rules: tuple[tuple[str, str], ...]
    is_example: bool


@dataclass(frozen=True)
class ChapterFigures:
    """Frozen figures as they may be shown today.

    Attributes:
        kind: Of the chapter.
        areas: All areas, by name.
        parts: Indicators by their place in the catalogue.
        results: What the run says of the areas, by rank, those left out last; unsaved rows.
        run: The run; None without an index.
        outstanding: Areas with a profile, of a chapter on areas.
        shapes: Boundaries; None without any.
        geometry_source: Of the boundaries.
        is_masked: Whether a figure that was published is kept secret since.
    """

    kind: str
    areas: Sequence[ChapterArea]
    parts: Sequence[Part]
    results: Sequence[tuple[ChapterArea, IndexResult]]
    run: RunFacts | None
    outstanding: Sequence[ChapterArea]
    shapes: MapShapes | None
    geometry_source: str
    is_masked: bool

    @property
    def sources(self) -> list[str]:
        """Where the figures come from."""
        return sorted({part.indicator.source for part in self.parts if part.indicator.source})

    @property
    def has_examples(self) -> bool:
        """Whether any figures are invented for show."""
        return any(part.is_example for part in self.parts) or (self.run is not None and self.run.is_example)

    @property
    def signs(self) -> list[tuple[str, str]]:
        """Signs in use in any table, with their meaning."""
        return sorted({pair for part in self.parts for pair in part.signs})

    @property
    def included(self) -> list[tuple[ChapterArea, IndexResult]]:
        """Areas that are part of the index, by rank."""
        return [row for row in self.results if row[1].is_included]

    @property
    def left_out(self) -> list[tuple[ChapterArea, IndexResult]]:
        """Areas that stayed out."""
        return [row for row in self.results if not row[1].is_included]


def fingerprint(figures: Frozen) -> str:
    """SHA-256 of frozen figures, the same for the same content however it was stored."""
    text = json.dumps(figures, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def lines_in(figures: Frozen) -> set[tuple[int, int]]:
    """Indicators and years of which frozen figures show areas or a mean."""
    found = set()
    for row in figures.get("indicators", ()):
        found.add((row["pk"], row["year"]))
        found |= {(row["pk"], year) for year, _mean in row["course"]}
    return found


def cells_in(figures: Frozen) -> dict[tuple[int, int, int], float]:
    """Numbers of areas that frozen figures show, by indicator, year and area."""
    return {
        (row["pk"], row["year"], int(area)): value
        for row in figures.get("indicators", ())
        for area, (value, _sign, _is_secret) in row["cells"].items()
        if value is not None
    }


def means_in(figures: Frozen) -> dict[tuple[int, int], float]:
    """Means that frozen figures show, by indicator and year."""
    found: dict[tuple[int, int], float] = {}
    for row in figures.get("indicators", ()):
        found |= {(row["pk"], year): mean for year, mean in row["course"] if mean is not None}
        if row["mean"] is not None:
            found[row["pk"], row["year"]] = row["mean"]
    return found


def read_figures(figures: Frozen, hidden: Collection[SecretKey] = ()) -> ChapterFigures:
    """Read frozen figures as they may be shown today.

    Args:
        figures: As stored with an edition or a renewal; ``{}`` for a chapter of text only.
        hidden: What is kept secret in it since.

    Returns:
        Everything the chapter shows. Queries: 0.
    """
    secret = frozenset(hidden)
    areas = {pk: ChapterArea(pk, key, name) for pk, key, name in figures.get("areas", ())}
    shown_before = cells_in(figures)
    shapes = figures.get("shapes")
    run = figures.get("run")
    return ChapterFigures(
        kind=figures.get("kind", "text"),
        areas=list(areas.values()),
        parts=[_part(row, areas, secret) for row in figures.get("indicators", ())],
        results=[
            (areas[row["area"]], _result(row)) for row in figures.get("results", ()) if row["area"] in areas
        ],
        run=None if run is None else _run(run),
        outstanding=[areas[pk] for pk in figures.get("outstanding", ()) if pk in areas],
        shapes=None if shapes is None else MapShapes.from_json(shapes),
        geometry_source=figures.get("geometry_source", ""),
        is_masked=any(key in secret for key in shown_before)
        or any((pk, year, None) in secret for pk, year in means_in(figures)),
    )


def _part(row: Frozen, areas: Mapping[int, ChapterArea], secret: frozenset[SecretKey]) -> Part:
    pk, year = row["pk"], row["year"]
    indicator = Indicator(
        pk=pk,
        key=row["key"],
        name_de=row["name_de"],
        name_en=row["name_en"],
        unit=Unit(**row["unit"]),
        direction=row["direction"],
        source=row["source"],
        definition=row["definition"],
    )
    is_mean_secret = (pk, year, None) in secret
    figures = []
    for area, (value, sign, is_secret) in row["cells"].items():
        if int(area) not in areas:
            continue
        is_hidden = value is not None and (pk, year, int(area)) in secret
        shown = _SECRET if is_hidden else Shown(value, sign, is_secret)
        # With two figures and their deviations, mean and spread of the line follow.
        z = None if is_hidden or is_mean_secret else row["z"].get(area)
        has_none = shown.value is None and not shown.sign
        text = "" if has_none else shown_text(shown, indicator.unit)
        figures.append(AreaFigure(areas[int(area)], shown, text, z))
    known = sorted(
        (figure for figure in figures if figure.shown.value is not None),
        key=lambda figure: (-(figure.shown.value or 0.0), figure.area.name),
    )
    ranks: dict[float, int] = {}
    for place, figure in enumerate(known, start=1):
        ranks.setdefault(figure.shown.value or 0.0, place)
    rest = sorted((figure for figure in figures if figure.shown.value is None), key=lambda f: f.area.name)
    rows = [
        AreaFigure(figure.area, figure.shown, figure.text, figure.z, ranks[figure.shown.value or 0.0])
        for figure in known
    ]
    return Part(
        indicator=indicator,
        year=year,
        rows=[*rows, *rest],
        mean=None if is_mean_secret else row["mean"],
        course=tuple((at, None if (pk, at, None) in secret else mean) for at, mean in row["course"]),
        is_example=row["is_example"],
    )


def _result(row: Frozen) -> IndexResult:
    return IndexResult(
        is_included=row["included"],
        reason=row["reason"],
        normalised=row["normalised"],
        rank=row["rank"],
        class_label=row["class"],
        stands_out=row["stands_out"],
        outstanding_share=row["outstanding_share"],
        best_rank=row["best_rank"],
        worst_rank=row["worst_rank"],
    )


def _run(row: Frozen) -> RunFacts:
    return RunFacts(
        year=row["year"],
        computed_on=datetime.date.fromisoformat(row["computed_on"]),
        sha256=row["sha256"],
        borders=tuple(row["borders"]),
        rules=tuple(rule_words(row["rules"])),
        is_example=row["is_example"],
    )


# --- text ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TextBlock:
    """A paragraph, a list or a heading of a text as people type it."""

    kind: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The paragraph or heading in one line."""
        return " ".join(self.lines)


def text_blocks(text: str) -> list[TextBlock]:
    r"""Read a text: a blank line parts paragraphs, lines with "- " are a list, "## " begins a heading.

    >>> [(block.kind, block.lines) for block in text_blocks("## Lage\nRuhig.\n\n- A\n- B")]
    [('heading', ('Lage',)), ('paragraph', ('Ruhig.',)), ('list', ('A', 'B'))]
    """
    blocks: list[TextBlock] = []
    is_open = False
    for raw in text.splitlines():
        line = raw.strip()
        if not line:
            is_open = False
            continue
        if line.startswith("## "):
            kind, line, is_open = "heading", line[3:].strip(), False
        elif line.startswith(("- ", "• ", "* ")):
            kind, line = "list", line[2:].strip()
        else:
            kind = "paragraph"
        if is_open and blocks[-1].kind == kind:
            blocks[-1] = TextBlock(kind, (*blocks[-1].lines, line))
        else:
            blocks.append(TextBlock(kind, (line,)))
        is_open = kind != "heading"
    return blocks


# --- pictures --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ChapterMap:
    """A map, what is said below it, and its legend."""

    drawing: Drawing
    caption: str
    legend: Sequence[LegendEntry]


def part_map(figures: ChapterFigures, part: Part) -> ChapterMap | None:
    """Map of an indicator in five classes with about as many areas each; None without boundaries."""
    if figures.shapes is None or not part.known:
        return None
    name = f"{part.indicator.name} {part.year}"
    found = {row.area.pk: row for row in part.rows}
    rows = [found.get(area.pk) for area in figures.areas]
    numbers = [row.shown.value if row is not None else None for row in rows]
    classing = classing_of(
        numbers,
        ClassMethod.QUANTILES,
        DEFAULT_CLASSES,
        places=part.unit.decimals,
        zero_is_none=part.unit.counts_people,
    )
    areas = []
    for area, row, value in zip(figures.areas, rows, numbers, strict=True):
        text = shown_text(row.shown, part.unit, has_unit=True) if row is not None else NO_VALUE
        areas.append(MapArea(str(area.pk), f"{area.name}: {text}", classing.css(value)))
    drawing = choropleth(
        figures.shapes,
        areas,
        title=name,
        description=_("Map of the areas: the darker, the higher the figure. The table below says the same."),
        uid=f"map-{part.pk}",
    )
    return ChapterMap(
        drawing,
        _("The darker, the higher the figure. In brackets: number of areas."),
        legend_of(numbers, classing, write=lambda value: with_unit(value, part.unit)),
    )


def part_course(part: Part) -> TimeChart | None:
    """Mean of the areas over the years; None for counts and where fewer than two years are known."""
    if part.unit.is_count or sum(mean is not None for _year, mean in part.course) < 2:
        return None
    return time_chart(
        Series(f"{_('Mean of the areas')} ({part.unit.symbol})", part.course),
        title=_("%(name)s: mean of the areas") % {"name": part.indicator.name},
        description=_("Course over the years; the table below holds the figures."),
        write=lambda value: decimal_de(value, part.unit.decimals),
        height=200,
    )


def index_map(figures: ChapterFigures) -> ChapterMap | None:
    """Map of the index in the classes of its run; areas that stand out carry their rank."""
    if figures.shapes is None or figures.run is None:
        return None
    classing = Classing(tuple(figures.run.borders))
    areas = [
        MapArea(
            str(area.pk),
            f"{area.name}: {_('Rank')} {result.rank}, {signed_de(result.normalised)}"
            if result.rank is not None
            else f"{area.name}: {_('not part of the index')}",
            classing.css(result.normalised),
            mark=str(result.rank) if result.stands_out else "",
        )
        for area, result in figures.results
    ]
    drawing = choropleth(
        figures.shapes,
        areas,
        title=_("Index %(year)s") % {"year": figures.run.year},
        description=_(
            "The darker, the more need by the index; numbers are the ranks of the areas that stand out."
        ),
        highlighted=[str(area.pk) for area, result in figures.results if result.stands_out],
        uid="map-index",
    )
    numbers = [result.normalised for _area, result in figures.results]
    return ChapterMap(
        drawing,
        _(
            "The darker, the more need by the index; numbers on the map are the ranks of the areas that "
            "stand out. Classes: standard deviations from the mean; in brackets: number of areas."
        ),
        legend_of(numbers, classing, write=lambda value: signed_de(value, 2)),
    )


# --- words -----------------------------------------------------------------------------------------


def strongest(figures: ChapterFigures, area: ChapterArea, *, most: int = 3) -> list[tuple[Part, AreaFigure]]:
    """The figures of an area that lie furthest from the mean, most need first."""
    found = [
        (part, row) for part in figures.parts if (row := part.of(area.pk)) is not None and row.z is not None
    ]
    found.sort(key=lambda pair: -abs(pair[1].z or 0.0))
    return sorted(found[: 2 * most], key=lambda pair: -(pair[1].z or 0.0))


def secrecy_note() -> str:
    """How statistical secrecy is kept, in two sentences for everybody."""
    return _(
        "Figures behind which too few people stand are not shown, nor are those they could be worked out "
        "from: the sign “.” stands in their place. What is shown here is what anybody may see."
    )


def index_note(run: RunFacts) -> str:
    """How the index came about, in a paragraph."""
    rules = "; ".join(f"{name}: {words}" for name, words in run.rules)
    first = _("Index %(year)s, computed on %(day)s.") % {"year": run.year, "day": date_de(run.computed_on)}
    return f"{first} {rules}." if rules else first
