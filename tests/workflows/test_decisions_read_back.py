"""A decision is read back before it is recorded; what is refused is refused first."""

from django.utils import timezone

from tests.workflows.taskpages import vote_fields
from tests.workflows.test_decisions_views import data, seat_of, seats
from workflows.flows import RecommendationFlow
from workflows.models import Decision, Meeting, VoteChoice
from workflows.nodes import open_task


def test_a_decision_is_read_back_before_it_is_recorded(session, recommendation, page, world):
    """Works without scripts: the entered form is sent again by the page that reads it back."""
    _cycle, meeting = session
    client, address = page
    head, jobcenter = seat_of(world, "head"), seat_of(world, "jobcenter_head")
    entered = data(meeting, wording="Zwei Angebote", postponed_until="2020-01-01") | {
        f"by-{head.pk}": "deputy",
        f"vote-{jobcenter.pk}": "biased",
    }
    del entered["sure"]

    shown = client.post(address, entered)

    assert shown.status_code == 200
    lines = dict(shown.context["lines"])
    assert "Zwei Angebote" in lines.values()
    assert world.jobcenter.label in lines[VoteChoice.BIASED.label]
    assert f"({head.deputy})" in lines[VoteChoice.YES.label]
    assert "01.01.2020" not in lines.values(), "what the result does not keep is not read back"
    assert not Decision.objects.exists()
    recommendation.refresh_from_db()
    assert recommendation.state == "submitted"
    assert open_task(recommendation.process, RecommendationFlow.decide_recommendation)

    hidden = dict(shown.context["entered"])
    assert client.post(address, hidden | {"again": "1"}).context["form"]["wording"].value() == "Zwei Angebote"
    assert not Decision.objects.exists()
    assert client.post(address, hidden | {"sure": "1"}).status_code == 302
    assert Decision.objects.get().wording == "Zwei Angebote"


def test_nobody_is_asked_to_be_sure_of_what_is_refused(session, page):
    client, address = page
    for refused in (vote_fields(seats(session[1]), "no"), {"result": "returned"}):
        entered = data(session[1]) | refused
        del entered["sure"]
        answer = client.post(address, entered)
        assert answer.status_code == 422
        assert answer.context["form"].errors
    assert not Decision.objects.exists()


def test_what_became_impossible_meanwhile_is_said_in_the_form(session, page):
    """Between reading back and being sure somebody closed the meeting."""
    client, address = page
    entered = data(session[1])
    del entered["sure"]
    assert client.post(address, entered).status_code == 200
    Meeting.objects.filter(pk=session[1].pk).update(closed_at=timezone.now())
    assert client.post(address, data(session[1])).status_code == 422
    assert not Decision.objects.exists()
