"""Writes on deliveries: their values come into force when planning accepts them."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from monitoring.models import Delivery, Value
from project.common.errors import DomainError
from stakeholders.models import User


def delivery_mark_submitted(delivery: Delivery) -> None:
    """Mark a checked delivery as handed in.

    Raises:
        DomainError: ``delivery_has_errors``, ``delivery_already_submitted``, ``delivery_empty``.
    """
    if delivery.submitted_at is not None:
        raise DomainError("delivery_already_submitted", _("This delivery has already been handed in."))
    if delivery.has_errors:
        raise DomainError(
            "delivery_has_errors", _("Correct the errors in the list first; nothing is handed in until then.")
        )
    if not delivery.values.exists():
        raise DomainError("delivery_empty", _("The file holds no values."))
    delivery.submitted_at = timezone.now()
    delivery.save(update_fields=["submitted_at"])


@transaction.atomic
def delivery_accept(delivery: Delivery, *, user: User) -> int:
    """Bring a delivery's values into force; values they succeed stay readable.

    Returns:
        Number of values that succeeded an older one.
    """
    fresh = Value.objects.filter(delivery=delivery)
    succeeded = 0
    keys = fresh.values_list("indicator_id", "year").distinct()
    for indicator_id, year in list(keys):
        areas = fresh.filter(indicator_id=indicator_id, year=year).values("area_id")
        succeeded += (
            Value.objects.filter(indicator_id=indicator_id, year=year, area_id__in=areas, is_current=True)
            .exclude(delivery=delivery)
            .update(is_current=False)
        )
    fresh.update(is_current=True)
    delivery.accepted_at = timezone.now()
    delivery.accepted_by = user
    delivery.save(update_fields=["accepted_at", "accepted_by"])
    return succeeded
