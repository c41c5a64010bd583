"""A requested delivery of data.

Purpose: a supplier hands in the figures a cycle asks for, planning accepts or returns them. Who acts: the
supplier's people (the head may do it or hand it over), then the planning unit. Ends: accepted, or gone on
without it by planning with a reason; until the analysis is finished planning may expect it again or ask for
a correction, with a reason too. Source: domain, stage 1 (Data).
"""

import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from viewflow import this

from stakeholders.permissions import Perm
from workflows.models import DataRequestState, DeliveryProcess, StageKind
from workflows.nodes import Begin, Fork, GuardedView, Message, Outcome, PlanningFlow, Question, Step, poke
from workflows.reopening import Reopen
from workflows.services import deliveries
from workflows.views import delivery_tasks as views


def _turn_due(process: Any) -> datetime.date:
    due_on: datetime.date = process.request.due_on
    return max(due_on, timezone.localdate() + datetime.timedelta(days=deliveries.TURN_DAYS))


def _provide_due(process: Any) -> datetime.date:
    if process.request.state == DataRequestState.RETURNED:
        return _turn_due(process)
    due_on: datetime.date = process.request.due_on
    return due_on


class DeliveryFlow(PlanningFlow):
    """Delivery of data."""

    process_class = DeliveryProcess
    process_title = _("Delivery of data")

    start = Begin(this.on_start).Annotation(title=_("Delivery requested")).Next(this.ask)

    reopen = Reopen(this.on_reopen).Annotation(title=_("Delivery expected again")).Next(this.ask)

    # The case waits in two places at once: for the supplier, and for planning to go on without.
    ask = (
        Fork()
        .Annotation(title=_("Supplier delivers, unless planning goes on without"))
        .Always(this.provide_data)
        .Always(this.wait_for_waiver)
    )

    wait_for_waiver = (
        Message(this.on_waived)
        .Annotation(title=_("Planning goes on without it"))
        .Next(this.tell_cycle_waived)
    )
    tell_cycle_waived = Step(this.on_finished).Annotation(title=_("Let the cycle go on")).Next(this.waived)

    provide_data = (
        GuardedView(views.provide_data)
        .Annotation(title=_("Deliver data"))
        .Says(_("Deliver data: %(subject)s"))
        .About(lambda process: str(process.request))
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=lambda process: process.request.organisation)
        .Due(_provide_due)
        .Stage(StageKind.DATA)
        .For(lambda process: deliveries.last_deliverer(process.request))
        .Next(this.review_delivery)
    )

    review_delivery = (
        GuardedView(views.review_delivery)
        .Annotation(title=_("Check a delivery"))
        .Says(_("Check the delivery: %(subject)s"))
        .About(lambda process: process.request.organisation.label)
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=lambda process: process.request.cycle.planning_unit)
        .Due(_turn_due)
        .Stage(StageKind.DATA)
        .NotBy("provide_data")
        .NotWriter(deliveries.delivery_writers)
        .Next(this.check_review)
    )

    check_review = (
        Question(lambda activation: activation.process.request.state == DataRequestState.ACCEPTED)
        .Annotation(title=_("Accepted?"))
        .Then(this.tell_cycle)
        .Else(this.provide_data)
    )

    tell_cycle = Step(this.on_finished).Annotation(title=_("Let the cycle go on")).Next(this.accepted)

    accepted = Outcome().Annotation(title=_("Accepted"))
    waived = Outcome().Annotation(title=_("Gone on without it"))

    def on_start(self, activation: Any, request: Any) -> Any:
        """Tie the case to its request."""
        activation.process.request = request
        return activation.process

    def on_waived(self, activation: Any, *, reason: str, user: Any) -> Any:
        """Planning goes on without the delivery."""
        deliveries.request_waive(activation.process.request, reason=reason, user=user)
        return activation.process

    def on_reopen(self, activation: Any, *, reason: str, user: Any) -> None:
        """Planning expects the delivery again."""
        deliveries.request_reopen(activation.process.request, reason=reason, user=user)

    def on_finished(self, activation: Any) -> None:
        """The cycle may be waiting for this one."""
        poke(activation.process.request.cycle.process)
