"""Bringing a decision before the steering group again: it stays as it is until another replaces it."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import User
from workflows.models import (
    Decision,
    DecisionResult,
    Recommendation,
    RecommendationKind,
    RecommendationState,
    Reconsideration,
)
from workflows.models.meetings import FINAL_RESULTS, STATE_OF_RESULT
from workflows.models.recommendations import APPROVED_STATES
from workflows.selectors.decisions import decision_in_force, may_reconsider
from workflows.services.agenda_ready import agenda_offer_recommendation


def check_reconsiderable(decision: Decision) -> None:
    """Whether a decision can be brought before the steering group again, rights aside.

    Raises:
        DomainError: ``not_final`` where it only postponed or returned, ``replaced``, ``under_way``,
            ``extract_outstanding``,
            ``cycle_closed``, ``evaluation_applied``, ``stage_two_open``, ``request_exists`` where stage 2 has
            been asked for anew.
    """
    recommendation = decision.recommendation
    if decision.result not in FINAL_RESULTS:
        raise DomainError(
            "not_final", _("The recommendation goes on by itself; there is nothing to take up.")
        )
    in_force = decision_in_force(recommendation)
    if in_force is not None and in_force.pk != decision.pk:
        raise DomainError(
            "replaced", _("Decision %(number)s has replaced this one.") % {"number": in_force.reference}
        )
    if recommendation.state != STATE_OF_RESULT[DecisionResult(decision.result)]:
        raise DomainError("under_way", _("This decision has been taken up again already."))
    if recommendation.process.finished is None:
        raise DomainError("extract_outstanding", _("Issue the extract of this decision first."))
    if recommendation.process.cycle.is_closed:
        raise DomainError("cycle_closed", _("The cycle is closed."))
    if recommendation.kind == RecommendationKind.EVALUATION:
        raise DomainError(
            "evaluation_applied",
            _("The outcomes of this decision have taken effect. Changes come with the next evaluation."),
        )
    if recommendation.kind == RecommendationKind.STAGE_TWO:
        _check_request_reconsiderable(recommendation)


def _check_request_reconsiderable(recommendation: Recommendation) -> None:
    """What the opening of stage 2 has set in motion cannot be called back by a vote."""
    if recommendation.state in APPROVED_STATES:
        raise DomainError(
            "stage_two_open",
            _("This decision has opened planning stage 2, and measures may have begun. It stays open."),
        )
    cycle = recommendation.process.cycle
    others = Recommendation.objects.filter(
        Q(cycle__in=[cycle, recommendation.cycle]) | Q(process__cycle=cycle),
        kind=RecommendationKind.STAGE_TWO,
    ).exclude(state__in=[RecommendationState.REJECTED, RecommendationState.WITHDRAWN])
    if others.exists():
        raise DomainError(
            "request_exists", _("The opening of stage 2 has been asked for anew since; decide on that one.")
        )


@transaction.atomic
def decision_reconsider(
    decision: Decision, *, reason: str, wants_new_wording: bool, user: User
) -> Reconsideration:
    """Bring a decided recommendation before the steering group again; the engine moves its case.

    The decision stays as it is and stands until another replaces it. Measures shaped from it go on and keep
    it as their origin; none are shaped from it in the meantime.

    Args:
        decision: The decision in force on a recommendation of an open cycle.
        reason: Why; both pages show it.
        wants_new_wording: Whether the conference writes a new version first.
        user: Chair of the steering group, or plans the territory.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``reason_missing`` and those of ``check_reconsiderable``.
    """
    if not may_reconsider(user, decision):
        raise PermissionDenied(
            str(_("Only the chair of the steering group or the social planning unit may do this."))
        )
    if not reason.strip():
        raise DomainError("reason_missing", _("Say why the steering group shall decide again."))
    # Lock and look again: of two who take it up at once only one finds it decided.
    locked = Recommendation.objects.select_for_update().get(pk=decision.recommendation_id)
    decision.recommendation = locked
    check_reconsiderable(decision)
    reconsideration = Reconsideration.objects.create(
        decision=decision, reason=reason.strip(), wants_new_wording=wants_new_wording, taken_up_by=user
    )
    locked.state = RecommendationState.DRAFT if wants_new_wording else RecommendationState.SUBMITTED
    locked.save(update_fields=["state"])
    log_action(
        "decision.taken_up_again",
        user=user,
        obj=decision,
        territory=locked.cycle.territory,
        data={"reason": reason.strip(), "recommendation": locked.reference},
    )
    if locked.state == RecommendationState.SUBMITTED:
        agenda_offer_recommendation(locked, user=user)
    return reconsideration
