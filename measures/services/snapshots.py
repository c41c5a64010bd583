"""Freezing a round: what plan, measures and figures were on its day, never changed afterwards.

Written once when the last report is confirmed or called off. Progress report and comparison of rounds read
nothing else, so a late value, a correction or a change of the plan never alters what was reported before.
Small counts of people are left out of it: whoever sees the plan may read it.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db import transaction
from django.utils import timezone

from measures.models import (
    FigureReport,
    Measure,
    Milestone,
    ReportingRound,
    RoundReportState,
    RoundSnapshot,
)
from measures.selectors.figures import Actual, FigureLine, protected
from measures.selectors.numbering import by_number
from measures.selectors.portfolio import MeasureLine, measure_lines
from measures.selectors.states import statuses_on
from stakeholders.audit import log_action

#: Shape of the content; a later shape gets the next number and is read beside this one.
SHAPE = 1


@transaction.atomic
def round_freeze(reporting_round: ReportingRound) -> RoundSnapshot:
    """Write down a closed round as it stands on its day.

    Args:
        reporting_round: Closed, and not frozen yet.

    Returns:
        The snapshot. Its content: ``shape``, ``plan`` (title, territory, ends_on, stage_two_opened_on),
        ``round`` (reference_on, due_on, closed_on, closing_reason, organisations with their state) and
        ``measures``, by number: see ``_measure``. Days are ISO dates, values decimal numbers as text, None is
        no data; lights and states are the values of ``status``. Queries: the same for any number of measures.
    """
    content = snapshot_content(reporting_round)
    row: RoundSnapshot = RoundSnapshot.objects.create(
        round=reporting_round, content=content, sha256=content_sha256(content)
    )
    log_action(
        "round.frozen",
        user=None,
        obj=reporting_round,
        territory=reporting_round.plan.territory,
        data={"sha256": row.sha256, "measures": len(content["measures"])},
    )
    return row


def content_sha256(content: dict[str, Any]) -> str:
    """Checksum of the content of a snapshot, whatever order its keys were stored in."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def snapshot_content(reporting_round: ReportingRound) -> dict[str, Any]:
    """Content of a snapshot, as of the day of the round. Queries: some 14 for any number of measures."""
    day, plan = reporting_round.reference_on, reporting_round.plan
    measures = (
        Measure.objects.filter(plan=plan)
        .select_related("plan", "field", "parent__field", "responsible")
        .order_by(*by_number(), "pk")
    )
    lines = measure_lines(measures, day, until=day)
    statuses = statuses_on([line.measure for line in lines], day)
    asked = _asked(reporting_round)
    milestones: dict[int, list[dict[str, Any]]] = {}
    for row in Milestone.objects.filter(measure__plan=plan).order_by("due_on", "pk"):
        milestones.setdefault(row.measure_id, []).append(_milestone(row, day))
    reports = reporting_round.reports.filter(version=1).select_related("organisation")
    closed_at = reporting_round.closed_at or timezone.now()
    return {
        "shape": SHAPE,
        "plan": {
            "title": plan.title,
            "territory": plan.territory.name,
            "ends_on": plan.ends_on.isoformat(),
            "stage_two_opened_on": _day(plan.stage_two_opened_on),
        },
        "round": {
            "reference_on": day.isoformat(),
            "due_on": reporting_round.due_on.isoformat(),
            "closed_on": timezone.localdate(closed_at).isoformat(),
            "closing_reason": reporting_round.closing_reason,
            "organisations": [
                {"name": row.organisation.name, "state": row.state}
                for row in reports.order_by("organisation__name")
            ],
        },
        "measures": [
            _measure(line, asked, milestones.get(line.measure.pk, []), day, statuses[line.measure.pk])
            for line in lines
        ],
    }


def _asked(reporting_round: ReportingRound) -> dict[int, tuple[str, str]]:
    """Key figures the round asked for -> organisation that reports, state of its report."""
    # A correction that was called off takes nothing from what had been confirmed before it.
    rows = FigureReport.objects.filter(report__round=reporting_round, report__version=1)
    return {
        key: (name, state)
        for key, name, state in rows.values_list("key_figure", "report__organisation__name", "report__state")
    }


def _measure(
    line: MeasureLine,
    asked: dict[int, tuple[str, str]],
    milestones: list[dict[str, Any]],
    day: datetime.date,
    status: str,
) -> dict[str, Any]:
    """A measure: what it says, where it stood (``state`` is the told one), and why."""
    measure = line.measure
    started_on = measure.started_on if measure.started_on and measure.started_on <= day else None
    ended_on = measure.ended_on if measure.ended_on and measure.ended_on <= day else None
    return {
        "pk": measure.pk,
        "number": measure.number,
        "title": measure.title,
        "field": {"number": measure.field.number, "title": measure.field.title},
        "stage": measure.stage,
        "responsible": measure.responsible.name,
        "status": status,
        "starts_on": measure.starts_on.isoformat(),
        "ends_on": measure.ends_on.isoformat(),
        "started_on": _day(started_on),
        "ended_on": _day(ended_on),
        "state": line.state.value,
        "computed": (line.computed or line.state).value,
        "override_reason": line.override.reason if line.override else "",
        "milestones": milestones,
        "figures": [_figure(protected(row), asked, day) for row in line.figures],
    }


def _milestone(row: Milestone, day: datetime.date) -> dict[str, Any]:
    reached_on = row.reached_on if row.reached_on and row.reached_on <= day else None
    return {
        "title": row.title,
        "planned_on": row.planned_on.isoformat(),
        "due_on": row.due_on.isoformat(),
        "reached_on": _day(reached_on),
    }


def _figure(line: FigureLine, asked: dict[int, tuple[str, str]], day: datetime.date) -> dict[str, Any]:
    """A key figure with its path, all it was known by then, and its light."""
    figure = line.figure
    reporter, state = asked.get(figure.pk, ("", ""))
    return {
        "pk": figure.pk,
        "title": figure.title,
        "level": figure.level,
        "kind": figure.kind,
        "unit": figure.unit.symbol_de,
        "decimals": figure.unit.decimals,
        "direction": figure.direction,
        "baseline": _number(figure.baseline),
        "baseline_on": figure.baseline_on.isoformat(),
        "targets": [
            {"due_on": row.due_on.isoformat(), "value": _number(row.value), "wording": row.wording}
            for row in line.targets
        ],
        "on_path_percent": figure.on_path_percent,
        "at_risk_percent": figure.at_risk_percent,
        "indicator": figure.indicator.name if figure.indicator else "",
        "area": figure.area.name if figure.area else "",
        "asked_of": reporter,
        "is_missing": bool(reporter) and state == RoundReportState.CALLED_OFF,
        "actuals": [_actual(row) for row in line.actuals],
        "expected": _number(line.path.expected(day)),
        "light": line.light.value,
        "progress": line.progress,
    }


def _actual(row: Actual) -> dict[str, Any]:
    return {
        "day": row.day.isoformat(),
        "value": _number(row.value),
        "comment": row.comment,
        "is_secret": row.is_secret,
        "version": row.version,
    }


def _day(day: datetime.date | None) -> str | None:
    return day.isoformat() if day else None


def _number(value: Decimal | Fraction | None) -> str | None:
    """A number as text, to two places: floats would change it."""
    if value is None:
        return None
    number = Decimal(value.numerator) / Decimal(value.denominator) if isinstance(value, Fraction) else value
    return f"{number.quantize(Decimal('0.01')):f}"
