"""Reads of the analysis: runs that were tried, areas to choose, profiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery

from measures.models import Measure
from measures.selectors.numbering import by_number
from monitoring.models import Area, IndexResult, IndexRun, Indicator
from monitoring.profiles import TREND_YEARS
from monitoring.run_map import RunArea, RunMap, run_map
from monitoring.selectors.areas import area_shapes
from monitoring.selectors.atlas import run_borders
from monitoring.selectors.figures import figures_in_force
from monitoring.selectors.methods import content_of, method_words, missing_words
from monitoring.selectors.runs import drivers_of, filled_of, ordered_results
from stakeholders.permissions import Perm, holders, visible
from workflows.models import AreaProfile, PlanningCycle


@dataclass(frozen=True)
class Trial:
    """A run that was tried in a cycle, for comparison with others."""

    run: IndexRun
    indicator_count: int
    included_count: int
    outstanding: Sequence[str]
    # By which rules, and what happened where figures were missing, in words.
    method: str
    missing: str


def trial_runs(cycle: PlanningCycle) -> QuerySet[IndexRun]:
    """Runs of the territory computed while the cycle ran, latest first. Queries: none of its own."""
    return IndexRun.objects.filter(territory=cycle.territory, created_at__gte=cycle.opened_at).order_by(
        "-created_at", "-pk"
    )


def trials_of(cycle: PlanningCycle) -> list[Trial]:
    """Runs that were tried, with what tells them apart. Queries: 2."""
    runs = list(
        trial_runs(cycle)
        .select_related("created_by", "index_method")
        .annotate(
            indicator_count=Count("indicators", distinct=True),
            included_count=Count("results", filter=Q(results__is_included=True), distinct=True),
        )
    )
    names: dict[int, list[str]] = {run.pk: [] for run in runs}
    outstanding = IndexResult.objects.filter(run__in=runs, stands_out=True).order_by(
        "run", "rank", "area__name"
    )
    for run_pk, name in outstanding.values_list("run_id", "area__name"):
        names[run_pk].append(name)
    return [
        Trial(
            run,
            run.indicator_count,
            run.included_count,
            names[run.pk],
            method_words(run),
            missing_words(content_of(run, ())),
        )
        for run in runs
    ]


@dataclass(frozen=True)
class RankLine:
    """An area in the ranking of a run, beside another run."""

    result: IndexResult
    other_rank: int | None
    # Indicators without which the area would be in another class.
    decisive: Sequence[str] = ()
    # What took the place of missing figures, in words.
    filled: str = ""

    @property
    def moved(self) -> int | None:
        """Places it stands higher (above 0) or lower than in the other run."""
        if self.result.rank is None or self.other_rank is None:
            return None
        return self.other_rank - self.result.rank


def ranking(run: IndexRun, other: IndexRun | None = None) -> list[RankLine]:
    """Ranking of a run beside another one, with what each place hangs on. Queries: 8 or 9."""
    others: dict[int, int | None] = {}
    if other is not None:
        others = dict(other.results.order_by().values_list("area_id", "rank"))
    results = list(ordered_results(run))
    filled = filled_of(run)
    drivers = drivers_of(run, [result.area for result in results], only_decisive=True)
    return [
        RankLine(
            result,
            others.get(result.area_id),
            [row.indicator.name for row in drivers.get(result.area_id, ())],
            filled.get(result.area_id, ""),
        )
        for result in results
    ]


# --- Profiles --------------------------------------------------------------------------------------


def profiles_seen_by(user: Any) -> QuerySet[AreaProfile]:
    """Profiles a person may read: released ones of cycles they take part in, all of those they write.

    Queries: none of its own.
    """
    written = visible(user, Perm.EDIT_PROFILE, AreaProfile.objects.all())
    released = visible(user, Perm.VIEW_PROFILE, AreaProfile.objects.filter(released_at__isnull=False))
    return AreaProfile.objects.filter(Q(pk__in=written.values("pk")) | Q(pk__in=released.values("pk")))


@dataclass(frozen=True)
class ReleaseBar:
    """Whether four eyes keep a person from releasing the profiles of a cycle.

    Attributes:
        own: Profiles not released yet whose text is theirs.
        has_colleagues: Whether anybody else of the planning unit has the right to release.
        is_free_colleague: Whether one of them wrote none of the profiles.
    """

    own: Sequence[AreaProfile]
    has_colleagues: bool
    is_free_colleague: bool

    @property
    def is_barred(self) -> bool:
        """A colleague has to release."""
        return bool(self.own) and self.has_colleagues

    @property
    def is_alone(self) -> bool:
        """They wrote, and there is nobody else: with a reason they may release all the same."""
        return bool(self.own) and not self.has_colleagues


def release_bar(cycle: PlanningCycle, user: Any) -> ReleaseBar:
    """Who wrote does not release, unless they are the only one of the planning unit. Queries: 2."""
    written = list(
        cycle.profiles.filter(released_at__isnull=True, edited_by__isnull=False)
        .select_related("area")
        .defer("area__geometry")
        .order_by("area__name")
    )
    people = holders(Perm.ACT_FOR_ORGANISATION, cycle.planning_unit).exclude(pk=user.pk)
    colleagues = set(people.values_list("pk", flat=True))
    authors = {profile.edited_by_id for profile in written}
    own = [profile for profile in written if profile.edited_by_id == user.pk]
    return ReleaseBar(own, bool(colleagues), bool(colleagues - authors))


def with_results(profiles: QuerySet[AreaProfile]) -> QuerySet[AreaProfile]:
    """Add what lists show: rank, class and whether the area stands out, and the number of statements.

    Queries: none of its own.
    """
    results = IndexResult.objects.filter(run=OuterRef("cycle__index_run"), area=OuterRef("area"))
    return (
        profiles.select_related("area", "cycle", "cycle__territory", "edited_by")
        .defer("area__geometry")
        .annotate(
            rank=Subquery(results.values("rank")[:1]),
            stands_out=Subquery(results.values("stands_out")[:1]),
            class_label=Subquery(results.values("class_label")[:1]),
            statement_count=Count(
                "area__statements", filter=Q(area__statements__cycle=F("cycle")), distinct=True
            ),
        )
    )


def profile_map(run: IndexRun, area: Area, *, place: str) -> RunMap | None:
    """Map of the territory in classes of the index, with one area outlined, and its legend.

    Args:
        run: The cycle's run.
        area: The area of the profile.
        place: Name of the territory.

    Returns:
        None if there are no boundaries. Queries: 2.
    """
    results = list(ordered_results(run))
    shapes = area_shapes([row.area for row in results], width=400, max_height=440)
    if shapes is None:
        return None
    return run_map(
        shapes,
        [RunArea(str(row.area_id), row.area.name, row.normalised) for row in results],
        run_borders(run, results),
        chosen=RunArea(str(area.pk), area.name, None),
        place=place,
        year=run.year,
    )


@dataclass(frozen=True)
class AreaSeries:
    """Figures of an area over the years up to a run, as they may be shown."""

    indicator: Indicator
    values: tuple[tuple[int, float | None], ...]


def area_series(area: Area, indicators: Sequence[Indicator], *, year: int) -> dict[int, AreaSeries]:
    """The years before a run, by primary key of the indicator; rates only. Queries: 1."""
    rates = [row for row in indicators if not row.unit.is_count]
    years = range(year - 2 * TREND_YEARS, year + 1)
    figures = figures_in_force([area], rates, years=years)
    found = {}
    for row in rates:
        known = figures.years(row)
        if known:
            values = tuple((at, figures.of(row, area, at).value) for at in range(known[0], known[-1] + 1))
            found[row.pk] = AreaSeries(row, values)
    return found


def area_measures(user: Any, area: Area) -> list[Measure]:
    """Measures of an area that a person may see, by number. Queries: 1."""
    rows = visible(user, Perm.VIEW_MEASURE, Measure.objects.filter(areas=area))
    return list(rows.select_related("field", "parent__field", "responsible").order_by(*by_number()))
