"""Prepares the demo and serves it, with the timers and mails beside it."""

import os
import sys
import time
import urllib.error
import urllib.request
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from project.demo import (
    FIRST_PORT,
    HOST,
    LAST_PORT,
    DemoRunningError,
    ForeignFolderError,
    demo_claim,
    demo_lock,
    port_is_free,
    static_fingerprint,
)
from project.messages import compile_messages
from project.supervisor import ChildStoppedError, Program, StopRequested, stop_signals, supervise
from stakeholders.selectors import REAL_DATABASE, DemoGroup, database_is_real, demo_people

WORKERS = 2
THREADS_PER_WORKER = 4
TIMER_SECONDS = 10
START_SECONDS = 60.0
FILE_MAILS = "django.core.mail.backends.filebased.EmailBackend"  # the demo writes to nobody


class Command(BaseCommand):
    help = "Sets up the demo if need be and serves it on 127.0.0.1."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", default="8000", help="port to serve on (8000)")
        parser.add_argument("--only-prepare", action="store_true", help="load the demo and do not serve it")

    def handle(self, **options: Any) -> None:
        if not settings.DEMO_MODE:
            raise CommandError("This is not a demo. Start it with: make demo")
        port = self._number(options["port"])
        only_prepare = bool(options["only_prepare"])
        self._address = f"http://{HOST}:{port}"
        try:
            with demo_lock(self._address):
                if not only_prepare:
                    self._check_free(port)
                with stop_signals():
                    self._prepare()
                if not only_prepare:
                    self._serve(port)
        except DemoRunningError as error:
            if only_prepare:  # it has been prepared by the one that runs
                return
            raise CommandError(f"The demo is running already: {error.address}") from error
        except ForeignFolderError as error:
            raise CommandError(str(error)) from error
        except ChildStoppedError as error:
            raise CommandError(f"{error} The demo has been stopped; the lines above say why.") from error
        except StopRequested:
            self.stdout.write("\nThe demo has been stopped. `make demo` goes on where you left off.")

    def _number(self, text: str) -> int:
        if not text.isascii() or not text.isdigit() or not FIRST_PORT <= int(text) <= LAST_PORT:
            raise CommandError(f"PORT must be a number from {FIRST_PORT} to {LAST_PORT}, not {text!r}.")
        return int(text)

    def _check_free(self, port: int) -> None:
        try:
            free = port_is_free(port)
        except OSError as error:
            raise CommandError(
                f"Port {port} cannot be used ({error.strerror}). Try: make demo PORT=8001"
            ) from error
        if not free:
            other = port + 1 if port < LAST_PORT else port - 1
            raise CommandError(f"Port {port} is taken by another program. Try: make demo PORT={other}")

    def _prepare(self) -> None:
        """Bring database, translations, static files and content up to date; quick if they are."""
        if database_is_real():
            raise CommandError(REAL_DATABASE)
        demo_claim()
        compile_messages()
        call_command("migrate", verbosity=0, interactive=False)
        stamp = settings.STATIC_ROOT / ".fingerprint"
        fingerprint = static_fingerprint()
        if not stamp.exists() or stamp.read_text(encoding="ascii") != fingerprint:
            self.stdout.write("Collecting stylesheets and fonts ...")
            self.stdout.flush()
            call_command("collectstatic", verbosity=0, interactive=False, clear=True)
            stamp.write_text(fingerprint, encoding="ascii")
        call_command("seed_demo", stdout=self.stdout, stderr=self.stderr)

    def _serve(self, port: int) -> None:
        # Read before the children start: afterwards this process keeps no connection.
        people = demo_people()
        connections.close_all()

        def when_started(check: Callable[[], None]) -> None:
            self._wait_until_it_answers(check)
            self._welcome(people)

        manage = str(settings.BASE_DIR / "manage.py")
        server = [
            *(sys.executable, "-m", "gunicorn", "project.wsgi:application"),
            *("--chdir", str(settings.BASE_DIR), "--bind", f"{HOST}:{port}"),
            *("--worker-class", "gthread", "--workers", str(WORKERS), "--threads", str(THREADS_PER_WORKER)),
            *("--log-level", "warning", "--no-control-socket"),
        ]
        timers = [sys.executable, manage, "run_timers", "--loop", "--every", str(TIMER_SECONDS)]
        supervise(
            [Program("The web server", server), Program("The timer service", timers)],
            environment={
                **os.environ,
                "DEMO_MODE": "1",
                "EMAIL_BACKEND": os.environ.get("EMAIL_BACKEND", FILE_MAILS),
                "SITE_URL": self._address,
                "PYTHONUNBUFFERED": "1",
            },
            when_started=when_started,
        )

    def _wait_until_it_answers(self, check: Callable[[], None]) -> None:
        """Ask /healthz until it answers.

        Raises:
            CommandError: No answer in time.
        """
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never through a proxy
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            check()
            try:
                with direct.open(f"{self._address}/healthz", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise CommandError(f"The demo did not answer within {START_SECONDS:.0f} seconds and was stopped.")

    def _welcome(self, groups: list[DemoGroup]) -> None:
        lines = ["", f"Passgenau runs:  {self._address}", ""]
        if groups:
            lines.append("Choose one of these people on the sign-in page; no password is asked.")
        width = max((len(person.function_title) for group in groups for person in group.people), default=0)
        for group in groups:
            lines.append(f"  {group.title}")
            lines += [
                f"    {person.function_title:<{width}}  {person.organisation}" for person in group.people
            ]
        lines.append("")
        lines.append(f"Mails are files in {settings.EMAIL_FILE_PATH}. Ctrl-C stops everything.")
        self.stdout.write("\n".join(lines))
        self.stdout.flush()
