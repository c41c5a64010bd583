"""Filters of the pages of figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from monitoring.models import Domain, Indicator, IndicatorSet
from monitoring.selectors.atlas import INDEX
from stakeholders.models import Organisation


class AtlasForm(forms.Form):
    """Chooses what the atlas shows."""

    hide_optional = True

    territory = forms.TypedChoiceField(label=_("Territory"), required=False, coerce=int, empty_value=None)
    show = forms.ChoiceField(label=_("Figure"), required=False)
    year = forms.TypedChoiceField(label=_("Year"), required=False, coerce=int, empty_value=None)

    def __init__(
        self,
        *args: Any,
        territories: Sequence[Organisation],
        indicators: Iterable[Indicator],
        has_index: bool,
        years: Sequence[int],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if len(territories) > 1:
            self._choose("territory", [(row.pk, row.name) for row in territories])
        else:
            del self.fields["territory"]
        groups: dict[str, list[tuple[str, str]]] = {}
        for row in indicators:
            groups.setdefault(row.domain.name, []).append((row.key, row.name))
        index = [(INDEX, str(_("Social index")))] if has_index else []
        self._choose("show", [*index, *groups.items()])
        self._choose("year", [(year, str(year)) for year in years])

    def _choose(self, name: str, choices: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices


class IndicatorFilterForm(forms.Form):
    """Narrows the catalogue of indicators down."""

    hide_optional = True

    q = forms.CharField(label=_("Search"), required=False, max_length=100)
    domain = forms.ModelChoiceField(
        label=pgettext_lazy("of indicators", "Domain"),
        queryset=Domain.objects.none(),
        required=False,
        empty_label=_("All domains"),
    )
    supplier = forms.ChoiceField(label=_("Supplied by"), required=False)
    set = forms.ModelChoiceField(
        label=_("Set of indicators"),
        queryset=IndicatorSet.objects.none(),
        required=False,
        to_field_name="key",
        empty_label=_("With and without a set"),
    )
    scope = forms.ChoiceField(
        label=_("Show"),
        required=False,
        choices=[
            ("", _("with figures here")),
            ("all", _("the whole catalogue")),
            ("inactive", _("no longer in use")),
        ],
    )

    def __init__(
        self,
        *args: Any,
        domains: QuerySet[Domain],
        sets: QuerySet[IndicatorSet],
        suppliers: Iterable[str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in (("domain", domains), ("set", sets)):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = rows
        supplier = self.fields["supplier"]
        assert isinstance(supplier, forms.ChoiceField)
        supplier.choices = [("", _("All suppliers")), *((name, name) for name in suppliers)]


class ResultFilterForm(forms.Form):
    """Narrows the ranking of a run down."""

    hide_optional = True

    q = forms.CharField(label=_("Area"), required=False, max_length=100)
    only = forms.ChoiceField(
        label=_("Show"),
        required=False,
        choices=[
            ("", _("All areas")),
            ("outstanding", _("Areas that stand out")),
            ("left_out", _("Areas left out")),
        ],
    )
