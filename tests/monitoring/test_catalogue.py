"""The catalogue: taking files and ready sets over, the list, the commands."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from monitoring.catalogue import read_catalogue, write_catalogue
from monitoring.catalogue.ready import READY_SETS, ready_file
from monitoring.models import Domain, Indicator, IndicatorSet, Unit
from monitoring.selectors.catalogue import catalogue_entries
from monitoring.selectors.catalogue_plan import Existing, State, catalogue_plan
from monitoring.services.catalogue import catalogue_take_over
from project.common.errors import DomainError
from stakeholders.models import LogEntry, User
from tests import factories
from tests.factories import World
from tests.monitoring.catalogue import edit, snapshot, take_over
from tests.monitoring.test_catalogue_file import content

ClientAs = Callable[[User], Client]
LIST = "/indicators/"


# --- Taking over ------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", READY_SETS)
def test_a_ready_set_is_loaded_once(world: World, key: str) -> None:
    take_over(world, key)
    loaded = snapshot()
    members = IndicatorSet.objects.get(key=key).entries.values_list("indicator__key", flat=True)
    assert tuple(members) == ready_file(key).entries["sets"][key]["indicators"]
    logged = LogEntry.objects.filter(action="catalogue.imported")
    assert logged.count() == 1
    plan = take_over(world, key)
    assert [state for state, _count in plan.counts] == [State.UNCHANGED]
    assert snapshot() == loaded
    assert logged.count() == 1


def test_own_export_changes_nothing(world: World) -> None:
    for key in READY_SETS:
        take_over(world, key)
    persons = factories.unit("persons", "Personen", is_count=True, decimals=0)
    base = factories.indicator("inhabitants", unit=persons)
    Indicator.objects.filter(key="siegen_sgb2_rate").update(
        denominator=base, first_year=2010, last_year=2024, minimum_base=30, is_active=False, is_example=True
    )
    exported = snapshot()
    file = read_catalogue(exported)
    assert file.problems == []
    plan = catalogue_plan(file, existing=Existing.UPDATE, user=world.people["planner"])
    assert [state for state, _count in plan.counts] == [State.UNCHANGED]

    # And an empty installation gets the very same catalogue from it.
    IndicatorSet.objects.all().delete()
    Indicator.objects.update(denominator=None)
    for model in (Indicator, Domain):
        model.objects.all().delete()
    Unit.objects.filter(key__in=file.entries["units"]).delete()
    catalogue_take_over(
        file=file,
        existing=Existing.UPDATE,
        origin={},
        territory=world.territory,
        user=world.people["planner"],
    )
    assert snapshot() == exported


def test_entries_that_differ_are_kept_or_changed(world: World) -> None:
    take_over(world, "siegen")
    Indicator.objects.filter(key="siegen_sgb2_rate").update(limits="Unsere eigene Warnung.")
    plan = take_over(world, "siegen", Existing.KEEP)
    assert dict(plan.counts)[State.KEPT] == 1
    assert Indicator.objects.get(key="siegen_sgb2_rate").limits == "Unsere eigene Warnung."
    plan = take_over(world, "siegen", Existing.UPDATE, reason="Vereinbart")
    (change,) = [row for row in plan.changes if row.state is State.CHANGED]
    (field,) = change.fields
    assert (field.name, field.old) == ("limits", "Unsere eigene Warnung.")
    assert Indicator.objects.get(key="siegen_sgb2_rate").limits == field.new


def test_a_unit_with_figures_behind_it_is_a_conflict(world: World) -> None:
    rate = world.indicators[0]
    factories.delivery(world.youth_office, {(rate, world.areas[0], 2024): 5.0}, world.people["head"])
    entries = catalogue_entries()
    entries["units"]["euro"] = {"symbol_de": "€", "symbol_en": "€"}
    entries["indicators"][rate.key] = entries["indicators"][rate.key] | {"unit": "euro", "source": "Neu"}
    entries["indicators"]["new"] = entries["indicators"][rate.key]
    file = read_catalogue(write_catalogue(entries))
    before = snapshot()
    plan = catalogue_plan(file, existing=Existing.UPDATE, user=world.people["planner"])
    assert dict(plan.counts) == {State.CONFLICT: 1, State.NEW: 2, State.UNCHANGED: 4}
    arguments: dict[str, Any] = {"file": file, "origin": {}, "territory": world.territory}
    with pytest.raises(DomainError, match="catalogue_has_errors"):
        catalogue_take_over(existing=Existing.UPDATE, user=world.people["planner"], **arguments)
    assert snapshot() == before
    catalogue_take_over(existing=Existing.KEEP, user=world.people["planner"], **arguments)
    rate.refresh_from_db()
    assert rate.unit.key == "percent"
    assert Indicator.objects.filter(key="new").exists()


def test_what_a_unit_is_never_changes(world: World) -> None:
    entries = catalogue_entries()
    entries["units"]["percent"] |= {"is_percent": False}
    file = read_catalogue(write_catalogue(entries))
    plan = catalogue_plan(file, existing=Existing.UPDATE, user=world.people["planner"])
    assert [row.key for row in plan.changes if row.state is State.CONFLICT] == ["percent"]


def test_what_others_figures_rest_on_stays(world: World) -> None:
    rate = world.indicators[0]
    foreign = factories.area(world.neighbour, "Nebenan")
    factories.delivery(world.youth_office, {(rate, foreign, 2024): 5.0}, world.people["head"])
    entries = catalogue_entries()
    entries["indicators"][rate.key] |= {"direction": "less_need"}
    file = read_catalogue(write_catalogue(entries))
    plan = catalogue_plan(file, existing=Existing.UPDATE, user=world.people["planner"])
    assert [row.key for row in plan.changes if row.state is State.CONFLICT] == [rate.key]
    with pytest.raises(DomainError, match="used_elsewhere"):
        edit(world, rate, direction="less_need")
    edit(world, rate, limits="Nur hier.")  # words may change
    rate.refresh_from_db()
    assert (rate.direction, rate.limits) == ("more_need", "Nur hier.")


def test_new_entries_need_their_fields_and_references(world: World) -> None:
    file = read_catalogue(
        content(
            units=[],
            domains=[],
            indicators=[{"key": "half", "name_de": "Halb", "unit": "nowhere", "domain": "work"}],
            sets=[{"key": "s", "name_de": "S", "name_en": "S", "indicators": ["half", "gone"]}],
        )
    )
    plan = catalogue_plan(file, existing=Existing.UPDATE, user=world.people["planner"])
    with translation.override("en"):
        assert [(row.entry, str(row.field)) for row in plan.problems] == [
            ("half", "Name (English)"),
            ("half", "Direction"),
            ("half", "Definition"),
            ("half", "Source"),
            ("half", "Unit"),
            ("s", "Indicators"),
        ]
    assert not plan.may_be_saved


def test_years_are_judged_beside_those_that_are_here(world: World) -> None:
    Indicator.objects.filter(pk=world.indicators[0].pk).update(last_year=2010)
    file = read_catalogue(
        content(units=[], domains=[], indicators=[{"key": world.indicators[0].key, "first_year": 2015}])
    )
    plan = catalogue_plan(file, existing=Existing.UPDATE, user=world.people["planner"])
    assert [row.entry for row in plan.problems] == [world.indicators[0].key]


def test_a_rate_is_related_to_a_count(world: World) -> None:
    before = snapshot()
    file = read_catalogue(content(indicators=[], sets=[], units=[], domains=[])[:-1] + b', "note": "x"}')
    assert [row.message for row in file.problems]
    entries = catalogue_entries()
    entries["indicators"][world.indicators[0].key] |= {"denominator": world.indicators[1].key}
    with pytest.raises(DomainError, match="denominator_not_count"):
        catalogue_take_over(
            file=read_catalogue(write_catalogue(entries)),
            existing=Existing.UPDATE,
            origin={},
            territory=world.territory,
            user=world.people["planner"],
            reason="Bezug",
        )
    assert snapshot() == before


@pytest.mark.parametrize(
    ("who", "may"), [("planner", True), ("admin", True), ("head", False), ("outsider", False)]
)
def test_who_may_take_over(world: World, who: str, may: bool) -> None:
    if may:
        take_over(world, "siegen", who=who)
        return
    with pytest.raises(PermissionDenied):
        take_over(world, "siegen", who=who)
    assert not IndicatorSet.objects.exists()


def test_the_comparison_costs_the_same_for_any_number(world: World) -> None:
    costs = []
    for key in ("siegen", "rheinisch-bergischer-kreis"):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            catalogue_plan(ready_file(key), existing=Existing.KEEP, user=world.people["planner"])
        costs.append(len(queries))
    assert costs[0] == costs[1]


# --- List -------------------------------------------------------------------------------------------


def keys(client: Client, query: str) -> list[str]:
    return [row.key for row in client.get(LIST + query).context["page_obj"]]


def test_the_list_is_searched_filtered_and_sorted(world: World, client_as: ClientAs) -> None:
    take_over(world, "siegen")
    take_over(world, "berlin-mss")
    client = client_as(world.people["head"])
    assert len(keys(client, "?set=siegen")) == 4
    assert keys(client, "?set=siegen&supplier=Jobcenter&sort=-name") == [
        "siegen_sgb2_rate",
        "siegen_unemployment_ratio",
    ]
    assert keys(client, "?scope=all&q=Kinderarmut&sort=name") == ["mss_d4", "mss_s4"]
    assert keys(client, "?set=siegen&q=alleinerziehend") == ["siegen_single_parents_share"]
    assert keys(client, "?q=%00²&sort=nonsense&domain=x&set=y") == []
    Indicator.objects.filter(key="mss_d4").update(is_active=False)
    assert keys(client, "?scope=inactive") == ["mss_d4"]
    assert "mss_d4" not in keys(client, "?scope=all")


def test_only_indicators_with_figures_are_listed_first(world: World, client_as: ClientAs) -> None:
    take_over(world, "siegen")
    rate = world.indicators[0]
    factories.delivery(world.youth_office, {(rate, world.areas[0], 2024): 5.0}, world.people["head"])
    client = client_as(world.people["planner"])
    assert keys(client, "") == [rate.key]
    assert len(keys(client, "?scope=all")) == len(world.indicators) + 4


def test_the_list_is_exported_as_filtered(world: World, client_as: ClientAs) -> None:
    take_over(world, "siegen")
    Indicator.objects.filter(key="siegen_sgb2_rate").update(first_year=2010, limits="=1+1")
    client = client_as(world.people["head"])
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{LIST}?set=siegen&export=xlsx").content))
    rows = list(book.active.iter_rows(values_only=True))  # type: ignore[union-attr]
    assert sum(str(row[0]).startswith("siegen_") for row in rows) == 4
    assert "2010" in rows[[row[0] for row in rows].index("siegen_sgb2_rate")]
    text = client.get(f"{LIST}?set=siegen&export=csv").content.decode("utf-8-sig")
    assert "'=1+1" in text


def test_the_list_costs_the_same_for_many(world: World, client_as: ClientAs) -> None:
    client = client_as(world.people["head"])
    client.get(f"{LIST}?scope=all")
    costs = []
    for _round in range(2):
        with CaptureQueriesContext(connection) as queries:
            client.get(f"{LIST}?scope=all")
        costs.append(len(queries))
        take_over(world, "rheinisch-bergischer-kreis")
    assert costs[0] == costs[1]


# --- Commands ---------------------------------------------------------------------------------------


def test_commands_carry_a_catalogue_over(world: World, tmp_path: Path, capsys: Any) -> None:
    world.territory.ags = "05378"
    world.territory.save(update_fields=["ags"])
    who = {"territory": "05378", "user": world.people["planner"].username}
    call_command("import_catalogue", set="siegen", dry_run=True, **who)
    assert not IndicatorSet.objects.exists()
    call_command("import_catalogue", set="siegen", **who)
    path = tmp_path / "out.json"
    call_command("export_catalogue", out=path, set="siegen")
    before = snapshot()
    call_command("import_catalogue", path, existing="update", **who)
    assert snapshot() == before
    assert "the same" in capsys.readouterr().out
    path.write_bytes(content(indicators=[{"key": "x"}]))
    with pytest.raises(CommandError, match="indicators, x, Source: A new entry needs this field"):
        call_command("import_catalogue", path, **who)
    with pytest.raises(CommandError, match="may not change"):
        call_command("import_catalogue", set="berlin-mss", **(who | {"user": world.people["head"].username}))
    with pytest.raises(CommandError, match="Name a file"):
        call_command("import_catalogue", **who)
    with pytest.raises(CommandError, match="no such set"):
        call_command("export_catalogue", out=path, set="nowhere")
    assert snapshot() == before
