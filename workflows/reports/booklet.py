"""All profiles of a cycle in one booklet with contents."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from project.common.formats import date_de
from project.common.pdf import blocks
from project.common.pdf.paper import render_paper
from workflows.models import PlanningCycle
from workflows.reports.profile import ProfileData, content, latest, paper_of


def render(data: Sequence[ProfileData], *, language: str) -> bytes:
    """Write the booklet.

    Args:
        data: From ``profile.collect``, all of one cycle, in the order they shall stand; at least one.
        language: "de" or "en".

    Returns:
        A tagged PDF: title with contents, then each profile from a new page on; the same bytes for the
        same data.

    Raises:
        ValueError: There is no profile.
    """
    if not data:
        raise ValueError("a booklet needs profiles")
    cycle = data[0].cycle
    with override(language):
        is_draft = any(row.profile.released_at is None for row in data)
        parts: list[blocks.Block] = [
            blocks.Heading(
                _("Area profiles"), 1, is_listed=False, preline=str(cycle.territory), badges=_badges(data)
            ),
            blocks.Paragraph(cycle.title, "lead"),
            blocks.Contents(_("Contents"), depth=1),
        ]
        for row in data:
            parts += [blocks.PageBreak(), *content(row)]
        title = f"{file_name(cycle)}, {cycle.territory}"
        return render_paper(paper_of(title, data[0], parts, language=language, is_draft=is_draft))


def _badges(data: Sequence[ProfileData]) -> tuple[str, ...]:
    count = len(data)
    words = [ngettext("%(count)s area", "%(count)s areas", count) % {"count": count}]
    if any(row.profile.released_at is None for row in data):
        words.append(_("draft, not released"))
    else:
        day = date_de(latest(row.profile.released_at for row in data))
        words.append(_("released on %(day)s") % {"day": day})
    return tuple(words)


def file_name(cycle: PlanningCycle) -> str:
    """Name people find among their downloads, without ending."""
    return _("Area profiles %(cycle)s") % {"cycle": cycle.title}
