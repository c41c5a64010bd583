"""The cycles: list, page, tasks, dates, opening."""

from __future__ import annotations

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from measures.models import ActionPlan, MeasureStatus
from monitoring.models import IndexResult
from stakeholders.models import LogEntry
from tests import factories
from tests.workflows.taskpages import SURE
from tests.workflows.test_inbox import count_queries, more_tasks
from workflows.demo import driver, evaluation_steps
from workflows.flows import DeliveryFlow
from workflows.forms.cycles import CycleForm, date_fields, first_values, supply_name
from workflows.models import (
    CarriedItem,
    CycleTemplate,
    CycleTemplateStage,
    EvaluationOutcome,
    PlanningCycle,
    ScheduleChange,
    StageKind,
)
from workflows.nodes import open_task
from workflows.selectors import dashboard, opening

LIST = "/cycles/"


def page_of(cycle):
    return reverse("workflows:cycle-detail", args=[cycle.pk])


# --- List --------------------------------------------------------------------------------------------


@pytest.fixture
def cycle(stages):
    return stages.at_data()


def test_the_list_holds_the_cycles_a_person_may_see(
    client, client_as, cycle, planner, head, outsider, provider_head
):
    for person, seen in ((planner, [cycle]), (head, [cycle]), (provider_head, [cycle]), (outsider, [])):
        assert list(client_as(person).get(LIST).context["page_obj"]) == seen
    assert client.get(LIST).status_code == 302
    assert client_as(planner).post(LIST).status_code == 405


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ({"q": "2026–2028"}, True),
        ({"q": "musterkreis"}, True),
        ({"q": "Nachbarkreis"}, False),
        ({"state": "open"}, True),
        ({"state": "closed"}, False),
        ({"state": "nonsense"}, True),
        ({"stage": "1"}, True),
        ({"stage": "2"}, False),
        ({"sort": "-year", "page": "7"}, True),
    ],
)
def test_search_and_filters_of_the_list(client_as, cycle, planner, query, is_found):
    response = client_as(planner).get(LIST, query)
    assert response.status_code == 200
    assert bool(list(response.context["page_obj"])) is is_found


def test_the_list_as_a_file(client_as, cycle, planner):
    response = client_as(planner).get(LIST, {"export": "csv-en"})
    text = b"".join(response.streaming_content if response.streaming else [response.content]).decode(
        "utf-8-sig"
    )
    assert '"Planungszyklus 2026–2028","Musterkreis",2026,2028,"Daten"' in text


def test_only_who_may_open_a_cycle_is_offered_to(client_as, world, planner, head):
    assert reverse("workflows:cycle-create") in client_as(planner).get(LIST).content.decode()
    page = client_as(head).get(LIST).content.decode()
    assert reverse("workflows:cycle-create") not in page
    assert "Es gibt noch keinen Planungszyklus" in page


def test_two_and_twenty_cycles_cost_the_same(client_as, cycle, planner, world):
    client = client_as(planner)
    few = count_queries(client, LIST)
    values = {
        name: getattr(cycle, name)
        for name in (
            "territory_id",
            "starts_year",
            "ends_year",
            "data_from_year",
            "data_to_year",
            "plan_id",
            "planning_conference_id",
            "steering_group_id",
            "planning_unit_id",
            "opened_by_id",
        )
    }
    PlanningCycle.objects.bulk_create(
        PlanningCycle(title=f"Zyklus {number}", closed_at=timezone.now(), **values) for number in range(18)
    )
    assert len(client.get(LIST).context["page_obj"]) == 19
    assert count_queries(client, LIST) == few


# --- Page --------------------------------------------------------------------------------------------


def test_a_foreign_cycle_does_not_exist(client, client_as, cycle, outsider):
    for name in ("cycle-detail", "cycle-tasks", "cycle-schedule"):
        url = reverse(f"workflows:{name}", args=[cycle.pk])
        assert client_as(outsider).get(url).status_code == 404
        assert client.get(url).status_code == 302
        assert client_as(outsider).get(reverse(f"workflows:{name}", args=[0])).status_code == 404
    assert client_as(outsider).post(page_of(cycle)).status_code == 405


def test_the_page_says_what_waits_for_whom_and_what_is_late(client_as, cycle, world, planner):
    task = open_task(cycle.requests.get(organisation=world.jobcenter).process, DeliveryFlow.provide_data)
    task.card.due_on = timezone.localdate() - datetime.timedelta(days=2)
    task.card.save()

    response = client_as(planner).get(page_of(cycle))

    waiting = response.context["page"].waiting
    assert waiting[0].card.task_id == task.pk
    text = response.content.decode()
    assert "1 Aufgabe ist überfällig" in text
    assert "Jobcenter Musterkreis" in text
    assert "wartet seit heute" in text
    assert f'href="{reverse("workflows:task", args=[task.pk])}"' in text
    assert "0 von 2 Lieferungen" in text


def test_the_next_task_of_the_viewer_is_the_primary_action(client_as, cycle, head, planner):
    text = client_as(head).get(page_of(cycle)).content.decode()
    assert "Ihre nächste Aufgabe: Daten liefern: Jugendamt, Planungszyklus 2026–2028" in text
    assert text.count("kern-btn--primary") == 3  # with the two search forms of the header
    assert "Ihre nächste Aufgabe" not in client_as(planner).get(page_of(cycle)).content.decode()


def test_without_the_right_to_drafts_only_ones_own_tasks_are_shown(
    client_as, cycle, world, head, member, planner
):
    mine = open_task(cycle.requests.get(organisation=world.youth_office).process, DeliveryFlow.provide_data)

    pages = {
        person.pk: client_as(person).get(page_of(cycle)).context["page"] for person in (head, member, planner)
    }

    assert [row.card.task_id for row in pages[head.pk].waiting] == [mine.pk]
    assert pages[head.pk].waiting_count == 1
    assert (pages[member.pk].waiting, pages[member.pk].waiting_count) == ([], 0)
    assert pages[planner.pk].waiting_count == 2
    tasks = client_as(member).get(reverse("workflows:cycle-tasks", args=[cycle.pk]))
    assert list(tasks.context["page_obj"]) == []


def test_deliveries_of_others_are_nothing_to_the_conference(cycle, specialist, planner):
    page = dashboard.cycle_page(specialist, cycle)
    assert [(row.card.organisation.name, bool(row.url)) for row in page.waiting] == [("Jugendamt", True)]
    assert all(row.url for row in dashboard.cycle_page(planner, cycle).waiting)


def test_a_task_is_linked_only_for_who_may_open_it(stages, specialist, planner):
    cycle = stages.at_conference()
    links = {
        person.pk: [bool(row.url) for row in dashboard.cycle_page(person, cycle).waiting]
        for person in (specialist, planner)
    }
    assert links == {specialist.pk: [False], planner.pk: [True]}


def test_index_and_drafts_are_internal_until_they_go_to_the_conference(stages, world, planner, member):
    cycle = stages.at_analysis()
    run = stages.run(cycle)
    PlanningCycle.objects.filter(pk=cycle.pk).update(index_run=run)
    cycle.refresh_from_db()

    assert [row.label for row in dashboard.cycle_page(planner, cycle).areas] == ["Zentrum Nord"]
    page = dashboard.cycle_page(member, cycle)
    assert (page.areas, page.outstanding_count) == ([], 0)
    assert "auffällig" not in " ".join(line.text for box in page.stages for line in box.detail_lines)

    PlanningCycle.objects.filter(pk=cycle.pk).update(stage=StageKind.CONFERENCE)
    cycle.refresh_from_db()
    assert [row.label for row in dashboard.cycle_page(member, cycle).areas] == ["Zentrum Nord"]


def test_the_strip_counts_what_the_viewer_may_know_of(stages, world, planner, member, chair):
    cycle = stages.in_conference()
    driver.recommendation_begin(cycle, wording=stages.wording("Entwurf"), user=world.fresh("specialist"))
    stages.submitted(cycle, "Eingereicht")

    def lines(person, stage):
        return [line.text for line in dashboard.cycle_page(person, cycle).stages[stage - 1].detail_lines]

    assert "2 Empfehlungen" in lines(planner, 3)
    assert "1 Empfehlung" in lines(member, 3)
    assert "1 zu beschließen" in lines(chair, 4)
    assert [box.state for box in dashboard.cycle_page(planner, cycle).stages] == [
        "done",
        "done",
        "current",
        "upcoming",
        "upcoming",
        "upcoming",
        "upcoming",
    ]


def test_the_page_costs_the_same_for_few_and_many_rows(client_as, stages, world, planner):
    cycle = stages.at_conference()
    factories.measure(world.plan, world.youth_office)
    client = client_as(planner)
    few = count_queries(client, page_of(cycle))

    world.areas.extend(factories.area(world.territory, f"Weiteres Gebiet {number}") for number in range(18))
    run = stages.run(cycle)
    IndexResult.objects.filter(run=run).update(stands_out=True)
    PlanningCycle.objects.filter(pk=cycle.pk).update(index_run=run)
    for number in range(18):
        factories.measure(world.plan, world.youth_office, title=f"Maßnahme {number}")
    task = open_task(cycle.process, driver.PlanningCycleFlow.prepare_conference)
    more_tasks(task, 18)

    assert count_queries(client, page_of(cycle)) == few


def test_a_closed_cycle_says_so_and_offers_the_next(client_as, cycle, planner, head):
    PlanningCycle.objects.filter(pk=cycle.pk).update(closed_at=timezone.now(), stage=StageKind.EVALUATION)

    text = client_as(planner).get(page_of(cycle)).content.decode()
    assert "abgeschlossen am" in text
    assert "Nächsten Zyklus eröffnen" in text
    assert "Nächsten Zyklus eröffnen" not in client_as(head).get(page_of(cycle)).content.decode()


# --- Tasks of the cycle ------------------------------------------------------------------------------


def test_the_tasks_of_a_cycle_are_searched_filtered_and_exported(client_as, cycle, planner):
    url = reverse("workflows:cycle-tasks", args=[cycle.pk])
    client = client_as(planner)

    assert client.get(url).context["page_obj"].paginator.count == 2
    assert client.get(url, {"q": "Jobcenter"}).context["page_obj"].paginator.count == 1
    assert client.get(url, {"q": "Daten liefern"}).context["page_obj"].paginator.count == 2
    assert client.get(url, {"overdue": "on"}).context["page_obj"].paginator.count == 0
    assert "Keine Aufgabe passt" in client.get(url, {"stage": "7"}).content.decode()
    response = client.get(url, {"export": "xlsx"})
    assert response["Content-Disposition"].startswith("attachment")


# --- Dates -------------------------------------------------------------------------------------------


def schedule(cycle):
    return reverse("workflows:cycle-schedule", args=[cycle.pk])


def test_moving_dates_needs_a_reason_and_is_kept(client_as, cycle, planner, head):
    stage = cycle.stages.get(kind=StageKind.DATA)
    new = stage.due_on + datetime.timedelta(days=5)
    client = client_as(planner)
    data = {"starts_on": stage.starts_on, "due_on": new, "reason": ""}

    assert client.post(f"{schedule(cycle)}?stage=1", data).status_code == 422
    response = client.post(f"{schedule(cycle)}?stage=1", data | {"reason": "Ferien der Lieferstellen"})

    assert response.url == schedule(cycle)
    change = ScheduleChange.objects.get()
    assert (change.old_due_on, change.new_due_on, change.changed_by) == (stage.due_on, new, planner)
    text = client_as(head).get(schedule(cycle)).content.decode()
    assert "Ferien der Lieferstellen" in text
    assert new.strftime("%d.%m.%Y") in text


@pytest.mark.parametrize(
    ("days", "reason"), [((0, 0), "gleich"), ((0, -90), "Ende vor Beginn"), ((400, 400), "nach der nächsten")]
)
def test_dates_that_do_not_fit_are_refused(client_as, cycle, planner, days, reason):
    stage = cycle.stages.get(kind=StageKind.DATA)
    data = {
        "starts_on": stage.starts_on + datetime.timedelta(days=days[0]),
        "due_on": stage.due_on + datetime.timedelta(days=days[1]),
        "reason": reason,
    }
    response = client_as(planner).post(f"{schedule(cycle)}?stage=1", data)
    assert response.status_code == 422
    assert not ScheduleChange.objects.exists()


def test_only_planning_moves_dates(client_as, cycle, head, planner):
    stage = cycle.stages.get(kind=StageKind.DATA)
    data = {"starts_on": stage.starts_on, "due_on": stage.due_on, "reason": "x"}

    assert client_as(head).get(f"{schedule(cycle)}?stage=1").context["form"] is None
    assert client_as(head).post(f"{schedule(cycle)}?stage=1", data).status_code == 403
    assert client_as(planner).post(f"{schedule(cycle)}?stage=99", data).status_code == 404
    PlanningCycle.objects.filter(pk=cycle.pk).update(closed_at=timezone.now())
    assert client_as(planner).post(f"{schedule(cycle)}?stage=1", data).status_code == 403


# --- Opening -----------------------------------------------------------------------------------------

CREATE = "/cycles/new/"


def filled(world, **changes):
    """The form as the page offers it, with one indicator of the Jobcenter."""
    choices = opening.opening_choices(world.territory)
    data = {name: value for name, value in first_values(choices).items() if value is not None}
    data |= SURE | {
        "planning_unit": world.planning_unit.pk,
        "planning_conference": world.conference.pk,
        "steering_group": world.steering_group.pk,
        supply_name(world.jobcenter): [world.indicators[0].pk],
    }
    return data | changes


def test_a_cycle_is_opened_and_its_suppliers_are_asked(client_as, world, planner):
    client = client_as(planner)
    assert client.get(CREATE).status_code == 200

    data = filled(world, title="Zyklus der Prüfung")
    asked = client.post(CREATE, {name: value for name, value in data.items() if name != "sure"})
    assert world.jobcenter.name in dict(asked.context["lines"]).values()
    assert not PlanningCycle.objects.exists(), "asked once more: all suppliers get a task"
    response = client.post(CREATE, data)

    cycle = PlanningCycle.objects.get(title="Zyklus der Prüfung")
    assert response.url == page_of(cycle)
    assert [row.organisation for row in cycle.requests.all()] == [world.jobcenter]
    assert (
        open_task(cycle.requests.get().process, DeliveryFlow.provide_data).card.organisation
        == world.jobcenter
    )
    assert LogEntry.objects.get(action="cycle.opened").user == planner


def test_a_cycle_can_begin_a_new_action_plan(client_as, world, planner):
    client = client_as(planner)
    data = filled(world, plan="")
    assert client.post(CREATE, data).status_code == 422
    taken = data | {"plan_title": "Handlungskonzept", "plan_ends_on": "2031-12-31"}
    assert client.post(CREATE, taken).status_code == 422

    client.post(CREATE, data | {"plan_title": "Handlungskonzept II", "plan_ends_on": "2031-12-31"})

    assert PlanningCycle.objects.get().plan == ActionPlan.objects.get(title="Handlungskonzept II")


@pytest.mark.parametrize(
    "changes",
    [
        {"title": ""},
        {"starts_year": 2029, "ends_year": 2028},
        {"data_from_year": 2030, "data_to_year": 2028},
        {"stage_1_until": "2000-01-01"},
        {"stage_2_from": "2000-01-01"},
        {"stage_3_from": "nonsense"},
        {"planning_conference": 999999},
    ],
)
def test_what_does_not_fit_is_shown_on_the_form_and_nothing_is_opened(client_as, world, planner, changes):
    response = client_as(planner).post(CREATE, filled(world, **changes))
    assert response.status_code == 422
    assert response.context["form"].errors
    assert not PlanningCycle.objects.exists()


def test_without_any_supplier_nothing_is_opened(client_as, world, planner):
    data = filled(world)
    del data[supply_name(world.jobcenter)]
    response = client_as(planner).post(CREATE, data)
    assert response.status_code == 422
    assert "mindestens eine Lieferstelle" in response.content.decode()


def test_a_template_proposes_the_dates_and_keeps_what_was_typed(client_as, world, planner):
    template = CycleTemplate.objects.create(name="Kurz")
    for kind in StageKind:
        CycleTemplateStage.objects.create(template=template, kind=kind, duration_days=10)

    response = client_as(planner).post(
        CREATE,
        filled(world, title="Noch nicht fertig", template=template.pk, begins_on="2027-03-01", prefill="1"),
    )

    form = response.context["form"]
    assert response.status_code == 200
    assert form["title"].value() == "Noch nicht fertig"
    assert form[supply_name(world.jobcenter)].value() == [str(world.indicators[0].pk)]
    assert form["stage_1_from"].value() == datetime.date(2027, 3, 1)
    assert form["stage_1_until"].value() == datetime.date(2027, 3, 10)
    assert form["stage_2_from"].value() == datetime.date(2027, 3, 11)
    assert not PlanningCycle.objects.exists()


def test_stage_dates_follow_one_another_without_gap():
    dates = opening.stage_dates(datetime.date(2027, 1, 1))
    for kind in list(StageKind)[1:]:
        assert dates[kind][0] == dates[kind - 1][1] + datetime.timedelta(days=1)
    assert set(date_fields(dates)) == {
        f"stage_{kind}_{end}" for kind in StageKind for end in ("from", "until")
    }


def test_a_second_open_cycle_is_refused(client_as, world, cycle, planner):
    client = client_as(planner)
    assert "Ein Zyklus läuft bereits" in client.get(CREATE).content.decode()
    assert client.post(CREATE, filled(world)).status_code == 409
    assert PlanningCycle.objects.count() == 1


def test_only_the_planning_unit_opens(client, client_as, world, head, admin, planner):
    for person in (head, admin):
        assert client_as(person).get(CREATE).status_code == 403
        assert client_as(person).post(CREATE, filled(world)).status_code == 403
    assert client.get(CREATE).status_code == 302
    assert client_as(planner).put(CREATE).status_code == 405


def test_who_plans_for_two_territories_chooses_one(client_as, world, planner):
    unit = factories.organisation(
        "Sozialplanung II", factories.OrganisationKind.PLANNING_UNIT, world.neighbour
    )
    both = factories.employed(planner, unit, factories.Function.PLANNER)
    client = client_as(both)

    assert "Für welchen Kreis oder welche Kommune?" in client.get(CREATE).content.decode()
    assert "Musterkreis" in client.get(CREATE, {"territory": world.territory.pk}).content.decode()
    assert client.get(CREATE, {"territory": 999999}).status_code == 404


def test_a_territory_without_bodies_is_told_what_is_missing(client_as, outsider):
    assert "Es fehlen noch Gremien" in client_as(outsider).get(CREATE).content.decode()


def test_the_next_cycle_begins_with_what_the_last_one_left_open(client_as, stages, world, planner):
    cycle, measure = stages.at_evaluation()
    evaluation_steps.evaluate(
        measure,
        EvaluationOutcome.CONTINUE,
        effect="Mehr Kinder erreicht",
        user=world.fresh("planner"),
    )
    driver.close(cycle, user=world.fresh("planner"))
    client = client_as(planner)

    form = client.get(CREATE).context["form"]
    assert isinstance(form, CycleForm)
    assert form.choices.predecessor == cycle
    assert form.choices.measures == [measure]
    assert form.choices.running == [measure]
    assert form["carried_measures"].value() == []
    assert form["planning_unit"].value() == world.planning_unit.pk
    assert form[supply_name(world.youth_office)].value() == [
        row.pk for row in cycle.requests.get(organisation=world.youth_office).indicators.all()
    ]

    client.post(CREATE, filled(world, title="Folgezyklus"))

    following = PlanningCycle.objects.get(title="Folgezyklus")
    assert following.predecessor == cycle
    assert CarriedItem.objects.get().measure == measure
    measure.process.refresh_from_db()
    assert measure.process.cycle == following
    assert measure.status == MeasureStatus.RUNNING
    text = client.get(page_of(following)).content.decode()
    assert page_of(cycle) in text
