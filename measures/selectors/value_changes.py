"""Rows, amounts and texts of something in two versions held against each other, in words."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise

from project.common.comparison import FieldChange, compare_words, shortened
from project.common.formats import NO_VALUE, money_de

Row = Mapping[str, Any]
#: A row as it was and as it is; None where a version has none of the kind.
Pair = tuple[Row | None, Row | None]
#: Name of an entry -> its words in one version; of none a dash.
Entries = Mapping[str, str]


@dataclasses.dataclass(frozen=True)
class ValueChange:
    """One entry that differs between two versions.

    Attributes:
        label: What it is an entry of, such as a line of cost; or the entry itself.
        entry: Which entry of it; empty where the label says so.
        before: As it was, in words.
        now: As it is, in words.
        difference: By how much an amount rose or fell, with its sign; else empty.
        file_key: Of a receipt in the list now, what ``receipt_files`` knows its file by; else empty.
    """

    label: str
    entry: str
    before: str
    now: str
    difference: str = ""
    file_key: str = ""


def paired(old: Iterable[Row], new: Iterable[Row], *names: str) -> list[Pair]:
    """Rows of two versions that are the same by some entries, in the order of the later one; then those gone.

    Rows alike in all of them are told apart by their place.
    """
    before = _keyed(old, names)
    now = _keyed(new, names)
    pairs: list[Pair] = [(before.get(key), row) for key, row in now.items()]
    return pairs + [(row, None) for key, row in before.items() if key not in now]


def _keyed(rows: Iterable[Row], names: Sequence[str]) -> dict[tuple[Any, ...], Row]:
    seen: Counter[tuple[Any, ...]] = Counter()
    found = {}
    for row in rows:
        key = tuple(row.get(name) for name in names)
        found[(*key, seen[key])] = row
        seen[key] += 1
    return found


def either(pair: Pair) -> Row:
    """The row as it is, or as it was where it is gone."""
    before, now = pair
    return now or before or {}


def differing(label: str, before: Entries, now: Entries) -> list[ValueChange]:
    """Entries of a row that differ."""
    names = dict.fromkeys([*now, *before])
    pairs = ((name, before.get(name, NO_VALUE), now.get(name, NO_VALUE)) for name in names)
    return [ValueChange(label, name, first, last) for name, first, last in pairs if first != last]


def amounts(label: str, pair: Pair, heads: Mapping[str, str | Promise]) -> list[ValueChange]:
    """Amounts of a line that differ, and by how much."""
    found = []
    for name, head in heads.items():
        before, now = ((row or {}).get(name) for row in pair)
        if before != now:
            words = "" if before is None or now is None else signed_money(now - before)
            found.append(ValueChange(label, str(head), money_de(before), money_de(now), words))
    return found


def signed_money(value: Decimal) -> str:
    """By how much an amount rose or fell, in euros with its sign."""
    words = money_de(value)
    return f"+{words}" if value > 0 else words


def text_changes(label: str | Promise, before: Any, now: Any) -> list[FieldChange]:
    """A text, word by word and without what stayed far from a change; nothing if it stayed as it was."""
    change = FieldChange(label, compare_words(before or "", now or ""))
    return [FieldChange(label, shortened(change.segments))] if change.is_changed else []
