"""What must be set before the product serves anybody."""

from typing import Any

from django.conf import settings
from django.core.checks import Error

#: For the demo, the tests and commands that work on files alone; refused everywhere else.
DEFAULT_KEY = "only-for-demo-and-tests"
KEY_HINT = "Set SECRET_KEY (or SECRET_KEY_FILE); the default is for the demo."


def key_is_missing() -> bool:
    """Whether the well-known default would sign the sessions of real people."""
    is_default = settings.SECRET_KEY == DEFAULT_KEY
    return bool(is_default and not (settings.DEBUG or settings.DEMO_MODE))


def check_secret_key(app_configs: Any, **kwargs: Any) -> list[Error]:
    """Stop every command that checks the project, so all that touch data."""
    return [Error(KEY_HINT, id="project.E001")] if key_is_missing() else []
