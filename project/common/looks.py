"""What class names mean where no style sheet goes along: one table for papers and pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from project.common.palette import line_on, shade_colours

INK: Final = "#131525"
MUTED: Final = "#51577a"
LINK: Final = "#2044aa"
LINE: Final = "#c7cbdd"
LINE_STRONG: Final = "#6e7597"
GROUND: Final = "#eef0f7"
GOOD: Final = "#0a7d3b"
WARN: Final = "#b26a00"
BAD: Final = "#b3261e"
CALM: Final = "#2a6f97"
PLAN: Final = "#5c6b8a"
PAPER: Final = "#ffffff"
#: Bars of a timeline by kind of badge.
_SPANS: Final = {"success": GOOD, "warning": WARN, "danger": BAD, "info": PLAN, "neutral": PLAN}


@dataclass(frozen=True, slots=True)
class Look:
    """How shapes of a class are drawn.

    Attributes:
        fill: Colour of the inside and of letters; "" for none.
        stroke: Colour of the line; "" for none.
        width: Of the line, picture units.
        dash: Lengths of dashes and gaps; empty for a whole line. Pictures draw whole lines.
        size: Of letters, picture units; 0 for those of a chart.
        is_bold: Of letters.
    """

    fill: str = ""
    stroke: str = ""
    width: float = 1.0
    dash: tuple[float, ...] = ()
    size: float = 0.0
    is_bold: bool = False

    def css(self) -> str:
        """The same as rules of a style sheet."""
        rules = [f"fill:{self.fill or 'none'}"]
        if self.stroke:
            rules += [f"stroke:{self.stroke}", f"stroke-width:{self.width:g}"]
        if self.dash:
            rules.append(f"stroke-dasharray:{' '.join(f'{length:g}' for length in self.dash)}")
        if self.size:
            rules.append(f"font-size:{self.size:g}px")
        if self.is_bold:
            rules.append("font-weight:600")
        return ";".join(rules)


#: Letters of a chart (picture units).
TEXT_SIZE: Final = 14.0

#: As in static/passgenau/*.css; a test compares the colours. Later class names go over earlier ones.
LOOKS: Final[dict[str, Look]] = {
    "pg-bar__ground": Look(GROUND),
    "pg-bar__value--more": Look(BAD),
    "pg-bar__value--less": Look(CALM),
    "pg-bar__value--share": Look(CALM),
    "pg-bar__axis": Look("", INK),
    "pg-bar__arrow": Look(INK),
    "pg-bar__none": Look("", LINE_STRONG, dash=(4, 3)),
    "pg-bar__target": Look("", INK, 2),
    **{css: Look(colour, line_on(colour)) for css, colour in shade_colours().items()},
    "pg-class-none": Look("#e6e6e6", LINE),
    "pg-qr__ground": Look("#ffffff"),
    "pg-qr__dark": Look("#000000"),
    "pg-map__area--none": Look("#f6f6f6", LINE_STRONG),
    "pg-map__outline": Look("", INK, 3),
    "pg-map__mark": Look(INK, size=13, is_bold=True),
    "pg-map__mark--light": Look("#ffffff", size=13, is_bold=True),
    "pg-line": Look("", CALM, 2),
    "pg-line--main": Look("", CALM, 3),
    "pg-line--other-1": Look("", LINE_STRONG, 2, (6, 4)),
    "pg-line--other-2": Look("", WARN, 2, (2, 3)),
    "pg-dot": Look(CALM),
    "pg-dot--other-1": Look(LINE_STRONG),
    "pg-dot--other-2": Look(WARN),
    "pg-break": Look("", INK, 1.5, dash=(2, 3)),
    "pg-break-mark": Look(INK),
    # On paper one name for kind and phase: begun filled, over outlined, not begun dashed.
    **{f"pg-span--{kind}-running": Look(colour) for kind, colour in _SPANS.items()},
    **{f"pg-span--{kind}-over": Look(PAPER, colour, 1.5) for kind, colour in _SPANS.items()},
    **{f"pg-span--{kind}-ahead": Look(PAPER, colour, 1.5, (4, 3)) for kind, colour in _SPANS.items()},
    "pg-span__today": Look("", INK, 2),
    "pg-span__stage": Look("", LINK, 2, (6, 4)),
    "pg-gantt__plan": Look(LINE_STRONG),
    "pg-gantt__delay": Look(PAPER, BAD),
    "pg-gantt__band": Look(GROUND),
    "pg-stone": Look(PAPER, INK, 1.5),
    "pg-stone--reached": Look(INK, INK, 1.5),
    "pg-stone--late": Look(PAPER, BAD, 2),
    "pg-line--target": Look("", LINE_STRONG, 2, (5, 4)),
    "pg-target": Look(PAPER, LINE_STRONG, 2),
    "pg-axis": Look("", LINE_STRONG),
    "pg-grid": Look("", LINE),
    "pg-chart-text": Look(INK),
    "pg-chart-text--muted": Look(MUTED),
    "pg-chart-text--bold": Look(INK, is_bold=True),
}


def look_of(css: str, looks: Mapping[str, Look] = LOOKS, *, default: Look = Look()) -> Look:
    """The look of the last class name that has one.

    Args:
        css: Class names of a shape.
        looks: By class name.
        default: Where no name has one.
    """
    return next((looks[name] for name in reversed(css.split()) if name in looks), default)
