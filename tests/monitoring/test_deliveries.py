"""Deliveries: all or nothing, with a lasting list of remarks; values succeed one another."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

import openpyxl
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone, translation

from monitoring.issues import issue_message
from monitoring.models import GRID_FILE_NAME, Delivery, DeliveryIssue, Severity, Value
from monitoring.selectors.deliveries import issue_lines
from monitoring.services.deliveries import (
    delivery_accept,
    delivery_mark_submitted,
    delivery_reading,
    delivery_store,
)
from monitoring.services.grid_deliveries import delivery_from_grid
from project.common.errors import DomainError
from stakeholders.models import LogEntry
from tests import factories
from tests.factories import World

HEAD = "Gebietsschlüssel;Gebiet;Jahr;Kennwert sgb2_rate;Kennwert childcare_rate"


@pytest.fixture
def rows(world: World) -> list[str]:
    """A good file: four areas, two indicators, one year."""
    return [HEAD] + [
        f"{area.key};{area.name};2024;{number},5;{30 + number}"
        for number, area in enumerate(world.areas, start=10)
    ]


def read(world: World, content: str | bytes, name: str = "zahlen.csv", **kwargs: Any) -> Delivery:
    raw = content.encode() if isinstance(content, str) else content
    defaults: dict[str, Any] = {
        "territory": world.territory,
        "supplier": world.youth_office,
        "indicators": world.indicators[:2],
        "areas": world.areas,
        "years": [2024],
        "user": world.people["head"],
    } | kwargs
    read = delivery_reading(upload=ContentFile(raw, name=name), **defaults)
    return delivery_store(read, user=defaults["user"])


def codes(delivery: Delivery, severity: Severity = Severity.ERROR) -> list[str]:
    return list(delivery.issues.filter(severity=severity).values_list("code", flat=True))


def text(lines: Iterable[str]) -> str:
    return "\n".join(lines)


# --- A good file -----------------------------------------------------------------------------------


def test_a_good_file_brings_values_that_are_not_in_force_yet(world: World, rows: list[str]) -> None:
    delivery = read(world, text(rows), comment=" Stand 31.12. ")

    assert not delivery.has_errors
    assert (delivery.row_count, delivery.value_count, delivery.missing_count) == (4, 8, 0)
    assert delivery.comment == "Stand 31.12."
    values = Value.objects.filter(delivery=delivery)
    assert values.count() == 8
    assert not values.filter(is_current=True).exists()
    assert values.get(area=world.areas[0], indicator=world.indicators[0]).value == 10.5
    entry = LogEntry.objects.get(action="delivery.read")
    assert (entry.user, entry.territory, entry.data["values"]) == (world.people["head"], world.territory, 8)


def test_the_file_is_kept_under_a_neutral_name(world: World, rows: list[str]) -> None:
    delivery = read(world, text(rows), name="../../Quoten Müller (vertraulich).csv")

    assert delivery.file_name == "Quoten Müller (vertraulich).csv"
    assert "Müller" not in delivery.file.name
    assert delivery.file.name.endswith(".csv")
    with default_storage.open(delivery.file.name) as stored:
        assert stored.read() == text(rows).encode()
    assert len(delivery.sha256) == 64


def test_signs_are_values_of_their_own_and_missing_is_never_zero(world: World, rows: list[str]) -> None:
    rows[1] = f"{world.areas[0].key};;2024;.;-"
    rows[2] = f"{world.areas[1].key};;2024;;(12,5)"
    delivery = read(world, text(rows))

    found = {
        (row.area_id, row.indicator_id): (row.value, row.sign)
        for row in Value.objects.filter(delivery=delivery)
    }
    first, second = world.areas[:2]
    sgb2, childcare = world.indicators[:2]
    assert found[first.pk, sgb2.pk] == (None, ".")
    assert found[first.pk, childcare.pk] == (0, "-")
    assert (second.pk, sgb2.pk) not in found
    assert found[second.pk, childcare.pk] == (12.5, "()")
    assert (delivery.value_count, delivery.missing_count) == (6, 1)
    assert codes(delivery, Severity.WARNING) == ["missing_values"]


def test_excel_is_read_like_csv(world: World) -> None:
    book = openpyxl.Workbook()
    book.active.append(HEAD.split(";"))
    for area in world.areas:
        book.active.append([area.key, area.name, 2024, 12.25, 40])
    out = io.BytesIO()
    book.save(out)

    delivery = read(world, out.getvalue(), "zahlen.xlsx")

    assert not delivery.has_errors
    assert delivery.value_count == 8
    assert delivery.file.name.endswith(".xlsx")


# --- Errors ----------------------------------------------------------------------------------------


def test_one_error_and_nothing_is_written(world: World, rows: list[str]) -> None:
    rows[3] = f"{world.areas[2].key};;2024;zwölf;40"
    delivery = read(world, text(rows))

    assert delivery.has_errors
    assert not Value.objects.exists()
    assert delivery.value_count == 0
    issue = delivery.issues.get(severity=Severity.ERROR)
    assert (issue.code, issue.row, issue.column, issue.value) == ("not_a_number", 4, "D", "zwölf")
    assert issue.params["heading"] == "Kennwert sgb2_rate"
    assert "zwölf" in issue_message(issue)


def test_all_errors_are_listed_and_stay(world: World, rows: list[str]) -> None:
    rows[1] = "99999999;Anderswo;2024;1;2"
    rows[2] = f"{world.areas[1].key};;2019;1;2"
    rows[3] = f"{world.areas[2].key};Altstadt;2024;101;2"
    rows.append(f"{world.areas[3].key};;2024;1;2")
    delivery = read(world, text(rows))

    stored = Delivery.objects.get(pk=delivery.pk)
    errors = list(stored.issues.filter(severity=Severity.ERROR).values_list("code", "row"))
    assert set(errors) == {
        ("unknown_area", 2),
        ("year_not_requested", 3),
        ("area_name", 4),
        ("above_100", 4),
        ("duplicate_row", 6),
    }
    for issue in stored.issues.all():
        assert "%(" not in issue_message(issue)


def test_a_delivery_with_errors_cannot_be_handed_in(world: World, rows: list[str]) -> None:
    delivery = read(world, text([*rows, "99999999;;2024;1;2"]))
    with pytest.raises(DomainError) as caught:
        delivery_mark_submitted(delivery)
    assert caught.value.code == "delivery_has_errors"
    assert Delivery.objects.get(pk=delivery.pk).submitted_at is None


def test_a_file_without_figures_cannot_be_handed_in(world: World) -> None:
    for lines, code in (([HEAD, f"{world.areas[0].key};;2024;;"], "no_figures"), ([HEAD], "no_rows")):
        delivery = read(world, text(lines))
        assert codes(delivery, Severity.ERROR) == [code]
        with pytest.raises(DomainError) as caught:
            delivery_mark_submitted(delivery)
        assert caught.value.code == "delivery_has_errors"


def test_a_delivery_without_values_cannot_be_handed_in(world: World) -> None:
    with pytest.raises(DomainError) as caught:
        delivery_mark_submitted(factories.delivery(world.youth_office, {}, world.people["head"]))
    assert caught.value.code == "delivery_empty"


def test_handing_in_twice_is_refused(world: World, rows: list[str]) -> None:
    delivery = read(world, text(rows))
    delivery_mark_submitted(delivery)
    with pytest.raises(DomainError) as caught:
        delivery_mark_submitted(delivery)
    assert caught.value.code == "delivery_already_submitted"


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"%PDF-1.7 ...", "zahlen.xlsx", "refused_pdf"),
        (b"PK\x03\x04 kaputt", "zahlen.xlsx", "refused_damaged"),
        (b"", "zahlen.csv", "refused_empty"),
        (b"a;b", "zahlen.docx", "refused_kind"),
        (b"a;b\nKOln;\x81\n", "zahlen.csv", "refused_encoding"),
    ],
)
def test_a_refused_file_leaves_one_lasting_remark_and_no_file(
    world: World, content: bytes, name: str, code: str
) -> None:
    delivery = read(world, content, name)

    assert codes(delivery) == [code]
    assert delivery.has_errors
    assert not delivery.file
    sentence = issue_message(delivery.issues.get())
    assert sentence
    assert "%(" not in sentence


def test_a_file_above_the_limit_is_not_kept(world: World, rows: list[str], settings: Any) -> None:
    settings.IMPORT_MAX_BYTES = 100
    delivery = read(world, text(rows))
    assert codes(delivery) == ["refused_too_large"]
    assert not delivery.file


def test_remarks_speak_the_readers_language(world: World) -> None:
    delivery = read(world, b"%PDF-1.7", "zahlen.xlsx")
    with translation.override("en"):
        assert issue_message(delivery.issues.get()).startswith("This is a PDF")


def test_a_remark_of_an_unknown_code_still_says_something(world: World, rows: list[str]) -> None:
    delivery = read(world, text(rows))
    issue = DeliveryIssue.objects.create(delivery=delivery, severity=Severity.ERROR, code="long_gone")
    assert issue_message(issue)


def test_zero_bytes_of_a_file_do_not_reach_the_database(world: World) -> None:
    delivery = read(world, text([HEAD, "99\x0099;;2024;1;2"]))
    assert codes(delivery) == ["refused_binary"]


# --- Hints -----------------------------------------------------------------------------------------


def test_the_same_file_again_names_the_earlier_delivery(world: World, rows: list[str]) -> None:
    first = read(world, text(rows), name="erste.csv")
    delivery_mark_submitted(first)
    second = read(world, text(rows), name="zweite.csv")

    issue = second.issues.get()
    assert (issue.severity, issue.code) == (Severity.WARNING, "same_file")
    assert issue.params["delivery"] == first.pk
    assert "erste.csv" in issue_message(issue)
    assert f"{timezone.localdate():%d.%m.%Y}" in issue_message(issue)
    assert not first.issues.exists()


def test_the_same_file_of_another_supplier_is_no_matter(world: World, rows: list[str]) -> None:
    read(world, text(rows))
    other = read(world, text(rows), supplier=world.jobcenter, user=world.people["jobcenter_head"])
    assert not other.issues.exists()


def test_an_unusual_change_since_last_year_is_a_hint(world: World, rows: list[str]) -> None:
    sgb2 = world.indicators[0]
    world.areas.append(factories.area(world.territory, "Neustadt"))
    before = factories.delivery(
        world.youth_office,
        {(sgb2, area, 2023): 10.0 + number / 10 for number, area in enumerate(world.areas)},
        world.people["head"],
    )
    delivery_accept(before, user=world.people["planner"])
    lines = [HEAD] + [
        f"{area.key};;2024;{'61,0' if number == 2 else f'10,{number + 1}'};30"
        for number, area in enumerate(world.areas)
    ]

    delivery = read(world, text(lines))

    issue = delivery.issues.get(code="unusual_change")
    assert not delivery.has_errors
    assert (issue.row, issue.column, issue.params["area"]) == (4, "D", "Südhang")
    assert "61,0" in issue_message(issue)
    [line] = [line for line in issue_lines(delivery) if line.code == "unusual_change"]
    assert (line.value, line.row, line.place) == ("61,0", 4, "")


def test_unusual_changes_of_secret_counts_are_not_told(world: World) -> None:
    persons = factories.unit("persons", "Personen", is_count=True, decimals=0)
    cases = factories.indicator("cases", unit=persons)
    world.areas.append(factories.area(world.territory, "Neustadt"))
    lines = ["Gebietsschlüssel;Jahr;cases"]
    for number, area in enumerate(world.areas):
        lines += [f"{area.key};2023;{1 if number == 2 else 40}"]
        lines += [f"{area.key};2024;{900 if number == 2 else 41 + number}"]

    delivery = read(world, text(lines), indicators=[cases], years=[2023, 2024])

    assert delivery.value_count == 10
    assert not delivery.issues.filter(code="unusual_change").exists()


# --- The form in the browser -------------------------------------------------------------------------


def grid(world: World, cells: dict[tuple[str, int, str], str]) -> Delivery:
    user = world.people["head"]
    read = delivery_from_grid(
        territory=world.territory,
        supplier=world.youth_office,
        cells=cells,
        indicators=world.indicators[:2],
        areas=world.areas,
        years=[2024],
        user=user,
    )
    return delivery_store(read, user=user)


def test_figures_typed_in_the_browser_are_a_delivery_like_any_other(world: World) -> None:
    area = world.areas[0]
    delivery = grid(world, {(area.key, 2024, "sgb2_rate"): " 12,5 ", (area.key, 2024, "childcare_rate"): "."})

    assert not delivery.has_errors
    assert delivery.file_name == GRID_FILE_NAME
    values = dict(Value.objects.filter(delivery=delivery).values_list("indicator__key", "value"))
    assert values == {"sgb2_rate": 12.5, "childcare_rate": None}
    with default_storage.open(delivery.file.name) as stored:
        assert f"{area.key};{area.name};2024;12,5;." in stored.read().decode()


def test_german_and_english_numbers_stand_side_by_side_in_the_browser_form(world: World) -> None:
    first, second, third, *_rest = world.areas
    delivery = grid(
        world,
        {
            (first.key, 2024, "sgb2_rate"): "7.5",
            (second.key, 2024, "sgb2_rate"): "8,5",
            (third.key, 2024, "sgb2_rate"): "(0.125)",
        },
    )
    assert not delivery.has_errors
    assert sorted(delivery.values.values_list("value", "sign")) == [(0.125, "()"), (7.5, ""), (8.5, "")]


def test_a_wrong_cell_of_the_browser_form_is_named_and_nothing_is_kept(world: World) -> None:
    with pytest.raises(DomainError) as refused:
        grid(world, {(world.areas[1].key, 2024, "sgb2_rate"): "viel"})
    assert refused.value.code == "wrong_cells"
    message = str(refused.value.message)
    assert world.areas[1].name in message
    assert "2024" in message
    assert "„viel“" in message
    assert not Delivery.objects.exists()
    assert not Value.objects.exists()


# --- In force ----------------------------------------------------------------------------------------


def test_accepted_values_succeed_earlier_ones_and_leave_the_rest(world: World, rows: list[str]) -> None:
    first = read(world, text(rows))
    assert delivery_accept(first, user=world.people["planner"]) == 0
    second = read(world, text([HEAD, f"{world.areas[0].key};;2024;99;"]))

    assert delivery_accept(second, user=world.people["planner"]) == 1

    in_force = Value.objects.filter(is_current=True)
    assert in_force.count() == 8
    assert in_force.get(area=world.areas[0], indicator=world.indicators[0]).value == 99
    assert Value.objects.filter(delivery=first, is_current=False).count() == 1
    assert (second.accepted_by, second.accepted_at is not None) == (world.people["planner"], True)


def test_remarks_name_indicators_in_the_language_of_the_reader(world: World) -> None:
    rate = world.indicators[0]
    delivery = factories.delivery(world.youth_office, {}, world.people["specialist"])
    delivery.issues.create(
        severity=Severity.WARNING,
        code="missing_values",
        params={"name": rate.name_de, "count": 3, "total": 4, "examples": "Nord 2024"},
    )
    with translation.override("en"):
        (line,) = issue_lines(delivery)
    assert rate.name_en in line.message
    assert rate.name_de not in line.message
