"""Writes the catalogue as a file that other installations can take over."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from monitoring.catalogue import write_catalogue
from monitoring.models import IndicatorSetEntry
from monitoring.selectors.catalogue import catalogue_entries


class Command(BaseCommand):
    help = "Writes the catalogue of indicators as one file (JSON)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--out", type=Path, required=True, help="file to write")
        parser.add_argument("--set", help="key of a set; without it all indicators")

    def handle(self, **options: Any) -> None:
        keys: list[str] | None = None
        if options["set"]:
            members = IndicatorSetEntry.objects.filter(indicator_set__key=options["set"])
            keys = list(members.values_list("indicator__key", flat=True))
            if not keys:
                raise CommandError(f"--set {options['set']}: there is no such set.")
        entries = catalogue_entries(keys)
        try:
            options["out"].write_bytes(write_catalogue(entries))
        except OSError as error:
            raise CommandError(f"--out {options['out']}: {error.strerror}.") from error
        self.stdout.write(f"{len(entries['indicators'])} indicators written to {options['out']}.")
