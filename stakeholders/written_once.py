"""Rows that are added and never touched again: what somebody decided or judged stays as it was."""

from typing import Any

from django.conf import settings
from django.db import models

_NEVER_CHANGED = "What was recorded is never changed, only followed by another."
_NEVER_DELETED = "What was recorded is never deleted."


def written_by(label: Any, *, is_optional: bool = False) -> "models.ForeignKey[Any, Any]":
    """Column of the person who wrote a row; each kind of row has its own word for it.

    Args:
        label: In words, such as "Decided by".
        is_optional: Whether there may be none, because a case wrote the row by itself.
    """
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=is_optional,
        related_name="+",
        verbose_name=label,
    )


def written_at(label: Any) -> "models.DateTimeField[Any, Any]":
    """Column of the moment at which a row was written."""
    return models.DateTimeField(label, auto_now_add=True)


class WrittenOnceQuerySet(models.QuerySet["Any"]):
    """Rows that are added and never touched again, not even many at a time."""

    def update(self, **kwargs: Any) -> int:
        """Refuse to change what was recorded."""
        raise TypeError(_NEVER_CHANGED)

    def delete(self) -> tuple[int, dict[str, int]]:
        """Refuse to delete what was recorded."""
        raise TypeError(_NEVER_DELETED)


class WrittenOnce(models.Model):
    """A row that is written once."""

    objects = WrittenOnceQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Refuse to change what was recorded."""
        if not self._state.adding:
            raise TypeError(_NEVER_CHANGED)
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refuse to delete what was recorded."""
        raise TypeError(_NEVER_DELETED)
