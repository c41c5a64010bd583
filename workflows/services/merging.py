"""Writes of merging: similar recommendations become one, and each says where it went."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import User
from stakeholders.permissions import Perm, can
from workflows.models import (
    CostKind,
    PlanningCycle,
    Recommendation,
    RecommendationKind,
    RecommendationState,
    RecommendationVersion,
    StageKind,
    Urgency,
)
from workflows.models.recommendations import WITHDRAWABLE_STATES
from workflows.selectors.decisions import decision_in_force
from workflows.services.recommendations import TIES, Wording, current_version

#: Fewest recommendations that can be merged.
LEAST = 2
#: Stages of the cycle in which the conference works on recommendations.
STAGES = (StageKind.CONFERENCE, StageKind.STEERING_GROUP)
_TITLE_LENGTH = 200
_REFERENCE_LENGTH = 100
_URGENCIES = (Urgency.AT_ONCE, Urgency.THIS_YEAR, Urgency.WITHIN_CYCLE)
#: Texts that are put one below the other under the number and title of where they come from.
_JOINED = ("finding", "need", "aim", "proposal", "alternatives")


def may_merge(user: Any, cycle: PlanningCycle) -> bool:
    """Whether the user may merge recommendations of a cycle: the conference's chair, planning."""
    return bool(can(user, Perm.CHAIR_BODY, cycle.planning_conference)) or bool(
        can(user, Perm.MANAGE_CYCLE, cycle)
    )


def require_may_merge(user: Any, cycle: PlanningCycle) -> None:
    """Refuse whoever may not merge.

    Raises:
        PermissionDenied: ``may_merge`` says no.
    """
    if not may_merge(user, cycle):
        raise PermissionDenied(
            str(_("Only the chair of the conference or the social planning unit may do this."))
        )


def can_merge_in(cycle: PlanningCycle) -> bool:
    """Whether the conference of a cycle works on recommendations now."""
    return not cycle.is_closed and cycle.stage in STAGES


def merge_check(cycle: PlanningCycle, origins: Sequence[Recommendation], *, user: User) -> None:
    """Whether these recommendations may become one now; rows are locked by the caller.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``wrong_stage``, ``too_few``, ``foreign_recommendation``, ``wrong_kind``,
            ``not_mergeable`` where one is no longer with the conference, ``decision_stands``.
    """
    require_may_merge(user, cycle)
    if not can_merge_in(cycle):
        raise DomainError("wrong_stage", _("Recommendations are merged while the conference works on them."))
    if len({row.pk for row in origins}) < LEAST:
        raise DomainError("too_few", _("Choose at least two recommendations."))
    for row in origins:
        if row.process.cycle_id != cycle.pk:
            raise DomainError(
                "foreign_recommendation", _("The recommendation does not belong to this planning cycle.")
            )
        if row.kind != RecommendationKind.MEASURES:
            raise DomainError("wrong_kind", _("A request to open stage 2 cannot be merged."))
        if row.state not in WITHDRAWABLE_STATES:
            raise DomainError(
                "not_mergeable",
                _("%(number)s is no longer with the conference.") % {"number": row.reference},
            )
        if decision_in_force(row) is not None:
            raise DomainError(
                "decision_stands",
                _("A decision on %(number)s is in force; it cannot be merged.") % {"number": row.reference},
            )


def merged_wording(origins: Sequence[Recommendation]) -> Wording:
    """First draft of the new recommendation: texts under their origin, evidence and areas together.

    Args:
        origins: In the order in which their texts shall stand.

    Returns:
        Wording to be edited. Amounts are taken over where all say the same; else they stand in the text.
        Queries: 5 for each origin.
    """
    versions = [current_version(row) for row in origins]
    pairs = list(zip(origins, versions, strict=True))
    texts: dict[str, Any] = {name: _joined(pairs, name) for name in _JOINED}
    costs = {(row.cost_kind, row.cost_from, row.cost_to) for row in versions}
    kind, low, high = costs.pop() if len(costs) == 1 else (CostKind.UNKNOWN, None, None)
    cost = _joined(pairs, "cost") if kind != CostKind.UNKNOWN else _joined_costs(pairs)
    if len({row.addressee_id for row in versions}) > 1:
        # One addressee only is kept as such; whom the others were meant for is not to be lost.
        named = "; ".join(f"{row.reference}: {version.addressee.name}" for row, version in pairs)
        told = gettext("Addressees so far: %(addressees)s") % {"addressees": named}
        texts["proposal"] = "\n\n".join(part for part in (texts["proposal"], told) if part)
    references = [row.file_reference for row in versions if row.file_reference]
    ties: dict[str, Any] = {
        name: list({row.pk: row for version in versions for row in getattr(version, name).all()}.values())
        for name in TIES
    }
    return Wording(
        title=" / ".join(version.title for version in versions)[:_TITLE_LENGTH],
        addressee=versions[0].addressee,
        cost_kind=kind,
        cost_from=low,
        cost_to=high,
        cost=cost,
        urgency=next((value for value in _URGENCIES if value in {row.urgency for row in versions}), ""),
        file_reference="; ".join(dict.fromkeys(references))[:_REFERENCE_LENGTH],
        **texts,
        **ties,
    )


_Pairs = Sequence[tuple[Recommendation, RecommendationVersion]]


def _joined(pairs: _Pairs, name: str) -> str:
    parts = [(row, getattr(version, name)) for row, version in pairs if getattr(version, name)]
    if len({text for _row, text in parts}) == 1:
        return str(parts[0][1])
    return "\n\n".join(
        gettext("From %(number)s:") % {"number": row.reference} + f"\n{text}" for row, text in parts
    )


def _joined_costs(pairs: _Pairs) -> str:
    return "\n\n".join(
        gettext("From %(number)s:") % {"number": row.reference}
        + f"\n{version.cost_words}"
        + (f"\n{version.cost}" if version.cost else "")
        for row, version in pairs
        if version.cost or version.cost_kind != CostKind.UNKNOWN
    )


def merge_mark(origin: Recommendation, heir: Recommendation, *, user: User) -> None:
    """An origin says where it went; called by the engine, which ends its case."""
    origin.state = RecommendationState.MERGED
    origin.merged_into = heir
    origin.merged_by = user
    origin.merged_at = timezone.now()
    origin.save(update_fields=["state", "merged_into", "merged_by", "merged_at"])
    log_action(
        "recommendation.merged",
        user=user,
        obj=origin,
        territory=origin.cycle.territory,
        data={"into": heir.reference},
    )
