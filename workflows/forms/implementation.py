"""Forms from target agreement to the closing of a cycle."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from measures.forms.choices import by_kind
from project.forms import needed_if
from stakeholders.models import Organisation
from workflows.models import PlanningCycle, Recommendation
from workflows.selectors.conference import invitable
from workflows.selectors.implementation import Approved
from workflows.services.recommendations import Wording

_LONG_TEXT = 5000


class ShapeForm(forms.Form):
    """Finishes the shaping: reasons where there is no measure, and the conference that was held."""

    held_on = forms.DateField(
        label=_("Date of the social-space conference"),
        required=False,
        help_text=_("Leave it empty if no conference was held or it is on record already."),
    )
    place = forms.CharField(label=_("Place"), max_length=200, required=False)
    participants = forms.ModelMultipleChoiceField(
        label=_("Who took part?"),
        queryset=Organisation.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple({"class": "pg-choices"}),
    )

    def __init__(self, *args: Any, cycle: PlanningCycle, approved: Sequence[Approved], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.approved = approved
        for line in approved:
            if not line.measures:
                self.fields[self.reason_name(line)] = needed_if(
                    forms.CharField(
                        label=_("Why is there no measure?"),
                        required=False,
                        initial=line.reason,
                        max_length=_LONG_TEXT,
                        widget=forms.Textarea({"rows": 2}),
                    ),
                    _("only needed if there is none"),
                )
        if cycle.social_space_conference is None:
            for name in ("held_on", "place", "participants"):
                del self.fields[name]
            return
        organisations = invitable(cycle)
        participants = self.fields["participants"]
        assert isinstance(participants, forms.ModelMultipleChoiceField)
        participants.queryset = organisations
        participants.choices = by_kind(organisations)

    @staticmethod
    def reason_name(line: Approved) -> str:
        """Name of the field for the reason of a recommendation."""
        return f"reason_{line.recommendation.pk}"

    @property
    def has_meeting(self) -> bool:
        """Whether a conference can be recorded."""
        return "held_on" in self.fields

    @property
    def rows(self) -> list[tuple[Approved, forms.BoundField | None]]:
        """Each recommendation with the field for its reason, where it has no measure."""
        return [
            (line, self[self.reason_name(line)] if self.reason_name(line) in self.fields else None)
            for line in self.approved
        ]

    @property
    def reasons(self) -> dict[int, str]:
        """Key of a recommendation -> why it leads to no measure."""
        return {
            line.recommendation.pk: self.cleaned_data.get(self.reason_name(line), "")
            for line in self.approved
        }

    def clean(self) -> dict[str, Any]:
        """Place and participants belong to a date."""
        cleaned = super().clean() or self.cleaned_data
        lacks_date = "held_on" in self.fields and "held_on" not in self.errors and not cleaned.get("held_on")
        if lacks_date and (cleaned.get("place") or cleaned.get("participants")):
            self.add_error("held_on", _("Enter the date of the conference."))
        if cleaned.get("held_on") and not cleaned.get("participants"):
            self.add_error("participants", _("Name at least one organisation that took part."))
        return cleaned


class OriginForm(forms.Form):
    """From which approved recommendation a measure is shaped."""

    recommendation = forms.ModelChoiceField(
        label=_("From which approved recommendation?"),
        queryset=Recommendation.objects.none(),
        empty_label=_("Please choose"),
    )

    def __init__(self, *args: Any, approved: Sequence[Approved], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["recommendation"]
        assert isinstance(field, forms.ModelChoiceField)
        keys = [line.recommendation.pk for line in approved]
        field.queryset = Recommendation.objects.filter(pk__in=keys)
        field.choices = [
            ("", _("Please choose")),
            *((line.recommendation.pk, f"{line.recommendation.reference} {line.title}") for line in approved),
        ]


class ConfirmForm(forms.Form):
    """A party's answer."""

    CONFIRM, REFUSE = "confirm", "refuse"

    answer = forms.ChoiceField(
        label=_("Does your organisation confirm this target agreement?"),
        choices=[
            (CONFIRM, _("Yes, we confirm it")),
            (REFUSE, _("No, something has to change first")),
        ],
        widget=forms.RadioSelect,
    )
    comment = needed_if(
        forms.CharField(
            label=_("Comment or reason"),
            required=False,
            max_length=_LONG_TEXT,
            widget=forms.Textarea({"rows": 4}),
            help_text=_(
                "Needed if something has to change; the social planning unit revises the measure by it."
            ),
        ),
        _("only needed if something has to change"),
    )

    def clean(self) -> dict[str, Any]:
        """A refusal needs its reason."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("answer") == self.REFUSE and not cleaned.get("comment", "").strip():
            self.add_error("comment", _("Say what has to change before you can confirm."))
        return cleaned

    @property
    def is_confirmed(self) -> bool:
        """Whether the party confirms."""
        return bool(self.cleaned_data["answer"] == self.CONFIRM)


class CallOffForm(forms.Form):
    """Does not wait for the parties' answers any more."""

    reason = forms.CharField(
        label=_("Why do you not wait for the answers?"),
        max_length=_LONG_TEXT,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("For example: nobody there can confirm. All parties read it on the page of the measure."),
    )


class WithdrawForm(forms.Form):
    """Gives a measure up."""

    withdraw_reason = forms.CharField(
        label=_("Why is the measure given up?"), max_length=_LONG_TEXT, widget=forms.Textarea({"rows": 3})
    )


class BeginForm(forms.Form):
    """The actual start."""

    started_on = forms.DateField(
        label=_("Actual start"), help_text=_("The day on which the work began; not in the future.")
    )


class SteerForm(forms.Form):
    """Goes on to the evaluation; what is still open must be acknowledged."""

    acknowledge = forms.BooleanField(
        label=_("I have seen what is still open and go on to the evaluation all the same."), required=False
    )

    def __init__(self, *args: Any, open_count: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not open_count:
            del self.fields["acknowledge"]


class CloseForm(forms.Form):
    """Closes a cycle; there is nothing to fill in."""


class RoundForm(forms.Form):
    """Asks for the figures of a day."""

    reference_on = forms.DateField(
        label=_("Figures as of"), help_text=_("A past day, usually the end of a year or half-year.")
    )
    due_on = forms.DateField(label=_("Report by"), help_text=_("Last day for the organisations to report."))

    def clean_due_on(self) -> datetime.date:
        """A deadline that is over would be late from the start."""
        due_on: datetime.date = self.cleaned_data["due_on"]
        if due_on < timezone.localdate():
            raise ValidationError(_("This day is over. Choose today or a later day."), code="past")
        return due_on


class StageTwoForm(forms.Form):
    """The request to the steering group to open planning stage 2."""

    title = forms.CharField(label=_("Title"), max_length=200)
    finding = forms.CharField(
        label=_("Finding"),
        max_length=_LONG_TEXT,
        widget=forms.Textarea({"rows": 5}),
        help_text=_("What did the measures of stage 1 bring?"),
    )
    aim = forms.CharField(label=_("Aim"), max_length=_LONG_TEXT, widget=forms.Textarea({"rows": 4}))
    proposal = forms.CharField(
        label=_("Proposal"),
        max_length=_LONG_TEXT,
        widget=forms.Textarea({"rows": 4}),
        help_text=_(
            "What shall the steering group decide? Write it so that it can be voted on as it stands."
        ),
    )
    cost = forms.CharField(
        label=_("Cost and consequences"),
        max_length=_LONG_TEXT,
        required=False,
        widget=forms.Textarea({"rows": 3}),
    )

    def wording(self, addressee: Organisation) -> Wording:
        """The content of the recommendation."""
        return Wording(addressee=addressee, **self.cleaned_data)
