"""Tables on areas: inhabitants and changes of borders are looked at first, then taken over as a whole."""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from openpyxl import Workbook, load_workbook

from monitoring.models import Area, AreaKind, AreaPopulation, AreaSuccession, FileImport
from monitoring.selectors.areas import populations_of
from stakeholders.models import LogEntry, User
from tests import factories
from tests.factories import World

ClientAs = Callable[[User], Client]
PEOPLE = "/areas/inhabitants/"
CHANGES = "/areas/border-changes/"
IMPORT = "/areas/border-changes/import/"
HEAD = "AGS;Jahr;Einwohner\n"
BORDERS = "Bisheriges Gebiet;Neues Gebiet;Anteil in Prozent;Gültig ab;Quelle\n"


def upload(client: Client, content: str | bytes, url: str = PEOPLE, name: str = "tabelle.csv") -> Any:
    data = content.encode() if isinstance(content, str) else content
    return client.post(url, {"file": SimpleUploadedFile(name, data)})


def preview(client: Client, content: str | bytes, url: str = PEOPLE, name: str = "tabelle.csv") -> Any:
    answer = upload(client, content, url, name)
    assert answer.status_code == 302, answer.context["form"].errors
    page = client.get(answer.url)
    page.address = answer.url
    return page


def save(client: Client, page: Any) -> Any:
    return client.post(page.address, {"seen": page.context["plan"].digest})


def messages_of(page: Any) -> list[str]:
    return [line.message for line in page.context["plan"].errors]


# --- Inhabitants ------------------------------------------------------------------------------------


def test_first_inhabitants_far_from_the_figure_without_a_year_are_remarked(
    world: World, client_as: ClientAs
) -> None:
    client = client_as(world.people["admin"])
    first, second = world.areas[:2]
    text = f"{HEAD}{first.key};2024;{first.population // 10}\n{second.key};2024;{second.population + 1}\n"

    plan = preview(client, text).context["plan"]

    assert ["ohne Jahr" in row.remark for row in plan.changes] == [True, False]
    # Once there are years, only the year before counts.
    first.populations.create(year=2010, count=first.population)
    assert not any(row.remark for row in preview(client, text).context["plan"].changes)


def test_inhabitants_are_looked_at_and_taken_over(world: World, client_as: ClientAs) -> None:
    client = client_as(world.people["admin"])
    text = HEAD + "05378000;2023;1.234\n05378000;2024;1300\n5378001;2024;12 345\n"
    page = preview(client, text)
    assert not AreaPopulation.objects.exists()
    assert page.context["plan"].table.row_count == 3
    assert [state for state, _count in page.context["plan"].counts] == ["new"]
    assert "05378001" in page.context["plan"].hints[0].message
    done = save(client, page)
    assert done.status_code == 302
    first, second = world.areas[:2]
    assert dict(first.populations.values_list("year", "count")) == {2023: 1234, 2024: 1300}
    assert second.populations.get().count == 12345
    page = preview(client, text.replace("1300", "1301"))
    plan = page.context["plan"]
    assert [(state.value, count) for state, count in plan.counts] == [("changed", 1), ("unchanged", 2)]
    assert [(row.before, row.now) for row in plan.changes if row.state == "changed"] == [("1.300", "1.301")]
    save(client, page)
    first.refresh_from_db()
    assert first.population == 1301, "without a year an area says its latest count"
    assert populations_of([first, world.areas[2]], 2024) == [1301, 2000]
    entries = LogEntry.objects.filter(action="population.imported").order_by("pk")
    assert [row.data["values"] for row in entries] == [3, 1]
    assert client.get(page.address).status_code == 404
    assert not preview(client, text.replace("1300", "1301")).context["plan"].changes_something


def test_a_table_is_typed(world: World, client_as: ClientAs) -> None:
    client = client_as(world.people["planner"])
    for data in ({"text": ""}, {"text": "  "}, {"text": HEAD, "file": SimpleUploadedFile("a.csv", b"x")}):
        assert client.post(PEOPLE, data).status_code == 422
    answer = client.post(PEOPLE, {"text": "AGS\tJahr\tEinwohner\r\n05378000\t2024\t1300\r\n"})
    page = client.get(answer.url)
    assert page.context["plan"].may_be_saved
    assert client.post(answer.url, {"seen": page.context["plan"].digest}).status_code == 302
    assert AreaPopulation.objects.get().count == 1300


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Gebiet;Wert\nA;1\n", 1),
        (HEAD, 1),
        (HEAD + "nirgends;2024;5\n", 1),
        (HEAD + "05378000;20222;5\n", 1),
        (HEAD + "05378000;2024;viele\n05378000;2023;1,5\n05378000;2022;-1\n", 3),
        (HEAD + "05378000;2024;5\n05378000;2024;6\n", 1),
        (HEAD + "05378000;2024;=1+1\n05378000\n", 2),
        ("AGS;Gebiet;Jahr;Einwohner\n05378000;;2024;\n05378001;;2024;\n", 1),
        ("AGS;Jahr;Einwohner;Jahr\n05378000;2024;5;2023\n", 1),
    ],
)
def test_one_wrong_row_keeps_all_out(world: World, client_as: ClientAs, text: str, count: int) -> None:
    good = text + ("05378001;2024;7\n" if text.startswith(HEAD) and text.count("\n") > 1 else "")
    client = client_as(world.people["planner"])
    page = preview(client, good)
    assert len(messages_of(page)) == count, messages_of(page)
    assert b'name="seen"' not in page.content
    assert save(client, page).status_code == 422
    assert not AreaPopulation.objects.exists()
    assert not LogEntry.objects.filter(action="population.imported").exists()


def test_rows_left_empty_in_the_form_stay_out_and_are_counted(world: World, client_as: ClientAs) -> None:
    AreaPopulation.objects.create(area=world.areas[1], year=2024, count=500)
    client = client_as(world.people["planner"])
    page = preview(client, HEAD + "05378000;2024;1300\n05378001;2024;\n05378002;2024; \n")
    plan = page.context["plan"]
    assert (plan.errors, len(plan.changes)) == ([], 1)
    (hint,) = plan.hints
    assert (hint.row, hint.column) == (3, "C")
    assert "2" in hint.message
    assert world.areas[1].name in hint.message
    assert save(client, page).status_code == 302
    assert dict(AreaPopulation.objects.values_list("area", "count")) == {
        world.areas[0].pk: 1300,
        world.areas[1].pk: 500,
    }, "an empty cell is not zero and takes nothing away"


def test_formulas_are_refused_with_their_place(world: World, client_as: ClientAs) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Zahlen"
    for row in (["AGS", "Jahr", "Einwohner"], ["05378000", 2024, 1200], ["05378001", 2024, "=C2*2"]):
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    page = preview(client_as(world.people["planner"]), out.getvalue(), name="ew.xlsx")
    (line,) = page.context["plan"].errors
    assert (line.sheet, line.row, line.column, line.value) == ("Zahlen", 3, "C", "=C2*2")
    assert "als Werte" in line.message
    assert "Zahlen" in page.content.decode()


def test_unknown_areas_come_with_a_suggestion(world: World, client_as: ClientAs) -> None:
    area = world.areas[0]
    text = f"AGS;Gebiet;Jahr;Einwohner\n99;{area.name};2024;5\n05378009;;2024;5\nzzz;;2024;5\n"
    said = messages_of(preview(client_as(world.people["planner"]), text))
    assert f"{area.name} ({area.key})" in said[0]
    assert "05378" in said[1].replace("05378009", "")
    assert "(" not in said[2]


def test_unusual_changes_stand_first(world: World, client_as: ClientAs) -> None:
    client = client_as(world.people["planner"])
    rows = [factories.area(world.territory, f"Ort {number}", key=f"9{number}") for number in range(8)]
    AreaPopulation.objects.bulk_create(AreaPopulation(area=row, year=2023, count=1000) for row in rows)
    counts = [1005, 1010, 995, 1000, 1002, 1080, 900, 1004]
    text = HEAD + "".join(f"{row.key};2024;{count}\n" for row, count in zip(rows, counts, strict=True))
    page = preview(client, text)
    assert [row.row.count for row in page.context["changes"][:2]] == [1080, 900]
    assert page.context["plan"].remarked_count == 2
    assert save(client, page).status_code == 302, "a remark forbids nothing"
    # Few areas: only what is large by itself.
    page = preview(client, HEAD + "90;2025;1004\n91;2025;2020\n")
    assert [row.row.count for row in page.context["changes"] if row.remark] == [2020]


def test_what_changed_meanwhile_is_shown_again(world: World, client_as: ClientAs) -> None:
    client = client_as(world.people["planner"])
    page = preview(client, HEAD + "05378000;2024;1300\n")
    AreaPopulation.objects.create(area=world.areas[0], year=2024, count=1200)
    assert save(client, page).status_code == 422
    assert AreaPopulation.objects.get().count == 1200


def test_a_year_to_come_is_refused(world: World, client_as: ClientAs) -> None:
    this_year = timezone.localdate().year
    client = client_as(world.people["planner"])
    plan = preview(client, f"{HEAD}{world.areas[0].key};{this_year + 1};5\n").context["plan"]
    assert "steht noch bevor" in str(plan.errors[0].message)
    assert not preview(client, f"{HEAD}{world.areas[0].key};{this_year};5\n").context["plan"].errors


def test_the_version_of_the_year_gets_the_figure(world: World, client_as: ClientAs) -> None:
    new = world.areas[0]
    Area.objects.filter(pk=new.pk).update(valid_from=datetime.date(2021, 1, 1))
    old = factories.area(world.territory, "Alt", key=new.key, valid_until=datetime.date(2020, 12, 31))
    client = client_as(world.people["planner"])
    save(client, preview(client, HEAD + f"{new.key};2020;5\n{new.key};2021;6\n"))
    assert (old.populations.get().year, new.populations.get().year) == (2020, 2021)


def test_files_that_cannot_be_read_are_refused(world: World, client_as: ClientAs) -> None:
    for content, name in ((b"", "a.csv"), (b"%PDF", "a.xlsx"), (b"x", "a.pdf")):
        answer = upload(client_as(world.people["planner"]), content, name=name)
        assert answer.status_code == 422
        assert answer.context["form"].errors
    assert not FileImport.objects.exists()


@pytest.mark.parametrize("url", [PEOPLE, IMPORT])
def test_others_files_are_not_there(world: World, client_as: ClientAs, url: str) -> None:
    page = preview(client_as(world.people["planner"]), HEAD + "05378000;2024;1\n", url)
    for who in ("admin", "outsider"):
        assert client_as(world.people[who]).get(page.address).status_code == 404
    assert client_as(world.people["head"]).get(page.address).status_code == 403
    assert client_as(world.people["head"]).post(page.address).status_code == 403


def test_the_form_comes_back_as_it_went_out(world: World, client_as: ClientAs) -> None:
    client = client_as(world.people["planner"])
    AreaPopulation.objects.create(area=world.areas[0], year=2024, count=1200)
    answer = client.get(PEOPLE, {"export": "xlsx"})
    book = load_workbook(io.BytesIO(answer.content))
    sheet = book.worksheets[0]
    assert [cell.value for cell in sheet[1]] == ["Gebietsschlüssel", "Gebiet", "Jahr", "Einwohner"]
    for row in range(2, sheet.max_row + 1):
        assert sheet.cell(row, 3).value == 2025
        sheet.cell(row, 4).value = 1000 + row
    out = io.BytesIO()
    book.save(out)
    page = preview(client, out.getvalue(), name="einwohner.xlsx")
    assert page.context["plan"].may_be_saved
    assert len(page.context["plan"].changes) == Area.objects.filter(territory=world.territory).count()


# --- Changes of borders -----------------------------------------------------------------------------


def rows(*lines: str) -> str:
    return BORDERS + "".join(f"{line}\n" for line in lines)


def test_changes_of_borders_are_looked_at_and_taken_over(world: World, client_as: ClientAs) -> None:
    client = client_as(world.people["planner"])
    old, one, two, _rest = world.areas
    text = rows(
        f"{old.key};{one.key};62,5 %;01.01.2024;Ratsbeschluss", f"{old.key};{two.key};37,5;2024-01-01;"
    )
    page = preview(client, text, IMPORT)
    assert page.context["plan"].errors == page.context["plan"].hints == []
    assert not AreaSuccession.objects.exists()
    assert save(client, page).status_code == 302
    found = AreaSuccession.objects.order_by("-share")
    assert [(row.share, row.source) for row in found] == [
        (Decimal("0.625"), "Ratsbeschluss"),
        (Decimal("0.375"), "tabelle.csv"),
    ]
    old.refresh_from_db()
    assert old.valid_until == datetime.date(2023, 12, 31)
    entry = LogEntry.objects.get(action="succession.imported")
    assert entry.data["new_count"] == 2
    assert not LogEntry.objects.filter(action="succession.recorded").exists()
    # The form holds what is recorded: handed in again it changes nothing.
    form = client.get(IMPORT, {"export": "csv"})
    again = preview(client, form.content, IMPORT)
    assert again.context["plan"].may_be_saved, messages_of(again)
    assert not again.context["plan"].changes_something


def test_three_thirds_are_all(world: World, client_as: ClientAs) -> None:
    client = client_as(world.people["planner"])
    old, *others = world.areas
    text = rows(*(f"{old.key};{other.key};33,33;01.01.2024;" for other in others))
    page = preview(client, text, IMPORT)
    assert page.context["plan"].hints == []
    save(client, page)
    old.refresh_from_db()
    assert old.valid_until == datetime.date(2023, 12, 31)


def test_shares_below_all_are_told(world: World, client_as: ClientAs) -> None:
    """Of an area that goes on the rest stays; of one that ended the rest is missing."""
    client = client_as(world.people["planner"])
    old, new, *_rest = world.areas
    text = rows(f"{old.key};{new.key};62,5;01.01.2024;")
    page = preview(client, text, IMPORT)
    assert "37,5" in page.context["plan"].hints[0].message
    assert page.context["plan"].may_be_saved
    Area.objects.filter(pk=old.pk).update(valid_until=datetime.date(2023, 12, 31))
    page = preview(client, text, IMPORT)
    assert "37,5" in messages_of(page)[0]
    assert save(client, page).status_code == 422
    AreaSuccession.objects.create(
        old=old, new=new, changed_on=datetime.date(2024, 1, 1), share=Decimal("0.625")
    )
    assert "37,5" in client.get(CHANGES).content.decode()
    assert [row.rest for row in client.get(CHANGES).context["missing"]] == [Decimal("0.375")]


@pytest.mark.parametrize(
    "line",
    [
        "{0};{0};50;01.01.2024;",
        "{0};{1};0;01.01.2024;",
        "{0};{1};101;01.01.2024;",
        "{0};{1};viel;01.01.2024;",
        "{0};{1};=1;01.01.2024;",
        "{0};{1};50;2024;",
        "{0};{1};50;31.02.2024;",
        "{0};nirgends;50;01.01.2024;",
        "{0};05;50;01.01.2024;",
        "{0};{1};50;01.01.2023;",
        "{0};{1};50;01.01.2024;\n{0};{1};50;01.01.2024;",
        "{0};{1};60;01.01.2024;\n{0};{2};50;01.01.2024;",
        "{0};{1};60,5;01.01.2024;\n{0};{2};39.5;01.01.2024;",
    ],
)
def test_one_wrong_row_of_borders_keeps_all_out(world: World, client_as: ClientAs, line: str) -> None:
    client = client_as(world.people["planner"])
    old, new, *_rest = world.areas
    factories.area(world.territory, "Kreis", key="05", kind=AreaKind.DISTRICT)
    AreaSuccession.objects.create(
        old=old, new=new, changed_on=datetime.date(2023, 1, 1), share=Decimal("0.1")
    )
    good = f"{world.areas[3].key};{new.key};10;01.01.2024;"
    page = preview(client, rows(good, line.format(*(area.key for area in world.areas))), IMPORT)
    assert messages_of(page)
    assert save(client, page).status_code == 422
    assert AreaSuccession.objects.count() == 1


def test_shares_instead_of_percent_are_refused(world: World, client_as: ClientAs) -> None:
    old, one, two, _rest = (area.key for area in world.areas)
    text = rows(f"{old};{one};0,6;01.01.2024;", f"{old};{two};0,4;01.01.2024;")
    page = preview(client_as(world.people["planner"]), text, IMPORT)
    assert page.context["plan"].errors[0].column == "C"
    assert save(client_as(world.people["planner"]), page).status_code == 422


def test_a_key_that_stays_means_the_version_of_the_day(world: World, client_as: ClientAs) -> None:
    new, other, *_rest = world.areas
    Area.objects.filter(pk=new.pk).update(valid_from=datetime.date(2021, 1, 1))
    old = factories.area(world.territory, "Alt", key=new.key, valid_until=datetime.date(2020, 12, 31))
    client = client_as(world.people["planner"])
    text = rows(f"{new.key};{new.key};90;01.01.2021;", f"{new.key};{other.key};10;01.01.2021;")
    page = preview(client, text, IMPORT)
    assert messages_of(page) == []
    save(client, page)
    assert set(AreaSuccession.objects.values_list("old", "new")) == {(old.pk, new.pk), (old.pk, other.pk)}


def test_taking_back_twice_is_told_and_logged_once(world: World, client_as: ClientAs) -> None:
    old, new, *_rest = world.areas
    row = AreaSuccession.objects.create(
        old=old, new=new, changed_on=datetime.date(2023, 1, 1), share=Decimal("0.1")
    )
    client = client_as(world.people["planner"])
    assert client.post(f"/areas/border-changes/{row.pk}/delete/").status_code == 302
    assert client.post(f"/areas/border-changes/{row.pk}/delete/").status_code == 404
    assert LogEntry.objects.filter(action="succession.removed").count() == 1
