"""How long a sign-in lasts."""

import time
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

SEEN = "seen_at"
SEEN_EVERY_SECONDS = 600


class SlidingSessionMiddleware:
    """Let a sign-in end SESSION_HOURS after the last click, not after the sign-in.

    The session is written at most every ten minutes: with every request, reading a page would be a write.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = _now()
            if not 0 <= now - request.session.get(SEEN, 0) < SEEN_EVERY_SECONDS:
                request.session[SEEN] = now
        return self.get_response(request)


def note_sign_in(sender: Any, request: HttpRequest, **kwargs: Any) -> None:
    """Begin the time in the session that is written anyway: the first page need not write it again."""
    request.session[SEEN] = _now()


def _now() -> int:
    return int(time.time())
