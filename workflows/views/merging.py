"""Page on which similar recommendations are merged into a new one."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from project.common.errors import DomainError
from stakeholders.sessions import signed_in
from workflows.flows import RecommendationFlow
from workflows.forms.merging import MergeForm
from workflows.nodes import open_task
from workflows.recommendation_cases import recommendations_merge
from workflows.selectors.merging import alike_among, merge_candidates
from workflows.services.merging import LEAST, can_merge_in, require_may_merge
from workflows.views.access import visible_cycle


@require_http_methods(["GET", "HEAD", "POST"])
def recommendation_merge(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose two or more; a new draft is begun out of them."""
    cycle = visible_cycle(request, pk)
    require_may_merge(request.user, cycle)
    candidates = merge_candidates(request.user, cycle)
    rows = candidates.mergeable
    data = request.POST if request.method == "POST" else None
    form = MergeForm(data, rows=rows, initial={"pick": request.GET.getlist("pick")})
    if data is not None and form.is_valid():
        chosen = [row for row in rows if row.pk in form.cleaned_data["pick"]]
        user = signed_in(request)
        try:
            heir = recommendations_merge(cycle, chosen, user=user)
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(
                request,
                _("Merged into %(number)s. Its draft holds the texts of all; shorten it to one.")
                % {"number": heir.reference},
            )
            task = open_task(heir.process, RecommendationFlow.draft_recommendation)
            if task.owner_id == user.pk:
                return redirect("workflows:task", task.pk)
            return redirect("workflows:recommendation-detail", heir.pk)
    return render(
        request,
        "workflows/recommendation_merge.html",
        {
            "cycle": cycle,
            "form": form,
            "is_possible": can_merge_in(cycle) and len(rows) >= LEAST,
            "alike": alike_among(rows),
            "left_out": candidates.left_out,
        },
        status=422 if data is not None else 200,
    )
