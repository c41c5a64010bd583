"""One truth about what is late: the open task's day, on every list, count and page."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from measures.models import Measure, ReportingRound, RoundReport, RoundReportState
from measures.selectors.portfolio import overdue_reports
from measures.services.reporting import Actual
from project.common.formats import date_de
from stakeholders.models import User
from tests import factories
from tests.factories import World
from tests.stages import Stages
from workflows.demo import driver
from workflows.engine import round_open
from workflows.flows import DeliveryFlow, ReportFlow
from workflows.models import DataRequest, PlanningCycle, TaskCard
from workflows.nodes import open_task

ClientAs = Callable[[User], Client]
WEEK = datetime.timedelta(days=7)


def long_ago() -> datetime.date:
    return timezone.localdate() - 3 * WEEK


@pytest.fixture
def returned(stages: Stages, world: World) -> DataRequest:
    """The youth office has handed in late and got it back: it has a week from today."""
    cycle = stages.at_data()
    request = cycle.requests.get(organisation=world.youth_office)
    DataRequest.objects.filter(cycle=cycle).update(due_on=long_ago())
    TaskCard.objects.filter(cycle=cycle).update(due_on=long_ago())
    request.refresh_from_db()
    user = world.fresh("specialist")
    driver.deliver(
        request,
        factories.delivery(world.youth_office, factories.full_values(request, world.areas), user),
        user=user,
    )
    driver.review(request, is_accepted=False, user=world.fresh("planner"), reason="Altstadt fehlt.")
    return request


def test_a_returned_delivery_is_due_when_its_task_is(
    returned: DataRequest, world: World, planner: User, client_as: ClientAs
) -> None:
    card = open_task(returned.process, DeliveryFlow.provide_data).card
    assert card.due_on == timezone.localdate() + WEEK
    client = client_as(planner)
    url = reverse("workflows:request-list", args=[returned.cycle_id])

    rows = {row.organisation: badges for row, badges, _missing in client.get(url).context["rows"]}
    assert [badge.text for badge in rows[world.youth_office]] == ["zurückgegeben", "Noch 7 Tage"]
    assert [badge.text for badge in rows[world.jobcenter]] == ["21 Tage überfällig"]
    assert date_de(card.due_on) in client.get(url).content.decode()

    late = client.get(url, {"overdue": "on"}).context["page_obj"]
    assert [row.organisation for row in late] == [world.jobcenter]
    page = client.get(reverse("workflows:cycle-detail", args=[returned.cycle_id])).context["page"]
    assert page.overdue_count == late.paginator.count

    text = client.get(reverse("workflows:request-detail", args=[returned.pk])).content.decode()
    assert "überfällig" not in text
    assert date_de(card.due_on) in text
    assert date_de(long_ago()) not in text


def test_a_delivery_that_waits_too_long_for_its_check_is_late_as_its_task_is(
    returned: DataRequest, world: World, planner: User, client_as: ClientAs
) -> None:
    jobcenter = returned.cycle.requests.get(organisation=world.jobcenter)
    user = world.fresh("jobcenter_head")
    driver.deliver(
        jobcenter,
        factories.delivery(world.jobcenter, factories.full_values(jobcenter, world.areas), user),
        user=user,
    )
    TaskCard.objects.filter(task=open_task(jobcenter.process, DeliveryFlow.review_delivery)).update(
        due_on=long_ago()
    )
    response = client_as(planner).get(reverse("workflows:request-list", args=[returned.cycle_id]))
    rows = {row.organisation: badges for row, badges, _missing in response.context["rows"]}
    assert [badge.text for badge in rows[world.jobcenter]] == ["eingereicht", "21 Tage überfällig"]


@pytest.fixture
def cycle_with_reports(stages: Stages, world: World) -> tuple[PlanningCycle, ReportingRound]:
    """Figures were asked for long ago; nobody has reported."""
    cycle, measure = stages.at_implementation()
    # Figures from before it began are not asked for.
    Measure.objects.filter(pk=measure.pk).update(started_on=long_ago() - 2 * WEEK)
    reporting_round = round_open(
        cycle,
        reference_on=long_ago() - WEEK,
        due_on=timezone.localdate() + WEEK,
        user=world.fresh("planner"),
    )
    ReportingRound.objects.update(due_on=long_ago())
    TaskCard.objects.filter(task__process__reportprocess__isnull=False).update(due_on=long_ago())
    reporting_round.refresh_from_db()
    return cycle, reporting_round


def test_a_returned_report_is_due_when_its_task_is_on_every_page(
    cycle_with_reports: tuple[PlanningCycle, ReportingRound],
    world: World,
    planner: User,
    client_as: ClientAs,
) -> None:
    cycle, reporting_round = cycle_with_reports
    report = reporting_round.reports.get()
    today = timezone.localdate()
    client = client_as(planner)
    report_list = reverse("measures:report-list", args=[cycle.plan_id])
    round_page = reverse("measures:round-detail", args=[reporting_round.pk])
    cycle_page = reverse("workflows:cycle-detail", args=[cycle.pk])

    def late() -> list[int]:
        page = client.get(cycle_page).context["page"]
        tiles = [tile.number for tile in page.measures if "overdue" in tile.url]
        return [
            client.get(report_list, {"state": "overdue"}).context["page_obj"].paginator.count,
            client.get(round_page).context["overdue_count"],
            overdue_reports(cycle.plan, today).count(),
            sum(tiles),
            page.overdue_count,
        ]

    assert late() == [1, 1, 1, 1, 1]
    actuals = [Actual(row.key_figure, None, "noch offen") for row in report.figures.all()]
    driver.report(report, actuals, user=world.fresh("specialist"))
    driver.confirm_report(report, is_confirmed=False, reason="Bitte ergänzen.", user=world.fresh("planner"))

    report.refresh_from_db()
    assert report.state == RoundReportState.RETURNED
    assert late() == [0, 0, 0, 0, 0]
    due_on = open_task(report.process, ReportFlow.report_figures).card.due_on
    assert due_on == today + WEEK
    for address in (report_list, round_page, reverse("measures:report-detail", args=[report.pk])):
        assert date_de(due_on) in client.get(address).content.decode(), address
    assert client.get(report_list, {"sort": "due", "export": "csv-en"}).status_code == 200

    client.post(reverse("workflows:round-remind", args=[reporting_round.pk]))
    assert "Niemand musste erinnert werden" in client.get(round_page).content.decode()


def test_a_report_without_a_task_is_due_with_its_round(
    cycle_with_reports: tuple[PlanningCycle, ReportingRound],
) -> None:
    cycle, reporting_round = cycle_with_reports
    TaskCard.objects.filter(cycle=cycle).update(is_open=False)
    report = overdue_reports(cycle.plan, timezone.localdate()).get()
    assert isinstance(report, RoundReport)
    assert report.due_on == reporting_round.due_on  # type: ignore[attr-defined]  # annotated
