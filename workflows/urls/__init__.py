"""Addresses of the planning cycle, one module per subject."""

from workflows.urls import (
    assignments,
    conference,
    cycles,
    data,
    implementation,
    minutes,
    papers,
    plan_imports,
    plan_release,
    polls,
    project_reports,
    social_report,
    social_space,
    tasks,
)

app_name = "workflows"
urlpatterns = [
    *tasks.urlpatterns,
    *cycles.urlpatterns,
    *data.urlpatterns,
    *conference.urlpatterns,
    *polls.urlpatterns,
    *assignments.urlpatterns,
    *implementation.urlpatterns,
    *minutes.urlpatterns,
    *plan_imports.urlpatterns,
    *plan_release.urlpatterns,
    *papers.urlpatterns,
    *project_reports.urlpatterns,
    *social_report.urlpatterns,
    *social_space.urlpatterns,
]
