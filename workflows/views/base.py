"""The page of a human task: what it is about, all that is needed to do it, one primary button."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.generic import FormView

from project.common.errors import DomainError


class TaskView(FormView):  # type: ignore[type-arg]
    """Base of all task pages.

    Subclasses give ``form_class``, ``template_name`` (extending ``workflows/task_base.html``),
    ``success_message`` and ``perform(form)``, which calls services. The engine's step is completed after
    ``perform`` returned; a DomainError leaves everything as it was and is shown on the form. A form
    submitted with a button named ``save`` calls ``save_draft(form)`` instead and stays on the page.
    """

    success_message: str | Promise = _("Done.")
    draft_message: str | Promise = _("Saved. The task stays open.")

    @property
    def activation(self) -> Any:
        """The engine's activation, put on the request by the node."""
        return self.request.activation  # type: ignore[attr-defined]

    @property
    def process(self) -> Any:
        """The concrete case."""
        return self.activation.process

    def perform(self, form: forms.Form) -> None:
        """Do the step by calling services."""
        raise NotImplementedError

    def save_draft(self, form: forms.Form) -> None:
        """Save in between; pages without it offer no such button."""
        raise NotImplementedError

    def form_valid(self, form: forms.Form) -> HttpResponse:
        """Do the step and complete the task, or show why not."""
        is_draft = "save" in self.request.POST
        try:
            with transaction.atomic():
                if is_draft:
                    self.save_draft(form)
                else:
                    self.perform(form)
                    self.activation.execute()
        except DomainError as error:
            form.add_error(None, str(error.message))
            return self.form_invalid(form)
        messages.success(self.request, str(self.draft_message if is_draft else self.success_message))
        return redirect(self.request.path if is_draft else self.get_success_url())

    def form_invalid(self, form: forms.Form) -> HttpResponse:
        """Show the page again with the errors; 422 says that nothing was saved."""
        response = super().form_invalid(form)
        response.status_code = 422
        return response

    def get_success_url(self) -> str:
        """Back to the inbox: what is next?"""
        return reverse("workflows:inbox")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Task, card and case for the template."""
        task = self.activation.task
        return super().get_context_data(
            task=task,
            card=task.card,
            process=self.process,
            cycle=self.process.cycle,
            offers_draft=type(self).save_draft is not TaskView.save_draft,
            **kwargs,
        )


def answer_domain_error(request: HttpRequest, error: DomainError) -> None:
    """Tell the person what forbids an act that has no form."""
    messages.error(request, str(error.message))
