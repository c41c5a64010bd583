"""Moving a measure between the planning stages."""

from __future__ import annotations

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from measures.models import Measure, MeasureStatus, Stage, StageMove
from measures.moves import ENDED
from measures.services.measures import measure_lock
from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import User
from stakeholders.permissions import Perm, require


def stage_refusal(measure: Measure, to: int) -> str | Promise:
    """Why a measure cannot go to a planning stage; empty if it can. Queries: none with the plan joined.

    What has begun, or is being prepared, does not go back to wait for a stage: nobody would ask for its
    figures meanwhile.
    """
    if to != Stage.TWO or measure.plan.stage_two_opened_on is not None:
        return ""
    if measure.started_on is not None:
        return _("The measure has begun already; it cannot move to a planning stage that is not open.")
    if measure.status == MeasureStatus.PREPARING:
        return _("The measure is being prepared; it cannot move to a planning stage that is not open.")
    return ""


@transaction.atomic
def measure_move_stage(measure: Measure, to: int, *, reason: str, user: User) -> StageMove:
    """Move a measure to the other planning stage.

    Args:
        measure: Read anew first.
        to: A ``Stage``.
        reason: Why; stays in the history of the measure.
        user: Who moves; needs the right to edit the measure.

    Raises:
        PermissionDenied: The user may not edit the measure.
        DomainError: ``measure_ended``, ``stage_same``, ``reason_missing``, ``stage_fixed`` where a measure
            that has begun or is being prepared would have to wait.
    """
    require(user, Perm.EDIT_MEASURE, measure)
    measure_lock(measure)
    stage = Stage(to)
    if measure.status in ENDED:
        raise DomainError("measure_ended", _("The measure has ended and is not changed any more."))
    if measure.stage == stage:
        raise DomainError("stage_same", _("The measure is in this planning stage already."))
    if not reason.strip():
        raise DomainError("reason_missing", _("Say why the measure changes its planning stage."))
    refused = stage_refusal(measure, stage)
    if refused:
        raise DomainError("stage_fixed", refused)
    move = StageMove.objects.create(
        measure=measure, before=measure.stage, after=stage, reason=reason.strip(), moved_by=user
    )
    measure.stage = stage
    measure.save(update_fields=["stage"])
    log_action(
        "measure.stage_moved",
        user=user,
        obj=measure,
        territory=measure.plan.territory,
        data={"before": move.before, "after": move.after, "reason": move.reason},
    )
    return move
