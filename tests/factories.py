"""The least valid object of each kind, and the world the tests play in."""

from __future__ import annotations

import dataclasses
import datetime
import itertools
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from unittest import mock

from django.core.files.base import ContentFile
from django.utils import timezone

from measures.models import ActionPlan, FieldOfAction, KeyFigure, KeyFigureTarget, Measure, MeasurePartner
from monitoring.models import (
    Area,
    AreaKind,
    Delivery,
    Direction,
    Domain,
    IndexResult,
    IndexRun,
    IndexRunIndicator,
    IndexScore,
    Indicator,
    Unit,
    Value,
)
from stakeholders import services as people
from stakeholders.models import Body, BodyKind, Function, Organisation, OrganisationKind, Seat, User
from stakeholders.services import roles
from workflows.engine import cycle_open
from workflows.models import DataRequest, PlanningCycle, StageKind
from workflows.services.cycles import Supply

LONG_AGO = datetime.date(2020, 1, 1)
_counter = itertools.count(1)
_LETTERS = str.maketrans("0123456789", "abcdefghij")


def person(name: str, **kwargs: Any) -> User:
    """A person with a sign-in and no function; numbered in letters, for tests look for secret figures."""
    number = str(next(_counter)).translate(_LETTERS)
    return people.person_create(
        username=f"{name.lower().replace(' ', '-')}-{number}",
        display_name=name,
        email=f"person-{number}@example.org",
        user=None,
        **kwargs,
    )


def organisation(
    name: str, kind: OrganisationKind, territory: Organisation | None = None, **kwargs: Any
) -> Organisation:
    """An organisation."""
    return people.organisation_create(name=name, kind=kind, territory=territory, user=None, **kwargs)


def employed(
    user: User, where: Organisation, function: Function = Function.HEAD, starts_on: datetime.date = LONG_AGO
) -> User:
    """Give a person a function; returns the person anew, without cached rights."""
    people.membership_start(
        person=user, organisation=where, function=function, starts_on=starts_on, user=None
    )
    return User.objects.get(pk=user.pk)


def staff(name: str, where: Organisation, function: Function = Function.HEAD) -> User:
    """A person with a function."""
    return employed(person(name), where, function)


def seated(body: Body, where: Organisation, user: User, seat: Seat, deputy: User | None = None) -> Any:
    """Give a person a seat in a body."""
    return people.seat_start(
        body=body, organisation=where, person=user, seat=seat, deputy=deputy, starts_on=LONG_AGO, user=None
    )


def area(territory: Organisation, name: str, **kwargs: Any) -> Area:
    """A small area of 2,000 inhabitants."""
    number = next(_counter)
    defaults: dict[str, Any] = {"key": f"A{number:05d}", "kind": AreaKind.SMALL_AREA, "population": 2000}
    return Area.objects.create(territory=territory, name=name, **(defaults | kwargs))


def square(column: int, row: int) -> dict[str, Any]:
    """Geometry of one cell of a grid near Burscheid, degrees."""
    west, south, size = 7.1 + column * 0.02, 51.0 + row * 0.02, 0.02
    east, north = west + size, south + size
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def geojson(*geometries: Any, **members: Any) -> bytes:
    """A file of areas with keys 05378901, 05378902 ... and names Teil 1, Teil 2 ..."""
    features = [
        {
            "type": "Feature",
            "properties": {"ags": f"05378{900 + number}", "name": f"Teil {number}"},
            "geometry": geometry,
        }
        for number, geometry in enumerate(geometries, start=1)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features} | members).encode()


def unit(key: str = "percent", symbol: str = "%", **kwargs: Any) -> Unit:
    """A unit, made once."""
    defaults = {"symbol_de": symbol, "symbol_en": symbol, "is_percent": key == "percent"} | kwargs
    return Unit.objects.get_or_create(key=key, defaults=defaults)[0]


def indicator(key: str | None = None, direction: Direction = Direction.MORE_NEED, **kwargs: Any) -> Indicator:
    """An indicator in percent, more meaning more need."""
    key = key or f"indicator-{next(_counter)}"
    domain = Domain.objects.get_or_create(
        key="work", defaults={"name_de": "Arbeit und Soziales", "name_en": "Work and social affairs"}
    )[0]
    defaults: dict[str, Any] = {
        "name_de": f"Kennwert {key}",
        "name_en": f"Indicator {key}",
        "domain": domain,
        "unit": unit(),
        "source": "Test",
        "definition": "Test",
    }
    return Indicator.objects.create(key=key, direction=direction, **(defaults | kwargs))


def delivery(
    supplier: Organisation, values: Mapping[tuple[Indicator, Area, int], float | None], user: User
) -> Delivery:
    """A checked delivery that has not been handed in; None stands for the sign "."."""
    row = Delivery(
        territory=supplier.territory,
        supplier=supplier,
        file_name="daten.csv",
        sha256=f"{next(_counter):064d}",
        created_by=user,
        row_count=len(values),
        value_count=sum(value is not None for value in values.values()),
        missing_count=sum(value is None for value in values.values()),
    )
    row.file.save("daten.csv", ContentFile(b"test"), save=False)
    row.save()
    Value.objects.bulk_create(
        Value(
            delivery=row,
            indicator=what,
            area=where,
            year=year,
            value=value,
            sign="" if value is not None else ".",
        )
        for (what, where, year), value in values.items()
    )
    return row


def index_run(
    territory: Organisation, areas: list[Area], indicators: list[Indicator], user: User
) -> IndexRun:
    """A frozen run in which areas rank in the order given and the first stands out."""
    run = IndexRun.objects.create(
        territory=territory,
        year=2024,
        missing_policy="exclude",
        border=Decimal("1.00"),
        inputs_sha256="0" * 64,
        created_by=user,
    )
    for what in indicators:
        IndexRunIndicator.objects.create(run=run, indicator=what, direction=what.direction, mean=20.0, sd=5.0)
    for rank, where in enumerate(areas, start=1):
        IndexResult.objects.create(
            run=run,
            area=where,
            is_included=True,
            total=2.0 - rank,
            normalised=2.0 - rank,
            rank=rank,
            stands_out=rank == 1,
        )
        for what in indicators:
            value = Value.objects.filter(area=where, indicator=what, is_current=True).first()
            IndexScore.objects.create(
                run=run,
                area=where,
                indicator=what,
                source=value,
                value=value.value if value else None,
                sign=value.sign if value else ".",
                z=2.0 - rank,
            )
    return run


def measure(plan: ActionPlan, responsible: Organisation, **kwargs: Any) -> Measure:
    """A measure of stage 1 with one partner-less agreement and one key figure with a target."""
    field = (
        kwargs.pop("field", None)
        or FieldOfAction.objects.get_or_create(plan=plan, number=1, defaults={"title": "Bildung und Arbeit"})[
            0
        ]
    )
    partners = kwargs.pop("partners", ())
    today = timezone.localdate()
    defaults: dict[str, Any] = {
        "position": field.measures.count() + 1,
        "title": f"Maßnahme {next(_counter)}",
        "starts_on": today - datetime.timedelta(days=30),
        "ends_on": plan.ends_on,
    }
    row = Measure.objects.create(plan=plan, field=field, responsible=responsible, **(defaults | kwargs))
    for partner in partners:
        MeasurePartner.objects.create(measure=row, organisation=partner)
    figure = KeyFigure.objects.create(
        measure=row,
        title="Erreichte Kinder",
        unit=unit("persons", "Personen", decimals=0),
        baseline=Decimal(0),
        baseline_on=today - datetime.timedelta(days=30),
    )
    KeyFigureTarget.objects.create(key_figure=figure, due_on=plan.ends_on, value=Decimal(100))
    return row


@dataclasses.dataclass
class World:
    """A district with its people, bodies, areas and figures; and a neighbour who must see nothing of it."""

    territory: Organisation
    planning_unit: Organisation
    youth_office: Organisation
    health_office: Organisation
    social_affairs: Organisation
    municipality: Organisation
    jobcenter: Organisation
    association: Organisation
    provider: Organisation
    funder: Organisation
    neighbour: Organisation
    conference: Body
    steering_group: Body
    social_space: Body
    plan: ActionPlan
    areas: list[Area]
    indicators: list[Indicator]
    people: dict[str, User]

    def fresh(self, name: str) -> User:
        """A person anew, without cached rights."""
        return User.objects.get(pk=self.people[name].pk)


def make_world() -> World:
    """Build the world; some 60 rows. The groups are set once at the end instead of after each function."""
    with mock.patch("stakeholders.services.roles._apply", return_value=0):
        world = _make_world()
    roles._apply(timezone.localdate())
    world.people = {name: User.objects.get(pk=user.pk) for name, user in world.people.items()}
    return world


def _make_world() -> World:
    territory = organisation("Musterkreis", OrganisationKind.DISTRICT)
    planning_unit = organisation("Sozialplanung", OrganisationKind.PLANNING_UNIT, territory)
    youth_office = organisation("Jugendamt", OrganisationKind.DEPARTMENT, territory)
    health_office = organisation("Gesundheitsamt", OrganisationKind.DEPARTMENT, territory)
    social_affairs = organisation("Sozialdezernat", OrganisationKind.DEPARTMENT, territory)
    municipality = organisation("Musterstadt", OrganisationKind.MUNICIPALITY, territory)
    jobcenter = organisation("Jobcenter Musterkreis", OrganisationKind.JOBCENTER, territory)
    association = organisation("Wohlfahrtsverband (Beispiel)", OrganisationKind.ASSOCIATION, territory)
    provider = organisation("Träger (Beispiel)", OrganisationKind.PROVIDER, territory)
    funder = organisation("Ministerium (Beispiel)", OrganisationKind.FUNDER)
    neighbour = organisation("Nachbarkreis", OrganisationKind.DISTRICT)
    neighbour_planning = organisation("Sozialplanung Nachbarkreis", OrganisationKind.PLANNING_UNIT, neighbour)
    cast = {
        "planner": staff("Sozialplanerin", planning_unit, Function.PLANNER),
        "planning_head": staff("Leitung Sozialplanung", planning_unit, Function.HEAD),
        "head": staff("Leitung Jugendamt", youth_office, Function.HEAD),
        "specialist": staff("Fachplanung Jugendamt", youth_office, Function.PLANNER),
        "health_head": staff("Leitung Gesundheitsamt", health_office, Function.HEAD),
        "chair": staff("Vorsitz Steuerungsgruppe", social_affairs, Function.HEAD),
        "member": staff("Sozialamtsleitung Musterstadt", municipality, Function.HEAD),
        "jobcenter_head": staff("Leitung Jobcenter", jobcenter, Function.HEAD),
        "association_head": staff("Verbandsleitung", association, Function.HEAD),
        "provider_head": staff("Leitung Träger", provider, Function.HEAD),
        "funder_reader": staff("Referat Ministerium", funder, Function.PLANNER),
        "admin": staff("Verwaltung Passgenau", planning_unit, Function.ADMINISTRATOR),
        "outsider": staff("Sozialplanung nebenan", neighbour_planning, Function.PLANNER),
    }
    conference = people.body_create(
        territory=territory,
        name="Fachplanungskonferenz",
        kind=BodyKind.PLANNING_CONFERENCE,
        quorum_share=Decimal("0.00"),
        user=None,
    )
    steering_group = people.body_create(
        territory=territory,
        name="Steuerungsgruppe",
        kind=BodyKind.STEERING_GROUP,
        quorum_share=Decimal("0.50"),
        user=None,
    )
    social_space = people.body_create(
        territory=territory,
        name="Sozialraumkonferenz",
        kind=BodyKind.SOCIAL_SPACE_CONFERENCE,
        quorum_share=Decimal("0.00"),
        user=None,
    )
    seated(conference, planning_unit, cast["planning_head"], Seat.CHAIR)
    seated(conference, youth_office, cast["specialist"], Seat.VOTING)
    seated(conference, health_office, cast["health_head"], Seat.VOTING)
    seated(conference, jobcenter, cast["jobcenter_head"], Seat.VOTING)
    seated(conference, planning_unit, cast["planner"], Seat.ADVISORY)
    seated(steering_group, social_affairs, cast["chair"], Seat.CHAIR)
    seated(steering_group, municipality, cast["member"], Seat.VOTING)
    seated(steering_group, youth_office, cast["head"], Seat.VOTING, deputy=cast["specialist"])
    seated(steering_group, jobcenter, cast["jobcenter_head"], Seat.VOTING)
    seated(steering_group, association, cast["association_head"], Seat.ADVISORY)
    seated(social_space, association, cast["association_head"], Seat.CHAIR)
    seated(social_space, provider, cast["provider_head"], Seat.VOTING)
    plan = ActionPlan.objects.create(
        territory=territory, title="Handlungskonzept", ends_on=datetime.date(2028, 12, 31)
    )
    FieldOfAction.objects.create(plan=plan, number=1, title="Bildung und Arbeit")
    names = ["Zentrum Nord", "Altstadt", "Südhang", "Waldsiedlung"]
    areas = [
        area(territory, name, key=f"05378{number:03d}", geometry=square(number % 2, number // 2))
        for number, name in enumerate(names)
    ]
    indicators = [
        indicator("sgb2_rate"),
        indicator("childcare_rate", Direction.LESS_NEED),
        indicator("school_entry_deficit"),
    ]
    cast = {name: User.objects.get(pk=user.pk) for name, user in cast.items()}
    return World(
        territory=territory,
        planning_unit=planning_unit,
        youth_office=youth_office,
        health_office=health_office,
        social_affairs=social_affairs,
        municipality=municipality,
        jobcenter=jobcenter,
        association=association,
        provider=provider,
        funder=funder,
        neighbour=neighbour,
        conference=conference,
        steering_group=steering_group,
        social_space=social_space,
        plan=plan,
        areas=areas,
        indicators=indicators,
        people=cast,
    )


def stage_dates(
    first: datetime.date | None = None, days: int = 30
) -> dict[int, tuple[datetime.date, datetime.date]]:
    """Dates of seven stages one after the other, from today on."""
    first = first or timezone.localdate()
    length = datetime.timedelta(days=days)
    return {
        int(kind): (first + (kind - 1) * length, first + kind * length - datetime.timedelta(days=1))
        for kind in StageKind
    }


def make_cycle(world: World, **kwargs: Any) -> PlanningCycle:
    """Open a cycle: the youth office delivers two indicators, the Jobcenter one, for 2023 and 2024."""
    defaults: dict[str, Any] = {
        "territory": world.territory,
        "title": "Planungszyklus 2026–2028",
        "years": (2026, 2028),
        "data_years": (2023, 2024),
        "plan": world.plan,
        "planning_unit": world.planning_unit,
        "planning_conference": world.conference,
        "steering_group": world.steering_group,
        "social_space_conference": world.social_space,
        "stages": stage_dates(),
        "supplies": [
            Supply(world.youth_office, world.indicators[1:]),
            Supply(world.jobcenter, world.indicators[:1]),
        ],
        "user": world.people["planner"],
    }
    return cycle_open(**(defaults | kwargs))


def full_values(request: DataRequest, areas: list[Area]) -> dict[tuple[Indicator, Area, int], float | None]:
    """A value for every cell a request asks for; the first area has the most need."""
    cycle = request.cycle
    values: dict[tuple[Indicator, Area, int], float | None] = {}
    for what in request.indicators.all():
        sign = 1 if what.direction == Direction.MORE_NEED else -1
        for position, where in enumerate(areas):
            for year in range(cycle.data_from_year, cycle.data_to_year + 1):
                values[what, where, year] = 30.0 - sign * 4.0 * position + (year - 2020)
    return values
