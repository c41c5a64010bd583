"""Rheinisch-Bergischer Kreis: what the planning conference said and recommended. Example texts."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from measures.models import FieldOfAction
from monitoring.models import Indicator
from workflows.demo.cast import Cast
from workflows.demo.rbk_knowledge import STATEMENTS
from workflows.models import CosignVerdict, CostKind, PlanningCycle, Urgency
from workflows.services.recommendations import Wording

FIELDS = ("Familien stärken", "Jugendhilfe", "Übergang junger Menschen in Arbeit")


@dataclasses.dataclass(frozen=True)
class Example:
    """A recommendation of the demo with the evidence its finding speaks of, and no more.

    Attributes:
        title: Headline.
        fields: Numbers of the fields of action.
        areas: Names of the areas; none for all that stand out in ``town``.
        indicators: Keys of the indicators that the finding names.
        statements: Who said what of the areas, as in ``STATEMENTS``.
        finding: What is the case.
        need: Who lacks what.
        aim: What shall become of it.
        proposal: What to do.
        cost: What is behind the amounts.
        cost_kind: Whether and how often it costs something.
        amounts: From and up to, in euros; none for no estimate.
        urgency: By when it has to take effect.
        alternatives: What else was considered.
        file_reference: Where the office keeps it.
        addressee: Office that acts.
        town: Municipality whose areas are meant; "" if they are named.
    """

    title: str
    fields: tuple[int, ...]
    areas: tuple[str, ...]
    indicators: tuple[str, ...]
    statements: tuple[tuple[str, str], ...]
    finding: str
    need: str
    aim: str
    proposal: str
    cost: str
    cost_kind: str = CostKind.UNKNOWN
    amounts: tuple[int, int] | None = None
    urgency: str = Urgency.WITHIN_CYCLE
    alternatives: str = ""
    file_reference: str = ""
    addressee: str = "jugendamt"
    town: str = ""


RECOMMENDATIONS = (
    Example(
        title="Beispiel: Elternstärkung im Zentrum Nord ausbauen",
        fields=(1,),
        areas=("Zentrum Nord",),
        indicators=("rbk_school_entry_findings", "rbk_checkups_incomplete"),
        statements=(("leitung-gesundheitsamt", "Zentrum Nord"),),
        finding="Mehr als die Hälfte der Kinder zeigt bei der Schuleingangsuntersuchung Auffälligkeiten; "
        "die Früherkennung ist oft unvollständig.",
        need="Beispiel: Rund 40 Familien im Jahr mit einem Kind vor der Einschulung haben vor Ort keine "
        "Anlaufstelle.",
        aim="Eltern werden vor der Einschulung erreicht.",
        proposal="Im Sozialraum Zentrum Nord wird ein Angebot zur Stärkung der Erziehungskompetenz "
        "eingerichtet.",
        cost="Beispiel: eine Fachkraft und Räume im Familienzentrum; trägt der Kreis.",
        cost_kind=CostKind.YEARLY,
        amounts=(55_000, 65_000),
        urgency=Urgency.THIS_YEAR,
        alternatives="Beispiel: Einzelne Elternabende der Kitas. Sie erreichen vor allem Eltern, die ohnehin "
        "kommen.",
        file_reference="50.1-2026/07 (Beispiel)",
    ),
    Example(
        title="Beispiel: Anlaufstelle für Familien in der Innenstadt Wermelskirchen",
        fields=(1,),
        areas=("Wermelskirchen Innenstadt",),
        indicators=("rbk_sgb2_rate", "rbk_childcare_under_3"),
        statements=(("fachplanung-jugendamt", "Wermelskirchen Innenstadt"),),
        finding="Der Index liegt deutlich über dem Mittel des Kreises; viele leben von Leistungen nach "
        "SGB II, wenige Kinder unter drei Jahren werden betreut.",
        need="Beispiel: Familien gehen für einen Antrag an bis zu vier Stellen.",
        aim="Familien finden an einem Ort Rat zu Leistungen, Betreuung und Wohnen.",
        proposal="Jugendamt und Jobcenter erproben eine gemeinsame Sprechstunde.",
        cost="Beispiel: Personal aus dem Bestand.",
        cost_kind=CostKind.NONE,
    ),
    Example(
        title="Beispiel: Offene Jugendarbeit in Cremers Weiden",
        fields=(2,),
        areas=("Cremers Weiden",),
        indicators=("rbk_educational_assistance",),
        statements=(),
        finding="Die Hilfen zur Erziehung liegen deutlich über dem Mittel.",
        need="Beispiel: Rund 120 Jugendliche haben am Nachmittag keinen Ort.",
        aim="Jugendliche haben einen Treffpunkt am Nachmittag.",
        proposal="Ein Träger wird mit einem offenen Angebot an drei Nachmittagen beauftragt.",
        cost="Beispiel: ein freier Träger mit einer Fachkraft.",
        cost_kind=CostKind.YEARLY,
        amounts=(45_000, 45_000),
    ),
    Example(
        title="Beispiel: Begleitung in Ausbildung in Bergisch Gladbach",
        fields=(3,),
        areas=(),
        town="Bergisch Gladbach",
        indicators=("rbk_unemployed_youth",),
        statements=(),
        finding="In sechs Wohnplätzen ist die Arbeitslosigkeit junger Menschen erhöht.",
        need="Beispiel: Junge Menschen ohne Anschluss nach der Schule haben keine feste Ansprechperson.",
        aim="Junge Menschen beginnen nach der Schule eine Ausbildung.",
        proposal="Jobcenter und Jugendamt begleiten den Übergang gemeinsam.",
        cost="Beispiel: eine halbe Stelle je Haus.",
    ),
    Example(
        title="Beispiel: Sprachförderung vor der Einschulung",
        fields=(1, 2),
        areas=("Zentrum Nord", "Wermelskirchen Innenstadt"),
        indicators=("rbk_school_entry_language",),
        statements=(),
        finding="Auffälligkeiten in der Sprache häufen sich.",
        need="Beispiel: Kinder ohne Kitaplatz erhalten vor der Schule keine Förderung.",
        aim="Kinder sprechen bei der Einschulung sicher Deutsch.",
        proposal="Kitas der beiden Gebiete erhalten zusätzliche Sprachförderung.",
        cost="Beispiel: Stunden in vier Kitas.",
        cost_kind=CostKind.YEARLY,
        amounts=(70_000, 90_000),
        urgency=Urgency.AT_ONCE,
    ),
    Example(
        title="Beispiel: Besuchsdienst für ältere Alleinlebende",
        fields=(1,),
        areas=("Cremers Weiden",),
        indicators=("rbk_living_alone_65_plus",),
        statements=(("leitung-sozialamt", "Cremers Weiden"),),
        finding="Der Anteil älterer Alleinlebender ist hoch.",
        need="Beispiel: Wer allein lebt und schlecht zu Fuß ist, hat oft tagelang kein Gespräch.",
        aim="Ältere Menschen bleiben eingebunden.",
        proposal="Ein ehrenamtlicher Besuchsdienst wird aufgebaut.",
        cost="Beispiel: Sachkosten.",
        cost_kind=CostKind.YEARLY,
        amounts=(5_000, 5_000),
        addressee="sozialamt",
    ),
)
#: Two that say nearly the same; the conference makes one of them.
TO_MERGE = (
    Example(
        title="Beispiel: Erinnerung an die Vorsorge im Zentrum Nord",
        fields=(1,),
        areas=("Zentrum Nord",),
        indicators=("rbk_checkups_incomplete",),
        statements=(("leitung-gesundheitsamt", "Zentrum Nord"),),
        finding="Die Früherkennung ist oft unvollständig; Termine werden selten wahrgenommen.",
        need="Beispiel: Eltern von Kindern unter sechs Jahren erfahren zu spät, welcher Termin ansteht.",
        aim="Kinder sind vollständig untersucht.",
        proposal="Das Gesundheitsamt erinnert Eltern vor jedem Termin.",
        cost="Beispiel: Porto und eine halbe Stelle.",
        cost_kind=CostKind.YEARLY,
        amounts=(20_000, 30_000),
        addressee="gesundheitsamt",
    ),
    Example(
        title="Beispiel: Hausbesuche nach der Geburt im Zentrum Nord",
        fields=(1, 2),
        areas=("Zentrum Nord",),
        indicators=("rbk_checkups_incomplete",),
        statements=(),
        finding="Bei der Früherkennung fehlen vor allem die ersten Untersuchungen.",
        need="Beispiel: Junge Eltern ohne Angehörige vor Ort kennen die Angebote nicht.",
        aim="Kinder sind vollständig untersucht.",
        proposal="Eine Familienhebamme besucht Eltern in den ersten Wochen.",
        cost="Beispiel: eine Familienhebamme.",
        cost_kind=CostKind.YEARLY,
        amounts=(60_000, 60_000),
        addressee="gesundheitsamt",
    ),
)
#: What the conference made of them.
MERGED: dict[str, Any] = {
    "title": "Beispiel: Früherkennung im Zentrum Nord: Erinnerung und Hausbesuche",
    "finding": "Die Früherkennung ist oft unvollständig; vor allem die ersten Untersuchungen fehlen.",
    "need": "Beispiel: Junge Eltern erfahren zu spät, welcher Termin ansteht, und kennen die Angebote nicht.",
    "proposal": "Eine Familienhebamme besucht Eltern im Zentrum Nord in den ersten Wochen; das "
    "Gesundheitsamt erinnert danach vor jedem Termin der Früherkennung.",
    "cost": "Beispiel: eine Familienhebamme, Porto und eine halbe Stelle.",
}
#: Who is asked to co-sign the recommendation at this place: office, person, answer, words.
COSIGNED = 3
COSIGNERS = (
    ("sozialamt", "leitung-sozialamt", CosignVerdict.COSIGNED, ""),
    (
        "jobcenter",
        "jobcenter",
        CosignVerdict.DISSENT,
        "Beispiel: Die halbe Stelle ist im Stellenplan des Jobcenters nicht vorgesehen. Wir schlagen vor, "
        "mit einem Haus zu beginnen.",
    ),
    (
        "gesundheitsamt",
        "leitung-gesundheitsamt",
        CosignVerdict.COMMENTED,
        "Beispiel: Bitte die Sprechstunde für seelische Gesundheit einbeziehen.",
    ),
)
#: Offices whose statements the conference heard.
CONFERRING = ("jugendamt", "jobcenter", "gesundheitsamt", "sozialamt")


def areas_of(example: Example, names: Iterable[str]) -> list[str]:
    """Which of the areas that stand out a recommendation is for."""
    return [
        name for name in names if name in example.areas or (example.town and name.startswith(example.town))
    ]


def wording_of(cycle: PlanningCycle, cast: Cast, example: Example, **changes: str) -> Wording:
    """What an example says in its cycle."""
    by_name = {profile.area.name: profile.area for profile in cycle.profiles.select_related("area")}
    said = {(row.who, row.area): row.text for row in STATEMENTS}
    indicators = {row.key: row for row in Indicator.objects.filter(key__in=example.indicators)}
    return Wording(
        title=example.title,
        finding=example.finding,
        need=example.need,
        aim=example.aim,
        proposal=changes.get("proposal", example.proposal),
        alternatives=example.alternatives,
        cost_kind=example.cost_kind,
        cost_from=None if example.amounts is None else Decimal(example.amounts[0]),
        cost_to=None if example.amounts is None else Decimal(example.amounts[1]),
        cost=example.cost,
        urgency=example.urgency,
        file_reference=example.file_reference,
        addressee=cast.organisations[example.addressee],
        fields=list(FieldOfAction.objects.filter(plan=cycle.plan, number__in=example.fields)),
        areas=[by_name[name] for name in areas_of(example, by_name)],
        indicators=[indicators[key] for key in example.indicators],
        statements=[
            cycle.statements.get(area=by_name[area], text=said[who, area]) for who, area in example.statements
        ],
    )
