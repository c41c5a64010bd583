"""Drawings as PNG: what is filled, what is a hole, what is written, and always the same bytes."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from project.common.looks import Look, look_of
from project.common.png import SCALE, text_width, to_png
from project.common.svg import Circle, Drawing, Group, Line, Path, Rect, Shape, Text, moved, to_svg

LOOKS = {
    "red": Look("#ff0000"),
    "blue": Look("#0000ff"),
    "edge": Look("", "#00ff00", 2.0),
    "ink": Look("#000000", size=20),
}


def painted(*shapes: Shape, width: float = 60, height: float = 40) -> Image.Image:
    drawing = Drawing(width, height, "Titel", "", shapes)
    return Image.open(io.BytesIO(to_png(drawing, LOOKS, stripe="#888888"))).convert("RGB")


def at(image: Image.Image, x: float, y: float) -> tuple[int, ...]:
    found = image.getpixel((round(x * SCALE), round(y * SCALE)))
    assert isinstance(found, tuple)
    return found


def box(left: float, top: float, right: float, bottom: float) -> tuple[tuple[float, float], ...]:
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def test_size_and_ground() -> None:
    image = painted()
    assert image.size == (60 * SCALE, 40 * SCALE)
    assert at(image, 5, 5) == (255, 255, 255)


def test_a_ring_inside_another_is_a_hole_and_what_lies_in_it_is_kept() -> None:
    ground = Rect(0, 0, 60, 40, "blue")
    image = painted(ground, Path((box(5, 5, 55, 35), box(20, 12, 40, 28)), "red"))
    assert at(image, 10, 20) == (255, 0, 0)
    assert at(image, 30, 20) == (0, 0, 255)


def test_each_shape_is_painted_inside_groups_too() -> None:
    image = painted(
        Group((Rect(0, 0, 20, 40, "red"), Group((Circle(30, 20, 5, "blue"),), href="/x"))),
        Line(45, 0, 45, 40, "edge"),
    )
    assert at(image, 10, 20) == (255, 0, 0)
    assert at(image, 30, 20) == (0, 0, 255)
    assert at(image, 45, 20)[1] > 200


def test_hatched_areas_have_stripes_and_paper() -> None:
    image = painted(Path((box(5, 5, 55, 35),), "edge", is_hatched=True))
    inside = {at(image, x, y) for x in range(8, 52) for y in range(8, 32)}
    assert (255, 255, 255) in inside
    assert any(abs(red - 136) < 5 for red, _green, _blue in inside)


def test_letters_are_painted_with_umlauts_and_real_minus() -> None:
    image = painted(Text(5, 30, "Ä−", "ink"))
    dark = [x for x in range(60) for y in range(40) if sum(at(image, x, y)) < 300]
    assert dark
    assert min(dark) >= 4
    assert text_width("Ä−", 20) == pytest.approx(max(dark) - 4, abs=8)
    assert text_width("mm", 20) > text_width("ii", 20)


def test_the_look_of_the_last_name_wins_and_unknown_names_look_like_nothing() -> None:
    assert look_of("red blue", LOOKS) == LOOKS["blue"]
    assert look_of("other", LOOKS) == Look()
    assert Look("#ff0000", "#000000", 1.5).css() == "fill:#ff0000;stroke:#000000;stroke-width:1.5"


def test_same_drawing_same_bytes_and_texts_inside() -> None:
    drawing = Drawing(20, 20, "Titel", "", (Text(2, 15, "a", "ink"),))
    notes = {"Title": "Fälle 2024", "Source": "Quelle: Test"}
    one, two = (to_png(drawing, LOOKS, stripe="#888888", notes=notes) for _ in range(2))
    assert one == two
    assert Image.open(io.BytesIO(one)).info["Title"] == "Fälle 2024"


def test_moved_shapes_keep_their_form() -> None:
    shapes: list[Shape] = [
        Path((box(0, 0, 4, 4),), "red"),
        Rect(0, 0, 4, 4, "red"),
        Line(0, 0, 4, 4, "edge"),
        Circle(2, 2, 1, "red"),
        Text(1, 3, "a", "ink"),
    ]
    group = moved(Group(tuple(shapes), title="t", href="/x"), 10, 20)
    assert isinstance(group, Group)
    assert (group.title, group.href) == ("t", "/x")
    back = moved(group, -10, -20)
    assert back == Group(tuple(shapes), title="t", href="/x")
    assert 'x="10" y="20"' in to_svg(Drawing(40, 40, "", "", (group,)))
