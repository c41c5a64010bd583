"""Funded projects: the measure as the funder sees it."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from measures.models.grants import Programme
from measures.models.plan import Measure
from monitoring.models import Area
from stakeholders.models import Organisation


class FundedProject(models.Model):
    """A measure paid for by a funder under a programme.

    Term and file reference are those of the latest grant notice, once there is one.
    """

    measure = models.ForeignKey(
        Measure, on_delete=models.PROTECT, related_name="projects", verbose_name=_("Measure")
    )
    further_measures = models.ManyToManyField(
        Measure, blank=True, related_name="further_projects", verbose_name=_("Further measures it pays for")
    )
    funder = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="funded_projects", verbose_name=_("Funder")
    )
    provider = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="carried_projects", verbose_name=_("Provider")
    )
    areas = models.ManyToManyField(Area, blank=True, related_name="projects", verbose_name=_("Areas"))
    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="projects", verbose_name=_("Funding programme")
    )
    title = models.CharField(_("Title"), max_length=200)
    reference = models.CharField(_("File reference"), max_length=80, blank=True)
    starts_on = models.DateField(_("Funded from"))
    ends_on = models.DateField(_("Funded until"))
    is_example = models.BooleanField(_("Example"), default=False)

    class Meta:
        verbose_name = _("Funded project")
        verbose_name_plural = _("Funded projects")
        ordering = ["programme__title", "title"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="project_ends_after_start"),
            models.UniqueConstraint(
                fields=["measure", "funder", "programme"], name="project_once_per_funder_and_programme"
            ),
        ]
        permissions = [("track_fundedproject", "Follow the funded project")]

    def __str__(self) -> str:
        return self.title


class ProjectPartner(models.Model):
    """Who carries a project together with the provider."""

    project = models.ForeignKey(
        FundedProject, on_delete=models.CASCADE, related_name="partners", verbose_name=_("Project")
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="shared_projects", verbose_name=_("Organisation")
    )
    task = models.CharField(_("What they do"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("Partner of a project")
        verbose_name_plural = _("Partners of projects")
        ordering = ["project", "organisation__name"]
        constraints = [
            models.UniqueConstraint(fields=["project", "organisation"], name="partner_once_per_project")
        ]

    def __str__(self) -> str:
        return self.organisation.label
