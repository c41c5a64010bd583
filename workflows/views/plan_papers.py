"""The plan and the sheets of its measures as papers, with the decisions they rest on."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from measures.reports import plan_paper as plan_report
from measures.reports import sheet
from measures.reports.plan_paper import Variant
from measures.selectors.portfolio import measures_seen_by, plans_seen_by
from project.common.exports import pdf_response
from project.common.formats import language_of_papers
from stakeholders.permissions import Perm, require
from workflows.selectors.origins import origins_in_words


@require_safe
def plan_paper(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole plan; who sees it may have the public variant, the internal one is planning's."""
    plan = get_object_or_404(plans_seen_by(request.user), pk=pk)
    try:
        variant = Variant(request.GET.get("variant", Variant.PUBLIC))
    except ValueError as error:
        raise Http404 from error
    if variant is Variant.INTERNAL:
        require(request.user, Perm.PLAN_TERRITORY, plan.territory)
    data = plan_report.collect(
        request.user,
        plan,
        variant,
        today=timezone.localdate(),
        origins=origins_in_words(plan.measures.all()),
    )
    content = plan_report.render(data, language=language_of_papers())
    return pdf_response(plan_report.file_name(plan, variant), content)


@require_safe
def measure_sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """A measure as a paper; who sees its page may have it."""
    seen = measures_seen_by(request.user)
    measure = get_object_or_404(seen, pk=pk)
    siblings = seen.filter(plan=measure.plan_id).order_by().values_list("pk", flat=True)
    (data,) = sheet.collect(
        request.user,
        seen.filter(pk=pk),
        shown=siblings,
        today=timezone.localdate(),
        origins=origins_in_words(seen.filter(pk=pk)),
        is_internal=True,
        has_finance=True,
    )
    content = sheet.render(data, language=language_of_papers())
    return pdf_response(sheet.file_name(data.measure), content)
