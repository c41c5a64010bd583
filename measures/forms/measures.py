"""The form of a measure: the measure itself, its partners, its key figures with targets."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.forms.utils import ErrorDict
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from measures.forms.choices import by_kind
from measures.models import ActionPlan, FieldOfAction, FigureDirection, FigureLevel, KeyFigure, Measure, Stage
from measures.services.measures import KeyFigureInput, MeasureFields
from monitoring.models import Area, Unit
from project.common.errors import DomainError
from project.common.keys import key_or_none
from project.forms import GermanDecimalField, GermanIntegerField
from stakeholders.models import Organisation

#: Places for targets on the form of a key figure, and for new partners.
TARGET_SLOTS = 4
PARTNER_SLOTS = 3
#: Most rows a formset takes; more is no human entry.
_MOST_ROWS = 40


class SketchForm(forms.Form):
    """A form that can be shown with what was typed so far, without judging it."""

    is_sketch = False

    def __init__(self, *args: Any, is_sketch: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_sketch = is_sketch

    def full_clean(self) -> None:
        if self.is_sketch:
            self._errors = ErrorDict()
            self.cleaned_data = {}
            return
        super().full_clean()


class MeasureForm(SketchForm):
    """What is done, where, by whom, from when until when."""

    field = forms.ModelChoiceField(
        label=_("Field of action"), queryset=FieldOfAction.objects.none(), empty_label=_("Please choose")
    )
    position = GermanIntegerField(
        label=_("Number within the field"),
        required=False,
        min_value=1,
        max_value=999,
        help_text=_("Left empty, the next free number is taken."),
    )
    title = forms.CharField(label=_("Title"), max_length=200)
    description = forms.CharField(
        label=_("What is done"),
        widget=forms.Textarea({"rows": 5}),
        required=False,
        help_text=_("Concrete enough that everybody who confirms knows what they agree to."),
    )
    target_group = forms.CharField(label=_("Target group"), max_length=200, required=False)
    stage = forms.TypedChoiceField(
        label=_("Planning stage"),
        choices=Stage.choices,
        coerce=int,
        initial=Stage.ONE,
        widget=forms.RadioSelect,
        help_text=_("Measures of stage 2 begin only after the steering group has opened the stage."),
    )
    starts_on = forms.DateField(label=_("Planned start"))
    ends_on = forms.DateField(label=_("Planned end"))
    responsible = forms.ModelChoiceField(
        label=_("Responsible organisation"),
        queryset=Organisation.objects.none(),
        empty_label=_("Please choose"),
        help_text=_("Confirms the target agreement, begins the measure and reports the key figures."),
    )
    areas = forms.ModelMultipleChoiceField(
        label=_("Areas"),
        queryset=Area.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple({"class": "pg-choices"}),
        help_text=_("None chosen: the measure is for the whole territory."),
    )
    reason = forms.CharField(
        label=_("Reason for the change"),
        widget=forms.Textarea({"rows": 2}),
        help_text=_("The parties have agreed on the present wording; the reason is kept in the log."),
    )

    def __init__(self, *args: Any, plan: ActionPlan, needs_reason: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not needs_reason:
            del self.fields["reason"]
        organisations = _organisations(plan)
        _fill(self, "field", plan.fields.order_by("number"))
        _fill(self, "responsible", organisations, [("", _("Please choose")), *by_kind(organisations)])
        _fill(self, "areas", _areas(plan))

    def clean(self) -> dict[str, Any]:
        """The end follows the start."""
        cleaned = super().clean() or self.cleaned_data
        starts_on, ends_on = cleaned.get("starts_on"), cleaned.get("ends_on")
        if starts_on and ends_on and ends_on < starts_on:
            self.add_error("ends_on", _("The planned end is before the planned start."))
        return cleaned


class PartnerForm(SketchForm):
    """A partner and what it contributes; without an organisation the row does not count."""

    hide_optional = True
    organisation = forms.ModelChoiceField(
        label=_("Partner"),
        queryset=Organisation.objects.none(),
        required=False,
        empty_label=_("no further partner"),
    )
    role = forms.CharField(
        label=_("Contribution"),
        max_length=200,
        required=False,
        help_text=_("For example rooms, staff, money."),
    )

    def __init__(self, *args: Any, organisations: Sequence[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        queryset = Organisation.objects.filter(pk__in=[row.pk for row in organisations])
        choices = [("", _("no further partner")), *by_kind(organisations)]
        _fill(self, "organisation", queryset, choices)


class KeyFigureForm(SketchForm):
    """A key figure with baseline and targets."""

    pk = forms.IntegerField(widget=forms.HiddenInput, required=False)
    title = forms.CharField(
        label=_("Key figure"), max_length=200, help_text=_("What is counted, for example “Children reached”.")
    )
    level = forms.ChoiceField(
        label=_("Level"), choices=FigureLevel.choices, initial=FigureLevel.OUTPUT, widget=forms.RadioSelect
    )
    unit = forms.ModelChoiceField(
        label=_("Unit"), queryset=Unit.objects.order_by("symbol_de"), empty_label=_("Please choose")
    )
    direction = forms.ChoiceField(
        label=_("Direction"),
        choices=FigureDirection.choices,
        initial=FigureDirection.RISING,
        widget=forms.RadioSelect,
    )
    baseline = GermanDecimalField(label=_("Baseline"), max_digits=14, decimal_places=2)
    baseline_on = forms.DateField(label=_("Day of the baseline"))
    definition = forms.CharField(
        label=_("How it is counted, and from which source"),
        required=False,
        widget=forms.Textarea({"rows": 2}),
    )

    def __init__(self, *args: Any, slots: int = TARGET_SLOTS, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.slots = slots
        for number in range(slots):
            self.fields[f"due_on_{number}"] = forms.DateField(label=_("Target by"), required=number == 0)
            self.fields[f"value_{number}"] = GermanDecimalField(
                label=_("Target"), max_digits=14, decimal_places=2, required=number == 0
            )

    @property
    def row_label(self) -> Any:
        """Legend of the row."""
        title = self["title"].value()
        return title or _("New key figure")

    @property
    def target_pairs(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """Day and value of each target."""
        return [(self[f"due_on_{number}"], self[f"value_{number}"]) for number in range(self.slots)]

    def clean(self) -> dict[str, Any]:
        """Each target has both a day and a value."""
        cleaned = super().clean() or self.cleaned_data
        for number in range(self.slots):
            day, value = f"due_on_{number}", f"value_{number}"
            if cleaned.get(day) and cleaned.get(value) is None and value not in self.errors:
                self.add_error(value, _("Enter the value to be reached by this day."))
            if cleaned.get(value) is not None and not cleaned.get(day) and day not in self.errors:
                self.add_error(day, _("Enter the day by which this value is to be reached."))
        return cleaned

    def as_input(self) -> KeyFigureInput:
        """The key figure for the service."""
        cleaned = self.cleaned_data
        targets: list[tuple[datetime.date, Decimal]] = [
            (cleaned[f"due_on_{number}"], cleaned[f"value_{number}"])
            for number in range(self.slots)
            if cleaned.get(f"due_on_{number}")
        ]
        return KeyFigureInput(
            title=cleaned["title"],
            unit=cleaned["unit"],
            baseline=cleaned["baseline"],
            baseline_on=cleaned["baseline_on"],
            targets=targets,
            level=cleaned["level"],
            direction=cleaned["direction"],
            definition=cleaned["definition"],
            pk=cleaned.get("pk"),
        )


class KeyFigureFormSet(BaseFormSet):  # type: ignore[type-arg]
    """All key figures of a measure; a row can be taken away."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        if "DELETE" in form.fields:
            form.fields["DELETE"].label = _("Remove this key figure")


def _fill(form: forms.Form, name: str, queryset: Any, choices: Any = None) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ModelChoiceField)
    field.queryset = queryset
    if choices is not None:
        field.choices = choices


def _organisations(plan: ActionPlan) -> Any:
    return Organisation.objects.filter(territory_id=plan.territory_id, is_active=True)


def _areas(plan: ActionPlan) -> Any:
    return Area.objects.filter(territory_id=plan.territory_id, valid_until__isnull=True).order_by("name")


class MeasureEditor:
    """The three parts of the form as one.

    Args:
        plan: Action plan of the measure.
        data: What was sent; None shows the form for the first time. The buttons ``add_figure`` and
            ``add_partner`` only add an empty row (see ``is_sketch``).
        measure: Measure to change; None for a new one.
        initial: First values of a new measure.
        needs_reason: Whether a reason for the change is asked for.
    """

    def __init__(
        self,
        plan: ActionPlan,
        *,
        data: QueryDict | None = None,
        measure: Measure | None = None,
        initial: Mapping[str, Any] | None = None,
        needs_reason: bool = False,
    ) -> None:
        self.is_sketch = data is not None and any(name in data for name in ("add_figure", "add_partner"))
        shown = _with_more_rows(data) if data is not None and self.is_sketch else data
        first = {**_initial_of(measure), **(initial or {})}
        figures = _initial_figures(measure)
        partners = _initial_partners(measure)
        slots = max([TARGET_SLOTS, *(row["slots"] for row in figures)])
        organisations = list(_organisations(plan))
        self.form = MeasureForm(
            shown, plan=plan, initial=first, needs_reason=needs_reason, is_sketch=self.is_sketch
        )
        partner_class = formset_factory(
            PartnerForm, extra=PARTNER_SLOTS, max_num=_MOST_ROWS, absolute_max=_MOST_ROWS
        )
        self.partners = partner_class(
            shown,
            prefix="partners",
            initial=partners,
            form_kwargs={"organisations": organisations, "is_sketch": self.is_sketch},
        )
        figure_class = formset_factory(
            KeyFigureForm,
            formset=KeyFigureFormSet,
            extra=0 if figures else 1,
            can_delete=measure is not None,
            max_num=_MOST_ROWS,
            absolute_max=_MOST_ROWS,
        )
        self.figures = figure_class(
            shown,
            prefix="figures",
            initial=figures,
            form_kwargs={"slots": slots, "is_sketch": self.is_sketch},
        )

    def is_valid(self) -> bool:
        """Whether all three parts can be saved; a sketch never."""
        if self.is_sketch:
            return False
        # All three are asked, so that the person sees every remark at once.
        return all([self.form.is_valid(), self.partners.is_valid(), self.figures.is_valid()])

    def refuse(self, error: DomainError) -> None:
        """Show on the form which rule forbids it."""
        self.form.add_error(None, str(error.message))

    @property
    def reason(self) -> str:
        """Reason for the change; empty where none is asked for."""
        return str(self.form.cleaned_data.get("reason", ""))

    @property
    def fields(self) -> MeasureFields:
        """Arguments of ``measure_create`` and ``measure_update``."""
        cleaned = self.form.cleaned_data
        partners = [
            (row["organisation"], row.get("role", ""))
            for row in (form.cleaned_data for form in self.partners.forms)
            if row.get("organisation")
        ]
        figures = [
            form.as_input()
            for form in self.figures.forms
            if form.cleaned_data and not form.cleaned_data.get("DELETE")
        ]
        return MeasureFields(
            field=cleaned["field"],
            position=cleaned["position"],
            title=cleaned["title"],
            description=cleaned["description"],
            target_group=cleaned["target_group"],
            stage=cleaned["stage"],
            starts_on=cleaned["starts_on"],
            ends_on=cleaned["ends_on"],
            responsible=cleaned["responsible"],
            areas=list(cleaned["areas"]),
            partners=partners,
            key_figures=figures,
        )


def _with_more_rows(data: QueryDict) -> QueryDict:
    """What was sent, with room for one more row."""
    changed = data.copy()
    for button, prefix in (("add_figure", "figures"), ("add_partner", "partners")):
        name = f"{prefix}-TOTAL_FORMS"
        count = key_or_none(data.get(name))
        if button in data and count is not None:
            changed[name] = str(min(count + 1, _MOST_ROWS))
    return changed


def _initial_of(measure: Measure | None) -> dict[str, Any]:
    if measure is None:
        return {}
    return {
        "field": measure.field_id,
        "position": measure.position,
        "title": measure.title,
        "description": measure.description,
        "target_group": measure.target_group,
        "stage": measure.stage,
        "starts_on": measure.starts_on,
        "ends_on": measure.ends_on,
        "responsible": measure.responsible_id,
        "areas": [area.pk for area in measure.areas.all()],
    }


def _initial_partners(measure: Measure | None) -> list[dict[str, Any]]:
    if measure is None:
        return []
    return [{"organisation": row.organisation_id, "role": row.role} for row in measure.partners.all()]


def _initial_figures(measure: Measure | None) -> list[dict[str, Any]]:
    if measure is None:
        return []
    rows = measure.key_figures.select_related("unit").prefetch_related("targets").order_by("pk")
    return [_initial_figure(row) for row in rows]


def _initial_figure(figure: KeyFigure) -> dict[str, Any]:
    targets = sorted(figure.targets.all(), key=lambda target: target.due_on)
    values: dict[str, Any] = {
        "pk": figure.pk,
        "title": figure.title,
        "level": figure.level,
        "unit": figure.unit_id,
        "direction": figure.direction,
        "baseline": figure.baseline,
        "baseline_on": figure.baseline_on,
        "definition": figure.definition,
        # Room for one target more than there is.
        "slots": len(targets) + 1,
    }
    for number, target in enumerate(targets):
        values[f"due_on_{number}"] = target.due_on
        values[f"value_{number}"] = target.value
    return values
