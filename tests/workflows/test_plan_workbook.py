"""The plan to Excel and back: nothing changes by itself, changes come back, wrong input is told by cell."""

import dataclasses
import datetime
import io
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from measures.models import FinanceKind, FinanceLine, Measure, MeasureStatus, Milestone, PlanImport
from measures.services.measure_fields import fields_of_measure
from measures.services.measures import measure_create, measure_update
from measures.services.plan_imports import imports_clear, workbook_preview
from measures.workbook.layout import FIGURES, FINANCE, MEASURES, MILESTONES, same_text
from measures.workbook.remarks import remarks_from
from project.common.errors import DomainError
from project.common.importing import ImportRefused
from stakeholders.models import LogEntry
from tests.factories import World
from tests.measures.test_services_measures import fields
from tests.measures.workbooks import changed, exported, put, read, sheet_of, value_in
from workflows.plan_importing import MINE, OUT, THEIRS, ImportFailed, workbook_apply

D = datetime.date


@pytest.fixture
def measure(world: World) -> Measure:
    made = measure_create(plan=world.plan, user=world.fresh("planner"), **fields(world))
    Milestone.objects.create(
        measure=made, title="Raum gefunden", planned_on=D(2026, 3, 1), due_on=D(2026, 3, 1)
    )
    FinanceLine.objects.create(
        measure=made, kind=FinanceKind.COST, title="Miete", year=2026, amount=Decimal("1200.50")
    )
    return made


def apply(world: World, kept: PlanImport, reason: str = "", **choices: str) -> PlanImport:
    preview = workbook_preview(kept)
    names = {row.name: choices.get(row.source.sheet, MINE) for row in preview.conflicts}
    return workbook_apply(kept, choices=names, seen=preview.mark, reason=reason, user=world.fresh("planner"))


def come_back(world: World, *changes: Any) -> PlanImport:
    user = world.fresh("planner")
    return read(world.plan, user, changed(exported(world.plan, user), *changes))


def codes(kept: PlanImport) -> list[str]:
    return [remark.code for remark in remarks_from(kept.remarks)]


def test_a_round_trip_changes_nothing(world: World, measure: Measure) -> None:
    kept = come_back(world)
    assert kept.remarks == []
    assert workbook_preview(kept).rows == ()
    assert kept.content["missing"] == {"measures": 0, "figures": 0, "milestones": 0, "finance": 0}


def test_the_file_as_written_reads_back_the_same(world: World, measure: Measure) -> None:
    user = world.fresh("planner")
    kept = read(world.plan, user, exported(world.plan, user))
    assert (kept.remarks, kept.content["rows"]) == ([], [])


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.sampled_from(
    [
        "=1+1",
        "_x0041_",
        "_x005F_",
        "_x000D_",
        "-",
        "+49 228",
        "@a",
        "1,5",
        "31.12.2027",
        "true",
        "\ta\r\nb",
        "'x",
    ]
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXTS, TEXTS)
def test_no_text_changes_on_its_way(world: World, measure: Measure, first: str, second: str) -> None:
    texts = [text.replace("\x00", "") for text in (first, second)]
    Measure.objects.filter(pk=measure.pk).update(description=texts[0], title=texts[1] or "x")
    measure.milestones.update(note=texts[0], title=texts[1] or "x")
    user = world.fresh("planner")
    kept = read(world.plan, user, exported(world.plan, user))
    assert (kept.remarks, kept.content["rows"]) == ([], [])


def test_changes_come_back_with_old_and_new(world: World, measure: Measure) -> None:
    kept = come_back(
        world,
        put(MEASURES, 2, title="Elternstube (Beispiel)", ends_on=datetime.datetime(2028, 3, 31)),  # noqa: DTZ001
        put(FIGURES, 2, baseline=5),
        put(FINANCE, 2, amount=1300),
        put(MILESTONES, 2, note="Vertrag liegt vor"),
    )
    lines = {
        (row.source.sheet, cell.key): (cell.before, cell.after)
        for row in workbook_preview(kept).rows
        for cell in row.changes
    }
    assert lines["measures", "title"] == ("Elterncafé (Beispiel)", "Elternstube (Beispiel)")
    assert lines["measures", "ends_on"] == ("31.12.2027", "31.03.2028")
    assert lines["figures", "baseline"] == ("0", "5")
    assert lines["finance", "amount"] == ("1.200,5", "1.300")
    apply(world, kept)
    measure.refresh_from_db()
    assert (measure.title, measure.ends_on) == ("Elternstube (Beispiel)", D(2028, 3, 31))
    assert measure.key_figures.get().baseline == 5
    assert measure.finance_lines.get().amount == 1300
    assert measure.milestones.get().note == "Vertrag liegt vor"
    entry = LogEntry.objects.get(action="plan_import.applied")
    assert entry.data["changed"] == 1


def test_new_rows_become_a_measure_with_everything(world: World, measure: Measure) -> None:
    field = value_in(exported(world.plan, world.fresh("planner")), MEASURES, 2, "field")
    kept = come_back(
        world,
        put(
            MEASURES,
            3,
            number="neu 1",
            field=field,
            title="Lesepaten (Beispiel)",
            stage="1",
            starts_on=D(2026, 5, 1),
            ends_on=D(2027, 5, 1),
            responsible=world.youth_office.name,
            needs_agreement=True,
        ),
        put(
            FIGURES,
            3,
            measure="neu 1",
            title="Kinder",
            level="output",
            unit="Personen",
            direction="rising",
            cycle="every_round",
            baseline=0,
            baseline_on=D(2026, 5, 1),
        ),
        lambda book: _target(book, 3, D(2027, 1, 1), 20),
        put(MILESTONES, 3, measure="neu 1", title="Beginn", due_on=D(2026, 6, 1)),
    )
    assert codes(kept) == [], kept.remarks
    apply(world, kept)
    made = Measure.objects.get(title="Lesepaten (Beispiel)")
    assert (made.number, made.status, made.needs_agreement) == ("1.2", MeasureStatus.PROPOSED, True)
    assert made.key_figures.get().targets.get().value == 20
    assert made.milestones.get().planned_on == D(2026, 6, 1)


def _target(book: Any, row: int, day: D, value: float) -> None:
    page = sheet_of(book, FIGURES)
    place = next(cell.column for cell in page[1] if str(cell.value).startswith(("Target 1 by", "Ziel 1")))
    page.cell(row, place).value = day
    page.cell(row, place + 1).value = value


def test_missing_rows_are_not_deleted(world: World, measure: Measure) -> None:
    kept = come_back(world, lambda book: sheet_of(book, FINANCE).delete_rows(2))
    assert kept.content["missing"]["finance"] == 1
    assert workbook_preview(kept).rows == ()
    assert measure.finance_lines.count() == 1


def test_twice_sent_is_taken_over_once(world: World, measure: Measure) -> None:
    kept = come_back(
        world, put(FINANCE, 3, measure="1.1", kind="cost", title="Strom", amount=10, is_secured=False)
    )
    seen = workbook_preview(kept).mark
    for _time in range(2):
        workbook_apply(kept, choices={}, seen=seen, reason="", user=world.fresh("planner"))
    assert measure.finance_lines.count() == 2


@pytest.mark.parametrize(
    ("choice", "title"), [(MINE, "Aus der Datei"), (THEIRS, "Vom Kollegen"), (OUT, "Vom Kollegen")]
)
def test_a_conflict_shows_both_and_is_decided(
    world: World, measure: Measure, choice: str, title: str
) -> None:
    user = world.fresh("planner")
    content = changed(
        exported(world.plan, user), put(MEASURES, 2, title="Aus der Datei", target_group="Väter")
    )
    theirs = fields_of_measure(measure) | {"title": "Vom Kollegen"}
    measure_update(measure, user=user, **theirs)  # type: ignore[typeddict-item]
    kept = read(world.plan, user, content)
    (row,) = workbook_preview(kept).conflicts
    cell = next(cell for cell in row.changes if cell.is_conflict)
    assert (cell.before, cell.after) == ("Vom Kollegen", "Aus der Datei")
    assert (row.changed_by, row.changed_at is not None) == (str(user), True)
    with pytest.raises(DomainError) as refused:
        workbook_apply(kept, choices={}, seen=workbook_preview(kept).mark, reason="", user=user)
    assert refused.value.code == "choice_missing"
    apply(world, kept, measures=choice)
    measure.refresh_from_db()
    assert measure.title == title
    assert measure.target_group == ("" if choice == OUT else "Väter")


def test_an_agreed_measure_needs_a_reason(world: World, measure: Measure) -> None:
    Measure.objects.filter(pk=measure.pk).update(status=MeasureStatus.AGREED)
    kept = come_back(world, put(MEASURES, 2, description="Neu"))
    with pytest.raises(DomainError) as refused:
        apply(world, kept)
    assert refused.value.code == "reason_missing"
    apply(world, kept, reason="Beschluss vom 3. März")
    assert LogEntry.objects.get(action="measure.changed").data["reason"] == "Beschluss vom 3. März"


def test_what_somebody_changed_since_is_looked_at_again(world: World, measure: Measure) -> None:
    kept = come_back(world, put(MEASURES, 2, title="Neu"))
    seen = workbook_preview(kept).mark
    Measure.objects.update(title="Anders")
    with pytest.raises(DomainError) as refused:
        workbook_apply(kept, choices={}, seen=seen, reason="", user=world.fresh("planner"))
    assert refused.value.code == "changed_meanwhile"


def _id(value: Any, sheet: Any = MEASURES) -> Any:
    def change(book: Any) -> None:
        sheet_of(book, sheet).cell(2, 1).value = value

    return change


def _rename(old_key: str, title: str) -> Any:
    def change(book: Any) -> None:
        page = sheet_of(book, MEASURES)
        cell = next(cell for cell in page[1] if cell.value == str(MEASURES.field(old_key).title))
        cell.value = title

    return change


WRONG = {
    "key deleted": (_id(None), "key_deleted"),
    "key of nothing": (_id(999_999), "key_unknown"),
    "key as text": (_id("x"), "key_changed"),
    "column renamed": (_rename("target_group", "Wer"), "column_missing"),
    "sheet deleted": (lambda book: book.remove(sheet_of(book, FINANCE)), "sheet_missing"),
    "cells merged": (lambda book: sheet_of(book, MEASURES).merge_cells("C2:D2"), "merged"),
    "not ours": (lambda book: book.remove(book["Passgenau"]), "not_ours"),
    "formula": (put(MEASURES, 2, title="=A1"), "formula"),
    "30,000 characters": (put(MEASURES, 2, description="x" * 30_000), "too_long"),
    "end before start": (put(MEASURES, 2, ends_on=D(2025, 1, 1)), "rule"),
    "date as text": (put(MEASURES, 2, ends_on="Ende 2027"), "date_text"),
    "number as text": (put(FINANCE, 2, amount="viel"), "number_text"),
    "negative": (put(FINANCE, 2, amount=-5), "negative"),
    "empty title": (put(MEASURES, 2, title=None), "missing"),
    "unknown organisation": (put(MEASURES, 2, responsible="Amt für Wunder"), "unknown_name"),
    "unknown stage": (put(MEASURES, 2, stage="Stufe 3"), "unknown_word"),
    "unknown measure": (put(FINANCE, 3, measure="9.9", kind="cost", title="x", amount=1), "measure_unknown"),
    "row moved": (put(FINANCE, 2, measure="9.9"), "measure_moved"),
    "half a target": (lambda book: _target(book, 2, D(2026, 12, 31), None), "target_half"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_input_is_told_and_nothing_written(world: World, measure: Measure, name: str) -> None:
    change, code = WRONG[name]
    before = list(Measure.objects.values())
    kept = come_back(world, change)
    assert code in codes(kept), kept.remarks
    assert all(remark.text for remark in remarks_from(kept.remarks))
    with pytest.raises(DomainError) as refused:
        workbook_apply(kept, choices={}, seen="", reason="x", user=world.fresh("planner"))
    assert refused.value.code == "import_has_remarks"
    assert list(Measure.objects.values()) == before


def test_percent_over_hundred(world: World, measure: Measure) -> None:
    figure = measure.key_figures.get()
    figure.unit.is_percent, figure.unit.is_count = True, False
    figure.unit.save()
    kept = come_back(world, lambda book: _target(book, 2, D(2026, 12, 31), 120.5))
    assert "over_hundred" in codes(kept)


def test_other_sheets_are_named_and_not_read(world: World, measure: Measure) -> None:
    kept = come_back(world, lambda book: book.create_sheet("Notizen").append(["x"]))
    assert (kept.remarks, kept.content["other_sheets"]) == ([], ["Notizen"])


def test_the_file_of_another_plan(world: World, measure: Measure) -> None:
    def other(book: Any) -> None:
        book["Passgenau"]["A2"].value = str(world.plan.pk + 1)

    assert codes(come_back(world, other)) == ["foreign_plan"]


def test_no_workbook_at_all(world: World) -> None:
    with pytest.raises(ImportRefused):
        read(world.plan, world.fresh("planner"), b"nichts", "plan.xlsx")
    with pytest.raises(ImportRefused):
        read(world.plan, world.fresh("planner"), b"a;b\n1;2\n", "plan.csv")


def test_an_upload_times_out(world: World, measure: Measure) -> None:
    kept = come_back(world, put(MEASURES, 2, title="Neu"))
    kept.expires_at = kept.uploaded_at
    kept.save()
    with pytest.raises(DomainError) as refused:
        apply(world, kept)
    assert refused.value.code == "import_expired"
    assert imports_clear() == 1
    kept.refresh_from_db()
    assert kept.content == {}


def test_rules_broken_by_two_measures_are_told_together(world: World, measure: Measure) -> None:
    measure_create(plan=world.plan, user=world.fresh("planner"), **fields(world, title="Zweite"))
    kept = come_back(world, put(MEASURES, 2, ends_on=D(2025, 1, 1)), put(MEASURES, 3, ends_on=D(2099, 1, 1)))
    assert codes(kept) == ["rule", "rule"]
    assert [remark.row for remark in remarks_from(kept.remarks)] == [2, 3]


def test_nothing_is_written_when_a_rule_breaks_at_last(world: World, measure: Measure) -> None:
    kept = come_back(world, put(MEASURES, 2, ends_on=D(2028, 1, 1)), put(FINANCE, 2, title="Neu"))
    world.plan.ends_on = D(2027, 12, 31)
    world.plan.save()
    with pytest.raises(ImportFailed) as failed:
        apply(world, PlanImport.objects.get(pk=kept.pk))
    assert failed.value.remarks[0].code == "rule"
    assert measure.finance_lines.get().title == "Miete"


def test_only_planning_uploads(world: World, measure: Measure) -> None:
    content = exported(world.plan, world.fresh("planner"))
    with pytest.raises(PermissionDenied):
        read(world.plan, world.fresh("head"), content)


def test_ids_are_hidden_and_dates_are_dates(world: World, measure: Measure) -> None:
    content = exported(world.plan, world.fresh("planner"))
    page = sheet_of(openpyxl.load_workbook(io.BytesIO(content)), MEASURES)
    assert page.column_dimensions["A"].hidden
    assert page.protection.sheet
    assert page["A2"].value == measure.pk
    assert isinstance(value_in(content, MEASURES, 2, "starts_on"), datetime.datetime)
    assert value_in(content, FINANCE, 2, "amount") == 1200.5
    lists = [rule.formula1 for rule in page.data_validations.dataValidation]
    assert len(lists) == 4


def test_same_text_is_the_same_twice() -> None:
    assert dataclasses.is_dataclass(MEASURES)
    assert same_text(same_text("_x005F_x005F_")) == same_text("_x005F_x005F_")


def test_another_stage_takes_a_reason_and_is_moved(world: World, measure: Measure) -> None:
    kept = come_back(world, put(MEASURES, 2, stage="2"))
    with pytest.raises(DomainError) as refused:
        apply(world, kept)
    assert refused.value.code == "reason_missing"
    apply(world, kept, reason="Erst nach dem Umbau")
    measure.refresh_from_db()
    assert (measure.stage, measure.stage_moves.get().reason) == (2, "Erst nach dem Umbau")


def test_a_milestone_that_is_reached_is_told(world: World, measure: Measure) -> None:
    kept = come_back(world, put(MILESTONES, 2, reached_on=D(2026, 2, 20)))
    apply(world, kept)
    assert measure.milestones.get().reached_on == D(2026, 2, 20)
    assert LogEntry.objects.filter(action="milestone.told").exists()
    assert not LogEntry.objects.filter(action="measure.changed").exists()


def test_a_new_part_of_a_measure(world: World, measure: Measure) -> None:
    content = exported(world.plan, world.fresh("planner"))
    kept = come_back(
        world,
        put(
            MEASURES,
            3,
            number="neu",
            parent="1.1",
            field=value_in(content, MEASURES, 2, "field"),
            title="Teil (Beispiel)",
            stage="1",
            starts_on=D(2026, 5, 1),
            ends_on=D(2027, 5, 1),
            responsible=world.youth_office.name,
        ),
    )
    assert codes(kept) == [], kept.remarks
    apply(world, kept)
    assert Measure.objects.get(title="Teil (Beispiel)").number == "1.1.1"
