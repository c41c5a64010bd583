"""Profiles and their release, choosing areas with and without an index."""

from __future__ import annotations

import pytest

from project.common.errors import DomainError
from tests.factories import World
from tests.stages import Stages
from workflows.models import AreaProfile
from workflows.services.analysis import profile_save, profiles_release

TEXT = {"strengths": "Vereine", "weaknesses": "Wohnungsnot", "potentials": "Räume"}


def test_a_page_opened_before_the_release_cannot_undo_it(stages: Stages, world: World) -> None:
    cycle = stages.at_conference()
    AreaProfile.objects.filter(cycle=cycle).update(released_at=None)
    opened_before = AreaProfile.objects.filter(cycle=cycle)[0]
    profiles_release(cycle, user=world.fresh("planning_head"))
    with pytest.raises(DomainError) as refused:
        profile_save(opened_before, user=world.fresh("planner"), **TEXT)
    assert refused.value.code == "profile_released"
    after = AreaProfile.objects.get(pk=opened_before.pk)
    assert after.released_at is not None
    assert after.weaknesses != TEXT["weaknesses"]


def test_saving_touches_nothing_but_the_text(stages: Stages, world: World) -> None:
    cycle = stages.at_conference()
    AreaProfile.objects.filter(cycle=cycle).update(released_at=None)
    opened_before = AreaProfile.objects.filter(cycle=cycle)[0]
    AreaProfile.objects.filter(pk=opened_before.pk).update(choice_reason="Hinweis der Schulaufsicht")
    profile_save(opened_before, user=world.fresh("planner"), **TEXT)
    after = AreaProfile.objects.get(pk=opened_before.pk)
    assert (after.weaknesses, after.choice_reason) == (TEXT["weaknesses"], "Hinweis der Schulaufsicht")
