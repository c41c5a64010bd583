"""Polls: members vote in the system. A vote is counted or refused, under the lock of the poll's row."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError
from project.common.formats import date_de
from stakeholders.audit import log_action
from stakeholders.models import BodyMembership, User
from stakeholders.permissions import Perm, require
from stakeholders.selectors.rules import rules_on
from workflows.counting import Ballot, refuse_two_votes_of_a_person
from workflows.models import (
    DecisionResult,
    Meeting,
    Poll,
    PollCondition,
    PollVote,
    PollVoteChange,
    Recommendation,
    RecommendationState,
    SecretTally,
    VoteChoice,
    VoteKind,
)
from workflows.selectors.decisions import first_day_to_decide
from workflows.selectors.polls import able_in_room, seats_of_poll
from workflows.services.conditions import ConditionRow, check_rows, conditions_write, wording_of
from workflows.services.decisions import check_no_open_poll, check_not_too_early
from workflows.services.meeting_lock import meeting_lock
from workflows.services.results import check_kind, check_result, result_fields

#: What a member can do in a poll.
CHOICES = (VoteChoice.YES, VoteChoice.NO, VoteChoice.ABSTAIN, VoteChoice.BIASED)
#: A deadline lies at most so far ahead (days).
LONGEST_CIRCULATION = 60


@transaction.atomic
def poll_open(
    recommendation: Recommendation,
    *,
    kind: VoteKind,
    result: DecisionResult,
    user: User,
    meeting: Meeting | None = None,
    ends_on: datetime.date | None = None,
    conditions: str = "",
    reason: str = "",
    postponed_until: datetime.date | None = None,
    wording: str = "",
    condition_rows: Sequence[ConditionRow] = (),
) -> Poll:
    """Put a result to the vote of the members; called with the case of the recommendation locked.

    Args:
        recommendation: Before the steering group, or postponed by it.
        kind: Named, secret or circulated.
        result: What is put to the vote.
        user: Who opens; that they may record the decision is checked by the caller.
        meeting: Open meeting of today, or of the days before; None in circulation.
        ends_on: Last day for votes in circulation, after today; else None.
        conditions: Needed where approved with conditions, unless there are rows.
        reason: Needed where returned or rejected, and before the day it was postponed to.
        postponed_until: Needed where postponed, after the last day for votes.
        wording: Amended wording; empty as proposed.
        condition_rows: Conditions with who meets them until when; due after the last day for votes.

    Raises:
        DomainError: ``not_submitted``, ``poll_open``, ``meeting_missing``, ``meeting_not_today``,
            ``meeting_closed``, ``foreign_meeting``, ``meeting_too_early``, ``deadline_wrong``,
            ``circulated_not_allowed``, ``secret_not_allowed``,
            ``condition_too_early`` and those of ``check_result``.
    """
    state = Recommendation.objects.select_for_update().values_list("state", flat=True)
    if state.get(pk=recommendation.pk) not in {RecommendationState.SUBMITTED, RecommendationState.POSTPONED}:
        raise DomainError("not_submitted", _("This recommendation is not before the steering group."))
    check_no_open_poll(recommendation)
    if condition_rows:
        conditions = wording_of(condition_rows)
    cycle = recommendation.process.cycle
    today = timezone.localdate()
    check_result(
        result, conditions=conditions, reason=reason, postponed_until=postponed_until, decided_on=today
    )
    is_circulated = kind == VoteKind.CIRCULATED
    check_kind(rules_on(cycle.steering_group, today), kind)
    if is_circulated:
        meeting = None
        _check_deadline(ends_on, postponed_until if result == DecisionResult.POSTPONED else None)
    else:
        ends_on = None
        meeting = _checked_meeting(recommendation, meeting)
    check_not_too_early(recommendation, today, reason=reason)
    check_rows(condition_rows, decided_on=ends_on or today)
    version = recommendation.versions.order_by("-number").first()
    assert version is not None
    poll = Poll.objects.create(
        body=cycle.steering_group,
        cycle=cycle,
        recommendation=recommendation,
        version=version,
        meeting=meeting,
        kind=kind,
        **result_fields(
            version,
            result,
            conditions=conditions,
            reason=reason,
            postponed_until=postponed_until,
            wording=wording,
        ),
        ends_on=ends_on,
        opened_by=user,
        opened_at=timezone.now(),
    )
    conditions_write(condition_rows, PollCondition, poll=poll)
    poll_log("poll.opened", poll, user, {"kind": kind, "result": result, "ends_on": ends_on})
    return poll


def _check_deadline(ends_on: datetime.date | None, postponed_until: datetime.date | None) -> None:
    today = timezone.localdate()
    if ends_on is None or not today < ends_on <= today + datetime.timedelta(days=LONGEST_CIRCULATION):
        raise DomainError(
            "deadline_wrong",
            _("Name the last day for votes: after today, at most %(days)s days ahead.")
            % {"days": LONGEST_CIRCULATION},
        )
    if postponed_until is not None and postponed_until <= ends_on:
        raise DomainError("day_missing", _("Postpone to a day after the last one for votes."))


def _checked_meeting(recommendation: Recommendation, meeting: Meeting | None) -> Meeting:
    """Members vote in a meeting on its day: an open one of the steering group, not before the paper."""
    if meeting is None:
        raise DomainError("meeting_missing", _("Choose the meeting in which it is voted."))
    # Nobody closes, moves or calls it off while the poll opens.
    meeting_lock(meeting)
    cycle = recommendation.process.cycle
    if meeting.body_id != cycle.steering_group_id or meeting.cycle_id != cycle.pk:
        raise DomainError("foreign_meeting", _("This meeting is not one of the steering group of the cycle."))
    if meeting.closed_at is not None:
        raise DomainError("meeting_closed", _("This meeting is closed. Record the decision in a later one."))
    if meeting.held_on != timezone.localdate():
        raise DomainError(
            "meeting_not_today",
            _("Members vote in the system on the day of the meeting. Enter the votes yourself instead."),
        )
    if meeting.held_on < (first := first_day_to_decide(recommendation)):
        raise DomainError(
            "meeting_too_early",
            _("This meeting could not decide on it yet. Choose one of %(day)s or later.")
            % {"day": date_de(first)},
        )
    return meeting


def poll_locked(poll: Poll) -> Poll:
    """The poll with its row locked, if it is still open. Queries: 1.

    Raises:
        DomainError: ``poll_closed``.
    """
    rows = Poll.objects.select_for_update(of=("self",))
    locked: Poll = rows.select_related("body", "meeting", "recommendation", "version").get(pk=poll.pk)
    if not locked.is_open:
        raise DomainError("poll_closed", _("This poll is closed. Votes are not taken any more."))
    return locked


@transaction.atomic
def poll_vote(poll: Poll, *, seat: BodyMembership, choice: VoteChoice, user: User) -> PollVote:
    """Cast the vote of a seat, or replace it while the poll is open; a secret ballot stands at once.

    Args:
        poll: An open poll.
        seat: Voting seat of the body in force; the user holds it, or stands in at it.
        choice: Yes, no, abstention, or biased.
        user: Who votes.

    Returns:
        The vote; of a secret ballot it only tells that the seat took part.

    Raises:
        PermissionDenied: The user has no right to vote in the body (any more).
        DomainError: ``poll_closed``, ``poll_over``, ``bad_choice``, ``foreign_seat``, ``advisory_vote``,
            ``seat_not_in_force``, ``not_your_seat``, ``not_present``, ``seat_held_by_other``,
            ``member_there``, ``member_voted``, ``voted_already``, ``excluded``, ``person_twice``,
            ``biased_votes``.
    """
    locked = poll_locked(poll)
    if locked.is_over:
        raise DomainError(
            "poll_over",
            _("Votes were taken until %(day)s. This poll is being closed.")
            % {"day": date_de(locked.ends_on)},
        )
    if choice not in CHOICES:
        raise DomainError("bad_choice", _("Choose yes, no or abstention."))
    own = voting_seat(locked, seat)
    if user.pk not in {own.user_id, own.deputy_id}:
        raise DomainError(
            "not_your_seat",
            _("Only %(member)s's own member or deputy votes for it.") % {"member": own.organisation.label},
        )
    require(user, Perm.VOTE_IN_BODY, locked.body)
    is_deputy = user.pk == own.deputy_id
    able_in_room(locked, own, is_deputy=is_deputy)
    return _enter(locked, own, choice, user, is_deputy=is_deputy)


def voting_seat(poll: Poll, seat: BodyMembership) -> BodyMembership:
    """The seat with the deputy of the day, if it votes in this poll. Queries: 2.

    Raises:
        DomainError: ``foreign_seat``, ``seat_not_in_force``, ``advisory_vote``.
    """
    if seat.body_id != poll.body_id:
        raise DomainError("foreign_seat", _("A seat belongs to another body."))
    own = next((row for row in seats_of_poll(poll) if row.pk == seat.pk), None)
    if own is None:
        raise DomainError(
            "seat_not_in_force",
            _("%(member)s had no seat on the day of the poll.") % {"member": seat.organisation.label},
        )
    if not own.is_voting:
        raise DomainError(
            "advisory_vote", _("%(member)s advises and has no vote.") % {"member": own.organisation.label}
        )
    return own


def _enter(poll: Poll, seat: BodyMembership, choice: VoteChoice, user: User, *, is_deputy: bool) -> PollVote:
    """Write or replace the vote; the poll is locked."""
    before = PollVote.objects.filter(poll=poll, seat=seat).select_related("seat").first()
    if before is not None:
        _refuse_replacing(poll, before, is_deputy=is_deputy, user=user, choice=choice)
    others = PollVote.objects.filter(poll=poll).exclude(seat=seat).select_related("seat")
    with_deputies = {row.pk: row for row in seats_of_poll(poll)}
    refuse_two_votes_of_a_person(
        [
            *(
                Ballot(with_deputies.get(row.seat_id, row.seat), VoteChoice(row.choice), row.is_deputy)
                for row in others
            ),
            Ballot(seat, choice, is_deputy),
        ]
    )
    is_ballot = poll.is_secret and choice != VoteChoice.BIASED
    kept = VoteChoice.PRESENT if is_ballot else choice
    if before is None:
        vote = PollVote.objects.create(
            poll=poll,
            seat=seat,
            is_deputy=is_deputy,
            choice=kept,
            cast_by=user,
            # The moment of a secret ballot would tell what the counts were before and after it.
            cast_at=None if poll.is_secret else timezone.now(),
        )
        if is_ballot:
            SecretTally.objects.get_or_create(poll=poll, choice=choice)
            SecretTally.objects.filter(poll=poll, choice=choice).update(number=F("number") + 1)
        return vote
    if (before.choice, before.is_deputy) != (kept, is_deputy):
        PollVoteChange.objects.create(vote=before, old=before.choice, new=kept, changed_by=user)
        before.choice, before.is_deputy, before.cast_by, before.cast_at = (
            kept,
            is_deputy,
            user,
            timezone.now(),
        )
        before.save(update_fields=["choice", "is_deputy", "cast_by", "cast_at"])
        poll_log("poll.vote_replaced", poll, user, {"member": seat.organisation.label})
    return before


def _refuse_replacing(
    poll: Poll, before: PollVote, *, is_deputy: bool, user: User, choice: VoteChoice
) -> None:
    if before.is_excluded and choice != VoteChoice.BIASED:
        raise DomainError(
            "excluded",
            _("The chair has entered this seat as biased. Only the chair can take that back."),
        )
    if poll.is_secret:
        raise DomainError(
            "voted_already",
            _("The secret ballot of this seat is in the count; it cannot be taken back."),
        )
    if is_deputy and not before.is_deputy and before.cast_by_id != user.pk:
        raise DomainError("member_voted", _("The member has voted; the deputy does not replace that vote."))


@transaction.atomic
def poll_exclude(poll: Poll, *, seat: BodyMembership, user: User) -> PollVote:
    """The chair enters that a member is biased: they are left out of item and count.

    Raises:
        PermissionDenied: The user does not chair the body.
        DomainError: ``poll_closed``, ``voted_already`` (a secret ballot), those of ``poll_vote`` on the seat.
    """
    locked = poll_locked(poll)
    require(user, Perm.CHAIR_BODY, locked.body)
    own = voting_seat(locked, seat)
    vote = _enter(locked, own, VoteChoice.BIASED, user, is_deputy=False)
    poll_log("poll.member_excluded", locked, user, {"member": own.organisation.label})
    return vote


@transaction.atomic
def poll_readmit(poll: Poll, *, seat: BodyMembership, user: User) -> None:
    """The chair takes back that a member is biased; the vote cast before it stands again, if there was one.

    Raises:
        PermissionDenied: The user does not chair the body.
        DomainError: ``poll_closed``, ``poll_over``, ``not_excluded``.
    """
    locked = poll_locked(poll)
    require(user, Perm.CHAIR_BODY, locked.body)
    if locked.is_over:
        raise DomainError("poll_over", _("The last day is over; votes are not taken any more."))
    vote = PollVote.objects.filter(poll=locked, seat=seat).select_related("seat__organisation").first()
    if vote is None or not vote.is_excluded:
        raise DomainError("not_excluded", _("The chair has not entered this seat as biased (any more)."))
    last = vote.changes.order_by("-pk").first()
    if last is None:
        vote.delete()
    else:
        PollVoteChange.objects.create(vote=vote, old=vote.choice, new=last.old, changed_by=user)
        # The member's again: whoever stood in for them may vote anew.
        vote.choice, vote.cast_by, vote.cast_at = last.old, vote.seat.user, timezone.now()
        vote.save(update_fields=["choice", "cast_by", "cast_at"])
    poll_log("poll.member_readmitted", locked, user, {"member": vote.seat.organisation.label})


def poll_log(action: str, poll: Poll, user: User | None, data: dict[str, Any]) -> None:
    log_action(action, user=user, obj=poll, territory=poll.cycle.territory, data=data)
