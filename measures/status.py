"""Is it on its way? The traffic light of key figures and the state of measures: plain values in and out.

The rule, as it stands on the pages: a key figure should follow the straight line from its baseline to the
next target. What it lacks on the day it was measured is compared with the way from baseline to that target:
up to the figure's first border (usually 10 %) behind is on path, up to its second (usually 25 %) at risk,
more is off path. No confirmed figure means "no data", never zero. A measure is as good as the worst of its
key figures that has data; a milestone that is overdue puts it at risk, one long overdue delays it.
Worked examples: docs/status-rules.md.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from project.common.formats import Badge

#: Percent of the way from baseline to next target that a figure may lack unless it has borders of its own.
ON_PATH_PERCENT: Final = 10
AT_RISK_PERCENT: Final = 25
#: The whole in percent.
PERCENT: Final = 100
#: A change against the way expected that planning should look at twice (share of the way).
JUMP_SHARE: Final = Fraction(50, 100)
#: An agreed measure that has not begun this long after its planned start is late (days).
START_GRACE_DAYS: Final = 30
#: A milestone overdue for longer than this delays the measure; until then it puts it at risk (days).
MILESTONE_DELAY_DAYS: Final = 60


class Light(StrEnum):
    """Where a key figure stands."""

    ON_PATH = "on_path"
    AT_RISK = "at_risk"
    OFF_PATH = "off_path"
    NO_DATA = "no_data"


LIGHT_LABELS: Final[dict[Light, Promise]] = {
    Light.ON_PATH: _("on path"),
    Light.AT_RISK: _("at risk"),
    Light.OFF_PATH: _("off path"),
    Light.NO_DATA: _("no data"),
}
_LIGHT_KINDS: Final = {
    Light.ON_PATH: "success",
    Light.AT_RISK: "warning",
    Light.OFF_PATH: "danger",
    Light.NO_DATA: "neutral",
}
#: From best to worst; no data is neither.
_SEVERITY: Final = (Light.ON_PATH, Light.AT_RISK, Light.OFF_PATH)


@dataclass(frozen=True, slots=True)
class Point:
    """A figure on a day, in the unit of the key figure."""

    day: datetime.date
    value: Fraction


@dataclass(frozen=True, slots=True)
class FigurePath:
    """What a key figure should do.

    Attributes:
        baseline: Where it began.
        targets: Where it should be, in order of days, all after the baseline.
        is_rising: Whether more is better.
        on_path_percent: Up to so many percent of the way behind is on path.
        at_risk_percent: Up to so many percent behind is at risk; more than ``on_path_percent``.
        is_stepped: Whether the values are steps of a judgement: the path is rounded down to a whole one.
    """

    baseline: Point
    targets: tuple[Point, ...]
    is_rising: bool = True
    on_path_percent: int = ON_PATH_PERCENT
    at_risk_percent: int = AT_RISK_PERCENT
    is_stepped: bool = False

    @property
    def points(self) -> tuple[Point, ...]:
        """Corners of the path."""
        return (self.baseline, *self.targets)

    def next_target(self, day: datetime.date) -> Point | None:
        """The first target due on the day or later; after the last one, the last."""
        for target in self.targets:
            if target.day >= day:
                return target
        return self.targets[-1] if self.targets else None

    def expected(self, day: datetime.date) -> Fraction | None:
        """Value of the path on a day.

        Returns:
            The value on the straight line between the two corners around the day; before the baseline
            the baseline, after the last target that target; None without targets.
        """
        if not self.targets:
            return None
        before = self.baseline
        if day <= before.day:
            return before.value
        for after in self.targets:
            if day <= after.day:
                share = Fraction((day - before.day).days, (after.day - before.day).days)
                value = before.value + share * (after.value - before.value)
                return Fraction(math.floor(value)) if self.is_stepped else value
            before = after
        return before.value

    def way(self, day: datetime.date) -> Fraction:
        """Length of the way from baseline to the next target; to hold a level, the level itself."""
        target = self.next_target(day)
        if target is None:
            return Fraction(0)
        return abs(target.value - self.baseline.value) or abs(target.value)

    def lack(self, actual: Point) -> Fraction | None:
        """How far an actual lies behind the path (positive) or ahead of it (negative); None without path."""
        expected = self.expected(actual.day)
        if expected is None:
            return None
        return self.gain(actual.value, expected)

    def gain(self, start: Fraction, end: Fraction) -> Fraction:
        """What is won on the way from one value to another; negative if it went the wrong way."""
        return end - start if self.is_rising else start - end


def light_of(path: FigurePath, actual: Point | None) -> Light:
    """Traffic light of a key figure.

    Args:
        path: What it should do.
        actual: The latest confirmed figure with the day it was measured; None if it is missing.

    >>> day = datetime.date
    >>> path = FigurePath(Point(day(2026, 1, 1), Fraction(0)), (Point(day(2026, 12, 31), Fraction(100)),))
    >>> light_of(path, Point(day(2026, 7, 2), Fraction(45))).value  # expected: 50, lacks 5 of 100
    'on_path'
    >>> light_of(path, Point(day(2026, 7, 2), Fraction(20))).value  # lacks 30 of 100
    'off_path'
    >>> light_of(path, None).value
    'no_data'
    """
    lack = path.lack(actual) if actual is not None else None
    if actual is None or lack is None:
        return Light.NO_DATA
    way = path.way(actual.day)
    if lack * PERCENT <= path.on_path_percent * way:
        return Light.ON_PATH
    return Light.AT_RISK if lack * PERCENT <= path.at_risk_percent * way else Light.OFF_PATH


def progress_of(path: FigurePath, actual: Point | None) -> int | None:
    """How much of the whole way from the baseline to the last target is done, in percent.

    Args:
        path: What the key figure should do.
        actual: The latest confirmed figure; None if it is missing.

    Returns:
        A whole number from 0 (not further than the baseline, or fallen back) to 100 (the last target is
        reached), rounded down so that 100 is said of what is reached only; None without a figure or target.
        Where a level is to be held, 100 while it is held and less by what is lacking of it.

    >>> day = datetime.date
    >>> path = FigurePath(Point(day(2026, 1, 1), Fraction(40)), (Point(day(2026, 12, 31), Fraction(90)),))
    >>> [progress_of(path, Point(day(2026, 7, 2), Fraction(value))) for value in (30, 40, 65, 89, 90, 200)]
    [0, 0, 50, 98, 100, 100]
    """
    if actual is None or not path.targets:
        return None
    target = path.targets[-1].value
    whole = path.gain(path.baseline.value, target)
    if whole > 0:
        share = path.gain(path.baseline.value, actual.value) / whole
    else:
        lack = path.gain(actual.value, target)
        if lack <= 0:
            return PERCENT
        share = 1 - lack / abs(target) if target else Fraction(0)
    return math.floor(max(Fraction(0), min(Fraction(1), share)) * PERCENT)


def worst(lights: Iterable[Light]) -> Light:
    """The worst light that rests on data; no data if none does."""
    known = [light for light in lights if light is not Light.NO_DATA]
    return max(known, key=_SEVERITY.index, default=Light.NO_DATA)


class Oddity(StrEnum):
    """Why planning should look twice at a reported figure."""

    MISSING = "missing"
    AT_RISK = "at_risk"
    OFF_PATH = "off_path"
    JUMP = "jump"
    BACKWARDS = "backwards"
    REACHED_EARLY = "reached_early"


ODDITY_LABELS: Final[dict[Oddity, Promise]] = {
    Oddity.MISSING: _("no value"),
    Oddity.AT_RISK: _("behind the path"),
    Oddity.OFF_PATH: _("off path"),
    Oddity.JUMP: _("jump against the last figure"),
    Oddity.BACKWARDS: _("went backwards"),
    Oddity.REACHED_EARLY: _("beyond the last target already"),
}


def oddities(path: FigurePath, actual: Point | None, previous: Point | None) -> list[Oddity]:
    """What is striking about a reported figure, the gravest first.

    Args:
        path: What the key figure should do.
        actual: The reported figure; None if the report has none.
        previous: The confirmed figure before it, if any.
    """
    if actual is None:
        return [Oddity.MISSING]
    found = []
    light = light_of(path, actual)
    if light is Light.OFF_PATH:
        found.append(Oddity.OFF_PATH)
    elif light is Light.AT_RISK:
        found.append(Oddity.AT_RISK)
    if previous is not None and path.targets:
        sign = 1 if path.is_rising else -1
        expected_change = (path.expected(actual.day) or 0) - (path.expected(previous.day) or 0)
        change = actual.value - previous.value
        if abs(change - expected_change) > JUMP_SHARE * path.way(actual.day):
            found.append(Oddity.JUMP)
        elif sign * change < 0:
            found.append(Oddity.BACKWARDS)
    if path.targets and _is_beyond(path, actual):
        found.append(Oddity.REACHED_EARLY)
    return found


def _is_beyond(path: FigurePath, actual: Point) -> bool:
    last = path.targets[-1]
    if actual.day >= last.day or last.value == path.baseline.value:
        return False
    return actual.value > last.value if path.is_rising else actual.value < last.value


class PortfolioState(StrEnum):
    """Where a measure stands among the measures of a plan; exactly one each."""

    ON_PATH = "on_path"
    AT_RISK = "at_risk"
    DELAYED = "delayed"
    NO_DATA = "no_data"
    PREPARING = "preparing"
    SUSPENDED = "suspended"
    COMPLETED = "completed"
    ENDED_EARLY = "ended_early"
    MERGED = "merged"


#: In the order of the tiles.
STATE_LABELS: Final[dict[PortfolioState, Promise]] = {
    PortfolioState.ON_PATH: _("on track"),
    PortfolioState.AT_RISK: _("at risk"),
    PortfolioState.DELAYED: _("delayed"),
    PortfolioState.NO_DATA: _("running, no figures yet"),
    PortfolioState.PREPARING: _("in preparation"),
    PortfolioState.SUSPENDED: _("suspended"),
    PortfolioState.COMPLETED: _("completed"),
    PortfolioState.ENDED_EARLY: _("ended early"),
    PortfolioState.MERGED: _("merged into another"),
}
STATE_KINDS: Final[dict[PortfolioState, str]] = {
    PortfolioState.ON_PATH: "success",
    PortfolioState.AT_RISK: "warning",
    PortfolioState.DELAYED: "danger",
    PortfolioState.NO_DATA: "neutral",
    PortfolioState.PREPARING: "info",
    PortfolioState.SUSPENDED: "neutral",
    PortfolioState.COMPLETED: "success",
    PortfolioState.ENDED_EARLY: "neutral",
    PortfolioState.MERGED: "neutral",
}
_STATE_OF_LIGHT: Final = {
    Light.ON_PATH: PortfolioState.ON_PATH,
    Light.AT_RISK: PortfolioState.AT_RISK,
    Light.OFF_PATH: PortfolioState.DELAYED,
    Light.NO_DATA: PortfolioState.NO_DATA,
}


@dataclass(frozen=True, slots=True)
class MeasureFacts:
    """What the state of a measure follows from.

    Attributes:
        starts_on: Planned start.
        ends_on: Planned end.
        started_on: Actual start; None before it.
        ended_on: Actual end; None before it.
        is_completed: Whether it ran to its end.
        is_agreed: Whether all parties have confirmed it.
        is_stage_open: Whether its planning stage is open.
        is_suspended: Whether it rests for a time.
        is_merged: Whether it has become a part of another.
        open_milestones: Due days of the milestones that have not been reached, in any order.
    """

    starts_on: datetime.date
    ends_on: datetime.date
    started_on: datetime.date | None = None
    ended_on: datetime.date | None = None
    is_completed: bool = False
    is_agreed: bool = False
    is_stage_open: bool = True
    is_suspended: bool = False
    is_merged: bool = False
    open_milestones: tuple[datetime.date, ...] = ()


def state_of(facts: MeasureFacts, lights: Sequence[Light], today: datetime.date) -> PortfolioState:
    """State of a measure, computed; planning may tell another one (``told_state``).

    Ended measures are completed, ended early or merged into another; one that rests is suspended, whatever
    its figures say. A running one is delayed after its planned end, otherwise as its key figures are. One
    that has not begun is in preparation, and delayed if it is agreed, its stage is open and its planned start
    lies more than ``START_GRACE_DAYS`` back. Both are no better than their milestones: at risk while one is
    overdue, delayed once that is so for more than ``MILESTONE_DELAY_DAYS``.

    Args:
        facts: Dates, agreement and milestones.
        lights: Lights of its key figures, in any order.
        today: The day to look from.
    """
    if facts.is_merged:
        return PortfolioState.MERGED
    if facts.ended_on is not None or facts.is_completed:
        return PortfolioState.COMPLETED if facts.is_completed else PortfolioState.ENDED_EARLY
    if facts.is_suspended:
        return PortfolioState.SUSPENDED
    if facts.started_on is not None:
        by_figures = PortfolioState.DELAYED if facts.ends_on < today else _STATE_OF_LIGHT[worst(lights)]
        return _worse(by_figures, _state_of_milestones(facts, today))
    if not (facts.is_agreed and facts.is_stage_open):
        return PortfolioState.PREPARING
    latest_start = facts.starts_on + datetime.timedelta(days=START_GRACE_DAYS)
    by_start = PortfolioState.DELAYED if latest_start < today else PortfolioState.PREPARING
    return _worse(by_start, _state_of_milestones(facts, today))


def _state_of_milestones(facts: MeasureFacts, today: datetime.date) -> PortfolioState | None:
    """What the earliest milestone that is overdue makes of a measure; None if there is none."""
    late_days = (today - min(facts.open_milestones, default=today)).days
    if late_days <= 0:
        return None
    return PortfolioState.DELAYED if late_days > MILESTONE_DELAY_DAYS else PortfolioState.AT_RISK


def _worse(state: PortfolioState, other: PortfolioState | None) -> PortfolioState:
    if other is None or state is PortfolioState.DELAYED:
        return state
    return other


#: What planning may tell in place of the computed state.
TELLABLE: Final = (PortfolioState.ON_PATH, PortfolioState.AT_RISK, PortfolioState.DELAYED)
#: What is over stays as it ended.
OVER: Final = (PortfolioState.COMPLETED, PortfolioState.ENDED_EARLY, PortfolioState.MERGED)


def told_state(computed: PortfolioState, override: str) -> PortfolioState:
    """The state that counts: the one planning has set, else the computed one.

    Args:
        computed: Of ``state_of``.
        override: State planning has set; empty for none. Nothing is set over the end of a measure.
    """
    if not override or computed in OVER:
        return computed
    return PortfolioState(override)


def light_badge(light: Light) -> Badge:
    """A light in word and colour."""
    return Badge(_LIGHT_KINDS[light], str(LIGHT_LABELS[light]))


def state_badge(state: PortfolioState, *, waits_for_stage_two: bool = False) -> Badge:
    """A state in word and colour; what waits for the second planning stage says so."""
    if waits_for_stage_two and state is PortfolioState.PREPARING:
        return Badge("info", str(_("Stage 2")))
    return Badge(STATE_KINDS[state], str(STATE_LABELS[state]))
