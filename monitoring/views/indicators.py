"""The catalogue of indicators, and the sheet of one with its course over the years."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from monitoring.charts import Series, TimeChart, time_chart
from monitoring.forms import IndicatorFilterForm
from monitoring.models import Area, Delivery, Domain, Indicator
from monitoring.selectors.areas import planning_areas
from monitoring.selectors.atlas import atlas_territories
from monitoring.selectors.catalogue import indicators_of
from monitoring.selectors.figures import Figures, figures_in_force
from monitoring.selectors.versions import Version, versions_of
from project.common.exports import Column, export_format, export_links, table_response
from project.common.formats import date_de, decimal_de
from project.common.sorting import natural_key
from project.common.svg import to_svg
from stakeholders.models import Organisation
from stakeholders.permissions import Perm, visible

_PAGE_SIZE = 25


@require_safe
def indicator_list(request: HttpRequest) -> HttpResponseBase:
    """Indicators of the territories whose figures a person may see, by domain."""
    rows = indicators_of(request.user)
    form = IndicatorFilterForm(
        request.GET, domains=Domain.objects.filter(pk__in=rows.order_by().values("domain_id"))
    )
    rows = rows.select_related("domain", "unit")
    if form.is_valid():
        text, domain = form.cleaned_data["q"], form.cleaned_data["domain"]
        if text:
            rows = rows.filter(
                Q(name_de__icontains=text)
                | Q(name_en__icontains=text)
                | Q(definition__icontains=text)
                | Q(source__icontains=text)
            )
        if domain is not None:
            rows = rows.filter(domain=domain)
    sort = request.GET.get("sort", "")
    orders = {"name": ["name_de", "pk"], "-name": ["-name_de", "-pk"]}
    rows = rows.order_by(*orders.get(sort, ["domain__position", "domain__key", "name_de", "pk"]))
    fmt = export_format(request)
    if fmt is not None:
        return _export(rows, fmt)
    page = Paginator(rows, _PAGE_SIZE).get_page(request.GET.get("page"))
    return render(
        request,
        "monitoring/indicator_list.html",
        {"form": form, "page_obj": page, "sort": sort, "export_links": export_links(request)},
    )


def _export(rows: Any, fmt: Any) -> HttpResponseBase:
    columns = [
        Column(_("Key"), "key"),
        Column(_("Indicator"), "name"),
        Column(_("Domain of indicators"), "domain.name"),
        Column(_("Unit"), "unit.symbol"),
        Column(_("Direction"), "get_direction_display"),
        Column(_("Definition"), "definition"),
        Column(_("Source"), "source"),
    ]
    return table_response(_("Indicators"), columns, rows, fmt, [date_de(timezone.localdate())])


@require_safe
def indicator_detail(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Definition, source, direction; the mean of a territory and one of its areas over the years."""
    indicator = get_object_or_404(Indicator.objects.select_related("domain", "unit"), pk=pk)
    territories = list(atlas_territories(request.user))
    territory = _chosen(territories, request.GET.get("territory"))
    chart: TimeChart | None = None
    areas: list[Area] = []
    area: Area | None = None
    versions: list[Version] = []
    if territory is not None:
        areas = sorted(planning_areas(territory), key=lambda row: natural_key(row.name))
        area = _chosen(areas, request.GET.get("area"), default=None)
        chart = _chart(indicator, territory, areas, area)
        versions = versions_of(indicator, area) if area is not None else []
    return render(
        request,
        "monitoring/indicator_detail.html",
        {
            "indicator": indicator,
            "territories": territories,
            "territory": territory,
            "areas": areas,
            "area": area,
            "chart": chart,
            "versions": versions,
            "seen_deliveries": _seen_deliveries(request.user, versions),
            "chart_svg": to_svg(chart.drawing) if chart is not None else "",
        },
    )


def _seen_deliveries(user: Any, versions: Sequence[Version]) -> set[int]:
    """Deliveries a person may open, of those the versions came with: planning's and their own house's."""
    rows = Delivery.objects.filter(pk__in={row.delivery_pk for row in versions})
    return set(visible(user, Perm.VIEW_DELIVERY, rows).values_list("pk", flat=True)) if versions else set()


_FIRST = object()


def _chosen(rows: Sequence[Any], wanted: str | None, default: Any = _FIRST) -> Any:
    """The row an address asks for; else the default, or the first."""
    found = next((row for row in rows if str(row.pk) == wanted), None)
    if found is not None:
        return found
    if default is not _FIRST:
        return default
    return rows[0] if rows else None


def _chart(
    indicator: Indicator, territory: Organisation, areas: Sequence[Area], area: Area | None
) -> TimeChart | None:
    figures = figures_in_force(areas, [indicator])
    years = figures.years(indicator)
    if not years:
        return None
    mean = Series(_("Mean of the areas"), _numbers(figures, indicator, years))
    main, others = mean, []
    if area is not None:
        numbers = tuple((year, figures.of(indicator, area, year).value) for year in years)
        main, others = Series(area.name, numbers), [mean]
    return time_chart(
        main,
        others,
        title=f"{indicator.name} ({indicator.unit.symbol}), {territory}",
        description=_("Course over the years; the table below holds the figures."),
        write=lambda value: decimal_de(value, indicator.unit.decimals),
    )


def _numbers(
    figures: Figures, indicator: Indicator, years: Sequence[int]
) -> tuple[tuple[int, float | None], ...]:
    return tuple((year, figures.mean(indicator, year)) for year in years)
