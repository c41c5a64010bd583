"""Cases of reports beside the usual way: corrections, closing without the rest, confirming many, evidence."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from viewflow.workflow.models import Task
from viewflow.workflow.status import STATUS

from measures.models import FigureFile, KeyFigure, Measure, RoundReport, RoundReportState, RoundSnapshot
from measures.services import reporting
from measures.services.reporting import MAX_COMMENT
from project.common.errors import DomainError
from stakeholders.models import LogEntry, User
from tests import factories
from tests.factories import World
from tests.stages import Stages
from tests.workflows.taskpages import page_of, take
from workflows import reporting as steering
from workflows.demo import driver
from workflows.engine import round_open
from workflows.flows import ReportFlow
from workflows.models import PlanningCycle, StageKind
from workflows.nodes import open_task
from workflows.notices import reminder_moment_of, task_remind
from workflows.reporting import report_correction_begin, report_stop, reports_confirm, round_end

ClientAs = Callable[[User], Client]
PDF = b"%PDF-1.7 Beispiel"


@pytest.fixture
def cycle(stages: Stages) -> PlanningCycle:
    found, _measure = stages.at_implementation()
    return found


@pytest.fixture
def report(cycle: PlanningCycle, world: World) -> RoundReport:
    """The youth office is asked for its figures."""
    today = timezone.localdate()
    made = round_open(cycle, reference_on=today, due_on=today, user=world.fresh("planner"))
    return made.reports.select_related("process__cycle", "round", "organisation").get()


@pytest.fixture
def confirmed(report: RoundReport, world: World) -> RoundReport:
    hand_in(report, world, 40)
    driver.confirm_report(report, user=world.fresh("planner"))
    return report


def hand_in(report: RoundReport, world: World, value: int) -> None:
    actuals = [driver.Actual(row.key_figure, Decimal(value), "ok") for row in report.figures.all()]
    driver.report(report, actuals, user=world.fresh("specialist"))


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(DomainError) as error:
        act()
    return error.value.code


def entries(report: RoundReport, value: str = "12", comment: str = "", **more: Any) -> dict[str, Any]:
    row = report.figures.get()
    return {f"value_{row.pk}": value, f"comment_{row.pk}": comment} | more


# --- corrections --------------------------------------------------------------------------------------


def test_a_correction_goes_its_own_way_to_the_end(
    confirmed: RoundReport, world: World, client_as: ClientAs
) -> None:
    snapshot = RoundSnapshot.objects.get()
    client = client_as(world.fresh("specialist"))
    address = reverse("workflows:report-correct", args=[confirmed.pk])
    assert client.get(address).status_code == 200
    assert client.post(address, {"reason": " "}).status_code == 422
    assert client.post(address, {"reason": "Doppelt gezählt"}).status_code == 302
    made = RoundReport.objects.get(version=2)
    assert client.post(address, {"reason": "Noch einmal"}).status_code == 422, "one at a time"

    page = take(client, made.process, ReportFlow.report_figures)
    assert "Doppelt gezählt" in client.get(page).content.decode()
    assert client.post(page, entries(made, "31", "zwei doppelt")).status_code == 302
    planning = client_as(world.fresh("planner"))
    check = take(planning, made.process, ReportFlow.confirm_figures)
    assert planning.post(check, {"answer": "confirm", "reason": ""}).status_code == 302
    made.refresh_from_db()
    assert made.state == RoundReportState.CONFIRMED

    html = planning.get(reverse("measures:report-detail", args=[confirmed.pk])).content.decode()
    assert reverse("measures:report-detail", args=[made.pk]) in html
    html = planning.get(reverse("measures:report-detail", args=[made.pk])).content.decode()
    assert "Doppelt gezählt" in html
    assert "40" in html, "both values stand side by side"
    assert RoundSnapshot.objects.get().sha256 == snapshot.sha256
    round_html = planning.get(reverse("measures:round-detail", args=[confirmed.round_id])).content.decode()
    assert 'id="corrected"' in round_html


def test_who_corrects(confirmed: RoundReport, world: World, client_as: ClientAs) -> None:
    address = reverse("workflows:report-correct", args=[confirmed.pk])
    for name, status in {"chair": 403, "jobcenter_head": 403, "provider_head": 404, "outsider": 404}.items():
        assert client_as(world.fresh(name)).post(address, {"reason": "x"}).status_code == status, name
    for name in ("chair", "outsider", "jobcenter_head"):
        refused = code_of(
            lambda name=name: report_correction_begin(confirmed, reason="x", user=world.fresh(name))
        )
        assert refused == "not_yours"
    assert report_correction_begin(confirmed, reason="x", user=world.fresh("planner")).version == 2


def test_planning_calls_a_correction_off(confirmed: RoundReport, world: World, client_as: ClientAs) -> None:
    made = report_correction_begin(confirmed, reason="x", user=world.fresh("specialist"))
    address = reverse("workflows:report-call-off", args=[made.pk])
    office, planning = client_as(world.fresh("specialist")), client_as(world.fresh("planner"))
    assert office.post(address, {"reason": "x"}).status_code == 403
    with pytest.raises(PermissionDenied):
        report_stop(made, reason="x", user=world.fresh("specialist"))
    assert planning.post(address, {"reason": ""}).status_code == 422
    assert planning.post(address, {"reason": "Die Zahl stimmt doch"}).status_code == 302
    made.refresh_from_db()
    assert made.state == RoundReportState.CALLED_OFF
    made.process.refresh_from_db()
    assert made.process.finished is not None
    (end,) = made.process.task_set.filter(flow_task_type="END", status="DONE")
    assert end.flow_task.name == "called_off"
    assert planning.post(address, {"reason": "x"}).status_code == 409
    first = reverse("workflows:report-call-off", args=[confirmed.pk])
    assert planning.post(first, {"reason": "x"}).status_code == 409, "no correction"


# --- closing without the rest -------------------------------------------------------------------------


def test_planning_closes_a_round_without_the_rest(
    report: RoundReport, world: World, client_as: ClientAs
) -> None:
    address = reverse("workflows:round-close", args=[report.round_id])
    planning = client_as(world.fresh("planner"))
    assert "Jugendamt" in planning.get(address).content.decode()
    assert client_as(world.fresh("head")).post(address, {"reason": "x"}).status_code == 403
    with pytest.raises(PermissionDenied):
        round_end(report.round, reason="x", user=world.fresh("head"))
    assert planning.post(address, {"reason": ""}).status_code == 422
    assert planning.post(address, {"reason": "Das Amt ist umgezogen."}).status_code == 302
    report.refresh_from_db()
    assert (report.state, report.return_reason) == (RoundReportState.CALLED_OFF, "Das Amt ist umgezogen.")
    report.round.refresh_from_db()
    assert report.round.closed_at is not None
    assert RoundSnapshot.objects.get(round=report.round).content["round"]["closing_reason"]
    assert not Task.objects.filter(process=report.process, status__in=[STATUS.NEW, STATUS.ASSIGNED]).exists()
    assert planning.post(address, {"reason": "x"}).status_code == 409
    html = planning.get(reverse("measures:round-detail", args=[report.round_id])).content.decode()
    assert "Das Amt ist umgezogen." in html


def test_what_was_handed_in_is_confirmed_first(report: RoundReport, world: World) -> None:
    hand_in(report, world, 40)
    planner = world.fresh("planner")
    assert code_of(lambda: round_end(report.round, reason="x", user=planner)) == "reports_to_confirm"
    report.refresh_from_db()
    assert report.state == RoundReportState.SUBMITTED


# --- confirming many ----------------------------------------------------------------------------------


def test_many_are_confirmed_at_once_and_who_may_not_is_told(
    cycle: PlanningCycle, report: RoundReport, world: World, client_as: ClientAs
) -> None:
    hand_in(report, world, 1)  # far behind the path or at its beginning: it depends on the day
    address = reverse("workflows:round-confirm", args=[report.round_id])
    planning = client_as(world.fresh("planner"))
    assert "Jugendamt" in planning.get(address).content.decode()
    assert client_as(world.fresh("head")).get(address).status_code == 403
    assert planning.post(address, {}).status_code == 422
    assert planning.post(address, {"report": ["0", "x"]}).status_code == 422
    response = planning.post(address, {"report": [report.pk]}, follow=True)
    assert response.status_code == 200
    report.refresh_from_db()
    assert (report.state, report.confirmed_by) == (RoundReportState.CONFIRMED, world.people["planner"])
    entry = LogEntry.objects.filter(action="report.confirmed").get()
    assert entry.user == world.people["planner"]
    assert "pg-empty" in planning.get(address).content.decode()


def test_four_eyes_hold_in_bulk_too(report: RoundReport, world: World) -> None:
    both = factories.employed(world.fresh("specialist"), world.planning_unit)
    driver.report(report, [driver.Actual(report.figures.get().key_figure, Decimal(3))], user=both)
    outcome = reports_confirm([report], user=both)
    assert (outcome.confirmed, [row for row, _reason in outcome.refused]) == ([], [report])
    report.refresh_from_db()
    assert report.state == RoundReportState.SUBMITTED


def test_odd_reports_are_not_chosen_before(report: RoundReport, world: World, client_as: ClientAs) -> None:
    figure = report.figures.get().key_figure
    KeyFigure.objects.filter(pk=figure.pk).update(
        baseline_on=timezone.localdate() - datetime.timedelta(days=700)
    )
    figure.targets.update(due_on=timezone.localdate())
    hand_in(report, world, 0)
    html = (
        client_as(world.fresh("planner"))
        .get(reverse("workflows:round-confirm", args=[report.round_id]))
        .content.decode()
    )
    assert f'value="{report.pk}"' in html
    assert "checked" not in html.split(f'value="{report.pk}"')[1].split(">")[0]


# --- opening ------------------------------------------------------------------------------------------


def test_who_is_asked_what_is_shown_before_it_is_asked(
    cycle: PlanningCycle, world: World, client_as: ClientAs
) -> None:
    address = reverse("workflows:round-open", args=[cycle.pk])
    client = client_as(world.fresh("planner"))
    today = timezone.localdate()
    days = {"reference_on": today.isoformat(), "due_on": today.isoformat()}
    html = client.get(address, days | {"preview": "1"}).content.decode()
    assert "Jugendamt" in html
    assert today.isoformat() in html
    yesterday = today - datetime.timedelta(days=1)
    other = client.post(address, days | {"seen": yesterday.isoformat()})
    assert other.status_code == 200, "another day than shown: look again"
    assert not world.plan.rounds.exists()
    assert client.post(address, days | {"seen": today.isoformat()}).status_code == 302
    assert world.plan.rounds.get().reference_on == today
    tomorrow = (today + datetime.timedelta(days=1)).isoformat()
    refused = client.post(address, {"reference_on": tomorrow, "due_on": tomorrow, "seen": tomorrow})
    assert refused.status_code == 422, "no figures of a future day"


def test_what_ended_after_the_day_is_still_asked_for(cycle: PlanningCycle, world: World) -> None:
    today = timezone.localdate()
    Measure.objects.filter(process__cycle=cycle).update(status="completed", ended_on=today)
    made = round_open(cycle, reference_on=today, due_on=today, user=world.fresh("planner"))
    assert made.reports.count() == 1


# --- wrong input and evidence on the page of the task -------------------------------------------------


def test_a_comment_of_30000_characters_is_refused_and_kept(
    report: RoundReport, world: World, client_as: ClientAs
) -> None:
    client = client_as(world.fresh("specialist"))
    page = take(client, report.process, ReportFlow.report_figures)
    long = "ä" * 30_000
    refused = client.post(page, entries(report, "1.200", long) | {"save": "1"})
    assert refused.status_code == 422
    html = refused.content.decode()
    assert long in html, "nothing is lost"
    assert "30000" in html.replace(".", "")
    assert str(MAX_COMMENT) in html.replace(".", "")


@pytest.mark.parametrize(
    ("typed", "value"),
    [("1.234,5", "1234.50"), ("1234,5", "1234.50"), ("1234.5", "1234.50"), ("1 234", "1234.00")],
)
def test_numbers_with_german_and_english_separators(
    report: RoundReport, world: World, client_as: ClientAs, typed: str, value: str
) -> None:
    KeyFigure.objects.update(unit=factories.unit("euro", "Euro", decimals=2))
    client = client_as(world.fresh("specialist"))
    page = take(client, report.process, ReportFlow.report_figures)
    assert client.post(page, entries(report, typed) | {"save": "1"}).status_code == 302
    assert report.figures.get().value == Decimal(value)


def test_a_share_above_100_is_refused(report: RoundReport, world: World, client_as: ClientAs) -> None:
    KeyFigure.objects.update(unit=factories.unit())
    client = client_as(world.fresh("specialist"))
    page = take(client, report.process, ReportFlow.report_figures)
    refused = client.post(page, entries(report, "100,1") | {"save": "1"})
    assert refused.status_code == 422
    assert "100,1" in refused.content.decode()
    assert report.figures.get().value is None


def test_files_come_with_the_draft_and_go_again(
    report: RoundReport, world: World, client_as: ClientAs
) -> None:
    client = client_as(world.fresh("specialist"))
    page = take(client, report.process, ReportFlow.report_figures)
    row = report.figures.get()

    def upload(content: bytes = PDF, name: str = "liste.pdf") -> dict[str, Any]:
        return {f"files_{row.pk}": SimpleUploadedFile(name, content)}

    refused = client.post(page, entries(report, "5") | upload(b"MZ ein Programm", "liste.pdf"))
    assert refused.status_code == 422
    assert not FigureFile.objects.exists()
    assert client.post(page, entries(report, "5") | {"save": "1"} | upload()).status_code == 302
    file = FigureFile.objects.get()
    assert file.file_name in client.get(page).content.decode()
    taken = client.post(page, entries(report, "7") | {"remove_file": str(file.pk)})
    assert taken.status_code == 302
    file.refresh_from_db()
    assert file.removed_at is not None
    assert report.figures.get().value == 7, "what was typed beside it is saved"
    gone = client.post(page, entries(report, "8") | {"remove_file": str(file.pk)})
    assert gone.status_code == 404
    assert client.post(page, entries(report, "9", "mit Liste") | upload()).status_code == 302
    report.refresh_from_db()
    assert report.state == RoundReportState.SUBMITTED
    assert FigureFile.objects.filter(removed_at__isnull=True).count() == 1


def test_steps_are_chosen_in_words(report: RoundReport, world: World, client_as: ClientAs) -> None:
    KeyFigure.objects.update(kind="quality")
    report.figures.get().key_figure.targets.update(value=4)
    client = client_as(world.fresh("specialist"))
    page = take(client, report.process, ReportFlow.report_figures)
    assert "<select" in client.get(page).content.decode()
    assert client.post(page, entries(report, "5") | {"save": "1"}).status_code == 422
    assert client.post(page, entries(report, "3", "fast")).status_code == 302
    assert report.figures.get().value == 3


# --- reminders ----------------------------------------------------------------------------------------


def test_reports_are_reminded_of_14_7_and_1_days_before(cycle: PlanningCycle, world: World) -> None:
    today = timezone.localdate()
    due_on = today + datetime.timedelta(days=30)
    made = round_open(cycle, reference_on=today, due_on=due_on, user=world.fresh("planner"))
    process = made.reports.get().process
    scheduled = Task.objects.filter(process=process, status=STATUS.SCHEDULED)
    days = sorted((due_on - timezone.localdate(task.scheduled)).days for task in scheduled)
    assert [day for day in days if day > 0] == [1, 7, 14]
    assert min(days) < 0, "and after"


def test_a_short_time_left_reminds_once_a_day(cycle: PlanningCycle, world: World, mailoutbox: Any) -> None:
    today = timezone.localdate()
    made = round_open(
        cycle,
        reference_on=today,
        due_on=today + datetime.timedelta(days=3),
        user=world.fresh("planner"),
    )
    task = open_task(made.reports.get().process, ReportFlow.report_figures)
    assert reminder_moment_of(14)(task.card.due_on) == reminder_moment_of(7)(task.card.due_on)
    task_remind(task)
    task_remind(task)
    assert LogEntry.objects.filter(action="task.reminded").count() == 1


def test_the_task_is_in_the_stage_of_implementation(report: RoundReport) -> None:
    task = open_task(report.process, ReportFlow.report_figures)
    assert task.card.stage == StageKind.IMPLEMENTATION
    assert page_of(task)


def test_what_began_after_the_day_is_not_asked_for(cycle: PlanningCycle, world: World) -> None:
    today, planner = timezone.localdate(), world.fresh("planner")
    begun_on = Measure.objects.get(process__cycle=cycle).started_on
    assert begun_on is not None
    before = begun_on - datetime.timedelta(days=1)
    refused = code_of(lambda: round_open(cycle, reference_on=before, due_on=today, user=planner))
    assert refused == "nothing_to_report"
    assert round_open(cycle, reference_on=begun_on, due_on=today, user=planner).reports.count() == 1


def test_a_correction_begun_at_this_moment_keeps_the_round_open(
    cycle: PlanningCycle, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at the reports and the lock of the round: told, and nothing is called off."""
    today, planner = timezone.localdate(), world.fresh("planner")
    measure = Measure.objects.get(process__cycle=cycle)
    figure = measure.key_figures.get()
    other = KeyFigure.objects.get(pk=figure.pk)
    other.pk, other.title, other.reporter = None, "Besuche", world.health_office
    other.save()
    other.targets.create(due_on=measure.plan.ends_on, value=4)
    made = round_open(cycle, reference_on=today, due_on=today, user=planner)
    own = made.reports.select_related("process__cycle").get(organisation=world.youth_office)
    hand_in(own, world, 40)
    driver.confirm_report(own, user=planner)
    close = reporting.round_close

    def begin_and_close(*args: Any, **kwargs: Any) -> None:
        report_correction_begin(own, reason="Doppelt gezählt", user=world.fresh("specialist"))
        close(*args, **kwargs)

    monkeypatch.setattr(steering, "round_close", begin_and_close)
    assert code_of(lambda: round_end(made, reason="Es eilt", user=planner)) == "correction_open"
    made.refresh_from_db()
    assert (made.closed_at, made.closing_reason) == (None, "")
    assert made.reports.filter(state=RoundReportState.OPEN).count() == 1, "nothing is called off"
