"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WorkflowsConfig(AppConfig):
    """The planning cycle."""

    name = "workflows"
    verbose_name = _("The planning cycle")
