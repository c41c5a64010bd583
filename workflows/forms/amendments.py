"""Forms of a request for an amendment: the provider's wish, planning's check, the funder's decision."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from measures.forms.base import LongTextField, SketchForm, rows_formset, with_more_rows
from measures.forms.grants import (
    MOST_PLAN_ROWS,
    DutyForm,
    LineForm,
    initial_lines,
    plan_years,
    typed_day,
)
from measures.models import AmendmentRequest, AmendmentVersion, GrantNotice
from measures.money import PlanLine
from measures.services.amendment_wishes import Letter, Wish, adapted_duties, basis_newer, wish_faults
from measures.services.amendments import draft_mark
from measures.services.grants import Duty, notice_mark
from project.common.formats import date_de
from project.common.seen import SEEN
from project.forms import needed_if
from workflows.forms.answers import AnswerForm

#: Name under which travels which draft was there when the page was opened.
OPENED: Final = "opened"
_LONG_TEXT = 2000
#: Entries that a draft keeps, and how much of each.
_KEPT = re.compile(
    r"ends_on|reason|seen|lines-(TOTAL|INITIAL)_FORMS|lines-\d{1,2}-(kind|title|DELETE|year_\d{4})"
)
_KEPT_LENGTH = 5000


def _all_typed(data: QueryDict | None, prefix: str) -> QueryDict | None:
    """What was sent, with all its rows standing for themselves.

    Rows that stood there first would be compared with those of today's notice, which may be another; and a
    row that was emptied counts as taken away.
    """
    if data is None:
        return None
    changed = data.copy()
    changed[f"{prefix}-INITIAL_FORMS"] = "0"
    return changed


class WishForm(SketchForm):
    """End of the term and reason."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    opened = forms.CharField(widget=forms.HiddenInput, required=False)
    ends_on = forms.DateField(label=_("Funded until"))
    reason = LongTextField(
        label=_("What shall change, and why"),
        max_length=_LONG_TEXT,
        help_text=_(
            "Social planning, the funder and the partners of the project read it. If the funder agrees, it "
            "stands in the amending notice as its reason: then all who see the project read it, advisers of "
            "the funder too."
        ),
    )


class WishEditor:
    """What a provider asks for as one form: term, reason, and the whole plan.

    Begins with the draft that was saved, else with the version that came back, else with the notice that
    holds.

    Args:
        request: The request, with its project.
        notice: The notice that holds.
        lines: Its plan.
        last: The version that came back, if any.
        last_lines: Its plan.
        data: What was sent.
    """

    #: Button -> rows it adds one to; the last takes the years of the term as typed.
    BUTTONS: Mapping[str, str] = {"add_line": "lines", "show_years": ""}

    def __init__(
        self,
        request: AmendmentRequest,
        *,
        notice: GrantNotice,
        lines: Sequence[PlanLine],
        last: AmendmentVersion | None = None,
        last_lines: Sequence[PlanLine] = (),
        data: QueryDict | None = None,
    ) -> None:
        self._request, self._notice = request, notice
        self.is_draft_saved = data is not None and "save" in data
        self.is_compared = data is not None and "compare" in data and not self.is_draft_saved
        self.is_sketch = data is not None and (
            self.is_draft_saved or any(name in data for name in self.BUTTONS)
        )
        #: Whether the notice that the draft was built on holds no longer.
        self.is_rebased = False
        if data is None and request.draft:
            self.is_sketch = True
            self.is_rebased = request.draft.get(SEEN) != notice_mark(notice)
            data = QueryDict(mutable=True)
            for name, value in request.draft.items():
                data[name] = str(value)
            data = self._with_marks(data)
        elif data is not None and self.is_sketch:
            data = with_more_rows(data, self.BUTTONS, most=MOST_PLAN_ROWS)
        self._start = list(last_lines if last is not None else lines)
        self._data = _all_typed(data, "lines")
        first = {
            "ends_on": (last if last is not None else notice).ends_on,
            "reason": last.reason if last is not None else "",
            SEEN: notice_mark(notice),
            OPENED: draft_mark(request),
        }
        self.form: Any = WishForm(self._data, initial=first, is_sketch=self.is_sketch)
        self.form.fields["ends_on"].help_text = _("So far until %(day)s.") % {"day": date_de(notice.ends_on)}
        typed = self._data.get("ends_on") if self._data is not None else None
        last_day = typed_day(typed) or (last if last is not None else notice).ends_on
        self.years = plan_years(notice.starts_on, last_day, [*lines, *self._start], self._data)
        self.lines: Any = self._rows(is_sketch=self.is_sketch)

    def _rows(self, *, is_sketch: bool) -> Any:
        return rows_formset(
            LineForm,
            self._data,
            "lines",
            initial_lines(self._start) if self._data is None else [],
            extra=1,
            can_remove=True,
            is_sketch=is_sketch,
            most=MOST_PLAN_ROWS,
            years=self.years,
        )

    def _with_marks(self, data: QueryDict) -> QueryDict:
        """What is shown, with the marks of what stands beside it now: sent once more it counts."""
        changed = data.copy()
        changed[SEEN], changed[OPENED] = notice_mark(self._notice), draft_mark(self._request)
        return changed

    def is_valid(self) -> bool:
        """Whether it can be saved as a draft, or sent; what only shows other rows is neither."""
        if self.is_draft_saved:
            return True
        if self.is_sketch:
            return False
        # Both are asked, so that the person sees every remark at once.
        is_valid = all([self.form.is_valid(), self.lines.is_valid()])
        if self.form.cleaned_data.get(SEEN) not in {"", notice_mark(self._notice)}:
            self.add_error(None, basis_newer())
            return False
        if is_valid:
            for fault in wish_faults(self._request.project, self._notice, self.wish):
                self.form.add_error(None, fault)
        return not self.is_compared and not self.form.errors and is_valid

    def add_error(self, field: str | None, message: str) -> None:
        """Show what forbids it; sent once more it counts."""
        self.form.data = self._with_marks(self.form.data)
        self.form.add_error(field, message)

    @property
    def errors(self) -> Any:
        """What is wrong with the head."""
        return self.form.errors

    @property
    def wish(self) -> Wish:
        """Argument of the service."""
        lines = [line for row in self.lines.kept_forms for line in row.lines()]
        return Wish(lines, self.form.cleaned_data["ends_on"], self.form.cleaned_data["reason"])

    @property
    def so_far(self) -> Wish:
        """What can be read of it, right or wrong; rows with mistakes are left out."""
        if self._data is None:
            return Wish(self._start, self.form.initial["ends_on"], "")
        rows = self._rows(is_sketch=False)
        rows.is_valid()
        lines = [line for row in rows.kept_forms if row.is_valid() for line in row.lines()]
        return Wish(lines, typed_day(self._data.get("ends_on")) or self._notice.ends_on, "")

    @property
    def typed(self) -> dict[str, str]:
        """What a draft keeps."""
        assert self._data is not None
        return {
            name: str(value)[:_KEPT_LENGTH] for name, value in self._data.items() if _KEPT.fullmatch(name)
        }

    @property
    def seen(self) -> str:
        """Mark of the notice that held when the form was opened."""
        return str(self.form.data.get(SEEN, ""))

    @property
    def opened(self) -> str:
        """Mark of the draft that was there when the form was opened."""
        return str(self.form.data.get(OPENED, ""))


class ReviewAmendmentForm(AnswerForm):
    """Planning forwards a request, or returns it."""

    YES = "forward"
    question = _("Is the request complete and right?")
    yes = _("Yes, forward it to the funder")
    reader = _("Needed if you return it; the provider will read it.")
    missing = _("Say what has to be changed; the provider will read it.")

    remark = needed_if(
        LongTextField(
            label=_("Remark for the funder"),
            required=False,
            max_length=_LONG_TEXT,
            widget=forms.Textarea({"rows": 4}),
            help_text=_("Only social planning and the funder read it."),
        ),
        _("if you want to say something with it"),
    )


class DecideForm(SketchForm):
    """The funder's answer, and what its notice says beside plan and term."""

    CONSENT, ASK, REFUSE = "consent", "ask", "refuse"
    hide_optional = True

    answer = forms.ChoiceField(
        label=_("What do you decide?"),
        choices=[
            (CONSENT, _("Consent, and record the amending notice")),
            (ASK, _("Ask the provider back")),
            (REFUSE, _("Refuse")),
        ],
        widget=forms.RadioSelect,
    )
    text = needed_if(
        LongTextField(label=_("Question, or reasons of the refusal"), max_length=_LONG_TEXT, required=False),
        _("only needed to ask back or to refuse"),
    )
    reference = needed_if(
        forms.CharField(label=_("File reference"), max_length=80, required=False),
        _("only needed to consent"),
    )
    issued_on = needed_if(forms.DateField(label=_("Issued on"), required=False), _("only needed to consent"))
    conditions = LongTextField(label=_("Conditions of the notice"), max_length=5000, required=False)

    def clean(self) -> dict[str, Any]:
        """A consent needs the data of the notice, anything else its words."""
        data = self.cleaned_data
        if data.get("answer") == self.CONSENT:
            for name, text in (
                ("reference", _("Enter the file reference of the amending notice.")),
                ("issued_on", _("Enter the day of the amending notice.")),
            ):
                if name in data and not data[name]:
                    self.add_error(name, text)
        elif data.get("answer") and not data.get("text", "").strip() and "text" not in self.errors:
            self.add_error("text", _("Say what you ask, or why you refuse; the provider will read it."))
        return data


class DecisionEditor:
    """The funder's decision as one form: answer, notice, duties.

    Args:
        version: What was asked for last, with the notice it builds on.
        duties: Duties of that notice; for another end of the term they are adapted as a proposal.
        data: What was sent; the buttons of ``BUTTONS`` decide nothing.
    """

    #: Button -> rows it adds an empty one to; ``show`` only shows what was typed.
    BUTTONS: Mapping[str, str] = {"add_duty": "duties", "show": ""}

    def __init__(
        self, version: AmendmentVersion, *, duties: Sequence[Duty], data: QueryDict | None = None
    ) -> None:
        basis = version.basis
        self.is_sketch = data is not None and any(name in data for name in self.BUTTONS)
        if data is not None and self.is_sketch:
            data = with_more_rows(data, self.BUTTONS, most=MOST_PLAN_ROWS)
        first = {
            "reference": basis.reference,
            "issued_on": timezone.localdate(),
            "conditions": basis.conditions,
        }
        data = _all_typed(data, "duties")
        self.form: Any = DecideForm(data, initial=first, is_sketch=self.is_sketch)
        proposed = adapted_duties(duties, old_end=basis.ends_on, new_end=version.ends_on)
        # Without a consent no duties are recorded, and none is judged.
        is_judged = data is not None and data.get("answer") == DecideForm.CONSENT and not self.is_sketch
        self.duties: Any = rows_formset(
            DutyForm,
            data,
            "duties",
            [vars(duty) for duty in proposed] if data is None else [],
            extra=1,
            can_remove=True,
            is_sketch=not is_judged and data is not None,
            most=MOST_PLAN_ROWS,
        )

    def is_valid(self) -> bool:
        """Whether it can be recorded; a sketch never."""
        if self.is_sketch:
            return False
        is_valid = bool(self.form.is_valid())
        if self.form.cleaned_data.get("answer") == DecideForm.CONSENT:
            return bool(self.duties.is_valid()) and is_valid
        return is_valid

    def add_error(self, field: str | None, message: str) -> None:
        """Show what forbids it."""
        self.form.add_error(field, message)

    @property
    def errors(self) -> Any:
        """What is wrong with the head."""
        return self.form.errors

    @property
    def answer(self) -> str:
        """What was decided."""
        return str(self.form.cleaned_data["answer"])

    @property
    def text(self) -> str:
        """Question or reasons."""
        return str(self.form.cleaned_data["text"])

    @property
    def letter(self) -> Letter:
        """Argument of the service."""
        data = self.form.cleaned_data
        duties = [Duty(**row) for row in self.duties.kept]
        return Letter(data["reference"], data["issued_on"], duties, data["conditions"])
