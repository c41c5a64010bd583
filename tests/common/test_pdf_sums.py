"""Sums on paper never begin a page, no row goes there alone; what stays whole does; places to sign."""

from __future__ import annotations

import io

import pypdf
import pytest

from project.common.pdf import blocks
from project.common.pdf.paper import render_paper

COLUMNS = (blocks.Column("Position", 3), blocks.Column("Betrag", 1, is_number=True), blocks.Column("Rest"))


def pages(*content: blocks.Block) -> list[list[str]]:
    made = blocks.Paper(title="Test", language="de", author="Test", blocks=(blocks.Heading("T", 1), *content))
    reader = pypdf.PdfReader(io.BytesIO(render_paper(made)))
    return [[line.strip() for line in page.extract_text().splitlines()] for page in reader.pages]


def rows(count: int) -> list[blocks.Row]:
    return [(f"Zeile {number}", f"{number},00", "x") for number in range(count)]


@pytest.mark.parametrize("count", range(42, 56))
def test_a_sum_has_a_row_above_it_on_its_page(count: int) -> None:
    table = blocks.Table("", COLUMNS, [*rows(count), blocks.SumRow(("Summe", "1.000,00", ""))])
    found = pages(table)
    last = next(page for page in found if "Summe" in page)
    assert f"Zeile {count - 1}" in last
    assert sum(line.startswith("Zeile") for page in found for line in page) == count


@pytest.mark.parametrize("count", range(42, 56))
def test_no_row_goes_to_the_next_page_alone(count: int) -> None:
    last = pages(blocks.Table("", COLUMNS, rows(count)))[-1]
    assert sum(line.startswith("Zeile") for line in last) >= 2


@pytest.mark.parametrize("count", range(36, 52))
def test_a_heading_stays_with_its_table_of_three(count: int) -> None:
    filling = [blocks.Paragraph(f"Absatz {number}") for number in range(count)]
    found = pages(*filling, blocks.Heading("Darunter", 2), blocks.Table("", COLUMNS, rows(3)))
    (page,) = [page for page in found if "Darunter" in page]
    assert "Zeile 0" in page


def test_the_name_of_a_sum_may_take_several_columns() -> None:
    name = "Summe von allem, was in dieser Tabelle steht und darüber hinaus"
    wide = blocks.SumRow((name, "5,00"), span=2)
    (page,) = pages(blocks.Table("", COLUMNS, [*rows(2), wide]))
    assert name in page


@pytest.mark.parametrize("count", range(30, 40))
def test_what_stays_whole_is_on_one_page(count: int) -> None:
    filling = [blocks.Paragraph(f"Absatz {number}") for number in range(count)]
    confirmation = blocks.Whole(
        [
            blocks.Heading("Bestätigung", 2),
            *(blocks.Paragraph(f"Satz {number}") for number in range(8)),
            blocks.Signatures(("Ort, Datum", "Unterschrift")),
        ]
    )
    (page,) = [page for page in pages(*filling, confirmation) if "Bestätigung" in page]
    assert {"Satz 0", "Satz 7", "Ort, Datum", "Unterschrift"} <= set(page)
