"""The rule of the traffic light, by hand-worked examples and by its properties."""

import datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from measures.status import (
    FigurePath,
    Light,
    MeasureFacts,
    Oddity,
    Point,
    PortfolioState,
    light_of,
    oddities,
    state_badge,
    state_of,
    worst,
)

D = datetime.date
START = D(2026, 1, 1)


def point(day: datetime.date, value: float) -> Point:
    return Point(day, Fraction(value))


#: From 0 to 100 in 100 days, then to 300 in another 100: the expected value of a day is easy to see.
RISING = FigurePath(point(START, 0), (point(D(2026, 4, 11), 100), point(D(2026, 7, 20), 300)))
FALLING = FigurePath(point(START, 100), (point(D(2026, 4, 11), 0),), is_rising=False)


def day(number: int) -> datetime.date:
    return START + datetime.timedelta(days=number)


@pytest.mark.parametrize(
    ("number", "expected"), [(-5, 0), (0, 0), (50, 50), (100, 100), (150, 200), (200, 300), (500, 300)]
)
def test_the_path_runs_straight_from_corner_to_corner(number: int, expected: int) -> None:
    assert RISING.expected(day(number)) == expected


@pytest.mark.parametrize(
    ("value", "light"),
    [
        (80, Light.ON_PATH),
        (50, Light.ON_PATH),
        (40, Light.ON_PATH),  # lacks exactly 10 of 100
        (39, Light.AT_RISK),
        (25, Light.AT_RISK),  # lacks exactly 25 of 100
        (24, Light.OFF_PATH),
        (-10, Light.OFF_PATH),
    ],
)
def test_borders_of_the_light(value: int, light: Light) -> None:
    assert light_of(RISING, point(day(50), value)) is light


@pytest.mark.parametrize(("value", "light"), [(50, Light.ON_PATH), (61, Light.AT_RISK), (76, Light.OFF_PATH)])
def test_falling_figures_are_judged_the_other_way(value: int, light: Light) -> None:
    assert light_of(FALLING, point(day(50), value)) is light


def test_after_the_last_target_the_target_counts() -> None:
    assert light_of(RISING, point(day(400), 280)) is Light.ON_PATH
    assert light_of(RISING, point(day(400), 200)) is Light.OFF_PATH


def test_holding_a_level_is_measured_by_the_level() -> None:
    path = FigurePath(point(START, 50), (point(day(100), 50),))
    assert light_of(path, point(day(50), 46)) is Light.ON_PATH
    assert light_of(path, point(day(50), 40)) is Light.AT_RISK
    assert light_of(path, point(day(50), 30)) is Light.OFF_PATH


def test_missing_is_no_data_and_never_zero() -> None:
    falling_to_zero = FigurePath(point(START, 100), (point(day(100), 0),), is_rising=False)
    assert light_of(falling_to_zero, None) is Light.NO_DATA
    assert light_of(falling_to_zero, point(day(100), 0)) is Light.ON_PATH
    assert light_of(FigurePath(point(START, 0), ()), point(day(5), 3)) is Light.NO_DATA


def test_a_measure_is_as_good_as_its_worst_known_figure() -> None:
    assert worst([]) is Light.NO_DATA
    assert worst([Light.NO_DATA, Light.ON_PATH]) is Light.ON_PATH
    assert worst([Light.AT_RISK, Light.OFF_PATH, Light.ON_PATH]) is Light.OFF_PATH


values = st.fractions(min_value=-1000, max_value=1000, max_denominator=100)
paths = st.builds(
    lambda start, gaps, corners, rising: FigurePath(
        Point(START, start),
        tuple(Point(day(sum(gaps[: index + 1])), value) for index, value in enumerate(corners[: len(gaps)])),
        rising,
    ),
    values,
    st.lists(st.integers(1, 400), min_size=1, max_size=3),
    st.lists(values, min_size=3, max_size=3),
    st.booleans(),
)
days = st.integers(-50, 1500).map(day)
ORDER = [Light.ON_PATH, Light.AT_RISK, Light.OFF_PATH]


@given(paths, days)
def test_who_is_on_the_path_is_green(path: FigurePath, when: datetime.date) -> None:
    expected = path.expected(when)
    assert expected is not None
    assert light_of(path, Point(when, expected)) is Light.ON_PATH


@given(paths, days)
def test_the_path_stays_between_its_corners(path: FigurePath, when: datetime.date) -> None:
    corners = [corner.value for corner in path.points]
    expected = path.expected(when)
    assert expected is not None
    assert min(corners) <= expected <= max(corners)


@given(paths, days, values, values)
def test_better_is_never_judged_worse(
    path: FigurePath, when: datetime.date, one: Fraction, two: Fraction
) -> None:
    better, worse = (max(one, two), min(one, two)) if path.is_rising else (min(one, two), max(one, two))
    assert ORDER.index(light_of(path, Point(when, better))) <= ORDER.index(light_of(path, Point(when, worse)))


def mirrored(path: FigurePath) -> FigurePath:
    return FigurePath(
        Point(path.baseline.day, -path.baseline.value),
        tuple(Point(target.day, -target.value) for target in path.targets),
        not path.is_rising,
    )


@given(paths, days, values)
def test_rising_and_falling_are_mirrors(path: FigurePath, when: datetime.date, value: Fraction) -> None:
    assert light_of(path, Point(when, value)) is light_of(mirrored(path), Point(when, -value))


@given(paths, days, values, st.fractions(min_value=Fraction(1, 50), max_value=50))
def test_the_unit_does_not_matter(
    path: FigurePath, when: datetime.date, value: Fraction, factor: Fraction
) -> None:
    scaled = FigurePath(
        Point(path.baseline.day, path.baseline.value * factor),
        tuple(Point(target.day, target.value * factor) for target in path.targets),
        path.is_rising,
    )
    assert light_of(path, Point(when, value)) is light_of(scaled, Point(when, value * factor))


def test_oddities_name_what_planning_should_look_at() -> None:
    assert oddities(RISING, None, None) == [Oddity.MISSING]
    assert oddities(RISING, point(day(50), 50), point(day(20), 20)) == []
    assert oddities(RISING, point(day(50), 10), None) == [Oddity.OFF_PATH]
    assert oddities(RISING, point(day(50), 35), None) == [Oddity.AT_RISK]
    assert oddities(RISING, point(day(50), 45), point(day(49), 47)) == [Oddity.BACKWARDS]
    assert oddities(RISING, point(day(60), 160), point(day(50), 50)) == [Oddity.JUMP]
    assert oddities(RISING, point(day(50), 400), None) == [Oddity.REACHED_EARLY]


FACTS = MeasureFacts(starts_on=D(2026, 1, 1), ends_on=D(2026, 12, 31))


@pytest.mark.parametrize(
    ("changes", "lights", "today", "state"),
    [
        ({}, [], D(2026, 6, 1), PortfolioState.PREPARING),
        ({"is_agreed": True}, [], D(2026, 1, 31), PortfolioState.PREPARING),
        ({"is_agreed": True}, [], D(2026, 2, 1), PortfolioState.DELAYED),
        ({"is_agreed": True, "is_stage_open": False}, [], D(2026, 6, 1), PortfolioState.PREPARING),
        ({"started_on": D(2026, 1, 1)}, [], D(2026, 6, 1), PortfolioState.NO_DATA),
        ({"started_on": D(2026, 1, 1)}, [Light.ON_PATH], D(2026, 6, 1), PortfolioState.ON_PATH),
        ({"started_on": D(2026, 1, 1)}, [Light.AT_RISK], D(2026, 6, 1), PortfolioState.AT_RISK),
        ({"started_on": D(2026, 1, 1)}, [Light.OFF_PATH], D(2026, 6, 1), PortfolioState.DELAYED),
        ({"started_on": D(2026, 1, 1)}, [Light.ON_PATH], D(2027, 1, 1), PortfolioState.DELAYED),
        ({"ended_on": D(2026, 5, 1)}, [Light.ON_PATH], D(2026, 6, 1), PortfolioState.ENDED_EARLY),
        ({"ended_on": D(2026, 12, 31), "is_completed": True}, [], D(2027, 1, 1), PortfolioState.COMPLETED),
    ],
)
def test_state_of_a_measure(
    changes: dict[str, object], lights: list[Light], today: datetime.date, state: PortfolioState
) -> None:
    facts = MeasureFacts(**({"starts_on": FACTS.starts_on, "ends_on": FACTS.ends_on} | changes))  # type: ignore[arg-type]
    assert state_of(facts, lights, today) is state


def test_stage_two_says_so_while_it_waits() -> None:
    assert state_badge(PortfolioState.PREPARING, waits_for_stage_two=True).kind == "info"
    assert state_badge(PortfolioState.PREPARING, waits_for_stage_two=True) != state_badge(
        PortfolioState.PREPARING
    )
    assert state_badge(PortfolioState.ON_PATH, waits_for_stage_two=True) == state_badge(
        PortfolioState.ON_PATH
    )
