"""Pages on which planning reminds of missing answers to an evaluation, and stops waiting for them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from measures.models import Measure
from measures.selectors.portfolio import measures_seen_by, plans_seen_by
from project.common.errors import DomainError
from stakeholders.permissions import Perm, require
from stakeholders.sessions import signed_in
from workflows.evaluating import evaluation_remind, evaluation_waive
from workflows.forms.reports import ReasonForm
from workflows.models import MeasureProcess
from workflows.selectors.evaluations import open_answers, waiver_of


def _managed(request: HttpRequest, pk: int) -> tuple[Measure, MeasureProcess | None]:
    measure = get_object_or_404(measures_seen_by(request.user), pk=pk)
    process = MeasureProcess.objects.filter(measure=measure).select_related("cycle").first()
    # A measure that is still being shaped is in no cycle yet: its planning steers it.
    require(request.user, *((Perm.MANAGE_CYCLE, process.cycle) if process else (Perm.EDIT_MEASURE, measure)))
    return measure, process


@require_http_methods(["GET", "HEAD", "POST"])
def evaluation_waive_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Judge a measure without the answers of those responsible, with a reason."""
    measure, process = _managed(request, pk)
    found = open_answers([measure.pk]).get(measure.pk)
    is_possible = found is not None and found.can_be_waived
    form = ReasonForm(
        request.POST if request.method == "POST" else None,
        label=_("Why do you judge without answers?"),
        help_text=_("Those responsible and the steering group read it."),
    )
    if request.method == "POST" and is_possible and form.is_valid():
        try:
            evaluation_waive(measure, reason=form.cleaned_data["reason"], user=signed_in(request))
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(
                request,
                _("The answers are not waited for any more. A colleague of yours judges the measure now."),
            )
            return redirect("measures:measure-detail", measure.pk)
    status = 200
    if request.method == "POST":
        status = 422 if is_possible else 409
    return render(
        request,
        "workflows/evaluation_waive.html",
        {
            "measure": measure,
            "cycle": process.cycle if process else None,
            "found": found,
            "is_possible": is_possible,
            "waiver": waiver_of(process) if process else None,
            "form": form,
            "sees_plan": plans_seen_by(request.user).filter(pk=measure.plan_id).exists(),
        },
        status=status,
    )


@require_POST
def evaluation_remind_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Remind those responsible of the questions on their measure."""
    measure, _process = _managed(request, pk)
    try:
        count = evaluation_remind(measure, user=signed_in(request))
    except DomainError as error:
        messages.error(request, str(error.message))
        return redirect("workflows:evaluation-waive", measure.pk)
    names = {"organisation": measure.responsible.label, "count": count}
    if count:
        text = ngettext(
            "%(organisation)s has been reminded (%(count)s person).",
            "%(organisation)s has been reminded (%(count)s people).",
            count,
        )
        messages.success(request, text % names)
    else:
        messages.warning(
            request,
            _("Nobody at %(organisation)s can take the task; the reminder reached nobody, but it counts.")
            % names,
        )
    return redirect("workflows:evaluation-waive", measure.pk)
