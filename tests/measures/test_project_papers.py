"""Reports and drawdowns of projects as paper: what stands in them, that it adds up, standards, extremes."""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pypdf
import pytest
from django.utils import translation

from measures.report_content import SECTIONS
from measures.reports.project_report import file_name, report_paper
from tests.pdfua.validator import faults_of
from tests.project_papers import AT, SHA, TEXT, account, content, line, receipts, sums

E = Decimal
_CELL = re.compile(r"[−+]?[\d.]+,\d\d|–")
_LONG = ("Ein Projekttitel mit Donaudampfschifffahrtsgesellschaftskapitän und allem, was dazugehört, " * 3)[
    :200
]


def paper(of: dict[str, Any], **kwargs: Any) -> bytes:
    return report_paper(of, sha256=SHA, at=AT, **kwargs)


def text_of(data: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)


def plain(text: str) -> str:
    """Without the places where lines break."""
    return "".join(text.replace("\N{SOFT HYPHEN}", "").split())


def cells_between(text: str, first: str, last: str) -> list[Decimal | None]:
    """Amounts in the cells of a part of the paper, in the order they are read."""
    lines = [row.strip() for row in text.splitlines()]
    start = lines.index(first)
    part = lines[start : lines.index(last, start + 1)]
    found = []
    for row in part:
        if _CELL.fullmatch(row):
            number = row.replace(".", "").replace(",", ".").replace("−", "-")
            found.append(None if row == "–" else E(number))
    return found


def rows_of(cells: Sequence[Decimal | None], width: int) -> list[Sequence[Decimal | None]]:
    assert cells
    assert len(cells) % width == 0
    return [cells[at : at + width] for at in range(0, len(cells), width)]


def assert_adds_up(rows: Sequence[Sequence[Decimal | None]]) -> None:
    *lines, total = rows
    for column, expected in zip(zip(*lines, strict=True), total, strict=True):
        assert sum(value or 0 for value in column) == expected


def bookmarks(data: bytes) -> list[str]:
    found: list[str] = []

    def walk(entries: Sequence[Any]) -> None:
        for entry in entries:
            if isinstance(entry, list):
                walk(entry)
            else:
                found.append(str(entry.title))

    walk(pypdf.PdfReader(io.BytesIO(data)).outline)
    return found


def empty(kind: str = "final") -> dict[str, Any]:
    """A report in which nothing is said."""
    of = content(kind)
    of["project"] |= {"title": _LONG, "partners": [], "areas": [], "notice": None, "measure": None}
    parts: dict[str, Any] = {"figures": [], "milestones": [], "receipts": [], "participants": []}
    return of | parts | {"narrative": [{"key": "done", "title": "Arbeit", "text": " "}], "confirmation": None}


# --- standards ------------------------------------------------------------------------------------


def test_all_kinds_pass_pdf_ua_1_and_pdf_a_2a(tmp_path: Path) -> None:
    long = content("final", receipts=receipts(300))
    long["narrative"][0]["text"] = f"{TEXT}\n\n" * 120
    files = {
        "interim": paper(content("interim")),
        "drawdown": paper(content("drawdown")),
        "long": paper(long),
        "empty": paper(empty(), is_draft=True),
    }
    assert faults_of(files, tmp_path) == []


@pytest.mark.parametrize("kind", ["interim", "final", "drawdown"])
def test_the_same_content_gives_the_same_bytes_in_any_language(kind: str) -> None:
    of = content(kind)
    first = paper(of)
    with translation.override("en"):
        assert paper(of) == first


# --- what stands in it ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "titles"),
    [
        ("interim", ["Zwischennachweis", "1. Sachbericht", "2. Zahlenmäßiger Zwischennachweis"]),
        ("final", ["Verwendungsnachweis", "2. Zahlenmäßiger Nachweis", "3. Belegliste"]),
        ("drawdown", ["Mittelabruf", "1. Betrag dieses Abrufs", "2. Verwendungszweck der Mittel"]),
    ],
)
def test_it_has_the_parts_of_its_kind_with_bookmarks(kind: str, titles: list[str]) -> None:
    found = bookmarks(paper(content(kind)))
    assert set(titles) <= set(found)
    assert found[-1].endswith("Erklärung und Bestätigung")


@pytest.mark.parametrize("kind", ["interim", "final", "drawdown"])
def test_head_block_confirmation_and_check_sum_are_there(kind: str) -> None:
    data = paper(content(kind))
    text = text_of(data)
    for words in (
        "Zuwendungsempfänger",
        "Familienbildung Beispielstadt e. V.",
        "Zuwendungsgeber",
        "Ministerium für Arbeit, Gesundheit und Soziales (Beispiel)",
        "34.01.02-ZiQ-0815/2025",
        "04.12.2025 (Änderungsbescheid, Nr. 2)",
        "216.702,00 €",
        "01.01.2025 bis 31.12.2027",
        "01.01.2026 bis 31.12.2026",
        "31.03.2027",
        "26.02.2027, 10:30 Uhr",
        "Fassung Nr.",
        "Kim Beispiel, Geschäftsführung",
        "Ort, Datum",
    ):
        assert plain(words) in plain(text)
    reader = pypdf.PdfReader(io.BytesIO(data))
    for number, page in enumerate(reader.pages, start=1):
        assert f"SHA-256 {SHA}" in page.extract_text()
        assert f"Seite {number} von {len(reader.pages)}" in page.extract_text()
    assert reader.metadata is not None
    assert SHA in str(reader.metadata.subject)
    assert reader.metadata.author == "Familienbildung Beispielstadt e. V."
    assert "papers/verify/" in plain(text)


def test_the_narrative_with_figures_milestones_and_participants_is_there() -> None:
    of = content("interim")
    of["narrative"][0]["text"] = "Erster Absatz.\n\nZweiter Absatz\nmit Umbruch."
    text = text_of(paper(of))
    for title, _hint in SECTIONS.values():
        assert plain(str(title)) in plain(text)
    assert "Zweiter Absatz\nmit Umbruch." in text
    for words in (
        "Eltern, die das Café",
        "EECO17",
        "EECR06",
        "Räume eröffnet",
        "12.03.2025",
        "nicht erreicht",
    ):
        assert plain(words) in plain(text)
    assert "unbekannt oder geheim zu halten" in text, "the small count is a sign"
    assert "Belegliste" not in text, "an interim report without receipts has no list"


# --- sums -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["interim", "final"])
def test_the_account_adds_up_in_the_text_of_the_paper(kind: str) -> None:
    text = text_of(paper(content(kind)))
    gap = rows_of(cells_between(text, "Überblick", "Ausgabenansatz"), 5)
    income, cost, between = gap
    assert [a - b for a, b in zip(income, cost, strict=True)] == list(between)  # type: ignore[operator]
    for rows, side in (
        (rows_of(cells_between(text, "Ausgabenansatz", "Quelle"), 5), cost),
        (rows_of(cells_between(text, "Quelle", "Abweichungen vom Plan"), 6), income),
    ):
        assert_adds_up(rows)
        assert list(rows[-1][:5]) == list(side)
        for total, _planned, before, amount, remaining, *_drawn in rows:
            assert total - before - amount == remaining  # type: ignore[operator]


def test_deviations_say_by_how_much_why_and_whether_the_programme_allows_it() -> None:
    text = text_of(paper(content("interim")))
    part = text[text.index("Abweichungen vom Plan") :]
    fees = part[part.index("Honorare: Sprachmittlung") : part.index("Sachmittel")]
    assert "+2.125,50\n+35,42\nnein\nMehr neu zugezogene Familien" in fees
    assert "zulässig je Ansatz: 20,00" in part


def test_an_account_as_planned_says_so() -> None:
    made = account()
    made["cost"] = [line("staff", total="10.00", planned="10.00", amount="10.00")]
    made["funding"] = [line("esf", total="10.00", planned="10.00", amount="10.00", drawn="10.00")]
    made |= {"cost_sums": sums(made["cost"]), "funding_sums": sums(made["funding"])}
    assert "Keine: Alle Ansätze entsprechen dem Plan" in text_of(paper(content("interim", account=made)))


def test_receipts_are_summed_by_kind_and_held_against_the_account() -> None:
    given = receipts(300)
    data = paper(content("final", receipts=given))
    text = text_of(data)
    listed = cells_between(text, "3. Belegliste", "Abgleich von Belegen und Ausgaben")
    assert len(listed) == 300 + 3 + 1
    expected = sum(E(row["amount"]) for row in given)
    assert listed[-1] == expected
    for kind in ("staff", "fees", "material"):
        assert sum(E(row["amount"]) for row in given if row["kind"] == kind) in listed
    assert sum(value or 0 for value in listed) == 3 * expected, "each once in its row, its kind and the whole"
    compared = rows_of(
        cells_between(text, "Abgleich von Belegen und Ausgaben", "4. Erklärung und Bestätigung"), 3
    )
    assert_adds_up(compared)
    assert compared[-1][1] == expected
    pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages]
    heads = [page for page in pages if re.search(r"^2026-\d{4}$", page, re.M)]
    assert len(heads) > 5
    assert all("Betrag (Euro)" in page for page in heads), "the head is repeated"
    assert not any(re.match(r"\s*Nr\.(?:\n.*){6}\n\s*Summe", page) for page in heads), "no sum begins a page"


def test_a_copy_without_receipts_says_so() -> None:
    of = content("final")
    text = text_of(paper(of, with_receipts=False))
    assert "enthält die Belegliste nicht" in text
    assert of["receipts"][0]["number"] not in text
    assert SHA not in text, "the check sum is that of the whole"
    assert "Eingereicht am 26.02.2027; Exemplar ohne Belegliste" in text


def test_the_drawdown_is_a_form_of_one_page_that_adds_up() -> None:
    data = paper(content("drawdown"))
    text = text_of(data)
    rows = rows_of(cells_between(text, "1. Betrag dieses Abrufs", "2. Verwendungszweck der Mittel"), 4)
    assert_adds_up(rows)
    for granted, before, amount, remaining in rows:
        assert granted - before - amount == remaining  # type: ignore[operator]
    assert plain("Betrag dieses Abrufs: 20.250,63 €") in plain(text)
    assert "Gehälter Januar und Februar 2027" in text
    assert len(pypdf.PdfReader(io.BytesIO(data)).pages) == 1


# --- extremes -------------------------------------------------------------------------------------


def test_a_draft_is_marked_on_each_page_and_has_no_check_sum() -> None:
    data = paper(empty(), is_draft=True)
    for page in pypdf.PdfReader(io.BytesIO(data)).pages:
        text = page.extract_text()
        assert text.count("ENTWURF") >= 2
        assert "Entwurf vom 26.02.2027, nicht eingereicht" in text
    assert SHA.encode() not in data
    assert "Noch nicht bestätigt." in text_of(data)


def test_who_looks_at_a_draft_has_confirmed_nothing() -> None:
    text = text_of(paper(content("interim"), is_draft=True))
    assert "Kim Beispiel" not in text
    assert "Noch nicht bestätigt." in text
    assert "noch nicht" in text[text.index("Eingereicht") :][:40]


def test_empty_parts_say_so_and_a_long_title_is_told_in_full() -> None:
    text = text_of(paper(empty()))
    assert plain(_LONG) in plain(text)
    # Notice, measure, partners, areas; narrative, figures, milestones, participants; receipts.
    assert text.count("keine Angaben") == 9


def test_very_long_texts_break_over_pages() -> None:
    of = content("final")
    of["narrative"][1]["text"] = "Wort " * 9000
    of["account"]["cost"][1]["reason"] = "Grund " * 1500
    data = paper(of)
    assert text_of(data).count("Wort") == 9000
    assert text_of(data).count("Grund ") + text_of(data).count("Grund\n") >= 1500


def test_amounts_that_were_never_entered_are_no_noughts() -> None:
    of = content("interim")
    of["account"]["cost"][0] |= {"amount": None, "deviation_percent": None}
    assert None in cells_between(text_of(paper(of)), "Ausgabenansatz", "Quelle")


def test_the_name_of_the_file_says_kind_reference_time_and_submission() -> None:
    assert file_name(content("final")) == "Verwendungsnachweis 34.01.02-ZiQ-0815-2025 bis 31.12.2026, Nr. 2"


def test_the_moment_is_told_in_local_time() -> None:
    of = content("interim")
    late = datetime.datetime(2026, 12, 31, 23, 30, tzinfo=datetime.UTC)
    assert "01.01.2027, 00:30 Uhr" in text_of(report_paper(of, sha256=SHA, at=late))
