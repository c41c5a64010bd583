"""Addresses of issued papers."""

from django.urls import URLPattern, path

from workflows.views import decision_papers, papers

urlpatterns: list[URLPattern] = [
    path(
        "recommendations/<int:pk>/paper/", decision_papers.recommendation_paper, name="recommendation-paper"
    ),
    path(
        "recommendations/<int:pk>/paper/pdf/",
        decision_papers.recommendation_paper_pdf,
        name="recommendation-paper-pdf",
    ),
    path("papers/verify/", papers.paper_verify, name="paper-verify"),
    path("papers/<int:pk>/", papers.paper_detail, name="paper-detail"),
    path("papers/<int:pk>/file/", papers.paper_file, name="paper-file"),
]
