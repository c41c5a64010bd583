"""Drives an evening of the social-space conference as its people would: demo and tests share these steps."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Mapping

from django.utils import timezone

from stakeholders.models import User
from workflows.devices import new_key
from workflows.flows import SpaceConferenceFlow
from workflows.models import Recommendation, SpaceComment, SpaceConference, SpaceIdea
from workflows.nodes import complete_task, open_task
from workflows.selectors.space_conferences import offered_recommendations
from workflows.selectors.space_corrections import pending_corrections
from workflows.services import space_conferences as services
from workflows.services.space_answers import correction_review
from workflows.services.space_entries import (
    Sender,
    comment_enter,
    entry_moderate,
    idea_enter,
    point_give,
)


def prepare(
    conference: SpaceConference,
    *,
    user: User,
    question: str = "Was brauchen Kinder hier?",
    recommendations: Iterable[Recommendation] | None = None,
    hours: int = 3,
    place: str = "",
) -> None:
    """The evening is prepared; its entry page is open from now on, for some hours."""
    now = timezone.now()
    chosen = list(offered_recommendations(conference) if recommendations is None else recommendations)
    complete_task(
        open_task(conference.process, SpaceConferenceFlow.prepare_evening),
        user=user,
        act=lambda process: services.conference_prepare(
            process.conference,
            held_on=timezone.localdate(),
            place=place,
            meeting=None,
            question=question,
            recommendations=chosen,
            points_each=3,
            opens_at=now,
            closes_at=now + datetime.timedelta(hours=hours),
            user=user,
        ),
    )
    conference.refresh_from_db()


def idea(
    conference: SpaceConference,
    text: str,
    *,
    recommendation: Recommendation | None = None,
    key: str = "",
    moderator: User | None = None,
) -> SpaceIdea:
    """An idea from a telephone; shown at once if a moderator is named."""
    made = idea_enter(
        conference,
        text=text,
        recommendation_pk=None if recommendation is None else recommendation.pk,
        entry_key=uuid.uuid4(),
        sender=Sender(key=key or new_key()),
    )
    if moderator is not None:
        entry_moderate(conference, made, is_shown=True, user=moderator)
    return made


def comment(
    conference: SpaceConference, about: SpaceIdea, text: str, *, moderator: User | None = None
) -> SpaceComment:
    """A comment from a telephone; shown at once if a moderator is named."""
    made = comment_enter(
        conference,
        idea_number=about.number,
        text=text,
        entry_key=uuid.uuid4(),
        sender=Sender(key=new_key()),
    )
    if moderator is not None:
        entry_moderate(conference, made, is_shown=True, user=moderator)
    return made


def points(conference: SpaceConference, about: SpaceIdea, count: int) -> None:
    """Points of as many telephones."""
    for _each in range(count):
        point_give(conference, idea_number=about.number, entry_key=uuid.uuid4(), key=new_key())


def close(conference: SpaceConference, counts: Mapping[str, int], *, user: User) -> None:
    """The evening is over."""
    complete_task(
        open_task(conference.process, SpaceConferenceFlow.hold_evening),
        user=user,
        act=lambda process: services.conference_close(process.conference, counts=counts, user=user),
    )
    conference.refresh_from_db()


def submit(conference: SpaceConference, next_steps: str, *, user: User) -> None:
    """The answers are handed in."""
    complete_task(
        open_task(conference.process, SpaceConferenceFlow.answer_ideas),
        user=user,
        act=lambda process: services.answers_submit(process.conference, next_steps=next_steps, user=user),
    )
    conference.refresh_from_db()


def release_correction(
    conference: SpaceConference, *, user: User, is_released: bool = True, reason: str = ""
) -> None:
    """The head releases the correction whose turn it is, or returns it."""
    complete_task(
        open_task(conference.process, SpaceConferenceFlow.release_correction),
        user=user,
        act=lambda process: correction_review(
            pending_corrections(process.conference)[0], is_released=is_released, reason=reason, user=user
        ),
    )
    conference.refresh_from_db()


def release(conference: SpaceConference, *, user: User, is_released: bool = True, reason: str = "") -> None:
    """The head releases the answers or returns them."""
    complete_task(
        open_task(conference.process, SpaceConferenceFlow.release_answers),
        user=user,
        act=lambda process: services.answers_review(
            process.conference, is_released=is_released, reason=reason, user=user
        ),
    )
    conference.refresh_from_db()
