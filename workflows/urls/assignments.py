"""Addresses of assignments."""

from django.urls import URLPattern, path

from workflows.views import assignments

urlpatterns: list[URLPattern] = [
    path("cycles/<int:pk>/assignments/", assignments.assignment_list, name="assignment-list"),
    path("assignments/<int:pk>/", assignments.assignment_detail, name="assignment-detail"),
    path("assignments/<int:pk>/call-off/", assignments.assignment_call_off_page, name="assignment-call-off"),
]
