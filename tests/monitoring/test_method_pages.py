"""Pages of index methods and of two runs side by side: forms, refusals, words, files."""

from __future__ import annotations

import csv
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from monitoring.catalogue.ready import ready_file
from monitoring.method_form import MethodForm
from monitoring.methods import read_method
from monitoring.models import Area, IndexMethod, IndexRun, Indicator, Value
from monitoring.presets import BY_KEY
from monitoring.secrecy import Shown
from monitoring.selectors.run_comparison import _cell_words, compared
from monitoring.selectors.runs import RunCell, run_table
from monitoring.services.deliveries import delivery_accept
from monitoring.services.index import index_run_by_rules, index_run_create
from monitoring.services.methods import index_method_change, index_method_create
from stakeholders.models import User
from tests import factories
from tests.factories import World
from tests.monitoring.catalogue import take_over

ClientAs = Callable[[User], Client]
CREATE = "/index-methods/create/"


def in_force(world: World, values: dict[tuple[Indicator, Area, int], float | None]) -> None:
    delivery = factories.delivery(world.youth_office, values, world.people["head"])
    delivery_accept(delivery, user=world.people["planner"])


@pytest.fixture
def planner(world: World) -> User:
    return world.fresh("planner")


@pytest.fixture
def figures(world: World) -> None:
    """Unemployment 2, 4, 6, 8 and childcare 60, 50, 40, 30."""
    values: dict[tuple[Indicator, Area, int], float | None] = {}
    for number, area in enumerate(world.areas, start=1):
        values[world.indicators[0], area, 2024] = 2.0 * number
        values[world.indicators[1], area, 2024] = 70.0 - 10 * number
    in_force(world, values)


def compute(world: World, **kwargs: Any) -> IndexRun:
    defaults: dict[str, Any] = {
        "territory": world.territory,
        "year": 2024,
        "indicators": world.indicators[:2],
        "border": Decimal("1.00"),
        "user": world.people["planner"],
    }
    return index_run_create(**(defaults | kwargs))


def method(world: World, name: str = "Armutsindex", **changes: Any) -> IndexMethod:
    content = BY_KEY["siegen"].content() | {
        "indicator": [{"column": row.key} for row in world.indicators[:2]]
    }
    return index_method_create(
        territory=world.territory, name=name, content=content | changes, user=world.people["planner"]
    )


def sent(world: World, **changes: Any) -> dict[str, Any]:
    """What the browser sends from the form."""
    first, second = (row.pk for row in world.indicators[:2])
    return {
        "name": "Unser Index",
        "note": "",
        "indicator_scale": "z",
        "reference": "population",
        "domain_aggregate": "sum",
        "domain_scale": "none",
        "index_aggregate": "mean",
        "index_scale": "z",
        "domain_weights": "Arbeit: 2",
        "class_method": "sd",
        "borders": "−1; 1,5",
        "labels": "gering\nmittel\nhoch",
        "dynamics_borders": "",
        "dynamics_labels": "",
        "stands_out": "",
        "missing_policy": "last_value",
        "minimum_share": "80",
        "minimum_population": "1.000",
        f"use-{first}": "on",
        f"part-{first}": "status",
        f"domain-{first}": "Arbeit",
        f"direction-{first}": "more_need",
        f"weight-{first}": "1,5",
        f"use-{second}": "on",
        f"part-{second}": "status",
        f"domain-{second}": "Familie",
        f"direction-{second}": "less_need",
        f"weight-{second}": "1",
    } | changes


@pytest.mark.usefixtures("figures")
def test_a_method_is_saved_from_the_form(world: World, planner: User, client_as: ClientAs) -> None:
    client = client_as(planner)
    page = client.post(CREATE, sent(world))
    made = IndexMethod.objects.get()
    assert page.status_code == 302
    assert page.headers["Location"] == reverse("monitoring:method-detail", args=[made.pk])
    first, second = world.indicators[:2]
    assert made.content == {
        "indicator": [
            {"column": second.key, "direction": "less_need", "weight": 1.0, "domain": "Familie"},
            {"column": first.key, "direction": "more_need", "weight": 1.5, "domain": "Arbeit"},
        ],
        "levels": {
            "indicator": {"normalise": "z", "reference": "population"},
            "domain": {"aggregate": "sum", "normalise": "none"},
            "index": {"aggregate": "mean", "normalise": "z"},
        },
        "classes": {"method": "sd", "borders": [-1.0, 1.5], "labels": ["gering", "mittel", "hoch"]},
        "missing_policy": "last_value",
        "minimum_share": 0.8,
        "population": {"minimum": 1000},
        "domain": [{"key": "Arbeit", "weight": 2.0}],
    }
    shown = client.get(page.headers["Location"]).content.decode()
    for text in ("Unser Index", "gering | −1,00 | mittel | 1,50 | hoch", "Arbeit: 2,00", "80"):
        assert text in shown


@pytest.mark.usefixtures("figures")
def test_a_method_with_dynamics(world: World, planner: User, client_as: ClientAs) -> None:
    second = world.indicators[1].pk
    changes = {
        f"part-{second}": "dynamics",
        "dynamics_borders": "0",
        "dynamics_labels": "besser\nschlechter",
        "stands_out": "hoch / schlechter",
        "domain_weights": "",
    }
    assert client_as(planner).post(CREATE, sent(world, **changes)).status_code == 302
    content = IndexMethod.objects.get().content
    assert [row["column"] for row in content["dynamics"]["indicator"]] == [world.indicators[1].key]
    assert content["stands_out"] == ["hoch / schlechter"]


@pytest.mark.usefixtures("figures")
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "Dieses Feld"),
        ({"borders": "1; -1"}, "müssen aufsteigen"),
        ({"borders": "1; zwei"}, "durch Semikolon getrennt"),
        ({"borders": "1; 100"}, "zwischen −100 und 100"),
        ({"labels": "gering\nhoch"}, "ein Name mehr sein"),
        ({"class_method": "quantile"}, "Anteile liegen zwischen 0 und 1"),
        ({"stands_out": "ganz hoch"}, "Eine Klasse „ganz hoch“ gibt es nicht"),
        ({"domain_weights": "Arbeit"}, "Name: Gewicht"),
        ({"domain_weights": "Bildung: 2"}, "Im Themenbereich „Bildung“ ist kein Indikator"),
        ({"minimum_share": "200"}, "100"),
        ({"missing_policy": "zero"}, "zero"),
    ],
)
def test_what_makes_no_sense_is_said_at_its_field(
    world: World, planner: User, client_as: ClientAs, changes: dict[str, str], words: str
) -> None:
    page = client_as(planner).post(CREATE, sent(world, **changes))
    assert page.status_code == 422
    assert words in page.content.decode()
    assert not IndexMethod.objects.exists()


@pytest.mark.usefixtures("figures")
def test_indicators_are_needed_and_domains_for_all_or_none(
    world: World, planner: User, client_as: ClientAs
) -> None:
    first, second = (row.pk for row in world.indicators[:2])
    client = client_as(planner)
    without = sent(world)
    del without[f"use-{first}"], without[f"use-{second}"]
    assert "mindestens einen Indikator" in client.post(CREATE, without).content.decode()
    half = sent(world, **{f"domain-{second}": ""})
    assert "jedem Indikator einen Themenbereich oder keinem" in client.post(CREATE, half).content.decode()
    assert not IndexMethod.objects.exists()


@pytest.mark.usefixtures("figures")
def test_a_name_is_given_once(world: World, planner: User, client_as: ClientAs) -> None:
    method(world, "Unser Index")
    page = client_as(planner).post(CREATE, sent(world))
    assert page.status_code == 422
    assert "gibt es schon" in page.content.decode()


@pytest.mark.usefixtures("figures")
@pytest.mark.parametrize("preset", ["rbk", "mss", "siegen", "svi", "nonsense"])
def test_a_new_method_begins_with_a_published_one(
    world: World, planner: User, client_as: ClientAs, preset: str
) -> None:
    page = client_as(planner).get(CREATE, {"preset": preset})
    assert page.status_code == 200
    form = page.context["form"]
    assert form.initial["class_method"] == ("quantile" if preset == "svi" else "sd")
    first, second = (form.initial[f"use-{row.pk}"] for row in world.indicators[:2])
    assert (first, second) == {"mss": (False, False), "siegen": (True, False)}.get(preset, (True, True))


def published(world: World, key: str) -> dict[str, Indicator]:
    """The indicators of a ready set with figures in all areas."""
    take_over(world, key)
    keys = ready_file(key).entries["sets"][key]["indicators"]
    rows = {row.key: row for row in Indicator.objects.filter(key__in=keys)}
    values = {
        (rows[name], area, 2024): float(place * number + number**2)
        for place, name in enumerate(keys, start=1)
        for number, area in enumerate(world.areas, start=1)
    }
    in_force(world, values)
    return rows


def as_opened(form: MethodForm) -> dict[str, Any]:
    """What the browser sends of a form nobody changed."""
    return {
        field.html_name: "on" if field.value() is True else field.value()
        for field in form
        if field.value() not in {None, False}
    }


@pytest.mark.parametrize(
    ("preset", "key"),
    [("rbk", "rheinisch-bergischer-kreis"), ("siegen", "siegen"), ("mss", "berlin-mss"), ("svi", "siegen")],
)
def test_a_template_with_its_figures_is_saved_and_computed_as_it_opens(
    world: World, planner: User, client_as: ClientAs, preset: str, key: str
) -> None:
    rows = published(world, key)
    Area.objects.update(population=5_000)
    client, url = client_as(planner), f"{CREATE}?preset={preset}"
    page = client.get(url)
    assert not page.context["fit"].missing
    assert "kann so gespeichert werden" in page.content.decode()
    saved = client.post(url, as_opened(page.context["form"]))
    assert saved.status_code == 302, saved.context["form"].errors
    made = IndexMethod.objects.get()
    assert made.name.endswith(str(BY_KEY[preset].name))
    dynamics = {row["column"] for row in made.content.get("dynamics", {}).get("indicator", [])}
    assert dynamics == ({"mss_d1", "mss_d3", "mss_d4"} if preset == "mss" else set())
    assert {row["column"] for row in made.content["indicator"]} | dynamics == set(rows)
    run = index_run_by_rules(
        territory=world.territory, year=2024, content=made.content, method=made, user=planner
    )
    assert run.results.filter(is_included=True).count() == len(world.areas)
    assert client.get(url).context["form"].initial["name"] == f"{made.name} 2"


def test_a_template_says_what_it_lacks(world: World, planner: User, client_as: ClientAs) -> None:
    """Of Siegen's four the Kreis has one under its own name, of Berlin's six nothing but the status."""
    rows = published(world, "berlin-mss")
    Value.objects.filter(indicator__key__startswith="mss_d").update(is_current=False)
    in_force(world, {(world.indicators[0], area, 2024): 1.0 * area.pk for area in world.areas})
    client = client_as(planner)
    page = client.get(CREATE, {"preset": "siegen"})
    assert page.context["form"].initial[f"use-{world.indicators[0].pk}"] is True
    assert len(page.context["fit"].missing) == 3
    assert "Alleinerziehende" in page.content.decode()
    page = client.get(CREATE, {"preset": "mss"})
    assert page.context["fit"].missing == [rows[name].name for name in ("mss_d1", "mss_d3", "mss_d4")]
    assert client.post(CREATE + "?preset=mss", as_opened(page.context["form"])).status_code == 302
    content = IndexMethod.objects.get().content
    assert "dynamics" not in content
    assert read_method(content).outstanding == ("sehr niedrig",)


@pytest.mark.usefixtures("figures")
def test_a_change_of_a_used_method_becomes_a_version(
    world: World, planner: User, client_as: ClientAs
) -> None:
    made = method(world)
    run = index_run_by_rules(
        territory=world.territory, year=2024, content=made.content, method=made, user=planner
    )
    client = client_as(planner)
    url = reverse("monitoring:method-change", args=[made.pk])
    assert "wird eine neue Fassung" in client.get(url).content.decode()
    page = client.post(url, sent(world))
    latest = IndexMethod.objects.latest("pk")
    assert (latest.version, latest.name) == (2, "Armutsindex")
    assert page.headers["Location"] == reverse("monitoring:method-detail", args=[latest.pk])
    old = client.get(reverse("monitoring:method-detail", args=[made.pk])).content.decode()
    assert "Es gibt eine Fassung 2" in old
    assert reverse("monitoring:run-detail", args=[run.pk]) in old
    assert "Zurücklegen" not in old
    shown = client.get(reverse("monitoring:run-detail", args=[run.pk])).content.decode()
    assert reverse("monitoring:method-detail", args=[made.pk]) in shown
    assert "Klassen" in shown


@pytest.mark.usefixtures("figures")
def test_who_changes_an_older_state_is_shown_the_newer_one_first(
    world: World, planner: User, client_as: ClientAs
) -> None:
    made = method(world)
    client = client_as(planner)
    url = reverse("monitoring:method-change", args=[made.pk])
    opened = client.get(url).context["opened"]
    assert client.post(url, sent(world, note="von der Kollegin", opened=opened)).status_code == 302
    stale = client.post(url, sent(world, note="von mir", opened=opened))
    assert stale.status_code == 422
    text = stale.content.decode()
    assert "von der Kollegin" in text
    assert "von mir" in text
    assert IndexMethod.objects.get().note == "von der Kollegin"
    assert client.post(url, sent(world, note="von mir", opened=stale.context["opened"])).status_code == 302
    assert IndexMethod.objects.get().note == "von mir"


def test_putting_aside(world: World, planner: User, client_as: ClientAs) -> None:
    made = method(world)
    client = client_as(planner)
    url = reverse("monitoring:method-set-aside", args=[made.pk])
    assert client.get(url).status_code == 405
    assert client_as(world.fresh("head")).post(url).status_code == 403
    assert client_as(world.fresh("outsider")).post(url).status_code == 404
    assert IndexMethod.objects.get().is_offered
    assert client.post(url).status_code == 302
    assert not IndexMethod.objects.get().is_offered
    page = client.get(reverse("monitoring:method-list"))
    assert [row.pk for row in page.context["earlier"]] == [made.pk]


def test_the_list_costs_the_same_for_many_methods(world: World, planner: User, client_as: ClientAs) -> None:
    client, url = client_as(planner), reverse("monitoring:method-list")
    method(world)
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for number in range(12):
        method(world, f"Verfahren {number}")
    with CaptureQueriesContext(connection) as many:
        page = client.get(url)
    assert len(page.context["methods"]) == 13
    assert len(many) == len(few)


# --- Two runs -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("figures")
def test_who_moved_and_why(world: World) -> None:
    """The first area rises from rank 4 to 2 by its own unemployment; the others by nothing of their own."""
    before = compute(world)
    in_force(world, {(world.indicators[0], world.areas[0], 2024): 9.0})
    after = compute(world)
    found = compared(run_table(before), run_table(after))
    assert not found.rules
    assert len(found.notes) == 1
    moved = next(row for row in found.moves if row.area == world.areas[0])
    assert moved.before is not None
    assert moved.after is not None
    assert (moved.before.rank, moved.after.rank) == (4, 3)
    assert moved.places == 1
    first = moved.changes[0]
    assert first.indicator == world.indicators[0]
    assert (first.before.shown.value, first.after.shown.value) == (2.0, 9.0)
    for move in found.moves:
        parts = [row.change for row in move.changes]
        assert None not in parts
        assert sum(part for part in parts if part is not None) == pytest.approx(move.change)


@pytest.mark.usefixtures("figures")
def test_rules_indicators_and_weights_that_differ_are_told(world: World) -> None:
    made = method(world)
    before = index_run_by_rules(
        territory=world.territory, year=2024, content=made.content, method=made, user=world.people["planner"]
    )
    content = made.content | {
        "indicator": [{"column": world.indicators[0].key, "weight": 3}],
        "population": {"minimum": 5},
    }
    changed = index_method_change(made, content=content, user=world.people["planner"])
    after = index_run_by_rules(
        territory=world.territory, year=2024, content=content, method=changed, user=world.people["planner"]
    )
    found = compared(run_table(before), run_table(after))
    assert [row[2] for row in found.rules] == ["5"]
    words = {row.indicator.pk: row.why for row in found.moves[0].changes}
    assert "3,00" in words[world.indicators[0].pk]
    assert words[world.indicators[1].pk]
    gone = next(row for row in found.moves[0].changes if row.indicator == world.indicators[1])
    assert gone.part_after is None


@pytest.mark.usefixtures("figures")
def test_the_page_of_a_comparison(world: World, planner: User, client_as: ClientAs) -> None:
    before = compute(world)
    in_force(world, {(row, world.areas[0], 2024): 90.0 for row in world.indicators[:1]})
    in_force(world, {(world.indicators[1], world.areas[0], 2024): 1.0})
    after = compute(world, minimum_population=1)
    client, url = client_as(planner), reverse("monitoring:run-compare", args=[after.pk])
    shown = client.get(reverse("monitoring:run-detail", args=[before.pk])).content.decode()
    assert reverse("monitoring:run-compare", args=[before.pk]) in shown
    page = client.get(url)
    assert page.context["other"] == before  # the latest earlier one
    shown = page.content.decode()
    for text in ("Wer hat sich bewegt", "jetzt auffällig", "der eigene Wert hat sich geändert", "vorher"):
        assert text in shown
    assert "Vorlage „Rheinisch-Bergischer Kreis“" in shown, "a template, not the name of a district"
    assert "wenn Werte fehlen: das Gebiet nicht einbeziehen" in shown
    only = client.get(url, {"with": before.pk, "only": "outstanding"}).context["page_obj"]
    assert {row.stands_out != "" for row in only} == {True}
    assert client.get(url, {"with": "nonsense", "only": "x", "page": "y"}).status_code == 200
    table = client.get(url, {"export": "csv"}).content.decode("utf-8-sig")
    assert "Rang vorher" in table
    assert world.areas[0].name in table
    reasons = client.get(url, {"why": "csv"}).content.decode("utf-8-sig")
    assert "Veränderung des Anteils" in reasons
    assert reasons.count(world.areas[0].name) == 2
    assert client.get(url, {"export": "xlsx"}).status_code == 200


@pytest.mark.usefixtures("figures")
def test_without_a_second_run_the_page_says_so(world: World, planner: User, client_as: ClientAs) -> None:
    made = compute(world)
    page = client_as(planner).get(reverse("monitoring:run-compare", args=[made.pk]))
    assert page.status_code == 200
    assert "Es gibt keine andere Berechnung" in page.content.decode()
    shown = client_as(planner).get(reverse("monitoring:run-detail", args=[made.pk])).content.decode()
    assert reverse("monitoring:run-compare", args=[made.pk]) not in shown


@pytest.mark.usefixtures("figures")
def test_runs_that_were_only_tried_are_no_choice_for_others(world: World, client_as: ClientAs) -> None:
    made, _other = compute(world), compute(world)
    url = reverse("monitoring:run-compare", args=[made.pk])
    assert client_as(world.fresh("head")).get(url).status_code == 404
    assert client_as(world.fresh("outsider")).get(url).status_code == 404


@pytest.mark.usefixtures("figures")
def test_secret_figures_are_secret_here_too(world: World, planner: User, client_as: ClientAs) -> None:
    """1 % of 100 inhabitants is one person: neither figure nor part is told, in page and file."""
    Area.objects.filter(pk=world.areas[0].pk).update(population=100)
    Value.objects.filter(area=world.areas[0], indicator=world.indicators[0]).update(value=1.0)
    compute(world)
    after = compute(world, border=Decimal("1.20"))
    url = reverse("monitoring:run-compare", args=[after.pk])
    found = client_as(planner).get(url).context["found"]
    cells = [
        row
        for move in found.moves
        for row in move.changes
        if move.area == world.areas[0] and row.indicator == world.indicators[0]
    ]
    assert [(row.change, row.after.shown.value) for row in cells] == [(None, None)]
    reasons = client_as(planner).get(url, {"why": "csv"}).content.decode("utf-8-sig")
    line = next(
        text
        for text in reasons.splitlines()
        if world.areas[0].name in text and world.indicators[0].name in text
    )
    assert "geheim" in line
    assert not any(mark in line for mark in ("1,0", "1.0"))


@pytest.mark.usefixtures("figures")
def test_a_domain_does_not_tell_a_secret_figure(world: World, planner: User, client_as: ClientAs) -> None:
    """A domain of one indicator is its deviation: not told where the figure is secret."""
    Area.objects.filter(pk=world.areas[0].pk).update(population=100)
    Value.objects.filter(area=world.areas[0], indicator=world.indicators[0]).update(value=1.0)
    columns = [
        {"column": row.key, "domain": name}
        for row, name in zip(world.indicators[:2], ("Arbeit", "Familie"), strict=True)
    ]
    made = method(world, indicator=columns)
    run = index_run_by_rules(
        territory=world.territory, year=2024, content=made.content, method=made, user=planner
    )
    table = run_table(run)
    rows = {row.area_id: row for row in table.results}
    told = {pk: table.domain_number(row, "Arbeit") is not None for pk, row in rows.items()}
    assert told == {area.pk: area != world.areas[0] for area in world.areas}
    assert table.domain_number(rows[world.areas[0].pk], "Familie") is not None
    url = reverse("monitoring:run-detail", args=[run.pk])
    text = client_as(planner).get(url, {"export": "csv"}).content.decode("utf-8-sig")
    lines = list(csv.reader(text.splitlines(), delimiter=";"))
    heads = next(line for line in lines if "Familie" in line)
    line = next(line for line in lines if world.areas[0].name in line)
    assert line[heads.index("Arbeit")] == ""
    assert line[heads.index("Familie")] != ""


@pytest.mark.usefixtures("figures")
def test_a_comparison_costs_the_same_for_many_areas(world: World, planner: User, client_as: ClientAs) -> None:
    compute(world)
    client, url = client_as(planner), reverse("monitoring:run-compare", args=[compute(world).pk])
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    more = [factories.area(world.territory, f"Ortsteil {number}") for number in range(15)]
    in_force(world, {(row, area, 2024): 5.0 for row in world.indicators[:2] for area in more})
    later = reverse("monitoring:run-compare", args=[compute(world).pk])
    with CaptureQueriesContext(connection) as many:
        client.get(later)
    assert len(many) == len(few)


@pytest.mark.usefixtures("figures")
def test_an_area_tells_what_drives_the_run_asked_for(
    world: World, planner: User, client_as: ClientAs
) -> None:
    """A run that planning only tried is shown to planning alone."""
    made = compute(world)
    url = reverse("monitoring:area-detail", args=[world.areas[3].pk])
    page = client_as(planner).get(url, {"run": made.pk})
    assert page.context["run"] == made
    assert {row.indicator for row in page.context["drivers"]} == set(world.indicators[:2])
    shown = page.content.decode()
    assert "Was den Index hier bestimmt" in shown
    assert "Klassengrenze" not in shown  # 0,34 standard deviations away
    for person, query in (("head", str(made.pk)), ("planner", "nonsense"), ("planner", "99999")):
        assert client_as(world.fresh(person)).get(url, {"run": query}).context["run"] is None


@pytest.mark.usefixtures("figures")
def test_runs_older_than_saved_rules_can_be_read_and_compared(
    world: World, planner: User, client_as: ClientAs
) -> None:
    """They have no content: their rules are put together from what they kept, nothing is reckoned anew."""
    old = factories.index_run(world.territory, world.areas, world.indicators[:2], planner)
    new = compute(world, border=Decimal("1.50"))
    client = client_as(planner)
    shown = client.get(reverse("monitoring:run-detail", args=[old.pk])).content.decode()
    assert "unauffällig | 1,00 | auffällig" in shown
    page = client.get(reverse("monitoring:run-compare", args=[new.pk]), {"with": old.pk})
    assert [(row[1], row[2]) for row in page.context["found"].rules] == [
        (
            "unauffällig | 1,00 | auffällig (Grenzen in Standardabweichungen vom Mittel)",
            "unauffällig | 1,50 | auffällig (Grenzen in Standardabweichungen vom Mittel)",
        )
    ]
    old.refresh_from_db()
    assert (old.content, old.method, old.variants) == ({}, "deviation_sum_v1", None)


def test_what_took_the_place_of_a_missing_figure_is_no_correction() -> None:
    own, last = RunCell(Shown(7.0), 0.5, 0.1), RunCell(Shown(7.5), 0.6, 0.2, "last earlier figure", year=2021)
    mean = RunCell(Shown(8.0), 0.7, 0.3, "mean of the neighbours")
    filled = "a missing figure was filled in another way"
    with override("en"):
        assert _cell_words(last, mean, has_other_rules=True) == filled
        assert _cell_words(mean, own, has_other_rules=False) == "figure known now, filled before"
        assert _cell_words(own, last, has_other_rules=False) == "figure missing now, filled instead"
        assert _cell_words(own, RunCell(Shown(7.1), 0.5), has_other_rules=False) == "its own figure changed"
        assert _cell_words(last, last, has_other_rules=False) == "unchanged"


def test_a_rule_that_one_of_two_runs_does_not_have_is_told_in_words(world: World, figures: None) -> None:
    """Percentile ranks deviate from no mean: no dash that looks like a missing figure."""
    ranks = BY_KEY["svi"].content() | {
        "indicator": [{"column": row.key, "domain": "Alle"} for row in world.indicators[:2]]
    }
    by_ranks = index_run_by_rules(
        territory=world.territory, year=2024, content=ranks, user=world.people["planner"]
    )
    with override("en"):
        rules = {row[0]: row[1:] for row in compared(run_table(compute(world)), run_table(by_ranks)).rules}
    assert rules["Deviation from"] == ("the mean of all areas, each counted once", "does not apply here")
    assert rules["Indicators of a domain"][0] == "does not apply here"
    assert "–" not in {words for pair in rules.values() for words in pair}
