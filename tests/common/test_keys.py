import csv
import doctest
from pathlib import Path

import pytest

from project.common import keys
from project.common.keys import PlaceKeys, key_or_none, place_of

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
REGISTER = DATA / "gemeindeverzeichnis" / "gemeinden_nrw_2024-06-30.csv"


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("12", 12), ("9" * 18, 10**18 - 1), ("007", 7)])
def test_a_number_of_ascii_digits_is_a_key(text: str, number: int) -> None:
    assert key_or_none(text) == number


@pytest.mark.parametrize("text", [None, "", " 1", "²", "٣", "-1", "+1", "1.0", "1_0", "9" * 19, "9" * 5000])
def test_anything_else_is_none(text: str | None) -> None:
    assert key_or_none(text) is None


def test_docstring_examples() -> None:
    assert doctest.testmod(keys).failed == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("05111", "05111000"),  # district-free city as district and as municipality
        ("05111000", "051110000000"),
        ("05111000", "051110000"),
        ("053340032", "05334032"),  # INKAR and AGS of Stolberg
        ("053340032032", "05334032"),
        ("05378", "053780000000"),
        ("010510044044", "01051044"),  # municipality without an association
        ("010515163003", "01051003"),  # and one in an association
    ],
)
def test_keys_of_the_same_place_are_one(one: str, other: str) -> None:
    assert place_of(one) == place_of(other)


@pytest.mark.parametrize("key", ["010515163", "0537800401", "01100101", "A00001", "", "05", "²²²²²²²²"])
def test_other_keys_stay_as_they_are(key: str) -> None:
    """An association of municipalities, a small area, a Berlin planning area, what is no official key."""
    assert place_of(key) == key


def test_several_areas_of_one_place_are_no_answer() -> None:
    known = PlaceKeys(["05111", "05111000", "05112000"])
    assert known.find("05111") == "05111"
    assert known.find("051110000000") is None
    assert known.find("05112") == "05112000"
    assert known.find("nowhere") is None


@pytest.mark.skipif(not REGISTER.is_file(), reason="the real files are not part of the repository")
def test_all_municipalities_of_the_state_are_told_apart_and_matched() -> None:
    with REGISTER.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 396
    known = PlaceKeys(row["ags"] for row in rows)
    assert len({place_of(row["ags"]) for row in rows}) == 396
    for row in rows:
        ags, ars = row["ags"], row["ars"]
        forms = [ags, ars, ars[:9], f"{ags[:2]} {ags[2]} {ags[3:5]} {ags[5:]}"]
        if ags.endswith("000"):
            forms.append(ags[:5])
        assert [known.find(form) for form in forms] == [ags] * len(forms)
