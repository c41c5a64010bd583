"""Files of any form over HTTP: recognised, assigned once, remembered, totals left out."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from monitoring.models import Area, AreaKind, Delivery, DeliveryMapping, Value
from monitoring.services.matching import Said
from project.common.errors import DomainError
from stakeholders.models import LogEntry, User
from tests import factories
from tests.factories import World
from tests.stages import Stages
from tests.workflows.taskpages import take
from workflows.flows import DeliveryFlow
from workflows.models import DataRequest, PlanningCycle
from workflows.services.deliveries import request_assign

ClientAs = Callable[[User], Client]
DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"


@pytest.fixture
def cycle(stages: Stages) -> PlanningCycle:
    return stages.at_data()


@pytest.fixture
def asked(cycle: PlanningCycle, world: World) -> DataRequest:
    """The youth office shall deliver two indicators for two years and four areas."""
    return cycle.requests.get(organisation=world.youth_office)


def upload(client: Client, asked: DataRequest, content: bytes, name: str = "zahlen.csv") -> Any:
    url = reverse("workflows:request-upload", args=[asked.pk])
    return client.post(url, {"file": SimpleUploadedFile(name, content)})


def assign_url(asked: DataRequest) -> str:
    return reverse("workflows:request-mapping", args=[asked.pk])


def filled(form: Any, **changes: str) -> dict[str, str]:
    """What a browser sends back of the page, with choices by label or name of the field."""
    data = {}
    for field in form:
        value = changes.get(field.name, changes.get(str(field.label), field.value()))
        if value not in (None, False, ""):
            data[field.name] = "on" if value is True else str(value)
    return data


def draft(asked: DataRequest) -> Delivery:
    asked.refresh_from_db()
    assert asked.delivery is not None
    return asked.delivery


def replace_areas(world: World, areas: dict[str, str], kind: AreaKind = AreaKind.SMALL_AREA) -> None:
    """Give the territory other areas than those of the world."""
    yesterday = timezone.localdate() - timezone.timedelta(days=1)
    Area.objects.filter(territory=world.territory).update(valid_until=yesterday)
    for key, name in areas.items():
        factories.area(world.territory, name, key=key, kind=kind)


def long_file(world: World, *, names: tuple[str, str] = ("Betreuung", "Auffällige")) -> bytes:
    lines = ["ZEIT;RAUM;MERKMAL;WERT"]
    for year in (2023, 2024):
        for number, area in enumerate(world.areas):
            lines += [f"{year};{area.name};{names[0]};{30 + number}.5", f"{year};{area.name};{names[1]};7.5"]
        lines += [f"{year};Insgesamt;{names[0]};33.5", f"{year};Insgesamt;{names[1]};7.5"]
    return "\n".join(lines).encode("cp1252")


# --- Assigning ---------------------------------------------------------------------------------------


def test_unknown_names_lead_to_the_assignment_and_nothing_is_saved(
    asked: DataRequest, head: User, client_as: ClientAs, world: World
) -> None:
    client = client_as(head)

    response = upload(client, asked, long_file(world))

    assert response.url == assign_url(asked)
    delivery = draft(asked)
    assert not delivery.values.exists()
    assert set(delivery.issues.values_list("code", flat=True)) >= {"variable_undecided"}
    page = client.get(response.url)
    assert [line.name for line, _field in page.context["form"].variable_fields()] == [
        "Betreuung",
        "Auffällige",
    ]
    assert page.context["file"].areas == []


def test_an_assignment_is_saved_logged_and_used_for_the_next_file(
    asked: DataRequest, head: User, client_as: ClientAs, world: World
) -> None:
    client = client_as(head)
    url = take(client, asked.process, DeliveryFlow.provide_data)
    form = client.get(upload(client, asked, long_file(world)).url).context["form"]

    response = client.post(
        assign_url(asked), filled(form, Betreuung="childcare_rate", Auffällige="school_entry_deficit")
    )

    assert response.url == f"{url}#preview"
    mapping = DeliveryMapping.objects.get()
    assert mapping.variables == {"Betreuung": "childcare_rate", "Auffällige": "school_entry_deficit"}
    assert LogEntry.objects.filter(action="mapping.saved", user=head, object_id=mapping.pk).exists()
    first = draft(asked)
    assert (first.values.count(), first.missing_count, first.mapping) == (16, 0, mapping)
    preview = client.get(url).context["preview"]
    assert (preview.matched, preview.totals_left_out, preview.errors) == (16, 4, [])

    # The next file of the same layout, with other figures, needs nothing to be said.
    again = upload(client, asked, long_file(world).replace(b"7.5", b"8.5"))

    assert again.url == f"{url}#preview"
    assert draft(asked).values.filter(value=8.5).count() == 8


def test_an_assignment_can_be_changed(
    asked: DataRequest, head: User, client_as: ClientAs, world: World
) -> None:
    client = client_as(head)
    form = client.get(upload(client, asked, long_file(world)).url).context["form"]
    client.post(assign_url(asked), filled(form, Betreuung="childcare_rate", Auffällige="-"))
    assert draft(asked).values.count() == 8

    form = client.get(assign_url(asked)).context["form"]
    assert filled(form)["variable-1"] == "-"
    client.post(assign_url(asked), filled(form, Auffällige="school_entry_deficit"))

    assert draft(asked).values.count() == 16
    assert DeliveryMapping.objects.count() == 1
    assert LogEntry.objects.filter(action="mapping.saved").count() == 2


def test_columns_of_an_unknown_layout_are_named(
    asked: DataRequest, head: User, client_as: ClientAs, world: World
) -> None:
    lines = ["Bericht 2024;;;", "Wo;Wann;Bemerkung;Betreut"]
    lines += [f"{area.name};2024;gut;31,5" for area in world.areas]
    client = client_as(head)

    response = upload(client, asked, "\n".join(lines).encode())
    assert response.url == assign_url(asked)
    form = client.get(response.url).context["form"]
    columns = {"column-1": "name", "column-2": "period", "column-4": "figures", "header": "2"}
    response = client.post(assign_url(asked), filled(form, **columns))

    # Now the names of the figures are known and can be assigned.
    assert response.url == assign_url(asked)
    form = client.get(response.url).context["form"]
    client.post(assign_url(asked), filled(form, Betreut="childcare_rate"))

    assert draft(asked).values.count() == 4
    assert DeliveryMapping.objects.get().header == 2


def test_unmatched_areas_come_with_a_suggestion_and_can_be_assigned_or_left_out(
    asked: DataRequest, head: User, client_as: ClientAs, world: World
) -> None:
    first = world.areas[0]
    lines = [
        "Gebiet;Zeit;Indikator;Wert",
        f"{first.name}x;2024;childcare_rate;5",
        "Nachbarort;2024;childcare_rate;6",
    ]
    client = client_as(head)

    upload(client, asked, "\n".join(lines).encode())

    issues = {row.value: row for row in draft(asked).issues.filter(severity="error")}
    assert issues[f"{first.name}x"].params["suggestion"] == f"{first.name} ({first.key})"
    assert issues["Nachbarort"].row == 3
    form = client.get(assign_url(asked)).context["form"]
    assert filled(form)["area-0"] == first.key
    client.post(assign_url(asked), filled(form, Nachbarort="-"))
    value = draft(asked).values.get()
    assert (value.area, value.value) == (first, 5)


def test_a_file_without_years_asks_for_the_year_each_time(
    asked: DataRequest, head: User, client_as: ClientAs, world: World
) -> None:
    content = "Gebiet;childcare_rate\n" + "\n".join(f"{area.name};31,5" for area in world.areas)
    client = client_as(head)
    response = upload(client, asked, content.encode())
    form = client.get(response.url).context["form"]

    client.post(assign_url(asked), filled(form, year="2023"))

    assert set(draft(asked).values.values_list("year", flat=True)) == {2023}
    assert upload(client, asked, content.replace("31,5", "32,5").encode()).url == assign_url(asked)


def test_the_same_file_twice_is_told_and_not_saved_again(
    asked: DataRequest, head: User, client_as: ClientAs, world: World
) -> None:
    client = client_as(head)
    content = long_file(world, names=("childcare_rate", "school_entry_deficit"))
    assert upload(client, asked, content).status_code == 302

    response = upload(client, asked, content)

    assert response.status_code == 422
    assert "Nothing was saved" in str(response.context["form"].errors) or response.context["form"].errors
    assert Delivery.objects.count() == 1


def test_who_may_not_deliver_may_not_assign(
    asked: DataRequest, planner: User, outsider: User, client_as: ClientAs
) -> None:
    assert client_as(planner).get(assign_url(asked)).status_code == 403
    assert client_as(outsider).get(assign_url(asked)).status_code == 404


def test_wrong_roles_are_refused(asked: DataRequest, head: User, client_as: ClientAs, world: World) -> None:
    client = client_as(head)
    form = client.get(upload(client, asked, long_file(world)).url).context["form"]

    response = client.post(assign_url(asked), filled(form, **{"column-1": "area", "column-2": "area"}))

    assert response.status_code == 422
    assert not DeliveryMapping.objects.exists()


def test_names_without_an_indicator_stay_out_unless_the_supplier_wants_to_see_them_again(
    asked: DataRequest, head: User, client_as: ClientAs, world: World
) -> None:
    client = client_as(head)
    form = client.get(upload(client, asked, long_file(world)).url).context["form"]

    client.post(assign_url(asked), filled(form, Betreuung="childcare_rate", rest_stays_out=""))
    assert draft(asked).issues.filter(code="variable_undecided", value="Auffällige").exists()

    form = client.get(assign_url(asked)).context["form"]
    client.post(assign_url(asked), filled(form))
    assert DeliveryMapping.objects.get().variables["Auffällige"] == ""
    assert draft(asked).values.count() == 8


def test_figures_given_twice_are_told_without_the_figure(
    asked: DataRequest, head: User, client_as: ClientAs, world: World
) -> None:
    name = world.areas[0].name
    rows = ["ZEIT;RAUM;MERKMAL;WERT", f"2024;{name};childcare_rate;2", f"2024;{name};childcare_rate;2"]

    upload(client_as(head), asked, "\n".join(rows).encode())

    errors = draft(asked).issues.filter(severity="error")
    assert {(issue.row, issue.value) for issue in errors} == {(3, "")}
    assert not draft(asked).values.exists()


# --- Real files --------------------------------------------------------------------------------------


def real(*parts: str) -> bytes:
    path = DATA.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"the public file {'/'.join(parts)} is not in ../shared/data")
    return path.read_bytes()


def test_the_file_of_muenster_becomes_a_delivery_of_its_45_districts(
    asked: DataRequest, head: User, client_as: ClientAs, world: World
) -> None:
    content = real("muenster", "05515000_csv_indikatoren_sozial.csv")
    names = {line.split(";")[1] for line in content.decode("latin-1").splitlines()[1:]}
    districts = dict(
        name.split(" ", 1) for name in names if name.split(" ")[0].isdigit() and len(name.split(" ")[0]) == 2
    )
    assert len(districts) == 45
    replace_areas(world, districts)
    PlanningCycle.objects.filter(pk=asked.cycle_id).update(data_from_year=2021, data_to_year=2022)
    asked = DataRequest.objects.get(pk=asked.pk)
    client = client_as(head)

    response = upload(client, asked, content, "05515000_csv_indikatoren_sozial.csv")
    form = client.get(response.url).context["form"]
    choices = {line.name: "-" for line, _field in form.variable_fields()}
    sgb2 = next(name for name in choices if name.startswith("Anteil der SGBII-Personen im Alter von 15"))
    children = next(name for name in choices if name.startswith("Anteil der SGBII-Personen im Alter von 0"))
    response = client.post(
        assign_url(asked),
        filled(form, **choices | {sgb2: "childcare_rate", children: "school_entry_deficit"}),
    )

    delivery = draft(asked)
    assert [issue.code for issue in delivery.issues.filter(severity="error")] == []
    assert response.url != assign_url(asked)
    assert delivery.source_form == "table"
    assert Value.objects.filter(delivery=delivery).values("area").distinct().count() == 45
    # Two years, 45 districts, two indicators, as far as the city filled the cells in.
    lines = [line.split(";") for line in content.decode("latin-1").splitlines()[1:]]
    expected = {
        (area, int(year), name): float(value)
        for year, area, name, value in lines
        if year in {"2021", "2022"} and area.split(" ")[0] in districts and name in {sgb2, children} and value
    }
    got = {
        (
            f"{row.area.key} {row.area.name}",
            row.year,
            {"childcare_rate": sgb2}.get(row.indicator.key, children),
        ): row.value
        for row in delivery.values.select_related("area", "indicator")
    }
    assert got == expected
    totals = delivery.issues.get(code="out_totals")
    assert totals.params == {"count": 28, "kinds": 7, "names": totals.params["names"]}


def municipalities() -> dict[str, str]:
    """The eleven of the district of Euskirchen."""
    lines = real("nrw_gemeinden", "nrw_gemeinden_querschnitt_abgeleitet.csv").decode("utf-8-sig").splitlines()
    head = lines[0].split(",")
    key, name = head.index("ags"), head.index("name")
    rows = [line.split(",") for line in lines[1:]]
    return {row[key].zfill(8): row[name] for row in rows if row[key].zfill(8).startswith("05366")}


def test_a_table_of_genesis_is_matched_to_the_municipalities_of_the_district(
    asked: DataRequest, head: User, client_as: ClientAs, world: World
) -> None:
    content = real("genesis_table_csv", "ldbnrw_2023_22811-01i.csv")
    areas = municipalities()
    assert len(areas) == 11
    replace_areas(world, areas, AreaKind.SMALL_AREA)
    client = client_as(head)

    form = client.get(upload(client, asked, content, "22811-01i.csv").url).context["form"]
    name = next(line.name for line, _field in form.variable_fields() if line.chosen is None)
    client.post(assign_url(asked), filled(form, **{name: "childcare_rate"}))

    delivery = draft(asked)
    assert delivery.source_form == "genesis-table"
    assert not delivery.issues.filter(severity="error").exists()
    lines = [line.split(";") for line in content.decode("latin-1").splitlines()]
    expected = {
        cells[0]: float(cells[2].replace(",", "."))
        for cells in lines
        if len(cells) == 3 and cells[0] in areas
    }
    assert dict(delivery.values.values_list("area__key", "value")) == expected
    # The town of Euskirchen and the district of the same name are two.
    assert delivery.values.count() == 11
    assert "05366 Euskirchen" in delivery.issues.get(code="out_totals").params["names"]


def test_an_ffcsv_with_attributes_offers_each_combination(
    asked: DataRequest, head: User, client_as: ClientAs, world: World
) -> None:
    content = real("ffcsv", "12411-01-01-4_de_flat.csv")
    replace_areas(world, {"05366": "Euskirchen", "05378": "Rheinisch-Bergischer Kreis"}, AreaKind.SMALL_AREA)
    years = {int(line.split(";")[4][:4]) for line in content.decode("utf-8-sig").splitlines()[1:3]}
    PlanningCycle.objects.filter(pk=asked.cycle_id).update(data_from_year=min(years), data_to_year=max(years))
    asked = DataRequest.objects.get(pk=asked.pk)
    client = client_as(head)

    form = client.get(upload(client, asked, content, "12411.csv").url).context["form"]

    names = [line.name for line, _field in form.variable_fields()]
    assert any("Geschlecht: weiblich" in name for name in names)
    assert any("Geschlecht" not in name for name in names)


def test_a_file_of_more_rows_than_a_workbook_may_have_is_streamed(
    asked: DataRequest, head: User, client_as: ClientAs, world: World
) -> None:
    elsewhere = [f"Anderswo {number}" for number in range(505)]
    rows = [f"{year};{name};childcare_rate;5.5" for year in range(1900, 2100) for name in elsewhere]
    rows += [f"2024;{area.name};childcare_rate;{30 + number}.5" for number, area in enumerate(world.areas)]
    client = client_as(head)

    upload(client, asked, "\n".join(["ZEIT;RAUM;MERKMAL;WERT", *rows]).encode())

    delivery = draft(asked)
    assert delivery.row_count == 101_004
    assert delivery.issues.filter(code="area_undecided").count() <= 400
    form = client.get(assign_url(asked)).context["form"]
    client.post(assign_url(asked), filled(form, leaves_others="on"))
    assert draft(asked).values.count() == 4


def test_what_is_said_of_a_file_a_newer_one_replaced_is_not_remembered(
    asked: DataRequest, head: User, client_as: ClientAs, world: World
) -> None:
    client = client_as(head)
    upload(client, asked, long_file(world))
    old = draft(asked)
    upload(client, asked, long_file(world).replace(b"7.5", b"8.5"))

    with pytest.raises(DomainError, match="newer_delivery"):
        request_assign(asked, delivery=old, said=Said(variables={"Betreuung": "childcare_rate"}), user=head)

    assert not DeliveryMapping.objects.exists()


def test_numbers_of_excel_are_shown_with_a_decimal_comma(
    asked: DataRequest, head: User, client_as: ClientAs, world: World
) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Wo", "Stand", "Betreut"])
    for area in world.areas:
        book.active.append([area.name, 2024, 31.5])
    content = io.BytesIO()
    book.save(content)
    client = client_as(head)

    url = upload(client, asked, content.getvalue(), "zahlen.xlsx").url

    rows = client.get(url).context["form"].row_lines()
    assert rows[1] == (2, [world.areas[0].name, "2024", "31,5"])
