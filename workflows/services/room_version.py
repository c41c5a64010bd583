"""What a room shares with what happens outside of it: the number of its changes, and its end."""

from django.db.models import F, QuerySet
from django.utils import timezone

from monitoring.models import Area
from stakeholders.audit import log_action
from stakeholders.models import User
from workflows.models import Meeting, PlanningCycle, PointGiven, PointRound, Room


def rooms_raise(rooms: QuerySet[Room]) -> None:
    """Raise the version of rooms, in the transaction of the change, or pages miss it. Queries: 1."""
    rooms.update(version=F("version") + 1)


def rooms_showing_raise(cycle: PlanningCycle, area: Area) -> None:
    """Tell the open rooms that show an area of a cycle that its statements changed. Queries: 1."""
    rooms_raise(Room.objects.filter(meeting__cycle=cycle, area=area, closed_at__isnull=True))


def room_ends_with(meeting: Meeting, *, user: User) -> None:
    """Close the open room of a meeting and the round in it, as its leader or the end of the meeting does.

    The room is locked before its rounds, as where points are given.
    """
    room = (
        Room.objects.select_for_update(of=("self",)).filter(meeting=meeting, closed_at__isnull=True).first()
    )
    if room is None:
        return
    for row in room.rounds.filter(closed_at__isnull=True):
        round_end(row, user=user)
    room.closed_at = timezone.now()
    room.save(update_fields=["closed_at"])
    rooms_raise(Room.objects.filter(pk=room.pk))
    log_action("room.closed", user=user, obj=meeting, territory=meeting.cycle.territory)


def round_end(point_round: PointRound, *, user: User) -> None:
    """End an open round of points; its room is locked by the caller."""
    point_round.closed_at = timezone.now()
    point_round.save(update_fields=["closed_at"])
    totals: dict[str, int] = {}
    for row in PointGiven.objects.filter(option__round=point_round).select_related("option"):
        totals[row.option.text] = totals.get(row.option.text, 0) + row.count
    log_action(
        "point_round.closed",
        user=user,
        obj=point_round,
        territory=point_round.room.meeting.cycle.territory,
        data={"points": [f"{text}: {count}" for text, count in totals.items()]},
    )
