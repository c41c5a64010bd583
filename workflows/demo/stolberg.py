"""Stolberg "Berg- und Talachse": 47 measures in five fields and two stages, with key figures and rounds."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from measures.models import ActionPlan, FieldOfAction, KeyFigure, Measure, ReportingRound
from measures.services.measures import MeasureFields, measure_create
from measures.services.reporting import Actual
from monitoring.models import Area, AreaKind, Direction, Indicator, Unit
from monitoring.profiles import profile_drafts
from monitoring.services.deliveries import delivery_reading, delivery_store
from monitoring.services.index import index_run_create
from stakeholders import services as people
from stakeholders.models import Function, Organisation, OrganisationKind, User
from stakeholders.permissions import Perm
from workflows.demo import (
    agreements,
    clock,
    driver,
    evenings,
    figures,
    minutes,
    plan_public,
    polls,
    stolberg_funding,
    stolberg_plan,
)
from workflows.demo.cast import SINCE, Cast, Office, common_offices, employ, make_cast, standard_bodies
from workflows.demo.catalogue import delivery_file, domain_of, load_areas, rows
from workflows.demo.meetings import BEGINS
from workflows.demo.plan_views import save_views
from workflows.engine import cycle_open, recommendation_begin, round_open
from workflows.models import (
    AgendaKind,
    Minutes,
    PlanningCycle,
    Recommendation,
    RecommendationKind,
    StageKind,
    Urgency,
)
from workflows.nodes import poke
from workflows.services.cycles import Supply
from workflows.services.meetings import meeting_schedule
from workflows.services.recommendations import Wording

GEOMETRY_SOURCE = "Stadtgrenze © GeoBasis-DE / BKG 2017 (GeoNutzV); Stadtteile sind Beispiele"
PLAN_ENDS_ON = datetime.date(2028, 12, 31)
YEAR = 2023
REFERENCE_DAYS = ("2024-12-31", "2025-06-30", "2025-12-31", "2026-06-30")
#: The plan of 2023 as an example; the last day of the plan is real.
STAGES = {
    int(StageKind.DATA): (datetime.date(2023, 1, 9), datetime.date(2023, 3, 31)),
    int(StageKind.ANALYSIS): (datetime.date(2023, 4, 3), datetime.date(2023, 5, 26)),
    int(StageKind.CONFERENCE): (datetime.date(2023, 5, 30), datetime.date(2023, 7, 14)),
    int(StageKind.STEERING_GROUP): (datetime.date(2023, 8, 7), datetime.date(2023, 9, 29)),
    int(StageKind.SOCIAL_SPACE): (datetime.date(2023, 10, 2), datetime.date(2023, 12, 15)),
    int(StageKind.IMPLEMENTATION): (datetime.date(2024, 1, 1), datetime.date(2028, 9, 30)),
    int(StageKind.EVALUATION): (datetime.date(2028, 10, 1), datetime.date(2028, 12, 31)),
}
#: When it happened, an example within these dates.
DELIVERED_ON = datetime.date(2023, 3, 22)
ANALYSED_ON = datetime.date(2023, 5, 24)
CONFERENCE_ON = datetime.date(2023, 6, 14)
DECIDED_ON = datetime.date(2023, 9, 6)
APPROVED_ON = datetime.date(2023, 10, 18)
DISCUSSED = "Die Mitglieder begrüßen den Vorschlag. Das Jugendamt berichtet über den Stand der Vorarbeiten."
OUTLOOK = "Die Sozialplanung lädt zur Sozialraumkonferenz im November ein; die Träger werden früh beteiligt."
AGREED_ON = datetime.date(2023, 11, 29)
#: A round is opened this long before its figures are due; stage 2 was asked for this long ago.
USUAL_WAIT = datetime.timedelta(days=35)
STAGE_TWO_WAIT = datetime.timedelta(days=9)
#: This measure is over, but its completion is still to be reported.
LEFT_OPEN = "1.4"

#: Names in the data files -> office; others are made from the organisations file.
OFFICES = {
    "Jugendamt": "jugendamt",
    "Sozialamt": "sozialamt",
    "Gesundheitsamt": "gesundheitsamt",
    "Jobcenter": "jobcenter",
}
FUNDER = Office(
    "foerdergeber",
    "Ministerium für Arbeit, Gesundheit und Soziales NRW (MAGS)",
    OrganisationKind.FUNDER,
    (("foerdergeber", "Fördergeber (ZiQ)", Function.PLANNER),),
    short_name="MAGS NRW",
)
ADVISER = Office(
    "beratung",
    "G.I.B. (Beispielzugang)",
    OrganisationKind.ADVISER,
    (("beratung", "Beratung des Fördergebers (Beispielzugang)", Function.PLANNER),),
)


def _cast() -> Cast:
    cast = make_cast(
        "st",
        Office("stadt", "Stadt Stolberg", OrganisationKind.MUNICIPALITY, ags="05334032"),
        common_offices("Stolberg"),
    )
    for row in rows("stolberg_organisations.csv"):
        if row["name"] in OFFICES:
            cast.organisations[row["name"]] = cast.organisations[OFFICES[row["name"]]]
            continue
        made = people.organisation_create(
            name=row["name"], kind=row["kind"], territory=cast.territory, user=None
        )
        slug = f"leitung-{len(cast.organisations)}"
        employ(
            cast,
            Office(
                slug,
                row["name"],
                OrganisationKind(made.kind),
                ((slug, f"Leitung {row['name']}", Function.HEAD),),
            ),
            made,
        )
        cast.organisations[row["name"]] = made
    for slug, office in (("funder", FUNDER), ("adviser", ADVISER)):
        cast.organisations[slug] = people.organisation_create(
            name=office.name, kind=office.kind, territory=None, short_name=office.short_name, user=None
        )
        employ(cast, office, cast.organisations[slug])
    return cast


def _indicator() -> Indicator:
    return Indicator.objects.get_or_create(
        key="stolberg_minimum_income",
        defaults={
            "name_de": "Mindestsicherungsquote (Beispiel)",
            "name_en": "Minimum-income rate (example)",
            "domain": domain_of("Arbeit und Soziales"),
            "unit": Unit.objects.get(key="percent"),
            "direction": Direction.MORE_NEED,
            "source": "G.I.B. 2020 für die Stadt; Werte der Stadtteile sind Beispiele",
            "definition": "Personen mit Leistungen der Mindestsicherung je 100 Einwohner.",
            "is_example": True,
        },
    )[0]


def seed(today: datetime.date) -> PlanningCycle:
    """All the way into implementation, with rounds behind and one open, and stage 2 asked for."""
    with clock.on(SINCE):
        cast = _cast()
        conference, steering, social_space = standard_bodies(cast)
    areas = load_areas(
        "stolberg_areas.csv",
        "stolberg_areas.geojson",
        cast.territory,
        kind=AreaKind.SMALL_AREA,
        geometry_source=GEOMETRY_SOURCE,
        is_example=True,
    )
    plan = ActionPlan.objects.create(
        territory=cast.territory,
        title="Integriertes Handlungskonzept „Berg- und Talachse“",
        ends_on=PLAN_ENDS_ON,
    )
    for row in rows("stolberg_fields.csv"):
        FieldOfAction.objects.create(plan=plan, number=int(row["number"]), title=row["title"])
    indicator = _indicator()
    planner = cast.person("sozialplanung")
    with clock.on(STAGES[StageKind.DATA][0]):
        cycle = cycle_open(
            territory=cast.territory,
            title="Berg- und Talachse 2023–2028",
            years=(2023, 2028),
            data_years=(YEAR, YEAR),
            plan=plan,
            planning_unit=cast.organisations["sozialplanung"],
            planning_conference=conference,
            steering_group=steering,
            social_space_conference=social_space,
            stages=STAGES,
            supplies=[Supply(cast.organisations["statistik"], [indicator])],
            user=planner,
            is_example=True,
        )
    _until_decisions(cycle, cast, areas, indicator)
    evening = evenings.hold(cycle, cast)
    with clock.on(AGREED_ON):
        _shape(cycle, cast, areas, indicator)
    plan_public.release(plan, on=AGREED_ON, note="Das vereinbarte Konzept (Beispiel)", user=planner)
    evenings.answer(evening, cast, steering)
    figures.deliver_years(
        cast.territory,
        cast.organisations["statistik"],
        indicator,
        areas,
        sender=cast.person("statistik"),
        planner=planner,
        today=today,
    )
    _implement(cycle, cast, today)
    # After the rounds, told on their days: reports give the figures that were confirmed by then.
    stolberg_funding.fund(cast, plan, on=AGREED_ON, today=today)
    agreements.add(cycle, cast, today)
    evenings.run(cycle, cast, today)
    save_views(plan, planner=planner)
    return cycle


def _until_decisions(cycle: PlanningCycle, cast: Cast, areas: dict[str, Area], indicator: Indicator) -> None:
    planner = cast.person("sozialplanung")
    with clock.on(DELIVERED_ON):
        _deliver(cycle, cast, areas)
    with clock.on(ANALYSED_ON):
        run = index_run_create(
            territory=cycle.territory,
            year=YEAR,
            indicators=[indicator],
            border=Decimal("1.00"),
            missing_policy="exclude",
            minimum_population=None,
            user=planner,
        )
        chosen = [row.area for row in run.results.filter(stands_out=True).select_related("area")]
        cycle.refresh_from_db()
        driver.analyse(cycle, run, chosen, user=planner, drafts=profile_drafts(run, chosen))
        driver.invite_conference(
            cycle,
            [cast.organisations[office] for office in ("jugendamt", "jobcenter", "sozialamt")],
            user=planner,
            held_on=CONFERENCE_ON,
            place="Rathaus (Beispiel)",
            starts_at=BEGINS,
        )
    with clock.on(CONFERENCE_ON):
        _confer(cycle, cast, chosen, indicator)
    minutes.write_and_sign(
        Minutes.objects.get(meeting=cycle.meetings.get(body=cycle.planning_conference)),
        secretary=planner,
        chair=cast.person("leitung-sozialplanung"),
        end=datetime.time(12),
    )
    with clock.on(CONFERENCE_ON + datetime.timedelta(days=7)):
        meeting = driver.invite_steering_group(
            cycle, user=planner, held_on=DECIDED_ON, place="Rathaus (Beispiel)", starts_at=BEGINS
        )
    with clock.on(DECIDED_ON):
        *block, last = cycle.recommendations.order_by("number")
        polls.decide_as_block(block, meeting, chair=cast.person("vorsitz"))
        proposal = last.versions.latest("number").proposal
        polls.vote_by_name(
            last,
            meeting,
            chair=cast.person("vorsitz"),
            wording=f"{proposal} Der Steuerungsgruppe wird jährlich berichtet.",
        )
        minutes.hold(meeting, user=planner, notes={AgendaKind.RECOMMENDATION: DISCUSSED})
        first = minutes.conclude(meeting, user=planner)
    minutes.write_and_sign(first, secretary=planner, chair=cast.person("vorsitz"), end=datetime.time(11, 30))
    _approve(cycle, cast)
    cycle.refresh_from_db()


def _approve(cycle: PlanningCycle, cast: Cast) -> None:
    """A second meeting of the steering group approves the minutes of the first."""
    planner = cast.person("sozialplanung")
    with clock.on(DECIDED_ON + datetime.timedelta(days=20)):
        second = meeting_schedule(
            cycle,
            body=cycle.steering_group,
            held_on=APPROVED_ON,
            place="Rathaus (Beispiel)",
            participants=[row.organisation for row in cycle.steering_group.memberships.all()],
            user=planner,
            note="Ausblick auf die Sozialraumkonferenz",
        )
    with clock.on(APPROVED_ON):
        minutes.hold(second, user=planner, notes={AgendaKind.TOPIC: OUTLOOK})
        minutes.approve(second, user=planner)
        later = minutes.conclude(second, user=planner)
    minutes.write_and_sign(later, secretary=planner, chair=cast.person("vorsitz"), end=datetime.time(10, 30))


def _confer(cycle: PlanningCycle, cast: Cast, chosen: list[Area], indicator: Indicator) -> None:
    """One recommendation for each field of action, then the conference is over."""
    for field in cycle.plan.fields.all():
        driver.recommend(
            cycle,
            Wording(
                title=f"{field.title}: Maßnahmen bis 2028",
                finding="Die Mindestsicherungsquote beträgt in der Stadt 14 %, in Unterstolberg, "
                "Oberstolberg und Münsterbusch über 25 %.",
                aim="Die Lebenslagen in der Berg- und Talachse gleichen sich denen der Stadt an.",
                proposal=f"Im Handlungsfeld „{field.title}“ werden Maßnahmen in zwei Stufen umgesetzt.",
                addressee=cast.organisations["jugendamt"],
                need="Rund 57.000 Menschen leben in der Stadt; in diesen drei Stadtteilen fehlen vielen die "
                "Mittel für Wohnen, Bildung und Teilhabe.",
                urgency=Urgency.WITHIN_CYCLE,
                fields=[field],
                areas=chosen,
                indicators=[indicator],
            ),
            author=cast.person("fachplanung-jugendamt"),
            chair=cast.person("leitung-sozialplanung"),
            is_example=True,
        )
    driver.close_conference(cycle, user=cast.person("sozialplanung"))


def _deliver(cycle: PlanningCycle, cast: Cast, areas: dict[str, Area]) -> None:
    request = cycle.requests.get()
    values = [
        {
            "area_key": row["area_key"],
            "year": str(YEAR),
            "indicator": "stolberg_minimum_income",
            "value": row["minimum_income_percent"],
            "sign": "",
        }
        for row in rows("stolberg_areas.csv")
        if row["area_key"] in areas
    ]
    user = cast.person("statistik")
    delivery = delivery_store(
        delivery_reading(
            territory=cycle.territory,
            supplier=request.organisation,
            upload=delivery_file(values, areas, f"lieferung-statistikstelle-{YEAR}.csv"),
            indicators=list(request.indicators.all()),
            areas=list(areas.values()),
            years=[YEAR],
            comment="",
            user=user,
        ),
        user=user,
    )
    driver.deliver(request, delivery, user=user)
    driver.review(request, is_accepted=True, user=cast.person("sozialplanung"))


def _shape(cycle: PlanningCycle, cast: Cast, areas: dict[str, Area], indicator: Indicator) -> None:
    planner = cast.person("sozialplanung")
    by_name = {area.name: area for area in areas.values()}
    by_measure = figures.key_figures(cast.organisations, by_name, indicator)
    wanted: dict[int, list[dict[str, str]]] = defaultdict(list)
    for row in rows("stolberg_measures.csv"):
        wanted[int(row["field"])].append(row)

    texts = stolberg_plan.PlanTexts(cycle.plan, cast.organisations, planner)

    def make(recommendation: Recommendation) -> Iterable[Measure]:
        version = recommendation.current
        assert version is not None
        field = version.fields.get()
        for row in wanted[field.number]:
            fields = MeasureFields(
                field=field,
                position=int(row["number"].split(".")[1]),
                title=row["title"],
                description=row["description"],
                target_group=row["target_group"],
                stage=int(row["stage"]),
                starts_on=datetime.date.fromisoformat(row["starts_on"]),
                ends_on=datetime.date.fromisoformat(row["ends_on"]),
                responsible=cast.organisations[row["responsible"]],
                partners=[(cast.organisations[name], "") for name in row["partners"].split("|") if name],
                areas=[by_name[name] for name in row["areas"].split("|") if name],
                key_figures=by_measure[row["number"]],
            )
            yield measure_create(
                plan=cycle.plan,
                is_example=row["is_example"] == "1",
                user=planner,
                **texts.add_to(fields, row["number"]),
            )

    made = driver.shape(cycle, make, user=planner)
    stolberg_plan.connect(cycle.plan)
    for measure in made:
        driver.confirm_all(measure)
    cycle.refresh_from_db()


def _actor(organisation: Organisation, *, not_: Iterable[User] = ()) -> User:
    return driver.person_for(Perm.ACT_FOR_ORGANISATION, organisation, not_=not_)


def _implement(cycle: PlanningCycle, cast: Cast, today: datetime.date) -> None:
    planner = cast.person("sozialplanung")
    for measure in Measure.objects.filter(plan=cycle.plan, stage=1, starts_on__lte=today, parent=None):
        with clock.on(measure.starts_on):
            driver.begin(measure, started_on=measure.starts_on, user=_actor(measure.responsible))
    reported = figures.reported()
    days = [day for day in REFERENCE_DAYS if datetime.date.fromisoformat(day) <= today]
    completed: set[str] = set()
    for day in days:
        reference_on = datetime.date.fromisoformat(day)
        # Before they end, and before a round is frozen: what is told later does not change it.
        stolberg_plan.tell_milestones(cycle.plan, until=reference_on)
        _complete(cycle, completed, until=reference_on)
        is_last = day == days[-1]
        due_on = today - datetime.timedelta(days=6) if is_last else reference_on + datetime.timedelta(days=42)
        due_on = max(due_on, reference_on)
        with clock.on(max(due_on - USUAL_WAIT, reference_on)):
            reporting_round = round_open(cycle, reference_on=reference_on, due_on=due_on, user=planner)
        stolberg_plan.tell_milestones(cycle.plan, until=due_on)
        with clock.on(due_on):
            _report(reporting_round, day, reported, planner, is_last=is_last)
    stolberg_plan.tell_milestones(cycle.plan, until=today)
    _complete(cycle, completed, until=today)
    stolberg_plan.add_parts(cycle.plan, cast.organisations, planner, today)
    stolberg_plan.tell_states(cycle.plan, planner, today)
    measures = {row.number: row for row in Measure.objects.filter(plan=cycle.plan).select_related("field")}
    figures.correct(measures, planner=planner, today=today)
    figures.override(measures, planner=planner, today=today)
    with clock.on(today - STAGE_TWO_WAIT):
        _ask_for_stage_two(cycle, cast)
    plan_public.release(
        cycle.plan,
        on=today,
        note="Stand der Umsetzung mit den letzten Zahlen (Beispiel)",
        user=planner,
    )


def _ask_for_stage_two(cycle: PlanningCycle, cast: Cast) -> None:
    """The request lies before the steering group."""
    planner = cast.person("sozialplanung")
    steering_request = recommendation_begin(
        cycle,
        kind=RecommendationKind.STAGE_TWO,
        wording=Wording(
            title="Planungsstufe 2 öffnen",
            finding="Die Maßnahmen der ersten Stufe laufen, die Berichte liegen vor.",
            aim="Die Maßnahmen der zweiten Stufe können beginnen.",
            proposal="Die Steuerungsgruppe öffnet die Planungsstufe 2 des Handlungskonzepts.",
            addressee=cast.organisations["sozialplanung"],
        ),
        user=planner,
        is_example=True,
    )
    driver.propose(steering_request, user=planner)
    driver.adopt(steering_request, user=cast.person("leitung-sozialplanung"))


def _complete(cycle: PlanningCycle, done: set[str], *, until: datetime.date) -> None:
    """Measures whose time is over by a day are completed, all but one: its task waits in the demo."""
    ended = {
        row["number"]: row["ended_on"]
        for row in rows("stolberg_measures.csv")
        if row["status"] == "completed"
    }
    for measure in Measure.objects.filter(plan=cycle.plan).select_related("field", "responsible"):
        if measure.number not in ended or measure.number in done:
            continue
        ended_on = datetime.date.fromisoformat(ended[measure.number])
        if ended_on > until:
            continue
        done.add(measure.number)
        with clock.on(ended_on):
            poke(measure.process)
            if measure.number == LEFT_OPEN:
                continue
            driver.complete(
                measure,
                ended_on=ended_on,
                summary="Beispiel: Die Zielwerte sind erreicht.",
                user=_actor(measure.responsible),
            )


def _report(
    reporting_round: ReportingRound,
    day: str,
    reported: dict[tuple[str, str, str], tuple[str, str]],
    planner: User,
    *,
    is_last: bool,
) -> None:
    """All report and are confirmed; of the last round some are late and one was returned."""
    reports = list(reporting_round.reports.select_related("organisation").order_by("organisation__name"))
    for position, report in enumerate(reports):
        if is_last and position % 4 == 3:
            continue  # still to report, and overdue by now
        actuals = [
            _actual(row.key_figure, reported.get((day, row.key_figure.measure.number, row.key_figure.title)))
            for row in report.figures.select_related("key_figure__measure__field")
        ]
        actor = _actor(report.organisation, not_=[planner])
        figures.back_with_file(report, day, user=actor)
        driver.report(report, actuals, user=actor)
        if is_last and position % 4 == 1:
            continue  # waits for planning
        returned = is_last and position == 2
        driver.confirm_report(
            report,
            user=planner,
            is_confirmed=not returned,
            reason="Bitte die Zahl der Teilnehmenden prüfen." if returned else "",
        )


def _actual(key_figure: KeyFigure, found: tuple[str, str] | None) -> Actual:
    value, comment = found or ("", "")
    if not value and not comment:
        comment = "Beispiel: Zum Stichtag lagen noch keine Zahlen vor."
    return Actual(key_figure=key_figure, value=Decimal(value) if value else None, comment=comment)
