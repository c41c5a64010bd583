"""Writes of the index: a frozen run with its method, its inputs and their hash, and the results."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import numpy as np
from django.db import models, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from monitoring import index, stability
from monitoring.models import (
    Area,
    IndexResult,
    IndexRun,
    IndexRunIndicator,
    IndexScore,
    Indicator,
    Value,
)
from monitoring.secrecy import count_behind, is_rest_small, is_small, stand_in
from monitoring.selectors.areas import areas_of_year, exists_on, planning_level, populations_of
from monitoring.selectors.protection import (
    base_of,
    lines_of,
    places_around,
    secrets_of,
    values_around,
)
from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import Organisation, User
from stakeholders.permissions import Perm, require

METHOD: Final = "deviation_sum_v1"
_BATCH: Final = 5_000
#: With fewer areas there is nothing to compare.
_LEAST_AREAS: Final = 2


class Missing(models.TextChoices):
    """What happens to an area that lacks figures."""

    EXCLUDE = "exclude", _("leave the area out of the index")
    AVAILABLE_90 = "available_90", _("judge it by the figures it has, from 90 % of them on")
    AVAILABLE_75 = "available_75", _("judge it by the figures it has, from 75 % of them on")
    AVAILABLE_50 = "available_50", _("judge it by the figures it has, from half of them on")

    @property
    def policy(self) -> index.MissingPolicy:
        """The same for the arithmetic."""
        if self is Missing.EXCLUDE:
            return index.MissingPolicy.EXCLUDE
        return index.MissingPolicy.mean_of_available(int(self.value.rpartition("_")[2]) / 100)


@dataclasses.dataclass(frozen=True)
class _Inputs:
    """Everything that decides the result, in a fixed order."""

    areas: Sequence[Area]
    indicators: Sequence[Indicator]
    years: Mapping[int, int]
    cells: Mapping[tuple[int, int], tuple[int, float | None, str]]
    valid: Sequence[bool]
    populations: Sequence[int | None]

    def matrix(self) -> list[list[float]]:
        """Areas by indicators; nan for no figure."""
        return [
            [
                math.nan if (value := self.cells.get((area.pk, row.pk), (0, None, ""))[1]) is None else value
                for row in self.indicators
            ]
            for area in self.areas
        ]


@transaction.atomic
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
    """Compute the index over the areas of a territory and freeze it with all its inputs.

    Areas are those of the territory's finest level; ones that do not exist on 31 December are left out as
    "invalid". Of each indicator the latest year up to ``year`` with figures in force counts, the same for
    all areas: some statistics come every second year only.

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
        DomainError: ``no_indicator``, ``counts_in_index``, ``indicator_without_figures``,
            ``border_not_positive``, ``too_few_areas``.

    Queries: about 15 and one for each 5,000 rows, whatever the number of areas.
    """
    require(user, Perm.PLAN_TERRITORY, territory)
    policy = Missing(missing_policy)
    inputs = _inputs(territory, year, _checked(indicators), border)
    result = index.compute(
        inputs.matrix(),
        [index.IndicatorSpec(row.key, index.Direction(row.direction)) for row in inputs.indicators],
        valid=inputs.valid,
        population=[math.nan if count is None else count for count in inputs.populations],
        minimum_population=minimum_population,
        missing=policy.policy,
    )
    if int(result.included.sum()) < _LEAST_AREAS:
        raise DomainError(
            "too_few_areas",
            _("Fewer than two areas have all they need to be compared. Choose other indicators or rules."),
        )
    run = IndexRun.objects.create(
        territory=territory,
        year=year,
        method=METHOD,
        missing_policy=policy.value,
        minimum_population=minimum_population,
        border=border,
        inputs_sha256=_digest(inputs, year, border, policy, minimum_population),
        created_by=user,
    )
    _write(run, inputs, result)
    log_action(
        "index.computed",
        user=user,
        obj=run,
        territory=territory,
        data={
            "year": year,
            "indicators": [row.key for row in inputs.indicators],
            "sha256": run.inputs_sha256,
        },
    )
    return run


def indicator_years(territory: Organisation, indicators: Iterable[Indicator], *, year: int) -> dict[int, int]:
    """Latest year up to ``year`` in which each indicator has a figure in force.

    Args:
        territory: The planning authority.
        indicators: Indicators.
        year: Year the index stands for.

    Returns:
        Year by primary key of the indicator; those without any figure are missing. Queries: 2.
    """
    rows = (
        Value.objects.filter(
            is_current=True,
            value__isnull=False,
            year__lte=year,
            area__territory=territory,
            area__kind=planning_level(territory),
            indicator__in=[row.pk for row in indicators],
        )
        .order_by()
        .values("indicator_id")
        .annotate(last=Max("year"))
        .values_list("indicator_id", "last")
    )
    return dict(rows)


def _checked(indicators: Iterable[Indicator]) -> list[Indicator]:
    """Indicators in the order of their keys, none twice, no counts."""
    chosen = sorted({row.pk: row for row in indicators}.values(), key=lambda row: row.key)
    if not chosen:
        raise DomainError("no_indicator", _("Choose at least one indicator."))
    for row in chosen:
        if row.unit.is_count:
            raise DomainError(
                "counts_in_index",
                _(
                    "“%(name)s” is a count: large areas would always come first. "
                    "Choose a rate or a share instead."
                )
                % {"name": row.name},
            )
    return chosen


def _inputs(territory: Organisation, year: int, indicators: list[Indicator], border: Decimal) -> _Inputs:
    if border <= 0:
        raise DomainError("border_not_positive", _("The border must be above 0."))
    areas = sorted(areas_of_year(territory, year), key=lambda area: (area.key, area.pk))
    years = indicator_years(territory, indicators, year=year)
    for row in indicators:
        if row.pk not in years:
            raise DomainError(
                "indicator_without_figures",
                _("There are no figures in force of “%(name)s” up to %(year)s.")
                % {"name": row.name, "year": year},
            )
    rows = Value.objects.filter(
        is_current=True,
        area__in=[area.pk for area in areas],
        indicator__in=[row.pk for row in indicators],
        year__in=set(years.values()),
    ).values_list("pk", "area_id", "indicator_id", "year", "value", "sign")
    cells = {
        (area_pk, indicator_pk): (pk, value, sign)
        for pk, area_pk, indicator_pk, value_year, value, sign in rows
        if value_year == years[indicator_pk]
    }
    cells |= _stand_ins(areas, indicators, years, cells)
    last_day = datetime.date(year, 12, 31)
    return _Inputs(
        areas,
        indicators,
        years,
        cells,
        [exists_on(area, last_day) for area in areas],
        populations_of(areas, year),
    )


def _stand_ins(
    areas: Sequence[Area],
    indicators: Sequence[Indicator],
    years: Mapping[int, int],
    cells: Mapping[tuple[int, int], tuple[int, float | None, str]],
) -> dict[tuple[int, int], tuple[int, float | None, str]]:
    """What enters in place of secret figures: the middle of what is kept secret.

    The index of an area, mean and spread are shown, and from them whatever entered can be worked out.
    """
    places = places_around(areas)
    values = values_around(places, indicators).filter(year__in=set(years.values()))
    lines = lines_of(values.values_list("indicator_id", "year", "area_id", "value"))
    hidden = secrets_of(lines, indicators, places).cells
    found: dict[tuple[int, int], tuple[int, float | None, str]] = {}
    for row in indicators:
        year = years[row.pk]
        for area in areas:
            pk, value, sign = cells.get((area.pk, row.pk), (0, None, ""))
            base, per = base_of(row, year, area.pk, lines, places), row.unit.rate_per
            if value is not None and base and per and (row.pk, year, area.pk) in hidden:
                small = is_small(count_behind(value, base=base, per=per))
                if small or is_rest_small(value, base=base, per=per):
                    value = stand_in(value, base=base, per=per)
                found[area.pk, row.pk] = (pk, value, sign)
    return found


def _digest(
    inputs: _Inputs, year: int, border: Decimal, policy: Missing, minimum_population: int | None
) -> str:
    """SHA-256 of everything that decides the result, in one canonical form.

    Database keys stay out: the same figures give the same hash in another installation.
    """
    content = {
        "method": METHOD,
        "year": year,
        "border": f"{border.normalize():f}",
        "missing": policy.value,
        "minimum_population": minimum_population,
        "indicators": [[row.key, row.direction, 1.0, inputs.years[row.pk]] for row in inputs.indicators],
        "areas": [
            [
                area.key,
                population,
                is_valid,
                [_canonical(inputs.cells.get((area.pk, row.pk))) for row in inputs.indicators],
            ]
            for area, population, is_valid in zip(inputs.areas, inputs.populations, inputs.valid, strict=True)
        ],
    }
    text = json.dumps(content, ensure_ascii=True, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(cell: tuple[int, float | None, str] | None) -> list[Any] | None:
    return None if cell is None else [None if cell[1] is None else repr(float(cell[1])), cell[2]]


def _write(run: IndexRun, inputs: _Inputs, result: index.IndexResult) -> None:
    IndexRunIndicator.objects.bulk_create(
        IndexRunIndicator(run=run, indicator=row, direction=row.direction, mean=_number(mean), sd=_number(sd))
        for row, mean, sd in zip(inputs.indicators, result.means, result.sds, strict=True)
    )
    above = index.stands_out(result.normalised, float(run.border))
    sure = stability.of_deviations(result, float(run.border))
    IndexResult.objects.bulk_create(
        (
            IndexResult(
                run=run,
                area=area,
                is_included=bool(result.included[place]),
                reason=str(result.reasons[place]),
                total=_number(result.totals[place]),
                normalised=_number(result.normalised[place]),
                rank=None if np.isnan(result.ranks[place]) else int(result.ranks[place]),
                stands_out=bool(above[place]),
                outstanding_share=_number(sure.top_class_share[place]),
                best_rank=_rank(sure.best_rank[place]),
                worst_rank=_rank(sure.worst_rank[place]),
            )
            for place, area in enumerate(inputs.areas)
        ),
        batch_size=_BATCH,
    )
    IndexScore.objects.bulk_create(
        (
            _score(run, area, row, inputs.cells.get((area.pk, row.pk)), result.z[place, column])
            for place, area in enumerate(inputs.areas)
            for column, row in enumerate(inputs.indicators)
        ),
        batch_size=_BATCH,
    )


def _rank(rank: Any) -> int | None:
    """A rank, or none for -1."""
    return int(rank) if rank > 0 else None


def _score(
    run: IndexRun,
    area: Area,
    indicator: Indicator,
    cell: tuple[int, float | None, str] | None,
    z: np.float64,
) -> IndexScore:
    pk, value, sign = cell or (None, None, "")
    return IndexScore(
        run=run, area=area, indicator=indicator, source_id=pk, value=value, sign=sign, z=_number(z)
    )


def _number(value: float | np.float64) -> float | None:
    """A number for the database; None for "no value"."""
    return None if math.isnan(value) else float(value)
