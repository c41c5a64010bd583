"""The page on which planning answers one idea, or corrects its answer; a correction is withdrawn."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from project.common.errors import DomainError
from stakeholders.permissions import Perm, can, require
from stakeholders.sessions import signed_in
from workflows.evenings import answer_correction_begin, answer_correction_withdraw
from workflows.forms.space import IdeaAnswerForm, answer_choices, answer_initial
from workflows.models import (
    EntryState,
    PlanningCycle,
    SpaceAnswer,
    SpaceConference,
    SpaceCorrectionCheck,
    SpaceIdea,
)
from workflows.selectors.space_conferences import (
    approved_recommendations,
    conferences_seen_by,
    idea_lines,
    unanswered,
)
from workflows.services.space_answers import idea_answer
from workflows.views.implementation import shaping_task


@require_http_methods(["GET", "HEAD", "POST"])
def idea_answer_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what becomes of an idea; then on to the next one without an answer."""
    seen = conferences_seen_by(request.user)
    idea = get_object_or_404(
        SpaceIdea.objects.filter(state=EntryState.SHOWN, conference__in=seen.values("pk")), pk=pk
    )
    conference = seen.get(pk=idea.conference_id)
    require(request.user, Perm.ACT_FOR_ORGANISATION, conference.cycle.planning_unit)
    corrects = conference.is_published
    if not conference.takes_answers and not corrects:
        if request.method == "POST":
            messages.error(request, _("Ideas of this evening are not being answered (any more)."))
            return redirect("workflows:space-conference-detail", conference.pk)
        raise Http404
    line = next(row for row in idea_lines(conference) if row.idea.pk == idea.pk)
    form = IdeaAnswerForm(
        request.POST or None, initial=answer_initial(line.answer), **answer_choices(conference.cycle)
    )
    if request.method == "POST" and form.is_valid():
        try:
            act = answer_correction_begin if corrects else idea_answer
            act(idea, user=signed_in(request), **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            if corrects:
                messages.success(
                    request,
                    _("Handed in. The head of the planning unit releases the correction or returns it."),
                )
                return redirect("workflows:space-conference-detail", conference.pk)
            messages.success(request, _("Idea %(number)s is answered.") % {"number": idea.number})
            return redirect(_next(conference))
    return render(
        request,
        "workflows/space_idea_answer.html",
        {
            "conference": conference,
            "cycle": conference.cycle,
            "line": line,
            "form": form,
            "corrects": corrects,
            "returned": _returned(idea) if corrects else "",
            "earlier": line.idea.all_answers[1:],  # type: ignore[attr-defined]
            "open_count": unanswered(conference).count(),
            "may_shape": _may_shape(request, conference.cycle),
        },
        status=422 if request.method == "POST" else 200,
    )


def _may_shape(request: HttpRequest, cycle: PlanningCycle) -> bool:
    """Whether the person can add a measure now: theirs are shaped from approved recommendations."""
    return (
        bool(can(request.user, Perm.MANAGE_CYCLE, cycle))
        and shaping_task(cycle) is not None
        and approved_recommendations(cycle).exists()
    )


def _returned(idea: SpaceIdea) -> str:
    """Why the last correction was returned; "" where it was released, or there was none."""
    last = SpaceCorrectionCheck.objects.filter(answer__idea=idea).order_by("-pk").first()
    return "" if last is None else last.reason


def _next(conference: SpaceConference) -> str:
    """The next idea without an answer, else the evening."""
    following = unanswered(conference).first()
    if following is not None:
        return reverse("workflows:space-idea-answer", args=[following.pk])
    return reverse("workflows:space-conference-detail", args=[conference.pk])


@require_POST
def correction_withdraw_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Pursue a correction no further; the published answer stays."""
    seen = conferences_seen_by(request.user).order_by().values("pk")
    answer = get_object_or_404(
        SpaceAnswer.objects.filter(corrects__isnull=False, idea__conference__in=seen), pk=pk
    )
    conference = answer.idea.conference
    require(request.user, Perm.ACT_FOR_ORGANISATION, conference.cycle.planning_unit)
    try:
        answer_correction_withdraw(answer, user=signed_in(request))
    except DomainError as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("Withdrawn: the answer stays as it was published."))
    return redirect("workflows:space-conference-detail", conference.pk)
