"""Tells planning at once when a party of a measure has nobody who could confirm."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from measures.models import Measure
from workflows.selectors.agreements import parties_without_head


def warn_of_mute_parties(request: HttpRequest, measure: Measure) -> None:
    """Warn about the parties of a measure just saved in which nobody can confirm. Queries: 3."""
    for party in parties_without_head([measure]).get(measure.pk, []):
        text = _(
            "%(party)s has no head on record: nobody there can confirm the target agreement. Ask the "
            "administration to enter one, or choose another party."
        )
        messages.warning(request, text % {"party": party.label})
