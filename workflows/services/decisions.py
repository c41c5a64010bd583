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
from workflows.counting import Ballot, Count, count_ballots
from workflows.models import (
    Decision,
    DecisionResult,
    DecisionVote,
    Meeting,
    Recommendation,
    RecommendationReturn,
    RecommendationState,
)
from workflows.models.meetings import FINAL_RESULTS, STATE_OF_RESULT
from workflows.selectors.decisions import decision_in_force, first_day_to_decide, last_decision


def _check_seats(meeting: Meeting, ballots: Sequence[Ballot]) -> None:
    """Every voting seat of that day and none of another day."""
    seats = list(meeting.body.memberships.on(meeting.held_on).select_related("organisation"))
    voted = {ballot.seat.pk for ballot in ballots}
    lacking = [seat.organisation.label for seat in seats if seat.is_voting and seat.pk not in voted]
    if lacking:
        raise DomainError(
            "ballot_missing", _("Enter vote or absence of: %(members)s.") % {"members": ", ".join(lacking)}
        )
    in_force = {seat.pk for seat in seats}
    for ballot in ballots:
        if ballot.seat.body_id == meeting.body_id and ballot.seat.pk not in in_force:
            raise DomainError(
                "seat_not_in_force",
                _("%(member)s had no seat on the day of the meeting.")
                % {"member": ballot.seat.organisation.label},
            )


def _check_result(
    result: DecisionResult, *, conditions: str, reason: str, postponed_until: datetime.date | None
) -> None:
    """What each result must say."""
    if result == DecisionResult.APPROVED_WITH_CONDITIONS and not conditions.strip():
        raise DomainError("conditions_missing", _("Name the conditions."))
    if result in {DecisionResult.RETURNED, DecisionResult.REJECTED} and not reason.strip():
        raise DomainError("reason_missing", _("Say why; the conference will read it."))
    if result == DecisionResult.POSTPONED and (
        postponed_until is None or postponed_until <= timezone.localdate()
    ):
        raise DomainError("day_missing", _("Name the day, after today, on which it comes up again."))


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
    last = last_decision(recommendation)
    is_early = (
        last is not None
        and last.result == DecisionResult.POSTPONED
        and last.postponed_until is not None
        and meeting.held_on < last.postponed_until
    )
    if is_early and last is not None and not reason.strip():
        raise DomainError(
            "postponed_longer",
            _("It was postponed until %(day)s. Say in the grounds why it came up earlier.")
            % {"day": date_de(last.postponed_until)},
        )


def _check_count(count: Count, result: DecisionResult) -> None:
    """Quorum of the body, then of each group, then the majority that the rules want."""
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
    meeting: Meeting,
    result: DecisionResult,
    ballots: Sequence[Ballot],
    user: User,
    conditions: str = "",
    reason: str = "",
    postponed_until: datetime.date | None = None,
) -> Decision:
    """Record what the body decided; called when the deciding task is completed.

    Every voting seat in force on the day of the meeting needs a ballot; advisory ones may be marked as heard.

    Args:
        recommendation: Before the steering group, or postponed by it.
        meeting: Open meeting of the cycle's steering group, not earlier than the version that is decided on
            nor than the decision before; its year counts for the number.
        result: The result that was put to the vote.
        ballots: One per seat; order does not matter.
        user: Who records.
        conditions: Needed where approved with conditions, else dropped.
        reason: Needed where returned or rejected, and where it comes up before the day it was postponed to.
        postponed_until: Day after today; needed where postponed, else dropped.

    Returns:
        The decision with its number, the next of the body in that year.

    Raises:
        DomainError: ``quorum_missing``, ``group_missing`` (the rules want members of a group there),
            ``not_carried`` (the proposed result found no majority),
            ``conditions_missing``, ``reason_missing``, ``day_missing``, ``ballot_missing``,
            ``seat_not_in_force``, ``meeting_not_held``, ``meeting_closed``, ``meeting_moved``,
            ``meeting_too_early``,
            ``postponed_longer``, ``foreign_meeting``, ``not_submitted`` and those of ``count_ballots``.
    """
    body = meeting.body
    # Lock and look again: of two who record at once only one finds it undecided.
    state = (
        Recommendation.objects.select_for_update().values_list("state", flat=True).get(pk=recommendation.pk)
    )
    if state not in {RecommendationState.SUBMITTED, RecommendationState.POSTPONED}:
        raise DomainError("not_submitted", _("This recommendation is not before the steering group."))
    _check_meeting(recommendation, meeting, reason=reason)
    _check_result(result, conditions=conditions, reason=reason, postponed_until=postponed_until)
    _check_seats(meeting, ballots)
    # Lock the body's row: numbers are drawn one after the other, without gaps; no meeting closes and no rules
    # change meanwhile.
    Body.objects.select_for_update().get(pk=body.pk)
    rules = rules_on(body, meeting.held_on)
    count = count_ballots(rules.voting_rules(), ballots)
    _check_count(count, result)
    version = recommendation.versions.order_by("-number").first()
    assert version is not None
    year = meeting.held_on.year
    held_on = Meeting.objects.filter(pk=meeting.pk, closed_at__isnull=True).values_list("held_on", flat=True)
    if (day := held_on.first()) is None:
        raise DomainError("meeting_closed", _("This meeting is closed. Record the decision in a later one."))
    if day != meeting.held_on:
        raise DomainError(
            "meeting_moved",
            _("This meeting has just been moved to %(day)s. Look at its page before you record anything.")
            % {"day": date_de(day)},
        )
    last = Decision.objects.filter(body=body, year=year).aggregate(last=Max("number"))["last"] or 0
    decision = Decision.objects.create(
        recommendation=recommendation,
        version=version,
        body=body,
        meeting=meeting,
        rules=rules,
        year=year,
        number=last + 1,
        decided_on=meeting.held_on,
        result=result,
        conditions=conditions.strip() if result == DecisionResult.APPROVED_WITH_CONDITIONS else "",
        reason=reason.strip(),
        postponed_until=postponed_until if result == DecisionResult.POSTPONED else None,
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
    return decision
