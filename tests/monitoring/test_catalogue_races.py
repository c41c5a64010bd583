"""Two people at the catalogue and the areas at the same moment: one wins, the other is told; nothing is lost.

Each race is first shown with the lock off, then its absence with it on. Needs PostgreSQL, see
``tests/flows/test_races.py``.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection

from monitoring.catalogue import read_catalogue, write_catalogue
from monitoring.catalogue.reading import CatalogueFile
from monitoring.models import Area, AreaPopulation, AreaSuccession, FileImport, ImportKind, Indicator
from monitoring.selectors.area_tables import population_plan, succession_plan
from monitoring.selectors.catalogue import catalogue_entries
from monitoring.selectors.catalogue_plan import Existing, catalogue_plan
from monitoring.services import area_history, catalogue, imports
from monitoring.services.readings import Upload
from project.common.errors import DomainError
from project.common.importing import Cell, Table
from stakeholders.models import LogEntry, User
from tests import factories
from tests.factories import World
from tests.flows.test_races import MeetingPoint, race, unheld

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="races need PostgreSQL"),
]


def refusals(results: list[Any]) -> list[str]:
    return [result.code for result in results if isinstance(result, DomainError)]


def no_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the services were without their locks."""
    monkeypatch.setattr(catalogue, "_hold_catalogue", lambda: None)
    monkeypatch.setattr(area_history, "_hold", lambda territory: None)


@pytest.mark.parametrize("has_lock", [False, True])
def test_two_edits_of_one_entry(world: World, monkeypatch: pytest.MonkeyPatch, has_lock: bool) -> None:
    """Both opened the same; without the lock the second overwrites what it never saw."""
    if not has_lock:
        no_hold(monkeypatch)
    point = MeetingPoint()
    monkeypatch.setattr(catalogue, "_check_changes", point.after(catalogue._check_changes))
    rate = world.indicators[0]
    opened = catalogue_entries()["indicators"][rate.key]

    def edit(who: str) -> Callable[[], Any]:
        user = world.fresh(who)
        return lambda: catalogue.indicator_update(
            indicator=rate,
            entry={"definition": f"Von {who}"},
            reason="Genauer",
            territory=world.territory,
            user=user,
            opened=opened,
        )

    results = race(edit("planner"), edit("admin"))
    edits = LogEntry.objects.filter(action="indicator.changed").count()
    if has_lock:
        assert refusals(results) == ["changed_meanwhile"]
        assert edits == 1
    else:
        assert edits == 2, "the second overwrote the first"


def changed_file(text: str) -> CatalogueFile:
    entries = catalogue_entries()
    key = next(iter(entries["indicators"]))
    entries["indicators"][key]["definition"] = text
    return read_catalogue(write_catalogue(entries))


@pytest.mark.parametrize("has_lock", [False, True])
def test_two_files_change_one_entry(world: World, monkeypatch: pytest.MonkeyPatch, has_lock: bool) -> None:
    if not has_lock:
        no_hold(monkeypatch)
    point = MeetingPoint()
    monkeypatch.setattr(catalogue, "catalogue_plan", point.after(catalogue_plan))

    def import_(who: str) -> Callable[[], Any]:
        user, file = world.fresh(who), changed_file(f"Von {who}")
        seen = catalogue_plan(file, existing=Existing.UPDATE, user=user).digest
        return lambda: catalogue.catalogue_take_over(
            file=file,
            existing=Existing.UPDATE,
            origin={},
            territory=world.territory,
            user=user,
            reason="Vereinbart",
            seen=seen,
        )

    results = race(import_("planner"), import_("admin"))
    imports = LogEntry.objects.filter(action="catalogue.imported").count()
    if has_lock:
        assert refusals(results) == ["changed_meanwhile"]
        assert imports == 1
    else:
        assert imports == 2, "both wrote over what only one had seen"


@pytest.mark.parametrize("has_lock", [False, True])
def test_two_files_bring_the_same_new_entry(
    world: World, monkeypatch: pytest.MonkeyPatch, has_lock: bool
) -> None:
    if not has_lock:
        no_hold(monkeypatch)
    point = MeetingPoint()
    monkeypatch.setattr(catalogue, "catalogue_plan", point.after(catalogue_plan))
    factories.indicator("once")
    file = read_catalogue(write_catalogue(catalogue_entries()))
    Indicator.objects.filter(key="once").delete()

    def import_(who: str) -> Callable[[], Any]:
        user = world.fresh(who)
        return lambda: catalogue.catalogue_take_over(
            file=file, existing=Existing.KEEP, origin={}, territory=world.territory, user=user
        )

    results = race(import_("planner"), import_("admin"))
    assert Indicator.objects.filter(key="once").count() == 1
    if has_lock:
        assert not [result for result in results if isinstance(result, Exception)]
        assert LogEntry.objects.filter(action="catalogue.imported").count() == 1, "the second changes nothing"
    else:
        assert any(isinstance(result, IntegrityError | DomainError) for result in results)


@pytest.mark.parametrize("has_lock", [False, True])
def test_a_file_and_an_edit_of_one_entry(
    world: World, monkeypatch: pytest.MonkeyPatch, has_lock: bool
) -> None:
    if not has_lock:
        no_hold(monkeypatch)
    point = MeetingPoint()
    monkeypatch.setattr(catalogue, "catalogue_plan", point.after(catalogue_plan))
    monkeypatch.setattr(catalogue, "_check_changes", point.after(catalogue._check_changes))
    file, planner, admin = changed_file("Aus der Datei"), world.fresh("planner"), world.fresh("admin")
    rate = Indicator.objects.get(key=next(iter(catalogue_entries()["indicators"])))
    opened = catalogue_entries()["indicators"][rate.key]
    seen = catalogue_plan(file, existing=Existing.UPDATE, user=planner).digest
    results = race(
        lambda: catalogue.catalogue_take_over(
            file=file,
            existing=Existing.UPDATE,
            origin={},
            territory=world.territory,
            user=planner,
            reason="Vereinbart",
            seen=seen,
        ),
        lambda: catalogue.indicator_update(
            indicator=rate,
            entry={"definition": "Von Hand"},
            reason="Genauer",
            territory=world.territory,
            user=admin,
            opened=opened,
        ),
    )
    if has_lock:
        assert refusals(results) == ["changed_meanwhile"]
    else:
        assert refusals(results) == []


# --- Areas ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("has_lock", [False, True])
def test_a_border_change_is_taken_back_twice(
    world: World, monkeypatch: pytest.MonkeyPatch, has_lock: bool
) -> None:
    """Both found it on the page; without the lock both log that they took it back."""
    if not has_lock:
        no_hold(monkeypatch)
    point = MeetingPoint()
    monkeypatch.setattr(area_history, "log_action", point.after(area_history.log_action))
    row = AreaSuccession.objects.create(
        old=world.areas[0], new=world.areas[1], changed_on=datetime.date(2023, 1, 1), share=Decimal("0.1")
    )

    def remove(who: str) -> Callable[[], Any]:
        user = world.fresh(who)
        return lambda: area_history.succession_remove(
            succession=AreaSuccession(pk=row.pk), territory=world.territory, user=user
        )

    results = race(remove("planner"), remove("admin"))
    logged = LogEntry.objects.filter(action="succession.removed").count()
    assert not AreaSuccession.objects.exists()
    if has_lock:
        assert refusals(results) == ["gone"]
        assert logged == 1
    else:
        assert logged == 2


def table(*rows: tuple[str, ...]) -> Table:
    return Table(
        [
            [Cell(text, line, place) for place, text in enumerate(row, start=1)]
            for line, row in enumerate(rows, start=1)
        ]
    )


def imported(world: World, who: str, kind: ImportKind) -> FileImport:
    return FileImport.objects.create(
        kind=kind,
        territory=world.territory,
        file_name=f"{who}.csv",
        file=f"imports/{who}.csv",
        sha256="0" * 64,
        created_by=world.people[who],
    )


@pytest.mark.parametrize("has_lock", [False, True])
def test_two_tables_of_inhabitants(world: World, monkeypatch: pytest.MonkeyPatch, has_lock: bool) -> None:
    if not has_lock:
        no_hold(monkeypatch)
    point = MeetingPoint()
    monkeypatch.setattr(area_history, "population_plan", point.after(population_plan))

    def take(who: str, count: str) -> Callable[[], Any]:
        rows = table(("AGS", "Jahr", "Einwohner"), (world.areas[0].key, "2024", count))
        row, user = imported(world, who, ImportKind.POPULATION), world.fresh(who)
        seen = population_plan(world.territory, rows).digest
        return lambda: area_history.population_take_over(
            territory=world.territory, table=rows, imported=row, user=user, seen=seen
        )

    results = race(take("planner", "1000"), take("admin", "2000"))
    logged = LogEntry.objects.filter(action="population.imported").count()
    assert AreaPopulation.objects.count() == 1
    if has_lock:
        assert refusals(results) == ["changed_meanwhile"]
        assert logged == 1
    else:
        assert logged == 2


@pytest.mark.parametrize("has_lock", [False, True])
def test_two_tables_take_more_than_all_of_an_area(
    world: World, monkeypatch: pytest.MonkeyPatch, has_lock: bool
) -> None:
    if not has_lock:
        no_hold(monkeypatch)
    point = MeetingPoint()
    monkeypatch.setattr(area_history, "succession_plan", point.after(succession_plan))
    old, one, two, _rest = world.areas

    def take(who: str, new: Area) -> Callable[[], Any]:
        head = ("Bisheriges Gebiet", "Neues Gebiet", "Anteil", "Gültig ab")
        rows = table(head, (old.key, new.key, "60", "01.01.2024"))
        row, user = imported(world, who, ImportKind.SUCCESSIONS), world.fresh(who)
        seen = succession_plan(world.territory, rows).digest
        return lambda: area_history.succession_take_over(
            territory=world.territory, table=rows, imported=row, user=user, seen=seen
        )

    results = race(take("planner", one), take("admin", two))
    # The rows of the areas are locked as well, so the sum holds by itself; the hold tells why.
    assert sum(row.share for row in AreaSuccession.objects.all()) == Decimal("0.6")
    assert refusals(results) == ["table_has_errors" if has_lock else "share_above_all"]


@pytest.mark.parametrize("has_lock", [False, True])
def test_two_uploads_of_one_person_leave_one_waiting(
    world: World, monkeypatch: pytest.MonkeyPatch, has_lock: bool
) -> None:
    # The second comes while the first is about to write.
    point = MeetingPoint()
    monkeypatch.setattr(FileImport, "save", point.before(FileImport.save))
    if not has_lock:
        monkeypatch.setattr(imports, "User", unheld(User))

    def act(name: str) -> Callable[[], Any]:
        user = world.fresh("planner")
        taken = Upload(name, name.encode(), "0" * 64)
        return lambda: imports.file_import_begin(
            kind=ImportKind.AREAS, taken=taken, territory=world.territory, user=user
        )

    results = race(act("a.geojson"), act("b.geojson"))

    assert refusals(results) == []
    assert FileImport.objects.count() == (1 if has_lock else 2)
