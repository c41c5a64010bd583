"""What papers read of a recommendation and its decision: one place that knows the fields."""

from __future__ import annotations

from django.utils.translation import gettext as _

from workflows.models import RecommendationVersion

#: Heading and text, in the order of the paper; parts without text are left out.
Parts = list[tuple[str, str]]


def file_reference_of(version: RecommendationVersion) -> str:
    """File reference on papers; the number of the recommendation stands in for it."""
    return version.file_reference or version.recommendation.reference


def reasons_of(version: RecommendationVersion) -> Parts:
    """Why it is proposed."""
    return _filled(
        [
            (_("Finding"), version.finding),
            (_("Need"), version.need),
            (_("Aim"), version.aim),
            (_("Urgency"), _urgency(version)),
        ]
    )


def consequences_of(version: RecommendationVersion) -> Parts:
    """What it costs and changes, and what else was considered."""
    return _filled(
        [
            (_("Rough cost"), version.cost_words),
            (_("Cost and consequences"), version.cost),
            (_("What else was considered"), version.alternatives),
        ]
    )


def _urgency(version: RecommendationVersion) -> str:
    if not version.urgency:
        return ""
    return f"{version.get_urgency_display()}: {version.urgency_meaning}"


def _filled(parts: Parts) -> Parts:
    return [(title, text.strip()) for title, text in parts if text.strip()]
