"""Forms of the planning conference: statements, meetings, attendance, fields of action."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from monitoring.models import Area, Indicator
from project.common.formats import date_de
from stakeholders.models import Body, Organisation, OrganisationKind
from stakeholders.selectors.rules import rules_of
from workflows.models import Meeting, Position, Statement
from workflows.selectors.conference import StatementFilter

_DOMAIN, _INDICATOR = "domain", "indicator"


class StatementForm(forms.Form):
    """One statement on an area: how it relates to the figures, to which of them, and the text."""

    position = forms.ChoiceField(
        label=_("How does your knowledge relate to the figures?"),
        choices=Position.choices,
        widget=forms.RadioSelect,
    )
    about = forms.ChoiceField(
        label=_("What is it about?"),
        required=False,
        help_text=_("A single figure, a whole topic, or the area in general."),
    )
    text = forms.CharField(
        label=_("Statement"),
        widget=forms.Textarea({"rows": 4}),
        help_text=_("What do you see in your daily work? Write nothing that points to single people."),
    )
    organisation = forms.ModelChoiceField(
        label=_("Whose knowledge is it?"),
        queryset=Organisation.objects.none(),
        empty_label=_("Please choose"),
    )

    def __init__(
        self,
        *args: Any,
        indicators: Iterable[Indicator],
        organisations: QuerySet[Organisation] | None = None,
        statement: Statement | None = None,
        **kwargs: Any,
    ) -> None:
        if statement is not None:
            kwargs["initial"] = {
                "position": statement.position,
                "about": _about_of(statement),
                "text": statement.text,
                "organisation": statement.organisation_id,
            }
        super().__init__(*args, **kwargs)
        self.indicators = {row.pk: row for row in indicators}
        self.domains = {row.domain_id: row.domain for row in self.indicators.values()}
        about = self.fields["about"]
        assert isinstance(about, forms.ChoiceField)
        about.choices = self._about_choices()
        if organisations is None or statement is not None:
            del self.fields["organisation"]
        else:
            chosen = self.fields["organisation"]
            assert isinstance(chosen, forms.ModelChoiceField)
            chosen.queryset = organisations

    def _about_choices(self) -> list[Any]:
        choices: list[Any] = [("", _("The area in general"))]
        for domain, rows in groupby(self.indicators.values(), key=lambda row: row.domain):
            group = [(f"{_DOMAIN}-{domain.pk}", _("%(topic)s as a whole") % {"topic": domain.name})]
            group += [(f"{_INDICATOR}-{row.pk}", row.name) for row in rows]
            choices.append((domain.name, group))
        return choices

    @property
    def values(self) -> dict[str, Any]:
        """Cleaned arguments of ``statement_add`` and ``statement_change``."""
        kind, _dash, pk = self.cleaned_data["about"].partition("-")
        values: dict[str, Any] = {
            "position": self.cleaned_data["position"],
            "text": self.cleaned_data["text"],
        }
        if kind == _INDICATOR:
            values["indicator"] = self.indicators[int(pk)]
        elif kind == _DOMAIN:
            values["domain"] = self.domains[int(pk)]
        return values


def _about_of(statement: Statement) -> str:
    if statement.indicator_id is not None:
        return f"{_INDICATOR}-{statement.indicator_id}"
    return f"{_DOMAIN}-{statement.domain_id}" if statement.domain_id is not None else ""


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


class MeetingForm(NoticeForm):
    """Date, place and participants of a meeting."""

    field_order: Sequence[str] = (
        "body",
        "held_on",
        "is_urgent",
        "urgency",
        "place",
        "participants",
        "note",
    )

    held_on = forms.DateField(label=_("Date"))
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
        help_text=_("One item a line. It goes out with the invitation."),
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
        names = ("held_on", "place", "participants", "note", "urgency")
        return {name: self.cleaned_data[name] for name in names if name in self.cleaned_data}


class FurtherMeetingForm(MeetingForm):
    """A further meeting of one of the cycle's bodies."""

    body = forms.ModelChoiceField(label=_("Body"), queryset=Body.objects.none(), empty_label=None)

    def __init__(self, *args: Any, bodies: QuerySet[Body], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        body = self.fields["body"]
        assert isinstance(body, forms.ModelChoiceField)
        body.queryset = bodies


class MoveMeetingForm(NoticeForm):
    """Another day or place of a meeting, and why."""

    field_order = ("held_on", "is_urgent", "urgency", "place", "reason")

    held_on = forms.DateField(label=_("New day"))
    place = forms.CharField(label=_("Place"), max_length=200)
    reason = forms.CharField(
        label=_("Reason"),
        widget=forms.Textarea({"rows": 3}),
        help_text=_("It goes out with the mail and stays on the page of the meeting."),
    )

    @property
    def values(self) -> dict[str, Any]:
        """Cleaned arguments of ``meeting_move``."""
        names = ("held_on", "place", "reason", "urgency")
        return {name: self.cleaned_data[name] for name in names if name in self.cleaned_data}


class FieldOfActionForm(forms.Form):
    """A further field of action."""

    title = forms.CharField(label=_("New field of action"), max_length=200)


class AttendanceForm(forms.Form):
    """Who came to each of the meetings that are closed now; all who were invited are ticked."""

    def __init__(self, *args: Any, meetings: Sequence[Meeting], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.names = {
            meeting.pk: "attended" if position == 0 else f"attended-{meeting.pk}"
            for position, meeting in enumerate(meetings)
        }
        for meeting in meetings:
            invited = Organisation.objects.filter(participations__meeting=meeting).order_by("name")
            self.fields[self.names[meeting.pk]] = forms.ModelMultipleChoiceField(
                label=(
                    _("Who took part?")
                    if len(meetings) == 1
                    else _("Who took part on %(day)s?") % {"day": date_de(meeting.held_on)}
                ),
                help_text=_("All who were invited are ticked. Untick who did not come."),
                queryset=invited,
                initial=list(invited.values_list("pk", flat=True)),
                widget=forms.CheckboxSelectMultiple,
                error_messages={"required": _("Tick who took part.")},
            )

    def attended(self) -> dict[int, list[Organisation]]:
        """Key of a meeting -> who came."""
        return {pk: list(self.cleaned_data[name]) for pk, name in self.names.items()}


class StatementFilterForm(forms.Form):
    """Narrows the list of statements."""

    hide_optional = True

    q = forms.CharField(label=_("Search"), required=False, max_length=100)
    area = forms.TypedChoiceField(label=_("Area"), required=False, coerce=int, empty_value=None)
    position = forms.ChoiceField(
        label=_("Position"), required=False, choices=[("", _("All positions")), *Position.choices]
    )
    organisation = forms.TypedChoiceField(
        label=_("Organisation"), required=False, coerce=int, empty_value=None
    )

    def __init__(
        self, *args: Any, areas: Iterable[Area], organisations: Iterable[Organisation], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self, "area", _("All areas"), [(row.pk, row.name) for row in areas])
        choose_from(
            self, "organisation", _("All organisations"), [(row.pk, row.name) for row in organisations]
        )

    def wanted(self) -> StatementFilter:
        """What was chosen; fields with errors count as not chosen."""
        self.is_valid()
        chosen = self.cleaned_data
        return StatementFilter(
            area_pk=chosen.get("area"),
            organisation_pk=chosen.get("organisation"),
            position=chosen.get("position") or "",
            search=chosen.get("q") or "",
        )


def choose_from(form: forms.Form, name: str, everything: Any, choices: Iterable[tuple[Any, Any]]) -> None:
    """Give a choice field of a filter its choices, the first one meaning no restriction."""
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = [("", everything), *choices]
