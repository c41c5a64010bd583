"""The main menu, and the one place that mounts the flows."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch, URLPattern, URLResolver, path, reverse
from django.utils.translation import gettext as _
from viewflow.workflow.flow.viewset import FlowViewset

from project.common.navigation import NavItem
from stakeholders.models import User
from workflows.flows import FLOWS
from workflows.selectors.places import Places, places_of
from workflows.selectors.tasks import open_count


def _to_case(request: HttpRequest, process_pk: int) -> HttpResponse:
    """The engine's page of a case is ours."""
    return redirect("workflows:case", process_pk)


class PlanningFlowViewset(FlowViewset):
    """Addresses of a flow's task pages; the engine's own lists, boards and charts are not offered."""

    index_path = None
    process_list_path = None
    process_cancel_path = None
    task_list_path = None
    chart_path = None
    flow_chart_path = None

    @property
    def process_detail_path(self) -> URLPattern:
        """Leads to our page of the case."""
        return path("<int:process_pk>/", _to_case, name="process_detail")


def flow_urlpatterns() -> list[URLPattern | URLResolver]:
    """Addresses of all flows, each below ``flows/<name>/``."""
    patterns: list[URLPattern | URLResolver] = []
    for flow in FLOWS:
        viewset = PlanningFlowViewset(flow)
        name = viewset.app_name
        patterns.append(path(f"flows/{name}/", viewset.urls))
    return patterns


#: What belongs to which entry of the menu: beginnings of addresses.
_PATHS = {
    "tasks": ("/tasks/", "/flows/"),
    "cycles": (
        "/assignments/",
        "/cycles/",
        "/cases/",
        "/decisions/",
        "/deliveries/",
        "/meetings/",
        "/minutes/",
        "/papers/",
        "/profiles/",
        "/recommendations/",
        "/space-conferences/",
        "/space-ideas/",
        "/statements/",
        "/why/",
    ),
    "atlas": (
        "/atlas/",
        "/areas/",
        "/chapter-editions/",
        "/chapter-renewals/",
        "/delivered-files/",
        "/index-methods/",
        "/index-runs/",
        "/indicators/",
        "/report-chapters/",
        "/social-reports/",
    ),
    "measures": ("/measures/", "/plans/", "/rounds/", "/reports/", "/what-works/"),
    "bodies": ("/bodies/",),
    "portfolio": ("/funding/",),
    "projects": (
        "/projects/",
        "/notices/",
        "/programmes/",
        "/calls/",
        "/funders/",
        "/project-reports/",
        "/project-deliveries/",
        "/programme-advisers/",
    ),
    "administration": ("/administration/",),
}


def navigation(request: HttpRequest) -> list[NavItem]:
    """The main menu of a person: only places where they find something. Queries: at most 3."""
    user = request.user
    if not isinstance(user, User):
        return []
    places = places_of(user)
    wanted = [
        ("tasks", _("My tasks"), "workflows:inbox", True),
        ("cycles", _("Planning cycles"), "workflows:cycle-list", places.cycles),
        ("atlas", _("Social atlas"), "monitoring:atlas", places.atlas),
        ("measures", _("Measures"), "measures:plan-list", places.measures),
        ("bodies", _("Bodies"), "stakeholders:body-list", places.bodies),
        ("portfolio", _("Funding portfolio"), "measures:funding-portfolio", places.portfolio),
        ("projects", _("Funded projects"), "measures:project-list", places.projects),
        ("administration", _("Administration"), _administration(places), places.administration),
    ]
    return [
        NavItem(
            label=label,
            url=url,
            is_current=request.path.startswith(_PATHS[key]),
            count=(open_count(user) or None) if key == "tasks" else None,
        )
        for key, label, name, is_shown in wanted
        if is_shown and (url := _url(name))
    ]


def _administration(places: Places) -> str:
    """People and organisations for the administrator; for who only reads it, the log."""
    return "stakeholders:organisation-list" if places.people else "stakeholders:audit-log"


def _url(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
