"""Drafts of reports: what they begin with, how they are saved, and what is refused with which words."""

from __future__ import annotations

import dataclasses
import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone, translation

from measures.models import FundedProject, ProjectReport, ProjectReportState, ReportingDuty
from measures.money import PlanLine
from measures.reports.project_report import report_paper
from measures.selectors.project_report_account import account_of
from measures.selectors.project_report_checks import report_faults, report_oddities
from measures.selectors.project_report_content import content_of
from measures.selectors.project_report_pages import delivery_view
from measures.selectors.project_report_prefill import first_narrative
from measures.selectors.project_sides import Part
from measures.services.grants import notice_record
from measures.services.project_report_steps import report_deliver
from measures.services.project_reports import LineDraft, ReportDraft, draft_save
from measures.services.receipts import receipt_add
from measures.services.releases import content_mark, plan_release, release_content
from measures.services.snapshots import content_sha256
from project.common.errors import DomainError
from tests import grants
from tests.factories import World
from tests.measures.reports import confirmed
from tests.report_drafts import (
    COUNTS,
    PDF,
    PLAN,
    asked,
    begun,
    granted,
    line,
    moved,
    receipt,
    sound_draft,
    upload,
)

D = datetime.date
E = Decimal


@pytest.fixture
def project(world: World) -> FundedProject:
    return granted(world)


@pytest.fixture
def report(project: FundedProject) -> ProjectReport:
    return begun(project)


@pytest.fixture
def user(world: World) -> Any:
    return world.fresh("provider_head")


def refused(act: Any) -> DomainError:
    with pytest.raises(DomainError) as caught:
        act()
    return caught.value


# --- beginning ---------------------------------------------------------------------------------------


def test_a_draft_begins_with_the_lines_of_the_plan(report: ProjectReport) -> None:
    keys = list(report.lines.order_by("pk").values_list("side", "kind", "title", "amount"))
    assert keys == [(row.side, row.kind, row.title, None) for row in PLAN]
    assert (report.state, report.revision) == (ProjectReportState.DRAFTING, 0)


def test_a_drawdown_begins_with_the_sources_of_the_grant(project: FundedProject) -> None:
    drawdown = begun(project, "drawdown")
    assert list(drawdown.lines.order_by("pk").values_list("kind", flat=True)) == ["esf", "state"]
    assert drawdown.narrative == {}


def test_a_duty_has_one_report_until_it_is_called_off(project: FundedProject) -> None:
    duty = ReportingDuty.objects.get()
    kwargs = {"kind": "interim", "covers_until": D(2026, 6, 30), "duty": duty}
    first = begun(project, **kwargs)
    assert begun(project, **kwargs).pk == first.pk
    moved(first, ProjectReportState.CALLED_OFF)
    assert begun(project, **kwargs).pk != first.pk
    assert begun(project, "drawdown").pk != begun(project, "drawdown").pk


def test_the_narrative_begins_with_what_is_known(project: FundedProject) -> None:
    measure = project.measure
    measure.milestones.create(
        title="Eröffnung", planned_on=D(2026, 3, 1), due_on=D(2026, 3, 1), reached_on=D(2026, 4, 2)
    )
    measure.milestones.create(title="Beirat", planned_on=D(2026, 5, 1), due_on=D(2026, 5, 1))
    measure.milestones.create(title="Abschlussfest", planned_on=D(2027, 5, 1), due_on=D(2027, 5, 1))
    told = begun(project).narrative
    assert "Interner Entwurf" in told["done"]
    assert "Eröffnung" in told["done"]
    assert "02.04.2026" in told["done"]
    assert "Eröffnung" in told["deviations"]
    assert "Beirat" in told["deviations"]
    assert "Abschlussfest" in told["outlook"]
    assert "Beirat" not in told["outlook"]


def test_another_house_does_not_read_the_measure_in_its_draft(project: FundedProject, world: World) -> None:
    project.measure.responsible = world.youth_office
    project.measure.save()
    project.refresh_from_db()
    assert "Interner Entwurf" not in begun(project).narrative.get("done", "")


# --- saving ------------------------------------------------------------------------------------------


def test_parts_that_are_not_given_stay(report: ProjectReport, user: Any) -> None:
    draft_save(report, draft=sound_draft(), user=user)
    saved = draft_save(report, draft=ReportDraft(narrative={"outlook": " Weiter so.\r\nEnde "}), user=user)
    assert saved.narrative["outlook"] == "Weiter so.\nEnde"
    assert saved.narrative["done"] == "Viel getan."
    assert saved.participants == COUNTS
    assert saved.lines.get(kind="staff").amount == E("1000.00")
    assert (saved.revision, saved.edited_by) == (2, user)


def test_only_those_who_act_for_the_provider_write(report: ProjectReport, world: World) -> None:
    for name in ("planner", "funder_reader", "outsider", "head"):
        with pytest.raises(PermissionDenied):
            draft_save(report, draft=sound_draft(), user=world.fresh(name))


def test_the_later_of_two_windows_is_told_and_writes_over_only_knowingly(
    report: ProjectReport, user: Any
) -> None:
    draft_save(report, draft=ReportDraft(narrative={"done": "Erstes Fenster"}), user=user, revision=0)
    second = ReportDraft(narrative={"done": "Zweites Fenster"})
    error = refused(lambda: draft_save(report, draft=second, user=user, revision=0))
    assert error.code == "changed_meanwhile"
    assert str(user) in str(error.message)
    report.refresh_from_db()
    assert report.narrative["done"] == "Erstes Fenster"
    draft_save(report, draft=second, user=user, revision=1)
    report.refresh_from_db()
    assert report.narrative["done"] == "Zweites Fenster"


def test_a_double_click_saves_once_and_is_not_refused(report: ProjectReport, user: Any) -> None:
    for _time in range(2):
        saved = draft_save(report, draft=sound_draft(), user=user, revision=0)
    assert saved.revision == 1


@pytest.mark.parametrize(
    "state", [state for state in ProjectReportState if state != ProjectReportState.DRAFTING]
)
def test_what_was_handed_in_is_locked(report: ProjectReport, state: ProjectReportState, user: Any) -> None:
    moved(report, state)
    assert refused(lambda: draft_save(report, draft=sound_draft(), user=user)).code == "report_locked"
    assert refused(lambda: receipt_add(report, fields=receipt(), user=user)).code == "report_locked"


@pytest.mark.parametrize(
    ("draft", "code"),
    [
        (ReportDraft(narrative={"hidden": "x"}), "wrong_section"),
        (ReportDraft(narrative={"done": "x" * 20_001}), "text_too_long"),
        (ReportDraft(purpose="x" * 2_001), "text_too_long"),
        (ReportDraft(lines=[line("cost", "travel", "1.00")]), "wrong_line"),
        (ReportDraft(lines=[line("cost", "esf", "1.00")]), "wrong_line"),
        (ReportDraft(lines=[line("cost", "staff", "-0.01")]), "wrong_amount"),
        (ReportDraft(lines=[line("cost", "staff", "0.001")]), "wrong_amount"),
        (ReportDraft(lines=[line("cost", "staff", "NaN")]), "wrong_amount"),
        (ReportDraft(lines=[line("cost", "staff", "10000000000.00")]), "wrong_amount"),
        (ReportDraft(lines=[line("cost", "staff", "1.00", "x" * 2_001)]), "text_too_long"),
        (ReportDraft(participants={"EECO99": {"f": 1, "m": 1, "n": 1}}), "wrong_count"),
        (ReportDraft(participants={"EECO01": {"f": -1, "m": 1, "n": 1}}), "wrong_count"),
        (ReportDraft(participants={"EECO01": {"x": 1}}), "wrong_count"),
    ],
)
def test_what_cannot_be_stored_is_refused_whole(
    report: ProjectReport, draft: ReportDraft, code: str, user: Any
) -> None:
    with_more = dataclasses.replace(draft, narrative={"outlook": "bleibt ungespeichert", **draft.narrative})
    error = refused(lambda: draft_save(report, draft=with_more, user=user))
    assert error.code == code
    assert str(error.message)
    report.refresh_from_db()
    assert (report.revision, report.lines.exclude(amount=None).count()) == (0, 0)
    assert "bleibt ungespeichert" not in str(report.narrative)


def test_a_line_that_left_the_plan_can_still_be_cleared(
    report: ProjectReport, user: Any, world: World
) -> None:
    draft_save(report, draft=ReportDraft(lines=[line("cost", "staff", "5.00")]), user=user)
    plan = [PlanLine("cost", "material", "", 2026, E("1200.00")), *PLAN[2:]]
    fields = grants.notice(
        lines=plan, granted=E("1000.00"), reason="Umwidmung", starts_on=D(2026, 1, 1), duties=[]
    )
    notice_record(report.project, fields=fields, user=world.fresh("planner"))
    rows = {(row.kind, row.planned): row for row in account_of(report).rows}
    assert rows[("staff", E(0))].is_over
    draft = ReportDraft(lines=[line("cost", "staff", None), LineDraft("cost", "material", "", E("7.00"))])
    draft_save(report, draft=draft, user=user)
    assert [row.kind for row in account_of(report).cost] == ["material"]


def test_a_dropped_line_reported_before_holds_up_no_later_report(
    project: FundedProject, user: Any, world: World
) -> None:
    first = begun(project, "interim", covers_until=D(2026, 6, 30))
    draft_save(first, draft=sound_draft(), user=user)
    moved(first, ProjectReportState.ACCEPTED)
    plan = [PlanLine("cost", "material", "", 2026, E("1200.00")), *PLAN[2:]]
    fields = grants.notice(lines=plan, granted=E("1000.00"), reason="Neu", starts_on=D(2026, 1, 1), duties=[])
    notice_record(project, fields=fields, user=world.fresh("planner"))
    second = begun(project, "interim", covers_from=D(2026, 7, 1))
    assert "staff" in {row.kind for row in account_of(second).cost}
    # The form sends every line that the account shows.
    amounts = {"material": "1200.00", "esf": "700.00", "state": "300.00", "own": "200.00"}
    rows = [line(row.side, row.kind, amounts.get(row.kind)) for row in account_of(second).rows]
    draft_save(second, draft=sound_draft(lines=rows), user=user)
    assert report_faults(second) == []
    report_deliver(second, user=user)
    told = {row["kind"]: row["amount"] for row in second.deliveries.get().content["account"]["cost"]}
    assert (told["staff"], told["material"]) == (None, "1200.00")
    late = line("cost", "staff", "5.00", "Nachzahlung")
    third = begun(project, covers_from=D(2026, 8, 1))
    draft_save(third, draft=ReportDraft(lines=[late]), user=user)
    assert third.lines.get(kind="staff").amount == E("5.00")


def test_a_dropped_source_drawn_before_holds_up_no_later_drawdown(
    project: FundedProject, user: Any, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Notices recorded before a source could not be cut below what was drawn."""
    monkeypatch.setattr("measures.services.grants.drawn_faults", lambda *_args, **_named: [])
    moved(asked(project, world, {"esf": "100.00", "state": "50.00"}), ProjectReportState.ACCEPTED)
    plan = [*PLAN[:2], PlanLine("funding", "esf", "", 2026, E("1000.00")), PLAN[4]]
    fields = grants.notice(lines=plan, granted=E("1000.00"), reason="Neu", starts_on=D(2026, 1, 1), duties=[])
    notice_record(project, fields=fields, user=world.fresh("planner"))
    later = begun(project, "drawdown")
    assert [row.kind for row in account_of(later).drawdown] == ["esf", "state"]
    draft = ReportDraft(
        lines=[line("funding", "esf", "10.00"), line("funding", "state", None)], purpose="Gehälter"
    )
    draft_save(later, draft=draft, user=user)
    assert report_faults(later) == []


# --- faults and oddities -----------------------------------------------------------------------------


def test_an_empty_draft_says_what_is_missing(report: ProjectReport) -> None:
    told = " ".join(report_faults(report))
    assert "Was erreicht wurde" in told or "erreicht" in told
    assert told.count("EECO01") == 1
    assert "Personal" in told
    assert report_oddities(report) == []


def test_a_sound_draft_has_no_faults_but_for_missing_receipts(report: ProjectReport, user: Any) -> None:
    draft_save(report, draft=sound_draft(), user=user)
    assert report_faults(report) == []
    (odd,) = report_oddities(report)
    assert "1.000,00" in odd
    receipt_add(report, fields=receipt(amount=E("1000.00")), user=user)
    assert report_oddities(report) == []


def test_a_deviation_needs_a_reason(report: ProjectReport, user: Any) -> None:
    draft_save(report, draft=sound_draft(), user=user)
    draft_save(report, draft=ReportDraft(lines=[line("cost", "staff", "1200.01")]), user=user)
    (fault,) = report_faults(report)
    assert "Personal" in fault
    assert "1.200,01" in fault
    draft_save(report, draft=ReportDraft(lines=[line("cost", "staff", "1200.01", "Tarif")]), user=user)
    assert report_faults(report) == []


def test_earlier_accepted_reports_count_as_spent(project: FundedProject, user: Any) -> None:
    first = begun(project, "interim", covers_until=D(2026, 6, 30))
    draft_save(first, draft=sound_draft(), user=user)
    second = begun(project, "interim", covers_from=D(2026, 7, 1))
    staff = next(row for row in account_of(second).rows if row.kind == "staff")
    assert staff.before == 0
    moved(first, ProjectReportState.ACCEPTED)
    staff = next(row for row in account_of(second).rows if row.kind == "staff")
    assert (staff.before, staff.remaining) == (E(1000), E(0))


def test_receipts_of_other_reports_are_not_listed_again(project: FundedProject, user: Any) -> None:
    first = begun(project, "interim", covers_until=D(2026, 6, 30))
    second = begun(project, "interim", covers_from=D(2026, 7, 1))
    whole = begun(project)
    receipt_add(first, fields=receipt("B-1"), user=user, upload=upload())
    for report in (second, whole):
        receipt_add(report, fields=receipt("b 1x"), user=user, upload=upload())
        draft_save(report, draft=sound_draft(), user=user)
    # The same file, in a report of another time; the report of the whole term lists it again.
    assert ["b 1x" in text for text in report_faults(second)] == [True]
    assert report_faults(whole) == []
    assert any("B-1" in text and "b 1x" in text for text in report_oddities(second))
    moved(first, ProjectReportState.CALLED_OFF)
    assert report_faults(second) == []


def test_reviewers_are_told_of_no_receipt_that_they_may_not_see(project: FundedProject, user: Any) -> None:
    other = begun(project, "interim", covers_until=D(2026, 6, 30))
    receipt_add(other, fields=receipt("Geheim-1"), user=user)
    report = begun(project, "interim", covers_from=D(2026, 7, 1))
    receipt_add(report, fields=receipt("B-2"), user=user)
    states = ProjectReportState
    told = {}
    for mine in (states.DRAFTING, states.CHECKING, states.WITH_FUNDER):
        for theirs in (states.DRAFTING, states.CHECKING, states.WITH_FUNDER, states.ACCEPTED):
            moved(other, theirs)
            told[mine, theirs] = any("Geheim-1" in text for text in report_oddities(moved(report, mine)))
    assert [pair for pair, is_told in told.items() if not is_told] == [
        (states.CHECKING, states.DRAFTING),
        (states.WITH_FUNDER, states.DRAFTING),
        (states.WITH_FUNDER, states.CHECKING),
    ]


def test_reviewers_hold_a_report_against_the_plan_it_was_handed_in_with(
    report: ProjectReport, user: Any, world: World
) -> None:
    draft_save(report, draft=sound_draft(), user=user)
    receipt_add(report, fields=receipt(amount=E("1000.00")), user=user)
    report_deliver(report, user=user)
    plan = [PlanLine("cost", "material", "", 2026, E("1200.00")), *PLAN[2:]]
    fields = grants.notice(lines=plan, granted=E("1000.00"), reason="Neu", starts_on=D(2026, 1, 1), duties=[])
    notice_record(report.project, fields=fields, user=world.fresh("planner"))
    assert any(row.remaining < 0 for row in account_of(report).cost)
    assert report_oddities(report) == []


def test_participants_may_not_fall_below_an_accepted_report_within(project: FundedProject, user: Any) -> None:
    first = begun(project, "interim", covers_until=D(2026, 6, 30))
    draft_save(first, draft=sound_draft(participants={"EECO01": {"f": 13, "m": 9, "n": 0}}), user=user)
    moved(first, ProjectReportState.ACCEPTED)
    whole, later = begun(project), begun(project, covers_from=D(2026, 7, 1))
    for report in (whole, later):
        draft_save(report, draft=sound_draft(), user=user)
    assert ["12" in text and "13" in text for text in report_faults(whole)] == [True]
    assert report_faults(later) == []


def test_drawdowns_stay_within_the_grant_together(project: FundedProject, world: World) -> None:
    first = asked(project, world, {"esf": "500.00", "state": "300.00"})
    assert report_faults(first) == []
    second = asked(project, world, {"esf": "200.01", "state": "0.00"})
    assert report_faults(second) == []  # the other is a draft: nothing has been asked for yet
    for state in (ProjectReportState.CHECKING, ProjectReportState.ASKED, ProjectReportState.ACCEPTED):
        moved(first, state)
        told = report_faults(second)
        assert ["0,01" in text for text in told] == [True, True]  # the source, and the grant
    moved(first, ProjectReportState.CALLED_OFF)
    assert report_faults(second) == []


def test_a_drawdown_says_what_for_and_not_before_the_term(project: FundedProject, user: Any) -> None:
    report = begun(project, "drawdown", covers_from=D(2025, 12, 1))
    assert len(report_faults(report)) == 3
    assert report_oddities(report) == []


def test_without_a_notice_nothing_can_be_accounted_for(world: World) -> None:
    report = begun(grants.funded(world))
    with translation.override("en"):
        assert any("no grant notice" in text for text in report_faults(report))


# --- what is delivered -------------------------------------------------------------------------------


def content(report: ProjectReport, world: World) -> dict[str, Any]:
    return content_of(
        report,
        number=1,
        user=world.fresh("provider_head"),
        organisation=world.provider,
        at=datetime.datetime(2027, 1, 5, 9, 0, tzinfo=datetime.UTC),
    )


def test_the_content_holds_all_of_the_report_and_its_hash_stays(
    report: ProjectReport, user: Any, world: World
) -> None:
    draft_save(report, draft=sound_draft(), user=user)
    receipt_add(report, fields=receipt(), user=user, upload=upload())
    told = content(report, world)
    assert content_sha256(told) == content_sha256(content(report, world))
    assert told["account"]["cost_sums"] == {
        "planned": "1200.00",
        "total": "1200.00",
        "before": "0.00",
        "amount": "1200.00",
        "remaining": "0.00",
    }
    assert told["account"]["funding"][0] == {
        "kind": "esf",
        "title": "",
        "planned": "700.00",
        "total": "700.00",
        "before": "0.00",
        "amount": "700.00",
        "remaining": "0.00",
        "drawn": "0.00",
        "deviation_percent": "0.00",
        "is_over": False,
        "reason": "",
    }
    assert told["participants"] == [
        {"code": "EECO01", "title": told["participants"][0]["title"], "f": 12, "m": 9, "n": 0, "total": 21}
    ]
    (row,) = told["receipts"]
    assert (row["number"], row["amount"], row["paid_on"], row["file_name"]) == (
        "B-1",
        "100.00",
        "2026-05-04",
        "Beleg.pdf",
    )
    assert told["confirmation"]["organisation"] == world.provider.name
    assert told["confirmation"]["function"]
    assert told["project"]["notice"] == {"number": 1, "reference": "AZ 1", "issued_on": "2026-01-15"}
    assert told["drawdown"] is None
    assert PDF.decode() not in str(told)


def test_the_content_of_a_drawdown_holds_its_sources(project: FundedProject, world: World) -> None:
    told = content(asked(project, world, {"esf": "500.00"}), world)
    assert told["drawdown"]["lines"] == [
        {"kind": "esf", "granted": "700.00", "before": "0.00", "amount": "500.00", "remaining": "200.00"},
        {"kind": "state", "granted": "300.00", "before": "0.00", "amount": None, "remaining": "300.00"},
    ]
    assert told["drawdown"]["sums"]["remaining"] == "500.00"
    assert (told["account"], told["narrative"], told["receipts"]) == (None, [], [])


def test_a_milestone_reached_later_is_not_told_as_reached(report: ProjectReport, world: World) -> None:
    report.project.measure.milestones.create(
        title="Spät", planned_on=D(2026, 5, 1), due_on=D(2026, 5, 1), reached_on=D(2027, 1, 2)
    )
    (row,) = content(report, world)["milestones"]
    assert row == {"title": "Spät", "due_on": "2026-05-01", "reached_on": None}


def test_the_measure_of_another_house_is_told_as_far_as_it_was_released(
    report: ProjectReport, world: World
) -> None:
    measure = report.project.measure
    measure.milestones.create(title="Raum", planned_on=D(2026, 5, 1), due_on=D(2026, 5, 1))

    def told() -> tuple[Any, list[str], bool]:
        row = content(ProjectReport.objects.get(pk=report.pk), world)
        project = FundedProject.objects.get(pk=report.project_id)
        begins = first_narrative(project, report.covers_from, report.covers_until)
        titles = [milestone["title"] for milestone in row["milestones"]]
        assert report_paper(row, sha256="", at=timezone.now())
        return row["project"]["measure"], titles, "Raum" in str(begins)

    named = {"number": measure.number, "title": measure.title}
    assert told() == (named, ["Raum"], True), "its own work"
    type(measure).objects.filter(pk=measure.pk).update(responsible=world.youth_office)
    assert told() == (None, [], False)
    for field, expected in (("dates", (named, [], False)), ("milestones", (named, ["Raum"], True))):
        what: dict[str, Any] = {"fields": [field], "measures": [measure.pk]}
        mark = content_mark(release_content(world.plan, **what))
        plan_release(world.plan, **what, note="", seen=mark, user=world.fresh("planner"))
        assert told() == expected, field


def test_a_baseline_of_few_people_is_neither_written_nor_delivered(
    report: ProjectReport, world: World
) -> None:
    confirmed(world, report.project.measure, D(2026, 3, 31), 17)
    figure = report.project.measure.key_figures.get()
    figure.baseline = 2
    figure.save()
    assert [row["baseline"] for row in content(report, world)["figures"]] == ["2"]
    figure.unit.is_count = True
    figure.unit.save()
    (row,) = content(report, world)["figures"]
    assert (row["baseline"], row["is_baseline_secret"], row["value"]) == (None, True, "17")
    text = first_narrative(report.project, report.covers_from, report.covers_until)["reached"]
    assert "17" in text
    assert "2\u00a0Personen" not in text


def test_receipts_cannot_be_paid_in_the_future(report: ProjectReport, user: Any) -> None:
    tomorrow = timezone.localdate() + datetime.timedelta(days=1)
    error = refused(lambda: receipt_add(report, fields=receipt(paid_on=tomorrow), user=user))
    assert error.code == "paid_in_future"


def test_readers_see_no_small_counts_of_what_was_delivered(
    report: ProjectReport, user: Any, world: World
) -> None:
    counts = {"EECO01": {"f": 12, "m": 9, "n": 0}, "EECO16": {"f": 2, "m": 0, "n": 0}}
    draft_save(report, draft=sound_draft(participants=counts), user=user)
    delivery = report_deliver(report, user=user)
    reader = delivery_view(delivery, frozenset({Part.PROJECT, Part.DELIVERED})).content["participants"]
    assert [(row["code"], row["f"], row["total"]) for row in reader] == [
        ("EECO01", None, 21),
        ("EECO16", None, None),
    ]
    funder = delivery_view(delivery, frozenset(Part)).content["participants"]
    assert [(row["f"], row["total"]) for row in funder] == [(12, 21), (2, 2)]
