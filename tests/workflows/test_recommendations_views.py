"""Recommendations as people read and write them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from stakeholders.models import User
from tests import factories
from tests.workflows.taskpages import take
from workflows.demo import driver
from workflows.engine import recommendation_begin
from workflows.flows import RecommendationFlow
from workflows.models import DecisionResult, Recommendation, RecommendationState
from workflows.nodes import open_task
from workflows.services.recommendations import version_save


@pytest.fixture
def cycle(stages):
    return stages.in_conference()


@pytest.fixture
def url(cycle):
    return reverse("workflows:recommendation-list", args=[cycle.pk])


@pytest.fixture
def create_url(cycle):
    return reverse("workflows:recommendation-create", args=[cycle.pk])


def detail(recommendation):
    return reverse("workflows:recommendation-detail", args=[recommendation.pk])


def titles(response):
    return [row.seen_title for row in response.context["page_obj"]]


def form_of(world, **kwargs):
    return {
        "title": "Elternarbeit ausbauen",
        "areas": [world.areas[0].pk],
        "finding": "Die Quote ist hoch.",
        "need": "Vierzig Familien haben keine Anlaufstelle.",
        "aim": "Eltern sind begleitet.",
        "proposal": "Ein Angebot wird eingerichtet.",
        "urgency": "this_year",
        "addressee": world.youth_office.pk,
        "indicators": [world.indicators[0].pk],
    } | kwargs


# --- list ------------------------------------------------------------------------------------------


def test_the_list_is_filtered_sorted_and_searched(
    cycle, url, stages, world, client_as, specialist, planning_head
):
    driver.recommend(cycle, stages.wording("Räume öffnen", areas=[world.areas[1]]), author=specialist)
    driver.recommend(cycle, stages.wording("Arbeit finden"), author=specialist, chair=planning_head)
    client = client_as(specialist)

    assert titles(client.get(url)) == ["Räume öffnen", "Arbeit finden"]
    assert titles(client.get(url, {"sort": "title"})) == ["Arbeit finden", "Räume öffnen"]
    assert titles(client.get(url, {"sort": "-number"})) == ["Arbeit finden", "Räume öffnen"]
    assert titles(client.get(url, {"state": "submitted"})) == ["Arbeit finden"]
    assert titles(client.get(url, {"area": world.areas[1].pk})) == ["Räume öffnen"]
    assert titles(client.get(url, {"q": "öffnen"})) == ["Räume öffnen"]
    assert titles(client.get(url, {"q": "Angebot wird"})) == ["Räume öffnen", "Arbeit finden"]
    assert titles(client.get(url, {"q": "nirgends"})) == []


def test_drafts_are_for_the_conference_and_planning(
    cycle, url, stages, world, client_as, specialist, planning_head
):
    driver.recommend(cycle, stages.wording("Entwurf"), author=specialist)
    driver.recommend(cycle, stages.wording("Vorgelegt"), author=specialist, chair=planning_head)

    for name in ("planner", "specialist", "jobcenter_head"):
        assert titles(client_as(world.fresh(name)).get(url)) == ["Entwurf", "Vorgelegt"], name
    for name in ("member", "chair", "association_head", "head"):
        assert titles(client_as(world.fresh(name)).get(url)) == ["Vorgelegt"], name
    assert client_as(world.fresh("outsider")).get(url).status_code == 404


def test_work_on_the_next_version_stays_inside(stages, world, client_as, specialist, planner, chair, member):
    """Who sees no drafts reads the returned version, its state, and nothing of the new words."""
    cycle, meeting = stages.in_steering_group()
    recommendation = cycle.recommendations.get()
    driver.decide(recommendation, meeting, DecisionResult.RETURNED, user=chair, reason="Träger fehlt")
    driver.propose(recommendation, user=specialist, wording=stages.wording("Geheimer Titel", proposal="Neu"))
    url = reverse("workflows:recommendation-list", args=[cycle.pk])

    inside, outside = client_as(planner), client_as(member)
    assert titles(inside.get(url)) == ["Geheimer Titel"]
    assert inside.get(url).context["page_obj"][0].seen_state == RecommendationState.PROPOSED
    assert titles(outside.get(url)) == ["Elternarbeit ausbauen"]
    assert outside.get(url).context["page_obj"][0].seen_state == RecommendationState.RETURNED
    assert titles(outside.get(url, {"q": "Geheim"})) == []
    assert titles(outside.get(url, {"state": "proposed"})) == []
    assert titles(outside.get(url, {"state": "returned"})) == ["Elternarbeit ausbauen"]
    for answer in (
        outside.get(detail(recommendation)),
        outside.get(detail(recommendation), {"version": "2"}),
        outside.get(url, {"export": "csv"}),
    ):
        assert "Geheimer Titel" not in answer.content.decode()
        assert "Elternarbeit ausbauen" in answer.content.decode()
    assert "Geheimer Titel" in inside.get(detail(recommendation)).content.decode()


def test_the_export_holds_what_is_seen(cycle, url, stages, client_as, specialist, planning_head):
    driver.recommend(cycle, stages.wording("=Räume"), author=specialist, chair=planning_head)

    answer = client_as(specialist).get(url, {"export": "csv"})

    text = answer.content.decode("utf-8-sig")
    assert text.startswith('"Nummer";"Titel";"Stand"')
    assert '"2026-01";"\'=Räume";"liegt der Steuerungsgruppe vor";1;"Zentrum Nord"' in text


def test_a_list_costs_the_same_for_few_and_many(cycle, url, stages, client_as, specialist):
    client = client_as(specialist)

    def begin(count):
        for _ in range(count):
            recommendation_begin(cycle, wording=stages.wording(), user=specialist)

    begin(2)
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    begin(18)
    with CaptureQueriesContext(connection) as many:
        client.get(url)

    assert len(few) == len(many)


def test_the_empty_list_says_what_comes_next(url, client_as, specialist, member):
    assert "pg-empty" in client_as(specialist).get(url).content.decode()
    assert client_as(specialist).get(url).context["may_write"]
    assert not client_as(member).get(url).context["may_write"]


# --- writing ---------------------------------------------------------------------------------------


def test_a_recommendation_is_written_and_proposed_in_one_go(create_url, world, client_as, specialist):
    answer = client_as(specialist).post(create_url, form_of(world))

    recommendation = Recommendation.objects.get()
    assert (answer.status_code, answer.url) == (302, detail(recommendation))
    assert recommendation.state == RecommendationState.PROPOSED
    assert open_task(recommendation.process, RecommendationFlow.adopt_recommendation)


def test_a_draft_waits_among_the_tasks_of_its_author(create_url, world, client_as, specialist):
    answer = client_as(specialist).post(create_url, form_of(world, save="1", finding="", indicators=[]))

    task = open_task(Recommendation.objects.get().process, RecommendationFlow.draft_recommendation)
    assert task.owner == specialist
    assert answer.url == reverse("workflows:task", args=[task.pk])


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": ""},
        {"finding": ""},
        {"need": ""},
        {"urgency": ""},
        {"cost_kind": "yearly"},
        {"cost_from": "1.000"},
        {"cost_kind": "once", "cost_from": "2.000", "cost_to": "1.000"},
        {"cost_kind": "once", "cost_from": "-1"},
        {"proposal": " "},
        {"addressee": ""},
        {"addressee": "foreign"},
        {"areas": ["foreign"]},
        {"indicators": []},
        {"indicators": ["999999"]},
        {"statements": ["999999"]},
        {"title": "x" * 201},
    ],
)
def test_what_is_missing_or_wrong_is_shown_and_nothing_is_written(
    wrong, create_url, world, client_as, specialist
):
    if wrong.get("addressee") == "foreign":
        wrong = {"addressee": world.neighbour.pk}
    if wrong.get("areas") == ["foreign"]:
        wrong = {"areas": [factories.area(world.neighbour, "Anderswo").pk]}

    answer = client_as(specialist).post(create_url, form_of(world, **wrong))

    assert answer.status_code == 422
    assert answer.context["form"].errors
    assert not Recommendation.objects.exists()


@pytest.mark.parametrize(
    ("name", "status"), [("member", 403), ("chair", 403), ("association_head", 403), ("outsider", 404)]
)
def test_who_may_not_write(name, status, create_url, world, client_as):
    client = client_as(world.fresh(name))

    assert client.get(create_url).status_code == status
    assert client.post(create_url, form_of(world)).status_code == status


def test_outside_the_conference_nothing_is_written(stages, world, client_as, planner):
    cycle = stages.at_analysis()
    url = reverse("workflows:recommendation-create", args=[cycle.pk])

    assert client_as(planner).get(url).status_code == 200
    assert client_as(planner).post(url, form_of(world)).status_code == 409
    assert not Recommendation.objects.exists()


def test_the_evidence_follows_the_areas(cycle, create_url, stages, world, client_as, specialist):
    statement = stages.statement(cycle)
    client = client_as(specialist)

    first = client.get(create_url, {"area": world.areas[0].pk}).context["evidence_choice"]
    assert [area.name for area in first.areas] == ["Zentrum Nord"]
    figures = [choice.figures for _domain, choices in first.domains for choice in choices]
    assert all(len(row) == 1 for row in figures)
    assert [row.statement for _area, rows in first.statements for row in rows] == [statement]

    url = reverse("workflows:recommendation-evidence", args=[cycle.pk])
    both = client.get(url, {"areas": [area.pk for area in world.areas[:2]], "indicators": "x"}).context[
        "choice"
    ]
    assert [len(choice.figures) for _domain, choices in both.domains for choice in choices] == [2, 2, 2]
    # An area without a profile in the cycle brings nothing; what was ticked stays in sight.
    other = client.get(url, {"areas": world.areas[3].pk, "statements": statement.pk}).context["choice"]
    assert (other.areas, other.chosen_statements) == ([], 1)
    assert client_as(world.fresh("member")).get(url).status_code == 403


def test_small_counts_are_secret_in_the_evidence_too(stages, world, client_as, specialist):
    """Two children must not be shown, nor the deviation that would give them away."""
    counted = factories.indicator(
        "children", unit=factories.unit("persons", "Personen", is_count=True, decimals=0)
    )
    cycle = stages.in_conference()
    run = cycle.index_run
    counts = dict(zip(world.areas, (2.0, 5.0, 40.0, 60.0), strict=True))
    planner = world.fresh("planner")
    delivered = factories.delivery(
        world.youth_office, {(counted, place, run.year): value for place, value in counts.items()}, planner
    )
    for row in delivered.values.all():
        run.scores.create(area=row.area, indicator=counted, source=row, value=row.value, z=1.5)
    run.indicators.create(indicator=counted, direction=counted.direction)
    url = reverse("workflows:recommendation-evidence", args=[cycle.pk])

    choice = client_as(specialist).get(url, {"areas": [row.pk for row in world.areas[:2]]}).context["choice"]

    figures = [
        figure
        for _domain, choices in choice.domains
        for row in choices
        if row.indicator == counted
        for figure in row.figures
    ]
    assert [(figure.text, figure.z) for figure in figures] == [(".", None), (".", None)]


# --- detail ----------------------------------------------------------------------------------------


def test_the_page_shows_evidence_versions_returns_and_decisions(
    stages, world, client_as, specialist, planning_head, planner, chair
):
    cycle = stages.in_conference()
    statement = stages.statement(cycle)
    recommendation = driver.recommend(cycle, stages.wording(statements=[statement]), author=specialist)
    driver.complete_task(
        open_task(recommendation.process, RecommendationFlow.adopt_recommendation),
        user=planning_head,
        act=lambda process: driver.recommendations.recommendation_send_back(
            process.recommendation, reason="Kosten fehlen", user=planning_head
        ),
    )
    driver.propose(
        recommendation, user=specialist, wording=stages.wording(statements=[statement], cost="10.000 €")
    )
    driver.adopt(recommendation, user=planning_head)
    driver.close_conference(cycle, user=planner)
    meeting = driver.invite_steering_group(cycle, user=planner)
    driver.decide(
        recommendation,
        meeting,
        DecisionResult.APPROVED_WITH_CONDITIONS,
        user=chair,
        conditions="Drei Kennzahlen",
    )
    client = client_as(planner)

    shown = client.get(detail(recommendation))

    context = shown.context
    assert [row.number for row in context["versions"]] == [1, 2]
    assert [row.reason for row in context["returns"]] == ["Kosten fehlen"]
    assert [row.conditions for row in context["decisions"]] == ["Drei Kennzahlen"]
    assert [(str(row.label), row.segments[0].text) for row in context["changes"]] == [
        ("Kosten und Folgen", "10.000 €")
    ]
    area = context["evidence"].areas[0]
    assert (area.area, [row.indicator for row in area.figures]) == (world.areas[0], [world.indicators[0]])
    assert area.statements == [statement]
    text = shown.content.decode()
    assert "<ins>" in text
    assert "Drei Kennzahlen" in text
    # The first version says that there is a later one; nonsense in the address leads to the latest.
    assert not client.get(detail(recommendation), {"version": "1"}).context["is_latest"]
    assert client.get(detail(recommendation), {"version": "x", "against": "9"}).context["is_latest"]
    # The chair's own return of a draft stays in the conference.
    outside = client_as(world.fresh("member")).get(detail(recommendation)).context
    assert outside["returns"] == []
    assert [row.number for row in outside["versions"]] == [2]
    assert outside["case_url"] == ""


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("planner", 200),
        ("jobcenter_head", 200),
        ("member", 404),
        ("chair", 404),
        ("outsider", 404),
        ("admin", 404),
    ],
)
def test_who_sees_a_draft(name, status, cycle, stages, world, client_as, specialist):
    recommendation = recommendation_begin(cycle, wording=stages.wording(), user=specialist)

    assert client_as(world.fresh(name)).get(detail(recommendation)).status_code == status


def test_signed_out_people_are_asked_to_sign_in(url, create_url, client):
    assert client.get(url).status_code == 302
    assert client.post(create_url, {}).status_code == 302


def test_nobody_posts_to_read_pages(cycle, url, stages, client_as, specialist):
    recommendation = recommendation_begin(cycle, wording=stages.wording(), user=specialist)

    assert client_as(specialist).post(url).status_code == 405
    assert client_as(specialist).post(detail(recommendation)).status_code == 405


def test_a_word_with_a_bracket_is_shown_not_run(cycle, stages, client_as, specialist):
    evil = "<script>alert(1)</script>"
    recommendation = recommendation_begin(cycle, wording=stages.wording(evil, finding=evil), user=specialist)
    driver.propose(recommendation, user=specialist)
    driver.complete_task(
        open_task(recommendation.process, RecommendationFlow.adopt_recommendation),
        user=User.objects.get(display_name="Leitung Sozialplanung"),
        act=lambda process: driver.recommendations.recommendation_send_back(
            process.recommendation, reason=evil, user=specialist
        ),
    )
    version_save(recommendation, wording=stages.wording("x", finding=f"{evil} neu"), user=specialist)

    text = client_as(specialist).get(detail(recommendation)).content.decode()

    assert evil not in text
    assert "&lt;script&gt;" in text


def test_returns_within_the_conference_do_not_reach_the_steering_group(
    stages, client_as, specialist, planning_head, planner, chair
):
    cycle = stages.in_conference()
    recommendation = driver.recommend(cycle, stages.wording(), author=specialist)
    driver.complete_task(
        open_task(recommendation.process, RecommendationFlow.adopt_recommendation),
        user=planning_head,
        act=lambda process: driver.recommendations.recommendation_send_back(
            process.recommendation, reason="Intern: zu dünn", user=planning_head
        ),
    )
    driver.propose(recommendation, user=specialist, wording=stages.wording(proposal="Anders."))
    client = client_as(planning_head)
    page = take(client, recommendation.process, RecommendationFlow.adopt_recommendation)
    assert "Intern: zu dünn" in client.get(page).content.decode()
    driver.adopt(recommendation, user=planning_head)
    driver.close_conference(cycle, user=planner)
    meeting = driver.invite_steering_group(cycle, user=planner)
    body = client_as(chair)
    page = take(body, recommendation.process, RecommendationFlow.decide_recommendation)

    shown = body.get(page)
    assert "Intern: zu dünn" not in shown.content.decode()
    assert shown.context["since"] is None

    driver.decide(recommendation, meeting, DecisionResult.RETURNED, user=chair, reason="Träger fehlt")
    driver.propose(recommendation, user=specialist, wording=stages.wording(proposal="Mit Träger."))
    driver.adopt(recommendation, user=planning_head)
    page = take(body, recommendation.process, RecommendationFlow.decide_recommendation)
    shown = body.get(page)
    assert "Träger fehlt" in shown.content.decode()
    assert [str(change.label) for change in shown.context["since"].changes] == ["Vorschlag"]
