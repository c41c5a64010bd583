"""Forms of lists of measures from elsewhere: the file, its columns, what its words mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from measures.importers.lists import ROLE_LABELS, Role, words_of
from measures.importers.statuses import suggested_state
from measures.models import MeasureStatus
from project.common.formats import decimal_de
from project.common.importing import column_letters
from stakeholders.models import Organisation
from workflows.list_importing import CREATE

#: What becomes of rows with a status.
KEEP: Final = "keep"
OUT: Final = "out"
#: Different words a column may have that are assigned one by one.
MOST_WORDS: Final = {Role.STATUS: 50, Role.RESPONSIBLE: 300}
#: Rows shown above the choice of columns.
SHOWN_ROWS: Final = 5


class ListForm(forms.Form):
    """A list of measures from elsewhere."""

    file = forms.FileField(
        label=gettext_lazy("List of measures"),
        help_text=gettext_lazy(
            "Excel workbook (.xlsx) or CSV with a row of headings. You say what its columns mean, and see "
            "what would come of it, before anything is written."
        ),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv,.txt"}),
        allow_empty_file=True,
    )


class ColumnsForm(forms.Form):
    """What the columns hold."""

    hide_optional = True

    def __init__(
        self, *args: Any, rows: Sequence[Sequence[str]], columns: dict[str, str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.rows = rows
        choices = [("", _("stays out")), *((role.value, label) for role, label in ROLE_LABELS.items())]
        for place, _head in enumerate(rows[0]):
            self.fields[f"column-{place}"] = forms.ChoiceField(
                label=_("Column %(letters)s") % {"letters": column_letters(place + 1)},
                choices=choices,
                initial=columns.get(str(place), ""),
                required=False,
            )

    def column_fields(self) -> list[forms.BoundField]:
        """The choices, in the order of the columns."""
        return [self[f"column-{place}"] for place in range(len(self.rows[0]))]

    def row_lines(self) -> list[tuple[int, Sequence[str]]]:
        """First rows of the file: number and texts."""
        return list(enumerate(self.rows[: SHOWN_ROWS + 1], start=1))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        # A copy: what is wrong is taken out of the other.
        chosen = {name: role for name, role in cleaned.items() if role}
        roles = list(chosen.values())
        for name, role in chosen.items():
            most = MOST_WORDS.get(Role(role))
            count = len(words_of(self.rows, int(name.removeprefix("column-")))) if most else 0
            if roles.count(role) > 1:
                self.add_error(name, _("Only one column can be this. Choose another."))
            elif most is not None and count > most:
                text = _(
                    "%(count)s different texts are too many to assign (at most %(most)s). Choose another."
                )
                self.add_error(name, text % {"count": decimal_de(count, 0), "most": decimal_de(most, 0)})
        if Role.TITLE.value not in roles:
            self.add_error(None, _("Say which column holds the titles of the measures."))
        if Role.PARENT.value in roles and Role.KEY.value not in roles:
            self.add_error(None, _("A column names the row above; say, too, which column holds the keys."))
        return cleaned

    def columns(self) -> dict[str, str]:
        """Place -> role, as it is kept."""
        return {name.removeprefix("column-"): role for name, role in self.cleaned_data.items() if role}


class ValuesForm(forms.Form):
    """Who is meant, which rows stay out."""

    hide_optional = True

    def __init__(
        self,
        *args: Any,
        names: Sequence[str],
        statuses: Sequence[str],
        organisations: Sequence[Organisation],
        fields: Sequence[Any],
        said: dict[str, Any],
        may_create: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.names, self.statuses = names, statuses
        own = [(str(row.pk), row.name) for row in organisations]
        self.fields["fallback"] = forms.ChoiceField(
            label=_("Responsible where the list names nobody"),
            choices=[("", _("Please choose")), *own],
            initial=said.get("fallback", ""),
        )
        if fields:
            self.fields["field"] = forms.ChoiceField(
                label=_("Field of action of measures without a section"),
                choices=[
                    ("", _("a new one: without field of action")),
                    *((str(row.pk), str(row)) for row in fields),
                ],
                initial=said.get("field", ""),
                required=False,
            )
        by_name = {name.casefold(): key for key, name in own}
        choices = [("", _("as where the list names nobody")), *own]
        if may_create:
            choices.append((CREATE, _("add as a new organisation (provider)")))
        for place, name in enumerate(names):
            self.fields[f"organisation-{place}"] = forms.ChoiceField(
                label=name,
                choices=choices,
                initial=said["organisations"].get(name) or by_name.get(name.casefold(), ""),
                required=False,
            )
        for place, word in enumerate(statuses):
            self.fields[f"status-{place}"] = forms.ChoiceField(
                label=word,
                choices=[
                    (KEEP, _("take over; the word stands in the description")),
                    (_("take over; in our states it is"), list(MeasureStatus.choices)),
                    (OUT, _("leave out")),
                ],
                initial=said["statuses"].get(word) or suggested_state(word) or KEEP,
            )

    def name_fields(self) -> list[forms.BoundField]:
        """Organisations of the list."""
        return [self[f"organisation-{place}"] for place in range(len(self.names))]

    def status_fields(self) -> list[forms.BoundField]:
        """Words of the status."""
        return [self[f"status-{place}"] for place in range(len(self.statuses))]

    def said(self) -> dict[str, Any]:
        """What was said, as it is kept."""
        cleaned = self.cleaned_data
        return {
            "fallback": cleaned["fallback"],
            "field": cleaned.get("field", ""),
            "organisations": {
                name: cleaned[f"organisation-{place}"] for place, name in enumerate(self.names)
            },
            "statuses": {word: cleaned[f"status-{place}"] for place, word in enumerate(self.statuses)},
        }
