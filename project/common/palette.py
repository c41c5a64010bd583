"""Colours of the classes of maps: for screens, files and paper alike; no Django.

One hue from light to dark, evenly spaced in lightness, so that the classes keep their order in grey and for
people who see colours differently. ``project/static/passgenau/shades.css`` holds the same values (tested).
"""

from typing import Final

#: By number of classes: the lowest first. Evenly spaced in L* of CIELAB from 90 to 23.
SHADES: Final[dict[int, tuple[str, ...]]] = {
    3: ("#d1e5f5", "#3d8ec7", "#0f3571"),
    4: ("#d1e5f5", "#68acd8", "#1f6fb1", "#0f3571"),
    5: ("#d1e5f5", "#83bbdf", "#3d8ec7", "#155fa5", "#0f3571"),
    6: ("#d1e5f5", "#92c3e3", "#56a0d1", "#267bbb", "#11569c", "#0f3571"),
    7: ("#d1e5f5", "#9cc9e6", "#68acd8", "#3d8ec7", "#1f6fb1", "#115194", "#0f3571"),
}
#: Fill of areas with exactly zero; no figure at all is hatched.
ZERO: Final = "#ffffff"
PAPER: Final = "#ffffff"
INK: Final = "#171a2b"
MUTED: Final = "#4d536b"
#: Borders between areas: dark around light fills, white around dark ones.
LINE_ON_LIGHT: Final = "#3c4257"
LINE_ON_DARK: Final = "#ffffff"
HATCH_STRIPE: Final = "#9aa0b4"
#: Fills darker than this carry white borders and letters (relative luminance, WCAG 2.2).
_DARK_BELOW: Final = 0.28

ZERO_CSS: Final = "pg-shade-zero"
NONE_CSS: Final = "pg-class-none"


def luminance(colour: str) -> float:
    """Relative luminance of a colour.

    Args:
        colour: As "#rrggbb".

    Returns:
        0 (black) to 1 (white).

    Source:
        WCAG 2.2, "relative luminance".

        >>> luminance("#000000"), luminance("#ffffff")
        (0.0, 1.0)
    """
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4) for part in parts
    )
    return round(0.2126 * red + 0.7152 * green + 0.0722 * blue, 6)


def contrast(one: str, other: str) -> float:
    """Contrast of two colours, 1 to 21 (WCAG 2.2).

    >>> contrast("#000000", "#ffffff")
    21.0
    """
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def is_dark(colour: str) -> bool:
    """Whether borders and letters on a fill are white."""
    return luminance(colour) < _DARK_BELOW


def line_on(colour: str) -> str:
    """Colour of the border around a fill."""
    return LINE_ON_DARK if is_dark(colour) else LINE_ON_LIGHT


def shade_css(place: int, count: int) -> str:
    """Class name of a fill.

    Args:
        place: 1 for the lowest class.
        count: Number of classes. One or two take the ends of three, so that they differ clearly; more than 7,
            as runs of former methods may have, share the colours of 7.

        >>> shade_css(2, 5), shade_css(2, 2), shade_css(1, 1)
        ('pg-shade-5-2', 'pg-shade-3-3', 'pg-shade-3-1')
        >>> shade_css(1, 10), shade_css(5, 10), shade_css(10, 10)
        ('pg-shade-7-1', 'pg-shade-7-4', 'pg-shade-7-7')
    """
    most = max(SHADES)
    if count > most:
        return f"pg-shade-{most}-{1 + round((place - 1) * (most - 1) / (count - 1))}"
    if count == 2:
        return f"pg-shade-3-{2 * place - 1}"
    return f"pg-shade-{max(count, 3)}-{place}"


def shade_colours() -> dict[str, str]:
    """All fills by class name, "zero" included."""
    found = {
        f"pg-shade-{count}-{place}": colour
        for count, colours in SHADES.items()
        for place, colour in enumerate(colours, start=1)
    }
    return found | {ZERO_CSS: ZERO}


def style_sheet() -> str:
    """The rules of ``shades.css``: fill and border of each class."""
    rules = [
        f".{css} {{ fill: {colour}; }}\n.pg-map__area.{css} {{ stroke: {line_on(colour)}; }}"
        for css, colour in shade_colours().items()
    ]
    return "\n".join(rules)
