"""One planning cycle over HTTP, as all the people involved: every step on its page, none by a service."""

from __future__ import annotations

import datetime
import io

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from measures.models import Measure
from monitoring.models import Area, Direction
from tests import factories
from tests.factories import World
from tests.web import Visitor
from tests.workflows.taskpages import condition_fields
from workflows.flows import PlanningCycleFlow
from workflows.models import (
    DataRequest,
    DataRequestState,
    DecisionResult,
    Meeting,
    PlanningCycle,
    Position,
    Recommendation,
    RecommendationKind,
    StageKind,
    VoteChoice,
)
from workflows.nodes import open_task
from workflows.selectors.tasks import InboxFilter, inbox_cards


class Play:
    """The people with their browsers, and how a task is found and opened."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.visitors: dict[str, Visitor] = {}

    def __call__(self, name: str) -> Visitor:
        """The browser of a person."""
        if name not in self.visitors:
            self.visitors[name] = Visitor(self.world.fresh(name))
        return self.visitors[name]

    def page(self, name: str, node: str, subject: str = "") -> str:
        """Take a task from the inbox, if it is not one's own already, and tell where it is done."""
        visitor = self(name)
        cards = inbox_cards(visitor.user, InboxFilter(scope="team"))
        tasks = [card.task for card in cards if card.task.flow_task.name == node and subject in card.subject]
        assert len(tasks) == 1, f"{node} {subject!r}: {[task.card.subject for task in tasks]}"
        task = tasks[0]
        inbox = visitor.see(reverse("workflows:inbox") + "?scope=team").content.decode()
        assert reverse("workflows:task", args=[task.pk]) in inbox or str(task.pk) in inbox
        if task.owner_id is None:
            response = visitor.client.post(reverse("workflows:task-take", args=[task.pk]))
            assert response.status_code == 302
        task.refresh_from_db()
        assert task.owner_id == visitor.user.pk
        return str(task.flow_task.reverse("execute", args=[task.process_id, task.pk]))


def delivery_csv(request: DataRequest, areas: list[Area], *, wrong: bool = False) -> SimpleUploadedFile:
    """The delivery form, filled; with a text where a number belongs if it shall be wrong."""
    indicators = list(request.indicators.all())
    out = io.StringIO()
    out.write("Gebietsschlüssel;Gebiet;Jahr;" + ";".join(row.key for row in indicators) + "\r\n")
    cycle = request.cycle
    for position, area in enumerate(areas):
        for year in range(cycle.data_from_year, cycle.data_to_year + 1):
            cells = []
            for row in indicators:
                turn = 1 if row.direction == Direction.MORE_NEED else -1
                cells.append(f"{30 - turn * (16 if position else 0) - position * 0.5:.1f}".replace(".", ","))
            if wrong and position == 1:
                cells[0] = "viel"
            out.write(f"{area.key};{area.name};{year};{';'.join(cells)}\r\n")
    return SimpleUploadedFile("lieferung.csv", out.getvalue().encode("utf-8"), content_type="text/csv")


def open_cycle(play: Play, world: World, **filled: object) -> PlanningCycle:
    """The planner opens a cycle on its page."""
    url = reverse("workflows:cycle-create") + f"?territory={world.territory.pk}"
    today = timezone.localdate()
    data: dict[str, object] = {
        "title": "Planungszyklus 2026–2028",
        "starts_year": "2026",
        "ends_year": "2028",
        "data_from_year": "2023",
        "data_to_year": "2024",
        "plan": str(world.plan.pk),
    }
    for kind, (first, last) in factories.stage_dates(today).items():
        data[f"stage_{kind}_from"] = first.isoformat()
        data[f"stage_{kind}_until"] = last.isoformat()
    data |= filled
    play("planner").send(url, data, field="title", sure=True)
    return PlanningCycle.objects.latest("pk")


def test_the_whole_cycle_over_http(world: World) -> None:
    """From the empty form to the successor cycle."""
    play = Play(world)
    supply = {
        f"supply_{world.youth_office.pk}": [str(row.pk) for row in world.indicators[1:]],
        f"supply_{world.jobcenter.pk}": [str(world.indicators[0].pk)],
    }
    cycle = open_cycle(play, world, **supply)
    assert cycle.stage == StageKind.DATA
    assert cycle.requests.count() == 2

    # 1 Data: an upload with an error, a good one, a return, a corrected one
    youth = cycle.requests.get(organisation=world.youth_office)
    page = play.page("specialist", "provide_data")
    upload = reverse("workflows:request-upload", args=[youth.pk])
    wrong = play("specialist").send(
        upload, files={"file": delivery_csv(youth, world.areas, wrong=True)}, field="file"
    )
    assert "viel" in wrong.content.decode()
    play("specialist").send(upload, files={"file": delivery_csv(youth, world.areas)}, field="file")
    play("specialist").send(page, field="delivery")
    play("planner").send(
        play.page("planner", "review_delivery"), {"reason": "Bitte die Altstadt prüfen."}, button="return"
    )
    youth.refresh_from_db()
    assert youth.state == DataRequestState.RETURNED
    page = play.page("specialist", "provide_data")
    assert "Bitte die Altstadt prüfen." in play("specialist").see(page).content.decode()
    play("specialist").send(upload, files={"file": delivery_csv(youth, world.areas)}, field="file")
    play("specialist").send(page, field="delivery")
    play("planner").send(play.page("planner", "review_delivery"), field="reason")

    job = cycle.requests.get(organisation=world.jobcenter)
    page = play.page("jobcenter_head", "provide_data")
    upload = reverse("workflows:request-upload", args=[job.pk])
    play("jobcenter_head").send(upload, files={"file": delivery_csv(job, world.areas)}, field="file")
    play("jobcenter_head").send(page, field="delivery")
    play("planner").send(play.page("planner", "review_delivery"), field="reason")
    cycle.refresh_from_db()
    assert cycle.stage == StageKind.ANALYSIS

    # 2 Analysis
    page = play.page("planner", "run_analysis")
    play("planner").send(
        page,
        {
            "year": "2024",
            "border": "1,0",
            "minimum_population": "",
            "indicators": [str(row.pk) for row in world.indicators],
        },
        button="save",
    )
    play("planner").send(page, field="run")
    cycle.refresh_from_db()
    assert cycle.index_run is not None
    profile = cycle.profiles.get()
    assert profile.area == world.areas[0]
    assert profile.weaknesses, "the draft comes from the figures"
    page = play.page("planner", "write_profiles")
    refused = play("planner").client.post(page, {})
    assert refused.status_code == 422, "nobody has looked through the profile yet"
    play("planner").send(
        reverse("workflows:profile-edit", args=[profile.pk]), {"potentials": "Räume im Zentrum"}
    )
    refused = play("planner").client.post(page, {})
    assert refused.status_code == 422, "who wrote the profile does not release it"
    play("planner").client.post(
        reverse(
            "workflows:task-give-back", args=[open_task(cycle.process, PlanningCycleFlow.write_profiles).pk]
        )
    )
    play("planning_head").send(play.page("planning_head", "write_profiles"), sure=True)
    cycle.refresh_from_db()
    assert cycle.stage == StageKind.CONFERENCE

    # 3 Planning conference
    today = timezone.localdate().isoformat()
    page = play.page("planner", "prepare_conference")
    play("planner").send(page, {"held_on": today, "place": "Kreishaus"})
    page = play.page("specialist", "give_statements")
    play("specialist").send(
        page,
        {
            "statement-position": Position.EXPLAINS.value,
            "statement-confidence": "sure",
            "statement-text": "Zwei Straßen prägen den Wert.",
        },
        button="add",
    )
    play("specialist").send(page, bare=True, sure=True)
    statement = cycle.statements.get()
    assert statement.organisation == world.youth_office
    for title in ("Angebot A", "Angebot B", "Angebot C"):
        play("specialist").send(
            reverse("workflows:recommendation-create", args=[cycle.pk]) + f"?area={world.areas[0].pk}",
            {
                "title": title,
                "finding": "Die Quote liegt hoch.",
                "need": "Vierzig Familien haben keine Anlaufstelle.",
                "urgency": "this_year",
                "aim": "Eltern sind begleitet.",
                "proposal": "Ein Angebot wird eingerichtet.",
                "addressee": str(world.youth_office.pk),
                "areas": [str(world.areas[0].pk)],
                "indicators": [str(world.indicators[0].pk)],
                "statements": [str(statement.pk)],
            },
        )
        page = play.page("planning_head", "adopt_recommendation", title)
        play("planning_head").send(page, {"outcome": "adopt"})
    play("planner").send(play.page("planner", "hold_conference"), field="attended", sure=True)
    cycle.refresh_from_db()
    assert cycle.stage == StageKind.STEERING_GROUP

    # 4 Steering group: one rejected, one with conditions, one returned and approved in its second version
    page = play.page("planner", "prepare_steering_group")
    play("planner").send(page, {"held_on": today, "place": "Kreishaus"})
    first, second, third = cycle.recommendations.order_by("number")
    decide(play, second, DecisionResult.REJECTED, reason="Zu teuer")
    decide(
        play,
        third,
        DecisionResult.APPROVED_WITH_CONDITIONS,
        **condition_fields("Bericht", world.youth_office),
    )
    decide(play, first, DecisionResult.RETURNED, reason="Zielgruppe klären")
    page = play.page("specialist", "draft_recommendation", "Angebot A")
    assert "Zielgruppe klären" in play("specialist").see(page).content.decode()
    play("specialist").send(page, {"proposal": "Ein Angebot für Alleinerziehende wird eingerichtet."})
    page = play.page("planning_head", "adopt_recommendation", "Angebot A")
    play("planning_head").send(page, {"outcome": "adopt"})
    decide(play, first, DecisionResult.APPROVED)
    assert [row.number for row in first.versions.all()] == [1, 2]
    assert [row.number for row in cycle.steering_group.decisions.order_by("number")] == [1, 2, 3, 4]
    cycle.refresh_from_db()
    assert cycle.stage == StageKind.SOCIAL_SPACE

    measures = implement(play, world, cycle)
    evaluate(play, world, cycle, measures)


def decide(play: Play, recommendation: Recommendation, result: DecisionResult, **filled: str) -> None:
    """The chair records a decision with all votes."""
    page = play.page("chair", "decide_recommendation", recommendation.reference)
    seats = recommendation.cycle.steering_group.memberships.all()
    votes = {f"vote-{seat.pk}": VoteChoice.YES.value for seat in seats if seat.is_voting}
    play("chair").send(page, {"result": result.value, **votes, **filled}, sure=True)
    play("chair").send(play.page("chair", "issue_extract", recommendation.reference), {})
    recommendation.refresh_from_db()
    assert recommendation.state == result.value


def shape(
    play: Play, world: World, cycle: PlanningCycle, recommendation: Recommendation, title: str
) -> Measure:
    """The planner shapes a measure from an approved recommendation."""
    url = reverse("workflows:measure-create", args=[cycle.pk]) + f"?recommendation={recommendation.pk}"
    today = timezone.localdate()
    field = world.plan.fields.first()
    assert field is not None
    play("planner").send(
        url,
        {
            "recommendation": str(recommendation.pk),
            "title": title,
            "field": str(field.pk),
            "starts_on": today.isoformat(),
            "ends_on": world.plan.ends_on.isoformat(),
            "responsible": str(world.youth_office.pk),
            "partners-0-organisation": str(world.provider.pk),
            "partners-0-role": "Räume",
            "figures-0-title": "Erreichte Kinder",
            "figures-0-unit": str(factories.unit("children", "Kinder", decimals=0).pk),
            "figures-0-baseline": "0",
            "figures-0-baseline_on": today.isoformat(),
            "figures-0-due_on_0": world.plan.ends_on.isoformat(),
            "figures-0-value_0": "1.200",
        },
    )
    return Measure.objects.get(title=title)


def confirm(play: Play, measure: Measure) -> None:
    """All parties confirm; planning by somebody else than who worded it."""
    for name in ("head", "provider_head", "planning_head"):
        play(name).send(play.page(name, "confirm_agreement", measure.title), {"answer": "confirm"})


def implement(play: Play, world: World, cycle: PlanningCycle) -> list[Measure]:
    """Stages 5 and 6: measures, agreements with a refusal, a start, a round with a return."""
    approved = list(
        Recommendation.objects.filter(process__cycle=cycle, state__in=["approved", "conditional"]).order_by(
            "pk"
        )
    )
    measures = [
        shape(play, world, cycle, recommendation, f"Maßnahme {number}")
        for number, recommendation in enumerate(approved, start=1)
    ]
    play("planner").send(play.page("planner", "shape_measures"), sure=True)
    first = measures[0]
    page = play.page("provider_head", "confirm_agreement", first.title)
    play("provider_head").send(page, {"answer": "refuse", "comment": "Räume fehlen"})
    page = play.page("planner", "revise_measure", first.title)
    assert "Räume fehlen" in play("planner").see(page).content.decode()
    play("planner").send(page, {"description": "In den Räumen der Schule."})
    for measure in measures:
        confirm(play, measure)
    cycle.refresh_from_db()
    assert cycle.stage == StageKind.IMPLEMENTATION
    today = timezone.localdate().isoformat()
    for measure in measures:
        page = play.page("specialist", "begin_measure", measure.title)
        play("specialist").send(page, {"started_on": today})
    due = (timezone.localdate() + datetime.timedelta(days=20)).isoformat()
    play("planner").send(
        reverse("workflows:round-open", args=[cycle.pk]) + f"?preview=1&reference_on={today}&due_on={due}",
        {"reference_on": today, "due_on": due},
    )
    report = cycle.plan.rounds.get().reports.get()
    values = {f"value_{row.pk}": "12" for row in report.figures.all()}
    play("specialist").send(play.page("specialist", "report_figures"), values, button="save")
    play("specialist").send(play.page("specialist", "report_figures"), values)
    page = play.page("planner", "confirm_figures")
    play("planner").send(page, {"answer": "return", "reason": "Bitte prüfen"})
    page = play.page("specialist", "report_figures")
    assert "Bitte prüfen" in play("specialist").see(page).content.decode()
    play("specialist").send(page, values)
    play("planner").send(play.page("planner", "confirm_figures"), {"answer": "confirm"})
    report.refresh_from_db()
    assert report.state == "confirmed"
    return measures


def evaluate(play: Play, world: World, cycle: PlanningCycle, measures: list[Measure]) -> None:
    """Stage 7, the end, and the successor with what goes on."""
    play("planner").send(play.page("planner", "steer_implementation"), bare=True, sure=True)
    cycle.refresh_from_db()
    assert cycle.stage == StageKind.EVALUATION
    for measure, outcome in zip(measures, ("continue", "end"), strict=True):
        page = play.page("specialist", "answer_evaluation", measure.title)
        said = {"reach": "Kinder", "course": "Wie geplant", "effect": "Mehr", "lesson": "Früh beginnen"}
        play("specialist").send(page, {**said, "recommendation": outcome})
        page = play.page("planner", "evaluate_measure", measure.title)
        judged = {"agrees": "yes", "outcome": outcome, "effect": "Mehr Kinder werden erreicht."}
        play("planner").send(page, judged)
    request = Recommendation.objects.get(process__cycle=cycle, kind=RecommendationKind.EVALUATION)
    Meeting.objects.create(cycle=cycle, body=cycle.steering_group, held_on=timezone.localdate())
    play("planner").send(play.page("planner", "write_request", request.reference))
    page = play.page("planning_head", "adopt_recommendation", request.reference)
    play("planning_head").send(page, {"outcome": "adopt"})
    decide(play, request, DecisionResult.APPROVED)
    play("planner").send(play.page("planner", "close_cycle"), sure=True)
    cycle.refresh_from_db()
    assert cycle.is_closed
    supply = {f"supply_{world.jobcenter.pk}": [str(world.indicators[0].pk)]}
    successor = open_cycle(play, world, title="Planungszyklus 2029–2031", **supply)
    assert successor.predecessor == cycle
    assert [item.measure for item in successor.carried_items.all()] == [measures[0]]
    why = play("planner").see(reverse("workflows:why", args=["measure", measures[0].pk])).content.decode()
    for link in ("Angebot A", "Zentrum Nord", "Zwei Straßen prägen den Wert."):
        assert link in why
