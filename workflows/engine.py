"""Starting and steering cases: the services that need the flows. Pages and commands call these."""

from __future__ import annotations

import contextlib
import datetime
from typing import Any, Unpack

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from measures.models import Measure, ReportingRound, RoundReport
from measures.services.measures import MeasureFields, measure_create, measure_lock
from measures.services.reporting import round_create
from project.common.errors import DomainError
from stakeholders.models import User
from stakeholders.permissions import Perm, require
from workflows.flows import (
    ConfirmationFlow,
    DeliveryFlow,
    MeasureFlow,
    PlanningCycleFlow,
    RecommendationFlow,
    ReportFlow,
)
from workflows.models import (
    DataRequest,
    MeasureProcess,
    PlanningCycle,
    Recommendation,
    RecommendationKind,
    StageKind,
    TargetAgreement,
)
from workflows.nodes import open_task, poke, send
from workflows.selectors.cycles import cycle_recommendations
from workflows.selectors.implementation import reported_measures
from workflows.services.agreements import amendment_check, check_worded
from workflows.services.cycles import cycle_create
from workflows.services.evaluations import request_begin_if_complete
from workflows.services.implementation import (
    agreement_reopen,
    confirmations_ask,
    measure_link_origin,
    open_confirmation_processes,
)
from workflows.services.recommendations import Wording, recommendation_create


@transaction.atomic
def cycle_open(**kwargs: Any) -> PlanningCycle:
    """Create a cycle (arguments and errors: ``services.cycles.cycle_create``) and start its course."""
    cycle = cycle_create(**kwargs)
    PlanningCycleFlow.start.run(cycle=cycle)
    for process in cycle.measure_processes.all():  # carried over; those to be changed have waited for this
        poke(process)
    return cycle


@transaction.atomic
def recommendation_begin(
    cycle: PlanningCycle,
    *,
    wording: Wording,
    user: User,
    kind: RecommendationKind = RecommendationKind.MEASURES,
    is_example: bool = False,
) -> Recommendation:
    """Write a recommendation and start its course; it lands with its author.

    Raises:
        DomainError: ``wrong_stage``: recommendations are drafted while the conference runs, requests for
            stage 2 during implementation; and those of ``recommendation_create``.
    """
    wanted = StageKind.IMPLEMENTATION if kind == RecommendationKind.STAGE_TWO else StageKind.CONFERENCE
    if cycle.stage != wanted:
        raise DomainError(
            "wrong_stage",
            _("This is possible in the stage “%(stage)s” only.") % {"stage": StageKind(wanted).label},
        )
    recommendation = recommendation_create(
        cycle, wording=wording, user=user, kind=kind, is_example=is_example
    )
    RecommendationFlow.start.run(recommendation=recommendation)
    return recommendation


def measure_shape(
    cycle: PlanningCycle,
    *,
    recommendation: Recommendation,
    user: User,
    is_example: bool = False,
    **fields: Unpack[MeasureFields],
) -> Measure:
    """Shape a measure from an approved recommendation; its parties are asked when the shaping is finished.

    Raises:
        PermissionDenied: The user does not manage the cycle.
        DomainError: ``wrong_stage`` unless the cycle is shaping measures now, ``foreign_recommendation``,
            ``not_approved`` and those of ``measure_create``.
    """
    require(user, Perm.MANAGE_CYCLE, cycle)
    # Locked: a shaping that is finished at this moment would not ask this measure's parties.
    with PlanningCycleFlow.lock(cycle.process.pk), transaction.atomic():
        try:
            open_task(cycle.process, PlanningCycleFlow.shape_measures)
        except DomainError as error:
            raise DomainError(
                "wrong_stage",
                _("Measures are shaped in the social-space conference, until its task is completed."),
            ) from error
        if not cycle_recommendations(cycle).filter(pk=recommendation.pk).exists():
            raise DomainError(
                "foreign_recommendation", _("The recommendation does not belong to this planning cycle.")
            )
        measure = measure_create(plan=cycle.plan, user=user, is_example=is_example, **fields)
        measure_link_origin(measure, recommendation=recommendation, user=user)
    return measure


def agreement_call_off(measure: Measure, *, reason: str, user: User) -> None:
    """Planning does not wait for the parties' answers any more and words the measure anew.

    Open confirmations are called off and planning gets the task to revise the measure: there its parties can
    be changed, or the measure given up. For a party that does not answer, or has nobody who could.

    Args:
        measure: A measure whose parties are being asked.
        reason: Why; the parties read it on the page of the measure.
        user: Needs the right to manage the cycle the measure is in.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``no_agreement_under_way`` if the parties are not being asked (any more),
            ``reason_missing``.
    """
    over = DomainError("no_agreement_under_way", _("The parties are not being asked (any more)."))
    process = MeasureProcess.objects.filter(measure=measure).select_related("cycle").first()
    if process is None:
        raise over
    require(user, Perm.MANAGE_CYCLE, process.cycle)
    with MeasureFlow.lock(process.pk), transaction.atomic():
        agreement_reopen(measure, reason=reason, user=user)
        called_off = 0
        for asked in open_confirmation_processes(measure):
            with contextlib.suppress(DomainError):  # answered at this very moment
                send(asked, ConfirmationFlow.wait_for_call_off, reason=reason, user=user)
                called_off += 1
        if not called_off:
            raise over
        poke(process)


def agreement_amend(measure: Measure, *, user: User, seen: str = "") -> TargetAgreement:
    """Ask all parties to confirm a changed version of an agreement that is in force; until then it holds.

    Args:
        measure: Agreed or under way, with a draft that says why.
        user: Needs the right to manage the cycle the measure is in.
        seen: ``content_mark`` of the draft the person saw; left out nothing is compared.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``changed_meanwhile``, ``nothing_in_force``, ``no_draft``, ``reason_missing``,
            ``agreement_under_way``, ``measure_ended``.
    """
    process = MeasureProcess.objects.filter(measure=measure).select_related("cycle").first()
    if process is None:
        raise DomainError("nothing_in_force", _("No agreement is in force that could be changed."))
    require(user, Perm.MANAGE_CYCLE, process.cycle)
    with MeasureFlow.lock(process.pk), transaction.atomic():
        measure_lock(measure)
        amendment_check(measure)
        check_worded(measure, seen)
        asked = confirmations_ask(measure, cycle=process.cycle, user=user, is_amendment=True)
        for confirmation in asked:
            ConfirmationFlow.start.run(confirmation=confirmation, cycle=process.cycle)
    agreement = asked[0].agreement
    assert agreement is not None
    return agreement


def evaluation_request_begin(cycle: PlanningCycle, *, user: User) -> Recommendation:
    """Put the judgements of a cycle before the steering group, where no request is under way.

    The request begins by itself with the last judgement; this is for one that was withdrawn.

    Raises:
        PermissionDenied: The user does not manage the cycle.
        DomainError: ``nothing_to_decide``.
    """
    require(user, Perm.MANAGE_CYCLE, cycle)
    with transaction.atomic():
        request = request_begin_if_complete(cycle, user=user)
        if request is None:
            raise DomainError(
                "nothing_to_decide",
                _("There is nothing to put forward: judgements are missing, or a request is under way."),
            )
        RecommendationFlow.start.run(recommendation=request)
    return request


def request_go_on_without(request: DataRequest, *, reason: str, user: User) -> None:
    """Planning goes on without a delivery.

    Raises:
        PermissionDenied: The user does not manage the cycle.
        DomainError: ``reason_missing``, ``no_open_task`` if the delivery is finished.
    """
    require(user, Perm.MANAGE_CYCLE, request.cycle)
    if not reason.strip():
        raise DomainError("reason_missing", _("Say why the cycle goes on without this delivery."))
    send(request.process, DeliveryFlow.wait_for_waiver, reason=reason, user=user)


def request_expect_again(request: DataRequest, *, reason: str, user: User) -> None:
    """Planning expects a delivery again, or a correction of it; the supplier gets the task back.

    Raises:
        PermissionDenied: The user does not manage the cycle.
        DomainError: ``case_open`` if it is expected anyway, and those of ``request_reopen``.
    """
    require(user, Perm.MANAGE_CYCLE, request.cycle)
    DeliveryFlow.reopen.run(process=request.process, reason=reason, user=user)


def round_open(
    cycle: PlanningCycle, *, reference_on: datetime.date, due_on: datetime.date, user: User
) -> ReportingRound:
    """Open a reporting round: one task per organisation that reports on measures of the cycle.

    Raises:
        PermissionDenied: The user does not manage the cycle.
        DomainError: ``wrong_stage``, ``nothing_to_report`` and those of ``round_create``.
    """
    require(user, Perm.MANAGE_CYCLE, cycle)
    # Locked: the implementation may be ended at this moment.
    with PlanningCycleFlow.lock(cycle.process.pk), transaction.atomic():
        cycle.refresh_from_db(fields=["stage", "closed_at"])
        if cycle.stage != StageKind.IMPLEMENTATION or cycle.is_closed:
            raise DomainError("wrong_stage", _("Figures are reported during implementation."))
        reporting_round = round_create(
            plan=cycle.plan,
            measures=reported_measures(cycle, reference_on),
            reference_on=reference_on,
            due_on=due_on,
            user=user,
        )
        for report in RoundReport.objects.filter(round=reporting_round):
            ReportFlow.start.run(report=report, cycle=cycle)
    return reporting_round
