"""Counting the ballots of an item: a pure function of rules of procedure and ballots."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError
from stakeholders.models import BodyMembership, Seat, User
from stakeholders.procedure import GroupRule, Tie, VotingRules
from workflows.models import VoteChoice

_CAST = (VoteChoice.YES, VoteChoice.NO, VoteChoice.ABSTAIN)
#: Took part, whether or not it is known with which vote.
TOOK_PART = (*_CAST, VoteChoice.PRESENT)
_MISSING = (VoteChoice.ABSENT, VoteChoice.SILENT)


@dataclasses.dataclass(frozen=True)
class Ballot:
    """What happened at one seat."""

    seat: BodyMembership
    choice: VoteChoice
    is_deputy: bool = False


@dataclasses.dataclass(frozen=True)
class Tally:
    """Numbers of a vote that was counted without names: by show of hands, or in secret.

    ``chair_choice`` is the vote of the chair where everybody saw it; None in a secret vote.
    """

    yes: int
    no: int
    abstain: int
    chair_choice: VoteChoice | None = None

    @property
    def total(self) -> int:
        """Votes counted."""
        return self.yes + self.no + self.abstain


@dataclasses.dataclass(frozen=True)
class GroupCount:
    """Who of a group is there; ``missing`` are the labels of its absent seats."""

    kind: str
    present: int
    needed: int
    missing: tuple[str, ...]

    @property
    def is_there(self) -> bool:
        """Whether enough of the group take part."""
        return self.present >= self.needed


@dataclasses.dataclass(frozen=True)
class Count:
    """Result of counting the ballots of an item.

    ``present`` are voting members in the room, biased ones left out of item and count; ``able`` are those of
    the ``voting`` members that are not biased, and ``quorum`` is what the body needs of them;
    ``chair_choice`` is what happened at the seat of the chair.
    """

    rules: VotingRules
    voting: int
    able: int
    present: int
    quorum: int
    yes: int
    no: int
    abstain: int
    groups: tuple[GroupCount, ...] = ()
    chair_choice: VoteChoice | None = None

    @property
    def lacking_groups(self) -> tuple[GroupCount, ...]:
        """Groups of which too few are there."""
        return tuple(group for group in self.groups if not group.is_there)

    @property
    def has_quorum(self) -> bool:
        """Whether enough voting members took part, of the body and of each group that must be there."""
        return self.present >= self.quorum and not self.lacking_groups

    @property
    def is_tie_decided_by_chair(self) -> bool:
        """As many yes as no, the rules leave it to the chair, and the chair voted yes."""
        return self.rules.tie == Tie.CHAIR and self.yes == self.no and self.chair_choice == VoteChoice.YES

    @property
    def is_carried(self) -> bool:
        """Whether the result found the majority that the rules want."""
        return self.is_tie_decided_by_chair or self.rules.has_majority(
            yes=self.yes, no=self.no, abstain=self.abstain, able=self.able
        )


def count_ballots(rules: VotingRules, ballots: Sequence[Ballot], tally: Tally | None = None) -> Count:
    """Count the ballots of an item.

    Args:
        rules: Rules of procedure of the body in force on the day of the meeting.
        ballots: One per seat; order does not matter.
        tally: Where votes were counted without names; then ballots only say who took part.

    Raises:
        DomainError: ``advisory_vote`` if an advisory seat voted, ``heard_vote`` if a voting seat was only
            "heard", ``seat_twice``, ``foreign_seat``, ``no_deputy``, ``person_twice`` if one person
            would vote for two seats, ``biased_votes`` if somebody biased would vote for another seat,
            ``named_in_tally``, ``tally_missing``, ``tally_wrong`` (more or fewer votes than took part).
    """
    seats = [ballot.seat.pk for ballot in ballots]
    if len(seats) != len(set(seats)):
        raise DomainError("seat_twice", _("A seat can vote only once."))
    for ballot in ballots:
        _refuse_wrong_seat(rules, ballot)
    refuse_two_votes_of_a_person(ballots)
    _refuse_wrong_tally(ballots, tally)
    voting = [ballot for ballot in ballots if ballot.seat.is_voting]
    # Who is biased cannot take part: with them in the base, a body most of which is biased never decides.
    able = [ballot for ballot in voting if ballot.choice != VoteChoice.BIASED]
    cast = [ballot.choice for ballot in voting if ballot.choice in _CAST]
    chair_choice = next((row.choice for row in voting if row.seat.seat == Seat.CHAIR), None)
    if tally is not None and chair_choice == VoteChoice.PRESENT:
        chair_choice = tally.chair_choice
    if tally is None:
        tally = Tally(cast.count(VoteChoice.YES), cast.count(VoteChoice.NO), cast.count(VoteChoice.ABSTAIN))
    return Count(
        rules=rules,
        voting=len(voting),
        able=len(able),
        present=tally.total,
        quorum=rules.quorum_count(len(able)),
        yes=tally.yes,
        no=tally.no,
        abstain=tally.abstain,
        groups=count_groups(rules, voting),
        chair_choice=chair_choice,
    )


def _refuse_wrong_tally(ballots: Sequence[Ballot], tally: Tally | None) -> None:
    """Numbers and names do not mix, and the numbers are those of who took part."""
    nameless = sum(ballot.choice == VoteChoice.PRESENT for ballot in ballots)
    if tally is None:
        if nameless:
            raise DomainError("tally_missing", _("Enter how many voted yes, no and abstained."))
        return
    if any(ballot.choice in _CAST for ballot in ballots):
        raise DomainError("named_in_tally", _("A vote is counted either with names or without."))
    if tally.total != nameless:
        raise DomainError(
            "tally_wrong",
            _("%(votes)s votes were counted, but %(present)s voting members took part. Count again.")
            % {"votes": tally.total, "present": nameless},
        )


def count_groups(rules: VotingRules, ballots: Sequence[Ballot]) -> tuple[GroupCount, ...]:
    """Count who of each group that must be there takes part; the ballots are not judged."""
    voting = [ballot for ballot in ballots if ballot.seat.is_voting]
    return tuple(_count_group(group, voting) for group in rules.groups)


def _count_group(group: GroupRule, voting: Sequence[Ballot]) -> GroupCount:
    own = [ballot for ballot in voting if ballot.seat.organisation.kind == group.kind]
    present = [ballot for ballot in own if ballot.choice in TOOK_PART]
    biased = [ballot for ballot in own if ballot.choice == VoteChoice.BIASED]
    missing = (ballot.seat.organisation.label for ballot in own if ballot.choice in _MISSING)
    return GroupCount(
        kind=group.kind,
        present=len(present),
        needed=group.needed(len(own), len(biased)),
        missing=tuple(sorted(missing)),
    )


def _refuse_wrong_seat(rules: VotingRules, ballot: Ballot) -> None:
    if ballot.seat.body_id != rules.body_id:
        raise DomainError("foreign_seat", _("A seat belongs to another body."))
    if not ballot.seat.is_voting and ballot.choice in (*TOOK_PART, VoteChoice.BIASED):
        raise DomainError(
            "advisory_vote",
            _("%(member)s advises and has no vote.") % {"member": ballot.seat.organisation.label},
        )
    if ballot.seat.is_voting and ballot.choice == VoteChoice.HEARD:
        raise DomainError(
            "heard_vote",
            _("%(member)s has a vote: enter it, or an absence.") % {"member": ballot.seat.organisation.label},
        )
    if ballot.is_deputy and ballot.seat.deputy_id is None:
        raise DomainError(
            "no_deputy", _("%(member)s has no deputy named.") % {"member": ballot.seat.organisation.label}
        )


def refuse_two_votes_of_a_person(ballots: Sequence[Ballot]) -> None:
    """A deputy who holds a seat of their own still has one vote only, and none if they are biased.

    Raises:
        DomainError: ``person_twice``, ``biased_votes``.
    """
    biased = {person.pk for row in ballots if row.choice == VoteChoice.BIASED and (person := _person(row))}
    voters: set[int] = set()
    for ballot in ballots:
        voter = _person(ballot)
        if ballot.choice not in TOOK_PART or voter is None:
            continue
        if voter.pk in biased:
            raise DomainError(
                "biased_votes",
                _("%(person)s is biased on this item and cannot vote for another seat either.")
                % {"person": voter},
            )
        if voter.pk in voters:
            raise DomainError("person_twice", _("%(person)s cannot vote for two seats.") % {"person": voter})
        voters.add(voter.pk)


def _person(ballot: Ballot) -> User | None:
    return ballot.seat.deputy if ballot.is_deputy else ballot.seat.user
