"""Keeping people in the groups that their functions and seats of the day bring, and in no other."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from stakeholders.models import Body, BodyMembership, Membership, Organisation, User
from stakeholders.permissions import (
    Role,
    group_name,
    repair_groups,
    role_group,
    role_of_seat,
    roles_of_membership,
)

#: Only groups of these names are managed; others (there are none today) stay untouched.
MANAGED_PREFIXES = tuple(f"{role.value}-" for role in Role)

# Group name -> what role_group needs to make it.
_Targets = dict[str, tuple[Role, Organisation | Body]]


def _managed(path: str) -> Q:
    condition = Q()
    for prefix in MANAGED_PREFIXES:
        condition |= Q(**{f"{path}__startswith": prefix})
    return condition


def _wanted(day: datetime.date, people: Iterable[int] | None) -> tuple[dict[int, set[str]], _Targets]:
    """Group names each active person must be in on a day. Queries: 2."""
    memberships = Membership.objects.on(day).filter(user__is_active=True)
    seats = BodyMembership.objects.on(day)
    if people is not None:
        keys = list(people)
        memberships = memberships.filter(user__in=keys)
        seats = seats.filter(Q(user__in=keys) | Q(deputy__in=keys))
    wanted: dict[int, set[str]] = {}
    targets: _Targets = {}

    def want(user_id: int, role: Role, obj: Organisation | Body) -> None:
        name = group_name(role, obj.pk)
        targets[name] = (role, obj)
        wanted.setdefault(user_id, set()).add(name)

    for membership in memberships.select_related("organisation__territory"):
        for role, target in roles_of_membership(membership.organisation, membership.function):
            want(membership.user_id, role, target)
    for seat in seats.select_related("body", "user", "deputy"):
        for person in (seat.user, seat.deputy):
            if person is not None and person.is_active and (people is None or person.pk in keys):
                want(person.pk, role_of_seat(seat.seat), seat.body)
    return wanted, targets


def _apply(day: datetime.date, people: Iterable[int] | None = None) -> int:
    wanted, targets = _wanted(day, people)
    through = User.groups.through
    rows = through._default_manager.filter(_managed("group__name"))
    if people is not None:
        rows = rows.filter(user__in=list(people))
    have = {(user_id, name): pk for pk, user_id, name in rows.values_list("pk", "user_id", "group__name")}
    pairs = {(user_id, name) for user_id, names in wanted.items() for name in names}
    surplus = [pk for pair, pk in have.items() if pair not in pairs]
    through._default_manager.filter(pk__in=surplus).delete()
    missing = sorted(pairs - have.keys())
    names = {name for _user_id, name in missing}
    groups = dict(Group.objects.filter(name__in=names).values_list("name", "pk"))
    for name in sorted(names - groups.keys()):
        role, obj = targets[name]
        groups[name] = role_group(role, obj).pk
    # Two services may add the same person at the same moment: the second finds it done.
    through._default_manager.bulk_create(
        [through(user_id=user_id, group_id=groups[name]) for user_id, name in missing], ignore_conflicts=True
    )
    return len(surplus) + len(missing)


@transaction.atomic
def sync_person(person: User, *, day: datetime.date | None = None) -> int:
    """Put one person into exactly the groups of their functions and seats.

    A person may hold several functions and sit in several bodies: a group is left only when nothing else
    of that day brings it.

    Args:
        person: Whose groups to set; a deactivated person leaves all.
        day: Day that counts, today by default; first and last day of a period are included.

    Returns:
        Number of groups joined or left.
    """
    return _apply(day or timezone.localdate(), [person.pk])


@transaction.atomic
def sync_roles(*, day: datetime.date | None = None) -> int:
    """Set everybody's groups from the functions and seats of a day and repair the rights of the groups.

    Run each day, so that a membership that begins later counts from its first day and one that ended
    stops counting the day after its last. Running it twice changes nothing.

    Args:
        day: Day that counts, today by default.

    Returns:
        Number of memberships in groups and of grants that were added or removed.
    """
    return _apply(day or timezone.localdate()) + repair_groups()
