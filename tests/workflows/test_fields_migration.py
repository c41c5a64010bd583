"""The one field of action of a version becomes the first of many, forward and back on a filled table."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tests import factories
from tests.stages import Stages
from workflows.models import RecommendationVersion

pytestmark = pytest.mark.django_db(transaction=True)

BEFORE = [("workflows", "0009_tighten_rules_of_decision")]


def migrate(targets):
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    return executor.loader.project_state(targets).apps


def test_versions_go_back_and_forward():
    world = factories.make_world()
    stages = Stages(world)
    first = world.plan.fields.first()
    second = world.plan.fields.create(number=first.number + 1, title="Wohnen")
    cycle = stages.in_conference()
    stages.submitted(cycle, "Mit einem")
    two = stages.submitted(cycle, "Mit zwei").versions.get()
    two.fields.set([first, second])
    bare = stages.submitted(cycle, "Ohne").versions.get()
    bare.fields.clear()
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    try:
        old = migrate(BEFORE).get_model("workflows", "RecommendationVersion").objects
        assert dict(old.values_list("title", "field")) == {
            "Mit einem": first.pk,
            "Mit zwei": first.pk,
            "Ohne": None,
        }
    finally:
        migrate(latest)

    rows = {row.title: list(row.fields.all()) for row in RecommendationVersion.objects.all()}
    assert rows == {"Mit einem": [first], "Mit zwei": [first], "Ohne": []}
    version = RecommendationVersion.objects.get(title="Mit einem")
    assert (version.cost_kind, version.cost_from, version.urgency) == ("unknown", None, "")
