"""The check sum of what a paper says, printed in it: a file cannot contain the check sum of itself."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import Any

from django.utils.translation import gettext as _

from project.common.formats import grouped
from project.common.pdf import blocks
from project.common.pdf.paper import render_paper


@dataclasses.dataclass(frozen=True)
class SealedPaper:
    """A paper ready to be issued.

    Attributes:
        data: The file.
        content_hash: Check sum of its content, as printed in it.
    """

    data: bytes
    content_hash: str


def content_hash(paper: blocks.Paper) -> str:
    """Check sum of what a paper says, whatever the file looks like.

    Args:
        paper: Before the check sum is printed in it.

    Returns:
        SHA-256 of its texts, tables and pictures in order, 64 hexadecimal signs.
    """
    text = json.dumps(_plain(paper), ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _plain(value: Any) -> Any:
    """A value as lists and texts, with the name of its kind: equal ones give equal texts."""
    if dataclasses.is_dataclass(value):
        fields = [[field.name, _plain(getattr(value, field.name))] for field in dataclasses.fields(value)]
        return [type(value).__name__, fields]
    if isinstance(value, dict):
        return [[str(key), _plain(part)] for key, part in value.items()]
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)


def seal(paper: blocks.Paper, *, address: str) -> SealedPaper:
    """Print the check sum of its content at the end of a paper and in the properties, and write the file.

    Args:
        paper: What is issued; its texts are in the language in force.
        address: Page on which a copy is compared with what was issued.

    Returns:
        The file, the same bytes for the same paper and address.
    """
    checksum = content_hash(paper)
    printed = _("Check sum of the content: %(checksum)s") % {"checksum": grouped(checksum)}
    note = _("Whether a copy is unchanged can be checked at %(address)s.") % {"address": address}
    sealed = dataclasses.replace(
        paper,
        # In plain signs: a copy that was changed still tells which paper it was.
        subject=" · ".join(part for part in (paper.subject, checksum) if part),
        blocks=(*paper.blocks, blocks.Paragraph(printed, "note"), blocks.Paragraph(note, "note")),
    )
    return SealedPaper(render_paper(sealed), checksum)
