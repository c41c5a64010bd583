"""The well-known secret key serves nobody real."""

import contextlib
import os
import sqlite3
import subprocess
import sys

import pytest
from django.conf import settings as django_settings

from project.checks import DEFAULT_KEY, check_secret_key


@pytest.mark.parametrize(
    ("key", "debug", "demo", "is_refused"),
    [
        ("", False, False, True),
        ("", True, False, False),
        ("", False, True, False),
        ("a key of one's own", False, False, False),
    ],
)
def test_the_default_key_is_for_the_demo_only(settings, key, debug, demo, is_refused):
    settings.SECRET_KEY = key or DEFAULT_KEY
    settings.DEBUG, settings.DEMO_MODE = debug, demo
    assert bool(check_secret_key(None)) is is_refused


@pytest.mark.parametrize(
    "command",
    [
        [sys.executable, "manage.py", "migrate"],
        [sys.executable, "-c", "import project.wsgi"],
    ],
)
def test_neither_data_nor_the_web_is_served_with_it(command, tmp_path):
    unset = {"DEMO_MODE", "DEBUG", "SECRET_KEY", "DATABASE_URL"}
    kept = {name: value for name, value in os.environ.items() if name not in unset}
    environment = kept | {"VAR_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "project.settings"}
    done = subprocess.run(
        command, cwd=django_settings.BASE_DIR, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "Set SECRET_KEY" in done.stderr
    for file in tmp_path.glob("*.sqlite3"):
        with contextlib.closing(sqlite3.connect(file)) as connection:
            assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
