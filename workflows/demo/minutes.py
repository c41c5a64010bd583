"""Drives meetings and their minutes as their people would, for the demo and the tests."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from stakeholders.models import User
from workflows.demo import clock
from workflows.demo.meetings import BEGINS
from workflows.flows import MinutesFlow
from workflows.minuting import meeting_end, minutes_approve
from workflows.models import AgendaKind, Meeting, Minutes
from workflows.nodes import complete_task, open_task
from workflows.selectors.minutes import current_content
from workflows.services.attendance import attendance_all_arrive, attendance_leave
from workflows.services.minutes import (
    MinutesText,
    minutes_hand_in,
    minutes_return,
    minutes_sign,
)
from workflows.services.outcomes import item_call, item_finish, item_postpone, outcome_note


def stored_text(minutes: Minutes) -> MinutesText:
    """What is stored, as the page sends it where nothing was changed."""
    return MinutesText(
        version=minutes.version,
        began_at=minutes.began_at,
        ended_at=minutes.ended_at,
        text=minutes.text,
        internal_text=minutes.internal_text,
        items={row.pk: (row.text, row.internal_text) for row in minutes.items.all()},
    )


def write_minutes(minutes: Minutes, *, user: User, text: MinutesText | None = None) -> None:
    """The secretary hands the minutes in, as drafted or as written."""
    complete_task(
        open_task(minutes.process, MinutesFlow.write_minutes),
        user=user,
        act=lambda process: minutes_hand_in(
            process.minutes, text=text or stored_text(process.minutes), user=user
        ),
    )
    minutes.refresh_from_db()


def sign_minutes(minutes: Minutes, *, user: User, return_reason: str = "") -> None:
    """The chair signs what they read, or returns it."""

    def act(process: Any) -> None:
        of: Minutes = process.minutes
        if return_reason:
            minutes_return(of, reason=return_reason, user=user)
        else:
            minutes_sign(of, seen=current_content(of).fingerprint, user=user)

    complete_task(open_task(minutes.process, MinutesFlow.sign_minutes), user=user, act=act)
    minutes.refresh_from_db()


def hold(meeting: Meeting, *, user: User, notes: Mapping[str, str]) -> None:
    """A meeting is run item by item: all come, one leaves early; what is undecided waits.

    Args:
        meeting: On its day, with an agenda.
        user: The secretary.
        notes: Kind of an item -> what is noted on it; minutes to approve are left to ``approve``.
    """
    rows = attendance_all_arrive(meeting, user=user, at=BEGINS)
    attendance_leave(rows[-1], at=datetime.time(9, 45), user=user)
    decided = set(meeting.decisions.values_list("recommendation", flat=True))
    for item in meeting.agenda.standing().exclude(kind=AgendaKind.MINUTES).order_by("position"):
        if item.kind == AgendaKind.RECOMMENDATION and item.recommendation_id not in decided:
            item_postpone(item, user=user, reason="Aus Zeitgründen.")
            continue
        item_call(item, user=user)
        if item.kind in notes:
            outcome_note(item, text=notes[item.kind], user=user)
        item_finish(item, user=user)


def conclude(meeting: Meeting, *, user: User) -> Minutes:
    """The secretary closes a meeting to which all came; the minutes begin."""
    attended = [row.organisation for row in meeting.participants.select_related("organisation")]
    return meeting_end(meeting, attended=attended, user=user)


def write_and_sign(minutes: Minutes, *, secretary: User, chair: User, end: datetime.time) -> None:
    """The minutes are handed in three days after the meeting and signed two days later."""
    held_on = minutes.meeting.held_on
    ended_at = timezone.make_aware(datetime.datetime.combine(held_on, end))
    with clock.on(held_on + datetime.timedelta(days=3)):
        text = dataclasses.replace(stored_text(minutes), ended_at=ended_at)
        write_minutes(minutes, user=secretary, text=text)
    with clock.on(held_on + datetime.timedelta(days=5)):
        sign_minutes(minutes, user=chair)


def approve(meeting: Meeting, *, user: User) -> None:
    """A meeting approves the minutes on its agenda."""
    for item in meeting.agenda.standing().filter(kind=AgendaKind.MINUTES):
        minutes_approve(Minutes.objects.get(meeting=item.approves), item=item, user=user)
