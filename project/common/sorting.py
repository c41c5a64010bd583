"""Order of names as people count and spell them, the same in Python and in every database."""

import re
from typing import Any, Final

from django.db.models import CharField, Func, Value
from django.db.models.functions import Lower, Replace

_NUMBER = re.compile(r"(\d+)")
#: Letters that German orders like others (DIN 5007-1); large ones too, as not every database lowers them.
_ALIKE: Final = {"ä": "a", "ö": "o", "ü": "u", "Ä": "a", "Ö": "o", "Ü": "u", "ß": "ss"}
_TABLE: Final = {ord(letter): alike for letter, alike in _ALIKE.items()}


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


def german_key(text: str) -> str:
    """Key to sort names by as German does: ä like a, ß like ss, small letters like large ones.

    Args:
        text: Name.

    >>> sorted(["Zentrum", "Übach", "Unna", "ähnlich"], key=german_key)
    ['ähnlich', 'Übach', 'Unna', 'Zentrum']
    """
    return text.translate(_TABLE).lower()


class _Bytewise(Func):
    """A text that is compared sign by sign, whatever order of letters the database was set up with."""

    template = "%(expressions)s"
    output_field = CharField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Collation of PostgreSQL that SQLite has by itself."""
        return self.as_sql(compiler, connection, template='(%(expressions)s) COLLATE "C"', **context)


def german_order(name: str) -> Func:
    """``german_key`` of a column, to order by in the database.

    Args:
        name: Name or path of the column.

    Returns:
        An expression for ``annotate`` and ``order_by``.
    """
    found: Func = Lower(name)
    for letter, alike in _ALIKE.items():
        found = Replace(found, Value(letter), Value(alike))
    return _Bytewise(found)
