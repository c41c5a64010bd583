"""Geometry of charts as plain data, and its SVG text: numbers written in code, looks left to classes."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

Point = tuple[float, float]

# Width of one stripe of the hatch for "no data", in picture units.
_HATCH: Final = 6


@dataclass(frozen=True, slots=True)
class Path:
    """Lines through points; closed ones are filled, rings inside others are holes.

    Attributes:
        rings: Each a row of points in picture units, y downwards.
        css: Class names.
        is_closed: Whether each ring returns to its start.
        is_hatched: Filled with the hatch for "no data".
    """

    rings: tuple[tuple[Point, ...], ...]
    css: str
    is_closed: bool = True
    is_hatched: bool = False


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle; x, y is its upper left corner."""

    x: float
    y: float
    width: float
    height: float
    css: str


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line."""

    x1: float
    y1: float
    x2: float
    y2: float
    css: str


@dataclass(frozen=True, slots=True)
class Circle:
    """A dot."""

    x: float
    y: float
    radius: float
    css: str


@dataclass(frozen=True, slots=True)
class Text:
    """A short text; y is its base line."""

    x: float
    y: float
    text: str
    css: str
    anchor: Literal["start", "middle", "end"] = "start"


@dataclass(frozen=True, slots=True)
class Group:
    """Shapes that belong together, with a name for hovering and reading aloud, and perhaps a link.

    Attributes:
        shapes: Drawn in this order.
        css: Class names.
        title: Name of the group.
        href: Where it leads; "" for nowhere.
        is_tab_stop: Whether the tab key reaches the link; False where a list beside it has the same links.
    """

    shapes: tuple["Shape", ...]
    css: str = ""
    title: str = ""
    href: str = ""
    is_tab_stop: bool = True


Shape = Path | Rect | Line | Circle | Text | Group


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture.

    Attributes:
        width: In picture units, pixels at natural size.
        height: Likewise.
        title: Name of the picture; "" for a picture that only repeats the text beside it.
        description: What it shows, for people who do not see it.
        shapes: Drawn in this order.
        css: Class names of the whole.
        uid: Distinguishes pictures with hatches on one page; letters, digits, hyphens.
        is_stretched: Fills its place without keeping its shape (bars in a table).
    """

    width: float
    height: float
    title: str
    description: str
    shapes: tuple[Shape, ...]
    css: str = "pg-chart"
    uid: str = "chart"
    is_stretched: bool = False


def number(value: float) -> str:
    """Write a number for SVG: decimal point in every language, at most two decimals.

    >>> number(8.5), number(12.0), number(-0.001), number(1 / 3)
    ('8.5', '12', '0', '0.33')

    Raises:
        ValueError: The value is no finite number.
    """
    if not math.isfinite(value):
        raise ValueError("a drawing needs finite numbers")
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def to_svg(drawing: Drawing) -> SafeString:
    """Write a drawing as SVG for a page.

    A picture with links is a group for assistive technology (its parts must stay reachable), any
    other with a title an image, one without a title is decoration. Links that are no tab stops are for
    pointers only: they are hidden from assistive technology, which gets them from the table.

    Args:
        drawing: What to draw; all texts in it are escaped here.

    Returns:
        One ``<svg>`` element without style attributes, safe to put into a template.
    """
    has_links = any(isinstance(shape, Group) and shape.href for shape in drawing.shapes)
    size = f"{number(drawing.width)} {number(drawing.height)}"
    if drawing.title:
        role = "group" if has_links else "img"
        head = f'role="{role}" aria-label="{escape(drawing.title)}"'
    else:
        head = 'aria-hidden="true" focusable="false"'
    if drawing.is_stretched:
        head += ' preserveAspectRatio="none"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{escape(drawing.css)}" viewBox="0 0 {size}" '
        f'width="{number(drawing.width)}" height="{number(drawing.height)}" {head}>'
    ]
    if drawing.title:
        parts.append(f"<title>{escape(drawing.title)}</title>")
    if drawing.description:
        parts.append(f"<desc>{escape(drawing.description)}</desc>")
    hatch_id = f"{drawing.uid}-hatch"
    body = [_shape(shape, hatch_id) for shape in drawing.shapes]
    if any(shape.is_hatched for shape in _paths(drawing.shapes)):
        parts.append(_hatch(hatch_id))
    # Every text above went through escape, every number through number().
    return mark_safe("".join([*parts, *body, "</svg>"]))  # noqa: S308


def moved(shape: Shape, dx: float, dy: float) -> Shape:
    """The same shape at another place, to put a picture into a larger one.

    Args:
        shape: Any.
        dx: To the right, in picture units.
        dy: Downwards.
    """
    match shape:
        case Path():
            rings = tuple(tuple((x + dx, y + dy) for x, y in ring) for ring in shape.rings)
            return replace(shape, rings=rings)
        case Line():
            return replace(shape, x1=shape.x1 + dx, y1=shape.y1 + dy, x2=shape.x2 + dx, y2=shape.y2 + dy)
        case Group():
            return replace(shape, shapes=tuple(moved(inner, dx, dy) for inner in shape.shapes))
        case _:
            return replace(shape, x=shape.x + dx, y=shape.y + dy)


def _paths(shapes: tuple[Shape, ...]) -> Iterator[Path]:
    for shape in shapes:
        if isinstance(shape, Path):
            yield shape
        elif isinstance(shape, Group):
            yield from _paths(shape.shapes)


def _hatch(hatch_id: str) -> str:
    side = number(_HATCH)
    return (
        f'<defs><pattern id="{escape(hatch_id)}" width="{side}" height="{side}" '
        f'patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        f'<rect class="pg-hatch" width="{side}" height="{side}"/>'
        f'<rect class="pg-hatch__stripe" width="2" height="{side}"/></pattern></defs>'
    )


def _shape(shape: Shape, hatch_id: str) -> str:
    match shape:
        case Path():
            fill = f' fill="url(#{escape(hatch_id)})"' if shape.is_hatched else ""
            return f'<path class="{escape(shape.css)}"{fill} fill-rule="evenodd" d="{path_data(shape)}"/>'
        case Rect():
            place = _attributes(x=shape.x, y=shape.y, width=shape.width, height=shape.height)
            return f'<rect class="{escape(shape.css)}"{place}/>'
        case Line():
            place = _attributes(x1=shape.x1, y1=shape.y1, x2=shape.x2, y2=shape.y2)
            return f'<line class="{escape(shape.css)}"{place}/>'
        case Circle():
            return (
                f'<circle class="{escape(shape.css)}"{_attributes(cx=shape.x, cy=shape.y, r=shape.radius)}/>'
            )
        case Text():
            place = f'{_attributes(x=shape.x, y=shape.y)} text-anchor="{shape.anchor}"'
            return f'<text class="{escape(shape.css)}"{place}>{escape(shape.text)}</text>'
        case Group():
            return _group(shape, hatch_id)


def _group(group: Group, hatch_id: str) -> str:
    css = f' class="{escape(group.css)}"' if group.css else ""
    title = f"<title>{escape(group.title)}</title>" if group.title else ""
    inside = title + "".join(_shape(shape, hatch_id) for shape in group.shapes)
    if group.href:
        label = f' aria-label="{escape(group.title)}"' if group.title else ""
        stop = "" if group.is_tab_stop else ' tabindex="-1" aria-hidden="true"'
        return f'<a href="{escape(group.href)}"{css}{label if group.is_tab_stop else ""}{stop}>{inside}</a>'
    return f"<g{css}>{inside}</g>"


def _attributes(**numbers: float) -> str:
    return "".join(f' {name}="{number(value)}"' for name, value in numbers.items())


def path_data(path: Path) -> str:
    """Write the ``d`` of a path: absolute points with one decimal, a tenth of a pixel.

    >>> path_data(Path((((0, 0), (2.04, 0), (1, 1.5)),), "x"))
    'M0 0L2 0L1 1.5Z'
    """
    end = "Z" if path.is_closed else ""
    return "".join("M" + "L".join(f"{_tenth(x)} {_tenth(y)}" for x, y in ring) + end for ring in path.rings)


def _tenth(value: float) -> str:
    return number(round(value, 1))
