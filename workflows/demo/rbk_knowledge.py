"""What the offices of the Rheinisch-Bergischer Kreis say in the demo: invented, and marked as examples."""

from __future__ import annotations

from dataclasses import dataclass

from monitoring.models import Area
from project.common.attachments import Upload
from project.common.pdf import blocks
from project.common.pdf.paper import render_paper
from workflows.models import Confidence, Position, SourceGroup, UrgencyLevel


@dataclass(frozen=True)
class Said:
    """A statement on an area.

    Attributes:
        who: Key of the person in the cast.
        area: Name of the area.
        position: How it relates to the figures.
        text: The statement.
        confidence: How sure it is.
        group: Where it comes from, if not from the organisation itself.
        file: Name of a file that backs it.
    """

    who: str
    area: str
    position: Position
    text: str
    confidence: Confidence
    group: SourceGroup | None = None
    file: str = ""

    def arguments(self, area: Area) -> dict[str, object]:
        """Keyword arguments of ``statement_add``."""
        return {
            "area": area,
            "position": self.position,
            "text": self.text,
            "confidence": self.confidence,
            "source_group": self.group or "",
            "files": [Upload(self.file, _count(self.area))] if self.file else [],
        }


STATEMENTS = (
    Said(
        "jobcenter",
        "Zentrum Nord",
        Position.AGREES,
        "Beispiel: Bei jungen Erwachsenen fehlt oft der Schulabschluss.",
        Confidence.SURE,
        file="Beispiel-Auszählung.pdf",
    ),
    Said(
        "fachplanung-jugendamt",
        "Zentrum Nord",
        Position.EXPLAINS,
        "Beispiel: Wenige Straßenzüge prägen den Wert.",
        Confidence.LIKELY,
    ),
    Said(
        "leitung-gesundheitsamt",
        "Zentrum Nord",
        Position.UNSEEN_NEED,
        "Beispiel: Termine zur Früherkennung werden selten wahrgenommen.",
        Confidence.LIKELY,
        SourceGroup.HEALTH,
    ),
    Said(
        "leitung-sozialamt",
        "Cremers Weiden",
        Position.UNSEEN_NEED,
        "Beispiel: Ältere Alleinlebende sind schwer zu erreichen.",
        Confidence.GUESS,
        SourceGroup.RESIDENTS,
    ),
    Said(
        "fachplanung-jugendamt",
        "Wermelskirchen Innenstadt",
        Position.CONTRADICTS,
        "Beispiel: Die Betreuungsquote überzeichnet; am Nachmittag fehlen Plätze.",
        Confidence.SURE,
        SourceGroup.SCHOOL,
    ),
)
#: What the conference sees otherwise than the index.
URGENT_AREA = "Cremers Weiden"
URGENCY = UrgencyLevel.VERY_HIGH
URGENT_BECAUSE = "Beispiel: Zwei Angebote für Ältere sind weggefallen; die Zahlen zeigen das noch nicht."


def _count(area: str) -> bytes:
    """A paper of one page that counts something."""
    return render_paper(
        blocks.Paper(
            title="Beispiel: Auszählung",
            language="de",
            author="Jobcenter",
            subject=area,
            running=area,
            footer="Beispiel",
            blocks=(
                blocks.Heading("Beispiel: Auszählung der Beratungen", 1),
                blocks.Paragraph("Erfundene Werte: Von 40 Beratenen hatten 12 keinen Schulabschluss."),
            ),
        )
    )
