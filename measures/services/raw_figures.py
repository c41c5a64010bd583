"""Small counts of people among key figures: told to those who may know them, and each look is in the log."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from measures.models import ActionPlan, Measure, RoundReport
from measures.selectors.figures import FigureLine, is_small_count, protected
from measures.selectors.reports import ReportLine
from measures.workbook.rows import small_counts
from stakeholders.audit import log_action
from stakeholders.models import Organisation
from stakeholders.permissions import Perm, can, visible


def figures_told(lines: Sequence[FigureLine], *, user: Any, measure: Measure) -> list[FigureLine]:
    """Key figures of a measure as a person may see them.

    The house that reports a figure typed it itself; anybody else needs the right to raw figures. Either way
    it is written down that small counts were seen.

    Args:
        lines: Key figures as confirmed.
        user: Who looks.
        measure: Theirs, with its plan, territory and responsible house.

    Returns:
        The same, or without small counts. Queries: none where no count is small; else 2 or 3 for the rights
        of each house that reports and 1 for the entry.
    """
    hidden = [protected(line) for line in lines]
    small: dict[Organisation, list[str]] = {}
    for line, told in zip(lines, hidden, strict=True):
        if told is not line:
            small.setdefault(line.figure.reporter or measure.responsible, []).append(line.figure.title)
    houses = {
        house: _is_told(titles, user=user, obj=measure, house=house, plan=measure.plan)
        for house, titles in small.items()
    }
    return [
        line if told is line or houses[line.figure.reporter or measure.responsible] else told
        for line, told in zip(lines, hidden, strict=True)
    ]


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
    figure, corrected = protected(line.figure), line.corrected
    if corrected is not None and is_small_count(corrected.value, line.figure.figure):
        corrected = dataclasses.replace(corrected, value=None, is_secret=True)
    if figure is line.figure and corrected is line.corrected and not line.is_small:
        return line
    return dataclasses.replace(
        line, figure=figure, is_secret=line.is_small, known_light=line.light, corrected=corrected
    )


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


def measures_told(measures: Any, *, user: Any, plan: ActionPlan) -> frozenset[int]:
    """Measures of a plan whose small counts a file for a person may hold; it is written down that it does.

    Args:
        measures: Measures in the file.
        user: For whom it is.
        plan: Theirs, with its territory.

    Returns:
        Keys of the measures. Queries: 1 where no count is small; else 2 or 3 for the rights and 1 for the
        entry.
    """
    small = small_counts(measures.values("pk"))
    if not small:
        return frozenset()
    if not can(user, Perm.VIEW_RAW_FIGURES, plan.territory):
        houses = visible(user, Perm.ACT_FOR_ORGANISATION, Organisation.objects.all()).values("pk")
        own = measures.filter(pk__in=small, responsible__in=houses)
        small = sorted(own.values_list("pk", flat=True))
    if small:
        log_action(
            "key_figures.seen_raw",
            user=user,
            obj=plan,
            territory=plan.territory,
            data={"measures": small, "file": True},
        )
    return frozenset(small)
