"""The arithmetic of rules of procedure: quorum, groups, majorities, ties. Plain numbers in and out."""

from __future__ import annotations

import dataclasses
import math
from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _


class Majority(models.TextChoices):
    """How many yes a result needs."""

    SIMPLE = "simple", _("simple: more yes than no")
    PRESENT = "present", _("absolute: more than half of those who take part")
    ALL = "all", _("absolute: more than half of all voting members")
    TWO_THIRDS = "two_thirds", _("two thirds of the yes and no votes")


class Tie(models.TextChoices):
    """What as many yes as no mean."""

    FAILS = "fails", _("is a no")
    CHAIR = "chair", _("is decided by the vote of the chair")


@dataclasses.dataclass(frozen=True)
class GroupRule:
    """How many voting members of one group must be there; either a number or a share.

    Args:
        kind: Value of ``OrganisationKind``; the seats of such organisations are the group.
        count: At least so many, or None.
        share: At least this share (0..1) of the group's seats, rounded up, or None.
    """

    kind: str
    count: int | None = None
    share: Decimal | None = None

    def needed(self, seats: int, biased: int) -> int:
        """Members of the group that must be there.

        Biased members are out of the base, as in the quorum of the whole body: a number is lowered only as
        far as bias makes it unreachable. A group without seats is never there.

        Args:
            seats: Voting seats of the group on that day.
            biased: How many of them are biased on the item.

        Returns:
            Number of members; 0 where all of the group are biased.

        >>> GroupRule("municipality", count=2).needed(5, 1), GroupRule("municipality", count=2).needed(2, 1)
        (2, 1)
        >>> GroupRule("jobcenter", share=Decimal("0.5")).needed(3, 0)
        2
        """
        able = seats - biased
        if seats and not able:
            return 0
        if self.count is not None:
            return max(min(self.count, able), self.count - biased)
        return max(1, math.ceil(able * (self.share or 0)))


@dataclasses.dataclass(frozen=True)
class VotingRules:
    """What a body's rules of procedure say about counting, as of one version.

    Args:
        body_id: Whose rules.
        quorum_share: Share (0..1) of the voting members that must take part.
        groups: Groups of which members must be there besides.
        majority: How many yes a result needs.
        tie: What a tie means; only with a simple majority it can be the chair's.
    """

    body_id: int | None
    quorum_share: Decimal = Decimal("0.50")
    groups: tuple[GroupRule, ...] = ()
    majority: Majority = Majority.SIMPLE
    tie: Tie = Tie.FAILS

    def quorum_count(self, able: int) -> int:
        """Members that must take part out of ``able`` that are not biased: rounded up, at least one.

        >>> VotingRules(1).quorum_count(5), VotingRules(1, Decimal(0)).quorum_count(5)
        (3, 1)
        """
        return max(1, math.ceil(able * self.quorum_share))

    def has_majority(self, *, yes: int, no: int, abstain: int, able: int) -> bool:
        """Whether so many yes carry a result, a tie left aside.

        Args:
            yes: Votes for it.
            no: Votes against it.
            abstain: Abstentions: there, but neither.
            able: All voting members that are not biased, absent ones included.

        >>> VotingRules(1, majority=Majority.PRESENT).has_majority(yes=2, no=1, abstain=1, able=9)
        False
        >>> VotingRules(1, majority=Majority.TWO_THIRDS).has_majority(yes=2, no=1, abstain=5, able=9)
        True
        """
        match self.majority:
            case Majority.SIMPLE:
                return yes > no
            case Majority.PRESENT:
                return 2 * yes > yes + no + abstain
            case Majority.ALL:
                return 2 * yes > able
            case Majority.TWO_THIRDS:
                return yes > 0 and 3 * yes >= 2 * (yes + no)
