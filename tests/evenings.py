"""Evenings of the social-space conference for the tests, made through the services and the flow."""

from __future__ import annotations

import dataclasses
from typing import Any

from django.utils import timezone

from stakeholders.models import User
from tests.factories import World
from tests.stages import Stages
from workflows.demo import evening_steps as steps
from workflows.evenings import conference_begin
from workflows.models import (
    AnswerKind,
    PlanningCycle,
    Recommendation,
    SpaceConference,
    SpaceIdea,
)
from workflows.selectors.space_conferences import link_of
from workflows.services.space_answers import idea_answer

COUNTS = {"residents": 24, "associations": 5, "providers": 4, "administration": 1}
NEXT_STEPS = "Der Kreis plant jetzt die Maßnahmen.\n\nIm Herbst gibt es ein Treffen."


@dataclasses.dataclass
class Evenings:
    """A world whose cycle shapes measures; a provider holds the evenings."""

    world: World
    cycle: PlanningCycle

    @property
    def planner(self) -> User:
        return self.world.fresh("planner")

    @property
    def facilitator(self) -> User:
        return self.world.fresh("provider_head")

    @property
    def head(self) -> User:
        return self.world.fresh("planning_head")

    @property
    def recommendation(self) -> Recommendation:
        return self.cycle.recommendations.get(kind="measures")

    def set_up(self, place: int = 0, **kwargs: Any) -> SpaceConference:
        """Set up by the planner, in the first area."""
        defaults: dict[str, Any] = {
            "area": self.world.areas[place],
            "held_on": timezone.localdate(),
            "facilitator": self.world.provider,
            "user": self.planner,
        }
        return conference_begin(self.cycle, **(defaults | kwargs))

    def opened(self, place: int = 0) -> SpaceConference:
        """Prepared: the entry page is open."""
        conference = self.set_up(place)
        steps.prepare(conference, user=self.planner)
        return conference

    def idea(self, conference: SpaceConference, text: str = "Ein Bolzplatz", **kwargs: Any) -> SpaceIdea:
        """Entered from a telephone, shown by the facilitator."""
        return steps.idea(conference, text, moderator=self.facilitator, **kwargs)

    def closed(self, place: int = 0) -> tuple[SpaceConference, SpaceIdea]:
        """One idea with a comment and two points; the evening is over."""
        conference = self.opened(place)
        # The only recommendation touches the first area.
        idea = self.idea(conference, recommendation=None if place else self.recommendation)
        steps.comment(conference, idea, "Unbedingt!", moderator=self.facilitator)
        steps.points(conference, idea, 2)
        steps.close(conference, COUNTS, user=self.facilitator)
        return conference, idea

    def answer(self, idea: SpaceIdea, **kwargs: Any) -> Any:
        """Answered by the planner: not possible, unless said otherwise."""
        defaults: dict[str, Any] = {"kind": AnswerKind.NOT_POSSIBLE, "text": "Der Platz gehört der Bahn."}
        return idea_answer(idea, user=self.planner, **(defaults | kwargs))

    def submitted(self, place: int = 0, **kwargs: Any) -> tuple[SpaceConference, SpaceIdea]:
        """The answer is handed in."""
        conference, idea = self.closed(place)
        self.answer(idea, **kwargs)
        steps.submit(conference, NEXT_STEPS, user=self.planner)
        return conference, idea

    def published(self, place: int = 0, **kwargs: Any) -> tuple[SpaceConference, SpaceIdea]:
        """The answers are out."""
        conference, idea = self.submitted(place, **kwargs)
        steps.release(conference, user=self.head)
        return conference, idea


def make_evenings(world: World, stages: Stages) -> Evenings:
    """Where evenings are set up."""
    return Evenings(world, stages.at_social_space())


def entry_path(conference: SpaceConference) -> str:
    """Address of the entry page."""
    return f"/take-part/{link_of(conference).token}/"
