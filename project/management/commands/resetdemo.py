"""Removes the demo's data."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from project.demo import DemoRunningError, demo_lock, remove_leftovers


class Command(BaseCommand):
    help = "Removes the demo's database, uploads and mails, so that the next `make demo` starts over."
    requires_system_checks = ()

    def handle(self, **options: Any) -> None:
        if not settings.DEMO_MODE:
            raise CommandError("This is not a demo. Start it with: make demo-reset")
        try:
            with demo_lock("a reset"):
                removed = remove_leftovers()
        except DemoRunningError as error:
            raise CommandError(
                f"The demo is running ({error.address}). Stop it first, with Ctrl-C."
            ) from error
        for path in removed:
            self.stdout.write(f"Removed {path}")
        if not removed:
            self.stdout.write("There was nothing to remove.")
        self.stdout.write("The next `make demo` starts over.")
