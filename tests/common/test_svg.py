"""SVG text: numbers, escaping, roles; and the small bars."""

import doctest
import xml.etree.ElementTree as ET

import pytest
from django.utils import translation
from django.utils.safestring import SafeString

from project.common import bars, svg
from project.common.bars import deviation_bar, share_bar
from project.common.svg import Circle, Drawing, Group, Line, Path, Rect, Text, number, to_svg

NS = "{http://www.w3.org/2000/svg}"
TRIANGLE = ((0.0, 0.0), (8.5, 0.0), (4.25, 3.333))


def parsed(drawing: Drawing) -> ET.Element:
    return ET.fromstring(to_svg(drawing))


def test_docstring_examples() -> None:
    assert doctest.testmod(svg).failed == 0


@pytest.mark.parametrize("language", ["de", "en"])
def test_numbers_have_a_decimal_point_in_every_language(language: str) -> None:
    with translation.override(language):
        text = to_svg(Drawing(8.5, 1234.5, "t", "d", (Rect(0.25, 1, 2.5, 3, "x"), Path((TRIANGLE,), "y"))))
    assert 'viewBox="0 0 8.5 1234.5"' in text
    assert 'd="M0 0L8.5 0L4.2 3.3Z"' in text
    assert "," not in text


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_no_number_no_drawing(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        number(value)


def test_texts_are_escaped() -> None:
    nasty = '<script>"&'
    shapes = (
        Group((Text(0, 0, nasty, nasty),), css=nasty, title=nasty, href=f"/a?{nasty}"),
        Line(0, 0, 1, 1, nasty),
    )
    root = parsed(Drawing(1, 1, nasty, nasty, shapes, css=nasty))
    assert root.findtext(f"{NS}title") == nasty
    link = root.find(f"{NS}a")
    assert link is not None
    assert link.get("href") == f"/a?{nasty}"
    assert "<script>" not in to_svg(Drawing(1, 1, nasty, nasty, shapes, css=nasty))


def test_markup_is_safe_and_has_no_style() -> None:
    text = to_svg(Drawing(1, 1, "t", "", (Circle(1, 1, 2, "c"),)))
    assert isinstance(text, SafeString)
    assert "style" not in text


def test_picture_is_an_image_with_title_and_description() -> None:
    root = parsed(Drawing(1, 1, "Karte", "elf Gemeinden", ()))
    assert (root.get("role"), root.get("aria-label")) == ("img", "Karte")
    assert [child.tag for child in root] == [f"{NS}title", f"{NS}desc"]


def test_picture_with_links_keeps_them_reachable() -> None:
    """The children of an image are hidden from assistive technology."""
    root = parsed(
        Drawing(1, 1, "Karte", "", (Group((Path((TRIANGLE,), "x"),), title="Kall: 6,7 %", href="/kall/"),))
    )
    assert root.get("role") == "group"
    link = root.find(f"{NS}a")
    assert link is not None
    assert link.get("aria-label") == "Kall: 6,7 %"


def test_picture_without_title_is_decoration() -> None:
    root = parsed(Drawing(1, 1, "", "", ()))
    assert (root.get("role"), root.get("aria-hidden")) == (None, "true")


def test_hatch_is_defined_only_where_it_is_used() -> None:
    hatched = to_svg(
        Drawing(1, 1, "t", "", (Group((Path((TRIANGLE,), "x", is_hatched=True),)),), uid="karte-2")
    )
    assert 'fill="url(#karte-2-hatch)"' in hatched
    assert '<pattern id="karte-2-hatch"' in hatched
    assert "<pattern" not in to_svg(Drawing(1, 1, "t", "", (Path((TRIANGLE,), "x"),)))


def test_holes_and_open_lines() -> None:
    two = Path((TRIANGLE, TRIANGLE), "x")
    assert svg.path_data(two).count("Z") == 2
    assert not svg.path_data(Path((TRIANGLE,), "x", is_closed=False)).endswith("Z")


# --- Bars ----------------------------------------------------------------------------------------


def value_rect(drawing: Drawing) -> Rect:
    return next(shape for shape in drawing.shapes if isinstance(shape, Rect) and "pg-bar__value" in shape.css)


@pytest.mark.parametrize(
    ("deviation", "x", "width", "kind"),
    [
        (1.5, 100, 50, "more"),
        (-1.5, 50, 50, "less"),
        (3.0, 100, 100, "more"),
        (-9.0, 0, 100, "less"),
        (0.0, 100, 0, "more"),
    ],
)
def test_deviation_bar(deviation: float, x: float, width: float, kind: str) -> None:
    bar = value_rect(deviation_bar(deviation))
    assert (bar.x, bar.width, bar.css) == (x, width, f"pg-bar__value pg-bar__value--{kind}")


def test_longer_than_the_track_shows_an_arrow() -> None:
    assert not any(isinstance(shape, Path) for shape in deviation_bar(3.0).shapes)
    (right,) = [shape for shape in deviation_bar(3.1).shapes if isinstance(shape, Path)]
    (left,) = [shape for shape in deviation_bar(-3.1).shapes if isinstance(shape, Path)]
    assert max(x for x, _ in right.rings[0]) == bars.WIDTH
    assert min(x for x, _ in left.rings[0]) == 0


def test_no_value_is_not_a_bar_of_length_0() -> None:
    none, zero = deviation_bar(None), deviation_bar(0.0)
    assert "pg-bar__none" in to_svg(none)
    assert "pg-bar__none" not in to_svg(zero)
    assert "pg-bar__none" in to_svg(share_bar(None, 10))


def test_bar_with_a_name_says_its_number() -> None:
    with translation.override("de"):
        assert deviation_bar(-0.84, name="Betreuungsquote").title == "Betreuungsquote: −0,8"
    assert deviation_bar(1.0).title == ""


def test_one_sided_bar_begins_at_the_edge() -> None:
    drawing = deviation_bar(1.5, is_one_sided=True)
    assert (value_rect(drawing).x, value_rect(drawing).width) == (0, 100)
    assert not any(isinstance(shape, Line) for shape in drawing.shapes)


def test_share_bar_with_target() -> None:
    drawing = share_bar(30, 120, target=60)
    assert value_rect(drawing).width == 50
    assert next(shape for shape in drawing.shapes if isinstance(shape, Line)).x1 == 100
    with pytest.raises(ValueError, match="maximum"):
        share_bar(1, 0)
