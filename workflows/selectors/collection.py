"""What works: evaluated measures as a collection, and what runs per field of action and area."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Q

from measures.models import ActionPlan, FieldOfAction, Measure, MeasureStatus
from measures.selectors.numbering import by_number
from monitoring.models import Area
from stakeholders.permissions import Perm, visible
from workflows.models import Evaluation, EvaluationAnswer
from workflows.selectors.evaluations import answers_to

#: What is there for an area now, or is about to be.
_PRESENT = (MeasureStatus.AGREED, MeasureStatus.PREPARING, MeasureStatus.RUNNING, MeasureStatus.SUSPENDED)


@dataclasses.dataclass(frozen=True)
class CollectionFilter:
    """What a person looks for in the collection."""

    search: str = ""
    outcome: str = ""
    field: int | None = None
    area: int | None = None
    target_group: str = ""


@dataclasses.dataclass(frozen=True)
class Lesson:
    """What was learned from a measure.

    Attributes:
        evaluation: The latest judgement on it that is settled.
        answer: What those responsible said beside it.
        areas: Where; none stands for the whole territory.
    """

    evaluation: Evaluation
    answer: EvaluationAnswer | None
    areas: Sequence[Area]

    @property
    def measure(self) -> Measure:
        """The measure."""
        measure: Measure = self.evaluation.measure
        return measure

    @property
    def outcome(self) -> str:
        """What became of it, as decided; what planning judged where it was taken out."""
        return self.evaluation.final_outcome or self.evaluation.outcome

    @property
    def lesson(self) -> str:
        """What was learned: planning's words, else those of who was responsible."""
        return self.evaluation.lesson or (self.answer.lesson if self.answer is not None else "")

    @property
    def reach(self) -> str:
        """Whom it reached."""
        return self.answer.reach if self.answer is not None else ""


def lessons_seen_by(user: Any) -> list[Lesson]:
    """One line a measure the person sees that has a settled judgement, the latest first. Queries: 3.

    Judgements under way are not told: the steering group may decide otherwise.
    """
    measures = visible(user, Perm.VIEW_MEASURE, Measure.objects.all()).values("pk")
    settled = Evaluation.objects.filter(
        Q(needs_decision=False) | Q(verdict__isnull=False), measure__in=measures
    )
    rows = settled.select_related(
        "verdict",
        "cycle",
        "measure__plan__territory",
        "measure__field",
        "measure__parent__field",
        "measure__responsible",
    ).prefetch_related("measure__areas")
    latest: dict[int, Evaluation] = {}
    for row in rows.order_by("-evaluated_at", "-pk"):
        latest.setdefault(row.measure_id, row)
    answers = answers_to(latest.values())
    return [
        Lesson(
            row,
            answers.get((row.cycle_id, row.measure_id)),
            sorted(row.measure.areas.all(), key=lambda area: area.name),
        )
        for row in latest.values()
    ]


def filtered_lessons(lessons: Iterable[Lesson], wanted: CollectionFilter) -> list[Lesson]:
    """Lessons that fit everything of a filter."""
    return [row for row in lessons if _fits(row, wanted)]


def _fits(row: Lesson, wanted: CollectionFilter) -> bool:
    measure = row.measure
    if wanted.search:
        words = [
            str(measure),
            measure.description,
            measure.target_group,
            measure.responsible.name,
            row.evaluation.effect,
            row.lesson,
            row.reach,
        ]
        if wanted.search.casefold() not in " ".join(words).casefold():
            return False
    return (
        (not wanted.outcome or row.outcome == wanted.outcome)
        and (wanted.field is None or measure.field_id == wanted.field)
        and (wanted.area is None or any(area.pk == wanted.area for area in row.areas))
        and (not wanted.target_group or measure.target_group == wanted.target_group)
    )


def choices_of(
    lessons: Iterable[Lesson],
) -> tuple[list[tuple[int, str]], list[tuple[int, str]], list[str]]:
    """Fields of action, areas and target groups that occur, for the filter."""
    rows = list(lessons)
    fields = {row.measure.field_id: str(row.measure.field) for row in rows}
    areas = {area.pk: area.name for row in rows for area in row.areas}
    groups = {row.measure.target_group for row in rows if row.measure.target_group}

    def by_name(found: dict[int, str]) -> list[tuple[int, str]]:
        return sorted(found.items(), key=lambda pair: pair[1].casefold())

    return by_name(fields), by_name(areas), sorted(groups, key=str.casefold)


# --- What do we have, what do we still need? ------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class CoverageRow:
    """An area, or the whole territory, with the measures there are in each field of action."""

    area: Area | None
    cells: list[list[Measure]]


@dataclasses.dataclass(frozen=True)
class Coverage:
    """Measures by area and field of action; empty cells are the gaps."""

    fields: list[FieldOfAction]
    rows: list[CoverageRow]

    @property
    def gap_count(self) -> int:
        """Cells of areas without any measure."""
        return sum(not cell for row in self.rows if row.area is not None for cell in row.cells)


def coverage(user: Any, plan: ActionPlan, areas: Sequence[Area]) -> Coverage:
    """What is agreed or runs per field of action and area, as far as the person sees it.

    Args:
        user: Who looks.
        plan: An action plan.
        areas: Chosen areas, in order.

    Returns:
        The first row is what works in the whole territory. Queries: 3.
    """
    fields = list(plan.fields.order_by("number"))
    seen = visible(user, Perm.VIEW_MEASURE, Measure.objects.filter(plan=plan, status__in=_PRESENT))
    rows = seen.select_related("field", "parent__field").prefetch_related("areas")
    found: dict[tuple[int | None, int], list[Measure]] = defaultdict(list)
    for measure in rows.order_by(*by_number()):
        places: list[int | None] = [area.pk for area in measure.areas.all()]
        for place in places or [None]:
            found[place, measure.field_id].append(measure)
    wanted: list[Area | None] = [None, *areas]
    return Coverage(
        fields,
        [
            CoverageRow(area, [found[area.pk if area else None, field.pk] for field in fields])
            for area in wanted
        ],
    )
