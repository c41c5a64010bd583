"""Forms of saved views, and of changes to many measures at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from measures.columns import COLUMNS, FIXED
from measures.models import Goal, Stage
from measures.selectors.goals import goal_name
from measures.services.bulk import MOST_MONTHS, Act
from monitoring.models import Area
from project.forms import needed_if


class SavedViewForm(forms.Form):
    """Name of a view, and who may use it."""

    title = forms.CharField(label=_("Name of the view"), max_length=80)
    is_shared = forms.BooleanField(label=_("All who see the plan may use this view"), required=False)


class ColumnForm(forms.Form):
    """Which columns the list shows."""

    hide_optional = True

    col = forms.MultipleChoiceField(
        label=_("Columns"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Number and name are always shown."),
        choices=[(column.key, column.label) for column in COLUMNS if column.key not in FIXED],
    )


class BulkForm(forms.Form):
    """What is to change in all chosen measures; each act needs one of the fields below."""

    hide_optional = True

    act = forms.ChoiceField(label=_("What is to change?"), widget=forms.RadioSelect, choices=Act.choices)
    contact_function = needed_if(
        forms.CharField(
            label=_("New contact (function)"),
            max_length=120,
            required=False,
            help_text=_("A function, not a person's name, such as “Head of the youth office”."),
        ),
        _("only for another contact"),
    )
    areas = needed_if(
        forms.MultipleChoiceField(label=_("Areas"), required=False, widget=forms.CheckboxSelectMultiple),
        _("only where areas are added or taken away"),
    )
    goals = needed_if(
        forms.MultipleChoiceField(label=_("Goals"), required=False, widget=forms.CheckboxSelectMultiple),
        _("only where goals are added or taken away"),
    )
    months = needed_if(
        forms.IntegerField(
            label=_("By how many months?"),
            required=False,
            min_value=-MOST_MONTHS,
            max_value=MOST_MONTHS,
            help_text=_(
                "Later: 3. Earlier: -3. What has begun keeps its start; what has ended is not moved."
            ),
        ),
        _("only where dates are moved"),
    )
    stage = needed_if(
        forms.TypedChoiceField(
            label=_("To which planning stage?"),
            required=False,
            coerce=int,
            empty_value=None,
            choices=Stage.choices,
            widget=forms.RadioSelect,
            help_text=_("Measures of stage 2 begin only after the steering group has opened the stage."),
        ),
        _("only for another planning stage"),
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Stands in the history of each measure."),
    )

    def __init__(self, *args: Any, areas: Iterable[Area], goals: Iterable[Goal], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._areas = {str(row.pk): row for row in areas}
        self._goals = {str(row.pk): row for row in goals}
        for name, choices in (
            ("areas", [(key, row.name) for key, row in self._areas.items()]),
            ("goals", [(key, f"{goal_name(row)}: {row.title}") for key, row in self._goals.items()]),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.MultipleChoiceField)
            field.choices = choices
            field.widget.choices = choices

    def clean(self) -> dict[str, Any]:
        """Ask for what the chosen act needs."""
        data: dict[str, Any] = super().clean() or {}
        needed = {
            Act.CONTACT: ("contact_function", _("Enter the new contact.")),
            Act.ADD_AREAS: ("areas", _("Choose at least one area.")),
            Act.REMOVE_AREAS: ("areas", _("Choose at least one area.")),
            Act.ADD_GOALS: ("goals", _("Choose at least one goal.")),
            Act.REMOVE_GOALS: ("goals", _("Choose at least one goal.")),
            Act.SHIFT_DATES: ("months", _("Enter by how many months, for example 3 or -3.")),
            Act.MOVE_STAGE: ("stage", _("Choose the planning stage.")),
        }.get(data.get("act", ""))
        if needed is not None and not data.get(needed[0]) and needed[0] not in self.errors:
            self.add_error(needed[0], str(needed[1]))
        return data

    @property
    def chosen_areas(self) -> list[Area]:
        """Areas that were chosen."""
        return [self._areas[key] for key in self.cleaned_data["areas"]]

    @property
    def chosen_goals(self) -> list[Goal]:
        """Goals that were chosen."""
        return [self._goals[key] for key in self.cleaned_data["goals"]]
