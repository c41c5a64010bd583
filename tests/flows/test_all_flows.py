"""What holds for every flow and every step, however many there will be."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import pytest
from defusedxml import ElementTree
from django.db import models
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone, translation
from viewflow.workflow.lock import SelectForUpdateLock
from viewflow.workflow.models import Process
from viewflow.workflow.nodes.boundary import BoundaryEventMixin

from stakeholders.models import Body, Organisation
from stakeholders.permissions import Perm, declared_permissions, holders
from tests.amendments import granted, sent
from tests.chapters import Reports
from tests.docs.tools import DOCS
from tests.evenings import Evenings
from tests.factories import World
from tests.grants import owed_reports
from tests.stages import Stages
from workflows import diagrams, nodes
from workflows.assigning import assignment_create
from workflows.demo import driver
from workflows.engine import round_open
from workflows.flows import FLOWS, CirculationFlow
from workflows.models import (
    CosignOrder,
    DecisionResult,
    PlanningCycle,
    Poll,
    RecommendationKind,
    StageKind,
    VoteKind,
)
from workflows.nodes import Begin, Deadline, GuardedView, Outcome
from workflows.recommendation_cases import cosigning_ask
from workflows.reopening import Reopen
from workflows.selectors.tasks import TASK_PERMS
from workflows.services.social_report import report_begin

#: Steps that are reminded of more than once, and how many days before the later times.
REMINDED_AGAIN = {"report_figures": (7, 1), "draft_report": (7, 1)}
#: These three have the same steps.
PROJECT_REPORTS = ("InterimReportFlow", "FinalReportFlow", "DrawdownFlow")
PROJECT_STEPS = ("draft_report", "review_report", "decide_report", "answer_question")
#: Every step of a person, and the right it takes. Names and rights are stored in the rows of running cases:
#: a change here needs a migration of data, and a line in the changelog.
HUMAN = {
    "PlanningCycleFlow": {
        "run_analysis": Perm.ACT_FOR_ORGANISATION,
        "write_profiles": Perm.ACT_FOR_ORGANISATION,
        "prepare_conference": Perm.ACT_FOR_ORGANISATION,
        "hold_conference": Perm.ACT_FOR_ORGANISATION,
        "prepare_steering_group": Perm.ACT_FOR_ORGANISATION,
        "shape_measures": Perm.ACT_FOR_ORGANISATION,
        "steer_implementation": Perm.ACT_FOR_ORGANISATION,
        "close_cycle": Perm.ACT_FOR_ORGANISATION,
    },
    "DeliveryFlow": {
        "provide_data": Perm.ACT_FOR_ORGANISATION,
        "review_delivery": Perm.ACT_FOR_ORGANISATION,
    },
    "ContributionFlow": {"give_statements": Perm.ACT_FOR_ORGANISATION},
    "RecommendationFlow": {
        "draft_recommendation": Perm.ADVISE_BODY,
        "write_request": Perm.ACT_FOR_ORGANISATION,
        "adopt_recommendation": Perm.CHAIR_BODY,
        "decide_recommendation": Perm.CHAIR_BODY,
        "issue_extract": Perm.CHAIR_BODY,
        "record_outcomes": Perm.ACT_FOR_ORGANISATION,
    },
    "CosigningFlow": {"cosign_recommendation": Perm.ACT_FOR_ORGANISATION},
    "ConfirmationFlow": {"confirm_agreement": Perm.LEAD_ORGANISATION},
    "MeasureFlow": {
        "revise_measure": Perm.ACT_FOR_ORGANISATION,
        "begin_measure": Perm.ACT_FOR_ORGANISATION,
        "finish_measure": Perm.ACT_FOR_ORGANISATION,
        "answer_evaluation": Perm.ACT_FOR_ORGANISATION,
        "evaluate_measure": Perm.ACT_FOR_ORGANISATION,
    },
    "AgreementReviewFlow": {"hold_review": Perm.ACT_FOR_ORGANISATION},
    "ReportFlow": {
        "report_figures": Perm.ACT_FOR_ORGANISATION,
        "confirm_figures": Perm.ACT_FOR_ORGANISATION,
    },
    "ChapterFlow": {
        "write_chapter": Perm.ACT_FOR_ORGANISATION,
        "release_chapter": Perm.LEAD_ORGANISATION,
    },
    "CirculationFlow": {"vote_in_circulation": Perm.VOTE_IN_BODY},
    "AssignmentFlow": {
        "carry_out": Perm.ACT_FOR_ORGANISATION,
        "decide_more_time": Perm.ACT_FOR_ORGANISATION,
        "confirm_done": Perm.ACT_FOR_ORGANISATION,
    },
    "MinutesFlow": {
        "write_minutes": Perm.ACT_FOR_ORGANISATION,
        "sign_minutes": Perm.CHAIR_BODY,
    },
    "SpaceConferenceFlow": {
        "prepare_evening": Perm.ACT_FOR_ORGANISATION,
        "hold_evening": Perm.ACT_FOR_ORGANISATION,
        "answer_ideas": Perm.ACT_FOR_ORGANISATION,
        "release_answers": Perm.LEAD_ORGANISATION,
        "release_correction": Perm.LEAD_ORGANISATION,
        "correct_answer": Perm.ACT_FOR_ORGANISATION,
    },
    **dict.fromkeys(PROJECT_REPORTS, dict.fromkeys(PROJECT_STEPS, Perm.ACT_FOR_ORGANISATION)),
    "ReportExtensionFlow": {"decide_extension": Perm.ACT_FOR_ORGANISATION},
    "AmendmentFlow": {
        "write_amendment": Perm.ACT_FOR_ORGANISATION,
        "review_amendment": Perm.ACT_FOR_ORGANISATION,
        "decide_amendment": Perm.ACT_FOR_ORGANISATION,
    },
}
#: How each case can end.
ENDS = {
    "PlanningCycleFlow": {"closed"},
    "DeliveryFlow": {"accepted", "waived"},
    "ContributionFlow": {"contributed", "called_off"},
    "RecommendationFlow": {"approved", "approved_with_conditions", "rejected", "withdrawn", "merged"},
    "CosigningFlow": {"cosigned", "dissented", "unanswered", "called_off"},
    "ConfirmationFlow": {"confirmed", "refused", "called_off"},
    "MeasureFlow": {"completed", "ended", "ended_early", "merged", "withdrawn"},
    "AgreementReviewFlow": {"held", "called_off"},
    "ReportFlow": {"confirmed", "called_off"},
    "ChapterFlow": {"published", "given_up"},
    "CirculationFlow": {"voted", "over"},
    "AssignmentFlow": {"met", "called_off"},
    "MinutesFlow": {"approved"},
    "SpaceConferenceFlow": {"published", "given_up"},
    **{key: {"accepted", "called_off"} for key in PROJECT_REPORTS},
    "ReportExtensionFlow": {"granted", "refused", "lapsed", "withdrawn"},
    "AmendmentFlow": {"granted", "refused", "withdrawn"},
}
WROTE, RECOMMENDED = {"draft_report"}, ("draft_recommendation", "write_request", "adopt_recommendation")
#: The one who acted must be another than the one who acts.
FOUR_EYES = {
    ("DeliveryFlow", "review_delivery"): {"provide_data"},
    ("RecommendationFlow", "adopt_recommendation"): {"draft_recommendation", "write_request"},
    ("RecommendationFlow", "decide_recommendation"): set(RECOMMENDED),
    ("MeasureFlow", "evaluate_measure"): {"answer_evaluation"},
    ("ReportFlow", "confirm_figures"): {"report_figures"},
    ("ChapterFlow", "release_chapter"): {"write_chapter"},
    ("AssignmentFlow", "decide_more_time"): {"carry_out"},
    ("AssignmentFlow", "confirm_done"): {"carry_out"},
    ("SpaceConferenceFlow", "release_answers"): {"answer_ideas"},
    **{(flow, "review_report"): WROTE for flow in PROJECT_REPORTS},
    **{(flow, "decide_report"): {*WROTE, "review_report", "answer_question"} for flow in PROJECT_REPORTS},
    ("AmendmentFlow", "review_amendment"): {"write_amendment"},
    ("AmendmentFlow", "decide_amendment"): {"write_amendment", "review_amendment"},
}
#: Steps begin with a verb; gates ask; waits and messages say what for; ends are outcomes.
VERBS = {
    *("adopt", "answer", "apply", "ask", "begin", "call", "carry", "close", "confirm"),
    *("correct", "cosign"),
    *("decide", "draft", "enter", "evaluate", "finish", "give", "hold", "invite", "issue", "mark"),
    *("prepare", "provide", "release", "reopen", "report", "request", "resume", "review", "revise"),
    *("plan", "record", "run", "shape", "sign", "steer"),
    *("tell", "vote", "write"),
}
PREFIX = {
    nodes.Question: "check_",
    nodes.Choice: "check_",
    nodes.WaitFor: "wait_for_",
    nodes.Message: "wait_for_",
}

ALL_NODES = [(flow, node) for flow in FLOWS for node in flow.instance.nodes()]
HUMAN_NODES = [(flow, node) for flow, node in ALL_NODES if isinstance(node, GuardedView)]


def _id(value: Any) -> str:
    return str(getattr(value, "__name__", None) or getattr(value, "name", value))


each_flow = pytest.mark.parametrize("flow", FLOWS, ids=_id)
each_node = pytest.mark.parametrize(("flow", "node"), ALL_NODES, ids=_id)
each_human_node = pytest.mark.parametrize(("flow", "node"), HUMAN_NODES, ids=_id)


def _steps(flow: Any) -> list[Any]:
    """Nodes on the ways of a flow; deadlines hang on a step and lead nowhere."""
    return [node for node in flow.instance.nodes() if not isinstance(node, Deadline)]


def _reached(first: list[Any], edges: dict[Any, set[Any]]) -> set[Any]:
    found: set[Any] = set()
    waiting = list(first)
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting.extend(edges.get(node, ()))
    return found


def test_the_table_names_every_flow() -> None:
    assert [flow.__name__ for flow in FLOWS] == list(HUMAN) == list(ENDS)
    assert len({flow.process_class for flow in FLOWS}) == len(FLOWS), "one kind of case per flow"


# --- ways ------------------------------------------------------------------------------------------


@each_flow
def test_every_node_is_reached_from_the_start_and_leads_to_an_end(flow: Any) -> None:
    onward = {node: {edge.dst for edge in node._outgoing()} for node in _steps(flow)}
    back: dict[Any, set[Any]] = {}
    for source, targets in onward.items():
        for target in targets:
            back.setdefault(target, set()).add(source)
    starts = [node for node in _steps(flow) if type(node) is Begin]
    again = [node for node in _steps(flow) if isinstance(node, Reopen)]
    ends = [node for node in _steps(flow) if isinstance(node, Outcome)]

    assert len(starts) == 1
    assert _reached([*starts, *again], onward) == set(_steps(flow))
    assert _reached(ends, back) == set(_steps(flow))


@each_flow
def test_only_ends_lead_nowhere(flow: Any) -> None:
    dead = {node.name for node in _steps(flow) if not list(node._outgoing())}

    assert dead == ENDS[flow.__name__]
    assert {node.name for node in _steps(flow) if isinstance(node, Outcome)} == dead


@each_flow
def test_gates_ask_with_more_than_one_answer(flow: Any) -> None:
    gates = [node for node in _steps(flow) if isinstance(node, (nodes.Question, nodes.Choice))]

    for gate in gates:
        targets = [edge.dst for edge in gate._outgoing()]
        assert len(targets) == len(set(targets)) >= 2, gate.name


# --- steps of people -------------------------------------------------------------------------------


@each_flow
def test_steps_of_people_are_the_known_ones_with_the_known_rights(flow: Any) -> None:
    guarded = {node.name: node.perm for node in flow.instance.nodes() if isinstance(node, GuardedView)}

    assert guarded == HUMAN[flow.__name__]


@each_flow
def test_no_step_of_a_person_goes_unguarded(flow: Any) -> None:
    human = {node.name for node in flow.instance.nodes() if node.task_type in {"HUMAN", "HUMAN_START"}}

    assert human == set(HUMAN[flow.__name__])


@each_flow
def test_nothing_runs_that_the_house_does_not_know(flow: Any) -> None:
    """Jobs, signals, subprocesses and joins would bring rules of their own (locks, locals in rows)."""
    known = {
        *(nodes.Begin, nodes.Step, nodes.Question, nodes.Choice, nodes.Outcome, nodes.Fork),
        *(nodes.Message, nodes.WaitFor, nodes.Deadline, nodes.GuardedView, Reopen),
    }

    assert {type(node) for node in flow.instance.nodes()} <= known


@each_human_node
def test_each_step_of_a_person_is_guarded_on_all_sides(flow: Any, node: GuardedView) -> None:
    assert node.perm.value in declared_permissions()
    assert node.perm in TASK_PERMS, "or the inbox would not find it"
    assert node._owner_permission == node.perm.value
    assert not node._owner_permission_auto_create
    assert None not in {node._to, node._due, node._stage}
    assert set(node.barred_nodes) == FOUR_EYES.get((flow.__name__, node.name), set())


@each_human_node
def test_each_step_of_a_person_reminds_and_escalates(flow: Any, node: GuardedView) -> None:
    deadlines = {deadline.name: deadline for deadline in node._boundary_events}

    more = {f"{node.name}__remind_{days}" for days in REMINDED_AGAIN.get(node.name, ())}
    assert set(deadlines) == {f"{node.name}__remind", f"{node.name}__escalate"} | more
    for deadline in deadlines.values():
        assert isinstance(deadline, Deadline)
        assert deadline._attached_to is node
        assert not deadline._interrupting
    due = timezone.localdate() + datetime.timedelta(days=30)
    remind, escalate = deadlines[f"{node.name}__remind"], deadlines[f"{node.name}__escalate"]
    assert remind.moment(due).date() < due < escalate.moment(due).date()


def deadline_count(flow: Any) -> int:
    """A reminder and an escalation of each step of a person, and the further reminders."""
    steps = HUMAN[flow.__name__]
    return 2 * len(steps) + sum(len(REMINDED_AGAIN.get(step, ())) for step in steps)


@each_flow
def test_no_deadline_hangs_anywhere_else(flow: Any) -> None:
    boundaries = [node for node in flow.instance.nodes() if isinstance(node, BoundaryEventMixin)]

    assert len(boundaries) == deadline_count(flow)


@each_flow
def test_every_flow_locks_its_case_and_waits_for_the_lock(flow: Any) -> None:
    assert isinstance(flow.lock_impl, SelectForUpdateLock)
    assert not flow.lock_impl.nowait


@each_flow
def test_no_flow_inherits_steps(flow: Any) -> None:
    assert flow.__mro__[1] is nodes.PlanningFlow
    assert list(nodes.PlanningFlow.instance.nodes()) == []


@each_flow
def test_each_case_is_tied_to_its_object_and_cannot_lose_it(flow: Any) -> None:
    own = [
        field
        for field in flow.process_class._meta.local_fields
        if isinstance(field, models.ForeignKey) and not field.remote_field.parent_link
    ]

    assert own
    for field in own:
        assert field.remote_field.on_delete is models.PROTECT, field.name
    assert not flow.process_class._meta.proxy
    assert flow.process_class.__mro__[1] is Process


# --- words -----------------------------------------------------------------------------------------


@each_node
def test_each_node_is_named_by_what_it_is(flow: Any, node: Any) -> None:
    if isinstance(node, Deadline):
        return
    if type(node) in PREFIX:
        assert node.name.startswith(PREFIX[type(node)])
    elif isinstance(node, Outcome):
        assert node.name in ENDS[flow.__name__]
    elif type(node) is Begin:
        assert node.name == "start"
    else:
        assert node.name.split("_")[0] in VERBS


@each_node
def test_each_node_has_a_title_in_both_languages(flow: Any, node: Any) -> None:
    with translation.override("en"):
        english = str(node.task_title)
    with translation.override("de"):
        german = str(node.task_title)

    assert english
    assert german
    assert german != english, "no German yet"


@each_human_node
def test_each_task_says_what_to_do_about_what(flow: Any, node: GuardedView) -> None:
    with translation.override("en"):
        english = str(node.headline)
    with translation.override("de"):
        german = str(node.headline)

    assert german != english
    for headline in (english, german):
        assert headline.count("%(subject)s") == 1
        assert (headline % {"subject": "Musterstadt"}).count("Musterstadt") == 1


@each_flow
def test_each_flow_has_a_title_in_both_languages(flow: Any) -> None:
    with translation.override("en"):
        english = str(flow.process_title)
    with translation.override("de"):
        german = str(flow.process_title)

    assert english
    assert german
    assert german != english


# --- questions to a real case ----------------------------------------------------------------------


def test_each_step_finds_addressee_day_stage_and_subject(stages: Stages, world: World) -> None:
    """Asked of the concrete case and, as the engine does when a task is taken, of its base row."""
    cycle, _measure = stages.at_implementation()
    today = timezone.localdate()
    round_open(
        cycle, reference_on=today, due_on=today + datetime.timedelta(days=14), user=world.fresh("planner")
    )
    report = report_begin(
        world.territory,
        planning_unit=world.planning_unit,
        slug="bericht",
        title="Bericht",
        user=world.fresh("planner"),
    )
    reports = Reports(world, cycle, report)
    reports.renewal(reports.chapter())
    ask_to_cosign(cycle, stages)
    _circulate(cycle, world)
    assignment_create(
        cycle=cycle,
        organisation=world.youth_office,
        text="Berichten",
        due_on=today,
        meeting=cycle.meetings.first(),
        user=world.fresh("planner"),
    )
    Evenings(world, cycle).set_up()
    sent(granted(world, cycle), world)
    owed_reports(world)
    asked = []
    for flow, node in HUMAN_NODES:
        process = Process.objects.get(pk=flow.process_class.objects.latest("pk").pk)
        concrete = process.coerced
        where = f"{flow.__name__}.{node.name}"
        addressee = node.addressee(concrete)
        is_body = node.perm in {Perm.ADVISE_BODY, Perm.CHAIR_BODY, Perm.VOTE_IN_BODY}

        assert isinstance(addressee, Body if is_body else Organisation), where
        # A funder belongs to no territory.
        assert addressee == world.funder or addressee.territory_id == world.territory.pk, where
        assert node._owner_permission_obj(process) == addressee, where
        assert holders(node.perm, addressee).exists(), f"nobody could do {where}"
        assert type(node.due_of(concrete)) is datetime.date, where
        assert node.stage_of(concrete) in StageKind.values, where
        assert node.subject_of(concrete).strip(), where
        assert node.cycle_of(concrete) == cycle, where
        asked.append(node)
    assert len(asked) == sum(len(steps) for steps in HUMAN.values())


def ask_to_cosign(cycle: Any, stages: Stages) -> None:
    """A request to open stage 2 before the conference, shown to the Jobcenter first."""
    request = driver.recommend(
        cycle,
        stages.wording("Stufe 2", areas=(), indicators=()),
        author=stages.world.fresh("planner"),
        kind=RecommendationKind.STAGE_TWO,
    )
    cosigning_ask(
        request,
        organisations=[stages.world.jobcenter],
        order=CosignOrder.PARALLEL,
        due_on=timezone.localdate(),
        user=stages.world.fresh("planner"),
    )


def _circulate(cycle: PlanningCycle, world: World) -> None:
    """A poll in circulation with the task of one seat."""
    recommendation = cycle.recommendations.latest("pk")
    poll = Poll.objects.create(
        body=cycle.steering_group,
        cycle=cycle,
        recommendation=recommendation,
        version=recommendation.versions.latest("pk"),
        kind=VoteKind.CIRCULATED,
        result=DecisionResult.APPROVED,
        ends_on=timezone.localdate() + datetime.timedelta(days=14),
        opened_by=world.fresh("chair"),
    )
    CirculationFlow.start.run(poll=poll, seat=cycle.steering_group.memberships.get(seat="chair"))


def test_cards_of_real_tasks_repeat_what_the_step_says(stages: Stages) -> None:
    cycle, _measure = stages.at_evaluation()
    cards = list(cycle.task_cards.select_related("task", "permission"))

    assert {card.stage for card in cards} == set(StageKind.values)
    for card in cards:
        node, process = card.task.flow_task, card.task.process.coerced
        assert card.addressee == node.addressee(process)
        assert card.task.owner_permission == node.perm.value
        assert card.task.owner_permission.endswith(f".{card.permission.codename}")
        assert card.object_pk == str(card.addressee.pk)
        assert card.is_open == (card.task.finished is None)


# --- diagrams --------------------------------------------------------------------------------------


@each_flow
@pytest.mark.parametrize("language", ["de", "en"])
def test_each_flow_draws_as_svg_with_our_titles(flow: Any, language: str) -> None:
    with translation.override(language):
        root = ElementTree.fromstring(diagrams.flow_svg(flow))
        titles = [str(node.task_title) for node in flow.instance.nodes() if isinstance(node, GuardedView)]

    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    drawn = _letters("".join(root.itertext()))
    for title in titles:
        assert _letters(title) in drawn


def _letters(text: str) -> str:
    """Without the white space at which the drawing breaks lines."""
    return "".join(text.split())


@each_flow
def test_each_flow_exports_as_bpmn(flow: Any) -> None:
    bpmn = {"bpmn": "http://www.omg.org/spec/BPMN/20100524/MODEL"}
    root = ElementTree.fromstring(diagrams.flow_bpmn(flow))
    name = flow.__name__

    def named(tag: str) -> set[str]:
        return {
            element.get("id").removeprefix("id_node_") for element in root.iterfind(f".//bpmn:{tag}", bpmn)
        }

    assert named("userTask") == set(HUMAN[name])
    assert named("endEvent") == ENDS[name]
    assert named("startEvent") == {node.name for node in flow.instance.nodes() if isinstance(node, Begin)}
    assert len(named("boundaryEvent")) == deadline_count(flow)
    known = {element.get("id") for element in root.iter() if element.get("id")}
    flows = list(root.iterfind(".//bpmn:sequenceFlow", bpmn))
    assert flows
    for edge in flows:
        assert {edge.get("sourceRef"), edge.get("targetRef")} <= known


@each_flow
def test_the_diagram_in_the_documents_is_the_flow(flow: Any) -> None:
    drawn = DOCS / "flows" / f"{flow.instance.flow_label.split('/')[-1]}.svg"
    with translation.override("de"):
        wanted = diagrams.flow_svg(flow)

    assert drawn.read_text(encoding="utf-8") == wanted, "manage.py export_flows draws them anew"


def test_the_diagram_of_a_case_marks_where_it_stands(stages: Stages) -> None:
    process = stages.at_data().requests.first().process
    bare, marked = (
        diagrams.flow_svg(process.flow_class),
        diagrams.flow_svg(process.flow_class, process_pk=process.pk),
    )

    assert marked != bare
    ElementTree.fromstring(marked)


# --- addresses -------------------------------------------------------------------------------------


def _patterns(entry: Any, path: str = "") -> Iterator[tuple[str, str | None]]:
    for pattern in entry.url_patterns:
        here = path + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern, here)
        elif isinstance(pattern, URLPattern):
            yield here, pattern.name


def test_the_engine_offers_our_task_pages_and_nothing_else() -> None:
    """Undoing, cancelling, reviving and the engine's own taking would go past our checks."""
    mounted = {path: name for path, name in _patterns(get_resolver()) if path.startswith("flows/")}
    wanted = {}
    for flow in FLOWS:
        root = f"flows/{flow.instance.flow_label.split('/')[-1]}/"
        wanted[f"{root}<int:process_pk>/"] = "process_detail"
        for node in HUMAN[flow.__name__]:
            task = f"{root}<int:process_pk>/{node}/<int:task_pk>/"
            wanted |= {task: "index", f"{task}detail/": "detail", f"{task}execute/": "execute"}

    assert mounted == wanted


def test_the_engines_own_acts_have_no_address(stages: Stages, world: World, client_as: Any) -> None:
    request = stages.at_data().requests.get(organisation=world.youth_office)
    task = nodes.open_task(request.process, request.process.flow_class.provide_data)
    page = f"/flows/delivery/{task.process_id}/provide_data/{task.pk}/"
    for name in ("planner", "head", "admin"):
        client = client_as(world.fresh(name))
        for act in ("undo", "cancel", "revive", "assign", "unassign", "reassign"):
            assert client.get(f"{page}{act}/").status_code == 404
            assert client.post(f"{page}{act}/").status_code == 404
    before = task.status
    task.refresh_from_db()
    assert (task.status, task.owner) == (before, None)


def test_nobody_manages_a_case_past_its_steps(world: World) -> None:
    for name in world.people:
        for flow in FLOWS:
            assert not flow.instance.has_manage_permission(world.fresh(name))
