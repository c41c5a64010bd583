"""Makes what no administrator can make: a planning authority, a funder or adviser, and its administrator."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from project.common.errors import DomainError
from stakeholders.models import Function, Organisation, OrganisationKind
from stakeholders.models.organisations import SUPRAREGIONAL_KINDS, TERRITORY_KINDS
from stakeholders.services import membership_start, organisation_create, person_create, person_invite

KINDS = [kind.value for kind in (*TERRITORY_KINDS, *SUPRAREGIONAL_KINDS)]


class Command(BaseCommand):
    help = (
        "Makes a district or municipality that plans for itself, a funder or an adviser, with its first "
        "administrator, who gets a link by mail to choose a password."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="full name of the organisation")
        parser.add_argument("--kind", choices=KINDS, required=True)
        parser.add_argument("--short-name", default="", help="for tables")
        parser.add_argument("--ags", default="", help="official key, for districts and municipalities")
        parser.add_argument(
            "--planning-unit", default="Sozialplanung", help="name of the unit that carries the cycle"
        )
        parser.add_argument("--administrator", required=True, help="user name of the administrator")
        parser.add_argument("--administrator-name", required=True, help="the name colleagues know")
        parser.add_argument("--email", required=True, help="where the link goes")

    def handle(self, **options: Any) -> None:
        try:
            organisation = self._make(options)
        except DomainError as error:
            raise CommandError(str(error.message)) from error
        self.stdout.write(
            f"Made {organisation.name}. A link to choose a password goes to {options['email']} "
            "with the next run of the timers."
        )

    @transaction.atomic
    def _make(self, options: dict[str, Any]) -> Organisation:
        organisation = organisation_create(
            name=options["name"],
            kind=options["kind"],
            territory=None,
            short_name=options["short_name"],
            ags=options["ags"],
            user=None,
        )
        workplace = organisation
        if organisation.is_territory:
            workplace = organisation_create(
                name=options["planning_unit"],
                kind=OrganisationKind.PLANNING_UNIT,
                territory=organisation,
                parent=organisation,
                user=None,
            )
        person = person_create(
            username=options["administrator"],
            display_name=options["administrator_name"],
            email=options["email"],
            territory=organisation if organisation.is_territory else None,
            user=None,
        )
        membership_start(
            person=person,
            organisation=workplace,
            function=Function.ADMINISTRATOR,
            starts_on=timezone.localdate(),
            user=None,
        )
        person_invite(person, user=None)
        return organisation
