"""Leading the room of a meeting: open and close it, put an area before it, ask for points."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from measures.models import FieldOfAction
from monitoring.models import Area
from project.common.errors import DomainError
from project.common.keys import key_or_none
from stakeholders.sessions import signed_in
from workflows.forms.rooms import RoundForm, ShowForm
from workflows.models import Room
from workflows.selectors.agenda import leads_meeting
from workflows.selectors.conference import statements_of
from workflows.selectors.rooms import round_view
from workflows.services.rooms import room_close, room_open, room_show, round_close, round_open
from workflows.views.rooms import room_meeting, room_of


@require_http_methods(["GET", "HEAD", "POST"])
def room_lead(request: HttpRequest, pk: int) -> HttpResponse:
    """The page of whoever leads the room."""
    meeting = room_meeting(request, pk)
    if not leads_meeting(request.user, meeting):
        raise PermissionDenied(_("The chair of the body leads the room, or planning."))
    room = room_of(meeting)
    acts = _Acts(request, meeting, room)
    if request.method == "POST":
        answer = acts.answer()
        if answer is not None:
            return answer
    context: dict[str, Any] = {"meeting": meeting, "cycle": meeting.cycle, "room": room}
    if room is not None:
        rounds = [round_view(row) for row in room.rounds.all()]
        context |= {
            "open_round": next((row for row in rounds if row.round.is_open), None),
            "round_form": acts.round_form,
            "profiles": meeting.cycle.profiles.filter(released_at__isnull=False)
            .select_related("area")
            .defer("area__geometry")
            .order_by("area__name"),
            "rounds": [row for row in rounds if not row.round.is_open],
        }
    return render(
        request, "workflows/room_lead.html", context, status=422 if request.method == "POST" else 200
    )


class _Acts:
    """The buttons of the page."""

    def __init__(self, request: HttpRequest, meeting: Any, room: Room | None) -> None:
        self.request, self.meeting, self.room = request, meeting, room
        self.user = signed_in(request)
        act = request.POST.get("act", "")
        self.act = act if act in {"open", "close", "show", "ask", "end"} else ""
        cycle = meeting.cycle
        areas = Area.objects.filter(profiles__cycle=cycle, profiles__released_at__isnull=False)
        self.show_form = ShowForm(
            request.POST if self.act == "show" else None, areas=areas.defer("geometry").order_by("name")
        )
        said = statements_of(cycle).filter(area=room.area_id if room else None)
        self.round_form = RoundForm(
            request.POST if self.act == "ask" else None,
            fields_of_action=FieldOfAction.objects.filter(plan=cycle.plan),
            statements=said if meeting.sees_all else said.none(),
            prefix="round",
        )

    def answer(self) -> HttpResponse | None:
        """Do what was asked and lead back to the page; None to show it again with the errors of a form."""
        act: Callable[[], str | None] = {
            "open": self._open,
            "close": self._close,
            "show": self._show,
            "ask": self._ask,
            "end": self._end,
        }.get(self.act, self._nothing)
        try:
            said = act()
        except DomainError as error:
            messages.error(self.request, str(error.message))
            return redirect(self.request.path)
        if said is None:
            return None
        messages.success(self.request, said)
        return redirect(self.request.path)

    def _known(self) -> Room:
        if self.room is None:
            raise DomainError("room_closed", _("Open the room first."))
        return self.room

    def _nothing(self) -> None:
        return None

    def _open(self) -> str:
        room_open(self.meeting, user=self.user)
        return _("The room is open.")

    def _close(self) -> str:
        room_close(self._known(), user=self.user)
        return _("The room is closed. What was entered is kept.")

    def _show(self) -> str | None:
        room = self._known()
        if not self.show_form.is_valid():
            return None
        area = self.show_form.cleaned_data["area"]
        room_show(room, area, user=self.user)
        return _("Before the room: %(area)s") % {"area": area.name} if area else _("No area is shown.")

    def _ask(self) -> str | None:
        room = self._known()
        if not self.round_form.is_valid():
            return None
        try:
            round_open(room, user=self.user, **self.round_form.values)
        except DomainError as error:
            self.round_form.add_error(None, str(error.message))
            return None
        return _("The members can give their points now.")

    def _end(self) -> str:
        pk = key_or_none(self.request.POST.get("round"))
        row = get_object_or_404(self._known().rounds, pk=pk or 0)
        round_close(row, user=self.user)
        return _("The round is over; its result is on the pages.")
