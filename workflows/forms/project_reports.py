"""Forms of the steps of a report: checking, deciding, answering, more time, calling off, a drawdown."""

from __future__ import annotations

import datetime
from typing import Any, ClassVar

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from measures.forms.base import LongTextField
from project.common.attachments import Upload
from project.forms import needed_if
from workflows.forms.answers import AnswerForm
from workflows.forms.assignments import MoreTimeForm
from workflows.forms.statements import FilesField

_LONG_TEXT = 4000
_ROWS = {"rows": 5}


class ReviewReportForm(AnswerForm):
    """The planning unit passes a report on, or returns it."""

    YES = "forward"
    question = _("Does it go to the funder like this?")
    yes = _("Yes, pass it on to the funder")
    reader = _("Needed if you return it; only the provider and the social planning unit read it.")
    missing = _("Say what has to be changed; the provider will read it.")

    note = needed_if(
        LongTextField(
            label=_("Note to the funder"),
            required=False,
            max_length=_LONG_TEXT,
            widget=forms.Textarea({"rows": 3}),
            help_text=_("Funder and provider read it beside the report."),
        ),
        _("only if you pass it on"),
    )
    field_order = ("answer", "note", "reason")

    def clean(self) -> dict[str, Any]:
        """A note that would go nowhere is not lost."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("answer") == self.RETURN and str(cleaned.get("note", "")).strip():
            self.add_error(
                "note",
                str(_("The funder gets no note with what you return. Empty it, or say it in the reason.")),
            )
        return cleaned

    @property
    def text(self) -> str:
        """What goes with the answer."""
        return str(self.cleaned_data["note" if self.is_yes else "reason"])


class DecideReportForm(forms.Form):
    """The funder accepts a report, asks about it, or returns it."""

    ACCEPT, ASK, RETURN = "accept", "ask", "return"
    hide_optional = True

    outcome = forms.ChoiceField(
        label=_("What do you decide?"),
        choices=[
            (ACCEPT, _("Accept it")),
            (ASK, _("Ask a question; the report stays as it is")),
            (RETURN, _("Return it; the provider changes it and hands it in again")),
        ],
        widget=forms.RadioSelect,
    )
    text = needed_if(
        LongTextField(
            label=_("Question, reason or note"),
            required=False,
            max_length=_LONG_TEXT,
            widget=forms.Textarea(_ROWS),
            help_text=_("Provider and social planning unit read it beside the report."),
        ),
        _("needed for a question and a return"),
    )
    attachments = FilesField(label=_("Files to go with it"), required=False)

    def clean(self) -> dict[str, Any]:
        """A question and a return need their words."""
        cleaned = super().clean() or self.cleaned_data
        if not str(cleaned.get("text", "")).strip():
            match cleaned.get("outcome"):
                case self.ASK:
                    self.add_error("text", str(_("Write down what you want to know.")))
                case self.RETURN:
                    words = _("Say what has to be changed; provider and municipality will read it.")
                    self.add_error("text", str(words))
        return cleaned


class AnswerQuestionForm(forms.Form):
    """The provider answers a question of the funder."""

    hide_optional = True

    text = LongTextField(
        label=_("Your answer"),
        max_length=_LONG_TEXT,
        widget=forms.Textarea(_ROWS),
        help_text=_("Funder and social planning unit read it beside the report; the report stays as it is."),
    )
    attachments = FilesField(label=_("Files to go with it"), required=False)


class DecideExtensionForm(MoreTimeForm):
    """The funder gives more time, as it was asked for or until another day, or not."""

    OTHER = "other"
    yes = _("Yes, until the day asked for")
    reader = _("Needed if the date stays or another day is given; the provider will read it.")
    missing = _("Say why the date stays; the provider will read it.")

    until = needed_if(
        forms.DateField(
            label=_("Until which day?"),
            required=False,
            help_text=_("After the present due date and after today, within a year of the due date."),
        ),
        _("only needed for another day"),
    )
    field_order = ("answer", "until", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        answer = self.fields["answer"]
        assert isinstance(answer, forms.ChoiceField)
        answer.choices = [
            (self.YES, self.yes),
            (self.OTHER, _("Yes, but until another day")),
            (self.RETURN, _("No, the date stays")),
        ]
        self.fields["reason"].label = _("Why does the date stay, or why another day?")
        needed_if(self.fields["reason"], _("needed if the date stays or another day is given"))

    def clean(self) -> dict[str, Any]:
        """Another day needs its day and its reason; a day that would go nowhere is not lost."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("answer") == self.OTHER:
            if "until" in cleaned and cleaned["until"] is None:
                self.add_error("until", str(_("Name the day until which more time is given.")))
            if not str(cleaned.get("reason", "")).strip():
                words = _("Say why it is another day than the one asked for; the provider will read it.")
                self.add_error("reason", str(words))
        elif cleaned.get("until") is not None:
            self.add_error("until", str(_("Choose “Yes, but until another day”, or empty this.")))
        return cleaned

    @property
    def is_granted(self) -> bool:
        """Whether more time is given, until whichever day."""
        return bool(self.cleaned_data["answer"] in {self.YES, self.OTHER})

    @property
    def granted_until(self) -> datetime.date | None:
        """Another day than the one asked for; None for that one and for none."""
        day: datetime.date | None = self.cleaned_data["until"]
        return day if self.cleaned_data["answer"] == self.OTHER else None


class ExtensionForm(forms.Form):
    """The provider asks for more time."""

    hide_optional = True

    wanted_until = forms.DateField(label=_("Until when?"))
    reason = LongTextField(
        label=_("Why is more time needed?"),
        max_length=_LONG_TEXT,
        widget=forms.Textarea(_ROWS),
        help_text=_("Funder and social planning unit read it."),
    )


class ReportCallOffForm(forms.Form):
    """Why a report is called off."""

    hide_optional = True

    reason = LongTextField(
        label=_("Why is the report called off?"),
        max_length=_LONG_TEXT,
        widget=forms.Textarea(_ROWS),
        help_text=_("All who follow the project see that it was called off; the parties read why."),
    )


class DrawdownForm(forms.Form):
    """The provider draws funds besides what the notice asks for."""

    hide_optional = True
    #: How long it may take to hand it in (days).
    DAYS: ClassVar[int] = 28

    covers_from = forms.DateField(label=_("For the time from"))
    covers_until = forms.DateField(label=_("For the time until"))

    def clean(self) -> dict[str, Any]:
        """A time has two ends in order."""
        cleaned = super().clean() or self.cleaned_data
        first, last = cleaned.get("covers_from"), cleaned.get("covers_until")
        if first and last and last < first:
            self.add_error("covers_until", str(_("The time ends before it begins.")))
        return cleaned

    @property
    def due_on(self) -> datetime.date:
        """Last day to hand it in."""
        return timezone.localdate() + datetime.timedelta(days=self.DAYS)


def uploads_of(form: forms.Form) -> list[Upload]:
    """Files sent with a form."""
    return list(form.cleaned_data.get("attachments") or ())
