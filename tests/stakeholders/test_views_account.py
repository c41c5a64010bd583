"""Signing in and out, passwords, the demo page, the profile."""

import re

import pytest
from django.contrib.auth import SESSION_KEY
from django.urls import reverse
from viewflow.workflow.models import Task

from stakeholders.models import LogEntry, OutgoingMail, User
from stakeholders.services import person_deactivate, seat_set_deputy
from tests.factories import person
from workflows.flows import DeliveryFlow
from workflows.nodes import open_task
from workflows.selectors.tasks import InboxFilter, inbox_cards

pytestmark = pytest.mark.django_db

PASSWORD = "eine lange Wiese im Mai"
LOGIN = "/login/"
DEMO = "/demo/"


@pytest.fixture
def someone(head):
    head.set_password(PASSWORD)
    head.save()
    return head


def signed_in(client):
    return client.session.get(SESSION_KEY)


# --- Signing in -------------------------------------------------------------------------------------


def test_user_name_and_password_lead_to_the_tasks(client, someone):
    response = client.post(LOGIN, {"username": someone.username, "password": PASSWORD})

    assert response.status_code == 302
    assert response.url == reverse("workflows:inbox")
    assert signed_in(client) == str(someone.pk)


def test_the_demo_asks_where_its_people_are_chosen(client):
    assert client.get("/profile/").url == f"{DEMO}?next=/profile/"


def test_the_page_wanted_before_comes_after_signing_in(client, someone, settings):
    settings.LOGIN_URL = "stakeholders:login"
    asked = client.get("/profile/")
    assert asked.status_code == 302
    assert asked.url == "/login/?next=/profile/"

    response = client.post(
        asked.url, {"username": someone.username, "password": PASSWORD, "next": "/profile/"}
    )

    assert response.url == "/profile/"


def test_nobody_is_sent_to_another_site(client, someone):
    response = client.post(
        LOGIN, {"username": someone.username, "password": PASSWORD, "next": "https://example.org/"}
    )

    assert response.url == reverse("workflows:inbox")


@pytest.mark.parametrize(
    "data", [{"password": "falsch"}, {"username": "niemand"}, {"username": "", "password": ""}]
)
def test_a_wrong_sign_in_is_refused_without_saying_what_was_wrong(client, someone, data):
    response = client.post(LOGIN, {"username": someone.username, "password": PASSWORD, **data})

    assert response.status_code == 422
    assert signed_in(client) is None
    assert someone.display_name not in response.content.decode()


def test_a_deactivated_person_cannot_sign_in_and_is_signed_out(client, someone, client_as):
    inside = client_as(someone)
    assert inside.get("/profile/").status_code == 200

    person_deactivate(someone, user=None)

    assert inside.get("/profile/").status_code == 302
    assert client.post(LOGIN, {"username": someone.username, "password": PASSWORD}).status_code == 422


def test_signing_out_takes_a_button_not_a_link(client_as, someone):
    client = client_as(someone)
    assert client.get("/logout/").status_code == 405
    assert signed_in(client)

    response = client.post("/logout/")

    assert response.url == LOGIN
    assert signed_in(client) is None


# --- Passwords --------------------------------------------------------------------------------------


def test_the_password_is_changed_with_the_old_one(client_as, someone):
    client = client_as(someone)
    new = "ein ganz anderer Satz"

    response = client.post(
        "/password/", {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    )

    assert response.url == "/profile/"
    assert User.objects.get(pk=someone.pk).check_password(new)
    assert signed_in(client), "stays signed in"


@pytest.mark.parametrize(
    ("old", "new", "again"),
    [
        ("falsch", "ein ganz anderer Satz", "ein ganz anderer Satz"),
        (PASSWORD, "kurz", "kurz"),
        (PASSWORD, "a" * 14, "b" * 14),
    ],
)
def test_a_bad_new_password_is_refused(client_as, someone, old, new, again):
    client_as(someone).post("/password/", {"old_password": old, "new_password1": new, "new_password2": again})

    assert User.objects.get(pk=someone.pk).check_password(PASSWORD)


def test_a_link_in_a_mail_lets_choose_a_password(client, head):
    assert not head.has_usable_password()
    response = client.post("/password/link/", {"email": head.email})
    assert response.url == "/password/link/sent/"
    link = re.search(r"http://127\.0\.0\.1:8000(/password/new/\S+)", OutgoingMail.objects.get().body)[1]

    form = client.get(link, follow=True)
    assert form.status_code == 200
    done = client.post(
        form.request["PATH_INFO"], {"new_password1": PASSWORD, "new_password2": PASSWORD}, follow=True
    )

    assert done.status_code == 200
    assert User.objects.get(pk=head.pk).check_password(PASSWORD)
    again = client.get(link, follow=True)
    assert "new_password1" not in again.content.decode(), "the link works once"


def test_asking_for_a_link_does_not_tell_who_is_known(client, head):
    known = client.post("/password/link/", {"email": head.email}, follow=True)
    unknown = client.post("/password/link/", {"email": "niemand@example.org"}, follow=True)

    tokens = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')
    assert tokens.sub("", known.content.decode()) == tokens.sub("", unknown.content.decode())
    assert OutgoingMail.objects.count() == 1


def test_a_link_needs_an_address(client, db):
    assert client.post("/password/link/", {"email": "keine"}).status_code == 200
    assert not OutgoingMail.objects.exists()


# --- The demo ---------------------------------------------------------------------------------------


@pytest.fixture
def demo(world):
    User.objects.filter(pk__in=[user.pk for user in world.people.values()]).update(is_demo=True)
    return world


def test_the_demo_page_offers_people_by_territory_and_function(client, demo):
    groups = client.get(DEMO).context["people"]

    assert [group.title for group in groups][:2] == ["Musterkreis", "Nachbarkreis"]
    first = groups[0].people
    assert first[0].function_title == "Leitung Sozialplanung"
    assert first[-1].function_title == "Verwaltung Passgenau"
    assert groups[-1].people[0].organisation == "Ministerium (Beispiel)"
    assert all(found.hint for group in groups for found in group.people)


def test_choosing_a_person_signs_in_as_them_and_is_logged(client, demo):
    chosen = demo.people["chair"]

    response = client.post(DEMO, {"username": chosen.username})

    assert response.url == reverse("workflows:inbox")
    assert signed_in(client) == str(chosen.pk)
    entry = LogEntry.objects.order_by("-pk").first()
    assert (entry.action, entry.user, entry.territory) == ("person.looked_round", chosen, demo.territory)


def test_switching_leaves_nothing_of_the_former_person(client, demo):
    client.post(DEMO, {"username": demo.people["chair"].username})
    client.post(DEMO, {"username": demo.people["planner"].username})

    assert signed_in(client) == str(demo.people["planner"].pk)


def test_the_page_wanted_before_comes_after_choosing(client, demo):
    data = {"username": demo.people["chair"].username}

    assert client.post(DEMO, {**data, "next": "/profile/"}).url == "/profile/"
    assert client.post(DEMO, {**data, "next": "//example.org/"}).url == reverse("workflows:inbox")


def test_outside_of_the_demo_there_is_no_such_page(client, demo, settings):
    settings.DEMO_MODE = False

    assert client.get(DEMO).status_code == 404
    assert client.post(DEMO, {"username": demo.people["chair"].username}).status_code == 404
    assert signed_in(client) is None


def test_real_deactivated_and_unknown_people_cannot_be_chosen(client, demo):
    real = person("Echte Person")
    gone = demo.people["member"]
    person_deactivate(gone, user=None)

    for username in (real.username, gone.username, "niemand", ""):
        assert client.post(DEMO, {"username": username}).status_code == 404
    assert signed_in(client) is None


def test_the_demo_page_costs_the_same_for_many_people(client, demo, django_assert_max_num_queries):
    with django_assert_max_num_queries(9):
        assert client.get(DEMO).status_code == 200


def test_the_demo_page_says_where_cycles_stand_and_who_has_something_to_do(client, demo, stages):
    cycle = stages.at_data()
    request = cycle.requests.get(organisation=demo.youth_office)
    task = open_task(request.process, DeliveryFlow.provide_data)

    first = client.get(DEMO).context["people"][0]

    assert cycle.title in first.text
    counts = {person.username: person.task_count for person in first.people}
    for name in ("head", "specialist", "planner", "chair", "jobcenter_head"):
        person = demo.fresh(name)
        assert counts[person.username] == len(inbox_cards(person, InboxFilter())), name
    assert counts[demo.people["head"].username] > 0
    assert {row.username for row in first.busy} == {name for name, count in counts.items() if count}

    Task.objects.filter(pk=task.pk).update(owner=demo.people["specialist"])
    counts = {person.username: person.task_count for person in client.get(DEMO).context["people"][0].people}
    for name in ("head", "specialist"):
        person = demo.fresh(name)
        assert counts[person.username] == len(inbox_cards(person, InboxFilter())), name


def test_more_tasks_cost_the_demo_page_no_more_queries(client, demo, stages, django_assert_max_num_queries):
    stages.at_data()
    with django_assert_max_num_queries(9):
        client.get(DEMO)


# --- The profile ------------------------------------------------------------------------------------


def test_the_profile_shows_functions_seats_and_for_whom_one_stands_in(client_as, world, specialist):
    response = client_as(specialist).get("/profile/")

    assert [row.organisation for row in response.context["memberships"]] == [world.youth_office]
    assert [row.body for row in response.context["seats"]] == [world.conference]
    assert [row.user for row in response.context["stand_ins"]] == [world.people["head"]]


def test_a_seat_given_up_is_gone_from_the_profile(client_as, specialist, head):
    seat_set_deputy(head.seats.get(), deputy=None, user=None)

    assert not client_as(specialist).get("/profile/").context["stand_ins"]


def test_every_link_of_the_profile_opens(client_as, world):
    for name in ("specialist", "provider_head", "funder_reader", "association_head", "admin"):
        client = client_as(world.people[name])
        page = client.get("/profile/").content.decode()
        for url in set(re.findall(r'href="(/(?:administration|bodies)/[^"]+)"', page)):
            assert client.get(url).status_code == 200, (name, url)


def test_the_profile_is_ones_own_and_only_read(client, client_as, head):
    assert client.get("/profile/").status_code == 302
    assert client_as(head).post("/profile/").status_code == 405
