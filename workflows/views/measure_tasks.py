"""Task pages of a measure: confirming, revising, beginning."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from measures.forms.measures import MeasureEditor
from measures.models import Measure
from measures.selectors.portfolio import MeasureLine, measure_lines
from measures.services.measures import measure_lock, measure_update
from project.common.errors import DomainError
from stakeholders.models import User
from stakeholders.sessions import signed_in
from workflows.forms.implementation import BeginForm, ConfirmForm, WithdrawForm
from workflows.models import AgreementConfirmation, ConfirmationState, EvaluationOutcome
from workflows.paper_page import page_blocks
from workflows.reports.agreement import collect as paper_collect
from workflows.reports.agreement import content as paper_content
from workflows.selectors.agreement_changes import changes_before
from workflows.selectors.evaluations import latest_evaluation
from workflows.selectors.implementation import agreement_rounds, origins_of
from workflows.services.implementation import (
    confirmation_answer,
    measure_begin,
    measure_withdraw,
)
from workflows.views.base import TaskView
from workflows.views.mute_parties import warn_of_mute_parties
from workflows.views.read_back import Line


class MeasureTaskView(TaskView):
    """A task on a measure: the measure, its key figures and its parties in view."""

    @property
    def user(self) -> User:
        """Who acts."""
        return signed_in(self.request)

    @cached_property
    def measure(self) -> Measure:
        """What the case is about."""
        rows = Measure.objects.select_related("plan__territory", "field", "parent__field", "responsible")
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
            missing = self.measure.confirmations.filter(state=ConfirmationState.OPEN).count()
            return confirmed_message(missing)
        if self.is_amendment:
            return _("Your organisation has not confirmed the change; the version in force holds on.")
        return _("Your answer has gone to the social planning unit, which revises the measure.")

    @property
    def is_amendment(self) -> bool:
        """Whether an earlier version holds until all have confirmed this one."""
        agreement = self.confirmation.agreement
        if agreement is None:
            return self.measure.started_on is not None
        return bool(agreement.is_amendment)

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
        agreement = self.confirmation.agreement
        return super().get_context_data(
            confirmation=self.confirmation,
            is_amendment=self.is_amendment,
            own_part=own,
            version=agreement,
            blocks=page_blocks(paper_content(paper_collect(agreement))) if agreement is not None else [],
            changes=changes_before(agreement) if agreement is not None else [],
            **kwargs,
        )


def confirmed_message(missing: int) -> str:
    """What follows from a confirmation: the agreement holds, or others are still to answer."""
    if not missing:
        return gettext(
            "Your organisation has confirmed the target agreement. All parties have; it is in force."
        )
    return ngettext(
        "Your organisation has confirmed the target agreement. %(count)s answer is still missing.",
        "Your organisation has confirmed the target agreement. %(count)s answers are still missing.",
        missing,
    ) % {"count": missing}


class ReviseMeasure(MeasureTaskView):
    """Planning changes a measure that was refused or is to be changed, or gives it up."""

    form_class = WithdrawForm
    template_name = "workflows/revise_measure_task.html"
    success_message = _("The measure has been given up.")
    last_warning = _("Give the measure up for good?")
    last_label = _("Give it up")

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
        measure_lock(self.measure)  # until what others changed is looked at and this is saved
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

    def last_lines(self, form: forms.Form, made: Any) -> list[Line]:
        return [(_("Reason"), form.cleaned_data["withdraw_reason"])]

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
        evaluation = latest_evaluation(self.measure)
        is_change = evaluation is not None and evaluation.final_outcome == EvaluationOutcome.CHANGE
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


confirm_agreement = ConfirmAgreement.as_view()
revise_measure = ReviseMeasure.as_view()
begin_measure = BeginMeasure.as_view()
