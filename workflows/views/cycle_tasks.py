"""Task pages of the cycle: shaping measures, steering the implementation, closing."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from measures.selectors.due import is_overdue
from measures.selectors.portfolio import measures_seen_by
from measures.selectors.reports import rounds_of, state_badge
from stakeholders.models import User
from stakeholders.sessions import signed_in
from workflows.forms.implementation import CloseForm, ShapeForm, SteerForm
from workflows.links import link
from workflows.models import PlanningCycle
from workflows.selectors import implementation as selectors
from workflows.services.cycles import cycle_close
from workflows.services.shaping import implementation_finish, meeting_record, shaping_finish
from workflows.views.base import TaskView
from workflows.views.measure_states import state_tiles


class CycleTaskView(TaskView):
    """A task of planning on a whole cycle."""

    @property
    def user(self) -> User:
        """Who acts."""
        return signed_in(self.request)

    @property
    def cycle(self) -> PlanningCycle:
        """The cycle."""
        cycle: PlanningCycle = self.process.cycle
        return cycle


class ShapeMeasures(CycleTaskView):
    """Measures are shaped from the approved recommendations; then the parties are asked."""

    form_class = ShapeForm
    template_name = "workflows/shape_measures_task.html"
    success_message = _("The parties have been asked to confirm the target agreements.")
    last_warning = _("Ask the parties now? Afterwards no measure can be added in this cycle.")
    last_label = _("Ask the parties")

    @cached_property
    def approved(self) -> list[selectors.Approved]:
        """Approved recommendations with what became of them."""
        return selectors.approved_recommendations(self.cycle)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "cycle": self.cycle, "approved": self.approved}

    def perform(self, form: forms.Form) -> None:
        assert isinstance(form, ShapeForm)
        if form.cleaned_data.get("held_on"):
            meeting_record(
                self.cycle,
                held_on=form.cleaned_data["held_on"],
                place=form.cleaned_data["place"],
                participants=form.cleaned_data["participants"],
                user=self.user,
            )
        shaping_finish(self.cycle, reasons=form.reasons, user=self.user)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        body = self.cycle.social_space_conference
        held = self.cycle.meetings.filter(body=body, cancelled_at__isnull=True)
        meetings = held.order_by("-held_on") if body else []
        return super().get_context_data(
            measure_count=sum(len(line.measures) for line in self.approved),
            without_count=sum(not line.is_done for line in self.approved),
            meetings=list(meetings),
            **kwargs,
        )


class SteerImplementation(CycleTaskView):
    """What runs, what is missing; completing the task begins the evaluation."""

    form_class = SteerForm
    template_name = "workflows/steer_implementation_task.html"
    success_message = _("The evaluation has begun: there is a task for each running measure.")
    last_warning = _("Go on to the evaluation? No further figures can be asked for in this cycle.")
    last_label = _("Begin the evaluation")

    @cached_property
    def open_items(self) -> list[selectors.OpenItem]:
        """What is still open, each with the place to see to it."""
        cycle = self.cycle
        plan_url = reverse("measures:plan-detail", args=[cycle.plan_id])
        items = []
        late = selectors.unconfirmed_reports(cycle).count()
        if late:
            text = ngettext(
                "%(count)s report is not confirmed yet", "%(count)s reports are not confirmed yet", late
            )
            url = reverse("measures:report-list", args=[cycle.plan_id])
            items.append(selectors.OpenItem(text % {"count": late}, url))
        waiting = selectors.not_begun(cycle).count()
        if waiting:
            text = ngettext(
                "%(count)s agreed measure has not begun", "%(count)s agreed measures have not begun", waiting
            )
            items.append(selectors.OpenItem(text % {"count": waiting}, f"{plan_url}?status=agreed"))
        silent = selectors.running_without_figures(cycle).count()
        if silent:
            text = ngettext(
                "%(count)s running measure has no confirmed figure yet",
                "%(count)s running measures have no confirmed figure yet",
                silent,
            )
            items.append(selectors.OpenItem(text % {"count": silent}, f"{plan_url}?state=no_data"))
        request = selectors.open_stage_two_request(cycle)
        if request is not None:
            text = str(_("The request to open planning stage 2 has not been decided"))
            items.append(selectors.OpenItem(text, link("workflows:recommendation-detail", request.pk)))
        return items

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "open_count": len(self.open_items)}

    def perform(self, form: forms.Form) -> None:
        implementation_finish(
            self.cycle,
            open_count=len(self.open_items),
            is_acknowledged=bool(form.cleaned_data.get("acknowledge")),
            user=self.user,
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        today = timezone.localdate()
        measures = measures_seen_by(self.user).filter(process__cycle=self.cycle)
        late = [
            (report, state_badge(report.state), is_overdue(report, today))
            for report in selectors.unconfirmed_reports(self.cycle)
        ]
        return super().get_context_data(
            tiles=state_tiles(measures, self.cycle.plan),
            rounds=list(rounds_of(self.cycle.plan)[:5]),
            late_reports=late,
            actions=selectors.plan_actions(self.user, self.cycle.plan),
            open_items=self.open_items,
            stage_two_request=selectors.stage_two_request(self.cycle),
            **kwargs,
        )


class CloseCycle(CycleTaskView):
    """What was decided, what ended, what goes on; then the cycle is closed."""

    form_class = CloseForm
    template_name = "workflows/close_cycle_task.html"
    success_message = _("The cycle is closed. What is open goes on in the cycle that follows.")
    last_warning = _("Close the cycle? This cannot be undone.")
    last_label = _("Close the cycle")

    def perform(self, form: forms.Form) -> None:
        cycle_close(self.cycle, user=self.user)

    def get_success_url(self) -> str:
        """On to the page of the cycle, which offers to open the next one."""
        return reverse("workflows:cycle-detail", args=[self.cycle.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(summary=selectors.cycle_summary(self.cycle), **kwargs)


shape_measures = ShapeMeasures.as_view()
steer_implementation = SteerImplementation.as_view()
close_cycle = CloseCycle.as_view()
