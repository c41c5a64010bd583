"""Writes on the state of a measure that planning tells in place of the computed one."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from measures.models import Measure, StateOverride
from measures.selectors.portfolio import MeasureLine, measure_lines
from measures.status import OVER, TELLABLE
from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import User
from stakeholders.permissions import Perm, require


@transaction.atomic
def state_set(measure: Measure, *, state: str, reason: str, user: User) -> StateOverride:
    """Tell a state other than the computed one; both are shown from now on.

    Args:
        measure: Under way, or not begun.
        state: One of ``status.TELLABLE``.
        reason: Why; all who see the measure read it.
        user: Needs the right to edit the measure.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``reason_missing``, ``measure_over``, ``state_unknown``, ``state_same`` if nothing else
            is computed.
    """
    line = _require(measure, reason, user)
    if state not in TELLABLE:
        raise DomainError("state_unknown", _("Choose one of the states."))
    if state == (line.computed or line.state):
        raise DomainError(
            "state_same", _("This is what is computed anyway. Choose another state, or set none.")
        )
    return _write(measure, line, state=state, reason=reason, user=user)


@transaction.atomic
def state_take_back(measure: Measure, *, reason: str, user: User) -> StateOverride:
    """Let the computed state count again.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``reason_missing``, ``measure_over``, ``state_not_set``.
    """
    line = _require(measure, reason, user)
    if line.override is None:
        raise DomainError("state_not_set", _("No state has been set; the computed one counts."))
    return _write(measure, line, state="", reason=reason, user=user)


def _require(measure: Measure, reason: str, user: User) -> MeasureLine:
    require(user, Perm.EDIT_MEASURE, measure)
    # Locked: of two who set a state at once, one sees what the other has set.
    locked = Measure.objects.select_for_update(no_key=True).get(pk=measure.pk)
    line = measure_lines([locked], timezone.localdate())[0]
    if (line.computed or line.state) in OVER:
        raise DomainError("measure_over", _("The measure has ended; its state is not set any more."))
    if not reason.strip():
        raise DomainError("reason_missing", _("Say why; all who see the measure read it."))
    return line


def _write(measure: Measure, line: MeasureLine, *, state: str, reason: str, user: User) -> StateOverride:
    row = StateOverride.objects.create(measure=measure, state=state, reason=reason.strip(), set_by=user)
    log_action(
        "measure.state_set" if state else "measure.state_taken_back",
        user=user,
        obj=measure,
        territory=measure.plan.territory,
        data={"state": state, "computed": str(line.computed or line.state), "reason": reason.strip()},
    )
    return row
