"""The worked examples of docs/status-rules.md hold, and what must be so whatever the figures are."""

from __future__ import annotations

import datetime
import re
from fractions import Fraction
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from measures.status import (
    MILESTONE_DELAY_DAYS,
    OVER,
    START_GRACE_DAYS,
    TELLABLE,
    FigurePath,
    Light,
    MeasureFacts,
    Point,
    PortfolioState,
    light_of,
    progress_of,
    state_of,
    told_state,
)
from tests.docs.tools import DOCS, ROOT

D = datetime.date
START = D(2026, 1, 1)
TEXT = (DOCS / "status-rules.md").read_text(encoding="utf-8")


def day(number: int) -> datetime.date:
    return START + datetime.timedelta(days=number)


def table(name: str) -> list[list[str]]:
    """Rows of a table of the document."""
    found = re.search(rf"<!-- table: {name} -->\n(.*?)<!-- end -->", TEXT, re.DOTALL)
    assert found is not None, name
    lines = found.group(1).strip().split("\n")[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def path_of(cells: list[str], *, is_stepped: bool) -> FigurePath:
    baseline, targets, good, borders = cells[:4]
    green, yellow = borders.split("/")
    values = [Fraction(value) for value in targets.split(",")]
    return FigurePath(
        Point(START, Fraction(baseline)),
        tuple(Point(day(100 * number), value) for number, value in enumerate(values, start=1)),
        good == "rising",
        int(green),
        int(yellow),
        is_stepped,
    )


EXAMPLES = [(cells, name == "steps") for name in ("figures", "steps") for cells in table(name)]


@pytest.mark.parametrize(("cells", "is_stepped"), EXAMPLES, ids=lambda value: str(value)[:80])
def test_examples_of_key_figures(cells: list[str], is_stepped: bool) -> None:
    path = path_of(cells, is_stepped=is_stepped)
    when, actual, expected, light, progress = day(int(cells[4])), *cells[5:9]
    point = None if actual == "-" else Point(when, Fraction(actual))
    assert path.expected(when) == Fraction(expected)
    assert light_of(path, point) == light
    assert progress_of(path, point) == (None if progress == "-" else int(progress))


@pytest.mark.parametrize("cells", table("measures"), ids=lambda cells: "-".join(cells[:4]))
def test_examples_of_measures(cells: list[str]) -> None:
    words, lights, milestone, today, state = cells[:5]
    facts: dict[str, Any] = {"starts_on": START, "ends_on": D(2026, 12, 31)}
    for word in words.split(", "):
        facts |= {
            "proposed": {},
            "agreed": {"is_agreed": True},
            "stage closed": {"is_stage_open": False},
            "begun": {"started_on": START},
            "ended": {"ended_on": D(2026, 5, 1)},
            "completed": {"is_completed": True},
        }[word]
    if milestone:
        facts["open_milestones"] = (D.fromisoformat(milestone),)
    known = [Light(light.strip()) for light in lights.split(",") if light.strip()]
    assert state_of(MeasureFacts(**facts), known, D.fromisoformat(today)) == state


def test_the_page_names_the_borders_of_the_code() -> None:
    template = ROOT / "measures/templates/measures/_state_rule.html"
    html = template.read_text(encoding="utf-8")
    for number in (START_GRACE_DAYS, MILESTONE_DELAY_DAYS):
        assert f"more than {number} days" in html
        assert f"more than {number} days" in " ".join(TEXT.split())
    with translation.override("en"):
        assert f"{FigurePath.__dataclass_fields__['on_path_percent'].default} %" in html
        assert f"{FigurePath.__dataclass_fields__['at_risk_percent'].default} %" in html


# --- what must be so whatever the figures are -----------------------------------------------------

values = st.fractions(min_value=-1000, max_value=1000, max_denominator=100)
days = st.integers(min_value=-100, max_value=900).map(day)


@st.composite
def paths(draw: Any) -> FigurePath:
    """Any path a service would take: no target on the wrong side of the baseline."""
    is_rising = draw(st.booleans())
    baseline = draw(values)
    gains = draw(
        st.lists(st.fractions(min_value=0, max_value=500, max_denominator=50), min_size=1, max_size=4)
    )
    green = draw(st.integers(min_value=0, max_value=99))
    yellow = draw(st.integers(min_value=green + 1, max_value=100))
    sign = 1 if is_rising else -1
    targets = [Point(day(100 * number), baseline + sign * gain) for number, gain in enumerate(gains, start=1)]
    return FigurePath(Point(START, baseline), tuple(targets), is_rising, green, yellow, draw(st.booleans()))


@given(paths(), days, values)
def test_progress_stays_within_0_and_100(path: FigurePath, when: datetime.date, value: Fraction) -> None:
    progress = progress_of(path, Point(when, value))
    assert progress is not None
    assert 0 <= progress <= 100
    is_reached = path.gain(value, path.targets[-1].value) <= 0
    assert (progress == 100) == is_reached


@given(paths(), days, values, values)
def test_better_is_never_less_progress(
    path: FigurePath, when: datetime.date, one: Fraction, two: Fraction
) -> None:
    worse, better = (one, two) if path.gain(one, two) >= 0 else (two, one)
    less, more = (progress_of(path, Point(when, value)) for value in (worse, better))
    assert less is not None
    assert more is not None
    assert less <= more


@given(paths(), days)
def test_missing_is_never_zero(path: FigurePath, when: datetime.date) -> None:
    assert light_of(path, None) is Light.NO_DATA
    assert progress_of(path, None) is None
    assert light_of(path, Point(when, Fraction(0))) is not Light.NO_DATA


@given(paths(), days, values)
def test_wider_borders_never_judge_worse(path: FigurePath, when: datetime.date, value: Fraction) -> None:
    order = [Light.ON_PATH, Light.AT_RISK, Light.OFF_PATH]
    wide = FigurePath(path.baseline, path.targets, path.is_rising, path.at_risk_percent, 101, path.is_stepped)
    point = Point(when, value)
    assert order.index(light_of(wide, point)) <= order.index(light_of(path, point))


facts = st.builds(
    MeasureFacts,
    starts_on=days,
    ends_on=days,
    started_on=st.none() | days,
    ended_on=st.none() | days,
    is_completed=st.booleans(),
    is_agreed=st.booleans(),
    is_stage_open=st.booleans(),
    open_milestones=st.lists(days, max_size=4).map(tuple),
)
lights = st.lists(st.sampled_from(Light), max_size=5)
RANK = [PortfolioState.PREPARING, PortfolioState.NO_DATA, *TELLABLE]


@given(facts, lights, days, st.randoms())
def test_order_of_figures_and_milestones_does_not_matter(
    known: MeasureFacts, found: list[Light], today: datetime.date, random: Any
) -> None:
    state = state_of(known, found, today)
    shuffled, milestones = list(found), list(known.open_milestones)
    random.shuffle(shuffled)
    random.shuffle(milestones)
    other = MeasureFacts(
        **{name: getattr(known, name) for name in MeasureFacts.__slots__}
        | {"open_milestones": tuple(milestones)}
    )
    assert state_of(other, shuffled, today) is state


@given(facts, lights, days, days)
def test_one_more_open_milestone_never_makes_it_better(
    known: MeasureFacts, found: list[Light], today: datetime.date, due_on: datetime.date
) -> None:
    before = state_of(known, found, today)
    more = MeasureFacts(
        **{name: getattr(known, name) for name in MeasureFacts.__slots__}
        | {"open_milestones": (*known.open_milestones, due_on)}
    )
    after = state_of(more, found, today)
    assert (before in OVER and after is before) or RANK.index(after) >= RANK.index(before)


@given(st.sampled_from(PortfolioState), st.sampled_from([*TELLABLE, ""]))
def test_what_is_told_is_what_was_set_unless_it_is_over(computed: PortfolioState, override: str) -> None:
    told = told_state(computed, override)
    assert told == (computed if computed in OVER or not override else override)
