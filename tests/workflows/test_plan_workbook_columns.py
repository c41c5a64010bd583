"""What the workbook of a plan says of dependencies, indicators, borders and judgements, there and back."""

import datetime
import io
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.urls import reverse

from measures.models import FigureKind, KeyFigure, Measure, MeasureDependency, MeasureStatus
from measures.services.key_figures import STEP_UNIT, KeyFigureInput
from measures.services.measure_fields import fields_of_measure
from measures.services.measures import measure_create, measure_update
from measures.services.plan_imports import workbook_preview
from measures.workbook.layout import FIGURES, FINANCE, FORM, MARK, MEASURES, target_titles
from measures.workbook.remarks import remarks_from
from monitoring.models import Value
from stakeholders.models import LogEntry, OrganisationKind
from tests import factories
from tests.factories import World
from tests.measures.test_services_measures import fields, figure
from tests.measures.workbooks import changed, exported, put, read, sheet_of, value_in
from tests.workflows.test_plan_workbook import apply, codes, come_back
from workflows.plan_importing import MINE, OUT, ImportFailed, workbook_apply
from workflows.views import plan_imports

D = datetime.date


def make(world: World, title: str, **kwargs: Any) -> Measure:
    return measure_create(
        plan=world.plan, user=world.fresh("planner"), **fields(world, title=title, **kwargs)
    )


def new_row(world: World, **kwargs: Any) -> Any:
    """A new measure in the row below two others."""
    values = {
        "number": "neu 1",
        "field": str(world.plan.fields.get()),
        "title": "Neu (Beispiel)",
        "stage": "1",
        "starts_on": D(2026, 5, 1),
        "ends_on": D(2027, 5, 1),
        "responsible": world.youth_office.name,
    }
    return put(MEASURES, 4, **(values | kwargs))


@pytest.fixture
def two(world: World) -> tuple[Measure, Measure]:
    """1.1 needs 1.2."""
    first, second = make(world, "Erste"), make(world, "Zweite")
    MeasureDependency.objects.create(measure=first, needed=second, note="Räume")
    return first, second


def needs(measure: Measure) -> list[tuple[str, str]]:
    return [(row.needed.number, row.note) for row in measure.needs.order_by("needed__position")]


# --- dependencies ----------------------------------------------------------------------------------


def test_what_is_needed_first_is_written_by_number_and_comes_back(
    world: World, two: tuple[Measure, Measure]
) -> None:
    user = world.fresh("planner")
    content = exported(world.plan, user)
    assert value_in(content, MEASURES, 2, "needs") == "1.2: Räume"
    kept = read(world.plan, user, content)
    assert (kept.remarks, kept.content["rows"]) == ([], [])


def test_what_is_needed_first_changes_with_a_line_in_the_log(
    world: World, two: tuple[Measure, Measure]
) -> None:
    kept = come_back(world, put(MEASURES, 2, needs="1.2: Räume und Personal"))
    (row,) = workbook_preview(kept).rows
    assert [(cell.before, cell.after) for cell in row.changes] == [("1.2: Räume", "1.2: Räume und Personal")]
    apply(world, kept)
    assert needs(two[0]) == [("1.2", "Räume und Personal")]
    assert LogEntry.objects.filter(action="measure.changed", object_id=two[0].pk).count() == 1


def test_an_emptied_cell_takes_dependencies_away(world: World, two: tuple[Measure, Measure]) -> None:
    apply(world, come_back(world, put(MEASURES, 2, needs=None)))
    assert needs(two[0]) == []


def test_a_dependency_can_be_turned_round_in_one_upload(world: World, two: tuple[Measure, Measure]) -> None:
    kept = come_back(world, put(MEASURES, 2, needs=None), put(MEASURES, 3, needs="1.1"))
    assert codes(kept) == [], kept.remarks
    apply(world, kept)
    assert (needs(two[0]), needs(two[1])) == ([], [("1.1", "")])


def test_new_measures_can_be_needed_and_need_others(world: World, two: tuple[Measure, Measure]) -> None:
    kept = come_back(world, new_row(world, needs="1.1: erst danach"), put(MEASURES, 3, needs=None))
    assert codes(kept) == [], kept.remarks
    apply(world, kept)
    assert needs(Measure.objects.get(title="Neu (Beispiel)")) == [("1.1", "erst danach")]
    other = come_back(world, put(MEASURES, 5, **_again(world)), put(MEASURES, 3, needs="Neu 2: wegen Umbau"))
    assert codes(other) == [], other.remarks
    (row,) = [row for row in workbook_preview(other).rows if not row.is_new]
    assert row.changes[0].after == "neu 2: wegen Umbau"
    apply(world, other)
    assert needs(two[1]) == [("1.4", "wegen Umbau")]


def _again(world: World) -> dict[str, Any]:
    return {
        "number": "neu 2",
        "field": str(world.plan.fields.get()),
        "title": "Noch eine (Beispiel)",
        "stage": "1",
        "starts_on": D(2026, 5, 1),
        "ends_on": D(2027, 5, 1),
        "responsible": world.youth_office.name,
    }


WRONG_NEEDS = {
    "ring": (put(MEASURES, 3, needs="1.1"), "1.2 → 1.1 → 1.2"),
    "itself": (put(MEASURES, 2, needs="1.1"), ""),
    "twice": (put(MEASURES, 2, needs="1.2: a\n1.2: b"), ""),
}


@pytest.mark.parametrize("name", WRONG_NEEDS)
def test_wrong_dependencies_are_told_at_their_cell(
    world: World, two: tuple[Measure, Measure], name: str
) -> None:
    change, part = WRONG_NEEDS[name]
    kept = come_back(world, change)
    (remark,) = remarks_from(kept.remarks)
    assert (remark.code, remark.column) == ("rule", str(MEASURES.field("needs").title))
    assert part in remark.text
    assert needs(two[0]) == [("1.2", "Räume")]


@pytest.mark.parametrize(
    ("cell", "code"),
    [("9.9", "unknown_number"), ("1.2 Räume", "unknown_number"), (f"1.2: {'x' * 301}", "too_long")],
)
def test_unreadable_dependencies(world: World, two: tuple[Measure, Measure], cell: str, code: str) -> None:
    assert codes(come_back(world, put(MEASURES, 2, needs=cell))) == [code]


def test_a_contribution_of_a_partner_may_not_be_too_long(world: World, two: tuple[Measure, Measure]) -> None:
    kept = come_back(world, put(MEASURES, 2, partners=f"{world.provider.name}: {'x' * 201}"))
    assert codes(kept) == ["too_long"]


def test_numbers_of_the_file_hold_though_they_changed_since(
    world: World, two: tuple[Measure, Measure]
) -> None:
    user = world.fresh("planner")
    content = exported(world.plan, user)
    two[1].position = 7
    two[1].save()
    make(world, "Dritte", position=2)
    kept = read(world.plan, user, content)
    assert (kept.remarks, kept.content["rows"]) == ([], [])


def test_dependencies_changed_on_both_sides_are_a_conflict(
    world: World, two: tuple[Measure, Measure]
) -> None:
    user = world.fresh("planner")
    content = changed(exported(world.plan, user), put(MEASURES, 2, needs=None))
    MeasureDependency.objects.update(note="Personal")
    kept = read(world.plan, user, content)
    (row,) = workbook_preview(kept).conflicts
    assert [(cell.key, cell.before, cell.is_conflict) for cell in row.changes] == [
        ("needs", "1.2: Personal", True)
    ]
    apply(world, kept, measures=OUT)
    assert needs(two[0]) == [("1.2", "Personal")]


def test_an_agreed_measure_gets_dependencies_only_with_a_reason(
    world: World, two: tuple[Measure, Measure]
) -> None:
    Measure.objects.filter(pk=two[0].pk).update(status=MeasureStatus.AGREED)
    kept = come_back(world, put(MEASURES, 2, needs=None))
    assert workbook_preview(kept).needs_reason
    apply(world, kept, reason="Beschluss vom 3. März")
    assert needs(two[0]) == []


def test_who_does_not_see_a_measure_does_not_read_its_number(
    world: World, two: tuple[Measure, Measure], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "measures.services.workbooks.measures_seen_by", lambda _user: Measure.objects.filter(pk=two[0].pk)
    )
    assert value_in(exported(world.plan, world.fresh("planner")), MEASURES, 2, "needs") is None


# --- key figures -----------------------------------------------------------------------------------


@pytest.fixture
def following(world: World) -> Measure:
    """A measure with an outcome that follows an indicator, and a judgement in steps."""
    indicator, area = world.indicators[0], world.areas[0]
    if not Value.objects.filter(indicator=indicator, area=area).exists():
        factories.delivery(world.youth_office, {(indicator, area, 2024): 20.0}, world.people["planner"])
    return make(
        world,
        "Erste",
        key_figures=[
            figure(),
            KeyFigureInput(
                title="Quote",
                unit=None,
                baseline=Decimal(20),
                baseline_on=D(2025, 12, 31),
                targets=[(D(2027, 12, 31), Decimal(15))],
                level="outcome",
                direction="falling",
                indicator=indicator,
                area=area,
                on_path_percent=5,
                at_risk_percent=20,
            ),
            KeyFigureInput(
                title="Zusammenarbeit",
                unit=None,
                kind=FigureKind.QUALITY,
                baseline=Decimal(0),
                baseline_on=D(2025, 12, 31),
                targets=[(D(2026, 12, 31), Decimal(2)), (D(2027, 12, 31), Decimal(4))],
                wordings={D(2026, 12, 31): "Vertrag | Räume: klar", D(2027, 12, 31): "läuft von selbst"},
            ),
        ],
    )


def target(row: int, number: int, place: int, value: Any) -> Any:
    """Write day (0), value (1) or words (2) of a target."""

    def change(book: Any) -> None:
        page = sheet_of(book, FIGURES)
        title = target_titles(number)[place]
        page.cell(row, next(cell.column for cell in page[1] if cell.value == title)).value = value

    return change


def quote(measure: Measure) -> KeyFigure:
    return measure.key_figures.get(title="Quote")


def test_everything_of_a_key_figure_comes_back_unchanged(world: World, following: Measure) -> None:
    user = world.fresh("planner")
    content = exported(world.plan, user)
    for file in (content, changed(content)):
        kept = read(world.plan, user, file)
        assert (kept.remarks, kept.content["rows"]) == ([], [])
    assert value_in(content, FIGURES, 3, "indicator") == world.indicators[0].name_de
    assert value_in(content, FIGURES, 3, "area") == world.areas[0].name
    assert value_in(content, FIGURES, 3, "on_path_percent") == 5
    page = sheet_of(openpyxl.load_workbook(io.BytesIO(content)), FIGURES)
    assert "Vertrag | Räume: klar" in [cell.value for cell in page[4]]


def test_borders_area_and_words_change(world: World, following: Measure) -> None:
    kept = come_back(
        world,
        put(FIGURES, 3, at_risk_percent=30, area=world.areas[1].name),
        target(4, 1, 2, "Vertrag liegt vor"),
    )
    assert codes(kept) == [], kept.remarks
    told = {cell.title: cell.after for row in workbook_preview(kept).rows for cell in row.changes}
    assert any("Vertrag liegt vor" in text for text in told.values())
    apply(world, kept)
    row = quote(following)
    assert (row.at_risk_percent, row.on_path_percent, row.area) == (30, 5, world.areas[1])
    words = following.key_figures.get(title="Zusammenarbeit").targets.order_by("due_on")
    assert [target.wording for target in words] == ["Vertrag liegt vor", "läuft von selbst"]


def test_words_stay_with_a_target_whose_day_moves(world: World, following: Measure) -> None:
    apply(world, come_back(world, target(4, 1, 0, D(2026, 11, 30))))
    moved = following.key_figures.get(title="Zusammenarbeit").targets.get(due_on=D(2026, 11, 30))
    assert moved.wording == "Vertrag | Räume: klar"


def test_new_figures_that_are_judged_or_follow_an_indicator(world: World, following: Measure) -> None:
    common = {"measure": "1.1", "baseline_on": D(2025, 12, 31), "direction": "rising"}
    kept = come_back(
        world,
        put(
            FIGURES,
            5,
            title="Neue Quote",
            level="outcome",
            baseline=10,
            indicator=world.indicators[0].name_de,
            area=world.areas[0].name,
            **common,
        ),
        target(5, 1, 0, D(2027, 12, 31)),
        target(5, 1, 1, 12),
        put(FIGURES, 6, title="Stimmung", level="output", kind="quality", baseline=1, **common),
        target(6, 1, 0, D(2027, 12, 31)),
        target(6, 1, 1, 3),
        target(6, 1, 2, "gut"),
    )
    assert codes(kept) == [], kept.remarks
    apply(world, kept)
    made = following.key_figures.get(title="Neue Quote")
    assert (made.indicator, made.unit) == (world.indicators[0], world.indicators[0].unit)
    assert (made.on_path_percent, made.at_risk_percent) == (10, 25)
    judged = following.key_figures.get(title="Stimmung")
    assert (judged.unit.key, judged.targets.get().wording) == (STEP_UNIT, "gut")


WRONG_FIGURES = {
    "indicator without area": (put(FIGURES, 3, area=None), "rule"),
    "indicator of an output": (put(FIGURES, 3, level="output"), "rule"),
    "unknown indicator": (put(FIGURES, 3, indicator="Glück"), "unknown_name"),
    "unit of another": (put(FIGURES, 3, unit="Personen"), "following_unit"),
    "reporter": (put(FIGURES, 3, reporter="Jugendamt"), "following_reporter"),
    "cycle": (put(FIGURES, 3, cycle="yearly"), "following_reporter"),
    "borders turned round": (put(FIGURES, 3, on_path_percent=40), "rule"),
    "border over hundred": (put(FIGURES, 3, at_risk_percent=101), "rule"),
    "border half": (put(FIGURES, 3, at_risk_percent=20.5), "number_whole"),
    "border emptied": (put(FIGURES, 3, at_risk_percent=None), "missing"),
    "judged with unit": (put(FIGURES, 4, unit="Personen"), "judged_unit"),
    "judged falling": (put(FIGURES, 4, direction="falling"), "judged_rises"),
    "judged beyond the steps": (target(4, 1, 1, 5), "rule"),
    "unit emptied": (put(FIGURES, 2, unit=None), "missing"),
    "words alone": (target(4, 3, 2, "ohne Tag"), "target_half"),
    "words too long": (target(4, 1, 2, "x" * 301), "too_long"),
    "words by formula": (target(4, 1, 2, "=A1"), "formula"),
}


@pytest.mark.parametrize("name", WRONG_FIGURES)
def test_wrong_figures_are_told_and_nothing_written(world: World, following: Measure, name: str) -> None:
    change, code = WRONG_FIGURES[name]
    if name == "reporter":
        change = put(FIGURES, 3, reporter=world.youth_office.name)
    before = list(KeyFigure.objects.values())
    kept = come_back(world, change)
    assert set(codes(kept)) == {code}, kept.remarks
    assert all(remark.text for remark in remarks_from(kept.remarks))
    assert list(KeyFigure.objects.values()) == before


def test_a_funder_of_no_territory_and_a_reporter_who_left_come_back(world: World, following: Measure) -> None:
    funder = factories.organisation("Ministerium", OrganisationKind.FUNDER)
    left = factories.organisation("Früherer Träger", OrganisationKind.PROVIDER, world.territory)
    following.finance_lines.create(kind="funding", title="ZiQ", amount=5, payer=funder)
    following.key_figures.filter(indicator=None, kind=FigureKind.QUANTITY).update(reporter=left)
    left.is_active = False
    left.save()
    user = world.fresh("planner")
    content = exported(world.plan, user)
    assert value_in(content, FINANCE, 2, "payer") == "Ministerium"
    assert value_in(content, FIGURES, 2, "reporter") == "Früherer Träger"
    kept = read(world.plan, user, content)
    assert (kept.remarks, kept.content["rows"]) == ([], [])


# --- the file itself -------------------------------------------------------------------------------


def test_a_file_of_an_earlier_form_says_so(world: World, following: Measure) -> None:
    def older(book: Any) -> None:
        book[MARK]["A1"].value = "passgenau-plan-1"

    assert FORM != "passgenau-plan-1"
    assert codes(come_back(world, older)) == ["old_form"]


def test_a_row_deleted_since_the_upload_says_so(world: World, following: Measure) -> None:
    following.finance_lines.create(kind="cost", title="Miete", amount=5)
    kept = come_back(world, put(FINANCE, 2, amount=6), put(MEASURES, 2, title="Neu"))
    following.finance_lines.all().delete()
    with pytest.raises(ImportFailed) as failed:
        apply(world, kept, finance=MINE)
    assert [remark.code for remark in failed.value.remarks] == ["row_gone"]
    following.refresh_from_db()
    assert following.title == "Erste"
    preview = workbook_preview(kept)
    choices = {row.name: OUT for row in preview.conflicts}
    workbook_apply(kept, choices=choices, seen=preview.mark, reason="", user=world.fresh("planner"))
    following.refresh_from_db()
    assert following.title == "Neu"


def test_every_row_to_decide_on_is_shown_however_many(
    world: World, two: tuple[Measure, Measure], client_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_imports, "MOST_SHOWN", 1)
    user = world.fresh("planner")
    make(world, "Dritte")
    changes = [put(MEASURES, row, title=f"Aus der Datei {row}") for row in (2, 3, 4)]
    content = changed(exported(world.plan, user), *changes)
    for measure in two:
        Measure.objects.filter(pk=measure.pk).update(title=f"Vom Kollegen {measure.pk}")
    kept = read(world.plan, user, content)
    page = client_as(user).get(reverse("workflows:plan-import", args=[kept.pk]))
    assert page.status_code == 200
    assert (len(page.context["rows"]), page.context["more"]) == (2, 1)
    assert all(choice is not None for _row, choice in page.context["rows"])


def test_an_entry_of_a_list_deleted_since_the_upload(world: World, following: Measure) -> None:
    goal = world.plan.goals.create(kind="guiding", number=1, title="Alle gut")
    kept = come_back(world, put(MEASURES, 2, goals="Alle gut"))
    goal.delete()
    with pytest.raises(ImportFailed) as failed:
        apply(world, kept)
    assert failed.value.remarks[0].code == "rule"


def test_parts_stand_behind_their_measure_on_every_sheet(world: World, two: tuple[Measure, Measure]) -> None:
    own = fields_of_measure(two[0])
    part = {key: own[key] for key in ("starts_on", "ends_on", "responsible")}
    measure_create(
        plan=world.plan,
        user=world.fresh("planner"),
        parent=two[0],
        title="Teil",
        key_figures=[figure()],
        **part,
    )
    content = exported(world.plan, world.fresh("planner"))
    assert [value_in(content, MEASURES, row, "number") for row in (2, 3, 4)] == ["1.1", "1.1.1", "1.2"]
    assert [value_in(content, FIGURES, row, "measure") for row in (2, 3, 4)] == ["1.1", "1.1.1", "1.2"]


def test_measure_update_keeps_words_and_borders(world: World, following: Measure) -> None:
    measure_update(following, user=world.fresh("planner"), **fields_of_measure(following))
    assert quote(following).at_risk_percent == 20
