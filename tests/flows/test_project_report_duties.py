"""Reports of projects begin in time and follow the notices that hold."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable
from typing import Any

from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from measures.models import (
    FundedProject,
    ProjectReport,
    ProjectReportState,
)
from measures.selectors.project_duties import duties_of
from measures.selectors.project_told import OUTSIDER
from measures.services.grants import notice_record
from measures.services.project_report_steps import (
    report_decide,
)
from stakeholders.models import LogEntry, User
from tests.factories import World, make_cycle
from tests.flows.test_project_report_flow import _with_funder, end_of, state_of
from tests.grants import funded, reporting_notice, reporting_project
from tests.workflows.taskpages import take
from workflows.flows import InterimReportFlow, ReportExtensionFlow
from workflows.nodes import open_task
from workflows.project_reporting import (
    extension_request,
    report_stop,
    reports_follow_the_notices,
)
from workflows.services.report_tasks import process_of
from workflows.timers import timers_fire

ClientAs = Callable[[User], Client]
TODAY = timezone.localdate
DAYS = datetime.timedelta


# --- in time -----------------------------------------------------------------------------------------


def test_a_duty_becomes_a_task_six_weeks_before_it_is_due_and_once(project: FundedProject) -> None:
    assert reports_follow_the_notices() == 1
    assert [row.kind for row in project.reports.all()] == ["interim"]
    assert reports_follow_the_notices() == 0
    assert reports_follow_the_notices(TODAY() + DAYS(7)) == 0
    assert reports_follow_the_notices(TODAY() + DAYS(8)) == 1
    assert project.reports.filter(kind="drawdown").count() == 1


def test_a_duty_becomes_a_task_when_its_time_is_over(project: FundedProject) -> None:
    reports_follow_the_notices(project.ends_on)
    assert not project.reports.filter(kind="final").exists()
    reports_follow_the_notices(project.ends_on + DAYS(1))
    assert project.reports.get(kind="final").due_on == project.ends_on + DAYS(90)


def test_the_sweep_begins_duties(project: FundedProject) -> None:
    timers_fire()
    assert process_of(project.reports.get()) is not None


def test_without_a_cycle_nothing_is_begun_and_the_page_says_so(world: World, client_as: ClientAs) -> None:
    project = reporting_project(world)
    assert reports_follow_the_notices() == 0
    assert not project.reports.exists()
    page = reverse("measures:project-detail", args=[project.pk])
    provider = client_as(world.fresh("provider_head"))

    def is_told() -> bool:
        told = provider.get(page).content.decode()
        return (
            "The social planning unit has to begin a cycle" in told or "zuerst einen Zyklus beginnen" in told
        )

    assert is_told()
    make_cycle(world)
    assert not is_told()


def test_what_was_due_before_the_project_was_recorded_is_not_begun(world: World, client_as: ClientAs) -> None:
    make_cycle(world)
    project = funded(world, starts_on=TODAY() - DAYS(200), ends_on=TODAY() + DAYS(200))
    fields = reporting_notice(project)
    dues = {"interim": TODAY() - DAYS(1), "drawdown": TODAY(), "final": project.ends_on}
    duties = [_with(duty, due_on=dues[duty.kind]) for duty in fields.duties]
    notice_record(project, fields=_with(fields, duties=duties), user=world.fresh("planner"))
    later = project.ends_on + DAYS(50)
    assert reports_follow_the_notices(later) == 2
    assert {row.kind for row in project.reports.all()} == {"drawdown", "final"}
    page = reverse("measures:project-detail", args=[project.pk])
    told = client_as(world.fresh("provider_head")).get(page).content.decode()
    assert "als erledigt angesehen" in told or "taken as settled" in told
    owed = duties_of(FundedProject.objects.filter(pk=project.pk), later, OUTSIDER)
    assert {line.kind for line in owed[project.pk]} == {"drawdown", "final"}, "and it is not overdue on paper"

    amended = [_with(duty, due_on=TODAY() + DAYS(9)) for duty in duties if duty.kind == "interim"]
    fields = _with(fields, duties=[*amended, *duties[1:]], reason="Neue Frist")
    notice_record(project, fields=fields, user=world.fresh("planner"))
    assert reports_follow_the_notices(later) == 3, "one begun, two that follow the new notice"
    told = client_as(world.fresh("provider_head")).get(page).content.decode()
    assert "als erledigt angesehen" not in told
    assert "taken as settled" not in told


def test_drafts_follow_an_amending_notice(project: FundedProject, world: World) -> None:
    reports_follow_the_notices(TODAY() + DAYS(20))
    interim, drawdown = (project.reports.get(kind=kind) for kind in ("interim", "drawdown"))
    fields = reporting_notice(project, reason="Andere Fristen")
    moved = [_with(duty, due_on=duty.due_on + DAYS(10)) for duty in fields.duties if duty.kind == "interim"]
    notice_record(project, fields=_with(fields, duties=moved), user=world.fresh("planner"))
    before = interim.due_on
    reports_follow_the_notices()
    interim.refresh_from_db()
    assert interim.due_on == before + DAYS(10)
    assert open_task(process_of(interim), InterimReportFlow.draft_report).card.due_on == interim.due_on
    assert interim.duty is not None
    assert interim.duty.notice.number == 2
    assert (state_of(drawdown), end_of(drawdown)) == ("called_off", "called_off")
    assert reports_follow_the_notices() == 0


def test_a_notice_and_nobody_makes_a_report_fall_away(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    reports_follow_the_notices(TODAY() + DAYS(20))
    drawdown = project.reports.get(kind="drawdown")
    fields = reporting_notice(project, reason="Andere Fristen")
    kept = [duty for duty in fields.duties if duty.kind != "drawdown"]
    recorder = world.fresh("planner")
    notice = notice_record(project, fields=_with(fields, duties=kept, reference="AZ 2 b"), user=recorder)
    reports_follow_the_notices()
    step = drawdown.steps.get()
    assert (step.kind, step.made_by, step.organisation) == ("called_off", None, project.funder)
    assert "AZ 2 b" in step.text
    assert f"{notice.issued_on:%d.%m.%Y}" in step.text
    assert LogEntry.objects.get(action="project_report.called_off").user is None
    page = reverse("measures:project-report-detail", args=[drawdown.pk])
    for name in ("provider_head", "funder_reader", "planner"):
        history = client_as(world.fresh(name)).get(page).context["history"]
        shown = render_to_string("measures/_report_history.html", {"history": history})
        assert step.text in shown
        assert "automatisch" in shown
        assert recorder.display_name not in shown
    by_hand = project.reports.get(kind="interim")
    report_stop(by_hand, reason="Nicht mehr nötig", user=recorder)
    history = client_as(recorder).get(reverse("measures:project-report-detail", args=[by_hand.pk]))
    shown = render_to_string("measures/_report_history.html", {"history": history.context["history"]})
    assert recorder.display_name in shown
    assert "automatisch" not in shown


def test_what_was_written_stays_when_a_notice_changes_the_time(
    report: ProjectReport, project: FundedProject, world: World
) -> None:
    end = project.ends_on
    reports_follow_the_notices(end + DAYS(1))
    final = project.reports.get(kind="final")
    for row in (report, final):
        row.narrative = {"course": f"Geschrieben: {row.kind}"}
        row.save(update_fields=["narrative"])
    fields = reporting_notice(project, reason="Kürzer", ends_on=end - DAYS(10))
    duties = {
        "interim": {"covers_until": report.covers_until - DAYS(5)},
        "final": {"covers_until": end - DAYS(10), "due_on": final.due_on - DAYS(10)},
    }
    wanted = [_with(duty, **duties[duty.kind]) for duty in fields.duties if duty.kind in duties]
    notice_record(project, fields=_with(fields, duties=wanted), user=world.fresh("planner"))
    reports_follow_the_notices(end + DAYS(1))
    for row, duty in zip((report, final), wanted, strict=True):
        row.refresh_from_db()
        assert row.state == ProjectReportState.DRAFTING
        assert row.narrative == {"course": f"Geschrieben: {row.kind}"}
        assert (row.covers_from, row.covers_until, row.due_on) == (
            duty.covers_from,
            duty.covers_until,
            duty.due_on,
        )
        assert row.duty is not None
        assert row.duty.notice.number == 2
        assert project.reports.filter(kind=row.kind).count() == 1
    assert reports_follow_the_notices(end + DAYS(1)) == 0


def test_two_drafts_do_not_become_one(project: FundedProject, world: World) -> None:
    """Of two drafts of which the notice asks for one only, the other is called off."""
    fields = reporting_notice(project, reason="Zwei Zeiten")
    first = next(duty for duty in fields.duties if duty.kind == "interim")
    middle = first.covers_from + DAYS(60)
    halves = [
        _with(first, covers_until=middle),
        _with(first, covers_from=middle + DAYS(1), due_on=first.due_on + DAYS(1)),
    ]
    notice_record(project, fields=_with(fields, duties=halves), user=world.fresh("planner"))
    reports_follow_the_notices()
    notice_record(project, fields=_with(fields, duties=[first]), user=world.fresh("planner"))
    reports_follow_the_notices()
    found = project.reports.order_by("pk").values_list("state", "covers_from", "covers_until")
    assert list(found) == [
        ("drafting", first.covers_from, first.covers_until),
        ("called_off", middle + DAYS(1), first.covers_until),
    ]


def test_an_extension_beyond_the_new_day_stays(project: FundedProject, world: World) -> None:
    reports_follow_the_notices()
    report = project.reports.get()
    until = report.due_on + DAYS(60)
    extension = extension_request(
        report, wanted_until=until, reason="Krank", user=world.fresh("provider_head")
    )
    _decide_extension(extension.process, world, {"answer": "give"})
    fields = reporting_notice(project, reason="Andere Fristen")
    moved = [_with(duty, due_on=duty.due_on + DAYS(10)) for duty in fields.duties]
    notice_record(project, fields=_with(fields, duties=moved), user=world.fresh("planner"))
    reports_follow_the_notices()
    report.refresh_from_db()
    assert report.due_on == until


def test_what_was_accepted_stays_when_the_notice_drops_it(
    report: ProjectReport, project: FundedProject, world: World
) -> None:
    _with_funder(report, world)
    report_decide(report, outcome="accept", text="", user=world.fresh("funder_reader"))
    fields = reporting_notice(project, reason="Nichts mehr", duties=[])
    notice_record(project, fields=fields, user=world.fresh("planner"))
    assert reports_follow_the_notices(TODAY() + DAYS(400)) == 0
    assert state_of(report) == ProjectReportState.ACCEPTED


def _with(row: Any, **changes: Any) -> Any:
    return dataclasses.replace(row, **changes)


def _decide_extension(process: object, world: World, data: dict[str, str]) -> int:
    client = Client()
    client.force_login(world.fresh("funder_reader"), backend="django.contrib.auth.backends.ModelBackend")
    page = take(client, process, ReportExtensionFlow.decide_extension)  # type: ignore[arg-type]
    assert client.get(page).status_code == 200
    return client.post(page, data).status_code
