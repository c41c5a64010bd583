"""A method as people choose it: one index or status and dynamics, and what stands out. No Django.

The engine (``monitoring.levels``) reckons one index; here stands what a run makes of it: classes of status
and dynamics together, which of them stand out, and how sure that is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from monitoring.index import Bools, Floats, MissingPolicy, Reason, Texts
from monitoring.index_spec import FilesError, SpecReader, read_dynamics
from monitoring.levels import Column, Method, Result, evaluate, taking_part
from monitoring.stability import SEED, SPREAD, VARIANTS, Ints, Stability, stability

STATUS: Final = "status"
DYNAMICS: Final = "dynamics"
#: With fewer areas there is nothing to compare.
LEAST_AREAS: Final = 2
#: With one indicator there is nothing to weigh.
_LEAST_TO_WEIGH: Final = 2
#: Who takes part was settled before.
_SETTLED: Final = MissingPolicy(1e-9)
_OWN: Final = {"dynamics", "stands_out"}
#: What the tables of runs hold: two names of classes side by side, borders of two digits, a whole number.
LONGEST_LABEL: Final = 30
BORDER_BELOW: Final = 100
MOST_PEOPLE: Final = 2_147_483_647


def together(status: str, dynamics: str) -> str:
    """Name of a class of status and dynamics: "niedrig / negativ"; the status alone without dynamics."""
    return f"{status} / {dynamics}" if status and dynamics else status


@dataclass(frozen=True, slots=True)
class MethodSpec:
    """A method with its classes.

    Args:
        status: The index; its ranks are the ranks of the run.
        dynamics: A second index beside it (as in Berlin); None for none.
        outstanding: Names of the classes that stand out, see ``together``.

    Raises:
        ValueError: Without classes, an indicator in both parts, or unknown classes that stand out.
    """

    status: Method
    dynamics: Method | None
    outstanding: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse what cannot be reckoned."""
        if any(part.classes is None for part in self.parts):
            raise ValueError("classes: are needed, or nothing could stand out")
        keys = [column.key for column in self.columns]
        if len(set(keys)) != len(keys):
            raise ValueError("an indicator stands twice in the method")
        unknown = [name for name in self.outstanding if name not in self.labels]
        if unknown or not self.outstanding:
            raise ValueError(f"stands_out: choose from the classes {', '.join(self.labels)}")

    @property
    def parts(self) -> tuple[Method, ...]:
        """Status, and dynamics if there is any."""
        return (self.status,) if self.dynamics is None else (self.status, self.dynamics)

    @property
    def columns(self) -> tuple[Column, ...]:
        """Indicators of all parts, in the order of the columns of a table."""
        return tuple(column for part in self.parts for column in part.columns)

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of all classes, from the least need of the status to the most."""
        seconds = _labels(self.dynamics) if self.dynamics is not None else ("",)
        return tuple(together(first, second) for first in _labels(self.status) for second in seconds)

    @property
    def border(self) -> float | None:
        """Standard deviations above which the highest classes stand out; None if there is no such border."""
        classes = self.status.classes
        assert classes is not None
        labels = _labels(self.status)
        first = len(labels) - len(self.outstanding)
        if self.dynamics is not None or classes.method != "sd" or first < 1:
            return None
        return float(classes.borders[first - 1]) if set(labels[first:]) == set(self.outstanding) else None


def _labels(method: Method) -> tuple[str, ...]:
    assert method.classes is not None
    return tuple(method.classes.labels)


def read_method(content: Mapping[str, Any]) -> MethodSpec:
    """Read a method from the names of ``docs/index-methods.md``, without the places of files.

    Two names more: ``[dynamics]`` with the tables of a second index, ``stands_out`` with names of classes
    (the highest of the status if nothing is said).

    Raises:
        FilesError: With everything that is wrong.
    """
    own = {name: value for name, value in content.items() if name not in _OWN}
    status = SpecReader("", own, for_files=False).method()
    second = content.get("dynamics")
    dynamics = None
    if second:
        dynamics, _last = read_dynamics(second, own)
        dynamics = dataclasses.replace(dynamics, minimum_population=status.minimum_population)
    if status.classes is None or (dynamics is not None and dynamics.classes is None):
        raise FilesError(["classes: are needed, or nothing could stand out"])
    _refuse_too_much(status, dynamics)
    outstanding = content.get("stands_out") or _highest(status, dynamics)
    try:
        return MethodSpec(status, dynamics, tuple(str(name) for name in outstanding))
    except ValueError as error:
        raise FilesError([str(error)]) from error


def _refuse_too_much(*parts: Method | None) -> None:
    """Refuse what the tables of runs do not hold."""
    problems = []
    for part in parts:
        if part is None or part.classes is None:
            continue
        if any(len(label) > LONGEST_LABEL for label in part.classes.labels):
            problems.append(f"classes.labels: at most {LONGEST_LABEL} characters each")
        if any(abs(round(border, 2)) >= BORDER_BELOW for border in part.classes.borders):
            problems.append(f"classes.borders: between -{BORDER_BELOW} and {BORDER_BELOW}")
        if (part.minimum_population or 0) > MOST_PEOPLE:
            problems.append(f"population.minimum: at most {MOST_PEOPLE}")
    if problems:
        raise FilesError(list(dict.fromkeys(problems)))


def _highest(status: Method, dynamics: Method | None) -> list[str]:
    """All classes with the highest status."""
    seconds = _labels(dynamics) if dynamics is not None else ("",)
    return [together(_labels(status)[-1], second) for second in seconds]


@dataclass(frozen=True, slots=True, eq=False)
class Certainty:
    """How sure each of n areas is of its place; nan, or -1 for whole numbers, where it has none.

    What follows from weights is missing (nan, -1) where no part has two indicators: nothing can be weighed.

    Attributes:
        outstanding_share: (n,) share (0..1) of the weightings in which the area stands out.
        own_class_share: (n,) share of the weightings in which it stays in its class of the status.
        lowest_class: (n,) lowest class of the status in any weighting, 0 for the lowest of all.
        highest_class: (n,) highest class.
        best_rank: (n,) best rank in any weighting and in the run.
        worst_rank: (n,) worst rank.
        border_distance: (n,) how far the status is from the nearest class border, in the unit of the borders.
        keeps_class: (n, m) 1 where it keeps the class of the part without the indicator, 0 where not.
        drivers: (n, m) part of each indicator in the index before its own scale.
    """

    outstanding_share: Floats
    own_class_share: Floats
    lowest_class: Ints
    highest_class: Ints
    best_rank: Ints
    worst_rank: Ints
    border_distance: Floats
    keeps_class: Floats
    drivers: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What a method says of n areas.

    Attributes:
        matrix: (n, m) figures, with what took the place of missing ones.
        results: Of status and dynamics, in the order of ``MethodSpec.parts``.
        included: (n,) whether the area takes part.
        reasons: (n,) a ``Reason``: "" if it does.
        labels: (n,) name of the class, see ``together``; "" where it has none.
        outstanding: (n,) whether it stands out.
        sure: How sure that is.
    """

    matrix: Floats
    results: tuple[Result, ...]
    included: Bools
    reasons: Texts
    labels: Texts
    outstanding: Bools
    sure: Certainty

    def columns(self, name: str) -> Any:
        """Arrays (n, m) or (m,) of all parts side by side: scaled, filled, means or sds."""
        return np.concatenate([getattr(result, name) for result in self.results], axis=-1)


def reckon(
    values: ArrayLike,
    spec: MethodSpec,
    *,
    valid: ArrayLike,
    population: ArrayLike,
    last: ArrayLike | None = None,
    neighbours: Sequence[Sequence[int]] | None = None,
) -> Outcome:
    """Reckon what a method says of areas, and how sure it is.

    An area takes part in status and dynamics, or in neither.

    Args:
        values: (n, m) figures in the order of ``spec.columns``; nan for missing.
        spec: The method.
        valid: (n,) False takes an area out.
        population: (n,) inhabitants, nan for unknown.
        last: (n, m) last earlier figures, nan for none.
        neighbours: (n) places of the neighbours of each area.

    Returns:
        Everything a run keeps.

    Raises:
        ValueError: As ``monitoring.levels.evaluate``.
    """
    table, results = reckon_parts(
        values, spec.parts, valid=valid, population=population, last=last, neighbours=neighbours
    )
    labels = named(results)
    included = results[0].included
    return Outcome(
        matrix=table,
        results=results,
        included=included,
        reasons=results[0].reasons,
        labels=labels,
        outstanding=np.isin(labels, spec.outstanding),
        sure=_certainty(spec, results, included),
    )


def reckon_parts(
    values: ArrayLike,
    parts: Sequence[Method],
    *,
    valid: ArrayLike,
    population: ArrayLike,
    last: ArrayLike | None = None,
    neighbours: Sequence[Sequence[int]] | None = None,
) -> tuple[Floats, tuple[Result, ...]]:
    """Reckon an index and what stands beside it; an area takes part in all of them, or in none.

    Args:
        values: (n, m) figures, the indicators of one part after those of the other; nan for missing.
        parts: Status, and dynamics if there is any.
        valid: (n,) False takes an area out.
        population: (n,) inhabitants, nan for unknown.
        last: (n, m) last earlier figures, nan for none.
        neighbours: (n) places of the neighbours of each area.

    Returns:
        (n, m) figures with what took the place of missing ones; the result of each part.

    Raises:
        ValueError: As ``monitoring.levels.evaluate``.
    """
    matrix = np.asarray(values, dtype=np.float64)
    earlier = None if last is None else np.asarray(last, dtype=np.float64)
    takers = []
    for part, chosen in _slices(parts):
        before = None if earlier is None else earlier[:, chosen]
        takers.append(taking_part(matrix[:, chosen], part, valid, population, before, neighbours))
    included = np.logical_and.reduce([taker.included for taker in takers])
    reasons = takers[0].reasons
    for taker in takers[1:]:
        reasons = np.where(reasons == Reason.NONE.value, taker.reasons, reasons)
    results = tuple(
        dataclasses.replace(
            evaluate(
                taker.matrix,
                dataclasses.replace(part, missing=_SETTLED),
                valid=included,
                population=population,
            ),
            reasons=reasons,
            filled=taker.marks & included[:, None],
        )
        for part, taker in zip(parts, takers, strict=True)
    )
    return np.concatenate([taker.matrix for taker in takers], axis=1), results


def _slices(parts: Sequence[Method]) -> list[tuple[Method, slice]]:
    """Parts with their columns."""
    found, first = [], 0
    for part in parts:
        found.append((part, slice(first, first + len(part.columns))))
        first += len(part.columns)
    return found


def named(results: Sequence[Result]) -> Texts:
    """(n,) name of the class of each area, see ``together``; "" where it has none."""
    if len(results) == 1:
        return results[0].classes
    pairs = zip(results[0].classes, results[1].classes, strict=True)
    return np.array([together(str(first), str(second)) for first, second in pairs], dtype=np.str_)


def _certainty(spec: MethodSpec, results: Sequence[Result], included: Bools) -> Certainty:
    sure = [
        stability(result, part, seed=SEED + number)
        for number, (result, part) in enumerate(zip(results, spec.parts, strict=True))
    ]
    first = sure[0]
    ranks = np.where(included, results[0].ranks, -1).astype(np.int64)
    # Ties are told apart more finely in a weighting than in the run.
    best, worst = np.minimum(first.best_rank, ranks), np.maximum(first.worst_rank, ranks)
    shares, own = _outstanding_shares(spec, sure, included), first.own_class_share
    keeps = np.concatenate([part.leave_out_class for part in sure], axis=1)
    lowest, highest = first.lowest_class, first.highest_class
    if max(len(part.columns) for part in spec.parts) < _LEAST_TO_WEIGH:
        unknown, none = np.full(len(included), np.nan), np.full(len(included), -1, dtype=np.int64)
        shares, own, keeps = unknown, unknown, np.full(keeps.shape, np.nan)
        lowest, highest, best, worst = none, none, none, none
    return Certainty(
        outstanding_share=shares,
        own_class_share=own,
        lowest_class=lowest,
        highest_class=highest,
        best_rank=best,
        worst_rank=worst,
        border_distance=first.border_distance,
        keeps_class=keeps,
        drivers=np.concatenate([part.drivers for part in sure], axis=1),
    )


def _outstanding_shares(spec: MethodSpec, sure: Sequence[Stability], included: Bools) -> Floats:
    """(n,) share of the weightings in which an area stands out; nan where it does not take part."""
    stands_out = np.isin(np.array(spec.labels), spec.outstanding)
    if spec.dynamics is None:
        found = stands_out[sure[0].places]
    else:
        table = stands_out.reshape(len(_labels(spec.status)), len(_labels(spec.dynamics)))
        found = table[sure[0].places, sure[1].places]
    return np.where(included, found.mean(axis=1), np.nan)


#: Number of weightings, spread of the weights and start of the draw, as a run keeps them.
WEIGHTING: Final = {"variants": VARIANTS, "spread": SPREAD, "seed": SEED}
