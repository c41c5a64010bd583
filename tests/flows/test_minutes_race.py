"""Signing, writing and approving minutes at the same moment; see ``test_races`` for how races are shown."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import pytest
from django.db import connection
from django.utils import timezone

from project.common.errors import DomainError
from stakeholders import services as people
from tests import factories
from tests.factories import World
from tests.flows.test_races import MeetingPoint, race
from tests.minutes import Desk, further, item, make_desk, seen, text_of
from tests.stages import Stages
from workflows.demo.minutes import sign_minutes
from workflows.minuting import minutes_approve
from workflows.models import AgendaKind, IssuedPaper, Minutes, MinutesAmendment, MinutesState
from workflows.services import minutes as services
from workflows.services import outcomes

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="races need PostgreSQL"),
]


@pytest.fixture
def desk(world: World, stages: Stages) -> Desk:
    return make_desk(world, stages)


def own_row(minutes: Minutes) -> Minutes:
    """A row as each request loads its own."""
    return Minutes.objects.get(pk=minutes.pk)


def codes(results: list[object]) -> list[str]:
    """Codes of the refusals; anything else that went wrong is shown as it is."""
    return [
        row.code if isinstance(row, DomainError) else repr(row)
        for row in results
        if isinstance(row, Exception)
    ]


def test_two_chairs_sign_once(desk: Desk, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    minutes = desk.handed_in()
    deputy = factories.staff("Stellvertretung", world.social_affairs)
    seat = desk.meeting.body.memberships.get(seat="chair")
    people.seat_set_deputy(seat, deputy=deputy, user=None)
    chairs = [world.fresh("chair"), type(deputy).objects.get(pk=deputy.pk)]
    meeting = MeetingPoint()
    monkeypatch.setattr(services, "current_content", meeting.before(services.current_content))
    acts: list[Callable[[], None]] = [lambda user=user: sign_minutes(minutes, user=user) for user in chairs]
    (code,) = codes(race(*acts))
    assert code in {"task_finished", "task_taken", "no_open_task", "not_with_chair"}
    assert not meeting.has_met, "the second waits for the first"
    minutes.refresh_from_db()
    assert minutes.state == MinutesState.SIGNED
    assert IssuedPaper.objects.filter(meeting=desk.meeting, is_internal=False).count() == 1


def test_the_chair_never_signs_what_the_secretary_changes_at_that_moment(
    desk: Desk, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Returned and signed at once: either it is signed as read, or it is the secretary's again."""
    minutes = desk.handed_in()
    shown = seen(minutes)
    chair = world.fresh("chair")
    meeting = MeetingPoint()
    monkeypatch.setattr(services, "_log", meeting.before(services._log))
    results = race(
        lambda: services.minutes_sign(minutes, seen=shown, user=chair),
        lambda: services.minutes_return(minutes, reason="Bitte ergänzen", user=world.fresh("chair")),
    )
    assert codes(results) == ["not_with_chair"]
    assert not meeting.has_met
    minutes.refresh_from_db()
    if minutes.state == MinutesState.SIGNED:
        assert minutes.content is not None
    else:
        text = text_of(minutes, text="Ergänzt")
        services.minutes_hand_in(minutes, text=text, user=world.fresh("planner"))
        with pytest.raises(DomainError) as error:
            services.minutes_sign(minutes, seen=shown, user=chair)
        assert error.value.code == "minutes_changed"


def test_two_secretaries_do_not_overwrite_each_other(
    desk: Desk, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    minutes = desk.closed()
    texts = [text_of(minutes, text=words) for words in ("Von der einen", "Von der anderen")]
    writers = [world.fresh("planner"), world.fresh("planning_head")]
    meeting = MeetingPoint()
    monkeypatch.setattr(services, "_log", meeting.before(services._log))
    results = race(
        lambda: services.minutes_save(own_row(minutes), text=texts[0], user=writers[0]),
        lambda: services.minutes_save(own_row(minutes), text=texts[1], user=writers[1]),
    )
    assert codes(results) == ["minutes_changed"]
    assert not meeting.has_met


def test_minutes_are_approved_once(desk: Desk, world: World) -> None:
    minutes = desk.signed()
    later = further(desk.cycle, held_on=timezone.localdate())
    approval = item(later, AgendaKind.MINUTES, approves=minutes.meeting)
    users = [world.fresh("chair"), world.fresh("planner")]
    acts: list[Callable[[], None]] = [
        lambda user=user: minutes_approve(
            own_row(minutes),
            item=type(approval).objects.get(pk=approval.pk),
            correction="Es waren fünf.",
            user=user,
        )
        for user in users
    ]
    (code,) = codes(race(*acts))
    assert code in {"no_open_task", "not_signed"}
    assert MinutesAmendment.objects.count() == 1


def test_an_item_is_called_once_and_only_one_at_a_time(
    desk: Desk, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = world.fresh("planner")
    meeting = MeetingPoint()
    monkeypatch.setattr(outcomes, "_log", meeting.before(outcomes._log))
    results = race(
        lambda: outcomes.item_call(desk.public, user=user),
        lambda: outcomes.item_call(desk.internal, user=user),
    )
    assert codes(results) == ["other_item"]
    assert not meeting.has_met
    called = desk.meeting.agenda.filter(called_at__gte=timezone.now() - datetime.timedelta(minutes=5))
    assert called.count() == 1
