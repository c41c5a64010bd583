"""App configuration."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MeasuresConfig(AppConfig):
    """Measures and key figures."""

    name = "measures"
    verbose_name = _("Measures and key figures")

    def ready(self) -> None:
        """Listen to changes of what the kept standings and tallies follow from."""
        # Models can be imported only once all apps are there.
        import_module("measures.changes").connect()
        import_module("measures.funding_changes").connect()
