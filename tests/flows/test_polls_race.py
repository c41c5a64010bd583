"""Many at once: fifty vote while the chair closes, twenty close at once, a process is killed in between.

DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres pytest tests/flows/test_polls_race.py -n0
"""

from __future__ import annotations

import datetime
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection, connections
from django.utils import timezone

from project.common.errors import DomainError
from stakeholders.models import BodyMembership, OrganisationKind, RulesOfProcedure, Seat, User
from tests import factories
from tests.stages import Stages
from workflows.flows import RecommendationFlow
from workflows.flows.closing import poll_close
from workflows.models import (
    Decision,
    DecisionResult,
    Meeting,
    Poll,
    PollOutcome,
    PollVote,
    Recommendation,
    SecretTally,
    TaskCard,
    VoteChoice,
    VoteKind,
)
from workflows.polling import poll_begin
from workflows.services import polls
from workflows.services.meetings import meeting_cancel, meeting_move
from workflows.services.polls import poll_vote

MEMBERS = 50
CHAIRS = 20
ROOT = Path(__file__).resolve().parents[2]

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time"),
]


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Do all at once, each with a connection of its own; results or exceptions in order."""
    results: list[Any] = [None] * len(acts)
    barrier = threading.Barrier(len(acts))

    def run(position: int, act: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=60)
            results[position] = act()
        except Exception as error:  # noqa: BLE001  handed to the test
            results[position] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=item, daemon=True) for item in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
        assert not thread.is_alive(), "they block one another"
    return results


def begin(
    kind: VoteKind, titles: tuple[str, ...], seats: int
) -> tuple[list[Poll], list[BodyMembership], User]:
    """Open polls on so many recommendations, in a body with so many more voting seats."""
    world = factories.make_world()
    cycle, meeting = Stages(world).in_steering_group(titles)
    body, chair = cycle.steering_group, world.fresh("chair")
    RulesOfProcedure.objects.filter(body=body).update(allows_secret=True, quorum_share="0.00")
    made = []
    for number in range(seats):
        office = factories.organisation(f"Amt {number}", OrganisationKind.DEPARTMENT, world.territory)
        made.append(factories.seated(body, office, factories.person(f"Mitglied {number}"), Seat.VOTING))
    found = [
        poll_begin(row, kind=kind, result=DecisionResult.APPROVED, meeting=meeting, user=chair)
        for row in cycle.recommendations.order_by("number")
    ]
    return found, made, chair


def voter(poll: Poll, seat: BodyMembership, choice: VoteChoice) -> Callable[[], Any]:
    def act() -> Any:
        own = BodyMembership.objects.select_related("user", "organisation", "body").get(pk=seat.pk)
        return poll_vote(Poll.objects.get(pk=poll.pk), seat=own, choice=choice, user=own.user)

    return act


def closer(poll: Poll, chair: User) -> Callable[[], Any]:
    return lambda: poll_close(Poll.objects.get(pk=poll.pk), user=User.objects.get(pk=chair.pk))


@pytest.mark.parametrize("kind", [VoteKind.NAMED, VoteKind.SECRET])
def test_fifty_vote_while_the_chair_closes(kind: VoteKind) -> None:
    (poll,), seats, chair = begin(kind, ("Eins",), MEMBERS)
    own = BodyMembership.objects.get(body=poll.body, seat=Seat.CHAIR)
    poll_vote(poll, seat=own, choice=VoteChoice.YES, user=chair)
    half = len(seats) // 2
    first = at_once(*(voter(poll, seat, VoteChoice.YES) for seat in seats[:half]))
    assert [row for row in first if isinstance(row, Exception)] == []

    *results, closed = at_once(
        *(voter(poll, seat, VoteChoice.YES) for seat in seats[half:]),
        *(voter(poll, seat, VoteChoice.NO) for seat in seats[: half // 2]),
        closer(poll, chair),
    )

    if isinstance(closed, Exception):
        raise closed
    new, again = results[: len(seats) - half], results[len(seats) - half :]
    refusals = [row for row in results if isinstance(row, Exception)]
    for error in refusals:
        assert isinstance(error, DomainError), error
    allowed = {"poll_closed"} | ({"voted_already"} if kind == VoteKind.SECRET else set())
    assert {error.code for error in refusals} <= allowed
    counted = 1 + half + sum(not isinstance(row, Exception) for row in new)
    replaced = sum(not isinstance(row, Exception) for row in again)
    decision = Decision.objects.get()
    assert decision.present_count == counted == PollVote.objects.filter(poll=poll).count()
    assert decision.no_count == replaced
    assert decision.yes_count == counted - replaced
    if kind == VoteKind.SECRET:
        assert replaced == 0
        assert sum(SecretTally.objects.values_list("number", flat=True)) == counted
    print(f"{kind}: {counted} counted, {len(refusals)} refused")  # noqa: T201  a number for the report


def test_without_the_lock_votes_come_in_after_the_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shows that the test can find the race at all: the chair has counted, and a vote still goes in."""
    (poll,), seats, chair = begin(VoteKind.NAMED, ("Eins",), 3)
    own = BodyMembership.objects.get(body=poll.body, seat=Seat.CHAIR)
    poll_vote(poll, seat=own, choice=VoteChoice.YES, user=chair)
    has_looked, has_closed = threading.Event(), threading.Event()
    checked = polls.voting_seat

    def unlocked(poll: Poll) -> Poll:
        found = Poll.objects.select_related("body", "meeting", "recommendation", "version").get(pk=poll.pk)
        assert found.is_open
        return found

    def looked(poll: Poll, seat: BodyMembership) -> BodyMembership:
        has_looked.set()
        has_closed.wait(timeout=20)
        return checked(poll, seat)

    def close() -> Any:
        has_looked.wait(timeout=20)
        closed = closer(poll, chair)()
        has_closed.set()
        return closed

    monkeypatch.setattr(polls, "poll_locked", unlocked)
    monkeypatch.setattr(polls, "voting_seat", looked)
    results = at_once(voter(poll, seats[0], VoteChoice.NO), close)

    assert [row for row in results if isinstance(row, Exception)] == []
    assert Decision.objects.get().present_count == 1
    assert PollVote.objects.filter(poll=poll).count() == 2, "one vote was taken and not counted"


def test_twenty_polls_close_at_once_and_the_numbers_have_no_gaps() -> None:
    found, _seats, chair = begin(VoteKind.NAMED, tuple(f"Nr. {n}" for n in range(CHAIRS)), 0)
    own = BodyMembership.objects.get(body=found[0].body, seat=Seat.CHAIR)
    for poll in found:
        poll_vote(poll, seat=own, choice=VoteChoice.YES, user=chair)

    results = at_once(*(closer(poll, chair) for poll in found))

    for row in results:
        if isinstance(row, Exception):
            raise row
    assert sorted(Decision.objects.values_list("number", flat=True)) == list(range(1, CHAIRS + 1))
    assert {poll.outcome for poll in Poll.objects.all()} == {PollOutcome.CARRIED}


def test_two_close_the_same_poll_and_one_is_told() -> None:
    (poll,), _seats, chair = begin(VoteKind.NAMED, ("Eins",), 0)
    own = BodyMembership.objects.get(body=poll.body, seat=Seat.CHAIR)
    poll_vote(poll, seat=own, choice=VoteChoice.YES, user=chair)

    results = at_once(closer(poll, chair), closer(poll, chair))

    codes = [row.code for row in results if isinstance(row, DomainError)]
    assert codes == ["poll_closed"]
    assert Decision.objects.count() == 1


CHILD = """
import django, sys, time
django.setup()
from stakeholders.models import User
from workflows.flows import closing
from workflows.models import Poll
from workflows.services import poll_ends

poll, user = Poll.objects.get(pk=int(sys.argv[1])), User.objects.get(pk=int(sys.argv[2]))
place = sys.argv[3]

def halt(*args, **kwargs):
    print("here", flush=True)
    time.sleep(60)

if place == "before the decision":
    poll_ends.decision_record = halt
elif place == "before the poll is closed":
    poll_ends.poll_finish = halt
closing.poll_close(poll, user=user)
halt()
"""


@pytest.mark.parametrize(
    ("place", "is_done"),
    [("before the decision", False), ("before the poll is closed", False), ("after all of it", True)],
)
def test_a_process_killed_in_the_middle_leaves_the_old_state_or_the_new(place: str, is_done: bool) -> None:
    (poll,), _seats, chair = begin(VoteKind.NAMED, ("Eins",), 0)
    own = BodyMembership.objects.get(body=poll.body, seat=Seat.CHAIR)
    poll_vote(poll, seat=own, choice=VoteChoice.YES, user=chair)
    database = SimpleNamespace(**{key.lower(): value for key, value in connection.settings_dict.items()})
    address = (
        f"postgres://{quote(database.user or '')}:{quote(database.password or '')}"
        f"@{database.host or '127.0.0.1'}:{database.port or 5432}/{database.name}"
    )
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(poll.pk), str(chair.pk), place],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline().strip() == "here"
        finally:
            child.send_signal(signal.SIGKILL)

    poll.refresh_from_db()
    card = TaskCard.objects.filter(
        task__process=poll.recommendation.process, task__flow_task_type="HUMAN", is_open=True
    )
    assert (poll.outcome == PollOutcome.CARRIED) is is_done
    assert Decision.objects.exists() is is_done
    # The old state waits for the decision, the new one for its extract: never for both, never for neither.
    step = RecommendationFlow.issue_extract if is_done else RecommendationFlow.decide_recommendation
    assert card.get().task.flow_task == step
    if not is_done:
        assert poll_close(poll, user=chair).outcome == PollOutcome.CARRIED
        assert Decision.objects.get().number == 1
        assert poll.opened_at < timezone.now()


@pytest.mark.parametrize("ending", ["move", "cancel"])
def test_a_poll_opens_or_the_meeting_moves_never_both(ending: str) -> None:
    titles = tuple(f"Nr. {n}" for n in range(4))
    world = factories.make_world()
    cycle, meeting = Stages(world).in_steering_group(titles)
    chair, planner = world.fresh("chair"), world.fresh("planner")

    def opener(pk: int) -> Callable[[], Any]:
        return lambda: poll_begin(
            Recommendation.objects.get(pk=pk),
            kind=VoteKind.NAMED,
            result=DecisionResult.APPROVED,
            meeting=Meeting.objects.get(pk=meeting.pk),
            user=User.objects.get(pk=chair.pk),
        )

    def end() -> Any:
        fresh, user = Meeting.objects.get(pk=meeting.pk), User.objects.get(pk=planner.pk)
        if ending == "cancel":
            return meeting_cancel(fresh, reason="Zu wenige", user=user)
        day = fresh.held_on + datetime.timedelta(days=9)
        return meeting_move(fresh, held_on=day, place="Rathaus", reason="Saal", user=user)

    keys = list(cycle.recommendations.values_list("pk", flat=True))
    *opened, ended = at_once(*(opener(pk) for pk in keys), end)

    for row in (*opened, ended):
        assert not isinstance(row, Exception) or isinstance(row, DomainError), row
    has_ended = not isinstance(ended, DomainError)
    assert Poll.objects.open().exists() is not has_ended
