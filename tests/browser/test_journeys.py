"""One short journey per role, by clicking only: what each one comes for, from the sign-in to the result."""

from __future__ import annotations

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import FilePayload, Locator, Page, expect

from measures.models import Measure
from monitoring.models import Delivery
from stakeholders.audit_labels import LABELS
from stakeholders.models import Function, User
from tests import factories
from tests.browser.conftest import BrowserPage
from tests.browser.journey import (
    be_sure,
    card_of,
    de,
    follow,
    headline,
    let_in,
    menu,
    press,
    row_of,
    sign_in,
    take,
    told,
)
from tests.browser.tools import (
    PHONE_WIDTH,
    assert_no_axe_findings,
    assert_no_sideways_scroll,
)
from tests.factories import World
from tests.flows.test_whole_cycle_http import delivery_csv
from tests.permissions.scene import Scene
from tests.stages import Stages
from workflows.demo import driver
from workflows.engine import round_open
from workflows.models import (
    ConfirmationState,
    DataRequestState,
    Decision,
    DecisionResult,
    PlanningCycle,
    VoteChoice,
)

#: How the answer to a confirmation begins; how many others are missing follows.
CONFIRMED = "Ihre Organisation hat die Zielvereinbarung bestätigt."


@pytest.fixture(autouse=True)
def _open_house(world: World) -> None:
    let_in(world)


def upload(page: Page, name: str, content: bytes) -> None:
    """Choose a file and send it."""
    file = FilePayload(name=name, mimeType="text/csv", buffer=content)
    page.locator("input[type=file]").set_input_files(file)
    page.locator("form:has(input[type=file]) button[type=submit]").click()
    told(page, "What came in" if name == "richtig.csv" else "Errors")


def test_specialist_delivers_figures(world: World, stages: Stages, browser_page: BrowserPage) -> None:
    request = stages.at_data().requests.get(organisation=world.youth_office)
    person, page = world.fresh("specialist"), browser_page()
    sign_in(page, person)
    take(page, person, "provide_data")

    upload(page, "falsch.csv", delivery_csv(request, world.areas, wrong=True).read())
    expect(page.get_by_role("table", name=de("Errors"))).to_contain_text("viel")
    expect(page.get_by_role("button", name=de("Hand in the delivery"))).to_have_count(0)
    assert_no_axe_findings(page)

    upload(page, "richtig.csv", delivery_csv(request, world.areas).read())
    press(page, "Hand in the delivery")
    told(page, "Handed in. The social planning unit checks your delivery.")
    request.refresh_from_db()
    assert request.state == DataRequestState.SUBMITTED
    assert request.delivery.file_name == "richtig.csv"


def test_head_hands_a_task_over(world: World, stages: Stages, browser_page: BrowserPage) -> None:
    stages.at_data()
    person, colleague, page = world.fresh("head"), world.fresh("specialist"), browser_page()
    card = card_of(person, "provide_data")
    task = headline(card)
    sign_in(page, person)
    row_of(page, card).get_by_role("link", name=de("Hand over")).click()
    page.get_by_role("main").get_by_role("combobox").select_option(label=str(colleague))
    press(page, "Hand over")
    told(page, "Handed over to %(person)s: “%(task)s”.", person=colleague, task=task)

    page.get_by_role("link", name=de("In the team"), exact=True).click()
    expect(row_of(page, card)).to_contain_text(de("with %(person)s", person=colleague))
    assert card_of(colleague, "provide_data").task.owner == colleague


def test_planner_checks_a_delivery_and_moves_a_date(
    world: World, stages: Stages, browser_page: BrowserPage
) -> None:
    cycle = stages.at_data()
    request = cycle.requests.get(organisation=world.youth_office)
    _hand_in(world, request)
    person, page = world.fresh("planner"), browser_page()
    sign_in(page, person)
    take(page, person, "review_delivery")
    page.get_by_label(de("Reason for returning it")).fill("Bitte die Altstadt prüfen.")
    press(page, "Return the delivery")
    told(page, "Returned. The supplier gets the task back with your reason.")
    request.refresh_from_db()
    assert request.state == DataRequestState.RETURNED

    _hand_in(world, request)
    take(page, person, "review_delivery")
    press(page, "Accept the delivery")
    request.refresh_from_db()
    assert request.state == DataRequestState.ACCEPTED

    page.get_by_role("link", name=de("Planning cycles")).first.click()
    follow(page, cycle.title)
    follow(page, de("Move dates"))
    stage = cycle.stages.get(kind=cycle.stage)
    page.locator("tbody tr[aria-current=step]").get_by_role("link", name=de("Move the dates")).click()
    later = stage.due_on + datetime.timedelta(days=7)
    page.get_by_label(de("Until")).fill(later.isoformat())
    page.get_by_label(de("Reason")).fill("Ferien")
    press(page, "Move the dates")
    told(page, "The dates have been changed; open tasks and reminders have moved along.")
    expect(page.get_by_role("main")).to_contain_text(later.strftime("%d.%m.%Y"))
    expect(page.get_by_role("main")).to_contain_text("Ferien")


def test_jobcenter_gives_a_statement(world: World, stages: Stages, browser_page: BrowserPage) -> None:
    cycle = stages.in_conference()
    person, page = world.fresh("jobcenter_head"), browser_page()
    sign_in(page, person)
    take(page, person, "give_statements")
    page.locator("input[name=statement-position]").first.check()
    page.locator("input[name=statement-confidence]").first.check()
    page.get_by_label(de("Statement"), exact=True).fill("   ")
    press(page, "Add the statement")
    expect(page.locator("[data-error-summary]")).to_be_focused()
    assert_no_axe_findings(page)

    page.get_by_label(de("Statement"), exact=True).fill("Zwei Straßenzüge prägen den Wert.")
    press(page, "Add the statement")
    expect(page.locator("#statements")).to_contain_text("Zwei Straßenzüge prägen den Wert.")
    press(page, "Hand in the statements")
    be_sure(page, "Hand in")
    told(page, "Thank you. Your statements have been handed in.")
    assert cycle.statements.get().organisation == world.jobcenter


def test_chair_records_a_decision(world: World, stages: Stages, browser_page: BrowserPage) -> None:
    stages.in_steering_group()
    person, page = world.fresh("chair"), browser_page()
    sign_in(page, person)
    take(page, person, "decide_recommendation")
    page.get_by_label(de("approve"), exact=True).check()
    votes = page.locator("select[data-vote]")
    for position in range(votes.count()):
        choice = VoteChoice.ABSENT if position else VoteChoice.YES
        votes.nth(position).select_option(choice.value)
    press(page, "Check the decision")
    quorum = {"present": 1, "quorum": 2}
    told(page, "No quorum: %(present)s voting members take part, %(quorum)s are needed.", **quorum)
    assert not Decision.objects.exists()
    assert_no_axe_findings(page)

    for position in range(votes.count()):
        votes.nth(position).select_option(VoteChoice.YES.value)
    press(page, "Check the decision")
    told(page, "Nothing has happened yet")
    assert not Decision.objects.exists()
    assert_no_axe_findings(page)
    press(page, "Record the decision")
    told(page, "Decision %(number)s has been recorded.", number=_reference())
    decision = Decision.objects.get()
    assert (decision.result, decision.yes_count) == (DecisionResult.APPROVED, 4)


def test_member_reads_the_decision(world: World, stages: Stages, browser_page: BrowserPage) -> None:
    cycle = stages.at_social_space()
    page = browser_page()
    sign_in(page, world.fresh("member"))
    page.get_by_role("link", name=de("Planning cycles")).first.click()
    follow(page, cycle.title)
    follow(page, "Elternarbeit ausbauen")
    expect(page.locator("h1")).to_have_text("Elternarbeit ausbauen")
    votes = page.get_by_role("table", name=de("How each member voted"))
    expect(votes.get_by_role("row", name=str(world.people["member"]))).to_contain_text(de("yes"))


def test_association_confirms_a_target_agreement(
    world: World, stages: Stages, browser_page: BrowserPage
) -> None:
    _, measure = stages.at_agreement(partners=[world.association])
    person, page = world.fresh("association_head"), browser_page()
    sign_in(page, person)
    take(page, person, "confirm_agreement")
    expect(page.get_by_role("main")).to_contain_text(measure.title)
    page.get_by_label(de("Yes, we confirm it")).check()
    press(page, "Send the answer")
    expect(page.get_by_role("main")).to_contain_text(CONFIRMED)
    assert measure.confirmations.get(organisation=world.association).state == ConfirmationState.CONFIRMED


def test_provider_confirms_and_reports(world: World, stages: Stages, browser_page: BrowserPage) -> None:
    cycle, measure = _measure_of_the_provider(world, stages)
    person, page = world.fresh("provider_head"), browser_page()
    sign_in(page, person)
    take(page, person, "confirm_agreement")
    page.get_by_label(de("Yes, we confirm it")).check()
    press(page, "Send the answer")
    expect(page.get_by_role("main")).to_contain_text(CONFIRMED)

    driver.confirm_all(measure)
    _run(world, cycle, measure)
    take(page, person, "report_figures")
    _report(page)
    assert measure.key_figures.get().reported.get().value == 42


def test_funder_sees_its_project_and_nothing_else(world: World, browser_page: BrowserPage) -> None:
    scene = Scene(world)
    let_in(world)
    page = browser_page()
    sign_in(page, world.fresh("funder_reader"))
    assert menu(page) == [de("My tasks"), de("Funding portfolio"), de("Funded projects")]
    page.get_by_role("link", name=de("Funded projects")).first.click()
    page.locator("tbody").get_by_role("link", name=scene.project.title, exact=True).click()
    expect(page.locator("h1")).to_have_text(scene.project.title)
    expect(page.get_by_role("link", name=de("The measure behind it"))).to_have_count(0)
    for path in (
        reverse("workflows:cycle-detail", args=[scene.cycle.pk]),
        reverse("measures:measure-detail", args=[scene.measure.pk]),
    ):
        response = page.goto(path)
        assert response is not None
        assert response.status == 404


def test_administrator_adds_a_person_and_a_function(
    world: World, browser_page: BrowserPage, mailoutbox: list[object]
) -> None:
    page = browser_page()
    sign_in(page, world.fresh("admin"))
    page.get_by_role("link", name=de("Administration")).first.click()
    follow(page, de("People"))
    follow(page, de("Give a sign-in"))
    page.get_by_label(de("Name"), exact=True).fill("Neue Fachkraft")
    page.get_by_label(de("E-mail")).fill("neu@example.org")
    page.get_by_label(de("User name")).fill("neue.fachkraft")
    page.get_by_label(de("Organisation")).select_option(str(world.youth_office.pk))
    page.get_by_label(de("Function")).select_option(Function.PLANNER.value)
    page.get_by_role("main").locator("button.kern-btn--primary[type=submit]").click()
    told(page, "%(person)s gets a mail with the link for choosing a password.", person="Neue Fachkraft")

    page.get_by_role("link", name=de("Administration")).first.click()
    follow(page, world.health_office.name)
    follow(page, de("Give a function"))
    person = User.objects.get(username="neue.fachkraft")
    page.get_by_label(de("Person")).select_option(str(person.pk))
    page.get_by_label(de("Function"), exact=True).select_option(Function.MEMBER.value)
    press(page, "Give the function")
    expect(page.get_by_role("main")).to_contain_text("Neue Fachkraft")
    assert set(person.memberships.values_list("organisation", "function")) == {
        (world.youth_office.pk, Function.PLANNER.value),
        (world.health_office.pk, Function.MEMBER.value),
    }

    page.get_by_role("link", name=de("Administration")).first.click()
    follow(page, de("Log"))
    for code in ("person.created", "membership.started"):
        told(page, str(LABELS[code]))
    assert_no_axe_findings(page)


def test_a_task_with_the_keyboard_only(world: World, stages: Stages, browser_page: BrowserPage) -> None:
    _, measure = stages.at_agreement()
    person = world.fresh("provider_head")
    card = card_of(person, "confirm_agreement")
    page = browser_page(person)
    page.goto(reverse("workflows:inbox"))
    page.keyboard.press("Tab")
    expect(page.locator(".pg-skip")).to_be_focused()
    page.keyboard.press("Enter")
    _tab_to(page, row_of(page, card).get_by_role("button", name=de("Take it")))
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(headline(card))
    _tab_to(page, page.get_by_label(de("Yes, we confirm it")))
    page.keyboard.press("Space")
    _tab_to(page, page.get_by_role("button", name=de("Send the answer")))
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_contain_text(CONFIRMED)
    assert measure.confirmations.get(organisation=world.provider).state == ConfirmationState.CONFIRMED


def test_a_whole_task_on_the_phone(world: World, stages: Stages, browser_page: BrowserPage) -> None:
    cycle, measure = _measure_of_the_provider(world, stages)
    driver.confirm_all(measure)
    _run(world, cycle, measure)
    person, page = world.fresh("provider_head"), browser_page(width=PHONE_WIDTH)
    sign_in(page, person)
    assert_no_sideways_scroll(page)
    page.locator("summary").filter(has_text=de("Menu")).click()
    page.locator(".pg-menu__nav").get_by_role("link", name=de("My tasks")).click()
    take(page, person, "report_figures")
    assert_no_sideways_scroll(page)
    _report(page)
    assert_no_sideways_scroll(page)
    assert measure.key_figures.get().reported.get().value == 42


def _hand_in(world: World, request: object) -> Delivery:
    user = world.fresh("specialist")
    row = factories.delivery(world.youth_office, factories.full_values(request, world.areas), user)
    driver.deliver(request, row, user=user)
    return row


def _reference() -> str:
    return f"1/{timezone.localdate().year}"


def _measure_of_the_provider(world: World, stages: Stages) -> tuple[PlanningCycle, Measure]:
    cycle = stages.at_social_space()

    def shape(recommendation: object) -> list[Measure]:
        return [factories.measure(world.plan, world.provider)]

    (measure,) = driver.shape(cycle, shape, user=world.fresh("planner"))
    return cycle, measure


def _run(world: World, cycle: PlanningCycle, measure: Measure) -> None:
    today = timezone.localdate()
    driver.begin(measure, started_on=today, user=world.fresh("provider_head"))
    cycle.refresh_from_db()
    due_on = today + datetime.timedelta(days=20)
    round_open(cycle, reference_on=today, due_on=due_on, user=world.fresh("planner"))


def _report(page: Page) -> None:
    figure = "Erreichte Kinder"
    page.get_by_label(de("Value of %(figure)s", figure=figure)).fill("42")
    press(page, "Hand in")
    told(page, "Handed in. The social planning unit checks your figures.")


def _tab_to(page: Page, wanted: Locator, most: int = 60) -> None:
    """Press Tab until this has the focus, and see that it shows it."""
    expect(wanted).to_be_visible()
    for _ in range(most):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            assert wanted.evaluate("element => element.matches(':focus-visible')")
            return
    raise AssertionError(f"{wanted}: not reached by {most} times Tab")
