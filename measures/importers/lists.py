"""A list of measures from elsewhere: what its columns seem to hold, and its rows as drafts of measures."""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from measures.services.measures import TEXT_LIMIT
from project.common.importing import day_of

#: Rows a list may have: some thirty times the largest we know.
MOST_ROWS: Final = 4_000
_TITLE: Final = 200
_SHORT: Final = 300
_SECTION_LEVEL: Final = 1
_MEASURE_LEVEL: Final = 2


class Role(StrEnum):
    """What a column holds."""

    TITLE = "title"
    SHORT = "short_description"
    DESCRIPTION = "description"
    EFFECT = "effect_hypothesis"
    TARGET_GROUP = "target_group"
    RESPONSIBLE = "responsible"
    STARTS = "starts_on"
    ENDS = "ends_on"
    STATUS = "status"
    SECTION = "section"
    KEY = "key"
    PARENT = "parent"
    LEVEL = "level"


ROLE_LABELS: Final[Mapping[Role, Promise]] = {
    Role.TITLE: _("Title of the measure"),
    Role.SHORT: _("In one sentence"),
    Role.DESCRIPTION: _("What is done"),
    Role.EFFECT: _("Hypothesis of effect"),
    Role.TARGET_GROUP: _("Target group"),
    Role.RESPONSIBLE: _("Responsible organisation"),
    Role.STARTS: _("Planned start"),
    Role.ENDS: _("Planned end"),
    Role.STATUS: _("Status"),
    Role.SECTION: _("Field of action (section)"),
    Role.KEY: _("Key or number of the row"),
    Role.PARENT: _("Key of the row above"),
    Role.LEVEL: _("Level (1, 2, 3)"),
}
# Words of headings, German and English, small letters; the first that fits counts.
_WORDS: Final[Sequence[tuple[Role, str]]] = (
    (Role.PARENT, r"parent|übergeordnet|gehört zu|oberpunkt"),
    (Role.LEVEL, r"^(depth|level|ebene|stufe|gliederung)"),
    (Role.KEY, r"^(id|nr\.?|nummer|lfd|key|schlüssel)\b"),
    (Role.SHORT, r"teaser|kurz|summary|in einem satz"),
    (Role.TITLE, r"titel|title|maßnahme|massnahme|bezeichnung|^name\b"),
    (Role.EFFECT, r"wirkung|effect|hypothese"),
    (Role.TARGET_GROUP, r"zielgruppe|target"),
    (Role.RESPONSIBLE, r"zuständig|verantwortlich|responsible|träger|federführ|amt\b"),
    (Role.STARTS, r"beginn|start|von\b"),
    (Role.ENDS, r"ende|end\b|completion|abschluss|bis\b|frist"),
    (Role.STATUS, r"status|stand\b|umsetzungsstand"),
    (Role.SECTION, r"handlungsfeld|section|kapitel|bereich|themenfeld|schwerpunkt"),
    (Role.DESCRIPTION, r"beschreibung|description|inhalt|erläuterung|explanation|justification"),
)


@dataclass(frozen=True)
class Draft:
    """A row that becomes a measure.

    Attributes:
        row: Its number in the file.
        key: Its key in the list, or its row.
        parent: Key of the row that becomes the measure above; empty for none.
        section: Title of its field of action; empty if the list names none.
        marks: What the person should know: dates that were not in the list, and the like.
        faults: What forbids taking the list over.
    """

    row: int
    key: str
    parent: str
    section: str
    title: str
    short_description: str
    description: str
    effect_hypothesis: str
    target_group: str
    responsible: str
    status: str
    starts_on: datetime.date
    ends_on: datetime.date
    marks: tuple[Promise | str, ...] = ()
    faults: tuple[tuple[Role, str, Promise], ...] = ()


@dataclass
class ListRead:
    """What a list holds under a mapping."""

    drafts: list[Draft] = field(default_factory=list)
    #: Titles of fields of action in their order.
    sections: list[str] = field(default_factory=list)
    #: Numbers of rows that become nothing, with why.
    left_out: list[tuple[int, str, Promise]] = field(default_factory=list)


def signature_of(heads: Sequence[str]) -> str:
    """Mark of a layout."""
    return hashlib.sha256("\n".join(head.casefold().strip() for head in heads).encode()).hexdigest()


def suggested(heads: Sequence[str]) -> dict[int, Role]:
    """What the columns seem to hold, by their headings; each role once.

    >>> suggested(["id", "Titel", "Beginn", "Bemerkung"])
    {0: <Role.KEY: 'key'>, 1: <Role.TITLE: 'title'>, 2: <Role.STARTS: 'starts_on'>}
    """
    found: dict[int, Role] = {}
    for place, head in enumerate(heads):
        words = head.casefold().replace("_", " ").strip()
        if words.startswith(("actual", "tatsächlich")):
            continue
        for role, pattern in _WORDS:
            if re.search(pattern, words) and role not in found.values():
                found[place] = role
                break
    return found


def read_list(
    rows: Sequence[Sequence[str]],
    columns: Mapping[int, Role],
    *,
    left_statuses: frozenset[str],
    starts_on: datetime.date,
    ends_on: datetime.date,
) -> ListRead:
    """Turn the rows below the headings into drafts.

    Args:
        rows: Texts of all rows; the first are the headings.
        columns: Place of a column -> what it holds.
        left_statuses: Words of the status whose rows stay out.
        starts_on: Start of measures without one.
        ends_on: Last day of the plan, and end of measures without one.

    Returns:
        Drafts, fields of action, and what was left out and why.
    """
    places = {role: place for place, role in columns.items()}
    lines = [_Line(number, row, places) for number, row in enumerate(rows, start=1)][1:]
    lines = [line for line in lines if line.text(Role.TITLE)]
    tree = _Tree(lines)
    found = ListRead()
    left_keys: set[str] = set()
    for line in lines:
        level = tree.level(line)
        if level == _SECTION_LEVEL and tree.has_levels:
            if tree.has_children(line):
                found.sections.append(line.text(Role.TITLE))
            else:
                found.left_out.append((line.number, line.text(Role.TITLE), _("a section without measures")))
        elif line.text(Role.STATUS) in left_statuses:
            left_keys.add(line.key)
            found.left_out.append((line.number, line.text(Role.TITLE), _("left out by its status")))
        else:
            found.drafts.append(_draft(line, tree, starts_on, ends_on))
    found.drafts = [_on_its_own(draft) if draft.parent in left_keys else draft for draft in found.drafts]
    for draft in found.drafts:
        if draft.section and draft.section not in found.sections:
            found.sections.append(draft.section)
    return found


def _on_its_own(draft: Draft) -> Draft:
    """A part whose measure stays out."""
    mark = _("The row above stays out: this becomes a measure of its own")
    return replace(draft, parent="", marks=(*draft.marks, mark))


@dataclass(frozen=True)
class _Line:
    number: int
    cells: Sequence[str]
    places: Mapping[Role, int]

    def text(self, role: Role) -> str:
        place = self.places.get(role)
        return self.cells[place].strip() if place is not None and place < len(self.cells) else ""

    @property
    def key(self) -> str:
        return _plain_key(self.text(Role.KEY)) or f"row {self.number}"

    @property
    def parent(self) -> str:
        return _plain_key(self.text(Role.PARENT))


def _plain_key(text: str) -> str:
    """Keys that went through a table of figures: 341.0 is 341."""
    return re.sub(r"\.0$", "", text)


class _Tree:
    """Levels of a list, from a column of levels or from the keys of the rows above."""

    def __init__(self, lines: Sequence[_Line]) -> None:
        self._by_key = {line.key: line for line in lines}
        parents = {line.key: line.parent for line in lines if line.parent}
        self._parents = parents or _by_level(lines)
        self._with_children = set(self._parents.values())
        self.has_levels = bool(self._parents)

    def has_children(self, line: _Line) -> bool:
        return line.key in self._with_children

    def above(self, line: _Line) -> Iterator[_Line]:
        """Rows above, from the nearest; a ring ends it."""
        seen = {line.key}
        key = self._parents.get(line.key, "")
        while key in self._by_key and key not in seen:
            seen.add(key)
            yield self._by_key[key]
            key = self._parents.get(key, "")

    def level(self, line: _Line) -> int:
        return 1 + len(list(self.above(line)))


def _by_level(lines: Sequence[_Line]) -> dict[str, str]:
    """Key of a row -> key of the last row before it on a higher level."""
    found: dict[str, str] = {}
    open_rows: list[tuple[int, str]] = []
    for line in lines:
        text = _plain_key(line.text(Role.LEVEL))
        if not text.isdigit():
            continue
        while open_rows and open_rows[-1][0] >= int(text):
            open_rows.pop()
        if open_rows:
            found[line.key] = open_rows[-1][1]
        open_rows.append((int(text), line.key))
    return found


def _draft(line: _Line, tree: _Tree, starts_on: datetime.date, ends_on: datetime.date) -> Draft:
    marks: list[Promise | str] = []
    faults: list[tuple[Role, str, Promise]] = []
    above = list(tree.above(line)) if tree.has_levels else []
    section = line.text(Role.SECTION) or (above[-1].text(Role.TITLE) if above else "")
    parent = above[-_MEASURE_LEVEL].key if len(above) >= _MEASURE_LEVEL else ""
    start = _day(line.text(Role.STARTS), is_end=False)
    end = _day(line.text(Role.ENDS), is_end=True)
    for role, day in ((Role.STARTS, start), (Role.ENDS, end)):
        if day is None and line.text(role):
            faults.append((role, line.text(role), _("This is no date. Please write it as 31.12.2027.")))
    if start is None or end is None:
        marks.append(_("Dates not in the list: those of the plan"))
    start, end = start or min(starts_on, end or starts_on), end or ends_on
    if end > ends_on:
        marks.append(_("Ends with the plan, in the list later"))
        end = ends_on
    if start > end:
        faults.append((Role.STARTS, line.text(Role.STARTS), _("It begins after its end or after the plan.")))
    title, short, description = line.text(Role.TITLE), line.text(Role.SHORT), line.text(Role.DESCRIPTION)
    if len(title) > _TITLE:
        faults.append(
            (Role.TITLE, title[:80], _("The title is longer than 200 characters. Please shorten it."))
        )
    if len(short) > _SHORT:
        description, short = f"{short}\n\n{description}".strip(), ""
    group = line.text(Role.TARGET_GROUP)
    if len(group) > _TITLE:
        description = f"{description}\n\n{ROLE_LABELS[Role.TARGET_GROUP]}: {group}".strip()
        marks.append(_("Target group shortened to 200 characters; all of it stands in the description"))
    faults += [
        (role, line.text(role)[:80], _("The text is too long. Please shorten it."))
        for role in (Role.DESCRIPTION, Role.EFFECT)
        if len(line.text(role)) > TEXT_LIMIT
    ]
    return Draft(
        row=line.number,
        key=line.key,
        parent=parent,
        section=section,
        title=title,
        short_description=short,
        description=description,
        effect_hypothesis=line.text(Role.EFFECT),
        target_group=group[:_TITLE],
        responsible=line.text(Role.RESPONSIBLE),
        status=line.text(Role.STATUS),
        starts_on=start,
        ends_on=end,
        marks=tuple(marks),
        faults=tuple(faults),
    )


def _day(text: str, *, is_end: bool) -> datetime.date | None:
    """A day as lists write it: 2027-12-31, 31.12.2027, 12/2027 or 2027; None for none."""
    text = text.strip()
    try:
        if day := day_of(text):
            return day
        if match := re.fullmatch(r"(?:(\d{1,2})[/.])?(\d{4})(?:\.0)?", text):
            return _edge(int(match[2]), int(match[1]) if match[1] else None, is_end=is_end)
    except ValueError:
        return None
    return None


def _edge(year: int, month: int | None, *, is_end: bool) -> datetime.date:
    if not is_end:
        return datetime.date(year, month or 1, 1)
    after = datetime.date(year + (month or 12) // 12, (month or 12) % 12 + 1, 1)
    return after - datetime.timedelta(days=1)


def words_of(rows: Sequence[Sequence[str]], place: int | None) -> list[str]:
    """Different texts of a column, in order."""
    found: dict[str, Any] = {}
    for row in rows[1:]:
        if place is not None and place < len(row) and row[place].strip():
            found[row[place].strip()] = None
    return list(found)
