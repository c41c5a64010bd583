"""The signed-in person."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """A person with a sign-in. Never deleted, only deactivated: tasks and decisions name them."""

    # The name colleagues know: in the demo a function, in real use first and last name.
    display_name = models.CharField(_("Name"), max_length=150, blank=True)
    is_demo = models.BooleanField(_("Demo person"), default=False)

    class Meta:
        verbose_name = _("Person")
        verbose_name_plural = _("People")
        ordering = ["display_name", "username"]

    def __str__(self) -> str:
        return self.display_name or self.get_full_name() or self.username
