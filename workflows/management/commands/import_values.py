"""Imports figures of statistics offices for a territory."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q

from monitoring.services.source_import import Choice, ImportFailedError, source_import
from project.common.errors import DomainError
from stakeholders.models import Organisation, User
from stakeholders.models.organisations import TERRITORY_KINDS
from workflows.services.renewals import secrets_refresh


class Command(BaseCommand):
    help = "Imports a file of figures in any known form as an accepted delivery: all or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="CSV, text or Excel workbook")
        parser.add_argument("--territory", required=True, help="official key of the planning authority (AGS)")
        parser.add_argument("--supplier", required=True, help="name of the organisation they come from")
        parser.add_argument("--user", required=True, help="user name of who is responsible for the import")
        parser.add_argument(
            "--variable", action="append", default=[], metavar="NAME=KEY", help="name in the file=indicator"
        )
        parser.add_argument(
            "--where", action="append", default=[], metavar="NAME=TEXT", help="attribute that rows must have"
        )
        parser.add_argument("--own-areas-only", action="store_true", help="leave rows of other areas out")
        parser.add_argument("--year", default="", help="of figures without one")
        parser.add_argument("--dry-run", action="store_true", help="only check, save nothing")

    def handle(self, **options: Any) -> None:
        path: Path = options["file"]
        year = options["year"]
        if year and not (year.isascii() and year.isdigit() and len(year) == 4):
            raise CommandError(f"--year {year}: this is no year.")
        choice = Choice(
            variables=_pairs("--variable", options["variable"]),
            where=_pairs("--where", options["where"]),
            own_areas_only=options["own_areas_only"],
            year=year,
        )
        territory = _organisation(
            "--territory", options["territory"], Q(ags=options["territory"], kind__in=TERRITORY_KINDS)
        )
        supplier = _organisation(
            "--supplier",
            options["supplier"],
            Q(name=options["supplier"]) & (Q(territory=territory) | Q(pk=territory.pk)),
        )
        user = User.objects.filter(username=options["user"], is_active=True).first()
        if user is None:
            raise CommandError(f"--user {options['user']}: there is nobody of this name.")
        try:
            done = source_import(
                territory=territory,
                supplier=supplier,
                path=path,
                choice=choice,
                user=user,
                then=secrets_refresh,
                dry_run=options["dry_run"],
            )
        except ImportFailedError as error:
            raise CommandError("\n".join(f"{path.name}, {line}" for line in error.lines)) from error
        except (PermissionDenied, DomainError) as error:
            raise CommandError(str(error)) from error
        for note in done.notes:
            self.stdout.write(f"{path.name}: {note}")
        for reason, count in done.left_out.items():
            self.stdout.write(f"Left out: {count} rows ({reason})")
        end = "nothing saved" if done.delivery is None else f"{done.succeeded} earlier ones succeeded"
        self.stdout.write(f"{path.name}: {done.value_count} values, {end}")


def _pairs(option: str, texts: list[str]) -> dict[str, str]:
    """Name and text; the name may hold "=" itself, so that the last one parts them."""
    found: dict[str, str] = {}
    for text in texts:
        name, parted, other = text.rpartition("=")
        if not parted or not name or not other:
            raise CommandError(f"{option} {text}: write NAME=TEXT.")
        found[name] = other
    return found


def _organisation(option: str, shown: str, wanted: Q) -> Organisation:
    found = list(Organisation.objects.filter(wanted, is_active=True)[:2])
    if len(found) != 1:
        count = "more than one" if found else "no"
        raise CommandError(f"{option} {shown}: there is {count} organisation.")
    return found[0]
