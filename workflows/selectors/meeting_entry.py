"""A meeting as an entry in a calendar: its public agenda only, for calendars are shared."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from email.utils import parseaddr

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from project.common.formats import time_de
from workflows.calendar import Invitation, calendar_as_ics, event_lines
from workflows.models import Meeting
from workflows.selectors.agenda import AgendaLine, agenda_minutes, agenda_of

#: How long a meeting is taken to last whose agenda names no lengths.
USUAL_MINUTES = 120


class MeetingEntry:
    """Reads a meeting once and writes its entry for any number of people. Queries: 6.

    Args:
        meeting: The meeting.
    """

    def __init__(self, meeting: Meeting) -> None:
        self.meeting = meeting
        lines = agenda_of(meeting)
        self.minutes = agenda_minutes(lines) or USUAL_MINUTES
        self.public = [line for line in lines if line.is_public]
        self.sequence = meeting.moves.count() + (meeting.cancelled_at is not None)

    def download(self) -> str:
        """The entry as somebody fetches it from the page."""
        return calendar_as_ics([self.lines()])

    def invitation(self, address: str) -> str:
        """The entry as it is sent to an address."""
        organiser = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
        invitation = Invitation(organiser, address, is_cancelled=self.meeting.cancelled_at is not None)
        return calendar_as_ics([self.lines(invitation)], method=invitation.method)

    def lines(self, invitation: Invitation | None = None) -> list[str]:
        """Lines of the entry, as one of several or alone."""
        meeting = self.meeting
        agenda = [f"{row.position}. {_hour(row)}{row.heading}" for row in self.public if not row.is_removed]
        return event_lines(
            uid=f"meeting-{meeting.pk}@passgenau",
            day=meeting.held_on,
            hours=self._hours(),
            summary=meeting.body.name,
            place=meeting.place,
            description="\n".join([meeting.cycle.title, *agenda]),
            url=settings.SITE_URL + reverse("workflows:meeting-detail", args=[meeting.pk]),
            stamp=timezone.now(),
            sequence=self.sequence,
            invitation=invitation,
            is_cancelled=meeting.cancelled_at is not None,
        )

    def _hours(self) -> tuple[datetime.datetime, datetime.datetime] | None:
        if self.meeting.starts_at is None:
            return None
        start = timezone.make_aware(datetime.datetime.combine(self.meeting.held_on, self.meeting.starts_at))
        return start, start + datetime.timedelta(minutes=self.minutes)


def entries_of(meetings: Iterable[Meeting]) -> str:
    """The entries of several meetings in one calendar. Queries: 6 for each."""
    return calendar_as_ics(MeetingEntry(meeting).lines() for meeting in meetings)


def _hour(line: AgendaLine) -> str:
    return f"{time_de(line.starts_at)} " if line.starts_at else ""
