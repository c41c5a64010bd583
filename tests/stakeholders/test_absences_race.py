"""Two absences of one person at once: the second sees the first."""

import datetime
import threading

import pytest
from django.db import connection
from django.utils import timezone

from project.common.errors import DomainError
from stakeholders.models import Absence, User
from stakeholders.services import absence_add

THREADS = 6

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time"),
]


def test_of_many_at_once_one_is_entered(world):
    person, today = world.fresh("head").pk, timezone.localdate()
    barrier, codes = threading.Barrier(THREADS), []

    def enter(number):
        try:
            barrier.wait(timeout=20)
            absence_add(
                User.objects.get(pk=person),
                starts_on=today + datetime.timedelta(days=number),
                ends_on=today + datetime.timedelta(days=THREADS),
                reason="",
                user=None,
            )
            codes.append("entered")
        except DomainError as error:
            codes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=enter, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert sorted(codes) == ["absence_twice"] * (THREADS - 1) + ["entered"]
    assert Absence.objects.count() == 1
