"""Where measures come from, in words: for papers, which link nothing."""

from __future__ import annotations

from collections import defaultdict

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from measures.models import Measure
from measures.reports.sheet import Origin
from project.common.formats import date_de
from workflows.models import MeasureOrigin


def origins_in_words(measures: QuerySet[Measure]) -> dict[int, list[Origin]]:
    """Recommendations and decisions behind measures.

    Args:
        measures: Whoever sees a measure may know what was decided on it.

    Returns:
        Key of the measure -> its origins in the order they were recorded; measures without any are left out.
        Queries: 1.
    """
    rows = MeasureOrigin.objects.filter(measure__in=measures.order_by().values("pk")).select_related(
        "decision__version", "decision__body"
    )
    found: dict[int, list[Origin]] = defaultdict(list)
    for row in rows.order_by("measure", "pk"):
        decision = row.decision
        words = _("Decision %(number)s of %(body)s, %(day)s") % {
            "number": decision.reference,
            "body": decision.body,
            "day": date_de(decision.decided_on),
        }
        found[row.measure_id].append(Origin(decision.version.title, words))
    return dict(found)
