"""The project as an app: shared templates, template tags and commands."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.core import checks

from project.checks import check_secret_key
from project.sessions import note_sign_in


class ProjectConfig(AppConfig):
    """Shell, error pages, help and health check."""

    name = "project"

    def ready(self) -> None:
        """Register the checks, and begin the time of each sign-in."""
        checks.register(check_secret_key)
        user_logged_in.connect(note_sign_in, dispatch_uid="project.sessions")
