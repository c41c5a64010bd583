"""Pages of funded projects: the funder's view and its limits."""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from measures.models import FundedProject, Measure
from measures.services.rights import measure_grant_rights
from stakeholders.models import LogEntry, User
from tests import factories
from tests.factories import World
from tests.grants import funded
from tests.measures.reports import asked, confirmed, handed_in

ClientAs = Callable[[User], Client]
D = datetime.date
LIST = "/projects/"


@pytest.fixture
def project(world: World) -> FundedProject:
    """A project of the provider."""
    return funded(world)


def page(project: FundedProject) -> str:
    return reverse("measures:project-detail", args=[project.pk])


def test_the_funder_sees_grant_term_and_confirmed_figures(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    confirmed(world, project.measure, D(2026, 3, 31), 17)
    handed_in(world, asked(world, project.measure, day=D(2026, 6, 30)), 999)
    html = client_as(world.fresh("funder_reader")).get(page(project)).content.decode()
    for text in (
        "Zusammen im Quartier",
        "Beispiel-4711",
        "Träger (Beispiel)",
        "01.01.2026",
        "Erreichte Kinder",
    ):
        assert text in html
    assert "17\xa0Personen" in html
    assert "999" not in html


def test_the_funder_sees_nothing_else(project: FundedProject, world: World, client_as: ClientAs) -> None:
    other = factories.measure(world.plan, world.youth_office, title="Anderes Vorhaben")
    cycle = factories.make_cycle(world)
    client = client_as(world.fresh("funder_reader"))
    html = client.get(page(project)).content.decode()
    assert "Interner Entwurf" not in html
    assert "als Maßnahme" not in html
    assert "Anderes Vorhaben" not in html
    for address in (
        reverse("measures:measure-detail", args=[project.measure_id]),
        reverse("measures:measure-detail", args=[other.pk]),
        reverse("measures:plan-detail", args=[world.plan.pk]),
        reverse("measures:plan-timeline", args=[world.plan.pk]),
        reverse("measures:report-list", args=[world.plan.pk]),
        reverse("workflows:cycle-detail", args=[cycle.pk]),
        reverse("workflows:evaluation-list", args=[cycle.pk]),
        reverse("measures:project-create", args=[project.measure_id]),
        reverse("workflows:measure-edit", args=[project.measure_id]),
        reverse("workflows:measure-create", args=[cycle.pk]),
        reverse("workflows:round-open", args=[cycle.pk]),
    ):
        assert client.get(address).status_code == 404, address
    listed = client.get(LIST).content.decode()
    assert project.title in listed
    assert client.get(reverse("measures:plan-list")).status_code == 200
    assert "Anderes Vorhaben" not in client.get(reverse("measures:plan-list")).content.decode()


def test_a_funder_sees_only_the_projects_it_funds(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    other_funder = factories.organisation("Stiftung (Beispiel)", factories.OrganisationKind.FUNDER)
    foreign = funded(world, title="Fremdes Projekt", funder=other_funder)
    client = client_as(world.fresh("funder_reader"))
    assert "Fremdes Projekt" not in client.get(LIST).content.decode()
    assert client.get(page(foreign)).status_code == 404
    assert "Fremdes Projekt" not in client.get(LIST, {"export": "csv"}).content.decode("utf-8-sig")


def test_who_sees_a_project(project: FundedProject, world: World, client_as: ClientAs) -> None:
    hidden = {"outsider", "association_head", "admin"}
    for name in world.people:
        client = client_as(world.fresh(name))
        assert client.get(page(project)).status_code == (404 if name in hidden else 200), name
        assert (project.title in client.get(LIST).content.decode()) == (name not in hidden), name


def test_filters_and_order(project: FundedProject, world: World, client_as: ClientAs, planner: User) -> None:
    over = funded(
        world, title="Altes Projekt", programme="Anderes", starts_on=D(2020, 1, 1), ends_on=D(2020, 12, 31)
    )
    client = client_as(planner)

    def titles(**query: str) -> list[bool]:
        html = client.get(LIST, query).content.decode()
        return [project.title in html, over.title in html]

    assert titles() == [True, True]
    assert titles(q="Altes") == [False, True]
    assert titles(q="4711") == [True, True]
    assert titles(programme=str(over.programme_id)) == [False, True]
    assert titles(term="ended") == [False, True]
    assert titles(term="upcoming") == [False, False]
    html = client.get(LIST, {"sort": "title"}).content.decode()
    assert html.index(over.title) < html.index(project.title)


def test_the_files_hold_targets_and_confirmed_figures(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    confirmed(world, project.measure, D(2026, 3, 31), 17)
    response: Any = client_as(world.fresh("funder_reader")).get(page(project), {"export": "xlsx"})
    rows = list(load_workbook(io.BytesIO(response.getvalue())).active.values)
    assert [row[3] for row in rows[1:4]] == [0, 100, None]
    assert [row[4] for row in rows[1:4]] == [None, None, 17]


def test_one_or_two_people_are_told_to_planning_and_the_responsible_house_only(
    project: FundedProject, world: World, client_as: ClientAs, planner: User
) -> None:
    confirmed(world, project.measure, D(2026, 3, 31), 17)
    confirmed(world, project.measure, D(2026, 6, 30), 2)
    persons = project.measure.key_figures.get().unit
    persons.is_count = True
    persons.save()
    measure = reverse("measures:measure-detail", args=[project.measure_id])

    def told(name: str) -> list[str]:
        client = client_as(world.fresh(name))
        response: Any = client.get(page(project), {"export": "xlsx"})
        in_file = [str(row[4]) for row in load_workbook(io.BytesIO(response.getvalue())).active.values]
        (card,) = client.get(page(project)).context["cards"]
        assert [row.actual for row in card.rows if row.actual][-1] == card.latest
        assert str(card.line.badge.text) == badge
        if client.get(measure).status_code == 200:
            (again,) = client.get(measure).context["cards"]
            assert again.latest == card.latest, name
        return [card.latest, in_file[4]]

    (known,) = client_as(planner).get(page(project)).context["cards"]
    badge = str(known.line.badge.text)
    seen = LogEntry.objects.filter(action="key_figures.seen_raw")
    for name, is_own in (("planner", False), ("provider_head", True)):
        assert told(name) == ["2\u00a0Personen", "2"], name
        mine = seen.filter(user=world.people[name])
        assert mine.count() >= 2, "page and file, each time"
        assert {entry.data["own"] for entry in mine} == {is_own}
        assert all(entry.territory == world.territory for entry in mine)
        assert not any("2" in str(entry.data["figures"]) for entry in mine), "which, never how many"
    count = seen.count()
    figure = project.measure.key_figures.get()
    figure.baseline = 1
    figure.save()
    client = client_as(planner)
    (open_card,) = client.get(page(project)).context["cards"]
    assert (open_card.baseline, bool(open_card.chart)) == ("1\u00a0Personen", True)
    count = seen.count()
    for name in ("funder_reader", "chair", "head"):
        client = client_as(world.fresh(name))
        (closed,) = client.get(page(project)).context["cards"]
        assert (closed.baseline, closed.rows[0].text, closed.progress) == (".", ".", None), name
        assert (closed.chart, closed.expected) == ("", ""), "both begin at the baseline"
        sent: Any = client.get(page(project), {"export": "xlsx"})
        assert "1" not in [str(row[3]) for row in load_workbook(io.BytesIO(sent.getvalue())).active.values]
        assert told(name) == [".", "."], name
    assert seen.count() == count
    (card,) = client_as(world.fresh("funder_reader")).get(page(project)).context["cards"]
    assert card.has_secret, "the card says what the dot stands for"
    assert not known.has_secret


def test_nobody_else_and_empty(world: World, client_as: ClientAs) -> None:
    assert Client().get(LIST).status_code == 302
    client = client_as(world.fresh("funder_reader"))
    assert "pg-empty" in client.get(LIST).content.decode()
    assert client.post(LIST).status_code == 405
    assert client.get("/projects/999999/").status_code == 404


def test_the_same_queries_for_2_and_20_projects(world: World, client_as: ClientAs) -> None:
    client = client_as(world.fresh("funder_reader"))

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(LIST).status_code == 200
        return len(captured)

    for number in range(2):
        funded(world, title=f"Projekt {number}")
    few = queries()
    for number in range(2, 20):
        funded(world, title=f"Projekt {number}")
    assert queries() == few


# --- Recording a project -----------------------------------------------------------------------------


@pytest.fixture
def measure(world: World) -> Measure:
    """A measure without funding."""
    return factories.measure(world.plan, world.youth_office, partners=[world.provider])


def values(world: World, **changes: Any) -> dict[str, Any]:
    return {
        "title": "Elterncafé",
        "programme": "Zusammen im Quartier",
        "reference": "Beispiel-1",
        "funder": world.funder.pk,
        "provider": world.provider.pk,
        "starts_on": "2026-01-01",
        "ends_on": "2026-12-31",
    } | changes


def test_planning_records_a_project(
    measure: Measure, world: World, client_as: ClientAs, planner: User
) -> None:
    address = reverse("measures:project-create", args=[measure.pk])
    client = client_as(planner)
    assert client.get(address).status_code == 200
    response = client.post(address, values(world))
    made = FundedProject.objects.get()
    assert response.status_code == 302
    assert response.url == page(made)  # type: ignore[attr-defined]
    assert client_as(world.fresh("funder_reader")).get(page(made)).status_code == 200


def test_a_wrong_project_is_shown_again(
    measure: Measure, world: World, client_as: ClientAs, planner: User
) -> None:
    address = reverse("measures:project-create", args=[measure.pk])
    client = client_as(planner)
    for changes in (
        {"ends_on": "2025-01-01"},
        {"funder": world.provider.pk},
        {"provider": world.association.pk},
        {"title": ""},
    ):
        assert client.post(address, values(world, **changes)).status_code == 422, changes
    assert not FundedProject.objects.exists()


def test_only_planning_records_projects(measure: Measure, world: World, client_as: ClientAs) -> None:
    measure_grant_rights(measure)
    address = reverse("measures:project-create", args=[measure.pk])
    for name, status in (("head", 403), ("provider_head", 403), ("outsider", 404), ("funder_reader", 404)):
        assert client_as(world.fresh(name)).post(address, values(world)).status_code == status, name
    assert not FundedProject.objects.exists()
