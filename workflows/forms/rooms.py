"""Forms of the room of a meeting: statements, points, and what the chair leads it with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from measures.models import FieldOfAction
from monitoring.models import Area
from stakeholders.models import Organisation
from workflows.forms.keyed import KeyedForm
from workflows.forms.statements import StatementForm
from workflows.models import MOST_POINTS, PointOption, Statement

_TITLE_LENGTH = 200


class RoomStatementForm(StatementForm, KeyedForm):
    """A statement from the room: the same questions as in the task, for an area of the cycle."""

    field_order = ("area", "position", "text", "confidence", "about", "organisation", "source_group")

    area = forms.ModelChoiceField(label=_("Area"), queryset=Area.objects.none(), empty_label=None)

    def __init__(
        self,
        *args: Any,
        areas: QuerySet[Area],
        organisations: QuerySet[Organisation],
        chosen: Area | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, organisations=organisations, **kwargs)
        # Files wait in no browser: they are added to the statement once it is stored.
        del self.fields["evidence"]
        area = self.fields["area"]
        assert isinstance(area, forms.ModelChoiceField)
        area.queryset = areas
        area.initial = chosen.pk if chosen is not None else None
        self.speakers = list(organisations)
        if len(self.speakers) == 1:
            del self.fields["organisation"]
        self.order_fields(self.field_order)

    @property
    def values(self) -> dict[str, Any]:
        """Cleaned arguments of ``room_statement_add``."""
        chosen = self.cleaned_data.get("organisation") or self.speakers[0]
        values = super().values
        del values["files"]
        return values | {
            "organisation": chosen,
            "area": self.cleaned_data["area"],
            "entry_key": self.cleaned_data["entry_key"],
        }


class PointsForm(KeyedForm):
    """Points of a member, a number for each choice."""

    hide_optional = True

    def __init__(
        self,
        *args: Any,
        options: Iterable[PointOption],
        points_each: int,
        given: Mapping[int, int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.points_each = points_each
        self.option_pks = {f"option-{row.pk}": row.pk for row in options}
        for row in options:
            self.fields[f"option-{row.pk}"] = forms.IntegerField(
                label=row.text,
                required=False,
                min_value=0,
                max_value=points_each,
                initial=(given or {}).get(row.pk, 0),
                widget=forms.NumberInput({"inputmode": "numeric", "data-points": ""}),
            )

    def clean(self) -> dict[str, Any]:
        """Refuse more points than there are."""
        cleaned = super().clean() or {}
        if sum(cleaned.get(name) or 0 for name in self.option_pks) > self.points_each:
            raise ValidationError(
                _("You have %(count)s points; give no more than that.") % {"count": self.points_each},
                code="too_many_points",
            )
        return cleaned

    @property
    def counts(self) -> dict[int, int]:
        """Key of a choice -> points."""
        return {pk: self.cleaned_data.get(name) or 0 for name, pk in self.option_pks.items()}


class ShowForm(forms.Form):
    """Which area is before the room."""

    area = forms.ModelChoiceField(
        label=_("Area before the room"),
        queryset=Area.objects.none(),
        required=False,
        empty_label=_("No area"),
    )

    def __init__(self, *args: Any, areas: QuerySet[Area], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        area = self.fields["area"]
        assert isinstance(area, forms.ModelChoiceField)
        area.queryset = areas


def _words(statement: Any) -> str:
    return str(statement.text)


class RoundForm(forms.Form):
    """A round of points: the question, the points of each, and what there is to choose from."""

    title = forms.CharField(
        label=_("Question"),
        max_length=_TITLE_LENGTH,
        help_text=_("For example: Which fields of action are most important in this area?"),
    )
    points_each = forms.IntegerField(
        label=_("Points of each member"), min_value=1, max_value=MOST_POINTS, initial=3
    )
    fields_of_action = forms.ModelMultipleChoiceField(
        label=_("Fields of action of the plan"),
        queryset=FieldOfAction.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    statements = forms.ModelMultipleChoiceField(
        label=_("Statements on the area before the room"),
        queryset=Statement.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    typed = forms.CharField(
        label=_("Further choices"),
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("One a line."),
    )
    is_live = forms.BooleanField(
        label=_("Show the result on the screen while points come in"),
        required=False,
        help_text=_("Otherwise it appears when the round ends, and nobody follows the others."),
    )

    def __init__(
        self,
        *args: Any,
        fields_of_action: QuerySet[FieldOfAction],
        statements: QuerySet[Statement],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in (("fields_of_action", fields_of_action), ("statements", statements)):
            field = self.fields[name]
            assert isinstance(field, forms.ModelMultipleChoiceField)
            field.queryset = rows
            if not rows.exists():
                del self.fields[name]
        if "statements" in self.fields:
            # The words themselves, not who said what.
            chosen = self.fields["statements"]
            assert isinstance(chosen, forms.ModelMultipleChoiceField)
            chosen.label_from_instance = _words  # type: ignore[method-assign, assignment]

    @property
    def options(self) -> Sequence[str]:
        """What can get points, in the order of the form."""
        cleaned = self.cleaned_data
        texts: list[str] = [row.title for row in cleaned.get("fields_of_action", ())]
        texts += [row.text for row in cleaned.get("statements", ())]
        texts += cleaned["typed"].splitlines()
        return texts

    @property
    def values(self) -> dict[str, Any]:
        """Cleaned arguments of ``round_open``."""
        return {name: self.cleaned_data[name] for name in ("title", "points_each", "is_live")} | {
            "options": self.options
        }
