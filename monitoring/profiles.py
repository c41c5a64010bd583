"""Drafts of area profiles from the figures, in plain sentences; people look through them before release."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from monitoring.models import Area, Direction, IndexRun, Indicator
from monitoring.selectors.areas import border_days_of
from monitoring.selectors.figures import figures_in_force
from monitoring.selectors.runs import run_table
from monitoring.words import with_unit

#: Deviations below this (standard deviations) are no news.
NOTABLE: Final = 0.5
_CLEAR, _FAR = 1.0, 2.0
#: At most so many figures on each side.
_MOST: Final = 3
#: How far back a trend is looked for (years).
TREND_YEARS: Final = 5
#: A change below this share of the spread between the areas counts as none.
_HARDLY: Final = 0.1


@dataclass(frozen=True)
class Finding:
    """What a figure says of an area.

    Attributes:
        indicator: With its unit.
        year: Year of the figure.
        value: The figure.
        mean: Mean of the areas whose figure is shown.
        sd: Standard deviation between the areas.
        z: Deviation in standard deviations, above 0 for more need.
        before_year: Earlier year of the trend; None without one.
        before: Figure of that year.
    """

    indicator: Indicator
    year: int
    value: float
    mean: float
    sd: float
    z: float
    before_year: int | None = None
    before: float | None = None

    @property
    def change(self) -> float | None:
        """New minus earlier figure; None without an earlier one, 0 if it hardly changed."""
        if self.before is None:
            return None
        change = self.value - self.before
        return 0.0 if abs(change) < _HARDLY * self.sd else change

    @property
    def is_improving(self) -> bool:
        """Whether the need has become less."""
        change = self.change or 0.0
        return change > 0 if self.indicator.direction == Direction.LESS_NEED else change < 0


Draft = tuple[str, str, str]


def profile_drafts(run: IndexRun, areas: Iterable[Area]) -> dict[int, Draft]:
    """Draft strengths, weaknesses and potentials of areas from a run and the years before it.

    Args:
        run: Frozen run.
        areas: Areas to describe.

    Returns:
        Strengths, weaknesses, potentials by primary key of the area, in the current language.
        Queries: 13.
    """
    areas = list(areas)
    findings = findings_of(run, areas)
    return {area.pk: draft(findings[area.pk]) for area in areas}


def findings_of(run: IndexRun, areas: Sequence[Area]) -> Mapping[int, list[Finding]]:
    """Deviations of areas in a run, each with the earliest figure of the five years before it.

    Args:
        run: Frozen run.
        areas: Areas.

    Returns:
        Findings by primary key of the area, strongest need first; cells without a figure, or with a
        secret one, are left out. No trend reaches over a change of borders. Queries: 13.
    """
    table = run_table(run)
    columns = {row.indicator_id: row for row in table.columns}
    means = {row.indicator_id: table.mean_shown(row.indicator) for row in table.columns}
    scores = list(
        run.scores.filter(area__in=[area.pk for area in areas], z__isnull=False, value__isnull=False)
        .exclude(source=None)
        .values_list("area_id", "indicator_id", "value", "z", "source__year")
    )
    scores = [row for row in scores if not table.cell(row[0], row[1]).shown.is_secret]
    years = {int(year) for *_rest, year in scores if year is not None}
    wanted = {year - back for year in years for back in range(1, TREND_YEARS + 1)}
    indicators = [row.indicator for row in columns.values()]
    figures = figures_in_force(areas, indicators, years=wanted, has_means=False)
    changed = border_days_of(areas)
    found: dict[int, list[Finding]] = defaultdict(list)
    for area_pk, indicator_pk, value, z, year in scores:
        column, mean = columns[indicator_pk], means[indicator_pk]
        if value is None or z is None or year is None or mean is None or column.sd is None:
            continue
        before_year, before = None, None
        # Figures from before a change of borders are those of another area.
        since = next((day.year for day in changed.get(area_pk, ()) if day.year <= year), 0)
        for candidate in range(max(year - TREND_YEARS, since), year):
            shown = figures.cells.get((indicator_pk, candidate, area_pk))
            if shown is not None and shown.value is not None:
                before_year, before = candidate, shown.value
                break
        found[area_pk].append(Finding(column.indicator, year, value, mean, column.sd, z, before_year, before))
    for rows in found.values():
        rows.sort(key=lambda row: (-row.z, row.indicator.key))
    return found


def draft(findings: Sequence[Finding]) -> Draft:
    """Put findings into sentences, one a line.

    Args:
        findings: Of one area, strongest need first.

    Returns:
        Strengths, weaknesses, potentials; each says so if the figures hold nothing.
    """
    weak = [row for row in findings if row.z >= NOTABLE]
    strong = [row for row in reversed(findings) if row.z <= -NOTABLE]
    # What is named a weakness already says there that it gets better: nothing stands on two sides.
    improving = [row for row in weak[_MOST:] if row.is_improving]
    strengths = [_sentence(row) for row in strong[:_MOST]]
    weaknesses = [_sentence(row) for row in weak[:_MOST]]
    potentials = [_improvement(row) for row in improving[:_MOST]]
    return (
        "\n".join(strengths) or _("No figure is notably more favourable than the mean of all areas."),
        "\n".join(weaknesses) or _("No figure is notably less favourable than the mean of all areas."),
        "\n".join(potentials)
        or _("The figures alone show no potential. Which people, places and offers can be built on here?"),
    )


def _sentence(finding: Finding) -> str:
    params = {
        "name": finding.indicator.name,
        "value": with_unit(finding.value, finding.indicator.unit),
        "year": finding.year,
        "mean": with_unit(finding.mean, finding.indicator.unit),
    }
    trend = _trend(finding)
    return f"{_comparison(finding.z) % params} {trend}".strip()


def _comparison(z: float) -> str:
    """Whole sentences: other languages build them differently."""
    if z >= _FAR:
        return _("%(name)s: %(value)s (%(year)s), far less favourable than the mean of all areas (%(mean)s).")
    if z >= _CLEAR:
        return _(
            "%(name)s: %(value)s (%(year)s), clearly less favourable than the mean of all areas (%(mean)s)."
        )
    if z > 0:
        return _(
            "%(name)s: %(value)s (%(year)s), somewhat less favourable than the mean of all areas (%(mean)s)."
        )
    if z > -_CLEAR:
        return _(
            "%(name)s: %(value)s (%(year)s), somewhat more favourable than the mean of all areas (%(mean)s)."
        )
    if z > -_FAR:
        return _(
            "%(name)s: %(value)s (%(year)s), clearly more favourable than the mean of all areas (%(mean)s)."
        )
    return _("%(name)s: %(value)s (%(year)s), far more favourable than the mean of all areas (%(mean)s).")


def _trend(finding: Finding) -> str:
    change = finding.change
    if change is None:
        return ""
    params = {
        "year": finding.before_year,
        "before": with_unit(finding.before, finding.indicator.unit),
    }
    if change > 0:
        return _("It has risen since %(year)s (%(before)s).") % params
    if change < 0:
        return _("It has fallen since %(year)s (%(before)s).") % params
    return _("It has hardly changed since %(year)s (%(before)s).") % params


def _improvement(finding: Finding) -> str:
    unit = finding.indicator.unit
    return _(
        "%(name)s: still less favourable than elsewhere, but better since %(year)s "
        "(%(before)s then, %(value)s now)."
    ) % {
        "name": finding.indicator.name,
        "year": finding.before_year,
        "before": with_unit(finding.before, unit),
        "value": with_unit(finding.value, unit),
    }
