"""Rows of a measure's form: milestones, money, and the measures it needs first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from measures.forms.base import RowFormSet, SketchForm, fill
from measures.forms.choices import by_kind
from measures.models import FinanceKind, Measure
from measures.services.parts import FinanceInput, MilestoneInput
from project.forms import GermanDecimalField
from stakeholders.models import Organisation

#: Years in which money can lie.
_FIRST_YEAR, _LAST_YEAR = 2000, 2100


class MilestoneForm(SketchForm):
    """A milestone: what shall be reached by when."""

    hide_optional = True
    pk = forms.IntegerField(widget=forms.HiddenInput, required=False)
    title = forms.CharField(label=_("Milestone"), max_length=200)
    due_on = forms.DateField(label=_("Due"))


class FinanceForm(SketchForm):
    """What the measure costs, or who pays for it."""

    hide_optional = True
    pk = forms.IntegerField(widget=forms.HiddenInput, required=False)
    kind = forms.ChoiceField(
        label=_("Cost or funding"), choices=FinanceKind.choices, initial=FinanceKind.COST.value
    )
    title = forms.CharField(
        label=_("For what, or from which source"),
        max_length=200,
        help_text=_("For example half a post, or the name of the programme."),
    )
    amount = GermanDecimalField(label=_("Amount"), max_digits=12, decimal_places=2, min_value=0, unit="€")
    # No number that is grouped: "2.027" is no year.
    year = forms.IntegerField(
        label=_("Year"),
        required=False,
        min_value=_FIRST_YEAR,
        max_value=_LAST_YEAR,
        help_text=_("Left empty: for the whole term."),
    )
    payer = forms.ModelChoiceField(
        label=_("Paid by"), queryset=Organisation.objects.none(), required=False, empty_label=_("not said")
    )
    is_secured = forms.BooleanField(label=_("Secured"), required=False)

    def __init__(self, *args: Any, organisations: Sequence[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].error_messages["min_value"] = _("An amount cannot be below zero.")
        queryset = Organisation.objects.filter(pk__in=[row.pk for row in organisations])
        fill(self, "payer", queryset, [("", _("not said")), *by_kind(organisations)])


class NeedForm(SketchForm):
    """A measure that has to come first."""

    hide_optional = True
    needed = forms.ModelChoiceField(
        label=_("Needs first"), queryset=Measure.objects.none(), empty_label=_("no further measure")
    )
    note = forms.CharField(
        label=_("Why"),
        max_length=300,
        required=False,
        help_text=_("For example: the rooms of this measure are built there."),
    )

    def __init__(self, *args: Any, others: Sequence[Measure], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        queryset = Measure.objects.filter(pk__in=[row.pk for row in others])
        choices = [("", _("no further measure")), *((row.pk, str(row)) for row in others)]
        fill(self, "needed", queryset, choices)


def milestones_of(formset: RowFormSet) -> list[MilestoneInput]:
    """Milestones for the service."""
    return [MilestoneInput(title=row["title"], due_on=row["due_on"], pk=row["pk"]) for row in formset.kept]


def finance_of(formset: RowFormSet) -> list[FinanceInput]:
    """Lines of money for the service."""
    return [FinanceInput(**row) for row in formset.kept]


def needs_of(formset: RowFormSet) -> list[tuple[Measure, str]]:
    """Measures needed first, for the service."""
    return [(row["needed"], row["note"]) for row in formset.kept]


def initial_milestones(measure: Measure | None) -> list[dict[str, Any]]:
    """Rows of the stored milestones. Queries: 1."""
    if measure is None:
        return []
    rows = measure.milestones.order_by("due_on", "pk")
    return [{"pk": row.pk, "title": row.title, "due_on": row.due_on} for row in rows]


def initial_finance(measure: Measure | None) -> list[dict[str, Any]]:
    """Rows of the stored lines of money. Queries: 1."""
    if measure is None:
        return []
    names = ("pk", "kind", "title", "amount", "year", "payer", "is_secured")
    return [dict(row) for row in measure.finance_lines.values(*names)]


def initial_needs(measure: Measure | None) -> list[dict[str, Any]]:
    """Rows of the stored needs. Queries: 1."""
    if measure is None:
        return []
    return [{"needed": row.needed_id, "note": row.note} for row in measure.needs.order_by("pk")]
