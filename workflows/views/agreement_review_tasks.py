"""Task page on which a target agreement is reviewed, with its key figures in view."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from measures.services.raw_figures import figures_told
from measures.views.measures import figure_card
from workflows.forms.agreements import ReviewForm
from workflows.models import AgreementReview, ReviewResult, ReviewState
from workflows.services.agreement_reviews import review_hold
from workflows.services.agreements import review_days_after
from workflows.views.measure_tasks import MeasureTaskView


class HoldReview(MeasureTaskView):
    """On course, or what follows from the deviation."""

    form_class = ReviewForm
    template_name = "workflows/hold_review_task.html"
    success_message = _("The review has been recorded.")

    @property
    def review(self) -> AgreementReview:
        """What is held."""
        review: AgreementReview = self.process.review
        return review

    def measure_pk(self) -> int:
        return int(self.review.agreement.measure_id)

    def get_initial(self) -> dict[str, Any]:
        today = timezone.localdate()
        days = review_days_after(self.review.agreement, max(self.review.due_on, today))
        return {"held_on": today, "next_on": days[0] if days else None}

    def perform(self, form: forms.Form) -> None:
        values = form.cleaned_data
        review_hold(
            self.review,
            held_on=values["held_on"],
            looked_at=values["looked_at"],
            result=ReviewResult(values["result"]),
            consequence=values["consequence"],
            next_on=values["next_on"],
            user=self.user,
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        figures = figures_told(self.line.figures, user=self.user, measure=self.measure)
        held = AgreementReview.objects.filter(agreement__measure=self.measure, state=ReviewState.HELD)
        return super().get_context_data(
            review=self.review,
            version=self.review.agreement,
            cards=[figure_card(row) for row in figures],
            held_reviews=held.select_related("agreement").order_by("-held_on"),
            **kwargs,
        )


hold_review = HoldReview.as_view()
