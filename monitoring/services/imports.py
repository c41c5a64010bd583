"""Files of catalogue and areas: kept from the upload to the moment they are taken over, or replaced."""

from __future__ import annotations

from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from monitoring.models import FileImport, ImportKind
from monitoring.services.files import file_kept
from monitoring.services.readings import Upload
from project.common.errors import DomainError
from stakeholders.models import Organisation, User
from stakeholders.permissions import Perm, require

_ENDINGS: Final = (".json", ".geojson", ".xlsx", ".csv", ".txt")


def file_import_begin(
    *,
    kind: ImportKind,
    taken: Upload,
    territory: Organisation,
    user: User,
) -> FileImport:
    """Keep an uploaded file for its preview; what the person left lying of the same kind goes.

    Args:
        kind: What the file brings.
        taken: The file; checked by who reads it.
        territory: For which territory the person acts.
        user: Who uploaded it; needs the right to change catalogue and areas.

    Raises:
        PermissionDenied: The user may not.
    """
    require(user, Perm.MANAGE_CATALOGUE, territory)
    row = FileImport(
        kind=kind,
        territory=territory,
        file_name=taken.name,
        sha256=taken.sha256,
        created_by=user,
    )
    row.full_clean(exclude=["file"])
    with file_kept(row.file, taken, _ENDINGS), transaction.atomic():
        # Held: of two uploads at once the second finds what the first left lying.
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        for left in FileImport.objects.filter(kind=kind, created_by=user, applied_at__isnull=True):
            transaction.on_commit(_deletion(left))
            left.delete()
        row.save()
    return row


def _deletion(row: FileImport) -> Any:
    """Removes the stored file once its row is gone for good."""
    name, storage = row.file.name, row.file.storage
    return lambda: storage.delete(name) if name else None


def file_import_finish(row: FileImport) -> None:
    """Note that a file was taken over; called in the transaction that does so.

    Args:
        row: The import.

    Raises:
        DomainError: ``import_gone``: it was taken over already, or another upload replaced it.
    """
    waiting = FileImport.objects.select_for_update(of=("self",)).filter(applied_at__isnull=True)
    if not list(waiting.filter(pk=row.pk).values_list("pk")):
        raise DomainError(
            "import_gone",
            _("This file was taken over already or replaced by another upload. Please upload it again."),
        )
    row.applied_at = timezone.now()
    row.save(update_fields=["applied_at"])


def file_import_content(row: FileImport) -> bytes:
    """The bytes of a kept file.

    Args:
        row: The import.
    """
    with row.file.open("rb") as file:
        content: bytes = file.read()
    return content
