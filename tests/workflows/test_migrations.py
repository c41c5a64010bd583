"""What was kept in the audit log alone moves into its table."""

from __future__ import annotations

import importlib

from django.apps import apps

from stakeholders.audit import log_action
from stakeholders.models import LogEntry
from tests.factories import World
from tests.stages import Stages
from workflows.models import NoMeasureReason

reasons = importlib.import_module("workflows.migrations.0003_create_reasons")


def test_reasons_for_no_measure_come_from_the_log_with_their_moment(stages: Stages, world: World) -> None:
    cycle = stages.at_social_space()
    recommendation = cycle.recommendations.get()
    planner = world.fresh("planner")
    for reason in ("Zu früh", "Der Verein macht es von sich aus"):
        log_action(
            reasons.ACTION,
            user=planner,
            obj=recommendation,
            territory=cycle.territory,
            data={"reason": reason},
        )
    reasons.copy_from_log(apps, schema_editor=None)
    kept = NoMeasureReason.objects.filter(recommendation=recommendation).order_by("pk")
    assert [row.reason for row in kept] == ["Zu früh", "Der Verein macht es von sich aus"]
    assert {row.given_by for row in kept} == {planner}
    logged = LogEntry.objects.filter(action=reasons.ACTION).order_by("pk").values_list("at", flat=True)
    assert [row.given_at for row in kept] == list(logged)
