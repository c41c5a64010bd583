"""Reckons an index from files alone."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from monitoring.index_files import read_figures, write_result
from monitoring.index_spec import FilesError, read_spec
from monitoring.methods import reckon_parts


class Command(BaseCommand):
    help = "Computes an index by a method in TOML over figures in CSV; needs no database."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--spec", required=True, type=Path, help="the method, a TOML file")
        parser.add_argument("--data", required=True, type=Path, help="the figures, a CSV file")
        parser.add_argument("--out", required=True, type=Path, help="where the result goes, a CSV file")

    def handle(self, **options: Any) -> None:
        try:
            spec = read_spec(options["spec"])
            figures = read_figures(options["data"], spec)
            _table, results = reckon_parts(
                figures.values,
                spec.parts,
                valid=figures.valid,
                population=figures.population,
                last=figures.last,
                neighbours=figures.neighbours,
            )
        except FilesError as error:
            raise CommandError(str(error)) from error
        except ValueError as error:
            raise CommandError(f"{options['spec'].name}: {error}") from error
        try:
            with options["out"].open("w", encoding="utf-8", newline="") as out:
                write_result(out, figures.keys, spec, results)
        except OSError as error:
            raise CommandError(f"{options['out']}: cannot be written ({error.strerror})") from error
        left_out = len(figures.keys) - int(results[0].included.sum())
        self.stdout.write(f"{len(figures.keys)} areas, {left_out} left out: {options['out']}")
