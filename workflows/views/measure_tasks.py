"""Task pages of a measure: confirming, revising, beginning, evaluating."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from measures.forms.measures import MeasureEditor
from measures.models import Measure
from measures.selectors.portfolio import MeasureLine, measure_lines
from measures.services.measures import measure_update
from measures.services.raw_figures import figures_told
from measures.views.measures import figure_card
from project.common.errors import DomainError
from stakeholders.models import User
from workflows.forms.implementation import BeginForm, ConfirmForm, EvaluateForm, WithdrawForm
from workflows.models import AgreementConfirmation, ConfirmationState, EvaluationOutcome
from workflows.selectors.effects import area_changes
from workflows.selectors.implementation import agreement_rounds, origins_of
from workflows.services.implementation import (
    confirmation_answer,
    measure_begin,
    measure_evaluate,
    measure_withdraw,
)
from workflows.views.access import signed_in
from workflows.views.base import TaskView
from workflows.views.mute_parties import warn_of_mute_parties


class MeasureTaskView(TaskView):
    """A task on a measure: the measure, its key figures and its parties in view."""

    @property
    def user(self) -> User:
        """Who acts."""
        return signed_in(self.request)

    @cached_property
    def measure(self) -> Measure:
        """What the case is about."""
        rows = Measure.objects.select_related("plan__territory", "field", "responsible")
        return rows.get(pk=self.measure_pk())

    def measure_pk(self) -> int:
        """Key of the measure."""
        return int(self.process.measure_id)

    @cached_property
    def line(self) -> MeasureLine:
        """Where the measure stands."""
        return measure_lines([self.measure], timezone.localdate())[0]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rounds = agreement_rounds(self.measure)
        return super().get_context_data(
            measure=self.measure,
            line=self.line,
            partners=self.measure.partners.select_related("organisation"),
            areas=self.measure.areas.order_by("name"),
            origins=origins_of(self.user, self.measure),
            agreement=rounds[0] if rounds else None,
            earlier_rounds=rounds[1:],
            **kwargs,
        )


class ConfirmAgreement(MeasureTaskView):
    """The head of a party confirms the target agreement, or says what has to change."""

    form_class = ConfirmForm
    template_name = "workflows/confirm_agreement_task.html"

    def measure_pk(self) -> int:
        return int(self.confirmation.measure_id)

    @property
    def confirmation(self) -> AgreementConfirmation:
        """What the party is asked for."""
        confirmation: AgreementConfirmation = self.process.confirmation
        return confirmation

    @property
    def success_message(self) -> Any:  # type: ignore[override]
        """What happened."""
        if self.request.POST.get("answer") == ConfirmForm.CONFIRM:
            return _("Your organisation has confirmed the target agreement.")
        return _("Your answer has gone to the social planning unit, which revises the measure.")

    def perform(self, form: forms.Form) -> None:
        assert isinstance(form, ConfirmForm)
        confirmation_answer(
            self.confirmation,
            is_confirmed=form.is_confirmed,
            comment=form.cleaned_data["comment"],
            user=self.user,
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        own = self.measure.partners.filter(organisation=self.confirmation.organisation_id).first()
        return super().get_context_data(confirmation=self.confirmation, own_part=own, **kwargs)


class ReviseMeasure(MeasureTaskView):
    """Planning changes a measure that was refused or is to be changed, or gives it up."""

    form_class = WithdrawForm
    template_name = "workflows/revise_measure_task.html"
    success_message = _("The measure has been given up.")

    @property
    def is_withdrawal(self) -> bool:
        """Whether the button for giving up was pressed."""
        return "withdraw" in self.request.POST

    def editor(self, data: QueryDict | None = None) -> MeasureEditor:
        """The form of the measure."""
        return MeasureEditor(self.measure.plan, data=data, measure=self.measure)

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs = super().get_form_kwargs()
        if not self.is_withdrawal:
            kwargs.pop("data", None)
            kwargs.pop("files", None)
        return kwargs

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Give the measure up, add a row to the form, save in between, or ask the parties anew."""
        if self.is_withdrawal:
            return super().post(request, *args, **kwargs)
        editor = self.editor(request.POST)
        if editor.is_sketch:
            return self.render_to_response(self.get_context_data(editor=editor))
        if editor.is_valid():
            try:
                return self.save(editor, is_draft="save" in request.POST)
            except DomainError as error:
                editor.refuse(error)
        # The refused values must not be shown as if they stood.
        del self.measure
        return self.render_to_response(self.get_context_data(editor=editor), status=422)

    def save(self, editor: MeasureEditor, *, is_draft: bool) -> HttpResponse:
        """Save the measure; unless it is a draft, the parties are asked anew."""
        with transaction.atomic():
            measure_update(self.measure, user=self.user, **editor.fields)
            if not is_draft:
                self.activation.execute()
        if is_draft:
            messages.success(self.request, str(self.draft_message))
            return redirect(self.request.path)
        messages.success(
            self.request, _("The measure has been changed; the parties are asked to confirm it.")
        )
        warn_of_mute_parties(self.request, self.measure)
        return redirect(self.get_success_url())

    def perform(self, form: forms.Form) -> None:
        measure_withdraw(self.process.measure, reason=form.cleaned_data["withdraw_reason"], user=self.user)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.setdefault("editor", self.editor())
        context = super().get_context_data(**kwargs)
        agreement = context["agreement"]
        rows = agreement.rows if agreement else []
        context["refusals"] = [row for row in rows if row.state == ConfirmationState.REFUSED]
        called_off = (row for row in rows if row.state == ConfirmationState.CALLED_OFF and row.answered_by)
        context["call_off"] = next(called_off, None)
        evaluation = self.measure.evaluations.select_related("cycle").order_by("-pk").first()
        is_change = evaluation is not None and evaluation.outcome == EvaluationOutcome.CHANGE
        context["evaluation"] = evaluation if is_change else None
        return context


class BeginMeasure(MeasureTaskView):
    """The responsible organisation says when the work began."""

    form_class = BeginForm
    template_name = "workflows/begin_measure_task.html"
    success_message = _("The measure runs. You will be asked for its key figures.")

    def get_initial(self) -> dict[str, Any]:
        return {"started_on": min(self.measure.starts_on, timezone.localdate())}

    def perform(self, form: forms.Form) -> None:
        measure_begin(self.process.measure, started_on=form.cleaned_data["started_on"], user=self.user)


class EvaluateMeasure(MeasureTaskView):
    """Planning judges a measure, with its figures and those of its areas in view."""

    form_class = EvaluateForm
    template_name = "workflows/evaluate_measure_task.html"
    success_message = _("The evaluation has been recorded.")

    def perform(self, form: forms.Form) -> None:
        measure_evaluate(
            self.process,
            outcome=EvaluationOutcome(form.cleaned_data["outcome"]),
            effect=form.cleaned_data["effect"],
            lesson=form.cleaned_data["lesson"],
            user=self.user,
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        figures = figures_told(self.line.figures, user=self.user, measure=self.measure)
        return super().get_context_data(
            cards=[figure_card(row) for row in figures],
            area_changes=area_changes(self.measure),
            **kwargs,
        )


confirm_agreement = ConfirmAgreement.as_view()
revise_measure = ReviseMeasure.as_view()
begin_measure = BeginMeasure.as_view()
evaluate_measure = EvaluateMeasure.as_view()
