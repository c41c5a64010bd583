"""Template words by which pages of funded projects show what the engine knows, and how reports stand."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from measures.models import FundedProject, ProjectReport, ProjectReportState, ReportingDuty
from measures.selectors.project_duties import duties_settled_before
from measures.selectors.project_report_dates import Lateness
from measures.selectors.project_report_pages import ReportRow, report_rows
from measures.selectors.project_sides import parts_seen
from measures.services.project_report_steps import is_discardable
from project.common.formats import date_de
from project.templatetags.passgenau import badge
from stakeholders.permissions import Perm, can
from workflows.project_reporting import has_drawn_all, may_call_off, may_draw
from workflows.selectors.tasks import cards_addressed_to
from workflows.services.report_tasks import process_of

register = template.Library()

_KINDS = {
    ProjectReportState.DRAFTING: "info",
    ProjectReportState.CHECKING: "info",
    ProjectReportState.WITH_FUNDER: "info",
    ProjectReportState.ASKED: "warning",
    ProjectReportState.ACCEPTED: "success",
    ProjectReportState.CALLED_OFF: "neutral",
}


@register.simple_tag
def project_report_badge(report: ProjectReport, is_kept_back: bool) -> SafeString:
    """{% project_report_badge report is_kept_back %} shows where a report stands, or that it is kept back."""
    if is_kept_back:
        return badge("neutral", gettext("not passed on yet"))
    return badge(_KINDS[ProjectReportState(report.state)], report.get_state_display())


@register.simple_tag
def late_badge(lateness: Lateness) -> SafeString:
    """{% late_badge lateness %} shows by how many days a report is late, or was; nothing if it is in time."""
    if lateness.days_late:
        days = lateness.days_late
        return badge(
            "danger", ngettext("%(days)s day overdue", "%(days)s days overdue", days) % {"days": days}
        )
    if lateness.delivered_days_late:
        days = lateness.delivered_days_late
        text = ngettext("handed in %(days)s day late", "handed in %(days)s days late", days)
        return badge("warning", text % {"days": days})
    return SafeString("")


@register.simple_tag(takes_context=True)
def rows_of_reports(context: Any, project: FundedProject) -> list[ReportRow]:
    """{% rows_of_reports project as rows %} gives the reports of a project as the person may know them."""
    return report_rows(project, parts_seen(context["request"].user, project))


@register.simple_tag
def settled_before(project: FundedProject) -> str:
    """{% settled_before project as duties %} names the duties that were due before it was recorded here."""
    return "; ".join(f"{duty}, {date_de(duty.due_on)}" for duty in duties_settled_before(project))


@register.simple_tag
def lacks_cycle(project: FundedProject) -> bool:
    """{% lacks_cycle project as is_stuck %} says whether duties wait for a planning cycle to become tasks."""
    has_duties = ReportingDuty.objects.filter(notice__project=project).exists()
    return has_duties and not project.measure.plan.cycles.exists()


@register.inclusion_tag("workflows/_project_report_acts.html", takes_context=True)
def project_report_acts(context: Any, report: ProjectReport) -> dict[str, Any]:
    """{% project_report_acts report %} offers what the person can do with a report now."""
    user = context["request"].user
    process = process_of(report)
    cards = cards_addressed_to(user).filter(is_open=True)
    card = cards.filter(task__process_id=process.pk).first() if process is not None else None
    is_provider = bool(can(user, Perm.ACT_FOR_ORGANISATION, report.project.provider))
    is_asked = report.extensions.filter(is_granted__isnull=True).exists()
    return {
        "report": report,
        "task_pk": card.task_id if card is not None else None,
        "may_ask": is_provider and report.state == ProjectReportState.DRAFTING and not is_asked,
        "may_withdraw": is_provider and is_asked,
        "may_call_off": may_call_off(user, report),
        "may_discard": is_provider and is_discardable(report),
    }


@register.simple_tag(takes_context=True)
def may_draw_funds(context: Any, project: FundedProject) -> bool:
    """{% may_draw_funds project as may_draw %} says whether the person may begin a drawdown."""
    return may_draw(context["request"].user, project)


@register.simple_tag(takes_context=True)
def nothing_left_to_draw(context: Any, project: FundedProject) -> bool:
    """{% nothing_left_to_draw project as is_drawn %} says whether they may not draw as nothing is left."""
    return has_drawn_all(context["request"].user, project)


@register.simple_tag
def intact_badge(*, is_whole: bool) -> SafeString:
    """{% intact_badge is_whole=view.is_content_whole %} says whether what is stored still has its hash."""
    if is_whole:
        return badge("success", gettext("unchanged"))
    return badge("danger", gettext("not as it was handed in"))
