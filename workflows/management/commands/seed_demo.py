"""Loads the demo, once."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation

from workflows.demo.seed import is_loaded, load


class Command(BaseCommand):
    help = "Loads the demo content through the services and flows; does nothing if it is there already."

    def handle(self, **options: Any) -> None:
        if not settings.DEMO_MODE:
            raise CommandError("This is not a demo. Set DEMO_MODE=1, or use: make demo")
        if is_loaded():
            self.stdout.write("The demo is loaded already.")
            return
        with translation.override(settings.LANGUAGE_CODE):
            load(timezone.localdate())
        self.stdout.write("The demo is loaded.")
