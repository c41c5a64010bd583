"""Writes of meetings of any body: set, moved, closed."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from project.common.conditions import NOTHING
from project.common.errors import DomainError
from project.common.formats import date_de
from stakeholders.audit import log_action
from stakeholders.models import Body, Organisation, User
from stakeholders.selectors.rules import rules_on
from workflows.models import (
    Contribution,
    Meeting,
    MeetingMove,
    MeetingSeries,
    MeetingTemplate,
    Participant,
    PlanningCycle,
    StageKind,
    TaskCard,
)
from workflows.models.recommendations import WAITING_STATES
from workflows.notices import task_reschedule
from workflows.selectors.agenda import public_lines
from workflows.selectors.attendance import attended_organisations
from workflows.selectors.replies import reply_lines
from workflows.services.agenda_ready import agenda_build, agenda_offer_recommendation
from workflows.services.carrying import agenda_hand_on, agenda_take_over
from workflows.services.meeting_lock import meeting_lock
from workflows.services.meeting_mails import meeting_mail, office_addresses, told_addresses
from workflows.services.meeting_state import check_held, check_movable, check_no_poll, check_untouched
from workflows.services.room_version import room_ends_with


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
    starts_at: datetime.time | None = None,
    template: MeetingTemplate | None = None,
    series: MeetingSeries | None = None,
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
        starts_at: Hour of the day.
        template: Of the body; its standing items go onto the agenda.
        series: Of which it is one; those invited are then told of all at once.

    Returns:
        The meeting, with an agenda of what is ready for it.

    Raises:
        DomainError: ``foreign_body``, ``no_participant``, ``foreign_participant``, ``cycle_closed``,
            ``notice_too_short``, ``foreign_template``.
    """
    participants = list({organisation.pk: organisation for organisation in participants}.values())
    _check_new(cycle, body, participants, template)
    urgency = _urgency(body, held_on, urgency)
    # Two meetings set at once must not both take what is ready.
    Body.objects.select_for_update().get(pk=body.pk)
    meeting = Meeting.objects.create(
        cycle=cycle,
        body=body,
        held_on=held_on,
        starts_at=starts_at,
        place=place,
        note=note,
        urgency=urgency,
        series=series,
    )
    Participant.objects.bulk_create(
        Participant(meeting=meeting, organisation=organisation) for organisation in participants
    )
    _log("meeting.scheduled", meeting, user, participants=[row.name for row in participants], urgency=urgency)
    agenda_build(meeting, user=user, topics=note.splitlines(), template=template)
    agenda_take_over(meeting, user=user)
    if series is None:
        _invite(meeting)
    _tasks_follow(meeting)
    return meeting


def _check_new(
    cycle: PlanningCycle, body: Body, participants: list[Organisation], template: MeetingTemplate | None
) -> None:
    """Refuse a meeting that nobody could hold in this cycle."""
    if cycle.is_closed:
        raise DomainError("cycle_closed", _("The cycle is closed."))
    if body.territory_id != cycle.territory_id:
        raise DomainError("foreign_body", _("A body belongs to another territory."))
    if not participants:
        raise DomainError("no_participant", _("Invite at least one organisation."))
    if template is not None and template.body_id != body.pk:
        raise DomainError("foreign_template", _("This template is for another body."))
    for organisation in participants:
        require_own(cycle, organisation, "foreign_participant")


def _log(action: str, meeting: Meeting, user: User, **data: object) -> None:
    """Write down what happened to a meeting on which day; what is empty is left out."""
    log_action(
        action,
        user=user,
        obj=meeting,
        territory=meeting.cycle.territory,
        data={"held_on": meeting.held_on, **{name: value for name, value in data.items() if value}},
    )


@transaction.atomic
def meeting_move(
    meeting: Meeting,
    *,
    held_on: datetime.date,
    place: str,
    reason: str,
    user: User,
    urgency: str = "",
    starts_at: datetime.time | None = None,
) -> MeetingMove:
    """Hold a meeting on another day, at another hour or place; all invited are told, its tasks follow.

    On another day or at another hour replies count no more and are asked for anew. Statements asked for
    before the conference may be given until its new day.

    Args:
        meeting: An open meeting in which nothing has been decided yet.
        held_on: New day, today or later.
        place: New place.
        reason: Why; it goes out with the mail and stays on the page of the meeting.
        user: Who moves it.
        urgency: Why the new day lies within the notice period of the body; dropped where the period is kept
            or the day stays.
        starts_at: New hour; None where it is not known.

    Returns:
        What was moved.

    Raises:
        DomainError: ``reason_missing``, ``day_over``, ``meeting_closed``, ``meeting_decided``,
            ``meeting_begun``, ``nothing_moved``, ``cycle_closed``, ``notice_too_short``.
    """
    if not reason.strip():
        raise DomainError("reason_missing", _("Say why the meeting is moved."))
    if held_on < timezone.localdate():
        raise DomainError("day_over", _("This day is over. Choose today or a later day."))
    meeting_lock(meeting)
    check_movable(meeting)
    if (held_on, starts_at, place) == (meeting.held_on, meeting.starts_at, meeting.place):
        raise DomainError("nothing_moved", _("The meeting is on this day and in this place already."))
    if held_on != meeting.held_on:
        meeting.urgency = _urgency(meeting.body, held_on, urgency)
    move = MeetingMove(
        meeting=meeting,
        from_day=meeting.held_on,
        from_time=meeting.starts_at,
        from_place=meeting.place,
        to_day=held_on,
        to_time=starts_at,
        to_place=place,
        reason=reason.strip(),
        moved_by=user,
    )
    _move(meeting, move, user)
    _invite(meeting, move)
    _contributions_follow(move)
    _tasks_follow(meeting)
    return move


def _move(meeting: Meeting, move: MeetingMove, user: User) -> None:
    """Write down that a meeting is held elsewhere or at another time."""
    move.save()
    meeting.held_on, meeting.starts_at, meeting.place = move.to_day, move.to_time, move.to_place
    meeting.save(update_fields=["held_on", "starts_at", "place", "urgency"])
    _log("meeting.moved", meeting, user, place=move.to_place, reason=move.reason, urgency=meeting.urgency)


@transaction.atomic
def meeting_cancel(meeting: Meeting, *, reason: str, user: User) -> None:
    """Call a meeting off; all who were invited are told, what stood on its agenda is ready again.

    Args:
        meeting: An open meeting in which nothing has been decided.
        reason: Why; it goes out with the mail and stays on the page of the meeting.
        user: Who calls it off.

    Raises:
        DomainError: ``reason_missing`` and those of ``check_movable``.
    """
    if not reason.strip():
        raise DomainError("reason_missing", _("Say why the meeting is called off."))
    meeting_lock(meeting)
    check_movable(meeting)
    _call_off(meeting, reason=reason, user=user)


@transaction.atomic
def meetings_call_off(cycle: PlanningCycle, *, reason: str, user: User) -> None:
    """Call off the meetings to come of a cycle that is given up; all who were invited are told.

    What has begun, or was on a day that is over, stays: it is closed and its minutes are written.

    Args:
        cycle: The cycle.
        reason: Why; it goes out with the mails.
        user: Who gives the cycle up.
    """
    coming = cycle.meetings.filter(closed_at__isnull=True, held_on__gte=timezone.localdate())
    for meeting in coming.select_related("body", "cycle").order_by("held_on", "pk"):
        meeting_lock(meeting)
        try:
            check_untouched(meeting)
        except DomainError:
            continue
        _call_off(meeting, reason=reason, user=user)


def _call_off(meeting: Meeting, *, reason: str, user: User) -> None:
    """Call a meeting off; its body is locked."""
    meeting.cancelled_at = meeting.closed_at = timezone.now()
    meeting.cancelled_by, meeting.cancel_reason = user, reason.strip()
    meeting.save(update_fields=["cancelled_at", "closed_at", "cancelled_by", "cancel_reason"])
    _log("meeting.cancelled", meeting, user, reason=meeting.cancel_reason)
    meeting_mail(meeting, "cancelled", told_addresses(meeting), with_calendar=True)
    items = meeting.agenda.filter(removed_at__isnull=True, recommendation__isnull=False)
    for item in items.select_related("recommendation__process__cycle").order_by("position"):
        if item.recommendation is not None and item.recommendation.state in WAITING_STATES:
            agenda_offer_recommendation(item.recommendation, user=user)
    room_ends_with(meeting, user=user)
    agenda_hand_on(meeting, user=user)
    _tasks_follow(meeting)


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
        attended: Organisations that came; who was not invited and came for a seat becomes a participant.
        user: Who closes.

    Raises:
        DomainError: ``meeting_closed``, ``meeting_not_held``, ``poll_open``.
    """
    meeting_lock(meeting)
    check_held(meeting, _("The meeting of %(day)s has not been held yet; it is closed on its day or later."))
    check_no_poll(meeting)
    present = {organisation.pk for organisation in attended}
    for participant in meeting.participants.all():
        participant.attended = participant.organisation_id in present
        participant.save(update_fields=["attended"])
    uninvited = attended_organisations(meeting) & present
    uninvited -= {row.organisation_id for row in meeting.participants.all()}
    Participant.objects.bulk_create(
        Participant(meeting=meeting, organisation_id=pk, attended=True) for pk in sorted(uninvited)
    )
    meeting.closed_at = timezone.now()
    meeting.save(update_fields=["closed_at"])
    log_action(
        "meeting.closed",
        user=user,
        obj=meeting,
        territory=meeting.cycle.territory,
        data={"attended": len(present)},
    )
    room_ends_with(meeting, user=user)


def _invite(meeting: Meeting, move: MeetingMove | None = None) -> None:
    """Invite, or tell those invited that the meeting was moved; members have its date as well by then."""
    is_open_again = move is not None and any(line.outdated for line in reply_lines(meeting))
    with translation.override(settings.LANGUAGE_CODE):
        agenda = public_lines(meeting)
    meeting_mail(
        meeting,
        "invitation",
        office_addresses(meeting) if move is None else told_addresses(meeting),
        move=move,
        is_open_again=is_open_again,
        with_calendar=True,
        agenda=agenda,
    )


def _tasks_follow(meeting: Meeting) -> None:
    """Open tasks that wait for the meeting are due with it: holding it, recording what it decides."""
    cycle = meeting.cycle
    waits = NOTHING
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
