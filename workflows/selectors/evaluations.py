"""Reads of evaluations: who has answered, what is judged, what the steering group has decided."""

from __future__ import annotations

import dataclasses
import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet
from django.utils import timezone

from measures.models import Measure, MeasureStatus
from measures.selectors.numbering import by_number
from stakeholders.models import LogEntry, Organisation
from stakeholders.permissions import Perm, can
from workflows.links import link
from workflows.models import (
    CycleStage,
    Evaluation,
    EvaluationAnswer,
    EvaluationItem,
    EvaluationOutcome,
    EvaluationWaiver,
    MeasureProcess,
    PlanningCycle,
    Recommendation,
    RecommendationKind,
    StageKind,
    TaskCard,
)
from workflows.models.recommendations import APPROVED_STATES, FINAL_STATES
from workflows.selectors.cycles import cycle_measures

#: Those responsible answer this long before the evaluation ends: planning has to judge by then (days).
JUDGE_DAYS = 21
#: The step in which those responsible answer; flows lie above this module.
_ANSWERING = "answer_evaluation"
#: Entries of the log by which those responsible were written to.
_REMINDERS = ("task.reminded", "task.escalated")


def answer_due(cycle: PlanningCycle) -> datetime.date:
    """Last day for those responsible to answer. Queries: 1."""
    stage = CycleStage.objects.get(cycle=cycle, kind=StageKind.EVALUATION)
    return max(stage.starts_on, stage.due_on - datetime.timedelta(days=JUDGE_DAYS))


def answer_of(process: MeasureProcess) -> EvaluationAnswer | None:
    """What those responsible said in the cycle the measure is in. Queries: 1."""
    rows = EvaluationAnswer.objects.filter(measure=process.measure_id, cycle=process.cycle_id)
    return rows.select_related("answered_by").first()


def is_answered(process: MeasureProcess) -> bool:
    """Whether those responsible have answered in this cycle. Queries: 1."""
    return answer_of(process) is not None


def waiver_of(process: MeasureProcess) -> EvaluationWaiver | None:
    """That planning does not wait for answers in the cycle the measure is in; None if it does. Queries: 1."""
    rows = EvaluationWaiver.objects.filter(measure=process.measure_id, cycle=process.cycle_id)
    return rows.select_related("waived_by").first()


def waiver_writers(process: MeasureProcess) -> list[int]:
    """Key of who decided not to wait for answers: a colleague judges. Queries: 1."""
    waiver = waiver_of(process)
    return [waiver.waived_by_id] if waiver is not None else []


def is_waited_for(process: MeasureProcess) -> bool:
    """Whether those responsible still have to answer in this cycle. Queries: at most 2."""
    return not is_answered(process) and waiver_of(process) is None


@dataclasses.dataclass(frozen=True)
class OpenAnswer:
    """Answers that are asked for and have not come in.

    Attributes:
        card: Of the open task.
        reminded_on: Day of the latest reminder or escalation of it; None if there was none.
        first_reminded_on: Day of the first one.
    """

    card: TaskCard
    reminded_on: datetime.date | None = None
    first_reminded_on: datetime.date | None = None

    @property
    def is_overdue(self) -> bool:
        """Whether the last day to answer is over."""
        return self.card.due_on < timezone.localdate()

    @property
    def can_be_waived(self) -> bool:
        """Whether planning has waited long enough to judge without them: overdue, and reminded before."""
        return self.is_overdue and self.was_reminded_before_today

    @property
    def was_reminded_before_today(self) -> bool:
        """Whether they have had a day since they were reminded first."""
        return self.first_reminded_on is not None and self.first_reminded_on < timezone.localdate()


def open_answers(measures: Iterable[int]) -> dict[int, OpenAnswer]:
    """Answers that are missing, by measure.

    Args:
        measures: Keys of measures.

    Returns:
        Key of the measure -> its open answers; measures nobody is asked about are left out. Queries: 2 for
        any number of measures.
    """
    found = TaskCard.objects.filter(is_open=True, task__process__measureprocess__measure__in=list(measures))
    cards = {
        card.task.process.measureprocess.measure_id: card
        for card in found.select_related("task__process__measureprocess", "organisation", "cycle")
        if card.task.flow_task.name == _ANSWERING
    }
    if not cards:
        return {}
    notices = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(TaskCard),
        object_id__in=[card.pk for card in cards.values()],
        action__in=_REMINDERS,
    )
    days: dict[int, list[datetime.date]] = defaultdict(list)
    for key, at in notices.order_by("at").values_list("object_id", "at"):
        days[key or 0].append(timezone.localdate(at))
    return {
        key: OpenAnswer(card, days[card.pk][-1], days[card.pk][0]) if card.pk in days else OpenAnswer(card)
        for key, card in cards.items()
    }


def waive_links(user: Any, cards: Sequence[TaskCard]) -> dict[int, str]:
    """Where the user can judge a measure without the overdue answers to it, by the card of the open task.

    Args:
        user: Who looks.
        cards: Open tasks of any kind, with task and cycle joined.

    Returns:
        Key of a card -> address; other tasks, and those the user does not steer, are left out. Queries: none
        without overdue answers, else 1 and those of the right for each cycle.
    """
    today = timezone.localdate()
    late = [card for card in cards if card.due_on < today and card.task.flow_task.name == _ANSWERING]
    cycles = {card.cycle_id: card.cycle for card in late}
    steered = {pk for pk, cycle in cycles.items() if can(user, Perm.MANAGE_CYCLE, cycle)}
    of_process = {card.task.process_id: card.pk for card in late if card.cycle_id in steered}
    if not of_process:
        return {}
    rows = MeasureProcess.objects.filter(pk__in=of_process).values_list("pk", "measure")
    return {of_process[pk]: link("workflows:evaluation-waive", measure) for pk, measure in rows}


def cycle_of(measure: Measure) -> PlanningCycle | None:
    """The cycle a measure is or was in; None for one that never had a course. Queries: 1."""
    return PlanningCycle.objects.filter(measure_processes__measure=measure).first()


def latest_evaluation(measure: Measure) -> Evaluation | None:
    """The last judgement on a measure, with its verdict. Queries: 1."""
    return (
        measure.evaluations.select_related("verdict__decision__recommendation__cycle", "cycle")
        .order_by("-pk")
        .first()
    )


def is_decided(measure: Measure) -> bool:
    """Whether nobody has to decide on the last judgement any more. Queries: 1."""
    evaluation = latest_evaluation(measure)
    return evaluation is None or evaluation.is_settled


def to_be_decided(cycle: PlanningCycle) -> QuerySet[Evaluation]:
    """Judgements on running measures that no request under way or decided holds. Queries: 1."""
    held = EvaluationItem.objects.exclude(recommendation__state__in=set(FINAL_STATES) - set(APPROVED_STATES))
    return (
        Evaluation.objects.filter(
            cycle=cycle,
            needs_decision=True,
            verdict__isnull=True,
            measure__status=MeasureStatus.RUNNING,
        )
        .exclude(pk__in=held.values("evaluation"))
        .select_related("measure__field", "measure__parent__field", "measure__responsible")
        .order_by(*by_number("measure__"))
    )


def is_complete(cycle: PlanningCycle) -> bool:
    """Whether every running measure of a cycle is judged. Queries: 1."""
    judged = Evaluation.objects.filter(cycle=cycle).values("measure")
    running = cycle_measures(cycle).filter(status=MeasureStatus.RUNNING)
    return not running.exclude(pk__in=judged).exists()


def may_request(cycle: PlanningCycle) -> bool:
    """Whether judgements wait to be put before the steering group and no request is under way. Queries: 3."""
    under_way = Recommendation.objects.filter(process__cycle=cycle, kind=RecommendationKind.EVALUATION)
    return (
        cycle.stage == StageKind.EVALUATION
        and not cycle.is_closed
        and is_complete(cycle)
        and not under_way.exclude(state__in=FINAL_STATES).exists()
        and to_be_decided(cycle).exists()
    )


def latest_request(cycle: PlanningCycle) -> Recommendation | None:
    """The last request on the evaluations of a cycle. Queries: 1."""
    rows = Recommendation.objects.filter(process__cycle=cycle, kind=RecommendationKind.EVALUATION)
    return rows.select_related("cycle").prefetch_related("versions").order_by("-pk").first()


@dataclasses.dataclass(frozen=True)
class ItemLine:
    """A measure of the request, with what those responsible, planning and the body said."""

    measure: Measure
    evaluation: Evaluation
    answer: EvaluationAnswer | None
    waiver: EvaluationWaiver | None = None

    @property
    def is_decided(self) -> bool:
        """Whether the steering group has decided on it."""
        return getattr(self.evaluation, "verdict", None) is not None


def item_lines(recommendation: Recommendation) -> list[ItemLine]:
    """Measures a request lists, by number. Queries: 3, or none where it is of another kind."""
    if recommendation.kind != RecommendationKind.EVALUATION:
        return []
    rows = [
        item.evaluation
        for item in recommendation.evaluation_items.select_related(
            "evaluation__verdict",
            "evaluation__measure__field",
            "evaluation__measure__parent__field",
            "evaluation__measure__responsible",
        )
    ]
    answers, waivers = answers_to(rows), waivers_of(rows)
    keys = [(row, (row.cycle_id, row.measure_id)) for row in rows]
    lines = [ItemLine(row.measure, row, answers.get(key), waivers.get(key)) for row, key in keys]
    return sorted(lines, key=lambda line: (line.measure.field.number, line.measure.position))


def answers_to(evaluations: Iterable[Evaluation]) -> dict[tuple[int, int], EvaluationAnswer]:
    """Answers beside judgements, by cycle and measure. Queries: 1."""
    rows = list(evaluations)
    found = EvaluationAnswer.objects.filter(
        cycle__in={row.cycle_id for row in rows}, measure__in={row.measure_id for row in rows}
    )
    return {(row.cycle_id, row.measure_id): row for row in found}


def waivers_of(evaluations: Iterable[Evaluation]) -> dict[tuple[int, int], EvaluationWaiver]:
    """Why there are no answers beside judgements, by cycle and measure. Queries: 1."""
    rows = list(evaluations)
    found = EvaluationWaiver.objects.filter(
        cycle__in={row.cycle_id for row in rows}, measure__in={row.measure_id for row in rows}
    )
    return {(row.cycle_id, row.measure_id): row for row in found}


def outcome_counts(evaluations: Iterable[Evaluation]) -> list[tuple[EvaluationOutcome, int]]:
    """How many judgements say what; outcomes without any are left out."""
    said = [row.outcome for row in evaluations]
    return [(outcome, said.count(outcome)) for outcome in EvaluationOutcome if outcome in said]


def addressee_of(cycle: PlanningCycle) -> Organisation:
    """Who carries the request out: planning."""
    return cycle.planning_unit
