"""The form to fill in: what we hand out comes back through the importer without a remark."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest
from django.core.files.base import ContentFile

from monitoring.delivery_form import form_csv, form_xlsx
from monitoring.models import Delivery, Value
from monitoring.services.deliveries import delivery_accept, delivery_reading, delivery_store
from tests import factories
from tests.factories import World


@pytest.fixture
def known(world: World) -> None:
    """Figures in force: all of 2023, two of 2024."""
    sgb2, childcare = world.indicators[:2]
    values: dict[Any, float | None] = {
        (row, area, 2023): 10.25 + number
        for row in (sgb2, childcare)
        for number, area in enumerate(world.areas)
    }
    values |= {(sgb2, world.areas[0], 2024): 12.5, (childcare, world.areas[0], 2024): None}
    delivery_accept(
        factories.delivery(world.youth_office, values, world.people["head"]), user=world.people["planner"]
    )


def deliver_back(world: World, content: bytes, name: str) -> Delivery:
    return delivery_store(
        delivery_reading(
            territory=world.territory,
            supplier=world.youth_office,
            upload=ContentFile(content, name=name),
            indicators=world.indicators[:2],
            areas=world.areas,
            years=[2024],
            user=world.people["head"],
        ),
        user=world.people["head"],
    )


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(("make", "name"), [(form_xlsx, "form.xlsx"), (form_csv, "form.csv")])
def test_the_form_is_read_back_with_what_is_in_force(world: World, make: Any, name: str) -> None:
    content = make(world.indicators[:2], world.areas, [2024])

    delivery = deliver_back(world, content, name)

    assert not delivery.has_errors
    assert set(delivery.issues.values_list("code", flat=True)) == {"missing_values"}
    assert delivery.row_count == len(world.areas)
    values = Value.objects.filter(delivery=delivery)
    assert {(row.indicator.key, row.value, row.sign) for row in values} == {
        ("sgb2_rate", 12.5, ""),
        ("childcare_rate", None, "."),
    }


@pytest.mark.usefixtures("known")
def test_keys_keep_their_leading_zero_and_earlier_figures_stand_beside(world: World) -> None:
    book = openpyxl.load_workbook(io.BytesIO(form_xlsx(world.indicators[:2], world.areas, [2024])))

    sheet, reference = book.worksheets
    assert sheet["A2"].value == "05378000"
    assert sheet["A2"].number_format == "@"
    assert reference.title == "Bisherige Werte"
    assert [cell.value for cell in reference[2]] == [
        "05378000",
        "Zentrum Nord",
        "Kennwert sgb2_rate",
        2023,
        10.25,
        "%",
    ]
    assert reference.max_row == 1 + 2 * len(world.areas)


def test_secret_figures_are_left_empty(world: World) -> None:
    cases = factories.indicator("cases", unit=factories.unit("persons", "Personen", is_count=True))
    values: dict[Any, float | None] = {
        (cases, area, 2024): float(count) for area, count in zip(world.areas, (1, 5, 9, 0), strict=True)
    }
    delivery_accept(
        factories.delivery(world.youth_office, values, world.people["head"]), user=world.people["planner"]
    )

    sheet = openpyxl.load_workbook(io.BytesIO(form_xlsx([cases], world.areas, [2024]))).worksheets[0]

    assert [sheet.cell(row, 4).value for row in range(2, 6)] == [None, None, 9, 0]


def test_names_cannot_become_formulas(world: World) -> None:
    world.areas[0].name = "=1+1"
    book = openpyxl.load_workbook(io.BytesIO(form_xlsx(world.indicators[:2], world.areas, [2024])))
    assert book.worksheets[0]["B2"].data_type == "s"
    assert "'=1+1" in form_csv(world.indicators[:2], world.areas, [2024]).decode("utf-8-sig")
