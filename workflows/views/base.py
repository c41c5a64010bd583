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
from workflows.views.read_back import Line, is_sure, read_back, try_out, wants_form


class TaskView(FormView):  # type: ignore[type-arg]
    """Base of all task pages.

    Subclasses give ``form_class``, ``template_name`` (extending ``workflows/task_base.html``),
    ``success_message`` and ``perform(form)``, which calls services. The engine's step is completed after
    ``perform`` returned; a DomainError leaves everything as it was and is shown on the form. A form
    submitted with a button named ``save`` calls ``save_draft(form)`` instead and stays on the page.

    A step that ends something for others and cannot be taken back names a ``last_warning``: it is tried, read
    back with ``last_lines(form, made)`` on a page of its own, and done once the person is sure.
    """

    success_message: str | Promise = _("Done.")
    draft_message: str | Promise = _("Saved. The task stays open.")
    #: Asked on a page of its own before the step is done; empty where the page of the task asks enough.
    last_warning: str | Promise = ""
    #: The button of that page.
    last_label: str | Promise = ""

    @property
    def activation(self) -> Any:
        """The engine's activation, put on the request by the node."""
        return self.request.activation  # type: ignore[attr-defined]

    @property
    def process(self) -> Any:
        """The concrete case."""
        return self.activation.process

    def perform(self, form: forms.Form) -> Any:
        """Do the step by calling services."""
        raise NotImplementedError

    def last_question(self) -> str | Promise:
        """The warning of what was sent; empty where nothing is to be asked."""
        return self.last_warning

    def last_lines(self, form: forms.Form, made: Any) -> list[Line]:
        """What is read back beside the warning; ``made`` is what ``perform`` returned when it was tried."""
        return []

    def last_heading(self) -> str:
        """Heading of the page that reads back."""
        return str(self.activation.task.card.headline)

    def save_draft(self, form: forms.Form) -> None:
        """Save in between; pages without it offer no such button."""
        raise NotImplementedError

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Who goes back from what was read back finds in the form what they had entered."""
        if wants_form(request):
            return self.render_to_response(self.get_context_data(form=self.get_form()))
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: forms.Form) -> HttpResponse:
        """Do the step and complete the task, or show why not."""
        is_draft = "save" in self.request.POST
        if not is_draft and self.last_question() and not is_sure(self.request):
            return self.read_back(form)
        try:
            with transaction.atomic():
                if is_draft:
                    self.save_draft(form)
                else:
                    self.perform(form)
                    self.activation.execute()
        except DomainError as error:
            for text in error.faults:
                form.add_error(None, text)
            return self.form_invalid(form)
        messages.success(self.request, str(self.draft_message if is_draft else self.success_message))
        return redirect(self.request.path if is_draft else self.get_success_url())

    def read_back(self, form: forms.Form) -> HttpResponse:
        """Ask once more; what would be refused is refused at once."""
        heading = self.last_heading()
        try:
            made = try_out(lambda: self.perform(form))
        except DomainError as error:
            for text in error.faults:
                form.add_error(None, text)
            return self.form_invalid(form)
        return read_back(
            self.request,
            {
                "crumbs": [
                    (reverse("workflows:inbox"), _("My tasks")),
                    (self.request.get_full_path(), heading),
                ],
                "preline": self.process.cycle.title,
                "heading": heading,
                "warning": self.last_question(),
                "label": self.last_label,
                "lines": self.last_lines(form, made),
            },
        )

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
