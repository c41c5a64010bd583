"""The minutes of a meeting, from its closing to their approval.

Purpose: what a body said and decided is written down, signed by two and approved by the body. Who acts: the
planning unit writes as the secretary, the chair signs (four eyes), a later meeting approves. Ends: approved,
with the meeting named. Source: domain, section 4 (minutes are approved at the next meeting).
"""

import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from viewflow import this

from project.common.formats import date_de
from stakeholders.permissions import Perm
from workflows.models import MinutesProcess
from workflows.nodes import Begin, GuardedView, Message, Outcome, PlanningFlow, Question, Step
from workflows.selectors.cycles import stage_of_body
from workflows.selectors.minutes import barred_from_signing
from workflows.services.minutes import approval_record
from workflows.services.minutes_papers import minutes_issue, minutes_tell
from workflows.views import minutes_tasks as views

#: Days to write the minutes, and to sign or correct them.
WRITE_DAYS = 10
TURN_DAYS = 7


def _write_due(process: Any) -> datetime.date:
    # Reckoned from what was done, not from today: a move of the cycle's dates leaves the task alone.
    if process.minutes.return_reason:
        returns = process.task_set.filter(flow_task=MinutesFlow.sign_minutes, finished__isnull=False)
        returned_at = returns.order_by("-finished").values_list("finished", flat=True).first()
        return timezone.localdate(returned_at) + datetime.timedelta(days=TURN_DAYS)
    return timezone.localdate(process.minutes.begun_at) + datetime.timedelta(days=WRITE_DAYS)


def _sign_due(process: Any) -> datetime.date:
    handed_in = process.minutes.handed_in_at or timezone.now()
    return timezone.localdate(handed_in) + datetime.timedelta(days=TURN_DAYS)


def _about(process: Any) -> str:
    meeting = process.minutes.meeting
    return f"{meeting.body.name}, {date_de(meeting.held_on)}"


def _stage(process: Any) -> int:
    stage = stage_of_body(process.cycle, process.minutes.meeting.body_id)
    return int(stage.kind) if stage is not None else int(process.cycle.stage)


class MinutesFlow(PlanningFlow):
    """Minutes of a meeting."""

    process_class = MinutesProcess
    process_title = _("Minutes of a meeting")

    start = Begin(this.on_start).Annotation(title=_("Meeting closed")).Next(this.write_minutes)

    write_minutes = (
        GuardedView(views.write_minutes)
        .Annotation(title=_("Write the minutes"))
        .Says(_("Write the minutes: %(subject)s"))
        .About(_about)
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=lambda process: process.cycle.planning_unit)
        .Due(_write_due)
        .Stage(_stage)
        .Next(this.sign_minutes)
    )

    sign_minutes = (
        GuardedView(views.sign_minutes)
        .Annotation(title=_("Sign the minutes"))
        .Says(_("Sign the minutes: %(subject)s"))
        .About(_about)
        .Addressed(Perm.CHAIR_BODY, to=lambda process: process.minutes.meeting.body)
        .Due(_sign_due)
        .Stage(_stage)
        .NotWriter(lambda process: barred_from_signing(process.minutes))
        .Next(this.check_signed)
    )

    check_signed = (
        Question(lambda activation: activation.process.minutes.is_signed)
        .Annotation(title=_("Signed?"))
        .Then(this.issue_minutes)
        .Else(this.write_minutes)
    )

    issue_minutes = (
        Step(this.on_issue)
        .Annotation(title=_("Paper issued, all who were invited are told"))
        .Next(this.wait_for_approval)
    )

    wait_for_approval = (
        Message(this.on_approval).Annotation(title=_("Approved in a later meeting")).Next(this.approved)
    )

    approved = Outcome().Annotation(title=_("Approved"))

    def on_start(self, activation: Any, minutes: Any) -> Any:
        """Tie the case to its minutes."""
        activation.process.minutes = minutes
        activation.process.cycle = minutes.meeting.cycle
        return activation.process

    def on_issue(self, activation: Any) -> None:
        """What was signed leaves the house."""
        minutes = activation.process.minutes
        minutes_issue(minutes, user=minutes.signed_by)
        minutes_tell(minutes)

    def on_approval(
        self, activation: Any, *, item: Any, correction: str, is_internal: bool, user: Any
    ) -> Any:
        """The approval and its corrections stand on a paper that takes the place of the first."""
        minutes = activation.process.minutes
        approval_record(minutes, item=item, user=user, correction=correction, is_internal=is_internal)
        minutes_issue(minutes, user=user)
        return activation.process
