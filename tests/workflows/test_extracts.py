"""Extracts: issued by the chair, sent to all who must act; only then does the case go on."""

from __future__ import annotations

import datetime
import hashlib

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone, translation

from measures.models import Measure
from project.common.errors import DomainError
from stakeholders.models import Membership, OutgoingMail
from tests.stages import at_noon, further
from tests.workflows.taskpages import SURE, take
from workflows.demo import driver
from workflows.extracts import extracts_issue, open_extracts
from workflows.flows import RecommendationFlow
from workflows.models import (
    Decision,
    DecisionResult,
    IssuedPaper,
    PaperKind,
    PlanningCycle,
    Recommendation,
    RecommendationState,
    StageKind,
)
from workflows.nodes import open_task
from workflows.recommendation_cases import decision_take_up, recommendation_call_back
from workflows.reports import extract
from workflows.selectors.cycles import in_effect
from workflows.selectors.implementation import approved_recommendations
from workflows.selectors.papers import Finding, verify_file
from workflows.services.conditions import ConditionRow
from workflows.services.extracts import extract_data, extract_issue, issuer_of, recipients_of
from workflows.services.implementation import measure_link_origin


@pytest.fixture(autouse=True)
def stored(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def recommendation(session):
    return session[0].recommendations.get(number=1)


def record(recommendation, meeting, chair, result=DecisionResult.APPROVED, **kwargs) -> Decision:
    """Recorded, and not issued yet."""
    return driver.decide(recommendation, meeting, result, user=chair, issues_extract=False, **kwargs)


# --- the step --------------------------------------------------------------------------------------


def test_the_case_goes_on_only_when_the_extract_is_issued(session, recommendation, chair, member, client_as):
    cycle, meeting = session
    driver.decide(
        cycle.recommendations.get(number=2), meeting, DecisionResult.REJECTED, user=chair, reason="Nein"
    )
    decision = record(recommendation, meeting, chair)
    cycle.refresh_from_db()
    assert cycle.stage == StageKind.STEERING_GROUP
    assert open_extracts([decision]).exists()
    page = reverse("workflows:decision-detail", args=[decision.pk])
    assert client_as(member).get(page).context["is_extract_outstanding"]
    assert open_task(recommendation.process, RecommendationFlow.issue_extract).owner == chair

    client = client_as(chair)
    task = take(client, recommendation.process, RecommendationFlow.issue_extract)
    assert client.get(task).status_code == 200
    assert client.post(task).status_code == 302
    assert client.post(task).status_code == 409

    cycle.refresh_from_db()
    assert cycle.stage == StageKind.SOCIAL_SPACE
    paper = IssuedPaper.objects.get(decision=decision)
    assert (paper.kind, paper.reference) == (PaperKind.EXTRACT, decision.reference)
    shown = client_as(member).get(page).context
    assert list(shown["papers"]) == [paper]
    assert not shown["is_extract_outstanding"]


def test_a_postponed_one_needs_no_extract(session, recommendation, chair):
    decision = record(
        recommendation,
        session[1],
        chair,
        DecisionResult.POSTPONED,
        postponed_until=timezone.localdate() + datetime.timedelta(days=9),
    )

    assert not open_extracts([decision]).exists()
    assert open_task(recommendation.process, RecommendationFlow.decide_recommendation)


def test_a_returned_one_reaches_its_author_with_the_extract(session, recommendation, chair, world):
    decision = record(recommendation, session[1], chair, DecisionResult.RETURNED, reason="Zu grob")
    with pytest.raises(DomainError):
        open_task(recommendation.process, RecommendationFlow.draft_recommendation)

    driver.issue_extract(recommendation, user=chair)

    assert open_task(recommendation.process, RecommendationFlow.draft_recommendation)
    assert recipients_of(decision) == [world.planning_unit, world.youth_office]


def test_only_the_chair_issues(session, recommendation, chair, member, planner, client_as):
    record(recommendation, session[1], chair)

    for user in (member, planner):
        with pytest.raises(PermissionDenied):
            driver.issue_extract(recommendation, user=user)
        with pytest.raises(PermissionDenied):
            extracts_issue(session[1], user=user)
        page = reverse("workflows:meeting-extracts", args=[session[1].pk])
        assert client_as(user).post(page).status_code == 403
    assert not IssuedPaper.objects.exists()


def test_all_of_a_meeting_at_once(session, chair, member, world, client_as):
    cycle, meeting = session
    for row in cycle.recommendations.order_by("number"):
        record(row, meeting, chair)
    client, page = client_as(chair), reverse("workflows:meeting-detail", args=[meeting.pk])
    assert client.get(page).context["extract_count"] == 2
    assert client_as(member).get(page).context["extract_count"] == 0

    issue = reverse("workflows:meeting-extracts", args=[meeting.pk])
    asked = client.post(issue)
    assert [label.split()[0] for label, _goes_to in asked.context["lines"]] == [
        row.reference for row in meeting.decisions.order_by("pk")
    ]
    assert world.planning_unit.name in asked.content.decode(), "to whom they go"
    assert client.post(issue, {"again": "1"}).status_code == 302
    assert not IssuedPaper.objects.filter(kind=PaperKind.EXTRACT).exists()
    client.post(issue, SURE)

    assert IssuedPaper.objects.filter(kind=PaperKind.EXTRACT).count() == 2
    assert client.get(page).context["extract_count"] == 0
    assert extracts_issue(meeting, user=chair) == 0


def test_nothing_overtakes_the_extract(session, recommendation, chair):
    decision = record(recommendation, session[1], chair)
    with pytest.raises(DomainError) as error:
        decision_take_up(decision, reason="Neu", wants_new_wording=False, user=chair)
    assert error.value.code == "extract_outstanding"
    other = session[0].recommendations.get(number=2)
    record(other, session[1], chair, DecisionResult.RETURNED, reason="Zu grob")
    with pytest.raises(DomainError) as error:
        recommendation_call_back(other, reason="Nein", user=other.created_by)
    assert error.value.code == "extract_outstanding"


# --- the paper -------------------------------------------------------------------------------------


def test_it_goes_to_origin_addressee_and_whoever_has_a_condition(
    session, recommendation, chair, world, funder_reader, client_as
):
    row = ConditionRow("Mittel prüfen", world.funder, timezone.localdate() + datetime.timedelta(days=9))
    before = OutgoingMail.objects.count()

    decision = driver.decide(
        recommendation,
        session[1],
        DecisionResult.APPROVED_WITH_CONDITIONS,
        user=chair,
        condition_rows=[row],
    )

    paper = IssuedPaper.objects.get(decision=decision)
    sent = {one.organisation for one in paper.recipients.select_related("organisation")}
    assert sent == {world.planning_unit, world.youth_office, world.funder}
    mails = OutgoingMail.objects.order_by("pk")[before:]
    assert funder_reader.email in {mail.address for mail in mails}
    assert all(reverse("workflows:paper-detail", args=[paper.pk]) in mail.body for mail in mails)
    page = reverse("workflows:paper-detail", args=[paper.pk])
    assert client_as(funder_reader).get(page).status_code == 200
    assert decision.assignments.get().organisation == world.funder


def test_it_can_be_verified_and_is_issued_once(session, recommendation, chair):
    decision = driver.decide(recommendation, session[1], DecisionResult.APPROVED, user=chair)
    paper = IssuedPaper.objects.get(decision=decision)
    with paper.file.open("rb") as file:
        data = bytes(file.read())

    assert hashlib.sha256(data).hexdigest() == paper.sha256
    assert verify_file(data).finding == Finding.UNCHANGED
    assert verify_file(data + b"\n").finding == Finding.CHANGED
    # On the same day it would be the same paper, word for word.
    assert extract_issue(decision, user=chair) == paper
    with translation.override("en"):
        assert extract_issue(decision, user=chair) == paper


def test_a_decision_that_corrects_another_shows_on_its_extract(
    session, recommendation, chair, member, client_as
):
    cycle, meeting = session
    first = driver.decide(recommendation, meeting, DecisionResult.APPROVED, user=chair)
    paper = IssuedPaper.objects.get(decision=first)
    recommendation.process.refresh_from_db()
    decision_take_up(first, reason="Schreibfehler", wants_new_wording=False, user=chair)
    recommendation.refresh_from_db()
    second = driver.decide(
        recommendation, further(cycle, timezone.localdate()), DecisionResult.APPROVED, user=chair
    )

    shown = client_as(member).get(reverse("workflows:paper-detail", args=[paper.pk]))

    assert shown.context["decision_replaced_by"] == second
    assert second.reference in shown.content.decode()
    assert IssuedPaper.objects.filter(kind=PaperKind.EXTRACT).count() == 2


def test_the_extract_of_a_later_meeting_is_not_one_of_the_earlier(session, recommendation, chair):
    cycle, meeting = session
    day = timezone.localdate() + datetime.timedelta(days=3)
    postponed = record(recommendation, meeting, chair, DecisionResult.POSTPONED, postponed_until=day)
    later = further(cycle, day)
    with at_noon(day):
        recommendation.refresh_from_db()
        decision = record(recommendation, later, chair)

        assert not open_extracts([postponed]).exists()
        assert not open_extracts(meeting.decisions.all()).exists()
        assert open_extracts(later.decisions.all()).count() == 1
        assert open_extracts([decision]).exists()
        assert not open_extracts([postponed]).exists()


def test_origin_are_those_for_whom_it_was_written(session, recommendation, chair, world):
    decision = record(recommendation, session[1], chair)
    before = recipients_of(decision)
    author = decision.version.created_by
    tomorrow = timezone.localdate() + datetime.timedelta(days=1)
    Membership.objects.create(
        user=author, organisation=world.jobcenter, function="specialist", starts_on=tomorrow
    )

    assert recipients_of(decision) == before


def test_nothing_is_shaped_before_the_extract_is_out(session, recommendation, chair, planner):
    decision = record(recommendation, session[1], chair)
    cycle = session[0]
    assert recommendation.state == RecommendationState.APPROVED
    assert approved_recommendations(cycle) == []
    assert not in_effect(Recommendation.objects.all()).exists()
    with pytest.raises(DomainError) as error:
        measure_link_origin(Measure(plan=cycle.plan), recommendation=recommendation, user=planner)
    assert error.value.code == "extract_outstanding"

    driver.issue_extract(recommendation, user=chair)
    assert [row.decision for row in approved_recommendations(cycle)] == [decision]


def test_in_a_closed_cycle_no_conditions_are_given(session, recommendation, chair, world):
    cycle, meeting = session
    row = ConditionRow("Konzept", world.youth_office, timezone.localdate() + datetime.timedelta(days=9))
    record(recommendation, meeting, chair, DecisionResult.APPROVED_WITH_CONDITIONS, condition_rows=[row])
    PlanningCycle.objects.filter(pk=cycle.pk).update(closed_at=timezone.now())
    driver.issue_extract(recommendation, user=chair)

    assert IssuedPaper.objects.count() == 1
    assert not cycle.assignments.exists()


def test_it_names_function_and_office_of_who_issues(session, recommendation, chair, planner):
    decision = driver.decide(recommendation, session[1], DecisionResult.APPROVED, user=chair)
    seat = decision.body.memberships.get(user=chair)
    data, _recipients = extract_data(decision, user=chair)
    footer = extract.paper_of(data).footer
    assert decision.body.name in footer
    assert seat.organisation.name in footer
    assert chair.display_name not in footer
    assert issuer_of(decision, planner) == str(decision.cycle.planning_unit)
