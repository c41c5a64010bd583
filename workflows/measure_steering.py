"""Steering measures past none of their steps: every move of a state and of a stage goes through the case.

Pages and commands call these; they need the flows.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from measures.models import Measure, MeasureStatus
from measures.services.measures import measure_create, measure_lock
from measures.services.stages import measure_move_stage
from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import User
from stakeholders.permissions import Perm, require
from workflows.flows import MeasureFlow
from workflows.flows.measure import wait_again
from workflows.models import MeasureProcess, PlanningCycle
from workflows.nodes import poke, send
from workflows.services.agreements import draft_begin
from workflows.services.implementation import measure_copy_origins


def _case_of(measure: Measure) -> MeasureProcess:
    """The case of a measure.

    Raises:
        DomainError: ``no_case`` if its parties have not been asked yet.
    """
    process = MeasureProcess.objects.filter(measure=measure).select_related("cycle__process").first()
    if process is None:
        raise DomainError(
            "no_case", _("The measure is still being shaped; its state follows when that is finished.")
        )
    return process


def measure_status_move(
    measure: Measure,
    to: MeasureStatus,
    *,
    effective_on: datetime.date,
    reason: str,
    user: User,
    merged_into: Measure | None = None,
) -> None:
    """Move a measure to another state, through its case.

    Args:
        measure: The measure.
        to: A state that the person may set (``measures.moves``).
        effective_on: Since when.
        reason: Why; needed where the table of moves says so.
        user: Planning, or somebody of the responsible organisation.
        merged_into: The measure it becomes a part of, for ``merged``.

    Raises:
        DomainError: ``no_case``, ``no_open_task`` if the case has ended, and those of ``status_move``.
    """
    send(
        _case_of(measure),
        MeasureFlow.wait_for_move,
        to=to,
        effective_on=effective_on,
        reason=reason,
        user=user,
        merged_into=merged_into,
    )
    measure.refresh_from_db()


def measure_stage_move(measure: Measure, to: int, *, reason: str, user: User) -> None:
    """Move a measure to the other planning stage; its case waits for the stage, or no longer.

    Raises:
        PermissionDenied: The user may not edit the measure.
        DomainError: Those of ``measure_move_stage``.
    """
    process = MeasureProcess.objects.filter(measure=measure).first()
    if process is None:
        measure_move_stage(measure, to, reason=reason, user=user)
        return
    with MeasureFlow.lock(process.pk), transaction.atomic():
        measure_move_stage(measure, to, reason=reason, user=user)
        wait_again(process, MeasureFlow.begin_measure, MeasureFlow.wait_for_stage)
        poke(process)


@transaction.atomic
def measure_put_forward(measure: Measure, *, user: User) -> None:
    """Ask the parties of a draft that came with a workbook or a list; its parts go along.

    Args:
        measure: A proposed measure without a case, not a sub-measure.
        user: Who asks; needs the right to manage the cycle.

    Raises:
        PermissionDenied: The user may not manage the cycle.
        DomainError: ``no_cycle``, ``has_case``, ``figure_missing``.
    """
    cycle = PlanningCycle.objects.filter(plan=measure.plan_id, closed_at__isnull=True).order_by("-pk").first()
    if cycle is None:
        raise DomainError("no_cycle", _("There is no planning cycle in which the parties could be asked."))
    require(user, Perm.MANAGE_CYCLE, cycle)
    measure_lock(measure)
    if measure.parent_id is not None or MeasureProcess.objects.filter(measure=measure).exists():
        raise DomainError("has_case", _("The parties of this measure are asked already, or with another."))
    if not measure.key_figures.exists():
        raise DomainError("figure_missing", _("Name at least one key figure with baseline and target."))
    log_action("measure.put_forward", user=user, obj=measure, territory=measure.plan.territory)
    parts = Measure.objects.filter(parent=measure, process__isnull=True)
    for row in [measure, *parts]:
        draft_begin(row, user=user)
        MeasureFlow.start.run(measure=row, cycle=cycle)


def is_draft(measure: Measure) -> bool:
    """Whether a measure came with a file and nobody has asked its parties yet. Queries: 2."""
    return (
        measure.status == MeasureStatus.PROPOSED
        and measure.parent_id is None
        and not measure.origins.exists()
        and not MeasureProcess.objects.filter(measure=measure).exists()
    )


@transaction.atomic
def submeasure_create(parent: Measure, *, user: User, **fields: Any) -> Measure:
    """Write a sub-measure; it comes from the same decisions as the measure above and has a case of its own.

    Args:
        parent: A measure that is not a sub-measure itself.
        user: Who writes; needs the right to plan the territory.
        **fields: See ``measures.services.measures.MeasureFields``.

    Raises:
        PermissionDenied: The user may not plan the territory.
        DomainError: ``parent_being_agreed`` while the parties of the measure above are asked, and those of
            ``measure_create``.
    """
    measure_lock(parent)  # before the look: its parties may be asked at this moment
    case = MeasureProcess.objects.filter(measure=parent).select_related("cycle").first()
    if case is not None and parent.status == MeasureStatus.PROPOSED:
        raise DomainError(
            "parent_being_agreed",
            _("The measure above is just being agreed. Add its parts when the parties have answered."),
        )
    measure = measure_create(
        plan=parent.plan, parent=parent, user=user, is_example=parent.is_example, **fields
    )
    measure_copy_origins(parent, measure)
    # A measure still being shaped takes its parts along when the shaping is finished.
    if case is not None:
        draft_begin(measure, user=user)
        MeasureFlow.start.run(measure=measure, cycle=case.cycle)
    return measure
