"""Funded projects: the measure as the funder sees it."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from measures.models.plan import Measure
from stakeholders.models import Organisation


class FundedProject(models.Model):
    """A measure paid for by a funder under a programme."""

    measure = models.ForeignKey(
        Measure, on_delete=models.PROTECT, related_name="projects", verbose_name=_("Measure")
    )
    funder = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="funded_projects", verbose_name=_("Funder")
    )
    provider = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="carried_projects", verbose_name=_("Provider")
    )
    programme = models.CharField(_("Programme"), max_length=120)
    title = models.CharField(_("Title"), max_length=200)
    reference = models.CharField(_("File reference"), max_length=80, blank=True)
    starts_on = models.DateField(_("Funded from"))
    ends_on = models.DateField(_("Funded until"))
    is_example = models.BooleanField(_("Example"), default=False)

    class Meta:
        verbose_name = _("Funded project")
        verbose_name_plural = _("Funded projects")
        ordering = ["programme", "title"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="project_ends_after_start"),
            models.UniqueConstraint(
                fields=["measure", "funder", "programme"], name="project_once_per_funder_and_programme"
            ),
        ]
        permissions = [("track_fundedproject", "Follow the funded project")]

    def __str__(self) -> str:
        return self.title
