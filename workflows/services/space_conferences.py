"""Writes of an evening of the social-space conference: set up, prepared, closed, its answers released."""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Iterable, Mapping

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from monitoring.models import Area
from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import Organisation, User
from stakeholders.permissions import Perm, holders, require
from workflows.models import (
    AttendeeGroup,
    Meeting,
    PlanningCycle,
    Recommendation,
    SpaceConference,
    SpaceConferenceState,
    SpaceHeadcount,
    SpaceLink,
    SpaceQuestion,
    StageKind,
)
from workflows.models.social_space import (
    MOST_PEOPLE,
    MOST_POINTS,
    QUESTION_LENGTH,
    SPACE_CONFERENCE_OVER,
)
from workflows.selectors.space_conferences import (
    answers_in_effect,
    offered_recommendations,
    require_facilitator,
    unanswered,
    waiting_count,
)
from workflows.take_part import DEFAULT, languages

#: Bytes of chance in the address of an entry page.
_TOKEN_BYTES = 18


def conference_lock(conference: SpaceConference) -> SpaceConference:
    """Read an evening anew and lock it: all that is entered, moderated and closed waits its turn here."""
    rows = SpaceConference.objects.select_for_update(of=("self",))
    return rows.select_related("cycle__territory", "cycle__planning_unit", "area", "facilitator").get(
        pk=conference.pk
    )


@transaction.atomic
def conference_create(
    cycle: PlanningCycle,
    *,
    area: Area,
    held_on: datetime.date,
    facilitator: Organisation,
    user: User,
    is_example: bool = False,
) -> SpaceConference:
    """Set up an evening in one of the chosen areas, with its link.

    Args:
        cycle: A cycle that has reached the social-space conference.
        area: An area with a profile in the cycle.
        held_on: Day of the evening; a guess can be corrected while preparing.
        facilitator: Whose people moderate and enter for residents.
        user: Needs the right to manage the cycle.
        is_example: Whether it is only there for show.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``wrong_stage``, ``cycle_closed``, ``foreign_area``, ``foreign_facilitator``,
            ``conference_open``.
    """
    require(user, Perm.MANAGE_CYCLE, cycle)
    locked = PlanningCycle.objects.select_for_update().get(pk=cycle.pk)
    if locked.is_closed:
        raise DomainError("cycle_closed", _("The cycle is closed."))
    if locked.stage < StageKind.SOCIAL_SPACE:
        raise DomainError(
            "wrong_stage", _("Social-space conferences are held when recommendations have been approved.")
        )
    if not cycle.profiles.filter(area=area).exists():
        raise DomainError("foreign_area", _("Choose one of the areas that have a profile in this cycle."))
    if facilitator.territory_id != cycle.territory_id:
        raise DomainError("foreign_facilitator", _("The organisation does not belong to the territory."))
    if cycle.space_conferences.filter(area=area).exclude(state__in=SPACE_CONFERENCE_OVER).exists():
        raise DomainError(
            "conference_open",
            _("An evening in this area is under way already. Finish it or give it up first."),
        )
    conference = SpaceConference.objects.create(
        cycle=cycle,
        area=area,
        held_on=held_on,
        facilitator=facilitator,
        created_by=user,
        is_example=is_example,
    )
    _link_make(conference, user)
    log_action("space_conference.created", user=user, obj=conference, territory=cycle.territory)
    return conference


def _link_make(conference: SpaceConference, user: User) -> SpaceLink:
    return SpaceLink.objects.create(
        conference=conference, token=secrets.token_urlsafe(_TOKEN_BYTES), made_by=user
    )


@transaction.atomic
def conference_renew_link(conference: SpaceConference, *, user: User) -> SpaceLink:
    """Make a new link; the old one is not valid any more.

    Raises:
        PermissionDenied: The user does not facilitate the evening.
        DomainError: ``evening_over`` once the entry page is closed for good.
    """
    locked = facilitated(conference, user)
    if not locked.has_live_link:
        raise DomainError(
            "evening_over", _("The entry page is closed for good; its link leads to the answers.")
        )
    link = _link_make(locked, user)
    log_action("space_conference.link_renewed", user=user, obj=locked, territory=locked.cycle.territory)
    return link


def facilitated(conference: SpaceConference, user: User) -> SpaceConference:
    """The evening, locked, for who facilitates it.

    Raises:
        PermissionDenied: The user does not.
    """
    locked = conference_lock(conference)
    require_facilitator(user, locked)
    return locked


@transaction.atomic
def conference_prepare(
    conference: SpaceConference,
    *,
    held_on: datetime.date,
    place: str,
    meeting: Meeting | None,
    question: str,
    recommendations: Iterable[Recommendation],
    points_each: int,
    opens_at: datetime.datetime | None,
    closes_at: datetime.datetime | None,
    user: User,
    translations: Mapping[str, str] | None = None,
    is_draft: bool = False,
) -> None:
    """Keep what the evening is about; unless it is a draft, the entry page can open.

    Args:
        conference: Being prepared.
        held_on: Day of the evening; a chosen meeting says it instead.
        place: Where; likewise.
        meeting: A meeting of the cycle's social-space body, or none.
        question: In simple words, the same for all.
        recommendations: Approved ones that touch the area; may be none: then ideas are free.
        points_each: Points for each person.
        opens_at: From when the entry page takes ideas.
        closes_at: Until when.
        user: Acts for the planning unit.
        translations: Code of a language of the entry page -> the question in it; what is empty is shown in
            German. All of them take the place of those before.
        is_draft: Whether it is only kept in between.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``not_preparing``, ``question_missing``, ``unknown_language``,
            ``text_too_long``, ``foreign_recommendation``, ``foreign_meeting``, ``meeting_cancelled``,
            ``points_out_of_range``, ``times_missing``, ``closes_before_opening``, ``closes_in_past``.
    """
    locked = conference_lock(conference)
    require(user, Perm.ACT_FOR_ORGANISATION, locked.cycle.planning_unit)
    if locked.state != SpaceConferenceState.PREPARING:
        raise DomainError("not_preparing", _("The evening is not being prepared (any more)."))
    chosen = list(recommendations)
    known = set(offered_recommendations(locked).values_list("pk", flat=True))
    if any(row.pk not in known for row in chosen):
        raise DomainError(
            "foreign_recommendation", _("Choose approved recommendations that touch the area only.")
        )
    _check_points(points_each)
    if meeting is not None:
        if meeting.cycle_id != locked.cycle_id or meeting.body_id != locked.cycle.social_space_conference_id:
            raise DomainError("foreign_meeting", _("The meeting is none of the social-space conference."))
        if meeting.cancelled_at is not None:
            raise DomainError("meeting_cancelled", _("This meeting has been called off."))
        held_on, place = meeting.held_on, meeting.place
    if opens_at is not None and closes_at is not None and closes_at <= opens_at:
        raise DomainError("closes_before_opening", _("The entry page must close after it opens."))
    if not is_draft:
        _check_ready(question, opens_at, closes_at)
        locked.state = SpaceConferenceState.OPEN
    locked.held_on, locked.place, locked.meeting = held_on, place.strip(), meeting
    locked.question, locked.points_each = question.strip(), points_each
    locked.opens_at, locked.closes_at = opens_at, closes_at
    locked.save()
    locked.recommendations.set(chosen)
    _translate(locked, translations or {})
    log_action(
        "space_conference.saved" if is_draft else "space_conference.prepared",
        user=user,
        obj=locked,
        territory=locked.cycle.territory,
    )
    conference.refresh_from_db()


def _translate(conference: SpaceConference, translations: Mapping[str, str]) -> None:
    texts = {code: text.strip() for code, text in translations.items() if text.strip()}
    if set(texts) - {code for code, _name in languages()} or DEFAULT in texts:
        raise DomainError("unknown_language", _("The entry page does not speak this language."))
    if any(len(text) > QUESTION_LENGTH for text in texts.values()):
        raise DomainError(
            "text_too_long",
            _("A question in another language has at most %(most)s characters.") % {"most": QUESTION_LENGTH},
        )
    conference.questions.all().delete()
    SpaceQuestion.objects.bulk_create(
        SpaceQuestion(conference=conference, language=code, text=text) for code, text in texts.items()
    )


def _check_points(points_each: int) -> None:
    if not 1 <= points_each <= MOST_POINTS:
        raise DomainError(
            "points_out_of_range",
            _("Give each person between 1 and %(most)s points.") % {"most": MOST_POINTS},
        )


def _check_ready(
    question: str, opens_at: datetime.datetime | None, closes_at: datetime.datetime | None
) -> None:
    if not question.strip():
        raise DomainError("question_missing", _("Write the question of the evening, in simple words."))
    if opens_at is None or closes_at is None:
        raise DomainError("times_missing", _("Say from when until when the entry page takes ideas."))
    if closes_at <= timezone.now():
        raise DomainError("closes_in_past", _("The entry page cannot close in the past."))


@transaction.atomic
def conference_extend(conference: SpaceConference, *, closes_at: datetime.datetime, user: User) -> None:
    """Close the entry page later or earlier than planned.

    Raises:
        PermissionDenied: The user does not facilitate the evening.
        DomainError: ``not_held``, ``closes_before_opening``.
    """
    locked = facilitated(conference, user)
    _expect_held(locked)
    assert locked.opens_at is not None
    if closes_at <= locked.opens_at:
        raise DomainError("closes_before_opening", _("The entry page must close after it opens."))
    locked.closes_at = closes_at
    locked.save(update_fields=["closes_at"])
    log_action(
        "space_conference.times_changed",
        user=user,
        obj=locked,
        territory=locked.cycle.territory,
        data={"closes_at": closes_at.isoformat()},
    )
    conference.refresh_from_db()


def _expect_held(conference: SpaceConference) -> None:
    if not conference.is_held:
        raise DomainError("not_held", _("The evening is not open (any more)."))


@transaction.atomic
def conference_close(conference: SpaceConference, *, counts: Mapping[str, int], user: User) -> None:
    """Close the evening with the numbers of those who took part; devices are forgotten.

    Args:
        conference: An open evening in which nothing waits for moderation.
        counts: Group -> number of people; groups left out count as none.
        user: Facilitates the evening.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``not_held``, ``entries_waiting``, ``count_negative``, ``count_too_high``,
            ``nobody_came`` without any participant.
    """
    locked = facilitated(conference, user)
    _expect_held(locked)
    if waiting_count(locked):
        raise DomainError(
            "entries_waiting",
            _("Entries still wait for moderation. Show each of them or say why it is not shown, then close."),
        )
    numbers = {group: int(counts.get(group, 0)) for group in AttendeeGroup.values}
    if any(number < 0 for number in numbers.values()):
        raise DomainError("count_negative", _("A number of participants cannot be below zero."))
    if any(number > MOST_PEOPLE for number in numbers.values()):
        raise DomainError(
            "count_too_high",
            _("More than %(most)s people of a group? Please check.") % {"most": MOST_PEOPLE},
        )
    if not any(numbers.values()):
        raise DomainError(
            "nobody_came", _("Enter how many people took part. If nobody came, give the evening up.")
        )
    for group, number in numbers.items():
        SpaceHeadcount.objects.create(conference=locked, group=group, count=number)
    locked.devices.update(key_hash="")
    locked.state, locked.closed_at = SpaceConferenceState.ANSWERING, timezone.now()
    locked.save(update_fields=["state", "closed_at"])
    log_action(
        "space_conference.closed", user=user, obj=locked, territory=locked.cycle.territory, data=numbers
    )
    conference.refresh_from_db()


@transaction.atomic
def answers_submit(conference: SpaceConference, *, next_steps: str, user: User) -> None:
    """Hand the answers in for release.

    Args:
        conference: Closed, being answered.
        next_steps: What happens next, for those who took part.
        user: Acts for the planning unit.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``not_answering``, ``answer_missing``, ``next_steps_missing``, ``nobody_to_release``.
    """
    locked = conference_lock(conference)
    unit = locked.cycle.planning_unit
    require(user, Perm.ACT_FOR_ORGANISATION, unit)
    if not locked.takes_answers:
        raise DomainError("not_answering", _("Ideas of this evening are not being answered (any more)."))
    _check_answered(locked)
    if not next_steps.strip():
        raise DomainError("next_steps_missing", _("Say what happens next; those who took part will read it."))
    barred = {user.pk, *answer_writers(locked)}
    if not holders(Perm.LEAD_ORGANISATION, unit).exclude(pk__in=barred).exists():
        raise DomainError(
            "nobody_to_release",
            _(
                "Who answers ideas cannot release the answers, and nobody else leads the planning unit. Ask "
                "your administration to name a deputy, then hand them in."
            ),
        )
    locked.next_steps, locked.state = next_steps.strip(), SpaceConferenceState.SUBMITTED
    locked.submitted_by, locked.submitted_at = user, timezone.now()
    locked.save(update_fields=["next_steps", "state", "submitted_by", "submitted_at"])
    log_action("space_answers.submitted", user=user, obj=locked, territory=locked.cycle.territory)
    conference.refresh_from_db()


def _check_answered(conference: SpaceConference) -> None:
    missing = list(unanswered(conference).values_list("number", flat=True))
    if missing:
        raise DomainError(
            "answer_missing",
            _("These ideas have no answer yet: %(numbers)s.")
            % {"numbers": ", ".join(str(number) for number in missing)},
        )


@transaction.atomic
def next_steps_save(conference: SpaceConference, *, next_steps: str, user: User) -> None:
    """Keep the words on what happens next in between.

    Raises:
        PermissionDenied: The user does not act for the planning unit.
        DomainError: ``not_answering``.
    """
    locked = conference_lock(conference)
    require(user, Perm.ACT_FOR_ORGANISATION, locked.cycle.planning_unit)
    if not locked.takes_answers:
        raise DomainError("not_answering", _("Ideas of this evening are not being answered (any more)."))
    locked.next_steps = next_steps.strip()
    locked.save(update_fields=["next_steps"])
    log_action("space_answers.saved", user=user, obj=locked, territory=locked.cycle.territory)


def answer_writers(conference: SpaceConference) -> set[int]:
    """Keys of all whose answers stand now, and of who handed them in. Queries: 1."""
    answers = answers_in_effect().filter(idea__conference=conference).order_by("pk")
    found = dict(answers.values_list("idea_id", "given_by_id"))
    handed_in = {conference.submitted_by_id} if conference.submitted_by_id is not None else set()
    return set(found.values()) | handed_in


@transaction.atomic
def answers_review(conference: SpaceConference, *, is_released: bool, reason: str = "", user: User) -> None:
    """Release the answers to everybody, or return them.

    Args:
        conference: With answers handed in.
        is_released: Whether the page of answers becomes public.
        reason: What has to be changed; needed for a return.
        user: Leads the planning unit, and is another than who answered.

    Raises:
        PermissionDenied: The user does not lead the planning unit.
        DomainError: ``not_submitted``, ``four_eyes``, ``reason_missing``, ``answer_missing``.
    """
    locked = conference_lock(conference)
    require(user, Perm.LEAD_ORGANISATION, locked.cycle.planning_unit)
    if locked.state != SpaceConferenceState.SUBMITTED:
        raise DomainError("not_submitted", _("There is nothing to release."))
    if user.pk in answer_writers(locked):
        raise DomainError("four_eyes", _("Who answered ideas does not release the answers."))
    if is_released:
        _check_answered(locked)
        locked.state = SpaceConferenceState.PUBLISHED
        locked.released_by, locked.released_at = user, timezone.now()
        locked.save(update_fields=["state", "released_by", "released_at"])
        log_action("space_answers.released", user=user, obj=locked, territory=locked.cycle.territory)
    else:
        if not reason.strip():
            raise DomainError("reason_missing", _("Say what has to be changed; the author will read it."))
        locked.state, locked.return_reason = SpaceConferenceState.RETURNED, reason.strip()
        locked.save(update_fields=["state", "return_reason"])
        log_action(
            "space_answers.returned",
            user=user,
            obj=locked,
            territory=locked.cycle.territory,
            data={"reason": locked.return_reason},
        )
    conference.refresh_from_db()


def conference_end(conference: SpaceConference, *, reason: str, user: User | None) -> None:
    """Give the evening up; called by the flow when its message arrives.

    Raises:
        DomainError: ``reason_missing``.
    """
    if not reason.strip():
        raise DomainError("reason_missing", _("Say why the evening is given up."))
    locked = conference_lock(conference)
    locked.state, locked.end_reason = SpaceConferenceState.GIVEN_UP, reason.strip()
    locked.save(update_fields=["state", "end_reason"])
    locked.devices.update(key_hash="")
    log_action(
        "space_conference.given_up",
        user=user,
        obj=locked,
        territory=locked.cycle.territory,
        data={"reason": locked.end_reason},
    )
