"""The typeface of our papers: Fira Sans as in KERN, embedded; ``fonts/OFL.txt`` is its licence."""

from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

REGULAR: Final = "FiraSans"
BOLD: Final = "FiraSans-SemiBold"
ITALIC: Final = "FiraSans-Italic"
_FILES: Final = {
    REGULAR: "FiraSans-Regular.ttf",
    BOLD: "FiraSans-SemiBold.ttf",
    ITALIC: "FiraSans-Italic.ttf",
}
_FOLDER: Final = Path(__file__).parent / "fonts"
#: Drawn for a character the typeface does not have: an empty box would be no text for a screen reader.
_SUBSTITUTE: Final = "\N{REPLACEMENT CHARACTER}"


@cache
def register() -> None:
    """Make the typeface known to reportlab; reads its files once a process."""
    for name, file in _FILES.items():
        pdfmetrics.registerFont(TTFont(name, str(_FOLDER / file)))


@lru_cache(maxsize=20_000)
def width_of(text: str, font: str, size: float) -> float:
    """Width of a piece of text in points."""
    register()
    return float(pdfmetrics.stringWidth(text, font, size))


@cache
def _known(font: str) -> frozenset[int]:
    register()
    return frozenset(pdfmetrics.getFont(font).face.charToGlyph)  # type: ignore[attr-defined]


def drawable(text: str, font: str = REGULAR) -> str:
    """Text in which every character can be drawn: others become a question mark in a box, or a space.

    Args:
        text: Any text, also one that somebody has pasted.
        font: Name of the font it is drawn in.
    """
    known = _known(font)
    if all(ord(char) in known for char in text):
        return text
    substitute = _SUBSTITUTE if ord(_SUBSTITUTE) in known else "?"
    return "".join(
        char if ord(char) in known else " " if char.isspace() else "" if ord(char) < 32 else substitute
        for char in text
    )
