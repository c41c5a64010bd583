"""Forms of uploaded plans."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from measures.workbook.comparing import Preview
from workflows.plan_importing import MINE, OUT, THEIRS


class WorkbookForm(forms.Form):
    """The workbook that was downloaded before."""

    file = forms.FileField(
        label=_("Workbook of the plan"),
        help_text=_("The Excel file you downloaded here and changed (.xlsx). You see every change before."),
        widget=forms.FileInput(attrs={"accept": ".xlsx"}),
        allow_empty_file=True,
    )


class ApplyForm(forms.Form):
    """Taking an upload over: what becomes of rows changed on both sides, and why agreed measures change."""

    hide_optional = True
    seen = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, preview: Preview, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.preview = preview
        for row in preview.conflicts:
            self.fields[row.name] = forms.ChoiceField(
                label=_("What shall hold?"),
                choices=[
                    (MINE, _("what stands in the file")),
                    (THEIRS, _("what stands in the system; other cells of the row from the file")),
                    (OUT, _("leave the row out")),
                ],
                widget=forms.RadioSelect,
            )
        if preview.needs_reason:
            self.fields["reason"] = forms.CharField(
                label=_("Reason for the change"),
                widget=forms.Textarea({"rows": 2}),
                max_length=2000,
                help_text=_("The parties have agreed on the present wording; the reason is kept in the log."),
            )

    @property
    def rest(self) -> list[forms.BoundField]:
        """Fields that stand below the changes."""
        return [self[name] for name in ("reason",) if name in self.fields]

    @property
    def choices(self) -> dict[str, str]:
        """What was chosen, by name of the row."""
        return {row.name: self.cleaned_data[row.name] for row in self.preview.conflicts}
