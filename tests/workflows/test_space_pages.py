"""Pages of those who hold an evening, and of planning: rights, moderation, entering, papers, files."""

from __future__ import annotations

import datetime
import io
import re
import uuid
from collections.abc import Callable
from functools import partial

import openpyxl
import pypdf
import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from project.common.errors import DomainError
from stakeholders.models import LogEntry, User
from tests.evenings import Evenings, entry_path, make_evenings
from tests.factories import World
from tests.stages import Stages
from tests.workflows.taskpages import SURE, take
from workflows.demo import evening_steps as steps
from workflows.devices import new_key
from workflows.flows import SpaceConferenceFlow
from workflows.models import (
    AnswerKind,
    EntryState,
    Meeting,
    PlanningCycle,
    Recommendation,
    SpaceComment,
    SpaceConference,
    SpaceDevice,
    SpaceIdea,
    SpacePoint,
)
from workflows.personal_hints import personal_hints
from workflows.selectors.space_conferences import headcounts_shown, is_open_at, link_of, title_of
from workflows.services.cycles import cycle_close
from workflows.services.space_answers import answer_correct, idea_answer
from workflows.services.space_conferences import conference_prepare, conference_renew_link
from workflows.services.space_entries import (
    Sender,
    entries_hide_waiting,
    entry_moderate,
    idea_enter,
    point_give,
    points_enter,
)

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


# --- moderation -------------------------------------------------------------------------------------


def test_the_facilitator_moderates(
    conference: SpaceConference, evenings: Evenings, client_as: ClientAs
) -> None:
    idea = steps.idea(conference, "Rufen Sie Frau Meier an: 02402 123456")
    holder = client_as(evenings.facilitator)
    page = page_of("moderation", conference)
    shown = holder.get(page).content.decode()
    assert "02402 123456" in shown
    assert shown.count("kern-badge--warning") >= 2, "telephone and name"
    hide = {"kind": "idea", "entry": idea.pk, "act": "hide"}
    assert holder.post(page, hide | {"reason": " "}).status_code == 302
    idea.refresh_from_db()
    assert idea.state == EntryState.WAITING, "a reason is needed"
    holder.post(page, hide | {"reason": "Nennt jemanden"})
    idea.refresh_from_db()
    assert (idea.state, idea.hide_reason) == (EntryState.HIDDEN, "Nennt jemanden")
    assert "02402" not in Client().get(entry_path(conference)).content.decode()
    assert "Nennt jemanden" in holder.get(page).content.decode()
    show = {"kind": "idea", "entry": idea.pk, "act": "show"}
    assert idea.text in dict(holder.post(page, show).context["lines"]).values()
    idea.refresh_from_db()
    assert idea.state == EntryState.HIDDEN, "asked first where it looks personal"
    holder.post(page, show | SURE)
    idea.refresh_from_db()
    assert (idea.state, idea.hide_reason, idea.moderated_by) == (EntryState.SHOWN, "", evenings.facilitator)
    actions = LogEntry.objects.filter(action__in=["space_idea.hidden", "space_idea.shown"]).order_by("pk")
    assert [(row.action, row.data) for row in actions] == [
        ("space_idea.hidden", {"reason": "Nennt jemanden"}),
        ("space_idea.shown", {}),
    ]
    for row in actions:
        assert "Meier" not in row.object_label


def test_who_moderates(
    conference: SpaceConference, evenings: Evenings, world: World, client_as: ClientAs
) -> None:
    idea = steps.idea(conference, "Ein Bolzplatz")
    show = {"kind": "idea", "entry": idea.pk, "act": "show"}
    expected = {"planner": 200, "planning_head": 200, "provider_head": 200, "head": 403, "specialist": 403}
    expected |= {"association_head": 403, "funder_reader": 404, "admin": 404, "outsider": 404}
    for name, status in expected.items():
        client = client_as(world.fresh(name))
        for page in ("moderation", "waiting", "enter", "qr", "handout", "renew-link"):
            assert client.get(page_of(page, conference)).status_code == status, (name, page)
        if status != 200:
            assert client.post(page_of("moderation", conference), show).status_code == status, name
            with pytest.raises(PermissionDenied):
                entry_moderate(conference, idea, is_shown=True, user=world.fresh(name))
            with pytest.raises(PermissionDenied):
                conference_renew_link(conference, user=world.fresh(name))
    idea.refresh_from_db()
    assert idea.state == EntryState.WAITING
    assert Client().get(page_of("moderation", conference)).status_code == 302


def test_entries_of_another_evening_are_not_touched(
    conference: SpaceConference, evenings: Evenings, client_as: ClientAs
) -> None:
    other = evenings.opened(1)
    idea = steps.idea(other, "Woanders")
    client = client_as(evenings.facilitator)
    for kind in ("idea", "comment"):
        fields = {"kind": kind, "entry": idea.pk, "act": "show"}
        assert client.post(page_of("moderation", conference), fields).status_code == 404
    code = code_of(lambda: entry_moderate(conference, idea, is_shown=True, user=evenings.facilitator))
    assert code == "foreign_entry"


def test_the_waiting_line_counts(
    conference: SpaceConference, evenings: Evenings, client_as: ClientAs
) -> None:
    client = client_as(evenings.facilitator)
    steps.idea(conference, "Eins")
    steps.idea(conference, "Zwei")
    page = page_of("waiting", conference)
    assert page_of("moderation", conference) in client.get(f"{page}?seen=1").content.decode()
    assert page_of("moderation", conference) not in client.get(f"{page}?seen=2").content.decode()


def test_after_the_evening_nothing_is_shown_anew(evenings: Evenings, client_as: ClientAs) -> None:
    conference, idea = evenings.closed()
    code = code_of(lambda: entry_moderate(conference, idea, is_shown=True, user=evenings.planner))
    assert code == "not_held"
    assert client_as(evenings.planner).get(page_of("moderation", conference)).status_code == 200
    assert client_as(evenings.planner).get(page_of("qr", conference)).status_code == 404
    assert code_of(lambda: conference_renew_link(conference, user=evenings.planner)) == "evening_over"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Ein Bolzplatz bis 2028, 30 km/h und 450 Kinder", 0),
        ("Mehr Bänke an der Hauptstraße", 0),
        ("Schreiben Sie an anna@example.org", 1),
        ("Tel. 02402/123-456", 1),
        ("+49 2402 123456 oder 01701234567", 1),
        ("Frau Meier weiß Bescheid", 1),
        ("ich heiße Anna", 1),
        ("Hauptstraße 12 ist laut", 1),
        ("Aachener Straße 7, Herr Schmidt", 2),
    ],
)
def test_hints_at_what_looks_personal(text: str, count: int) -> None:
    assert len(personal_hints(text)) == count, personal_hints(text)


# --- entering for others ----------------------------------------------------------------------------


def test_the_facilitator_enters_for_others(
    conference: SpaceConference, evenings: Evenings, client_as: ClientAs
) -> None:
    client = client_as(evenings.facilitator)
    page = page_of("enter", conference)
    evenings.idea(evenings.opened(1), "Woanders")
    names = re.findall(r'\sid="([^"]+)"', client.get(page).content.decode())
    assert len(names) == len(set(names)), "each form has names of its own"
    key = str(uuid.uuid4())
    fields = {"act": "idea", "text": "Eine Bank", "recommendation": "", "entry_key": key}
    assert client.post(page, fields).status_code == 302
    assert client.post(page, fields).status_code == 422, "sent twice"
    idea = conference.ideas.get()
    assert (idea.entered_by, idea.device, idea.state) == (evenings.facilitator, None, EntryState.WAITING)
    entry_moderate(conference, idea, is_shown=True, user=evenings.facilitator)
    comment = {"act": "comment", "idea": 1, "text": "Mit Lehne", "entry_key": str(uuid.uuid4())}
    assert client.post(page, comment).status_code == 302
    assert SpaceComment.objects.get().entered_by == evenings.facilitator
    for value, status in (("4", 422), ("-1", 422), ("", 422), ("3", 302)):
        points = {"act": "points", "idea_1": value, "entry_key": str(uuid.uuid4())}
        assert client.post(page, points).status_code == status, value
    assert SpacePoint.objects.count() == 3
    assert client.post(page, {"act": "anders"}).status_code == 404


def test_entering_after_hours_and_after_the_close(evenings: Evenings, client_as: ClientAs) -> None:
    conference = evenings.opened()
    assert conference.opens_at is not None
    SpaceConference.objects.filter(pk=conference.pk).update(
        opens_at=conference.opens_at - datetime.timedelta(days=2),
        closes_at=timezone.now() - datetime.timedelta(days=1),
    )
    client = client_as(evenings.facilitator)
    page = page_of("enter", conference)
    fields = {"act": "idea", "text": "Vom Papier", "entry_key": str(uuid.uuid4())}
    assert client.post(page, fields).status_code == 302, (
        "notes on paper are entered until the evening is closed"
    )
    other, _idea = evenings.closed(1)
    assert client.get(page_of("enter", other)).status_code == 200
    again = fields | {"entry_key": str(uuid.uuid4())}
    assert client.post(page_of("enter", other), again).status_code == 409


def test_points_of_a_person_are_limited(conference: SpaceConference, evenings: Evenings) -> None:
    evenings.idea(conference)

    def enter(points: dict[int, int]) -> int:
        return points_enter(conference, points=points, entry_key=uuid.uuid4(), user=evenings.facilitator)

    assert code_of(lambda: enter({1: 4})) == "no_points_left"
    assert code_of(lambda: enter({1: -1})) == "points_negative"
    assert code_of(lambda: enter({})) == "points_missing"
    assert code_of(lambda: enter({7: 1})) == "idea_not_shown"
    assert enter({1: 2}) == 2
    assert not SpacePoint.objects.exclude(device__key_hash="").exists()


# --- pages ------------------------------------------------------------------------------------------


def test_who_sees_an_evening(evenings: Evenings, world: World, client_as: ClientAs) -> None:
    conference, idea = evenings.submitted()
    expected = {"planner": 200, "provider_head": 200, "head": 200, "specialist": 200}
    expected |= {"funder_reader": 404, "admin": 404, "outsider": 404}
    for name, status in expected.items():
        response = client_as(world.fresh(name)).get(page_of("detail", conference))
        assert response.status_code == status, name
        if status == 200:
            page = response.content.decode()
            assert idea.text in page
            is_told = name in {"planner", "provider_head"}
            assert ("Der Platz gehört der Bahn." in page) == is_told, "answers wait for their release"
    assert Client().get(page_of("detail", conference)).status_code == 302


def test_the_list_of_a_cycle(evenings: Evenings, world: World, client_as: ClientAs) -> None:
    evenings.opened()
    page = reverse("workflows:space-conference-list", args=[evenings.cycle.pk])
    planner = client_as(evenings.planner)
    create = reverse("workflows:space-conference-create", args=[evenings.cycle.pk])
    shown = planner.get(page).content.decode()
    assert "Zentrum Nord" in shown
    assert create in shown
    assert create not in client_as(world.fresh("head")).get(page).content.decode()
    assert client_as(world.fresh("outsider")).get(page).status_code == 404
    assert "Zentrum Nord" in planner.get(f"{page}?export=csv").content.decode("utf-8-sig")
    assert page in planner.get(reverse("workflows:cycle-detail", args=[evenings.cycle.pk])).content.decode()
    assert client_as(world.fresh("head")).post(create, {}).status_code == 403


def test_ideas_as_files(evenings: Evenings, world: World, client_as: ClientAs) -> None:
    conference = evenings.opened()
    shown = evenings.idea(conference, "=1+1 Bänke", recommendation=evenings.recommendation)
    hidden = evenings.idea(conference, "Unfreundlich")
    entry_moderate(conference, hidden, is_shown=False, reason="Beleidigt", user=evenings.facilitator)
    steps.comment(conference, shown, "Ja", moderator=evenings.facilitator)
    page = page_of("detail", conference)
    book = openpyxl.load_workbook(io.BytesIO(client_as(evenings.planner).get(f"{page}?export=xlsx").content))
    rows = [row for row in book.active.iter_rows(values_only=True) if row[0] in {1, 2}]  # type: ignore[union-attr]
    assert [row[2] for row in rows] == ["=1+1 Bänke", "Unfreundlich"]
    assert rows[0][1] == "Elternarbeit ausbauen"
    assert rows[0][5] == "Ja"
    others = client_as(world.fresh("head")).get(f"{page}?export=csv").content.decode("utf-8-sig")
    assert "Unfreundlich" not in others


def test_answers_need_what_they_name(evenings: Evenings, world: World, client_as: ClientAs) -> None:
    _conference, idea = evenings.closed()
    answer = partial(idea_answer, idea, user=evenings.planner)
    assert code_of(lambda: answer(kind="anders")) == "kind_missing"
    assert code_of(lambda: answer(kind=AnswerKind.MEASURE, text="Ja")) == "measure_missing"
    assert code_of(lambda: answer(kind=AnswerKind.RECOMMENDATION)) == "recommendation_missing"
    assert code_of(lambda: answer(kind=AnswerKind.PASSED_ON, text="Dorthin")) == "addressee_missing"
    both = {"body": world.steering_group, "organisation": world.youth_office}
    assert code_of(lambda: answer(kind=AnswerKind.PASSED_ON, text="Dorthin", **both)) == "addressee_missing"
    there = {"kind": AnswerKind.PASSED_ON, "organisation": world.youth_office}
    assert code_of(lambda: answer(**there)) == "text_missing"
    assert code_of(lambda: answer(kind=AnswerKind.NOT_POSSIBLE, text=" ")) == "text_missing"
    page = reverse("workflows:space-idea-answer", args=[idea.pk])
    planner = client_as(evenings.planner)
    assert planner.post(page, {"kind": "measure"}).status_code == 422
    assert planner.post(page, {}).status_code == 422
    for name, status in (("provider_head", 403), ("head", 403), ("outsider", 404), ("admin", 404)):
        client = client_as(world.fresh(name))
        assert client.get(page).status_code == status, name
        assert client.post(page, {"kind": "impossible", "text": "Nein"}).status_code == status, name
        with pytest.raises(PermissionDenied):
            idea_answer(idea, kind=AnswerKind.NOT_POSSIBLE, text="Nein", user=world.fresh(name))
    assert not idea.answers.exists()
    taken_up = {"kind": "taken_up", "recommendation": evenings.recommendation.pk}
    assert planner.post(page, taken_up).status_code == 302
    assert idea.answers.get().recommendation == evenings.recommendation


def test_no_answer_before_the_close_or_after_the_release(evenings: Evenings, client_as: ClientAs) -> None:
    conference, idea = evenings.published()
    page = reverse("workflows:space-idea-answer", args=[idea.pk])
    client = client_as(evenings.planner)
    assert code_of(lambda: evenings.answer(idea)) == "not_answering"
    open_idea = evenings.idea(evenings.opened(1))
    assert code_of(lambda: evenings.answer(open_idea)) == "not_answering"
    no = {"kind": AnswerKind.NOT_POSSIBLE, "text": "Nein"}
    assert code_of(lambda: answer_correct(open_idea, **no, user=evenings.planner)) == "not_published"
    early = reverse("workflows:space-idea-answer", args=[open_idea.pk])
    assert client.get(early).status_code == 404
    assert client.post(early, no).status_code == 302
    assert client.get(page).context["corrects"]
    with pytest.raises(TypeError):
        idea.answers.get().delete()
    assert conference.is_published


# --- numbers of participants ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ({}, []),
        ({"residents": 2}, []),
        ({"residents": 30}, [30]),
        ({"residents": 30, "council": 1}, [31]),
        ({"residents": 30, "council": 1, "providers": 4}, [30, 5]),
        ({"residents": 30, "council": 1, "providers": 2}, [30, 3]),
        ({"residents": 30, "council": 2, "providers": 2, "others": 0}, [30, 4]),
    ],
)
def test_small_groups_do_not_stand_alone(counts: dict[str, int], shown: list[int]) -> None:
    assert [row.count for row in headcounts_shown(counts.items(), threshold=3)] == shown


# --- what was mended --------------------------------------------------------------------------------


def test_what_was_published_can_be_taken_back(evenings: Evenings, client_as: ClientAs) -> None:
    conference, idea = evenings.published()
    public = reverse("workflows:take-part-results", args=[link_of(conference).token])
    assert "Unbedingt!" in Client().get(public).content.decode()
    comment = SpaceComment.objects.get(idea=idea)
    client, page = client_as(evenings.facilitator), page_of("moderation", conference)
    for kind, entry in (("comment", comment), ("idea", idea)):
        hide = {"kind": kind, "entry": entry.pk, "act": "hide", "reason": "Nennt jemanden"}
        assert entry.text in dict(client.post(page, hide).context["lines"]).values()
        entry.refresh_from_db()
        assert entry.state == EntryState.SHOWN, "asked once more: it is not shown again"
        client.post(page, hide | SURE)
        entry.refresh_from_db()
        assert (entry.state, entry.hide_reason) == (EntryState.HIDDEN, "Nennt jemanden")
    shown = Client().get(public).content.decode()
    assert "Unbedingt!" not in shown
    assert "Ein Bolzplatz" not in shown
    assert LogEntry.objects.filter(action="space_idea.hidden").count() == 1


def test_answers_name_approved_recommendations_only(evenings: Evenings) -> None:
    _conference, idea = evenings.closed()
    recommendation = evenings.recommendation
    chosen = {"kind": AnswerKind.RECOMMENDATION, "recommendation": recommendation}
    Recommendation.objects.filter(pk=recommendation.pk).update(state="submitted")
    assert code_of(lambda: evenings.answer(idea, **chosen)) == "recommendation_missing"
    Recommendation.objects.filter(pk=recommendation.pk).update(state="approved")
    evenings.answer(idea, **chosen)
    version = recommendation.versions.get()
    version.pk, version.number, version.title = None, 2, "Noch geheim"
    version.save()
    assert title_of(recommendation) == "Elternarbeit ausbauen"


def test_an_answer_leads_to_nobody_elsewhere(evenings: Evenings) -> None:
    _conference, idea = evenings.closed()
    foreign = evenings.world.fresh("outsider").memberships.get().organisation
    code = code_of(
        lambda: evenings.answer(idea, kind=AnswerKind.PASSED_ON, organisation=foreign, text="Dort")
    )
    assert code == "foreign_addressee"


def test_all_of_a_device_is_hidden_in_one_act(
    conference: SpaceConference, evenings: Evenings, client_as: ClientAs
) -> None:
    flood = [steps.idea(conference, f"Werbung {number}", key="") for number in range(2)]
    device = flood[0].device
    assert device is not None
    SpaceIdea.objects.filter(pk=flood[1].pk).update(device=device)
    other = steps.idea(conference, "Ein Bolzplatz")
    client, page = client_as(evenings.facilitator), page_of("moderation", conference)
    assert "hide_alike" in client.get(page).content.decode()
    client.post(page, {"kind": "idea", "entry": flood[0].pk, "act": "hide_alike", "reason": "Werbung"})
    states = list(SpaceIdea.objects.order_by("number").values_list("state", flat=True))
    assert states == [EntryState.HIDDEN, EntryState.HIDDEN, EntryState.WAITING]
    assert entries_hide_waiting(conference, reason="Ende", user=evenings.facilitator) == 1
    other.refresh_from_db()
    assert other.hide_reason == "Ende"


def test_points_on_a_hidden_idea_are_given_anew(conference: SpaceConference, evenings: Evenings) -> None:
    first, second = evenings.idea(conference, "Eins"), evenings.idea(conference, "Zwei")
    key = new_key()
    for _each in range(conference.points_each):
        point_give(conference, idea_number=first.number, entry_key=uuid.uuid4(), key=key)
    assert (
        code_of(lambda: point_give(conference, idea_number=second.number, entry_key=uuid.uuid4(), key=key))
        == "no_points_left"
    )
    entry_moderate(conference, first, is_shown=False, reason="Doppelt", user=evenings.facilitator)
    point_give(conference, idea_number=second.number, entry_key=uuid.uuid4(), key=key)
    assert second.points.count() == 1
    assert first.points.count() == conference.points_each - 1


def test_known_devices_pass_the_common_brake(
    conference: SpaceConference, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflows.services.space_entries.ALL_ENTRIES", 1)
    key = new_key()

    def enter(sender: str) -> SpaceIdea:
        return idea_enter(
            conference,
            text="Idee",
            recommendation_pk=None,
            entry_key=uuid.uuid4(),
            sender=Sender(key=sender),
        )

    idea = enter(key)
    assert code_of(lambda: enter(new_key())) == "too_many"
    assert code_of(lambda: enter(key)) == "too_many"
    SpaceDevice.objects.filter(pk=idea.device_id).update(seen_at=timezone.now() - datetime.timedelta(hours=1))
    enter(key)


def test_merged_groups_are_not_named() -> None:
    rows = [("residents", 30), ("council", 1), ("providers", 4)]
    with translation.override("en"):
        assert [row.label for row in headcounts_shown(rows, threshold=3)] == ["Residents", "Further groups"]


def test_no_evening_is_tied_to_a_cancelled_meeting(evenings: Evenings) -> None:
    conference = evenings.set_up()
    meeting = Meeting.objects.create(
        cycle=evenings.cycle,
        body=evenings.cycle.social_space_conference,
        held_on=timezone.localdate(),
        place="Saal",
        cancelled_at=timezone.now(),
        closed_at=timezone.now(),
        cancelled_by=evenings.planner,
        cancel_reason="Krank",
    )
    code = code_of(
        lambda: conference_prepare(
            conference,
            held_on=timezone.localdate(),
            place="",
            meeting=meeting,
            question="Was fehlt?",
            recommendations=[],
            points_each=3,
            opens_at=None,
            closes_at=None,
            user=evenings.planner,
            is_draft=True,
        )
    )
    assert code == "meeting_cancelled"


def test_the_entry_page_of_a_closed_cycle_is_closed(conference: SpaceConference, evenings: Evenings) -> None:
    assert is_open_at(conference)
    assert code_of(lambda: cycle_close(evenings.cycle, user=evenings.planner)) == "evening_open"
    PlanningCycle.objects.filter(pk=evenings.cycle.pk).update(closed_at=timezone.now())
    assert not is_open_at(SpaceConference.objects.get(pk=conference.pk))


def test_what_still_waits_is_hidden_when_the_evening_is_closed(
    conference: SpaceConference, evenings: Evenings, client_as: ClientAs
) -> None:
    evenings.idea(conference)
    waiting = steps.idea(conference, "Werbung")
    client = client_as(evenings.facilitator)
    task = take(client, conference.process, SpaceConferenceFlow.hold_evening)
    assert "waiting_reason" in client.get(task).content.decode()
    closes_at = timezone.localtime(conference.closes_at).strftime("%Y-%m-%dT%H:%M")
    fields = {"closes_at": closes_at, "residents": "12"}
    assert client.post(task, fields).status_code == 422
    assert client.post(task, fields | {"waiting_reason": "Nicht mehr gelesen"} | SURE).status_code == 302
    waiting.refresh_from_db()
    assert (waiting.state, waiting.hide_reason) == (EntryState.HIDDEN, "Nicht mehr gelesen")
