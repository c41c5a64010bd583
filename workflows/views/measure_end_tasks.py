"""Task page on which a responsible organisation completes a measure."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from workflows.services.implementation import measure_complete
from workflows.views.base import TaskView


class FinishForm(forms.Form):
    """When the measure ended and what was reached."""

    ended_on = forms.DateField(label=_("Actual end"), help_text=_("The day on which the work ended."))
    summary = forms.CharField(
        label=_("What was reached"),
        help_text=_("A few sentences; the evaluation of the cycle builds on them."),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=5000,
    )


class FinishMeasureView(TaskView):
    """Complete a measure whose planned end has come."""

    form_class = FinishForm
    template_name = "workflows/finish_measure.html"
    success_message = _("The measure is completed.")

    def get_initial(self) -> dict[str, Any]:
        """Suggest the planned end, or today if that is still to come."""
        return {"ended_on": min(self.process.measure.ends_on, timezone.localdate())}

    def perform(self, form: forms.Form) -> None:
        """Complete it."""
        measure_complete(
            self.process.measure,
            ended_on=form.cleaned_data["ended_on"],
            summary=form.cleaned_data["summary"],
            user=self.request.user,  # type: ignore[arg-type]
        )


finish_measure = FinishMeasureView.as_view()
