"""Versions of a plan: frozen, compared, exported."""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from openpyxl import load_workbook

from measures.field_names import FIELD_NAMES
from measures.models import FinanceLine, Measure, Milestone, PlanVersion
from measures.selectors.versions import Fate, compare, is_intact
from measures.services.versions import hash_of, plan_content, plan_version_create
from project.common.errors import DomainError
from stakeholders.models import LogEntry, User
from tests.factories import World
from tests.measures.test_services_measures import change, create

ClientAs = Callable[[User], Client]
D = datetime.date


def fix(world: World, title: str = "Beschlossen", **kwargs: object) -> PlanVersion:
    values = {"as_of": timezone.localdate(), "user": world.fresh("planner")} | kwargs
    return plan_version_create(world.plan, title=title, **values)  # type: ignore[arg-type]


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(DomainError) as error:
        act()
    return error.value.code


def test_who_fixes_a_plan_and_what_is_refused(world: World) -> None:
    assert code_of(lambda: fix(world)) == "no_measures"
    create(world)
    for name in ("head", "chair", "provider_head", "outsider"):
        with pytest.raises(PermissionDenied):
            fix(world, user=world.fresh(name))
    assert code_of(lambda: fix(world, " ")) == "title_missing"
    tomorrow = timezone.localdate() + datetime.timedelta(days=1)
    assert code_of(lambda: fix(world, as_of=tomorrow)) == "as_of_in_future"
    assert [fix(world).number, fix(world).number] == [1, 2]
    assert LogEntry.objects.filter(action="plan.version_fixed").count() == 2


def test_a_version_is_never_changed(world: World) -> None:
    measure = create(world)
    version = fix(world)
    before = version.content
    change(world, measure, title="Ganz anders")
    version = PlanVersion.objects.get()
    assert version.content == before
    assert is_intact(version)
    assert hash_of({"b": 1, "a": 2}) == hash_of({"a": 2, "b": 1})
    version.title = "Umbenannt"
    with pytest.raises(TypeError):
        version.save()
    version.content["measures"]["1.1"]["title"] = "Gefälscht"
    assert not is_intact(version)


def test_each_entry_that_differs_is_told(world: World) -> None:
    measure = create(world)
    stays = create(world, title="Bleibt")
    ends = create(world, title="Endet")
    version = fix(world)
    assert {row.fate for row in compare(version)} == {Fate.SAME}

    change(world, measure, title="Elterntreff", ends_on=D(2028, 3, 31), partners=[])
    Measure.objects.filter(pk=ends.pk).update(status="ended_early", ended_on=D(2026, 1, 1))
    added = create(world, title="Neu")
    rows = {row.key: row for row in compare(version)}
    assert {key: row.fate for key, row in rows.items()} == {
        measure.pk: Fate.CHANGED,
        stays.pk: Fate.SAME,
        ends.pk: Fate.ENDED,
        added.pk: Fate.ADDED,
    }
    told = {row.name: (row.before, row.after) for row in rows[measure.pk].changes}
    assert told["title"] == (["Elterncafé (Beispiel)"], ["Elterntreff"])
    assert told["ends_on"] == (["31.12.2027"], ["31.03.2028"])
    assert set(told) == {"title", "ends_on", "partners"}
    later = fix(world, "Fortgeschrieben")
    assert {row.fate for row in compare(later)} == {Fate.SAME}
    assert [row.key for row in compare(version, later) if row.fate is Fate.CHANGED] == [measure.pk]


def test_what_was_carried_on_does_not_differ_from_what_was_decided(world: World) -> None:
    """State, actual dates and milestones move by running the plan; the rest is another decision."""
    on_its_way = create(world)
    planned_end = create(world, title="Fertig")
    both = create(world, title="Beides")
    stopped = create(world, title="Vorzeitig zu Ende")
    Milestone.objects.create(
        measure=on_its_way, title="Räume", planned_on=D(2026, 5, 1), due_on=D(2026, 5, 1)
    )
    version = fix(world)

    Measure.objects.filter(pk__in=[on_its_way.pk, both.pk]).update(status="running", started_on=D(2026, 1, 2))
    Milestone.objects.update(reached_on=D(2026, 4, 30))
    Measure.objects.filter(pk=planned_end.pk).update(status="completed", ended_on=D(2026, 1, 3))
    Measure.objects.filter(pk=both.pk).update(target_group="Alle")
    Measure.objects.filter(pk=stopped.pk).update(status="ended_early", ended_on=D(2026, 1, 3))
    rows = {row.key: row for row in compare(version)}
    assert {key: row.fate for key, row in rows.items()} == {
        on_its_way.pk: Fate.PROGRESSED,
        planned_end.pk: Fate.PROGRESSED,
        both.pk: Fate.CHANGED,
        stopped.pk: Fate.ENDED,
    }
    told = {row.name: row.after for row in rows[on_its_way.pk].changes}
    assert told["milestones_reached"] == ["30.04.2026 Räume"]
    parts = [[(row.name, row.is_progress) for row in part] for part in rows[both.pk].parts]
    assert parts == [[("target_group", False)], [("status", True), ("started_on", True)]]
    (part,) = rows[stopped.pk].parts
    assert {(row.name, row.is_progress) for row in part} == {("status", False), ("ended_on", False)}, (
        "an end that nobody decided with the plan is no progress"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("title", "Anders"),
        ("description", "Anders"),
        ("effect_hypothesis", "Anders"),
        ("target_group", "Anders"),
        ("stage", 2),
        ("starts_on", D(2026, 9, 1)),
        ("ends_on", D(2027, 9, 1)),
        ("needs_agreement", False),
    ],
)
def test_what_was_decided_is_content(name: str, value: object, world: World) -> None:
    measure = create(world)
    version = fix(world)
    Measure.objects.filter(pk=measure.pk).update(**{name: value}, status="running")
    (row,) = compare(version)
    assert row.fate is Fate.CHANGED
    assert [change.name for change in row.changes if not change.is_progress] == [name]


def test_a_later_day_of_a_milestone_targets_and_money_are_content(world: World) -> None:
    measure = create(world)
    stone = Milestone.objects.create(
        measure=measure, title="Räume", planned_on=D(2026, 5, 1), due_on=D(2026, 5, 1)
    )
    version = fix(world)
    Milestone.objects.filter(pk=stone.pk).update(due_on=D(2026, 8, 1))
    measure.key_figures.get().targets.update(value=77)
    measure.areas.clear()
    FinanceLine.objects.create(measure=measure, kind="cost", title="Stelle", amount=100, year=2026)
    (row,) = compare(version)
    assert row.fate is Fate.CHANGED
    assert {"milestones", "key_figures", "finance"} <= {change.name for change in row.changes}
    assert not any(change.is_progress for change in row.changes)


def test_a_version_fixed_without_milestones_reached_is_compared_without_them(world: World) -> None:
    measure = create(world)
    Milestone.objects.create(measure=measure, title="Räume", planned_on=D(2026, 5, 1), due_on=D(2026, 5, 1))
    version = fix(world)
    for row in version.content["measures"].values():
        del row["milestones_reached"]
    Milestone.objects.update(reached_on=D(2026, 4, 30))
    assert [row.fate for row in compare(version)] == [Fate.SAME]


def test_the_page_shows_first_what_differs(world: World, client_as: ClientAs) -> None:
    differs, moved = create(world, title="Anders"), create(world, title="Weiter")
    create(world, title="Gleich")
    version = fix(world)
    Measure.objects.filter(pk=differs.pk).update(target_group="Alle", status="running")
    Measure.objects.filter(pk=moved.pk).update(status="running")
    client = client_as(world.fresh("chair"))
    page = f"/plan-versions/{version.pk}/"

    def shown(query: str) -> list[int]:
        return [row.key for row in client.get(page + query).context["page_obj"]]

    assert shown("") == [differs.pk]
    assert shown("?fate=progressed") == [moved.pk]
    assert len(shown("?fate=all")) == 3
    counts = {fate: number for number, _label, _kind, fate in client.get(page).context["tiles"]}
    assert (counts["changed"], counts["progressed"], counts["same"]) == (1, 1, 1)
    cells = list(load_workbook(io.BytesIO(b"".join(client.get(f"{page}?export=xlsx")))).active.values)
    kinds = {row[4]: row[3] for row in cells if row[1] == "Anders"}
    with override("de"):
        assert kinds == {
            str(FIELD_NAMES["status"]): _("Progress"),
            str(FIELD_NAMES["target_group"]): _("Differs from what was decided"),
        }


def test_a_measure_with_another_number_is_the_same_measure(world: World) -> None:
    measure = create(world)
    version = fix(world)
    change(world, measure, position=9)
    (row,) = compare(version)
    assert (row.number, row.fate) == ("1.9", Fate.CHANGED)
    assert [(entry.before, entry.after) for entry in row.changes] == [(["1.1"], ["1.9"])]


def test_reading_a_plan_costs_the_same_for_more_measures(
    world: World, django_assert_num_queries: Callable[[int], object]
) -> None:
    create(world)
    with django_assert_num_queries(11):  # type: ignore[attr-defined]
        plan_content(world.plan)
    for _number in range(4):
        create(world)
    with django_assert_num_queries(11):  # type: ignore[attr-defined]
        plan_content(world.plan)


def test_pages_of_versions(world: World, client_as: ClientAs) -> None:
    planner = client_as(world.fresh("planner"))
    list_page = f"/plans/{world.plan.pk}/versions/"
    assert planner.get(list_page).status_code == 200, "empty"
    measure = create(world)
    other = create(world, title="Bleibt")
    page = f"{list_page}new/"
    assert planner.post(page, {"title": "", "as_of": ""}).status_code == 422
    tomorrow = (timezone.localdate() + datetime.timedelta(days=1)).isoformat()
    assert planner.post(page, {"title": "Rat", "as_of": tomorrow}).status_code == 422
    values = {"title": "Rat", "as_of": timezone.localdate().isoformat(), "decision_reference": "7/2026"}
    response = planner.post(page, values)
    version = PlanVersion.objects.get()
    assert response["Location"] == f"/plan-versions/{version.pk}/"

    change(world, measure, title="Elterntreff")
    shown = planner.get(response["Location"]).content.decode()
    assert "Elterntreff" in shown
    assert "Bleibt" not in shown, "only what changed"
    everything = planner.get(f"{response['Location']}?fate=all").content.decode()
    assert "Bleibt" in everything
    assert "Elterntreff" not in planner.get(f"{response['Location']}?q={other.title}").content.decode()

    export = planner.get(f"{response['Location']}?export=xlsx")
    cells = list(load_workbook(io.BytesIO(b"".join(export))).active.values)
    assert any("Elterncafé (Beispiel)" in row and "Elterntreff" in row for row in cells)
    assert client_as(world.fresh("chair")).get(response["Location"]).status_code == 200
    assert client_as(world.fresh("chair")).get(page).status_code == 403
    assert client_as(world.fresh("outsider")).get(response["Location"]).status_code == 404


def test_the_language_of_the_person_changes_nothing(world: World) -> None:
    """Fixed in English and compared in German: what nobody changed is as it was decided."""
    measure = create(world)
    FinanceLine.objects.create(measure=measure, kind="cost", title="Stelle", amount=100, year=2026)
    with override("en"):
        version = fix(world)
    with override("de"):
        assert [row.fate for row in compare(version)] == [Fate.SAME]
