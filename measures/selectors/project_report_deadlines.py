"""One line that says when a report is due, by when its present step has to be done, and why these differ."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from measures.models import ProjectReport, ProjectReportState, ReportExtension
from measures.selectors.project_report_dates import (
    ANSWER_DAYS,
    CHECK_DAYS,
    DECIDE_DAYS,
    EXTENSION_DAYS,
    RETURNS,
    answer_by,
    check_by,
    decide_by,
    extension_by,
    hand_in_by,
)
from measures.selectors.project_sides import Part
from measures.selectors.project_told import BEFORE_FUNDER
from project.common.formats import date_de

#: State -> how its step is named, and how many days it has.
_STEPS: Final[Mapping[str, tuple[str | Promise, int]]] = {
    ProjectReportState.DRAFTING: (
        gettext_lazy(
            "to be handed in again by %(day)s (%(days)s days after it was returned, not before it is due)"
        ),
        ANSWER_DAYS,
    ),
    ProjectReportState.CHECKING: (
        gettext_lazy("check by %(day)s (%(days)s days after it was handed in, not before it is due)"),
        CHECK_DAYS,
    ),
    ProjectReportState.WITH_FUNDER: (
        gettext_lazy(
            "decision by %(day)s (%(days)s days after it was passed on, or after a question was answered)"
        ),
        DECIDE_DAYS,
    ),
    ProjectReportState.ASKED: (
        gettext_lazy("answer by %(day)s (%(days)s days after the question)"),
        ANSWER_DAYS,
    ),
}
#: State -> what reckons the last day of its step.
_DAY_OF: Final = {
    ProjectReportState.DRAFTING: hand_in_by,
    ProjectReportState.CHECKING: check_by,
    ProjectReportState.WITH_FUNDER: decide_by,
    ProjectReportState.ASKED: answer_by,
}


def due_text(report: ProjectReport) -> str:
    """When a report is due, as its notice says or as the funder extended it. Queries: none."""
    return _("%(kind)s due on %(day)s") % {
        "kind": report.get_kind_display(),
        "day": date_de(report.due_on),
    }


def deadline_text(report: ProjectReport, by: datetime.date | None = None) -> str:
    """When a report is due and by when its present step has to be done.

    Args:
        report: The report, of a person who sees its present step.
        by: Last day as its task has it; left out it is reckoned.

    Returns:
        One line; of a first draft, and of what is over, only when it is due. Queries: at most 2.
    """
    state = ProjectReportState(report.state)
    if state not in _STEPS:
        return due_text(report)
    if state == ProjectReportState.DRAFTING and not report.steps.filter(kind__in=RETURNS).exists():
        return due_text(report)
    words, days = _STEPS[state]
    day = by or _DAY_OF[state](report)
    return _together(report, str(words) % {"day": date_de(day), "days": days})


def extension_deadline_text(extension: ReportExtension) -> str:
    """When a report is due and by when the funder has to decide on more time. Queries: at most 1."""
    words = _(
        "decision on more time by %(day)s (%(days)s days after it was asked for, at the latest when the "
        "report is due)"
    )
    day = date_de(extension_by(extension))
    return _together(extension.report, words % {"day": day, "days": EXTENSION_DAYS})


def deadline_seen(report: ProjectReport, parts: frozenset[Part]) -> str:
    """The line as far as a person may know the present step of a report. Queries: at most 2."""
    needed = Part.CHECK if report.state in BEFORE_FUNDER else Part.QUESTIONS
    return deadline_text(report) if needed in parts else due_text(report)


def _together(report: ProjectReport, step: str) -> str:
    return f"{due_text(report)}; {step}"
