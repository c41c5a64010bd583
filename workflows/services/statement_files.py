"""Files that back a statement: added and removed while the conference runs, never opened here."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from project.common.attachments import Upload, attachments_store
from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import User
from workflows.models import ItemOutcome, PlanningCycle, StageKind, Statement, StatementFile
from workflows.models.minutes import SIGNED_STATES

#: Files of one statement: evidence, not an archive.
MOST_FILES = 5


def most_bytes() -> int:
    """Largest file in bytes: what the setting says, and never more than an upload keeps."""
    return min(settings.STATEMENT_FILE_MAX_BYTES, settings.IMPORT_MAX_BYTES)


@transaction.atomic
def statement_files_add(
    statement: Statement, uploads: Iterable[Upload], *, user: User
) -> list[StatementFile]:
    """Store files beside a statement; all of them or none.

    Args:
        statement: What they back.
        uploads: The files; one that is there already is passed over.
        user: Who adds them.

    Returns:
        The new rows.

    Raises:
        DomainError: Those of ``require_changeable`` and ``attachments_store``.
    """
    uploads = list(uploads)
    if not uploads:
        return []
    require_changeable(statement)

    def make(name: str, size: int, sha256: str) -> StatementFile:
        return StatementFile(statement=statement, file_name=name, size=size, sha256=sha256, added_by=user)

    rows: list[StatementFile] = attachments_store(
        uploads,
        known=set(statement.files.values_list("sha256", flat=True)),
        make=make,
        max_bytes=most_bytes(),
        most=MOST_FILES,
        too_many=_("A statement has at most %(count)s files."),
    )
    for row in rows:
        log_action(
            "statement.file_added",
            user=user,
            obj=statement,
            territory=statement.cycle.territory,
            data={"file": row.file_name, "sha256": row.sha256},
        )
    return rows


@transaction.atomic
def statement_file_remove(file: StatementFile, *, user: User) -> None:
    """Take a file away from a statement; the log keeps its name and checksum.

    Raises:
        DomainError: Those of ``require_changeable``.
    """
    require_changeable(file.statement)
    statement_file_drop(file, user=user)


def statement_file_drop(file: StatementFile, *, user: User) -> None:
    """Delete row and stored file and log it; the caller has checked that it may go."""
    log_action(
        "statement.file_removed",
        user=user,
        obj=file.statement,
        territory=file.statement.cycle.territory,
        data={"file": file.file_name, "sha256": file.sha256},
    )
    storage, name = file.file.storage, file.file.name
    file.delete()
    transaction.on_commit(lambda: storage.delete(name))


def require_conference(cycle: PlanningCycle) -> None:
    """Statements are given and changed while the conference of a cycle under way runs. Queries: 1.

    Raises:
        DomainError: ``conference_over``.
    """
    running = PlanningCycle.objects.filter(stage=StageKind.CONFERENCE, closed_at__isnull=True)
    if not running.filter(pk=cycle.pk).exists():
        raise DomainError("conference_over", _("Statements are given while the planning conference runs."))


def require_not_minuted(statement: Statement) -> None:
    """What signed minutes tell of stays as it was said. Queries: 1.

    Raises:
        DomainError: ``statement_minuted``.
    """
    told = ItemOutcome.objects.filter(statement=statement)
    if told.filter(item__meeting__minutes__state__in=SIGNED_STATES).exists():
        raise DomainError(
            "statement_minuted", _("Signed minutes tell of this statement; it stays as it was said.")
        )


def require_changeable(statement: Statement) -> None:
    """A statement, or a file that backs it, can still be changed.

    Locks its row: of two who change it at once, one comes after the other.

    Raises:
        DomainError: ``conference_over``, ``statement_minuted``, ``statement_used``.
    """
    row = Statement.objects.select_for_update(of=("self",)).select_related("cycle").get(pk=statement.pk)
    require_conference(row.cycle)
    require_not_minuted(row)
    expect_unused(row)


def expect_unused(statement: Statement) -> None:
    """A statement stays as it was when somebody judged a recommendation that rests on it. Queries: 1 or 2.

    Raises:
        DomainError: ``statement_used``.
    """
    versions = statement.recommendation_versions
    if versions.filter(cosignings__started_at__isnull=False).exists():
        raise DomainError(
            "statement_used",
            _("A recommendation that is being co-signed rests on this statement; it stays as it is."),
        )
    if versions.filter(submitted_at__isnull=False).exists():
        raise DomainError(
            "statement_used", _("A submitted recommendation rests on this statement; it stays as it is.")
        )
