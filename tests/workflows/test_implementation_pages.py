"""Pages around measures that need the engine: shaping, changing, rounds, stage 2, evaluations."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from measures.models import KeyFigure, Measure, MeasureStatus, ReportingRound
from stakeholders.models import LogEntry, User
from tests import factories
from tests.factories import World
from tests.stages import Stages
from tests.workflows.measureform import measure_fields
from workflows.demo import driver, evaluation_steps
from workflows.engine import round_open
from workflows.flows import PlanningCycleFlow, RecommendationFlow, ReportFlow
from workflows.models import (
    Evaluation,
    EvaluationOutcome,
    PlanningCycle,
    Recommendation,
    RecommendationKind,
    TaskCard,
)
from workflows.nodes import open_task

ClientAs = Callable[[User], Client]
D = datetime.date


# --- Adding a measure --------------------------------------------------------------------------------


@pytest.fixture
def shaping(stages: Stages) -> PlanningCycle:
    """One recommendation is approved; measures are to be shaped."""
    return stages.at_social_space()


def new(cycle: PlanningCycle) -> str:
    return reverse("workflows:measure-create", args=[cycle.pk])


def test_a_measure_is_shaped_from_an_approved_recommendation(
    shaping: PlanningCycle, world: World, client_as: ClientAs, planner: User
) -> None:
    recommendation = shaping.recommendations.get()
    client = client_as(planner)
    html = client.get(new(shaping), {"recommendation": recommendation.pk}).content.decode()
    assert 'value="Elternarbeit ausbauen"' in html
    assert f'<option value="{world.youth_office.pk}" selected>' in html

    response = client.post(new(shaping), measure_fields(world, recommendation=recommendation.pk))
    measure = Measure.objects.get()
    task = open_task(shaping.process, PlanningCycleFlow.shape_measures)
    assert response.status_code == 302
    assert response.url == reverse("workflows:task", args=[task.pk])  # type: ignore[attr-defined]
    origin = measure.origins.get()
    assert (origin.recommendation, origin.decision) == (recommendation, recommendation.decisions.get())
    assert [str(row.value) for row in measure.key_figures.get().targets.all()] == ["1060.00", "1400.00"]
    assert [row.role for row in measure.partners.all()] == ["Räume"]
    provider = client_as(world.fresh("provider_head"))
    assert provider.get(reverse("measures:measure-detail", args=[measure.pk])).status_code == 200


def test_one_more_row_keeps_what_was_typed_and_judges_nothing(
    shaping: PlanningCycle, world: World, client_as: ClientAs, planner: User
) -> None:
    client = client_as(planner)
    fields = measure_fields(
        world, recommendation="", title="Nur der Titel", **{"figures-0-baseline": "zwölf"}
    )
    for button, marker in (("add_figure", "figures-1-title"), ("add_partner", "partners-2-organisation")):
        response = client.post(new(shaping), fields | {button: "1"})
        html = response.content.decode()
        assert response.status_code == 200
        assert 'value="Nur der Titel"' in html
        assert 'value="zwölf"' in html
        assert f'name="{marker}"' in html
        assert "pg-error-summary" not in html
    assert not Measure.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"recommendation": ""},
        {"title": ""},
        {"ends_on": "2025-01-01"},
        {"ends_on": "2029-01-01"},
        {"figures-0-title": "", "figures-0-unit": "", "figures-0-baseline": ""},
        {"figures-0-value_0": "viele"},
        {"figures-0-value_0": ""},
        {"figures-0-due_on_1": ""},
        {"figures-0-due_on_0": "2025-06-30"},
        {"figures-0-direction": "falling"},
        {"figures-TOTAL_FORMS": "0"},
        {"partners-1-organisation": "999999"},
    ],
)
def test_a_wrong_measure_is_shown_again_and_not_saved(
    changes: dict[str, str], shaping: PlanningCycle, world: World, client_as: ClientAs, planner: User
) -> None:
    recommendation = shaping.recommendations.get()
    fields = measure_fields(world, recommendation=recommendation.pk) | changes
    response = client_as(planner).post(new(shaping), fields)
    assert response.status_code == 422
    assert "pg-error-summary" in response.content.decode()
    assert not Measure.objects.exists()


def test_only_planning_adds_measures_and_only_while_shaping(
    shaping: PlanningCycle, world: World, client_as: ClientAs, planner: User
) -> None:
    fields = measure_fields(world, recommendation=shaping.recommendations.get().pk)
    refused = {"head": 403, "chair": 403, "provider_head": 403, "funder_reader": 404, "outsider": 404}
    for name, status in refused.items():
        client = client_as(world.fresh(name))
        assert client.get(new(shaping)).status_code == status, name
        assert client.post(new(shaping), fields).status_code == status, name
    assert Client().get(new(shaping)).status_code == 302
    assert not Measure.objects.exists()

    recommendation = shaping.recommendations.get()
    driver.shape(shaping, lambda _: [factories.measure(world.plan, world.youth_office)], user=planner)
    client = client_as(planner)
    assert "pg-empty" in client.get(new(shaping)).content.decode()
    assert (
        client.post(new(shaping), measure_fields(world, recommendation=recommendation.pk)).status_code == 409
    )
    assert Measure.objects.count() == 1


# --- Changing a measure ------------------------------------------------------------------------------


def edit(measure: Measure) -> str:
    return reverse("workflows:measure-edit", args=[measure.pk])


def as_typed(world: World, measure: Measure, **changes: Any) -> dict[str, Any]:
    figure = measure.key_figures.get()
    return (
        measure_fields(world)
        | {
            "starts_on": measure.starts_on.isoformat(),
            "ends_on": measure.ends_on.isoformat(),
            "figures-INITIAL_FORMS": "1",
            "figures-0-pk": figure.pk,
            "figures-0-title": figure.title,
            "partners-INITIAL_FORMS": "1",
        }
        | changes
    )


def test_a_measure_that_is_being_confirmed_cannot_be_changed(
    stages: Stages, world: World, client_as: ClientAs, planner: User
) -> None:
    _cycle, measure = stages.at_agreement()
    response = client_as(planner).post(edit(measure), as_typed(world, measure, title="Anders"))
    assert response.status_code == 422
    measure.refresh_from_db()
    assert measure.title != "Anders"


def test_an_agreed_measure_is_changed_with_a_reason_but_not_its_parties(
    stages: Stages, world: World, client_as: ClientAs, planner: User
) -> None:
    _cycle, measure = stages.at_implementation()
    client = client_as(planner)
    assert 'name="reason"' in client.get(edit(measure)).content.decode()

    without = client.post(edit(measure), as_typed(world, measure, title="Anders"))
    assert without.status_code == 422
    other = client.post(
        edit(measure),
        as_typed(world, measure, reason="Umzug", **{"partners-0-organisation": world.jobcenter.pk}),
    )
    assert other.status_code == 422
    response = client.post(edit(measure), as_typed(world, measure, title="Anders", reason="Schreibfehler"))
    assert response.status_code == 302
    measure.refresh_from_db()
    assert (measure.title, measure.status) == ("Anders", MeasureStatus.RUNNING)
    assert LogEntry.objects.get(action="measure.changed").data["reason"] == "Schreibfehler"
    assert [row.organisation for row in measure.partners.all()] == [world.provider]


def test_a_key_figure_is_removed_by_its_box(world: World, client_as: ClientAs, planner: User) -> None:
    measure = factories.measure(world.plan, world.youth_office, partners=[world.provider])
    fields = as_typed(world, measure, **{"figures-0-DELETE": "on"})
    client = client_as(planner)
    assert client.post(edit(measure), fields).status_code == 422, "one must stay"
    second = {key.replace("figures-0", "figures-1"): value for key, value in measure_fields(world).items()}
    second = {key: value for key, value in second.items() if key.startswith("figures-1")}
    response = client.post(edit(measure), fields | second | {"figures-TOTAL_FORMS": "2"})
    assert response.status_code == 302
    assert measure.key_figures.get().title == "Erreichte Eltern"


def test_who_may_change_a_measure(world: World, client_as: ClientAs) -> None:
    measure = factories.measure(world.plan, world.youth_office, partners=[world.provider])
    refused = {"head": 403, "jobcenter_head": 403, "funder_reader": 404, "outsider": 404, "admin": 404}
    for name, status in refused.items():
        client = client_as(world.fresh(name))
        assert client.get(edit(measure)).status_code == status, name
        assert client.post(edit(measure), as_typed(world, measure)).status_code == status, name


# --- Rounds and reminders ----------------------------------------------------------------------------


@pytest.fixture
def implementing(stages: Stages) -> tuple[PlanningCycle, Measure]:
    """A measure of the youth office runs."""
    return stages.at_implementation()


def test_a_round_asks_all_responsible_organisations(
    implementing: tuple[PlanningCycle, Measure], world: World, client_as: ClientAs, planner: User
) -> None:
    cycle, _measure = implementing
    address = reverse("workflows:round-open", args=[cycle.pk])
    today = timezone.localdate()
    client = client_as(planner)
    assert client.get(address).status_code == 200
    wrong = [
        {"reference_on": (today + datetime.timedelta(days=1)).isoformat(), "due_on": "2099-01-01"},
        {"reference_on": today.isoformat(), "due_on": (today - datetime.timedelta(days=1)).isoformat()},
        {"reference_on": "", "due_on": ""},
    ]
    for fields in wrong:
        assert client.post(address, fields).status_code == 422, fields
    assert not ReportingRound.objects.exists()

    fields = {"reference_on": today.isoformat(), "due_on": today.isoformat()}
    response = client.post(address, fields)
    made = ReportingRound.objects.get()
    assert response.url == reverse("measures:round-detail", args=[made.pk])  # type: ignore[attr-defined]
    assert made.reports.get().organisation == world.youth_office
    assert "berichten" in client_as(world.fresh("specialist")).get("/tasks/").content.decode()
    assert client.post(address, fields).status_code == 422, "once a day"


def test_a_figure_is_not_asked_for_before_its_baseline_and_the_page_says_so(
    implementing: tuple[PlanningCycle, Measure], world: World, client_as: ClientAs, planner: User
) -> None:
    cycle, measure = implementing
    today = timezone.localdate()
    tomorrow = today + datetime.timedelta(days=1)
    asked = measure.key_figures.get()
    KeyFigure.objects.create(
        measure=measure, title="Spätere Zahl", unit=asked.unit, baseline=Decimal(0), baseline_on=tomorrow
    )
    address = reverse("workflows:round-open", args=[cycle.pk])
    fields = {"reference_on": today.isoformat(), "due_on": today.isoformat()}
    client = client_as(planner)
    html = client.get(address, fields | {"preview": "1"}).content.decode()
    assert f"Spätere Zahl (Ausgangswert erst vom {tomorrow:%d.%m.%Y})" in html
    assert client.post(address, fields).status_code == 302
    report = ReportingRound.objects.get().reports.get()
    assert [row.key_figure for row in report.figures.all()] == [asked]


def test_only_planning_opens_rounds_and_only_in_implementation(
    shaping: PlanningCycle, world: World, client_as: ClientAs, planner: User
) -> None:
    address = reverse("workflows:round-open", args=[shaping.pk])
    today = timezone.localdate().isoformat()
    refused = {"head": 403, "chair": 403, "funder_reader": 404, "outsider": 404}
    for name, status in refused.items():
        client = client_as(world.fresh(name))
        assert client.post(address, {"reference_on": today, "due_on": today}).status_code == status, name
    client = client_as(planner)
    assert "pg-empty" in client.get(address).content.decode()
    assert client.post(address, {"reference_on": today, "due_on": today}).status_code == 422
    assert not ReportingRound.objects.exists()


def test_late_organisations_are_reminded_once_a_day(
    implementing: tuple[PlanningCycle, Measure],
    world: World,
    client_as: ClientAs,
    planner: User,
    django_capture_on_commit_callbacks: Any,
) -> None:
    cycle, _measure = implementing
    today = timezone.localdate()
    made = round_open(cycle, reference_on=today - datetime.timedelta(days=1), due_on=today, user=planner)
    report = made.reports.get()
    task = open_task(report.process, ReportFlow.report_figures)
    TaskCard.objects.filter(task=task).update(due_on=today - datetime.timedelta(days=1))
    one = reverse("workflows:report-remind", args=[report.pk])
    all_late = reverse("workflows:round-remind", args=[made.pk])
    client = client_as(planner)
    page = reverse("measures:round-detail", args=[made.pk])
    html = client.get(page).content.decode()
    assert one in html
    assert all_late in html

    for address in (one, all_late):
        assert client.get(address).status_code == 405
        for name, status in (("specialist", 403), ("chair", 403), ("outsider", 404), ("funder_reader", 404)):
            found = client_as(world.fresh(name)).post(address).status_code
            assert found in ({status, 404} if address == one else {status}), (name, address)
    reminders = LogEntry.objects.filter(action="task.reminded")
    assert not reminders.exists()

    assert client.post(all_late).url == page  # type: ignore[attr-defined]
    assert reminders.count() == 1
    client.post(one)
    client.post(all_late)
    assert reminders.count() == 1


def test_what_has_been_handed_in_is_not_reminded(
    implementing: tuple[PlanningCycle, Measure], world: World, client_as: ClientAs, planner: User
) -> None:
    cycle, _measure = implementing
    today = timezone.localdate()
    report = round_open(cycle, reference_on=today, due_on=today, user=planner).reports.get()
    driver.report(
        report,
        [driver.Actual(row.key_figure, Decimal(3)) for row in report.figures.all()],
        user=world.fresh("specialist"),
    )
    mail.outbox.clear()
    client_as(planner).post(reverse("workflows:report-remind", args=[report.pk]))
    assert not LogEntry.objects.filter(action="task.reminded").exists()
    assert not mail.outbox


# --- Planning stage 2 --------------------------------------------------------------------------------


def test_stage_two_is_asked_for_once_and_lands_with_its_author(
    implementing: tuple[PlanningCycle, Measure], world: World, client_as: ClientAs, planner: User
) -> None:
    cycle, _measure = implementing
    address = reverse("workflows:stage-two-request", args=[cycle.pk])
    fields = {"title": "Stufe 2 öffnen", "finding": "Stufe 1 läuft.", "aim": "Weiter.", "proposal": "Öffnen."}
    refused = {"head": 403, "chair": 403, "funder_reader": 404, "outsider": 404}
    for name, status in refused.items():
        assert client_as(world.fresh(name)).post(address, fields).status_code == status, name
    client = client_as(planner)
    assert client.get(address).status_code == 200
    assert client.post(address, fields | {"proposal": ""}).status_code == 422

    response = client.post(address, fields)
    made = Recommendation.objects.get(kind=RecommendationKind.STAGE_TWO)
    task = open_task(made.process, RecommendationFlow.write_request)
    assert response.url == reverse("workflows:task", args=[task.pk])  # type: ignore[attr-defined]
    assert task.owner == planner
    assert "pg-empty" in client.get(address).content.decode()
    assert client.post(address, fields).status_code == 409
    assert Recommendation.objects.filter(kind=RecommendationKind.STAGE_TWO).count() == 1


# --- Evaluations -------------------------------------------------------------------------------------


def test_evaluations_are_listed_filtered_and_exported(
    stages: Stages, world: World, client_as: ClientAs, planner: User
) -> None:
    cycle, measure = stages.at_evaluation()
    address = reverse("workflows:evaluation-list", args=[cycle.pk])
    client = client_as(planner)
    assert measure.title in client.get(address, {"outcome": "open"}).content.decode()
    evaluation_steps.evaluate(measure, EvaluationOutcome.CONTINUE, user=planner, effect="Mehr Eltern kommen.")
    html = client.get(address).content.decode()
    assert "Mehr Eltern kommen." in html
    assert "pg-empty" in client.get(address, {"outcome": "open"}).content.decode()
    assert measure.title in client.get(address, {"outcome": "continue", "q": "maßnahme"}).content.decode()
    exported = client.get(address, {"export": "csv"}).content.decode("utf-8-sig")
    assert "Mehr Eltern kommen." in exported
    for name, status in (
        ("jobcenter_head", 200),
        ("provider_head", 200),
        ("funder_reader", 404),
        ("outsider", 404),
    ):
        assert client_as(world.fresh(name)).get(address).status_code == status, name
    assert Client().get(address).status_code == 302


def test_the_list_of_evaluations_costs_the_same_for_2_and_20(
    shaping: PlanningCycle, world: World, client_as: ClientAs, planner: User
) -> None:
    address = reverse("workflows:evaluation-list", args=[shaping.pk])
    client = client_as(planner)

    def more(count: int) -> None:
        for _ in range(count):
            measure = factories.measure(world.plan, world.youth_office)
            Evaluation.objects.create(
                cycle=shaping, measure=measure, outcome="continue", effect="Wirkt.", evaluated_by=planner
            )

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    more(2)
    few = queries()
    more(18)
    assert queries() == few
