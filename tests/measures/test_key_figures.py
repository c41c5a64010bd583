"""Key figures with all their fields: kinds, borders, reporter, cycle, and those that follow an indicator."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from measures.forms.key_figures import FigureOffers, KeyFigureForm
from measures.models import (
    FigureCycle,
    FigureKind,
    KeyFigure,
    KeyFigureTarget,
    Measure,
    QualityStep,
)
from measures.selectors.due_figures import is_due, periods_over, round_plan
from measures.selectors.figures import actual_text, figure_lines, number_of
from measures.services.key_figures import KeyFigureInput, key_figures_save
from measures.status import Light
from monitoring.services.deliveries import delivery_accept
from project.common.errors import DomainError
from tests import factories
from tests.factories import World
from tests.measures.reports import asked

D = datetime.date
YEAR = 2024


def wanted(**kwargs: Any) -> KeyFigureInput:
    defaults: dict[str, Any] = {
        "title": "Erreichte Kinder",
        "unit": factories.unit("persons", "Personen", decimals=0),
        "baseline": Decimal(0),
        "baseline_on": D(2023, 12, 31),
        "targets": [(D(2026, 12, 31), Decimal(50))],
    }
    return KeyFigureInput(**(defaults | kwargs))


def judged(**kwargs: Any) -> KeyFigureInput:
    defaults = {
        "title": "Netzwerk",
        "unit": None,
        "kind": FigureKind.QUALITY,
        "targets": [(D(2026, 12, 31), Decimal(4))],
        "wordings": {D(2026, 12, 31): "Das Netzwerk trägt sich selbst."},
    }
    return wanted(**(defaults | kwargs))


@pytest.fixture
def measure(world: World) -> Measure:
    row = factories.measure(world.plan, world.youth_office, started_on=D(2024, 1, 1), status="running")
    row.key_figures.all().delete()
    return row


def saved(measure: Measure, row: KeyFigureInput) -> KeyFigure:
    key_figures_save(measure, [row])
    return measure.key_figures.select_related("unit").get()


def test_a_key_figure_keeps_all_its_fields(measure: Measure, world: World) -> None:
    row = saved(
        measure,
        wanted(
            source="Teilnahmeliste",
            cycle=FigureCycle.YEARLY,
            reporter=world.provider,
            on_path_percent=5,
            at_risk_percent=15,
        ),
    )
    kept = (row.source, row.cycle, row.reporter, row.on_path_percent, row.at_risk_percent)
    assert kept == ("Teilnahmeliste", "yearly", world.provider, 5, 15)
    (line,) = figure_lines([measure.pk])[measure.pk]
    assert (line.path.on_path_percent, line.path.at_risk_percent) == (5, 15)


def test_a_judgement_is_told_in_words(measure: Measure) -> None:
    row = saved(measure, judged())
    assert [number_of(Decimal(step), row) for step in QualityStep.values] == [
        str(label) for label in QualityStep.labels
    ]
    assert row.targets.get().wording == "Das Netzwerk trägt sich selbst."
    assert row.unit.key == "quality_step"


REFUSALS: list[tuple[str, dict[str, Any]]] = [
    ("unit_missing", {"unit": None}),
    ("borders_out_of_order", {"on_path_percent": 25}),
    ("borders_out_of_order", {"at_risk_percent": 101}),
    ("impossible_value", {"baseline": Decimal("0.5")}),
    ("impossible_value", {"targets": [(D(2026, 12, 31), Decimal("2.5"))]}),
]


@pytest.mark.parametrize(("code", "changes"), REFUSALS)
def test_what_cannot_be_is_refused(measure: Measure, code: str, changes: dict[str, Any]) -> None:
    with pytest.raises(DomainError) as error:
        key_figures_save(measure, [wanted(**changes)])
    assert error.value.code == code
    assert not measure.key_figures.exists()


def test_a_baseline_of_a_future_day_is_refused_unless_it_is_zero(measure: Measure) -> None:
    ahead = timezone.localdate() + datetime.timedelta(days=1)
    targets = [(ahead + datetime.timedelta(days=30), Decimal(50))]
    with pytest.raises(DomainError) as error:
        key_figures_save(measure, [wanted(baseline=Decimal(3), baseline_on=ahead, targets=targets)])
    assert error.value.code == "baseline_in_future"
    assert not measure.key_figures.exists()
    row = saved(measure, wanted(baseline_on=ahead, targets=targets))
    KeyFigure.objects.filter(pk=row.pk).update(baseline=3)
    kept = wanted(pk=row.pk, baseline=Decimal(3), baseline_on=ahead, targets=targets, source="Liste")
    assert saved(measure, kept).source == "Liste", "what stands already keeps nobody from other changes"


@pytest.mark.parametrize("target", [Decimal(5), Decimal("1.5"), Decimal(-1)])
def test_a_judgement_knows_its_steps_only(measure: Measure, target: Decimal) -> None:
    with pytest.raises(DomainError):
        key_figures_save(measure, [judged(targets=[(D(2026, 12, 31), target)])])


def test_a_share_lies_between_0_and_100(measure: Measure) -> None:
    with pytest.raises(DomainError) as error:
        key_figures_save(
            measure, [wanted(unit=factories.unit(), targets=[(D(2026, 12, 31), Decimal("100.1"))])]
        )
    assert error.value.code == "impossible_value"
    change = factories.unit("percent_change", "%", decimals=1)
    assert saved(measure, wanted(unit=change, targets=[(D(2026, 12, 31), Decimal("120.5"))]))


def test_only_an_outcome_in_the_own_territory_follows_an_indicator(measure: Measure, world: World) -> None:
    indicator, area = world.indicators[0], world.areas[0]
    outside = factories.area(world.neighbour, "Drüben")
    for code, changes in (
        ("indicator_needs_outcome", {"indicator": indicator, "area": area}),
        ("area_missing", {"indicator": indicator, "level": "outcome"}),
        ("area_missing", {"area": area, "level": "outcome"}),
        ("foreign_area", {"indicator": indicator, "area": outside, "level": "outcome"}),
    ):
        with pytest.raises(DomainError) as error:
            key_figures_save(measure, [wanted(**changes)])
        assert error.value.code == code
    row = saved(measure, wanted(indicator=indicator, area=area, level="outcome", unit=None))
    assert row.unit == indicator.unit


def test_statistics_of_this_year_may_stand_at_its_last_day(measure: Measure, world: World) -> None:
    last = timezone.localdate().replace(month=12, day=31)
    follows: dict[str, Any] = {"indicator": world.indicators[0], "area": world.areas[0], "level": "outcome"}
    targets = [(last + datetime.timedelta(days=180), Decimal(50))]
    with time_machine.travel(datetime.datetime(last.year, 6, 1, 12, tzinfo=datetime.UTC)):
        row = saved(
            measure,
            wanted(**follows, unit=None, baseline=Decimal(3), baseline_on=last, targets=targets),
        )
        assert row.baseline_on == last
        ahead = last.replace(year=last.year + 1)
        later = [(ahead + datetime.timedelta(days=180), Decimal(50))]
        with pytest.raises(DomainError) as error:
            key_figures_save(
                measure,
                [wanted(**follows, unit=None, baseline=Decimal(3), baseline_on=ahead, targets=later)],
            )
        assert error.value.code == "baseline_in_future"


# --- following an indicator ---------------------------------------------------------------------------


@pytest.fixture
def following(measure: Measure, world: World) -> KeyFigure:
    """A rate of the first area, to fall from 40 to 20 percent by the end of 2026."""
    return saved(
        measure,
        wanted(
            indicator=world.indicators[0],
            area=world.areas[0],
            level="outcome",
            direction="falling",
            unit=None,
            baseline=Decimal(40),
            targets=[(D(2026, 12, 31), Decimal(20))],
        ),
    )


def deliver(world: World, year: int, value: float | None) -> None:
    """The Jobcenter delivers the rate of the first area, and planning accepts it."""
    user = world.people["planner"]
    row = factories.delivery(world.jobcenter, {(world.indicators[0], world.areas[0], year): value}, user)
    delivery_accept(row, user=user)


def line_of(measure: Measure) -> Any:
    (line,) = figure_lines([measure.pk])[measure.pk]
    return line


def test_it_takes_what_was_accepted_and_the_latest_version(
    following: KeyFigure, measure: Measure, world: World
) -> None:
    assert line_of(measure).light is Light.NO_DATA
    deliver(world, YEAR, 39.0)
    assert [(row.day, row.value) for row in line_of(measure).actuals] == [(D(2024, 12, 31), Decimal("39.00"))]
    deliver(world, YEAR, 33.3)
    assert [row.value for row in line_of(measure).actuals] == [Decimal("33.30")]
    assert line_of(measure).light is Light.ON_PATH
    assert line_of(measure).progress == 33


def test_a_year_that_is_not_over_or_lies_before_the_baseline_does_not_count(
    following: KeyFigure, measure: Measure, world: World
) -> None:
    deliver(world, 2023, 41.0)
    deliver(world, timezone.localdate().year, 10.0)
    assert line_of(measure).actuals == ()


def test_a_secret_value_is_no_data_and_its_light_tells_nothing(
    following: KeyFigure, measure: Measure, world: World
) -> None:
    """0.05 percent of 2,000 people is one person."""
    deliver(world, YEAR, 0.05)
    (row,) = line_of(measure).actuals
    assert row.is_secret
    assert row.value is None
    assert line_of(measure).light is Light.NO_DATA
    assert line_of(measure).progress is None
    assert actual_text(row, following) == "."


def test_it_is_asked_of_nobody(following: KeyFigure, measure: Measure, world: World) -> None:
    found = round_plan(Measure.objects.filter(pk=measure.pk), D(2026, 6, 30))
    assert (found.asks, found.following) == ([], [following])
    with pytest.raises(DomainError) as error:
        asked(world, measure, day=D(2026, 6, 30))
    assert error.value.code == "nothing_to_report"


# --- who is asked, and when ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "months", "periods"),
    [
        (D(2023, 12, 31), 12, 0),
        (D(2024, 6, 29), 6, 0),
        (D(2024, 6, 30), 6, 1),
        (D(2024, 12, 31), 6, 2),
        (D(2024, 12, 30), 12, 0),
        (D(2024, 12, 31), 12, 1),
        (D(2020, 1, 1), 12, 0),
    ],
)
def test_periods_are_counted_from_the_baseline(day: datetime.date, months: int, periods: int) -> None:
    assert periods_over(D(2023, 12, 31), day, months) == periods


@pytest.mark.parametrize(
    ("cycle", "asked_on", "reference_on", "due"),
    [
        ("every_round", [D(2024, 6, 30)], D(2024, 7, 1), True),
        ("half_yearly", [], D(2024, 3, 31), False),
        ("half_yearly", [], D(2024, 7, 5), True),
        ("half_yearly", [D(2024, 7, 5)], D(2024, 9, 30), False),
        ("half_yearly", [D(2024, 7, 5)], D(2024, 12, 31), True),
        ("yearly", [], D(2024, 6, 30), False),
        ("yearly", [], D(2024, 12, 31), True),
        ("yearly", [D(2024, 12, 31)], D(2025, 6, 30), False),
        ("yearly", [D(2024, 12, 31)], D(2025, 12, 15), False),
        ("yearly", [D(2024, 12, 31)], D(2026, 2, 15), True),
        ("once", [], D(2026, 12, 30), False),
        ("once", [], D(2026, 12, 31), True),
        ("once", [D(2026, 12, 31)], D(2027, 6, 30), False),
    ],
)
def test_when_a_figure_is_asked_for(
    cycle: str, asked_on: list[datetime.date], reference_on: datetime.date, due: bool
) -> None:
    found = is_due(
        cycle,
        baseline_on=D(2023, 12, 31),
        ends_on=D(2026, 12, 31),
        reference_on=reference_on,
        asked_on=asked_on,
    )
    assert found is due


@pytest.mark.parametrize("cycle", ["every_round", "half_yearly", "yearly", "once"])
def test_no_figure_is_asked_for_before_its_baseline(cycle: str) -> None:
    day = D(2026, 12, 31)
    for reference_on in (D(2026, 12, 30), D(2024, 6, 30), D(2023, 12, 31)):
        assert not is_due(
            cycle, baseline_on=day, ends_on=D(2023, 1, 1), reference_on=reference_on, asked_on=[]
        )
    every_round = is_due("every_round", baseline_on=day, ends_on=day, reference_on=day, asked_on=[])
    assert every_round, "on the day itself it is"


def test_a_figure_is_asked_of_its_reporter(measure: Measure, world: World) -> None:
    key_figures_save(measure, [wanted(), wanted(title="Besuche", reporter=world.provider)])
    found = round_plan(Measure.objects.filter(pk=measure.pk), D(2026, 6, 30))
    assert {ask.organisation: [row.title for row in ask.figures] for ask in found.asks} == {
        world.youth_office: ["Erreichte Kinder"],
        world.provider: ["Besuche"],
    }
    report = asked(world, measure, day=D(2026, 6, 30))
    other = report.round.reports.get(organisation=world.provider)
    assert other.figures.get().key_figure.title == "Besuche"


def test_the_plan_of_a_round_costs_the_same_for_many_measures(
    measure: Measure, world: World, django_assert_num_queries: Any
) -> None:
    key_figures_save(measure, [wanted(), wanted(title="Besuche")])
    for _number in range(4):
        factories.measure(world.plan, world.health_office)
    with django_assert_num_queries(2):
        found = round_plan(Measure.objects.all(), D(2026, 6, 30))
        assert [ask.measures for ask in found.asks]
        assert [row.measure.number for ask in found.asks for row in ask.figures]


# --- the form -----------------------------------------------------------------------------------------


def form_of(world: World, **changes: Any) -> KeyFigureForm:
    data = {
        "title": "Erreichte Kinder",
        "level": "output",
        "unit": factories.unit("persons", "Personen", decimals=0).pk,
        "direction": "rising",
        "baseline": "1.000",
        "baseline_on": "31.12.2023",
        "cycle": "yearly",
        "on_path_percent": "5",
        "at_risk_percent": "20",
        "due_on_0": "31.12.2026",
        "value_0": "2.500",
        "reporter": world.provider.pk,
    }
    return KeyFigureForm(data | changes, offers=FigureOffers(world.plan), slots=1)


def test_the_form_reads_german_numbers_and_all_fields(world: World) -> None:
    form = form_of(world)
    assert form.is_valid(), form.errors
    row = form.as_input()
    assert (row.baseline, row.targets) == (Decimal(1000), [(D(2026, 12, 31), Decimal(2500))])
    assert (row.cycle, row.on_path_percent, row.at_risk_percent) == ("yearly", 5, 20)
    assert row.reporter == world.provider


def test_a_target_without_baseline_says_what_is_missing(world: World) -> None:
    form = form_of(world, baseline="", baseline_on="")
    assert not form.is_valid()
    assert {"baseline", "baseline_on"} <= form.errors.keys()
    assert form["value_0"].value() == "2.500", "nothing typed is lost"


def test_the_form_of_a_judgement_offers_steps(world: World) -> None:
    form = form_of(world, kind="quality", baseline="1", value_0="4", wording_0="Es trägt sich selbst.")
    assert form.is_valid(), form.errors
    row = form.as_input()
    assert (row.baseline, row.kind) == (Decimal(1), FigureKind.QUALITY)
    assert row.wordings == {D(2026, 12, 31): "Es trägt sich selbst."}
    assert not form_of(world, kind="quality", baseline="7", value_0="4").is_valid()
    assert "unit" not in form.fields


def test_an_indicator_needs_its_area(world: World) -> None:
    form = form_of(world, level="outcome", unit="", indicator=world.indicators[0].pk)
    assert not form.is_valid()
    assert "area" in form.errors
    assert form.has_folded_error


def test_targets_that_go_are_deleted(measure: Measure) -> None:
    row = saved(measure, judged())
    key_figures_save(measure, [judged(pk=row.pk, targets=[(D(2025, 12, 31), Decimal(2))], wordings={})])
    assert list(KeyFigureTarget.objects.values_list("due_on", "wording")) == [(D(2025, 12, 31), "")]
