"""Forms of releasing a plan to the public, and of searching what was released."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from measures.models import Measure
from measures.selectors.releases import PublicMeasure, states_in
from measures.services.releases import FIELDS


class ReleaseForm(forms.Form):
    """Which fields of which measures the public reads."""

    hide_optional = True
    fields_told = forms.MultipleChoiceField(
        label=gettext_lazy("What is told of each measure"),
        choices=list(FIELDS.items()),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=gettext_lazy(
            "Number, title and field of action are always told; contacts never. "
            "Small counts of people are left out by themselves."
        ),
    )
    measures = forms.MultipleChoiceField(label=gettext_lazy("Measures"), widget=forms.CheckboxSelectMultiple)
    note = forms.CharField(
        label=gettext_lazy("What is new, for the public"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("For example: figures as of 30 June, three new measures."),
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, measures: Sequence[Measure], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["measures"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(str(row.pk), f"{row.number} {row.title}") for row in measures]

    @property
    def keys(self) -> list[int]:
        """Keys of the chosen measures."""
        return [int(key) for key in self.cleaned_data["measures"]]


class PublicFilterForm(forms.Form):
    """Search in a released plan."""

    hide_optional = True
    q = forms.CharField(label=gettext_lazy("Search"), required=False, max_length=100)
    field = forms.ChoiceField(label=gettext_lazy("Field of action"), required=False)
    state = forms.ChoiceField(label=gettext_lazy("State"), required=False)
    lang = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, rows: Sequence[PublicMeasure], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        everything = ("", _("all"))
        fields = dict.fromkeys((str(row.told["field"]), row.field_title) for row in rows)
        states = states_in(rows)
        for name, choices in (("field", list(fields)), ("state", states)):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [everything, *choices]
        if not states:
            del self.fields["state"]
