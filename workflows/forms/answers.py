"""The form of everybody who lets a colleague's work through or returns it with a reason."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from project.forms import needed_if

_LONG_TEXT = 2000


class AnswerForm(forms.Form):
    """Yes, or a return with what has to be changed; subclasses say it in the words of their task.

    Attributes:
        YES: Value sent for a yes.
        question: Above the two answers.
        yes: Label of the yes.
        reader: Help below the reason: who reads it.
        missing: Said where a return has no reason.
    """

    YES: ClassVar[str]
    RETURN: ClassVar[str] = "return"
    question: ClassVar[str | Promise]
    yes: ClassVar[str | Promise]
    reader: ClassVar[str | Promise]
    missing: ClassVar[str | Promise]

    answer = forms.ChoiceField(widget=forms.RadioSelect)
    reason = needed_if(
        forms.CharField(
            label=_("What has to be changed?"),
            required=False,
            max_length=_LONG_TEXT,
            widget=forms.Textarea({"rows": 4}),
        ),
        _("only needed for a return"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        answer = self.fields["answer"]
        assert isinstance(answer, forms.ChoiceField)
        answer.label = str(self.question)
        answer.choices = [(self.YES, self.yes), (self.RETURN, _("No, return it to be corrected"))]
        self.fields["reason"].help_text = str(self.reader)

    def clean(self) -> dict[str, Any]:
        """A return needs its reason."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("answer") == self.RETURN and not cleaned.get("reason", "").strip():
            self.add_error("reason", str(self.missing))
        return cleaned

    @property
    def is_yes(self) -> bool:
        """Whether the work is let through."""
        return bool(self.cleaned_data["answer"] == self.YES)
