"""Names of files matched to areas."""

from __future__ import annotations

import doctest

import pytest

from monitoring.services import matching
from monitoring.services.matching import AreaFinder

DISTRICT = AreaFinder(
    {"05366016": "Euskirchen", "05366004": "Bad Münstereifel", "05366024": "Kall"}, ["Kreis Euskirchen"]
)
CITY = AreaFinder({"91": "Berg Fidel", "51": "Gievenbeck", "52": "Sentrup"}, ["Münster"])


@pytest.mark.parametrize(
    ("finder", "key", "name", "found"),
    [
        (DISTRICT, "05366016", "", "05366016"),
        (DISTRICT, "053660016", "Euskirchen, Stadt", "05366016"),
        (DISTRICT, "053660016016", "Euskirchen", "05366016"),
        (DISTRICT, "", "Bad Münstereifel, Stadt", "05366004"),
        (DISTRICT, "", "BAD MUENSTEREIFEL", "05366004"),
        # The key of the district says that it is not the town of the same name.
        (DISTRICT, "05366", "Euskirchen, Kreis", None),
        (DISTRICT, "05366024", "Euskirchen", None),
        (DISTRICT, "05366999", "Kall", None),
        (DISTRICT, "", "Kreis Euskirchen", None),
        (DISTRICT, "", "Euskirchen, Kreis", None),
        (DISTRICT, "", "Euskirchen, Stadt", "05366016"),
        (CITY, "91", "Berg Fidel", "91"),
        (CITY, "", "91 Berg Fidel", "91"),
        (CITY, "7", "Sentrup", "52"),
        (CITY, "91", "Gievenbeck", "51"),
        (CITY, "", "Nirgendwo", None),
    ],
)
def test_area_of_a_row(finder: AreaFinder, key: str, name: str, found: str | None) -> None:
    assert finder.find(key, name) == found


@pytest.mark.parametrize(
    ("finder", "key", "name", "is_whole"),
    [
        (DISTRICT, "05366", "Euskirchen, Kreis", True),
        (DISTRICT, "05", "Nordrhein-Westfalen", True),
        (DISTRICT, "", "Kreis Euskirchen", True),
        (DISTRICT, "", "Euskirchen, Kreis", True),
        (DISTRICT, "", "Euskirchen, Stadt", False),
        (DISTRICT, "", "Insgesamt", True),
        (DISTRICT, "05366024", "Kall", False),
        (CITY, "5", "Münster-West", True),
        (CITY, "9", "Münster-Hiltrup", False),
        (CITY, "", "Münster", True),
        (CITY, "", "Münster. Gesamtstadt", True),
    ],
)
def test_rows_of_totals(finder: AreaFinder, key: str, name: str, is_whole: bool) -> None:
    assert finder.is_whole(key, name) == is_whole


def test_suggestion() -> None:
    assert DISTRICT.suggestion("Bad Münsterreifel") == "05366004"
    assert DISTRICT.suggestion("Xanten") is None


def test_docstring_examples() -> None:
    assert doctest.testmod(matching).failed == 0
