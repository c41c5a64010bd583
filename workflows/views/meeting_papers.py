"""The papers of a meeting: the folder as PDF, and files that go with its items."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from project.common.attachments import attachment_response
from project.common.errors import DomainError
from project.common.exports import pdf_response
from project.common.formats import language_of_papers
from project.forms import AttachmentForm
from stakeholders.sessions import signed_in
from workflows.models import AgendaFile, Meeting
from workflows.reports import meeting_folder
from workflows.selectors.agenda import leads_meeting, sees_internal
from workflows.selectors.decisions import meetings_seen_by
from workflows.services.agenda_files import agenda_file_add, agenda_file_remove
from workflows.views.agenda import led_item, require_lead


@require_safe
def meeting_folder_public(request: HttpRequest, pk: int) -> HttpResponse:
    """The public part of all papers; before they are sent only for those who may read all."""
    meeting = get_object_or_404(meetings_seen_by(request.user), pk=pk)
    if meeting.papers_sent_at is None and not sees_internal(request.user, meeting):
        raise PermissionDenied(str(_("The papers have not been sent yet.")))
    return _folder(request, meeting, is_internal=False)


@require_safe
def meeting_folder_internal(request: HttpRequest, pk: int) -> HttpResponse:
    """All papers, for members of the body and planning."""
    meeting = get_object_or_404(meetings_seen_by(request.user), pk=pk)
    if not sees_internal(request.user, meeting):
        raise PermissionDenied(str(_("Only members of the body and the social planning unit read these.")))
    return _folder(request, meeting, is_internal=True)


def _folder(request: HttpRequest, meeting: Meeting, *, is_internal: bool) -> HttpResponse:
    data = meeting_folder.collect(request.user, meeting, is_internal=is_internal)
    content = meeting_folder.render(data, language=language_of_papers())
    return pdf_response(meeting_folder.file_name(meeting, is_internal=is_internal), content)


@require_POST
def agenda_file_upload(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a file to an item."""
    item = led_item(request, pk)
    form = AttachmentForm(request.POST, request.FILES)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, " ".join(str(error) for error in errors))
        return redirect("workflows:agenda-item-edit", item.pk)
    data = form.cleaned_data
    try:
        row = agenda_file_add(item, upload=data["file"], title=data["title"], user=signed_in(request))
    except DomainError as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("“%(title)s” is with the item now.") % {"title": row.title})
    return redirect("workflows:agenda-item-edit", item.pk)


@require_safe
def agenda_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A file of an item, always to be saved and never shown by the browser."""
    row = _file(request, pk)
    return attachment_response(row)


def _file(request: HttpRequest, pk: int) -> AgendaFile:
    """A standing file the person may read; before the papers are out only insiders may."""
    rows = AgendaFile.objects.standing().select_related("item__meeting__body", "item__meeting__cycle")
    row = get_object_or_404(rows.filter(item__removed_at__isnull=True), pk=pk)
    meeting = row.item.meeting
    if not meetings_seen_by(request.user).filter(pk=meeting.pk).exists():
        raise Http404("No such meeting.")
    is_out = meeting.papers_sent_at is not None and not row.item.is_internal
    if not is_out and not sees_internal(request.user, meeting) and not leads_meeting(request.user, meeting):
        raise Http404("Not for this reader.")
    return row


@require_POST
def agenda_file_take_away(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a file away from its item."""
    row = _file(request, pk)
    require_lead(request, row.item.meeting)
    try:
        agenda_file_remove(row, user=signed_in(request))
    except DomainError as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("The file has been taken away."))
    return redirect("workflows:agenda-item-edit", row.item_id)
