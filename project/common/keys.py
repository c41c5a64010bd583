"""Keys and other whole numbers that come with an address or a form."""

from __future__ import annotations

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
