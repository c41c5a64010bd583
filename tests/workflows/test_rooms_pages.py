"""Pages of the room: what a poll costs, forms with and without scripts, and who sees what."""

import json
import re
import uuid
from unittest import mock
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from workflows.fragments import Fragments
from workflows.models import Position, Room, Statement
from workflows.selectors.rooms import seat_of
from workflows.services import conference, rooms

JSON = {"HTTP_ACCEPT": "application/json"}


@pytest.fixture
def cycle(stages):
    return stages.in_conference()


@pytest.fixture
def meeting(cycle):
    return cycle.meetings.select_related("body", "cycle").get()


@pytest.fixture
def room(meeting, planner, world):
    room = rooms.room_open(meeting, user=planner)
    rooms.room_show(room, world.areas[0], user=planner)
    return room


@pytest.fixture
def urls(meeting):
    names = {"page": "room", "state": "room-state", "screen": "room-screen", "lead": "room-lead"}
    return {key: reverse(f"workflows:{name}", args=[meeting.pk]) for key, name in names.items()}


def entry(world, **kwargs):
    return {
        "act": "statement",
        "statement-entry_key": str(uuid.uuid4()),
        "statement-area": world.areas[0].pk,
        "statement-position": "explains",
        "statement-confidence": "likely",
        "statement-about": "",
        "statement-text": "Zwei Straßenzüge prägen den Wert.",
    } | kwargs


def say(cycle, world, text="Stimmt.", organisation=None):
    return conference.statement_add(
        cycle,
        area=world.areas[0],
        position=Position.AGREES,
        text=text,
        organisation=organisation or world.jobcenter,
        user=world.people["jobcenter_head"],
    )


def asked(page):
    """Version and ticket that the page asks with."""
    found = re.search(r"v=(\d+)&amp;t=([0-9a-f]{24})", page.content.decode())
    return {"v": found[1], "t": found[2]}


def version(room):
    return Room.objects.get(pk=room.pk).version


# --- the poll --------------------------------------------------------------------------------------


def test_a_poll_without_news_is_empty_and_costs_three_queries(room, urls, client_as, specialist):
    client = client_as(specialist)
    for view, name in (("room", "page"), ("screen", "screen")):
        known = asked(client.get(urls[name]))
        with CaptureQueriesContext(connection) as queries:
            response = client.get(urls["state"], known | {"view": view})
        assert response.status_code == 204
        assert response.content == b""
        assert "no-store" in response.headers["Cache-Control"]
        assert len(queries) <= 3


def test_a_poll_with_news_brings_them_once_and_is_drawn_once(
    room, cycle, urls, world, client_as, specialist, planner
):
    known = version(room)
    say(cycle, world, "Neu im Raum")
    first, second = client_as(specialist), client_as(planner)
    drawn = first.get(urls["state"], {"v": known})
    assert "Neu im Raum" in drawn.content.decode()
    assert f'data-version="{version(room)}"' in drawn.content.decode()
    assert first.get(urls["state"], asked(drawn)).status_code == 204
    # The ticket of one is none for another.
    assert second.get(urls["state"], asked(drawn)).status_code == 200
    outsider = client_as(world.fresh("outsider"))
    assert outsider.get(urls["state"], asked(drawn)).status_code == 404
    second.get(urls["page"])
    second.get(urls["state"], {"v": known})
    with CaptureQueriesContext(connection) as queries:
        again = second.get(urls["state"], {"v": known})
    assert again.status_code == 200
    assert len(queries) <= 4
    # To compose the question of rights cost ten times what its answer did: it is composed once.
    with mock.patch("workflows.selectors.rooms.visible", side_effect=AssertionError):
        assert second.get(urls["state"], {"v": known}).status_code == 200


def test_a_shared_drawing_holds_no_key_and_no_token(room, urls, meeting, client_as, specialist, planner):
    rooms.round_open(room, title="Was?", points_each=2, options=["Kita", "Bus"], user=planner)
    text = client_as(specialist).get(urls["state"], {"v": 0}).content.decode()
    assert "points-option-" in text
    assert "csrfmiddlewaretoken" not in text
    assert 'name="points-entry_key" value=' not in text
    page = client_as(specialist).get(urls["page"]).content.decode()
    assert "csrfmiddlewaretoken" in page


def test_a_guest_reads_only_the_statements_of_their_own_house(room, cycle, urls, world, client_as, head):
    say(cycle, world, "Das Jobcenter sagt")
    say(cycle, world, "Das Jugendamt sagt", world.youth_office)
    text = client_as(head).get(urls["state"], {"v": 0}).content.decode()
    assert "Das Jugendamt sagt" in text
    assert "Das Jobcenter sagt" not in text
    member = client_as(world.fresh("specialist")).get(urls["state"], {"v": 0}).content.decode()
    assert "Das Jobcenter sagt" in member


def test_before_it_is_opened_the_pages_wait(meeting, urls, client_as, planner, specialist):
    assert client_as(specialist).get(urls["page"]).status_code == 200
    assert client_as(specialist).get(urls["screen"]).status_code == 200
    assert client_as(specialist).get(urls["state"]).status_code == 204
    assert client_as(planner).get(urls["lead"]).status_code == 200


def test_one_drawing_serves_all_and_a_newer_one_the_older():
    fragments, drawn = Fragments(most=2), []

    def draw():
        drawn.append(1)
        return str(len(drawn))

    assert fragments.get("a", 1, draw) == fragments.get("a", 1, draw) == "1"
    assert fragments.get("a", 2, draw) == fragments.get("a", 1, draw) == "2"
    fragments.get("b", 1, draw)
    fragments.get("c", 1, draw)
    assert fragments.get("a", 2, draw) == "5"


# --- forms -----------------------------------------------------------------------------------------


def test_statements_by_script_and_by_form(room, urls, world, client_as, specialist):
    client, sent = client_as(specialist), entry(world)
    assert client.post(urls["page"], sent, **JSON).status_code == 201
    assert client.post(urls["page"], sent, **JSON).status_code == 201
    assert client.post(urls["page"], sent).url == urls["page"]
    statement = Statement.objects.get()
    assert statement.organisation == world.youth_office
    assert statement.confidence == "likely"

    wrong = client.post(urls["page"], entry(world, **{"statement-text": " "}), **JSON)
    assert wrong.status_code == 422
    assert len(json.loads(wrong.content)["errors"]) == 1
    page = client.post(urls["page"], entry(world, **{"statement-text": " "}))
    assert page.status_code == 422
    assert page.context["statement_form"].errors
    assert Statement.objects.count() == 1


def test_files_are_added_to_the_statement_just_given(room, urls, world, client_as, specialist, head):
    client = client_as(specialist)
    told = json.loads(client.post(urls["page"], entry(world), **JSON).content)
    statement = Statement.objects.get()
    address = reverse("workflows:statement-files", args=[statement.pk])
    assert told["files"].startswith(address)
    back = client.post(urls["page"], entry(world, **{"statement-text": "Zweitens."}))
    second = Statement.objects.latest("pk")
    link = reverse("workflows:statement-files", args=[second.pk])
    assert f'href="{link}?' in client.get(back.url).content.decode(), "without scripts, too"

    page = client.get(told["files"]).content.decode()
    assert "Zwei Straßenzüge prägen den Wert." in page
    assert urls["page"] in page
    assert client.post(told["files"], {}).status_code == 422
    refused = SimpleUploadedFile("zaehlung.pdf", b"MZ")
    assert client.post(told["files"], {"evidence": refused}).status_code == 422
    file = SimpleUploadedFile("zaehlung.pdf", b"%PDF-1.7\n%%EOF\n")
    assert client.post(told["files"], {"evidence": file}).status_code == 302
    assert statement.files.get().file_name == "zaehlung.pdf"
    assert not second.files.exists()
    for name in ("jobcenter_head", "planner", "outsider"):
        assert client_as(world.fresh(name)).get(address).status_code == 404, name


def test_points_by_script_and_by_form(room, urls, meeting, client_as, specialist, planner):
    row = rooms.round_open(room, title="Was?", points_each=2, options=["Kita", "Bus"], user=planner)
    kita, _bus = row.options.all()
    client = client_as(specialist)
    sent = {
        "act": "points",
        "round": row.pk,
        "points-entry_key": str(uuid.uuid4()),
        f"points-option-{kita.pk}": "2",
    }
    assert client.post(urls["page"], sent, **JSON).status_code == 201
    assert kita.given.get().seat == seat_of(specialist, meeting)
    form = client.get(urls["page"]).context["points_form"]
    assert form[f"option-{kita.pk}"].initial == 2
    many = sent | {"points-entry_key": str(uuid.uuid4()), f"points-option-{kita.pk}": "3"}
    assert client.post(urls["page"], many, **JSON).status_code == 422
    assert client.post(urls["page"], many).status_code == 422

    rooms.round_close(row, user=planner)
    late = sent | {"points-entry_key": str(uuid.uuid4())}
    assert client.post(urls["page"], late, **JSON).status_code == 422
    assert client.post(urls["page"], late).status_code == 302
    assert kita.given.get().count == 2
    text = client.get(urls["page"]).content.decode()
    assert "Kita" in text
    assert "<meter" in text


def test_leading_by_forms(meeting, urls, world, client_as, planner, specialist):
    assert client_as(specialist).get(urls["lead"]).status_code == 403
    assert client_as(specialist).post(urls["lead"], {"act": "open"}).status_code == 403
    client = client_as(planner)

    def post(**data):
        return client.post(urls["lead"], data).status_code

    assert post(act="show", area=world.areas[0].pk) == 302
    assert not Room.objects.exists()
    assert post(act="open") == 302
    room = Room.objects.get()
    assert post(act="show", area=world.areas[0].pk) == 302
    assert post(act="show", area=world.areas[3].pk) == 422
    room.refresh_from_db()
    assert room.area == world.areas[0]
    ask = {"round-title": "Was?", "round-points_each": "3", "round-typed": "Kita\nBus"}
    assert post(act="ask", **(ask | {"round-typed": "Kita"})) == 422
    assert post(act="ask", **ask) == 302
    row = room.rounds.get()
    assert [option.text for option in row.options.all()] == ["Kita", "Bus"]
    assert post(act="end", round="x") == 404
    assert post(act="end", round=row.pk) == 302
    assert client.get(urls["lead"]).status_code == 200
    assert post(act="close") == 302
    assert post(act="nothing") == 422
    assert client.get(urls["page"]).status_code == 200
    assert client.get(urls["screen"]).status_code == 200


def test_the_screen_outlines_the_area_and_shows_figures_and_statements(
    room, cycle, urls, world, client_as, planner
):
    say(cycle, world, "Auf der Leinwand")
    text = client_as(planner).get(urls["screen"]).content.decode()
    assert "Auf der Leinwand" in text
    assert world.areas[0].name in text
    assert "pg-deviation" in text
    assert 'hx-trigger="every 1500ms' in text
    assert "noscript" in text


def test_a_closed_room_stops_asking(room, urls, client_as, planner):
    rooms.room_close(room, user=planner)
    for name in ("page", "screen"):
        assert "hx-trigger" not in client_as(planner).get(urls[name]).content.decode()


def test_without_a_session_a_part_of_a_page_leads_to_the_sign_in(client, stages):
    meeting = stages.in_conference().meetings.get()
    page = reverse("workflows:room", args=[meeting.pk])
    for url, back in ((f"https://evil.example{page}", page), ("//evil.example", "/"), ("", "/")):
        answer = client.get(
            reverse("workflows:room-state", args=[meeting.pk]),
            headers={"HX-Request": "true", "HX-Current-URL": url},
        )
        assert answer.status_code == 204
        assert answer.headers["HX-Redirect"].endswith("?" + urlencode({"next": back}))
    assert client.get(page).status_code == 302


def test_a_page_that_waits_loads_itself_anew_when_the_room_opens(stages, client_as, planner, specialist):
    meeting = stages.in_conference().meetings.get()
    client, state = client_as(specialist), reverse("workflows:room-state", args=[meeting.pk])
    page = client.get(reverse("workflows:room", args=[meeting.pk])).content.decode()
    assert f"{state}?view=waiting" in page
    assert "HX-Refresh" not in client.get(f"{state}?view=waiting").headers
    rooms.room_open(meeting, user=planner)
    assert client.get(f"{state}?view=waiting").headers["HX-Refresh"] == "true"


def test_the_screen_shows_the_way_in_as_a_code(client_as, planner, room, urls):
    page = client_as(planner).get(urls["screen"]).content.decode()
    assert 'class="pg-qr' in page
    assert f"{settings.SITE_URL}{urls['page']}" in page
