"""Reading several sheets of an uploaded workbook, with the limits of ``importing``."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from project.common.importing import (
    CHILD,
    DEFAULT_MAX_BYTES,
    TABLE_LIMITS,
    Cell,
    CellKind,
    check_workbook,
    head_of,
    output_of_child,
)


@dataclass(frozen=True, slots=True)
class Book:
    """Several sheets of one workbook.

    Attributes:
        sheets: Names of all its sheets, hidden ones included.
        merged: Sheet -> its first merged cells, such as ``A2:B3``, for sheets that have any.
        rows: Sheet -> rows that are not empty; a sheet without any, or not in the book, is left out.
    """

    sheets: tuple[str, ...]
    merged: Mapping[str, str]
    rows: Mapping[str, list[list[Cell]]]


def read_book(
    content: bytes, name: str, sheets: Sequence[str], *, max_bytes: int = DEFAULT_MAX_BYTES
) -> Book:
    """Read some sheets of an uploaded workbook with the texts of their cells in full.

    Args:
        content: The bytes of the file; pass at most ``max_bytes + 1`` of an upload.
        name: Its name; must end in .xlsx.
        sheets: Names of the sheets to read; others are not opened.
        max_bytes: Largest size in bytes.

    Raises:
        ImportRefused: As ``read_table``; ``kind`` for CSV.
    """
    check_workbook(content, name, max_bytes=max_bytes)
    with output_of_child(CHILD, "\n".join(["book", *sheets]), TABLE_LIMITS, content) as output:
        head = head_of(output)
        rows: dict[str, list[list[Cell]]] = {}
        for line in output:
            title, number, cells = json.loads(line)
            rows.setdefault(title, []).append(
                [
                    Cell(text, number, place, CellKind(code))
                    for place, (text, code) in enumerate(cells, start=1)
                ]
            )
    return Book(tuple(head["sheets"]), head["merged"], rows)
