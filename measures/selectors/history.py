"""What happened to a measure: states, stages, changes, documents, and versions of its plan."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from measures.field_names import FIELD_NAMES
from measures.models import Measure, Stage
from measures.selectors.versions import in_lines
from stakeholders.audit_labels import LABELS
from stakeholders.models import LogEntry, User

#: Entries of the log that a measure's page tells; states and stages have rows of their own.
_TOLD = (
    "measure.created",
    "measure.changed",
    "milestone.told",
    "measure.file_added",
    "measure.file_removed",
)
_LONGEST = 300


@dataclasses.dataclass(frozen=True)
class Happening:
    """Something that happened to a measure.

    Attributes:
        changes: What was changed: label, before, after.
    """

    at: datetime.datetime
    title: str | Promise
    who: User | None
    note: str = ""
    since: datetime.date | None = None
    changes: tuple[tuple[str, str, str], ...] = ()
    version: int | None = None


def history(measure: Measure, *, sees_plan: bool) -> list[Happening]:
    """What happened to a measure, the latest first. Queries: 5.

    Args:
        measure: A measure the person sees.
        sees_plan: Whether they see the plan with its versions, too.
    """
    rows = [*_states(measure), *_stages(measure), *_logged(measure)]
    if sees_plan:
        rows += [
            Happening(
                row.created_at,
                _("Plan fixed as version %(number)s: %(title)s") % {"number": row.number, "title": row.title},
                row.created_by,
                note=_("Decision %(number)s") % {"number": row.decision_reference}
                if row.decision_reference
                else "",
                version=row.pk,
            )
            for row in measure.plan.versions.select_related("created_by").defer("content")
            if row.created_at >= measure.created_at
        ]
    return sorted(rows, key=lambda row: row.at, reverse=True)


def _states(measure: Measure) -> list[Happening]:
    return [
        Happening(
            row.changed_at,
            _("State: %(before)s → %(after)s")
            % {"before": row.get_before_display(), "after": row.get_after_display()},
            row.changed_by,
            note=row.reason,
            since=row.effective_on,
        )
        for row in measure.status_changes.select_related("changed_by")
    ]


def _stages(measure: Measure) -> list[Happening]:
    return [
        Happening(
            row.moved_at,
            _("Moved from %(before)s to %(after)s")
            % {"before": Stage(row.before).label, "after": Stage(row.after).label},
            row.moved_by,
            note=row.reason,
        )
        for row in measure.stage_moves.select_related("moved_by")
    ]


def _logged(measure: Measure) -> list[Happening]:
    kind = ContentType.objects.get_for_model(Measure)
    entries = LogEntry.objects.filter(content_type=kind, object_id=measure.pk, action__in=_TOLD)
    return [
        Happening(
            row.at,
            f"{LABELS[row.action]}: {row.data['milestone']}"
            if "milestone" in row.data
            else LABELS[row.action],
            row.user,
            note=str(row.data.get("reason") or row.data.get("note") or ""),
            changes=_changes(row),
        )
        for row in entries.select_related("user")
    ]


def _short(name: str, value: Any) -> str:
    return "; ".join(in_lines(name, value))[:_LONGEST]


def _changes(entry: LogEntry) -> tuple[tuple[str, str, str], ...]:
    data: dict[str, Any] = entry.data
    found: list[tuple[str, str, str]] = []
    changed = data.get("changed", {})
    # In the order of the pages: PostgreSQL gives the names back in another.
    for name, label in FIELD_NAMES.items():
        if name in changed:
            before, after = changed[name]
            found.append((str(label), _short(name, before), _short(name, after)))
    found += [
        (str(FIELD_NAMES["key_figures"]), "", text[:_LONGEST]) for text in data.get("key_figures") or ()
    ]
    if data.get("reached_on"):
        found.append((_("Reached on"), "", _short("reached_on", data["reached_on"])))
    elif "milestone" in data:
        found.append(
            (_("Planned for"), _short("due_on", data["before"]["due_on"]), _short("due_on", data["due_on"]))
        )
    if "title" in data:
        found.append((str(data["title"]), "", str(data.get("file", ""))))
    return tuple(found)
