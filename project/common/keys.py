"""Keys that come with an address, a form or a file: whole numbers, and official keys of places."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

#: As many digits fit into the database's largest whole number, whichever they are.
_MOST_DIGITS: Final = 18


def key_or_none(text: str | None) -> int | None:
    """The whole number somebody sent, if it is one a table could hold.

    ``str.isdigit()`` alone also takes "²", which ``int()`` refuses, and numbers no column can hold.

    Args:
        text: What was sent; nothing, or anything at all.

    Returns:
        The number of at most 18 ASCII digits, else None.

    >>> key_or_none("12"), key_or_none("²"), key_or_none("9" * 25), key_or_none("-1"), key_or_none(None)
    (12, None, None, None, None)
    """
    if text and len(text) <= _MOST_DIGITS and text.isascii() and text.isdigit():
        return int(text)
    return None


def place_of(key: str) -> str:
    """An official key as short as the place allows: those of the same place become one.

    District 5 digits; municipality 8 (AGS), 12 (ARS, with the association of municipalities in digits 6 to 9)
    or 9 (as in INKAR and other files: an association of one municipality, whose number begins with 0); a
    district-free city is both. Blanks as in "05 366 004" do not count. Any other key stays as it is.

    Args:
        key: The key.

    Source: Statistisches Bundesamt, Gemeindeverzeichnis GV-ISys, notes on AGS and ARS.

    >>> place_of("053660004004"), place_of("053660004"), place_of("05366004"), place_of("05 366 004")
    ('05366004', '05366004', '05366004', '05366004')
    >>> place_of("05111000"), place_of("051110000000"), place_of("05111"), place_of("01100101")
    ('05111', '05111', '05111', '01100101')
    """
    digits = "".join(key.split())
    if not (digits.isascii() and digits.isdigit()):
        return key
    if len(digits) == 12 or (len(digits) == 9 and digits[5] == "0"):
        digits = digits[:5] + digits[-3:]
    return digits[:5] if len(digits) == 8 and digits.endswith("000") else digits


#: Digits of official keys from which a spreadsheet took the zero in front, as it does with numbers.
_SHORTENED: Final = frozenset({1, 4, 7, 11})


def with_lost_zero(key: str) -> str | None:
    """An official key with the zero in front that a spreadsheet took from it; None if it lost none.

    Args:
        key: The key as it came; states have 2 digits, districts 5, municipalities 8 or 12.

    >>> with_lost_zero("5366004"), with_lost_zero("05366004"), with_lost_zero("Kall")
    ('05366004', None, None)
    """
    is_shortened = key.isascii() and key.isdigit() and len(key) in _SHORTENED
    return f"0{key}" if is_shortened else None


class PlaceKeys:
    """Finds the one known key that means the same place as another."""

    def __init__(self, known: Iterable[str]) -> None:
        self._exact = set(known)
        self._places: dict[str, set[str]] = defaultdict(set)
        self._bare: dict[str, set[str]] = defaultdict(set)
        for key in self._exact:
            self._places[place_of(key)].add(key)
            self._bare[key.lstrip("0")].add(key)

    def find(self, key: str) -> str | None:
        """The known key itself, else the only one of the same place; None if there is none, or several.

        Args:
            key: Key in any of the forms of ``place_of``.

        >>> PlaceKeys(["05366004", "05111"]).find("053660004004"), PlaceKeys(["05111"]).find("05112000")
        ('05366004', None)
        """
        if key in self._exact:
            return key
        return _only(self._places.get(place_of(key), set()))

    def find_without_zeros(self, key: str) -> str | None:
        """The known key from which a spreadsheet took the zeros in front; None if there is none, or several.

        Asked only once ``find`` found nothing. Keys of one's own lose zeros as official ones do.

        Args:
            key: Key as it came.

        >>> PlaceKeys(["05366004"]).find_without_zeros("5366004"), PlaceKeys(["05366004"]).find("5366004")
        ('05366004', None)
        >>> PlaceKeys(["007"]).find_without_zeros("7"), PlaceKeys(["7", "07"]).find_without_zeros("007")
        ('007', None)
        """
        if not key:
            return None
        return _only(self._bare.get(key, set())) or self.find(f"0{key}")


def _only(keys: set[str]) -> str | None:
    return next(iter(keys)) if len(keys) == 1 else None
