"""Running a meeting: items called, finished, postponed; outcomes of each kind; who may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from project.common.errors import DomainError
from stakeholders.models import LogEntry, User
from tests.factories import World
from tests.minutes import Desk, item, make_desk
from tests.stages import Stages
from workflows.demo import driver
from workflows.models import (
    AgendaKind,
    Confidence,
    DecisionResult,
    ItemOutcome,
    Meeting,
    OutcomeKind,
    Position,
    RecommendationState,
)
from workflows.selectors.minutes import current_content
from workflows.selectors.outcomes import item_lines
from workflows.services.attendance import attendance_all_arrive
from workflows.services.conference import statement_change, statement_remove
from workflows.services.outcomes import (
    item_call,
    item_finish,
    item_postpone,
    outcome_change,
    outcome_field,
    outcome_note,
    outcome_remove,
    outcome_statement,
)

ClientAs = Callable[[User], Client]


@pytest.fixture
def desk(world: World, stages: Stages) -> Desk:
    return make_desk(world, stages)


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(DomainError) as error:
        act()
    return error.value.code


def address(meeting: Meeting) -> str:
    return reverse("workflows:meeting-session", args=[meeting.pk])


# --- items -----------------------------------------------------------------------------------------


def test_items_are_called_one_at_a_time(desk: Desk, world: World) -> None:
    planner = world.fresh("planner")
    assert code_of(lambda: item_finish(desk.public, user=planner)) == "item_not_called"
    item_call(desk.public, user=planner)
    assert code_of(lambda: item_call(desk.public, user=planner)) == "item_called"
    assert code_of(lambda: item_call(desk.internal, user=planner)) == "other_item"
    item_finish(desk.public, user=planner)
    assert code_of(lambda: item_finish(desk.public, user=planner)) == "item_finished"
    assert code_of(lambda: item_postpone(desk.public, user=planner)) == "item_finished"
    item_call(desk.internal, user=planner)
    item_postpone(desk.internal, user=planner, reason="Keine Zeit")
    assert code_of(lambda: item_finish(desk.internal, user=planner)) == "item_postponed"
    third = item(desk.meeting)
    item_call(third, user=planner)
    states = [line.state for line in item_lines(desk.meeting, has_internal=True)]
    assert states == ["done", "postponed", "current"]
    assert LogEntry.objects.filter(action__in=["item.called", "item.finished", "item.postponed"]).count() == 5


def test_items_are_not_called_before_the_day_nor_after_the_end(desk: Desk, world: World) -> None:
    planner = world.fresh("planner")
    Meeting.objects.filter(pk=desk.meeting.pk).update(
        held_on=timezone.localdate() + timezone.timedelta(days=1)
    )
    assert code_of(lambda: item_call(desk.public, user=planner)) == "meeting_not_held"
    Meeting.objects.filter(pk=desk.meeting.pk).update(held_on=timezone.localdate(), closed_at=timezone.now())
    assert code_of(lambda: item_call(desk.public, user=planner)) == "meeting_closed"


def test_what_was_taken_off_is_not_called(desk: Desk, world: World) -> None:
    desk.public.removed_at, desk.public.remove_reason = timezone.now(), "Erledigt"
    desk.public.save()
    planner = world.fresh("planner")
    assert code_of(lambda: item_call(desk.public, user=planner)) == "item_removed"
    assert code_of(lambda: outcome_note(desk.public, text="x", user=planner)) == "item_removed"


@pytest.mark.parametrize("name", ["member", "head", "association_head", "outsider", "admin"])
def test_only_chair_and_planning_keep_the_record(desk: Desk, world: World, name: str) -> None:
    user = world.fresh(name)
    for act in (
        lambda: item_call(desk.public, user=user),
        lambda: outcome_note(desk.public, text="x", user=user),
        lambda: outcome_field(desk.public, title="x", user=user),
    ):
        with pytest.raises(PermissionDenied):
            act()
    item_call(desk.public, user=world.fresh("chair"))
    outcome_note(desk.public, text="x", user=world.fresh("chair"))


# --- outcomes --------------------------------------------------------------------------------------


def test_a_note_is_corrected_and_taken_back(desk: Desk, world: World) -> None:
    planner = world.fresh("planner")
    assert code_of(lambda: outcome_note(desk.public, text=" ", user=planner)) == "text_missing"
    note = outcome_note(desk.public, text="Erste Fassung", user=planner)
    outcome_change(note, text="Zweite Fassung", is_internal=True, user=planner)
    note.refresh_from_db()
    assert (note.text, note.is_internal) == ("Zweite Fassung", True)
    outcome_remove(note, user=planner)
    assert not ItemOutcome.objects.exists()
    entries = LogEntry.objects.filter(action__startswith="outcome.").order_by("pk")
    assert [row.action for row in entries] == ["outcome.recorded", "outcome.changed", "outcome.removed"]
    assert "Zweite Fassung" not in str([row.data for row in entries]), "the log tells nothing internal"


def test_all_of_an_internal_item_is_internal(desk: Desk, world: World) -> None:
    note = outcome_note(desk.internal, text="x", user=world.fresh("planner"))
    assert note.is_internal


def test_statement_field_and_recommendation_come_out_of_an_area(
    stages: Stages, world: World, client_as: ClientAs
) -> None:
    cycle = stages.in_conference()
    meeting = cycle.meetings.latest("pk")
    Meeting.objects.filter(pk=meeting.pk).update(held_on=timezone.localdate())
    meeting.refresh_from_db()
    row = item(meeting, AgendaKind.AREA, area=world.areas[0], title="Zentrum Nord")
    topic = item(meeting)
    planner = world.fresh("planner")
    values: dict[str, Any] = {
        "position": Position.AGREES,
        "text": "Die Zahl passt.",
        "organisation": world.youth_office,
        "user": planner,
    }
    assert code_of(lambda: outcome_statement(topic, **values)) == "no_area"
    outcome = outcome_statement(row, **values)
    assert outcome.statement is not None
    statement_change(outcome.statement, position=Position.AGREES, text="Die Zahl passt gut.", user=planner)
    statement_remove(outcome.statement, user=planner)
    assert not ItemOutcome.objects.exists(), "what was taken back leaves no outcome"

    client = client_as(planner)
    page = address(meeting)
    shown = client.get(f"{page}?item={row.pk}")
    assert shown.status_code == 200
    base = {"item": row.pk}
    posts = (
        {
            "statement": "1",
            "statement-position": Position.AGREES,
            "statement-confidence": Confidence.SURE,
            "statement-text": "Passt.",
            "statement-about": "",
            "statement-organisation": world.youth_office.pk,
        },
        {"field": "1", "field-title": "Nachbarschaft"},
        {
            "recommendation": "1",
            "recommendation-title": "Treffpunkt einrichten",
            "recommendation-addressee": world.youth_office.pk,
        },
        {"note": "1", "note-text": "Lange Aussprache."},
    )
    for values in posts:
        answer = client.post(page, base | values)
        assert answer.status_code == 302, values
    kinds = [*row.outcomes.order_by("pk").values_list("kind", flat=True)]
    assert kinds == [OutcomeKind.STATEMENT, OutcomeKind.FIELD, OutcomeKind.RECOMMENDATION, OutcomeKind.NOTE]
    begun = row.outcomes.get(kind=OutcomeKind.RECOMMENDATION).recommendation
    assert begun is not None
    assert begun.state == RecommendationState.DRAFT
    assert list(begun.current.areas.all()) == [world.areas[0]]
    assert begun.process.task_set.filter(flow_task_type="HUMAN", finished__isnull=True).exists()


def test_the_database_keeps_each_kind_to_its_thing(desk: Desk, world: World) -> None:
    planner = world.fresh("planner")
    wrong = (
        {"kind": OutcomeKind.NOTE, "text": ""},
        {"kind": OutcomeKind.NOTE, "text": "x", "field": world.plan.fields.first()},
        {"kind": OutcomeKind.FIELD},
        {"kind": OutcomeKind.STATEMENT, "field": world.plan.fields.first()},
    )
    for values in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            ItemOutcome.objects.create(item=desk.public, recorded_by=planner, **values)


def test_decisions_stand_on_the_item_of_their_recommendation_by_themselves(
    desk: Desk, world: World, client_as: ClientAs
) -> None:
    recommendation = desk.cycle.recommendations.get()
    row = item(
        desk.meeting, AgendaKind.RECOMMENDATION, recommendation=recommendation, title="Elternarbeit ausbauen"
    )
    driver.decide(recommendation, desk.meeting, DecisionResult.APPROVED, user=world.fresh("chair"))
    (line,) = [line for line in item_lines(desk.meeting, has_internal=True) if line.item == row]
    assert [decision.result for decision in line.decisions] == [DecisionResult.APPROVED]
    shown = client_as(world.fresh("chair")).get(f"{address(desk.meeting)}?item={row.pk}")
    assert line.decisions[0].reference in shown.content.decode()


def main_of(page: str) -> str:
    """What is between head and foot of a page."""
    return page[page.index("<main") : page.index("</main>")]


# --- the page --------------------------------------------------------------------------------------


def test_the_page_leads_from_item_to_item(desk: Desk, world: World, client_as: ClientAs) -> None:
    client = client_as(world.fresh("planner"))
    page = address(desk.meeting)
    shown = client.get(page).content.decode()
    assert main_of(shown).count("kern-btn--primary") == 1
    assert client.post(page, {"item": desk.public.pk, "call": "1"}).status_code == 302
    shown = client.get(page).content.decode()
    assert 'name="finish"' in shown
    assert client.post(page, {"item": desk.public.pk, "finish": "1"}).status_code == 302
    assert (
        client.post(page, {"item": desk.internal.pk, "postpone": "1", "postpone-reason": ""}).status_code
        == 302
    )
    shown = client.get(page).content.decode()
    assert main_of(shown).count("kern-btn--primary") == 1, "all done: close the meeting"
    assert reverse("workflows:meeting-close", args=[desk.meeting.pk]) in shown


def test_wrong_input_and_refusals_are_said(desk: Desk, world: World, client_as: ClientAs) -> None:
    client = client_as(world.fresh("planner"))
    page = address(desk.meeting)
    assert client.post(page, {"item": desk.public.pk, "note": "1", "note-text": ""}).status_code == 422
    assert client.post(page, {"item": desk.public.pk, "finish": "1"}).status_code == 302
    assert client.post(page, {"item": desk.public.pk, "remove": "999"}).status_code == 404
    assert client.post(page, {"item": "x", "call": "1"}).status_code == 302
    assert client.put(page).status_code == 405


def test_who_may_open_the_page(desk: Desk, world: World, client_as: ClientAs) -> None:
    expected = {
        **{"planner": 200, "planning_head": 200, "chair": 200},
        **{"member": 403, "head": 403, "outsider": 404, "funder_reader": 404},
    }
    page = address(desk.meeting)
    assert {name: client_as(world.fresh(name)).get(page).status_code for name in expected} == expected
    assert Client().get(page).status_code == 302


def test_the_page_costs_the_same_for_many_items(
    desk: Desk, world: World, client_as: ClientAs, django_assert_max_num_queries: Any
) -> None:
    for _number in range(12):
        outcome_note(item(desk.meeting), text="x", user=world.fresh("planner"))
    client = client_as(world.fresh("planner"))
    with django_assert_max_num_queries(45):
        assert client.get(address(desk.meeting)).status_code == 200


def test_the_page_tells_the_quorum_of_now_and_leads_to_the_attendance(
    desk: Desk, world: World, client_as: ClientAs
) -> None:
    client = client_as(world.fresh("planner"))
    answer = client.get(address(desk.meeting))
    assert (answer.context["quorum"].present, answer.context["quorum"].is_there) == (0, False)
    assert reverse("workflows:meeting-attendance", args=[desk.meeting.pk]) in answer.content.decode()
    attendance_all_arrive(desk.meeting, user=world.fresh("planner"))
    assert client.get(address(desk.meeting)).context["quorum"].is_there
    desk.closed()
    assert client.get(address(desk.meeting)).context["quorum"] is None


def test_items_are_called_as_their_recommendation_is_called_now(desk: Desk, world: World) -> None:
    recommendation = desk.cycle.recommendations.get()
    row = item(desk.meeting, AgendaKind.RECOMMENDATION, recommendation=recommendation, title="Alter Titel")
    line = next(line for line in item_lines(desk.meeting, has_internal=True) if line.item == row)
    assert line.heading == f"{recommendation.reference} {recommendation.current.title}"
    assert line.heading in [part.title for part in current_content(desk.closed()).items]


@pytest.mark.parametrize("sees_cycle", [True, False])
def test_who_does_not_see_the_cycle_gets_no_way_to_it(desk: Desk, *, sees_cycle: bool) -> None:
    """Who chairs from outside the territory, or was invited, sees the meeting alone."""
    values = {"meeting": desk.meeting, "sees_cycle": sees_cycle}
    crumbs = render_to_string("workflows/_meeting_crumbs.html", values)
    assert (reverse("workflows:meeting-list", args=[desk.cycle.pk]) in crumbs) is sees_cycle
    assert (reverse("workflows:cycle-detail", args=[desk.cycle.pk]) in crumbs) is sees_cycle
    assert reverse("workflows:meeting-detail", args=[desk.meeting.pk]) in crumbs
