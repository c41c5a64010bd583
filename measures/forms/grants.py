"""Forms of programmes and calls, and of a grant notice with its plan and duties."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from measures import esf
from measures.forms.base import (
    EuroField,
    LongTextField,
    SketchForm,
    fill,
    rows_formset,
    sensible_day,
    with_more_rows,
)
from measures.models import (
    CostKind,
    DutyKind,
    FinanceKind,
    FundedProject,
    GrantNotice,
    MoneySource,
    Programme,
    ProgrammeCall,
    ReportingDuty,
)
from measures.money import PlanLine
from measures.services.grants import (
    MOST_YEARS,
    Duty,
    NoticeFields,
    newer_notice,
    notice_mark,
    too_long,
)
from measures.services.programmes import CallFields, ProgrammeFields, entry_mark
from project.common.errors import DomainError
from project.common.seen import SEEN, with_mark
from project.forms import GermanDecimalField

MOST_PLAN_ROWS = 60
#: Name of an amount in a row of the plan, with its year.
_AMOUNT = re.compile(r"lines-\d{1,3}-year_(\d{4})", re.ASCII)
_FIRST_LINES, _FIRST_DUTIES = 4, 2
#: Codes that belong to an entry of the head.
_ENTRY_OF = {"issued_wrong": "issued_on", "reason_missing": "reason", "wrong_call": "call"}


def _percent(label: Any, **kwargs: Any) -> GermanDecimalField:
    return GermanDecimalField(
        label=label, max_digits=5, decimal_places=2, min_value=0, max_value=100, unit="%", **kwargs
    )


class EntryForm(forms.Form):
    """An entry that others may be changing at the same time; ``kind`` is what the service takes."""

    kind: type[ProgrammeFields] | type[CallFields]
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    @property
    def fields_given(self) -> Any:
        """Arguments of the service."""
        return self.kind(**{name: value for name, value in self.cleaned_data.items() if name != SEEN})

    @property
    def mark(self) -> str:
        """Mark of what was seen when the form was opened."""
        return str(self.cleaned_data[SEEN])

    @classmethod
    def initial_of(cls, row: Programme | ProgrammeCall | None, empty: Any) -> dict[str, Any]:
        """What stands there first.

        Args:
            row: The entry to change; None for a new one.
            empty: What a new one begins with.
        """
        first = {name: getattr(row or empty, name) for name in cls.kind.__dataclass_fields__}
        return first | ({SEEN: entry_mark(row, cls.kind)} if row is not None else {})


class ProgrammeForm(EntryForm):
    """What a programme is."""

    kind = ProgrammeFields

    title = forms.CharField(label=_("Name of the programme"), max_length=120)
    goals = LongTextField(label=_("What the programme wants to reach"), max_length=5000, required=False)
    legal_basis = forms.CharField(
        label=_("Legal basis"),
        max_length=300,
        required=False,
        help_text=_("For example the guideline the money is granted by."),
    )
    own_share_percent = _percent(
        _("Least own share"),
        help_text=_("Of the cost, for providers other than municipalities. Notices are checked against it."),
    )
    deviation_percent = _percent(
        _("Allowed deviation in a line"),
        help_text=_("An account that leaves the plan in a line by more needs a reason."),
    )
    fund = forms.CharField(
        label=_("Fund"),
        max_length=60,
        required=False,
        help_text=_("For example ESF+. Like the two below for the list of operations."),
    )
    specific_objective = forms.CharField(label=_("Specific objective"), max_length=200, required=False)
    intervention = forms.CharField(label=_("Type of intervention"), max_length=200, required=False)


class CallForm(EntryForm):
    """The yearly call of a programme."""

    kind = CallFields

    year = forms.IntegerField(label=_("Year"), min_value=2000, max_value=2100)
    goals = LongTextField(label=_("What this call is for"), max_length=5000, required=False)
    closes_on = forms.DateField(label=_("Applications until"), required=False)
    budget = EuroField(label=_("Money of the call"), max_digits=14, required=False)
    esf_percent = _percent(_("Highest share of ESF"), required=False)
    state_percent = _percent(_("Highest share of the state"), required=False)
    cost_kinds = forms.MultipleChoiceField(
        label=_("Eligible cost"),
        choices=CostKind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Nothing ticked: whatever the notice says."),
    )
    indicators = forms.MultipleChoiceField(
        label=_("Required indicators"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Common indicators of ESF+ (Regulation (EU) 2021/1057, Annex I) that projects count."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        indicators = self.fields["indicators"]
        assert isinstance(indicators, forms.MultipleChoiceField)
        indicators.choices = [(code, f"{code} {title}") for code, title in esf.INDICATORS.items()]


class NoticeForm(SketchForm):
    """Head of a grant notice."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    reference = forms.CharField(label=_("File reference"), max_length=80)
    issued_on = forms.DateField(label=_("Issued on"), validators=[sensible_day])
    granted = EuroField(label=_("Sum granted"), is_above_zero=True)
    starts_on = forms.DateField(label=_("Funded from"), validators=[sensible_day])
    ends_on = forms.DateField(label=_("Funded until"), validators=[sensible_day])
    call = forms.ModelChoiceField(
        label=_("Call"),
        queryset=ProgrammeCall.objects.none(),
        required=False,
        empty_label=_("not said"),
        help_text=_("Shares and eligible cost are checked against the call."),
    )
    conditions = LongTextField(label=_("Conditions of the notice"), max_length=5000, required=False)
    reason = LongTextField(label=_("What the amending notice changes, and why"), max_length=2000)

    def __init__(self, *args: Any, project: FundedProject, is_first: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fill(self, "call", project.programme.calls.order_by("-year"))
        self.fields["granted"].error_messages["min_value"] = _("Enter a sum of more than zero.")
        if is_first:
            del self.fields["reason"]

    def clean(self) -> dict[str, Any]:
        """A term that ends before it begins has no years to ask for amounts of; one of decades too many."""
        first, last = self.cleaned_data.get("starts_on"), self.cleaned_data.get("ends_on")
        if first is not None and last is not None and last < first:
            self.add_error("ends_on", _("The funding ends before it begins."))
        elif first is not None and last is not None and last.year - first.year >= MOST_YEARS:
            self.add_error("ends_on", too_long())
        return self.cleaned_data


class LineForm(SketchForm):
    """A line of the plan with its amount in each year of the term."""

    hide_optional = True
    kind = forms.ChoiceField(label=_("Cost or source"))
    title = forms.CharField(label=_("For what, or from whom"), max_length=200, required=False)

    def __init__(self, *args: Any, years: Sequence[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind = self.fields["kind"]
        assert isinstance(kind, forms.ChoiceField)
        kind.choices = [
            ("", _("Please choose")),
            (_("Expenditure"), [(f"{FinanceKind.COST}-{value}", label) for value, label in CostKind.choices]),
            (
                _("Financing"),
                [(f"{FinanceKind.FUNDING}-{value}", label) for value, label in MoneySource.choices],
            ),
        ]
        self._years = years
        for year in years:
            self.fields[f"year_{year}"] = EuroField(label=str(year), required=False)

    def clean(self) -> dict[str, Any]:
        """A line has an amount in some year."""
        data = self.cleaned_data
        if self._years and not self.errors and all(data.get(f"year_{year}") is None for year in self._years):
            raise forms.ValidationError(_("Enter an amount in at least one year."), code="no_amount")
        return data

    def lines(self) -> list[PlanLine]:
        """Lines of the years that have an amount."""
        side, _dash, kind = self.cleaned_data["kind"].partition("-")
        found = {year: self.cleaned_data.get(f"year_{year}") for year in self._years}
        title = self.cleaned_data["title"].strip()
        return [
            PlanLine(side, kind, title, year, amount) for year, amount in found.items() if amount is not None
        ]


class DutyForm(SketchForm):
    """What the notice asks for, and by when."""

    hide_optional = True
    kind = forms.ChoiceField(label=_("Duty"), choices=[("", _("Please choose")), *DutyKind.choices])
    covers_from = forms.DateField(label=_("For the time from"))
    covers_until = forms.DateField(label=_("For the time until"))
    due_on = forms.DateField(label=_("Due on"))


class NoticeEditor:
    """A grant notice as one form: head, plan, duties.

    Args:
        project: The project.
        latest: The notice that holds, whose values stand there first; None for the first notice.
        lines: Its plan.
        duties: Its duties.
        data: What was sent; the buttons of ``BUTTONS`` only show other rows or years.
    """

    #: Button -> rows it adds one to; the last takes the years of the term as typed.
    BUTTONS: Mapping[str, str] = {"add_line": "lines", "add_duty": "duties", "show_years": ""}

    def __init__(
        self,
        project: FundedProject,
        *,
        latest: GrantNotice | None,
        lines: Sequence[PlanLine] = (),
        duties: Iterable[ReportingDuty] = (),
        data: QueryDict | None = None,
    ) -> None:
        self._mark = notice_mark(latest)
        self.is_sketch = data is not None and any(name in data for name in self.BUTTONS)
        if data is not None and self.is_sketch:
            data = with_more_rows(data, self.BUTTONS, most=MOST_PLAN_ROWS)
        self.form: Any = NoticeForm(
            data,
            project=project,
            is_first=latest is None,
            initial=_initial_head(project, latest),
            is_sketch=self.is_sketch,
        )
        first, last = project.starts_on, project.ends_on
        if data is not None:
            first = typed_day(data.get("starts_on")) or first
            last = typed_day(data.get("ends_on")) or last
        self.years = plan_years(first, last, lines, data)
        self.lines: Any = self._rows(
            LineForm, data, "lines", initial_lines(lines), _FIRST_LINES, years=self.years
        )
        self.duties: Any = self._rows(DutyForm, data, "duties", initial_duties(duties), _FIRST_DUTIES)

    def _rows(
        self,
        row_class: type[SketchForm],
        data: QueryDict | None,
        prefix: str,
        initial: list[dict[str, Any]],
        first: int,
        **kwargs: Any,
    ) -> Any:
        return rows_formset(
            row_class,
            data,
            prefix,
            initial,
            extra=1 if initial else first,
            can_remove=bool(initial),
            is_sketch=self.is_sketch,
            most=MOST_PLAN_ROWS,
            **kwargs,
        )

    def is_valid(self) -> bool:
        """Whether all parts can be recorded; a sketch never."""
        if self.is_sketch:
            return False
        # All are asked, so that the person sees every remark at once.
        is_valid = all([self.form.is_valid(), self.lines.is_valid(), self.duties.is_valid()])
        if self.form.cleaned_data.get(SEEN) not in {"", self._mark}:
            # Also where more is wrong: reasons are asked of the second notice only.
            self.form.add_error(None, newer_notice())
            self._show_mark()
            return False
        return is_valid

    def _show_mark(self) -> None:
        """Sent once more, the form counts."""
        self.form.data = with_mark(self.form.data, self._mark)

    def refuse(self, error: DomainError) -> None:
        """Show on the form what does not add up, or which rule forbids it."""
        name = _ENTRY_OF.get(error.code)
        for text in error.faults:
            self.form.add_error(name, text)

    @property
    def fields(self) -> NoticeFields:
        """Arguments of the service."""
        lines = [line for row in self.lines.kept_forms for line in row.lines()]
        duties = [Duty(**row) for row in self.duties.kept]
        head = {name: value for name, value in self.form.cleaned_data.items() if name != SEEN}
        return NoticeFields(lines=lines, duties=duties, **head)

    @property
    def seen(self) -> str:
        """Mark of the notice that held when the form was opened."""
        return str(self.form.cleaned_data[SEEN])


def plan_years(
    first: datetime.date, last: datetime.date, lines: Iterable[PlanLine], data: QueryDict | None
) -> list[int]:
    """Years of a term, and those that have an amount already, in ``lines`` or as typed."""
    years = range(first.year, min(last.year, first.year + MOST_YEARS - 1) + 1)
    return sorted({*years, *(line.year for line in lines), *_typed_years(data)})


def _typed_years(data: QueryDict | None) -> set[int]:
    """Years with an amount in what was sent: shown on, so that none is dropped when the term changes."""
    sent = data.dict() if data is not None else {}
    found = {int(hit[1]) for name, text in sent.items() if text and (hit := _AMOUNT.fullmatch(name))}
    return set(sorted(found)[: 2 * MOST_YEARS])


def typed_day(text: str | None) -> datetime.date | None:
    """A day as typed; None for none, and for what is no day."""
    try:
        day: datetime.date | None = forms.DateField(required=False).clean(text)
    except forms.ValidationError:
        return None
    return day


def _initial_head(project: FundedProject, latest: GrantNotice | None) -> dict[str, Any]:
    if latest is None:
        first = {name: getattr(project, name) for name in ("reference", "starts_on", "ends_on")}
        return first | {SEEN: notice_mark(None)}
    names = ("reference", "starts_on", "ends_on", "granted", "call", "conditions")
    return {name: getattr(latest, name) for name in names} | {SEEN: notice_mark(latest)}


def initial_lines(lines: Sequence[PlanLine]) -> list[dict[str, Any]]:
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    for line in lines:
        row = rows.setdefault(line.key, {"kind": f"{line.side}-{line.kind}", "title": line.title})
        row[f"year_{line.year}"] = line.amount
    return list(rows.values())


def initial_duties(duties: Iterable[ReportingDuty]) -> list[dict[str, Any]]:
    names = ("kind", "covers_from", "covers_until", "due_on")
    return [{name: getattr(row, name) for name in names} for row in duties]
