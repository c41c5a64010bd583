"""The people and organisations of a demo territory. All are functions, none is a real person."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from decimal import Decimal

from stakeholders import services
from stakeholders.models import Body, BodyKind, Function, Organisation, OrganisationKind, Seat, User

SINCE = datetime.date(2022, 1, 1)


@dataclasses.dataclass(frozen=True)
class Office:
    """An organisation to make, with the people in it as (slug, name, function)."""

    slug: str
    name: str
    kind: OrganisationKind
    people: tuple[tuple[str, str, Function], ...] = ()
    short_name: str = ""
    ags: str = ""


@dataclasses.dataclass
class Cast:
    """A territory with its organisations and people by slug."""

    slug: str
    territory: Organisation
    organisations: dict[str, Organisation]
    people: dict[str, User]

    def person(self, slug: str) -> User:
        """A person anew, so that no right is cached."""
        return User.objects.get(pk=self.people[slug].pk)


def _person(username: str, name: str) -> User:
    found = User.objects.filter(username=username).first()
    if found is not None:
        return found
    return services.person_create(
        username=username,
        display_name=name,
        email=f"{username}@demo.example",
        is_demo=True,
        user=None,
    )


def employ(cast: Cast, office: Office, organisation: Organisation) -> None:
    """Give an organisation its people."""
    for slug, name, function in office.people:
        person = _person(f"{cast.slug}-{slug}", name)
        services.membership_start(
            person=person, organisation=organisation, function=function, starts_on=SINCE, user=None
        )
        cast.people[slug] = User.objects.get(pk=person.pk)


def make_cast(slug: str, territory: Office, offices: tuple[Office, ...]) -> Cast:
    """Make a territory with its organisations and their people.

    Args:
        slug: Prefix of all sign-in names.
        territory: Kreis or municipality.
        offices: Organisations of it.
    """
    root = services.organisation_create(
        name=territory.name,
        kind=territory.kind,
        territory=None,
        short_name=territory.short_name,
        ags=territory.ags,
        user=None,
    )
    cast = Cast(slug=slug, territory=root, organisations={territory.slug: root}, people={})
    employ(cast, territory, root)
    for office in offices:
        made = services.organisation_create(
            name=office.name,
            kind=office.kind,
            territory=root,
            parent=None if office.kind in {OrganisationKind.ASSOCIATION, OrganisationKind.PROVIDER} else root,
            short_name=office.short_name,
            ags=office.ags,
            email=f"{slug}-{office.slug}@demo.example",
            user=None,
        )
        cast.organisations[office.slug] = made
        employ(cast, office, made)
    return cast


def make_body(
    cast: Cast,
    kind: BodyKind,
    name: str,
    seats: Mapping[str, tuple[str, Seat]],
    *,
    quorum: str = "0.50",
    deputies: Mapping[str, str] | None = None,
) -> Body:
    """Make a body with its seats.

    Args:
        cast: Territory.
        kind: Which step of the cycle it serves.
        name: Name.
        seats: Person's slug -> (organisation's slug, seat).
        quorum: Share of the voting members that must be there.
        deputies: Person's slug -> deputy's slug.
    """
    body = services.body_create(
        territory=cast.territory, name=name, kind=kind, quorum_share=Decimal(quorum), user=None
    )
    for slug, (office, seat) in seats.items():
        deputy = (deputies or {}).get(slug)
        services.seat_start(
            body=body,
            organisation=cast.organisations[office],
            person=cast.people[slug],
            seat=seat,
            deputy=cast.people[deputy] if deputy else None,
            starts_on=SINCE,
            user=None,
        )
    return body


#: Offices every demo territory has; the German names are those of the field.
def common_offices(territory_label: str) -> tuple[Office, ...]:
    """The offices and partners that take part everywhere."""
    kind = OrganisationKind
    return (
        Office(
            "sozialplanung",
            "Sozialplanung",
            kind.PLANNING_UNIT,
            (
                ("sozialplanung", "Fachkraft Sozialplanung", Function.PLANNER),
                ("leitung-sozialplanung", "Leitung Sozialplanung", Function.HEAD),
                ("verwaltung", "Administration Passgenau", Function.ADMINISTRATOR),
            ),
        ),
        Office(
            "jugendamt",
            "Jugendamt",
            kind.DEPARTMENT,
            (
                ("leitung-jugendamt", "Leitung Jugendamt", Function.HEAD),
                ("fachplanung-jugendamt", "Fachplanung Jugendamt", Function.PLANNER),
            ),
        ),
        Office(
            "sozialamt",
            "Sozialamt",
            kind.DEPARTMENT,
            (("leitung-sozialamt", "Leitung Sozialamt", Function.HEAD),),
        ),
        Office(
            "gesundheitsamt",
            "Gesundheitsamt",
            kind.DEPARTMENT,
            (("leitung-gesundheitsamt", "Leitung Gesundheitsamt", Function.HEAD),),
        ),
        Office(
            "statistik",
            "Statistikstelle",
            kind.STATISTICS_OFFICE,
            (("statistik", "Fachkraft Statistik", Function.PLANNER),),
        ),
        Office(
            "jobcenter",
            f"Jobcenter {territory_label}",
            kind.JOBCENTER,
            (("jobcenter", "Geschäftsführung Jobcenter", Function.HEAD),),
            short_name="Jobcenter",
        ),
        Office(
            "dezernat",
            "Sozialdezernat",
            kind.DEPARTMENT,
            (("vorsitz", "Vorsitz der Steuerungsgruppe", Function.HEAD),),
        ),
        Office(
            "verband",
            "Wohlfahrtsverband (Beispiel)",
            kind.ASSOCIATION,
            (("verband", "Geschäftsführung Wohlfahrtsverband", Function.HEAD),),
        ),
        Office(
            "traeger",
            "Träger der Jugendhilfe (Beispiel)",
            kind.PROVIDER,
            (("traeger", "Leitung Träger der Jugendhilfe", Function.HEAD),),
        ),
    )


def standard_bodies(cast: Cast) -> tuple[Body, Body, Body]:
    """Planning conference, steering group and social-space conference with the usual seats."""
    conference = make_body(
        cast,
        BodyKind.PLANNING_CONFERENCE,
        "Fachplanungskonferenz",
        {
            "leitung-sozialplanung": ("sozialplanung", Seat.CHAIR),
            "fachplanung-jugendamt": ("jugendamt", Seat.VOTING),
            "leitung-gesundheitsamt": ("gesundheitsamt", Seat.VOTING),
            "leitung-sozialamt": ("sozialamt", Seat.VOTING),
            "jobcenter": ("jobcenter", Seat.VOTING),
            "sozialplanung": ("sozialplanung", Seat.ADVISORY),
        },
        quorum="0.00",
    )
    steering = make_body(
        cast,
        BodyKind.STEERING_GROUP,
        "Steuerungsgruppe",
        {
            "vorsitz": ("dezernat", Seat.CHAIR),
            "leitung-jugendamt": ("jugendamt", Seat.VOTING),
            "leitung-sozialamt": ("sozialamt", Seat.VOTING),
            "jobcenter": ("jobcenter", Seat.VOTING),
            "verband": ("verband", Seat.ADVISORY),
        },
        deputies={"leitung-jugendamt": "fachplanung-jugendamt"},
    )
    social_space = make_body(
        cast,
        BodyKind.SOCIAL_SPACE_CONFERENCE,
        "Sozialraumkonferenz",
        {
            "verband": ("verband", Seat.CHAIR),
            "traeger": ("traeger", Seat.VOTING),
            "fachplanung-jugendamt": ("jugendamt", Seat.VOTING),
        },
        quorum="0.00",
    )
    return conference, steering, social_space
