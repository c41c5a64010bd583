"""Where a request comes from."""

from django.conf import settings
from django.http import HttpRequest


def browser_address(request: HttpRequest) -> str:
    """Network address of the browser, for brakes; never for rights, and never stored in clear.

    Behind a proxy that is the last entry of ``X-Forwarded-For``, which the proxy itself adds; those before it
    are whatever the browser sends. Empty if the server does not tell (a Unix socket).

    Args:
        request: The request.
    """
    if settings.BEHIND_PROXY:
        last = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).rpartition(",")[2].strip()
        if last:
            return last
    return str(request.META.get("REMOTE_ADDR", ""))
