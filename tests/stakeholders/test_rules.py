"""Rules of procedure: versions, what is refused, what the log keeps, what they say."""

import datetime
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone, translation

from project.common.errors import DomainError
from stakeholders import services
from stakeholders.audit_labels import detail_lines
from stakeholders.models import GroupQuorum, LogEntry, OrganisationKind, RulesOfProcedure
from stakeholders.procedure import GroupRule, Majority, Tie, VotingRules
from stakeholders.selectors.bodies import body_seats
from stakeholders.selectors.rules import rules_of, rules_on, sentences_of, today_text
from workflows.demo import driver
from workflows.models import DecisionResult

pytestmark = pytest.mark.django_db

DAY = datetime.timedelta(days=1)
TOWN = OrganisationKind.MUNICIPALITY


def today():
    return timezone.localdate()


def add(body, *, user=None, **kwargs):
    values = {
        "rules": VotingRules(body_id=body.pk, quorum_share=Decimal("0.67")),
        "valid_from": today() + DAY,
        "allows_circulated": True,
        "notice_days": 14,
        "source": " § 7 Geschäftsordnung ",
        "reason": " Beschluss der Gruppe ",
    }
    return services.rules_add(body, user=user, **(values | kwargs))


def refused(code, body, **kwargs):
    before = RulesOfProcedure.objects.count()
    with pytest.raises(DomainError) as error:
        add(body, **kwargs)
    assert error.value.code == code
    assert RulesOfProcedure.objects.count() == before


def test_a_body_begins_with_the_usual_rules(world):
    rules = world.steering_group.rules.get()

    assert (rules.valid_from, rules.quorum_share) == (today(), Decimal("0.50"))
    assert (rules.majority, rules.tie) == (Majority.SIMPLE, Tie.FAILS)
    assert (rules.allows_circulated, rules.notice_days) == (False, 0)
    # It may have met before it was entered here: its first rules count for those days too.
    assert rules_on(world.steering_group, datetime.date(2001, 1, 1)) == rules


def test_another_version_counts_from_its_day_and_the_log_keeps_it(world, admin):
    body = world.steering_group
    first = body.rules.get()

    second = add(
        body,
        user=admin,
        rules=VotingRules(body_id=body.pk, groups=(GroupRule(TOWN, count=1),), tie=Tie.CHAIR),
    )

    assert [rules_on(body, today() + days * DAY) for days in (-400, 0, 1, 400)] == [
        first,
        first,
        second,
        second,
    ]
    assert (second.source, second.reason, second.entered_by) == (
        "§ 7 Geschäftsordnung",
        "Beschluss der Gruppe",
        admin,
    )
    entry = LogEntry.objects.latest("pk")
    assert (entry.action, entry.user, entry.territory) == ("rules.added", admin, world.territory)
    with translation.override("en"):
        lines = detail_lines(entry)
    assert "Quorum: 50%" in lines
    assert "Quorum of groups: Municipality: 1" in lines
    assert "Tie: is decided by the vote of the chair" in lines
    assert "Notice period in days: 14" in lines


@pytest.mark.parametrize(
    ("code", "kwargs"),
    [
        ("reason_missing", {"reason": " "}),
        ("rules_in_past", {"valid_from": -1}),
        ("tie_needs_simple_majority", {"rules": {"majority": Majority.ALL, "tie": Tie.CHAIR}}),
        ("group_twice", {"rules": {"groups": (GroupRule(TOWN, count=1), GroupRule(TOWN, count=2))}}),
        ("invalid", {"rules": {"quorum_share": Decimal("1.01")}}),
        ("invalid", {"rules": {"quorum_share": Decimal("-0.01")}}),
        ("invalid", {"rules": {"groups": (GroupRule(TOWN, count=0),)}}),
        ("invalid", {"rules": {"groups": (GroupRule(TOWN, share=Decimal("1.5")),)}}),
        ("invalid", {"rules": {"groups": (GroupRule("church", count=1),)}}),
        ("invalid", {"notice_days": 91}),
    ],
)
def test_what_is_refused(code, kwargs, world):
    body = world.steering_group
    if "valid_from" in kwargs:
        kwargs = {"valid_from": today() + kwargs["valid_from"] * DAY}
    if "rules" in kwargs:
        kwargs = {"rules": VotingRules(body_id=body.pk, **kwargs["rules"])}

    refused(code, body, **kwargs)


def test_a_closed_body_keeps_its_rules(world):
    services.body_update(world.conference, name=world.conference.name, is_active=False, user=None)

    refused("body_closed", world.conference)


@pytest.mark.parametrize("name", ["planner", "chair", "outsider"])
def test_only_the_administration_changes_rules(name, world):
    body = world.steering_group
    with pytest.raises(PermissionDenied):
        add(body, user=world.fresh(name))
    version = add(body)
    with pytest.raises(PermissionDenied):
        services.rules_withdraw(version, user=world.fresh(name))


def test_rules_of_a_day_on_which_was_decided_stay(stages, world, chair):
    cycle, meeting = stages.in_steering_group(("Eins", "Zwei"))
    body = world.steering_group
    used = body.rules.get()
    first = cycle.recommendations.get(number=1)
    decision = driver.decide(first, meeting, DecisionResult.APPROVED, user=chair)

    refused("rules_used", body, valid_from=today())
    later = add(body, valid_from=today() + DAY)

    decision.refresh_from_db()
    assert decision.rules == used
    # Recorded afterwards, for a meeting of before: the rules of the day of the meeting.
    driver.decide(cycle.recommendations.get(number=2), meeting, DecisionResult.APPROVED, user=chair)
    assert cycle.recommendations.get(number=2).decisions.get().rules == used
    with pytest.raises(ProtectedError):
        used.delete()
    later.delete()


def test_a_version_that_nothing_was_decided_under_is_replaced_on_its_day(world):
    body = world.steering_group

    add(body, valid_from=today())
    add(body, valid_from=today(), notice_days=7)

    assert body.rules.get().notice_days == 7
    assert LogEntry.objects.latest("pk").data["is_replacement"]


def test_only_a_version_that_has_not_begun_is_taken_back(world, admin):
    body = world.steering_group
    first, second = body.rules.get(), add(body)

    with pytest.raises(DomainError) as error:
        services.rules_withdraw(first, user=admin)
    assert error.value.code == "rules_begun"
    services.rules_withdraw(second, user=admin)

    assert body.rules.get() == first
    entry = LogEntry.objects.latest("pk")
    assert (entry.action, entry.data["notice_days"], entry.data["quorum"]) == ("rules.withdrawn", 14, "0.67")


@pytest.mark.parametrize(
    "change",
    [
        {"quorum_share": Decimal("1.10")},
        {"majority": "most"},
        {"tie": "lot"},
        {"majority": Majority.PRESENT, "tie": Tie.CHAIR},
        {"notice_days": 91},
        {"valid_from": None},
    ],
)
def test_the_database_holds_the_rules_too(change, world):
    values = {"body": world.steering_group, "valid_from": today() + DAY} | change
    with pytest.raises(IntegrityError), transaction.atomic():
        RulesOfProcedure.objects.create(**values)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"least_count": 0},
        {"least_count": 1, "least_share": Decimal("0.5")},
        {"least_share": Decimal(0)},
        {"least_share": Decimal("1.01")},
    ],
)
def test_a_group_has_a_number_or_a_share(change, world):
    with pytest.raises(IntegrityError), transaction.atomic():
        GroupQuorum.objects.create(rules=world.steering_group.rules.get(), kind=TOWN, **change)


def test_one_version_a_day(world):
    with pytest.raises(IntegrityError), transaction.atomic():
        RulesOfProcedure.objects.create(body=world.steering_group, valid_from=today())


def test_the_versions_of_many_bodies_cost_two_queries(world, django_assert_num_queries):
    add(world.steering_group)
    bodies = [world.steering_group.pk, world.conference.pk, world.social_space.pk]

    with django_assert_num_queries(2):
        found = rules_of(bodies, today())
        assert [found[pk].voting_rules().body_id for pk in bodies] == bodies


def test_rules_are_said_in_plain_words(world):
    body = world.steering_group
    groups = (GroupRule(TOWN, count=2), GroupRule(OrganisationKind.JOBCENTER, share=Decimal("0.50")))
    version = add(body, rules=VotingRules(body_id=body.pk, groups=groups, tie=Tie.CHAIR))

    with translation.override("en"):
        assert sentences_of(version) == [
            "It can decide when at least 50% of the voting members take part, rounded up.",
            "At least 50% of the voting members of the group “Jobcenter” must be there.",
            "At least 2 voting members of the group “Municipality” must be there.",
            "More yes than no carry a result. Abstentions do not count.",
            "In a tie the vote cast for the seat of the chair decides.",
            "Biased members are left out. A deputy votes when the member is away."
            " Advisory members are heard and do not vote.",
            "It may decide in writing, by a circulated decision.",
            "Invitations go out at least 14 days before the meeting.",
        ]
        text = today_text(version.voting_rules(), body_seats(body))
    assert "2 of 4 voting members" in text
    assert "Of the group “Jobcenter”: 1 of 1." in text
    assert "Of the group “Municipality”: 2 of 1. It has too few seats" in text
