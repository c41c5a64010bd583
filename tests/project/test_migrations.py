"""The migrations from nothing to now, as a new installation meets them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import quote, urlunsplit

import pytest
import pytest_django
from django.conf import settings
from django.db import connection

pytestmark = [
    pytest.mark.history,
    pytest.mark.skipif(
        connection.vendor != "postgresql", reason="On SQLite the demo is loaded from its first migration."
    ),
]


@pytest.fixture
def empty_database(django_db_blocker: pytest_django.DjangoDbBlocker) -> Iterator[str]:
    """Address of a database of its own without any table."""
    own = connection.settings_dict
    name = f"{own['NAME']}_history"
    with django_db_blocker.unblock(), connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f'CREATE DATABASE "{name}"')
        person = ":".join(quote(str(own[part]), safe="") for part in ("USER", "PASSWORD") if own[part])
        place = ":".join(str(own[part]) for part in ("HOST", "PORT") if own[part])
        yield urlunsplit(("postgres", f"{person}@{place}" if person else place, f"/{name}", "", ""))
        cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_a_new_installation_is_migrated_whole(empty_database: str) -> None:
    def manage(*command: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=settings.BASE_DIR,
            env=os.environ | {"DATABASE_URL": empty_database, "DJANGO_SETTINGS_MODULE": "tests.settings"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    manage("migrate", "--verbosity=0")
    manage("migrate", "--check")
    assert "No changes detected" in manage("makemigrations", "--check", "--dry-run")
