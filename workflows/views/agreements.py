"""Page on which planning stops waiting for a target agreement."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from measures.models import Measure, MeasureStatus
from measures.selectors.portfolio import measures_seen_by, plans_seen_by
from project.common.errors import DomainError
from stakeholders.permissions import Perm, require
from stakeholders.sessions import signed_in
from workflows.engine import agreement_call_off
from workflows.flows import MeasureFlow
from workflows.forms.implementation import CallOffForm
from workflows.models import MeasureProcess
from workflows.nodes import open_task
from workflows.selectors.agreements import is_under_way, parties_without_head
from workflows.selectors.implementation import agreement_rounds


@require_http_methods(["GET", "HEAD", "POST"])
def agreement_call_off_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop waiting for the parties' answers, with a reason; planning words the measure anew."""
    measure = get_object_or_404(measures_seen_by(request.user), pk=pk)
    process = MeasureProcess.objects.filter(measure=measure).select_related("cycle").first()
    # A measure that is still being shaped is in no cycle yet: its planning steers it.
    require(request.user, *((Perm.MANAGE_CYCLE, process.cycle) if process else (Perm.EDIT_MEASURE, measure)))
    is_open = is_under_way(measure)
    form = CallOffForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 422 if is_open else 409
        if is_open and form.is_valid():
            try:
                agreement_call_off(measure, reason=form.cleaned_data["reason"], user=signed_in(request))
            except DomainError as error:
                form.add_error(None, str(error.message))
            else:
                return _called_off(request, measure)
    rounds = agreement_rounds(measure)
    return render(
        request,
        "workflows/agreement_call_off.html",
        {
            "measure": measure,
            "form": form,
            "is_open": is_open,
            "is_amendment": measure.status != MeasureStatus.PROPOSED,
            "rows": rounds[0].rows if rounds else [],
            "mute": parties_without_head([measure]).get(measure.pk, []),
            "sees_plan": plans_seen_by(request.user).filter(pk=measure.plan_id).exists(),
        },
        status=status,
    )


def _called_off(request: HttpRequest, measure: Measure) -> HttpResponse:
    if measure.status != MeasureStatus.PROPOSED:
        messages.success(request, _("The parties need not answer any more; the version in force holds on."))
        return redirect("workflows:agreement-detail", measure.pk)
    messages.success(
        request,
        _("The parties need not answer any more. Now change the measure or its parties, or give it up."),
    )
    try:
        task = open_task(measure.process, MeasureFlow.revise_measure)
    except DomainError:  # the case goes on with the next sweep
        return redirect("measures:measure-detail", measure.pk)
    return redirect("workflows:task", task.pk)
