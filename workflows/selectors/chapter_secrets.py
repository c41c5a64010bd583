"""What the editions of a social report keep secret because of one another.

Each edition is frozen, so figures of several moments stand side by side in public. Three rules make sure
that no secret follows from comparing them, the same as for corrected figures on the page of an indicator
(``monitoring.selectors.versions``):

1. A figure that is secret in any edition, or is so today, is secret in all.
2. Where any figure of a line is secret, a figure and a mean that were corrected since are shown no longer.
3. A figure that becomes secret after it was published is known: so it hides nothing any more. What it would
   have hidden behind it (figures of the same people, parts and their whole, means) goes as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q

from monitoring.models import Indicator
from monitoring.secrecy import Shown
from monitoring.selectors.areas import planning_areas
from monitoring.selectors.figures import Figures, figures_in_force
from monitoring.selectors.protection import Cell, Line
from monitoring.selectors.relations import relations_of, with_related
from project.common.formats import SIGN_UNKNOWN
from workflows.chapters import SecretKey, cells_in, lines_in, means_in
from workflows.models import ChapterEdition, ReportSecret, SocialReport

Cells = dict[int, Shown]

_SECRET = Shown(None, SIGN_UNKNOWN, is_secret=True)


@dataclass(frozen=True)
class Guard:
    """What a new edition must not show beside those published.

    Attributes:
        hidden: Figures that are secret now, or were in an earlier edition, or would give one away.
        lines: Indicators and years whose mean must not be shown.
    """

    hidden: frozenset[Cell]
    lines: frozenset[Line]

    def cells(self, indicator: Indicator, year: int, shown: Mapping[int, Shown]) -> Cells:
        """Figures of a line, by area, without the hidden ones."""
        return {
            area: _SECRET if found.value is not None and (indicator.pk, year, area) in self.hidden else found
            for area, found in shown.items()
        }

    def mean(self, figures: Figures, indicator: Indicator, year: int) -> float | None:
        """The mean of a line, unless it would tell something."""
        return None if self.is_mean_secret(indicator, year) else figures.mean(indicator, year)

    def is_mean_secret(self, indicator: Indicator, year: int) -> bool:
        """Whether the mean of a line is kept secret for the sake of earlier editions."""
        return (indicator.pk, year) in self.lines


def guard_of(report: SocialReport, figures: Figures, indicators: Sequence[Indicator]) -> Guard:
    """Find what a new edition must not show.

    Args:
        report: The report.
        figures: Figures in force of the lines the edition shows.
        indicators: Their indicators, with units.

    Returns:
        By the three rules above. Queries: 4 or 5.
    """
    now = frozenset(cell for cell, shown in figures.cells.items() if shown.is_secret)
    wanted = [row.pk for row in with_related(indicators)]
    rows = ReportSecret.objects.filter(report=report, indicator__in=wanted, edition__isnull=True)
    earlier: set[Cell] = set()
    lines: set[Line] = set()
    for pk, year, area in rows.values_list("indicator_id", "year", "area_id"):
        if area is None:
            lines.add((pk, year))
        else:
            earlier.add((pk, year, area))
    known = published_cells(report, wanted)
    told, told_lines = _told(now & known.keys(), indicators)
    hidden = now | earlier | told
    # A mean that a hidden figure enters, where it was reckoned as if that figure were shown.
    lines |= {(pk, year) for pk, year, _area in hidden - now}
    return Guard(frozenset(hidden), frozenset(lines | told_lines))


def published_cells(report: SocialReport, indicators: Iterable[int]) -> dict[Cell, set[float]]:
    """Numbers that any edition has ever shown, by cell. Queries: 1."""
    found: dict[Cell, set[float]] = defaultdict(set)
    wanted = set(indicators)
    editions = ChapterEdition.objects.filter(chapter__report=report, indicators__in=wanted).distinct()
    for figures in editions.order_by().values_list("figures", flat=True):
        for cell, value in cells_in(figures).items():
            if cell[0] in wanted:
                found[cell].add(value)
    return found


def _told(exposed: Iterable[Cell], indicators: Sequence[Indicator]) -> tuple[set[Cell], set[Line]]:
    """What must go because figures that are secret now have been published: rule 3."""
    ties = _ties(indicators)
    cells: set[Cell] = set()
    lines: set[Line] = set()
    for pk, year, area in exposed:
        for other in ties.get(pk, frozenset()) | {pk}:
            cells.add((other, year, area))
            lines.add((other, year))
    return cells, lines


def _ties(indicators: Sequence[Indicator]) -> dict[int, frozenset[int]]:
    """Indicators of which each tells something of the others, by primary key."""
    relations = relations_of(with_related(indicators))
    groups = [set(group) for group in relations.same_people]
    groups += [{whole, *parts} for whole, parts in relations.families.items()]
    found: dict[int, frozenset[int]] = {}
    for group in groups:
        joined = frozenset(group.union(*(found.get(pk, frozenset()) for pk in group)))
        for pk in joined:
            found[pk] = joined
    return found


# --- editions that are public already --------------------------------------------------------------


def hidden_in(edition: ChapterEdition) -> list[SecretKey]:
    """What an edition shows no longer: indicator, year, area (None for the mean). Queries: 1."""
    rows = ReportSecret.objects.filter(
        Q(edition=edition) | Q(edition__isnull=True, report=edition.chapter.report_id)
    )
    return list(rows.order_by("pk").values_list("indicator_id", "year", "area_id"))


def secrets_found(report: SocialReport) -> list[ReportSecret]:
    """Look through all editions beside the figures in force for what must not be shown any more.

    Args:
        report: The report, with its territory.

    Returns:
        New rows to be stored, none that is stored already. Queries: about 8 for any number of editions.
    """
    editions = list(ChapterEdition.objects.filter(chapter__report=report).order_by("pk"))
    lines = {line for row in editions for line in lines_in(row.figures)}
    if not lines:
        return []
    indicators = list(
        Indicator.objects.filter(pk__in={pk for pk, _year in lines}).select_related("unit").order_by("pk")
    )
    figures = figures_in_force(
        list(planning_areas(report.territory)), indicators, years={year for _pk, year in lines}
    )
    guard = guard_of(report, figures, indicators)
    shown_secret = {cell for row in editions for cell in _secret_in(row)}
    everywhere: set[SecretKey] = {cell for cell in guard.hidden | shown_secret if (cell[0], cell[1]) in lines}
    guarded = {(pk, year) for pk, year, _area in everywhere}
    everywhere |= {(pk, year, None) for pk, year in guard.lines & lines}
    found = [(None, key) for key in everywhere]
    for row in editions:
        found += [(row, key) for key in _outdated(row, figures, guarded, everywhere)]
    known = set(
        ReportSecret.objects.filter(report=report).values_list(
            "edition_id", "indicator_id", "year", "area_id"
        )
    )
    return [
        ReportSecret(report=report, edition=row, indicator_id=pk, year=year, area_id=area)
        for row, (pk, year, area) in found
        if (None if row is None else row.pk, pk, year, area) not in known
    ]


def _secret_in(edition: ChapterEdition) -> set[Cell]:
    return {
        (row["pk"], row["year"], int(area))
        for row in edition.figures.get("indicators", ())
        for area, (_value, _sign, is_secret) in row["cells"].items()
        if is_secret
    }


def _outdated(
    edition: ChapterEdition, figures: Figures, guarded: set[Line], everywhere: set[SecretKey]
) -> set[SecretKey]:
    """Figures of an edition that were corrected since, in lines with a secret; and means of such lines.

    The mean goes too where the edition shows a figure that is hidden now: the mean was reckoned with it.
    """
    found: set[SecretKey] = set()
    for cell, value in cells_in(edition.figures).items():
        pk, year, _area = cell
        if (pk, year) not in guarded:
            continue
        if cell in everywhere:
            found.add((pk, year, None))
            continue
        now = figures.cells.get(cell)
        if now is None or now.value != value:
            found.add(cell)
            found.add((pk, year, None))
    for line, mean in means_in(edition.figures).items():
        if line in guarded and figures.means.get(line) != mean:
            found.add((*line, None))
    return found


def hidden_in_each(report: SocialReport, editions: Sequence[ChapterEdition]) -> dict[int, list[SecretKey]]:
    """What editions of one report show no longer, by primary key. Queries: 1 for any number."""
    rows = ReportSecret.objects.filter(report=report).order_by("pk")
    found: dict[int, list[SecretKey]] = {row.pk: [] for row in editions}
    for edition, pk, year, area in rows.values_list("edition_id", "indicator_id", "year", "area_id"):
        for key in found if edition is None else {edition} & found.keys():
            found[key].append((pk, year, area))
    return found
