"""The form of a delivery in the browser: judged field by field, kept year by year, downloaded as a table."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse

from monitoring.models import Delivery
from monitoring.selectors.deliveries import issue_lines
from monitoring.services.deliveries import value_comments_set
from stakeholders.models import User
from tests.factories import World
from tests.stages import Stages
from tests.workflows.deliverypages import csv_of, provide_url, upload
from workflows.models import DataRequest, PlanningCycle

ClientAs = Callable[[User], Client]


@pytest.fixture
def cycle(stages: Stages) -> PlanningCycle:
    """Suppliers have been asked."""
    return stages.at_data()


@pytest.fixture
def asked(cycle: PlanningCycle, world: World) -> DataRequest:
    """The youth office shall deliver two indicators for two years and four areas."""
    return cycle.requests.get(organisation=world.youth_office)


class Grid:
    """The page on which figures are typed, filled in as the browser does it."""

    def __init__(self, client: Client, asked: DataRequest) -> None:
        self.client, self.url = client, reverse("workflows:request-fill", args=[asked.pk])

    def send(self, year: int, cells: dict[str, str], based_on: int | None = None) -> Any:
        """Open the year, type, save."""
        form = self.client.get(self.url, {"year": year}).context["form"]
        data = {field.html_name: field.value() or "" for field in form} | cells | {"year": str(year)}
        if based_on is not None:
            data["based_on"] = str(based_on)
        return self.client.post(self.url, data)


@pytest.fixture
def grid(asked: DataRequest, head: User, client_as: ClientAs) -> Grid:
    return Grid(client_as(head), asked)


def cell(world: World, area: int = 0, indicator: int = 1) -> str:
    return f"v-{world.areas[area].pk}-{world.indicators[indicator].pk}"


def test_figures_typed_in_the_browser(grid: Grid, world: World) -> None:
    name = cell(world)
    assert f'name="{name}"' in grid.client.get(grid.url).content.decode()

    assert grid.send(2024, {name: "41,5"}).status_code == 302
    assert 'value="41,5"' in grid.client.get(grid.url, {"year": "2024"}).content.decode()
    assert grid.send(2023, {name: "40.5"}).status_code == 302

    delivery = Delivery.objects.latest("pk")
    assert not delivery.has_errors
    assert set(delivery.values.values_list("year", "value")) == {(2023, 40.5), (2024, 41.5)}
    assert 'value="40,5"' in grid.client.get(grid.url, {"year": "2023"}).content.decode()


def test_one_year_is_saved_after_the_other(grid: Grid, asked: DataRequest, world: World) -> None:
    name = cell(world)
    last = asked.cycle.data_to_year
    data = {name: "40,5", "next_year": ""}

    response = grid.send(last, data)

    assert response.url == f"{grid.url}?year={last - 1}"
    text = grid.client.get(response.url).content.decode()
    assert f"Die Zahlen für {last} sind gespeichert." in text
    # The first year is the last one to type.
    assert "year=" not in grid.send(asked.cycle.data_from_year, data).url
    assert Delivery.objects.latest("pk").values.filter(year=last, value=40.5).exists()


def test_a_wrong_cell_saves_nothing_and_leaves_what_was_there(
    grid: Grid, asked: DataRequest, head: User, world: World
) -> None:
    good, wrong, doubtful = cell(world), cell(world, 1), cell(world, 2)
    grid.send(2023, {good: "41,5"})
    before = Delivery.objects.get()
    value = before.values.get()
    value_comments_set(before, texts={value.pk: "Neue Zählung"}, user=head)

    response = grid.send(2023, {good: "7.5", wrong: "abc", doubtful: "1.234"})

    assert response.status_code == 422
    page = response.content.decode()
    form = response.context["form"]
    assert set(form.errors) == {wrong, doubtful}
    for name, text in ((wrong, "abc"), (doubtful, "1.234")):
        tag = page[page.index(f'name="{name}"') - 80 :][:400]
        assert 'aria-invalid="true"' in tag
        assert f'value="{text}"' in tag
        assert f'href="#id_{name}"' in page
        assert f'id="id_{name}_error"' in page
        assert f'aria-describedby="id_{name}_error"' in page
    assert 'value="7.5"' in page
    label = f"{world.areas[1].name}, {world.indicators[1].name}, 2023"
    assert f"{label}: „abc“ ist keine Zahl" in page
    assert "1,234" in form.errors[doubtful][0]
    assert "Datei" not in " ".join(form.errors[wrong] + form.errors[doubtful])
    asked.refresh_from_db()
    assert asked.delivery == before
    assert Delivery.objects.count() == 1
    assert before.values.get().comment.text == "Neue Zählung"


def test_figures_typed_in_the_browser_stand_in_no_row_and_column(
    grid: Grid, asked: DataRequest, head: User, world: World
) -> None:
    for year in (2023, 2024):
        cells = {cell(world, number): f"10,{number}" for number in range(4)}
        if year == 2024:
            cells |= {cell(world, number): f"11,{number}" for number in range(3)} | {cell(world, 3): "61"}
        grid.send(year, cells)
    delivery = Delivery.objects.latest("pk")
    delivery.issues.create(
        severity="warning",
        code="unusual_change",
        row=9,
        column="D",
        params={
            "area": "Südhang",
            "area_key": world.areas[2].key,
            "indicator": "childcare_rate",
            "name": "Kennwert childcare_rate",
            "now": 61.0,
            "before": 10.25,
            "year": 2024,
            "year_before": 2023,
            "decimals": 1,
        },
    )
    lines = issue_lines(delivery)
    assert all(line.row is None and line.column == "" for line in lines)
    [unusual] = [line for line in lines if line.value == "61,0"]
    assert unusual.place == "Südhang, Kennwert childcare_rate, 2024"
    assert "61,0 im Jahr 2024 nach 10,3 im Jahr 2023" in unusual.message
    page = grid.client.get(provide_url(asked, grid.client)).content.decode()
    assert "Südhang, Kennwert childcare_rate, 2024" in page
    table = grid.client.get(reverse("monitoring:delivery-issues", args=[delivery.pk])).content.decode()
    assert "Spalte" not in table


def test_an_empty_form_saves_nothing(grid: Grid) -> None:
    assert grid.send(2023, {}).status_code == 422
    assert not Delivery.objects.exists()


def test_who_saves_over_a_colleagues_figures_is_told_first(grid: Grid, world: World) -> None:
    name = cell(world)
    grid.send(2023, {name: "40"})
    opened = Delivery.objects.get().pk
    grid.send(2023, {name: "41"})

    response = grid.send(2023, {name: "42"}, based_on=opened)
    assert response.status_code == 422
    page = response.content.decode()
    assert 'value="42"' in page
    newer = Delivery.objects.latest("pk")
    assert newer.values.get().value == 41.0
    assert f'name="based_on" value="{newer.pk}"' in page

    assert grid.send(2023, {name: "42"}, based_on=newer.pk).status_code == 302
    assert Delivery.objects.latest("pk").values.get().value == 42.0


def test_the_form_sent_twice_is_kept_once(grid: Grid, world: World) -> None:
    grid.send(2023, {cell(world): "40"})
    grid.send(2023, {cell(world): "40"}, based_on=0)
    assert Delivery.objects.count() == 1


def test_comments_come_back_after_a_file_with_errors(
    asked: DataRequest, head: User, client_as: ClientAs, world: World
) -> None:
    client = client_as(head)
    upload(client, asked, csv_of(world))
    first = Delivery.objects.get()
    value = first.values.order_by("pk")[0]
    value_comments_set(first, texts={value.pk: "Neue Zählung"}, user=head)

    upload(client, asked, csv_of(world, waldsiedlung="viel"), "falsch.csv")
    upload(client, asked, csv_of(world) + b"\n", "wieder.csv")

    last = Delivery.objects.latest("pk")
    assert last.file_name == "wieder.csv"
    assert [row.comment.text for row in last.values.filter(comment__isnull=False)] == ["Neue Zählung"]


def test_the_form_to_download_holds_areas_and_indicators(
    asked: DataRequest, head: User, client_as: ClientAs
) -> None:
    client = client_as(head)
    url = reverse("workflows:request-template", args=[asked.pk])
    response = client.get(url)
    assert response["Content-Disposition"] == 'attachment; filename="Lieferformular_Jugendamt_2023-2024.xlsx"'
    sheet = openpyxl.load_workbook(io.BytesIO(response.content)).worksheets[0]
    names = ["Kennwert childcare_rate", "Kennwert school_entry_deficit"]
    assert [cell.value for cell in sheet[1]][3::2] == names
    assert sheet.max_row == 1 + 4 * 2
    assert client.get(url, {"form": "csv"}).content.decode("utf-8-sig").startswith("Gebietsschlüssel;")


def test_a_downloaded_form_sent_as_a_file_is_read_as_one(
    grid: Grid, asked: DataRequest, head: User, client_as: ClientAs, world: World
) -> None:
    changed = (
        "Gebiet;Gebietsschlüssel;Jahr;Kennwert school_entry_deficit;Kennwert childcare_rate\n"
        + "".join(
            f"{area.name};{area.key};{year};10,5;30,5\n" for year in (2023, 2024) for area in world.areas
        )
    )
    upload(client_as(head), asked, changed.encode(), "Eingabe im Formular.csv")
    delivery = Delivery.objects.get()
    assert not delivery.is_typed
    fields = grid.client.get(grid.url, {"year": "2024"}).context["form"]
    by_key = {row.key: place for place, row in enumerate(world.indicators)}
    assert fields[cell(world, 0, by_key["childcare_rate"])].value() == "30,5", "not the one beside it"
