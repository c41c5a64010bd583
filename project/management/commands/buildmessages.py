"""Compiles the translations; needs no GNU gettext."""

from typing import Any

from django.core.management.base import BaseCommand

from project.messages import compile_messages


class Command(BaseCommand):
    help = "Compiles changed .po files to .mo files without GNU gettext."
    requires_system_checks = ()

    def handle(self, **options: Any) -> None:
        for path in compile_messages():
            self.stdout.write(f"Compiled {path}")
