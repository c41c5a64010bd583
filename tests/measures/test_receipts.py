"""The list of receipts: entered once, with a file that is one, taken out and put back."""

from __future__ import annotations

import io
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from measures.models import ProjectReport, Receipt
from measures.selectors.project_report_account import receipts_of
from measures.services.receipts import (
    receipt_add,
    receipt_file_set,
    receipt_remove,
    receipt_restore,
    receipts_add,
)
from project.common.errors import DomainError
from stakeholders.audit_labels import action_label, detail_lines
from stakeholders.models import LogEntry
from tests.factories import World
from tests.report_drafts import PDF, begun, granted, receipt, upload

E = Decimal


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    """Files are stored on disk, and go with the test."""
    backend = "django.core.files.storage.FileSystemStorage"
    default = {"BACKEND": backend, "OPTIONS": {"location": str(tmp_path)}}
    settings.STORAGES = {**settings.STORAGES, "default": default}
    return tmp_path


@pytest.fixture
def report(world: World) -> ProjectReport:
    return begun(granted(world))


@pytest.fixture
def user(world: World) -> Any:
    return world.fresh("provider_head")


def files(media: Path) -> list[Path]:
    return [path for path in media.rglob("*") if path.is_file()]


def refused(act: Any) -> DomainError:
    with pytest.raises(DomainError) as caught:
        act()
    assert str(caught.value.message)
    return caught.value


def bomb() -> bytes:
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("xl/workbook.xml", b"\0" * 12_000_000)
    return stored.getvalue()


def test_a_receipt_is_stored_with_its_file_outside_of_the_web(
    report: ProjectReport, user: Any, media: Path
) -> None:
    row = receipt_add(report, fields=receipt(" B-1 "), user=user, upload=upload(name="../../Gehalt.pdf"))
    assert (row.number, row.file_name, row.size, len(row.sha256)) == ("B-1", "Gehalt.pdf", len(PDF), 64)
    assert [path.name for path in files(media)] == [f"{row.sha256[:16]}.pdf"]
    entry = LogEntry.objects.get(action="receipt.added")
    assert action_label("receipt.added") != "receipt.added"
    told = " ".join([entry.object_label, *map(str, detail_lines(entry))])
    assert "B-1" not in told, "the log is read by planning and administration, a draft by its provider only"
    assert "Gehalt" not in told


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (upload(b"MZ\x90 Programm", "rechnung.pdf"), "file_program"),
        (upload(b"#!/bin/sh", "rechnung.pdf"), "file_program"),
        (upload(b"Text", "rechnung.pdf"), "file_not_what_it_says"),
        (upload(bomb(), "bombe.xlsx"), "file_bomb"),
        (upload(bomb(), "bombe.zip"), "file_kind"),
        (upload(b"", "leer.pdf"), "file_empty"),
        (upload(PDF + b"x" * 2_000, "gross.pdf"), "file_too_large"),
    ],
)
def test_a_file_that_is_none_leaves_nothing_behind(
    report: ProjectReport, user: Any, media: Path, file: Any, code: str, settings: Any
) -> None:
    settings.IMPORT_MAX_BYTES = 1_000 if code == "file_too_large" else 1_000_000
    file.seek(0)
    assert refused(lambda: receipt_add(report, fields=receipt(), user=user, upload=file)).code == code
    assert not Receipt.objects.exists()
    assert files(media) == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        (receipt("b - 1"), "receipt_twice"),
        (receipt("B-2", amount=E("0.00")), "wrong_amount"),
        (receipt("B-2", amount=E("-5.00")), "wrong_amount"),
        (receipt("B-2", amount=E("5.001")), "invalid"),
        (receipt("B-2", kind="travel"), "wrong_line"),
        (receipt("B-2", kind="esf"), "wrong_line"),
        (receipt("B-2", kind="lump_sum"), "lump_sum"),
        (receipt("B-2", payee=" "), "invalid"),
        (receipt(" "), "invalid"),
        (receipt("B-" + "2" * 60), "invalid"),
    ],
)
def test_wrong_entries_are_refused(
    report: ProjectReport, user: Any, media: Path, fields: Any, code: str
) -> None:
    receipt_add(report, fields=receipt(), user=user)
    error = refused(lambda: receipt_add(report, fields=fields, user=user, upload=upload()))
    assert error.code == code
    assert receipts_of(report).count() == 1
    assert files(media) == []


def test_a_double_click_adds_a_receipt_once(report: ProjectReport, user: Any) -> None:
    receipt_add(report, fields=receipt(), user=user, upload=upload())
    error = refused(lambda: receipt_add(report, fields=receipt(), user=user, upload=upload()))
    assert error.code in {"receipt_twice", "file_twice"}
    assert receipts_of(report).count() == 1


def test_one_file_belongs_to_one_receipt(report: ProjectReport, user: Any) -> None:
    receipt_add(report, fields=receipt(), user=user, upload=upload())
    error = refused(lambda: receipt_add(report, fields=receipt("B-2"), user=user, upload=upload()))
    assert (error.code, "B-1" in str(error.message)) == ("file_twice", True)
    second = receipt_add(report, fields=receipt("B-2"), user=user)
    assert refused(lambda: receipt_file_set(second, upload=upload(), user=user)).code == "file_twice"
    done = receipt_file_set(second, upload=upload(PDF + b"2", "zwei.pdf"), user=user)
    assert done.file_name == "zwei.pdf"
    again = upload(PDF + b"3")
    assert refused(lambda: receipt_file_set(second, upload=again, user=user)).code == "file_there"


def test_taken_out_it_can_be_put_back(report: ProjectReport, user: Any) -> None:
    row = receipt_add(report, fields=receipt(), user=user, upload=upload())
    receipt_remove(row, user=user)
    assert not receipts_of(report).exists()
    assert refused(lambda: receipt_remove(row, user=user)).code == "receipt_gone"
    receipt_restore(row, user=user)
    assert receipts_of(report).get().file_name == "Beleg.pdf"
    assert refused(lambda: receipt_restore(row, user=user)).code in {"receipt_there", "receipt_twice"}
    receipt_remove(row, user=user)
    receipt_add(report, fields=receipt("b-1"), user=user)
    assert refused(lambda: receipt_restore(row, user=user)).code == "receipt_twice"


def test_several_are_added_all_or_none(report: ProjectReport, user: Any) -> None:
    rows = [receipt("B-1"), receipt("B-2"), receipt("B-1")]
    assert refused(lambda: receipts_add(report, rows=rows, user=user)).code == "receipt_twice"
    assert not Receipt.objects.exists()
    assert len(receipts_add(report, rows=rows[:2], user=user)) == 2


def test_a_drawdown_has_none(report: ProjectReport, user: Any) -> None:
    drawdown = begun(report.project, "drawdown")
    assert refused(lambda: receipt_add(drawdown, fields=receipt(), user=user)).code == "no_receipts"


@pytest.mark.parametrize("name", ["planner", "funder_reader", "head", "outsider"])
def test_only_those_who_act_for_the_provider_change_the_list(
    report: ProjectReport, user: Any, world: World, name: str
) -> None:
    row = receipt_add(report, fields=receipt(), user=user)
    other = world.fresh(name)
    for act in (
        lambda: receipt_add(report, fields=receipt("B-2"), user=other),
        lambda: receipt_file_set(row, upload=upload(), user=other),
        lambda: receipt_remove(row, user=other),
        lambda: receipt_restore(row, user=other),
    ):
        with pytest.raises(PermissionDenied):
            act()
