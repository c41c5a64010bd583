"""The record (Niederschrift) of an evening of the social-space conference; names no person."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from project.common.formats import date_de
from project.common.pdf import blocks
from project.common.pdf.paper import render_paper
from workflows.chapters import text_blocks
from workflows.models import AnswerKind, SpaceConference
from workflows.selectors.space_conferences import (
    TITLES,
    Headcount,
    IdeaLine,
    headcounts_of,
    idea_lines,
    title_of,
)


@dataclass(frozen=True)
class RecordIdea:
    """An idea in the record."""

    number: int
    text: str
    topic: str
    points: int
    comments: Sequence[str]
    kind: str
    destination: str
    answer: str
    corrected_on: datetime.date | None = None


@dataclass(frozen=True)
class RecordData:
    """Everything the record shows.

    Attributes:
        area: Name of the area.
        territory: Name of the territory.
        publisher: Name of the planning unit.
        facilitator: Who held the evening.
        cycle: Title of the cycle.
        held_on: Day.
        place: Where.
        question: Of the evening.
        headcounts: Participants as they may be shown.
        topics: Titles of the recommendations that were talked about.
        ideas: By number, those that were shown.
        has_answers: Whether the answers may be read.
        next_steps: What happens next; "" before it is known.
        released_on: Day of the release; None before.
    """

    area: str
    territory: str
    publisher: str
    facilitator: str
    cycle: str
    held_on: datetime.date
    place: str
    question: str
    headcounts: Sequence[Headcount]
    topics: Sequence[str]
    ideas: Sequence[RecordIdea]
    has_answers: bool
    next_steps: str
    released_on: datetime.date | None


def collect(conference: SpaceConference, *, has_answers: bool) -> RecordData:
    """Read what the record shows.

    Args:
        conference: A closed evening the reader sees, with area, cycle, territory and organisations loaded.
        has_answers: Whether the reader may read answers: once released everybody, before that who holds it.

    Returns:
        The record. Queries: at most 9.
    """
    topics = conference.recommendations.select_related("cycle").prefetch_related(*TITLES)
    return RecordData(
        area=conference.area.name,
        territory=str(conference.cycle.territory),
        publisher=str(conference.cycle.planning_unit),
        facilitator=str(conference.facilitator),
        cycle=conference.cycle.title,
        held_on=conference.held_on,
        place=conference.place,
        question=conference.question,
        headcounts=headcounts_of(conference),
        topics=[title_of(row) for row in topics.order_by("number")],
        ideas=[_idea(line, has_answers=has_answers) for line in idea_lines(conference)],
        has_answers=has_answers,
        next_steps=conference.next_steps if has_answers else "",
        released_on=timezone.localdate(conference.released_at) if conference.released_at else None,
    )


def _idea(line: IdeaLine, *, has_answers: bool) -> RecordIdea:
    answer = line.answer if has_answers else None
    return RecordIdea(
        number=line.idea.number,
        text=line.idea.text,
        topic=line.topic,
        points=line.points,
        comments=[comment.text for comment in line.comments],
        kind="" if answer is None else answer.kind,
        destination=line.destination if has_answers else "",
        answer="" if answer is None else answer.text,
        corrected_on=line.corrected_on if has_answers else None,
    )


def render(data: RecordData, *, language: str) -> bytes:
    """Write the record.

    Args:
        data: From ``collect``; nothing is read from the database here.
        language: "de" or "en".

    Returns:
        A tagged PDF, the same bytes for the same data.
    """
    with override(language):
        title = _("Record of the social-space conference %(area)s") % {"area": data.area}
        if data.released_on is not None:
            footer = _("Answers released on %(day)s") % {"day": date_de(data.released_on)}
        else:
            footer = _("Answers are not released yet")
        return render_paper(
            blocks.Paper(
                title=title,
                language=language,
                author=data.publisher,
                subject=data.territory,
                blocks=[*_head(data, title), *_ideas(data), *_next_steps(data)],
                running=title,
                footer=footer,
                page_of=_("Page %(page)s of %(pages)s"),
            )
        )


def _head(data: RecordData, title: str) -> list[blocks.Block]:
    total = sum(row.count for row in data.headcounts)
    facts = [
        (_("Area"), data.area),
        (_("Day"), date_de(data.held_on)),
        (_("Place"), data.place or "–"),
        (_("Planning cycle"), data.cycle),
        (_("Facilitating organisation"), data.facilitator),
        (_("Question"), data.question),
        (_("Participants"), str(total) if total else _("not shown, too few")),
    ]
    parts: list[blocks.Block] = [
        blocks.Heading(title, level=1, preline=data.territory),
        blocks.KeyValues(facts),
    ]
    if data.headcounts:
        parts += [
            blocks.Heading(_("Who took part")),
            blocks.Table(
                caption="",
                columns=[
                    blocks.Column(_("Group"), 3),
                    blocks.Column(_("Number of participants"), 1, is_number=True),
                ],
                rows=[(row.label, str(row.count)) for row in data.headcounts],
            ),
            blocks.Paragraph(
                _("Groups with very few people are taken together. No names are recorded."), "note"
            ),
        ]
    parts.append(blocks.Heading(_("Recommendations discussed")))
    if data.topics:
        parts.append(blocks.Bullets(data.topics))
    else:
        parts.append(blocks.Paragraph(_("The evening was free of recommendations.")))
    return parts


def _ideas(data: RecordData) -> list[blocks.Block]:
    parts: list[blocks.Block] = [blocks.Heading(_("Ideas"))]
    if not data.ideas:
        parts.append(blocks.Paragraph(_("No idea was entered at this evening.")))
    for idea in data.ideas:
        points = ngettext("%(count)s point", "%(count)s points", idea.points) % {"count": idea.points}
        parts.append(blocks.Heading(_("Idea %(number)s") % {"number": idea.number}, level=3, is_listed=False))
        parts.append(blocks.Paragraph(" · ".join(part for part in (idea.topic, points) if part), "note"))
        parts += [blocks.Paragraph(line) for line in idea.text.splitlines() if line.strip()]
        parts += [blocks.Statement(_("Comment"), " ".join(comment.split())) for comment in idea.comments]
        if data.has_answers:
            parts.append(blocks.Paragraph(_answer(idea), "strong"))
            parts += [blocks.Paragraph(line) for line in idea.answer.splitlines() if line.strip()]
            if idea.corrected_on is not None:
                day = {"day": date_de(idea.corrected_on)}
                parts.append(blocks.Paragraph(_("Corrected on %(day)s") % day, "note"))
    return parts


def _answer(idea: RecordIdea) -> str:
    where = {"where": idea.destination}
    match idea.kind:
        case AnswerKind.MEASURE:
            return _("Answer: became a measure, or part of one: %(where)s") % where
        case AnswerKind.RECOMMENDATION:
            return _("Answer: is taken up in the recommendation: %(where)s") % where
        case AnswerKind.PASSED_ON:
            return _("Answer: was passed on to: %(where)s") % where
        case AnswerKind.NOT_POSSIBLE:
            return _("Answer: is not possible.")
    return _("Not answered yet.")


def _next_steps(data: RecordData) -> list[blocks.Block]:
    if not data.next_steps:
        return []
    parts: list[blocks.Block] = [blocks.Heading(_("What happens next"))]
    for block in text_blocks(data.next_steps):
        if block.kind == "list":
            parts.append(blocks.Bullets(block.lines))
        else:
            parts.append(blocks.Paragraph(block.text))
    return parts


def file_name(conference: SpaceConference) -> str:
    """Name of the file, as people should find it among their downloads."""
    return _("Record of the social-space conference %(area)s %(day)s") % {
        "area": conference.area.name,
        "day": f"{conference.held_on:%Y-%m-%d}",
    }
