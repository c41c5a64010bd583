"""The plan in one minute: how many measures stand where, what slips first and why, what changed."""

from __future__ import annotations

import dataclasses
import datetime
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

from django.db.models import Case, Count, QuerySet, When
from django.utils import timezone

from measures.models import ActionPlan, Measure, Milestone, ReportingRound, Stage, StageMove, StatusChange
from measures.selectors.figures import actual_text, number_of, protected
from measures.selectors.listing import BY_NUMBER, NO_AREA, in_order
from measures.selectors.portfolio import (
    MeasureLine,
    areas_of,
    measure_lines,
    measures_seen_by,
    overdue_reports,
    plans_seen_by,
)
from measures.selectors.standings import with_states
from measures.status import Light, PortfolioState
from project.common.sorting import german_order
from stakeholders.models import Organisation

#: Measures named under "what slips first", and changes named since the last round.
SLIPPING_SHOWN: Final = 8
CHANGES_SHOWN: Final = 10
#: ``MeasureRow.due_day`` for the database.
_DUE_DAY: Final = Case(When(started_on__isnull=False, then="ends_on"), default="starts_on")


@dataclasses.dataclass(frozen=True)
class PlanNumbers:
    """How many measures of a plan stand where."""

    plan: ActionPlan
    counts: Counter[PortfolioState]
    #: Those of them that are parts of others.
    part_count: int = 0

    @property
    def total(self) -> int:
        """All measures of the plan that the person sees, parts of others among them."""
        return self.counts.total()

    @property
    def top_count(self) -> int:
        """Measures that are no part of another."""
        return self.total - self.part_count


def plan_numbers(user: Any, plan: ActionPlan, today: datetime.date) -> PlanNumbers:
    """Count the measures of a plan by state. Queries: 2 for any number of measures."""
    return PlanNumbers(plan, state_counts(with_states(measures_seen_by(user).filter(plan=plan), today)))


def plan_cards(user: Any, today: datetime.date) -> list[PlanNumbers]:
    """Plans a person may see, with the states of their measures. Queries: 4 for any number of plans."""
    plans = list(plans_seen_by(user).order_by("territory__name", "title"))
    measures = with_states(measures_seen_by(user).filter(plan__in=[plan.pk for plan in plans]), today)
    counts: dict[int, Counter[PortfolioState]] = defaultdict(Counter)
    for key, state, count in _grouped(measures, "plan"):
        counts[key][state] += count
    rows = measures.filter(parent__isnull=False, standing__state__gt="").order_by()
    parts = dict(rows.values_list("plan").annotate(count=Count("pk", distinct=True)))
    return [PlanNumbers(plan, counts[plan.pk], parts.get(plan.pk, 0)) for plan in plans]


def state_counts(measures: QuerySet[Measure]) -> Counter[PortfolioState]:
    """Number of measures by state. Queries: 1.

    Args:
        measures: From ``with_states``.
    """
    rows = measures.order_by().values_list("standing__state").annotate(count=Count("pk", distinct=True))
    return Counter({PortfolioState(state): count for state, count in rows if state})


def _grouped(measures: QuerySet[Measure], by: str) -> list[tuple[Any, PortfolioState, int]]:
    rows = measures.order_by().values_list(by, "standing__state").annotate(count=Count("pk", distinct=True))
    return [(key, PortfolioState(state), count) for key, state, count in rows if state]


@dataclasses.dataclass(frozen=True)
class MatrixRow:
    """A line of a table by states: its name, the filter that leads to its measures, and their numbers."""

    label: str
    value: str
    counts: Counter[PortfolioState]

    @property
    def total(self) -> int:
        """Measures of the line."""
        return self.counts.total()


@dataclasses.dataclass(frozen=True)
class Matrix:
    """Measures by something and by state; ``name`` is the filter of the list that its lines set."""

    name: str
    rows: list[MatrixRow]


def matrices(plan: ActionPlan, measures: QuerySet[Measure]) -> list[Matrix]:
    """Measures of a plan by field, stage, responsible organisation and area, each by state.

    A measure in two areas counts in both.

    Args:
        plan: The plan.
        measures: Its measures, from ``with_states``.

    Returns:
        The four, lines in the order of their numbers or names. Queries: 7.
    """
    fields = {row.pk: str(row) for row in plan.fields.order_by("number")}
    stages = {stage.value: str(stage.label) for stage in Stage}
    keys = measures.order_by().values("responsible")
    rows = Organisation.objects.filter(pk__in=keys).order_by(german_order("name"), "pk")
    houses = {row.pk: row.label for row in rows}
    places = dict(areas_of(measures).values_list("pk", "name"))
    by_area = _matrix("area", places, _grouped(measures, "areas"))
    return [
        _matrix("field", fields, _grouped(measures, "field")),
        _matrix("stage", stages, _grouped(measures, "stage")),
        _matrix("responsible", houses, _grouped(measures, "responsible")),
        by_area,
    ]


def _matrix(name: str, labels: dict[int, str], found: Iterable[tuple[Any, PortfolioState, int]]) -> Matrix:
    counts: dict[Any, Counter[PortfolioState]] = defaultdict(Counter)
    for key, state, count in found:
        counts[key][state] += count
    rows = [MatrixRow(label, str(key), counts[key]) for key, label in labels.items() if counts[key]]
    if counts[None]:
        rows.append(MatrixRow("", NO_AREA, counts[None]))
    return Matrix(name, rows)


@dataclasses.dataclass(frozen=True)
class Slipping:
    """A measure that slips, and everything that says so."""

    line: MeasureLine
    #: Key figures off or behind their path: title, figure, what was expected by then.
    figures: list[tuple[str, str, str, Light]]
    #: Milestones not reached in time.
    milestones: list[Milestone]
    #: Days since the planned end, or the planned start of one that has not begun; 0 if neither has passed.
    days_late: int


def slipping(measures: QuerySet[Measure], today: datetime.date) -> list[Slipping]:
    """The measures that slip, delayed ones first and among them the longest late ones.

    Args:
        measures: Of a plan, from ``with_states``.
        today: The day to look from.

    Returns:
        At most ``SLIPPING_SHOWN``. Queries: 5.
    """
    wanted = (PortfolioState.DELAYED.value, PortfolioState.AT_RISK.value)
    rows = in_order(
        measures.filter(standing__state__in=wanted).annotate(due_day=_DUE_DAY),
        ("-state_order", "due_day", *BY_NUMBER),
    )
    lines = measure_lines(rows[:SLIPPING_SHOWN], today, latest_only=True)
    late: dict[int, list[Milestone]] = defaultdict(list)
    overdue = Milestone.objects.filter(
        measure__in=[line.measure.pk for line in lines], reached_on__isnull=True, due_on__lt=today
    )
    for row in overdue.order_by("due_on", "pk"):
        late[row.measure_id].append(row)
    return [_slipping(line, late[line.measure.pk], today) for line in lines]


def _slipping(line: MeasureLine, milestones: list[Milestone], today: datetime.date) -> Slipping:
    figures: list[tuple[str, str, str, Light]] = []
    for figure in line.figures:
        if figure.light in {Light.AT_RISK, Light.OFF_PATH}:
            # Small counts of people stay secret: the light tells enough.
            shown = protected(figure)
            text = actual_text(shown.latest, figure.figure)
            figures.append(
                (figure.figure.title, text, number_of(figure.expected, figure.figure), figure.light)
            )
    return Slipping(line, figures, milestones, max(0, (today - line.due_day).days))


@dataclasses.dataclass(frozen=True)
class Change:
    """Something that happened to a measure: of a status, of a stage, a milestone reached, a new measure."""

    kind: str
    day: datetime.date
    measure: Measure
    text: tuple[str, str] = ("", "")


@dataclasses.dataclass(frozen=True)
class Changes:
    """What changed since a round was closed; since the beginning where none was."""

    since: datetime.date | None
    rows: list[Change]
    total: int


def changes_since_last_round(plan: ActionPlan, measures: QuerySet[Measure]) -> Changes:
    """What happened to the measures of a plan since its last round of reports was closed.

    Args:
        plan: The plan.
        measures: Its measures as the person sees them.

    Returns:
        The latest first, at most ``CHANGES_SHOWN`` of them, and how many there are. Queries: 9.
    """
    last = ReportingRound.objects.filter(plan=plan, closed_at__isnull=False).order_by("-closed_at").first()
    if last is None or last.closed_at is None:
        return Changes(None, [], 0)
    moment, keys = last.closed_at, measures.order_by().values("pk")
    day = timezone.localdate(moment)
    joined = ("measure__field", "measure__parent__field")
    statuses = StatusChange.objects.filter(measure__in=keys, changed_at__gt=moment).select_related(*joined)
    moves = StageMove.objects.filter(measure__in=keys, moved_at__gt=moment).select_related(*joined)
    reached = Milestone.objects.filter(measure__in=keys, reached_on__gt=day).select_related(*joined)
    new = measures.filter(created_at__gt=moment)
    found: list[Change] = [
        *(
            Change(
                "status", row.effective_on, row.measure, (row.get_before_display(), row.get_after_display())
            )
            for row in statuses.order_by("-changed_at", "-pk")[:CHANGES_SHOWN]
        ),
        *(
            Change(
                "stage",
                timezone.localdate(row.moved_at),
                row.measure,
                (row.get_before_display(), row.get_after_display()),
            )
            for row in moves.order_by("-moved_at", "-pk")[:CHANGES_SHOWN]
        ),
        *(
            Change("milestone", row.reached_on, row.measure, (row.title, ""))
            for row in reached.order_by("-reached_on", "-pk")[:CHANGES_SHOWN]
            if row.reached_on
        ),
        *(
            Change("new", timezone.localdate(row.created_at), row)
            for row in new.order_by("-created_at", "-pk")[:CHANGES_SHOWN]
        ),
    ]
    total = statuses.count() + moves.count() + reached.count() + new.count()
    found.sort(key=lambda change: change.day, reverse=True)
    return Changes(day, found[:CHANGES_SHOWN], total)


def overdue_report_count(plan: ActionPlan, today: datetime.date) -> int:
    """Reports of a plan that should have been handed in by now. Queries: 1."""
    return overdue_reports(plan, today).count()


def states_shown(rows: Sequence[MatrixRow]) -> list[PortfolioState]:
    """States in which there is any measure, in the order of the tiles."""
    return [state for state in PortfolioState if any(row.counts[state] for row in rows)]
