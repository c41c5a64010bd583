"""What the state of measures follows from beside figures: open milestones, and what planning has set."""

from __future__ import annotations

import dataclasses
import datetime
from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Q

from measures.models import Measure, MeasureStatus, Milestone, Stage, StateOverride, StatusChange
from measures.moves import UNDER_WAY
from measures.status import MeasureFacts


@dataclasses.dataclass(frozen=True)
class StateGround:
    """What a state rests on beside dates and figures.

    Attributes:
        milestones: Due days of the milestones that have not been reached.
        override: What planning has set last; None if nothing, or if it was taken back.
    """

    milestones: tuple[datetime.date, ...] = ()
    override: StateOverride | None = None


def state_grounds(measure_pks: Iterable[int], day: datetime.date) -> dict[int, StateGround]:
    """Open milestones and overrides of measures.

    Args:
        measure_pks: Keys of the measures.
        day: Milestones reached later than this day count as open.

    Returns:
        Key of the measure -> ground; measures without any are left out. Queries: 2 for any number.
    """
    keys = list(measure_pks)
    milestones: dict[int, list[datetime.date]] = defaultdict(list)
    unreached = Milestone.objects.filter(Q(reached_on__isnull=True) | Q(reached_on__gt=day), measure__in=keys)
    for pk, due_on in unreached.order_by().values_list("measure", "due_on"):
        milestones[pk].append(due_on)
    overrides = overrides_of(keys)
    return {
        pk: StateGround(tuple(milestones.get(pk, ())), overrides.get(pk))
        for pk in milestones.keys() | overrides.keys()
    }


def overrides_of(measure_pks: Iterable[int]) -> dict[int, StateOverride]:
    """What planning has set last, by measure; what was taken back is left out. Queries: 1."""
    found: dict[int, StateOverride] = {}
    rows = StateOverride.objects.filter(measure__in=list(measure_pks)).select_related("set_by")
    for row in rows.order_by("pk"):
        if row.state:
            found[row.measure_id] = row
        else:
            found.pop(row.measure_id, None)
    return found


def statuses_on(measures: Iterable[Measure], day: datetime.date) -> dict[int, str]:
    """The status measures had on a day, by their history; the present one where it tells nothing. Queries: 1.

    Args:
        measures: Of any plan.
        day: Changes that took effect later have not happened yet.
    """
    found = {row.pk: row.status for row in measures}
    known: set[int] = set()
    later: set[int] = set()
    rows = StatusChange.objects.filter(measure__in=list(found)).order_by("pk")
    for pk, before, after, effective_on in rows.values_list("measure", "before", "after", "effective_on"):
        if effective_on <= day:
            found[pk] = after
            known.add(pk)
        elif pk not in known | later:
            found[pk] = before
            later.add(pk)
    return found


def facts_of(
    measure: Measure,
    *,
    milestones: tuple[datetime.date, ...] = (),
    day: datetime.date | None = None,
    status: str | None = None,
) -> MeasureFacts:
    """What the state of a measure follows from. Queries: 1 if the plan is not joined.

    Args:
        measure: With its plan joined.
        milestones: Due days of its open milestones.
        day: Begin, end and opening of stage 2 after this day have not happened yet; None takes all.
        status: Where it stood on the day, see ``statuses_on``; None takes where it stands.
    """
    status = status or measure.status

    def by_then(happened_on: datetime.date | None) -> datetime.date | None:
        return None if happened_on and day and happened_on > day else happened_on

    ended_on = by_then(measure.ended_on)
    is_over = ended_on is not None or measure.ended_on is None
    return MeasureFacts(
        starts_on=measure.starts_on,
        ends_on=measure.ends_on,
        started_on=by_then(measure.started_on),
        ended_on=ended_on,
        is_completed=is_over and measure.status == MeasureStatus.COMPLETED,
        is_agreed=status in UNDER_WAY,
        is_stage_open=measure.stage == Stage.ONE or by_then(measure.plan.stage_two_opened_on) is not None,
        is_suspended=status == MeasureStatus.SUSPENDED,
        is_merged=is_over and measure.status == MeasureStatus.MERGED,
        open_milestones=milestones,
    )
