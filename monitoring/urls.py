"""Addresses of areas, indicators, deliveries and index runs."""

from django.urls import URLPattern, path

from monitoring.views import (
    area_admin,
    area_history,
    areas,
    atlas,
    catalogue,
    compare,
    deliveries,
    indicators,
    methods,
    runs,
)

app_name = "monitoring"
urlpatterns: list[URLPattern] = [
    path("atlas/", atlas.atlas, name="atlas"),
    path("areas/<int:pk>/", areas.area_detail, name="area-detail"),
    path("areas/", area_admin.area_list, name="area-list"),
    path("areas/import/", area_admin.area_import, name="area-import"),
    path("areas/imports/<int:pk>/", area_admin.area_preview, name="area-preview"),
    path("areas/border-changes/", area_history.succession_list, name="succession-list"),
    path("areas/border-changes/import/", area_history.succession_upload, name="succession-import"),
    path(
        "areas/border-changes/imports/<int:pk>/",
        area_history.succession_preview,
        name="succession-preview",
    ),
    path("areas/border-changes/<int:pk>/delete/", area_history.succession_delete, name="succession-delete"),
    path("areas/inhabitants/", area_history.population_upload, name="population-import"),
    path("areas/inhabitants/imports/<int:pk>/", area_history.population_preview, name="population-preview"),
    path("indicators/", indicators.indicator_list, name="indicator-list"),
    path("indicators/<int:pk>/", indicators.indicator_detail, name="indicator-detail"),
    path("indicators/<int:pk>/edit/", indicators.indicator_edit, name="indicator-edit"),
    path("indicators/catalogue/", catalogue.catalogue, name="catalogue"),
    path("indicators/catalogue/export/", catalogue.catalogue_export, name="catalogue-export"),
    path("indicators/catalogue/import/", catalogue.catalogue_import, name="catalogue-import"),
    path("indicators/catalogue/sets/<slug:key>/", catalogue.ready_set, name="ready-set"),
    path("indicators/catalogue/imports/<int:pk>/", catalogue.catalogue_preview, name="catalogue-preview"),
    path("index-runs/<int:pk>/", runs.run_detail, name="run-detail"),
    path("index-runs/<int:pk>/compare/", compare.run_compare, name="run-compare"),
    path("index-methods/", methods.method_list, name="method-list"),
    path("index-methods/create/", methods.method_create, name="method-create"),
    path("index-methods/<int:pk>/", methods.method_detail, name="method-detail"),
    path("index-methods/<int:pk>/change/", methods.method_change, name="method-change"),
    path("index-methods/<int:pk>/set-aside/", methods.method_set_aside, name="method-set-aside"),
    path("delivered-files/<int:pk>/", deliveries.delivery_detail, name="delivery-detail"),
    path("delivered-files/<int:pk>/issues/", deliveries.delivery_issues, name="delivery-issues"),
    path("delivered-files/<int:pk>/file/", deliveries.delivery_file, name="delivery-file"),
]
