"""What changes about areas over time: changes of borders, inhabitants by year."""

from __future__ import annotations

from decimal import Decimal

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from monitoring.forms_areas import PopulationUploadForm, SuccessionForm
from monitoring.models import AreaPopulation, AreaSuccession
from monitoring.services.area_history import (
    PopulationFaultsError,
    RowFault,
    population_import,
    succession_record,
    succession_remove,
)
from monitoring.services.readings import upload_take
from monitoring.views.area_admin import kept_territory
from project.common.errors import DomainError
from project.common.importing import ImportRefused
from project.common.listing import page_of

_FIELD_OF_CODE = {"same_area": "new", "other_level": "new", "share_above_all": "share_percent"}


@require_http_methods(["GET", "HEAD", "POST"])
def succession_list(request: HttpRequest) -> HttpResponse:
    """Changes of borders on record, and a form for one more."""
    territory, user = kept_territory(request)
    form = SuccessionForm(request.POST or None, territory=territory)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            succession_record(
                old=given["old"],
                new=given["new"],
                changed_on=given["changed_on"],
                share=Decimal(given["share_percent"]) / 100,
                source=given["source"],
                territory=territory,
                user=user,
            )
        except DomainError as error:
            form.add_error(_FIELD_OF_CODE.get(error.code), str(error.message))
        else:
            messages.success(request, _("The change of borders has been recorded."))
            return redirect(f"{reverse('monitoring:succession-list')}?territory={territory.pk}")
    rows = AreaSuccession.objects.filter(old__territory=territory).select_related("old", "new")
    rows = rows.defer("old__geometry", "new__geometry")
    return render(
        request,
        "monitoring/succession_list.html",
        {"territory": territory, "form": form, "page_obj": page_of(request, rows)},
        status=422 if form.errors else 200,
    )


@require_POST
def succession_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes back what was recorded by mistake."""
    territory, user = kept_territory(request)
    row = get_object_or_404(AreaSuccession, pk=pk, old__territory=territory)
    succession_remove(succession=row, territory=territory, user=user)
    messages.success(request, _("The change of borders has been taken back."))
    return redirect(f"{reverse('monitoring:succession-list')}?territory={territory.pk}")


@require_http_methods(["GET", "HEAD", "POST"])
def population_upload(request: HttpRequest) -> HttpResponse:
    """Inhabitants by area and year from a file."""
    territory, user = kept_territory(request)
    form = PopulationUploadForm(request.POST or None, request.FILES or None)
    faults: list[RowFault] = []
    if request.method == "POST" and form.is_valid():
        taken = upload_take(form.cleaned_data["file"])
        try:
            count = population_import(territory=territory, taken=taken, user=user)
        except ImportRefused as refused:
            form.add_error("file", str(refused.message))
        except PopulationFaultsError as error:
            faults = error.faults
        else:
            text = ngettext("%(count)s figure has been saved.", "%(count)s figures have been saved.", count)
            messages.success(request, text % {"count": count})
            return redirect(f"{reverse('monitoring:area-list')}?territory={territory.pk}")
    years = AreaPopulation.objects.filter(area__territory=territory).order_by("year")
    return render(
        request,
        "monitoring/population_import.html",
        {
            "territory": territory,
            "form": form,
            "faults": faults,
            "years": list(years.values_list("year", flat=True).distinct()),
        },
        status=422 if form.errors or faults else 200,
    )
