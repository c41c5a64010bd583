"""Form of merging: which recommendations become one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from workflows.models import RecommendationState


class MergeForm(forms.Form):
    """Two or more recommendations, and that the person is sure."""

    hide_optional = True

    pick = forms.TypedMultipleChoiceField(
        label=_("Which recommendations become one?"), coerce=int, widget=forms.CheckboxSelectMultiple
    )
    sure = forms.BooleanField(
        label=_("Yes, merge them for good"),
        error_messages={"required": _("Nothing has been merged. Tick that you are sure first.")},
    )

    def __init__(self, *args: Any, rows: Sequence[Any], **kwargs: Any) -> None:
        """Offer what can be merged."""
        super().__init__(*args, **kwargs)
        pick = self.fields["pick"]
        assert isinstance(pick, forms.MultipleChoiceField)
        pick.choices = [
            (row.pk, f"{row.reference} {row.seen_title} ({RecommendationState(row.seen_state).label})")
            for row in rows
        ]
