"""Small bars beside numbers: how far from the mean, how much of a whole."""

from typing import Final

from django.utils.translation import gettext as _

from project.common.formats import NO_VALUE, signed_de
from project.common.svg import Drawing, Line, Path, Rect, Shape

# Deviation bars end here; almost all deviations of some dozen areas lie within (standard deviations).
DEVIATION_LIMIT: Final = 3.0
WIDTH: Final = 200.0
HEIGHT: Final = 14.0
_TOP: Final = 2.0
_THICK: Final = HEIGHT - 2 * _TOP


def deviation_bar(
    deviation: float | None, *, name: str = "", limit: float = DEVIATION_LIMIT, is_one_sided: bool = False
) -> Drawing:
    """Draw how far an area lies from the mean: to the right more need, to the left less.

    Args:
        deviation: In standard deviations, above 0 for more need; None for no value.
        name: Name of the indicator; "" if the bar stands beside name and number and is decoration.
        limit: Deviation that fills the bar, above 0; a longer one shows an arrow.
        is_one_sided: Draw from the left edge without a middle, for lists of the highest.
    """
    middle, reach = (0.0, WIDTH) if is_one_sided else (WIDTH / 2, WIDTH / 2)
    axis: list[Shape] = [] if is_one_sided else [Line(middle, 0, middle, HEIGHT, "pg-bar__axis")]
    if deviation is None:
        return _bar([_none(), *axis], name, _("no value"))
    length = min(abs(deviation), limit) / limit * reach
    is_more = deviation >= 0
    kind = "more" if is_more else "less"
    left = middle if is_more else middle - length
    shapes: list[Shape] = [] if is_one_sided else [Rect(0, 0, WIDTH, HEIGHT, "pg-bar__ground")]
    shapes.append(Rect(left, _TOP, length, _THICK, f"pg-bar__value pg-bar__value--{kind}"))
    if abs(deviation) > limit:
        shapes.append(_arrow(to_right=is_more))
    return _bar([*shapes, *axis], name, signed_de(deviation))


def share_bar(
    value: float | None, maximum: float, *, name: str = "", text: str = "", target: float | None = None
) -> Drawing:
    """Draw a bar from 0, with a line at the target.

    Args:
        value: Figure, 0 or more; None for no value.
        maximum: Figure at the full length, above 0.
        name: Name of the figure; "" for decoration beside name and number.
        text: The figure as written beside it, for the name.
        target: Figure to mark; None for none.

    Raises:
        ValueError: The maximum is not above 0.
    """
    if maximum <= 0:
        raise ValueError("a bar needs a maximum above 0")
    if value is None:
        shapes: list[Shape] = [_none()]
    else:
        length = max(0.0, min(value / maximum, 1.0)) * WIDTH
        shapes = [
            Rect(0, 0, WIDTH, HEIGHT, "pg-bar__ground"),
            Rect(0, _TOP, length, _THICK, "pg-bar__value pg-bar__value--share"),
        ]
        if value > maximum:
            shapes.append(_arrow(to_right=True))
    if target is not None:
        place = max(0.0, min(target / maximum, 1.0)) * WIDTH
        shapes.append(Line(place, 0, place, HEIGHT, "pg-bar__target"))
    return _bar(shapes, name, text or NO_VALUE)


def _bar(shapes: list[Shape], name: str, text: str) -> Drawing:
    title = f"{name}: {text}" if name else ""
    return Drawing(WIDTH, HEIGHT, title, "", tuple(shapes), css="pg-bar", uid="bar", is_stretched=True)


def _none() -> Rect:
    """An empty frame: there is no value, which is not the same as a bar of length 0."""
    return Rect(0.5, _TOP, WIDTH - 1, _THICK, "pg-bar__none")


def _arrow(*, to_right: bool) -> Path:
    """A notch at the end of a bar that is longer than its track."""
    tip, back = (WIDTH, WIDTH - 6) if to_right else (0.0, 6.0)
    return Path((((back, _TOP), (tip, HEIGHT / 2), (back, HEIGHT - _TOP)),), "pg-bar__arrow")
