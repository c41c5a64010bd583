"""What the chain says of each of its links."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from measures.models import Measure
from monitoring.models import Area, Delivery, IndexResult, Indicator
from project.common.formats import Badge, date_de, signed_de
from workflows.links import link
from workflows.models import Decision, Recommendation, SpaceAnswer, SpaceIdea, Statement
from workflows.selectors.conference import Figure
from workflows.selectors.decisions import RESULT_KINDS
from workflows.selectors.recommendations import STATE_KINDS
from workflows.selectors.space_conferences import destination_of

#: The links of the chain, from what is done back to where the figure came from.
KINDS: dict[str, Promise] = {
    "measure": gettext_lazy("Measure"),
    "idea": gettext_lazy("Idea"),
    "decision": gettext_lazy("Decision"),
    "recommendation": gettext_lazy("Recommendation"),
    "statement": gettext_lazy("Statement"),
    "area": gettext_lazy("Area"),
    "indicator": gettext_lazy("Indicator"),
    "delivery": gettext_lazy("Delivery"),
}
ORDER = list(KINDS)


@dataclasses.dataclass(frozen=True)
class Node:
    """One thing in the chain."""

    title: str
    url: str
    why_url: str
    lines: tuple[str, ...] = ()
    badge: Badge | None = None


@dataclasses.dataclass(frozen=True)
class Level:
    """Everything of one kind in the chain."""

    kind: str
    label: str
    nodes: list[Node]


@dataclasses.dataclass(frozen=True)
class Chain:
    """The chain seen from one thing."""

    kind: str
    label: str
    start: Node
    reasons: list[Level]
    results: list[Level]


@dataclasses.dataclass
class Found:
    """Rows of the chain by kind, each visible to the person."""

    measures: list[Measure] = dataclasses.field(default_factory=list)
    ideas: list[SpaceIdea] = dataclasses.field(default_factory=list)
    decisions: list[Decision] = dataclasses.field(default_factory=list)
    recommendations: list[Any] = dataclasses.field(default_factory=list)
    statements: list[Statement] = dataclasses.field(default_factory=list)
    areas: list[Area] = dataclasses.field(default_factory=list)
    indicators: list[Indicator] = dataclasses.field(default_factory=list)
    deliveries: list[Delivery] = dataclasses.field(default_factory=list)
    figures: dict[int, list[Figure]] = dataclasses.field(default_factory=dict)
    results: dict[int, IndexResult] = dataclasses.field(default_factory=dict)


#: Of a whole area this many indicators that deviate most are shown.
_STRIKING = 8


def shown_indicators(kind: str, found: Found) -> list[Indicator]:
    """Indicators of the chain; of a whole area only those that deviate most."""
    if kind != "area" or not found.areas:
        return found.indicators
    return [figure.indicator for figure in found.figures.get(found.areas[0].pk, []) if figure.z is not None][
        :_STRIKING
    ]


def levels_of(start: str, found: Found) -> dict[str, Level]:
    """Every kind with what is to be said of its rows, for a chain that starts at a kind."""
    rows: dict[str, Iterable[Any]] = {
        "measure": found.measures,
        "idea": found.ideas,
        "decision": found.decisions,
        "recommendation": found.recommendations,
        "statement": found.statements,
        "area": found.areas,
        "indicator": shown_indicators(start, found),
        "delivery": found.deliveries,
    }
    return {kind: Level(kind, str(KINDS[kind]), nodes_of(kind, rows[kind], found)) for kind in ORDER}


def nodes_of(kind: str, rows: Iterable[Any], found: Found) -> list[Node]:
    """What is said of rows of a kind."""
    match kind:
        case "measure":
            return [_measure_node(row) for row in rows]
        case "idea":
            return [_idea_node(row) for row in rows]
        case "decision":
            return [_decision_node(row) for row in rows]
        case "recommendation":
            return [_recommendation_node(row, found.recommendations) for row in rows]
        case "statement":
            return [_statement_node(row) for row in rows]
        case "area":
            return [_area_node(row, found.results.get(row.pk)) for row in rows]
        case "indicator":
            figures = defaultdict(list)
            for shown in found.figures.values():
                for figure in shown:
                    figures[figure.indicator.pk].append(figure)
            return [_indicator_node(row, figures[row.pk]) for row in rows]
        case _:
            return [_delivery_node(row) for row in rows]


def _why(kind: str, pk: int) -> str:
    return link("workflows:why", kind, pk)


def _measure_node(row: Measure) -> Node:
    return Node(
        title=str(row),
        url=link("measures:measure-detail", row.pk),
        why_url=_why("measure", row.pk),
        lines=(_("Responsible: %(organisation)s") % {"organisation": row.responsible},),
        badge=Badge("info", row.get_status_display()),
    )


def _idea_node(row: SpaceIdea) -> Node:
    """An idea of an evening; what became of it only where everybody reads it."""
    answers: list[SpaceAnswer] = row.public_answers  # type: ignore[attr-defined]
    lines = [f"„{row.text}“"]
    badge = None
    if answers:
        badge = Badge("info", answers[0].get_kind_display())
        lines += [words for words in (destination_of(answers[0]), answers[0].text) if words]
    return Node(
        title=str(row),
        url=f"{link('workflows:space-conference-detail', row.conference_id)}#idea-{row.number}",
        why_url=_why("idea", row.pk),
        lines=tuple(lines),
        badge=badge,
    )


def _decision_node(row: Decision) -> Node:
    lines = [
        _("%(body)s, %(day)s: %(yes)s yes, %(no)s no, %(abstain)s abstentions")
        % {
            "body": row.body,
            "day": date_de(row.decided_on),
            "yes": row.yes_count,
            "no": row.no_count,
            "abstain": row.abstain_count,
        }
    ]
    if row.conditions:
        lines.append(_("Conditions: %(text)s") % {"text": row.conditions})
    if row.reason:
        lines.append(_("Reason: %(text)s") % {"text": row.reason})
    return Node(
        title=_("Decision %(number)s: %(title)s") % {"number": row.reference, "title": row.version.title},
        url=link("workflows:decision-detail", row.pk),
        why_url=_why("decision", row.pk),
        lines=tuple(lines),
        badge=Badge(RESULT_KINDS.get(row.result, "neutral"), row.get_result_display()),
    )


def merged_levels(start: Any, found: Found) -> tuple[list[Level], list[Level]]:
    """What a recommendation was merged from, and what it was merged into, as links of their own."""
    origins = [row for row in found.recommendations if row.merged_into_id == start.pk]
    heirs = [row for row in found.recommendations if row.pk == start.merged_into_id]
    kind = "recommendation"
    return (
        [Level(kind, _("Merged from"), nodes_of(kind, origins, found))] if origins else [],
        [Level(kind, _("Merged into"), nodes_of(kind, heirs, found))] if heirs else [],
    )


def _recommendation_node(row: Any, family: Sequence[Any]) -> Node:
    readable = list(row.versions.all())
    version = readable[-1] if readable else None
    lines = [_("Finding: %(text)s") % {"text": version.finding}] if version and version.finding else []
    if version and version.number > 1:
        lines.append(_("Version %(number)s") % {"number": version.number})
    origins = [other.reference for other in family if other.merged_into_id == row.pk]
    if origins:
        lines.append(_("Merged from %(numbers)s") % {"numbers": ", ".join(origins)})
    lines += [
        _("Merged into %(number)s") % {"number": other.reference}
        for other in family
        if other.pk == row.merged_into_id
    ]
    state = row.seen_state
    return Node(
        title=f"{row.reference} {row.seen_title}",
        url=link("workflows:recommendation-detail", row.pk),
        why_url=_why("recommendation", row.pk),
        lines=tuple(lines),
        badge=Badge(STATE_KINDS.get(state, "neutral"), Recommendation(state=state).get_state_display()),
    )


def _statement_node(row: Statement) -> Node:
    parts = [row.area.name, row.indicator.name if row.indicator else ""]
    return Node(
        title=f"{row.organisation.label} {row.get_position_display()}",
        url=link("workflows:statement-list", row.cycle_id, area=row.area_id),
        why_url=_why("statement", row.pk),
        lines=(f"„{row.text}“", " · ".join(part for part in parts if part)),
    )


def _area_node(row: Area, result: IndexResult | None) -> Node:
    lines = []
    if result is not None and result.total is not None:
        lines.append(
            _("Index %(total)s, rank %(rank)s") % {"total": signed_de(result.total), "rank": result.rank}
        )
    badge = Badge("danger", _("stands out")) if result is not None and result.stands_out else None
    return Node(
        title=row.name,
        url=link("monitoring:area-detail", row.pk),
        why_url=_why("area", row.pk),
        lines=tuple(lines),
        badge=badge,
    )


def _indicator_node(row: Indicator, figures: Sequence[Figure]) -> Node:
    return Node(
        title=row.name,
        url=link("monitoring:indicator-detail", row.pk),
        why_url=_why("indicator", row.pk),
        lines=tuple(_figure_line(figure) for figure in figures),
    )


def _figure_line(figure: Figure) -> str:
    if figure.z is None:
        return f"{figure.area.name}: {figure.text}"
    return _("%(area)s: %(value)s, deviation %(deviation)s") % {
        "area": figure.area.name,
        "value": figure.text,
        "deviation": signed_de(figure.z),
    }


def _delivery_node(row: Delivery) -> Node:
    day = row.accepted_at or row.submitted_at or row.created_at
    word = _("accepted on %(day)s") if row.accepted_at else _("received on %(day)s")
    return Node(
        title=f"{row.supplier}: {row.file_name}",
        url=link("monitoring:delivery-detail", row.pk),
        why_url=_why("delivery", row.pk),
        lines=(word % {"day": date_de(day)},),
    )
