"""Where a case stands, its diagram, and the diagrams in the documents."""

from __future__ import annotations

from io import StringIO
from xml.etree import ElementTree as ET

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import translation

from tests import factories
from workflows import diagrams
from workflows.catalogue import human_nodes
from workflows.demo import driver
from workflows.flows import FLOWS, PlanningCycleFlow
from workflows.management.commands import export_flows
from workflows.nodes import open_task

SVG = "{http://www.w3.org/2000/svg}"
BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
ENGINE_WORDS = ("Task", "Process", "Instance", "task #", "STARTED", "ASSIGNED", "Provide Data")


@pytest.fixture
def cycle(stages):
    return stages.at_data()


@pytest.fixture
def request_(cycle, world):
    return cycle.requests.get(organisation=world.youth_office)


def case_of(process, name="case"):
    return reverse(f"workflows:{name}", args=[process.pk])


@pytest.mark.parametrize("name", ["case", "case-diagram", "case-bpmn"])
def test_a_case_is_open_to_its_people_and_to_planning_and_hidden_from_others(
    client_as, request_, name, planner, specialist, head, member, jobcenter_head, outsider
):
    url = case_of(request_.process, name)
    for person in (planner, specialist, head):
        assert client_as(person).get(url).status_code == 200
    # The Jobcenter sits in the planning conference, but the delivery of another is none of its cases.
    for person in (member, outsider, jobcenter_head):
        assert client_as(person).get(url).status_code == 404
    assert client_as(planner).post(url).status_code == 405
    assert client_as(planner).get(reverse(f"workflows:{name}", args=[0])).status_code == 404


def test_a_case_needs_a_sign_in(client, request_):
    assert client.get(case_of(request_.process)).status_code == 302


def test_the_page_tells_the_steps_in_the_language_of_colleagues(
    client_as, request_, world, planner, specialist
):
    values = factories.full_values(request_, world.areas)
    driver.deliver(request_, factories.delivery(world.youth_office, values, specialist), user=specialist)
    driver.review(request_, is_accepted=False, reason="Ein Wert fehlt", user=planner)

    response = client_as(planner).get(case_of(request_.process))

    steps = [
        (step.title, step.person, step.badge.text) for step in response.context["case"].steps if step.is_human
    ]
    assert steps == [
        ("Daten liefern: Jugendamt, Planungszyklus 2026–2028", "Fachplanung Jugendamt", "erledigt"),
        ("Lieferung prüfen: Jugendamt", "Sozialplanerin", "erledigt"),
        ("Daten liefern: Jugendamt, Planungszyklus 2026–2028", "Fachplanung Jugendamt", "übernommen"),
    ]
    page = response.content.decode()
    main = page[page.index("<main") : page.index("</main>")]
    for word in ENGINE_WORDS:
        assert word not in main


def test_where_it_stands_is_named_first(client_as, cycle, request_, planner):
    case = client_as(planner).get(case_of(request_.process)).context["case"]
    assert [(step.title, step.addressee) for step in case.current_steps] == [
        ("Daten liefern: Jugendamt, Planungszyklus 2026–2028", "Jugendamt")
    ]
    waiting = client_as(planner).get(case_of(cycle.process)).context["case"].current_steps
    assert [(step.is_human, step.badge.text) for step in waiting] == [(False, "wartet")]


def test_a_step_is_linked_only_for_who_may_open_it(client_as, stages, planner, jobcenter_head):
    """The conference follows the course of the cycle; the invitation itself is planning's task."""
    cycle = stages.at_conference()
    task = open_task(cycle.process, PlanningCycleFlow.prepare_conference)
    link = reverse("workflows:task", args=[task.pk])
    assert link in client_as(planner).get(case_of(cycle.process)).content.decode()
    assert link not in client_as(jobcenter_head).get(case_of(cycle.process)).content.decode()


def test_a_provider_sees_its_case_but_no_link_to_a_cycle_it_may_not_see(client_as, stages, world):
    """Their task is theirs; the cycle is not."""
    cycle, measure = stages.at_agreement()
    confirmation = measure.confirmations.get(organisation=world.provider)
    for seat in world.people["provider_head"].seats.all():
        factories.people.seat_end(seat, ends_on=factories.LONG_AGO, user=None)
    provider_head = world.fresh("provider_head")

    response = client_as(provider_head).get(case_of(confirmation.process))

    assert response.status_code == 200
    assert reverse("workflows:cycle-detail", args=[cycle.pk]) not in response.content.decode()


def test_the_diagram_marks_where_the_case_stands(client_as, request_, planner):
    response = client_as(planner).get(case_of(request_.process, "case-diagram"))

    assert response["Content-Type"] == "image/svg+xml"
    boxes = {
        box.get("id"): box.get("stroke-width") for box in ET.fromstring(response.content).iter(f"{SVG}g")
    }
    assert boxes["provide_data"] == "4"
    assert boxes["review_delivery"] == "1.1"


def test_the_diagram_speaks_the_language_of_the_page(client_as, request_, planner):
    client = client_as(planner)
    german = client.get(case_of(request_.process, "case-diagram")).content.decode()
    client.post("/i18n/setlang/", {"language": "en"})
    english = client.get(case_of(request_.process, "case-diagram")).content.decode()

    assert "Daten liefern" in german
    assert "Deliver data" not in german
    assert "Deliver data" in english


def test_the_bpmn_file_is_complete(client_as, request_, planner):
    response = client_as(planner).get(case_of(request_.process, "case-bpmn"))

    root = ET.fromstring(response.content)
    assert "attachment" in response["Content-Disposition"]
    tasks = {node.get("id") for node in root.iter(f"{BPMN}userTask")}
    assert tasks == {"id_node_provide_data", "id_node_review_delivery"}
    known = {node.get("id") for node in root.iter() if node.get("id")}
    for arrow in root.iter(f"{BPMN}sequenceFlow"):
        assert {arrow.get("sourceRef"), arrow.get("targetRef")} <= known


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.__name__)
def test_titles_are_broken_between_words_only(flow):
    with translation.override("de"):
        drawing = ET.fromstring(diagrams.flow_svg(flow))
    by_box = {box.get("id"): box for box in drawing.iter(f"{SVG}g")}
    for node in flow.instance.nodes():
        box = by_box[node.name]
        lines = [text.text for text in box.findall(f"{SVG}text") if text.get("class") is None]
        if lines:
            with translation.override("de"):
                assert " ".join(lines).split() == str(node.task_title).split()


#: Headlines that name more than the step, or less of a long title.
OTHER_HEADLINES = {"report_figures", "confirm_figures", "write_request"}


def test_a_task_has_one_name_in_diagram_and_list():
    with translation.override("de"):
        wrong = {
            node.name: (str(node.task_title), str(node.headline))
            for node in human_nodes()
            if node.name not in OTHER_HEADLINES and str(node.headline) != f"{node.task_title}: %(subject)s"
        }
    assert wrong == {}


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.__name__)
def test_names_in_the_bpmn_file_are_whole(flow):
    with translation.override("de"):
        root = ET.fromstring(diagrams.flow_bpmn(flow))
        titles = {f"id_node_{node.name}": str(node.task_title) for node in flow.instance.nodes()}
    tasks = list(root.iter(f"{BPMN}userTask"))
    assert tasks
    for task in tasks:
        assert task.get("name") == titles[task.get("id")]


def test_the_diagrams_in_the_documents_are_up_to_date():
    call_command("export_flows", "--check", stdout=StringIO())


def test_a_stale_or_foreign_diagram_is_found_and_mended(tmp_path, monkeypatch):
    monkeypatch.setattr(export_flows, "FOLDER", tmp_path / "flows")
    with pytest.raises(CommandError, match=r"delivery\.svg"):
        call_command("export_flows", "--check", stdout=StringIO())
    out = StringIO()
    call_command("export_flows", stdout=out)
    assert out.getvalue().strip() == f"Written: {len(FLOWS)}, removed: 0."

    (tmp_path / "flows" / "old.svg").write_text("x")
    with pytest.raises(CommandError, match=r"old\.svg"):
        call_command("export_flows", "--check", stdout=StringIO())
    call_command("export_flows", stdout=StringIO())
    call_command("export_flows", "--check", stdout=StringIO())
