"""Reads of two runs side by side: who moved, and what each indicator has to do with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from monitoring.index import Floats
from monitoring.models import Area, IndexResult, IndexRunIndicator, Indicator
from monitoring.selectors.atlas import left_out_reason
from monitoring.selectors.methods import content_of, rule_words
from monitoring.selectors.runs import NO_CELL, RunCell, RunTable
from project.common.formats import decimal_de

#: Changes of the index below this (standard deviations) are none.
HARDLY: Final = 0.005


@dataclass(frozen=True)
class IndicatorChange:
    """What an indicator has to do with the move of an area.

    Parts are in standard deviations of the index, measured from their mean over the areas: those of all
    indicators add up to the index of the area where the method adds up.

    Attributes:
        indicator: The indicator.
        before: Its figure in the earlier run.
        after: Its figure in the later run.
        part_before: Its part in the earlier index; None where it is secret or had none.
        part_after: Its part in the later index.
        why: What changed, in words.
    """

    indicator: Indicator
    before: RunCell
    after: RunCell
    part_before: float | None
    part_after: float | None
    why: str

    @property
    def change(self) -> float | None:
        """Later minus earlier part; None where either is secret."""
        if self.before.shown.is_secret or self.after.shown.is_secret:
            return None
        return (self.part_after or 0.0) - (self.part_before or 0.0)


@dataclass(frozen=True)
class Move:
    """An area in two runs.

    Attributes:
        area: The area.
        before: Its result in the earlier run; None if it was no area then.
        after: Its result in the later run.
        changes: Of all indicators, the largest first.
    """

    area: Area
    before: IndexResult | None
    after: IndexResult | None
    changes: Sequence[IndicatorChange]

    @property
    def places(self) -> int | None:
        """Places it stands higher (above 0: more need) than before."""
        ranks = [None if row is None else row.rank for row in (self.before, self.after)]
        return None if ranks[0] is None or ranks[1] is None else ranks[0] - ranks[1]

    @property
    def places_down(self) -> int:
        """Places it stands lower than before; 0 if it does not."""
        return max(-(self.places or 0), 0)

    @property
    def change(self) -> float | None:
        """Change of the index in standard deviations."""
        numbers = [None if row is None else row.normalised for row in (self.before, self.after)]
        return None if numbers[0] is None or numbers[1] is None else numbers[1] - numbers[0]

    @property
    def has_new_class(self) -> bool:
        """Whether its class is another one; where a run has no classes, whether it stands out."""
        return _class_of(self.before) != _class_of(self.after)

    @property
    def stands_out(self) -> str:
        """Whether it begins or ceases to stand out, in words; "" for neither."""
        was, is_now = (row is not None and row.stands_out for row in (self.before, self.after))
        if was == is_now:
            return ""
        return _("stands out now") if is_now else _("stands out no more")

    @property
    def left_out(self) -> str:
        """Why it has no place in one of the runs, in words."""
        if self.after is None or not self.after.is_included:
            reason = left_out_reason(self.after.reason) if self.after is not None else _("no area any more")
            return _("out of the index: %(reason)s") % {"reason": reason}
        if self.before is None or not self.before.is_included:
            return _("new in the index")
        return ""

    @property
    def main_changes(self) -> list[IndicatorChange]:
        """Up to three indicators that moved it most."""
        return [row for row in self.changes if abs(row.change or 0.0) >= HARDLY][:3]

    @property
    def secret_count(self) -> int:
        """Indicators that cannot be told."""
        return sum(row.change is None for row in self.changes)


def _class_of(row: IndexResult | None) -> tuple[str, bool]:
    return ("", False) if row is None else (row.class_label, row.stands_out)


@dataclass(frozen=True)
class Comparison:
    """Two runs side by side.

    Attributes:
        before: The earlier run.
        after: The later run.
        moves: All areas, those that moved most first.
        rules: Rules that differ: name, before, after.
        notes: What else differs, in sentences.
    """

    before: RunTable
    after: RunTable
    moves: Sequence[Move]
    rules: Sequence[tuple[str, str, str]]
    notes: Sequence[str]


def compared(before: RunTable, after: RunTable) -> Comparison:
    """Put two runs of a territory side by side.

    Args:
        before: The earlier one, protected by secrecy.
        after: The later one.

    Returns:
        Who moved and why. Queries: 0.
    """
    parts = [_parts(table) for table in (before, after)]
    results = [{row.area_id: row for row in table.results} for table in (before, after)]
    areas = {row.area_id: row.area for table in (before, after) for row in table.results}
    words = _indicator_words(before, after)
    rules = _rules(before, after)
    moves = [
        Move(
            area=area,
            before=results[0].get(pk),
            after=results[1].get(pk),
            changes=_changes(pk, (before, after), parts, words, has_other_rules=bool(rules)),
        )
        for pk, area in areas.items()
    ]
    moves.sort(key=lambda row: (-abs(row.places or 0), -abs(row.change or 0.0), row.area.name, row.area.pk))
    return Comparison(before, after, moves, rules, _notes(before, after))


def _parts(table: RunTable) -> Mapping[tuple[int, int], float]:
    """Part of each indicator in the index, in standard deviations of the index from their mean."""
    totals = np.array([row.total for row in table.included if row.total is not None], dtype=np.float64)
    spread = float(totals.std()) if len(totals) else 0.0
    found: dict[tuple[int, int], float] = {}
    for column in table.columns:
        keys, numbers = [], []
        for row in table.included:
            cell = table.cell(row.area_id, column.indicator_id)
            number = cell.driver if cell.driver is not None else _older(cell, column)
            if number is not None:
                keys.append((row.area_id, column.indicator_id))
                numbers.append(number)
        found |= zip(keys, _centred(np.array(numbers, dtype=np.float64), spread), strict=True)
    return found


def _older(cell: RunCell, column: IndexRunIndicator) -> float | None:
    """The part in a run that did not keep it: deviations with weights were added up."""
    return None if cell.z is None else cell.z * column.weight


def _centred(numbers: Floats, spread: float) -> list[float]:
    if not len(numbers) or spread == 0:
        return [0.0] * len(numbers)
    centred: list[float] = ((numbers - numbers.mean()) / spread).tolist()
    return centred


def _indicator_words(before: RunTable, after: RunTable) -> Mapping[int, tuple[Indicator, str]]:
    """Indicators of both runs, and what changed of them for all areas alike."""
    columns = [{row.indicator_id: row for row in table.columns} for table in (before, after)]
    found = {}
    for pk in dict.fromkeys([*columns[1], *columns[0]]):
        was, is_now = columns[0].get(pk), columns[1].get(pk)
        row = is_now or was
        assert row is not None
        found[pk] = (row.indicator, _column_words(was, is_now))
    return found


def _column_words(was: IndexRunIndicator | None, is_now: IndexRunIndicator | None) -> str:
    if was is None:
        return _("new in the method")
    if is_now is None:
        return _("no more in the method")
    words = []
    if was.weight != is_now.weight:
        words.append(
            _("weight %(now)s instead of %(before)s")
            % {"now": decimal_de(is_now.weight, 2), "before": decimal_de(was.weight, 2)}
        )
    if was.direction != is_now.direction:
        words.append(_("direction turned"))
    return ", ".join(words)


def _changes(
    area: int,
    tables: tuple[RunTable, RunTable],
    parts: Sequence[Mapping[tuple[int, int], float]],
    words: Mapping[int, tuple[Indicator, str]],
    *,
    has_other_rules: bool,
) -> list[IndicatorChange]:
    rows = []
    for pk, (indicator, of_column) in words.items():
        cells = tables[0].cell(area, pk), tables[1].cell(area, pk)
        rows.append(
            IndicatorChange(
                indicator=indicator,
                before=cells[0],
                after=cells[1],
                part_before=parts[0].get((area, pk)),
                part_after=parts[1].get((area, pk)),
                why=of_column or _cell_words(*cells, has_other_rules=has_other_rules),
            )
        )
    rows.sort(key=lambda row: (-abs(row.change or 0.0), row.indicator.key))
    return rows


def _cell_words(before: RunCell, after: RunCell, *, has_other_rules: bool) -> str:
    """Why the part of an indicator changed that counts as before."""
    if NO_CELL in (before, after) or before.shown.is_secret or after.shown.is_secret:
        return ""
    if before.filled and not after.filled:
        return _("figure known now, filled before")
    if after.filled and not before.filled:
        return _("figure missing now, filled instead")
    if before.filled != after.filled or (before.filled and before.shown.value != after.shown.value):
        return _("a missing figure was filled in another way")
    if before.shown.value != after.shown.value:
        if before.shown.value is None:
            return _("figure known now")
        return _("figure missing now") if after.shown.value is None else _("its own figure changed")
    if before.z == after.z and before.driver == after.driver:
        return _("unchanged")
    return _("computed by other rules") if has_other_rules else _("figures of the other areas changed")


def _rules(before: RunTable, after: RunTable) -> list[tuple[str, str, str]]:
    """Rules that differ."""
    words = [dict(rule_words(content_of(table.run, table.columns))) for table in (before, after)]
    names = dict.fromkeys([*words[1], *words[0]])
    none = _("does not apply here")
    pairs = [(name, words[0].get(name, none), words[1].get(name, none)) for name in names]
    return [row for row in pairs if row[1] != row[2]]


def _notes(before: RunTable, after: RunTable) -> list[str]:
    """Indicators, years and figures that differ, in sentences."""
    keys = [{row.indicator_id: row.indicator.name for row in table.columns} for table in (before, after)]
    notes = []
    new = sorted(name for pk, name in keys[1].items() if pk not in keys[0])
    gone = sorted(name for pk, name in keys[0].items() if pk not in keys[1])
    if new:
        notes.append(_("New in the method: %(names)s.") % {"names": ", ".join(new)})
    if gone:
        notes.append(_("No more in the method: %(names)s.") % {"names": ", ".join(gone)})
    both = keys[0].keys() & keys[1].keys()
    newer = Counter(
        (before.years[pk], after.years[pk])
        for pk in both
        if pk in before.years and pk in after.years and before.years[pk] != after.years[pk]
    )
    for (was, is_now), count in sorted(newer.items()):
        notes.append(
            ngettext(
                "%(count)s indicator has figures of %(after)s instead of %(before)s.",
                "%(count)s indicators have figures of %(after)s instead of %(before)s.",
                count,
            )
            % {"count": count, "before": was, "after": is_now}
        )
    if not newer:
        changed = _changed_figures(before, after, both)
        notes.append(
            ngettext("%(count)s figure was corrected.", "%(count)s figures were corrected.", changed)
            % {"count": changed}
            if changed
            else _("No figure changed.")
        )
    return notes


def _changed_figures(before: RunTable, after: RunTable, indicators: Any) -> int:
    """How many figures of the areas' own differ; what took the place of missing ones is none."""
    cells = (
        (before.cell(row.area_id, pk), after.cell(row.area_id, pk))
        for row in after.results
        for pk in indicators
    )
    return sum(
        was.shown.value != is_now.shown.value for was, is_now in cells if not was.filled and not is_now.filled
    )
