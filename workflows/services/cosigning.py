"""Writes of co-signing: whom to ask, when each is asked, what they answer, and that silence ends."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError
from project.common.formats import date_de
from stakeholders.audit import log_action
from stakeholders.models import Organisation, User
from stakeholders.permissions import Perm, holders
from workflows.models import (
    CosignAnswer,
    Cosigning,
    CosigningProcess,
    CosignOrder,
    CosignRequest,
    CosignState,
    CosignVerdict,
    Recommendation,
)
from workflows.models.cosigning import OPEN_COSIGN_STATES
from workflows.models.recommendations import WITHDRAWABLE_STATES
from workflows.selectors.conference import invitable
from workflows.services.recommendations import current_version, cycle_now, may_withdraw

#: Most organisations of one round.
MOST = 10
#: A plan whose date has gone by when it begins gives everybody this long (days).
TURN_DAYS = 7


def may_ask_cosigners(user: Any, recommendation: Recommendation) -> bool:
    """Whether the user may have it co-signed: those who may withdraw it. Queries: at most 2."""
    return may_withdraw(user, recommendation)


def _hold(recommendation: Recommendation, user: User) -> Recommendation:
    """Lock the row: two who plan at once would both find no round."""
    if not may_ask_cosigners(user, recommendation):
        raise PermissionDenied(
            str(_("Only its author, the chair of the conference or the social planning unit may do this."))
        )
    locked = Recommendation.objects.select_for_update().get(pk=recommendation.pk)
    if locked.state not in WITHDRAWABLE_STATES:
        raise DomainError("wrong_state", _("Only what the conference still works on can be co-signed."))
    running = locked.cosignings.filter(started_at__isnull=False, ended_at__isnull=True)
    if running.exists():
        raise DomainError("cosigning_open", _("It is being co-signed already; wait for the answers."))
    return locked


@transaction.atomic
def cosigning_plan(
    recommendation: Recommendation,
    *,
    organisations: Sequence[Organisation],
    order: CosignOrder,
    due_on: datetime.date,
    user: User,
    note: str = "",
) -> Cosigning:
    """Name who is to co-sign; takes the place of an earlier plan that nobody was asked by.

    Args:
        recommendation: With its author or before the conference.
        organisations: In the order in which they are asked, each once.
        order: All at once, or one after the other.
        due_on: Last day for all answers; in a sequence each gets an equal part of the time.
        user: Author, chair of the conference, or who plans the territory.
        note: What they are to look at.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``wrong_state``, ``cosigning_open``, ``nobody_named``, ``named_twice``, ``too_many``,
            ``foreign_organisation``, ``due_past``, ``due_too_soon`` for a sequence, ``nobody_to_ask`` where
            nobody could answer for one.
    """
    locked = _hold(recommendation, user)
    _check_named(locked, organisations)
    if due_on < timezone.localdate():
        raise DomainError("due_past", _("The day for the answers must not have gone by."))
    if order == CosignOrder.SEQUENCE and (due_on - timezone.localdate()).days < len(organisations):
        raise DomainError(
            "due_too_soon",
            _(
                "One after the other, each organisation needs at least one day. Choose %(first)s or later, "
                "or ask all at once."
            )
            % {"first": date_de(timezone.localdate() + datetime.timedelta(days=len(organisations)))},
        )
    locked.cosignings.filter(started_at__isnull=True, ended_at__isnull=True).delete()
    cosigning = Cosigning.objects.create(
        recommendation=locked, order=order, due_on=due_on, note=note.strip(), created_by=user
    )
    CosignRequest.objects.bulk_create(
        CosignRequest(cosigning=cosigning, organisation=organisation, position=position)
        for position, organisation in enumerate(organisations, start=1)
    )
    log_action(
        "cosigning.planned",
        user=user,
        obj=locked,
        territory=locked.cycle.territory,
        data={"organisations": [row.name for row in organisations], "order": str(order)},
    )
    return cosigning


def _check_named(recommendation: Recommendation, organisations: Sequence[Organisation]) -> None:
    if not organisations:
        raise DomainError("nobody_named", _("Name at least one organisation."))
    if len(organisations) > MOST:
        raise DomainError("too_many", _("At most %(count)s organisations can be asked.") % {"count": MOST})
    keys = {row.pk for row in organisations}
    if len(keys) < len(organisations):
        raise DomainError("named_twice", _("Each organisation is named once only."))
    known = set(invitable(cycle_now(recommendation)).filter(pk__in=keys).values_list("pk", flat=True))
    if known != keys:
        raise DomainError("foreign_organisation", _("Only organisations of the territory can be asked."))
    writer = current_version(recommendation).created_by_id
    for organisation in organisations:
        people = holders(Perm.ACT_FOR_ORGANISATION, organisation).exclude(pk=writer)
        if not people.exists():
            raise DomainError(
                "nobody_to_ask",
                _(
                    "Nobody could answer for %(organisation)s: it needs a head or a planner who did not "
                    "write the recommendation."
                )
                % {"organisation": organisation.name},
            )


@transaction.atomic
def cosigning_drop(recommendation: Recommendation, *, user: User) -> None:
    """Take a plan back before anybody was asked.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``wrong_state``, ``cosigning_open``, ``nothing_planned``.
    """
    locked = _hold(recommendation, user)
    dropped, _rows = locked.cosignings.filter(started_at__isnull=True, ended_at__isnull=True).delete()
    if not dropped:
        raise DomainError("nothing_planned", _("No co-signing is planned."))
    log_action("cosigning.dropped", user=user, obj=locked, territory=locked.cycle.territory)


@transaction.atomic
def cosigning_begin(recommendation: Recommendation) -> list[CosignRequest]:
    """Begin the planned round on the wording before the conference; called by the recommendation's flow.

    Returns:
        Who is asked now: all, or the first of a sequence.
    """
    cosigning = recommendation.cosignings.select_for_update().get(
        started_at__isnull=True, ended_at__isnull=True
    )
    today = timezone.localdate()
    if cosigning.due_on < today:
        cosigning.due_on = today + datetime.timedelta(days=TURN_DAYS)
    requests = list(cosigning.requests.select_for_update().order_by("position"))
    is_sequence = cosigning.order == CosignOrder.SEQUENCE
    if is_sequence:
        # It may have been planned long ago: still a day for each.
        cosigning.due_on = max(cosigning.due_on, today + datetime.timedelta(days=len(requests)))
    cosigning.version = current_version(recommendation)
    cosigning.started_at = timezone.now()
    cosigning.save(update_fields=["due_on", "version", "started_at"])
    days = (cosigning.due_on - today).days
    for number, request in enumerate(requests, start=1):
        share = days * number // len(requests) if is_sequence else days
        request.due_on = today + datetime.timedelta(days=share)
        request.save(update_fields=["due_on"])
    log_action(
        "cosigning.begun",
        user=cosigning.created_by,
        obj=recommendation,
        territory=recommendation.cycle.territory,
        data={"version": cosigning.version.number},
    )
    return [_ask(request) for request in (requests[:1] if is_sequence else requests)]


def _ask(request: CosignRequest) -> CosignRequest:
    request.state = CosignState.ASKED
    request.asked_at = timezone.now()
    request.save(update_fields=["state", "asked_at"])
    return request


@transaction.atomic
def cosign_next(cosigning: Cosigning) -> CosignRequest | None:
    """Ask the next of a sequence, if it is anybody's turn; called by the flow of the one before.

    However late the one before answered, the next has a day at least; the round ends later then.
    """
    locked = Cosigning.objects.select_for_update().get(pk=cosigning.pk)
    if cosigning.requests.filter(state=CosignState.ASKED).exists():
        return None
    following = cosigning.requests.filter(state=CosignState.WAITING).order_by("position").first()
    if following is None:
        return None
    first = timezone.localdate() + datetime.timedelta(days=1)
    if following.due_on is None or following.due_on < first:
        following.due_on = first
        following.save(update_fields=["due_on"])
        locked.due_on = max(locked.due_on, first)
        locked.save(update_fields=["due_on"])
    return _ask(following)


@transaction.atomic
def cosign_answer(
    request: CosignRequest, *, verdict: CosignVerdict, user: User, comment: str = ""
) -> CosignAnswer:
    """Record what an organisation answers, for good; called by its task.

    Raises:
        DomainError: ``already_answered``, ``comment_missing`` for a comment or dissent without words.
    """
    locked = CosignRequest.objects.select_for_update().get(pk=request.pk)
    if locked.state != CosignState.ASKED:
        raise DomainError("already_answered", _("An answer is not expected any more."))
    if verdict != CosignVerdict.COSIGNED and not comment.strip():
        raise DomainError("comment_missing", _("Write down your comment or the reason of the dissent."))
    answer = CosignAnswer.objects.create(
        request=locked, verdict=verdict, comment=comment.strip(), answered_by=user
    )
    _end(request, CosignState.ANSWERED)
    log_action(
        "cosigning.answered",
        user=user,
        obj=request.cosigning.recommendation,
        territory=request.cosigning.recommendation.cycle.territory,
        data={"organisation": request.organisation.name, "answer": str(verdict)},
    )
    return answer


def cosign_silence(request: CosignRequest) -> None:
    """Record that the day went by without an answer; called by its flow."""
    _end(request, CosignState.SILENT)
    log_action(
        "cosigning.unanswered",
        user=None,
        obj=request.cosigning.recommendation,
        territory=request.cosigning.recommendation.cycle.territory,
        data={"organisation": request.organisation.name},
    )


def cosign_call_off(request: CosignRequest) -> None:
    """An answer is not needed any more; called by its flow."""
    _end(request, CosignState.CALLED_OFF)


def _end(request: CosignRequest, state: CosignState) -> None:
    request.state = state
    request.ended_at = timezone.now()
    request.save(update_fields=["state", "ended_at"])


@transaction.atomic
def cosigning_end(recommendation: Recommendation) -> None:
    """Close the open round: all have answered, or the recommendation goes no further.

    Whoever has not answered is called off with it, asked or not; afterwards nobody is asked any more.
    """
    for cosigning in recommendation.cosignings.select_for_update().filter(ended_at__isnull=True):
        now = timezone.now()
        cosigning.requests.filter(state__in=OPEN_COSIGN_STATES).update(
            state=CosignState.CALLED_OFF, ended_at=now
        )
        cosigning.ended_at = now
        cosigning.save(update_fields=["ended_at"])


def open_cosigning_processes(recommendation: Recommendation) -> list[CosigningProcess]:
    """Answers still waited for. Queries: 1."""
    return list(
        CosigningProcess.objects.filter(
            request__cosigning__recommendation=recommendation, finished__isnull=True
        ).order_by("pk")
    )
