"""Absences beyond the bodies: invitations reach who stands in, and heads see which tasks lie with nobody."""

import datetime

import pytest
from django.utils import timezone

from stakeholders.models import OutgoingMail
from stakeholders.services import absence_add
from workflows.flows import DeliveryFlow
from workflows.nodes import open_task
from workflows.services.meetings import meeting_schedule
from workflows.services.tasks import task_take

pytestmark = pytest.mark.django_db


def in_days(days):
    return timezone.localdate() + datetime.timedelta(days=days)


def away(person, first, last):
    return absence_add(person, starts_on=in_days(first), ends_on=in_days(last), reason="", user=None)


def invited(cycle, world, days, planner):
    OutgoingMail.objects.all().delete()
    meeting_schedule(
        cycle,
        body=world.steering_group,
        held_on=in_days(days),
        place="Kreishaus",
        participants=[world.youth_office],
        user=planner,
    )
    return {mail.address for mail in OutgoingMail.objects.all()}


def test_the_deputy_is_invited_for_days_on_which_the_member_is_away(stages, world, planner, head, specialist):
    cycle, _meeting = stages.in_steering_group()
    away(head, 5, 10)

    assert specialist.email not in invited(cycle, world, 4, planner)
    assert specialist.email in invited(cycle, world, 5, planner)
    away(specialist, 5, 5)
    assert specialist.email not in invited(cycle, world, 5, planner)


def test_who_leads_sees_that_the_owner_of_a_task_is_away(stages, world, client_as, head, specialist):
    cycle = stages.at_data()
    task = open_task(cycle.requests.get(organisation=world.youth_office).process, DeliveryFlow.provide_data)
    task_take(task, user=specialist)
    client = client_as(head)
    assert "abwesend bis" not in client.get("/tasks/?scope=team").content.decode()

    away(specialist, 0, 3)

    assert "abwesend bis" in client.get("/tasks/?scope=team").content.decode()
    page = task.flow_task.reverse("detail", args=[task.process_id, task.pk])
    assert "Übergeben Sie die Aufgabe, wenn sie nicht warten kann." in client.get(page).content.decode()
    planner = client_as(world.fresh("planner")).get(page)
    assert planner.status_code == 200
    assert "wenn sie nicht warten kann" not in planner.content.decode()
    # Oneself, and who leads somebody else, are not told.
    assert "abwesend bis" not in client_as(specialist).get("/tasks/").content.decode()
    assert (
        "abwesend bis" not in client_as(world.fresh("health_head")).get("/tasks/?scope=team").content.decode()
    )
