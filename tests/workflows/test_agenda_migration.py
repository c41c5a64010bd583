"""Meetings that exist get the agenda their page had computed so far."""

from __future__ import annotations

import pytest

from tests import factories
from tests.history import History
from tests.stages import Stages
from workflows.demo import driver
from workflows.models import AgendaItem, AgendaKind, DecisionResult, Meeting, MinutesItem

pytestmark = [pytest.mark.history, pytest.mark.django_db(transaction=True)]

BEFORE = [("workflows", "0010_create_agenda")]


def test_agendas_are_filled_from_decisions_what_waits_and_notes():
    world = factories.make_world()
    cycle, meeting = Stages(world).in_steering_group(("Eins", "Zwei"))
    driver.decide(
        cycle.recommendations.get(number=2), meeting, DecisionResult.APPROVED, user=world.fresh("chair")
    )
    Meeting.objects.filter(pk=meeting.pk).update(note="Termine\n\nVerschiedenes")
    # What the agendas of later files rest on is not there yet at this point of history.
    MinutesItem.objects.all().delete()
    AgendaItem.objects.all().delete()
    with History() as history:
        history.back_to(BEFORE)

    assert list(meeting.agenda.values_list("position", "kind", "title")) == [
        (1, AgendaKind.RECOMMENDATION, "Eins"),
        (2, AgendaKind.RECOMMENDATION, "Zwei"),
        (3, AgendaKind.TOPIC, "Termine"),
        (4, AgendaKind.TOPIC, "Verschiedenes"),
    ]
    conference = cycle.meetings.get(body=cycle.planning_conference)
    assert set(conference.agenda.values_list("kind", flat=True)) == {AgendaKind.AREA}
