"""The demo's social-space conferences: one answered and published, one whose evening is running."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from measures.models import Measure
from stakeholders.models import Body, User
from stakeholders.permissions import Perm
from workflows.demo import clock, driver
from workflows.demo import evening_steps as steps
from workflows.demo.cast import Cast
from workflows.evenings import conference_begin
from workflows.models import AnswerKind, PlanningCycle, Recommendation, SpaceConference, SpaceIdea
from workflows.selectors.space_conferences import offered_recommendations
from workflows.services.space_answers import idea_answer
from workflows.services.space_entries import entry_moderate

#: The evening that was answered, and when its answers came out.
HELD_ON = datetime.date(2023, 11, 8)
ANSWERED_ON = datetime.date(2023, 12, 6)
#: Areas of the two evenings.
ANSWERED_IN, RUNNING_IN = "Oberstolberg", "Münsterbusch"
#: Days the running evening's entry page stays open, so that the demo can be tried at leisure.
OPEN_DAYS = 14
PROVIDER = "Träger A (Beispiel)"
QUESTION = "Was brauchen Kinder und Familien hier?"
COUNTS = {
    "residents": 31,
    "associations": 6,
    "providers": 5,
    "administration": 4,
    "council": 2,
    "others": 0,
}
NEXT_STEPS = (
    "Beispiel: Danke an alle, die da waren. Die Maßnahmen stehen jetzt im Handlungskonzept, die ersten "
    "beginnen im Januar.\n\n- Im März treffen wir uns wieder im Stadtteil.\n- Wer mitbauen möchte, meldet "
    "sich im Stadtteilbüro."
)


@dataclass(frozen=True)
class Example:
    """An idea of the demo.

    Attributes:
        text: What somebody wrote.
        field: Number of the field of action whose recommendation it belongs to; 0 for a free idea.
        points: How many it got.
        comments: What others said.
        measure: Number of the measure it became part of; "" for another answer.
        answer: Words of the answer.
    """

    text: str
    field: int = 0
    points: int = 0
    comments: tuple[str, ...] = ()
    measure: str = ""
    answer: str = ""


IDEAS = (
    Example(
        "Beispiel: Ein Treffpunkt für Familien, der auch am Samstag offen hat.",
        field=4,
        points=14,
        comments=("Mit Frühstück!", "Bitte ohne Anmeldung."),
        measure="4.3",
        answer="Der Träger prüft, ob Samstage gehen. Los geht es im Januar.",
    ),
    Example(
        "Beispiel: Der Spielplatz am Hang braucht eine neue Rutsche und Schatten.",
        field=2,
        points=11,
        comments=("Und eine Bank für die Großeltern.",),
        measure="2.1",
        answer="Die Kinder planen mit.",
    ),
    Example(
        "Beispiel: Abends fährt kein Bus mehr in die Stadt.",
        field=1,
        points=9,
        measure="1.6",
        answer="Der Bus fährt bis 22 Uhr, zuerst zur Probe.",
    ),
    Example("Beispiel: Die Ampel vor der Schule ist für Kinder zu kurz grün.", field=1, points=6),
    Example("Beispiel: Hilfe beim Ausfüllen von Formularen, auch auf Türkisch.", points=7),
    Example(
        "Beispiel: Ein Schwimmbad für Oberstolberg.",
        points=3,
        answer="Ein eigenes Bad kann die Stadt nicht bauen und nicht unterhalten. Schwimmkurse gibt es im "
        "Bad in der Nähe.",
    ),
)
#: Of the evening that is running: shown, then waiting.
RUNNING = (
    Example("Beispiel: Mehr Licht auf dem Weg zur Schule.", field=1, points=4, comments=("Ja, bitte!",)),
    Example("Beispiel: Ein Garten, in dem alle zusammen pflanzen.", field=2, points=2),
    Example("Beispiel: Ein Nachmittag für Väter mit kleinen Kindern."),
)
WAITING = (
    "Beispiel: Ein Bolzplatz mit Netz, sonst fliegt der Ball auf die Straße.",
    "Beispiel: Fragen Sie Frau Muster, Telefon 02402 0000000, sie macht das schon lange.",
    "Örnek: Çocuklar için ödev desteği.",
)


def hold(cycle: PlanningCycle, cast: Cast) -> SpaceConference:
    """The evening in Oberstolberg, held by a provider."""
    planner = cast.person("sozialplanung")
    with clock.on(HELD_ON - datetime.timedelta(days=14)):
        conference = _set_up(cycle, cast, ANSWERED_IN, HELD_ON)
    with clock.on(HELD_ON):
        steps.prepare(conference, user=planner, question=QUESTION, place="Bürgerhaus Oberstolberg (Beispiel)")
        for example in IDEAS:
            _enter(conference, cast, example)
        rude = steps.idea(conference, "Beispiel: Die da oben machen ja doch nichts.")
        entry_moderate(conference, rude, is_shown=False, reason="Keine Idee", user=_holder(cast))
        steps.close(conference, COUNTS, user=_holder(cast))
    return conference


def answer(conference: SpaceConference, cast: Cast, steering: Body) -> None:
    """Each idea is answered by planning, and its head publishes the answers."""
    planner = cast.person("sozialplanung")
    measures = {
        row.number: row
        for row in Measure.objects.filter(plan=conference.cycle.plan_id).select_related("field")
    }
    by_text = {idea.text: idea for idea in conference.ideas.all()}
    with clock.on(ANSWERED_ON):
        for example in IDEAS:
            _answer(by_text[example.text], example, cast, steering, measures)
        steps.submit(conference, NEXT_STEPS, user=planner)
        steps.release(conference, user=cast.person("leitung-sozialplanung"))


def _answer(
    idea: SpaceIdea, example: Example, cast: Cast, steering: Body, measures: dict[str, Measure]
) -> None:
    planner = cast.person("sozialplanung")
    if example.measure:
        measure = measures[example.measure]
        idea_answer(idea, kind=AnswerKind.MEASURE, measure=measure, text=example.answer, user=planner)
    elif example.answer:
        idea_answer(idea, kind=AnswerKind.NOT_POSSIBLE, text=example.answer, user=planner)
    elif example.field:
        words = "Die Steuerungsgruppe spricht darüber mit dem Straßenbau."
        idea_answer(idea, kind=AnswerKind.PASSED_ON, body=steering, text=words, user=planner)
    else:
        recommendation = _recommendations(idea.conference)[5]
        words = "Das gehört zu dem, was wir für das Zusammenleben vorhaben."
        idea_answer(
            idea, kind=AnswerKind.RECOMMENDATION, recommendation=recommendation, text=words, user=planner
        )


def run(cycle: PlanningCycle, cast: Cast, today: datetime.date) -> SpaceConference:
    """The evening in Münsterbusch: open now, with entries that wait for moderation."""
    conference = _set_up(cycle, cast, RUNNING_IN, today)
    steps.prepare(
        conference,
        user=cast.person("sozialplanung"),
        question=QUESTION,
        hours=24 * OPEN_DAYS,
        place="Grundschule Münsterbusch (Beispiel)",
    )
    for example in RUNNING:
        _enter(conference, cast, example)
    for text in WAITING:
        steps.idea(conference, text)
    return conference


def _set_up(cycle: PlanningCycle, cast: Cast, area: str, day: datetime.date) -> SpaceConference:
    profile = cycle.profiles.select_related("area").get(area__name=area)
    return conference_begin(
        cycle,
        area=profile.area,
        held_on=day,
        facilitator=cast.organisations[PROVIDER],
        user=cast.person("sozialplanung"),
        is_example=True,
    )


def _recommendations(conference: SpaceConference) -> dict[int, Recommendation]:
    """Number of the field of action -> its recommendation."""
    found = {}
    for row in offered_recommendations(conference):
        version = row.current
        for field in version.fields.all() if version is not None else ():
            found[field.number] = row
    return found


def _holder(cast: Cast) -> User:
    return driver.person_for(Perm.ACT_FOR_ORGANISATION, cast.organisations[PROVIDER])


def _enter(conference: SpaceConference, cast: Cast, example: Example) -> None:
    moderator = _holder(cast)
    recommendation = _recommendations(conference).get(example.field)
    idea = steps.idea(conference, example.text, recommendation=recommendation, moderator=moderator)
    for text in example.comments:
        steps.comment(conference, idea, text, moderator=moderator)
    steps.points(conference, idea, example.points)
