"""Two people on the same funded project, notice or call at once: nothing is lost, the second is told.

Guards off first, then on, as in ``test_races``. Needs a database that serves several writers at once:

    DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres pytest tests/flows/test_races_funding.py -n0
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection

from measures.models import FundedProject, ProgrammeCall
from measures.services.grants import notice_mark, notice_record
from measures.services.programmes import CallFields, call_save, entry_mark
from measures.services.projects import parties_mark, project_parties_set
from project.common.seen import check_seen
from stakeholders.audit import log_action
from stakeholders.models import OrganisationKind
from tests import factories
from tests.factories import World
from tests.flows.test_races import MeetingPoint, _refusals, race, without_lock
from tests.grants import notice
from tests.measures.test_views_projects import funded

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor != "postgresql",
        reason="races need PostgreSQL (DATABASE_URL=postgres://…): SQLite lets one writer in at a time",
    ),
]


@pytest.fixture
def project(world: World) -> FundedProject:
    return funded(world)


def _unlock(monkeypatch: pytest.MonkeyPatch, model: Any, is_locked: bool) -> None:
    if not is_locked:
        monkeypatch.setattr(
            model.objects, "select_for_update", lambda **_kwargs: model._default_manager.all()
        )


def _meet_after_looking(monkeypatch: pytest.MonkeyPatch, module: str) -> MeetingPoint:
    """Both have compared what they saw, neither has written."""
    meet = MeetingPoint()
    monkeypatch.setattr(f"measures.services.{module}.check_seen", meet.after(check_seen))
    return meet


@without_lock
def test_two_record_a_notice_at_once(
    is_locked: bool, project: FundedProject, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _unlock(monkeypatch, FundedProject, is_locked)
    meet = _meet_after_looking(monkeypatch, "grants")
    seen = notice_mark(None)

    def record(name: str) -> Callable[[], Any]:
        user = world.fresh(name)
        return lambda: notice_record(project, fields=notice(reference=name), user=user, seen=seen)

    results = race(record("planner"), record("funder_reader"))
    stored = project.notices.get()
    project.refresh_from_db()
    assert project.reference == stored.reference
    if not is_locked:
        # Both have looked; the database keeps one notice of each number.
        assert meet.has_met
        assert sum(isinstance(result, IntegrityError) for result in results) == 1
        return
    assert (meet.has_met, _refusals(results)) == (False, ["changed_meanwhile"])


@without_lock
def test_two_change_the_parties_at_once(
    is_locked: bool, project: FundedProject, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _unlock(monkeypatch, FundedProject, is_locked)
    meet = _meet_after_looking(monkeypatch, "projects")
    seen = parties_mark(project)

    def choose(name: str) -> Callable[[], Any]:
        user = world.fresh(name)
        row = factories.organisation(f"Träger {name}", OrganisationKind.PROVIDER, world.territory)
        return lambda: project_parties_set(
            project, partners=[row], areas=[], further_measures=[], user=user, seen=seen
        )

    results = race(choose("planner"), choose("planning_head"))
    if not is_locked:
        assert (meet.has_met, _refusals(results)) == (True, [])
        return
    assert (meet.has_met, _refusals(results)) == (False, ["changed_meanwhile"])
    winner = "planner" if results[0] is None else "planning_head"
    assert project.partners.get().organisation.name == f"Träger {winner}"


@without_lock
def test_two_change_a_call_at_once(
    is_locked: bool, project: FundedProject, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    funder = world.fresh("funder_reader")
    call = call_save(project.programme, fields=CallFields(year=2026), user=funder)
    seen = entry_mark(call, CallFields)
    _unlock(monkeypatch, ProgrammeCall, is_locked)
    meet = _meet_after_looking(monkeypatch, "programmes")

    def change(goals: str) -> Callable[[], Any]:
        fields = CallFields(year=2026, goals=goals)
        return lambda: call_save(project.programme, fields=fields, user=funder, call=call, seen=seen)

    results = race(change("Eins"), change("Zwei"))
    if not is_locked:
        assert (meet.has_met, _refusals(results)) == (True, [])
        return
    assert (meet.has_met, _refusals(results)) == (False, ["changed_meanwhile"])


def test_the_year_of_a_call_is_changed_while_a_notice_names_it(
    project: FundedProject, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The notice is written and not yet committed: who changes the year waits for it, and is told."""
    funder, planner = world.fresh("funder_reader"), world.fresh("planner")
    call = call_save(project.programme, fields=CallFields(year=2026), user=funder)
    meet = MeetingPoint()
    monkeypatch.setattr("measures.services.grants.log_action", meet.before(log_action))

    def change() -> None:
        meet()
        call_save(project.programme, fields=CallFields(year=2027), user=funder, call=call)

    results = race(lambda: notice_record(project, fields=notice(call=call), user=planner), change)
    assert (meet.has_met, _refusals(results)) == (True, ["call_named"])
    assert ProgrammeCall.objects.get(pk=call.pk).year == 2026
