"""Page of a block vote: several items of a meeting approved as recommended."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from project.common.errors import DomainError
from project.common.formats import date_de
from stakeholders.permissions import Perm, require
from stakeholders.procedure import Tie
from stakeholders.selectors.rules import rules_on
from stakeholders.sessions import signed_in
from workflows.blocks import SMALLEST_BLOCK, block_decide, block_items
from workflows.forms.beforehand import votes_beforehand
from workflows.forms.decisions import BlockForm
from workflows.models import Decision, Meeting, Recommendation
from workflows.selectors.decisions import away_on, meetings_seen_by, seats_on
from workflows.views.access import meeting_context
from workflows.views.read_back import is_sure, read_back, try_out, vote_lines, wants_form


@require_http_methods(["GET", "HEAD", "POST"])
def block_vote(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose the items, enter the vote once, record a decision each."""
    meeting = get_object_or_404(meetings_seen_by(request.user), pk=pk)
    require(request.user, Perm.CHAIR_BODY, meeting.body)
    obstacle = _obstacle(meeting)
    items = [] if obstacle else block_items(meeting, signed_in(request))
    able = [item for item in items if not item.obstacle]
    seats = seats_on(meeting.body, meeting)
    rules = rules_on(meeting.body, meeting.held_on)
    options: dict[str, Any] = {
        "items": [(item.recommendation.pk, item.label) for item in able],
        "seats": seats,
        "allows_secret": False,
    }
    beforehand = votes_beforehand(meeting, seats)
    form = None
    if len(able) >= SMALLEST_BLOCK:
        form = BlockForm(
            request.POST if request.method == "POST" else None, initial=beforehand.initial, **options
        )
    is_sent = request.method == "POST" and "all_yes" not in request.POST and not wants_form(request)
    if form is not None and "all_yes" in request.POST:
        filled = form.filled_with_yes() | {"items": request.POST.getlist("items")}
        form = BlockForm(initial=filled, **options)
    elif form is not None and is_sent and form.is_valid():
        try:
            if not is_sure(request):
                return _read_back(request, meeting, form)
            count = len(_decide(request, meeting, form))
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            text = ngettext(
                "%(count)s decision has been recorded.", "%(count)s decisions have been recorded.", count
            )
            messages.success(request, text % {"count": count})
            return redirect("workflows:meeting-detail", meeting.pk)
    return render(
        request,
        "workflows/block_vote.html",
        {
            **meeting_context(request, meeting),
            "form": form,
            "has_dissent": any(item.dissent for item in able),
            "came_back": [item for item in able if item.since is not None],
            "others": [item for item in items if item.obstacle or form is None],
            "obstacle": obstacle,
            "decides_tie": rules.tie == Tie.CHAIR,
            "beforehand": "" if request.method == "POST" else beforehand.source,
            "away": away_on(seats, meeting),
        },
        status=422 if is_sent else 200,
    )


def _decide(request: HttpRequest, meeting: Meeting, form: BlockForm) -> list[Decision]:
    block = block_decide(
        meeting,
        recommendations=Recommendation.objects.filter(pk__in=form.cleaned_data["items"]),
        ballots=form.ballots(),
        tally=form.tally(),
        user=signed_in(request),
    )
    return list(block.decisions.select_related("recommendation__cycle", "version").order_by("number"))


def _read_back(request: HttpRequest, meeting: Meeting, form: BlockForm) -> HttpResponse:
    decisions = try_out(lambda: _decide(request, meeting, form))
    items = [
        (row.recommendation.reference, f"{row.version.title}: {row.get_result_display()}")
        for row in decisions
    ]
    return read_back(
        request,
        {
            "crumbs": [(reverse("workflows:meeting-detail", args=[meeting.pk]), date_de(meeting.held_on))],
            "preline": f"{meeting.body.name} · {date_de(meeting.held_on)}",
            "heading": _("Decide as recommended, as one block"),
            "warning": _("Record the decisions? They can never be changed, only followed by others."),
            "label": _("Record the decisions"),
            "lines": [*items, *vote_lines(decisions[0], form.ballots())],
        },
    )


def _obstacle(meeting: Meeting) -> str:
    """Why nothing can be decided as a block in the meeting, whoever asks."""
    if meeting.body_id != meeting.cycle.steering_group_id:
        return _("Only the steering group decides on recommendations.")
    if meeting.closed_at is not None:
        return _("This meeting is closed. Record the decision in a later one.")
    if meeting.held_on > timezone.localdate():
        return _("A decision is recorded on the day of the meeting or after it.")
    return ""
