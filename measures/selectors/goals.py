"""Goals of a plan: the tree from guiding principle to partial goal, with the measures that serve each."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from typing import Any

from measures.models import ActionPlan, Goal, GoalKind, Measure
from measures.selectors.portfolio import measures_seen_by

#: From the top down.
LEVELS = (GoalKind.GUIDING, GoalKind.STRATEGIC, GoalKind.PARTIAL)


@dataclasses.dataclass(frozen=True)
class GoalNode:
    """A goal in the tree.

    Attributes:
        name: Kind and number, "Partial goal 7"; numbers run through the plan and stay when goals move.
        measures: Those that serve it and that the person sees, by number.
        measure_count: Measures of this goal and of all below it, each once.
    """

    goal: Goal
    name: str
    measures: list[Measure]
    children: list[GoalNode]
    measure_count: int


def goal_name(goal: Goal) -> str:
    """Kind and number of a goal."""
    return f"{goal.get_kind_display()} {goal.number}"


def by_number(measure: Measure) -> list[int]:
    """What measures are sorted by; field and measure above are joined."""
    return [int(part) for part in measure.number.split(".")]


def goal_tree(user: Any, plan: ActionPlan) -> list[GoalNode]:
    """The goals of a plan. Queries: 3 for any number of goals."""
    goals = list(Goal.objects.filter(plan=plan).order_by("number"))
    measures = {row.pk: row for row in measures_seen_by(user).filter(plan=plan)}
    served: dict[int, list[Measure]] = defaultdict(list)
    links = Measure.goals.through.objects.filter(goal__plan=plan)
    for goal_pk, measure_pk in links.values_list("goal", "measure"):
        if measure_pk in measures:
            served[goal_pk].append(measures[measure_pk])
    return [_node(row, goals, served)[0] for row in goals if row.parent_id is None]


def _node(goal: Goal, goals: list[Goal], served: dict[int, list[Measure]]) -> tuple[GoalNode, set[int]]:
    below = [_node(row, goals, served) for row in goals if row.parent_id == goal.pk]
    own = sorted(served[goal.pk], key=by_number)
    keys = {row.pk for row in own}.union(*(found for _child, found in below))
    children = [child for child, _found in below]
    return GoalNode(goal, goal_name(goal), own, children, len(keys)), keys


def goal_choices(plan: ActionPlan) -> list[tuple[str, list[tuple[int, str]]]]:
    """Partial goals to choose from, under their strategic goals; one that has none stands for itself.

    Queries: 1.
    """
    goals = list(Goal.objects.filter(plan=plan).order_by("number"))
    groups = []
    for goal in goals:
        if goal.kind != GoalKind.STRATEGIC:
            continue
        below = [row for row in goals if row.parent_id == goal.pk] or [goal]
        options = [(row.pk, f"{goal_name(row)}: {row.title}") for row in below]
        groups.append((f"{goal_name(goal)}: {goal.title}", options))
    return groups


def goals_of(measure: Measure) -> list[tuple[str, Goal]]:
    """Goals a measure serves, each with its name. Queries: 1."""
    return [(goal_name(row), row) for row in measure.goals.order_by("kind", "number")]


def measures_without_goal(user: Any, plan: ActionPlan) -> list[Measure]:
    """Measures that serve no goal yet, by number; parts serve those of the measure above. Queries: 1."""
    rows = measures_seen_by(user).filter(plan=plan, goals__isnull=True, parent__isnull=True)
    return sorted(rows, key=by_number)
