"""Where a case stands: what it is about, and its steps so far, for people."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable
from operator import attrgetter
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from viewflow.workflow.models import Process, Task
from viewflow.workflow.status import PROCESS, STATUS

from measures.models import AmendmentRequest, Measure, ProjectReport, RoundReport
from measures.selectors.amendments import amendments_seen_by
from measures.selectors.project_report_pages import project_reports_seen_by
from measures.selectors.reports import reports_seen_by
from project.common.formats import Badge
from stakeholders.permissions import Perm, can
from workflows.links import link
from workflows.models import (
    Assignment,
    CosignRequest,
    DataRequest,
    Minutes,
    PlanningCycle,
    Poll,
    Recommendation,
    ReportChapter,
    SpaceConference,
)
from workflows.selectors.assignments import assignments_seen_by
from workflows.selectors.minutes import minutes_seen_by
from workflows.selectors.polls import polls_seen_by
from workflows.selectors.recommendations import recommendations_seen_by
from workflows.selectors.requests import requests_seen_by
from workflows.selectors.space_conferences import conferences_seen_by

#: Gates and forks say nothing to a reader; deadlines only when they have fired.
_SILENT = {"EXCLUSIVE_GATEWAY", "SWITCH", "PARALLEL_GATEWAY"}


@dataclasses.dataclass(frozen=True)
class Step:
    """One line of the history of a case."""

    title: str
    badge: Badge
    came_in: datetime.datetime
    finished: datetime.datetime | None
    is_human: bool
    is_current: bool
    addressee: str = ""
    person: str = ""
    due_on: datetime.date | None = None
    task_pk: int | None = None


@dataclasses.dataclass(frozen=True)
class Case:
    """A case with its subject and its steps."""

    pk: int
    kind: str
    about: str
    about_url: str
    cycle: Any
    cycle_url: str
    began: datetime.datetime
    finished: datetime.datetime | None
    badge: Badge
    steps: list[Step]

    @property
    def current_steps(self) -> list[Step]:
        """Where the case stands now."""
        return [step for step in self.steps if step.is_current]


# Process class name -> attribute of the thing it is about, and the name of the thing's page.
_SUBJECTS = {
    "PlanningCycleProcess": ("cycle", "workflows:cycle-detail"),
    "DeliveryProcess": ("request", "workflows:request-detail"),
    "ContributionProcess": ("contribution", ""),
    "RecommendationProcess": ("recommendation", "workflows:recommendation-detail"),
    "CosigningProcess": ("request", "workflows:recommendation-detail"),
    "MeasureProcess": ("measure", "measures:measure-detail"),
    "ConfirmationProcess": ("confirmation.measure", "measures:measure-detail"),
    "AgreementReviewProcess": ("review.agreement.measure", "measures:measure-detail"),
    "ReportProcess": ("report", "measures:report-detail"),
    "CirculationProcess": ("poll", "workflows:poll-detail"),
    "AssignmentProcess": ("assignment", "workflows:assignment-detail"),
    "ChapterProcess": ("renewal.chapter", "workflows:chapter-detail"),
    "MinutesProcess": ("minutes", "workflows:minutes-detail"),
    "SpaceConferenceProcess": ("conference", "workflows:space-conference-detail"),
    "InterimReportProcess": ("report", "measures:project-report-detail"),
    "FinalReportProcess": ("report", "measures:project-report-detail"),
    "DrawdownProcess": ("report", "measures:project-report-detail"),
    "ReportExtensionProcess": ("extension.report", "measures:project-report-detail"),
    "AmendmentProcess": ("request", "measures:amendment-detail"),
}


@dataclasses.dataclass(frozen=True)
class Subject:
    """What a case is about; the address is empty where the person may not see its page, or there is none."""

    thing: Any
    url: str

    def __str__(self) -> str:
        return str(self.thing)


def subject_of(user: Any, process: Process) -> Subject:
    """What a case is about, with its address for who may see it. Queries: at most 4."""
    concrete = process.coerced
    path, page = _SUBJECTS[type(concrete).__name__]
    thing = attrgetter(path)(concrete)
    # A request to co-sign is named by the wording it asks about; its page is that of the recommendation.
    pk = thing.cosigning.recommendation_id if isinstance(thing, CosignRequest) else thing.pk
    return Subject(thing, link(page, pk) if page and _is_seen(user, thing) else "")


def case_of(user: Any, process: Process) -> Case:
    """A case with its steps, oldest first.

    Args:
        user: Who looks; links lead only to what they may see.
        process: Any process row; that the user may see it is checked before.

    Queries: about 6 for any number of steps.
    """
    concrete = process.coerced
    subject = subject_of(user, process)
    steps = _steps(process)
    return Case(
        pk=process.pk,
        kind=str(process.flow_class.process_title),
        about=str(subject),
        about_url=subject.url,
        cycle=concrete.cycle,
        cycle_url=(
            link("workflows:cycle-detail", concrete.cycle.pk)
            if can(user, Perm.VIEW_CYCLE, concrete.cycle)
            else ""
        ),
        began=min([process.created, *(step.came_in for step in steps)]),
        finished=process.finished,
        badge=_case_badge(process),
        steps=steps,
    )


#: Rows of a model that a person sees, for subjects with a list of their own.
_SEEN_BY: dict[type[Any], Callable[[Any], QuerySet[Any]]] = {
    Recommendation: recommendations_seen_by,
    Poll: polls_seen_by,
    SpaceConference: conferences_seen_by,
    Minutes: minutes_seen_by,
    Assignment: assignments_seen_by,
    DataRequest: requests_seen_by,
    RoundReport: reports_seen_by,
    ProjectReport: project_reports_seen_by,
    AmendmentRequest: amendments_seen_by,
}
#: Right on the page of a subject without one.
_RIGHTS = {Measure: Perm.VIEW_MEASURE, PlanningCycle: Perm.VIEW_CYCLE}


def _is_seen(user: Any, subject: Any) -> bool:
    """Whether the page of the subject is open to the person."""
    if isinstance(subject, ReportChapter):
        return bool(can(user, Perm.PLAN_TERRITORY, subject.report.territory))
    if isinstance(subject, CosignRequest):
        subject = subject.cosigning.recommendation
    if type(subject) in _RIGHTS:
        return bool(can(user, _RIGHTS[type(subject)], subject))
    return _SEEN_BY[type(subject)](user).filter(pk=subject.pk).exists()


def _case_badge(process: Process) -> Badge:
    if process.status == PROCESS.DONE:
        return Badge("success", str(_("completed")))
    if process.status == PROCESS.CANCELED:
        return Badge("neutral", str(_("stopped")))
    return Badge("info", str(_("under way")))


def _steps(process: Process) -> list[Step]:
    tasks = (
        Task.objects.filter(process_id=process.pk)
        .exclude(flow_task_type__in=_SILENT)
        .select_related("owner", "card", "card__organisation", "card__body")
        .order_by("pk")
    )
    return [step for task in tasks if (step := _step(task)) is not None]


def _step(task: Task) -> Step | None:
    is_human = task.flow_task_type == "HUMAN"
    if task.flow_task_type == "TIMER" and task.status != STATUS.DONE:
        return None
    if not is_human and task.status == STATUS.CANCELED:
        return None
    is_current = task.finished is None and task.flow_task_type in {"HUMAN", "CONDITION"}
    if task.finished is None and not is_current:
        # A message nobody has sent: the way not taken (yet).
        return None
    card = getattr(task, "card", None) if is_human else None
    return Step(
        title=str(card.headline if card is not None else task.flow_task.task_title),
        badge=_step_badge(task),
        came_in=task.created,
        finished=task.finished,
        is_human=is_human,
        is_current=is_current,
        addressee=str(card.addressee) if card is not None else "",
        person=str(task.owner) if task.owner else "",
        due_on=card.due_on if card is not None else None,
        task_pk=task.pk if is_human else None,
    )


def _step_badge(task: Task) -> Badge:
    words: dict[str, tuple[str, str | Promise]] = {
        STATUS.NEW: ("info", _("open")),
        STATUS.ASSIGNED: ("info", _("taken")),
        STATUS.STARTED: ("info", _("being worked on")),
        STATUS.DONE: ("success", _("done")),
        STATUS.CANCELED: ("neutral", _("no longer needed")),
    }
    if task.flow_task_type == "CONDITION" and task.finished is None:
        return Badge("info", str(_("waiting")))
    kind, text = words.get(task.status, ("danger", _("needs help from your administration")))
    return Badge(kind, str(text))
