"""Brings the .po files up to date with the texts of code and templates."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from project.messages import compile_messages, extraction_options, translated_languages


class Command(BaseCommand):
    help = "Extracts the texts into the .po files (needs GNU gettext) and compiles them."
    requires_system_checks = ()

    def handle(self, **options: Any) -> None:
        languages = translated_languages()
        call_command("makemessages", locale=languages, **extraction_options())
        compile_messages()
        self.stdout.write(f"Updated: {', '.join(languages)}")
