"""Page on which planning tells a state other than the computed one, or takes it back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from measures.forms.states import COMPUTED, StateForm
from measures.models import StateOverride
from measures.selectors.portfolio import measure_lines, measures_seen_by, plans_seen_by
from measures.services.states import state_set, state_take_back
from measures.status import OVER, PortfolioState, state_badge
from project.common.errors import DomainError
from project.common.formats import Badge
from stakeholders.models import User
from stakeholders.permissions import Perm, require


@require_http_methods(["GET", "HEAD", "POST"])
def state_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Set the state of a measure with a reason, or let the computed one count again."""
    measure = get_object_or_404(measures_seen_by(request.user), pk=pk)
    require(request.user, Perm.EDIT_MEASURE, measure)
    line = measure_lines([measure], timezone.localdate())[0]
    computed = line.computed or line.state
    is_over = computed in OVER
    data = request.POST if request.method == "POST" else None
    form = StateForm(data, computed=computed, is_set=line.override is not None)
    status = 200
    if request.method == "POST":
        status = 409 if is_over else 422
        if not is_over and form.is_valid():
            assert isinstance(request.user, User)
            state, reason = form.cleaned_data["state"], form.cleaned_data["reason"]
            try:
                if state != COMPUTED:
                    state_set(measure, state=state, reason=reason, user=request.user)
                    text = _("The state has been set; the computed one stays beside it.")
                else:
                    state_take_back(measure, reason=reason, user=request.user)
                    text = _("The computed state counts again.")
            except DomainError as error:
                form.add_error(None, str(error.message))
            else:
                messages.success(request, text)
                return redirect("measures:measure-detail", measure.pk)
    history = StateOverride.objects.filter(measure=measure).select_related("set_by").order_by("-pk")
    return render(
        request,
        "measures/state_set.html",
        {
            "measure": measure,
            "line": line,
            "computed": state_badge(computed),
            "is_over": is_over,
            "form": form,
            "history": [(row, _badge_of(row)) for row in history],
            "sees_plan": plans_seen_by(request.user).filter(pk=measure.plan_id).exists(),
        },
        status=status,
    )


def _badge_of(row: StateOverride) -> Badge | None:
    """The state that was set; None where it was taken back."""
    return state_badge(PortfolioState(row.state)) if row.state else None
