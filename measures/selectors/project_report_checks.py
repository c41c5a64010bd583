"""What has to be settled before a report is handed in, and what is worth a look, in sentences."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from django.db import connection
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from measures.drawdown_rules import DrawdownRow, drawdown_faults
from measures.esf import INDICATORS
from measures.esf_rules import TOTAL, Limit, participant_faults
from measures.models import (
    CostKind,
    DutyKind,
    FinanceKind,
    FundedProject,
    MoneySource,
    ProjectReport,
    ProjectReportState,
)
from measures.money import Fault
from measures.report_content import SECTIONS
from measures.report_rules import (
    AccountRow,
    Voucher,
    account_faults,
    account_oddities,
    receipt_faults,
    receipt_oddities,
)
from measures.selectors.project_report_account import (
    Account,
    account_delivered,
    account_of,
    counts_of,
    earlier_counts,
    other_receipts,
    receipts_of,
    required_indicators,
    vouchers,
)
from project.common.formats import date_de, decimal_de, money_de

#: Sections of the narrative that must not be empty.
NEEDED_SECTIONS: Final = ("done", "reached")
#: Anchors of the parts of a draft, in their order.
NARRATIVE, ACCOUNT, RECEIPTS, PARTICIPANTS, DRAWDOWN = (
    "narrative",
    "account",
    "receipts",
    "participants",
    "drawdown",
)
#: Side of an account -> its head: of a plan the other one is called financing.
SIDES: Final[Mapping[str, str | Promise]] = {
    FinanceKind.COST: gettext_lazy("Expenditure"),
    FinanceKind.FUNDING: gettext_lazy("Income"),
}
#: Column of the counts -> its head.
COLUMNS: Final[Mapping[str, str | Promise]] = {
    "f": gettext_lazy("Women"),
    "m": gettext_lazy("Men"),
    "n": gettext_lazy("Non-binary"),
    TOTAL: gettext_lazy("Altogether"),
}

_SAID: Final[Mapping[str, str | Promise]] = {
    "amount_missing": gettext_lazy("“%(row)s”: enter an amount, 0 if there was none."),
    "reason_missing": gettext_lazy(
        "“%(row)s”: %(amount)s instead of %(planned)s leaves the plan by more than the programme allows "
        "without a reason. Say why."
    ),
    "nothing_spent": gettext_lazy("All lines of cost stand at zero. Enter what was spent."),
    "over_total": gettext_lazy("“%(row)s”: %(over)s more was spent than the plan has for all years."),
    "over_all": gettext_lazy("Altogether %(spent)s was spent; the plan has %(total)s."),
    "unbalanced": gettext_lazy("Cost is %(cost)s, funding received is %(funding)s: %(difference)s apart."),
    "paid_before_term": gettext_lazy(
        "Receipt %(receipt)s was paid before the funding begins on %(day)s. Take it out or correct the day."
    ),
    "paid_long_after": gettext_lazy(
        "Receipt %(receipt)s was paid after %(day)s, more than six months after the end of the funding. "
        "Take it out or correct the day."
    ),
    "number_twice": gettext_lazy(
        "Receipt %(receipt)s: this number stands in another report of the project already. "
        "Take it out, or correct the number."
    ),
    "file_twice": gettext_lazy(
        "Receipt %(receipt)s: the same file belongs to another receipt of the project already. "
        "Upload the right file."
    ),
    "paid_after_term": gettext_lazy("Receipt %(receipt)s was paid after the end of the funding on %(day)s."),
    "paid_outside": gettext_lazy("Receipt %(receipt)s was paid outside of the time reported."),
    "paid_twice": gettext_lazy("Receipt %(receipt)s has the same payee, day and amount as receipt %(twin)s."),
    "receipts_above": gettext_lazy(
        "“%(row)s”: the receipts add up to %(covered)s, %(difference)s more than was entered."
    ),
    "receipts_below": gettext_lazy(
        "“%(row)s”: the receipts add up to %(covered)s, %(difference)s less than was entered."
    ),
    "nothing_asked": gettext_lazy("Enter how much money is needed, from at least one source."),
    "below_zero": gettext_lazy("“%(row)s”: an amount cannot be below zero."),
    "above_source": gettext_lazy(
        "“%(row)s”: %(amount)s is %(over)s more than what is left: %(granted)s granted, %(before)s asked "
        "for before."
    ),
    "above_grant": gettext_lazy(
        "Altogether %(amount)s is %(over)s more than what is left of the grant: %(granted)s granted, "
        "%(before)s asked for before."
    ),
    "before_term": gettext_lazy("Money can be asked for from %(day)s, when the funding begins."),
    "count_missing": gettext_lazy("%(code)s: this number is asked for. Enter 0 where there was nobody."),
    "count_wrong": gettext_lazy(
        "%(code)s: enter a whole number for women, men and non-binary people, 0 where there was nobody."
    ),
    "whole_missing": gettext_lazy("%(code)s: enter all participants too, for the others are part of them."),
    "parts_above": gettext_lazy(
        "%(column)s: %(parts)s make %(part)s, more than the %(whole)s of %(wholes)s. Check both numbers."
    ),
    "parts_differ": gettext_lazy(
        "%(column)s: %(parts)s make %(part)s and have to add up to the %(whole)s of %(wholes)s."
    ),
    "count_fell": gettext_lazy(
        "%(code)s, %(column)s: %(now)s are fewer than the %(before)s of the report before, whose time this "
        "one covers too. Check the number."
    ),
    "count_gone": gettext_lazy(
        "%(code)s: the report before, whose time this one covers too, counted %(before)s. Enter the number."
    ),
}


@dataclasses.dataclass(frozen=True)
class Remark:
    """Something about a draft that is to be settled or looked at.

    Attributes:
        part: Which part of the draft it is about.
        text: What it is and what to do.
        about: What exactly: key of a line, number of a receipt, code of an indicator; empty for all of it.
        code: Code of the rule, as in ``_SAID``, or ``purpose_missing``; empty for what no rule says.
        column: Column of the counts it is about (``COLUMNS``); empty where it is not about one.
    """

    part: str
    text: str
    about: Any = ""
    code: str = ""
    column: str = ""


def report_faults(report: ProjectReport) -> list[str]:
    """What has to be settled before a report is handed in, one sentence each.

    Of a drawdown the project is locked until the transaction ends, where there is one: two drawdowns handed
    in at once cannot both take what is left of the grant.
    """
    if report.kind == DutyKind.DRAWDOWN and connection.in_atomic_block:
        grant_lock(report)
    return [remark.text for remark in faults_of(report)]


def grant_lock(report: ProjectReport) -> None:
    """Hold the project of a drawdown until the transaction ends. Queries: 1."""
    FundedProject.objects.select_for_update(no_key=True, of=("self",)).get(pk=report.project_id)


def report_oddities(report: ProjectReport) -> list[str]:
    """What is worth a look for municipality and funder, one sentence each.

    What was handed in is held against the plan that it tells, not against one that was amended since.
    """
    delivery = None
    if report.state != ProjectReportState.DRAFTING:
        delivery = report.deliveries.order_by("-number").first()
    account = account_delivered(delivery) if delivery is not None else None
    return [remark.text for remark in oddities_of(report, account)]


def faults_of(report: ProjectReport, account: Account | None = None) -> list[Remark]:
    """The faults of a report by part. Queries: some 8."""
    account = account or account_of(report)
    found = []
    if account.notice is None:
        text = _("The project has no grant notice yet: without its plan nothing can be accounted for.")
        found.append(Remark(DRAWDOWN if report.kind == DutyKind.DRAWDOWN else ACCOUNT, text))
    if report.kind == DutyKind.DRAWDOWN:
        starts_on = account.period.starts_on
        faults = drawdown_faults(account.drawdown, starts_on=starts_on, today=timezone.localdate())
        found += _remarks(DRAWDOWN, faults)
        if report.covers_from < starts_on and timezone.localdate() >= starts_on:
            found.append(Remark(DRAWDOWN, _said("before_term", {"day": starts_on})))
        if not report.purpose.strip():
            text = _("Say what the money is needed for.")
            found.append(Remark(DRAWDOWN, text, code="purpose_missing"))
        return found
    found += _narrative_faults(report)
    found += _remarks(ACCOUNT, account_faults(account.rows))
    own, others = vouchers(receipts_of(report)), vouchers(other_receipts(report))
    found += _remarks(RECEIPTS, receipt_faults(own, others, account.period))
    faults = participant_faults(
        counts_of(report.participants), required_indicators(account.notice), earlier_counts(report)
    )
    return found + _remarks(PARTICIPANTS, faults)


def oddities_of(report: ProjectReport, account: Account | None = None) -> list[Remark]:
    """What is worth a look by part; nothing of a drawdown. Queries: some 7."""
    if report.kind == DutyKind.DRAWDOWN:
        return []
    account = account or account_of(report)
    own, others = vouchers(receipts_of(report)), vouchers(other_receipts(report))
    found = _remarks(ACCOUNT, account_oddities(account.rows, is_final=report.kind == DutyKind.FINAL))
    return found + _remarks(RECEIPTS, receipt_oddities(own, others, account.rows, account.period))


def _narrative_faults(report: ProjectReport) -> list[Remark]:
    return [
        Remark(NARRATIVE, _("“%(section)s” is empty: write a few sentences.") % {"section": title}, key)
        for key, (title, _help) in SECTIONS.items()
        if key in NEEDED_SECTIONS and not str(report.narrative.get(key, "")).strip()
    ]


def _remarks(part: str, faults: Iterable[Fault]) -> list[Remark]:
    return [
        Remark(
            part,
            _said(fault.code, fault.values),
            _about(fault),
            fault.code,
            str(fault.values.get("column", "")),
        )
        for fault in faults
    ]


def _about(fault: Fault) -> Any:
    values = fault.values
    if isinstance(limit := values.get("limit"), Limit):
        return limit.parts[0]
    if isinstance(row := values.get("row"), AccountRow):
        return row.key
    if isinstance(row, DrawdownRow):
        return row.kind
    receipt = values.get("receipt")
    return receipt.number if isinstance(receipt, Voucher) else values.get("code", "")


def line_name(side: str, kind: str, title: str = "") -> str:
    """A line of an account in words: "Personal (Leitung)"."""
    kinds = CostKind if side == FinanceKind.COST else MoneySource
    return f"{kinds(kind).label}{f' ({title})' if title else ''}"


def indicator_name(code: str) -> str:
    """An indicator in words, with its code."""
    return f"{INDICATORS[code]} ({code})" if code in INDICATORS else code


def _said(code: str, values: Mapping[str, Any]) -> str:
    words: dict[str, Any] = {}
    for name, value in values.items():
        words |= _in_words(name, value)
    return str(_SAID[code]) % words


def _in_words(name: str, value: Any) -> dict[str, Any]:
    match value:
        case AccountRow():
            return {
                "row": line_name(*value.key),
                "amount": money_de(value.amount),
                "planned": money_de(value.planned),
                "over": money_de(-value.remaining),
            }
        case DrawdownRow():
            return {
                "row": line_name(FinanceKind.FUNDING, value.kind) if value.kind else "",
                "amount": money_de(value.amount),
                "granted": money_de(value.granted),
                "before": money_de(value.before),
                "over": money_de(-value.remaining),
            }
        case Limit():
            return {"parts": _together(value.parts), "wholes": _together(value.wholes)}
        case Voucher():
            return {name: value.number}
        case Decimal():
            return {name: money_de(value)}
        case datetime.date():
            return {name: date_de(value)}
        case int():
            return {name: decimal_de(value, 0)}
    if name == "column":
        return {name: COLUMNS[value]}
    return {name: indicator_name(value) if name == "code" else value}


def _together(codes: Iterable[str]) -> str:
    return " + ".join(_("“%(name)s”") % {"name": indicator_name(code)} for code in codes)
