"""Settings of the test run: fast hashing, plain static files, mails in memory."""

import os
import tempfile

os.environ.setdefault("DEMO_MODE", "1")
os.environ.setdefault("DATABASE_URL", "sqlite:///")
os.environ.setdefault("DEMO_DIR", tempfile.mkdtemp(prefix="passgenau-test-"))

from project.settings import *  # noqa: F403

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    # A file, as in real use: in memory the requests of a browser test share one connection and collide.
    DATABASES["default"]["TEST"] = {"NAME": f"{VAR_DIR}/test.sqlite3"}  # noqa: F405
else:
    # What is lost with a power cut is a test database.
    DATABASES["default"]["OPTIONS"]["options"] += " -c synchronous_commit=off"  # noqa: F405
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
WHITENOISE_AUTOREFRESH = True
