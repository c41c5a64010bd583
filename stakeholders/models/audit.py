"""The audit log: every act of consequence, written once, never changed."""

from collections.abc import Iterable
from typing import Any, NoReturn

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from stakeholders.models.organisations import Organisation

_NEVER_CHANGED = "Audit entries are never changed."
_NEVER_DELETED = "Audit entries are never deleted."


class LogQuerySet(models.QuerySet["LogEntry"]):
    """Entries can be read and added, also by the hundred; nothing else."""

    def update(self, **kwargs: Any) -> NoReturn:
        """Refuse to change what was logged."""
        raise TypeError(_NEVER_CHANGED)

    def bulk_update(
        self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None
    ) -> NoReturn:
        """Refuse to change what was logged."""
        raise TypeError(_NEVER_CHANGED)

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        """Add entries, but never over others."""
        if kwargs.get("update_conflicts"):
            raise TypeError(_NEVER_CHANGED)
        return super().bulk_create(objs, *args, **kwargs)

    def delete(self) -> NoReturn:
        """Refuse to delete what was logged."""
        raise TypeError(_NEVER_DELETED)


class LogEntry(models.Model):
    """Who did what to which thing when. Rows are only ever added."""

    # Stable code "<entity>.<past participle>", e.g. "decision.recorded".
    action = models.CharField(_("Action"), max_length=60, db_index=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,  # empty: the system itself (deadlines)
        related_name="log_entries",
        verbose_name=_("Person"),
    )
    at = models.DateTimeField(_("When"), auto_now_add=True, db_index=True)
    territory = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        null=True,
        related_name="log_entries",
        verbose_name=_("Territory"),
    )
    content_type = models.ForeignKey(ContentType, on_delete=models.PROTECT, null=True)
    object_id = models.BigIntegerField(null=True)
    obj = GenericForeignKey("content_type", "object_id")
    object_label = models.CharField(_("Thing"), max_length=250)
    data = models.JSONField(_("Details"), default=dict, encoder=DjangoJSONEncoder)

    objects = LogQuerySet.as_manager()

    class Meta:
        # Django's own ways to the rows lead past the guard otherwise.
        base_manager_name = "objects"
        verbose_name = _("Audit entry")
        verbose_name_plural = _("Audit log")
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["content_type", "object_id"], name="log_by_object"),
            models.Index(fields=["territory", "-at"], name="log_by_territory"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action} {self.object_label}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Refuse to change what was logged."""
        if not self._state.adding:
            raise TypeError(_NEVER_CHANGED)
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refuse to delete what was logged."""
        raise TypeError(_NEVER_DELETED)
