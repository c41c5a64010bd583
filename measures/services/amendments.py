"""Writes of requests for amendments, one for each step of their flow. ``workflows.amending`` starts it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Final

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from measures.models import (
    WRITING_STATES,
    AmendmentAnswer,
    AmendmentLine,
    AmendmentRequest,
    AmendmentState,
    AmendmentStep,
    AmendmentVersion,
    FundedProject,
    GrantNotice,
)
from measures.selectors.grants import latest_notice, lines_of
from measures.services.amendment_wishes import Letter, Wish, basis_newer, wish_faults
from measures.services.grants import NoticeFields, PlanError, notice_mark, notice_record
from project.common.errors import DomainError
from project.common.formats import date_de
from project.common.seen import check_seen, mark_of
from stakeholders.audit import log_action
from stakeholders.models import User
from stakeholders.permissions import Perm, require

#: After these nothing more happens to a request.
_ENDS: Final = frozenset({AmendmentStep.GRANTED, AmendmentStep.REFUSED, AmendmentStep.WITHDRAWN})

# --- the provider --------------------------------------------------------------------------------------


@transaction.atomic
def amendment_begin(project: FundedProject, *, user: User) -> AmendmentRequest:
    """Begin a request; the provider writes it, nobody else sees it before it is sent.

    Raises:
        PermissionDenied: The user does not act for the provider.
        DomainError: ``no_notice`` before the first grant notice, ``amendment_open`` beside an open request.
    """
    require(user, Perm.ACT_FOR_ORGANISATION, project.provider)
    # Locked: of two at once the second is told.
    locked = FundedProject.objects.select_for_update(of=("self",)).get(pk=project.pk)
    if not locked.notices.exists():
        raise DomainError(
            "no_notice", _("The grant notice has not been recorded yet; without it nothing can be amended.")
        )
    if locked.amendments.filter(ended_at__isnull=True).exists():
        raise DomainError(
            "amendment_open", _("A request of this project is open already; it stands on its page.")
        )
    last = locked.amendments.aggregate(last=Max("number"))["last"] or 0
    request = AmendmentRequest.objects.create(project=project, number=last + 1, begun_by=user)
    _log("amendment.begun", request, user)
    return request


def draft_mark(request: AmendmentRequest) -> str:
    """Stands for the draft as it was saved last (``project.common.seen``)."""
    return mark_of(request.draft_at.isoformat() if request.draft_at else None)


@transaction.atomic
def amendment_draft_save(
    request: AmendmentRequest, *, typed: Mapping[str, str], user: User, seen: str = ""
) -> None:
    """Keep what was typed, right or wrong, until the provider goes on with it.

    Args:
        request: With the provider.
        typed: Entries by name.
        user: Acts for the provider.
        seen: ``draft_mark`` of what was there when the form was opened; left out nothing is compared.

    Raises:
        PermissionDenied: The user does not act for the provider.
        DomainError: ``changed_meanwhile``, ``amendment_moved`` if it is not with the provider any more.
    """
    require(user, Perm.ACT_FOR_ORGANISATION, request.project.provider)
    locked = _locked(request, *WRITING_STATES)
    _check_draft(locked, seen)
    # PostgreSQL keeps no NUL in JSON.
    locked.draft = {name: value.replace("\x00", "") for name, value in typed.items()}
    locked.draft_at = timezone.now()
    locked.save(update_fields=["draft", "draft_at"])
    request.refresh_from_db()


@transaction.atomic
def amendment_submit(
    request: AmendmentRequest, *, wish: Wish, user: User, seen: str = "", opened: str = ""
) -> AmendmentVersion:
    """Send a request, or its next version, to social planning; what was sent is never changed.

    Args:
        request: With the provider.
        wish: What is asked for.
        user: Acts for the provider.
        seen: ``notice_mark`` of the notice the form was built on; left out nothing is compared.
        opened: ``draft_mark`` of what was there when the form was opened; likewise.

    Raises:
        PermissionDenied: The user does not act for the provider.
        DomainError: ``changed_meanwhile``, ``reason_missing``, ``amendment_moved``.
        PlanError: With everything that does not add up.
    """
    require(user, Perm.ACT_FOR_ORGANISATION, request.project.provider)
    locked = _locked(request, *WRITING_STATES)
    basis = _holding(locked)
    check_seen(seen, notice_mark(basis), basis_newer())
    _check_draft(locked, opened)
    reason = wish.reason.strip()
    if not reason:
        raise DomainError("reason_missing", _("Say what shall change, and why."))
    lines = [dataclasses.replace(line, title=line.title.strip()) for line in wish.lines]
    wish = dataclasses.replace(wish, lines=lines, reason=reason)
    faults = wish_faults(locked.project, basis, wish)
    if faults:
        raise PlanError(faults)
    last = locked.versions.aggregate(last=Max("number"))["last"] or 0
    version = AmendmentVersion.objects.create(
        request=locked,
        number=last + 1,
        basis=basis,
        ends_on=wish.ends_on,
        reason=reason,
        submitted_by=user,
    )
    AmendmentLine.objects.bulk_create(AmendmentLine(version=version, **vars(line)) for line in lines)
    locked.state = AmendmentState.SUBMITTED
    locked.draft, locked.draft_at = {}, None
    locked.save(update_fields=["state", "draft", "draft_at"])
    _log("amendment.submitted", locked, user)
    request.refresh_from_db()
    return version


@transaction.atomic
def amendment_withdraw(request: AmendmentRequest, *, reason: str, user: User) -> None:
    """Withdraw a request that has not been decided; called by its flow.

    Raises:
        PermissionDenied: The user does not act for the provider.
        DomainError: ``reason_missing``, ``amendment_moved``.
    """
    require(user, Perm.ACT_FOR_ORGANISATION, request.project.provider)
    _require_text(reason, _("Say why the request is withdrawn; all who saw it will read it."))
    locked = _locked(request)
    _answer(locked, AmendmentStep.WITHDRAWN, reason, user)
    _log("amendment.withdrawn", locked, user)
    request.refresh_from_db()


# --- social planning -----------------------------------------------------------------------------------


@transaction.atomic
def amendment_forward(request: AmendmentRequest, *, remark: str, user: User) -> None:
    """Forward a request to the funder, with a remark that only planning and funder read.

    Raises:
        PermissionDenied: The user may not plan the territory.
        DomainError: ``amendment_moved``; ``basis_changed`` if another notice holds by now.
    """
    require(user, Perm.EDIT_MEASURE, request.project.measure)
    locked = _locked(request, AmendmentState.SUBMITTED)
    _require_basis(locked)
    _answer(locked, AmendmentStep.FORWARDED, remark, user)
    _log("amendment.forwarded", locked, user)
    request.refresh_from_db()


@transaction.atomic
def amendment_return(request: AmendmentRequest, *, reason: str, user: User) -> None:
    """Return a request to the provider with what has to be changed.

    Raises:
        PermissionDenied: The user may not plan the territory.
        DomainError: ``reason_missing``, ``amendment_moved``.
    """
    require(user, Perm.EDIT_MEASURE, request.project.measure)
    _require_text(reason, _("Say what has to be changed; the provider will read it."))
    locked = _locked(request, AmendmentState.SUBMITTED)
    _answer(locked, AmendmentStep.RETURNED, reason, user)
    _log("amendment.returned", locked, user)
    request.refresh_from_db()


# --- the funder ----------------------------------------------------------------------------------------


@transaction.atomic
def amendment_grant(request: AmendmentRequest, *, letter: Letter, user: User) -> GrantNotice:
    """Consent to a request: the amending notice is recorded with the plan and the term as asked for.

    Args:
        request: With the funder.
        letter: What the funder's notice says beside plan and term.
        user: Acts for the funder.

    Raises:
        PermissionDenied: The user does not act for the funder.
        DomainError: ``amendment_moved``; ``basis_changed`` if another notice has been recorded since the
            request was sent; and those of ``notice_record``.
        PlanError: With everything that does not add up by the rules of today.
    """
    require(user, Perm.ACT_FOR_ORGANISATION, request.project.funder)
    locked = _locked(request, AmendmentState.FORWARDED)
    # Locked: a notice that is recorded by hand at this moment comes before or after, not in between.
    project = FundedProject.objects.select_for_update(of=("self",)).get(pk=locked.project_id)
    version = _require_basis(locked)
    fields = NoticeFields(
        reference=letter.reference,
        issued_on=letter.issued_on,
        starts_on=version.basis.starts_on,
        ends_on=version.ends_on,
        granted=version.granted,
        lines=lines_of(version),
        duties=letter.duties,
        conditions=letter.conditions,
        call=version.basis.call,
        reason=version.reason,
    )
    notice = notice_record(project, fields=fields, user=user, seen=notice_mark(version.basis))
    _answer(locked, AmendmentStep.GRANTED, "", user, notice=notice)
    _log("amendment.granted", locked, user)
    request.refresh_from_db()
    return notice


@transaction.atomic
def amendment_refuse(request: AmendmentRequest, *, reason: str, user: User) -> None:
    """Refuse a request with the reasons.

    Raises:
        PermissionDenied: The user does not act for the funder.
        DomainError: ``reason_missing``, ``amendment_moved``.
    """
    require(user, Perm.ACT_FOR_ORGANISATION, request.project.funder)
    _require_text(reason, _("Say why the request is refused; all who see it will read it."))
    locked = _locked(request, AmendmentState.FORWARDED)
    _answer(locked, AmendmentStep.REFUSED, reason, user)
    _log("amendment.refused", locked, user)
    request.refresh_from_db()


@transaction.atomic
def amendment_ask_back(request: AmendmentRequest, *, question: str, user: User) -> None:
    """Ask the provider back; it answers with its next version.

    Raises:
        PermissionDenied: The user does not act for the funder.
        DomainError: ``reason_missing``, ``amendment_moved``.
    """
    require(user, Perm.ACT_FOR_ORGANISATION, request.project.funder)
    _require_text(question, _("Say what you want to know; the provider will read it."))
    locked = _locked(request, AmendmentState.FORWARDED)
    _answer(locked, AmendmentStep.ASKED, question, user)
    _log("amendment.asked_back", locked, user)
    request.refresh_from_db()


# --- common --------------------------------------------------------------------------------------------


def _log(action: str, request: AmendmentRequest, user: User) -> None:
    territory = request.project.measure.plan.territory
    log_action(action, user=user, obj=request, territory=territory, data={"number": request.number})


def _locked(request: AmendmentRequest, *allowed: AmendmentState) -> AmendmentRequest:
    """The row for a step; without states any that is open."""
    rows = AmendmentRequest.objects.select_for_update(of=("self",)).select_related(
        "project__measure__plan__territory", "project__programme", "project__provider"
    )
    locked = rows.get(pk=request.pk)
    if not locked.is_open or (allowed and locked.state not in allowed):
        raise DomainError(
            "amendment_moved", _("This request has moved on meanwhile. Look at its page before you go on.")
        )
    return locked


def _check_draft(locked: AmendmentRequest, seen: str) -> None:
    text = _("Somebody has saved this draft meanwhile. Sending this form once more replaces what was saved.")
    check_seen(seen, draft_mark(locked), text)


def _holding(locked: AmendmentRequest) -> GrantNotice:
    notice = latest_notice(locked.project)
    assert notice is not None  # without one no request begins, and notices are never deleted
    return notice


def _require_basis(locked: AmendmentRequest) -> AmendmentVersion:
    """The version that was sent last, if it builds on the notice that holds."""
    version: AmendmentVersion = locked.versions.select_related("basis__call").order_by("-number")[:1].get()
    latest = _holding(locked)
    if version.basis_id != latest.pk:
        raise DomainError(
            "basis_changed",
            _(
                "Another notice has been recorded on %(day)s, after this request was sent, so it would undo "
                "what that one changed. Give the request back to the provider, who builds it on the new one."
            )
            % {"day": date_de(timezone.localdate(latest.recorded_at))},
        )
    return version


def _require_text(text: str, message: str) -> None:
    if not text.strip():
        raise DomainError("reason_missing", message)


def _answer(
    locked: AmendmentRequest,
    step: AmendmentStep,
    text: str,
    user: User,
    *,
    notice: GrantNotice | None = None,
) -> None:
    """Answer, and the state that has its name; a decision or a withdrawal ends the request."""
    AmendmentAnswer.objects.create(
        request=locked,
        version=locked.versions.order_by("-number").first(),
        step=step,
        text=text.strip(),
        written_by=user,
    )
    locked.state, locked.notice = AmendmentState(step.value), notice
    if step in _ENDS:
        locked.ended_at = timezone.now()
        locked.draft, locked.draft_at = {}, None
    locked.save(update_fields=["state", "notice", "ended_at", "draft", "draft_at"])
