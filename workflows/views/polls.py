"""Pages of polls: opening one, voting, how far it is, closing and calling off; and the block vote."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from project.common.errors import DomainError
from project.common.keys import key_or_none
from stakeholders.models import BodyMembership
from stakeholders.permissions import Perm, can, require
from stakeholders.selectors.rules import rules_on, sentences_of
from stakeholders.sessions import signed_in
from workflows.flows import RecommendationFlow
from workflows.flows.closing import poll_close
from workflows.forms.decisions import RESULT_ACTS
from workflows.forms.polls import CHOICES, ExcludeForm, OpenPollForm, ReasonForm, VoteForm
from workflows.models import DecisionResult, Poll, VoteKind
from workflows.nodes import open_task
from workflows.polling import exclude, poll_begin, poll_call_off, poll_stop, readmit, vote
from workflows.selectors.conference import invitable
from workflows.selectors.decisions import meeting_held_last, meetings_to_decide_in
from workflows.selectors.polls import (
    OwnSeat,
    amendment_of,
    excluded_of,
    open_polls_for,
    own_seats,
    polls_seen_by,
    progress_of,
)
from workflows.selectors.recommendations import evidence_of, recommendations_seen_by
from workflows.selectors.versions import since_return
from workflows.views.base import answer_domain_error
from workflows.views.read_back import is_sure, read_back, try_out, wants_form


def _seen(request: HttpRequest, pk: int) -> Poll:
    return get_object_or_404(polls_seen_by(request.user), pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
def poll_open_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the members vote in the system: what is put to the vote, and how."""
    recommendation = get_object_or_404(recommendations_seen_by(request.user), pk=pk)
    cycle = recommendation.process.cycle
    require(request.user, Perm.CHAIR_BODY, cycle.steering_group)
    running = Poll.objects.open().filter(recommendation=recommendation).first()
    if running is not None:
        return redirect("workflows:poll-detail", running.pk)
    today = timezone.localdate()
    meetings = meetings_to_decide_in(recommendation).filter(held_on=today)
    version = recommendation.versions.order_by("-number").first()
    assert version is not None
    form = OpenPollForm(
        request.POST if request.method == "POST" else None,
        meetings=meetings,
        rules=rules_on(cycle.steering_group, today),
        version=version,
        has_meeting=bool(meetings),
        acting=invitable(cycle),
        initial={"meeting": meeting_held_last(meetings), "result": DecisionResult.APPROVED.value},
    )
    task = _decide_task(recommendation)
    if request.method == "POST" and form.is_valid():
        values = {name: form.cleaned_data[name] for name in _OPENING}
        try:
            poll = poll_begin(
                recommendation,
                user=signed_in(request),
                kind=VoteKind(form.cleaned_data["kind"]),
                result=DecisionResult(form.cleaned_data["result"]),
                condition_rows=form.condition_rows,
                **values,
            )
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(request, _("The poll is open. Members can vote now."))
            return redirect("workflows:poll-detail", poll.pk)
    return render(
        request,
        "workflows/poll_open.html",
        {
            "recommendation": recommendation,
            "version": version,
            "cycle": cycle,
            "form": form,
            "task": task,
            "verdict": task.flow_task.verdict(request.user, task) if task else None,
            "rule_sentences": sentences_of(rules_on(cycle.steering_group, today)),
        },
        status=422 if request.method == "POST" else 200,
    )


_OPENING = ("meeting", "ends_on", "reason", "postponed_until", "wording")


def _decide_task(recommendation: Any) -> Any:
    try:
        return open_task(recommendation.process, RecommendationFlow.decide_recommendation)
    except DomainError:
        return None


@require_http_methods(["GET", "HEAD", "POST"])
def poll_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A poll: what is voted on, the own vote, how far it is, and for the chair its end."""
    poll = _seen(request, pk)
    seats = own_seats(poll, request.user) if poll.is_open else []
    forms = {row.seat.pk: _vote_form(request, row) for row in seats}
    if request.method == "POST":
        own = next((row for row in seats if str(row.seat.pk) == request.POST.get("seat")), None)
        if own is None:
            if not can(request.user, Perm.VOTE_IN_BODY, poll.body):
                raise PermissionDenied(str(_("Only voting members of the body vote.")))
            messages.error(request, _refusal(poll))
            return redirect("workflows:poll-detail", poll.pk)
        form = forms[own.seat.pk]
        # A seat whose secret ballot is counted is not asked: it is refused below.
        if form.is_valid() and poll.is_secret and own.vote is None and not is_sure(request):
            if not wants_form(request):
                return _ask_to_vote(request, poll, form)
        elif form.is_valid():
            try:
                vote(poll, seat=own.seat, choice=form.vote, user=signed_in(request))
            except DomainError as error:
                form.add_error(None, str(error.message))
            else:
                messages.success(request, _("Your vote is in."))
                return redirect("workflows:poll-detail", poll.pk)
    status = 422 if request.method == "POST" and not wants_form(request) else 200
    return _page(request, poll, [(row, forms[row.seat.pk]) for row in seats], status=status)


def _page(
    request: HttpRequest, poll: Poll, seats: list[tuple[OwnSeat, VoteForm]], *, status: int, **forms: Any
) -> HttpResponse:
    context = _context(request, poll, seats) | forms
    return render(request, "workflows/poll_detail.html", context, status=status)


def _frame(poll: Poll) -> dict[str, Any]:
    """What all pages that ask once more show around their question."""
    return {
        "crumbs": [(reverse("workflows:poll-detail", args=[poll.pk]), poll.version.title)],
        "preline": poll.body.name,
        "heading": poll.version.title,
    }


def _ask_to_vote(request: HttpRequest, poll: Poll, form: VoteForm) -> HttpResponse:
    """A secret ballot is cast once; it is not tried before, so that it leaves no more traces than it must."""
    context = {
        "warning": _("Cast the secret ballot? It cannot be taken back."),
        "label": _("Cast the vote"),
        "lines": [(_("Your vote"), str(dict(CHOICES)[form.vote]))],
    }
    return read_back(request, _frame(poll) | context)


def _vote_form(request: HttpRequest, own: OwnSeat) -> VoteForm:
    is_sent = request.method == "POST" and request.POST.get("seat") == str(own.seat.pk)
    before = own.vote.choice if own.vote else None
    return VoteForm(
        request.POST if is_sent else None, initial={"choice": before}, auto_id=f"id_{own.seat.pk}_%s"
    )


def _refusal(poll: Poll) -> str:
    if not poll.is_open:
        return _("This poll is closed. Votes are not taken any more.")
    return _("You hold no voting seat in this poll.")


def _context(request: HttpRequest, poll: Poll, seats: list[tuple[OwnSeat, VoteForm]]) -> dict[str, Any]:
    progress = progress_of(poll)
    may_chair = bool(can(request.user, Perm.CHAIR_BODY, poll.body))
    return {
        "poll": poll,
        "cycle": poll.cycle,
        "version": poll.version,
        "evidence": evidence_of(poll.version),
        "amendment": amendment_of(poll),
        "since": since_return(poll.version),
        "seats": seats,
        "progress": progress,
        "decision": getattr(poll, "decision", None),
        "objection": getattr(poll, "objection", None),
        "chairs": may_chair,
        "may_chair": may_chair and poll.is_open,
        "may_close": not poll.is_circulated or poll.is_over or progress.is_complete,
        "may_object": poll.is_open
        and poll.is_circulated
        and not poll.is_over
        and any(_can_object(own) for own, _form in seats),
        "sees_recommendation": recommendations_seen_by(request.user)
        .filter(pk=poll.recommendation_id)
        .exists(),
        "exclude_form": ExcludeForm(seats=progress.missing) if may_chair and poll.is_open else None,
        "excluded": excluded_of(poll) if may_chair and poll.is_open and not poll.is_over else [],
        "end_form": ReasonForm(auto_id="id_end_%s"),
        "object_form": ReasonForm(auto_id="id_object_%s"),
        "rule_sentences": sentences_of(rules_on(poll.body, poll.seats_day)),
    }


def _can_object(own: OwnSeat) -> bool:
    """Whether the person acts for the seat now, and the seat is not left out of the item."""
    return not own.obstacle and not own.is_excluded


@require_safe
def poll_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a poll is, for the page that looks again by itself."""
    poll = _seen(request, pk)
    context = {"poll": poll, "progress": progress_of(poll), "is_fragment": True}
    return render(request, "workflows/_poll_progress.html", context)


@require_safe
def polls_open(request: HttpRequest) -> HttpResponse:
    """Polls that wait for the person, for pages that look again by themselves."""
    return render(request, "workflows/_open_polls.html", {"polls": open_polls_for(request.user)})


def _act(request: HttpRequest, poll: Poll, act: Callable[[], object], done: str) -> HttpResponse:
    try:
        act()
    except DomainError as error:
        answer_domain_error(request, error)
    else:
        messages.success(request, done)
    return redirect("workflows:poll-detail", poll.pk)


@require_POST
def poll_close_now(request: HttpRequest, pk: int) -> HttpResponse:
    """The chair closes the poll, asked once more before; a carried one is recorded."""
    poll = _seen(request, pk)
    require(request.user, Perm.CHAIR_BODY, poll.body)
    if wants_form(request):
        return redirect("workflows:poll-detail", poll.pk)
    if is_sure(request):
        done = _("The poll is closed and counted.")
        return _act(request, poll, lambda: poll_close(poll, user=signed_in(request)), done)
    try:
        try_out(lambda: poll_close(_seen(request, pk), user=signed_in(request)))
    except DomainError as error:
        answer_domain_error(request, error)
        return redirect("workflows:poll-detail", poll.pk)
    return _ask_to_close(request, poll)


def _ask_to_close(request: HttpRequest, poll: Poll) -> HttpResponse:
    """Who has voted and who has not; of the count nothing: who goes back must not know it."""
    progress = progress_of(poll)
    missing = ", ".join(seat.organisation.label for seat in progress.missing)
    voted = {"voted": progress.voted, "expected": progress.expected}
    lines = [
        (_("Put to the vote"), str(dict(RESULT_ACTS)[poll.result])),
        (_("Votes"), _("%(voted)s of %(expected)s have voted") % voted),
        *([(_("Waited for:"), missing)] if missing else []),
    ]
    context = {
        "warning": _(
            "Close the poll and count it? Votes are not taken any more, and a carried result is recorded as"
            " a decision."
        ),
        "label": _("Close the poll"),
        "lines": lines,
    }
    return read_back(request, _frame(poll) | context)


def _with_reason(
    request: HttpRequest,
    poll: Poll,
    name: str,
    context: dict[str, Any],
    act: Callable[[str], object],
    done: str,
) -> HttpResponse:
    """Something that ends a poll, with a reason: its form again, the page that asks once more, or the act."""
    form = ReasonForm(request.POST, auto_id=f"id_{name}_%s")
    if not poll.is_open:
        messages.error(request, _refusal(poll))
        return redirect("workflows:poll-detail", poll.pk)
    if not form.is_valid() or wants_form(request):
        seats = [(row, _vote_form(request, row)) for row in own_seats(poll, request.user)]
        return _page(request, poll, seats, status=200 if form.is_valid() else 422, **{f"{name}_form": form})
    reason = str(form.cleaned_data["reason"])
    if is_sure(request):
        return _act(request, poll, lambda: act(reason), done)
    return read_back(request, _frame(poll) | context | {"lines": [(_("Reason"), reason)]})


@require_POST
def poll_cancel_now(request: HttpRequest, pk: int) -> HttpResponse:
    """The chair calls the poll off."""
    poll = _seen(request, pk)
    require(request.user, Perm.CHAIR_BODY, poll.body)
    return _with_reason(
        request,
        poll,
        "end",
        {
            "warning": _("Call the poll off? Nothing is decided, and the votes count for nothing."),
            "label": _("Call the poll off"),
        },
        lambda reason: poll_call_off(poll, reason=reason, user=signed_in(request)),
        _("The poll has been called off. Nothing has been decided."),
    )


@require_POST
def poll_object_now(request: HttpRequest, pk: int) -> HttpResponse:
    """A member objects to deciding in circulation."""
    poll = _seen(request, pk)
    require(request.user, Perm.VOTE_IN_BODY, poll.body)
    own = own_seats(poll, request.user)
    seat = next((row.seat for row in sorted(own, key=_can_object, reverse=True)), None)
    if seat is None:
        raise PermissionDenied(str(_("You hold no voting seat in this poll.")))
    return _with_reason(
        request,
        poll,
        "object",
        {
            "warning": _("Object to deciding in circulation? This stops it at once."),
            "label": _("Object"),
        },
        lambda reason: poll_stop(poll, seat=seat, reason=reason, user=signed_in(request)),
        _("Your objection has stopped the circulated decision. The item comes up in a meeting."),
    )


@require_POST
def poll_exclude_now(request: HttpRequest, pk: int) -> HttpResponse:
    """The chair enters a member as biased."""
    poll = _seen(request, pk)
    require(request.user, Perm.CHAIR_BODY, poll.body)
    form = ExcludeForm(request.POST, seats=progress_of(poll).missing)
    if not form.is_valid():
        messages.error(request, _("Choose who is biased; who has voted is entered no more."))
        return redirect("workflows:poll-detail", poll.pk)
    seat = get_object_or_404(BodyMembership.objects.filter(body=poll.body), pk=form.cleaned_data["seat"])
    return _act(
        request,
        poll,
        lambda: exclude(poll, seat=seat, user=signed_in(request)),
        _("Entered as biased: left out of item and count."),
    )


@require_POST
def poll_readmit_now(request: HttpRequest, pk: int) -> HttpResponse:
    """The chair takes back that a member is biased."""
    poll = _seen(request, pk)
    require(request.user, Perm.CHAIR_BODY, poll.body)
    rows = BodyMembership.objects.filter(body=poll.body)
    seat = get_object_or_404(rows, pk=key_or_none(request.POST.get("seat")) or 0)
    return _act(
        request,
        poll,
        lambda: readmit(poll, seat=seat, user=signed_in(request)),
        _("Taken back: the member takes part again."),
    )
