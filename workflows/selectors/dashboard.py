"""Everything the page of a cycle shows, as far as the person may see it, in a fixed number of queries."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from measures.models import MeasureStatus
from measures.selectors.numbers import PlanNumbers, overdue_report_count, plan_numbers
from measures.status import STATE_KINDS, STATE_LABELS, PortfolioState
from monitoring.models import Area, IndexResult
from stakeholders.permissions import Perm, can, visible
from workflows.links import link
from workflows.models import (
    AgreementConfirmation,
    Assignment,
    ConfirmationState,
    DataRequest,
    Decision,
    Evaluation,
    PlanningCycle,
    StageKind,
    TaskCard,
)
from workflows.selectors.assignments import EARLIER, AssignmentFilter, assignments_of
from workflows.selectors.cycles import cycle_measures
from workflows.selectors.decisions import RESULT_KINDS, DecisionFilter, decisions_of
from workflows.selectors.next_steps import next_steps
from workflows.selectors.opening import territories_to_open
from workflows.selectors.places import visible_task_keys
from workflows.selectors.recommendations import recommendations_seen_by
from workflows.selectors.requests import gone_without
from workflows.selectors.strip import Counts, Line, StageBox, stage_boxes
from workflows.selectors.tasks import InboxFilter, cards_addressed_to, cards_by_keys, inbox_keys

#: Rows shown on the page itself; the lists behind show all.
TASKS_SHOWN = 10
DECISIONS_SHOWN = 5
ASSIGNMENTS_SHOWN = 5
AREAS_SHOWN = 9


@dataclasses.dataclass(frozen=True)
class Waiting:
    """An open task, and whether the person may open it."""

    card: TaskCard
    url: str


@dataclasses.dataclass(frozen=True)
class AreaLine:
    """An area that stands out, with its index."""

    label: str
    url: str
    total: float | None


@dataclasses.dataclass(frozen=True)
class Tile:
    """A number that leads to its list."""

    number: int
    label: str
    kind: str
    url: str


@dataclasses.dataclass(frozen=True)
class DecisionLine:
    """A decision of the steering group."""

    decision: Decision
    kind: str
    url: str


@dataclasses.dataclass(frozen=True)
class CyclePage:
    """What the page of a cycle shows."""

    cycle: PlanningCycle
    sees_drafts: bool
    may_manage: bool
    stages: list[StageBox]
    next_task: TaskCard | None
    waiting: list[Waiting]
    waiting_count: int
    overdue_count: int
    decisions: list[DecisionLine]
    decision_count: int
    areas: list[AreaLine]
    outstanding_count: int
    area_limit: float
    areas_url: str
    index_year: int | None
    index_day: datetime.datetime | None
    measures: list[Tile]
    actions: list[Line]
    lists: list[Line]
    predecessor_url: str
    successor: PlanningCycle | None
    may_open_next: bool
    gone_without: list[DataRequest]
    left_open: list[Assignment]
    left_open_count: int
    printed_on: datetime.date


def cycle_page(user: Any, cycle: PlanningCycle) -> CyclePage:
    """Gather the page of a cycle.

    Args:
        user: Who looks; must see the cycle. Without the right to drafts they find no open task but their own,
            no recommendation that was never submitted, and no area before the profiles are released.
        cycle: The cycle, with territory, plan and bodies joined.

    Returns:
        The page. Queries: about 30 for any number of rows.
    """
    sees_drafts = bool(can(user, Perm.VIEW_DRAFTS, cycle))
    may_manage = bool(can(user, Perm.MANAGE_CYCLE, cycle))
    results = _results(cycle, may_manage=may_manage)
    totals = results.aggregate(
        areas=Count("pk", filter=Q(is_included=True)), outstanding=Count("pk", filter=Q(stands_out=True))
    )
    decisions = decisions_of(user, cycle, DecisionFilter())
    measures = plan_numbers(user, cycle.plan, timezone.localdate())
    sees_plan = bool(can(user, Perm.VIEW_PLAN, cycle.plan))
    plan_url = link("measures:plan-detail", cycle.plan_id) if sees_plan else link("measures:plan-list")
    sees_areas = visible(user, Perm.VIEW_AREA, Area.objects.filter(territory_id=cycle.territory_id)).exists()
    run_url = link("monitoring:run-detail", cycle.index_run_id) if sees_areas and cycle.index_run_id else ""
    profiles_url = link("workflows:profile-list", cycle.pk) if _has_profiles(cycle, may_manage) else ""
    counts = Counts(
        requests=_count_by(cycle.requests.all(), "state"),
        areas=totals["areas"],
        outstanding=totals["outstanding"],
        profiles=cycle.profiles.filter(released_at__isnull=False).count(),
        recommendations=_count_by(
            recommendations_seen_by(user).filter(Q(cycle=cycle) | Q(process__cycle=cycle)), "seen_state"
        ),
        decisions=decisions.count(),
        measures=measures.total,
        confirmations=_confirmations(cycle),
        evaluations=_evaluations(cycle),
        plan_url=plan_url,
        areas_url=run_url or profiles_url,
    )
    cards = open_cards(user, cycle, sees_drafts=sees_drafts)
    left_open = assignments_of(user, cycle, AssignmentFilter(state=EARLIER))
    today = timezone.localdate()
    task_totals = cards.aggregate(waiting=Count("pk"), overdue=Count("pk", filter=Q(due_on__lt=today)))
    outstanding = results.filter(stands_out=True).select_related("area", "run").order_by("rank", "pk")
    areas = list(outstanding[:AREAS_SHOWN])
    run = areas[0].run if areas else None
    return CyclePage(
        cycle=cycle,
        sees_drafts=sees_drafts,
        may_manage=may_manage,
        stages=stage_boxes(cycle, counts),
        next_task=None if cycle.is_closed else _next_task(user, cycle),
        waiting=_waiting(user, cards),
        waiting_count=task_totals["waiting"],
        overdue_count=task_totals["overdue"],
        decisions=_decision_lines(decisions[:DECISIONS_SHOWN]),
        decision_count=counts.decisions,
        areas=_area_lines(areas, are_open=sees_areas, else_url=profiles_url),
        outstanding_count=counts.outstanding,
        area_limit=max((row.total or 0.0 for row in areas), default=1.0) or 1.0,
        areas_url=run_url,
        index_year=run.year if run else None,
        index_day=run.created_at if run else None,
        measures=_measure_tiles(measures, plan_url, sees_plan=sees_plan),
        actions=next_steps(user, cycle, sees_drafts=sees_drafts, may_manage=may_manage, today=today),
        lists=_lists(cycle, plan_url, may_manage=may_manage),
        predecessor_url=_predecessor_url(user, cycle),
        successor=_successor(user, cycle),
        may_open_next=cycle.is_closed and cycle.territory in territories_to_open(user),
        gone_without=gone_without(cycle),
        left_open=list(left_open.order_by("due_on", "pk")[:ASSIGNMENTS_SHOWN]),
        left_open_count=left_open.count(),
        printed_on=today,
    )


def _confirmations(cycle: PlanningCycle) -> tuple[int, int]:
    """How many parties have confirmed of those asked in the latest round of each measure. Queries: 1."""
    newer = AgreementConfirmation.objects.filter(measure=OuterRef("measure"), round__gt=OuterRef("round"))
    rows = AgreementConfirmation.objects.filter(~Exists(newer), process__cycle=cycle)
    rows = rows.filter(measure__ended_on__isnull=True).exclude(state=ConfirmationState.CALLED_OFF)
    found = rows.aggregate(all=Count("pk"), done=Count("pk", filter=Q(state=ConfirmationState.CONFIRMED)))
    return found["done"], found["all"]


def _evaluations(cycle: PlanningCycle) -> tuple[int, int]:
    """How many measures have been evaluated of those the cycle has to evaluate. Queries: 2."""
    judged = Evaluation.objects.filter(cycle=cycle)
    done = judged.values("measure").distinct().count()
    running = cycle_measures(cycle).filter(status=MeasureStatus.RUNNING)
    return done, done + running.exclude(pk__in=judged.values("measure")).count()


def _area_lines(results: Iterable[IndexResult], *, are_open: bool, else_url: str) -> list[AreaLine]:
    return [
        AreaLine(
            row.area.name, link("monitoring:area-detail", row.area_id) if are_open else else_url, row.total
        )
        for row in results
    ]


def _decision_lines(decisions: Iterable[Decision]) -> list[DecisionLine]:
    return [
        DecisionLine(row, RESULT_KINDS.get(row.result, "neutral"), link("workflows:decision-detail", row.pk))
        for row in decisions
    ]


def _has_profiles(cycle: PlanningCycle, may_manage: bool) -> bool:
    """Whether the person finds profiles: before their release those who write them do."""
    return may_manage or cycle.stage >= StageKind.CONFERENCE


def _lists(cycle: PlanningCycle, plan_url: str, *, may_manage: bool) -> list[Line]:
    """Everything that belongs to the cycle."""
    has_profiles = _has_profiles(cycle, may_manage)
    found = [
        Line(_("Schedule"), link("workflows:cycle-schedule", cycle.pk)),
        Line(_("Deliveries"), link("workflows:request-list", cycle.pk)),
        Line(_("Area profiles"), link("workflows:profile-list", cycle.pk) if has_profiles else ""),
        Line(_("Statements"), link("workflows:statement-list", cycle.pk) if has_profiles else ""),
        Line(_("Recommendations"), link("workflows:recommendation-list", cycle.pk)),
        Line(_("Meetings"), link("workflows:meeting-list", cycle.pk)),
        Line(_("Decisions"), link("workflows:decision-list", cycle.pk)),
        Line(
            _("Social-space conferences"),
            link("workflows:space-conference-list", cycle.pk)
            if cycle.stage >= StageKind.SOCIAL_SPACE
            else "",
        ),
        Line(_("Measures"), plan_url),
        Line(_("Evaluations"), link("workflows:evaluation-list", cycle.pk)),
    ]
    return [line for line in found if line.url]


def _predecessor_url(user: Any, cycle: PlanningCycle) -> str:
    if cycle.predecessor is None or not can(user, Perm.VIEW_CYCLE, cycle.predecessor):
        return ""
    return link("workflows:cycle-detail", cycle.predecessor_id)


def _successor(user: Any, cycle: PlanningCycle) -> PlanningCycle | None:
    """The cycle that follows a closed one, if the person may see it. Queries: at most 2."""
    following = getattr(cycle, "successor", None) if cycle.is_closed else None
    return following if following is not None and can(user, Perm.VIEW_CYCLE, following) else None


def open_cards(user: Any, cycle: PlanningCycle, *, sees_drafts: bool) -> QuerySet[TaskCard]:
    """Open tasks of a cycle: planning sees all, the conference its own cases, others theirs. Queries: 2."""
    cards = TaskCard.objects.filter(cycle=cycle, is_open=True)
    if not can(user, Perm.MANAGE_CYCLE, cycle):
        seen = Q(task__owner=user) | Q(pk__in=cards_addressed_to(user).values("pk"))
        if sees_drafts:
            seen |= Q(task__process__planningcycleprocess__isnull=False)
            seen |= Q(task__process__recommendationprocess__isnull=False)
            seen |= Q(task__process__contributionprocess__isnull=False)
            seen |= Q(task__process__cosigningprocess__isnull=False)
        cards = cards.filter(seen)
    return cards.select_related("task", "task__owner", "organisation", "body", "cycle")


def _count_by(rows: QuerySet[Any], field: str) -> dict[str, int]:
    return dict(rows.order_by().values_list(field).annotate(n=Count("pk", distinct=True)))


def _results(cycle: PlanningCycle, *, may_manage: bool) -> QuerySet[IndexResult]:
    """Results of the cycle's run: internal until the profiles go to the conference."""
    results = IndexResult.objects.filter(run_id=cycle.index_run_id)
    if not may_manage and cycle.stage < StageKind.CONFERENCE:
        return results.none()
    return results


def _next_task(user: Any, cycle: PlanningCycle) -> TaskCard | None:
    keys = inbox_keys(user, InboxFilter(cycle_pk=cycle.pk), limit=1)
    cards = cards_by_keys(keys[:1])
    return cards[0] if cards else None


def _waiting(user: Any, cards: QuerySet[TaskCard]) -> list[Waiting]:
    shown = list(cards.order_by("due_on", "pk")[:TASKS_SHOWN])
    return with_links(user, shown)


def with_links(user: Any, cards: list[TaskCard]) -> list[Waiting]:
    """Tasks, with the address of those that the person may open. Queries: 1."""
    may_open = visible_task_keys(user, [card.task_id for card in cards])
    return [
        Waiting(card, link("workflows:task", card.task_id) if card.task_id in may_open else "")
        for card in cards
    ]


def _measure_tiles(found: PlanNumbers, plan_url: str, *, sees_plan: bool) -> list[Tile]:
    """States with any measure; who sees single measures of the plan only is led to those. Queries: 1."""
    list_url = link("measures:measure-list", found.plan.pk) if sees_plan else plan_url
    tiles = [
        Tile(
            found.counts[state],
            str(STATE_LABELS[state]),
            STATE_KINDS[state],
            f"{list_url}?state={state.value}",
        )
        for state in PortfolioState
        if found.counts[state]
    ]
    overdue = overdue_report_count(found.plan, timezone.localdate()) if sees_plan else 0
    if overdue:
        url = link("measures:report-list", found.plan.pk, state="overdue")
        tiles.append(Tile(overdue, _("reports overdue"), "danger", url))
    return tiles
