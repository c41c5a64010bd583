"""A request for an amendment: every way to its ends, faults and drafts, and who may do what at every step."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from measures.models import (
    AmendmentRequest,
    AmendmentState,
    FundedProject,
    GrantNotice,
    Measure,
    Programme,
)
from measures.money import PlanLine
from measures.selectors.grants import lines_of
from measures.services.amendment_wishes import adapted_duties
from measures.services.amendments import amendment_forward, amendment_grant, amendment_submit
from measures.services.grants import Duty, PlanError, notice_record
from project.common.errors import DomainError
from stakeholders.models import Function, LogEntry, OutgoingMail, User
from tests import factories
from tests.amendments import LONGER, decided, forwarded, granted, letter, sent, typed, wish
from tests.factories import World
from tests.grants import lines, notice
from tests.measures.test_views_projects import funded
from tests.stages import at_noon
from tests.workflows.taskpages import page_of, take
from workflows.amending import amendment_call_back, amendment_open
from workflows.demo import amendment_steps as steps
from workflows.flows import AmendmentFlow
from workflows.models import TaskCard
from workflows.nodes import open_task
from workflows.timers import fire_due_timers

ClientAs = Callable[[User], Client]
D = datetime.date
E = Decimal


@pytest.fixture
def project(world: World) -> FundedProject:
    return granted(world)


def end_of(request: AmendmentRequest) -> str:
    request.process.refresh_from_db()
    assert request.process.finished is not None
    (end,) = request.process.task_set.filter(flow_task_type="END", status="DONE")
    return str(end.flow_task.name)


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(DomainError) as error:
        act()
    return error.value.code


# --- the ends ------------------------------------------------------------------------------------------


def test_asked_checked_and_consented_to_on_its_pages(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    provider, planning, funder = (
        client_as(world.fresh(name)) for name in ("provider_head", "planner", "funder_reader")
    )
    begin = reverse("workflows:amendment-begin", args=[project.pk])
    assert provider.get(begin).status_code == 200
    assert provider.post(begin).status_code == 302
    request = AmendmentRequest.objects.get()

    case = reverse("workflows:case", args=[request.process.pk])
    own_page = reverse("measures:amendment-detail", args=[request.pk])

    page = take(provider, request.process, AmendmentFlow.write_amendment)
    shown = provider.get(page)
    assert shown.status_code == 200
    assert own_page in shown.content.decode()
    assert case not in shown.content.decode(), "the case is planning's"
    assert shown.context["now"]["rows"] == []
    assert provider.post(page, typed()).status_code == 302
    assert provider.post(page, typed()).status_code == 409, "a second click sends nothing twice"

    page = take(planning, request.process, AmendmentFlow.review_amendment)
    html = planning.get(page).content.decode().replace("\xa0", " ")
    assert "1.350,00 €" in html
    assert "50 %" in html, "the cost of staff moves by half"
    assert case in html
    assert planning.post(page, {"answer": "forward", "remark": "Sinnvoll"}).status_code == 302

    page = take(funder, request.process, AmendmentFlow.decide_amendment)
    first = funder.get(page)
    assert "Sinnvoll" in first.content.decode()
    assert own_page in first.content.decode()
    assert case not in first.content.decode()
    form = first.content.decode().partition("pg-form--wide")[2]
    (pressed,) = re.findall(r'<button[^>]*type="submit"[^>]*name="(\w+)"', form)[:1]
    assert pressed == "show", "the first button is the one that Enter presses"
    entered = funder.post(page, decided("consent") | {pressed: "1"})
    assert (entered.status_code, entered.context["editor"].duties.total_form_count()) == (200, 1)
    assert project.notices.count() == 1, "and decides nothing"
    proposed = first.context["editor"].duties.initial_forms[0].initial
    assert (proposed["covers_until"], proposed["due_on"]) == (D(2026, 6, 30), D(2026, 9, 30))
    assert funder.post(page, decided("consent")).status_code == 302
    assert funder.post(page, decided("consent")).status_code == 409

    request.refresh_from_db()
    assert (request.state, end_of(request)) == (AmendmentState.GRANTED, "granted")
    made = project.notices.get(number=2)
    assert request.notice == made
    assert (made.reference, made.issued_on, made.granted) == ("AZ 1/2", D(2026, 11, 2), E("1350.00"))
    assert (made.starts_on, made.ends_on, made.reason) == (
        D(2026, 2, 1),
        LONGER,
        "Verlängerung bis zum Sommer",
    )
    assert lines_of(made) == lines("1500.00", "150.00")
    assert made.duties.get().due_on == D(2027, 12, 31)
    assert made.recorded_by == world.people["funder_reader"]
    project.refresh_from_db()
    assert (project.ends_on, project.reference) == (LONGER, "AZ 1/2")
    assert project.notices.get(number=1).granted == E("900.00"), "the first stays as it was"
    codes = LogEntry.objects.filter(action__startswith="amendment.").order_by("pk")
    assert list(codes.values_list("action", flat=True)) == [
        f"amendment.{step}" for step in ("begun", "submitted", "forwarded", "granted")
    ]
    assert LogEntry.objects.filter(action="notice.recorded").count() == 2
    assert not TaskCard.objects.filter(task__process=request.process, is_open=True).exists()
    told = provider.get(reverse("measures:notice-detail", args=[made.pk])).content.decode()
    assert reverse("measures:amendment-detail", args=[request.pk]) in told


def test_returned_mended_asked_back_answered_and_refused(project: FundedProject, world: World) -> None:
    request = sent(project, world)
    provider, planner, funder = (world.fresh(name) for name in ("provider_head", "planner", "funder_reader"))
    assert code_of(lambda: steps.give_back(request, " ", user=planner)) == "reason_missing"
    steps.give_back(request, "Kosten begründen", user=planner)
    assert request.state == AmendmentState.RETURNED
    steps.send(request, wish(reason="Mit Begründung"), user=provider)
    steps.forward(request, user=planner)
    assert code_of(lambda: steps.ask_back(request, "", user=funder)) == "reason_missing"
    steps.ask_back(request, "Wofür genau?", user=funder)
    steps.send(request, wish(reason="Für Spielgeräte"), user=provider)
    steps.forward(request, user=planner)
    assert code_of(lambda: steps.refuse(request, "", user=funder)) == "reason_missing"
    steps.refuse(request, "Keine Mittel", user=funder)

    assert (request.state, end_of(request)) == (AmendmentState.REFUSED, "refused")
    assert project.notices.count() == 1
    reasons = list(request.versions.order_by("number").values_list("reason", flat=True))
    assert reasons == ["Verlängerung bis zum Sommer", "Mit Begründung", "Für Spielgeräte"]
    answered = list(request.answers.order_by("pk").values_list("version__number", "step"))
    assert answered == [(1, "returned"), (2, "forwarded"), (2, "asked"), (3, "forwarded"), (3, "refused")]
    assert amendment_open(project, user=provider).number == 2, "a new one can be begun"


@pytest.mark.parametrize("stage", ["draft", "sent", "forwarded"])
def test_the_provider_withdraws_at_any_time_before_it_is_decided(
    project: FundedProject, world: World, client_as: ClientAs, stage: str
) -> None:
    user = world.fresh("provider_head")
    if stage == "draft":
        request = amendment_open(project, user=user)
    else:
        request = {"sent": sent, "forwarded": forwarded}[stage](project, world)
    page = reverse("workflows:amendment-withdraw", args=[request.pk])
    client = client_as(user)
    assert client.get(page).status_code == 200
    assert client.post(page, {"reason": " "}).status_code == 422
    assert client.post(page, {"reason": "Überholt"}).status_code == 302
    request.refresh_from_db()
    assert (request.state, end_of(request)) == (AmendmentState.WITHDRAWN, "withdrawn")
    assert request.answers.get(step="withdrawn").text == "Überholt"
    assert client.post(page, {"reason": "Noch einmal"}).status_code == 409
    assert not TaskCard.objects.filter(task__process=request.process, is_open=True).exists()
    assert client.get(reverse("measures:amendment-detail", args=[request.pk])).status_code == 200


def test_what_was_decided_is_not_withdrawn(project: FundedProject, world: World) -> None:
    request = forwarded(project, world)
    steps.consent(request, letter(), user=world.fresh("funder_reader"))
    provider = world.fresh("provider_head")
    assert code_of(lambda: amendment_call_back(request, reason="Doch nicht", user=provider)) == "no_open_task"
    assert request.state == AmendmentState.GRANTED


# --- one at a time, and on the notice that holds -------------------------------------------------------


def test_only_one_request_of_a_project_is_open(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    user = world.fresh("provider_head")
    amendment_open(project, user=user)
    assert code_of(lambda: amendment_open(project, user=user)) == "amendment_open"
    page = reverse("workflows:amendment-begin", args=[project.pk])
    assert client_as(user).get(page).context["open_one"] is not None
    assert client_as(user).post(page).url == reverse("measures:project-detail", args=[project.pk])
    assert project.amendments.count() == 1


def test_without_notice_or_cycle_nothing_begins(world: World, client_as: ClientAs) -> None:
    bare = funded(world)
    user = world.fresh("provider_head")
    page = reverse("workflows:amendment-begin", args=[bare.pk])
    assert code_of(lambda: amendment_open(bare, user=user)) == "no_cycle"
    assert client_as(user).post(page).status_code == 422
    factories.make_cycle(world)
    assert code_of(lambda: amendment_open(bare, user=user)) == "no_notice"
    assert "noch nicht erfasst" in client_as(user).get(page).content.decode()
    assert AmendmentRequest.objects.count() == 0


def test_a_notice_recorded_meanwhile_bars_the_consent_and_is_shown(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    request = forwarded(project, world)
    planner, funder = world.fresh("planner"), world.fresh("funder_reader")
    by_hand = notice(granted=E("1000.00"), lines=lines("1112.00", "112.00"), reason="Von Hand")
    notice_record(project, fields=by_hand, user=planner)

    assert code_of(lambda: steps.consent(request, letter(), user=funder)) == "basis_changed"
    assert project.notices.count() == 2
    client = client_as(funder)
    page = take(client, request.process, AmendmentFlow.decide_amendment)
    refused = client.post(page, decided("consent"))
    assert refused.status_code == 422
    assert refused.context["shown"].difference_now.notice.number == 2
    assert refused.context["editor"].form["reference"].value() == "AZ 1/2", "what was typed stays"
    detail = client.get(reverse("measures:amendment-detail", args=[request.pk]))
    assert detail.context["shown"].is_outdated

    steps.ask_back(request, "Bitte auf den neuen Bescheid beziehen", user=funder)
    steps.send(request, wish(), user=world.fresh("provider_head"))
    assert request.versions.latest("pk").basis == project.notices.get(number=2)
    steps.forward(request, user=planner)
    assert steps.consent(request, letter(), user=funder).number == 3


def test_planning_does_not_forward_what_builds_on_an_older_notice(
    project: FundedProject, world: World
) -> None:
    request = sent(project, world)
    notice_record(project, fields=notice(reason="x"), user=world.fresh("planner"))
    user = world.fresh("planner")
    assert code_of(lambda: steps.forward(request, user=user)) == "basis_changed"
    steps.give_back(request, "Es gilt ein neuer Bescheid", user=user)
    assert request.state == AmendmentState.RETURNED


# --- rights --------------------------------------------------------------------------------------------

STEPS = {
    "write_amendment": "provider_head",
    "review_amendment": "planner",
    "decide_amendment": "funder_reader",
}
EVERYBODY = (
    *("provider_head", "planner", "funder_reader", "association_head", "head", "jobcenter_head"),
    *("chair", "member", "admin", "outsider"),
)


def at(step: str, project: FundedProject, world: World) -> AmendmentRequest:
    if step == "write_amendment":
        return amendment_open(project, user=world.fresh("provider_head"))
    return {"review_amendment": sent, "decide_amendment": forwarded}[step](project, world)


@pytest.mark.parametrize("step", STEPS)
def test_each_step_is_for_its_own_people(
    project: FundedProject, world: World, client_as: ClientAs, step: str
) -> None:
    request = at(step, project, world)
    task = open_task(request.process, getattr(AmendmentFlow, step))
    for name in EVERYBODY:
        client = client_as(world.fresh(name))
        entry = client.get(reverse("workflows:task", args=[task.pk]))
        page = client.get(page_of(task))
        if name == STEPS[step]:
            assert page.status_code in {200, 302}, name
        elif name == "planner":
            assert (entry.status_code, page.status_code) == (302, 403), "planning follows its cases"
            assert client.post(page_of(task), {"answer": "forward"}).status_code == 403
        else:
            assert (entry.status_code, page.status_code) == (404, 404), name
            assert client.post(page_of(task), {"answer": "forward"}).status_code == 404, name
    request.refresh_from_db()
    assert open_task(request.process, getattr(AmendmentFlow, step)) == task


def test_only_the_lead_provider_begins_and_withdraws(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    begin = reverse("workflows:amendment-begin", args=[project.pk])
    for name, status in (
        *(("planner", 403), ("funder_reader", 403), ("association_head", 403), ("head", 403)),
        ("outsider", 404),
    ):
        client = client_as(world.fresh(name))
        assert client.get(begin).status_code == client.post(begin).status_code == status, name
        with pytest.raises(PermissionDenied):
            amendment_open(project, user=world.fresh(name))
    colleague = factories.staff("Mitarbeiter Träger", world.provider, Function.MEMBER)
    assert client_as(colleague).post(begin).status_code == 403, "works there, but does not act for it"
    request = forwarded(project, world)
    withdraw = reverse("workflows:amendment-withdraw", args=[request.pk])
    for name, status in (
        *(("planner", 403), ("funder_reader", 403), ("association_head", 403)),
        *(("head", 404), ("outsider", 404), ("admin", 404)),
    ):
        client = client_as(world.fresh(name))
        sent_twice = {client.get(withdraw).status_code, client.post(withdraw, {"reason": "x"}).status_code}
        assert sent_twice == {status}, name
    with pytest.raises(PermissionDenied):
        amendment_call_back(request, reason="x", user=world.fresh("planner"))
    request.refresh_from_db()
    assert request.is_open


def test_services_ask_for_the_right_themselves(project: FundedProject, world: World) -> None:
    request = sent(project, world)
    for name in ("provider_head", "funder_reader", "association_head", "outsider"):
        with pytest.raises(PermissionDenied):
            amendment_forward(request, remark="", user=world.fresh(name))
    with pytest.raises(PermissionDenied):
        amendment_submit(request, wish=wish(), user=world.fresh("planner"))
    assert code_of(lambda: amendment_submit(request, wish=wish(), user=world.fresh("provider_head"))) == (
        "amendment_moved"
    )
    assert (
        code_of(lambda: amendment_grant(request, letter=letter(), user=world.fresh("funder_reader")))
        == "amendment_moved"
    )
    with pytest.raises(PermissionDenied):
        amendment_grant(request, letter=letter(), user=world.fresh("planner"))


def test_nobody_checks_or_decides_what_they_wrote_or_forwarded(world: World) -> None:
    """One person of provider, planning and funder at once, and the municipality as its own provider."""
    project = granted(world)
    everywhere = world.fresh("provider_head")
    factories.employed(everywhere, world.planning_unit, Function.PLANNER)
    everywhere = factories.employed(everywhere, world.funder, Function.PLANNER)
    request = steps.ask(project, wish(), user=everywhere)
    with pytest.raises(PermissionDenied, match="Vier"):
        steps.forward(request, user=everywhere)
    steps.forward(request, user=world.fresh("planner"))
    with pytest.raises(PermissionDenied, match="Vier"):
        steps.consent(request, letter(), user=everywhere)

    planner = factories.employed(world.fresh("planner"), world.funder, Function.PLANNER)
    with pytest.raises(PermissionDenied, match="Vier"):
        steps.consent(request, letter(), user=planner)
    assert steps.consent(request, letter(), user=world.fresh("funder_reader")).number == 2


def test_who_wrote_an_earlier_version_does_not_check_a_later_one(
    project: FundedProject, world: World
) -> None:
    """A colleague may have sent the second version; the writer of the first stays barred."""
    writer = factories.employed(world.fresh("provider_head"), world.planning_unit, Function.PLANNER)
    colleague = factories.staff("Kollegin Träger", world.provider, Function.PLANNER)
    request = steps.ask(project, wish(), user=writer)
    steps.give_back(request, "Bitte ergänzen", user=world.fresh("planner"))
    task = open_task(request.process, AmendmentFlow.write_amendment)
    task.flow_task.activation_class(task).unassign()
    steps.send(request, wish(reason="Ergänzt"), user=colleague)
    with pytest.raises(PermissionDenied, match="Vier"):
        steps.forward(request, user=writer)
    steps.forward(request, user=world.fresh("planner"))


# --- faults and drafts ---------------------------------------------------------------------------------


def test_faults_of_the_plan_are_shown_at_once_and_nothing_is_lost(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    user = world.fresh("provider_head")
    client = client_as(user)
    request = amendment_open(project, user=user)
    page = take(client, request.process, AmendmentFlow.write_amendment)
    wrong = typed(**{"lines-0-year_2026": "1.600,00", "lines-2-year_2026": "50,00", "reason": "Ein Grund"})
    for button, status in (({}, 422), ({"compare": "1"}, 200)):
        response = client.post(page, wrong | button)
        html = response.content.decode().replace("\xa0", " ")
        assert response.status_code == status
        assert "200,00 € auseinander" in html
        assert "mindestens 160,00 €" in html, "the own share is told in the same breath"
        assert 'value="1.600,00"' in html
        assert "Ein Grund" in html
        rows = [(change.line.before, change.line.after) for _label, change in response.context["now"]["rows"]]
        assert rows[0] == (E("1000.00"), E("1600.00"))
    for change, word in (
        ({"lines-0-kind": ""}, "lines-0-kind"),
        ({"lines-0-year_2026": "1,371"}, "„1,371“ ist nicht eindeutig"),
        ({"reason": ""}, "reason"),
        ({"ends_on": "31.01.2026"}, "Die Förderung endet vor ihrem Beginn."),
        ({"ends_on": "31.02.2026"}, "ends_on"),
    ):
        response = client.post(page, typed(**change))
        assert response.status_code == 422, change
        assert word in response.content.decode(), change
    request.refresh_from_db()
    assert (request.state, request.versions.count()) == (AmendmentState.DRAFT, 0)


def test_shares_of_the_call_and_kinds_of_cost_are_held_against_the_plan(world: World) -> None:
    project = granted(world)
    Programme.objects.filter(pk=project.programme_id).update(own_share_percent=E("20"))
    request = amendment_open(project, user=world.fresh("provider_head"))
    with pytest.raises(PlanError) as refused:
        steps.send(request, wish(), user=world.fresh("provider_head"))
    assert len(refused.value.faults) == 1
    assert "20" in refused.value.faults[0]
    steps.send(request, wish(lines("1500.00", "300.00")), user=world.fresh("provider_head"))
    assert request.versions.get().granted == E("1200.00")


def test_a_wish_that_changes_nothing_or_asks_for_no_grant_is_refused(
    project: FundedProject, world: World
) -> None:
    request = amendment_open(project, user=world.fresh("provider_head"))
    same = wish(lines(), ends_on=D(2026, 12, 31))
    own = [PlanLine("cost", "staff", "", 2026, E(10)), PlanLine("funding", "own", "", 2026, E(10))]
    for wrong in (same, wish(own)):
        with pytest.raises(PlanError) as refused:
            steps.send(request, wrong, user=world.fresh("provider_head"))
        assert len(refused.value.faults) == 1
    assert code_of(lambda: steps.send(request, wish(reason=" "), user=world.fresh("provider_head"))) == (
        "reason_missing"
    )
    steps.send(request, wish(lines()), user=world.fresh("provider_head"))
    assert request.state == AmendmentState.SUBMITTED, "the term alone is enough"


def test_a_draft_is_kept_as_typed_and_only_the_provider_sees_it(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    user = world.fresh("provider_head")
    client = client_as(user)
    request = amendment_open(project, user=user)
    page = take(client, request.process, AmendmentFlow.write_amendment)
    half = typed(**{"lines-0-year_2026": "viel", "lines-0-title": "Neue Stelle", "ends_on": "30.06.2028"})
    half |= {"reason": "", "lines-3-kind": "cost-fees", "lines-3-year_2028": "40", "lines-TOTAL_FORMS": "4"}
    assert client.post(page, half | {"save": "1"}).status_code == 302
    request.refresh_from_db()
    assert request.state == AmendmentState.DRAFT
    shown = client.get(page)
    html = shown.content.decode()
    assert shown.context["editor"].years == [2026, 2027, 2028]
    for text in ("viel", "Neue Stelle", 'value="40"', "30.06.2028"):
        assert text in html
    detail = reverse("measures:amendment-detail", args=[request.pk])
    listed = reverse("measures:project-detail", args=[project.pk])
    for name in EVERYBODY:
        other = client_as(world.fresh(name))
        assert other.get(detail).status_code == (200 if name == "provider_head" else 404), name
        assert (detail in other.get(listed).content.decode()) == (name == "provider_head"), name
    assert "Neue Stelle" not in client.get(detail).content.decode(), "the draft stands in its task only"
    assert client.post(page, typed()).status_code == 302
    request.refresh_from_db()
    assert request.draft == {}


def test_two_windows_do_not_overwrite_each_other_unseen(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    user = world.fresh("provider_head")
    client = client_as(user)
    request = amendment_open(project, user=user)
    page = take(client, request.process, AmendmentFlow.write_amendment)
    opened = client.get(page).context["editor"].form["opened"].value()
    assert client.post(page, typed(reason="Erstes", opened=opened, save="1")).status_code == 302
    late = client.post(page, typed(reason="Zweites", opened=opened, save="1"))
    assert late.status_code == 422
    assert "Zweites" in late.content.decode()
    again = late.context["editor"].form["opened"].value()
    assert client.post(page, typed(reason="Zweites", opened=again, save="1")).status_code == 302
    request.refresh_from_db()
    assert request.draft["reason"] == "Zweites"


def test_a_form_opened_before_another_notice_is_shown_the_difference_first(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    user = world.fresh("provider_head")
    client = client_as(user)
    request = amendment_open(project, user=user)
    page = take(client, request.process, AmendmentFlow.write_amendment)
    seen = client.get(page).context["editor"].form["seen"].value()
    assert client.post(page, typed(seen=seen, save="1")).status_code == 302
    notice_record(project, fields=notice(reason="Neu"), user=world.fresh("planner"))
    assert client.get(page).context["editor"].is_rebased
    late = client.post(page, typed(seen=seen))
    assert late.status_code == 422
    assert request.versions.count() == 0
    again = late.context["editor"].form["seen"].value()
    assert client.post(page, typed(seen=again)).status_code == 302
    assert request.versions.get().basis.number == 2


def test_the_funder_is_told_at_once_what_its_letter_lacks(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    request = forwarded(project, world)
    client = client_as(world.fresh("funder_reader"))
    page = take(client, request.process, AmendmentFlow.decide_amendment)
    more = client.post(page, decided("consent", add_duty="1"))
    assert (more.status_code, len(more.context["editor"].duties.forms)) == (200, 2)
    for change in (
        {"reference": "", "issued_on": ""},
        {"issued_on": "01.01.2026"},
        {"issued_on": "01.01.2100"},
        {"duties-0-due_on": ""},
        {"duties-0-covers_until": "31.12.2027"},
        {"answer": "refuse"},
        {"answer": "ask"},
        {"answer": ""},
    ):
        response = client.post(page, decided("consent") | change)
        assert response.status_code == 422, change
        assert project.notices.count() == 1
    broken = decided("refuse", text="Keine Mittel", **{"duties-0-due_on": "", "reference": ""})
    assert client.post(page, broken).status_code == 302, "a refusal needs no duties"


# --- what goes on by itself ----------------------------------------------------------------------------


def test_days_reminders_and_mails(project: FundedProject, world: World) -> None:
    request = sent(project, world)
    today = timezone.localdate()
    task = open_task(request.process, AmendmentFlow.review_amendment)
    assert task.card.due_on == today + datetime.timedelta(days=14)
    before = OutgoingMail.objects.count()
    with at_noon(today + datetime.timedelta(days=12)):
        fire_due_timers()
    assert OutgoingMail.objects.count() > before
    with at_noon(today + datetime.timedelta(days=5)):
        steps.forward(request, user=world.fresh("planner"))
        assert open_task(request.process, AmendmentFlow.decide_amendment).card.due_on == (
            today + datetime.timedelta(days=19)
        )
        steps.ask_back(request, "Wofür?", user=world.fresh("funder_reader"))
    back = open_task(request.process, AmendmentFlow.write_amendment)
    assert back.card.due_on == today + datetime.timedelta(days=19)
    assert back.owner == world.people["provider_head"], "it lands with who began it"


def test_the_measures_own_cycle_says_which_planning_unit_checks(world: World) -> None:
    project = granted(world)
    measure = Measure.objects.get(pk=project.measure_id)
    request = sent(project, world)
    assert request.process.cycle.plan == measure.plan
    assert open_task(request.process, AmendmentFlow.review_amendment).card.organisation == world.planning_unit


def test_duties_follow_the_end_of_the_term() -> None:
    duties = [
        Duty("interim", D(2026, 2, 1), D(2026, 6, 30), D(2026, 9, 30)),
        Duty("drawdown", D(2026, 7, 1), D(2026, 12, 31), D(2026, 11, 30)),
        Duty("final", D(2026, 2, 1), D(2026, 12, 31), D(2027, 6, 30)),
    ]
    end = D(2026, 12, 31)
    assert adapted_duties(duties, old_end=end, new_end=end) == duties
    longer = adapted_duties(duties, old_end=end, new_end=D(2027, 1, 10))
    assert [(row.covers_until, row.due_on) for row in longer] == [
        (D(2026, 6, 30), D(2026, 9, 30)),
        (D(2027, 1, 10), D(2026, 11, 30)),
        (D(2027, 1, 10), D(2027, 7, 10)),
    ]
    shorter = adapted_duties(duties, old_end=end, new_end=D(2026, 6, 15))
    assert [(row.kind, row.covers_until) for row in shorter] == [
        ("interim", D(2026, 6, 15)),
        ("final", D(2026, 6, 15)),
    ]


def test_nothing_of_a_request_is_ever_changed(project: FundedProject, world: World) -> None:
    request = sent(project, world)
    version = request.versions.get()
    with pytest.raises(TypeError):
        version.save()
    with pytest.raises(TypeError):
        version.lines.all().delete()
    assert GrantNotice.objects.count() == 1
