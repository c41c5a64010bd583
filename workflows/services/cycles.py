"""Writes on a cycle: opening, stages, dates, closing."""

from __future__ import annotations

import dataclasses
import datetime
import itertools
from collections.abc import Iterable, Mapping, Sequence

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from measures.models import ActionPlan, Measure
from monitoring.models import Indicator
from project.common.errors import DomainError, as_domain_error
from project.common.formats import date_de
from stakeholders.audit import log_action
from stakeholders.models import Body, Organisation, Seat, User
from stakeholders.permissions import Perm, grant, require, role_group, role_of_seat
from workflows.models import (
    CarriedItem,
    CycleStage,
    DataRequest,
    MeasureProcess,
    PlanningCycle,
    Recommendation,
    RecommendationProcess,
    ScheduleChange,
    StageKind,
    TaskCard,
)
from workflows.models.social_space import SPACE_CONFERENCE_OVER
from workflows.notices import task_readdress, task_reschedule
from workflows.selectors.cycles import all_measures_evaluated
from workflows.selectors.opening import has_begun, measures_to_carry, recommendations_to_carry


@dataclasses.dataclass(frozen=True)
class Supply:
    """A supplier, and what it is asked for."""

    organisation: Organisation
    indicators: Sequence[Indicator]
    due_on: datetime.date | None = None


@transaction.atomic
def cycle_create(
    *,
    territory: Organisation,
    title: str,
    years: tuple[int, int],
    data_years: tuple[int, int],
    plan: ActionPlan,
    planning_unit: Organisation,
    planning_conference: Body,
    steering_group: Body,
    social_space_conference: Body | None,
    stages: Mapping[int, tuple[datetime.date, datetime.date]],
    supplies: Iterable[Supply],
    user: User,
    predecessor: PlanningCycle | None = None,
    carried_measures: Iterable[Measure] = (),
    carried_recommendations: Iterable[Recommendation] = (),
    is_example: bool = False,
) -> PlanningCycle:
    """Write a new cycle with its stages, requests and carried items; the engine starts it afterwards.

    Args:
        territory: The planning authority; at most one open cycle each.
        title: Name of the cycle.
        years: First and last year.
        data_years: First and last year of the figures asked for.
        plan: Action plan its measures go to.
        planning_unit: Organisation of the territory that carries the cycle.
        planning_conference: Body that recommends.
        steering_group: Body that decides.
        social_space_conference: Body that shapes measures, if there is one.
        stages: For each of the seven stages first and last day, in order.
        supplies: Suppliers with their indicators; each supplier once.
        user: Who opens; needs the right to plan the territory.
        predecessor: Closed cycle this one follows on.
        carried_measures: Measures of the predecessor to go on with; those that run go on in any case.
        carried_recommendations: Recommendations of the predecessor to go on with.
        is_example: Whether figures and texts are invented for show.

    Raises:
        PermissionDenied: The user may not plan the territory.
        DomainError: ``cycle_already_open``, ``dates_out_of_order``, ``stage_ends_early``,
            ``stage_missing``, ``no_supplier``, ``supplier_without_indicators``,
            ``predecessor_open``, ``foreign_predecessor``, ``foreign_body``,
            ``foreign_plan``, ``foreign_organisation``, ``not_to_carry``, ``invalid``.
    """
    require(user, Perm.PLAN_TERRITORY, territory)
    supplies = list(supplies)
    _check_stages(stages)
    if not supplies:
        raise DomainError("no_supplier", _("Name at least one supplier with its indicators."))
    if any(not supply.indicators for supply in supplies):
        raise DomainError(
            "supplier_without_indicators", _("Choose at least one indicator for each supplier.")
        )
    if predecessor is not None and not predecessor.is_closed:
        raise DomainError("predecessor_open", _("The preceding cycle must be closed first."))
    bodies = [planning_conference, steering_group, social_space_conference]
    _check_territory(territory, plan, [planning_unit, *(row.organisation for row in supplies)], bodies)
    measures, recommendations = _check_carried(
        territory, predecessor, list(carried_measures), list(carried_recommendations)
    )
    if territory.cycles.filter(closed_at__isnull=True).exists():
        raise DomainError(
            "cycle_already_open", _("This territory has an open cycle. Close it before you open the next.")
        )
    cycle = PlanningCycle(
        territory=territory,
        title=title,
        starts_year=years[0],
        ends_year=years[1],
        data_from_year=data_years[0],
        data_to_year=data_years[1],
        plan=plan,
        planning_unit=planning_unit,
        planning_conference=planning_conference,
        steering_group=steering_group,
        social_space_conference=social_space_conference,
        predecessor=predecessor,
        is_example=is_example,
        opened_by=user,
    )
    try:
        cycle.full_clean()
        with transaction.atomic():
            cycle.save()
    except ValidationError as error:
        raise as_domain_error(error) from error
    except IntegrityError as error:  # two planners at once
        raise DomainError(
            "cycle_already_open", _("This territory has an open cycle. Close it before you open the next.")
        ) from error
    CycleStage.objects.bulk_create(
        CycleStage(cycle=cycle, kind=kind, starts_on=first, due_on=last)
        for kind, (first, last) in sorted(stages.items())
    )
    for supply in supplies:
        request = DataRequest.objects.create(
            cycle=cycle,
            organisation=supply.organisation,
            due_on=supply.due_on or stages[StageKind.DATA][1],
        )
        request.indicators.set(supply.indicators)
    _grant_to_bodies(cycle)
    _carry_over(cycle, measures, recommendations)
    log_action(
        "cycle.opened",
        user=user,
        obj=cycle,
        territory=territory,
        data={
            "suppliers": [supply.organisation.name for supply in supplies],
            "predecessor": predecessor.title if predecessor is not None else None,
            "measures": [str(row) for row in measures],
            "recommendations": [row.reference for row in recommendations],
        },
    )
    return cycle


def _check_territory(
    territory: Organisation,
    plan: ActionPlan,
    organisations: Iterable[Organisation],
    bodies: Iterable[Body | None],
) -> None:
    """Everything a cycle works with belongs to the territory it is opened for."""
    if any(body is not None and body.territory_id != territory.pk for body in bodies):
        raise DomainError("foreign_body", _("A body belongs to another territory."))
    if plan.territory_id != territory.pk:
        raise DomainError("foreign_plan", _("The action plan belongs to another territory."))
    if any(row.territory_id != territory.pk for row in organisations):
        raise DomainError(
            "foreign_organisation", _("The planning unit or a supplier belongs to another territory.")
        )


def _check_carried(
    territory: Organisation,
    predecessor: PlanningCycle | None,
    measures: list[Measure],
    recommendations: list[Recommendation],
) -> tuple[list[Measure], list[Recommendation]]:
    """What goes on from the predecessor: what was chosen, if it is open there, and all that runs."""
    if predecessor is None:
        if measures or recommendations:
            raise DomainError("not_to_carry", _("Only what a preceding cycle left open can go on."))
        return [], []
    if predecessor.territory_id != territory.pk:
        raise DomainError("foreign_predecessor", _("The preceding cycle belongs to another territory."))
    open_measures = list(measures_to_carry(predecessor))
    open_recommendations = list(recommendations_to_carry(predecessor))
    if not (set(measures) <= set(open_measures) and set(recommendations) <= set(open_recommendations)):
        raise DomainError("not_to_carry", _("Only what a preceding cycle left open can go on."))
    chosen = [row for row in open_measures if row in measures or has_begun(row)]
    return chosen, [row for row in open_recommendations if row in recommendations]


def _check_stages(
    stages: Mapping[int, tuple[datetime.date, datetime.date]], *, running: int = StageKind.DATA
) -> None:
    """Refuse dates that contradict one another; what ended before the running stage binds nobody any more."""
    if set(stages) != set(StageKind.values):
        raise DomainError("stage_missing", _("Give the dates of all seven stages."))
    open_kinds = [kind for kind in StageKind if kind >= running]
    for kind in open_kinds:
        first, last = stages[kind]
        if last < first:
            raise DomainError(
                "stage_ends_early",
                _("Stage %(stage)s must not end before it begins.") % {"stage": kind.label},
            )
    for before, kind in itertools.pairwise(open_kinds):
        if stages[kind][0] < stages[before][0]:
            raise DomainError(
                "dates_out_of_order",
                _("Stage %(stage)s must not begin before stage %(before)s, which begins on %(day)s.")
                % {"stage": kind.label, "before": before.label, "day": date_de(stages[before][0])},
            )


def _grant_to_bodies(cycle: PlanningCycle) -> None:
    """Members of the cycle's bodies who are not of the territory's staff see the cycle as well."""
    bodies = [cycle.planning_conference, cycle.steering_group, cycle.social_space_conference]
    for body in bodies:
        if body is not None:
            for seat in Seat.values:
                grant(Perm.VIEW_CYCLE, role_group(role_of_seat(seat), body), cycle)


def _carry_over(
    cycle: PlanningCycle, measures: Iterable[Measure], recommendations: Iterable[Recommendation]
) -> None:
    """Move cases into a new cycle, and their open tasks to its bodies, planning unit and dates."""
    for measure in measures:
        CarriedItem.objects.create(cycle=cycle, measure=measure)
        MeasureProcess.objects.filter(measure=measure).update(cycle=cycle)
    for recommendation in recommendations:
        CarriedItem.objects.create(cycle=cycle, recommendation=recommendation)
        RecommendationProcess.objects.filter(recommendation=recommendation).update(cycle=cycle)
    cosigned = "task__process__cosigningprocess__request__cosigning__recommendation__process__cycle"
    reviewed = "task__process__agreementreviewprocess__review__agreement__measure__process__cycle"
    moved = (
        Q(task__process__measureprocess__cycle=cycle)
        | Q(task__process__recommendationprocess__cycle=cycle)
        | Q((cosigned, cycle))
        | Q((reviewed, cycle))
    )
    for case in ("interimreport", "finalreport", "drawdown"):
        moved |= Q((f"task__process__{case}process__report__project__measure__process__cycle", cycle))
    extended = "task__process__reportextensionprocess__extension__report__project__measure__process__cycle"
    moved |= Q((extended, cycle))
    cards = TaskCard.objects.filter(moved, is_open=True).exclude(cycle=cycle).order_by("task__process_id")
    for card in list(cards.select_related("task")):
        with card.task.flow_task.flow_class.lock(card.task.process_id):
            locked = TaskCard.objects.select_for_update().select_related("task").get(pk=card.pk)
            if locked.is_open:
                task_readdress(locked, cycle=cycle)


def stage_enter(cycle: PlanningCycle, stage: StageKind) -> None:
    """Move a cycle on to a stage; called by its flow only."""
    cycle.stage = stage
    PlanningCycle.objects.filter(pk=cycle.pk).update(stage=stage)
    log_action(
        "cycle.stage_entered",
        user=None,
        obj=cycle,
        territory=cycle.territory,
        data={"stage": StageKind(stage).name.lower()},
    )


@transaction.atomic
def stage_reschedule(
    stage: CycleStage, *, starts_on: datetime.date, due_on: datetime.date, reason: str, user: User
) -> ScheduleChange:
    """Move the dates of a stage; open tasks of the stage and their reminders move along.

    A cycle may run ahead of its schedule: the dates of stages that have ended bind nobody any more.

    Args:
        stage: Stage of an open cycle that has not ended.
        starts_on: New first day.
        due_on: New last day.
        reason: Why; never empty.
        user: Needs the right to manage the cycle.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``cycle_closed``, ``stage_finished``, ``reason_missing``, ``dates_unchanged``,
            ``stage_ends_early``, ``dates_out_of_order``.
    """
    cycle = stage.cycle
    require(user, Perm.MANAGE_CYCLE, cycle)
    if cycle.is_closed:
        raise DomainError("cycle_closed", _("The cycle is closed."))
    if stage.kind < cycle.stage:
        raise DomainError("stage_finished", _("This stage has ended; its dates stay as they are."))
    if not reason.strip():
        raise DomainError("reason_missing", _("Say why the date is moved; all involved will read it."))
    if (starts_on, due_on) == (stage.starts_on, stage.due_on):
        raise DomainError("dates_unchanged", _("The dates are the same as before."))
    dates = {row.kind: (row.starts_on, row.due_on) for row in cycle.stages.all()}
    dates[stage.kind] = (starts_on, due_on)
    _check_stages(dates, running=cycle.stage)
    change = ScheduleChange.objects.create(
        cycle=cycle,
        kind=stage.kind,
        old_starts_on=stage.starts_on,
        old_due_on=stage.due_on,
        new_starts_on=starts_on,
        new_due_on=due_on,
        reason=reason.strip(),
        changed_by=user,
    )
    old_due_on = stage.due_on
    stage.starts_on, stage.due_on = starts_on, due_on
    stage.save(update_fields=["starts_on", "due_on"])
    if stage.kind == StageKind.DATA:
        cycle.requests.filter(due_on=old_due_on).update(due_on=due_on)
    # Locked: a task completed at the same moment must not get new deadlines. One that came late, and so has
    # days of its own beyond the old end of the stage, follows only an end beyond those.
    cards = TaskCard.objects.select_for_update().filter(cycle=cycle, stage=stage.kind, is_open=True)
    for card in cards.filter(Q(due_on=old_due_on) | Q(due_on__gt=old_due_on, due_on__lt=due_on)):
        # What follows a meeting keeps its day.
        if card.task.flow_task.due_of(card.task.process.coerced) != card.due_on:
            task_reschedule(card, due_on=due_on)
    log_action(
        "cycle.rescheduled",
        user=user,
        obj=cycle,
        territory=cycle.territory,
        data={"stage": stage.kind, "due_on": due_on, "reason": change.reason},
    )
    return change


@transaction.atomic
def cycle_close(cycle: PlanningCycle, *, user: User) -> None:
    """Close a cycle; called when the closing task is completed.

    Raises:
        DomainError: ``measure_unevaluated`` if one began after the evaluations were complete,
            ``evening_open`` as long as an evening is not over.
    """
    if not all_measures_evaluated(cycle):
        raise DomainError(
            "measure_unevaluated", _("A measure has begun in the meantime. Evaluate it before you close.")
        )
    # Locked: an evening is set up under the same lock.
    PlanningCycle.objects.select_for_update().get(pk=cycle.pk)
    open_ones = cycle.space_conferences.exclude(state__in=SPACE_CONFERENCE_OVER)
    evenings = [str(row) for row in open_ones.select_related("area").order_by("held_on", "pk")]
    if evenings:
        raise DomainError(
            "evening_open",
            _(
                "Evenings of the social-space conference are not over: %(evenings)s. Publish their answers "
                "or give them up, then close the cycle."
            )
            % {"evenings": "; ".join(evenings)},
        )
    PlanningCycle.objects.filter(pk=cycle.pk).update(closed_at=timezone.now())
    cycle.refresh_from_db(fields=["closed_at"])
    log_action("cycle.closed", user=user, obj=cycle, territory=cycle.territory)
