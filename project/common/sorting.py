"""Order of names as people count."""

import re

_NUMBER = re.compile(r"(\d+)")


def natural_key(text: str) -> list[str | int]:
    """Key to sort names by, numbers in them by their size.

    Args:
        text: Name.

    >>> sorted(["Wohnplatz 10", "Wohnplatz 2"], key=natural_key)
    ['Wohnplatz 2', 'Wohnplatz 10']
    """
    # The pieces alternate between text and number, so that like is compared with like.
    pieces = _NUMBER.split(text.casefold())
    return [int(piece) if place % 2 else piece for place, piece in enumerate(pieces)]
