"""Evidence to tick in the form of a recommendation: figures and statements of the areas chosen."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from monitoring.models import Area, Domain, Indicator
from workflows.forms.recommendations import WordingForm
from workflows.models import PlanningCycle, Statement
from workflows.selectors.conference import (
    Figure,
    area_figures,
    cycle_indicators,
    evidence_areas,
    statements_of,
)


@dataclasses.dataclass(frozen=True)
class IndicatorChoice:
    """An indicator to tick, with its figures in the areas chosen."""

    indicator: Indicator
    figures: list[Figure]
    is_chosen: bool

    @property
    def strongest(self) -> float:
        """Greatest deviation towards need in the areas chosen."""
        return max((figure.z for figure in self.figures if figure.z is not None), default=float("-inf"))


@dataclasses.dataclass(frozen=True)
class StatementChoice:
    """A statement to tick."""

    statement: Statement
    is_chosen: bool


@dataclasses.dataclass(frozen=True)
class EvidenceChoice:
    """All that can be ticked for the areas chosen."""

    areas: list[Area]
    domains: list[tuple[Domain, list[IndicatorChoice]]]
    statements: list[tuple[Area, list[StatementChoice]]]

    @property
    def chosen_indicators(self) -> int:
        """Number of indicators ticked."""
        return sum(choice.is_chosen for _domain, choices in self.domains for choice in choices)

    @property
    def chosen_statements(self) -> int:
        """Number of statements ticked."""
        return sum(choice.is_chosen for _area, choices in self.statements for choice in choices)


def evidence_choice(cycle: PlanningCycle, form: WordingForm) -> EvidenceChoice:
    """Indicators with their figures and statements for the areas ticked in the form.

    Statements on other areas stay in the list as long as they are ticked, so that nothing is lost unseen.
    Queries: 6.
    """
    return build_evidence_choice(
        cycle,
        area_pks=form.chosen("areas"),
        indicator_pks=form.chosen("indicators"),
        statement_pks=form.chosen("statements"),
        held=form.held,
    )


def build_evidence_choice(
    cycle: PlanningCycle,
    *,
    area_pks: set[int],
    indicator_pks: set[int],
    statement_pks: set[int],
    held: Mapping[str, Sequence[int]],
) -> EvidenceChoice:
    """As ``evidence_choice``, from keys; ``held`` are those offered besides what the cycle has."""
    areas = list(evidence_areas(cycle, also=held["areas"]).filter(pk__in=area_pks))
    figures = area_figures(cycle, areas)
    by_indicator: dict[int, list[Figure]] = {}
    for area in areas:
        for figure in figures[area.pk]:
            by_indicator.setdefault(figure.indicator.pk, []).append(figure)
    domains: dict[int, tuple[Domain, list[IndicatorChoice]]] = {}
    for indicator in cycle_indicators(cycle, also=held["indicators"]):
        choice = IndicatorChoice(indicator, by_indicator.get(indicator.pk, []), indicator.pk in indicator_pks)
        domains.setdefault(indicator.domain_id, (indicator.domain, []))[1].append(choice)
    statements = statements_of(cycle, also=held["statements"])
    return EvidenceChoice(
        areas=areas,
        domains=list(domains.values()),
        statements=_by_area(statements, areas, statement_pks),
    )


def _by_area(
    statements: Iterable[Statement], areas: Sequence[Area], chosen: set[int]
) -> list[tuple[Area, list[StatementChoice]]]:
    wanted = {area.pk for area in areas}
    groups: dict[int, tuple[Area, list[StatementChoice]]] = {}
    for statement in statements:
        if statement.area_id in wanted or statement.pk in chosen:
            group = groups.setdefault(statement.area_id, (statement.area, []))
            group[1].append(StatementChoice(statement, statement.pk in chosen))
    return list(groups.values())
