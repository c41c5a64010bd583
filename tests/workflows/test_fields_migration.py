"""The one field of action of a version becomes the first of many, forward and back on a filled table."""

from __future__ import annotations

import pytest

from tests import factories
from tests.history import History
from tests.stages import Stages
from workflows.models import RecommendationVersion

pytestmark = [pytest.mark.history, pytest.mark.django_db(transaction=True)]

BEFORE = [("workflows", "0009_tighten_rules_of_decision")]


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
    with History() as history:
        old = history.back_to(BEFORE).get_model("workflows", "RecommendationVersion").objects
        assert dict(old.values_list("title", "field")) == {
            "Mit einem": first.pk,
            "Mit zwei": first.pk,
            "Ohne": None,
        }

    rows = {row.title: list(row.fields.all()) for row in RecommendationVersion.objects.all()}
    assert rows == {"Mit einem": [first], "Mit zwei": [first], "Ohne": []}
    version = RecommendationVersion.objects.get(title="Mit einem")
    assert (version.cost_kind, version.cost_from, version.urgency) == ("unknown", None, "")
