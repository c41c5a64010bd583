"""What a recommendation rests on, as parts of papers: figures, statements, urgency."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from monitoring.deviations import Deviation, deviation_chart
from project.common.formats import signed_de
from project.common.pdf import blocks
from workflows.models import Statement, UrgencyProposal
from workflows.selectors.recommendations import AreaEvidence
from workflows.selectors.urgency import index_says


def statement_block(statement: Statement, *, names_area: bool = False) -> blocks.Block:
    """What experts said: organisation, source group, position, subject and how sure; never the person.

    Args:
        statement: With organisation, indicator and domain loaded.
        names_area: Whether the area is named, where the heading above does not say it.
    """
    who = f"{statement.source_words} {statement.get_position_display()}"
    about = statement.indicator or statement.domain
    if about is not None:
        who += f": {about.name}"
    if names_area:
        who += f", {statement.area.name}"
    sure = f" ({_('How sure:')} {statement.get_confidence_display()})" if statement.confidence else ""
    return blocks.Statement(who, statement.text.rstrip() + sure)


def urgency_facts(urgencies: Iterable[UrgencyProposal]) -> list[tuple[str, str]]:
    """How urgent each body sees an area, and why; a fact for each."""
    return [
        (
            _("As %(body)s sees it") % {"body": row.body.name},
            f"{row.get_level_display()} ({row.reason})",
        )
        for row in urgencies
    ]


def urgency_blocks(area: AreaEvidence) -> list[blocks.Block]:
    """The class of the index and beside it what bodies say; nothing where none said anything else."""
    if not area.urgencies:
        return []
    rows = [(_("By the index"), index_says(area.result)), *urgency_facts(area.urgencies)]
    return [blocks.KeyValues(rows)]


def figure_blocks(area: AreaEvidence, *, has_directions: bool = True) -> list[blocks.Block]:
    """Bars and table of an area; what is secret shows its sign only.

    Args:
        area: Figures of the run, protected by secrecy.
        has_directions: Whether the chart says which side means more need.
    """
    if not area.figures:
        return []
    chart = deviation_chart(
        [Deviation(figure.indicator.name, figure.z) for figure in area.figures],
        title=area.area.name,
        has_directions=has_directions,
    )
    columns = (
        blocks.Column(_("Indicator"), 6),
        blocks.Column(_("Value"), 2.5, is_number=True),
        blocks.Column(_("Deviation"), 2, is_number=True),
    )
    rows = [
        (figure.indicator.name, figure.text, signed_de(figure.z, 1) if figure.z is not None else "–")
        for figure in area.figures
    ]
    return [blocks.Figure(chart), blocks.Table("", columns, rows)]
