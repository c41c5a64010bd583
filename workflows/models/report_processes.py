"""Case files of what a funded project owes its funder: one class per flow, each tied to its report."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from viewflow.workflow.models import Process

from measures.models import FundedProject, ProjectReport, ReportExtension
from workflows.models.cycles import PlanningCycle


def cycle_of_project(project: FundedProject) -> PlanningCycle | None:
    """The cycle whose planning unit checks what is written of a project.

    The one of the measure's case, or the plan's latest; None if the plan has none. Queries: 1 or 2.
    """
    cycles = PlanningCycle.objects.select_related("planning_unit", "territory")
    own = cycles.filter(measure_processes__measure=project.measure_id).first()
    return own or cycles.filter(plan=project.measure.plan_id).order_by("-starts_year", "-pk").first()


def cycle_of_report(report: ProjectReport) -> PlanningCycle:
    """The cycle of a report's project.

    Raises:
        PlanningCycle.DoesNotExist: The plan has no cycle; then no case is begun.
    """
    cycle = cycle_of_project(report.project)
    if cycle is None:
        raise PlanningCycle.DoesNotExist
    return cycle


class InterimReportProcess(Process):
    """Case file of an interim report."""

    report = models.OneToOneField(ProjectReport, on_delete=models.PROTECT, related_name="interim_process")

    class Meta:
        verbose_name = _("Course of an interim report")
        verbose_name_plural = _("Courses of interim reports")

    @property
    def cycle(self) -> PlanningCycle:
        """The cycle whose planning unit checks it."""
        return cycle_of_report(self.report)


class FinalReportProcess(Process):
    """Case file of a final report."""

    report = models.OneToOneField(ProjectReport, on_delete=models.PROTECT, related_name="final_process")

    class Meta:
        verbose_name = _("Course of a final report")
        verbose_name_plural = _("Courses of final reports")

    @property
    def cycle(self) -> PlanningCycle:
        """The cycle whose planning unit checks it."""
        return cycle_of_report(self.report)


class DrawdownProcess(Process):
    """Case file of a drawdown of funds."""

    report = models.OneToOneField(ProjectReport, on_delete=models.PROTECT, related_name="drawdown_process")

    class Meta:
        verbose_name = _("Course of a drawdown")
        verbose_name_plural = _("Courses of drawdowns")

    @property
    def cycle(self) -> PlanningCycle:
        """The cycle whose planning unit checks it."""
        return cycle_of_report(self.report)


class ReportExtensionProcess(Process):
    """Case file of a request for more time."""

    extension = models.OneToOneField(ReportExtension, on_delete=models.PROTECT, related_name="process")

    class Meta:
        verbose_name = _("Course of a request for more time")
        verbose_name_plural = _("Courses of requests for more time")

    @property
    def cycle(self) -> PlanningCycle:
        """The cycle whose planning unit checks the report."""
        return cycle_of_report(self.extension.report)
