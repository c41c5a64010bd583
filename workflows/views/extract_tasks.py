"""The task page on which the extract of a decision is issued."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from stakeholders.sessions import signed_in
from workflows.models import Decision
from workflows.paper_page import page_blocks
from workflows.reports import extract
from workflows.selectors.decisions import last_decision
from workflows.services.extracts import extract_data, extract_issue
from workflows.views.base import TaskView


class IssueExtract(TaskView):
    """One click with a preview."""

    form_class = forms.Form
    template_name = "workflows/issue_extract_task.html"
    success_message = _("The extract is issued and has been sent to all who must act.")

    @cached_property
    def decision(self) -> Decision:
        """The latest decision of the case."""
        decision = last_decision(self.process.recommendation)
        assert decision is not None
        return decision

    def perform(self, form: forms.Form) -> None:
        extract_issue(self.decision, user=signed_in(self.request))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        data, _recipients = extract_data(self.decision, user=signed_in(self.request))
        blocks = page_blocks(extract.paper_of(data).blocks)
        return super().get_context_data(decision=self.decision, blocks=blocks, **kwargs)


issue_extract = IssueExtract.as_view()
