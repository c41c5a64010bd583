"""Two colleagues deliver at the same moment: one wins, the other is told, and nothing is kept twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction

from monitoring.models import Delivery, DeliveryMapping
from monitoring.services import deliveries as monitoring_deliveries
from monitoring.services.deliveries import delivery_comment, delivery_mark_submitted
from monitoring.services.matching import Said
from project.common.errors import DomainError
from stakeholders.models import LogEntry
from tests import factories
from tests.factories import World
from tests.flows.test_races import MeetingPoint, race, unheld
from tests.stages import Stages
from workflows.models import DataRequest, DataRequestState
from workflows.services import deliveries

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="races need PostgreSQL"),
]

without_lock = pytest.mark.parametrize("has_lock", [False, True])


@pytest.fixture
def asked(stages: Stages, world: World) -> DataRequest:
    """The youth office shall deliver."""
    found: DataRequest = stages.at_data().requests.get(organisation=world.youth_office)
    return found


@pytest.fixture
def meet(has_lock: bool, monkeypatch: pytest.MonkeyPatch) -> MeetingPoint:
    """Both have looked at what waits, neither has stored anything."""
    # Without the lock they do meet, but files are read in a child process first: that takes any time.
    point = MeetingPoint() if has_lock else MeetingPoint(patience=20)
    monkeypatch.setattr(deliveries, "delivery_store", point.before(deliveries.delivery_store))
    return point


@pytest.fixture
def both_have_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody stores before both files are read: that takes any time on a busy machine."""
    monkeypatch.setattr(deliveries, "_read", MeetingPoint(patience=30).after(deliveries._read))


def colleagues(asked: DataRequest, world: World, act: Callable[..., Any]) -> list[Callable[[], Any]]:
    """The same act by two people of the house, each with a page of their own."""
    return [
        lambda name=name: act(DataRequest.objects.get(pk=asked.pk), world.fresh(name))
        for name in ("head", "specialist")
    ]


def refusals(results: list[Any]) -> list[str]:
    """Codes of those who were told; anything else that went wrong is a failure."""
    errors = [result for result in results if isinstance(result, Exception)]
    for error in errors:
        if not isinstance(error, DomainError):
            raise error
    return [error.code for error in errors]


def content(world: World, head: str = "Kennwert childcare_rate") -> bytes:
    lines = [f"Gebietsschlüssel;Gebiet;Jahr;{head}"]
    lines += [f"{area.key};{area.name};2024;{number},5" for number, area in enumerate(world.areas, start=10)]
    return "\n".join(lines).encode()


@pytest.mark.usefixtures("both_have_read")
@without_lock
def test_two_upload_the_same_file(
    has_lock: bool, asked: DataRequest, world: World, meet: MeetingPoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not has_lock:
        monkeypatch.setattr(deliveries, "DataRequest", unheld(DataRequest))
    file = content(world)

    def act(request: DataRequest, user: Any) -> Any:
        return deliveries.request_upload(request, upload=SimpleUploadedFile("zahlen.csv", file), user=user)

    results = race(*colleagues(asked, world, act))

    if not has_lock:
        assert (meet.has_met, refusals(results), Delivery.objects.count()) == (True, [], 2)
        return
    assert refusals(results) == ["same_file"]
    assert Delivery.objects.count() == 1
    assert LogEntry.objects.filter(action="delivery.read").count() == 1


@without_lock
def test_two_save_the_form_in_the_browser(
    has_lock: bool, asked: DataRequest, world: World, meet: MeetingPoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not has_lock:
        monkeypatch.setattr(deliveries, "DataRequest", unheld(DataRequest))
    texts = {"head": "40,5", world.people["specialist"].username: "41,5"}

    def act(request: DataRequest, user: Any) -> Any:
        text = texts.get(user.username, "40,5")
        cells = {(world.areas[0].key, 2024, "childcare_rate"): text}
        return deliveries.request_fill(request, cells=cells, user=user)

    results = race(*colleagues(asked, world, act))

    if not has_lock:
        assert (meet.has_met, refusals(results), Delivery.objects.count()) == (True, [], 2)
        return
    assert refusals(results) == ["filled_meanwhile"]
    assert Delivery.objects.count() == 1


@pytest.mark.usefixtures("both_have_read")
@without_lock
def test_two_say_what_the_same_file_means(
    has_lock: bool, asked: DataRequest, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = deliveries.request_upload(
        asked,
        upload=SimpleUploadedFile("fremd.csv", content(world, "Betreuung")),
        user=world.fresh("head"),
    )
    assert waiting.has_errors
    # What was said is stored before the delivery, and only one of the two can be the first to do that.
    meet = MeetingPoint() if has_lock else MeetingPoint(patience=20)
    monkeypatch.setattr(deliveries, "mapping_save", meet.before(deliveries.mapping_save))
    if not has_lock:
        monkeypatch.setattr(deliveries, "DataRequest", unheld(DataRequest))

    def act(request: DataRequest, user: Any) -> Any:
        # Each leaves another name out as well: only what the winner said may be remembered.
        said = Said(variables={"Betreuung": "childcare_rate", user.username: ""})
        return deliveries.request_assign(request, delivery=waiting, said=said, user=user)

    results = race(*colleagues(asked, world, act))

    assert DeliveryMapping.objects.count() == 1
    if not has_lock:
        assert (meet.has_met, refusals(results), Delivery.objects.count()) == (True, [], 3)
        return
    assert refusals(results) == ["newer_delivery"]
    assert Delivery.objects.count() == 2
    asked.refresh_from_db()
    assert asked.delivery == Delivery.objects.latest("pk")
    winner = asked.delivery.created_by.username
    assert set(DeliveryMapping.objects.get().variables) == {"Betreuung", winner}


@without_lock
def test_a_file_comes_while_a_colleague_hands_in_the_one_before(
    has_lock: bool, asked: DataRequest, world: World, meet: MeetingPoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = factories.delivery(
        asked.organisation, factories.full_values(asked, world.areas), world.fresh("head")
    )
    DataRequest.objects.filter(pk=asked.pk).update(delivery=first)
    mark = deliveries.delivery_mark_submitted
    monkeypatch.setattr(deliveries, "delivery_mark_submitted", meet.before(mark))
    if not has_lock:
        monkeypatch.setattr(deliveries, "DataRequest", unheld(DataRequest))
    file = SimpleUploadedFile("neu.csv", content(world))

    results = race(
        lambda: deliveries.delivery_submit(
            DataRequest.objects.get(pk=asked.pk), delivery=first, user=world.fresh("head")
        ),
        lambda: deliveries.request_upload(
            DataRequest.objects.get(pk=asked.pk), upload=file, user=world.fresh("specialist")
        ),
    )

    asked.refresh_from_db()
    if not has_lock:
        assert refusals(results) == []
        return
    [code] = refusals(results)
    if code == "nothing_expected":
        assert (asked.state, asked.delivery) == (DataRequestState.SUBMITTED, first)
        assert Delivery.objects.count() == 1
    else:
        assert code == "newer_delivery"
        assert asked.state == DataRequestState.OPEN
        assert asked.delivery == Delivery.objects.latest("pk") != first


@without_lock
def test_two_hand_in_with_words_of_their_own(
    has_lock: bool, asked: DataRequest, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = factories.delivery(
        asked.organisation, factories.full_values(asked, world.areas), world.fresh("head")
    )
    meet = MeetingPoint()
    hold = monitoring_deliveries._hold_draft

    def look_only(row: Delivery) -> None:
        """What it was before: what was loaded with the page is believed."""
        assert row.submitted_at is None
        meet()

    monkeypatch.setattr(monitoring_deliveries, "_hold_draft", meet.after(hold) if has_lock else look_only)

    def act(words: str) -> Callable[[], str]:
        row = Delivery.objects.get(pk=delivery.pk)

        def hand_in() -> str:
            with transaction.atomic():
                delivery_comment(row, comment=words)
                delivery_mark_submitted(row)
            return words

        return hand_in

    results = race(act("Erste"), act("Zweite"))

    if not has_lock:
        assert sorted(results) == ["Erste", "Zweite"], "both believe theirs went to planning"
        return
    assert refusals(results) == ["delivery_already_submitted"]
    [winner] = [result for result in results if isinstance(result, str)]
    delivery.refresh_from_db()
    assert delivery.comment == winner
