"""Rheinisch-Bergischer Kreis: 81 Wohnplätze, example values, recommendations before the steering group."""

from __future__ import annotations

import dataclasses
import datetime
from decimal import Decimal

from django.utils import timezone

from measures.models import ActionPlan
from monitoring.catalogue.ready import ready_file
from monitoring.models import Area, AreaKind, Indicator
from monitoring.profiles import profile_drafts
from monitoring.selectors.catalogue_plan import Existing
from monitoring.services.catalogue import catalogue_take_over
from monitoring.services.index import index_run_create
from stakeholders.models import Body, BodyKind, Function, Organisation, OrganisationKind, Seat, User
from stakeholders.procedure import GroupRule, VotingRules
from stakeholders.services import rules_add
from workflows.demo import clock, driver, minutes, polls, social_report
from workflows.demo.cast import SINCE, Cast, Office, common_offices, make_body, make_cast
from workflows.demo.catalogue import load_areas, load_indicators, rows
from workflows.demo.conditions import approve_with_conditions, meet_first_condition
from workflows.demo.deliveries import deliver
from workflows.demo.meetings import BEGINS, PLACE, prepare_next
from workflows.demo.rbk_knowledge import STATEMENTS, URGENCY, URGENT_AREA, URGENT_BECAUSE
from workflows.demo.rbk_recommendations import (
    CONFERRING,
    COSIGNED,
    COSIGNERS,
    FIELDS,
    MERGED,
    RECOMMENDATIONS,
    TO_MERGE,
    wording_of,
)
from workflows.demo.schedule import stages_around
from workflows.engine import cycle_open, recommendation_begin
from workflows.models import (
    AgendaKind,
    ChapterKind,
    CosignOrder,
    CostKind,
    DecisionResult,
    Minutes,
    PlanningCycle,
    Recommendation,
    SocialReport,
    StageKind,
)
from workflows.recommendation_cases import cosigning_ask, recommendations_merge
from workflows.services.conference import field_of_action_add
from workflows.services.cycles import Supply
from workflows.services.merging import merged_wording
from workflows.services.urgency import urgency_propose

GEOMETRY_SOURCE = "Gemeindegrenzen © GeoBasis-DE / BKG 2017 (GeoNutzV); Wohnplätze sind Beispiele"
FIRST_YEAR, LAST_YEAR = 2023, 2025
BORDER = Decimal("1.50")
RULES_SINCE = datetime.date(2023, 1, 1)
OFFICES = {
    "Statistikstelle": "statistik",
    "Jobcenter": "jobcenter",
    "Gesundheitsamt": "gesundheitsamt",
    "Jugendamt": "jugendamt",
    "Sozialamt": "sozialamt",
}
MUNICIPALITIES = (
    ("bergisch-gladbach", "Stadt Bergisch Gladbach", "05378004"),
    ("burscheid", "Stadt Burscheid", "05378008"),
    ("leichlingen", "Stadt Leichlingen", "05378016"),
    ("wermelskirchen", "Stadt Wermelskirchen", "05378032"),
)
DISCUSSED = "Die Mitglieder beraten über Bedarf und Zuständigkeit und danken den Fachleuten der Konferenz."
#: Chapters of the social report on a topic: title and topic.
REPORT_TOPICS = (
    ("Arbeit und Soziales", "Arbeit und Soziales"),
    ("Pflege und Leben im Alter", "Pflege und Senioren"),
    ("Kinder, Jugend und Familien", "Jugendhilfe"),
    ("Gesundheit", "Gesundheit"),
)
FIRST_FIGURES = "Beispiel: Diese Ausgabe zeigt, was das Sozialamt geliefert hat. Weitere Zahlen folgen."
SECOND_FIGURES = "Beispiel: Neu in dieser Ausgabe sind die Zahlen der Statistikstelle."


def _cast() -> Cast:
    return make_cast(
        "rbk",
        Office("kreis", "Rheinisch-Bergischer Kreis", OrganisationKind.DISTRICT, ags="05378"),
        (
            *common_offices("Rhein-Berg"),
            *(
                Office(
                    slug,
                    name,
                    OrganisationKind.MUNICIPALITY,
                    ((f"{slug}-soziales", f"Leitung Jugend und Soziales {name}", Function.HEAD),),
                    ags=ags,
                )
                for slug, name, ags in MUNICIPALITIES
            ),
        ),
    )


def _load_set(territory: Organisation, user: User) -> None:
    """The set of the district that comes with the product; the figures behind it are invented here."""
    file = ready_file("rheinisch-bergischer-kreis")
    catalogue_take_over(
        file=file,
        existing=Existing.KEEP,
        origin={"file": "rheinisch-bergischer-kreis.json"},
        territory=territory,
        user=user,
    )
    Indicator.objects.filter(key__in=file.entries["indicators"]).update(
        is_example=True, source="Beispielwerte"
    )


def _example_rules(body: Body) -> None:
    """A quorum of a group besides the one of the whole body: an example, no rule of the district."""
    groups = (GroupRule(OrganisationKind.MUNICIPALITY, count=2),)
    rules_add(
        body,
        rules=VotingRules(body_id=body.pk, groups=groups),
        valid_from=RULES_SINCE,
        allows_circulated=True,
        allows_secret=True,
        notice_days=0,
        source="Beispiel: § 5 einer erfundenen Geschäftsordnung, keine Regel des Kreises",
        reason="Beispiel: Mindestens zwei Gemeinden sollen mitentscheiden.",
        user=None,
    )


def seed(today: datetime.date) -> PlanningCycle:
    """Nine areas stand out, the conference is done; one is approved, one came back, the others wait."""
    with clock.on(SINCE):
        cast = _cast()
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
                **{f"{slug}-soziales": (slug, Seat.VOTING) for slug, _name, _ags in MUNICIPALITIES},
                "verband": ("verband", Seat.ADVISORY),
            },
            deputies={"leitung-jugendamt": "fachplanung-jugendamt"},
        )
        social_space = make_body(
            cast,
            BodyKind.SOCIAL_SPACE_CONFERENCE,
            "Sozialraumkonferenz",
            {"verband": ("verband", Seat.CHAIR), "traeger": ("traeger", Seat.VOTING)},
            quorum="0.00",
        )
    with clock.on(RULES_SINCE):
        _example_rules(steering)
    areas = load_areas(
        "rbk_areas.csv",
        "rbk_areas.geojson",
        cast.territory,
        kind=AreaKind.SMALL_AREA,
        geometry_source=GEOMETRY_SOURCE,
        is_example=True,
    )
    stages = stages_around(today, StageKind.STEERING_GROUP, ends_in=25)
    planner = cast.person("sozialplanung")
    with clock.on(stages[StageKind.DATA][0]):
        _load_set(cast.territory, planner)
    indicators = load_indicators("rbk_indicators.csv", is_example=True)
    asked: dict[str, list[Indicator]] = {}
    for row in rows("rbk_indicators.csv"):
        asked.setdefault(OFFICES[row["supplier"]], []).append(indicators[row["key"]])
    plan = ActionPlan.objects.create(
        territory=cast.territory,
        title="Handlungskonzept Rhein-Berg (Beispiel)",
        ends_on=datetime.date(today.year + 2, 12, 31),
    )
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
            supplies=[Supply(cast.organisations[office], wanted) for office, wanted in asked.items()],
            user=planner,
            is_example=True,
        )
    report = _deliver_and_report(cycle, cast, list(asked), areas, stages[StageKind.DATA][1])
    with clock.on(stages[StageKind.ANALYSIS][1]):
        _analyse(cycle, cast, list(areas.values()), list(indicators.values()))
    conference_on = today - datetime.timedelta(days=35)
    with clock.on(stages[StageKind.CONFERENCE][0]):
        _invite(cycle, cast, conference_on)
    with clock.on(conference_on):
        _confer(cycle, cast)
    minutes.write_and_sign(
        Minutes.objects.get(meeting=cycle.meetings.get(body=cycle.planning_conference)),
        secretary=planner,
        chair=cast.person("leitung-sozialplanung"),
        end=datetime.time(13),
    )
    _report_on_analysis(report, cast, conference_on, today)
    _decide(cycle, cast, today)
    return cycle


def _deliver_and_report(
    cycle: PlanningCycle, cast: Cast, offices: list[str], areas: dict[str, Area], ends_on: datetime.date
) -> SocialReport:
    """Deliveries as they came in, and the chapters of the social report written in between."""

    def deliver_on(day: datetime.date, office: str) -> None:
        with clock.on(day):
            deliver(
                cycle,
                cast.organisations[office],
                "rbk_values.csv",
                areas,
                reviewer=cast.person("sozialplanung"),
            )

    def before(days: int) -> datetime.date:
        return ends_on - datetime.timedelta(days=days)

    deliver_on(before(40), "sozialamt")
    report = social_report.begin(cast, slug="rheinisch-bergischer-kreis", day=before(38))
    chapters = {}
    with clock.on(before(38)):
        social_report.add(report, cast, "Wo der Bedarf am größten ist", ChapterKind.INDEX)
        social_report.add(report, cast, "Gebiete, die auffallen", ChapterKind.AREAS)
        for title, topic in REPORT_TOPICS:
            chapters[topic] = social_report.add(report, cast, title, topic=topic)
    social_report.publish(chapters["Arbeit und Soziales"], cast, before(35), remark=FIRST_FIGURES)
    social_report.publish(chapters["Pflege und Senioren"], cast, before(30), remark=FIRST_FIGURES)
    for office in offices:
        if office not in {"sozialamt", "jobcenter"}:
            deliver_on(before(14), office)
    social_report.publish(chapters["Pflege und Senioren"], cast, before(10), remark=SECOND_FIGURES)
    social_report.publish(chapters["Jugendhilfe"], cast, before(9))
    deliver_on(before(7), "jobcenter")
    return report


def _report_on_analysis(
    report: SocialReport, cast: Cast, conference_on: datetime.date, today: datetime.date
) -> None:
    """What the analysis found, after the conference; one chapter waits for its release."""
    index, areas = report.chapters.filter(kind__in=[ChapterKind.INDEX, ChapterKind.AREAS])
    after = conference_on + datetime.timedelta(days=10)
    social_report.publish(index, cast, after)
    social_report.publish(areas, cast, after + datetime.timedelta(days=5))
    health = report.chapters.get(domain__name_de="Gesundheit")
    social_report.hand_in(health, cast, today - datetime.timedelta(days=2))


def _analyse(cycle: PlanningCycle, cast: Cast, areas: list[Area], indicators: list[Indicator]) -> None:
    planner = cast.person("sozialplanung")
    run = index_run_create(
        territory=cycle.territory,
        year=LAST_YEAR,
        indicators=indicators,
        border=BORDER,
        missing_policy="exclude",
        minimum_population=1000,
        user=planner,
    )
    chosen = [result.area for result in run.results.filter(stands_out=True).select_related("area")]
    cycle.refresh_from_db()
    driver.analyse(
        cycle,
        run,
        chosen,
        user=planner,
        drafts=profile_drafts(run, chosen),
    )


def _invite(cycle: PlanningCycle, cast: Cast, held_on: datetime.date) -> None:
    driver.invite_conference(
        cycle,
        [cast.organisations[office] for office in CONFERRING],
        user=cast.person("sozialplanung"),
        held_on=held_on,
        place=PLACE,
        starts_at=BEGINS,
    )


def _confer(cycle: PlanningCycle, cast: Cast) -> None:
    planner = cast.person("sozialplanung")
    by_name = {profile.area.name: profile.area for profile in cycle.profiles.select_related("area")}
    people = {
        "jugendamt": "fachplanung-jugendamt",
        "jobcenter": "jobcenter",
        "gesundheitsamt": "leitung-gesundheitsamt",
        "sozialamt": "leitung-sozialamt",
    }
    for office in CONFERRING:
        driver.contribute(
            cycle,
            cast.organisations[office],
            user=cast.person(people[office]),
            statements=[row.arguments(by_name[row.area]) for row in STATEMENTS if row.who == people[office]],
        )
    for title in FIELDS:
        field_of_action_add(cycle, title=title, user=planner)
    urgency_propose(
        cycle,
        body=cycle.planning_conference,
        area=by_name[URGENT_AREA],
        level=URGENCY,
        reason=URGENT_BECAUSE,
        user=planner,
    )
    author, chair = cast.person("fachplanung-jugendamt"), cast.person("leitung-sozialplanung")
    for number, example in enumerate(RECOMMENDATIONS):
        wording = wording_of(cycle, cast, example)
        recommendation = recommendation_begin(cycle, wording=wording, user=author, is_example=True)
        if number == COSIGNED:
            _cosign(recommendation, cast, author)
        else:
            driver.propose(recommendation, user=author)
        driver.adopt(recommendation, user=chair)
    _merge(cycle, cast)
    driver.close_conference(cycle, user=planner)


def _cosign(recommendation: Recommendation, cast: Cast, author: User) -> None:
    """Three offices are asked at once; one of them dissents."""
    cosigning_ask(
        recommendation,
        organisations=[cast.organisations[office] for office, _person, _answer, _words in COSIGNERS],
        order=CosignOrder.PARALLEL,
        due_on=timezone.localdate() + datetime.timedelta(days=7),
        note="Beispiel: Bitte achten Sie auf die Stellenanteile.",
        user=author,
    )
    driver.propose(recommendation, user=author)
    for office, person, answer, words in COSIGNERS:
        driver.cosign(
            recommendation, cast.organisations[office], answer, user=cast.person(person), comment=words
        )


def _merge(cycle: PlanningCycle, cast: Cast) -> None:
    """Two similar recommendations become one, which goes before the steering group."""
    author, planner = cast.person("leitung-gesundheitsamt"), cast.person("sozialplanung")
    origins = [
        recommendation_begin(cycle, wording=wording_of(cycle, cast, example), user=author, is_example=True)
        for example in TO_MERGE
    ]
    heir = recommendations_merge(cycle, origins, user=planner)
    wording = dataclasses.replace(
        merged_wording(origins),
        **MERGED,
        cost_kind=CostKind.YEARLY,
        cost_from=Decimal(80_000),
        cost_to=Decimal(90_000),
    )
    driver.propose(heir, user=planner, wording=wording)
    driver.adopt(heir, user=cast.person("leitung-sozialplanung"))


def _decide(cycle: PlanningCycle, cast: Cast, today: datetime.date) -> None:
    """The first meeting approved one and returned one, which is back; the next meeting is today.

    One has been decided in circulation meanwhile, one is being voted on so.
    """
    chair, planner = cast.person("vorsitz"), cast.person("sozialplanung")
    first_on = today - datetime.timedelta(days=14)
    recommendations: list[Recommendation] = list(cycle.recommendations.order_by("number"))
    with clock.on(today - datetime.timedelta(days=28)):
        first = driver.invite_steering_group(
            cycle, user=planner, held_on=first_on, place=PLACE, starts_at=BEGINS
        )
    with clock.on(first_on):
        conditional = approve_with_conditions(recommendations[1], first, cast, today=today)
        driver.decide(
            recommendations[0],
            first,
            DecisionResult.RETURNED,
            user=chair,
            reason="Bitte sagen, wer die Zielvereinbarung schließt und bis wann.",
        )
        minutes.hold(first, user=planner, notes={AgendaKind.RECOMMENDATION: DISCUSSED})
        recorded = minutes.conclude(first, user=planner)
    minutes.write_and_sign(recorded, secretary=planner, chair=chair, end=datetime.time(11, 45))
    polls.circulate(
        recommendations[5],
        chair=chair,
        opened_on=today - datetime.timedelta(days=12),
        ends_on=today - datetime.timedelta(days=2),
        voted_on=today - datetime.timedelta(days=9),
    )
    polls.circulate(
        recommendations[4],
        chair=chair,
        opened_on=today - datetime.timedelta(days=3),
        ends_on=today + datetime.timedelta(days=9),
        voted_on=today - datetime.timedelta(days=1),
        votes=3,
    )
    with clock.on(today - datetime.timedelta(days=7)):
        meet_first_condition(conditional, cast)
        driver.propose(
            recommendations[0],
            user=cast.person("fachplanung-jugendamt"),
            wording=wording_of(
                cycle,
                cast,
                RECOMMENDATIONS[0],
                proposal=f"{RECOMMENDATIONS[0].proposal} Träger und Jugendamt schließen eine "
                f"Zielvereinbarung bis 30.06.{today.year + 1}.",
            ),
        )
        driver.adopt(recommendations[0], user=cast.person("leitung-sozialplanung"))
    prepare_next(cycle, held_on=today, user=planner)
