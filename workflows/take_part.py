"""The few sentences of an evening's entry page, in all its languages: data, apart from the product's two."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Final

_FILE: Final = Path(__file__).parent / "words" / "take_part.json"
#: Of who chose none.
DEFAULT: Final = "de"


@cache
def _all() -> dict[str, dict[str, str]]:
    words: dict[str, dict[str, str]] = json.loads(_FILE.read_text(encoding="utf-8"))
    return words


def languages() -> list[tuple[str, str]]:
    """Codes and own names of the languages, German first."""
    return [(code, words["language"]) for code, words in _all().items()]


def language_or_default(wanted: str | None) -> str:
    """The language asked for, or German."""
    return wanted if wanted in _all() else DEFAULT


def words_of(language: str) -> dict[str, str]:
    """Sentences of a language by name; ``{…}`` in them is filled with ``format``."""
    return _all()[language]
