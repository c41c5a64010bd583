"""Corrections, closing, freezing and comparing rounds; states that planning sets; evidence."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from measures.models import (
    Measure,
    Milestone,
    RoundReport,
    RoundReportState,
    RoundSnapshot,
    StateOverride,
)
from measures.selectors.figures import figure_lines
from measures.selectors.numbers import plan_numbers
from measures.selectors.portfolio import measure_lines
from measures.selectors.round_comparison import Change, compare_rounds, frozen_rounds
from measures.services.figure_files import figure_file_remove, figure_files_add
from measures.services.reporting import (
    Actual,
    report_call_off,
    report_correct,
    report_review,
    report_save,
    report_submit,
    round_close,
    round_settle,
)
from measures.services.snapshots import content_sha256
from measures.services.states import state_set, state_take_back
from measures.status import PortfolioState
from project.common.attachments import Upload
from project.common.errors import DomainError
from stakeholders.models import LogEntry, User
from tests import factories
from tests.factories import World
from tests.measures.reports import asked, confirmed, handed_in

ClientAs = Callable[[User], Client]
D = datetime.date
FIRST, SECOND, TODAY = D(2026, 3, 31), D(2026, 6, 30), D(2026, 11, 26)
PDF = Upload("liste.pdf", b"%PDF-1.7 Beispiel")


@pytest.fixture
def measure(world: World) -> Measure:
    """A running measure whose figure goes from 0 to 100 from the end of 2025 to the end of 2026."""
    row = factories.measure(
        world.plan, world.youth_office, title="Elterncafé", started_on=D(2026, 1, 1), status="running"
    )
    figure = row.key_figures.get()
    figure.baseline_on = D(2025, 12, 31)
    figure.save()
    figure.targets.update(due_on=D(2026, 12, 31))
    return row


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(DomainError) as error:
        act()
    return error.value.code


def line_of(measure: Measure, today: datetime.date = TODAY) -> Any:
    row = Measure.objects.select_related("plan", "field").get(pk=measure.pk)
    return measure_lines([row], today)[0]


def values_of(measure: Measure) -> list[Any]:
    return [row.value for row in figure_lines([measure.pk])[measure.pk][0].actuals]


@contextmanager
def undone() -> Iterator[None]:
    """What is written inside is undone: the next try begins anew."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def corrected(world: World, report: RoundReport, value: int) -> RoundReport:
    made = report_correct(report, reason="Doppelt gezählt", user=world.people["specialist"])
    handed_in(world, made, value)
    report_review(made, is_confirmed=True, reason="", user=world.people["planner"])
    return made


# --- corrections --------------------------------------------------------------------------------------


def test_a_correction_is_a_new_entry_and_counts_once_it_is_confirmed(measure: Measure, world: World) -> None:
    report = confirmed(world, measure, SECOND, 40)
    snapshot = RoundSnapshot.objects.get(round=report.round)
    made = report_correct(report, reason="Doppelt gezählt", user=world.people["specialist"])
    assert (made.version, made.state, made.figures.get().value) == (2, RoundReportState.OPEN, 40)
    handed_in(world, made, 31)
    assert values_of(measure) == [40], "until it is confirmed the first one counts"
    report_review(made, is_confirmed=True, reason="", user=world.people["planner"])

    assert values_of(measure) == [31]
    (latest,) = figure_lines([measure.pk])[measure.pk][0].actuals
    assert (latest.version, latest.before.value) == (2, 40)
    report.refresh_from_db()
    assert report.figures.get().value == 40, "what was confirmed stays"
    report.round.refresh_from_db()
    assert report.round.closed_at is not None
    again = RoundSnapshot.objects.get(round=report.round)
    assert (again.pk, again.content, again.sha256) == (snapshot.pk, snapshot.content, snapshot.sha256)


def test_what_cannot_be_corrected(measure: Measure, world: World) -> None:
    user = world.people["specialist"]
    report = asked(world, measure, day=SECOND)
    assert code_of(lambda: report_correct(report, reason="x", user=user)) == "not_confirmed"
    handed_in(world, report, 40)
    report_review(report, is_confirmed=True, reason="", user=world.people["planner"])
    assert code_of(lambda: report_correct(report, reason="  ", user=user)) == "reason_missing"
    made = report_correct(report, reason="x", user=user)
    assert code_of(lambda: report_correct(report, reason="x", user=user)) == "correction_open"
    report_call_off(made, reason="nicht nötig", user=world.people["planner"])
    assert values_of(measure) == [40], "called off, it changes nothing"
    third = corrected(world, report, 33)
    assert third.version == 3
    assert code_of(lambda: report_correct(report, reason="x", user=user)) == "superseded"
    assert report_correct(third, reason="x", user=user).version == 4


def test_order_of_reports_does_not_matter(measure: Measure, world: World) -> None:
    """Rounds confirmed in any order lead to the same figures, light and state."""
    days = {FIRST: 25, SECOND: 40, D(2026, 9, 30): 70}
    found = set()
    for order in itertools.permutations(days):
        with undone():
            for day in order:
                confirmed(world, measure, day, days[day])
            line = line_of(measure)
            found.add((tuple(values_of(measure)), line.figures[0].light, line.state))
    assert len(found) == 1


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(late=st.integers(min_value=0, max_value=200))
def test_a_late_value_never_changes_an_earlier_round(measure: Measure, world: World, late: int) -> None:
    with undone():
        report = confirmed(world, measure, FIRST, 24)
        before = RoundSnapshot.objects.get(round=report.round)
        corrected(world, report, late)
        confirmed(world, measure, SECOND, late)
        Measure.objects.filter(pk=measure.pk).update(title="Anders", stage=2)
        after = RoundSnapshot.objects.get(round=report.round)
        assert (after.content, after.sha256) == (before.content, before.sha256)
        assert content_sha256(after.content) == after.sha256


# --- closing and freezing -----------------------------------------------------------------------------


def test_the_last_report_freezes_the_round_as_of_its_day(measure: Measure, world: World) -> None:
    Milestone.objects.create(
        measure=measure, title="Eröffnung", planned_on=SECOND, due_on=SECOND, reached_on=D(2026, 7, 15)
    )
    confirmed(world, measure, D(2026, 9, 30), 10)  # off path, but later than the round
    confirmed(world, measure, SECOND, 50)
    content = RoundSnapshot.objects.get(round__reference_on=SECOND).content
    (row,) = content["measures"]
    (figure,) = row["figures"]
    assert (row["state"], row["computed"], row["override_reason"]) == ("on_path", "on_path", "")
    assert [actual["value"] for actual in figure["actuals"]] == ["50.00"]
    assert (figure["light"], figure["asked_of"], figure["is_missing"]) == ("on_path", "Jugendamt", False)
    assert row["milestones"][0]["reached_on"] is None, "not yet on that day"
    assert content["round"]["organisations"] == [{"name": "Jugendamt", "state": "confirmed"}]


def test_a_snapshot_tells_no_small_count_and_no_comment_on_it(measure: Measure, world: World) -> None:
    unit = factories.unit("counted", "Personen", is_count=True, decimals=0)
    measure.key_figures.update(unit=unit)
    confirmed(world, measure, SECOND, 2)
    (figure,) = RoundSnapshot.objects.get().content["measures"][0]["figures"]
    assert figure["actuals"] == [
        {"day": "2026-06-30", "value": None, "comment": "", "is_secret": True, "version": 1}
    ]
    assert figure["progress"] is None


def test_closing_without_the_rest(measure: Measure, world: World) -> None:
    other = factories.measure(world.plan, world.health_office, started_on=D(2026, 1, 1), status="running")
    planner = world.people["planner"]
    report = asked(world, measure, other, day=SECOND)
    missing = report.round.reports.get(organisation=world.health_office)
    handed_in(world, report, 50)
    assert code_of(lambda: round_close(report.round, reason=" ", user=planner)) == "reason_missing"
    refused = code_of(lambda: round_close(report.round, reason="Es eilt", user=planner))
    assert refused == "reports_to_confirm", "nothing reported is lost"
    report_review(report, is_confirmed=True, reason="", user=planner)
    assert not RoundSnapshot.objects.exists()
    round_close(report.round, reason="Das Gesundheitsamt antwortet nicht.", user=planner)
    report_call_off(missing, reason="Das Gesundheitsamt antwortet nicht.", user=planner)
    round_settle(report.round_id)
    report.round.refresh_from_db()
    assert report.round.closed_at is not None
    content = RoundSnapshot.objects.get().content
    assert content["round"]["closing_reason"] == "Das Gesundheitsamt antwortet nicht."
    assert content["measures"][1]["figures"][0]["is_missing"] is True
    assert content["measures"][1]["figures"][0]["actuals"] == [], "missing is never zero"
    assert code_of(lambda: round_close(report.round, reason="x", user=planner)) == "round_closed"
    assert code_of(lambda: report_call_off(report, reason="x", user=planner)) == "report_settled"


def test_freezing_costs_the_same_for_many_measures(
    measure: Measure, world: World, django_assert_max_num_queries: Any
) -> None:
    for _number in range(12):
        factories.measure(world.plan, world.youth_office, started_on=D(2026, 1, 1), status="running")
    report = asked(world, *Measure.objects.all(), day=SECOND)
    handed_in(world, report, 50)
    with django_assert_max_num_queries(34):
        report_review(report, is_confirmed=True, reason="", user=world.people["planner"])
    assert len(RoundSnapshot.objects.get().content["measures"]) == 13


# --- comparing ----------------------------------------------------------------------------------------


def test_two_rounds_side_by_side(measure: Measure, world: World) -> None:
    worse, over = (
        factories.measure(
            world.plan, world.youth_office, title=title, started_on=D(2026, 1, 1), status="running"
        )
        for title in ("Wird schlechter", "Endet")
    )
    for row in (worse, over):
        row.key_figures.update(baseline_on=D(2025, 12, 31))
        row.key_figures.get().targets.update(due_on=D(2026, 12, 31))

    def report_on(day: datetime.date, figures: dict[Measure, int]) -> None:
        report = asked(world, measure, worse, over, day=day)
        rows = {
            row.key_figure.measure_id: row.key_figure for row in report.figures.select_related("key_figure")
        }
        actuals = [Actual(rows[key.pk], Decimal(value), "ok") for key, value in figures.items()]
        report_save(report, actuals=actuals, user=world.people["specialist"])
        report_submit(report, user=world.people["specialist"])
        report_review(report, is_confirmed=True, reason="", user=world.people["planner"])

    report_on(FIRST, {measure: 5, worse: 25, over: 25})
    Measure.objects.filter(pk=over.pk).update(status="completed", ended_on=D(2026, 5, 31))
    new = factories.measure(
        world.plan, world.youth_office, title="Neu", started_on=D(2026, 5, 1), status="running"
    )
    report_on(SECOND, {measure: 50, worse: 20, over: 50})

    later, earlier = frozen_rounds(world.plan)
    found = {(row.title, row.figure): row.change for row in compare_rounds(earlier, later)}
    figure = measure.key_figures.get().title
    assert found == {
        ("Elterncafé", ""): Change.BETTER,
        ("Elterncafé", figure): Change.BETTER,
        ("Wird schlechter", ""): Change.WORSE,
        ("Wird schlechter", figure): Change.WORSE,
        ("Endet", ""): Change.ENDED,
        ("Endet", figure): Change.ENDED,
        (new.title, ""): Change.NEW,
        (new.title, figure): Change.NEW,
    }
    unchanged = {row.change for row in compare_rounds(later, later) if row.title != "Endet"}
    assert unchanged == {Change.UNCHANGED, Change.UNKNOWN}


def test_the_comparison_as_page_and_file(measure: Measure, world: World, client_as: ClientAs) -> None:
    address = reverse("measures:round-compare", args=[world.plan.pk])
    client = client_as(world.fresh("planner"))
    assert "pg-empty" in client.get(address).content.decode()
    confirmed(world, measure, FIRST, 5)
    confirmed(world, measure, SECOND, 50)
    html = client.get(address).content.decode()
    assert "Elterncafé" in html
    assert "31.03.2026" in html
    assert "Elterncafé" in client.get(address, {"change": "better"}).content.decode()
    assert "pg-empty" in client.get(address, {"change": "worse"}).content.decode()
    csv = client.get(address, {"export": "csv", "kind": "measure"}).content.decode("utf-8-sig")
    assert csv.count("Elterncafé") == 1
    odd = {"a": "x", "b": "-1", "change": "nothing", "field": "nowhere"}
    assert client.get(address, odd).status_code == 200


# --- states that planning sets ------------------------------------------------------------------------


def test_a_set_state_counts_and_both_are_shown(measure: Measure, world: World, client_as: ClientAs) -> None:
    confirmed(world, measure, SECOND, 10)
    assert line_of(measure).state is PortfolioState.DELAYED
    planner = world.fresh("planner")
    state_set(measure, state="at_risk", reason="Der Umbau ist fast fertig.", user=planner)
    line = line_of(measure)
    assert (line.state, line.computed) == (PortfolioState.AT_RISK, PortfolioState.DELAYED)
    assert "Der Umbau ist fast fertig." in line.state_note
    counts = plan_numbers(planner, world.plan, TODAY).counts
    assert counts == {PortfolioState.AT_RISK: 1}, "the numbers count what is told"
    client = client_as(planner)
    for name, key in (
        ("plan-detail", world.plan.pk),
        ("plan-timeline", world.plan.pk),
        ("measure-detail", measure.pk),
    ):
        assert (
            "Der Umbau ist fast fertig."
            in client.get(reverse(f"measures:{name}", args=[key])).content.decode()
        )
    state_take_back(measure, reason="Doch nicht.", user=planner)
    line = line_of(measure)
    assert (line.state, line.computed, line.state_note) == (PortfolioState.DELAYED, None, "")
    assert StateOverride.objects.count() == 2, "written once, followed by another"
    actions = LogEntry.objects.filter(action__startswith="measure.state").order_by("pk")
    assert list(actions.values_list("action", flat=True)) == ["measure.state_set", "measure.state_taken_back"]


def test_refusals_of_states(measure: Measure, world: World) -> None:
    confirmed(world, measure, SECOND, 50)
    planner = world.fresh("planner")

    def code(**kwargs: str) -> str:
        values = {"state": "delayed", "reason": "x"} | kwargs
        return code_of(lambda: state_set(measure, user=planner, **values))

    assert code(reason=" ") == "reason_missing"
    assert code(state="completed") == "state_unknown"
    assert code(state="on_path") == "state_same"
    assert code_of(lambda: state_take_back(measure, reason="x", user=planner)) == "state_not_set"
    for name in ("head", "chair", "provider_head", "outsider"):
        with pytest.raises(PermissionDenied):
            state_set(measure, state="delayed", reason="x", user=world.fresh(name))
    state_set(measure, state="delayed", reason="x", user=planner)
    Measure.objects.filter(pk=measure.pk).update(status="completed", ended_on=D(2026, 11, 1))
    assert line_of(measure).state is PortfolioState.COMPLETED, "nothing is set over the end"
    assert line_of(measure).state_note == ""
    assert code() == "measure_over"


def test_the_page_of_the_state(measure: Measure, world: World, client_as: ClientAs) -> None:
    confirmed(world, measure, SECOND, 10)
    address = reverse("measures:state-set", args=[measure.pk])
    client = client_as(world.fresh("planner"))
    assert client.get(address).status_code == 200
    assert client.post(address, {"state": "at_risk", "reason": ""}).status_code == 422
    assert client.post(address, {"state": "", "reason": "x"}).status_code == 422
    assert client.post(address, {"state": "at_risk", "reason": "Läuft wieder"}).status_code == 302
    html = client.get(address).content.decode()
    assert "Läuft wieder" in html
    assert "(optional)" not in html
    assert "checked" not in html, "nobody takes a state back by writing a reason only"
    assert client.post(address, {"state": "computed", "reason": "Doch nicht"}).status_code == 302
    Measure.objects.filter(pk=measure.pk).update(status="completed", ended_on=D(2026, 11, 1))
    assert client.post(address, {"state": "at_risk", "reason": "x"}).status_code == 409
    assert (
        client_as(world.fresh("head")).post(address, {"state": "at_risk", "reason": "x"}).status_code == 403
    )


# --- evidence -----------------------------------------------------------------------------------------


def test_evidence_belongs_to_who_may_read_the_report(
    measure: Measure, world: World, client_as: ClientAs
) -> None:
    report = asked(world, measure, day=SECOND)
    user = world.people["specialist"]
    (file,) = figure_files_add(report.figures.get(), [PDF, PDF], user=user)
    address = reverse("measures:figure-file", args=[file.pk])
    response: Any = client_as(world.fresh("specialist")).get(address)
    assert b"".join(response.streaming_content) == PDF.content
    assert "attachment" in response["Content-Disposition"]
    assert client_as(world.fresh("jobcenter_head")).get(address).status_code == 404, "not confirmed yet"
    handed_in(world, report, 50)
    assert code_of(lambda: figure_file_remove(file, user=user)) == "report_locked"
    assert code_of(lambda: figure_files_add(report.figures.get(), [PDF], user=user)) == "report_locked"
    report_review(report, is_confirmed=True, reason="", user=world.people["planner"])
    assert client_as(world.fresh("jobcenter_head")).get(address).status_code == 200
    assert client_as(world.fresh("outsider")).get(address).status_code == 404
    assert (
        file.file_name
        in client_as(world.fresh("planner"))
        .get(reverse("measures:report-detail", args=[report.pk]))
        .content.decode()
    )


def test_evidence_taken_away_is_kept_but_not_shown(
    measure: Measure, world: World, client_as: ClientAs
) -> None:
    report = asked(world, measure, day=SECOND)
    user = world.people["specialist"]
    (file,) = figure_files_add(report.figures.get(), [PDF], user=user)
    figure_file_remove(file, user=user)
    file.refresh_from_db()
    assert file.file.storage.exists(file.file.name)
    assert code_of(lambda: figure_file_remove(file, user=user)) == "file_gone"
    address = reverse("measures:figure-file", args=[file.pk])
    assert client_as(world.fresh("specialist")).get(address).status_code == 404
    assert figure_files_add(report.figures.get(), [PDF], user=user), "the same file may come again"
    many = [Upload(f"{number}.pdf", b"%PDF-1.7 " + str(number).encode()) for number in range(5)]
    assert code_of(lambda: figure_files_add(report.figures.get(), many, user=user)) == "too_many_files"
    assert report.figures.get().files.filter(removed_at__isnull=True).count() == 1, "all or none"
