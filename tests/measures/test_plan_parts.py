"""Goals, sub-measures, milestones, money, documents, dependencies: what is written and what is refused."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from measures.models import FieldOfAction, Goal, Measure, MeasureFile, StatusChange
from measures.selectors.goals import goal_tree
from measures.selectors.submeasures import milestone_lines, neighbours, outside_parent
from measures.services.files import measure_file_add, measure_file_remove
from measures.services.goals import goal_create, goal_remove, goal_update
from measures.services.measure_fields import fields_of_measure
from measures.services.measures import TEXT_LIMIT, measure_create, measure_update
from measures.services.parts import FinanceInput, MilestoneInput, milestone_tell
from measures.services.stages import measure_move_stage
from project.common.errors import DomainError
from stakeholders.models import LogEntry, OrganisationKind, User
from tests import factories
from tests.factories import World
from tests.measures.test_services_measures import change, create, fields

ClientAs = Callable[[User], Client]
D = datetime.date
PDF = b"%PDF-1.7 Konzept"


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(DomainError) as error:
        act()
    return error.value.code


def part(world: World, parent: Measure, **kwargs: Any) -> Measure:
    values = fields(world, **({"key_figures": []} | kwargs))
    values.pop("field")
    return measure_create(plan=world.plan, parent=parent, user=world.fresh("planner"), **values)


def cost(**kwargs: Any) -> FinanceInput:
    return FinanceInput(**({"kind": "cost", "title": "Stelle", "amount": Decimal(100)} | kwargs))


# --- parts ---------------------------------------------------------------------------------------------


def test_a_part_has_its_own_numbers_below_the_measure(world: World) -> None:
    parent = create(world, position=4)
    first, second = part(world, parent), part(world, parent)
    assert (first.number, second.number) == ("1.4.1", "1.4.2")
    assert create(world).number == "1.5", "numbers of the field go on beside those of parts"
    assert not outside_parent(first)
    assert outside_parent(part(world, parent, ends_on=D(2028, 6, 30))), "told, not forbidden"
    found = neighbours(world.fresh("planner"), parent)
    assert [(row.number, is_outside) for row, is_outside in found.submeasures] == [
        ("1.4.1", False),
        ("1.4.2", False),
        ("1.4.3", True),
    ]


def test_one_level_of_parts_only(world: World) -> None:
    parent = create(world)
    below = part(world, parent)
    assert code_of(lambda: part(world, below)) == "parent_is_part"
    Measure.objects.filter(pk=parent.pk).update(status="completed")
    parent.refresh_from_db()
    assert code_of(lambda: part(world, parent)) == "parent_ended"
    with pytest.raises(IntegrityError), transaction.atomic():
        Measure.objects.filter(pk=parent.pk).update(parent=parent.pk)


# --- wrong input -----------------------------------------------------------------------------------------

WRONG: list[tuple[str, dict[str, Any]]] = [
    ("ends_before_start", {"ends_on": D(2025, 12, 31)}),
    ("starts_after_plan", {"starts_on": D(2029, 1, 1), "ends_on": D(2029, 6, 1)}),
    ("ends_after_plan", {"ends_on": D(2029, 1, 1)}),
    ("text_too_long", {"description": "x" * 30_000}),
    ("text_too_long", {"effect_hypothesis": "x" * (TEXT_LIMIT + 1)}),
    ("amount_negative", {"finance": [cost(amount=Decimal(-1))]}),
    ("milestone_twice", {"milestones": [MilestoneInput("Start", D(2026, 2, 1))] * 2}),
    ("milestone_after_plan", {"milestones": [MilestoneInput("Start", D(2029, 2, 1))]}),
    ("invalid", {"contact_email": "keine Adresse"}),
    ("invalid", {"finance": [cost(title=" ")]}),
]


@pytest.mark.parametrize(("code", "changes"), WRONG)
def test_wrong_input_is_refused_and_nothing_is_written(
    world: World, code: str, changes: dict[str, Any]
) -> None:
    assert code_of(lambda: create(world, **changes)) == code
    assert not Measure.objects.exists()
    measure = create(world)
    before = Measure.objects.values().get(pk=measure.pk)
    assert code_of(lambda: change(world, measure, **changes)) == code
    assert Measure.objects.values().get(pk=measure.pk) == before


def test_a_text_of_exactly_the_limit_is_taken(world: World) -> None:
    assert len(create(world, description="x" * TEXT_LIMIT).description) == TEXT_LIMIT


# --- dependencies ------------------------------------------------------------------------------------------


def test_no_measures_wait_for_each_other(world: World) -> None:
    first, second, third = create(world), create(world), create(world)
    change(world, second, needs=[(first, "Räume")])
    change(world, third, needs=[(second, "")])
    with pytest.raises(DomainError) as error:
        change(world, first, needs=[(third, "")])
    assert error.value.code == "dependency_ring"
    assert "1.1 → 1.3 → 1.2 → 1.1" in str(error.value.message)
    assert not first.needs.exists()
    assert code_of(lambda: change(world, first, needs=[(first, "")])) == "needs_itself"
    assert code_of(lambda: change(world, third, needs=[(second, ""), (second, "")])) == "dependency_twice"


def test_both_see_a_dependency_and_when_it_slips(world: World) -> None:
    planner = world.fresh("planner")
    first = create(world, starts_on=D(2026, 1, 1), ends_on=D(2027, 6, 30))
    second = create(world, starts_on=D(2027, 1, 1), needs=[(first, "Räume entstehen dort")])
    (need,) = neighbours(planner, second).needs
    (needed_by,) = neighbours(planner, first).needed_by
    assert (need.other, need.note, needed_by.other) == (first, "Räume entstehen dort", second)
    assert "30.06.2027" in need.hint
    assert need.hint == needed_by.hint
    Measure.objects.filter(pk=first.pk).update(status="completed", ended_on=D(2026, 11, 1))
    assert neighbours(planner, second).needs[0].hint == ""


# --- milestones ---------------------------------------------------------------------------------------------


def test_the_delay_of_a_milestone_stays_visible(world: World) -> None:
    today = timezone.localdate()
    due = today + datetime.timedelta(days=10)
    measure = create(world, milestones=[MilestoneInput("Start", due)])
    row = measure.milestones.get()
    specialist = world.fresh("specialist")
    later = due + datetime.timedelta(days=30)

    def tell(user: User, **kwargs: Any) -> None:
        milestone_tell(row, **({"reached_on": None, "due_on": later, "note": "", "user": user} | kwargs))

    assert code_of(lambda: tell(specialist)) == "note_missing"
    for name in ("chair", "provider_head", "jobcenter_head"):
        with pytest.raises(PermissionDenied):
            tell(world.fresh(name), note="x")
    tell(specialist, note="Vergabe dauert")
    (line,) = milestone_lines(measure, today)
    assert (line.milestone.planned_on, line.milestone.due_on, line.days_late) == (due, later, 30)
    tomorrow = today + datetime.timedelta(days=1)
    assert code_of(lambda: tell(specialist, reached_on=tomorrow)) == "reached_in_future"
    tell(specialist, reached_on=today)
    (line,) = milestone_lines(measure, today)
    assert (line.milestone.reached_on, line.days_late) == (today, 0)
    assert LogEntry.objects.filter(action="milestone.told").count() == 2
    assert code_of(lambda: change(world, measure, milestones=[])) == "milestone_reached"


def test_the_page_of_a_milestone(world: World, client_as: ClientAs) -> None:
    measure = create(world, milestones=[MilestoneInput("Start", D(2027, 1, 31))])
    page = f"/milestones/{measure.milestones.get().pk}/"
    client = client_as(world.fresh("specialist"))
    assert client.get(page).status_code == 200
    assert client.post(page, {"due_on": "2027-03-31"}).status_code == 422, "why later?"
    assert client.post(page, {"due_on": "2027-03-31", "note": "Vergabe"}).status_code == 302
    assert measure.milestones.get().due_on == D(2027, 3, 31)
    assert client_as(world.fresh("provider_head")).get(page).status_code == 403
    assert client_as(world.fresh("outsider")).get(page).status_code == 404


# --- documents ----------------------------------------------------------------------------------------------


def upload(name: str = "konzept.pdf", content: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def test_documents_are_added_handed_out_and_taken_away(world: World, client_as: ClientAs) -> None:
    measure = create(world)
    page = f"/measures/{measure.pk}/files/"
    client = client_as(world.fresh("specialist"))
    assert client.post(page, {"file": upload("lauf.exe", b"MZ")}).status_code == 422
    assert client.post(page, {"title": "ohne Datei"}).status_code == 422
    assert client.post(page, {"file": upload(), "title": "Konzept"}).status_code == 302
    assert client.post(page, {"file": upload("noch einmal.pdf")}).status_code == 422, "there already"
    row = MeasureFile.objects.get()
    response = client_as(world.fresh("provider_head")).get(f"/measure-files/{row.pk}/")
    assert b"".join(response) == PDF
    assert response["Content-Disposition"].startswith("attachment")
    assert client_as(world.fresh("outsider")).get(f"/measure-files/{row.pk}/").status_code == 404
    partner = client_as(world.fresh("provider_head"))
    assert partner.post(page, {"file": upload("zwei.pdf", PDF + b"2")}).status_code == 403
    assert partner.post(f"/measure-files/{row.pk}/remove/").status_code == 403
    assert client.post(f"/measure-files/{row.pk}/remove/").status_code == 302
    assert client.get(f"/measure-files/{row.pk}/").status_code == 404
    row.refresh_from_db()
    assert row.removed_at is not None
    assert row.file.storage.exists(row.file.name), "it is kept"
    assert code_of(lambda: measure_file_remove(row, user=world.fresh("planner"))) == "file_gone"
    measure_file_add(measure, upload=upload(), title="", user=world.fresh("planner"))


# --- goals --------------------------------------------------------------------------------------------------


def test_goals_stand_below_the_level_above_and_keep_their_numbers(world: World) -> None:
    planner = world.fresh("planner")

    def goal(kind: str, title: str, parent: Goal | None = None) -> Goal:
        return goal_create(world.plan, kind=kind, title=title, parent=parent, user=planner)

    first, second = goal("guiding", "Wohnen"), goal("guiding", "Lernen")
    strategic = goal("strategic", "Schule gelingt", second)
    partial = goal("partial", "Sprache", strategic)
    assert code_of(lambda: goal("partial", "Zu hoch", first)) == "wrong_level"
    assert code_of(lambda: goal("guiding", "Zu tief", first)) == "wrong_level"
    assert code_of(lambda: goal("strategic", "Ohne")) == "wrong_level"
    assert code_of(lambda: goal("guiding", " ")) == "invalid"
    with pytest.raises(PermissionDenied):
        goal_create(world.plan, kind="guiding", title="Fremd", user=world.fresh("chair"))
    measure = create(world, goals=[partial])
    tree = goal_tree(planner, world.plan)
    assert [(node.goal, node.measure_count) for node in tree] == [(first, 0), (second, 1)]
    assert tree[1].children[0].children[0].measures == [measure]
    assert code_of(lambda: goal_remove(partial, user=planner)) == "goal_in_use"
    goal_remove(first, user=planner)
    goal_update(strategic, title="Schule", description="", parent=second, user=planner)
    second.refresh_from_db()
    assert second.number == 2, "it stays"
    elsewhere = type(world.plan).objects.create(
        territory=world.neighbour, title="Nebenan", ends_on=world.plan.ends_on
    )
    foreign = Goal.objects.create(plan=elsewhere, kind="guiding", number=1, title="Fremd")
    assert code_of(lambda: create(world, goals=[foreign])) == "foreign_goal"


def test_pages_of_goals(world: World, client_as: ClientAs) -> None:
    planner = client_as(world.fresh("planner"))
    page = f"/plans/{world.plan.pk}/goals/"
    assert planner.get(page).status_code == 200, "empty"
    assert planner.post(f"{page}new/?kind=guiding", {"title": "Wohnen"}).status_code == 302
    above = Goal.objects.get()
    new = f"{page}new/?kind=strategic&parent={above.pk}"
    assert planner.post(new, {"title": "Sicher", "parent": ""}).status_code == 422
    assert planner.post(new, {"title": "Sicher", "parent": above.pk}).status_code == 302
    below = Goal.objects.get(kind="strategic")
    long = {"title": "Sicher", "parent": above.pk, "description": "x" * 30_000}
    assert planner.post(f"/goals/{below.pk}/edit/", long).status_code == 422
    assert planner.post(f"/goals/{above.pk}/remove/").status_code == 302
    assert Goal.objects.filter(pk=above.pk).exists(), "goals stand below it"
    assert planner.post(f"/goals/{below.pk}/remove/").status_code == 302
    assert not Goal.objects.filter(pk=below.pk).exists()
    chair = client_as(world.fresh("chair"))
    assert chair.get(page).status_code == 200
    assert chair.post(f"/goals/{above.pk}/edit/", {"title": "Anders"}).status_code == 403


def test_money_of_others_is_refused(world: World) -> None:
    elsewhere = factories.organisation("Amt nebenan", OrganisationKind.DEPARTMENT, world.neighbour)
    assert code_of(lambda: create(world, finance=[cost(payer=elsewhere)])) == "foreign_organisation"
    measure = create(world, finance=[cost(payer=world.funder, year=2027, kind="funding")])
    row = measure.finance_lines.get()
    change(world, measure, finance=[cost(pk=row.pk, amount=Decimal(250), title="Stelle")])
    assert measure.finance_lines.get().amount == Decimal(250)
    assert code_of(lambda: change(world, create(world), finance=[cost(pk=row.pk)])) == "foreign_row"


# --- what holds together -----------------------------------------------------------------------------------


def test_parts_go_with_their_measure_to_another_field(world: World) -> None:
    above = create(world)
    below = part(world, above)
    other = FieldOfAction.objects.create(plan=world.plan, number=9, title="Wohnen")
    values = fields_of_measure(above) | {"field": other, "position": None}
    measure_update(above, user=world.fresh("planner"), **values)
    below.refresh_from_db()
    assert (above.field, below.field) == (other, other)
    assert below.number == f"{above.number}.{below.position}"


@pytest.mark.parametrize("name", ["partners", "needs"])
def test_a_text_too_long_for_its_column_is_refused_by_the_service(name: str, world: World) -> None:
    """SQLite takes any length, PostgreSQL none above the column's."""
    needed = create(world)
    wrong = {"partners": [(world.provider, "x" * 201)], "needs": [(needed, "x" * 301)]}
    assert code_of(lambda: create(world, **{name: wrong[name]})) == "text_too_long"


def test_links_lead_only_to_measures_the_person_sees(world: World, client_as: ClientAs) -> None:
    """Who takes part in a part alone does not see the measure above, nor what it was merged into."""
    above = create(world, partners=[])
    below = part(world, above, responsible=world.provider, partners=[])
    gone = create(world, responsible=world.provider, partners=[], title="Aufgegangen")
    Measure.objects.filter(pk=gone.pk).update(status="merged", merged_into=above, ended_on=D(2026, 6, 1))
    StatusChange.objects.create(
        measure=gone, before="running", after="merged", effective_on=D(2026, 6, 1), reason="Doppelt"
    )
    link = reverse("measures:measure-detail", args=[above.pk])
    back = reverse("measures:measure-detail", args=[gone.pk])
    provider, planner = client_as(world.fresh("provider_head")), client_as(world.fresh("planner"))
    assert provider.get(link).status_code == 404
    for row in (below, gone):
        address = reverse("measures:measure-detail", args=[row.pk])
        html = provider.get(address).content.decode()
        assert above.title in html
        assert f'href="{link}"' not in html
        assert f'href="{link}"' in planner.get(address).content.decode()
    assert f'href="{back}"' in planner.get(link).content.decode()


def test_of_two_who_tell_of_a_milestone_the_second_sees_the_first(world: World, client_as: ClientAs) -> None:
    measure = create(world, milestones=[MilestoneInput("Eröffnung", D(2027, 3, 1))])
    milestone = measure.milestones.get()
    page = reverse("measures:milestone-tell", args=[milestone.pk])
    client = client_as(world.fresh("planner"))
    seen = client.get(page).context["form"]["seen"].value()
    first = {"reached_on": "", "due_on": "2027-05-01", "note": "Bau verzögert", "seen": seen}
    assert client.post(page, first).status_code == 302
    second = {"reached_on": "", "due_on": "2027-03-01", "note": "", "seen": seen}
    refused = client.post(page, second)
    assert refused.status_code == 422
    assert "Bau verzögert" in refused.content.decode()
    milestone.refresh_from_db()
    assert milestone.note == "Bau verzögert"
    again = second | {"seen": refused.context["form"]["seen"].value()}
    assert client.post(page, again).status_code == 302


def test_of_two_who_word_a_goal_the_second_sees_the_first(world: World, client_as: ClientAs) -> None:
    goal = goal_create(world.plan, kind="guiding", title="Gut aufwachsen", user=world.fresh("planner"))
    page = reverse("measures:goal-edit", args=[goal.pk])
    client = client_as(world.fresh("planner"))
    seen = client.get(page).context["form"]["seen"].value()
    assert client.post(page, {"title": "Alle wachsen gut auf", "seen": seen}).status_code == 302
    refused = client.post(page, {"title": "Gut leben", "seen": seen})
    assert refused.status_code == 422
    assert "Alle wachsen gut auf" in refused.content.decode()
    again = {"title": "Gut leben", "seen": refused.context["form"]["seen"].value()}
    assert client.post(page, again).status_code == 302
    stale = Goal.objects.get(pk=goal.pk)
    Goal.objects.all().delete()
    assert code_of(lambda: goal_remove(stale, user=world.fresh("planner"))) == "goal_gone"


def test_what_is_being_prepared_does_not_go_back_to_wait(world: World) -> None:
    measure = create(world)
    Measure.objects.filter(pk=measure.pk).update(status="preparing")
    act = partial(measure_move_stage, measure, 2, reason="Später", user=world.fresh("planner"))
    assert code_of(act) == "stage_fixed"
    world.plan.stage_two_opened_on = D(2026, 1, 1)
    world.plan.save()
    act()
    assert measure.stage == 2
