"""What a body decides on an item without a recommendation: counted, kept, told by the minutes."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from project.common.errors import DomainError
from stakeholders.models import RulesOfProcedure, User
from tests.factories import World
from tests.minutes import Desk, item, make_desk
from tests.stages import Stages
from workflows.minutes_draft import outcome_words
from workflows.models import AgendaKind, ItemOutcome, OutcomeKind
from workflows.selectors.minutes import current_content
from workflows.services.attendance import attendance_arrive
from workflows.services.item_decisions import outcome_decision
from workflows.services.outcomes import item_call, item_finish, outcome_change, outcome_remove

ClientAs = Callable[[User], Client]
WORDS = "Die Gruppe tagt künftig in Stolberg."


@pytest.fixture
def desk(world: World, stages: Stages) -> Desk:
    """The public item is called."""
    desk = make_desk(world, stages)
    item_call(desk.public, user=world.fresh("planner"))
    return desk


def decide(desk: Desk, yes: int = 3, no: int = 1, abstain: int = 0, **kwargs: Any) -> ItemOutcome:
    values = {"item": desk.public, "text": WORDS, "user": desk.person("planner")} | kwargs
    return outcome_decision(values.pop("item"), yes=yes, no=no, abstain=abstain, **values)


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(DomainError) as error:
        act()
    return error.value.code


@pytest.mark.parametrize(
    ("votes", "is_carried"), [((4, 0, 0), True), ((2, 1, 1), True), ((2, 2, 0), False), ((1, 3, 0), False)]
)
def test_it_is_counted_by_the_rules_and_told_by_the_minutes(
    votes: tuple[int, int, int], is_carried: bool, desk: Desk
) -> None:
    outcome = decide(desk, *votes)

    assert (outcome.kind, outcome.is_carried) == (OutcomeKind.DECISION, is_carried)
    item_finish(desk.public, user=desk.person("planner"))
    (part, *_others) = current_content(desk.closed()).items
    with override("de"):
        words = outcome_words(outcome)
    assert words in part.text
    assert WORDS in words
    assert [int(number) for number in re.findall(r"\d+", words)] == list(votes)


@pytest.mark.parametrize(
    ("tie", "is_chair_yes", "is_carried"), [("chair", True, True), ("chair", False, False)]
)
def test_a_tie_is_what_the_rules_say(tie: str, is_chair_yes: bool, is_carried: bool, desk: Desk) -> None:
    RulesOfProcedure.objects.filter(body=desk.meeting.body).update(tie=tie)
    assert decide(desk, 2, 2, is_chair_yes=is_chair_yes).is_carried is is_carried


def test_the_chairs_word_decides_nothing_where_a_tie_is_a_no(desk: Desk) -> None:
    assert decide(desk, 2, 2, is_chair_yes=True).is_carried is False


def test_without_quorum_or_with_more_votes_than_members_nothing_is_kept(desk: Desk, world: World) -> None:
    assert code_of(lambda: decide(desk, 1, 0)) == "quorum_missing"
    assert code_of(lambda: decide(desk, 5, 0)) == "too_many_votes"
    for seat in desk.meeting.body.memberships.voting()[:2]:
        attendance_arrive(desk.meeting, seat=seat, user=world.fresh("planner"))
    assert code_of(lambda: decide(desk, 3, 0)) == "too_many_votes", "two are in the room"
    assert decide(desk, 2, 0).is_carried
    assert ItemOutcome.objects.count() == 1


def test_a_group_that_is_not_in_the_room_keeps_it_from_deciding(desk: Desk, world: World) -> None:
    rules = RulesOfProcedure.objects.get(body=desk.meeting.body)
    rules.group_quorums.create(kind="jobcenter", least_count=1)
    for seat in desk.meeting.body.memberships.voting().exclude(organisation=world.jobcenter):
        attendance_arrive(desk.meeting, seat=seat, user=world.fresh("planner"))
    assert code_of(lambda: decide(desk, 3, 0)) == "group_missing"


def test_what_is_decided_elsewhere_or_not_called_is_refused(desk: Desk, world: World) -> None:
    recommendation = desk.cycle.recommendations.get()
    other = item(desk.meeting, AgendaKind.RECOMMENDATION, recommendation=recommendation, title="Eltern")
    assert code_of(lambda: decide(desk, item=other)) == "decided_otherwise"
    assert code_of(lambda: decide(desk, item=desk.internal)) == "item_not_called"
    assert code_of(lambda: decide(desk, text=" ")) == "text_missing"
    with pytest.raises(PermissionDenied):
        decide(desk, user=world.fresh("member"))
    desk.closed()
    assert code_of(lambda: decide(desk)) == "meeting_closed"
    assert not ItemOutcome.objects.filter(kind=OutcomeKind.DECISION).exists()


def test_it_is_neither_changed_nor_taken_back(desk: Desk) -> None:
    outcome, planner = decide(desk), desk.person("planner")
    change = partial(outcome_change, outcome, text="Anders", is_internal=False, user=planner)
    assert code_of(change) == "not_a_note"
    assert code_of(lambda: outcome_remove(outcome, user=planner)) == "not_a_note"


@pytest.mark.parametrize(
    "values",
    [
        {"kind": "decision", "text": "x"},
        {
            "kind": "decision",
            "text": "",
            "yes_count": 1,
            "no_count": 0,
            "abstain_count": 0,
            "is_carried": True,
        },
        {"kind": "note", "text": "x", "yes_count": 1},
    ],
)
def test_the_database_keeps_votes_to_decisions(values: dict[str, Any], desk: Desk) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        ItemOutcome.objects.create(item=desk.public, recorded_by=desk.person("planner"), **values)


def test_on_an_internal_item_it_is_told_to_members_only(desk: Desk) -> None:
    planner = desk.person("planner")
    item_finish(desk.public, user=planner)
    item_call(desk.internal, user=planner)
    assert decide(desk, item=desk.internal).is_internal


def test_the_page_reads_it_back_first(desk: Desk, world: World, client_as: ClientAs) -> None:
    address = reverse("workflows:meeting-session", args=[desk.meeting.pk])
    client = client_as(world.fresh("chair"))
    fields = {"item": str(desk.public.pk), "decide": "1", "decide-text": WORDS}
    votes = {"decide-yes": "3", "decide-no": "1", "decide-abstain": "0"}
    assert 'name="decide"' in client.get(address).content.decode()
    assert client.post(address, fields).status_code == 422
    assert client.post(address, {**fields, **votes, "decide-yes": "9"}).status_code == 422

    shown = client.post(address, fields | votes)
    assert shown.status_code == 200
    assert WORDS in shown.content.decode()
    assert (
        client.post(address, fields | votes | {"again": "1"}).context["forms"]["decide"]["yes"].value() == "3"
    )
    assert not ItemOutcome.objects.exists()
    assert client.post(address, dict(shown.context["entered"]) | {"sure": "1"}).status_code == 302

    outcome = ItemOutcome.objects.get()
    assert (outcome.text, outcome.yes_count, outcome.recorded_by) == (WORDS, 3, world.people["chair"])
    assert WORDS in client.get(f"{address}?item={desk.public.pk}").content.decode()
    assert client_as(world.fresh("member")).post(address, fields | votes | {"sure": "1"}).status_code == 403
