"""Ten decisions at once: the numbers stay without gaps, and nobody's vote is lost."""

import threading
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, connection

from stakeholders.models import Body, User
from tests.stages import Stages
from workflows.demo import driver
from workflows.models import Decision, DecisionResult, DecisionVote, Meeting, Recommendation
from workflows.services import decisions

THREADS = 10

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time"),
]


@pytest.fixture
def scene(world):
    """Ten recommendations before the steering group, which meets today."""
    cycle, meeting = Stages(world).in_steering_group(tuple(f"Empfehlung {n}" for n in range(THREADS)))
    return cycle, meeting, world.fresh("chair")


def record_all_at_once(scene):
    """Each thread records one decision; returns what went wrong."""
    cycle, meeting, chair = scene
    pks = list(cycle.recommendations.values_list("pk", flat=True))
    barrier, faults = threading.Barrier(len(pks)), []

    def record(pk):
        try:
            today = Meeting.objects.select_related("body", "cycle").get(pk=meeting.pk)
            ballots = driver.all_yes(today)
            user = User.objects.get(pk=chair.pk)
            recommendation = Recommendation.objects.get(pk=pk)
            barrier.wait(timeout=20)
            decisions.decision_record(
                recommendation, meeting=today, result=DecisionResult.APPROVED, ballots=ballots, user=user
            )
        except Exception as error:  # noqa: BLE001  collected for the assertion in the main thread
            faults.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=record, args=(pk,)) for pk in pks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return faults


def test_without_the_lock_only_the_database_saves_the_numbers(scene, monkeypatch):
    """Shows that the test can find the race at all."""
    together = threading.Barrier(THREADS)
    no_lock = SimpleNamespace(
        objects=SimpleNamespace(
            select_for_update=lambda: SimpleNamespace(get=lambda pk: together.wait(timeout=20))
        )
    )
    monkeypatch.setattr(decisions, "Body", no_lock)

    faults = record_all_at_once(scene)

    assert faults
    assert all(isinstance(fault, IntegrityError) for fault in faults)
    assert Decision.objects.count() == THREADS - len(faults)


def test_numbers_have_no_gaps(scene):
    faults = record_all_at_once(scene)

    assert faults == []
    assert sorted(Decision.objects.values_list("number", flat=True)) == list(range(1, THREADS + 1))
    assert (
        DecisionVote.objects.count()
        == THREADS * Body.objects.get(name="Steuerungsgruppe").memberships.count()
    )


def test_one_recommendation_is_decided_once(scene):
    """Two services at once on the same recommendation: the second finds it decided."""
    cycle, meeting, chair = scene
    recommendation = cycle.recommendations.first()
    barrier, codes = threading.Barrier(2), []

    def record():
        try:
            today = Meeting.objects.select_related("body", "cycle").get(pk=meeting.pk)
            own = Recommendation.objects.get(pk=recommendation.pk)
            barrier.wait(timeout=20)
            decisions.decision_record(
                own,
                meeting=today,
                result=DecisionResult.APPROVED,
                ballots=driver.all_yes(today),
                user=User.objects.get(pk=chair.pk),
            )
            codes.append("recorded")
        except decisions.DomainError as error:
            codes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=record) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert sorted(codes) == ["not_submitted", "recorded"]
    assert Decision.objects.count() == 1
