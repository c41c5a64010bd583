"""Similar recommendations become one: who may, what the draft holds, where the others went, the chain."""

import datetime
import html

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from project.common.errors import DomainError
from stakeholders.models import LogEntry
from workflows.demo import driver
from workflows.engine import recommendation_begin
from workflows.extracts import extracts_issue
from workflows.flows import RecommendationFlow
from workflows.forms.recommendations import DraftForm
from workflows.models import (
    CosignOrder,
    CosignRequest,
    CosignVerdict,
    DecisionResult,
    Recommendation,
    RecommendationState,
    StageKind,
)
from workflows.nodes import open_task
from workflows.recommendation_cases import (
    cosigning_ask,
    decision_take_up,
    recommendation_call_back,
    recommendations_merge,
)
from workflows.reports import decision_paper
from workflows.selectors.chain import chain_from
from workflows.selectors.merging import alike_among, merge_candidates
from workflows.selectors.recommendations import recommendations_seen_by
from workflows.selectors.versions import since_return
from workflows.views import merging as merging_page


@pytest.fixture
def cycle(stages):
    return stages.in_conference()


@pytest.fixture
def pair(cycle, stages, world, specialist):
    """A draft, and one before the conference with other areas and indicators."""
    first = recommendation_begin(cycle, wording=stages.wording(), user=specialist)
    second = driver.recommend(
        cycle,
        stages.wording(
            "Familien begleiten",
            finding="Viele Kinder sind nicht betreut.",
            urgency="at_once",
            areas=world.areas[:2],
            indicators=world.indicators[1:2],
            cost_kind="yearly",
            cost_from=1000,
            cost_to=2000,
        ),
        author=specialist,
    )
    return [first, second]


def detail(recommendation):
    return reverse("workflows:recommendation-detail", args=[recommendation.pk])


def ended_by(recommendation):
    process = recommendation.process
    process.refresh_from_db()
    if process.finished is None:
        return None
    return process.task_set.filter(flow_task_type="END", status="DONE").get().flow_task.name


# --- the act ---------------------------------------------------------------------------------------


def test_two_become_one_and_keep_number_and_page(cycle, pair, world, planning_head):
    heir = recommendations_merge(cycle, pair, user=planning_head)

    version = heir.versions.get()
    assert (heir.reference, heir.state) == ("2026-03", RecommendationState.DRAFT)
    assert "2026-01" in version.finding
    assert "Viele Kinder sind nicht betreut." in version.finding
    assert version.aim == "Eltern sind früh begleitet.", "what all say is said once"
    assert set(version.areas.all()) == set(world.areas[:2])
    assert set(version.indicators.all()) == set(world.indicators[:2])
    assert version.fields.count() == 1
    assert (version.urgency, version.cost_kind, version.cost_from) == ("at_once", "unknown", None)
    assert "2.000" in version.cost
    assert open_task(heir.process, RecommendationFlow.draft_recommendation).owner == planning_head
    for row in pair:
        row.refresh_from_db()
        assert (row.state, row.merged_into, row.merged_by) == ("merged", heir, planning_head)
        assert ended_by(row) == "merged"
        assert row.versions.count() == 1
    assert LogEntry.objects.filter(action="recommendation.merged").count() == 2


def test_the_cycle_waits_for_the_new_one_only(cycle, pair, world, planner, planning_head):
    heir = recommendations_merge(cycle, pair, user=planner)
    driver.close_conference(cycle, user=planner)
    cycle.refresh_from_db()
    assert cycle.stage == StageKind.CONFERENCE

    recommendation_call_back(heir, reason="Doch nicht", user=planner)
    cycle.refresh_from_db()
    assert cycle.stage != StageKind.CONFERENCE


def test_what_the_steering_group_returned_can_be_merged(stages, world, planner, chair):
    cycle, meeting = stages.in_steering_group(("Eins", "Zwei"))
    rows = list(cycle.recommendations.order_by("number"))
    for row in rows:
        driver.decide(row, meeting, DecisionResult.RETURNED, user=chair, reason="Zusammenlegen")
    cycle.refresh_from_db()

    heir = recommendations_merge(cycle, rows, user=planner)

    cycle.refresh_from_db()
    assert (cycle.stage, heir.state) == (StageKind.STEERING_GROUP, "draft")
    assert [row.pk for row in heir.merged_from.order_by("number")] == [row.pk for row in rows]


def test_questions_to_cosigners_are_called_off_and_answers_stay(
    cycle, pair, world, specialist, planning_head, client_as
):
    first, second = pair
    cosigning_ask(
        first,
        organisations=[world.jobcenter, world.health_office],
        order=CosignOrder.PARALLEL,
        due_on=timezone.localdate() + datetime.timedelta(days=5),
        user=specialist,
    )
    driver.propose(first, user=specialist)
    head = world.fresh("jobcenter_head")
    driver.cosign(first, world.jobcenter, CosignVerdict.DISSENT, user=head, comment="Zu teuer")

    heir = recommendations_merge(cycle, [first, second], user=planning_head)

    states = [row.outcome for row in CosignRequest.objects.order_by("position")]
    assert states == ["dissent", "called_off"]
    assert "Zu teuer" in client_as(world.fresh("planner")).get(detail(heir)).content.decode()


@pytest.mark.parametrize("name", ["specialist", "jobcenter_head", "chair", "member", "outsider"])
def test_others_merge_nothing(name, cycle, pair, world):
    with pytest.raises(PermissionDenied):
        recommendations_merge(cycle, pair, user=world.fresh(name))
    assert not Recommendation.objects.filter(state="merged").exists()


def test_what_cannot_be_merged(cycle, pair, stages, world, planner, specialist):
    first, second = pair
    submitted = driver.recommend(
        cycle, stages.wording("Vorgelegt"), author=specialist, chair=world.fresh("planning_head")
    )
    for code, rows in (
        ("too_few", [first]),
        ("too_few", [first, first]),
        ("not_mergeable", [first, submitted]),
    ):
        with pytest.raises(DomainError, match=code):
            recommendations_merge(cycle, rows, user=planner)
    recommendations_merge(cycle, [first, second], user=planner)
    with pytest.raises(DomainError, match="not_mergeable"):
        recommendations_merge(cycle, [first, second], user=planner)


def test_what_was_decided_and_is_taken_up_again_stays_by_itself(stages, world, planner, chair):
    cycle, meeting = stages.in_steering_group(("Eins", "Zwei", "Drei"))
    rows = list(cycle.recommendations.order_by("number"))
    decision = driver.decide(rows[0], meeting, DecisionResult.APPROVED, user=chair)
    decision_take_up(decision, reason="Neue Zahlen", wants_new_wording=True, user=chair)
    driver.decide(rows[1], meeting, DecisionResult.RETURNED, user=chair, reason="Neu")
    cycle.refresh_from_db()

    assert [row.pk for row in merge_candidates(planner, cycle).mergeable] == [rows[1].pk]
    with pytest.raises(DomainError, match="decision_stands"):
        recommendations_merge(cycle, rows[:2], user=planner)


# --- pages -----------------------------------------------------------------------------------------


@pytest.fixture
def url(cycle):
    return reverse("workflows:recommendation-merge", args=[cycle.pk])


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("planner", 200),
        ("planning_head", 200),
        ("specialist", 403),
        ("jobcenter_head", 403),
        ("member", 403),
        ("outsider", 404),
    ],
)
def test_who_opens_the_page(name, status, url, pair, world, client_as):
    client = client_as(world.fresh(name))

    assert client.get(url).status_code == status
    answer = client.post(url, {"pick": [row.pk for row in pair], "sure": "on"})
    assert answer.status_code == (302 if status == 200 else status)
    assert Recommendation.objects.filter(state="merged").exists() == (status == 200)


def test_the_page_asks_to_be_sure_and_leads_to_the_draft(url, pair, world, client_as, planning_head):
    client = client_as(planning_head)
    keys = [row.pk for row in pair]

    shown = client.get(url, {"pick": keys})
    assert set(shown.context["form"]["pick"].value()) == {str(pk) for pk in keys}
    assert client.post(url, {"pick": keys}).status_code == 422
    assert client.post(url, {"pick": keys[:1], "sure": "on"}).status_code == 422
    assert client.post(url, {"pick": [*keys, 999999], "sure": "on"}).status_code == 422
    assert not Recommendation.objects.filter(state="merged").exists()
    answer = client.post(url, {"pick": keys, "sure": "on"})

    heir = Recommendation.objects.get(merged_from=pair[0])
    task = open_task(heir.process, RecommendationFlow.draft_recommendation)
    assert answer.url == reverse("workflows:task", args=[task.pk])
    text = client.get(detail(heir)).content.decode()
    assert detail(pair[0]) in text
    assert detail(pair[1]) in text
    assert detail(heir) in client.get(detail(pair[0])).content.decode()
    assert not client.get(url).context["is_possible"]


def test_what_looks_alike_is_hinted_at_for_those_who_may_merge(
    cycle, pair, stages, world, client_as, specialist
):
    other = driver.recommend(
        cycle,
        stages.wording("Elternarbeit stärken und ausbauen", fields=[], areas=[world.areas[1]]),
        author=specialist,
    )
    planner = world.fresh("planner")
    pairs = alike_among(merge_candidates(planner, cycle).mergeable)

    found = {(row.first.pk, row.second.pk): len(row.reasons) for row in pairs}
    assert found == {(pair[0].pk, pair[1].pk): 1, (pair[0].pk, other.pk): 1}
    url = reverse("workflows:recommendation-list", args=[cycle.pk])
    assert client_as(planner).get(url).context["alike"]
    assert not client_as(world.fresh("specialist")).get(url).context["alike"]
    assert not client_as(world.fresh("member")).get(url).context["alike"]


def test_readers_without_drafts_see_no_origins_that_were_never_submitted(
    cycle, pair, stages, world, client_as, specialist, planning_head, planner
):
    heir = recommendations_merge(cycle, pair, user=planner)
    driver.propose(heir, user=planner, wording=stages.wording("Zusammen"))
    driver.adopt(heir, user=planning_head)

    shown = client_as(world.fresh("member")).get(detail(heir))

    assert list(shown.context["merged_from"]) == []
    assert client_as(world.fresh("member")).get(detail(pair[0])).status_code == 404


# --- the chain -------------------------------------------------------------------------------------


def test_the_chain_walks_through_a_merge_both_ways(
    cycle, pair, stages, world, specialist, planning_head, planner, chair
):
    first, second = pair
    heir = recommendations_merge(cycle, pair, user=planner)
    driver.propose(heir, user=planner, wording=stages.wording("Zusammen"))
    driver.adopt(heir, user=planning_head)
    driver.close_conference(cycle, user=planner)
    meeting = driver.invite_steering_group(cycle, user=planner)
    decision = driver.decide(heir, meeting, DecisionResult.APPROVED, user=chair)

    def titles(levels):
        return {(level.kind, node.title) for level in levels for node in level.nodes}

    start = recommendations_seen_by(planner).get(pk=first.pk)
    results = titles(chain_from(planner, "recommendation", start).results)
    assert ("recommendation", f"{heir.reference} Zusammen") in results
    assert any(kind == "decision" and decision.reference in title for kind, title in results)
    start = recommendations_seen_by(planner).get(pk=heir.pk)
    reasons = titles(chain_from(planner, "recommendation", start).reasons)
    assert ("recommendation", f"{first.reference} Elternarbeit ausbauen") in reasons
    assert ("recommendation", f"{second.reference} Familien begleiten") in reasons
    assert ("indicator", world.indicators[1].name) in reasons, "evidence of an origin counts"
    of_decision = titles(chain_from(planner, "decision", decision).reasons)
    assert ("recommendation", f"{second.reference} Familien begleiten") in of_decision
    of_indicator = titles(chain_from(planner, "indicator", world.indicators[1]).results)
    assert any(kind == "decision" and decision.reference in title for kind, title in of_indicator)


def test_nothing_is_merged_before_its_extract_is_issued(stages, planner, chair):
    cycle, meeting = stages.in_steering_group(("Eins", "Zwei"))
    rows = list(cycle.recommendations.order_by("number"))
    for row in rows:
        driver.decide(
            row, meeting, DecisionResult.RETURNED, user=chair, reason="Zusammenlegen", issues_extract=False
        )
    cycle.refresh_from_db()
    assert merge_candidates(planner, cycle).mergeable == []
    with pytest.raises(DomainError, match="extract_outstanding"):
        recommendations_merge(cycle, rows, user=planner)

    extracts_issue(meeting, user=chair)

    assert len(merge_candidates(planner, cycle).mergeable) == 2
    assert recommendations_merge(cycle, rows, user=planner).state == "draft"


def test_addressees_of_all_are_told_in_the_text(cycle, stages, world, specialist, planner):
    rows = [
        recommendation_begin(cycle, wording=stages.wording("Eins"), user=specialist),
        recommendation_begin(
            cycle, wording=stages.wording("Zwei", addressee=world.health_office), user=specialist
        ),
    ]
    version = recommendations_merge(cycle, rows, user=planner).versions.get()
    assert version.addressee == world.youth_office
    assert f"2026-02: {world.health_office.name}" in version.proposal


def test_evidence_from_elsewhere_stays_in_the_form(cycle, pair, world, planner):
    heir = recommendations_merge(cycle, pair, user=planner)
    version = heir.versions.get()
    world.areas[2].profiles.filter(cycle=cycle).delete()
    version.areas.add(world.areas[2])
    form = DraftForm(cycle=cycle, version=version)
    assert world.areas[2] in form.fields["areas"].queryset
    assert world.areas[2] not in DraftForm(cycle=cycle).fields["areas"].queryset


def test_the_paper_tells_what_went_before_the_merging(stages, planner, chair):
    cycle, meeting = stages.in_steering_group(("Eins", "Zwei"))
    rows = list(cycle.recommendations.order_by("number"))
    for row in rows:
        driver.decide(row, meeting, DecisionResult.RETURNED, user=chair, reason="Zusammenlegen")
    cycle.refresh_from_db()
    heir = recommendations_merge(cycle, rows, user=planner)

    data = decision_paper.collect(heir.versions.get())

    assert [row.recommendation_id for row in data.decisions] == [row.pk for row in rows]
    assert [row.reason for row in data.decisions] == ["Zusammenlegen", "Zusammenlegen"]
    assert since_return(heir.versions.get()) is not None


def test_what_stays_by_itself_is_named_with_its_reason(stages, world, planner, chair, client_as, monkeypatch):
    cycle, meeting = stages.in_steering_group(("Eins", "Zwei", "Drei"))
    rows = list(cycle.recommendations.order_by("number"))
    decision = driver.decide(rows[0], meeting, DecisionResult.APPROVED, user=chair)
    decision_take_up(decision, reason="Neue Zahlen", wants_new_wording=True, user=chair)
    driver.decide(rows[1], meeting, DecisionResult.RETURNED, user=chair, reason="Neu", issues_extract=False)

    apart = merge_candidates(planner, cycle).left_out

    assert [row.recommendation.pk for row in apart] == [rows[0].pk, rows[1].pk]
    asked = []
    monkeypatch.setattr(
        merging_page, "merge_candidates", lambda *args: asked.append(args) or merge_candidates(*args)
    )
    page = client_as(planner).get(reverse("workflows:recommendation-merge", args=[cycle.pk]))
    assert len(asked) == 1, "what can be merged and what cannot is read at once"
    text = html.unescape(page.content.decode())
    assert all(row.reason in text for row in apart)
