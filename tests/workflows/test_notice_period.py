"""Meetings within the notice period of their body: refused, or urgent with a reason that stays."""

import datetime

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from project.common.errors import DomainError
from stakeholders.models import LogEntry, OutgoingMail
from stakeholders.procedure import VotingRules
from stakeholders.services import rules_add
from workflows.models import Meeting
from workflows.services.meetings import meeting_move, meeting_schedule

pytestmark = pytest.mark.django_db


def in_days(days):
    return timezone.localdate() + datetime.timedelta(days=days)


@pytest.fixture
def cycle(stages, world):
    """A cycle with its steering group, which is invited two weeks ahead."""
    cycle, _meeting = stages.in_steering_group()
    rules_add(
        world.steering_group,
        rules=VotingRules(body_id=world.steering_group.pk),
        valid_from=in_days(0),
        allows_circulated=False,
        notice_days=14,
        source="",
        reason="Beschlossen",
        user=None,
    )
    return cycle


def schedule(cycle, days, **kwargs):
    return meeting_schedule(
        cycle,
        body=kwargs.pop("body", cycle.steering_group),
        held_on=in_days(days),
        place="Kreishaus",
        participants=[cycle.steering_group.memberships.first().organisation],
        **kwargs,
    )


@pytest.mark.parametrize(("days", "urgency"), [(13, ""), (13, "  "), (0, "")])
def test_a_shorter_notice_needs_a_reason(days, urgency, cycle, planner):
    before = Meeting.objects.count()
    with pytest.raises(DomainError) as error:
        schedule(cycle, days, urgency=urgency, user=planner)
    assert error.value.code == "notice_too_short"
    assert Meeting.objects.count() == before


@pytest.mark.parametrize(("days", "kept"), [(13, "Frist des Landes"), (14, ""), (40, "")])
def test_the_reason_stays_where_it_was_needed(days, kept, cycle, planner):
    meeting = schedule(cycle, days, urgency=" Frist des Landes ", user=planner)

    assert meeting.urgency == kept
    assert (
        LogEntry.objects.get(action="meeting.scheduled", object_id=meeting.pk).data.get("urgency", "") == kept
    )


def test_bodies_without_a_period_meet_when_they_like(cycle, planner, world):
    assert schedule(cycle, 0, body=world.conference, user=planner).urgency == ""


def test_moving_into_the_period_is_urgent_too_and_moving_out_of_it_is_not(cycle, planner):
    meeting = schedule(cycle, 30, user=planner)
    with pytest.raises(DomainError) as error:
        meeting_move(meeting, held_on=in_days(5), place="Kreishaus", reason="Saal", user=planner)
    assert error.value.code == "notice_too_short"

    meeting_move(meeting, held_on=in_days(5), place="Kreishaus", reason="Saal", urgency="Frist", user=planner)
    meeting.refresh_from_db()
    assert (meeting.held_on, meeting.urgency) == (in_days(5), "Frist")
    assert LogEntry.objects.get(action="meeting.moved").data["urgency"] == "Frist"
    # Another room is no other day: the reason stays.
    meeting_move(meeting, held_on=in_days(5), place="Rathaus", reason="Saal", user=planner)
    meeting.refresh_from_db()
    assert meeting.urgency == "Frist"
    meeting_move(meeting, held_on=in_days(20), place="Rathaus", reason="Saal", user=planner)
    meeting.refresh_from_db()
    assert meeting.urgency == ""


def test_the_page_asks_for_the_urgency_and_the_invitation_says_it(cycle, world, client_as, planner):
    world.youth_office.email = "jugendamt@example.org"
    world.youth_office.save(update_fields=["email"])
    page = reverse("workflows:meeting-create", args=[cycle.pk])
    client = client_as(planner)
    data = {
        "body": world.steering_group.pk,
        "held_on": in_days(3).isoformat(),
        "place": "Kreishaus",
        "participants": [world.youth_office.pk],
    }

    assert "mindestens 14 Tage vorher" in client.get(page).content.decode()
    assert client.post(page, data).status_code == 422
    missing = client.post(page, data | {"is_urgent": "on"})
    assert list(missing.context["form"].errors) == ["urgency"]
    done = client.post(page, data | {"is_urgent": "on", "urgency": "Frist des Landes"})
    assert done.status_code == 302
    meeting = Meeting.objects.latest("pk")
    assert meeting.urgency == "Frist des Landes"
    assert "Frist des Landes" in client.get(done.url).content.decode()
    sent = [row.body for row in OutgoingMail.objects.all()] + [row.body for row in mail.outbox]
    assert any("innerhalb der Einladungsfrist einberufen: Frist des Landes" in text for text in sent)


def test_a_reason_without_the_tick_does_not_count(cycle, world, client_as, planner):
    meeting = schedule(cycle, 30, user=planner)
    page = reverse("workflows:meeting-move", args=[meeting.pk])
    data = {"held_on": in_days(3).isoformat(), "place": "Kreishaus", "reason": "Saal", "urgency": "Eilt"}

    assert client_as(planner).post(page, data).status_code == 422
    assert client_as(planner).post(page, data | {"is_urgent": "on"}).status_code == 302
