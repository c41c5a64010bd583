"""Reading bodies and their seats."""

from __future__ import annotations

import datetime

from django.contrib.auth.models import AnonymousUser
from django.db.models import Case, IntegerField, QuerySet, When
from django.utils import timezone

from stakeholders.models import Body, BodyMembership, Seat, User
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
