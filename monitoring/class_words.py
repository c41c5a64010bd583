"""Names of classes in the language of the page: those our presets give; other names stay as they are.

A run keeps the name of a class and not who gave it. So a name that somebody typed and that is one of ours is
told in English too: it is the same German word, and means the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from project.common.formats import is_german

#: Names that ``presets.py`` gives, as the English pages say them. They are stored in German, like all names.
_ENGLISH: Final[Mapping[str, str]] = {
    "unauffällig": "does not stand out",
    "auffällig": "stands out",
    "hoch": "high",
    "mittel": "medium",
    "niedrig": "low",
    "sehr niedrig": "very low",
    "gering": "low",
    "eher gering": "rather low",
    "eher hoch": "rather high",
    "positiv": "positive",
    "stabil": "stable",
    "negativ": "negative",
}
#: Between status and dynamics, as ``methods.together`` writes it.
_BETWEEN: Final = " / "


def class_words(label: str) -> str:
    """Name of a class as the page says it.

    Args:
        label: As stored; of status and dynamics together where the method has both.

    Returns:
        In English pages the English word if each part is a name of ours, else the name itself.
    """
    if is_german():
        return label
    parts = label.split(_BETWEEN)
    if not all(part in _ENGLISH for part in parts):
        return label
    return _BETWEEN.join(_ENGLISH[part] for part in parts)
