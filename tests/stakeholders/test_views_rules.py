"""Pages of the rules of procedure of a body."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from project.common.formats import date_de
from stakeholders.models import RulesOfProcedure
from tests.stakeholders.test_rules import add

pytestmark = pytest.mark.django_db


def page(name, obj):
    return reverse(f"stakeholders:{name}", args=[obj.pk])


def tomorrow():
    return timezone.localdate() + datetime.timedelta(days=1)


def data(**change):
    return {
        "valid_from": date_de(tomorrow()),
        "quorum_percent": "50",
        "group-municipality": "1",
        "group-jobcenter": "50 %",
        "majority": "simple",
        "tie": "chair",
        "notice_days": "14",
        "source": "§ 7",
        "reason": "Beschlossen",
    } | change


def test_other_rules_are_shown_in_plain_words_and_then_entered(world, client_as, admin):
    body = world.steering_group
    client = client_as(admin)

    preview = client.post(page("rules-add", body), data(preview="1"))
    assert preview.status_code == 200
    assert "Mindestens 1 stimmberechtigtes Mitglied der Gruppe „Kommune“" in preview.content.decode()
    assert body.rules.count() == 1

    assert client.post(page("rules-add", body), data()).url == page("body-rules", body)
    version = body.rules.get(valid_from=tomorrow())
    groups = {row.kind: (row.least_count, row.least_share) for row in version.group_quorums.all()}
    assert groups["municipality"] == (1, None)
    assert str(groups["jobcenter"][1]) == "0.50"
    assert (version.tie, version.notice_days, version.allows_circulated) == ("chair", 14, False)
    # The next form is filled with the rules in force, not with those to come.
    assert client.get(page("rules-add", body)).context["form"].initial["notice_days"] == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"valid_from": ""}, "valid_from"),
        ({"valid_from": "01.01.2020"}, "valid_from"),
        ({"quorum_percent": "101"}, "quorum_percent"),
        ({"group-municipality": "zwei"}, "group-municipality"),
        ({"group-municipality": "0"}, "group-municipality"),
        ({"group-municipality": "120 %"}, "group-municipality"),
        ({"majority": "two_thirds"}, "tie"),
        ({"majority": ""}, "majority"),
        ({"notice_days": "91"}, "notice_days"),
        ({"reason": " "}, "reason"),
    ],
)
def test_bad_input_comes_back_at_its_field(change, field, world, client_as, admin):
    response = client_as(admin).post(page("rules-add", world.steering_group), data(**change))

    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert RulesOfProcedure.objects.count() == 3


def test_everybody_who_sees_the_body_reads_its_versions(world, client_as):
    body = world.steering_group
    add(body)
    shown = client_as(world.fresh("member")).get(page("body-rules", body))

    assert [(row["is_in_force"], row["begins_later"]) for row in shown.context["rows"]] == [
        (False, True),
        (True, False),
    ]
    assert page("rules-add", body) not in shown.content.decode()
    assert (
        page("body-rules", body)
        in client_as(world.fresh("member")).get(page("body-detail", body)).content.decode()
    )
    assert (
        page("rules-add", body)
        in client_as(world.fresh("admin")).get(page("body-rules", body)).content.decode()
    )


def test_a_version_is_taken_back_on_its_page(world, client_as, admin):
    version = add(world.steering_group)
    client = client_as(admin)

    assert client.get(page("rules-withdraw", version)).status_code == 200
    assert client.post(page("rules-withdraw", version)).status_code == 302
    assert not RulesOfProcedure.objects.filter(pk=version.pk).exists()
    first = world.steering_group.rules.get()
    assert client.post(page("rules-withdraw", first)).status_code == 302
    assert world.steering_group.rules.get() == first


@pytest.mark.parametrize(
    ("name", "status"), [("planner", 403), ("chair", 403), ("outsider", 404), ("admin", 200)]
)
def test_who_may_change_rules(name, status, world, client_as):
    client = client_as(world.fresh(name))

    assert client.get(page("rules-add", world.steering_group)).status_code == status
    assert client.get(page("rules-withdraw", add(world.steering_group))).status_code == status
