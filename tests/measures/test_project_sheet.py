"""Sheet of a project and portfolio report of a programme: content, sums, what each side is told, rights."""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pypdf
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from measures.models import FundedProject, ProjectReport, ProjectReportLine
from measures.money import PlanLine, plan_table
from measures.reports import programme_report, project_sheet
from measures.reports.money_drawings import ShareRow, share_bars
from measures.reports.project_parts import plan_blocks
from measures.selectors.project_duties import Standing, duties_of
from measures.selectors.project_told import OUTSIDER, insight_of
from measures.selectors.projects import projects_seen_by
from measures.services.grants import Duty, notice_record
from measures.services.rights import measure_grant_rights
from project.common.svg import Rect
from project.common.svg import Text as SvgText
from stakeholders.models import User
from tests import factories
from tests.factories import World
from tests.grants import funded, notice
from tests.measures.reports import confirmed
from tests.measures.test_project_papers import assert_adds_up, cells_between, plain, rows_of, text_of
from tests.pdfua.validator import faults_of
from tests.stages import at_noon

ClientAs = Callable[[User], Client]
D = datetime.date
E = Decimal
TODAY = D(2026, 11, 26)


def plan(year: int = 2026) -> list[PlanLine]:
    """Two years, three kinds of cost, three sources."""
    rows = []
    for place, at in enumerate((year, year + 1)):
        staff, fees, lump = E("40000.10") + place, E("5000.00"), E("6000.01")
        whole = staff + fees + lump
        own = (whole / 10).quantize(E("0.01")) + E("0.01")
        state = E("15000.33")
        rows += [
            PlanLine("cost", "staff", "", at, staff),
            PlanLine("cost", "fees", "Sprachmittlung", at, fees),
            PlanLine("cost", "lump_sum", "", at, lump),
            PlanLine("funding", "esf", "", at, whole - own - state),
            PlanLine("funding", "state", "", at, state),
            PlanLine("funding", "own", "", at, own),
        ]
    return rows


def granted(project: FundedProject, world: World) -> None:
    """A notice for two years with three duties."""
    rows = plan()
    fields = notice(
        ends_on=D(2027, 12, 31),
        granted=sum((row.amount for row in rows if row.kind in {"esf", "state"}), E(0)),
        lines=rows,
        duties=[
            Duty("drawdown", D(2026, 2, 1), D(2026, 6, 30), D(2026, 4, 15)),
            Duty("interim", D(2026, 2, 1), D(2026, 12, 31), D(2027, 3, 31)),
            Duty("final", D(2026, 2, 1), D(2027, 12, 31), D(2028, 3, 31)),
        ],
    )
    with at_noon(fields.issued_on):
        notice_record(project, fields=fields, user=world.fresh("planner"))


def reported(project: FundedProject, kind: str = "drawdown", state: str = "accepted") -> ProjectReport:
    """A report on a duty of the notice."""
    duty = project.notices.order_by("-number")[0].duties.get(kind=kind)
    return ProjectReport.objects.create(
        project=project,
        duty=duty,
        kind=kind,
        covers_from=duty.covers_from,
        covers_until=duty.covers_until,
        due_on=duty.due_on,
        state=state,
    )


@pytest.fixture
def project(world: World) -> FundedProject:
    """A project of the provider with a notice."""
    made = funded(world)
    granted(made, world)
    made.refresh_from_db()
    return made


def sheet_of(project: FundedProject, user: User) -> project_sheet.ProjectSheetData:
    rows = projects_seen_by(user).select_related("measure__plan__territory", "measure__responsible")
    return project_sheet.collect(user, rows.get(pk=project.pk), today=TODAY)


def sheet_text(project: FundedProject, user: User) -> str:
    return text_of(project_sheet.render(sheet_of(project, user), language="de"))


def report_of(project: FundedProject, user: User) -> programme_report.ProgrammeReportData:
    return programme_report.collect(user, project.programme, today=TODAY)


# --- sheet -------------------------------------------------------------------------------------------


def test_the_sheet_has_facts_plan_figures_and_duties_on_two_pages(
    project: FundedProject, world: World
) -> None:
    confirmed(world, project.measure, D(2026, 3, 31), 17)
    reported(project, "drawdown", "with_funder")
    data = project_sheet.render(sheet_of(project, world.fresh("funder_reader")), language="de")
    text = plain(text_of(data))
    for words in (
        "Zuwendungsempfänger",
        "Träger (Beispiel)",
        "Ministerium (Beispiel)",
        "AZ 1",
        "15.01.2026",
        "01.02.2026 bis 31.12.2027",
        "Erreichte Kinder",
        "17 Personen",
        "Verwendungsnachweis",
        "31.03.2028",
        "beim Fördergeber",
    ):
        assert plain(words) in text
    assert len(pypdf.PdfReader(io.BytesIO(data)).pages) <= 2


def test_the_plan_of_the_sheet_adds_up(project: FundedProject, world: World) -> None:
    text = sheet_text(project, world.fresh("funder_reader"))
    cost = rows_of(cells_between(text, "Ausgaben", "Finanzierung"), 3)
    # The shares are percentages, so no cells of euros.
    funding = rows_of(cells_between(text, "Finanzierung", "2026"), 3)
    for rows in (cost, funding):
        assert_adds_up(rows)
        assert all(row[0] + row[1] == row[2] for row in rows)  # type: ignore[operator]
    assert cost[-1] == funding[-1]


def test_money_counts_what_the_funder_accepted(project: FundedProject, world: World) -> None:
    report = reported(project)
    ProjectReportLine.objects.create(report=report, side="funding", kind="esf", amount=E("1234.56"))
    money = sheet_of(project, world.fresh("provider_head")).money
    assert money is not None
    assert (money.drawn, money.granted - money.drawn) == (E("1234.56"), money.remaining)
    assert "1.234,56" in sheet_text(project, world.fresh("head"))


@pytest.mark.parametrize("name", ["funder_reader", "provider_head", "planner", "head"])
def test_the_page_shows_the_money_of_the_sheet(
    name: str, project: FundedProject, world: World, client_as: ClientAs
) -> None:
    report = reported(project)
    ProjectReportLine.objects.create(report=report, side="funding", kind="esf", amount=E("1234.56"))
    answer = client_as(world.fresh(name)).get(reverse("measures:project-detail", args=[project.pk]))
    assert answer.context["money"] == sheet_of(project, world.fresh(name)).money
    assert "1.234,56" in answer.content.decode()


def test_the_funder_is_not_told_the_measure_nor_small_counts(project: FundedProject, world: World) -> None:
    unit = factories.unit("counted", "Personen", is_count=True, decimals=0)
    project.measure.key_figures.update(unit=unit, baseline=E(2))
    confirmed(world, project.measure, D(2026, 6, 30), 1)
    further = factories.measure(world.plan, world.youth_office, title="Interne weitere Maßnahme")
    measure_grant_rights(further)
    project.further_measures.add(further)
    funder, planner = (plain(sheet_text(project, world.fresh(name))) for name in ("funder_reader", "planner"))
    for words in ("InterneweitereMaßnahme", "1Personen"):
        assert words not in funder
        assert words in planner
    for told in (funder, planner):
        assert "Interner Entwurf" not in told
        assert "2Personen" not in told, "where a figure began is told to nobody on this paper"


def test_without_notice_figures_partners_and_areas_the_sheet_says_so(world: World) -> None:
    bare = funded(world)
    bare.measure.key_figures.all().delete()
    text = sheet_text(bare, world.fresh("funder_reader"))
    for words in (
        "Der Zuwendungsbescheid ist noch nicht erfasst.",
        "Es ist noch keine Kennzahl erfasst.",
        "Es ist noch keine Berichtspflicht erfasst.",
        "keine Angaben",
    ):
        assert plain(words) in plain(text)


def test_a_plan_of_many_years_goes_on_in_a_second_table() -> None:
    rows = [
        PlanLine(side, kind, "", 2026 + place, E("1234567.89"))
        for place in range(6)
        for side, kind in (("cost", "staff"), ("funding", "esf"))
    ]
    with translation.override("de"):
        first, second = plan_blocks(plan_table(rows))
    assert [column.title for column in first.columns[1:]] == ["2026", "2027", "2028", "2029"]  # type: ignore[union-attr]
    assert [column.title for column in second.columns[1:]] == ["2030", "2031", "Insgesamt", "Anteil"]  # type: ignore[union-attr]


def test_shares_are_as_wide_as_they_are_large_and_told_in_words() -> None:
    rows = [ShareRow("2026", (E(50), E(40), E(10))), ShareRow("2027", (E(0), E(0), E(0)))]
    with translation.override("de"):
        drawing = share_bars("Anteile", ["ESF", "Land", "Eigenmittel"], rows)
    bars = [shape for shape in drawing.shapes if isinstance(shape, Rect) and shape.width > 14]
    assert [round(bar.width / 6.5) for bar in bars] == [50, 40, 10]
    assert bars[0].x + bars[0].width == pytest.approx(bars[1].x)
    assert len({bar.css for bar in bars}) == 3
    assert drawing.description == "2026: ESF 50,0\xa0%, Land 40,0\xa0%, Eigenmittel 10,0\xa0%; 2027: –"
    assert "Eigenmittel" in [shape.text for shape in drawing.shapes if isinstance(shape, SvgText)]


# --- duties --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "standing"),
    [
        ("accepted", Standing.ACCEPTED),
        ("with_funder", Standing.WITH_FUNDER),
        ("asked", Standing.WITH_FUNDER),
        ("drafting", Standing.LATE),
        ("checking", Standing.CHECKING),
    ],
)
def test_a_duty_stands_where_its_report_stands(
    project: FundedProject, world: World, state: str, standing: Standing
) -> None:
    reported(project, "drawdown", state)
    planned = insight_of(world.fresh("planner"))
    found = duties_of(FundedProject.objects.filter(pk=project.pk), TODAY, planned)[project.pk]
    assert [row.kind for row in found] == ["drawdown", "interim", "final"]
    assert [row.standing for row in found] == [standing, Standing.AHEAD, Standing.AHEAD]


def test_an_extension_counts_and_further_drawdowns_are_listed_besides(project: FundedProject) -> None:
    report = reported(project, "drawdown", "drafting")
    ProjectReport.objects.filter(pk=report.pk).update(due_on=TODAY)
    ProjectReport.objects.create(
        project=project,
        kind="drawdown",
        covers_from=report.covers_from,
        covers_until=report.covers_until,
        due_on=D(2026, 12, 1),
        state="with_funder",
    )
    found = duties_of(FundedProject.objects.filter(pk=project.pk), TODAY, OUTSIDER)[project.pk]
    assert [(row.kind, row.standing) for row in found][:2] == [
        ("drawdown", Standing.AHEAD),
        ("drawdown", Standing.WITH_FUNDER),
    ]


# --- portfolio report --------------------------------------------------------------------------------------


def several(world: World, count: int) -> list[FundedProject]:
    made = [funded(world, f"Projekt {number} (Beispiel)") for number in range(count)]
    for row in made:
        granted(row, world)
        report = reported(row)
        ProjectReportLine.objects.create(report=report, side="funding", kind="esf", amount=E("1000.01"))
    return made


def test_the_portfolio_report_adds_up(world: World) -> None:
    first, *_others = several(world, 3)
    data = report_of(first, world.fresh("funder_reader"))
    text = text_of(programme_report.render(data, language="de"))
    table = text[text.index("Alle Projekte\n Projekt und Träger") :]
    projects = rows_of(cells_between(table, "Alle Projekte", "Zuwendungsempfänger")[:16], 4)
    assert_adds_up(projects)
    assert projects[-1][1] == E("3000.03")
    part = text[text.index("Bewilligt nach Jahr und Mittelherkunft\n Jahr") :]
    first_line = "Bewilligt nach Jahr und Mittelherkunft"
    years = rows_of(cells_between(part, first_line, "Nachweise und Mittelabrufe"), 3)
    assert_adds_up(years)
    assert all(esf + state == whole for esf, state, whole in years)  # type: ignore[operator]
    assert years[-1][2] == projects[-1][0], "what is granted by year is what is granted by project"


def test_the_portfolio_report_counts_reports_and_key_figures_and_sums_no_values(world: World) -> None:
    first, *_others = several(world, 3)
    confirmed(world, first.measure, D(2026, 3, 31), 17)
    data = report_of(first, world.fresh("funder_reader"))
    with translation.override("de"):
        tables = {
            block.columns[0].title: block
            for block in programme_report.content(data)
            if hasattr(block, "columns")
        }
    assert tables["Einheit"].rows[-1].cells[:2] == ("Summe", "3")
    text = text_of(programme_report.render(data, language="de"))
    part = text[text.index("Nachweise und Mittelabrufe\n Pflicht") :]
    numbers = [row for row in part.splitlines()[:50] if row.strip().isdigit()]
    # Accepted, with the funder, being checked, overdue, ahead, altogether: interim, final, drawdown, sums.
    expected = ("0 0 0 0 3 3", "0 0 0 0 3 3", "3 0 0 0 0 3", "3 0 0 0 6 9")
    assert [" ".join(numbers[at : at + 6]) for at in range(0, 24, 6)] == list(expected)
    assert "17Personen" in plain(text)
    assert "51" not in plain(part[: part.index("Alle Projekte")]), "three times 17 is nowhere"


def test_it_covers_only_projects_of_the_programme_and_holds_no_small_counts(world: World) -> None:
    first = several(world, 1)[0]
    funded(world, "Anderes Vorhaben (Beispiel)", programme="Anderes Programm")
    unit = factories.unit("counted", "Personen", is_count=True, decimals=0)
    first.measure.key_figures.update(unit=unit)
    confirmed(world, first.measure, D(2026, 6, 30), 1)
    text = plain(
        text_of(programme_report.render(report_of(first, world.fresh("funder_reader")), language="de"))
    )
    assert "Projekt0(Beispiel)" in text
    assert "AnderesVorhaben" not in text
    assert "1Personen" not in text


def test_a_programme_without_projects_can_be_written(world: World) -> None:
    made = funded(world)
    programme = made.programme
    made.delete()
    data = programme_report.collect(world.fresh("funder_reader"), programme, today=TODAY)
    assert "noch kein Projekt bezahlt" in text_of(programme_report.render(data, language="de"))


def test_queries_do_not_grow_with_the_projects(world: World) -> None:
    def count() -> int:
        user = world.fresh("funder_reader")
        with CaptureQueriesContext(connection) as found:
            report_of(first, user)
        return len(found)

    first = several(world, 1)[0]
    few = count()
    for row in [funded(world, f"Weiteres {number} (Beispiel)") for number in range(5)]:
        granted(row, world)
        reported(row)
    assert count() == few
    assert few <= 20


def test_both_papers_pass_pdf_ua_1_and_pdf_a_2a_and_are_the_same_twice(world: World, tmp_path: Path) -> None:
    first, *_others = several(world, 2)
    confirmed(world, first.measure, D(2026, 3, 31), 17)
    first.refresh_from_db()
    sheet, report = sheet_of(first, world.fresh("planner")), report_of(first, world.fresh("funder_reader"))
    files = {
        "sheet": project_sheet.render(sheet, language="de"),
        "sheet-en": project_sheet.render(sheet, language="en"),
        "portfolio": programme_report.render(report, language="de"),
    }
    assert faults_of(files, tmp_path) == []
    assert project_sheet.render(sheet, language="de") == files["sheet"]
    assert programme_report.render(report, language="de") == files["portfolio"]


# --- rights ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("person", "sheet", "report"),
    [
        ("funder_reader", 200, 200),
        ("provider_head", 200, 404),
        ("planner", 200, 404),
        ("head", 200, 404),
        ("outsider", 404, 404),
    ],
)
def test_who_sees_the_project_has_its_sheet_and_only_the_funder_the_report(
    person: str, sheet: int, report: int, project: FundedProject, world: World, client_as: ClientAs
) -> None:
    client = client_as(world.fresh(person))
    answers: dict[str, Any] = {
        "sheet": client.get(reverse("measures:project-sheet", args=[project.pk])),
        "report": client.get(reverse("measures:programme-report", args=[project.programme_id])),
    }
    assert (answers["sheet"].status_code, answers["report"].status_code) == (sheet, report)
    for answer in answers.values():
        if answer.status_code == 200:
            assert answer["Content-Type"] == "application/pdf"
            assert answer["Content-Disposition"].startswith("attachment")


def test_both_are_asked_for_only(project: FundedProject, world: World, client_as: ClientAs) -> None:
    client = client_as(world.fresh("funder_reader"))
    for name, pk in (("project-sheet", project.pk), ("programme-report", project.programme_id)):
        assert client.post(reverse(f"measures:{name}", args=[pk])).status_code == 405


def test_pages_link_the_papers_to_those_who_get_them(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    report = reverse("measures:programme-report", args=[project.programme_id])
    for person, is_linked in (("funder_reader", True), ("planner", False)):
        client = client_as(world.fresh(person))
        page = client.get(reverse("measures:project-detail", args=[project.pk])).content.decode()
        assert reverse("measures:project-sheet", args=[project.pk]) in page
        page = client.get(reverse("measures:programme-detail", args=[project.programme_id])).content.decode()
        assert (report in page) is is_linked
