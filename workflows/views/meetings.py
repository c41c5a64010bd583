"""Pages of meetings: list, one with agenda and attendance, its calendar entry, and a further one."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from project.common.errors import DomainError
from project.common.exports import Column, Kind, export_format, export_links, table_response
from project.common.keys import key_or_none
from project.common.listing import order_of, page_of
from stakeholders.models import Body
from stakeholders.permissions import Perm, can, require
from stakeholders.selectors.bodies import with_deputies_of
from workflows.calendar import event_as_ics
from workflows.forms.conference import AttendanceForm, FurtherMeetingForm, MoveMeetingForm
from workflows.models import DecisionVote, Meeting, PlanningCycle, VoteChoice
from workflows.selectors.conference import invitable, members_of
from workflows.selectors.decisions import decisions_seen_by, meetings_seen_by
from workflows.selectors.recommendations import agenda_of, recommendations_seen_by
from workflows.services.meetings import check_movable, meeting_close, meeting_move, meeting_schedule
from workflows.views.access import signed_in, visible_cycle
from workflows.views.meeting_days import hint_at_stage, warn_of_day, warn_of_missing_addresses

_ORDERS = {"held": ("held_on",), "body": ("body__name", "held_on"), "place": ("place", "held_on")}


@require_safe
def meeting_list(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Meetings of a cycle's bodies."""
    cycle = visible_cycle(request, pk)
    order = order_of(request, _ORDERS, "-held")
    rows = (
        Meeting.objects.filter(cycle=cycle)
        .select_related("body")
        .prefetch_related("participants", "decisions")
    )
    body_pk = request.GET.get("body", "")
    wanted_body = key_or_none(body_pk)
    if wanted_body is not None:
        rows = rows.filter(body=wanted_body)
    rows = rows.order_by(*order.by)
    wanted = export_format(request)
    if wanted is not None:
        columns = [
            Column(_("Date"), "held_on", Kind.DATE),
            Column(_("Body"), "body.name"),
            Column(_("Place"), "place"),
            Column(_("Invited"), lambda row: len(row.participants.all()), Kind.NUMBER, 0),
            Column(_("Decisions"), lambda row: len(row.decisions.all()), Kind.NUMBER, 0),
            Column(_("Closed"), "closed_at", Kind.DATE),
        ]
        name = _("Meetings %(cycle)s") % {"cycle": cycle.title}
        return table_response(name, columns, rows, wanted, [f"{cycle.title}, {cycle.territory.name}"])
    return render(
        request,
        "workflows/meeting_list.html",
        {
            "cycle": cycle,
            "order": order,
            "page_obj": page_of(request, rows),
            "links": export_links(request),
            "bodies": _bodies(cycle),
            "body_pk": body_pk,
            "may_invite": not cycle.is_closed and bool(can(request.user, Perm.MANAGE_CYCLE, cycle)),
            "today": timezone.localdate(),
        },
    )


def _bodies(cycle: PlanningCycle) -> list[Body]:
    bodies = [cycle.planning_conference, cycle.steering_group, cycle.social_space_conference]
    return [body for body in bodies if body is not None]


@require_safe
def meeting_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One meeting: when, where, agenda, who came, what was decided."""
    meeting = get_object_or_404(meetings_seen_by(request.user), pk=pk)
    sees_cycle = bool(can(request.user, Perm.VIEW_CYCLE, meeting.cycle))
    decisions = list(decisions_seen_by(request.user).filter(meeting=meeting).order_by("year", "number"))
    agenda = []
    if sees_cycle and meeting.body_id == meeting.cycle.steering_group_id:
        readable = set(recommendations_seen_by(request.user).values_list("pk", flat=True))
        agenda = [item for item in agenda_of(meeting) if item.recommendation.pk in readable]
    return render(
        request,
        "workflows/meeting_detail.html",
        {
            "meeting": meeting,
            "cycle": meeting.cycle,
            "sees_cycle": sees_cycle,
            "sees_body": bool(can(request.user, Perm.VIEW_BODY, meeting.body)),
            "participants": meeting.participants.select_related("organisation"),
            "agenda": agenda,
            "decisions": decisions,
            "notes": [line.strip() for line in meeting.note.splitlines() if line.strip()],
            "present": _present(meeting) if decisions and _sees_votes(request, meeting) else [],
            "moves": meeting.moves.all(),
            "may_move": _obstacle(meeting) is None
            and bool(can(request.user, Perm.MANAGE_CYCLE, meeting.cycle)),
            "is_today": meeting.held_on == timezone.localdate(),
            "is_over": meeting.held_on < timezone.localdate(),
            "may_close": meeting.closed_at is None
            and meeting.held_on <= timezone.localdate()
            and meeting.body_id != meeting.cycle.planning_conference_id
            and _may_close(request, meeting),
        },
    )


def _obstacle(meeting: Meeting) -> DomainError | None:
    """Why a meeting cannot be moved, whoever asks."""
    try:
        check_movable(meeting)
    except DomainError as error:
        return error
    return None


def _may_close(request: HttpRequest, meeting: Meeting) -> bool:
    return bool(can(request.user, Perm.CHAIR_BODY, meeting.body)) or bool(
        can(request.user, Perm.MANAGE_CYCLE, meeting.cycle)
    )


def _sees_votes(request: HttpRequest, meeting: Meeting) -> bool:
    return bool(can(request.user, Perm.ADVISE_BODY, meeting.body)) or bool(
        can(request.user, Perm.MANAGE_CYCLE, meeting.cycle)
    )


def _present(meeting: Meeting) -> list[DecisionVote]:
    """One vote of each seat that took part in any decision of the meeting."""
    votes = DecisionVote.objects.filter(decision__meeting=meeting).exclude(choice=VoteChoice.ABSENT)
    rows = votes.select_related("seat", "seat__organisation", "seat__user", "seat__deputy").order_by(
        "seat__organisation__name", "pk"
    )
    present = list({row.seat_id: row for row in rows}.values())
    with_deputies_of([row.seat for row in present], meeting.held_on)
    return present


@require_safe
def meeting_calendar(request: HttpRequest, pk: int) -> HttpResponse:
    """The meeting as a calendar entry."""
    meeting = get_object_or_404(meetings_seen_by(request.user), pk=pk)
    address = settings.SITE_URL + reverse("workflows:meeting-detail", args=[meeting.pk])
    text = event_as_ics(
        uid=f"meeting-{meeting.pk}@passgenau",
        day=meeting.held_on,
        summary=meeting.body.name,
        place=meeting.place,
        description=f"{meeting.cycle.title}\n{meeting.note}".strip(),
        url=address,
        stamp=timezone.now(),
        sequence=meeting.moves.count(),
    )
    response = HttpResponse(text, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{_file_name(meeting.held_on)}.ics"'
    return response


def _file_name(day: datetime.date) -> str:
    word = _("meeting")
    return f"{word}-{day.isoformat()}"


@require_http_methods(["GET", "HEAD", "POST"])
def meeting_create(request: HttpRequest, pk: int) -> HttpResponse:
    """A further meeting of one of the cycle's bodies, beside those the tasks ask for."""
    cycle = visible_cycle(request, pk)
    require(request.user, Perm.MANAGE_CYCLE, cycle)
    bodies = Body.objects.filter(pk__in=[body.pk for body in _bodies(cycle)])
    wanted = request.GET.get("body", "")
    body = next((row for row in _bodies(cycle) if str(row.pk) == wanted), cycle.steering_group)
    form = FurtherMeetingForm(
        request.POST or None,
        bodies=bodies,
        organisations=invitable(cycle),
        initial={"body": body.pk, "participants": list(members_of(body).values_list("pk", flat=True))},
    )
    hint_at_stage(form, cycle, body)
    form.offer_notice(bodies)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                meeting = meeting_schedule(
                    cycle, body=form.cleaned_data["body"], user=signed_in(request), **form.values
                )
            except DomainError as error:
                form.add_error(None, str(error.message))
            else:
                messages.success(request, _("The invitations are on their way."))
                warn_of_day(request, meeting)
                warn_of_missing_addresses(request, meeting)
                return redirect("workflows:meeting-detail", meeting.pk)
        status = 422
    return render(request, "workflows/meeting_create.html", {"cycle": cycle, "form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def meeting_move_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Move a meeting to another day or place; everybody invited is told."""
    meeting = get_object_or_404(meetings_seen_by(request.user), pk=pk)
    require(request.user, Perm.MANAGE_CYCLE, meeting.cycle)
    initial = {"held_on": meeting.held_on, "place": meeting.place}
    form = MoveMeetingForm(request.POST if request.method == "POST" else None, initial=initial)
    hint_at_stage(form, meeting.cycle, meeting.body)
    form.offer_notice([meeting.body])
    if request.method == "POST" and form.is_valid():
        try:
            meeting_move(meeting, user=signed_in(request), **form.values)
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(request, _("The meeting has been moved; all who were invited are told by mail."))
            warn_of_day(request, meeting)
            warn_of_missing_addresses(request, meeting)
            return redirect("workflows:meeting-detail", meeting.pk)
    obstacle = _obstacle(meeting)
    return render(
        request,
        "workflows/meeting_move.html",
        {
            "meeting": meeting,
            "cycle": meeting.cycle,
            "form": form,
            "obstacle": obstacle.message if obstacle else "",
        },
        status=422 if request.method == "POST" else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def meeting_close_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Close a meeting with its attendance; the planning conference is closed by its task."""
    meeting = get_object_or_404(meetings_seen_by(request.user), pk=pk)
    if not _may_close(request, meeting):
        raise PermissionDenied(str(_("Only the chair of the body or the social planning unit may do this.")))
    form = AttendanceForm(request.POST if request.method == "POST" else None, meetings=[meeting])
    if request.method == "POST" and form.is_valid():
        try:
            meeting_close(meeting, attended=form.attended()[meeting.pk], user=signed_in(request))
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(request, _("The meeting is closed."))
            return redirect("workflows:meeting-detail", meeting.pk)
    waiting = []
    if meeting.body_id == meeting.cycle.steering_group_id:
        waiting = [item for item in agenda_of(meeting) if item.decision is None]
    return render(
        request,
        "workflows/meeting_close.html",
        {"meeting": meeting, "cycle": meeting.cycle, "form": form, "waiting_count": len(waiting)},
        status=422 if request.method == "POST" else 200,
    )
