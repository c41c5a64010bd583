"""The comforts of conference and decision: what scripts add to pages that work without them."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.tools import assert_no_sideways_scroll
from tests.workflows.taskpages import take
from workflows.flows import ContributionFlow, RecommendationFlow
from workflows.models import Decision, Recommendation, RecommendationState


@pytest.fixture(autouse=True)
def _committed(transactional_db):
    """The server's threads read what the test wrote."""


def test_evidence_appears_with_the_areas_chosen(stages, world, browser_page, specialist):
    cycle = stages.in_conference()
    stages.statement(cycle)
    page = browser_page(specialist)
    page.goto(f"/cycles/{cycle.pk}/recommendations/new/")
    evidence = page.locator("#evidence-choice")
    expect(page.locator("[data-without-script]")).to_be_hidden()
    expect(evidence).not_to_contain_text("Zwei Straßenzüge")

    page.get_by_label("Zentrum Nord").check()
    expect(evidence).to_contain_text("Zwei Straßenzüge")
    page.locator("input[name=indicators]").first.check()
    page.locator("input[name=statements]").first.check()
    expect(page.locator("[data-evidence-count]")).to_have_text(re.compile(r"\b1\b.*\b1\b"))
    # Another area comes in; what was ticked stays ticked.
    page.get_by_label("Altstadt").check()
    expect(evidence).to_contain_text("Altstadt")
    expect(page.locator("input[name=indicators]").first).to_be_checked()
    for name, text in {
        "title": "Elternarbeit ausbauen",
        "finding": "Die Quote ist hoch.",
        "need": "Vierzig Familien haben keine Anlaufstelle.",
        "aim": "Eltern sind begleitet.",
        "proposal": "Ein Angebot wird eingerichtet.",
    }.items():
        page.fill(f"[name={name}]", text)
    page.locator("[name=urgency][value=this_year]").check()
    page.select_option("[name=addressee]", str(world.youth_office.pk))
    page.locator("main form button.kern-btn--primary").click()
    page.wait_for_url("**/recommendations/*/")

    recommendation = Recommendation.objects.get()
    version = recommendation.versions.get()
    assert recommendation.state == RecommendationState.PROPOSED
    assert (version.indicators.count(), version.statements.count(), version.areas.count()) == (1, 1, 2)


def test_the_chair_counts_confirms_and_records(stages, browser_page, client_as, chair):
    cycle, _meeting = stages.in_steering_group()
    recommendation = cycle.recommendations.get()
    address = take(client_as(chair), recommendation.process, RecommendationFlow.decide_recommendation)
    page = browser_page(chair, width=390)
    page.goto(address)
    conditions, day = page.locator("[name=condition-1-text]"), page.locator("[name=postponed_until]")
    expect(conditions).to_be_hidden()

    page.locator("input[name=result][value=postponed]").check()
    expect(day).to_be_visible()
    page.locator("input[name=result][value=conditional]").check()
    expect(conditions).to_be_visible()
    expect(day).to_be_hidden()
    votes = page.locator("select[data-vote]")
    votes.first.select_option("absent")
    page.locator("[data-all-yes]").click()
    expect(votes.first).to_have_value("absent")
    expect(votes.last).to_have_value("yes")
    expect(page.locator("[data-count]")).to_contain_text("3")
    votes.last.select_option("absent")
    votes.nth(1).select_option("absent")
    expect(page.locator("[data-count]")).to_have_class(re.compile("is-missing"))
    votes.last.select_option("no")
    votes.nth(1).select_option("yes")
    expect(page.locator("[data-count]")).not_to_have_class(re.compile("is-missing"))

    record = page.locator("form[data-decide] button.kern-btn--primary")
    conditions.fill("Drei Kennzahlen")
    page.locator("[name=condition-1-organisation]").select_option(str(cycle.planning_unit_id))
    page.locator("[name=condition-1-due_on]").fill("2099-06-01")
    record.click()
    expect(page.locator("main dl")).to_contain_text("Drei Kennzahlen")
    assert_no_sideways_scroll(page)
    page.locator("button[name=again]").click()
    expect(conditions).to_have_value("Drei Kennzahlen")
    expect(votes.first).to_have_value("absent")
    assert not Decision.objects.exists()
    record.click()
    page.locator("button[name=sure]").click()
    page.wait_for_url("**/tasks/")

    decision = Decision.objects.get()
    assert (decision.result, decision.yes_count, decision.no_count) == ("conditional", 2, 1)
    assert decision.condition_rows.get().text == "Drei Kennzahlen"


def test_typed_text_is_not_lost_by_sending_another_form(stages, browser_page, client_as, world, specialist):
    """A statement that was typed but not added, and then "hand in"."""
    cycle = stages.in_conference()
    contribution = cycle.contributions.get(organisation=world.youth_office)
    address = take(client_as(specialist), contribution.process, ContributionFlow.give_statements)
    page = browser_page(specialist)
    answers = ["dismiss", "accept"]
    asked = []

    def answer(dialog):
        asked.append(dialog.type)
        getattr(dialog, answers.pop(0))()

    page.on("dialog", answer)
    page.goto(address)
    text = page.locator("#statement-form textarea")
    text.click()
    text.press_sequentially("Die Kita schließt im Sommer.")
    page.locator("#finish input[type=checkbox]").check()
    hand_in = page.locator("#finish button[type=submit]")
    hand_in.click()
    expect(hand_in).to_be_enabled()
    expect(text).to_have_value("Die Kita schließt im Sommer.")
    assert asked == ["beforeunload"]
    contribution.refresh_from_db()
    assert contribution.finished_at is None

    hand_in.click()
    page.locator("button[name=sure]").click()
    expect(page.locator("main")).to_contain_text("Ihr Beitrag ist abgegeben")
    contribution.refresh_from_db()
    assert contribution.finished_at is not None
