"""Statistical secrecy between indicators: rates and counts of the same people, wholes and their parts."""

from __future__ import annotations

import random
from collections.abc import Hashable, Iterable, Mapping

import pytest

from monitoring.models import AreaKind, Indicator, Unit
from monitoring.selectors.protection import Place, Secrets, secrets_of
from monitoring.selectors.stand_ins import stand_ins
from tests.monitoring.attacker import Sum, worked_out

YEAR = 2024
PERSONS = Unit(pk=1, key="persons", is_count=True)
PERCENT = Unit(pk=2, key="percent", is_percent=True)
EUROS = Unit(pk=3, key="euro")
#: Figures by indicator and area.
Table = Mapping[int, Mapping[int, float | None]]


def indicator(pk: int, unit: Unit = PERSONS, **kwargs: object) -> Indicator:
    """An indicator that is in no database."""
    return Indicator(pk=pk, key=f"i{pk}", unit=unit, **kwargs)


def places(shape: tuple[int, ...]) -> dict[int, Place]:
    """Municipalities 100, 200, … with so many areas each: 101, 102, …"""
    found = {}
    for number, size in enumerate(shape, start=1):
        found[number * 100] = Place(1, None, AreaKind.MUNICIPALITY, None, None, None)
        for place in range(1, size + 1):
            found[number * 100 + place] = Place(1, number * 100, AreaKind.SMALL_AREA, None, None, None)
    return found


def flat(count: int) -> dict[int, Place]:
    """Areas 1, 2, … with nothing above them."""
    return {pk: Place(1, None, AreaKind.SMALL_AREA, None, None, None) for pk in range(1, count + 1)}


def decide(table: Table, indicators: Iterable[Indicator], around: Mapping[int, Place]) -> Secrets:
    return secrets_of({(pk, YEAR): values for pk, values in table.items()}, indicators, around)


def areas_hidden(secrets: Secrets, pk: int) -> set[int]:
    return {area for at, _year, area in secrets.cells if at == pk}


# --- The same people, as a count and as a rate -------------------------------------------------------

CHILDREN, IN_NEED = indicator(1), indicator(2)
SHARE = indicator(3, PERCENT, numerator_count=IN_NEED, denominator=CHILDREN)


def test_a_rate_is_hidden_where_its_count_is() -> None:
    """5 hides beside the 2; were the 2.5 percent of its 200 children shown, they would tell it."""
    table = {1: {1: 100, 2: 200, 3: 300}, 2: {1: 2, 2: 5, 3: 90}, 3: {1: 2.0, 2: 2.5, 3: 30.0}}
    secrets = decide(table, [CHILDREN, IN_NEED, SHARE], flat(3))
    assert areas_hidden(secrets, 2) == areas_hidden(secrets, 3) == {1, 2}


def test_a_rate_of_fewer_than_the_catalogue_asks_for_is_hidden() -> None:
    """A share of 40 children says little, and much of each of them."""
    share = indicator(4, PERCENT, denominator=CHILDREN, minimum_base=50)
    table = {1: {1: 40, 2: 50, 3: 300}, 4: {1: 25.0, 2: 20.0, 3: 30.0}}
    assert areas_hidden(decide(table, [CHILDREN, share], flat(3)), 4) == {1}
    share.minimum_base = None
    assert areas_hidden(decide(table, [CHILDREN, share], flat(3)), 4) == set()


def test_a_count_is_hidden_where_its_rate_is() -> None:
    """99 of 100 leave one child out; the count would say so as well as the share does."""
    table = {1: {1: 100, 2: 200, 3: 300}, 2: {1: 99, 2: 50, 3: 90}, 3: {1: 99.0, 2: 25.0, 3: 30.0}}
    secrets = decide(table, [CHILDREN, IN_NEED, SHARE], flat(3))
    assert areas_hidden(secrets, 2) == areas_hidden(secrets, 3) == {1, 2}


def test_count_and_rate_do_not_tell_the_base() -> None:
    """Where the base is hidden beside a small one, 4 and 40 percent would tell the 10."""
    table = {
        1: {1: 2, 2: 10, 3: 200, 4: 300},
        2: {1: 0, 2: 4, 3: 3, 4: 90},
        3: {1: 0.0, 2: 40.0, 3: 1.5, 4: 30.0},
    }
    secrets = decide(table, [CHILDREN, IN_NEED, SHARE], flat(4))
    assert areas_hidden(secrets, 1) == {1, 2}
    assert areas_hidden(secrets, 2) == {1, 3}
    assert areas_hidden(secrets, 3) == {1, 2, 3}


def test_figures_that_are_not_related_are_left_alone() -> None:
    other = indicator(4, PERCENT, denominator=CHILDREN)
    table = {1: {1: 100, 2: 200, 3: 300}, 2: {1: 2, 2: 5, 3: 90}, 4: {1: 12.0, 2: 13.5, 3: 30.0}}
    assert areas_hidden(decide(table, [CHILDREN, IN_NEED, other], flat(3)), 4) == set()


# --- A whole and its parts ---------------------------------------------------------------------------

WHOLE = indicator(10)
PARTS = [indicator(pk, part_of=WHOLE) for pk in (11, 12, 13)]


def family(*rows: tuple[int, ...]) -> dict[int, dict[int, float | None]]:
    """Parts as rows of areas, with the whole they add up to."""
    table: dict[int, dict[int, float | None]] = {10: {}}
    for area, column in enumerate(zip(*rows, strict=True), start=1):
        table[10][area] = sum(column)
        for pk, value in zip((11, 12, 13), column, strict=False):
            table.setdefault(pk, {})[area] = value
    return table


def test_a_part_cannot_be_worked_out_from_the_whole() -> None:
    """1 and its companion 4 were hidden over the areas; whole and other part still told both."""
    table = family((1, 4, 50), (30, 20, 10))
    secrets = decide(table, [WHOLE, *PARTS[:2]], flat(3))
    assert areas_hidden(secrets, 11) == areas_hidden(secrets, 12) == {1, 2}
    assert areas_hidden(secrets, 10) == set()


def test_the_whole_goes_where_it_tells_a_part() -> None:
    """Nobody else has any of the first part: it can be exchanged with no area."""
    table = family((2, 0, 0), (7, 20, 10))
    secrets = decide(table, [WHOLE, *PARTS[:2]], flat(3))
    assert 1 in areas_hidden(secrets, 10)


def test_what_the_parts_leave_of_the_whole_is_protected() -> None:
    """498 of 500 are of one part: the other two people have no figure, but a difference."""
    table = {10: {1: 500, 2: 400, 3: 300}, 11: {1: 498, 2: 100, 3: 120}}
    secrets = decide(table, [WHOLE, PARTS[0]], flat(3))
    assert areas_hidden(secrets, 11) == {1, 2}


def test_a_total_that_is_not_shown_of_one_part_is_shown_of_none() -> None:
    table = {10: {1: 30}, 11: {1: 2}, 12: {1: 28}}
    secrets = decide(table, [WHOLE, *PARTS[:2]], flat(1))
    assert {(11, YEAR), (12, YEAR)} <= secrets.totals


# --- Amounts of which one contributor gives the most -------------------------------------------------

LARGEST = indicator(21, EUROS)
AMOUNT = indicator(20, EUROS, largest_contribution=LARGEST, dominance_percent=80)


def test_an_amount_that_one_contributor_dominates_is_secret() -> None:
    table = {20: {1: 1000.0, 2: 1000.0, 3: 1.5}, 21: {1: 900.0, 2: 800.0, 3: 0.5}}
    secrets = decide(table, [AMOUNT, LARGEST], flat(3))
    assert areas_hidden(secrets, 20) == {1}, "80 percent are allowed; 1.5 euros are no people"
    assert areas_hidden(secrets, 21) == {1, 2, 3}
    assert (21, YEAR) in secrets.totals


def test_a_dominated_amount_is_not_added_up_from_the_level_above() -> None:
    around = places((2, 1))
    table = {
        20: {101: 1000.0, 102: 50.0, 100: 1050.0, 201: 70.0, 200: 70.0},
        21: {101: 990.0, 102: 10.0, 100: 300.0, 201: 7.0, 200: 7.0},
    }
    assert areas_hidden(decide(table, [AMOUNT, LARGEST], around), 20) == {101, 102}


# --- A threshold of its own --------------------------------------------------------------------------


def test_a_source_may_ask_for_more() -> None:
    strict = indicator(30, secrecy_threshold=6)
    table = {2: {1: 4, 2: 40, 3: 50}, 30: {1: 4, 2: 40, 3: 50}}
    secrets = decide(table, [IN_NEED, strict], flat(3))
    assert areas_hidden(secrets, 2) == set()
    assert areas_hidden(secrets, 30) == {1, 2}


# --- The attacker ------------------------------------------------------------------------------------


def over_areas(
    pk: int, line: Mapping[int, float | None], around: Mapping[int, Place], *, has_means: bool
) -> list[Sum]:
    """What is known of a line: areas add up to the one above, the mean of a level to its total."""
    sums: list[Sum] = []
    for top in line:
        below: dict[Hashable, float] = {(pk, area): 1.0 for area in line if around[area].parent == top}
        if below:
            sums.append((below | {(pk, top): -1.0}, 0.0))
    for kind in {around[area].kind for area in line} if has_means else ():
        level = [area for area in line if around[area].kind == kind]
        sums.append(({(pk, area): 1.0 for area in level}, sum(line[area] or 0 for area in level)))
    return sums


def published(
    table: Table, indicators: Iterable[Indicator], around: Mapping[int, Place], secrets: Secrets
) -> tuple[dict[Hashable, float | None], list[Sum]]:
    """All that can be read off pages: cells, means of each level, and what is known of how figures relate."""
    shown: dict[Hashable, float | None] = {}
    sums: list[Sum] = []
    known = {row.pk: row for row in indicators}
    open_to_see = {
        (pk, area): value
        for pk, line in table.items()
        for area, value in line.items()
        if (pk, YEAR, area) not in secrets.cells
    }
    for pk, line in table.items():
        if known[pk].unit.is_count:
            shown |= {(pk, area): open_to_see.get((pk, area)) for area in line}
            sums += over_areas(pk, line, around, has_means=(pk, YEAR) not in secrets.totals)
    for row in known.values():
        count, base = row.numerator_count_id, row.denominator_id
        for area, rate in table.get(row.pk, {}).items() if count else ():
            if (row.pk, area) in open_to_see and rate is not None:
                sums.append(({(count, area): 100.0, (base, area): -rate}, 0.0))
    parts = [pk for pk in table if known[pk].part_of_id in table]
    for area in table[10] if parts else ():
        sums.append(({(pk, area): 1.0 for pk in parts} | {(10, area): -1.0}, 0.0))
    return shown, sums


def small_cells(table: Table, told: set[Hashable]) -> list[Hashable]:
    return [(pk, area) for pk, area in told if 0 < (table[pk][area] or 0) < 3]  # type: ignore[misc,index]


@pytest.mark.parametrize("shape", [(3,), (2, 2), (1, 3), (4, 3, 2)])
def test_no_part_can_be_solved_over_areas_and_parts(shape: tuple[int, ...]) -> None:
    draw, around = random.Random(str(shape)), places(shape)
    indicators = [WHOLE, *PARTS]
    for _round in range(10):
        table: dict[int, dict[int, float | None]] = {pk: {} for pk in (10, 11, 12, 13)}
        for area in around:
            if area % 100:
                for pk in (11, 12, 13):
                    table[pk][area] = draw.choice([0, 1, 2, 4, draw.randint(3, 60), draw.randint(5, 90)])
                table[10][area] = sum(table[pk][area] or 0 for pk in (11, 12, 13))
        for top in around:
            if top % 100 == 0:
                for pk in table:
                    table[pk][top] = sum(
                        v or 0 for at, v in table[pk].items() if at != top and at // 100 * 100 == top
                    )
        secrets = decide(table, indicators, around)
        shown, sums = published(table, indicators, around, secrets)
        assert small_cells(table, {key for key, value in shown.items() if value is not None}) == []
        assert small_cells(table, worked_out(shown, sums)) == [], table


@pytest.mark.parametrize("shape", [(4,), (2, 2), (3, 2, 3)])
def test_no_count_can_be_solved_from_rates(shape: tuple[int, ...]) -> None:
    draw, around = random.Random(str(shape)), places(shape)
    indicators = [CHILDREN, IN_NEED, SHARE]
    for _round in range(10):
        table: dict[int, dict[int, float | None]] = {1: {}, 2: {}, 3: {}}
        for area in around:
            if area % 100:
                table[1][area] = draw.choice([2, draw.randint(3, 20), draw.randint(20, 400)])
                table[2][area] = min(draw.choice([0, 1, 2, 5, draw.randint(3, 90)]), table[1][area] or 0)
        for top in around:
            if top % 100 == 0:
                for pk in (1, 2):
                    table[pk][top] = sum(
                        v or 0 for at, v in table[pk].items() if at != top and at // 100 * 100 == top
                    )
        table[3] = {area: 100.0 * (table[2][area] or 0) / (base or 1) for area, base in table[1].items()}
        secrets = decide(table, indicators, around)
        shown, sums = published(table, indicators, around, secrets)
        assert small_cells(table, {key for key, value in shown.items() if value is not None}) == []
        assert small_cells(table, worked_out(shown, sums)) == [], table


# --- What enters a calculation -----------------------------------------------------------------------


def test_rates_hidden_together_enter_as_one() -> None:
    """2 of 100 and 5 of 200 enter as 7 of 300 each, which is known from the total of the counts."""
    table: dict[int, dict[int, float | None]] = {
        1: {1: 100, 2: 200, 3: 300},
        2: {1: 2, 2: 5, 3: 90},
        3: {1: 2.0, 2: 2.5, 3: 30.0},
    }
    secrets = decide(table, [CHILDREN, IN_NEED, SHARE], flat(3))
    lines = {(pk, YEAR): values for pk, values in table.items()}
    assert stand_ins(SHARE, YEAR, lines, flat(3), secrets) == {1: 2.333333, 2: 2.333333}


def test_a_secret_amount_takes_no_part() -> None:
    table: dict[int, dict[int, float | None]] = {20: {1: 1000.0, 2: 1000.0}, 21: {1: 900.0, 2: 300.0}}
    secrets = decide(table, [AMOUNT, LARGEST], flat(2))
    lines = {(pk, YEAR): values for pk, values in table.items()}
    assert stand_ins(AMOUNT, YEAR, lines, flat(2), secrets) == {1: None}
