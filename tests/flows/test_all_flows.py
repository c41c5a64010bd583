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
from tests.chapters import Reports
from tests.docs.tools import DOCS
from tests.factories import World
from tests.stages import Stages
from workflows import diagrams, nodes
from workflows.engine import round_open
from workflows.flows import FLOWS
from workflows.models import StageKind
from workflows.nodes import Begin, Deadline, GuardedView, Outcome
from workflows.reopening import Reopen
from workflows.selectors.tasks import TASK_PERMS
from workflows.services.social_report import report_begin

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
    },
    "ConfirmationFlow": {"confirm_agreement": Perm.LEAD_ORGANISATION},
    "MeasureFlow": {
        "revise_measure": Perm.ACT_FOR_ORGANISATION,
        "begin_measure": Perm.ACT_FOR_ORGANISATION,
        "finish_measure": Perm.ACT_FOR_ORGANISATION,
        "evaluate_measure": Perm.ACT_FOR_ORGANISATION,
    },
    "ReportFlow": {
        "report_figures": Perm.ACT_FOR_ORGANISATION,
        "confirm_figures": Perm.ACT_FOR_ORGANISATION,
    },
    "ChapterFlow": {
        "write_chapter": Perm.ACT_FOR_ORGANISATION,
        "release_chapter": Perm.LEAD_ORGANISATION,
    },
}
#: How each case can end.
ENDS = {
    "PlanningCycleFlow": {"closed"},
    "DeliveryFlow": {"accepted", "waived"},
    "ContributionFlow": {"contributed", "called_off"},
    "RecommendationFlow": {"approved", "approved_with_conditions", "rejected", "withdrawn"},
    "ConfirmationFlow": {"confirmed", "refused", "called_off"},
    "MeasureFlow": {"completed", "ended", "withdrawn"},
    "ReportFlow": {"confirmed"},
    "ChapterFlow": {"published", "given_up"},
}
#: The one who acted must be another than the one who acts.
FOUR_EYES = {
    ("DeliveryFlow", "review_delivery"): {"provide_data"},
    ("RecommendationFlow", "adopt_recommendation"): {"draft_recommendation", "write_request"},
    ("RecommendationFlow", "decide_recommendation"): {
        *("draft_recommendation", "write_request", "adopt_recommendation"),
    },
    ("ReportFlow", "confirm_figures"): {"report_figures"},
    ("ChapterFlow", "release_chapter"): {"write_chapter"},
}
#: Steps begin with a verb; gates ask; waits and messages say what for; ends are outcomes.
VERBS = {
    *("adopt", "apply", "ask", "begin", "call", "close", "confirm", "decide", "draft", "enter", "evaluate"),
    *("finish", "give", "hold", "invite", "mark", "prepare", "provide", "release", "reopen", "report"),
    *("request", "resume", "review", "revise", "run", "shape", "steer", "tell", "write"),
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

    assert set(deadlines) == {f"{node.name}__remind", f"{node.name}__escalate"}
    for deadline in deadlines.values():
        assert isinstance(deadline, Deadline)
        assert deadline._attached_to is node
        assert not deadline._interrupting
    due = timezone.localdate() + datetime.timedelta(days=30)
    remind, escalate = deadlines[f"{node.name}__remind"], deadlines[f"{node.name}__escalate"]
    assert remind.moment(due).date() < due < escalate.moment(due).date()


@each_flow
def test_no_deadline_hangs_anywhere_else(flow: Any) -> None:
    boundaries = [node for node in flow.instance.nodes() if isinstance(node, BoundaryEventMixin)]

    assert len(boundaries) == 2 * len(HUMAN[flow.__name__])


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
    asked = []
    for flow, node in HUMAN_NODES:
        process = Process.objects.get(pk=flow.process_class.objects.latest("pk").pk)
        concrete = process.coerced
        where = f"{flow.__name__}.{node.name}"
        addressee = node.addressee(concrete)
        is_body = node.perm in {Perm.ADVISE_BODY, Perm.CHAIR_BODY, Perm.VOTE_IN_BODY}

        assert isinstance(addressee, Body if is_body else Organisation), where
        assert addressee.territory_id == world.territory.pk, where
        assert node._owner_permission_obj(process) == addressee, where
        assert holders(node.perm, addressee).exists(), f"nobody could do {where}"
        assert type(node.due_of(concrete)) is datetime.date, where
        assert node.stage_of(concrete) in StageKind.values, where
        assert node.subject_of(concrete).strip(), where
        assert node.cycle_of(concrete) == cycle, where
        asked.append(node)
    assert len(asked) == sum(len(steps) for steps in HUMAN.values())


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
    assert len(named("boundaryEvent")) == 2 * len(HUMAN[name])
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
