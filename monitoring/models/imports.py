"""Files of catalogue and areas that are looked at before they are taken over."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from stakeholders.models import Organisation


class ImportKind(models.TextChoices):
    """What a file brings."""

    CATALOGUE = "catalogue", _("Catalogue of indicators")
    AREAS = "areas", _("Areas with boundaries")
    POPULATION = "population", _("Inhabitants by year")
    SUCCESSIONS = "successions", _("Changes of borders")


class FileImport(models.Model):
    """A file somebody uploaded: previewed first, then taken over as a whole or not at all."""

    kind = models.CharField(_("Kind"), max_length=20, choices=ImportKind.choices)
    # For which the person acted; the catalogue itself belongs to all territories.
    territory = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="file_imports",
        verbose_name=_("Territory"),
    )
    file_name = models.CharField(_("File"), max_length=200)
    # Outside the web root; what was taken over is kept, what was not goes with the person's next upload.
    file = models.FileField(_("Stored file"), upload_to="imports/%Y/%m/", max_length=300)
    sha256 = models.CharField(_("Hash of the file (SHA-256)"), max_length=64)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Uploaded by")
    )
    created_at = models.DateTimeField(_("Uploaded"), auto_now_add=True)
    applied_at = models.DateTimeField(_("Taken over"), null=True, blank=True)

    class Meta:
        verbose_name = _("Import of a file")
        verbose_name_plural = _("Imports of files")
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.file_name
