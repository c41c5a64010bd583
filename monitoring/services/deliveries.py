"""Writes on deliveries: reading a file all or nothing; values come into force when planning accepts them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext

from django.core.files.base import File
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from monitoring.importers.form import COMMENT_LENGTH, DeliveredValue
from monitoring.models import (
    Area,
    Delivery,
    DeliveryIssue,
    DeliveryMapping,
    Indicator,
    Severity,
    Value,
    ValueComment,
)
from monitoring.services.files import file_kept
from monitoring.services.readings import (
    Known,
    Reading,
    Upload,
    request_of,
    same_file_remarks,
    unusual_remarks,
    upload_read,
    upload_take,
    wholes_of,
)
from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import Organisation, User


@dataclasses.dataclass(frozen=True)
class ReadDelivery:
    """A delivery that was read and is not written yet, with what it takes to write it."""

    delivery: Delivery
    taken: Upload
    reading: Reading
    areas: Sequence[Area]
    indicators: Sequence[Indicator]


def delivery_reading(
    *,
    territory: Organisation,
    supplier: Organisation,
    upload: File[bytes] | Upload,
    indicators: Iterable[Indicator],
    areas: Iterable[Area],
    years: Iterable[int],
    user: User,
    comment: str = "",
    year: str = "",
    said: DeliveryMapping | None = None,
) -> ReadDelivery:
    """Read a delivered file in a child process; nothing is written, so that a slow one holds up nobody.

    Args:
        territory: Planning authority that receives the delivery.
        supplier: Organisation that delivers.
        upload: The file; its name tells CSV from Excel.
        indicators: Indicators asked for, with their units.
        areas: Areas asked for.
        years: Years asked for.
        user: Who uploads.
        comment: Words of the supplier to planning.
        year: Of figures of a file that names none.
        said: What is said of the file and not saved yet; whoever stores the delivery saves it before.
    """
    indicators, areas, years = list(indicators), list(areas), sorted(years)
    taken = upload if isinstance(upload, Upload) else upload_take(upload)
    known = Known(territory, supplier, wholes_of(territory, areas), year, said)
    reading = upload_read(taken, request_of(indicators, areas, years), known=known)
    expected = len(areas) * len(indicators) * len(years)
    delivery = _delivery_of(territory, supplier, taken, reading, user, expected, comment)
    return ReadDelivery(delivery, taken, reading, areas, indicators)


def delivery_store(read: ReadDelivery, *, user: User) -> Delivery:
    """Keep what was read: all or nothing, with a lasting list of remarks.

    Values are kept only if there is no error; they are not in force until planning accepts them. A file
    that is refused as a whole (``ImportRefused``) is not kept, only its name, its hash and the reason. The
    file goes again if the rest cannot be stored.

    Args:
        read: What was read.
        user: Who uploads.
    """
    delivery, taken, reading = read.delivery, read.taken, read.reading
    with nullcontext() if reading.is_refused else file_kept(delivery.file, taken, (".csv", ".xlsx")):
        _store(delivery, reading, read.areas, read.indicators, user)
    return delivery


def _delivery_of(
    territory: Organisation,
    supplier: Organisation,
    taken: Upload,
    reading: Reading,
    user: User,
    expected: int,
    comment: str,
) -> Delivery:
    delivery = Delivery(
        territory=territory,
        supplier=supplier,
        file_name=taken.name,
        sha256=taken.sha256,
        comment=comment.strip(),
        created_by=user,
        row_count=reading.row_count,
        source_form=reading.form,
        mapping=reading.mapping,
        value_count=0 if reading.has_errors else sum(row.value is not None for row in reading.values),
    )
    # A sign is an answer as well: only what nobody said anything of is missing.
    delivery.missing_count = expected - (0 if reading.has_errors else len(reading.values))
    return delivery


@transaction.atomic
def _store(
    delivery: Delivery,
    reading: Reading,
    areas: Sequence[Area],
    indicators: Sequence[Indicator],
    user: User,
) -> None:
    delivery.save()
    issues = [*reading.issues, *same_file_remarks(delivery)]
    if not reading.has_errors:
        by_key = {row.key: row for row in areas}
        by_indicator = {row.key: row for row in indicators}
        _write_values(delivery, reading.values, by_key, by_indicator)
        issues += unusual_remarks(delivery, reading.values, by_key, by_indicator, reading.sheet)
    for issue in issues:
        issue.delivery = delivery
    DeliveryIssue.objects.bulk_create(issues)
    log_action(
        "delivery.read",
        user=user,
        obj=delivery,
        territory=delivery.territory,
        data={
            "file": delivery.file_name,
            "sha256": delivery.sha256,
            "values": delivery.value_count,
            "errors": sum(issue.severity == Severity.ERROR for issue in issues),
        },
    )


@transaction.atomic
def delivery_comment(delivery: Delivery, *, comment: str) -> None:
    """Change the words that go to planning with a delivery; held, so that none are changed after it.

    Raises:
        DomainError: ``delivery_already_submitted``.
    """
    _hold_draft(delivery)
    delivery.comment = comment.strip()
    delivery.save(update_fields=["comment"])


def _hold_draft(delivery: Delivery) -> None:
    """Keep others from handing a delivery in meanwhile; refuse if somebody has."""
    fresh = Delivery.objects.select_for_update(of=("self",)).get(pk=delivery.pk)
    delivery.submitted_at = fresh.submitted_at
    if delivery.submitted_at is not None:
        raise DomainError("delivery_already_submitted", _("This delivery has already been handed in."))


@transaction.atomic
def value_comments_set(delivery: Delivery, *, texts: Mapping[int, str], user: User) -> None:
    """Write, change or take back comments on figures of a delivery that waits to be handed in.

    Args:
        delivery: The delivery.
        texts: Words by key of the value; empty ones take a comment back. Other values are not touched.
        user: Who writes.

    Raises:
        DomainError: ``delivery_already_submitted``.
    """
    _hold_draft(delivery)
    own = set(delivery.values.filter(pk__in=texts).values_list("pk", flat=True))
    known = dict(ValueComment.objects.filter(value__in=own).values_list("value_id", "text"))
    changed = {pk: text.strip() for pk, text in texts.items() if pk in own}
    changed = {pk: text for pk, text in changed.items() if text != known.get(pk, "")}
    ValueComment.objects.filter(value__in=changed).delete()
    ValueComment.objects.bulk_create(
        ValueComment(value_id=pk, text=text[:COMMENT_LENGTH], created_by=user)
        for pk, text in changed.items()
        if text
    )
    if changed:
        log_action(
            "delivery.commented",
            user=user,
            obj=delivery,
            territory=delivery.territory,
            data={"values": len(changed)},
        )


@transaction.atomic
def value_comments_carry(earlier: Delivery, delivery: Delivery) -> None:
    """Take comments over to a corrected delivery, where the figure is the same and has none of its own."""
    comments = ValueComment.objects.filter(value__delivery=earlier).select_related("value")
    said = {(row.value.indicator_id, row.value.area_id, row.value.year): row for row in comments}
    if not said:
        return
    ValueComment.objects.bulk_create(
        ValueComment(value=value, text=row.text, created_by=row.created_by)
        for value in delivery.values.filter(comment__isnull=True)
        if (row := said.get((value.indicator_id, value.area_id, value.year))) is not None
        and (row.value.value, row.value.sign) == (value.value, value.sign)
    )


def delivery_file_taken(delivery: Delivery, *, is_own: bool, user: User) -> None:
    """Write down who took a file with raw figures.

    Args:
        delivery: The delivery whose file is taken.
        is_own: Whether it is the person's own house's.
        user: Who takes it.
    """
    log_action(
        "delivery.downloaded",
        user=user,
        obj=delivery,
        territory=delivery.territory,
        data={"file": delivery.file_name, "sha256": delivery.sha256, "own": is_own},
    )


@transaction.atomic
def delivery_mark_submitted(delivery: Delivery) -> None:
    """Mark a checked delivery as handed in.

    Raises:
        DomainError: ``delivery_has_errors``, ``delivery_already_submitted``, ``delivery_empty``.
    """
    _hold_draft(delivery)
    if delivery.has_errors:
        raise DomainError(
            "delivery_has_errors", _("Correct the errors in the list first; nothing is handed in until then.")
        )
    if not delivery.values.exists():
        raise DomainError("delivery_empty", _("The file holds no values."))
    delivery.submitted_at = timezone.now()
    delivery.save(update_fields=["submitted_at"])


@transaction.atomic
def delivery_accept(delivery: Delivery, *, user: User) -> int:
    """Bring a delivery's values into force; values they succeed stay readable.

    Deliveries of a territory are accepted one after the other: of two that bring the same figure, the later
    one would not see the value it has to succeed.

    Returns:
        Number of values that succeeded an older one.
    """
    Organisation.objects.select_for_update(no_key=True).get(pk=delivery.territory_id)
    fresh = Value.objects.filter(delivery=delivery)
    succeeded = 0
    keys = fresh.order_by().values_list("indicator_id", "year").distinct()
    for indicator_id, year in list(keys):
        areas = fresh.filter(indicator_id=indicator_id, year=year).values("area_id")
        succeeded += (
            Value.objects.filter(indicator_id=indicator_id, year=year, area_id__in=areas, is_current=True)
            .exclude(delivery=delivery)
            .update(is_current=False)
        )
    fresh.update(is_current=True)
    delivery.accepted_at = timezone.now()
    delivery.accepted_by = user
    delivery.save(update_fields=["accepted_at", "accepted_by"])
    return succeeded


def _write_values(
    delivery: Delivery,
    values: Sequence[DeliveredValue],
    areas: Mapping[str, Area],
    indicators: Mapping[str, Indicator],
) -> None:
    rows = Value.objects.bulk_create(
        [
            Value(
                delivery=delivery,
                indicator=indicators[row.indicator_key],
                area=areas[row.area_key],
                year=row.year,
                value=None if row.value is None else float(row.value),
                sign=row.sign,
            )
            for row in values
        ],
        batch_size=5_000,
    )
    ValueComment.objects.bulk_create(
        ValueComment(value=stored, text=row.comment, created_by=delivery.created_by)
        for stored, row in zip(rows, values, strict=True)
        if row.comment
    )
