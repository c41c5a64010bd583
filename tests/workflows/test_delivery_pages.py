"""Deliveries over HTTP: preview, all or nothing, lasting errors, return and come back, who sees what."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from monitoring.models import Delivery, Value
from stakeholders.models import LogEntry, OrganisationKind, User
from tests import factories
from tests.factories import World
from tests.stages import Stages
from tests.workflows.deliverypages import csv_of, provide_url, upload
from tests.workflows.taskpages import page_of, take
from workflows.demo import driver
from workflows.flows import DeliveryFlow
from workflows.models import DataRequest, DataRequestState, PlanningCycle
from workflows.nodes import open_task
from workflows.selectors.requests import with_due

ClientAs = Callable[[User], Client]


@pytest.fixture
def cycle(stages: Stages) -> PlanningCycle:
    """Suppliers have been asked."""
    return stages.at_data()


@pytest.fixture
def asked(cycle: PlanningCycle, world: World) -> DataRequest:
    """The youth office shall deliver two indicators for two years and four areas."""
    return cycle.requests.get(organisation=world.youth_office)


# --- The supplier's task -----------------------------------------------------------------------------


def test_the_page_says_what_is_asked(asked: DataRequest, head: User, client_as: ClientAs) -> None:
    client = client_as(head)
    page = client.get(provide_url(asked, client)).content.decode()

    assert "Kennwert childcare_rate" in page
    assert "2023" in page
    assert "Waldsiedlung" in page
    assert reverse("workflows:request-template", args=[asked.pk]) in page
    assert "preview" in page


def test_a_good_file_is_shown_and_then_handed_in(
    asked: DataRequest, head: User, client_as: ClientAs, world: World
) -> None:
    client = client_as(head)
    url = provide_url(asked, client)

    response = upload(client, asked, csv_of(world))

    assert response.url == f"{url}#preview"
    delivery = Delivery.objects.get()
    page = client.get(url)
    assert page.context["preview"].delivery == delivery
    assert page.context["preview"].missing == 0
    assert not Value.objects.filter(is_current=True).exists()
    asked.refresh_from_db()
    assert asked.state == DataRequestState.OPEN

    response = client.post(url, {"delivery": delivery.pk, "comment": "Stand Dezember"})

    assert response.status_code == 302
    asked.refresh_from_db()
    delivery.refresh_from_db()
    assert (asked.state, asked.delivery) == (DataRequestState.SUBMITTED, delivery)
    assert delivery.comment == "Stand Dezember"
    assert LogEntry.objects.filter(action="delivery.submitted", user=head).exists()


def test_errors_stay_after_reload_and_nothing_can_be_handed_in(
    asked: DataRequest, head: User, client_as: ClientAs, world: World
) -> None:
    client = client_as(head)
    url = provide_url(asked, client)
    upload(client, asked, csv_of(world, altstadt="viel"))

    for _reload in range(2):
        page = client.get(url)
        assert [line.row for line in page.context["preview"].errors] == [3, 7]
        text = page.content.decode()
        assert "viel" in text
        assert 'name="delivery"' not in text

    response = client.post(url, {"delivery": Delivery.objects.get().pk})
    assert response.status_code == 422
    asked.refresh_from_db()
    assert asked.state == DataRequestState.OPEN
    assert not Value.objects.exists()


def test_errors_come_before_hints(asked: DataRequest, head: User, client_as: ClientAs, world: World) -> None:
    client = client_as(head)
    url = provide_url(asked, client)
    upload(client, asked, csv_of(world, altstadt="viel", südhang=""))

    text = client.get(url).content.decode()

    assert text.index("viel") < text.index("Südhang 2023")


def test_a_better_file_replaces_the_first(
    asked: DataRequest, head: User, client_as: ClientAs, world: World
) -> None:
    client = client_as(head)
    url = provide_url(asked, client)
    upload(client, asked, csv_of(world, altstadt="viel"))
    upload(client, asked, csv_of(world), name="besser.csv")

    page = client.get(url)

    assert page.context["preview"].delivery.file_name == "besser.csv"
    assert Delivery.objects.count() == 2


def test_a_refused_file_is_explained(asked: DataRequest, head: User, client_as: ClientAs) -> None:
    client = client_as(head)
    url = provide_url(asked, client)
    upload(client, asked, b"%PDF-1.7", name="zahlen.xlsx")
    assert "PDF" in client.get(url).content.decode()


def test_handing_in_without_a_file_is_refused(asked: DataRequest, head: User, client_as: ClientAs) -> None:
    client = client_as(head)
    url = provide_url(asked, client)
    assert client.post(url, {}).status_code == 422
    asked.refresh_from_db()
    assert asked.state == DataRequestState.OPEN


def test_only_what_was_looked_at_is_handed_in(
    asked: DataRequest, head: User, specialist: User, client_as: ClientAs, world: World
) -> None:
    client = client_as(head)
    url = provide_url(asked, client)
    upload(client, asked, csv_of(world))
    seen = Delivery.objects.get()
    upload(client_as(specialist), asked, csv_of(world, altstadt="99"))

    response = client.post(url, {"delivery": seen.pk})

    assert response.status_code == 422
    asked.refresh_from_db()
    assert asked.state == DataRequestState.OPEN


def test_foreign_deliveries_cannot_be_handed_in(
    asked: DataRequest, head: User, client_as: ClientAs, world: World, cycle: PlanningCycle
) -> None:
    other = cycle.requests.get(organisation=world.jobcenter)
    foreign = factories.delivery(
        world.jobcenter, factories.full_values(other, world.areas), world.people["jobcenter_head"]
    )
    client = client_as(head)
    url = provide_url(asked, client)
    upload(client, asked, csv_of(world))
    assert client.post(url, {"delivery": foreign.pk}).status_code == 422


# --- Planning's task -----------------------------------------------------------------------------------


@pytest.fixture
def submitted(asked: DataRequest, head: User, client_as: ClientAs, world: World) -> DataRequest:
    """Handed in by the head of the youth office."""
    client = client_as(head)
    url = provide_url(asked, client)
    upload(client, asked, csv_of(world))
    client.post(url, {"delivery": Delivery.objects.get().pk})
    asked.refresh_from_db()
    return asked


def review_url(asked: DataRequest, client: Client) -> str:
    return take(client, asked.process, DeliveryFlow.review_delivery)


def test_accepting_brings_the_figures_into_force(
    submitted: DataRequest, planner: User, client_as: ClientAs
) -> None:
    client = client_as(planner)
    url = review_url(submitted, client)
    page = client.get(url)
    assert page.context["preview"].delivery == submitted.delivery
    assert reverse("monitoring:delivery-file", args=[submitted.delivery_id]) in page.content.decode()

    assert client.post(url, {"reason": ""}).status_code == 302

    submitted.refresh_from_db()
    assert submitted.state == DataRequestState.ACCEPTED
    assert Value.objects.filter(is_current=True).count() == 16


def test_a_return_needs_a_reason(submitted: DataRequest, planner: User, client_as: ClientAs) -> None:
    client = client_as(planner)
    url = review_url(submitted, client)

    response = client.post(url, {"return": "1", "reason": "  "})

    assert response.status_code == 422
    submitted.refresh_from_db()
    assert submitted.state == DataRequestState.SUBMITTED


def test_a_returned_delivery_comes_back_with_reason_and_differences(
    submitted: DataRequest, planner: User, head: User, client_as: ClientAs, world: World
) -> None:
    first = submitted.delivery
    planning = client_as(planner)
    planning.post(review_url(submitted, planning), {"return": "1", "reason": "Altstadt bitte prüfen."})
    submitted.refresh_from_db()
    assert submitted.state == DataRequestState.RETURNED
    task = open_task(submitted.process, DeliveryFlow.provide_data)
    assert task.owner == head, "it comes back to who delivered"

    client = client_as(head)
    text = client.get(page_of(task)).content.decode()
    assert "Altstadt bitte prüfen." in text
    assert reverse("monitoring:delivery-detail", args=[first.pk]) in text

    upload(client, submitted, csv_of(world, altstadt="44,4"))
    page = client.get(page_of(task))
    changed = page.context["differences"]
    assert [(row.area.name, row.year, row.before, row.now) for row in changed] == [
        ("Altstadt", 2023, "31,5", "44,4"),
        ("Altstadt", 2024, "31,5", "44,4"),
    ]
    client.post(page_of(task), {"delivery": Delivery.objects.latest("pk").pk})

    page = planning.get(review_url(submitted, planning))
    assert len(page.context["differences"]) == 2
    assert "Altstadt bitte prüfen." in page.content.decode()


def test_an_upload_after_handing_in_is_refused(
    submitted: DataRequest, head: User, client_as: ClientAs, world: World
) -> None:
    before = submitted.delivery
    response = upload(client_as(head), submitted, csv_of(world))
    assert response.status_code == 422
    submitted.refresh_from_db()
    assert submitted.delivery == before


@pytest.mark.parametrize("name", ["request-fill", "request-upload"])
def test_who_has_handed_in_is_told_before_filling_anything_in(
    submitted: DataRequest, head: User, client_as: ClientAs, name: str
) -> None:
    page = client_as(head).get(reverse(f"workflows:{name}", args=[submitted.pk]), follow=True)
    assert page.redirect_chain == [(reverse("workflows:request-detail", args=[submitted.pk]), 302)]
    assert "Zurzeit wird keine Lieferung erwartet" in page.content.decode()


# --- The list of a cycle ---------------------------------------------------------------------------------


def list_url(cycle: PlanningCycle) -> str:
    return reverse("workflows:request-list", args=[cycle.pk])


def test_planning_sees_all_requests_and_a_supplier_only_its_own(
    cycle: PlanningCycle, planner: User, head: User, client_as: ClientAs, world: World
) -> None:
    seen = client_as(planner).get(list_url(cycle)).context["page_obj"]
    assert {row.organisation for row in seen} == {world.youth_office, world.jobcenter}
    own = client_as(head).get(list_url(cycle)).context["page_obj"]
    assert {row.organisation for row in own} == {world.youth_office}


def test_the_list_is_invisible_next_door(cycle: PlanningCycle, outsider: User, client_as: ClientAs) -> None:
    assert client_as(outsider).get(list_url(cycle)).status_code == 404


def test_the_list_can_be_filtered_and_exported(
    cycle: PlanningCycle, submitted: DataRequest, planner: User, client_as: ClientAs, world: World
) -> None:
    client = client_as(planner)
    rows = client.get(list_url(cycle), {"state": "submitted"}).context["page_obj"]
    assert [row.organisation for row in rows] == [world.youth_office]
    rows = client.get(list_url(cycle), {"q": "jobcenter"}).context["page_obj"]
    assert [row.organisation for row in rows] == [world.jobcenter]
    content = client.get(list_url(cycle), {"export": "csv", "q": "jobcenter"}).content.decode("utf-8-sig")
    assert "Jobcenter Musterkreis" in content
    assert "Jugendamt" not in content


def test_the_list_costs_the_same_for_many_suppliers(
    cycle: PlanningCycle, world: World, client_as: ClientAs, planner: User
) -> None:
    client = client_as(planner)
    client.get(list_url(cycle))
    with CaptureQueriesContext(connection) as few:
        client.get(list_url(cycle))
    due_on = cycle.requests.first().due_on
    for number in range(18):
        office = factories.organisation(f"Amt {number}", OrganisationKind.DEPARTMENT, world.territory)
        row = DataRequest.objects.create(cycle=cycle, organisation=office, due_on=due_on)
        row.indicators.set(world.indicators)
        DeliveryFlow.start.run(request=row)
    with CaptureQueriesContext(connection) as many:
        page = client.get(list_url(cycle))
    assert len(page.context["rows"]) == 20
    assert len(many) == len(few)


def test_reminding_writes_to_the_supplier(
    asked: DataRequest, planner: User, client_as: ClientAs, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        response = client_as(planner).post(reverse("workflows:request-remind", args=[asked.pk]))
    assert response.url == list_url(asked.cycle)
    assert LogEntry.objects.filter(action="task.reminded", user=planner).exists()
    assert mail.outbox is not None


def test_going_on_without_needs_a_reason_and_is_final(
    asked: DataRequest, planner: User, client_as: ClientAs
) -> None:
    client = client_as(planner)
    url = reverse("workflows:request-waive", args=[asked.pk])
    assert client.get(url).status_code == 200
    assert client.post(url, {"reason": " "}).status_code == 422

    assert client.post(url, {"reason": "Das Verfahren wurde umgestellt."}).status_code == 302

    asked.refresh_from_db()
    assert (asked.state, asked.waive_reason) == (DataRequestState.WAIVED, "Das Verfahren wurde umgestellt.")
    assert client.post(url, {"reason": "Noch einmal"}).status_code == 422
    page = client.get(reverse("workflows:request-detail", args=[asked.pk])).content.decode()
    assert "Das Verfahren wurde umgestellt." in page


def test_what_is_gone_without_keeps_its_last_day_and_is_not_missing_any_more(
    submitted: DataRequest, cycle: PlanningCycle, planner: User, client_as: ClientAs
) -> None:
    driver.review(submitted, is_accepted=False, user=planner, reason="Bitte prüfen")
    DataRequest.objects.filter(pk=submitted.pk).update(due_on=datetime.date(2020, 1, 1))
    row = with_due(DataRequest.objects.all()).get(pk=submitted.pk)
    assert row.task_due_on > row.due_on
    client = client_as(planner)

    client.post(reverse("workflows:request-waive", args=[submitted.pk]), {"reason": "Keine Zeit"})

    after = with_due(DataRequest.objects.all()).get(pk=submitted.pk)
    assert after.state == DataRequestState.WAIVED
    assert after.task_due_on == after.due_on == row.task_due_on
    page = client.get(list_url(cycle))
    [gaps] = [gaps for found, _badges, gaps in page.context["rows"] if found.pk == submitted.pk]
    assert gaps == ()
    detail = client.get(reverse("workflows:request-detail", args=[submitted.pk])).content.decode()
    assert f"Frist war {after.due_on:%d.%m.%Y}" in detail


def test_one_wrong_field_is_called_one(submitted: DataRequest, planner: User, client_as: ClientAs) -> None:
    client = client_as(planner)
    page = client.post(take(client, submitted.process, DeliveryFlow.review_delivery), {"return": "1"})
    assert page.status_code == 422
    assert "Bitte prüfen Sie eine Angabe" in page.content.decode()


# --- Who may -------------------------------------------------------------------------------------------


def test_all_who_are_still_to_deliver_are_reminded_with_one_click(
    cycle: PlanningCycle, submitted: DataRequest, planner: User, head: User, client_as: ClientAs
) -> None:
    client = client_as(planner)
    url = reverse("workflows:request-remind-all", args=[cycle.pk])
    waiting = cycle.requests.filter(state=DataRequestState.OPEN).count()
    assert client_as(head).post(url).status_code == 403

    client.post(url)

    assert waiting
    assert LogEntry.objects.filter(action="task.reminded", user=planner).count() == waiting
    rows = [row for row, _badges, _missing in client.get(list_url(cycle)).context["rows"]]
    assert {row.pk for row in rows if row.reminded_at} == {row.pk for row in rows if row.pk != submitted.pk}

    # Nobody is written to twice a day.
    page = client.post(url, follow=True)
    assert "heute schon erinnert" in page.content.decode()
    client.post(reverse("workflows:request-remind", args=[rows[0].pk]))
    assert LogEntry.objects.filter(action="task.reminded", user=planner).count() == waiting


def test_the_list_says_what_is_missing_by_indicator(
    cycle: PlanningCycle, asked: DataRequest, head: User, planner: User, client_as: ClientAs, world: World
) -> None:
    client = client_as(head)
    url = provide_url(asked, client)
    content = csv_of(world, altstadt="").decode().splitlines()
    upload(client, asked, "\n".join(line.rpartition(";")[0] for line in content).encode())
    client.post(url, {"delivery": Delivery.objects.get().pk})

    rows = client_as(planner).get(list_url(cycle)).context["rows"]

    missing = next(gaps for row, _badges, gaps in rows if row.pk == asked.pk)
    assert [(gap.indicator.key, gap.count, gap.is_all) for gap in missing] == [
        ("childcare_rate", 2, False),
        ("school_entry_deficit", 8, True),
    ]


@pytest.mark.parametrize("name", ["request-waive", "request-remind"])
def test_steering_is_for_planning(
    asked: DataRequest, head: User, outsider: User, client_as: ClientAs, name: str
) -> None:
    url = reverse(f"workflows:{name}", args=[asked.pk])
    assert client_as(head).post(url, {"reason": "Nein"}).status_code == 403
    assert client_as(outsider).post(url, {"reason": "Nein"}).status_code == 404
    assert Client().post(url).status_code == 302
    asked.refresh_from_db()
    assert asked.state == DataRequestState.OPEN


@pytest.mark.parametrize("name", ["request-upload", "request-fill", "request-template"])
def test_delivering_is_for_the_supplier(
    asked: DataRequest, planner: User, jobcenter_head: User, outsider: User, client_as: ClientAs, name: str
) -> None:
    url = reverse(f"workflows:{name}", args=[asked.pk])
    assert client_as(planner).get(url).status_code == 403
    # Sits in the conference and sees the request, but may not deliver for another house.
    assert client_as(jobcenter_head).get(url).status_code == 403
    assert client_as(outsider).get(url).status_code == 404


def test_a_delivery_is_for_planning_and_its_supplier(
    submitted: DataRequest,
    planner: User,
    head: User,
    jobcenter_head: User,
    association_head: User,
    outsider: User,
    client_as: ClientAs,
) -> None:
    for name in ("delivery-detail", "delivery-issues", "delivery-file"):
        url = reverse(f"monitoring:{name}", args=[submitted.delivery_id])
        assert client_as(planner).get(url).status_code == 200, name
        assert client_as(head).get(url).status_code == 200, name
        for stranger in (jobcenter_head, association_head, outsider):
            assert client_as(stranger).get(url).status_code == 404, name
    request_url = reverse("workflows:request-detail", args=[submitted.pk])
    assert submitted.delivery.file_name in client_as(planner).get(request_url).content.decode()
    assert submitted.delivery.file_name not in client_as(jobcenter_head).get(request_url).content.decode()


def test_the_file_is_saved_and_never_shown(
    submitted: DataRequest, planner: User, client_as: ClientAs, world: World
) -> None:
    response = client_as(planner).get(reverse("monitoring:delivery-file", args=[submitted.delivery_id]))
    assert response["Content-Disposition"] == 'attachment; filename="zahlen.csv"'
    assert response["Content-Type"] == "application/octet-stream"
    assert b"".join(response.streaming_content) == csv_of(world)  # type: ignore[attr-defined]


def test_a_refused_file_cannot_be_downloaded(asked: DataRequest, head: User, client_as: ClientAs) -> None:
    client = client_as(head)
    upload(client, asked, b"%PDF-1.7", name="zahlen.xlsx")
    delivery = Delivery.objects.get()
    assert client.get(reverse("monitoring:delivery-file", args=[delivery.pk])).status_code == 404
    page = client.get(reverse("monitoring:delivery-detail", args=[delivery.pk]))
    assert page.status_code == 200
    exported = client.get(reverse("monitoring:delivery-issues", args=[delivery.pk]), {"export": "csv"})
    assert "PDF" in exported.content.decode("utf-8-sig")


def test_a_request_with_its_history(
    submitted: DataRequest, planner: User, client_as: ClientAs, world: World
) -> None:
    driver.review(submitted, is_accepted=False, user=planner, reason="Bitte prüfen")
    page = client_as(planner).get(reverse("workflows:request-detail", args=[submitted.pk]))
    assert [delivery.file_name for delivery in page.context["deliveries"]] == ["zahlen.csv"]
    assert "Bitte prüfen" in page.content.decode()


def test_a_colleague_cannot_take_the_task_of_another_house(asked: DataRequest, jobcenter_head: User) -> None:
    task = open_task(asked.process, DeliveryFlow.provide_data)
    assert not task.flow_task.can_assign(jobcenter_head, task)
