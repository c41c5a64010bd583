"""Writes of the index: a frozen run with its rules, its inputs and their hash, and the results."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Final

import numpy as np
from django.db import models, transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from monitoring import presets
from monitoring.classes import MOST_CLASSES
from monitoring.index import Floats
from monitoring.index_spec import FilesError
from monitoring.levels import Method
from monitoring.methods import (
    DYNAMICS,
    LEAST_AREAS,
    STATUS,
    WEIGHTING,
    MethodSpec,
    Outcome,
    read_method,
    reckon,
)
from monitoring.models import (
    IndexMethod,
    IndexResult,
    IndexRun,
    IndexRunIndicator,
    IndexScore,
    Indicator,
)
from monitoring.scales import Scale
from monitoring.selectors.atlas import left_out_reason
from monitoring.selectors.run_inputs import RunInputs, run_inputs
from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import Organisation, User
from stakeholders.permissions import Perm, require

ENGINE: Final = "levels_v1"
_BATCH: Final = 5_000
#: Least share of own figures of an area whose gaps are filled.
_OWN_SHARE: Final = 0.5


#: What the arithmetic refuses, in words.
_REASONS: Final = {
    "geometric": _("a geometric mean needs numbers of 0 or more, such as places between lowest and highest."),
    "relative": _("from a mean of 0 there is no deviation as a share of it."),
}


class Missing(models.TextChoices):
    """What happens to an area that lacks figures."""

    EXCLUDE = "exclude", _("leave the area out of the index")
    AVAILABLE_90 = "available_90", _("judge it by the figures it has, from 90 % of them on")
    AVAILABLE_75 = "available_75", _("judge it by the figures it has, from 75 % of them on")
    AVAILABLE_50 = "available_50", _("judge it by the figures it has, from half of them on")
    LAST = "last_value", _("take its last earlier figure, marked")
    NEIGHBOURS = "neighbours_mean", _("take the mean of its neighbours, marked")

    @property
    def rules(self) -> dict[str, Any]:
        """The same in the content of a method."""
        if self is Missing.EXCLUDE:
            return {"missing_policy": "exclude"}
        if self in {Missing.LAST, Missing.NEIGHBOURS}:
            return {"missing_policy": self.value, "minimum_share": _OWN_SHARE}
        share = int(self.value.rpartition("_")[2]) / 100
        return {"missing_policy": "mean_of_available", "minimum_share": share}


def index_run_create(
    *,
    territory: Organisation,
    year: int,
    indicators: Iterable[Indicator],
    border: Decimal,
    user: User,
    missing_policy: str = Missing.EXCLUDE,
    minimum_population: int | None = None,
) -> IndexRun:
    """Compute the index of the Rheinisch-Bergischer Kreis: all deviations added up with equal weight.

    Args:
        territory: The planning authority.
        year: Year the index stands for.
        indicators: What enters, with equal weight; rates and shares only.
        border: Areas above it stand out (standard deviations, above 0).
        user: Who computes; needs the right to plan the territory.
        missing_policy: Value of ``Missing``.
        minimum_population: Areas with fewer inhabitants are left out, in the year where that is known; None
            for no such rule.

    Returns:
        The run; the same inputs give the same hash and the same results.

    Raises:
        PermissionDenied: The user may not plan the territory.
        DomainError: ``no_indicator``, ``border_not_positive`` and those of ``index_run_by_rules``.
    """
    require(user, Perm.PLAN_TERRITORY, territory)
    chosen = sorted({row.pk: row for row in indicators}.values(), key=lambda row: row.key)
    if not chosen:
        raise DomainError("no_indicator", _("Choose at least one indicator."))
    if border <= 0:
        raise DomainError("border_not_positive", _("The border must be above 0."))
    content = presets.DEVIATIONS.content()
    del content["population"]
    content |= Missing(missing_policy).rules
    content["indicator"] = [{"column": row.key, "direction": row.direction} for row in chosen]
    content["classes"]["borders"] = [float(border)]
    if minimum_population is not None:
        content["population"] = {"minimum": minimum_population}
    return index_run_by_rules(territory=territory, year=year, content=content, user=user)


@transaction.atomic
def index_run_by_rules(
    *,
    territory: Organisation,
    year: int,
    content: presets.Content,
    user: User,
    method: IndexMethod | None = None,
) -> IndexRun:
    """Compute an index by any rules over the areas of a territory and freeze it with all its inputs.

    Areas are those of the territory's finest level; ones that do not exist on 31 December are left out as
    "invalid".

    Args:
        territory: The planning authority.
        year: Year the index stands for.
        content: Rules, see ``monitoring.methods.read_method``; columns are keys of indicators.
        user: Who computes; needs the right to plan the territory.
        method: The saved method the rules are from.

    Returns:
        The run; the same inputs give the same hash and the same results.

    Raises:
        PermissionDenied: The user may not plan the territory.
        DomainError: ``foreign_method``, ``method_invalid``, ``unknown_indicator``, ``counts_in_index``,
            ``indicator_without_figures``, ``no_boundaries``, ``too_few_areas``, ``not_computable``,
            ``method_changed``.

    Queries: about 16 and one for each 5,000 rows, whatever the number of areas.
    """
    require(user, Perm.PLAN_TERRITORY, territory)
    if method is not None and method.territory_id != territory.pk:
        raise DomainError("foreign_method", _("This method belongs to another territory."))
    spec = method_spec(content)
    inputs = run_inputs(territory, year, indicators_of(spec), fill=spec.status.missing.fill)
    outcome = _reckoned(inputs, spec)
    if method is not None:
        _hold(method, content)
    run = IndexRun.objects.create(
        territory=territory,
        year=year,
        method=ENGINE,
        index_method=method,
        content=content,
        missing_policy=_policy_name(content),
        minimum_population=_whole(spec.status.minimum_population),
        border=None if spec.border is None else Decimal(str(round(spec.border, 2))),
        inputs_sha256=inputs.digest({"engine": ENGINE, "year": year, "content": content}),
        created_by=user,
        **WEIGHTING,
    )
    _write(run, inputs, spec, outcome)
    log_action(
        "index.computed",
        user=user,
        obj=run,
        territory=territory,
        data={
            "year": year,
            "method": str(method) if method is not None else "",
            "indicators": [row.key for row in inputs.indicators],
            "sha256": run.inputs_sha256,
        },
    )
    return run


def _hold(method: IndexMethod, content: presets.Content) -> None:
    """Hold a method until its run is saved: who changes it meanwhile sees that it is in use."""
    if IndexMethod.objects.select_for_update().get(pk=method.pk).content != content:
        raise DomainError(
            "method_changed", _("The method has been changed meanwhile. Please compute the index again.")
        )


def method_spec(content: presets.Content) -> MethodSpec:
    """Read rules.

    Raises:
        DomainError: ``method_invalid`` with everything that is wrong; ``too_many_classes`` for a map.
    """
    try:
        spec = read_method(content)
    except FilesError as error:
        raise DomainError(
            "method_invalid",
            gettext("The rules do not fit together: %(problems)s") % {"problems": "; ".join(error.problems)},
        ) from error
    if spec.status.classes is not None and len(spec.status.classes.labels) > MOST_CLASSES:
        raise DomainError(
            "too_many_classes",
            gettext("At most %(count)s classes, please: more could not be told apart on a map.")
            % {"count": MOST_CLASSES},
        )
    return spec


def indicators_of(spec: MethodSpec) -> list[Indicator]:
    """Indicators of a method in its order.

    Raises:
        DomainError: ``unknown_indicator``, ``counts_in_index``.
    """
    keys = [column.key for column in spec.columns]
    known = {row.key: row for row in Indicator.objects.filter(key__in=keys).select_related("unit", "domain")}
    unknown = [key for key in keys if key not in known]
    if unknown:
        raise DomainError(
            "unknown_indicator",
            gettext("The catalogue has no indicator %(keys)s.") % {"keys": ", ".join(unknown)},
        )
    for row in known.values():
        if row.unit.is_count:
            raise DomainError(
                "counts_in_index",
                gettext(
                    "“%(name)s” is a count: large areas would always come first. "
                    "Choose a rate or a share instead."
                )
                % {"name": row.name},
            )
    return [known[key] for key in keys]


def _reckoned(inputs: RunInputs, spec: MethodSpec) -> Outcome:
    try:
        outcome = reckon(
            inputs.matrix(inputs.cells),
            spec,
            valid=inputs.valid,
            population=inputs.population,
            last=None if inputs.last is None else inputs.matrix(inputs.last),
            neighbours=inputs.neighbours,
        )
    except ValueError as error:
        raise DomainError(
            "not_computable",
            gettext("These rules cannot be computed with these figures: %(reason)s")
            % {"reason": next((words for part, words in _REASONS.items() if part in str(error)), error)},
        ) from error
    if int(outcome.included.sum()) < LEAST_AREAS:
        raise DomainError(
            "too_few_areas",
            gettext(
                "Fewer than two areas have all they need to be compared. Choose other indicators or rules. "
                "Left out: %(reasons)s."
            )
            % {"reasons": _reasons_counted(outcome)},
        )
    return outcome


def _reasons_counted(outcome: Outcome) -> str:
    """How many areas stay out for which reason, the most frequent first."""
    counts = Counter(str(reason) for reason in outcome.reasons if reason).most_common()
    return "; ".join(f"{count} – {left_out_reason(reason)}" for reason, count in counts)


def _policy_name(content: presets.Content) -> str:
    """Value of ``Missing`` where the rules are one of its; else the name of the policy."""
    rules = {
        name: content[name]
        for name in ("missing_policy", "minimum_share")
        if name in content and (name != "minimum_share" or content.get("missing_policy") != "exclude")
    } or Missing.EXCLUDE.rules
    return next((row.value for row in Missing if row.rules == rules), rules.get("missing_policy", ""))


def _write(run: IndexRun, inputs: RunInputs, spec: MethodSpec, outcome: Outcome) -> None:
    parts = [(name, part) for name, part in zip((STATUS, DYNAMICS), spec.parts, strict=False)]
    named = [(name, column) for name, part in parts for column in part.columns]
    means, sds = outcome.columns("means"), outcome.columns("sds")
    IndexRunIndicator.objects.bulk_create(
        IndexRunIndicator(
            run=run,
            indicator=row,
            direction=column.direction.value,
            weight=column.weight,
            domain_label=column.domain,
            part=name,
            mean=_number(mean),
            sd=_number(sd),
        )
        for row, (name, column), mean, sd in zip(inputs.indicators, named, means, sds, strict=True)
    )
    IndexResult.objects.bulk_create(_results(run, inputs, spec, outcome), batch_size=_BATCH)
    IndexScore.objects.bulk_create(_scores(run, inputs, spec, outcome), batch_size=_BATCH)


def _results(run: IndexRun, inputs: RunInputs, spec: MethodSpec, outcome: Outcome) -> Iterable[IndexResult]:
    status, sure = outcome.results[0], outcome.sure
    dynamics = outcome.results[1] if len(outcome.results) > 1 else None
    standard = _standard(spec.status, status.index, status.raw)
    second = (
        None
        if dynamics is None or spec.dynamics is None
        else _standard(spec.dynamics, dynamics.index, dynamics.raw)
    )
    assert spec.status.classes is not None
    labels = spec.status.classes.labels
    for place, area in enumerate(inputs.areas):
        yield IndexResult(
            run=run,
            area=area,
            is_included=bool(outcome.included[place]),
            reason=str(outcome.reasons[place]),
            total=_number(status.raw[place]),
            normalised=_number(standard[place]),
            rank=_whole(status.ranks[place]),
            stands_out=bool(outcome.outstanding[place]),
            class_label=str(outcome.labels[place]),
            dynamics_total=None if dynamics is None else _number(dynamics.raw[place]),
            dynamics_normalised=None if second is None else _number(second[place]),
            domains=_domain_numbers(spec, outcome, place),
            outstanding_share=_number(sure.outstanding_share[place]),
            own_class_share=_number(sure.own_class_share[place]),
            lowest_class=_label(labels, sure.lowest_class[place]),
            highest_class=_label(labels, sure.highest_class[place]),
            border_distance=_number(sure.border_distance[place]),
            best_rank=_rank(sure.best_rank[place]),
            worst_rank=_rank(sure.worst_rank[place]),
        )


def _standard(method: Method, index: Floats, raw: Floats) -> Floats:
    """The index in standard deviations, whatever its own scale."""
    if method.index.normalise is Scale.Z:
        return index
    return in_standard_deviations(index if method.index.normalise is not Scale.NONE else raw)


def in_standard_deviations(numbers: Floats) -> Floats:
    """Numbers (n,) in standard deviations from their mean; 0 where nothing spreads."""
    mean, spread = np.nanmean(numbers), np.nanstd(numbers)
    if spread <= abs(mean) * 1e-12:
        return np.where(np.isnan(numbers), np.nan, 0.0)
    return np.asarray((numbers - mean) / spread)


def _domain_numbers(spec: MethodSpec, outcome: Outcome, place: int) -> dict[str, float]:
    """Numbers of the domains of an area, by their label."""
    return {
        key: float(number)
        for part, result in zip(spec.parts, outcome.results, strict=True)
        for key, number in zip(part.domains, result.domains[place], strict=True)
        if not math.isnan(number)
    }


def _scores(run: IndexRun, inputs: RunInputs, spec: MethodSpec, outcome: Outcome) -> Iterable[IndexScore]:
    scaled, filled = outcome.columns("scaled"), outcome.columns("filled")
    means, sds = outcome.columns("means"), outcome.columns("sds")
    fill = spec.status.missing.fill.value
    signs = [-1.0 if column.direction == "less_need" else 1.0 for column in spec.columns]
    for place, area in enumerate(inputs.areas):
        for number, row in enumerate(inputs.indicators):
            key, is_filled = (area.pk, row.pk), bool(filled[place, number])
            cell = (inputs.last or {}).get(key) if is_filled else inputs.cells.get(key)
            value = _number(outcome.matrix[place, number])
            z = _deviation(value, means[number], sds[number], signs[number])
            yield IndexScore(
                run=run,
                area=area,
                indicator=row,
                source_id=None if cell is None else cell.source,
                value=value,
                sign="" if cell is None or is_filled else cell.sign,
                z=z if outcome.included[place] else None,
                scaled=_number(scaled[place, number]),
                filled=fill if is_filled else "",
                driver=_number(outcome.sure.drivers[place, number]),
                keeps_class=_yes_no(outcome.sure.keeps_class[place, number]),
            )


def _deviation(value: float | None, mean: float, sd: float, sign: float) -> float | None:
    """Deviation of a figure from the mean in standard deviations, above 0 for more need."""
    if value is None or math.isnan(mean):
        return None
    return 0.0 if sd == 0 else float((value - mean) * (sign / sd))


def _number(value: float | np.float64) -> float | None:
    """A number for the database; None for "no value"."""
    return None if math.isnan(value) else float(value)


def _whole(value: float | None) -> int | None:
    return None if value is None or math.isnan(value) else int(value)


def _rank(rank: Any) -> int | None:
    """A rank, or none for -1."""
    return int(rank) if rank > 0 else None


def _label(labels: Sequence[str], place: Any) -> str:
    """Name of a class, or none for -1."""
    return labels[int(place)] if place >= 0 else ""


def _yes_no(value: float) -> bool | None:
    return None if math.isnan(value) else bool(value)
