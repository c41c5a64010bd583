"""Key figures on paper: a table with the light in words, and small charts of the paths."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Final

from django.utils.translation import gettext as _

from measures.figure_charts import figure_drawing
from measures.models import FigureKind, KeyFigure, KeyFigureTarget
from measures.selectors.figures import FigureLine, actual_text, is_small_count, number_of
from project.common.formats import SIGN_UNKNOWN, date_de, sign_meaning
from project.common.pdf import blocks

_BY_THREES: Final = 3
#: Share of the first of three columns: the gap between the others comes out of theirs.
_FIRST_OF_THREE: Final = 0.32


def figure_blocks(
    lines: Sequence[FigureLine], *, today: datetime.date, is_public: bool
) -> list[blocks.Block]:
    """Table and charts of key figures.

    Args:
        lines: As they may be told.
        today: Where the line of today stands.
        is_public: Hide where a figure began, too, if that counts few people.
    """
    columns = (
        blocks.Column(_("Key figure"), 3.6),
        blocks.Column(_("Baseline"), 1.8),
        blocks.Column(_("Targets"), 3.2),
        blocks.Column(_("Latest figure"), 1.9),
        blocks.Column(_("Traffic light"), 1.4),
    )
    rows = [
        (
            f"{line.figure.title}\n{line.figure.get_level_display()}",
            _with_day(_baseline(line, is_public=is_public), line.figure.baseline_on),
            "\n".join(_target(row, line.figure) for row in line.targets) or "–",
            _latest(line),
            line.badge.text,
        )
        for line in lines
    ]
    parts: list[blocks.Block] = [blocks.Table("", columns, rows)]
    signs = {row.is_secret for line in lines for row in line.actuals}
    if True in signs or any(_hides_baseline(line, is_public=is_public) for line in lines):
        note = _("Signs: %(meanings)s") % {"meanings": f"{SIGN_UNKNOWN} {sign_meaning(SIGN_UNKNOWN)}"}
        parts.append(blocks.Paragraph(note, "note"))
    parts += _charts([line for line in lines if not _hides_baseline(line, is_public=is_public)], today)
    if any(line.follows_indicator for line in lines):
        text = _("A change of a figure that follows an indicator of the area is no proof of effect.")
        parts.append(blocks.Paragraph(text, "note"))
    return parts


def _charts(lines: Sequence[FigureLine], today: datetime.date) -> list[blocks.Block]:
    """Small charts in rows: by threes where that saves a row, so that a usual measure fits on a page."""
    is_narrow = len(lines) == _BY_THREES or len(lines) > _BY_THREES + 1
    drawn = [
        blocks.Figure(drawing, caption=_caption(line.figure), share=1 if is_narrow else 0.9)
        for line in lines
        if (drawing := figure_drawing(line, today, is_flat=True, is_narrow=is_narrow)) is not None
    ]
    if not is_narrow:
        return [blocks.Beside(drawn[at : at + 1], drawn[at + 1 : at + 2]) for at in range(0, len(drawn), 2)]
    return [
        blocks.Beside(
            drawn[at : at + 1],
            (blocks.Beside(drawn[at + 1 : at + 2], drawn[at + 2 : at + 3]),),
            share=_FIRST_OF_THREE,
        )
        for at in range(0, len(drawn), _BY_THREES)
    ]


def _with_day(text: str, day: datetime.date) -> str:
    return f"{text}\n({date_de(day)})"


def _hides_baseline(line: FigureLine, *, is_public: bool) -> bool:
    return is_public and is_small_count(line.figure.baseline, line.figure)


def _baseline(line: FigureLine, *, is_public: bool) -> str:
    if _hides_baseline(line, is_public=is_public):
        return SIGN_UNKNOWN
    return number_of(line.figure.baseline, line.figure)


def _target(row: KeyFigureTarget, figure: KeyFigure) -> str:
    words = _("%(value)s by %(day)s") % {"value": number_of(row.value, figure), "day": date_de(row.due_on)}
    return f"{words}: {row.wording}" if row.wording else words


def _latest(line: FigureLine) -> str:
    latest = line.latest
    if latest is None:
        return "–"
    return _with_day(actual_text(latest, line.figure), latest.day)


def _caption(figure: KeyFigure) -> str:
    """Title and unit; a judgement has steps for a unit."""
    unit = _("Step of the judgement") if figure.kind == FigureKind.QUALITY else figure.unit.symbol
    return f"{figure.title} ({unit})"
