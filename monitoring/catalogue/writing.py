"""Writes the catalogue as a file: every field of every entry, in a fixed order."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from monitoring.catalogue.fields import SECTIONS
from monitoring.catalogue.reading import FORMAT, VERSION, Entry


def write_catalogue(entries: Mapping[str, Mapping[str, Entry]]) -> bytes:
    """Put entries into the form that ``read_catalogue`` reads.

    Args:
        entries: Section -> key -> field -> value.

    Returns:
        UTF-8, entries in the order given, fields in that of the form, so that two versions of a file can be
        compared line by line.
    """
    content: dict[str, Any] = {"format": FORMAT, "version": VERSION}
    for section, specs in SECTIONS.items():
        content[section] = [
            {"key": key, **{spec.name: entry[spec.name] for spec in specs if spec.name in entry}}
            for key, entry in entries.get(section, {}).items()
        ]
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()
