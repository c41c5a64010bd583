"""Form of a funded project."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from measures.models import Measure
from stakeholders.models import Organisation, OrganisationKind


class ProjectForm(forms.Form):
    """Who funds the measure, under which programme and until when."""

    title = forms.CharField(label=_("Name of the project"), max_length=200)
    programme = forms.CharField(label=_("Programme"), max_length=120)
    reference = forms.CharField(
        label=_("File reference"), max_length=80, required=False, help_text=_("As in the grant notice.")
    )
    funder = forms.ModelChoiceField(
        label=_("Funder"),
        queryset=Organisation.objects.filter(kind=OrganisationKind.FUNDER, is_active=True).order_by("name"),
        empty_label=_("Please choose"),
    )
    provider = forms.ModelChoiceField(
        label=_("Provider"),
        queryset=Organisation.objects.none(),
        empty_label=_("Please choose"),
        help_text=_("Who carries the project: the responsible organisation or a partner."),
    )
    starts_on = forms.DateField(label=_("Funded from"))
    ends_on = forms.DateField(label=_("Funded until"))

    def __init__(self, *args: Any, measure: Measure, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        provider = self.fields["provider"]
        assert isinstance(provider, forms.ModelChoiceField)
        parties = Organisation.objects.filter(pk=measure.responsible_id) | Organisation.objects.filter(
            partnerships__measure=measure
        )
        provider.queryset = parties.distinct().order_by("name")

    @property
    def values(self) -> dict[str, Any]:
        """Arguments of ``project_create``."""
        return dict(self.cleaned_data)
