"""What the shell of every page needs: menu, person, help."""

import tomllib
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from project.common.navigation import NavItem
from project.site import navigation

# Help topic that belongs to the pages of an app.
_HELP_TOPICS = {
    "workflows": "cycle",
    "monitoring": "atlas",
    "measures": "measures",
    "stakeholders": "people",
}
# Pages with a topic of their own, by the beginning of their name.
_PAGES_OF_THE_REPORT = ("social-report-", "chapter-", "renewal-", "edition-", "public-")
# Pages of funded projects, within the apps that hold them.
_PAGES_OF_PROJECTS = (
    "funding-",
    "project-",
    "programme-",
    "notice-",
    "call-",
    "adviser-",
    "amendment-",
    "operation-",
    "receipt-",
    "drawdown-",
)


@cache
def _version() -> str:
    """Read the version from pyproject.toml, its only home."""
    path = settings.BASE_DIR / "pyproject.toml"
    if not path.exists():
        return ""
    return str(tomllib.loads(path.read_text(encoding="utf-8"))["project"]["version"])


def _url(name: str, *args: str) -> str:
    """Reverse a name that may not be mounted; an empty text hides the link."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def _help_url(request: HttpRequest) -> str:
    match = request.resolver_match
    namespace = match.namespaces[0] if match and match.namespaces else ""
    topic = _HELP_TOPICS.get(namespace)
    name = (match.url_name if match else "") or ""
    if namespace == "workflows" and name.startswith(_PAGES_OF_THE_REPORT):
        topic = "social-report"
    elif namespace in {"measures", "workflows"} and name.startswith(_PAGES_OF_PROJECTS):
        topic = "projects"
    return (_url("help-topic", topic) if topic else "") or _url("help-index")


def shell(request: HttpRequest) -> dict[str, Any]:
    """Give templates the variable ``shell``; nothing is queried until it is shown.

    Args:
        request: The current request; an anonymous person gets no menu.
    """
    user = getattr(request, "user", None)
    signed_in = bool(user and user.is_authenticated)

    def menu() -> list[NavItem]:
        return list(navigation(request)) if signed_in else []

    def posts() -> list[str]:
        """The person's functions today, as "Head · Youth office"."""
        if not signed_in or user is None:
            return []
        rows = user.memberships.on(timezone.localdate()).select_related("organisation")
        return [f"{row.get_function_display()} · {row.organisation}" for row in rows]

    return {
        "shell": {
            "nav": SimpleLazyObject(menu),
            "is_signed_in": signed_in,
            "function_title": str(user) if signed_in else "",
            "posts": SimpleLazyObject(posts),
            "is_demo": settings.DEMO_MODE,
            "version": _version(),
            "help_url": _help_url(request),
            "search_url": _url("search"),
            "search_term": request.GET.get("q", "") if _is_search(request) else "",
            "profile_url": _url("stakeholders:profile"),
            "login_url": _url("stakeholders:login"),
            "logout_url": _url("stakeholders:logout"),
            "switch_person_url": _url("stakeholders:demo-sign-in") if settings.DEMO_MODE else "",
            "set_language_url": _url("set_language"),
            "accessibility_url": _url("help-topic", "accessibility"),
            "about_url": _url("help-topic", "about"),
        }
    }


def _is_search(request: HttpRequest) -> bool:
    match = request.resolver_match
    return bool(match and match.url_name == "search")
