"""A day in a calendar program (RFC 5545)."""

from __future__ import annotations

import datetime

#: Lines may have at most this many bytes (RFC 5545, 3.1).
_LINE_BYTES = 75


def event_as_ics(
    *,
    uid: str,
    day: datetime.date,
    summary: str,
    place: str,
    description: str,
    url: str,
    stamp: datetime.datetime,
    sequence: int = 0,
) -> str:
    """Write an event that lasts all day.

    Args:
        uid: Stays the same when the event is downloaded again.
        day: Its day.
        summary: Title.
        place: Where.
        description: Text.
        url: Page of the event.
        stamp: Aware moment of writing.
        sequence: How often the event has been moved; a calendar keeps the one with the highest.

    Returns:
        Text of a file with the ending ``ics``, lines ended and folded as the standard wants.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Passgenau//DE",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        f"DTSTAMP:{stamp.astimezone(datetime.UTC):%Y%m%dT%H%M%SZ}",
        f"SEQUENCE:{sequence}",
        f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
        f"DTEND;VALUE=DATE:{day + datetime.timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{_escaped(summary)}",
        f"LOCATION:{_escaped(place)}",
        f"DESCRIPTION:{_escaped(description)}",
        f"URL:{url}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(f"{_folded(line)}\r\n" for line in lines)


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
