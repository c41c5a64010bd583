"""PostgreSQL gives the names of stored JSON back in another order: nothing people read may hang on it."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from measures.field_names import FIELD_NAMES
from measures.models import Measure, ReportingRound
from measures.selectors.history import history
from measures.selectors.numbering import by_number
from measures.selectors.releases import difference
from measures.services.measures import measure_create
from measures.services.releases import FIELDS
from measures.services.snapshots import content_sha256, snapshot_content
from stakeholders.audit import log_action
from tests.factories import World
from tests.measures.test_services_measures import fields, figure

D = datetime.date


def turned(value: Any) -> Any:
    """The same with all names in the opposite order."""
    if isinstance(value, dict):
        return {name: turned(part) for name, part in reversed(list(value.items()))}
    return [turned(part) for part in value] if isinstance(value, list) else value


@pytest.fixture
def measures(world: World) -> list[Measure]:
    """1.1 with the part 1.1.1, and 1.2."""
    user = world.fresh("planner")
    first = measure_create(plan=world.plan, user=user, **fields(world, title="Erste"))
    second = measure_create(plan=world.plan, user=user, **fields(world, title="Zweite"))
    part = measure_create(
        plan=world.plan,
        user=user,
        parent=first,
        title="Teil",
        starts_on=first.starts_on,
        ends_on=first.ends_on,
        responsible=first.responsible,
        key_figures=[figure()],
    )
    return [first, part, second]


def test_parts_stand_right_behind_their_measure(world: World, measures: list[Measure]) -> None:
    assert [row.number for row in Measure.objects.order_by(*by_number())] == ["1.1", "1.1.1", "1.2"]
    made = ReportingRound(
        plan=world.plan, reference_on=D(2026, 6, 30), due_on=D(2026, 7, 31), opened_by=world.people["planner"]
    )
    made.save()
    content = snapshot_content(made)
    assert [row["number"] for row in content["measures"]] == ["1.1", "1.1.1", "1.2"]
    assert content_sha256(turned(content)) == content_sha256(content)


def test_what_changed_is_told_in_the_order_of_the_page() -> None:
    before = {
        "measures": [{"key": 1, "number": "1.1", "title": "A", "areas": [], "goals": [], "finance": []}]
    }
    after = {
        "measures": [{"key": 1, "number": "1.1", "title": "B", "areas": [1], "goals": [1], "finance": [1]}]
    }
    told = [difference(before, content)[0].fields for content in (after, turned(after))]
    assert told[0] == told[1] == ("title", FIELDS["areas"], FIELDS["goals"], FIELDS["finance"])


def test_the_history_names_entries_in_the_order_of_the_page(world: World, measures: list[Measure]) -> None:
    names = ["target_group", "title", "description"]
    log_action(
        "measure.changed",
        user=world.people["planner"],
        obj=measures[0],
        territory=world.territory,
        data={"reason": "", "changed": {name: ["", "neu"] for name in names}, "key_figures": []},
    )
    entry = next(row for row in history(measures[0], sees_plan=False) if row.changes)
    wanted = [str(label) for name, label in FIELD_NAMES.items() if name in names]
    assert [label for label, _before, _after in entry.changes] == wanted
