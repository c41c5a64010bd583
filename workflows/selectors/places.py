"""What a person finds where, and which tasks they may open."""

from __future__ import annotations

import dataclasses
import datetime
import functools
from collections.abc import Sequence
from typing import Any

from django.db import connection, models
from django.db.models import Exists, F, Q
from django.utils import timezone

from measures.models import ActionPlan, FundedProject, Measure, Programme
from measures.selectors.funding_scope import funders_worked_for
from monitoring.models import Area
from stakeholders.models import Body, Organisation, OrganisationKind, User
from stakeholders.permissions import Perm, visible
from workflows.models import PlanningCycle, TaskCard
from workflows.selectors.tasks import cards_addressed_to


@dataclasses.dataclass(frozen=True)
class Places:
    """Parts of the product in which a person finds something."""

    cycles: bool
    atlas: bool
    measures: bool
    bodies: bool
    projects: bool
    #: The portfolio of a funder is theirs to read.
    portfolio: bool
    #: Organisations and people may be managed.
    people: bool
    #: The audit log may be read.
    log: bool

    @property
    def administration(self) -> bool:
        """Whether anything of the administration is open."""
        return self.people or self.log


_NAMES = tuple(field.name for field in dataclasses.fields(Places))
#: Stands in the kept question where the key of the person belongs; no person has it.
_ANYBODY = -1


def places_of(user: User) -> Places:
    """Where the person finds something. Who may plan finds the cycles even before the first. Queries: 1."""
    if not user.is_active:
        return Places(**dict.fromkeys(_NAMES, False))
    statement, params = _statement(timezone.localdate(), connection.vendor)
    with connection.cursor() as cursor:
        cursor.execute(statement, [user.pk if value == _ANYBODY else value for value in params])
        row = cursor.fetchone()
    return Places(**{name: bool(found) for name, found in zip(_NAMES, row, strict=True)})


@functools.lru_cache(maxsize=4)
def _statement(_day: datetime.date, _vendor: str) -> tuple[str, tuple[Any, ...]]:
    """The question for the key ``_ANYBODY``: put together once a day, as every page asks it."""
    user = User(pk=_ANYBODY)
    territories = Organisation.objects.filter(territory_id=F("pk"))

    def some(perm: Perm, model: type[models.Model]) -> Exists:
        # There may be tens of thousands, of which the person sees none.
        return Exists(visible(user, perm, model._default_manager.all(), is_long=True))

    def somewhere(perm: Perm) -> Exists:
        return Exists(visible(user, perm, territories))

    funders = visible(
        user, Perm.ACT_FOR_ORGANISATION, Organisation.objects.filter(kind=OrganisationKind.FUNDER)
    )
    found = {
        "cycles": Q(some(Perm.VIEW_CYCLE, PlanningCycle)) | Q(somewhere(Perm.PLAN_TERRITORY)),
        "atlas": some(Perm.VIEW_AREA, Area),
        "measures": Q(some(Perm.VIEW_PLAN, ActionPlan)) | Q(some(Perm.VIEW_MEASURE, Measure)),
        "bodies": some(Perm.VIEW_BODY, Body),
        # A funder records its programmes before the first project.
        "projects": Q(some(Perm.TRACK_PROJECT, FundedProject)) | Q(Exists(funders)),
        "portfolio": Q(Exists(funders_worked_for(user))) | Q(some(Perm.FOLLOW_PROGRAMME, Programme)),
        "people": somewhere(Perm.ADMINISTER_TERRITORY),
        "log": somewhere(Perm.VIEW_AUDIT_LOG),
    }
    rows = User.objects.filter(pk=user.pk).values(**{name: found[name] for name in _NAMES})
    statement, params = rows.query.sql_with_params()
    return statement, tuple(params)


def visible_task_keys(user: Any, task_pks: Sequence[int]) -> frozenset[int]:
    """Which of these tasks the person may open: addressed to them, theirs, or planning follows the cycle.

    The same rule as ``cards.task_visible``, for many at once. Queries: 1.
    """
    if not task_pks:
        return frozenset()
    managed = visible(user, Perm.MANAGE_CYCLE, PlanningCycle.objects.all()).values("pk")
    rows = TaskCard.objects.filter(task_id__in=task_pks).filter(
        Q(task__owner=user) | Q(pk__in=cards_addressed_to(user).values("pk")) | Q(cycle_id__in=managed)
    )
    return frozenset(rows.values_list("task_id", flat=True))
