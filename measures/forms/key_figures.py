"""The form of a key figure: what is counted or judged, baseline and targets, who reports, what it follows."""

from __future__ import annotations

import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from measures.forms.base import RowFormSet, SketchForm, areas_of, fill, organisations_of
from measures.forms.choices import by_kind
from measures.models import (
    ActionPlan,
    FigureCycle,
    FigureDirection,
    FigureKind,
    FigureLevel,
    KeyFigure,
    Measure,
    QualityStep,
)
from measures.services.key_figures import STEP_UNIT, KeyFigureInput
from measures.status import AT_RISK_PERCENT, ON_PATH_PERCENT
from monitoring.models import Area, Indicator, Unit
from project.forms import GermanDecimalField, GermanIntegerField
from stakeholders.models import Organisation

#: Places for targets on the form of a key figure.
TARGET_SLOTS = 4
_STEPS = [("", _("Please choose")), *((str(step.value), step.label) for step in QualityStep)]
_NO_BASELINE = _("A target needs a baseline: enter where the figure stood before, and on which day.")
#: Fields that a figure judged in steps does not have.
_COUNTED_ONLY = ("unit", "direction", "indicator", "area")
#: Fields that are folded away: most figures are as usual in them.
_FOLDED = (
    "definition",
    "source",
    "cycle",
    "reporter",
    "on_path_percent",
    "at_risk_percent",
    "indicator",
    "area",
)


class FigureOffers:
    """What can be chosen on the forms of key figures of a plan, read once for all of them."""

    def __init__(self, plan: ActionPlan, measure: Measure | None = None) -> None:
        self.plan, self.measure = plan, measure

    @cached_property
    def organisations(self) -> list[tuple[Any, Any]]:
        """Who can report."""
        rows = organisations_of(self.plan, self.measure)
        return [("", _("the responsible organisation")), *by_kind(rows)]

    @cached_property
    def areas(self) -> list[tuple[Any, Any]]:
        """Areas of the territory."""
        rows = areas_of(self.plan, self.measure)
        return [("", _("none")), *((row.pk, row.name) for row in rows)]

    @cached_property
    def indicators(self) -> list[tuple[Any, Any]]:
        """Indicators by domain that have values in the territory."""
        rows = Indicator.objects.filter(values__area__territory_id=self.plan.territory_id).distinct()
        rows = rows.select_related("domain").order_by("domain", "pk")
        groups = [
            (domain.name, [(row.pk, row.name) for row in found])
            for domain, found in groupby(rows, key=lambda row: row.domain)
        ]
        return [("", _("none: it is reported")), *groups]


class KeyFigureForm(SketchForm):
    """A key figure with baseline and targets; what it is judged by follows from its hidden kind."""

    pk = forms.IntegerField(widget=forms.HiddenInput, required=False)
    kind = forms.ChoiceField(
        choices=FigureKind.choices, widget=forms.HiddenInput, initial=FigureKind.QUANTITY, required=False
    )
    title = forms.CharField(
        label=_("Key figure"), max_length=200, help_text=_("What is counted, for example “Children reached”.")
    )
    level = forms.ChoiceField(
        label=_("Level"), choices=FigureLevel.choices, initial=FigureLevel.OUTPUT, widget=forms.RadioSelect
    )
    unit = forms.ModelChoiceField(
        label=_("Unit"),
        queryset=Unit.objects.exclude(key=STEP_UNIT).order_by("symbol_de"),
        empty_label=_("Please choose"),
        required=False,
    )
    direction = forms.ChoiceField(
        label=_("Direction"),
        choices=FigureDirection.choices,
        initial=FigureDirection.RISING,
        widget=forms.RadioSelect,
    )
    baseline = GermanDecimalField(
        label=_("Baseline"), max_digits=14, decimal_places=2, error_messages={"required": _NO_BASELINE}
    )
    baseline_on = forms.DateField(label=_("Day of the baseline"), error_messages={"required": _NO_BASELINE})
    definition = forms.CharField(
        label=_("How it is counted"), required=False, widget=forms.Textarea({"rows": 2})
    )
    source = forms.CharField(
        label=_("Source"),
        required=False,
        max_length=300,
        help_text=_("Where the numbers come from, for example a list of participants."),
    )
    cycle = forms.ChoiceField(
        label=_("Reported"),
        choices=FigureCycle.choices,
        initial=FigureCycle.EVERY_ROUND,
        help_text=_("Periods are counted from the day of the baseline."),
    )
    reporter = forms.ModelChoiceField(
        label=_("Reported by"), queryset=Organisation.objects.none(), required=False
    )
    on_path_percent = GermanIntegerField(
        label=_("Green up to (% behind)"), min_value=0, max_value=99, initial=ON_PATH_PERCENT
    )
    at_risk_percent = GermanIntegerField(
        label=_("Yellow up to (% behind)"), min_value=1, max_value=100, initial=AT_RISK_PERCENT
    )
    indicator = forms.ModelChoiceField(
        label=_("Follows the indicator"),
        queryset=Indicator.objects.none(),
        required=False,
        help_text=_(
            "Only for an outcome: its values come from the accepted figures of an area by themselves, and "
            "nobody is asked for them. A change is no proof of an effect."
        ),
    )
    area = forms.ModelChoiceField(label=_("In the area"), queryset=Area.objects.none(), required=False)

    def __init__(self, *args: Any, offers: FigureOffers, slots: int = TARGET_SLOTS, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.slots = slots
        self.is_judged = self["kind"].value() == FigureKind.QUALITY
        territory = offers.plan.territory_id
        fill(self, "reporter", organisations_of(offers.plan, offers.measure), offers.organisations)
        fill(self, "indicator", Indicator.objects.select_related("unit"), offers.indicators)
        fill(self, "area", Area.objects.filter(territory_id=territory), offers.areas)
        for number in range(slots):
            self.fields[f"due_on_{number}"] = forms.DateField(label=_("Target by"), required=number == 0)
            self.fields[f"value_{number}"] = self._value_field(_("Target"), is_required=number == 0)
            self.fields[f"wording_{number}"] = forms.CharField(
                label=_("What shall be reached"), max_length=300, required=False
            )
        if self.is_judged:
            for name in _COUNTED_ONLY:
                del self.fields[name]
            self.fields["baseline"] = self._value_field(_("Baseline"), is_required=True)
            self.fields["baseline"].error_messages["required"] = str(_NO_BASELINE)

    def _value_field(self, label: Any, *, is_required: bool) -> forms.Field:
        if self.is_judged:
            return forms.TypedChoiceField(
                label=label, choices=_STEPS, coerce=Decimal, empty_value=None, required=is_required
            )
        return GermanDecimalField(label=label, max_digits=14, decimal_places=2, required=is_required)

    @property
    def row_label(self) -> Any:
        """Legend of the row."""
        title = self["title"].value()
        if title:
            return title
        return _("New judgement in steps") if self.is_judged else _("New key figure")

    @property
    def target_rows(self) -> list[list[forms.BoundField]]:
        """Day and value of each target, of a judgement also what it is about."""
        names = ("due_on", "value", "wording") if self.is_judged else ("due_on", "value")
        return [[self[f"{name}_{number}"] for name in names] for number in range(self.slots)]

    @property
    def folded_fields(self) -> list[forms.BoundField]:
        """Fields that most key figures leave as they are."""
        return [self[name] for name in _FOLDED if name in self.fields]

    @property
    def has_folded_error(self) -> bool:
        """Whether something is wrong behind the fold, which is then open."""
        return any(name in self.errors for name in _FOLDED)

    def clean(self) -> dict[str, Any]:
        """Each target has both a day and a value; what follows no indicator has a unit."""
        cleaned = super().clean() or self.cleaned_data
        for number in range(self.slots):
            day, value = f"due_on_{number}", f"value_{number}"
            if cleaned.get(day) and cleaned.get(value) is None and value not in self.errors:
                self.add_error(value, _("Enter the value to be reached by this day."))
            if cleaned.get(value) is not None and not cleaned.get(day) and day not in self.errors:
                self.add_error(day, _("Enter the day by which this value is to be reached."))
        if self.is_judged:
            return cleaned
        if not cleaned.get("unit") and not cleaned.get("indicator") and "unit" not in self.errors:
            self.add_error("unit", _("Choose the unit in which it is counted."))
        if bool(cleaned.get("indicator")) != bool(cleaned.get("area")):
            self.add_error("area", _("Choose an indicator and an area, or neither."))
        return cleaned

    def as_input(self) -> KeyFigureInput:
        """The key figure for the service."""
        cleaned = self.cleaned_data
        numbers = [number for number in range(self.slots) if cleaned.get(f"due_on_{number}")]
        targets: list[tuple[datetime.date, Decimal]] = [
            (cleaned[f"due_on_{number}"], cleaned[f"value_{number}"]) for number in numbers
        ]
        return KeyFigureInput(
            title=cleaned["title"],
            unit=cleaned.get("unit"),
            baseline=cleaned["baseline"],
            baseline_on=cleaned["baseline_on"],
            targets=targets,
            level=cleaned["level"],
            direction=cleaned.get("direction", FigureDirection.RISING),
            definition=cleaned["definition"],
            pk=cleaned.get("pk"),
            source=cleaned["source"],
            kind=cleaned["kind"] or FigureKind.QUANTITY,
            cycle=cleaned["cycle"],
            reporter=cleaned["reporter"],
            on_path_percent=cleaned["on_path_percent"],
            at_risk_percent=cleaned["at_risk_percent"],
            indicator=cleaned.get("indicator"),
            area=cleaned.get("area"),
            wordings={
                cleaned[f"due_on_{number}"]: cleaned[f"wording_{number}"]
                for number in numbers
                if cleaned[f"wording_{number}"]
            },
        )


class KeyFigureFormSet(RowFormSet):
    """All key figures of a measure; a row can be taken away."""

    remove_label = _("Remove this key figure")


def initial_figures(measure: Measure | None) -> list[dict[str, Any]]:
    """First values of the forms of a measure's key figures. Queries: 2."""
    if measure is None:
        return []
    rows = measure.key_figures.select_related("unit").prefetch_related("targets").order_by("pk")
    return [_initial_figure(row) for row in rows]


def _initial_figure(figure: KeyFigure) -> dict[str, Any]:
    is_judged = figure.kind == FigureKind.QUALITY

    def shown(value: Decimal) -> Any:
        return str(int(value)) if is_judged else value

    targets = sorted(figure.targets.all(), key=lambda target: target.due_on)
    values: dict[str, Any] = {
        "pk": figure.pk,
        "kind": figure.kind,
        "title": figure.title,
        "level": figure.level,
        "unit": figure.unit_id,
        "direction": figure.direction,
        "baseline": shown(figure.baseline),
        "baseline_on": figure.baseline_on,
        "definition": figure.definition,
        "source": figure.source,
        "cycle": figure.cycle,
        "reporter": figure.reporter_id,
        "on_path_percent": figure.on_path_percent,
        "at_risk_percent": figure.at_risk_percent,
        "indicator": figure.indicator_id,
        "area": figure.area_id,
        # Room for one target more than there is.
        "slots": len(targets) + 1,
    }
    for number, target in enumerate(targets):
        values[f"due_on_{number}"] = target.due_on
        values[f"value_{number}"] = shown(target.value)
        values[f"wording_{number}"] = target.wording
    return values
