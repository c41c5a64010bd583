"""Where merged recommendations came from and went to, over all steps."""

from __future__ import annotations

from collections.abc import Iterable

from workflows.models import Recommendation


def merged_family(keys: Iterable[int], *, origins: bool, heirs: bool) -> set[int]:
    """Recommendations with those merged into them and those they were merged into, over all steps.

    Args:
        keys: Where to begin.
        origins: Whether to follow to what was merged into them.
        heirs: Whether to follow to what they were merged into.

    Returns:
        Keys, those of the beginning included. Queries: one or two, and one more for each step.
    """
    found = set(keys)
    if origins:
        _follow(found, "merged_into__in", "pk")
    if heirs:
        _follow(found, "pk__in", "merged_into")
    return found


def merged_origins(keys: Iterable[int]) -> dict[int, set[int]]:
    """What was merged into recommendations, over all steps, each without itself.

    Args:
        keys: Recommendations asked about.

    Returns:
        Key of a recommendation -> keys of its origins. Queries: 1 a step, for any number.
    """
    found: dict[int, set[int]] = {key: set() for key in keys}
    # What is looked at -> the recommendations asked about that it is, or was merged into.
    waiting = {key: {key} for key in found}
    while waiting:
        rows = Recommendation.objects.filter(merged_into__in=waiting).values_list("pk", "merged_into")
        following: dict[int, set[int]] = {}
        for pk, heir in rows:
            tops = {top for top in waiting[heir] if pk not in found[top]} if heir is not None else set()
            for top in tops:
                found[top].add(pk)
            if tops:
                following[pk] = tops
        waiting = following
    return found


def _follow(found: set[int], condition: str, wanted: str) -> None:
    waiting = set(found)
    while waiting:
        rows = Recommendation.objects.filter(**{condition: waiting}).values_list(wanted, flat=True)
        waiting = {pk for pk in rows if pk is not None} - found
        found |= waiting
