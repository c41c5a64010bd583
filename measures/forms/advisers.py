"""Form by which a funder lets an adviser in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from measures.models import Programme
from stakeholders.models import Organisation, OrganisationKind


class AdviserForm(forms.Form):
    """Which adviser of the funder is let in."""

    organisation = forms.ModelChoiceField(
        label=_("Adviser of the funder"),
        queryset=Organisation.objects.none(),
        empty_label=_("Please choose"),
        help_text=_("Its people read all projects of the programme with their reports; they change nothing."),
    )

    def __init__(self, *args: Any, programme: Programme, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["organisation"]
        assert isinstance(field, forms.ModelChoiceField)
        let_in = programme.advisers.filter(until__isnull=True).values("organisation")
        rows = Organisation.objects.filter(kind=OrganisationKind.ADVISER, is_active=True)
        field.queryset = rows.exclude(pk__in=let_in).order_by("name")
        self.has_advisers = rows.exists()
        self.has_choice = field.queryset.exists()
