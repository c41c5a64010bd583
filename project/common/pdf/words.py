"""Breaking lines: at spaces, in German compounds at their joints, never beyond the edge."""

import re
from typing import Final

from project.common.pdf.fonts import drawable, width_of

#: Words from this length on may be broken at the end of a line though they would fit into the next (letters).
_LONG: Final = 18
#: At least so many letters stay on either side of a hyphen.
_LEAST: Final = 3
SOFT_HYPHEN: Final = "\N{SOFT HYPHEN}"
#: Endings after which a German compound goes on: Betreuungs|einrichtung, Gesundheits|amt.
_JOINT: Final = re.compile(
    r"(?<=\w{2})(ungs|heits|keits|schafts|ions|täts|lings|tums|ments)(?=\w{3})", re.IGNORECASE
)
#: Consonants that begin a syllable together; others are parted before the last one.
_ONSET: Final = (
    "sch[lmnrw]|str|spr|sch|[bpfkg][lr]|[td]r|kn|gn|zw|st|sp|pf|ch|ck|ph|th|qu|[bcdfghjklmnpqrstvwxzß]"
)
_SYLLABLE: Final = re.compile(
    rf"(?<=[aeiouyäöü])([bcdfghjklmnpqrstvwxzß]*?)((?:{_ONSET})(?=[aeiouyäöü]))", re.IGNORECASE
)
_AFTER: Final = re.compile(r"(?<=[-/.,;:_@&=?+])(?=\w)")


def breaks_of(word: str) -> list[int]:
    """Where a word may be broken, best places by joint, else by syllable.

    Args:
        word: Without spaces.

    Returns:
        Rising positions; a hyphen is set there unless one stands before it.

        >>> word = "Kinderbetreuungseinrichtung"
        >>> [word[:at] for at in breaks_of(word)][-3:]
        ['Kinderbetreuungs', 'Kinderbetreuungsein', 'Kinderbetreuungseinrich']
        >>> breaks_of("Amt")
        []
    """
    joints = {found.end() for found in _JOINT.finditer(word)}
    # A joint settles the place: the syllable rule would put the s of "ungs" to the next word.
    syllables = {
        found.start(2)
        for found in _SYLLABLE.finditer(word)
        if not any(abs(found.start(2) - joint) <= 1 for joint in joints)
    }
    plain = {found.start() for found in _AFTER.finditer(word)}
    allowed = {at for at in joints | syllables if _LEAST <= at <= len(word) - _LEAST}
    return sorted(allowed | plain)


def lines_of(text: str, *, width: float, font: str, size: float) -> list[str]:
    """Break a text into lines that fit.

    Args:
        text: May hold line breaks, which are kept.
        width: Of the place, in points.
        font: Registered font.
        size: In points.

    Returns:
        At least one line. A line that ends within a word ends with a soft hyphen, which is drawn as a hyphen
        and read as none.
    """
    lines: list[str] = []
    # Before the look at what can be drawn: no typeface has a sign for the end of a line.
    for paragraph in re.split(r"\r\n?|\n", text):
        lines += _wrapped(drawable(paragraph, font), width, font, size)
    return lines


def _wrapped(text: str, width: float, font: str, size: float) -> list[str]:
    lines: list[str] = []
    line, used = "", 0.0
    space = width_of(" ", font, size)
    # No-break spaces hold a number and its unit together.
    for given in re.split(r"[ \t]+", text.strip(" \t")):
        word = given
        taken = width_of(word, font, size)
        while True:
            before = used + space if line else 0.0
            if before + taken <= width:
                line, used = (f"{line} {word}" if line else word), before + taken
                break
            head = ""
            if len(word) >= _LONG or taken > width:
                head = _head(word, width - before, font, size)
            if head:
                lines.append(f"{line} {head}" if line else head)
                word = word[len(head.removesuffix(SOFT_HYPHEN)) :]
            elif line:
                lines.append(line)
            else:
                cut = _cut(word, width, font, size)
                lines.append(word[:cut])
                word = word[cut:]
            line, used = "", 0.0
            taken = width_of(word, font, size)
            if not word:
                break
    return [*lines, line] if line or not lines else lines


def _head(word: str, width: float, font: str, size: float) -> str:
    """The longest beginning of a word that fits with its hyphen; "" if none does."""
    for at in reversed(breaks_of(word)):
        head = word[:at] if not word[at - 1].isalnum() else word[:at] + SOFT_HYPHEN
        if width_of(head, font, size) <= width:
            return head
    return ""


def _cut(word: str, width: float, font: str, size: float) -> int:
    """How many letters fit, at least one: the last resort for what has no place to break."""
    count = len(word)
    while count > 1 and width_of(word[:count], font, size) > width:
        count -= 1
    return count
