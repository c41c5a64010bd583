"""Forms of minutes: writing, signing, asking for a correction, and the filter of their list."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from stakeholders.models import Body
from workflows.forms.answers import AnswerForm
from workflows.forms.conference import choose_from
from workflows.models import Minutes, MinutesItem, MinutesState
from workflows.selectors.minutes import MinutesFilter
from workflows.services.minutes import MinutesText

_LONG_TEXT = 20_000


def _area(rows: int, label: Any, **kwargs: Any) -> forms.CharField:
    return forms.CharField(
        label=label, required=False, max_length=_LONG_TEXT, widget=forms.Textarea({"rows": rows}), **kwargs
    )


def _clock(label: Any) -> forms.TimeField:
    return forms.TimeField(
        label=label, required=False, widget=forms.TimeInput({"type": "time"}, format="%H:%M")
    )


class WriteMinutesForm(forms.Form):
    """The wording of minutes, item by item; the version tells whether a colleague saved meanwhile."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    began = _clock(pgettext_lazy("of a meeting", "Begin"))
    ended = _clock(pgettext_lazy("of a meeting", "End"))
    text = _area(3, _("General remarks"), help_text=_("What belongs to no item; may stay empty."))
    internal_text = _area(
        2,
        _("General remarks, internal"),
        help_text=_("Only members of the body and the social planning unit read it."),
    )

    def __init__(self, *args: Any, minutes: Minutes, rows: Sequence[MinutesItem], **kwargs: Any) -> None:
        self.minutes, self.rows = minutes, rows
        kwargs["initial"] = {
            "version": minutes.version,
            "began": _time(minutes.began_at),
            "ended": _time(minutes.ended_at),
            "text": minutes.text,
            "internal_text": minutes.internal_text,
            **{self.name(row): row.text for row in rows},
            **{self.internal_name(row): row.internal_text for row in rows},
        }
        super().__init__(*args, **kwargs)
        for row in rows:
            self.fields[self.name(row)] = _area(5, _("What the minutes say"))
            if not row.item.is_internal:
                self.fields[self.internal_name(row)] = _area(2, _("Internal part"))

    @staticmethod
    def name(row: MinutesItem) -> str:
        """Name of the field of an item."""
        return f"item-{row.pk}"

    @staticmethod
    def internal_name(row: MinutesItem) -> str:
        """Name of the field of the internal part of an item."""
        return f"item-{row.pk}-internal"

    def clean(self) -> dict[str, Any]:
        """A meeting ends after it began."""
        cleaned = super().clean() or self.cleaned_data
        began, ended = cleaned.get("began"), cleaned.get("ended")
        if began and ended and ended < began:
            self.add_error("ended", ValidationError(_("The end lies before the begin."), code="order"))
        return cleaned

    @property
    def values(self) -> MinutesText:
        """What was written."""
        cleaned = self.cleaned_data
        return MinutesText(
            version=cleaned["version"],
            began_at=self._moment(cleaned["began"]),
            ended_at=self._moment(cleaned["ended"]),
            text=cleaned["text"],
            internal_text=cleaned["internal_text"],
            items={row.pk: self.texts_of(row) for row in self.rows},
        )

    def texts_of(self, row: MinutesItem) -> tuple[str, str]:
        """What was written of an item: its text and its internal text."""
        return self.cleaned_data[self.name(row)], self.cleaned_data.get(self.internal_name(row), "")

    def _moment(self, time: datetime.time | None) -> datetime.datetime | None:
        if time is None:
            return None
        return timezone.make_aware(datetime.datetime.combine(self.minutes.meeting.held_on, time))


def _time(moment: datetime.datetime | None) -> datetime.time | None:
    return None if moment is None else timezone.localtime(moment).time().replace(second=0, microsecond=0)


class SignMinutesForm(AnswerForm):
    """The chair signs the minutes or returns them."""

    YES = "sign"
    question = _("Are the minutes right and complete?")
    yes = _("Yes, I sign them")
    reader = _("Needed if you return them; the secretary will read it.")
    missing = _("Say what has to be changed; the secretary will read it.")

    alone_reason = forms.CharField(
        label=_("Why do you sign alone?"),
        max_length=500,
        required=False,
        widget=forms.Textarea({"rows": 2}),
        help_text=_(
            "You handed the minutes in yourself, and nobody else can sign. The reason stands in the minutes."
        ),
    )

    def __init__(self, *args: Any, is_alone: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_alone:
            del self.fields["alone_reason"]


class ObjectionForm(forms.Form):
    """What a member wants corrected in signed minutes."""

    text = forms.CharField(
        label=_("What should be corrected, and how?"),
        max_length=5000,
        widget=forms.Textarea({"rows": 5}),
        help_text=_("Name the item and the words. Members of the body and the social planning unit read it."),
    )


class MinutesFilterForm(forms.Form):
    """Narrows the list of minutes."""

    body = forms.TypedChoiceField(label=_("Body"), required=False, coerce=int, empty_value=None)
    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("All states")), *MinutesState.choices]
    )

    def __init__(self, *args: Any, bodies: Iterable[Body], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self, "body", _("All bodies"), [(row.pk, row.name) for row in bodies])

    def wanted(self) -> MinutesFilter:
        """What was chosen; fields with errors count as not chosen."""
        self.is_valid()
        chosen = self.cleaned_data
        return MinutesFilter(body_pk=chosen.get("body"), state=chosen.get("state") or "")
