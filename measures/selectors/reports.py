"""Reporting rounds and reports: who has reported, what is missing, what is odd."""

from __future__ import annotations

import dataclasses
import datetime
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db.models import Count, Q, QuerySet

from measures.models import (
    ActionPlan,
    FigureFile,
    FigureKind,
    FigureReport,
    KeyFigureTarget,
    Measure,
    ReportingRound,
    RoundReport,
    RoundReportState,
)
from measures.selectors.due import overdue, with_due
from measures.selectors.figures import (
    Actual,
    FigureLine,
    actual_text,
    figure_lines,
    is_small_count,
    number_of,
)
from measures.selectors.numbering import by_number
from measures.selectors.portfolio import plans_seen_by
from measures.status import ODDITY_LABELS, Light, Oddity, Point, light_of, oddities
from project.common.formats import Badge
from stakeholders.models import Organisation
from stakeholders.permissions import Perm, territories_where, visible

_STATE_KINDS = {
    RoundReportState.OPEN: "info",
    RoundReportState.SUBMITTED: "warning",
    RoundReportState.RETURNED: "danger",
    RoundReportState.CONFIRMED: "success",
    RoundReportState.CALLED_OFF: "neutral",
}
#: Filter value for reports that should have been handed in by now.
OVERDUE = "overdue"


@dataclasses.dataclass(frozen=True)
class ReportFilter:
    """What a person wants to see of the reports of a plan."""

    search: str = ""
    state: str = ""  # a RoundReportState or ``OVERDUE``; empty for all
    round: int | None = None


def state_badge(state: str) -> Badge:
    """Where a report stands, in word and colour."""
    known = RoundReportState(state)
    return Badge(_STATE_KINDS[known], str(known.label))


def reports_of(plan: ActionPlan, wanted: ReportFilter, today: datetime.date) -> QuerySet[RoundReport]:
    """Reports of a plan with ``due_on``; who has reported all see, the figures they do not. Queries: 1."""
    rows = with_due(RoundReport.objects.filter(round__plan=plan)).select_related(
        "round", "round__plan", "organisation", "confirmed_by"
    )
    if wanted.search:
        rows = rows.filter(
            Q(organisation__name__icontains=wanted.search)
            | Q(organisation__short_name__icontains=wanted.search)
        )
    if wanted.state == OVERDUE:
        rows = overdue(rows, today)
    elif wanted.state:
        rows = rows.filter(state=wanted.state)
    if wanted.round is not None:
        rows = rows.filter(round_id=wanted.round)
    return rows


def rounds_seen_by(user: Any) -> QuerySet[ReportingRound]:
    """Rounds of plans a person may see. Queries: 1."""
    rows = ReportingRound.objects.select_related("plan", "plan__territory", "opened_by")
    return rows.filter(plan__in=plans_seen_by(user).order_by().values("pk"))


def rounds_of(plan: ActionPlan) -> QuerySet[Any]:
    """Rounds of a plan, newest first, with ``report_count`` and ``confirmed_count``, corrections aside.

    Queries: 1.
    """
    asked = Q(reports__version=1)
    confirmed = Count("reports", filter=asked & Q(reports__state=RoundReportState.CONFIRMED))
    return plan.rounds.annotate(
        report_count=Count("reports", filter=asked), confirmed_count=confirmed
    ).order_by("-reference_on")


def reports_seen_by(user: Any) -> QuerySet[RoundReport]:
    """Reports whose figures a person may read, with ``due_on``.

    Those of the organisations they act for, all of the territories they plan, and the confirmed ones of plans
    they see. Queries: 1.
    """
    own = visible(user, Perm.ACT_FOR_ORGANISATION, Organisation.objects.all()).values("pk")
    planned = territories_where(user, Perm.PLAN_TERRITORY).values("pk")
    plans = plans_seen_by(user).order_by().values("pk")
    rows = RoundReport.objects.filter(
        Q(organisation__in=own)
        | Q(round__plan__territory__in=planned)
        | Q(round__plan__in=plans, state=RoundReportState.CONFIRMED)
    )
    return with_due(rows).select_related(
        "round", "round__plan", "round__plan__territory", "organisation", "confirmed_by"
    )


@dataclasses.dataclass(frozen=True)
class ReportLine:
    """A figure asked for in a report, beside what was reported before and what should be reached.

    Attributes:
        row: As reported; pages show ``actual``.
        figure: The key figure with what was confirmed before.
        reference_on: Day asked for.
        is_secret: Whether the reported figure is not to be told.
        known_light: Traffic light where the figure it follows from is not told; None to work it out.
        files: Files that back it and were not taken away.
        corrected: What the report corrects, as it had been confirmed; None if it corrects nothing.
    """

    row: FigureReport
    figure: FigureLine
    reference_on: datetime.date
    is_secret: bool = False
    known_light: Light | None = None
    files: tuple[FigureFile, ...] = ()
    corrected: Actual | None = None

    @property
    def is_judged(self) -> bool:
        """Whether it is judged in steps."""
        return self.figure.figure.kind == FigureKind.QUALITY

    @property
    def actual_text(self) -> str:
        """The reported figure in the words of pages."""
        return actual_text(self.actual, self.figure.figure)

    @property
    def before_text(self) -> str:
        """The latest figure before; a dash without one."""
        return actual_text(self.before, self.figure.figure)

    @property
    def expected_text(self) -> str:
        """Where the path is on the day asked for."""
        return number_of(self.expected, self.figure.figure)

    @property
    def target_text(self) -> str:
        """The target to be reached next."""
        return number_of(self.target.value if self.target else None, self.figure.figure)

    @property
    def baseline_text(self) -> str:
        """Where it began."""
        return number_of(self.figure.figure.baseline, self.figure.figure)

    @property
    def is_changed(self) -> bool:
        """Whether a correction says something else than what had been confirmed."""
        return self.corrected is not None and self.corrected.value != self.actual.value

    @property
    def corrected_text(self) -> str:
        """What had been confirmed before the correction."""
        return actual_text(self.corrected, self.figure.figure)

    @property
    def measure(self) -> Measure:
        """The measure of the key figure."""
        return self.figure.figure.measure

    @property
    def before(self) -> Actual | None:
        """The latest confirmed figure before this report that has a value, be it a secret one."""
        return self.figure.last_value

    @property
    def target(self) -> KeyFigureTarget | None:
        """The target to be reached next after the day asked for."""
        return self.figure.next_target(self.reference_on)

    @property
    def expected(self) -> Fraction | None:
        """Where the path is on the day asked for."""
        return self.figure.path.expected(self.reference_on)

    @property
    def expected_number(self) -> Decimal | None:
        """The same as a decimal number, for pages and files."""
        value = self.expected
        return None if value is None else Decimal(value.numerator) / Decimal(value.denominator)

    @property
    def is_small(self) -> bool:
        """Whether the reported figure counts so few people that it is told to some only."""
        return is_small_count(self.row.value, self.figure.figure)

    @property
    def actual(self) -> Actual:
        """What was reported, as it may be told."""
        value = None if self.is_secret else self.row.value
        return Actual(self.reference_on, value, self.row.comment, is_secret=self.is_secret)

    @property
    def has_secret(self) -> bool:
        """Whether a number of its line on the page is not told."""
        return self.is_secret or (self.before is not None and self.before.is_secret)

    @property
    def point(self) -> Point | None:
        """The reported figure; None without a value that may be told."""
        return self._point_of(self.actual.value)

    def _point_of(self, value: Decimal | None) -> Point | None:
        return None if value is None else Point(self.reference_on, Fraction(value))

    @property
    def light(self) -> Light:
        """Traffic light the reported figure would give."""
        return self.known_light or light_of(self.figure.path, self.point)

    @property
    def oddities(self) -> list[Oddity]:
        """What planning should look at twice."""
        return [] if self.is_secret else self.oddities_of(self.row.value)

    def oddities_of(self, value: Decimal | None) -> list[Oddity]:
        """What would be striking about a value, before it is saved."""
        before = self.before
        known = before is not None and before.value is not None
        previous = (
            Point(before.day, Fraction(before.value))
            if before and known and before.value is not None
            else None
        )
        return oddities(self.figure.path, self._point_of(value), previous)

    @property
    def oddity_labels(self) -> list[str]:
        """The same in words."""
        return [str(ODDITY_LABELS[oddity]) for oddity in self.oddities]


def report_lines(report: RoundReport) -> list[ReportLine]:
    """Figures of a report by measure and key figure.

    Args:
        report: With its round joined.

    Returns:
        One line for each key figure asked for. Queries: as ``lines_of_reports``.
    """
    return lines_of_reports([report])[report.pk]


def lines_of_reports(reports: Iterable[RoundReport]) -> dict[int, list[ReportLine]]:
    """Figures of reports of one round by measure and key figure.

    Args:
        reports: Of the same round, which is joined.

    Returns:
        Key of the report -> one line for each key figure asked for. Queries: 5 for any number of reports and
        figures, and 1 if any of them corrects another.
    """
    known_reports = {report.pk: report for report in reports}
    found: dict[int, list[ReportLine]] = {pk: [] for pk in known_reports}
    if not known_reports:
        return found
    reference_on = next(iter(known_reports.values())).round.reference_on
    rows = list(
        FigureReport.objects.filter(report__in=known_reports)
        .select_related(
            "key_figure__unit",
            "key_figure__measure__field",
            "key_figure__measure__parent__field",
            "key_figure__measure__responsible",
        )
        .order_by(*by_number("key_figure__measure__"), "key_figure")
    )
    lines = figure_lines({row.key_figure.measure_id for row in rows}, before=reference_on)
    by_figure = {line.figure.pk: line for of_measure in lines.values() for line in of_measure}
    files: dict[int, list[FigureFile]] = defaultdict(list)
    for file in FigureFile.objects.filter(figure__in=[row.pk for row in rows], removed_at__isnull=True):
        files[file.figure_id].append(file)
    corrected = _corrected(list(known_reports.values()))
    for row in rows:
        line = by_figure[row.key_figure_id]
        line.figure.measure = row.key_figure.measure
        found[row.report_id].append(
            ReportLine(
                row,
                line,
                reference_on,
                files=tuple(files.get(row.pk, ())),
                corrected=corrected.get((row.report_id, row.key_figure_id)),
            )
        )
    return found


def _corrected(reports: list[RoundReport]) -> dict[tuple[int, int], Actual]:
    """Report and key figure -> what the version before said. Queries: 1, none without corrections."""
    later = [report for report in reports if report.version > 1]
    if not later:
        return {}
    earlier = (
        FigureReport.objects.filter(
            report__round__in={report.round_id for report in later},
            report__organisation__in={report.organisation_id for report in later},
            report__state=RoundReportState.CONFIRMED,
        )
        .select_related("report__round")
        .order_by("report__version")
    )
    found: dict[tuple[int, int], Actual] = {}
    for row in earlier:
        for report in later:
            same = (report.round_id, report.organisation_id) == (
                row.report.round_id,
                row.report.organisation_id,
            )
            if same and row.report.version < report.version:
                day = row.report.round.reference_on
                found[report.pk, row.key_figure_id] = Actual(
                    day, row.value, row.comment, version=row.report.version
                )
    return found


def versions_of(report: RoundReport) -> list[RoundReport]:
    """All versions of a report, the first first. Queries: 1."""
    rows = RoundReport.objects.filter(round=report.round_id, organisation=report.organisation_id)
    return list(rows.select_related("round", "organisation").order_by("version"))


def files_seen_by(user: Any) -> QuerySet[FigureFile]:
    """Files of figures whose report a person may read, but those taken away. Queries: 1."""
    readable = reports_seen_by(user).order_by().values("pk")
    return FigureFile.objects.filter(figure__report__in=readable, removed_at__isnull=True)


def reports_on(user: Any, measure: Measure) -> list[RoundReport]:
    """Reports that ask for key figures of a measure and that a person may read, newest first. Queries: 1."""
    rows = reports_seen_by(user).filter(figures__key_figure__measure=measure).distinct()
    return list(rows.order_by("-round__reference_on", "organisation", "-version"))
