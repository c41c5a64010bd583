"""Writing where a measure stands: one way for all, by the table of moves, with its entry in the history."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from measures.models import Measure, MeasureStatus, StatusChange
from measures.moves import ENDED, MOVES, Mover, moves_from
from measures.services.measures import measure_lock
from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import User
from stakeholders.permissions import Perm, can


def movers_of(user: Any, measure: Measure) -> frozenset[Mover]:
    """As whom a person may move a measure. Queries: those of two rights."""
    found = set()
    if can(user, Perm.EDIT_MEASURE, measure):
        found.add(Mover.PLANNING)
    if can(user, Perm.ACT_FOR_ORGANISATION, measure.responsible):
        found.add(Mover.RESPONSIBLE)
    return frozenset(found)


def status_write(
    measure: Measure,
    to: MeasureStatus,
    *,
    user: User | None,
    effective_on: datetime.date | None = None,
    reason: str = "",
    **columns: Any,
) -> StatusChange:
    """Write a status and its entry in the history; called by the course of the measure alone.

    Args:
        measure: Held by ``measure_lock``, within the transaction of its caller.
        to: New status; must follow the present one by the table of moves.
        user: Who moves it; None where the course does.
        effective_on: Since when; today if left out.
        reason: Why.
        **columns: What changes with it, such as ``ended_on``.

    Raises:
        DomainError: ``move_not_allowed``.
    """
    before = measure.status
    if (before, to) not in MOVES:
        raise DomainError(
            "move_not_allowed",
            _("“%(before)s” cannot become “%(after)s”.")
            % {"before": measure.get_status_display(), "after": to.label},
        )
    for name, value in columns.items():
        setattr(measure, name, value)
    measure.status = to
    measure.save(update_fields=["status", *columns])
    return StatusChange.objects.create(
        measure=measure,
        before=before,
        after=to,
        effective_on=effective_on or timezone.localdate(),
        reason=reason.strip(),
        changed_by=user,
    )


def status_move(
    measure: Measure,
    to: MeasureStatus,
    *,
    effective_on: datetime.date,
    reason: str,
    user: User,
    merged_into: Measure | None = None,
) -> StatusChange:
    """Move a measure because somebody says so; called by its case, see ``workflows.measure_steering``.

    Args:
        measure: The measure.
        to: A state that the person may set, see ``moves_from``.
        effective_on: Since when; not in the future, not before its actual start.
        reason: Why; needed where the table says so.
        user: Planning, or somebody of the responsible organisation.
        merged_into: The measure it becomes a part of; needed for ``merged`` and only then.

    Raises:
        DomainError: ``move_not_allowed``, ``reason_missing``, ``effective_in_future``,
            ``effective_before_start``, ``submeasures_open``, ``stage_not_open``, and those of the merging.
    """
    measure_lock(measure)
    allowed = dict(moves_from(measure.status, movers_of(user, measure)))
    if to not in allowed:
        raise DomainError(
            "move_not_allowed",
            _("You cannot set “%(after)s” now: the measure is “%(before)s”.")
            % {"before": measure.get_status_display(), "after": to.label},
        )
    if allowed[to].needs_reason and not reason.strip():
        raise DomainError("reason_missing", _("Give a reason: it stays in the history of the measure."))
    _check_day(measure, effective_on)
    if to == MeasureStatus.PREPARING and measure.stage == 2 and measure.plan.stage_two_opened_on is None:
        raise DomainError(
            "stage_not_open", _("Planning stage 2 is not open yet; its measures are not prepared before.")
        )
    columns: dict[str, Any] = {}
    if to in ENDED:
        _check_submeasures(measure)
        columns["ended_on"] = effective_on
    if to == MeasureStatus.MERGED:
        columns["merged_into"] = _merge_target(measure, merged_into)
    change = status_write(measure, to, user=user, effective_on=effective_on, reason=reason, **columns)
    log_action(
        "measure.status_moved",
        user=user,
        obj=measure,
        territory=measure.plan.territory,
        data={
            "status_from": change.before,
            "status_to": change.after,
            "effective_on": effective_on,
            "reason": change.reason,
            **({"merged_into": str(merged_into)} if merged_into else {}),
        },
    )
    return change


def _check_day(measure: Measure, effective_on: datetime.date) -> None:
    if effective_on > timezone.localdate():
        raise DomainError("effective_in_future", _("The day cannot be in the future."))
    if measure.started_on is not None and effective_on < measure.started_on:
        raise DomainError("effective_before_start", _("The day cannot be before the actual start."))


def _check_submeasures(measure: Measure) -> None:
    waiting = measure.submeasures.exclude(status__in=ENDED).select_related("field", "parent__field")
    if waiting:
        raise DomainError(
            "submeasures_open",
            _("These sub-measures are not over yet: %(names)s. End them first.")
            % {"names": ", ".join(row.number for row in waiting)},
        )


def _merge_target(measure: Measure, other: Measure | None) -> Measure:
    if other is None:
        raise DomainError("merge_target_missing", _("Name the measure it becomes a part of."))
    if other.pk == measure.pk:
        raise DomainError("merged_into_itself", _("A measure cannot become a part of itself."))
    if other.plan_id != measure.plan_id:
        raise DomainError("foreign_measure", _("The other measure belongs to another action plan."))
    if other.status in ENDED:
        raise DomainError("merge_target_over", _("The other measure is over already; choose one under way."))
    return other
