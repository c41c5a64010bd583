"""Forms of lists of operations."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from measures.forms.base import fill
from measures.forms.choices import offer
from measures.forms.filters import FilterForm
from measures.models import FundedProject, Operation
from measures.selectors.operations import ALL, CURRENT, RETIRED, Comparison, Offer, OperationFilter
from measures.services.operations import DROP, KEEP, RETIRE, STAY, OperationFields, operation_mark
from project.common.keys import key_or_none
from project.common.seen import SEEN


class OperationFilterForm(FilterForm):
    """Filter of the operations of a funder."""

    q = forms.CharField(label=_("Search"), required=False, max_length=100)
    programme = forms.ChoiceField(label=_("Programme"), required=False)
    place = forms.CharField(label=_("Place or postcode"), required=False, max_length=100)
    year = forms.ChoiceField(label=_("Running in"), required=False)
    state = forms.ChoiceField(label=_("State"), required=False)

    def __init__(self, *args: Any, offered: Offer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "programme", _("all"), [(name, name) for name in offered.programmes])
        offer(self, "year", _("all years"), [(year, str(year)) for year in offered.years])
        states = [(RETIRED, _("no longer in the list")), (ALL, _("both"))]
        offer(self, "state", _("in the list"), states)

    def wanted(self) -> OperationFilter:
        """What was chosen."""
        return OperationFilter(
            search=self.chosen("q").strip(),
            programme=self.chosen("programme"),
            place=self.chosen("place").strip(),
            year=key_or_none(self.chosen("year")),
            state=self.chosen("state") or CURRENT,
        )


class ListUploadForm(forms.Form):
    """A list of operations as a file."""

    file = forms.FileField(
        label=_("List of operations"),
        help_text=_(
            "CSV or Excel (.xlsx) in the form of the European Social Fund. Headings in the first row; needed "
            "are beneficiary, name of the operation, start, end, eligible expenditure and co-financing rate."
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.xlsx"}),
        allow_empty_file=True,
    )
    programme_name = forms.CharField(
        label=_("Programme of the list"),
        max_length=120,
        help_text=_(
            "For example “ESF NRW 2014–2020”. Please write it as the last time: a newer list is held against "
            "what came under the same name."
        ),
        widget=forms.TextInput(attrs={"list": "programme-names", "autocomplete": "off"}),
    )
    fund = forms.CharField(
        label=_("Fund"),
        max_length=60,
        required=False,
        help_text=_("For rows that do not name one, for example ESF+."),
    )


class TakeForm(forms.Form):
    """Taking a list over: what becomes of repeated rows, and of operations that are not in it."""

    hide_optional = True
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, comparison: Comparison, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if comparison.repeats:
            self.fields["duplicates"] = forms.ChoiceField(
                label=_("Rows that say the same as another one"),
                choices=[
                    (KEEP, _("take all of them over, as they stand in the list")),
                    (DROP, _("take each of them over once")),
                ],
                initial=KEEP,
                widget=forms.RadioSelect,
                help_text=_(
                    "Published lists hold such rows: two grants of the same kind look alike. If they are "
                    "left out, the sums differ from those of the list."
                ),
            )
        if comparison.gone:
            self.fields["gone"] = forms.ChoiceField(
                label=_("Operations that are not in this list"),
                choices=[
                    (STAY, _("they stay and are counted: the list only adds to what is there")),
                    (RETIRE, _("they are no longer counted: the list replaces the one before")),
                ],
                widget=forms.RadioSelect,
                help_text=_("They remain readable in either case."),
            )

    @property
    def choices(self) -> dict[str, str]:
        """Arguments of the service."""
        return {name: self.cleaned_data[name] for name in (SEEN, "duplicates", "gone") if name in self.fields}


class OperationForm(forms.Form):
    """What people add to an operation."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    project = forms.ModelChoiceField(
        label=_("Funded project"),
        queryset=FundedProject.objects.none(),
        required=False,
        empty_label=_("no project"),
        help_text=_("With a notice in which the Union pays, it is published once: as the project."),
    )
    is_natural_person = forms.BooleanField(
        label=_("The beneficiary is a natural person"),
        required=False,
        help_text=_("The name is then left out of the list that is published."),
    )
    contractor = forms.CharField(
        label=_("Contractor"), max_length=300, required=False, help_text=_("In case of public procurement.")
    )
    fund = forms.CharField(label=_("Fund"), max_length=60, required=False)
    specific_objective = forms.CharField(label=_("Specific objective"), max_length=200, required=False)
    intervention = forms.CharField(label=_("Type of intervention"), max_length=200, required=False)

    def __init__(self, *args: Any, projects: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        linked = self.initial.get("project")
        if linked is not None and not projects.contains(linked):
            # Whoever may not open the project can neither see nor lose the link to it.
            del self.fields["project"]
        else:
            fill(self, "project", projects)

    @staticmethod
    def initial_of(operation: Operation) -> dict[str, Any]:
        """What stands there now, with the mark of it."""
        names = OperationFields.__dataclass_fields__
        return {name: getattr(operation, name) for name in names} | {SEEN: operation_mark(operation)}

    @property
    def fields_given(self) -> OperationFields:
        """Argument of the service."""
        given: dict[str, Any] = {"project": self.initial.get("project")} | self.cleaned_data
        return OperationFields(**{name: given[name] for name in OperationFields.__dataclass_fields__})
