"""Small counts of people among key figures: told to those who may know them, and each look is in the log."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from measures.models import Measure, RoundReport
from measures.selectors.figures import FigureLine, protected
from measures.selectors.reports import ReportLine
from stakeholders.audit import log_action
from stakeholders.models import Organisation
from stakeholders.permissions import Perm, can


def figures_told(lines: Sequence[FigureLine], *, user: Any, measure: Measure) -> list[FigureLine]:
    """Key figures of a measure as a person may see them.

    The responsible house typed its figures itself; anybody else needs the right to raw figures. Either way it
    is written down that small counts were seen.

    Args:
        lines: Key figures as confirmed.
        user: Who looks.
        measure: Theirs, with its plan, territory and responsible house.

    Returns:
        The same, or without small counts. Queries: none where no count is small; else 2 or 3 for the rights
        and 1 for the entry.
    """
    hidden = [protected(line) for line in lines]
    small = [line.figure.title for line, told in zip(lines, hidden, strict=True) if told is not line]
    if not small:
        return list(lines)
    is_told = _is_told(small, user=user, obj=measure, house=measure.responsible, plan=measure.plan)
    return list(lines) if is_told else hidden


def report_told(lines: Sequence[ReportLine], *, user: Any, report: RoundReport) -> list[ReportLine]:
    """Lines of a report as a person may see them; as ``figures_told``, with the house that reports.

    Args:
        lines: Of ``report_lines``.
        user: Who looks.
        report: Theirs, with its round, plan, territory and house.
    """
    hidden = [_without_small(line) for line in lines]
    small = [line.figure.figure.title for line, told in zip(lines, hidden, strict=True) if told is not line]
    if not small:
        return list(lines)
    is_told = _is_told(small, user=user, obj=report, house=report.organisation, plan=report.round.plan)
    return list(lines) if is_told else hidden


def _without_small(line: ReportLine) -> ReportLine:
    figure = protected(line.figure)
    if figure is line.figure and not line.is_small:
        return line
    return dataclasses.replace(line, figure=figure, is_secret=line.is_small, known_light=line.light)


def _is_told(titles: Sequence[str], *, user: Any, obj: Any, house: Organisation, plan: Any) -> bool:
    is_own = bool(can(user, Perm.ACT_FOR_ORGANISATION, house))
    if not is_own and not can(user, Perm.VIEW_RAW_FIGURES, plan.territory):
        return False
    log_action(
        "key_figures.seen_raw",
        user=user,
        obj=obj,
        territory=plan.territory,
        data={"figures": sorted(titles), "own": is_own},
    )
    return True
