"""Rheinisch-Bergischer Kreis: 81 Wohnplätze, example values, recommendations before the steering group."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable
from decimal import Decimal

from measures.models import ActionPlan, FieldOfAction
from monitoring.catalogue.ready import ready_file
from monitoring.models import Area, AreaKind, Indicator
from monitoring.profiles import profile_drafts
from monitoring.selectors.catalogue_plan import Existing
from monitoring.services.catalogue import catalogue_take_over
from monitoring.services.index import index_run_create
from stakeholders.models import Body, BodyKind, Function, Organisation, OrganisationKind, Seat, User
from stakeholders.procedure import GroupRule, VotingRules
from stakeholders.services import rules_add
from workflows.demo import clock, driver, social_report
from workflows.demo.cast import SINCE, Cast, Office, common_offices, make_body, make_cast
from workflows.demo.catalogue import load_areas, load_indicators, rows
from workflows.demo.deliveries import deliver
from workflows.demo.schedule import stages_around
from workflows.engine import cycle_open
from workflows.models import (
    ChapterKind,
    DecisionResult,
    PlanningCycle,
    Position,
    Recommendation,
    SocialReport,
    StageKind,
)
from workflows.services.conference import field_of_action_add
from workflows.services.cycles import Supply
from workflows.services.meetings import meeting_schedule
from workflows.services.recommendations import Wording

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
FIELDS = ("Familien stärken", "Jugendhilfe", "Übergang junger Menschen in Arbeit")


@dataclasses.dataclass(frozen=True)
class Example:
    """A recommendation of the demo with the evidence its finding speaks of, and no more.

    Attributes:
        title: Headline.
        field: Number of the field of action.
        areas: Names of the areas; none for all that stand out in ``town``.
        indicators: Keys of the indicators that the finding names.
        statements: Who said what of the areas, as in ``STATEMENTS``.
        finding: What is the case.
        aim: What shall become of it.
        proposal: What to do.
        cost: About how much.
        addressee: Office that acts.
        town: Municipality whose areas are meant; "" if they are named.
    """

    title: str
    field: int
    areas: tuple[str, ...]
    indicators: tuple[str, ...]
    statements: tuple[tuple[str, str], ...]
    finding: str
    aim: str
    proposal: str
    cost: str
    addressee: str = "jugendamt"
    town: str = ""


RECOMMENDATIONS = (
    Example(
        title="Beispiel: Elternstärkung im Zentrum Nord ausbauen",
        field=1,
        areas=("Zentrum Nord",),
        indicators=("rbk_school_entry_findings", "rbk_checkups_incomplete"),
        statements=(("leitung-gesundheitsamt", "Zentrum Nord"),),
        finding="Mehr als die Hälfte der Kinder zeigt bei der Schuleingangsuntersuchung Auffälligkeiten; "
        "die Früherkennung ist oft unvollständig.",
        aim="Eltern werden vor der Einschulung erreicht.",
        proposal="Im Sozialraum Zentrum Nord wird ein Angebot zur Stärkung der Erziehungskompetenz "
        "eingerichtet.",
        cost="Beispiel: rund 60.000 € im Jahr.",
    ),
    Example(
        title="Beispiel: Anlaufstelle für Familien in der Innenstadt Wermelskirchen",
        field=1,
        areas=("Wermelskirchen Innenstadt",),
        indicators=("rbk_sgb2_rate", "rbk_childcare_under_3"),
        statements=(("fachplanung-jugendamt", "Wermelskirchen Innenstadt"),),
        finding="Der Index liegt deutlich über dem Mittel des Kreises; viele leben von Leistungen nach "
        "SGB II, wenige Kinder unter drei Jahren werden betreut.",
        aim="Familien finden an einem Ort Rat zu Leistungen, Betreuung und Wohnen.",
        proposal="Jugendamt und Jobcenter erproben eine gemeinsame Sprechstunde.",
        cost="Beispiel: Personal aus dem Bestand.",
    ),
    Example(
        title="Beispiel: Offene Jugendarbeit in Cremers Weiden",
        field=2,
        areas=("Cremers Weiden",),
        indicators=("rbk_educational_assistance",),
        statements=(),
        finding="Die Hilfen zur Erziehung liegen deutlich über dem Mittel.",
        aim="Jugendliche haben einen Treffpunkt am Nachmittag.",
        proposal="Ein Träger wird mit einem offenen Angebot an drei Nachmittagen beauftragt.",
        cost="Beispiel: rund 45.000 € im Jahr.",
    ),
    Example(
        title="Beispiel: Begleitung in Ausbildung in Bergisch Gladbach",
        field=3,
        areas=(),
        town="Bergisch Gladbach",
        indicators=("rbk_unemployed_youth",),
        statements=(),
        finding="In sechs Wohnplätzen ist die Arbeitslosigkeit junger Menschen erhöht.",
        aim="Junge Menschen beginnen nach der Schule eine Ausbildung.",
        proposal="Jobcenter und Jugendamt begleiten den Übergang gemeinsam.",
        cost="Beispiel: eine halbe Stelle je Haus.",
    ),
    Example(
        title="Beispiel: Sprachförderung vor der Einschulung",
        field=1,
        areas=("Zentrum Nord", "Wermelskirchen Innenstadt"),
        indicators=("rbk_school_entry_language",),
        statements=(),
        finding="Auffälligkeiten in der Sprache häufen sich.",
        aim="Kinder sprechen bei der Einschulung sicher Deutsch.",
        proposal="Kitas der beiden Gebiete erhalten zusätzliche Sprachförderung.",
        cost="Beispiel: rund 80.000 € im Jahr.",
    ),
    Example(
        title="Beispiel: Besuchsdienst für ältere Alleinlebende",
        field=1,
        areas=("Cremers Weiden",),
        indicators=("rbk_living_alone_65_plus",),
        statements=(("leitung-sozialamt", "Cremers Weiden"),),
        finding="Der Anteil älterer Alleinlebender ist hoch.",
        aim="Ältere Menschen bleiben eingebunden.",
        proposal="Ein ehrenamtlicher Besuchsdienst wird aufgebaut.",
        cost="Beispiel: Sachkosten 5.000 € im Jahr.",
        addressee="sozialamt",
    ),
)
#: Person, area, position, text.
STATEMENTS = (
    (
        "jobcenter",
        "Zentrum Nord",
        Position.AGREES,
        "Beispiel: Bei jungen Erwachsenen fehlt oft der Schulabschluss.",
    ),
    (
        "fachplanung-jugendamt",
        "Zentrum Nord",
        Position.EXPLAINS,
        "Beispiel: Wenige Straßenzüge prägen den Wert.",
    ),
    (
        "leitung-gesundheitsamt",
        "Zentrum Nord",
        Position.UNSEEN_NEED,
        "Beispiel: Termine zur Früherkennung werden selten wahrgenommen.",
    ),
    (
        "leitung-sozialamt",
        "Cremers Weiden",
        Position.UNSEEN_NEED,
        "Beispiel: Ältere Alleinlebende sind schwer zu erreichen.",
    ),
    (
        "fachplanung-jugendamt",
        "Wermelskirchen Innenstadt",
        Position.CONTRADICTS,
        "Beispiel: Die Betreuungsquote überzeichnet; am Nachmittag fehlen Plätze.",
    ),
)


#: Chapters of the social report on a topic: title and topic.
REPORT_TOPICS = (
    ("Arbeit und Soziales", "Arbeit und Soziales"),
    ("Pflege und Leben im Alter", "Pflege und Senioren"),
    ("Kinder, Jugend und Familien", "Jugendhilfe"),
    ("Gesundheit", "Gesundheit"),
)
FIRST_FIGURES = "Beispiel: Diese Ausgabe zeigt, was das Sozialamt geliefert hat. Weitere Zahlen folgen."
SECOND_FIGURES = "Beispiel: Neu in dieser Ausgabe sind die Zahlen der Statistikstelle."

#: Offices whose statements the conference heard.
CONFERRING = ("jugendamt", "jobcenter", "gesundheitsamt", "sozialamt")


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
        allows_circulated=False,
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
        place="Kreishaus (Beispiel)",
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
            statements=[
                {"area": by_name[area], "position": position, "text": text}
                for who, area, position, text in STATEMENTS
                if who == people[office]
            ],
        )
    for title in FIELDS:
        field_of_action_add(cycle, title=title, user=planner)
    for number in range(len(RECOMMENDATIONS)):
        driver.recommend(
            cycle,
            _wording(cycle, cast, number),
            author=cast.person("fachplanung-jugendamt"),
            chair=cast.person("leitung-sozialplanung"),
            is_example=True,
        )
    driver.close_conference(cycle, user=planner)


def areas_of(example: Example, names: Iterable[str]) -> list[str]:
    """Which of the areas that stand out a recommendation is for."""
    return [
        name for name in names if name in example.areas or (example.town and name.startswith(example.town))
    ]


def _wording(cycle: PlanningCycle, cast: Cast, number: int, **changes: str) -> Wording:
    example = RECOMMENDATIONS[number]
    by_name = {profile.area.name: profile.area for profile in cycle.profiles.select_related("area")}
    said = {(who, area): text for who, area, _position, text in STATEMENTS}
    indicators = {row.key: row for row in Indicator.objects.filter(key__in=example.indicators)}
    return Wording(
        title=example.title,
        finding=example.finding,
        aim=example.aim,
        proposal=changes.get("proposal", example.proposal),
        cost=example.cost,
        addressee=cast.organisations[example.addressee],
        field=FieldOfAction.objects.get(plan=cycle.plan, number=example.field),
        areas=[by_name[name] for name in areas_of(example, by_name)],
        indicators=[indicators[key] for key in example.indicators],
        statements=[
            cycle.statements.get(area=by_name[area], text=said[who, area]) for who, area in example.statements
        ],
    )


def _decide(cycle: PlanningCycle, cast: Cast, today: datetime.date) -> None:
    """The first meeting approved one and returned one, which is back; the next meeting is today."""
    chair, planner = cast.person("vorsitz"), cast.person("sozialplanung")
    first_on = today - datetime.timedelta(days=14)
    recommendations: list[Recommendation] = list(cycle.recommendations.order_by("number"))
    with clock.on(today - datetime.timedelta(days=28)):
        first = driver.invite_steering_group(
            cycle, user=planner, held_on=first_on, place="Kreishaus (Beispiel)"
        )
    with clock.on(first_on):
        driver.decide(recommendations[1], first, DecisionResult.APPROVED, user=chair)
        driver.decide(
            recommendations[0],
            first,
            DecisionResult.RETURNED,
            user=chair,
            reason="Bitte sagen, wer die Zielvereinbarung schließt und bis wann.",
        )
    with clock.on(today - datetime.timedelta(days=7)):
        driver.propose(
            recommendations[0],
            user=cast.person("fachplanung-jugendamt"),
            wording=_wording(
                cycle,
                cast,
                0,
                proposal=f"{RECOMMENDATIONS[0].proposal} Träger und Jugendamt schließen eine "
                f"Zielvereinbarung bis 30.06.{today.year + 1}.",
            ),
        )
        driver.adopt(recommendations[0], user=cast.person("leitung-sozialplanung"))
        meeting_schedule(
            cycle,
            body=cycle.steering_group,
            held_on=today,
            place="Kreishaus (Beispiel)",
            participants=[seat.organisation for seat in cycle.steering_group.memberships.all()],
            user=planner,
        )
