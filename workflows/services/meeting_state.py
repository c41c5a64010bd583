"""What must not have happened in a meeting, or to an item of it, before either is changed."""

from __future__ import annotations

import datetime

from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError
from project.common.formats import date_de
from workflows.models import AgendaItem, ItemOutcome, Meeting, OutcomeKind


def check_open(meeting: Meeting) -> None:
    """Refuse what is only possible before the closing.

    Raises:
        DomainError: ``meeting_closed``.
    """
    if meeting.closed_at is not None:
        raise DomainError("meeting_closed", _("The meeting is closed already."))


def check_held(meeting: Meeting, text: str | Promise) -> None:
    """Refuse what is only possible from the day of a meeting to its closing.

    Args:
        meeting: Read under its lock.
        text: What to say before the day; may hold ``%(day)s``.

    Raises:
        DomainError: ``meeting_closed``, ``meeting_not_held``.
    """
    check_open(meeting)
    if meeting.held_on > timezone.localdate():
        raise DomainError("meeting_not_held", text % {"day": date_de(meeting.held_on)})


def check_not_postponed(item: AgendaItem) -> None:
    """Refuse to deal with an item that goes on in a later meeting. Queries: 1.

    Raises:
        DomainError: ``item_postponed``.
    """
    if item.outcomes.filter(kind=OutcomeKind.POSTPONED).exists():
        raise DomainError("item_postponed", _("This item was postponed to a later meeting."))


def check_movable(meeting: Meeting) -> None:
    """Refuse to move a meeting whose day has become part of the record. Queries: at most 6.

    Raises:
        DomainError: ``cycle_closed``, ``meeting_closed``, ``meeting_decided``, ``meeting_begun``,
            ``poll_open``.
    """
    if meeting.cycle.is_closed:
        raise DomainError("cycle_closed", _("The cycle is closed."))
    check_untouched(meeting)


def check_untouched(meeting: Meeting) -> None:
    """Refuse where the meeting is over, or something has happened in it. Queries: at most 6.

    Raises:
        DomainError: ``meeting_closed``, ``meeting_decided``, ``meeting_begun``, ``poll_open``.
    """
    check_no_poll(meeting)
    check_open(meeting)
    if meeting.decisions.exists():
        raise DomainError(
            "meeting_decided",
            _("Decisions have been recorded in this meeting; its day is part of them and stays."),
        )
    if _has_run(meeting):
        raise DomainError(
            "meeting_begun",
            _(
                "This meeting has begun: who was there or what came out of it has been entered. Close it"
                " instead; what is left open goes on in the next meeting."
            ),
        )


def _has_run(meeting: Meeting) -> bool:
    """Whether somebody came, an item was called or something came out; notes may be prepared before."""
    day = timezone.make_aware(datetime.datetime.combine(meeting.held_on, datetime.time.min))
    prepared = Q(kind=OutcomeKind.NOTE, recorded_at__lt=day)
    return (
        meeting.attendances.exists()
        or meeting.agenda.filter(called_at__isnull=False).exists()
        or ItemOutcome.objects.filter(item__meeting=meeting).exclude(prepared).exists()
    )


def check_no_poll(meeting: Meeting) -> None:
    """While members vote the meeting neither moves nor ends. Queries: 1.

    Raises:
        DomainError: ``poll_open``.
    """
    if meeting.polls.open().exists():
        raise DomainError(
            "poll_open", _("Members are voting in this meeting. Close the poll first, or call it off.")
        )
