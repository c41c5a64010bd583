"""Addresses of releasing a plan, and of what the public reads: German, as others link to them."""

from django.urls import URLPattern, path

from workflows.views import plan_public as public
from workflows.views import plan_release

_PLAN = "handlungskonzept/<int:pk>/"

urlpatterns: list[URLPattern] = [
    path("plans/<int:pk>/public/", plan_release.plan_release_page, name="plan-release"),
    path("plans/<int:pk>/public/withdraw/", plan_release.plan_withdraw_page, name="plan-withdraw"),
    path("handlungskonzept/", public.public_plan_list, name="public-plan-list"),
    path(_PLAN, public.public_plan, name="public-plan"),
    path(f"{_PLAN}massnahme/<int:key>/", public.public_measure, name="public-measure"),
    path(f"{_PLAN}zeitplan/", public.public_timeline, name="public-plan-timeline"),
    path(f"{_PLAN}kennzahlen/", public.public_figures, name="public-plan-figures"),
    path(f"{_PLAN}aenderungen/", public.public_changes, name="public-plan-changes"),
    path(f"{_PLAN}feed/", public.public_feed, name="public-plan-feed"),
    path(f"{_PLAN}daten.json", public.public_data, name="public-plan-data"),
    path(
        f"{_PLAN}embed/timeline/",
        public.public_embed,
        {"kind": public.TIMELINE},
        name="public-plan-embed-timeline",
    ),
    path(
        f"{_PLAN}embed/figures/",
        public.public_embed,
        {"kind": public.FIGURES},
        name="public-plan-embed-figures",
    ),
]
