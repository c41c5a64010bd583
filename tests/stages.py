"""Cycles at a chosen stage, reached by completing the real tasks before it."""

from __future__ import annotations

import datetime
from typing import Any

import time_machine
from django.utils import timezone

from measures.models import Measure
from monitoring.models import IndexRun
from stakeholders.models import User
from tests import factories
from tests.factories import World
from tests.kept import kept
from workflows.demo import driver
from workflows.models import (
    DecisionResult,
    Meeting,
    PlanningCycle,
    Position,
    Recommendation,
    Statement,
    Urgency,
)
from workflows.services.recommendations import Wording


def at_noon(day: datetime.date) -> Any:
    """Stand at noon of a day, however far away."""
    moment = datetime.datetime.combine(day, datetime.time(12))
    return time_machine.travel(timezone.make_aware(moment), tick=False)


def further(cycle: PlanningCycle, day: datetime.date) -> Meeting:
    """A further meeting of the steering group."""
    return Meeting.objects.create(cycle=cycle, body=cycle.steering_group, held_on=day)


class Stages:
    """Builds cycles; each method returns one that waits at the start of its stage."""

    def __init__(self, world: World) -> None:
        self.world = world

    def _person(self, name: str) -> User:
        return self.world.fresh(name)

    @kept
    def at_data(self, **kwargs: object) -> PlanningCycle:
        """Suppliers have been asked."""
        return factories.make_cycle(self.world, **kwargs)

    @kept
    def at_analysis(self, **kwargs: object) -> PlanningCycle:
        """All deliveries are accepted."""
        cycle = self.at_data(**kwargs)
        people = {self.world.youth_office.pk: "specialist", self.world.jobcenter.pk: "jobcenter_head"}
        for request in cycle.requests.select_related("organisation", "cycle"):
            user = self._person(people[request.organisation_id])
            delivery = factories.delivery(
                request.organisation, factories.full_values(request, self.world.areas), user
            )
            driver.deliver(request, delivery, user=user)
            driver.review(request, is_accepted=True, user=self._person("planner"))
        cycle.refresh_from_db()
        return cycle

    def run(self, cycle: PlanningCycle) -> IndexRun:
        """A frozen run for the cycle."""
        return factories.index_run(
            self.world.territory, self.world.areas, self.world.indicators, self._person("planner")
        )

    @kept
    def at_conference(self, **kwargs: object) -> PlanningCycle:
        """Profiles of two areas are released; the conference is to be prepared."""
        cycle = self.at_analysis(**kwargs)
        first, second = self.world.areas[:2]
        driver.analyse(
            cycle,
            self.run(cycle),
            [first, second],
            user=self._person("planner"),
            drafts={where.pk: ("Vereine", "SGB-II-Quote", "Räume im Zentrum") for where in (first, second)},
            reasons={second.pk: "Hinweis der Stadt"},
        )
        return cycle

    @kept
    def in_conference(self, **kwargs: object) -> PlanningCycle:
        """The conference is running: invitations are out."""
        cycle = self.at_conference(**kwargs)
        world = self.world
        driver.invite_conference(
            cycle, [world.youth_office, world.jobcenter, world.health_office], user=self._person("planner")
        )
        return cycle

    def statement(self, cycle: PlanningCycle) -> Statement:
        """The youth office comments the first area."""
        driver.contribute(
            cycle,
            self.world.youth_office,
            user=self._person("specialist"),
            statements=[
                {
                    "area": self.world.areas[0],
                    "position": Position.EXPLAINS,
                    "text": "Zwei Straßenzüge prägen den Wert.",
                    "indicator": self.world.indicators[0],
                }
            ],
        )
        return Statement.objects.filter(cycle=cycle).latest("pk")

    def wording(self, title: str = "Elternarbeit ausbauen", **kwargs: object) -> Wording:
        """A complete recommendation on the first area."""
        defaults: dict[str, object] = {
            "title": title,
            "finding": "Die SGB-II-Quote liegt deutlich über dem Mittel.",
            "aim": "Eltern sind früh begleitet.",
            "proposal": "Ein Angebot wird eingerichtet.",
            "addressee": self.world.youth_office,
            "need": "Vierzig Familien haben keine Anlaufstelle.",
            "urgency": Urgency.THIS_YEAR,
            "fields": [self.world.plan.fields.first()],
            "areas": self.world.areas[:1],
            "indicators": self.world.indicators[:1],
        }
        return Wording(**(defaults | kwargs))  # type: ignore[arg-type]

    def submitted(self, cycle: PlanningCycle, title: str = "Elternarbeit ausbauen") -> Recommendation:
        """A recommendation adopted by the conference."""
        return driver.recommend(
            cycle,
            self.wording(title),
            author=self._person("specialist"),
            chair=self._person("planning_head"),
        )

    @kept
    def at_steering_group(
        self, titles: tuple[str, ...] = ("Elternarbeit ausbauen",), **kwargs: object
    ) -> PlanningCycle:
        """The recommendations are before the steering group, which is to be invited."""
        cycle = self.in_conference(**kwargs)
        self.statement(cycle)
        for title in titles:
            self.submitted(cycle, title)
        driver.close_conference(cycle, user=self._person("planner"))
        return cycle

    @kept
    def in_steering_group(
        self, titles: tuple[str, ...] = ("Elternarbeit ausbauen",), **kwargs: object
    ) -> tuple[PlanningCycle, Meeting]:
        """The steering group is invited for today."""
        cycle = self.at_steering_group(titles, **kwargs)
        meeting = driver.invite_steering_group(cycle, user=self._person("planner"))
        return cycle, meeting

    @kept
    def at_social_space(self, **kwargs: object) -> PlanningCycle:
        """One recommendation is approved; measures are to be shaped."""
        cycle, meeting = self.in_steering_group(**kwargs)
        recommendation = cycle.recommendations.get()
        driver.decide(recommendation, meeting, DecisionResult.APPROVED, user=self._person("chair"))
        cycle.refresh_from_db()
        return cycle

    def measure(self, **kwargs: object) -> Measure:
        """A measure of the youth office with the provider as partner."""
        defaults: dict[str, object] = {"partners": [self.world.provider]}
        return factories.measure(self.world.plan, self.world.youth_office, **(defaults | kwargs))

    @kept
    def at_agreement(self, **kwargs: object) -> tuple[PlanningCycle, Measure]:
        """One measure is shaped; its parties are asked."""
        cycle = self.at_social_space()
        made = driver.shape(cycle, lambda _: [self.measure(**kwargs)], user=self._person("planner"))
        return cycle, made[0]

    @kept
    def at_implementation(self, **kwargs: object) -> tuple[PlanningCycle, Measure]:
        """The measure is agreed and running."""
        cycle, measure = self.at_agreement(**kwargs)
        driver.confirm_all(measure)
        driver.begin(
            measure,
            started_on=timezone.localdate() - datetime.timedelta(days=1),
            user=self._person("specialist"),
        )
        cycle.refresh_from_db()
        return cycle, measure

    @kept
    def at_evaluation(self, **kwargs: object) -> tuple[PlanningCycle, Measure]:
        """The running measure is to be evaluated."""
        cycle, measure = self.at_implementation(**kwargs)
        driver.end_implementation(cycle, user=self._person("planner"))
        return cycle, measure
