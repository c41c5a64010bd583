"""Reading the demo people: functions to choose from, with what each finds."""

from __future__ import annotations

import dataclasses
from collections import Counter

from django.apps import apps
from django.db import connection
from django.db.models import Prefetch
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from guardian.models import GroupObjectPermission

from stakeholders.models import (
    BodyKind,
    BodyMembership,
    Function,
    Membership,
    Organisation,
    OrganisationKind,
    Seat,
    User,
)
from stakeholders.permissions import HEAD_FUNCTIONS

#: What the demo's commands answer to ``database_is_real``; developers read it, so it is in English.
REAL_DATABASE = (
    "The database holds real people: its first one is no demo person. The demo stays away from it. "
    "Use a folder of its own: make demo DEMO_DIR=var/second"
)

_K = OrganisationKind
#: In the order in which a cycle needs them.
_KIND_ORDER = (
    _K.PLANNING_UNIT,
    _K.DEPARTMENT,
    _K.STATISTICS_OFFICE,
    _K.DISTRICT,
    _K.MUNICIPALITY,
    _K.JOBCENTER,
    _K.ASSOCIATION,
    _K.PROVIDER,
    _K.FUNDER,
    _K.ADVISER,
)

_OFFICE_HEAD = gettext_lazy("Gets the tasks of the office, does them or hands them to colleagues.")
_OFFICE_PLANNER = gettext_lazy("Delivers figures, brings expert knowledge, reports on measures.")
_HINTS_OF_KIND: dict[str, str | Promise] = {
    _K.PLANNING_UNIT: gettext_lazy(
        "Leads through the cycle: opens it, checks deliveries, writes area profiles, follows measures."
    ),
    _K.ASSOCIATION: gettext_lazy("Advises, agrees targets and carries measures."),
    _K.PROVIDER: gettext_lazy("Carries measures, confirms targets and reports key figures."),
    _K.FUNDER: gettext_lazy("Follows the projects it funds, and nothing else."),
    _K.ADVISER: gettext_lazy("Follows the funded projects for the funder."),
}
_ADMINISTRATOR = gettext_lazy("Manages organisations, people and bodies and reads the log.")
_MEMBER = gettext_lazy("Follows what the own organisation does.")
_HINTS_OF_SEAT: dict[tuple[str, str], Promise] = {
    (BodyKind.STEERING_GROUP, Seat.CHAIR): gettext_lazy(
        "Chairs the steering group and records its decisions."
    ),
    (BodyKind.STEERING_GROUP, Seat.VOTING): gettext_lazy("Votes in the steering group."),
    (BodyKind.STEERING_GROUP, Seat.ADVISORY): gettext_lazy("Advises the steering group without a vote."),
    (BodyKind.PLANNING_CONFERENCE, Seat.CHAIR): gettext_lazy(
        "Leads the planning conference, which adopts the recommendations."
    ),
    (BodyKind.PLANNING_CONFERENCE, Seat.VOTING): gettext_lazy("Takes part in the planning conference."),
    (BodyKind.PLANNING_CONFERENCE, Seat.ADVISORY): gettext_lazy("Takes part in the planning conference."),
    (BodyKind.SOCIAL_SPACE_CONFERENCE, Seat.CHAIR): gettext_lazy(
        "Leads the social-space conference, which shapes the measures."
    ),
    (BodyKind.SOCIAL_SPACE_CONFERENCE, Seat.VOTING): gettext_lazy(
        "Takes part in the social-space conference."
    ),
    (BodyKind.SOCIAL_SPACE_CONFERENCE, Seat.ADVISORY): gettext_lazy(
        "Takes part in the social-space conference."
    ),
}


@dataclasses.dataclass(frozen=True)
class DemoPerson:
    """A person to look round as.

    Args:
        username: What the form sends.
        display_name: Name, in the demo a function.
        function_title: Headline of the card.
        organisation: Where they work.
        hint: What they find, in one or two sentences.
        task_count: Open tasks that are with them or that they could take.
    """

    username: str
    display_name: str
    function_title: str
    organisation: str
    hint: str
    task_count: int = 0


@dataclasses.dataclass(frozen=True)
class DemoGroup:
    """The people of a territory, or of those who work for several."""

    title: str
    text: str
    people: tuple[DemoPerson, ...]

    @property
    def busy(self) -> tuple[DemoPerson, ...]:
        """Who has something to do now."""
        return tuple(person for person in self.people if person.task_count)

    @property
    def others(self) -> tuple[DemoPerson, ...]:
        """Who can look round only."""
        return tuple(person for person in self.people if not person.task_count)


def database_is_real() -> bool:
    """Whether the database belongs to real people, so that no demo may load, open or remove it.

    Nobody is ever deleted, so the first person tells: the demo begins with its own people, a real
    installation with its administrator. People whom somebody enters in the demo come later. May be asked
    before migrating.

    Queries: 2.
    """
    if User._meta.db_table not in connection.introspection.table_names():
        return False
    return User.objects.order_by("pk").values_list("is_demo", flat=True).first() is False


def demo_people() -> list[DemoGroup]:
    """Active demo people by territory, in the order in which a cycle needs them. Queries: 7."""
    today = timezone.localdate()
    people = User.objects.filter(is_demo=True, is_active=True).prefetch_related(
        Prefetch(
            "memberships",
            Membership.objects.on(today).select_related("organisation__territory").order_by("pk"),
            to_attr="functions",
        ),
        Prefetch(
            "seats",
            BodyMembership.objects.on(today).select_related("body").order_by("body__kind", "pk"),
            to_attr="current_seats",
        ),
        Prefetch(
            "deputy_seats",
            BodyMembership.objects.on(today).select_related("body", "user").order_by("pk"),
            to_attr="current_stand_ins",
        ),
    )
    tasks, stands = _open_tasks(), _where_cycles_stand()
    groups: dict[Organisation | None, list[tuple[tuple[int, ...], DemoPerson]]] = {}
    for person in people:
        functions: list[Membership] = person.functions
        if not functions:
            continue
        main = functions[0]
        groups.setdefault(main.organisation.territory, []).append(
            (_rank(person, main), _card(person, main, tasks[person.pk]))
        )
    territories = sorted(groups, key=lambda territory: (territory is None, territory.pk if territory else 0))
    return [
        DemoGroup(
            title=territory.name if territory else _("Funders and their advisers"),
            text=stands.get(territory.pk, "")
            if territory
            else _("They work with several territories and see only what they fund."),
            people=tuple(card for _rank_, card in sorted(groups[territory], key=lambda pair: pair[0])),
        )
        for territory in territories
    ]


def _open_tasks() -> Counter[int]:
    """Open tasks by person: their own, and nobody's that are addressed to them. Queries: 2.

    This layer does not know tasks: they are asked for by name, like the cycles.
    """
    cards = apps.get_model("workflows", "TaskCard")._default_manager.filter(is_open=True)
    counts: Counter[int] = Counter()
    free: Counter[tuple[int, str]] = Counter()
    for permission, key, owner in cards.values_list("permission_id", "object_pk", "task__owner_id"):
        if owner is None:
            free[permission, key] += 1
        else:
            counts[owner] += 1
    grants = GroupObjectPermission.objects.filter(
        group__user__is_demo=True, permission_id__in={permission for permission, _key in free}
    )
    for user, permission, key in grants.values_list("group__user", "permission_id", "object_pk").distinct():
        counts[user] += free[permission, key]
    return counts


def _where_cycles_stand() -> dict[int, str]:
    """One line on the open cycle by territory. Queries: 1."""
    cycles = apps.get_model("workflows", "PlanningCycle")._default_manager.filter(closed_at__isnull=True)
    return {
        cycle.territory_id: _("%(cycle)s stands in stage %(number)s, %(stage)s.")
        % {"cycle": cycle.title, "number": cycle.stage, "stage": cycle.get_stage_display()}
        for cycle in cycles
    }


def _rank(person: User, main: Membership) -> tuple[int, ...]:
    functions = list(Function)
    return (
        int(main.function == Function.ADMINISTRATOR),
        _KIND_ORDER.index(OrganisationKind(main.organisation.kind)),
        main.organisation_id,
        functions.index(Function(main.function)),
        person.pk,
    )


def _card(person: User, main: Membership, task_count: int) -> DemoPerson:
    return DemoPerson(
        username=person.username,
        display_name=person.display_name,
        function_title=str(person),
        organisation=main.organisation.name,
        hint=" ".join(dict.fromkeys(_hints(person, main))),
        task_count=task_count,
    )


def _hints(person: User, main: Membership) -> list[str]:
    hints = [str(_hint_of_function(main))]
    seats: list[BodyMembership] = person.current_seats  # type: ignore[attr-defined]
    hints += [str(_HINTS_OF_SEAT[seat.body.kind, seat.seat]) for seat in seats]
    deputies: list[BodyMembership] = person.current_stand_ins  # type: ignore[attr-defined]
    hints += [
        _("Stands in for %(person)s in this body: %(body)s.") % {"person": seat.user, "body": seat.body}
        for seat in deputies
    ]
    return hints


def _hint_of_function(main: Membership) -> str | Promise:
    if main.function == Function.ADMINISTRATOR:
        return _ADMINISTRATOR
    if main.organisation.kind in _HINTS_OF_KIND:
        return _HINTS_OF_KIND[main.organisation.kind]
    if main.function in HEAD_FUNCTIONS:
        return _OFFICE_HEAD
    return _OFFICE_PLANNER if main.function == Function.PLANNER else _MEMBER
