"""Forms of the page on which a meeting is run: what came out of an item."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from project.forms import needed_if
from stakeholders.models import Organisation
from workflows.forms.statements import StatementForm
from workflows.selectors.outcomes import ItemLine

_LONG_TEXT = 5000


def internal_field(*, of_thing: bool = True) -> forms.BooleanField:
    """Whether the minutes tell of it to members of the body and planning only.

    Args:
        of_thing: A task, statement, field or recommendation begins, which others than the body read.
    """
    if of_thing:
        return forms.BooleanField(
            label=_("Internal in the minutes"),
            required=False,
            help_text=_(
                "The minutes tell of it to members of the body and the social planning unit only. The thing"
                " itself is read by its organisation and by all who see the cycle."
            ),
        )
    return forms.BooleanField(
        label=_("Internal"),
        required=False,
        help_text=_("Only members of the body and the social planning unit read it."),
    )


class NoteForm(forms.Form):
    """What was said or agreed on an item."""

    text = forms.CharField(
        label=_("Note for the minutes"),
        max_length=_LONG_TEXT,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("One or two sentences. Name organisations, no persons."),
    )
    is_internal = internal_field(of_thing=False)


class ItemStatementForm(StatementForm):
    """A statement on the area of an item, told in the minutes."""

    is_internal = internal_field()

    @property
    def values(self) -> dict[str, Any]:
        """Cleaned arguments of ``outcome_statement``."""
        return {
            **super().values,
            "organisation": self.cleaned_data["organisation"],
            "is_internal": self.cleaned_data["is_internal"],
        }


class ItemFieldForm(forms.Form):
    """A further field of action."""

    title = forms.CharField(label=_("New field of action"), max_length=200)
    is_internal = internal_field()


class ItemRecommendationForm(forms.Form):
    """A recommendation begins with its title and to whom it goes; its author writes the rest."""

    title = forms.CharField(label=_("What is recommended, in a few words?"), max_length=200)
    addressee = forms.ModelChoiceField(
        label=_("To whom does it go?"),
        queryset=Organisation.objects.none(),
        empty_label=_("Please choose"),
    )
    is_internal = internal_field()

    def __init__(self, *args: Any, organisations: QuerySet[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["addressee"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = organisations


class TaskForm(forms.Form):
    """Who has to do what until when."""

    text = forms.CharField(
        label=_("What has to be done?"), max_length=_LONG_TEXT, widget=forms.Textarea({"rows": 3})
    )
    organisation = forms.ModelChoiceField(
        label=_("Who does it?"), queryset=Organisation.objects.none(), empty_label=_("Please choose")
    )
    due_on = forms.DateField(label=_("Until when?"))
    is_internal = internal_field()

    def __init__(self, *args: Any, organisations: QuerySet[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["organisation"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = organisations


class ItemDecisionForm(forms.Form):
    """What the body decided on an item of its own, and how it was counted."""

    hide_optional = True

    text = forms.CharField(
        label=_("What was put to the vote?"), max_length=_LONG_TEXT, widget=forms.Textarea({"rows": 3})
    )
    yes = forms.IntegerField(label=_("Yes"), min_value=0, max_value=999)
    no = forms.IntegerField(label=_("No"), min_value=0, max_value=999)
    abstain = forms.IntegerField(label=_("Abstentions"), min_value=0, max_value=999)
    is_chair_yes = forms.BooleanField(label=_("The chair voted yes (decides a tie)"), required=False)
    is_internal = internal_field(of_thing=False)

    def __init__(self, *args: Any, decides_tie: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not decides_tie:
            del self.fields["is_chair_yes"]


class PostponeForm(forms.Form):
    """Why an item goes on in a later meeting."""

    reason = forms.CharField(
        label=_("Why is it postponed?"),
        required=False,
        max_length=500,
        help_text=_("Stands in the minutes. The item comes up in the next meeting of the body by itself."),
    )


class ApprovalForm(forms.Form):
    """The meeting approves earlier minutes, as they are or with a correction."""

    AS_IS, CORRECTED = "as_is", "corrected"

    answer = forms.ChoiceField(
        label=_("What did the meeting decide?"),
        widget=forms.RadioSelect,
        choices=[
            (AS_IS, _("Approved as they are")),
            (CORRECTED, _("Approved with a correction")),
        ],
    )
    correction = needed_if(
        forms.CharField(
            label=_("Correction"),
            required=False,
            max_length=_LONG_TEXT,
            widget=forms.Textarea({"rows": 3}),
            help_text=_("The signed text stays; the correction is added to it as a new entry."),
        ),
        _("only with a correction"),
    )
    is_internal = internal_field(of_thing=False)

    def clean(self) -> dict[str, Any]:
        """A correction needs its words; without one none are kept."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("answer") == self.AS_IS:
            cleaned["correction"] = ""
        elif cleaned.get("answer") == self.CORRECTED and not cleaned.get("correction", "").strip():
            self.add_error("correction", ValidationError(_("Write down the correction."), code="missing"))
        return cleaned


class CarryForm(forms.Form):
    """Which unfinished items go on in the next meeting; all are ticked."""

    carried = forms.TypedMultipleChoiceField(
        label=_("Which of these go on in the next meeting?"),
        help_text=_("What was not finished is ticked. What is left out does not come up again by itself."),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, lines: Iterable[ItemLine], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["carried"]
        assert isinstance(field, forms.TypedMultipleChoiceField)
        choices = [(line.item.pk, f"{line.number}. {line.heading}") for line in lines]
        field.choices = choices
        field.initial = [pk for pk, _title in choices]
        if not choices:
            del self.fields["carried"]

    @property
    def items(self) -> list[int]:
        """Keys of the items that go on."""
        return list(self.cleaned_data.get("carried", []))
