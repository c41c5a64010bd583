"""Wrong input: every file is told at its place and nothing saved, on the page and by command."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import translation

from monitoring.issues import issue_message
from monitoring.models import Delivery, Value
from stakeholders.models import User
from tests.factories import World
from tests.stages import Stages
from workflows.models import DataRequest

ClientAs = Callable[[User], Client]

HEADINGS = ["AGS", "Jahr", "childcare_rate", "school_entry_deficit"]


class Wrong(NamedTuple):
    """A wrong file.

    Attributes:
        build: Makes it from the keys of four areas.
        page: What the page says (English msgid, in part).
        row: Where, None for the file as a whole.
        command: What ``inspect_source`` says, in part; "" for what only the request can know.
        name: Name of the file.
    """

    build: Callable[[list[str]], bytes]
    page: str
    row: int | None
    command: str
    name: str = "zahlen.csv"


def csv(*rows: str, head: str = ";".join(HEADINGS)) -> Callable[[list[str]], bytes]:
    """A CSV whose {0} to {3} are keys."""
    return lambda keys: "\n".join([head, *(row.format(*keys) for row in rows)]).encode()


def sheet(change: Callable[[Any, list[str]], None]) -> Callable[[list[str]], bytes]:
    """A workbook of good rows, changed."""

    def build(keys: list[str]) -> bytes:
        book = openpyxl.Workbook()
        page: Any = book.active
        page.append(HEADINGS)
        for key in keys:
            page.append([key, 2024, 31.5, 7.5])
        change(page, keys)
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()

    return build


def bomb(_keys: list[str]) -> bytes:
    """A gigabyte of zeros, zipped as a workbook."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            zeros = b"\0" * (1 << 20)
            for _ in range(1024):
                part.write(zeros)
    return out.getvalue()


def merged(page: Any, _keys: list[str]) -> None:
    page["D1"] = None
    page.merge_cells("C1:D1")


def two_headers(page: Any, _keys: list[str]) -> None:
    page.insert_rows(2)
    for column, text in enumerate(["", "", "Prozent", "Prozent"], start=1):
        page.cell(2, column).value = text or None


def formula(page: Any, _keys: list[str]) -> None:
    page["C3"] = "=1+1"


GOOD = ("{0};2024;31,5;7,5", "{1};2024;32,5;8,5")
WRONG = {
    "empty file": Wrong(lambda _keys: b"", "contains no entries", None, "The file is empty."),
    "wrong encoding": Wrong(
        lambda keys: csv(*GOOD)(keys) + "\nKÃ¶ln;2024;1;1".encode(), "umlauts", None, "umlauts near line 4"
    ),
    "a PDF renamed": Wrong(
        lambda _keys: b"%PDF-1.7\n1 0 obj", "This is a PDF", None, "This is a PDF", "zahlen.xlsx"
    ),
    "1 GB of zeros": Wrong(bomb, "far larger", None, "far larger", "zahlen.xlsx"),
    "formulas": Wrong(sheet(formula), "formula", 3, "row 3, column C: '=1+1': This", "zahlen.xlsx"),
    "merged headings": Wrong(sheet(merged), "no heading", None, "no heading", "zahlen.xlsx"),
    "two rows of headings": Wrong(sheet(two_headers), "second heading", 2, "row 2", "zahlen.xlsx"),
    "duplicate rows": Wrong(
        csv(*GOOD, "{0};2024;33,5;9,5"),
        "already stand in row 2",
        4,
        "row 4, column childcare_rate: '33.5': Row 2",
    ),
    "unknown keys": Wrong(csv(*GOOD, "99999999;2024;33,5;9,5"), "not part of this request", 4, ""),
    "year 20222": Wrong(csv(*GOOD, "{2};20222;33,5;9,5"), "not a year", 4, "row 4, column Jahr: '20222'"),
    "comma and dot mixed": Wrong(csv(*GOOD, "{2};2024;33.5;9,5"), "mixes decimal comma", None, "are mixed"),
    "text in a number column": Wrong(
        csv(*GOOD, "{2};2024;viel;9,5"), "is not a number", 4, "row 4, column childcare_rate: 'viel'"
    ),
    "a column missing": Wrong(
        csv("{0};31,5;7,5", head="AGS;childcare_rate;x"), "column “Jahr” is missing", None, ""
    ),
    "no value column": Wrong(
        csv("{0};2024;childcare_rate", head="AGS;Jahr;Indikator"),
        "No column of figures",
        None,
        "No column of figures",
    ),
    "a year twice": Wrong(
        csv("{0};1;2", head="AGS;2024;2024"),
        "A heading stands twice: 2024",
        None,
        "A heading stands twice: 2024",
    ),
}


@pytest.fixture
def asked(stages: Stages, world: World) -> DataRequest:
    """Two indicators, two years, four areas with keys as municipalities have them."""
    for number, area in enumerate(world.areas):
        area.key = f"0536600{number}"
        area.save(update_fields=["key"])
    return stages.at_data().requests.get(organisation=world.youth_office)


def upload(client: Client, asked: DataRequest, content: bytes, name: str) -> Any:
    url = reverse("workflows:request-upload", args=[asked.pk])
    return client.post(url, {"file": SimpleUploadedFile(name, content)})


@pytest.mark.parametrize("case", WRONG)
def test_page_says_what_is_wrong_and_saves_nothing(
    case: str, asked: DataRequest, head: User, client_as: ClientAs, world: World
) -> None:
    wrong = WRONG[case]

    response = upload(client_as(head), asked, wrong.build([area.key for area in world.areas]), wrong.name)

    assert response.status_code == 302
    delivery = Delivery.objects.get()
    issues = list(delivery.issues.filter(severity="error"))
    with translation.override("en"):
        told = [(issue_message(issue), issue.row) for issue in issues]
    assert any(wrong.page in text and wrong.row == row for text, row in told), told
    assert not Value.objects.exists()
    assert delivery.value_count == 0


#: Which areas and columns there have to be, only a request knows.
TOLD_BY_COMMAND = [case for case, wrong in WRONG.items() if wrong.command]


@pytest.mark.parametrize("case", TOLD_BY_COMMAND)
def test_command_says_what_is_wrong_and_writes_nothing(case: str, world: World, tmp_path: Path) -> None:
    wrong = WRONG[case]
    path = tmp_path / wrong.name
    path.write_bytes(wrong.build([f"0536600{number}" for number in range(4)]))

    with pytest.raises(CommandError) as refused:
        call_command("inspect_source", path, out=tmp_path / "tidy.csv")

    assert wrong.command in str(refused.value)
    assert [file.name for file in tmp_path.iterdir()] == [wrong.name]


def test_every_message_is_shown_to_the_supplier(
    asked: DataRequest, head: User, client_as: ClientAs, world: World
) -> None:
    client = client_as(head)
    upload(client, asked, WRONG["year 20222"].build([area.key for area in world.areas]), "zahlen.csv")
    url = reverse("monitoring:delivery-detail", args=[Delivery.objects.get().pk])

    for _reload in range(2):
        assert "20222" in client.get(url).content.decode()

    listed = client.get(
        reverse("monitoring:delivery-issues", args=[Delivery.objects.get().pk]), {"export": "xlsx"}
    )
    book = openpyxl.load_workbook(io.BytesIO(listed.content))
    assert any("20222" in str(cell.value) for row in book.active.iter_rows() for cell in row)
