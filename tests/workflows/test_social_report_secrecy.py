"""No edition tells a secret, neither alone nor beside another one or the figures in force."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from monitoring.models import Indicator, Unit, Value
from monitoring.selectors.relations import with_related
from monitoring.services.deliveries import delivery_accept
from tests import factories
from tests.chapters import Reports, make_reports
from tests.factories import World
from tests.stages import Stages
from workflows.chapters import cells_in, means_in, read_figures
from workflows.demo import driver
from workflows.models import ChapterEdition, ReportChapter, ReportSecret
from workflows.selectors.chapter_secrets import hidden_in, hidden_in_each
from workflows.services import deliveries
from workflows.services.renewals import secrets_store
from workflows.timers import SECRETS_EVERY, secrets_follow_the_catalogue

YEAR = 2024
#: Counts of the four areas: none of the first ones is small.
FIRST = (9, 7, 40, 50)
#: Corrected: the first has become small, the smallest other one hides with it.
SMALL = (2, 7, 40, 50)


@pytest.fixture
def reports(world: World, stages: Stages) -> Reports:
    return make_reports(world, stages)


@pytest.fixture
def counted(world: World) -> Indicator:
    return factories.indicator(
        "cases", unit=factories.unit("persons", "Personen", is_count=True, decimals=0), name_de="Fälle"
    )


def deliver(world: World, counted: Indicator, counts: tuple[float, ...]) -> None:
    values = {(counted, area, YEAR): count for area, count in zip(world.areas, counts, strict=True)}
    delivery = factories.delivery(world.jobcenter, values, world.fresh("jobcenter_head"))
    delivery.submitted_at = timezone.now()
    delivery.save()
    delivery_accept(delivery, user=world.fresh("planner"))


def chapter_of(reports: Reports, counted: Indicator, title: str = "Fälle") -> ReportChapter:
    chapter: ReportChapter = reports.chapter(title=title, indicators=[counted])
    return chapter


def shown(edition: ChapterEdition) -> list[float | None]:
    """What an edition shows of the four areas today."""
    figures = read_figures(edition.figures, hidden_in(edition))
    (part,) = figures.parts
    by_area = {row.area.pk: row.shown.value for row in part.rows}
    return [by_area[area.pk] for area in figures.areas]


def in_order(world: World, values: tuple[float | None, ...]) -> list[float | None]:
    """Values of the areas of the world in the order of their names, as a chapter has them."""
    return [value for _name, value in sorted(zip([a.name for a in world.areas], values, strict=True))]


def test_a_secret_count_stays_out_of_what_is_frozen(
    reports: Reports, world: World, counted: Indicator
) -> None:
    """What is stored is what anybody may see: the secret number is nowhere in it."""
    deliver(world, counted, SMALL)
    edition = reports.edition(chapter_of(reports, counted))
    assert shown(edition) == in_order(world, (None, None, 40, 50))
    assert sorted(cells_in(edition.figures).values()) == [40, 50]
    assert (counted.pk, YEAR) in {(row.indicator_id, row.year) for row in ReportSecret.objects.all()}


def test_what_was_secret_once_stays_so(reports: Reports, world: World, counted: Indicator) -> None:
    """The first edition hid two that add up to 9; showing the 7 now would tell the 2."""
    deliver(world, counted, SMALL)
    first = reports.edition(chapter_of(reports, counted))
    assert means_in(first.figures), "two are hidden, so the mean may be shown"
    deliver(world, counted, (5, 7, 40, 50))
    second = reports.edition(first.chapter)
    assert shown(second) == in_order(world, (None, None, 40, 50))
    assert not means_in(second.figures), "it would tell what the hidden ones add up to now"


def test_what_becomes_secret_after_publication_is_protected_anew(
    reports: Reports, world: World, counted: Indicator
) -> None:
    """The 7 that shall hide the 2 has been published: so nothing may be shown that holds both."""
    deliver(world, counted, FIRST)
    first = reports.edition(chapter_of(reports, counted))
    assert shown(first) == in_order(world, FIRST)
    deliver(world, counted, SMALL)
    secrets_store(reports.report)
    assert shown(first) == in_order(world, (None, None, 40, 50)), "the old one hides them, too"
    second = reports.edition(first.chapter)
    assert shown(second) == in_order(world, (None, None, 40, 50))
    assert not means_in(second.figures), "less the published 7 it would tell the 2"
    first = ChapterEdition.objects.get(pk=first.pk)
    page = read_figures(first.figures, hidden_in(first))
    assert page.is_masked
    assert page.parts[0].mean is None


def test_a_correction_in_a_line_with_a_secret_is_not_shown_twice(
    reports: Reports, world: World, counted: Indicator
) -> None:
    """Old and new figure of a third area would tell by how much the sum of the hidden ones has moved."""
    deliver(world, counted, SMALL)
    first = reports.edition(chapter_of(reports, counted))
    deliver(world, counted, (2, 7, 41, 50))
    secrets_store(reports.report)
    assert shown(first) == in_order(world, (None, None, None, 50))
    second = reports.edition(first.chapter)
    assert shown(second) == in_order(world, (None, None, 41, 50))


def test_a_correction_in_a_line_without_secrets_changes_no_edition(
    reports: Reports, world: World, counted: Indicator
) -> None:
    deliver(world, counted, FIRST)
    first = reports.edition(chapter_of(reports, counted))
    deliver(world, counted, (19, 7, 40, 50))
    secrets_store(reports.report)
    assert shown(first) == in_order(world, FIRST)
    assert not ReportSecret.objects.exists()


def test_parts_of_a_whole_in_two_chapters(reports: Reports, world: World, counted: Indicator) -> None:
    """Parts are published; then one becomes small: the whole would tell it beside the published others."""
    unit = counted.unit
    women = factories.indicator("women", unit=unit, part_of=counted)
    men = factories.indicator("men", unit=unit, part_of=counted)
    for row, counts in ((counted, (20, 30, 40, 50)), (women, (9, 10, 20, 30)), (men, (11, 20, 20, 20))):
        deliver(world, row, counts)
    whole = reports.edition(chapter_of(reports, counted, "Alle"))
    both = reports.chapter(title="Getrennt", indicators=[women, men])
    reports.edition(both)
    assert {row.pk for row in with_related([women])} >= {counted.pk, men.pk}
    # Of eleven women and men nine were known; now two women are left, and the men as before.
    deliver(world, women, (2, 10, 20, 30))
    deliver(world, counted, (13, 30, 40, 50))
    secrets_store(reports.report)
    renewed = reports.edition(whole.chapter)
    area = world.areas[0].pk
    by_area = {key: value for key, value in cells_in(renewed.figures).items() if key[0] == counted.pk}
    assert (counted.pk, YEAR, area) not in by_area, "13 less the published 11 men is 2"


def test_a_delivery_that_is_accepted_hides_at_once(
    reports: Reports, world: World, counted: Indicator, client_as: Any
) -> None:
    """Without anybody renewing the chapter: page, text, table and paper are without the figure."""
    deliver(world, counted, FIRST)
    first = reports.edition(chapter_of(reports, counted), text="In Zentrum Nord sind es 9 Fälle.")
    url = f"/sozialbericht/musterkreis/kapitel/{first.chapter.slug}/"
    assert "9 Fälle" in Client().get(url).content.decode()
    deliver(world, counted, SMALL)
    secrets_store(reports.report)
    page = Client().get(url).content.decode()
    assert "9 Fälle" not in page
    table = Client().get(f"{url}?export=csv").content.decode("utf-8-sig")
    rows = [line for line in table.splitlines() if "Zentrum Nord" in line]
    assert rows
    assert all(";9;" not in line for line in rows)
    assert hidden_in_each(reports.report, [first])[first.pk] == hidden_in(first)
    assert Value.objects.filter(indicator=counted, value=9).exists(), "the figure itself is kept"


def test_accepting_a_delivery_looks_for_secrets(
    world: World, stages: Stages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes into force may make a published figure secret; a returned delivery changes nothing."""
    looked: list[object] = []
    monkeypatch.setattr(deliveries, "secrets_refresh", looked.append)
    request = stages.at_data().requests.get(organisation=world.jobcenter)
    for is_accepted in (False, True):
        user = world.fresh("jobcenter_head")
        delivery = factories.delivery(world.jobcenter, factories.full_values(request, world.areas), user)
        driver.deliver(request, delivery, user=user)
        driver.review(request, is_accepted=is_accepted, reason="Prüfen", user=world.fresh("planner"))
        assert looked == ([world.territory] if is_accepted else [])


def test_an_import_of_official_figures_looks_for_secrets(
    reports: Reports, world: World, counted: Indicator, tmp_path: Path
) -> None:
    """It brings figures into force without a delivery that anybody checks."""
    deliver(world, counted, FIRST)
    first = reports.edition(chapter_of(reports, counted))
    world.territory.ags = "05378"
    world.territory.save(update_fields=["ags"])
    path = tmp_path / "in.csv"
    rows = [f"{area.key};{YEAR};{count}" for area, count in zip(world.areas, SMALL, strict=True)]
    path.write_text("\n".join(["AGS;Jahr;cases", *rows]), encoding="utf-8")
    user = world.people["planner"].username
    call_command("import_values", path, territory="05378", supplier="Jugendamt", user=user)
    assert shown(first) == in_order(world, (None, None, 40, 50))


def test_the_timers_look_for_what_the_catalogue_makes_secret(
    reports: Reports, world: World, counted: Indicator
) -> None:
    """No figure comes into force then: the count had no people behind it, and now has."""
    Unit.objects.filter(pk=counted.unit_id).update(is_count=False)
    deliver(world, counted, SMALL)
    first = reports.edition(chapter_of(reports, counted))
    assert shown(first) == in_order(world, SMALL)
    secrets_follow_the_catalogue()
    Unit.objects.filter(pk=counted.unit_id).update(is_count=True)
    assert secrets_follow_the_catalogue() == 0, "looked a moment ago"
    with time_machine.travel(timezone.now() + SECRETS_EVERY):
        assert secrets_follow_the_catalogue() > 0
    assert None in shown(first)
