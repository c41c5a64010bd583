"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MonitoringConfig(AppConfig):
    """Areas, indicators and the index."""

    name = "monitoring"
    verbose_name = _("Areas, indicators and the index")
