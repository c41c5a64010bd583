"""Which key figures a round asks for, and whom: plain rules on cycle and reporter.

The rule, as the handbook states it. A figure is asked for in every round; or every half year, every year:
then once in each such period, counted from the day of its baseline, at the first round on or after the day
that ends the period (baseline 31.12.2023, every year: at the first round on or after 31.12.2024, then at the
first on or after 31.12.2025); or once: at the first round on or after its last target or the end of the
measure, whichever comes first. No figure is asked for as of a day before that of its baseline: there is no
path yet to hold it against. What follows an indicator is never asked for.
"""

from __future__ import annotations

import calendar
import dataclasses
import datetime
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from django.db.models import Max, QuerySet

from measures.models import FigureCycle, FigureReport, KeyFigure, Measure, RoundReportState
from measures.selectors.numbering import by_number
from stakeholders.models import Organisation

#: Months between two times a figure is asked for.
_MONTHS: Final[dict[str, int]] = {FigureCycle.HALF_YEARLY: 6, FigureCycle.YEARLY: 12}


def periods_over(first: datetime.date, day: datetime.date, months: int) -> int:
    """How many periods of so many months have ended by a day.

    Args:
        first: Day the first period begins with.
        day: Day to look from.
        months: Length of a period.

    Returns:
        Whole periods; the last day of a month counts as the day a shorter month does not have.

    >>> first, day = datetime.date(2023, 12, 31), datetime.date
    >>> periods_over(first, day(2024, 6, 30), 6), periods_over(first, day(2024, 12, 30), 12)
    (1, 0)
    """
    passed = (day.year - first.year) * 12 + day.month - first.month
    is_last_of_month = day.day == calendar.monthrange(day.year, day.month)[1]
    if day.day < first.day and not is_last_of_month:
        passed -= 1
    return max(0, passed // months)


def is_due(
    cycle: str,
    *,
    baseline_on: datetime.date,
    ends_on: datetime.date,
    reference_on: datetime.date,
    asked_on: Iterable[datetime.date],
) -> bool:
    """Whether a figure is asked for as of a day.

    Args:
        cycle: A ``FigureCycle``.
        baseline_on: Day of its baseline.
        ends_on: Day from which a figure is due that is asked for once.
        reference_on: Day of the round.
        asked_on: Days of the other rounds that asked for it.
    """
    if reference_on < baseline_on:
        return False
    if cycle == FigureCycle.ONCE:
        return reference_on >= ends_on and not any(day >= ends_on for day in asked_on)
    months = _MONTHS.get(cycle)
    if months is None:
        return True
    now = periods_over(baseline_on, reference_on, months)
    return now > 0 and all(periods_over(baseline_on, day, months) != now for day in asked_on)


@dataclasses.dataclass(frozen=True)
class RoundAsk:
    """What an organisation is asked for in a round.

    Attributes:
        organisation: Who reports.
        figures: Key figures with their measure, by number of the measure.
    """

    organisation: Organisation
    figures: list[KeyFigure]

    @property
    def measures(self) -> list[Measure]:
        """Measures it reports on, each once."""
        return list({row.measure_id: row.measure for row in self.figures}.values())


@dataclasses.dataclass(frozen=True)
class RoundPlan:
    """Who is asked what in a round, and what is not asked for.

    Attributes:
        asks: By name of the organisation.
        later: Key figures whose time has not come.
        following: Key figures that follow an indicator.
    """

    asks: list[RoundAsk]
    later: list[KeyFigure]
    following: list[KeyFigure]


def round_plan(measures: QuerySet[Measure], reference_on: datetime.date) -> RoundPlan:
    """Who is asked what as of a day.

    Args:
        measures: Measures that are reported on.
        reference_on: Day of the round.

    Returns:
        The plan of the round. Queries: 2 for any number of measures.
    """
    figures = (
        KeyFigure.objects.filter(measure__in=measures.order_by().values("pk"))
        .annotate(last_target_on=Max("targets__due_on"))
        .select_related(
            "unit", "reporter", "measure__responsible", "measure__field", "measure__parent__field"
        )
        .order_by(*by_number("measure__"), "pk")
    )
    asked: dict[int, list[datetime.date]] = defaultdict(list)
    earlier = FigureReport.objects.filter(key_figure__measure__in=measures.order_by().values("pk")).exclude(
        report__state=RoundReportState.CALLED_OFF
    )
    earlier = earlier.exclude(report__round__reference_on=reference_on)
    for key, day in earlier.order_by().values_list("key_figure", "report__round__reference_on").distinct():
        asked[key].append(day)
    asks: dict[int, RoundAsk] = {}
    later: list[KeyFigure] = []
    following: list[KeyFigure] = []
    for figure in figures:
        if figure.indicator_id is not None:
            following.append(figure)
        elif not is_due(
            figure.cycle,
            baseline_on=figure.baseline_on,
            ends_on=_ends_on(figure),
            reference_on=reference_on,
            asked_on=asked[figure.pk],
        ):
            later.append(figure)
        else:
            house = reporter_of(figure)
            asks.setdefault(house.pk, RoundAsk(house, [])).figures.append(figure)
    return RoundPlan(sorted(asks.values(), key=lambda ask: ask.organisation.name), later, following)


def reporter_of(figure: KeyFigure) -> Organisation:
    """Who reports a figure. Queries: 1 or 2 if reporter and measure are not joined."""
    return figure.reporter or figure.measure.responsible


def _ends_on(figure: KeyFigure) -> datetime.date:
    measure = figure.measure
    last_target_on: datetime.date | None = figure.last_target_on  # type: ignore[attr-defined]  # annotated
    end = measure.ended_on or measure.ends_on
    return min(end, last_target_on) if last_target_on else end
