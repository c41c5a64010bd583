"""Writes docs/roles.md from the rules, or checks that it is up to date."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from stakeholders.roles_doc import PATH, roles_document


class Command(BaseCommand):
    help = "Writes docs/roles.md from stakeholders/permissions.py."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="only tell whether the file is up to date")

    def handle(self, **options: Any) -> None:
        text = roles_document()
        if not options["check"]:
            PATH.write_text(text, encoding="utf-8")
            self.stdout.write(f"{PATH.name} written")
        elif not PATH.exists() or PATH.read_text(encoding="utf-8") != text:
            raise CommandError("docs/roles.md is out of date: manage.py write_roles")
