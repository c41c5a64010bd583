"""The urgency the conference sees: beside the class of the index, never in its place."""

import pytest
from django.urls import reverse

from monitoring.models import IndexResult
from project.common.errors import DomainError
from stakeholders.models import LogEntry
from workflows.demo import driver
from workflows.models import UrgencyLevel, UrgencyProposal
from workflows.reports import profile as profile_report
from workflows.selectors.analysis import profiles_seen_by, with_results
from workflows.selectors.recommendations import evidence_of
from workflows.selectors.urgency import index_says
from workflows.services.urgency import urgency_propose

REASON = "Seit dem Sommer fehlt die Beratung."


@pytest.fixture
def cycle(stages):
    return stages.in_conference()


@pytest.fixture
def profile(cycle, world):
    return cycle.profiles.get(area=world.areas[0])


def propose(cycle, world, user, **kwargs):
    values = {
        "body": cycle.planning_conference,
        "area": world.areas[0],
        "level": UrgencyLevel.HIGH,
        "reason": REASON,
        "user": user,
    }
    return urgency_propose(cycle, **(values | kwargs))


def refused(code, *args, **kwargs):
    with pytest.raises(DomainError) as error:
        propose(*args, **kwargs)
    assert error.value.code == code


def test_a_later_proposal_follows_and_the_class_stays(cycle, world, planner):
    before = list(IndexResult.objects.order_by("pk").values())
    first = propose(cycle, world, planner)
    second = propose(cycle, world, planner, level=UrgencyLevel.AS_INDEX, reason="Die Beratung ist zurück.")

    assert list(UrgencyProposal.objects.all()) == [second, first]
    assert first.body == cycle.planning_conference
    assert first.meeting == cycle.meetings.get()
    assert list(IndexResult.objects.order_by("pk").values()) == before
    log = LogEntry.objects.filter(action="urgency.proposed").earliest("pk")
    assert log.data == {
        "body": cycle.planning_conference.name,
        "area": world.areas[0].name,
        "urgency_level": "high",
        "reason": REASON,
    }
    with pytest.raises(TypeError):
        first.save()
    with pytest.raises(TypeError):
        first.delete()


def test_what_is_refused(cycle, world, planner, specialist, chair):
    refused("not_for_the_body", cycle, world, specialist)
    refused("not_for_the_body", cycle, world, chair)  # of the steering group
    refused("area_not_chosen", cycle, world, planner, area=world.areas[2])
    refused("nothing_to_take_back", cycle, world, planner, level=UrgencyLevel.AS_INDEX)
    refused("invalid", cycle, world, planner, level="burning")
    refused("invalid", cycle, world, planner, reason=" ")
    propose(cycle, world, planner)
    refused("urgency_unchanged", cycle, world, planner)
    driver.close_conference(cycle, user=planner)
    refused("body_not_at_work", cycle, world, planner, level=UrgencyLevel.LOW)


def test_the_steering_group_says_its_own_beside_the_conference(stages, world, client_as, planner, chair):
    cycle = stages.in_conference()
    stages.submitted(cycle)
    early = {"body": cycle.steering_group}
    refused("body_not_at_work", cycle, world, chair, **early)
    propose(cycle, world, planner)
    driver.close_conference(cycle, user=planner)
    cycle.refresh_from_db()
    group = {"body": cycle.steering_group, "level": UrgencyLevel.LOW, "reason": "Der Kreis hilft schon."}
    refused("not_for_the_body", cycle, world, world.fresh("member"), **group)
    refused("not_for_the_body", cycle, world, world.fresh("specialist"), **early)
    refused("nothing_to_take_back", cycle, world, chair, **group | {"level": UrgencyLevel.AS_INDEX})
    profile = cycle.profiles.get(area=world.areas[0])
    url = reverse("workflows:urgency-propose", args=[profile.pk])
    detail = reverse("workflows:profile-detail", args=[profile.pk])
    client = client_as(chair)
    assert client.get(detail).context["can_propose"]
    sent = {"body": cycle.steering_group.pk, "level": "low", "reason": group["reason"]}
    assert client.post(url, sent | {"body": cycle.planning_conference.pk}).status_code == 422
    assert client.post(url, sent).status_code == 302

    assert [row.body for row in client.get(detail).context["urgencies"]] == [
        cycle.steering_group,
        cycle.planning_conference,
    ]
    listed = reverse("workflows:profile-list", args=[cycle.pk])
    export = client.get(listed, {"export": "csv"}).getvalue().decode()
    for text in (client.get(detail).content.decode(), client.get(listed).content.decode(), export):
        assert REASON in text
        assert group["reason"] in text
        assert cycle.steering_group.name in text
    rows = with_results(profiles_seen_by(chair).filter(pk=profile.pk))
    facts = dict(profile_report._facts(profile_report.collect(chair, cycle, rows)[0]))
    assert sum(cycle.steering_group.name in key for key in facts) == 1
    version = cycle.recommendations.get(kind="measures").versions.get()
    assert [row.level for row in evidence_of(version).areas[0].urgencies] == ["low", "high"]
    assert not client.get(detail).context["earlier_urgencies"]


def test_the_page_shows_both_and_says_nothing_before(cycle, world, profile, client_as, planner):
    client = client_as(planner)
    url = reverse("workflows:urgency-propose", args=[profile.pk])
    detail = reverse("workflows:profile-detail", args=[profile.pk])
    assert client.get(detail).context["can_propose"]
    assert "as_index" not in client.get(url).content.decode()

    assert client.post(url, {"level": "", "reason": ""}).status_code == 422
    sent = {"body": cycle.planning_conference.pk, "level": "high", "reason": REASON}
    assert client.post(url, sent).url == detail
    page = client.get(detail)
    assert [row.level for row in page.context["urgencies"]] == ["high"]
    text = page.content.decode()
    assert REASON in text
    assert index_says(page.context["result"]) in text
    assert "as_index" in client.get(url).content.decode()
    listed = client.get(reverse("workflows:profile-list", args=[cycle.pk])).content.decode()
    assert REASON in listed
    export = client.get(reverse("workflows:profile-list", args=[cycle.pk]), {"export": "csv"}).getvalue()
    assert REASON.encode() in export

    driver.close_conference(cycle, user=planner)
    # It is the turn of the steering group, for which planning may enter as well.
    assert client.get(url).context["bodies"] == [cycle.steering_group]
    assert client.post(url, sent | {"level": "low"}).status_code == 422


@pytest.mark.parametrize(
    ("name", "status"),
    [("planner", 200), ("specialist", 403), ("member", 403), ("outsider", 404), ("funder_reader", 404)],
)
def test_who_may_open_the_page(name, status, profile, world, client_as):
    url = reverse("workflows:urgency-propose", args=[profile.pk])
    assert client_as(world.fresh(name)).get(url).status_code == status


def test_paper_and_evidence_show_both(stages, world, planner):
    cycle = stages.in_conference()
    recommendation = stages.submitted(cycle)
    propose(cycle, world, planner)

    rows = with_results(profiles_seen_by(planner).filter(cycle=cycle, area=world.areas[0]))
    data = profile_report.collect(planner, cycle, rows)
    assert [row.level for row in data[0].urgencies] == ["high"]
    facts = dict(profile_report._facts(data[0]))
    assert any(REASON in value for value in facts.values())
    assert index_says(data[0].result) in facts.values()

    evidence = evidence_of(recommendation.versions.get())
    assert evidence.areas[0].urgencies[0].level == "high"
    assert evidence.areas[0].result.class_label == data[0].result.class_label
