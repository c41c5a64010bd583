"""Addresses of a meeting that runs, and of minutes."""

from django.urls import URLPattern, path

from workflows.views import minutes, sessions

urlpatterns: list[URLPattern] = [
    path("meetings/<int:pk>/session/", sessions.meeting_session, name="meeting-session"),
    path("meetings/<int:pk>/minutes/", minutes.minutes_begin_page, name="minutes-begin"),
    path("cycles/<int:pk>/minutes/", minutes.minutes_list, name="minutes-list"),
    path("minutes/<int:pk>/", minutes.minutes_detail, name="minutes-detail"),
    path("minutes/<int:pk>/pdf/", minutes.minutes_pdf, name="minutes-pdf"),
    path("minutes/<int:pk>/object/", minutes.minutes_object, name="minutes-object"),
]
