"""A day in a calendar program (RFC 5545)."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable

#: Lines may have at most this many bytes (RFC 5545, 3.1).
_LINE_BYTES = 75


@dataclasses.dataclass(frozen=True)
class Invitation:
    """An event sent to somebody (RFC 5546).

    Args:
        organiser: Address that sends.
        attendee: Address invited; others are not named.
        is_cancelled: The event does not take place.
    """

    organiser: str
    attendee: str
    is_cancelled: bool = False

    @property
    def method(self) -> str:
        """What a calendar shall do with it."""
        return "CANCEL" if self.is_cancelled else "REQUEST"

    def lines(self) -> list[str]:
        """Lines of the event; answers are given on the page, not by the calendar."""
        return [
            f"ORGANIZER:mailto:{self.organiser}",
            f"ATTENDEE;RSVP=FALSE:mailto:{self.attendee}",
            f"STATUS:{'CANCELLED' if self.is_cancelled else 'CONFIRMED'}",
        ]


def calendar_as_ics(events: Iterable[Iterable[str]], *, method: str = "PUBLISH") -> str:
    """Write a calendar.

    Args:
        events: From ``event_lines``.
        method: What a calendar program shall do with it; several events are published, never requested.

    Returns:
        Text of a file with the ending ``ics``, lines ended and folded as the standard wants.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Passgenau//DE",
        f"METHOD:{method}",
        *(line for event in events for line in event),
        "END:VCALENDAR",
    ]
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def event_lines(
    *,
    uid: str,
    day: datetime.date,
    summary: str,
    place: str,
    description: str,
    url: str,
    stamp: datetime.datetime,
    sequence: int = 0,
    hours: tuple[datetime.datetime, datetime.datetime] | None = None,
    invitation: Invitation | None = None,
    is_cancelled: bool = False,
) -> list[str]:
    """Write an event that lasts all day, or some hours of it.

    Args:
        uid: Stays the same when the event is downloaded again.
        day: Its day.
        summary: Title.
        place: Where.
        description: Text.
        url: Page of the event.
        stamp: Aware moment of writing.
        sequence: How often the event has been moved; a calendar keeps the one with the highest.
        hours: Aware moments of begin and end; None for the whole day.
        invitation: Who invites whom, where it goes out by mail; None for a download.
        is_cancelled: A download says that the event does not take place; an invitation says so itself.

    Returns:
        Its lines for ``calendar_as_ics``.
    """
    return [
        "BEGIN:VEVENT",
        f"UID:{uid}",
        f"DTSTAMP:{_utc(stamp)}",
        f"SEQUENCE:{sequence}",
        *_times(day, hours),
        f"SUMMARY:{_escaped(summary)}",
        f"LOCATION:{_escaped(place)}",
        f"DESCRIPTION:{_escaped(description)}",
        f"URL:{url}",
        *(invitation.lines() if invitation else ["STATUS:CANCELLED"] if is_cancelled else ()),
        "END:VEVENT",
    ]


def _utc(moment: datetime.datetime) -> str:
    return f"{moment.astimezone(datetime.UTC):%Y%m%dT%H%M%SZ}"


def _times(day: datetime.date, hours: tuple[datetime.datetime, datetime.datetime] | None) -> tuple[str, str]:
    if hours is None:
        return (
            f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
            f"DTEND;VALUE=DATE:{day + datetime.timedelta(days=1):%Y%m%d}",
        )
    return f"DTSTART:{_utc(hours[0])}", f"DTEND:{_utc(hours[1])}"


def _escaped(text: str) -> str:
    clean = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return clean.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")


def _folded(line: str) -> str:
    """Break a long line between characters; the continuation begins with a space."""
    parts, size = [""], 0
    for character in line:
        width = len(character.encode())
        if size + width > _LINE_BYTES:
            parts.append(" ")
            size = 1
        parts[-1] += character
        size += width
    return "\r\n".join(parts)
