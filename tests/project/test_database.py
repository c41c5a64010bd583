"""How the database is spoken to."""

import pytest
from django.db import connection

from project.env import database_from_url


def test_postgresql_compiles_no_conditions():
    options = database_from_url("postgres://a:b%40c@host:5433/name")
    assert options["OPTIONS"] == {"options": "-c jit=off"}
    assert (options["PASSWORD"], options["PORT"], options["NAME"]) == ("b@c", "5433", "name")


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="a setting of PostgreSQL")
def test_the_setting_reaches_the_connection():
    with connection.cursor() as cursor:
        cursor.execute("SHOW jit")
        assert cursor.fetchone() == ("off",)
