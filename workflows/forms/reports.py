"""Forms of reports: all figures of an organisation on one page, and planning's check."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from measures.forms.base import LongTextField
from measures.models import FigureReport, QualityStep
from measures.selectors.reports import ReportLine
from measures.services.key_figures import impossible
from measures.services.reporting import MAX_COMMENT, Actual
from measures.status import Oddity
from project.common.attachments import Upload
from project.common.seen import mark_of
from project.forms import GermanDecimalField
from workflows.forms.answers import AnswerForm
from workflows.forms.statements import FilesField

#: Name under which travels what stood in the report when its page was opened.
OPENED: Final = "opened"
_STEPS = [("", _("no data")), *((str(step.value), step.label) for step in QualityStep)]


def _mark(value: Decimal | str | None) -> str:
    """A short mark of a value or comment: the same for what is the same, in whatever form it was typed."""
    if isinstance(value, Decimal):
        text = f"{value.normalize():f}"
    else:
        text = (value or "").replace("\r\n", "\n").strip()
    return mark_of(text)


def _opened(text: str) -> Mapping[str, str]:
    """What a page knew of the report when it was opened; nothing if that cannot be read."""
    try:
        found = json.loads(text)
        return {str(key): str(mark) for key, mark in found.items()}
    except (ValueError, AttributeError):
        return {}


class ReportForm(forms.Form):
    """Value, comment and evidence of each key figure asked for.

    Two may have the page open: a person in two windows, or two colleagues one after the other. What somebody
    else has saved meanwhile stays where the page was not changed, and is never overwritten without a word.
    """

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
            self.fields[f"value_{key}"] = _value_field(line, str(_("Value of %(figure)s") % names))
            self.fields[f"comment_{key}"] = LongTextField(
                label=_("Comment on %(figure)s") % names,
                required=False,
                max_length=MAX_COMMENT,
                widget=forms.Textarea({"rows": 2}),
                initial=line.row.comment,
                error_messages={
                    "max_length": _(
                        "The comment has %(show_value)s characters, %(limit_value)s are possible. Nothing is "
                        "lost: shorten it here, or attach it as a file."
                    )
                },
            )
            self.fields[f"files_{key}"] = FilesField(
                label=_("Evidence for %(figure)s") % names, required=False, allow_empty_file=True
            )

    def clean(self) -> dict[str, Any]:
        """Values that cannot be are refused at their field, as is what would overwrite another's."""
        cleaned = super().clean() or {}
        self._merge(cleaned)
        for line in self.lines:
            self._judge(line, cleaned)
        if self.errors:
            # Browsers forget the files where something else is wrong: say so.
            for name in self.fields:
                if name.startswith("files_") and cleaned.get(name):
                    self.add_error(name, ValidationError(_("Please choose the files again."), code="again"))
        return cleaned

    def _stored(self) -> dict[str, tuple[Decimal | str | None, Decimal | str | None]]:
        """Name of each entry -> what is stored, and the same as the entry shows it."""
        found: dict[str, tuple[Decimal | str | None, Decimal | str | None]] = {}
        for line in self.lines:
            value, comment = line.row.value, line.row.comment
            shown = str(int(value)) if line.is_judged and value is not None else value
            found[f"value_{line.row.pk}"] = (value, shown)
            found[f"comment_{line.row.pk}"] = (comment, comment)
        return found

    @property
    def opened(self) -> str:
        """What stands in the report now, for the page that is shown now."""
        return json.dumps({name: _mark(stored) for name, (stored, _shown) in self._stored().items()})

    def _merge(self, cleaned: dict[str, Any]) -> None:
        """Keep what was saved since the page was opened; where both changed an entry, the person is asked."""
        opened = _opened(self.data.get(OPENED, ""))
        for name, (stored, shown) in self._stored().items():
            now = _mark(stored)
            if opened.get(name, now) == now or (name not in self.errors and _mark(cleaned.get(name)) == now):
                continue
            if name not in self.errors and _mark(cleaned.get(name)) == opened[name]:
                cleaned[name] = stored
                data: Any = self.data
                data = data.copy()
                data[name] = "" if shown is None else shown
                self.data = data
                continue
            words = self.fields[name].prepare_value("" if shown is None else shown)
            choices = dict(getattr(self.fields[name], "choices", ()))
            text = _("Meanwhile “%(theirs)s” was saved here. Send once more to put your entry in its place.")
            names = {"theirs": choices.get(words, words) or _("nothing")}
            self.add_error(name, ValidationError(text % names, code="changed_meanwhile"))

    def _judge(self, line: ReportLine, cleaned: dict[str, Any]) -> None:
        key = line.row.pk
        value, comment = cleaned.get(f"value_{key}"), cleaned.get(f"comment_{key}")
        fault = None if line.is_judged else impossible(value, line.row.key_figure.unit)
        if fault is not None:
            self.add_error(f"value_{key}", ValidationError(str(fault), code="impossible_value"))
        elif self.is_draft or self.errors.keys() & {f"value_{key}", f"comment_{key}"}:
            return
        elif value is None and not comment:
            text = _("Enter a value, or say in the comment why there is none.")
            self.add_error(f"comment_{key}", ValidationError(text, code="comment_missing"))
        elif self._is_surprising(line, cleaned):
            text = _("Far from the last figure. If it is right, say in the comment how it came about.")
            self.add_error(f"comment_{key}", ValidationError(text, code="surprising"))

    def _is_surprising(self, line: ReportLine, cleaned: dict[str, Any]) -> bool:
        """A slip of the keyboard is asked about here, not only when planning checks."""
        value, comment = cleaned.get(f"value_{line.row.pk}"), cleaned.get(f"comment_{line.row.pk}")
        surprises = {Oddity.JUMP, Oddity.BACKWARDS}
        return value is not None and not comment and not surprises.isdisjoint(line.oddities_of(value))

    @property
    def groups(self) -> list[dict[str, Any]]:
        """The rows of the page by measure: line, fields of value, comment and files."""
        groups: list[dict[str, Any]] = []
        for line in self.lines:
            if not groups or groups[-1]["measure"].pk != line.measure.pk:
                groups.append({"measure": line.measure, "rows": []})
            key = line.row.pk
            fields = [self[f"{name}_{key}"] for name in ("value", "comment", "files")]
            groups[-1]["rows"].append((line, *fields))
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

    @property
    def uploads(self) -> list[tuple[FigureReport, list[Upload]]]:
        """Files that were chosen, by the figure they back."""
        chosen = [(line.row, self.cleaned_data.get(f"files_{line.row.pk}") or []) for line in self.lines]
        return [(row, files) for row, files in chosen if files]


def _value_field(line: ReportLine, label: str) -> forms.Field:
    """A number, or one of the steps of a judgement."""
    value = line.row.value
    if line.is_judged:
        return forms.TypedChoiceField(
            label=label,
            required=False,
            choices=_STEPS,
            coerce=Decimal,
            empty_value=None,
            initial="" if value is None else str(int(value)),
        )
    return GermanDecimalField(label=label, required=False, max_digits=14, decimal_places=2, initial=value)


class ReviewForm(AnswerForm):
    """Planning confirms a report or returns it."""

    YES = "confirm"
    question = _("Are the figures plausible?")
    yes = _("Yes, confirm the report")
    reader = _("Needed if you return it; the organisation will read it.")
    missing = _("Say what has to be changed; the organisation will read it.")


class ReasonForm(forms.Form):
    """A step that needs nothing but its reason; pages say in which words it is asked for."""

    reason = forms.CharField(max_length=2000, widget=forms.Textarea({"rows": 3}))

    def __init__(self, *args: Any, label: str, help_text: str | Promise, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = label
        self.fields["reason"].help_text = str(help_text)
