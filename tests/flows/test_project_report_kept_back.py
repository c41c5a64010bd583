"""What happens before the first passing on stays between provider and municipality."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client
from django.urls import reverse
from django.utils.translation import gettext

from measures.models import ProjectReport
from measures.selectors.project_report_pages import lateness_seen
from measures.selectors.project_sides import parts_seen
from measures.selectors.project_standing import WAITING_LABELS
from measures.selectors.project_told import is_kept_back
from measures.services.project_report_steps import report_check, report_decide, report_deliver
from stakeholders.models import User
from tests.factories import World
from tests.flows.test_project_report_flow import DAYS
from tests.stages import at_noon

ClientAs = Callable[[User], Client]


def told(report: ProjectReport, name: str, world: World, client_as: ClientAs) -> tuple[bool, int, int]:
    """Kept back, days late and days delivered late, the same on the page of report and project."""
    report.refresh_from_db()
    user = world.fresh(name)
    page = client_as(user).get(reverse("measures:project-report-detail", args=[report.pk]))
    late = page.context["lateness"]
    parts = parts_seen(user, report.project)
    again = lateness_seen(report, parts)
    assert is_kept_back(report, parts) == page.context["is_kept_back"]
    assert late == again
    listed = client_as(user).get(reverse("measures:project-detail", args=[report.project_id]))
    state = report.get_state_display()
    neutral = gettext("not passed on yet")
    assert (neutral in listed.content.decode()) == page.context["is_kept_back"]
    assert (neutral in page.content.decode()) == page.context["is_kept_back"]
    of_all = client_as(user).get(reverse("measures:project-report-list"))
    ((row, _address, badge),) = of_all.context["rows"]
    assert row.is_kept_back == page.context["is_kept_back"] == (neutral in of_all.content.decode())
    assert row.days_late == (late.days_late or late.delivered_days_late)
    (waiting,) = (key for key, label in WAITING_LABELS.items() if label == badge.text)
    found = client_as(user).get(reverse("measures:project-report-list"), {"waiting": waiting})
    assert [one.report for one, _address, _badge in found.context["rows"]] == [report], "under its very label"
    file = client_as(user).get(reverse("measures:project-report-list"), {"export": "csv"})
    text = b"".join(file.streaming_content) if file.streaming else file.content
    assert (neutral in text.decode()) == row.is_kept_back
    if page.context["is_kept_back"]:
        assert f"{state}</span>" not in page.content.decode()
    return page.context["is_kept_back"], late.days_late, late.delivered_days_late


def test_what_was_not_passed_on_looks_the_same_however_far_it_is(
    report: ProjectReport, world: World, client_as: ClientAs
) -> None:
    due = report.due_on

    def of(name: str) -> tuple[bool, int, int]:
        return told(report, name, world, client_as)

    with at_noon(due + DAYS(3)):
        assert of("funder_reader") == (True, 3, 0)
        assert of("provider_head") == of("planner") == (False, 3, 0)
        report_deliver(report, user=world.fresh("provider_head"))
        assert of("funder_reader") == (True, 3, 0), "as before: that it is checked is not told"
        assert of("provider_head") == of("planner") == (False, 0, 3)
        report_check(report, is_fine=False, text="Bitte ändern", user=world.fresh("planner"))
        assert of("funder_reader") == (True, 3, 0), "nor that it was returned"
        assert of("provider_head") == of("planner") == (False, 0, 3)
    with at_noon(due + DAYS(5)):
        report_deliver(report, user=world.fresh("provider_head"))
        report_check(report, is_fine=True, text="", user=world.fresh("planner"))
        assert of("funder_reader") == (False, 0, 5), "what was passed on was handed in on that day"
        assert of("planner") == (False, 0, 3)
        report_decide(report, outcome="return", text="Bitte ändern", user=world.fresh("funder_reader"))
        assert of("funder_reader") == (False, 0, 5), "what the funder returned is written again, as they know"
