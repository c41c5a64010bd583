"""Writes of documents that belong to a measure."""

from __future__ import annotations

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from measures.models import Measure, MeasureFile
from measures.services.measures import measure_lock
from project.common.attachments import MAX_NAME, read_attachment
from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import User
from stakeholders.permissions import Perm, can, require

#: Documents of one measure: papers, not an archive.
MOST_FILES = 50


def may_keep_files(user: User, measure: Measure) -> bool:
    """Whether a person adds documents and takes them away: planning, or of the responsible organisation."""
    return bool(
        can(user, Perm.EDIT_MEASURE, measure) or can(user, Perm.ACT_FOR_ORGANISATION, measure.responsible)
    )


def _require(user: User, measure: Measure) -> None:
    if not can(user, Perm.EDIT_MEASURE, measure):
        require(user, Perm.ACT_FOR_ORGANISATION, measure.responsible)


@transaction.atomic
def measure_file_add(measure: Measure, *, upload: UploadedFile, title: str, user: User) -> MeasureFile:
    """Put a document to a measure.

    Args:
        measure: The measure.
        upload: Of a kind that ``check_attachment`` takes.
        title: What it is; the name of the file where it is empty.
        user: Planning, or somebody of the responsible organisation.

    Raises:
        PermissionDenied: The user is neither.
        DomainError: ``file_there``, ``too_many_files`` and those of ``check_attachment``.
    """
    _require(user, measure)
    taken = read_attachment(upload, max_bytes=settings.IMPORT_MAX_BYTES)
    measure_lock(measure)
    standing = measure.files.filter(removed_at__isnull=True)
    if standing.filter(sha256=taken.sha256).exists():
        raise DomainError("file_there", _("This document is with the measure already."))
    if standing.count() >= MOST_FILES:
        raise DomainError(
            "too_many_files", _("A measure has at most %(count)s documents.") % {"count": MOST_FILES}
        )
    row = MeasureFile(
        measure=measure, title=title.strip()[:MAX_NAME] or taken.name, uploaded_by=user, **taken.columns
    )
    taken.put_to(row)
    _log("measure.file_added", row, user)
    return row


@transaction.atomic
def measure_file_remove(row: MeasureFile, *, user: User) -> None:
    """Take a document away from its measure; it is kept, and the audit log says so.

    Raises:
        PermissionDenied: The user is neither planning nor of the responsible organisation.
        DomainError: ``file_gone``.
    """
    _require(user, row.measure)
    gone = MeasureFile.objects.filter(pk=row.pk, removed_at__isnull=True).update(removed_at=timezone.now())
    if not gone:
        raise DomainError("file_gone", _("This document has been taken away already."))
    _log("measure.file_removed", row, user)


def _log(action: str, row: MeasureFile, user: User) -> None:
    log_action(
        action,
        user=user,
        obj=row.measure,
        territory=row.measure.plan.territory,
        data={"file": row.file_name, "title": row.title, "sha256": row.sha256},
    )
