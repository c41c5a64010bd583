"""Two at the same moment at an evening; see ``test_races`` for how races are shown."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connection

from project.common.errors import DomainError
from stakeholders.models import Function
from tests import factories
from tests.evenings import COUNTS, Evenings, make_evenings
from tests.factories import World
from tests.flows.test_races import MeetingPoint, race
from tests.stages import Stages
from workflows.demo import evening_steps as steps
from workflows.devices import new_key
from workflows.models import SpaceConference, SpaceConferenceState, SpaceIdea, SpacePoint
from workflows.services import space_entries

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="races need PostgreSQL"),
]


@pytest.fixture
def evenings(world: World, stages: Stages) -> Evenings:
    return make_evenings(world, stages)


def unlocked(conference: SpaceConference) -> SpaceConference:
    """The evening as it would be read without holding its row."""
    return SpaceConference.objects.select_related("cycle__territory", "facilitator").get(pk=conference.pk)


def last_point_twice(evenings: Evenings, monkeypatch: pytest.MonkeyPatch) -> tuple[list[Any], MeetingPoint]:
    """A device with one point left gives it to two ideas at once."""
    conference = evenings.opened()
    for text in ("Eins", "Zwei"):
        evenings.idea(conference, text)
    key = new_key()
    for _each in range(conference.points_each - 1):
        space_entries.point_give(conference, idea_number=1, entry_key=uuid.uuid4(), key=key)
    meeting = MeetingPoint()
    monkeypatch.setattr(space_entries, "_points_add", meeting.before(space_entries._points_add))
    results = race(
        *(
            lambda number=number: space_entries.point_give(
                conference, idea_number=number, entry_key=uuid.uuid4(), key=key
            )
            for number in (1, 2)
        )
    )
    return results, meeting


def test_a_device_cannot_give_its_last_point_twice(
    evenings: Evenings, monkeypatch: pytest.MonkeyPatch
) -> None:
    results, meeting = last_point_twice(evenings, monkeypatch)
    errors = [result for result in results if isinstance(result, Exception)]
    assert [error.code for error in errors if isinstance(error, DomainError)] == ["no_points_left"]
    assert len(errors) == 1
    assert not meeting.has_met, "the second waits for the first"
    assert SpacePoint.objects.count() == 3


def test_without_the_lock_the_database_still_holds_the_rule(
    evenings: Evenings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(space_entries, "conference_lock", unlocked)
    results, meeting = last_point_twice(evenings, monkeypatch)
    assert meeting.has_met, "this is the race"
    assert len([result for result in results if isinstance(result, Exception)]) <= 1
    assert SpacePoint.objects.count() == 3


def test_ideas_get_numbers_of_their_own(evenings: Evenings, monkeypatch: pytest.MonkeyPatch) -> None:
    conference = evenings.opened()
    meeting = MeetingPoint()
    monkeypatch.setattr(space_entries, "_brake", meeting.before(space_entries._brake))
    results = race(*(lambda text=text: steps.idea(conference, text) for text in ("Eins", "Zwei")))
    assert [result for result in results if isinstance(result, Exception)] == []
    assert not meeting.has_met
    assert list(SpaceIdea.objects.order_by("number").values_list("number", flat=True)) == [1, 2]


def test_an_idea_sent_twice_at_once_is_kept_once(evenings: Evenings) -> None:
    conference = evenings.opened()
    entry_key, sender = uuid.uuid4(), space_entries.Sender(key=new_key())
    results = race(
        *(
            lambda: space_entries.idea_enter(
                conference, text="Einmal", recommendation_pk=None, entry_key=entry_key, sender=sender
            )
            for _each in range(2)
        )
    )
    errors = [result for result in results if isinstance(result, Exception)]
    assert [error.code for error in errors if isinstance(error, DomainError)] == ["received_already"]
    assert SpaceIdea.objects.count() == 1


def test_nothing_slips_in_while_the_evening_is_closed(evenings: Evenings) -> None:
    conference = evenings.opened()
    evenings.idea(conference)
    race(
        lambda: steps.close(conference, COUNTS, user=evenings.facilitator),
        lambda: steps.idea(conference, "Im letzten Augenblick"),
    )
    conference.refresh_from_db()
    if conference.state == SpaceConferenceState.ANSWERING:
        assert not conference.ideas.filter(state="waiting").exists()
    else:
        assert conference.ideas.filter(state="waiting").exists()


def test_two_heads_release_once(evenings: Evenings, world: World) -> None:
    conference, _idea = evenings.submitted()
    heads = [evenings.head, factories.staff("Stellvertretung", world.planning_unit, Function.DEPUTY)]
    results = race(*(lambda head=head: steps.release(conference, user=head) for head in heads))
    errors = [result for result in results if isinstance(result, Exception)]
    assert len(errors) == 1
    assert isinstance(errors[0], DomainError), errors
    assert errors[0].code in {"task_finished", "task_taken", "no_open_task"}
    conference.refresh_from_db()
    assert conference.is_published
    assert conference.released_by in heads


def test_two_set_up_the_same_evening_once(evenings: Evenings) -> None:
    results = race(
        *(lambda user=user: evenings.set_up(user=user) for user in (evenings.planner, evenings.head))
    )
    errors = [result for result in results if isinstance(result, Exception)]
    assert [error.code for error in errors if isinstance(error, DomainError)] == ["conference_open"]
    assert SpaceConference.objects.count() == 1
