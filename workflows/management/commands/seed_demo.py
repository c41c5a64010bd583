"""Loads the demo, once."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation

from project.demo import ForeignFolderError, demo_claim
from stakeholders.selectors import REAL_DATABASE, database_is_real
from workflows.demo.seed import is_loaded, load


class Command(BaseCommand):
    help = "Loads the demo content through the services and flows; does nothing if it is there already."

    def handle(self, **options: Any) -> None:
        if not settings.DEMO_MODE:
            raise CommandError("This is not a demo. Set DEMO_MODE=1, or use: make demo")
        if database_is_real():
            raise CommandError(REAL_DATABASE)
        try:
            demo_claim()
        except ForeignFolderError as error:
            raise CommandError(str(error)) from error
        if is_loaded():
            self.stdout.write("The demo is loaded already.")
            return
        with translation.override(settings.LANGUAGE_CODE):
            load(timezone.localdate())
        self.stdout.write("The demo is loaded.")
