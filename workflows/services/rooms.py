"""Writes of the room of a meeting: opened and closed, the area before it, statements, rounds of points.

Each write locks the row of the room: what happens in a room happens one after the other, and each change
raises its version in the same transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from monitoring.models import Area, Domain, Indicator
from project.common.errors import DomainError, as_domain_error
from stakeholders.audit import log_action
from stakeholders.models import BodyMembership, Organisation, User
from workflows.models import Meeting, PointGiven, PointOption, PointRound, Room, RoomEntry, Statement
from workflows.selectors.agenda import leads_meeting
from workflows.selectors.attendance import seats_in_room
from workflows.selectors.polls import able_at_seat
from workflows.services.conference import statement_add
from workflows.services.room_version import room_ends_with, rooms_raise, round_end

LEAST_OPTIONS, MOST_OPTIONS = 2, 20
_OPTION_LENGTH = 250


@transaction.atomic
def room_open(meeting: Meeting, *, user: User) -> Room:
    """Open the room of a meeting, or open it again.

    Raises:
        DomainError: ``not_for_you``, ``meeting_closed``, ``cycle_closed``, ``room_open`` already.
    """
    _require_runner(meeting, user)
    locked = Meeting.objects.select_for_update(of=("self",)).select_related("cycle").get(pk=meeting.pk)
    if locked.closed_at is not None:
        raise DomainError("meeting_closed", _("The meeting is closed already."))
    if locked.cycle.is_closed:
        raise DomainError("cycle_closed", _("The cycle is closed."))
    room = Room.objects.filter(meeting=meeting).first()
    if room is not None and room.is_open:
        raise DomainError("room_open", _("The room is open already."))
    if room is None:
        room = Room.objects.create(meeting=meeting, opened_by=user)
    else:
        room.closed_at = None
        room.save(update_fields=["closed_at"])
    rooms_raise(Room.objects.filter(pk=room.pk))
    log_action("room.opened", user=user, obj=meeting, territory=meeting.cycle.territory)
    return room


@transaction.atomic
def room_close(room: Room, *, user: User) -> None:
    """Close a room; an open round of points ends with it.

    Raises:
        DomainError: ``not_for_you``, ``room_closed``.
    """
    _require_runner(room.meeting, user)
    _lock(room)
    room_ends_with(room.meeting, user=user)


@transaction.atomic
def room_show(room: Room, area: Area | None, *, user: User) -> None:
    """Put an area before the room; None for none.

    Raises:
        DomainError: ``not_for_you``, ``room_closed``, ``area_not_chosen``.
    """
    _require_runner(room.meeting, user)
    _lock(room)
    profiles = room.meeting.cycle.profiles.filter(released_at__isnull=False)
    if area is not None and not profiles.filter(area=area).exists():
        raise DomainError("area_not_chosen", _("This area has no profile in the cycle."))
    room.area = area
    room.save(update_fields=["area"])
    rooms_raise(Room.objects.filter(pk=room.pk))


@transaction.atomic
def room_statement_add(
    room: Room,
    *,
    entry_key: uuid.UUID,
    area: Area,
    organisation: Organisation,
    user: User,
    position: str,
    text: str,
    indicator: Indicator | None = None,
    domain: Domain | None = None,
    confidence: str = "",
    source_group: str = "",
) -> Statement | None:
    """Add a statement from the room, once however often the page sends it.

    Args:
        room: An open room.
        entry_key: Made by the page.
        area: One of the areas chosen in the cycle, usually the one before the room.
        organisation: Whose knowledge it is.
        user: Who enters it.
        position: As in ``statement_add``.
        text: As in ``statement_add``.
        indicator: As in ``statement_add``.
        domain: As in ``statement_add``.
        confidence: As in ``statement_add``.
        source_group: As in ``statement_add``.

    Returns:
        The statement; None if this entry had come in before.

    Raises:
        DomainError: ``room_closed``, ``foreign_entry``, and those of ``statement_add``.
    """
    if not _is_new(room, entry_key, user):
        return None
    statement = statement_add(
        room.meeting.cycle,
        area=area,
        position=position,
        text=text,
        organisation=organisation,
        user=user,
        indicator=indicator,
        domain=domain,
        confidence=confidence,
        source_group=source_group,
    )
    # Also where the room has gone on to another area meanwhile: counts of the areas are shown.
    rooms_raise(Room.objects.filter(pk=room.pk))
    return statement


@transaction.atomic
def round_open(
    room: Room,
    *,
    title: str,
    points_each: int,
    options: Sequence[str],
    user: User,
    is_live: bool = False,
) -> PointRound:
    """Ask the members for points.

    Args:
        room: An open room without an open round.
        title: The question.
        points_each: Points of each member, 1 to ``MOST_POINTS``.
        options: What can get points; the same text twice counts once.
        user: Who leads the room.
        is_live: Whether the screen shows the result while it grows.

    Raises:
        DomainError: ``not_for_you``, ``room_closed``, ``round_open`` already, ``too_few_options``,
            ``too_many_options``, ``invalid``.
    """
    _require_runner(room.meeting, user)
    _lock(room)
    if room.rounds.filter(closed_at__isnull=True).exists():
        raise DomainError("round_open", _("There is an open round of points; end it first."))
    texts = list(dict.fromkeys(text.strip()[:_OPTION_LENGTH] for text in options if text.strip()))
    if len(texts) < LEAST_OPTIONS:
        raise DomainError("too_few_options", _("Name at least two things to choose from."))
    if len(texts) > MOST_OPTIONS:
        raise DomainError(
            "too_many_options", _("Name at most %(count)s things to choose from.") % {"count": MOST_OPTIONS}
        )
    row = PointRound(room=room, title=title.strip(), points_each=points_each, is_live=is_live)
    try:
        row.full_clean()
    except ValidationError as error:
        raise as_domain_error(error) from error
    row.save()
    PointOption.objects.bulk_create(
        PointOption(round=row, position=place, text=text) for place, text in enumerate(texts, start=1)
    )
    rooms_raise(Room.objects.filter(pk=room.pk))
    log_action("point_round.opened", user=user, obj=row, territory=room.meeting.cycle.territory)
    return row


@transaction.atomic
def round_close(point_round: PointRound, *, user: User) -> None:
    """End a round of points; its result stays.

    Raises:
        DomainError: ``not_for_you``, ``room_closed``, ``round_closed``.
    """
    room = point_round.room
    _require_runner(room.meeting, user)
    _lock(room)
    point_round.refresh_from_db()
    if not point_round.is_open:
        raise DomainError("round_closed", _("The round of points is over."))
    round_end(point_round, user=user)
    rooms_raise(Room.objects.filter(pk=room.pk))


@transaction.atomic
def points_give(
    point_round: PointRound,
    *,
    seat: BodyMembership,
    counts: Mapping[int, int],
    entry_key: uuid.UUID,
    user: User,
) -> None:
    """Give the points of a seat, all at once; what it gave before is replaced.

    Args:
        point_round: An open round.
        seat: A seat of the body, held by the person or by whom they stand in for.
        counts: Key of a choice -> points; choices without points may lack.
        entry_key: Made by the page; sent again it changes nothing.
        user: Who gives.

    Raises:
        DomainError: ``room_closed``, ``round_closed``, ``foreign_seat``, ``seat_has_given`` by the member,
            those of ``able_at_seat`` for a deputy, ``foreign_option``, ``too_many_points``,
            ``foreign_entry``.
    """
    room = point_round.room
    if not _is_new(room, entry_key, user):
        return
    locked = PointRound.objects.select_for_update().get(pk=point_round.pk)
    if not locked.is_open:
        raise DomainError("round_closed", _("The round of points is over."))
    if seat.body_id != room.meeting.body_id or user.pk not in {seat.user_id, seat.deputy_id}:
        raise DomainError("foreign_seat", _("Points are given by the members of the body."))
    given = PointGiven.objects.filter(option__round=locked, seat=seat)
    if user.pk != seat.user_id:
        _deputy_may_give(room, seat, given=given)
    wanted = {pk: count for pk, count in counts.items() if count}
    if set(wanted) - set(locked.options.values_list("pk", flat=True)):
        raise DomainError("foreign_option", _("This choice is not part of the round."))
    if min(wanted.values(), default=1) < 1 or sum(wanted.values()) > locked.points_each:
        raise DomainError(
            "too_many_points",
            _("You have %(count)s points; give no more than that.") % {"count": locked.points_each},
        )
    given.delete()
    PointGiven.objects.bulk_create(
        PointGiven(option_id=pk, seat=seat, given_by=user, count=count) for pk, count in wanted.items()
    )
    rooms_raise(Room.objects.filter(pk=room.pk))
    # That they gave, never what.
    log_action("point_round.points_given", user=user, obj=locked, territory=room.meeting.cycle.territory)


def _deputy_may_give(room: Room, seat: BodyMembership, *, given: QuerySet[PointGiven]) -> None:
    """A deputy stands in for who is away; the member's own points replace the deputy's, never the reverse."""
    if given.filter(given_by=seat.user_id).exists():
        raise DomainError(
            "seat_has_given", _("Points have been given for this seat already, by its other holder.")
        )
    able_at_seat(seats_in_room(room.meeting), seat, is_deputy=True)


def _require_runner(meeting: Meeting, user: User) -> None:
    if not leads_meeting(user, meeting):
        raise DomainError("not_for_you", _("The chair of the body leads the room, or planning."))


def _lock(room: Room) -> None:
    """Lock the row of an open room and take over what others changed in it."""
    locked = Room.objects.select_for_update().get(pk=room.pk)
    if not locked.is_open:
        raise DomainError("room_closed", _("The room is closed. What was entered is kept."))
    room.area_id, room.closed_at = locked.area_id, locked.closed_at


def _is_new(room: Room, entry_key: uuid.UUID, user: User) -> bool:
    """Note an entry under the lock of the room; False if it is there already, whatever happened since."""
    known = RoomEntry.objects.filter(entry_key=entry_key).first()
    if known is None:
        _lock(room)
        known = RoomEntry.objects.filter(entry_key=entry_key).first()
    if known is not None:
        if (known.room_id, known.user_id) != (room.pk, user.pk):
            raise DomainError("foreign_entry", _("Please load the page again and enter it once more."))
        return False
    RoomEntry.objects.create(room=room, entry_key=entry_key, user=user)
    return True
