"""A request for an amendment of a grant: another plan, another end of the term.

Purpose: plan and term of a grant change with the consent of the funder only, and each version that was asked
for is kept. Who acts: the provider writes, the planning unit checks and forwards (four eyes), the funder
consents, refuses or asks back. Ends: consented to, which records the amending notice; refused; or withdrawn
by the provider. Source: domain, stage 6; grant law (a notice is amended by a notice).
"""

import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from viewflow import this

from measures.models import AmendmentState, AmendmentStep
from measures.services.amendments import amendment_withdraw
from stakeholders.permissions import Perm
from workflows.models import AmendmentProcess, StageKind
from workflows.nodes import Begin, Choice, Fork, GuardedView, Message, Outcome, PlanningFlow, Question
from workflows.views import amendment_tasks as views

#: Each of the three has this long for their step (days).
TURN_DAYS = 14


def _after(moment: datetime.datetime) -> datetime.date:
    """Reckoned from what was done, not from today: a move of the cycle's dates leaves the task alone."""
    return timezone.localdate(moment) + datetime.timedelta(days=TURN_DAYS)


def _answered(process: Any, *steps: AmendmentStep) -> datetime.datetime | None:
    at: datetime.datetime | None = (
        process.request.answers.filter(step__in=steps).order_by("-pk").values_list("written_at", flat=True)
    ).first()
    return at


def _write_due(process: Any) -> datetime.date:
    back = _answered(process, AmendmentStep.RETURNED, AmendmentStep.ASKED)
    return _after(back or process.request.begun_at)


def _review_due(process: Any) -> datetime.date:
    sent = process.request.versions.order_by("-number").values_list("submitted_at", flat=True).first()
    return _after(sent or process.request.begun_at)


def _decide_due(process: Any) -> datetime.date:
    return _after(_answered(process, AmendmentStep.FORWARDED) or process.request.begun_at)


def _writers(process: Any) -> list[int]:
    return list(process.request.versions.values_list("submitted_by", flat=True))


def _writers_and_planning(process: Any) -> list[int]:
    planning = process.request.answers.filter(step=AmendmentStep.FORWARDED)
    return [*_writers(process), *planning.values_list("written_by", flat=True)]


def _state(activation: Any) -> str:
    state: str = activation.process.request.state
    return state


def _project(process: Any) -> str:
    return str(process.request.project)


class AmendmentFlow(PlanningFlow):
    """Request for an amendment."""

    process_class = AmendmentProcess
    process_title = _("Request for an amendment of a grant")

    start = Begin(this.on_start).Annotation(title=_("Request begun")).Next(this.begin)

    begin = (
        Fork()
        .Annotation(title=_("The provider asks, unless it withdraws"))
        .Always(this.write_amendment)
        .Always(this.wait_for_withdrawal)
    )
    wait_for_withdrawal = (
        Message(this.on_withdrawal).Annotation(title=_("Withdrawn by the provider")).Next(this.withdrawn)
    )

    write_amendment = (
        GuardedView(views.write_amendment)
        .Annotation(title=_("Ask for an amendment of the grant"))
        .Says(_("Ask for an amendment of the grant: %(subject)s"))
        .About(_project)
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=lambda process: process.request.project.provider)
        .Due(_write_due)
        .Stage(StageKind.IMPLEMENTATION)
        .For(lambda process: process.request.begun_by)
        .Next(this.review_amendment)
    )

    review_amendment = (
        GuardedView(views.review_amendment)
        .Annotation(title=_("Check the request for an amendment"))
        .Says(_("Check the request for an amendment: %(subject)s"))
        .About(_project)
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=lambda process: process.cycle.planning_unit)
        .Due(_review_due)
        .Stage(StageKind.IMPLEMENTATION)
        .NotBy("write_amendment")
        .NotWriter(_writers)
        .Next(this.check_forwarded)
    )
    check_forwarded = (
        Question(lambda activation: _state(activation) == AmendmentState.FORWARDED)
        .Annotation(title=_("Forwarded to the funder?"))
        .Then(this.decide_amendment)
        .Else(this.write_amendment)
    )

    decide_amendment = (
        GuardedView(views.decide_amendment)
        .Annotation(title=_("Decide on the request for an amendment"))
        .Says(_("Decide on the request for an amendment: %(subject)s"))
        .About(_project)
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=lambda process: process.request.project.funder)
        .Due(_decide_due)
        .Stage(StageKind.IMPLEMENTATION)
        .NotBy("write_amendment", "review_amendment")
        .NotWriter(_writers_and_planning)
        .Next(this.check_decision)
    )
    check_decision = (
        Choice()
        .Annotation(title=_("What did the funder decide?"))
        .Case(this.granted, lambda activation: _state(activation) == AmendmentState.GRANTED)
        .Case(this.refused, lambda activation: _state(activation) == AmendmentState.REFUSED)
        .Default(this.write_amendment)
    )

    granted = Outcome().Annotation(title=_("Consented to"))
    refused = Outcome().Annotation(title=_("Refused"))
    withdrawn = Outcome().Annotation(title=_("Withdrawn"))

    def on_start(self, activation: Any, request: Any, cycle: Any) -> Any:
        """Tie the case to its request."""
        activation.process.request = request
        activation.process.cycle = cycle
        return activation.process

    def on_withdrawal(self, activation: Any, *, reason: str, user: Any) -> Any:
        """Keep why."""
        amendment_withdraw(activation.process.request, reason=reason, user=user)
        return activation.process
