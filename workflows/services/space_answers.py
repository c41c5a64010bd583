"""Answers to the ideas of an evening: written once each, the latest in effect counts."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from measures.models import Measure
from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import Body, Organisation, User
from stakeholders.permissions import Perm, holders, require
from workflows.models import (
    AnswerKind,
    PlanningCycle,
    Recommendation,
    SpaceAnswer,
    SpaceConference,
    SpaceCorrectionCheck,
    SpaceCorrectionWithdrawal,
    SpaceIdea,
)
from workflows.selectors.space_conferences import (
    answerable_measures,
    answers_in_effect,
    approved_recommendations,
)
from workflows.selectors.space_corrections import pending_corrections, returned_corrections
from workflows.services.space_conferences import conference_lock


@transaction.atomic
def idea_answer(
    idea: SpaceIdea,
    *,
    kind: str,
    measure: Measure | None = None,
    recommendation: Recommendation | None = None,
    body: Body | None = None,
    organisation: Organisation | None = None,
    text: str = "",
    user: User,
) -> SpaceAnswer:
    """Answer an idea; an answer before it stays in the history.

    Args:
        idea: A shown idea of an evening that is closed.
        kind: One of ``AnswerKind``; what it does not need is left aside.
        measure: Of the cycle's action plan, agreed already.
        recommendation: An approved one of the cycle.
        body: Of the territory.
        organisation: Of the territory, or supraregional.
        text: Words to those who had the idea; needed where it goes elsewhere or is not possible.
        user: Acts for the planning unit.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``not_answering``, ``idea_not_shown``, ``kind_missing``, ``measure_missing``,
            ``recommendation_missing``, ``addressee_missing``, ``foreign_addressee``, ``text_missing``.
    """
    conference = conference_lock(idea.conference)
    cycle = conference.cycle
    require(user, Perm.ACT_FOR_ORGANISATION, cycle.planning_unit)
    if not conference.takes_answers:
        raise DomainError("not_answering", _("Ideas of this evening are not being answered (any more)."))
    fields = _checked(idea, cycle, kind, measure, recommendation, body, organisation, text)
    answer = SpaceAnswer.objects.create(idea=idea, given_by=user, **fields)
    log_action(
        "space_idea.answered", user=user, obj=idea, territory=cycle.territory, data={"answer_kind": str(kind)}
    )
    return answer


@transaction.atomic
def answer_correct(
    idea: SpaceIdea,
    *,
    kind: str,
    measure: Measure | None = None,
    recommendation: Recommendation | None = None,
    body: Body | None = None,
    organisation: Organisation | None = None,
    text: str = "",
    user: User,
) -> SpaceAnswer:
    """Correct an answer that everybody can read: another one names it, and counts once it is released.

    Also after the cycle was closed or given up: the page stays public, and what is wrong on it must not
    stay there because of that.

    Args:
        idea: A shown idea of an evening whose answers are published.
        kind: As in ``idea_answer``, likewise all that follows.
        measure: As in ``idea_answer``.
        recommendation: As in ``idea_answer``.
        body: As in ``idea_answer``.
        organisation: As in ``idea_answer``.
        text: As in ``idea_answer``.
        user: Acts for the planning unit.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``not_published``, ``correction_waits`` for its release, ``answer_unchanged``,
            ``nobody_to_release``, and those of ``idea_answer``.
    """
    conference = conference_lock(idea.conference)
    cycle = conference.cycle
    require(user, Perm.ACT_FOR_ORGANISATION, cycle.planning_unit)
    if not conference.is_published:
        raise DomainError("not_published", _("Only published answers are corrected."))
    fields = _checked(idea, cycle, kind, measure, recommendation, body, organisation, text)
    if pending_corrections(conference).filter(idea=idea).exists():
        raise DomainError("correction_waits", _("A correction of this answer waits for its release already."))
    before = answers_in_effect().filter(idea=idea).order_by("-pk")[0]
    if all(getattr(before, name) == value for name, value in fields.items()):
        raise DomainError("answer_unchanged", _("Nothing has been changed in this answer."))
    if not holders(Perm.LEAD_ORGANISATION, cycle.planning_unit).exclude(pk=user.pk).exists():
        raise DomainError(
            "nobody_to_release",
            _(
                "Who corrects an answer cannot release it, and nobody else leads the planning unit. Ask your "
                "administration to name a deputy, then correct it."
            ),
        )
    answer = SpaceAnswer.objects.create(idea=idea, given_by=user, corrects=before, **fields)
    log_action(
        "space_answer.corrected",
        user=user,
        obj=idea,
        territory=cycle.territory,
        data={"answer_kind": str(kind)},
    )
    return answer


@transaction.atomic
def correction_review(
    answer: SpaceAnswer, *, is_released: bool, reason: str = "", user: User
) -> SpaceCorrectionCheck:
    """Let a correction out to everybody, or return it; who wrote it gets the task to write another.

    Args:
        answer: A correction that waits.
        is_released: Whether it takes the place of what everybody reads.
        reason: What has to be changed; needed for a return.
        user: Leads the planning unit, and is another than who wrote it.

    Raises:
        PermissionDenied: The user does not lead the planning unit.
        DomainError: ``not_waiting``, ``four_eyes``, ``reason_missing``.
    """
    conference = conference_lock(answer.idea.conference)
    require(user, Perm.LEAD_ORGANISATION, conference.cycle.planning_unit)
    if not pending_corrections(conference).filter(pk=answer.pk).exists():
        raise DomainError("not_waiting", _("This correction does not wait for its release any more."))
    if user.pk == answer.given_by_id:
        raise DomainError("four_eyes", _("Who corrected an answer does not release it."))
    words = "" if is_released else reason.strip()
    if not is_released and not words:
        raise DomainError("reason_missing", _("Say what has to be changed; the author will read it."))
    return _settle(answer, reason=words, user=user)


@transaction.atomic
def correction_withdraw(answer: SpaceAnswer, *, user: User) -> SpaceCorrectionWithdrawal:
    """Pursue a correction no further; the published answer stays as it is, the correction in the history.

    Args:
        answer: A correction that waits for its release, or was returned and not written anew.
        user: Acts for the planning unit. One that waits is withdrawn by its author alone; one that was
            returned by a colleague, too: its author may have left.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``correction_settled``, ``not_the_author``.
    """
    conference = conference_lock(answer.idea.conference)
    require(user, Perm.ACT_FOR_ORGANISATION, conference.cycle.planning_unit)
    waits = pending_corrections(conference).filter(pk=answer.pk).exists()
    if not waits and not returned_corrections(conference).filter(pk=answer.pk).exists():
        raise DomainError("correction_settled", _("This correction has been dealt with already."))
    if waits and user.pk != answer.given_by_id:
        raise DomainError("not_the_author", _("Only who wrote a correction withdraws it."))
    return _withdraw(answer, user=user)


@transaction.atomic
def corrections_end(conference: SpaceConference, *, reason: str, user: User) -> None:
    """Return all corrections that wait, with a reason, and ask nobody to write a returned one anew.

    Called when the cycle is given up, by whoever gives it up; its right is checked there.
    """
    locked = conference_lock(conference)
    for answer in pending_corrections(locked):
        _settle(answer, reason=reason, user=user)
    for answer in returned_corrections(locked):
        _withdraw(answer, user=user)


def _withdraw(answer: SpaceAnswer, *, user: User) -> SpaceCorrectionWithdrawal:
    row = SpaceCorrectionWithdrawal.objects.create(answer=answer, withdrawn_by=user)
    territory = answer.idea.conference.cycle.territory
    log_action("space_answer.correction_withdrawn", user=user, obj=answer.idea, territory=territory)
    return row


def _settle(answer: SpaceAnswer, *, reason: str, user: User) -> SpaceCorrectionCheck:
    """Write down what became of a correction: released without a reason, returned with one."""
    check = SpaceCorrectionCheck.objects.create(
        answer=answer, is_released=not reason, reason=reason, checked_by=user
    )
    log_action(
        "space_answer.correction_returned" if reason else "space_answer.correction_released",
        user=user,
        obj=answer.idea,
        territory=answer.idea.conference.cycle.territory,
        data={"reason": reason} if reason else {},
    )
    return check


def _checked(
    idea: SpaceIdea,
    cycle: PlanningCycle,
    kind: str,
    measure: Measure | None,
    recommendation: Recommendation | None,
    body: Body | None,
    organisation: Organisation | None,
    text: str,
) -> dict[str, Any]:
    """What an answer says, without what its kind does not need."""
    if not idea.is_shown:
        raise DomainError("idea_not_shown", _("Only ideas that were shown are answered."))
    if kind not in AnswerKind.values:
        raise DomainError("kind_missing", _("Choose what becomes of the idea."))
    words = text.strip()
    if kind != AnswerKind.MEASURE or (
        measure is not None and not answerable_measures(cycle).filter(pk=measure.pk).exists()
    ):
        measure = None
    if kind != AnswerKind.RECOMMENDATION or (
        recommendation is not None
        and not approved_recommendations(cycle).filter(pk=recommendation.pk).exists()
    ):
        recommendation = None
    if kind != AnswerKind.PASSED_ON:
        body = organisation = None
    for addressee in (body, organisation):
        if addressee is not None and addressee.territory_id not in _reach(addressee, cycle):
            raise DomainError("foreign_addressee", _("The addressee belongs to another territory."))
    _check(kind, measure, recommendation, [row for row in (body, organisation) if row is not None], words)
    return {
        "kind": kind,
        "measure": measure,
        "recommendation": recommendation,
        "body": body,
        "organisation": organisation,
        "text": words,
    }


def _reach(addressee: Body | Organisation, cycle: PlanningCycle) -> set[int | None]:
    """Territories an addressee may belong to; supraregional organisations belong to none."""
    return {cycle.territory_id} if isinstance(addressee, Body) else {cycle.territory_id, None}


def _check(
    kind: str,
    measure: Measure | None,
    recommendation: Recommendation | None,
    addressees: list[Body | Organisation],
    words: str,
) -> None:
    if kind == AnswerKind.MEASURE and measure is None:
        raise DomainError("measure_missing", _("Choose a measure of the action plan that is agreed."))
    if kind == AnswerKind.RECOMMENDATION and recommendation is None:
        raise DomainError("recommendation_missing", _("Choose the recommendation."))
    if kind == AnswerKind.PASSED_ON and len(addressees) != 1:
        raise DomainError("addressee_missing", _("Choose one body or one organisation it goes to."))
    if kind in {AnswerKind.PASSED_ON, AnswerKind.NOT_POSSIBLE} and not words:
        raise DomainError("text_missing", _("Explain it in simple words; those who had the idea read it."))
