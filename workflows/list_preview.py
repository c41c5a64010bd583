"""What the preview of a list from elsewhere says beside its drafts: states, and what is not taken over."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.utils.functional import Promise

from measures.importers.lists import Draft, ListRead
from measures.importers.statuses import comes_later
from measures.models import MeasureStatus, PlanImport
from workflows.list_importing import mapping_of


@dataclass(frozen=True)
class StatusLine:
    """A word of the list's status.

    Attributes:
        word: As the list has it.
        count: Drafts with it.
        state: Ours, in words; "" if nobody said which.
        later: How they get into that state; "" if they are in it at once.
    """

    word: str
    count: int
    state: str
    later: Promise | str


@dataclass(frozen=True)
class ColumnLine:
    """A column that stays out, with the number of its cells that say something."""

    title: str
    count: int


def status_lines(kept: PlanImport, drafts: list[Draft]) -> list[StatusLine]:
    """Words of the status of the drafts, most frequent first."""
    states = mapping_of(kept).states
    counts = Counter(draft.status for draft in drafts if draft.status)
    return [
        StatusLine(
            word,
            count,
            str(MeasureStatus(states[word]).label) if word in states else "",
            comes_later(states[word]) if word in states else "",
        )
        for word, count in counts.most_common()
    ]


def columns_left(kept: PlanImport) -> list[ColumnLine]:
    """Columns that hold something and stay out, in their order."""
    heads, *rows = kept.content["rows"]
    taken = mapping_of(kept).columns.keys()
    lines = (
        ColumnLine(head, sum(bool(row[place].strip()) for row in rows))
        for place, head in enumerate(heads)
        if place not in taken
    )
    return [line for line in lines if line.count]


def drafts_shown(kept: PlanImport, read: ListRead) -> list[tuple[Draft, str]]:
    """Drafts, each with its state in our words."""
    states = mapping_of(kept).states
    return [
        (draft, str(MeasureStatus(states[draft.status]).label) if draft.status in states else "")
        for draft in read.drafts
    ]
