"""Writing bodies and who sits in them."""

from __future__ import annotations

import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import Body, BodyKind, BodyMembership, FormerDeputy, Organisation, Seat, User
from stakeholders.procedure import VotingRules
from stakeholders.services._checks import require_active, require_administrator, save_checked
from stakeholders.services.roles import sync_person
from stakeholders.services.rules import rules_begin


@transaction.atomic
def body_create(
    *, territory: Organisation, name: str, kind: str, quorum_share: Decimal | str, user: User | None
) -> Body:
    """Found a body with its first rules of procedure, in force from today.

    Args:
        territory: Whose body.
        name: Once per territory.
        kind: Value of ``BodyKind``.
        quorum_share: Share of the voting members that must be present, 0..1; else the usual rules: simple
            majority, a tie is a no.
        user: Who acts; None for the system.

    Returns:
        The body, without members.

    Raises:
        PermissionDenied: The user does not administer the territory.
        DomainError: ``no_territory``, ``name_taken``, ``invalid``.
    """
    require_administrator(user, territory)
    if not territory.is_territory:
        raise DomainError("no_territory", _("Only a district or municipality that plans has bodies."))
    body = Body(territory=territory, name=name.strip(), kind=BodyKind(kind))
    _check_name(body)
    save_checked(body)
    rules = VotingRules(body_id=body.pk, quorum_share=Decimal(quorum_share))
    rules_begin(body, rules, valid_from=timezone.localdate(), user=user)
    log_action("body.created", user=user, obj=body, territory=territory, data={"kind": body.kind})
    return body


@transaction.atomic
def body_update(body: Body, *, name: str, is_active: bool = True, user: User | None) -> Body:
    """Change the name of a body, or close it; how it decides: ``rules_add``.

    Args:
        body: What to change; its kind stays, cycles rely on it.
        name: Once per territory.
        is_active: False closes it for new cycles.
        user: Who acts; None for the system.

    Returns:
        The body.

    Raises:
        PermissionDenied: The user does not administer the territory.
        DomainError: ``name_taken``, ``invalid``.
    """
    require_administrator(user, body.territory)
    new = {"name": name.strip(), "is_active": is_active}
    changed = [field for field, value in new.items() if getattr(body, field) != value]
    if not changed:
        return body
    for field in changed:
        setattr(body, field, new[field])
    _check_name(body)
    save_checked(body)
    log_action("body.changed", user=user, obj=body, territory=body.territory, data={"fields": changed})
    return body


def _check_name(body: Body) -> None:
    namesakes = Body.objects.filter(territory=body.territory_id, name=body.name).exclude(pk=body.pk)
    if namesakes.exists():
        raise DomainError("name_taken", _("There is a body called %(name)s already.") % {"name": body.name})


@transaction.atomic
def seat_start(
    *,
    body: Body,
    organisation: Organisation,
    person: User,
    seat: str,
    deputy: User | None = None,
    starts_on: datetime.date,
    user: User | None,
) -> BodyMembership:
    """Give an organisation a seat in a body, held by a person.

    Person and deputy get the rights of the seat with its first day.

    Args:
        body: An open body.
        organisation: For whom they sit there: of the body's territory, or supra-regional.
        person: Who holds the seat; one seat a person and body at a time.
        seat: Value of ``Seat``; one chair at a time.
        deputy: Who stands in.
        starts_on: First day.
        user: Who acts; None for the system.

    Returns:
        The seat.

    Raises:
        PermissionDenied: The user does not administer the body's territory.
        DomainError: ``body_closed``, ``foreign_organisation``, ``person_inactive``, ``own_deputy``,
            ``seat_taken``, ``chair_taken``, ``invalid``.
    """
    require_administrator(user, body.territory)
    Body.objects.select_for_update().get(pk=body.pk)
    if not body.is_active:
        raise DomainError("body_closed", _("%(body)s is closed and takes no members.") % {"body": body})
    if organisation.territory_id not in {None, body.territory_id}:
        raise DomainError(
            "foreign_organisation",
            _("%(organisation)s belongs to another territory.") % {"organisation": organisation},
        )
    require_active(person)
    _check_deputy(person, deputy)
    at_that_time = BodyMembership.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=starts_on), body=body
    )
    if at_that_time.filter(user=person).exists():
        raise DomainError(
            "seat_taken", _("%(person)s sits in this body already in that time.") % {"person": person}
        )
    if seat == Seat.CHAIR and at_that_time.filter(seat=Seat.CHAIR).exists():
        raise DomainError("chair_taken", _("The body has a chair in that time already. End that seat first."))
    row = BodyMembership(
        body=body,
        organisation=organisation,
        user=person,
        deputy=deputy,
        seat=Seat(seat),
        starts_on=starts_on,
    )
    save_checked(row)
    _sync(person, deputy)
    log_action(
        "seat.started",
        user=user,
        obj=row,
        territory=body.territory,
        data={"body": body.name, "seat": row.seat, "starts_on": starts_on},
    )
    return row


@transaction.atomic
def seat_end(seat: BodyMembership, *, ends_on: datetime.date, user: User | None) -> BodyMembership:
    """End a seat with a last day, which still counts.

    Args:
        seat: One without a last day, or with one still to come, which is then moved.
        ends_on: Last day, not before the first.
        user: Who acts; None for the system.

    Returns:
        The seat.

    Raises:
        PermissionDenied: The user does not administer the body's territory.
        DomainError: ``seat_ended``, ``ends_before_start``.
    """
    require_administrator(user, seat.body.territory)
    seat = BodyMembership.objects.select_for_update().get(pk=seat.pk)
    if seat.ends_on is not None and seat.ends_on < timezone.localdate():
        raise DomainError("seat_ended", _("This seat has ended already."))
    if ends_on < seat.starts_on:
        raise DomainError("ends_before_start", _("The last day lies before the first."))
    seat.ends_on = ends_on
    save_checked(seat)
    _sync(seat.user, seat.deputy)
    log_action(
        "seat.ended",
        user=user,
        obj=seat,
        territory=seat.body.territory,
        data={"body": seat.body.name, "seat": seat.seat, "ends_on": ends_on},
    )
    return seat


@transaction.atomic
def seat_set_deputy(seat: BodyMembership, *, deputy: User | None, user: User | None) -> BodyMembership:
    """Name who stands in for a seat, from now on; the former deputy's rights end.

    Args:
        seat: One that has not ended.
        deputy: Another active person, or None for nobody.
        user: Who acts; None for the system.

    Returns:
        The seat.

    Raises:
        PermissionDenied: The user does not administer the body's territory.
        DomainError: ``seat_ended``, ``own_deputy``, ``person_inactive``, ``invalid``.
    """
    require_administrator(user, seat.body.territory)
    seat = BodyMembership.objects.select_for_update().get(pk=seat.pk)
    if seat.ends_on is not None and seat.ends_on < timezone.localdate():
        raise DomainError("seat_ended", _("This seat has ended already."))
    _check_deputy(seat.user, deputy)
    former = seat.deputy
    if former == deputy:
        return seat
    # The former one stood in until yesterday: votes and pages of that time go on naming them.
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    if seat.starts_on <= yesterday:
        FormerDeputy.objects.get_or_create(seat=seat, until_on=yesterday, defaults={"deputy": former})
    seat.deputy = deputy
    save_checked(seat)
    _sync(former, deputy)
    log_action(
        "seat.deputy_changed",
        user=user,
        obj=seat,
        territory=seat.body.territory,
        data={
            "body": seat.body.name,
            # Keys: a name has no place in a log kept for ever.
            "former_id": former.pk if former else None,
            "deputy_id": deputy.pk if deputy else None,
        },
    )
    return seat


def _check_deputy(person: User, deputy: User | None) -> None:
    if deputy is None:
        return
    require_active(deputy)
    if deputy.pk == person.pk:
        raise DomainError("own_deputy", _("Nobody stands in for themselves."))


def _sync(*people: User | None) -> None:
    for person in people:
        if person is not None:
            sync_person(person)
