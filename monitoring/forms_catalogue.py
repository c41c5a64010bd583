"""Forms of the catalogue: an entry, a file, what happens to entries that differ."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from monitoring.catalogue.fields import (
    FIRST_YEAR,
    INDICATOR,
    INDICATOR_TIES,
    LAST_YEAR,
    LONGEST_TEXT,
    FieldKind,
)
from monitoring.models import Direction, Domain, Frequency, Indicator, Unit
from monitoring.selectors.catalogue_plan import Existing

_LONG = {"rows": 3}
_COUNTS = Indicator.objects.filter(unit__is_count=True).select_related("domain")


class IndicatorForm(forms.Form):
    """An entry of the catalogue; its key stays as it is, deliveries name it."""

    name_de = forms.CharField(label=_("Name (German)"), max_length=200)
    name_en = forms.CharField(label=_("Name (English)"), max_length=200)
    domain = forms.ModelChoiceField(
        label=pgettext_lazy("of indicators", "Domain"), queryset=Domain.objects.all(), empty_label=None
    )
    unit = forms.ModelChoiceField(
        label=_("Unit"),
        queryset=Unit.objects.all(),
        empty_label=None,
        help_text=_("Stays as it is once there are figures."),
    )
    direction = forms.ChoiceField(label=_("Direction"), choices=Direction.choices)
    definition = forms.CharField(
        label=_("Definition"), max_length=LONGEST_TEXT, widget=forms.Textarea(attrs=_LONG)
    )
    numerator = forms.CharField(
        label=_("Numerator"), max_length=300, required=False, help_text=_("What is counted.")
    )
    base = forms.CharField(
        label=_("Base"), max_length=300, required=False, help_text=_("What it is related to.")
    )
    formula = forms.CharField(
        label=_("Formula"),
        max_length=300,
        required=False,
        help_text=_("For example: numerator / base × 100."),
    )
    denominator = forms.ModelChoiceField(
        label=_("Related to"),
        queryset=_COUNTS,
        required=False,
        empty_label=_("the inhabitants, or unknown"),
        help_text=_(
            "The count in this catalogue that is the base. "
            "With it small numbers are recognised and kept secret."
        ),
    )
    numerator_count = forms.ModelChoiceField(
        label=_("Count of the same people"),
        queryset=_COUNTS,
        required=False,
        empty_label=_("none in this catalogue"),
        help_text=_("A rate and the count of the same people are kept secret in the same areas."),
    )
    part_of = forms.ModelChoiceField(
        label=_("Part of"),
        queryset=_COUNTS,
        required=False,
        empty_label=_("no other count"),
        help_text=_(
            "The count it adds up to together with other parts, so that nobody works out a small part."
        ),
    )
    secrecy_threshold = forms.IntegerField(
        label=_("Least count that is shown"),
        required=False,
        min_value=1,
        max_value=10_000,
        help_text=_("Only where the source asks for another one than this installation has."),
    )
    largest_contribution = forms.ModelChoiceField(
        label=_("Largest single contribution"),
        queryset=Indicator.objects.select_related("domain"),
        required=False,
        empty_label=_("not known"),
        help_text=_(
            "The indicator that tells how much the largest single one gives. It is never shown itself."
        ),
    )
    dominance_percent = forms.IntegerField(
        label=_("Secret above this share of one contributor (percent)"),
        required=False,
        min_value=1,
        max_value=100,
        help_text=_("Goes with the largest contribution: an amount that is mostly one house's stays secret."),
    )
    source = forms.CharField(label=_("Source"), max_length=300)
    supplier = forms.CharField(label=_("Supplied by"), max_length=200, required=False)
    frequency = forms.ChoiceField(
        label=_("How often"), required=False, choices=[("", _("unknown")), *Frequency.choices]
    )
    first_year = forms.IntegerField(
        label=_("Figures from (year)"), required=False, min_value=FIRST_YEAR, max_value=LAST_YEAR
    )
    last_year = forms.IntegerField(
        label=_("Figures until (year)"),
        required=False,
        min_value=FIRST_YEAR,
        max_value=LAST_YEAR,
        help_text=_("Leave empty while new figures come."),
    )
    minimum_base = forms.IntegerField(
        label=_("Minimum base"),
        required=False,
        min_value=1,
        max_value=1_000_000,
        help_text=_("With fewer people or cases behind it a value says little."),
    )
    interpretation = forms.CharField(
        label=_("Interpretation"), max_length=LONGEST_TEXT, required=False, widget=forms.Textarea(attrs=_LONG)
    )
    limits = forms.CharField(
        label=_("Limits"), max_length=LONGEST_TEXT, required=False, widget=forms.Textarea(attrs=_LONG)
    )
    is_example = forms.BooleanField(label=_("Example values"), required=False)
    is_active = forms.BooleanField(label=_("In use"), required=False)
    reason = forms.CharField(
        label=_("Reason for the change"),
        max_length=500,
        help_text=_("Stands in the log, for all who ask why."),
    )

    def __init__(self, *args: Any, indicator: Indicator, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {spec.name: getattr(indicator, spec.name) for spec in INDICATOR})
        super().__init__(*args, **kwargs)
        for name in INDICATOR_TIES:
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            assert field.queryset is not None
            field.queryset = field.queryset.exclude(pk=indicator.pk)

    def clean(self) -> dict[str, Any]:
        """The years must go together."""
        cleaned = super().clean() or {}
        first, last = cleaned.get("first_year"), cleaned.get("last_year")
        if first is not None and last is not None and last < first:
            self.add_error("last_year", _("The latest year lies before the earliest."))
        return cleaned

    def entry(self) -> dict[str, Any]:
        """Fields of the entry as the service wants them."""
        texts = {spec.name for spec in INDICATOR if spec.kind is FieldKind.TEXT}
        return {
            spec.name: self.cleaned_data[spec.name].replace("\r\n", "\n")
            if spec.name in texts
            else self.cleaned_data[spec.name]
            for spec in INDICATOR
        }


class ChangeReasonForm(forms.Form):
    """Why taking a file over changes entries that are here already."""

    reason = forms.CharField(
        label=_("Reason for the change"),
        max_length=500,
        help_text=_("Stands in the log, for all who ask why."),
    )


class ExistingForm(forms.Form):
    """What happens to entries that are here already and differ."""

    existing = forms.ChoiceField(
        label=_("Entries that are here already and differ"),
        choices=Existing.choices,
        widget=forms.RadioSelect,
        initial=Existing.KEEP,
    )


class CatalogueUploadForm(forms.Form):
    """A file of the catalogue."""

    file = forms.FileField(
        label=_("File of the catalogue"),
        help_text=_(
            "As another municipality exported it (.json). You see a preview before anything is saved."
        ),
        widget=forms.FileInput(attrs={"accept": ".json,application/json"}),
        allow_empty_file=True,
    )
