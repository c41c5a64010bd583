"""Writes on a requested delivery, called by its flow's pages."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from monitoring.models import Delivery
from monitoring.services.deliveries import delivery_accept, delivery_mark_submitted
from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import User
from workflows.models import DataRequest, DataRequestState, DeliveryReview


def last_deliverer(request: DataRequest) -> User | None:
    """Who delivered last: gets a returned delivery back."""
    return request.delivery.created_by if request.delivery is not None else None


@transaction.atomic
def delivery_submit(request: DataRequest, *, delivery: Delivery, user: User) -> None:
    """Hand a checked delivery in.

    Raises:
        DomainError: ``delivery_has_errors``, ``foreign_delivery``, ``delivery_already_submitted``.
    """
    if delivery.supplier_id != request.organisation_id or delivery.territory_id != request.cycle.territory_id:
        raise DomainError("foreign_delivery", _("This delivery belongs to another supplier."))
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
