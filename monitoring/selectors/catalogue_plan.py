"""What taking a file of the catalogue over would do, entry by entry; nothing is written here."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from django.db import models
from django.db.models import Exists, OuterRef
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from monitoring.catalogue.fields import INDICATOR_TIES, SECTION_LABELS, SECTIONS, FieldKind, FieldSpec
from monitoring.catalogue.reading import CatalogueFile, Entry, Problem, faults_between
from monitoring.models import Domain, Indicator, IndicatorSet, IndicatorSetEntry, Unit, Value
from monitoring.selectors.catalogue import entry_of, indicators_used_elsewhere, indicators_with_figures
from project.common.formats import NO_VALUE
from stakeholders.models import Organisation, User

#: Fields of a unit that decide what its figures mean and which of them are secret.
_FIXED_OF_UNIT: Final = frozenset({"is_count", "is_percent", "per"})
#: Fields of an indicator on which figures, index and secrecy rest.
FIGURE_FIELDS: Final = frozenset(
    {
        *("unit", "direction", "minimum_base", "is_active", "secrecy_threshold", "dominance_percent"),
        *INDICATOR_TIES,
    }
)

#: What else says what figures mean: a file from elsewhere never changes it under others' figures.
_MEANING_FIELDS: Final = FIGURE_FIELDS | {"domain", "definition", "formula", "numerator", "base"}


#: So many indicators of nobody else are named that change with a unit or domain; the others are counted.
_MOST_NAMED: Final = 8
#: Field of an indicator that names entries of another section: what they say is shown with it.
_SHOWN_BY: Final = {"units": "unit", "domains": "domain"}


class Existing(models.TextChoices):
    """What happens to entries that are here already and differ."""

    KEEP = "keep", gettext_lazy("keep our own wording")
    UPDATE = "update", gettext_lazy("take over the wording of the file")


class State(models.TextChoices):
    """What becomes of an entry."""

    CONFLICT = "conflict", gettext_lazy("cannot be taken over")
    NEW = "new", gettext_lazy("new")
    CHANGED = "changed", gettext_lazy("with a change")
    KEPT = "kept", gettext_lazy("differs, stays as it is here")
    UNCHANGED = "unchanged", gettext_lazy("the same")


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field that differs, in words."""

    name: str
    label: str | Promise
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class EntryChange:
    """What becomes of one entry.

    Attributes:
        section: Name of the section.
        key: Key of the entry.
        name: What people call it.
        state: What happens.
        entry: All its fields afterwards.
        fields: What differs.
        reason: Why it cannot be taken over.
        affected: Of an entry that changes: other entries that show it, in words.
    """

    section: str
    key: str
    name: str
    state: State
    entry: Entry
    fields: Sequence[FieldChange] = ()
    reason: str = ""
    affected: Sequence[str] = ()

    @property
    def section_label(self) -> str:
        """What people call the section."""
        return str(SECTION_LABELS[self.section])


@dataclass
class CataloguePlan:
    """What taking a file over would do.

    Attributes:
        changes: Entries in the order in which they are stored.
        problems: What is wrong with the file; with any of them, or a conflict, nothing is saved.
        territories: Names of the territories with figures that are read with the entries that change.
    """

    changes: list[EntryChange] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    territories: Sequence[str] = ()

    @property
    def counts(self) -> list[tuple[State, int]]:
        """Number of entries of each state."""
        found = Counter(change.state for change in self.changes)
        return [(state, found[state]) for state in State if found[state]]

    @property
    def may_be_saved(self) -> bool:
        """Whether nothing forbids it."""
        return not self.problems and not any(row.state is State.CONFLICT for row in self.changes)

    @property
    def changes_something(self) -> bool:
        """Whether saving would do anything."""
        return any(row.state in {State.NEW, State.CHANGED} for row in self.changes)

    @property
    def changed(self) -> list[EntryChange]:
        """Entries whose wording here changes, which needs a reason."""
        return [row for row in self.changes if row.state is State.CHANGED]

    @property
    def digest(self) -> str:
        """Hash of what was shown, to notice that the catalogue changed meanwhile."""
        shown = [
            (row.section, row.key, row.state.value, [(f.name, f.old, f.new) for f in row.fields])
            for row in self.changes
        ]
        return hashlib.sha256(repr(shown).encode()).hexdigest()


def catalogue_plan(file: CatalogueFile, *, existing: Existing, user: User) -> CataloguePlan:
    """Compare a file with the catalogue.

    Args:
        file: What was read.
        existing: What happens to entries that differ.
        user: Who would take it over: what others' figures rest on they may not change.

    Returns:
        The plan. Queries: about 12, whatever the number of entries.
    """
    return _Comparison(file, existing, user).plan


class _Comparison:
    """Goes through the sections in their order."""

    def __init__(self, file: CatalogueFile, existing: Existing, user: User) -> None:
        self.file = file
        self.existing = existing
        self.plan = CataloguePlan(problems=list(file.problems))
        self.here = _present()
        self.with_figures = set(indicators_with_figures().order_by().values_list("key", flat=True))
        elsewhere = indicators_used_elsewhere(user)
        self.elsewhere = set(Indicator.objects.filter(pk__in=elsewhere).values_list("key", flat=True))
        for section in SECTIONS:
            for key, entry in file.entries[section].items():
                self._compare(section, key, entry)
        self._tell_who_is_affected()

    def _tell_who_is_affected(self) -> None:
        """All territories share the catalogue: a unit or domain changes for each indicator that has it."""
        changed = {(row.section, row.key) for row in self.plan.changed}
        if not changed:
            return
        hit = {key for section, key in changed if section == "indicators"}
        for place, row in enumerate(self.plan.changes):
            if row.state is not State.CHANGED or row.section not in _SHOWN_BY:
                continue
            keys = [
                key
                for key, entry in self.here["indicators"].items()
                if entry[_SHOWN_BY[row.section]] == row.key
            ]
            hit.update(keys)
            self.plan.changes[place] = replace(row, affected=self._affected(keys))
        figures = Value.objects.filter(indicator__key__in=hit, area__territory=OuterRef("pk"))
        names = Organisation.objects.filter(Exists(figures)).order_by("name").values_list("name", flat=True)
        self.plan.territories = list(names)

    def _affected(self, keys: Iterable[str]) -> list[str]:
        """Names of indicators: all of which other territories have figures, of the rest the first."""
        mine, others = [], []
        for key in keys:
            name = self._name("indicators", key)
            if key in self.elsewhere:
                others.append(_("%(name)s (figures of another territory)") % {"name": name})
            else:
                mine.append(name)
        shown = [*sorted(others), *sorted(mine)[:_MOST_NAMED]]
        left = len(others) + len(mine) - len(shown)
        if left:
            more = ngettext("%(count)s more indicator", "%(count)s more indicators", left)
            shown.append(more % {"count": left})
        return shown

    def _compare(self, section: str, key: str, entry: Entry) -> None:
        specs = SECTIONS[section]
        old = self.here[section].get(key)
        if old is None:
            self._complain_of_missing(section, key, entry)
        merged = {spec.name: spec.empty for spec in specs} | (old or {}) | entry
        if section == "domains" and old is None and "position" not in entry:
            merged["position"] = self._next_position()
        self._complain_of_references(section, key, entry)
        if old is not None:
            self._complain_of_merged(section, key, entry, merged)
        name = str(merged.get("name_de") or merged.get("symbol_de") or key)
        if old is None:
            self._add(EntryChange(section, key, name, State.NEW, merged))
            return
        fields = [
            FieldChange(spec.name, spec.label, self._words(spec, old), self._words(spec, merged))
            for spec in specs
            if old[spec.name] != merged[spec.name]
        ]
        if not fields:
            self._add(EntryChange(section, key, name, State.UNCHANGED, merged))
        elif self.existing is Existing.KEEP:
            self._add(EntryChange(section, key, name, State.KEPT, old, fields))
        else:
            reason = self._conflict(section, key, {change.name for change in fields})
            state = State.CONFLICT if reason else State.CHANGED
            self._add(EntryChange(section, key, name, state, merged, fields, reason))

    def _add(self, change: EntryChange) -> None:
        self.plan.changes.append(change)

    def _next_position(self) -> int:
        new: list[int] = [row.entry["position"] for row in self.plan.changes if row.section == "domains"]
        here: list[int] = [entry["position"] for entry in self.here["domains"].values()]
        return max([0, *new, *here]) + 1

    def _complain(self, section: str, key: str, label: str | Promise, message: str) -> None:
        self.plan.problems.append(Problem(section, key, label, message))

    def _complain_of_missing(self, section: str, key: str, entry: Entry) -> None:
        faulty = {str(row.field) for row in self.file.problems if row.section == section and row.entry == key}
        for spec in SECTIONS[section]:
            if spec.is_required and spec.name not in entry and str(spec.label) not in faulty:
                self._complain(section, key, spec.label, _("A new entry needs this field."))

    def _complain_of_references(self, section: str, key: str, entry: Entry) -> None:
        for spec in SECTIONS[section]:
            if spec.name not in entry or not spec.section:
                continue
            value = entry[spec.name]
            wanted = value if spec.kind is FieldKind.REFERENCES else [] if value is None else [value]
            for other in wanted:
                if other not in self.here[spec.section] and other not in self.file.entries[spec.section]:
                    self._complain(
                        section,
                        key,
                        spec.label,
                        _("“%(key)s” is neither in the file nor in the catalogue.") % {"key": other[:60]},
                    )

    def _complain_of_merged(self, section: str, key: str, entry: Entry, merged: Entry) -> None:
        """Faults that only show beside what is here already."""
        told = {fault for _label, fault in faults_between(section, key, entry)}
        for label, fault in faults_between(section, key, merged):
            if fault not in told:
                self._complain(section, key, label, fault)

    def _conflict(self, section: str, key: str, names: set[str]) -> str:
        if section == "units" and names & _FIXED_OF_UNIT:
            return _("What kind of quantity a unit is cannot change: secrecy rests on it. Use another key.")
        if section != "indicators":
            return ""
        if "unit" in names and key in self.with_figures:
            return _("There are figures in the old unit. Use another key for the other indicator.")
        if names & _MEANING_FIELDS and key in self.elsewhere:
            return _("Another territory has figures of it; what they mean may not change from here.")
        return ""

    def _words(self, spec: FieldSpec, entry: Mapping[str, Any]) -> str:
        return words_of(spec, entry[spec.name], self._name)

    def _name(self, section: str, key: str) -> str:
        entry = self.here[section].get(key) or self.file.entries[section].get(key) or {}
        return str(entry.get("name_de") or entry.get("symbol_de") or key)


def words_of(spec: FieldSpec, value: Any, name_of: Callable[[str, str], str]) -> str:
    """A field of an entry in words.

    Args:
        spec: The field.
        value: What it holds; references as keys.
        name_of: What people call the entry of a section and key.
    """
    if value is None or value == "":
        return NO_VALUE
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if spec.choices is not None:
        return str(spec.choices.get(value, value))
    if spec.kind is FieldKind.REFERENCES:
        return ", ".join(name_of(spec.section, key) for key in value)
    if spec.kind is FieldKind.REFERENCE:
        return name_of(spec.section, value)
    return str(value)


def _present() -> dict[str, dict[str, Entry]]:
    """Everything that is here. Queries: 5."""
    indicators = Indicator.objects.select_related("domain", "unit", *INDICATOR_TIES)
    found = {
        "units": {row.key: entry_of("units", row) for row in Unit.objects.all()},
        "domains": {row.key: entry_of("domains", row) for row in Domain.objects.all()},
        "indicators": {row.key: entry_of("indicators", row) for row in indicators},
        "sets": {row.key: entry_of("sets", row) | {"indicators": ()} for row in IndicatorSet.objects.all()},
    }
    members = IndicatorSetEntry.objects.order_by("position", "pk").values_list(
        "indicator_set__key", "indicator__key"
    )
    for set_key, key in members:
        found["sets"][set_key]["indicators"] += (key,)
    return found
