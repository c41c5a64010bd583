"""What the result of a decision, or of a poll on it, must say and keeps; how it may be voted."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError
from project.common.formats import date_de
from stakeholders.models import RulesOfProcedure
from workflows.models import DecisionResult, RecommendationVersion, VoteKind
from workflows.models.meetings import APPROVED_RESULTS


def check_result(
    result: DecisionResult,
    *,
    conditions: str,
    reason: str,
    postponed_until: datetime.date | None,
    decided_on: datetime.date,
) -> None:
    """What each result must say; ``decided_on`` is the day that counts, not the one it is recorded on.

    Raises:
        DomainError: ``conditions_missing``, ``reason_missing``, ``day_missing``.
    """
    if result == DecisionResult.APPROVED_WITH_CONDITIONS and not conditions.strip():
        raise DomainError("conditions_missing", _("Name the conditions."))
    if result in {DecisionResult.RETURNED, DecisionResult.REJECTED} and not reason.strip():
        raise DomainError("reason_missing", _("Say why; the conference will read it."))
    if result == DecisionResult.POSTPONED and (postponed_until is None or postponed_until <= decided_on):
        raise DomainError(
            "day_missing",
            _("Name the day, after %(day)s, on which it comes up again.") % {"day": date_de(decided_on)},
        )


def check_kind(rules: RulesOfProcedure, kind: VoteKind) -> None:
    """Secret ballots and circulated decisions only where the rules allow them.

    Raises:
        DomainError: ``secret_not_allowed``, ``circulated_not_allowed``.
    """
    if kind == VoteKind.SECRET and not rules.allows_secret:
        raise DomainError("secret_not_allowed", _("The rules of procedure allow no secret ballots."))
    if kind == VoteKind.CIRCULATED and not rules.allows_circulated:
        raise DomainError(
            "circulated_not_allowed", _("The rules of procedure allow no circulated decisions.")
        )


def result_fields(
    version: RecommendationVersion,
    result: DecisionResult,
    *,
    conditions: str,
    reason: str,
    postponed_until: datetime.date | None,
    wording: str,
) -> dict[str, Any]:
    """What a decision or a poll keeps of its result; what does not belong to the result is dropped."""
    is_conditional = result == DecisionResult.APPROVED_WITH_CONDITIONS
    return {
        "result": result,
        "conditions": conditions.strip() if is_conditional else "",
        "reason": reason.strip(),
        "postponed_until": postponed_until if result == DecisionResult.POSTPONED else None,
        "wording": _amended(version, wording) if result in APPROVED_RESULTS else "",
    }


def _amended(version: RecommendationVersion, wording: str) -> str:
    """The wording where it differs from the proposal, else an empty text."""
    text = wording.strip().replace("\r\n", "\n")
    return "" if text == version.proposal.strip().replace("\r\n", "\n") else text
