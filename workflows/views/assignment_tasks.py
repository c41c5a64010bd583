"""Task pages of an assignment: reporting it done, deciding on more time, confirming it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from stakeholders.models import User
from stakeholders.sessions import signed_in
from workflows.forms.assignments import CarryOutForm, ConfirmDoneForm, MoreTimeForm
from workflows.models import Assignment
from workflows.services.assignments import (
    asked_until,
    assignment_answer_time,
    assignment_ask_time,
    assignment_report,
    assignment_review,
)
from workflows.views.base import TaskView


class AssignmentTaskView(TaskView):
    """A task on an assignment."""

    @property
    def user(self) -> User:
        """Who acts."""
        return signed_in(self.request)

    @property
    def assignment(self) -> Assignment:
        """What the case is about."""
        assignment: Assignment = self.process.assignment
        return assignment

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        entries = self.assignment.entries.select_related("written_by").order_by("pk")
        return super().get_context_data(assignment=self.assignment, entries=entries, **kwargs)


class CarryOut(AssignmentTaskView):
    """The organisation reports it done, or asks for more time."""

    form_class = CarryOutForm
    template_name = "workflows/carry_out_task.html"

    @property
    def success_message(self) -> Any:  # type: ignore[override]
        """What happens next."""
        if self.request.POST.get("answer") == CarryOutForm.DONE:
            return _("Reported. The social planning unit confirms it.")
        return _("Asked for. The social planning unit decides on the new date.")

    def perform(self, form: forms.Form) -> None:
        assert isinstance(form, CarryOutForm)
        text = form.cleaned_data["text"]
        if form.is_done:
            assignment_report(self.assignment, text=text, user=self.user)
        else:
            due_on = form.cleaned_data["due_on"]
            assignment_ask_time(self.assignment, reason=text, due_on=due_on, user=self.user)


class DecideMoreTime(AssignmentTaskView):
    """Planning gives more time, or not."""

    form_class = MoreTimeForm
    template_name = "workflows/decide_more_time_task.html"
    success_message = _("Answered. The organisation has the assignment again.")

    def perform(self, form: forms.Form) -> None:
        assert isinstance(form, MoreTimeForm)
        reason = form.cleaned_data["reason"]
        assignment_answer_time(self.assignment, is_given=form.is_yes, reason=reason, user=self.user)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(asked_until=asked_until(self.assignment), **kwargs)


class ConfirmDone(AssignmentTaskView):
    """Planning confirms it, or returns it with what is lacking."""

    form_class = ConfirmDoneForm
    template_name = "workflows/confirm_done_task.html"

    @property
    def success_message(self) -> Any:  # type: ignore[override]
        """What happened."""
        if self.request.POST.get("answer") == ConfirmDoneForm.YES:
            return _("Confirmed: the assignment is met.")
        return _("Returned with your reason; the organisation has been asked to go on.")

    def perform(self, form: forms.Form) -> None:
        assert isinstance(form, ConfirmDoneForm)
        reason = form.cleaned_data["reason"]
        assignment_review(self.assignment, is_met=form.is_yes, reason=reason, user=self.user)


carry_out = CarryOut.as_view()
decide_more_time = DecideMoreTime.as_view()
confirm_done = ConfirmDone.as_view()
