"""Pages of the project itself, outside of any app."""

import dataclasses
import logging
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from stakeholders.mail import mail_state
from workflows.timers import timer_state

logger = logging.getLogger(__name__)


@require_safe
@never_cache
@login_not_required
def healthz(request: HttpRequest) -> JsonResponse:
    """Tell a monitor the state of database, timers and mails.

    Late timers and mails that do not go out do not make it 503: the pages work, and a restart of the web
    server would mend nothing.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        timers = timer_state()
        mails = mail_state()
    except DatabaseError:
        logger.exception("The database does not answer.")
        return JsonResponse(
            {"status": "error", "database": "error", "timers": None, "mails": None}, status=503
        )
    body: dict[str, Any] = {
        "status": "degraded" if timers.is_late or mails.delayed else "ok",
        "database": "ok",
        "timers": {
            "last_run_at": timers.last_run_at.isoformat() if timers.last_run_at else None,
            "late": timers.is_late,
        },
        "mails": dataclasses.asdict(mails),
    }
    return JsonResponse(body)
