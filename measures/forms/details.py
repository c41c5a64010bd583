"""The measure itself on its form, and its partners."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from measures.forms.base import LongTextField, SketchForm, areas_of, fill, organisations_of
from measures.forms.choices import by_kind
from measures.models import ActionPlan, FieldOfAction, Goal, Measure, Stage
from measures.selectors.goals import goal_choices
from measures.services.measures import TEXT_LIMIT
from monitoring.models import Area
from project.common.formats import date_de
from project.forms import GermanIntegerField
from stakeholders.models import Organisation


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
    short_description = forms.CharField(
        label=_("In one sentence"),
        max_length=300,
        required=False,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("Stands in lists, on the timeline and on cards."),
    )
    description = LongTextField(
        label=_("What is done"),
        widget=forms.Textarea({"rows": 5}),
        required=False,
        max_length=TEXT_LIMIT,
        help_text=_("Concrete enough that everybody who confirms knows what they agree to."),
    )
    effect_hypothesis = LongTextField(
        label=_("Hypothesis of effect"),
        widget=forms.Textarea({"rows": 4}),
        required=False,
        max_length=TEXT_LIMIT,
        help_text=_("What it does, for whom, and why that should change the figure."),
    )
    goals = forms.ModelMultipleChoiceField(
        label=_("Goals it serves"),
        queryset=Goal.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
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
    contact_function = forms.CharField(
        label=_("Contact (function)"),
        max_length=120,
        required=False,
        help_text=_("A function, not a name: plans outlive their people."),
    )
    contact_email = forms.EmailField(label=_("E-mail of the contact"), required=False)
    contact_phone = forms.CharField(label=_("Telephone of the contact"), max_length=40, required=False)
    without_agreement = forms.BooleanField(
        label=_("Needs no target agreement"),
        required=False,
        help_text=_("The decision is enough: nobody is asked to confirm, and the measure counts as agreed."),
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

    def __init__(
        self,
        *args: Any,
        plan: ActionPlan,
        measure: Measure | None = None,
        needs_reason: bool = False,
        is_part: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.plan = plan
        if not needs_reason:
            del self.fields["reason"]
        else:
            # Whether an agreement is needed is said before there is one.
            del self.fields["without_agreement"]
        if measure is not None:
            del self.fields["stage"]
        if is_part:
            del self.fields["field"]
            self.fields["position"].label = _("Number within the measure")
        else:
            fill(self, "field", plan.fields.order_by("number"))
        organisations = organisations_of(plan, measure)
        fill(self, "responsible", organisations, [("", _("Please choose")), *by_kind(organisations)])
        fill(self, "areas", areas_of(plan, measure))
        choices = goal_choices(plan)
        fill(self, "goals", Goal.objects.filter(plan=plan), choices)
        if not choices:
            del self.fields["goals"]

    def clean(self) -> dict[str, Any]:
        """Dates lie within the plan, and the end follows the start."""
        cleaned = super().clean() or self.cleaned_data
        starts_on, ends_on = cleaned.get("starts_on"), cleaned.get("ends_on")
        last = date_de(self.plan.ends_on)
        if starts_on and starts_on > self.plan.ends_on:
            text = _("The action plan ends on %(day)s; the measure must begin before.") % {"day": last}
            self.add_error("starts_on", text)
        elif ends_on and starts_on and ends_on < starts_on:
            self.add_error("ends_on", _("The planned end is before the planned start."))
        elif ends_on and ends_on > self.plan.ends_on:
            text = _("The measure must end with the action plan at the latest (%(day)s).") % {"day": last}
            self.add_error("ends_on", text)
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
        fill(self, "organisation", queryset, choices)
