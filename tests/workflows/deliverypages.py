"""What tests of delivery pages share: a file, an upload, the address of the supplier's task."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from stakeholders.models import User
from tests.factories import World
from tests.workflows.taskpages import take
from workflows.flows import DeliveryFlow
from workflows.models import DataRequest

ClientAs = Callable[[User], Client]


def csv_of(world: World, **changes: str) -> bytes:
    """A complete file; ``changes`` replaces the first figure of an area by its name in lower case."""
    lines = ["Gebietsschlüssel;Gebiet;Jahr;Kennwert childcare_rate;Kennwert school_entry_deficit"]
    for year in (2023, 2024):
        for number, area in enumerate(world.areas):
            first = changes.get(area.name.lower().replace(" ", "_"), f"{30 + number},5")
            lines.append(f"{area.key};{area.name};{year};{first};{10 + number}")
    return "\n".join(lines).encode()


def upload(client: Client, asked: DataRequest, content: bytes, name: str = "zahlen.csv") -> Any:
    url = reverse("workflows:request-upload", args=[asked.pk])
    return client.post(url, {"file": SimpleUploadedFile(name, content)})


def provide_url(asked: DataRequest, client: Client) -> str:
    return take(client, asked.process, DeliveryFlow.provide_data)
