"""Forms of a draft: narrative, account, participants, drawdown, and the list of receipts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.validators import ProhibitNullCharactersValidator
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from measures.esf import INDICATORS
from measures.esf_rules import MOST, SEXES
from measures.forms.base import EuroField, LongTextField
from measures.models import DutyKind, FinanceKind, ProjectReport
from measures.report_content import SECTIONS
from measures.report_rules import KINDS_WITHOUT_RECEIPTS, Key
from measures.selectors.project_report_account import Account, counts_of
from measures.selectors.project_report_checks import COLUMNS, NEEDED_SECTIONS, indicator_name, line_name
from measures.services.project_reports import MAX_REASON, MAX_TEXT, LineDraft, ReportDraft
from measures.services.receipts import ReceiptFields
from project.common.attachments import ACCEPT
from project.common.seen import mark_of
from project.forms import GermanIntegerField, needed_if


def line_mark(key: Key) -> str:
    """Stands for a line in names of fields, whatever becomes of the plan meanwhile."""
    return mark_of(*key)[:10]


class DraftForm(forms.Form):
    """The draft of a report as one form; what cannot be read is marked, the rest is saved."""

    #: Stands over the list of what is wrong; empty as over every form.
    summary_title = ""

    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, report: ProjectReport, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.report, self.account = report, account
        self.initial["revision"] = report.revision
        self._stored = {
            (row.side, row.kind, row.title): (row.amount, row.reason) for row in report.lines.all()
        }
        self._counts = counts_of(report.participants)
        if report.kind == DutyKind.DRAWDOWN:
            self._add_drawdown()
        else:
            self._add_narrative()
            self._add_account()
            self._add_participants()

    def _add(self, name: str, field: forms.Field, initial: Any) -> None:
        self.fields[name] = field
        self.initial[name] = initial

    def _add_narrative(self) -> None:
        for key, (title, hint) in SECTIONS.items():
            field = LongTextField(
                label=str(title),
                help_text=str(hint),
                required=False,
                max_length=MAX_TEXT,
                widget=forms.Textarea({"rows": 7}),
            )
            if key in NEEDED_SECTIONS:
                needed_if(field, gettext_lazy("needed to hand in"))
            self._add(f"narrative_{key}", field, self.report.narrative.get(key, ""))

    def _add_account(self) -> None:
        for row in self.account.rows:
            name, mark = line_name(*row.key), line_mark(row.key)
            self._add(f"amount_{mark}", EuroField(label=name, required=False), row.amount)
            label = _("Reason for the deviation: %(line)s") % {"line": name}
            reason = LongTextField(
                label=label, required=False, max_length=MAX_REASON, widget=forms.Textarea({"rows": 2})
            )
            self._add(f"reason_{mark}", reason, row.reason)

    def _add_participants(self) -> None:
        for code in INDICATORS:
            for sex in SEXES:
                field = GermanIntegerField(
                    label=f"{indicator_name(code)}: {COLUMNS[sex]}",
                    required=False,
                    min_value=0,
                    max_value=MOST,
                )
                field.error_messages["min_value"] = gettext_lazy("A number of people cannot be below zero.")
                self._add(f"count_{code}_{sex}", field, self._counts.get(code, {}).get(sex))

    def _add_drawdown(self) -> None:
        for row in self.account.drawdown:
            label = line_name(FinanceKind.FUNDING, row.kind)
            self._add(f"asked_{row.kind}", EuroField(label=label, required=False), row.amount)
        purpose = LongTextField(
            label=gettext_lazy("What the money is needed for"),
            required=False,
            max_length=MAX_REASON,
            widget=forms.Textarea({"rows": 4}),
        )
        needed_if(purpose, gettext_lazy("needed to hand in"))
        self._add("purpose", purpose, self.report.purpose)

    @property
    def seen(self) -> int | None:
        """Revision that was seen when the page was opened."""
        found: int | None = self.cleaned_data.get("revision")
        return found

    @property
    def wrong_labels(self) -> list[str]:
        """Entries that could not be read, as the page calls them."""
        return [str(self.fields[name].label) for name in self.errors if name in self.fields]

    def draft(self) -> ReportDraft:
        """What can be saved: entries that cannot be read, or were not sent, stay as they are stored."""
        if self.report.kind == DutyKind.DRAWDOWN:
            lines = [self._asked(row.kind) for row in self.account.drawdown]
            return ReportDraft(lines=lines, purpose=self._read("purpose", self.report.purpose))
        narrative = {
            key: self._read(f"narrative_{key}", self.report.narrative.get(key, "")) for key in SECTIONS
        }
        lines = [self._line(row.key) for row in self.account.rows]
        counts = {code: self._count(code) for code in INDICATORS}
        return ReportDraft(narrative, lines, {code: row for code, row in counts.items() if row})

    def _read(self, name: str, stored: Any) -> Any:
        is_sent = name in self.data and name in self.cleaned_data
        return self.cleaned_data[name] if is_sent else stored

    def _asked(self, kind: str) -> LineDraft:
        key = (FinanceKind.FUNDING.value, kind, "")
        amount, reason = self._stored.get(key, (None, ""))
        return LineDraft(*key, self._read(f"asked_{kind}", amount), reason)

    def _line(self, key: Key) -> LineDraft:
        amount, reason = self._stored.get(key, (None, ""))
        mark = line_mark(key)
        return LineDraft(*key, self._read(f"amount_{mark}", amount), self._read(f"reason_{mark}", reason))

    def _count(self, code: str) -> dict[str, int]:
        stored = self._counts.get(code, {})
        cells = {sex: self._read(f"count_{code}_{sex}", stored.get(sex)) for sex in SEXES}
        return {sex: count for sex, count in cells.items() if count is not None}


def cost_lines(account: Account) -> dict[str, tuple[str, str]]:
    """Lines of cost that receipts are for, by how people call them: kind and title. Lump sums have none."""
    return {
        line_name(*row.key): (row.kind, row.title)
        for row in account.cost
        if row.kind not in KINDS_WITHOUT_RECEIPTS
    }


class ReceiptForm(forms.Form):
    """One entry of the list of receipts."""

    prefix = "receipt"
    #: What is said when another button was pressed while something stands in it.
    waiting = gettext_lazy(
        "The receipt you typed is not on the list yet. Press “Add the receipt”, or empty its fields. A file "
        "has to be chosen once more."
    )
    # Its fields stand in the form of the whole draft, which is sent without them too.
    use_required_attribute = False
    line = forms.ChoiceField(label=gettext_lazy("Line of cost"))
    number = forms.CharField(label=gettext_lazy("Number of the receipt"), max_length=60)
    paid_on = forms.DateField(label=gettext_lazy("Paid on"))
    payee = forms.CharField(
        label=gettext_lazy("Paid to"),
        max_length=200,
        help_text=gettext_lazy("A company or body. For wages: “Staff”, no names."),
    )
    purpose = forms.CharField(label=gettext_lazy("Purpose"), max_length=300)
    amount = EuroField(
        label=gettext_lazy("Amount"),
        is_above_zero=True,
        help_text=gettext_lazy("Take a credit note off the receipt it belongs to."),
    )
    file = forms.FileField(
        label=gettext_lazy("File"),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput({"accept": ACCEPT}),
    )

    def __init__(self, *args: Any, lines: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lines = {line_mark((FinanceKind.COST.value, *key)): key for key in lines.values()}
        field = self.fields["line"]
        assert isinstance(field, forms.ChoiceField)
        names = [(line_mark((FinanceKind.COST.value, *key)), name) for name, key in lines.items()]
        field.choices = [("", _("Please choose")), *names]

    def clean_paid_on(self) -> Any:
        """A payment lies in the past."""
        day = self.cleaned_data["paid_on"]
        if day > timezone.localdate():
            raise forms.ValidationError(_("A payment lies in the past. Check the day."), code="future")
        return day

    @property
    def receipt(self) -> ReceiptFields:
        """Arguments of the service."""
        data = self.cleaned_data
        kind, title = self._lines[data["line"]]
        names = ("number", "paid_on", "payee", "purpose", "amount")
        return ReceiptFields(kind=kind, title=title, **{name: data[name] for name in names})


LIST_HELP: Any = gettext_lazy(
    "Six columns: number, paid on, paid to, purpose, line of cost, amount. Copy them from Excel, or type "
    "them with semicolons."
)


class ReceiptListForm(forms.Form):
    """A list of receipts to be taken over: a file, or rows that were pasted."""

    prefix = "list"
    #: What is said when another button was pressed while something stands in it.
    waiting = gettext_lazy(
        "The list of receipts has not been taken over yet. Press “Check the list” and then “Take the list "
        "over”, or empty its field. A file has to be chosen once more."
    )
    file = forms.FileField(
        label=gettext_lazy("Table as Excel workbook (.xlsx) or CSV"),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput({"accept": ".xlsx,.csv,.txt"}),
    )
    rows = forms.CharField(
        label=gettext_lazy("Rows of the list"),
        required=False,
        max_length=200_000,
        strip=False,
        widget=forms.Textarea({"rows": 5}),
        help_text=LIST_HELP,
        error_messages={
            "max_length": gettext_lazy("The list is too long to be pasted. Split it, or choose it as a file.")
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = self.fields["rows"]
        rows.widget.attrs.pop("maxlength", None)
        # What spreadsheets leave behind at times is no fault of the person: ``cells_of`` drops it.
        rows.validators = [
            one for one in rows.validators if not isinstance(one, ProhibitNullCharactersValidator)
        ]
