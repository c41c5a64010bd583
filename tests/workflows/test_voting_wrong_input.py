"""Wrong input where it is voted and shown with papers: a clear message each, and nothing is saved."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from stakeholders.models import LogEntry, RulesOfProcedure, Seat, User
from tests.factories import World
from tests.minutes import item
from tests.stages import Stages
from workflows.flows.closing import poll_close
from workflows.models import (
    AgendaFile,
    AgendaItem,
    Attendance,
    Decision,
    DecisionResult,
    Meeting,
    Poll,
    PollVote,
    PollVoteChange,
    SecretTally,
    VoteChoice,
    VoteKind,
)
from workflows.polling import poll_begin, vote

VOTERS = ("chair", "member", "head", "jobcenter_head")
PDF = b"%PDF-1.7\n%%EOF\n"


@dataclasses.dataclass
class Scene:
    """The steering group meets today, an item is before it, and its papers are out."""

    world: World
    meeting: Meeting
    row: AgendaItem
    poll: Poll

    def person(self, name: str) -> User:
        return self.world.fresh(name)

    def cast(self, *names: str) -> None:
        for name in names:
            user = self.person(name)
            seat = self.poll.body.memberships.get(user=user)
            vote(self.poll, seat=seat, choice=VoteChoice.YES, user=user)

    def seat_key(self, name: str) -> int:
        return int(self.poll.body.memberships.get(user=self.world.people[name]).pk)

    def saved(self) -> tuple[int, ...]:
        """All that a wrong input could leave behind."""
        models = (PollVote, PollVoteChange, Decision, AgendaFile, LogEntry)
        closed = Poll.objects.filter(closed_at__isnull=False).count()
        there = AgendaItem.objects.filter(removed_at__isnull=True).count()
        ballots = sum(SecretTally.objects.values_list("number", flat=True))
        return (*(model._default_manager.count() for model in models), closed, there, ballots)


@pytest.fixture
def scene(stages: Stages, world: World) -> Scene:
    cycle, meeting = stages.in_steering_group()
    RulesOfProcedure.objects.filter(body=cycle.steering_group).update(allows_secret=True)
    poll = poll_begin(
        cycle.recommendations.get(),
        kind=VoteKind.SECRET,
        result=DecisionResult.APPROVED,
        meeting=meeting,
        user=world.fresh("chair"),
    )
    row = item(meeting)
    Meeting.objects.filter(pk=meeting.pk).update(papers_sent_at=timezone.now())
    meeting.refresh_from_db()
    return Scene(world, meeting, row, poll)


@dataclasses.dataclass(frozen=True)
class Wrong:
    """Who sends what where, what was there before, what the page answers."""

    person: str
    page: str
    status: int
    text: str
    data: Callable[[Scene], dict[str, object]] = lambda scene: {}
    before: Callable[[Scene], object] = lambda scene: None


def ballot(seat_of: str) -> Callable[[Scene], dict[str, object]]:
    return lambda scene: {"seat": scene.seat_key(seat_of), "choice": "no"}


def of_another_body(scene: Scene) -> dict[str, object]:
    seats = scene.poll.cycle.planning_conference.memberships
    return {"seat": seats.exclude(body=scene.poll.body).order_by("pk").values_list("pk", flat=True)[0]}


def close(scene: Scene) -> None:
    scene.cast(*VOTERS)
    poll_close(scene.poll, user=scene.person("chair"))


def all_but_one_leave(scene: Scene) -> None:
    moment = timezone.now() - datetime.timedelta(minutes=5)
    seats = scene.poll.body.memberships.exclude(seat=Seat.ADVISORY)
    rows = [
        Attendance.objects.create(
            meeting=scene.meeting, organisation=seat.organisation, seat=seat, arrived_at=moment
        )
        for seat in seats
    ]
    scene.cast(*VOTERS)
    Attendance.objects.filter(pk__in=[row.pk for row in rows[1:]]).update(left_at=timezone.now())


def upload(name: str, content: bytes) -> Callable[[Scene], dict[str, object]]:
    return lambda scene: {"file": SimpleUploadedFile(name, content), "title": ""}


CASES = {
    "who is no member sees no poll": Wrong(
        "outsider", "poll", 404, "Diese Seite gibt es nicht", ballot("member")
    ),
    "planning has no vote": Wrong(
        "planner", "poll", 403, "Nur stimmberechtigte Mitglieder", ballot("member")
    ),
    "an advisory member has no vote": Wrong(
        "association_head", "poll", 403, "Nur stimmberechtigte Mitglieder", ballot("association_head")
    ),
    "nobody votes for another seat": Wrong(
        "member", "poll", 200, "Sie haben in dieser Abstimmung keinen stimmberechtigten Sitz", ballot("head")
    ),
    "nobody votes with a seat of another body": Wrong(
        "member", "poll", 200, "Sie haben in dieser Abstimmung keinen stimmberechtigten Sitz", of_another_body
    ),
    "a secret ballot is cast once": Wrong(
        "member",
        "poll",
        422,
        "Die geheime Stimme dieses Sitzes ist gezählt",
        ballot("member"),
        lambda scene: scene.cast("member"),
    ),
    "no vote after closing": Wrong(
        "member", "poll", 200, "Diese Abstimmung ist geschlossen", ballot("member"), close
    ),
    "a closed poll is not closed again": Wrong(
        "chair", "poll-close", 200, "Diese Abstimmung ist geschlossen", before=close
    ),
    "a vote is one of those offered": Wrong(
        "member",
        "poll",
        422,
        "ist keine gültige Auswahl",
        lambda scene: {"seat": scene.seat_key("member"), "choice": "vielleicht"},
    ),
    "no closing once the quorum is lost": Wrong(
        "chair", "poll-close", 200, "Die Beschlussfähigkeit ist verloren", before=all_but_one_leave
    ),
    "no closing without a quorum of votes": Wrong(
        "chair", "poll-close", 200, "Nicht beschlussfähig", before=lambda scene: scene.cast("member")
    ),
    "no item goes unsaid once the papers are out": Wrong(
        "planner", "remove", 422, "warum der Punkt abgesetzt wird", lambda scene: {"reason": " "}
    ),
    "a file of a wrong kind": Wrong(
        "planner", "file", 200, "Dateien dieser Art", upload("bericht.svg", b"<svg></svg>")
    ),
    "a file that is not what it says": Wrong(
        "planner", "file", 200, "was die Endung sagt", upload("bericht.pdf", b"PK\x03\x04 kein PDF")
    ),
    "a file over the limit": Wrong(
        "planner", "file", 200, "ist größer als", upload("bericht.pdf", PDF + b"x" * 2000)
    ),
    "an empty file": Wrong("planner", "file", 200, "ist leer", upload("bericht.pdf", b"")),
}


@pytest.mark.parametrize("name", CASES)
def test_wrong_input_is_said_and_nothing_is_saved(
    name: str, scene: Scene, client_as: Callable[[User], Client], settings: LazySettings
) -> None:
    settings.IMPORT_MAX_BYTES = 1000
    wrong = CASES[name]
    wrong.before(scene)
    pages = {
        "poll": reverse("workflows:poll-detail", args=[scene.poll.pk]),
        "poll-close": reverse("workflows:poll-close", args=[scene.poll.pk]),
        "remove": reverse("workflows:agenda-item-remove", args=[scene.row.pk]),
        "file": reverse("workflows:agenda-file-add", args=[scene.row.pk]),
    }
    before = scene.saved()

    answer = client_as(scene.person(wrong.person)).post(pages[wrong.page], wrong.data(scene), follow=True)

    assert answer.status_code == wrong.status
    assert wrong.text in answer.content.decode()
    assert scene.saved() == before
