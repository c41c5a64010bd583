"""Forms of the analysis: computing a run, choosing areas, writing profiles."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from monitoring.models import Area, IndexMethod, Indicator
from monitoring.selectors.figures import Coverage
from monitoring.services.index import Missing
from project.forms import GermanDecimalField, GermanIntegerField, needed_if
from workflows.models import AreaProfile
from workflows.selectors.analysis import RankLine

DEFAULT_BORDER = Decimal("1.00")
LEAST_BORDER, MOST_BORDER = Decimal("0.01"), Decimal("5.00")


class ComputeForm(forms.Form):
    """What an index run is computed from."""

    year = forms.TypedChoiceField(label=_("Year"), coerce=int)
    method = forms.ModelChoiceField(
        label=_("Method"),
        queryset=IndexMethod.objects.none(),
        required=False,
        empty_label=_("Rheinisch-Bergischer Kreis, with the rules and indicators below"),
        help_text=_("An own method brings its own indicators and rules: those below do not count then."),
    )
    indicators = forms.ModelMultipleChoiceField(
        label=_("Indicators"),
        queryset=Indicator.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    border = GermanDecimalField(
        label=_("Border"),
        required=False,
        min_value=LEAST_BORDER,
        max_value=MOST_BORDER,
        max_digits=4,
        decimal_places=2,
        help_text=_("Areas whose index lies above it stand out (standard deviations, usually 1 to 1.5)."),
    )
    missing_policy = forms.ChoiceField(
        label=_("If an area lacks figures"),
        choices=Missing.choices,
        help_text=_("A missing figure is never read as zero."),
    )
    minimum_population = GermanIntegerField(
        label=_("Inhabitants, at least"),
        required=False,
        min_value=1,
        help_text=_("Smaller areas stay out of the index; empty for no such rule."),
    )

    def __init__(
        self,
        *args: Any,
        years: Sequence[int],
        indicators: Sequence[Indicator],
        coverage: Mapping[int, Coverage],
        methods: QuerySet[IndexMethod],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.coverage = coverage
        method = self.fields["method"]
        assert isinstance(method, forms.ModelChoiceField)
        if methods.exists():
            method.queryset = methods
        else:
            del self.fields["method"]
        needed_if(self.fields["border"], _("needed without an own method"))
        self.offered = indicators
        year = self.fields["year"]
        assert isinstance(year, forms.TypedChoiceField)
        year.choices = [(value, str(value)) for value in years]
        field = self.fields["indicators"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = Indicator.objects.filter(pk__in=[row.pk for row in indicators]).select_related(
            "unit", "domain"
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("method") is None and "method" not in self.errors:
            if "indicators" in cleaned and not cleaned["indicators"]:
                self.add_error("indicators", _("Choose at least one indicator."))
            if "border" in cleaned and cleaned["border"] is None:
                self.add_error("border", forms.Field.default_error_messages["required"])
        return cleaned

    def rows(self) -> list[tuple[Indicator, bool, Coverage | None]]:
        """Indicators, whether each is ticked, and how complete it is."""
        ticked = {str(getattr(value, "pk", value)) for value in self["indicators"].value() or []}
        return [(row, str(row.pk) in ticked, self.coverage.get(row.pk)) for row in self.offered]


class ChooseForm(forms.Form):
    """Which areas get a profile; those that do not stand out need a reason."""

    hide_optional = True

    run = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, lines: Sequence[RankLine] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines = lines
        for line in lines:
            area = line.result.area
            self.fields[f"area-{area.pk}"] = forms.BooleanField(
                label=area.name, required=False, initial=line.result.stands_out
            )
            if not line.result.stands_out:
                self.fields[f"reason-{area.pk}"] = forms.CharField(
                    label=gettext("Why %(area)s?") % {"area": area.name},
                    required=False,
                    max_length=250,
                    widget=forms.TextInput(
                        attrs={
                            "aria-label": gettext("Why %(area)s?") % {"area": area.name},
                            "autocomplete": "off",
                        }
                    ),
                )

    def _rows(self, *, stands_out: bool) -> list[tuple[RankLine, Any, Any]]:
        rows = []
        for line in self.lines:
            if line.result.stands_out is stands_out:
                pk = line.result.area_id
                reason = self[f"reason-{pk}"] if f"reason-{pk}" in self.fields else None
                rows.append((line, self[f"area-{pk}"], reason))
        return rows

    def outstanding_rows(self) -> list[tuple[RankLine, Any, Any]]:
        """Areas above the border: line, tick, nothing to give reasons for."""
        return self._rows(stands_out=True)

    def other_rows(self) -> list[tuple[RankLine, Any, Any]]:
        """Areas below it, and those left out: line, tick, reason."""
        return self._rows(stands_out=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for line in self.lines:
            pk = line.result.area_id
            if (
                cleaned.get(f"area-{pk}")
                and f"reason-{pk}" in self.fields
                and not cleaned.get(f"reason-{pk}")
            ):
                self.add_error(
                    f"reason-{pk}",
                    gettext("This area does not stand out: say why it is chosen all the same."),
                )
        return cleaned

    def chosen(self) -> tuple[list[Any], dict[int, str]]:
        """Chosen areas, and the reasons by primary key."""
        areas = [line.result.area for line in self.lines if self.cleaned_data[f"area-{line.result.area_id}"]]
        return areas, {area.pk: self.cleaned_data.get(f"reason-{area.pk}", "") for area in areas}


class ChooseWithoutIndexForm(forms.Form):
    """Which areas get a profile where no index could be computed; one reason for all of them."""

    areas = forms.TypedMultipleChoiceField(
        label=_("Areas that get a profile"), coerce=int, widget=forms.CheckboxSelectMultiple
    )
    reason = forms.CharField(
        label=_("Why these areas, and why without an index?"),
        max_length=250,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("It stands in each of the profiles and can be read in the conference."),
    )

    def __init__(self, *args: Any, offered: Sequence[Area], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered = offered
        field = self.fields["areas"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(row.pk, row.name) for row in offered]

    def chosen(self) -> tuple[list[Any], dict[int, str]]:
        """Chosen areas, and the reasons by primary key."""
        areas = [row for row in self.offered if row.pk in self.cleaned_data["areas"]]
        return areas, {row.pk: self.cleaned_data["reason"] for row in areas}


class SeenField(forms.CharField):
    """A moment sent along in a form, to the microsecond."""

    widget = forms.HiddenInput

    def prepare_value(self, value: Any) -> Any:
        """As it is sent."""
        return value.isoformat() if isinstance(value, datetime.datetime) else value

    def clean(self, value: Any) -> datetime.datetime | None:
        """What cannot be read was not seen."""
        try:
            return datetime.datetime.fromisoformat(value or "")
        except ValueError:
            return None


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    """Text of a profile.

    Attributes:
        seen: When the text the form began with was saved, to see whether a colleague saved meanwhile.
    """

    seen = SeenField(required=False)

    class Meta:
        model = AreaProfile
        fields = ["strengths", "weaknesses", "potentials"]
        widgets = {name: forms.Textarea(attrs={"rows": 9, "class": "pg-input--tall"}) for name in fields}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["weaknesses"].required = True
        self.initial["seen"] = self.instance.edited_at

    def rebase(self, stored: AreaProfile) -> None:
        """Say which text the form replaces when it is sent once more."""
        data = cast(QueryDict, self.data).copy()
        data["seen"] = "" if stored.edited_at is None else stored.edited_at.isoformat()
        self.data = data


class ReleaseProfilesForm(forms.Form):
    """Releases all profiles; only who is alone has something to fill in."""

    def __init__(self, *args: Any, is_alone: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_alone:
            self.fields["reason"] = forms.CharField(
                label=_("Why nobody else can release them"),
                max_length=500,
                help_text=_(
                    "Who wrote does not release. You are the only one of the planning unit, so you may; the "
                    "reason stands in the log. Better: let your administration name a deputy."
                ),
            )
