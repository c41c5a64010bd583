"""Reports without the engine: what the pages of measures rest on."""

from __future__ import annotations

import datetime
from decimal import Decimal

from measures.models import KeyFigure, Measure, RoundReport
from measures.services.reporting import Actual, report_review, report_save, report_submit, round_create
from tests.factories import World

D = datetime.date


def asked(
    world: World, *measures: Measure, day: datetime.date, due_on: datetime.date | None = None
) -> RoundReport:
    """The responsible organisation of the first measure is asked for the figures of a day.

    Figures are asked for from the day of their baseline on: it lies no later than the round.
    """
    KeyFigure.objects.filter(measure__in=measures, baseline_on__gt=day).update(baseline_on=day)
    reporting_round = round_create(
        plan=world.plan,
        measures=Measure.objects.filter(pk__in=[measure.pk for measure in measures]),
        reference_on=day,
        due_on=due_on or day + datetime.timedelta(days=30),
        user=world.people["planner"],
    )
    return reporting_round.reports.get(organisation=measures[0].responsible)


def handed_in(world: World, report: RoundReport, value: int | None, comment: str = "Beispiel") -> None:
    """The organisation hands its report in: the same value for every key figure; None is no data."""
    rows = report.figures.select_related("key_figure")
    number = None if value is None else Decimal(value)
    actuals = [Actual(row.key_figure, number, comment) for row in rows]
    report_save(report, actuals=actuals, user=world.people["specialist"])
    report_submit(report, user=world.people["specialist"])


def confirmed(world: World, measure: Measure, day: datetime.date, value: int | None) -> RoundReport:
    """A confirmed figure of a day."""
    report = asked(world, measure, day=day)
    handed_in(world, report, value)
    report_review(report, is_confirmed=True, reason="", user=world.people["planner"])
    return report
