"""How polls end: objected to, called off, counted, recorded."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError
from stakeholders.models import BodyMembership, User
from stakeholders.permissions import Perm, require
from stakeholders.selectors.rules import rules_on
from workflows.counting import Ballot, Count, count_ballots, count_groups
from workflows.models import (
    Decision,
    DecisionResult,
    Poll,
    PollObjection,
    PollOutcome,
    PollVote,
    Recommendation,
    VoteChoice,
    VoteKind,
)
from workflows.selectors.attendance import seats_in_room
from workflows.selectors.polls import (
    able_in_room,
    ballots_and_tally,
    is_excluded,
    seats_of_poll,
)
from workflows.services.conditions import conditions_read
from workflows.services.decisions import body_and_day, check_quorum, decision_record
from workflows.services.polls import poll_locked, poll_log, voting_seat


@transaction.atomic
def poll_object(poll: Poll, *, seat: BodyMembership, reason: str, user: User) -> PollObjection:
    """A voting member objects to deciding in circulation: the procedure stops, nothing is decided.

    Args:
        poll: An open poll in circulation.
        seat: Voting seat that the user holds or stands in at.
        reason: Why; all members read it.
        user: Who objects.

    Raises:
        PermissionDenied: The user has no right to vote in the body (any more).
        DomainError: ``poll_closed``, ``poll_over``, ``not_circulated``, ``reason_missing``,
            ``not_your_seat``, ``foreign_seat``, ``advisory_vote``, ``seat_not_in_force``, ``member_there``,
            ``excluded``.
    """
    locked = poll_locked(poll)
    if not locked.is_circulated:
        raise DomainError("not_circulated", _("Only a circulated decision is stopped by an objection."))
    if locked.is_over:
        raise DomainError("poll_over", _("The deadline is over; it is too late for an objection."))
    if not reason.strip():
        raise DomainError("reason_missing", _("Say why it shall be talked about in a meeting."))
    own = voting_seat(locked, seat)
    if user.pk not in {own.user_id, own.deputy_id}:
        raise DomainError("not_your_seat", _("Only a member, or who stands in, can object."))
    require(user, Perm.VOTE_IN_BODY, locked.body)
    able_in_room(locked, own, is_deputy=user.pk == own.deputy_id)
    if is_excluded(locked, own):
        raise DomainError("excluded", _("Who is biased on the item has no say in how it is decided."))
    objection = PollObjection.objects.create(poll=locked, seat=own, reason=reason.strip(), objected_by=user)
    poll_finish(locked, PollOutcome.STOPPED, user=user, reason=reason)
    return objection


@transaction.atomic
def poll_cancel(poll: Poll, *, reason: str, user: User) -> Poll:
    """The chair calls a poll off, for example because the quorum is lost; nothing is decided.

    Raises:
        PermissionDenied: The user does not chair the body.
        DomainError: ``poll_closed``, ``reason_missing``.
    """
    locked = poll_locked(poll)
    require(user, Perm.CHAIR_BODY, locked.body)
    if not reason.strip():
        raise DomainError("reason_missing", _("Say why the poll is called off."))
    return poll_finish(locked, PollOutcome.CANCELLED, user=user, reason=reason)


def poll_finish(poll: Poll, outcome: PollOutcome, *, user: User | None, reason: str = "") -> Poll:
    """Close a poll that the caller has locked."""
    poll.closed_at, poll.closed_by = timezone.now(), user
    poll.outcome, poll.end_reason = outcome, reason.strip()
    poll.save(update_fields=["closed_at", "closed_by", "outcome", "end_reason"])
    poll_log(
        "poll.closed", poll, user, {"outcome": outcome, **({"reason": reason.strip()} if reason else {})}
    )
    return poll


def poll_count(poll: Poll) -> Count:
    """Count an open poll as its votes stand, under the rules of the day on which it decides.

    Raises:
        DomainError: those of ``count_ballots``.
    """
    ballots, tally = ballots_and_tally(poll)
    body, day = body_and_day(poll.meeting, poll)
    return count_ballots(rules_on(body, day).voting_rules(), ballots, tally)


def check_closable(poll: Poll, count: Count) -> None:
    """In a meeting a poll is closed with a quorum only: of the votes, and of those still in the room.

    Raises:
        DomainError: ``quorum_missing``, ``group_missing``, ``quorum_lost`` if members have left meanwhile.
    """
    check_quorum(count)
    room = seats_in_room(poll.meeting)
    if room is None:
        return
    biased = set(
        PollVote.objects.filter(poll=poll, choice=VoteChoice.BIASED).values_list("seat_id", flat=True)
    )

    def standing(seat: BodyMembership) -> VoteChoice:
        if seat.pk in biased:
            return VoteChoice.BIASED
        return VoteChoice.PRESENT if seat.pk in room else VoteChoice.ABSENT

    still = [Ballot(seat, standing(seat)) for seat in seats_of_poll(poll) if seat.is_voting]
    present = sum(ballot.choice == VoteChoice.PRESENT for ballot in still)
    if present < count.quorum or not all(row.is_there for row in count_groups(count.rules, still)):
        raise DomainError(
            "quorum_lost",
            _(
                "The quorum is lost: %(present)s voting members are still in the room, %(quorum)s are"
                " needed, and the groups that must be there. Wait until they are back, or call the poll off"
                " and postpone the item."
            )
            % {"present": present, "quorum": count.quorum},
        )


def poll_record(poll: Poll, *, recommendation: Recommendation, user: User) -> Decision:
    """Record the decision that a locked poll has carried; ``recommendation`` is the poll's, and is moved on.

    Raises:
        DomainError: those of ``decision_record``.
    """
    ballots, tally = ballots_and_tally(poll)
    return decision_record(
        recommendation,
        meeting=poll.meeting,
        result=DecisionResult(poll.result),
        ballots=ballots,
        user=user,
        conditions=poll.conditions,
        condition_rows=conditions_read(poll.condition_rows.select_related("organisation").order_by("number")),
        reason=poll.reason,
        postponed_until=poll.postponed_until,
        wording=poll.wording,
        vote_kind=VoteKind(poll.kind),
        tally=tally,
        poll=poll,
    )
