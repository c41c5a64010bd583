"""Removes the demo's data."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from project.demo import MARKER, DemoRunningError, ForeignFolderError, demo_lock, remove_leftovers
from stakeholders.selectors import REAL_DATABASE, database_is_real


class Command(BaseCommand):
    help = "Removes the demo's database, uploads and mails, so that the next `make demo` starts over."
    requires_system_checks = ()

    def handle(self, **options: Any) -> None:
        if not settings.DEMO_MODE:
            raise CommandError("This is not a demo. Start it with: make demo-reset")
        try:
            with demo_lock("a reset"):
                self._refuse_real_data()
                removed = remove_leftovers()
        except ForeignFolderError as error:
            raise CommandError(str(error)) from error
        except DemoRunningError as error:
            raise CommandError(
                f"The demo is running ({error.address}). Stop it first, with Ctrl-C."
            ) from error
        for path in removed:
            self.stdout.write(f"Removed {path}")
        if not removed:
            self.stdout.write("There was nothing to remove.")
        self.stdout.write("The next `make demo` starts over.")

    def _refuse_real_data(self) -> None:
        # Asking would make the file of a database that is not there; without a marker nothing is removed.
        if not (settings.VAR_DIR / MARKER).exists():
            return
        try:
            is_real = database_is_real()
        except DatabaseError:
            return  # a broken file is a reason to start over; the marker tells whose it is
        if is_real:
            raise CommandError(REAL_DATABASE)
