"""The brake on guessing passwords."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class SignInCount(models.Model):
    """Sign-ins that failed lately, counted by user name, by address, and by both together."""

    # A digest: neither what was typed as a name nor an address is kept.
    key = models.CharField(_("Key"), max_length=64, unique=True)
    failure_count = models.PositiveIntegerField(_("Failed sign-ins"), default=0)
    first_failed_at = models.DateTimeField(_("First failure"))

    class Meta:
        verbose_name = _("Count of failed sign-ins")
        verbose_name_plural = _("Counts of failed sign-ins")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.key[:8]} {self.failure_count}"
