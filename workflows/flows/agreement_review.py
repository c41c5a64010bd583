"""A review of a target agreement on its day.

Purpose: the parties look at what was agreed on the days they agreed on, with the key figures in view. Who
acts: the planning unit or the responsible organisation, as the agreement says. Ends: held; or called off when
the agreement is replaced or the measure is over. Source: domain, stages 5 and 6.
"""

import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from viewflow import this

from stakeholders.permissions import Perm
from workflows.models import AgreementReviewProcess, ReviewHolder, StageKind
from workflows.nodes import Begin, Fork, GuardedView, Message, Outcome, PlanningFlow, Step, WaitFor
from workflows.services import agreement_reviews
from workflows.views import agreement_review_tasks as views

#: The task comes this long before its day (days).
NOTICE_DAYS = 14


def _is_near(activation: Any) -> bool:
    due_on: datetime.date = activation.process.review.due_on
    return due_on - datetime.timedelta(days=NOTICE_DAYS) <= timezone.localdate()


def _holder(process: Any) -> Any:
    agreement = process.review.agreement
    if agreement.review_holder == ReviewHolder.RESPONSIBLE:
        return agreement.measure.responsible
    return process.cycle.planning_unit


class AgreementReviewFlow(PlanningFlow):
    """Review of a target agreement."""

    process_class = AgreementReviewProcess
    process_title = _("Review of a target agreement")

    start = Begin(this.on_start).Annotation(title=_("Review agreed")).Next(this.begin)

    begin = (
        Fork()
        .Annotation(title=_("It is held on its day, unless it is called off"))
        .Always(this.wait_for_day)
        .Always(this.wait_for_call_off)
    )
    wait_for_call_off = (
        Message(this.on_called_off)
        .Annotation(title=_("Agreement replaced or measure over"))
        .Next(this.called_off)
    )
    wait_for_day = WaitFor(_is_near).Annotation(title=_("Its day is near")).Next(this.hold_review)

    hold_review = (
        GuardedView(views.hold_review)
        .Annotation(title=_("Review a target agreement"))
        .Says(_("Review the target agreement: %(subject)s"))
        .About(lambda process: str(process.review.agreement.measure))
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=_holder)
        .Due(lambda process: process.review.due_on)
        .Stage(StageKind.IMPLEMENTATION)
        .Next(this.plan_next)
    )
    plan_next = Step(this.on_held).Annotation(title=_("Plan the next review")).Next(this.held)

    held = Outcome().Annotation(title=_("Held"))
    called_off = Outcome().Annotation(title=_("Called off"))

    def on_start(self, activation: Any, review: Any) -> Any:
        """Tie the case to its review."""
        activation.process.review = review
        return activation.process

    def on_called_off(self, activation: Any) -> Any:
        """Nobody need hold it."""
        agreement_reviews.review_end(activation.process.review)
        return activation.process

    def on_held(self, activation: Any) -> None:
        """The next one is a case of its own."""
        following = agreement_reviews.review_follow(activation.process.review)
        if following is not None:
            AgreementReviewFlow.start.run(review=following)
