"""Writes of files that go with an item of an agenda."""

from __future__ import annotations

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from project.common.attachments import MAX_NAME, read_attachment
from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import User
from workflows.models import AgendaFile, AgendaItem
from workflows.services.agenda import log_name
from workflows.services.meeting_lock import meeting_lock
from workflows.services.meeting_state import check_open


@transaction.atomic
def agenda_file_add(item: AgendaItem, *, upload: UploadedFile, title: str, user: User) -> AgendaFile:
    """Put a file to an item.

    Args:
        item: A standing item of an open meeting.
        upload: Of a kind that ``check_attachment`` takes.
        title: What it is; the name of the file where it is empty.
        user: Who uploads.

    Returns:
        The file.

    Raises:
        DomainError: ``meeting_closed``, ``item_removed``, ``file_there`` and those of ``check_attachment``.
    """
    taken = read_attachment(upload, max_bytes=settings.IMPORT_MAX_BYTES)
    meeting_lock(item.meeting)
    _check(item)
    if AgendaFile.objects.standing().filter(item=item, sha256=taken.sha256).exists():
        raise DomainError("file_there", _("This file is with the item already."))
    row = AgendaFile(
        item=item,
        title=title.strip()[:MAX_NAME] or taken.name,
        uploaded_by=user,
        **taken.columns,
    )
    taken.put_to(row)
    _log("meeting.file_added", row, user)
    return row


def _check(item: AgendaItem) -> None:
    check_open(item.meeting)
    if not AgendaItem.objects.standing().filter(pk=item.pk).exists():
        raise DomainError("item_removed", _("This item has been taken off the agenda meanwhile."))


def _log(action: str, row: AgendaFile, user: User) -> None:
    meeting = row.item.meeting
    # The name of a file says as much as the title of its item.
    named = {} if row.item.is_internal else {"file": row.file_name}
    log_action(
        action,
        user=user,
        obj=meeting,
        territory=meeting.cycle.territory,
        data={"item": log_name(row.item), "sha256": row.sha256, **named},
    )


@transaction.atomic
def agenda_file_remove(row: AgendaFile, *, user: User) -> None:
    """Take a file away from its item; it is kept, and the audit log says so.

    Raises:
        DomainError: ``meeting_closed``, ``item_removed``, ``file_gone``.
    """
    meeting_lock(row.item.meeting)
    _check(row.item)
    if not AgendaFile.objects.standing().filter(pk=row.pk).update(removed_at=timezone.now()):
        raise DomainError("file_gone", _("This file has been taken away already."))
    _log("meeting.file_removed", row, user)
