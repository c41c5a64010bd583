"""What changed between two versions of a report: each kind of change, and who is told what of it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext

from measures.models import FundedProject, ProjectReport, ProjectReportDelivery, ProjectReportState
from measures.selectors.project_report_changes import ReportChanges, changes_seen
from measures.selectors.project_sides import parts_seen
from measures.selectors.value_changes import ValueChange
from measures.services.advisers import adviser_let_in
from measures.services.project_report_steps import report_check, report_decide, report_deliver, step_write
from measures.services.snapshots import content_sha256
from stakeholders.models import OrganisationKind, User
from tests.factories import World
from tests.funding import people_of
from tests.grants import delivered_report, fill_report, receipt_of, reporting_project

ClientAs = Callable[[User], Client]
Content = dict[str, Any]
EVERYBODY = ("provider_head", "planner", "funder_reader", "adviser", "specialist")
#: Who may read receipts, and so questions and returns as well.
PARTIES = ("provider_head", "planner", "funder_reader")


@pytest.fixture
def project(world: World) -> FundedProject:
    return reporting_project(world)


@pytest.fixture
def report(project: FundedProject, world: World) -> ProjectReport:
    """Handed in, passed on, and returned by the funder with a reason."""
    found, _answer = delivered_report(project, world)
    return found


@pytest.fixture
def adviser(project: FundedProject, world: World) -> User:
    """Somebody whom the funder lets read the projects of the programme."""
    house, person = people_of("G.I.B. (Beispiel)", OrganisationKind.ADVISER)
    adviser_let_in(project.programme, organisation=house, user=world.fresh("funder_reader"))
    return User.objects.get(pk=person.pk)


def since(number: int) -> str:
    return gettext("Changed since version %(number)s") % {"number": number}


def receipt(number: str) -> str:
    return gettext("Receipt %(number)s") % {"number": number}


def handed_in(
    report: ProjectReport,
    world: World,
    change: Callable[[Content], object] = lambda _content: None,
    *steps: str,
) -> ProjectReportDelivery:
    """The next version, which differs from the last one as told; with steps about it."""
    last = report.deliveries.order_by("-number")[0]
    content = copy.deepcopy(last.content)
    content["number"] = last.number + 1
    change(content)
    row = ProjectReportDelivery(
        report=report,
        number=last.number + 1,
        content=content,
        sha256=content_sha256(content),
        paper_sha256="0" * 64,
        due_on=last.due_on,
        delivered_by=world.people["provider_head"],
    )
    row.paper.save("paper.pdf", ContentFile(b"%PDF-1.7"), save=False)
    row.save()
    for kind in steps:
        step_write(
            report, kind, organisation=world.planning_unit, user=world.people["planner"], text=f"Grund {kind}"
        )
    return row


def seen(delivery: ProjectReportDelivery, user: User) -> ReportChanges:
    """What a person is told."""
    found = changes_seen(delivery, parts_seen(user, delivery.report.project))
    assert found is not None
    return found


def rows_of(changes: ReportChanges) -> dict[str, list[ValueChange]]:
    return {part.title: part.rows for part in changes.parts if part.rows}


def told_rows(changes: ReportChanges) -> dict[str, list[tuple[str, ...]]]:
    """Title of a part -> label, entry, before and now of its rows."""
    return {
        title: [
            (row.label, row.entry, row.before.replace("\xa0", " "), row.now.replace("\xa0", " "))
            for row in rows
        ]
        for title, rows in rows_of(changes).items()
    }


def told_texts(changes: ReportChanges) -> dict[str, list[tuple[str, str]]]:
    """Label of a text -> its runs of words."""
    return {
        str(text.label): [(run.kind, run.text.strip()) for run in text.segments]
        for part in changes.parts
        for text in part.texts
    }


def planner_told(report: ProjectReport, world: World, change: Callable[[Content], object]) -> ReportChanges:
    return seen(handed_in(report, world, change), world.fresh("planner"))


# --- each kind of change -----------------------------------------------------------------------------


def test_the_narrative_is_compared_word_by_word_and_only_where_it_changed(
    report: ProjectReport, world: World
) -> None:
    def change(content: Content) -> None:
        content["narrative"][1]["text"] = "Neuer Beispieltext"

    changes = planner_told(report, world, change)
    assert told_texts(changes) == {"Was wurde erreicht": [("added", "Neuer"), ("same", "Beispieltext")]}
    assert [part.title for part in changes.parts] == ["Sachbericht"]


def test_lines_of_the_account_tell_before_now_and_the_difference(report: ProjectReport, world: World) -> None:
    def change(content: Content) -> None:
        staff, esf = content["account"]["cost"][0], content["account"]["funding"][0]
        staff.update(amount="150.50", planned="400.00", reason="Früher begonnen")
        esf.update(drawn="90.00", before="10.00")
        content["account"]["cost_sums"].update(amount="150.50")

    changes = planner_told(report, world, change)
    told = told_rows(changes)
    assert [row[:2] for row in told["Ausgaben"]] == [
        ("Personal", "Plan im Zeitraum"),
        ("Personal", "Im Zeitraum"),
        ("Summe", "Im Zeitraum"),
    ]
    assert told["Ausgaben"][1][2:] == ("100,00 €", "150,50 €")
    assert rows_of(changes)["Ausgaben"][1].difference.replace("\xa0", " ") == "+50,50 €"
    assert [(row[1], row[3]) for row in told["Einnahmen"]] == [
        ("Bisher", "10,00 €"),
        ("Abgerufen", "90,00 €"),
    ]
    assert told_texts(changes) == {
        "Begründung der Abweichung: Personal": [
            ("removed", "Später"),
            ("added", "Früher"),
            ("same", "begonnen"),
        ]
    }


def test_a_line_that_came_or_went_has_a_dash_on_the_other_side(report: ProjectReport, world: World) -> None:
    def change(content: Content) -> None:
        (line,) = content["account"]["cost"]
        content["account"]["cost"] = [{**line, "title": "Leitung", "reason": ""}]

    told = told_rows(planner_told(report, world, change))["Ausgaben"]
    assert {row[2] for row in told if row[0] == "Personal: Leitung"} == {"–"}
    assert {row[3] for row in told if row[0] == "Personal"} == {"–"}


def test_counts_of_participants_tell_before_and_now(report: ProjectReport, world: World) -> None:
    def change(content: Content) -> None:
        content["participants"][0].update(f=14, total=25)

    (told,) = told_rows(planner_told(report, world, change)).values()
    assert [row[1:] for row in told] == [("Frauen", "12", "14"), ("Insgesamt", "23", "25")]
    assert told[0][0].startswith("EECO01 ")


def test_receipts_are_told_as_added_removed_and_changed(report: ProjectReport, world: World) -> None:
    def receipts(content: Content, *rows: dict[str, str]) -> None:
        (first,) = content["receipts"]
        content["receipts"] = [{**first, **row} for row in rows]

    def told() -> list[tuple[str, ...]]:
        last = report.deliveries.order_by("-number")[0]
        return told_rows(seen(last, world.fresh("planner"))).get("Belegliste", [])

    handed_in(report, world, lambda content: receipts(content, {}, {"number": "2", "sha256": "b" * 64}))
    ((label, entry, before, now),) = told()
    assert (label, entry, before) == (receipt("2"), "neu", "–")
    assert "Druckerei Muster, Flyer, Personal, 10,00 €, rechnung.pdf" in now
    assert rows_of(seen(report.deliveries.get(number=2), world.fresh("planner")))["Belegliste"][
        0
    ].file_key == (f"2:{'b' * 64}")

    handed_in(report, world, lambda content: content["receipts"].pop())
    assert [(row[0], row[1], row[3]) for row in told()] == [(receipt("2"), "entfallen", "–")]

    other = gettext("%(name)s (another file of the same name)") % {"name": "rechnung.pdf"}
    changed = {"amount": "12.50", "payee": "Copyshop", "sha256": "c" * 64}
    handed_in(report, world, lambda content: receipts(content, changed))
    assert told() == [
        (receipt("1"), "Empfänger", "Druckerei Muster", "Copyshop"),
        (receipt("1"), "Betrag", "10,00 €", "12,50 €"),
        (receipt("1"), "Datei", "rechnung.pdf", other),
    ]

    handed_in(report, world, lambda content: receipts(content, {"number": "1a"}))
    assert told() == [(receipt("1a"), "Nummer", "1", "1a")], "the same receipt under another number"

    handed_in(report, world, lambda content: receipts(content, {"file_name": "", "sha256": ""}))
    assert told() == [(receipt("1a"), "Datei", "rechnung.pdf", "–")]


def test_figures_and_milestones_are_compared_and_secret_ones_stay_secret(
    report: ProjectReport, world: World
) -> None:
    figure = {"title": "Kinder", "unit": "Personen", "baseline": "0", "baseline_on": "2025-12-31"}
    figure |= {"target": None, "target_on": None, "value": "10", "value_on": "2026-03-31", "comment": "Viele"}

    def first(content: Content) -> None:
        content["figures"] = [figure, {**figure, "unit": "Stunden"}]
        content["milestones"] = [{"title": "Start", "due_on": "2026-03-01", "reached_on": None}]

    def second(content: Content) -> None:
        content["figures"][0].update(value="12", comment="Sehr viele")
        content["figures"][1].update(value=None, is_secret=True)
        content["milestones"][0].update(reached_on="2026-03-02")

    handed_in(report, world, first)
    changes = planner_told(report, world, second)
    told = told_rows(changes)
    assert [(row[0], *row[2:]) for row in told["Kennzahlen"]] == [
        ("Kinder (Personen)", "10 (31.03.2026)", "12 (31.03.2026)"),
        ("Kinder (Stunden)", "10 (31.03.2026)", ". (31.03.2026)"),
    ]
    assert told["Meilensteine"] == [("Start", "Erreicht am", "noch nicht erreicht", "02.03.2026")]
    assert list(told_texts(changes)) == ["Kommentar: Kinder (Personen)"]


def test_who_declared_and_what_the_report_is_about_are_compared(report: ProjectReport, world: World) -> None:
    def change(content: Content) -> None:
        content["confirmation"].update(name="Andere Leitung", at="2030-01-01T00:00:00+00:00")
        content["due_on"] = "2030-01-01"
        content["project"].update(granted="950.00", partners=["Awo"])

    told = told_rows(planner_told(report, world, change))[gettext("What the report is about")]
    assert [row[0] for row in told] == [
        "Fällig am",
        "Partner",
        "Bewilligte Summe",
        gettext("Handed in and declared by"),
    ]
    assert told[1][2:] == ("–", "Awo")
    assert "Andere Leitung" in told[3][3]


def test_drawdowns_tell_amounts_by_source_and_what_they_are_for(
    project: FundedProject, report: ProjectReport, world: World
) -> None:
    def line(amount: str, granted: str = "900.00") -> dict[str, str]:
        return {"granted": granted, "before": "0.00", "amount": amount, "remaining": "0.00"}

    def drawn(amount: str, purpose: str) -> Callable[[Content], None]:
        def change(content: Content) -> None:
            content.update(
                kind="drawdown", narrative=[], figures=[], receipts=[], participants=[], account=None
            )
            lines = [{"kind": "esf", **line(amount)}]
            content["drawdown"] = {"lines": lines, "sums": line(amount), "purpose": purpose}

        return change

    handed_in(report, world, drawn("100.00", "Personal im Mai"))
    last = handed_in(report, world, drawn("80.00", "Personal im Juni"))
    changes = seen(last, world.fresh("planner"))
    told = told_rows(changes)
    assert told == {
        "Mittel dieses Abrufs": [
            ("Europäischer Sozialfonds (ESF)", "dieser Abruf", "100,00 €", "80,00 €"),
            ("Summe", "dieser Abruf", "100,00 €", "80,00 €"),
        ]
    }
    assert rows_of(changes)["Mittel dieses Abrufs"][0].difference.replace("\xa0", " ") == "−20,00 €"
    ((label, runs),) = told_texts(changes).items()
    assert (label, runs[1:]) == (
        "Verwendungszweck der Mittel",
        [("removed", "Mai"), ("added", "Juni")],
    )
    assert not changes.leaves_out_receipts


def test_the_same_content_once_more_is_no_change(
    report: ProjectReport, world: World, client_as: ClientAs
) -> None:
    last = handed_in(report, world)
    assert seen(last, world.fresh("planner")).parts == []
    page = client_as(world.fresh("planner")).get(reverse("measures:project-delivery-detail", args=[last.pk]))
    assert "Es hat sich nichts geändert." in page.content.decode()


def test_through_the_services_it_tells_what_the_provider_changed(report: ProjectReport, world: World) -> None:
    provider = world.fresh("provider_head")
    fill_report(report, amount="120.00")
    report.narrative["done"] = "Beispieltext mit Nachtrag"
    report.save(update_fields=["narrative"])
    second = receipt_of(report, world, number="2")
    second.sha256 = "b" * 64
    second.save(update_fields=["sha256"])
    changes = seen(report_deliver(report, user=provider), provider)
    assert changes.since.number == 1
    assert [row.text for row in changes.returns] == ["Bitte neu"]
    assert {part.title for part in changes.parts} == {"Sachbericht", "Ausgaben", "Einnahmen", "Belegliste"}
    assert changes.is_since_whole


def test_a_report_that_was_tampered_with_is_not_relied_on(
    report: ProjectReport, world: World, client_as: ClientAs
) -> None:
    last = handed_in(report, world)
    page = reverse("measures:project-delivery-detail", args=[last.pk])
    warning = gettext(
        "The stored content of version %(number)s is not as it was handed in: this comparison cannot be "
        "relied on."
    ) % {"number": 1}
    planner = client_as(world.fresh("planner"))
    assert warning not in planner.get(page).content.decode()
    table = ProjectReportDelivery._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET sha256 = %s WHERE number = 1", ["f" * 64])
    assert warning in planner.get(page).content.decode()


# --- who is told what --------------------------------------------------------------------------------


def people(world: World, adviser: User) -> dict[str, User]:
    return {**{name: world.fresh(name) for name in (*PARTIES, "specialist")}, "adviser": adviser}


def test_each_compares_with_the_latest_version_they_see(
    report: ProjectReport, world: World, adviser: User, client_as: ClientAs
) -> None:
    """The second version was returned by the municipality, the third passed on."""

    def say(text: str) -> Callable[[Content], None]:
        def change(content: Content) -> None:
            content["narrative"][0]["text"] = text

        return change

    second = handed_in(report, world, say("Zwischenstand"), "delivered", "sent_back")
    third = handed_in(report, world, say("Endfassung"), "delivered", "forwarded")
    checkers = {"provider_head", "planner"}
    for name, user in people(world, adviser).items():
        changes = seen(third, user)
        assert changes.since.number == (2 if name in checkers else 1), name
        reasons = {"planner": ["Grund sent_back"], "provider_head": ["Grund sent_back"]}
        wanted = reasons.get(name, ["Bitte neu"] if name == "funder_reader" else [])
        assert [row.text for row in changes.returns] == wanted, name
        client = client_as(user)
        page = client.get(reverse("measures:project-delivery-detail", args=[third.pk])).content.decode()
        detail = client.get(reverse("measures:project-report-detail", args=[report.pk])).content.decode()
        for text in ("Zwischenstand", "Grund sent_back", since(2)):
            assert (text in page) is (name in checkers), (name, text)
        assert (since(2) in detail) is (name in checkers)
        assert since(1) in detail
        address = reverse("measures:project-delivery-detail", args=[second.pk])
        assert client.get(address).status_code == (200 if name in checkers else 404), name


def test_the_first_version_a_person_sees_is_compared_with_nothing(
    report: ProjectReport, world: World, adviser: User, client_as: ClientAs
) -> None:
    first = report.deliveries.get()
    for name, user in people(world, adviser).items():
        assert changes_seen(first, parts_seen(user, report.project)) is None, name
        client = client_as(user)
        page = client.get(reverse("measures:project-delivery-detail", args=[first.pk]))
        detail = client.get(reverse("measures:project-report-detail", args=[report.pk]))
        for answer in (page, detail):
            assert "#changes" not in answer.content.decode(), name
            assert 'id="changes"' not in answer.content.decode(), name


def test_outsiders_find_no_page(report: ProjectReport, world: World, client_as: ClientAs) -> None:
    last = handed_in(report, world, lambda _content: None, "delivered", "forwarded")
    page = reverse("measures:project-delivery-detail", args=[last.pk])
    assert client_as(world.fresh("planner")).get(page).status_code == 200
    assert client_as(world.fresh("outsider")).get(page).status_code == 404
    assert changes_seen(last, parts_seen(world.fresh("outsider"), report.project)) is None


def test_receipts_are_told_to_the_parties_only(report: ProjectReport, world: World, adviser: User) -> None:
    def change(content: Content) -> None:
        content["receipts"][0].update(payee="Copyshop")
        content["account"]["funding"][0].update(drawn="90.00")
        content["project"]["measure"] = None

    last = handed_in(report, world, change, "delivered", "forwarded")
    for name, user in people(world, adviser).items():
        changes = seen(last, user)
        is_party = name in PARTIES
        guarded = {"Belegliste", gettext("What the report is about")} if is_party else set()
        titles = {"Einnahmen"} | guarded
        assert {part.title for part in changes.parts} == titles, (
            "of the rest the paper tells, the page does not"
        )
        assert changes.leaves_out_receipts is not is_party


def test_small_counts_are_hidden_as_on_the_page(report: ProjectReport, world: World, adviser: User) -> None:
    def count(**counts: int) -> Callable[[Content], None]:
        return lambda content: content["participants"][0].update(total=sum(counts.values()), **counts)

    few = handed_in(report, world, count(f=12, m=11, n=1), "delivered", "forwarded")
    still_few = handed_in(report, world, count(f=12, m=10, n=2), "delivered", "forwarded")
    assert [row[1:] for row in told_rows(seen(few, adviser))["Teilnehmende"]] == [
        ("Frauen", "12", "."),
        ("Männer", "11", "."),
        ("Nicht binär", "0", "."),
        ("Insgesamt", "23", "24"),
    ]
    assert seen(few, adviser).hides_people
    assert seen(still_few, adviser).parts == [], "what is hidden twice has not changed"
    for name in PARTIES:
        told = told_rows(seen(still_few, world.fresh(name)))["Teilnehmende"]
        assert [row[1:] for row in told] == [("Männer", "11", "10"), ("Nicht binär", "1", "2")], name


# --- cost --------------------------------------------------------------------------------------------


def test_queries_do_not_grow_with_what_changed(report: ProjectReport, world: World) -> None:
    def many(content: Content) -> None:
        (first,) = content["receipts"]
        content["receipts"] = [{**first, "number": str(place)} for place in range(60)]
        for section in content["narrative"]:
            section["text"] = "Ganz anders"

    def count(delivery: ProjectReportDelivery) -> int:
        parts = parts_seen(world.fresh("funder_reader"), report.project)
        with CaptureQueriesContext(connection) as found:
            assert changes_seen(delivery, parts) is not None
        return len(found)

    same = handed_in(report, world, lambda _content: None, "delivered", "forwarded")
    few = count(same)
    assert count(handed_in(report, world, many, "delivered", "forwarded")) == few
    assert few <= 5


def test_the_page_costs_five_queries_more_than_that_of_a_first_version(
    report: ProjectReport, world: World, client_as: ClientAs
) -> None:
    last = handed_in(report, world)

    def count(delivery: ProjectReportDelivery) -> int:
        client = client_as(world.fresh("planner"))
        with CaptureQueriesContext(connection) as found:
            client.get(reverse("measures:project-delivery-detail", args=[delivery.pk]))
        return len(found)

    assert count(last) <= count(report.deliveries.get(number=1)) + 5


def test_it_is_told_in_the_language_of_the_reader(report: ProjectReport, world: World) -> None:
    with translation.override("en"):
        changes = planner_told(report, world, lambda content: content["participants"][0].update(f=13))
        assert [row.entry for row in changes.parts[0].rows] == ["Women"]


def test_on_the_way_to_acceptance_each_checker_has_it_beside_the_reason(
    report: ProjectReport, world: World
) -> None:
    """Sent back by the municipality after the return of the funder: each round is told to its readers."""
    provider, planner, funder = (world.fresh(name) for name in PARTIES)
    fill_report(report, amount="110.00")
    report_deliver(report, user=provider)
    report_check(report, is_fine=False, text="Summe prüfen", user=planner)
    fill_report(report, amount="120.00")
    third = report_deliver(report, user=provider)
    assert [row.text for row in seen(third, planner).returns] == ["Summe prüfen"]
    report_check(report, is_fine=True, text="", user=planner)
    told = seen(third, funder)
    assert [row.text for row in told.returns] == ["Bitte neu"]
    assert told_rows(told)["Ausgaben"][0][2:] == ("100,00 €", "120,00 €")
    report_decide(report, outcome="accept", text="", user=funder)
    assert report.state == ProjectReportState.ACCEPTED
