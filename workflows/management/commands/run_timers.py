"""Fires due deadlines once (for cron) or in a loop."""

import logging
import signal
import threading
from argparse import ArgumentParser
from importlib import import_module
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import close_old_connections

from workflows.timers import timers_fire

logger = logging.getLogger(__name__)

EVERY_SECONDS = 30.0


class Command(BaseCommand):
    help = "Fires due deadlines, reminders and escalations."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--loop", action="store_true", help="go on until a signal asks for the end")
        parser.add_argument(
            "--every", type=float, default=EVERY_SECONDS, help=f"seconds between runs ({EVERY_SECONDS:.0f})"
        )

    def handle(self, **options: Any) -> None:
        # Mails link to tasks, and the engine knows their addresses only once the URLs are loaded.
        import_module(settings.ROOT_URLCONF)
        if not options["loop"]:
            self.stdout.write(f"{timers_fire()} fired")
            return
        stop = threading.Event()

        def ask_to_stop(number: int, frame: FrameType | None) -> None:
            stop.set()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, ask_to_stop)
        while not stop.is_set():
            self._run_once()
            stop.wait(options["every"])

    def _run_once(self) -> None:
        # The loop outlives every connection: a database that restarts costs one run, not the loop.
        close_old_connections()
        try:
            fired = timers_fire()
        except Exception:  # whatever it is, the next run tries again; /healthz shows it as late
            logger.exception("The timers failed; they try again.")
        else:
            if fired:
                logger.info("%d timers fired", fired)
        finally:
            close_old_connections()
