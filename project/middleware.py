"""Middleware of the product."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from viewflow.workflow.models import Task

from project.views import healthz

HEALTH_PATH = "/healthz"


class HealthMiddleware:
    """Answer ``/healthz`` before anything looks at the host: monitors ask by address, inside the network."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info == HEALTH_PATH:
            return healthz(request)
        return self.get_response(request)


class ChosenLanguageMiddleware(LocaleMiddleware):
    """German unless the person chose otherwise: offices run browsers in whatever language they came in."""

    def process_request(self, request: HttpRequest) -> None:
        """Read the choice from the cookie; the browser's own wish does not count."""
        request.META.pop("HTTP_ACCEPT_LANGUAGE", None)
        super().process_request(request)


class SignInMiddleware(LoginRequiredMiddleware):
    """Lead those without a session to the sign-in, also from a page that renews a part of itself.

    Such a part would be replaced by the page of the sign-in; the header makes the browser leave the page, and
    come back to it afterwards.
    """

    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Any
    ) -> HttpResponseBase:
        """Answer a request of htmx by a header, any other by a redirect."""
        if request.headers.get("HX-Request") != "true":
            return super().handle_no_permission(request, view_func)
        page = urlsplit(request.headers.get("HX-Current-URL", ""))
        back = page.path + (f"?{page.query}" if page.query else "")
        # Read as the path it is: of a foreign address nothing else is taken.
        if not back.startswith("/") or back.startswith("//"):
            back = "/"
        query = urlencode({self.get_redirect_field_name(view_func): back})
        return HttpResponse(status=204, headers={"HX-Redirect": f"{self.get_login_url(view_func)}?{query}"})


class TaskOfProcessMiddleware:
    """Answer 404 where a task is asked for under a foreign process number.

    The engine locks the process of the URL but loads the task by its own number alone: with another
    process number the lock would be bypassed.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        """Compare the two numbers before the view runs."""
        if not {"process_pk", "task_pk"} <= kwargs.keys():
            return
        if not Task.objects.filter(pk=kwargs["task_pk"], process_id=kwargs["process_pk"]).exists():
            raise Http404("No such task.")
