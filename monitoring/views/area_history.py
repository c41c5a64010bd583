"""What changes about areas over time: changes of borders, inhabitants by year."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from monitoring.forms_areas import SuccessionForm, TableUploadForm
from monitoring.importers.area_tables import POPULATION_HEADINGS, SUCCESSION_HEADINGS
from monitoring.models import Area, AreaPopulation, AreaSuccession, ImportKind
from monitoring.selectors.area_tables import TablePlan, population_plan, shares_missing, succession_plan
from monitoring.services.area_history import (
    population_take_over,
    succession_record,
    succession_remove,
    succession_take_over,
)
from monitoring.services.imports import file_import_begin, file_import_content
from monitoring.services.readings import Upload, upload_take
from monitoring.views.area_admin import kept_territory, waiting_import
from project.common.errors import DomainError
from project.common.exports import Column, Kind, export_format, export_links, table_response
from project.common.importing import ImportRefused, Table, read_table
from project.common.listing import page_of
from stakeholders.models import Organisation

_FIELD_OF_CODE = {"same_area": "new", "other_level": "new", "share_above_all": "share_percent"}
_SHOWN: Final = 200


@dataclass(frozen=True)
class _TableImport:
    """One kind of table on areas: its words, its pages, and what compares and saves it."""

    kind: ImportKind
    title: str | Promise
    upload_url: str
    preview_url: str
    done_url: str
    done: str | Promise
    plan: Callable[[Organisation, Table], TablePlan[Any]]
    take_over: Callable[..., TablePlan[Any]]


_POPULATION: Final = _TableImport(
    ImportKind.POPULATION,
    gettext_lazy("Import inhabitants"),
    "monitoring:population-import",
    "monitoring:population-preview",
    "monitoring:area-list",
    gettext_lazy("The inhabitants have been taken over."),
    population_plan,
    population_take_over,
)
_SUCCESSIONS: Final = _TableImport(
    ImportKind.SUCCESSIONS,
    gettext_lazy("Import changes of borders"),
    "monitoring:succession-import",
    "monitoring:succession-preview",
    "monitoring:succession-list",
    gettext_lazy("The changes of borders have been taken over."),
    succession_plan,
    succession_take_over,
)


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
            return redirect(_of("monitoring:succession-list", territory))
    rows = AreaSuccession.objects.filter(old__territory=territory).select_related("old", "new")
    rows = rows.defer("old__geometry", "new__geometry")
    return render(
        request,
        "monitoring/succession_list.html",
        {
            "territory": territory,
            "form": form,
            "page_obj": page_of(request, rows),
            "missing": shares_missing(territory),
        },
        status=422 if form.errors else 200,
    )


def _of(name: str, territory: Organisation) -> str:
    return f"{reverse(name)}?territory={territory.pk}"


@require_POST
def succession_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes back what was recorded by mistake."""
    territory, user = kept_territory(request)
    row = get_object_or_404(AreaSuccession, pk=pk, old__territory=territory)
    try:
        succession_remove(succession=row, territory=territory, user=user)
    except DomainError as error:
        messages.info(request, str(error.message))
    else:
        messages.success(request, _("The change of borders has been taken back."))
    return redirect(_of("monitoring:succession-list", territory))


# --- Tables -----------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def population_upload(request: HttpRequest) -> HttpResponseBase:
    """Takes inhabitants by area and year in for their preview; hands the form out."""
    territory, _user = kept_territory(request)
    wanted = export_format(request)
    if wanted is not None:
        name = _("inhabitants-%(territory)s") % {"territory": territory.short_name or territory.name}
        return table_response(name, _population_columns(territory), _existing(territory), wanted)
    years = AreaPopulation.objects.filter(area__territory=territory).order_by("year")
    known = list(years.values_list("year", flat=True).distinct())
    return _upload(request, _POPULATION, "monitoring/population_import.html", {"years": known})


@require_http_methods(["GET", "HEAD", "POST"])
def succession_upload(request: HttpRequest) -> HttpResponseBase:
    """Takes changes of borders in for their preview; hands the form out."""
    territory, _user = kept_territory(request)
    wanted = export_format(request)
    if wanted is not None:
        name = _("border-changes-%(territory)s") % {"territory": territory.short_name or territory.name}
        rows = AreaSuccession.objects.filter(old__territory=territory).select_related("old", "new")
        rows = rows.defer("old__geometry", "new__geometry")
        return table_response(name, _succession_columns(), rows, wanted)
    return _upload(request, _SUCCESSIONS, "monitoring/succession_import.html", {})


def _existing(territory: Organisation) -> Sequence[Area]:
    rows = Area.objects.filter(territory=territory).valid_on(timezone.localdate())
    return list(rows.defer("geometry").order_by("kind", "key"))


def _population_columns(territory: Organisation) -> list[Column]:
    """The form: all areas, for the year after the latest known one, with the counts still to be entered."""
    latest = AreaPopulation.objects.filter(area__territory=territory).order_by("-year").first()
    this_year = timezone.localdate().year
    year = min(latest.year + 1, this_year) if latest is not None else this_year - 1
    names = POPULATION_HEADINGS
    return [
        Column(names["area"][0], "key"),
        Column(names["name"][0], "name"),
        Column(names["year"][0], lambda _row: year, Kind.NUMBER),
        Column(names["count"][0], lambda _row: None, Kind.NUMBER),
    ]


def _succession_columns() -> list[Column]:
    """The form, with what is recorded already; it may stay in the file."""
    names = SUCCESSION_HEADINGS
    return [
        Column(names["old"][0], "old.key"),
        Column(names["old_name"][0], "old.name"),
        Column(names["new"][0], "new.key"),
        Column(names["new_name"][0], "new.name"),
        Column(names["share"][0], lambda row: row.share * 100, Kind.NUMBER, places=2),
        Column(names["day"][0], "changed_on", Kind.DATE),
        Column(names["source"][0], "source"),
    ]


def _upload(
    request: HttpRequest, what: _TableImport, template: str, context: dict[str, Any]
) -> HttpResponseBase:
    territory, user = kept_territory(request)
    form = TableUploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        taken = upload_take(form.upload())
        try:
            _read(taken)
        except ImportRefused as refused:
            form.add_error("file" if form.cleaned_data["file"] else "text", str(refused.message))
        else:
            row = file_import_begin(kind=what.kind, taken=taken, territory=territory, user=user)
            return redirect(what.preview_url, row.pk)
    return render(
        request,
        template,
        {
            "territory": territory,
            "form": form,
            "title": what.title,
            "forms": export_links(request),
            **context,
        },
        status=422 if form.errors else 200,
    )


def _read(taken: Upload) -> Table:
    return read_table(taken.content, taken.name, max_bytes=settings.IMPORT_MAX_BYTES)


@require_http_methods(["GET", "HEAD", "POST"])
def population_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """What a table of inhabitants would change; then takes it over."""
    return _preview(request, pk, _POPULATION)


@require_http_methods(["GET", "HEAD", "POST"])
def succession_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """What a table of changes of borders would change; then takes it over."""
    return _preview(request, pk, _SUCCESSIONS)


def _preview(request: HttpRequest, pk: int, what: _TableImport) -> HttpResponse:
    _territory, user = kept_territory(request)
    row = waiting_import(user, pk, what.kind)
    assert row.territory is not None
    table = _read(Upload(row.file_name, file_import_content(row), row.sha256))
    status = 200
    if request.method == "POST":
        try:
            what.take_over(
                territory=row.territory,
                table=table,
                imported=row,
                user=user,
                seen=request.POST.get("seen", ""),
            )
        except DomainError as error:
            messages.error(request, str(error.message))
            status = 422
        else:
            messages.success(request, str(what.done))
            return redirect(_of(what.done_url, row.territory))
    plan = what.plan(row.territory, table)
    # What has to be looked at first; of many the first are listed.
    changes = sorted(plan.changes, key=lambda change: (not change.remark, change.state == "unchanged"))
    return render(
        request,
        "monitoring/area_table_preview.html",
        {
            "row": row,
            "plan": plan,
            "title": what.title,
            "upload_url": _of(what.upload_url, row.territory),
            "changes": changes[:_SHOWN],
            "more": max(0, len(changes) - _SHOWN),
        },
        status=status,
    )
