"""Pages of those who hold an evening: moderation, entering for others, code on the wall, sheet, link."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from project.common.errors import DomainError
from project.common.exports import pdf_response
from project.common.formats import language_of_papers
from project.common.keys import key_or_none
from project.common.svg import to_svg
from stakeholders.permissions import Perm, can
from stakeholders.sessions import signed_in
from workflows.forms.space import EnterCommentForm, EnterIdeaForm, EnterPointsForm
from workflows.models import SpaceComment, SpaceConference, SpaceIdea
from workflows.personal_hints import personal_hints
from workflows.qr import evening_code
from workflows.reports import space_handout
from workflows.selectors.space_conferences import (
    TITLES,
    conferences_seen_by,
    entry_url,
    hidden_entries,
    idea_lines,
    link_of,
    require_facilitator,
    title_of,
    waiting_comments,
    waiting_count,
    waiting_ideas,
)
from workflows.services.space_conferences import conference_renew_link
from workflows.services.space_entries import (
    Sender,
    comment_enter,
    entries_hide_alike,
    entry_moderate,
    idea_enter,
    points_enter,
)
from workflows.views.base import answer_domain_error
from workflows.views.read_back import asked_first

_FORM_METHODS = ["GET", "HEAD", "POST"]


def _facilitated(request: HttpRequest, pk: int) -> SpaceConference:
    """An evening the person sees (404), and holds (403)."""
    conference = get_object_or_404(conferences_seen_by(request.user), pk=pk)
    require_facilitator(request.user, conference)
    return conference


def _frame(request: HttpRequest, conference: SpaceConference) -> dict[str, Any]:
    """What all pages of an evening show around their content."""
    sees_cycle = bool(can(request.user, Perm.VIEW_CYCLE, conference.cycle))
    return {"conference": conference, "cycle": conference.cycle, "sees_cycle": sees_cycle}


# --- moderation -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Waiting:
    """An entry before the moderator.

    Attributes:
        entry: Idea or comment.
        kind: "idea" or "comment".
        about: Number of the idea, in words.
        topic: Title of its recommendation; "" without one.
        hints: What looks personal in it.
        alike_count: Waiting entries of the same device, itself included; 0 for one entered by hand.
    """

    entry: SpaceIdea | SpaceComment
    kind: str
    about: str
    topic: str
    hints: list[str]
    alike_count: int = 0


def _waiting(entry: SpaceIdea | SpaceComment) -> Waiting:
    hints = personal_hints(entry.text)
    if isinstance(entry, SpaceIdea):
        topic = title_of(entry.recommendation) if entry.recommendation else ""
        return Waiting(entry, "idea", _("Idea %(number)s") % {"number": entry.number}, topic, hints)
    about = _("Comment on idea %(number)s") % {"number": entry.idea.number}
    return Waiting(entry, "comment", about, entry.idea.text, hints)


@require_http_methods(_FORM_METHODS)
def moderation(request: HttpRequest, pk: int) -> HttpResponse:
    """What waits, what is shown, what is not: show or hide it."""
    conference = _facilitated(request, pk)
    if request.method == "POST":
        return _moderate(request, conference)
    ideas = waiting_ideas(conference).select_related("recommendation__cycle")
    rows: list[SpaceIdea | SpaceComment] = [
        *ideas.prefetch_related(*(f"recommendation__{name}" for name in TITLES)),
        *waiting_comments(conference),
    ]
    devices = Counter(row.device_id for row in rows)
    shown: list[SpaceIdea | SpaceComment] = []
    for line in idea_lines(conference):
        shown += [line.idea, *line.comments]
    hidden: list[SpaceIdea | SpaceComment] = hidden_entries(conference)
    return render(
        request,
        "workflows/space_moderation.html",
        {
            **_frame(request, conference),
            "rows": [
                dataclasses.replace(_waiting(row), alike_count=devices[row.device_id] if row.device_id else 0)
                for row in rows
            ],
            "shown": [_waiting(entry) for entry in shown],
            "hidden": [_waiting(row) for row in hidden],
            "waiting_count": len(rows),
        },
    )


def _moderate(request: HttpRequest, conference: SpaceConference) -> HttpResponse:
    entry, user = _entry(request, conference), signed_in(request)
    act, reason = request.POST.get("act", ""), request.POST.get("reason", "")[:300]
    try:
        if asked := _ask(request, conference, entry, act=act, reason=reason):
            return asked
        if act == "hide_alike":
            count = entries_hide_alike(conference, entry, reason=reason, user=user)
            said = ngettext("%(count)s entry is not shown.", "%(count)s entries are not shown.", count) % {
                "count": count
            }
        else:
            entry_moderate(conference, entry, is_shown=act == "show", reason=reason, user=user)
            said = _("Shown: all at the evening can read it.") if act == "show" else _("It is not shown.")
    except DomainError as error:
        answer_domain_error(request, error)
    else:
        messages.success(request, said)
    return redirect("workflows:space-conference-moderation", conference.pk)


def _ask(
    request: HttpRequest,
    conference: SpaceConference,
    entry: SpaceIdea | SpaceComment,
    *,
    act: str,
    reason: str,
) -> HttpResponse | None:
    """What may be personal is read by all once shown; what is taken back after the evening stays hidden."""
    row, user = _waiting(entry), signed_in(request)
    is_shown = act == "show"
    if is_shown and row.hints:
        label, lines = _("Show to all"), [(_("Please check"), ", ".join(str(hint) for hint in row.hints))]
        warning = _("This entry may hold something personal. Have you read it, and is it to be shown to all?")
    elif act == "hide" and not conference.is_held:
        label, lines = _("Do not show"), [(_("Reason"), reason)]
        warning = _("Take it back? It cannot be shown again.")
    else:
        return None
    here = reverse("workflows:space-conference-moderation", args=[conference.pk])
    context = {
        "crumbs": [(here, _("Moderate"))],
        "preline": str(conference),
        "heading": row.about,
        "warning": warning,
        "label": label,
        "lines": [(_("Entry"), entry.text), *lines],
    }
    return asked_first(
        request,
        context,
        back=here,
        trial=lambda: entry_moderate(conference, entry, is_shown=is_shown, reason=reason, user=user),
    )


def _entry(request: HttpRequest, conference: SpaceConference) -> SpaceIdea | SpaceComment:
    key = key_or_none(request.POST.get("entry", "")) or 0
    if request.POST.get("kind") == "comment":
        return get_object_or_404(SpaceComment, pk=key, idea__conference=conference)
    return get_object_or_404(SpaceIdea, pk=key, conference=conference)


@require_safe
def waiting(request: HttpRequest, pk: int) -> HttpResponse:
    """How many entries wait: the one line of the moderation page that renews itself."""
    conference = _facilitated(request, pk)
    seen = key_or_none(request.GET.get("seen", "")) or 0
    count = waiting_count(conference)
    return render(
        request,
        "workflows/_space_waiting.html",
        {"conference": conference, "waiting_count": count, "new_count": max(count - seen, 0)},
    )


# --- entering for others ----------------------------------------------------------------------------


@require_http_methods(_FORM_METHODS)
def enter(request: HttpRequest, pk: int) -> HttpResponse:
    """Enter ideas, comments and points for people without a telephone at hand."""
    conference = _facilitated(request, pk)
    if not conference.is_held:
        return render(
            request,
            "workflows/space_enter_closed.html",
            {**_frame(request, conference)},
            status=409 if request.method == "POST" else 200,
        )
    ideas = [line.idea for line in idea_lines(conference)]
    wanted = request.POST.get("act", "")
    user = signed_in(request)
    made: dict[str, forms.Form] = {
        "idea": EnterIdeaForm(
            request.POST if wanted == "idea" else None, conference=conference, auto_id="idea-%s"
        ),
        "comment": EnterCommentForm(
            request.POST if wanted == "comment" else None, ideas=ideas, auto_id="comment-%s"
        ),
        "points": EnterPointsForm(
            request.POST if wanted == "points" else None,
            ideas=ideas,
            points_each=conference.points_each,
            auto_id="points-%s",
        ),
    }
    acts: dict[str, Callable[[Any], object]] = {
        "idea": lambda form: idea_enter(
            conference,
            text=form.cleaned_data["text"],
            recommendation_pk=getattr(form.cleaned_data["recommendation"], "pk", None),
            entry_key=form.cleaned_data["entry_key"],
            sender=Sender(user=user),
        ),
        "comment": lambda form: comment_enter(
            conference,
            idea_number=form.cleaned_data["idea"],
            text=form.cleaned_data["text"],
            entry_key=form.cleaned_data["entry_key"],
            sender=Sender(user=user),
        ),
        "points": lambda form: points_enter(
            conference, points=form.points, entry_key=form.cleaned_data["entry_key"], user=user
        ),
    }
    if request.method == "POST":
        form = made.get(wanted)
        if form is None:
            raise Http404
        if form.is_valid():
            try:
                acts[wanted](form)
            except DomainError as error:
                form.add_error(None, str(error.message))
            else:
                messages.success(request, _entered(wanted))
                return redirect("workflows:space-conference-enter", conference.pk)
    return render(
        request,
        "workflows/space_enter.html",
        {**_frame(request, conference), "forms": made, "has_ideas": bool(ideas)},
        status=422 if request.method == "POST" else 200,
    )


def _entered(act: str) -> str:
    if act == "points":
        return _("The points are counted.")
    return _("Entered. It waits for moderation like all others.")


# --- link, code, sheet ------------------------------------------------------------------------------


@require_safe
def qr_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The code as large as the wall allows, with question and address."""
    conference = _facilitated(request, pk)
    if not conference.has_live_link:
        raise Http404
    url = entry_url(link_of(conference).token)
    return render(
        request,
        "workflows/space_qr.html",
        {
            **_frame(request, conference),
            "entry_url": url,
            "code": to_svg(evening_code(url)),
        },
    )


@require_safe
def handout(request: HttpRequest, pk: int) -> HttpResponse:
    """The sheet to lie on the tables, with the code."""
    conference = _facilitated(request, pk)
    if not conference.has_live_link:
        raise Http404
    url = entry_url(link_of(conference).token)
    content = space_handout.render(
        conference,
        url,
        questions=dict(conference.questions.values_list("language", "text")),
        language=language_of_papers(),
    )
    return pdf_response(space_handout.file_name(conference), content)


@require_http_methods(_FORM_METHODS)
def renew_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a new link, so that the old one is not valid any more."""
    conference = _facilitated(request, pk)
    if not conference.has_live_link:
        raise Http404
    if request.method == "POST":
        try:
            conference_renew_link(conference, user=signed_in(request))
        except DomainError as error:
            answer_domain_error(request, error)
        else:
            messages.success(request, _("The link is new. Print the sheets again and show the new code."))
        return redirect("workflows:space-conference-detail", conference.pk)
    return render(request, "workflows/space_renew_link.html", {**_frame(request, conference)})
