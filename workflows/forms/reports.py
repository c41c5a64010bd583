"""Forms of reports: all figures of an organisation on one page, and planning's check."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from measures.selectors.reports import ReportLine
from measures.services.reporting import Actual, impossible
from measures.status import Oddity
from project.forms import GermanDecimalField
from workflows.forms.answers import AnswerForm

_LONG_TEXT = 2000


class ReportForm(forms.Form):
    """Value and comment of each key figure asked for."""

    hide_optional = True

    def __init__(
        self, *args: Any, lines: Sequence[ReportLine], is_draft: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.lines = lines
        self.is_draft = is_draft
        for line in lines:
            key = line.row.pk
            names = {"figure": line.figure.figure.title}
            self.fields[f"value_{key}"] = GermanDecimalField(
                label=_("Value of %(figure)s") % names,
                required=False,
                max_digits=14,
                decimal_places=2,
                initial=line.row.value,
            )
            self.fields[f"comment_{key}"] = forms.CharField(
                label=_("Comment on %(figure)s") % names,
                required=False,
                max_length=_LONG_TEXT,
                initial=line.row.comment,
            )

    def clean(self) -> dict[str, Any]:
        """Values that cannot be are refused at their field."""
        cleaned = super().clean() or {}
        for line in self.lines:
            name = f"value_{line.row.pk}"
            fault = impossible(cleaned.get(name), line.row.key_figure.unit)
            if fault is not None:
                self.add_error(name, ValidationError(str(fault), code="impossible_value"))
            elif not self.is_draft and self._is_surprising(line, cleaned):
                text = _("Far from the last figure. If it is right, say in the comment how it came about.")
                self.add_error(f"comment_{line.row.pk}", ValidationError(text, code="surprising"))
        return cleaned

    def _is_surprising(self, line: ReportLine, cleaned: dict[str, Any]) -> bool:
        """A slip of the keyboard is asked about here, not only when planning checks."""
        value, comment = cleaned.get(f"value_{line.row.pk}"), cleaned.get(f"comment_{line.row.pk}")
        surprises = {Oddity.JUMP, Oddity.BACKWARDS}
        return value is not None and not comment and not surprises.isdisjoint(line.oddities_of(value))

    @property
    def groups(self) -> list[dict[str, Any]]:
        """The rows of the page by measure: line, field of the value, field of the comment."""
        groups: list[dict[str, Any]] = []
        for line in self.lines:
            if not groups or groups[-1]["measure"].pk != line.measure.pk:
                groups.append({"measure": line.measure, "rows": []})
            key = line.row.pk
            groups[-1]["rows"].append((line, self[f"value_{key}"], self[f"comment_{key}"]))
        return groups

    @property
    def actuals(self) -> list[Actual]:
        """What was entered; an empty value is no data, never zero."""
        return [
            Actual(
                key_figure=line.row.key_figure,
                value=self.cleaned_data[f"value_{line.row.pk}"],
                comment=self.cleaned_data[f"comment_{line.row.pk}"],
            )
            for line in self.lines
        ]


class ReviewForm(AnswerForm):
    """Planning confirms a report or returns it."""

    YES = "confirm"
    question = _("Are the figures plausible?")
    yes = _("Yes, confirm the report")
    reader = _("Needed if you return it; the organisation will read it.")
    missing = _("Say what has to be changed; the organisation will read it.")
