"""Filter of the comparison of two rounds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from measures.forms.choices import offer
from measures.forms.filters import FilterForm
from measures.models import ReportingRound
from measures.selectors.round_comparison import CHANGE_LABELS, Change, ComparisonFilter
from project.common.formats import date_de


class ComparisonForm(FilterForm):
    """Which rounds, and which of the changes."""

    a = forms.ChoiceField(label=_("One round"), required=False)
    b = forms.ChoiceField(label=_("Other round"), required=False)
    q = forms.CharField(label=_("Search"), required=False, max_length=100)
    change = forms.ChoiceField(label=_("What changed"), required=False)
    kind = forms.ChoiceField(label=_("Measure or key figure"), required=False)
    field = forms.ChoiceField(label=_("Field of action"), required=False)

    def __init__(
        self,
        *args: Any,
        rounds: Iterable[ReportingRound],
        fields_of_action: Iterable[str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        choices = [(row.pk, date_de(row.reference_on)) for row in rounds]
        for name in ("a", "b"):
            chosen = self.fields[name]
            assert isinstance(chosen, forms.ChoiceField)
            chosen.choices = choices
        offer(self, "change", _("all"), [(change.value, CHANGE_LABELS[change]) for change in Change])
        offer(self, "kind", _("all"), [("measure", _("Measures")), ("figure", _("Key figures"))])
        offer(self, "field", _("all"), [(title, title) for title in fields_of_action])

    def wanted(self) -> ComparisonFilter:
        """What was chosen."""
        return ComparisonFilter(
            search=self.chosen("q").strip(),
            change=self.chosen("change"),
            kind=self.chosen("kind"),
            field=self.chosen("field"),
        )
