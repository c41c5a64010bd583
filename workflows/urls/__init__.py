"""Addresses of the planning cycle, one module per subject."""

from workflows.urls import conference, cycles, data, implementation, social_report, tasks

app_name = "workflows"
urlpatterns = [
    *tasks.urlpatterns,
    *cycles.urlpatterns,
    *data.urlpatterns,
    *conference.urlpatterns,
    *implementation.urlpatterns,
    *social_report.urlpatterns,
]
