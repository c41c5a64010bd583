"""Plan, sheet and progress report as papers: content, pages, standards, variants, rights."""

from __future__ import annotations

import dataclasses
import datetime
import io
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import pypdf
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from measures.models import (
    FinanceKind,
    FinanceLine,
    Measure,
    MeasureDependency,
    Milestone,
    PlanRelease,
    ReportingRound,
    RoundSnapshot,
)
from measures.reports import plan_paper, progress, sheet
from measures.reports.plan_paper import PlanData, Variant
from measures.reports.progress import RoundData
from measures.reports.sheet import Origin
from measures.selectors.portfolio import measures_seen_by
from measures.services.rights import measure_grant_rights
from project.common.pdf import blocks
from stakeholders.models import LogEntry, User
from tests import factories
from tests.factories import World
from tests.measures.reports import asked, confirmed
from tests.pdfua.plans import LONG_WORD, plan_data, round_content
from tests.pdfua.validator import faults_of

ClientAs = Callable[[User], Client]
D = datetime.date
TODAY = D(2026, 11, 26)
SHA = "0123456789abcdef" * 4


@pytest.fixture(scope="module")
def plan() -> PlanData:
    """The 47 measures of the demo, internal."""
    return plan_data()


def round_data(earlier: tuple[str, ...] = (), states: tuple[str, ...] = ("on_path", "delayed")) -> RoundData:
    """A round, compared with an earlier one where its states are given."""
    later = ReportingRound(pk=2, reference_on=D(2026, 6, 30))
    RoundSnapshot(round=later, content=round_content(states=states), sha256=SHA)
    found = progress.read(later, corrected=(("Jugendamt", D(2026, 9, 1)),))
    if not earlier:
        return found
    before = ReportingRound(pk=1, reference_on=D(2025, 12, 31))
    RoundSnapshot(round=before, content=round_content("2025-12-31", states=earlier), sha256=SHA)
    return progress.read(later, before)


def read(content: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(content))


def text_of(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in read(content).pages)


def plain(text: str) -> str:
    """Without the places where lines break."""
    return "".join(text.replace("\N{SOFT HYPHEN}", "").split())


# --- papers ----------------------------------------------------------------------------------------


def test_all_papers_pass_pdf_ua_1_and_pdf_a_2a(tmp_path: Path) -> None:
    files = {
        "plan": plan_paper.render(plan_data(count=6), language="de"),
        "public": plan_paper.render(plan_data(count=3, variant=Variant.PUBLIC), language="en"),
        "sheet": sheet.render(plan_data(count=2).sheets[1], language="de"),
        "progress": progress.render(round_data(("at_risk", "on_path")), language="de"),
    }
    assert faults_of(files, tmp_path) == []


def test_the_plan_holds_everything_of_every_measure(plan: PlanData) -> None:
    content = plan_paper.render(plan, language="de")
    reader = read(content)
    text = plain(text_of(content))
    for row in plan.sheets:
        for part in (row.name, row.measure.description.splitlines()[0], row.measure.target_group):
            assert plain(part) in text
        for figure in row.figures:
            assert plain(figure.figure.title) in text
    for words in (
        "V-2026/117",
        "Alle wohnen gut",
        "Der Markt ist barrierefrei",
        "Beschluss 4/2023 der Steuerungsgruppe",
        "Quartiersentwicklung",
        LONG_WORD,
    ):
        assert plain(words) in text
    assert 47 + 5 <= len(reader.pages) <= 47 * 2 + 20
    assert f"Seite 2 von {len(reader.pages)}" in reader.pages[1].extract_text()
    assert "Seite" not in reader.pages[0].extract_text(), "a cover has no number"
    assert "Berg-" in reader.pages[30].extract_text(), "running head"


def test_contents_and_bookmarks_lead_to_every_chapter_and_measure(plan: PlanData) -> None:
    reader = read(plan_paper.render(plan, language="de"))

    def titles(outline: Sequence[object]) -> Iterator[str]:
        for entry in outline:
            if isinstance(entry, list):
                yield from titles(entry)
            else:
                yield str(entry.title)  # type: ignore[attr-defined]

    found = list(titles(reader.outline))
    assert [row.name for row in plan.sheets] == [
        title for title in found if title in {s.name for s in plan.sheets}
    ]
    assert {str(field) for field in plan.fields} <= set(found)
    links = [note.get_object() for page in reader.pages[1:3] for note in page.get("/Annots", [])]
    assert len(links) >= len(plan.sheets) + len(plan.fields)


def test_the_same_data_give_the_same_bytes() -> None:
    for make in (
        lambda: plan_paper.render(plan_data(count=4), language="de"),
        lambda: sheet.render(plan_data(count=1).sheets[0], language="de"),
        lambda: progress.render(round_data(("on_path", "on_path")), language="de"),
    ):
        assert make() == make()


def test_a_sheet_has_one_or_two_pages(plan: PlanData) -> None:
    counts = {row.name: len(read(sheet.render(row, language="de")).pages) for row in plan.sheets[::4]}
    assert {name: count for name, count in counts.items() if count > 2} == {}


def test_three_figures_stand_side_by_side_on_the_page_of_their_measure(plan: PlanData) -> None:
    row = plan.sheets[0]
    several = dataclasses.replace(row, figures=(row.figures * 3)[:3], milestones=row.milestones[:2])
    parts = sheet.content(several, 1)
    (beside,) = [
        part for part in parts if isinstance(part, blocks.Beside) and isinstance(part.left[0], blocks.Figure)
    ]
    assert isinstance(beside.right[0], blocks.Beside)
    two = sheet.content(dataclasses.replace(row, figures=(row.figures * 2)[:2]), 1)
    assert len([part for part in two if isinstance(part, blocks.Beside)]) == len(
        [part for part in parts if isinstance(part, blocks.Beside)]
    )


def test_parts_are_counted_beside_the_measures(plan: PlanData) -> None:
    with translation.override("de"):
        assert sheet.counted([Measure(), Measure()]) == "2 Maßnahmen"
        assert sheet.counted([Measure(), Measure(parent_id=1)]) == "1 Maßnahme mit 1 Teilmaßnahme"
        lead = plan_paper.content(plan)[1]
    assert isinstance(lead, blocks.Paragraph)
    assert lead.text.startswith(sheet.counted([row.measure for row in plan.sheets]))


def test_a_text_of_thirty_thousand_letters_breaks_over_pages(plan: PlanData) -> None:
    row = plan.sheets[0]
    measure = Measure(
        **{field.attname: getattr(row.measure, field.attname) for field in Measure._meta.concrete_fields}
    )
    measure.plan, measure.field, measure.responsible = (
        row.measure.plan,
        row.measure.field,
        row.measure.responsible,
    )
    measure.description = f"{LONG_WORD} " * 600
    long = dataclasses.replace(row, line=dataclasses.replace(row.line, measure=measure))
    content = sheet.render(long, language="de")
    assert plain(text_of(content)).count(LONG_WORD) >= 590, "all but those cut by a running head"
    assert 5 <= len(read(content).pages) <= 15


# --- what is told to whom --------------------------------------------------------------------------


@pytest.fixture
def measure(world: World) -> Measure:
    """A running measure with a note, money, a milestone, and one that is only proposed beside it."""
    found = factories.measure(
        world.plan, world.youth_office, title="Elterncafé", status="running", started_on=D(2026, 1, 1)
    )
    proposed = factories.measure(
        world.plan, world.health_office, title="Nur vorgeschlagen", status="proposed"
    )
    Milestone.objects.create(
        measure=found, title="Eröffnung", planned_on=D(2026, 3, 1), due_on=D(2026, 4, 1), note="Raum fehlt"
    )
    FinanceLine.objects.create(
        measure=found, kind=FinanceKind.COST, title="Personal", year=2026, amount=Decimal("42100.50")
    )
    MeasureDependency.objects.create(measure=found, needed=proposed)
    for row in (found, proposed):
        measure_grant_rights(row)
    return found


def collected(world: World, variant: Variant, name: str = "planner") -> PlanData:
    return plan_paper.collect(
        world.fresh(name),
        world.plan,
        variant,
        today=TODAY,
        origins={},
    )


def test_the_public_variant_leaves_out_what_is_internal(measure: Measure, world: World) -> None:
    public, internal = (
        text_of(plan_paper.render(collected(world, variant), language="de"))
        for variant in (Variant.PUBLIC, Variant.INTERNAL)
    )
    for words in ("Nur vorgeschlagen", "Raum fehlt", "42.100,50"):
        assert words in internal
        assert words not in public
    for words in ("Elterncafé", "Eröffnung", "Erreichte Kinder", "Jugendamt"):
        assert words in internal
        assert words in public


@pytest.mark.parametrize(
    ("fields", "content", "is_told"),
    [(["finance"], {"measures": []}, True), (["areas"], {"measures": []}, False), (["finance"], {}, False)],
)
def test_the_public_reads_of_money_once_it_is_released(
    fields: list[str], content: dict[str, object], is_told: bool, measure: Measure, world: World
) -> None:
    PlanRelease.objects.create(
        plan=world.plan, number=1, fields=fields, content=content, released_by=world.people["planner"]
    )
    text = text_of(plan_paper.render(collected(world, Variant.PUBLIC), language="de"))
    assert ("42.100,50" in text) is is_told


def test_small_counts_stay_out_of_the_public_variant(measure: Measure, world: World) -> None:
    unit = factories.unit("counted", "Personen", is_count=True, decimals=0)
    measure.key_figures.update(unit=unit, baseline=Decimal(2), baseline_on=D(2025, 12, 31))
    confirmed(world, measure, D(2026, 6, 30), 1)
    before = LogEntry.objects.filter(action="key_figures.seen_raw").count()

    public = plain(text_of(plan_paper.render(collected(world, Variant.PUBLIC), language="de")))
    assert "100Personen" in public, "a target counts nobody"
    assert "1Personen" not in public
    assert "2Personen" not in public
    assert LogEntry.objects.filter(action="key_figures.seen_raw").count() == before

    internal = plain(text_of(plan_paper.render(collected(world, Variant.INTERNAL), language="de")))
    assert "1Personen" in internal
    assert LogEntry.objects.filter(action="key_figures.seen_raw").count() == before + 1


def test_a_paper_without_measures_can_be_written(world: World) -> None:
    data = collected(world, Variant.PUBLIC)
    assert data.sheets == ()
    with translation.override("de"):
        assert len(read(plan_paper.render(data, language="de")).pages) >= 2


def test_queries_do_not_grow_with_the_measures(
    measure: Measure, world: World, django_assert_max_num_queries: Callable[..., object]
) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as found:
            plan_paper.render(collected(world, Variant.INTERNAL), language="de")
        return len(found)

    few = count()
    for _number in range(6):
        row = factories.measure(world.plan, world.youth_office, partners=[world.provider])
        measure_grant_rights(row)
        MeasureDependency.objects.create(measure=row, needed=measure)
    assert count() <= few + 2
    assert few <= 40


def test_a_sheet_names_where_it_comes_from(measure: Measure, world: World) -> None:
    (data,) = sheet.collect(
        world.fresh("planner"),
        measures_seen_by(world.fresh("planner")).filter(pk=measure.pk),
        shown=[],
        today=TODAY,
        origins={measure.pk: [Origin("Elternarbeit ausbauen", "Beschluss 1/2026")]},
        is_internal=True,
        has_finance=True,
    )
    text = text_of(sheet.render(data, language="de"))
    assert "Elternarbeit ausbauen (Beschluss 1/2026)" in text
    assert "Nur vorgeschlagen" not in text, "what is not among those shown is not named"


# --- progress --------------------------------------------------------------------------------------


def test_the_progress_report_says_what_slips_and_why() -> None:
    content = progress.render(round_data(), language="de")
    text = plain(text_of(content))
    for words in (
        "30.06.2026",
        "Die Baugenehmigung fehlt.",
        "Betriebe suchen lange.",
        "Der Bericht eines Trägers blieb aus.",
        "Träger A (Beispiel)",
        SHA,
        "31.03.2026",
        LONG_WORD,
    ):
        assert plain(words) in text
    assert 5 <= len(read(content).pages) <= 10


def test_it_compares_with_the_round_before() -> None:
    data = round_data(("delayed", "on_path"), ("on_path", "delayed"))
    assert data.before_on == D(2025, 12, 31)
    with translation.override("en"):
        found = [block.text for block in progress.content(data) if isinstance(block, blocks.Heading)]
        assert {"Worse", "Better"} <= set(found)
        alone = [block.text for block in progress.content(round_data()) if isinstance(block, blocks.Heading)]
    assert not {"Worse", "Better"} & set(alone)


def test_a_frozen_round_does_not_change_with_the_plan(measure: Measure, world: World) -> None:
    report = confirmed(world, measure, D(2026, 6, 30), 50)
    reporting_round = ReportingRound.objects.get(pk=report.round_id)
    first = progress.render(progress.collect(reporting_round), language="de")
    Measure.objects.filter(pk=measure.pk).update(title="Umbenannt")
    confirmed(world, measure, D(2026, 9, 30), 1)
    assert progress.render(progress.collect(reporting_round), language="de") == first
    assert "Umbenannt" not in text_of(first)


# --- addresses -------------------------------------------------------------------------------------


def status(client: Client, name: str, key: int) -> int:
    return client.get(reverse(name, args=[key])).status_code


def test_the_report_of_an_open_round_does_not_exist(
    measure: Measure, world: World, client_as: ClientAs
) -> None:
    report = asked(world, measure, day=D(2026, 6, 30))
    client = client_as(world.people["planner"])
    page = reverse("measures:round-detail", args=[report.round_id])
    address = reverse("measures:round-progress", args=[report.round_id])
    assert status(client, "measures:round-progress", report.round_id) == 404
    assert address not in client.get(page).content.decode()
    ReportingRound.objects.update(closed_at=timezone.now())
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    assert address in client.get(page).content.decode()


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("planner", 200), ("head", 200), ("chair", 200), ("funder_reader", 404), ("outsider", 404)],
)
def test_who_reads_a_progress_report(
    name: str, wanted: int, measure: Measure, world: World, client_as: ClientAs
) -> None:
    report = confirmed(world, measure, D(2026, 6, 30), 50)
    assert status(client_as(world.people[name]), "measures:round-progress", report.round_id) == wanted
