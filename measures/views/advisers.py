"""Pages by which a funder lets advisers read, and takes them out again."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from measures.forms.advisers import AdviserForm
from measures.models import ProgrammeAdviser
from measures.selectors.grants import programmes_seen_by
from measures.services.advisers import adviser_let_in, adviser_take_out
from project.common.errors import DomainError
from stakeholders.permissions import Perm, require
from stakeholders.sessions import signed_in


@require_http_methods(["GET", "HEAD", "POST"])
def adviser_create_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Let an adviser read the projects of a programme."""
    programme = get_object_or_404(programmes_seen_by(request.user), pk=pk)
    require(request.user, Perm.MANAGE_PROGRAMME, programme)
    form = AdviserForm(request.POST or None, programme=programme)
    if request.method == "POST" and form.is_valid():
        organisation = form.cleaned_data["organisation"]
        try:
            adviser_let_in(programme, organisation=organisation, user=signed_in(request))
        except DomainError as error:
            form.add_error("organisation", str(error.message))
        else:
            text = _("%(name)s reads the projects of this programme from now on.")
            messages.success(request, text % {"name": organisation.label})
            return redirect("measures:programme-detail", programme.pk)
    context = {
        "programme": programme,
        "form": form,
        "has_choice": form.has_choice,
        "has_advisers": form.has_advisers,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "measures/adviser_form.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def adviser_remove_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an adviser out, after asking."""
    rows = ProgrammeAdviser.objects.filter(programme__in=programmes_seen_by(request.user).values("pk"))
    row = get_object_or_404(rows.select_related("programme__funder", "organisation"), pk=pk)
    require(request.user, Perm.MANAGE_PROGRAMME, row.programme)
    if request.method == "POST":
        try:
            adviser_take_out(row, user=signed_in(request))
        except DomainError as error:
            messages.error(request, str(error.message))
        else:
            text = _("%(name)s does not see the programme and its projects any more.")
            messages.success(request, text % {"name": row.organisation.label})
        return redirect("measures:programme-detail", row.programme_id)
    context = {"programme": row.programme, "row": row}
    return render(request, "measures/adviser_remove.html", context)
