"""Reads of the versions of a recommendation: what changed from one to another, and since a return."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from project.common.comparison import FieldChange, Segment, compare_words
from workflows.models import RecommendationReturn, RecommendationVersion, Statement
from workflows.selectors.merged import merged_origins


def parts_of(old: RecommendationVersion, new: RecommendationVersion) -> list[FieldChange]:
    """Every part of two versions, side by side; parts empty in both are left out.

    Args:
        old: The earlier version.
        new: The later version.

    Returns:
        Parts in the order of the page. Queries: 8.
    """
    texts: list[tuple[str | Promise, str, str]] = [
        (_("Title"), old.title, new.title),
        (_("Finding"), old.finding, new.finding),
        (_("Need"), old.need, new.need),
        (_("Aim"), old.aim, new.aim),
        (_("Proposal"), old.proposal, new.proposal),
        (_("What else was considered"), old.alternatives, new.alternatives),
        (_("Urgency"), old.get_urgency_display(), new.get_urgency_display()),
        (_("Rough cost"), old.cost_words, new.cost_words),
        (_("Cost and consequences"), old.cost, new.cost),
        (_("Addressee"), str(old.addressee), str(new.addressee)),
        (_("File reference"), old.file_reference, new.file_reference),
    ]
    parts = [FieldChange(label, compare_words(before, after)) for label, before, after in texts]
    ties: tuple[tuple[str | Promise, str], ...] = (
        (_("Fields of action"), "fields"),
        (_("Areas"), "areas"),
        (_("Indicators as evidence"), "indicators"),
        (_("Statements as evidence"), "statements"),
    )
    for label, name in ties:
        before, after = list(getattr(old, name).all()), list(getattr(new, name).all())
        parts.append(FieldChange(label, _list_segments(before, after)))
    return [part for part in parts if part.segments]


def changes_between(old: RecommendationVersion, new: RecommendationVersion) -> list[FieldChange]:
    """What changed from one version to a later one, part by part; unchanged parts are left out.

    Of lists only what came and went is named. Queries: 8.
    """
    changed = [part for part in parts_of(old, new) if part.is_changed]
    return [
        FieldChange(part.label, [row for row in part.segments if row.kind != "same" or not row.is_item])
        for part in changed
    ]


def returns_between(
    old: RecommendationVersion, new: RecommendationVersion, *, shows_drafts: bool
) -> list[RecommendationReturn]:
    """Why what lies between two versions was sent back, the first return first.

    Args:
        old: The earlier version.
        new: The later version.
        shows_drafts: Whether the reader is of the conference; others read the returns of the steering group.

    Returns:
        Returns of the earlier version and of those in between. Queries: 1.
    """
    rows = RecommendationReturn.objects.filter(
        version__recommendation=old.recommendation_id,
        version__number__gte=old.number,
        version__number__lt=new.number,
    )
    if not shows_drafts:
        rows = rows.filter(version__submitted_at__isnull=False)
    return list(rows.select_related("version", "returned_by").order_by("pk"))


def _list_segments(old: Sequence[Any], new: Sequence[Any]) -> list[Segment]:
    before, after = {row.pk for row in old}, {row.pk for row in new}
    kept = [Segment("same", _listed(row), is_item=True) for row in new if row.pk in before]
    gone = [Segment("removed", _listed(row), is_item=True) for row in old if row.pk not in after]
    come = [Segment("added", _listed(row), is_item=True) for row in new if row.pk not in before]
    return kept + gone + come


def _listed(row: Any) -> str:
    return f"{row}: {row.text}" if isinstance(row, Statement) else str(row)


@dataclasses.dataclass(frozen=True)
class SinceReturn:
    """What is read beside a version that came back: why, and what has changed."""

    version: RecommendationVersion
    returned: RecommendationReturn
    changes: list[FieldChange]


def since_return(version: RecommendationVersion, *, of_body: bool = True) -> SinceReturn | None:
    """``since_returns`` of one version."""
    return since_returns([version], of_body=of_body).get(version.pk)


def since_returns(
    versions: Iterable[RecommendationVersion], *, of_body: bool = True
) -> dict[int, SinceReturn]:
    """The latest return of versions and what changed from the returned wording to theirs.

    Args:
        versions: What the reader has, at most one of each recommendation; later ones tell nothing.
        of_body: Only returns of the steering group that these versions answer. The conference reads those
            of drafts as well, and that a version itself came back.

    Returns:
        Key of a version -> its return, also of what was merged into it, and the changed parts; one that
        never came back is left out. Queries: 2, one more for each step of merging and 8 for each that came
        back.
    """
    asked = list(versions)
    returns = _returns_upto(asked, of_body=of_body)
    return {
        version.pk: SinceReturn(version, found, _changes_since(found, version))
        for version in asked
        if (found := returns.get(version.pk)) is not None
    }


def _changes_since(returned: RecommendationReturn, version: RecommendationVersion) -> list[FieldChange]:
    return [] if version.pk == returned.version_id else changes_between(returned.version, version)


def _returns_upto(
    versions: Sequence[RecommendationVersion], *, of_body: bool
) -> dict[int, RecommendationReturn]:
    """Key of a version -> the latest return of it or one before, or of what was merged into it."""
    origins = merged_origins(version.recommendation_id for version in versions)
    family = set(origins).union(*origins.values())
    rows = RecommendationReturn.objects.filter(version__recommendation__in=family)
    if of_body:
        rows = rows.filter(version__submitted_at__isnull=False)
    found: dict[int, RecommendationReturn] = {}
    for row in rows.select_related("version", "returned_by").order_by("pk"):
        for version in versions:
            is_own = row.version.recommendation_id == version.recommendation_id
            is_upto = row.version.number < version.number or (row.version == version and not of_body)
            if row.version.recommendation_id in origins[version.recommendation_id] or (is_own and is_upto):
                found[version.pk] = row
    return found
