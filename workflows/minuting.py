"""Ending a meeting, its minutes, and their approval. Steers the flows, so it stands above them."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError
from stakeholders.models import Organisation, User
from workflows.assigning import assignment_create
from workflows.engine import recommendation_begin
from workflows.flows import MinutesFlow
from workflows.models import AgendaItem, ItemOutcome, Meeting, Minutes
from workflows.nodes import send
from workflows.services.carrying import open_items_postpone
from workflows.services.meetings import meeting_close
from workflows.services.minutes import minutes_create
from workflows.services.outcomes import outcome_recommendation, outcome_task, require_unsigned
from workflows.services.recommendations import Wording


@transaction.atomic
def meeting_end(
    meeting: Meeting,
    *,
    attended: Iterable[Organisation],
    user: User,
    carried: Collection[int] | None = None,
) -> Minutes:
    """Close a meeting, carry over what it left open, and begin its minutes.

    Args:
        meeting: An open meeting, on its day or later.
        attended: Those of the invited organisations that came.
        user: Who closes.
        carried: Keys of the unfinished items that go on in the next meeting; None for all of them.

    Returns:
        The minutes; planning has the task to write them.

    Raises:
        DomainError: Those of ``meeting_close``.
    """
    meeting_close(meeting, attended=attended, user=user)
    open_items_postpone(meeting, items=carried, user=user)
    return minutes_begin(meeting, user=user)


@transaction.atomic
def minutes_begin(meeting: Meeting, *, user: User | None) -> Minutes:
    """Begin the minutes of a closed meeting: planning gets the task to write them.

    Raises:
        DomainError: Those of ``minutes_create``.
    """
    minutes = minutes_create(meeting, user=user)
    MinutesFlow.start.run(minutes=minutes)
    return minutes


def minutes_approve(
    minutes: Minutes, *, item: AgendaItem, user: User, correction: str = "", is_internal: bool = False
) -> None:
    """A later meeting approves the minutes, with a correction or without.

    Args:
        minutes: Signed.
        item: Item of the meeting that runs, on their approval; finished by this.
        user: Chair of the body, or planning as the secretary.
        correction: Words of the correction: a new entry beside the signed text; empty for none.
        is_internal: Whether the correction is for members of the body and planning only.

    Raises:
        PermissionDenied: The user does not keep the record of the meeting.
        DomainError: ``no_open_task`` if they are not signed yet or approved already, and those of
            ``approval_record``.
    """
    send(
        minutes.process,
        MinutesFlow.wait_for_approval,
        item=item,
        correction=correction,
        is_internal=is_internal,
        user=user,
    )
    minutes.refresh_from_db()


@transaction.atomic
def item_assign(
    item: AgendaItem,
    *,
    text: str,
    organisation: Organisation,
    due_on: datetime.date,
    user: User,
    is_internal: bool = False,
) -> ItemOutcome:
    """Give a task under an item; it lands with the organisation.

    Args:
        item: Of a meeting whose minutes are not handed in.
        text: What has to be done.
        organisation: Who acts.
        due_on: Last day; not before the day of the meeting.
        user: Chair, or planning as the secretary.
        is_internal: For members of the body, planning and who acts only; all of an internal item is.

    Raises:
        PermissionDenied: The user does not keep the record of the meeting.
        DomainError: ``cycle_closed``, and those of ``assignment_create`` and ``outcome_task``.
    """
    require_unsigned(item, user)
    meeting = item.meeting
    if meeting.cycle.is_closed:
        raise DomainError("cycle_closed", _("The cycle is closed."))
    assignment = assignment_create(
        cycle=meeting.cycle,
        organisation=organisation,
        text=text,
        due_on=due_on,
        user=user,
        meeting=meeting,
        is_internal=is_internal or item.is_internal,
    )
    return outcome_task(item, assignment=assignment, user=user, is_internal=is_internal)


@transaction.atomic
def item_recommend(
    item: AgendaItem, *, wording: Wording, user: User, is_internal: bool = False
) -> ItemOutcome:
    """Begin a recommendation under an item; it lands with its author as a draft.

    Raises:
        PermissionDenied: The user takes no part in the conference and does not plan the territory.
        DomainError: Those of ``recommendation_begin`` and ``outcome_recommendation``.
    """
    require_unsigned(item, user)
    recommendation = recommendation_begin(item.meeting.cycle, wording=wording, user=user)
    return outcome_recommendation(item, recommendation=recommendation, user=user, is_internal=is_internal)
