"""What changed between two texts."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project.common import comparison
from project.common.comparison import BESIDE, LEFT_OUT, Segment, compare_words, shortened

TEXTS = st.text(alphabet="aäB 1.,-\n„", max_size=60)


def kinds(segments):
    return [(segment.kind, segment.text) for segment in segments]


def squeezed(segments, *left_out):
    return re.sub(r"\s+", "", "".join(row.text for row in segments if row.kind not in left_out))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", []),
        ("gleich", "gleich", [("same", "gleich")]),
        ("", "neu", [("added", "neu")]),
        ("alt", "", [("removed", "alt")]),
        (
            "ein Angebot im Jahr",
            "ein Angebot im Jahr, davon 10 %",
            [("same", "ein Angebot im Jahr"), ("added", ", davon 10 %")],
        ),
        (
            "60.000 € im Jahr",
            "80.000 € im Jahr",
            [("removed", "60.000 "), ("added", "80.000 "), ("same", "€ im Jahr")],
        ),
        (
            "Die SGB-II-Quote ist hoch.",
            "Die Quote ist hoch.",
            [("same", "Die "), ("removed", "SGB-II-Quote "), ("added", "Quote "), ("same", "ist hoch.")],
        ),
    ],
)
def test_segments(old, new, expected):
    assert kinds(compare_words(old, new)) == expected


@given(TEXTS, TEXTS)
def test_segments_make_up_both_texts(old, new):
    segments = compare_words(old, new)

    assert squeezed(segments, "added") == squeezed_text(old)
    assert squeezed(segments, "removed") == squeezed_text(new)


@given(TEXTS)
def test_a_text_equals_itself(text):
    assert {row.kind for row in compare_words(text, text)} <= {"same"}


def squeezed_text(text):
    return re.sub(r"\s+", "", text)


def test_very_long_texts_are_replaced_as_a_whole(monkeypatch):
    monkeypatch.setattr(comparison, "LONGEST", 2)

    assert kinds(compare_words("a b c", "a b d")) == [("removed", "a b c"), ("added", "a b d")]
    assert kinds(compare_words("a b c", "a b c")) == [("same", "a b c")]


def numbered(first, last):
    return " ".join(f"w{number}" for number in range(first, last))


def test_what_stayed_is_shortened_to_the_words_beside_a_change():
    old, new = f"{numbered(0, 200)} alt {numbered(200, 400)}", f"{numbered(0, 200)} neu {numbered(200, 400)}"

    before, *changed, after = shortened(compare_words(old, new))

    assert [row.kind for row in changed] == ["removed", "added"]
    assert before.text.split() == [LEFT_OUT.strip(), *numbered(200 - BESIDE, 200).split()]
    assert after.text.split() == [*numbered(200, 200 + BESIDE).split(), LEFT_OUT.strip()]


def test_between_two_changes_words_are_kept_on_both_sides():
    new = f"neu {numbered(0, 200)} neu"

    middle = shortened(compare_words(numbered(0, 200), new))[1].text.split()

    wanted = [*numbered(0, BESIDE).split(), LEFT_OUT.strip(), *numbered(200 - BESIDE, 200).split()]
    assert middle == wanted


@given(st.integers(0, 2 * BESIDE), st.booleans())
def test_little_is_not_shortened(count, is_first):
    rows = [Segment("same", numbered(0, count)), Segment("added", "neu ")]
    rows = rows if is_first else rows[::-1]

    assert shortened(rows) == rows


def test_items_of_a_list_are_not_shortened():
    row = Segment("same", numbered(0, 200), is_item=True)

    assert shortened([row, Segment("added", "neu")])[0] == row
