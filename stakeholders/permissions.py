"""All rights of the product: who may do what to which thing, decided here and nowhere else.

A right is granted to a group on an object (guardian) or follows from a right on what contains the object
(``INHERITED``). Groups belong to a territory, an organisation or a body and a role; people join them by
their memberships only (``stakeholders.services``). There are four functions: ``can``, ``require``,
``visible`` and ``grant``/``revoke``. A superuser has no rights here: the four-eyes rule knows no master key.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from enum import StrEnum
from typing import Any, TypeVar

from django.apps import apps
from django.contrib.auth.models import AnonymousUser, Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from guardian.models import GroupObjectPermission

from stakeholders.granted import Granted
from stakeholders.models import Body, Function, Organisation, OrganisationKind, Seat, User

ModelT = TypeVar("ModelT", bound=models.Model)


class Perm(StrEnum):
    """Every right, as ``app.codename`` of the object's app, so that lower layers can name higher ones."""

    # On a territory
    VIEW_TERRITORY = "stakeholders.view_territory"
    PLAN_TERRITORY = "stakeholders.plan_territory"
    ADMINISTER_TERRITORY = "stakeholders.administer_territory"
    VIEW_AUDIT_LOG = "stakeholders.view_audit_log"
    VIEW_RAW_FIGURES = "stakeholders.view_raw_figures"
    MANAGE_CATALOGUE = "stakeholders.manage_catalogue"
    # On an organisation
    VIEW_ORGANISATION = "stakeholders.view_organisation"
    MANAGE_ORGANISATION = "stakeholders.change_organisation"
    ACT_FOR_ORGANISATION = "stakeholders.act_for_organisation"
    LEAD_ORGANISATION = "stakeholders.lead_organisation"
    # On a body
    VIEW_BODY = "stakeholders.view_body"
    MANAGE_BODY = "stakeholders.change_body"
    ADVISE_BODY = "stakeholders.advise_body"
    VOTE_IN_BODY = "stakeholders.vote_in_body"
    CHAIR_BODY = "stakeholders.chair_body"
    # On an area, a delivery
    VIEW_AREA = "monitoring.view_area"
    VIEW_DELIVERY = "monitoring.view_delivery"
    # On a cycle
    VIEW_CYCLE = "workflows.view_planningcycle"
    VIEW_DRAFTS = "workflows.view_drafts"
    MANAGE_CYCLE = "workflows.change_planningcycle"
    # On a profile: one released, one before its release
    VIEW_PROFILE = "workflows.view_areaprofile"
    EDIT_PROFILE = "workflows.change_areaprofile"
    # On a measure, an action plan, a funded project
    VIEW_MEASURE = "measures.view_measure"
    EDIT_MEASURE = "measures.edit_measure"
    VIEW_PLAN = "measures.view_actionplan"
    TRACK_PROJECT = "measures.track_fundedproject"
    EDIT_PROJECT = "measures.change_fundedproject"
    # On a programme of a funder
    VIEW_PROGRAMME = "measures.view_programme"
    MANAGE_PROGRAMME = "measures.change_programme"
    FOLLOW_PROGRAMME = "measures.follow_programme"


class Role(StrEnum):
    """A role in a territory, an organisation or a body; part of the group's name, never translated."""

    TERRITORY_PLANNER = "territory-planner"
    TERRITORY_STAFF = "territory-staff"
    TERRITORY_ADMINISTRATOR = "territory-administrator"
    ORGANISATION_HEAD = "organisation-head"
    ORGANISATION_PLANNER = "organisation-planner"
    ORGANISATION_MEMBER = "organisation-member"
    BODY_CHAIR = "body-chair"
    BODY_VOTING = "body-voting"
    BODY_ADVISORY = "body-advisory"


#: Plain description of each role, for docs/roles.md and the administration pages.
ROLE_TITLES: dict[Role, Promise] = {
    Role.TERRITORY_PLANNER: _("Social planning (head, deputy and planners of the planning unit)"),
    Role.TERRITORY_STAFF: _("Staff of the territory's departments, municipalities and Jobcenter"),
    Role.TERRITORY_ADMINISTRATOR: _("Administrator of the territory"),
    Role.ORGANISATION_HEAD: _("Head or deputy head of an organisation"),
    Role.ORGANISATION_PLANNER: _("Specialist planner of an organisation"),
    Role.ORGANISATION_MEMBER: _("Member of an organisation"),
    Role.BODY_CHAIR: _("Chair of a body (and deputy)"),
    Role.BODY_VOTING: _("Voting member of a body (and deputy)"),
    Role.BODY_ADVISORY: _("Advisory member of a body (and deputy)"),
}

#: The matrix: what a role may do on the object its group belongs to.
ROLES: dict[Role, frozenset[Perm]] = {
    Role.TERRITORY_PLANNER: frozenset(
        {
            Perm.VIEW_TERRITORY,
            Perm.PLAN_TERRITORY,
            Perm.VIEW_AUDIT_LOG,
            Perm.VIEW_RAW_FIGURES,
            Perm.MANAGE_CATALOGUE,
        }
    ),
    Role.TERRITORY_STAFF: frozenset({Perm.VIEW_TERRITORY}),
    Role.TERRITORY_ADMINISTRATOR: frozenset(
        {Perm.ADMINISTER_TERRITORY, Perm.VIEW_AUDIT_LOG, Perm.MANAGE_CATALOGUE}
    ),
    Role.ORGANISATION_HEAD: frozenset({Perm.ACT_FOR_ORGANISATION, Perm.LEAD_ORGANISATION}),
    Role.ORGANISATION_PLANNER: frozenset({Perm.ACT_FOR_ORGANISATION}),
    Role.ORGANISATION_MEMBER: frozenset({Perm.VIEW_ORGANISATION}),
    Role.BODY_CHAIR: frozenset({Perm.VIEW_BODY, Perm.ADVISE_BODY, Perm.VOTE_IN_BODY, Perm.CHAIR_BODY}),
    Role.BODY_VOTING: frozenset({Perm.VIEW_BODY, Perm.ADVISE_BODY, Perm.VOTE_IN_BODY}),
    Role.BODY_ADVISORY: frozenset({Perm.VIEW_BODY, Perm.ADVISE_BODY}),
}

#: A right on the thing follows from a right on what contains it: (path from the thing, right there).
#: An empty path means the same object.
INHERITED: dict[Perm, tuple[tuple[str, Perm], ...]] = {
    Perm.VIEW_ORGANISATION: (
        ("territory", Perm.VIEW_TERRITORY),
        ("territory", Perm.ADMINISTER_TERRITORY),
        # A funder belongs to no territory and is administered by its own people.
        ("", Perm.ADMINISTER_TERRITORY),
    ),
    Perm.MANAGE_ORGANISATION: (
        ("territory", Perm.ADMINISTER_TERRITORY),
        ("", Perm.ADMINISTER_TERRITORY),
    ),
    Perm.MANAGE_BODY: (("territory", Perm.ADMINISTER_TERRITORY),),
    Perm.VIEW_BODY: (("territory", Perm.VIEW_TERRITORY), ("territory", Perm.ADMINISTER_TERRITORY)),
    Perm.VIEW_AREA: (("territory", Perm.VIEW_TERRITORY),),
    Perm.VIEW_DELIVERY: (
        ("territory", Perm.PLAN_TERRITORY),
        ("supplier", Perm.ACT_FOR_ORGANISATION),
    ),
    Perm.VIEW_CYCLE: (("territory", Perm.VIEW_TERRITORY),),
    Perm.VIEW_DRAFTS: (
        ("territory", Perm.PLAN_TERRITORY),
        ("planning_conference", Perm.ADVISE_BODY),
    ),
    Perm.MANAGE_CYCLE: (("territory", Perm.PLAN_TERRITORY),),
    # Released, a profile is for all who take part in the cycle; before, for those who have to write it.
    Perm.VIEW_PROFILE: (
        ("cycle", Perm.VIEW_CYCLE),
        ("cycle__territory", Perm.VIEW_TERRITORY),
    ),
    Perm.EDIT_PROFILE: (("cycle__territory", Perm.PLAN_TERRITORY),),
    Perm.VIEW_MEASURE: (
        ("plan__territory", Perm.VIEW_TERRITORY),
        ("plan__cycles__steering_group", Perm.ADVISE_BODY),
    ),
    Perm.EDIT_MEASURE: (("plan__territory", Perm.PLAN_TERRITORY),),
    Perm.VIEW_PLAN: (
        ("territory", Perm.VIEW_TERRITORY),
        ("cycles__steering_group", Perm.ADVISE_BODY),
    ),
    Perm.TRACK_PROJECT: (
        ("measure__plan__territory", Perm.VIEW_TERRITORY),
        # Advisers whom the funder let in read all projects of the programme.
        ("programme", Perm.FOLLOW_PROGRAMME),
    ),
    # Who pays records its notices, or the planning that was sent them.
    Perm.EDIT_PROJECT: (
        ("measure__plan__territory", Perm.PLAN_TERRITORY),
        ("funder", Perm.ACT_FOR_ORGANISATION),
    ),
    Perm.VIEW_PROGRAMME: (
        ("", Perm.FOLLOW_PROGRAMME),
        ("funder", Perm.VIEW_ORGANISATION),
        ("projects", Perm.TRACK_PROJECT),
        ("projects__measure__plan__territory", Perm.VIEW_TERRITORY),
    ),
    Perm.MANAGE_PROGRAMME: (("funder", Perm.ACT_FOR_ORGANISATION),),
}

#: Staff of these belong to the territory's own administration and see its cycle.
STAFF_KINDS = frozenset(
    {
        OrganisationKind.DISTRICT,
        OrganisationKind.MUNICIPALITY,
        OrganisationKind.PLANNING_UNIT,
        OrganisationKind.DEPARTMENT,
        OrganisationKind.STATISTICS_OFFICE,
        OrganisationKind.JOBCENTER,
    }
)
HEAD_FUNCTIONS = frozenset({Function.HEAD, Function.DEPUTY})

_ROLE_OF_SEAT = {
    Seat.CHAIR: Role.BODY_CHAIR,
    Seat.VOTING: Role.BODY_VOTING,
    Seat.ADVISORY: Role.BODY_ADVISORY,
}


@dataclasses.dataclass(frozen=True)
class Verdict:
    """Answer to "may they?", with the reason for the person who may not."""

    allowed: bool
    reason: str | Promise = ""

    def __bool__(self) -> bool:
        return self.allowed


def group_name(role: Role, pk: int) -> str:
    """Name of the group of a role on an object, ``body-chair-12``."""
    return f"{role.value}-{pk}"


def role_group(role: Role, obj: Organisation | Body) -> Group:
    """The group of a role on an organisation, territory or body; made with its rights if it is new."""
    group, created = Group.objects.get_or_create(name=group_name(role, obj.pk))
    if created:
        rows = permission_rows(ROLES[role])
        GroupObjectPermission.objects.bulk_create(
            GroupObjectPermission(
                group=group, permission=row, content_type_id=row.content_type_id, object_pk=str(obj.pk)
            )
            for row in rows
        )
    return group


def roles_of_membership(organisation: Organisation, function: str) -> list[tuple[Role, Organisation]]:
    """Roles, each with its object, that a function in an organisation brings."""
    if function == Function.ADMINISTRATOR:
        target = organisation.territory or organisation
        return [(Role.TERRITORY_ADMINISTRATOR, target)]
    roles: list[tuple[Role, Organisation]] = []
    if function in HEAD_FUNCTIONS:
        roles.append((Role.ORGANISATION_HEAD, organisation))
    elif function == Function.PLANNER:
        roles.append((Role.ORGANISATION_PLANNER, organisation))
    roles.append((Role.ORGANISATION_MEMBER, organisation))
    if organisation.territory is not None and organisation.kind in STAFF_KINDS:
        roles.append((Role.TERRITORY_STAFF, organisation.territory))
        if organisation.kind == OrganisationKind.PLANNING_UNIT and function != Function.MEMBER:
            roles.append((Role.TERRITORY_PLANNER, organisation.territory))
    return roles


def role_of_seat(seat: str) -> Role:
    """Role that a seat in a body brings."""
    return _ROLE_OF_SEAT[Seat(seat)]


def permission_row(perm: Perm) -> Permission:
    """The database row of a right.

    Raises:
        Permission.DoesNotExist: The right is declared in no model's Meta.
    """
    app_label, codename = perm.value.split(".")
    return Permission.objects.select_related("content_type").get(
        content_type__app_label=app_label, codename=codename
    )


def permission_rows(perms: Iterable[Perm]) -> list[Permission]:
    """The database rows of rights. Queries: 1, none for no right."""
    codenames = [perm.value.split(".")[1] for perm in perms]
    labels = {perm.value.split(".")[0] for perm in perms}
    if not codenames:
        return []
    return list(Permission.objects.filter(codename__in=codenames, content_type__app_label__in=labels))


def grant(perm: Perm, group: Group, obj: models.Model) -> None:
    """Give a group a right on an object; giving it twice changes nothing."""
    row = permission_row(perm)
    GroupObjectPermission.objects.get_or_create(
        permission=row, group=group, content_type=row.content_type, object_pk=str(obj.pk)
    )


def revoke(perm: Perm, group: Group, obj: models.Model) -> None:
    """Take a right on an object from a group."""
    GroupObjectPermission.objects.filter(
        permission=permission_row(perm), group=group, object_pk=str(obj.pk)
    ).delete()


def grant_only(perm: Perm, groups: Iterable[Group], obj: models.Model) -> None:
    """Give exactly these groups a right on an object: whoever else had it loses it.

    Queries: 3 for any number of groups.
    """
    row = permission_row(perm)
    rows = GroupObjectPermission.objects.filter(permission=row, object_pk=str(obj.pk))
    wanted = {group.pk for group in groups}
    rows.exclude(group_id__in=wanted).delete()
    have = set(rows.values_list("group_id", flat=True))
    GroupObjectPermission.objects.bulk_create(
        GroupObjectPermission(
            permission=row, group_id=pk, content_type=row.content_type, object_pk=str(obj.pk)
        )
        for pk in sorted(wanted - have)
    )


def organisation_groups(organisations: Iterable[Organisation]) -> list[Group]:
    """Groups of everybody who works in one of these organisations: heads, planners and members."""
    return [
        role_group(role, organisation)
        for organisation in organisations
        for role in (Role.ORGANISATION_HEAD, Role.ORGANISATION_PLANNER, Role.ORGANISATION_MEMBER)
    ]


def _condition(user: User, perm: Perm, *, is_long: bool = False) -> Q:
    """Condition on a row that it, or what contains it, carries the right for the user."""
    condition = Q(Granted("pk", user.pk, perm, is_long=is_long))
    for path, inherited in INHERITED.get(perm, ()):
        condition |= Q(Granted(path or "pk", user.pk, inherited, is_long=is_long))
    return condition


def visible(
    user: User | AnonymousUser, perm: Perm, queryset: QuerySet[ModelT], *, is_long: bool = False
) -> QuerySet[ModelT]:
    """Rows of a queryset on which the user has the right.

    Args:
        user: Who asks; anonymous and deactivated people see nothing.
        perm: A right of the queryset's model.
        queryset: Rows to choose from.
        is_long: Whether there are tens of thousands of them: what was granted is then read once for all
            instead of asked row by row. The answer is the same.

    Returns:
        The narrowed queryset, without duplicates. Queries: none of its own, conditions only.
    """
    if not isinstance(user, User) or not user.is_active:
        return queryset.none()
    multi_valued = any("cycles" in path or "projects" in path for path, _perm in INHERITED.get(perm, ()))
    if not multi_valued:
        return queryset.filter(_condition(user, perm, is_long=is_long))
    # Joins over "many" rows would double the rows: ask in a subquery.
    allowed = queryset.model._default_manager.filter(_condition(user, perm, is_long=is_long)).values("pk")
    return queryset.filter(pk__in=allowed)


def can(user: User | AnonymousUser, perm: Perm, obj: models.Model | None) -> Verdict:
    """Whether the user has the right on the object, asked of the database each time.

    Asking anew matters: a right taken away while a task is open must count when the task is completed.
    Queries: 1.
    """
    if not isinstance(user, User) or not user.is_active:
        return Verdict(False, _("Please sign in."))
    if obj is None or obj.pk is None:
        return Verdict(False, _("There is nothing to act on."))
    app_label = perm.value.split(".")[0]
    if obj._meta.app_label != app_label:
        raise ValueError(f"{perm.value} is no right on {obj._meta.label}")
    if visible(user, perm, type(obj)._default_manager.filter(pk=obj.pk)).exists():
        return Verdict(True)
    return Verdict(False, _("Your function does not include this right."))


def require(user: User | AnonymousUser, perm: Perm, obj: models.Model | None) -> None:
    """Raise PermissionDenied with the reason unless ``can``."""
    verdict = can(user, perm, obj)
    if not verdict:
        raise PermissionDenied(str(verdict.reason))


def holders(perm: Perm, obj: models.Model) -> QuerySet[User]:
    """Active people with the right on the object itself (not by inheritance), for mails and handing over."""
    app_label, codename = perm.value.split(".")
    return User.objects.filter(
        is_active=True,
        groups__groupobjectpermission__permission__codename=codename,
        groups__groupobjectpermission__permission__content_type__app_label=app_label,
        groups__groupobjectpermission__object_pk=str(obj.pk),
    ).distinct()


def keys_held(perm: Perm, pks: Iterable[int]) -> set[int]:
    """Of the keys of some objects, those on which anybody active has the right itself. Queries: 2."""
    rows = GroupObjectPermission.objects.filter(
        permission=permission_row(perm), object_pk__in=[str(pk) for pk in pks], group__user__is_active=True
    )
    return {int(pk) for pk in rows.values_list("object_pk", flat=True)}


def territories_where(user: User | AnonymousUser, perm: Perm) -> QuerySet[Organisation]:
    """Territories on which the user has a right."""
    return visible(user, perm, Organisation.objects.filter(territory_id=models.F("pk")))


def repair_groups() -> int:
    """Give every existing role group exactly the rights of ``ROLES``; idempotent.

    Returns:
        Number of grants added or removed.
    """
    changed = 0
    rows = {perm: permission_row(perm) for perms in ROLES.values() for perm in perms}
    for role, perms in ROLES.items():
        wanted = {rows[perm].pk for perm in perms}
        for group in Group.objects.filter(name__startswith=f"{role.value}-"):
            pk = group.name.removeprefix(f"{role.value}-")
            own = GroupObjectPermission.objects.filter(
                group=group,
                object_pk=pk,
                content_type__in=_own_content_types(role),
            )
            have = set(own.values_list("permission_id", flat=True))
            changed += own.exclude(permission_id__in=wanted).delete()[0]
            for permission_id in wanted - have:
                row = next(row for row in rows.values() if row.pk == permission_id)
                GroupObjectPermission.objects.create(
                    group=group, permission=row, content_type=row.content_type, object_pk=pk
                )
                changed += 1
    return changed


def _own_content_types(role: Role) -> Iterable[ContentType]:
    model: Any = Body if role.value.startswith("body-") else Organisation
    return [ContentType.objects.get_for_model(model)]


def declared_permissions() -> set[str]:
    """Strings of every permission some model declares, for the test that no ``Perm`` is invented."""
    found: set[str] = set()
    for model in apps.get_models():
        meta = model._meta
        found |= {f"{meta.app_label}.{action}_{meta.model_name}" for action in meta.default_permissions}
        found |= {f"{meta.app_label}.{codename}" for codename, _name in meta.permissions}
    return found
