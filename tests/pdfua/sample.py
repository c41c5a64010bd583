"""A paper with every element of the kit, German words that fit nowhere, and a long table."""

from project.common.bars import deviation_bar
from project.common.pdf import blocks
from project.common.svg import Circle, Drawing, Group, Line, Path, Rect, Text

#: Real German official words, the longest of their kind.
LONG_WORDS = (
    "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz",
    "Grundstücksverkehrsgenehmigungszuständigkeitsübertragungsverordnung",
    "Kinderbetreuungseinrichtungsplatzvergabeverfahren",
    "https://www.example.org/sozialplanung/berichte/2027/steckbriefe/zentrum-nord.html?stand=2027-03-01",
    "X" * 200,
)


def sample_drawing() -> Drawing:
    """Every shape there is."""
    square = ((20.0, 20.0), (120.0, 20.0), (120.0, 100.0), (20.0, 100.0))
    hole = ((50.0, 40.0), (90.0, 40.0), (90.0, 80.0), (50.0, 80.0))
    none = tuple((x + 130, y) for x, y in square)
    return Drawing(
        320,
        140,
        "Karte",
        "Zwei Gebiete, eines ohne Angabe",
        (
            Group((Path((square, hole), "pg-map__area pg-shade-5-4"),), title="A"),
            Group((Path((none,), "pg-map__area pg-map__area--none", is_hatched=True),), title="B"),
            Path((square,), "pg-map__outline"),
            Rect(270, 20, 30, 80, "pg-bar__value pg-bar__value--more"),
            Line(0, 120, 320, 120, "pg-axis"),
            Path((((10, 110), (100, 125), (300, 105)),), "pg-line pg-line--other-1", is_closed=False),
            Circle(300, 105, 4, "pg-dot"),
            Text(160, 136, "Mittel der Gebiete", "pg-chart-text pg-chart-text--muted", "middle"),
        ),
    )


def long_table(count: int = 200) -> blocks.Table:
    """A table over several pages."""
    columns = (
        blocks.Column("Indikator", 5),
        blocks.Column("Wert", 1.4, is_number=True),
        blocks.Column("Abweichung", 2.4, is_number=True),
    )
    rows: list[blocks.Row] = []
    for number in range(1, count + 1):
        if number % 25 == 1:
            rows.append(blocks.GroupRow(f"Handlungsfeld {number // 25 + 1}"))
        rows.append(
            (
                f"Zeile {number} mit Wörtern",
                f"{number},5 %",
                blocks.Bar(deviation_bar(number % 7 - 3), "+0,5"),
            )
        )
    return blocks.Table("Alle Zahlen", columns, rows)


def sample_paper(*, language: str = "de", rows: int = 200) -> blocks.Paper:
    """Every element of the kit."""
    text = "Das Gebiet weicht vom Mittel aller Gebiete ab; die Konferenz hat dazu Einschätzungen gesammelt. "
    return blocks.Paper(
        title="Musterpapier: „Größe“ & <Form>",
        language=language,
        author="Sozialplanung",
        subject="Alle Elemente",
        running="Rheinisch-Bergischer Kreis · Planungszyklus 2027",
        footer="Stand der Zahlen: 01.03.2027 · Quelle: Beispiel",
        draft="Entwurf",
        blocks=(
            blocks.Heading(
                "Musterpapier",
                1,
                preline="Rheinisch-Bergischer Kreis",
                badges=("Entwurf", "Rang 1 von 81"),
                running="Musterpapier",
            ),
            blocks.Paragraph("Ein Vorspann, der sagt, worum es geht.", "lead"),
            blocks.Contents("Inhalt"),
            blocks.PageBreak(),
            blocks.Heading("Texte", 2),
            blocks.Paragraph(text * 6),
            blocks.Paragraph("Zur Seite des Gebiets", href="https://www.example.org/gebiete/1"),
            blocks.Bullets(["Erstens ein kurzer Punkt", text * 3, "Drittens"]),
            blocks.Bullets(["Eins", "Zwei"], is_numbered=True),
            blocks.Statement("Jugendamt erklärt: SGB-II-Quote", text * 2),
            blocks.Heading("Lange Wörter", 3),
            *(blocks.Paragraph(word) for word in LONG_WORDS),
            blocks.Beside(
                (blocks.KeyValues((("Gebiet", "Zentrum Nord"), (LONG_WORDS[2], LONG_WORDS[0]))),),
                (blocks.Figure(sample_drawing(), caption="Karte der Gebiete"),),
            ),
            blocks.Heading("Zahlen", 2, running="Zahlen"),
            blocks.Figure(sample_drawing(), alt="Zwei Gebiete", share=0.6),
            long_table(rows),
            blocks.Paragraph("Ein Zeichen außerhalb der Schrift: 漢, ein Steuerzeichen: \x07.", "note"),
        ),
    )
