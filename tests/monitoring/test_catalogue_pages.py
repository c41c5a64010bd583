"""A catalogue as a file in the browser: looked at, then taken over; ready sets; the export."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from monitoring.catalogue import read_catalogue, write_catalogue
from monitoring.models import Delivery, FileImport, Indicator, IndicatorSet, Value
from monitoring.selectors.catalogue import catalogue_entries
from monitoring.selectors.catalogue_plan import Existing
from monitoring.services.catalogue import catalogue_take_over
from project.common.errors import DomainError
from stakeholders.audit_labels import detail_lines
from stakeholders.models import LogEntry, User
from tests import factories
from tests.factories import World
from tests.monitoring.catalogue import snapshot, take_over
from tests.monitoring.test_catalogue_file import content

ClientAs = Callable[[User], Client]
SHARING = "/indicators/catalogue/"
IMPORT = "/indicators/catalogue/import/"


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
