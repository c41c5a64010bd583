"""Meetings of the demo: what is prepared for the next one."""

from __future__ import annotations

import datetime

from stakeholders.models import User
from workflows.demo import clock
from workflows.models import Meeting, MeetingTemplate, PlanningCycle, ReplyChoice
from workflows.selectors.replies import reply_lines
from workflows.services.agenda import agenda_topic_add
from workflows.services.invitations import meeting_reply, papers_send
from workflows.services.meeting_series import StandingItem, template_save
from workflows.services.meetings import meeting_schedule

#: Meetings begin before the demo's clock strikes, so that what is told of them has happened.
BEGINS = datetime.time(9)
PLACE = "Kreishaus (Beispiel)"


def template_of(cycle: PlanningCycle, *, user: User) -> MeetingTemplate:
    """What meetings of the steering group usually look like."""
    return template_save(
        MeetingTemplate(body=cycle.steering_group),
        name="Regelsitzung",
        place=PLACE,
        starts_at=BEGINS,
        is_active=True,
        items=[
            StandingItem("Begrüßung und Feststellung der Beschlussfähigkeit", 5),
            StandingItem("Mitteilungen und Anfragen", 10, is_last=True),
        ],
        user=user,
    )


def prepare_next(cycle: PlanningCycle, *, held_on: datetime.date, user: User) -> Meeting:
    """The next meeting is set by the template, its papers are out, and most have answered.

    Args:
        cycle: Cycle in its steering group.
        held_on: Day of the meeting.
        user: Of the planning unit.

    Returns:
        The meeting.
    """
    with clock.on(held_on - datetime.timedelta(days=7)):
        meeting = meeting_schedule(
            cycle,
            body=cycle.steering_group,
            held_on=held_on,
            place=PLACE,
            participants=[seat.organisation for seat in cycle.steering_group.memberships.all()],
            user=user,
            starts_at=BEGINS,
            template=template_of(cycle, user=user),
        )
        agenda_topic_add(
            meeting,
            title="Personelle Besetzung der Geschäftsstelle",
            duration_minutes=10,
            is_internal=True,
            user=user,
        )
    with clock.on(held_on - datetime.timedelta(days=5)):
        papers_send(meeting, user=user)
    with clock.on(held_on - datetime.timedelta(days=3)):
        lines = [line for line in reply_lines(meeting) if line.seat is not None]
        for line in lines[:-1]:
            assert line.seat is not None
            meeting_reply(meeting, key=line.key, choice=ReplyChoice.COMES, user=line.seat.user)
    return meeting
