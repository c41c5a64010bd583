"""Reads of minutes: who sees them, what they say, and what the list of a cycle shows."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet, prefetch_related_objects
from django.utils import translation

from stakeholders.permissions import Perm, can, holders
from workflows.minutes_content import (
    ABSENT,
    DEPUTY,
    EXCUSED,
    GUEST,
    PRESENT,
    DecisionLine,
    GroupPart,
    ItemPart,
    MinutesContent,
    Presence,
    QuorumPart,
    Signature,
    Stay,
    read_content,
)
from workflows.models import (
    Attendance,
    Decision,
    Meeting,
    Minutes,
    MinutesItem,
    MinutesState,
    PlanningCycle,
    ReplyChoice,
    VoteChoice,
    VoteKind,
)
from workflows.models.meetings import APPROVED_RESULTS
from workflows.models.minutes import SIGNED_STATES
from workflows.selectors.agenda import sees_internal
from workflows.selectors.attendance import Room, SeatLine, room_of
from workflows.selectors.decisions import meetings_seen_by
from workflows.selectors.outcomes import (
    ItemLine,
    decisions_without_item,
    item_lines,
    run_by,
)
from workflows.selectors.replies import choices_of_seats

#: How a state looks: kind of badge.
STATE_KINDS: dict[str, str] = {
    MinutesState.DRAFT: "neutral",
    MinutesState.WITH_CHAIR: "info",
    MinutesState.SIGNED: "info",
    MinutesState.APPROVED: "success",
}


def minutes_seen_by(user: Any) -> QuerySet[Minutes]:
    """Minutes a person may see: signed ones of meetings they see, drafts where they keep or sign them.

    Queries: 1 for any number of rows.
    """
    meetings = meetings_seen_by(user)
    working = meetings.filter(run_by(user)).values("pk")
    return Minutes.objects.filter(
        Q(state__in=SIGNED_STATES, meeting__in=meetings.values("pk")) | Q(meeting__in=working)
    ).select_related(
        "meeting",
        "meeting__body",
        "meeting__cycle",
        "meeting__cycle__territory",
        "meeting__cycle__planning_unit",
        "approved_under",
        "approved_under__meeting",
        "handed_in_by",
        "signed_by",
    )


@dataclasses.dataclass(frozen=True)
class MinutesFilter:
    """What a person wants to see of the minutes."""

    body_pk: int | None = None
    state: str = ""


def minutes_of(user: Any, cycle: PlanningCycle, wanted: MinutesFilter) -> QuerySet[Minutes]:
    """Minutes of a cycle's meetings that the person may see. Queries: 1 for any number of rows."""
    rows = minutes_seen_by(user).filter(meeting__cycle=cycle)
    if wanted.body_pk is not None:
        rows = rows.filter(meeting__body=wanted.body_pk)
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    return rows


def meetings_without_minutes(cycle: PlanningCycle) -> QuerySet[Meeting]:
    """Closed meetings of the planning conference whose minutes have not been begun. Queries: 1."""
    rows = cycle.meetings.filter(
        body=cycle.planning_conference_id, closed_at__isnull=False, cancelled_at__isnull=True
    )
    return rows.filter(minutes__isnull=True).select_related("body", "cycle").order_by("held_on", "pk")


# --- four eyes -------------------------------------------------------------------------------------


def other_signers(minutes: Minutes, secretary_pk: int | None) -> bool:
    """Whether somebody else than the secretary can sign as chair. Queries: 1."""
    chairs = holders(Perm.CHAIR_BODY, minutes.meeting.body)
    return (chairs if secretary_pk is None else chairs.exclude(pk=secretary_pk)).exists()


def other_secretaries(minutes: Minutes, pk: int) -> bool:
    """Whether a colleague of the planning unit could hand the minutes in. Queries: 1."""
    unit = minutes.meeting.cycle.planning_unit
    return holders(Perm.ACT_FOR_ORGANISATION, unit).exclude(pk=pk).exists()


def is_alone(minutes: Minutes, pk: int | None) -> bool:
    """Whether one person is all there is: the only chair and the only one who could write. Queries: 2."""
    return pk is not None and not other_signers(minutes, pk) and not other_secretaries(minutes, pk)


def barred_from_signing(minutes: Minutes) -> list[int]:
    """Who handed the minutes in does not sign them as chair, unless nobody else could do either."""
    pk = minutes.handed_in_by_id
    return [] if pk is None or is_alone(minutes, pk) else [pk]


def may_object(user: Any, minutes: Minutes) -> bool:
    """Whether the user may ask for a correction: members, between signing and approval. Queries: 0 or 1."""
    return minutes.state == MinutesState.SIGNED and bool(can(user, Perm.ADVISE_BODY, minutes.meeting.body))


# --- what they say ---------------------------------------------------------------------------------


def content_seen_by(user: Any, minutes: Minutes) -> MinutesContent:
    """What the minutes say to a person: the internal part only to who may read it. Queries: at most 17."""
    content = content_of(minutes)
    return content if sees_internal(user, minutes.meeting) else content.public()


def content_of(minutes: Minutes) -> MinutesContent:
    """What the minutes say, internal part included: signed, or as they stand. Queries: 0, or at most 15."""
    if minutes.is_signed and minutes.content is not None:
        return read_content(minutes.content)
    return current_content(minutes)


def current_content(minutes: Minutes) -> MinutesContent:
    """What the minutes say as they stand now, signed by the secretary where they are handed in.

    In the language of the office, whoever reads: they are signed as they read. Queries: at most 15.
    """
    meeting = minutes.meeting
    texts = {row.item_id: row for row in minutes.items.all()}
    with translation.override(settings.LANGUAGE_CODE):
        lines = item_lines(meeting, has_internal=True)
        further = decisions_without_item(meeting)
        taken = [*further, *(row for line in lines for row in line.decisions)]
        prefetch_related_objects(taken, "votes__seat__organisation")
        items = tuple(_part(line, texts.get(line.item.pk)) for line in lines)
    room = room_of(meeting)
    has_decided = bool(further) or any(line.decisions for line in lines)
    return MinutesContent(
        body=meeting.body.name,
        territory=meeting.cycle.territory.name,
        cycle=meeting.cycle.title,
        held_on=meeting.held_on,
        place=meeting.place,
        began_at=minutes.began_at,
        ended_at=minutes.ended_at,
        presences=tuple(presences_in(meeting, room)),
        text=minutes.text,
        internal_text=minutes.internal_text,
        items=items,
        decisions=tuple(_decision(row) for row in further),
        secretary=_secretary(minutes),
        quorum=quorum_in(room, lines, has_decided=has_decided),
    )


def _secretary(minutes: Minutes) -> Signature | None:
    if minutes.state == MinutesState.DRAFT or minutes.handed_in_by is None or minutes.handed_in_at is None:
        return None
    return Signature(str(minutes.handed_in_by), minutes.handed_in_at)


def _part(line: ItemLine, texts: MinutesItem | None) -> ItemPart:
    item = line.item
    return ItemPart(
        number=line.number,
        title=line.heading,
        kind=item.kind,
        is_internal=item.is_internal,
        text=texts.text if texts is not None else "",
        internal_text=texts.internal_text if texts is not None else "",
        called_at=item.called_at,
        finished_at=item.finished_at,
        is_postponed=line.is_postponed,
        decisions=tuple(_decision(row) for row in line.decisions),
    )


def _decision(row: Decision) -> DecisionLine:
    # Of a secret vote nothing is told but the numbers.
    votes = [] if row.vote_kind == VoteKind.SECRET else list(row.votes.all())
    biased, absent = (
        tuple(sorted(vote.seat.organisation.name for vote in votes if vote.choice == choice))
        for choice in (VoteChoice.BIASED, VoteChoice.ABSENT)
    )
    return DecisionLine(
        reference=row.reference,
        title=row.version.title,
        result=row.result,
        yes=row.yes_count,
        no=row.no_count,
        abstain=row.abstain_count,
        present=row.present_count,
        voting=row.voting_count,
        is_tie_decided_by_chair=row.is_tie_decided_by_chair,
        conditions=row.conditions,
        reason=row.reason,
        postponed_until=row.postponed_until,
        kind=row.vote_kind,
        biased=biased,
        absent=absent,
        wording=row.decided_wording if row.result in APPROVED_RESULTS else "",
        is_amended=bool(row.wording),
    )


# --- who was there ---------------------------------------------------------------------------------


def presences_in(meeting: Meeting, room: Room) -> list[Presence]:
    """Who was in the room, and which seats stayed empty, excused or not; members first, then guests.

    From the attendance by time; a ticked organisation without times was there all the same. A seat that
    stayed empty is excused where its member was away or had replied that nobody comes. Queries: 2.
    """
    replied = choices_of_seats(meeting)
    # Where times were taken for one seat of an organisation its tick says nothing about another.
    rows = [*(line.rows for line in room.seats), *(line.rows for line in room.guests)]
    said = room.ticked - {row.organisation_id for of_line in rows for row in of_line}
    members = [
        _member(line, replied.get(line.seat.pk, ""), is_said=line.seat.organisation_id in said)
        for line in room.seats
    ]
    guests = [
        Presence(line.organisation.name, "", GUEST, _stays(line.rows))
        for line in room.guests
        if line.rows or line.organisation.pk in room.ticked
    ]
    return [*members, *sorted(guests, key=lambda guest: guest.organisation)]


def _member(line: SeatLine, reply: str, *, is_said: bool) -> Presence:
    seat, is_away = line.seat, line.standing.absence is not None
    state = EXCUSED if is_away or reply == ReplyChoice.DECLINES else ABSENT
    if line.rows:
        state = DEPUTY if all(row.is_deputy for row in line.rows) else PRESENT
    elif is_said:
        has_deputy = seat.deputy_id is not None and (is_away or reply == ReplyChoice.DEPUTY)
        state = DEPUTY if has_deputy else PRESENT
    return Presence(seat.organisation.name, seat.seat, state, _stays(line.rows))


def quorum_in(room: Room, lines: list[ItemLine], *, has_decided: bool) -> QuorumPart | None:
    """Whether the body could decide, item by item where times were taken; None if nobody noted who came.

    Args:
        room: Of any meeting.
        lines: Its whole agenda.
        has_decided: Whether it decided anything: that was counted with a quorum, then and there.

    Returns:
        Numbers, and the rules as plain values. Queries: none.
    """
    # As the list of presences reads it: a tick says nothing where times were taken.
    said = room.ticked - {row.organisation_id for line in room.seats for row in line.rows}
    timed = {line.seat.pk for line in room.voting if line.rows}
    there = timed | {line.seat.pk for line in room.voting if line.seat.organisation_id in said}
    if not there:
        return None
    # With ticks alone for some nobody can say for an item who was in the room.
    is_timed = there == timed
    quorum = room.quorum_of(there)
    at_item = [(line, room.quorum_at(line.item, line.decision)) for line in lines] if is_timed else []
    return QuorumPart(
        present=quorum.present,
        voting=quorum.voting,
        needed=quorum.needed,
        is_timed=is_timed,
        is_there=quorum.is_there or has_decided,
        lacking=tuple(line.number for line, found in at_item if found is not None and not found.is_there),
        share=str(room.rules.quorum_share),
        groups=tuple(
            GroupPart(row.kind, row.count, None if row.share is None else str(row.share))
            for row in room.rules.groups
        ),
        holds_throughout=_holds_throughout(room, lines) if is_timed else None,
    )


def _holds_throughout(room: Room, lines: list[ItemLine]) -> bool | None:
    """Whether the quorum held from the first call to the last end; None where no item was called."""
    called = [line.item.called_at for line in lines if line.item.called_at is not None]
    if not called:
        return None
    ended = [line.item.finished_at for line in lines if line.item.finished_at is not None]
    return room.holds_between(min(called), max([*called, *ended]))


def _stays(rows: Sequence[Attendance]) -> tuple[Stay, ...]:
    return tuple(Stay(row.arrived_at, row.left_at) for row in rows)


def span_of(meeting: Meeting) -> tuple[datetime.datetime | None, datetime.datetime | None]:
    """When a meeting began and ended, as far as agenda and attendance tell. Queries: 2."""
    items = list(meeting.agenda.standing().values_list("called_at", "finished_at"))
    stays = list(meeting.attendances.values_list("arrived_at", "left_at"))
    first = [moment for pair in (*items, *stays) if (moment := pair[0]) is not None]
    last = [moment for pair in (*items, *stays) for moment in pair if moment is not None]
    return min(first, default=None), max(last, default=None)
