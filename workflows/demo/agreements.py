"""The demo's target agreements after they were confirmed: changes, reviews, and what was learned."""

from __future__ import annotations

import dataclasses
import datetime

from measures.models import Measure
from workflows.demo import clock, driver, evaluation_steps
from workflows.demo.cast import Cast
from workflows.engine import agreement_amend
from workflows.models import AgreementReview, EvaluationOutcome, PlanningCycle, ReviewResult, ReviewState
from workflows.nodes import poke
from workflows.selectors.agreement_versions import content_for
from workflows.services.agreements import draft_save
from workflows.services.evaluations import Answers, evaluation_close

#: Measures whose agreement was changed, with why and what came to the commitment of the responsible one.
CHANGED = {
    "1.2": (
        datetime.date(2025, 3, 12),
        "Beispiel: Die Höfe werden in zwei Bauabschnitten erneuert; das war so nicht vereinbart.",
        "Legt vor jedem Bauabschnitt einen Zeitplan vor.",
    ),
    "3.1": (
        datetime.date(2026, 2, 4),
        "Beispiel: Die Nachfrage ist höher als erwartet; die Plätze werden nach Bedarf vergeben.",
        "Vergibt die Plätze nach Bedarf und berichtet über die Warteliste.",
    ),
}
#: A change all parties are being asked about, this long ago.
ASKED, ASKED_BEFORE = "1.3", datetime.timedelta(days=5)
#: Reviews of these found a deviation; for some another one was set, which is due now.
DEVIATING = ("1.2", "2.2", "5.1")
DUE_NOW = {"2.2": datetime.timedelta(days=6), "5.1": datetime.timedelta(days=11)}
REVIEW_DAYS = (datetime.date(2024, 12, 31), datetime.date(2025, 12, 31))
#: What completed measures taught: reach, course, effect, lesson, what would become of it.
LESSONS = {
    "1.1": (
        "Vor allem ältere Menschen rund um den Markt; Rollstuhlfahrende wurden bei den Begehungen beteiligt.",
        "Zwei Übergänge kamen später, weil Leitungen verlegt werden mussten.",
        "Die Wege werden häufiger genutzt; der Seniorenbeirat meldet weniger Stürze.",
        "Begehungen mit Betroffenen vor der Planung sparen spätere Umbauten.",
        EvaluationOutcome.PERMANENT,
    ),
    "2.1": (
        "Kinder aus Unterstolberg, darunter viele, die sonst keine Angebote nutzen.",
        "Lief wie geplant; die Werkstätten fanden in der Schule statt.",
        "Der Platz ist nachmittags belebt, die Zahl der Beschädigungen ging zurück.",
        "Kinder entscheiden lassen, nicht nur fragen; das Ergebnis wird gepflegt.",
        EvaluationOutcome.CONTINUE,
    ),
    "3.2": (
        "Fast alle Kinder vor der Einschulung in drei Stadtteilen und etwa die Hälfte der Eltern.",
        "Im ersten Jahr fehlten Fachkräfte; danach lief es wie vereinbart.",
        "Lehrkräfte berichten von leichteren Übergängen; die Sprachförderung beginnt früher.",
        "Ein fester Ansprechpartner je Schule ist wichtiger als weitere Termine.",
        EvaluationOutcome.PERMANENT,
    ),
    "4.7": (
        "Rund 180 Grundschulkinder an jedem Schultag.",
        "Die Beschaffung war aufwendiger als gedacht; Ehrenamtliche fielen aus.",
        "Weniger Kinder kommen hungrig in den Unterricht; mehr ist nicht zu erkennen.",
        "Ohne bezahlte Koordination trägt das Ehrenamt nicht.",
        EvaluationOutcome.CHANGE,
    ),
}


def add(cycle: PlanningCycle, cast: Cast, today: datetime.date) -> None:
    """Everything that happened to the agreements after they were confirmed; all of it is an example."""
    rows = Measure.objects.filter(plan=cycle.plan, parent=None).select_related(
        "plan__territory", "field", "responsible"
    )
    measures = {row.number: row for row in rows}
    for number, (day, reason, commitment) in CHANGED.items():
        _change(measures[number], cast, day, reason=reason, commitment=commitment)
        with clock.on(day + datetime.timedelta(days=10)):
            driver.confirm_all(measures[number])
    for day in REVIEW_DAYS:
        _review(day, cast, today)
    for review in AgreementReview.objects.filter(state=ReviewState.WAITING).select_related("process"):
        poke(review.process)
    _change(
        measures[ASKED],
        cast,
        today - ASKED_BEFORE,
        reason="Beispiel: Eine weitere Wohnung kommt hinzu.",
        commitment="Sichert das Belegungsrecht auch für die weitere Wohnung.",
    )
    for number, said in LESSONS.items():
        _learn(measures[number], cycle, cast, said)


def _change(measure: Measure, cast: Cast, day: datetime.date, *, reason: str, commitment: str) -> None:
    """Planning words the next version and asks all parties."""
    planner = cast.person("sozialplanung")
    with clock.on(day):
        content = content_for(measure)
        own = f"{content.commitments[measure.responsible_id]}\n{commitment}"
        changed = dataclasses.replace(
            content,
            change_reason=reason,
            commitments={**content.commitments, measure.responsible_id: own},
        )
        draft_save(measure, content=changed, user=planner)
        agreement_amend(measure, user=planner)


def _review(day: datetime.date, cast: Cast, today: datetime.date) -> None:
    """Planning holds the reviews of a day."""
    rows = AgreementReview.objects.filter(
        state=ReviewState.WAITING, due_on=day, agreement__measure__plan__territory=cast.territory
    )
    planner = cast.person("sozialplanung")
    with clock.on(day):
        for review in rows.select_related("agreement__measure__field", "process"):
            number = review.agreement.measure.number
            poke(review.process)
            wait = DUE_NOW.get(number) if day == REVIEW_DAYS[-1] else None
            deviates = number in DEVIATING
            evaluation_steps.hold_review(
                review,
                ReviewResult.DEVIATION if deviates else ReviewResult.ON_COURSE,
                user=planner,
                looked_at="Beispiel: Kennzahlen, Zusagen und die nächsten Schritte.",
                consequence="Beispiel: Die Beteiligten treffen sich im Januar und passen den Zeitplan an."
                if deviates
                else "",
                next_on=today + wait if wait is not None else None,
            )


def _learn(
    measure: Measure, cycle: PlanningCycle, cast: Cast, said: tuple[str, str, str, str, EvaluationOutcome]
) -> None:
    reach, course, effect, lesson, outcome = said
    assert measure.ended_on is not None
    with clock.on(measure.ended_on + datetime.timedelta(days=14)):
        evaluation_close(
            measure,
            cycle=cycle,
            answers=Answers(
                reach=f"Beispiel: {reach}",
                course=course,
                effect=f"Beispiel: {effect}",
                lesson=lesson,
                recommendation=outcome,
            ),
            user=cast.person("sozialplanung"),
        )
