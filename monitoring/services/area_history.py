"""Writes of what changes about areas over time: borders and inhabitants."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from monitoring.models import Area, AreaPopulation, AreaSuccession
from monitoring.services.readings import Upload
from project.common.errors import DomainError, as_domain_error
from project.common.importing import Cell, read_table
from project.common.keys import PlaceKeys, key_or_none
from stakeholders.audit import log_action
from stakeholders.models import Organisation, User
from stakeholders.permissions import Perm, require

_FIRST_YEAR, _LAST_YEAR = 1900, 2100
#: More inhabitants than any area of the country has.
_MOST_PEOPLE: Final = 100_000_000
_MOST_FAULTS: Final = 200
_BATCH: Final = 5_000
#: Headings as people and offices write them.
_HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "key": (
        "gebietsschlüssel",
        "gebietsschluessel",
        "schlüssel",
        "area_key",
        "area key",
        "key",
        "ags",
        "ars",
    ),
    "year": ("jahr", "year"),
    "count": ("einwohner", "einwohnerinnen und einwohner", "bevölkerung", "inhabitants", "population"),
}


@transaction.atomic
def succession_record(
    *,
    old: Area,
    new: Area,
    changed_on: datetime.date,
    share: Decimal,
    source: str,
    territory: Organisation,
    user: User,
) -> AreaSuccession:
    """Record that inhabitants of an area belong to another since its borders changed.

    An area whose inhabitants have all gone ends on the day before; one without a first day begins on the day.

    Args:
        old: The former area.
        new: The area they belong to now; of the same level.
        changed_on: First day of the new borders.
        share: Share of the inhabitants of the former area, above 0, at most 1.
        source: Where that is known from.
        territory: Whose areas they are.
        user: Who records it; needs the right to change catalogue and areas.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``foreign_area``, ``same_area``, ``other_level``, ``share_above_all``,
            ``recorded_already``, ``invalid``.
    """
    require(user, Perm.MANAGE_CATALOGUE, territory)
    _hold(territory)
    rows = Area.objects.select_for_update(of=("self",)).filter(pk__in=[old.pk, new.pk], territory=territory)
    found = {row.pk: row for row in rows}
    if old.pk not in found or new.pk not in found:
        raise DomainError("foreign_area", gettext_lazy("Both areas must belong to the territory."))
    if old.pk == new.pk:
        raise DomainError("same_area", gettext_lazy("Please choose two different areas."))
    if old.kind != new.kind:
        raise DomainError("other_level", gettext_lazy("Both areas must be of the same level."))
    others = AreaSuccession.objects.filter(old=old, changed_on=changed_on)
    if others.filter(new=new).exists():
        raise DomainError("recorded_already", gettext_lazy("This change has been recorded already."))
    total = (others.aggregate(all=Sum("share"))["all"] or Decimal(0)) + share
    if total > 1:
        raise DomainError(
            "share_above_all", gettext_lazy("Together more than all inhabitants of the former area would go.")
        )
    row = AreaSuccession(old=old, new=new, changed_on=changed_on, share=share, source=source)
    try:
        row.full_clean()
        row.save()
        _set_days(found[old.pk], found[new.pk], changed_on, is_all=total == 1)
    except ValidationError as error:
        raise as_domain_error(error) from error
    log_action(
        "succession.recorded",
        user=user,
        obj=row,
        territory=territory,
        data={"starts_on": changed_on.isoformat(), "share": str(share)},
    )
    return row


def _hold(territory: Organisation) -> None:
    """Change the areas of a territory one at a time."""
    Organisation.objects.select_for_update(no_key=True).get(pk=territory.pk)


def _set_days(old: Area, new: Area, day: datetime.date, *, is_all: bool) -> None:
    """End what has no inhabitants left, begin what has no first day."""
    if is_all and old.valid_until is None:
        old.valid_until = day - datetime.timedelta(days=1)
        old.full_clean()
        old.save(update_fields=["valid_until"])
    if new.valid_from is None and not new.values.filter(year__lt=day.year).exists():
        new.valid_from = day
        new.full_clean()
        new.save(update_fields=["valid_from"])


@transaction.atomic
def succession_remove(*, succession: AreaSuccession, territory: Organisation, user: User) -> None:
    """Take a change of borders back that was recorded by mistake, with the days it gave the areas.

    A day stays where another change of the same day gives it too, or where the key is another area's now.

    Args:
        succession: The change.
        territory: Whose areas they are.
        user: Who takes it back; needs the right to change catalogue and areas.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``foreign_area``.
    """
    require(user, Perm.MANAGE_CATALOGUE, territory)
    _hold(territory)
    if succession.old.territory_id != territory.pk:
        raise DomainError("foreign_area", gettext_lazy("Both areas must belong to the territory."))
    log_action(
        "succession.removed",
        user=user,
        obj=succession,
        territory=territory,
        data={"starts_on": succession.changed_on.isoformat(), "share": str(succession.share)},
    )
    same_day = AreaSuccession.objects.filter(changed_on=succession.changed_on)
    total = same_day.filter(old=succession.old_id).aggregate(all=Sum("share"))["all"]
    succession.delete()
    areas = Area.objects.select_for_update(of=("self",))
    old, new = areas.get(pk=succession.old_id), areas.get(pk=succession.new_id)
    if total == 1 and old.valid_until == succession.changed_on - datetime.timedelta(days=1):
        _clear_day(old, "valid_until")
    if new.valid_from == succession.changed_on and not same_day.filter(new=new).exists():
        _clear_day(new, "valid_from")


def _clear_day(area: Area, name: str) -> None:
    """Forget a first or last day, unless the rules of areas need it."""
    setattr(area, name, None)
    try:
        area.full_clean()
    except ValidationError:
        return
    area.save(update_fields=[name])


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong in a row of a file."""

    row: int
    value: str
    message: str


class PopulationFaultsError(Exception):
    """Nothing was saved.

    Args:
        faults: What is wrong, by row.
    """

    def __init__(self, faults: list[RowFault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults


@transaction.atomic
def population_import(*, territory: Organisation, taken: Upload, user: User) -> int:
    """Take inhabitants by area and year from a file: all of it or nothing. Known figures are replaced.

    Args:
        territory: Whose areas they are.
        taken: Excel or CSV with the columns area key, year, inhabitants.
        user: Who imports; needs the right to change catalogue and areas.

    Returns:
        Number of figures.

    Raises:
        PermissionDenied: The user may not.
        ImportRefused: The file cannot be read.
        PopulationFaultsError: Anything is wrong in it.
    """
    require(user, Perm.MANAGE_CATALOGUE, territory)
    table = read_table(taken.content, taken.name, max_bytes=settings.IMPORT_MAX_BYTES)
    rows = [row for row in table.rows if any(cell.text for cell in row)]
    figures = _Figures(territory, rows).read()
    AreaPopulation.objects.bulk_create(
        (
            AreaPopulation(area_id=area, year=year, count=count, source=taken.name)
            for (area, year), count in figures.items()
        ),
        batch_size=_BATCH,
        update_conflicts=True,
        unique_fields=["area", "year"],
        update_fields=["count", "source"],
    )
    _set_latest({area for area, _year in figures})
    log_action(
        "population.imported",
        user=user,
        obj=territory,
        territory=territory,
        data={"file": taken.name, "sha256": taken.sha256, "values": len(figures)},
    )
    return len(figures)


def _set_latest(areas: Collection[int]) -> None:
    """What an area says without a year is its latest count."""
    rows = AreaPopulation.objects.filter(area__in=areas).order_by("year")
    latest = dict(rows.values_list("area_id", "count"))
    changed = [Area(pk=pk, population=count) for pk, count in latest.items()]
    Area.objects.bulk_update(changed, ["population"], batch_size=_BATCH)


class _Figures:
    """Reads the rows of a table of inhabitants."""

    def __init__(self, territory: Organisation, rows: Sequence[Sequence[Cell]]) -> None:
        self.rows = rows
        areas = Area.objects.filter(territory=territory).order_by("valid_until")
        # Of several versions with one key the one that exists, which comes last.
        self.areas = {key: pk for key, pk, _end in areas.values_list("key", "pk", "valid_until")}
        current = areas.filter(valid_until__isnull=True)
        self.areas |= dict(current.values_list("key", "pk"))
        self.keys = PlaceKeys(self.areas)
        self.faults: list[RowFault] = []
        self.found: dict[tuple[int, int], int] = {}

    def read(self) -> dict[tuple[int, int], int]:
        """Inhabitants by area and year.

        Raises:
            PopulationFaultsError: Anything is wrong.
        """
        columns = self._columns()
        if columns is not None:
            for row in self.rows[1:]:
                self._take(row, columns)
            if not self.found and not self.faults:
                self.faults.append(RowFault(1, "", _("There are no rows below the headings.")))
        if self.faults:
            raise PopulationFaultsError(self.faults[:_MOST_FAULTS])
        return self.found

    def _columns(self) -> dict[str, int] | None:
        head = [" ".join(cell.text.casefold().split()) for cell in self.rows[0]] if self.rows else []
        columns = {
            name: next((place for place, text in enumerate(head) if text in texts), -1)
            for name, texts in _HEADINGS.items()
        }
        if -1 not in columns.values():
            return columns
        self.faults.append(
            RowFault(
                1,
                ", ".join(cell.text for cell in self.rows[0])[:200] if self.rows else "",
                _("The first row must name the columns: area key, year, inhabitants."),
            )
        )
        return None

    def _take(self, row: Sequence[Cell], columns: Mapping[str, int]) -> None:
        line = row[0].row
        key, year, count = (self._cell(row, columns[name]) for name in ("key", "year", "count"))
        known = self.keys.find(key) or self.keys.find(f"0{key}")
        number = key_or_none(year)
        people = _people(count)
        if known is None:
            self._wrong(line, key, _("The territory has no such area."))
        elif number is None or not _FIRST_YEAR <= number <= _LAST_YEAR:
            self._wrong(line, year, _("This is no year."))
        elif people is None:
            self._wrong(line, count, _("A whole number of inhabitants is wanted here."))
        elif (self.areas[known], number) in self.found:
            self._wrong(line, f"{key} {year}", _("This area and year stand in the file twice."))
        else:
            self.found[self.areas[known], number] = people

    @staticmethod
    def _cell(row: Sequence[Cell], place: int) -> str:
        return row[place].text if place < len(row) else ""

    def _wrong(self, row: int, value: str, message: str) -> None:
        self.faults.append(RowFault(row, value[:100], message))


def _people(text: str) -> int | None:
    """A whole number, with or without dots or blanks for thousands."""
    digits = text.replace("\u00a0", " ").strip()
    groups = digits.replace(" ", ".").split(".")
    if len(groups) > 1:
        if not (1 <= len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])):
            return None
        digits = "".join(groups)
    number = key_or_none(digits)
    return None if number is None or number > _MOST_PEOPLE else number
