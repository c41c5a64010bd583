"""Writes of attendance: who comes to a meeting, who leaves it, at which hour."""

from __future__ import annotations

import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError
from project.common.formats import time_de
from stakeholders.audit import log_action
from stakeholders.models import BodyMembership, Organisation, User
from workflows.models import Attendance, Meeting, ReplyChoice
from workflows.selectors.attendance import SeatLine, minute_of, room_of
from workflows.selectors.decisions import seats_on
from workflows.selectors.replies import choices_of_seats
from workflows.services.meeting_lock import meeting_lock
from workflows.services.meeting_state import check_held


def _check(meeting: Meeting) -> None:
    check_held(meeting, _("The meeting is on %(day)s; attendance is taken on that day."))


def _moment(meeting: Meeting, at: datetime.time | None) -> datetime.datetime:
    """An hour of the day of the meeting; now, if none is given on the day itself."""
    now = timezone.now()
    if at is None:
        if meeting.held_on != timezone.localdate():
            raise DomainError("time_missing", _("The day is over: enter the hour."))
        return now
    moment = timezone.make_aware(datetime.datetime.combine(meeting.held_on, at))
    if moment > now:
        raise DomainError("time_ahead", _("%(time)s is still to come.") % {"time": time_de(at)})
    return moment


def _log(action: str, row: Attendance, user: User, **data: object) -> None:
    log_action(
        action,
        user=user,
        obj=row.meeting,
        territory=row.meeting.cycle.territory,
        data={
            "organisation": row.organisation.label,
            "arrived_at": row.arrived_at.isoformat(),
            "left_at": row.left_at.isoformat() if row.left_at else None,
            **data,
        },
    )


@transaction.atomic
def attendance_arrive(
    meeting: Meeting,
    *,
    user: User,
    seat: BodyMembership | None = None,
    guest: Organisation | None = None,
    is_deputy: bool = False,
    at: datetime.time | None = None,
) -> Attendance:
    """Somebody comes into the room; who comes back gets another row.

    Args:
        meeting: An open meeting, on its day or later.
        user: Who enters it.
        seat: Seat of the body in force on the day; or else ``guest``.
        guest: Invited organisation without a seat.
        is_deputy: The deputy of the seat came.
        at: Hour of the day; None for now, on the day itself only.

    Returns:
        The new row.

    Raises:
        DomainError: ``meeting_closed``, ``meeting_not_held``, ``time_missing``, ``time_ahead``,
            ``seat_not_in_force``, ``not_invited``, ``no_deputy``, ``already_there``, ``times_overlap``,
            ``person_twice``.
    """
    meeting_lock(meeting)
    _check(meeting)
    moment = _moment(meeting, at)
    row = Attendance(meeting=meeting, is_deputy=is_deputy, arrived_at=moment)
    if seat is not None:
        row.seat = _seat_of_day(meeting, seat, is_deputy=is_deputy)
        row.organisation = row.seat.organisation
        _check_person(row)
    else:
        row.organisation = _guest(meeting, guest)
    _check_times(row)
    row.save()
    _log("attendance.arrived", row, user, deputy=is_deputy)
    return row


def _seat_of_day(meeting: Meeting, seat: BodyMembership, *, is_deputy: bool) -> BodyMembership:
    found = next((row for row in seats_on(meeting.body, meeting) if row.pk == seat.pk), None)
    if found is None:
        raise DomainError(
            "seat_not_in_force",
            _("%(member)s had no seat on the day of the meeting.") % {"member": seat.organisation.label},
        )
    if is_deputy and found.deputy is None:
        raise DomainError(
            "no_deputy", _("%(member)s has no deputy named.") % {"member": found.organisation.label}
        )
    return found


def _guest(meeting: Meeting, guest: Organisation | None) -> Organisation:
    row = meeting.participants.filter(organisation=guest).select_related("organisation").first()
    if row is None:
        raise DomainError("not_invited", _("This organisation was not invited to the meeting."))
    return row.organisation


def _others(row: Attendance) -> list[Attendance]:
    """Other rows of the same seat or guest."""
    same = Q(seat=row.seat) if row.seat_id else Q(seat__isnull=True, organisation=row.organisation_id)
    return list(row.meeting.attendances.filter(same).exclude(pk=row.pk))


def _overlap(row: Attendance, other: Attendance) -> bool:
    """Whether two rows share more than the minute in which one ends and the other begins."""
    return not any(
        first.left_at is not None and minute_of(first.left_at) <= minute_of(second.arrived_at)
        for first, second in ((row, other), (other, row))
    )


def _check_times(row: Attendance) -> None:
    """Nobody is in the room twice at a time."""
    for other in _others(row):
        if not _overlap(row, other):
            continue
        name = {"member": row.organisation.label}
        if other.left_at is None and row.left_at is None:
            raise DomainError("already_there", _("%(member)s is in the room already.") % name)
        raise DomainError(
            "times_overlap", _("%(member)s was in the room already at this hour. Correct the times.") % name
        )


def _check_person(row: Attendance) -> None:
    """A deputy who holds a seat of their own sits for one of both at a time, from coming to leaving."""
    room = room_of(row.meeting)
    person = room.person_of(row)
    others = row.meeting.attendances.filter(seat__isnull=False).exclude(seat=row.seat)
    for other in others.select_related("organisation"):
        if person is not None and person == room.person_of(other) and _overlap(row, other):
            raise DomainError(
                "person_twice",
                _("%(person)s is in the room for %(member)s already.")
                % {"person": person, "member": other.organisation.label},
            )


def _locked(row: Attendance) -> Attendance:
    meeting_lock(row.meeting)
    _check(row.meeting)
    fresh = Attendance.objects.filter(pk=row.pk).select_related("meeting", "organisation", "seat").first()
    if fresh is None:
        raise DomainError("entry_gone", _("This entry has been taken back meanwhile."))
    return fresh


@transaction.atomic
def attendance_leave(row: Attendance, *, user: User, at: datetime.time | None = None) -> None:
    """Somebody leaves the room.

    Args:
        row: Entry of somebody in the room.
        user: Who enters it.
        at: Hour of the day; None for now, on the day itself only.

    Raises:
        DomainError: ``meeting_closed``, ``time_missing``, ``time_ahead``, ``entry_gone``, ``not_there``,
            ``leaves_before_coming``.
    """
    row = _locked(row)
    if row.left_at is not None:
        raise DomainError("not_there", _("%(member)s has left already.") % {"member": row.organisation.label})
    row.left_at = _moment(row.meeting, at)
    _check_order(row)
    row.save(update_fields=["left_at"])
    _log("attendance.left", row, user)


def _check_order(row: Attendance) -> None:
    if row.left_at is None or row.left_at >= row.arrived_at:
        return
    if minute_of(row.left_at) == minute_of(row.arrived_at):
        row.left_at = row.arrived_at
    else:
        raise DomainError("leaves_before_coming", _("Nobody leaves before they come. Correct the times."))


@transaction.atomic
def attendance_correct(
    row: Attendance, *, arrived: datetime.time, left: datetime.time | None, user: User
) -> None:
    """Correct the hours of an entry; what stood there before is in the audit log.

    Args:
        row: The entry.
        arrived: Hour of coming.
        left: Hour of leaving; None for somebody still in the room.
        user: Who corrects.

    Raises:
        DomainError: ``meeting_closed``, ``time_ahead``, ``entry_gone``, ``leaves_before_coming``,
            ``already_there``, ``times_overlap``, ``person_twice``.
    """
    row = _locked(row)
    before = [row.arrived_at.isoformat(), row.left_at.isoformat() if row.left_at else None]
    row.arrived_at = _moment(row.meeting, arrived)
    row.left_at = None if left is None else _moment(row.meeting, left)
    _check_order(row)
    _check_times(row)
    if row.seat_id is not None:
        _check_person(row)
    row.save(update_fields=["arrived_at", "left_at"])
    _log("attendance.corrected", row, user, before=before)


@transaction.atomic
def attendance_take_back(row: Attendance, *, user: User) -> None:
    """Take back an entry made by mistake; the audit log keeps it.

    Raises:
        DomainError: ``meeting_closed``, ``entry_gone``.
    """
    row = _locked(row)
    _log("attendance.taken_back", row, user)
    row.delete()


@transaction.atomic
def attendance_all_arrive(
    meeting: Meeting, *, user: User, at: datetime.time | None = None
) -> list[Attendance]:
    """All seats come that have not come yet, as they replied or as is known of absences.

    The deputy comes where the reply says so or the member is away; nobody where both are, or where the reply
    says that nobody comes.

    Args:
        meeting: An open meeting, on its day or later.
        user: Who enters it.
        at: Hour of the day; None for now, on the day itself only.

    Returns:
        New rows.

    Raises:
        DomainError: ``meeting_closed``, ``meeting_not_held``, ``time_missing``, ``time_ahead``.
    """
    meeting_lock(meeting)
    _check(meeting)
    moment = _moment(meeting, at)
    rows: list[Attendance] = []
    room = room_of(meeting)
    # Who sits for one seat at that moment or later does not come for another as well.
    there = [row for line in room.seats for row in line.rows if row.left_at is None or row.left_at > moment]
    taken = {person.pk for row in there if (person := room.person_of(row)) is not None}
    replied = choices_of_seats(meeting)
    for line in room.seats:
        choice = replied.get(line.seat.pk)
        comes_deputy = line.expects_deputy or choice == ReplyChoice.DEPUTY
        is_empty = choice == ReplyChoice.DECLINES or (line.standing.is_empty and not comes_deputy)
        person = line.seat.deputy if comes_deputy else line.seat.user
        if line.rows or is_empty or person is None or person.pk in taken:
            continue
        taken.add(person.pk)
        rows.append(_row(meeting, line, moment, is_deputy=comes_deputy))
    Attendance.objects.bulk_create(rows)
    for row in rows:
        _log("attendance.arrived", row, user, deputy=row.is_deputy)
    return rows


def _row(meeting: Meeting, line: SeatLine, moment: datetime.datetime, *, is_deputy: bool) -> Attendance:
    return Attendance(
        meeting=meeting,
        seat=line.seat,
        organisation=line.seat.organisation,
        is_deputy=is_deputy,
        arrived_at=moment,
    )
