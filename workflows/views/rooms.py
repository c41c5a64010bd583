"""The room of a meeting: the page of each participant, the screen, what changes on them, and leading it."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.functional import cached_property
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from monitoring.models import Area
from project.common.errors import DomainError
from project.common.keys import key_or_none
from project.common.svg import to_svg
from stakeholders.models import BodyMembership
from stakeholders.sessions import signed_in
from workflows.forms.rooms import PointsForm, RoomStatementForm
from workflows.fragments import Fragments
from workflows.models import Meeting, Room, StageKind, Statement
from workflows.qr import room_code
from workflows.selectors.agenda import leads_meeting
from workflows.selectors.analysis import profile_map
from workflows.selectors.conference import cycle_indicators, own_statements
from workflows.selectors.decisions import meetings_seen_by
from workflows.selectors.rooms import (
    RoomView,
    RoundView,
    entrance_of,
    organisations_in_room,
    points_of,
    room_meetings,
    room_view,
    round_view,
    seat_of,
)
from workflows.services.rooms import points_give, room_statement_add

ROOM, SCREEN, WAITING = "room", "screen", "waiting"
_FRAGMENTS = Fragments()


def room_meeting(request: HttpRequest, pk: int) -> Any:
    """A meeting whose room the person may enter; 404 if they do not see it, 403 if it is not theirs."""
    rows = room_meetings(request.user).select_related(
        "room__area",
        "body",
        "cycle__territory",
        "cycle__index_run__territory",
        "cycle__planning_conference",
        "cycle__plan",
    )
    meeting = rows.defer("room__area__geometry").filter(pk=pk).first()
    if meeting is None:
        get_object_or_404(meetings_seen_by(request.user), pk=pk)
        raise PermissionDenied(_("The room is for the members of the body, those invited, and planning."))
    return meeting


def room_of(meeting: Meeting) -> Room | None:
    """The room of a meeting; None before it was opened for the first time."""
    room = getattr(meeting, "room", None)
    if room is not None:
        room.meeting = meeting
    return room


# --- what changes ----------------------------------------------------------------------------------


@never_cache
@require_safe
def room_state(request: HttpRequest, pk: int) -> HttpResponse:
    """What a page of the room shows, if it changed since the version the page has; else an empty 204.

    Asked by each page about every 1.5 seconds. The page shows with its ticket that it got this very version;
    that nothing is new may be said without asking for its rights again, which is most of the work.
    Queries: 3 with session and person as long as nothing changed, 4 when something did.
    """
    if request.GET.get("view") == WAITING:
        return _opened(request, pk)
    known = Room.objects.filter(meeting=pk).values_list("version", flat=True).first()
    shown = request.GET.get("v", "")
    if known is not None and shown == str(known) and _is_ticket(request, pk, known):
        return HttpResponse(status=204)
    entrance = entrance_of(request.user, pk)
    if entrance is None:
        room_meeting(request, pk)
    if entrance is None or entrance.version is None:
        return HttpResponse(status=204)
    kind = SCREEN if request.GET.get("view") == SCREEN else ROOM

    def draw() -> str:
        meeting = room_meeting(request, pk)
        room = room_of(meeting)
        assert room is not None
        return render_to_string(_template(kind), _live(request, meeting, room, kind))

    key = (pk, entrance.opened_at, kind, entrance.is_member, get_language())
    drawn = _FRAGMENTS.get(key, entrance.version, draw) if entrance.sees_all else draw()
    return HttpResponse(_with_ticket(drawn, request, pk))


def _opened(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a page that waits for the room load itself anew once there is one. Queries: 3."""
    response = HttpResponse(status=204)
    if Room.objects.filter(meeting__in=room_meetings(request.user).filter(pk=pk)).exists():
        response["HX-Refresh"] = "true"
    return response


#: Where a drawing that many get has the ticket of the one who gets it.
_TICKET = "ticket-of-the-reader"
_VERSION = re.compile(r'data-version="(\d+)"')


def _ticket(request: HttpRequest, pk: int, version: int) -> str:
    """Proof that a person got a version of a room."""
    return salted_hmac("passgenau.room", f"{pk}:{request.user.pk}:{version}").hexdigest()[:24]


def _is_ticket(request: HttpRequest, pk: int, version: int) -> bool:
    return constant_time_compare(request.GET.get("t", ""), _ticket(request, pk, version))


def _with_ticket(drawn: str, request: HttpRequest, pk: int) -> str:
    """The drawing with the ticket for the version that it shows."""
    found = _VERSION.search(drawn)
    return drawn.replace(_TICKET, _ticket(request, pk, int(found[1]))) if found else drawn


def _template(kind: str) -> str:
    return f"workflows/_{'room_screen' if kind == SCREEN else 'room_live'}.html"


def _live(request: HttpRequest, meeting: Any, room: Room, kind: str) -> dict[str, Any]:
    """Context of the part that changes; nothing of a single person in it, as many get the same drawing."""
    view = room_view(request.user, room)
    context: dict[str, Any] = {
        "meeting": meeting,
        "room": room,
        "view": view,
        "cycle": meeting.cycle,
        "is_member": meeting.is_member,
        "ticket": _TICKET,
    }
    if kind == SCREEN:
        context |= _map(view)
    elif view.open_round is not None:
        # The page makes the key of each entry itself; a drawing that many get must not hold one.
        context["points_form"] = PointsForm(
            options=view.open_round.options,
            points_each=view.open_round.round.points_each,
            initial={"entry_key": ""},
            prefix="points",
        )
    return context


def _map(view: RoomView) -> dict[str, str]:
    """Map of the territory with the area outlined; nothing without boundaries or an index."""
    cycle, area = view.room.meeting.cycle, view.room.area
    if area is None or cycle.index_run is None:
        return {}
    found = profile_map(cycle.index_run, area, place=str(cycle.territory))
    return {} if found is None else {"map_svg": to_svg(found.drawing), "legend_svg": to_svg(found.legend)}


# --- the pages -------------------------------------------------------------------------------------


@require_safe
def room_screen(request: HttpRequest, pk: int) -> HttpResponse:
    """The page for the projector."""
    meeting = room_meeting(request, pk)
    room = room_of(meeting)
    join_url = settings.SITE_URL + reverse("workflows:room", args=[meeting.pk])
    context: dict[str, Any] = {
        "meeting": meeting,
        "cycle": meeting.cycle,
        "room": room,
        "join_url": join_url,
        "join_code": to_svg(room_code(join_url)),
    }
    if room is not None:
        context |= _live(request, meeting, room, SCREEN)
        context["ticket"] = _ticket(request, meeting.pk, room.version)
    return render(request, "workflows/room_screen.html", context)


class _Page:
    """The page of a participant: its forms, and what was sent with them."""

    def __init__(self, request: HttpRequest, meeting: Any, room: Room) -> None:
        self.request, self.meeting, self.room = request, meeting, room
        self.user = signed_in(request)
        self.sent = request.POST.get("act") if request.method == "POST" else None
        # The statement that was just stored; files are added to it on a page of its own.
        self.given: Statement | None = None

    @cached_property
    def runs_room(self) -> bool:
        """Whether the person leads the room."""
        return leads_meeting(self.user, self.meeting)

    @cached_property
    def seat(self) -> BodyMembership | None:
        """The seat whose points the person gives."""
        return seat_of(self.user, self.meeting) if self.meeting.is_member else None

    @cached_property
    def view(self) -> RoomView:
        """What is before the room; whoever only sends something does not pay for it."""
        return room_view(self.user, self.room)

    @cached_property
    def open_round(self) -> RoundView | None:
        """The round in which points are given; the whole page has read it already."""
        if self.sent is None:
            return self.view.open_round
        row = self.room.rounds.filter(closed_at__isnull=True).first()
        return None if row is None else round_view(row)

    @cached_property
    def statement_form(self) -> RoomStatementForm | None:
        """The form for a statement; None where none can be given."""
        data = self.request.POST if self.sent == "statement" else None
        cycle = self.meeting.cycle
        if not self.room.is_open or cycle.stage != StageKind.CONFERENCE:
            return None
        organisations = organisations_in_room(self.user, self.meeting, runs_room=self.runs_room)
        if not organisations.exists():
            return None
        return RoomStatementForm(
            data,
            indicators=cycle_indicators(cycle),
            organisations=organisations,
            areas=Area.objects.filter(profiles__cycle=cycle, profiles__released_at__isnull=False)
            .defer("geometry")
            .order_by("name"),
            chosen=self.room.area,
            prefix="statement",
        )

    @cached_property
    def points_form(self) -> PointsForm | None:
        """The form for points; None for those who have none to give now."""
        data = self.request.POST if self.sent == "points" else None
        found = self.open_round
        if found is None or self.seat is None or not self.room.is_open:
            return None
        return PointsForm(
            data,
            options=found.options,
            points_each=found.round.points_each,
            given=points_of(found.round, self.seat),
            prefix="points",
        )

    def send(self) -> tuple[Form | None, str]:
        """Store what was sent; returns the form with its errors, or None and what to say."""
        if self.sent == "points":
            return self._send_points()
        return self._send_statement()

    def _send_statement(self) -> tuple[Form | None, str]:
        form = self.statement_form
        if form is None:
            raise DomainError("room_closed", _("No statements can be given here now."))
        if form.is_valid():
            try:
                self.given = room_statement_add(self.room, user=self.user, **form.values)
            except DomainError as error:
                form.add_error(None, str(error.message))
            else:
                return None, _("Your statement has been added.")
        return form, ""

    def _send_points(self) -> tuple[Form | None, str]:
        form, found = self.points_form, self.open_round
        if form is None or found is None or self.seat is None:
            raise DomainError("round_closed", _("The round of points is over."))
        if self.request.POST.get("round") != str(found.round.pk):
            raise DomainError("round_closed", _("The round of points is over."))
        if form.is_valid():
            found.round.room = self.room
            try:
                points_give(
                    found.round,
                    seat=self.seat,
                    counts=form.counts,
                    entry_key=form.cleaned_data["entry_key"],
                    user=self.user,
                )
            except DomainError as error:
                form.add_error(None, str(error.message))
            else:
                return None, _("Your points have been saved.")
        return form, ""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def room_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The page of each participant, for phone or laptop: what is before the room, statements, points.

    Scripts send forms with ``Accept: application/json`` and get 201, or 422 with what is wrong; without
    scripts the same forms lead back to the page.
    """
    meeting = room_meeting(request, pk)
    room = room_of(meeting)
    if room is None:
        return render(request, "workflows/room_waiting.html", _frame(request, meeting))
    page = _Page(request, meeting, room)
    status = 200
    if request.method == "POST":
        by_script = request.headers.get("Accept") == "application/json"
        try:
            form, said = page.send()
        except DomainError as error:
            if by_script:
                return JsonResponse({"errors": [str(error.message)]}, status=422)
            messages.error(request, str(error.message))
            return redirect(request.path)
        if form is None:
            if by_script:
                return JsonResponse({"said": said, "files": _files_url(meeting, page.given)}, status=201)
            if page.given is not None:
                # Said there, beside the link to add files.
                return redirect(f"{request.path}?given={page.given.pk}")
            messages.success(request, said)
            return redirect(request.path)
        if by_script:
            return JsonResponse({"errors": _errors(form)}, status=422)
        status = 422
    context = _frame(request, meeting) | {
        "room": room,
        "view": page.view,
        "is_member": meeting.is_member,
        "statement_form": page.statement_form,
        "points_form": page.points_form,
        "files_url": _files_url(meeting, _given(request)),
        "runs_room": page.runs_room,
        "is_whole_page": True,
        "is_conference_over": meeting.cycle.stage > StageKind.CONFERENCE,
        "ticket": _ticket(request, meeting.pk, room.version),
    }
    return render(request, "workflows/room.html", context, status=status)


def _given(request: HttpRequest) -> Statement | None:
    """The statement of one's own that the address says was just given."""
    pk = key_or_none(request.GET.get("given"))
    return None if pk is None else own_statements(request.user).filter(pk=pk).first()


def _files_url(meeting: Meeting, statement: Statement | None) -> str:
    """Where files are added to a statement, with the way back to the room; "" without one."""
    if statement is None:
        return ""
    return f"{reverse('workflows:statement-files', args=[statement.pk])}?room={meeting.pk}"


def _errors(form: Form) -> list[str]:
    """What is wrong, each with the name of its field."""
    lines = []
    for name, errors in form.errors.items():
        label = form.fields[name].label if name in form.fields else ""
        lines += [f"{label}: {error}" if label else str(error) for error in errors]
    return lines


def _frame(request: HttpRequest, meeting: Any) -> dict[str, Any]:
    return {
        "meeting": meeting,
        "cycle": meeting.cycle,
        "runs_room": leads_meeting(request.user, meeting),
    }
