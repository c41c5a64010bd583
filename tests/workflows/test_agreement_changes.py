"""Target agreements: two people at once, what is agreed is changed from what was agreed, terms, order."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from measures.models import Measure, MeasureStatus
from stakeholders.models import User
from tests import factories
from tests.factories import World
from tests.stages import Stages, at_noon
from tests.workflows.test_target_agreements import code_of, page, word
from workflows import engine
from workflows.demo import driver, evaluation_steps
from workflows.measure_steering import measure_put_forward
from workflows.models import (
    AgreementDraft,
    AgreementReview,
    EvaluationOutcome,
    IssuedPaper,
    PlanningCycle,
    ReviewResult,
)
from workflows.selectors.agreement_changes import agreement_changes
from workflows.selectors.agreement_lists import AgreementFilter, agreement_lines
from workflows.selectors.agreement_versions import (
    AgreementState,
    content_for,
    in_force,
    version_lines,
)
from workflows.services.agreement_reviews import review_hold

ClientAs = Callable[[User], Client]


def form_fields(client: Client, measure: Measure) -> dict[str, Any]:
    """What a person who opens the page of the wording would send without touching anything."""
    form = client.get(page("edit", measure)).context["form"]
    values = {field.html_name: field.value() for field in form}
    return {
        name: value.isoformat() if isinstance(value, datetime.date) else value or ""
        for name, value in values.items()
    }


def test_of_two_who_word_it_the_second_sees_the_first_and_loses_nothing(
    shaped: Measure, world: World, client_as: ClientAs
) -> None:
    first, second = client_as(world.fresh("planner")), client_as(world.fresh("planning_head"))
    ours, theirs = form_fields(first, shaped), form_fields(second, shaped)
    day = (shaped.starts_on + datetime.timedelta(days=40)).isoformat()
    free = max(name for name in ours if name.startswith("review_") and not ours[name])
    no_days = dict.fromkeys((name for name in ours if name.startswith("review_") and name[-1].isdigit()), "")
    assert first.post(page("edit", shaped), ours | no_days | {"subject": "Erstfassung"}).status_code == 302
    mine = theirs | {"subject": "Zweitfassung", free: day}
    refused = second.post(page("edit", shaped), mine)
    html = refused.content.decode()
    assert refused.status_code == 422
    assert "Erstfassung" in html
    assert str(world.people["planner"]) in html
    assert "Zweitfassung" in html
    assert shaped.agreement_draft.subject == "Erstfassung", "not written over"
    again = mine | {"seen": refused.context["form"]["seen"].value()}
    assert second.post(page("edit", shaped), again).status_code == 302
    shaped.agreement_draft.refresh_from_db()
    assert shaped.agreement_draft.subject == "Zweitfassung"
    assert day in shaped.agreement_draft.review_days


def test_nobody_asks_the_parties_about_a_wording_they_have_not_seen(
    running: tuple[PlanningCycle, Measure], world: World, client_as: ClientAs
) -> None:
    _cycle, measure = running
    word(measure, world.fresh("planner"), subject="Gesehen", change_reason="Mehr Nachfrage")
    client = client_as(world.fresh("planner"))
    seen = client.get(page("detail", measure)).context["seen"]
    word(measure, world.fresh("planning_head"), subject="Ungesehen", change_reason="Mehr Nachfrage")
    client.post(page("ask", measure), {"seen": seen})
    assert measure.agreements.count() == 1
    now = client.get(page("detail", measure)).context["seen"]
    client.post(page("ask", measure), {"seen": now})
    assert measure.agreements.get(version=2).subject == "Ungesehen"


def test_what_is_agreed_is_changed_from_what_was_agreed(
    running: tuple[PlanningCycle, Measure], world: World
) -> None:
    """Words and term that were agreed are not replaced by those of the measure without a word."""
    _cycle, measure = running
    planner = world.fresh("planner")
    last = measure.ends_on - datetime.timedelta(days=30)
    word(measure, planner, subject="Eigene Worte", ends_on=last, review_days=[last], change_reason="Genauer")
    engine.agreement_amend(measure, user=planner)
    driver.confirm_all(measure)
    content = content_for(measure)
    assert (content.subject, content.ends_on, content.review_days) == ("Eigene Worte", last, [last])


def test_parties_read_every_part_of_a_target_that_changed(
    running: tuple[PlanningCycle, Measure], world: World
) -> None:
    _cycle, measure = running
    planner = world.fresh("planner")
    figure = measure.key_figures.get()
    figure.baseline = 17
    figure.save()
    figure.targets.update(wording="Alle Stadtteile erreicht")
    word(measure, planner, change_reason="Ausgangswert berichtigt")
    engine.agreement_amend(measure, user=planner)
    changed = [row for row in agreement_changes(*measure.agreements.order_by("version")) if row.is_changed]
    (part,) = changed
    added = "".join(segment.text for segment in part.segments if segment.kind == "added")
    assert "17" in added
    assert "Alle Stadtteile erreicht" in added


def test_whoever_puts_a_measure_forward_is_its_drafter(stages: Stages, world: World) -> None:
    """Not whoever finished the shaping of the cycle: four eyes."""
    _cycle, _measure = stages.at_agreement()
    head = world.fresh("planning_head")
    draft = stages.measure(title="Aus der Liste")
    measure_put_forward(draft, user=head)
    assert draft.agreements.get().drafted_by == head
    assert not AgreementDraft.objects.exists()
    with pytest.raises(PermissionDenied):
        driver.confirm(draft, world.planning_unit, user=world.fresh("planning_head"))


def test_no_agreement_is_worded_that_nobody_would_ask_for(
    stages: Stages, world: World, client_as: ClientAs
) -> None:
    _cycle, measure = stages.at_agreement(needs_agreement=False)
    assert code_of(lambda: word(measure, world.fresh("planner"))) == "no_agreement_needed"
    client = client_as(world.fresh("planner"))
    assert page("edit", measure) not in client.get(page("detail", measure)).content.decode()
    assert client.post(page("edit", measure), {}).status_code == 409


def test_a_version_whose_term_is_over_is_not_in_force(running: tuple[PlanningCycle, Measure]) -> None:
    _cycle, measure = running

    def states() -> tuple[AgreementState, AgreementState]:
        (line,) = agreement_lines([measure], AgreementFilter(), today=timezone.localdate())
        return version_lines(measure)[0].state, line.state

    assert states() == (AgreementState.IN_FORCE,) * 2
    with at_noon(measure.agreements.get().ends_on):
        assert states() == (AgreementState.IN_FORCE,) * 2
    with at_noon(measure.agreements.get().ends_on + datetime.timedelta(days=1)):
        assert states() == (AgreementState.OVER,) * 2
    measure.ended_on = timezone.localdate()
    assert states() == (AgreementState.OVER,) * 2


def test_a_review_is_not_held_before_its_agreement(
    running: tuple[PlanningCycle, Measure], world: World
) -> None:
    review = AgreementReview.objects.select_related("agreement").get()
    act = partial(
        review_hold,
        review,
        held_on=review.agreement.starts_on - datetime.timedelta(days=1),
        looked_at="Zahlen",
        result=ReviewResult.ON_COURSE,
        consequence="",
        next_on=None,
        user=world.fresh("planner"),
    )
    assert code_of(act) == "held_before_term"


def measure_of(world: World, title: str, **kwargs: Any) -> Measure:
    """A measure, or a part of one."""
    made = factories.measure(world.plan, world.youth_office, title=title)
    if kwargs:
        Measure.objects.filter(pk=made.pk).update(**kwargs, position=1)
        made = Measure.objects.get(pk=made.pk)
    return made


def test_the_list_is_in_the_order_of_the_numbers(
    running: tuple[PlanningCycle, Measure], world: World, client_as: ClientAs
) -> None:
    """A part stands below its measure, not among the measures by its own place."""
    _cycle, first = running
    second = measure_of(world, "Zweite")
    part = measure_of(world, "Teil der zweiten", parent=second)
    address = reverse("workflows:agreement-list", args=[first.plan_id])
    lines = client_as(world.fresh("planner")).get(address).context["page_obj"].object_list
    numbers = [line.measure.number for line in lines]
    assert numbers.index(part.number) == numbers.index(second.number) + 1


def test_the_paper_of_what_was_confirmed_stays_as_it_was(
    running: tuple[PlanningCycle, Measure], world: World, client_as: ClientAs
) -> None:
    """The measure is called otherwise by now; who confirmed has confirmed the paper of then."""
    _cycle, measure = running
    before = measure.title
    Measure.objects.filter(pk=measure.pk).update(title="Ganz anders")
    response = client_as(world.fresh("provider_head")).get(page("pdf", measure))
    assert response["Content-Type"] == "application/pdf"
    text = "".join(sheet.extract_text() for sheet in PdfReader(BytesIO(response.content)).pages)
    assert before in text
    assert "Ganz anders" not in text
    issued = IssuedPaper.objects.get(agreement__measure=measure)
    assert hashlib.sha256(response.content).hexdigest() == issued.sha256


def test_a_change_under_way_is_overtaken_when_the_measure_is_to_be_shaped_anew(
    stages: Stages, world: World
) -> None:
    """Nobody is asked to confirm what the next cycle agrees anew; what was agreed holds until then."""
    _cycle, measure = stages.at_evaluation()
    planner = world.fresh("planner")
    word(measure, planner, change_reason="Mehr Nachfrage")
    engine.agreement_amend(measure, user=planner)
    evaluation_steps.evaluate(measure, EvaluationOutcome.CHANGE, user=planner, effect="Wirkt halb")
    measure.refresh_from_db()
    assert measure.status == MeasureStatus.PROPOSED
    assert set(measure.confirmations.filter(round=2).values_list("state", flat=True)) == {"called_off"}
    assert in_force(measure) == measure.agreements.get(version=1)
