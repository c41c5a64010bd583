"""Saying what a file means: its columns, indicators and areas; and words on single figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from monitoring.importers.form import COMMENT_LENGTH
from monitoring.models import Area, Indicator, Value
from monitoring.services.assigning import FileView, NameLine
from monitoring.services.mappings import FIGURES
from monitoring.services.matching import Said
from monitoring.sources.headings import Layout, Role

#: What a column can be, in the order in which people look for it.
ROLES: Final = (
    ("", gettext_lazy("stays out")),
    (Role.KEY.value, gettext_lazy("Area key")),
    (Role.NAME.value, gettext_lazy("Name of the area")),
    (Role.AREA.value, gettext_lazy("Key and name of the area in one cell")),
    (Role.PERIOD.value, gettext_lazy("Year")),
    (Role.VARIABLE.value, gettext_lazy("Name of the indicator")),
    (Role.VALUE.value, gettext_lazy("Value (one in each row)")),
    (FIGURES, gettext_lazy("Figures, as the heading says")),
    (Role.SIGN.value, gettext_lazy("Sign beside the value")),
    (Role.UNIT.value, gettext_lazy("Unit")),
)
#: Choice of a name that stays out; the empty choice means that nobody has decided.
OUT: Final = "-"


class MappingForm(forms.Form):
    """What the columns, indicators and areas of a file are."""

    hide_optional = True

    def __init__(
        self,
        *args: Any,
        view: FileView,
        indicators: Sequence[Indicator],
        areas: Sequence[Area],
        years: Sequence[int],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.view, self.indicators, self.areas = view, indicators, areas
        if view.columns:
            self._add_columns(view)
        undecided = ("", _("Please choose"))
        indicator_choices = [undecided, (OUT, _("stays out")), *((row.key, row.name) for row in indicators)]
        area_choices = [
            undecided,
            (OUT, _("stays out (total, or another area)")),
            *((row.key, f"{row.name} ({row.key})") for row in areas),
        ]
        for number, line in enumerate(view.variables):
            self._add_choice(f"variable-{number}", line, indicator_choices)
        for number, line in enumerate(view.areas):
            self._add_choice(f"area-{number}", line, area_choices)
        if any(line.chosen is None for line in view.variables):
            self.fields["rest_stays_out"] = forms.BooleanField(
                label=_("Names without an indicator stay out"), required=False, initial=True
            )
        if view.needs_year:
            self.fields["year"] = forms.ChoiceField(
                label=_("Year of all figures"),
                choices=[undecided, *((str(year), str(year)) for year in years)],
                required=False,
            )
        if view.areas or view.leaves_others:
            self.fields["leaves_others"] = forms.BooleanField(
                label=_("All areas that are not requested and not assigned stay out"),
                required=False,
                initial=view.leaves_others,
            )

    def _add_columns(self, view: FileView) -> None:
        self.fields["header"] = forms.ChoiceField(
            label=_("Row of the headings"),
            choices=[(str(row), str(row)) for row in view.rows],
            initial=str(view.header),
        )
        for column in view.columns:
            self.fields[f"column-{column.number}"] = forms.ChoiceField(
                label=_("Column %(letters)s") % {"letters": column.letters},
                choices=ROLES,
                initial=column.role,
                required=False,
            )

    def _add_choice(self, name: str, line: NameLine, choices: Sequence[tuple[str, str]]) -> None:
        initial = OUT if line.chosen == "" else line.chosen
        self.fields[name] = forms.ChoiceField(
            label=line.name, choices=choices, required=False, initial=initial or line.suggestion or ""
        )

    # --- For the page --------------------------------------------------------------------------

    def column_fields(self) -> list[forms.BoundField]:
        """The choices, in the order of the columns."""
        return [self[f"column-{column.number}"] for column in self.view.columns]

    def row_lines(self) -> list[tuple[int, list[str]]]:
        """First rows of the file: number and texts."""
        columns = self.view.columns
        return [
            (number, [column.texts[place] for column in columns])
            for place, number in enumerate(self.view.rows)
        ]

    def variable_fields(self) -> list[tuple[NameLine, forms.BoundField]]:
        """What is counted, with its fields."""
        return [(line, self[f"variable-{number}"]) for number, line in enumerate(self.view.variables)]

    def area_fields(self) -> list[tuple[NameLine, forms.BoundField]]:
        """Areas with their fields."""
        return [(line, self[f"area-{number}"]) for number, line in enumerate(self.view.areas)]

    # --- What was said -------------------------------------------------------------------------

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        roles = [cleaned.get(f"column-{column.number}") for column in self.view.columns]
        single = [role for role in roles if role and role != FIGURES]
        twice = {role for role in single if single.count(role) > 1}
        for column in self.view.columns:
            if cleaned.get(f"column-{column.number}") in twice:
                self.add_error(f"column-{column.number}", _("Only one column can be this. Choose another."))
        if self._is_layout_said(cleaned) and not {Role.KEY, Role.NAME, Role.AREA} & set(single):
            self.add_error(None, _("Say which column names the area: by its key, its name or both."))
        if self._is_layout_said(cleaned) and not {Role.VALUE.value, FIGURES} & set(filter(None, roles)):
            self.add_error(None, _("Say which column holds the figures."))
        return cleaned

    def _is_layout_said(self, cleaned: dict[str, Any]) -> bool:
        """Whether columns have to be remembered: headings alone do not tell what is said here."""
        if not self.view.columns:
            return False
        changed = cleaned.get("header") != str(self.view.header) or any(
            (cleaned.get(f"column-{column.number}") or "") != column.role for column in self.view.columns
        )
        return changed or self.view.is_said or not self.view.is_understood

    def said(self) -> Said:
        """What was said."""
        cleaned = self.cleaned_data
        layout = None
        if self._is_layout_said(cleaned):
            roles = {column.number: cleaned[f"column-{column.number}"] for column in self.view.columns}
            layout = Layout(
                int(cleaned["header"]),
                {Role(role): number for number, role in roles.items() if role and role != FIGURES},
                frozenset(number for number, role in roles.items() if role == FIGURES),
            )
        variables = self._chosen("variable", self.view.variables)
        if cleaned.get("rest_stays_out") and any(variables.values()):
            variables = {line.name: "" for line in self.view.variables} | variables
        return Said(
            layout=layout,
            variables=variables,
            areas=self._chosen("area", self.view.areas),
            leaves_others=cleaned.get("leaves_others", False),
            year=cleaned.get("year", ""),
        )

    def _chosen(self, kind: str, lines: Sequence[NameLine]) -> dict[str, str]:
        chosen = {line.name: self.cleaned_data[f"{kind}-{number}"] for number, line in enumerate(lines)}
        return {name: "" if key == OUT else key for name, key in chosen.items() if key}


class ValueCommentsForm(forms.Form):
    """A comment for each figure of an indicator and year."""

    hide_optional = True

    def __init__(self, *args: Any, values: Sequence[Value], shown: Mapping[int, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.values, self.shown = values, shown
        for value in values:
            self.fields[f"comment-{value.pk}"] = forms.CharField(
                label=_("Comment on %(area)s") % {"area": value.area.name},
                required=False,
                max_length=COMMENT_LENGTH,
                initial=value.comment.text if hasattr(value, "comment") else "",
            )

    def lines(self) -> list[tuple[Value, str, forms.BoundField]]:
        """Figures as they may be shown, with their fields."""
        return [(value, self.shown[value.pk], self[f"comment-{value.pk}"]) for value in self.values]

    def texts(self) -> dict[int, str]:
        """Words by key of the value."""
        return {value.pk: self.cleaned_data[f"comment-{value.pk}"] for value in self.values}
