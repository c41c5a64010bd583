"""Reading bodies and their seats."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from django.contrib.auth.models import AnonymousUser
from django.db.models import Case, IntegerField, QuerySet, When
from django.utils import timezone

from stakeholders.models import Body, BodyMembership, FormerDeputy, Function, Membership, Seat, User
from stakeholders.permissions import Perm, visible

#: Chair, voting members, advisory members.
SEAT_ORDER = (
    Case(
        *(When(seat=seat, then=position) for position, seat in enumerate(Seat)), output_field=IntegerField()
    ),
    "organisation__name",
    "pk",
)


def body_seats(body: Body, *, day: datetime.date | None = None) -> QuerySet[BodyMembership]:
    """Seats of a body on a day (today by default), chair first; organisation, person, deputy joined."""
    return (
        BodyMembership.objects.on(day or timezone.localdate())
        .filter(body=body)
        .select_related("organisation", "user", "deputy")
        .order_by(*SEAT_ORDER)
    )


def managed_bodies(user: User | AnonymousUser) -> QuerySet[Body]:
    """Bodies whose members a person enters. Queries: none of its own."""
    return visible(user, Perm.MANAGE_BODY, Body.objects.all())


def with_deputies_of(seats: Iterable[BodyMembership], day: datetime.date) -> list[BodyMembership]:
    """Seats with who stood in for them on a day, also where another deputy has been named since.

    Args:
        seats: Not to be saved afterwards; their deputies joined.
        day: The day asked about.

    Returns:
        The same seats. Queries: 1.
    """
    rows = list(seats)
    former: dict[int, FormerDeputy] = {}
    found = FormerDeputy.objects.filter(seat__in=[row.pk for row in rows], until_on__gte=day)
    for change in found.select_related("deputy").order_by("-until_on"):
        former[change.seat_id] = change
    for row in rows:
        if row.pk in former:
            row.deputy = former[row.pk].deputy
    return rows


def functions_at(seats: Iterable[BodyMembership], day: datetime.date) -> dict[tuple[int, int], str]:
    """In which function members and deputies sat for their organisation on a day.

    Args:
        seats: Their deputies are those of the day (``with_deputies_of``).
        day: The day asked about.

    Returns:
        Keys of seat and person -> function in words, several with commas; nobody whose function in the
        organisation is none, or only its administration. Queries: 1.
    """
    rows = list(seats)
    people = {pk for row in rows for pk in (row.user_id, row.deputy_id) if pk is not None}
    found: dict[tuple[int, int], list[str]] = {}
    memberships = Membership.objects.on(day).filter(
        user__in=people, organisation__in={row.organisation_id for row in rows}
    )
    # In the order of rank, whatever the database says.
    rank = list(Function)
    for row in sorted(memberships, key=lambda row: rank.index(Function(row.function))):
        if row.function != Function.ADMINISTRATOR:
            found.setdefault((row.user_id, row.organisation_id), []).append(str(row.get_function_display()))
    return {
        (row.pk, pk): ", ".join(found[pk, row.organisation_id])
        for row in rows
        for pk in (row.user_id, row.deputy_id)
        if pk is not None and (pk, row.organisation_id) in found
    }
