"""Rules change while a decision is recorded: the decision names the rules it was counted under."""

import datetime
import threading
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from project.common.errors import DomainError
from stakeholders.models import Body, User
from stakeholders.procedure import Majority, VotingRules
from stakeholders.selectors.rules import rules_on
from stakeholders.services import rules_add
from tests.stages import Stages
from workflows.demo import driver
from workflows.models import Decision, DecisionResult, Meeting, Recommendation
from workflows.services import decisions

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time"),
]

WAIT = 20
#: As long as recording waits for a change that the lock keeps out.
PAUSE = 2


def at_once(*acts):
    """Each act in a thread of its own; returns what they returned or raised, in their order."""
    barrier, answers = threading.Barrier(len(acts)), [None] * len(acts)

    def run(position, act):
        try:
            barrier.wait(timeout=WAIT)
            answers[position] = act()
        except (DomainError, IntegrityError) as error:
            answers[position] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return answers


def new_rules(body, day, *, days=0, majority=Majority.SIMPLE):
    return rules_add(
        Body.objects.get(pk=body),
        rules=VotingRules(body_id=body, majority=majority),
        valid_from=day,
        allows_circulated=False,
        notice_days=days,
        source="",
        reason="Neu",
        user=None,
    )


@pytest.fixture
def scene(world):
    cycle, meeting = Stages(world).in_steering_group(("Eins",))
    return world, cycle.recommendations.get().pk, meeting.pk, world.fresh("chair").pk


def recorder(scene):
    _world, recommendation, meeting, chair = scene

    def record():
        now = Meeting.objects.select_related("body", "cycle").get(pk=meeting)
        return decisions.decision_record(
            Recommendation.objects.get(pk=recommendation),
            meeting=now,
            result=DecisionResult.APPROVED,
            ballots=driver.all_yes(now),
            user=User.objects.get(pk=chair),
        )

    return record


def change_while_it_is_counted(scene, monkeypatch):
    """Others rules are entered between counting the ballots and writing the decision."""
    body, today = scene[0].steering_group.pk, timezone.localdate()
    counted, changed = threading.Event(), threading.Event()
    count = decisions.count_ballots

    def count_slowly(*args):
        result = count(*args)
        counted.set()
        changed.wait(timeout=PAUSE)
        return result

    def change():
        counted.wait(timeout=WAIT)
        try:
            return new_rules(body, today, majority=Majority.TWO_THIRDS)
        finally:
            changed.set()

    monkeypatch.setattr(decisions, "count_ballots", count_slowly)
    return at_once(change, recorder(scene))


def test_without_the_lock_rules_change_under_the_count(scene, monkeypatch):
    """Shows that the test can find the race at all: only the database keeps the used version from going."""
    no_lock = SimpleNamespace(
        objects=SimpleNamespace(select_for_update=lambda: SimpleNamespace(get=lambda pk: None))
    )
    monkeypatch.setattr(decisions, "Body", no_lock)

    changed, recorded = change_while_it_is_counted(scene, monkeypatch)

    assert not isinstance(changed, Exception)
    assert isinstance(recorded, IntegrityError)
    assert not Decision.objects.exists()


def test_with_it_the_decision_comes_first_and_keeps_its_rules(scene, monkeypatch):
    changed, recorded = change_while_it_is_counted(scene, monkeypatch)

    assert isinstance(recorded, Decision), recorded
    assert isinstance(changed, DomainError), changed
    assert changed.code == "rules_used"
    assert Decision.objects.get().rules == rules_on(scene[0].steering_group, timezone.localdate())


def test_whoever_comes_first_the_decision_names_what_is_in_force(scene):
    body, today = scene[0].steering_group, timezone.localdate()

    changed, recorded = at_once(
        lambda: new_rules(body.pk, today, majority=Majority.TWO_THIRDS), recorder(scene)
    )

    assert isinstance(recorded, Decision), recorded
    in_force = rules_on(body, today)
    assert Decision.objects.get().rules == in_force
    is_late = isinstance(changed, DomainError) and changed.code == "rules_used"
    assert in_force.majority == (Majority.SIMPLE if is_late else Majority.TWO_THIRDS)


def test_two_administrators_at_once_leave_one_version_of_the_day(world):
    body, day = world.steering_group, timezone.localdate() + datetime.timedelta(days=3)

    answers = at_once(lambda: new_rules(body.pk, day, days=7), lambda: new_rules(body.pk, day, days=14))

    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert body.rules.filter(valid_from=day).count() == 1
