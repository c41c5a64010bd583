"""Filters of the task lists, and handing over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from stakeholders.models import User
from workflows.models import PlanningCycle, StageKind


class TaskFilterForm(forms.Form):
    """Narrows a list of tasks down."""

    hide_optional = True

    q = forms.CharField(label=_("Search"), required=False, max_length=100)
    cycle = forms.TypedChoiceField(label=_("Planning cycle"), required=False, coerce=int, empty_value=None)
    stage = forms.TypedChoiceField(label=_("Stage"), required=False, coerce=int, empty_value=None)
    overdue = forms.BooleanField(label=_("Overdue only"), required=False)
    sort = forms.ChoiceField(
        label=_("Order"),
        required=False,
        choices=[("", _("Most urgent first")), ("-due", _("Latest due date first"))],
    )

    def __init__(self, *args: Any, cycles: Sequence[PlanningCycle] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stages = [(kind.value, f"{kind.value} {kind.label}") for kind in StageKind]
        self._choose_from("stage", _("All stages"), stages)
        if len(cycles) > 1:
            titles = [(cycle.pk, f"{cycle.territory.label}: {cycle.title}") for cycle in cycles]
            self._choose_from("cycle", _("All cycles"), titles)
        else:
            del self.fields["cycle"]

    def _choose_from(self, name: str, everything: Any, choices: list[tuple[int, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", everything), *choices]

    def wanted(self) -> dict[str, Any]:
        """What was chosen; fields with errors count as not chosen."""
        self.is_valid()
        return dict(self.cleaned_data)


class ReleaseForm(forms.Form):
    """Why a task is taken from its owner."""

    reason = forms.CharField(
        label=_("Reason"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        help_text=_("It is kept in the log."),
    )


class HandOverForm(forms.Form):
    """Whom to give the task to."""

    to = forms.ModelChoiceField(
        label=pgettext_lazy("task", "Hand over to"),
        queryset=User.objects.none(),
        empty_label=_("Please choose"),
        help_text=_("Only colleagues who may do this task are listed."),
    )

    def __init__(self, *args: Any, recipients: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        to = self.fields["to"]
        assert isinstance(to, forms.ModelChoiceField)
        to.queryset = User.objects.filter(pk__in=[person.pk for person in recipients])
