"""Files that back a reported figure: added and taken away until it is handed in, never opened here."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from measures.models import FigureFile, FigureReport, RoundReportState
from project.common.attachments import Upload, attachments_store
from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import User

#: Files of one figure: evidence, not an archive.
MOST_FILES = 5


def most_bytes() -> int:
    """Largest file in bytes: what the setting says, and never more than an upload keeps."""
    return min(settings.STATEMENT_FILE_MAX_BYTES, settings.IMPORT_MAX_BYTES)


@transaction.atomic
def figure_files_add(figure: FigureReport, uploads: Iterable[Upload], *, user: User) -> list[FigureFile]:
    """Store files beside a reported figure; all of them or none.

    Args:
        figure: What they back, in a report that is not handed in.
        uploads: The files; one that is there already is passed over.
        user: Who adds them.

    Returns:
        The new rows.

    Raises:
        DomainError: ``report_locked`` and those of ``attachments_store``.
    """
    uploads = list(uploads)
    if not uploads:
        return []
    _require_editable(figure)

    def make(name: str, size: int, sha256: str) -> FigureFile:
        return FigureFile(figure=figure, file_name=name, size=size, sha256=sha256, uploaded_by=user)

    rows: list[FigureFile] = attachments_store(
        uploads,
        known=set(figure.files.filter(removed_at__isnull=True).values_list("sha256", flat=True)),
        make=make,
        max_bytes=most_bytes(),
        most=MOST_FILES,
        too_many=_("A figure has at most %(count)s files."),
    )
    for row in rows:
        _log("report.file_added", row, user)
    return rows


@transaction.atomic
def figure_file_remove(file: FigureFile, *, user: User) -> None:
    """Take a file away from a report that is not handed in; it is kept, but not shown any more.

    Raises:
        DomainError: ``report_locked``, ``file_gone``.
    """
    _require_editable(file.figure)
    if file.removed_at is not None:
        raise DomainError("file_gone", _("This file has been taken away already."))
    file.removed_at = timezone.now()
    file.save(update_fields=["removed_at"])
    _log("report.file_removed", file, user)


def _require_editable(figure: FigureReport) -> None:
    report = figure.report
    report.refresh_from_db(fields=["state"])
    if report.state not in {RoundReportState.OPEN, RoundReportState.RETURNED}:
        raise DomainError("report_locked", _("The report has been handed in and is locked."))


def _log(action: str, file: FigureFile, user: User) -> None:
    report = file.figure.report
    log_action(
        action,
        user=user,
        obj=report,
        territory=report.round.plan.territory,
        data={"file": file.file_name, "sha256": file.sha256, "figure": file.figure.key_figure.title},
    )
