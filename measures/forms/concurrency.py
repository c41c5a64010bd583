"""Two people on one form: the second sees what the first changed and says which version stands.

A form carries a digest of each of its entries as they stood when it was opened. What is stored otherwise by
the time it is sent was changed by somebody else; it is never overwritten without a word.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from django import forms
from django.contrib.contenttypes.models import ContentType
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from measures.models import Measure
from stakeholders.models import LogEntry, User

#: Rows of the form -> their heading.
ROW_GROUPS: Final[Mapping[str, Any]] = {
    "partners": _("Partners"),
    "milestones": _("Milestones"),
    "finance": _("Cost and funding"),
    "needs": _("What is needed first"),
    "figures": _("Key figures"),
}
#: Entries that say nothing about the measure.
_ASIDE: Final = {"reason"}
#: Names of the entries that travel with the form.
STATE, SEEN = "opened_state", "seen_state"
_MINE, _THEIRS = "mine", "theirs"
#: Entry of the form -> its name in the log, where it differs.
_LOGGED: Final = {
    "field": "number",
    "position": "number",
    "without_agreement": "needs_agreement",
    "figures": "key_figures",
}
#: Marks of rows that say nothing about their content.
_ROW_ASIDE: Final = ("pk",)


@dataclass(frozen=True)
class Conflict:
    """An entry that somebody else changed while the form was open.

    Attributes:
        group: Name of the entry or prefix of the rows.
        label: What it is called on the form.
        theirs, mine: The two versions in words.
        who, at: Who changed it and when; None if the log does not say.
        choice: ``mine``, ``theirs``, or empty as long as the person has not said.
        is_settled: Whether the choice was made on what is stored now.
        is_untouched: Whether the person has not changed it.
    """

    group: str
    label: Any
    theirs: list[str]
    mine: list[str]
    who: User | None
    at: datetime.datetime | None
    choice: str
    is_settled: bool
    is_untouched: bool

    @property
    def takes_theirs(self) -> bool:
        """Whether the stored version stands."""
        return self.is_settled and self.choice == _THEIRS

    @property
    def name(self) -> str:
        """Name of the choice on the form."""
        return f"choice-{self.group}"

    @property
    def kept_name(self) -> str:
        """Name under which the person's own words travel, once the form shows the others."""
        return f"kept-{self.group}"


@dataclass(frozen=True)
class Concurrency:
    """What a form knows of the state it was opened with."""

    measure: Measure
    base: Mapping[str, str]
    now: Mapping[str, str]
    log_key: int
    seen: Mapping[str, str] = field(default_factory=dict)
    sent: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def start(cls, parts: Mapping[str, Any], measure: Measure) -> Concurrency:
        """The state of a form that is opened now. Queries: 1."""
        now = digests(parts)
        return cls(measure, base=now, now=now, log_key=_last_entry(measure))

    def reopened(self, data: QueryDict) -> Concurrency:
        """The state with which a form that was sent had been opened; without one, the present state."""
        base, log_key = _parsed(data.get(STATE, ""), self.base, self.log_key)
        seen, _key = _parsed(data.get(SEEN, ""), {}, 0)
        return replace(
            self, base=base, log_key=log_key, seen=seen, sent={key: str(data[key]) for key in data}
        )

    @property
    def opened(self) -> str:
        """Value of the hidden entry with the state the form was opened with."""
        return json.dumps({"at": self.log_key, "groups": dict(self.base)})

    @property
    def shown(self) -> str:
        """Value of the hidden entry with the state that is shown as the others' version."""
        return json.dumps({"at": 0, "groups": dict(self.now)})

    def conflicts(self, *, mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[Conflict]:
        """What was changed by somebody else, and how that stands beside what was sent. Queries: 0 or 1."""
        changed = [group for group in self.now if self.base.get(group, self.now[group]) != self.now[group]]
        if not changed:
            return []
        entries = _entries_since(self.measure, self.log_key)
        own = digests(mine)
        found = []
        for group in changed:
            choice = self.sent.get(f"choice-{group}", "")
            is_settled = choice in {_MINE, _THEIRS} and self.seen.get(group) == self.now[group]
            if own.get(group) == self.now[group] and not choice:
                continue  # both wrote the same
            who = _who_changed(group, entries)
            kept = self.sent.get(f"kept-{group}", "")
            found.append(
                Conflict(
                    group=group,
                    label=_label(group, theirs),
                    theirs=in_words(group, theirs),
                    mine=kept.splitlines() if kept else in_words(group, mine),
                    who=who.user if who else None,
                    at=who.at if who else None,
                    choice=choice,
                    is_settled=is_settled,
                    is_untouched=own.get(group) == self.base[group],
                )
            )
        return found


def _last_entry(measure: Measure) -> int:
    return int(_log(measure).order_by("-pk").values_list("pk", flat=True).first() or 0)


def _log(measure: Measure) -> Any:
    kind = ContentType.objects.get_for_model(Measure)
    return LogEntry.objects.filter(content_type=kind, object_id=measure.pk)


def _entries_since(measure: Measure, log_key: int) -> list[LogEntry]:
    return list(_log(measure).filter(pk__gt=log_key).select_related("user").order_by("-pk"))


def _who_changed(group: str, entries: list[LogEntry]) -> LogEntry | None:
    """The latest entry that names the change, else the latest at all."""
    name = _LOGGED.get(group, group)
    for entry in entries:
        if name in entry.data.get("changed", {}) or entry.data.get(name):
            return entry
        if group == "milestones" and entry.action == "milestone.told":
            return entry
    return entries[0] if entries else None


def _parsed(text: str, groups: Mapping[str, str], log_key: int) -> tuple[Mapping[str, str], int]:
    try:
        found = json.loads(text)
        return {str(key): str(value) for key, value in found["groups"].items()}, int(found["at"])
    except (ValueError, TypeError, KeyError, AttributeError):
        return groups, log_key


# --- entries as they are sent ----------------------------------------------------------------------------


def digests(parts: Mapping[str, Any]) -> dict[str, str]:
    """Digest of each entry of a form, as it is stored or as it was sent."""
    form: forms.Form = parts["form"]
    content: dict[str, Any] = {name: _sent(form[name]) for name in form.fields if name not in _ASIDE}
    for prefix in ROW_GROUPS:
        rows = [
            [_sent(row[name]) for name in row.fields if name not in _ROW_ASIDE]
            for row in _filled(parts[prefix])
        ]
        content[prefix] = sorted(rows)
    return {
        name: hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16] for name, value in content.items()
    }


def _sent(bound: forms.BoundField) -> list[str]:
    """Value of an entry as the browser sends it."""
    value = bound.value()
    if isinstance(bound.field, forms.BooleanField):
        return ["on"] if value else []
    values = value if isinstance(value, list | tuple) else [value]
    texts = ["" if one is None else str(one).replace("\r\n", "\n").strip() for one in values]
    return sorted(text for text in texts if text)


def _filled(formset: Any) -> list[Any]:
    """Rows that are stored, or were filled in."""
    stored = formset.initial_form_count()
    return [
        row
        for number, row in enumerate(formset.forms)
        if number < stored or (formset.is_bound and row.has_changed())
    ]


def _label(group: str, parts: Mapping[str, Any]) -> Any:
    return ROW_GROUPS[group] if group in ROW_GROUPS else parts["form"].fields[group].label


def in_words(group: str, parts: Mapping[str, Any]) -> list[str]:
    """An entry in words, one line for each value or row."""
    if group in ROW_GROUPS:
        return [_row_in_words(row) for row in _filled(parts[group])]
    return _in_words(parts["form"][group])


def _row_in_words(row: Any) -> str:
    shown = (
        ", ".join(_in_words(row[name])) for name in row.fields if not row[name].is_hidden and name != "DELETE"
    )
    return " · ".join(text for text in shown if text)


def _in_words(bound: forms.BoundField) -> list[str]:
    values = _sent(bound)
    if isinstance(bound.field, forms.BooleanField):
        return [str(_("yes")) if values else str(_("no"))]
    if not isinstance(bound.field, forms.ChoiceField):
        return [line for text in values for line in text.splitlines()]
    names: dict[str, str] = {}
    choices: Any = bound.field.choices
    for key, label in choices:
        options = label if isinstance(label, list | tuple) else [(key, label)]
        names |= {str(pk): str(name) for pk, name in options}
    return [names.get(value, value) for value in values]


def with_stored(data: QueryDict, group: str, stored: Mapping[str, Any]) -> QueryDict:
    """What was sent, with one entry as it is stored."""
    changed = data.copy()
    if group not in ROW_GROUPS:
        changed.setlist(group, _sent(stored["form"][group]))
        return changed
    for name in [name for name in changed if name.startswith(f"{group}-")]:
        del changed[name]
    rows = stored[group].initial_forms
    changed[f"{group}-TOTAL_FORMS"] = changed[f"{group}-INITIAL_FORMS"] = str(len(rows))
    for row in rows:
        for name in row.fields:
            if name != "DELETE":
                changed.setlist(row[name].html_name, _sent(row[name]))
    return changed


def without_gone_rows(data: QueryDict, group: str, stored: Mapping[str, Any]) -> QueryDict:
    """What was sent; rows that somebody else took away are new ones now."""
    changed = data.copy()
    keys = {str(row["pk"].value()) for row in stored[group].initial_forms if "pk" in row.fields}
    for name in [name for name in changed if name.startswith(f"{group}-") and name.endswith("-pk")]:
        if changed[name] not in keys:
            changed[name] = ""
    return changed
