"""The sheet that lies on the tables of an evening: question, code and address of the entry page."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import override

from project.common.formats import date_de
from project.common.pdf import blocks
from project.common.pdf.paper import render_paper
from workflows.models import SpaceConference
from workflows.qr import evening_code
from workflows.take_part import words_of

#: Languages whose letters the papers' fonts have; the others meet their language on the page itself.
_ON_PAPER = ("en", "tr", "uk", "ru")

#: Width of the code on the sheet, as a share of the text; the small one is still read from across a table.
_LARGE, _SMALL = 0.55, 0.35
#: Translations longer than this all together need the small one (characters).
_LONG = 300


def render(conference: SpaceConference, url: str, *, questions: Mapping[str, str], language: str) -> bytes:
    """Write the sheet.

    Args:
        conference: The evening, with area, cycle, territory and planning unit loaded.
        url: Absolute address of the entry page.
        questions: Code of a language -> the question in it.
        language: "de" or "en".

    Returns:
        A tagged PDF of one page.
    """
    with override(language):
        title = _("Take part: %(area)s") % {"area": conference.area.name}
        german = words_of("de")
        parts: list[blocks.Block] = [
            blocks.Heading(title, level=1, preline=str(conference.cycle.territory)),
            blocks.Heading(conference.question or german["intro"], level=2),
            blocks.Figure(
                evening_code(url),
                alt=_("QR code that leads to %(url)s") % {"url": url},
                share=_share(questions),
            ),
            blocks.Paragraph(url, href=url),
            blocks.Paragraph(
                _("Point your telephone's camera at the picture, or type the address."), "strong"
            ),
            blocks.Paragraph(german["anonymous"]),
            blocks.Paragraph(_("No telephone? Tell us your idea, we write it down for you.")),
            *(
                blocks.Paragraph(f"{words_of(code)['language']}: {_in_language(code, questions)}")
                for code in _ON_PAPER
            ),
        ]
        return render_paper(
            blocks.Paper(
                title=title,
                language=language,
                author=str(conference.cycle.planning_unit),
                subject=str(conference.cycle.territory),
                blocks=parts,
                footer=date_de(conference.held_on),
                page_of=_("Page %(page)s of %(pages)s"),
            )
        )


def _share(questions: Mapping[str, str]) -> float:
    """Width of the code: smaller beside long translations, so that all of it stays one page."""
    return _SMALL if sum(map(len, questions.values())) > _LONG else _LARGE


def _in_language(code: str, questions: Mapping[str, str]) -> str:
    """The question, where it is translated, and that one may write in this language."""
    return " ".join(filter(None, (questions.get(code), words_of(code)["written_in"])))


def file_name(conference: SpaceConference) -> str:
    """Name of the file."""
    return _("Sheet with QR code %(area)s") % {"area": conference.area.name}
