"""Forms that move a measure to another state or planning stage."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from measures.forms.base import LongTextField, fill, others_of
from measures.models import Measure, MeasureStatus, Stage
from measures.moves import ENDED, STATUS_RULES, Move
from project.forms import needed_if

_REASON_LENGTH = 5000


class StatusForm(forms.Form):
    """The new state, since when and why; the definition of each state stands beside it."""

    to = forms.ChoiceField(label=_("New state"), widget=forms.RadioSelect)
    merged_into = needed_if(
        forms.ModelChoiceField(
            label=_("Becomes a part of"),
            queryset=Measure.objects.none(),
            required=False,
            empty_label=_("Please choose"),
        ),
        _("only needed for “merged into another”"),
    )
    effective_on = forms.DateField(label=_("Since"), help_text=_("Not in the future."))
    reason = LongTextField(
        label=_("Reason"),
        required=False,
        max_length=_REASON_LENGTH,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Stays in the history of the measure; everybody who sees the measure reads it."),
    )

    def __init__(
        self, *args: Any, measure: Measure, moves: Sequence[tuple[str, Move]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"effective_on": timezone.localdate(), **self.initial}
        self.moves = dict(moves)
        to = self.fields["to"]
        assert isinstance(to, forms.ChoiceField)
        to.choices = [(state, f"{MeasureStatus(state).label}: {STATUS_RULES[state]}") for state in self.moves]
        if MeasureStatus.MERGED not in self.moves:
            del self.fields["merged_into"]
        else:
            others = [row for row in others_of(measure.plan, measure) if row.status not in ENDED]
            rows = Measure.objects.filter(pk__in=[row.pk for row in others])
            choices = [("", _("Please choose")), *((row.pk, str(row)) for row in others)]
            fill(self, "merged_into", rows, choices)
        if not any(move.needs_reason for move in self.moves.values()):
            return
        states = [str(MeasureStatus(state).label) for state, move in self.moves.items() if move.needs_reason]
        needed_if(self.fields["reason"], _("needed for: %(states)s") % {"states": ", ".join(states)})

    def clean_effective_on(self) -> datetime.date:
        """What has not come cannot be told yet."""
        day: datetime.date = self.cleaned_data["effective_on"]
        if day > timezone.localdate():
            raise ValidationError(_("The day cannot be in the future."), code="future")
        return day

    def clean(self) -> dict[str, Any]:
        """Reason and other measure where the new state needs them."""
        cleaned = super().clean() or self.cleaned_data
        move = self.moves.get(cleaned.get("to", ""))
        if move and move.needs_reason and not cleaned.get("reason", "").strip():
            self.add_error("reason", _("Give a reason: it stays in the history of the measure."))
        if cleaned.get("to") != MeasureStatus.MERGED:
            cleaned["merged_into"] = None
        elif not cleaned.get("merged_into"):
            self.add_error("merged_into", _("Name the measure it becomes a part of."))
        return cleaned


class StageForm(forms.Form):
    """Why a measure goes to the other planning stage."""

    reason = LongTextField(label=_("Reason"), max_length=_REASON_LENGTH, widget=forms.Textarea({"rows": 3}))

    def __init__(self, *args: Any, to: Stage, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = {"stage": to.label}
        self.fields["reason"].label = _("Why does the measure move to %(stage)s?") % words
