"""Forms of target agreements: wording, review, comparison, filter."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from measures.forms.choices import offer
from measures.forms.filters import FilterForm
from measures.models import FieldOfAction
from project.common.formats import date_de
from project.common.keys import key_or_none
from project.common.seen import SEEN
from project.forms import needed_if
from stakeholders.models import Organisation
from workflows.models import ReviewHolder, ReviewResult, TargetAgreement
from workflows.selectors.agreement_lists import AgreementFilter
from workflows.selectors.agreement_versions import (
    AGREEMENT_LABELS,
    AgreementContent,
    AgreementState,
    content_mark,
)

_LONG_TEXT = 10_000
#: Empty fields for further days of review.
_MORE_DAYS = 2
#: Most days of review that are taken; more is no human entry.
_MOST_DAYS = 60


def _text(label: Any, help_text: Any = "", rows: int = 4, **kwargs: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=_LONG_TEXT,
        widget=forms.Textarea({"rows": rows}),
        **kwargs,
    )


class AgreementForm(forms.Form):
    """What the next version says."""

    subject = _text(_("Subject"), _("What is agreed on?"))
    preamble = _text(_("Preamble"), _("Why the parties agree on it; may stay empty."), rows=3, required=False)
    resources = _text(
        _("Resources"), _("Money, people, rooms: one line each, with who gives them."), required=False
    )
    starts_on = forms.DateField(label=_("In force from"))
    ends_on = forms.DateField(label=_("In force until"))
    deviation_rule = _text(_("What happens on deviation"), _("Who meets by when, and what follows."))
    review_holder = forms.ChoiceField(label=_("Who holds the reviews"), choices=ReviewHolder.choices)
    change_reason = _text(_("Reason for the change"), _("All parties read it before they confirm."), rows=3)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        content: AgreementContent,
        parties: Sequence[Organisation],
        needs_reason: bool,
        **kwargs: Any,
    ) -> None:
        days = sorted(content.review_days)
        first: dict[str, Any] = {
            name: getattr(content, name)
            for name in (
                "subject",
                "preamble",
                "resources",
                "starts_on",
                "ends_on",
                "deviation_rule",
                "review_holder",
                "change_reason",
            )
        }
        first[SEEN] = content_mark(content)
        super().__init__(*args, **{**kwargs, "initial": first})
        self.parties = parties
        # Days that were sent stay, whatever somebody else has stored meanwhile.
        count = len(days) + _MORE_DAYS
        while f"review_{count + 1}" in self.data and count < _MOST_DAYS:
            count += 1
        self.day_names = [f"review_{number}" for number in range(1, count + 1)]
        for party in parties:
            self.fields[f"commitment_{party.pk}"] = _text(
                _("Commitment of %(party)s") % {"party": party.label},
                rows=3,
                initial=content.commitments.get(party.pk, ""),
            )
        for number, name in enumerate(self.day_names, start=1):
            self.fields[name] = forms.DateField(
                label=_("Day of review %(number)s") % {"number": number},
                required=False,
                initial=days[number - 1] if number <= len(days) else None,
            )
        if not needs_reason:
            del self.fields["change_reason"]

    @property
    def commitment_fields(self) -> list[forms.BoundField]:
        """One field a party."""
        return [self[f"commitment_{party.pk}"] for party in self.parties]

    @property
    def day_fields(self) -> list[forms.BoundField]:
        """Days of review."""
        return [self[name] for name in self.day_names]

    @property
    def content(self) -> AgreementContent:
        """What was filled in."""
        values = self.cleaned_data
        days: list[datetime.date] = [values[name] for name in self.day_names if values[name]]
        return AgreementContent(
            subject=values["subject"],
            preamble=values["preamble"],
            resources=values["resources"],
            starts_on=values["starts_on"],
            ends_on=values["ends_on"],
            deviation_rule=values["deviation_rule"],
            review_holder=values["review_holder"],
            change_reason=values.get("change_reason", ""),
            commitments={party.pk: values[f"commitment_{party.pk}"] for party in self.parties},
            review_days=days,
        )


class ReviewForm(forms.Form):
    """What a review found."""

    held_on = forms.DateField(label=_("Held on"))
    looked_at = _text(_("What was looked at"), _("Figures, milestones, commitments."))
    result = forms.ChoiceField(label=_("Result"), choices=ReviewResult.choices, widget=forms.RadioSelect)
    consequence = needed_if(
        _text(
            _("What follows"),
            _("Needed on a deviation: what follows by the rule of the agreement, who does what by when?"),
            required=False,
        ),
        _("only needed on a deviation"),
    )
    next_on = forms.DateField(
        label=_("Next review"),
        required=False,
        help_text=_("Leave it empty to keep to the days that were agreed."),
    )


class CompareAgreementsForm(forms.Form):
    """Which two versions."""

    hide_optional = True

    old = forms.TypedChoiceField(label=_("Earlier version"), required=False, coerce=int, empty_value=None)
    new = forms.TypedChoiceField(label=_("Later version"), required=False, coerce=int, empty_value=None)

    def __init__(self, *args: Any, versions: Iterable[TargetAgreement], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [
            (row.version, _("%(number)s of %(day)s") % {"number": row.version, "day": date_de(row.asked_at)})
            for row in versions
        ]
        for name in ("old", "new"):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices


class AgreementFilterForm(FilterForm):
    """Filter of the agreements of a plan."""

    q = forms.CharField(label=_("Search"), required=False, max_length=100)
    state = forms.ChoiceField(label=_("State"), required=False)
    field = forms.ChoiceField(label=_("Field of action"), required=False)
    due = forms.ChoiceField(label=_("Review"), required=False)

    def __init__(self, *args: Any, fields_of_action: Iterable[FieldOfAction], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shown = [state for state in AgreementState if state is not AgreementState.REPLACED]
        offer(self, "state", _("all"), [(state.value, AGREEMENT_LABELS[state]) for state in shown])
        offer(self, "field", _("all"), [(row.pk, str(row)) for row in fields_of_action])
        offer(self, "due", _("all"), [("due", _("due now"))])

    def wanted(self) -> AgreementFilter:
        """What was chosen."""
        return AgreementFilter(
            search=self.chosen("q").strip(),
            state=self.chosen("state"),
            field=key_or_none(self.chosen("field")),
            is_due=self.chosen("due") == "due",
        )
