"""Addresses of plans, measures, reports and funded projects."""

from django.urls import URLPattern, path

from measures.views import measures, portfolio, projects, reports

app_name = "measures"
urlpatterns: list[URLPattern] = [
    path("measures/", portfolio.plan_list, name="plan-list"),
    path("plans/<int:pk>/", portfolio.plan_detail, name="plan-detail"),
    path("plans/<int:pk>/timeline/", portfolio.plan_timeline, name="plan-timeline"),
    path("plans/<int:pk>/reports/", reports.report_list, name="report-list"),
    path("measures/<int:pk>/", measures.measure_detail, name="measure-detail"),
    path("measures/<int:pk>/projects/new/", projects.project_create_page, name="project-create"),
    path("rounds/<int:pk>/", reports.round_detail, name="round-detail"),
    path("reports/<int:pk>/", reports.report_detail, name="report-detail"),
    path("projects/", projects.project_list, name="project-list"),
    path("projects/<int:pk>/", projects.project_detail, name="project-detail"),
]
