"""Pages of an invitation: papers are sent, and those invited say whether they come."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from project.common.errors import DomainError
from stakeholders.sessions import signed_in
from workflows.selectors.agenda import agenda_of
from workflows.selectors.decisions import meetings_seen_by
from workflows.services.invitations import check_sendable, meeting_reply, papers_send
from workflows.services.meeting_mails import paper_addresses
from workflows.views.access import meeting_context
from workflows.views.agenda import led_meeting
from workflows.views.base import answer_domain_error
from workflows.views.meeting_days import warn_of_missing_addresses


@require_http_methods(["GET", "HEAD", "POST"])
def meeting_papers(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the papers: what goes to whom, and the button that does it."""
    meeting = led_meeting(request, pk)
    if request.method == "POST":
        try:
            count = papers_send(meeting, user=signed_in(request))
        except DomainError as error:
            answer_domain_error(request, error)
            return redirect("workflows:meeting-papers", meeting.pk)
        text = ngettext("%(count)s mail is on its way.", "%(count)s mails are on their way.", count)
        messages.success(request, text % {"count": count})
        warn_of_missing_addresses(request, meeting)
        return redirect("workflows:meeting-detail", meeting.pk)
    obstacle = None
    try:
        check_sendable(meeting)
    except DomainError as error:
        obstacle = error.message
    offices, members = paper_addresses(meeting)
    return render(
        request,
        "workflows/meeting_papers.html",
        {
            **meeting_context(request, meeting),
            "obstacle": obstacle,
            "agenda": agenda_of(meeting),
            "office_count": len(offices),
            "member_count": len(members),
        },
    )


@require_POST
def meeting_reply_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Say whether one comes."""
    meeting = get_object_or_404(meetings_seen_by(request.user), pk=pk)
    post = request.POST
    try:
        reply = meeting_reply(
            meeting,
            key=post.get("for", ""),
            choice=post.get("choice", ""),
            note=post.get("note", ""),
            user=signed_in(request),
        )
    except DomainError as error:
        answer_domain_error(request, error)
    else:
        text = _("Your reply has been noted: %(reply)s. You can change it until the meeting begins.")
        messages.success(request, text % {"reply": reply.get_choice_display()})
    return redirect("workflows:meeting-detail", meeting.pk)
