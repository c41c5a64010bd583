"""The demo's clock: what is told of the past happened in the past."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from django.utils import timezone
from viewflow.workflow.models import Process, Task

#: Offices work by day.
HOUR = 10


@contextmanager
def on(day: datetime.date) -> Iterator[None]:
    """Let everything written inside carry the date of a day: deliveries, confirmations, entries of the log.

    The engine's modules took ``now`` into names of their own, so each of them is set as well. For loading
    the demo only, which one process does before anything else runs.

    Args:
        day: Not later than today; a later one counts as today.
    """
    real = timezone.now
    moment = timezone.make_aware(datetime.datetime.combine(day, datetime.time(HOUR)))
    moment = min(moment, real())

    def stopped() -> datetime.datetime:
        return moment

    holders = [
        module
        for name, module in list(sys.modules.items())
        if name.startswith("viewflow.") and getattr(module, "now", None) is real
    ]
    with ExitStack() as stack:
        stack.enter_context(patch.object(timezone, "now", stopped))
        for module in holders:
            stack.enter_context(patch.object(module, "now", stopped))
        began_at = real()
        yield
        # Their default holds the real clock.
        for model in (Process, Task):
            model.objects.filter(created__gte=began_at).update(created=moment)
