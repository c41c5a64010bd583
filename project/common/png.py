"""Drawings as PNG pictures, from the same geometry as their SVG; text in the typeface of the pages."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path as FilePath
from typing import Final

from PIL import Image, ImageChops, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from project.common.looks import TEXT_SIZE, Look, look_of
from project.common.svg import Circle, Drawing, Group, Line, Path, Point, Rect, Shape, Text

#: Pixels of the file for a picture unit, and how many more are drawn for smooth edges.
SCALE: Final = 2
_SMOOTH: Final = 2
_DRAWN: Final = SCALE * _SMOOTH
_FONTS: Final = FilePath(__file__).resolve().parents[1] / "static" / "vendor" / "kern" / "fonts"
#: Width and distance of the stripes of the hatch, picture units.
_STRIPE: Final = 2.0
_STRIPE_STEP: Final = 8.5


def to_png(
    drawing: Drawing, looks: Mapping[str, Look], *, stripe: str, notes: Mapping[str, str] | None = None
) -> bytes:
    """Paint a drawing.

    Args:
        drawing: What to paint; links and names for hovering stay behind.
        looks: Colours and sizes by class name; of the names of a shape the last one wins.
        stripe: Colour of the stripes of hatched shapes.
        notes: Texts kept inside the file, such as Title and Source.

    Returns:
        The file; the same drawing gives the same bytes.
    """
    size = (round(drawing.width * _DRAWN), round(drawing.height * _DRAWN))
    image = Image.new("RGB", size, "#ffffff")
    shapes = list(_flat(drawing.shapes))
    for shape in shapes:
        _paint(image, shape, looks, stripe)
    image = image.resize((size[0] // _SMOOTH, size[1] // _SMOOTH), Image.Resampling.LANCZOS)
    # Letters come last and at their final size: that keeps them sharp.
    pen = ImageDraw.Draw(image)
    for shape in shapes:
        if isinstance(shape, Text):
            _write(pen, shape, look_of(shape.css, looks))
    info = PngInfo()
    for name, text in (notes or {}).items():
        info.add_itxt(name, text)
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True, pnginfo=info, dpi=(192, 192))
    return file.getvalue()


def _flat(shapes: Sequence[Shape]) -> list[Shape]:
    found: list[Shape] = []
    for shape in shapes:
        found += _flat(shape.shapes) if isinstance(shape, Group) else [shape]
    return found


def _paint(image: Image.Image, shape: Shape, looks: Mapping[str, Look], stripe: str) -> None:
    if isinstance(shape, Text | Group):
        return
    look = look_of(shape.css, looks)
    pen = ImageDraw.Draw(image)
    width = max(round(look.width * _DRAWN), 1)
    match shape:
        case Path():
            _paint_path(image, shape, look, stripe)
        case Rect():
            box = _scaled([(shape.x, shape.y), (shape.x + shape.width, shape.y + shape.height)])
            pen.rectangle(box, fill=look.fill or None, outline=look.stroke or None, width=width)
        case Line():
            if look.stroke:
                pen.line(_scaled([(shape.x1, shape.y1), (shape.x2, shape.y2)]), fill=look.stroke, width=width)
        case Circle():
            corners = [
                (shape.x - shape.radius, shape.y - shape.radius),
                (shape.x + shape.radius, shape.y + shape.radius),
            ]
            pen.ellipse(_scaled(corners), fill=look.fill or None)


def _scaled(points: Sequence[Point]) -> list[tuple[float, float]]:
    return [(x * _DRAWN, y * _DRAWN) for x, y in points]


def _paint_path(image: Image.Image, path: Path, look: Look, stripe: str) -> None:
    rings = [_scaled(ring) for ring in path.rings if len(ring) > 1]
    if path.is_closed and (look.fill or path.is_hatched):
        _fill(image, rings, look.fill, stripe if path.is_hatched else "")
    if look.stroke:
        pen = ImageDraw.Draw(image)
        for ring in rings:
            line = [*ring, ring[0]] if path.is_closed else ring
            pen.line(line, fill=look.stroke, width=max(round(look.width * _DRAWN), 1), joint="curve")


def _fill(image: Image.Image, rings: Sequence[Sequence[Point]], fill: str, stripe: str) -> None:
    """Fill rings by the even-odd rule: a ring inside another one is a hole."""
    points = [point for ring in rings for point in ring]
    if not points:
        return
    left, top = int(min(x for x, _ in points)), int(min(y for _, y in points))
    right, bottom = int(max(x for x, _ in points)) + 2, int(max(y for _, y in points)) + 2
    size = (right - left, bottom - top)
    mask = Image.new("1", size)
    for ring in rings:
        one = Image.new("1", size)
        ImageDraw.Draw(one).polygon([(x - left, y - top) for x, y in ring], fill=1)
        mask = ImageChops.logical_xor(mask, one)
    image.paste(fill or "#ffffff", (left, top), mask)
    if stripe:
        stripes = Image.new("1", size)
        pen = ImageDraw.Draw(stripes)
        step = _STRIPE_STEP * _DRAWN
        # Stripes go by the place in the picture, so that they run on from one area into the next.
        begin = -((left + top) % step) - size[1]
        count = int((size[0] + 2 * size[1]) / step) + 2
        for number in range(count):
            x = begin + number * step
            pen.line([(x, size[1]), (x + size[1], 0)], fill=1, width=round(_STRIPE * _DRAWN))
        image.paste(stripe, (left, top), ImageChops.logical_and(mask, stripes))


def _write(pen: ImageDraw.ImageDraw, text: Text, look: Look) -> None:
    anchor = {"start": "ls", "middle": "ms", "end": "rs"}[text.anchor]
    font = _font(round((look.size or TEXT_SIZE) * SCALE), look.is_bold)
    pen.text(
        (text.x * SCALE, text.y * SCALE), text.text, fill=look.fill or "#000000", font=font, anchor=anchor
    )


@lru_cache(maxsize=32)
def _font(size: int, is_bold: bool) -> ImageFont.FreeTypeFont:
    name = "FiraSans-SemiBold.woff2" if is_bold else "FiraSans-Regular.woff2"
    return ImageFont.truetype(_FONTS / name, size)


def text_width(text: str, size: float, *, is_bold: bool = False) -> float:
    """Width of a text in the typeface of the pages.

    Args:
        text: One line.
        size: Of the letters, picture units.
        is_bold: Whether it is semi-bold.
    """
    return _font(round(size * SCALE), is_bold).getlength(text) / SCALE
