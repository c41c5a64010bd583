"""Addresses of the printed plan and of the sheet of a measure: who may have which variant."""

from __future__ import annotations

import io
from collections.abc import Callable

import pypdf
import pytest
from django.test import Client
from django.urls import reverse

from measures.models import Measure
from measures.services.rights import measure_grant_rights
from stakeholders.models import User
from tests import factories
from tests.factories import World
from tests.stages import Stages
from workflows.demo import driver
from workflows.models import DecisionResult, MeasureOrigin
from workflows.selectors.origins import origins_in_words

ClientAs = Callable[[User], Client]


@pytest.fixture
def measure(world: World) -> Measure:
    """A running measure of the youth office with the provider as partner."""
    found = factories.measure(
        world.plan, world.youth_office, title="Elterncafé", status="running", partners=[world.provider]
    )
    measure_grant_rights(found)
    return found


def text_of(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)


@pytest.mark.parametrize(
    ("name", "public", "internal", "sheet"),
    [
        ("planner", 200, 200, 200),
        ("head", 200, 403, 200),
        ("chair", 200, 403, 200),
        ("provider_head", 404, 404, 200),
        ("funder_reader", 404, 404, 404),
        ("outsider", 404, 404, 404),
    ],
)
def test_who_may_have_which_paper(
    name: str,
    public: int,
    internal: int,
    sheet: int,
    measure: Measure,
    world: World,
    client_as: ClientAs,
) -> None:
    client = client_as(world.people[name])
    plan = reverse("workflows:plan-paper", args=[world.plan.pk])
    assert client.get(plan).status_code == public
    assert client.get(f"{plan}?variant=internal").status_code == internal
    assert client.get(reverse("workflows:measure-sheet", args=[measure.pk])).status_code == sheet


def test_papers_are_files_with_names(measure: Measure, world: World, client_as: ClientAs) -> None:
    client = client_as(world.people["planner"])
    for address, words in (
        (reverse("workflows:plan-paper", args=[world.plan.pk]), world.plan.title),
        (reverse("workflows:measure-sheet", args=[measure.pk]), "Elterncafé"),
    ):
        answer = client.get(address)
        assert answer["Content-Type"] == "application/pdf"
        assert answer["Content-Disposition"].startswith("attachment;")
        assert answer["Cache-Control"] == "private"
        assert words in text_of(answer.content)


def test_an_unknown_variant_and_a_post_are_refused(
    measure: Measure, world: World, client_as: ClientAs
) -> None:
    client = client_as(world.people["planner"])
    address = reverse("workflows:plan-paper", args=[world.plan.pk])
    assert client.get(f"{address}?variant=secret").status_code == 404
    assert client.post(address).status_code == 405
    assert client.post(reverse("workflows:measure-sheet", args=[measure.pk])).status_code == 405


def test_pages_lead_to_their_papers(measure: Measure, world: World, client_as: ClientAs) -> None:
    address = reverse("workflows:plan-paper", args=[world.plan.pk])
    for name, sees_internal in (("planner", True), ("chair", False)):
        html = (
            client_as(world.people[name]).get(reverse("measures:plan-detail", args=[world.plan.pk])).content
        )
        assert f'"{address}"' in html.decode()
        assert (f"{address}?variant=internal" in html.decode()) is sees_internal
    page = client_as(world.people["planner"]).get(reverse("measures:measure-detail", args=[measure.pk]))
    assert reverse("workflows:measure-sheet", args=[measure.pk]) in page.content.decode()


def test_papers_name_recommendation_and_decision(
    measure: Measure, world: World, stages: Stages, client_as: ClientAs
) -> None:
    cycle, meeting = stages.in_steering_group()
    recommendation = cycle.recommendations.get()
    driver.decide(recommendation, meeting, DecisionResult.APPROVED, user=world.fresh("chair"))
    decision = recommendation.decisions.get()
    MeasureOrigin.objects.create(measure=measure, recommendation=recommendation, decision=decision)
    (origin,) = origins_in_words(Measure.objects.all())[measure.pk]
    assert origin.recommendation == decision.version.title
    assert decision.reference in origin.decision
    for address in (
        reverse("workflows:measure-sheet", args=[measure.pk]),
        reverse("workflows:plan-paper", args=[world.plan.pk]),
    ):
        text = text_of(client_as(world.people["planner"]).get(address).content)
        assert decision.reference in text
        assert " ".join(decision.version.title.split()[:2]) in text
