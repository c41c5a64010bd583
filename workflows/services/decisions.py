"""Recording a decision of the steering group: quorum, votes, number. Written once."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError
from project.common.formats import date_de
from stakeholders.audit import log_action
from stakeholders.models import Body, User
from stakeholders.procedure import Majority
from stakeholders.selectors.rules import group_name, rules_on
from workflows.counting import TOOK_PART, Ballot, Count, Tally, count_ballots
from workflows.models import (
    BlockVote,
    Decision,
    DecisionCondition,
    DecisionResult,
    DecisionVote,
    Meeting,
    Poll,
    Recommendation,
    RecommendationReturn,
    RecommendationState,
    VoteKind,
)
from workflows.models.meetings import FINAL_RESULTS, NAMELESS_KINDS, STATE_OF_RESULT
from workflows.selectors.attendance import attended_seats
from workflows.selectors.decisions import decision_in_force, first_day_to_decide, last_decision
from workflows.services.agenda_ready import agenda_offer_recommendation, agenda_require
from workflows.services.conditions import ConditionRow, check_rows, conditions_write, wording_of
from workflows.services.results import check_kind, check_result, result_fields


def _check_seats(body: Body, day: datetime.date, ballots: Sequence[Ballot]) -> None:
    """Every voting seat of that day and none of another day."""
    seats = list(body.memberships.on(day).select_related("organisation"))
    voted = {ballot.seat.pk for ballot in ballots}
    lacking = [seat.organisation.label for seat in seats if seat.is_voting and seat.pk not in voted]
    if lacking:
        raise DomainError(
            "ballot_missing", _("Enter vote or absence of: %(members)s.") % {"members": ", ".join(lacking)}
        )
    in_force = {seat.pk for seat in seats}
    for ballot in ballots:
        if ballot.seat.body_id == body.pk and ballot.seat.pk not in in_force:
            raise DomainError(
                "seat_not_in_force",
                _("%(member)s had no seat on the day of the meeting.")
                % {"member": ballot.seat.organisation.label},
            )


def _check_room(meeting: Meeting, ballots: Sequence[Ballot]) -> None:
    """Where attendance was entered, nobody votes who was not in the room at all. Queries: 1."""
    there = attended_seats(meeting)
    if not there:
        return
    away = [
        ballot.seat.organisation.label
        for ballot in ballots
        if ballot.choice in TOOK_PART and ballot.seat.pk not in there
    ]
    if away:
        raise DomainError(
            "not_in_room",
            _(
                "A vote is entered of who was not in the room according to the attendance: %(members)s."
                " Correct the vote, or the attendance of the meeting."
            )
            % {"members": ", ".join(away)},
        )


def _check_meeting(recommendation: Recommendation, meeting: Meeting, *, reason: str) -> None:
    """A meeting decides on what was before it: it has been held, and not before the paper was there."""
    if meeting.held_on > timezone.localdate():
        raise DomainError(
            "meeting_not_held", _("A decision is recorded on the day of the meeting or after it.")
        )
    if (
        meeting.cycle.steering_group_id != meeting.body_id
        or meeting.cycle.territory_id != recommendation.cycle.territory_id
    ):
        raise DomainError("foreign_meeting", _("This meeting is not one of the steering group of the cycle."))
    first = first_day_to_decide(recommendation)
    if meeting.held_on < first:
        raise DomainError(
            "meeting_too_early",
            _("This meeting could not decide on it yet. Choose one of %(day)s or later.")
            % {"day": date_de(first)},
        )
    check_not_too_early(recommendation, meeting.held_on, reason=reason)


def check_not_too_early(recommendation: Recommendation, day: datetime.date, *, reason: str) -> None:
    """What comes up before the day it was postponed to says why. Queries: 1.

    Raises:
        DomainError: ``postponed_longer``.
    """
    last = last_decision(recommendation)
    is_early = (
        last is not None
        and last.result == DecisionResult.POSTPONED
        and last.postponed_until is not None
        and day < last.postponed_until
    )
    if is_early and last is not None and not reason.strip():
        raise DomainError(
            "postponed_longer",
            _("It was postponed until %(day)s. Say in the grounds why it came up earlier.")
            % {"day": date_de(last.postponed_until)},
        )


def check_quorum(count: Count) -> None:
    """Quorum of the body, then of each group.

    Raises:
        DomainError: ``quorum_missing``, ``group_missing``.
    """
    if count.present < count.quorum:
        raise DomainError(
            "quorum_missing",
            _("No quorum: %(present)s voting members take part, %(quorum)s are needed.")
            % {"present": count.present, "quorum": count.quorum},
        )
    for group in count.lacking_groups:
        raise DomainError(
            "group_missing",
            _(
                "No quorum: of the group “%(group)s” %(present)s take part, %(needed)s are needed."
                " Not there: %(members)s."
            )
            % {
                "group": group_name(group.kind),
                "present": group.present,
                "needed": group.needed,
                "members": ", ".join(group.missing) or "–",
            },
        )


def _check_count(count: Count, result: DecisionResult) -> None:
    """Quorum, then the majority that the rules want."""
    check_quorum(count)
    if not count.is_carried:
        text = _("“%(result)s” found no majority (%(yes)s yes, %(no)s no). Put another result to the vote.")
        if count.rules.majority != Majority.SIMPLE:
            text = _(
                "“%(result)s” found no majority (%(yes)s yes, %(no)s no, %(abstain)s abstentions)."
                " The rules of procedure want: %(majority)s. Put another result to the vote."
            )
        raise DomainError(
            "not_carried",
            text
            % {
                "result": result.label,
                "yes": count.yes,
                "no": count.no,
                "abstain": count.abstain,
                "majority": count.rules.majority.label,
            },
        )


@transaction.atomic
def decision_record(
    recommendation: Recommendation,
    *,
    meeting: Meeting | None,
    result: DecisionResult,
    ballots: Sequence[Ballot],
    user: User,
    conditions: str = "",
    reason: str = "",
    postponed_until: datetime.date | None = None,
    condition_rows: Sequence[ConditionRow] = (),
    wording: str = "",
    vote_kind: VoteKind = VoteKind.NAMED,
    tally: Tally | None = None,
    poll: Poll | None = None,
    block: BlockVote | None = None,
) -> Decision:
    """Record what the body decided; called when the deciding task is completed.

    Every voting seat in force on the day of the meeting needs a ballot; advisory ones may be marked as heard.

    Args:
        recommendation: Before the steering group, or postponed by it.
        meeting: Open meeting of the cycle's steering group, not earlier than the version that is decided on
            nor than the decision before; its year counts for the number. None for a poll in circulation,
            which decides on the day it is closed, at the latest on its last one.
        result: The result that was put to the vote.
        ballots: One per seat; order does not matter.
        user: Who records.
        conditions: Needed where approved with conditions, else dropped.
        reason: Needed where returned or rejected, and where it comes up before the day it was postponed to.
        condition_rows: The conditions by who acts and until when; each becomes an assignment once the
            decision is carried back, and ``conditions`` is their wording then.
        postponed_until: Day after the one it is decided on; needed where postponed, else dropped.
        wording: What was decided instead of the proposal; empty as proposed, dropped unless approved.
        vote_kind: How it was voted; secret ballots only where the rules allow them.
        tally: Numbers of a vote without names.
        poll: The poll in which members voted in the system, locked by the caller.
        block: The vote on several recommendations this is one of.

    Returns:
        The decision with its number, the next of the body in that year.

    Raises:
        DomainError: ``quorum_missing``, ``group_missing`` (the rules want members of a group there),
            ``not_carried`` (the proposed result found no majority),
            ``conditions_missing``, ``condition_too_early``, ``reason_missing``, ``day_missing``,
            ``ballot_missing``, ``not_in_room`` (attendance says otherwise),
            ``seat_not_in_force``, ``meeting_not_held``, ``meeting_closed``, ``meeting_moved``,
            ``meeting_too_early``,
            ``postponed_longer``, ``foreign_meeting``, ``not_submitted``, ``poll_open`` (members are voting on
            it), ``secret_not_allowed``, ``tally_missing`` and those of ``count_ballots``.
    """
    body, day = body_and_day(meeting, poll)
    # Lock and look again: of two who record at once only one finds it undecided.
    state = (
        Recommendation.objects.select_for_update().values_list("state", flat=True).get(pk=recommendation.pk)
    )
    if state not in {RecommendationState.SUBMITTED, RecommendationState.POSTPONED}:
        raise DomainError("not_submitted", _("This recommendation is not before the steering group."))
    check_no_open_poll(recommendation)
    if meeting is not None:
        _check_meeting(recommendation, meeting, reason=reason)
    if condition_rows:
        check_rows(condition_rows, decided_on=day)
        conditions = wording_of(condition_rows)
    check_result(
        result, conditions=conditions, reason=reason, postponed_until=postponed_until, decided_on=day
    )
    _check_seats(body, day if poll is None else poll.seats_day, ballots)
    if meeting is not None:
        _check_room(meeting, ballots)
    # Lock the body's row: numbers are drawn one after the other, without gaps; no meeting closes and no rules
    # change meanwhile.
    Body.objects.select_for_update().get(pk=body.pk)
    rules = rules_on(body, day)
    check_kind(rules, vote_kind)
    _check_tally(vote_kind, tally)
    count = count_ballots(rules.voting_rules(), ballots, tally)
    _check_count(count, result)
    version = recommendation.versions.order_by("-number").first()
    assert version is not None
    if meeting is not None:
        _check_still_open(meeting)
        agenda_require(meeting, recommendation, user=user)
    year = day.year
    last = Decision.objects.filter(body=body, year=year).aggregate(last=Max("number"))["last"] or 0
    decision = Decision.objects.create(
        recommendation=recommendation,
        version=version,
        body=body,
        meeting=meeting,
        rules=rules,
        year=year,
        number=last + 1,
        decided_on=day,
        vote_kind=vote_kind,
        poll=poll,
        block=block,
        **result_fields(
            version,
            result,
            conditions=conditions,
            reason=reason,
            postponed_until=postponed_until,
            wording=wording,
        ),
        replaces=decision_in_force(recommendation) if result in FINAL_RESULTS else None,
        voting_count=count.voting,
        present_count=count.present,
        quorum_count=count.quorum,
        yes_count=count.yes,
        no_count=count.no,
        abstain_count=count.abstain,
        is_tie_decided_by_chair=count.is_tie_decided_by_chair,
        recorded_by=user,
    )
    DecisionVote.objects.bulk_create(
        DecisionVote(decision=decision, seat=ballot.seat, choice=ballot.choice, is_deputy=ballot.is_deputy)
        for ballot in ballots
    )
    if result == DecisionResult.APPROVED_WITH_CONDITIONS:
        conditions_write(condition_rows, DecisionCondition, decision=decision)
    if result == DecisionResult.RETURNED:
        RecommendationReturn.objects.create(version=version, reason=reason.strip(), returned_by=user)
    recommendation.state = STATE_OF_RESULT[result]
    recommendation.save(update_fields=["state"])
    log_action(
        "decision.recorded",
        user=user,
        obj=decision,
        territory=recommendation.cycle.territory,
        data={"result": result, "yes": count.yes, "no": count.no, "abstain": count.abstain},
    )
    if result == DecisionResult.POSTPONED:
        agenda_offer_recommendation(recommendation, user=user)
    return decision


def body_and_day(meeting: Meeting | None, poll: Poll | None) -> tuple[Body, datetime.date]:
    """Which body decides, and on which day: its rules count, and what it postpones comes up after it."""
    if meeting is not None:
        return meeting.body, meeting.held_on
    assert poll is not None
    assert poll.ends_on is not None
    return poll.body, min(timezone.localdate(), poll.ends_on)


def _check_still_open(meeting: Meeting) -> None:
    """Under the lock of the body: nobody has closed or moved the meeting meanwhile."""
    held_on = Meeting.objects.filter(pk=meeting.pk, closed_at__isnull=True).values_list("held_on", flat=True)
    if (day := held_on.first()) is None:
        raise DomainError("meeting_closed", _("This meeting is closed. Record the decision in a later one."))
    if day != meeting.held_on:
        raise DomainError(
            "meeting_moved",
            _("This meeting has just been moved to %(day)s. Look at its page before you record anything.")
            % {"day": date_de(day)},
        )


def check_no_open_poll(recommendation: Recommendation) -> None:
    """While members vote in the system nothing is recorded past them. Queries: 1.

    Raises:
        DomainError: ``poll_open``.
    """
    if Poll.objects.open().filter(recommendation=recommendation).exists():
        raise DomainError("poll_open", _("Members are voting on it. Close this poll first, or call it off."))


def _check_tally(kind: VoteKind, tally: Tally | None) -> None:
    """Numbers where, and only where, nobody is named."""
    if (kind in NAMELESS_KINDS) != (tally is not None):
        raise DomainError("tally_missing", _("Enter how many voted yes, no and abstained."))
