"""Pages of meetings: list, one with agenda and attendance, its calendar entry, and a further one."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from project.common.errors import DomainError
from project.common.exports import Column, Kind, export_format, export_links, table_response
from project.common.formats import date_de, time_de
from project.common.keys import key_or_none
from project.common.listing import order_of, page_of
from stakeholders.models import Body, BodyMembership
from stakeholders.permissions import Perm, can, require
from stakeholders.selectors.absences import Standing
from stakeholders.selectors.bodies import with_deputies_of
from stakeholders.sessions import signed_in
from workflows.extracts import decisions_to_extract, extracts_issue, open_extracts
from workflows.forms.conference import AttendanceForm, FurtherMeetingForm, MoveMeetingForm
from workflows.forms.sessions import CarryForm
from workflows.minuting import meeting_end
from workflows.models import Decision, DecisionVote, Meeting, VoteChoice
from workflows.selectors.agenda import agenda_of, agenda_seen_by, leads_meeting, sees_internal
from workflows.selectors.carrying import meeting_with_papers, open_lines, untouched_lines
from workflows.selectors.conference import invitable, members_of
from workflows.selectors.decisions import away_on, decisions_seen_by, meetings_seen_by, seats_on
from workflows.selectors.meeting_entry import MeetingEntry
from workflows.selectors.minutes import minutes_seen_by
from workflows.selectors.papers import papers_seen_by
from workflows.selectors.polls import open_polls_for, polls_seen_by
from workflows.selectors.replies import has_begun, own_lines, replies_of, reply_lines
from workflows.selectors.rooms import room_meetings
from workflows.services.extracts import recipients_of
from workflows.services.meeting_state import check_movable
from workflows.services.meetings import meeting_move, meeting_schedule
from workflows.views.access import meeting_context, visible_cycle
from workflows.views.agenda import led_meeting
from workflows.views.meeting_days import hint_at_stage, warn_of_day, warn_of_missing_addresses
from workflows.views.meeting_series import bodies_of, templates_of
from workflows.views.read_back import asked_first

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
            Column(_("Begins at"), lambda row: time_de(row.starts_at) if row.starts_at else ""),
            Column(_("Place"), "place"),
            Column(_("Invited"), lambda row: len(row.participants.all()), Kind.NUMBER, 0),
            Column(_("Decisions"), lambda row: len(row.decisions.all()), Kind.NUMBER, 0),
            Column(_("Closed"), "closed_at", Kind.DATE),
            Column(_("Called off"), "cancelled_at", Kind.DATE),
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
            "bodies": bodies_of(cycle),
            "body_pk": body_pk,
            "may_invite": not cycle.is_closed and bool(can(request.user, Perm.MANAGE_CYCLE, cycle)),
            "today": timezone.localdate(),
        },
    )


@require_safe
def meeting_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One meeting: when, where, agenda, who came, what was decided."""
    meeting = get_object_or_404(meetings_seen_by(request.user), pk=pk)
    decisions = list(decisions_seen_by(request.user).filter(meeting=meeting).order_by("year", "number"))
    leads = leads_meeting(request.user, meeting)
    is_insider = sees_internal(request.user, meeting)
    agenda = agenda_seen_by(request.user, meeting, shows_internal=is_insider)
    return render(
        request,
        "workflows/meeting_detail.html",
        {
            **meeting_context(request, meeting),
            "sees_body": bool(can(request.user, Perm.VIEW_BODY, meeting.body)),
            "participants": meeting.participants.select_related("organisation"),
            "agenda": agenda,
            "decisions": decisions,
            "leads": leads,
            "minutes": minutes_seen_by(request.user).filter(meeting=meeting).first(),
            "papers": papers_seen_by(request.user).filter(meeting=meeting),
            **_replies(request, meeting, is_insider=is_insider),
            "present": _present(meeting) if decisions and is_insider else [],
            "extract_count": open_extracts(decisions).count()
            if decisions and can(request.user, Perm.CHAIR_BODY, meeting.body)
            else 0,
            "moves": meeting.moves.all(),
            "may_move": _obstacle(meeting) is None
            and bool(can(request.user, Perm.MANAGE_CYCLE, meeting.cycle)),
            "is_today": meeting.held_on == timezone.localdate(),
            "is_future": meeting.held_on > timezone.localdate(),
            "is_over": meeting.held_on < timezone.localdate(),
            "may_enter_room": room_meetings(request.user).filter(pk=meeting.pk).exists(),
            "open_polls": [row for row in open_polls_for(request.user) if row.meeting_id == meeting.pk],
            "polls": list(polls_seen_by(request.user).filter(meeting=meeting).order_by("pk")),
            "away": _away(meeting) if meeting.closed_at is None and leads else [],
            "may_block": meeting.closed_at is None
            and meeting.held_on <= timezone.localdate()
            and sum(line.waits for line in agenda) > 1
            and bool(can(request.user, Perm.CHAIR_BODY, meeting.body)),
            "may_close": meeting.closed_at is None
            and meeting.held_on <= timezone.localdate()
            and meeting.body_id != meeting.cycle.planning_conference_id
            and leads,
        },
    )


def _away(meeting: Meeting) -> list[tuple[BodyMembership, Standing]]:
    """Whose member is entered as away on the day, for who leads the meeting."""
    return away_on(seats_on(meeting.body, meeting), meeting)


def _replies(request: HttpRequest, meeting: Meeting, *, is_insider: bool) -> dict[str, Any]:
    """Replies and papers for those who may read them, and for whom the person answers."""
    may_reply = not has_begun(meeting)
    lines = reply_lines(meeting) if may_reply or is_insider else []
    return {
        "sees_internal": is_insider,
        "shows_folder": is_insider or meeting.papers_sent_at is not None,
        "may_reply": may_reply,
        "own": own_lines(request.user, lines) if may_reply else [],
        "replies": replies_of(meeting, lines) if is_insider else None,
    }


def _obstacle(meeting: Meeting) -> DomainError | None:
    """Why a meeting cannot be moved, whoever asks."""
    try:
        check_movable(meeting)
    except DomainError as error:
        return error
    return None


def _present(meeting: Meeting) -> list[DecisionVote]:
    """One vote of each seat that took part in any decision of the meeting."""
    votes = DecisionVote.objects.filter(decision__meeting=meeting).exclude(
        choice__in=[VoteChoice.ABSENT, VoteChoice.SILENT]
    )
    rows = votes.select_related("seat", "seat__organisation", "seat__user", "seat__deputy").order_by(
        "seat__organisation__name", "pk"
    )
    present = list({row.seat_id: row for row in rows}.values())
    with_deputies_of([row.seat for row in present], meeting.held_on)
    return present


@require_POST
def meeting_extracts(request: HttpRequest, pk: int) -> HttpResponse:
    """The chair issues all extracts of the meeting that are still to be issued."""
    meeting = get_object_or_404(meetings_seen_by(request.user), pk=pk)
    require(request.user, Perm.CHAIR_BODY, meeting.body)
    here = reverse("workflows:meeting-detail", args=[meeting.pk])
    waiting = decisions_to_extract(meeting)
    answer = asked_first(request, _extracts_context(meeting, waiting, here), back=here) if waiting else None
    if answer is not None:
        return answer
    count = extracts_issue(meeting, user=signed_in(request))
    text = ngettext("%(count)s extract has been issued.", "%(count)s extracts have been issued.", count)
    messages.success(request, text % {"count": count})
    return redirect("workflows:meeting-detail", meeting.pk)


def _extracts_context(meeting: Meeting, waiting: list[Decision], here: str) -> dict[str, Any]:
    """Which extracts go out, and to whom."""
    return {
        "crumbs": [(here, f"{meeting.body.name}, {date_de(meeting.held_on)}")],
        "preline": meeting.body.name,
        "heading": _("Issue all extracts"),
        "warning": _(
            "Issue all extracts? They go out at once, stay as they are and can only be corrected by another"
            " decision."
        ),
        "label": _("Issue all extracts"),
        "lines": [
            (
                f"{row.reference} {row.version.title}",
                _("%(result)s; goes to %(recipients)s")
                % {
                    "result": row.get_result_display(),
                    "recipients": ", ".join(org.name for org in recipients_of(row)),
                },
            )
            for row in waiting
        ],
    }


@require_safe
def meeting_calendar(request: HttpRequest, pk: int) -> HttpResponse:
    """The meeting as a calendar entry."""
    meeting = get_object_or_404(meetings_seen_by(request.user), pk=pk)
    text = MeetingEntry(meeting).download()
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
    bodies = Body.objects.filter(pk__in=[body.pk for body in bodies_of(cycle)])
    wanted = request.GET.get("body", "")
    body = next((row for row in bodies_of(cycle) if str(row.pk) == wanted), cycle.steering_group)
    form = FurtherMeetingForm(
        request.POST or None,
        bodies=bodies,
        templates=templates_of(cycle).filter(is_active=True),
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
    initial = {"held_on": meeting.held_on, "starts_at": meeting.starts_at, "place": meeting.place}
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
            **meeting_context(request, meeting),
            "form": form,
            "obstacle": obstacle.message if obstacle else "",
        },
        status=422 if request.method == "POST" else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def meeting_close_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Close a meeting with its attendance; the planning conference is closed by its task."""
    meeting = led_meeting(request, pk)
    data = request.POST if request.method == "POST" else None
    form = AttendanceForm(data, meetings=[meeting])
    left = [] if meeting.closed_at is not None else open_lines(meeting)
    carry = CarryForm(data, lines=left)
    if data is not None and form.is_valid() and carry.is_valid():
        try:
            meeting_end(
                meeting,
                attended=form.attended()[meeting.pk],
                carried=carry.items,
                user=signed_in(request),
            )
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(
                request, _("The meeting is closed. The social planning unit has been asked for the minutes.")
            )
            return redirect("workflows:meeting-detail", meeting.pk)
    waiting = [line for line in agenda_of(meeting) if line.waits]
    return render(
        request,
        "workflows/meeting_close.html",
        {
            **meeting_context(request, meeting),
            "form": form,
            "carry": carry,
            "waiting_count": len(waiting),
            "untouched": untouched_lines(meeting) if meeting.closed_at is None else [],
            "with_papers": meeting_with_papers(meeting) if left else None,
        },
        status=422 if request.method == "POST" else 200,
    )
