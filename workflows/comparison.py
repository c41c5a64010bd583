"""What changed between two texts, word by word. Plain text in and out."""

from __future__ import annotations

import dataclasses
import difflib
import re
from typing import Literal

#: Longer texts (words) are shown as replaced as a whole: nobody reads a mosaic of that size.
LONGEST = 5_000

# A word with its inner signs (60.000, SGB-II-Quote) or a single sign, each with the white space behind it.
_WORD = re.compile(r"(?:\w+(?:[.,:/-]\w+)*|[^\w\s])\s*")


@dataclasses.dataclass(frozen=True)
class Segment:
    """A run of words that stayed, came or went."""

    kind: Literal["same", "added", "removed"]
    text: str


def compare_words(old: str, new: str) -> list[Segment]:
    """Compare two texts word by word.

    The segments that are not "added" make up the old text, those that are not "removed" the new one, but for
    white space; what went stands before what came in its place.

    Args:
        old: Text before; leading white space is ignored.
        new: Text after; leading white space is ignored.

    >>> [(s.kind, s.text) for s in compare_words("ein kleines Angebot", "ein großes Angebot")]
    [('same', 'ein '), ('removed', 'kleines '), ('added', 'großes '), ('same', 'Angebot')]
    """
    before, after = _WORD.findall(old), _WORD.findall(new)
    if max(len(before), len(after)) > LONGEST and before != after:
        return _segments([("removed", before), ("added", after)])
    matcher = difflib.SequenceMatcher(
        a=[word.rstrip() for word in before], b=[word.rstrip() for word in after], autojunk=False
    )
    runs: list[tuple[Literal["same", "added", "removed"], list[str]]] = []
    for tag, first, last, start, stop in matcher.get_opcodes():
        if tag == "equal":
            runs.append(("same", after[start:stop]))
        else:
            runs += [("removed", before[first:last]), ("added", after[start:stop])]
    return _segments(runs)


def _segments(runs: list[tuple[Literal["same", "added", "removed"], list[str]]]) -> list[Segment]:
    return [Segment(kind, "".join(words)) for kind, words in runs if words]
