"""The renewal of a chapter of the social report.

Purpose: chapters are renewed one by one as data arrive, each with its own date. Who acts: the planning unit
writes, its head releases (four eyes). Ends: published; or given up, with a reason.
Source: domain, facts from practice (a social atlas kept up chapter by chapter).
"""

import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from viewflow import this

from stakeholders.permissions import Perm
from workflows.models import ChapterProcess, RenewalState, StageKind
from workflows.nodes import Begin, Fork, GuardedView, Message, Outcome, PlanningFlow, Question
from workflows.services.renewals import renewal_end, renewal_writers
from workflows.views import chapter_tasks as views

#: Days to write a chapter, and to release or correct it.
WRITE_DAYS = 14
TURN_DAYS = 7


def _write_due(process: Any) -> datetime.date:
    renewal = process.renewal
    # Reckoned from what was done, not from today: a move of the cycle's dates leaves the task alone.
    if renewal.state == RenewalState.RETURNED:
        return timezone.localdate(_returned_at(process)) + datetime.timedelta(days=TURN_DAYS)
    return timezone.localdate(renewal.begun_at) + datetime.timedelta(days=WRITE_DAYS)


def _returned_at(process: Any) -> datetime.datetime:
    returns = process.task_set.filter(flow_task=ChapterFlow.release_chapter, finished__isnull=False)
    at: datetime.datetime = returns.order_by("-finished").values_list("finished", flat=True)[0]
    return at


def _release_due(process: Any) -> datetime.date:
    handed_in = process.renewal.saved_at or timezone.now()
    return timezone.localdate(handed_in) + datetime.timedelta(days=TURN_DAYS)


def _unit(process: Any) -> Any:
    return process.renewal.chapter.report.planning_unit


def _writers(process: Any) -> list[int]:
    return renewal_writers(process.renewal)


class ChapterFlow(PlanningFlow):
    """Renewal of a chapter."""

    process_class = ChapterProcess
    process_title = _("Renewal of a chapter of the social report")

    start = Begin(this.on_start).Annotation(title=_("Renewal begun")).Next(this.begin)

    begin = (
        Fork()
        .Annotation(title=_("The planning unit writes, unless it gives up"))
        .Always(this.write_chapter)
        .Always(this.wait_for_giving_up)
    )
    wait_for_giving_up = (
        Message(this.on_giving_up).Annotation(title=_("Given up, with a reason")).Next(this.given_up)
    )

    write_chapter = (
        GuardedView(views.write_chapter)
        .Annotation(title=_("Write a chapter of the social report"))
        .Says(_("Write the chapter “%(subject)s” of the social report"))
        .About(lambda process: process.renewal.chapter.title)
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=_unit)
        .Due(_write_due)
        .Stage(StageKind.ANALYSIS)
        .Next(this.release_chapter)
    )

    release_chapter = (
        GuardedView(views.release_chapter)
        .Annotation(title=_("Release a chapter of the social report"))
        .Says(_("Release the chapter “%(subject)s” of the social report"))
        .About(lambda process: process.renewal.chapter.title)
        .Addressed(Perm.LEAD_ORGANISATION, to=_unit)
        .Due(_release_due)
        .Stage(StageKind.ANALYSIS)
        .NotBy("write_chapter")
        .NotWriter(_writers)
        .Next(this.check_released)
    )

    check_released = (
        Question(lambda activation: activation.process.renewal.state == RenewalState.PUBLISHED)
        .Annotation(title=_("Released?"))
        .Then(this.published)
        .Else(this.write_chapter)
    )

    published = Outcome().Annotation(title=_("Published"))
    given_up = Outcome().Annotation(title=_("Given up"))

    def on_start(self, activation: Any, renewal: Any) -> Any:
        """Tie the case to its renewal."""
        activation.process.renewal = renewal
        activation.process.cycle = renewal.cycle
        return activation.process

    def on_giving_up(self, activation: Any, *, reason: str, user: Any) -> Any:
        """Keep why."""
        renewal_end(activation.process.renewal, reason=reason, user=user)
        return activation.process
