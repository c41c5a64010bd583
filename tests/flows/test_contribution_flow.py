"""Statements before the conference: each end, each refusal, reminders, and the conference that closes."""

import datetime

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from project.common.errors import DomainError
from stakeholders import services as people
from stakeholders.models import OutgoingMail
from tests.stages import at_noon
from tests.workflows.taskpages import page_of, take
from workflows.demo import driver
from workflows.flows import ContributionFlow
from workflows.models import Position, Statement
from workflows.nodes import complete_task, open_task
from workflows.services.conference import contribution_finish
from workflows.timers import timers_fire


@pytest.fixture
def cycle(stages, world, planner):
    """The conference is twenty days ahead."""
    cycle = stages.at_conference()
    day = timezone.localdate() + datetime.timedelta(days=20)
    driver.invite_conference(
        cycle, [world.youth_office, world.jobcenter], user=planner, held_on=day, place="Kreishaus"
    )
    return cycle


@pytest.fixture
def contribution(cycle, world):
    return cycle.contributions.get(organisation=world.youth_office)


@pytest.fixture
def task(contribution):
    return open_task(contribution.process, ContributionFlow.give_statements)


def ended_by(process):
    process.refresh_from_db()
    assert process.finished is not None
    return process.task_set.filter(flow_task_type="END", status="DONE").get().flow_task.name


def entry(world, **kwargs):
    return {
        "area": world.areas[0].pk,
        "add": "1",
        "statement-position": Position.EXPLAINS,
        "statement-confidence": "likely",
        "statement-about": f"indicator-{world.indicators[0].pk}",
        "statement-text": "Zwei Straßenzüge prägen den Wert.",
    } | kwargs


# --- ends ------------------------------------------------------------------------------------------


def test_an_organisation_gives_statements_corrects_one_and_hands_in(
    contribution, world, client_as, specialist
):
    client = client_as(specialist)
    page = take(client, contribution.process, ContributionFlow.give_statements)

    assert client.post(page, entry(world)).status_code == 302
    assert client.post(page, entry(world, **{"statement-about": ""})).status_code == 302
    first, second = Statement.objects.order_by("pk")
    assert (first.indicator, first.organisation) == (world.indicators[0], world.youth_office)
    assert (second.indicator, second.domain) == (None, None)

    change = entry(world, change="1", edit=first.pk, **{"statement-text": "Drei Straßenzüge."})
    del change["add"]
    assert client.post(page, change).status_code == 302
    assert client.post(page, {"area": world.areas[0].pk, "remove": second.pk}).status_code == 302
    assert Statement.objects.get().text == "Drei Straßenzüge."

    assert client.post(page, {}).status_code == 200, "asked once more"
    contribution.refresh_from_db()
    assert contribution.finished_at is None
    assert client.post(page, {"sure": "1"}).status_code == 302
    contribution.refresh_from_db()
    assert contribution.finished_at is not None
    assert ended_by(contribution.process) == "contributed"


def test_nothing_to_contribute_must_be_said(contribution, client_as, specialist):
    client = client_as(specialist)
    page = take(client, contribution.process, ContributionFlow.give_statements)

    assert client.post(page, {}).status_code == 422
    contribution.refresh_from_db()
    assert contribution.finished_at is None
    assert client.post(page, {"nothing": "on", "sure": "1"}).status_code == 302
    assert ended_by(contribution.process) == "contributed"


def test_the_conference_calls_off_what_is_open_and_keeps_what_was_said(
    cycle, contribution, world, client_as, specialist, planner
):
    client = client_as(specialist)
    page = take(client, contribution.process, ContributionFlow.give_statements)
    client.post(page, entry(world))

    with at_noon(timezone.localdate() + datetime.timedelta(days=20)):
        driver.close_conference(cycle, user=planner)

    assert ended_by(contribution.process) == "called_off"
    assert Statement.objects.count() == 1
    assert client.get(page).status_code == 409
    answer = client.post(page, {})
    assert answer.status_code == 409
    contribution.refresh_from_db()
    assert contribution.finished_at is None


# --- refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["outsider", "provider_head", "jobcenter_head", "funder_reader", "member"])
def test_others_do_not_find_the_task(name, task, world, client_as):
    client = client_as(world.fresh(name))

    assert client.get(page_of(task)).status_code == 404
    assert client.post(page_of(task), {"nothing": "on"}).status_code == 404


def test_planning_sees_the_task_but_cannot_do_it(task, client_as, planner):
    client = client_as(planner)

    assert client.get(page_of(task)).status_code == 403
    assert client.post(page_of(task), {"nothing": "on"}).status_code == 403


def test_a_right_taken_away_after_the_task_was_taken_counts(contribution, task, world, client_as, specialist):
    client = client_as(specialist)
    page = take(client, contribution.process, ContributionFlow.give_statements)
    membership = specialist.memberships.get(organisation=world.youth_office)
    people.membership_end(membership, ends_on=timezone.localdate() - datetime.timedelta(days=1), user=None)

    assert client.post(page, entry(world)).status_code in {403, 404}
    assert client.post(page, {"nothing": "on"}).status_code in {403, 404}
    assert not Statement.objects.exists()
    with pytest.raises(PermissionDenied):
        complete_task(
            open_task(contribution.process, ContributionFlow.give_statements),
            user=world.fresh("specialist"),
            act=lambda process: contribution_finish(contribution, user=specialist),
        )


def test_words_of_others_cannot_be_corrected(
    cycle, contribution, world, client_as, specialist, jobcenter_head
):
    driver.contribute(
        cycle,
        world.jobcenter,
        user=jobcenter_head,
        statements=[{"area": world.areas[0], "position": Position.AGREES, "text": "Stimmt."}],
    )
    foreign = Statement.objects.get()
    client = client_as(specialist)
    page = take(client, contribution.process, ContributionFlow.give_statements)

    assert client.post(page, {"area": world.areas[0].pk, "remove": foreign.pk}).status_code == 404
    change = entry(world, change="1", edit=foreign.pk)
    del change["add"]
    assert client.post(page, change).status_code == 404
    assert client.get(f"{page}?area={world.areas[0].pk}&edit={foreign.pk}").status_code == 404
    foreign.refresh_from_db()
    assert foreign.text == "Stimmt."


@pytest.mark.parametrize(
    "wrong",
    [
        {"statement-text": " "},
        {"statement-position": "shouts"},
        {"statement-position": ""},
        {"statement-about": "indicator-999999"},
        {"statement-about": "domain-x"},
    ],
)
def test_a_wrong_statement_is_shown_again_and_not_saved(wrong, contribution, world, client_as, specialist):
    client = client_as(specialist)
    page = take(client, contribution.process, ContributionFlow.give_statements)

    response = client.post(page, entry(world, **wrong))

    assert response.status_code == 422
    assert response.context["statement_form"].errors
    assert not Statement.objects.exists()
    assert open_task(contribution.process, ContributionFlow.give_statements)


def test_an_area_without_profile_falls_back_to_the_first_one(contribution, world, client_as, specialist):
    client = client_as(specialist)
    page = take(client, contribution.process, ContributionFlow.give_statements)

    assert client.get(f"{page}?area={world.areas[3].pk}").context["profile"].area in world.areas[:2]
    assert client.get(f"{page}?area=x&edit=y").status_code == 200


def test_statements_cannot_be_given_twice_finished(contribution, world, specialist):
    driver.contribute(contribution.cycle, world.youth_office, user=specialist)

    with pytest.raises(DomainError) as error:
        open_task(contribution.process, ContributionFlow.give_statements)
    assert error.value.code == "no_open_task"


# --- deadlines -------------------------------------------------------------------------------------


def at(day):
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time(8)))


def test_a_reminder_comes_before_the_conference_and_an_escalation_after(contribution, task, world):
    due_on = contribution.due_on
    OutgoingMail.objects.all().delete()

    with time_machine.travel(at(due_on - datetime.timedelta(days=4)), tick=False):
        timers_fire()
        assert not OutgoingMail.objects.exists()
    with time_machine.travel(at(due_on - datetime.timedelta(days=3)), tick=False):
        timers_fire()
        reminded = set(OutgoingMail.objects.values_list("address", flat=True))
    offices = {world.people[name].email for name in ("head", "specialist", "jobcenter_head")}
    assert offices <= reminded
    # Planning is reminded of its own step, the conference, and of nobody else's; and of its invitation there.
    to_planner = OutgoingMail.objects.filter(address=world.people["planner"].email).order_by("pk")
    subjects = [mail.subject for mail in to_planner if not mail.subject.startswith("Kommen Sie?")]
    (subject,) = subjects
    assert "Fachplanungskonferenz durchführen" in subject
    OutgoingMail.objects.all().delete()
    with time_machine.travel(at(due_on + datetime.timedelta(days=1)), tick=False):
        timers_fire()
        escalated = set(OutgoingMail.objects.values_list("address", flat=True))
    assert offices | {world.people["planner"].email} <= escalated


def test_who_has_handed_in_is_not_reminded(contribution, task, world, specialist, cycle):
    driver.contribute(cycle, world.youth_office, user=specialist)
    OutgoingMail.objects.all().delete()

    with time_machine.travel(at(contribution.due_on + datetime.timedelta(days=1)), tick=False):
        timers_fire()

    addresses = set(OutgoingMail.objects.values_list("address", flat=True))
    assert world.people["specialist"].email not in addresses
    assert world.people["jobcenter_head"].email in addresses
