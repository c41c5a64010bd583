"""What the rules of a report are worked out from: the plan that holds, what was entered, receipts, counts."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet, Sum

from measures.drawdown_rules import DrawdownRow, drawdown_rows
from measures.esf_rules import SEXES, is_count
from measures.models import (
    GRANT_SOURCES,
    DutyKind,
    FinanceKind,
    FundedProject,
    GrantNotice,
    ProjectReport,
    ProjectReportDelivery,
    ProjectReportLine,
    ProjectReportState,
    Receipt,
)
from measures.money import PlanLine
from measures.report_rules import (
    AccountRow,
    Entered,
    Key,
    Ledger,
    Period,
    Voucher,
    account_rows,
)
from measures.selectors.grants import latest_notice, lines_of

#: Values of the sources of the grant, in their order.
GRANT_KINDS = tuple(source.value for source in GRANT_SOURCES)
#: States of a drawdown whose money counts as asked for.
_ASKED = (
    ProjectReportState.CHECKING,
    ProjectReportState.WITH_FUNDER,
    ProjectReportState.ASKED,
    ProjectReportState.ACCEPTED,
)
_REPORTS = (DutyKind.INTERIM, DutyKind.FINAL)


@dataclasses.dataclass(frozen=True)
class Account:
    """The money of a report.

    Attributes:
        notice: The notice that holds; None before there is one.
        plan: Its plan.
        period: Time of the report and term of the notice.
        rows: Lines of the account; none of a drawdown.
        drawdown: What is asked for by source; only of a drawdown.
    """

    notice: GrantNotice | None
    plan: tuple[PlanLine, ...]
    period: Period
    rows: tuple[AccountRow, ...]
    drawdown: tuple[DrawdownRow, ...]

    @property
    def cost(self) -> list[AccountRow]:
        """Lines of cost."""
        return [row for row in self.rows if row.side == FinanceKind.COST]

    @property
    def funding(self) -> list[AccountRow]:
        """Lines of funding."""
        return [row for row in self.rows if row.side == FinanceKind.FUNDING]


def account_of(report: ProjectReport) -> Account:
    """The money of a report, held against the plan that holds now. Queries: 5."""
    project = report.project
    notice = latest_notice(project)
    plan = lines_of(notice) if notice is not None else []
    term = notice or project
    period = Period(report.covers_from, report.covers_until, term.starts_on, term.ends_on)
    entered = {
        (side, kind, title): Entered(amount, reason)
        for side, kind, title, amount, reason in report.lines.order_by("pk").values_list(
            "side", "kind", "title", "amount", "reason"
        )
    }
    if report.kind == DutyKind.DRAWDOWN:
        asked: dict[str, Decimal | None] = {}
        for (_side, kind, _title), row in entered.items():
            if row.amount is not None:
                asked[kind] = (asked.get(kind) or Decimal(0)) + row.amount
        rows = drawdown_rows(plan, asked, _drawn(report, _ASKED), GRANT_KINDS)
        return Account(notice, tuple(plan), period, (), tuple(rows))
    ledger = Ledger(
        plan=plan,
        entered=entered,
        before=_before(report),
        drawn=_drawn(report, (ProjectReportState.ACCEPTED,)),
        period=period,
        allowed_percent=project.programme.deviation_percent,
        grant_kinds=GRANT_KINDS,
    )
    return Account(notice, tuple(plan), period, tuple(account_rows(ledger)), ())


def account_delivered(delivery: ProjectReportDelivery) -> Account:
    """The money of a report as it was handed in, whatever has become of the plan since. Queries: none."""
    report, content = delivery.report, delivery.content
    term = content["project"]
    days = (datetime.date.fromisoformat(term[name]) for name in ("starts_on", "ends_on"))
    period = Period(report.covers_from, report.covers_until, *days)
    account = content["account"] or {}
    rows = [_row_delivered(side, row) for side in FinanceKind.values for row in account.get(side, ())]
    return Account(None, (), period, tuple(rows), ())


def _row_delivered(side: str, row: Mapping[str, Any]) -> AccountRow:
    names = ("planned", "total", "before", "amount", "remaining", "drawn", "deviation_percent")
    amounts: dict[str, Any] = {name: None if row[name] is None else Decimal(row[name]) for name in names}
    return AccountRow(
        side, row["kind"], row["title"], is_over=row["is_over"], reason=row["reason"], **amounts
    )


def _before(report: ProjectReport) -> dict[Key, Decimal]:
    """Euros of accepted reports of earlier times, by line. Queries: 1."""
    rows = (
        ProjectReportLine.objects.filter(
            report__project=report.project_id,
            report__kind__in=_REPORTS,
            report__state=ProjectReportState.ACCEPTED,
            report__covers_until__lt=report.covers_from,
        )
        .order_by()
        .values_list("side", "kind", "title")
        .annotate(sum=Sum("amount"))
    )
    return {(side, kind, title): amount for side, kind, title, amount in rows if amount is not None}


def _drawn(report: ProjectReport, states: Iterable[str]) -> dict[str, Decimal]:
    """Euros of the project's other drawdowns in some states, by source. Queries: 1."""
    return _asked_for(report.project_id, states, but_for=report.pk)


def drawn_of(project: FundedProject, *, is_checked: bool = False) -> dict[str, Decimal]:
    """Euros of the grant that the drawdowns handed in ask for, by source. Queries: 1.

    Args:
        project: The project.
        is_checked: Only those the municipality has passed on: of the others nobody else is told.
    """
    states = [state for state in _ASKED if state != ProjectReportState.CHECKING] if is_checked else _ASKED
    return _asked_for(project.pk, states)


def _asked_for(project_pk: int, states: Iterable[str], but_for: int | None = None) -> dict[str, Decimal]:
    rows = (
        ProjectReportLine.objects.filter(
            report__project=project_pk,
            report__kind=DutyKind.DRAWDOWN,
            report__state__in=list(states),
            side=FinanceKind.FUNDING,
        )
        .exclude(report=but_for)
        .order_by()
        .values_list("kind")
        .annotate(sum=Sum("amount"))
    )
    return {kind: amount for kind, amount in rows if amount is not None}


def receipts_of(report: ProjectReport) -> QuerySet[Receipt]:
    """Receipts of a report that were not taken out, by day. Queries: none."""
    return report.receipts.filter(removed_at__isnull=True).order_by("paid_on", "pk")


def vouchers(receipts: Iterable[Receipt]) -> list[Voucher]:
    """Receipts as the rules take them."""
    names = [field.name for field in dataclasses.fields(Voucher)]
    return [Voucher(**{name: getattr(row, name) for name in names}) for row in receipts]


def other_receipts(report: ProjectReport) -> QuerySet[Receipt]:
    """Receipts of the project's other reports, in which none of this one may stand once more.

    Whoever writes the report is told of all of them; the municipality of those that were handed in, the
    funder of those that were passed on.

    A report whose time lies within the time of this one, or around it, tells of the same payments: a final
    report of the whole term lists those of the interim reports again. Queries: none.
    """
    within = Q(
        report__covers_from__gte=report.covers_from, report__covers_until__lte=report.covers_until
    ) | Q(report__covers_from__lte=report.covers_from, report__covers_until__gte=report.covers_until)
    rows = Receipt.objects.filter(report__project=report.project_id, removed_at__isnull=True)
    rows = rows.exclude(report=report.pk).exclude(report__state__in=_untold(report))
    return rows.exclude(within).order_by("paid_on", "pk")


def _untold(report: ProjectReport) -> tuple[str, ...]:
    """States of other reports that whoever has a report before them is told nothing of."""
    match report.state:
        case ProjectReportState.DRAFTING:
            return (ProjectReportState.CALLED_OFF,)
        case ProjectReportState.CHECKING:
            return (ProjectReportState.CALLED_OFF, ProjectReportState.DRAFTING)
    return (ProjectReportState.CALLED_OFF, ProjectReportState.DRAFTING, ProjectReportState.CHECKING)


def counts_of(participants: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Counts of participants as stored; what is no count is left out."""
    return {
        code: {sex: row[sex] for sex in SEXES if is_count(row.get(sex))}
        for code, row in participants.items()
        if isinstance(row, dict) and any(is_count(row.get(sex)) for sex in SEXES)
    }


def earlier_counts(report: ProjectReport) -> list[dict[str, dict[str, int]]]:
    """Counts of accepted reports whose time lies within the time of this one. Queries: 1."""
    rows = ProjectReport.objects.filter(
        project=report.project_id,
        kind__in=_REPORTS,
        state=ProjectReportState.ACCEPTED,
        covers_from__gte=report.covers_from,
        covers_until__lte=report.covers_until,
    ).exclude(pk=report.pk)
    return [
        counts_of(found) for found in rows.order_by("covers_until").values_list("participants", flat=True)
    ]


def required_indicators(notice: GrantNotice | None) -> list[str]:
    """Indicators the call of a notice asks for; always all participants together."""
    call = notice.call if notice is not None else None
    wanted = list(call.indicators) if call is not None else []
    return wanted if "EECO01" in wanted else ["EECO01", *wanted]
