"""Reading organisations: the tree, who works there, who may see it."""

from __future__ import annotations

import dataclasses
import datetime

from django.contrib.auth.models import AnonymousUser
from django.db.models import Case, Count, IntegerField, Prefetch, Q, QuerySet, When
from django.utils import timezone

from stakeholders.models import BodyMembership, Function, Membership, Organisation, User
from stakeholders.models.organisations import SUPRAREGIONAL_KINDS
from stakeholders.permissions import HEAD_FUNCTIONS, Perm, visible

#: Deeper levels of the tree are drawn at this indentation; a district has three or four levels.
DEEPEST_LEVEL = 4
#: Heads first, as on the door sign of an office.
MEMBER_ORDER = (
    Case(
        *(When(function=function, then=position) for position, function in enumerate(Function)),
        output_field=IntegerField(),
    ),
    "user__display_name",
    "pk",
)


@dataclasses.dataclass(frozen=True)
class OrganisationRow:
    """A line of the list of organisations.

    Args:
        organisation: With ``parent`` and ``territory`` joined.
        level: Depth in the tree, 0 for the territory.
        path: Names of what it is part of, from the top.
        heads: Who leads it today.
        member_count: People who work there today.
    """

    organisation: Organisation
    level: int
    path: tuple[str, ...]
    heads: tuple[str, ...]
    member_count: int

    @property
    def indentation(self) -> int:
        """Level as drawn."""
        return min(self.level, DEEPEST_LEVEL)


def visible_organisations(user: User | AnonymousUser) -> QuerySet[Organisation]:
    """Organisations a person may look up. Queries: none of its own."""
    return visible(user, Perm.VIEW_ORGANISATION, Organisation.objects.all())


def managed_organisations(user: User | AnonymousUser) -> QuerySet[Organisation]:
    """Organisations a person administers. Queries: none of its own."""
    return visible(user, Perm.MANAGE_ORGANISATION, Organisation.objects.all())


def administered_scopes(user: User | AnonymousUser) -> QuerySet[Organisation]:
    """Territories (and funders) whose administrator a person is. Queries: none of its own."""
    return visible(user, Perm.ADMINISTER_TERRITORY, Organisation.objects.all())


def territory_organisations(
    territory: Organisation, *, with_archived: bool = False, with_supraregional: bool = False
) -> QuerySet[Organisation]:
    """Organisations that work with a territory, by name.

    Args:
        territory: Planning authority; itself included.
        with_archived: Also those that are archived.
        with_supraregional: Also funders and advisers, who work with all.
    """
    wanted = Q(territory=territory)
    if with_supraregional:
        wanted |= Q(territory__isnull=True, kind__in=SUPRAREGIONAL_KINDS)
    rows = Organisation.objects.filter(wanted).order_by("name")
    return rows if with_archived else rows.filter(is_active=True)


def organisation_rows(organisations: QuerySet[Organisation]) -> list[OrganisationRow]:
    """Lines of the list in the order of the tree, each territory first, then by name.

    Args:
        organisations: Those to show. What lies between them and the top need not be among them.

    Returns:
        One row per organisation. Queries: 3, for any number of rows.
    """
    today = timezone.localdate()
    heads = Membership.objects.on(today).filter(function__in=HEAD_FUNCTIONS, user__is_active=True)
    current = Q(memberships__starts_on__lte=today) & (
        Q(memberships__ends_on__isnull=True) | Q(memberships__ends_on__gte=today)
    )
    rows = list(
        organisations.select_related("territory", "parent")
        .prefetch_related(
            Prefetch(
                "memberships",
                heads.select_related("user").order_by(*MEMBER_ORDER),
                to_attr="current_heads",
            )
        )
        .annotate(
            member_count=Count(
                "memberships__user", filter=current & Q(memberships__user__is_active=True), distinct=True
            )
        )
    )
    territories = {row.territory_id for row in rows}
    relatives = Organisation.objects.filter(Q(territory__in=territories) | Q(territory__isnull=True))
    names: dict[int, str] = {}
    parents: dict[int, int | None] = {}
    for pk, name, parent in relatives.values_list("pk", "name", "parent_id"):
        names[pk], parents[pk] = name, parent
    found = []
    for row in rows:
        path = tuple(names[pk] for pk in _ancestors(row, parents))
        found.append(
            OrganisationRow(
                organisation=row,
                level=len(path),
                path=path,
                heads=tuple(str(head.user) for head in row.current_heads),
                member_count=row.member_count,
            )
        )
    return sorted(found, key=_tree_key)


def _ancestors(row: Organisation, parents: dict[int, int | None]) -> list[int]:
    """Keys of what a row is part of, from the top; the territory stands above all that has no other place."""
    path: list[int] = []
    parent = parents[row.pk]
    while parent is not None and parent not in path:
        path.insert(0, parent)
        parent = parents[parent]
    territory = row.territory_id
    if territory is not None and territory != row.pk and territory not in path:
        path.insert(0, territory)
    return path


def _tree_key(row: OrganisationRow) -> tuple[str, ...]:
    return tuple(name.casefold() for name in (*row.path, row.organisation.name))


def organisation_members(
    organisation: Organisation, *, day: datetime.date | None = None
) -> QuerySet[Membership]:
    """Who works in an organisation on a day (today by default), heads first; person joined."""
    return (
        Membership.objects.on(day or timezone.localdate())
        .filter(organisation=organisation, user__is_active=True)
        .select_related("user")
        .order_by(*MEMBER_ORDER)
    )


def organisation_seats(
    organisation: Organisation, *, day: datetime.date | None = None
) -> QuerySet[BodyMembership]:
    """Seats of an organisation in bodies on a day; body, person and deputy joined."""
    return (
        BodyMembership.objects.on(day or timezone.localdate())
        .filter(organisation=organisation)
        .select_related("body", "user", "deputy")
        .order_by("body__name", "pk")
    )
