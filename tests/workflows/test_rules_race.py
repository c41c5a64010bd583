"""Rules change while a decision is recorded: the decision names the rules it was counted under."""

import datetime
import threading

import pytest
from django.db import connection
from django.utils import timezone

from project.common.errors import DomainError
from stakeholders.models import Body, User
from stakeholders.procedure import Majority, VotingRules
from stakeholders.selectors.rules import rules_on
from stakeholders.services import rules_add
from tests import factories
from tests.stages import Stages
from workflows.demo import driver
from workflows.models import Decision, DecisionResult, Meeting, Recommendation
from workflows.services import decisions

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time"),
]


def at_once(*acts):
    """Each act in a thread of its own; returns what they returned or raised, in their order."""
    barrier, answers = threading.Barrier(len(acts)), [None] * len(acts)

    def run(position, act):
        try:
            barrier.wait(timeout=20)
            answers[position] = act()
        except DomainError as error:
            answers[position] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return answers


def test_either_the_rules_come_first_or_they_are_refused():
    world = factories.make_world()

    cycle, meeting = Stages(world).in_steering_group(("Eins",))
    today, chair = timezone.localdate(), world.fresh("chair").pk
    body = world.steering_group.pk

    def change():
        rules = VotingRules(body_id=body, majority=Majority.TWO_THIRDS)
        return rules_add(
            Body.objects.get(pk=body),
            rules=rules,
            valid_from=today,
            allows_circulated=False,
            notice_days=0,
            source="",
            reason="Neu",
            user=None,
        )

    def record():
        now = Meeting.objects.select_related("body", "cycle").get(pk=meeting.pk)
        return decisions.decision_record(
            Recommendation.objects.get(pk=first),
            meeting=now,
            result=DecisionResult.APPROVED,
            ballots=driver.all_yes(now),
            user=User.objects.get(pk=chair),
        )

    first = cycle.recommendations.order_by("number").values_list("pk", flat=True)[0]
    changed, recorded = at_once(change, record)

    assert isinstance(recorded, Decision), recorded
    in_force = rules_on(world.steering_group, today)
    assert Decision.objects.get().rules == in_force
    if isinstance(changed, DomainError):
        assert changed.code == "rules_used"
        assert in_force.majority == Majority.SIMPLE
    else:
        assert in_force.majority == Majority.TWO_THIRDS


def test_two_administrators_at_once_leave_one_version_of_the_day():
    world = factories.make_world()
    body, day = world.steering_group.pk, timezone.localdate() + datetime.timedelta(days=3)

    def add(days):
        return lambda: rules_add(
            Body.objects.get(pk=body),
            rules=VotingRules(body_id=body),
            valid_from=day,
            allows_circulated=False,
            notice_days=days,
            source="",
            reason="Neu",
            user=None,
        )

    answers = at_once(add(7), add(14))

    assert not [answer for answer in answers if isinstance(answer, DomainError)]
    assert world.steering_group.rules.filter(valid_from=day).count() == 1
