"""Pages of minutes: list of a cycle, one as it reads, its paper, and asking for a correction."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from project.common.errors import DomainError
from project.common.exports import Column, Kind, export_format, export_links, pdf_response, table_response
from project.common.formats import date_de, language_of_papers
from project.common.listing import order_of, page_of
from stakeholders.models import Body
from stakeholders.permissions import Perm, can
from stakeholders.sessions import signed_in
from workflows.forms.minutes import MinutesFilterForm, ObjectionForm
from workflows.minuting import minutes_begin
from workflows.models import AgendaItem, IssuedPaper, Minutes, PaperKind
from workflows.reports import minutes as report
from workflows.selectors.agenda import sees_internal
from workflows.selectors.minutes import content_seen_by, may_object, minutes_of, minutes_seen_by
from workflows.selectors.papers import papers_seen_by
from workflows.selectors.tasks import cards_addressed_to
from workflows.services.minutes import objection_file
from workflows.services.minutes_papers import minutes_data
from workflows.views.access import visible_cycle
from workflows.views.agenda import led_meeting
from workflows.views.base import answer_domain_error

_ORDERS = {
    "held": ("meeting__held_on", "pk"),
    "body": ("meeting__body__name", "meeting__held_on", "pk"),
    "state": ("state", "meeting__held_on", "pk"),
    "approved": ("approved_under__meeting__held_on", "meeting__held_on", "pk"),
}
_INTERNAL = "internal"


@require_safe
def minutes_list(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Minutes of a cycle: how far they are, and where they were approved."""
    cycle = visible_cycle(request, pk)
    bodies = Body.objects.filter(meetings__cycle=cycle).distinct().order_by("name")
    form = MinutesFilterForm(request.GET, bodies=bodies)
    order = order_of(request, _ORDERS, "-held")
    rows = minutes_of(request.user, cycle, form.wanted()).order_by(*order.by)
    wanted = export_format(request)
    if wanted is not None:
        columns = [
            Column(_("Date"), "meeting.held_on", Kind.DATE),
            Column(_("Body"), "meeting.body.name"),
            Column(_("State"), lambda row: row.get_state_display()),
            Column(_("Signed"), "signed_at", Kind.DATE),
            Column(
                _("Approved in"),
                lambda row: row.approved_under and row.approved_under.meeting.held_on,
                Kind.DATE,
            ),
        ]
        name = _("Minutes %(cycle)s") % {"cycle": cycle.title}
        return table_response(name, columns, rows, wanted, [f"{cycle.title}, {cycle.territory.name}"])
    return render(
        request,
        "workflows/minutes_list.html",
        {
            "cycle": cycle,
            "form": form,
            "order": order,
            "page_obj": page_of(request, rows),
            "links": export_links(request),
            "is_filtered": bool(request.GET.get("body") or request.GET.get("state")),
        },
    )


@require_safe
def minutes_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Minutes as they read, with what was corrected and who asked for it."""
    minutes = _minutes(request, pk)
    meeting = minutes.meeting
    has_internal = sees_internal(request.user, meeting)
    amendments = minutes.amendments.all() if has_internal else minutes.amendments.filter(is_internal=False)
    card = (
        cards_addressed_to(request.user)
        .filter(is_open=True, task__process__minutesprocess__minutes=minutes)
        .select_related("task")
        .first()
    )
    return render(
        request,
        "workflows/minutes_detail.html",
        {
            "minutes": minutes,
            "meeting": meeting,
            "cycle": meeting.cycle,
            "content": content_seen_by(request.user, minutes),
            "sees_cycle": bool(can(request.user, Perm.VIEW_CYCLE, meeting.cycle)),
            "has_internal": has_internal,
            "objections": minutes.objections.select_related("filed_by") if has_internal else [],
            "amendments": amendments,
            "approval_item": _approval_item(minutes),
            "papers": papers_seen_by(request.user).filter(meeting=meeting, kind=PaperKind.MINUTES),
            "may_object": may_object(request.user, minutes),
            "card": card,
        },
    )


def _minutes(request: HttpRequest, pk: int) -> Minutes:
    return get_object_or_404(minutes_seen_by(request.user), pk=pk)


def _approval_item(minutes: Minutes) -> AgendaItem | None:
    """Where the approval is on the agenda."""
    rows = AgendaItem.objects.standing().filter(approves=minutes.meeting, meeting__closed_at__isnull=True)
    return rows.select_related("meeting").order_by("meeting__held_on").first()


@require_safe
def minutes_pdf(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The paper: as it was issued once signed, else the draft. The internal part for who may read it."""
    minutes = _minutes(request, pk)
    is_internal = request.GET.get("part") == _INTERNAL
    if is_internal and not sees_internal(request.user, minutes.meeting):
        raise PermissionDenied(
            str(_("Only members of the body and the social planning unit read this part."))
        )
    issued = _issued(request, minutes, is_internal)
    if issued is not None:
        return redirect("workflows:paper-file", issued.pk)
    data = minutes_data(minutes, is_internal=is_internal)
    content = report.render(data, language=language_of_papers())
    name = _("Minutes %(body)s %(day)s") % {
        "body": minutes.meeting.body.name,
        "day": date_de(minutes.meeting.held_on),
    }
    return pdf_response(name, content)


def _issued(request: HttpRequest, minutes: Minutes, is_internal: bool) -> IssuedPaper | None:
    """What was issued last and stands; a copy drawn anew would not be it."""
    rows = papers_seen_by(request.user).filter(
        meeting=minutes.meeting, kind=PaperKind.MINUTES, is_internal=is_internal, replaced_by__isnull=True
    )
    paper: IssuedPaper | None = rows.order_by("-pk").first()
    return paper


@require_http_methods(["GET", "HEAD", "POST"])
def minutes_object(request: HttpRequest, pk: int) -> HttpResponse:
    """A member asks for a correction of signed minutes."""
    minutes = _minutes(request, pk)
    if not can(request.user, Perm.ADVISE_BODY, minutes.meeting.body):
        raise PermissionDenied(str(_("Only members of the body can ask for a correction.")))
    form = ObjectionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            objection_file(minutes, text=form.cleaned_data["text"], user=signed_in(request))
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(
                request, _("Thank you. The meeting that approves the minutes decides on your correction.")
            )
            return redirect("workflows:minutes-detail", minutes.pk)
    return render(
        request,
        "workflows/minutes_object.html",
        {
            "minutes": minutes,
            "meeting": minutes.meeting,
            "cycle": minutes.meeting.cycle,
            "sees_cycle": bool(can(request.user, Perm.VIEW_CYCLE, minutes.meeting.cycle)),
            "form": form,
            "may_object": may_object(request.user, minutes),
        },
        status=422 if request.method == "POST" else 200,
    )


@require_POST
def minutes_begin_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin the minutes of a meeting that was closed before there were any."""
    meeting = led_meeting(request, pk)
    try:
        minutes = minutes_begin(meeting, user=signed_in(request))
    except DomainError as error:
        answer_domain_error(request, error)
        return redirect("workflows:meeting-detail", meeting.pk)
    messages.success(request, _("The minutes have been begun; the social planning unit writes them."))
    return redirect("workflows:minutes-detail", minutes.pk)
