"""Kreis Euskirchen: 11 municipalities, real figures, the cycle in its data stage."""

from __future__ import annotations

import datetime

from measures.models import ActionPlan
from monitoring.models import AreaKind
from stakeholders.models import Function, OrganisationKind
from workflows.demo import clock, social_report
from workflows.demo.cast import SINCE, Office, common_offices, make_cast, standard_bodies
from workflows.demo.catalogue import load_areas, load_indicators, rows
from workflows.demo.deliveries import deliver
from workflows.demo.schedule import stages_around
from workflows.engine import cycle_open
from workflows.models import PlanningCycle, StageKind
from workflows.services.cycles import Supply

GEOMETRY_SOURCE = "© GeoBasis-DE / BKG 2017 (GeoNutzV), vereinfacht"
FIRST_YEAR, LAST_YEAR = 2016, 2024
VALUES = "euskirchen_values.csv"


def seed(today: datetime.date) -> PlanningCycle:
    """One delivery accepted, one returned, one overdue, one open."""
    with clock.on(SINCE):
        cast = make_cast(
            "eu",
            Office("kreis", "Kreis Euskirchen", OrganisationKind.DISTRICT, ags="05366"),
            (
                *common_offices("Kreis Euskirchen"),
                Office(
                    "kaemmerei",
                    "Kämmerei",
                    OrganisationKind.DEPARTMENT,
                    (("kaemmerei", "Leitung Kämmerei", Function.HEAD),),
                ),
            ),
        )
        conference, steering, social_space = standard_bodies(cast)
    areas = load_areas(
        "euskirchen_areas.csv",
        "euskirchen_areas.geojson",
        cast.territory,
        kind=AreaKind.MUNICIPALITY,
        geometry_source=GEOMETRY_SOURCE,
        is_example=False,
    )
    indicators = load_indicators("euskirchen_indicators.csv", is_example=False)
    asked: dict[str, list[str]] = {}
    for row in rows("euskirchen_indicators.csv"):
        asked.setdefault(row["supplier"], []).append(row["key"])
    due = {
        "Statistikstelle": today - datetime.timedelta(days=20),
        "Sozialamt": today - datetime.timedelta(days=12),
        "Jobcenter": today - datetime.timedelta(days=5),
        "Kämmerei": today + datetime.timedelta(days=16),
    }
    office = {
        "Statistikstelle": "statistik",
        "Sozialamt": "sozialamt",
        "Jobcenter": "jobcenter",
        "Kämmerei": "kaemmerei",
    }
    plan = ActionPlan.objects.create(
        territory=cast.territory,
        title="Handlungskonzept Kreis Euskirchen (Beispiel)",
        ends_on=datetime.date(today.year + 2, 12, 31),
    )
    stages = stages_around(today, StageKind.DATA, ends_in=30)
    with clock.on(stages[StageKind.DATA][0]):
        cycle = cycle_open(
            territory=cast.territory,
            title=f"Planungszyklus {today.year}–{today.year + 2}",
            years=(today.year, today.year + 2),
            data_years=(FIRST_YEAR, LAST_YEAR),
            plan=plan,
            planning_unit=cast.organisations["sozialplanung"],
            planning_conference=conference,
            steering_group=steering,
            social_space_conference=social_space,
            stages=stages,
            supplies=[
                Supply(
                    cast.organisations[office[supplier]],
                    [indicators[key] for key in keys],
                    due_on=due[supplier],
                )
                for supplier, keys in asked.items()
            ],
            user=cast.person("sozialplanung"),
        )
    reviewer = cast.person("sozialplanung")
    with clock.on(due["Statistikstelle"] - datetime.timedelta(days=4)):
        deliver(cycle, cast.organisations["statistik"], VALUES, areas, reviewer=reviewer)
    published_on = due["Statistikstelle"] - datetime.timedelta(days=1)
    report = social_report.begin(cast, slug="kreis-euskirchen", day=published_on)
    chapter = social_report.add(report, cast, "Arbeit und Soziales", topic="Arbeit und Soziales")
    social_report.publish(chapter, cast, published_on)
    with clock.on(due["Sozialamt"] - datetime.timedelta(days=1)):
        deliver(
            cycle,
            cast.organisations["sozialamt"],
            VALUES,
            areas,
            reviewer=reviewer,
            is_accepted=False,
            reason="Bei Nettersheim und Schleiden liegen die Asylbewerberleistungen weit über dem Mittel. "
            "Bitte prüfen und im Kommentar sagen, ob die Werte so richtig sind.",
        )
    return cycle
