"""What a person can do now on the page of a cycle, and what is late in the cycles they steer."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from measures.selectors.portfolio import overdue_reports
from stakeholders.permissions import Perm, visible
from workflows.links import link
from workflows.models import DataRequestState, PlanningCycle, StageKind
from workflows.selectors.cycles import all_measures_evaluated, is_shaping
from workflows.selectors.evaluations import may_request
from workflows.selectors.implementation import stage_two_request
from workflows.selectors.requests import overdue
from workflows.selectors.strip import Line


def next_steps(
    user: Any, cycle: PlanningCycle, *, sees_drafts: bool, may_manage: bool, today: datetime.date
) -> list[Line]:
    """What the person can begin by themselves in the present stage, the most pressing first.

    Args:
        user: Who looks.
        cycle: The cycle.
        sees_drafts: Whether they take part in the conference.
        may_manage: Whether they steer the cycle.
        today: The day to count from.

    Returns:
        Lines with their addresses. Queries: at most 4.
    """
    if cycle.is_closed:
        return []
    found = _of_planning(cycle, today) if may_manage else []
    if sees_drafts and cycle.stage == StageKind.CONFERENCE:
        found.append(Line(_("Write a recommendation"), link("workflows:recommendation-create", cycle.pk)))
    if may_manage:
        found.append(Line(_("Move dates"), link("workflows:cycle-schedule", cycle.pk)))
    return [line for line in found if line.url]


def _of_planning(cycle: PlanningCycle, today: datetime.date) -> list[Line]:
    steps = {
        StageKind.DATA: _data_steps,
        StageKind.ANALYSIS: _analysis_steps,
        StageKind.CONFERENCE: _conference_steps,
        StageKind.STEERING_GROUP: _steering_steps,
        StageKind.SOCIAL_SPACE: _agreement_steps,
        StageKind.IMPLEMENTATION: _implementation_steps,
        StageKind.EVALUATION: _evaluation_steps,
    }
    return steps[StageKind(cycle.stage)](cycle, today)


def _data_steps(cycle: PlanningCycle, today: datetime.date) -> list[Line]:
    lines = []
    late = overdue(cycle.requests.all(), today).count()
    if late:
        text = ngettext(
            "%(count)s delivery is overdue: remind, check, or go on without it",
            "%(count)s deliveries are overdue: remind, check, or go on without them",
            late,
        )
        lines.append(Line(text % {"count": late}, link("workflows:request-list", cycle.pk, overdue="on")))
    missing = cycle.requests.filter(state__in=[DataRequestState.OPEN, DataRequestState.RETURNED]).count()
    if missing > late:
        text = ngettext(
            "%(count)s delivery is missing: see with whom it lies, remind",
            "%(count)s deliveries are missing: see with whom they lie, remind",
            missing,
        )
        lines.append(Line(text % {"count": missing}, link("workflows:request-list", cycle.pk)))
    return lines


def _analysis_steps(cycle: PlanningCycle, today: datetime.date) -> list[Line]:
    return [
        Line(_("Look through the deliveries"), link("workflows:request-list", cycle.pk)),
        Line(_("Look through the area profiles"), link("workflows:profile-list", cycle.pk)),
    ]


def _meeting_step(cycle: PlanningCycle, body_pk: int) -> Line:
    return Line(_("Set a further meeting"), link("workflows:meeting-create", cycle.pk, body=body_pk))


def _conference_steps(cycle: PlanningCycle, today: datetime.date) -> list[Line]:
    return [
        Line(_("See who has commented, and what"), link("workflows:statement-list", cycle.pk)),
        _meeting_step(cycle, cycle.planning_conference_id),
    ]


def _steering_steps(cycle: PlanningCycle, today: datetime.date) -> list[Line]:
    return [
        Line(_("See what is to be decided"), link("workflows:recommendation-list", cycle.pk)),
        _meeting_step(cycle, cycle.steering_group_id),
    ]


def _agreement_steps(cycle: PlanningCycle, today: datetime.date) -> list[Line]:
    if is_shaping(cycle):
        evening = Line(
            _("Set up an evening of the social-space conference"),
            link("workflows:space-conference-create", cycle.pk),
        )
        return [Line(_("Shape a measure"), link("workflows:measure-create", cycle.pk)), evening]
    url = link("workflows:cycle-tasks", cycle.pk, stage=int(StageKind.SOCIAL_SPACE))
    return [Line(_("See which confirmations are missing, remind"), url)]


def _implementation_steps(cycle: PlanningCycle, today: datetime.date) -> list[Line]:
    lines = []
    late = overdue_reports(cycle.plan, today).count()
    if late:
        text = ngettext("%(count)s report is overdue: remind", "%(count)s reports are overdue: remind", late)
        lines.append(
            Line(text % {"count": late}, link("measures:report-list", cycle.plan_id, state="overdue"))
        )
    lines.append(Line(_("Ask for the figures of a day"), link("workflows:round-open", cycle.pk)))
    if cycle.plan.stage_two_opened_on is None and stage_two_request(cycle) is None:
        text = _("Propose to open planning stage 2")
        lines.append(Line(text, link("workflows:stage-two-request", cycle.pk)))
    return lines


def _evaluation_steps(cycle: PlanningCycle, today: datetime.date) -> list[Line]:
    if all_measures_evaluated(cycle):
        return []
    if may_request(cycle):
        text = _("Put the evaluations before the steering group")
        return [Line(text, link("workflows:evaluation-list", cycle.pk))]
    url = link("workflows:evaluation-list", cycle.pk, outcome="open")
    return [Line(_("See which evaluations are missing"), url)]


@dataclasses.dataclass(frozen=True)
class LateCycle:
    """A cycle in which tasks are overdue."""

    cycle: PlanningCycle
    count: int
    url: str


def late_cycles(user: Any, today: datetime.date) -> list[LateCycle]:
    """Open cycles the person steers in which tasks are overdue, with whomever they lie. Queries: 2."""
    cycles = visible(user, Perm.MANAGE_CYCLE, PlanningCycle.objects.filter(closed_at__isnull=True))
    late = Count("task_cards", filter=Q(task_cards__is_open=True, task_cards__due_on__lt=today))
    rows = cycles.select_related("territory").annotate(late_count=late).filter(late_count__gt=0)
    return [
        LateCycle(row, row.late_count, link("workflows:cycle-detail", row.pk))
        for row in rows.order_by("-late_count", "pk")
    ]
