"""Page on which a recommendation is given to be co-signed."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from project.common.errors import DomainError
from stakeholders.sessions import signed_in
from workflows.forms.cosigning import CosigningForm
from workflows.models import CosignOrder, Recommendation, RecommendationState
from workflows.models.recommendations import WITHDRAWABLE_STATES
from workflows.recommendation_cases import cosigning_ask
from workflows.selectors.cosigning import is_being_cosigned, planned_cosigning, rounds_seen_by
from workflows.selectors.recommendations import recommendations_seen_by
from workflows.services.cosigning import cosigning_drop, may_ask_cosigners


@require_http_methods(["GET", "HEAD", "POST"])
def cosigning_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Name who is to co-sign, change that, or take it back before anybody was asked."""
    recommendation = get_object_or_404(recommendations_seen_by(request.user), pk=pk)
    if not may_ask_cosigners(request.user, recommendation):
        raise PermissionDenied(
            str(_("Only its author, the chair of the conference or the social planning unit may do this."))
        )
    plan = planned_cosigning(recommendation)
    last = plan or recommendation.cosignings.order_by("-pk").first()
    data = request.POST if request.method == "POST" and "drop" not in request.POST else None
    form = CosigningForm(data, cycle=recommendation.process.cycle, last=last)
    if request.method == "POST" and (data is None or form.is_valid()):
        try:
            message = _act(request, recommendation, form, is_drop=data is None)
        except DomainError as error:
            if data is None:
                messages.error(request, str(error.message))
                return redirect("workflows:recommendation-cosigning", recommendation.pk)
            form.add_error(None, str(error.message))
        else:
            messages.success(request, message)
            return redirect("workflows:recommendation-detail", recommendation.pk)
    return render(
        request,
        "workflows/recommendation_cosigning.html",
        {
            "recommendation": recommendation,
            "cycle": recommendation.process.cycle,
            "form": form,
            "plan": plan,
            "is_running": is_being_cosigned(recommendation),
            "is_possible": recommendation.state in WITHDRAWABLE_STATES,
            "asks_at_once": recommendation.state == RecommendationState.PROPOSED,
            "rounds": [
                row
                for row in rounds_seen_by(request.user, recommendation, shows_drafts=True)
                if row.cosigning.started_at
            ],
        },
        status=422 if data is not None else 200,
    )


def _act(request: HttpRequest, recommendation: Recommendation, form: CosigningForm, *, is_drop: bool) -> str:
    user = signed_in(request)
    if is_drop:
        cosigning_drop(recommendation, user=user)
        return _("Nobody is asked to co-sign.")
    cosigning = cosigning_ask(
        recommendation,
        organisations=form.named,
        order=CosignOrder(form.cleaned_data["order"]),
        due_on=form.cleaned_data["due_on"],
        note=form.cleaned_data["note"],
        user=user,
    )
    if cosigning.started_at is None:
        return _("Saved. They are asked as soon as the recommendation is put before the conference.")
    return _("They have been asked. The conference adopts it when the answers are there.")
