"""The PDF kit: every element, tagged and valid, nothing beyond the edge, the same bytes twice."""

from __future__ import annotations

import dataclasses
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdf
import pytest
from django.conf import settings

from project.common.looks import LOOKS
from project.common.pdf import blocks
from project.common.pdf.fonts import BOLD, REGULAR, register, width_of
from project.common.pdf.paper import render_paper
from project.common.pdf.words import SOFT_HYPHEN, breaks_of, lines_of
from project.common.svg import Drawing
from tests.pdfua.sample import LONG_WORDS, long_table, sample_drawing, sample_paper
from tests.pdfua.validator import faults_of


@pytest.fixture(scope="module")
def content() -> bytes:
    """The paper with everything."""
    return render_paper(sample_paper())


@pytest.fixture
def reader(content: bytes) -> pypdf.PdfReader:
    """The same, read back."""
    return pypdf.PdfReader(io.BytesIO(content))


def paper(*parts: blocks.Block, **changes: Any) -> blocks.Paper:
    defaults = {"title": "Papier", "language": "de", "author": "Planung"}
    return blocks.Paper(blocks=(blocks.Heading("Papier", 1), *parts), **(defaults | changes))


def elements(reader: pypdf.PdfReader) -> Iterator[tuple[int, Any]]:
    """Structure elements in reading order with their depth."""

    def walk(node: Any, depth: int) -> Iterator[tuple[int, Any]]:
        node = node.get_object()
        if isinstance(node, pypdf.generic.DictionaryObject) and "/S" in node:
            yield depth, node
            kids = node.get("/K", [])
            for kid in kids if isinstance(kids, list) else [kids]:
                yield from walk(kid, depth + 1)

    root: Any = reader.trailer["/Root"]
    yield from walk(root["/StructTreeRoot"]["/K"], 0)


def tags(reader: pypdf.PdfReader) -> list[str]:
    return [str(node["/S"]) for _depth, node in elements(reader)]


# --- standards -------------------------------------------------------------------------------------


def test_every_element_passes_pdf_ua_1_and_pdf_a_2a(tmp_path: Path, content: bytes) -> None:
    english = render_paper(sample_paper(language="en", rows=3))
    small = render_paper(paper(blocks.Paragraph("Text")))
    assert faults_of({"german": content, "english": english, "small": small}, tmp_path) == []


def test_the_validator_finds_what_is_wrong(tmp_path: Path) -> None:
    broken = (
        render_paper(sample_paper(rows=3))
        .replace(b"/Scope /Column", b"/Skope /Column")
        .replace(b"/Alt ", b"/Alx ")
    )
    assert any("FAIL" in line for line in faults_of({"broken": broken}, tmp_path, profiles="ua1"))


def test_same_paper_same_bytes(content: bytes) -> None:
    assert render_paper(sample_paper()) == content


def test_the_file_says_what_it_is(reader: pypdf.PdfReader) -> None:
    root: Any = reader.trailer["/Root"]
    assert root["/Lang"] == "de-DE"
    assert bool(root["/MarkInfo"]["/Marked"])
    assert bool(root["/ViewerPreferences"]["/DisplayDocTitle"])
    assert reader.metadata is not None
    assert reader.metadata.title == "Musterpapier: „Größe“ & <Form>"
    assert reader.metadata.author == "Sozialplanung"
    xmp = root["/Metadata"].get_data().decode()
    assert "<pdfuaid:part>1</pdfuaid:part>" in xmp
    assert "„Größe“ &amp; &lt;Form&gt;" in xmp


def test_fonts_are_embedded(reader: pypdf.PdfReader) -> None:
    names = set()
    for page in reader.pages:
        resources: Any = page["/Resources"]
        for font in resources["/Font"].values():
            descriptor = font.get_object()["/FontDescriptor"]
            assert "/FontFile2" in descriptor
            names.add(str(font.get_object()["/BaseFont"]).split("+")[-1])
    assert names <= {"FiraSans-Regular", "FiraSans-SemiBold", "FiraSans-Italic"}


# --- structure -------------------------------------------------------------------------------------


def test_structure_follows_the_reading_order(reader: pypdf.PdfReader) -> None:
    found = tags(reader)
    assert [tag for tag in found if re.fullmatch("/H[1-6]", tag)] == ["/H1", "/H2", "/H3", "/H2"]
    assert found[:4] == ["/Document", "/P", "/H1", "/P"]
    assert found.count("/L") == 2
    assert found.count("/LI") == found.count("/Lbl") == found.count("/LBody") == 5
    assert found.count("/TOCI") == found.count("/Reference") == 3
    assert found.count("/Link") == 4
    assert found.count("/Figure") == 2
    assert found.count("/BlockQuote") == 1


def test_figures_have_a_text_and_a_box(reader: pypdf.PdfReader) -> None:
    figures = [node for _depth, node in elements(reader) if node["/S"] == "/Figure"]
    assert [str(node["/Alt"]) for node in figures] == [
        "Karte. Zwei Gebiete, eines ohne Angabe",
        "Zwei Gebiete",
    ]
    assert all(len(node["/A"]["/BBox"]) == 4 for node in figures)


def test_a_figure_without_words_is_refused() -> None:
    with pytest.raises(ValueError, match="do not see"):
        render_paper(paper(blocks.Figure(Drawing(10, 10, "", "", ()))))


def test_heads_say_what_they_head(reader: pypdf.PdfReader) -> None:
    heads = [node for _depth, node in elements(reader) if node["/S"] == "/TH"]
    scopes = [str(node["/A"]["/Scope"]) for node in heads]
    # Facts (2), head of the long table (3), its groups (8) and rows (200).
    assert scopes.count("/Row") == 202
    assert scopes.count("/Column") == 11
    assert sum(node["/A"].get("/ColSpan") == 3 for node in heads) == 8


@pytest.mark.parametrize("levels", [(2,), (1, 3), (1, 2, 4)])
def test_headings_leave_out_no_level(levels: tuple[int, ...]) -> None:
    parts = tuple(blocks.Heading(f"H{level}", level) for level in levels)
    with pytest.raises(ValueError, match="level"):
        render_paper(blocks.Paper("Papier", "de", "Planung", parts))


def test_links_belong_to_their_elements(reader: pypdf.PdfReader) -> None:
    annotations = [note.get_object() for page in reader.pages for note in page.get("/Annots", [])]
    assert len(annotations) == 4
    assert all(note["/Contents"] and "/StructParent" in note for note in annotations)
    assert [note["/A"]["/URI"] for note in annotations if "/A" in note] == [
        "https://www.example.org/gebiete/1"
    ]
    pages = [note["/Dest"][0].get_object() for note in annotations if "/Dest" in note]
    assert [reader.get_page_number(page) for page in pages] == [0, 1, 2]


def test_contents_and_bookmarks_lead_to_the_headings(reader: pypdf.PdfReader) -> None:
    text = reader.pages[0].extract_text()
    assert text.split("Seite 1 von")[1].split()[1:] == ["1", "2", "3"]
    for title, number in (("Musterpapier", 1), ("Texte", 2), ("Zahlen", 3)):
        assert title in reader.pages[number - 1].extract_text()
    outline: Any = reader.outline
    assert outline[0].title == "Musterpapier"
    assert [entry.title for entry in outline[1] if not isinstance(entry, list)] == ["Texte", "Zahlen"]


def test_pages_are_numbered_and_named(reader: pypdf.PdfReader) -> None:
    count = len(reader.pages)
    for number, page in enumerate(reader.pages, start=1):
        text = page.extract_text()
        assert f"Seite {number} von {count}" in text
        assert "Rheinisch-Bergischer Kreis · Planungszyklus 2027" in text
        assert "Stand der Zahlen: 01.03.2027" in text
        assert "Entwurf" in text
    assert "Zahlen · Entwurf" in reader.pages[-1].extract_text()


def test_nothing_draws_outside_of_elements_and_artifacts(reader: pypdf.PdfReader) -> None:
    for page in reader.pages:
        depth = 0
        for operands, operator in pypdf.generic.ContentStream(page["/Contents"], reader).operations:
            if operator in {b"BDC", b"BMC"}:
                depth += 1
            elif operator == b"EMC":
                depth -= 1
            elif operator in {b"Tj", b"TJ", b"S", b"f", b"f*", b"B*", b"Do"}:
                assert depth == 1, (operands, operator)
        assert depth == 0


# --- breaking --------------------------------------------------------------------------------------


def test_a_long_table_repeats_its_head_and_loses_no_row() -> None:
    reader = pypdf.PdfReader(io.BytesIO(render_paper(paper(long_table(200)))))
    texts = [page.extract_text() for page in reader.pages]
    assert len(texts) >= 5
    assert all("Indikator" in text and "Abweichung" in text for text in texts)
    numbers = [int(found) for text in texts for found in re.findall(r"Zeile (\d+) mit", text)]
    assert numbers == list(range(1, 201))
    # A group never ends a page.
    assert not any(re.search(r"Handlungsfeld \d+\s*$", text.split("Seite ")[0]) for text in texts)
    assert tags(reader).count("/TR") == 200 + 8 + 1


def test_a_cell_higher_than_a_page_goes_on_over_pages() -> None:
    columns = (blocks.Column("Gebiet"), blocks.Column("Text"))
    table = blocks.Table(
        "Texte", columns, [("Nord", " ".join(f"Wort{number}" for number in range(3000))), ("Süd", "kurz")]
    )
    reader = pypdf.PdfReader(io.BytesIO(render_paper(paper(table))))
    text = " ".join(page.extract_text() for page in reader.pages)
    assert "Wort0 " in text
    assert "Wort2999" in text
    assert tags(reader).count("/TR") == 3


def test_a_heading_never_ends_a_page() -> None:
    for lines in range(30, 50):
        parts = [blocks.Paragraph(f"Zeile {number}") for number in range(lines)]
        follows = [
            blocks.Heading("Danach", 2),
            blocks.Paragraph("Hinweis", "note"),
            blocks.Figure(sample_drawing()),
        ]
        reader = pypdf.PdfReader(io.BytesIO(render_paper(paper(*parts, *follows))))
        page = next(page for page in reader.pages if "Danach" in page.extract_text())
        assert "Mittel der Gebiete" in page.extract_text()


def test_a_heading_after_small_print_never_ends_a_page() -> None:
    """Small print may belong to what stands above it."""
    for lines in range(30, 50):
        above = [blocks.Paragraph(f"Zeile {number}") for number in range(lines)]
        follows = [blocks.Paragraph("Quelle", "note"), blocks.Heading("Danach", 2), long_table(4)]
        reader = pypdf.PdfReader(io.BytesIO(render_paper(paper(*above, *follows))))
        page = next(page for page in reader.pages if "Danach" in page.extract_text())
        assert "Zeile 2 mit" in page.extract_text(), lines


def test_a_table_that_stays_whole_goes_to_the_next_page_with_its_heading() -> None:
    table = long_table(9)
    whole = dataclasses.replace(table, is_whole=True)
    torn = False
    for lines in range(25, 50):
        above = [blocks.Paragraph(f"Absatz {number}") for number in range(lines)]
        for made in (table, whole):
            content = render_paper(paper(*above, blocks.Heading("Danach", 2), made))
            pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages]
            page = next(text for text in pages if "Danach" in text)
            assert made is table or "Zeile 9 mit" in page, lines
            torn |= "Zeile 9 mit" not in page
    assert torn, "else this proves nothing"


def test_columns_higher_than_a_page_stand_one_below_the_other() -> None:
    left = tuple(blocks.Paragraph(f"Links {number}") for number in range(60))
    right = (blocks.Paragraph("Rechts"),)
    reader = pypdf.PdfReader(io.BytesIO(render_paper(paper(blocks.Beside(left, right)))))
    text = " ".join(page.extract_text() for page in reader.pages)
    assert text.index("Links 59") < text.index("Rechts")


@pytest.mark.parametrize("width", [60.0, 110.0, 240.0])
@pytest.mark.parametrize("font", [REGULAR, BOLD])
def test_no_line_is_wider_than_its_place(width: float, font: str) -> None:
    register()
    for word in (
        *LONG_WORDS,
        "Ein Satz mit der Kinderbetreuungseinrichtungsplatzvergabeverfahrensordnung darin",
    ):
        lines = lines_of(word, width=width, font=font, size=9.5)
        assert all(width_of(line, font, 9.5) <= width for line in lines), lines
        joined = "".join(
            line.removesuffix(SOFT_HYPHEN) if line.endswith(SOFT_HYPHEN) else line + " " for line in lines
        )
        assert joined.replace(" ", "") == word.replace(" ", "")


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("Gesundheitsamt", "Ge-sund-heits-amt"),
        ("Betreuungseinrichtung", "Betreu-ungs-einrich-tung"),
        ("Sozialplanung", "Sozial-planung"),
        ("Schuleingangsuntersuchung", "Schulein-gangsunter-suchung"),
    ],
)
def test_german_words_break_where_a_reader_expects_it(word: str, parts: str) -> None:
    places, at = [], 0
    for part in parts.split("-")[:-1]:
        at += len(part)
        places.append(at)
    assert set(places) & set(breaks_of(word)), breaks_of(word)
    assert all(3 <= place <= len(word) - 3 for place in breaks_of(word))


def test_strange_characters_do_not_stop_a_paper() -> None:
    odd = "漢字 \x00\x07 <b>fett</b> & \u202e 😀"
    columns = (blocks.Column(odd), blocks.Column(odd))
    parts = (
        blocks.Heading(odd, 2),
        blocks.Paragraph(odd),
        blocks.Bullets([odd, ""]),
        blocks.Table(odd, columns, [(odd, "")]),
    )
    reader = pypdf.PdfReader(io.BytesIO(render_paper(paper(*parts, title=odd, running=odd, footer=odd))))
    assert "<b>fett</b> &" in reader.pages[0].extract_text()


def test_an_empty_paper_and_an_unknown_language_are_refused() -> None:
    with pytest.raises(ValueError, match="content"):
        render_paper(blocks.Paper("Papier", "de", "Planung"))
    with pytest.raises(ValueError, match="German or English"):
        render_paper(paper(language="fr"))


def test_long_running_heads_end_with_dots() -> None:
    reader = pypdf.PdfReader(io.BytesIO(render_paper(paper(running="Kreis " * 60, footer="Quelle " * 60))))
    text = reader.pages[0].extract_text()
    assert text.count("…") == 2


def test_a_cover_stands_alone_without_head_and_number() -> None:
    parts = (blocks.PageBreak(), blocks.Paragraph("Danach"))
    plain, cover = (
        [
            page.extract_text()
            for page in pypdf.PdfReader(
                io.BytesIO(render_paper(paper(*parts, running="Kreis", has_cover=has_cover)))
            ).pages
        ]
        for has_cover in (False, True)
    )
    assert ["Seite" in text and "Kreis" in text for text in plain] == [True, True]
    assert ["Seite" in text or "Kreis" in text for text in cover] == [False, True]
    assert "Seite 2 von 2" in cover[1]


def test_line_breaks_are_kept_in_texts_and_cells() -> None:
    assert lines_of("Erstens\nZweitens\r\nDrittens", width=400, font=REGULAR, size=9) == [
        "Erstens",
        "Zweitens",
        "Drittens",
    ]


# --- looks -----------------------------------------------------------------------------------------


def test_colours_are_those_of_the_style_sheets() -> None:
    folder = Path(settings.BASE_DIR) / "project" / "static" / "passgenau"
    sheets = "\n".join(
        (folder / name).read_text() for name in ("passgenau.css", "charts.css", "shades.css", "maps.css")
    )
    variables = dict(re.findall(r"(--pg-[a-z-]+):\s*(#[0-9a-f]{6})", sheets))
    for css, look in LOOKS.items():
        found = re.search(rf"^\.{css} {{[^}}]*\bfill: ([^;]+);", sheets, re.MULTILINE)
        if found is None or not look.fill:
            continue
        wanted = found.group(1).removeprefix("var(").removesuffix(")")
        colour = variables.get(wanted, wanted)
        if colour.startswith("#"):
            assert look.fill == (
                colour if len(colour) == 7 else "#" + "".join(char * 2 for char in colour[1:])
            ), css
