"""Pages of a meeting's agenda: its order, what is ready for it, and its items."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from project.common.errors import DomainError
from project.common.keys import key_or_none
from project.forms import AttachmentForm
from stakeholders.sessions import signed_in
from workflows.forms.agenda import AgendaItemForm, RemoveItemForm
from workflows.models import AgendaFile, AgendaItem, Meeting
from workflows.selectors.agenda import agenda_minutes, agenda_of, leads_meeting
from workflows.selectors.agenda_ready import offered_for
from workflows.selectors.decisions import meetings_seen_by
from workflows.services.agenda import (
    agenda_item_change,
    agenda_item_move,
    agenda_item_remove,
    agenda_topic_add,
    has_traces,
)
from workflows.services.agenda_ready import agenda_take_ready
from workflows.views.access import meeting_context

_PREFIX = "topic"


def led_meeting(request: HttpRequest, pk: int) -> Meeting:
    """A meeting the person runs: 404 if they do not see it, refused if they only see it."""
    meeting: Meeting = get_object_or_404(meetings_seen_by(request.user), pk=pk)
    require_lead(request, meeting)
    return meeting


def require_lead(request: HttpRequest, meeting: Meeting) -> None:
    """Refuse whoever does not run the meeting."""
    if not leads_meeting(request.user, meeting):
        raise PermissionDenied(str(_("Only the chair of the body or the social planning unit may do this.")))


def led_item(request: HttpRequest, pk: int) -> AgendaItem:
    """An item of a meeting the person runs."""
    item = get_object_or_404(
        AgendaItem.objects.select_related("meeting", "recommendation", "area", "approves"), pk=pk
    )
    if not meetings_seen_by(request.user).filter(pk=item.meeting_id).exists():
        raise Http404("No such meeting.")
    require_lead(request, item.meeting)
    return item


@require_http_methods(["GET", "HEAD", "POST"])
def meeting_agenda(request: HttpRequest, pk: int) -> HttpResponse:
    """The agenda in its order: add, move, take what is ready."""
    meeting = led_meeting(request, pk)
    form = AgendaItemForm(prefix=_PREFIX)
    status = 200
    if request.method == "POST":
        try:
            if "topic" in request.POST:
                form = AgendaItemForm(request.POST, prefix=_PREFIX)
                if form.is_valid():
                    item = agenda_topic_add(meeting, user=signed_in(request), **form.values)
                    messages.success(request, _("“%(title)s” is on the agenda.") % {"title": item.title})
                    return _back(meeting, item)
                status = 422
            else:
                return _act(request, meeting)
        except DomainError as error:
            if "topic" not in request.POST:
                messages.error(request, str(error.message))
                return redirect("workflows:meeting-agenda", meeting.pk)
            form.add_error(None, str(error.message))
            status = 422
    lines = agenda_of(meeting)
    return render(
        request,
        "workflows/meeting_agenda.html",
        {
            **meeting_context(request, meeting),
            "lines": lines,
            "minutes": agenda_minutes(lines),
            "ready": [] if meeting.closed_at else offered_for(meeting),
            "form": form,
        },
        status=status,
    )


def _act(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """Move an item, or take what is ready."""
    user = signed_in(request)
    if "move" in request.POST:
        item = meeting.agenda.filter(pk=key_or_none(request.POST["move"]) or 0).first()
        to = key_or_none(request.POST.get("to", ""))
        if item is None or to is None:
            raise Http404("No such item.")
        place = agenda_item_move(item, to=to, user=user)
        text = _("“%(title)s” is item %(place)s now.")
        messages.success(request, text % {"title": item.title, "place": place})
        return _back(meeting, item)
    keys = None if "take_all" in request.POST else request.POST.getlist("take")
    taken = agenda_take_ready(meeting, keys=keys, user=user)
    messages.success(
        request,
        ngettext(
            "%(count)s item has been put on the agenda.",
            "%(count)s items have been put on the agenda.",
            len(taken),
        )
        % {"count": len(taken)},
    )
    return redirect("workflows:meeting-agenda", meeting.pk)


def _back(meeting: Meeting, item: AgendaItem) -> HttpResponse:
    """To the agenda, at the item."""
    return redirect(f"{reverse('workflows:meeting-agenda', args=[meeting.pk])}#item-{item.pk}")


@require_http_methods(["GET", "HEAD", "POST"])
def agenda_item_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change an item of the agenda."""
    item = led_item(request, pk)
    form = AgendaItemForm(request.POST if request.method == "POST" else None, item=item)
    if request.method == "POST" and form.is_valid():
        try:
            agenda_item_change(item, user=signed_in(request), **form.values)
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(request, _("The item has been changed."))
            return _back(item.meeting, item)
    return render(
        request,
        "workflows/agenda_item_edit.html",
        {
            "item": item,
            **meeting_context(request, item.meeting),
            "form": form,
            "files": AgendaFile.objects.standing().filter(item=item),
            "file_form": AttachmentForm(),
        },
        status=422 if request.method == "POST" else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def agenda_item_remove_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an item off the agenda; with a reason once the papers are out."""
    item = led_item(request, pk)
    meeting = item.meeting
    is_told = meeting.papers_sent_at is not None
    needs_reason = is_told or has_traces(item)
    form = RemoveItemForm(
        request.POST if request.method == "POST" else None, needs_reason=needs_reason, is_told=is_told
    )
    if request.method == "POST" and form.is_valid():
        try:
            agenda_item_remove(item, reason=form.cleaned_data.get("reason", ""), user=signed_in(request))
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            text = _("The item has been taken off the agenda.")
            if is_told:
                text = _("The item has been taken off the agenda; all who were invited are told by mail.")
            messages.success(request, text)
            return redirect("workflows:meeting-agenda", meeting.pk)
    return render(
        request,
        "workflows/agenda_item_remove.html",
        {
            "item": item,
            **meeting_context(request, meeting),
            "form": form,
            "needs_reason": needs_reason,
            "is_told": is_told,
        },
        status=422 if request.method == "POST" else 200,
    )
