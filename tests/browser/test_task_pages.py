"""The page of every human task, reached through one cycle: axe and width, on a desk and on a phone."""

from __future__ import annotations

import datetime
from decimal import Decimal

from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page
from viewflow.workflow.models import Task

from measures.models import KeyFigure, Measure, RoundReport
from measures.services.reporting import Actual
from stakeholders.models import User
from tests import factories
from tests.browser.conftest import BrowserPage
from tests.browser.pages import Inspection
from tests.chapters import Reports
from tests.factories import World
from tests.stages import Stages
from workflows.demo import driver
from workflows.engine import recommendation_begin, round_open
from workflows.flows import FLOWS, MeasureFlow, PlanningCycleFlow
from workflows.models import DecisionResult, EvaluationOutcome, PlanningCycle, RecommendationKind, TaskCard
from workflows.nodes import GuardedView, complete_task, open_task
from workflows.services.analysis import areas_choose, profile_save, profiles_release
from workflows.services.social_report import report_begin
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
    driver.propose(draft, user=person("specialist"))
    tour.stop()  # adopt_recommendation
    driver.adopt(draft, user=world.fresh("planning_head"))
    driver.close_conference(cycle, user=planner)
    _report(world, cycle, tour)
    tour.stop()  # prepare_steering_group
    meeting = driver.invite_steering_group(cycle, user=planner)
    tour.stop()  # decide_recommendation
    driver.decide(draft, meeting, DecisionResult.APPROVED, user=person("chair"))
    cycle.refresh_from_db()
    tour.stop()  # shape_measures
    _implement(world, stages, cycle, tour)

    assert tour.seen == {
        f"{flow.__name__}.{node.name}"
        for flow in FLOWS
        for node in flow.instance.nodes()
        if isinstance(node, GuardedView)
    }
    tour.inspection.finish()


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
        return [stages.measure(), stages.measure(ends_on=soon), stages.measure()]

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
    tour.stop()  # finish_measure
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
    tour.stop()  # evaluate_measure
    for measure in (long, refused):
        driver.evaluate(measure, EvaluationOutcome.CONTINUE, user=planner, effect="Wirkt")
    cycle.refresh_from_db()
    tour.stop()  # close_cycle


def _actuals(report: RoundReport) -> list[Actual]:
    figures = KeyFigure.objects.filter(measure__plan=report.round.plan, measure__status="running")
    return [Actual(key_figure=figure, value=Decimal(12)) for figure in figures]
