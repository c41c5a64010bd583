"""Drawings of ``project.common.svg`` on paper: the same geometry, with the looks of the style sheets."""

from __future__ import annotations

from typing import Final

from project.common.looks import INK, TEXT_SIZE, Look, look_of
from project.common.pdf.fonts import BOLD, REGULAR, drawable, width_of
from project.common.pdf.tagging import TaggedCanvas
from project.common.svg import Circle, Drawing, Group, Line, Path, Rect, Shape, Text

_DEFAULT: Final = Look(INK)
_HATCH: Final = "#b9bdca"
#: From this length on, areas that begin a drawing are written once a file (characters).
_WORTH_REPEATING: Final = 4_000


def draw(canvas: TaggedCanvas, drawing: Drawing, *, width: float) -> None:
    """Draw at the origin of the present coordinates, as wide as told.

    Args:
        canvas: Where to; the caller has opened the element or artifact.
        drawing: Geometry, y downwards.
        width: In points.
    """
    scale = width / drawing.width
    canvas.saveState()
    canvas.scale(scale, scale)
    shapes = list(drawing.shapes)
    base: list[str] = []
    while shapes and isinstance(shapes[0], Group) and not _has_text(shapes[0]):
        base.append(_code(shapes.pop(0), drawing.height))
    code = "\n".join(base)
    if len(code) >= _WORTH_REPEATING:
        canvas.repeated(code, drawing.width, drawing.height)
    elif code:
        canvas.addLiteral(code)
    for shape in shapes:
        _draw(canvas, shape, drawing.height)
    canvas.restoreState()


def _has_text(group: Group) -> bool:
    return any(isinstance(shape, Text | Group) for shape in group.shapes)


def _draw(canvas: TaggedCanvas, shape: Shape, height: float) -> None:
    match shape:
        case Group():
            for inner in shape.shapes:
                _draw(canvas, inner, height)
        case Text():
            _text(canvas, shape, height)
        case _:
            canvas.addLiteral(_code(shape, height))


def _text(canvas: TaggedCanvas, text: Text, height: float) -> None:
    look = look_of(text.css, default=_DEFAULT)
    size = look.size or TEXT_SIZE
    font = BOLD if look.is_bold else REGULAR
    written = drawable(text.text, font)
    shift = {"start": 0.0, "middle": 0.5, "end": 1.0}[text.anchor] * width_of(written, font, size)
    canvas.setFont(font, size)
    canvas.setFillColor(look.fill or INK)
    canvas.drawString(text.x - shift, height - text.y, written)


def _code(shape: Shape, height: float) -> str:
    """PDF operators of a shape without text."""
    match shape:
        case Group():
            return "\n".join(_code(inner, height) for inner in shape.shapes)
        case Path():
            return _path(shape, height)
        case Rect():
            box = (
                f"{_n(shape.x)} {_n(height - shape.y - shape.height)} {_n(shape.width)} {_n(shape.height)} re"
            )
            return _painted(box, look_of(shape.css, default=_DEFAULT))
        case Line():
            ends = f"{_n(shape.x1)} {_n(height - shape.y1)} m {_n(shape.x2)} {_n(height - shape.y2)} l"
            return _painted(ends, look_of(shape.css, default=_DEFAULT), is_open=True)
        case Circle():
            return _painted(
                _circle(shape.x, height - shape.y, shape.radius), look_of(shape.css, default=_DEFAULT)
            )
        case _:
            raise TypeError(f"{type(shape).__name__} has no operators of its own")


def _path(path: Path, height: float) -> str:
    rings = []
    for ring in path.rings:
        points = [f"{_n(x)} {_n(height - y)}" for x, y in ring]
        rings.append(
            f"{points[0]} m "
            + " ".join(f"{point} l" for point in points[1:])
            + (" h" if path.is_closed else "")
        )
    outline = " ".join(rings)
    look = look_of(path.css, default=_DEFAULT)
    if not path.is_hatched:
        return _painted(outline, look, is_open=not path.is_closed)
    edge = _painted(outline, Look("", look.stroke, look.width))
    return "\n".join([_painted(outline, Look(look.fill)), _hatch(path, outline, height), edge])


def _hatch(path: Path, outline: str, height: float) -> str:
    """Stripes from lower left to upper right, cut to the shape."""
    xs = [x for ring in path.rings for x, _y in ring]
    ys = [height - y for ring in path.rings for _x, y in ring]
    low, high, tall = min(xs), max(xs), max(ys) - min(ys)
    stripes = []
    # Everywhere on one grid, so that neighbours have their stripes in one line.
    at = (low - tall - min(ys)) // 8.5 * 8.5 + min(ys)
    while at < high:
        stripes.append(f"{_n(at)} {_n(min(ys))} m {_n(at + tall)} {_n(max(ys))} l")
        at += 8.5
    return f"q {outline} W* n {_rgb(_HATCH)} RG 2 w {' '.join(stripes)} S Q"


def _circle(x: float, y: float, radius: float) -> str:
    bend = radius * 0.5523
    curves = [
        (x + radius, y + bend, x + bend, y + radius, x, y + radius),
        (x - bend, y + radius, x - radius, y + bend, x - radius, y),
        (x - radius, y - bend, x - bend, y - radius, x, y - radius),
        (x + bend, y - radius, x + radius, y - bend, x + radius, y),
    ]
    return (
        f"{_n(x + radius)} {_n(y)} m " + " ".join(" ".join(map(_n, curve)) + " c" for curve in curves) + " h"
    )


def _painted(outline: str, look: Look, *, is_open: bool = False) -> str:
    fill = "" if is_open else look.fill
    stroke = look.stroke or (look.fill if is_open else "")
    parts = ["q"]
    if fill:
        parts.append(f"{_rgb(fill)} rg")
    if stroke:
        dash = f" [{' '.join(map(_n, look.dash))}] 0 d" if look.dash else ""
        parts.append(f"{_rgb(stroke)} RG {_n(look.width)} w 1 j{dash}")
    operator = {(True, True): "B*", (True, False): "f*", (False, True): "S", (False, False): "n"}[
        bool(fill), bool(stroke)
    ]
    return " ".join([*parts, outline, operator, "Q"])


def _rgb(colour: str) -> str:
    return " ".join(_n(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))


def _n(value: float) -> str:
    return (
        f"{value:.3g}"
        if -1 < value < 1 and abs(value) >= 0.001
        else f"{value:.1f}"
        if abs(value) >= 0.05
        else "0"
    )
