"""Writing measures: rules, rights of the parties, audit."""

import dataclasses
import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from measures.models import FieldOfAction, FigureReport, Measure, MeasureStatus, ReportingRound, RoundReport
from measures.services.measures import KeyFigureInput, measure_create, measure_update
from measures.services.projects import project_create
from project.common.errors import DomainError
from stakeholders.models import LogEntry, OrganisationKind
from stakeholders.permissions import Perm, can
from tests import factories
from tests.factories import World

D = datetime.date


def figure(**kwargs: Any) -> KeyFigureInput:
    defaults: dict[str, Any] = {
        "title": "Erreichte Kinder",
        "unit": factories.unit("persons", "Personen", decimals=0),
        "baseline": Decimal(0),
        "baseline_on": D(2026, 1, 1),
        "targets": [(D(2026, 12, 31), Decimal(50)), (D(2027, 12, 31), Decimal(120))],
    }
    return KeyFigureInput(**(defaults | kwargs))


def fields(world: World, **kwargs: Any) -> dict[str, Any]:
    return {
        "field": world.plan.fields.get(),
        "title": "Elterncafé (Beispiel)",
        "starts_on": D(2026, 1, 1),
        "ends_on": D(2027, 12, 31),
        "responsible": world.youth_office,
        "partners": [(world.provider, "Raum und Personal")],
        "areas": world.areas[:1],
        "key_figures": [figure()],
    } | kwargs


def create(world: World, **kwargs: Any) -> Measure:
    return measure_create(plan=world.plan, user=world.fresh("planner"), **fields(world, **kwargs))


def change(world: World, measure: Measure, reason: str = "", **kwargs: Any) -> None:
    kept = [dataclasses.replace(figure(), pk=row.pk) for row in measure.key_figures.all()]
    values = fields(world, **({"key_figures": kept} | kwargs))
    measure_update(measure, user=world.fresh("planner"), reason=reason, **values)
    measure.refresh_from_db()


def test_a_measure_comes_with_everything(world: World) -> None:
    measure = create(world)
    assert measure.number == "1.1"
    assert measure.status == MeasureStatus.PROPOSED
    assert [row.organisation for row in measure.partners.all()] == [world.provider]
    assert list(measure.areas.all()) == world.areas[:1]
    row = measure.key_figures.get()
    assert [target.value for target in row.targets.all()] == [Decimal(50), Decimal(120)]
    entry = LogEntry.objects.get(action="measure.created")
    assert entry.object_id == measure.pk
    assert create(world).number == "1.2"


def test_only_planning_writes_measures(world: World) -> None:
    for name in ("head", "chair", "provider_head", "outsider"):
        with pytest.raises(PermissionDenied):
            measure_create(plan=world.plan, user=world.fresh(name), **fields(world))
    assert not Measure.objects.exists()


REFUSALS: list[tuple[str, dict[str, Any]]] = [
    ("ends_before_start", {"ends_on": D(2025, 12, 31)}),
    ("ends_after_plan", {"ends_on": D(2029, 1, 1)}),
    ("figure_missing", {"key_figures": []}),
    ("invalid", {"title": "  "}),
]


@pytest.mark.parametrize(("code", "changes"), REFUSALS)
def test_rules_of_a_measure(world: World, code: str, changes: dict[str, Any]) -> None:
    with pytest.raises(DomainError) as error:
        create(world, **changes)
    assert error.value.code == code
    assert not Measure.objects.exists()


FIGURE_REFUSALS: list[tuple[str, dict[str, Any]]] = [
    ("target_missing", {"targets": []}),
    ("target_twice", {"targets": [(D(2027, 1, 1), Decimal(1)), (D(2027, 1, 1), Decimal(2))]}),
    ("baseline_after_target", {"baseline_on": D(2026, 12, 31)}),
    ("target_outside_plan", {"targets": [(D(2029, 1, 1), Decimal(1))]}),
    ("target_against_direction", {"direction": "falling"}),
    ("invalid", {"title": " "}),
    ("invalid", {"direction": "sideways", "targets": [(D(2027, 1, 1), Decimal(0))]}),
]


@pytest.mark.parametrize(("code", "changes"), FIGURE_REFUSALS)
def test_rules_of_a_key_figure(world: World, code: str, changes: dict[str, Any]) -> None:
    with pytest.raises(DomainError) as error:
        create(world, key_figures=[figure(**changes)])
    assert error.value.code == code
    assert not Measure.objects.exists()


def test_what_belongs_elsewhere_is_refused(world: World) -> None:
    elsewhere = factories.organisation("Amt nebenan", OrganisationKind.DEPARTMENT, world.neighbour)
    other_plan = type(world.plan).objects.create(
        territory=world.neighbour, title="Plan nebenan", ends_on=D(2028, 12, 31)
    )
    other_field = FieldOfAction.objects.create(plan=other_plan, number=1, title="Feld")
    cases: list[tuple[str, dict[str, Any]]] = [
        ("foreign_organisation", {"responsible": elsewhere}),
        ("foreign_organisation", {"partners": [(elsewhere, "")]}),
        ("foreign_field", {"field": other_field}),
        ("foreign_area", {"areas": [factories.area(world.neighbour, "Gebiet nebenan")]}),
        ("partner_twice", {"partners": [(world.youth_office, "")]}),
        ("figure_twice", {"key_figures": [figure(), figure(title="erreichte kinder ")]}),
    ]
    for code, changes in cases:
        with pytest.raises(DomainError) as error:
            create(world, **changes)
        assert error.value.code == code
    # A funder works for several territories and may take part.
    create(world, partners=[(world.funder, "Förderung")])


def test_a_number_is_given_once_in_a_field(world: World) -> None:
    create(world, position=7)
    assert create(world).position == 8
    with pytest.raises(DomainError) as error:
        create(world, position=7)
    assert error.value.code == "number_taken"


def test_parties_see_the_measure_and_lose_it_again(world: World) -> None:
    measure = create(world, partners=[(world.provider, "")])
    assert can(world.fresh("provider_head"), Perm.VIEW_MEASURE, measure)
    assert not can(world.fresh("funder_reader"), Perm.VIEW_MEASURE, measure)
    assert not can(world.fresh("outsider"), Perm.VIEW_MEASURE, measure)
    member = factories.person("Mitarbeit Träger")
    factories.employed(member, world.provider, function=factories.Function.MEMBER)
    assert can(type(member).objects.get(pk=member.pk), Perm.VIEW_MEASURE, measure)
    change(world, measure, partners=[])
    assert not can(world.fresh("provider_head"), Perm.VIEW_MEASURE, measure)
    assert can(world.fresh("head"), Perm.VIEW_MEASURE, measure)


def test_a_proposed_measure_is_changed_freely(world: World) -> None:
    measure = create(world)
    row = measure.key_figures.get()
    new = [
        dataclasses.replace(figure(), pk=row.pk, targets=[(D(2027, 12, 31), Decimal(90))]),
        figure(title="Offene Treffen"),
    ]
    change(world, measure, title="Elterncafé am Markt (Beispiel)", key_figures=new)
    assert measure.title == "Elterncafé am Markt (Beispiel)"
    assert measure.number == "1.1"
    assert [str(target.value) for target in row.targets.all()] == ["90.00"]
    assert measure.key_figures.count() == 2
    entry = LogEntry.objects.get(action="measure.changed")
    assert entry.data["changed"]["title"] == ["Elterncafé (Beispiel)", "Elterncafé am Markt (Beispiel)"]
    assert len(entry.data["key_figures"]) == 2
    change(world, measure, key_figures=[dataclasses.replace(figure(), pk=row.pk)])
    assert measure.key_figures.get() == row


@pytest.mark.parametrize("status", [MeasureStatus.AGREED, MeasureStatus.RUNNING])
def test_an_agreed_measure_needs_a_reason(world: World, status: MeasureStatus) -> None:
    measure = create(world)
    Measure.objects.filter(pk=measure.pk).update(status=status)
    measure.refresh_from_db()
    with pytest.raises(DomainError) as error:
        change(world, measure, reason=" ", title="Anders")
    assert error.value.code == "reason_missing"
    change(world, measure, reason="Schreibfehler", title="Anders")
    assert LogEntry.objects.get(action="measure.changed").data["reason"] == "Schreibfehler"


def test_an_ended_measure_stays_as_it_is(world: World) -> None:
    measure = create(world)
    Measure.objects.filter(pk=measure.pk).update(status=MeasureStatus.COMPLETED)
    measure.refresh_from_db()
    with pytest.raises(DomainError) as error:
        change(world, measure, reason="Warum nicht")
    assert error.value.code == "measure_ended"


def test_only_planning_changes_measures(world: World) -> None:
    measure = create(world)
    for name in ("head", "provider_head", "outsider"):
        with pytest.raises(PermissionDenied):
            measure_update(measure, user=world.fresh(name), **fields(world))


def reported(world: World, measure: Measure, value: Decimal | None) -> None:
    reporting_round = ReportingRound.objects.create(
        plan=world.plan, reference_on=D(2026, 6, 30), due_on=D(2026, 7, 31), opened_by=world.people["planner"]
    )
    report = RoundReport.objects.create(round=reporting_round, organisation=measure.responsible)
    FigureReport.objects.create(report=report, key_figure=measure.key_figures.get(), value=value)


def test_a_reported_key_figure_is_not_removed_and_keeps_its_unit(world: World) -> None:
    measure = create(world)
    reported(world, measure, Decimal(5))
    with pytest.raises(DomainError) as error:
        change(world, measure, key_figures=[figure(title="Anderes")])
    assert error.value.code == "figure_reported"
    visits = factories.unit("visits", "Besuche", decimals=0)
    other_unit = dataclasses.replace(figure(), pk=measure.key_figures.get().pk, unit=visits)
    with pytest.raises(DomainError) as error:
        change(world, measure, key_figures=[other_unit])
    assert error.value.code == "figure_reported"
    assert measure.key_figures.get().unit.key == "persons"


def test_a_key_figure_of_another_measure_is_refused(world: World) -> None:
    measure, other = create(world), create(world)
    foreign = dataclasses.replace(figure(), pk=other.key_figures.get().pk)
    with pytest.raises(DomainError) as error:
        change(world, measure, key_figures=[foreign])
    assert error.value.code == "foreign_figure"


# --- Funded projects ---------------------------------------------------------------------------------


def project(world: World, measure: Measure, **kwargs: Any) -> Any:
    defaults: dict[str, Any] = {
        "funder": world.funder,
        "provider": world.provider,
        "programme": "Zusammen im Quartier",
        "title": "Elterncafé (Beispiel)",
        "starts_on": D(2026, 1, 1),
        "ends_on": D(2026, 12, 31),
        "user": world.fresh("planner"),
    }
    return project_create(measure=measure, **(defaults | kwargs))


def test_funder_and_provider_follow_the_project_but_the_funder_not_the_measure(world: World) -> None:
    measure = create(world)
    made = project(world, measure)
    assert can(world.fresh("funder_reader"), Perm.TRACK_PROJECT, made)
    assert can(world.fresh("provider_head"), Perm.TRACK_PROJECT, made)
    assert can(world.fresh("planner"), Perm.TRACK_PROJECT, made)
    for name in ("association_head", "outsider"):
        assert not can(world.fresh(name), Perm.TRACK_PROJECT, made)
    assert not can(world.fresh("funder_reader"), Perm.VIEW_MEASURE, measure)
    assert LogEntry.objects.filter(action="project.created", object_id=made.pk).exists()


def test_rules_of_a_project(world: World) -> None:
    measure = create(world)
    elsewhere = factories.organisation("Träger nebenan", OrganisationKind.PROVIDER, world.neighbour)
    cases: list[tuple[str, dict[str, Any]]] = [
        ("not_a_funder", {"funder": world.provider}),
        ("foreign_organisation", {"provider": elsewhere}),
        ("ends_before_start", {"ends_on": D(2025, 1, 1)}),
        ("invalid", {"title": " "}),
    ]
    for code, changes in cases:
        with pytest.raises(DomainError) as error:
            project(world, measure, **changes)
        assert error.value.code == code
    project(world, measure)
    with pytest.raises(DomainError) as error:
        project(world, measure)
    assert error.value.code == "project_exists"
    with pytest.raises(PermissionDenied):
        project(world, measure, programme="Anderes", user=world.fresh("head"))
