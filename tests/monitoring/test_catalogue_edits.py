"""Entries of the catalogue changed by hand: their rules, their sheet, and two people at one entry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from monitoring.catalogue import read_catalogue
from monitoring.models import Domain, Frequency, Indicator
from monitoring.selectors.catalogue import catalogue_entries
from monitoring.selectors.catalogue_edits import edit_token
from monitoring.selectors.catalogue_plan import Existing
from monitoring.services.catalogue import catalogue_take_over
from monitoring.services.deliveries import delivery_accept
from project.common.errors import DomainError
from stakeholders.models import LogEntry, User
from tests import factories
from tests.factories import World
from tests.monitoring.catalogue import edit, snapshot, take_over

ClientAs = Callable[[User], Client]


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
