"""Is it on its way? The traffic light of key figures and the state of measures: plain values in and out.

The rule, as it stands on the pages: a key figure should follow the straight line from its baseline to the
next target. What it lacks on the day it was measured is compared with the way from baseline to that target:
up to 10 % behind is on path, up to 25 % at risk, more is off path. No confirmed figure means "no data",
never zero. A measure is as good as the worst of its key figures that has data.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from project.common.formats import Badge

#: Shares of the way from baseline to next target that a figure may lack.
ON_PATH_SHARE: Final = Fraction(10, 100)
AT_RISK_SHARE: Final = Fraction(25, 100)
#: A change against the way expected that planning should look at twice (share of the way).
JUMP_SHARE: Final = Fraction(50, 100)
#: An agreed measure that has not begun this long after its planned start is late (days).
START_GRACE_DAYS: Final = 30


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
    """

    baseline: Point
    targets: tuple[Point, ...]
    is_rising: bool = True

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
                return before.value + share * (after.value - before.value)
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
        return expected - actual.value if self.is_rising else actual.value - expected


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
    if lack <= ON_PATH_SHARE * way:
        return Light.ON_PATH
    return Light.AT_RISK if lack <= AT_RISK_SHARE * way else Light.OFF_PATH


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
    COMPLETED = "completed"
    ENDED_EARLY = "ended_early"


#: In the order of the tiles.
STATE_LABELS: Final[dict[PortfolioState, Promise]] = {
    PortfolioState.ON_PATH: _("on track"),
    PortfolioState.AT_RISK: _("at risk"),
    PortfolioState.DELAYED: _("delayed"),
    PortfolioState.NO_DATA: _("running, no figures yet"),
    PortfolioState.PREPARING: _("in preparation"),
    PortfolioState.COMPLETED: _("completed"),
    PortfolioState.ENDED_EARLY: _("ended early"),
}
STATE_KINDS: Final[dict[PortfolioState, str]] = {
    PortfolioState.ON_PATH: "success",
    PortfolioState.AT_RISK: "warning",
    PortfolioState.DELAYED: "danger",
    PortfolioState.NO_DATA: "neutral",
    PortfolioState.PREPARING: "info",
    PortfolioState.COMPLETED: "success",
    PortfolioState.ENDED_EARLY: "neutral",
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
    """

    starts_on: datetime.date
    ends_on: datetime.date
    started_on: datetime.date | None = None
    ended_on: datetime.date | None = None
    is_completed: bool = False
    is_agreed: bool = False
    is_stage_open: bool = True


def state_of(facts: MeasureFacts, lights: Sequence[Light], today: datetime.date) -> PortfolioState:
    """State of a measure.

    Ended measures are completed or ended early. A running one is delayed after its planned end, otherwise as
    its key figures are. One that has not begun is in preparation, and delayed if it is agreed, its stage is
    open and its planned start lies more than ``START_GRACE_DAYS`` back.

    Args:
        facts: Dates and agreement.
        lights: Lights of its key figures, in any order.
        today: The day to look from.
    """
    if facts.ended_on is not None or facts.is_completed:
        return PortfolioState.COMPLETED if facts.is_completed else PortfolioState.ENDED_EARLY
    if facts.started_on is not None:
        return PortfolioState.DELAYED if facts.ends_on < today else _STATE_OF_LIGHT[worst(lights)]
    latest_start = facts.starts_on + datetime.timedelta(days=START_GRACE_DAYS)
    if facts.is_agreed and facts.is_stage_open and latest_start < today:
        return PortfolioState.DELAYED
    return PortfolioState.PREPARING


def light_badge(light: Light) -> Badge:
    """A light in word and colour."""
    return Badge(_LIGHT_KINDS[light], str(LIGHT_LABELS[light]))


def state_badge(state: PortfolioState, *, waits_for_stage_two: bool = False) -> Badge:
    """A state in word and colour; what waits for the second planning stage says so."""
    if waits_for_stage_two and state is PortfolioState.PREPARING:
        return Badge("info", str(_("Stage 2")))
    return Badge(STATE_KINDS[state], str(STATE_LABELS[state]))
