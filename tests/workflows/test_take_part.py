"""The entry page of an evening without sign-in, and the answers: what comes in, is refused, is kept."""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from measures.models import Measure, MeasureStatus
from project.common.errors import DomainError
from stakeholders.models import LogEntry, User
from tests.evenings import NEXT_STEPS, Evenings, entry_path, make_evenings
from tests.factories import World
from tests.stages import Stages
from tests.workflows.taskpages import take
from workflows.demo import evening_steps
from workflows.devices import KEY_SECONDS, new_key
from workflows.evenings import conference_give_up
from workflows.flows import SpaceConferenceFlow
from workflows.models import AnswerKind, SpaceComment, SpaceConference, SpaceDevice, SpaceIdea, SpacePoint
from workflows.selectors.space_conferences import entry_url, link_of
from workflows.services import space_entries
from workflows.services.space_conferences import conference_renew_link
from workflows.services.space_entries import entry_moderate
from workflows.take_part import languages, words_of

ClientAs = Callable[[User], Client]


@pytest.fixture
def evenings(world: World, stages: Stages) -> Evenings:
    return make_evenings(world, stages)


@pytest.fixture
def conference(evenings: Evenings) -> SpaceConference:
    return evenings.opened()


class Phone:
    """A telephone without sign-in that keeps its key as the page does."""

    def __init__(self, conference: SpaceConference, language: str = "de") -> None:
        self.path, self.language = entry_path(conference), language
        self.client = Client(enforce_csrf_checks=True)
        page = self.client.get(self.path).content.decode()
        found = re.search(r'name="me" value="([^"]+)"', page)
        self.key = found[1] if found else new_key()

    def send(self, wanted: str, **fields: Any) -> Any:
        defaults = {"act": wanted, "me": self.key, "entry_key": str(uuid.uuid4()), "homepage": ""}
        return self.client.post(f"{self.path}?lang={self.language}", defaults | fields)

    def page(self, **query: str) -> str:
        response = self.client.get(self.path, {"lang": self.language, "me": self.key, **query})
        assert response.status_code == 200
        return str(response.content.decode())


def test_a_resident_writes_comments_and_points(
    conference: SpaceConference, evenings: Evenings, client_as: ClientAs
) -> None:
    phone = Phone(conference)
    page = phone.page()
    assert "Was brauchen Kinder hier?" in page
    assert "Elternarbeit ausbauen" in page
    sent = phone.send("idea", text="Ein Bolzplatz", recommendation=evenings.recommendation.pk)
    assert sent.status_code == 303
    thanks = phone.client.get(sent["Location"]).content.decode()
    assert words_of("de")["done_idea"] in thanks
    assert "Ein Bolzplatz" not in thanks, "nothing is shown before somebody has read it"

    idea = SpaceIdea.objects.get()
    assert (idea.number, idea.recommendation) == (1, evenings.recommendation)
    assert idea.entered_by is None
    entry_moderate(conference, idea, is_shown=True, user=evenings.facilitator)
    other = Phone(conference)
    assert "Ein Bolzplatz" in other.page()
    assert other.send("comment", idea=1, text="Mit Beleuchtung").status_code == 303
    assert "Mit Beleuchtung" not in other.page()
    entry_moderate(conference, SpaceComment.objects.get(), is_shown=True, user=evenings.facilitator)
    assert "Mit Beleuchtung" in other.page()

    for _each in range(conference.points_each):
        assert other.send("point", idea=1).status_code == 303
    refused = other.send("point", idea=1)
    assert refused.status_code == 422
    assert words_of("de")["no_points_left"] in refused.content.decode()
    assert 'id="said"' not in refused.content.decode()
    back = other.send("back", idea=1)
    assert back["Location"].endswith("#idea-1")
    beside = other.client.get(back["Location"]).content.decode()
    assert words_of("de")["done_back"] in beside.split('id="idea-1"')[1]
    assert SpacePoint.objects.count() == 2
    assert words_of("de")["points"].format(count=2) in other.page()
    assert phone.send("back", idea=1).status_code == 303, "nothing of one's own to take back"
    assert SpacePoint.objects.count() == 2


def test_no_cookie_nothing_kept_nothing_found(conference: SpaceConference) -> None:
    client = Client()
    path = entry_path(conference)
    phone = Phone(conference)
    for response in (client.get(path), client.head(path), phone.send("idea", text="x"), phone.send("idea")):
        assert not response.cookies
        assert response["Cache-Control"] == "no-store"
        assert "noindex" in response["X-Robots-Tag"]
        assert response["Referrer-Policy"] == "no-referrer"
        assert "default-src 'self'" in response["Content-Security-Policy"]
    page = client.get(path).content.decode()
    assert "csrfmiddlewaretoken" not in page
    assert not re.search(r'\sstyle="|<script(?![^>]*src=)|\son[a-z]+="', page)
    assert client.put(path).status_code == 405


def test_nothing_personal_is_kept(
    conference: SpaceConference, evenings: Evenings, client_as: ClientAs
) -> None:
    phone = Phone(conference)
    signed_in = client_as(evenings.planner)
    signed_in.post(
        entry_path(conference),
        {"act": "idea", "me": phone.key, "entry_key": str(uuid.uuid4()), "text": "Von mir"},
        REMOTE_ADDR="192.0.2.77",
    )
    idea = SpaceIdea.objects.get()
    assert idea.entered_by is None, "the page asks nobody who they are, signed in or not"
    device = SpaceDevice.objects.get()
    assert phone.key not in device.key_hash
    entries = LogEntry.objects.filter(action="space_idea.entered")
    assert entries.get().user is None
    stored = [str(value) for row in (idea, device) for value in row.__dict__.values()]
    stored += [f"{entry.object_label} {entry.data}" for entry in entries]
    assert not [value for value in stored if "192.0.2.77" in value]
    assert "Von mir" not in entries.get().object_label
    evenings_idea = evenings.idea(conference)
    entry_moderate(conference, idea, is_shown=False, reason="Doppelt", user=evenings.facilitator)
    evening_steps.close(conference, {"residents": 3}, user=evenings.facilitator)
    assert not SpaceDevice.objects.exclude(key_hash="").exists()
    assert evenings_idea.points.count() == 0


# --- languages --------------------------------------------------------------------------------------


def test_all_languages_say_the_same() -> None:
    german = words_of("de")
    assert [code for code, _name in languages()] == ["de", "en", "tr", "ar", "uk", "ru"]
    for code, _name in languages():
        words = words_of(code)
        assert words.keys() == german.keys(), code
        for name, text in words.items():
            assert text.strip(), (code, name)
            assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", german[name])), (code, name)


@pytest.mark.parametrize(("code", "direction"), [("ar", "rtl"), ("tr", "ltr"), ("uk", "ltr"), ("de", "ltr")])
def test_the_page_says_its_language(conference: SpaceConference, code: str, direction: str) -> None:
    response = Client().get(entry_path(conference), {"lang": code})
    page = response.content.decode()
    assert f'<html lang="{code}" dir="{direction}"' in page
    assert response["Content-Language"] == code
    assert words_of(code)["send"] in page
    for other, _name in languages():
        assert f"?lang={other}" in page
    refused = Phone(conference, code).send("idea", text="")
    assert words_of(code)["text_missing"] in refused.content.decode()


def test_the_question_speaks_the_language_of_the_page(evenings: Evenings, client_as: ClientAs) -> None:
    conference = evenings.set_up()
    client = client_as(evenings.planner)
    page = take(client, conference.process, SpaceConferenceFlow.prepare_evening)
    fields = {
        "held_on": "24.10.2030",
        "question": "Was brauchen Kinder hier?",
        "question_tr": "Çocuklar burada ne ister?",
        "question_ar": "ماذا يحتاج الأطفال هنا؟",
        "points_each": "3",
        "opens_at": "2030-10-24T17:00",
        "closes_at": "2030-10-24T21:00",
    }
    assert client.post(page, fields | {"question_tr": "x" * 301}).status_code in {200, 422}
    assert client.post(page, fields | {"save": "1"}).status_code == 302
    assert client.get(page).context["form"].initial["question_ar"] == fields["question_ar"]
    assert client.post(page, fields | {"question_ar": ""}).status_code == 302
    with time_machine.travel(datetime.datetime(2030, 10, 24, 16, tzinfo=datetime.UTC), tick=False):
        assert f'<p lang="tr" dir="auto">{fields["question_tr"]}' in Phone(conference, "tr").page()
        for code in ("de", "ar", "en"):
            assert f'<p lang="de" dir="auto">{fields["question"]}' in Phone(conference, code).page()
    assert not conference.questions.filter(language="ar").exists()


def test_an_unknown_language_is_german(conference: SpaceConference) -> None:
    for wanted in ("xx", "../etc", ""):
        assert '<html lang="de"' in Client().get(entry_path(conference), {"lang": wanted}).content.decode()


# --- wrong input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"text": ""}, "text_missing"),
        ({"text": " \n "}, "text_missing"),
        ({"text": "x" * 1001}, "text_too_long"),
        ({"text": "x", "recommendation": "999999"}, "foreign_recommendation"),
        ({"text": "x", "me": "selbst-gemacht"}, "unknown_device"),
        ({"text": "x", "entry_key": "keine"}, "unknown_device"),
        ({"text": "x", "act": "loeschen"}, "unknown_device"),
    ],
)
def test_what_is_refused_is_said(conference: SpaceConference, fields: dict[str, str], word: str) -> None:
    response = Phone(conference).send("idea", **fields)
    assert response.status_code == 422
    assert words_of("de")[word].format(most=1000) in response.content.decode()
    assert not SpaceIdea.objects.exists()


def test_what_was_typed_is_not_lost(conference: SpaceConference, evenings: Evenings) -> None:
    evenings.idea(conference)
    phone = Phone(conference)
    long = phone.send("comment", idea=1, text="Wort " * 150)
    assert "Wort Wort" in long.content.decode()
    assert words_of("de")["text_too_long"].format(most=500) in long.content.decode()
    assert "<details open>" in long.content.decode()


def test_a_comment_or_point_needs_a_shown_idea(conference: SpaceConference, evenings: Evenings) -> None:
    phone = Phone(conference)
    assert phone.send("idea", text="Wartet noch").status_code == 303
    for number in (1, 2, 0, "x"):
        for act in ("comment", "point"):
            refused = phone.send(act, idea=number, text="Ja")
            assert refused.status_code == 422, (act, number)
            assert words_of("de")["idea_not_shown"] in refused.content.decode()


def test_sent_twice_is_kept_once(conference: SpaceConference, evenings: Evenings) -> None:
    evenings.idea(conference)
    phone = Phone(conference)
    key = str(uuid.uuid4())
    for act in ("idea", "comment", "point"):
        assert phone.send(act, idea=1, text="Zweimal", entry_key=key).status_code == 303
        again = phone.send(act, idea=1, text="Zweimal", entry_key=key)
        assert again.status_code == 422
        assert words_of("de")["received_already"] in again.content.decode()
    counts = (SpaceIdea.objects.count(), SpaceComment.objects.count(), SpacePoint.objects.count())
    assert counts == (2, 1, 1)


def test_a_machine_that_fills_in_everything_is_ignored(conference: SpaceConference) -> None:
    sent = Phone(conference).send("idea", text="Kaufen Sie", homepage="https://spam.example")
    assert sent.status_code == 303
    assert not SpaceIdea.objects.exists()


def test_brakes(conference: SpaceConference, evenings: Evenings, monkeypatch: pytest.MonkeyPatch) -> None:
    phone = Phone(conference)
    for number in range(space_entries.DEVICE_ENTRIES):
        assert phone.send("idea", text=f"Idee {number}").status_code == 303
    refused = phone.send("idea", text="Noch eine")
    assert refused.status_code == 422
    assert words_of("de")["too_many"] in refused.content.decode()
    assert Phone(conference).send("idea", text="Von anderen").status_code == 303
    monkeypatch.setattr(space_entries, "ALL_ENTRIES", 11)
    assert Phone(conference).send("idea", text="Zu viel").status_code == 422
    monkeypatch.setattr(space_entries, "ALL_ENTRIES", 300)
    monkeypatch.setattr(space_entries, "NEW_DEVICES", 2)
    assert Phone(conference).send("idea", text="Zu viele").status_code == 422
    SpaceIdea.objects.update(entered_at=timezone.now() - space_entries.WINDOW)
    assert phone.send("idea", text="Später geht es wieder").status_code == 303


def test_a_key_wears_out(conference: SpaceConference) -> None:
    with time_machine.travel(timezone.now() - datetime.timedelta(seconds=KEY_SECONDS + 60), tick=False):
        old = new_key()
    assert Phone(conference).send("idea", text="x", me=old).status_code == 422


# --- open, closed, gone -----------------------------------------------------------------------------


def test_a_closed_page_says_so(conference: SpaceConference, evenings: Evenings) -> None:
    evenings.idea(conference)
    phone = Phone(conference)
    assert conference.opens_at is not None
    assert conference.closes_at is not None
    SpaceConference.objects.filter(pk=conference.pk).update(
        opens_at=conference.opens_at - datetime.timedelta(days=1),
        closes_at=timezone.now() - datetime.timedelta(minutes=1),
    )
    page = phone.page()
    assert words_of("de")["closed_next"] in page
    assert "<textarea" not in page
    assert "Ein Bolzplatz" in page, "what was shown stays to be read"
    for act in ("idea", "comment", "point", "back"):
        refused = phone.send(act, idea=1, text="Zu spät")
        assert refused.status_code == 422
        assert words_of("de")["evening_closed"] in refused.content.decode()


def test_before_it_opens(evenings: Evenings) -> None:
    conference = evenings.set_up()
    page = Phone(conference).page()
    assert words_of("de")["not_yet"] in page
    evenings_open = evenings.opened(1)
    SpaceConference.objects.filter(pk=evenings_open.pk).update(
        opens_at=timezone.now() + datetime.timedelta(hours=1),
        closes_at=timezone.now() + datetime.timedelta(hours=2),
    )
    phone = Phone(evenings_open)
    assert words_of("de")["not_yet"] in phone.page()
    assert phone.send("idea", text="Zu früh").status_code == 422


def test_a_given_up_evening_says_so(conference: SpaceConference, evenings: Evenings) -> None:
    evenings.idea(conference)
    conference_give_up(conference, reason="Saal nicht frei", user=evenings.planner)
    page = Phone(conference).page()
    assert words_of("de")["given_up"] in page
    assert "Saal nicht frei" not in page
    assert "Ein Bolzplatz" not in page


def test_a_renewed_or_wrong_link_is_404_in_words(conference: SpaceConference, evenings: Evenings) -> None:
    old = entry_path(conference)
    link = conference_renew_link(conference, user=evenings.facilitator)
    assert len(link.token) >= 22
    for path in (old, "/take-part/gibt-es-nicht/", "/take-part/gibt-es-nicht/results/"):
        response = Client().get(path, {"lang": "tr"})
        assert response.status_code == 404, path
        assert words_of("tr")["gone"] in response.content.decode()
    fields = {"act": "idea", "text": "x", "me": new_key(), "entry_key": str(uuid.uuid4())}
    assert Client().post(old, fields).status_code == 404
    assert not SpaceIdea.objects.exists()
    assert Client().get(entry_path(conference)).status_code == 200


# --- answers ----------------------------------------------------------------------------------------


def test_answers_are_public_only_after_the_release(evenings: Evenings) -> None:
    conference, _idea = evenings.submitted()
    path = entry_path(conference)
    before = Client().get(f"{path}results/", follow=True).content.decode()
    assert "Der Platz gehört der Bahn." not in before
    assert words_of("de")["closed_next"] in before
    assert "Zentrum Nord" not in Client().get("/take-part/").content.decode()


def test_everybody_reads_the_answers(evenings: Evenings, world: World) -> None:
    conference = evenings.opened()
    old = entry_path(conference)
    conference_renew_link(conference, user=evenings.facilitator)
    shown = evenings.idea(conference)
    hidden = evenings.idea(conference, "Herr Müller soll weg")
    entry_moderate(conference, hidden, is_shown=False, reason="Nennt jemanden", user=evenings.facilitator)
    evening_steps.close(conference, {"residents": 24, "council": 1}, user=evenings.facilitator)
    evenings.answer(shown, kind=AnswerKind.PASSED_ON, body=world.steering_group, text="Sie berät im Mai.")
    evening_steps.submit(conference, NEXT_STEPS, user=evenings.planner)
    evening_steps.release(conference, user=evenings.head)
    path = f"{entry_path(conference)}results/"
    for address in (old, f"{old}results/", entry_path(conference)):
        response = Client().get(address, follow=True)
        assert response.redirect_chain[-1][0] == path, address
    response = Client().get(path)
    page = response.content.decode()
    assert not response.cookies
    assert response["Cache-Control"] == "public, no-cache"
    assert Client().get(path, headers={"If-None-Match": response["ETag"]}).status_code == 304
    for words in ("Ein Bolzplatz", "Steuerungsgruppe", "Sie berät im Mai.", "Im Herbst gibt es ein Treffen."):
        assert words in page, words
    for words in ("Herr Müller", "Nennt jemanden", *(user.display_name for user in world.people.values())):
        assert words not in page, words
    assert re.search(r"<li>[^<]*: 25</li>", page), "a group of one is taken together with another"
    assert not re.search(r"<li>[^<]*: 1</li>", page)
    assert path in Client().get("/take-part/").content.decode()
    assert Client().post(path).status_code in {403, 405}


@pytest.mark.parametrize("code", ["tr", "ar", "uk", "en"])
def test_the_frame_of_the_answers_speaks_the_language_of_the_entry_page(
    evenings: Evenings, code: str
) -> None:
    conference, _idea = evenings.published()
    response = Client().get(entry_path(conference), {"lang": code}, follow=True)
    page, words = response.content.decode(), words_of(code)
    assert f'<html lang="{code}" dir="{words["direction"]}"' in page
    assert response["Content-Language"] == code
    for name in ("answers", "answers_ideas", "answers_people", "answer_not_possible", "answers_german"):
        assert words[name] in page, name
        assert words_of("de")[name] not in page, name
    assert re.search(r'<p lang="de"[^>]*>Der Platz gehört der Bahn.</p>', page), "contents stay German"


def test_an_idea_stands_on_the_page_of_its_measure(
    evenings: Evenings, stages: Stages, client_as: ClientAs
) -> None:
    measure = stages.measure()
    page = reverse("measures:measure-detail", args=[measure.pk])
    conference, idea = evenings.closed()
    evenings.answer(idea)
    client = client_as(evenings.planner)
    form = client.get(reverse("workflows:space-idea-answer", args=[idea.pk])).context["form"]
    assert measure not in form.fields["measure"].queryset, "proposed: a draft of its parties"
    with pytest.raises(DomainError) as refused:
        evenings.answer(idea, kind=AnswerKind.MEASURE, measure=measure, text="")
    assert refused.value.code == "measure_missing"
    Measure.objects.filter(pk=measure.pk).update(status=MeasureStatus.AGREED)
    evenings.answer(idea, kind=AnswerKind.MEASURE, measure=measure, text="")
    assert "Ein Bolzplatz" not in client.get(page).content.decode(), "not released"
    evening_steps.submit(conference, NEXT_STEPS, user=evenings.planner)
    evening_steps.release(conference, user=evenings.head)
    shown = client.get(page).content.decode()
    assert "Ein Bolzplatz" in shown
    assert f"{entry_path(conference)}results/#idea-1" in shown
    public = Client().get(f"{entry_path(conference)}results/").content.decode()
    assert measure.title in public
    assert "Der Platz gehört der Bahn." not in public, "the latest answer counts"


@pytest.mark.parametrize("count", [2, 20])
def test_pages_cost_the_same_for_many_ideas(
    conference: SpaceConference, evenings: Evenings, count: int, django_assert_max_num_queries: Any
) -> None:
    for number in range(count):
        evenings.idea(conference, f"Idee {number}")
    phone = Phone(conference)
    with django_assert_max_num_queries(16):
        phone.page()


def test_the_sign_in_page_leads_to_the_answers(client: Client, db: None) -> None:
    assert 'href="/take-part/"' in client.get(reverse("stakeholders:login")).content.decode()


def test_points_left_are_said_in_a_sentence(conference: SpaceConference, evenings: Evenings) -> None:
    phone, words = Phone(conference), words_of("de")
    phone.send("idea", text="Ein Bolzplatz")
    entry_moderate(conference, SpaceIdea.objects.get(), is_shown=True, user=evenings.facilitator)
    said = [words["points_left"].format(count=conference.points_each)]
    assert said[0] in phone.page()
    for _each in range(conference.points_each - 1):
        phone.send("point", idea=1)
    assert words["points_left_one"].format(count=1) in phone.page()
    phone.send("point", idea=1)
    assert words["no_points_left"] in phone.page()


def test_who_has_a_personal_address_gets_one_to_pass_on(conference: SpaceConference) -> None:
    page = Phone(conference).page()
    assert words_of("de")["own_link"] in page
    assert f'href="{entry_url(link_of(conference).token)}"' in page
    assert words_of("de")["own_link"] not in Client().get(entry_path(conference)).content.decode()
