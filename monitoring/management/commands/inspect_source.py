"""Reads a file of figures in any supported form and writes it in one."""

import csv
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from monitoring.sources import Source, SourceError, read_source
from monitoring.sources.reading import Reading, dimensions_json

COLUMNS = ("area_key", "area_name", "period", "variable", "unit", "dimensions", "value", "sign")
PART = ".part"


class Command(BaseCommand):
    help = "Reads figures of any supported form and writes one row a value; needs no database."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="CSV, text or Excel workbook")
        parser.add_argument("--out", required=True, type=Path, help="where the rows go, a CSV file")

    def handle(self, **options: Any) -> None:
        path, out = options["file"], options["out"]
        if out.exists() and path.exists() and out.samefile(path):
            raise CommandError(f"{out}: this is the file that is read. Name another one.")
        part = out.with_name(out.name + PART)
        try:
            count, source = self._write(path, part)
            part.replace(out)
        except OSError as error:
            raise CommandError(f"{out}: cannot be written ({error.strerror})") from error
        finally:
            part.unlink(missing_ok=True)
        for note in source.problems.notes:
            self.stdout.write(f"{path.name}: {note}")
        self.stdout.write(f"{source.form}, {source.encoding or 'Excel'}: {count} values, {out}")

    def _write(self, path: Path, part: Path) -> tuple[int, Source]:
        """Write what is read; raises where anything is wrong."""
        count = 0
        try:
            source = read_source(path)
            with part.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(COLUMNS)
                for reading in source.readings:
                    count += 1
                    if not source.problems.count:
                        writer.writerow(_row(reading))
        except SourceError as error:
            raise CommandError(f"{path.name}: {error}") from error
        if source.problems.count:
            raise CommandError(problem_lines(path, source))
        return count, source


def problem_lines(path: Path, source: Source) -> str:
    """What is wrong, a line each."""
    lines = [f"{path.name}, {problem}" for problem in source.problems.found]
    more = source.problems.count - len(lines)
    return "\n".join([*lines, *([f"and {more} more"] if more > 0 else [])])


def _row(reading: Reading) -> tuple[str, ...]:
    return (*reading[:5], dimensions_json(reading.dimensions), reading.value, reading.sign)
