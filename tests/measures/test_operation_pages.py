"""Pages of operations: who gets them, filter and sums, the way of a list, and what the law has published."""

from __future__ import annotations

import csv
import dataclasses
import datetime
import io
import json
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from measures.models import KeyFigureTarget, Operation, OperationImport, Programme
from measures.selectors.operation_keys import SORTS, keys_of, published_by
from measures.selectors.operation_publication import REQUIRED, ListedOperation, overview, rows_of
from measures.selectors.operations import sums_of
from measures.selectors.projects import projects_seen_by
from measures.services.grants import notice_record
from measures.services.operations import OperationFields, operation_change, operations_tell_persons
from monitoring.models import AreaKind, Unit
from stakeholders.models import Function, LogEntry, OrganisationKind, User
from stakeholders.permissions import Perm, grant_only
from tests import factories
from tests.factories import World
from tests.grants import lines, notice
from tests.measures.reports import confirmed
from tests.measures.test_views_projects import funded
from tests.operations import PROGRAMME, line, read, table, taken

ClientAs = Callable[[User], Client]
D = datetime.date
E = Decimal


def url(name: str, key: int) -> str:
    return reverse(f"measures:operation-{name}", args=[key])


@pytest.fixture
def reader(world: World) -> User:
    """Works for the funder and does not act for it."""
    return factories.staff("Leserin Ministerium", world.funder, Function.MEMBER)


@pytest.fixture
def stranger(world: World) -> User:
    """Acts for another funder."""
    other = factories.organisation("Stiftung (Beispiel)", OrganisationKind.FUNDER)
    return factories.staff("Stiftung", other, Function.HEAD)


# --- rights ------------------------------------------------------------------------------------------


def test_people_of_the_funder_read_and_who_acts_for_it_uploads(
    world: World, client_as: ClientAs, reader: User, stranger: User
) -> None:
    taken(world, line())
    kept = read(world, line(), line("B"))
    operation, funder = Operation.objects.get(), world.funder.pk
    pages = [
        url("list", funder),
        url("publication", funder),
        url("import", kept.pk),
        url("detail", operation.pk),
    ]
    acting, reading = client_as(world.fresh("funder_reader")), client_as(reader)
    for page in pages:
        assert acting.get(page).status_code == reading.get(page).status_code == 200, page
        for user in (stranger, world.fresh("planner"), world.fresh("provider_head"), world.fresh("admin")):
            assert client_as(user).get(page).status_code == 404, page
            assert client_as(user).post(page).status_code in {404, 405}, page
    upload = url("upload", funder)
    assert acting.get(upload).status_code == 200
    assert reading.get(upload).status_code == 403
    assert client_as(stranger).get(upload).status_code == 404
    for page in (url("import", kept.pk), url("detail", operation.pk), upload):
        assert reading.post(page, {"discard": "1"}).status_code == 403, page
    html = reading.get(url("import", kept.pk)).content.decode()
    assert 'name="discard"' not in html
    assert upload not in reading.get(url("list", funder)).content.decode()
    assert upload in acting.get(url("list", funder)).content.decode()
    kept.refresh_from_db()
    assert kept.is_open


def test_the_list_is_reached_from_the_programmes(world: World, client_as: ClientAs, reader: User) -> None:
    address = url("list", world.funder.pk)
    programmes = reverse("measures:programme-list")
    for user, is_linked in ((reader, True), (world.fresh("planner"), False)):
        assert (address in client_as(user).get(programmes).content.decode()) == is_linked
    # Only funders have operations.
    assert client_as(world.fresh("planner")).get(url("list", world.provider.pk)).status_code == 404


# --- list --------------------------------------------------------------------------------------------


def test_filters_sums_and_order(world: World, client_as: ClientAs) -> None:
    client = client_as(world.fresh("funder_reader"))
    empty = client.get(url("list", world.funder.pk)).content.decode()
    assert "pg-empty" in empty
    taken(
        world,
        line("Zebra", amount="1000"),
        line("Ähre", amount="200.30", place="Düren", rate="0.25", starts="2016-05-01"),
        line("Biene", amount="3", name="100 % Zukunft", ends="2015-06-30"),
    )
    taken(world, line("Neu", amount="7"), programme_name="ESF+")
    page = url("list", world.funder.pk)

    def got(**query: str) -> tuple[list[str], Decimal, Decimal]:
        context = client.get(page, query).context
        sums = context["sums"]
        assert sums.count == len(context["page_obj"].object_list)
        return [row.beneficiary for row in context["page_obj"]], sums.eligible, sums.eu_share

    assert got() == (["Ähre", "Biene", "Neu", "Zebra"], E("1210.30"), E("555.08"))
    assert got(sort="-beneficiary")[0] == ["Zebra", "Neu", "Biene", "Ähre"]
    assert got(sort="-eligible")[0] == ["Zebra", "Ähre", "Neu", "Biene"]
    assert got(sort="share")[0] == ["Biene", "Neu", "Ähre", "Zebra"]
    assert got(place="Düren") == (["Ähre"], E("200.30"), E("50.08"))
    assert got(place="5206")[0] == ["Ähre", "Biene", "Neu", "Zebra"]
    assert got(programme="ESF+")[0] == ["Neu"]
    assert got(year="2015")[0] == ["Biene", "Neu", "Zebra"]
    assert got(year="2016")[0] == ["Ähre", "Neu", "Zebra"]
    assert got(q="100 %")[0] == ["Biene"]
    assert got(q="gibt es nicht")[0] == []
    assert got(q="5206", sort="egal")[0] == ["Ähre", "Biene", "Neu", "Zebra"]
    response = client.get(page, {"export": "csv", "place": "Düren"})
    rows = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig")), delimiter=";"))
    assert [rows[1][2], rows[1][7], rows[1][9]] == ["Ähre", "200,30", "50,08"]
    assert [row for row in rows[2:] if len(row) > 1] == []


def test_shares_add_up_as_the_rows_say_them(world: World) -> None:
    taken(world, *(line(f"Verein {number}", amount=f"{number}.10", rate="0.05") for number in range(9)))
    rows = world.funder.operations.all()
    assert Operation.objects.get(beneficiary="Verein 0").eu_share == E("0.01"), "half up: 0.005"
    assert sums_of(rows).eu_share == sum(row.eu_share for row in rows) == E("1.89")
    assert sums_of(rows.none()).eu_share == 0


def test_fifty_rows_a_page_and_the_sums_of_all(world: World, client_as: ClientAs) -> None:
    taken(world, *(line(f"Verein {number:03d}", amount="10") for number in range(120)))
    client = client_as(world.fresh("funder_reader"))
    context = client.get(url("list", world.funder.pk), {"page": "3"}).context
    assert len(context["page_obj"].object_list) == 20
    assert (context["sums"].count, context["sums"].eligible) == (120, 1200)


def test_the_same_queries_for_2_and_60_operations(world: World, client_as: ClientAs) -> None:
    client = client_as(world.fresh("funder_reader"))

    def queries(page: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(page).status_code == 200
        return len(captured)

    pages = [url("list", world.funder.pk), url("publication", world.funder.pk)]
    taken(world, line(), line("B"))
    few = [queries(page) for page in pages]
    taken(world, *(line(f"Verein {number}") for number in range(60)), programme_name="Anderes")
    assert [queries(page) for page in pages] == few


# --- the way of a list -------------------------------------------------------------------------------


def sent(content: bytes, name: str = "vorhaben.csv") -> dict[str, Any]:
    return {"file": SimpleUploadedFile(name, content), "programme_name": PROGRAMME, "fund": "ESF"}


def test_upload_preview_take_over_and_result(world: World, client_as: ClientAs) -> None:
    client = client_as(world.fresh("funder_reader"))
    upload = url("upload", world.funder.pk)
    response = client.post(upload, sent(table(line(amount="1234.56"), line(amount="1234.56"))))
    kept = OperationImport.objects.get()
    page = url("import", kept.pk)
    assert (response.status_code, response["Location"]) == (302, page)
    preview = client.get(page)
    html = preview.content.decode()
    assert "1.234,56" in html
    assert 'name="duplicates"' in html
    assert not Operation.objects.exists()
    seen = preview.context["comparison"].mark
    wrong = client.post(page, {"seen": seen, "duplicates": "egal"})
    assert wrong.status_code == 422
    assert client.post(page, {"seen": "alt", "duplicates": "drop"}).status_code == 302
    assert not Operation.objects.exists(), "what the person saw does not stand any more"
    assert client.post(page, {"seen": seen, "duplicates": "drop"}).status_code == 302
    assert (Operation.objects.get().fund, Operation.objects.get().eligible) == ("ESF", E("1234.56"))
    over = client.get(page)
    assert over.context["is_taken"]
    assert "Referat Ministerium" in over.content.decode()
    # Sent once more, nothing happens twice.
    assert client.post(page, {"seen": seen, "duplicates": "keep"}).status_code == 302
    assert Operation.objects.count() == 1
    again = client.post(upload, sent(table(line(amount="1234.56"), line(amount="1234.56"))))
    assert again.status_code == 422
    assert again.context["form"].errors["file"]


def test_errors_stay_by_row_and_column_and_as_a_file(world: World, client_as: ClientAs) -> None:
    client = client_as(world.fresh("funder_reader"))
    client.post(url("upload", world.funder.pk), sent(table(line(amount="-3"), line(ends="2014-01-01"))))
    page = url("import", OperationImport.objects.get().pk)
    html = client.get(page).content.decode()
    for text in ("F · foerderfaehige_ausgaben_eur", "-3", "E · ende"):
        assert text in html
    response = client.get(page, {"export": "csv"})
    rows = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig")), delimiter=";"))
    assert [row[1:3] for row in rows[1:3]] == [["2", "F"], ["3", "E"]]
    assert all(row[5] for row in rows[1:3]), "what to do"
    assert client.post(page, {"seen": ""}).status_code == 302
    assert not Operation.objects.exists()


@pytest.mark.parametrize(
    ("name", "content"), [("boese.csv", b"MZ\x90\x00\x03" * 99), ("leer.csv", b""), ("bild.png", b"\x89PNG")]
)
def test_files_of_another_kind_are_refused_on_the_page(
    name: str, content: bytes, world: World, client_as: ClientAs
) -> None:
    client = client_as(world.fresh("funder_reader"))
    response = client.post(url("upload", world.funder.pk), sent(content, name))
    assert response.status_code == 422
    assert response.context["form"].errors["file"]
    assert not OperationImport.objects.exists()


def test_a_list_is_discarded(world: World, client_as: ClientAs) -> None:
    kept = read(world, line())
    client = client_as(world.fresh("funder_reader"))
    assert client.post(url("import", kept.pk), {"discard": "1"}).status_code == 302
    kept.refresh_from_db()
    assert (kept.state, kept.content) == ("discarded", [])
    assert client.get(url("import", kept.pk)).status_code == 200
    assert client.post(url("import", kept.pk), {"discard": "1"}).status_code == 302
    assert not Operation.objects.exists()


def test_a_newer_list_asks_what_becomes_of_what_is_gone(world: World, client_as: ClientAs) -> None:
    taken(world, line(), line("B"))
    Operation.objects.filter(beneficiary="Verein A").update(is_natural_person=True)
    kept = read(world, line(amount="2000"))
    client = client_as(world.fresh("funder_reader"))
    page = url("import", kept.pk)
    shown = client.get(page)
    assert "Natürliche Person" in shown.content.decode()
    seen = shown.context["comparison"].mark
    assert len(shown.context["pairs"]) == 1
    assert client.post(page, {"seen": seen}).status_code == 422
    assert client.post(page, {"seen": seen, "gone": "retire"}).status_code == 302
    listed = client.get(url("list", world.funder.pk))
    assert (listed.context["sums"].count, listed.context["sums"].eligible) == (1, 2000)
    retired = client.get(url("list", world.funder.pk), {"state": "retired"})
    assert retired.context["sums"].count == 2
    old = Operation.objects.exclude(retired_by=None).first()
    assert old is not None
    assert client.get(url("detail", old.pk)).status_code == 200


def test_what_a_list_does_not_say_is_added(world: World, client_as: ClientAs) -> None:
    project = funded(world)
    other_funder = factories.organisation("Stiftung (Beispiel)", OrganisationKind.FUNDER)
    foreign = funded(world, title="Fremdes", funder=other_funder)
    taken(world, line())
    operation = Operation.objects.get()
    client = client_as(world.fresh("funder_reader"))
    page = url("detail", operation.pk)
    shown = client.get(page).context["form"]
    seen = shown["seen"].value()
    assert [row.pk for row in shown.fields["project"].queryset] == [project.pk]
    assert client.post(page, {"seen": seen, "project": foreign.pk}).status_code == 422
    values = {"seen": seen, "project": project.pk, "is_natural_person": "on", "fund": "ESF+"}
    assert client.post(page, values).status_code == 302
    operation.refresh_from_db()
    assert (operation.project, operation.is_natural_person, operation.fund) == (project, True, "ESF+")
    assert project.title in client.get(page).content.decode()
    stale = client.post(page, values)
    assert stale.status_code == 422
    again = values | {"seen": stale.context["form"]["seen"].value(), "fund": "ESF"}
    assert client.post(page, again).status_code == 302


def test_natural_persons_are_ticked_by_the_page(world: World, client_as: ClientAs, reader: User) -> None:
    people = [line("Erika Mustermann", amount=str(number)) for number in (1, 2)]
    taken(world, *people, line("Verein A"), line("Max Muster"))
    page = url("list", world.funder.pk) + "?q=5206"
    client = client_as(world.fresh("funder_reader"))

    def persons() -> list[str]:
        return sorted(Operation.objects.filter(is_natural_person=True).values_list("beneficiary", flat=True))

    keys = dict(Operation.objects.order_by("-pk").values_list("beneficiary", "pk"))
    for button, count in (("tick_all", 4), ("tick_none", 0)):
        shown = client.post(page, {button: "1"})
        assert shown.content.decode().count(" checked") == count
        assert len(shown.context["page_obj"].object_list) == 4
        assert persons() == [], "nothing is saved"
    answer = client.post(page, {"natural": [keys["Erika Mustermann"], keys["Max Muster"], "x"]})
    assert (answer.status_code, answer["Location"]) == (302, page)
    assert persons() == ["Erika Mustermann", "Erika Mustermann", "Max Muster"], "one name is one person"
    entry = LogEntry.objects.get(action="operation.persons_told")
    assert (entry.data["natural"], entry.data["others"]) == (3, 0)

    # What was not changed on the page stays, whatever others did meanwhile.
    client.post(page, {"was": [keys["Max Muster"]], "natural": []})
    assert persons() == ["Erika Mustermann"] * 2
    # In doubt a name stays out.
    both = {"people": [keys["Erika Mustermann"]], "others": [row.pk for row in Operation.objects.all()]}
    assert operations_tell_persons(world.funder, **both, user=world.fresh("funder_reader")) == 0
    assert persons() == ["Erika Mustermann"] * 2

    reading = client_as(reader)
    assert reading.post(page, {"natural": [keys["Verein A"]]}).status_code == 403
    html = reading.get(page).content.decode()
    assert 'name="natural"' not in html
    assert html.count("Name wird nicht veröffentlicht") == 2
    assert persons() == ["Erika Mustermann"] * 2


def test_operations_of_another_funder_are_not_ticked(world: World, stranger: User) -> None:
    taken(world, line("Erika Mustermann"))
    own = stranger.memberships.get().organisation
    key = Operation.objects.get().pk
    assert operations_tell_persons(own, people=[key], others=[], user=stranger) == 0
    with pytest.raises(PermissionDenied):
        operations_tell_persons(world.funder, people=[key], others=[], user=stranger)
    assert not Operation.objects.get().is_natural_person


def test_the_link_to_a_project_stays_when_somebody_saves_who_may_not_open_it(
    published: Any, world: World, client_as: ClientAs
) -> None:
    club = Operation.objects.get(beneficiary="Verein Zett")
    operation_change(club, fields=OperationFields(project=published), user=world.fresh("funder_reader"))
    grant_only(Perm.TRACK_PROJECT, [], published)
    client = client_as(world.fresh("funder_reader"))
    page = url("detail", club.pk)
    form = client.get(page).context["form"]
    assert "project" not in form.fields
    assert published.title not in client.get(page).content.decode()
    sent = {"seen": form["seen"].value(), "fund": "JTF", "project": ""}
    assert client.post(page, sent).status_code == 302
    club.refresh_from_db()
    assert (club.project, club.fund) == (published, "JTF")


# --- the published list ------------------------------------------------------------------------------


@pytest.fixture
def published(world: World) -> Any:
    """A project with a notice, one without money of the Union, one without a notice, and a list."""
    planner = world.fresh("planner")
    project = funded(world)
    Programme.objects.filter(pk=project.programme_id).update(
        goals="Gegen Kinderarmut.", fund="ESF+", specific_objective="ESO4.12", intervention="163"
    )
    town = factories.area(world.territory, "Musterstadt", kind=AreaKind.MUNICIPALITY, key="05378004")
    quarter = factories.area(world.territory, "Quartier Nord", parent=town)
    project.areas.add(quarter)
    notice_record(project, fields=notice(), user=planner)
    later = notice(granted=E("1350.00"), lines=lines("1500.00", "150.00"), reason="Aufstockung")
    notice_record(project, fields=later, user=planner)
    confirmed(world, project.measure, D(2026, 3, 31), 17)
    by_state = funded(world, title="Landesprojekt", programme="Land")
    plan = [dataclasses.replace(row, kind="state") if row.kind == "esf" else row for row in lines()]
    notice_record(by_state, fields=notice(lines=plan), user=planner)
    funded(world, title="Ohne Bescheid", programme="Später")
    other_funder = factories.organisation("Stiftung (Beispiel)", OrganisationKind.FUNDER)
    foreign = funded(world, title="Fremdes Projekt", funder=other_funder)
    notice_record(foreign, fields=notice(), user=planner)
    taken(world, line("Verein Zett", amount="100.50"), line("Erika Mustermann", amount="7"), fund="ESF")
    person = Operation.objects.get(beneficiary="Erika Mustermann")
    operation_change(
        person, fields=OperationFields(is_natural_person=True), user=world.fresh("funder_reader")
    )
    return project


def listed(world: World, **wanted: Any) -> list[ListedOperation]:
    return list(rows_of(keys_of(published_by(world.funder), **wanted)))


def test_the_published_list_has_projects_and_operations(published: Any, world: World) -> None:
    person, project, club = rows = listed(world)
    assert (project.code, project.beneficiary, project.name) == (
        f"P-{published.pk}",
        "Träger (Beispiel)",
        "Elterncafé (Beispiel)",
    )
    assert (project.total_cost, project.eu_percent) == (E("1500.00"), E("90.00"))
    assert (project.fund, project.specific_objective, project.intervention) == ("ESF+", "ESO4.12", "163")
    assert project.location == "Musterstadt (05378004)", "the municipality, not the quarter"
    assert project.purpose.startswith("Gegen Kinderarmut.")
    assert "17\xa0Personen" in project.purpose
    assert project.missing == []
    assert (person.beneficiary, person.eligible) == ("", 7)
    assert (club.beneficiary, club.postcode, club.total_cost) == ("Verein Zett", "52062", None)
    assert len(club.missing) == 2, "neither total cost nor specific objective is in the older form"
    assert len({row.code for row in rows}) == 3


def test_what_is_missing_is_counted_as_the_rows_say(published: Any, world: World) -> None:
    Programme.objects.filter(pk=published.programme_id).update(goals=" ", intervention="")
    bare = funded(world, title="Ohne Zahlen", programme="Ohne Ziele")
    notice_record(bare, fields=notice(), user=world.fresh("planner"))
    secret = funded(world, title="Geheime Zahlen", programme="Ohne Ziele")
    notice_record(secret, fields=notice(), user=world.fresh("planner"))
    confirmed(world, secret.measure, D(2026, 4, 30), 2)
    Unit.objects.update(is_count=True)
    KeyFigureTarget.objects.filter(key_figure__measure__in=[bare.measure, secret.measure]).delete()
    Operation.objects.filter(beneficiary="Verein Zett").update(postcode="", summary="", fund="")
    found, gaps = overview(published_by(world.funder))
    rows = listed(world)
    counts = Counter(name for row in rows for name in row.lacking)
    assert (found.count, found.without_union) == (len(rows), 1) == (5, 1)
    assert dict(found.lacking) == counts
    assert counts["purpose"] == 3, "one list's row, the project without figures, that with a secret one"
    assert dict(gaps) == {str(REQUIRED[name]): count for name, count in counts.items()}
    assert [count for _name, count in gaps] == sorted(counts.values(), reverse=True)


def test_small_counts_of_people_are_not_published(published: Any, world: World) -> None:
    unit = published.measure.key_figures.get().unit
    unit.is_count = True
    unit.save()
    confirmed(world, published.measure, D(2026, 6, 30), 2)
    purposes = [row.purpose for row in listed(world)]
    assert any("Erreichte Kinder" in text for text in purposes)
    assert not any("2\xa0Personen" in text for text in purposes)


def test_the_published_list_is_the_same_for_everybody_who_reads_it(
    published: Any, world: World, client_as: ClientAs
) -> None:
    page = url("publication", world.funder.pk)
    whole: Any = client_as(world.fresh("funder_reader")).get(page, {"export": "csv"})
    # Somebody who reads the funder's operations and does not follow the project.
    grant_only(Perm.TRACK_PROJECT, [], published)
    again = client_as(world.fresh("funder_reader"))
    assert not projects_seen_by(world.fresh("funder_reader")).filter(pk=published.pk).exists()
    sent: Any = again.get(page, {"export": "csv"})
    assert published.title in sent.content.decode()
    assert sent.content == whole.content


def test_an_operation_of_a_listed_project_is_published_once(published: Any, world: World) -> None:
    user = world.fresh("funder_reader")
    club = Operation.objects.get(beneficiary="Verein Zett")
    operation_change(club, fields=OperationFields(project=published), user=user)
    assert [row.key for row in listed(world) if row.beneficiary == "Verein Zett"] == []
    # A project without a notice is not listed itself: then its operation is.
    waiting = world.funder.funded_projects.get(title="Ohne Bescheid")
    operation_change(club, fields=OperationFields(project=waiting), user=user)
    assert "Verein Zett" in [row.beneficiary for row in listed(world)]


def test_the_files_of_the_published_list(published: Any, world: World, client_as: ClientAs) -> None:
    client = client_as(world.fresh("funder_reader"))
    page = url("publication", world.funder.pk)

    def body(form: str) -> bytes:
        response: Any = client.get(page, {"export": form, "q": "zett"})
        assert response.status_code == 200
        assert "attachment" in response["Content-Disposition"]
        content: bytes = response.content
        for hidden in ("Erika Mustermann", "Fremdes Projekt", "Landesprojekt", "Ohne Bescheid"):
            assert hidden.encode() not in content, form
        return content

    german = body("csv")
    assert german.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(german.decode("utf-8-sig")), delimiter=";"))
    assert len([row for row in rows if len(row) > 5]) == 4, "the whole list, whatever was searched for"
    project = next(row for row in rows if row[0] == f"P-{published.pk}")
    assert project[7:10] == ["01.02.2026", "31.12.2026", "1500,00"]
    machine = list(csv.DictReader(io.StringIO(body("csv-en").decode())))
    own = next(row for row in machine if row["code"] == f"P-{published.pk}")
    assert (own["starts_on"], own["total_cost"], own["eu_percent"]) == ("2026-02-01", "1500.00", "90.00")
    data = json.loads(body("json"))
    told = next(row for row in data["operations"] if row["code"] == f"P-{published.pk}")
    assert (told["starts_on"], told["total_cost"], told["contractor"]) == ("2026-02-01", 1500, None)
    assert (data["publisher"], len(data["operations"])) == (world.funder.name, 3)
    sheet = load_workbook(io.BytesIO(body("xlsx"))).active
    assert sheet is not None
    assert sheet.auto_filter.ref == "A1:S4"
    assert 1500 in [row[9].value for row in sheet.iter_rows(min_row=2, max_row=4)]


def test_the_published_list_is_searched_and_ordered(
    published: Any, world: World, client_as: ClientAs
) -> None:
    client = client_as(world.fresh("funder_reader"))
    page = url("publication", world.funder.pk)

    def keys(**query: str) -> list[str]:
        return [row.beneficiary for row in client.get(page, query).context["page_obj"]]

    assert keys() == ["", "Träger (Beispiel)", "Verein Zett"]
    assert keys(sort="-cost") == ["Träger (Beispiel)", "Verein Zett", ""]
    assert keys(q="musterstadt") == ["Träger (Beispiel)"]
    assert keys(q="TRÄGER") == keys(q="05378004") == keys(q=f"p-{published.pk}") == ["Träger (Beispiel)"]
    assert keys(q="kinderarmut") == ["Träger (Beispiel)"]
    for sort in SORTS:
        rising, falling = (
            [(row.code, row.name) for row in client.get(page, {"sort": way + sort}).context["page_obj"]]
            for way in ("", "-")
        )
        assert rising == falling[::-1]
        assert len(rising) == 3, sort
    assert next(row.location for row in listed(world, sort="location")) == "Aachen"
    assert [row.eu_percent for row in listed(world, sort="rate")] == [50, 50, 90]
    assert keys(q="erika") == [], "a name that is not published is not found either"
    html = client.get(page).content.decode()
    assert "Erika" not in html
    assert "pg-empty" in client.get(page, {"q": "gibt es nicht"}).content.decode()


def test_a_text_that_could_be_a_formula_stays_text(world: World, client_as: ClientAs) -> None:
    taken(world, line("=1+1"))
    client = client_as(world.fresh("funder_reader"))
    for page in (url("list", world.funder.pk), url("publication", world.funder.pk)):
        assert '"\'=1+1"' in client.get(page, {"export": "csv"}).content.decode("utf-8-sig")
