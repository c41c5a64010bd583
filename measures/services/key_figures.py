"""Writes on the key figures of a measure: baseline and targets."""

from __future__ import annotations

import dataclasses
import datetime
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from measures.models import FigureDirection, FigureLevel, KeyFigure, KeyFigureTarget, Measure
from monitoring.models import Unit
from project.common.errors import DomainError, as_domain_error
from project.common.formats import date_de


@dataclasses.dataclass(frozen=True)
class KeyFigureInput:
    """A key figure as it should be.

    Args:
        title: What is counted; once per measure.
        unit: Unit of baseline and targets.
        baseline: Where it begins.
        baseline_on: Day of the baseline, before the first target.
        targets: Days with the value to be reached by then; at least one, each day once.
        level: Output (did we do it?) or outcome (did it change?).
        direction: Which way is good.
        definition: How it is counted, and from which source.
        pk: Key of the key figure to change; None for a new one.
    """

    title: str
    unit: Unit
    baseline: Decimal
    baseline_on: datetime.date
    targets: Sequence[tuple[datetime.date, Decimal]]
    level: str = FigureLevel.OUTPUT
    direction: str = FigureDirection.RISING
    definition: str = ""
    pk: int | None = None


def key_figures_save(measure: Measure, wanted: Sequence[KeyFigureInput]) -> list[str]:
    """Make the key figures of a measure those given.

    Args:
        measure: A saved measure.
        wanted: All its key figures; existing ones that are left out are removed.

    Returns:
        What changed, one sentence each, for the audit log.

    Raises:
        DomainError: ``figure_missing``, ``figure_twice``, ``target_missing``, ``target_twice``,
            ``baseline_after_target``, ``target_outside_plan``, ``target_against_direction``,
            ``figure_reported`` where figures were reported already, ``foreign_figure``, ``invalid``.
    """
    if not wanted:
        raise DomainError("figure_missing", _("Name at least one key figure with baseline and target."))
    titles = Counter(row.title.strip().casefold() for row in wanted)
    if max(titles.values()) > 1:
        raise DomainError("figure_twice", _("Each key figure needs a title of its own."))
    for row in wanted:
        _check(measure, row)
    existing = {figure.pk: figure for figure in measure.key_figures.select_related("unit")}
    changes = _remove(existing, {row.pk for row in wanted})
    for row in wanted:
        if row.pk is None:
            _save(KeyFigure(measure=measure), row)
            changes.append(f"+ {_summary(row)}")
        elif row.pk in existing:
            changes += _update(existing[row.pk], row)
        else:
            raise DomainError("foreign_figure", _("A key figure belongs to another measure."))
    return changes


def _check(measure: Measure, row: KeyFigureInput) -> None:
    names = {"figure": row.title}
    days = [day for day, _value in row.targets]
    if not days:
        raise DomainError("target_missing", _("“%(figure)s” needs at least one target.") % names)
    if len(days) != len(set(days)):
        raise DomainError("target_twice", _("“%(figure)s” has two targets for one day.") % names)
    if min(days) <= row.baseline_on:
        raise DomainError(
            "baseline_after_target",
            _("The baseline of “%(figure)s” must lie before its first target.") % names,
        )
    if max(days) > measure.plan.ends_on:
        raise DomainError(
            "target_outside_plan",
            _("The targets of “%(figure)s” must lie within the action plan (until %(day)s).")
            % {**names, "day": date_de(measure.plan.ends_on)},
        )
    sign = 1 if row.direction == FigureDirection.RISING else -1
    if any(sign * (value - row.baseline) < 0 for _day, value in row.targets):
        raise DomainError(
            "target_against_direction",
            _("A target of “%(figure)s” lies on the wrong side of its baseline. Check direction and numbers.")
            % names,
        )


def _remove(existing: dict[int, KeyFigure], kept: set[int | None]) -> list[str]:
    changes = []
    for pk, figure in existing.items():
        if pk in kept:
            continue
        if figure.reported.exists():
            raise DomainError(
                "figure_reported",
                _("“%(figure)s” has been asked for in a report and cannot be removed.")
                % {"figure": figure.title},
            )
        figure.delete()
        changes.append(f"- {figure.title}")
    return changes


def _update(figure: KeyFigure, row: KeyFigureInput) -> list[str]:
    if figure.unit_id != row.unit.pk and figure.reported.filter(value__isnull=False).exists():
        raise DomainError(
            "figure_reported",
            _("Values of “%(figure)s” have been reported; its unit cannot change any more.")
            % {"figure": figure.title},
        )
    before = _summary(_input_of(figure))
    _save(figure, row)
    after = _summary(row)
    return [f"{before} -> {after}"] if before != after else []


def _save(figure: KeyFigure, row: KeyFigureInput) -> None:
    figure.title = row.title.strip()
    figure.level = row.level
    figure.unit = row.unit
    figure.direction = row.direction
    figure.baseline = row.baseline
    figure.baseline_on = row.baseline_on
    figure.definition = row.definition.strip()
    try:
        figure.full_clean()
    except ValidationError as error:
        raise as_domain_error(error) from error
    figure.save()
    figure.targets.exclude(due_on__in=[day for day, _value in row.targets]).delete()
    for day, value in row.targets:
        KeyFigureTarget.objects.update_or_create(key_figure=figure, due_on=day, defaults={"value": value})


def _input_of(figure: KeyFigure) -> KeyFigureInput:
    return KeyFigureInput(
        title=figure.title,
        unit=figure.unit,
        baseline=figure.baseline,
        baseline_on=figure.baseline_on,
        targets=[(target.due_on, target.value) for target in figure.targets.all()],
        level=figure.level,
        direction=figure.direction,
        definition=figure.definition,
        pk=figure.pk,
    )


def _summary(row: KeyFigureInput) -> str:
    targets = ", ".join(f"{day.isoformat()}: {value.normalize():f}" for day, value in sorted(row.targets))
    return (
        f"{row.title.strip()} [{row.unit}, {row.direction}, {row.level}] "
        f"{row.baseline_on.isoformat()}: {row.baseline.normalize():f}; {targets}"
        + (f"; {row.definition.strip()}" if row.definition.strip() else "")
    )
