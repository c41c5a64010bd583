"""Writes on the draft of a report: it begins with what is known, and is saved in between."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from measures.esf import INDICATORS
from measures.esf_rules import SEXES, is_count
from measures.models import (
    DutyKind,
    FinanceKind,
    FundedProject,
    ProjectReport,
    ProjectReportLine,
    ProjectReportState,
    ProjectReportWriter,
    ReportingDuty,
)
from measures.money import CENT
from measures.report_content import SECTIONS
from measures.report_rules import Key
from measures.selectors.grants import latest_notice, lines_of
from measures.selectors.project_report_account import GRANT_KINDS, account_of
from measures.selectors.project_report_checks import indicator_name, line_name
from measures.selectors.project_report_prefill import first_narrative
from project.common.errors import DomainError
from project.common.formats import datetime_de, decimal_de
from stakeholders.models import User
from stakeholders.permissions import Perm, require

#: Longest section of a narrative (characters); some ten pages.
MAX_TEXT: Final = 20_000
#: Longest reason of a deviation, and purpose of a drawdown (characters).
MAX_REASON: Final = 2_000
#: Largest amount that is taken: what the column holds.
MOST_EUROS: Final = Decimal("9999999999.99")


@dataclasses.dataclass(frozen=True)
class LineDraft:
    """What is entered in a line; of a drawdown only source and amount count.

    Attributes:
        side: ``cost`` or ``funding``.
        kind: Kind of cost, or source of money.
        title: For what, or from whom.
        amount: Euros; None for nothing entered.
        reason: Why it leaves the plan.
    """

    side: str
    kind: str
    title: str
    amount: Decimal | None
    reason: str = ""


@dataclasses.dataclass(frozen=True)
class ReportDraft:
    """What is saved of a draft; parts that are not given stay as they are.

    Attributes:
        narrative: Section -> text.
        lines: Lines of the account, or what is asked for by source.
        participants: Indicator -> sex -> people, all that was counted; replaces what was there.
        purpose: What money is needed for.
    """

    narrative: Mapping[str, str] = dataclasses.field(default_factory=dict)
    lines: Sequence[LineDraft] = ()
    participants: Mapping[str, Mapping[str, int]] | None = None
    purpose: str | None = None


@transaction.atomic
def report_begin(
    *,
    project: FundedProject,
    kind: str,
    covers_from: datetime.date,
    covers_until: datetime.date,
    due_on: datetime.date,
    duty: ReportingDuty | None = None,
) -> ProjectReport:
    """Begin the draft of a report with what is known: lines of the plan, sentences of the narrative.

    Args:
        project: The project.
        kind: A value of ``DutyKind``.
        covers_from: First day of the time reported.
        covers_until: Last day of it.
        due_on: By when it is due.
        duty: The duty of the notice it settles; None for a drawdown asked for besides.

    Returns:
        The draft; for a duty that has its report already, that report, whatever its state.

    Raises:
        DomainError: ``time_wrong``.
    """
    if covers_until < covers_from:
        raise DomainError("time_wrong", _("The time reported ends before it begins."))
    if duty is not None and (found := _of_duty(project, kind, covers_from, covers_until)):
        return found
    report = ProjectReport(
        project=project,
        duty=duty,
        kind=kind,
        covers_from=covers_from,
        covers_until=covers_until,
        due_on=due_on,
    )
    if kind != DutyKind.DRAWDOWN:
        report.narrative = first_narrative(project, covers_from, covers_until)
    try:
        with transaction.atomic():
            report.save()
    except IntegrityError:  # two at once
        found = _of_duty(project, kind, covers_from, covers_until)
        if duty is None or found is None:
            raise
        return found
    ProjectReportLine.objects.bulk_create(
        ProjectReportLine(report=report, side=side, kind=line, title=title)
        for side, line, title in _keys_of(report)
    )
    return report


def _of_duty(
    project: FundedProject, kind: str, covers_from: datetime.date, covers_until: datetime.date
) -> ProjectReport | None:
    rows = project.reports.filter(
        duty__isnull=False, kind=kind, covers_from=covers_from, covers_until=covers_until
    )
    return rows.exclude(state=ProjectReportState.CALLED_OFF).first()


def _keys_of(report: ProjectReport) -> list[Key]:
    """Lines a draft can have: those of the plan that holds; of a drawdown the sources of the grant."""
    notice = latest_notice(report.project)
    plan = lines_of(notice) if notice is not None else []
    if report.kind != DutyKind.DRAWDOWN:
        return list(dict.fromkeys(line.key for line in plan))
    kinds = {line.kind for line in plan if line.side == FinanceKind.FUNDING}
    return [(FinanceKind.FUNDING.value, kind, "") for kind in GRANT_KINDS if kind in kinds]


@transaction.atomic
def draft_save(
    report: ProjectReport, *, draft: ReportDraft, user: User, revision: int | None = None
) -> ProjectReport:
    """Save a draft in between; nothing is judged but what cannot be stored.

    Saving once more what stands there already changes nothing and is never refused: a double click, or an
    answer that got lost on the way.

    Args:
        report: The report.
        draft: What is saved.
        user: Who writes; acts for the provider.
        revision: Revision that was seen when the form was opened; None compares nothing.

    Returns:
        The same report, brought up to date, with its new revision.

    Raises:
        PermissionDenied: The user does not act for the provider.
        DomainError: ``report_locked``, ``changed_meanwhile``, ``wrong_section``, ``text_too_long``,
            ``wrong_line``, ``wrong_amount``, ``wrong_count``.
    """
    require(user, Perm.ACT_FOR_ORGANISATION, report.project.provider)
    locked = draft_lock(report)
    wanted = _sound(locked, draft)
    lines = {(row.side, row.kind, row.title): row for row in locked.lines.all()}
    changed = [name for name, value in wanted.items() if getattr(locked, name) != value]
    touched = [line for line in _lines_of(locked, draft) if _differs(line, lines)]
    if not changed and not touched:
        return locked
    if revision is not None and revision != locked.revision:
        raise DomainError("changed_meanwhile", _changed_words(locked))
    for name in changed:
        setattr(locked, name, wanted[name])
    for line in touched:
        row = lines.get((line.side, line.kind, line.title)) or ProjectReportLine(
            report=locked, side=line.side, kind=line.kind, title=line.title
        )
        row.amount, row.reason = line.amount, line.reason
        row.save()
    writer_note(locked, user)
    locked.revision += 1
    locked.edited_by, locked.edited_at = user, timezone.now()
    locked.save(update_fields=[*changed, "revision", "edited_by", "edited_at"])
    return locked


def draft_lock(report: ProjectReport) -> ProjectReport:
    """Read a report anew and hold it until the transaction ends, if it is still a draft.

    Args:
        report: Is brought up to date; what was changed on it and not saved is lost.

    Raises:
        DomainError: ``report_locked``.
    """
    rows = ProjectReport.objects.select_for_update(of=("self",))
    report.refresh_from_db(from_queryset=rows)
    if report.state != ProjectReportState.DRAFTING:
        raise DomainError(
            "report_locked",
            _("This report has been handed in and is locked. It opens again when it is returned."),
        )
    return report


def writer_note(report: ProjectReport, user: User) -> None:
    """Note that a person changed something in a draft whose row is held. Queries: 1, the first time more."""
    ProjectReportWriter.objects.get_or_create(report=report, person=user)


def _changed_words(report: ProjectReport) -> str:
    return _(
        "%(person)s saved this report in another window on %(day)s. What you typed stands below and is not "
        "saved yet: compare it with what is stored; saving once more writes it over that."
    ) % {"person": report.edited_by or _("Somebody"), "day": datetime_de(report.edited_at)}


def _sound(report: ProjectReport, draft: ReportDraft) -> dict[str, Any]:
    """Column -> value to store, of what a draft gives."""
    found: dict[str, Any] = {"narrative": dict(report.narrative)}
    for key, text in draft.narrative.items():
        if key not in SECTIONS:
            raise DomainError("wrong_section", _("A report has no such section."))
        found["narrative"][key] = _text(text, MAX_TEXT, str(SECTIONS[key][0]))
    if draft.participants is not None:
        found["participants"] = {
            code: _count_row(code, row) for code, row in draft.participants.items() if row
        }
    if draft.purpose is not None:
        found["purpose"] = _text(draft.purpose, MAX_REASON, _("What the money is needed for"))
    return found


def _text(text: str, most: int, name: str) -> str:
    plain = text.replace("\r\n", "\n").strip()
    if len(plain) > most:
        raise DomainError(
            "text_too_long",
            _("“%(name)s” has %(length)s characters, at most %(most)s are taken.")
            % {"name": name, "length": decimal_de(len(plain)), "most": decimal_de(most)},
        )
    return plain


def _count_row(code: str, row: Mapping[str, int]) -> dict[str, int]:
    """Counts by sex; a sex that is left out is a fault of the report, not of saving it."""
    if code not in INDICATORS or any(sex not in SEXES or not is_count(count) for sex, count in row.items()):
        raise DomainError(
            "wrong_count",
            _("“%(indicator)s”: enter whole numbers of people, 0 or more.")
            % {"indicator": indicator_name(code)},
        )
    return {sex: row[sex] for sex in SEXES if sex in row}


def _lines_of(report: ProjectReport, draft: ReportDraft) -> list[LineDraft]:
    """Lines of a draft, if they can be stored."""
    if not draft.lines:
        return []
    is_drawdown = report.kind == DutyKind.DRAWDOWN
    known = _known_keys(report)
    found = []
    for line in draft.lines:
        title = "" if is_drawdown else line.title
        if (line.side, line.kind, title) not in known:
            raise DomainError(
                "wrong_line", _("The plan has no such line any more. Please load the page anew.")
            )
        name = line_name(line.side, line.kind, title)
        if line.amount is not None and not _is_amount(line.amount):
            raise DomainError(
                "wrong_amount",
                _("“%(line)s”: enter an amount in euros and cents, 0 or more.") % {"line": name},
            )
        found.append(dataclasses.replace(line, title=title, reason=_text(line.reason, MAX_REASON, name)))
    return found


def _known_keys(report: ProjectReport) -> set[Key]:
    """Lines that can be saved: those of the plan and of the report, and those its account shows besides.

    A line that an amending notice dropped stays in the account while money was reported or drawn on it.
    """
    account = account_of(report)
    shown = {row.key for row in account.rows}
    shown |= {(FinanceKind.FUNDING.value, row.kind, "") for row in account.drawdown}
    return {*shown, *_keys_of(report), *report.lines.values_list("side", "kind", "title")}


def _is_amount(amount: Decimal) -> bool:
    return amount.is_finite() and 0 <= amount <= MOST_EUROS and amount == amount.quantize(CENT)


def _differs(line: LineDraft, stored: Mapping[Key, ProjectReportLine]) -> bool:
    row = stored.get((line.side, line.kind, line.title))
    if row is None:
        return line.amount is not None or bool(line.reason)
    return (row.amount, row.reason) != (line.amount, line.reason)
