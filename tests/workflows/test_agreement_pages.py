"""Pages by which planning learns that nobody can confirm, and stops waiting for an agreement."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from measures.models import Measure, MeasureStatus
from measures.services.measures import measure_create
from stakeholders.models import LogEntry, OrganisationKind, User
from tests import factories
from tests.factories import World
from tests.measures.test_services_measures import fields as measure_values
from tests.stages import Stages
from tests.workflows.measureform import measure_fields
from tests.workflows.taskpages import take
from workflows.demo import driver
from workflows.flows import MeasureFlow, PlanningCycleFlow
from workflows.models import PlanningCycle
from workflows.nodes import open_task
from workflows.selectors.agreements import parties_without_head, without_head
from workflows.views import implementation as pages

ClientAs = Callable[[User], Client]

WARNING = "keine Leitung eingetragen"


def call_off(measure: Measure) -> str:
    return reverse("workflows:agreement-call-off", args=[measure.pk])


def detail(measure: Measure) -> str:
    return reverse("measures:measure-detail", args=[measure.pk])


@pytest.fixture
def asked(stages: Stages) -> tuple[PlanningCycle, Measure]:
    """Youth office and provider are asked to confirm."""
    return stages.at_agreement()


@pytest.fixture
def mute(world: World) -> Any:
    """A provider without people."""
    return factories.organisation("Träger ohne Leitung", OrganisationKind.PROVIDER, world.territory)


# --- stopping to wait ------------------------------------------------------------------------------


def test_planning_stops_waiting_and_lands_at_the_revision(
    asked: tuple[PlanningCycle, Measure], client_as: ClientAs, planner: User
) -> None:
    _cycle, measure = asked
    client = client_as(planner)
    assert call_off(measure) in client.get(detail(measure)).content.decode()
    assert client.get(call_off(measure)).status_code == 200
    response = client.post(call_off(measure), {"reason": "Träger antwortet nicht"})
    task = open_task(measure.process, MeasureFlow.revise_measure)
    assert response.status_code == 302
    assert response.url == reverse("workflows:task", args=[task.pk])  # type: ignore[attr-defined]
    html = client.get(detail(measure)).content.decode()
    assert "Träger antwortet nicht" in html
    assert call_off(measure) not in html


@pytest.mark.parametrize("reason", ["", "  "])
def test_without_a_reason_planning_goes_on_waiting(
    reason: str, asked: tuple[PlanningCycle, Measure], client_as: ClientAs, planner: User
) -> None:
    _cycle, measure = asked
    assert client_as(planner).post(call_off(measure), {"reason": reason}).status_code == 422
    assert set(measure.confirmations.values_list("state", flat=True)) == {"open"}
    assert not LogEntry.objects.filter(action="measure.agreement_reopened").exists()


def test_only_planning_of_the_cycle_stops_waiting(
    asked: tuple[PlanningCycle, Measure], world: World, client_as: ClientAs
) -> None:
    _cycle, measure = asked
    refused = {"head": 403, "specialist": 403, "chair": 403, "provider_head": 403}
    unknown = {"funder_reader": 404, "admin": 404, "outsider": 404}
    for name, status in (refused | unknown).items():
        client = client_as(world.fresh(name))
        assert client.get(call_off(measure)).status_code == status, name
        assert client.post(call_off(measure), {"reason": "Zu lange"}).status_code == status, name
        if status == 403:
            assert call_off(measure) not in client.get(detail(measure)).content.decode(), name
    assert Client().post(call_off(measure), {"reason": "Zu lange"}).status_code == 302
    assert client_as(world.fresh("planner")).put(call_off(measure)).status_code == 405
    assert set(measure.confirmations.values_list("state", flat=True)) == {"open"}


def test_nobody_is_asked(asked: tuple[PlanningCycle, Measure], client_as: ClientAs, planner: User) -> None:
    _cycle, measure = asked
    driver.confirm_all(measure)
    client = client_as(planner)
    assert "pg-empty" in client.get(call_off(measure)).content.decode()
    assert client.post(call_off(measure), {"reason": "Zu lange"}).status_code == 409
    measure.refresh_from_db()
    assert measure.status == MeasureStatus.AGREED


def test_the_open_tasks_of_the_cycle_lead_there(
    asked: tuple[PlanningCycle, Measure], world: World, client_as: ClientAs
) -> None:
    cycle, measure = asked
    for name in ("cycle-tasks", "cycle-detail"):
        address = reverse(f"workflows:{name}", args=[cycle.pk])
        assert call_off(measure) in client_as(world.fresh("planner")).get(address).content.decode(), name
        assert call_off(measure) not in client_as(world.fresh("provider_head")).get(address).content.decode()
        assert call_off(measure) not in client_as(world.fresh("head")).get(address).content.decode()


# --- nobody who could confirm ----------------------------------------------------------------------


def test_who_leads_a_party_is_told_from_who_works_there(world: World, mute: Any) -> None:
    led = [world.youth_office, world.provider]
    assert without_head([]) == []
    assert without_head([*led, mute]) == [mute]
    factories.staff("Sachbearbeitung", mute, factories.Function.PLANNER)
    assert without_head([mute]) == [mute]
    head = factories.staff("Leitung", mute)
    assert without_head([mute]) == []
    User.objects.filter(pk=head.pk).update(is_active=False)
    assert without_head([mute]) == [mute]


def test_parties_are_looked_up_in_the_same_queries_for_2_and_20(
    stages: Stages, world: World, mute: Any
) -> None:
    def queries(measures: list[Measure]) -> int:
        rows = list(Measure.objects.filter(pk__in=[row.pk for row in measures]).select_related("responsible"))
        with CaptureQueriesContext(connection) as captured:
            assert len(parties_without_head(rows)) == len(measures)
        return len(captured)

    made = [stages.measure(partners=[world.provider, mute]) for _number in range(20)]
    assert queries(made[:2]) == queries(made)


def test_planning_is_warned_while_shaping(
    stages: Stages, world: World, mute: Any, client_as: ClientAs, planner: User
) -> None:
    cycle = stages.at_social_space()
    client = client_as(planner)
    new = reverse("workflows:measure-create", args=[cycle.pk])
    fields = measure_fields(world, recommendation=cycle.recommendations.get().pk)
    assert WARNING not in client.post(new, fields, follow=True).content.decode()
    response = client.post(new, fields | {"partners-0-organisation": mute.pk}, follow=True)
    html = response.content.decode()
    measure = Measure.objects.latest("pk")
    assert WARNING in html

    shown = client.get(take(client, cycle.process, PlanningCycleFlow.shape_measures)).content.decode()
    assert mute.label in shown
    assert shown.count("Niemand kann bestätigen") == 1, "of two measures one"
    assert WARNING in client.get(detail(measure)).content.decode()
    assert WARNING not in client_as(world.fresh("head")).get(detail(measure)).content.decode()


def test_planning_is_warned_when_a_change_brings_in_a_party_without_head(
    world: World, mute: Any, client_as: ClientAs, planner: User
) -> None:
    measure = measure_create(plan=world.plan, user=planner, **measure_values(world, partners=[]))
    fields = measure_fields(world) | {
        "figures-INITIAL_FORMS": "1",
        "figures-0-pk": measure.key_figures.get().pk,
        "partners-0-organisation": mute.pk,
    }
    address = reverse("workflows:measure-edit", args=[measure.pk])
    assert WARNING in client_as(planner).post(address, fields, follow=True).content.decode()


def test_a_case_that_hangs_on_a_party_without_people_goes_on(
    stages: Stages, world: World, mute: Any, client_as: ClientAs, planner: User
) -> None:
    """From the page alone: stop waiting, take the mute party out, and the agreement comes to stand."""
    _cycle, measure = stages.at_agreement(partners=[mute])
    client = client_as(planner)
    assert mute.label in client.get(call_off(measure)).content.decode()
    page = client.post(call_off(measure), {"reason": "Niemand dort"}, follow=True)
    task = open_task(measure.process, MeasureFlow.revise_measure)
    client.post(reverse("workflows:task-take", args=[task.pk]))
    figure = measure.key_figures.get()
    fields = measure_fields(world) | {
        "figures-INITIAL_FORMS": "1",
        "figures-0-pk": figure.pk,
        "partners-0-organisation": "",
        "partners-0-role": "",
        "starts_on": measure.starts_on.isoformat(),
        "ends_on": measure.ends_on.isoformat(),
    }
    assert page.status_code == 200
    execute = f"/flows/measure/{measure.process.pk}/revise_measure/{task.pk}/execute/"
    assert client.post(execute, fields).status_code == 302
    driver.confirm_all(measure)
    measure.refresh_from_db()
    assert measure.status == MeasureStatus.AGREED


# --- agreed while it is being changed --------------------------------------------------------------


def test_a_change_that_comes_after_the_agreement_is_asked_for_its_reason(
    stages: Stages, world: World, client_as: ClientAs, planner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between loading and saving the parties agree: the page says so and asks for the reason."""
    measure = measure_create(plan=world.plan, user=planner, **measure_values(world))
    seen = pages.measure_change

    def agreed_meanwhile(row: Measure, **kwargs: Any) -> None:
        Measure.objects.filter(pk=row.pk).update(status=MeasureStatus.AGREED)
        seen(row, **kwargs)

    monkeypatch.setattr(pages, "measure_change", agreed_meanwhile)
    fields = measure_fields(world, title="Anders") | {
        "figures-INITIAL_FORMS": "1",
        "figures-0-pk": measure.key_figures.get().pk,
    }
    response = client_as(planner).post(reverse("workflows:measure-edit", args=[measure.pk]), fields)
    assert response.status_code == 422
    assert 'name="reason"' in response.content.decode()
    measure.refresh_from_db()
    assert measure.title != "Anders"
