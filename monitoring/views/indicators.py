"""The catalogue of indicators, and the sheet of one with its course over the years."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from monitoring.catalogue.fields import INDICATOR_TIES
from monitoring.charts import Series, TimeChart, time_chart
from monitoring.forms import IndicatorFilterForm
from monitoring.forms_catalogue import IndicatorForm
from monitoring.models import Area, Delivery, Domain, Indicator, IndicatorSet
from monitoring.selectors.areas import border_changes, broken_years, planning_areas
from monitoring.selectors.atlas import atlas_territories
from monitoring.selectors.catalogue import (
    catalogue_territory,
    entry_of,
    indicators_of,
    years_with_figures,
)
from monitoring.selectors.catalogue_edits import FieldClash, edit_clashes, edit_opened, edit_token
from monitoring.selectors.figures import Figures, figures_in_force
from monitoring.selectors.versions import Version, versions_of
from monitoring.services.catalogue import indicator_update
from project.common.errors import DomainError
from project.common.exports import Column, Kind, export_format, export_links, table_response
from project.common.formats import date_de, decimal_de
from project.common.listing import order_of, page_of, term_of
from project.common.sorting import natural_key
from project.common.svg import to_svg
from stakeholders.models import Organisation, User
from stakeholders.permissions import Perm, visible

_ORDERS = {
    "name": ["name_de"],
    "domain": ["domain__position", "domain__key", "name_de"],
    "supplier": ["supplier", "name_de"],
    "frequency": ["frequency", "name_de"],
}
_FIELD_OF_CODE = {"unit_in_use": "unit", "denominator_not_count": "denominator", "reason_missing": "reason"}


@require_safe
def indicator_list(request: HttpRequest) -> HttpResponseBase:
    """Indicators of the territories whose figures a person may see, or the whole catalogue."""
    rows = Indicator.objects.all()
    form = IndicatorFilterForm(
        request.GET,
        domains=Domain.objects.filter(indicators__in=rows).distinct(),
        sets=IndicatorSet.objects.all(),
        suppliers=rows.exclude(supplier="")
        .order_by("supplier")
        .values_list("supplier", flat=True)
        .distinct(),
    )
    form.is_valid()
    rows = _filtered(_scope(request, form.cleaned_data), term_of(request), form.cleaned_data)
    order = order_of(request, _ORDERS, "domain")
    rows = rows.select_related("domain", "unit").order_by(*order.by)
    fmt = export_format(request)
    if fmt is not None:
        return _export(rows, fmt)
    return render(
        request,
        "monitoring/indicator_list.html",
        {
            "form": form,
            "page_obj": page_of(request, rows),
            "order": order,
            "export_links": export_links(request),
            "has_any": Indicator.objects.exists(),
            "may_edit": catalogue_territory(request.user) is not None,
        },
    )


def _scope(request: HttpRequest, wanted: dict[str, Any]) -> QuerySet[Indicator]:
    """What the list is taken from; a set is shown whole, with figures or without."""
    match wanted.get("scope"):
        case "inactive":
            return Indicator.objects.filter(is_active=False)
        case "all":
            return Indicator.objects.filter(is_active=True)
        case _ if wanted.get("set"):
            return Indicator.objects.filter(is_active=True)
        case _:
            return indicators_of(request.user)


def _filtered(rows: QuerySet[Indicator], term: str, wanted: dict[str, Any]) -> QuerySet[Indicator]:
    if term:
        rows = rows.filter(
            Q(name_de__icontains=term)
            | Q(name_en__icontains=term)
            | Q(definition__icontains=term)
            | Q(source__icontains=term)
            | Q(key__icontains=term)
        )
    if wanted.get("domain"):
        rows = rows.filter(domain=wanted["domain"])
    if wanted.get("supplier"):
        rows = rows.filter(supplier=wanted["supplier"])
    if wanted.get("set"):
        rows = rows.filter(set_entries__indicator_set=wanted["set"])
    return rows


def _export(rows: Any, fmt: Any) -> HttpResponseBase:
    columns = [
        Column(_("Key"), "key"),
        Column(_("Indicator"), "name"),
        Column(_("Domain of indicators"), "domain.name"),
        Column(_("Unit"), "unit.symbol"),
        Column(_("Direction"), "get_direction_display"),
        Column(_("Definition"), "definition"),
        Column(_("Numerator"), "numerator"),
        Column(_("Base"), "base"),
        Column(_("Formula"), "formula"),
        Column(_("Source"), "source"),
        Column(_("Supplied by"), "supplier"),
        Column(_("How often"), "get_frequency_display"),
        Column(_("Figures from (year)"), lambda row: _year(row.first_year)),
        Column(_("Figures until (year)"), lambda row: _year(row.last_year)),
        Column(_("Minimum base"), "minimum_base", Kind.NUMBER),
        Column(_("Interpretation"), "interpretation"),
        Column(_("Limits"), "limits"),
        Column(_("Example values"), "is_example"),
    ]
    return table_response(_("Indicators"), columns, rows, fmt, [date_de(timezone.localdate())])


def _year(year: int | None) -> str | None:
    """A year as text: in a column of numbers it would get a dot for thousands."""
    return None if year is None else str(year)


@require_safe
def indicator_detail(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The method sheet; the mean of a territory and one of its areas over the years."""
    indicator = get_object_or_404(Indicator.objects.select_related("domain", "unit", *INDICATOR_TIES), pk=pk)
    territories = list(atlas_territories(request.user))
    territory = _chosen(territories, request.GET.get("territory"))
    chart: TimeChart | None = None
    areas: list[Area] = []
    area: Area | None = None
    versions: list[Version] = []
    years = years_with_figures(indicator, request.user)
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
            "sets": indicator.sets.order_by("name_de", "key"),
            "years": years,
            "available": _available(indicator, years),
            "may_edit": catalogue_territory(request.user) is not None,
            "territories": territories,
            "territory": territory,
            "areas": areas,
            "area": area,
            "changes": border_changes(area) if area is not None else [],
            "chart": chart,
            "versions": versions,
            "seen_deliveries": _seen_deliveries(request.user, versions),
            "chart_svg": to_svg(chart.drawing) if chart is not None else "",
        },
    )


def _available(indicator: Indicator, years: tuple[int, int] | None) -> tuple[int | None, int | None]:
    """Years the catalogue names; figures that are here already show that there are more."""
    first, last = indicator.first_year, indicator.last_year
    if years is not None:
        first, last = first and min(first, years[0]), last and max(last, years[1])
    return first, last


def _seen_deliveries(user: Any, versions: Sequence[Version]) -> set[int]:
    """Deliveries a person may open, of those the versions came with: planning's and their own house's."""
    rows = Delivery.objects.filter(pk__in={row.delivery_pk for row in versions})
    return set(visible(user, Perm.VIEW_DELIVERY, rows).values_list("pk", flat=True)) if versions else set()


@require_http_methods(["GET", "HEAD", "POST"])
def indicator_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Changes an entry of the catalogue, with a reason for the log."""
    indicator = get_object_or_404(Indicator.objects.select_related("domain", "unit", *INDICATOR_TIES), pk=pk)
    territory = catalogue_territory(request.user)
    if territory is None:
        raise PermissionDenied(_("Social planning and administration change the catalogue."))
    assert isinstance(request.user, User)
    form = IndicatorForm(request.POST or None, indicator=indicator)
    # A form that comes back for correction still says what it was opened with.
    token = request.POST.get("opened", "") if request.method == "POST" else edit_token(indicator)
    clashes: list[FieldClash] = []
    if request.method == "POST" and form.is_valid():
        clashes = edit_clashes(indicator, edit_opened(token), form.entry())
    if clashes:
        # Once more with what is stored now, where the person had changed nothing; the rest stays as typed.
        form = IndicatorForm(_merged(request.POST, form, clashes), indicator=indicator)
        token = edit_token(indicator)
    elif request.method == "POST" and form.is_valid():
        try:
            indicator_update(
                indicator=indicator,
                entry=form.entry(),
                reason=form.cleaned_data["reason"],
                territory=territory,
                user=request.user,
                opened=entry_of("indicators", indicator),
            )
        except DomainError as error:
            form.add_error(_FIELD_OF_CODE.get(error.code), str(error.message))
        else:
            messages.success(request, _("The entry has been changed."))
            return redirect("monitoring:indicator-detail", indicator.pk)
    return render(
        request,
        "monitoring/indicator_form.html",
        {"form": form, "indicator": indicator, "clashes": clashes, "opened": token},
        status=409 if clashes else 422 if form.errors else 200,
    )


def _merged(sent: QueryDict, form: IndicatorForm, clashes: Sequence[FieldClash]) -> QueryDict:
    """What was sent, with what others stored in the fields the sender had left alone."""
    data = sent.copy()
    for clash in clashes:
        if clash.is_mine:
            continue
        field = form[clash.name]
        value = field.field.prepare_value(field.initial)
        if value is True:
            data[clash.name] = "on"
        elif value in (None, False):
            data.pop(clash.name, None)
        else:
            data[clash.name] = str(value)
    return data


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
        main, others = Series(area.name, numbers, broken_years(border_changes(area))), [mean]
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
