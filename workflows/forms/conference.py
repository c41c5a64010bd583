"""Forms of the planning conference: meetings, attendance, fields of action, the end of a contribution."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from project.common.formats import date_de
from stakeholders.models import Body, Organisation, OrganisationKind
from stakeholders.selectors.rules import rules_of
from workflows.models import Meeting, MeetingTemplate
from workflows.selectors.attendance import attended_organisations


class ContributionForm(forms.Form):
    """Finishing the own statements; without any, only by saying so."""

    nothing = forms.BooleanField(
        label=_("We have nothing to contribute"),
        required=False,
        help_text=_("Tick this only if you want to hand in without any statement."),
    )

    def __init__(self, *args: Any, statement_count: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.statement_count = statement_count
        if statement_count:
            del self.fields["nothing"]

    def clean(self) -> dict[str, Any]:
        """Refuse an empty contribution by accident."""
        cleaned = super().clean() or {}
        if not self.statement_count and not cleaned.get("nothing"):
            raise ValidationError(
                _("Give at least one statement, or tick that you have nothing to contribute."), code="empty"
            )
        return cleaned


def grouped_by_kind(organisations: Iterable[Organisation]) -> list[tuple[str, list[tuple[int, str]]]]:
    """Choices of organisations under the name of their kind; those without an e-mail address are marked."""
    groups: dict[str, list[tuple[int, str]]] = {}
    order = {kind.value: number for number, kind in enumerate(OrganisationKind)}
    for row in sorted(organisations, key=lambda row: (order[row.kind], row.name)):
        label = row.name if row.email else _("%(name)s (no e-mail address on file)") % {"name": row.name}
        groups.setdefault(str(row.get_kind_display()), []).append((row.pk, str(label)))
    return list(groups.items())


class NoticeForm(forms.Form):
    """A meeting within the notice period of its body is urgent, and says why."""

    is_urgent = forms.BooleanField(
        label=_("It is urgent: invite within the notice period"),
        required=False,
        help_text=_("The reason goes out with the mail and stays on the page of the meeting."),
    )
    urgency = forms.CharField(
        label=_("Why is it urgent?"), required=False, max_length=500, widget=forms.Textarea({"rows": 2})
    )

    def clean(self) -> dict[str, Any]:
        """Urgent needs a reason, and a reason means urgent only where that was ticked."""
        cleaned = super().clean() or {}
        if "is_urgent" not in self.fields:
            return cleaned
        if not cleaned.get("is_urgent"):
            cleaned["urgency"] = ""
        elif not cleaned.get("urgency") and "urgency" not in self.errors:
            self.add_error("urgency", ValidationError(_("Say why it is urgent."), code="missing"))
        return cleaned

    def offer_notice(self, bodies: Iterable[Body]) -> None:
        """Ask for the urgency only where a body has a notice period, and say how long it is. Queries: 2."""
        today = timezone.localdate()
        days = {
            row.body_id: row.notice_days for row in rules_of([body.pk for body in bodies], today).values()
        }
        longest = max(days.values(), default=0)
        if not longest:
            del self.fields["is_urgent"], self.fields["urgency"]
            return
        text = ngettext(
            "By the rules of procedure invitations go out at least %(days)s day before: %(first)s or later.",
            "By the rules of procedure invitations go out at least %(days)s days before: %(first)s or later.",
            longest,
        ) % {"days": longest, "first": date_de(today + datetime.timedelta(days=longest))}
        field = self.fields["held_on"]
        field.help_text = f"{field.help_text} {text}".strip()


def take_from_template(form: forms.Form, data: dict[str, Any]) -> None:
    """Place and hour that were left empty are those of the template; one of another body is refused."""
    template, body = data.get("template"), data.get("body")
    if template is None:
        return
    if body is not None and template.body_id != body.pk:
        form.add_error("template", ValidationError(_("This template is for another body."), code="body"))
    data["place"] = data.get("place") or template.place
    data["starts_at"] = data.get("starts_at") or template.starts_at


class MeetingForm(NoticeForm):
    """Date, place and participants of a meeting."""

    field_order: Sequence[str] = (
        "body",
        "template",
        "held_on",
        "starts_at",
        "is_urgent",
        "urgency",
        "place",
        "participants",
        "note",
    )

    held_on = forms.DateField(label=_("Date"))
    starts_at = forms.TimeField(
        label=_("Begins at"), required=False, help_text=_("From it the agenda shows when each item comes up.")
    )
    place = forms.CharField(
        label=_("Place"),
        max_length=200,
        help_text=_("Room and address, or the address of the video conference."),
    )
    participants = forms.ModelMultipleChoiceField(
        label=_("Who is invited?"),
        queryset=Organisation.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("The office of each organisation gets the invitation by e-mail."),
    )
    note = forms.CharField(
        label=_("Further items and remarks"),
        required=False,
        widget=forms.Textarea({"rows": 4}),
        help_text=_("One item a line. They follow what is ready by itself; all can be changed later."),
    )

    def __init__(self, *args: Any, organisations: QuerySet[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        participants = self.fields["participants"]
        assert isinstance(participants, forms.ModelMultipleChoiceField)
        participants.queryset = organisations
        participants.choices = grouped_by_kind(organisations)

    def clean_held_on(self) -> Any:
        """Nobody can be invited to a day that is over."""
        held_on = self.cleaned_data["held_on"]
        if held_on < timezone.localdate():
            raise ValidationError(_("This day is over. Choose today or a later day."), code="past")
        return held_on

    @property
    def values(self) -> dict[str, Any]:
        """Cleaned arguments of ``meeting_schedule``."""
        names = ("held_on", "starts_at", "place", "participants", "note", "urgency", "template")
        return {name: self.cleaned_data[name] for name in names if name in self.cleaned_data}


class FurtherMeetingForm(MeetingForm):
    """A further meeting of one of the cycle's bodies."""

    body = forms.ModelChoiceField(label=_("Body"), queryset=Body.objects.none(), empty_label=None)
    template = forms.ModelChoiceField(
        label=_("Template"),
        queryset=MeetingTemplate.objects.none(),
        required=False,
        empty_label=_("No template"),
        help_text=_("Its standing items go onto the agenda; so do place and start if you name none."),
    )

    def __init__(
        self,
        *args: Any,
        bodies: QuerySet[Body],
        templates: QuerySet[MeetingTemplate],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in (("body", bodies), ("template", templates)):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = rows
        # Without any there is nothing to choose.
        if not templates.exists():
            del self.fields["template"]
        else:
            self.fields["place"].required = False

    def clean(self) -> dict[str, Any]:
        """Place and hour come from the template where none are named; a place there must be."""
        data = super().clean()
        take_from_template(self, data)
        if not data.get("place") and "place" not in self.errors:
            message = _("Name the place, or choose a template that names one.")
            self.add_error("place", ValidationError(message, code="required"))
        return data


class MoveMeetingForm(NoticeForm):
    """Another day, hour or place of a meeting, and why."""

    field_order = ("held_on", "starts_at", "is_urgent", "urgency", "place", "reason")

    held_on = forms.DateField(label=_("New day"))
    starts_at = forms.TimeField(label=_("Begins at"), required=False)
    place = forms.CharField(label=_("Place"), max_length=200)
    reason = forms.CharField(
        label=_("Reason"),
        widget=forms.Textarea({"rows": 3}),
        help_text=_("It goes out with the mail and stays on the page of the meeting."),
    )

    @property
    def values(self) -> dict[str, Any]:
        """Cleaned arguments of ``meeting_move``."""
        names = ("held_on", "starts_at", "place", "reason", "urgency")
        return {name: self.cleaned_data[name] for name in names if name in self.cleaned_data}


class FieldOfActionForm(forms.Form):
    """A further field of action."""

    title = forms.CharField(label=_("New field of action"), max_length=200)


class AttendanceForm(forms.Form):
    """Who came to each of the meetings that are closed now.

    Ticked are those whose attendance was taken; all who were invited where none was.
    """

    def __init__(self, *args: Any, meetings: Sequence[Meeting], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.names = {
            meeting.pk: "attended" if position == 0 else f"attended-{meeting.pk}"
            for position, meeting in enumerate(meetings)
        }
        for meeting in meetings:
            there = attended_organisations(meeting)
            # Who holds a seat may have come without an invitation.
            invited = Organisation.objects.filter(
                Q(pk__in=meeting.participants.values("organisation")) | Q(pk__in=there)
            ).order_by("name")
            self.fields[self.names[meeting.pk]] = forms.ModelMultipleChoiceField(
                label=(
                    _("Who took part?")
                    if len(meetings) == 1
                    else _("Who took part on %(day)s?") % {"day": date_de(meeting.held_on)}
                ),
                help_text=(
                    _("Those are ticked whose attendance was taken.")
                    if there
                    else _("All who were invited are ticked. Untick who did not come.")
                ),
                queryset=invited,
                initial=sorted(there) or list(invited.values_list("pk", flat=True)),
                widget=forms.CheckboxSelectMultiple,
                error_messages={"required": _("Tick who took part.")},
            )

    def attended(self) -> dict[int, list[Organisation]]:
        """Key of a meeting -> who came."""
        return {pk: list(self.cleaned_data[name]) for pk, name in self.names.items()}


def choose_from(form: forms.Form, name: str, everything: Any, choices: Iterable[tuple[Any, Any]]) -> None:
    """Give a choice field of a filter its choices, the first one meaning no restriction."""
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = [("", everything), *choices]
