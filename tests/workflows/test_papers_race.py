"""One paper issued by several people at once: one row, one file."""

import threading
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, connection

from stakeholders.models import User
from tests.stages import Stages
from workflows.models import IssuedPaper, PaperKind, PlanningCycle
from workflows.services import papers

THREADS = 6

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time"),
]


@pytest.fixture
def scene(world, tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path
    return Stages(world).at_data(), world.fresh("planner")


def issue_all_at_once(scene):
    """Each thread issues the same bytes; returns what went wrong."""
    cycle, planner = scene
    barrier, faults = threading.Barrier(THREADS), []

    def issue():
        try:
            own = PlanningCycle.objects.get(pk=cycle.pk)
            user = User.objects.get(pk=planner.pk)
            barrier.wait(timeout=20)
            papers.paper_issue(
                kind=PaperKind.MINUTES, title="Niederschrift", data=b"%PDF-1.7", user=user, cycle=own
            )
        except Exception as error:  # noqa: BLE001  collected for the assertion in the main thread
            faults.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=issue) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return faults


def test_without_the_lock_only_the_database_saves_the_paper(scene, monkeypatch):
    """Shows that the test can find the race at all."""
    together = threading.Barrier(THREADS)
    look = papers._check_first

    def wait_and_look(*args):
        together.wait(timeout=20)
        look(*args)

    no_lock = SimpleNamespace(
        objects=SimpleNamespace(select_for_update=lambda **_: SimpleNamespace(get=lambda pk: None))
    )
    monkeypatch.setattr(papers, "PlanningCycle", no_lock)
    monkeypatch.setattr(papers, "_check_first", wait_and_look)

    faults = issue_all_at_once(scene)

    assert len(faults) == THREADS - 1
    assert {type(fault) for fault in faults} == {IntegrityError}


def test_one_row_however_many_issue_it(scene):
    assert issue_all_at_once(scene) == []
    assert IssuedPaper.objects.count() == 1
