"""The page on which a report is written: saved by itself, wrong input, two windows, receipts, files."""

from __future__ import annotations

import dataclasses
import datetime
import io
import re
import zipfile
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils.html import escape
from openpyxl import Workbook, load_workbook

from measures.forms.project_reports import line_mark
from measures.models import DutyKind, FundedProject, ProjectReport, ProjectReportState
from measures.money import COST
from measures.report_content import DECLARATIONS
from measures.selectors.project_report_account import receipts_of
from measures.services.grants import notice_record
from project.common.formats import date_de
from stakeholders.models import User
from tests.factories import World, make_cycle
from tests.grants import fill_report, reporting_notice, reporting_project
from tests.workflows.taskpages import take
from workflows.project_reporting import FLOW_OF, reports_follow_the_notices
from workflows.services.report_tasks import process_of

ClientAs = Callable[[User], Client]
STAFF, ESF = line_mark(("cost", "staff", "")), line_mark(("funding", "esf", ""))
AMOUNT, REASON = f"amount_{STAFF}", f"reason_{STAFF}"


@pytest.fixture
def project(world: World) -> FundedProject:
    make_cycle(world)
    return reporting_project(world)


@pytest.fixture
def report(project: FundedProject) -> ProjectReport:
    reports_follow_the_notices()
    return project.reports.get(kind=DutyKind.INTERIM)


@pytest.fixture
def client(world: World, client_as: ClientAs) -> Client:
    return client_as(world.fresh("provider_head"))


@pytest.fixture
def page(report: ProjectReport, client: Client) -> str:
    return take(client, process_of(report), FLOW_OF[report.kind].draft_report)


def amount_of(report: ProjectReport, kind: str = "staff") -> Decimal | None:
    found: Decimal | None = report.lines.get(kind=kind).amount
    return found


def entry(report: ProjectReport, **kwargs: Any) -> dict[str, Any]:
    """Fields of a receipt, and the button."""
    row = {
        "number": "B-1",
        "paid_on": date_de(report.covers_from),
        "payee": "Laden",
        "purpose": "Farbe",
        "line": STAFF,
        "amount": "1.234,56",
    } | kwargs
    return {f"receipt-{name}": value for name, value in row.items()} | {"add_receipt": "1"}


def pdf(content: bytes = b"%PDF-1.7 Beleg", name: str = "beleg.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


# --- saving ------------------------------------------------------------------------------------------


def test_the_page_begins_with_what_is_known_and_says_what_is_missing(page: str, client: Client) -> None:
    answer = client.get(page)
    told = answer.content.decode()
    assert answer.status_code == 200
    assert f'name="{AMOUNT}"' in told
    assert 'name="count_EECO01_f"' in told
    assert answer.context["page"].faults
    for text in DECLARATIONS[False]:
        assert escape(str(text)) in told, "what the paper says over the name"
    assert 'id="draft-missing"' in told
    # Every field has a label.
    for name in re.findall(r'<(?:input|textarea|select)[^>]* id="([^"]+)"', told):
        assert f'for="{name}"' in told, name


@pytest.mark.parametrize("typed", ["1.234,56", "1,234.56", "1234,56", "1234.56 €"])
def test_amounts_in_both_forms_are_saved(
    page: str, report: ProjectReport, client: Client, typed: str
) -> None:
    answer = client.post(page, {AMOUNT: typed, "save": "1"})
    assert answer.status_code == 302
    assert amount_of(report) == Decimal("1234.56")


@pytest.mark.parametrize("typed", ["-5", "1,234", "zwölf", "0,001", "12345678901,00"])
def test_a_wrong_amount_is_marked_and_the_rest_saved(
    page: str, report: ProjectReport, client: Client, typed: str
) -> None:
    client.post(page, {AMOUNT: "7,00", "save": "1"})
    answer = client.post(page, {AMOUNT: typed, "narrative_outlook": "Bleibt stehen", "save": "1"})
    report.refresh_from_db()
    assert answer.status_code == 422
    assert answer.context["form"].errors[AMOUNT]
    assert f'value="{typed}"' in answer.content.decode()
    assert amount_of(report) == Decimal("7.00")
    assert report.narrative["outlook"] == "Bleibt stehen"


def test_it_is_saved_by_script_with_the_numbers_worked_out(
    page: str, report: ProjectReport, client: Client
) -> None:
    data = {AMOUNT: "150", "count_EECO01_f": "3", "count_EECO01_m": "2", "count_EECO01_n": "0"}
    answer = client.post(page, {**data, "revision": "0", "autosave": "1"})
    told = answer.json()
    assert answer.status_code == 200
    assert told["revision"] == 1
    assert told["texts"]["total-EECO01"] == "5"
    assert told["texts"]["sum-cost-amount"].startswith("150,00")
    assert told["texts"][f"remaining-{STAFF}"].startswith("850,00")
    assert "<li>" in told["missing"]
    assert told["wrong"] == []


def test_the_script_is_told_what_was_not_saved(page: str, report: ProjectReport, client: Client) -> None:
    told = client.post(page, {AMOUNT: "x", "narrative_done": "Neu", "autosave": "1"}).json()
    report.refresh_from_db()
    assert told["wrong"] == [AMOUNT]
    assert report.narrative["done"] == "Neu"


def test_two_windows_do_not_overwrite_each_other(page: str, report: ProjectReport, client: Client) -> None:
    client.post(page, {"narrative_done": "Erstes Fenster", "revision": "0", "save": "1"})
    by_script = client.post(page, {"narrative_done": "Zweites", "revision": "0", "autosave": "1"})
    assert by_script.status_code == 409
    assert by_script.json()["message"]
    answer = client.post(page, {"narrative_done": "Zweites Fenster", "revision": "0", "save": "1"})
    report.refresh_from_db()
    assert answer.status_code == 422
    assert report.narrative["done"] == "Erstes Fenster"
    told = answer.content.decode()
    assert "Zweites Fenster" in told
    assert 'name="revision"\n           value="1"' in told
    client.post(page, {"narrative_done": "Zweites Fenster", "revision": "1", "save": "1"})
    report.refresh_from_db()
    assert report.narrative["done"] == "Zweites Fenster"


def test_a_deviation_asks_for_its_reason_beside_the_line(
    page: str, report: ProjectReport, client: Client
) -> None:
    client.post(page, {AMOUNT: "1200,01", "save": "1"})
    answer = client.get(page)
    assert f'id="reason-{STAFF}" open' in answer.content.decode()
    client.post(page, {REASON: "Tarif", "save": "1"})
    assert report.lines.get(kind="staff").reason == "Tarif"


def test_counts_that_do_not_fit_are_said_beside_the_row(
    page: str, report: ProjectReport, client: Client
) -> None:
    data = {f"count_{code}_{sex}": "3" for code in ("EECO01", "EECO12") for sex in "fmn"}
    client.post(page, {**data, "count_EECO12_f": "4", "save": "1"})
    rows = {row.code: row for row in client.get(page).context["more_counts"]}
    assert len(rows["EECO12"].faults) == 1
    answer = client.post(page, {"count_EECO12_f": "-1", "save": "1"})
    assert answer.status_code == 422


# --- handing in --------------------------------------------------------------------------------------


def test_what_is_missing_is_listed_and_what_was_typed_is_kept(
    page: str, report: ProjectReport, client: Client
) -> None:
    answer = client.post(page, {"narrative_done": "Fertig", AMOUNT: "50"})
    report.refresh_from_db()
    assert answer.status_code == 422
    assert report.state == ProjectReportState.DRAFTING
    assert (report.narrative["done"], amount_of(report)) == ("Fertig", Decimal(50))


def test_sent_twice_it_is_handed_in_once(page: str, report: ProjectReport, client: Client) -> None:
    fill_report(report)
    assert client.post(page, {}).status_code == 302
    second = client.post(page, {})
    report.refresh_from_db()
    assert second.status_code in {302, 403, 404, 409}
    assert report.state == ProjectReportState.CHECKING
    assert report.deliveries.count() == 1


def test_others_have_no_such_page(page: str, world: World, client_as: ClientAs) -> None:
    for name, status in (("funder_reader", {403, 404}), ("planner", {403, 404}), ("outsider", {404})):
        other = client_as(world.fresh(name))
        assert other.get(page).status_code in status
        assert other.get(f"{page}?paper=1").status_code in status
        assert other.post(page, {AMOUNT: "1", "autosave": "1"}).status_code in status


# --- from what is missing to its field ----------------------------------------------------------------


def anchors(answer: Any) -> list[str]:
    """Where the points of a page lead to; each is an element of it."""
    told, page = answer.content.decode(), answer.context["page"]
    found = [point.anchor for point in (*page.open_points, *page.odd_points)]
    for anchor in found:
        assert told.count(f' id="{anchor}"') == 1, anchor
        assert f'<a href="#{anchor}">' in told
    return found


def test_each_point_leads_to_its_very_field(page: str, report: ProjectReport, client: Client) -> None:
    report.narrative = {}
    report.save(update_fields=["narrative"])
    found = anchors(client.get(page))
    assert {"id_narrative_done", "id_narrative_reached", f"id_{AMOUNT}", "id_count_EECO01_f"} <= set(found)
    assert f"id_{REASON}" not in found

    client.post(page, {AMOUNT: "1.500", "count_EECO01_f": "3", "count_EECO01_n": "0", "save": "1"})
    found = anchors(client.get(page))
    assert f"id_{REASON}" in found, "far more than planned"
    assert "id_count_EECO01_m" in found, "the one left out"
    assert "id_count_EECO01_f" not in found


def test_a_point_about_a_receipt_leads_to_its_line(page: str, report: ProjectReport, client: Client) -> None:
    fill_report(report)
    client.post(page, entry(report, amount="5,00"))
    early = receipts_of(report).get()
    early.paid_on = report.project.starts_on.replace(year=report.project.starts_on.year - 1)
    early.save(update_fields=["paid_on"])
    answer = client.get(page)
    assert f"receipt-{early.pk}" in anchors(answer)
    about_line = [point.anchor for point in answer.context["page"].odd_points]
    assert f"id_{AMOUNT}" in about_line, "receipts that do not cover a line"


def test_points_of_a_drawdown_lead_to_source_and_purpose(
    project: FundedProject, client: Client, world: World
) -> None:
    duty = project.notices.get().duties.get(kind=DutyKind.DRAWDOWN)
    reports_follow_the_notices(duty.due_on)
    drawdown = project.reports.get(kind=DutyKind.DRAWDOWN)
    page = take(client, process_of(drawdown), FLOW_OF[drawdown.kind].draft_report)
    assert anchors(client.get(page)) == ["drawdown", "id_purpose"]
    client.post(page, {"asked_esf": "99.999,00", "purpose": "Gehälter", "save": "1"})
    assert "id_asked_esf" in anchors(client.get(page))


# --- receipts ----------------------------------------------------------------------------------------


def test_a_receipt_is_added_beside_what_was_typed(page: str, report: ProjectReport, client: Client) -> None:
    answer = client.post(page, entry(report, file=pdf()) | {"narrative_done": "Nebenbei"})
    report.refresh_from_db()
    row = receipts_of(report).get()
    assert answer.status_code == 302
    assert (row.number, row.amount, row.file_name) == ("B-1", Decimal("1234.56"), "beleg.pdf")
    assert report.narrative["done"] == "Nebenbei"
    again = client.post(page, entry(report, file=pdf()))
    assert again.status_code == 422
    assert again.context["receipt_form"].non_field_errors()
    assert receipts_of(report).count() == 1


def _bomb() -> bytes:
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("xl/workbook.xml", b"\0" * 12_000_000)
    return stored.getvalue()


@pytest.mark.parametrize(
    "wrong",
    [
        {"file": pdf(b"MZ\x90 Programm", "rechnung.pdf")},
        {"file": pdf(_bomb(), "bombe.xlsx")},
        {"file": pdf(b"", "leer.pdf")},
        {"amount": "-5"},
        {"amount": "0"},
        {"amount": "1,234"},
        {"paid_on": "31.02.2026"},
        {"paid_on": "01.01.2999"},
        {"number": ""},
        {"line": "anders"},
    ],
)
def test_a_wrong_receipt_is_refused_with_its_fields_kept(
    page: str, report: ProjectReport, client: Client, wrong: dict[str, Any]
) -> None:
    if "file" in wrong:
        wrong["file"].seek(0)
    answer = client.post(page, entry(report, payee="Bleibt stehen", **wrong) | {"narrative_done": "Bleibt"})
    report.refresh_from_db()
    assert answer.status_code == 422
    assert answer.context["receipt_form"].errors
    assert "Bleibt stehen" in answer.content.decode()
    assert not receipts_of(report).exists()
    assert report.narrative["done"] == "Bleibt"


def test_a_receipt_is_taken_out_and_put_back(page: str, report: ProjectReport, client: Client) -> None:
    client.post(page, entry(report))
    row = receipts_of(report).get()
    client.post(page, {"file_receipt": str(row.pk), f"file_{row.pk}": pdf()})
    assert receipts_of(report).get().file_name == "beleg.pdf"
    client.post(page, {"remove_receipt": str(row.pk)})
    assert not receipts_of(report).exists()
    assert list(client.get(page).context["removed"]) == [row]
    client.post(page, {"restore_receipt": str(row.pk)})
    assert receipts_of(report).exists()


@pytest.mark.parametrize("button", [{}, {"save": "1"}, {"check_list": "1"}])
def test_a_receipt_is_kept_when_another_button_is_pressed(
    page: str, report: ProjectReport, client: Client, button: dict[str, str]
) -> None:
    fill_report(report)
    typed = entry(report, payee="Bleibt stehen")
    del typed["add_receipt"]
    answer = client.post(page, typed | {"narrative_done": "Nebenbei"} | button)
    report.refresh_from_db()
    assert answer.status_code == 422
    assert answer.context["receipt_form"]["payee"].value() == "Bleibt stehen"
    assert any("„Beleg hinzufügen“" in error or "Add the receipt" in error for error in _told(answer))
    assert report.state == ProjectReportState.DRAFTING
    assert report.narrative["done"] == "Nebenbei"
    # Emptied or added, it holds up nothing any more.
    assert client.post(page, typed | {"add_receipt": "1"}).status_code == 302
    assert client.post(page, {"receipt-number": " ", "receipt-line": "", "list-rows": ""}).status_code == 302
    report.refresh_from_db()
    assert report.state == ProjectReportState.CHECKING


@pytest.mark.parametrize("button", [{}, {"save": "1"}, {"add_receipt": "1"}])
def test_a_list_is_kept_when_another_button_is_pressed(
    page: str, report: ProjectReport, client: Client, button: dict[str, str]
) -> None:
    fill_report(report)
    rows = f"B-7;{date_de(report.covers_from)};Laden;Farbe;Personal;10,00"
    typed = entry(report) if button.get("add_receipt") else {}
    answer = client.post(page, typed | {"list-rows": rows} | button)
    report.refresh_from_db()
    assert answer.status_code == 422
    assert answer.context["list_form"]["rows"].value() == rows
    assert 'id="list" open' in answer.content.decode()
    assert len(_told(answer)) == 1
    assert report.state == ProjectReportState.DRAFTING
    assert receipts_of(report).count() == bool(typed)
    file = client.post(page, {"list-file": pdf(b"B-8;", "liste.csv")} | ({} if typed else button))
    assert file.status_code == 422
    assert report.deliveries.count() == 0


def _told(answer: Any) -> list[str]:
    return [str(error) for error in answer.context["form"].non_field_errors()]


def test_receipts_of_another_report_are_out_of_reach(
    page: str, report: ProjectReport, project: FundedProject, client: Client, world: World
) -> None:
    client.post(page, entry(report))
    other = ProjectReport.objects.create(
        project=project,
        kind="interim",
        covers_from=report.covers_from,
        covers_until=report.covers_until,
        due_on=report.due_on,
    )
    row = receipts_of(report).get()
    row.report = other
    row.save()
    assert client.post(page, {"remove_receipt": str(row.pk)}).status_code == 404
    assert client.post(page, {"remove_receipt": "x"}).status_code == 404


def test_a_list_is_checked_row_by_row_then_taken_over(
    page: str, report: ProjectReport, client: Client
) -> None:
    day = date_de(report.covers_from)
    wrong = f"B-1;{day};Laden;Farbe;Personal;10,00\nB-2;{day};Laden;Farbe;Nichts;x"
    answer = client.post(page, {"list-rows": wrong, "check_list": "1"})
    assert [len(row.faults) for row in answer.context["list_rows"]] == [0, 2]
    refused = client.post(page, {"list-rows": wrong, "take_list": "1"})
    assert refused.status_code == 422
    assert not receipts_of(report).exists()
    right = wrong.replace("Nichts;x", "Personal;20,00")
    assert client.post(page, {"list-rows": right, "take_list": "1"}).status_code == 302
    assert [row.amount for row in receipts_of(report)] == [10, 20]
    # Sent once more, nothing is added.
    assert client.post(page, {"list-rows": right, "take_list": "1"}).status_code == 422
    assert receipts_of(report).count() == 2


@pytest.mark.parametrize("button", ["check_list", "take_list"])
@pytest.mark.parametrize("typed", ['B-1;"' + "x" * 140_000, "B-1;x\n" * 40_000])
def test_a_list_that_cannot_be_read_is_refused_and_kept(
    page: str, report: ProjectReport, client: Client, typed: str, button: str
) -> None:
    answer = client.post(page, {"list-rows": typed, button: "1"})
    assert answer.status_code == 422
    assert len(_told(answer)) == 1
    assert answer.context["list_form"]["rows"].value() == typed
    assert not receipts_of(report).exists()


def test_signs_that_cannot_be_stored_are_left_out_of_a_list(
    page: str, report: ProjectReport, client: Client
) -> None:
    day = date_de(report.covers_from)
    rows = f"B-1;{day};La\0den;Farbe;Personal;10,00\rB-2;{day};Laden;Far\0be;Personal;5,00"
    assert client.post(page, {"list-rows": rows, "take_list": "1"}).status_code == 302
    found = [(row.number, row.payee, row.purpose) for row in receipts_of(report)]
    assert found == [("B-1", "Laden", "Farbe"), ("B-2", "Laden", "Farbe")]


def test_a_workbook_is_shown_before_it_is_taken_over(
    page: str, report: ProjectReport, client: Client
) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["B-1", report.covers_from, "Laden", "Farbe", "Personal", 1234.5])
    stored = io.BytesIO()
    book.save(stored)
    upload = pdf(stored.getvalue(), "belege.xlsx")
    answer = client.post(page, {"list-file": upload, "check_list": "1"})
    (row,) = answer.context["list_rows"]
    assert (row.faults, row.amount) == ((), Decimal("1234.5"))
    assert "1234,5" in answer.context["list_form"]["rows"].value()
    bomb = client.post(page, {"list-file": pdf(_bomb(), "bombe.xlsx"), "check_list": "1"})
    assert bomb.status_code == 422


# --- files -------------------------------------------------------------------------------------------


def test_account_and_receipts_come_as_files(page: str, report: ProjectReport, client: Client) -> None:
    client.post(page, entry(report) | {AMOUNT: "150,50"})
    book = load_workbook(io.BytesIO(client.get(f"{page}?account=xlsx").content))
    rows = [[cell.value for cell in row] for row in book.worksheets[0].iter_rows()]
    assert any(150.5 in row for row in rows)
    told = client.get(f"{page}?receipts=csv").content.decode("utf-8-sig")
    assert "B-1" in told
    assert "1234,56" in told


def test_the_draft_is_a_paper_that_says_so(page: str, client: Client) -> None:
    answer = client.get(f"{page}?paper=1")
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")


# --- drawdown ----------------------------------------------------------------------------------------


def test_a_drawdown_asks_for_sources_and_purpose_only(
    project: FundedProject, client: Client, world: World
) -> None:
    duty = project.notices.get().duties.get(kind=DutyKind.DRAWDOWN)
    reports_follow_the_notices(duty.due_on)
    drawdown = project.reports.get(kind=DutyKind.DRAWDOWN)
    page = take(client, process_of(drawdown), FLOW_OF[drawdown.kind].draft_report)
    told = client.get(page).content.decode()
    assert 'name="asked_esf"' in told
    assert "narrative_done" not in told
    assert client.post(page, {"asked_esf": "900,01", "purpose": "Gehälter"}).status_code == 422
    assert client.post(page, {"asked_esf": "900,00", "purpose": "Gehälter"}).status_code == 302
    drawdown.refresh_from_db()
    assert drawdown.state == ProjectReportState.CHECKING


@pytest.fixture
def lump_plan(project: FundedProject, world: World) -> None:
    """The plan has a lump sum where it had staff."""
    first = reporting_notice(project)
    lines = [dataclasses.replace(row, kind="lump_sum") if row.side == COST else row for row in first.lines]
    fields = dataclasses.replace(
        first, lines=lines, issued_on=first.issued_on + datetime.timedelta(days=1), reason="Pauschale"
    )
    notice_record(project, fields=fields, user=world.fresh("planner"))


@pytest.mark.usefixtures("lump_plan")
def test_a_plan_of_lump_sums_asks_for_no_receipts(report: ProjectReport, client: Client) -> None:
    page = take(client, process_of(report), FLOW_OF[report.kind].draft_report)
    told = client.get(page).content.decode()
    assert 'name="receipt-number"' not in told
    lump_sum = line_mark(("cost", "lump_sum", ""))
    assert client.post(page, entry(report, line=lump_sum)).status_code == 422
    assert not receipts_of(report).exists()


def test_a_plan_with_more_than_lump_sums_offers_its_lines(page: str, client: Client) -> None:
    assert 'name="receipt-number"' in client.get(page).content.decode()
