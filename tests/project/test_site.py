"""The menu, the start page, the help, and what the engine's addresses still offer."""

from __future__ import annotations

import pytest
from django.db import connection
from django.urls import NoReverseMatch, Resolver404, get_resolver, resolve, reverse

from project.help import TOPICS
from project.site import navigation
from tests import factories
from tests.workflows.test_inbox import Counter, count_queries
from workflows.flows import FLOWS
from workflows.models import DataRequest
from workflows.selectors.places import places_of

pytestmark = pytest.mark.django_db


def places(person):
    found = places_of(person)
    return {
        name
        for name in ("cycles", "atlas", "measures", "bodies", "projects", "portfolio", "people", "log")
        if getattr(found, name)
    }


def test_each_person_finds_the_places_where_they_may_look(
    stages, planner, head, chair, association_head, provider_head, funder_reader, admin, outsider
):
    stages.at_data()
    assert places(planner) == {"cycles", "atlas", "measures", "bodies", "log"}
    assert places(head) == {"cycles", "atlas", "measures", "bodies"}
    assert places(chair) == {"cycles", "atlas", "measures", "bodies"}
    assert places(association_head) == {"cycles", "measures", "bodies"}
    assert places(provider_head) == {"cycles", "bodies"}
    # Its programmes are there before its first project.
    assert places(funder_reader) == {"projects", "portfolio"}
    assert {"people", "log"} <= places(admin)
    # The neighbour sees nothing of ours, but may open its own first cycle.
    assert places(outsider) == {"cycles", "log"}


def test_the_menu_marks_where_the_person_is(rf, stages, planner):
    stages.at_data()

    def current(path):
        request = rf.get(path)
        request.user = planner
        return [item.label for item in navigation(request) if item.is_current]

    assert current("/tasks/") == ["Meine Aufgaben"]
    assert current("/flows/delivery/1/provide_data/2/") == ["Meine Aufgaben"]
    assert current("/cycles/1/") == ["Planungszyklen"]
    assert current("/cases/1/") == ["Planungszyklen"]
    assert current("/why/measure/1/") == ["Planungszyklen"]
    assert current("/help/") == []


def test_nobody_else_gets_a_menu(rf):
    request = rf.get("/")
    request.user = None
    assert navigation(request) == []


def test_the_shell_asks_four_times_at_most(client_as, stages, planner):
    stages.at_data()
    # Session and person come on top.
    assert count_queries(client_as(planner), "/help/") <= 6


def test_the_start_page_leads_to_where_there_is_something_to_do(
    client, client_as, stages, head, planner, funder_reader
):
    stages.at_data()
    assert client_as(head).get("/").url == reverse("workflows:inbox")
    assert client_as(planner).get("/").url == reverse("workflows:cycle-list")
    assert client_as(funder_reader).get("/").url == reverse("measures:funding-portfolio")
    assert client.get("/").status_code == 302
    assert client_as(head).post("/").status_code == 405


def test_a_funder_begins_with_its_projects(client_as, world, funder_reader):
    measure = factories.measure(world.plan, world.provider)
    project = world.funder.funded_projects.create(
        measure=measure,
        provider=world.provider,
        programme=world.funder.programmes.create(title="Zusammen im Quartier"),
        title="Beispielprojekt",
        starts_on=measure.starts_on,
        ends_on=measure.ends_on,
    )
    from stakeholders.permissions import Perm, Role, grant, role_group  # noqa: PLC0415

    grant(Perm.TRACK_PROJECT, role_group(Role.ORGANISATION_PLANNER, world.funder), project)

    assert client_as(funder_reader).get("/").url == reverse("measures:funding-portfolio")


# --- The engine's addresses ----------------------------------------------------------------------------


def test_only_task_pages_and_the_case_are_left_of_the_engines_pages():
    names = set()

    def walk(patterns, prefix):
        for pattern in patterns:
            if hasattr(pattern, "url_patterns"):
                walk(pattern.url_patterns, prefix + str(pattern.pattern))
            elif prefix.startswith("flows/"):
                names.add(pattern.name)

    walk(get_resolver().url_patterns, "")
    assert names == {"process_detail", "index", "detail", "execute"}


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.__name__)
def test_the_engines_lists_do_not_exist(flow):
    # The engine ties a flow to its addresses when these are read first.
    assert get_resolver().url_patterns
    viewset = flow.instance.parent
    for name in ("index", "process_list", "task_list", "chart"):
        with pytest.raises(NoReverseMatch):
            viewset.reverse(name)
    for path in ("", "flows/", "tasks/", "chart/", "1/chart/", "1/cancel/"):
        with pytest.raises(Resolver404):
            resolve(f"/flows/{viewset.app_name}/{path}")


def test_the_engines_page_of_a_case_is_ours(client_as, stages, planner):
    stages.at_data()
    process = DataRequest.objects.first().process
    response = client_as(planner).get(process.flow_class.parent.reverse("process_detail", args=[process.pk]))
    assert response.url == reverse("workflows:case", args=[process.pk])


# --- Help ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_is_there_in_both_languages_without_a_sign_in(client, topic, language):
    client.post("/i18n/setlang/", {"language": language})
    response = client.get(reverse("help-topic", args=[topic]))
    assert response.status_code == 200
    page = response.content.decode()
    assert page.count("<h1") == 1
    assert f'lang="{language}"' in page
    assert len(page[page.index("<main") : page.index("</main>")]) > 1500


def test_the_index_lists_all_topics(client):
    page = client.get("/help/").content.decode()
    for topic in TOPICS:
        assert reverse("help-topic", args=[topic]) in page


def test_an_unknown_topic_does_not_exist(client):
    assert client.get("/help/nonsense/").status_code == 404
    assert client.post("/help/").status_code == 405


def test_the_help_asks_nothing_of_the_database_without_a_person(client):
    counter = Counter()
    with connection.execute_wrapper(counter):
        client.get("/help/tasks/")
    assert counter.count == 0


@pytest.mark.parametrize("page", ["funding-portfolio", "funding-figures", "project-list", "programme-list"])
def test_pages_of_funded_projects_lead_to_their_help(page, client_as, world):
    shown = client_as(world.fresh("planner")).get(reverse(f"measures:{page}")).content.decode()
    assert reverse("help-topic", args=["projects"]) in shown.partition("<main")[0]


def test_pages_of_the_social_report_have_a_help_topic_of_their_own(client):
    assert reverse("help-topic", args=["social-report"]) in client.get("/sozialbericht/").content.decode()
