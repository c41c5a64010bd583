"""The agenda of a meeting: built from what is ready, put in order, and what may still be changed when."""

from __future__ import annotations

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from project.common.errors import DomainError
from stakeholders.models import LogEntry, Organisation, OutgoingMail
from tests.stages import at_noon
from workflows.demo import driver
from workflows.minuting import meeting_end
from workflows.models import AgendaItem, AgendaKind, DecisionResult, Meeting
from workflows.selectors.agenda import agenda_minutes, agenda_of, agenda_seen_by
from workflows.selectors.agenda_ready import ready_for
from workflows.services import agenda
from workflows.services.agenda_ready import agenda_offer_recommendation, agenda_take_ready
from workflows.services.meetings import meeting_close, meeting_schedule

DAY = datetime.timedelta(days=1)


def refused(code, function, *args, **kwargs):
    with pytest.raises(DomainError) as error:
        function(*args, **kwargs)
    assert error.value.code == code


def schedule(cycle, user, *, body=None, days=0, **kwargs):
    values = {
        "body": body or cycle.steering_group,
        "held_on": timezone.localdate() + days * DAY,
        "place": "Kreishaus",
        "participants": [cycle.planning_unit],
        "user": user,
    }
    return meeting_schedule(cycle, **(values | kwargs))


def titles(meeting):
    return [line.title for line in agenda_of(meeting)]


def sent(meeting):
    Meeting.objects.filter(pk=meeting.pk).update(papers_sent_at=timezone.now())
    meeting.refresh_from_db()


@pytest.fixture
def session(stages):
    """The steering group meets today on two recommendations."""
    return stages.in_steering_group(("Eins", "Zwei"))


@pytest.fixture
def meeting(session):
    return session[1]


# --- built from what is ready ----------------------------------------------------------------------


def test_a_conference_gets_its_areas_and_further_items(stages, planner, world):
    cycle = stages.at_conference()
    meeting = driver.invite_conference(cycle, [world.youth_office], user=planner)
    further = schedule(cycle, planner, body=world.conference, days=3, note="Termine\n\n Verschiedenes ")

    kinds = list(meeting.agenda.values_list("kind", flat=True))
    assert kinds == [AgendaKind.AREA, AgendaKind.AREA]
    assert titles(further)[-2:] == ["Termine", "Verschiedenes"]
    assert further.agenda.last().kind == AgendaKind.TOPIC


def test_minutes_of_the_last_meeting_come_first_and_only_once(session, planner, chair):
    cycle, meeting = session
    for number in (1, 2):
        driver.decide(
            cycle.recommendations.get(number=number),
            meeting,
            DecisionResult.POSTPONED,
            user=chair,
            postponed_until=timezone.localdate() + 2 * DAY,
        )
    before_it = schedule(cycle, planner, days=1)
    assert not before_it.agenda.exists()

    meeting_end(meeting, attended=[], user=planner)
    following = schedule(cycle, planner, days=3)

    assert before_it.agenda.get().approves == meeting, "closing offers it to the next one already set"
    assert [item.kind for item in following.agenda.all()] == [AgendaKind.RECOMMENDATION] * 2


def test_what_was_postponed_comes_up_on_its_day_not_before(session, planner, chair):
    cycle, meeting = session
    early, late = schedule(cycle, planner, days=1), schedule(cycle, planner, days=9)
    first = cycle.recommendations.get(number=1)
    driver.decide(
        first,
        meeting,
        DecisionResult.POSTPONED,
        user=chair,
        postponed_until=timezone.localdate() + 5 * DAY,
    )

    assert not early.agenda.exists()
    assert late.agenda.get().recommendation == first


def test_what_is_submitted_later_comes_by_itself_until_the_papers_are_out(stages, planner):
    cycle = stages.in_conference()
    stages.statement(cycle)
    stages.submitted(cycle, "Eins")
    meeting = schedule(cycle, planner, days=3)
    agenda.agenda_topic_add(meeting, title="Verschiedenes", user=planner)

    second = stages.submitted(cycle, "Zwei")
    assert titles(meeting) == ["Eins", "Zwei", "Verschiedenes"]
    sent(meeting)
    stages.submitted(cycle, "Drei")
    assert titles(meeting) == ["Eins", "Zwei", "Verschiedenes"]
    assert [row.title for row in ready_for(meeting)] == ["Drei"]

    agenda_take_ready(meeting, keys=None, user=planner)
    assert titles(meeting) == ["Eins", "Zwei", "Drei", "Verschiedenes"]
    assert ready_for(meeting) == []
    assert agenda_offer_recommendation(second, user=planner) is None, "it stands on one already"


def test_a_returned_one_comes_again_with_its_new_words(session, stages, planner, chair, specialist):
    cycle, meeting = session
    first = cycle.recommendations.get(number=1)
    driver.decide(first, meeting, DecisionResult.RETURNED, user=chair, reason="Wer?")
    following = schedule(cycle, planner, days=3)
    driver.propose(first, user=specialist, wording=stages.wording("Eins, neu"))
    assert not following.agenda.exists()

    driver.adopt(first, user=stages._person("planning_head"))

    assert titles(following) == ["Eins, neu"]
    assert titles(meeting) == ["Eins", "Zwei"], "the meeting that returned it keeps the words it had"


def test_what_stands_on_a_meeting_to_come_is_not_ready_for_another(session, planner):
    cycle, meeting = session
    assert not schedule(cycle, planner, days=3).agenda.exists()
    with at_noon(timezone.localdate() + 4 * DAY):
        later = schedule(cycle, planner, days=6)
        assert titles(later) == ["Eins", "Zwei"], "the day is over without a decision"
    assert titles(meeting) == ["Eins", "Zwei"]


def test_a_decision_off_the_agenda_puts_the_item_on_it(session, planner, chair):
    cycle, meeting = session
    second = cycle.recommendations.get(number=2)
    item = meeting.agenda.get(recommendation=second)
    agenda.agenda_item_remove(item, reason="", user=planner)
    assert titles(meeting) == ["Eins"]

    driver.decide(second, meeting, DecisionResult.APPROVED, user=chair)

    assert titles(meeting) == ["Eins", "Zwei"]


# --- order and items -------------------------------------------------------------------------------


def test_items_move_and_times_follow(session, planner):
    _cycle, meeting = session
    Meeting.objects.filter(pk=meeting.pk).update(starts_at=datetime.time(14))
    meeting.refresh_from_db()
    topic = agenda.agenda_topic_add(meeting, title="Begrüßung", duration_minutes=5, user=planner)
    assert agenda.agenda_item_move(topic, to=-3, user=planner) == 1
    assert titles(meeting) == ["Begrüßung", "Eins", "Zwei"]
    lines = agenda_of(meeting)
    assert [f"{line.starts_at:%H:%M}" for line in lines] == ["14:00", "14:05", "14:20"]
    assert agenda_minutes(lines) == 35

    agenda.agenda_item_change(
        topic, title="Begrüßung", note="", duration_minutes=None, is_internal=False, user=planner
    )
    assert [line.starts_at for line in agenda_of(meeting)] == [datetime.time(14), None, None]
    assert agenda.agenda_item_move(topic, to=99, user=planner) == 3
    entry = LogEntry.objects.filter(action="meeting.agenda_moved").latest("pk")
    assert (entry.data["from"], entry.data["to"]) == (1, 3)


def test_a_title_is_that_of_its_object(session, planner):
    _cycle, meeting = session
    item = meeting.agenda.first()
    agenda.agenda_item_change(
        item, title="Anders", note="Bitte lesen", duration_minutes=30, is_internal=False, user=planner
    )
    item.refresh_from_db()
    assert (item.title, item.note, item.duration_minutes) == ("Eins", "Bitte lesen", 30)
    refused("invalid", agenda.agenda_topic_add, meeting, title=" ", user=planner)
    refused("invalid", agenda.agenda_topic_add, meeting, title="A", duration_minutes=900, user=planner)


def test_before_the_papers_an_item_simply_goes(session, planner):
    cycle, meeting = session
    mails = OutgoingMail.objects.count()
    assert agenda.agenda_item_remove(meeting.agenda.first(), reason="", user=planner) is False
    assert list(meeting.agenda.values_list("position", "title")) == [(1, "Zwei")]
    assert OutgoingMail.objects.count() == mails
    assert [row.recommendation for row in ready_for(meeting)] == [cycle.recommendations.get(number=1)]
    assert LogEntry.objects.filter(action="meeting.agenda_removed").exists()


def test_after_the_papers_it_stays_visible_with_its_reason_and_all_are_told(session, world, planner):
    _cycle, meeting = session
    item = meeting.agenda.first()
    sent(meeting)
    refused("reason_missing", agenda.agenda_item_remove, item, reason=" ", user=planner)
    OutgoingMail.objects.all().delete()

    assert agenda.agenda_item_remove(item, reason="Noch nicht reif", user=planner) is True

    lines = agenda_of(meeting)
    assert [(line.position, line.is_removed, line.waits) for line in lines] == [
        (1, True, False),
        (2, False, True),
    ]
    mails = OutgoingMail.objects.all()
    assert {mail.address for mail in mails} >= {world.people["member"].email, world.people["chair"].email}
    assert all("Noch nicht reif" in mail.body for mail in mails)
    refused("item_removed", agenda.agenda_item_remove, item, reason="Noch einmal", user=planner)
    refused("item_removed", agenda.agenda_item_move, item, to=2, user=planner)


def test_an_internal_item_taken_off_is_told_to_members_only(session, world, planner):
    _cycle, meeting = session
    item = agenda.agenda_topic_add(meeting, title="Vertrauliches", is_internal=True, user=planner)
    sent(meeting)
    OutgoingMail.objects.all().delete()
    agenda.agenda_item_remove(item, reason="Entfällt", user=planner)
    seats = meeting.body.memberships.all()
    people = {person.email for seat in seats for person in (seat.user, seat.deputy) if person}
    assert {mail.address for mail in OutgoingMail.objects.all()} == people


def test_the_audit_log_keeps_internal_items_to_itself(session, planner):
    """Who administers the territory reads the log, but not the internal part."""
    _cycle, meeting = session
    item = agenda.agenda_topic_add(
        meeting, title="Vertrauliches", note="Geheim", is_internal=True, user=planner
    )
    agenda.agenda_item_move(item, to=1, user=planner)
    agenda.agenda_item_change(
        item, title="Vertrauliches", note="Mehr", duration_minutes=5, is_internal=True, user=planner
    )
    sent(meeting)
    agenda.agenda_item_remove(item, reason="Heikel", user=planner)
    entries = LogEntry.objects.filter(action__startswith="meeting.agenda").values_list("data", flat=True)
    told = str(list(entries))
    for word in ("Vertrauliches", "Geheim", "Mehr", "Heikel"):
        assert word not in told, word


def test_a_decided_item_stays_and_a_closed_meeting_keeps_its_agenda(session, planner, chair):
    cycle, meeting = session
    driver.decide(cycle.recommendations.get(number=1), meeting, DecisionResult.APPROVED, user=chair)
    first, second = meeting.agenda.all()
    refused("item_decided", agenda.agenda_item_remove, first, reason="Doch nicht", user=planner)
    AgendaItem.objects.filter(pk=second.pk).update(called_at=timezone.now())
    refused("item_called", agenda.agenda_item_remove, second, reason="Doch nicht", user=planner)
    meeting_close(meeting, attended=[], user=planner)
    refused("meeting_closed", agenda.agenda_topic_add, meeting, title="Zu spät", user=planner)
    refused("meeting_closed", agenda.agenda_item_move, second, to=1, user=planner)
    refused("meeting_closed", agenda_take_ready, meeting, keys=None, user=planner)


# --- who reads what --------------------------------------------------------------------------------


def test_internal_items_are_for_the_body_and_planning_only(session, world, planner, client_as):
    _cycle, meeting = session
    agenda.agenda_topic_add(meeting, title="Vertrauliches", is_internal=True, user=planner)
    page = reverse("workflows:meeting-detail", args=[meeting.pk])
    for name in ("planner", "chair", "member", "association_head", "specialist"):
        assert "Vertrauliches" in client_as(world.fresh(name)).get(page).content.decode(), name
    answer = client_as(world.fresh("health_head")).get(page)
    assert answer.status_code == 200
    assert "Vertrauliches" not in answer.content.decode()
    assert len(answer.context["agenda"]) == 2


def test_the_invitation_names_public_items_only(session, world, planner):
    cycle, _meeting = session
    Organisation.objects.filter(pk=world.youth_office.pk).update(email="jugendamt@example.org")
    meeting = schedule(
        cycle,
        planner,
        days=3,
        note="Termine",
        participants=[Organisation.objects.get(pk=world.youth_office.pk)],
    )
    assert "Termine" in OutgoingMail.objects.get().body
    agenda.agenda_item_change(
        meeting.agenda.get(),
        title="Termine",
        note="",
        duration_minutes=5,
        is_internal=True,
        user=planner,
    )
    assert agenda_seen_by(world.fresh("health_head"), meeting, shows_internal=False) == []


# --- pages -----------------------------------------------------------------------------------------


def test_the_page_adds_moves_takes_and_removes(session, client_as, planner):
    cycle, meeting = session
    client = client_as(planner)
    page = reverse("workflows:meeting-agenda", args=[meeting.pk])

    answer = client.post(page, {"topic": "1", "topic-title": "Termine", "topic-duration_minutes": "10"})
    item = meeting.agenda.get(title="Termine")
    assert answer.url.endswith(f"#item-{item.pk}")
    assert client.post(page, {"topic": "1", "topic-title": ""}).status_code == 422
    assert client.post(page, {"move": item.pk, "to": "1"}).status_code == 302
    assert titles(meeting)[0] == "Termine"
    assert client.post(page, {"move": "0", "to": "1"}).status_code == 404
    assert client.post(page, {"move": item.pk, "to": "x"}).status_code == 404

    edit = reverse("workflows:agenda-item-edit", args=[item.pk])
    assert client.get(edit).status_code == 200
    wrong = client.post(edit, {"title": "Termine", "duration_minutes": "0"})
    assert wrong.status_code == 422
    changed = {"title": "Termine 2027", "duration_minutes": "5", "is_internal": "on"}
    assert client.post(edit, changed).status_code == 302
    item.refresh_from_db()
    assert (item.title, item.is_internal) == ("Termine 2027", True)

    first = meeting.agenda.get(recommendation__number=1)
    remove = reverse("workflows:agenda-item-remove", args=[first.pk])
    assert client.get(remove).status_code == 200
    assert client.post(remove).status_code == 302
    assert client.get(remove).status_code == 404
    key = f"recommendation-{cycle.recommendations.get(number=1).pk}"
    assert [row.key for row in client.get(page).context["ready"]] == [key]
    assert client.post(page, {"take": key}).status_code == 302
    assert meeting.agenda.filter(recommendation__number=1).exists()
    assert client.post(page, {"take_all": "1"}).status_code == 302


def test_the_page_asks_for_a_reason_once_the_papers_are_out(session, client_as, chair):
    _cycle, meeting = session
    sent(meeting)
    client = client_as(chair)
    remove = reverse("workflows:agenda-item-remove", args=[meeting.agenda.first().pk])
    assert client.post(remove, {"reason": ""}).status_code == 422
    assert client.post(remove, {"reason": "Noch nicht reif"}).status_code == 302
    page = reverse("workflows:meeting-agenda", args=[meeting.pk])
    assert "Noch nicht reif" in client.get(page).content.decode()
    detail = client.get(reverse("workflows:meeting-detail", args=[meeting.pk]))
    assert "Noch nicht reif" in detail.content.decode()


def test_only_who_runs_the_meeting_works_on_its_agenda(session, world, client_as):
    _cycle, meeting = session
    item = meeting.agenda.first()
    pages = [
        reverse("workflows:meeting-agenda", args=[meeting.pk]),
        reverse("workflows:agenda-item-edit", args=[item.pk]),
        reverse("workflows:agenda-item-remove", args=[item.pk]),
    ]
    for page in pages:
        for name in ("planner", "chair"):
            assert client_as(world.fresh(name)).get(page).status_code == 200, (name, page)
        for name in ("member", "specialist", "association_head"):
            assert client_as(world.fresh(name)).get(page).status_code == 403, (name, page)
            assert client_as(world.fresh(name)).post(page, {"title": "X"}).status_code == 403
        assert client_as(world.fresh("outsider")).get(page).status_code == 404, page


def test_the_agenda_costs_the_same_for_few_and_many_items(session, planner, django_assert_max_num_queries):
    _cycle, meeting = session
    for number in range(15):
        agenda.agenda_topic_add(meeting, title=f"Thema {number}", user=planner)
    with django_assert_max_num_queries(9):
        agenda_seen_by(planner, meeting, shows_internal=True)
