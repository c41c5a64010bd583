"""What was decided, what is now: a version of a plan beside another, or beside the plan as it stands.

What differs from a decision is told apart from what moves as it is carried out: only the first is news to
those who decided. A measure that came to its planned end was carried out; one that was ended early, or went
into another, was not.
"""

from __future__ import annotations

import dataclasses
import datetime
import re
from enum import StrEnum
from itertools import groupby
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from measures.field_names import FIELD_NAMES
from measures.models import MeasureStatus, PlanVersion, Stage
from measures.services.versions import hash_of, plan_content
from project.common.formats import Badge, date_de

#: Entries that move as a plan is carried out, without anybody deciding anything else.
PROGRESS: Final = frozenset({"status", "started_on", "ended_on", "milestones_reached"})
#: Ends that were not decided with the plan, and what tells of them.
_OTHER_ENDS: Final = (MeasureStatus.ENDED_EARLY, MeasureStatus.MERGED)
_OF_AN_END: Final = frozenset({"status", "ended_on"})

_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class Fate(StrEnum):
    """What became of a measure between two states of the plan."""

    ADDED = "added"
    ENDED = "ended"
    REMOVED = "removed"
    CHANGED = "changed"
    PROGRESSED = "progressed"
    SAME = "same"


FATES: dict[Fate, tuple[str, Promise]] = {
    Fate.ADDED: ("info", _("added")),
    Fate.ENDED: ("neutral", _("ended early or merged since")),
    Fate.REMOVED: ("danger", _("no longer in the plan")),
    Fate.CHANGED: ("warning", _("changed in content")),
    Fate.PROGRESSED: ("info", _("carried on as decided")),
    Fate.SAME: ("success", _("as decided")),
}
#: What those who decided want to know of.
DEVIATIONS: Final = frozenset({Fate.ADDED, Fate.ENDED, Fate.REMOVED, Fate.CHANGED})


@dataclasses.dataclass(frozen=True)
class FieldChange:
    """An entry of a measure that says something else now, each side in lines of text.

    Attributes:
        is_progress: Whether it moved as the measure was carried out, and nothing else was decided.
    """

    name: str
    before: list[str]
    after: list[str]
    is_progress: bool

    @property
    def label(self) -> str:
        """What the entry is called."""
        return str(FIELD_NAMES[self.name])

    @property
    def kind(self) -> str:
        """What kind of change it is."""
        return str(_("Progress") if self.is_progress else _("Differs from what was decided"))


@dataclasses.dataclass(frozen=True)
class MeasureChange:
    """A measure then and now; of its changes, those of its content come first."""

    key: int
    number: str
    title: str
    fate: Fate
    changes: list[FieldChange]

    @property
    def badge(self) -> Badge:
        """Its fate in word and colour."""
        kind, label = FATES[self.fate]
        return Badge(kind, str(label))

    @property
    def parts(self) -> list[list[FieldChange]]:
        """Its changes by their kind."""
        return [list(rows) for _kind, rows in groupby(self.changes, key=lambda row: row.is_progress)]


def in_lines(name: str, value: Any) -> list[str]:
    """A value of a version as people read it."""
    if value in (None, "", []):
        return []
    if isinstance(value, list):
        return [_days_in(str(row)) for row in value]
    if name == "status":
        return [str(MeasureStatus(value).label)]
    if name == "stage":
        return [str(Stage(value).label)]
    if isinstance(value, bool):
        return [str(_("yes") if value else _("no"))]
    return [_days_in(line) for line in str(value).splitlines()]


def _days_in(text: str) -> str:
    def shown(found: re.Match[str]) -> str:
        try:
            return date_de(datetime.date.fromisoformat(found[0]))
        except ValueError:
            return found[0]

    return _ISO_DAY.sub(shown, text)


def compare(version: PlanVersion, other: PlanVersion | None = None) -> list[MeasureChange]:
    """What changed from a version to another, or to the plan as it stands.

    Args:
        version: What was fixed.
        other: What it is compared with; None for the plan as it stands.

    Returns:
        One row for each measure of either side, by number. Queries: none, or those of ``plan_content``.
    """
    after = other.content["measures"] if other is not None else plan_content(version.plan)
    then = {row["key"]: row for row in version.content["measures"].values()}
    now = {row["key"]: row for row in after.values()}
    found = [_measure_change(key, then.get(key), now.get(key)) for key in then.keys() | now.keys()]
    return sorted(found, key=lambda row: [int(part) for part in row.number.split(".")])


def _measure_change(key: int, before: dict[str, Any] | None, after: dict[str, Any] | None) -> MeasureChange:
    shown = after or before
    assert shown is not None
    changes: list[FieldChange] = []
    if before is None:
        fate = Fate.ADDED
    elif after is None:
        fate = Fate.REMOVED
    else:
        # What a version does not hold was not known when it was fixed.
        names = [name for name in FIELD_NAMES if name in before and name in after]
        has_ended = after["status"] in _OTHER_ENDS and before["status"] not in _OTHER_ENDS
        progress = PROGRESS - _OF_AN_END if has_ended else PROGRESS
        changes = [
            FieldChange(name, in_lines(name, before[name]), in_lines(name, after[name]), name in progress)
            for name in sorted(names, key=progress.__contains__)
            if before[name] != after[name]
        ]
        fate = _fate_of(changes, has_ended=has_ended)
    return MeasureChange(key, shown["number"], shown["title"], fate, changes)


def _fate_of(changes: list[FieldChange], *, has_ended: bool) -> Fate:
    """What became of a measure that is in both states of the plan."""
    if has_ended:
        return Fate.ENDED
    if not changes:
        return Fate.SAME
    return Fate.PROGRESSED if all(change.is_progress for change in changes) else Fate.CHANGED


def is_intact(version: PlanVersion) -> bool:
    """Whether the content still is what was fixed."""
    return hash_of(version.content) == version.sha256
