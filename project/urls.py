"""All addresses."""

from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import set_language

from project.help import help_index, help_topic
from project.site import flow_urlpatterns
from project.views import healthz
from workflows.views.home import home
from workflows.views.search import search

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    path("healthz", healthz, name="healthz"),
    # Before the sign-in, too: the sign-in page offers the choice of language.
    path("i18n/setlang/", login_not_required(set_language), name="set_language"),
    path("search/", search, name="search"),
    path("help/", help_index, name="help-index"),
    path("help/<slug:topic>/", help_topic, name="help-topic"),
    path("", include("stakeholders.urls")),
    path("", include("monitoring.urls")),
    path("", include("measures.urls")),
    path("", include("workflows.urls")),
    *flow_urlpatterns(),
]
