"""Giving a cycle up."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from project.common.errors import DomainError
from stakeholders.sessions import signed_in
from workflows.abandoning import cycle_abandon, may_abandon
from workflows.views.access import visible_cycle

NOT_TO_BE_GIVEN_UP = _(
    "Only who leads the planning unit gives a cycle up, and only before measures have come from it."
)


class AbandonForm(forms.Form):
    """Why a cycle is given up."""

    reason = forms.CharField(
        label=_("Reason"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        help_text=_("Everybody involved in the cycle can read the reason."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def cycle_abandon_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a cycle up, with a reason."""
    cycle = visible_cycle(request, pk)
    user = signed_in(request)
    if not may_abandon(user, cycle):
        raise PermissionDenied(str(NOT_TO_BE_GIVEN_UP))
    form = AbandonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            cycle_abandon(cycle, reason=form.cleaned_data["reason"], user=user)
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(request, str(_("The cycle has been given up. You can open a new one.")))
            return redirect("workflows:cycle-detail", pk)
    return render(
        request,
        "workflows/cycle_abandon.html",
        {"cycle": cycle, "form": form},
        status=422 if request.method == "POST" else 200,
    )
