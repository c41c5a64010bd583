"""Two at once on a request for an amendment: one wins, the other is told, and one notice comes of it.

Guards off first, then on, as in ``test_races``. Needs a database that serves several writers at once:

    DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres pytest tests/flows/test_amendment_race.py -n0
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from measures.models import AmendmentRequest, AmendmentState, FundedProject
from measures.services import amendments as services
from measures.services.grants import notice_mark, notice_record
from project.common.errors import DomainError
from stakeholders.models import User
from tests.amendments import forwarded, granted, letter, typed
from tests.factories import World
from tests.flows.test_races import MeetingPoint, _lock, _refusals, race, unheld, without_lock
from tests.grants import lines, notice
from tests.workflows.taskpages import take
from workflows import amending
from workflows.demo import amendment_steps as steps
from workflows.flows import AmendmentFlow

ClientAs = Callable[[User], Client]
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor != "postgresql",
        reason="races need PostgreSQL (DATABASE_URL=postgres://…): SQLite lets one writer in at a time",
    ),
]


@pytest.fixture
def project(world: World) -> FundedProject:
    return granted(world)


def _anew(request: AmendmentRequest) -> AmendmentRequest:
    return AmendmentRequest.objects.get(pk=request.pk)


def _consent(request: AmendmentRequest, world: World) -> Callable[[], Any]:
    user = world.fresh("funder_reader")
    return lambda: steps.consent(_anew(request), letter(), user=user)


def _withdraw(request: AmendmentRequest, world: World) -> Callable[[], Any]:
    user = world.fresh("provider_head")
    return lambda: amending.amendment_call_back(_anew(request), reason="Überholt", user=user)


def test_withdrawn_while_it_is_consented_to(
    project: FundedProject, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Either there is a notice, or it is withdrawn; whoever came second is told."""
    request = forwarded(project, world)
    looked = MeetingPoint()
    monkeypatch.setattr(services, "require", looked.after(services.require))
    consented, withdrawn = race(_consent(request, world), _withdraw(request, world))
    assert not looked.has_met, "the second waits for the case before it looks"
    request.refresh_from_db()
    if isinstance(withdrawn, Exception):
        assert _refusals([withdrawn]) == ["no_open_task"]
        assert (request.state, project.notices.count()) == (AmendmentState.GRANTED, 2)
    else:
        assert _refusals([consented]) in (["task_finished"], ["no_open_task"])
        assert (request.state, project.notices.count()) == (AmendmentState.WITHDRAWN, 1)
    assert request.answers.exclude(step="forwarded").count() == 1
    ends = request.process.task_set.filter(flow_task_type="END", status="DONE")
    assert ends.count() == 1


@without_lock
def test_a_notice_is_recorded_by_hand_while_the_funder_consents(
    is_locked: bool, project: FundedProject, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both cannot build on the same notice: the second is told and looks at the first."""
    request = forwarded(project, world)
    first = project.notices.get()
    looked = MeetingPoint()
    if is_locked:
        # Both have asked what holds where it is asked under the lock: they never stand there together.
        monkeypatch.setattr(services, "_require_basis", looked.after(services._require_basis))
    else:
        monkeypatch.setattr(services, "FundedProject", unheld(FundedProject))
        monkeypatch.setattr(services, "_require_basis", looked.after(services._require_basis))
    by_hand = notice(
        lines=lines("1112.00", "112.00"), granted=lines("1112.00", "112.00")[1].amount, reason="x"
    )
    planner = world.fresh("planner")
    held = looked.before(notice_record) if not is_locked else notice_record

    def record() -> Any:
        return held(
            FundedProject.objects.get(pk=project.pk), fields=by_hand, user=planner, seen=notice_mark(first)
        )

    results = race(_consent(request, world), record)
    request.refresh_from_db()
    if not is_locked:
        assert looked.has_met
        assert project.notices.count() == 2, "the number alone lets only one through, late"
        return
    told = [result for result in results if isinstance(result, Exception)]
    assert len(told) == 1
    assert _refusals(told) in (["basis_changed"], ["changed_meanwhile"])
    assert project.notices.count() == 2
    is_granted = request.state == AmendmentState.GRANTED
    assert is_granted == (not isinstance(results[0], Exception))
    assert (request.notice_id is not None) == is_granted


@without_lock
def test_the_provider_clicks_twice(
    is_locked: bool,
    project: FundedProject,
    world: World,
    client_as: ClientAs,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    user = world.fresh("provider_head")
    request = amending.amendment_open(project, user=user)
    windows = [client_as(user) for _number in range(2)]
    page = take(windows[0], request.process, AmendmentFlow.write_amendment)
    meet = MeetingPoint()
    _lock(monkeypatch, AmendmentFlow, is_locked)
    views = "workflows.views.amendment_tasks.amendment_submit"
    monkeypatch.setattr(views, meet.before(services.amendment_submit))

    def press(window: Client) -> Callable[[], int]:
        return lambda: window.post(page, typed()).status_code

    statuses = race(*(press(window) for window in windows))
    if not is_locked:
        # The row of the request still lets one through only.
        assert meet.has_met
        assert sorted(statuses) == [302, 422]
    else:
        assert not meet.has_met
        assert sorted(statuses) == [302, 409]
    assert request.versions.count() == 1


def test_two_begin_a_request_at_once(project: FundedProject, world: World, client_as: ClientAs) -> None:
    user = world.fresh("provider_head")
    page = reverse("workflows:amendment-begin", args=[project.pk])
    windows = [client_as(user) for _number in range(2)]
    results = race(*(lambda window=window: window.post(page).status_code for window in windows))
    assert results == [302, 302]
    assert project.amendments.count() == 1
    with pytest.raises(DomainError):
        amending.amendment_open(project, user=user)


def test_two_of_the_funder_decide_at_once(project: FundedProject, world: World) -> None:
    request = forwarded(project, world)
    user = world.fresh("funder_reader")
    consented, refused = race(
        _consent(request, world), lambda: steps.refuse(_anew(request), "Keine Mittel", user=user)
    )
    request.refresh_from_db()
    told = [result for result in (consented, refused) if isinstance(result, Exception)]
    assert len(_refusals(told)) == 1
    is_granted = request.state == AmendmentState.GRANTED
    assert project.notices.count() == (2 if is_granted else 1)
    assert request.answers.exclude(step="forwarded").count() == 1
