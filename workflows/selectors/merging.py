"""Reads of merging: what can become one, what looks alike, and where merged recommendations went."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from workflows.extracts import extracts_outstanding
from workflows.models import PlanningCycle, Recommendation, RecommendationKind
from workflows.models.meetings import FINAL_RESULTS
from workflows.models.recommendations import WITHDRAWABLE_STATES
from workflows.selectors.recommendations import recommendations_seen_by

#: Titles with at least this share of their words in common are alike.
ALIKE_SHARE = 0.5
#: Shorter words say nothing about what a title is about.
_LEAST_LETTERS = 4
#: Most hints shown at a time.
SHOWN = 5
_WORD = re.compile(r"\w+")


@dataclasses.dataclass(frozen=True)
class Alike:
    """Two recommendations that may mean the same, and why."""

    first: Any
    second: Any
    reasons: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class LeftOut:
    """A recommendation that cannot be merged now, and why."""

    recommendation: Any
    reason: str


@dataclasses.dataclass(frozen=True)
class Candidates:
    """What the conference works on, by number: what can become one, and what stays by itself."""

    mergeable: list[Any]
    left_out: list[LeftOut]


def merge_candidates(user: Any, cycle: PlanningCycle) -> Candidates:
    """Recommendations of a cycle that the conference still works on. Queries: 5."""
    rows = recommendations_seen_by(user).filter(
        process__cycle=cycle,
        kind=RecommendationKind.MEASURES,
        state__in=WITHDRAWABLE_STATES,
    )
    found = list(rows.filter(Q(("shows_drafts", True))).order_by("cycle__starts_year", "number"))
    keys = [row.pk for row in found]
    decided = Recommendation.objects.filter(pk__in=keys, decisions__result__in=FINAL_RESULTS)
    apart = {
        pk: _("It is decided on anew: the decision before it stands until another replaces it.")
        for pk in decided.values_list("pk", flat=True)
    }
    for pk in extracts_outstanding(key for key in keys if key not in apart):
        apart[pk] = _("It was returned; the extract of the decision has not been issued yet.")
    return Candidates(
        mergeable=[row for row in found if row.pk not in apart],
        left_out=[LeftOut(row, apart[row.pk]) for row in found if row.pk in apart],
    )


def alike_among(rows: Sequence[Any]) -> list[Alike]:
    """Pairs that share an area and a field of action, or most words of their titles.

    Args:
        rows: Recommendations with the readable versions prefetched (``merge_candidates``).

    Returns:
        At most ``SHOWN`` pairs, those with most in common first. Queries: none.
    """
    found = [
        Alike(first, second, reasons)
        for first, second in itertools.combinations(rows, 2)
        if (reasons := _reasons(first, second))
    ]
    found.sort(key=lambda pair: -len(pair.reasons))
    return found[:SHOWN]


def _reasons(first: Any, second: Any) -> tuple[str, ...]:
    one, other = first.current, second.current
    if one is None or other is None:
        return ()
    reasons = []
    areas = [row.name for row in one.areas.all() if row in set(other.areas.all())]
    fields = [row.title for row in one.fields.all() if row in set(other.fields.all())]
    if areas and fields:
        reasons.append(
            _("same area (%(areas)s) and field of action (%(fields)s)")
            % {"areas": ", ".join(areas), "fields": ", ".join(fields)}
        )
    if share_of_words(one.title, other.title) >= ALIKE_SHARE:
        reasons.append(_("similar title"))
    return tuple(reasons)


def share_of_words(one: str, other: str) -> float:
    """Share of the words of two titles that stand in both, of those in either; short words do not count.

    >>> share_of_words("Elternarbeit im Zentrum ausbauen", "Elternarbeit ausbauen")
    0.6666666666666666
    """
    words, others = _words(one), _words(other)
    return len(words & others) / len(words | others) if words and others else 0.0


def _words(title: str) -> set[str]:
    return {word.casefold() for word in _WORD.findall(title) if len(word) >= _LEAST_LETTERS}
