"""Where need is greatest and how sure that is, in sentences; which areas a rule on inhabitants leaves out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from monitoring.certainty import need_words
from monitoring.models import Area, AreaPopulation, IndexResult, IndexRun
from monitoring.presets import BY_KEY
from monitoring.selectors.inhabitants import InhabitantsKnown, inhabitants_known
from monitoring.selectors.methods import index_words
from monitoring.services.methods import index_method_create
from project.common.errors import DomainError
from stakeholders.models import User
from tests.factories import World
from tests.monitoring.test_method_pages import compute, figures

ClientAs = Callable[[User], Client]

__all__ = ["figures"]


def results(*shares: float | None, standing_out: int, left_out: int = 0) -> list[IndexResult]:
    """Areas A, B, C … by rank, the first ones standing out."""
    return [
        IndexResult(
            area=Area(name=chr(ord("A") + place)),
            is_included=place < len(shares) - left_out,
            stands_out=place < standing_out,
            outstanding_share=share,
        )
        for place, share in enumerate(shares)
    ]


@pytest.mark.parametrize(
    ("rows", "need", "sure"),
    [
        (results(1, 1, 0, 0, standing_out=2), "2 of 4 areas stand out: A and B.", "all of them stay so"),
        (results(1, 0, standing_out=1), "1 of 2 areas stands out: A.", "How sure: it stays so"),
        (results(0, 0, standing_out=0), "None of 2 areas stands out.", "How sure: that stays so"),
        (
            results(1, 1, 1, 0.62, 0.3, 0, standing_out=4),
            "4 of 6 areas stand out. Need is greatest in A, B and C.",
            "How sure: 3 of 4 stay so under nearly all of 1,000 other weightings of the indicators "
            "(each by up to 25 %). "
            "Less sure: D (under 62 %). By other weights these would stand out as well: E (under 30 %).",
        ),
        (
            results(0.9, 0.8, 0.7, 0.6, 0.996, standing_out=5),
            "Need is greatest in A, B and C.",
            "Less sure: A (under 90 %), B (under 80 %), C (under 70 %) and 1 more.",
        ),
    ],
)
def test_a_run_says_where_need_is_greatest_and_how_sure_that_is(
    rows: Sequence[IndexResult], need: str, sure: str
) -> None:
    with translation.override("en"):
        words = need_words(IndexRun(year=2024, variants=1000, spread=0.25), rows, [2024])
    assert need in words.need
    assert sure in words.sure
    assert words.left_out == ""


def test_what_is_not_known_is_not_told() -> None:
    with translation.override("en"):
        words = need_words(
            IndexRun(year=2024),
            results(None, None, None, standing_out=1, left_out=1),
            [2024, 2021, 2021, 2022],
        )
    assert words.sure == ""
    assert words.lines == [
        "1 of 2 areas stands out: A.",
        "2 indicators are of 2021: no later figures were in force.",
        "1 indicator is of 2022: no later figures were in force.",
        "1 area is not part of the index.",
    ]


def test_the_page_of_a_run_begins_with_it(figures: None, world: World, client_as: ClientAs) -> None:
    run = compute(world)
    page = client_as(world.fresh("planner")).get(reverse("monitoring:run-detail", args=[run.pk]))
    shown = page.content.decode()
    assert page.context["need"].need in shown
    assert page.context["need"].sure
    assert shown.index("pg-need") < shown.index("<table")


def test_inhabitants_that_are_unknown_or_few_are_told_before_a_run() -> None:
    known = InhabitantsKnown((None, None, 250, 400, 5000))
    with translation.override("en"):
        assert known.warning(None) == ""
        assert known.warning(300) == (
            "The inhabitants of 2 of 5 areas are not known. 1 of 5 areas has fewer than 300 inhabitants. "
            "What is not known or too small stays out of the index."
        )
        assert known.warning(1000).endswith("By this rule no index can be computed.")
        weighted = {"levels": {"indicator": {"reference": "population"}}}
        assert known.warning_of(weighted).startswith("The inhabitants of 2 of 5 areas are not known. What")
        assert InhabitantsKnown((300, 301)).warning(300) == ""


def test_inhabitants_of_the_year_count(world: World) -> None:
    Area.objects.filter(territory=world.territory).update(population=None)
    AreaPopulation.objects.create(area=world.areas[0], year=2024, count=1200)
    assert sorted(inhabitants_known(world.territory, 2024).counts, key=bool)[-1] == 1200
    assert inhabitants_known(world.territory, 2023).unknown_count == len(world.areas)


def test_the_form_of_a_method_and_the_method_warn(figures: None, world: World, client_as: ClientAs) -> None:
    Area.objects.filter(territory=world.territory).update(population=None)
    AreaPopulation.objects.all().delete()
    client = client_as(world.fresh("planner"))
    form = client.get(reverse("monitoring:method-create"), {"preset": "mss"}).content.decode()
    assert "lässt sich kein Index berechnen" in form
    form = client.get(reverse("monitoring:method-create"), {"preset": "siegen"}).content.decode()
    assert "Einwohnerzahl nicht bekannt" not in form
    content = BY_KEY["siegen"].content() | {
        "indicator": [{"column": world.indicators[0].key}],
        "population": {"minimum": 300},
    }
    made = index_method_create(
        territory=world.territory, name="Armut", content=content, user=world.people["planner"]
    )
    address = reverse("monitoring:method-detail", args=[made.pk])
    assert "lässt sich kein Index berechnen" in client.get(address).content.decode()
    Area.objects.filter(territory=world.territory).update(population=2000)
    assert "lässt sich kein Index berechnen" not in client.get(address).content.decode()


def test_a_run_without_areas_says_why_they_stayed_out(figures: None, world: World) -> None:
    Area.objects.filter(territory=world.territory).update(population=None)
    AreaPopulation.objects.all().delete()
    with pytest.raises(DomainError) as caught:
        compute(world, minimum_population=300)
    assert caught.value.code == "too_few_areas"
    assert f"{len(world.areas)} – " in str(caught.value.message)


def test_only_a_plain_sum_is_called_one() -> None:
    columns = {"indicator": [{"column": "a"}, {"column": "b"}]}
    with translation.override("en"):
        plain = index_words(BY_KEY["rbk"].content() | columns)
        assert "deviations of all indicators added up" in plain
        for key in ("siegen", "svi"):
            told = index_words(BY_KEY[key].content() | columns)
            assert "deviations of all indicators added up" not in told, key
            assert told.startswith("Index – Compare the figures by: ")
        assert "Put together to the index: mean, then compared" in index_words(
            BY_KEY["siegen"].content() | columns
        )
        weighted = {"indicator": [{"column": "a", "weight": 2}, {"column": "b"}]}
        assert index_words(BY_KEY["rbk"].content() | weighted) != plain
