"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MeasuresConfig(AppConfig):
    """Measures and key figures."""

    name = "measures"
    verbose_name = _("Measures and key figures")
