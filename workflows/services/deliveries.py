"""Writes on a requested delivery, called by its flow's pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from monitoring.models import Delivery
from monitoring.services.deliveries import (
    delivery_accept,
    delivery_from_grid,
    delivery_mark_submitted,
    delivery_read,
)
from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import User
from workflows.models import DataRequest, DataRequestState, DeliveryReview
from workflows.selectors.requests import asked_of, draft_of


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
        DomainError: ``nothing_expected``.
    """
    _expect_delivery(request)
    asked = asked_of(request)
    delivery = delivery_read(
        territory=request.cycle.territory,
        supplier=request.organisation,
        upload=upload,
        indicators=asked.indicators,
        areas=asked.areas,
        years=asked.years,
        user=user,
    )
    _attach(request, delivery)
    return delivery


def request_fill(request: DataRequest, *, cells: Mapping[tuple[str, int, str], str], user: User) -> Delivery:
    """Read figures typed into the form in the browser; like ``request_upload``.

    Args:
        request: Request that is open or returned.
        cells: What was typed, by area key, year and indicator key.
        user: Who typed.

    Returns:
        The delivery, with its lasting list of remarks.

    Raises:
        DomainError: ``nothing_expected``.
    """
    _expect_delivery(request)
    asked = asked_of(request)
    delivery = delivery_from_grid(
        territory=request.cycle.territory,
        supplier=request.organisation,
        cells=cells,
        indicators=asked.indicators,
        areas=asked.areas,
        years=asked.years,
        user=user,
    )
    _attach(request, delivery)
    return delivery


def _expect_delivery(request: DataRequest) -> None:
    if request.state not in {DataRequestState.OPEN, DataRequestState.RETURNED}:
        raise DomainError(
            "nothing_expected",
            _("No delivery is expected at the moment: it has been handed in or is settled."),
        )


@transaction.atomic
def _attach(request: DataRequest, delivery: Delivery) -> None:
    """Make a delivery the one that waits to be handed in, if one is still expected."""
    fresh = DataRequest.objects.select_for_update().get(pk=request.pk)
    _expect_delivery(fresh)
    fresh.delivery = delivery
    fresh.save(update_fields=["delivery"])
    request.delivery = delivery


@transaction.atomic
def delivery_submit(request: DataRequest, *, delivery: Delivery, user: User) -> None:
    """Hand a checked delivery in.

    Raises:
        DomainError: ``delivery_has_errors``, ``foreign_delivery``, ``delivery_already_submitted``,
            ``newer_delivery`` if a colleague has uploaded another one meanwhile.
    """
    if delivery.supplier_id != request.organisation_id or delivery.territory_id != request.cycle.territory_id:
        raise DomainError("foreign_delivery", _("This delivery belongs to another supplier."))
    waiting = draft_of(request)
    if waiting is not None and waiting.pk > delivery.pk:
        raise DomainError(
            "newer_delivery", _("A newer file has been uploaded meanwhile. Please look at that one first.")
        )
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
def request_waive(request: DataRequest, *, reason: str, user: User) -> None:
    """Go on without a delivery.

    Raises:
        DomainError: ``reason_missing``.
    """
    if not reason.strip():
        raise DomainError("reason_missing", _("Say why the cycle goes on without this delivery."))
    request.state = DataRequestState.WAIVED
    request.waive_reason = reason.strip()
    request.save(update_fields=["state", "waive_reason"])
    log_action(
        "delivery.waived",
        user=user,
        obj=request,
        territory=request.cycle.territory,
        data={"reason": request.waive_reason},
    )
