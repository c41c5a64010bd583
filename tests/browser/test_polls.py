"""Voting in the system in a browser: the chair opens, a member votes on the phone, the chair closes."""

import pytest
from playwright.sync_api import expect

from stakeholders.models import RulesOfProcedure
from tests.browser.journey import de
from tests.browser.tools import assert_no_axe_findings, assert_no_sideways_scroll
from workflows.models import Decision, Poll, VoteChoice
from workflows.polling import vote


@pytest.fixture(autouse=True)
def _committed(transactional_db):
    """The server's threads read what the test wrote."""


def look(page):
    assert_no_axe_findings(page)
    assert_no_sideways_scroll(page)


def test_a_poll_from_opening_to_its_decision(stages, world, browser_page, chair, member):
    cycle, _meeting = stages.in_steering_group(("Eins", "Zwei"))
    RulesOfProcedure.objects.filter(body=cycle.steering_group).update(
        allows_secret=True, allows_circulated=True
    )
    leading = browser_page(chair)
    leading.goto(f"/recommendations/{cycle.recommendations.get(number=1).pk}/poll/")
    expect(leading.locator("[name=ends_on]")).to_be_hidden()
    leading.locator("input[name=kind][value=circulated]").check()
    expect(leading.locator("[name=ends_on]")).to_be_visible()
    expect(leading.locator("[name=meeting]")).to_be_hidden()
    leading.locator("input[name=kind][value=named]").check()
    look(leading)
    leading.get_by_role("button", name=de("Open the poll"), exact=True).click()
    leading.wait_for_url("**/polls/*/")
    look(leading)
    poll = Poll.objects.get()

    voting = browser_page(member, width=390)
    voting.goto("/tasks/")
    look(voting)
    voting.locator("#open-polls a").click()
    voting.wait_for_url(f"**/polls/{poll.pk}/")
    look(voting)
    voting.locator("input[name=choice][value=yes]").focus()
    voting.keyboard.press("Space")
    voting.locator(".pg-ballot ~ .pg-actions button").click()
    expect(voting.locator("input[name=choice][value=yes]")).to_be_checked()
    look(voting)
    expect(leading.locator("#poll-progress")).not_to_contain_text(world.municipality.label, timeout=20_000)

    for name in ("chair", "jobcenter_head"):
        user = world.fresh(name)
        vote(poll, seat=poll.body.memberships.get(user=user), choice=VoteChoice.YES, user=user)
    leading.reload()
    leading.locator("form[action$='/close/'] button").click()
    look(leading)
    leading.locator("button[name=sure]").click()
    expect(leading.locator("main a[href^='/decisions/']")).to_be_visible()
    look(leading)
    assert Decision.objects.get().yes_count == 3


def test_by_count_numbers_appear_with_the_choice(stages, browser_page, chair):
    _cycle, meeting = stages.in_steering_group(("Eins", "Zwei"))
    page = browser_page(chair, width=390)
    page.goto(f"/meetings/{meeting.pk}/block/")
    numbers = page.locator("[name=yes_count]")
    expect(numbers).to_be_hidden()
    page.locator("input[name=how][value=count]").check()
    expect(numbers).to_be_visible()
    page.locator("[data-all-yes]").click()
    expect(page.locator("select[data-vote]").first).to_have_value("present")
    look(page)
