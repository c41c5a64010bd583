"""What a new cycle can be made of, and what to begin with."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from measures.models import ActionPlan, Measure, MeasureStatus
from measures.moves import UNDER_WAY
from monitoring.models import Indicator
from stakeholders.models import Body, Organisation
from stakeholders.permissions import Perm, territories_where
from workflows.models import (
    CycleTemplate,
    MeasureOrigin,
    NoMeasureReason,
    PlanningCycle,
    Recommendation,
    RecommendationKind,
    StageKind,
)
from workflows.models.recommendations import APPROVED_STATES, FINAL_STATES

#: Usual lengths of the stages in days, where no template is chosen.
USUAL_DAYS: dict[int, int] = {
    StageKind.DATA: 60,
    StageKind.ANALYSIS: 45,
    StageKind.CONFERENCE: 60,
    StageKind.STEERING_GROUP: 45,
    StageKind.SOCIAL_SPACE: 90,
    StageKind.IMPLEMENTATION: 730,
    StageKind.EVALUATION: 90,
}


@dataclasses.dataclass(frozen=True)
class Choices:
    """What a new cycle of a territory can be made of."""

    territory: Organisation
    plans: Sequence[ActionPlan]
    organisations: Sequence[Organisation]
    bodies: Sequence[Body]
    indicators: Sequence[Indicator]
    templates: Sequence[CycleTemplate]
    measures: Sequence[Measure]
    #: Those of ``measures`` that have begun: they are carried over whatever is chosen.
    running: Sequence[Measure]
    recommendations: Sequence[Recommendation]
    predecessor: PlanningCycle | None
    #: Supplier key -> indicator keys that the predecessor asked for.
    supplies: Mapping[int, Sequence[int]]


def open_cycle_of(territory: Organisation) -> PlanningCycle | None:
    """The territory's cycle that is not closed. Queries: 1."""
    return PlanningCycle.objects.filter(territory=territory, closed_at__isnull=True).first()


def opening_choices(territory: Organisation) -> Choices:
    """Everything to choose from for a new cycle. Queries: at most 11."""
    predecessor = (
        PlanningCycle.objects.filter(territory=territory, closed_at__isnull=False, successor__isnull=True)
        .select_related("plan")
        .order_by("-closed_at")
        .first()
    )
    measures = list(measures_to_carry(predecessor)) if predecessor else []
    organisations = Organisation.objects.filter(territory=territory, is_active=True).exclude(pk=territory.pk)
    return Choices(
        territory=territory,
        plans=list(ActionPlan.objects.filter(territory=territory)),
        organisations=list(organisations.order_by("kind", "name")),
        bodies=list(Body.objects.filter(territory=territory, is_active=True)),
        indicators=list(
            Indicator.objects.filter(is_active=True)
            .select_related("domain")
            .order_by("domain__position", "domain__key", "key")
        ),
        templates=list(CycleTemplate.objects.prefetch_related("stages")),
        measures=measures,
        running=[row for row in measures if has_begun(row)],
        recommendations=list(recommendations_to_carry(predecessor)) if predecessor else [],
        predecessor=predecessor,
        supplies=_supplies_of(predecessor) if predecessor else {},
    )


def _supplies_of(cycle: PlanningCycle) -> dict[int, list[int]]:
    requests = cycle.requests.prefetch_related("indicators")
    return {request.organisation_id: [row.pk for row in request.indicators.all()] for request in requests}


def has_begun(measure: Measure) -> bool:
    """Whether a measure that can be carried over runs already, if its agreement is being changed or not."""
    return measure.started_on is not None or measure.status == MeasureStatus.RUNNING


def measures_to_carry(cycle: PlanningCycle) -> QuerySet[Measure]:
    """Measures of a closed cycle that are not over, however far they are. Queries: 1.

    Running ones also without an evaluation: they began when the cycle was being closed, or after. Agreed ones
    also if they had begun: they wait for stage 2 of the plan now.
    """
    return (
        Measure.objects.filter(process__cycle=cycle, process__finished__isnull=True)
        .filter(
            status__in=[MeasureStatus.PROPOSED, *UNDER_WAY],
            ended_on__isnull=True,
        )
        .select_related("field", "responsible")
        .order_by("field__number", "position")
    )


def recommendations_to_carry(cycle: PlanningCycle) -> QuerySet[Recommendation]:
    """Recommendations of a closed cycle still to be decided, or that no measure came of yet. Queries: 2.

    Those that planning left without a measure, with a reason, are not among them.
    """
    # Approved when the measures had been shaped already: the next cycle shapes from them.
    approved_late = (
        Q(kind=RecommendationKind.MEASURES, state__in=APPROVED_STATES)
        & ~Exists(MeasureOrigin.objects.filter(recommendation=OuterRef("pk")))
        & ~Exists(NoMeasureReason.objects.filter(recommendation=OuterRef("pk")))
    )
    return (
        Recommendation.objects.filter(process__cycle=cycle)
        .filter(~Q(state__in=FINAL_STATES) | approved_late)
        .select_related("cycle")
        .prefetch_related("versions")
        .order_by("number")
    )


def stage_dates(
    first: datetime.date, days: Mapping[int, int] | None = None
) -> dict[int, tuple[datetime.date, datetime.date]]:
    """Dates of the seven stages, one after the other.

    Args:
        first: First day of the first stage.
        days: Length of each stage in days, at least 1; what is missing has its usual length.
    """
    dates = {}
    for kind in StageKind:
        length = max(1, (days or {}).get(kind, USUAL_DAYS[kind]))
        last = first + datetime.timedelta(days=length - 1)
        dates[int(kind)] = (first, last)
        first = last + datetime.timedelta(days=1)
    return dates


def template_days(choices: Choices, template_pk: int | None) -> dict[int, int]:
    """Lengths of the stages by a template; empty for the usual ones."""
    for template in choices.templates:
        if template.pk == template_pk:
            return {stage.kind: stage.duration_days for stage in template.stages.all()}
    return {}


def territories_to_open(user: Any) -> list[Organisation]:
    """Territories the user plans for that have no open cycle. Queries: 1."""
    busy = PlanningCycle.objects.filter(closed_at__isnull=True).values("territory")
    return list(territories_where(user, Perm.PLAN_TERRITORY).exclude(pk__in=busy))
