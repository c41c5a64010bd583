"""The integrated action plan (Handlungskonzept) as a printed report, for the public and internal."""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import override, pgettext

from measures.models import (
    ActionPlan,
    FieldOfAction,
    Goal,
    GoalKind,
    MeasureStatus,
    PlanVersion,
    Stage,
)
from measures.reports import sheet
from measures.reports.area_map import map_blocks
from measures.reports.drawings import Count, count_bars, state_css
from measures.reports.finance import totals_block
from measures.reports.sheet import Origin, SheetData
from measures.reports.timeline import timeline_blocks
from measures.selectors.portfolio import measures_seen_by, stage_two_planned_on
from measures.status import STATE_KINDS, STATE_LABELS
from monitoring.models import Area
from monitoring.selectors.areas import area_shapes, planning_areas
from monitoring.shapes import MapShapes
from project.common.formats import date_de, period_de
from project.common.pdf import blocks
from project.common.pdf.paper import render_paper
from stakeholders.models import Organisation


class Variant(StrEnum):
    """For whom the paper is."""

    PUBLIC = "public"
    INTERNAL = "internal"


@dataclass(frozen=True)
class PlanData:
    """Everything the paper of a plan shows, with all rows loaded.

    Attributes:
        plan: With its territory.
        variant: For whom it is.
        today: The day looked from.
        version: The version fixed last; None before the first.
        fields: Fields of action that have a measure shown, by number.
        goals: By kind and number.
        sheets: Measures by number.
        areas: Areas that could be drawn or have a measure, by name.
        shapes: Boundaries; None without any.
        stage_two_on: Since when stage 2 is open, or when it is planned; None without stage 2.
    """

    plan: ActionPlan
    variant: Variant
    today: datetime.date
    version: PlanVersion | None
    fields: tuple[FieldOfAction, ...]
    goals: tuple[Goal, ...]
    sheets: tuple[SheetData, ...]
    areas: tuple[Area, ...] = ()
    shapes: MapShapes | None = None
    stage_two_on: datetime.date | None = None

    @property
    def is_internal(self) -> bool:
        """Whether it tells more than the public may read."""
        return self.variant is Variant.INTERNAL


def collect(
    user: Any,
    plan: ActionPlan,
    variant: Variant,
    *,
    today: datetime.date,
    origins: Mapping[int, Sequence[Origin]],
) -> PlanData:
    """Read all that the paper of a plan shows.

    Args:
        user: Who asks.
        plan: A plan they may see, with its territory.
        variant: The public one leaves out proposed measures, notes, small counts of people, and cost and
            funding unless they have been released.
        today: The day to look from.
        origins: Key of a measure -> where it comes from; that lives above this app.

    Returns:
        Measures the person may see. Queries: 25 for any number of measures; for the internal variant those of
        ``figures_told`` besides.
    """
    measures = measures_seen_by(user).filter(plan=plan)
    if variant is Variant.PUBLIC:
        measures = measures.exclude(status=MeasureStatus.PROPOSED)
    shown = set(measures.order_by().values_list("pk", flat=True))
    release = plan.releases.order_by("-number").first()
    is_released = release is not None and "finance" in release.fields and bool(release.content)
    sheets = sheet.collect(
        user,
        measures,
        shown=shown,
        today=today,
        origins=origins,
        is_internal=variant is Variant.INTERNAL,
        has_finance=variant is Variant.INTERNAL or is_released,
    )
    used = {row.measure.field_id for row in sheets}
    areas = _areas(plan, shown)
    return PlanData(
        plan=plan,
        variant=variant,
        today=today,
        version=plan.versions.order_by("-number").first(),
        fields=tuple(field for field in plan.fields.order_by("number") if field.pk in used),
        goals=tuple(plan.goals.order_by("kind", "number")),
        sheets=tuple(sheets),
        areas=areas,
        shapes=area_shapes(areas, width=400, max_height=440) if areas else None,
        stage_two_on=plan.stage_two_opened_on or stage_two_planned_on(plan),
    )


def _areas(plan: ActionPlan, measure_pks: Iterable[int]) -> tuple[Area, ...]:
    """Areas the territory plans with, and those of the measures."""
    planned = Q(pk__in=planning_areas(plan.territory).order_by().values("pk"))
    with_measures = Q(measures__in=list(measure_pks))
    return tuple(Area.objects.filter(planned | with_measures).distinct().defer("geometry").order_by("name"))


# --- the paper -------------------------------------------------------------------------------------


def render(data: PlanData, *, language: str) -> bytes:
    """Write the plan.

    Args:
        data: From ``collect``; nothing is read from the database here.
        language: "de" or "en".

    Returns:
        A tagged PDF with cover, contents and bookmarks, the same bytes for the same data.
    """
    plan = data.plan
    with override(language):
        paper = blocks.Paper(
            title=file_name(plan, data.variant),
            language=language,
            author=str(plan.territory),
            subject=str(_("Action plan")),
            blocks=content(data),
            running=f"{plan.territory} · {plan.title}",
            footer=_footer(data),
            page_of=_("Page %(page)s of %(pages)s"),
            has_cover=True,
        )
        return render_paper(paper)


def file_name(plan: ActionPlan, variant: Variant) -> str:
    """Name people find among their downloads, without ending."""
    return _("%(plan)s (internal)") % {"plan": plan.title} if variant is Variant.INTERNAL else plan.title


def _footer(data: PlanData) -> str:
    words = _("As of %(day)s") % {"day": date_de(data.today)}
    return f"{words} · {_('Internal, not for publication')}" if data.is_internal else words


def content(data: PlanData) -> list[blocks.Block]:
    """The plan as blocks, in the language in force."""
    parts = [*_cover(data), blocks.PageBreak(), blocks.Contents(_("Contents"), depth=2)]
    parts += _goals(data)
    parts += _overview(data)
    parts += timeline_blocks(data.sheets, plan=data.plan, today=data.today, stage_two_on=data.stage_two_on)
    parts += map_blocks(data.sheets, areas=data.areas, shapes=data.shapes, territory=str(data.plan.territory))
    for field in data.fields:
        parts += _chapter(field, [row for row in data.sheets if row.measure.field_id == field.pk])
    return parts + _register(data)


def _cover(data: PlanData) -> list[blocks.Block]:
    plan = data.plan
    lead = _("%(measures)s until %(year)s") % {
        "measures": sheet.counted([row.measure for row in data.sheets]),
        "year": plan.ends_on.year,
    }
    facts = [
        (_("Published by"), str(plan.territory)),
        (_("As of"), date_de(data.today)),
        (_("Runs until"), date_de(plan.ends_on)),
    ]
    if plan.stage_two_opened_on is not None:
        facts.append((_("Stage 2 open since"), date_de(plan.stage_two_opened_on)))
    if data.version is not None:
        words = f"{data.version.number}: {data.version.title}, {date_de(data.version.as_of)}"
        facts.append((pgettext("of a plan", "Version"), words))
        if data.version.decision_reference:
            facts.append((_("File reference of the decision"), data.version.decision_reference))
    if data.is_internal:
        facts.append((_("Edition"), _("Internal, not for publication")))
    return [
        blocks.Heading(
            plan.title, 1, is_listed=False, preline=f"{plan.territory} · {_('Action plan')}", is_title=True
        ),
        blocks.Paragraph(lead, "lead"),
        blocks.KeyValues(facts),
    ]


def _goals(data: PlanData) -> list[blocks.Block]:
    """Guiding principles, and below each its strategic goals with their partial goals."""
    guiding = [goal for goal in data.goals if goal.kind == GoalKind.GUIDING]
    if not guiding:
        return []
    below: dict[int | None, list[Goal]] = defaultdict(list)
    for goal in data.goals:
        below[goal.parent_id].append(goal)
    served: dict[str, list[str]] = defaultdict(list)
    for row in data.sheets:
        for title in row.goals:
            served[title].append(row.measure.number)
    title = _("Guiding principles and goals")
    parts: list[blocks.Block] = [blocks.PageBreak(), blocks.Heading(title, 1, running=title)]
    columns = (blocks.Column(_("Partial goal"), 5), blocks.Column(_("Measures"), 3))
    for goal in guiding:
        parts.append(blocks.Heading(goal.title, 2))
        if goal.description:
            parts.append(blocks.Paragraph(goal.description))
        rows: list[blocks.Row] = []
        for strategic in below[goal.pk]:
            rows.append(blocks.GroupRow(strategic.title))
            rows += [
                (partial.title, ", ".join(served[partial.title]) or "–") for partial in below[strategic.pk]
            ]
        if rows:
            parts.append(blocks.Table("", columns, rows))
    return parts


def _overview(data: PlanData) -> list[blocks.Block]:
    title = _("Overview")
    parts: list[blocks.Block] = [blocks.PageBreak(), blocks.Heading(title, 1, running=title)]
    if not data.sheets:
        return [*parts, blocks.Paragraph(_("The plan has no measure that may be shown here."))]
    # Parts are no measures of their own: the sums are the number on the cover.
    whole = [row for row in data.sheets if row.measure.parent_id is None]
    states = Counter(row.line.state for row in whole)
    stages = Counter(row.measure.stage for row in whole)
    fields = Counter(row.measure.field_id for row in whole)
    charts = (
        (
            _("Measures by state"),
            [
                Count(str(label), states[state], state_css(STATE_KINDS[state]))
                for state, label in STATE_LABELS.items()
                if states[state]
            ],
        ),
        (
            _("Measures by planning stage"),
            [Count(str(Stage(stage).label), stages[stage]) for stage in sorted(stages)],
        ),
        (
            _("Measures by field of action"),
            [Count(str(field), fields[field.pk]) for field in data.fields if fields[field.pk]],
        ),
    )
    for name, counts in charts:
        if counts:
            parts += [blocks.Heading(name, 2, is_listed=False), blocks.Figure(count_bars(name, counts))]
    note = _("State: confirmed key figures against the straight path from baseline to the next target.")
    parts.append(blocks.Paragraph(note, "note"))
    parts += totals_block([line for row in data.sheets for line in row.finance or ()])
    return [*parts, blocks.Heading(_("All measures"), 2), _measure_table(data.sheets)]


def _measure_table(sheets: Sequence[SheetData]) -> blocks.Table:
    columns = (
        blocks.Column(_("No."), 0.9),
        blocks.Column(_("Measure"), 4.2),
        blocks.Column(_("Responsible"), 2.6),
        blocks.Column(_("Planned term"), 2.1),
        blocks.Column(_("State"), 1.7),
    )
    rows: list[blocks.Row] = []
    field = None
    for row in sheets:
        measure = row.measure
        if measure.field_id != field:
            field = measure.field_id
            rows.append(blocks.GroupRow(str(measure.field)))
        rows.append(
            (
                measure.number,
                measure.title,
                measure.responsible.label,
                period_de(measure.starts_on, measure.ends_on),
                row.line.badge.text,
            )
        )
    return blocks.Table("", columns, rows)


def _chapter(field: FieldOfAction, sheets: Sequence[SheetData]) -> list[blocks.Block]:
    """A field of action: what it holds, then a page a measure."""
    words = sheet.counted([row.measure for row in sheets])
    parts: list[blocks.Block] = [
        blocks.PageBreak(),
        blocks.Heading(str(field), 1, preline=_("Field of action"), badges=(words,), running=str(field)),
        _field_table(sheets),
    ]
    for row in sheets:
        parts += [blocks.PageBreak(), *sheet.content(row, 2)]
    return parts


def _field_table(sheets: Sequence[SheetData]) -> blocks.Table:
    columns = (
        blocks.Column(_("No."), 0.9),
        blocks.Column(_("Measure"), 4.6),
        blocks.Column(_("Target group"), 3.6),
        blocks.Column(_("Planning stage"), 1.6),
        blocks.Column(_("State"), 1.6),
    )
    rows = [
        (
            row.measure.number,
            row.measure.title,
            row.measure.target_group or "–",
            str(row.measure.get_stage_display()),
            row.line.badge.text,
        )
        for row in sheets
    ]
    return blocks.Table("", columns, rows)


def _register(data: PlanData) -> list[blocks.Block]:
    """Who is responsible for which measures, and partner in which."""
    houses: dict[int, Organisation] = {}
    leads: dict[int, list[str]] = defaultdict(list)
    helps: dict[int, list[str]] = defaultdict(list)
    for row in data.sheets:
        measure = row.measure
        houses[measure.responsible_id] = measure.responsible
        leads[measure.responsible_id].append(measure.number)
        for partner in row.partners:
            houses[partner.organisation_id] = partner.organisation
            helps[partner.organisation_id].append(measure.number)
    if not houses:
        return []
    title = _("Register of organisations")
    columns = (
        blocks.Column(_("Organisation"), 4),
        blocks.Column(_("Responsible for"), 3),
        blocks.Column(_("Partner in"), 3),
    )
    rows: list[blocks.Row] = [
        (house.name, ", ".join(leads[key]) or "–", ", ".join(helps[key]) or "–")
        for key, house in sorted(houses.items(), key=lambda pair: pair[1].name.casefold())
    ]
    return [blocks.PageBreak(), blocks.Heading(title, 1, running=title), blocks.Table("", columns, rows)]
