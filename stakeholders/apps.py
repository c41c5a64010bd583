"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StakeholdersConfig(AppConfig):
    """People, organisations, bodies and rights."""

    name = "stakeholders"
    verbose_name = _("People, organisations, bodies and rights")
