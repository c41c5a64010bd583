"""Four eyes on the release of profiles, with colleagues and without; two people at one text."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from project.common.errors import DomainError
from stakeholders.audit_labels import detail_lines
from stakeholders.models import LogEntry, User
from tests.factories import World
from tests.stages import Stages
from tests.workflows.taskpages import SURE, take
from workflows.flows import PlanningCycleFlow
from workflows.models import AreaProfile, PlanningCycle
from workflows.nodes import complete_task, open_task
from workflows.selectors.analysis import release_bar
from workflows.services.analysis import areas_choose, profile_save, profiles_release

ClientAs = Callable[[User], Client]
TEXT = {"strengths": "Vereine", "weaknesses": "Wohnungsnot", "potentials": "Räume"}


@pytest.fixture
def cycle(stages: Stages) -> PlanningCycle:
    cycle = stages.at_conference()
    AreaProfile.objects.filter(cycle=cycle).update(released_at=None, edited_by=None, edited_at=None)
    return cycle


def _write(cycle: PlanningCycle, place: int, user: User) -> AreaProfile:
    profile = AreaProfile.objects.filter(cycle=cycle).order_by("pk")[place]
    profile_save(profile, user=user, **TEXT)
    return profile


def _alone(world: World) -> User:
    User.objects.filter(pk=world.people["planning_head"].pk).update(is_active=False)
    planner = world.fresh("planner")
    assert not release_bar(PlanningCycle.objects.get(), planner).has_colleagues
    return planner


def test_with_a_colleague_no_reason_helps_the_author(cycle: PlanningCycle, world: World) -> None:
    planner = world.fresh("planner")
    _write(cycle, 0, planner)
    with pytest.raises(DomainError) as refused:
        profiles_release(cycle, user=planner, reason="Eilt")
    assert refused.value.code == "own_profile"
    assert not AreaProfile.objects.filter(released_at__isnull=False).exists()


def test_where_all_wrote_the_refusal_says_the_way_out(cycle: PlanningCycle, world: World) -> None:
    planner, head = world.fresh("planner"), world.fresh("planning_head")
    _write(cycle, 0, planner)
    _write(cycle, 1, head)
    bar = release_bar(cycle, planner)
    assert (bar.is_barred, bar.is_free_colleague) == (True, False)
    with pytest.raises(DomainError):
        profiles_release(cycle, user=planner)
    # The way out: the other one looks through all the texts.
    mine = AreaProfile.objects.get(cycle=cycle, edited_by=planner)
    profile_save(mine, user=head, **TEXT | {"potentials": "Räume und Grün"})
    profiles_release(cycle, user=planner)
    assert not AreaProfile.objects.filter(released_at__isnull=True).exists()


def test_who_is_alone_releases_with_a_reason_that_is_logged(cycle: PlanningCycle, world: World) -> None:
    planner = _alone(world)
    area = _write(cycle, 0, planner).area.name
    with pytest.raises(DomainError) as refused:
        profiles_release(cycle, user=planner, reason="  ")
    assert refused.value.code == "reason_missing"
    profiles_release(cycle, user=planner, reason="Stelle der Leitung ist frei")
    entry = LogEntry.objects.get(action="profiles.released", data__reason="Stelle der Leitung ist frei")
    assert entry.data["own_areas"] == [area]
    assert any("Stelle der Leitung ist frei" in line for line in detail_lines(entry))
    assert any(area in line for line in detail_lines(entry))


def test_the_page_asks_for_the_reason_only_who_is_alone(
    stages: Stages, world: World, client_as: ClientAs
) -> None:
    cycle = stages.at_analysis()
    run = stages.run(cycle)
    planner = world.fresh("planner")
    complete_task(
        open_task(cycle.process, PlanningCycleFlow.run_analysis),
        user=planner,
        act=lambda process: areas_choose(
            process.cycle,
            run=run,
            areas=[world.areas[0]],
            reasons={world.areas[0].pk: "Hinweis"},
            drafts={},
            user=planner,
        ),
    )
    client = client_as(planner)
    url = take(client, cycle.process, PlanningCycleFlow.write_profiles)
    _write(cycle, 0, planner)
    page = client.get(url)
    assert 'name="reason"' not in page.content.decode()
    assert page.context["is_author"]
    assert page.context["is_free_colleague"]
    assert client.post(url, {"reason": "Eilt"}).status_code == 422, "a colleague can"
    _alone(world)
    assert 'name="reason"' in client.get(url).content.decode()
    assert client.post(url).status_code == 422
    assert client.post(url, {"reason": "Die Stelle der Leitung ist frei"} | SURE).status_code == 302
    assert not AreaProfile.objects.filter(released_at__isnull=True).exists()


def test_only_who_may_write_profiles_saves_one(cycle: PlanningCycle, world: World) -> None:
    profile = AreaProfile.objects.filter(cycle=cycle)[0]
    with pytest.raises(PermissionDenied):
        profile_save(profile, user=world.fresh("jobcenter_head"), **TEXT)


def test_a_colleagues_text_is_not_written_over(
    cycle: PlanningCycle, world: World, client_as: ClientAs
) -> None:
    profile = AreaProfile.objects.filter(cycle=cycle)[0]
    url = reverse("workflows:profile-edit", args=[profile.pk])
    first: Client = client_as(world.fresh("planner"))
    second: Client = client_as(world.fresh("planning_head"))
    opened = second.get(url).context["form"]
    assert second.get(url).status_code == first.get(url).status_code == 200
    assert first.post(url, TEXT | {"seen": opened["seen"].value() or ""}).status_code == 302

    mine = TEXT | {"weaknesses": "Kein Arzt", "seen": opened["seen"].value() or ""}
    answer = second.post(url, mine)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Kein Arzt" in page, "what was typed is still there"
    assert "Wohnungsnot" in page, "beside what the colleague saved"
    assert AreaProfile.objects.get(pk=profile.pk).weaknesses == "Wohnungsnot"

    again = mine | {"seen": answer.context["form"]["seen"].value()}
    assert second.post(url, again).status_code == 302
    assert AreaProfile.objects.get(pk=profile.pk).weaknesses == "Kein Arzt"


def test_ones_own_text_may_be_saved_twice(cycle: PlanningCycle, world: World, client_as: ClientAs) -> None:
    profile = AreaProfile.objects.filter(cycle=cycle)[0]
    url = reverse("workflows:profile-edit", args=[profile.pk])
    client = client_as(world.fresh("planner"))
    assert client.post(url, TEXT).status_code == 302
    assert client.post(url, TEXT | {"weaknesses": "Kein Arzt"}).status_code == 302, "the button pressed twice"
    page = client.get(url).content.decode()
    assert f'value="{AreaProfile.objects.get(pk=profile.pk).edited_at.isoformat()}"' in page  # type: ignore[union-attr]
