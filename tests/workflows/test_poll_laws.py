"""Rules of counting as tables, and laws: no order of votes, comings and goings breaks the count."""

from __future__ import annotations

import itertools
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project.common.errors import DomainError
from stakeholders.models import Seat
from stakeholders.procedure import GroupRule, Majority, Tie, VotingRules
from workflows.counting import Ballot, Count, Tally, count_ballots
from workflows.models import VoteChoice
from workflows.selectors.attendance import quorum_with

YES, NO, ABSTAIN = VoteChoice.YES, VoteChoice.NO, VoteChoice.ABSTAIN
BIASED, ABSENT, SILENT, PRESENT = VoteChoice.BIASED, VoteChoice.ABSENT, VoteChoice.SILENT, VoteChoice.PRESENT
_keys = itertools.count(1)


def seat(kind: str = "municipality", place: Seat = Seat.VOTING, deputy: Any = None) -> Any:
    """A seat as the count sees it."""
    key = next(_keys)
    return SimpleNamespace(
        pk=key,
        body_id=1,
        seat=place,
        is_voting=place != Seat.ADVISORY,
        organisation=SimpleNamespace(kind=kind, label=f"Amt {key}"),
        user=SimpleNamespace(pk=1000 + key),
        deputy=deputy,
        deputy_id=None if deputy is None else deputy.pk,
    )


def count(rules: VotingRules, *choices: VoteChoice, tally: Tally | None = None, chair: bool = True) -> Count:
    """Count choices of seats of which the first is the chair."""
    rows = [
        Ballot(seat(place=Seat.CHAIR if chair and number == 0 else Seat.VOTING), choice)
        for number, choice in enumerate(choices)
    ]
    return count_ballots(rules, rows, tally)


HALF = VotingRules(1)
#: Rules, what the seats did, (quorum is there, carried).
CASES = [
    ("half are there", HALF, (YES, YES, ABSENT, ABSENT), (True, True)),
    ("less than half", HALF, (YES, ABSENT, ABSENT, ABSENT), (False, True)),
    ("rounded up", HALF, (YES, YES, ABSENT, ABSENT, ABSENT), (False, True)),
    ("silent ones are not there", HALF, (YES, SILENT, SILENT, SILENT), (False, True)),
    ("a tie is a no", HALF, (YES, NO, YES, NO), (True, False)),
    ("abstentions do not count", HALF, (YES, ABSTAIN, ABSTAIN, ABSTAIN), (True, True)),
    ("all abstain", HALF, (ABSTAIN, ABSTAIN), (True, False)),
    ("bias lowers the base", HALF, (YES, ABSENT, BIASED, BIASED), (True, True)),
    ("all biased", HALF, (BIASED, BIASED), (False, False)),
    ("chair breaks a tie with a yes", VotingRules(1, tie=Tie.CHAIR), (YES, NO), (True, True)),
    ("chair breaks a tie with a no", VotingRules(1, tie=Tie.CHAIR), (NO, YES), (True, False)),
    ("chair abstains in a tie", VotingRules(1, tie=Tie.CHAIR), (ABSTAIN, YES, NO), (True, False)),
    ("of those present", VotingRules(1, majority=Majority.PRESENT), (YES, YES, NO, ABSTAIN), (True, False)),
    ("of all", VotingRules(1, majority=Majority.ALL), (YES, YES, ABSENT, ABSENT), (True, False)),
    ("of all, silent ones included", VotingRules(1, majority=Majority.ALL), (YES, YES, SILENT), (True, True)),
    ("two thirds", VotingRules(1, majority=Majority.TWO_THIRDS), (YES, YES, NO, ABSTAIN), (True, True)),
    ("not two thirds", VotingRules(1, majority=Majority.TWO_THIRDS), (YES, NO, ABSTAIN), (True, False)),
]


@pytest.mark.parametrize(
    ("rules", "choices", "expected"), [row[1:] for row in CASES], ids=[row[0] for row in CASES]
)
def test_rules_of_procedure(rules: VotingRules, choices: Any, expected: tuple[bool, bool]) -> None:
    found = count(rules, *choices)

    assert (found.has_quorum, found.is_carried) == expected


def test_the_quorum_of_a_group_wants_its_members_there() -> None:
    rules = VotingRules(1, Decimal(0), groups=(GroupRule("jobcenter", count=1),))
    one, other = seat(), seat("jobcenter")

    assert count_ballots(rules, [Ballot(one, YES), Ballot(other, YES)]).has_quorum
    assert count_ballots(rules, [Ballot(one, PRESENT), Ballot(other, PRESENT)], Tally(2, 0, 0)).has_quorum
    for away in (ABSENT, SILENT):
        assert not count_ballots(rules, [Ballot(one, YES), Ballot(other, away)]).has_quorum
    assert count_ballots(rules, [Ballot(one, YES), Ballot(other, BIASED)]).has_quorum


@pytest.mark.parametrize(
    ("code", "choices", "tally"),
    [
        ("tally_missing", (PRESENT, PRESENT), None),
        ("tally_wrong", (PRESENT, PRESENT), Tally(2, 1, 0)),
        ("tally_wrong", (PRESENT, ABSENT), Tally(0, 0, 0)),
        ("named_in_tally", (PRESENT, YES), Tally(2, 0, 0)),
    ],
)
def test_numbers_are_those_of_who_took_part(code: str, choices: Any, tally: Tally | None) -> None:
    with pytest.raises(DomainError) as error:
        count(HALF, *choices, tally=tally)
    assert error.value.code == code


def test_in_a_secret_vote_a_tie_is_a_no_whatever_the_rules_leave_to_the_chair() -> None:
    rules = VotingRules(1, tie=Tie.CHAIR)

    assert not count(rules, PRESENT, PRESENT, tally=Tally(1, 1, 0)).is_carried
    assert count(rules, PRESENT, PRESENT, tally=Tally(1, 1, 0, chair_choice=YES)).is_carried


def test_who_is_away_decides_no_tie() -> None:
    rules = VotingRules(1, Decimal(0), tie=Tie.CHAIR)

    for away in (ABSENT, BIASED):
        assert not count(rules, away, PRESENT, PRESENT, tally=Tally(1, 1, 0, chair_choice=YES)).is_carried


def test_advisory_members_and_persons_with_two_seats_are_refused() -> None:
    deputy = SimpleNamespace(pk=7)
    own = seat()
    own.user = deputy
    for code, rows, tally in (
        ("advisory_vote", [Ballot(seat(place=Seat.ADVISORY), PRESENT)], Tally(1, 0, 0)),
        ("person_twice", [Ballot(own, YES), Ballot(seat(deputy=deputy), NO, is_deputy=True)], None),
        ("person_twice", [Ballot(own, PRESENT), Ballot(seat(deputy=deputy), PRESENT, True)], Tally(2, 0, 0)),
        ("biased_votes", [Ballot(own, BIASED), Ballot(seat(deputy=deputy), YES, is_deputy=True)], None),
    ):
        with pytest.raises(DomainError) as error:
            count_ballots(HALF, rows, tally)
        assert error.value.code == code


# --- laws ------------------------------------------------------------------------------------------

RULES = st.builds(
    VotingRules,
    st.just(1),
    st.sampled_from([Decimal(0), Decimal("0.34"), Decimal("0.50"), Decimal(1)]),
    st.sampled_from(
        [(), (GroupRule("jobcenter", count=1),), (GroupRule("jobcenter", share=Decimal("0.5")),)]
    ),
    st.sampled_from(list(Majority)),
)
KINDS = st.lists(st.sampled_from(["municipality", "jobcenter"]), min_size=1, max_size=12)
#: What can happen while a poll is open: somebody comes, leaves, votes, votes anew, is biased.
EVENTS = st.lists(
    st.tuples(st.integers(0, 11), st.sampled_from(["come", "leave", YES, NO, ABSTAIN, BIASED])), max_size=60
)


def play(kinds: list[str], events: list[tuple[int, Any]]) -> tuple[list[Any], dict[int, VoteChoice]]:
    """The last word of each seat that was in the room when it spoke; as the service takes votes."""
    seats = [seat(kind) for kind in kinds]
    room, votes = set(range(len(seats))), {}
    for number, what in events:
        if number >= len(seats):
            continue
        if what == "come":
            room.add(number)
        elif what == "leave":
            room.discard(number)
        elif number in room:
            votes[number] = what
    return seats, votes


def tallied(rules: VotingRules, seats: list[Any], votes: dict[int, VoteChoice], order: list[int]) -> Count:
    return count_ballots(rules, [Ballot(seats[n], votes.get(n, SILENT)) for n in order])


@given(RULES, KINDS, EVENTS, st.randoms(use_true_random=False))
def test_the_order_of_events_does_not_change_the_count(
    rules: VotingRules, kinds: list[str], events: list[tuple[int, Any]], random: Any
) -> None:
    seats, votes = play(kinds, events)
    order = list(range(len(seats)))
    found = tallied(rules, seats, votes, order)
    random.shuffle(order)

    assert tallied(rules, seats, votes, order) == found
    assert found.yes + found.no + found.abstain == found.present <= found.able <= found.voting == len(seats)
    assert found.able == len(seats) - sum(choice == BIASED for choice in votes.values())
    assert [found.yes, found.no, found.abstain] == [
        sum(choice == wanted for choice in votes.values()) for wanted in (YES, NO, ABSTAIN)
    ]


@given(RULES, KINDS, EVENTS)
def test_names_or_numbers_come_to_the_same(
    rules: VotingRules, kinds: list[str], events: list[tuple[int, Any]]
) -> None:
    seats, votes = play(kinds, events)
    order = list(range(len(seats)))
    named = tallied(rules, seats, votes, order)
    hidden = [
        Ballot(seats[n], PRESENT if votes.get(n) in (YES, NO, ABSTAIN) else votes.get(n, SILENT))
        for n in order
    ]
    numbers = count_ballots(rules, hidden, Tally(named.yes, named.no, named.abstain))

    assert (numbers.has_quorum, numbers.is_carried) == (named.has_quorum, named.is_carried)
    assert (numbers.present, numbers.quorum, numbers.groups) == (named.present, named.quorum, named.groups)


@given(RULES, KINDS, EVENTS, st.integers(0, 11))
def test_one_more_yes_never_loses_a_vote(
    rules: VotingRules, kinds: list[str], events: list[tuple[int, Any]], number: int
) -> None:
    seats, votes = play(kinds, events)
    number %= len(seats)
    order = list(range(len(seats)))
    before = tallied(rules, seats, votes, order)
    if votes.get(number) == BIASED:
        return
    after = tallied(rules, seats, {**votes, number: YES}, order)

    assert after.is_carried >= before.is_carried
    assert after.has_quorum >= before.has_quorum


@given(RULES, KINDS, EVENTS)
def test_the_room_is_quorate_whatever_way_it_filled_and_leaving_never_helps(
    rules: VotingRules, kinds: list[str], events: list[tuple[int, Any]]
) -> None:
    """Of each group too: late arrivals can make it quorate, and only who leaves can end that."""
    seats = [seat(kind) for kind in kinds]
    there: set[int] = set()
    before = quorum_with(rules, seats, there)
    for number, what in events:
        if number >= len(seats) or what not in {"come", "leave"}:
            continue
        (there.add if what == "come" else there.discard)(seats[number].pk)
        now = quorum_with(rules, seats, there)
        assert now.is_there >= before.is_there if what == "come" else now.is_there <= before.is_there
        assert (now.present, now.needed) == (len(there), before.needed)
        before = now
    # Counted by hand: what is needed of the body and of each group, out of those who are there at the end.
    present = [row for row in seats if row.pk in there]
    groups_are_there = all(
        sum(row.organisation.kind == group.kind for row in present)
        >= group.needed(sum(row.organisation.kind == group.kind for row in seats), 0)
        for group in rules.groups
    )
    enough = len(present) >= rules.quorum_count(len(seats))
    assert quorum_with(rules, list(reversed(seats)), there).is_there is (enough and groups_are_there)


@given(RULES, KINDS, EVENTS, st.integers(0, 11), st.sampled_from([YES, NO, ABSTAIN]))
def test_another_vote_of_the_same_seat_changes_neither_quorum_nor_number_of_votes(
    rules: VotingRules, kinds: list[str], events: list[tuple[int, Any]], number: int, instead: VoteChoice
) -> None:
    seats, votes = play(kinds, events)
    cast = [key for key, choice in votes.items() if choice in (YES, NO, ABSTAIN)]
    order = list(range(len(seats)))
    found = tallied(rules, seats, votes, order)
    if not cast:
        assert found.present == 0
        return
    replaced = tallied(rules, seats, votes | {cast[number % len(cast)]: instead}, order)

    assert (replaced.has_quorum, replaced.present, replaced.able) == (
        found.has_quorum,
        found.present,
        found.able,
    )
    assert replaced.yes + replaced.no + replaced.abstain == found.yes + found.no + found.abstain
