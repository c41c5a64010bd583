"""Reads of requested deliveries: who has been asked for what, and how far it is."""

from __future__ import annotations

import csv
import datetime
import io
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.contenttypes.models import ContentType
from django.db.models import (
    Count,
    Exists,
    F,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    prefetch_related_objects,
)
from django.db.models import Value as Literal
from django.db.models.functions import Coalesce, NullIf

from monitoring.models import Area, Delivery, Indicator, Value
from monitoring.selectors.areas import planning_areas
from monitoring.selectors.deliveries import Preview, delivery_preview, with_issue_counts
from monitoring.selectors.figures import figures_in_force
from monitoring.words import shown_text
from project.common.keys import key_or_none
from stakeholders.models import LogEntry, Organisation
from stakeholders.permissions import Perm, visible
from workflows.models import (
    DataRequest,
    DataRequestState,
    DeliveryReview,
    PlanningCycle,
    TaskCard,
)

#: The cycle does not wait for these any more.
FINISHED_REQUESTS: Final = (DataRequestState.ACCEPTED, DataRequestState.WAIVED)
#: The supplier is to act.
EXPECTED_STATES: Final = (DataRequestState.OPEN, DataRequestState.RETURNED)
#: More fields on one page are no help to anybody: a file is better then.
GRID_LIMIT: Final = 400


def requests_seen_by(user: Any) -> QuerySet[DataRequest]:
    """Requests a person may see: those of cycles whose drafts are open to them, and their own house's.

    Queries: none of its own.
    """
    cycles = visible(user, Perm.VIEW_DRAFTS, PlanningCycle.objects.all())
    own = visible(user, Perm.ACT_FOR_ORGANISATION, Organisation.objects.all())
    return DataRequest.objects.filter(Q(cycle__in=cycles.values("pk")) | Q(organisation__in=own.values("pk")))


def cycles_with_requests_seen_by(user: Any) -> QuerySet[PlanningCycle]:
    """Cycles whose list of deliveries a person may open, if only for their own. Queries: none of its own."""
    return PlanningCycle.objects.filter(
        Q(pk__in=visible(user, Perm.VIEW_CYCLE, PlanningCycle.objects.all()).values("pk"))
        | Q(pk__in=visible(user, Perm.VIEW_DRAFTS, PlanningCycle.objects.all()).values("pk"))
        | Q(Exists(requests_seen_by(user).filter(cycle=OuterRef("pk"))))
    )


def _open_cards() -> QuerySet[TaskCard]:
    """Card of the open task of the request in the outer query."""
    return TaskCard.objects.filter(
        is_open=True, task__process__deliveryprocess__request=OuterRef("pk")
    ).order_by("pk")


def with_due(requests: QuerySet[DataRequest]) -> QuerySet[DataRequest]:
    """Add ``task_due_on``: what its open task says, since a returned delivery has new days; else its own.

    Queries: none of its own.
    """
    return requests.annotate(task_due_on=Coalesce(Subquery(_open_cards().values("due_on")[:1]), F("due_on")))


def overdue(requests: QuerySet[DataRequest], today: datetime.date) -> QuerySet[DataRequest]:
    """Requests whose open task, the supplier's or the check, should be done by now. Queries: none."""
    due: QuerySet[Any] = with_due(requests)  # annotated, which its type does not tell
    return due.filter(task_due_on__lt=today).exclude(state__in=FINISHED_REQUESTS)


def gone_without(cycle: PlanningCycle) -> list[DataRequest]:
    """Deliveries a cycle went on without, with the reasons: told wherever their figures are missing.

    Whoever may read the page of the cycle or its figures may know why some are missing. Queries: 1.
    """
    rows = DataRequest.objects.filter(cycle=cycle, state=DataRequestState.WAIVED)
    return list(rows.select_related("organisation").order_by("organisation__name"))


def with_progress(requests: QuerySet[DataRequest]) -> QuerySet[DataRequest]:
    """Add what lists show: counts, until when, who has the task, since when it waits.

    Annotations: ``indicator_count``, ``task_due_on``, ``task_owner`` (name or None), ``task_since``,
    ``was_accepted``, ``returned_at``, ``reminded_at`` of the open task. Queries: none of its own.
    """
    open_cards = _open_cards()
    reviews = DeliveryReview.objects.filter(request=OuterRef("pk")).order_by("-reviewed_at")
    name = Coalesce(NullIf("task__owner__display_name", Literal("")), "task__owner__username")
    cards = ContentType.objects.get_for_model(TaskCard)
    reminders = LogEntry.objects.filter(
        action="task.reminded", content_type=cards, object_id=OuterRef("card_pk")
    ).order_by("-at")
    rows = requests.select_related("organisation", "cycle", "cycle__territory", "delivery")
    return with_due(rows).annotate(
        indicator_count=Count("indicators", distinct=True),
        task_owner=Subquery(open_cards.values(owner=name)[:1]),
        task_since=Subquery(open_cards.values("task__created")[:1]),
        was_accepted=Exists(reviews.filter(is_accepted=True)),
        returned_at=Subquery(reviews.filter(is_accepted=False).values("reviewed_at")[:1]),
        card_pk=Subquery(open_cards.values("pk")[:1]),
        reminded_at=Subquery(reminders.values("at")[:1]),
    )


@dataclass(frozen=True)
class Missing:
    """How many figures of an indicator a delivery lacks; all of them if nothing came in."""

    indicator: Indicator
    count: int
    is_all: bool


def missing_of(cycle: PlanningCycle, requests: Collection[DataRequest]) -> dict[int, list[Missing]]:
    """What is missing of requested deliveries, by key of the request: of those handed in, by indicator.

    Args:
        cycle: Cycle of the requests.
        requests: With their deliveries; what the cycle goes on without is not missing any more.

    Returns:
        Indicators with missing figures only. Queries: 4, however many requests.
    """
    handed_in = [
        row
        for row in requests
        if row.delivery is not None
        and row.delivery.submitted_at is not None
        and row.state != DataRequestState.WAIVED
    ]
    if not handed_in:
        return {}
    years = range(cycle.data_from_year, cycle.data_to_year + 1)
    expected = planning_areas(cycle.territory).count() * len(years)
    prefetch_related_objects(
        handed_in, Prefetch("indicators", Indicator.objects.order_by("domain__position", "key"))
    )
    counts = Counter(
        {
            (delivery, indicator): count
            for delivery, indicator, count in Value.objects.filter(
                delivery__in=[row.delivery_id for row in handed_in], year__in=years
            )
            .order_by()
            .values_list("delivery_id", "indicator_id")
            .annotate(count=Count("pk"))
        }
    )
    return {
        row.pk: [
            Missing(indicator, expected - came, came == 0)
            for indicator in row.indicators.all()
            if (came := counts[row.delivery_id, indicator.pk]) < expected
        ]
        for row in handed_in
    }


def unsettled_requests(cycle: PlanningCycle) -> QuerySet[DataRequest]:
    """Requests that are neither accepted nor gone on without. Queries: none of its own."""
    return cycle.requests.exclude(state__in=FINISHED_REQUESTS).select_related("organisation", "process")


@dataclass(frozen=True)
class RequestFilter:
    """What a person wants to see of the requests of a cycle."""

    search: str = ""
    state: str = ""
    overdue_on: datetime.date | None = None


def filtered(requests: QuerySet[DataRequest], wanted: RequestFilter) -> QuerySet[DataRequest]:
    """Narrow a list of requests down. Queries: none of its own."""
    if wanted.search:
        requests = requests.filter(
            Q(organisation__name__icontains=wanted.search)
            | Q(organisation__short_name__icontains=wanted.search)
            | Q(indicators__name_de__icontains=wanted.search)
            | Q(indicators__name_en__icontains=wanted.search)
        ).distinct()
    if wanted.state:
        requests = requests.filter(state=wanted.state)
    if wanted.overdue_on is not None:
        requests = overdue(requests, wanted.overdue_on)
    return requests


@dataclass(frozen=True)
class Asked:
    """What a request asks for.

    Attributes:
        indicators: With units, by domain.
        areas: Areas of the planning level, without geometry.
        years: First to last year.
    """

    indicators: Sequence[Indicator]
    areas: Sequence[Area]
    years: Sequence[int]

    @property
    def cell_count(self) -> int:
        """Figures asked for."""
        return len(self.indicators) * len(self.areas) * len(self.years)


def asked_of(request: DataRequest) -> Asked:
    """What a request asks for. Queries: 3."""
    indicators = request.indicators.select_related("unit", "domain").order_by(
        "domain__position", "domain__key", "key"
    )
    cycle = request.cycle
    return Asked(
        indicators=list(indicators),
        areas=list(planning_areas(cycle.territory)),
        years=range(cycle.data_from_year, cycle.data_to_year + 1),
    )


def draft_of(request: DataRequest) -> Delivery | None:
    """The uploaded delivery that waits to be handed in; None if there is none. Queries: 0 or 1."""
    delivery = request.delivery
    if delivery is None or delivery.submitted_at is not None:
        return None
    return delivery


def last_return(request: DataRequest) -> DeliveryReview | None:
    """The latest return of a delivery, for the time until the next one is judged. Queries: 1."""
    if request.state != DataRequestState.RETURNED:
        return None
    return (
        request.reviews.filter(is_accepted=False)
        .select_related("delivery", "reviewed_by")
        .order_by("-reviewed_at", "-pk")
        .first()
    )


def preview_of(delivery: Delivery, asked: Asked) -> Preview:
    """Preview of a delivery against what was asked for. Queries: 3."""
    return delivery_preview(delivery, indicators=asked.indicators, areas=asked.areas, years=asked.years)


def deliveries_uploaded(request: DataRequest) -> QuerySet[Delivery]:
    """All deliveries that were uploaded for a request.

    A supplier has one request a cycle, and a territory one open cycle: what the supplier uploaded while the
    cycle ran belongs to it. Queries: none of its own.
    """
    cycle = request.cycle
    uploaded = Q(supplier=request.organisation, territory=cycle.territory, created_at__gte=cycle.opened_at)
    if cycle.closed_at is not None:
        uploaded &= Q(created_at__lte=cycle.closed_at)
    known = Q(pk__in=request.reviews.values("delivery_id")) | Q(pk=request.delivery_id)
    return Delivery.objects.filter(uploaded | known)


def deliveries_of(request: DataRequest) -> list[Delivery]:
    """All deliveries that were uploaded for a request, latest first, with their reviews. Queries: 2."""
    reviews = DeliveryReview.objects.filter(request=request).select_related("reviewed_by")
    return list(
        with_issue_counts(deliveries_uploaded(request))
        .select_related("created_by", "accepted_by")
        .prefetch_related(Prefetch("reviews", queryset=reviews, to_attr="judgements"))
        .order_by(F("created_at").desc(), "-pk")
    )


def grid_texts(request: DataRequest, asked: Asked) -> dict[tuple[str, int, str], str]:
    """What the form in the browser begins with: what was typed last, else what was delivered last.

    Figures in force are not put in: the supplier shall deliver, not nod through. A file with errors that
    came from the form comes back as it was typed, so that nobody types twice.

    Args:
        request: Request that is open or returned.
        asked: What it asks for.

    Returns:
        Text by area key, year and indicator key. Queries: 1.
    """
    delivery = request.delivery
    if delivery is None:
        return {}
    if delivery.is_typed and delivery.file:
        return _typed_texts(delivery, asked)
    keys = {area.pk: area.key for area in asked.areas}
    names = {row.pk: row for row in asked.indicators}
    rows = delivery.values.order_by().values_list("area_id", "year", "indicator_id", "value", "sign")
    return {
        (keys[area_pk], year, names[indicator_pk].key): _typed(value, sign)
        for area_pk, year, indicator_pk, value, sign in rows
        if area_pk in keys and indicator_pk in names
    }


def texts_before(asked: Asked, year: int) -> dict[tuple[int, int], str]:
    """Figures in force of the year before, as they may be shown, by area and indicator. Queries: 3."""
    figures = figures_in_force(asked.areas, asked.indicators, years={year - 1}, has_means=False)
    return {
        (area.pk, row.pk): shown_text(shown, row.unit)
        for area in asked.areas
        for row in asked.indicators
        if (shown := figures.of(row, area, year - 1)).sign or shown.value is not None
    }


def _typed(value: float | None, sign: str) -> str:
    """A figure as people type it, with a decimal comma."""
    if value is None or sign == "-":
        return sign
    text = f"{value:f}".rstrip("0").rstrip(".").replace(".", ",")
    return f"({text})" if sign == "()" else text


def _typed_texts(delivery: Delivery, asked: Asked) -> dict[tuple[str, int, str], str]:
    """Read our own CSV of what was typed; columns stand in the order it was asked for."""
    with delivery.file.open("rb") as stored:
        rows = list(csv.reader(io.StringIO(stored.read().decode("utf-8", "replace")), delimiter=";"))
    texts = {}
    for row in rows[1:]:
        year = key_or_none(row[2]) if len(row) == 3 + len(asked.indicators) else None
        if year is not None:
            for indicator, text in zip(asked.indicators, row[3:], strict=True):
                texts[row[0], year, indicator.key] = text
    return texts
