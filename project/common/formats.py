"""Dates, numbers and money as people read them: one look in HTML, PDF and mail.

The German forms are the rule; with English as the language of the request the same
functions give the English forms. None always means "no value" and becomes a dash.
"""

import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import NamedTuple

from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

Number = int | float | Decimal

NO_VALUE = "–"
MINUS = "−"
NBSP = "\u00a0"
# Days before the due date from which a task is marked as pressing.
DUE_SOON_DAYS = 7
# Signs that stand together where a check sum is printed.
_GROUP = 4

# Signs of German official statistics (Statistisches Bundesamt, "Zeichenerklärung").
SIGN_NOTHING = "-"
SIGN_UNKNOWN = "."
SIGN_UNCERTAIN = "/"
SIGN_NOT_MEANINGFUL = "x"
SIGN_LATER = "..."
SIGN_LIMITED = "()"


class Badge(NamedTuple):
    """A state in word and colour; kind is success, warning, danger, info or neutral."""

    kind: str
    text: str


def is_german() -> bool:
    """Tell whether the current language wants German forms (also when none is active)."""
    return (get_language() or "de").startswith("de")


def language_of_papers() -> str:
    """Language of files made now: "de" or "en", as the page."""
    return "de" if is_german() else "en"


def _to_decimal(value: Number | str) -> Decimal:
    if isinstance(value, Decimal):
        return value
    try:
        return Decimal(str(value))
    except InvalidOperation as error:
        raise ValueError(f"not a number: {value!r}") from error


def _rounded(number: Decimal, places: int) -> Decimal:
    return number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def as_written(value: float | None, places: int) -> float | None:
    """Round a figure as ``decimal_de`` writes it, to compare what readers see.

    Args:
        value: The figure; None stays None.
        places: Digits after the comma.

    >>> as_written(0.6951, 1) == as_written(0.7449, 1)
    True
    """
    return None if value is None else float(_rounded(_to_decimal(value), places))


def date_de(value: datetime.date | datetime.datetime | None) -> str:
    """Write a date: 14.01.2027, in English 14 Jan 2027.

    Args:
        value: A date, or an aware moment (shown in local time); None gives a dash.

    >>> date_de(datetime.date(2027, 1, 14))
    '14.01.2027'
    """
    if value is None:
        return NO_VALUE
    if isinstance(value, datetime.datetime):
        value = timezone.localtime(value).date() if timezone.is_aware(value) else value.date()
    if is_german():
        return f"{value.day:02d}.{value.month:02d}.{value.year:04d}"
    return f"{value.day} {_MONTHS_EN[value.month - 1]} {value.year:04d}"


_MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def datetime_de(value: datetime.datetime | None) -> str:
    """Write a moment in local time: 14.01.2027, 09:30 Uhr; in English 14 Jan 2027, 09:30."""
    if value is None:
        return NO_VALUE
    local = timezone.localtime(value) if timezone.is_aware(value) else value
    clock = f"{local.hour:02d}:{local.minute:02d}"
    return f"{date_de(local)}, {clock} Uhr" if is_german() else f"{date_de(local)}, {clock}"


def time_de(value: datetime.time | datetime.datetime | None) -> str:
    """Write an hour of the day: 09:30 Uhr, in English 09:30; a moment in local time.

    >>> time_de(datetime.time(9, 30)).startswith("09:30")
    True
    """
    if value is None:
        return NO_VALUE
    hour = timezone.localtime(value).time() if isinstance(value, datetime.datetime) else value
    return f"{hour:%H:%M}{NBSP}Uhr" if is_german() else f"{hour:%H:%M}"


def period_de(start: datetime.date | None, end: datetime.date | None) -> str:
    """Write a period: 01.01.2026 bis 31.12.2028; a missing end is left open."""
    if start is None and end is None:
        return NO_VALUE
    if end is None:
        return _("from %(start)s") % {"start": date_de(start)}
    if start is None:
        return _("until %(end)s") % {"end": date_de(end)}
    return _("%(start)s to %(end)s") % {"start": date_de(start), "end": date_de(end)}


def decimal_de(value: Number | str | None, places: int | None = None) -> str:
    """Write a number with decimal comma and dots for thousands (English the other way round).

    Args:
        value: The number; None gives a dash.
        places: Digits after the comma, rounded half up; None keeps what is there
            without trailing zeros.

    >>> decimal_de(Decimal("1234.5"), 2)
    '1.234,50'
    >>> decimal_de(-1234)
    '−1.234'
    """
    if value is None or value == "":
        return NO_VALUE
    number = _to_decimal(value)
    if not number.is_finite():
        return NO_VALUE
    if places is not None:
        number = _rounded(number, places)
    elif number == number.to_integral_value():
        number = number.quantize(Decimal(1))
    else:
        number = number.normalize()
    text = f"{abs(number):,f}"
    if is_german():
        text = text.translate(_SWAP_SEPARATORS)
    return f"{MINUS}{text}" if number < 0 else text


_SWAP_SEPARATORS = str.maketrans(",.", ".,")


def signed_de(value: Number | str | None, places: int | None = 1) -> str:
    """Write a deviation with its sign, the real minus included: +2,1 or −0,8; zero has no sign.

    >>> signed_de(Decimal("2.149"))
    '+2,1'
    """
    text = decimal_de(value, places)
    if value is None or value == "" or text == NO_VALUE or text.startswith(MINUS):
        # "-0,0" after rounding is zero and carries no sign.
        return text
    is_zero = not text.strip("0.,")
    return text if is_zero else f"+{text}"


def percent_de(value: Number | str | None, places: int = 1) -> str:
    """Write a percentage that is already in percent (52.0): 52,0 %, in English 52.0%."""
    if value is None or value == "":
        return NO_VALUE
    unit = f"{NBSP}%" if is_german() else "%"
    return f"{decimal_de(value, places)}{unit}"


def share_de(value: Number | str | None, places: int = 1) -> str:
    """Write a share from 0 to 1 as a percentage: 0.52 becomes 52,0 %."""
    if value is None or value == "":
        return NO_VALUE
    return percent_de(_to_decimal(value) * 100, places)


def money_de(value: Number | str | None, places: int = 2) -> str:
    """Write an amount in euros: 1.234,56 €, in English €1,234.56."""
    if value is None or value == "":
        return NO_VALUE
    text = decimal_de(value, places)
    if is_german():
        return f"{text}{NBSP}€"
    return f"{MINUS}€{text.removeprefix(MINUS)}" if text.startswith(MINUS) else f"€{text}"


def grouped(checksum: str) -> str:
    """A check sum in groups of four signs, as it is printed and read out.

    >>> grouped("a1b2c3d4")
    'a1b2 c3d4'
    """
    return " ".join(checksum[place : place + _GROUP] for place in range(0, len(checksum), _GROUP))


def sign_meaning(sign: str) -> str:
    """Say in words what a sign of official statistics means; an unknown sign gives an empty text."""
    meanings = {
        SIGN_NOTHING: _("nothing present"),
        SIGN_UNKNOWN: _("unknown or confidential"),
        SIGN_UNCERTAIN: _("not reliable enough to be shown"),
        SIGN_NOT_MEANINGFUL: _("not meaningful"),
        SIGN_LATER: _("figure follows later"),
        SIGN_LIMITED: _("of limited reliability"),
    }
    return meanings.get(sign, "")


def figure_de(value: Number | str | None, sign: str = "", places: int | None = None) -> str:
    """Write a figure of official statistics: the number, the number in brackets, or its sign.

    Args:
        value: The number; None means there is none.
        sign: Sign of official statistics; "()" puts the number in brackets.
        places: Digits after the comma.

    Returns:
        The number; without one its sign, or "." (unknown) if no sign is given.
    """
    if value is None or value == "":
        return sign or SIGN_UNKNOWN
    if sign in {SIGN_NOTHING, SIGN_UNKNOWN, SIGN_UNCERTAIN, SIGN_NOT_MEANINGFUL, SIGN_LATER}:
        return sign
    text = decimal_de(value, places)
    return f"({text})" if sign == SIGN_LIMITED else text


def due_badge(due_on: datetime.date | None, today: datetime.date) -> Badge:
    """Say how pressing a due date is, in word and colour.

    Args:
        due_on: Last day; None if there is no deadline.
        today: The day to count from.

    Returns:
        danger "3 Tage überfällig", warning "heute fällig" or "Noch 3 Tage" within a week, else
        info "offen".
    """
    if due_on is None:
        return Badge("info", _("open"))
    days = (due_on - today).days
    if days < 0:
        text = ngettext("%(days)s day overdue", "%(days)s days overdue", -days) % {"days": -days}
        return Badge("danger", text)
    if days == 0:
        return Badge("warning", _("due today"))
    if days <= DUE_SOON_DAYS:
        text = ngettext("%(days)s day left", "%(days)s days left", days) % {"days": days}
        return Badge("warning", text)
    return Badge("info", _("open"))


def since_de(moment: datetime.datetime | datetime.date, today: datetime.date) -> str:
    """Say since when something waits: seit heute, seit gestern, seit 12 Tagen."""
    day = timezone.localtime(moment).date() if isinstance(moment, datetime.datetime) else moment
    days = (today - day).days
    if days <= 0:
        return _("since today")
    if days == 1:
        return _("since yesterday")
    return ngettext("for %(days)s day", "for %(days)s days", days) % {"days": days}


def file_size_de(size: int) -> str:
    """Write the size of a file: 812 Byte, 1,4 MB, 20 MB (1 MB is 1,000,000 bytes)."""
    kilo = 1000
    if size < kilo:
        return ngettext("%(size)s byte", "%(size)s bytes", size) % {"size": size}
    if size < kilo * kilo:
        return f"{decimal_de(Decimal(size) / kilo, 0)}{NBSP}KB"
    digits = 1 if size % (kilo * kilo) else 0
    return f"{decimal_de(Decimal(size) / (kilo * kilo), digits)}{NBSP}MB"
