"""A room with 100 participants on two processes and PostgreSQL: ``python -m tests.bench room``.

Each participant asks for news as the page does and now and then gives a statement; a bare view is asked in
the same run, so that a busy machine shows in both.
"""

from __future__ import annotations

import http.client
import os
import random
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import uuid
from dataclasses import dataclass, field
from statistics import median, quantiles

from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from stakeholders.models import Seat
from tests import factories
from tests.stages import Stages
from workflows.models import Meeting
from workflows.services import rooms

PARTICIPANTS = 100
#: As the page does (``_room_live.html``).
POLL_SECONDS = 1.5
#: Everybody gives a statement about that often: one in three seconds among a hundred.
SAY_SECONDS = 300
RUN_SECONDS = 60
WORKERS, THREADS = 2, 4
START_SECONDS = 60
#: To reckon the processor time of one.
QUESTIONS = 100


@dataclass
class Log:
    """What the participants measured, in seconds.

    Attributes:
        polls: Time of each answer without news.
        news: Time of each answer with news.
        posts: Time of each statement.
        bare: Time of each answer of the bare view.
        said: Text of a statement -> moment it was confirmed.
        seen: Text of a statement -> moments at which others had it before them.
        errors: Answers that were none.
    """

    polls: list[float] = field(default_factory=list)
    news: list[float] = field(default_factory=list)
    posts: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    said: dict[str, float] = field(default_factory=dict)
    seen: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)


class Participant(threading.Thread):
    """One page: asks for news, brings its statements."""

    def __init__(
        self, number: int, port: int, cookies: str, paths: tuple[str, str], area: int, log: Log
    ) -> None:
        super().__init__(daemon=True)
        self.number, self.port, self.cookies, self.log = number, port, cookies, log
        self.page, self.state = paths
        self.area = area
        self.chance = random.Random(number)
        self.asks = _asks(cookies, self.page)
        self.known: set[str] = set()

    def run(self) -> None:
        """Ask and say until the time is over."""
        end = time.perf_counter() + RUN_SECONDS
        time.sleep(self.chance.random() * POLL_SECONDS)
        self.line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        while time.perf_counter() < end:
            begun = time.perf_counter()
            try:
                if self.chance.random() < POLL_SECONDS / SAY_SECONDS:
                    self._say()
                self._poll()
            except (OSError, http.client.HTTPException) as error:
                self.log.errors.append(repr(error))
                self.line.close()
            time.sleep(max(0.0, POLL_SECONDS - (time.perf_counter() - begun)))

    def _poll(self) -> None:
        begun = time.perf_counter()
        self.line.request("GET", f"{self.state}?{self.asks}", headers={"Cookie": self.cookies})
        answer = self.line.getresponse()
        body = answer.read().decode()
        now = time.perf_counter()
        if answer.status == 204:
            self.log.polls.append(now - begun)
            return
        if answer.status != 200:
            self.log.errors.append(f"poll {answer.status}")
            return
        self.log.news.append(now - begun)
        self.asks = body.partition("/state/?")[2].partition('"')[0].replace("&amp;", "&")
        for text in list(self.log.said):
            if text not in self.known and text in body:
                self.known.add(text)
                self.log.seen.setdefault(text, []).append(now)

    def _say(self) -> None:
        key = uuid.uuid4()
        text = f"Eintrag {key.hex[:12]}"
        token = "a" * 32
        data = {
            "act": "statement",
            "statement-entry_key": str(key),
            "statement-area": self.area,
            "statement-position": "explains",
            "statement-confidence": "likely",
            "statement-text": text,
            "csrfmiddlewaretoken": token,
        }
        headers = {
            "Cookie": f"{self.cookies}; {settings.CSRF_COOKIE_NAME}={token}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        begun = time.perf_counter()
        self.line.request("POST", self.page, urllib.parse.urlencode(data), headers)
        answer = self.line.getresponse()
        answer.read()
        now = time.perf_counter()
        if answer.status == 201:
            self.log.posts.append(now - begun)
            self.known.add(text)
            self.log.said[text] = now
        else:
            self.log.errors.append(f"post {answer.status}")


def _prepare() -> tuple[Meeting, list[str], int]:
    """A room with an area before it, and the cookies of its participants."""
    world = factories.make_world()
    cycle = Stages(world).in_conference()
    meeting = cycle.meetings.select_related("body", "cycle").get()
    planner = world.fresh("planner")
    room = rooms.room_open(meeting, user=planner)
    rooms.room_show(room, world.areas[0], user=planner)
    cookies = []
    for number in range(PARTICIPANTS):
        person = factories.person(f"Mitglied{number}")
        factories.seated(meeting.body, world.youth_office, person, Seat.VOTING)
        client = Client()
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        name = settings.SESSION_COOKIE_NAME
        cookies.append(f"{name}={client.cookies[name].value}")
    return meeting, cookies, world.areas[0].pk


def _serve(port: int) -> subprocess.Popen[bytes]:
    """Start the server as in real use, on the measuring database."""
    found = connection.settings_dict
    address = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**found)
    command = [
        *(sys.executable, "-m", "gunicorn", "project.wsgi:application", "--bind", f"127.0.0.1:{port}"),
        *("--worker-class", "gthread", "--workers", str(WORKERS), "--threads", str(THREADS)),
        *("--log-level", "warning", "--keep-alive", "75"),
    ]
    server = subprocess.Popen(
        command, env={**os.environ, "DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    )
    end = time.perf_counter() + START_SECONDS
    while time.perf_counter() < end:
        try:
            _get(port, "/healthz")
        except OSError:
            time.sleep(0.5)
        else:
            return server
    server.terminate()
    raise TimeoutError("The server did not start.")


def _get(port: int, path: str) -> float:
    """Seconds of one answer."""
    begun = time.perf_counter()
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    line.request("GET", path)
    line.getresponse().read()
    line.close()
    return time.perf_counter() - begun


def _asks(cookie: str, page: str) -> str:
    """What a page of a person asks with, as it stands in its text."""
    client = Client()
    name, _equals, value = cookie.partition("=")
    client.cookies[name] = value
    text = client.get(page).content.decode()
    return text.partition("/state/?")[2].partition('"')[0].replace("&amp;", "&")


def _processor_time(cookie: str, page: str, state: str) -> list[dict[str, float | str]]:
    """Milliseconds of the processor for a question, whatever else the machine does."""
    client = Client()
    name, _equals, value = cookie.partition("=")
    client.cookies[name] = value
    rows: list[dict[str, float | str]] = []
    for what, query in (("without", _asks(cookie, page)), ("with", "v=0")):
        client.get(f"{state}?{query}")
        begun = time.process_time()
        for _ in range(QUESTIONS):
            client.get(f"{state}?{query}")
        spent = (time.process_time() - begun) / QUESTIONS * 1000
        rows.append(
            {
                "what": f"processor time of a question {what} news",
                "number": QUESTIONS,
                "median ms": spent,
                "p95 ms": "-",
                "wanted p95 ms": "-",
            }
        )
    return rows


def _row(what: str, seconds: list[float], wanted: str) -> dict[str, float | str]:
    """Number, median and 95th percentile of times, in milliseconds."""
    if len(seconds) < 2:
        return {
            "what": what,
            "number": len(seconds),
            "median ms": "-",
            "p95 ms": "-",
            "wanted p95 ms": wanted,
        }
    return {
        "what": what,
        "number": len(seconds),
        "median ms": median(seconds) * 1000,
        "p95 ms": quantiles(seconds, n=20)[-1] * 1000,
        "wanted p95 ms": wanted,
    }


def run() -> list[dict[str, float | str]]:
    """Let a hundred participants work in a room for a minute.

    Returns:
        Times of a bare view, of questions without and with news, of statements, and of a statement until the
        others had it before them; the last one holds the wait for the next question.
    """
    if connection.vendor != "postgresql":
        return [{"what": "needs PostgreSQL: set DATABASE_URL"}]
    meeting, cookies, area = _prepare()
    paths = (reverse("workflows:room", args=[meeting.pk]), reverse("workflows:room-state", args=[meeting.pk]))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    spent = _processor_time(cookies[0], *paths)
    log = Log()
    server = _serve(port)
    try:
        idle = [_get(port, "/healthz") for _ in range(30)]
        crowd = [Participant(number, port, cookie, paths, area, log) for number, cookie in enumerate(cookies)]
        for row in crowd:
            row.start()
        while any(row.is_alive() for row in crowd):
            log.bare.append(_get(port, "/healthz"))
            time.sleep(0.5)
    finally:
        server.terminate()
        server.wait()
    waits = [at - log.said[text] for text, moments in log.seen.items() for at in moments]
    return [
        _row("bare view, nobody there", idle, "50"),
        _row("bare view in the same run", log.bare, "50"),
        _row("question without news", log.polls, "1000"),
        _row("question that brings news", log.news, "1000"),
        _row("statement", log.posts, "-"),
        _row("statement until seen by another, wait included", waits, "2000"),
        *spent,
        {"what": "answers that failed", "number": len(log.errors)},
    ]
