import pytest

from project.common.keys import key_or_none


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("12", 12), ("9" * 18, 10**18 - 1), ("007", 7)])
def test_a_number_of_ascii_digits_is_a_key(text: str, number: int) -> None:
    assert key_or_none(text) == number


@pytest.mark.parametrize("text", [None, "", " 1", "²", "٣", "-1", "+1", "1.0", "1_0", "9" * 19, "9" * 5000])
def test_anything_else_is_none(text: str | None) -> None:
    assert key_or_none(text) is None
