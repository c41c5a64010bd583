"""Sets everybody's rights from the functions and seats of today."""

from typing import Any

from django.core.management.base import BaseCommand

from stakeholders.services import sync_roles


class Command(BaseCommand):
    help = "Sets everybody's rights from the functions and seats of today; running it twice changes nothing."

    def handle(self, **options: Any) -> None:
        self.stdout.write(f"{sync_roles()} changed")
