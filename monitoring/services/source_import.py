"""Figures of statistics offices into the database: a file in any known form becomes a delivery in force.

However long the file is: it is read as a stream, what is taken of it needs 21 bytes a value until it is
stored, and nothing is written before all of it was checked.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from django.conf import settings
from django.core.files.base import File
from django.db import transaction
from django.utils import timezone
from numpy.typing import NDArray

from monitoring.models import Delivery, DeliveryIssue, Value
from monitoring.services.import_remarks import Unusual, remarks_on, unusual_in
from monitoring.services.import_rows import Choice, Figures, ImportFailedError, Matcher
from monitoring.services.readings import same_file_remarks
from monitoring.services.value_store import values_store
from monitoring.sources import SourceError
from monitoring.sources.blocks import Block, read_parts
from monitoring.sources.recognise import Source, SourceForm
from stakeholders.audit import log_action
from stakeholders.models import Organisation, User
from stakeholders.permissions import Perm, require

__all__ = ["Choice", "ImportFailedError", "Imported", "source_import"]

_NAME_LENGTH: Final = 200
#: Values that lose the mark of being in force in one statement; SQLite takes 32,766 parameters.
_AT_ONCE: Final = 20_000


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


@dataclass(frozen=True, slots=True)
class _Sent:
    """The file as it came.

    Attributes:
        path: Where it is.
        sha256: Hash of its content.
        state: Size and time of its last change, to see whether it stays the same.
    """

    path: Path
    sha256: str
    state: tuple[int, int]


def source_import(
    *,
    territory: Organisation,
    supplier: Organisation,
    path: Path,
    choice: Choice,
    user: User,
    then: Callable[[Organisation], object],
    dry_run: bool = False,
) -> Imported:
    """Import a file: all or nothing; figures in force are succeeded and stay readable.

    Args:
        territory: Planning authority whose areas the figures are of.
        supplier: Organisation they come from.
        path: The file, in any form of ``monitoring.sources``.
        choice: What of it is meant.
        user: Who imports; needs the right to plan for the territory.
        then: Called with the territory once the figures are in force, all in one transaction.
        dry_run: Only check.

    Raises:
        ImportFailedError: Anything is wrong, or this very file was imported before.
        PermissionDenied: The user may not.
    """
    require(user, Perm.PLAN_TERRITORY, territory)
    sent = _sent(path, territory)
    figures, matcher, source = _read(path, territory, choice)
    notes = [str(note) for note in source.problems.notes]
    imported = Imported(len(figures.keys), matcher.left_out, notes)
    if not dry_run:
        _store(imported, figures, territory, supplier, sent, source.form, user, then)
    return imported


def _sent(path: Path, territory: Organisation) -> _Sent:
    """The file as it came.

    Raises:
        ImportFailedError: It cannot be read, is too large, or was imported before.
    """
    try:
        state = _state(path)
        if state[0] > settings.IMPORT_FILE_MAX_BYTES:
            limit = f"IMPORT_FILE_MAX_BYTES ({settings.IMPORT_FILE_MAX_BYTES})"
            raise ImportFailedError([f"The file is larger than {limit}."])
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
    except OSError as error:
        raise ImportFailedError([f"The file cannot be read ({error.strerror})."]) from error
    sent = _Sent(path, digest.hexdigest(), state)
    _refuse_again(territory, sent)
    return sent


def _state(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def _read(path: Path, territory: Organisation, choice: Choice) -> tuple[Figures, Matcher, Source]:
    """Read and check the whole file.

    Raises:
        ImportFailedError: Anything is wrong.
    """
    matcher = Matcher(territory, choice)
    try:
        source, parts = read_parts(path)
        matcher.is_official = source.form is not SourceForm.PLAIN
        for part in parts:
            if isinstance(part, Block):
                matcher.take_block(part)
            else:
                matcher.take(part)
    except SourceError as error:
        raise ImportFailedError([str(error)]) from error
    problems = source.problems
    more = problems.count - len(problems.found) + matcher.more_count
    lines = [str(problem) for problem in problems.found] + matcher.lines
    if lines:
        raise ImportFailedError([*lines, *([f"and {more} more"] if more > 0 else [])])
    return matcher.figures(), matcher, source


def _refuse_again(territory: Organisation, sent: _Sent) -> None:
    """Raise if this very file was accepted before."""
    earlier = Delivery.objects.filter(
        territory=territory, sha256=sent.sha256, accepted_at__isnull=False
    ).first()
    if earlier is not None:
        day = timezone.localdate(earlier.accepted_at)
        raise ImportFailedError(
            [f"This very file was accepted on {day:%Y-%m-%d} already, as “{earlier.file_name}”."]
        )


def _store(
    imported: Imported,
    figures: Figures,
    territory: Organisation,
    supplier: Organisation,
    sent: _Sent,
    form: str,
    user: User,
    then: Callable[[Organisation], object],
) -> None:
    """Store file, delivery, values and remarks; the file goes again if the rest cannot be stored."""
    remarks = remarks_on(figures)
    count = len(figures.keys)
    known = count - int(np.isnan(figures.values).sum())
    delivery = Delivery(
        territory=territory,
        supplier=supplier,
        file_name=sent.path.name[-_NAME_LENGTH:],
        sha256=sent.sha256,
        created_by=user,
        source_form=form,
        row_count=count,
        value_count=known,
        missing_count=remarks.expected - count,
    )
    # A neutral name: nothing that people call their files reaches the file system.
    ending = ".xlsx" if sent.path.suffix.lower() == ".xlsx" else ".csv"
    with sent.path.open("rb") as file:
        delivery.file.save(f"{uuid.uuid4().hex}{ending}", File(file), save=False)
    try:
        if _state(sent.path) != sent.state:
            raise ImportFailedError(["The file was changed while it was read. Import it again."])
        with transaction.atomic():
            _store_rows(imported, delivery, figures, remarks.issues, sent, user)
            then(territory)
    except BaseException:
        delivery.file.delete(save=False)
        raise
    imported.delivery = delivery


def _store_rows(
    imported: Imported,
    delivery: Delivery,
    figures: Figures,
    issues: list[DeliveryIssue],
    sent: _Sent,
    user: User,
) -> None:
    territory = delivery.territory
    # One import at a time for a territory: that the same file does not slip in twice, and that of two
    # deliveries of the same figure the later one sees the value it has to succeed.
    Organisation.objects.select_for_update(no_key=True).get(pk=territory.pk)
    _refuse_again(territory, sent)
    delivery.submitted_at = delivery.accepted_at = timezone.now()
    delivery.accepted_by = user
    delivery.save()
    imported.succeeded, unusual = _succeed(figures, territory)
    values_store(delivery, figures.chunks(), is_current=True)
    issues = [*issues, *same_file_remarks(delivery), *unusual.remarks(delivery, figures)]
    for issue in issues:
        issue.delivery = delivery
    DeliveryIssue.objects.bulk_create(issues, batch_size=1_000)
    told = {
        "file": delivery.file_name,
        "sha256": delivery.sha256,
        "values": delivery.value_count,
        "errors": 0,
    }
    log_action("delivery.read", user=user, obj=delivery, territory=territory, data=told)
    told = {"file": delivery.file_name, "succeeded": imported.succeeded}
    log_action("delivery.accepted", user=user, obj=delivery, territory=territory, data=told)


def _succeed(figures: Figures, territory: Organisation) -> tuple[int, Unusual]:
    """Take the mark of being in force from the values that are succeeded, and compare with the year before.

    Indicator by indicator, so that what is in force never has to be held whole.

    Returns:
        Number of those succeeded, and unusual changes.
    """
    places = {area.pk: place for place, area in enumerate(figures.areas)}
    succeeded, unusual = 0, Unusual()
    for indicator, part in figures.by_indicator():
        pks, keys, values = _in_force(figures, indicator, part, territory, places)
        own = figures.keys[part]
        at = np.minimum(np.searchsorted(own, keys), len(own) - 1)
        gone = pks[own[at] == keys]
        for begin in range(0, len(gone), _AT_ONCE):
            chosen = gone[begin : begin + _AT_ONCE].tolist()
            succeeded += Value.objects.filter(pk__in=chosen).update(is_current=False)
        unusual.take(unusual_in(figures, part, keys, values))
    return succeeded, unusual


def _in_force(
    figures: Figures, indicator: int, part: slice, territory: Organisation, places: Mapping[int, int]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Values of an indicator in force in the years of a file and before: primary keys, keys, figures."""
    years = np.unique(figures.years(part))
    rows = (
        Value.objects.filter(
            indicator=figures.indicators[indicator],
            is_current=True,
            area__territory=territory,
            year__in=np.union1d(years, years - 1).tolist(),
        )
        .order_by()
        .values_list("pk", "area_id", "year", "value")
    )
    found = np.array(
        [
            (pk, places[area], year, np.nan if value is None else value)
            for pk, area, year, value in rows.iterator(chunk_size=10_000)
            if area in places
        ],
        dtype=[("pk", np.int64), ("area", np.int64), ("year", np.int64), ("value", np.float64)],
    )
    found = found[np.argsort(keys := figures.packed(indicator, found["area"], found["year"]))]
    return found["pk"], np.sort(keys), found["value"]
