"""Draws the diagrams of all flows into docs/flows."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation

from workflows.diagrams import flow_svg
from workflows.flows import FLOWS

FOLDER = settings.BASE_DIR / "docs" / "flows"


def diagrams() -> dict[Path, str]:
    """File -> what it should hold, with German titles."""
    with translation.override("de"):
        return {FOLDER / f"{flow.instance.flow_label.split('/')[-1]}.svg": flow_svg(flow) for flow in FLOWS}


class Command(BaseCommand):
    help = (
        "Draws the diagrams of all flows into docs/flows; with --check only says whether they are up to date."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="write nothing; fail if a file is out of date"
        )

    def handle(self, **options: Any) -> None:
        wanted = diagrams()
        stale = [
            path for path, text in wanted.items() if not path.is_file() or path.read_text("utf-8") != text
        ]
        foreign = [path for path in sorted(FOLDER.glob("*.svg")) if path not in wanted]
        if options["check"]:
            if stale or foreign:
                names = ", ".join(path.name for path in [*stale, *foreign])
                raise CommandError(f"Out of date: {names}. Run: manage.py export_flows")
            self.stdout.write("All diagrams are up to date.")
            return
        FOLDER.mkdir(parents=True, exist_ok=True)
        for path in stale:
            path.write_text(wanted[path], encoding="utf-8")
        for path in foreign:
            path.unlink()
        self.stdout.write(f"Written: {len(stale)}, removed: {len(foreign)}.")
