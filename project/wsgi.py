"""Entry point of the web server."""

import os

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from project.checks import KEY_HINT, key_is_missing

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
application = get_wsgi_application()
if key_is_missing():  # a web server runs no checks of its own
    raise ImproperlyConfigured(KEY_HINT)
