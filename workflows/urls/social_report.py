"""Addresses of the social report: of planning, and public ones, German as others link to them."""

from django.urls import URLPattern, path

from workflows.views import social_report as planning
from workflows.views import social_report_public as public

_CHAPTER = "sozialbericht/<slug:slug>/kapitel/<slug:chapter>/"

urlpatterns: list[URLPattern] = [
    path("social-reports/", planning.social_report_list, name="social-report-list"),
    path("social-reports/new/<int:pk>/", planning.social_report_create, name="social-report-create"),
    path("social-reports/<int:pk>/", planning.social_report_detail, name="social-report-detail"),
    path("social-reports/<int:pk>/edit/", planning.social_report_edit, name="social-report-edit"),
    path("social-reports/<int:pk>/chapters/new/", planning.chapter_create, name="chapter-create"),
    path("report-chapters/<int:pk>/", planning.chapter_detail, name="chapter-detail"),
    path("report-chapters/<int:pk>/edit/", planning.chapter_edit, name="chapter-edit"),
    path("report-chapters/<int:pk>/move/", planning.chapter_move_page, name="chapter-move"),
    path("report-chapters/<int:pk>/renew/", planning.chapter_renew_page, name="chapter-renew"),
    path("report-chapters/<int:pk>/archive/", planning.chapter_archive_page, name="chapter-archive"),
    path("chapter-renewals/<int:pk>/preview/", planning.renewal_preview, name="renewal-preview"),
    path("chapter-renewals/<int:pk>/give-up/", planning.renewal_give_up_page, name="renewal-give-up"),
    path("chapter-editions/<int:pk>/withdraw/", planning.edition_withdraw_page, name="edition-withdraw"),
    path("sozialbericht/", public.public_report_list, name="public-report-list"),
    path("sozialbericht/<slug:slug>/", public.public_report, name="public-report"),
    path("sozialbericht/<slug:slug>/pdf/", public.public_report_pdf, name="public-report-pdf"),
    path(_CHAPTER, public.public_chapter, name="public-chapter"),
    path(f"{_CHAPTER}ausgabe-<int:number>/", public.public_edition, name="public-edition"),
    path(f"{_CHAPTER}ausgabe-<int:number>/pdf/", public.public_edition_pdf, name="public-edition-pdf"),
]
