"""The measures of a plan: who sees them, and where each stands."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from measures.models import (
    ActionPlan,
    FieldOfAction,
    Measure,
    RoundReport,
    Stage,
    StateOverride,
)
from measures.selectors.due import overdue
from measures.selectors.figures import FigureLine, figure_lines
from measures.selectors.states import StateGround, facts_of, state_grounds, statuses_on
from measures.status import (
    OVER,
    STATE_LABELS,
    PortfolioState,
    state_badge,
    state_of,
    told_state,
)
from monitoring.models import Area
from project.common.formats import Badge
from project.common.sorting import german_order
from stakeholders.models import Organisation
from stakeholders.permissions import Perm, visible


@dataclasses.dataclass(frozen=True)
class MeasureRow:
    """A measure in a list, and where it stands.

    Attributes:
        measure: The measure.
        state: The state that counts: what planning has set, else the computed one.
        computed: What figures, milestones and dates make of it; None where it is the same.
        override: What planning has set; None if nothing.
    """

    measure: Measure
    state: PortfolioState
    computed: PortfolioState | None = None
    override: StateOverride | None = None

    @property
    def state_note(self) -> str:
        """What was computed, what was set instead, and why; empty where nothing was set."""
        if self.override is None or self.computed is None:
            return ""
        return _("computed: %(computed)s; set: %(told)s, because: %(reason)s") % {
            "computed": STATE_LABELS[self.computed],
            "told": STATE_LABELS[self.state],
            "reason": self.override.reason,
        }

    @property
    def waits_for_stage_two(self) -> bool:
        """Whether only the opening of stage 2 is missing."""
        return self.measure.stage == Stage.TWO and self.measure.plan.stage_two_opened_on is None

    @property
    def badge(self) -> Badge:
        """The state in word and colour."""
        return state_badge(self.state, waits_for_stage_two=self.waits_for_stage_two)

    @property
    def computed_badge(self) -> Badge:
        """What figures, milestones and dates make of it, whatever planning has set."""
        return state_badge(self.computed or self.state, waits_for_stage_two=self.waits_for_stage_two)

    @property
    def first_day(self) -> datetime.date:
        """Actual start, or the planned one."""
        return self.measure.started_on or self.measure.starts_on

    @property
    def last_day(self) -> datetime.date:
        """Actual end, or the planned one."""
        return self.measure.ended_on or self.measure.ends_on

    @property
    def due_day(self) -> datetime.date:
        """Day it is late from: its planned end once it has begun, until then its planned start."""
        return self.measure.starts_on if self.measure.started_on is None else self.measure.ends_on

    def delay(self, today: datetime.date) -> tuple[datetime.date, datetime.date] | None:
        """First and last day of what is beyond the plan; None where nothing is.

        Beyond the plan is what comes after the planned end, and of a delayed measure that has not begun what
        comes after its planned start.
        """
        row, day = self.measure, datetime.timedelta(days=1)
        if row.ended_on is not None:
            return (row.ends_on + day, row.ended_on) if row.ended_on > row.ends_on else None
        may_be_late = row.started_on is not None or self.state is PortfolioState.DELAYED
        return (self.due_day + day, today) if may_be_late and today > self.due_day else None


@dataclasses.dataclass(frozen=True)
class MeasureLine(MeasureRow):
    """A measure with the key figures its state follows from."""

    figures: tuple[FigureLine, ...] = ()

    @property
    def as_of(self) -> datetime.date | None:
        """Day of its latest confirmed figures."""
        return max((row.latest.day for row in self.figures if row.latest), default=None)


def plans_seen_by(user: Any) -> QuerySet[ActionPlan]:
    """Action plans a person may see. Queries: 1."""
    return visible(user, Perm.VIEW_PLAN, ActionPlan.objects.select_related("territory"))


def measures_seen_by(user: Any) -> QuerySet[Measure]:
    """Measures a person may see, with plan, field and responsible organisation joined. Queries: 1."""
    rows = Measure.objects.select_related("plan__territory", "field", "parent__field", "responsible")
    return visible(user, Perm.VIEW_MEASURE, rows)


def measure_lines(
    measures: Iterable[Measure],
    today: datetime.date,
    *,
    until: datetime.date | None = None,
    latest_only: bool = False,
) -> list[MeasureLine]:
    """Where measures stand, reckoned from their figures.

    Args:
        measures: With plan and field joined; order is kept.
        today: The day to look from.
        until: Only what was so on this day counts: figures, status, begin, end, milestones; None takes all.
        latest_only: Read no figures before the latest confirmed ones.

    Returns:
        One line each. Queries: 5 for any number of measures, with ``until`` 6, besides those of ``measures``
        itself and of the indicators that key figures follow.
    """
    rows = list(measures)
    figures = figure_lines((row.pk for row in rows), until=until, latest_only=latest_only)
    grounds = state_grounds((row.pk for row in rows), until or today)
    statuses = statuses_on(rows, until) if until is not None else {}
    nothing = StateGround()
    lines = []
    for row in rows:
        of_measure = tuple(figures.get(row.pk, ()))
        ground = grounds.get(row.pk, nothing)
        facts = facts_of(row, milestones=ground.milestones, day=until, status=statuses.get(row.pk))
        computed = state_of(facts, [line.light for line in of_measure], today)
        override = ground.override if computed not in OVER else None
        told = told_state(computed, override.state if override else "")
        lines.append(MeasureLine(row, told, computed if override else None, override, of_measure))
    return lines


def overdue_reports(plan: ActionPlan, today: datetime.date) -> QuerySet[RoundReport]:
    """Reports that should have been handed in by now. Queries: 1."""
    return overdue(RoundReport.objects.filter(round__plan=plan), today)


def parties_of(measures: QuerySet[Measure]) -> QuerySet[Organisation]:
    """Organisations responsible for one of the measures or partner in it, by name. Queries: 1."""
    pks = measures.order_by().values("pk")
    return (
        Organisation.objects.filter(
            Q(pk__in=measures.order_by().values("responsible")) | Q(partnerships__measure__in=pks)
        )
        .distinct()
        .order_by(german_order("name"), "pk")
    )


def areas_of(measures: QuerySet[Measure]) -> QuerySet[Area]:
    """Areas of the measures without their outlines, by name. Queries: 1."""
    rows = Area.objects.filter(measures__in=measures.order_by().values("pk")).distinct().defer("geometry")
    return rows.order_by(german_order("name"), "pk")


def fields_of(plan: ActionPlan) -> QuerySet[FieldOfAction]:
    """Fields of action of a plan, by number. Queries: 1."""
    return plan.fields.order_by("number")


def stage_two_planned_on(plan: ActionPlan) -> datetime.date | None:
    """First planned start of a measure of stage 2: before the decision the line of the timeline stands there.

    Queries: 1.
    """
    rows = plan.measures.filter(stage=Stage.TWO).order_by("starts_on")
    return rows.values_list("starts_on", flat=True).first()


def own_measures(user: Any, today: datetime.date) -> QuerySet[Measure]:
    """Measures in which an organisation of the person takes part, by plan and number. Queries: 1."""
    own = user.memberships.on(today).values("organisation")
    party = Q(responsible__in=own) | Q(partners__organisation__in=own)
    keys = Measure.objects.filter(party).values("pk")
    return measures_seen_by(user).filter(pk__in=keys).order_by("plan__title", "field__number", "position")


def responsible_measures(user: Any, today: datetime.date) -> QuerySet[Measure]:
    """Measures for which an organisation of the person is responsible. Queries: 1."""
    own = user.memberships.on(today).values("organisation")
    return measures_seen_by(user).filter(responsible__in=own)
