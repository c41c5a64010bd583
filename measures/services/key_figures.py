"""Writes on the key figures of a measure: baseline and targets."""

from __future__ import annotations

import dataclasses
import datetime
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from measures.models import (
    FigureCycle,
    FigureDirection,
    FigureKind,
    FigureLevel,
    KeyFigure,
    KeyFigureTarget,
    Measure,
    QualityStep,
)
from measures.status import AT_RISK_PERCENT, ON_PATH_PERCENT, PERCENT
from monitoring.models import Area, Indicator, Unit
from project.common.errors import DomainError, as_domain_error
from project.common.formats import date_de
from stakeholders.models import Organisation

#: Unit of judgements in steps; made when the first one is written.
STEP_UNIT = "quality_step"


@dataclasses.dataclass(frozen=True)
class KeyFigureInput:
    """A key figure as it should be.

    Args:
        title: What is counted or judged; once per measure.
        unit: Unit of baseline and targets; None for judgements in steps, and for what follows an indicator.
        baseline: Where it begins; of a judgement a ``QualityStep``.
        baseline_on: Day of the baseline, before the first target.
        targets: Days with the value to be reached by then; at least one, each day once.
        level: Output (did we do it?) or outcome (did it change?).
        direction: Which way is good; judgements in steps always rise.
        definition: How it is counted.
        pk: Key of the key figure to change; None for a new one.
        source: Where the numbers come from.
        kind: Counted, or judged in steps.
        cycle: How often it is asked for (``selectors.due_figures``).
        reporter: Organisation that reports it; None for the responsible one of the measure.
        on_path_percent: First border of the traffic light (percent of the way behind).
        at_risk_percent: Second border, above the first and at most 100.
        indicator: Indicator that an outcome follows by itself; None for one that is reported.
        area: Area of the territory whose indicator it follows.
        wordings: Day of a target -> what shall be reached by then, in words.
    """

    title: str
    unit: Unit | None
    baseline: Decimal
    baseline_on: datetime.date
    targets: Sequence[tuple[datetime.date, Decimal]]
    level: str = FigureLevel.OUTPUT
    direction: str = FigureDirection.RISING
    definition: str = ""
    pk: int | None = None
    source: str = ""
    kind: str = FigureKind.QUANTITY
    cycle: str = FigureCycle.EVERY_ROUND
    reporter: Organisation | None = None
    on_path_percent: int = ON_PATH_PERCENT
    at_risk_percent: int = AT_RISK_PERCENT
    indicator: Indicator | None = None
    area: Area | None = None
    wordings: Mapping[datetime.date, str] = dataclasses.field(default_factory=dict)

    @property
    def is_judged(self) -> bool:
        """Whether it is judged in steps."""
        return self.kind == FigureKind.QUALITY


def impossible(value: Decimal | None, unit: Unit) -> Promise | None:
    """Why a value cannot be.

    People and cases are counted in whole ones, from zero; a share lies between 0 and 100 %; what is shown
    without decimals has none.

    Args:
        value: Reported value, baseline or target; None for none.
        unit: Unit of the key figure. ``is_percent`` marks shares: an occupancy or a change, which may lie
            elsewhere, has a unit of its own ("% (change)").
    """
    if value is None:
        return None
    if unit.is_count and value < 0:
        return _("People or cases cannot be fewer than none. Enter the count itself, not the change.")
    if unit.is_count and value % 1:
        return _("People or cases are counted in whole numbers.")
    if unit.is_percent and not 0 <= value <= PERCENT:
        return _("A share lies between 0 and 100 %. Changes and occupancies have a unit of their own.")
    # It would be shown rounded everywhere: what stands in the report must be what was meant.
    if not unit.decimals and value % 1:
        return _("This unit is counted in whole numbers.")
    return None


def impossible_step(value: Decimal | None) -> Promise | None:
    """Why a value is none of the steps of a judgement."""
    if value is None or value in QualityStep.values:
        return None
    return _("Choose one of the steps.")


def step_unit() -> Unit:
    """Unit of judgements in steps. Queries: 1, the first time 2."""
    defaults = {"symbol_de": "Stufe", "symbol_en": "step", "decimals": 0}
    return Unit.objects.get_or_create(key=STEP_UNIT, defaults=defaults)[0]


def key_figures_save(measure: Measure, wanted: Sequence[KeyFigureInput]) -> list[str]:
    """Make the key figures of a measure those given.

    Args:
        measure: A saved measure.
        wanted: All its key figures; existing ones that are left out are removed.

    Returns:
        What changed, one sentence each, for the audit log.

    Raises:
        DomainError: ``figure_missing``, ``figure_twice``, ``target_missing``, ``target_twice``,
            ``baseline_after_target``, ``baseline_in_future``, ``target_outside_plan``,
            ``target_against_direction``, ``unit_missing``, ``impossible_value``, ``borders_out_of_order``,
            ``area_missing``, ``indicator_needs_outcome``, ``foreign_area``, ``foreign_organisation``,
            ``figure_reported`` where figures were reported already, ``foreign_figure``, ``invalid``.
    """
    if not wanted:
        raise DomainError("figure_missing", _("Name at least one key figure with baseline and target."))
    titles = Counter(row.title.strip().casefold() for row in wanted)
    if max(titles.values()) > 1:
        raise DomainError("figure_twice", _("Each key figure needs a title of its own."))
    wanted = [_completed(row) for row in wanted]
    existing = {figure.pk: figure for figure in measure.key_figures.select_related("unit")}
    for row in wanted:
        _check(measure, row)
        _check_following(measure, row)
        _check_values(row)
        _check_baseline(row, existing.get(row.pk or 0))
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


def _completed(row: KeyFigureInput) -> KeyFigureInput:
    """A key figure with what follows from its kind: unit and direction."""
    if row.is_judged:
        return dataclasses.replace(
            row, unit=step_unit(), direction=FigureDirection.RISING, indicator=None, area=None
        )
    if row.indicator is not None:
        # Nobody is asked for it: who reports and how often does not apply.
        return dataclasses.replace(row, unit=row.indicator.unit, reporter=None, cycle=FigureCycle.EVERY_ROUND)
    return row


def _check_following(measure: Measure, row: KeyFigureInput) -> None:
    names = {"figure": row.title}
    if (row.indicator is None) != (row.area is None):
        raise DomainError(
            "area_missing",
            _("“%(figure)s” follows an indicator of an area: choose both, or neither.") % names,
        )
    if row.indicator is not None and row.level != FigureLevel.OUTCOME:
        raise DomainError(
            "indicator_needs_outcome",
            _("Only an outcome can follow an indicator. Set the level of “%(figure)s” to outcome.") % names,
        )
    territory = measure.plan.territory_id
    if row.area is not None and row.area.territory_id != territory:
        raise DomainError("foreign_area", _("An area belongs to another territory."))
    if row.reporter is not None and row.reporter.territory_id not in {None, territory}:
        raise DomainError(
            "foreign_organisation",
            _("%(name)s belongs to another territory.") % {"name": row.reporter.label},
        )
    if not 0 <= row.on_path_percent < row.at_risk_percent <= PERCENT:
        raise DomainError(
            "borders_out_of_order",
            _("Borders of “%(figure)s”: yellow begins above green and ends at 100 %% at most.") % names,
        )


def _check_values(row: KeyFigureInput) -> None:
    if row.unit is None:
        raise DomainError("unit_missing", _("“%(figure)s” needs a unit.") % {"figure": row.title})
    for value in (row.baseline, *(target for _day, target in row.targets)):
        fault = impossible_step(value) if row.is_judged else impossible(value, row.unit)
        if fault is not None:
            raise DomainError("impossible_value", f"{row.title}: {fault}")


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


def _check_baseline(row: KeyFigureInput, figure: KeyFigure | None) -> None:
    """A baseline is what was measured; only zero, before anything is done, may lie ahead.

    Statistics of a year stand at its last day, whenever in the year they are delivered: what follows an
    indicator may begin there.
    """
    today = timezone.localdate()
    if not row.baseline or row.baseline_on <= today:
        return
    if row.indicator is not None and row.baseline_on.year == today.year:
        return
    if figure is None or (figure.baseline, figure.baseline_on) != (row.baseline, row.baseline_on):
        raise DomainError(
            "baseline_in_future",
            _(
                "The baseline of “%(figure)s” lies in the future (%(day)s), where nothing can have been "
                "measured yet. Enter the day of the measurement; only a baseline of zero may lie ahead."
            )
            % {"figure": row.title, "day": date_de(row.baseline_on)},
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
    assert row.unit is not None  # _check_values
    names = {"figure": figure.title}
    is_reported = figure.reported.filter(value__isnull=False).exists()
    if is_reported and figure.unit_id != row.unit.pk:
        raise DomainError(
            "figure_reported",
            _("Values of “%(figure)s” have been reported; its unit cannot change any more.") % names,
        )
    following = (row.indicator and row.indicator.pk, row.area and row.area.pk)
    if is_reported and following != (figure.indicator_id, figure.area_id):
        raise DomainError(
            "figure_reported",
            _("Values of “%(figure)s” have been reported; it cannot follow an indicator any more.") % names,
        )
    before = _summary(input_of(figure))
    _save(figure, row)
    after = _summary(row)
    return [f"{before} -> {after}"] if before != after else []


def _save(figure: KeyFigure, row: KeyFigureInput) -> None:
    assert row.unit is not None  # _check_values
    for name in _COLUMNS:
        setattr(figure, name, getattr(row, name))
    figure.title = row.title.strip()
    figure.definition, figure.source = row.definition.strip(), row.source.strip()
    try:
        figure.full_clean()
    except ValidationError as error:
        raise as_domain_error(error) from error
    figure.save()
    figure.targets.exclude(due_on__in=[day for day, _value in row.targets]).delete()
    for day, value in row.targets:
        target = KeyFigureTarget.objects.filter(key_figure=figure, due_on=day).first()
        target = target or KeyFigureTarget(key_figure=figure, due_on=day)
        target.value, target.wording = value, row.wordings.get(day, "").strip()
        try:
            target.full_clean()
        except ValidationError as error:
            raise as_domain_error(error) from error
        target.save()


#: Columns that are taken as they are.
_COLUMNS = (
    "title",
    "level",
    "unit",
    "direction",
    "baseline",
    "baseline_on",
    "kind",
    "cycle",
    "reporter",
    "on_path_percent",
    "at_risk_percent",
    "indicator",
    "area",
)


def input_of(figure: KeyFigure) -> KeyFigureInput:
    """A key figure as it is, to be changed in parts. Queries: 1 unless targets are loaded."""
    targets = list(figure.targets.all())
    return KeyFigureInput(
        **{name: getattr(figure, name) for name in _COLUMNS},
        targets=[(target.due_on, target.value) for target in targets],
        wordings={target.due_on: target.wording for target in targets if target.wording},
        definition=figure.definition,
        source=figure.source,
        pk=figure.pk,
    )


def _summary(row: KeyFigureInput) -> str:
    """A key figure in one line, for the log: what differs from the usual is named."""
    targets = ", ".join(
        f"{day.isoformat()}: {value.normalize():f} {row.wordings.get(day, '')}".strip()
        for day, value in sorted(row.targets)
    )
    parts = [
        f"{row.title.strip()} [{row.unit}, {row.direction}, {row.level}] "
        f"{row.baseline_on.isoformat()}: {row.baseline.normalize():f}",
        targets,
        row.definition.strip(),
        row.source.strip(),
        "" if row.cycle == FigureCycle.EVERY_ROUND else str(row.cycle),
        row.reporter.name if row.reporter else "",
        f"{row.indicator} {row.area}" if row.indicator else "",
        f"{row.on_path_percent}/{row.at_risk_percent} %",
    ]
    return "; ".join(part for part in parts if part)
