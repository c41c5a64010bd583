"""The seven stages of a cycle as a strip with dates and counts, each leading to its list."""

from __future__ import annotations

import dataclasses
import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from project.common.formats import date_de
from workflows.links import link
from workflows.models import (
    CycleStage,
    DataRequestState,
    Meeting,
    PlanningCycle,
    RecommendationState,
    StageKind,
)
from workflows.selectors.cycles import stage_ends


@dataclasses.dataclass(frozen=True)
class Line:
    """A line of a stage, leading to its list where there is one."""

    text: str
    url: str = ""

    def __str__(self) -> str:
        return self.text


@dataclasses.dataclass(frozen=True)
class StageBox:
    """A stage on the strip."""

    number: int
    title: str
    state: str  # done, current, upcoming
    url: str
    detail_lines: list[Line]


@dataclasses.dataclass(frozen=True)
class Counts:
    """Numbers for the strip."""

    requests: dict[str, int]
    areas: int
    outstanding: int
    profiles: int
    recommendations: dict[str, int]
    decisions: int
    measures: int
    #: Answers of the parties as (confirmed, asked), evaluations as (made, needed).
    confirmations: tuple[int, int]
    evaluations: tuple[int, int]
    #: Where the measures are listed for the person; where the results of the index are.
    plan_url: str
    areas_url: str  # to the results of the index, or to the profiles for who may not see those


def stage_boxes(cycle: PlanningCycle, counts: Counts) -> list[StageBox]:
    """The strip. Queries: 3."""
    ends = stage_ends(cycle)
    dates = {stage.kind: stage for stage in CycleStage.objects.filter(cycle=cycle)}
    meetings = _latest_meetings(cycle)
    lines = {
        StageKind.DATA: _data_lines(cycle, counts),
        StageKind.ANALYSIS: _analysis_lines(counts),
        StageKind.CONFERENCE: [
            *_meeting_line(meetings.get(cycle.planning_conference_id)),
            *_conference_lines(cycle, counts),
        ],
        StageKind.STEERING_GROUP: [
            *_meeting_line(meetings.get(cycle.steering_group_id)),
            *_steering_lines(cycle, counts),
        ],
        StageKind.SOCIAL_SPACE: _agreement_lines(cycle, counts),
        StageKind.IMPLEMENTATION: _measure_lines(counts),
        StageKind.EVALUATION: _evaluation_lines(cycle, counts),
    }
    return [
        StageBox(
            number=kind.value,
            title=str(kind.label),
            state=_stage_state(cycle, kind),
            url=_stage_url(cycle, kind, counts.plan_url),
            detail_lines=[_date_line(cycle, kind, dates[kind], ends.get(kind)), *lines[kind]]
            if kind in dates
            else lines[kind],
        )
        for kind in StageKind
    ]


def _stage_state(cycle: PlanningCycle, kind: StageKind) -> str:
    if cycle.is_closed or kind < cycle.stage:
        return "done"
    return "current" if kind == cycle.stage else "upcoming"


def _stage_url(cycle: PlanningCycle, kind: StageKind, plan_url: str) -> str:
    names = {
        StageKind.DATA: "workflows:request-list",
        StageKind.ANALYSIS: "workflows:profile-list",
        StageKind.CONFERENCE: "workflows:recommendation-list",
        StageKind.STEERING_GROUP: "workflows:decision-list",
        StageKind.EVALUATION: "workflows:evaluation-list",
    }
    if kind in names:
        # What has not begun has no list that would say anything.
        return link(names[kind], cycle.pk) if kind <= cycle.stage or cycle.is_closed else ""
    return plan_url if kind <= cycle.stage or cycle.is_closed else ""


def _date_line(
    cycle: PlanningCycle, kind: StageKind, stage: CycleStage, ended_on: datetime.date | None
) -> Line:
    if _stage_state(cycle, kind) == "done" and ended_on is not None:
        return Line(_("ended on %(day)s") % {"day": date_de(ended_on)})
    if _stage_state(cycle, kind) == "upcoming":
        return Line(_("from %(day)s") % {"day": date_de(stage.starts_on)})
    if _stage_state(cycle, kind) == "current" and stage.due_on < timezone.localdate():
        return Line(_("was due %(day)s") % {"day": date_de(stage.due_on)})
    return Line(_("until %(day)s") % {"day": date_de(stage.due_on)})


def _latest_meetings(cycle: PlanningCycle) -> dict[int, Meeting]:
    """The latest meeting of each body in the cycle. Queries: 1."""
    held = cycle.meetings.filter(cancelled_at__isnull=True).order_by("held_on", "pk")
    return {meeting.body_id: meeting for meeting in held}


def _meeting_line(meeting: Meeting | None) -> list[Line]:
    if meeting is None:
        return []
    text = _("Meeting %(day)s") % {"day": date_de(meeting.held_on)}
    return [Line(text, link("workflows:meeting-detail", meeting.pk))]


def _data_lines(cycle: PlanningCycle, counts: Counts) -> list[Line]:
    total = sum(counts.requests.values())
    if not total:
        return []
    text = ngettext("%(done)s of %(total)s delivery", "%(done)s of %(total)s deliveries", total)
    accepted = counts.requests.get(DataRequestState.ACCEPTED, 0)
    lines = [Line(text % {"done": accepted, "total": total}, link("workflows:request-list", cycle.pk))]
    without = counts.requests.get(DataRequestState.WAIVED, 0)
    if without:
        url = link("workflows:request-list", cycle.pk, state=DataRequestState.WAIVED.value)
        lines.append(Line(_("gone on without %(count)s") % {"count": without}, url))
    return lines


def _analysis_lines(counts: Counts) -> list[Line]:
    if not counts.areas:
        return []
    text = ngettext("%(count)s area", "%(count)s areas", counts.areas) % {"count": counts.areas}
    text += " · " + _("%(count)s stand out") % {"count": counts.outstanding}
    return [Line(text, counts.areas_url)]


def _conference_lines(cycle: PlanningCycle, counts: Counts) -> list[Line]:
    total = sum(counts.recommendations.values())
    if not total:
        return []
    text = ngettext("%(count)s recommendation", "%(count)s recommendations", total) % {"count": total}
    lines = [Line(text, link("workflows:recommendation-list", cycle.pk))]
    back = counts.recommendations.get(RecommendationState.RETURNED, 0)
    if back:
        url = link("workflows:recommendation-list", cycle.pk, state=RecommendationState.RETURNED.value)
        lines.append(Line(_("%(count)s returned") % {"count": back}, url))
    return lines


def _steering_lines(cycle: PlanningCycle, counts: Counts) -> list[Line]:
    lines = []
    waiting = counts.recommendations.get(RecommendationState.SUBMITTED, 0)
    if waiting:
        url = link("workflows:recommendation-list", cycle.pk, state=RecommendationState.SUBMITTED.value)
        lines.append(Line(_("%(count)s to be decided") % {"count": waiting}, url))
    postponed = counts.recommendations.get(RecommendationState.POSTPONED, 0)
    if postponed:
        url = link("workflows:recommendation-list", cycle.pk, state=RecommendationState.POSTPONED.value)
        lines.append(Line(_("%(count)s postponed, to be decided again") % {"count": postponed}, url))
    if counts.decisions:
        text = ngettext("%(count)s decision", "%(count)s decisions", counts.decisions)
        lines.append(Line(text % {"count": counts.decisions}, link("workflows:decision-list", cycle.pk)))
    return lines


def _agreement_lines(cycle: PlanningCycle, counts: Counts) -> list[Line]:
    done, total = counts.confirmations
    if not total:
        return []
    if done == total:  # how many these were nobody needs to know; the measures they belong to do count
        return [Line(_("all parties have confirmed"), counts.plan_url)]
    text = ngettext("%(done)s of %(total)s confirmation", "%(done)s of %(total)s confirmations", total)
    url = link("workflows:cycle-tasks", cycle.pk, stage=int(StageKind.SOCIAL_SPACE))
    return [Line(text % {"done": done, "total": total}, url)]


def _evaluation_lines(cycle: PlanningCycle, counts: Counts) -> list[Line]:
    done, total = counts.evaluations
    if not total or (cycle.stage < StageKind.EVALUATION and not cycle.is_closed):
        return []
    text = ngettext("%(done)s of %(total)s evaluation", "%(done)s of %(total)s evaluations", total)
    return [Line(text % {"done": done, "total": total}, link("workflows:evaluation-list", cycle.pk))]


def _measure_lines(counts: Counts) -> list[Line]:
    if not counts.measures:
        return []
    text = ngettext("%(count)s measure", "%(count)s measures", counts.measures)
    return [Line(text % {"count": counts.measures}, counts.plan_url)]
