"""What changed between two texts, word by word. Plain text in and out."""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Iterable
from typing import Final, Literal

from django.utils.functional import Promise

#: Longer texts (words) are shown as replaced as a whole: nobody reads a mosaic of that size.
LONGEST = 5_000
#: Words that are left beside a change where a text is shortened.
BESIDE: Final = 25
#: Stands for what was left out.
LEFT_OUT: Final = "[…] "

# A word with its inner signs (60.000, SGB-II-Quote) or a single sign, each with the white space behind it.
_WORD = re.compile(r"(?:\w+(?:[.,:/-]\w+)*|[^\w\s])\s*")


@dataclasses.dataclass(frozen=True)
class Segment:
    """A run of words, or one item of a list, that stayed, came or went."""

    kind: Literal["same", "added", "removed"]
    text: str
    is_item: bool = False


@dataclasses.dataclass(frozen=True)
class FieldChange:
    """One part of something in two versions, word by word."""

    label: str | Promise
    segments: list[Segment]

    @property
    def is_changed(self) -> bool:
        """Whether anything came or went."""
        return any(segment.kind != "same" for segment in self.segments)

    @property
    def before(self) -> list[Segment]:
        """The part as it was, with what went marked."""
        return [segment for segment in self.segments if segment.kind != "added"]

    @property
    def after(self) -> list[Segment]:
        """The part as it is, with what came marked."""
        return [segment for segment in self.segments if segment.kind != "removed"]


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


def shortened(segments: Iterable[Segment]) -> list[Segment]:
    """Changes with some words beside them; what stayed farther away is left out.

    >>> long = Segment("same", "gleich " * 60)
    >>> [len(row.text.split()) for row in shortened([Segment("added", "neu "), long])]
    [1, 26]
    """
    rows = list(segments)
    last = len(rows) - 1
    return [
        _shortened(row, is_first=place == 0, is_last=place == last) if row.kind == "same" else row
        for place, row in enumerate(rows)
    ]


def _shortened(row: Segment, *, is_first: bool, is_last: bool) -> Segment:
    words = _WORD.findall(row.text)
    head = [] if is_first else words[:BESIDE]
    tail = [] if is_last else words[-BESIDE:]
    if row.is_item or len(words) <= len(head) + len(tail) + BESIDE:
        return row
    return Segment("same", "".join([*head, LEFT_OUT, *tail]))
