"""Whom a funder lets read, and what its portfolio counts, kept from look to look."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from measures.models.grants import Programme
from stakeholders.models import Organisation


class ProgrammeAdviser(models.Model):
    """An adviser (such as G.I.B.) whom the funder lets read the projects of a programme."""

    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="advisers", verbose_name=_("Funding programme")
    )
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        related_name="advised_programmes",
        verbose_name=_("Adviser of the funder"),
    )
    let_in_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Let in by")
    )
    let_in_at = models.DateTimeField(_("Let in"), auto_now_add=True)
    # None: still let in.
    until = models.DateTimeField(_("Access ended"), null=True, blank=True)
    taken_out_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Taken out by"),
    )

    class Meta:
        verbose_name = _("Adviser of a programme")
        verbose_name_plural = _("Advisers of programmes")
        ordering = ["programme", "let_in_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "organisation"],
                condition=Q(until__isnull=True),
                name="adviser_once_per_programme",
            )
        ]

    def __str__(self) -> str:
        return self.organisation.label


class FundingTally(models.Model):
    """What is counted of the projects of a programme in a territory.

    A copy, so that a portfolio need not count tens of thousands of rows at every look:
    ``selectors.tallies`` says when it holds and counts anew.
    """

    programme = models.ForeignKey(
        Programme, on_delete=models.CASCADE, related_name="tallies", verbose_name=_("Funding programme")
    )
    territory = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="+", verbose_name=_("Territory")
    )
    # As ``selectors.tallies.Tally``.
    content = models.JSONField(_("Content"), default=dict)
    # What is late follows from the day: of another day it is counted anew.
    counted_on = models.DateField(_("As of"), null=True)
    # Counts up with every count: of two at once the one that began earlier does not write after the other.
    version = models.PositiveIntegerField(_("Version"), default=0)

    class Meta:
        verbose_name = _("Tally of funded projects")
        verbose_name_plural = _("Tallies of funded projects")
        ordering = ["programme", "territory"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "territory"], name="tally_once_per_programme")
        ]

    def __str__(self) -> str:
        return f"{self.programme} {self.territory}"


class FundingChange(models.Model):
    """Something changed that a tally counts; taken away by who counts anew.

    Rows are only added by those who change things, so that they never wait for one another.
    """

    programme = models.ForeignKey(
        Programme, on_delete=models.CASCADE, related_name="+", verbose_name=_("Funding programme")
    )
    territory = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="+", verbose_name=_("Territory")
    )

    class Meta:
        verbose_name = _("Change of funded projects")
        verbose_name_plural = _("Changes of funded projects")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.programme_id} {self.territory_id}"


class DeliveredCount(models.Model):
    """Participants of an accepted report by indicator, as its readers may see them: a copy to sum up.

    What was delivered and accepted never changes, so nothing here does. A row without a code stands for a
    report that counts nobody.
    """

    delivery = models.ForeignKey(
        "measures.ProjectReportDelivery",
        on_delete=models.PROTECT,
        related_name="counts",
        verbose_name=_("Delivered report"),
    )
    # Of ``measures.esf.INDICATORS``.
    code = models.CharField(_("Indicator"), max_length=10, blank=True)
    # None: few people, or it would tell of them.
    women = models.PositiveIntegerField(_("Women"), null=True)
    men = models.PositiveIntegerField(_("Men"), null=True)
    non_binary = models.PositiveIntegerField(_("Non-binary"), null=True)
    total = models.PositiveIntegerField(_("Altogether"), null=True)

    class Meta:
        verbose_name = _("Count of a delivered report")
        verbose_name_plural = _("Counts of delivered reports")
        ordering = ["delivery", "code"]
        constraints = [models.UniqueConstraint(fields=["delivery", "code"], name="delivered_count_once")]

    def __str__(self) -> str:
        return f"{self.code}: {self.total}"
