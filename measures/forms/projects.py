"""Forms of a funded project, and of who and what belongs to it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from measures.forms.base import areas_of, fill, organisations_of, others_of, sensible_day
from measures.models import FundedProject, Measure
from measures.services.projects import newer_parties, parties_mark
from monitoring.models import Area
from project.common.seen import SEEN, with_mark
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
    starts_on = forms.DateField(label=_("Funded from"), validators=[sensible_day])
    ends_on = forms.DateField(label=_("Funded until"), validators=[sensible_day])

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


class PartiesForm(forms.Form):
    """What belongs to a project besides its notice: partners, areas, further measures.

    Partners and areas it has are there even if no longer active or valid: what is not offered would be gone
    with the next saving.
    """

    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    partners = forms.ModelMultipleChoiceField(
        label=_("Partners"),
        queryset=Organisation.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Who carries the project together with the provider. They see the project as it does."),
    )
    areas = forms.ModelMultipleChoiceField(
        label=_("Areas"), queryset=Area.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )
    further_measures = forms.ModelMultipleChoiceField(
        label=_("Further measures it pays for"),
        queryset=Measure.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, data: QueryDict | None, *, project: FundedProject) -> None:
        partners = project.partners.order_by().values("organisation")
        areas = project.areas.order_by().values("pk")
        self._mark = parties_mark(project)
        initial = {
            SEEN: self._mark,
            "partners": [row["organisation"] for row in partners],
            "areas": [row["pk"] for row in areas],
            "further_measures": list(project.further_measures.values_list("pk", flat=True)),
        }
        super().__init__(data, initial=initial)
        self._sent = data
        plan = project.measure.plan
        offered = organisations_of(plan).exclude(kind=OrganisationKind.FUNDER)
        offered = (offered | Organisation.objects.filter(pk__in=partners)).exclude(pk=project.provider_id)
        fill(self, "partners", offered.order_by("name"))
        places = areas_of(plan) | Area.objects.filter(pk__in=areas)
        fill(self, "areas", places.order_by("name", "pk"))
        others = others_of(plan, project.measure)
        rows = Measure.objects.filter(pk__in=[row.pk for row in others])
        fill(self, "further_measures", rows, [(row.pk, str(row)) for row in others])
        # Where there is nothing to choose, nothing is asked.
        for name, choices in (("areas", places), ("further_measures", others)):
            if not choices:
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        """Somebody else may have changed them meanwhile; sent once more, the form counts."""
        if self._sent is not None and self.cleaned_data.get(SEEN) not in {"", self._mark}:
            self.data = with_mark(self._sent, self._mark)
            raise forms.ValidationError(newer_parties(), code="changed_meanwhile")
        return self.cleaned_data

    @property
    def values(self) -> dict[str, Any]:
        """Arguments of ``project_parties_set``."""
        nothing: dict[str, Any] = {"areas": [], "further_measures": []}
        return nothing | self.cleaned_data
