"""Dates, numbers and money as people read them."""

import datetime
from decimal import Decimal

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from project.common import formats
from project.forms import parse_number

TODAY = datetime.date(2027, 1, 2)


@pytest.fixture(autouse=True)
def _german():
    with translation.override("de"):
        yield


def test_date_in_both_languages():
    assert formats.date_de(datetime.date(2027, 1, 4)) == "04.01.2027"
    with translation.override("en"):
        assert formats.date_de(datetime.date(2027, 1, 4)) == "4 Jan 2027"


def test_moment_is_shown_in_local_time():
    # 23:30 UTC is half past midnight of the next day in Berlin's winter.
    moment = datetime.datetime(2027, 1, 13, 23, 30, tzinfo=datetime.UTC)
    assert formats.date_de(moment) == "14.01.2027"
    assert formats.datetime_de(moment) == "14.01.2027, 00:30 Uhr"


@pytest.mark.parametrize(
    ("value", "places", "german", "english"),
    [
        (0, None, "0", "0"),
        (1234, None, "1.234", "1,234"),
        (Decimal("1234567.5"), 2, "1.234.567,50", "1,234,567.50"),
        (Decimal("2.345"), 2, "2,35", "2.35"),
        (Decimal("-2.345"), 2, "−2,35", "−2.35"),
        (0.1, None, "0,1", "0.1"),
        (Decimal("12.300"), None, "12,3", "12.3"),
        (Decimal("1E+3"), None, "1.000", "1,000"),
        (Decimal("-0.04"), 1, "0,0", "0.0"),
        (None, 1, "–", "–"),
        (float("nan"), 1, "–", "–"),
    ],
)
def test_decimal(value, places, german, english):
    assert formats.decimal_de(value, places) == german
    with translation.override("en"):
        assert formats.decimal_de(value, places) == english


@pytest.mark.parametrize(
    ("value", "text"),
    [(2.1, "+2,1"), (-0.8, "−0,8"), (0, "0,0"), (0.04, "0,0"), (-0.04, "0,0"), (None, "–"), (21.4, "+21,4")],
)
def test_signed(value, text):
    assert formats.signed_de(value) == text


def test_percent_share_and_money():
    assert formats.percent_de(52) == "52,0\u00a0%"
    assert formats.share_de(0.525, 0) == "53\u00a0%"
    assert formats.money_de(Decimal("-1234.5")) == "−1.234,50\u00a0€"
    with translation.override("en"):
        assert formats.percent_de(52, 0) == "52%"
        assert formats.money_de(Decimal("-1234.5")) == "−€1,234.50"


@pytest.mark.parametrize("format_", [formats.percent_de, formats.share_de, formats.money_de, formats.date_de])
def test_no_value_is_a_dash_and_never_zero(format_):
    assert format_(None) == "–"


@pytest.mark.parametrize(
    ("value", "sign", "text"),
    [
        (12.34, "", "12,3"),
        (12.34, "()", "(12,3)"),
        (None, "", "."),
        (None, "-", "-"),
        (3, "/", "/"),
        (2, ".", "."),
        (0, "", "0,0"),
    ],
)
def test_figure_shows_the_sign_instead_of_a_number_that_must_not_be_seen(value, sign, text):
    assert formats.figure_de(value, sign, 1) == text


def test_each_sign_has_a_meaning():
    signs = ["-", ".", "/", "x", "...", "()"]
    assert all(formats.sign_meaning(sign) for sign in signs)
    assert formats.sign_meaning("?") == ""


@pytest.mark.parametrize(
    ("days", "kind", "text"),
    [
        (-1, "danger", "1 day overdue"),
        (-12, "danger", "12 days overdue"),
        (0, "warning", "due today"),
        (1, "warning", "1 day left"),
        (7, "warning", "7 days left"),
        (8, "info", "open"),
    ],
)
def test_due_badge(days, kind, text):
    with translation.override("en"):
        assert formats.due_badge(TODAY + datetime.timedelta(days=days), TODAY) == (kind, text)


def test_due_badge_without_deadline():
    assert formats.due_badge(None, TODAY).kind == "info"


@pytest.mark.parametrize(
    ("days", "text"), [(0, "since today"), (1, "since yesterday"), (2, "for 2 days"), (-1, "since today")]
)
def test_since(days, text):
    with translation.override("en"):
        assert formats.since_de(TODAY - datetime.timedelta(days=days), TODAY) == text


def test_period_with_open_ends():
    with translation.override("en"):
        assert formats.period_de(TODAY, None) == "from 2 Jan 2027"
        assert formats.period_de(None, TODAY) == "until 2 Jan 2027"
        assert formats.period_de(TODAY, TODAY) == "2 Jan 2027 to 2 Jan 2027"
    assert formats.period_de(None, None) == "–"


def test_file_size():
    assert formats.file_size_de(14_300) == "14\u00a0KB"
    assert formats.file_size_de(20_000_000) == "20\u00a0MB"
    assert formats.file_size_de(1_440_000) == "1,4\u00a0MB"


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=4), st.sampled_from(["de", "en"]))
def test_what_is_written_is_read_back(number, language):
    with translation.override(language):
        # Three places would read as grouped thousands where the whole part allows it.
        assert Decimal(parse_number(formats.decimal_de(number))) == number
