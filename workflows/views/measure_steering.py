"""Pages on which a measure gets another state, another stage, or a part."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from measures.forms.measures import MeasureEditor
from measures.models import Measure, MeasureStatus, Stage
from measures.moves import ENDED, STATUS_RULES, moves_from
from measures.selectors.portfolio import measures_seen_by, plans_seen_by
from measures.selectors.submeasures import outside_parent
from measures.services.status import movers_of
from project.common.errors import DomainError
from stakeholders.permissions import Perm, require
from stakeholders.sessions import signed_in
from workflows.forms.measure_steering import StageForm, StatusForm
from workflows.measure_steering import measure_stage_move, measure_status_move, submeasure_create
from workflows.models import MeasureProcess


def _page(request: HttpRequest, measure: Measure, **context: Any) -> dict[str, Any]:
    sees_plan = plans_seen_by(request.user).filter(pk=measure.plan_id).exists()
    return {"measure": measure, "sees_plan": sees_plan, **context}


@require_http_methods(["GET", "HEAD", "POST"])
def measure_status_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Tell another state of a measure, with the definition of each state in view."""
    measure = get_object_or_404(measures_seen_by(request.user), pk=pk)
    movers = movers_of(request.user, measure)
    if not movers:
        raise PermissionDenied(
            str(_("Only the social planning unit and the responsible organisation tell the state."))
        )
    has_case = MeasureProcess.objects.filter(measure=measure, finished__isnull=True).exists()
    moves = moves_from(measure.status, movers) if has_case else []
    form = StatusForm(request.POST if request.method == "POST" else None, measure=measure, moves=moves)
    status = 200
    if request.method == "POST":
        status = 422 if moves else 409
        if moves and form.is_valid():
            values = dict(form.cleaned_data)
            to = MeasureStatus(values.pop("to"))
            try:
                measure_status_move(measure, to, user=signed_in(request), **values)
            except DomainError as error:
                form.add_error(None, str(error.message))
            else:
                messages.success(
                    request, _("The state is “%(state)s” now.") % {"state": measure.get_status_display()}
                )
                return redirect("measures:measure-detail", measure.pk)
    context = _page(
        request,
        get_object_or_404(measures_seen_by(request.user), pk=pk),
        form=form,
        moves=moves,
        rules=[(MeasureStatus(state).label, rule) for state, rule in STATUS_RULES.items()],
    )
    return render(request, "workflows/measure_status.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def measure_stage_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Move a measure to the other planning stage, with a reason."""
    measure = get_object_or_404(measures_seen_by(request.user), pk=pk)
    require(request.user, Perm.EDIT_MEASURE, measure)
    to = Stage.ONE if measure.stage == Stage.TWO else Stage.TWO
    form = StageForm(request.POST if request.method == "POST" else None, to=to)
    is_open = measure.status not in ENDED
    status = 200
    if request.method == "POST":
        status = 422 if is_open else 409
        if is_open and form.is_valid():
            try:
                measure_stage_move(measure, to, reason=form.cleaned_data["reason"], user=signed_in(request))
            except DomainError as error:
                form.add_error(None, str(error.message))
            else:
                messages.success(request, _("The measure is in %(stage)s now.") % {"stage": to.label})
                return redirect("measures:measure-detail", measure.pk)
    context = _page(request, measure, form=form, to=to, is_open=is_open)
    return render(request, "workflows/measure_stage.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def submeasure_create_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a part to a measure."""
    parent = get_object_or_404(measures_seen_by(request.user), pk=pk)
    require(request.user, Perm.PLAN_TERRITORY, parent.plan.territory)
    if parent.parent_id is not None:
        raise PermissionDenied(
            str(
                _(
                    "%(number)s is a sub-measure itself; sub-measures have no parts. "
                    "Add it to the measure above."
                )
                % {"number": parent.number}
            )
        )
    data = request.POST if request.method == "POST" else None
    editor = MeasureEditor(parent.plan, data=data, parent=parent, initial=_suggestion(parent))
    if editor.is_valid():
        try:
            measure = submeasure_create(parent, user=signed_in(request), **editor.fields)
        except DomainError as error:
            editor.refuse(error)
        else:
            messages.success(request, _("Measure %(number)s has been added.") % {"number": measure.number})
            if measure.confirmations.exists():
                messages.info(
                    request,
                    _("Its parties have been asked to confirm the target agreement; it begins after that."),
                )
            if outside_parent(measure):
                messages.warning(
                    request, _("Its dates lie outside of those of the measure above. Check both.")
                )
            return redirect("measures:measure-detail", measure.pk)
    is_refused = data is not None and not editor.is_sketch
    context = _page(request, parent, editor=editor)
    return render(request, "workflows/submeasure_create.html", context, status=422 if is_refused else 200)


def _suggestion(parent: Measure) -> dict[str, Any]:
    return {
        "starts_on": max(parent.starts_on, min(timezone.localdate(), parent.ends_on)),
        "ends_on": parent.ends_on,
        "responsible": parent.responsible_id,
        "areas": [area.pk for area in parent.areas.all()],
        "stage": parent.stage,
        # What was agreed for the measure above holds for its parts.
        "without_agreement": True,
    }
