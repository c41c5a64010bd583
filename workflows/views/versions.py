"""Page on which any two versions of a recommendation are compared."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from project.common.formats import date_de
from stakeholders.permissions import Perm, can
from workflows.models import RecommendationVersion
from workflows.selectors.recommendations import recommendations_seen_by
from workflows.selectors.versions import parts_of, returns_between

INLINE, SIDE = "inline", "side"


class CompareForm(forms.Form):
    """Which two versions, and how they are laid out."""

    hide_optional = True

    old = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)
    new = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)
    layout = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, versions: list[RecommendationVersion], **kwargs: Any) -> None:
        """Offer the versions the person may read."""
        super().__init__(*args, **kwargs)
        choices = [(row.number, _version_label(row)) for row in versions]
        for name, label in (("old", _("Earlier version")), ("new", _("Later version"))):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.label, field.choices = label, choices
        layout = self.fields["layout"]
        assert isinstance(layout, forms.ChoiceField)
        layout.label = _("Layout")
        layout.choices = [(INLINE, _("one text, changes marked")), (SIDE, _("side by side"))]


def _version_label(version: RecommendationVersion) -> str:
    if version.submitted_at is not None:
        day = date_de(version.submitted_at)
        return _("%(number)s, submitted %(day)s") % {"number": version.number, "day": day}
    return _("%(number)s, written %(day)s") % {
        "number": version.number,
        "day": date_de(version.created_at),
    }


@require_safe
def version_compare(request: HttpRequest, pk: int) -> HttpResponse:
    """Two versions of a recommendation with what came and went, and why the earlier one was sent back."""
    recommendation: Any = get_object_or_404(recommendations_seen_by(request.user), pk=pk)
    versions = list(recommendation.versions.all())
    old, new = _two(request, versions)
    is_side = request.GET.get("layout") == SIDE
    numbers = {"old": old.number, "new": new.number} if old is not None and new is not None else {}
    form = CompareForm({**numbers, "layout": SIDE if is_side else INLINE}, versions=versions)
    parts = parts_of(old, new) if old is not None and new is not None else []
    process = getattr(recommendation, "process", None)
    cycle = process.cycle if process else recommendation.cycle
    return render(
        request,
        "workflows/version_compare.html",
        {
            "recommendation": recommendation,
            "cycle": cycle,
            "sees_cycle": bool(can(request.user, Perm.VIEW_CYCLE, cycle)),
            "form": form,
            "old": old,
            "new": new,
            "is_side": is_side,
            "parts": parts,
            "changed": [part for part in parts if part.is_changed],
            "unchanged": [part for part in parts if not part.is_changed],
            "returns": returns_between(old, new, shows_drafts=recommendation.shows_drafts)
            if old is not None and new is not None
            else [],
            "shows_drafts": recommendation.shows_drafts,
        },
    )


def _two(
    request: HttpRequest, versions: list[RecommendationVersion]
) -> tuple[RecommendationVersion | None, RecommendationVersion | None]:
    """The two asked for in their order; by themselves the last two. None where there are not two."""
    if len(versions) < 2:
        return None, None
    by_number = {str(row.number): row for row in versions}
    new = by_number.get(request.GET.get("new", ""), versions[-1])
    position = versions.index(new)
    old = by_number.get(request.GET.get("old", ""), versions[max(position - 1, 0)])
    if old.pk == new.pk:
        old, new = (versions[position - 1], new) if position else (new, versions[1])
    return (old, new) if old.number < new.number else (new, old)
