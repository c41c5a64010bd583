"""Deliveries of the demo: read from a file, checked, handed in and judged like any other."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from monitoring.models import Area
from monitoring.services.deliveries import delivery_reading, delivery_store
from stakeholders.models import Organisation, User
from stakeholders.permissions import Perm
from workflows.demo import driver
from workflows.demo.catalogue import delivery_file, rows
from workflows.models import PlanningCycle


def deliver(
    cycle: PlanningCycle,
    supplier: Organisation,
    values_file: str,
    areas: Mapping[str, Area],
    *,
    reviewer: User,
    is_accepted: bool = True,
    reason: str = "",
    indicators: Collection[str] | None = None,
) -> None:
    """A supplier hands in what a data file holds of its indicators, and planning judges it.

    Args:
        cycle: Cycle that asked.
        supplier: Who was asked.
        values_file: Data file with all values.
        areas: Area key -> area.
        reviewer: Who judges; nobody else than the deliverer's colleague across the house.
        is_accepted: Judgement.
        reason: Why it is returned.
        indicators: Only these keys; None for all that were asked for.
    """
    request = cycle.requests.get(organisation=supplier)
    user = driver.person_for(Perm.ACT_FOR_ORGANISATION, supplier, not_=[reviewer])
    asked = set(indicators or request.indicators.values_list("key", flat=True))
    wanted = [
        row
        for row in rows(values_file)
        if row["indicator"] in asked and cycle.data_from_year <= int(row["year"]) <= cycle.data_to_year
    ]
    delivery = delivery_store(
        delivery_reading(
            territory=cycle.territory,
            supplier=supplier,
            upload=delivery_file(
                wanted, areas, f"lieferung-{supplier.label.lower()}-{cycle.data_to_year}.csv"
            ),
            indicators=list(request.indicators.all()),
            areas=list(areas.values()),
            years=range(cycle.data_from_year, cycle.data_to_year + 1),
            comment="",
            user=user,
        ),
        user=user,
    )
    driver.deliver(request, delivery, user=user)
    driver.review(request, is_accepted=is_accepted, reason=reason, user=reviewer)
