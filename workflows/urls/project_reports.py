"""Addresses of reports of projects."""

from django.urls import URLPattern, path

from workflows.views import project_reports

urlpatterns: list[URLPattern] = [
    path("project-reports/<int:pk>/extension/", project_reports.report_extension, name="report-extension"),
    path(
        "project-reports/<int:pk>/extension/withdraw/",
        project_reports.report_extension_withdraw,
        name="report-extension-withdraw",
    ),
    path(
        "project-reports/<int:pk>/call-off/",
        project_reports.project_report_call_off,
        name="project-report-call-off",
    ),
    path("project-reports/<int:pk>/discard/", project_reports.drawdown_discard, name="drawdown-discard"),
    path("projects/<int:pk>/drawdown/", project_reports.drawdown_create, name="drawdown-create"),
]
