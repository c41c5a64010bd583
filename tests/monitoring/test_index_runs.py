"""Frozen runs: inputs, hash, results; the published result of Berlin through the database."""

from __future__ import annotations

import csv
import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.utils import translation

from monitoring.index import classify
from monitoring.models import Area, AreaKind, IndexResult, IndexRun, IndexScore, Indicator, Value
from monitoring.services.deliveries import delivery_accept, delivery_reading, delivery_store
from monitoring.services.index import Missing, index_run_create
from project.common.errors import DomainError
from stakeholders.models import Function, LogEntry, OrganisationKind, User
from tests import factories
from tests.factories import World

BERLIN = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "berlin_mss2021"


def in_force(world: World, values: dict[tuple[Indicator, Area, int], float | None]) -> None:
    delivery = factories.delivery(world.youth_office, values, world.people["head"])
    delivery_accept(delivery, user=world.people["planner"])


@pytest.fixture
def figures(world: World) -> None:
    """Unemployment 2, 4, 6, 8 and childcare 60, 50, 40, 30: the last area is worst in both."""
    sgb2, childcare = world.indicators[:2]
    values: dict[tuple[Indicator, Area, int], float | None] = {}
    for number, area in enumerate(world.areas, start=1):
        values[sgb2, area, 2024] = 2.0 * number
        values[childcare, area, 2024] = 70.0 - 10 * number
    in_force(world, values)


def run(world: World, **kwargs: Any) -> IndexRun:
    defaults: dict[str, Any] = {
        "territory": world.territory,
        "year": 2024,
        "indicators": world.indicators[:2],
        "border": Decimal("1.00"),
        "user": world.people["planner"],
    }
    return index_run_create(**(defaults | kwargs))


@pytest.mark.usefixtures("figures")
def test_a_run_ranks_the_areas_and_marks_those_above_the_border(world: World) -> None:
    made = run(world)

    results = {row.area.name: row for row in made.results.select_related("area")}
    worst = results["Waldsiedlung"]
    assert [row.area.name for row in made.results.select_related("area")] == [
        "Waldsiedlung",
        "Südhang",
        "Altstadt",
        "Zentrum Nord",
    ]
    # Equal steps: z of 2, 4, 6, 8 is -1.342, -0.447, 0.447, 1.342; childcare is its mirror, turned around.
    assert worst.total == pytest.approx(2 * 1.341641, abs=1e-5)
    assert worst.normalised == pytest.approx(1.341641, abs=1e-5)
    assert (worst.rank, worst.stands_out) == (1, True)
    assert not results["Südhang"].stands_out
    means = {row.indicator.key: (row.mean, row.direction) for row in made.indicators.all()}
    assert means == {"sgb2_rate": (5.0, "more_need"), "childcare_rate": (45.0, "less_need")}


@pytest.mark.usefixtures("figures")
def test_a_run_says_how_sure_each_place_is(world: World) -> None:
    """Two indicators that mirror each other: no weighting changes a rank, and the border is far."""
    results = {row.area.name: row for row in run(world).results.select_related("area")}
    found = {name: (row.outstanding_share, row.best_rank, row.worst_rank) for name, row in results.items()}
    assert found == {
        "Waldsiedlung": (1.0, 1, 1),
        "Südhang": (0.0, 2, 2),
        "Altstadt": (0.0, 3, 3),
        "Zentrum Nord": (0.0, 4, 4),
    }
    with translation.override("de"):
        assert results["Waldsiedlung"].how_sure == "bei jeder Gewichtung auffällig · Rang 1"
        assert results["Altstadt"].how_sure == "bei keiner Gewichtung auffällig · Rang 3"


def test_a_share_is_never_rounded_to_all_or_none() -> None:
    with translation.override("de"):
        for share, percent in ((0.0004, 1), (0.5, 50), (0.9996, 99)):
            row = IndexResult(outstanding_share=share, best_rank=1, worst_rank=12)
            assert row.how_sure == f"bei {percent} % der Gewichtungen auffällig · Rang 1 bis 12"
    assert IndexResult().how_sure == ""


@pytest.mark.usefixtures("figures")
def test_an_area_left_out_has_no_certainty(world: World) -> None:
    Value.objects.filter(area=world.areas[0], indicator=world.indicators[0]).update(value=None, sign=".")
    row = run(world).results.get(area=world.areas[0])
    assert (row.is_included, row.outstanding_share, row.best_rank, row.worst_rank) == (
        False,
        None,
        None,
        None,
    )
    assert row.how_sure == ""


@pytest.mark.usefixtures("figures")
def test_every_cell_names_the_value_it_came_from(world: World) -> None:
    made = run(world)
    score = made.scores.get(area=world.areas[3], indicator=world.indicators[1])
    assert (score.value, score.sign) == (30.0, "")
    assert score.z == pytest.approx(1.341641, abs=1e-5)
    assert score.source == Value.objects.get(
        area=world.areas[3], indicator=world.indicators[1], is_current=True
    )
    assert made.scores.count() == 8


@pytest.mark.usefixtures("figures")
def test_the_same_inputs_give_the_same_hash_and_results(world: World) -> None:
    first, second = run(world), run(world, indicators=reversed(world.indicators[:2]))
    assert first.inputs_sha256 == second.inputs_sha256
    assert list(first.results.values_list("area", "total")) == list(
        second.results.values_list("area", "total")
    )


@pytest.mark.usefixtures("figures")
@pytest.mark.parametrize(
    "changed",
    [
        {"border": Decimal("1.50")},
        {"missing_policy": Missing.AVAILABLE_75},
        {"minimum_population": 300},
        {"year": 2025},
    ],
)
def test_another_rule_gives_another_hash(world: World, changed: dict[str, Any]) -> None:
    assert run(world).inputs_sha256 != run(world, **changed).inputs_sha256


@pytest.mark.usefixtures("figures")
def test_another_figure_gives_another_hash_and_leaves_the_old_run_alone(world: World) -> None:
    first = run(world)
    in_force(world, {(world.indicators[0], world.areas[0], 2024): 99.0})

    second = run(world)

    assert second.inputs_sha256 != first.inputs_sha256
    assert first.scores.get(area=world.areas[0], indicator=world.indicators[0]).value == 2.0
    assert second.scores.get(area=world.areas[0], indicator=world.indicators[0]).value == 99.0


def test_a_frozen_run_is_never_changed(world: World) -> None:
    made = factories.index_run(world.territory, world.areas, world.indicators, world.people["planner"])
    made.border = Decimal(2)
    with pytest.raises(TypeError):
        made.save()


@pytest.mark.usefixtures("figures")
def test_the_latest_year_with_figures_counts_for_all_areas(world: World) -> None:
    """The childcare rate comes from 2024; one area alone has a new unemployment figure for 2025."""
    in_force(world, {(world.indicators[0], area, 2025): 5.0 for area in world.areas[:2]})
    made = run(world, year=2026, missing_policy=Missing.AVAILABLE_50)

    years = set(
        made.scores.filter(source__isnull=False).values_list("indicator__key", "source__year").distinct()
    )
    assert years == {("sgb2_rate", 2025), ("childcare_rate", 2024)}
    lacking = made.scores.get(area=world.areas[2], indicator=world.indicators[0])
    assert (lacking.value, lacking.z) == (None, None)
    assert made.results.get(area=world.areas[2]).is_included


@pytest.mark.usefixtures("figures")
def test_a_missing_figure_leaves_the_area_out_with_the_reason(world: World) -> None:
    in_force(world, {(world.indicators[0], world.areas[3], 2024): None})
    made = run(world)
    out = made.results.get(area=world.areas[3])
    assert (out.is_included, out.reason, out.rank, out.total) == (False, "missing", None, None)
    assert made.scores.get(area=world.areas[3], indicator=world.indicators[0]).sign == "."
    assert made.results.exclude(rank=None).count() == 3


@pytest.mark.usefixtures("figures")
def test_small_areas_and_dissolved_ones_stay_out_with_the_reason(world: World) -> None:
    small, dissolved = world.areas[:2]
    Area.objects.filter(pk=small.pk).update(population=250)
    Area.objects.filter(pk=dissolved.pk).update(valid_until=datetime.date(2024, 6, 30))
    made = run(world, minimum_population=300)
    reasons = dict(made.results.values_list("area", "reason"))
    assert (reasons[small.pk], reasons[dissolved.pk], reasons[world.areas[2].pk]) == (
        "population",
        "invalid",
        "",
    )


@pytest.mark.usefixtures("figures")
def test_only_the_finest_level_is_compared(world: World) -> None:
    town = factories.area(world.territory, "Musterstadt", kind=AreaKind.MUNICIPALITY)
    in_force(world, {(row, town, 2024): 90.0 for row in world.indicators[:2]})
    made = run(world)
    assert not made.results.filter(area=town).exists()
    assert made.indicators.get(indicator__key="sgb2_rate").mean == 5.0


@pytest.mark.usefixtures("figures")
def test_values_of_unaccepted_deliveries_do_not_count(world: World) -> None:
    factories.delivery(
        world.youth_office, {(world.indicators[0], world.areas[0], 2024): 99.0}, world.people["head"]
    )
    made = run(world)
    assert made.scores.get(area=world.areas[0], indicator=world.indicators[0]).value == 2.0


@pytest.mark.usefixtures("figures")
@pytest.mark.parametrize(
    ("kwargs", "code"),
    [
        ({"indicators": []}, "no_indicator"),
        ({"border": Decimal(0)}, "border_not_positive"),
        ({"year": 2020}, "indicator_without_figures"),
        ({"minimum_population": 10_000}, "too_few_areas"),
    ],
)
def test_refusals(world: World, kwargs: dict[str, Any], code: str) -> None:
    with pytest.raises(DomainError) as caught:
        run(world, **kwargs)
    assert caught.value.code == code
    assert not IndexRun.objects.exists()


@pytest.mark.usefixtures("figures")
def test_counts_do_not_enter_the_index(world: World) -> None:
    persons = factories.unit("persons", "Personen", is_count=True, decimals=0)
    cases = factories.indicator("cases", unit=persons)
    in_force(world, {(cases, area, 2024): 10.0 for area in world.areas})
    with pytest.raises(DomainError) as caught:
        run(world, indicators=[*world.indicators[:2], cases])
    assert caught.value.code == "counts_in_index"


@pytest.mark.usefixtures("figures")
@pytest.mark.parametrize("name", ["head", "outsider", "chair", "admin"])
def test_only_planning_computes(world: World, name: str) -> None:
    with pytest.raises(PermissionDenied):
        run(world, user=world.people[name])


@pytest.mark.usefixtures("figures")
def test_a_run_is_in_the_audit_log(world: World) -> None:
    made = run(world)
    entry = LogEntry.objects.get(action="index.computed")
    assert (entry.user, entry.obj) == (world.people["planner"], made)
    assert entry.data["sha256"] == made.inputs_sha256


@pytest.mark.usefixtures("figures")
def test_the_number_of_queries_does_not_grow_with_the_areas(
    world: World, django_assert_max_num_queries: Any
) -> None:
    values: dict[tuple[Indicator, Area, int], float | None] = {}
    for number in range(40):
        area = factories.area(world.territory, f"Ortsteil {number}")
        values |= {(row, area, 2024): float(number) for row in world.indicators[:2]}
    in_force(world, values)
    with django_assert_max_num_queries(20):
        run(world)


# --- A published result ------------------------------------------------------------------------------


def berlin(name: str) -> list[dict[str, str]]:
    if not BERLIN.is_dir():
        pytest.skip("the public MSS Berlin 2021 files are not in ../shared/data/berlin_mss2021")
    with (BERLIN / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("columns", "borders", "labels", "published"),
    [
        (["S1", "S3", "S4"], [-1, 1, 1.5], ["hoch", "mittel", "niedrig", "sehr niedrig"], "SI_V"),
        (["D1", "D3", "D4"], [-1, 1], ["positiv", "stabil", "negativ"], "DI_V"),
    ],
)
def test_berlin_2021_through_the_database(
    db: None, columns: list[str], borders: list[float], labels: list[str], published: str
) -> None:
    """Delivered as a file, accepted, computed: the published class of all 536 valid areas.

    Source: Monitoring Soziale Stadtentwicklung Berlin 2021; areas under 300 inhabitants and one outlier
    are not valid.
    """
    rows = berlin("mss_2021_index_indikatoren.csv")
    territory = factories.organisation("Berlin", OrganisationKind.DISTRICT)
    office = factories.organisation("Statistik", OrganisationKind.STATISTICS_OFFICE, territory)
    unit = factories.organisation("Sozialplanung", OrganisationKind.PLANNING_UNIT, territory)
    planner = factories.staff("Planung", unit, Function.PLANNER)
    kind = factories.unit("percentage_points", "Prozentpunkte")
    indicators = [factories.indicator(f"mss_{column.lower()}", unit=kind) for column in columns]
    Area.objects.bulk_create(
        Area(
            territory=territory,
            key=row["PLR_ID"],
            name=row["PLR_NAME"],
            kind=AreaKind.SMALL_AREA,
            population=int(row["EW"]) if row["EW"] else None,
        )
        for row in rows
    )
    delivery = deliver_berlin(rows, columns, indicators, office, planner)
    assert not delivery.has_errors, list(delivery.issues.values_list("code", "row", "value")[:5])
    assert (delivery.row_count, delivery.value_count) == (542, 536 * 3)
    delivery_accept(delivery, user=planner)

    made = index_run_create(
        territory=territory,
        year=2020,
        indicators=indicators,
        border=Decimal("1.50"),
        minimum_population=300,
        user=planner,
    )

    included = list(made.results.filter(is_included=True).values_list("area__key", "normalised"))
    classes = classify([number for _key, number in included], borders, labels).tolist()
    expected = {
        row["PLR_ID"]: row[published] for row in berlin("mss_2021_indizes.csv") if row["KOM"] == "gültig"
    }
    assert len(expected) == 536
    assert dict(zip([key for key, _number in included], classes, strict=True)) == expected
    assert sorted(made.results.exclude(reason="").values_list("reason", flat=True)) == [
        "missing",
        *["population"] * 5,
    ]
    assert IndexScore.objects.filter(run=made).count() == 542 * 3


def deliver_berlin(
    rows: list[dict[str, str]],
    columns: list[str],
    indicators: list[Indicator],
    office: Any,
    planner: User,
) -> Any:
    """The published figures as a delivery; what was not published has the sign "."."""
    lines = [";".join(["Gebietsschlüssel", "Jahr", *(row.key for row in indicators)])]
    for row in rows:
        figures = ["." if float(row[column]) == -9999 else row[column] for column in columns]
        lines.append(";".join([row["PLR_ID"], "2020", *figures]))
    return delivery_store(
        delivery_reading(
            territory=office.territory,
            supplier=office,
            upload=ContentFile("\n".join(lines).encode(), name="mss.csv"),
            indicators=indicators,
            areas=Area.objects.filter(territory=office.territory),
            years=[2020],
            user=planner,
        ),
        user=planner,
    )
