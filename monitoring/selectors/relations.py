"""Figures that tell each other: a rate and the count of the same people, a whole and its parts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Q

from monitoring.models import Indicator


@dataclass(frozen=True)
class Relations:
    """Which indicators of some are protected together.

    Attributes:
        same_people: Groups of a count and the rates of the same people.
        families: Parts by the whole they add up to.
        contributions: Indicators that only tell how much the largest contributor gives: never shown.
    """

    same_people: tuple[frozenset[int], ...]
    families: Mapping[int, frozenset[int]]
    contributions: frozenset[int]


def relations_of(indicators: Iterable[Indicator]) -> Relations:
    """Sort out how indicators are related. Queries: 0."""
    people: dict[int, set[int]] = defaultdict(set)
    families: dict[int, set[int]] = defaultdict(set)
    contributions: set[int] = set()
    for row in indicators:
        if row.numerator_count_id is not None:
            people[row.numerator_count_id] |= {row.pk, row.numerator_count_id}
        if row.part_of_id is not None:
            families[row.part_of_id].add(row.pk)
        if row.largest_contribution_id is not None:
            contributions.add(row.largest_contribution_id)
    return Relations(
        tuple(frozenset(group) for group in people.values()),
        {whole: frozenset(parts) for whole, parts in families.items()},
        frozenset(contributions),
    )


def with_related(indicators: Iterable[Indicator]) -> list[Indicator]:
    """Indicators, and all those whose figures tell something of theirs, with their units.

    Args:
        indicators: With their units loaded.

    Returns:
        The same first, then the others. Queries: 1.
    """
    found = {row.pk: row for row in indicators}
    linked = Indicator.objects.filter(
        Q(numerator_count__isnull=False) | Q(part_of__isnull=False) | Q(largest_contribution__isnull=False)
    )
    ties: dict[int, set[int]] = defaultdict(set)
    fields = ("pk", "numerator_count_id", "part_of_id", "largest_contribution_id", "denominator_id")
    for pk, *others in linked.order_by().values_list(*fields):
        for other in others:
            if other is not None:
                ties[pk].add(other)
                ties[other].add(pk)
    reached = set(found)
    waiting = list(found)
    while waiting:
        for pk in ties[waiting.pop()] - reached:
            reached.add(pk)
            waiting.append(pk)
    missing = reached - found.keys()
    if missing:
        found |= {row.pk: row for row in Indicator.objects.filter(pk__in=missing).select_related("unit")}
    return list(found.values())
