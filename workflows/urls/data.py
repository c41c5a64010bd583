"""Addresses of requested deliveries and area profiles."""

from django.urls import URLPattern, path

from workflows.views import data, data_mapping, data_steering, profiles

urlpatterns: list[URLPattern] = [
    path("cycles/<int:pk>/deliveries/", data.request_list, name="request-list"),
    path("cycles/<int:pk>/deliveries/remind/", data_steering.request_remind_all, name="request-remind-all"),
    path("deliveries/<int:pk>/", data.request_detail, name="request-detail"),
    path("deliveries/<int:pk>/upload/", data.request_upload_view, name="request-upload"),
    path("deliveries/<int:pk>/assign/", data_mapping.request_mapping, name="request-mapping"),
    path("deliveries/<int:pk>/comments/", data_mapping.request_comments, name="request-comments"),
    path("deliveries/<int:pk>/fill/", data.request_fill_view, name="request-fill"),
    path("deliveries/<int:pk>/form/", data.request_template, name="request-template"),
    path("deliveries/<int:pk>/waive/", data_steering.request_waive, name="request-waive"),
    path("deliveries/<int:pk>/reopen/", data_steering.request_reopen, name="request-reopen"),
    path("deliveries/<int:pk>/remind/", data_steering.request_remind, name="request-remind"),
    path("cycles/<int:pk>/areas/", profiles.profile_list, name="profile-list"),
    path("profiles/<int:pk>/", profiles.profile_detail, name="profile-detail"),
    path("cycles/<int:pk>/areas/booklet/", profiles.profile_booklet, name="profile-booklet"),
    path("profiles/<int:pk>/pdf/", profiles.profile_pdf, name="profile-pdf"),
    path("profiles/<int:pk>/edit/", profiles.profile_edit, name="profile-edit"),
]
