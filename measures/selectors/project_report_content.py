"""What is delivered of a report, in the shape of ``measures.report_content``; which counts readers see."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from measures.drawdown_rules import DrawdownRow, drawdown_sums
from measures.esf import INDICATORS
from measures.esf_rules import SEXES, TOTAL, hidden_cells, is_count, total_of
from measures.models import DutyKind, FigureKind, ProjectReport, QualityStep
from measures.report_content import SECTIONS, SHAPE
from measures.report_rules import (
    AccountRow,
    sums_of,
)
from measures.selectors.figures import FigureLine, figure_lines, protected
from measures.selectors.project_report_account import Account, account_of, counts_of, receipts_of
from measures.selectors.releases import BehindProject, behind_project
from monitoring.secrecy import is_small
from stakeholders.models import Membership, Organisation, User

#: Language of what is delivered: that of the funder.
LANGUAGE = "de"


def content_of(
    report: ProjectReport, *, number: int, user: User, organisation: Organisation, at: datetime.datetime
) -> dict[str, Any]:
    """What is delivered of a report as it stands now.

    Args:
        report: The report, as a rule still a draft.
        number: Which delivery of it this is, from 1.
        user: Who hands it in.
        organisation: For whom they do.
        at: When, an aware moment.

    Returns:
        A dictionary that JSON takes; names and headings in German. Queries: some 25, whatever its length.
    """
    account = account_of(report)
    behind = behind_project(report.project)
    is_drawdown = report.kind == DutyKind.DRAWDOWN
    with override(LANGUAGE):
        return {
            "shape": SHAPE,
            "kind": report.kind,
            "number": number,
            "covers_from": report.covers_from.isoformat(),
            "covers_until": report.covers_until.isoformat(),
            "due_on": report.due_on.isoformat(),
            "project": _project(report, account, behind),
            "narrative": [] if is_drawdown else _narrative(report),
            "figures": [] if is_drawdown else figures_of(report),
            "milestones": [] if is_drawdown else _milestones(behind, report.covers_until),
            "account": None if is_drawdown else _account(account),
            "receipts": [] if is_drawdown else _receipts(report),
            "participants": [] if is_drawdown else participants_of(report),
            "drawdown": _drawdown(account, report.purpose) if is_drawdown else None,
            "confirmation": {
                "name": user.display_name,
                "function": _function(user, organisation, at),
                "organisation": organisation.name,
                "at": at.astimezone(datetime.UTC).isoformat(),
            },
        }


def _project(report: ProjectReport, account: Account, behind: BehindProject) -> dict[str, Any]:
    project, notice = report.project, account.notice
    number, title = behind.measure or ("", "")
    measure = project.measure
    areas = project.areas.order_by("name", "pk") or measure.areas.order_by("name", "pk")
    partners = project.partners.select_related("organisation").order_by("organisation__name", "pk")
    return {
        "title": project.title,
        "reference": project.reference,
        "programme": project.programme.title,
        "funder": project.funder.name,
        "provider": project.provider.name,
        "partners": [row.organisation.name for row in partners],
        "areas": [area.name for area in areas],
        "measure": {"number": number, "title": title} if behind.measure else None,
        "starts_on": account.period.starts_on.isoformat(),
        "ends_on": account.period.ends_on.isoformat(),
        "granted": _euros(notice.granted) if notice is not None else None,
        "notice": None
        if notice is None
        else {
            "number": notice.number,
            "reference": notice.reference,
            "issued_on": notice.issued_on.isoformat(),
        },
        "deviation_percent": _euros(project.programme.deviation_percent),
    }


def _narrative(report: ProjectReport) -> list[dict[str, str]]:
    return [
        {"key": key, "title": str(title), "text": str(report.narrative.get(key, "")).strip()}
        for key, (title, _help) in SECTIONS.items()
    ]


def told_figures(report: ProjectReport) -> list[FigureLine]:
    """Key figures of the project's measure as confirmed by the end of the report, without small counts."""
    measure = report.project.measure_id
    lines = figure_lines([measure], until=report.covers_until).get(measure, [])
    return [protected(line) for line in lines]


def figures_of(report: ProjectReport) -> list[dict[str, Any]]:
    """Key figures as they are delivered."""
    return [_figure(line, report.covers_until) for line in told_figures(report)]


def _figure(line: FigureLine, day: datetime.date) -> dict[str, Any]:
    figure, target, actual = line.figure, line.next_target(day), line.last_value
    last = max(QualityStep.values)
    return {
        "title": figure.title,
        "unit": _("step 0 to %(last)s") % {"last": last}
        if figure.kind == FigureKind.QUALITY
        else figure.unit.symbol,
        "baseline": _value(line.baseline),
        "baseline_on": figure.baseline_on.isoformat(),
        "target": _value(target.value) if target else None,
        "target_on": target.due_on.isoformat() if target else None,
        "value": _value(actual.value) if actual else None,
        "value_on": actual.day.isoformat() if actual else None,
        "comment": actual.comment if actual else "",
        "is_secret": bool(actual and actual.is_secret),
        "is_baseline_secret": line.hides_baseline,
    }


def _value(value: Decimal | None) -> str | None:
    """A decimal number as text; of a quality its step."""
    return None if value is None else f"{value.normalize():f}"


def _milestones(behind: BehindProject, last: datetime.date) -> list[dict[str, Any]]:
    """Milestones that were due by the end of the report or reached within it; what came later is not said."""
    return [
        {
            "title": row.title,
            "due_on": row.due_on.isoformat(),
            "reached_on": row.reached_on.isoformat() if row.reached_on and row.reached_on <= last else None,
        }
        for row in behind.milestones
        if row.due_on <= last or (row.reached_on is not None and row.reached_on <= last)
    ]


def _account(account: Account) -> dict[str, Any]:
    return {
        "cost": [_line(row) for row in account.cost],
        "funding": [_line(row) for row in account.funding],
        "cost_sums": _sums(account, "cost"),
        "funding_sums": _sums(account, "funding"),
    }


def _line(row: AccountRow) -> dict[str, Any]:
    amounts = ("planned", "total", "before", "amount", "remaining", "drawn", "deviation_percent")
    return {
        "kind": row.kind,
        "title": row.title,
        **{name: _euros_or_none(getattr(row, name)) for name in amounts},
        "is_over": row.is_over,
        "reason": row.reason.strip(),
    }


def _sums(account: Account, side: str) -> dict[str, str]:
    return {name: _euros(value) for name, value in vars(sums_of(account.rows, side)).items()}


def _receipts(report: ProjectReport) -> list[dict[str, str]]:
    names = ("number", "payee", "purpose", "kind", "title", "file_name", "sha256")
    return [
        {name: getattr(row, name) for name in names}
        | {"paid_on": row.paid_on.isoformat(), "amount": _euros(row.amount)}
        for row in receipts_of(report)
    ]


def participants_of(report: ProjectReport) -> list[dict[str, Any]]:
    """Participants as they are delivered: what was counted, in the order of the annex."""
    counts = counts_of(report.participants)
    return [
        {"code": code, "title": str(title), **{sex: counts[code].get(sex, 0) for sex in SEXES}}
        | {TOTAL: total_of(counts[code])}
        for code, title in INDICATORS.items()
        if code in counts
    ]


def _drawdown(account: Account, purpose: str) -> dict[str, Any]:
    def row_of(row: DrawdownRow) -> dict[str, str | None]:
        names = ("granted", "before", "amount", "remaining")
        return {name: _euros_or_none(getattr(row, name)) for name in names}

    return {
        "lines": [{"kind": row.kind, **row_of(row)} for row in account.drawdown],
        "sums": row_of(drawdown_sums(account.drawdown)),
        "purpose": purpose.strip(),
    }


def _function(user: User, organisation: Organisation, at: datetime.datetime) -> str:
    rows = Membership.objects.filter(user=user, organisation=organisation).on(timezone.localdate(at))
    row = rows.order_by("pk").first()
    return str(row.get_function_display()) if row is not None else ""


def _euros(value: Decimal) -> str:
    return f"{value:.2f}"


def _euros_or_none(value: Decimal | None) -> str | None:
    return None if value is None else _euros(value)


# --- who reads what ----------------------------------------------------------------------------------


def participants_protected(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Participants of a delivery as readers may see them, and as sums of several may be published.

    Args:
        content: A delivery, or anything with rows of ``participants`` in its shape.

    Returns:
        The same rows with ``is_secret``; what must not be shown is None: small counts, and whatever they
        could be worked out from (``measures.esf_rules.hidden_cells``).
    """
    rows = list(content.get("participants") or [])
    counts = {row["code"]: {sex: row[sex] for sex in SEXES if is_count(row.get(sex))} for row in rows}
    hidden, hides_sexes = hidden_cells(counts, is_small)
    told = []
    for row in rows:
        is_secret = row["code"] in hidden
        sexes = {sex: None if hides_sexes or is_secret else row[sex] for sex in SEXES}
        total = {TOTAL: None if is_secret else row[TOTAL]}
        told.append({**row, **sexes, **total, "is_secret": is_secret or hides_sexes})
    return told
