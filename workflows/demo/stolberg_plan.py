"""What the plan of Stolberg says beyond its list of measures, as an example: goals, milestones, money."""

from __future__ import annotations

import datetime
from collections import defaultdict
from decimal import Decimal

from measures.models import ActionPlan, Goal, Measure, MeasureDependency, MeasureStatus, Stage
from measures.services.goals import goal_create
from measures.services.measures import MeasureFields
from measures.services.parts import FinanceInput, MilestoneInput, dependencies_save, milestone_tell
from stakeholders.models import Organisation, User
from stakeholders.permissions import Perm
from workflows.demo import clock, driver
from workflows.demo.catalogue import rows
from workflows.measure_steering import measure_stage_move, measure_status_move, submeasure_create
from workflows.nodes import poke

Organisations = dict[str, Organisation]


def _day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def set_goals(plan: ActionPlan, user: User) -> dict[str, Goal]:
    """Guiding principles, strategic and partial goals.

    Returns:
        Number of a partial goal -> goal.
    """
    made: dict[tuple[str, str], Goal] = {}
    above = {"strategic": "guiding", "partial": "strategic"}
    for row in rows("stolberg_goals.csv"):
        parent = made[above[row["kind"]], row["parent"]] if row["parent"] else None
        made[row["kind"], row["number"]] = goal_create(
            plan, kind=row["kind"], title=row["title"], parent=parent, user=user
        )
    return {number: goal for (kind, number), goal in made.items() if kind == "partial"}


class PlanTexts:
    """What the data files say of each measure, for its creation."""

    def __init__(self, plan: ActionPlan, organisations: Organisations, user: User) -> None:
        self._goals = set_goals(plan, user)
        self._texts = {row["measure"]: row for row in rows("stolberg_plan.csv")}
        self._milestones: dict[str, list[MilestoneInput]] = defaultdict(list)
        for row in rows("stolberg_milestones.csv"):
            due_on = _day(row["planned_on"])
            self._milestones[row["measure"]].append(MilestoneInput(title=row["title"], due_on=due_on))
        self._finance: dict[str, list[FinanceInput]] = defaultdict(list)
        for row in rows("stolberg_finance.csv"):
            self._finance[row["measure"]].append(
                FinanceInput(
                    kind=row["kind"],
                    title=row["title"],
                    year=int(row["year"]) if row["year"] else None,
                    amount=Decimal(row["amount"]),
                    payer=organisations[row["payer"]] if row["payer"] else None,
                    is_secured=row["is_secured"] == "1",
                )
            )

    def add_to(self, fields: MeasureFields, number: str) -> MeasureFields:
        """Put the texts of a measure to its other fields."""
        text = self._texts[number]
        fields["short_description"] = text["short_description"]
        fields["effect_hypothesis"] = text["effect_hypothesis"]
        fields["contact_function"] = text["contact_function"]
        fields["goals"] = [self._goals[goal] for goal in text["goals"].split("|")]
        fields["milestones"] = self._milestones[number]
        fields["finance"] = self._finance[number]
        return fields


def _by_number(plan: ActionPlan) -> dict[str, Measure]:
    found = Measure.objects.filter(plan=plan).select_related("field", "parent__field", "responsible")
    return {row.number: row for row in found}


def connect(plan: ActionPlan) -> None:
    """Which measure needs which other first."""
    measures = _by_number(plan)
    for row in rows("stolberg_dependencies.csv"):
        measure = measures[row["measure"]]
        known = MeasureDependency.objects.filter(measure=measure).select_related("needed")
        needs = [(need.needed, need.note) for need in known]
        dependencies_save(measure, [*needs, (measures[row["needed"]], row["note"])])


def add_parts(plan: ActionPlan, organisations: Organisations, user: User, today: datetime.date) -> None:
    """Two sub-measures, agreed with the measure above, that run or have run."""
    measures = _by_number(plan)
    for row in rows("stolberg_submeasures.csv"):
        parent = measures[row["parent"]]
        starts_on = _day(row["starts_on"])
        responsible = organisations[row["responsible"]]
        actor = driver.person_for(Perm.ACT_FOR_ORGANISATION, responsible)
        with clock.on(starts_on):
            part = submeasure_create(
                parent,
                user=user,
                title=row["title"],
                short_description=row["short_description"],
                description=row["description"],
                starts_on=starts_on,
                ends_on=_day(row["ends_on"]),
                responsible=responsible,
                areas=list(parent.areas.all()),
                needs_agreement=False,
                key_figures=[],
            )
            poke(part.process)
            driver.begin(part, started_on=starts_on, user=actor)
        if part.ends_on < today:
            with clock.on(part.ends_on):
                poke(part.process)
                driver.complete(part, ended_on=part.ends_on, summary="Beispiel: erreicht.", user=actor)


def tell_milestones(plan: ActionPlan, *, until: datetime.date) -> None:
    """What was reached by a day, and what was put off by then, told by those responsible; each once."""
    measures = _by_number(plan)
    for row in rows("stolberg_milestones.csv"):
        measure = measures[row["measure"]]
        due_on = _day(row["due_on"])
        reached_on = _day(row["reached_on"]) if row["reached_on"] else None
        if measure.ended_on is not None or (reached_on is None and row["due_on"] == row["planned_on"]):
            continue
        # What was put off is told on the day it was planned for.
        told_on = reached_on or _day(row["planned_on"])
        milestone = measure.milestones.get(title=row["title"])
        if told_on > until or (milestone.reached_on, milestone.due_on) == (reached_on, due_on):
            continue
        actor = driver.person_for(Perm.ACT_FOR_ORGANISATION, measure.responsible)
        with clock.on(told_on):
            milestone_tell(
                milestone,
                reached_on=reached_on,
                due_on=due_on,
                note=row["note"],
                user=actor,
            )


def tell_states(plan: ActionPlan, user: User, today: datetime.date) -> None:
    """One measure ended early, one rests, one became a part of another, one changed its stage."""
    measures = _by_number(plan)
    for row in rows("stolberg_states.csv"):
        day = min(_day(row["effective_on"]), today)
        measure = measures[row["measure"]]
        with clock.on(day):
            if row["to"] == "stage":
                measure_stage_move(measure, Stage.ONE, reason=row["reason"], user=user)
                continue
            measure_status_move(
                measure,
                MeasureStatus(row["to"]),
                effective_on=day,
                reason=row["reason"],
                user=user,
                merged_into=measures[row["merged_into"]] if row["merged_into"] else None,
            )
