"""Who works where in which function, from when until when."""

from __future__ import annotations

import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import Function, Membership, Organisation, User
from stakeholders.services._checks import require_active, require_administrator, save_checked
from stakeholders.services.roles import sync_person


@transaction.atomic
def membership_start(
    *,
    person: User,
    organisation: Organisation,
    function: str,
    starts_on: datetime.date,
    user: User | None,
) -> Membership:
    """Let a person work in an organisation in a function from a day on.

    The rights of the function come with the first day; a day in the future is honoured by ``sync_roles``.

    Args:
        person: An active person.
        organisation: An active organisation.
        function: Value of ``Function``.
        starts_on: First day.
        user: Who acts; None for the system.

    Returns:
        The membership.

    Raises:
        PermissionDenied: The user does not administer the organisation's territory.
        DomainError: ``person_inactive``, ``organisation_archived``, ``membership_exists``, ``invalid``.
    """
    scope = organisation.scope
    require_administrator(user, scope)
    # Two administrators at once: the second waits here and then finds what the first entered.
    require_active(User.objects.select_for_update().get(pk=person.pk))
    if not organisation.is_active:
        raise DomainError(
            "organisation_archived",
            _("%(organisation)s is archived and takes no members.") % {"organisation": organisation},
        )
    overlapping = Membership.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=starts_on),
        user=person,
        organisation=organisation,
        function=function,
    )
    if overlapping.exists():
        raise DomainError(
            "membership_exists",
            _("%(person)s has this function in %(organisation)s already in that time.")
            % {"person": person, "organisation": organisation},
        )
    membership = Membership(
        user=person, organisation=organisation, function=Function(function), starts_on=starts_on
    )
    save_checked(membership)
    sync_person(person)
    log_action(
        "membership.started",
        user=user,
        obj=membership,
        territory=scope,
        data={"function": membership.function, "starts_on": starts_on},
    )
    return membership


@transaction.atomic
def membership_end(membership: Membership, *, ends_on: datetime.date, user: User | None) -> Membership:
    """End a membership with a last day.

    That day still counts; from the next on the person has left the groups that nothing else gives.

    Args:
        membership: One without a last day, or with one still to come, which is then moved.
        ends_on: Last day, not before the first.
        user: Who acts; None for the system.

    Returns:
        The membership.

    Raises:
        PermissionDenied: The user does not administer the organisation's territory.
        DomainError: ``membership_ended``, ``ends_before_start``, ``last_administrator``.
    """
    scope = membership.organisation.scope
    require_administrator(user, scope)
    membership = Membership.objects.select_for_update().get(pk=membership.pk)
    if membership.ends_on is not None and membership.ends_on < timezone.localdate():
        raise DomainError("membership_ended", _("This membership has ended already."))
    if ends_on < membership.starts_on:
        raise DomainError("ends_before_start", _("The last day lies before the first."))
    if user is not None and membership.function == Function.ADMINISTRATOR:
        check_administrator_stays(scope, without=membership.user)
    membership.ends_on = ends_on
    save_checked(membership)
    sync_person(membership.user)
    log_action(
        "membership.ended",
        user=user,
        obj=membership,
        territory=scope,
        data={"function": membership.function, "ends_on": ends_on},
    )
    return membership


def check_administrator_stays(scope: Organisation, *, without: User) -> None:
    """Refuse to leave a territory without anybody who could let people in.

    Raises:
        DomainError: ``last_administrator``.
    """
    # Two administrators who dismiss each other at once: the second waits here and is then the last.
    Organisation.objects.select_for_update().get(pk=scope.pk)
    others = (
        Membership.objects.on(timezone.localdate())
        .filter(
            Q(organisation=scope) | Q(organisation__territory=scope),
            function=Function.ADMINISTRATOR,
            ends_on__isnull=True,
            user__is_active=True,
        )
        .exclude(user=without)
    )
    if not others.exists():
        raise DomainError(
            "last_administrator",
            _("This is the last administrator of %(territory)s. Name another one first.")
            % {"territory": scope},
        )
