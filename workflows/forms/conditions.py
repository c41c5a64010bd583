"""Conditions as rows of the form of a decision: what, who, until when."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms.boundfield import BoundField
from django.utils.translation import gettext_lazy as _

from stakeholders.models import Organisation
from workflows.models import DecisionResult
from workflows.services.conditions import ConditionRow

#: Rows offered; all but the first one are folded away.
ROWS = 8
_OPEN_ROWS = 1
_PARTS = ("text", "organisation", "due_on")


class ConditionRowsMixin(forms.Form):
    """Adds rows of conditions to a form with the field ``result``."""

    def __init__(self, *args: Any, acting: QuerySet[Organisation] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        organisations = Organisation.objects.none() if acting is None else acting
        for number in range(1, ROWS + 1):
            names = {"number": number}
            self.fields[f"condition-{number}-text"] = forms.CharField(
                label=_("Condition %(number)s") % names,
                required=False,
                max_length=2000,
                widget=forms.Textarea({"rows": 2}),
            )
            self.fields[f"condition-{number}-organisation"] = forms.ModelChoiceField(
                organisations,
                label=_("Who meets condition %(number)s?") % names,
                required=False,
                empty_label=_("Please choose"),
            )
            self.fields[f"condition-{number}-due_on"] = forms.DateField(
                label=_("Condition %(number)s: until when?") % names, required=False
            )

    def clean(self) -> dict[str, Any]:
        """A row is whole or empty; approval with conditions needs one."""
        cleaned = super().clean() or self.cleaned_data
        if self._wants_rows:
            self._check_whole()
            if not self.condition_rows and not any(name.startswith("condition-") for name in self.errors):
                self.add_error("condition-1-text", ValidationError(_("Name the conditions."), code="missing"))
        return cleaned

    @property
    def _wants_rows(self) -> bool:
        return self.cleaned_data.get("result") == DecisionResult.APPROVED_WITH_CONDITIONS

    def _check_whole(self) -> None:
        missing = {
            "text": _("Say what has to be done."),
            "organisation": _("Name who meets the condition."),
            "due_on": _("Name the day until which it is met."),
        }
        for number in range(1, ROWS + 1):
            names = {part: f"condition-{number}-{part}" for part in _PARTS}
            filled = [name for name in names.values() if self.cleaned_data.get(name)]
            if not filled:
                continue
            for part, name in names.items():
                if name not in self.errors and not self.cleaned_data.get(name):
                    self.add_error(name, ValidationError(missing[part], code="missing"))

    @property
    def condition_rows(self) -> list[ConditionRow]:
        """Whole rows that were entered, in order; none unless it is approved with conditions."""
        if not self._wants_rows:
            return []
        rows = []
        for number in range(1, ROWS + 1):
            text, organisation, due_on = (
                self.cleaned_data.get(f"condition-{number}-{part}") for part in _PARTS
            )
            if text and organisation and due_on:
                rows.append(ConditionRow(text, organisation, due_on))
        return rows

    def _row(self, number: int) -> list[BoundField]:
        return [self[f"condition-{number}-{part}"] for part in _PARTS]

    @property
    def open_condition_rows(self) -> list[list[BoundField]]:
        """Rows that are always shown."""
        return [self._row(number) for number in range(1, _OPEN_ROWS + 1)]

    @property
    def further_condition_rows(self) -> list[list[BoundField]]:
        """Rows that are folded away."""
        return [self._row(number) for number in range(_OPEN_ROWS + 1, ROWS + 1)]

    @property
    def unfolds_conditions(self) -> bool:
        """Whether something was entered in the folded rows, or is wrong there."""
        return any(field.errors or field.value() for row in self.further_condition_rows for field in row)
