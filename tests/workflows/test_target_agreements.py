"""Target agreements: wording, four eyes, versions, change of what is in force, reviews, pages and paper."""

from __future__ import annotations

import dataclasses
import datetime
import itertools
from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from measures.models import Measure, MeasureStatus
from project.common.errors import DomainError
from stakeholders.models import User
from tests.factories import World
from tests.stages import Stages, at_noon
from tests.workflows.taskpages import SURE, page_of, take
from workflows import engine
from workflows.demo import driver, evaluation_steps
from workflows.flows import AgreementReviewFlow, ConfirmationFlow, MeasureFlow
from workflows.models import (
    AgreementDraft,
    AgreementReview,
    IssuedPaper,
    PlanningCycle,
    ReviewResult,
    ReviewState,
    TargetAgreement,
)
from workflows.nodes import open_task, poke
from workflows.selectors.agreement_changes import agreement_changes
from workflows.selectors.agreement_lists import AgreementFilter, agreement_lines
from workflows.selectors.agreement_versions import (
    AgreementState,
    content_for,
    in_force,
    version_lines,
)
from workflows.services import implementation
from workflows.services.agreements import draft_save

ClientAs = Callable[[User], Client]


def page(name: str, measure: Measure) -> str:
    return reverse(f"workflows:agreement-{name}", args=[measure.pk])


def word(measure: Measure, user: User, **changes: Any) -> AgreementDraft:
    """Planning words the next version, with what is proposed but for the changes."""
    return draft_save(measure, content=dataclasses.replace(content_for(measure), **changes), user=user)


def code_of(act: Callable[[], Any]) -> str:
    with pytest.raises(DomainError) as error:
        act()
    return error.value.code


# --- wording ---------------------------------------------------------------------------------------


def test_a_draft_is_thrown_away_by_who_is_sure(shaped: Measure, world: World, client_as: ClientAs) -> None:
    word(shaped, world.fresh("planner"))
    drop = page("drop", shaped)
    assert client_as(world.fresh("provider_head")).post(drop, SURE).status_code in {403, 404}
    client = client_as(world.fresh("planner"))
    assert client.post(drop).status_code == 200
    assert client.post(drop, {"again": "1"})["Location"] == page("detail", shaped)
    assert AgreementDraft.objects.exists(), "asked once more"
    assert client.post(drop, SURE)["Location"] == page("detail", shaped)
    assert not AgreementDraft.objects.exists()


def test_it_follows_from_the_measure_and_is_frozen_when_the_parties_are_asked(stages: Stages) -> None:
    _cycle, measure = stages.at_agreement(description="Frühe Hilfen in Schulen")
    agreement = measure.agreements.get()
    assert "Frühe Hilfen in Schulen" in agreement.subject
    assert (agreement.starts_on, agreement.ends_on) == (measure.starts_on, measure.ends_on)
    assert [row.organisation for row in agreement.commitments.all()] == [
        measure.responsible,
        *(row.organisation for row in measure.partners.all()),
        _cycle.planning_unit,
    ]
    assert all(row.text for row in agreement.commitments.all())
    target = agreement.targets.get()
    assert (target.title, target.value) == ("Erreichte Kinder", 100)
    measure.key_figures.get().targets.update(value=7)
    assert agreement.targets.get().value == 100, "what was agreed stays"
    agreement.subject = "Anders"
    with pytest.raises(TypeError):
        agreement.save()
    with pytest.raises(TypeError):
        TargetAgreement.objects.all().delete()


def test_planning_words_it_before_and_no_other(shaped: Measure, world: World, client_as: ClientAs) -> None:
    client = client_as(world.fresh("planner"))
    response = client.get(page("edit", shaped))
    form = response.context["form"]
    fields = {field.html_name: field.value() if field.value() is not None else "" for field in form} | {
        "subject": "Mit eigenen Worten",
        "starts_on": shaped.starts_on.isoformat(),
        "ends_on": shaped.ends_on.isoformat(),
    }
    for name in form.day_names:
        fields[name] = fields[name].isoformat() if fields[name] else ""
    assert client.post(page("edit", shaped), {**fields, "subject": " "}).status_code == 422
    assert client.post(page("edit", shaped), fields).status_code == 302
    assert shaped.agreement_draft.subject == "Mit eigenen Worten"
    for name in ("specialist", "head", "provider_head", "chair"):
        other = client_as(world.fresh(name))
        assert other.get(page("edit", shaped)).status_code in {403, 404}, name
        with pytest.raises(PermissionDenied):
            word(shaped, world.fresh(name))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"subject": " "}, "subject_missing"),
        ({"deviation_rule": ""}, "rule_missing"),
        ({"ends_on": datetime.date(2020, 1, 1)}, "ends_before_start"),
        ({"ends_on": datetime.date(2999, 1, 1)}, "ends_after_plan"),
        ({"commitments": {}}, "commitment_missing"),
        ({"review_days": [datetime.date(2020, 1, 1)]}, "review_outside_term"),
    ],
)
def test_what_makes_no_agreement(changes: dict[str, Any], code: str, shaped: Measure, planner: User) -> None:
    assert code_of(lambda: word(shaped, planner, **changes)) == code
    assert not AgreementDraft.objects.exists()


def test_nobody_words_it_while_the_parties_read_it(
    stages: Stages, planner: User, client_as: ClientAs
) -> None:
    _cycle, measure = stages.at_agreement()
    assert code_of(lambda: word(measure, planner)) == "agreement_under_way"
    client = client_as(planner)
    assert client.get(page("edit", measure)).status_code == 200
    assert client.post(page("edit", measure), {}).status_code == 409


# --- four eyes -------------------------------------------------------------------------------------


def test_whoever_words_it_confirms_it_for_nobody(stages: Stages, world: World, client_as: ClientAs) -> None:
    cycle = stages.at_social_space()
    (measure,) = driver.shape(cycle, lambda _: [stages.measure()], user=world.fresh("planning_head"))
    agreement = measure.agreements.get()
    assert agreement.drafted_by == world.people["planning_head"]
    own = measure.confirmations.get(organisation=world.planning_unit)
    task = open_task(own.process, ConfirmationFlow.confirm_agreement)
    drafter = world.fresh("planning_head")
    assert not task.flow_task.can_assign(drafter, task)
    client = client_as(drafter)
    client.post(reverse("workflows:task-take", args=[task.pk]))
    assert client.post(page_of(task), {"answer": "confirm", "comment": ""}).status_code == 403
    with pytest.raises(PermissionDenied):
        driver.confirm(measure, world.planning_unit, user=drafter)
    own.refresh_from_db()
    assert own.state == "open"
    # Who did not word it does.
    driver.confirm(measure, world.youth_office, user=world.fresh("head"))
    assert measure.confirmations.get(organisation=world.youth_office).state == "confirmed"


# --- beginning -------------------------------------------------------------------------------------


def _begins(measure: Measure, user: User) -> bool:
    """Whether the measure can begin now; if so, it is taken back."""
    try:
        with transaction.atomic():
            fresh = Measure.objects.get(pk=measure.pk)
            implementation.measure_begin(fresh, started_on=timezone.localdate(), user=user)
            transaction.set_rollback(True)
    except DomainError:
        return False
    return True


def test_no_order_of_answers_begins_a_measure_that_not_all_confirmed(stages: Stages, world: World) -> None:
    """All orders of three parties, with each of them refusing or not."""
    _cycle, measure = stages.at_agreement()
    heads = {
        world.youth_office: world.fresh("head"),
        world.provider: world.fresh("provider_head"),
        world.planning_unit: world.fresh("planning_head"),
    }
    specialist = world.fresh("specialist")
    seen = set()
    for order in itertools.permutations(heads):
        for refusals in itertools.product([False, True], repeat=3):
            with transaction.atomic():
                confirmed = 0
                for party, refuses in zip(order, refusals, strict=True):
                    if measure.confirmations.filter(organisation=party, state="open").exists():
                        driver.confirm(measure, party, user=heads[party], refusal="Nein" if refuses else "")
                        confirmed += not refuses
                    may = confirmed == len(heads)
                    assert _begins(measure, specialist) == may, (order, refusals)
                    seen.add(may)
                transaction.set_rollback(True)
    assert seen == {True, False}


def test_the_act_looks_again(stages: Stages, world: World) -> None:
    """The status alone is not believed."""
    _cycle, measure = stages.at_agreement()
    Measure.objects.filter(pk=measure.pk).update(status=MeasureStatus.AGREED)
    act = partial(
        implementation.measure_begin, measure, started_on=timezone.localdate(), user=world.fresh("specialist")
    )
    assert code_of(act) == "not_agreed"
    Measure.objects.filter(pk=measure.pk).update(needs_agreement=False)
    act()
    assert measure.status == MeasureStatus.RUNNING


def test_a_measure_that_needs_none_is_not_asked_for(stages: Stages) -> None:
    _cycle, measure = stages.at_agreement(needs_agreement=False)
    measure.refresh_from_db()
    assert measure.status == MeasureStatus.AGREED
    assert not measure.confirmations.exists()
    assert open_task(measure.process, MeasureFlow.begin_measure)


# --- change of what is in force --------------------------------------------------------------------


def test_a_change_holds_only_when_all_have_confirmed_it(
    running: tuple[PlanningCycle, Measure], world: World, client_as: ClientAs
) -> None:
    _cycle, measure = running
    planner = world.fresh("planner")
    assert code_of(lambda: word(measure, planner, subject="Neu")) == "reason_missing"
    assert code_of(lambda: engine.agreement_amend(measure, user=planner)) == "no_draft"
    word(measure, planner, subject="Auch am Wochenende", change_reason="Mehr Nachfrage")
    client = client_as(planner)
    assert client.post(page("ask", measure)).status_code == 302
    second = measure.agreements.get(version=2)
    assert (second.is_amendment, second.change_reason) == (True, "Mehr Nachfrage")
    assert not AgreementDraft.objects.exists()

    assert in_force(measure) == measure.agreements.get(version=1)
    measure.refresh_from_db()
    assert measure.status == MeasureStatus.RUNNING
    driver.confirm_all(measure)
    assert in_force(measure) == second
    assert [row.state for row in version_lines(measure)] == [AgreementState.IN_FORCE, AgreementState.REPLACED]
    measure.refresh_from_db()
    assert measure.status == MeasureStatus.RUNNING
    assert IssuedPaper.objects.filter(agreement__measure=measure).count() == 2

    html = client.get(page("compare", measure)).content.decode()
    assert "<ins>" in html
    assert "Mehr Nachfrage" in html
    changed = [part for part in agreement_changes(*measure.agreements.order_by("version")) if part.is_changed]
    assert len(changed) == 1
    old = client.get(page("detail", measure), {"version": 1}).content.decode()
    assert "Auch am Wochenende" not in old


def test_a_change_that_is_refused_leaves_the_old_version_in_force(
    running: tuple[PlanningCycle, Measure], world: World
) -> None:
    _cycle, measure = running
    planner = world.fresh("planner")
    word(measure, planner, subject="Auch am Wochenende", change_reason="Mehr Nachfrage")
    engine.agreement_amend(measure, user=planner)
    driver.confirm(measure, world.youth_office, user=world.fresh("head"))
    driver.confirm(measure, world.provider, user=world.fresh("provider_head"), refusal="Kein Personal")

    states = dict(measure.confirmations.filter(round=2).values_list("organisation__name", "state"))
    assert states == {"Jugendamt": "confirmed", "Träger (Beispiel)": "refused", "Sozialplanung": "called_off"}
    assert in_force(measure) == measure.agreements.get(version=1)
    measure.refresh_from_db()
    assert measure.status == MeasureStatus.RUNNING
    # Another attempt is possible.
    word(measure, planner, subject="Samstags", change_reason="Weniger")
    assert engine.agreement_amend(measure, user=planner).version == 3


def test_only_planning_asks_for_a_change(
    running: tuple[PlanningCycle, Measure], world: World, client_as: ClientAs
) -> None:
    _cycle, measure = running
    word(measure, world.fresh("planner"), change_reason="Mehr Nachfrage")
    for name, status in (("specialist", 403), ("provider_head", 403), ("outsider", 404)):
        client = client_as(world.fresh(name))
        assert client.post(page("ask", measure)).status_code == status, name
        assert client.post(page("drop", measure)).status_code == status, name
        with pytest.raises(PermissionDenied):
            engine.agreement_amend(measure, user=world.fresh(name))
    assert measure.agreements.count() == 1
    assert client_as(world.fresh("planner")).post(page("drop", measure), SURE).status_code == 302
    assert not AgreementDraft.objects.exists()


def test_what_is_asked_ends_with_the_measure(stages: Stages, world: World) -> None:
    _cycle, measure = stages.at_implementation(ends_on=timezone.localdate() + datetime.timedelta(days=5))
    planner = world.fresh("planner")
    word(measure, planner, change_reason="Mehr Nachfrage")
    engine.agreement_amend(measure, user=planner)
    driver.complete(measure, ended_on=timezone.localdate(), summary="Fertig", user=world.fresh("specialist"))
    assert not measure.confirmations.filter(state="open").exists()
    assert not AgreementReview.objects.filter(state=ReviewState.WAITING).exists()


# --- reviews ---------------------------------------------------------------------------------------


def test_reviews_come_as_tasks_one_after_the_other(
    running: tuple[PlanningCycle, Measure], world: World, client_as: ClientAs
) -> None:
    _cycle, measure = running
    first = AgreementReview.objects.get()
    assert first.due_on == measure.agreements.get().review_dates.order_by("due_on").first().due_on  # type: ignore[union-attr]
    step = AgreementReviewFlow.hold_review
    with at_noon(first.due_on - datetime.timedelta(days=30)):
        poke(first.process)
        assert code_of(lambda: open_task(first.process, step)) == "no_open_task"
    with at_noon(first.due_on):
        poke(first.process)
        task = open_task(first.process, step)
        assert task.card.due_on == first.due_on
        for name in ("specialist", "provider_head", "outsider"):
            assert client_as(world.fresh(name)).get(page_of(task)).status_code == 404, name
        client = client_as(world.fresh("planner"))
        address = take(client, first.process, step)
        assert "Erreichte Kinder" in client.get(address).content.decode()
        held = {"held_on": first.due_on.isoformat(), "looked_at": "Kennzahlen", "result": "deviation"}
        assert client.post(address, {**held, "consequence": " "}).status_code == 422
        assert client.post(address, {**held, "looked_at": ""}).status_code == 422
        tomorrow = first.due_on + datetime.timedelta(days=1)
        late = {**held, "consequence": "Treffen", "held_on": tomorrow.isoformat()}
        assert client.post(address, late).status_code == 422
        response = client.post(address, {**held, "consequence": "Treffen im März"})
        assert response.status_code == 302
        first.refresh_from_db()
        assert (first.state, first.result, first.held_by) == ("held", "deviation", world.people["planner"])
        following = AgreementReview.objects.get(state=ReviewState.WAITING)
        assert following.due_on > first.due_on
        assert "Treffen im März" in client.get(page("detail", measure)).content.decode()


def test_the_responsible_organisation_holds_them_if_that_was_agreed(
    running: tuple[PlanningCycle, Measure], world: World
) -> None:
    _cycle, measure = running
    old = AgreementReview.objects.get()
    word(measure, world.fresh("planner"), review_holder="responsible", change_reason="Näher dran")
    engine.agreement_amend(measure, user=world.fresh("planner"))
    driver.confirm_all(measure)
    old.refresh_from_db()
    assert old.state == ReviewState.CALLED_OFF, "a new version plans its own"
    review = AgreementReview.objects.get(state=ReviewState.WAITING)
    with at_noon(review.due_on):
        poke(review.process)
        with pytest.raises(PermissionDenied):
            evaluation_steps.hold_review(
                review, ReviewResult.ON_COURSE, user=world.fresh("planner"), looked_at="Zahlen"
            )
        evaluation_steps.hold_review(
            review, ReviewResult.ON_COURSE, user=world.fresh("specialist"), looked_at="Zahlen"
        )
    review.refresh_from_db()
    assert review.state == ReviewState.HELD


# --- pages and paper -------------------------------------------------------------------------------


def test_the_paper_is_a_draft_until_all_have_confirmed(
    stages: Stages, world: World, client_as: ClientAs
) -> None:
    _cycle, measure = stages.at_agreement()
    client = client_as(world.fresh("provider_head"))

    def text() -> str:
        reader = PdfReader(BytesIO(client.get(page("pdf", measure)).content))
        assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
        return "\n".join(sheet.extract_text() for sheet in reader.pages)

    before = text()
    assert "Entwurf" in before
    assert f"ZV {measure.number}/1" in before
    assert not IssuedPaper.objects.filter(kind="agreement").exists()
    driver.confirm_all(measure)
    after = text()
    assert "Entwurf" not in after
    for words in ("Jugendamt", "Träger (Beispiel)", "Sozialplanung", "Erreichte Kinder"):
        assert words in after, words
    for person in ("head", "provider_head", "planning_head"):
        assert str(world.people[person]) not in after, "functions, no names"
    paper = IssuedPaper.objects.get(kind="agreement")
    assert paper.reference == f"ZV {measure.number}/1"
    for name, status in (
        ("planner", 200),
        ("provider_head", 200),
        ("jobcenter_head", 200),
        ("outsider", 404),
    ):
        address = reverse("workflows:paper-file", args=[paper.pk])
        assert client_as(world.fresh(name)).get(address).status_code == status, name
    assert client.get(page("pdf", measure), {"version": 9}).status_code == 404


def test_the_list_of_a_plan_tells_states_and_due_reviews(
    running: tuple[PlanningCycle, Measure], stages: Stages, world: World, client_as: ClientAs
) -> None:
    _cycle, measure = running
    other = stages.measure(title="Ohne Vereinbarung")
    address = reverse("workflows:agreement-list", args=[measure.plan_id])
    client = client_as(world.fresh("planner"))
    html = client.get(address).content.decode()
    assert measure.title in html
    assert other.title in html
    assert other.title not in client.get(address, {"state": "in_force"}).content.decode()
    assert measure.title not in client.get(address, {"due": "due"}).content.decode()
    assert "pg-empty" in client.get(address, {"q": "gibt es nicht"}).content.decode()
    assert measure.title in client.get(address, {"export": "csv"}).content.decode("utf-8-sig")
    due_on = AgreementReview.objects.get().due_on
    wanted = AgreementFilter(is_due=True)
    assert [line.measure for line in agreement_lines([measure, other], wanted, today=due_on)] == [measure]


def test_a_round_from_before_agreements_were_worded_still_counts(
    stages: Stages, world: World, client_as: ClientAs
) -> None:
    """As it stands in older data: confirmations without a version."""
    _cycle, measure = stages.at_agreement()
    measure.confirmations.update(agreement=None)
    html = (
        client_as(world.fresh("provider_head"))
        .get(
            take(
                client_as(world.fresh("provider_head")),
                measure.confirmations.get(organisation=world.provider).process,
                ConfirmationFlow.confirm_agreement,
            )
        )
        .content.decode()
    )
    assert measure.title in html
    driver.confirm_all(measure)
    driver.begin(measure, started_on=timezone.localdate(), user=world.fresh("specialist"))
    assert measure.status == MeasureStatus.RUNNING
