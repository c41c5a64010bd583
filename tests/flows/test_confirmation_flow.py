"""A party's confirmation: each end, each refusal."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from measures.models import Measure, MeasureStatus
from project.common.errors import DomainError
from stakeholders import services as people
from stakeholders.models import LogEntry, Organisation, User
from tests.factories import World
from tests.stages import Stages
from tests.workflows.taskpages import page_of, take
from workflows.demo import driver
from workflows.engine import agreement_call_off
from workflows.flows import ConfirmationFlow, MeasureFlow
from workflows.models import AgreementConfirmation, ConfirmationState
from workflows.nodes import complete_task, open_task
from workflows.services.implementation import confirmation_answer

ClientAs = Callable[[User], Client]

STEP = ConfirmationFlow.confirm_agreement
YES = {"answer": "confirm", "comment": ""}


@pytest.fixture
def measure(stages: Stages) -> Measure:
    """Youth office and provider are asked."""
    return stages.at_agreement()[1]


def asked(measure: Measure, party: Organisation) -> AgreementConfirmation:
    return measure.confirmations.select_related("process").get(organisation=party)


def ended_by(confirmation: AgreementConfirmation) -> str:
    process = confirmation.process
    process.refresh_from_db()
    assert process.finished is not None
    assert not process.task_set.filter(finished=None).exists(), "nothing is left waiting"
    return str(process.task_set.filter(flow_task_type="END", status="DONE").get().flow_task.name)


# --- ends ------------------------------------------------------------------------------------------


def test_confirmed(measure: Measure, world: World, client_as: ClientAs) -> None:
    confirmation = asked(measure, world.provider)
    client = client_as(world.fresh("provider_head"))
    page = take(client, confirmation.process, STEP)
    assert measure.title in client.get(page).content.decode()

    assert client.post(page, YES).status_code == 302
    confirmation.refresh_from_db()
    assert (confirmation.state, confirmation.answered_by) == ("confirmed", world.people["provider_head"])
    assert ended_by(confirmation) == "confirmed"
    assert LogEntry.objects.filter(action="agreement.confirmed").count() == 1
    measure.refresh_from_db()
    assert measure.status == MeasureStatus.PROPOSED, "the youth office and planning have not answered"

    driver.confirm(measure, world.youth_office, user=world.fresh("head"))
    measure.refresh_from_db()
    assert measure.status == MeasureStatus.PROPOSED, "planning is a party as well"
    driver.confirm(measure, world.planning_unit, user=world.fresh("planning_head"))
    measure.refresh_from_db()
    assert measure.status == MeasureStatus.AGREED


def test_refused_and_called_off_for_the_others(measure: Measure, world: World, client_as: ClientAs) -> None:
    confirmation, other = asked(measure, world.provider), asked(measure, world.youth_office)
    head = client_as(world.fresh("head"))
    others_page = take(head, other.process, STEP)
    client = client_as(world.fresh("provider_head"))
    page = take(client, confirmation.process, STEP)

    assert client.post(page, {"answer": "refuse", "comment": "Räume fehlen"}).status_code == 302
    assert (ended_by(confirmation), ended_by(other)) == ("refused", "called_off")
    other.refresh_from_db()
    assert (other.state, other.answered_by, other.comment) == ("called_off", None, "")
    entry = LogEntry.objects.get(action="agreement.called_off", object_id=other.pk)
    assert (entry.user, entry.data["party"]) == (None, "Jugendamt")
    assert head.post(others_page, YES).status_code == 409
    assert open_task(measure.process, MeasureFlow.revise_measure)


def test_called_off_by_planning(measure: Measure, world: World, client_as: ClientAs) -> None:
    confirmation = asked(measure, world.provider)
    client = client_as(world.fresh("provider_head"))
    page = take(client, confirmation.process, STEP)
    agreement_call_off(measure, reason="Zu lange gewartet", user=world.fresh("planner"))

    assert ended_by(confirmation) == "called_off"
    confirmation.refresh_from_db()
    assert (confirmation.comment, confirmation.answered_by) == ("Zu lange gewartet", world.people["planner"])
    entries = LogEntry.objects.filter(action="agreement.called_off", user=world.people["planner"])
    assert entries.count() == 3
    assert client.post(page, YES).status_code == 409


def test_each_round_asks_anew(measure: Measure, world: World) -> None:
    driver.confirm(measure, world.provider, user=world.fresh("provider_head"), refusal="Räume fehlen")
    complete_task(
        open_task(measure.process, MeasureFlow.revise_measure),
        user=world.fresh("planner"),
        act=lambda process: None,
    )
    rows = measure.confirmations.filter(round=2)
    parties = {world.youth_office, world.provider, world.planning_unit}
    assert {row.organisation for row in rows} == parties
    assert {row.state for row in rows} == {ConfirmationState.OPEN}


# --- refusals --------------------------------------------------------------------------------------


def test_only_the_head_of_the_party_answers(measure: Measure, world: World, client_as: ClientAs) -> None:
    confirmation = asked(measure, world.provider)
    task = open_task(confirmation.process, STEP)
    page = page_of(task)
    strangers = ("head", "specialist", "jobcenter_head", "chair", "funder_reader", "admin", "outsider")
    for name in strangers:
        client = client_as(world.fresh(name))
        assert client.get(page).status_code == 404, name
        assert client.post(page, YES).status_code == 404, name
    planner = client_as(world.fresh("planner"))
    assert planner.get(page).status_code == 403
    assert planner.post(page, YES).status_code == 403
    assert Client().post(page, YES).status_code == 302
    for name in (*strangers, "planner"):
        with pytest.raises(PermissionDenied):
            complete_task(task, user=world.fresh(name), act=lambda process: None)
    # Who works there without leading it does not answer for it.
    own = page_of(open_task(asked(measure, world.youth_office).process, STEP))
    assert client_as(world.fresh("specialist")).post(own, YES).status_code == 404
    assert set(measure.confirmations.values_list("state", flat=True)) == {"open"}


def test_a_right_taken_away_after_the_task_was_taken_counts(
    measure: Measure, world: World, client_as: ClientAs
) -> None:
    confirmation = asked(measure, world.provider)
    user = world.fresh("provider_head")
    client = client_as(user)
    page = take(client, confirmation.process, STEP)
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    people.membership_end(user.memberships.get(organisation=world.provider), ends_on=yesterday, user=None)

    assert client.get(page).status_code == 403
    assert client.post(page, YES).status_code == 403
    confirmation.refresh_from_db()
    assert confirmation.state == ConfirmationState.OPEN
    assert open_task(confirmation.process, STEP)


def test_a_refusal_says_what_has_to_change(measure: Measure, world: World, client_as: ClientAs) -> None:
    confirmation = asked(measure, world.provider)
    client = client_as(world.fresh("provider_head"))
    page = take(client, confirmation.process, STEP)
    for fields in ({"answer": "refuse", "comment": " "}, {"answer": "perhaps"}, {}):
        assert client.post(page, fields).status_code == 422, fields
    assert open_task(confirmation.process, STEP)


def test_an_answer_is_given_once(measure: Measure, world: World) -> None:
    user = world.fresh("provider_head")
    driver.confirm(measure, world.provider, user=user)
    confirmation = asked(measure, world.provider)
    with pytest.raises(DomainError) as error:
        confirmation_answer(confirmation, is_confirmed=False, comment="Doch nicht", user=user)
    assert error.value.code == "already_answered"
