"""What the page of a cycle, the inbox and a task say of the next step, stage by stage."""

from __future__ import annotations

import datetime

from django.urls import reverse
from django.utils import timezone

from measures.models import Measure
from stakeholders import services as people
from tests import factories
from tests.workflows.taskpages import take
from workflows.demo import driver, evaluation_steps
from workflows.engine import request_go_on_without
from workflows.flows import DeliveryFlow, PlanningCycleFlow
from workflows.models import DecisionResult, EvaluationOutcome, StageKind, TaskCard
from workflows.nodes import open_task
from workflows.selectors import dashboard
from workflows.selectors.implementation import plan_actions
from workflows.services import tasks as services

REASON = "Das Verfahren wurde umgestellt."


def long_ago():
    return timezone.localdate() - datetime.timedelta(days=20)


def page_of(cycle):
    return reverse("workflows:cycle-detail", args=[cycle.pk])


def actions(person, cycle):
    return [line.text for line in dashboard.cycle_page(person, cycle).actions]


def lines(person, cycle, stage):
    return [line.text for line in dashboard.cycle_page(person, cycle).stages[stage - 1].detail_lines]


# --- What planning can do now --------------------------------------------------------------------------


def test_planning_is_told_of_missing_and_late_deliveries(stages, world, planner, head, client_as):
    cycle = stages.at_data()
    assert actions(planner, cycle)[0].startswith("2 Lieferungen fehlen")
    assert actions(head, cycle) == []

    request = cycle.requests.get(organisation=world.jobcenter)
    TaskCard.objects.filter(task=open_task(request.process, DeliveryFlow.provide_data)).update(
        due_on=long_ago()
    )
    page = dashboard.cycle_page(planner, cycle)
    assert page.actions[0].text.startswith("1 Lieferung ist überfällig")
    assert page.actions[-1].text == "Termine verschieben"
    late = client_as(planner).get(page.actions[0].url).context["page_obj"]
    assert list(late) == [request]


def test_the_empty_inbox_of_planning_leads_to_what_is_late(stages, client_as, planner, member, outsider):
    cycle = stages.at_data()
    url = reverse("workflows:inbox")
    assert "Im Moment ist nichts zu tun" in client_as(planner).get(url).content.decode()

    TaskCard.objects.filter(cycle=cycle).update(due_on=long_ago())
    text = client_as(planner).get(url).content.decode()
    assert "Im Moment ist nichts zu tun" not in text
    assert f'href="{reverse("workflows:cycle-detail", args=[cycle.pk])}"' in text
    for person in (member, outsider):
        assert client_as(person).get(url).context["late_cycles"] == []


def test_each_stage_says_what_planning_can_do(stages, world, planner):
    cycle = stages.in_conference()
    assert {"Ansehen, wer sich wie geäußert hat", "Empfehlung verfassen"} <= set(actions(planner, cycle))
    stages.submitted(cycle)
    driver.close_conference(cycle, user=world.fresh("planner"))
    cycle.refresh_from_db()
    assert "Ansehen, was zu beschließen ist" in actions(planner, cycle)


def test_no_measure_can_be_shaped_once_the_parties_are_asked(stages, world, planner):
    cycle = stages.at_social_space()
    assert "Maßnahme gestalten" in actions(planner, cycle)
    assert plan_actions(planner, cycle.plan).shape_url

    driver.shape(cycle, lambda _: [stages.measure()], user=world.fresh("planner"))
    cycle.refresh_from_db()
    assert "Maßnahme gestalten" not in actions(planner, cycle)
    assert actions(planner, cycle)[0].startswith("Ansehen, welche Bestätigungen fehlen")
    assert not plan_actions(planner, cycle.plan).shape_url


# --- The strip -----------------------------------------------------------------------------------------


def test_the_strip_counts_what_was_gone_on_without_apart(stages, world, planner, client_as):
    cycle = stages.at_data()
    request = cycle.requests.get(organisation=world.jobcenter)
    request_go_on_without(request, reason=REASON, user=world.fresh("planner"))
    assert {"0 von 2 Lieferungen", "ohne 1 fortgefahren"} <= set(lines(planner, cycle, 1))


def test_postponed_and_returned_ones_stay_on_the_strip(stages, world, planner):
    cycle, meeting = stages.in_steering_group(("Eins", "Zwei", "Drei"))
    first, second, _third = cycle.recommendations.order_by("number")
    chair = world.fresh("chair")
    until = timezone.localdate() + datetime.timedelta(days=30)
    driver.decide(first, meeting, DecisionResult.POSTPONED, user=chair, reason="x", postponed_until=until)
    driver.decide(second, meeting, DecisionResult.RETURNED, user=chair, reason="Bitte nachbessern")
    assert "1 zurückgegeben" in lines(planner, cycle, 3)
    assert {"1 zu beschließen", "1 vertagt, noch zu beschließen"} <= set(lines(planner, cycle, 4))


def test_confirmations_and_evaluations_are_counted(stages, world, planner):
    cycle, measure = stages.at_agreement()
    assert "0 von 3 Bestätigungen" in lines(planner, cycle, 5)
    driver.confirm_all(measure)
    cycle.refresh_from_db()
    assert "alle Beteiligten haben bestätigt" in lines(planner, cycle, 5)
    assert not [line for line in lines(planner, cycle, 7) if "Bewertung" in line]


def test_evaluations_are_counted_and_a_closed_cycle_leads_on(stages, world, planner, member, client_as):
    cycle, measure = stages.at_evaluation()
    assert "0 von 1 Bewertung" in lines(planner, cycle, 7)
    assert actions(planner, cycle)[0] == "Ansehen, welche Bewertungen fehlen"

    user = world.fresh("planner")
    evaluation_steps.evaluate(measure, EvaluationOutcome.CONTINUE, effect="Mehr Kinder", user=user)
    driver.close(cycle, user=user)
    cycle.refresh_from_db()
    assert "1 von 1 Bewertung" in lines(planner, cycle, 7)
    client = client_as(planner)
    text = client.get(page_of(cycle)).content.decode()
    assert "Nächsten Zyklus eröffnen" in text
    assert "Was jetzt ansteht" not in text

    following = factories.make_cycle(
        world, title="Der nächste", predecessor=cycle, carried_measures=[Measure.objects.get(pk=measure.pk)]
    )
    text = client.get(page_of(cycle)).content.decode()
    assert "Nächsten Zyklus eröffnen" not in text
    assert page_of(following) in text


# --- Figures that are missing ----------------------------------------------------------------------------


def test_why_figures_are_missing_stands_where_it_was_promised(stages, world, planner, member, client_as):
    cycle = stages.at_data()
    request_go_on_without(
        cycle.requests.get(organisation=world.jobcenter), reason=REASON, user=world.fresh("planner")
    )
    other = cycle.requests.get(organisation=world.youth_office)
    user = world.fresh("specialist")
    values = factories.full_values(other, world.areas)
    driver.deliver(other, factories.delivery(world.youth_office, values, user), user=user)
    driver.review(other, is_accepted=True, user=world.fresh("planner"))
    cycle.refresh_from_db()
    assert cycle.stage == StageKind.ANALYSIS
    client = client_as(planner)

    pages = [page_of(cycle), reverse("workflows:request-list", args=[cycle.pk])]
    pages.append(take(client, cycle.process, PlanningCycleFlow.run_analysis))
    for url in pages:
        text = client.get(url).content.decode()
        assert REASON in text, url
        assert "Jobcenter" in text
    run = factories.index_run(world.territory, world.areas, world.indicators[1:], world.fresh("planner"))
    driver.analyse(cycle, run, world.areas[:1], user=world.fresh("planner"), drafts={}, reasons={})
    profile = cycle.profiles.get()
    for person in (planner, member):
        url = reverse("workflows:profile-detail", args=[profile.pk])
        assert REASON in client_as(person).get(url).content.decode()


# --- The page of a task --------------------------------------------------------------------------------


def test_a_task_leads_to_its_thing_before_it_is_taken(stages, world, client_as, head, chair, planner):
    cycle = stages.at_data()
    request = cycle.requests.get(organisation=world.youth_office)
    task = open_task(request.process, DeliveryFlow.provide_data)
    page = client_as(head).get(reverse("workflows:task", args=[task.pk]), follow=True)
    assert reverse("workflows:request-detail", args=[request.pk]) in page.content.decode()


def test_a_party_is_led_to_the_measure_it_shall_confirm(stages, world, client_as, provider_head):
    _cycle, measure = stages.at_agreement()
    card = TaskCard.objects.get(organisation=world.provider, is_open=True)
    page = client_as(provider_head).get(reverse("workflows:task", args=[card.task_id]), follow=True)
    assert reverse("measures:measure-detail", args=[measure.pk]) in page.content.decode()


def test_who_may_not_see_the_thing_any_more_gets_no_link(stages, world, client_as):
    """The head also sits in the steering group, which sees the cycle but no deliveries."""
    cycle = stages.at_data()
    request = cycle.requests.get(organisation=world.youth_office)
    task = open_task(request.process, DeliveryFlow.provide_data)
    head = world.fresh("head")
    services.task_take(task, user=head)
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    people.membership_end(head.memberships.get(), ends_on=yesterday, user=None)
    page = client_as(world.fresh("head")).get(reverse("workflows:task", args=[task.pk]), follow=True)
    assert page.status_code == 200
    assert reverse("workflows:request-detail", args=[request.pk]) not in page.content.decode()


def test_nobody_hands_over_to_themselves(stages, world, client_as, jobcenter_head):
    cycle = stages.at_data()
    request = cycle.requests.get(organisation=world.jobcenter)
    task = open_task(request.process, DeliveryFlow.provide_data)
    text = client_as(jobcenter_head).get(reverse("workflows:task-hand-over", args=[task.pk])).content.decode()
    assert "Niemand sonst darf diese Aufgabe erledigen" in text


def test_tasks_of_several_suppliers_are_told_apart(stages):
    cycle = stages.at_data()
    titles = [card.headline for card in TaskCard.objects.filter(cycle=cycle, is_open=True)]
    assert sorted(titles) == [
        "Daten liefern: Jobcenter Musterkreis, Planungszyklus 2026–2028",
        "Daten liefern: Jugendamt, Planungszyklus 2026–2028",
    ]
