"""Task pages of a report: entering the figures, checking them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from measures.models import FigureFile, RoundReport
from measures.selectors.reports import ReportLine, report_lines
from measures.services.figure_files import MOST_FILES, figure_file_remove, figure_files_add, most_bytes
from measures.services.raw_figures import report_told
from measures.services.reporting import report_review, report_save, report_submit
from project.common.errors import DomainError
from project.common.formats import file_size_de
from project.common.keys import key_or_none
from stakeholders.models import User
from stakeholders.sessions import signed_in
from workflows.forms.reports import ReportForm, ReviewForm
from workflows.views.base import TaskView


class ReportTaskView(TaskView):
    """A task on an organisation's report."""

    @property
    def user(self) -> User:
        """Who acts."""
        return signed_in(self.request)

    @property
    def report(self) -> RoundReport:
        """What the case is about."""
        report: RoundReport = self.process.report
        return report

    @cached_property
    def lines(self) -> list[ReportLine]:
        """Figures asked for, beside path and earlier figures."""
        return report_lines(self.report)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        lines = report_told(self.lines, user=self.user, report=self.report)
        return super().get_context_data(report=self.report, round=self.report.round, lines=lines, **kwargs)


class ReportFigures(ReportTaskView):
    """All key figures of an organisation on one page."""

    form_class = ReportForm
    template_name = "workflows/report_figures_task.html"
    success_message = _("Handed in. The social planning unit checks your figures.")

    def get_form_kwargs(self) -> dict[str, Any]:
        is_draft = not {"save", "remove_file"}.isdisjoint(self.request.POST)
        return {**super().get_form_kwargs(), "lines": self.lines, "is_draft": is_draft}

    def form_valid(self, form: forms.Form) -> HttpResponse:
        """A file is taken away beside what was typed, which is saved."""
        if "remove_file" not in self.request.POST:
            return super().form_valid(form)
        wanted = key_or_none(self.request.POST["remove_file"])
        own = FigureFile.objects.filter(figure__report=self.report, removed_at__isnull=True)
        file = get_object_or_404(own, pk=wanted or 0)
        try:
            with transaction.atomic():
                self.save_draft(form)
                figure_file_remove(file, user=self.user)
        except DomainError as error:
            form.add_error(None, str(error.message))
            return self.form_invalid(form)
        messages.success(self.request, _("The file has been taken away; what you typed is saved."))
        return redirect(self.request.path)

    def save_draft(self, form: forms.Form) -> None:
        assert isinstance(form, ReportForm)
        report_save(self.report, actuals=form.actuals, user=self.user)
        for figure, uploads in form.uploads:
            figure_files_add(figure, uploads, user=self.user)

    def perform(self, form: forms.Form) -> None:
        self.save_draft(form)
        report_submit(self.report, user=self.user)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        missing = sum(line.row.value is None and not line.row.comment for line in self.lines)
        limits = {"limit": file_size_de(most_bytes()), "count": MOST_FILES}
        return super().get_context_data(missing_count=missing, limits=limits, **kwargs)


class ConfirmFigures(ReportTaskView):
    """Planning checks a report; what is odd is marked."""

    form_class = ReviewForm
    template_name = "workflows/confirm_figures_task.html"

    @property
    def success_message(self) -> Any:  # type: ignore[override]
        """What happened."""
        if self.request.POST.get("answer") == ReviewForm.YES:
            return _("The figures are confirmed and count from now on.")
        return _("Returned with your reason; the organisation has been asked to correct it.")

    def perform(self, form: forms.Form) -> None:
        assert isinstance(form, ReviewForm)
        report_review(
            self.report, is_confirmed=form.is_yes, reason=form.cleaned_data["reason"], user=self.user
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return context | {"odd_count": sum(bool(line.oddities) for line in context["lines"])}


report_figures = ReportFigures.as_view()
confirm_figures = ConfirmFigures.as_view()
