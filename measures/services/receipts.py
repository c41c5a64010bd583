"""Writes on the list of receipts of a report."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from measures.models import DutyKind, FinanceKind, ProjectReport, Receipt
from measures.report_rules import KINDS_WITHOUT_RECEIPTS, same_number
from measures.selectors.project_report_account import receipts_of
from measures.services.project_reports import draft_lock, writer_note
from project.common.attachments import Attachment, read_attachment
from project.common.errors import DomainError, as_domain_error
from stakeholders.audit import log_action
from stakeholders.models import User
from stakeholders.permissions import Perm, require

#: Receipts of one report: more belong into a table beside it.
MOST_RECEIPTS: Final = 1_000


@dataclasses.dataclass(frozen=True)
class ReceiptFields:
    """One entry of the list of receipts.

    Attributes:
        kind: Kind of cost.
        title: Which line of that kind.
        number: Number of the receipt with the provider.
        paid_on: Day of the payment.
        payee: Whom it was paid to.
        purpose: What for.
        amount: Euros, above zero.
    """

    kind: str
    title: str
    number: str
    paid_on: datetime.date
    payee: str
    purpose: str
    amount: Decimal


def receipt_add(
    report: ProjectReport, *, fields: ReceiptFields, user: User, upload: UploadedFile | None = None
) -> Receipt:
    """Put a receipt on the list, with its file if there is one.

    Args:
        report: A draft.
        fields: The entry.
        user: Acts for the provider.
        upload: Of a kind that ``check_attachment`` takes; judged before anything is stored.

    Raises:
        PermissionDenied: The user does not act for the provider.
        DomainError: ``report_locked``, ``no_receipts`` of a drawdown, ``receipt_twice``, ``file_twice``,
            ``too_many_receipts``, ``wrong_line``, ``lump_sum``, ``paid_in_future``, ``wrong_amount``,
            ``invalid`` and those of ``check_attachment``.
    """
    return _add(report, [fields], user, upload)[0]


def receipts_add(report: ProjectReport, *, rows: Sequence[ReceiptFields], user: User) -> list[Receipt]:
    """Put receipts without files on the list, all or none. Errors: as ``receipt_add``."""
    return _add(report, rows, user)


@transaction.atomic
def _add(
    report: ProjectReport, rows: Sequence[ReceiptFields], user: User, upload: UploadedFile | None = None
) -> list[Receipt]:
    require(user, Perm.ACT_FOR_ORGANISATION, report.project.provider)
    taken = _read(upload)
    locked = draft_lock(report)
    if locked.kind == DutyKind.DRAWDOWN:
        raise DomainError("no_receipts", _("A drawdown has no list of receipts."))
    standing = list(receipts_of(locked))
    if len(standing) + len(rows) > MOST_RECEIPTS:
        raise DomainError(
            "too_many_receipts",
            _("A report has at most %(count)s receipts. Attach the rest as a table.")
            % {"count": MOST_RECEIPTS},
        )
    numbers = {same_number(row.number) for row in standing}
    if taken is not None:
        _require_new_file(taken, standing)
    lines = set(locked.lines.filter(side=FinanceKind.COST).values_list("kind", "title"))
    made: list[Receipt] = []
    for fields in rows:
        _require_sound(fields, numbers, lines)
        numbers.add(same_number(fields.number))
        made.append(_made(locked, fields, user, taken if not made else None))
    writer_note(locked, user)
    for row in made:
        _log("receipt.added", row, user)
    return made


def _read(upload: UploadedFile | None) -> Attachment | None:
    return None if upload is None else read_attachment(upload, max_bytes=settings.IMPORT_MAX_BYTES)


def _require_new_file(taken: Attachment, standing: Sequence[Receipt]) -> None:
    twin = next((row for row in standing if row.sha256 == taken.sha256), None)
    if twin is not None:
        raise DomainError(
            "file_twice",
            _("“%(name)s” is the file of receipt %(number)s already. Upload the file of this receipt.")
            % {"name": taken.name, "number": twin.number},
        )


def _require_sound(fields: ReceiptFields, numbers: set[str], lines: set[tuple[str, str]]) -> None:
    if (fields.kind, fields.title) not in lines:
        raise DomainError("wrong_line", _("Choose the line of the plan that was paid for."))
    if fields.kind in KINDS_WITHOUT_RECEIPTS:
        raise DomainError(
            "lump_sum",
            _("Receipt %(number)s: a lump sum is paid without receipts. Choose the line that was paid for.")
            % {"number": fields.number.strip()},
        )
    if same_number(fields.number) in numbers:
        raise DomainError(
            "receipt_twice",
            _("Receipt %(number)s is on the list already; it has not been added once more.")
            % {"number": fields.number.strip()},
        )
    if fields.paid_on > timezone.localdate():
        raise DomainError(
            "paid_in_future",
            _("Receipt %(number)s: a payment lies in the past. Check the day.") % {"number": fields.number},
        )
    if fields.amount <= 0:
        raise DomainError(
            "wrong_amount",
            _("Receipt %(number)s: enter an amount above zero.") % {"number": fields.number},
        )


def _made(report: ProjectReport, fields: ReceiptFields, user: User, taken: Attachment | None) -> Receipt:
    words = {name: getattr(fields, name).strip() for name in ("number", "payee", "purpose")}
    row = Receipt(
        report=report,
        kind=fields.kind,
        title=fields.title,
        paid_on=fields.paid_on,
        amount=fields.amount,
        entered_by=user,
        **words,
        **(taken.columns if taken is not None else {}),
    )
    try:
        # The report is locked and the person signed in: asking for both again costs two queries a row.
        row.full_clean(exclude={"report", "entered_by"}, validate_constraints=False)
    except ValidationError as error:
        raise as_domain_error(error) from error
    if taken is not None:
        taken.put_to(row)
    else:
        row.save()
    return row


@transaction.atomic
def receipt_file_set(receipt: Receipt, *, upload: UploadedFile, user: User) -> Receipt:
    """Put the file to a receipt that has none.

    Raises:
        PermissionDenied: The user does not act for the provider.
        DomainError: ``report_locked``, ``receipt_gone``, ``file_there``, ``file_twice`` and those of
            ``check_attachment``.
    """
    require(user, Perm.ACT_FOR_ORGANISATION, receipt.report.project.provider)
    taken = _read(upload)
    assert taken is not None
    locked = draft_lock(receipt.report)
    standing = list(receipts_of(locked))
    row = next((one for one in standing if one.pk == receipt.pk), None)
    if row is None:
        raise _gone()
    if row.file:
        raise DomainError(
            "file_there", _("This receipt has its file. Take the receipt out to enter it anew.")
        )
    _require_new_file(taken, standing)
    for name, value in taken.columns.items():
        setattr(row, name, value)
    taken.put_to(row)
    writer_note(locked, user)
    _log("receipt.file_added", row, user)
    return row


@transaction.atomic
def receipt_remove(receipt: Receipt, *, user: User) -> None:
    """Take a receipt out of the list; it is kept, and can be put back while the report is a draft.

    Raises:
        PermissionDenied: The user does not act for the provider.
        DomainError: ``report_locked``, ``receipt_gone``.
    """
    require(user, Perm.ACT_FOR_ORGANISATION, receipt.report.project.provider)
    locked = draft_lock(receipt.report)
    gone = Receipt.objects.filter(pk=receipt.pk, removed_at__isnull=True).update(removed_at=timezone.now())
    if not gone:
        raise _gone()
    writer_note(locked, user)
    _log("receipt.removed", receipt, user)


@transaction.atomic
def receipt_restore(receipt: Receipt, *, user: User) -> None:
    """Put a receipt back that was taken out.

    Raises:
        PermissionDenied: The user does not act for the provider.
        DomainError: ``report_locked``, ``receipt_there``, ``receipt_twice``.
    """
    require(user, Perm.ACT_FOR_ORGANISATION, receipt.report.project.provider)
    locked = draft_lock(receipt.report)
    twice = DomainError(
        "receipt_twice",
        _("A receipt with the number %(number)s has been entered meanwhile.") % {"number": receipt.number},
    )
    if same_number(receipt.number) in {same_number(row.number) for row in receipts_of(locked)}:
        raise twice
    try:
        with transaction.atomic():
            back = Receipt.objects.filter(pk=receipt.pk, removed_at__isnull=False).update(removed_at=None)
    except IntegrityError as error:
        raise twice from error
    if not back:
        raise DomainError("receipt_there", _("This receipt is on the list already."))
    writer_note(locked, user)
    _log("receipt.restored", receipt, user)


def _gone() -> DomainError:
    return DomainError("receipt_gone", _("This receipt has been taken out already."))


def _log(action: str, row: Receipt, user: User) -> None:
    """That it was done; not what: the log is read by planning and administration, a draft by its provider."""
    project = row.report.project
    log_action(action, user=user, obj=project, territory=project.measure.plan.territory)
