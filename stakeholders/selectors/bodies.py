"""Reading bodies and their seats."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from django.contrib.auth.models import AnonymousUser
from django.db.models import Case, IntegerField, QuerySet, When
from django.utils import timezone

from stakeholders.models import Body, BodyMembership, FormerDeputy, Seat, User
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
