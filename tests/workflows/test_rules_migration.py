"""The quorum of each body moves into its first rules of procedure; decisions name what counted."""

from __future__ import annotations

from decimal import Decimal

import pytest

from stakeholders.models import Body, RulesOfProcedure
from stakeholders.procedure import Majority, Tie
from tests import factories
from tests.history import History
from tests.stages import Stages
from workflows.demo import driver
from workflows.models import Decision, DecisionResult

pytestmark = [pytest.mark.history, pytest.mark.django_db(transaction=True)]

BEFORE = [("stakeholders", "0004_add_manage_catalogue"), ("workflows", "0005_create_meeting_move")]


def test_bodies_and_decisions_go_back_and_forward_on_a_filled_table():
    world = factories.make_world()
    cycle, meeting = Stages(world).in_steering_group(("Eins", "Zwei"))
    for recommendation in cycle.recommendations.all():
        driver.decide(recommendation, meeting, DecisionResult.APPROVED, user=world.fresh("chair"))
    numbers = list(Decision.objects.order_by("pk").values_list("number", "yes_count", "quorum_count"))
    with History() as history:
        old = history.back_to(BEFORE)
        bodies = old.get_model("stakeholders", "Body").objects
        assert {row.name: row.quorum_share for row in bodies.all()} == {
            "Fachplanungskonferenz": Decimal("0.00"),
            "Steuerungsgruppe": Decimal("0.50"),
            "Sozialraumkonferenz": Decimal("0.00"),
        }
        bodies.filter(name="Sozialraumkonferenz").update(quorum_share=Decimal("0.33"))
        without_seats = bodies.create(
            territory_id=world.territory.pk, name="Ohne Sitze", kind="steering_group", quorum_share="0.75"
        )

    shares = dict(RulesOfProcedure.objects.values_list("body__name", "quorum_share"))
    assert shares["Sozialraumkonferenz"] == Decimal("0.33")
    assert shares["Ohne Sitze"] == Decimal("0.75")
    assert Body.objects.get(pk=without_seats.pk).rules.count() == 1
    rules = RulesOfProcedure.objects.get(body__name="Steuerungsgruppe")
    first_seat = rules.body.memberships.order_by("starts_on").first()
    assert first_seat is not None
    assert rules.valid_from == first_seat.starts_on
    assert (rules.majority, rules.tie) == (Majority.SIMPLE, Tie.FAILS)
    assert (rules.allows_circulated, rules.notice_days) == (False, 0)
    # What was decided stays as it was, and names the rules that counted then.
    assert list(Decision.objects.order_by("pk").values_list("number", "yes_count", "quorum_count")) == numbers
    assert {decision.rules for decision in Decision.objects.all()} == {rules}
    assert not Decision.objects.filter(is_tie_decided_by_chair=True).exists()
