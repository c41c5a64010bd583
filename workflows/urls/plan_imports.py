"""Addresses of plans that come back from Excel, of lists from elsewhere, and of what the public reads."""

from django.urls import URLPattern, path

from workflows.views import list_imports, plan_imports

urlpatterns: list[URLPattern] = [
    path("plans/<int:pk>/import/", plan_imports.workbook_upload, name="workbook-upload"),
    path("plans/<int:pk>/import-list/", list_imports.list_upload, name="list-upload"),
    path("measures/<int:pk>/put-forward/", plan_imports.measure_put_forward_page, name="measure-put-forward"),
    path("plan-imports/<int:pk>/", plan_imports.plan_import, name="plan-import"),
    path("list-imports/<int:pk>/columns/", list_imports.list_columns, name="list-columns"),
    path("list-imports/<int:pk>/values/", list_imports.list_values, name="list-values"),
    path("list-imports/<int:pk>/measures/", list_imports.list_import, name="list-import"),
]
