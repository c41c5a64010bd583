"""Co-signing as people see it: naming who is asked, and what a co-signer reads and does not read."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from stakeholders.models import User
from tests import factories
from tests.workflows.taskpages import take
from workflows.demo import driver
from workflows.engine import recommendation_begin
from workflows.flows import CosigningFlow, RecommendationFlow
from workflows.models import CosignOrder, CosignRequest, CosignVerdict
from workflows.nodes import open_task
from workflows.recommendation_cases import cosigning_ask
from workflows.services.recommendations import recommendation_send_back


@pytest.fixture
def cycle(stages):
    return stages.in_conference()


@pytest.fixture
def draft(cycle, stages, specialist):
    return recommendation_begin(cycle, wording=stages.wording("Mit dem Träger"), user=specialist)


@pytest.fixture
def url(draft):
    return reverse("workflows:recommendation-cosigning", args=[draft.pk])


def detail(recommendation):
    return reverse("workflows:recommendation-detail", args=[recommendation.pk])


def form_of(*organisations, **kwargs):
    lines = {f"organisation_{number}": row.pk for number, row in enumerate(organisations, start=1)}
    due_on = timezone.localdate() + datetime.timedelta(days=7)
    return {"order": "sequence", "due_on": due_on.isoformat(), **lines} | kwargs


def ask_provider(draft, world, user):
    cosigning_ask(
        draft,
        organisations=[world.provider],
        order=CosignOrder.PARALLEL,
        due_on=timezone.localdate() + datetime.timedelta(days=7),
        user=user,
    )
    driver.propose(draft, user=user)


def send_back(draft, user):
    driver.complete_task(
        open_task(draft.process, RecommendationFlow.adopt_recommendation),
        user=user,
        act=lambda process: recommendation_send_back(process.recommendation, reason="Kosten", user=user),
    )


# --- naming who is asked ---------------------------------------------------------------------------


def test_the_author_names_who_is_asked_changes_it_and_takes_it_back(draft, url, world, client_as, specialist):
    client = client_as(specialist)
    assert client.get(url).context["plan"] is None

    assert client.post(url, form_of(world.jobcenter, world.provider, note="Kosten?")).status_code == 302
    names = CosignRequest.objects.order_by("position").values_list("organisation", flat=True)
    assert list(names) == [world.jobcenter.pk, world.provider.pk]
    shown = client.get(url).context["form"]
    assert [shown[name].value() for name in shown.lines[:2]] == list(names)
    assert client.post(url, form_of(world.provider)).status_code == 302
    assert CosignRequest.objects.get().organisation == world.provider
    assert client.post(url, {"drop": "1"}).status_code == 302
    assert not CosignRequest.objects.exists()
    assert client.post(url, {"drop": "1"}).url == url


@pytest.mark.parametrize(
    "wrong",
    [
        {"organisation_1": ""},
        {"organisation_1": "999999"},
        {"due_on": "gestern"},
        {"due_on": "2001-01-01"},
        {"order": "both"},
    ],
)
def test_what_is_wrong_is_shown_and_nothing_is_written(wrong, url, world, client_as, specialist):
    answer = client_as(specialist).post(url, form_of(world.provider, **wrong))

    assert answer.status_code == 422
    assert answer.context["form"].errors
    assert not CosignRequest.objects.exists()


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("specialist", 200),
        ("planner", 200),
        ("planning_head", 200),
        ("jobcenter_head", 403),
        ("member", 404),
        ("provider_head", 404),
        ("outsider", 404),
    ],
)
def test_who_may_have_it_cosigned(name, status, url, world, client_as):
    client = client_as(world.fresh(name))

    assert client.get(url).status_code == status
    answer = client.post(url, form_of(world.provider))
    assert answer.status_code == (302 if status == 200 else status)
    assert CosignRequest.objects.exists() == (status == 200)


def test_while_answers_are_waited_for_the_page_says_so(draft, url, world, client_as, specialist):
    ask_provider(draft, world, specialist)
    client = client_as(specialist)

    assert client.get(url).context["is_running"]
    assert client.post(url, form_of(world.jobcenter)).status_code == 422


def test_what_is_before_the_steering_group_is_not_given_to_cosigners(
    draft, url, world, client_as, specialist
):
    driver.propose(draft, user=specialist)
    driver.adopt(draft, user=world.fresh("planning_head"))

    assert not client_as(specialist).get(url).context["is_possible"]
    assert client_as(specialist).post(url, form_of(world.provider)).status_code == 422


# --- what a co-signer reads ------------------------------------------------------------------------


def test_a_cosigner_reads_what_it_is_asked_about_and_no_other_draft(
    cycle, draft, stages, world, client_as, specialist
):
    other = driver.recommend(cycle, stages.wording("Geheimer Entwurf"), author=specialist)
    person = world.fresh("provider_head")
    assert client_as(person).get(detail(draft)).status_code == 404, "not asked yet"
    cosigning_ask(
        draft,
        organisations=[world.provider],
        order=CosignOrder.PARALLEL,
        due_on=timezone.localdate(),
        user=specialist,
    )
    assert client_as(person).get(detail(draft)).status_code == 404, "planned only"
    driver.propose(draft, user=specialist)

    client = client_as(person)
    shown = client.get(detail(draft))
    assert shown.status_code == 200
    assert shown.context["recommendation"].seen_state == "proposed"
    assert (shown.context["case_url"], shown.context["returns"]) == ("", [])
    assert client.get(detail(other)).status_code == 404
    assert detail(other) not in client.get("/search/", {"q": "Entwurf"}).content.decode()
    assert detail(draft) in client.get("/search/", {"q": "Träger"}).content.decode()
    listed = client.get(reverse("workflows:recommendation-list", args=[cycle.pk])).context["page_obj"]
    assert [row.seen_title for row in listed] == ["Mit dem Träger"]
    for name in ("association_head", "member", "outsider"):
        assert client_as(world.fresh(name)).get(detail(draft)).status_code == 404, name


def test_a_cosigner_who_does_not_see_the_cycle_sees_the_recommendation_only(
    cycle, draft, world, client_as, specialist
):
    stranger = factories.organisation("Verein Nachbarschaft", "provider", territory=world.territory)
    head = factories.staff("Leitung Verein", stranger)
    cosigning_ask(
        draft,
        organisations=[stranger],
        order=CosignOrder.PARALLEL,
        due_on=timezone.localdate(),
        user=specialist,
    )
    driver.propose(draft, user=specialist)
    client = client_as(User.objects.get(pk=head.pk))

    shown = client.get(detail(draft))

    assert shown.status_code == 200
    assert not shown.context["sees_cycle"]
    assert reverse("workflows:cycle-detail", args=[cycle.pk]) not in shown.content.decode()
    assert client.get(reverse("workflows:cycle-detail", args=[cycle.pk])).status_code == 404
    page = take(client, CosignRequest.objects.get().process, CosigningFlow.cosign_recommendation)
    assert client.post(page, {"verdict": "cosigned"}).status_code == 302
    assert client.get(detail(draft)).status_code == 200


def test_after_the_answer_it_reads_its_version_and_not_the_next(
    draft, stages, world, client_as, specialist, planning_head
):
    ask_provider(draft, world, specialist)
    head = world.fresh("provider_head")
    driver.cosign(draft, world.provider, CosignVerdict.DISSENT, user=head, comment="Ohne uns")
    send_back(draft, planning_head)
    driver.propose(draft, user=specialist, wording=stages.wording("Geheimer neuer Titel"))
    client = client_as(world.fresh("provider_head"))

    for address in (detail(draft), detail(draft) + "?version=2"):
        text = client.get(address).content.decode()
        assert "Geheimer" not in text
        assert "Mit dem Träger" in text
        assert "Ohne uns" in text
    assert [row.number for row in client.get(detail(draft)).context["versions"]] == [1]
    request = CosignRequest.objects.get()
    task = request.process.task_set.get(flow_task_type="HUMAN")
    page = client.get(reverse("workflows:task", args=[task.pk]), follow=True)
    assert page.status_code == 200
    assert "Geheimer" not in page.content.decode()
    why = client.get(reverse("workflows:why", args=["recommendation", draft.pk]))
    assert "Geheimer" not in why.content.decode()


def test_who_let_the_day_go_by_reads_nothing_any_more(draft, world, client_as, specialist):
    ask_provider(draft, world, specialist)
    CosignRequest.objects.update(state="silent")

    assert client_as(world.fresh("provider_head")).get(detail(draft)).status_code == 404


def test_in_a_sequence_earlier_answers_are_read_and_at_once_none(draft, world, client_as, specialist):
    cosigning_ask(
        draft,
        organisations=[world.jobcenter, world.provider],
        order=CosignOrder.SEQUENCE,
        due_on=timezone.localdate() + datetime.timedelta(days=8),
        user=specialist,
    )
    driver.propose(draft, user=specialist)
    head = world.fresh("jobcenter_head")
    driver.cosign(draft, world.jobcenter, CosignVerdict.COMMENTED, user=head, comment="Mit uns planen")
    client = client_as(world.fresh("provider_head"))

    page = take(client, CosignRequest.objects.get(position=2).process, CosigningFlow.cosign_recommendation)
    assert "Mit uns planen" in client.get(page).content.decode()
    assert head.display_name not in client.get(page).content.decode()

    CosignRequest.objects.get(position=2).cosigning.__class__.objects.update(order=CosignOrder.PARALLEL)
    assert "Mit uns planen" not in client.get(page).content.decode()


def test_readers_of_the_submitted_text_read_the_answers_on_the_way_to_it(
    draft, stages, world, client_as, specialist, planning_head
):
    """A dissent does not vanish with a new wording; answers on a version still in the works stay inside."""
    ask_provider(draft, world, specialist)
    head = world.fresh("provider_head")
    driver.cosign(draft, world.provider, CosignVerdict.DISSENT, user=head, comment="Ohne uns")
    member = client_as(world.fresh("member"))
    assert member.get(detail(draft)).status_code == 404
    send_back(draft, planning_head)
    driver.propose(draft, user=specialist, wording=stages.wording("Neu", cost="Weniger"))
    driver.adopt(draft, user=planning_head)

    shown = member.get(detail(draft))
    assert "Ohne uns" in shown.content.decode()
    assert head.display_name not in shown.content.decode()
    assert [row.number for row in shown.context["versions"]] == [2]
