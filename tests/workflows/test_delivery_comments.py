"""Words on single figures, and figures that succeeded others: who writes, who reads, what stays secret."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from monitoring.models import Area, AreaKind, Delivery, Indicator, ValueComment
from monitoring.selectors.versions import versions_of
from monitoring.services.deliveries import delivery_accept, delivery_mark_submitted, value_comments_set
from project.common.errors import DomainError
from stakeholders.models import LogEntry, User
from tests import factories
from tests.factories import World
from tests.stages import Stages
from tests.workflows.taskpages import take
from workflows.flows import DeliveryFlow
from workflows.models import DataRequest

ClientAs = Callable[[User], Client]


@pytest.fixture
def asked(stages: Stages, world: World) -> DataRequest:
    return stages.at_data().requests.get(organisation=world.youth_office)


def rows_of(world: World, first: str = "31,5") -> bytes:
    lines = ["Gebietsschlüssel;Jahr;Indikator;Wert;Kommentar"]
    for number, area in enumerate(world.areas):
        lines.append(f"{area.key};2024;childcare_rate;{first if number == 0 else 30};")
        lines.append(
            f"{area.key};2024;school_entry_deficit;{10 + number};{'Neue Zählung' if number == 0 else ''}"
        )
    return "\n".join(lines).encode()


def upload(client: Client, asked: DataRequest, content: bytes) -> Delivery:
    url = reverse("workflows:request-upload", args=[asked.pk])
    assert client.post(url, {"file": SimpleUploadedFile("zahlen.csv", content)}).status_code == 302
    asked.refresh_from_db()
    assert asked.delivery is not None
    return asked.delivery


def comments_url(asked: DataRequest) -> str:
    return reverse("workflows:request-comments", args=[asked.pk])


def test_comments_come_with_the_file_or_are_typed_and_are_seen_by_planning_and_on_the_area(
    asked: DataRequest, head: User, planner: User, client_as: ClientAs, world: World
) -> None:
    client = client_as(head)
    url = take(client, asked.process, DeliveryFlow.provide_data)
    delivery = upload(client, asked, rows_of(world))
    assert ValueComment.objects.get().text == "Neue Zählung"

    page = client.get(comments_url(asked), {"indicator": "childcare_rate", "year": "2024"})
    first = delivery.values.get(area=world.areas[0], indicator__key="childcare_rate")
    data = {"indicator": "childcare_rate", "year": "2024", f"comment-{first.pk}": "Kita Süd erst ab Mai"}
    response = client.post(comments_url(asked), data)

    assert page.status_code == 200
    assert response.status_code == 302
    assert first.comment.text == "Kita Süd erst ab Mai"
    assert LogEntry.objects.filter(action="delivery.commented", user=head).exists()
    assert "Kita Süd erst ab Mai" in client.get(url, {"indicator": "childcare_rate"}).content.decode()

    client.post(url, {"delivery": delivery.pk, "comment": ""})
    reader = client_as(planner)
    review = take(reader, asked.process, DeliveryFlow.review_delivery)
    assert "Kita Süd erst ab Mai" in reader.get(review, {"indicator": "childcare_rate"}).content.decode()
    reader.post(review, {"reason": ""})

    area_page = reader.get(reverse("monitoring:area-detail", args=[world.areas[0].pk])).content.decode()
    assert "Kita Süd erst ab Mai" in area_page
    assert "Neue Zählung" in area_page


def test_comments_stay_where_the_figure_stays(
    asked: DataRequest, head: User, client_as: ClientAs, world: World
) -> None:
    client = client_as(head)
    delivery = upload(client, asked, rows_of(world))
    texts = {row.pk: "bitte beachten" for row in delivery.values.filter(indicator__key="childcare_rate")}
    value_comments_set(delivery, texts=texts, user=head)

    corrected = upload(client, asked, rows_of(world, first="32,5"))

    kept = corrected.values.filter(indicator__key="childcare_rate", comment__text="bitte beachten")
    assert set(kept.values_list("area", flat=True)) == {area.pk for area in world.areas[1:]}


def test_a_comment_without_a_figure_is_told(
    asked: DataRequest, head: User, client_as: ClientAs, world: World
) -> None:
    content = rows_of(world).replace(b";31,5;", b";;Zahl fehlt noch")
    delivery = upload(client_as(head), asked, content)
    assert delivery.issues.get(code="comment_alone").params["comment"] == "Zahl fehlt noch"


def test_comments_of_a_delivery_handed_in_are_fixed(
    asked: DataRequest, head: User, client_as: ClientAs, world: World
) -> None:
    delivery = upload(client_as(head), asked, rows_of(world))
    delivery_mark_submitted(delivery)
    with pytest.raises(DomainError) as refused:
        value_comments_set(delivery, texts={}, user=head)
    assert refused.value.code == "delivery_already_submitted"


def test_only_the_supplier_comments(
    asked: DataRequest, head: User, planner: User, outsider: User, client_as: ClientAs, world: World
) -> None:
    client = client_as(head)
    assert client.get(comments_url(asked)).status_code == 302  # nothing to comment on yet
    upload(client, asked, rows_of(world))
    assert client_as(planner).get(comments_url(asked)).status_code == 403
    assert client_as(outsider).get(comments_url(asked)).status_code == 404


def deliver(world: World, values: dict[Any, float | None]) -> Delivery:
    delivery = factories.delivery(world.youth_office, values, world.people["head"])
    delivery_mark_submitted(delivery)
    delivery_accept(delivery, user=world.people["planner"])
    return delivery


def test_an_old_figure_stays_readable_beside_the_one_that_succeeded_it(
    world: World, planner: User, client_as: ClientAs
) -> None:
    indicator: Indicator = world.indicators[0]
    area = world.areas[0]
    deliver(world, {(indicator, row, 2024): 10.5 for row in world.areas})
    deliver(world, {(indicator, area, 2024): 12.5})

    found = versions_of(indicator, area)

    assert [(row.text, row.is_current) for row in found] == [("12,5", True), ("10,5", False)]
    assert versions_of(indicator, world.areas[1]) == []
    url = reverse("monitoring:indicator-detail", args=[indicator.pk])
    page = client_as(planner).get(url, {"territory": world.territory.pk, "area": area.pk}).content.decode()
    assert "10,5" in page


def test_a_figure_that_was_secret_stays_so_in_all_versions(world: World) -> None:
    cases = factories.indicator("cases", unit=factories.unit("persons", "Personen", is_count=True))
    deliver(
        world, {(cases, area, 2024): count for area, count in zip(world.areas, (40, 50, 60, 70), strict=True)}
    )
    deliver(world, {(cases, world.areas[0], 2024): 2})

    found = versions_of(cases, world.areas[0])

    assert {row.text for row in found} == {"."}


def test_a_succeeded_sum_does_not_tell_a_count_that_was_small(world: World) -> None:
    """2 + 5 = 7 became 6 + 5 = 11: beside the 5 in force the 7 would tell that the 6 was a 2."""
    cases = factories.indicator("cases", unit=factories.unit("persons", "Personen", is_count=True))
    town = factories.area(world.territory, "Stadt", kind=AreaKind.MUNICIPALITY)
    first, second = world.areas[:2]
    Area.objects.filter(pk__in=[first.pk, second.pk]).update(parent=town)
    deliver(world, {(cases, first, 2024): 2, (cases, second, 2024): 5, (cases, town, 2024): 7})
    deliver(world, {(cases, first, 2024): 6, (cases, town, 2024): 11})
    assert {row.text for row in versions_of(cases, first)} == {"."}
    assert [row.text for row in versions_of(cases, town)] == ["11,0", "."]
