"""Days of a series: every so many weeks, or on the same weekday of each month. Plain dates in and out."""

from __future__ import annotations

import calendar
import datetime
from enum import StrEnum

#: No series is longer than this: a year of weekly meetings.
MOST_DAYS = 52


class Rhythm(StrEnum):
    """What a series follows."""

    WEEKS = "weeks"
    MONTHS = "months"


def series_days(
    first: datetime.date,
    *,
    rhythm: Rhythm,
    interval: int,
    count: int | None = None,
    until: datetime.date | None = None,
) -> list[datetime.date]:
    """Days of a series, the first one included.

    Args:
        first: First day; its weekday, and which one of its month it is, are kept.
        rhythm: Weeks, or the same weekday of the month; a fifth one that a month lacks is left out.
        interval: Every so many weeks or months, at least 1.
        count: So many days; or else ``until``.
        until: Last possible day.

    Returns:
        At most ``MOST_DAYS`` days in order.

    >>> from datetime import date
    >>> [day.day for day in series_days(date(2027, 1, 12), rhythm=Rhythm.MONTHS, interval=1, count=3)]
    [12, 9, 9]
    >>> series_days(date(2027, 1, 29), rhythm=Rhythm.MONTHS, interval=1, count=2)[1]
    datetime.date(2027, 4, 30)
    >>> len(series_days(date(2027, 1, 1), rhythm=Rhythm.WEEKS, interval=2, until=date(2027, 2, 1)))
    3
    """
    most = min(count or MOST_DAYS, MOST_DAYS)
    days: list[datetime.date] = []
    step = 0
    while len(days) < most:
        if rhythm == Rhythm.WEEKS:
            day: datetime.date | None = first + datetime.timedelta(weeks=step * interval)
        else:
            day = _same_weekday(first, months=step * interval)
        step += 1
        if day is None:
            continue
        if until is not None and day > until:
            break
        days.append(day)
    return days


def _same_weekday(first: datetime.date, *, months: int) -> datetime.date | None:
    """The same weekday of a later month, such as its second Tuesday; None where it has no fifth one."""
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    month += 1
    begins_with, length = calendar.monthrange(year, month)
    number = (first.day - 1) // 7
    day = 1 + (first.weekday() - begins_with) % 7 + 7 * number
    return datetime.date(year, month, day) if day <= length else None
