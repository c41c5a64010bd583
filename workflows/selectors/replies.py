"""Reads of replies to an invitation: who answered what and for whom, and the quorum foreseen."""

from __future__ import annotations

import dataclasses
import datetime
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from stakeholders.models import BodyMembership, Organisation
from stakeholders.permissions import Perm, visible
from stakeholders.selectors.absences import Standing, standings
from stakeholders.selectors.rules import rules_on
from workflows.models import Attendance, Meeting, MeetingMove, MeetingReply, ReplyChoice
from workflows.selectors.attendance import Quorum, quorum_with
from workflows.selectors.decisions import seats_on


@dataclasses.dataclass(frozen=True)
class ReplyLine:
    """Somebody invited: a seat of the body, or an organisation without one."""

    key: str
    organisation: Organisation
    seat: BodyMembership | None
    reply: MeetingReply | None
    is_away: bool = False
    #: Given before the meeting was moved to another day or hour: it counts no more.
    outdated: MeetingReply | None = None

    @property
    def choices(self) -> list[tuple[str, Any]]:
        """What may be answered; a deputy can come only where one is named."""
        has_deputy = self.seat is not None and self.seat.deputy is not None
        return [row for row in ReplyChoice.choices if row[0] != ReplyChoice.DEPUTY or has_deputy]

    @property
    def comes(self) -> bool:
        """Somebody will be there."""
        return self.reply is not None and self.reply.choice != ReplyChoice.DECLINES


@dataclasses.dataclass(frozen=True)
class OpenInvitation:
    """A meeting to come for which a person, or their organisation, has not said whether they come."""

    meeting: Meeting

    @property
    def due_on(self) -> datetime.date:
        """Whoever prepares the meeting counts on the day before."""
        return max(self.meeting.held_on - datetime.timedelta(days=1), timezone.localdate())


@dataclasses.dataclass(frozen=True)
class Replies:
    """All replies to an invitation.

    Args:
        lines: Seats first, then guests.
        sure: The quorum if only those come who said so.
        possible: The quorum if all come who have not answered and are not away, too.
    """

    lines: list[ReplyLine]
    sure: Quorum
    possible: Quorum

    @property
    def counts(self) -> list[tuple[str, int]]:
        """Choice -> how often, in a fixed order."""
        found = Counter(line.reply.choice for line in self.lines if line.reply)
        return [(str(choice.label), found[choice.value]) for choice in ReplyChoice]

    @property
    def open_count(self) -> int:
        """Invited that have not answered."""
        return sum(line.reply is None for line in self.lines)


def has_begun(meeting: Meeting) -> bool:
    """Whether a meeting is past replying: closed, its hour has come, or attendance has been taken.

    Without an hour it begins with the end of its day. Queries: at most 1.
    """
    return meeting.closed_at is not None or _has_hour_come(meeting) or meeting.attendances.exists()


def _has_hour_come(meeting: Meeting) -> bool:
    clock = meeting.starts_at or datetime.time.max
    return timezone.now() >= timezone.make_aware(datetime.datetime.combine(meeting.held_on, clock))


def reply_lines(meeting: Meeting) -> list[ReplyLine]:
    """Who is invited, seats of the body first, each with its reply. Queries: 6.

    A reply from before the last change of day or hour is none: it is asked for anew.
    """
    seats = seats_on(meeting.body, meeting)
    guests = [row.organisation for row in meeting.participants.select_related("organisation")]
    return _lines(meeting, seats, guests, standings(seats, meeting.held_on))


def _lines(
    meeting: Meeting,
    seats: Iterable[BodyMembership],
    invited: Iterable[Organisation],
    expected: Mapping[int, Standing],
) -> list[ReplyLine]:
    """Seats and guests of a meeting, each with its reply: the one place that says who is asked, and who was.

    Args:
        meeting: Its replies and moves may be fetched already.
        seats: In force on the day; an organisation with one of them is no guest.
        invited: Organisations of its participants.
        expected: Key of a seat -> who is there for it; a missing one is not taken for away.
    """
    found: dict[tuple[int, int | None], MeetingReply] = {}
    outdated: dict[tuple[int, int | None], MeetingReply] = {}
    moved_at = _last_moved_at(meeting.moves.all())
    for row in meeting.replies.all():
        rows = outdated if moved_at is not None and row.replied_at < moved_at else found
        rows[row.organisation_id, row.seat_id] = row
    guests = {organisation.pk: organisation for organisation in invited}
    lines = []
    for seat in seats:
        guests.pop(seat.organisation_id, None)
        key = (seat.organisation_id, seat.pk)
        is_away = seat.pk in expected and expected[seat.pk].is_empty
        lines.append(
            ReplyLine(f"seat-{seat.pk}", seat.organisation, seat, found.get(key), is_away, outdated.get(key))
        )
    for guest in guests.values():
        reply, before = found.get((guest.pk, None)), outdated.get((guest.pk, None))
        lines.append(ReplyLine(f"guest-{guest.pk}", guest, None, reply, outdated=before))
    return lines


def choices_of_seats(meeting: Meeting) -> dict[int, str]:
    """Key of a seat -> value of its ``ReplyChoice``, as far as replied. Queries: 2."""
    moved_at = _last_moved_at(meeting.moves.all())
    rows = meeting.replies.filter(seat__isnull=False)
    if moved_at is not None:
        rows = rows.filter(replied_at__gte=moved_at)
    return {pk: choice for pk, choice in rows.values_list("seat_id", "choice") if pk is not None}


def _last_moved_at(moves: Iterable[MeetingMove]) -> datetime.datetime | None:
    """When a meeting last got another day or hour; another place changes nobody's mind."""
    changed = (
        move.moved_at for move in moves if (move.from_day, move.from_time) != (move.to_day, move.to_time)
    )
    return max(changed, default=None)


def replies_of(meeting: Meeting, lines: list[ReplyLine]) -> Replies:
    """Replies (``reply_lines``) with what they mean for the quorum. Queries: 2."""
    rules = rules_on(meeting.body, meeting.held_on).voting_rules()
    seats = [line.seat for line in lines if line.seat]
    sure = {line.seat.pk for line in lines if line.seat and line.comes}
    open_seats = {line.seat.pk for line in lines if line.seat and line.reply is None and not line.is_away}
    return Replies(lines, quorum_with(rules, seats, sure), quorum_with(rules, seats, sure | open_seats))


def own_lines(user: Any, lines: list[ReplyLine]) -> list[ReplyLine]:
    """Those invited for whom a person may answer: their own seat or deputy's, and their organisation's.

    Args:
        user: Who answers.
        lines: All who are invited (``reply_lines``).

    Returns:
        Some of them. Queries: 1.
    """
    acts_for = _acts_for(user)
    return [line for line in lines if _is_own(line, user, acts_for)]


def _acts_for(user: Any) -> set[int]:
    rows = visible(user, Perm.ACT_FOR_ORGANISATION, Organisation.objects.all())
    return set(rows.values_list("pk", flat=True))


def _is_own(line: ReplyLine, user: Any, acts_for: set[int]) -> bool:
    return line.organisation.pk in acts_for or (
        line.seat is not None and user.pk in {line.seat.user_id, line.seat.deputy_id}
    )


def open_invitations(user: Any) -> list[OpenInvitation]:
    """Invitations that wait for an answer of a person, as ``own_lines`` says for each meeting.

    Returns:
        The next ones first. Queries: 7 for any number of meetings.
    """
    acts_for = _acts_for(user)
    own = Q(user=user) | Q(deputy=user) | Q(organisation__in=acts_for)
    seats = list(BodyMembership.objects.filter(own).select_related("organisation"))
    asked = Q(body__in={seat.body_id for seat in seats}) | Q(participants__organisation__in=acts_for)
    meetings = (
        Meeting.objects.filter(asked, closed_at__isnull=True, held_on__gte=timezone.localdate())
        .filter(cycle__closed_at__isnull=True)
        .filter(~Exists(Attendance.objects.filter(meeting=OuterRef("pk"))))
        .select_related("body", "cycle")
        .prefetch_related("replies", "moves", "participants__organisation")
        .distinct()
        .order_by("held_on", "pk")
    )
    return [
        OpenInvitation(meeting)
        for meeting in meetings
        if not _has_hour_come(meeting) and _is_waited_for(meeting, user, seats, acts_for)
    ]


def _is_waited_for(meeting: Meeting, user: Any, seats: Sequence[BodyMembership], acts_for: set[int]) -> bool:
    """Whether a person has not answered for one of those they answer for: ``seats`` and organisations."""
    here = [seat for seat in seats if seat.body_id == meeting.body_id and seat.is_in_force(meeting.held_on)]
    invited = [row.organisation for row in meeting.participants.all()]
    lines = _lines(meeting, here, invited, {})
    return any(line.reply is None and _is_own(line, user, acts_for) for line in lines)
