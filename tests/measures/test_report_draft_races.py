"""Two at the same draft, or at the same grant: nothing is written over, nothing is drawn twice.

Needs a database that serves several writers at once:

    DATABASE_URL=postgres://postgres@127.0.0.1:5432/test pytest -n0 tests/measures/test_report_draft_races.py
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from measures.models import FundedProject, ProjectReport, ProjectReportState
from measures.selectors import project_report_checks
from measures.selectors.project_report_account import receipts_of
from measures.services.project_report_steps import report_deliver
from measures.services.project_reports import ReportDraft, draft_save
from measures.services.receipts import receipt_add
from stakeholders.models import Function, User
from tests.factories import World, employed
from tests.flows.test_races import MeetingPoint, _refusals, race, without_lock
from tests.report_drafts import asked, begun, granted, receipt

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor != "postgresql",
        reason="races need PostgreSQL (DATABASE_URL=postgres://…): SQLite lets one writer in at a time",
    ),
]


@pytest.fixture
def project(world: World) -> FundedProject:
    """A grant of 700 euros from ESF and 300 from the state."""
    return granted(world)


def again(report: ProjectReport) -> ProjectReport:
    """As another window has it."""
    return ProjectReport.objects.get(pk=report.pk)


@without_lock
def test_two_drawdowns_at_once_do_not_exceed_the_grant(
    is_locked: bool, project: FundedProject, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawdowns = [asked(project, world, {"esf": "400.00"}) for _each in range(2)]
    meet = MeetingPoint() if is_locked else MeetingPoint(20)
    if not is_locked:
        monkeypatch.setattr(project_report_checks, "grant_lock", lambda report: None)
    monkeypatch.setattr(project_report_checks, "account_of", meet.after(project_report_checks.account_of))

    def hand_in(report: ProjectReport) -> Callable[[], Any]:
        return lambda: report_deliver(again(report), user=world.fresh("provider_head"))

    refused = _refusals(race(*(hand_in(report) for report in drawdowns)))
    drawn = project.reports.filter(state=ProjectReportState.CHECKING).count()
    assert (refused, drawn) == ((["report_faulty"], 1) if is_locked else ([], 2))


def test_a_receipt_sent_twice_at_once_is_entered_once(project: FundedProject, world: World) -> None:
    report = begun(project)

    def add() -> Any:
        return receipt_add(again(report), fields=receipt(), user=world.fresh("provider_head"))

    assert _refusals(race(add, add)) == ["receipt_twice"]
    assert receipts_of(report).count() == 1


def test_two_windows_that_save_at_once_do_not_overwrite(project: FundedProject, world: World) -> None:
    report = begun(project)

    def save(text: str) -> Callable[[], Any]:
        draft = ReportDraft(narrative={"done": text})
        return lambda: draft_save(again(report), draft=draft, user=world.fresh("provider_head"), revision=0)

    assert _refusals(race(save("Erstes"), save("Zweites"))) == ["changed_meanwhile"]
    report.refresh_from_db()
    assert report.revision == 1
    assert report.narrative["done"] in {"Erstes", "Zweites"}


@pytest.mark.parametrize("second", ["provider_head", "planner"])
def test_all_who_write_at_once_are_noted_once(project: FundedProject, world: World, second: str) -> None:
    report = begun(project)
    other = world.fresh(second)
    if second != "provider_head":
        employed(other, world.provider, Function.PLANNER)
    writers = [world.fresh("provider_head"), other]

    def save(user: User, section: str) -> Callable[[], Any]:
        draft = ReportDraft(narrative={section: "Text"})
        return lambda: draft_save(again(report), draft=draft, user=User.objects.get(pk=user.pk))

    acts = [save(user, section) for user, section in zip(writers, ("done", "outlook"), strict=True)]
    assert _refusals(race(*acts)) == []
    noted = list(report.writers.values_list("person", flat=True))
    assert sorted(noted) == sorted({user.pk for user in writers})
