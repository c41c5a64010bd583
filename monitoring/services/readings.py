"""What an uploaded file says, and what is to be remarked on it; nothing is written here."""

from __future__ import annotations

import dataclasses
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any, Final, cast

from django.conf import settings
from django.core.files.base import File
from django.utils import timezone

from monitoring.changes import unusual_changes
from monitoring.importers.form import DeliveredValue, Request, RequestedIndicator
from monitoring.importers.issues import Issue
from monitoring.importers.simple import is_our_form, read_delivery
from monitoring.issues import REFUSED, SOURCE
from monitoring.models import (
    GRID_FILE_NAME,
    Area,
    Delivery,
    DeliveryIssue,
    DeliveryMapping,
    Indicator,
    Severity,
    Value,
)
from monitoring.selectors.figures import figures_delivered, figures_in_force
from monitoring.services.mappings import said_of
from monitoring.services.source_readings import opened, said_signature, source_read
from monitoring.sources import SourceError
from monitoring.words import OUR_FORM
from project.common.importing import ImportRefused, Table, column_letters, read_table
from stakeholders.models import Organisation

#: Sheet of our own form that shows earlier figures; it is never read.
REFERENCE_SHEET: Final = "Bisherige Werte"
#: A CSV that is too long to be held whole can still be streamed.
_TOO_LONG: Final = frozenset({"far_cell", "too_many_cells", "too_complex"})
_NAME_LENGTH: Final = 200
#: A file of the name that figures typed in the browser are kept under.
_NAME_OF_GRID_FILE: Final = "Eingabe im Formular (Datei).csv"
_CELL_LENGTH: Final = 200
_SHEET_LENGTH: Final = 60
_CHUNK: Final = 64 * 1024


@dataclasses.dataclass(frozen=True)
class Upload:
    """What came in: its name, the content (cut off above the limit), and the hash of all of it."""

    name: str
    content: bytes
    sha256: str


@dataclasses.dataclass(frozen=True)
class Known:
    """What is known of a supplier's files before one of them is read.

    Attributes:
        territory: Planning authority that asks.
        supplier: Whose files they are.
        wholes: Names of what the areas are part of.
        year: Of figures of a file that names none, said for this file only.
        said: What is said of this file and not saved yet; goes before what is remembered.
    """

    territory: Organisation
    supplier: Organisation
    wholes: Sequence[str] = ()
    year: str = ""
    said: DeliveryMapping | None = None

    def mapping_of(self, signature: str) -> DeliveryMapping | None:
        """What the supplier has said of files of this layout. Queries: at most 1."""
        if self.said is not None and self.said.signature == signature:
            return self.said
        return DeliveryMapping.objects.filter(
            territory=self.territory, supplier=self.supplier, signature=signature
        ).first()


@dataclasses.dataclass(frozen=True)
class Reading:
    """What a file says.

    Attributes:
        values: Figures that could be read.
        issues: Remarks, not saved.
        row_count: Rows below the headings.
        is_refused: Whether the file was refused as a whole and must not be kept.
        form: Form that was recognised.
        mapping: What the supplier had said of such files, if that was used.
        sheet: Sheet of a workbook that was read.
    """

    values: Sequence[DeliveredValue] = ()
    issues: Sequence[DeliveryIssue] = ()
    row_count: int = 0
    is_refused: bool = False
    form: str = ""
    mapping: DeliveryMapping | None = None
    sheet: str = ""

    @property
    def has_errors(self) -> bool:
        """Whether nothing may be written."""
        return any(issue.severity == Severity.ERROR for issue in self.issues)


def upload_take(upload: File[bytes]) -> Upload:
    """Take an upload in once: at most one byte more than the limit is kept, all of it is hashed."""
    limit = settings.IMPORT_MAX_BYTES + 1
    digest = hashlib.sha256()
    kept = bytearray()
    for chunk in upload.chunks(_CHUNK):
        digest.update(chunk)
        if len(kept) < limit:
            kept += chunk[: limit - len(kept)]
    name = PurePath((upload.name or "").replace("\\", "/")).name[-_NAME_LENGTH:] or "?"
    if name == GRID_FILE_NAME:
        # Downloaded, changed and sent as a file: it is read like one, whatever its name says.
        name = _NAME_OF_GRID_FILE
    return Upload(name, bytes(kept), digest.hexdigest())


def stored_upload(delivery: Delivery) -> Upload | None:
    """The file of a delivery as it came; None if it was refused and not kept."""
    if not delivery.file:
        return None
    with delivery.file.open("rb") as stored:
        return Upload(delivery.file_name, stored.read(), delivery.sha256)


def upload_table(taken: Upload) -> Table | None:
    """The cells of a workbook; None for a CSV, which is streamed, and for what cannot be read."""
    if not taken.name.lower().endswith(".xlsx"):
        return None
    try:
        return read_table(taken.content, taken.name, max_bytes=settings.IMPORT_MAX_BYTES)
    except ImportRefused:
        return None


def upload_signature(taken: Upload) -> str | None:
    """Mark of the layout of a file; None if it cannot be read at all."""
    try:
        with opened(taken.content, taken.name, upload_table(taken)) as file:
            return said_signature(file)
    except SourceError:
        return None


def request_of(indicators: Iterable[Indicator], areas: Iterable[Area], years: Sequence[int]) -> Request:
    """What is asked for, as the importer wants it."""
    return Request(
        areas={area.key: area.name for area in areas},
        indicators=[
            RequestedIndicator(
                key=row.key,
                names=tuple(dict.fromkeys((row.name, row.name_de, row.name_en))),
                is_percent=row.unit.is_percent,
                is_count=row.unit.is_count,
                # Changes, balances and amounts may be negative; counts and percentages of a whole may not.
                allows_negative=not (row.unit.is_percent or row.unit.is_count),
            )
            for row in indicators
        ],
        years=years,
    )


def wholes_of(territory: Organisation, areas: Iterable[Area]) -> list[str]:
    """Names of what areas are part of: rows of these are totals. Queries: 1."""
    parents = {row.parent_id for row in areas if row.parent_id is not None}
    names = Area.objects.filter(pk__in=parents).values_list("name", flat=True)
    return [territory.name, territory.short_name, *names]


def upload_read(taken: Upload, asked: Request, *, known: Known | None = None) -> Reading:
    """Read a file in a child process; a refusal is an error like any other.

    Our own form is read as such; whatever else comes is recognised, and read as the supplier once said.

    Args:
        taken: The file as it came.
        asked: Areas, indicators and years.
        known: What is known of the supplier's files; None if only our own form is meant.
    """
    table: Table | None = None
    try:
        table = read_table(taken.content, taken.name, max_bytes=settings.IMPORT_MAX_BYTES)
    except ImportRefused as refusal:
        is_long = refusal.code in _TOO_LONG and not taken.name.lower().endswith(".xlsx")
        if known is None or not is_long:
            return _refused(refusal)
    if known is None:
        return table_read(cast(Table, table), asked)
    try:
        with opened(taken.content, taken.name, table) as file:
            signature = said_signature(file)
            mapping = known.mapping_of(signature)
            if table is not None and mapping is None and is_our_form(table, asked):
                return dataclasses.replace(table_read(table, asked), form=OUR_FORM)
            found = source_read(file, asked, said_of(mapping, known.year), known.wholes)
    except SourceError as error:
        issue = DeliveryIssue(
            severity=Severity.ERROR, code=f"{SOURCE}{error.code}", params=dict(error.params)
        )
        return Reading(issues=[issue])
    issues = [_storable(issue) for issue in found.issues]
    return Reading(
        found.values, issues, found.row_count, False, found.form.value, mapping, file.sheet[:_SHEET_LENGTH]
    )


def _refused(refusal: ImportRefused) -> Reading:
    issue = DeliveryIssue(severity=Severity.ERROR, code=f"{REFUSED}{refusal.code}", params=refusal.params)
    return Reading(issues=[issue], is_refused=True)


def _storable(issue: DeliveryIssue) -> DeliveryIssue:
    issue.params = {name: _clean(param) for name, param in issue.params.items()}
    issue.value, issue.column, issue.sheet = _clean(issue.value), _clean(issue.column), _clean(issue.sheet)
    return issue


def table_read(table: Table, asked: Request) -> Reading:
    """Read a table against what is asked for."""
    read = read_delivery(table, asked)
    rows = sum(any(cell.text for cell in row) for row in table.rows)
    return Reading(
        values=read.values,
        issues=[_stored(issue, table) for issue in read.issues if not _is_about_our_form(issue)],
        row_count=max(rows - 1, 0),
        sheet=(table.sheet or "")[:_SHEET_LENGTH],
    )


def _is_about_our_form(issue: Issue) -> bool:
    return issue.code == "other_sheets" and issue.params.get("names") == REFERENCE_SHEET


def _clean(param: Any) -> Any:
    """A text the database can hold: without zero bytes, cut to a readable length."""
    return param.replace("\x00", "")[:_CELL_LENGTH] if isinstance(param, str) else param


def _stored(issue: Issue, table: Table) -> DeliveryIssue:
    params: dict[str, Any] = {name: _clean(param) for name, param in issue.params.items()}
    params["cell"] = issue.address
    column = ""
    if issue.column is not None:
        column = column_letters(issue.column)
        head = table.rows[0] if table.rows else []
        if issue.row != 1 and issue.column <= len(head) and head[issue.column - 1].text:
            params["heading"] = _clean(head[issue.column - 1].text)
    return DeliveryIssue(
        severity=issue.severity.value,
        code=issue.code,
        sheet=_clean(issue.sheet)[:_SHEET_LENGTH],
        row=issue.row,
        column=column,
        value=_clean(issue.value),
        params=params,
    )


# --- Remarks that need more than the file ----------------------------------------------------------


def same_file_remarks(delivery: Delivery) -> list[DeliveryIssue]:
    """A hint if this very file was handed in before."""
    earlier = (
        Delivery.objects.filter(
            territory=delivery.territory, supplier=delivery.supplier, sha256=delivery.sha256
        )
        .exclude(pk=delivery.pk)
        .filter(submitted_at__isnull=False)
        .order_by("-created_at")
        .first()
    )
    if earlier is None:
        return []
    day = timezone.localdate(earlier.submitted_at or earlier.created_at)
    params = {"day": day.isoformat(), "name": earlier.file_name, "delivery": earlier.pk}
    code = "same_figures" if delivery.is_typed else "same_file"
    return [DeliveryIssue(severity=Severity.WARNING, code=code, params=params)]


def unusual_remarks(
    delivery: Delivery,
    values: Sequence[DeliveredValue],
    areas: Mapping[str, Area],
    indicators: Mapping[str, Indicator],
    sheet: str = "",
) -> list[DeliveryIssue]:
    """Hints at figures that changed far more since the year before than elsewhere; secret ones are not told.

    Args:
        delivery: With its values written: they are protected within the lines they belong to.
        values: The same, with their places in the file.
        areas: Areas asked for, by key.
        indicators: Indicators asked for, by key.
        sheet: Where they stand in a workbook.
    """
    now: dict[tuple[str, int], dict[str, DeliveredValue]] = defaultdict(dict)
    for row in values:
        if row.value is not None:
            now[row.indicator_key, row.year][row.area_key] = row
    before = _figures_before(now.keys(), now, areas, indicators)
    own = figures_delivered(delivery, areas.values(), indicators.values())
    known = figures_in_force(
        areas.values(), indicators.values(), years={year - 1 for _key, year in now}, has_means=False
    )
    issues: list[DeliveryIssue] = []
    for (key, year), line in sorted(now.items()):
        indicator = indicators[key]
        old = before.get((key, year - 1), {})
        changes = {area: float(row.value or 0) - old[area] for area, row in line.items() if area in old}
        secret = {
            area
            for area in changes
            if own.of(indicator, areas[area], year).is_secret
            or own.of(indicator, areas[area], year - 1).is_secret
            or known.of(indicator, areas[area], year - 1).is_secret
        }
        issues += [
            DeliveryIssue(
                severity=Severity.WARNING,
                code="unusual_change",
                sheet=sheet,
                row=line[area].row,
                column=column_letters(line[area].column),
                params={
                    "area": areas[area].name,
                    "area_key": area,
                    "indicator": indicator.key,
                    "name": indicator.name,
                    "now": float(line[area].value or 0),
                    "before": old[area],
                    "year": year,
                    "year_before": year - 1,
                    "decimals": indicator.unit.decimals,
                },
            )
            for area in sorted(unusual_changes(changes) - secret)
        ]
    return issues


def _figures_before(
    lines: Iterable[tuple[str, int]],
    now: Mapping[tuple[str, int], Mapping[str, DeliveredValue]],
    areas: Mapping[str, Area],
    indicators: Mapping[str, Indicator],
) -> dict[tuple[str, int], dict[str, float]]:
    """Figures of the year before each line: from the same file, else those in force. Queries: 1."""
    found: dict[tuple[str, int], dict[str, float]] = defaultdict(dict)
    years = {year - 1 for _key, year in lines}
    in_force = Value.objects.filter(
        is_current=True,
        value__isnull=False,
        year__in=years,
        indicator__in=[row.pk for row in indicators.values()],
        area__in=[row.pk for row in areas.values()],
    ).values_list("indicator__key", "year", "area__key", "value")
    for key, year, area, value in in_force:
        if value is not None:
            found[key, year][area] = value
    for line, rows in now.items():
        found[line] |= {area: float(row.value or 0) for area, row in rows.items()}
    return found
