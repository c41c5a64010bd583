"""Task pages of the evaluation: answering, judging, recording what was decided on each measure."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from measures.services.raw_figures import figures_told
from measures.views.measures import figure_card
from stakeholders.sessions import signed_in
from workflows.forms.evaluations import AnswerForm, EvaluateForm, OutcomesForm
from workflows.models import Decision, EvaluationAnswer, EvaluationOutcome
from workflows.selectors.decisions import last_decision
from workflows.selectors.effects import area_changes
from workflows.selectors.evaluations import ItemLine, answer_of, item_lines, waiver_of
from workflows.services.evaluations import evaluation_answer, measure_evaluate, verdicts_record
from workflows.views.base import TaskView
from workflows.views.measure_tasks import MeasureTaskView


class _WithFigures(MeasureTaskView):
    """Key figures and the area's indicators in view."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        figures = figures_told(self.line.figures, user=self.user, measure=self.measure)
        return super().get_context_data(
            cards=[figure_card(row) for row in figures],
            area_changes=area_changes(self.measure),
            **kwargs,
        )


class AnswerEvaluation(_WithFigures):
    """Those responsible say what their measure brought."""

    form_class = AnswerForm
    template_name = "workflows/answer_evaluation_task.html"
    success_message = _("Your answers have gone to the social planning unit.")

    def perform(self, form: forms.Form) -> None:
        assert isinstance(form, AnswerForm)
        evaluation_answer(self.process, answers=form.answers, user=self.user)


class EvaluateMeasure(_WithFigures):
    """Planning judges a measure, with its figures, those of its areas and the answers in view."""

    form_class = EvaluateForm
    template_name = "workflows/evaluate_measure_task.html"
    success_message = _("The evaluation has been recorded; the steering group decides on it.")

    @cached_property
    def answer(self) -> EvaluationAnswer | None:
        """What those responsible said."""
        return answer_of(self.process)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "has_answers": self.answer is not None}

    def get_initial(self) -> dict[str, Any]:
        return {"outcome": self.answer.recommendation} if self.answer is not None else {}

    def perform(self, form: forms.Form) -> None:
        agrees = form.cleaned_data.get("agrees")
        measure_evaluate(
            self.process,
            outcome=EvaluationOutcome(form.cleaned_data["outcome"]),
            effect=form.cleaned_data["effect"],
            lesson=form.cleaned_data["lesson"],
            agrees=None if agrees is None else agrees == "yes",
            reason=form.cleaned_data["reason"],
            user=self.user,
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(answer=self.answer, waiver=waiver_of(self.process), **kwargs)


class RecordOutcomes(TaskView):
    """The body changed the wording: planning records what that means for each measure."""

    form_class = OutcomesForm
    template_name = "workflows/record_outcomes_task.html"
    success_message = _("The outcomes take effect as the steering group decided.")

    @cached_property
    def lines(self) -> list[ItemLine]:
        """Measures of the request."""
        return item_lines(self.process.recommendation)

    @cached_property
    def decision(self) -> Decision | None:
        """What was decided."""
        return last_decision(self.process.recommendation)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "lines": self.lines}

    def perform(self, form: forms.Form) -> None:
        assert isinstance(form, OutcomesForm)
        verdicts_record(self.process.recommendation, outcomes=form.outcomes, user=signed_in(self.request))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(decision=self.decision, lines=self.lines, **kwargs)


answer_evaluation = AnswerEvaluation.as_view()
evaluate_measure = EvaluateMeasure.as_view()
record_outcomes = RecordOutcomes.as_view()
