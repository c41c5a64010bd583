"""Pages of the list that write: saved views, and one change to many measures."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from measures.models import Measure, MeasureStatus, SavedView, StageMove
from measures.selectors.history import history
from project.common.errors import DomainError
from stakeholders.models import LogEntry, User
from tests import factories
from tests.factories import World
from tests.stages import Stages
from workflows.demo import driver
from workflows.flows import MeasureFlow
from workflows.nodes import open_task
from workflows.views import measure_bulk

ClientAs = Callable[[User], Client]
D = datetime.date


def listing(world: World) -> str:
    return reverse("measures:measure-list", args=[world.plan.pk])


def views(world: World) -> str:
    return reverse("measures:view-list", args=[world.plan.pk])


def bulk(world: World) -> str:
    return reverse("workflows:measure-bulk", args=[world.plan.pk])


# --- saved views -----------------------------------------------------------------------------------


@pytest.fixture
def view(world: World) -> SavedView:
    return SavedView.objects.create(
        user=world.people["head"], plan=world.plan, title="Verzögerte", query="state=delayed&col=goals"
    )


def test_a_view_keeps_filter_order_and_columns(world: World, client_as: ClientAs) -> None:
    factories.measure(world.plan, world.youth_office)
    client = client_as(world.fresh("head"))
    query = "state=delayed&sort=-ends&col=goals&col=areas&page=3&export=csv"
    response = client.post(views(world), {"title": " Meine  Sicht ", "query": query})
    assert response.status_code == 302
    row = SavedView.objects.get()
    assert (row.title, row.is_shared) == ("Meine Sicht", False)
    assert row.query == "state=delayed&sort=-ends&col=goals&col=areas"
    assert response["Location"] == f"{listing(world)}?{row.query}"
    html = client.get(listing(world)).content.decode()
    assert "Meine Sicht" in html
    assert LogEntry.objects.filter(action="saved_view.saved").exists()


def test_a_shared_view_is_there_for_all_who_see_the_plan(
    world: World, client_as: ClientAs, view: SavedView
) -> None:
    factories.measure(world.plan, world.youth_office)
    other = client_as(world.fresh("chair"))
    assert "Verzögerte" not in other.get(listing(world)).content.decode()
    own = client_as(world.fresh("head"))
    edit = reverse("measures:view-edit", args=[view.pk])
    assert own.get(edit).status_code == 200
    assert own.post(edit, {"title": "Was hängt", "is_shared": "on"}).status_code == 302
    assert "Was hängt" in other.get(listing(world)).content.decode()
    assert "Was hängt" in other.get(views(world)).content.decode()


def test_nobody_changes_or_deletes_the_view_of_another(
    world: World, client_as: ClientAs, view: SavedView
) -> None:
    view.is_shared = True
    view.save()
    other = client_as(world.fresh("chair"))
    for name in ("view-edit", "view-delete"):
        address = reverse(f"measures:{name}", args=[view.pk])
        assert other.post(address, {"title": "Meins"}).status_code == 404
    assert SavedView.objects.get().title == "Verzögerte"


def test_a_view_is_deleted_and_the_measures_stay(world: World, client_as: ClientAs, view: SavedView) -> None:
    factories.measure(world.plan, world.youth_office)
    client = client_as(world.fresh("head"))
    address = reverse("measures:view-delete", args=[view.pk])
    assert client.get(address).status_code == 405
    assert client.post(address).status_code == 302
    assert not SavedView.objects.exists()
    assert Measure.objects.count() == 1


@pytest.mark.parametrize("title", ["", "   ", "Verzögerte"])
def test_a_view_needs_a_name_of_its_own(
    world: World, client_as: ClientAs, view: SavedView, title: str
) -> None:
    client = client_as(world.fresh("head"))
    response = client.post(views(world), {"title": title, "query": "q=x"})
    assert response.status_code == 422
    assert SavedView.objects.count() == 1
    assert 'value="q=x"' in response.content.decode()


def test_who_does_not_see_the_plan_saves_no_view(world: World, client_as: ClientAs) -> None:
    client = client_as(world.fresh("outsider"))
    assert client.post(views(world), {"title": "X", "query": ""}).status_code == 404


# --- one change to many ----------------------------------------------------------------------------


@pytest.fixture
def measures(world: World) -> list[Measure]:
    return [
        factories.measure(
            world.plan, world.youth_office, starts_on=D(2026, 1, 31), ends_on=D(2027, 6, 30), title=title
        )
        for title in ("Elterncafé", "Lernhaus", "Hofgestaltung")
    ]


def sent(measures: list[Measure], **data: Any) -> dict[str, Any]:
    return {"m": [row.pk for row in measures], "reason": "Beschluss vom 3. März", **data}


def seen(html: str) -> dict[str, Any]:
    """Hidden fields of the second step."""
    form = html[html.index('name="step"') - 200 :]
    form = form[: form.index("</form>")]
    data: dict[str, Any] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form):
        data.setdefault(name, []).append(value)
    return data


def test_dates_are_moved_after_a_preview_and_each_measure_has_its_entry(
    world: World, client_as: ClientAs, measures: list[Measure]
) -> None:
    client = client_as(world.fresh("planner"))
    keys = "&".join(f"m={row.pk}" for row in measures)
    assert "Elterncafé" in client.get(f"{bulk(world)}?{keys}").content.decode()
    preview = client.post(bulk(world), sent(measures, act="shift_dates", months="1"))
    html = preview.content.decode()
    assert preview.status_code == 200
    assert "28.02.2026" in html
    assert "31.07.2027" in html
    assert Measure.objects.filter(starts_on=D(2026, 1, 31)).count() == 3  # nothing is written yet
    assert client.post(bulk(world), seen(html)).status_code == 302
    assert set(Measure.objects.values_list("starts_on", "ends_on")) == {(D(2026, 2, 28), D(2027, 7, 31))}
    entries = LogEntry.objects.filter(action="measure.changed")
    assert entries.count() == 3
    assert {entry.data["reason"] for entry in entries} == {"Beschluss vom 3. März"}


def test_one_that_is_refused_stops_all(world: World, client_as: ClientAs, measures: list[Measure]) -> None:
    measures[1].status = MeasureStatus.COMPLETED
    measures[1].ended_on = D(2026, 6, 1)
    measures[1].save()
    client = client_as(world.fresh("planner"))
    response = client.post(bulk(world), sent(measures, act="contact", contact_function="Jugendamtsleitung"))
    html = response.content.decode()
    assert response.context["preview"].refused_count == 1
    assert 'name="step"' not in html
    # One button goes on without it, with the same change.
    left = re.findall(r'name="m" value="(\d+)"', html[html.index('id="preview"') : html.index('id="what"')])
    assert [int(key) for key in left] == [measures[0].pk, measures[2].pk] == response.context["possible"]
    without = {"m": left, "act": "contact", "contact_function": "Jugendamtsleitung", "reason": "Neu besetzt"}
    assert client.post(bulk(world), without).context["preview"].may_be_done
    forced = sent(measures, act="contact", contact_function="Jugendamtsleitung", step="apply")
    forced["seen"] = response.context["preview"].digest
    assert client.post(bulk(world), forced).status_code == 422
    assert not Measure.objects.exclude(contact_function="").exists()


def test_what_changed_since_the_preview_is_not_written_over(
    world: World, client_as: ClientAs, measures: list[Measure]
) -> None:
    client = client_as(world.fresh("planner"))
    html = client.post(
        bulk(world), sent(measures, act="contact", contact_function="Jugendamtsleitung")
    ).content.decode()
    Measure.objects.filter(pk=measures[0].pk).update(contact_function="Quartiersbüro")
    response = client.post(bulk(world), seen(html))
    assert response.status_code == 422
    assert "Quartiersbüro" in response.content.decode()
    assert not Measure.objects.filter(contact_function="Jugendamtsleitung").exists()


def test_areas_are_added_and_taken_away(world: World, client_as: ClientAs, measures: list[Measure]) -> None:
    client = client_as(world.fresh("planner"))
    north, old_town = world.areas[:2]
    measures[0].areas.add(north)
    for act, area in (("add_areas", old_town), ("remove_areas", north)):
        html = client.post(bulk(world), sent(measures, act=act, areas=[area.pk])).content.decode()
        assert client.post(bulk(world), seen(html)).status_code == 302
    assert all(list(row.areas.all()) == [old_town] for row in measures)
    # Only what changed has an entry: the second act changed the first measure alone.
    assert LogEntry.objects.filter(action="measure.changed").count() == 4


@pytest.mark.parametrize(
    "data",
    [
        {"act": "shift_dates"},
        {"act": "shift_dates", "months": "1000"},
        {"act": "add_areas"},
        {"act": "remove_goals"},
        {"act": "unfug"},
        {"act": "contact", "contact_function": " "},
        {"act": "contact", "contact_function": "Jugendamtsleitung", "reason": ""},
    ],
)
def test_what_is_missing_is_asked_for(
    world: World, client_as: ClientAs, measures: list[Measure], data: dict[str, str]
) -> None:
    response = client_as(world.fresh("planner")).post(bulk(world), {**sent(measures), **data})
    assert response.status_code == 422
    assert response.context["preview"] is None


def test_all_that_the_filter_finds(world: World, client_as: ClientAs, measures: list[Measure]) -> None:
    client = client_as(world.fresh("planner"))
    response = client.get(f"{bulk(world)}?m=all&q=haus")
    assert response.context["measures"] == [measures[1]]
    assert "pg-empty" in client.get(bulk(world)).content.decode()
    assert client.get(f"{bulk(world)}?m=x&m=99999999").context["measures"] == []


def test_too_many_ticked_measures_are_told_on_the_page(
    world: World, client_as: ClientAs, measures: list[Measure], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure_bulk, "MOST_MEASURES", 2)
    client = client_as(world.fresh("planner"))
    for response, status in (
        (client.get(bulk(world), {"m": [row.pk for row in measures], "q": "o"}), 200),
        (client.post(bulk(world), sent(measures, act="contact", contact_function="X")), 422),
    ):
        html = response.content.decode()
        assert response.status_code == status
        assert "Höchstens 2 Maßnahmen" in html
        assert "3 Maßnahmen" not in html, "one more than may be is no count"
    assert len(client.get(bulk(world), {"m": [row.pk for row in measures[:2]]}).context["measures"]) == 2


def test_the_way_back_keeps_filter_order_and_columns_of_the_list(
    world: World, client_as: ClientAs, measures: list[Measure]
) -> None:
    client = client_as(world.fresh("planner"))
    query = "q=haus&sort=-ends&col=goals&col=areas"
    form = client.get(f"{listing(world)}?{query}&page=1").content.decode()
    form = form[form.index('<form id="bulk"') :]
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form[: form.index("</form>")])
    assert hidden == [("q", "haus"), ("sort", "-ends"), ("col", "goals"), ("col", "areas")]
    back = f"{listing(world)}?{query}"
    address = f"{bulk(world)}?{query}&m={measures[1].pk}"
    html = client.get(address).content.decode()
    assert html.count(f'href="{back.replace("&", "&amp;")}"') == 2
    sent_here = sent(measures[1:2], act="contact", contact_function="Jugendamtsleitung")
    html = client.post(address, sent_here).content.decode()
    response = client.post(address, seen(html))
    assert (response.status_code, response["Location"]) == (302, back)
    # Without a filter there is none.
    assert f'href="{listing(world)}"' in client.get(f"{bulk(world)}?m={measures[1].pk}").content.decode()


def test_only_planning_changes_many(world: World, client_as: ClientAs, measures: list[Measure]) -> None:
    for name, expected in (("head", 403), ("chair", 403), ("outsider", 404), ("provider_head", 404)):
        client = client_as(world.fresh(name))
        assert client.get(bulk(world)).status_code == expected, name
        data = sent(measures, act="contact", contact_function="X", step="apply", seen="x")
        assert client.post(bulk(world), data).status_code == expected, name
    assert "pg-choose" not in client_as(world.fresh("head")).get(listing(world)).content.decode()
    assert "pg-choose" in client_as(world.fresh("planner")).get(listing(world)).content.decode()


# --- stages and what is being agreed ---------------------------------------------------------------


def test_measures_are_moved_to_another_stage_through_their_cases(
    stages: Stages, world: World, client_as: ClientAs, measures: list[Measure]
) -> None:
    """With a reason, after a preview; the one that waits to begin waits for the stage from now on."""
    _cycle, agreed = stages.at_agreement()
    driver.confirm_all(agreed)
    assert open_task(agreed.process, MeasureFlow.begin_measure)
    client = client_as(world.fresh("planner"))
    asked = client.post(bulk(world), sent([agreed, *measures], act="move_stage", stage="2"))
    html = asked.content.decode()
    assert asked.status_code == 200
    assert not Measure.objects.filter(stage=2).exists()
    assert client.post(bulk(world), seen(html)).status_code == 302
    assert Measure.objects.filter(stage=2).count() == 4
    assert set(StageMove.objects.values_list("before", "after", "reason")) == {
        (1, 2, "Beschluss vom 3. März")
    }
    with pytest.raises(DomainError):
        open_task(agreed.process, MeasureFlow.begin_measure)
    # And back: what is in the stage already stays as it is, what waited goes on.
    Measure.objects.filter(pk=measures[0].pk).update(stage=1)
    back = client.post(bulk(world), sent([agreed, *measures], act="move_stage", stage="1"))
    assert back.context["preview"].change_count == 3
    assert client.post(bulk(world), seen(back.content.decode())).status_code == 302
    assert StageMove.objects.count() == 7
    assert open_task(agreed.process, MeasureFlow.begin_measure)


def test_what_has_begun_does_not_move_to_a_closed_stage_and_nothing_else_does(
    world: World, client_as: ClientAs, measures: list[Measure]
) -> None:
    Measure.objects.filter(pk=measures[1].pk).update(status="running", started_on=D(2026, 2, 1))
    client = client_as(world.fresh("planner"))
    response = client.post(bulk(world), sent(measures, act="move_stage", stage="2"))
    assert response.context["preview"].refused_count == 1
    forced = sent(measures, act="move_stage", stage="2", step="apply")
    forced["seen"] = response.context["preview"].digest
    assert client.post(bulk(world), forced).status_code == 422
    assert not StageMove.objects.exists()
    assert client.post(bulk(world), sent(measures, act="move_stage")).status_code == 422


def test_what_its_parties_are_asked_about_is_not_changed_behind_their_backs(
    stages: Stages, world: World, client_as: ClientAs
) -> None:
    _cycle, asked = stages.at_agreement()
    client = client_as(world.fresh("planner"))
    change = sent([asked], act="contact", contact_function="Jugendamtsleitung")
    response = client.post(bulk(world), change)
    assert response.context["preview"].refused_count == 1
    forced = change | {"step": "apply", "seen": response.context["preview"].digest}
    assert client.post(bulk(world), forced).status_code == 422
    asked.refresh_from_db()
    assert asked.contact_function == ""


def test_the_history_of_a_measure_tells_what_a_bulk_change_did(
    world: World, client_as: ClientAs, measures: list[Measure]
) -> None:
    client = client_as(world.fresh("planner"))
    html = client.post(bulk(world), sent(measures[:1], act="shift_dates", months="1")).content.decode()
    assert client.post(bulk(world), seen(html)).status_code == 302
    told = history(measures[0], sees_plan=True)[0]
    assert [row[1:] for row in told.changes] == [("31.01.2026", "28.02.2026"), ("30.06.2027", "31.07.2027")]
