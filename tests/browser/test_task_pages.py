"""The page of every human task, reached through one cycle: axe and width, on a desk and on a phone."""

from __future__ import annotations

import dataclasses
import datetime
from decimal import Decimal

from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page
from viewflow.workflow.models import Task

from measures.models import KeyFigure, Measure, RoundReport
from measures.services.project_report_steps import report_check, report_decide, report_deliver
from measures.services.reporting import Actual
from stakeholders.models import Body, RulesOfProcedure, Seat, User
from tests import factories
from tests.amendments import granted, wish
from tests.browser.conftest import BrowserPage
from tests.browser.pages import Inspection
from tests.chapters import Reports
from tests.evenings import COUNTS, NEXT_STEPS, Evenings
from tests.factories import World
from tests.grants import do_report_step, fill_report, owed_reports
from tests.stages import Stages
from workflows.amending import amendment_open
from workflows.assigning import assignment_create
from workflows.demo import amendment_steps, driver, evaluation_steps, evening_steps
from workflows.demo import assignments as acting
from workflows.demo import minutes as minutes_driver
from workflows.engine import recommendation_begin, round_open
from workflows.evenings import answer_correction_begin
from workflows.flows import FLOWS, MeasureFlow, PlanningCycleFlow, RecommendationFlow
from workflows.models import (
    AnswerKind,
    CosignOrder,
    CosignVerdict,
    DecisionResult,
    EvaluationOutcome,
    Meeting,
    Minutes,
    PlanningCycle,
    Recommendation,
    RecommendationKind,
    TaskCard,
    VoteChoice,
    VoteKind,
)
from workflows.nodes import GuardedView, complete_task, open_task
from workflows.polling import poll_begin, vote
from workflows.recommendation_cases import cosigning_ask
from workflows.selectors.agreement_versions import content_for
from workflows.selectors.evaluations import latest_request
from workflows.services.agreements import draft_save
from workflows.services.analysis import areas_choose, profile_save, profiles_release
from workflows.services.evaluations import Answers, verdicts_record
from workflows.services.social_report import report_begin
from workflows.services.space_entries import entry_moderate
from workflows.services.tasks import task_give_back, task_recipients, task_take


class TaskTour:
    """Opens each human task that has not been seen yet, as somebody whose task it is."""

    def __init__(self, browser_page: BrowserPage) -> None:
        self.browser_page = browser_page
        self.inspection = Inspection()
        self.pages: dict[int, Page] = {}
        self.seen: set[str] = set()

    def stop(self) -> None:
        """Look at all tasks now open."""
        for card in TaskCard.objects.filter(is_open=True).select_related("task").order_by("pk"):
            node = card.task.flow_task
            name = f"{node.flow_class.__name__}.{node.name}"
            if name not in self.seen:
                self.seen.add(name)
                self._visit(card.task, name)

    def _visit(self, task: Task, name: str) -> None:
        is_free = task.owner is None
        person: User = task_recipients(task)[0] if is_free else task.owner
        if person.pk not in self.pages:
            self.pages[person.pk] = self.browser_page(person)
        page = self.pages[person.pk]
        url = reverse("workflows:task", args=[task.pk])
        if is_free:
            self.inspection.open(page, url, f"{name}, free ({person})")
            task_take(task, user=person)
        self.inspection.open(page, url, f"{name} ({person})")
        if is_free:
            task_give_back(task, user=person)


def test_every_task_page(world: World, stages: Stages, browser_page: BrowserPage) -> None:
    tour = TaskTour(browser_page)
    person = world.fresh
    planner = person("planner")

    cycle = stages.at_data()
    tour.stop()
    _deliver(world, cycle, tour)
    tour.stop()  # run_analysis
    areas = world.areas[:2]
    _choose_areas(world, stages, cycle, tour)
    tour.stop()  # prepare_conference
    driver.invite_conference(
        cycle, [world.youth_office, world.jobcenter, world.health_office], user=planner, place="Kreishaus"
    )
    tour.stop()  # give_statements, hold_conference
    stages.statement(cycle)
    draft = recommendation_begin(cycle, wording=stages.wording(areas=areas), user=person("specialist"))
    tour.stop()  # draft_recommendation
    cosigning_ask(
        draft,
        organisations=[world.jobcenter],
        order=CosignOrder.PARALLEL,
        due_on=timezone.localdate(),
        user=person("specialist"),
    )
    driver.propose(draft, user=person("specialist"))
    tour.stop()  # cosign_recommendation
    driver.cosign(draft, world.jobcenter, CosignVerdict.COSIGNED, user=person("jobcenter_head"))
    tour.stop()  # adopt_recommendation
    driver.adopt(draft, user=world.fresh("planning_head"))
    circulated = stages.submitted(cycle, "Im Umlauf")
    driver.close_conference(cycle, user=planner)
    _write_and_sign(world, cycle.planning_conference, tour)
    _circulate(world, circulated, tour)
    _report(world, cycle, tour)
    tour.stop()  # prepare_steering_group
    meeting = driver.invite_steering_group(cycle, user=planner)
    tour.stop()  # decide_recommendation
    driver.decide(draft, meeting, DecisionResult.APPROVED, user=person("chair"), issues_extract=False)
    driver.issue_extract(draft, user=person("chair"))
    _follow_up(world, cycle, meeting, tour)
    cycle.refresh_from_db()
    tour.stop()  # shape_measures
    _evening(world, cycle, tour)
    _owe_reports(world, tour)
    _amend(world, cycle, tour)
    _implement(world, stages, cycle, tour)

    assert tour.seen == {
        f"{flow.__name__}.{node.name}"
        for flow in FLOWS
        for node in flow.instance.nodes()
        if isinstance(node, GuardedView)
    }
    tour.inspection.finish()


def _owe_reports(world: World, tour: TaskTour) -> None:
    """Each kind of report of a project goes to the funder, who asks and is answered; one needs more time."""
    provider, planner = world.fresh("provider_head"), world.fresh("planner")
    reports = owed_reports(world)
    tour.stop()  # draft_report, decide_extension
    for report in reports:
        fill_report(report)
        do_report_step(report, "draft_report", provider, lambda row: report_deliver(row, user=provider))
    tour.stop()  # review_report
    for report in reports:
        do_report_step(
            report,
            "review_report",
            planner,
            lambda row: report_check(row, is_fine=True, text="", user=planner),
        )
    tour.stop()  # decide_report
    funder = world.fresh("funder_reader")
    for report in reports:
        do_report_step(
            report,
            "decide_report",
            funder,
            lambda row: report_decide(row, outcome="ask", text="Wofür?", user=funder),
        )
    tour.stop()  # answer_question


def _amend(world: World, cycle: PlanningCycle, tour: TaskTour) -> None:
    """A provider asks for another plan of its grant; the request goes to the funder."""
    provider = world.fresh("provider_head")
    request = amendment_open(granted(world, cycle), user=provider)
    tour.stop()  # write_amendment
    amendment_steps.send(request, wish(), user=provider)
    tour.stop()  # review_amendment
    amendment_steps.forward(request, user=world.fresh("planner"))
    tour.stop()  # decide_amendment


def _write_and_sign(world: World, body: Body, tour: TaskTour) -> None:
    """The minutes of a body's meeting are written and signed."""
    minutes = Minutes.objects.get(meeting__body=body)
    tour.stop()  # write_minutes
    minutes_driver.write_minutes(minutes, user=world.fresh("planner"))
    tour.stop()  # sign_minutes
    minutes_driver.sign_minutes(minutes, user=world.fresh("planning_head"))


def _circulate(world: World, recommendation: Recommendation, tour: TaskTour) -> None:
    """A recommendation is rejected in circulation."""
    body = recommendation.cycle.steering_group
    RulesOfProcedure.objects.filter(body=body).update(allows_circulated=True)
    poll = poll_begin(
        recommendation,
        kind=VoteKind.CIRCULATED,
        result=DecisionResult.REJECTED,
        reason="Schon erledigt",
        ends_on=timezone.localdate() + datetime.timedelta(days=9),
        user=world.fresh("chair"),
    )
    tour.stop()  # vote_in_circulation
    for seat in body.memberships.filter(seat__in=[Seat.CHAIR, Seat.VOTING]).select_related("user"):
        vote(poll, seat=seat, choice=VoteChoice.YES, user=User.objects.get(pk=seat.user_id))
    tour.stop()  # issue_extract, of a decision without a meeting
    driver.issue_extract(recommendation, user=world.fresh("chair"))


def _follow_up(world: World, cycle: PlanningCycle, meeting: Meeting, tour: TaskTour) -> None:
    """A task of the meeting gets more time and is met."""
    office, planner = world.fresh("specialist"), world.fresh("planner")
    today = timezone.localdate()
    given = assignment_create(
        cycle=cycle,
        organisation=world.youth_office,
        text="Berichten",
        due_on=today,
        meeting=meeting,
        user=world.fresh("chair"),
    )
    tour.stop()  # carry_out
    acting.ask_time(given, "Urlaub", due_on=today + datetime.timedelta(days=9), user=office)
    tour.stop()  # decide_more_time
    acting.answer_time(given, is_given=True, user=planner)
    acting.carry_out(given, "Fertig", user=office)
    tour.stop()  # confirm_done
    acting.confirm_done(given, user=planner)


def _report(world: World, cycle: PlanningCycle, tour: TaskTour) -> None:
    """A chapter of the social report is written and released."""
    report = report_begin(
        world.territory,
        planning_unit=world.planning_unit,
        slug="bericht",
        title="Sozialbericht",
        user=world.fresh("planner"),
    )
    reports = Reports(world, cycle, report)
    renewal = reports.renewal(reports.chapter())
    tour.stop()  # write_chapter
    driver.write_chapter(renewal, renewal.text, user=world.fresh("planner"))
    tour.stop()  # release_chapter
    head = world.fresh("planning_head")
    driver.release_chapter(renewal, user=head)
    page = tour.browser_page(head)
    withdraw = reverse("workflows:edition-withdraw", args=[renewal.edition.pk])
    tour.inspection.open(page, withdraw, "withdrawal of an edition")
    page.close()


def _evening(world: World, cycle: PlanningCycle, tour: TaskTour) -> None:
    """An evening of the social-space conference, from its preparation to its answers."""
    evenings = Evenings(world, cycle)
    conference = evenings.set_up()
    tour.stop()  # prepare_evening
    evening_steps.prepare(conference, user=evenings.planner)
    idea = evenings.idea(conference)
    evening_steps.idea(conference, "Anruf unter 02402 123456")
    tour.stop()  # hold_evening
    holder = tour.browser_page(evenings.facilitator)
    for name in ("moderation", "enter", "qr", "detail"):
        page = reverse(f"workflows:space-conference-{name}", args=[conference.pk])
        tour.inspection.open(holder, page, f"{name} of an evening")
    holder.close()
    for waiting in conference.ideas.filter(state="waiting"):
        entry_moderate(conference, waiting, is_shown=False, reason="Nennt jemanden", user=evenings.planner)
    evening_steps.close(conference, COUNTS, user=evenings.facilitator)
    tour.stop()  # answer_ideas
    planner = tour.browser_page(evenings.planner)
    answer = reverse("workflows:space-idea-answer", args=[idea.pk])
    tour.inspection.open(planner, answer, "answer to an idea")
    planner.close()
    evenings.answer(idea)
    evening_steps.submit(conference, NEXT_STEPS, user=evenings.planner)
    tour.stop()  # release_answers
    evening_steps.release(conference, user=evenings.head)
    correction = {"kind": AnswerKind.NOT_POSSIBLE, "text": "Der Platz gehört der Bahn, bis 2030."}
    answer_correction_begin(idea, user=evenings.planner, **correction)
    tour.stop()  # release_correction
    evening_steps.release_correction(conference, user=evenings.head, is_released=False, reason="Kürzer")
    tour.stop()  # correct_answer
    answer_correction_begin(idea, user=evenings.planner, **correction)
    evening_steps.release_correction(conference, user=evenings.head)


def _deliver(world: World, cycle: PlanningCycle, tour: TaskTour) -> None:
    for request in cycle.requests.select_related("organisation", "cycle"):
        user = world.fresh("specialist" if request.organisation == world.youth_office else "jobcenter_head")
        values = factories.full_values(request, world.areas)
        driver.deliver(request, factories.delivery(request.organisation, values, user), user=user)
        tour.stop()  # review_delivery
        driver.review(request, is_accepted=True, user=world.fresh("planner"))
    cycle.refresh_from_db()


def _choose_areas(world: World, stages: Stages, cycle: PlanningCycle, tour: TaskTour) -> None:
    planner = world.fresh("planner")
    area = world.areas[0]
    complete_task(
        open_task(cycle.process, PlanningCycleFlow.run_analysis),
        user=planner,
        act=lambda process: areas_choose(
            process.cycle,
            run=stages.run(cycle),
            areas=[area],
            reasons={},
            drafts={area.pk: ("Vereine", "SGB-II-Quote", "Räume")},
            user=planner,
        ),
    )
    tour.stop()  # write_profiles

    def write(process: object) -> None:
        profile = cycle.profiles.get()
        profile_save(profile, strengths="Vereine", weaknesses="Quote", potentials="Räume", user=planner)
        profiles_release(cycle, user=world.fresh("planning_head"))

    task = open_task(cycle.process, PlanningCycleFlow.write_profiles)
    complete_task(task, user=world.fresh("planning_head"), act=write)
    cycle.refresh_from_db()


def _implement(world: World, stages: Stages, cycle: PlanningCycle, tour: TaskTour) -> None:
    person, today = world.fresh, timezone.localdate()
    planner = person("planner")
    soon = today + datetime.timedelta(days=3)

    def shape(recommendation: object) -> list[Measure]:
        reviewed = stages.measure()
        content = dataclasses.replace(content_for(reviewed), review_days=[soon])
        draft_save(reviewed, content=content, user=planner)
        return [reviewed, stages.measure(ends_on=soon), stages.measure()]

    long, short, refused = driver.shape(cycle, shape, user=planner)
    tour.stop()  # confirm_agreement
    driver.confirm(refused, world.provider, user=person("provider_head"), refusal="Räume fehlen noch")
    tour.stop()  # revise_measure
    complete_task(
        open_task(refused.process, MeasureFlow.revise_measure), user=planner, act=lambda process: None
    )
    for measure in (long, short, refused):
        driver.confirm_all(measure)
    cycle.refresh_from_db()
    tour.stop()  # begin_measure, steer_implementation
    for measure in (long, short, refused):
        driver.begin(measure, started_on=today, user=person("specialist"))
    tour.stop()  # finish_measure, hold_review
    driver.complete(short, ended_on=today, summary="Abgeschlossen", user=person("specialist"))

    reporting_round = round_open(
        cycle, reference_on=today, due_on=today + datetime.timedelta(days=20), user=planner
    )
    tour.stop()  # report_figures
    report = reporting_round.reports.get()
    driver.report(report, _actuals(report), user=person("specialist"))
    tour.stop()  # confirm_figures
    driver.confirm_report(report, user=planner)
    wording = stages.wording("Stufe 2", indicators=(), areas=())
    recommendation_begin(cycle, kind=RecommendationKind.STAGE_TWO, wording=wording, user=planner)
    tour.stop()  # write_request

    driver.end_implementation(cycle, user=planner)
    tour.stop()  # answer_evaluation
    said = Answers("Familien", "Wie geplant", "Wirkt", "Früh beginnen", EvaluationOutcome.CONTINUE)
    evaluation_steps.answer_evaluation(long, said, user=person("specialist"))
    tour.stop()  # evaluate_measure
    evaluation_steps.answer_evaluation(refused, said, user=person("specialist"))
    for measure in (long, refused):
        evaluation_steps.judge(measure, EvaluationOutcome.CONTINUE, user=planner, effect="Wirkt")
    _decide_otherwise(world, cycle, tour)
    cycle.refresh_from_db()
    tour.stop()  # close_cycle


def _decide_otherwise(world: World, cycle: PlanningCycle, tour: TaskTour) -> None:
    """The steering group words the request on the evaluations anew; planning records what that means."""
    request = latest_request(cycle)
    assert request is not None
    evaluation_steps.decide_evaluations(request, wording="Die erste endet, die zweite läuft weiter.")
    tour.stop()  # record_outcomes
    planner = world.fresh("planner")
    keys = request.evaluation_items.values_list("evaluation_id", flat=True)
    complete_task(
        open_task(request.process, RecommendationFlow.record_outcomes),
        user=planner,
        act=lambda process: verdicts_record(
            process.recommendation, outcomes=dict.fromkeys(keys, EvaluationOutcome.CONTINUE), user=planner
        ),
    )


def _actuals(report: RoundReport) -> list[Actual]:
    figures = KeyFigure.objects.filter(reported__report=report)
    return [Actual(key_figure=figure, value=Decimal(12)) for figure in figures]
