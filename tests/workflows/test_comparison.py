"""What changed between two texts."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows import comparison
from workflows.comparison import compare_words

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
