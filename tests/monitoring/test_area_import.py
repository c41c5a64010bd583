"""Areas from a file, changes of borders, inhabitants by year: rights both ways, all or nothing."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from monitoring.charts import Series, sparkline, time_chart
from monitoring.importers.geojson import read_geojson
from monitoring.models import Area, AreaKind, AreaPopulation, AreaSuccession, FileImport
from monitoring.selectors.area_plan import AreaMapping, AreaState, area_plan, guessed_mapping
from monitoring.selectors.areas import border_changes, broken_years
from monitoring.selectors.protection import base_of, places_around
from monitoring.services.area_history import succession_record, succession_remove
from monitoring.services.deliveries import delivery_accept
from monitoring.services.index import index_run_create
from project.common.errors import DomainError
from project.common.svg import Circle, Line, Text, to_svg
from stakeholders.models import LogEntry, User
from tests import factories
from tests.factories import World, geojson, square

ClientAs = Callable[[User], Client]
IMPORT = "/areas/import/"
CHANGES = "/areas/border-changes/"
DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
REAL = DATA / "nrw_boundaries" / "rheinisch_bergischer_kreis_gemeinden.geojson"
MAPPING = AreaMapping("ags", "name", AreaKind.SMALL_AREA)


def upload(client: Client, content: bytes, name: str = "gebiete.geojson", url: str = IMPORT) -> Any:
    return client.post(url, {"file": SimpleUploadedFile(name, content)})


def chosen(page: Any, **changed: str) -> dict[str, str]:
    data = {"key": "ags", "name": "name", "kind": "small_area", "source": "Amt", "valid_from": ""} | changed
    return data | {"seen": page.context["plan"].digest}


# --- Areas from a file ------------------------------------------------------------------------------


def test_areas_are_looked_at_and_taken_over(world: World, client_as: ClientAs) -> None:
    client = client_as(world.people["planner"])
    url = upload(client, geojson(square(5, 5), None)).url
    page = client.get(url)
    assert "<svg" in page.content.decode()
    assert dict(page.context["plan"].counts) == {AreaState.NEW: 2}
    assert Area.objects.count() == 4
    query = {"key": "ags", "name": "name", "kind": "small_area", "source": "Amt"}
    page = client.get(url, query)
    done = client.post(url, chosen(page, valid_from="2025-01-01"))
    assert done.status_code == 302
    new = Area.objects.get(key="05378901")
    assert (new.name, new.kind, new.geometry_source) == ("Teil 1", "small_area", "Amt")
    assert new.valid_from == datetime.date(2025, 1, 1)
    assert Area.objects.get(key="05378902").geometry is None
    entry = LogEntry.objects.get(action="areas.imported")
    assert entry.data["new_count"] == 2
    assert client.get(url).status_code == 404
    # The same file again would change nothing.
    again = client.get(upload(client, geojson(square(5, 5), None)).url, query)
    assert not again.context["plan"].changes_something


def test_a_long_name_of_umlauts_is_no_name_on_the_disk(world: World, client_as: ClientAs) -> None:
    client = client_as(world.people["planner"])
    assert upload(client, geojson(square(5, 5)), "ü" * 180 + ".geojson").status_code == 302


def test_one_fault_keeps_all_out(world: World, client_as: ClientAs) -> None:
    client = client_as(world.people["planner"])
    url = upload(client, geojson(square(5, 5), {"type": "Point", "coordinates": [7, 51]})).url
    page = client.get(url)
    assert [row.feature.number for row in page.context["changes"]] == [2, 1]
    assert b'name="seen"' not in page.content
    assert client.post(url, chosen(page)).status_code == 422
    assert Area.objects.count() == 4
    assert not LogEntry.objects.filter(action="areas.imported").exists()


def test_what_changed_meanwhile_is_shown_again(world: World, client_as: ClientAs) -> None:
    client = client_as(world.people["planner"])
    url = upload(client, geojson(square(5, 5))).url
    page = client.get(url)
    factories.area(world.territory, "Dazwischen", key="05378901")
    assert client.post(url, chosen(page)).status_code == 422
    assert Area.objects.get(key="05378901").name == "Dazwischen"


def test_a_file_that_is_none_is_not_kept(world: World, client_as: ClientAs) -> None:
    client = client_as(world.people["planner"])
    for content, name in ((b"", "a.geojson"), (b"%PDF", "a.geojson"), (b"a;b", "a.csv"), (b"{}", "a.json")):
        answer = upload(client, content, name)
        assert answer.status_code == 422
        assert answer.context["form"].errors["file"]
    assert not FileImport.objects.exists()


def test_other_territories_files_are_not_there(world: World, client_as: ClientAs) -> None:
    url = upload(client_as(world.people["planner"]), geojson(square(5, 5))).url
    for who in ("admin", "outsider"):
        assert client_as(world.people[who]).get(url).status_code == 404
    assert client_as(world.people["head"]).get(url).status_code == 403
    answer = client_as(world.people["outsider"]).get(f"/areas/?territory={world.territory.pk}")
    assert answer.context["territory"] == world.neighbour


def features(*rows: tuple[str, str], geometry: Any = None) -> Any:
    collection = [
        {"type": "Feature", "properties": {"ags": key, "name": name}, "geometry": geometry}
        for key, name in rows
    ]
    return read_geojson(json.dumps({"type": "FeatureCollection", "features": collection}).encode(), "a.json")


def states(world: World, rows: Any, mapping: AreaMapping = MAPPING) -> list[AreaState]:
    return [row.state for row in area_plan(world.territory, rows, mapping).changes]


def test_keys_of_every_length_meet_the_area_that_is_here(world: World) -> None:
    for number, key in enumerate(("05378004", "05378008", "05378012", "05378016")):
        Area.objects.filter(pk=world.areas[number].pk).update(key=key, name="Ort")
    rows = features(("053780004004", "Ort"), ("053780008", "Ort"), ("5378012", "Ort"), ("05378016", "Neu"))
    assert states(world, rows) == [AreaState.UNCHANGED] * 3 + [AreaState.CHANGED]


def test_faults_of_keys_and_names(world: World) -> None:
    factories.area(world.territory, "Das Land", key="05", kind=AreaKind.STATE)
    rows = features(
        ("", "A"), ("1", ""), ("2", "B"), ("2", "C"), ("05", "D"), ("9" * 21, "E"), ("3", "F" * 121)
    )
    plan = area_plan(world.territory, rows, MAPPING)
    assert [row.state for row in plan.changes] == [
        AreaState.FAULT,
        AreaState.FAULT,
        AreaState.NEW,
        *[AreaState.FAULT] * 4,
    ]
    assert all(row.fault for row in plan.changes if row.state is AreaState.FAULT)
    assert plan.untouched_count == 4


def test_new_areas_lie_in_the_one_their_key_begins_with(world: World) -> None:
    town = factories.area(world.territory, "Stadt", key="053780004004", kind=AreaKind.MUNICIPALITY)
    plan = area_plan(
        world.territory, features(("0537800407", "Quartier"), ("0537800801", "Anderswo")), MAPPING
    )
    assert [row.parent for row in plan.changes] == [town, None]


def test_boundaries_of_a_file_without_geometry_stay(world: World) -> None:
    area = world.areas[0]
    assert states(world, features((area.key, area.name))) == [AreaState.UNCHANGED]


@pytest.mark.skipif(not REAL.is_file(), reason="the real files are not part of the repository")
def test_properties_of_a_real_file_are_recognised(world: World) -> None:
    rows = read_geojson(REAL.read_bytes(), REAL.name)
    guessed = guessed_mapping(rows, AreaKind.SMALL_AREA)
    assert (guessed.key, guessed.name, guessed.kind) == ("AGS", "GEN", AreaKind.MUNICIPALITY)
    plan = area_plan(world.territory, rows, guessed)
    assert dict(plan.counts) == {AreaState.NEW: 8}
    assert "Burscheid" in {row.name for row in plan.changes}


def test_the_list_is_filtered_sorted_exported(world: World, client_as: ClientAs) -> None:
    Area.objects.filter(pk=world.areas[0].pk).update(geometry=None)
    former = factories.area(world.territory, "Früher", valid_until=datetime.date(2020, 12, 31))
    client = client_as(world.people["admin"])
    names = [row.name for row in client.get("/areas/?sort=-name").context["page_obj"]]
    assert names == sorted(names, reverse=True)
    assert former.name not in names
    assert [row.name for row in client.get("/areas/?state=former").context["page_obj"]] == ["Früher"]
    assert [row.name for row in client.get("/areas/?state=without&q=Zentrum").context["page_obj"]] == [
        "Zentrum Nord"
    ]
    assert "Altstadt" in client.get("/areas/?export=csv").content.decode("utf-8-sig")
    assert "/areas/" in client.get(reverse("stakeholders:organisation-list")).content.decode()


def test_the_list_costs_the_same_for_many(world: World, client_as: ClientAs) -> None:
    client = client_as(world.people["planner"])
    client.get("/areas/")
    costs = []
    for _round in range(2):
        with CaptureQueriesContext(connection) as queries:
            client.get("/areas/")
        costs.append(len(queries))
        for number in range(20):
            factories.area(world.territory, f"Weiteres {number}", parent=world.areas[0])
    assert costs[0] == costs[1]


# --- Changes of borders -----------------------------------------------------------------------------

DAY = datetime.date(2024, 1, 1)


def record(world: World, old: Area, new: Area, share: str = "1", who: str = "planner", **changed: Any) -> Any:
    given: dict[str, Any] = {"changed_on": DAY, "source": ""} | changed
    return succession_record(
        old=old,
        new=new,
        share=Decimal(share),
        territory=world.territory,
        user=world.people[who],
        **given,
    )


def test_an_area_whose_people_have_all_gone_ends(world: World) -> None:
    old, one, two, _rest = world.areas
    record(world, old, one, "0.6")
    old.refresh_from_db()
    assert old.valid_until is None
    record(world, old, two, "0.4")
    for row in (old, one):
        row.refresh_from_db()
    assert old.valid_until == datetime.date(2023, 12, 31)
    assert one.valid_from == DAY
    assert [change.day for change in border_changes(one)] == [DAY]
    assert broken_years(border_changes(one)) == {2024}
    assert LogEntry.objects.filter(action="succession.recorded").count() == 2


def test_a_change_taken_back_gives_the_days_back(world: World) -> None:
    old, one, two, _rest = world.areas
    changes = [record(world, old, one, "0.6"), record(world, old, two, "0.4")]
    for change in changes:
        succession_remove(succession=change, territory=world.territory, user=world.people["planner"])
    for row in (old, one, two):
        row.refresh_from_db()
    assert (old.valid_until, one.valid_from, two.valid_from) == (None, None, None)


def test_rules_of_changes(world: World) -> None:
    old, new, other, _rest = world.areas
    record(world, old, new, "0.7")
    for code, arguments in (
        ("recorded_already", (old, new, "0.1")),
        ("share_above_all", (old, other, "0.4")),
        ("same_area", (old, old, "0.1")),
        ("foreign_area", (old, factories.area(world.neighbour, "Nebenan"), "0.1")),
        ("other_level", (old, factories.area(world.territory, "K", kind=AreaKind.DISTRICT), "0.1")),
        ("invalid", (old, other, "0")),
    ):
        with pytest.raises(DomainError, match=code):
            record(world, *arguments)
    assert AreaSuccession.objects.count() == 1
    for who in ("head", "outsider"):
        with pytest.raises(PermissionDenied):
            record(world, other, new, who=who)
    row = AreaSuccession.objects.get()
    with pytest.raises(PermissionDenied):
        succession_remove(succession=row, territory=world.territory, user=world.people["head"])
    succession_remove(succession=row, territory=world.territory, user=world.people["admin"])
    assert not AreaSuccession.objects.exists()
    assert LogEntry.objects.filter(action="succession.removed").exists()


def test_changes_are_recorded_and_taken_back_in_the_browser(world: World, client_as: ClientAs) -> None:
    client = client_as(world.people["planner"])
    data = {
        "old": world.areas[0].pk,
        "new": world.areas[1].pk,
        "changed_on": "2024-01-01",
        "share_percent": "37,5",
        "source": "Ratsbeschluss",
    }
    assert client.post(CHANGES, data | {"share_percent": "0"}).status_code == 422
    assert client.post(CHANGES, data | {"new": world.areas[0].pk}).status_code == 422
    assert client.post(CHANGES, data).status_code == 302
    row = AreaSuccession.objects.get()
    assert row.share == Decimal("0.375")
    assert "37,5" in client.get(CHANGES).content.decode()
    delete = reverse("monitoring:succession-delete", args=[row.pk])
    assert client_as(world.people["head"]).post(delete).status_code == 403
    assert client_as(world.people["outsider"]).post(delete).status_code == 404
    assert client.post(delete).status_code == 302
    assert not AreaSuccession.objects.exists()


def test_a_line_begins_anew_where_borders_changed() -> None:
    values = tuple((year, float(year)) for year in range(2020, 2026))

    def lines(breaks: frozenset[int], years: Any = values) -> int:
        chart = time_chart(Series("A", years, breaks), title="", description="")
        return sum("pg-line" in getattr(shape, "css", "") for shape in chart.drawing.shapes)

    def marks(breaks: frozenset[int], years: Any = values) -> tuple[list[str], list[str]]:
        chart = time_chart(Series("A", years, breaks), title="", description="")
        words = [shape.text for shape in chart.drawing.shapes if isinstance(shape, Text)]
        return (
            [entry.text for entry in chart.legend if entry.css == "pg-break"],
            [text for text in words if "Gebietsänderung" in text],
        )

    assert marks(frozenset()) == marks(frozenset({2010, 2020})) == ([], [])
    assert marks(frozenset({2023})) == (["Gebietsänderung 2023"], ["Gebietsänderung 2023"])
    assert marks(frozenset({2022, 2024}))[0] == ["Gebietsänderung 2022, 2024"]
    chart = time_chart(Series("A", values, frozenset({2023})), title="", description="")
    assert [row[0] for row in chart.rows if "Gebiet" in row[0]] == ["2023 (Gebietsänderung)"]
    # The mark stands between the years, at the same place in page, picture and paper.
    (line,) = [row for row in chart.drawing.shapes if isinstance(row, Line) and row.css == "pg-break"]
    dots = [row for row in chart.drawing.shapes if isinstance(row, Circle)]
    assert line.x1 == line.x2 == pytest.approx((dots[2].x + dots[3].x) / 2)
    assert "pg-break" in to_svg(chart.drawing)
    assert "pg-break" in to_svg(sparkline(Series("A", values, frozenset({2023}))))

    assert lines(frozenset()) == 1
    assert lines(frozenset({2023})) == 2
    assert lines(frozenset({2010, 2020})) == 1  # nothing before to compare with
    gap = tuple(row for row in values if row[0] != 2023)
    assert lines(frozenset({2023}), gap) == 2


def test_the_break_is_told_on_the_pages(world: World, client_as: ClientAs) -> None:
    rate, (old, new, *_rest) = world.indicators[0], world.areas
    figures = {(rate, new, year): float(year - 2000) for year in range(2020, 2026)}
    delivery_accept(
        factories.delivery(world.youth_office, figures, world.people["head"]), user=world.people["planner"]
    )
    record(world, old, new, "0.25")
    client = client_as(world.people["head"])
    for url in (
        reverse("monitoring:area-detail", args=[new.pk]),
        f"{reverse('monitoring:indicator-detail', args=[rate.pk])}?area={new.pk}",
        f"{reverse('monitoring:atlas')}?show={rate.key}&area={new.pk}",
    ):
        text = client.get(url).content.decode()
        assert "01.01.2024" in text, url
        assert old.name in text
        assert "pg-break" in text, url
    assert "01.01.2024" in client.get(
        reverse("monitoring:area-detail", args=[new.pk]), {"export": "csv"}
    ).content.decode("utf-8-sig")


# --- Inhabitants ------------------------------------------------------------------------------------


def test_secrecy_and_index_use_the_inhabitants_of_the_year(world: World) -> None:
    rate, area = world.indicators[0], world.areas[0]
    AreaPopulation.objects.create(area=area, year=2024, count=50)
    places = places_around([area])
    assert base_of(rate, 2024, area.pk, {}, places) == 50
    assert base_of(rate, 2023, area.pk, {}, places) == 2000
    figures = {(rate, row, 2024): 10.0 + number for number, row in enumerate(world.areas)}
    figures |= {(rate, row, 2023): 10.0 + number for number, row in enumerate(world.areas)}
    delivery_accept(
        factories.delivery(world.youth_office, figures, world.people["head"]), user=world.people["planner"]
    )
    left_out = {}
    for year in (2023, 2024):
        run = index_run_create(
            territory=world.territory,
            year=year,
            indicators=[rate],
            border=Decimal(1),
            user=world.people["planner"],
            minimum_population=300,
        )
        rows = run.results.filter(is_included=False)
        left_out[year] = list(rows.values_list("area__name", "reason"))
    assert left_out == {2023: [], 2024: [(area.name, "population")]}
