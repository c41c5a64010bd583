"""The project as an app: shared templates, template tags and commands."""

from django.apps import AppConfig
from django.core import checks

from project.checks import check_secret_key


class ProjectConfig(AppConfig):
    """Shell, error pages, help and health check."""

    name = "project"

    def ready(self) -> None:
        """Register the checks."""
        checks.register(check_secret_key)
