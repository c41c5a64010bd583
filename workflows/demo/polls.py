"""Votes of the demo in the system: in circulation, by name in a meeting, and several items as one block."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from stakeholders.models import User
from workflows.blocks import block_decide
from workflows.demo import clock, driver
from workflows.flows.closing import poll_close
from workflows.models import (
    BlockVote,
    DecisionResult,
    Meeting,
    Poll,
    Recommendation,
    VoteChoice,
    VoteKind,
)
from workflows.polling import poll_begin, vote


def circulate(
    recommendation: Recommendation,
    *,
    chair: User,
    opened_on: datetime.date,
    ends_on: datetime.date,
    voted_on: datetime.date,
    votes: int | None = None,
) -> Poll:
    """Put a recommendation into circulation; so many members (all by default) have said yes on a day."""
    with clock.on(opened_on):
        poll = poll_begin(
            recommendation,
            kind=VoteKind.CIRCULATED,
            result=DecisionResult.APPROVED,
            ends_on=ends_on,
            user=chair,
        )
    with clock.on(voted_on):
        _all_say_yes(poll, votes)
        poll.refresh_from_db()
        if not poll.is_open:
            driver.issue_extract(recommendation, user=chair)
    return poll


def vote_by_name(recommendation: Recommendation, meeting: Meeting, *, chair: User, wording: str = "") -> Poll:
    """All members say yes on their devices, and the chair closes the poll; on the day of the meeting."""
    poll = poll_begin(
        recommendation,
        kind=VoteKind.NAMED,
        result=DecisionResult.APPROVED,
        meeting=meeting,
        wording=wording,
        user=chair,
    )
    _all_say_yes(poll)
    closed = poll_close(poll, user=chair)
    driver.issue_extract(recommendation, user=chair)
    return closed


def decide_as_block(recommendations: Sequence[Recommendation], meeting: Meeting, *, chair: User) -> BlockVote:
    """Several items approved as recommended, by one vote; each extract goes out."""
    block = block_decide(
        meeting, recommendations=recommendations, ballots=driver.all_yes(meeting), user=chair
    )
    for recommendation in recommendations:
        driver.issue_extract(recommendation, user=chair)
    return block


def _all_say_yes(poll: Poll, votes: int | None = None) -> None:
    seats = poll.body.memberships.on(poll.seats_day).voting().select_related("user", "organisation", "body")
    for seat in seats.order_by("pk")[:votes]:
        vote(poll, seat=seat, choice=VoteChoice.YES, user=seat.user)
