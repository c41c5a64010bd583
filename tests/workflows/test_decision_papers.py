"""Decision papers and extracts: content, standards, rights, the same bytes for the same data."""

from __future__ import annotations

import datetime
import io
from pathlib import Path

import pypdf
import pytest
from django.urls import reverse
from django.utils import timezone, translation

from tests.pdfua.validator import faults_of
from workflows.demo import driver
from workflows.engine import recommendation_begin
from workflows.models import Confidence, DecisionResult, Position
from workflows.reports import decision_paper, extract
from workflows.services.conference import statement_add
from workflows.services.urgency import urgency_propose

ADDRESS = "https://example.org/papers/verify/"


@pytest.fixture
def session(stages):
    return stages.in_steering_group()


@pytest.fixture
def recommendation(session):
    return session[0].recommendations.get()


def text_of(content: bytes) -> str:
    reader = pypdf.PdfReader(io.BytesIO(content))
    return " ".join("\n".join(page.extract_text() for page in reader.pages).split())


def test_the_paper_holds_all_that_is_decided_on(session, recommendation, world, tmp_path: Path):
    version = recommendation.versions.get()

    data = decision_paper.collect(version)
    content = decision_paper.render(data, language="en")

    text = text_of(content)
    for part in (version.title, version.proposal, version.finding, version.aim, "Draft"):
        assert (part in text) == (part != "Draft")
    assert "sgb2_rate" in text
    assert data.meeting == session[1]
    assert content == decision_paper.render(decision_paper.collect(version), language="en")
    assert faults_of({"paper": content}, tmp_path) == []


def test_a_draft_carries_its_mark(stages, world, specialist, client_as):
    cycle = stages.in_conference()

    draft = recommendation_begin(cycle, wording=stages.wording(), user=specialist)
    data = decision_paper.collect(draft.versions.get())

    assert data.is_draft
    assert "Draft" in text_of(decision_paper.render(data, language="en"))
    page = reverse("workflows:recommendation-paper", args=[draft.pk])
    assert client_as(specialist).get(page).context["is_draft"]
    assert client_as(world.fresh("member")).get(page).status_code == 404


def test_the_page_says_the_same_as_the_file(recommendation, client_as, member):
    page = reverse("workflows:recommendation-paper", args=[recommendation.pk])
    shown = client_as(member).get(page)
    version = recommendation.versions.get()

    text = shown.content.decode()
    assert version.proposal in text
    assert "<svg" in text
    file = client_as(member).get(reverse("workflows:recommendation-paper-pdf", args=[recommendation.pk]))
    assert file.content.startswith(b"%PDF")
    assert file.headers["Content-Disposition"].startswith("attachment")


def test_an_extract_names_numbers_and_no_voters(session, recommendation, world, chair, tmp_path: Path):
    decision = driver.decide(recommendation, session[1], DecisionResult.APPROVED, user=chair)
    data = extract.collect(
        decision, recipients=["Jugendamt"], issued_on=timezone.localdate(), office="Vorsitz, Sozialdezernat"
    )

    sealed = extract.render(data, address=ADDRESS)

    text = text_of(sealed.data)
    assert decision.reference in text
    assert decision.version.proposal in text
    for seat in session[1].body.memberships.all():
        assert str(seat.user) not in text
    assert sealed == extract.render(data, address=ADDRESS)
    assert sealed.content_hash[:4] in text
    assert faults_of({"extract": sealed.data}, tmp_path) == []


def test_what_was_decided_on_the_same_version_went_before(session, recommendation, chair):
    day = timezone.localdate() + datetime.timedelta(days=5)
    decision = driver.decide(
        recommendation, session[1], DecisionResult.POSTPONED, user=chair, postponed_until=day
    )

    data = decision_paper.collect(recommendation.versions.get())

    assert list(data.decisions) == [decision]


def test_statements_say_who_what_and_how_sure(stages, world, specialist):
    cycle = stages.in_conference()
    statement = statement_add(
        cycle,
        area=world.areas[0],
        position=Position.CONTRADICTS,
        text="Das stimmt nicht.",
        organisation=world.youth_office,
        user=specialist,
        indicator=world.indicators[0],
        confidence=Confidence.LIKELY,
    )
    urgency_propose(
        cycle,
        body=cycle.planning_conference,
        area=world.areas[0],
        level="high",
        reason="Zwei Wohnheime",
        user=world.fresh("planner"),
    )
    draft = recommendation_begin(cycle, wording=stages.wording(statements=[statement]), user=specialist)
    version = draft.versions.get()
    with translation.override("en"):
        text = text_of(decision_paper.render(decision_paper.collect(version), language="en"))
        said = [
            statement.source_words,
            statement.get_position_display(),
            statement.get_confidence_display(),
        ]
    for part in (*said, "Zwei Wohnheime"):
        assert part in text, part
