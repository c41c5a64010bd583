"""Reads from target agreement to evaluation, for pages of measures, rounds and cycles."""

from __future__ import annotations

import dataclasses
import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Q, QuerySet
from viewflow.workflow.models import Task

from measures.models import ActionPlan, Measure, MeasureStatus, RoundReport, RoundReportState, Stage
from measures.selectors.due import with_due
from measures.selectors.numbering import by_number
from stakeholders.permissions import Perm, can, visible
from workflows.links import link
from workflows.models import (
    AgreementConfirmation,
    Decision,
    Evaluation,
    EvaluationOutcome,
    EvaluationWaiver,
    MeasureOrigin,
    NoMeasureReason,
    PlanningCycle,
    Recommendation,
    RecommendationKind,
    RecommendationState,
    SpaceIdea,
    StageKind,
    TaskCard,
)
from workflows.models.recommendations import FINAL_STATES
from workflows.selectors.cycles import cycle_measures, cycle_recommendations, in_effect, is_shaping
from workflows.selectors.decisions import decisions_seen_by
from workflows.selectors.evaluations import OpenAnswer, open_answers
from workflows.selectors.places import visible_task_keys
from workflows.selectors.space_conferences import ideas_behind


@dataclasses.dataclass(frozen=True)
class Waiting:
    """An open task, with the address if the person may open it."""

    card: TaskCard
    url: str


@dataclasses.dataclass(frozen=True)
class AgreementRound:
    """One time the parties were asked."""

    number: int
    rows: list[AgreementConfirmation]


@dataclasses.dataclass(frozen=True)
class Origin:
    """Where a measure comes from."""

    recommendation: Recommendation
    title: str
    decision: Decision
    url: str


@dataclasses.dataclass(frozen=True)
class MeasureCourse:
    """What the engine knows of a measure."""

    cycle: PlanningCycle | None
    cycle_url: str
    waiting: list[Waiting]
    agreement: AgreementRound | None
    earlier: list[AgreementRound]
    origins: list[Origin]
    evaluations: list[Evaluation]
    #: By cycle, why planning did not wait for the answers of those responsible.
    waivers: dict[int, EvaluationWaiver]
    #: Ideas of residents that became it, each with the public page of its answer.
    ideas: list[tuple[SpaceIdea, str]]


def measure_course(user: Any, measure: Measure) -> MeasureCourse:
    """Gather what the engine knows of a measure.

    Args:
        user: Who looks; must see the measure.
        measure: The measure.

    Returns:
        Open tasks, confirmations by round, origins, evaluations, ideas. Queries: at most 12.
    """
    process = getattr(measure, "process", None)
    cycle = process.cycle if process else None
    sees_cycle = cycle is not None and bool(can(user, Perm.VIEW_CYCLE, cycle))
    rounds = agreement_rounds(measure)
    evaluations = measure.evaluations.select_related("cycle", "evaluated_by", "verdict").order_by("-pk")
    return MeasureCourse(
        cycle=cycle,
        cycle_url=link("workflows:cycle-detail", cycle.pk) if cycle and sees_cycle else "",
        waiting=_waiting(user, measure),
        agreement=rounds[0] if rounds else None,
        earlier=rounds[1:],
        origins=origins_of(user, measure),
        evaluations=list(evaluations),
        waivers={row.cycle_id: row for row in measure.evaluation_waivers.all()},
        ideas=ideas_behind(measure),
    )


def agreement_rounds(measure: Measure) -> list[AgreementRound]:
    """Confirmations of a measure by round, the latest first. Queries: 1."""
    rows = measure.confirmations.select_related("organisation", "answered_by").order_by(
        "-round", "organisation__name"
    )
    rounds: dict[int, list[AgreementConfirmation]] = {}
    for row in rows:
        rounds.setdefault(row.round, []).append(row)
    return [AgreementRound(number, found) for number, found in rounds.items()]


def origins_of(user: Any, measure: Measure) -> list[Origin]:
    """Recommendations and decisions behind a measure, linked where the person may read them. Queries: 3."""
    rows = list(
        MeasureOrigin.objects.filter(measure=measure).select_related(
            "recommendation__cycle", "decision__version", "decision__body"
        )
    )
    readable = set(
        decisions_seen_by(user).filter(pk__in=[row.decision_id for row in rows]).values_list("pk", flat=True)
    )
    return [
        Origin(
            recommendation=row.recommendation,
            title=row.decision.version.title,
            decision=row.decision,
            url=link("workflows:decision-detail", row.decision_id) if row.decision_id in readable else "",
        )
        for row in rows
    ]


def _waiting(user: Any, measure: Measure) -> list[Waiting]:
    """Open tasks on a measure: its own, the confirmations asked for and the review that is due."""
    cards = TaskCard.objects.filter(is_open=True).select_related("task", "organisation", "body", "cycle")
    own = cards.filter(task__process__measureprocess__measure=measure)
    asked = cards.filter(task__process__confirmationprocess__confirmation__measure=measure)
    reviewed = cards.filter(task__process__agreementreviewprocess__review__agreement__measure=measure)
    return with_links(user, sorted([*own, *asked, *reviewed], key=lambda card: (card.due_on, card.pk)))


def with_links(user: Any, cards: Sequence[TaskCard]) -> list[Waiting]:
    """Tasks, with the address of those that the person may open. Queries: 1."""
    may_open = visible_task_keys(user, [card.task_id for card in cards])
    return [
        Waiting(card, link("workflows:task", card.task_id) if card.task_id in may_open else "")
        for card in cards
    ]


def report_tasks(user: Any, reports: Iterable[RoundReport]) -> dict[int, Waiting]:
    """Open task of each report. Queries: 2 for any number of reports.

    Returns:
        Key of the report -> its open task; reports without one are left out.
    """
    keys = [report.pk for report in reports]
    cards = list(
        TaskCard.objects.filter(is_open=True, task__process__reportprocess__report__in=keys).select_related(
            "task__owner", "organisation", "body", "cycle"
        )
    )
    reports_of_tasks = dict(
        Task.objects.filter(pk__in=[card.task_id for card in cards]).values_list(
            "pk", "process__reportprocess__report"
        )
    )
    return {reports_of_tasks[row.card.task_id]: row for row in with_links(user, cards)}


# --- What planning can do with a plan -----------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class PlanActions:
    """What the person can begin on a plan now; empty addresses are not offered."""

    cycle: PlanningCycle | None
    round_url: str
    stage_two_url: str
    shape_url: str
    evaluations_url: str


def plan_actions(user: Any, plan: ActionPlan) -> PlanActions:
    """What the person can begin on a plan in its open cycle. Queries: at most 4."""
    cycles = visible(user, Perm.VIEW_CYCLE, PlanningCycle.objects.filter(plan=plan))
    cycle = cycles.order_by("closed_at", "-pk").filter(closed_at__isnull=True).first()
    if cycle is None:
        return PlanActions(None, "", "", "", "")
    may_manage = bool(can(user, Perm.MANAGE_CYCLE, cycle))
    is_running = may_manage and cycle.stage == StageKind.IMPLEMENTATION
    can_ask = is_running and plan.stage_two_opened_on is None and stage_two_request(cycle) is None
    return PlanActions(
        cycle=cycle,
        round_url=link("workflows:round-open", cycle.pk) if is_running else "",
        stage_two_url=link("workflows:stage-two-request", cycle.pk) if can_ask else "",
        shape_url=(link("workflows:measure-create", cycle.pk) if may_manage and is_shaping(cycle) else ""),
        evaluations_url=link("workflows:evaluation-list", cycle.pk),
    )


def stage_two_request(cycle: PlanningCycle) -> Recommendation | None:
    """The request to open stage 2 that is under way or granted; None if one can be made. Queries: 1."""
    rows = Recommendation.objects.filter(process__cycle=cycle, kind=RecommendationKind.STAGE_TWO)
    refused = (RecommendationState.REJECTED, RecommendationState.WITHDRAWN)
    return rows.exclude(state__in=refused).order_by("-pk").first()


# --- Shaping measures -----------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Approved:
    """An approved recommendation with what became of it."""

    recommendation: Recommendation
    title: str
    proposal: str
    decision: Decision | None
    measures: list[Measure]
    reason: str

    @property
    def is_done(self) -> bool:
        """Whether it has a measure, or planning has said why not."""
        return bool(self.measures or self.reason)


def approved_recommendations(cycle: PlanningCycle) -> list[Approved]:
    """Approved recommendations of a cycle with their decision and the measures shaped from them.

    Returns:
        One line each by number. Queries: 6 for any number.
    """
    rows = list(
        in_effect(cycle_recommendations(cycle))
        .select_related("cycle")
        .prefetch_related("versions")
        .order_by("cycle", "number")
    )
    keys = [row.pk for row in rows]
    decisions: dict[int, Decision] = {}
    for decision in Decision.objects.filter(recommendation__in=keys).select_related("body").order_by("pk"):
        decisions[decision.recommendation_id] = decision
    measures: dict[int, list[Measure]] = defaultdict(list)
    origins = MeasureOrigin.objects.filter(recommendation__in=keys).select_related(
        "measure__field", "measure__parent__field", "measure__responsible"
    )
    for origin in origins.order_by(*by_number("measure__"), "pk"):
        measures[origin.recommendation_id].append(origin.measure)
    reasons = reasons_without_measure(rows)
    found = []
    for row in rows:
        version = row.current
        found.append(
            Approved(
                recommendation=row,
                title=version.title if version else row.reference,
                proposal=version.proposal if version else "",
                decision=decisions.get(row.pk),
                measures=measures[row.pk],
                reason=reasons.get(row.pk, ""),
            )
        )
    return found


def reasons_without_measure(recommendations: Iterable[Recommendation]) -> dict[int, str]:
    """Why approved recommendations lead to no measure, by key, where planning said so. Queries: 1."""
    given = NoMeasureReason.objects.filter(recommendation__in=[row.pk for row in recommendations])
    return dict(given.order_by("pk").values_list("recommendation_id", "reason"))


# --- Steering, evaluation, closing ------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class OpenItem:
    """Something still open, with the place to see to it."""

    text: str
    url: str


def not_begun(cycle: PlanningCycle) -> QuerySet[Measure]:
    """Agreed measures of the cycle that have not begun although their stage is open. Queries: 1."""
    rows = cycle_measures(cycle).filter(
        status__in=[MeasureStatus.AGREED, MeasureStatus.PREPARING], started_on__isnull=True
    )
    if cycle.plan.stage_two_opened_on is None:
        rows = rows.filter(stage=Stage.ONE)
    return rows.select_related("field", "responsible").order_by(*by_number())


def unconfirmed_reports(cycle: PlanningCycle) -> QuerySet[RoundReport]:
    """Reports of the cycle that are not confirmed, soonest due first, with ``due_on``. Queries: 1."""
    return (
        with_due(RoundReport.objects.filter(process__cycle=cycle))
        .exclude(state__in=[RoundReportState.CONFIRMED, RoundReportState.CALLED_OFF])
        .select_related("round", "organisation")
        .order_by("due_on", "organisation__name")
    )


def open_stage_two_request(cycle: PlanningCycle) -> Recommendation | None:
    """The request to open stage 2 that waits for its decision. Queries: 1."""
    request = stage_two_request(cycle)
    return request if request is not None and request.state not in FINAL_STATES else None


def reported_measures(cycle: PlanningCycle, reference_on: datetime.date) -> QuerySet[Measure]:
    """Measures of a cycle that are reported on as of a day: running ones, and those ended since.

    What began later has nothing to report as of that day. Queries: 1.
    """
    ended = Q(status__in=[MeasureStatus.COMPLETED, MeasureStatus.ENDED_EARLY], ended_on__gte=reference_on)
    # Nor has what was given up before it began.
    return cycle_measures(cycle).filter(Q(status=MeasureStatus.RUNNING) | ended, started_on__lte=reference_on)


def running_without_figures(cycle: PlanningCycle) -> QuerySet[Measure]:
    """Running measures of the cycle of which no figure was ever confirmed. Queries: 1."""
    reported = Measure.objects.filter(
        key_figures__reported__report__state=RoundReportState.CONFIRMED,
        key_figures__reported__value__isnull=False,
    )
    return (
        cycle_measures(cycle)
        .filter(status=MeasureStatus.RUNNING)
        .exclude(pk__in=reported.values("pk"))
        .select_related("field", "responsible")
        .order_by(*by_number())
    )


@dataclasses.dataclass(frozen=True)
class EvaluationLine:
    """A measure of a cycle with its evaluation, if there is one.

    Attributes:
        measure: The measure.
        evaluation: Planning's judgement; None as long as there is none.
        missing: Answers that are asked for and have not come in.
        waiver: Why planning did not wait for them.
    """

    measure: Measure
    evaluation: Evaluation | None
    missing: OpenAnswer | None = None
    waiver: EvaluationWaiver | None = None


@dataclasses.dataclass(frozen=True)
class EvaluationFilter:
    """What a person wants to see of the evaluations."""

    search: str = ""
    outcome: str = ""  # an EvaluationOutcome, or "open"; empty for all


def evaluated_measures(user: Any, cycle: PlanningCycle) -> QuerySet[Measure]:
    """Measures that the cycle evaluated or has to evaluate, as far as the person sees them. Queries: 1."""
    judged = Evaluation.objects.filter(cycle=cycle).values("measure")
    waiting = cycle_measures(cycle).filter(status=MeasureStatus.RUNNING).values("pk")
    rows = Measure.objects.filter(pk__in=judged) | Measure.objects.filter(pk__in=waiting)
    return visible(user, Perm.VIEW_MEASURE, rows).select_related("plan", "field", "responsible")


def evaluation_lines(user: Any, cycle: PlanningCycle, wanted: EvaluationFilter) -> list[EvaluationLine]:
    """Evaluations of a cycle, by number of the measure. Queries: 5 for any number."""
    measures = list(evaluated_measures(user, cycle).order_by(*by_number()))
    judged = {
        row.measure_id: row
        for row in Evaluation.objects.filter(cycle=cycle, measure__in=measures).select_related(
            "evaluated_by", "verdict"
        )
    }
    missing = open_answers(row.pk for row in measures)
    waivers = {row.measure_id: row for row in cycle.evaluation_waivers.filter(measure__in=measures)}
    lines = [
        EvaluationLine(row, judged.get(row.pk), missing.get(row.pk), waivers.get(row.pk)) for row in measures
    ]
    if wanted.search:
        term = wanted.search.casefold()
        lines = [
            line for line in lines if term in f"{line.measure} {line.measure.responsible.name}".casefold()
        ]
    if wanted.outcome == "open":
        lines = [line for line in lines if line.evaluation is None]
    elif wanted.outcome:
        lines = [line for line in lines if line.evaluation and line.evaluation.outcome == wanted.outcome]
    return lines


@dataclasses.dataclass(frozen=True)
class CycleSummary:
    """What a cycle brought, for the page on which it is closed."""

    decisions: list[tuple[str, str, int]]
    outcomes: list[tuple[str, str, int]]
    ended: list[Measure]
    carried: list[Measure]
    changed: list[Measure]
    postponed: list[Recommendation]
    unconfirmed: list[RoundReport]


def cycle_summary(cycle: PlanningCycle) -> CycleSummary:
    """Gather what a cycle brought and what goes on. Queries: 7."""
    results = list(
        Decision.objects.filter(recommendation__process__cycle=cycle)
        .order_by("pk")
        .values_list("recommendation", "result")
    )
    last_results = list(dict(results).values())
    evaluations = list(
        Evaluation.objects.filter(cycle=cycle).select_related(
            "measure__field", "measure__responsible", "verdict"
        )
    )
    measures = list(cycle_measures(cycle).select_related("field", "responsible").order_by(*by_number()))
    to_change = {row.measure_id for row in evaluations if row.final_outcome == EvaluationOutcome.CHANGE}
    postponed = cycle_recommendations(cycle).filter(state=RecommendationState.POSTPONED)
    field = Decision._meta.get_field("result")
    return CycleSummary(
        decisions=[
            (str(value), str(label), last_results.count(value))
            for value, label in field.flatchoices
            if value in last_results
        ],
        outcomes=[
            (outcome.value, str(outcome.label), sum(row.final_outcome == outcome for row in evaluations))
            for outcome in EvaluationOutcome
        ],
        ended=[row for row in measures if row.ended_on is not None],
        carried=[row for row in measures if row.ended_on is None and row.pk not in to_change],
        changed=[row for row in measures if row.pk in to_change],
        postponed=list(postponed.select_related("cycle").prefetch_related("versions")),
        unconfirmed=list(unconfirmed_reports(cycle)),
    )
