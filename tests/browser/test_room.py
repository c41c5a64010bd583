"""The room with two browsers: what one enters the other sees, and a lost connection loses nothing."""

import time

from playwright.sync_api import expect

from tests.browser.tools import PHONE_WIDTH, assert_no_axe_findings, assert_no_sideways_scroll
from workflows.models import PointGiven, Statement
from workflows.services import rooms

SECONDS = 1000


def opened(stages, world, area=0):
    """A room with an area before it."""
    meeting = stages.in_conference().meetings.select_related("body", "cycle").get()
    planner = world.fresh("planner")
    room = rooms.room_open(meeting, user=planner)
    rooms.room_show(room, world.areas[area], user=planner)
    return room, f"/meetings/{meeting.pk}/room/"


def write(page, text):
    page.locator("#statement-form input[name=statement-position]").first.check()
    page.locator("#statement-form input[name=statement-confidence]").first.check()
    page.locator("#statement-form textarea").fill(text)
    page.locator("#statement-form button[type=submit]").click()


def test_a_statement_appears_on_the_other_pages_within_two_seconds(stages, world, browser_page):
    _room, path = opened(stages, world)
    phone = browser_page(world.fresh("specialist"), width=PHONE_WIDTH)
    screen = browser_page(world.fresh("planner"))
    phone.goto(path)
    screen.goto(f"{path}screen/")
    assert_no_axe_findings(phone)
    assert_no_sideways_scroll(phone)
    assert_no_axe_findings(screen)

    write(phone, "Der Bus fährt am Abend nicht.")
    expect(phone.locator("[data-room-said]")).to_be_visible()
    begun = time.perf_counter()
    expect(screen.locator("#room-statements")).to_contain_text("Der Bus fährt", timeout=4 * SECONDS)
    assert time.perf_counter() - begun < 2
    expect(phone.locator("#room-statements")).to_contain_text("Der Bus fährt")
    expect(phone.locator("#statement-form textarea")).to_have_value("")
    assert Statement.objects.count() == 1


def test_an_entry_made_without_a_connection_arrives_exactly_once(stages, world, browser_page):
    _room, path = opened(stages, world)
    page = browser_page(world.fresh("specialist"), width=PHONE_WIDTH)
    page.goto(path)
    page.context.set_offline(True)
    write(page, "Ohne Netz geschrieben.")
    expect(page.locator("[data-room-lost]")).to_be_visible()
    assert "Ohne Netz geschrieben." in page.evaluate("Object.values(localStorage).join()")
    expect(page.locator("#statement-form textarea")).to_have_value("")
    assert not Statement.objects.exists()

    page.context.set_offline(False)
    expect(page.locator("#room-statements")).to_contain_text("Ohne Netz", timeout=10 * SECONDS)
    expect(page.locator("[data-room-lost]")).to_be_hidden()
    page.reload()
    expect(page.locator("#room-statements")).to_contain_text("Ohne Netz")
    assert page.evaluate("localStorage.length") == 0
    assert Statement.objects.count() == 1


def test_an_answer_that_was_lost_does_not_double_the_entry(stages, world, browser_page):
    """The server has stored it, but the page never heard so: it sends again."""
    _room, path = opened(stages, world)
    page = browser_page(world.fresh("specialist"))
    page.goto(path)
    lost = []

    def lose_first(route):
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch().status)
            route.abort()
        else:
            route.continue_()

    page.route(f"**{path}", lose_first)
    write(page, "Antwort ging verloren.")
    expect(page.locator("[data-room-said]")).to_be_visible(timeout=10 * SECONDS)
    assert lost == [201]
    assert Statement.objects.count() == 1
    assert page.evaluate("localStorage.length") == 0


def test_what_is_refused_stays_in_the_form(stages, world, browser_page):
    _room, path = opened(stages, world)
    page = browser_page(world.fresh("specialist"))
    page.goto(path)
    page.locator("#statement-form").evaluate("form => (form.noValidate = true)")
    page.locator("#statement-form textarea").fill("Nur der Text.")
    page.locator("#statement-form button[type=submit]").click()
    expect(page.locator("[data-room-refused]")).to_be_visible()
    expect(page.locator("#statement-form textarea")).to_have_value("Nur der Text.")
    assert page.evaluate("localStorage.length") == 0
    page.locator("#statement-form textarea").fill("")


def test_points_half_entered_survive_news_and_the_result_appears(stages, world, browser_page):
    room, path = opened(stages, world)
    page = browser_page(world.fresh("specialist"), width=PHONE_WIDTH)
    page.goto(path)
    planner = world.fresh("planner")
    row = rooms.round_open(room, title="Was zuerst?", points_each=3, options=["Kita", "Bus"], user=planner)
    first = page.locator("[data-points]").first
    expect(first).to_be_visible(timeout=4 * SECONDS)
    # By buttons beside the number, also by keyboard, never below none and never above what there is.
    less, more = (
        page.locator("#room-live [data-step='-1']").first,
        page.locator("#room-live [data-step='1']").first,
    )
    assert "Kita" in (more.get_attribute("aria-label") or "")
    less.click(force=True)
    expect(first).to_have_value("0")
    more.focus()
    for _each in range(4):
        page.keyboard.press("Enter")
    expect(first).to_have_value("3")
    expect(more).to_have_attribute("aria-disabled", "true")
    less.click()
    expect(first).to_have_value("2")
    # A choice that may get no more than it has, though points are left.
    first.evaluate("field => { field.max = 2; field.dispatchEvent(new Event('input', { bubbles: true })); }")
    expect(more).to_have_attribute("aria-disabled", "true")
    more.click(force=True)
    expect(first).to_have_value("2")
    rooms.room_show(room, world.areas[1], user=planner)
    expect(page.locator("#area-heading")).to_have_text(world.areas[1].name, timeout=4 * SECONDS)
    expect(first).to_have_value("2")
    expect(page.locator("#room-live [data-step]")).to_have_count(4)
    assert_no_axe_findings(page)
    page.locator("#room-live form button[type=submit]").click()
    expect(page.locator("[data-room-said]")).to_be_visible()
    assert PointGiven.objects.get().count == 2
    rooms.round_close(row, user=planner)
    expect(page.locator("#room-live .pg-points")).to_contain_text("Kita", timeout=4 * SECONDS)


def test_without_scripts_forms_do_it_all(stages, world, browser_page):
    room, path = opened(stages, world)
    rooms.round_open(
        room, title="Was zuerst?", points_each=3, options=["Kita", "Bus"], user=world.fresh("planner")
    )
    page = browser_page(world.fresh("specialist"), width=PHONE_WIDTH, java_script_enabled=False)
    page.goto(path)
    write(page, "Ganz ohne Skripte.")
    expect(page.locator("#room-statements")).to_contain_text("Ganz ohne Skripte.")
    page.locator("[data-points]").first.fill("3")
    page.locator("#room-live form button[type=submit]").click()
    expect(page.locator("[data-points]").first).to_have_value("3")
    assert Statement.objects.count() == PointGiven.objects.count() == 1


def test_what_the_server_never_takes_can_be_discarded(stages, world, browser_page):
    _room, path = opened(stages, world)
    page = browser_page(world.fresh("specialist"))
    page.goto(path)

    def refuse(route):
        if route.request.method == "POST":
            route.fulfill(status=404, body="Nicht gefunden")
        else:
            route.continue_()

    page.route(f"**{path}", refuse)
    write(page, "Kommt nie an.")
    expect(page.locator("[data-room-discard]")).to_be_visible(timeout=30 * SECONDS)
    page.locator("[data-room-discard]").click()
    assert page.evaluate("localStorage.length") == 0


def test_an_error_never_takes_the_place_of_the_room(stages, world, browser_page):
    _room, path = opened(stages, world)
    page = browser_page(world.fresh("specialist"))
    page.goto(path)
    page.route(f"**{path}state/*", lambda route: route.fulfill(status=200, body="<h1>Anmelden</h1>"))
    expect(page.locator("[data-room-lost]")).to_be_visible(timeout=10 * SECONDS)
    expect(page.locator("#room-live")).to_be_visible()
    page.unroute(f"**{path}state/*")
    expect(page.locator("[data-room-lost]")).to_be_hidden(timeout=10 * SECONDS)
