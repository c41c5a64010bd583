"""Reads of measures that the engine asks for."""

import datetime

from django.utils import timezone

from measures.models import Measure, MeasureStatus, Stage
from workflows.models import AgreementConfirmation, ConfirmationState, MeasureProcess, StageKind

#: The responsible organisation is asked to complete a measure this long before its planned end (days).
END_NOTICE_DAYS = 30


def latest_confirmations(measure: Measure) -> list[AgreementConfirmation]:
    """Confirmations of the latest round, by party. Queries: 1."""
    rows = list(measure.confirmations.select_related("organisation", "answered_by"))
    latest = max((row.round for row in rows), default=0)
    return [row for row in rows if row.round == latest]


def confirmation_state(measure: Measure) -> str:
    """Where the latest round stands.

    Returns:
        Refused as soon as one refused, called off as soon as planning does not wait any more, confirmed when
        all have, else open.
    """
    states = {row.state for row in latest_confirmations(measure)}
    for answer in (ConfirmationState.REFUSED, ConfirmationState.CALLED_OFF):
        if answer in states:
            return answer
    if states == {ConfirmationState.CONFIRMED}:
        return ConfirmationState.CONFIRMED
    return ConfirmationState.OPEN


def stage_is_open(measure: Measure) -> bool:
    """Whether the measure need not wait for its planning stage.

    Stage 2 opens only by a decision of the steering group; what runs already goes on.
    """
    if measure.stage == Stage.ONE or measure.started_on is not None:
        return True
    plan = type(measure.plan).objects.get(pk=measure.plan_id)
    return plan.stage_two_opened_on is not None


def needs_evaluation(process: MeasureProcess) -> bool:
    """Whether the measure runs, its cycle is in evaluation, and this cycle has not judged it yet."""
    process.refresh_from_db(fields=["cycle"])
    cycle = process.cycle
    measure = Measure.objects.get(pk=process.measure_id)
    return (
        cycle.stage == StageKind.EVALUATION
        and not cycle.is_closed
        and measure.status == MeasureStatus.RUNNING
        and not measure.evaluations.filter(cycle=cycle).exists()
    )


def ends_soon(measure: Measure) -> bool:
    """Whether the planned end is near enough to ask for the measure's completion; never while it rests."""
    row = Measure.objects.filter(pk=measure.pk).exclude(status=MeasureStatus.SUSPENDED)
    ends_on = row.values_list("ends_on", flat=True).first()
    return ends_on is not None and ends_on - datetime.timedelta(days=END_NOTICE_DAYS) <= timezone.localdate()


def was_carried_over(process: MeasureProcess) -> bool:
    """Whether the case has moved into a cycle after the one that evaluated it last."""
    process.refresh_from_db(fields=["cycle"])
    evaluation = process.measure.evaluations.order_by("-pk").first()
    return evaluation is not None and evaluation.cycle_id != process.cycle_id
