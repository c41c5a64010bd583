"""Filters of the pages of figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from monitoring.atlas_choice import method_name
from monitoring.classes import LEAST_CLASSES, MOST_CLASSES, ClassMethod
from monitoring.models import AreaKind, Domain, IndexRun, Indicator, IndicatorSet
from monitoring.selectors.atlas import INDEX
from monitoring.selectors.methods import content_of, method_words, missing_words
from project.common.formats import datetime_de
from stakeholders.models import Organisation


class AtlasForm(forms.Form):
    """Chooses what the atlas shows."""

    hide_optional = True

    territory = forms.TypedChoiceField(label=_("Territory"), required=False, coerce=int, empty_value=None)
    show = forms.ChoiceField(label=_("Figure"), required=False)
    level = forms.ChoiceField(label=_("Level"), required=False)
    year = forms.TypedChoiceField(label=_("Year"), required=False, coerce=int, empty_value=None)
    method = forms.ChoiceField(label=_("Classes by"), required=False)
    classes = forms.TypedChoiceField(
        label=_("Number of classes"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[(count, str(count)) for count in range(LEAST_CLASSES, MOST_CLASSES + 1)],
    )

    def __init__(
        self,
        *args: Any,
        territories: Sequence[Organisation],
        indicators: Iterable[Indicator],
        has_index: bool,
        levels: Sequence[AreaKind],
        years: Sequence[int],
        is_index: bool,
        has_count: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._choose_if_several("territory", [(row.pk, row.name) for row in territories])
        self._choose_if_several("level", [(row.value, row.label) for row in levels])
        groups: dict[str, list[tuple[str, str]]] = {}
        for row in indicators:
            groups.setdefault(row.domain.name, []).append((row.key, row.name))
        index = [(INDEX, str(_("Social index")))] if has_index else []
        self._choose("show", [*index, *groups.items()])
        self._choose("year", [(year, str(year)) for year in years])
        # What is usual differs between index and indicator: left empty, it fits both.
        usual = ClassMethod.BORDER if is_index else ClassMethod.QUANTILES
        methods = [method for method in ClassMethod if method not in {usual, ClassMethod.BORDER}]
        self._choose(
            "method", [("", method_name(usual)), *((method.value, method_name(method)) for method in methods)]
        )
        if not has_count:
            del self.fields["classes"]

    def _choose_if_several(self, name: str, choices: Sequence[tuple[Any, Any]]) -> None:
        if len(choices) > 1:
            self._choose(name, choices)
        else:
            del self.fields[name]

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


_RESULT_CHOICES: Final = [
    ("", _("All areas")),
    ("outstanding", _("Areas that stand out")),
    ("unsure", _("Areas that stand out under some weightings only")),
    ("left_out", _("Areas left out")),
]


class ResultFilterForm(forms.Form):
    """Narrows the ranking of a run down."""

    hide_optional = True

    q = forms.CharField(label=_("Area"), required=False, max_length=100)
    only = forms.ChoiceField(
        label=_("Show"),
        required=False,
        choices=_RESULT_CHOICES,
    )

    def __init__(self, *args: Any, is_sure_known: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        only = self.fields["only"]
        assert isinstance(only, forms.ChoiceField)
        if not is_sure_known:
            only.choices = [row for row in _RESULT_CHOICES if row[0] != "unsure"]


class CompareForm(forms.Form):
    """Chooses the run beside, and which areas are shown."""

    hide_optional = True

    q = forms.CharField(label=_("Area"), required=False, max_length=100)
    only = forms.ChoiceField(
        label=_("Show"),
        required=False,
        choices=[
            ("", _("All areas")),
            ("outstanding", _("Begins or ceases to stand out")),
            ("class", _("Another class")),
            ("moved", _("Another rank")),
        ],
    )

    def __init__(self, *args: Any, runs: Sequence[IndexRun], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # "with" is no name of Python.
        self.fields["with"] = forms.TypedChoiceField(
            label=_("Compared with the run of"),
            required=False,
            coerce=int,
            choices=[(row.pk, f"{datetime_de(row.created_at)} ({run_title(row)})") for row in runs],
        )
        self.order_fields(["with", "only", "q"])


def run_title(run: IndexRun) -> str:
    """Year, method and rule for missing figures of a run, to tell it from others."""
    missing = _("if figures are missing: %(rule)s") % {"rule": missing_words(content_of(run, ()))}
    return f"{run.year}, {method_words(run)}, {missing}"
