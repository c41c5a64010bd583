"""Reads of what came out of a meeting: outcomes and decisions by item, and who may read the internal part."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from stakeholders.models import Body
from stakeholders.permissions import Perm, visible
from workflows.models import (
    AgendaItem,
    AgendaKind,
    Decision,
    ItemOutcome,
    Meeting,
    Minutes,
    MinutesState,
    OutcomeKind,
    PlanningCycle,
)
from workflows.selectors.agenda import item_title, with_reference
from workflows.selectors.decisions import circulated_for


def may_record(meeting: Meeting) -> bool:
    """Whether outcomes can still be written down: no minutes, or ones being written. Queries: at most 1.

    Nothing comes out of a meeting that was called off.
    """
    return (
        meeting.cancelled_at is None
        and not Minutes.objects.filter(meeting=meeting).exclude(state=MinutesState.DRAFT).exists()
    )


def run_by(user: Any) -> Q:
    """Condition on a meeting that the user keeps its record: ``leads_meeting`` of many. Queries: none."""
    bodies = visible(user, Perm.CHAIR_BODY, Body.objects.all()).values("pk")
    cycles = visible(user, Perm.MANAGE_CYCLE, PlanningCycle.objects.all()).values("pk")
    return Q(body__in=bodies) | Q(cycle__in=cycles)


def led_today(user: Any) -> QuerySet[Meeting]:
    """Open meetings of today whose record a person keeps. Queries: 1."""
    today = Meeting.objects.filter(run_by(user), held_on=timezone.localdate(), closed_at__isnull=True)
    return today.select_related("body", "cycle").order_by("starts_at", "pk")


@dataclasses.dataclass(frozen=True)
class ItemLine:
    """An item with what came out of it.

    Attributes:
        number: Its place; taken off, an item keeps it, so that papers, page and minutes say the same.
        item: The item, with recommendation and area loaded.
        outcomes: In the order they were recorded; internal ones only for who may read them.
        decisions: Taken in the meeting on the recommendation of the item.
        circulated: Taken on it in circulation, before the meeting came to it.
    """

    number: int
    item: AgendaItem
    outcomes: list[ItemOutcome]
    decisions: list[Decision]
    circulated: Decision | None = None

    @property
    def decision(self) -> Decision | None:
        """What the meeting decided on it last."""
        return self.decisions[-1] if self.decisions else None

    @property
    def heading(self) -> str:
        """What it is called now, as the agenda says, in the language in force."""
        title = item_title(self.item, self.decision)
        return with_reference(title, self.item.recommendation)

    @property
    def is_postponed(self) -> bool:
        """Whether it goes on in a later meeting."""
        return any(row.kind == OutcomeKind.POSTPONED for row in self.outcomes)

    @property
    def is_done(self) -> bool:
        """Whether it was finished, or decided on in the meeting or in circulation."""
        return self.item.finished_at is not None or bool(self.decisions) or self.circulated is not None

    @property
    def was_approved(self) -> Minutes | None:
        """The minutes that the meeting approved under the item."""
        return getattr(self.item, "approved_minutes", None)

    @property
    def is_open(self) -> bool:
        """Whether the meeting still has to deal with it."""
        return not self.is_done and not self.is_postponed

    @property
    def is_current(self) -> bool:
        """Whether the meeting is at it; a decided one can still be finished."""
        called = self.item.called_at is not None and self.item.finished_at is None
        return called and not self.is_postponed

    @property
    def state(self) -> str:
        """Where it stands: ``done``, ``postponed``, ``current`` or ``open``."""
        if self.is_postponed:
            return "postponed"
        if self.is_current:
            return "current"
        return "done" if self.is_done else "open"


def outcomes_in(meeting: Meeting) -> QuerySet[ItemOutcome]:
    """All outcomes of a meeting with the things they point to. Queries: 1."""
    return (
        ItemOutcome.objects.filter(item__meeting=meeting)
        .select_related(
            "item",
            "item__meeting",
            "statement",
            "statement__organisation",
            "statement__area",
            "field",
            "recommendation",
            "recommendation__cycle",
            "assignment",
            "assignment__organisation",
            "recorded_by",
        )
        .order_by("pk")
    )


def item_lines(meeting: Meeting, *, has_internal: bool) -> list[ItemLine]:
    """The agenda of a meeting with what came out of each item.

    Decisions appear by themselves on the item of their recommendation.

    Args:
        meeting: Any meeting.
        has_internal: Whether the reader sees internal items and outcomes (``sees_internal``).

    Returns:
        Standing items in order; the others keep their numbers where one is left out. Queries: 6.
    """
    things = ("recommendation", "recommendation__cycle", "area", "approves", "approves__body")
    items = list(
        meeting.agenda.standing()
        .select_related(*things, "approved_minutes")
        .prefetch_related("recommendation__versions")
        .order_by("position", "pk")
    )
    found: dict[int, list[ItemOutcome]] = defaultdict(list)
    for row in outcomes_in(meeting):
        if has_internal or not row.is_internal:
            found[row.item_id].append(row)
    decided: dict[int, list[Decision]] = defaultdict(list)
    for decision in meeting.decisions.select_related("version", "recommendation").order_by("pk"):
        decided[decision.recommendation_id].append(decision)
    keys = [item.recommendation_id for item in items if item.recommendation_id is not None]
    circulated = circulated_for(meeting, [key for key in keys if key not in decided])
    return [
        ItemLine(
            item.position,
            item,
            found[item.pk],
            decided[item.recommendation_id] if item.recommendation_id is not None else [],
            circulated.get(item.recommendation_id) if item.recommendation_id is not None else None,
        )
        for item in items
        if has_internal or not item.is_internal
    ]


def decisions_without_item(meeting: Meeting) -> list[Decision]:
    """Decisions of a meeting on recommendations that stood on no item of it. Queries: 1."""
    on_agenda = meeting.agenda.standing().filter(kind=AgendaKind.RECOMMENDATION)
    rows = meeting.decisions.exclude(recommendation__in=on_agenda.values("recommendation"))
    return list(rows.select_related("version", "recommendation").order_by("pk"))
