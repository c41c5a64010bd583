"""What projects owe their funder, and where it stands: duties of the notice that holds, and reports."""

from __future__ import annotations

import dataclasses
import datetime
import enum
from collections import defaultdict
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from measures.models import (
    DutyKind,
    FundedProject,
    GrantNotice,
    ProjectReport,
    ProjectReportState,
    ReportingDuty,
)
from measures.selectors.grants import notices_that_hold
from measures.selectors.project_report_dates import known_hand_in_by, with_returns
from measures.selectors.project_told import Insight, as_told


class Standing(enum.StrEnum):
    """Where a duty stands for its funder."""

    ACCEPTED = "accepted"
    WITH_FUNDER = "with_funder"
    CHECKING = "checking"
    LATE = "late"
    AHEAD = "ahead"


STANDING_LABELS: dict[Standing, Promise] = {
    Standing.ACCEPTED: _("accepted"),
    Standing.WITH_FUNDER: _("with the funder"),
    Standing.CHECKING: _("being checked by the municipality"),
    Standing.LATE: _("overdue"),
    Standing.AHEAD: _("not due yet"),
}
_WITH_FUNDER = frozenset({ProjectReportState.WITH_FUNDER, ProjectReportState.ASKED})


@dataclasses.dataclass(frozen=True)
class DutyLine:
    """A duty of the notice that holds, or a report asked for besides.

    Attributes:
        kind: A value of ``DutyKind``.
        covers_from: First day it is about.
        covers_until: Last day.
        due_on: Due, or extended to.
        state: Of the report; None before there is one, and where it is kept back.
        standing: Where it stands for the funder.
        is_kept_back: Whether the reader may not know yet how far the report is.
    """

    kind: str
    covers_from: datetime.date
    covers_until: datetime.date
    due_on: datetime.date
    state: str | None
    standing: Standing
    is_kept_back: bool = False

    @property
    def kind_text(self) -> str:
        """The kind in words."""
        return str(DutyKind(self.kind).label)

    @property
    def state_text(self) -> str:
        """The state in words."""
        if self.is_kept_back:
            return str(_("not passed on yet"))
        return str(ProjectReportState(self.state).label) if self.state else str(_("not begun"))


def due_before_recorded() -> Exists:
    """Condition on a duty that it was due before the first notice of its project was recorded here.

    It was settled on paper, or not at all: nothing of it becomes a task years later.
    """
    first = GrantNotice.objects.filter(project=OuterRef("notice__project"), number=1)
    return Exists(first.filter(recorded_at__date__gt=OuterRef("due_on")))


def called_off_for_good() -> Exists:
    """Condition on a duty that its report was called off, and that the notices have asked for the same since.

    Amending notices copy the duties of the one before: copying asks for nothing anew. One that drops the
    duty, or changes its day or its time, does.
    """
    same_time = {name: OuterRef(OuterRef(name)) for name in ("kind", "covers_from", "covers_until")}
    asked = ReportingDuty.objects.filter(
        notice=OuterRef("pk"), due_on=OuterRef(OuterRef("duty__due_on")), **same_time
    )
    between = GrantNotice.objects.filter(
        project=OuterRef("project"),
        number__gt=OuterRef("duty__notice__number"),
        number__lt=OuterRef(OuterRef("notice__number")),
    )
    reports = ProjectReport.objects.filter(
        ~Exists(between.filter(~Exists(asked))),
        project=OuterRef("notice__project"),
        kind=OuterRef("kind"),
        covers_from=OuterRef("covers_from"),
        covers_until=OuterRef("covers_until"),
        duty__due_on=OuterRef("due_on"),
        state=ProjectReportState.CALLED_OFF,
    )
    return Exists(reports)


def duties_settled_before(project: FundedProject) -> list[ReportingDuty]:
    """Duties of the notice that holds that are not begun because they were due before. Queries: 1."""
    notices = notices_that_hold(FundedProject.objects.filter(pk=project.pk))
    duties = ReportingDuty.objects.filter(due_before_recorded(), notice__in=notices.values("pk"))
    same = ("kind", "covers_from", "covers_until")
    reports = ProjectReport.objects.filter(project=project, **{name: OuterRef(name) for name in same})
    return list(duties.filter(~Exists(reports)).order_by("due_on", "pk"))


def duties_of(
    projects: QuerySet[FundedProject], today: datetime.date, insight: Insight
) -> dict[int, list[DutyLine]]:
    """Duties and reports by key of the project and day due; projects without any are left out.

    What a later notice does not ask for any more is gone, unless a report on it was begun. What was called
    off does not count, and neither do duties that were due before the project was recorded here.

    Args:
        projects: Any.
        today: The day to look from.
        insight: Of which projects the reader knows how far reports are.

    Returns:
        Duties by day due. Queries: 2.
    """
    found: dict[int, dict[tuple[Any, ...], ReportingDuty | ProjectReport]] = defaultdict(dict)
    duties = ReportingDuty.objects.filter(notice__in=notices_that_hold(projects).order_by().values("pk"))
    for duty in duties.filter(~due_before_recorded(), ~called_off_for_good()).select_related("notice"):
        found[duty.notice.project_id][_key(duty)] = duty
    reports = ProjectReport.objects.filter(project__in=projects.order_by().values("pk"))
    reports = as_told(with_returns(reports.exclude(state=ProjectReportState.CALLED_OFF)), insight)
    for report in reports.order_by("pk"):
        # A drawdown besides those of the notice may be about the same time as another.
        key = _key(report) if report.duty_id is not None else (report.pk,)
        found[report.project_id][key] = report
    return {
        project: sorted(
            (_line(row, today) for row in rows.values()), key=lambda line: (line.due_on, line.kind)
        )
        for project, rows in found.items()
    }


def _key(row: ReportingDuty | ProjectReport) -> tuple[Any, ...]:
    return row.kind, row.covers_from, row.covers_until


def _line(row: ReportingDuty | ProjectReport, today: datetime.date) -> DutyLine:
    is_kept_back: bool = getattr(row, "is_kept_back", False)  # annotated to reports
    report = row if isinstance(row, ProjectReport) and not is_kept_back else None
    state = report.state if report is not None else None
    if state == ProjectReportState.ACCEPTED:
        standing = Standing.ACCEPTED
    elif state in _WITH_FUNDER:
        standing = Standing.WITH_FUNDER
    elif state == ProjectReportState.CHECKING:
        standing = Standing.CHECKING
    else:
        until = known_hand_in_by(report) if report is not None else row.due_on
        standing = Standing.LATE if until < today else Standing.AHEAD
    return DutyLine(
        row.kind, row.covers_from, row.covers_until, row.due_on, state, standing, is_kept_back=is_kept_back
    )
