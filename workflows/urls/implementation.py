"""Addresses of measures being shaped, of rounds, stage 2 and evaluations; the map of a plan."""

from django.urls import URLPattern, path

from workflows.views import (
    agreements,
    amendments,
    collection,
    evaluations,
    implementation,
    measure_bulk,
    measure_steering,
    plan_map,
    plan_papers,
    rounds,
    target_agreements,
)

urlpatterns: list[URLPattern] = [
    path("cycles/<int:pk>/measures/new/", implementation.measure_create_page, name="measure-create"),
    path("measures/<int:pk>/edit/", implementation.measure_edit_page, name="measure-edit"),
    path(
        "measures/<int:pk>/agreement/call-off/", agreements.agreement_call_off_page, name="agreement-call-off"
    ),
    path("measures/<int:pk>/status/", measure_steering.measure_status_page, name="measure-status"),
    path("measures/<int:pk>/stage/", measure_steering.measure_stage_page, name="measure-stage"),
    path("plans/<int:pk>/measures/bulk/", measure_bulk.measure_bulk_page, name="measure-bulk"),
    path("measures/<int:pk>/parts/new/", measure_steering.submeasure_create_page, name="submeasure-create"),
    path("measures/<int:pk>/agreement/", target_agreements.agreement_page, name="agreement-detail"),
    path("measures/<int:pk>/agreement/edit/", target_agreements.agreement_edit_page, name="agreement-edit"),
    path("measures/<int:pk>/agreement/ask/", target_agreements.agreement_ask, name="agreement-ask"),
    path("measures/<int:pk>/agreement/drop/", target_agreements.agreement_drop, name="agreement-drop"),
    path(
        "measures/<int:pk>/agreement/compare/", target_agreements.agreement_compare, name="agreement-compare"
    ),
    path("measures/<int:pk>/agreement/pdf/", target_agreements.agreement_pdf, name="agreement-pdf"),
    path("plans/<int:pk>/agreements/", target_agreements.agreement_list, name="agreement-list"),
    path("measures/<int:pk>/lesson/", collection.lesson_page, name="measure-lesson"),
    path("what-works/", collection.collection_page, name="collection"),
    path("cycles/<int:pk>/what-is-there/", collection.coverage_page, name="coverage"),
    path("cycles/<int:pk>/evaluations/request/", collection.evaluation_request, name="evaluation-request"),
    path("projects/<int:pk>/amendments/new/", amendments.amendment_begin_page, name="amendment-begin"),
    path("amendments/<int:pk>/withdraw/", amendments.amendment_withdraw_page, name="amendment-withdraw"),
    path("cycles/<int:pk>/rounds/new/", rounds.round_open_page, name="round-open"),
    path("rounds/<int:pk>/remind/", implementation.round_remind_page, name="round-remind"),
    path("rounds/<int:pk>/confirm/", rounds.round_confirm_page, name="round-confirm"),
    path("rounds/<int:pk>/close/", rounds.round_close_page, name="round-close"),
    path("reports/<int:pk>/remind/", implementation.report_remind_page, name="report-remind"),
    path("reports/<int:pk>/correct/", rounds.report_correct_page, name="report-correct"),
    path("reports/<int:pk>/call-off/", rounds.report_call_off_page, name="report-call-off"),
    path("cycles/<int:pk>/stage-two/", implementation.stage_two_page, name="stage-two-request"),
    path("plans/<int:pk>/map/", plan_map.plan_map_page, name="plan-map"),
    path("plans/<int:pk>/plan.pdf", plan_papers.plan_paper, name="plan-paper"),
    path("measures/<int:pk>/sheet.pdf", plan_papers.measure_sheet, name="measure-sheet"),
    path("measures/<int:pk>/evaluation/waive/", evaluations.evaluation_waive_page, name="evaluation-waive"),
    path(
        "measures/<int:pk>/evaluation/remind/", evaluations.evaluation_remind_page, name="evaluation-remind"
    ),
    path("cycles/<int:pk>/evaluations/", implementation.evaluation_list, name="evaluation-list"),
]
