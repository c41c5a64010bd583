"""Deciding several recommendations at once as they are recommended. Stands above the flows it steers."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from viewflow.workflow.models import Task

from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import User
from stakeholders.permissions import Perm, require
from workflows.counting import Ballot, Tally
from workflows.flows import RecommendationFlow
from workflows.models import (
    BlockVote,
    CosignRequest,
    CosignVerdict,
    Decision,
    DecisionResult,
    Meeting,
    Poll,
    Recommendation,
    RecommendationVersion,
    TaskCard,
    VoteChoice,
    VoteKind,
)
from workflows.nodes import complete_task, open_task
from workflows.selectors.agenda import agenda_of
from workflows.selectors.cosigning import answers_before_body
from workflows.selectors.decisions import first_day_after
from workflows.selectors.versions import SinceReturn, since_returns
from workflows.services.decisions import decision_record

#: What stands in the way of one item, whatever the votes and the meeting are.
_OF_ONE_ITEM = {
    "task_taken",
    "task_finished",
    "no_open_task",
    "poll_open",
    "meeting_too_early",
    "postponed_longer",
    "not_submitted",
    "foreign_meeting",
}
#: Fewer are no block.
SMALLEST_BLOCK = 2


@dataclasses.dataclass(frozen=True)
class BlockItem:
    """A recommendation that waits in a meeting.

    Attributes:
        recommendation: The recommendation.
        title: Of the version before the body.
        obstacle: Why it cannot be part of a block; empty if it can.
        dissent: Names of the organisations that did not co-sign, to be talked about before.
        since: Why it came back, and what has changed; None where it was never returned.
    """

    recommendation: Recommendation
    title: str
    obstacle: str = ""
    dissent: tuple[str, ...] = ()
    since: SinceReturn | None = None

    @property
    def label(self) -> str:
        """What the chair chooses by."""
        name = f"{self.recommendation.reference} {self.title}"
        if not self.dissent:
            return name
        return _("%(item)s – dissent in the co-signing: %(names)s") % {
            "item": name,
            "names": ", ".join(self.dissent),
        }


def block_items(meeting: Meeting, user: User) -> list[BlockItem]:
    """What waits for a decision in a meeting, for who wants to decide several at once.

    Queries: 12, one more for each step of merging, 8 for each item that was returned, and what the rights
    to each task ask.
    """
    waiting = [
        (line.recommendation, line.title)
        for line in agenda_of(meeting)
        if line.waits and line.recommendation is not None
    ]
    cards = TaskCard.objects.filter(
        is_open=True,
        body=meeting.body_id,
        task__process__recommendationprocess__recommendation__in=[row for row, _title in waiting],
    ).select_related("task", "task__process__recommendationprocess")
    tasks = {card.task.process.recommendationprocess.recommendation_id: card.task for card in cards}
    keys = [row.pk for row, _title in waiting]
    polled = set(
        Poll.objects.open().filter(recommendation__in=keys).values_list("recommendation_id", flat=True)
    )
    last = {
        row.recommendation_id: row for row in Decision.objects.filter(recommendation__in=keys).order_by("pk")
    }
    versions = RecommendationVersion.objects.filter(recommendation__in=keys, submitted_at__isnull=False)
    submitted = {
        row.recommendation_id: row for row in versions.select_related("addressee").order_by("number")
    }
    answers = answers_before_body(submitted.values())
    since = since_returns(submitted.values())
    return [
        BlockItem(
            row,
            title,
            str(
                _task_obstacle(tasks.get(row.pk), user)
                or _obstacle(meeting, submitted.get(row.pk), last.get(row.pk), is_polled=row.pk in polled)
            ),
            _dissent(answers[submitted[row.pk].pk]) if row.pk in submitted else (),
            since.get(submitted[row.pk].pk) if row.pk in submitted else None,
        )
        for row, title in waiting
    ]


def _task_obstacle(task: Task | None, user: User) -> Any:
    if task is None:
        return _("This step is not open (any more).")
    verdict = task.flow_task.verdict(user, task)
    if not verdict:
        return verdict.reason
    if task.owner_id not in {None, user.pk}:
        return _("A colleague has taken this task.")
    return ""


def _obstacle(
    meeting: Meeting, version: RecommendationVersion | None, last: Decision | None, *, is_polled: bool
) -> Any:
    if is_polled:
        return _("Members are voting on it. Close this poll first, or call it off.")
    submitted_at = version.submitted_at if version is not None else None
    if meeting.held_on < first_day_after(submitted_at, last):
        return _("This meeting could not decide on it yet.")
    if last is not None and last.postponed_until is not None and meeting.held_on < last.postponed_until:
        return _("It was postponed to a later day; deciding it now needs grounds of its own.")
    return ""


def _dissent(rows: Iterable[CosignRequest]) -> tuple[str, ...]:
    """Names of those who dissent from what the body has before it."""
    names = (row.organisation.label for row in rows if row.outcome == CosignVerdict.DISSENT)
    return tuple(dict.fromkeys(names))


def block_decide(
    meeting: Meeting,
    *,
    recommendations: Iterable[Recommendation],
    ballots: Sequence[Ballot],
    user: User,
    tally: Tally | None = None,
) -> BlockVote:
    """Approve several recommendations by one vote, each with a number of its own; all of them or none.

    Args:
        meeting: Open meeting of the steering group, on its day or later.
        recommendations: At least two that wait for a decision in it.
        ballots: One per seat; nobody is biased on any of them.
        user: Who chairs; four eyes are looked at for each.
        tally: Numbers, where it was voted by count.

    Returns:
        The block, with its decisions.

    Raises:
        PermissionDenied: The user does not chair the body.
        DomainError: ``block_too_small``, ``block_biased``, ``block_item`` (one item cannot be decided so; the
            message names it), and those of ``decision_record``.
    """
    require(user, Perm.CHAIR_BODY, meeting.body)
    rows = sorted(
        {row.pk: row for row in recommendations}.values(), key=lambda row: (row.cycle_id, row.number)
    )
    if len(rows) < SMALLEST_BLOCK:
        raise DomainError("block_too_small", _("Choose at least two items; decide a single one by itself."))
    if any(ballot.choice == VoteChoice.BIASED for ballot in ballots):
        raise DomainError(
            "block_biased",
            _("Who is biased is so on an item: take it out of the block and decide it by itself."),
        )
    processes = [row.process for row in rows]
    with ExitStack() as locks, transaction.atomic():
        # In one order, or two blocks at once would wait for each other.
        for process in sorted(processes, key=lambda row: row.pk):
            locks.enter_context(RecommendationFlow.lock(process.pk))
        block = BlockVote.objects.create(meeting=meeting, recorded_by=user)
        for row in rows:
            _decide(row, block, meeting=meeting, ballots=ballots, user=user, tally=tally)
        log_action(
            "block.decided",
            user=user,
            obj=block,
            territory=meeting.cycle.territory,
            data={"items": [row.reference for row in rows]},
        )
    return block


def _decide(
    recommendation: Recommendation,
    block: BlockVote,
    *,
    meeting: Meeting,
    ballots: Sequence[Ballot],
    user: User,
    tally: Tally | None,
) -> None:
    def act(process: Any) -> None:
        decision_record(
            process.recommendation,
            meeting=meeting,
            result=DecisionResult.APPROVED,
            ballots=ballots,
            user=user,
            vote_kind=VoteKind.NAMED if tally is None else VoteKind.COUNT,
            tally=tally,
            block=block,
        )

    try:
        task = open_task(recommendation.process, RecommendationFlow.decide_recommendation)
        complete_task(task, user=user, act=act)
    except PermissionDenied as error:
        raise _of_item(recommendation, str(error)) from error
    except DomainError as error:
        if error.code in _OF_ONE_ITEM:
            raise _of_item(recommendation, str(error.message)) from error
        raise


def _of_item(recommendation: Recommendation, reason: str) -> DomainError:
    return DomainError(
        "block_item",
        _("%(item)s: %(reason)s Take it out of the block.") % {"item": recommendation, "reason": reason},
    )
