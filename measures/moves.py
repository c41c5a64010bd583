"""The states of a measure: when each applies, and who moves a measure from which to which.

Plain values, no database. The table is the whole truth: every writer of a status asks it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from measures.models import MeasureStatus as S


class Mover(StrEnum):
    """Who moves a measure."""

    PLANNING = "planning"
    RESPONSIBLE = "responsible"
    #: A step of the measure's case: a task, or what follows from one.
    COURSE = "course"


@dataclass(frozen=True)
class Move:
    """How a measure gets from one state to another.

    Args:
        by: Who may; the course alone where a task of its own does it.
        needs_reason: Whether it must be said why.
    """

    by: frozenset[Mover]
    needs_reason: bool = False


_COURSE: Final = Move(frozenset({Mover.COURSE}))
_PLANNING: Final = Move(frozenset({Mover.PLANNING}), needs_reason=True)
_BOTH: Final = frozenset({Mover.PLANNING, Mover.RESPONSIBLE})

#: From, to -> who and how. What is not here does not happen.
MOVES: Final[Mapping[tuple[str, str], Move]] = {
    # Withdrawn, agreed, or completed at its planned end while it is to be shaped anew.
    (S.PROPOSED, S.AGREED): _COURSE,
    (S.PROPOSED, S.ENDED_EARLY): _COURSE,
    (S.PROPOSED, S.COMPLETED): _COURSE,
    (S.AGREED, S.PREPARING): Move(_BOTH),
    (S.AGREED, S.RUNNING): _COURSE,
    (S.AGREED, S.ENDED_EARLY): _PLANNING,
    (S.AGREED, S.MERGED): _PLANNING,
    (S.PREPARING, S.RUNNING): _COURSE,
    (S.PREPARING, S.ENDED_EARLY): _PLANNING,
    (S.PREPARING, S.MERGED): _PLANNING,
    (S.RUNNING, S.SUSPENDED): Move(_BOTH, needs_reason=True),
    (S.RUNNING, S.COMPLETED): _COURSE,
    (S.RUNNING, S.PROPOSED): _COURSE,
    # Also by its evaluation, whose judgement is the reason then.
    (S.RUNNING, S.ENDED_EARLY): _PLANNING,
    (S.RUNNING, S.MERGED): _PLANNING,
    # What was decided on its evaluation takes effect while it rests.
    (S.SUSPENDED, S.COMPLETED): _COURSE,
    (S.SUSPENDED, S.PROPOSED): _COURSE,
    (S.SUSPENDED, S.RUNNING): Move(_BOTH, needs_reason=True),
    (S.SUSPENDED, S.ENDED_EARLY): _PLANNING,
    (S.SUSPENDED, S.MERGED): _PLANNING,
}

#: States in which nothing moves any more.
ENDED: Final = (S.COMPLETED, S.ENDED_EARLY, S.MERGED)
#: States between agreement and end.
UNDER_WAY: Final = (S.AGREED, S.PREPARING, S.RUNNING, S.SUSPENDED)

#: When a state applies; shown where it is set.
STATUS_RULES: Final[Mapping[str, Promise]] = {
    S.PROPOSED: _(
        "Written down, but not everybody who takes part has confirmed it; also while it is agreed anew."
    ),
    S.AGREED: _("All parties have confirmed, or it was decided without an agreement. Nothing has begun yet."),
    S.PREPARING: _(
        "Work on it has begun, such as hiring, orders or rooms, but nothing reaches the target group yet."
    ),
    S.RUNNING: _("It reaches the target group. Its key figures are reported."),
    S.SUSPENDED: _(
        "It ran, rests for the time being and shall go on. Nobody is asked for figures or for its completion."
    ),
    S.COMPLETED: _("It came to its planned end; what was reached is on record."),
    S.ENDED_EARLY: _("It was ended before its planned end, or never began. The reason is on record."),
    S.MERGED: _(
        "It goes on as a part of another measure, which is named. Its own figures stay as they were."
    ),
}


def moves_from(status: str, movers: frozenset[Mover]) -> list[tuple[str, Move]]:
    """States to which some people may move a measure themselves, in the order of the table.

    >>> [to for to, _move in moves_from("running", frozenset({Mover.RESPONSIBLE}))]
    [MeasureStatus.SUSPENDED]
    >>> moves_from("completed", frozenset(Mover))
    []
    """
    people = movers - {Mover.COURSE}
    return [(to, move) for (before, to), move in MOVES.items() if before == status and move.by & people]
