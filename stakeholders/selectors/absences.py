"""Reading absences: who is away on a day, and who stands in at a seat."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable

from django.db.models import QuerySet
from django.utils import timezone

from stakeholders.models import Absence, BodyMembership, User


def absences_on(people: Iterable[int | None], day: datetime.date) -> dict[int, Absence]:
    """Key of a person -> absence on a day; who is there is left out. Queries: 1, none for nobody."""
    keys = {pk for pk in people if pk is not None}
    if not keys:
        return {}
    return {row.user_id: row for row in Absence.objects.on(day).filter(user__in=keys)}


def coming_absences(person: User) -> QuerySet[Absence]:
    """Absences of a person that have not ended, the next first."""
    return Absence.objects.filter(user=person, ends_on__gte=timezone.localdate()).order_by("starts_on")


@dataclasses.dataclass(frozen=True)
class Standing:
    """Who is there for a seat on a day.

    Args:
        absence: When the member is away, if they are.
        deputy: Who stands in meanwhile; None where nobody is named or the deputy is away as well.
    """

    absence: Absence | None = None
    deputy: User | None = None

    @property
    def is_empty(self) -> bool:
        """Nobody is there for the seat."""
        return self.absence is not None and self.deputy is None


def standings(seats: Iterable[BodyMembership], day: datetime.date) -> dict[int, Standing]:
    """Who is there for each seat on a day.

    Args:
        seats: With their deputies joined.
        day: The day asked about.

    Returns:
        Key of a seat -> who is there. Queries: 1.
    """
    rows = list(seats)
    away = absences_on([pk for row in rows for pk in (row.user_id, row.deputy_id)], day)
    found = {}
    for row in rows:
        absence = away.get(row.user_id)
        stands_in = absence is not None and row.deputy_id is not None and row.deputy_id not in away
        found[row.pk] = Standing(absence, row.deputy if stands_in else None)
    return found
