"""Forms of co-signing: whom to ask and until when, and the answer of an organisation."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from project.forms import needed_if
from stakeholders.models import Organisation
from workflows.forms.conference import grouped_by_kind
from workflows.models import Cosigning, CosignOrder, CosignVerdict, PlanningCycle
from workflows.selectors.conference import invitable
from workflows.services.cosigning import MOST, TURN_DAYS

_TEXT_LENGTH = 5_000
#: So many empty lines are offered at first.
_LINES = 6


class CosigningForm(forms.Form):
    """Who is asked, in which order, until when."""

    hide_optional = True

    order = forms.ChoiceField(
        label=_("How are they asked?"),
        choices=CosignOrder.choices,
        widget=forms.RadioSelect,
        initial=CosignOrder.PARALLEL,
        help_text=_("In a sequence each gets an equal part of the time; the next is asked after the answer."),
    )
    due_on = forms.DateField(
        label=_("Answers until"),
        widget=forms.DateInput({"type": "date"}),
        help_text=_("Whoever has not answered by then is recorded so, and the conference goes on."),
    )
    note = forms.CharField(
        label=_("Note to those who are asked"),
        required=False,
        max_length=_TEXT_LENGTH,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("What should they look at?"),
    )

    def __init__(
        self, *args: Any, cycle: PlanningCycle, last: Cosigning | None = None, **kwargs: Any
    ) -> None:
        """Offer the organisations of the territory; those of the last round stand there already."""
        named = [] if last is None else [row.organisation_id for row in last.requests.order_by("position")]
        today = timezone.localdate()
        first: dict[str, Any] = {"due_on": today + datetime.timedelta(days=TURN_DAYS)}
        if last is not None:
            first |= {"order": last.order, "note": last.note}
            first["due_on"] = max(last.due_on, first["due_on"]) if last.is_planned else first["due_on"]
        kwargs["initial"] = {**first, **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        organisations = list(invitable(cycle))
        choices = [("", gettext("nobody")), *grouped_by_kind(organisations)]
        self.organisations = {row.pk: row for row in organisations}
        self.lines = [f"organisation_{number}" for number in range(1, min(MOST, len(named) + _LINES) + 1)]
        for number, name in enumerate(self.lines, start=1):
            self.fields[name] = forms.TypedChoiceField(
                label=gettext("%(number)s. organisation") % {"number": number},
                required=False,
                coerce=int,
                empty_value=None,
                choices=choices,
                initial=named[number - 1] if number <= len(named) else None,
            )

    @property
    def organisation_fields(self) -> list[forms.BoundField]:
        """The lines for the organisations."""
        return [self[name] for name in self.lines]

    @property
    def named(self) -> list[Organisation]:
        """Who was chosen, in order."""
        keys = [self.cleaned_data.get(name) for name in self.lines]
        return [self.organisations[key] for key in keys if key]


class CosignForm(forms.Form):
    """The answer of an organisation."""

    hide_optional = True

    verdict = forms.ChoiceField(
        label=_("Does your organisation co-sign?"),
        choices=[
            (CosignVerdict.COSIGNED, _("Yes, it co-signs")),
            (CosignVerdict.COMMENTED, _("Yes, with a comment")),
            (CosignVerdict.DISSENT, _("No, it dissents")),
        ],
        widget=forms.RadioSelect,
    )
    comment = needed_if(
        forms.CharField(
            label=_("Comment or reason of the dissent"),
            required=False,
            max_length=_TEXT_LENGTH,
            widget=forms.Textarea({"rows": 5}),
            help_text=_("It stands beside the recommendation for good, with the name of your organisation."),
        ),
        _("needed for a comment or a dissent"),
    )

    def clean(self) -> dict[str, Any]:
        """Comment and dissent need their words."""
        cleaned = super().clean() or {}
        if cleaned.get("verdict") in {CosignVerdict.COMMENTED, CosignVerdict.DISSENT}:
            if not cleaned.get("comment", "").strip():
                self.add_error("comment", _("Write down your comment or the reason of the dissent."))
        elif cleaned.get("comment", "").strip() and cleaned.get("verdict"):
            self.add_error("verdict", _("You have written a comment: say so in your answer, or dissent."))
        return cleaned
