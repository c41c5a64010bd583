"""Two people at the same agreement, or at the form of a measure: nothing is lost, nobody is left hanging.

Guards off first, then on, as in ``test_races``. Needs a database that serves several writers at once:

    DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres pytest tests/flows/test_races_agreements.py -n0
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from measures.models import Measure, MeasureStatus
from measures.services import measures as measure_services
from stakeholders.models import User
from tests.factories import World
from tests.flows import test_races
from tests.flows.test_races import MeetingPoint, _refusals, race, without_lock
from tests.measures.test_services_measures import create
from tests.stages import Stages
from tests.workflows.test_measure_concurrency import Form
from workflows import engine
from workflows.demo import driver
from workflows.flows import MeasureFlow
from workflows.flows import measure as measure_flow
from workflows.measure_steering import measure_status_move
from workflows.models import AgreementDraft, AgreementReview, IssuedPaper, ReviewState
from workflows.nodes import open_task
from workflows.selectors.agreement_versions import content_for, content_mark, in_force
from workflows.services import agreements, implementation, shaping
from workflows.services.agreements import draft_save
from workflows.views import implementation as pages

ClientAs = Callable[[User], Client]

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor != "postgresql",
        reason="races need PostgreSQL (DATABASE_URL=postgres://…): SQLite lets one writer in at a time",
    ),
]


def confirms(measure: Measure, party: Any, user: User) -> Callable[[], None]:
    return lambda: driver.confirm(Measure.objects.get(pk=measure.pk), party, user=user)


@without_lock
def test_the_last_two_parties_confirm_at_once(
    is_locked: bool, stages: Stages, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the two, one sees the other's answer: the paper goes out once, the first review is planned once."""
    _cycle, measure = stages.at_agreement()
    driver.confirm(measure, world.planning_unit, user=world.fresh("planning_head"))
    meet = MeetingPoint()
    if not is_locked:
        monkeypatch.setattr(test_races, "PATIENCE", 20)
        meet = MeetingPoint()
        monkeypatch.setattr(measure_flow, "measure_lock", lambda measure: None)
    monkeypatch.setattr(measure_flow, "is_confirmed_by_all", meet.before(measure_flow.is_confirmed_by_all))
    results = race(
        confirms(measure, world.youth_office, world.fresh("head")),
        confirms(measure, world.provider, world.fresh("provider_head")),
    )
    assert _refusals(results) == []
    measure.refresh_from_db()
    papers = IssuedPaper.objects.filter(agreement__measure=measure).count()
    reviews = AgreementReview.objects.filter(agreement__measure=measure).count()
    if not is_locked:
        assert meet.has_met
        assert (papers, reviews) == (0, 0), "each missed the other: nobody ever gets the paper"
        return
    assert not meet.has_met
    assert (papers, reviews) == (1, 1)
    assert measure.status == MeasureStatus.AGREED
    assert open_task(measure.process, MeasureFlow.begin_measure)


def amended(stages: Stages, world: World) -> tuple[Measure, User]:
    """A running measure whose parties are asked about a change of its agreement, and who asked."""
    _cycle, measure = stages.at_implementation()
    planner = world.fresh("planner")
    content = dataclasses.replace(content_for(measure), change_reason="Mehr Nachfrage")
    draft_save(measure, content=content, user=planner)
    engine.agreement_amend(measure, user=planner)
    return measure, planner


def test_a_measure_ends_while_the_last_party_confirms_a_change(
    stages: Stages, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither waits for the other for ever; what ends is agreed on no more."""
    measure, planner = amended(stages, world)
    driver.confirm(measure, world.youth_office, user=world.fresh("head"))
    driver.confirm(measure, world.planning_unit, user=world.fresh("planning_head"))
    monkeypatch.setattr(test_races, "PATIENCE", 20)
    meet = MeetingPoint()
    monkeypatch.setattr(implementation, "confirmation_answer", meet.after(implementation.confirmation_answer))
    monkeypatch.setattr(measure_flow, "status_move", meet.after(measure_flow.status_move))
    results = race(
        confirms(measure, world.provider, world.fresh("provider_head")),
        lambda: measure_status_move(
            Measure.objects.get(pk=measure.pk),
            MeasureStatus.ENDED_EARLY,
            effective_on=timezone.localdate(),
            reason="Förderung entfällt",
            user=planner,
        ),
    )
    assert not any(isinstance(result, OperationalError) for result in results), "they blocked one another"
    assert (_refusals(results), meet.has_met) == ([], True)
    measure.refresh_from_db()
    assert measure.status == MeasureStatus.ENDED_EARLY
    assert IssuedPaper.objects.filter(agreement__measure=measure).count() == 1, "that of version 1"
    assert not AgreementReview.objects.filter(agreement__measure=measure, state=ReviewState.WAITING).exists()
    assert not measure.confirmations.filter(state="open").exists()


def test_a_refusal_that_is_undone_calls_nobody_off(
    stages: Stages, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What runs after the lock looks again whether there was a refusal."""
    measure, _planner = amended(stages, world)

    def fails(process: Any) -> None:
        raise RuntimeError("the machine stumbles")

    monkeypatch.setattr(measure_flow, "poke", fails)
    with pytest.raises(RuntimeError):
        driver.confirm(measure, world.provider, user=world.fresh("provider_head"), refusal="Nein")
    assert set(measure.confirmations.filter(round=2).values_list("state", flat=True)) == {"open"}
    assert in_force(measure) == measure.agreements.get(version=1)


@without_lock
def test_two_people_save_one_measure_at_once(
    is_locked: bool,
    world: World,
    client_as: ClientAs,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Both press the button at the same moment: one is saved, the other is shown what the first changed."""
    measure = create(world)
    forms = [Form(client_as(world.fresh(name)), world, measure) for name in ("planner", "planning_head")]
    words = ["Titel der ersten", "Titel der zweiten"]
    meet = MeetingPoint()
    if not is_locked:
        monkeypatch.setattr(test_races, "PATIENCE", 20)
        meet = MeetingPoint()
        for module in (pages, shaping, measure_services):
            monkeypatch.setattr(module, "measure_lock", lambda measure: None)
    monkeypatch.setattr(pages, "measure_change", meet.before(pages.measure_change))

    def press(number: int) -> Callable[[], Any]:
        return lambda: forms[number].send(title=words[number])

    first, second = race(press(0), press(1))
    statuses = [first.status_code, second.status_code]
    measure.refresh_from_db()
    if not is_locked:
        assert meet.has_met
        assert statuses == [302, 302], "one change is lost and nobody is told"
        return
    assert not meet.has_met
    assert sorted(statuses) == [302, 422]
    winner = statuses.index(302)
    assert measure.title == words[winner]
    html = [first, second][1 - winner].content.decode()
    assert words[winner] in html, "what the other wrote"
    assert words[1 - winner] in html, "what one wrote oneself"
    done = forms[1 - winner].send(**{"choice-title": "mine"})
    assert done.status_code == 302
    measure.refresh_from_db()
    assert measure.title == words[1 - winner]


def test_two_people_word_one_agreement_at_once(
    stages: Stages, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second is told, whichever it is."""
    stages.at_social_space()
    measure = stages.measure()
    content = content_for(measure)
    seen = content_mark(content)
    meet = MeetingPoint()
    monkeypatch.setattr(agreements, "check_worded", meet.after(agreements.check_worded))

    def save(name: str) -> Callable[[], Any]:
        user = world.fresh(name)
        own = dataclasses.replace(content, subject=f"Wortlaut von {name}")
        return lambda: draft_save(Measure.objects.get(pk=measure.pk), content=own, user=user, seen=seen)

    results = race(save("planner"), save("planning_head"))
    assert _refusals(results) == ["changed_meanwhile"]
    assert not meet.has_met
    winner = next(row for row in results if not isinstance(row, Exception))
    assert AgreementDraft.objects.get().subject == winner.subject
