"""The rules of a vote as tables, and that no order of ballots can break the count."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project.common.errors import DomainError
from stakeholders.models import BodyMembership, Organisation, OrganisationKind, Seat, User
from stakeholders.procedure import GroupRule, Majority, Tie, VotingRules
from workflows.counting import Ballot, count_ballots
from workflows.models import VoteChoice

Y, N, A = VoteChoice.YES, VoteChoice.NO, VoteChoice.ABSTAIN
B, X, H = VoteChoice.BIASED, VoteChoice.ABSENT, VoteChoice.HEARD


def rules(share="0.50", **kwargs):
    return VotingRules(body_id=1, quorum_share=Decimal(share), **kwargs)


def seat(number, kind=Seat.VOTING, *, deputy=None, holder=None, body_pk=1, group="department"):
    return BodyMembership(
        pk=number,
        body_id=body_pk,
        organisation=Organisation(pk=number, name=f"Amt {number}", kind=group),
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
    assert rules(share).quorum_count(voting) == needed


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
    count = count_ballots(rules(), ballots(*choices))

    assert (count.has_quorum, count.is_carried) == (has_quorum, is_carried)


def test_count_names_its_parts():
    count = count_ballots(rules(), ballots(Y, Y, N, A, B, X))

    assert (count.voting, count.present, count.quorum) == (6, 4, 3)
    assert (count.yes, count.no, count.abstain) == (2, 1, 1)


def test_advisory_members_are_heard_and_change_nothing():
    heard = [Ballot(seat(9, Seat.ADVISORY), H), Ballot(seat(10, Seat.ADVISORY), X)]

    assert count_ballots(rules(), [*ballots(Y, Y), *heard]) == count_ballots(rules(), ballots(Y, Y))


def test_the_chair_has_one_vote_like_the_others():
    with_chair = [Ballot(seat(1, Seat.CHAIR), N), Ballot(seat(2), Y)]

    assert not count_ballots(rules(), with_chair).is_carried


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
        count_ballots(rules(), wrong)

    assert error.value.code == code


def test_a_deputy_votes_for_the_seat():
    deputy = User(pk=50, username="deputy")

    assert count_ballots(rules(), [Ballot(seat(1, deputy=deputy), Y, is_deputy=True)]).yes == 1


def test_one_person_has_one_vote_even_with_two_seats():
    member = User(pk=50, username="member")
    own = Ballot(seat(1, holder=member), Y)

    with pytest.raises(DomainError) as error:
        count_ballots(rules(), [own, Ballot(seat(2, deputy=member), Y, is_deputy=True)])
    assert error.value.code == "person_twice"

    # Away in one seat, there for the other: that is one vote.
    away = Ballot(seat(1, holder=member), X)
    assert count_ballots(rules(), [away, Ballot(seat(2, deputy=member), Y, is_deputy=True)]).yes == 1


@pytest.mark.parametrize("choice", [Y, N, A])
def test_who_is_biased_votes_for_no_seat(choice):
    chair = User(pk=50, username="chair")
    own = Ballot(seat(1, holder=chair), B)
    other = seat(2, deputy=chair)

    with pytest.raises(DomainError) as error:
        count_ballots(rules(), [own, Ballot(other, choice, is_deputy=True)])
    assert error.value.code == "biased_votes"

    # The seat itself is not lost: its own member votes. And a biased deputy bars their own seat as well.
    assert count_ballots(rules(), [own, Ballot(other, Y)]).yes == 1
    with pytest.raises(DomainError) as error:
        count_ballots(rules(), [Ballot(other, B, is_deputy=True), Ballot(seat(1, holder=chair), choice)])
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

    assert count_ballots(rules(), shuffled) == count_ballots(rules(), rows)


@given(meetings())
def test_every_vote_is_counted_once(rows):
    count = count_ballots(rules(), rows)

    assert count.yes + count.no + count.abstain == count.present <= count.voting
    assert count.voting == sum(row.seat.is_voting for row in rows)
    assert count.is_carried == (count.yes > count.no)


@given(meetings(), st.sampled_from([A, X, B]))
def test_one_yes_less_never_carries_what_was_not_carried(rows, instead):
    count = count_ballots(rules(), rows)
    changed = [Ballot(row.seat, instead) if row.choice == Y else row for row in rows]

    assert count_ballots(rules(), changed).yes == 0
    assert not count_ballots(rules(), changed).is_carried
    assert count.is_carried or not count_ballots(rules(), changed).is_carried


# --- other rules ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("majority", "choices", "is_carried"),
    [
        # Absolute of those present: abstentions weigh like a no, absences do not.
        (Majority.PRESENT, (Y, Y, N), True),
        (Majority.PRESENT, (Y, Y, N, A), False),
        (Majority.PRESENT, (Y, Y, Y, A, A), True),
        (Majority.PRESENT, (Y, A, X, X), False),
        (Majority.PRESENT, (Y, X, X, X), True),
        (Majority.PRESENT, (Y, A, B, B), False),
        # Absolute of all voting members: absences weigh like a no as well; the biased are in no number.
        (Majority.ALL, (Y, Y, X, X), False),
        (Majority.ALL, (Y, Y, Y, X, X), True),
        (Majority.ALL, (Y, Y, A), True),
        (Majority.ALL, (Y, Y, X, X, B), False),
        (Majority.ALL, (Y, Y, X, B, B), True),
        # Two thirds of yes and no.
        (Majority.TWO_THIRDS, (Y, Y, N), True),
        (Majority.TWO_THIRDS, (Y, Y, Y, N, N), False),
        (Majority.TWO_THIRDS, (Y, A, A, A), True),
        (Majority.TWO_THIRDS, (A, A, A), False),
        (Majority.TWO_THIRDS, (Y, N, B), False),
    ],
)
def test_other_majorities(majority, choices, is_carried):
    assert count_ballots(rules(majority=majority), ballots(*choices)).is_carried == is_carried


@pytest.mark.parametrize(
    ("chair", "others", "is_carried", "by_chair"),
    [
        (Y, (N,), True, True),
        (Y, (Y, N, N), True, True),
        (N, (Y,), False, False),
        # No tie: the chair has one vote like the others.
        (N, (Y, Y), True, False),
        (Y, (N, N), False, False),
        # Who abstains, is away or biased breaks no tie.
        (A, (Y, N), False, False),
        (X, (Y, N), False, False),
        (B, (Y, N), False, False),
        (A, (A, A), False, False),
    ],
)
def test_a_tie_that_the_chair_decides(chair, others, is_carried, by_chair):
    rows = [Ballot(seat(9, Seat.CHAIR), chair), *ballots(*others)]

    count = count_ballots(rules(tie=Tie.CHAIR), rows)
    usual = count_ballots(rules(), rows)

    assert (count.is_carried, count.is_tie_decided_by_chair) == (is_carried, by_chair)
    assert usual.is_carried == (is_carried and not by_chair)


def test_the_deputy_of_the_chair_breaks_the_tie_as_well():
    chair = Ballot(seat(9, Seat.CHAIR, deputy=User(pk=50, username="deputy")), Y, is_deputy=True)

    assert count_ballots(rules(tie=Tie.CHAIR), [chair, *ballots(N)]).is_tie_decided_by_chair


TOWN, JOBCENTER = OrganisationKind.MUNICIPALITY, OrganisationKind.JOBCENTER


def towns(*choices):
    return [Ballot(seat(number, group=TOWN), choice) for number, choice in enumerate(choices, start=50)]


@pytest.mark.parametrize(
    ("group", "choices", "present", "needed"),
    [
        (GroupRule(TOWN, count=2), (Y, N, X, X), 2, 2),
        (GroupRule(TOWN, count=2), (Y, X, X, X), 1, 2),
        (GroupRule(TOWN, count=2), (A, A, X), 2, 2),  # who abstains is there
        (GroupRule(TOWN, share=Decimal("0.50")), (Y, Y, X, X, X), 2, 3),
        (GroupRule(TOWN, share=Decimal("0.50")), (Y, Y, Y, X, X), 3, 3),
        # The biased are out of the base; a number is lowered only where bias makes it unreachable.
        (GroupRule(TOWN, count=2), (Y, Y, B), 2, 2),
        (GroupRule(TOWN, count=2), (Y, B), 1, 1),
        (GroupRule(TOWN, count=2), (B, B), 0, 0),
        (GroupRule(TOWN, count=3), (B, Y, Y), 2, 2),
        (GroupRule(TOWN, share=Decimal(1)), (Y, Y, B), 2, 2),
        (GroupRule(TOWN, share=Decimal(1)), (B, B), 0, 0),
        # A group without enough seats is never there, whatever the others do.
        (GroupRule(TOWN, count=3), (Y, Y), 2, 3),
        (GroupRule(TOWN, count=1), (), 0, 1),
        (GroupRule(TOWN, share=Decimal("0.50")), (), 0, 1),
    ],
)
def test_quorum_of_a_group(group, choices, present, needed):
    count = count_ballots(rules(groups=(group,)), [*ballots(Y, Y, Y, Y, Y), *towns(*choices)])

    (counted,) = count.groups
    assert (counted.present, counted.needed) == (present, needed)
    assert count.has_quorum == (present >= needed)


def test_who_is_missing_of_a_group_is_named():
    group = GroupRule(TOWN, count=3)

    count = count_ballots(rules(groups=(group,)), [*ballots(Y, Y), *towns(X, Y, B, X)])

    assert [(row.kind, row.missing) for row in count.lacking_groups] == [(TOWN, ("Amt 50", "Amt 53"))]


def test_every_group_must_be_there_and_advisers_do_not_help():
    both = rules(groups=(GroupRule(TOWN, count=1), GroupRule(JOBCENTER, count=1)))
    adviser = Ballot(seat(90, Seat.ADVISORY, group=JOBCENTER), H)

    assert not count_ballots(both, [*ballots(Y, Y), *towns(Y), adviser]).has_quorum
    there = Ballot(seat(91, group=JOBCENTER), N)
    assert count_ballots(both, [*ballots(Y, Y), *towns(Y), adviser, there]).has_quorum


def test_the_quorum_of_the_body_still_counts_beside_the_groups():
    count = count_ballots(rules(groups=(GroupRule(TOWN, count=1),)), [*ballots(X, X, X), *towns(Y)])

    assert not count.lacking_groups
    assert not count.has_quorum


KINDS = [OrganisationKind.DEPARTMENT, TOWN, JOBCENTER]
SHARES = st.integers(1, 100).map(lambda percent: Decimal(percent) / 100)


@st.composite
def any_rules(draw):
    groups = [
        GroupRule(kind, count=draw(st.integers(1, 4)))
        if draw(st.booleans())
        else GroupRule(kind, share=draw(SHARES))
        for kind in draw(st.lists(st.sampled_from(KINDS), unique=True))
    ]
    majority = draw(st.sampled_from(list(Majority)))
    tie = draw(st.sampled_from(list(Tie))) if majority == Majority.SIMPLE else Tie.FAILS
    share = str(Decimal(draw(st.integers(0, 100))) / 100)
    return rules(share, groups=tuple(groups), majority=majority, tie=tie)


@st.composite
def mixed_meetings(draw):
    """Voting seats of several groups, the first the chair's; some ballots by a deputy of their own."""
    rows = []
    for number, choice in enumerate(draw(VOTING), start=1):
        deputy = User(pk=500 + number, username=f"deputy-{number}") if draw(st.booleans()) else None
        kind = Seat.CHAIR if number == 1 else Seat.VOTING
        rows.append(
            Ballot(
                seat(number, kind, deputy=deputy, group=draw(st.sampled_from(KINDS))),
                choice,
                is_deputy=deputy is not None and draw(st.booleans()),
            )
        )
    return rows


@given(any_rules(), mixed_meetings(), st.randoms(use_true_random=False))
def test_no_rules_make_the_order_matter(voting_rules, rows, random):
    shuffled = rows[:]
    random.shuffle(shuffled)

    assert count_ballots(voting_rules, shuffled) == count_ballots(voting_rules, rows)


@given(any_rules(), mixed_meetings())
def test_whatever_the_rules_more_say_yes_than_no_or_the_chair_decides(voting_rules, rows):
    count = count_ballots(voting_rules, rows)

    assert count.yes + count.no + count.abstain == count.present <= count.able <= count.voting
    if count.is_carried:
        assert count.yes > count.no or (count.yes == count.no >= 1 and count.is_tie_decided_by_chair)
    if count.is_tie_decided_by_chair:
        assert voting_rules.tie == Tie.CHAIR


@given(any_rules(), mixed_meetings(), st.data())
def test_one_more_yes_never_loses_what_was_decided(voting_rules, rows, data):
    """Whoever says yes instead of no, of abstaining or of staying away helps the result and the quorum."""
    others = [number for number, row in enumerate(rows) if row.choice in {N, A, X}]
    if not others:
        return
    number = data.draw(st.sampled_from(others))
    before = count_ballots(voting_rules, rows)
    changed = rows[:]
    changed[number] = Ballot(rows[number].seat, Y, rows[number].is_deputy)
    after = count_ballots(voting_rules, changed)

    assert after.is_carried or not before.is_carried
    assert after.has_quorum or not before.has_quorum


@given(any_rules(), mixed_meetings(), st.integers(1, 12))
def test_member_or_deputy_it_is_one_vote(voting_rules, rows, number):
    """Who came for a seat changes no number."""
    swapped = [
        Ballot(row.seat, row.choice, not row.is_deputy)
        if row.seat.deputy_id and row.seat.pk <= number
        else row
        for row in rows
    ]

    assert count_ballots(voting_rules, swapped) == count_ballots(voting_rules, rows)


@given(
    any_rules(), mixed_meetings(), st.lists(st.tuples(st.integers(0, 11), st.sampled_from([Y, N, A, B, X])))
)
def test_only_the_last_entry_of_a_seat_counts(voting_rules, rows, replacements):
    """Votes replaced while the vote is open, in whatever order: what stands at the end counts."""
    replaced = {row.seat.pk: row for row in rows}
    for position, choice in replacements:
        if position < len(rows):
            row = rows[position]
            replaced[row.seat.pk] = Ballot(row.seat, choice, row.is_deputy)
    count = count_ballots(voting_rules, list(replaced.values()))

    assert count.voting == len(rows)
    assert count.yes == sum(row.choice == Y for row in replaced.values())
