"""Dates of demo cycles: seven stages laid around today, so that the demo is alive on any day."""

import datetime

from workflows.models import StageKind

#: Usual length of a stage in days.
LENGTHS = {
    StageKind.DATA: 90,
    StageKind.ANALYSIS: 45,
    StageKind.CONFERENCE: 45,
    StageKind.STEERING_GROUP: 45,
    StageKind.SOCIAL_SPACE: 60,
    StageKind.IMPLEMENTATION: 700,
    StageKind.EVALUATION: 90,
}


def stages_around(
    today: datetime.date,
    current: StageKind,
    *,
    ends_in: int,
    implementation_until: datetime.date | None = None,
) -> dict[int, tuple[datetime.date, datetime.date]]:
    """Dates of the seven stages such that the current one ends in some days.

    Args:
        today: The day.
        current: Stage the cycle is in.
        ends_in: Days from today to the last day of that stage.
        implementation_until: Fixed last day of the implementation, if there is one.
    """
    lengths = {kind: datetime.timedelta(days=days) for kind, days in LENGTHS.items()}
    one = datetime.timedelta(days=1)
    last = today + datetime.timedelta(days=ends_in)
    dates = {int(current): (last - lengths[current], last)}
    first = dates[int(current)][0]
    for kind in reversed([kind for kind in StageKind if kind < current]):
        dates[int(kind)] = (first - one - lengths[kind], first - one)
        first = dates[int(kind)][0]
    for kind in [kind for kind in StageKind if kind > current]:
        first = last + one
        last = first + lengths[kind]
        if kind == StageKind.IMPLEMENTATION and implementation_until is not None:
            last = max(implementation_until, first)
        dates[int(kind)] = (first, last)
    return dates
