"""Takes a file of the catalogue, or a set that comes with the product, over."""

import hashlib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from monitoring.catalogue import MAX_BYTES, CatalogueRefused, read_catalogue
from monitoring.catalogue.ready import READY_SETS, ready_content
from monitoring.selectors.catalogue_plan import CataloguePlan, Existing, State, catalogue_plan
from monitoring.services.catalogue import catalogue_take_over
from project.common.errors import DomainError
from stakeholders.models import Organisation, User
from stakeholders.models.organisations import TERRITORY_KINDS


class Command(BaseCommand):
    help = "Takes a file of the catalogue of indicators over: all or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, nargs="?", help="file of the catalogue (JSON)")
        parser.add_argument("--set", choices=READY_SETS, help="a set that comes with the product, not a file")
        parser.add_argument("--territory", required=True, help="official key of the planning authority (AGS)")
        parser.add_argument("--user", required=True, help="user name of who is responsible")
        parser.add_argument(
            "--existing", choices=Existing.values, default=Existing.KEEP.value, help="entries that differ"
        )
        parser.add_argument(
            "--reason", default="", help="why entries change, for the log; for --existing update"
        )
        parser.add_argument("--dry-run", action="store_true", help="only compare, save nothing")

    def handle(self, **options: Any) -> None:
        name, content = _content(options["file"], options["set"])
        territory = Organisation.objects.filter(ags=options["territory"], kind__in=TERRITORY_KINDS).first()
        if territory is None:
            raise CommandError(f"--territory {options['territory']}: there is no such planning authority.")
        user = User.objects.filter(username=options["user"], is_active=True).first()
        if user is None:
            raise CommandError(f"--user {options['user']}: there is nobody of this name.")
        with translation.override("en"):
            self._take_over(name, content, territory, user, options)

    def _take_over(
        self,
        name: str,
        content: bytes,
        territory: Organisation,
        user: User,
        options: dict[str, Any],
    ) -> None:
        existing, dry_run = Existing(options["existing"]), options["dry_run"]
        try:
            file = read_catalogue(content)
            plan = catalogue_plan(file, existing=existing, user=user)
            if not plan.may_be_saved:
                raise CommandError("\n".join(_faults(plan)))
            if not dry_run:
                plan = catalogue_take_over(
                    file=file,
                    existing=existing,
                    origin={"file": name, "sha256": hashlib.sha256(content).hexdigest()},
                    territory=territory,
                    user=user,
                    reason=options["reason"],
                )
        except (CatalogueRefused, DomainError) as error:
            raise CommandError(str(error.message)) from error
        except PermissionDenied as error:
            raise CommandError(f"{user.username} may not change the catalogue of {territory}.") from error
        counts = ", ".join(f"{state.label}: {count}" for state, count in plan.counts)
        self.stdout.write(f"{'Would save' if dry_run else 'Saved'} {name}. {counts}")


def _content(path: Path | None, key: str | None) -> tuple[str, bytes]:
    """Name and bytes of what is to be read."""
    if (path is None) == (key is None):
        raise CommandError("Name a file, or a set by --set.")
    if path is None:
        assert key is not None
        return f"{key}.json", ready_content(key)
    try:
        with path.open("rb") as file:
            return path.name, file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CommandError(f"The file cannot be read ({error.strerror}).") from error


def _faults(plan: CataloguePlan) -> list[str]:
    """A line for each thing that forbids saving."""
    lines = [
        ", ".join(part for part in (row.section, row.entry, str(row.field)) if part) + f": {row.message}"
        for row in plan.problems
    ]
    lines += [
        f"{row.section}, {row.key}: {row.reason}" for row in plan.changes if row.state is State.CONFLICT
    ]
    return lines
