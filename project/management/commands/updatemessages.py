"""Brings the .po files up to date with the texts of code and templates."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from project.messages import compile_messages, extraction_options

SOURCE_LANGUAGE = "en"  # the texts in the code are English already


class Command(BaseCommand):
    help = "Extracts the texts into the .po files (needs GNU gettext) and compiles them."
    requires_system_checks = ()

    def handle(self, **options: Any) -> None:
        languages = [code for code, _ in settings.LANGUAGES if code != SOURCE_LANGUAGE]
        call_command("makemessages", locale=languages, **extraction_options())
        compile_messages()
        self.stdout.write(f"Updated: {', '.join(languages)}")
