"""Papers of an evening, translated questions, and measures from ideas."""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pypdf
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from project.common.errors import DomainError
from stakeholders.models import User
from tests.evenings import Evenings, entry_path, make_evenings
from tests.factories import World
from tests.pdfua.validator import faults_of
from tests.stages import Stages
from workflows.demo import evening_steps as steps
from workflows.models import (
    EntryState,
    SpaceConference,
    SpaceIdea,
    SpaceQuestion,
)
from workflows.qr import qr_drawing
from workflows.services.space_conferences import conference_prepare
from workflows.take_part import words_of

ClientAs = Callable[[User], Client]


@pytest.fixture
def evenings(world: World, stages: Stages) -> Evenings:
    return make_evenings(world, stages)


@pytest.fixture
def conference(evenings: Evenings) -> SpaceConference:
    return evenings.opened()


def page_of(name: str, conference: SpaceConference) -> str:
    return reverse(f"workflows:space-conference-{name}", args=[conference.pk])


def text_of(content: bytes) -> str:
    return " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(DomainError) as error:
        act()
    return error.value.code


def test_the_record(evenings: Evenings, world: World, client_as: ClientAs) -> None:
    conference, _idea = evenings.published()
    path = page_of("record", conference)
    response = client_as(evenings.planner).get(path)
    text = text_of(response.content)
    for words in (
        "Zentrum Nord",
        "Elternarbeit ausbauen",
        "Ein Bolzplatz",
        "Unbedingt!",
        "Der Platz gehört der Bahn.",
        "Im Herbst gibt es ein Treffen.",
        "34",
    ):
        assert words in text, words
    for user in world.people.values():
        assert user.display_name not in text
    assert client_as(evenings.planner).get(path).content == response.content, "the same bytes"
    assert client_as(world.fresh("head")).get(path).status_code == 200
    assert client_as(world.fresh("outsider")).get(path).status_code == 404


def test_no_record_before_the_close_and_no_answers_before_the_release(
    evenings: Evenings, world: World, client_as: ClientAs
) -> None:
    conference = evenings.opened()
    assert client_as(evenings.planner).get(page_of("record", conference)).status_code == 404
    submitted, _idea = evenings.submitted(1)
    path = page_of("record", submitted)
    assert "Bahn" in text_of(client_as(evenings.planner).get(path).content)
    assert "Bahn" not in text_of(client_as(world.fresh("head")).get(path).content)


def test_the_papers_pass_the_validator(evenings: Evenings, client_as: ClientAs, tmp_path: Path) -> None:
    client = client_as(evenings.planner)
    conference, _idea = evenings.published()
    opened = evenings.opened(1)
    files = {
        "record": client.get(page_of("record", conference)).content,
        "sheet": client.get(page_of("handout", opened)).content,
    }
    assert faults_of(files, tmp_path) == []


def test_the_sheet_and_the_code(evenings: Evenings, client_as: ClientAs) -> None:
    conference = evenings.opened()
    client = client_as(evenings.facilitator)
    sheet = client.get(page_of("handout", conference)).content
    assert len(pypdf.PdfReader(io.BytesIO(sheet)).pages) == 1
    assert "Was brauchen Kinder hier?" in text_of(sheet)
    wall = client.get(page_of("qr", conference)).content.decode()
    assert entry_path(conference) in wall
    assert 'class="pg-qr"' in wall
    assert 'role="img"' in wall
    drawing = qr_drawing("https://example.org/take-part/x/", title="QR", description="Leads there")
    assert drawing.width == drawing.height


def test_a_translated_question_keeps_the_word_on_writing_and_the_one_page(
    evenings: Evenings, client_as: ClientAs
) -> None:
    conference = evenings.set_up()
    longest = ("Was brauchen die Kinder hier? " * 20)[:300].strip().ljust(300, "?")
    steps.prepare(conference, user=evenings.planner, question=longest)
    for code in ("en", "tr", "uk", "ru", "ar"):
        SpaceQuestion.objects.create(conference=conference, language=code, text=f"{code}{longest}"[:300])
    sheet = client_as(evenings.facilitator).get(page_of("handout", conference)).content
    assert len(pypdf.PdfReader(io.BytesIO(sheet)).pages) == 1
    shown = " ".join(text_of(sheet).split())
    for code in ("tr", "uk", "ru"):
        assert words_of(code)["written_in"] in shown, code
        assert f"{code}Was brauchen" in shown, code


def test_a_translation_is_refused_not_cut(evenings: Evenings) -> None:
    conference = evenings.set_up()
    now = timezone.now()
    prepare = partial(
        conference_prepare,
        conference,
        held_on=timezone.localdate(),
        place="",
        meeting=None,
        question="Was fehlt?",
        recommendations=[],
        points_each=3,
        opens_at=now,
        closes_at=now + datetime.timedelta(hours=1),
        user=evenings.planner,
    )
    assert code_of(lambda: prepare(translations={"tr": "x" * 301})) == "text_too_long"
    prepare(translations={"tr": "x" * 300})
    assert conference.questions.get().text == "x" * 300


def test_planning_shapes_a_measure_from_an_idea(evenings: Evenings, client_as: ClientAs) -> None:
    _conference, idea = evenings.closed()
    planner = client_as(evenings.planner)
    page = reverse("workflows:space-idea-answer", args=[idea.pk])
    address = f"{reverse('workflows:measure-create', args=[evenings.cycle.pk])}?idea={idea.pk}"
    assert address in planner.get(page).content.decode()
    shown = planner.get(address)
    first = shown.context["editor"].form.initial
    assert (first["title"], first["description"]) == (idea.text, idea.text)
    assert first["areas"] == [idea.conference.area_id]
    assert shown.context["origin"].initial["recommendation"] == evenings.recommendation.pk
    other = evenings.idea(evenings.opened(1), "Ein Zaun")
    SpaceIdea.objects.filter(pk=other.pk).update(state=EntryState.HIDDEN, hide_reason="Nein")
    hidden = planner.get(f"{reverse('workflows:measure-create', args=[evenings.cycle.pk])}?idea={other.pk}")
    assert hidden.context["idea"] is None
