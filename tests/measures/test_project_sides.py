"""What each side sees of a funded project, field by field."""

from __future__ import annotations

import pytest

from measures.models import FundedProject
from measures.selectors.project_sides import Part, Side, parts_seen, sides_of
from tests.factories import World
from tests.grants import funded

pytestmark = pytest.mark.django_db
EVERYBODY = {Part.PROJECT, Part.DELIVERED}


@pytest.fixture
def project(world: World) -> FundedProject:
    """The provider's project, paid by the funder of the world."""
    return funded(world)


@pytest.mark.parametrize(
    ("person", "sides", "parts"),
    [
        ("funder_reader", {Side.FUNDER}, EVERYBODY | {Part.RECEIPTS, Part.QUESTIONS}),
        ("provider_head", {Side.PROVIDER}, set(Part)),
        ("planner", {Side.PLANNER, Side.STAFF}, set(Part) - {Part.DRAFT}),
        ("head", {Side.STAFF}, EVERYBODY),
        ("outsider", set(), set()),
    ],
)
def test_each_side_sees_its_parts(
    person: str, sides: set[Side], parts: set[Part], project: FundedProject, world: World
) -> None:
    user = world.fresh(person)
    assert sides_of(user, project) == sides
    assert parts_seen(user, project) == parts
