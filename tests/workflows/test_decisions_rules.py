"""The rules of a vote as tables, and that no order of ballots can break the count."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project.common.errors import DomainError
from stakeholders.models import Body, BodyMembership, Organisation, Seat, User
from workflows.models import VoteChoice
from workflows.services.decisions import Ballot, count_ballots

Y, N, A = VoteChoice.YES, VoteChoice.NO, VoteChoice.ABSTAIN
B, X, H = VoteChoice.BIASED, VoteChoice.ABSENT, VoteChoice.HEARD


def body(share="0.50"):
    return Body(pk=1, name="Steuerungsgruppe", quorum_share=Decimal(share))


def seat(number, kind=Seat.VOTING, *, deputy=None, holder=None, body_pk=1):
    return BodyMembership(
        pk=number,
        body_id=body_pk,
        organisation=Organisation(pk=number, name=f"Amt {number}"),
        user=holder or User(pk=number, username=f"person-{number}"),
        deputy=deputy,
        seat=kind,
    )


def ballots(*choices):
    return [Ballot(seat(number), choice) for number, choice in enumerate(choices, start=1)]


@pytest.mark.parametrize(
    ("share", "voting", "needed"),
    [
        ("0.50", 1, 1),
        ("0.50", 4, 2),
        ("0.50", 5, 3),
        ("0.50", 11, 6),
        ("0.51", 4, 3),
        ("0.67", 3, 3),
        ("1.00", 7, 7),
        ("0.00", 7, 1),  # nobody decides alone with nobody
        ("0.50", 0, 1),
    ],
)
def test_quorum_is_the_share_rounded_up_and_at_least_one(share, voting, needed):
    assert body(share).quorum_count(voting) == needed


@pytest.mark.parametrize(
    ("choices", "has_quorum", "is_carried"),
    [
        ((Y, Y, Y, Y), True, True),
        ((Y, Y, X, X), True, True),
        ((Y, X, X, X), False, True),
        ((X, X, X, X), False, False),
        # A tie fails, abstentions do not count but make the quorum.
        ((Y, Y, N, N), True, False),
        ((Y, N, A, A), True, False),
        ((Y, A, A, A), True, True),
        ((A, A, A, A), True, False),
        ((N, N, N, Y), True, False),
        # Biased members are out of item, count and base: however many they are, the others can decide.
        ((Y, B, B, B), True, True),
        ((B, B, B, B), False, False),
        ((Y, B, B, X, X), False, True),
        ((Y, Y, B, B), True, True),
        ((Y, B, X, X), False, True),
    ],
)
def test_quorum_and_majority(choices, has_quorum, is_carried):
    count = count_ballots(body(), ballots(*choices))

    assert (count.has_quorum, count.is_carried) == (has_quorum, is_carried)


def test_count_names_its_parts():
    count = count_ballots(body(), ballots(Y, Y, N, A, B, X))

    assert (count.voting, count.present, count.quorum) == (6, 4, 3)
    assert (count.yes, count.no, count.abstain) == (2, 1, 1)


def test_advisory_members_are_heard_and_change_nothing():
    heard = [Ballot(seat(9, Seat.ADVISORY), H), Ballot(seat(10, Seat.ADVISORY), X)]

    assert count_ballots(body(), [*ballots(Y, Y), *heard]) == count_ballots(body(), ballots(Y, Y))


def test_the_chair_has_one_vote_like_the_others():
    with_chair = [Ballot(seat(1, Seat.CHAIR), N), Ballot(seat(2), Y)]

    assert not count_ballots(body(), with_chair).is_carried


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ([Ballot(seat(1, Seat.ADVISORY), Y)], "advisory_vote"),
        ([Ballot(seat(1, Seat.ADVISORY), N)], "advisory_vote"),
        ([Ballot(seat(1, Seat.ADVISORY), A)], "advisory_vote"),
        ([Ballot(seat(1, Seat.ADVISORY), B)], "advisory_vote"),
        ([Ballot(seat(1), H)], "heard_vote"),
        ([Ballot(seat(1), Y), Ballot(seat(1), N)], "seat_twice"),
        ([Ballot(seat(1, body_pk=2), Y)], "foreign_seat"),
        ([Ballot(seat(1), Y, is_deputy=True)], "no_deputy"),
    ],
)
def test_what_is_refused(wrong, code):
    with pytest.raises(DomainError) as error:
        count_ballots(body(), wrong)

    assert error.value.code == code


def test_a_deputy_votes_for_the_seat():
    deputy = User(pk=50, username="deputy")

    assert count_ballots(body(), [Ballot(seat(1, deputy=deputy), Y, is_deputy=True)]).yes == 1


def test_one_person_has_one_vote_even_with_two_seats():
    member = User(pk=50, username="member")
    own = Ballot(seat(1, holder=member), Y)

    with pytest.raises(DomainError) as error:
        count_ballots(body(), [own, Ballot(seat(2, deputy=member), Y, is_deputy=True)])
    assert error.value.code == "person_twice"

    # Away in one seat, there for the other: that is one vote.
    away = Ballot(seat(1, holder=member), X)
    assert count_ballots(body(), [away, Ballot(seat(2, deputy=member), Y, is_deputy=True)]).yes == 1


@pytest.mark.parametrize("choice", [Y, N, A])
def test_who_is_biased_votes_for_no_seat(choice):
    chair = User(pk=50, username="chair")
    own = Ballot(seat(1, holder=chair), B)
    other = seat(2, deputy=chair)

    with pytest.raises(DomainError) as error:
        count_ballots(body(), [own, Ballot(other, choice, is_deputy=True)])
    assert error.value.code == "biased_votes"

    # The seat itself is not lost: its own member votes. And a biased deputy bars their own seat as well.
    assert count_ballots(body(), [own, Ballot(other, Y)]).yes == 1
    with pytest.raises(DomainError) as error:
        count_ballots(body(), [Ballot(other, B, is_deputy=True), Ballot(seat(1, holder=chair), choice)])
    assert error.value.code == "biased_votes"


VOTING = st.lists(st.sampled_from([Y, N, A, B, X]), max_size=12)
ADVISORY = st.lists(st.sampled_from([H, X]), max_size=4)


@st.composite
def meetings(draw):
    rows = [Ballot(seat(number), choice) for number, choice in enumerate(draw(VOTING), start=1)]
    rows += [
        Ballot(seat(number, Seat.ADVISORY), choice) for number, choice in enumerate(draw(ADVISORY), start=100)
    ]
    return rows


@given(meetings(), st.randoms(use_true_random=False))
def test_the_order_of_ballots_does_not_matter(rows, random):
    shuffled = rows[:]
    random.shuffle(shuffled)

    assert count_ballots(body(), shuffled) == count_ballots(body(), rows)


@given(meetings())
def test_every_vote_is_counted_once(rows):
    count = count_ballots(body(), rows)

    assert count.yes + count.no + count.abstain == count.present <= count.voting
    assert count.voting == sum(row.seat.is_voting for row in rows)
    assert count.is_carried == (count.yes > count.no)


@given(meetings(), st.sampled_from([A, X, B]))
def test_one_yes_less_never_carries_what_was_not_carried(rows, instead):
    count = count_ballots(body(), rows)
    changed = [Ballot(row.seat, instead) if row.choice == Y else row for row in rows]

    assert count_ballots(body(), changed).yes == 0
    assert not count_ballots(body(), changed).is_carried
    assert count.is_carried or not count_ballots(body(), changed).is_carried
