"""Two releases of one report at the same moment; see ``test_races`` for how races are shown."""

from __future__ import annotations

import pytest
from django.db import connection

from project.common.errors import DomainError
from stakeholders.models import Function
from tests import factories
from tests.chapters import make_reports
from tests.factories import World
from tests.flows.test_races import MeetingPoint, race
from tests.stages import Stages
from workflows.demo import driver
from workflows.models import ChapterEdition, ChapterKind, RenewalState
from workflows.renewing import chapter_renew
from workflows.services import renewals

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="races need PostgreSQL"),
]


def test_two_heads_release_the_same_chapter_once(
    world: World, stages: Stages, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports = make_reports(world, stages)
    renewal = reports.submitted(reports.chapter())
    heads = [
        world.fresh("planning_head"),
        factories.staff("Stellvertretung", world.planning_unit, Function.DEPUTY),
    ]
    meeting = MeetingPoint()
    monkeypatch.setattr(renewals, "freeze_chapter", meeting.before(renewals.freeze_chapter))
    results = race(*(lambda head=head: driver.release_chapter(renewal, user=head) for head in heads))
    errors = [result for result in results if isinstance(result, Exception)]
    assert len(errors) == 1
    assert isinstance(errors[0], DomainError), errors
    assert errors[0].code in {"task_finished", "task_taken", "no_open_task"}
    assert not meeting.has_met, "the second waits for the first"
    assert ChapterEdition.objects.get().released_by in heads
    renewal.refresh_from_db()
    assert renewal.state == RenewalState.PUBLISHED


def test_two_chapters_are_published_one_after_the_other(
    world: World, stages: Stages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each must see what the other shows, or together they could tell a secret."""
    reports = make_reports(world, stages)
    waiting = [reports.submitted(reports.chapter(title=title)) for title in ("Arbeit", "Löhne")]
    head = world.fresh("planning_head")
    meeting = MeetingPoint()
    monkeypatch.setattr(renewals, "secrets_found", meeting.before(renewals.secrets_found))
    results = race(*(lambda row=row: driver.release_chapter(row, user=head) for row in waiting))
    assert [result for result in results if isinstance(result, Exception)] == []
    assert not meeting.has_met
    assert ChapterEdition.objects.count() == 2


def test_two_begin_the_same_renewal_once(world: World, stages: Stages) -> None:
    reports = make_reports(world, stages)
    chapter = reports.chapter(ChapterKind.TEXT, "Ziele")
    people = [world.fresh("planner"), world.fresh("planning_head")]
    results = race(*(lambda user=user: chapter_renew(chapter, user=user) for user in people))
    errors = [result for result in results if isinstance(result, Exception)]
    assert [error.code for error in errors if isinstance(error, DomainError)] == ["renewal_open"]
    assert len(errors) == 1
    assert chapter.renewals.count() == 1
