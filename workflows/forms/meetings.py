"""Forms of series and templates of meetings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from project.forms import GermanIntegerField, needed_if
from stakeholders.models import Body, Organisation
from workflows.forms.agenda import LONGEST_ITEM
from workflows.forms.conference import grouped_by_kind, take_from_template
from workflows.models import MeetingTemplate, MeetingTemplateItem
from workflows.recurrence import MOST_DAYS, Rhythm
from workflows.services.meeting_series import StandingItem

#: Empty rows for further standing items.
EXTRA_ROWS = 3


class SeriesForm(forms.Form):
    """Several meetings of a body in a fixed rhythm."""

    body = forms.ModelChoiceField(label=_("Body"), queryset=Body.objects.none(), empty_label=None)
    template = forms.ModelChoiceField(
        label=_("Template"),
        queryset=MeetingTemplate.objects.none(),
        required=False,
        empty_label=_("No template"),
        help_text=_("Its standing items go onto each agenda; so do place and start if you name none."),
    )
    first_on = forms.DateField(label=_("First meeting on"))
    starts_at = forms.TimeField(label=_("Begins at"), required=False)
    place = forms.CharField(label=_("Place"), max_length=200, required=False)
    rhythm = forms.ChoiceField(
        label=_("Rhythm"),
        choices=[
            (Rhythm.WEEKS.value, _("every so many weeks on the same weekday")),
            (Rhythm.MONTHS.value, _("every so many months, such as on the second Tuesday")),
        ],
        widget=forms.RadioSelect,
        initial=Rhythm.MONTHS.value,
    )
    interval = GermanIntegerField(label=_("Every"), min_value=1, max_value=12, initial=1)
    count = needed_if(
        GermanIntegerField(label=_("How many meetings?"), required=False, min_value=1, max_value=MOST_DAYS),
        _("or the last day"),
    )
    until = needed_if(forms.DateField(label=_("Last possible day"), required=False), _("or the number"))
    participants = forms.ModelMultipleChoiceField(
        label=_("Who is invited?"),
        queryset=Organisation.objects.none(),
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(
        self,
        *args: Any,
        bodies: QuerySet[Body],
        templates: QuerySet[MeetingTemplate],
        organisations: QuerySet[Organisation],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in (("body", bodies), ("template", templates), ("participants", organisations)):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = rows
        self.fields["participants"].choices = grouped_by_kind(organisations)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Either a number or a last day, and a template of the chosen body."""
        data = super().clean() or {}
        if bool(data.get("count")) == bool(data.get("until")) and not {"count", "until"} & set(self.errors):
            self.add_error("count", ValidationError(_("Name the number or the last day."), code="end"))
        first, until = data.get("first_on"), data.get("until")
        if first and until and until < first:
            self.add_error("until", ValidationError(_("The last day lies before the first."), code="order"))
        take_from_template(self, data)
        return data


class CancelForm(forms.Form):
    """Why a meeting is called off."""

    reason = forms.CharField(
        label=_("Reason"),
        widget=forms.Textarea({"rows": 3}),
        max_length=2000,
        help_text=_("It goes out with the mail and stays on the page of the meeting."),
    )


class TemplateForm(forms.Form):
    """Name, place and hour of a template."""

    body = forms.ModelChoiceField(label=_("Body"), queryset=Body.objects.none(), empty_label=None)
    name = forms.CharField(label=_("Name"), max_length=120)
    place = forms.CharField(label=_("Place"), max_length=200, required=False)
    starts_at = forms.TimeField(label=_("Begins at"), required=False)
    is_active = forms.BooleanField(label=_("Offer it when meetings are set"), required=False, initial=True)

    def __init__(self, *args: Any, bodies: QuerySet[Body] | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if bodies is None:
            del self.fields["body"]
            return
        body = self.fields["body"]
        assert isinstance(body, forms.ModelChoiceField)
        body.queryset = bodies


class StandingItemForm(forms.Form):
    """A standing item; without a title it is left out."""

    title = forms.CharField(label=_("Title"), max_length=250, required=False)
    duration_minutes = GermanIntegerField(
        label=_("Length in minutes"), required=False, min_value=1, max_value=LONGEST_ITEM
    )
    is_last = forms.BooleanField(label=_("After what is ready"), required=False)
    is_internal = forms.BooleanField(label=_("Internal"), required=False)


StandingItems = forms.formset_factory(StandingItemForm, extra=EXTRA_ROWS, max_num=30)


def standing_initial(items: Sequence[MeetingTemplateItem]) -> list[dict[str, Any]]:
    """Standing items of a template as rows of the form."""
    names = ("title", "duration_minutes", "is_last", "is_internal")
    return [{name: getattr(item, name) for name in names} for item in items]


def standing_items(formset: Any) -> list[StandingItem]:
    """Rows that have a title, in their order."""
    rows = (form.cleaned_data for form in formset)
    return [
        StandingItem(
            title=row["title"],
            duration_minutes=row["duration_minutes"],
            is_internal=row["is_internal"],
            is_last=row["is_last"],
        )
        for row in rows
        if row.get("title")
    ]
