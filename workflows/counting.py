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


@dataclasses.dataclass(frozen=True)
class Ballot:
    """What happened at one seat."""

    seat: BodyMembership
    choice: VoteChoice
    is_deputy: bool = False


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


def count_ballots(rules: VotingRules, ballots: Sequence[Ballot]) -> Count:
    """Count the ballots of an item.

    Args:
        rules: Rules of procedure of the body in force on the day of the meeting.
        ballots: One per seat; order does not matter.

    Raises:
        DomainError: ``advisory_vote`` if an advisory seat voted, ``heard_vote`` if a voting seat was only
            "heard", ``seat_twice``, ``foreign_seat``, ``no_deputy``, ``person_twice`` if one person
            would vote for two seats, ``biased_votes`` if somebody biased would vote for another seat.
    """
    seats = [ballot.seat.pk for ballot in ballots]
    if len(seats) != len(set(seats)):
        raise DomainError("seat_twice", _("A seat can vote only once."))
    for ballot in ballots:
        _refuse_wrong_seat(rules, ballot)
    _refuse_two_votes_of_a_person(ballots)
    voting = [ballot for ballot in ballots if ballot.seat.is_voting]
    # Who is biased cannot take part: with them in the base, a body most of which is biased never decides.
    able = [ballot for ballot in voting if ballot.choice != VoteChoice.BIASED]
    cast = [ballot.choice for ballot in voting if ballot.choice in _CAST]
    return Count(
        rules=rules,
        voting=len(voting),
        able=len(able),
        present=len(cast),
        quorum=rules.quorum_count(len(able)),
        yes=cast.count(VoteChoice.YES),
        no=cast.count(VoteChoice.NO),
        abstain=cast.count(VoteChoice.ABSTAIN),
        groups=count_groups(rules, voting),
        chair_choice=next((row.choice for row in voting if row.seat.seat == Seat.CHAIR), None),
    )


def count_groups(rules: VotingRules, ballots: Sequence[Ballot]) -> tuple[GroupCount, ...]:
    """Count who of each group that must be there takes part; the ballots are not judged."""
    voting = [ballot for ballot in ballots if ballot.seat.is_voting]
    return tuple(_count_group(group, voting) for group in rules.groups)


def _count_group(group: GroupRule, voting: Sequence[Ballot]) -> GroupCount:
    own = [ballot for ballot in voting if ballot.seat.organisation.kind == group.kind]
    present = [ballot for ballot in own if ballot.choice in _CAST]
    biased = [ballot for ballot in own if ballot.choice == VoteChoice.BIASED]
    missing = (ballot.seat.organisation.label for ballot in own if ballot.choice == VoteChoice.ABSENT)
    return GroupCount(
        kind=group.kind,
        present=len(present),
        needed=group.needed(len(own), len(biased)),
        missing=tuple(sorted(missing)),
    )


def _refuse_wrong_seat(rules: VotingRules, ballot: Ballot) -> None:
    if ballot.seat.body_id != rules.body_id:
        raise DomainError("foreign_seat", _("A seat belongs to another body."))
    if not ballot.seat.is_voting and ballot.choice in (*_CAST, VoteChoice.BIASED):
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


def _refuse_two_votes_of_a_person(ballots: Sequence[Ballot]) -> None:
    """A deputy who holds a seat of their own still has one vote only, and none if they are biased."""
    biased = {person.pk for row in ballots if row.choice == VoteChoice.BIASED and (person := _person(row))}
    voters: set[int] = set()
    for ballot in ballots:
        voter = _person(ballot)
        if ballot.choice not in _CAST or voter is None:
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
