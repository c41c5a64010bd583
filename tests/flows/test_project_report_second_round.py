"""Who gets a report for the second time reads what changed on the page of the task, beside the reason."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client
from django.utils.translation import gettext

from measures.models import ProjectReport
from measures.services.project_report_steps import report_check, report_decide, report_deliver
from stakeholders.models import User
from tests.factories import World
from tests.grants import do_report_step
from tests.workflows.taskpages import take
from workflows.flows import InterimReportFlow
from workflows.nodes import GuardedView
from workflows.services.report_tasks import process_of

ClientAs = Callable[[User], Client]


def since(number: int) -> str:
    return gettext("Changed since version %(number)s") % {"number": number}


def part(client: Client, report: ProjectReport, node: GuardedView) -> str:
    """The part of the page of a task that tells what changed; empty if there is none."""
    text = client.get(take(client, process_of(report), node)).content.decode()
    _before, mark, after = text.partition('id="changes"')
    return after.partition('id="history"')[0] if mark else ""


def test_check_and_decision_tell_what_changed_from_the_second_round_on(
    report: ProjectReport, world: World, client_as: ClientAs
) -> None:
    provider, planner, funder = (world.fresh(name) for name in ("provider_head", "planner", "funder_reader"))
    check, decide = InterimReportFlow.review_report, InterimReportFlow.decide_report

    def hand_in(text: str) -> None:
        report.refresh_from_db()
        report.narrative["done"] = f"Beispieltext {text}"
        report.save(update_fields=["narrative"])
        do_report_step(report, "draft_report", provider, lambda row: report_deliver(row, user=provider))

    def checked(*, is_fine: bool, text: str = "") -> None:
        do_report_step(
            report,
            "review_report",
            planner,
            lambda row: report_check(row, is_fine=is_fine, text=text, user=planner),
        )

    hand_in("eins")
    assert part(client_as(planner), report, check) == ""
    checked(is_fine=False, text="Summe prüfen")
    hand_in("zwei")
    told = part(client_as(planner), report, check)
    for words in (since(1), "Summe prüfen", "eins", "zwei"):
        assert words in told
    checked(is_fine=True)
    assert part(client_as(funder), report, decide) == "", "the first version that the funder sees"
    do_report_step(
        report,
        "decide_report",
        funder,
        lambda row: report_decide(row, outcome="return", text="Kosten erklären", user=funder),
    )
    hand_in("drei")
    told = part(client_as(planner), report, check)
    for words in (since(2), "Kosten erklären", "zwei", "drei"):
        assert words in told
    checked(is_fine=True)
    told = part(client_as(funder), report, decide)
    for words in (since(2), "Kosten erklären", "zwei", "drei"):
        assert words in told
    assert "Summe prüfen" not in told
