"""The demo's plan in public: released when it was agreed, and again with its latest figures."""

from __future__ import annotations

import datetime

from measures.models import ActionPlan, PlanRelease
from measures.services.releases import USUAL, content_mark, plan_release, release_content
from stakeholders.models import User
from workflows.demo import clock


def release(plan: ActionPlan, *, on: datetime.date, note: str, user: User) -> PlanRelease:
    """Release all measures of a plan with everything but money, as after a look at the preview."""
    keys = list(plan.measures.values_list("pk", flat=True))
    with clock.on(on):
        mark = content_mark(release_content(plan, fields=USUAL, measures=keys))
        return plan_release(plan, fields=USUAL, measures=keys, note=note, seen=mark, user=user)
