"""The help: one page per topic, open to everybody."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import select_template
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

#: Topics in the order in which a cycle needs them. The text of each stands in help/<topic>.<language>.html.
TOPICS: dict[str, Promise] = {
    "cycle": _("The planning cycle"),
    "tasks": _("Tasks"),
    "data": _("Delivering data"),
    "atlas": _("Social atlas and index"),
    "social-report": _("Social report"),
    "conference": _("Planning conference"),
    "decisions": _("Decisions of the steering group"),
    "measures": _("Measures and target agreements"),
    "reports": _("Reporting key figures"),
    "projects": _("Funded projects"),
    "people": _("People, bodies and rights"),
    "accessibility": _("Accessibility"),
    "about": _("About Passgenau, licence and source code"),
}


def _topics(current: str = "") -> list[dict[str, Any]]:
    return [
        {"title": title, "url": reverse("help-topic", args=[topic]), "is_current": topic == current}
        for topic, title in TOPICS.items()
    ]


@require_safe
@login_not_required
def help_index(request: HttpRequest) -> HttpResponse:
    """All topics."""
    return render(request, "help/index.html", {"topics": _topics()})


@require_safe
@login_not_required
def help_topic(request: HttpRequest, topic: str) -> HttpResponse:
    """One topic, in the language of the page."""
    if topic not in TOPICS:
        raise Http404("No such topic.")
    language = "en" if (get_language() or "de").startswith("en") else "de"
    context = {
        "topic": topic,
        "title": TOPICS[topic],
        "topics": _topics(topic),
        "text_template": f"help/{topic}.{language}.html",
    }
    # Topics that are the same for all languages but for their words have a template of their own.
    template = select_template([f"help/{topic}.html", "help/topic.html"])
    return HttpResponse(template.render(context, request))
