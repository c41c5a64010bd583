"""Meetings with an agenda, and their minutes, for the tests."""

from __future__ import annotations

import dataclasses
from typing import Any

from django.utils import timezone

from tests.factories import World
from tests.stages import Stages
from workflows.demo import minutes as driver
from workflows.demo.minutes import stored_text
from workflows.minuting import meeting_end
from workflows.models import AgendaItem, AgendaKind, Meeting, Minutes, PlanningCycle
from workflows.selectors.minutes import current_content
from workflows.services.minutes import MinutesText
from workflows.services.outcomes import item_call, item_finish, outcome_note


def item(meeting: Meeting, kind: AgendaKind = AgendaKind.TOPIC, **kwargs: Any) -> AgendaItem:
    """An item at the end of the agenda."""
    position = meeting.agenda.count() + 1
    defaults: dict[str, Any] = {"title": f"Punkt {position}", "position": position}
    return AgendaItem.objects.create(meeting=meeting, kind=kind, **(defaults | kwargs))


def further(cycle: PlanningCycle, **kwargs: Any) -> Meeting:
    """A further meeting of the steering group today, set without the mail."""
    values = {"held_on": timezone.localdate(), "body": cycle.steering_group, "place": "Kreishaus"}
    return Meeting.objects.create(cycle=cycle, **(values | kwargs))


def text_of(minutes: Minutes, **kwargs: Any) -> MinutesText:
    """What is stored, with some of it written anew."""
    return dataclasses.replace(stored_text(minutes), **kwargs)


def seen(minutes: Minutes) -> str:
    """What the page of the chair says it shows."""
    minutes.refresh_from_db()
    return current_content(minutes).fingerprint


@dataclasses.dataclass
class Desk:
    """A steering group that meets today, with an agenda of two items, one of them internal."""

    world: World
    cycle: PlanningCycle
    meeting: Meeting
    public: AgendaItem
    internal: AgendaItem

    def person(self, name: str) -> Any:
        """A person anew."""
        return self.world.fresh(name)

    def held(self) -> Meeting:
        """Both items are called, noted and finished."""
        planner = self.person("planner")
        for row, text in (
            (self.public, "Der Bericht liegt vor."),
            (self.internal, "Vertraulich besprochen."),
        ):
            item_call(row, user=planner)
            outcome_note(row, text=text, user=planner)
            item_finish(row, user=planner)
        return self.meeting

    def closed(self, **kwargs: Any) -> Minutes:
        """Closed; the minutes are to be written."""
        attended = [row.organisation for row in self.meeting.participants.all()]
        return meeting_end(self.meeting, attended=attended, user=self.person("planner"), **kwargs)

    def handed_in(self, **kwargs: Any) -> Minutes:
        """Signed by the planner."""
        minutes = self.closed(**kwargs)
        driver.write_minutes(minutes, user=self.person("planner"))
        return minutes

    def signed(self, **kwargs: Any) -> Minutes:
        """Signed by both."""
        minutes = self.handed_in(**kwargs)
        driver.sign_minutes(minutes, user=self.person("chair"))
        return minutes


def make_desk(world: World, stages: Stages) -> Desk:
    """The desk, its meeting not yet held; what was ready for it is left out."""
    cycle, meeting = stages.in_steering_group()
    meeting.agenda.all().delete()
    public = item(meeting, title="Bericht der Verwaltung")
    internal = item(meeting, title="Personalfragen", is_internal=True)
    return Desk(world, cycle, meeting, public, internal)
