"""Finds values that a file gives twice, however long it is: eight bytes a value, a second look at the few."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from monitoring.sources.reading import Problems, Reading

#: Values given twice that are looked up and named; of more only the number is told.
_NAMED: Final = 10_000


def without_duplicates(
    readings: Iterator[Reading], again: Callable[[], Iterator[Reading]], problems: Problems
) -> Iterator[Reading]:
    """Pass readings on and report in the end what was given twice.

    Only hashes are kept. Those that occur twice are looked up in a second reading of the file, which also
    tells real ones from two values that share a hash.

    Args:
        readings: What the file says.
        again: Reads the file once more.
        problems: Takes a line for each value given before.

    Yields:
        The readings, unchanged.
    """
    hashes = array("q")
    for reading in readings:
        hashes.append(hash(reading.identity))
        yield reading
    report_twice(hashes, again, problems)


def report_twice(hashes: array[int], again: Callable[[], Iterator[Reading]], problems: Problems) -> None:
    """Report what was given twice.

    Args:
        hashes: Of the identity of each reading; sorted in place, for a copy of 15 million takes 120 MB.
        again: Reads the file once more.
        problems: Takes a line for each value given before.
    """
    ordered = np.frombuffer(hashes, dtype=np.int64) if hashes else np.empty(0, np.int64)
    ordered.sort()
    twice = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    if twice.size:
        _report(set(twice[:_NAMED].tolist()), again, problems)
        if twice.size > _NAMED:
            problems.count += int(twice.size) - _NAMED


def _report(suspects: set[int], again: Callable[[], Iterator[Reading]], problems: Problems) -> None:
    first: dict[tuple[object, ...], Reading] = {}
    for reading in again():
        identity = reading.identity
        if hash(identity) not in suspects:
            continue
        earlier = first.setdefault(identity, reading)
        if earlier is reading:
            continue
        is_same = (earlier.value, earlier.sign) == (reading.value, reading.sign)
        problems.add(
            reading.row,
            reading.column,
            reading.value or reading.sign,
            "twice_same" if is_same else "twice_other",
            row=earlier.row,
        )
