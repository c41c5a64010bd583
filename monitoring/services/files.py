"""Stored files: what came in is kept under a neutral name."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.core.files.base import ContentFile
from django.db.models.fields.files import FieldFile

from monitoring.services.readings import Upload


@contextmanager
def file_kept(field: FieldFile, taken: Upload, endings: Sequence[str]) -> Iterator[None]:
    """Store a file for what is written within; it goes again if that fails.

    Nothing that people call their files reaches the file system.

    Args:
        field: Field of a row that is not saved yet.
        taken: What came in.
        endings: Endings it may keep, in small letters; others become the first.
    """
    name = taken.name.lower()
    ending = next((ending for ending in endings if name.endswith(ending)), endings[0])
    field.save(f"{uuid.uuid4().hex}{ending}", ContentFile(taken.content), save=False)
    try:
        yield
    except BaseException:
        field.delete(save=False)
        raise
