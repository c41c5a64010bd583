"""Pages everybody may read: without sign-in, session or cookie."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_cache_control
from django.views.decorators.http import conditional_page, require_safe

View = Callable[..., HttpResponseBase]


def public(view: View) -> View:
    """Open a page to everybody; browsers may keep it, but ask each time whether it is still the same.

    What was withdrawn, or is secret since, must be gone with the next look.
    """

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response.headers.pop("Cache-Control", None)
        patch_cache_control(response, public=True, no_cache=True)
        return response

    return login_not_required(require_safe(conditional_page(page)))


def in_language_of_address(view: View) -> View:
    """Answer in the language that ``?lang=`` names: a choice that needs no cookie."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        wanted = request.GET.get("lang", "")
        if wanted not in dict(settings.LANGUAGES):
            return view(request, *args, **kwargs)
        with translation.override(wanted):
            response = view(request, *args, **kwargs)
        response.headers["Content-Language"] = wanted
        return response

    return page
