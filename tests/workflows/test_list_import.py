"""A list of measures from elsewhere: columns suggested, words assigned, everything or nothing taken over."""

import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from measures.importers.lists import Role, read_list, signature_of, suggested
from measures.importers.statuses import comes_later, enters_as_told, suggested_state
from measures.models import ListMapping, Measure, MeasureStatus, PlanImport
from project.common.errors import DomainError
from stakeholders.models import Organisation
from tests import factories
from tests.factories import World
from workflows.forms.list_imports import ColumnsForm
from workflows.list_importing import CREATE, drafts_of, list_apply, list_read, mapping_of, mapping_say
from workflows.list_preview import columns_left, status_lines
from workflows.plan_importing import ImportFailed

D = datetime.date
MAINZ = Path(__file__).parent / "data" / "mainz_massnahmen_flat.csv"
SMALL = """Nr;Handlungsfeld;Maßnahme;Beschreibung;Zuständig;Beginn;Ende;Status
1;Bildung;Lesepaten;Lesen mit Kindern;Jugendamt;01.03.2026;2027;geplant
2;Bildung;Sprachcafé;Reden;Verein Horizont;;;läuft
3;Wohnen;Umzugshilfe;;;2026-01-01;2026-12-31;fertig
"""


def upload(world: World, text: str, name: str = "liste.csv") -> PlanImport:
    return list_read(world.plan, content=text.encode(), name=name, user=world.fresh("planner"))


def say(world: World, kept: PlanImport, **said: Any) -> None:
    defaults: dict[str, Any] = {"fallback": str(world.youth_office.pk)}
    mapping_say(kept, user=world.fresh("planner"), **(defaults | said))


def test_columns_are_suggested_by_their_headings() -> None:
    heads = SMALL.splitlines()[0].split(";")
    assert list(suggested(heads).values()) == [
        Role.KEY,
        Role.SECTION,
        Role.TITLE,
        Role.DESCRIPTION,
        Role.RESPONSIBLE,
        Role.STARTS,
        Role.ENDS,
        Role.STATUS,
    ]


def test_drafts_come_into_the_plan(world: World) -> None:
    kept = upload(world, SMALL)
    say(
        world,
        kept,
        organisations={"Jugendamt": str(world.youth_office.pk), "Verein Horizont": str(world.provider.pk)},
        statuses={"fertig": "out"},
    )
    list_apply(kept, user=world.fresh("planner"))
    first, second = Measure.objects.order_by("position").filter(title__in=["Lesepaten", "Sprachcafé"])
    assert (first.starts_on, first.ends_on, first.responsible) == (
        D(2026, 3, 1),
        D(2027, 12, 31),
        world.youth_office,
    )
    assert (first.field.title, first.status, first.key_figures.count()) == (
        "Bildung",
        MeasureStatus.PROPOSED,
        0,
    )
    assert (second.responsible, second.ends_on) == (world.provider, world.plan.ends_on)
    assert "läuft" in second.description
    assert not Measure.objects.filter(title="Umzugshilfe").exists()
    kept.refresh_from_db()
    assert kept.result == {"changed": 0, "created": 2}


def test_twice_sent_is_taken_over_once(world: World) -> None:
    kept = upload(world, SMALL)
    say(world, kept)
    for _time in range(2):
        list_apply(kept, user=world.fresh("planner"))
    assert Measure.objects.filter(title="Lesepaten").count() == 1


def test_the_mapping_is_remembered_for_the_layout(world: World) -> None:
    kept = upload(world, SMALL)
    say(world, kept, columns={"2": "title"}, organisations={"Jugendamt": str(world.youth_office.pk)})
    again = upload(world, SMALL.replace("Lesepaten", "Vorlesen"))
    assert dict(mapping_of(again).columns) == {2: Role.TITLE}
    assert mapping_of(again).organisations == {"Jugendamt": str(world.youth_office.pk)}
    assert ListMapping.objects.get().signature == signature_of(SMALL.splitlines()[0].split(";"))


def test_a_fault_in_one_row_stops_everything(world: World) -> None:
    kept = upload(world, SMALL.replace("2026-12-31", "irgendwann").replace("01.03.2026", "01.03.2090"))
    say(world, kept)
    with pytest.raises(ImportFailed) as failed:
        list_apply(kept, user=world.fresh("planner"))
    assert [remark.row for remark in failed.value.remarks] == [2, 4]
    assert not Measure.objects.filter(title="Sprachcafé").exists()


def test_new_organisations_only_by_who_administers(world: World) -> None:
    kept = upload(world, SMALL)
    say(world, kept, organisations={"Verein Horizont": CREATE})
    with pytest.raises(PermissionDenied):
        list_apply(kept, user=world.fresh("planner"))
    assert not Organisation.objects.filter(name="Verein Horizont").exists()


def test_without_anybody_responsible_nothing_is_made(world: World) -> None:
    with pytest.raises(DomainError) as refused:
        list_apply(upload(world, SMALL), user=world.fresh("planner"))
    assert refused.value.code == "fallback_missing"


def test_only_planning_takes_lists_over(world: World) -> None:
    with pytest.raises(PermissionDenied):
        list_read(world.plan, content=SMALL.encode(), name="a.csv", user=world.fresh("head"))


def test_a_list_of_headings_alone_is_refused(world: World) -> None:
    with pytest.raises(DomainError) as refused:
        upload(world, "Nr;Titel\n")
    assert refused.value.code == "list_empty"


def test_a_ring_of_rows_above_ends() -> None:
    rows = [["id", "oben", "Titel"], ["1", "2", "A"], ["2", "1", "B"]]
    columns = {0: Role.KEY, 1: Role.PARENT, 2: Role.TITLE}
    read = read_list(
        rows, columns, left_statuses=frozenset(), starts_on=D(2026, 1, 1), ends_on=D(2028, 12, 31)
    )
    assert len(read.drafts) + len(read.left_out) + len(read.sections) >= 2


def test_levels_alone_tell_what_belongs_below_what() -> None:
    rows = [
        ["Ebene", "Titel"],
        ["1", "Bildung"],
        ["2", "Lesen"],
        ["3", "Paten"],
        ["2", "Rechnen"],
        ["1", "Leer"],
    ]
    columns = {0: Role.LEVEL, 1: Role.TITLE}
    read = read_list(
        rows, columns, left_statuses=frozenset(), starts_on=D(2026, 1, 1), ends_on=D(2028, 12, 31)
    )
    assert [(row.title, row.section, row.parent) for row in read.drafts] == [
        ("Lesen", "Bildung", ""),
        ("Paten", "Bildung", "row 3"),
        ("Rechnen", "Bildung", ""),
    ]
    assert (read.sections, [title for _row, title, _why in read.left_out]) == (["Bildung"], ["Leer"])


def test_a_real_list_with_three_levels(world: World) -> None:
    """The climate plan of Mainz: sections, measures, sub-measures, gaps (source and licence beside it)."""
    kept = list_read(world.plan, content=MAINZ.read_bytes(), name=MAINZ.name, user=world.fresh("planner"))
    said = mapping_of(kept).columns
    assert {Role.TITLE, Role.KEY, Role.PARENT, Role.LEVEL, Role.RESPONSIBLE, Role.STARTS} <= set(
        said.values()
    )
    say(world, kept)
    read = drafts_of(kept)
    assert read.sections == ["Strom", "Wärme", "Mobilität & Verkehr"]
    assert any(draft.parent for draft in read.drafts)
    list_apply(kept, user=world.fresh("planner"))
    titles = set(Measure.objects.values_list("field__title", flat=True))
    assert set(read.sections) <= titles
    assert Measure.objects.filter(parent__isnull=False).count() == sum(
        bool(draft.parent) for draft in read.drafts
    )


def test_from_upload_to_plan_on_the_pages(world: World, client_as: Any) -> None:
    client = client_as(world.people["planner"])
    file = SimpleUploadedFile("liste.csv", SMALL.encode())
    page = client.post(reverse("workflows:list-upload", args=[world.plan.pk]), {"file": file}, follow=True)
    kept = PlanImport.objects.get()
    columns = {f"column-{place}": role for place, role in kept.content["said"]["columns"].items()}
    assert page.status_code == 200
    wrong = client.post(reverse("workflows:list-columns", args=[kept.pk]), {"column-0": "key"})
    assert wrong.status_code == 422
    page = client.post(reverse("workflows:list-columns", args=[kept.pk]), columns, follow=True)
    assert page.status_code == 200
    values = {"fallback": world.youth_office.pk, "status-0": "keep", "status-1": "keep", "status-2": "out"}
    page = client.post(reverse("workflows:list-values", args=[kept.pk]), values, follow=True)
    assert "Sprachcafé" in page.content.decode()
    page = client.post(reverse("workflows:list-import", args=[kept.pk]), follow=True)
    assert page.status_code == 200
    assert Measure.objects.filter(title="Sprachcafé").exists()
    assert client.get(reverse("workflows:list-columns", args=[kept.pk]), follow=True).status_code == 200


def test_the_parties_of_a_draft_are_asked_once_it_has_key_figures(
    world: World, stages: Any, client_as: Any
) -> None:
    stages.at_implementation()
    kept = upload(world, SMALL)
    say(world, kept, organisations={"Jugendamt": str(world.youth_office.pk)})
    list_apply(kept, user=world.fresh("planner"))
    measure = Measure.objects.get(title="Lesepaten")
    planner, address = (
        client_as(world.fresh("planner")),
        reverse("workflows:measure-put-forward", args=[measure.pk]),
    )
    planner.post(address)
    assert not measure.confirmations.exists()
    measure.key_figures.create(title="Kinder", unit=factories.unit(), baseline=0, baseline_on=D(2026, 1, 1))
    assert client_as(world.fresh("head")).post(address).status_code == 403
    assert planner.get(reverse("measures:measure-detail", args=[measure.pk])).context["measure"] == measure
    planner.post(address)
    assert measure.confirmations.count() == 2, "of the house and of planning"
    planner.post(address)
    assert measure.confirmations.count() == 2


def preview_of(world: World, kept: PlanImport, client_as: Any) -> str:
    page = client_as(world.fresh("planner")).get(reverse("workflows:list-import", args=[kept.pk]))
    assert page.status_code == 200
    return str(page.content.decode())


def test_a_status_is_assigned_to_a_state_and_the_preview_says_how_it_gets_there(
    world: World, client_as: Any
) -> None:
    kept = upload(world, SMALL)
    say(world, kept, statuses={"geplant": "proposed", "läuft": "running", "fertig": "completed"})
    lines = {line.word: (line.count, line.later) for line in status_lines(kept, drafts_of(kept).drafts)}
    assert lines["geplant"] == (1, ""), "a proposal enters as what it is"
    assert lines["läuft"] == (1, comes_later("running"))
    page = preview_of(world, kept, client_as)
    assert str(MeasureStatus.RUNNING.label) in page
    assert str(comes_later("completed")) in page
    list_apply(kept, user=world.fresh("planner"))
    made = Measure.objects.get(title="Sprachcafé")
    assert (made.status, made.started_on) == (MeasureStatus.PROPOSED, None)
    assert "läuft" in made.description
    assert str(MeasureStatus.RUNNING.label) in made.description


def test_a_new_measure_gets_into_other_states_by_its_course_alone() -> None:
    """As the table of moves has it; who opens a way by hand has to take states over from lists, too."""
    assert [state for state in MeasureStatus if enters_as_told(state)] == [MeasureStatus.PROPOSED]
    assert all(comes_later(state) for state in MeasureStatus if state != MeasureStatus.PROPOSED)


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("geplant", "proposed"),
        ("Noch nicht begonnen", "proposed"),
        ("in Umsetzung", "running"),
        ("umgesetzt", "completed"),
        ("In Vorbereitung", "preparing"),
        ("beschlossen", "agreed"),
        ("vorzeitig beendet", "ended_early"),
        ("ruht zurzeit", "suspended"),
        ("mit 4.2 zusammengeführt", "merged"),
        ("6", ""),
    ],
)
def test_states_are_suggested_by_words(word: str, state: str) -> None:
    assert suggested_state(word) == state


def test_columns_that_stay_out_are_named(world: World, client_as: Any) -> None:
    text = SMALL.replace("Status\n", "Status;Bemerkung;Leer\n").replace("geplant\n", "geplant;wichtig;\n")
    kept = upload(world, text)
    say(world, kept)
    assert [(line.title, line.count) for line in columns_left(kept)] == [("Bemerkung", 1)]
    assert "Bemerkung" in preview_of(world, kept, client_as)


def test_a_long_target_group_is_not_lost() -> None:
    group = "Familien mit Kindern " * 20
    read = read_list(
        [["Titel", "Zielgruppe"], ["Lesen", group]],
        {0: Role.TITLE, 1: Role.TARGET_GROUP},
        left_statuses=frozenset(),
        starts_on=D(2026, 1, 1),
        ends_on=D(2028, 12, 31),
    )
    (draft,) = read.drafts
    assert group.strip() in draft.description
    assert len(draft.target_group) == 200
    assert len(draft.marks) == 2


def test_a_part_whose_measure_stays_out_says_so() -> None:
    rows = [
        ["Ebene", "Titel", "Status"],
        ["1", "Bildung", ""],
        ["2", "Lesen", "fertig"],
        ["3", "Paten", "läuft"],
    ]
    read = read_list(
        rows,
        {0: Role.LEVEL, 1: Role.TITLE, 2: Role.STATUS},
        left_statuses=frozenset({"fertig"}),
        starts_on=D(2026, 1, 1),
        ends_on=D(2028, 12, 31),
    )
    (draft,) = read.drafts
    assert (draft.title, draft.parent, len(draft.marks)) == ("Paten", "", 2)


def test_a_description_that_grows_too_long_is_told_and_not_cut(world: World) -> None:
    kept = upload(world, SMALL.replace("Lesen mit Kindern", "x" * 9_990))
    say(world, kept)
    with pytest.raises(ImportFailed) as failed:
        list_apply(kept, user=world.fresh("planner"))
    assert [remark.row for remark in failed.value.remarks] == [2]


def test_a_row_that_fails_does_not_take_its_field_from_others(world: World) -> None:
    kept = upload(world, SMALL.replace("Lesen mit Kindern", "x" * 9_990))
    say(world, kept)
    with pytest.raises(ImportFailed) as failed:
        list_apply(kept, user=world.fresh("planner"))
    assert len(failed.value.remarks) == 1, "the second row of the field can be written"
    assert not world.plan.fields.filter(title="Bildung").exists()


def test_an_organisation_that_left_meanwhile_is_told(world: World) -> None:
    kept = upload(world, SMALL)
    say(world, kept)
    Organisation.objects.filter(pk=world.youth_office.pk).update(is_active=False)
    with pytest.raises(ImportFailed) as failed:
        list_apply(kept, user=world.fresh("planner"))
    assert failed.value.remarks


def test_one_role_for_two_columns_and_columns_of_too_many_words() -> None:
    rows = [["Titel", "Status"], *([f"Titel {number}", f"Wort {number}"] for number in range(51))]
    twice = ColumnsForm({"column-0": "title", "column-1": "title"}, rows=rows, columns={})
    assert set(twice.errors) == {"column-0", "column-1"}
    many = ColumnsForm({"column-0": "title", "column-1": "status"}, rows=rows, columns={})
    assert set(many.errors) == {"column-1"}
    few = ColumnsForm({"column-0": "title", "column-1": "status"}, rows=rows[:51], columns={})
    assert few.is_valid()
