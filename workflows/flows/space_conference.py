"""An evening of the social-space conference: prepared, held, its ideas answered, the answers published.

Purpose: associations, providers and residents of an area shape approved recommendations, and soon see
what came of their ideas. Who acts: the planning unit prepares and answers, the facilitating organisation
holds, the head of the planning unit releases (four eyes). Ends: published; or given up, with a reason. What
is published can be corrected, also after the cycle is closed: the case goes on until the head has released
each correction, or its author has withdrawn it. A returned one leads back to its author.
Source: domain, stage 5.
"""

import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from viewflow import this

from stakeholders.models import User
from stakeholders.permissions import Perm
from workflows.models import SpaceAnswer, SpaceConferenceProcess, SpaceConferenceState, StageKind
from workflows.nodes import Begin, Fork, GuardedView, Message, Outcome, PlanningFlow, Question
from workflows.selectors.space_corrections import pending_corrections, returned_corrections
from workflows.services.space_conferences import answer_writers, conference_end
from workflows.views import space_tasks as views

#: Prepared so many days before the evening; closed so many days after it.
PREPARE_DAYS = 5
CLOSE_DAYS = 2
#: Days to answer all ideas after the evening: who took part must soon see a result.
ANSWER_DAYS = 28
#: Days to release or correct the answers.
TURN_DAYS = 7


def _prepare_due(process: Any) -> datetime.date:
    conference = process.conference
    due: datetime.date = conference.held_on - datetime.timedelta(days=PREPARE_DAYS)
    return max(due, timezone.localdate(conference.created_at))


def _hold_due(process: Any) -> datetime.date:
    conference = process.conference
    last: datetime.date = conference.held_on
    if conference.closes_at is not None:
        last = max(last, timezone.localdate(conference.closes_at))
    return last + datetime.timedelta(days=CLOSE_DAYS)


def _answer_due(process: Any) -> datetime.date:
    conference = process.conference
    if conference.state == SpaceConferenceState.RETURNED:
        return timezone.localdate(_returned_at(process)) + datetime.timedelta(days=TURN_DAYS)
    return timezone.localdate(conference.closed_at or timezone.now()) + datetime.timedelta(days=ANSWER_DAYS)


def _returned_at(process: Any) -> datetime.datetime:
    returns = process.task_set.filter(flow_task=SpaceConferenceFlow.release_answers, finished__isnull=False)
    at: datetime.datetime = returns.order_by("-finished").values_list("finished", flat=True)[0]
    return at


def _release_due(process: Any) -> datetime.date:
    handed_in = process.conference.submitted_at or timezone.now()
    return timezone.localdate(handed_in) + datetime.timedelta(days=TURN_DAYS)


def _planning(process: Any) -> Any:
    return process.conference.cycle.planning_unit


def _facilitator(process: Any) -> Any:
    return process.conference.facilitator


def _title(process: Any) -> str:
    return str(process.conference)


def _writers(process: Any) -> set[int]:
    return answer_writers(process.conference)


def _correction(process: Any) -> SpaceAnswer | None:
    """The correction whose turn it is."""
    return pending_corrections(process.conference).first()


def _correction_due(process: Any) -> datetime.date:
    correction = _correction(process)
    written_at = timezone.now() if correction is None else correction.given_at
    return timezone.localdate(written_at) + datetime.timedelta(days=TURN_DAYS)


def _corrector(process: Any) -> set[int]:
    correction = _correction(process)
    return set() if correction is None else {correction.given_by_id}


def _returned(process: Any) -> SpaceAnswer | None:
    """The returned correction whose author is asked next."""
    return returned_corrections(process.conference).first()


def _correct_due(process: Any) -> datetime.date:
    returned = _returned(process)
    at = timezone.now() if returned is None else returned.verdict.checked_at
    return timezone.localdate(at) + datetime.timedelta(days=TURN_DAYS)


def _author(process: Any) -> User | None:
    returned = _returned(process)
    return None if returned is None else returned.given_by


class SpaceConferenceFlow(PlanningFlow):
    """Social-space conference."""

    process_class = SpaceConferenceProcess
    process_title = _("Evening of a social-space conference")

    start = Begin(this.on_start).Annotation(title=_("Evening set up")).Next(this.begin)

    begin = (
        Fork()
        .Annotation(title=_("The evening is prepared, unless it is given up"))
        .Always(this.prepare_evening)
        .Always(this.wait_for_giving_up)
    )
    wait_for_giving_up = (
        Message(this.on_giving_up).Annotation(title=_("Given up, with a reason")).Next(this.given_up)
    )

    prepare_evening = (
        GuardedView(views.prepare_evening)
        .Annotation(title=_("Prepare the evening of a social-space conference"))
        .Says(_("Prepare the social-space conference: %(subject)s"))
        .About(_title)
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=_planning)
        .Due(_prepare_due)
        .Stage(StageKind.SOCIAL_SPACE)
        .Next(this.hold_evening)
    )

    hold_evening = (
        GuardedView(views.hold_evening)
        .Annotation(title=_("Hold and close the evening of a social-space conference"))
        .Says(_("Hold and close the social-space conference: %(subject)s"))
        .About(_title)
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=_facilitator)
        .Due(_hold_due)
        .Stage(StageKind.SOCIAL_SPACE)
        .Next(this.answer_ideas)
    )

    answer_ideas = (
        GuardedView(views.answer_ideas)
        .Annotation(title=_("Answer the ideas of a social-space conference"))
        .Says(_("Answer the ideas of the social-space conference: %(subject)s"))
        .About(_title)
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=_planning)
        .Due(_answer_due)
        .Stage(StageKind.SOCIAL_SPACE)
        .Next(this.release_answers)
    )

    release_answers = (
        GuardedView(views.release_answers)
        .Annotation(title=_("Release the answers of a social-space conference"))
        .Says(_("Release the answers of the social-space conference: %(subject)s"))
        .About(_title)
        .Addressed(Perm.LEAD_ORGANISATION, to=_planning)
        .Due(_release_due)
        .Stage(StageKind.SOCIAL_SPACE)
        .NotBy("answer_ideas")
        .NotWriter(_writers)
        .Next(this.check_released)
    )

    check_released = (
        Question(lambda activation: activation.process.conference.state == SpaceConferenceState.PUBLISHED)
        .Annotation(title=_("Released?"))
        .Then(this.check_corrections)
        .Else(this.answer_ideas)
    )

    check_corrections = (
        Question(lambda activation: _correction(activation.process) is not None)
        .Annotation(title=_("A correction to check?"))
        .Then(this.release_correction)
        .Else(this.check_returned)
    )

    release_correction = (
        GuardedView(views.release_correction)
        .Annotation(title=_("Release a corrected answer of a social-space conference"))
        .Says(_("Release the corrected answer of the social-space conference: %(subject)s"))
        .About(_title)
        .Addressed(Perm.LEAD_ORGANISATION, to=_planning)
        .Due(_correction_due)
        .Stage(StageKind.SOCIAL_SPACE)
        .NotWriter(_corrector)
        .Next(this.check_corrections)
    )

    check_returned = (
        Question(lambda activation: _returned(activation.process) is not None)
        .Annotation(title=_("A returned correction?"))
        .Then(this.correct_answer)
        .Else(this.published)
    )

    correct_answer = (
        GuardedView(views.correct_answer)
        .Annotation(title=_("Correct the answer"))
        .Says(_("Correct the returned answer of the social-space conference: %(subject)s"))
        .About(_title)
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=_planning)
        .For(_author)
        .Due(_correct_due)
        .Stage(StageKind.SOCIAL_SPACE)
        .Next(this.check_corrections)
    )

    published = Outcome().Annotation(title=_("Published"))
    given_up = Outcome().Annotation(title=_("Given up"))

    def on_start(self, activation: Any, conference: Any) -> Any:
        """Tie the case to its evening."""
        activation.process.conference = conference
        return activation.process

    def on_giving_up(self, activation: Any, *, reason: str, user: Any) -> Any:
        """Keep why."""
        conference_end(activation.process.conference, reason=reason, user=user)
        return activation.process
