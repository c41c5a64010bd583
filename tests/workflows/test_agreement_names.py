"""A version of an agreement calls measure and parties what they were called when they were asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from io import BytesIO
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils.html import escape
from django.utils.translation import override
from pypdf import PdfReader

from measures.models import Measure
from stakeholders.models import Organisation, User
from tests.factories import World
from tests.measures.test_services_measures import change
from tests.stages import Stages
from tests.workflows.taskpages import take
from workflows import engine
from workflows.demo import driver
from workflows.flows import ConfirmationFlow
from workflows.models import IssuedPaper, PlanningCycle
from workflows.reports import agreement as report
from workflows.selectors.agreement_changes import agreement_changes
from workflows.selectors.agreement_versions import content_for
from workflows.services.agreements import draft_save
from workflows.views.measure_tasks import confirmed_message

ClientAs = Callable[[User], Client]


def address(name: str, measure: Measure, version: int) -> str:
    return f"{reverse(f'workflows:agreement-{name}', args=[measure.pk])}?version={version}"


def text_of(data: bytes) -> str:
    return " ".join(" ".join(sheet.extract_text() for sheet in PdfReader(BytesIO(data)).pages).split())


def answer(
    client: Client, measure: Measure, party: Organisation, *, comment: str = "", version: int = 1
) -> Any:
    """A head answers on the page of the task; gives back what the page said, and the answer."""
    process = measure.confirmations.get(organisation=party, round=version).process
    page = take(client, process, ConfirmationFlow.confirm_agreement)
    asked = client.get(page).content.decode()
    data = {"answer": "refuse" if comment else "confirm", "comment": comment}
    return asked, client.post(page, data, follow=True).content.decode()


def ask_anew(measure: Measure, user: User, **changes: Any) -> None:
    content = dataclasses.replace(content_for(measure), change_reason="Anders", **changes)
    draft_save(measure, content=content, user=user)
    engine.agreement_amend(measure, user=user)


def test_each_version_keeps_its_names(
    running: tuple[PlanningCycle, Measure], world: World, client_as: ClientAs
) -> None:
    _cycle, measure = running
    planner = world.fresh("planner")
    before = measure.title
    promised = content_for(measure).commitments[world.provider.pk]
    change(world, measure, reason="Klarer", title="Elterntreff am Markt")
    Organisation.objects.filter(pk=world.provider.pk).update(name="Träger Nord gGmbH", short_name="Nord")
    measure.refresh_from_db()
    ask_anew(
        measure, planner, commitments={**content_for(measure).commitments, world.provider.pk: "Zwei Tage"}
    )
    driver.confirm_all(measure)
    change(world, measure, reason="Noch klarer", title="Treffpunkt")

    client = client_as(planner)
    old, new = measure.agreements.order_by("version")
    pages = {row.version: client.get(address("detail", measure, row.version)) for row in (old, new)}
    first, second = (
        str(pages[number].context["blocks"]) + str(pages[number].context["line"].agreement)
        for number in (1, 2)
    )
    assert before in first
    assert promised in first
    assert "Träger (Beispiel)" in first
    for later in ("Elterntreff am Markt", "Treffpunkt", "Träger Nord gGmbH", "Zwei Tage"):
        assert later not in first, later
    for wording in ("Elterntreff am Markt", "Träger Nord gGmbH", "Zwei Tage"):
        assert wording in second, wording
    assert "Treffpunkt" not in second
    assert "Treffpunkt" in pages[1].content.decode(), "told beside it: what it is called now"

    # The file as issued, and as it is written where none was issued.
    issued = text_of(client.get(address("pdf", measure, 1)).content)
    written = text_of(report.render(report.collect(old), language="de"))
    for text in (issued, written):
        assert before in text
        assert "Treffpunkt" not in text
        assert "Nord gGmbH" not in text
    labels = {str(part.label) for part in agreement_changes(old, new) if part.is_changed}
    assert {"Maßnahme", "Zusage von Nord"} <= labels


def test_a_version_that_is_asked_about_keeps_its_name(
    running: tuple[PlanningCycle, Measure], world: World, client_as: ClientAs
) -> None:
    """What the parties confirm is what they were asked, also if the measure is renamed meanwhile."""
    _cycle, measure = running
    before = str(measure)
    ask_anew(measure, world.fresh("planner"), subject="Mehr")
    change(world, measure, reason="Klarer", title="Elterntreff", position=9)
    client = client_as(world.fresh("provider_head"))
    draft = text_of(client.get(address("pdf", measure, 2)).content)
    assert before in draft
    assert "Elterntreff" not in draft
    driver.confirm_all(measure)
    paper = IssuedPaper.objects.filter(agreement__measure=measure).latest("pk")
    assert paper.reference == f"ZV {before.partition(' ')[0]}/2"
    assert before.partition(" ")[2] in paper.title


def test_who_confirms_reads_what_follows(stages: Stages, world: World, client_as: ClientAs) -> None:
    _cycle, measure = stages.at_agreement()
    heads = {
        "head": world.youth_office,
        "provider_head": world.provider,
        "planning_head": world.planning_unit,
    }
    said = [answer(client_as(world.fresh(name)), measure, party) for name, party in heads.items()]
    assert all("die Maßnahme kann beginnen" in asked for asked, _done in said)
    with override("de"):
        for missing, (_asked, done) in zip((2, 1, 0), said, strict=True):
            assert escape(confirmed_message(missing)) in done

    # A change before anything has begun is a change all the same, and no answer is told as another.
    ask_anew(measure, world.fresh("planner"), subject="Mehr")
    client = client_as(world.fresh("head"))
    asked, done = answer(client, measure, world.youth_office, comment="Kein Personal", version=2)
    assert "die Maßnahme kann beginnen" not in asked
    assert "gilt" in asked[asked.index("</h1>") :][:1500]
    assert "überarbeitet" not in done


def test_the_paper_names_parties_in_one_order(stages: Stages) -> None:
    _cycle, measure = stages.at_agreement()
    data = report.collect(measure.agreements.get())
    assert [row.organisation_id for row in data.confirmations] == [
        row.organisation_id for row in data.commitments
    ]


def test_planning_reads_what_a_draft_would_change_before_it_asks(
    running: tuple[PlanningCycle, Measure], world: World, client_as: ClientAs
) -> None:
    _cycle, measure = running
    content = dataclasses.replace(content_for(measure), subject="Auch am Sonntag", change_reason="Nachfrage")
    draft_save(measure, content=content, user=world.fresh("planner"))
    page = reverse("workflows:agreement-detail", args=[measure.pk])
    response = client_as(world.fresh("planner")).get(page)
    assert len(response.context["drafted"]) == 1
    assert "Sonntag" in response.content.decode()
    assert "Sonntag" not in client_as(world.fresh("provider_head")).get(page).content.decode()
