"""Form in which a body proposes another urgency for an area."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from stakeholders.models import Body
from workflows.models import UrgencyLevel


class UrgencyForm(forms.Form):
    """How urgent a body sees the area, and why."""

    body = forms.ModelChoiceField(
        label=_("Which body sees it so?"), queryset=Body.objects.none(), empty_label=None
    )
    level = forms.ChoiceField(
        label=_("How urgent does the body see this area?"),
        choices=UrgencyLevel.choices,
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=2000,
        widget=forms.Textarea({"rows": 4}),
        help_text=_(
            "What do the figures not show? It stands beside the class on the profile and in its PDF."
        ),
    )

    def __init__(self, *args: Any, bodies: Sequence[Body], has_earlier: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        body = self.fields["body"]
        assert isinstance(body, forms.ModelChoiceField)
        body.queryset = Body.objects.filter(pk__in=[row.pk for row in bodies])
        if len(bodies) == 1:
            body.widget, body.initial = forms.HiddenInput(), bodies[0].pk
        if not has_earlier:
            level = self.fields["level"]
            assert isinstance(level, forms.ChoiceField)
            level.choices = [row for row in UrgencyLevel.choices if row[0] != UrgencyLevel.AS_INDEX]
