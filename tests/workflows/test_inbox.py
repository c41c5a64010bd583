"""The inbox: what is in it, and taking, giving back and handing over."""

from __future__ import annotations

import datetime
import threading

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from viewflow.workflow.models import Task

from project.common.errors import DomainError
from stakeholders.models import LogEntry, User
from tests import factories
from tests.permissions.scene import Scene
from workflows.catalogue import human_nodes, nodes_called
from workflows.demo import driver
from workflows.flows import DeliveryFlow
from workflows.models import TaskCard
from workflows.nodes import open_task
from workflows.selectors import tasks as selectors
from workflows.selectors.tasks import InboxFilter
from workflows.services import tasks as services
from workflows.services.meetings import meeting_close

INBOX = "/tasks/"


@pytest.fixture
def cycle(stages):
    return stages.at_data()


@pytest.fixture
def task(cycle, world):
    """The youth office's delivery, nobody's yet."""
    return open_task(cycle.requests.get(organisation=world.youth_office).process, DeliveryFlow.provide_data)


@pytest.fixture
def other_task(cycle, world):
    """The Jobcenter's delivery."""
    return open_task(cycle.requests.get(organisation=world.jobcenter).process, DeliveryFlow.provide_data)


def shown(response):
    return [row.card.task_id for row in response.context["rows"]]


def more_tasks(task, count, **card_values):
    """Copies of a task, as many cases would bring."""
    copies = Task.objects.bulk_create(
        Task(
            process_id=task.process_id,
            flow_task=task.flow_task,
            flow_task_type="HUMAN",
            status="NEW",
            token=task.token,
            owner_permission=task.owner_permission,
            owner_permission_content_type=task.owner_permission_content_type,
            owner_permission_obj_pk=task.owner_permission_obj_pk,
        )
        for _ in range(count)
    )
    card = task.card
    values = {
        name: getattr(card, name)
        for name in (
            "territory_id",
            "cycle_id",
            "stage",
            "permission_id",
            "object_pk",
            "organisation_id",
            "due_on",
        )
    }
    TaskCard.objects.bulk_create(
        TaskCard(task=copy, subject=f"Aufgabe {number}", **(values | card_values))
        for number, copy in enumerate(copies)
    )
    return copies


# --- What is in it -----------------------------------------------------------------------------------


def test_a_task_is_in_the_inbox_of_those_it_is_addressed_to_and_of_nobody_else(
    client_as, task, head, specialist, jobcenter_head, outsider, planner
):
    for person in (head, specialist):
        assert shown(client_as(person).get(INBOX)) == [task.pk]
    for person in (outsider, planner):
        assert shown(client_as(person).get(INBOX)) == []
    assert task.pk not in shown(client_as(jobcenter_head).get(INBOX))


def test_the_inbox_says_what_to_do_for_whom_until_when(client_as, task, head):
    page = client_as(head).get(INBOX).content.decode()

    assert "Daten liefern: Jugendamt, Planungszyklus 2026–2028" in page
    assert "Jugendamt" in page
    assert task.card.due_on.strftime("%d.%m.%Y") in page
    assert "Task" not in page
    assert "Process" not in page


def test_overdue_tasks_are_marked_and_come_first(client_as, task, head):
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    late = more_tasks(task, 1, due_on=yesterday)[0]

    response = client_as(head).get(INBOX)

    assert shown(response) == [late.pk, task.pk]
    assert response.content.decode().count("überfällig</span>") == 1
    assert shown(client_as(head).get(INBOX, {"sort": "-due"})) == [task.pk, late.pk]
    assert shown(client_as(head).get(INBOX, {"overdue": "on"})) == [late.pk]


def test_scopes(client_as, task, head, specialist):
    services.task_take(task, user=specialist)
    found = {
        (person.pk, scope): shown(client_as(person).get(INBOX, {"scope": scope}))
        for person in (head, specialist)
        for scope in selectors.SCOPES
    }

    mine = [scope for scope in selectors.SCOPES if found[specialist.pk, scope]]
    colleagues = [scope for scope in selectors.SCOPES if found[head.pk, scope]]
    assert mine == ["open", "mine", "team"]
    assert colleagues == ["team"]


def test_what_was_done_stays_listed(client_as, cycle, world, task, specialist):
    request = cycle.requests.get(organisation=world.youth_office)
    values = factories.full_values(request, world.areas)
    driver.deliver(request, factories.delivery(world.youth_office, values, specialist), user=specialist)

    assert shown(client_as(specialist).get(INBOX, {"scope": "done"})) == [task.pk]
    assert shown(client_as(specialist).get(INBOX)) == []


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ({"q": "Daten liefern"}, True),
        ({"q": "2026–2028"}, True),
        ({"q": "jugendamt"}, True),
        ({"q": "Gesundheitsamt"}, False),
        ({"stage": "1"}, True),
        ({"stage": "4"}, False),
        ({"stage": "nonsense"}, True),
        ({"cycle": "999999"}, True),
        ({"page": "99"}, True),
        ({"page": "nonsense"}, True),
        ({"q": "x" * 101}, True),
    ],
)
def test_search_and_filters(client_as, task, head, query, is_found):
    response = client_as(head).get(INBOX, query)

    assert response.status_code == 200
    assert (shown(response) == [task.pk]) is is_found


def test_the_titles_of_steps_are_found_in_the_language_of_the_page():
    assert "provide_data" in {node.name for node in nodes_called("Daten liefern")}
    assert nodes_called("no such title") == []


def test_an_unknown_scope_is_not_found(client_as, head):
    assert client_as(head).get(INBOX, {"scope": "all"}).status_code == 404


def test_the_inbox_needs_a_sign_in_and_only_reads(client, client_as, head):
    assert client.get(INBOX).status_code == 302
    assert client_as(head).post(INBOX).status_code == 405


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("provider_head", "workflows:cycle-list"),
        ("funder_reader", "measures:project-list"),
        ("outsider", "workflows:cycle-list"),
    ],
)
def test_an_empty_inbox_leads_to_what_the_person_sees(name, address, world, client_as):
    scene = Scene(world)
    TaskCard.objects.all().delete()

    shown = client_as(scene.person(name)).get(INBOX)

    assert shown.context["elsewhere"]["url"] == reverse(address)


def test_an_empty_inbox_says_what_comes_next(client_as, outsider):
    assert "Im Moment ist nichts zu tun" in client_as(outsider).get(INBOX).content.decode()


def test_the_file_holds_all_tasks_seen(client_as, task, head):
    more_tasks(task, 30)

    response = client_as(head).get(INBOX, {"export": "csv-en"})

    text = b"".join(response.streaming_content if response.streaming else [response.content]).decode(
        "utf-8-sig"
    )
    assert response["Content-Disposition"].startswith("attachment")
    assert len(text.strip().splitlines()) == 32
    assert "Daten liefern: Jugendamt, Planungszyklus 2026–2028" in text


# --- Queries and counting ----------------------------------------------------------------------------


def test_two_and_twenty_tasks_cost_the_same(client_as, task, head):
    client = client_as(head)
    more_tasks(task, 1)
    few = count_queries(client)
    more_tasks(task, 18)

    assert count_queries(client) == few


class Counter:
    """Counts statements."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, execute, sql, params, many, context):
        self.count += 1
        return execute(sql, params, many, context)


def count_queries(client, path=INBOX):
    counter = Counter()
    with connection.execute_wrapper(counter):
        assert client.get(path).status_code == 200
    return counter.count


def test_the_menu_counts_to_99(client_as, task, head):
    assert '<span class="pg-count">1<span' in client_as(head).get(INBOX).content.decode()
    more_tasks(task, 99)
    assert selectors.open_count(head) == 100
    assert '<span class="pg-count">99+<span' in client_as(head).get(INBOX).content.decode()


def test_a_list_reaches_so_far_and_says_so(client_as, task, head, monkeypatch):
    monkeypatch.setattr(selectors, "LIST_LIMIT", 30)
    more_tasks(task, 40)

    response = client_as(head).get(INBOX, {"page": "9"})

    assert response.context["page_obj"].paginator.count == 30
    assert len(response.context["rows"]) == 5
    assert "mehr als 30 Aufgaben" in response.content.decode()


@pytest.mark.parametrize("scope", selectors.SCOPES)
@pytest.mark.parametrize("most_branches", [0, 40])
def test_the_fast_way_finds_what_the_one_condition_finds(
    task, other_task, head, specialist, jobcenter_head, scope, most_branches, monkeypatch
):
    monkeypatch.setattr(selectors, "_MOST_BRANCHES", most_branches)
    services.task_take(task, user=specialist)
    more_tasks(task, 3)
    for person in (head, specialist, jobcenter_head):
        wanted = InboxFilter(scope=scope)
        expected = [card.pk for card in selectors.inbox_cards(person, wanted)]
        assert selectors.inbox_keys(person, wanted) == expected


def test_every_step_is_addressed_with_a_right_the_inbox_looks_for():
    assert {node.perm for node in human_nodes()} <= set(selectors.TASK_PERMS)


# --- The way to a task -------------------------------------------------------------------------------


def test_a_free_task_leads_to_its_details_and_ones_own_to_its_page(client_as, task, head):
    client = client_as(head)
    url = reverse("workflows:task", args=[task.pk])

    assert client.get(url).url == task.flow_task.reverse("detail", args=[task.process_id, task.pk])
    services.task_take(task, user=head)
    assert client.get(url).url == task.flow_task.reverse("execute", args=[task.process_id, task.pk])


@pytest.mark.parametrize("name", ["workflows:task", "workflows:task-hand-over"])
def test_a_foreign_task_does_not_exist(client_as, task, outsider, jobcenter_head, name):
    for person in (outsider, jobcenter_head):
        assert client_as(person).get(reverse(name, args=[task.pk])).status_code == 404
    assert client_as(outsider).get(reverse(name, args=[0])).status_code == 404


def test_the_details_say_who_has_it(client_as, task, head, specialist, planner):
    services.task_take(task, user=specialist)
    url = task.flow_task.reverse("detail", args=[task.process_id, task.pk])

    page = client_as(head).get(url).content.decode()
    assert "Fachplanung Jugendamt hat diese Aufgabe übernommen. Zuständig: Jugendamt." in page
    assert reverse("workflows:task-hand-over", args=[task.pk]) in page
    # Planning follows the cycle, but cannot take the task.
    page = client_as(planner).get(url).content.decode()
    assert reverse("workflows:task-take", args=[task.pk]) not in page
    assert reverse("workflows:task-hand-over", args=[task.pk]) not in page


# --- Taking ------------------------------------------------------------------------------------------


def test_taking_leads_straight_to_the_task(client_as, task, head):
    response = client_as(head).post(reverse("workflows:task-take", args=[task.pk]))

    task.refresh_from_db()
    assert (task.owner, task.status) == (head, "ASSIGNED")
    assert task.assigned is not None
    assert response.url == task.flow_task.reverse("execute", args=[task.process_id, task.pk])
    entry = LogEntry.objects.get(action="task.taken")
    assert (entry.user, entry.obj) == (head, task.card)


def test_who_comes_second_is_told_and_the_first_keeps_it(client_as, task, head, specialist):
    services.task_take(task, user=specialist)

    response = client_as(head).post(reverse("workflows:task-take", args=[task.pk]), follow=True)

    task.refresh_from_db()
    assert task.owner == specialist
    assert "Fachplanung Jugendamt war schneller" in response.content.decode()


def test_taking_ones_own_task_again_changes_nothing(task, head):
    services.task_take(task, user=head)
    services.task_take(task, user=head)
    assert LogEntry.objects.filter(action="task.taken").count() == 1


def test_taking_needs_the_right(client, client_as, task, planner, outsider):
    url = reverse("workflows:task-take", args=[task.pk])

    assert client_as(planner).post(url).status_code == 403
    assert client_as(outsider).post(url).status_code == 404
    assert client.post(url).status_code == 302
    assert client_as(planner).get(url).status_code == 405
    task.refresh_from_db()
    assert task.owner is None


def test_a_finished_task_cannot_be_taken_or_given_on(client_as, cycle, world, task, head, specialist):
    request = cycle.requests.get(organisation=world.youth_office)
    values = factories.full_values(request, world.areas)
    driver.deliver(request, factories.delivery(world.youth_office, values, specialist), user=specialist)
    for act in (
        lambda: services.task_take(task, user=head),
        lambda: services.task_give_back(task, user=specialist),
        lambda: services.task_hand_over(task, to=head, user=specialist),
    ):
        with pytest.raises(DomainError) as error:
            act()
        assert error.value.code == "task_finished"
    assert client_as(head).get(reverse("workflows:task-hand-over", args=[task.pk])).status_code == 302


def test_two_at_once_one_wins(transactional_db, client_as):
    """Both press the button in the same moment: the lock lets one through, the other is told."""
    world = factories.make_world()
    cycle = factories.make_cycle(world)
    task = open_task(cycle.requests.get(organisation=world.youth_office).process, DeliveryFlow.provide_data)
    people = [world.people["head"], world.people["specialist"]]
    barrier = threading.Barrier(2)
    answers = {}

    def press(person: User) -> None:
        client = client_as(person)
        barrier.wait()
        response = client.post(reverse("workflows:task-take", args=[task.pk]))
        answers[person.pk] = response.url
        connection.close()

    threads = [threading.Thread(target=press, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    task.refresh_from_db()
    winner, loser = people if task.owner == people[0] else reversed(people)
    assert answers[winner.pk] == task.flow_task.reverse("execute", args=[task.process_id, task.pk])
    assert answers[loser.pk] == reverse("workflows:task", args=[task.pk])
    assert LogEntry.objects.filter(action="task.taken").count() == 1


def test_several_are_taken_at_once_and_those_in_the_way_are_counted(client_as, task, head, specialist):
    free = more_tasks(task, 2)
    services.task_take(task, user=specialist)
    numbers = [task.pk, *(copy.pk for copy in free), 999999]

    response = client_as(head).post(
        "/tasks/take/", {"task": numbers, "next": "/tasks/?scope=free"}, follow=True
    )

    assert response.redirect_chain == [("/tasks/?scope=free", 302)]
    page = response.content.decode()
    assert "2 Aufgaben liegen jetzt bei Ihnen." in page
    assert "2 Aufgaben konnten Sie nicht übernehmen" in page
    assert set(Task.objects.filter(owner=head).values_list("pk", flat=True)) == {copy.pk for copy in free}


@pytest.mark.parametrize("chosen", [[], ["nonsense"], ["-1"]])
def test_taking_none_says_so(client_as, head, chosen):
    response = client_as(head).post(
        "/tasks/take/", {"task": chosen, "next": "https://example.org/"}, follow=True
    )

    assert response.redirect_chain == [(INBOX, 302)]
    assert "Wählen Sie mindestens eine Aufgabe." in response.content.decode()


# --- Giving back -------------------------------------------------------------------------------------


def test_giving_back_frees_the_task(client_as, task, head):
    services.task_take(task, user=head)

    response = client_as(head).post(reverse("workflows:task-give-back", args=[task.pk]), follow=True)

    task.refresh_from_db()
    assert (task.owner, task.status, task.assigned) == (None, "NEW", None)
    assert "Zurückgelegt" in response.content.decode()
    assert LogEntry.objects.get(action="task.given_back").user == head


def test_only_the_owner_gives_back(client_as, task, head, specialist, outsider):
    services.task_take(task, user=specialist)
    url = reverse("workflows:task-give-back", args=[task.pk])

    assert client_as(head).post(url).status_code == 403
    assert client_as(outsider).post(url).status_code == 404
    assert client_as(specialist).get(url).status_code == 405


# --- Handing over ------------------------------------------------------------------------------------


def test_the_head_hands_a_free_task_to_a_colleague(client_as, task, head, specialist):
    url = reverse("workflows:task-hand-over", args=[task.pk])
    client = client_as(head)

    choices = client.get(url).context["form"].fields["to"].queryset
    assert set(choices) == {specialist}, "nobody hands over to themselves"
    response = client.post(url, {"to": specialist.pk})

    task.refresh_from_db()
    assert (task.owner, task.status) == (specialist, "ASSIGNED")
    assert response.url == INBOX
    entry = LogEntry.objects.get(action="task.handed_over")
    assert entry.data == {"from": None, "to": "Fachplanung Jugendamt"}


def test_the_owner_hands_on_and_the_head_takes_it_from_the_owner(task, head, specialist):
    services.task_take(task, user=specialist)
    services.task_hand_over(task, to=head, user=specialist)
    task.refresh_from_db()
    assert task.owner == head

    services.task_hand_over(task, to=specialist, user=head)
    services.task_hand_over(task, to=head, user=head)
    task.refresh_from_db()
    assert (task.owner, task.status) == (head, "ASSIGNED")


def test_who_neither_has_the_task_nor_leads_may_not_hand_it_over(
    client_as, task, head, specialist, planner, outsider
):
    services.task_take(task, user=head)
    url = reverse("workflows:task-hand-over", args=[task.pk])

    for person in (specialist, planner):
        assert client_as(person).get(url).status_code == 403
        assert client_as(person).post(url, {"to": specialist.pk}).status_code == 403
    assert client_as(outsider).post(url, {"to": specialist.pk}).status_code == 404
    with pytest.raises(PermissionDenied):
        services.task_hand_over(task, to=specialist, user=specialist)


def test_only_those_who_may_do_it_can_be_chosen(client_as, task, head, jobcenter_head):
    url = reverse("workflows:task-hand-over", args=[task.pk])
    client = client_as(head)

    for wrong in (jobcenter_head.pk, "", "nonsense"):
        assert client.post(url, {"to": wrong}).status_code == 422
    with pytest.raises(DomainError) as error:
        services.task_hand_over(task, to=jobcenter_head, user=head)
    assert error.value.code == "recipient_barred"
    task.refresh_from_db()
    assert task.owner is None


def test_handing_to_who_has_it_is_refused(task, head, specialist):
    services.task_take(task, user=specialist)
    with pytest.raises(DomainError) as error:
        services.task_hand_over(task, to=specialist, user=head)
    assert error.value.code == "already_theirs"


def test_four_eyes_hold_for_the_one_who_receives(cycle, world, planner, planning_head, specialist):
    """Who delivered cannot be handed the check."""
    request = cycle.requests.get(organisation=world.youth_office)
    values = factories.full_values(request, world.areas)
    driver.deliver(request, factories.delivery(world.youth_office, values, specialist), user=specialist)
    check = open_task(request.process, DeliveryFlow.review_delivery)
    done = Task.objects.get(process_id=check.process_id, flow_task=DeliveryFlow.provide_data)
    Task.objects.filter(pk=done.pk).update(owner=planner)

    assert services.task_recipients(check) == [planning_head]
    with pytest.raises(DomainError) as error:
        services.task_hand_over(check, to=planner, user=planning_head)
    assert error.value.code == "recipient_barred"


def test_a_right_lost_after_taking_bars_handing_over_to_them(task, head, specialist):
    for membership in specialist.memberships.all():
        factories.people.membership_end(
            membership, ends_on=timezone.localdate() - datetime.timedelta(days=1), user=None
        )

    assert specialist not in services.task_recipients(task)
    with pytest.raises(DomainError) as error:
        services.task_hand_over(task, to=User.objects.get(pk=specialist.pk), user=head)
    assert error.value.code == "recipient_barred"


def test_a_chair_hands_a_task_of_the_body_to_a_member(world, stages, planning_head, specialist):
    cycle = stages.in_conference()
    recommendation = driver.recommendation_begin(cycle, wording=stages.wording(), user=specialist)
    task = open_task(recommendation.process, driver.RecommendationFlow.draft_recommendation)

    assert services.may_hand_over(planning_head, task)
    services.task_hand_over(task, to=planning_head, user=planning_head)

    task.refresh_from_db()
    assert task.owner == planning_head


def test_who_runs_a_meeting_today_is_led_to_it(stages, world, client_as, chair, planner, member):
    _cycle, meeting = stages.in_steering_group()
    page = reverse("workflows:meeting-session", args=[meeting.pk])
    for person, is_led in ((chair, True), (planner, True), (member, False)):
        assert (page in client_as(person).get(INBOX).content.decode()) is is_led
    meeting_close(meeting, attended=[], user=planner)
    assert page not in client_as(chair).get(INBOX).content.decode()
