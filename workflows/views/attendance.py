"""The page on which attendance is taken on the day of a meeting."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_time
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from project.common.errors import DomainError
from project.common.keys import key_or_none
from stakeholders.models import BodyMembership, User
from stakeholders.sessions import signed_in
from workflows.models import Attendance, Meeting
from workflows.selectors.agenda import agenda_of
from workflows.selectors.attendance import Room, is_day_of, room_of
from workflows.services.attendance import (
    attendance_all_arrive,
    attendance_arrive,
    attendance_correct,
    attendance_leave,
    attendance_take_back,
)
from workflows.views.access import meeting_context
from workflows.views.agenda import led_meeting


@require_http_methods(["GET", "HEAD", "POST"])
def meeting_attendance(request: HttpRequest, pk: int) -> HttpResponse:
    """Who comes, who leaves, and whether the body can decide."""
    meeting = led_meeting(request, pk)
    if request.method == "POST":
        try:
            messages.success(request, _act(request, meeting, signed_in(request)))
        except DomainError as error:
            messages.error(request, str(error.message))
        return redirect("workflows:meeting-attendance", meeting.pk)
    room = room_of(meeting)
    return render(
        request,
        "workflows/meeting_attendance.html",
        {
            **meeting_context(request, meeting),
            "room": room,
            "quorum": room.quorum(timezone.now()),
            "items": _items(meeting, room),
            "is_today": is_day_of(meeting),
            "is_ahead": meeting.held_on > timezone.localdate(),
            "may_enter": meeting.closed_at is None and meeting.held_on <= timezone.localdate(),
        },
    )


def _items(meeting: Meeting, room: Room) -> list[dict[str, Any]]:
    """Items that were called, each with the quorum at its end, or now if it still runs."""
    return [
        {"line": line, "quorum": quorum}
        for line in agenda_of(meeting)
        if line.item is not None
        and not line.is_removed
        and (quorum := room.quorum_at(line.item, line.decision)) is not None
    ]


def _act(request: HttpRequest, meeting: Meeting, user: User) -> str:
    """Do what a button says; returns what to tell."""
    post = request.POST
    at = _time(post.get("at", ""))
    if "all" in post:
        count = len(attendance_all_arrive(meeting, at=at, user=user))
        text = ngettext("%(count)s seat is there.", "%(count)s seats are there.", count)
        return text % {"count": count}
    if "seat" in post:
        seat = BodyMembership.objects.filter(pk=_key(request, "seat"), body=meeting.body_id).first()
        if seat is None:
            raise Http404("No such seat.")
        row = attendance_arrive(meeting, seat=seat, is_deputy=post.get("by") == "deputy", at=at, user=user)
        return _("%(member)s is there.") % {"member": row.organisation.label}
    if "guest" in post:
        invited = meeting.participants.filter(organisation=_key(request, "guest")).first()
        if invited is None:
            raise Http404("No such guest.")
        row = attendance_arrive(meeting, guest=invited.organisation, at=at, user=user)
        return _("%(member)s is there.") % {"member": row.organisation.label}
    return _change(request, meeting, user, at)


def _change(request: HttpRequest, meeting: Meeting, user: User, at: datetime.time | None) -> str:
    """Leave, correct or take back an entry."""
    post = request.POST
    name = next((name for name in ("leave", "correct", "take_back") if name in post), None)
    if name is None:
        raise Http404("No such act.")
    row = Attendance.objects.filter(pk=_key(request, name), meeting=meeting).first()
    if row is None:
        raise DomainError("entry_gone", _("This entry has been taken back meanwhile."))
    member = {"member": row.organisation.label}
    if name == "leave":
        attendance_leave(row, at=at, user=user)
        return _("%(member)s has left.") % member
    if name == "take_back":
        attendance_take_back(row, user=user)
        return _("The entry of %(member)s has been taken back.") % member
    arrived = _time(post.get("arrived", ""))
    if arrived is None:
        raise DomainError("time_missing", _("Enter the hour of coming."))
    attendance_correct(row, arrived=arrived, left=_time(post.get("left", "")), user=user)
    return _("The times of %(member)s have been corrected.") % member


def _key(request: HttpRequest, name: str) -> int:
    key = key_or_none(request.POST[name])
    if key is None:
        raise Http404("No such key.")
    return key


def _time(text: str) -> datetime.time | None:
    """An hour typed into a field; nothing typed is None."""
    if not text.strip():
        return None
    try:
        found = parse_time(text.strip())
    except ValueError:
        found = None
    if found is None:
        raise DomainError("time_unreadable", _("Enter the hour like 14:30."))
    return found
