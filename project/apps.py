"""The project as an app: shared templates, template tags and commands."""

from django.apps import AppConfig


class ProjectConfig(AppConfig):
    """Shell, error pages, help and health check."""

    name = "project"
