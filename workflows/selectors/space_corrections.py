"""Reads of corrections of published answers: whose turn it is."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, QuerySet

from workflows.models import SpaceAnswer, SpaceConference
from workflows.selectors.space_conferences import ANSWER_RELATED


def pending_corrections(conference: SpaceConference) -> QuerySet[SpaceAnswer]:
    """Corrections that wait for their release, the oldest first."""
    return _corrections(conference).filter(verdict__isnull=True)


def returned_corrections(conference: SpaceConference) -> QuerySet[SpaceAnswer]:
    """Corrections that were returned and neither withdrawn nor written anew, the oldest first."""
    later = SpaceAnswer.objects.filter(idea=OuterRef("idea"), pk__gt=OuterRef("pk"))
    return _corrections(conference).filter(~Exists(later), verdict__is_released=False)


def _corrections(conference: SpaceConference) -> QuerySet[SpaceAnswer]:
    """Those that were not withdrawn."""
    rows = SpaceAnswer.objects.filter(
        idea__conference=conference, corrects__isnull=False, withdrawal__isnull=True
    )
    return rows.select_related("idea", "given_by", *ANSWER_RELATED).order_by("pk")
