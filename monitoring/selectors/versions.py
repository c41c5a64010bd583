"""Reads of what was said of single figures, and of the figures they succeeded."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.utils import timezone

from monitoring.models import Area, Delivery, Indicator, Value, ValueComment
from monitoring.secrecy import Shown
from monitoring.selectors.figures import Figures, figures_delivered, figures_in_force
from monitoring.selectors.protection import Cell
from monitoring.words import shown_text

_SECRET = Shown(None, ".", is_secret=True)


def comments_of(delivery: Delivery) -> dict[Cell, str]:
    """Comments on figures of a delivery, by indicator, year and area. Queries: 1."""
    rows = ValueComment.objects.filter(value__delivery=delivery)
    return _by_cell(rows.values_list("value__indicator_id", "value__year", "value__area_id", "text"))


def comments_in_force(area: Area, indicators: Collection[Indicator]) -> dict[Cell, str]:
    """Comments on figures in force of an area. Queries: 1."""
    rows = ValueComment.objects.filter(
        value__is_current=True, value__area=area, value__indicator__in=[row.pk for row in indicators]
    )
    return _by_cell(rows.values_list("value__indicator_id", "value__year", "value__area_id", "text"))


def _by_cell(rows: Iterable[tuple[int, int, int, str]]) -> dict[Cell, str]:
    return {(indicator, year, area): text for indicator, year, area, text in rows}


@dataclass(frozen=True)
class Version:
    """A figure as it was, or is, in force.

    Attributes:
        year: Year of the figure.
        text: What may be shown of it.
        comment: What the supplier said of it; "" if the figure is not shown.
        accepted_on: Since when it was in force.
        supplier: Who delivered it.
        delivery_pk: With which delivery.
        is_current: Whether it is in force.
    """

    year: int
    text: str
    comment: str
    accepted_on: datetime.date
    supplier: str
    delivery_pk: int
    is_current: bool


def versions_of(indicator: Indicator, area: Area) -> list[Version]:
    """Figures of an area that were corrected or commented on: each with those it succeeded, latest first.

    A figure that is secret in any version is secret in all: the change would tell. Where any figure of the
    line is hidden, now or then, none that was succeeded is shown: beside the figures in force it would help
    to work the hidden one out.

    Args:
        indicator: With its unit.
        area: The area.

    Returns:
        Versions by year, falling. Queries: 4, and 3 for each delivery with a figure that was succeeded.
    """
    rows = list(
        Value.objects.filter(indicator=indicator, area=area, delivery__accepted_at__isnull=False)
        .select_related("delivery", "delivery__supplier", "comment")
        .order_by("-year", "-is_current", "-delivery__accepted_at", "-pk")
    )
    corrected = {row.year for row in rows if not row.is_current}
    told = [row for row in rows if row.year in corrected or hasattr(row, "comment")]
    if not told:
        return []
    now = figures_in_force([area], [indicator], has_means=False)
    earlier = {row.delivery for row in told if not row.is_current}
    before = {delivery.pk: figures_delivered(delivery, [area], [indicator]) for delivery in earlier}
    shown = {row.pk: _shown(row, now, before, indicator, area) for row in told}
    secret = {row.year for row in told if shown[row.pk].is_secret}
    guarded = {
        row.pk
        for row in told
        if not row.is_current and (indicator.pk, row.year) in now.guarded | before[row.delivery_id].guarded
    }

    def hides(row: Value) -> bool:
        return row.year in secret or row.pk in guarded

    return [
        Version(
            year=row.year,
            text=shown_text(_SECRET if hides(row) else shown[row.pk], indicator.unit),
            comment=row.comment.text if hasattr(row, "comment") and not hides(row) else "",
            accepted_on=timezone.localdate(row.delivery.accepted_at),
            supplier=row.delivery.supplier.label,
            delivery_pk=row.delivery_id,
            is_current=row.is_current,
        )
        for row in told
    ]


def _shown(
    row: Value, now: Figures, before: Mapping[int, Figures], indicator: Indicator, area: Area
) -> Shown:
    return (now if row.is_current else before[row.delivery_id]).of(indicator, area, row.year)
