"""Public pages of the answers of evenings: readable by everybody once the answers are released.

The frame speaks the languages of the entry page; what people wrote stays as it is, answers are German.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from project.common.public import public
from workflows.chapters import text_blocks
from workflows.models import AnswerKind
from workflows.selectors.space_conferences import (
    IdeaLine,
    conference_of_token,
    headcounts_of,
    idea_lines,
    published_conferences,
    question_in,
    title_of,
    token_of,
)
from workflows.take_part import language_or_default, languages, words_of
from workflows.views.take_part import gone, to_results, topics_of


@public
def results_list(request: HttpRequest) -> HttpResponseBase:
    """All evenings whose answers are out."""
    lines = [
        (row, reverse("workflows:take-part-results", args=[token_of(row)])) for row in published_conferences()
    ]
    return render(request, "workflows/take_part_list.html", {"lines": lines})


@public
def results(request: HttpRequest, token: str) -> HttpResponseBase:
    """What became of each idea; before the release the page of the evening."""
    found = conference_of_token(token)
    language = language_or_default(request.GET.get("lang"))
    if found is None:
        return gone(request, language)
    conference, is_latest = found
    if not conference.is_published:
        return redirect("workflows:take-part", token)
    if not is_latest:
        return to_results(request, conference)
    words = words_of(language)
    lines = idea_lines(conference)
    headcounts = headcounts_of(conference)
    question, question_language = question_in(conference, language)
    response = render(
        request,
        "workflows/take_part_results.html",
        {
            "conference": conference,
            "words": words,
            "language": language,
            "languages": [(code, name, language == code) for code, name in languages()],
            "question": question,
            "question_language": question_language,
            "ideas": [_answered(line, words) for line in lines],
            "collected": words["answers_collected"].format(count=len(lines)),
            "going_on": words["answers_go_on"].format(count=sum(line.is_good_news for line in lines)),
            "topics": [title_of(row) for row in topics_of(conference)],
            "headcounts": headcounts,
            "people": words["answers_person_count"].format(count=sum(row.count for row in headcounts)),
            "published": words["answers_published"].format(day=_day(conference.released_at)),
            "next_steps": text_blocks(conference.next_steps),
        },
    )
    response["Content-Language"] = language
    return response


#: Kind of an answer -> what the page says, before where it leads to.
_KINDS = {
    AnswerKind.MEASURE: "answer_measure",
    AnswerKind.RECOMMENDATION: "answer_recommendation",
    AnswerKind.PASSED_ON: "answer_passed_on",
    AnswerKind.NOT_POSSIBLE: "answer_not_possible",
}


@dataclass(frozen=True)
class ShownAnswer:
    """An idea with its answer on the public page.

    Attributes:
        line: The idea.
        heading: "Idea 3" in the language of the page.
        points: "Points: 5", likewise.
        kind: What became of it, likewise; where it leads to follows.
        corrected: When the answer was corrected, likewise; "" for a first answer.
    """

    line: IdeaLine
    heading: str
    points: str
    kind: str
    corrected: str


def _answered(line: IdeaLine, words: dict[str, str]) -> ShownAnswer:
    day = line.corrected_on
    return ShownAnswer(
        line,
        words["idea"].format(number=line.idea.number),
        words["points"].format(count=line.points),
        "" if line.answer is None else words[_KINDS[AnswerKind(line.answer.kind)]],
        "" if day is None else words["answer_corrected"].format(day=_day(day)),
    )


def _day(day: datetime.date | None) -> str:
    """A day as all languages of the page write it."""
    if isinstance(day, datetime.datetime):
        day = timezone.localdate(day)
    return "" if day is None else f"{day:%d.%m.%Y}"
