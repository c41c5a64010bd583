"""The page of an evening without sign-in: the entry page by its link.

No session and no cookie are read or set, so there is nothing a foreign page could ride on: the right to enter
is the unguessable address itself (docs/decisions/0031-taking-part-without-sign-in.md).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from project.common.errors import DomainError
from project.common.keys import key_or_none
from project.common.public import View
from workflows.devices import hash_of, is_ours, new_key
from workflows.models import EntryState, SpaceConference, SpaceConferenceState, SpacePoint
from workflows.models.social_space import COMMENT_LENGTH, IDEA_LENGTH
from workflows.selectors.space_conferences import (
    TITLES,
    IdeaLine,
    conference_of_token,
    entry_url,
    idea_lines,
    is_open_at,
    link_of,
    question_in,
    title_of,
)
from workflows.services.space_entries import (
    Sender,
    comment_enter,
    idea_enter,
    point_give,
    point_take_back,
)
from workflows.take_part import DEFAULT, language_or_default, languages, words_of

#: What a form of the page can do -> the word said afterwards.
_DONE = {"idea": "done_idea", "comment": "done_comment", "point": "done_point", "back": "done_back"}

#: What is said beside the idea it was done to.
_AT_THE_IDEA = ("point", "back")


def _evening(view: View) -> View:
    """Open a page to who has its address; nobody keeps it, or finds it by a search."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        response["X-Robots-Tag"] = "noindex, nofollow"
        response["Referrer-Policy"] = "no-referrer"
        response.headers.setdefault("Content-Language", language_or_default(request.GET.get("lang")))
        return response

    return login_not_required(csrf_exempt(require_http_methods(["GET", "HEAD", "POST"])(page)))


@dataclass(frozen=True)
class Visit:
    """A look at an entry page.

    Attributes:
        conference: The evening.
        token: Of the address.
        language: Of the page.
        key: Of the device.
        is_key_new: Whether the device brought no key, or one that is not valid any more.
    """

    conference: SpaceConference
    token: str
    language: str
    key: str
    is_key_new: bool

    def url(self, **query: str) -> str:
        """Address of the page in its language, for this device."""
        chosen = {"lang": self.language, "me": self.key, **query}
        return f"{reverse('workflows:take-part', args=[self.token])}?{urlencode(chosen)}"


@_evening
def entry_page(request: HttpRequest, token: str) -> HttpResponse:
    """The page for phones: the question, an idea of one's own, the ideas of others."""
    found = conference_of_token(token)
    if found is not None and found[0].is_published:
        return to_results(request, found[0])
    language = language_or_default(request.GET.get("lang"))
    if found is None or not found[1]:
        return gone(request, language)
    key = request.POST.get("me") or request.GET.get("me", "")
    is_known = is_ours(key)
    visit = Visit(found[0], token, language, key if is_known else new_key(), not is_known)
    if request.method != "POST":
        return _page(request, visit)
    act = request.POST.get("act", "")
    # A field nobody sees: only machines fill it in. They are told what people are told.
    if request.POST.get("homepage"):
        return HttpResponseRedirect(visit.url(done=act), status=303)
    try:
        _enter(request, visit, act)
    except DomainError as error:
        return _page(request, visit, error=error, act=act)
    number = key_or_none(request.POST.get("idea", "")) if act in _AT_THE_IDEA else None
    if number is not None:
        # Back to where the finger was: with many ideas nobody looks for the place again.
        return HttpResponseRedirect(f"{visit.url(done=act, idea=str(number))}#idea-{number}", status=303)
    return HttpResponseRedirect(f"{visit.url(done=act)}#said", status=303)


def _enter(request: HttpRequest, visit: Visit, act: str) -> None:
    """Do what a form of the page asks for."""
    form = request.POST
    sender = Sender(key="" if visit.is_key_new else visit.key)
    number = key_or_none(form.get("idea", "")) or 0
    match act:
        case "idea":
            idea_enter(
                visit.conference,
                text=form.get("text", ""),
                recommendation_pk=key_or_none(form.get("recommendation", "")),
                entry_key=_entry_key(form.get("entry_key", "")),
                sender=sender,
            )
        case "comment":
            comment_enter(
                visit.conference,
                idea_number=number,
                text=form.get("text", ""),
                entry_key=_entry_key(form.get("entry_key", "")),
                sender=sender,
            )
        case "point":
            entry_key = _entry_key(form.get("entry_key", ""))
            point_give(visit.conference, idea_number=number, entry_key=entry_key, key=sender.key)
        case "back":
            point_take_back(visit.conference, idea_number=number, key=sender.key)
        case _:
            raise DomainError("unknown_device", "")


def _entry_key(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise DomainError("unknown_device", "") from error


@dataclass(frozen=True)
class ShownIdea:
    """An idea on the entry page.

    Attributes:
        line: The idea.
        heading: "Idea 3" in the language of the page.
        points: "Points: 5", likewise.
        mine: Points of this device for it.
        point_key: For the form that gives a point.
        comment_key: For the form that takes a comment.
        comment: What was typed and could not be taken.
        said: What has just been done to it, or could not be.
    """

    line: IdeaLine
    heading: str
    points: str
    mine: int
    point_key: uuid.UUID
    comment_key: uuid.UUID
    comment: str = ""
    said: str = ""


def _page(
    request: HttpRequest, visit: Visit, *, error: DomainError | None = None, act: str = ""
) -> HttpResponse:
    conference, words = visit.conference, words_of(visit.language)
    if error is not None:
        # The entry may have been refused because all this changed a moment ago.
        conference.refresh_from_db(fields=["state", "opens_at", "closes_at"])
    is_open = is_open_at(conference)
    mine = _own_points(visit)
    typed = request.POST.get("text", "") if error is not None else ""
    wrong_idea = key_or_none(request.POST.get("idea", "")) if act == "comment" and error else None
    done = _DONE.get(request.GET.get("done", ""), "") if error is None else ""
    said = words[done] if done else ""
    wrong = _in_words(error, words, act) if error else ""
    touched = _touched(request, act if error else request.GET.get("done", ""))
    is_shown = conference.is_held and (is_open or _has_begun(conference))
    ideas = [
        ShownIdea(
            line,
            words["idea"].format(number=line.idea.number),
            words["points"].format(count=line.points),
            mine.get(line.idea.number, 0),
            uuid.uuid4(),
            uuid.uuid4(),
            typed if wrong_idea == line.idea.number else "",
            (wrong or said) if touched == line.idea.number else "",
        )
        for line in (idea_lines(conference) if is_shown else [])
    ]
    is_at_idea = any(row.said for row in ideas)
    question, question_language = question_in(conference, visit.language)
    context = {
        "conference": conference,
        "question": question,
        "question_language": question_language,
        "visit": visit,
        "words": words,
        "language": visit.language,
        "languages": [(code, name, visit.language == code) for code, name in languages()],
        "is_open": is_open,
        "status": _status(conference, words, is_open=is_open),
        "topics": [(row.pk, title_of(row)) for row in topics_of(conference)] if is_open else [],
        "ideas": ideas,
        "points_left": _points_left(words, conference.points_each - sum(mine.values())),
        "share_url": entry_url(visit.token),
        "has_points_left": sum(mine.values()) < conference.points_each,
        "said": "" if is_at_idea else said,
        "error": wrong,
        "is_at_idea": is_at_idea,
        "typed": typed if act == "idea" else "",
        "chosen": key_or_none(request.POST.get("recommendation", "")) if error else None,
        "entry_key": uuid.uuid4(),
        "idea_length": IDEA_LENGTH,
        "comment_length": COMMENT_LENGTH,
    }
    return render(request, "workflows/take_part.html", context, status=422 if error else 200)


def _points_left(words: dict[str, str], count: int) -> str:
    """How many points the device can still give, in a sentence."""
    if count < 1:
        return words["no_points_left"]
    return words["points_left_one" if count == 1 else "points_left"].format(count=count)


def _touched(request: HttpRequest, act: str) -> int | None:
    """Number of the idea that a point was given to or taken back from."""
    if act not in _AT_THE_IDEA:
        return None
    return key_or_none((request.POST or request.GET).get("idea", ""))


def topics_of(conference: SpaceConference) -> Any:
    """Recommendations the evening is about, by number, for ``title_of``."""
    return conference.recommendations.select_related("cycle").prefetch_related(*TITLES).order_by("number")


def _own_points(visit: Visit) -> dict[int, int]:
    """Number of an idea -> points of this device. Queries: 1, none for a new device."""
    found: dict[int, int] = {}
    if visit.is_key_new:
        return found
    key_hash = hash_of(visit.key, visit.conference.pk)
    rows = SpacePoint.objects.filter(
        device__conference=visit.conference, device__key_hash=key_hash, idea__state=EntryState.SHOWN
    )
    for number in rows.values_list("idea__number", flat=True):
        found[number] = found.get(number, 0) + 1
    return found


def _has_begun(conference: SpaceConference) -> bool:
    return conference.opens_at is not None and conference.opens_at <= timezone.now()


def _status(conference: SpaceConference, words: dict[str, str], *, is_open: bool) -> list[str]:
    """Whether the page is open, in sentences; of an open one until when."""
    if conference.state == SpaceConferenceState.GIVEN_UP:
        return [words["given_up"]]
    moment = conference.closes_at if is_open else conference.opens_at
    day, time = "", ""
    if moment is not None:
        local = timezone.localtime(moment)
        day, time = f"{local:%d.%m.%Y}", f"{local:%H:%M}"
    if is_open:
        return [words["until"].format(day=day, time=time)]
    is_early = conference.state == SpaceConferenceState.PREPARING or (
        conference.is_held and not _has_begun(conference)
    )
    if is_early:
        return [words["not_yet"], *([words["opens"].format(day=day, time=time)] if day else [])]
    return [words["closed"], words["closed_next"]]


def _in_words(error: DomainError, words: dict[str, str], act: str) -> str:
    """What went wrong, in the language of the page."""
    most = COMMENT_LENGTH if act == "comment" else IDEA_LENGTH
    return words.get(error.code, words["unknown_device"]).format(most=most)


def gone(request: HttpRequest, language: str) -> HttpResponse:
    """No such evening, or no longer by this link."""
    context = {
        "words": words_of(language),
        "languages": [(code, name, language == code) for code, name in languages()],
        "language": language,
    }
    return render(request, "workflows/take_part_gone.html", context, status=404)


def to_results(request: HttpRequest, conference: SpaceConference) -> HttpResponseRedirect:
    """To the page of answers, in the language that was chosen."""
    address = reverse("workflows:take-part-results", args=[link_of(conference).token])
    chosen = language_or_default(request.GET.get("lang"))
    return HttpResponseRedirect(address if chosen == DEFAULT else f"{address}?{urlencode({'lang': chosen})}")
