"""Numbers of machine-readable files: one decimal sign for the whole file, no thousands without need."""

import math
import re
from typing import Final

_FORMS: Final = {
    ".": re.compile(r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)?(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?"),
    ",": re.compile(r"[+-]?(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+)?(?:,[0-9]*)?(?:[eE][+-]?[0-9]+)?"),
}
_THOUSANDS: Final = {".": ",", ",": "."}


def read_decimal(text: str, decimal: str) -> float | None:
    """Read a number.

    Args:
        text: Trimmed text of a cell.
        decimal: "." or ","; the other one groups thousands.

    Returns:
        The number; None if the text is none, or one that no computer holds.

        >>> read_decimal("1.234,5", ","), read_decimal("-0.5", "."), read_decimal("1,5", ".")
        (1234.5, -0.5, None)
    """
    if not _FORMS[decimal].fullmatch(text) or not any(sign.isdigit() for sign in text):
        return None
    number = float(text.replace(_THOUSANDS[decimal], "").replace(decimal, "."))
    return number if math.isfinite(number) else None
