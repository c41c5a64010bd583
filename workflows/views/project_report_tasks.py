"""Task pages of a report: checking, deciding, answering a question, deciding on more time."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from measures.models import ProjectReport, ProjectReportStep, ReportStepKind
from measures.selectors.project_report_changes import changes_seen
from measures.selectors.project_report_checks import report_oddities
from measures.selectors.project_report_deadlines import deadline_text, extension_deadline_text
from measures.selectors.project_report_pages import (
    delivery_view,
    history_of,
    lateness_seen,
    open_question,
    receipt_files,
)
from measures.selectors.project_sides import Part, parts_seen
from measures.services.project_report_extensions import extension_decide
from measures.services.project_report_steps import report_answer, report_check, report_decide
from stakeholders.models import User
from stakeholders.sessions import signed_in
from workflows.forms.project_reports import (
    AnswerQuestionForm,
    DecideExtensionForm,
    DecideReportForm,
    ReviewReportForm,
    uploads_of,
)
from workflows.services.report_tasks import draft_task_follows
from workflows.views.base import TaskView


class ReportTaskView(TaskView):
    """A task on a report of a project."""

    #: Whether the delivered report stands on the page.
    shows_content = True
    #: Whether what changed since the version before stands on the page.
    shows_changes = False

    @property
    def user(self) -> User:
        """Who acts."""
        return signed_in(self.request)

    @property
    def report(self) -> ProjectReport:
        """What the case is about."""
        report: ProjectReport = self.process.report
        return report

    @property
    def deadline(self) -> str:
        """When the report is due, and until when the task."""
        return deadline_text(self.report, self.activation.task.card.due_on)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        report = self.report
        parts = parts_seen(self.user, report.project)
        delivery = report.deliveries.order_by("-number").first() if self.shows_content else None
        history = history_of(report, parts)
        return super().get_context_data(
            report=report,
            project=report.project,
            delivered=delivery_view(delivery, parts) if delivery else None,
            receipt_files=receipt_files(delivery) if delivery and Part.RECEIPTS in parts else {},
            history=history,
            changes=changes_seen(delivery, parts, history) if delivery and self.shows_changes else None,
            lateness=lateness_seen(report, parts),
            deadline=self.deadline,
            **kwargs,
        )


class ReviewReport(ReportTaskView):
    """The planning unit passes it on, or returns it."""

    form_class = ReviewReportForm
    template_name = "workflows/review_report_task.html"
    shows_changes = True

    @property
    def success_message(self) -> Any:  # type: ignore[override]
        """What happens next."""
        if self.request.POST.get("answer") == ReviewReportForm.YES:
            return _("Passed on; the funder decides.")
        return _("Returned with your reason; the provider has been asked to change it.")

    def perform(self, form: forms.Form) -> None:
        assert isinstance(form, ReviewReportForm)
        report_check(self.report, is_fine=form.is_yes, text=form.text, user=self.user)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(oddities=report_oddities(self.report), **kwargs)


class DecideReport(ReportTaskView):
    """The funder accepts, asks or returns."""

    form_class = DecideReportForm
    template_name = "workflows/decide_report_task.html"
    shows_changes = True

    @property
    def success_message(self) -> Any:  # type: ignore[override]
        """What happens next."""
        match self.request.POST.get("outcome"):
            case DecideReportForm.ACCEPT:
                return _("Accepted. Provider and municipality see it on the page of the report.")
            case DecideReportForm.ASK:
                return _("Asked. The provider answers; the report stays as it is.")
            case _:
                return _("Returned with your reason; the provider changes it and hands it in again.")

    def _answer(self) -> ProjectReportStep | None:
        """The provider's answer, if that is what happened last."""
        last: ProjectReportStep | None = self.report.steps.order_by("-pk").first()
        return last if last is not None and last.kind == ReportStepKind.ANSWERED else None

    def perform(self, form: forms.Form) -> None:
        report_decide(
            self.report,
            outcome=form.cleaned_data["outcome"],
            text=form.cleaned_data["text"],
            files=uploads_of(form),
            user=self.user,
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        oddities = report_oddities(self.report)
        return super().get_context_data(oddities=oddities, answer=self._answer(), **kwargs)


class AnswerQuestion(ReportTaskView):
    """The provider answers a question of the funder."""

    form_class = AnswerQuestionForm
    template_name = "workflows/answer_question_task.html"
    success_message = _("Answered. The funder decides.")

    def perform(self, form: forms.Form) -> None:
        report_answer(self.report, text=form.cleaned_data["text"], files=uploads_of(form), user=self.user)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(question=open_question(self.report), **kwargs)


class DecideExtension(ReportTaskView):
    """The funder gives more time, or not."""

    form_class = DecideExtensionForm
    template_name = "workflows/decide_extension_task.html"
    shows_content = False

    @property
    def success_message(self) -> Any:  # type: ignore[override]
        """Which way it went."""
        if self.request.POST.get("answer") != DecideExtensionForm.RETURN:
            return _("More time is given. The provider sees the new date on the page of the report.")
        return _("The date stays. The provider sees your reason on the page of the report.")

    @property
    def report(self) -> ProjectReport:
        """What more time is asked for."""
        report: ProjectReport = self.process.extension.report
        return report

    @property
    def deadline(self) -> str:
        """When the report is due, and until when the funder decides."""
        return extension_deadline_text(self.process.extension)

    def perform(self, form: forms.Form) -> None:
        assert isinstance(form, DecideExtensionForm)
        extension = self.process.extension
        extension_decide(
            extension,
            is_granted=form.is_granted,
            text=form.cleaned_data["reason"],
            user=self.user,
            until=form.granted_until,
        )
        draft_task_follows(extension.report)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(extension=self.process.extension, **kwargs)


review_report = ReviewReport.as_view()
decide_report = DecideReport.as_view()
answer_question = AnswerQuestion.as_view()
decide_extension = DecideExtension.as_view()
