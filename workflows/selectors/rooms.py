"""Reads of the room of a meeting: who may enter, what it shows, who has points to give."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Final

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from project.common.prepared import Prepared
from stakeholders.models import Body, BodyMembership, Organisation, User
from stakeholders.permissions import Perm, visible
from workflows.models import (
    AreaProfile,
    Meeting,
    Participant,
    PlanningCycle,
    PointGiven,
    PointOption,
    PointRound,
    Room,
    StageKind,
    Statement,
)
from workflows.selectors.conference import (
    Figure,
    StatementFilter,
    area_figures,
    conference_profiles,
    figure_limit,
    invitable,
    statements_seen_by,
)

#: Newest statements on the pages; all of them are in the list of the cycle.
MOST_STATEMENTS = 30
#: Strongest deviations on the screen: what is readable from the last row.
MOST_FIGURES = 8


def room_meetings(user: Any) -> QuerySet[Meeting]:
    """Meetings whose room a person may enter: members of the body, planning, and the invited organisations.

    Returns:
        Meetings with ``is_member`` (of the body) and ``sees_all`` (statements of everybody, also while they
        are drafts). Queries: none of its own; one condition answers it all.
    """
    member = Exists(visible(user, Perm.ADVISE_BODY, Body.objects.filter(pk=OuterRef("body"))))
    manages = Exists(visible(user, Perm.MANAGE_CYCLE, PlanningCycle.objects.filter(pk=OuterRef("cycle"))))
    own = visible(user, Perm.ACT_FOR_ORGANISATION, Organisation.objects.filter(pk=OuterRef("organisation")))
    guest = Exists(Participant.objects.filter(Exists(own), meeting=OuterRef("pk")))
    drafts = Exists(visible(user, Perm.VIEW_DRAFTS, PlanningCycle.objects.filter(pk=OuterRef("cycle"))))
    over = Q(cycle__stage__gt=StageKind.CONFERENCE)
    return Meeting.objects.annotate(
        is_member=member,
        sees_all=Case(When(Q(drafts) | over, then=Value(True)), default=Value(False)),
    ).filter(Q(is_member=True) | Q(manages) | Q(guest))


@dataclasses.dataclass(frozen=True)
class Entrance:
    """What a page that asks for news needs to know.

    Attributes:
        is_member: Of the body.
        sees_all: As of ``room_meetings``.
        version: Of the room; None before it was opened for the first time.
        opened_at: Of the room, as the database writes it; None likewise.
    """

    is_member: bool
    sees_all: bool
    version: int | None
    opened_at: Any


def _entrance_rows(user_pk: int, meeting_pk: int) -> QuerySet[Any, Any]:
    rows: QuerySet[Any, Any] = room_meetings(User(pk=user_pk, is_active=True)).filter(pk=meeting_pk)
    return rows.order_by().values_list("is_member", "sees_all", "room__version", "room__opened_at")


_ENTRANCE: Final = Prepared(_entrance_rows, keys=2)


def entrance_of(user: Any, meeting_pk: int) -> Entrance | None:
    """Whether the person may enter the room of a meeting now, as ``room_meetings`` says it, and its version.

    Asked by all pages of a room again and again: the rights are read each time, only the SQL is kept.

    Returns:
        None for who may not, and for a meeting that is not there. Queries: 1.
    """
    if not isinstance(user, User) or not user.is_active:
        return None
    row = _ENTRANCE.first(user.pk, meeting_pk)
    if row is None:
        return None
    is_member, sees_all, version, opened_at = row
    return Entrance(bool(is_member), bool(sees_all), version, opened_at)


@dataclasses.dataclass(frozen=True)
class PointResult:
    """What a choice got in a round.

    Attributes:
        option: The choice.
        points: All points together.
        givers: Members who gave it any.
        rank: 1 for most points; the same for the same number.
    """

    option: PointOption
    points: int
    givers: int
    rank: int


@dataclasses.dataclass(frozen=True)
class RoundView:
    """A round of points with its result.

    Attributes:
        round: The round.
        results: Choices by points, most first.
        given_count: Seats that gave points.
        most: Points of the first choice, at least 1: the length of the longest bar.
    """

    round: PointRound
    results: Sequence[PointResult]
    given_count: int

    @property
    def most(self) -> int:
        """Points of the first choice, at least 1."""
        return max([1, *(row.points for row in self.results)])

    @property
    def options(self) -> Sequence[PointOption]:
        """Choices as they were named."""
        return sorted((row.option for row in self.results), key=lambda option: option.position)


@dataclasses.dataclass(frozen=True)
class RoomView:
    """All that the pages of a room show.

    Attributes:
        room: With meeting, body, cycle and area.
        profile: Profile of the area before the room; None for none.
        figures: Of that area, strongest need first, protected by statistical secrecy.
        statements: On that area, newest first, as far as the person may read them.
        statement_count: All of them.
        open_round: The round in which points are given.
        last_round: The round before it, with its result.
    """

    room: Room
    profile: AreaProfile | None
    figures: Sequence[Figure]
    statements: Sequence[Statement]
    statement_count: int
    open_round: RoundView | None
    last_round: RoundView | None

    @property
    def figure_limit(self) -> float:
        """Scale of the bars."""
        return figure_limit(self.figures)

    @property
    def strongest(self) -> Sequence[Figure]:
        """The strongest deviations in either direction, most need first."""
        known = [row for row in self.figures if row.z is not None]
        chosen = sorted(known, key=lambda row: -abs(row.z or 0.0))[:MOST_FIGURES]
        return [row for row in known if row in chosen]


def room_view(user: Any, room: Room) -> RoomView:
    """Read what a room shows.

    Args:
        user: Who looks.
        room: With meeting, cycle and area loaded.

    Returns:
        The view. Queries: at most 16, whatever the numbers of statements and choices.
    """
    cycle, area = room.meeting.cycle, room.area
    profile, figures, statements, count = None, [], [], 0
    if area is not None:
        profile = conference_profiles(cycle).filter(area=area).first()
        figures = area_figures(cycle, [area])[area.pk]
        said = statements_seen_by(user, cycle, StatementFilter(area_pk=area.pk))
        count = said.count()
        statements = list(said.order_by("-created_at", "-pk")[:MOST_STATEMENTS])
    rounds = [round_view(row) for row in room.rounds.order_by("-pk")[:2]]
    is_open = bool(rounds) and rounds[0].round.is_open
    return RoomView(
        room=room,
        profile=profile,
        figures=figures,
        statements=statements,
        statement_count=count,
        open_round=rounds[0] if is_open else None,
        last_round=next(iter(rounds[1:] if is_open else rounds), None),
    )


def round_view(point_round: PointRound) -> RoundView:
    """A round with its result; no person in it. Queries: 2."""
    options = point_round.options.annotate(
        points=Coalesce(Sum("given__count"), 0), givers=Count("given")
    ).order_by("-points", "position")
    rows = list(options)
    results = [
        PointResult(
            row,
            row.points,
            row.givers,
            1 + sum(other.points > row.points for other in rows),
        )
        for row in rows
    ]
    seats = PointGiven.objects.filter(option__round=point_round).values("seat").distinct().count()
    return RoundView(point_round, results, seats)


def seat_of(user: Any, meeting: Meeting) -> BodyMembership | None:
    """The seat a person gives points for: their own, else one they are deputy of. Queries: 1."""
    seats = BodyMembership.objects.on(timezone.localdate()).filter(body=meeting.body)
    own = Case(When(user=user, then=Value(0)), default=Value(1))
    return (
        seats.filter(Q(user=user) | Q(deputy=user)).select_related("organisation").order_by(own, "pk").first()
    )


def points_of(point_round: PointRound, seat: BodyMembership) -> dict[int, int]:
    """What a seat gave, for its own holder. Queries: 1."""
    given = PointGiven.objects.filter(option__round=point_round, seat=seat)
    return dict(given.values_list("option", "count"))


def organisations_in_room(user: Any, meeting: Meeting, *, runs_room: bool) -> QuerySet[Organisation]:
    """Organisations somebody may speak for in the room.

    Args:
        user: Who speaks.
        meeting: The meeting.
        runs_room: Who leads the room writes down what anybody says.

    Returns:
        The organisation of their seat, and invited ones they act for. Queries: none of its own.
    """
    if runs_room:
        return invitable(meeting.cycle)
    seats = BodyMembership.objects.on(timezone.localdate()).filter(body=meeting.body)
    seated = seats.filter(Q(user=user) | Q(deputy=user)).values("organisation")
    acted = visible(user, Perm.ACT_FOR_ORGANISATION, Organisation.objects.all())
    invited = meeting.participants.values("organisation")
    return (
        invitable(meeting.cycle)
        .filter(Q(pk__in=seated) | Q(pk__in=acted.filter(pk__in=invited).values("pk")))
        .order_by(F("name"))
    )
