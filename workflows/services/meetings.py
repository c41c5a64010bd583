"""Writes of meetings of any body: set, moved, closed."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from project.common.errors import DomainError
from project.common.formats import date_de
from stakeholders.audit import log_action
from stakeholders.mail import mail_queue
from stakeholders.models import Body, Organisation, User
from stakeholders.selectors.absences import standings
from stakeholders.selectors.rules import rules_on
from workflows.models import (
    Contribution,
    Meeting,
    MeetingMove,
    Participant,
    PlanningCycle,
    StageKind,
    TaskCard,
)
from workflows.notices import task_reschedule


@transaction.atomic
def meeting_schedule(
    cycle: PlanningCycle,
    *,
    body: Body,
    held_on: datetime.date,
    place: str,
    participants: Iterable[Organisation],
    user: User,
    note: str = "",
    urgency: str = "",
) -> Meeting:
    """Set a meeting of one of the cycle's bodies and invite organisations, by mail where an office has one.

    Args:
        cycle: Open cycle.
        body: A body of the cycle's territory.
        held_on: Day of the meeting.
        place: Room or link.
        participants: Organisations to invite; each once.
        user: Who invites.
        note: Further items and remarks, one a line.
        urgency: Why it is called within the notice period of the body; dropped where the period is kept.

    Raises:
        DomainError: ``foreign_body``, ``no_participant``, ``foreign_participant``, ``cycle_closed``,
            ``notice_too_short``.
    """
    participants = list({organisation.pk: organisation for organisation in participants}.values())
    if cycle.is_closed:
        raise DomainError("cycle_closed", _("The cycle is closed."))
    if body.territory_id != cycle.territory_id:
        raise DomainError("foreign_body", _("A body belongs to another territory."))
    if not participants:
        raise DomainError("no_participant", _("Invite at least one organisation."))
    for organisation in participants:
        require_own(cycle, organisation, "foreign_participant")
    urgency = _urgency(body, held_on, urgency)
    meeting = Meeting.objects.create(
        cycle=cycle, body=body, held_on=held_on, place=place, note=note, urgency=urgency
    )
    Participant.objects.bulk_create(
        Participant(meeting=meeting, organisation=organisation) for organisation in participants
    )
    log_action(
        "meeting.scheduled",
        user=user,
        obj=meeting,
        territory=cycle.territory,
        data={
            "held_on": held_on,
            "participants": [row.name for row in participants],
            **({"urgency": urgency} if urgency else {}),
        },
    )
    _mail(meeting, participants)
    _tasks_follow(meeting)
    return meeting


@transaction.atomic
def meeting_move(
    meeting: Meeting, *, held_on: datetime.date, place: str, reason: str, user: User, urgency: str = ""
) -> MeetingMove:
    """Hold a meeting on another day or in another place; all who were invited are told, its tasks follow.

    Statements asked for before the conference may be given until its new day.

    Args:
        meeting: An open meeting in which nothing has been decided yet.
        held_on: New day, today or later.
        place: New place.
        reason: Why; it goes out with the mail and stays on the page of the meeting.
        user: Who moves it.
        urgency: Why the new day lies within the notice period of the body; dropped where the period is kept
            or the day stays.

    Returns:
        What was moved.

    Raises:
        DomainError: ``reason_missing``, ``day_over``, ``meeting_closed``, ``meeting_decided``,
            ``nothing_moved``, ``cycle_closed``, ``notice_too_short``.
    """
    if not reason.strip():
        raise DomainError("reason_missing", _("Say why the meeting is moved."))
    if held_on < timezone.localdate():
        raise DomainError("day_over", _("This day is over. Choose today or a later day."))
    _lock(meeting)
    meeting.refresh_from_db()
    check_movable(meeting)
    if (held_on, place) == (meeting.held_on, meeting.place):
        raise DomainError("nothing_moved", _("The meeting is on this day and in this place already."))
    if held_on != meeting.held_on:
        meeting.urgency = _urgency(meeting.body, held_on, urgency)
    move = MeetingMove.objects.create(
        meeting=meeting,
        from_day=meeting.held_on,
        from_place=meeting.place,
        to_day=held_on,
        to_place=place,
        reason=reason.strip(),
        moved_by=user,
    )
    meeting.held_on, meeting.place = held_on, place
    meeting.save(update_fields=["held_on", "place", "urgency"])
    log_action(
        "meeting.moved",
        user=user,
        obj=meeting,
        territory=meeting.cycle.territory,
        data={
            "held_on": held_on,
            "place": place,
            "reason": move.reason,
            **({"urgency": meeting.urgency} if meeting.urgency else {}),
        },
    )
    _mail(meeting, [row.organisation for row in meeting.participants.select_related("organisation")], move)
    _contributions_follow(move)
    _tasks_follow(meeting)
    return move


def _urgency(body: Body, held_on: datetime.date, urgency: str) -> str:
    """The reason for a meeting within the notice period; empty where the period is kept.

    The rules of the day on which it is called say how long before it the invitation goes out.
    """
    today = timezone.localdate()
    days = rules_on(body, today).notice_days
    if not days or held_on >= today + datetime.timedelta(days=days):
        return ""
    if not urgency.strip():
        raise DomainError(
            "notice_too_short",
            ngettext(
                "%(body)s is invited at least %(days)s day before. Choose %(first)s or later, or say that it"
                " is urgent, and why.",
                "%(body)s is invited at least %(days)s days before. Choose %(first)s or later, or say that"
                " it is urgent, and why.",
                days,
            )
            % {
                "body": body.name,
                "days": days,
                "first": date_de(today + datetime.timedelta(days=days)),
            },
        )
    return urgency.strip()


def check_movable(meeting: Meeting) -> None:
    """Refuse to move a meeting whose day has become part of the record. Queries: 2.

    Raises:
        DomainError: ``cycle_closed``, ``meeting_closed``, ``meeting_decided``.
    """
    if meeting.cycle.is_closed:
        raise DomainError("cycle_closed", _("The cycle is closed."))
    if meeting.closed_at is not None:
        raise DomainError("meeting_closed", _("The meeting is closed already."))
    if meeting.decisions.exists():
        raise DomainError(
            "meeting_decided",
            _("Decisions have been recorded in this meeting; its day is part of them and stays."),
        )


def _contributions_follow(move: MeetingMove) -> None:
    """Statements still waited for are due with the conference that asked for them, not with a further one."""
    cycle = move.meeting.cycle
    first = cycle.meetings.filter(body=cycle.planning_conference_id).order_by("pk").first()
    if move.meeting != first:
        return
    waiting = Contribution.objects.filter(cycle=cycle, process__finished__isnull=True)
    waiting.filter(due_on=move.from_day).update(due_on=move.to_day)


@transaction.atomic
def meeting_close(meeting: Meeting, *, attended: Iterable[Organisation], user: User) -> None:
    """Close a meeting with its attendance; no decision can be recorded in it afterwards.

    Args:
        meeting: An open meeting, on its day or later.
        attended: Those of the invited organisations that came.
        user: Who closes.

    Raises:
        DomainError: ``meeting_closed``, ``meeting_not_held``.
    """
    _lock(meeting)
    meeting.refresh_from_db()
    if meeting.closed_at is not None:
        raise DomainError("meeting_closed", _("The meeting is closed already."))
    if meeting.held_on > timezone.localdate():
        raise DomainError(
            "meeting_not_held",
            _("The meeting of %(day)s has not been held yet; it is closed on its day or later.")
            % {"day": date_de(meeting.held_on)},
        )
    present = {organisation.pk for organisation in attended}
    for participant in meeting.participants.all():
        participant.attended = participant.organisation_id in present
        participant.save(update_fields=["attended"])
    meeting.closed_at = timezone.now()
    meeting.save(update_fields=["closed_at"])
    log_action(
        "meeting.closed",
        user=user,
        obj=meeting,
        territory=meeting.cycle.territory,
        data={"attended": len(present)},
    )


def _tasks_follow(meeting: Meeting) -> None:
    """Open tasks that wait for the meeting are due with it: holding it, recording what it decides."""
    cycle = meeting.cycle
    waits = Q(pk__in=())
    if meeting.body_id == cycle.planning_conference_id:
        waits |= Q(task__process__planningcycleprocess__isnull=False, stage=StageKind.CONFERENCE)
        waits |= Q(task__process__contributionprocess__isnull=False)
    if meeting.body_id == cycle.steering_group_id:
        waits |= Q(task__process__recommendationprocess__isnull=False, body=meeting.body)
    # Locked: a task completed at the same moment must not get new deadlines. The joined rows are not: some
    # are missing, and PostgreSQL locks no missing rows.
    cards = TaskCard.objects.select_for_update(of=("self",)).filter(waits, cycle=cycle, is_open=True)
    for card in cards:
        due_on = card.task.flow_task.due_of(card.task.process.coerced)
        if due_on != card.due_on:
            task_reschedule(card, due_on=due_on)


def require_own(cycle: PlanningCycle, organisation: Organisation, code: str) -> None:
    """Supraregional organisations (funder, adviser) belong to no territory and may take part anywhere."""
    if organisation.territory_id not in {None, cycle.territory_id}:
        raise DomainError(code, _("%(name)s belongs to another territory.") % {"name": organisation.label})


def _mail(meeting: Meeting, organisations: Iterable[Organisation], move: MeetingMove | None = None) -> None:
    """Invite, or tell those invited that the meeting was moved."""
    invited = list(organisations)
    addresses = [organisation.email for organisation in invited if organisation.email]
    addresses += _deputies(meeting, invited)
    if not addresses:
        return
    with translation.override(settings.LANGUAGE_CODE):
        context = {
            "meeting": meeting,
            "cycle": meeting.cycle,
            "move": move,
            "url": settings.SITE_URL + reverse("workflows:meeting-detail", args=[meeting.pk]),
        }
        subject = render_to_string("workflows/mails/invitation_subject.txt", context).strip()
        body = render_to_string("workflows/mails/invitation.txt", context)
    mail_queue(addresses, subject=subject, body=body)


def _deputies(meeting: Meeting, invited: Iterable[Organisation]) -> list[str]:
    """Addresses of who stands in on the day for members of those invited that are away. Queries: 2."""
    seats = list(
        meeting.body.memberships.on(meeting.held_on)
        .filter(organisation__in=list(invited))
        .select_related("deputy")
    )
    deputies = (standing.deputy for standing in standings(seats, meeting.held_on).values())
    return sorted({deputy.email for deputy in deputies if deputy is not None and deputy.email})


def _lock(meeting: Meeting) -> None:
    """Decisions of the body are numbered under the same lock: none gets in while the meeting is changed."""
    Body.objects.select_for_update().get(pk=meeting.body_id)
