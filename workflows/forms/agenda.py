"""Forms of a meeting's agenda."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from project.forms import GermanIntegerField
from workflows.models import AgendaItem, AgendaKind
from workflows.services.agenda import REASON_ONCE_SENT, REASON_WITH_TRACES

#: Longest length of an item in minutes: a long day.
LONGEST_ITEM = 720


class AgendaItemForm(forms.Form):
    """An item: what it is called, how long it takes, and whether it is internal."""

    title = forms.CharField(label=_("Title"), max_length=250)
    note = forms.CharField(
        label=_("Note"),
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("What members should know before. It stands below the item and in the papers."),
    )
    duration_minutes = GermanIntegerField(
        label=_("Length in minutes"), required=False, min_value=1, max_value=LONGEST_ITEM, initial=10
    )
    is_internal = forms.BooleanField(
        label=_("Internal"),
        required=False,
        help_text=_("Only members of the body, their deputies and the social planning unit see it."),
    )
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        widget=forms.Textarea({"rows": 2}),
        max_length=2000,
        help_text=_(
            "Needed for another title or another part of the agenda: the papers have been sent, and all who"
            " have the item in them are told by mail."
        ),
    )

    def __init__(self, *args: Any, item: AgendaItem | None = None, **kwargs: Any) -> None:
        if item is not None:
            names = ("title", "note", "duration_minutes", "is_internal")
            kwargs["initial"] = {name: getattr(item, name) for name in names}
        super().__init__(*args, **kwargs)
        if item is None or item.meeting.papers_sent_at is None:
            del self.fields["reason"]
        # What is about an object is called as that object is.
        if item is not None and item.kind not in {AgendaKind.TOPIC, AgendaKind.TASKS}:
            del self.fields["title"]

    @property
    def values(self) -> dict[str, Any]:
        """Cleaned arguments of ``agenda_topic_add`` and ``agenda_item_change``."""
        return dict(self.cleaned_data)


class RemoveItemForm(forms.Form):
    """Why an item is taken off after the papers are out, or though files or notes belong to it."""

    reason = forms.CharField(
        label=_("Reason"),
        widget=forms.Textarea({"rows": 3}),
        max_length=2000,
        help_text=_("It goes out by mail and stays on the agenda."),
    )

    def __init__(self, *args: Any, needs_reason: bool, is_told: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].error_messages["required"] = REASON_ONCE_SENT if is_told else REASON_WITH_TRACES
        if not is_told:
            self.fields["reason"].help_text = _("It stays on the agenda with the item.")
        if not needs_reason:
            del self.fields["reason"]
