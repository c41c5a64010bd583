"""Reading people: what they do where, and who may manage them."""

from __future__ import annotations

import dataclasses
import datetime

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone

from stakeholders.models import Body, BodyMembership, Membership, Organisation, User
from stakeholders.models.organisations import SUPRAREGIONAL_KINDS
from stakeholders.permissions import Perm, holders, visible
from stakeholders.selectors.organisations import administered_scopes, managed_organisations


@dataclasses.dataclass(frozen=True)
class PersonRow:
    """A line of the list of people.

    Args:
        person: The person.
        functions: What they do today, "Head, Youth office"; only where the reader administers.
        has_signed_in: Whether they ever did; an invitation may have got lost.
    """

    person: User
    functions: tuple[str, ...]
    has_signed_in: bool


def person_functions(person: User, *, day: datetime.date | None = None) -> QuerySet[Membership]:
    """What a person does in which organisation on a day (today by default)."""
    return (
        Membership.objects.on(day or timezone.localdate())
        .filter(user=person)
        .select_related("organisation__territory")
        .order_by("starts_on", "pk")
    )


def person_seats(person: User, *, day: datetime.date | None = None) -> QuerySet[BodyMembership]:
    """Seats a person holds on a day (today by default)."""
    return (
        BodyMembership.objects.on(day or timezone.localdate())
        .filter(user=person)
        .select_related("body__territory", "organisation", "deputy")
        .order_by("body__name", "pk")
    )


def stand_ins(person: User, *, day: datetime.date | None = None) -> QuerySet[BodyMembership]:
    """Seats for which a person is the deputy on a day (today by default)."""
    return (
        BodyMembership.objects.on(day or timezone.localdate())
        .filter(deputy=person)
        .select_related("body__territory", "organisation", "user")
        .order_by("body__name", "pk")
    )


def managed_people(user: User | AnonymousUser) -> QuerySet[User]:
    """People who work, worked or will work where the user administers, and who sit in bodies there.

    Queries: none of its own.
    """
    work = Membership.objects.filter(user=OuterRef("pk"), organisation__in=managed_organisations(user))
    bodies = visible(user, Perm.MANAGE_BODY, Body.objects.all())
    seats = BodyMembership.objects.filter(Q(user=OuterRef("pk")) | Q(deputy=OuterRef("pk")), body__in=bodies)
    return User.objects.filter(Exists(work) | Exists(seats))


def person_rows(people: QuerySet[User], user: User) -> QuerySet[User]:
    """The same people with what they do today where the user administers, in ``shown_functions``.

    Queries: 1 more, for any number of rows.
    """
    shown = (
        Membership.objects.on(timezone.localdate())
        .filter(organisation__in=managed_organisations(user))
        .select_related("organisation")
        .order_by("organisation__name", "pk")
    )
    return people.prefetch_related(Prefetch("memberships", shown, to_attr="shown_functions"))


def as_row(person: User) -> PersonRow:
    """A row of ``person_rows`` for lists and files."""
    return PersonRow(
        person=person,
        functions=tuple(
            f"{row.get_function_display()}, {row.organisation.label}"
            for row in person.shown_functions  # type: ignore[attr-defined]
        ),
        has_signed_in=person.last_login is not None,
    )


def selectable_people(scope: Organisation) -> QuerySet[User]:
    """Active people to choose from for functions and seats of a territory.

    Those who work there, now or later, sit in its bodies, or work for a funder or adviser, who work with all.

    Args:
        scope: A territory, or a funder with its own people.

    Returns:
        People by name, each with ``current_functions`` fetched. Queries: 2.
    """
    today = timezone.localdate()
    lasting = Q(ends_on__isnull=True) | Q(ends_on__gte=today)
    places = Q(organisation=scope) | Q(organisation__territory=scope)
    if scope.is_territory:
        places |= Q(organisation__territory__isnull=True, organisation__kind__in=SUPRAREGIONAL_KINDS)
    work = Membership.objects.filter(lasting, places, user=OuterRef("pk"))
    seats = BodyMembership.objects.filter(
        lasting, Q(user=OuterRef("pk")) | Q(deputy=OuterRef("pk")), body__territory=scope
    )
    shown = Membership.objects.filter(lasting, places).select_related("organisation").order_by("pk")
    return (
        User.objects.filter(Exists(work) | Exists(seats), is_active=True)
        .order_by("display_name", "username")
        .prefetch_related(Prefetch("memberships", shown, to_attr="current_functions"))
    )


def colleagues(perm: Perm, obj: models.Model, *, without: User) -> QuerySet[User]:
    """Who else has a right on an organisation or body, to whom a task can be handed over. Queries: 1."""
    return holders(perm, obj).exclude(pk=without.pk).order_by("display_name", "username")


def scopes_of(person: User) -> list[Organisation]:
    """Territories (and supra-regional organisations) to which a person belongs, now or later.

    If every function has ended, those of the past, and without any those of the seats: somebody must be able
    to answer for the sign-in. Queries: 1 or 2.
    """
    rows = list(person.memberships.select_related("organisation__territory"))
    today = timezone.localdate()
    lasting = [row for row in rows if row.ends_on is None or row.ends_on >= today]
    found = {row.organisation.scope.pk: row.organisation.scope for row in lasting or rows}
    if not found:
        seats = BodyMembership.objects.filter(Q(user=person) | Q(deputy=person))
        found = {row.body.territory.pk: row.body.territory for row in seats.select_related("body__territory")}
    return sorted(found.values(), key=lambda scope: scope.name)


def answers_for(user: User, person: User) -> bool:
    """Whether the user administers every place a person belongs to, and so may manage the sign-in."""
    scopes = {scope.pk for scope in scopes_of(person)}
    administered = set(administered_scopes(user).filter(pk__in=scopes).values_list("pk", flat=True))
    return bool(scopes) and administered == scopes
