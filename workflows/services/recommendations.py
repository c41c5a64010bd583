"""Writes on recommendations: versions, adoption, return, and what a decision sets in motion."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from measures.models import FieldOfAction, Stage
from measures.services.versions import plan_fix
from monitoring.models import Area, Indicator
from project.common.errors import DomainError, as_domain_error
from stakeholders.audit import log_action
from stakeholders.models import Organisation, User
from stakeholders.permissions import Perm, can, holders, require
from workflows.models import (
    CostKind,
    DecisionResult,
    MeasureProcess,
    PlanningCycle,
    Recommendation,
    RecommendationKind,
    RecommendationReturn,
    RecommendationState,
    RecommendationVersion,
    Statement,
)
from workflows.models.meetings import STATE_OF_RESULT
from workflows.models.recommendations import APPROVED_STATES, REQUEST_STAGES, WITHDRAWABLE_STATES
from workflows.selectors.decisions import decision_in_force
from workflows.services.agenda_ready import agenda_offer_recommendation

#: Parts that a draft may still lack.
DRAFT_GAPS = ("finding", "aim", "proposal")
#: Parts a draft may lack as well, and a request to open stage 2 for good: its plan says whom it is for.
PLAIN_GAPS = ("need", "urgency")
#: Texts of a version; white space around them is not kept.
TEXTS = (
    *("title", "finding", "need", "aim", "proposal", "alternatives", "cost", "urgency", "file_reference"),
)
#: Its other plain values.
VALUES = ("cost_kind", "cost_from", "cost_to")
#: What it is tied to, several of each.
TIES = ("fields", "areas", "indicators", "statements")


@dataclasses.dataclass(frozen=True)
class Wording:
    """The content of a version."""

    title: str
    finding: str
    aim: str
    proposal: str
    addressee: Organisation
    need: str = ""
    alternatives: str = ""
    cost_kind: str = CostKind.UNKNOWN
    cost_from: Decimal | None = None
    cost_to: Decimal | None = None
    cost: str = ""
    urgency: str = ""
    file_reference: str = ""
    fields: Sequence[FieldOfAction] = ()
    areas: Sequence[Area] = ()
    indicators: Sequence[Indicator] = ()
    statements: Sequence[Statement] = ()


@transaction.atomic
def recommendation_create(
    cycle: PlanningCycle,
    *,
    wording: Wording,
    user: User,
    kind: RecommendationKind = RecommendationKind.MEASURES,
    is_example: bool = False,
) -> Recommendation:
    """Write a recommendation with its first version; the engine starts it afterwards.

    Raises:
        PermissionDenied: The user takes no part in the conference and does not plan the territory; only
            planning asks for the opening of stage 2 and puts evaluations forward.
        DomainError: ``cycle_closed``, ``stage_two_open``, ``request_exists``, ``invalid``.
    """
    require(user, Perm.MANAGE_CYCLE if kind in REQUEST_STAGES else Perm.VIEW_DRAFTS, cycle)
    # Lock the cycle's row: two authors at once must not draw the same number, nor ask for stage 2 twice.
    locked = PlanningCycle.objects.select_for_update().get(pk=cycle.pk)
    if cycle.is_closed or locked.is_closed:
        raise DomainError("cycle_closed", _("The cycle is closed."))
    if kind == RecommendationKind.STAGE_TWO:
        _check_request(locked)
    # Counted through the cycles that begin in the same year: "2026-01" is said of one of them only.
    alike = Recommendation.objects.filter(
        cycle__territory=cycle.territory_id, cycle__starts_year=cycle.starts_year
    )
    last = alike.aggregate(last=Max("number"))["last"] or 0
    recommendation = Recommendation.objects.create(
        cycle=cycle, number=last + 1, kind=kind, created_by=user, is_example=is_example
    )
    _check_wording(cycle, wording)
    _write(RecommendationVersion(recommendation=recommendation, number=1, created_by=user), wording)
    log_action("recommendation.begun", user=user, obj=recommendation, territory=cycle.territory)
    return recommendation


def _check_request(cycle: PlanningCycle) -> None:
    """Stage 2 opens once, so it is asked for once at a time."""
    if cycle.plan.stage_two_opened_on is not None:
        raise DomainError("stage_two_open", _("Planning stage 2 is open already."))
    requests = Recommendation.objects.filter(
        Q(cycle=cycle) | Q(process__cycle=cycle), kind=RecommendationKind.STAGE_TWO
    )
    if requests.exclude(state__in=[RecommendationState.REJECTED, RecommendationState.WITHDRAWN]).exists():
        raise DomainError("request_exists", _("The opening of stage 2 has been asked for already."))


@transaction.atomic
def version_save(recommendation: Recommendation, *, wording: Wording, user: User) -> RecommendationVersion:
    """Save the wording: into the version under work, or as a new one if the last was submitted or returned.

    A draft may still lack finding, aim and proposal. Saving a frozen version's own words again makes no new
    version.

    Args:
        recommendation: Still to be written or changed.
        wording: What it shall say.
        user: Who writes.

    Returns:
        The version that now holds the wording.

    Raises:
        DomainError: ``invalid``, ``foreign_addressee``, ``foreign_field``.
    """
    _check_wording(recommendation.cycle, wording)
    last = recommendation.versions.order_by("-number").first()
    if last is not None and _same_wording(last, wording):
        return last
    version = last
    if version is None or is_frozen(version):
        version = RecommendationVersion(
            recommendation=recommendation, number=(last.number if last else 0) + 1, created_by=user
        )
    _write(version, wording)
    log_action(
        "recommendation.wording_saved",
        user=user,
        obj=recommendation,
        territory=recommendation.cycle.territory,
        data={"version": version.number},
    )
    return version


def _write(version: RecommendationVersion, wording: Wording) -> None:
    for name in TEXTS:
        setattr(version, name, getattr(wording, name).strip())
    for name in VALUES:
        setattr(version, name, getattr(wording, name))
    version.addressee = wording.addressee
    try:
        version.full_clean(exclude=[name for name in DRAFT_GAPS if not getattr(version, name)])
    except ValidationError as error:
        raise as_domain_error(error) from error
    version.save()
    for name in TIES:
        getattr(version, name).set(getattr(wording, name))


def version_writers(process: Any) -> list[int]:
    """Key of who wrote the wording that is judged now, whoever put it forward. Queries: 1."""
    versions = process.recommendation.versions.order_by("-number")
    return list(versions.values_list("created_by_id", flat=True)[:1])


def is_frozen(version: RecommendationVersion) -> bool:
    """Whether somebody has judged this wording, so that it stays as it is. Queries: at most 2."""
    return version.submitted_at is not None or version.returns.exists() or version.cosignings.exists()


def _check_wording(cycle: PlanningCycle, wording: Wording) -> None:
    if wording.addressee.territory_id not in {None, cycle.territory_id}:
        raise DomainError("foreign_addressee", _("The addressee belongs to another territory."))
    if any(field.plan.territory_id != cycle.territory_id for field in wording.fields):
        raise DomainError("foreign_field", _("The field of action belongs to another territory."))


def _same_wording(version: RecommendationVersion, wording: Wording) -> bool:
    if any(getattr(version, name) != getattr(wording, name).strip() for name in TEXTS):
        return False
    if any(getattr(version, name) != getattr(wording, name) for name in VALUES):
        return False
    if version.addressee_id != wording.addressee.pk:
        return False
    return all(
        set(getattr(version, name).values_list("pk", flat=True)) == {row.pk for row in getattr(wording, name)}
        for name in TIES
    )


def current_version(recommendation: Recommendation) -> RecommendationVersion:
    """Its latest wording.

    Raises:
        DomainError: ``no_version``.
    """
    version = recommendation.versions.order_by("-number").first()
    if version is None:
        raise DomainError("no_version", _("The recommendation has no text yet."))
    return version


def cycle_now(recommendation: Recommendation) -> PlanningCycle:
    """The cycle that works on it: it may have been carried over."""
    process = getattr(recommendation, "process", None)
    cycle: PlanningCycle = process.cycle if process is not None else recommendation.cycle
    return cycle


def _set_state(recommendation: Recommendation, state: RecommendationState) -> None:
    recommendation.state = state
    recommendation.save(update_fields=["state"])


@transaction.atomic
def recommendation_propose(recommendation: Recommendation, *, user: User) -> None:
    """Put the wording before the conference.

    Raises:
        DomainError: ``incomplete``, ``no_evidence`` where neither an indicator nor a statement is linked
            (stage-2 requests are exempt), ``nothing_changed`` where a returned version came back unchanged,
            ``nobody_to_adopt`` where four eyes would leave nobody to go on with it.
    """
    version = current_version(recommendation)
    if is_frozen(version):
        raise DomainError(
            "nothing_changed", _("Save the changed text first; the returned version stays as it is.")
        )
    if not all(getattr(version, name) for name in DRAFT_GAPS):
        raise DomainError("incomplete", _("Write finding, aim and proposal first."))
    is_plain = recommendation.kind == RecommendationKind.MEASURES
    if is_plain and not all(getattr(version, name) for name in PLAIN_GAPS):
        raise DomainError("incomplete", _("Say what the need is and how urgent it is first."))
    if is_plain and not version.indicators.exists() and not version.statements.exists():
        raise DomainError("no_evidence", _("Link at least one indicator or statement as evidence."))
    chairs = holders(Perm.CHAIR_BODY, cycle_now(recommendation).planning_conference)
    if not chairs.exclude(pk__in={user.pk, version.created_by_id}).exists():
        raise DomainError(
            "nobody_to_adopt",
            _(
                "Who writes a recommendation cannot adopt it, and the chair of the conference has no deputy. "
                "Ask your administration to name one, then put it before the conference."
            ),
        )
    _set_state(recommendation, RecommendationState.PROPOSED)
    log_action(
        "recommendation.proposed",
        user=user,
        obj=recommendation,
        territory=recommendation.cycle.territory,
        data={"version": version.number},
    )


@transaction.atomic
def recommendation_adopt(recommendation: Recommendation, *, user: User, barred: Iterable[int] = ()) -> None:
    """The conference adopts the wording and submits it; from now on this version is frozen.

    Args:
        recommendation: Before the conference.
        user: Who adopts.
        barred: Keys of others whom four eyes bar from recording the decision.

    Raises:
        DomainError: ``nobody_to_decide`` where four eyes would leave nobody to record the decision.
    """
    version = current_version(recommendation)
    chairs = holders(Perm.CHAIR_BODY, cycle_now(recommendation).steering_group)
    if not chairs.exclude(pk__in={user.pk, version.created_by_id, *barred}).exists():
        raise DomainError(
            "nobody_to_decide",
            _(
                "Who adopts a recommendation cannot record the decision on it, and the chair of the steering "
                "group has no other deputy. Let your deputy adopt it, or have a deputy named there."
            ),
        )
    version.submitted_at = timezone.now()
    version.save(update_fields=["submitted_at"])
    _set_state(recommendation, RecommendationState.SUBMITTED)
    log_action(
        "recommendation.submitted",
        user=user,
        obj=recommendation,
        territory=recommendation.cycle.territory,
        data={"version": version.number},
    )
    agenda_offer_recommendation(recommendation, user=user)


@transaction.atomic
def recommendation_send_back(recommendation: Recommendation, *, reason: str, user: User) -> None:
    """The conference's chair gives a draft back to its author.

    Raises:
        DomainError: ``reason_missing``.
    """
    if not reason.strip():
        raise DomainError("reason_missing", _("Say what has to be changed."))
    version = current_version(recommendation)
    RecommendationReturn.objects.create(version=version, reason=reason.strip(), returned_by=user)
    _set_state(recommendation, RecommendationState.DRAFT)
    log_action(
        "recommendation.sent_back",
        user=user,
        obj=recommendation,
        territory=recommendation.cycle.territory,
        data={"version": version.number, "reason": reason.strip()},
    )


def may_withdraw(user: Any, recommendation: Recommendation) -> bool:
    """Whether the user may withdraw it: its author, the conference's chair, planning. Queries: at most 2."""
    cycle = cycle_now(recommendation)
    return (
        recommendation.created_by_id == user.pk
        or bool(can(user, Perm.CHAIR_BODY, cycle.planning_conference))
        or bool(can(user, Perm.MANAGE_CYCLE, cycle))
    )


def require_may_withdraw(user: Any, recommendation: Recommendation) -> None:
    """Refuse whoever may not withdraw it.

    Raises:
        PermissionDenied: ``may_withdraw`` says no.
    """
    if not may_withdraw(user, recommendation):
        raise PermissionDenied(
            str(_("Only its author, the chair of the conference or the social planning unit may do this."))
        )


@transaction.atomic
def recommendation_withdraw(recommendation: Recommendation, *, reason: str, user: User) -> None:
    """Withdraw what is not before the steering group; a decision that was taken up again stands on.

    Args:
        recommendation: With its author or before the conference.
        reason: Why; its page shows it.
        user: Its author, the conference's chair, or who plans the territory.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``reason_missing``, ``not_withdrawable``.
    """
    require_may_withdraw(user, recommendation)
    if not reason.strip():
        raise DomainError("reason_missing", _("Say why it is withdrawn."))
    locked = Recommendation.objects.select_for_update().get(pk=recommendation.pk)
    if locked.state not in WITHDRAWABLE_STATES:
        raise DomainError(
            "not_withdrawable",
            _("It is before the steering group or decided; only its decision ends it now."),
        )
    recommendation_end(recommendation, reason=reason, user=user)


def recommendation_end(recommendation: Recommendation, *, reason: str, user: User) -> None:
    """It goes no further: withdrawn, or as its decision says where one stands; the caller has checked that.

    Args:
        recommendation: Not decided, or taken up again.
        reason: Why, not empty; its page shows it.
        user: Whose act ends it.
    """
    standing = decision_in_force(recommendation)
    if standing is not None:
        _set_state(recommendation, STATE_OF_RESULT[DecisionResult(standing.result)])
    else:
        recommendation.withdraw_reason = reason.strip()
        recommendation.withdrawn_by = user
        recommendation.withdrawn_at = timezone.now()
        recommendation.state = RecommendationState.WITHDRAWN
        recommendation.save(update_fields=["withdraw_reason", "withdrawn_by", "withdrawn_at", "state"])
    log_action(
        "recommendation.withdrawn",
        user=user,
        obj=recommendation,
        territory=recommendation.cycle.territory,
        data={"reason": reason.strip(), "decision": standing.reference if standing else None},
    )


def apply_decision(recommendation: Recommendation) -> list[MeasureProcess]:
    """Set in motion what a decision on stage 2 means; called by the recommendation's flow.

    Returns:
        Measures that may now begin; empty unless stage 2 was opened.
    """
    is_request = recommendation.kind == RecommendationKind.STAGE_TWO
    if not is_request or recommendation.state not in APPROVED_STATES:
        return []
    plan = recommendation.cycle.plan
    if plan.stage_two_opened_on is None:
        plan.stage_two_opened_on = timezone.localdate()
        plan.save(update_fields=["stage_two_opened_on"])
        log_action(
            "plan.stage_two_opened",
            user=None,
            obj=plan,
            territory=plan.territory,
            data={"recommendation": recommendation.reference},
        )
        decision = recommendation.decisions.order_by("-pk").first()
        plan_fix(
            plan,
            title=str(_("Planning stage 2 opened")),
            decision_references=[decision.reference] if decision else [],
        )
    return list(MeasureProcess.objects.filter(measure__plan=plan, measure__stage=Stage.TWO, finished=None))
