"""Any two versions side by side, with the reason of the return, as far as a person may read them."""

import pytest
from django.urls import reverse

from tests.workflows.test_cosigning_pages import send_back
from workflows.demo import driver
from workflows.engine import recommendation_begin
from workflows.models import DecisionResult


@pytest.fixture
def three(stages, world, specialist, planning_head, planner, chair):
    """Sent back by the conference's chair, then by the steering group, then adopted again."""
    cycle = stages.in_conference()
    recommendation = recommendation_begin(cycle, wording=stages.wording(), user=specialist)
    driver.propose(recommendation, user=specialist)
    send_back(recommendation, planning_head)
    second = stages.wording(proposal="Ein Angebot wird im Zentrum eingerichtet.")
    driver.propose(recommendation, user=specialist, wording=second)
    driver.adopt(recommendation, user=planning_head)
    driver.close_conference(cycle, user=planner)
    meeting = driver.invite_steering_group(cycle, user=planner)
    driver.decide(recommendation, meeting, DecisionResult.RETURNED, user=chair, reason="Träger fehlt")
    third = stages.wording(
        proposal="Ein Angebot wird im Zentrum mit einem Träger eingerichtet.",
        areas=[world.areas[1]],
        cost_kind="yearly",
        cost_from=20000,
        cost_to=30000,
    )
    driver.propose(recommendation, user=specialist, wording=third)
    driver.adopt(recommendation, user=planning_head)
    return recommendation


@pytest.fixture
def url(three):
    return reverse("workflows:version-compare", args=[three.pk])


def numbers(response):
    return response.context["old"].number, response.context["new"].number


def test_the_last_two_are_compared_by_themselves_and_any_two_by_choice(three, url, client_as, planner):
    client = client_as(planner)

    assert numbers(client.get(url)) == (2, 3)
    assert numbers(client.get(url, {"old": "1", "new": "3"})) == (1, 3)
    assert numbers(client.get(url, {"old": "3", "new": "1"})) == (1, 3), "in their order"
    assert numbers(client.get(url, {"old": "2", "new": "2"})) == (1, 2)
    assert numbers(client.get(url, {"old": "1", "new": "1"})) == (1, 2)
    assert numbers(client.get(url, {"old": "x", "new": "99"})) == (2, 3)


def test_what_came_and_went_is_marked_and_said_with_the_reason(three, url, client_as, planner):
    client = client_as(planner)
    shown = client.get(url)

    changed = {part.label.__str__(): part for part in shown.context["changed"]}
    assert len(changed) == 3
    kinds = {row.kind for part in changed.values() for row in part.segments if row.is_item}
    assert kinds == {"removed", "added"}
    text = shown.content.decode()
    assert "Träger fehlt" in text
    assert "<ins>" in text
    assert [row.reason for row in client.get(url, {"old": "1"}).context["returns"]] == [
        "Kosten",
        "Träger fehlt",
    ]
    side = client.get(url, {"layout": "side"})
    assert side.context["is_side"]
    assert "pg-table--compare" in side.content.decode()
    assert {part.label for part in shown.context["unchanged"]}.isdisjoint(changed)


def test_others_compare_what_was_submitted_only(three, url, client_as, world):
    client = client_as(world.fresh("member"))

    shown = client.get(url, {"old": "1", "new": "3"})

    assert numbers(shown) == (2, 3)
    assert [row.reason for row in shown.context["returns"]] == ["Träger fehlt"]
    assert world.people["chair"].display_name not in shown.content.decode()
    assert client_as(world.fresh("outsider")).get(url).status_code == 404


def test_one_version_says_that_there_is_nothing_to_compare(stages, client_as, specialist):
    recommendation = recommendation_begin(stages.in_conference(), wording=stages.wording(), user=specialist)
    url = reverse("workflows:version-compare", args=[recommendation.pk])

    assert client_as(specialist).get(url).context["old"] is None
    assert client_as(specialist).post(url).status_code == 405
