"""Addresses of measures being shaped, of rounds, stage 2 and evaluations."""

from django.urls import URLPattern, path

from workflows.views import agreements, implementation

urlpatterns: list[URLPattern] = [
    path("cycles/<int:pk>/measures/new/", implementation.measure_create_page, name="measure-create"),
    path("measures/<int:pk>/edit/", implementation.measure_edit_page, name="measure-edit"),
    path(
        "measures/<int:pk>/agreement/call-off/", agreements.agreement_call_off_page, name="agreement-call-off"
    ),
    path("cycles/<int:pk>/rounds/new/", implementation.round_open_page, name="round-open"),
    path("rounds/<int:pk>/remind/", implementation.round_remind_page, name="round-remind"),
    path("reports/<int:pk>/remind/", implementation.report_remind_page, name="report-remind"),
    path("cycles/<int:pk>/stage-two/", implementation.stage_two_page, name="stage-two-request"),
    path("cycles/<int:pk>/evaluations/", implementation.evaluation_list, name="evaluation-list"),
]
