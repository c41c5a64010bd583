"""How the public reads a plan: words for judgements and states, notes on effect, feeds that are valid."""

from __future__ import annotations

import datetime
import xml.etree.ElementTree as ElementTree
from decimal import Decimal
from typing import Any

from django.test import Client
from django.urls import reverse

from measures.models import FigureKind, FigureLevel, KeyFigure, Measure, MeasureStatus
from measures.selectors.releases import PublicFigure, change_log, difference
from measures.services.releases import FIELDS
from tests import factories
from tests.factories import World
from tests.workflows.test_plan_public import release, report

D = datetime.date


def page(world: World, name: str, *args: Any, **query: str) -> str:
    address = reverse(f"workflows:public-plan{name}", args=[world.plan.pk, *args], query=query)
    return Client().get(address).content.decode()


def judged(world: World) -> Measure:
    measure = factories.measure(world.plan, world.youth_office)
    figure = measure.key_figures.get()
    figure.kind, figure.baseline = FigureKind.QUALITY, Decimal(0)
    figure.save()
    figure.targets.update(value=Decimal(3), wording="Das Netz trägt sich selbst")
    return measure


def test_judgements_are_told_in_words(world: World) -> None:
    judged(world)
    release(world, *FIELDS)
    html = page(world, "-figures")
    assert "nicht erreicht" in html
    assert "Das Netz trägt sich selbst" in html
    assert "3\xa0Personen" not in html
    assert ">0</text>" not in html, "nor is the axis of the chart in numbers"


def test_what_follows_an_indicator_says_that_change_is_no_proof(world: World) -> None:
    measure = factories.measure(world.plan, world.youth_office)
    indicator = world.indicators[0]
    measure.key_figures.update(indicator=indicator, area=world.areas[0], level=FigureLevel.OUTCOME)
    other = factories.measure(world.plan, world.youth_office)
    content = release(world, *FIELDS).content
    figures = {row["key"]: row["figures"][0] for row in content["measures"]}
    assert figures[measure.pk]["follows"] == {"indicator": indicator.name, "area": world.areas[0].name}
    assert "follows" not in figures[other.pk], "what was released before stays as it was"
    note = "beweist nicht, dass die Maßnahme"
    assert page(world, "-figures").count(note) == page(world, "-embed-figures").count(note) == 1


def test_no_colour_of_the_timeline_without_its_word(world: World) -> None:
    factories.measure(world.plan, world.youth_office, status=MeasureStatus.RUNNING, started_on=D(2026, 1, 1))
    factories.measure(world.plan, world.youth_office)
    release(world, "dates", "state")
    for name in ("-timeline", "-embed-timeline"):
        html = page(world, name)
        rows = html[html.index("<tbody>") : html.index("</tbody>")]
        assert rows.count("kern-badge") >= 2, name
        assert "pg-bars__legend" in html
    release(world, "dates")
    html = page(world, "-timeline")
    assert "kern-badge" not in html[html.index("<table") : html.index("</table>")]


def test_the_feed_has_an_author_who_is_no_person(world: World) -> None:
    factories.measure(world.plan, world.youth_office)
    release(world, *FIELDS, note="Erste")
    root = ElementTree.fromstring(page(world, "-feed"))
    space = "{http://www.w3.org/2005/Atom}"
    assert [row.text for row in root.iter(f"{space}name")] == [world.plan.territory.name]
    assert root.find(f"{space}updated") is not None


def test_no_name_of_a_person_is_public(world: World, client_as: Any) -> None:
    factories.measure(world.plan, world.youth_office)
    release(world, *FIELDS, note="Erste")
    release(world, "description", note="Zweite")
    names = {part for user in world.people.values() for part in (user.get_full_name(), user.email) if part}
    for name in (
        "",
        "-timeline",
        "-figures",
        "-changes",
        "-feed",
        "-data",
        "-embed-timeline",
        "-embed-figures",
    ):
        text = page(world, name)
        assert not [one for one in names if one in text], name


def test_changed_fields_are_named_in_one_order_on_every_database(world: World) -> None:
    """PostgreSQL keeps the keys of a stored text by length, SQLite as they came."""
    old = {
        "key": 1,
        "number": "1.1",
        "title": "A",
        "field": 1,
        "areas": [],
        "short_description": "",
        "stage": 1,
    }
    new = {
        "stage": 2,
        "areas": ["Mitte"],
        "short_description": "x",
        "field": 1,
        "title": "B",
        "number": "1.1",
    }
    for after in (new, dict(reversed(new.items()))):
        (row,) = difference({"measures": [old]}, {"measures": [{**after, "key": 1}]})
        told = [str(label) for label in row.fields]
        assert told == ["title", *(str(FIELDS[name]) for name in ("short_description", "areas", "stage"))]


def test_the_list_of_plans_keeps_the_language(world: World) -> None:
    factories.measure(world.plan, world.youth_office)
    release(world, *FIELDS)
    html = Client().get(reverse("workflows:public-plan-list"), {"lang": "en"}).content.decode()
    assert f"{reverse('workflows:public-plan', args=[world.plan.pk])}?lang=en" in html
    assert KeyFigure.objects.exists()
    assert change_log(world.plan)


def test_target_and_actual_of_a_day_stand_in_one_line(world: World) -> None:
    measure = factories.measure(world.plan, world.youth_office)
    figure = measure.key_figures.get()
    figure.targets.update(due_on=D(2026, 6, 30))
    figure.baseline_on = D(2025, 12, 31)
    figure.save()
    report(world, measure, 50)
    content = release(world, *FIELDS).content
    ((row,), *_rest) = [PublicFigure(told).rows for told in content["measures"][0]["figures"]]
    assert row == (D(2026, 6, 30), "100\xa0Personen", "50\xa0Personen", False)
