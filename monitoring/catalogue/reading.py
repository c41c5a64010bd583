"""Reads a file of the catalogue and says by entry and field what is wrong with it; knows no database."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from monitoring.catalogue.fields import KEY_LENGTHS, SECTION_LABELS, SECTIONS, FieldKind, FieldSpec
from project.common.errors import DomainError
from project.common.formats import decimal_de, file_size_de

FORMAT: Final = "passgenau-catalogue"
VERSION: Final = 1
#: Largest file in bytes; a catalogue of a thousand indicators has one.
MAX_BYTES: Final = 5 * 1024 * 1024
_MOST_ENTRIES: Final = 5_000
_MOST_PROBLEMS: Final = 500
_KEY = re.compile(r"[-a-zA-Z0-9_]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
#: Beginnings of files that are none of text.
_OTHER_KINDS: Final = (b"PK\x03\x04", b"%PDF", b"\xd0\xcf\x11\xe0")

Entry = dict[str, Any]


class CatalogueRefused(DomainError):  # noqa: N818  a refusal is what the caller shows
    """The file as a whole is no file of the catalogue."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a file.

    Attributes:
        section: Name of the section; empty for the file as a whole.
        entry: Key of the entry, or its number where it has none.
        field: Label of the field, if one is meant.
        message: What is wrong and what to do.
    """

    section: str
    entry: str
    field: str | Promise
    message: str

    @property
    def section_label(self) -> str:
        """What people call the section."""
        return str(SECTION_LABELS.get(self.section, ""))


@dataclass
class CatalogueFile:
    """What a file says.

    Attributes:
        entries: Section -> key -> field -> value; only fields that the file names.
        problems: What is wrong; with any of them nothing may be saved.
    """

    entries: dict[str, dict[str, Entry]] = field(
        default_factory=lambda: {section: {} for section in SECTIONS}
    )
    problems: list[Problem] = field(default_factory=list)

    def complain(self, section: str, entry: str, label: str | Promise, message: str) -> None:
        """Note what is wrong; of very many the first are enough."""
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(Problem(section, entry, label, message))


def read_catalogue(content: bytes) -> CatalogueFile:
    """Read a file of the catalogue.

    Args:
        content: The bytes of the file; pass at most ``MAX_BYTES + 1``.

    Returns:
        Its entries and what is wrong with them. References to entries that are not in the file are left to
        who knows the database.

    Raises:
        CatalogueRefused: ``too_large``, ``empty``, ``not_text``, ``not_json``, ``not_catalogue``,
            ``other_version``, ``too_many``.
    """
    raw, doubles = _parsed(content)
    found = CatalogueFile()
    for name in doubles:
        found.complain("", "", name, _("The field stands twice in one entry."))
    for name in raw:
        if name not in SECTIONS and name not in {"format", "version", "note"}:
            found.complain("", "", name, _("The form of the catalogue knows no such section."))
    for section, specs in SECTIONS.items():
        rows = raw.get(section, [])
        if not isinstance(rows, list):
            found.complain(section, "", "", _("A section is a list of entries in square brackets."))
            continue
        if len(rows) > _MOST_ENTRIES:
            raise CatalogueRefused(
                "too_many",
                _("The file has more than %(count)s entries in one section.")
                % {"count": decimal_de(_MOST_ENTRIES)},
            )
        for number, row in enumerate(rows, start=1):
            _take(found, section, specs, number, row)
    if not any(found.entries.values()) and not found.problems:
        found.complain("", "", "", _("The file has no entries."))
    return found


def _parsed(content: bytes) -> tuple[Mapping[str, Any], list[str]]:
    """The object of the file, and names that stand twice in one of its objects."""
    text = _text(content)
    doubles: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        seen = dict(items)
        if len(seen) < len(items):
            names = [name for name, _value in items]
            doubles.extend(sorted({name[:60] for name in names if names.count(name) > 1}))
        return seen

    try:
        raw = json.loads(text, object_pairs_hook=pairs, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise CatalogueRefused(
            "not_json",
            _("The file is not valid JSON: line %(line)s, column %(column)s.")
            % {"line": error.lineno, "column": error.colno},
        ) from error
    except (ValueError, RecursionError) as error:
        raise CatalogueRefused("not_json", _("The file is not valid JSON.")) from error
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise CatalogueRefused(
            "not_catalogue",
            _("This is no file of the catalogue: it does not say “format”: “%(format)s”.")
            % {"format": FORMAT},
        )
    if raw.get("version") != VERSION or isinstance(raw.get("version"), bool):
        raise CatalogueRefused(
            "other_version",
            _("The file is of another version of the form. This installation reads version %(version)s.")
            % {"version": VERSION},
        )
    return raw, doubles


def _text(content: bytes) -> str:
    """The text of the file."""
    if len(content) > MAX_BYTES:
        raise CatalogueRefused(
            "too_large", _("The file is larger than %(limit)s.") % {"limit": file_size_de(MAX_BYTES)}
        )
    if not content.strip(b" \t\r\n\x00\xef\xbb\xbf"):
        raise CatalogueRefused("empty", _("The file is empty."))
    if content.startswith(_OTHER_KINDS):
        raise CatalogueRefused(
            "not_text",
            _(
                "This is no file of the catalogue but a PDF, a workbook or an archive, "
                "whatever its name says."
            ),
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CatalogueRefused(
            "not_text", _("The umlauts cannot be read. Please save the file in the encoding UTF-8.")
        ) from error


def _no_constant(name: str) -> float:
    raise ValueError(name)


def _take(found: CatalogueFile, section: str, specs: tuple[FieldSpec, ...], number: int, row: Any) -> None:
    """Take one entry with what is right in it."""
    place = _("entry %(number)s") % {"number": number}
    if not isinstance(row, dict):
        found.complain(section, place, "", _("An entry is a list of fields in curly brackets."))
        return
    key = row.get("key")
    if not isinstance(key, str) or not _KEY.fullmatch(key) or len(key) > KEY_LENGTHS[section]:
        found.complain(
            section,
            place,
            _("Key"),
            _("A key has letters from a to z, digits, - and _, at most %(count)s of them.")
            % {"count": KEY_LENGTHS[section]},
        )
        return
    if key in found.entries[section]:
        found.complain(section, key, _("Key"), _("There are two entries with this key."))
        return
    entry: Entry = {}
    known = {spec.name: spec for spec in specs}
    for name, value in row.items():
        if name == "key":
            continue
        spec = known.get(name)
        if spec is None:
            found.complain(section, key, name[:60], _("The form of the catalogue knows no such field."))
            continue
        fault = fault_of(spec, value)
        if fault:
            found.complain(section, key, spec.label, fault)
        else:
            entry[name] = _clean(spec, value)
    found.entries[section][key] = entry
    for fault_field, fault in faults_between(section, key, entry):
        found.complain(section, key, fault_field, fault)


def _clean(spec: FieldSpec, value: Any) -> Any:
    if spec.kind is FieldKind.REFERENCES:
        return tuple(value)
    if isinstance(value, str):
        return value.replace("\r\n", "\n").strip()
    return value


def fault_of(spec: FieldSpec, value: Any) -> str:
    """What is wrong with a value for itself; empty for nothing.

    Args:
        spec: The field.
        value: As the file has it.
    """
    if value is None:
        return "" if spec.is_nullable else _("The field must not be null.")
    match spec.kind:
        case FieldKind.NUMBER:
            if isinstance(value, bool) or not isinstance(value, int):
                return _("A whole number is wanted here, without quotation marks.")
            if not spec.least <= value <= spec.most:
                return _("The number must lie between %(least)s and %(most)s.") % {
                    "least": spec.least,
                    "most": spec.most,
                }
        case FieldKind.YES_NO:
            if not isinstance(value, bool):
                return _("true or false is wanted here, without quotation marks.")
        case FieldKind.REFERENCES:
            return _fault_of_keys(value)
        case _:
            return _fault_of_text(spec, value)
    return ""


def _fault_of_keys(value: Any) -> str:
    if not isinstance(value, list) or not value or not all(isinstance(key, str) for key in value):
        return _("A list of keys of indicators is wanted here.")
    if len(set(value)) < len(value):
        return _("An indicator stands twice in the list.")
    return ""


def _fault_of_text(spec: FieldSpec, value: Any) -> str:
    if not isinstance(value, str):
        return _("A text in quotation marks is wanted here.")
    if _CONTROL.search(value):
        return _("The text has characters that cannot be shown.")
    text = value.strip()
    if not text:
        return _("The field must not be empty.") if spec.is_required else ""
    if len(text) > spec.longest:
        return _("The text has more than %(count)s characters.") % {"count": decimal_de(spec.longest)}
    if spec.choices is not None and text not in spec.choices:
        return _("“%(value)s” is not one of: %(choices)s.") % {
            "value": text[:60],
            "choices": ", ".join(spec.choices),
        }
    return ""


def faults_between(section: str, key: str, entry: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What does not go together within one entry.

    Args:
        section: Name of the section.
        key: Key of the entry.
        entry: Its fields.

    Returns:
        Label of the field and what is wrong.
    """
    faults: list[tuple[str, str]] = []
    if section == "indicators":
        first, last = entry.get("first_year"), entry.get("last_year")
        if first is not None and last is not None and last < first:
            faults.append((_("Figures until (year)"), _("The latest year lies before the earliest.")))
        if entry.get("denominator") == key:
            faults.append((_("Related to"), _("An indicator cannot be related to itself.")))
    if section == "units" and entry.get("is_count") and (entry.get("is_percent") or entry.get("per")):
        faults.append(
            (_("Count of people or cases"), _("A count is no percentage and is related to nothing."))
        )
    return faults
