"""Six people, each in a browser of their own: from the conference to minutes approved in the next meeting."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override, pgettext
from playwright.sync_api import Page, expect

from tests.browser.conftest import BrowserPage
from tests.browser.journey import agree, be_sure, de, follow, let_in, press, sign_in, take, told
from tests.browser.tools import PHONE_WIDTH, assert_no_sideways_scroll
from tests.factories import World
from tests.stages import Stages
from workflows.models import (
    AgendaKind,
    BlockVote,
    CosignAnswer,
    CosignVerdict,
    Decision,
    DecisionResult,
    IssuedPaper,
    Meeting,
    MinutesAmendment,
    MinutesState,
    PlanningCycle,
    PointGiven,
    Recommendation,
    RecommendationState,
    Statement,
    VoteChoice,
)

PEOPLE = ("planner", "planning_head", "specialist", "jobcenter_head", "chair", "member")
ON_THE_PHONE = ("jobcenter_head", "member")
POLLING = 6_000  # milliseconds: pages of the room look for news by themselves

TITLE, OTHERS = "Elternarbeit ausbauen", ("Bus am Abend", "Treffpunkt öffnen")
STATEMENT = "Zwei Straßenzüge prägen den Wert."
FIRST, SECOND = "Das Jobcenter richtet ein Angebot ein.", "Das Jobcenter richtet zwei Angebote ein."
COMMENT = "Nur mit Räumen im Zentrum."
RETURN_REASON = "Ein Angebot reicht für vierzig Familien nicht."
NOTE, REMARK = "Lange Aussprache über die Räume.", "Die Sitzung war öffentlich."
OBJECTION, CORRECTION = "Es waren fünfzig Familien.", "Es sind fünfzig Familien."


@dataclasses.dataclass
class Cast:
    """The people of the journey at their pages."""

    world: World
    pages: dict[str, Page]

    def __getitem__(self, name: str) -> Page:
        return self.pages[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.pages)

    def take(self, name: str, node: str, about: str = "") -> Page:
        """Somebody opens their task; back comes its page."""
        take(self.pages[name], self.world.fresh(name), node, about)
        return self.pages[name]

    def finish(self, name: str) -> None:
        """Somebody completes a task by its one main button and is back at the others."""
        self.pages[name].get_by_role("main").locator("button.kern-btn--primary").click()
        expect(self.pages[name].locator("h1")).to_have_text(de("My tasks"))

    def visit(self, name: str, meeting: Meeting) -> Page:
        """Somebody opens the page of a meeting, as by the link in the invitation."""
        self.pages[name].goto(reverse("workflows:meeting-detail", args=[meeting.pk]))
        return self.pages[name]


@pytest.fixture
def cast(world: World, browser_page: BrowserPage) -> Cast:
    """All six, signed in."""
    let_in(world)
    pages = {}
    for name in PEOPLE:
        pages[name] = browser_page(width=PHONE_WIDTH) if name in ON_THE_PHONE else browser_page()
        sign_in(pages[name], world.fresh(name))
    return Cast(world, pages)


def test_from_the_conference_to_approved_minutes(world: World, stages: Stages, cast: Cast) -> None:
    cycle = stages.in_conference()
    speak_and_give_points(cast, cycle)
    recommendation = recommend(cast, cycle)
    have_it_cosigned(cast, recommendation)
    for title in OTHERS:
        stages.submitted(cycle, title)

    meeting = end_the_conference_and_invite(cast, cycle)
    enter_who_is_there(cast, meeting)
    decide_the_others_as_a_block(cast, meeting, recommendation)
    return_it_while_one_is_biased(cast, meeting, recommendation)
    close_and_minute(cast, meeting)

    write_it_anew(cast, recommendation)
    following = set_the_next_meeting(cast, cycle)
    approve_the_minutes(cast, following, meeting)
    decide_again(cast, following, recommendation)
    all_of_it_is_kept(world, meeting, following, recommendation)


# --- the conference --------------------------------------------------------------------------------


def speak_and_give_points(cast: Cast, cycle: PlanningCycle) -> None:
    """The chair leads the room; a statement and points come from the others, and all see them."""
    meeting, area = cycle.meetings.get(), cast.world.areas[0].name
    leading = cast.visit("planning_head", meeting)
    follow(leading, de("Room"))
    follow(leading, de("Lead the room"))
    press(leading, "Open the room")
    leading.get_by_role("button", name=area, exact=True).click()

    speaking, listening = cast.visit("jobcenter_head", meeting), cast.visit("specialist", meeting)
    for page in (speaking, listening):
        follow(page, de("Room"))
        expect(page.locator("#area-heading")).to_have_text(area)
    form = speaking.locator("#statement-form")
    form.locator("input[name=statement-position]").first.check()
    form.locator("input[name=statement-confidence]").first.check()
    form.locator("textarea").fill(STATEMENT)
    press(speaking, "Add the statement")
    expect(listening.locator("#room-statements")).to_contain_text(STATEMENT, timeout=POLLING)

    leading.locator("[name$=title]").fill("Was zuerst?")
    leading.locator("[name$=typed]").fill("Elternarbeit\nBus")
    press(leading, "Ask for points")
    for page, points in ((speaking, ("3", "0")), (listening, ("1", "2"))):
        fields = page.locator("[data-points]")
        expect(fields).to_have_count(2, timeout=POLLING)
        for position, number in enumerate(points):
            fields.nth(position).fill(number)
        press(page, "Give the points")
        expect(page.locator("[data-room-said]")).to_be_visible()
    press(leading, "End the round")
    agree(leading, "End the round")
    for page in (speaking, listening):
        first = page.locator(".pg-points tbody tr").first
        expect(first).to_contain_text("Elternarbeit", timeout=POLLING)
        expect(first.locator("td").last).to_have_text("4")


def recommend(cast: Cast, cycle: PlanningCycle) -> Recommendation:
    """The author writes a draft on what was said; members of the steering group see nothing of it yet."""
    page, world = cast["specialist"], cast.world
    page.goto(reverse("workflows:recommendation-create", args=[cycle.pk]))
    page.get_by_label(world.areas[0].name).check()
    page.get_by_label(STATEMENT).check()
    page.locator("input[name=indicators]").first.check()
    texts = {
        "title": TITLE,
        "finding": "Die SGB-II-Quote liegt über dem Mittel.",
        "need": "Vierzig Familien haben keine Anlaufstelle.",
        "aim": "Eltern sind früh begleitet.",
        "proposal": FIRST,
    }
    for name, text in texts.items():
        page.locator(f"[name={name}]").fill(text)
    page.locator("[name=urgency][value=this_year]").check()
    page.locator("[name=addressee]").select_option(str(world.jobcenter.pk))
    press(page, "Save as a draft")
    told(page, "The draft has been saved. It waits among your tasks until you submit it.")
    recommendation = cycle.recommendations.get()
    response = cast["member"].goto(reverse("workflows:recommendation-detail", args=[recommendation.pk]))
    assert response is not None
    assert response.status == 404
    return recommendation


def have_it_cosigned(cast: Cast, recommendation: Recommendation) -> None:
    """The author asks the Jobcenter, which comments; the chair reads that and adopts."""
    page = cast["specialist"]
    follow(page, de("Have it co-signed"))
    page.locator("[name=organisation_1]").select_option(str(cast.world.jobcenter.pk))
    press(page, "Save who is asked")
    expect(page.locator("h1")).to_have_text(TITLE)
    cast.take("specialist", "draft_recommendation")
    press(page, "Put it before the conference")
    told(page, "The recommendation is before the conference now; its chair adopts it.")

    page = cast.take("jobcenter_head", "cosign_recommendation")
    expect(page.get_by_role("main")).to_contain_text(FIRST)
    page.locator(f"[name=verdict][value={CosignVerdict.COMMENTED}]").check()
    page.locator("[name=comment]").fill(COMMENT)
    cast.finish("jobcenter_head")
    adopt(cast, COMMENT)


def adopt(cast: Cast, seen: str) -> None:
    """The chair of the conference sees this, and the conference adopts."""
    page = cast.take("planning_head", "adopt_recommendation")
    expect(page.get_by_role("main")).to_contain_text(seen)
    page.locator("[name=outcome][value=adopt]").check()
    press(page, "Record the result")
    told(page, "Adopted. The recommendation is before the steering group now.")


def end_the_conference_and_invite(cast: Cast, cycle: PlanningCycle) -> Meeting:
    """Planning closes the conference and invites the steering group for today."""
    page = cast.take("planner", "hold_conference")
    follow(page, cast.world.areas[0].name)
    expect(page.get_by_role("main")).to_contain_text(STATEMENT)
    press(page, "Close the conference")
    be_sure(page, "Close the conference")
    expect(page.locator("h1")).to_have_text(de("My tasks"))
    cast.take("planner", "prepare_steering_group")
    invite(page)
    meeting = cycle.meetings.get(body=cycle.steering_group)
    cast.visit("member", meeting)
    for title in (TITLE, *OTHERS):
        expect(cast["member"].get_by_role("main")).to_contain_text(title)
    return meeting


def invite(page: Page) -> None:
    """Day and place; those who are invited are ticked already."""
    page.locator("[name=held_on]").fill(timezone.localdate().isoformat())
    page.locator("[name=place]").fill("Kreishaus")
    press(page, "Send the invitations")
    told(page, "The invitations are on their way.")


# --- the session -----------------------------------------------------------------------------------


def enter_who_is_there(cast: Cast, meeting: Meeting) -> None:
    """Planning takes attendance: three members and, for the youth office, the deputy."""
    page, world = cast.visit("planner", meeting), cast.world
    follow(page, de("Take attendance"))
    for organisation in (world.social_affairs, world.municipality, world.jobcenter, world.youth_office):
        row = page.locator(".pg-attendance tbody tr").filter(has_text=organisation.label)
        if organisation == world.youth_office:
            row.locator("select[name=by]").select_option("deputy")
        row.get_by_role("button", name=de("comes")).click()
        expect(row.get_by_role("button", name=de("leaves"))).to_be_visible()
    told(page, "can decide")


def decide_the_others_as_a_block(cast: Cast, meeting: Meeting, apart: Recommendation) -> None:
    """The chair takes the item out on which the Jobcenter is biased; one vote decides the two others."""
    page = cast.visit("chair", meeting)
    follow(page, de("Decide as a block"))
    page.locator(f"[name=items][value='{apart.pk}']").uncheck()
    press(page, "All present vote yes")
    press(page, "Check the decisions")
    press(page, "Record the decisions")
    expect(page.locator("#decisions-heading")).to_be_visible()
    session = cast["planner"]
    session.goto(reverse("workflows:meeting-session", args=[meeting.pk]))
    with override("de"):
        done = pgettext("state of an agenda item", "finished")
    for title in OTHERS:
        expect(session.locator(".pg-session-agenda li").filter(has_text=title)).to_contain_text(done)


def return_it_while_one_is_biased(cast: Cast, meeting: Meeting, recommendation: Recommendation) -> None:
    """Members vote on their own devices: the Jobcenter takes no part, the deputy is against the return."""
    session = call_item(cast, meeting, TITLE)
    leading = cast.take("chair", "decide_recommendation")
    follow(leading, de("Let the members vote in the system"))
    leading.locator(f"[name=result][value={DecisionResult.RETURNED}]").check()
    leading.locator("[name=reason]").fill(RETURN_REASON)
    press(leading, "Open the poll")
    told(leading, "The poll is open. Members can vote now.")
    votes = {
        "chair": VoteChoice.YES,
        "member": VoteChoice.YES,
        "specialist": VoteChoice.NO,
        "jobcenter_head": VoteChoice.BIASED,
    }
    for name, choice in votes.items():
        vote(cast, name, choice)
    leading.reload()
    told(leading, "Nobody is waited for any more.")
    press(leading, "Close the poll and count")
    press(leading, "Close the poll")
    expect(leading.locator("main a[href^='/decisions/']")).to_be_visible()
    decision = recommendation.decisions.get()
    expect(leading.get_by_role("main")).to_contain_text(decision.reference)

    cast.visit("chair", meeting)
    press(leading, "Issue all extracts")
    be_sure(leading, "Issue all extracts")
    expect(leading.get_by_role("button", name=de("Issue all extracts"))).to_have_count(0)
    session.locator("[name=note-text]").fill(NOTE)
    press(session, "Add the note")
    told(session, "Noted.")
    finish_item(session)


def vote(cast: Cast, name: str, choice: VoteChoice) -> None:
    """A member finds the poll among the own tasks and votes; the chair is on its page already."""
    page = cast[name]
    if name != "chair":
        page.locator("a.pg-brand").click()
        page.locator("#open-polls a").click()
        expect(page.get_by_role("main")).to_contain_text(RETURN_REASON)
        assert_no_sideways_scroll(page)
    page.locator(f"input[name=choice][value={choice}]").check(force=True)
    press(page, "Cast the vote")
    told(page, "Your vote is in.")


def call_item(cast: Cast, meeting: Meeting, title: str) -> Page:
    """Planning calls an item on the page on which it runs the meeting."""
    page = cast["planner"]
    page.goto(reverse("workflows:meeting-session", args=[meeting.pk]))
    page.locator(".pg-session-agenda").get_by_role("link", name=title).click()
    press(page, "Call the item")
    told(page, "The item has been called.")
    return page


def finish_item(page: Page) -> None:
    """Planning finishes the item the meeting is at."""
    press(page, "Finish the item")
    told(page, "The item is finished.")


def close_and_minute(cast: Cast, meeting: Meeting) -> None:
    """Planning closes the meeting and writes its minutes, the chair signs, a member asks for a correction."""
    page = cast["planner"]
    follow(page, de("Close the meeting"))
    press(page, "Close the meeting")
    told(page, "The meeting is closed. The social planning unit has been asked for the minutes.")
    cast.take("planner", "write_minutes", meeting.body.name)
    expect(page.locator("textarea").filter(has_text=NOTE)).to_have_count(1)
    page.locator("[name=text]").fill(REMARK)
    press(page, "Sign and hand in")
    agree(page, "Sign and hand in")
    expect(page.locator("h1")).to_have_text(de("My tasks"))

    signing = cast.take("chair", "sign_minutes")
    for text in (REMARK, NOTE, TITLE):
        expect(signing.get_by_role("main")).to_contain_text(text)
    signing.locator("button[name=answer][value=sign]").click()
    be_sure(signing, "Sign the minutes")
    expect(signing.locator("h1")).to_have_text(de("My tasks"))

    reading = cast.visit("member", meeting)
    reading.get_by_role("main").locator("a[href*='/minutes/']").first.click()
    expect(reading.get_by_role("main")).to_contain_text(NOTE)
    follow(reading, de("Ask for a correction"))
    reading.locator("[name=text]").fill(OBJECTION)
    press(reading, "Send")
    expect(reading.get_by_role("main")).to_contain_text(OBJECTION)


# --- the second round ------------------------------------------------------------------------------


def write_it_anew(cast: Cast, recommendation: Recommendation) -> None:
    """The author reads why it came back and writes a second version; the conference adopts it."""
    page = cast.take("specialist", "draft_recommendation")
    expect(page.locator("#return")).to_contain_text(RETURN_REASON)
    page.locator("[name=proposal]").fill(SECOND)
    press(page, "Put it before the conference")
    told(page, "The recommendation is before the conference now; its chair adopts it.")
    adopt(cast, RETURN_REASON)
    recommendation.refresh_from_db()
    assert recommendation.state == RecommendationState.SUBMITTED


def set_the_next_meeting(cast: Cast, cycle: PlanningCycle) -> Meeting:
    """Planning sets a further meeting: the minutes stand on its agenda by themselves, so does the item."""
    page = cast["planner"]
    page.goto(reverse("workflows:meeting-list", args=[cycle.pk]))
    follow(page, de("Set a further meeting"))
    invite(page)
    following = cycle.meetings.filter(body=cycle.steering_group).latest("pk")
    kinds = following.agenda.order_by("position").values_list("kind", flat=True)
    assert [*kinds] == [AgendaKind.MINUTES, AgendaKind.RECOMMENDATION]
    follow(page, de("Take attendance"))
    press(page, "All members are there")
    told(page, "can decide")
    return following


def approve_the_minutes(cast: Cast, following: Meeting, meeting: Meeting) -> None:
    """The meeting approves them with a correction; the member reads it."""
    item = following.agenda.get(approves=meeting)
    page = call_item(cast, following, item.title)
    expect(page.get_by_role("main")).to_contain_text(OBJECTION)
    page.locator("[name=approve-answer][value=corrected]").check()
    page.locator("[name=approve-correction]").fill(CORRECTION)
    press(page, "Record the approval")
    told(page, "The approval has been recorded.")
    reading = cast["member"]
    reading.reload()
    expect(reading.get_by_role("main")).to_contain_text(CORRECTION)


def decide_again(cast: Cast, following: Meeting, recommendation: Recommendation) -> None:
    """The chair enters the votes: the Jobcenter is biased again, all others approve."""
    session = call_item(cast, following, TITLE)
    page, seats = cast.take("chair", "decide_recommendation"), following.body.memberships
    expect(page.locator("#changes")).to_contain_text(RETURN_REASON)
    page.get_by_label(de("approve"), exact=True).check()
    biased = page.locator(f"[name=vote-{seats.get(organisation=cast.world.jobcenter).pk}]")
    biased.select_option(VoteChoice.BIASED)
    press(page, "All present vote yes")
    expect(biased).to_have_value(VoteChoice.BIASED)
    press(page, "Check the decision")
    press(page, "Record the decision")
    expect(page.locator("h1")).to_have_text(de("My tasks"))
    decision = recommendation.decisions.latest("pk")
    told(page, "Decision %(number)s has been recorded.", number=decision.reference)
    finish_item(session)

    reading = cast["jobcenter_head"]
    reading.goto(reverse("workflows:decision-detail", args=[decision.pk]))
    own = reading.get_by_role("table", name=de("How each member voted")).locator("tr")
    expect(own.filter(has_text=cast.world.jobcenter.label)).to_contain_text(str(VoteChoice.BIASED.label))


# --- what is kept ----------------------------------------------------------------------------------


def all_of_it_is_kept(
    world: World, meeting: Meeting, following: Meeting, recommendation: Recommendation
) -> None:
    """Statement, points, co-signing, two versions, four decisions, and the minutes with their correction."""
    people = world.people
    statement = Statement.objects.get()
    assert (statement.organisation, statement.text) == (world.jobcenter, STATEMENT)
    assert sorted(PointGiven.objects.filter(count__gt=0).values_list("count", flat=True)) == [1, 2, 3]

    answer = CosignAnswer.objects.get()
    assert (answer.verdict, answer.comment) == (CosignVerdict.COMMENTED, COMMENT)
    assert answer.answered_by == people["jobcenter_head"]
    first, second = recommendation.versions.order_by("number")
    assert (first.proposal, second.proposal) == (FIRST, SECOND)
    assert first.statements.get() == statement
    recommendation.refresh_from_db()
    assert recommendation.state == RecommendationState.APPROVED

    block = BlockVote.objects.get()
    assert {row.version.title for row in block.decisions.all()} == set(OTHERS)
    assert {row.result for row in block.decisions.all()} == {DecisionResult.APPROVED}
    returned, approved = recommendation.decisions.order_by("pk")
    assert (returned.meeting, returned.result, returned.version) == (meeting, DecisionResult.RETURNED, first)
    assert (returned.yes_count, returned.no_count, returned.reason) == (2, 1, RETURN_REASON)
    assert (approved.meeting, approved.result) == (following, DecisionResult.APPROVED)
    assert (approved.version, approved.yes_count) == (second, 3)
    for decision in (returned, approved):
        assert decision.votes.get(choice=VoteChoice.BIASED).seat.organisation == world.jobcenter
    for decision in (returned, *block.decisions.all()):
        assert decision.votes.get(is_deputy=True).seat.organisation == world.youth_office
    assert [*Decision.objects.order_by("number").values_list("number", flat=True)] == [1, 2, 3, 4]

    minutes = meeting.minutes
    assert minutes.state == MinutesState.APPROVED
    assert minutes.approved_under.meeting == following
    assert (minutes.handed_in_by, minutes.signed_by) == (people["planner"], people["chair"])
    assert minutes.objections.get().filed_by == people["member"]
    assert MinutesAmendment.objects.get().text == CORRECTION
    assert minutes.content["text"] == REMARK
    assert IssuedPaper.objects.filter(meeting=meeting, replaces__isnull=False).exists()
    assert following.agenda.standing().filter(finished_at__isnull=True).count() == 0
