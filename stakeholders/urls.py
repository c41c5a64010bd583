"""Addresses."""

from django.urls import URLPattern, path

from stakeholders import views_bodies

app_name = "stakeholders"
urlpatterns: list[URLPattern] = [
    path("bodies/", views_bodies.body_list, name="body-list"),
    path("bodies/<int:pk>/", views_bodies.body_detail, name="body-detail"),
]
