"""What minutes say of an item by themselves, and what goes on: approvals, circulated decisions, votes."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from stakeholders.models import RulesOfProcedure, User
from tests.factories import World
from tests.minutes import Desk, further, item, make_desk
from tests.stages import Stages
from tests.workflows.taskpages import take
from workflows.counting import Ballot
from workflows.demo import driver
from workflows.demo.minutes import write_minutes
from workflows.flows import MinutesFlow
from workflows.minutes_content import MinutesContent, read_content
from workflows.minutes_words import decision_lines
from workflows.minuting import minutes_approve
from workflows.models import AgendaKind, DecisionResult, Meeting, VoteChoice, VoteKind
from workflows.polling import poll_begin, vote
from workflows.selectors.agenda_ready import offered_for
from workflows.selectors.carrying import open_lines
from workflows.selectors.left_meetings import meetings_beyond_stage
from workflows.selectors.minutes import current_content
from workflows.services.agenda_ready import agenda_take_ready
from workflows.services.outcomes import item_call, item_finish
from workflows.vote_words import vote_words

ClientAs = Callable[[User], Client]


@pytest.fixture
def desk(world: World, stages: Stages) -> Desk:
    return make_desk(world, stages)


@pytest.mark.parametrize(
    ("kwargs", "said", "internally"),
    [
        ({}, "The minutes of %s were approved.", ""),
        ({"correction": "Acht statt sieben."}, "The minutes of %s were approved with a correction.", ""),
        (
            {"correction": "Name", "is_internal": True},
            "The minutes of %s were approved.",
            "Approved with an internal correction.",
        ),
    ],
)
def test_the_minutes_tell_that_the_last_ones_were_approved(
    desk: Desk, kwargs: dict[str, Any], said: str, internally: str
) -> None:
    minutes = desk.signed(carried=[])
    second = dataclasses.replace(desk, meeting=further(desk.cycle))
    approval = item(second.meeting, AgendaKind.MINUTES, approves=minutes.meeting)
    minutes_approve(minutes, item=approval, user=desk.person("chair"), **kwargs)
    row = second.closed().items.get(item=approval)
    with translation.override("de"):
        assert row.text == translation.gettext(said.replace("%s", "%(day)s")) % {
            "day": f"{minutes.meeting.held_on:%d.%m.%Y}"
        }
        assert row.internal_text == (translation.gettext(internally) if internally else "")


@pytest.fixture
def circulated(desk: Desk) -> Any:
    """The item of a recommendation that the body decides on in circulation before the meeting comes to it."""
    recommendation = desk.cycle.recommendations.get()
    row = item(desk.meeting, AgendaKind.RECOMMENDATION, recommendation=recommendation)
    RulesOfProcedure.objects.filter(body=desk.cycle.steering_group).update(allows_circulated=True)
    poll = poll_begin(
        recommendation,
        kind=VoteKind.CIRCULATED,
        result=DecisionResult.APPROVED,
        ends_on=timezone.localdate() + datetime.timedelta(days=10),
        user=desk.person("chair"),
    )
    assert row in [line.item for line in open_lines(desk.meeting)], "nothing is decided yet"
    for name in ("chair", "member", "head", "jobcenter_head"):
        person = desk.person(name)
        vote(poll, seat=poll.body.memberships.get(user=person), choice=VoteChoice.YES, user=person)
    return row


def test_what_was_decided_in_circulation_is_done(desk: Desk, circulated: Any, client_as: ClientAs) -> None:
    decision = circulated.recommendation.decisions.get()
    assert circulated not in [line.item for line in open_lines(desk.meeting)], "not offered for carrying over"
    shown = client_as(desk.person("planner")).get(
        reverse("workflows:meeting-session", args=[desk.meeting.pk]), {"item": circulated.pk}
    )
    line = shown.context["line"]
    assert (line.state, line.circulated, line.is_open) == ("done", decision, False)
    assert decision.reference in shown.content.decode()
    row = desk.closed().items.get(item=circulated)
    assert decision.reference in row.text
    assert not circulated.outcomes.exists(), "not postponed"


def test_a_decision_in_circulation_after_the_end_changes_nothing(desk: Desk, circulated: Any) -> None:
    desk.meeting.closed_at = timezone.now() - datetime.timedelta(hours=1)
    desk.meeting.save()
    assert circulated in [line.item for line in open_lines(desk.meeting)]


def test_what_was_never_called_was_not_dealt_with(desk: Desk, client_as: ClientAs) -> None:
    planner = desk.person("planner")
    item_call(desk.internal, user=planner)
    item_finish(desk.internal, user=planner)
    page = client_as(planner).get(reverse("workflows:meeting-close", args=[desk.meeting.pk]))
    assert [line.item for line in page.context["untouched"]] == [desk.public]
    minutes = desk.closed(carried=[])
    with translation.override("de"):
        said = translation.gettext("The item was not dealt with.")
    assert minutes.items.get(item=desk.public).text == said
    assert minutes.items.get(item=desk.internal).text == ""


def decided(
    desk: Desk,
    choices: dict[str, VoteChoice],
    *,
    result: DecisionResult = DecisionResult.APPROVED,
    **said: str,
) -> MinutesContent:
    recommendation = desk.cycle.recommendations.get()
    item(desk.meeting, AgendaKind.RECOMMENDATION, recommendation=recommendation)
    ballots = [
        Ballot(row.seat, choices.get(row.seat.user.username, row.choice))
        for row in driver.all_yes(desk.meeting)
    ]
    driver.decide(recommendation, desk.meeting, result, user=desk.person("chair"), ballots=ballots, **said)
    return current_content(desk.closed())


def test_the_minutes_tell_how_it_was_voted_and_who_did_not(desk: Desk) -> None:
    people = desk.world.people
    content = decided(
        desk,
        {people["member"].username: VoteChoice.BIASED, people["jobcenter_head"].username: VoteChoice.ABSENT},
    )
    line = next(part.decisions[0] for part in content.items if part.decisions)
    assert line.kind == VoteKind.NAMED
    biased = desk.cycle.steering_group.memberships.get(user=people["member"]).organisation.name
    assert (line.biased, line.absent) == ((biased,), (desk.world.jobcenter.name,))
    with translation.override("en"):
        assert vote_words(line) == (
            "Vote: open, by name; 2 yes, 0 no, 0 abstentions; 2 of 4 took part;"
            f" biased and not taking part: {biased}; absent: {desk.world.jobcenter.name}"
        )
        secret = dataclasses.replace(line, kind=VoteKind.SECRET, biased=(), absent=())
        assert vote_words(secret) == "Vote: in secret; 2 yes, 0 no, 0 abstentions; 2 of 4 took part"
        assert vote_words(dataclasses.replace(secret, kind="")).startswith("Votes: 2 yes")
    stored = read_content(content.as_data())
    assert stored.fingerprint == content.fingerprint


def test_the_minutes_hold_what_was_decided_in_words(desk: Desk) -> None:
    proposal = desk.cycle.recommendations.get().versions.get().proposal
    content = decided(desk, {})
    line = next(part.decisions[0] for part in content.items if part.decisions)
    assert (line.wording, line.is_amended) == (proposal, False)
    with translation.override("en"):
        assert decision_lines(line)[0] == f"Wording: {proposal}"
    before_it_was_told = dataclasses.replace(line, wording="", is_amended=False)
    older = dataclasses.replace(
        content,
        items=tuple(dataclasses.replace(part, decisions=(before_it_was_told,)) for part in content.items),
    )
    assert "wording" not in older.as_data()["items"][0]["decisions"][0]
    assert read_content(older.as_data()).fingerprint == older.fingerprint


def test_the_minutes_say_that_the_body_changed_the_wording(desk: Desk) -> None:
    content = decided(desk, {}, wording="Zwei Angebote statt eines")
    line = next(part.decisions[0] for part in content.items if part.decisions)
    with translation.override("en"):
        assert decision_lines(line)[0] == "Wording, as the body changed it: Zwei Angebote statt eines"
    assert read_content(content.as_data()).fingerprint == content.fingerprint


def test_what_was_rejected_has_no_wording_in_the_minutes(desk: Desk) -> None:
    content = decided(desk, {}, result=DecisionResult.REJECTED, reason="Zu teuer")
    line = next(part.decisions[0] for part in content.items if part.decisions)
    assert (line.wording, line.is_amended) == ("", False)


# --- what goes on although the papers are out -------------------------------------------------------


def test_what_goes_on_is_offered_where_the_papers_are_out(desk: Desk, client_as: ClientAs) -> None:
    planner = client_as(desk.person("planner"))
    following = further(desk.cycle, held_on=timezone.localdate() + datetime.timedelta(days=7))
    own = item(following, title="Neuer Punkt")
    Meeting.objects.filter(pk=following.pk).update(papers_sent_at=timezone.now())
    following.refresh_from_db()
    closing = planner.get(reverse("workflows:meeting-close", args=[desk.meeting.pk]))
    assert closing.context["with_papers"] == following
    desk.closed(carried=[desk.public.pk])
    page = planner.get(reverse("workflows:meeting-agenda", args=[following.pk]))
    assert [row.carried for row in page.context["ready"] if row.carried] == [desk.public]
    agenda_take_ready(following, keys=[f"item-{desk.public.pk}"], user=desk.person("planner"))
    carried = following.agenda.get(carried_from=desk.public)
    own.refresh_from_db()
    assert own.position < carried.position, "numbers stay as they were sent"
    assert not [row for row in offered_for(following) if row.carried]


def test_nothing_is_said_where_the_next_papers_are_not_out(desk: Desk, client_as: ClientAs) -> None:
    further(desk.cycle, held_on=timezone.localdate() + datetime.timedelta(days=7))
    page = client_as(desk.person("planner")).get(reverse("workflows:meeting-close", args=[desk.meeting.pk]))
    assert page.context["with_papers"] is None


def test_a_meeting_beyond_its_stage_is_pointed_at(desk: Desk, client_as: ClientAs) -> None:
    planner = desk.person("planner")
    coming = further(desk.cycle, held_on=timezone.localdate() + datetime.timedelta(days=7))
    assert not meetings_beyond_stage(planner).exists(), "its stage is not over"
    type(desk.cycle).objects.filter(pk=desk.cycle.pk).update(stage=5)
    assert coming in meetings_beyond_stage(planner)
    assert not meetings_beyond_stage(desk.person("member")).exists(), "who does not plan is not asked"
    cancel = reverse("workflows:meeting-cancel", args=[coming.pk])
    for address in (
        reverse("workflows:cycle-detail", args=[desk.cycle.pk]),
        reverse("workflows:inbox"),
    ):
        assert cancel in client_as(planner).get(address).content.decode()


def test_both_signatures_are_asked_for(desk: Desk, client_as: ClientAs) -> None:
    minutes = desk.closed()
    planner, chair = client_as(desk.person("planner")), client_as(desk.person("chair"))
    writing = planner.get(take(planner, minutes.process, MinutesFlow.write_minutes)).content.decode()
    assert writing.count("data-confirm=") == 1
    write_minutes(minutes, user=desk.person("planner"))
    page = take(chair, minutes.process, MinutesFlow.sign_minutes)
    shown = chair.get(page)
    signing = shown.content.decode()
    answer = {"answer": "sign", "reason": "", "seen": shown.context["seen"]}
    assert chair.post(page, answer).status_code == 200, "asked once more, also without scripts"
    minutes.refresh_from_db()
    assert minutes.signed_at is None
    assert chair.post(page, answer | {"again": "1"}).context["seen"] == answer["seen"]
    assert 'name="answer" value="return"' in signing
