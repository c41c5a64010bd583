"""Addresses of areas, indicators, deliveries and index runs."""

from django.urls import URLPattern, path

from monitoring.views import areas, atlas, compare, deliveries, indicators, methods, runs

app_name = "monitoring"
urlpatterns: list[URLPattern] = [
    path("atlas/", atlas.atlas, name="atlas"),
    path("areas/<int:pk>/", areas.area_detail, name="area-detail"),
    path("indicators/", indicators.indicator_list, name="indicator-list"),
    path("indicators/<int:pk>/", indicators.indicator_detail, name="indicator-detail"),
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
