"""Where a case stands, with its diagram."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe
from viewflow.workflow.models import Process

from workflows import cards, diagrams
from workflows.selectors.cases import case_of
from workflows.selectors.places import visible_task_keys


def _visible_process(request: HttpRequest, pk: int) -> Process:
    process = get_object_or_404(Process, pk=pk)
    if process.flow_class is None or not cards.process_visible(request.user, process):
        raise Http404("No such case.")
    return process


@require_safe
def case(request: HttpRequest, process_pk: int) -> HttpResponse:
    """Where a case stands and how it came there."""
    process = _visible_process(request, process_pk)
    found = case_of(request.user, process)
    return render(
        request,
        "workflows/case.html",
        {
            "case": found,
            "open_tasks": visible_task_keys(
                request.user, [step.task_pk for step in found.steps if step.task_pk is not None]
            ),
        },
    )


@require_safe
def diagram(request: HttpRequest, process_pk: int) -> HttpResponse:
    """The steps of the case as a picture, with the current one marked."""
    process = _visible_process(request, process_pk)
    return HttpResponse(
        diagrams.flow_svg(process.flow_class, process_pk=process.pk), content_type="image/svg+xml"
    )


@require_safe
def bpmn(request: HttpRequest, process_pk: int) -> HttpResponse:
    """The steps in the exchange format for process diagrams."""
    process = _visible_process(request, process_pk)
    name = process.flow_class.instance.flow_label.replace("/", "_")
    return HttpResponse(
        diagrams.flow_bpmn(process.flow_class),
        content_type="application/xml",
        headers={"Content-Disposition": f'attachment; filename="{name}.bpmn"'},
    )
