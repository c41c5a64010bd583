"""The minutes (Niederschrift) of a meeting as a paper: a draft, as signed, or as approved."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import override

from project.common.formats import NO_VALUE, date_de
from project.common.pdf import blocks
from project.common.pdf.paper import render_paper
from workflows.minutes_content import DecisionLine, ItemPart, MinutesContent
from workflows.minutes_words import (
    decision_heading,
    decision_lines,
    presence_words,
    quorum_words,
    seat_words,
    signature_words,
    span_words,
    stay_words,
)
from workflows.reports.seal import SealedPaper, seal


@dataclass(frozen=True)
class Correction:
    """A correction with which the minutes were approved."""

    text: str
    recorded_on: datetime.date


@dataclass(frozen=True)
class MinutesData:
    """Everything the paper shows.

    Attributes:
        content: Internal parts left out already where the reader may not see them.
        author: Who publishes it: the planning unit.
        is_internal: Whether it holds the internal part, and says so.
        is_signed: Unsigned ones carry the mark of a draft.
        approved_on: Day of the meeting that approved them.
        corrections: Recorded with the approval.
    """

    content: MinutesContent
    author: str
    is_internal: bool
    is_signed: bool
    approved_on: datetime.date | None = None
    corrections: Sequence[Correction] = ()


def render(data: MinutesData, *, language: str) -> bytes:
    """Write the paper as it stands, without check sum: a draft, or a copy to read.

    Args:
        data: From ``services.minutes_papers``; nothing is read from the database here.
        language: "de" or "en".

    Returns:
        A tagged PDF, the same bytes for the same data.
    """
    with override(language):
        return render_paper(paper_of(data, language=language))


def render_sealed(data: MinutesData, *, language: str, address: str) -> SealedPaper:
    """Write the paper that is issued, with the check sum of its content printed in it.

    Args:
        data: Signed.
        language: "de" or "en".
        address: Page on which a copy is compared with what was issued.
    """
    with override(language):
        return seal(paper_of(data, language=language), address=address)


def title_of(content: MinutesContent) -> str:
    """Title of the paper, in the language in force."""
    return _("Minutes: %(body)s, %(day)s") % {"body": content.body, "day": date_de(content.held_on)}


def paper_of(data: MinutesData, *, language: str) -> blocks.Paper:
    """The paper in blocks; texts are taken in the language in force."""
    content = data.content
    parts: list[blocks.Block] = [
        blocks.Heading(_("Minutes"), 1, is_listed=False, preline=content.territory, badges=_badges(data)),
        blocks.Paragraph(content.body, "lead"),
        blocks.KeyValues(_facts(content)),
        *_attendance(content),
    ]
    if content.text or content.internal_text:
        parts.append(blocks.Heading(_("General remarks")))
        parts += _texts(content.text, content.internal_text)
    if content.items:
        parts.append(blocks.Heading(_("Agenda")))
        for part in content.items:
            parts += _item(part)
    if content.decisions:
        parts.append(blocks.Heading(_("Further decisions")))
        for decision in content.decisions:
            parts += _decision(decision)
    parts += _corrections(data)
    parts += _signatures(content)
    return blocks.Paper(
        title=title_of(content),
        language=language,
        author=data.author,
        subject=f"{content.territory}, {content.cycle}",
        blocks=parts,
        running=f"{content.body} · {date_de(content.held_on)}",
        footer=_footer(data),
        draft="" if data.is_signed else _("Draft"),
        page_of=_("Page %(page)s of %(pages)s"),
    )


def _badges(data: MinutesData) -> tuple[str, ...]:
    if data.approved_on is not None:
        state = _("approved on %(day)s") % {"day": date_de(data.approved_on)}
    elif data.is_signed:
        state = _("signed, not yet approved")
    else:
        state = _("draft, not signed")
    return (state, _("with the internal part")) if data.is_internal else (state,)


def _footer(data: MinutesData) -> str:
    return f"{data.author} · {_('internal')}" if data.is_internal else data.author


def _facts(content: MinutesContent) -> list[tuple[str, str]]:
    return [
        (_("Day"), date_de(content.held_on)),
        (_("Place"), content.place or NO_VALUE),
        (_("Begin and end"), span_words(content)),
        (_("Planning cycle"), content.cycle),
    ]


def _attendance(content: MinutesContent) -> list[blocks.Block]:
    if not content.presences:
        return []
    table = blocks.Table(
        caption=_("Who was there, and which seats stayed empty"),
        columns=(
            blocks.Column(_("Organisation"), 2.6),
            blocks.Column(_("Seat"), 1.5),
            blocks.Column(_("Attendance"), 1.5),
            blocks.Column(_("Time"), 1.2),
        ),
        rows=[
            (row.organisation, seat_words(row), presence_words(row), stay_words(row.stays) or NO_VALUE)
            for row in content.presences
        ],
    )
    said = quorum_words(content)
    quorum = [blocks.Paragraph(" ".join(said))] if said else []
    return [blocks.Heading(_("Attendance")), table, *quorum]


def _item(part: ItemPart) -> list[blocks.Block]:
    title = f"{part.number}. {part.title}"
    if part.is_internal:
        title = _("%(title)s (internal)") % {"title": title}
    parts: list[blocks.Block] = [blocks.Heading(title, 3)]
    for decision in part.decisions:
        parts += _decision(decision)
    parts += _texts(part.text, part.internal_text)
    if not part.decisions and not part.text and not part.internal_text:
        parts.append(blocks.Paragraph(_("Nothing was recorded on this item."), "note"))
    return parts


def _decision(decision: DecisionLine) -> list[blocks.Block]:
    lines = decision_lines(decision)
    return [blocks.Paragraph(decision_heading(decision), "strong"), *(blocks.Paragraph(row) for row in lines)]


def _texts(text: str, internal_text: str) -> list[blocks.Block]:
    parts: list[blocks.Block] = [blocks.Paragraph(row) for row in paragraphs(text)]
    if internal_text:
        parts.append(blocks.Statement(_("Internal"), internal_text))
    return parts


def paragraphs(text: str) -> list[str]:
    """Paragraphs of a text; blank lines part them."""
    return [part.strip() for part in text.replace("\r\n", "\n").split("\n\n") if part.strip()]


def _corrections(data: MinutesData) -> list[blocks.Block]:
    if not data.corrections:
        return []
    parts: list[blocks.Block] = [blocks.Heading(_("Corrections"))]
    for row in data.corrections:
        words = _("Recorded with the approval on %(day)s") % {"day": date_de(row.recorded_on)}
        parts.append(blocks.Statement(words, row.text))
    return parts


def _signatures(content: MinutesContent) -> list[blocks.Block]:
    rows = [
        (label, signature_words(signature))
        for label, signature in (
            (_("Secretary"), content.secretary),
            (_("Chair"), content.chair),
        )
        if signature is not None
    ]
    if not rows:
        return []
    parts: list[blocks.Block] = [blocks.Heading(_("Signatures")), blocks.KeyValues(rows)]
    if content.alone_reason:
        parts.append(
            blocks.Paragraph(_("Signed by one person: %(reason)s") % {"reason": content.alone_reason}, "note")
        )
    return parts
