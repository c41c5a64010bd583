"""Keeping areas: the list, boundaries from a file, with a preview on a map."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from monitoring.charts import MapArea, choropleth
from monitoring.forms_areas import AreaFilterForm, AreaMappingForm, AreaUploadForm
from monitoring.importers.geojson import GeojsonRefused, read_geojson
from monitoring.models import Area, FileImport, ImportKind
from monitoring.selectors.area_plan import (
    AreaPlan,
    AreaState,
    area_plan,
    guessed_mapping,
    plan_geometries,
    property_names,
)
from monitoring.selectors.areas import planning_level
from monitoring.services.areas import areas_take_over
from monitoring.services.imports import file_import_begin, file_import_content
from monitoring.services.readings import upload_take
from monitoring.shapes import map_shapes
from project.common.errors import DomainError
from project.common.exports import Column, Kind, export_format, export_links, table_response
from project.common.keys import key_or_none
from project.common.listing import order_of, page_of, term_of
from project.common.palette import shade_css
from project.common.svg import to_svg
from stakeholders.models import Organisation, User
from stakeholders.permissions import Perm, territories_where

_ORDERS = {
    "name": ["name", "key"],
    "key": ["key"],
    "level": ["kind", "key"],
    "population": ["population", "name"],
}
_SHOWN = 200
_MAP_AREAS = 2_000


def kept_territory(request: HttpRequest) -> tuple[Organisation, User]:
    """The territory whose areas the person keeps, as the address asks; 403 for who keeps none."""
    territories = territories_where(request.user, Perm.MANAGE_CATALOGUE).order_by("name", "pk")
    wanted = key_or_none(request.GET.get("territory"))
    found = territories.filter(pk=wanted).first() if wanted is not None else None
    territory = found or territories.first()
    if territory is None or not isinstance(request.user, User):
        raise PermissionDenied(_("Social planning and administration keep the areas."))
    return territory, request.user


@require_safe
def area_list(request: HttpRequest) -> HttpResponseBase:
    """All areas of the territory with level, key, validity and what is missing."""
    territory, user = kept_territory(request)
    form = AreaFilterForm(request.GET)
    form.is_valid()
    order = order_of(request, _ORDERS, "level")
    rows = _filtered(Area.objects.filter(territory=territory), term_of(request), form.cleaned_data)
    rows = rows.annotate(has_geometry=Q(geometry__isnull=False)).defer("geometry").select_related("parent")
    rows = rows.defer("geometry", "parent__geometry").order_by(*order.by)
    wanted = export_format(request)
    if wanted is not None:
        return table_response(_("Areas"), _columns(), rows, wanted, [str(territory)])
    return render(
        request,
        "monitoring/area_list.html",
        {
            "territory": territory,
            "territories": territories_where(user, Perm.MANAGE_CATALOGUE).order_by("name"),
            "form": form,
            "order": order,
            "page_obj": page_of(request, rows),
            "export_links": export_links(request),
            "has_any": Area.objects.filter(territory=territory).exists(),
            "sees_areas": territory in territories_where(user, Perm.VIEW_TERRITORY),
        },
    )


def _filtered(rows: QuerySet[Area], term: str, wanted: dict[str, Any]) -> QuerySet[Area]:
    if term:
        rows = rows.filter(Q(name__icontains=term) | Q(key__icontains=term))
    if wanted.get("level"):
        rows = rows.filter(kind=wanted["level"])
    today = timezone.localdate()
    match wanted.get("state"):
        case "former":
            return rows.filter(valid_until__lt=today)
        case "without":
            return rows.filter(geometry__isnull=True)
        case _:
            return rows.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=today))


def _columns() -> list[Column]:
    return [
        Column(_("Area key"), "key"),
        Column(_("Name"), "name"),
        Column(_("Level"), "get_kind_display"),
        Column(_("Part of"), "parent.name"),
        Column(_("Valid from"), "valid_from", Kind.DATE),
        Column(_("Valid until"), "valid_until", Kind.DATE),
        Column(_("Inhabitants"), "population", Kind.NUMBER),
        Column(_("Boundaries"), "has_geometry"),
        Column(_("Source of the geometry"), "geometry_source"),
    ]


@require_http_methods(["GET", "HEAD", "POST"])
def area_import(request: HttpRequest) -> HttpResponse:
    """Takes a file of areas in for its preview."""
    territory, user = kept_territory(request)
    form = AreaUploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        taken = upload_take(form.cleaned_data["file"])
        try:
            read_geojson(taken.content, taken.name, max_bytes=settings.IMPORT_MAX_BYTES)
        except GeojsonRefused as refused:
            form.add_error("file", str(refused.message))
        else:
            row = file_import_begin(kind=ImportKind.AREAS, taken=taken, territory=territory, user=user)
            return redirect("monitoring:area-preview", row.pk)
    return render(
        request,
        "monitoring/area_import.html",
        {"form": form, "territory": territory},
        status=422 if form.errors else 200,
    )


def waiting_import(user: User, pk: int, kind: str) -> FileImport:
    """A file somebody uploaded and has not taken over yet; not there for anybody else. Queries: 1."""
    territories = territories_where(user, Perm.MANAGE_CATALOGUE)
    return get_object_or_404(
        FileImport.objects.filter(territory__in=territories),
        pk=pk,
        kind=kind,
        created_by=user,
        applied_at__isnull=True,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def area_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """What a file of areas would change, on a map and in a list; then takes it over."""
    _territory, user = kept_territory(request)
    row = waiting_import(user, pk, ImportKind.AREAS)
    assert row.territory is not None
    content = file_import_content(row)
    features = read_geojson(content, row.file_name, max_bytes=settings.IMPORT_MAX_BYTES)
    sent = request.POST if request.method == "POST" else request.GET
    guessed = guessed_mapping(features, planning_level(row.territory))
    start = {"key": guessed.key, "name": guessed.name, "kind": guessed.kind.value}
    names = property_names(features)
    form = AreaMappingForm(sent if "key" in sent else start, names=names)
    mapping = form.mapping() if form.is_valid() else guessed
    status = 422 if form.errors else 200
    if request.method == "POST" and not form.errors:
        try:
            areas_take_over(
                territory=row.territory,
                features=features,
                mapping=mapping,
                imported=row,
                user=user,
                seen=request.POST.get("seen", ""),
            )
        except DomainError as error:
            messages.error(request, str(error.message))
            status = 422
        else:
            messages.success(request, _("The areas have been taken over."))
            return redirect(f"{reverse('monitoring:area-list')}?territory={row.territory_id}")
    plan = area_plan(row.territory, features, mapping)
    return render(
        request,
        "monitoring/area_preview.html",
        {
            "row": row,
            "form": form,
            "plan": plan,
            "map_svg": _map(plan),
            "has_properties": bool(names),
            **_listed(plan),
        },
        status=status,
    )


def _listed(plan: AreaPlan) -> dict[str, Any]:
    """What has to be looked at first; of many the first are listed."""
    order = list(AreaState)
    rows = sorted(
        plan.changes, key=lambda row: (order.index(row.state), not row.feature.is_serious, row.feature.number)
    )
    return {"changes": rows[:_SHOWN], "more": max(0, len(rows) - _SHOWN)}


def _map(plan: AreaPlan) -> SafeString:
    """The areas as the file draws them: new and changed ones darker."""
    geometries = plan_geometries(plan)
    if not geometries or len(geometries) > _MAP_AREAS:
        return SafeString("")
    drawn = [
        MapArea(
            key=str(row.feature.number),
            text=f"{row.name} ({row.state.label})",
            css=shade_css(1 if row.state is AreaState.UNCHANGED else 2, 3),
        )
        for row in plan.changes
        if str(row.feature.number) in geometries
    ]
    shapes = map_shapes(geometries)
    return to_svg(choropleth(shapes, drawn, title=_("The areas of the file"), description="", uid="preview"))
