"""Two people on one form: whether what a person saw when they opened it still stands when they send it."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from django.http import QueryDict

from project.common.errors import DomainError

#: Name of the hidden entry with the mark of what was seen.
SEEN: Final = "seen"


def mark_of(*values: Any) -> str:
    """Stands for some values: another mark means that one of them changed.

    Args:
        *values: Texts, numbers, days, None; lists and dictionaries in an order that does not depend on the
            database.

    >>> mark_of("a", None) == mark_of("a", None), mark_of("a", None) == mark_of("a", "None")
    (True, False)
    """
    return hashlib.sha256(repr(values).encode()).hexdigest()[:16]


def check_seen(seen: str, now: str, message: Any) -> None:
    """Refuse to write over what the person has not seen; without a mark nothing is asked.

    Raises:
        DomainError: ``changed_meanwhile`` with the message, which says what stands now.
    """
    if seen and seen != now:
        raise DomainError("changed_meanwhile", message)


def with_mark(data: QueryDict, mark: str) -> QueryDict:
    """What was sent, with the mark of what is shown beside it now: sent once more it counts."""
    changed = data.copy()
    changed[SEEN] = mark
    return changed
