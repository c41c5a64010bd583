"""Forms of assignments: what was done, more time, planning's answers, the list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from project.forms import needed_if
from stakeholders.models import Organisation
from workflows.forms.answers import AnswerForm
from workflows.forms.conference import choose_from
from workflows.models import AssignmentState
from workflows.selectors.assignments import ALL_OPEN, EARLIER, OVERDUE, AssignmentFilter

_LONG_TEXT = 4000
_ROWS = {"rows": 4}


class CarryOutForm(forms.Form):
    """What was done; or why more time is needed, and until when."""

    DONE, MORE_TIME = "done", "time"
    hide_optional = True

    answer = forms.ChoiceField(
        label=_("Is it done?"),
        choices=[(DONE, _("Yes, it is done")), (MORE_TIME, _("No, we need more time"))],
        widget=forms.RadioSelect,
    )
    text = forms.CharField(
        label=_("What was done, or why is more time needed?"),
        max_length=_LONG_TEXT,
        widget=forms.Textarea(_ROWS),
        help_text=_("The social planning unit and all who see the cycle read it."),
    )
    due_on = needed_if(
        forms.DateField(label=_("Until when?"), required=False),
        _("only needed for more time"),
    )

    def clean(self) -> dict[str, Any]:
        """More time needs its day."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("answer") == self.MORE_TIME and "due_on" in cleaned and cleaned["due_on"] is None:
            self.add_error("due_on", str(_("Name the day until which it will be done.")))
        return cleaned

    @property
    def is_done(self) -> bool:
        """Whether it is reported as done."""
        return bool(self.cleaned_data["answer"] == self.DONE)


class ConfirmDoneForm(AnswerForm):
    """Planning confirms that it is met, or returns it."""

    YES = "confirm"
    question = _("Is it met?")
    yes = _("Yes, it is met")
    reader = _("Needed if you return it; the organisation will read it.")
    missing = _("Say what is lacking; the organisation will read it.")


class MoreTimeForm(AnswerForm):
    """Who asked for it gives more time, or not."""

    YES = "give"
    question = _("Is more time given?")
    yes = _("Yes, the new date holds")
    reader = _("Needed if the date stays; the organisation will read it.")
    missing = _("Say why the date stays; the organisation will read it.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        answer = self.fields["answer"]
        assert isinstance(answer, forms.ChoiceField)
        answer.choices = [(self.YES, self.yes), (self.RETURN, _("No, the date stays"))]
        self.fields["reason"].label = _("Why does the date stay?")
        needed_if(self.fields["reason"], _("only needed if the date stays"))


class CallOffForm(forms.Form):
    """Why an assignment is called off."""

    hide_optional = True

    reason = forms.CharField(
        label=_("Why is it called off?"),
        max_length=_LONG_TEXT,
        widget=forms.Textarea(_ROWS),
        help_text=_("All who see the cycle read it."),
    )


class AssignmentFilterForm(forms.Form):
    """Narrows the list of assignments."""

    hide_optional = True

    q = forms.CharField(label=_("Search"), required=False, max_length=100)
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[
            ("", _("All states")),
            (ALL_OPEN, _("not met yet")),
            (OVERDUE, _("overdue")),
            (EARLIER, _("open from earlier cycles")),
            *AssignmentState.choices,
        ],
    )
    organisation = forms.TypedChoiceField(label=_("Who acts"), required=False, coerce=int, empty_value=None)

    def __init__(self, *args: Any, organisations: Iterable[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(row.pk, row.label) for row in organisations]
        choose_from(self, "organisation", _("All organisations"), choices)

    def wanted(self) -> AssignmentFilter:
        """What was chosen; fields with errors count as not chosen."""
        self.is_valid()
        chosen = self.cleaned_data
        return AssignmentFilter(
            state=chosen.get("state") or "",
            organisation_pk=chosen.get("organisation"),
            search=chosen.get("q") or "",
        )
