"""Files that go with an item of an agenda."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from workflows.models.agenda import AgendaItem


class AgendaFileQuerySet(models.QuerySet["AgendaFile"]):
    """Files by where they stand."""

    def standing(self) -> AgendaFileQuerySet:
        """Files not taken away."""
        return self.filter(removed_at__isnull=True)


class AgendaFile(models.Model):
    """A file somebody put to an item. It is listed in the folder by name and hash; taken away, it is kept."""

    item = models.ForeignKey(
        AgendaItem, on_delete=models.PROTECT, related_name="files", verbose_name=_("Agenda item")
    )
    title = models.CharField(_("Title"), max_length=200)
    file_name = models.CharField(_("File"), max_length=200)
    # Outside the web root; handed out as a download only.
    file = models.FileField(_("Stored file"), upload_to="agenda/%Y/%m/", max_length=300)
    size = models.PositiveIntegerField(_("Size (bytes)"))
    sha256 = models.CharField(_("Hash of the file (SHA-256)"), max_length=64)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Uploaded by")
    )
    uploaded_at = models.DateTimeField(_("Uploaded"), auto_now_add=True)
    removed_at = models.DateTimeField(_("Taken away"), null=True, blank=True)

    objects = AgendaFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("File of an agenda item")
        verbose_name_plural = _("Files of agenda items")
        ordering = ["item", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["item", "sha256"],
                condition=Q(removed_at__isnull=True),
                name="agenda_file_once_per_item",
            )
        ]

    def __str__(self) -> str:
        return self.title
