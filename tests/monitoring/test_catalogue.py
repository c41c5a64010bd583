"""The catalogue: list, method sheet, editing, taking files over; rights both ways, all or nothing."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from monitoring.catalogue import read_catalogue, write_catalogue
from monitoring.catalogue.ready import READY_SETS, ready_file
from monitoring.models import Delivery, Domain, FileImport, Frequency, Indicator, IndicatorSet, Unit, Value
from monitoring.selectors.catalogue import catalogue_entries
from monitoring.selectors.catalogue_edits import edit_token
from monitoring.selectors.catalogue_plan import Existing, State, catalogue_plan
from monitoring.services.catalogue import catalogue_take_over, indicator_update
from monitoring.services.deliveries import delivery_accept
from project.common.errors import DomainError
from stakeholders.audit_labels import detail_lines
from stakeholders.models import LogEntry, User
from tests import factories
from tests.factories import World
from tests.monitoring.test_catalogue_file import content

ClientAs = Callable[[User], Client]
LIST = "/indicators/"
SHARING = "/indicators/catalogue/"
IMPORT = "/indicators/catalogue/import/"


def take_over(
    world: World, key: str, existing: Existing = Existing.KEEP, who: str = "planner", reason: str = ""
) -> Any:
    return catalogue_take_over(
        file=ready_file(key),
        existing=existing,
        origin={"file": key},
        territory=world.territory,
        user=world.people[who],
        reason=reason,
    )


def snapshot() -> bytes:
    return write_catalogue(catalogue_entries())


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


# --- By hand ----------------------------------------------------------------------------------------


def edit(
    world: World,
    indicator: Indicator,
    reason: str = "Fehler",
    who: str = "planner",
    opened: Any = None,
    **entry: Any,
) -> Any:
    return indicator_update(
        indicator=indicator,
        entry=entry,
        reason=reason,
        territory=world.territory,
        user=world.people[who],
        opened=opened,
    )


def test_an_entry_changes_with_its_reason_in_the_log(world: World) -> None:
    edit(world, world.indicators[0], reason="Neue Satzung", limits="Vorsicht.", minimum_base=30)
    entry = LogEntry.objects.get(action="indicator.changed")
    assert entry.data == {"fields": ["limits", "minimum_base"], "reason": "Neue Satzung"}
    edit(world, world.indicators[0], limits="Vorsicht.")
    assert LogEntry.objects.filter(action="indicator.changed").count() == 1


def test_what_secrecy_has_to_know_is_set_by_planning_and_administration(world: World) -> None:
    persons = factories.unit("persons", "Personen", is_count=True, decimals=0)
    count, whole = (factories.indicator(key, unit=persons) for key in ("count", "whole"))
    rate = world.indicators[0]
    edit(world, count, secrecy_threshold=5, part_of=whole)
    edit(world, rate, who="admin", numerator_count=count)
    assert [
        row.data["fields"] for row in LogEntry.objects.filter(action="indicator.changed").order_by("pk")
    ] == [
        ["part_of", "secrecy_threshold"],
        ["numerator_count"],
    ]
    count.refresh_from_db()
    assert (count.least_count, rate.least_count) == (5, 3)
    with pytest.raises(PermissionDenied):
        edit(world, count, who="head", secrecy_threshold=1)
    for row, wrong in [
        (count, {"secrecy_threshold": 0}),
        (count, {"numerator_count": whole}),
        (rate, {"part_of": whole}),
        (whole, {"part_of": whole}),
        (whole, {"part_of": count}),
        (rate, {"dominance_percent": 80}),
        (rate, {"dominance_percent": 80, "largest_contribution": count}),
    ]:
        with pytest.raises(DomainError, match="invalid"):
            edit(world, row, **wrong)


def test_what_secrecy_has_to_know_goes_with_the_file(world: World) -> None:
    persons = factories.unit("persons", "Personen", is_count=True, decimals=0)
    whole = factories.indicator("whole", unit=persons)
    count = factories.indicator("count", unit=persons, part_of=whole, secrecy_threshold=5)
    largest = factories.indicator("largest", unit=persons)
    factories.indicator("amount", unit=persons, largest_contribution=largest, dominance_percent=80)
    factories.indicator("share", numerator_count=count)
    exported = snapshot()
    assert set(catalogue_entries(["share"])["indicators"]) == {"share", "count", "whole"}
    ties = ("numerator_count", "part_of", "largest_contribution", "dominance_percent", "secrecy_threshold")
    Indicator.objects.update(**dict.fromkeys(ties))
    catalogue_take_over(
        file=read_catalogue(exported),
        existing=Existing.UPDATE,
        origin={},
        territory=world.territory,
        user=world.people["planner"],
        reason="Zurück",
    )
    assert snapshot() == exported


def test_rules_of_an_entry(world: World) -> None:
    rate, other = world.indicators[:2]
    with pytest.raises(DomainError, match="reason_missing"):
        edit(world, rate, reason=" ", limits="x")
    with pytest.raises(DomainError, match="denominator_not_count"):
        edit(world, rate, denominator=other)
    with pytest.raises(DomainError, match="invalid"):
        edit(world, rate, first_year=2020, last_year=2010)
    edit(world, rate, unit=factories.unit("euro", "€"))
    factories.delivery(world.youth_office, {(rate, world.areas[0], 2024): 5.0}, world.people["head"])
    with pytest.raises(DomainError, match="unit_in_use"):
        edit(world, rate, unit=factories.unit())
    with pytest.raises(PermissionDenied):
        edit(world, rate, who="head", limits="x")


def form_data(indicator: Indicator, **changed: Any) -> dict[str, Any]:
    data = {
        "name_de": indicator.name_de,
        "name_en": indicator.name_en,
        "domain": indicator.domain_id,
        "unit": indicator.unit_id,
        "direction": indicator.direction,
        "definition": indicator.definition,
        "source": indicator.source,
        "is_active": "on",
        "reason": "Genauer",
        "opened": edit_token(indicator),
    }
    return data | changed


def test_the_form_changes_and_refuses(world: World, client_as: ClientAs) -> None:
    rate = world.indicators[0]
    url = reverse("monitoring:indicator-edit", args=[rate.pk])
    client = client_as(world.people["admin"])
    assert client.get(url).status_code == 200
    bad = client.post(url, form_data(rate, first_year=2020, last_year=2010, reason=""))
    assert bad.status_code == 422
    assert {"last_year", "reason"} == set(bad.context["form"].errors)
    good = client.post(url, form_data(rate, frequency=Frequency.TWO_YEARS, limits="Zeile 1\r\nZeile 2"))
    assert good.status_code == 302
    rate.refresh_from_db()
    assert (rate.frequency, rate.limits) == ("two_years", "Zeile 1\nZeile 2")
    assert client_as(world.people["head"]).post(url, form_data(rate)).status_code == 403


def test_the_sheet_shows_all_that_is_known(world: World, client_as: ClientAs) -> None:
    take_over(world, "berlin-mss")
    rate = Indicator.objects.get(key="mss_d1")
    Indicator.objects.filter(pk=rate.pk).update(first_year=1998, last_year=2021, minimum_base=300)
    page = client_as(world.people["head"]).get(reverse("monitoring:indicator-detail", args=[rate.pk]))
    text = page.content.decode()
    for part in (rate.formula, rate.numerator, rate.base, "1998–2021", rate.interpretation, "Berlin MSS"):
        assert part in text
    assert "/edit/" not in text
    assert "/edit/" in client_as(world.people["planner"]).get(page.request["PATH_INFO"]).content.decode()


def test_figures_that_are_here_are_available_and_the_chart_says_which_line_is_which(
    world: World, client_as: ClientAs
) -> None:
    rate, area = world.indicators[0], world.areas[0]
    Indicator.objects.filter(pk=rate.pk).update(first_year=2024, last_year=None)
    values = {(rate, row, year): 5.0 for row in world.areas for year in range(2016, 2025)}
    delivery_accept(
        factories.delivery(world.youth_office, values, world.people["head"]), user=world.people["planner"]
    )
    address = reverse("monitoring:indicator-detail", args=[rate.pk])
    page = client_as(world.people["planner"]).get(address, {"area": area.pk})
    text = page.content.decode()
    assert "2016 bis heute" in text
    assert "2024 bis heute" not in text
    legend = text[text.index('class="pg-legend"') :].partition("</ul>")[0]
    assert area.name in legend
    assert "Mittelwert der Gebiete" in legend


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


def test_a_form_that_is_stale_overwrites_nothing(world: World, client_as: ClientAs) -> None:
    """Two open the same entry; the second is shown what the first changed, and loses nothing."""
    rate = world.indicators[0]
    url = reverse("monitoring:indicator-edit", args=[rate.pk])
    opened = form_data(rate)
    first, second = client_as(world.people["planner"]), client_as(world.people["admin"])
    assert first.post(url, opened | {"definition": "Von A", "limits": "Nur A"}).status_code == 302
    mine = opened | {"definition": "Von B", "source": "Quelle B"}
    # A form that comes back for correction is as stale as before.
    again = second.post(url, mine | {"reason": ""})
    assert again.status_code == 422
    answer = second.post(url, mine | {"opened": again.context["opened"]})
    assert answer.status_code == 409
    assert Indicator.objects.get(pk=rate.pk).definition == "Von A"
    told = {row.name: (row.opened, row.now, row.mine, row.is_mine) for row in answer.context["clashes"]}
    assert told["definition"] == (rate.definition, "Von A", "Von B", True)
    assert told["limits"][1] == "Nur A"
    assert not told["limits"][3]
    assert set(told) == {"definition", "limits"}
    form = answer.context["form"]
    assert [form[name].value() for name in ("definition", "limits", "source", "reason")] == [
        "Von B",
        "Nur A",
        "Quelle B",
        "Genauer",
    ]
    text = answer.content.decode()
    assert "Von A" in text
    assert answer.context["opened"] in text
    # Seen, and sent on purpose: now it counts, and what the first added stays.
    data = {field.name: form[field.name].value() for field in form if form[field.name].value() is not None}
    done = second.post(url, data | {"opened": answer.context["opened"], "is_active": "on"})
    assert done.status_code == 302
    rate.refresh_from_db()
    assert (rate.definition, rate.limits, rate.source) == ("Von B", "Nur A", "Quelle B")


def test_fields_another_one_chose_stay_chosen(world: World, client_as: ClientAs) -> None:
    rate = world.indicators[0]
    url = reverse("monitoring:indicator-edit", args=[rate.pk])
    opened = form_data(rate)
    domain = Domain.objects.create(key="anders", name_de="Anders", name_en="Other")
    edit(world, rate, domain=domain, is_example=not rate.is_example, minimum_base=20)
    answer = client_as(world.people["planner"]).post(url, opened | {"limits": "Neu"})
    assert answer.status_code == 409
    form = answer.context["form"]
    assert str(form["domain"].value()) == str(domain.pk)
    assert form["minimum_base"].value() == "20"
    assert bool(form["is_example"].value()) is not rate.is_example
    assert "Anders" in answer.content.decode()


def test_a_form_without_a_token_is_stale(world: World, client_as: ClientAs) -> None:
    rate = world.indicators[0]
    url = reverse("monitoring:indicator-edit", args=[rate.pk])
    for token in ("", "x", edit_token(rate)[:-3] + "abc"):
        answer = client_as(world.people["planner"]).post(url, form_data(rate, limits="Neu", opened=token))
        assert answer.status_code == 409, token
    rate.refresh_from_db()
    assert rate.limits == ""


def test_the_service_refuses_a_stale_entry(world: World) -> None:
    rate = world.indicators[0]
    opened = catalogue_entries()["indicators"][rate.key]
    edit(world, rate, limits="A")
    with pytest.raises(DomainError, match="changed_meanwhile"):
        edit(world, rate, opened=opened, limits="B")


# --- Pages of the file ------------------------------------------------------------------------------


def upload(client: Client, text: bytes, name: str = "katalog.json") -> Any:
    return client.post(IMPORT, {"file": SimpleUploadedFile(name, text)})


def test_a_file_is_looked_at_and_taken_over(world: World, client_as: ClientAs) -> None:
    client = client_as(world.people["planner"])
    answer = upload(client, content())
    row = FileImport.objects.get()
    assert answer.url == reverse("monitoring:catalogue-preview", args=[row.pk])
    assert not Indicator.objects.filter(key="rate").exists()
    page = client.get(answer.url)
    assert "Quote" in page.content.decode()
    plan = page.context["plan"]
    sent = {"existing": page.context["existing"], "seen": plan.digest, "reason": "Gleiche Definitionen"}
    done = client.post(answer.url, sent)
    assert done.url == SHARING
    assert Indicator.objects.filter(key="rate").exists()
    row.refresh_from_db()
    assert row.applied_at is not None
    assert client.get(answer.url).status_code == 404
    logged = LogEntry.objects.get(action="catalogue.imported")
    assert (logged.data["file"], logged.data["sha256"]) == ("katalog.json", row.sha256)


def test_a_catalogue_that_changed_meanwhile_is_shown_again(world: World, client_as: ClientAs) -> None:
    client = client_as(world.people["planner"])
    url = upload(client, content()).url
    seen = client.get(url).context["plan"].digest
    factories.indicator("rate")
    answer = client.post(url, {"existing": "update", "seen": seen})
    assert answer.status_code == 422
    assert Indicator.objects.get(key="rate").name_de == "Kennwert rate"


def changing_file() -> bytes:
    """What is here, with other words for the unit and the definition of the first indicator."""
    entries = catalogue_entries()
    key = next(iter(entries["indicators"]))
    entries["indicators"][key]["definition"] = "Anders definiert."
    unit = entries["units"][entries["indicators"][key]["unit"]]
    unit["decimals"] = 3 if unit["decimals"] != 3 else 2
    return write_catalogue(entries)


def test_changed_wording_asks_why_and_says_whom_it_affects(world: World, client_as: ClientAs) -> None:
    rate, area = world.indicators[0], factories.area(world.neighbour, "Nebenan")
    factories.delivery(world.youth_office, {(rate, world.areas[0], 2024): 5.0}, world.people["head"])
    other = factories.indicator("elsewhere")
    Value.objects.create(delivery=Delivery.objects.first(), indicator=other, area=area, year=2024, value=1.0)
    client = client_as(world.people["planner"])
    url = upload(client, changing_file()).url
    page = client.get(url, {"existing": "update"})
    plan = page.context["plan"]
    assert {row.section for row in plan.changed} == {"units", "indicators"}
    assert list(plan.territories) == sorted([world.territory.name, world.neighbour.name])
    text = page.content.decode()
    assert world.neighbour.name in text
    (unit,) = [row for row in plan.changed if row.section == "units"]
    assert "elsewhere" in unit.affected[0], "those of other territories come first"
    assert rate.name in unit.affected
    assert unit.affected[0] in text
    for reason in ("", "  "):
        refused = client.post(url, {"existing": "update", "seen": plan.digest, "reason": reason})
        assert refused.status_code == 422
        assert "reason" in refused.context["reason_form"].errors
    assert not LogEntry.objects.filter(action="catalogue.imported").exists()
    sent = {"existing": "update", "seen": plan.digest, "reason": "Neue Vorgabe"}
    assert client.post(url, sent).status_code == 302
    entry = LogEntry.objects.get(action="catalogue.imported")
    assert entry.data["reason"] == "Neue Vorgabe"
    assert set(entry.data["entries"]) == {row.name for row in plan.changed}
    assert any("Neue Vorgabe" in line for line in detail_lines(entry))


def test_only_changed_wording_asks_why(world: World, client_as: ClientAs) -> None:
    with pytest.raises(DomainError, match="reason_missing"):
        catalogue_take_over(
            file=read_catalogue(changing_file()),
            existing=Existing.UPDATE,
            origin={},
            territory=world.territory,
            user=world.people["planner"],
        )
    client = client_as(world.people["planner"])
    page = client.get(upload(client, changing_file()).url, {"existing": "keep"})
    assert b'name="reason"' not in page.content


def test_a_file_with_errors_lists_them_and_cannot_be_saved(world: World, client_as: ClientAs) -> None:
    client = client_as(world.people["planner"])
    text = content(indicators=[{"key": "rate", "name_de": "", "first_year": 20222}])
    page = client.get(upload(client, text).url)
    assert len(page.context["problems"]) >= 2
    assert b'name="seen"' not in page.content
    answer = client.post(page.request["PATH_INFO"], {"existing": "update", "seen": ""})
    assert answer.status_code == 422
    assert not Indicator.objects.filter(key="rate").exists()


@pytest.mark.parametrize("text", [b"", b"%PDF-", b"{", "Größe".encode("cp1252"), b'{"a": 1}'])
def test_what_is_no_catalogue_is_not_kept(world: World, client_as: ClientAs, text: bytes) -> None:
    answer = upload(client_as(world.people["planner"]), text)
    assert answer.status_code == 422
    assert answer.context["form"].errors["file"]
    assert not FileImport.objects.exists()


def test_an_upload_replaces_the_one_left_lying(
    world: World, client_as: ClientAs, django_capture_on_commit_callbacks: Any
) -> None:
    client = client_as(world.people["planner"])
    upload(client, content())
    first = FileImport.objects.get()
    assert default_storage.exists(first.file.name)
    with django_capture_on_commit_callbacks(execute=True):
        upload(client, content())
    assert not default_storage.exists(first.file.name)
    second = FileImport.objects.get()
    assert second.pk != first.pk
    # Another person's preview is nobody else's.
    assert (
        client_as(world.people["admin"])
        .get(reverse("monitoring:catalogue-preview", args=[second.pk]))
        .status_code
        == 404
    )


def test_a_ready_set_is_loaded_in_the_browser(world: World, client_as: ClientAs) -> None:
    url = reverse("monitoring:ready-set", args=["siegen"])
    client = client_as(world.people["admin"])
    page = client.get(url)
    assert page.context["existing"] == "keep"
    client.post(url, {"existing": "keep", "seen": page.context["plan"].digest})
    assert IndicatorSet.objects.get(key="siegen").entries.count() == 4
    again = client.get(url)
    assert not again.context["plan"].changes_something
    assert client.get(reverse("monitoring:ready-set", args=["nowhere"])).status_code == 404
    assert client_as(world.people["head"]).post(url).status_code == 403


def test_the_export_is_the_catalogue(world: World, client_as: ClientAs) -> None:
    take_over(world, "siegen")
    client = client_as(world.people["provider_head"])
    answer = client.get(f"{SHARING}export/")
    assert answer.content == snapshot()
    assert "attachment" in answer["Content-Disposition"]
    only = json.loads(client.get(f"{SHARING}export/?set=siegen").content)
    assert len(only["indicators"]) == 4
    assert [row["key"] for row in only["sets"]] == ["siegen"]
    assert client.get(f"{SHARING}export/?set=nowhere").status_code == 404


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
