"""Lists of operations: what is read, what is refused and where, all or nothing, and a published one."""

from __future__ import annotations

import csv
import dataclasses
import datetime
import io
import zipfile
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from openpyxl import Workbook

from measures.importers.amounts import (
    Rates,
    Writing,
    WrongNumberError,
    amount_of,
    percent_of_rate,
    writing_of,
)
from measures.importers.operation_remarks import SENTENCES, remarks_from
from measures.importers.operation_rows import LABELS, Entry, Row, rows_from, suggested
from measures.models import Operation, OperationImport, OperationImportState
from measures.money import share_of
from measures.selectors.operations import Comparison, sums_of
from measures.services import operations as services
from measures.services.operations import (
    DROP,
    RETIRE,
    STAY,
    OperationFields,
    operation_change,
    operation_mark,
    operations_discard,
    operations_preview,
    operations_take,
)
from project.common.errors import DomainError
from project.common.importing import Cell, CellKind, ImportRefused
from stakeholders.models import LogEntry
from tests.factories import World
from tests.measures.test_views_projects import funded
from tests.operations import HEAD, LAND, REAL, beneficiaries, line, read, table, taken, told

E = Decimal


# --- numbers -----------------------------------------------------------------------------------------


def cells(*texts: str) -> list[Cell]:
    return [Cell(text, number, 6) for number, text in enumerate(texts, start=2)]


GOOD = {
    "german": (["1.234,56", "1.234", "12,5 €", "7"], ["1234.56", "1234.00", "12.50", "7.00"]),
    "english": (["1,234.56", "1,234", "12.5", "EUR 7"], ["1234.56", "1234.00", "12.50", "7.00"]),
    "machine": (["26250", "4972.5", "146340.25"], ["26250.00", "4972.50", "146340.25"]),
    "two thousands are clear": (["1.234.567", "2.345"], ["1234567.00", "2345.00"]),
    "blanks": (["1 234,50", "12\u202f345,00"], ["1234.50", "12345.00"]),
    "below one": (["0,500", "0"], ["0.50", "0.00"]),
}


@pytest.mark.parametrize("name", GOOD)
def test_amounts_are_read_as_their_column_writes_them(name: str) -> None:
    texts, wanted = GOOD[name]
    column = cells(*texts)
    writing = writing_of(column)
    assert [amount_of(cell, writing) for cell in column] == [E(text) for text in wanted]


BAD = {
    "both ways in one column": (["1.234,56", "1,234.56"], 1, "mixed_decimals"),
    "nothing explains it": (["1.234", "700"], 0, "two_readings"),
    "nothing explains the comma": (["1,234", "700"], 0, "two_readings"),
    "thousands where decimals are": (["12,50", "1,234"], 1, "two_readings"),
    "tenths of a cent": (["12,5055"], 0, "cents"),
    "minus": (["-12,50"], 0, "negative"),
    "minus behind it, as bookkeeping writes": (["1.234,56-"], 0, "negative"),
    "brackets of accountants": (["(12,50)"], 0, "negative"),
    "words": (["rund 300"], 0, "number_text"),
    "wrong groups": (["1.23.4,5"], 0, "number_text"),
    "too large": (["123456789012"], 0, "amount_large"),
}


@pytest.mark.parametrize("name", BAD)
def test_amounts_that_are_not_taken(name: str) -> None:
    texts, place, code = BAD[name]
    column = cells(*texts)
    with pytest.raises(WrongNumberError) as wrong:
        amount_of(column[place], writing_of(column))
    assert wrong.value.code == code


def test_what_excel_reckoned_is_rounded_to_the_cent() -> None:
    assert amount_of(Cell("1234.565", 2, 6, CellKind.NUMBER), Writing()) == E("1234.57")


def test_rates_are_percent_or_shares_but_not_both() -> None:
    share, percent = Rates(is_share=True), Rates()
    assert percent_of_rate(Cell("0,5", 2, 7), share) == percent_of_rate(Cell("50", 2, 7), percent) == 50
    assert percent_of_rate(Cell("1", 2, 7), share) == 100
    assert percent_of_rate(Cell("42,53 %", 2, 7), share) == E("42.53")
    for text, rates, code in (
        ("0,5", percent, "rate_mixed"),
        ("101", percent, "over_hundred"),
        ("-5", percent, "negative"),
        ("5-", percent, "negative"),
        ("5 % -", percent, "negative"),
        ("1", Rates(is_doubtful=True), "rate_doubtful"),
        ("33,333", percent, "rate_digits"),
        ("halb", percent, "number_text"),
    ):
        with pytest.raises(WrongNumberError) as wrong:
            percent_of_rate(Cell(text, 2, 7), rates)
        assert wrong.value.code == code, text


# --- headings ----------------------------------------------------------------------------------------


def test_headings_of_the_official_forms() -> None:
    german = [
        "Name des Begünstigten (nur juristische Personen; keine Nennung natürlicher Personen)",
        "Bezeichnung des Vorhabens",
        "Zusammenfassung des Vorhabens",
        "Datum des Beginns des Vorhabens",
        "Datum des Endes des Vorhabens",
        "Gesamtbetrag der förderfähigen Ausgaben",
        "Unions-Kofinanzierungssatz pro Prioritätsachse",
        "Postleitzahl des Vorhabens oder andere Standortindikatoren",
        "Land",
        "Bezeichnung der Interventionskategorie",
    ]
    english = [
        "Beneficiary name",
        "Operation name",
        "Operation summary",
        "Operation start date",
        "Operation end date",
        "Total eligible expenditure allocated to the operation",
        "Union co-financing rate",
        "Operation postcode",
        "Country",
        "Name of category of intervention",
    ]
    names = [
        "beneficiary", "name", "summary", "starts_on", "ends_on", "eligible", "eu_percent", "postcode",
        "country", "intervention",
    ]  # fmt: skip
    for heads in (german, english):
        found = suggested(heads)
        assert {entry.value: place for entry, place in found.items()} == {
            name: place for place, name in enumerate(names)
        }


# --- reading -----------------------------------------------------------------------------------------


def test_a_list_is_read_and_waits(world: World) -> None:
    kept = read(world, line(amount="1234.5"), line("Verein B", ends="31.03.2016", postcode="1067"))
    assert (kept.state, kept.row_count, kept.eligible) == ("waiting", 2, E("2234.50"))
    first, second = rows_from(kept.content)
    assert (first.eligible, first.eu_percent, first.row) == (E("1234.50"), E("50.00"), 2)
    assert (second.postcode, str(second.ends_on)) == ("01067", "2016-03-31")
    assert [(row[0], row[1], row[4]) for row in kept.warnings] == [(3, "H", "zeros_restored")]
    assert "01067" in remarks_from(kept.warnings)[0].text
    assert not Operation.objects.exists(), "only looked at"
    entry = LogEntry.objects.get(action="operation_import.uploaded")
    assert (entry.territory, entry.data["rows"]) == (world.funder, 2)


WRONG = {
    "ends before it begins": (line(ends="2014-12-31"), (2, "E", "ends_before_start")),
    "below zero": (line(amount="-5"), (2, "F", "negative")),
    "more than all": (line(rate="101 %"), (2, "G", "over_hundred")),
    "no amount": (line(amount=""), (2, "F", "missing")),
    "no date": (line(starts="01/02/2015"), (2, "D", "date_text")),
    "no such day": (line(starts="31.02.2015"), (2, "D", "date_text")),
    "another century": (line(ends="2216-12-31"), (2, "E", "date_far")),
    "postcode of words": (line(postcode="Aachen"), (2, "H", "postcode")),
    "postcode of three digits": (line(postcode="520"), (2, "H", "postcode")),
    "text too long": (line("x" * 301), (2, "A", "too_long")),
    "separator in a text": (line("Verein; A"), (2, "L", "cells_beyond")),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_rows_are_told_with_row_and_column(name: str, world: World) -> None:
    wrong, remark = WRONG[name]
    kept = read(world, wrong, line("Verein B"))
    assert told(kept) == [remark]
    assert (kept.state, kept.content) == (OperationImportState.FAULTY, [])
    with pytest.raises(DomainError) as refused:
        operations_take(kept, user=world.fresh("funder_reader"))
    assert refused.value.code == "import_has_errors"
    assert not Operation.objects.exists(), "one wrong row and nothing is taken over"


def test_all_errors_are_told_at_once_and_stay(world: World) -> None:
    kept = read(
        world,
        line("", amount="1.234,50"),
        line(amount="1,234.50", starts="gestern"),
        line(rate="50"),
        line(rate="0.5"),
    )
    assert told(kept) == [
        (2, "A", "missing"),
        (2, "G", "rate_mixed"),
        (3, "D", "date_text"),
        (3, "F", "mixed_decimals"),
        (3, "G", "rate_mixed"),
        (5, "G", "rate_mixed"),
    ]
    text = remarks_from(kept.errors)[3].text
    assert "1.234,50" in text
    assert "2" in text
    assert OperationImport.objects.get().error_count == 6


def test_columns_that_are_missing_unknown_or_named_otherwise(world: World) -> None:
    kept = read(world, content=b"Name des Vorhabens;Beginn\nA;2015-01-01\n")
    assert [row[4] for row in kept.errors] == ["column_missing"] * 4
    kept = read(world, line() + ";egal", content=table(line() + ";egal", head=HEAD + ";Bemerkung"))
    assert (kept.error_count, [(row[1], row[4]) for row in kept.warnings]) == (0, [("L", "column_left")])
    assert [row[4] for row in read(world, content=HEAD.encode()).errors] == ["no_rows"]


def test_further_columns_of_the_newer_form(world: World) -> None:
    head = HEAD + ";Vorhaben-Code;Natürliche Person;Auftragnehmer;Gesamtkosten;Fonds;Spezifisches Ziel"
    rows = [line() + ";A-1;nein;Bau GmbH;1200;ESF+;h", line("Verein B") + ";A-2;ja;;1.200,50;;"]
    kept = read(world, content=table(*rows, head=head), fund="ESF")
    operations_take(kept, user=world.fresh("funder_reader"))
    first, second = Operation.objects.order_by("pk")
    assert (first.code, first.contractor, first.total_cost, first.fund) == ("A-1", "Bau GmbH", 1200, "ESF+")
    assert (second.is_natural_person, second.total_cost, second.fund) == (True, E("1200.50"), "ESF")
    twice = [line() + ";A-1;nein;;;;", line("Verein B") + ";A-1;vielleicht;;;;", line("C") + ";A-1;;;;;"]
    assert told(read(world, content=table(*twice, head=head))) == [
        (3, "M", "yes_or_no"),
        (4, "L", "code_twice"),
    ]


@pytest.mark.parametrize("heading", ["Rechtsform", "Art des Begünstigten", "legal_form"])
def test_a_column_of_legal_forms_says_who_is_a_natural_person(world: World, heading: str) -> None:
    forms = {
        "GmbH": False,
        "keine natürliche Person": False,
        "Kommune": False,
        "": False,
        "Natürliche Person": True,
        "Einzelunternehmen": True,
        "Kaufmann, e. K.": True,
        "natural person": True,
    }
    rows = [f"{line(f'Name {number}')};{form}" for number, form in enumerate(forms)]
    kept = read(world, content=table(*rows, head=f"{HEAD};{heading}"))
    assert [row.is_natural_person for row in rows_from(kept.content)] == list(forms.values())
    assert (kept.error_count, kept.warning_count) == (0, 0)


def test_foreign_postcodes_stay_as_they_are(world: World) -> None:
    kept = read(world, line(postcode="6211 LV", place="Maastricht", land="Niederlande"))
    assert (kept.error_count, rows_from(kept.content)[0].postcode) == (0, "6211 LV")


def workbook(*rows: Any) -> bytes:
    book, file = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(file)
    return file.getvalue()


def test_a_workbook_is_read_like_a_csv(world: World) -> None:
    row = [
        "Verein A", "Beratung", "Text", datetime.date(2015, 1, 1), datetime.date(2016, 12, 31), 1234.5, 0.5,
        1067, "Dresden", LAND, 109,
    ]  # fmt: skip
    kept = read(world, content=workbook(HEAD.split(";"), row), name="liste.xlsx")
    (found,) = rows_from(kept.content)
    assert (found.eligible, found.eu_percent, found.postcode) == (E("1234.50"), 50, "01067")
    row[5] = "=1000+1"
    kept = read(world, content=workbook(HEAD.split(";"), row), name="liste.xlsx")
    assert told(kept) == [(2, "F", "formula")]


def bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("[Content_Types].xml", "xl/workbook.xml"):
            archive.writestr(name, "x")
        archive.writestr("xl/worksheets/sheet1.xml", b"\0" * 300_000_000)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("programm.csv", b"MZ\x90\x00\x03\x00\x00\x00" * 50, "program"),
        ("programm.xlsx", b"\x7fELF\x02\x01\x01" * 50, "program"),
        ("liste.csv", b"PK\x03\x04rest", "not_csv"),
        ("liste.pdf", b"%PDF-1.7", "kind"),
        ("liste.csv", b"", "empty"),
        ("bombe.xlsx", None, "bomb"),
    ],
)
def test_dangerous_files_are_refused_before_they_are_opened(
    name: str, content: bytes | None, code: str, world: World
) -> None:
    with pytest.raises(ImportRefused) as refused:
        read(world, content=bomb() if content is None else content, name=name)
    assert refused.value.code == code
    assert not OperationImport.objects.exists()


def test_every_remark_has_a_sentence_whose_names_are_given(world: World) -> None:
    kept = read(world, line(amount="1.234"), line("B", amount="5"), line("C", amount="5"))
    assert [row[4] for row in kept.errors] == ["two_readings"]
    text = remarks_from(kept.errors)[0].text
    assert "1234" in text
    assert "1,234" in text
    assert "%(" not in text
    assert all(str(sentence) for sentence in SENTENCES.values())


# --- taking over -------------------------------------------------------------------------------------


def test_a_list_is_taken_over_once(world: World) -> None:
    kept = taken(world, line(), line("Verein B"))
    assert (kept.state, kept.result["new"], kept.content) == ("taken", 2, [])
    assert beneficiaries(Operation.objects.order_by("row")) == ["Verein A", "Verein B"]
    entry = LogEntry.objects.get(action="operation_import.taken")
    assert (entry.user, entry.data["new"]) == (world.people["funder_reader"], 2)
    for act in (operations_take, operations_discard):
        with pytest.raises(DomainError) as closed:
            act(kept, user=world.fresh("funder_reader"))
        assert closed.value.code == "import_closed"
    assert Operation.objects.count() == 2


@pytest.mark.parametrize("typed", ["ESF NRW 2014-2020", " esf nrw 2014 – 2020", "ESF NRW  2014—2020"])
def test_the_name_of_a_programme_is_the_one_it_had_before(typed: str, world: World) -> None:
    taken(world, line(), programme_name="ESF NRW 2014–2020")
    kept = read(world, line(amount="7"), programme_name=typed)
    assert kept.programme_name == "ESF NRW 2014–2020"
    assert (
        read(world, line(amount="8"), programme_name="ESF NRW 2021–2027").programme_name
        == "ESF NRW 2021–2027"
    )


def test_the_same_file_comes_once_but_again_when_it_was_discarded(world: World) -> None:
    kept = read(world, line())
    with pytest.raises(DomainError) as waits:
        read(world, line(), name="anders.csv", programme_name="Anderes")
    assert waits.value.code == "same_file"
    operations_discard(kept, user=world.fresh("funder_reader"))
    taken(world, line())
    with pytest.raises(DomainError) as there:
        read(world, line())
    assert there.value.code == "same_file"
    assert Operation.objects.count() == 1
    # The database holds it, too.
    with pytest.raises(IntegrityError), transaction.atomic():
        OperationImport.objects.filter(pk=kept.pk).update(state="waiting")


def test_a_faulty_file_may_come_again(world: World) -> None:
    assert [read(world, line(amount="")).state for _ in range(2)] == ["faulty", "faulty"]


def test_rows_that_repeat_another_are_told_and_kept_unless_it_is_said_otherwise(world: World) -> None:
    kept = read(world, line(), line(), line("B"), line())
    assert kept.duplicate_count == 2
    assert [(row[0], row[4], row[5]["other"]) for row in kept.warnings] == [
        (3, "repeated", 2),
        (5, "repeated", 2),
    ]
    with transaction.atomic():
        operations_take(kept, user=world.fresh("funder_reader"))
        assert Operation.objects.count() == 4
        transaction.set_rollback(True)
    done = operations_take(kept, duplicates=DROP, user=world.fresh("funder_reader"))
    assert (Operation.objects.count(), done.result["dropped"]) == (2, 2)


def test_a_newer_list_adds_what_is_new_and_overwrites_nothing(world: World) -> None:
    taken(world, line(), line(), line("B", amount="500"), line("C"))
    before = list(Operation.objects.order_by("pk").values())
    newer = read(world, line(), line("B", amount="700"), line("D"), line())
    found = operations_preview(newer)
    assert [row.beneficiary for row in found.new] == ["B", "D"]
    assert found.unchanged_count == 2
    assert beneficiaries(found.gone) == ["B", "C"]
    ((row, known, names),) = found.pairs
    assert (row.beneficiary, known.eligible, names) == ("B", 500, [str(LABELS[Entry.ELIGIBLE])])
    with pytest.raises(DomainError) as unsaid:
        operations_take(newer, user=world.fresh("funder_reader"))
    assert unsaid.value.code == "choice_missing"
    with transaction.atomic():
        operations_take(newer, gone=STAY, user=world.fresh("funder_reader"))
        assert Operation.objects.filter(retired_by__isnull=True).count() == 6
        transaction.set_rollback(True)
    done = operations_take(newer, gone=RETIRE, user=world.fresh("funder_reader"))
    assert done.result == {"new": 2, "unchanged": 2, "gone": 2, "retired": 2, "dropped": 0}
    current = Operation.objects.filter(retired_by__isnull=True)
    assert sorted(beneficiaries(current)) == ["B", "D", "Verein A", "Verein A"]
    after = Operation.objects.order_by("pk").values()[: len(before)]
    kept = [{**row, "retired_by_id": None} for row in after]
    assert kept == before, "what was there says what it said"


def test_what_people_added_holds_for_the_newer_row(world: World) -> None:
    user = world.fresh("funder_reader")
    taken(world, line("Erika Muster"), line("Verein A"), fund="ESF")
    person, association = Operation.objects.order_by("row")
    project = funded(world)
    added = OperationFields(
        project=project, is_natural_person=True, contractor="Büro B", fund="JTF", specific_objective="h"
    )
    operation_change(person, fields=added, user=user)
    newer = read(
        world,
        line("Erika Muster", amount="1200"),
        line("Erika Muster", name="Lehrgang"),
        line("Verein A", amount="900"),
        fund="ESF+",
    )
    found = operations_preview(newer)
    assert found.natural_count == 2
    told = {row.row: carried for row, _known, _names, carried in found.told_pairs}
    assert len(told[newer_row(found, "Beratung", "Erika Muster")]) == 5
    assert told[newer_row(found, "Beratung", "Verein A")] == []
    operations_take(newer, gone=RETIRE, user=user)
    changed = Operation.objects.get(eligible=1200)
    assert OperationFields(**{name: getattr(changed, name) for name in vars(added)}) == dataclasses.replace(
        added, intervention="109"
    )
    other = Operation.objects.get(name="Lehrgang")
    assert (other.is_natural_person, other.project_id, other.fund) == (True, None, "ESF+")
    plain = Operation.objects.get(eligible=900)
    assert (plain.is_natural_person, plain.project_id, plain.fund) == (False, None, "ESF+")
    person.refresh_from_db()
    assert (person.is_natural_person, person.retired_by_id) == (True, newer.pk)
    assert association.fund == "ESF"


def newer_row(found: Comparison, name: str, beneficiary: str) -> int:
    """Number of a new row."""
    return next(row.row for row in found.new if (row.name, row.beneficiary) == (name, beneficiary))


def test_lists_of_another_programme_or_funder_are_not_compared(world: World) -> None:
    taken(world, line())
    other = read(world, line(), line("B"), programme_name="ESF+ 2021-2027")
    found = operations_preview(other)
    assert (len(found.new), found.gone) == (2, [])


def test_what_was_decided_on_must_still_hold(world: World) -> None:
    user = world.fresh("funder_reader")
    first, second = read(world, line()), read(world, line(), line("B"))
    seen = operations_preview(second).mark
    operations_take(first, user=user)
    with pytest.raises(DomainError) as changed:
        operations_take(second, seen=seen, user=user)
    assert changed.value.code == "changed_meanwhile"
    operations_take(second, seen=operations_preview(second).mark, user=user)
    assert Operation.objects.count() == 2


def test_a_failure_in_the_middle_leaves_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    taken(world, line("Alt"))
    kept = read(world, line(), line("B"))

    def broken(row: OperationImport, line: Row, carried: Any) -> Operation:
        if line.beneficiary == "B":
            raise RuntimeError
        return Operation()

    monkeypatch.setattr(services, "_operation", broken)
    with pytest.raises(RuntimeError):
        operations_take(kept, gone=RETIRE, user=world.fresh("funder_reader"))
    kept.refresh_from_db()
    assert kept.is_open
    assert beneficiaries(Operation.objects.filter(retired_by__isnull=True)) == ["Alt"]


def test_only_who_acts_for_the_funder_imports(world: World) -> None:
    kept = read(world, line())
    for name in ("planner", "provider_head", "head", "outsider", "admin"):
        user = world.fresh(name)
        with pytest.raises(PermissionDenied):
            read(world, line("X"), user=user)
        with pytest.raises(PermissionDenied):
            operations_take(kept, user=user)
        with pytest.raises(PermissionDenied):
            operations_discard(kept, user=user)
    operations_take(kept, user=world.fresh("funder_reader"))
    operation = Operation.objects.get()
    with pytest.raises(PermissionDenied):
        operation_change(operation, fields=OperationFields(), user=world.fresh("planner"))


def test_an_operation_is_tied_to_a_project_of_its_funder(world: World) -> None:
    user = world.fresh("funder_reader")
    taken(world, line())
    operation, project = Operation.objects.get(), funded(world)
    seen = operation_mark(operation)
    operation_change(operation, fields=OperationFields(project=project), user=user, seen=seen)
    with pytest.raises(DomainError) as changed:
        operation_change(operation, fields=OperationFields(), user=user, seen=seen)
    assert changed.value.code == "changed_meanwhile"
    project.funder = world.provider
    with pytest.raises(DomainError) as foreign:
        operation_change(operation, fields=OperationFields(project=project), user=user)
    assert foreign.value.code == "wrong_project"
    operation.refresh_from_db()
    assert (operation.project_id, operation.eligible) == (project.pk, 1000)


# --- the published list ------------------------------------------------------------------------------


@pytest.mark.skipif(REAL is None, reason="the published list is not part of the repository")
def test_the_published_list_as_it_is(world: World) -> None:
    assert REAL is not None
    content = REAL.read_bytes()
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8")), delimiter=";"))
    counts = Counter(tuple(row.values()) for row in rows)
    repeated = sum(count - 1 for count in counts.values())
    eligible = sum(E(row["foerderfaehige_ausgaben_eur"]) for row in rows)
    # As each row says it, to the cent: whoever adds up the file gets the sum on the page.
    shares = [
        share_of(E(row["foerderfaehige_ausgaben_eur"]), E(row["eu_kofinanzierungssatz"]) * 100)
        for row in rows
    ]
    assert (len(rows), repeated) == (788, 7)
    kept = read(world, content=content, name=REAL.name)
    assert (kept.error_count, kept.row_count, kept.duplicate_count) == (0, 788, 7)
    assert kept.eligible == eligible
    operations_take(kept, user=world.fresh("funder_reader"))
    sums = sums_of(world.funder.operations.all())
    assert (sums.count, sums.eligible) == (788, eligible)
    assert sums.eu_share == sum(shares)
    assert {row.postcode for row in world.funder.operations.all()} == {row["plz"] for row in rows}
