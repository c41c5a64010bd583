"""Figures of statistics offices into the database: a file in any known form becomes a delivery in force."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from django.conf import settings
from django.core.files.base import File
from django.db import transaction
from django.utils import timezone, translation

from monitoring.importers.form import HEADINGS
from monitoring.issues import issue_message
from monitoring.models import Area, Delivery, DeliveryIssue, Indicator, Severity
from monitoring.services.deliveries import delivery_accept, delivery_from_reading, delivery_mark_submitted
from monitoring.services.readings import Reading, Upload, request_of, table_read, upload_take
from monitoring.sources import Reading as SourceReading
from monitoring.sources import SourceError, read_source
from monitoring.sources.recognise import SourceForm
from project.common.importing import Cell, CellKind, Table
from project.common.keys import PlaceKeys
from stakeholders.audit import log_action
from stakeholders.models import Organisation, User
from stakeholders.permissions import Perm, require

_COLUMNS: Final = ("area", "year", "indicator", "value", "sign")
_MOST_LINES: Final = 1_000


class ImportFailedError(Exception):
    """Nothing was saved.

    Args:
        lines: What is wrong, a line each.
    """

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


@dataclass(frozen=True, slots=True)
class Choice:
    """What of a file is meant.

    Attributes:
        variables: Names in the file and keys of indicators; without any, names and keys of indicators are
            looked for, and other variables are errors.
        where: Attributes that a row has to have, such as Geschlecht: weiblich.
        own_areas_only: Leave rows of areas out that the territory does not have, instead of refusing them.
        year: Of figures without one.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    where: Mapping[str, str] = field(default_factory=dict)
    own_areas_only: bool = False
    year: str = ""


@dataclass(slots=True)
class Imported:
    """What was imported, or would be.

    Attributes:
        value_count: Figures and signs.
        left_out: Rows that were not meant, by reason.
        notes: Hints at the file.
        delivery: What was stored; None for a test run.
        succeeded: Figures in force that were succeeded.
    """

    value_count: int
    left_out: Mapping[str, int]
    notes: list[str]
    delivery: Delivery | None = None
    succeeded: int = 0


def source_import(
    *,
    territory: Organisation,
    supplier: Organisation,
    path: Path,
    choice: Choice,
    user: User,
    dry_run: bool = False,
) -> Imported:
    """Import a file: all or nothing; figures in force are succeeded and stay readable.

    Args:
        territory: Planning authority whose areas the figures are of.
        supplier: Organisation they come from.
        path: The file, in any form of ``monitoring.sources``.
        choice: What of it is meant.
        user: Who imports; needs the right to plan for the territory.
        dry_run: Only check.

    Raises:
        ImportFailedError: Anything is wrong, or this very file was imported before.
        PermissionDenied: The user may not.
    """
    require(user, Perm.PLAN_TERRITORY, territory)
    taken = _taken(path, territory)
    matcher = _Matcher(territory, choice)
    try:
        source = read_source(path)
        for row in source.readings:
            matcher.take(row, is_official=source.form is not SourceForm.PLAIN)
    except SourceError as error:
        raise ImportFailedError([str(error)]) from error
    problems = source.problems
    more = problems.count - len(problems.found)
    lines = [str(problem) for problem in problems.found] + matcher.lines
    if lines:
        raise ImportFailedError([*lines, *([f"and {more} more"] if more > 0 else [])])
    reading, areas, indicators = matcher.reading()
    imported = Imported(len(reading.values), matcher.left_out, [str(note) for note in problems.notes])
    if not dry_run:
        _store(imported, reading, matcher, areas, indicators, territory, supplier, taken, user)
    return imported


def _taken(path: Path, territory: Organisation) -> Upload:
    """The file as it came.

    Raises:
        ImportFailedError: It cannot be read, is too large, or was imported before.
    """
    try:
        with path.open("rb") as file:
            taken = upload_take(File(file, name=path.name))
    except OSError as error:
        raise ImportFailedError([f"The file cannot be read ({error.strerror})."]) from error
    if len(taken.content) > settings.IMPORT_MAX_BYTES:
        raise ImportFailedError([f"The file is larger than IMPORT_MAX_BYTES ({settings.IMPORT_MAX_BYTES})."])
    _refuse_again(territory, taken)
    return taken


def _refuse_again(territory: Organisation, taken: Upload) -> None:
    """Raise if this very file was accepted before."""
    earlier = Delivery.objects.filter(
        territory=territory, sha256=taken.sha256, accepted_at__isnull=False
    ).first()
    if earlier is not None:
        day = timezone.localdate(earlier.accepted_at)
        raise ImportFailedError(
            [f"This very file was accepted on {day:%Y-%m-%d} already, as “{earlier.file_name}”."]
        )


@transaction.atomic
def _store(
    imported: Imported,
    reading: Reading,
    matcher: _Matcher,
    areas: list[Area],
    indicators: list[Indicator],
    territory: Organisation,
    supplier: Organisation,
    taken: Upload,
    user: User,
) -> None:
    # One import at a time for a territory, so that the same file does not slip in twice.
    Organisation.objects.select_for_update(no_key=True).get(pk=territory.pk)
    _refuse_again(territory, taken)
    delivery = delivery_from_reading(
        territory=territory,
        supplier=supplier,
        taken=taken,
        reading=reading,
        indicators=indicators,
        areas=areas,
        expected=len(areas) * len(indicators) * len(matcher.years),
        user=user,
    )
    delivery_mark_submitted(delivery)
    imported.succeeded = delivery_accept(delivery, user=user)
    imported.delivery = delivery
    log_action(
        "delivery.accepted",
        user=user,
        obj=delivery,
        territory=territory,
        data={"file": delivery.file_name, "succeeded": imported.succeeded},
    )


class _Matcher:
    """Takes the rows that are meant, as cells of the long form of our own, and says what is wrong."""

    def __init__(self, territory: Organisation, choice: Choice) -> None:
        self.choice = choice
        self.lines: list[str] = []
        self.left_out: Counter[str] = Counter()
        self.years: set[int] = set()
        self._rows: list[list[Cell]] = []
        self._found: tuple[dict[str, Area], dict[str, Indicator]] = ({}, {})
        areas = Area.objects.filter(territory=territory).valid_on(timezone.localdate())
        self._areas = {area.key: area for area in areas}
        self._keys = PlaceKeys(self._areas)
        self._indicators: dict[str, Indicator] = {}
        known = {row.key: row for row in Indicator.objects.select_related("unit")}
        for name, key in choice.variables.items():
            if key in known:
                self._indicators[name] = known[key]
            else:
                self.lines.append(f"There is no indicator with the key {key}.")
        if not choice.variables:
            self._indicators = {
                name: row for row in known.values() for name in (row.key, row.name_de, row.name_en)
            }

    def take(self, row: SourceReading, *, is_official: bool) -> None:
        """Take one row, leave it out, or say what is wrong with it."""
        indicator = self._indicators.get(row.variable)
        if indicator is None:
            if self.choice.variables:
                self.left_out["other variables"] += 1
            else:
                self._wrong(row, row.variable, "No indicator has this name. Say which by --variable.")
            return
        if not self._is_meant(row, is_official=is_official):
            self.left_out["other attributes"] += 1
            return
        area = self._area(row.area_key)
        if area is None:
            if self.choice.own_areas_only:
                self.left_out["other areas"] += 1
            else:
                self._wrong(row, row.area_key or row.area_name, "The territory has no such area.")
            return
        year = (row.period or self.choice.year)[:4]
        if not year:
            self._wrong(row, "", "The file names no year. Say which by --year.")
            return
        if not row.value and not row.sign:
            self.left_out["empty"] += 1
            return
        self.years.add(int(year))
        self._found[0][area.key], self._found[1][indicator.key] = area, indicator
        texts = (area.key, year, indicator.key, row.value, row.sign)
        kinds = [
            CellKind.NUMBER if place == 3 and row.value else CellKind.TEXT for place in range(len(texts))
        ]
        self._rows.append([Cell(text, row.row, 0, kind) for text, kind in zip(texts, kinds, strict=True)])

    def _area(self, key: str) -> Area | None:
        """The area of this key, else the only one of the same place."""
        found = self._keys.find(key)
        return None if found is None else self._areas[found]

    def _is_meant(self, row: SourceReading, *, is_official: bool) -> bool:
        """Whether a row has what was asked for and, in files of offices, is the total of all else."""
        attributes = dict(row.dimensions.attributes)
        if any(attributes.get(name) != text for name, text in self.choice.where.items()):
            return False
        rest = set(attributes) - set(self.choice.where)
        return not is_official or rest <= set(row.dimensions.totals)

    def _wrong(self, row: SourceReading, value: str, sentence: str) -> None:
        if len(self.lines) < _MOST_LINES:
            shown = f" {value!r}:" if value else ""
            self.lines.append(f"row {row.row}, column {row.column}:{shown} {sentence}")

    def reading(self) -> tuple[Reading, list[Area], list[Indicator]]:
        """What was taken, with the checks of every delivery.

        Raises:
            ImportFailedError: They found errors, or nothing was taken.
        """
        if not self._rows:
            counts = ", ".join(f"{count} rows ({reason})" for reason, count in self.left_out.items())
            raise ImportFailedError([f"No row of the file is meant: left out are {counts}."])
        areas, indicators = list(self._found[0].values()), list(self._found[1].values())
        header = [Cell(HEADINGS[role][0], 1, place) for place, role in enumerate(_COLUMNS, start=1)]
        read = table_read(Table([header, *self._rows]), request_of(indicators, areas, sorted(self.years)))
        with translation.override("en"):
            errors = [_line(issue) for issue in read.issues if issue.severity == Severity.ERROR]
        if errors:
            raise ImportFailedError(errors)
        return read, areas, indicators


def _line(issue: DeliveryIssue) -> str:
    return f"row {issue.row}: {issue_message(issue)}"
