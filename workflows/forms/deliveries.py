"""Forms of requested deliveries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from monitoring.importers.entries import EntryError, entry_text, read_entry
from monitoring.models import Area, Indicator
from monitoring.services.readings import request_of
from project.forms import needed_if
from workflows.models import DataRequestState

_TEXT_ROWS = {"rows": 4}


class UploadForm(forms.Form):
    """A file with figures."""

    file = forms.FileField(
        label=_("File with your figures"),
        help_text=_("Excel workbook (.xlsx) or CSV. You see a preview before anything is handed in."),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv,.txt"}),
        # What is wrong with a file stands in its lasting list of remarks, an empty one too.
        allow_empty_file=True,
    )


class SubmitForm(forms.Form):
    """Hands in exactly the delivery that was looked at."""

    delivery = forms.IntegerField(
        widget=forms.HiddenInput,
        error_messages={"required": _("Please upload a file first.")},
    )
    comment = forms.CharField(
        label=_("Comment for the social planning unit"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs=_TEXT_ROWS),
        help_text=_("For example on gaps, new definitions or figures that stand out."),
    )


class ReviewForm(forms.Form):
    """Judgement of a delivery."""

    reason = needed_if(
        forms.CharField(
            label=_("Reason for returning it"),
            required=False,
            max_length=4000,
            widget=forms.Textarea(attrs=_TEXT_ROWS),
            help_text=_("Only needed if you return the delivery. The supplier reads it word for word."),
        ),
        _("only needed for a return"),
    )


class WaiveForm(forms.Form):
    """Going on without a delivery."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=4000,
        widget=forms.Textarea(attrs=_TEXT_ROWS),
        help_text=_(
            "It stays with the cycle and is shown on its page, in the list of deliveries, in the analysis and"
            " on the area profiles."
        ),
    )


class ReopenForm(forms.Form):
    """Expecting a delivery again that was gone on without."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=4000,
        widget=forms.Textarea(attrs=_TEXT_ROWS),
        help_text=_("The supplier reads it."),
    )


class RequestFilterForm(forms.Form):
    """Narrows the list of requested deliveries down."""

    hide_optional = True

    q = forms.CharField(label=_("Search"), required=False, max_length=100)
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[("", _("All states")), *DataRequestState.choices],
    )
    overdue = forms.BooleanField(label=_("Overdue only"), required=False)


class GridForm(forms.Form):
    """Figures typed in the browser: one field for each area, year and indicator, each judged by itself.

    Attributes:
        based_on: Key of the delivery that filled the form, to see whether a colleague saved meanwhile.
    """

    hide_optional = True

    based_on = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        indicators: Sequence[Indicator],
        areas: Sequence[Area],
        year: int,
        before: Mapping[tuple[int, int], str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.indicators, self.areas, self.year = indicators, areas, year
        self.before = before or {}
        self.rules = request_of(indicators, areas, [year]).indicators
        for area in areas:
            for indicator in indicators:
                label = f"{area.name}, {indicator.name}, {year}"
                self.fields[self.name_of(area, indicator)] = forms.CharField(
                    label=label,
                    required=False,
                    max_length=40,
                    widget=forms.TextInput(
                        attrs={"class": "pg-input--number", "autocomplete": "off", "aria-label": label}
                    ),
                )

    def clean(self) -> dict[str, Any]:
        """Read every cell: what is wrong is said beside it."""
        for area in self.areas:
            for indicator, rule in zip(self.indicators, self.rules, strict=True):
                name = self.name_of(area, indicator)
                if name in self.cleaned_data:
                    try:
                        figure = read_entry(self.cleaned_data[name], rule)
                    except EntryError as error:
                        self.add_error(name, error.message)
                    else:
                        self.cleaned_data[name] = entry_text(figure)
        return self.cleaned_data

    def rebase(self, delivery: int | None) -> None:
        """Say which delivery the form replaces when it is sent once more."""
        data = cast(QueryDict, self.data).copy()
        data["based_on"] = "" if delivery is None else str(delivery)
        self.data = data

    @staticmethod
    def name_of(area: Area, indicator: Indicator) -> str:
        """Name of the field of a cell."""
        return f"v-{area.pk}-{indicator.pk}"

    def rows(self) -> list[tuple[Area, list[tuple[forms.BoundField, Indicator, str]]]]:
        """Fields area by area, each with its indicator and the figure of the year before."""
        return [
            (
                area,
                [
                    (self[self.name_of(area, row)], row, self.before.get((area.pk, row.pk), ""))
                    for row in self.indicators
                ],
            )
            for area in self.areas
        ]

    def typed(self) -> dict[tuple[str, int, str], str]:
        """What was typed, as it was understood, by area key, year and indicator key."""
        return {
            (area.key, self.year, row.key): self.cleaned_data[self.name_of(area, row)]
            for area in self.areas
            for row in self.indicators
        }
