"""The chain behind a funded project: what was released and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from measures.models import FundedProject
from measures.services.releases import content_mark, plan_release, plan_withdraw, release_content
from stakeholders.models import User
from tests.factories import World
from tests.funding import granted
from tests.stages import Stages
from workflows.demo import driver
from workflows.models import AgendaItem, DecisionResult, MeasureOrigin
from workflows.selectors.project_chain import project_chain

ClientAs = Callable[[User], Client]


@pytest.fixture
def project(world: World) -> FundedProject:
    """A project of a measure that works in two areas."""
    row = granted(world, "Elterncafé")
    row.measure.areas.set(world.areas[:2])
    return row


def released(world: World, project: FundedProject, field: str, *, user: User) -> None:
    """The plan with the project's measure and one field of it is public."""
    what: dict[str, Any] = {"fields": [field], "measures": [project.measure_id]}
    mark = content_mark(release_content(world.plan, **what))
    plan_release(world.plan, **what, note="", seen=mark, user=user)


def test_nothing_is_told_before_it_is_released(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    chain = project_chain(project, world.areas[:2])
    assert chain.measure is None
    assert chain.decisions == ()
    assert [(row.name, row.class_words) for row in chain.areas] == [("Zentrum Nord", ""), ("Altstadt", "")]
    for name in ("funder_reader", "planner", "provider_head"):
        page = client_as(world.fresh(name)).get(reverse("measures:project-detail", args=[project.pk]))
        card = page.content.decode().split('id="chain"')[1].split("</section>")[0]
        assert "als Maßnahme" not in card, name


def test_what_was_released_of_the_measure_is_told_and_no_more(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    planner = world.fresh("planner")
    released(world, project, "dates", user=planner)
    told = project_chain(project, []).measure
    assert told is not None
    assert (told.number, told.title, told.state) == (project.measure.number, project.measure.title, None)
    released(world, project, "state", user=planner)
    again = project_chain(project, []).measure
    assert again is not None
    assert again.state is not None
    page = client_as(world.fresh("funder_reader")).get(reverse("measures:project-detail", args=[project.pk]))
    html = page.content.decode()
    assert "als Maßnahme" in html
    assert "Interner Entwurf" not in html


def test_what_was_taken_back_is_not_told_any_more(project: FundedProject, world: World) -> None:
    planner = world.fresh("planner")
    released(world, project, "state", user=planner)
    plan_withdraw(world.plan, note="", user=planner)
    assert project_chain(project, []).measure is None


def test_a_decision_is_told_if_its_matter_was_public_and_the_measure_is_released(
    project: FundedProject, world: World, stages: Stages, client_as: ClientAs
) -> None:
    cycle, meeting = stages.in_steering_group()
    recommendation = cycle.recommendations.get()
    driver.decide(recommendation, meeting, DecisionResult.APPROVED, user=world.fresh("chair"))
    decision = recommendation.decisions.get()
    MeasureOrigin.objects.create(measure=project.measure, recommendation=recommendation, decision=decision)
    item = meeting.agenda.filter(recommendation=recommendation).first() or AgendaItem.objects.create(
        meeting=meeting, position=99, kind="recommendation", title="Antrag", recommendation=recommendation
    )
    assert project_chain(project, []).decisions == (), "the measure is not public"
    released(world, project, "state", user=world.fresh("planner"))
    (told,) = project_chain(project, []).decisions
    assert (told.reference, told.recommendation) == (decision.reference, decision.version.title)
    page = client_as(world.fresh("funder_reader")).get(reverse("measures:project-detail", args=[project.pk]))
    card = page.content.decode().split('id="chain"')[1].split("</section>")[0]
    assert decision.reference in card
    assert "Stimmen" not in card
    AgendaItem.objects.filter(pk=item.pk).update(is_internal=True)
    assert project_chain(project, []).decisions == ()
