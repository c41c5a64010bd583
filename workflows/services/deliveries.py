"""Writes on a requested delivery, called by its flow's pages."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Final

from django.core.files.base import File
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from monitoring.models import Delivery, DeliveryMapping
from monitoring.services.deliveries import (
    ReadDelivery,
    delivery_accept,
    delivery_mark_submitted,
    delivery_reading,
    delivery_store,
    value_comments_carry,
)
from monitoring.services.grid_deliveries import delivery_from_grid
from monitoring.services.mappings import mapping_save, mapping_with
from monitoring.services.matching import Said
from monitoring.services.readings import Upload, stored_upload, upload_signature, upload_take
from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import User
from workflows.models import (
    DataRequest,
    DataRequestState,
    DeliveryReview,
    PlanningCycle,
    RequestReopening,
    StageKind,
)
from workflows.selectors.requests import asked_of, deliveries_uploaded, draft_of, with_due
from workflows.services.renewals import secrets_refresh

#: Planning has at least this long to check, the supplier to correct or to deliver after all (days).
TURN_DAYS = 7
#: As long as the cycle is in one of these, figures that come in can still change what it works with.
_REOPEN_STAGES = (StageKind.DATA, StageKind.ANALYSIS)


def last_deliverer(request: DataRequest) -> User | None:
    """Who delivered last: gets a returned delivery back."""
    return request.delivery.created_by if request.delivery is not None else None


def delivery_writers(process: Any) -> list[int]:
    """Key of who uploaded what lies before planning; a colleague may have handed it in."""
    delivery = process.request.delivery
    return [delivery.created_by_id] if delivery is not None else []


def request_upload(request: DataRequest, *, upload: File[bytes], user: User) -> Delivery:
    """Read a supplier's file for a request; it waits to be looked at and handed in.

    The file is read before the database is locked; uploading again replaces what waits.

    Args:
        request: Request that is open or returned.
        upload: The file.
        user: Who uploads.

    Returns:
        The delivery, with its lasting list of remarks.

    Raises:
        DomainError: ``nothing_expected``; ``same_file`` if this very file waits already.
    """
    _expect_delivery(request)
    taken = upload_take(upload)
    _refuse_again(request, taken.sha256)
    read = _read(request, taken, user=user)
    return _attach(request, read, user=user)


def request_assign(request: DataRequest, *, delivery: Delivery, said: Said, user: User) -> Delivery:
    """Say what a file means, remember it for the supplier's next files, and read the file anew.

    Args:
        request: Request that is open or returned.
        delivery: The uploaded delivery that waits to be handed in.
        said: What its columns, indicators and areas are.
        user: Who says it.

    Returns:
        The delivery as it is read now.

    Raises:
        DomainError: ``nothing_expected``, ``newer_delivery``, ``not_assignable`` if the file was not kept.
    """
    _expect_delivery(request)
    waiting = draft_of(request)
    if waiting is None or waiting.pk != delivery.pk:
        raise _newer_delivery()
    taken = stored_upload(delivery)
    signature = upload_signature(taken) if taken is not None else None
    if taken is None or signature is None:
        raise DomainError("not_assignable", _("This file cannot be assigned. Please upload another one."))
    mapping = mapping_with(
        territory=request.cycle.territory,
        supplier=request.organisation,
        signature=signature,
        said=said,
    )
    read = _read(request, taken, user=user, year=said.year, mapping=mapping)
    return _attach(request, read, user=user, based_on=delivery.pk, said=said)


def _refuse_again(request: DataRequest, sha256: str) -> None:
    waiting = draft_of(request)
    if waiting is not None and waiting.sha256 == sha256 and not waiting.has_errors:
        raise DomainError(
            "same_file",
            _("This very file has been uploaded already and waits below to be handed in. Nothing was saved."),
        )


def _read(
    request: DataRequest,
    taken: Upload,
    *,
    user: User,
    year: str = "",
    mapping: DeliveryMapping | None = None,
) -> ReadDelivery:
    asked = asked_of(request)
    return delivery_reading(
        territory=request.cycle.territory,
        supplier=request.organisation,
        upload=taken,
        indicators=asked.indicators,
        areas=asked.areas,
        years=asked.years,
        user=user,
        year=year,
        said=mapping,
    )


def request_fill(
    request: DataRequest,
    *,
    cells: Mapping[tuple[str, int, str], str],
    user: User,
    based_on: int | None = None,
) -> Delivery:
    """Read figures typed into the form in the browser; like ``request_upload``, but without a wrong cell.

    Args:
        request: Request that is open or returned.
        cells: What was typed, by area key, year and indicator key.
        user: Who typed.
        based_on: Key of the delivery the form was filled with; None if it began empty.

    Returns:
        The delivery, with its lasting list of remarks.

    Raises:
        DomainError: ``nothing_expected``, ``wrong_cells``, ``filled_meanwhile`` if a colleague has saved
            something else since the form was opened.
    """
    _expect_delivery(request)
    asked = asked_of(request)
    read = delivery_from_grid(
        territory=request.cycle.territory,
        supplier=request.organisation,
        cells=cells,
        indicators=asked.indicators,
        areas=asked.areas,
        years=asked.years,
        user=user,
    )
    return _attach(request, read, user=user, based_on=based_on, is_typed=True)


def _expect_delivery(request: DataRequest) -> None:
    if request.state not in {DataRequestState.OPEN, DataRequestState.RETURNED}:
        raise DomainError(
            "nothing_expected",
            _("No delivery is expected at the moment: it has been handed in or is settled."),
        )


_ANY: Final = object()


@transaction.atomic
def _attach(
    request: DataRequest,
    read: ReadDelivery,
    *,
    user: User,
    based_on: Any = _ANY,
    is_typed: bool = False,
    said: Said | None = None,
) -> Delivery:
    """Store a delivery as the one that waits to be handed in, if one is still expected.

    The request is held meanwhile: of two colleagues who do the same at once, the second is told.

    Args:
        request: What was asked for.
        read: What was read.
        user: Who delivers.
        based_on: Key of the delivery this one follows on; left out if that does not matter.
        is_typed: Whether it was typed in the browser.
        said: What somebody said of the file when it was read; remembered only if the file is stored too.
    """
    fresh = DataRequest.objects.select_for_update().get(pk=request.pk)
    _expect_delivery(fresh)
    if is_typed and (waiting := draft_of(fresh)) is not None and waiting.sha256 == read.taken.sha256:
        # Sent twice: it is there already.
        request.delivery = waiting
        return waiting
    if based_on is not _ANY and fresh.delivery_id != based_on:
        raise _filled_meanwhile(fresh) if is_typed else _newer_delivery()
    if not is_typed and based_on is _ANY:
        _refuse_again(fresh, read.taken.sha256)
    if said is not None and read.delivery.mapping is not None:
        read.delivery.mapping = mapping_save(
            territory=fresh.cycle.territory,
            supplier=fresh.organisation,
            signature=read.delivery.mapping.signature,
            file_name=read.taken.name,
            said=said,
            user=user,
        )
    earlier = _with_comments(fresh)
    delivery = delivery_store(read, user=user)
    if earlier is not None:
        value_comments_carry(earlier, delivery)
    fresh.delivery = delivery
    fresh.save(update_fields=["delivery"])
    request.delivery = delivery
    return delivery


def _with_comments(request: DataRequest) -> Delivery | None:
    """The latest delivery of a request with figures: one with errors has none, and no comments either."""
    rows = deliveries_uploaded(request).filter(values__isnull=False)
    return rows.order_by("-created_at", "-pk").first()


def _newer_delivery() -> DomainError:
    return DomainError(
        "newer_delivery", _("A newer file has been uploaded meanwhile. Please look at that one first.")
    )


def _filled_meanwhile(request: DataRequest) -> DomainError:
    newer = request.delivery
    return DomainError(
        "filled_meanwhile",
        _(
            "%(who)s has saved other figures meanwhile, so yours are not saved yet. They still stand here: "
            "saving once more replaces those of %(who)s; “Cancel” shows them."
        )
        % {"who": newer.created_by if newer is not None else "?"},
    )


@transaction.atomic
def delivery_submit(request: DataRequest, *, delivery: Delivery, user: User) -> None:
    """Hand a checked delivery in.

    Raises:
        DomainError: ``delivery_has_errors``, ``foreign_delivery``, ``delivery_already_submitted``,
            ``newer_delivery`` if a colleague has uploaded another one meanwhile.
    """
    if delivery.supplier_id != request.organisation_id or delivery.territory_id != request.cycle.territory_id:
        raise DomainError("foreign_delivery", _("This delivery belongs to another supplier."))
    # Held: a colleague's upload at this moment comes before or after, not in between.
    waiting = draft_of(DataRequest.objects.select_for_update(of=("self",)).get(pk=request.pk))
    if waiting is not None and waiting.pk > delivery.pk:
        raise _newer_delivery()
    delivery_mark_submitted(delivery)
    request.delivery = delivery
    request.state = DataRequestState.SUBMITTED
    request.save(update_fields=["delivery", "state"])
    log_action(
        "delivery.submitted",
        user=user,
        obj=request,
        territory=request.cycle.territory,
        data={"file": delivery.file_name, "sha256": delivery.sha256, "values": delivery.value_count},
    )


@transaction.atomic
def delivery_review(request: DataRequest, *, is_accepted: bool, reason: str, user: User) -> DeliveryReview:
    """Accept or return the delivery that was handed in.

    Args:
        request: Request with a submitted delivery.
        is_accepted: Whether its values come into force.
        reason: Needed for a return; the supplier reads it.
        user: Who judges.

    Raises:
        DomainError: ``reason_missing``, ``nothing_submitted``.
    """
    delivery = request.delivery
    if delivery is None or request.state != DataRequestState.SUBMITTED:
        raise DomainError("nothing_submitted", _("There is no delivery to check."))
    if not is_accepted and not reason.strip():
        raise DomainError("reason_missing", _("Say what has to be changed; the supplier will read it."))
    review = DeliveryReview.objects.create(
        request=request,
        delivery=delivery,
        is_accepted=is_accepted,
        reason=reason.strip(),
        reviewed_by=user,
    )
    if is_accepted:
        delivery_accept(delivery, user=user)
        secrets_refresh(request.cycle.territory)
    request.state = DataRequestState.ACCEPTED if is_accepted else DataRequestState.RETURNED
    request.save(update_fields=["state"])
    log_action(
        "delivery.accepted" if is_accepted else "delivery.returned",
        user=user,
        obj=request,
        territory=request.cycle.territory,
        data={"reason": review.reason, "at": timezone.now()},
    )
    return review


@transaction.atomic
def request_waive(request: DataRequest, *, reason: str, user: User | None) -> None:
    """Go on without a delivery.

    Args:
        request: Request that is not settled.
        reason: Why; shown wherever the figures are missing.
        user: Who goes on; None if the analysis was finished without it.

    Raises:
        DomainError: ``reason_missing``.
    """
    if not reason.strip():
        raise DomainError("reason_missing", _("Say why the cycle goes on without this delivery."))
    accepted = accepted_before(request)
    if accepted is None:
        request.state = DataRequestState.WAIVED
        request.waive_reason = reason.strip()
    else:
        # Only a correction has not come: what was accepted stays in force.
        request.state = DataRequestState.ACCEPTED
        request.delivery = accepted
    # What counted last stays: a returned delivery had new days, and its task ends now.
    due: QuerySet[Any] = with_due(DataRequest.objects.filter(pk=request.pk))  # annotated
    request.due_on = due.values_list("task_due_on", flat=True).get()
    request.save(update_fields=["state", "waive_reason", "due_on", "delivery"])
    log_action(
        "delivery.waived",
        user=user,
        obj=request,
        territory=request.cycle.territory,
        data={"reason": reason.strip(), "stays_accepted": accepted is not None},
    )


def accepted_before(request: DataRequest) -> Delivery | None:
    """What was accepted last for a request, whatever it waits for now. Queries: 1."""
    review = request.reviews.filter(is_accepted=True).select_related("delivery").order_by("-pk").first()
    return review.delivery if review is not None else None


def may_reopen(request: DataRequest) -> bool:
    """Whether a settled delivery can still be expected again: for the first time, or to correct it."""
    cycle = request.cycle
    return request.is_finished and not cycle.is_closed and cycle.stage in _REOPEN_STAGES


def earlier_waive_reason(request: DataRequest) -> str:
    """Why the cycle goes on after all without a delivery that was expected again. Queries: 1."""
    earlier = request.reopenings.order_by("pk").values_list("waive_reason", flat=True).last()
    return earlier or gettext("The correction did not come in time.")


@transaction.atomic
def request_reopen(request: DataRequest, *, reason: str, user: User) -> RequestReopening:
    """Expect a delivery again that the cycle had gone on without, or a correction; called by its flow.

    The supplier has at least a week. Figures that were accepted stay in force until others are.

    Args:
        request: Request that was gone on without, or whose delivery was accepted.
        reason: Why it is expected again; the supplier reads it.
        user: Who expects it.

    Raises:
        DomainError: ``reason_missing``, ``not_settled``, ``analysis_finished``.
    """
    if not reason.strip():
        raise DomainError("reason_missing", _("Say why the delivery is expected again."))
    # Held: a cycle that goes to the conference at this moment does so before or after, not in between.
    request.cycle = PlanningCycle.objects.select_for_update(no_key=True).get(pk=request.cycle_id)
    request.state = DataRequest.objects.select_for_update().get(pk=request.pk).state
    if not request.is_finished:
        raise DomainError("not_settled", _("This delivery is still expected."))
    if not may_reopen(request):
        raise DomainError(
            "analysis_finished",
            _("The analysis of this cycle is finished. The next cycle asks for the figures again."),
        )
    reopening = RequestReopening.objects.create(
        request=request, waive_reason=request.waive_reason, reason=reason.strip(), reopened_by=user
    )
    request.state = DataRequestState.OPEN
    request.waive_reason = ""
    request.due_on = max(request.due_on, timezone.localdate() + datetime.timedelta(days=TURN_DAYS))
    request.save(update_fields=["state", "waive_reason", "due_on"])
    log_action(
        "delivery.reopened",
        user=user,
        obj=request,
        territory=request.cycle.territory,
        data={"reason": reopening.reason, "due_on": request.due_on},
    )
    return reopening
