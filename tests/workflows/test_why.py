"""The chain from figure to measure, both ways, as far as the person may see."""

from __future__ import annotations

import pytest
from django.urls import reverse

from measures.models import Measure
from tests import factories
from tests.evenings import Evenings
from tests.workflows.test_inbox import count_queries
from workflows.demo import evening_steps
from workflows.models import (
    AnswerKind,
    Decision,
    EntryState,
    PlanningCycle,
    Recommendation,
    SpaceIdea,
    StageKind,
    Statement,
)
from workflows.selectors.chain import KINDS, chain_from, startable


def why(kind, row):
    return reverse("workflows:why", args=[kind, row.pk])


def kinds(levels):
    return [level.kind for level in levels]


def titles(levels, kind):
    return [node.title for level in levels if level.kind == kind for node in level.nodes]


@pytest.fixture
def story(stages, world):
    """A measure that runs, with everything behind it; the recommendation rests on the statement, too."""
    cycle, measure = stages.at_implementation()
    statement = Statement.objects.get()
    recommendation = Recommendation.objects.get()
    recommendation.versions.get().statements.add(statement)
    delivery = cycle.requests.get(organisation=world.jobcenter).delivery
    evenings = Evenings(world, cycle)
    _conference, idea = evenings.published(kind=AnswerKind.MEASURE, measure=measure, text="")
    return {
        "measure": measure,
        "idea": idea,
        "decision": Decision.objects.get(),
        "recommendation": recommendation,
        "statement": statement,
        "area": world.areas[0],
        "indicator": world.indicators[0],
        "delivery": delivery,
    }


def test_the_chain_is_walked_both_ways_from_every_link(client_as, story, planner):
    """From each link the others are found, nearest first, and each link has its own page."""
    order = list(KINDS)
    client = client_as(planner)
    for position, kind in enumerate(order):
        chain = client.get(why(kind, story[kind])).context["chain"]
        assert kinds(chain.reasons) == order[position + 1 :], kind
        assert kinds(chain.results) == list(reversed(order[:position])), kind
        for level in [*chain.reasons, *chain.results]:
            assert why(level.kind, story[level.kind]) in [node.why_url for node in level.nodes]


def test_why_is_there_this_measure(client_as, story, planner):
    response = client_as(planner).get(why("measure", story["measure"]))

    page = response.content.decode()
    assert "Warum gibt es diese Maßnahme?" in page
    chain = response.context["chain"]
    assert titles(chain.reasons, "decision") == [
        "Beschluss 1/" + f"{story['decision'].year}: Elternarbeit ausbauen"
    ]
    assert titles(chain.reasons, "recommendation") == ["2026-01 Elternarbeit ausbauen"]
    assert titles(chain.reasons, "area") == ["Zentrum Nord"]
    assert titles(chain.reasons, "delivery") == ["Jobcenter Musterkreis: daten.csv"]
    figure = next(level for level in chain.reasons if level.kind == "indicator").nodes[0]
    assert figure.lines == ("Zentrum Nord: 33,0\u00a0%, Abweichung +1,0",)
    assert "Ja 4, Nein 0, Enthaltungen 0" in page


def test_what_a_person_may_not_see_is_neither_shown_nor_counted(
    client_as, story, association_head, provider_head
):
    """The association sits in the steering group: it sees the decision, not the areas and deliveries."""
    response = client_as(association_head).get(why("measure", story["measure"]))
    assert kinds(response.context["chain"].reasons) == ["idea", "decision", "recommendation", "statement"]
    assert "nicht einsehbar" not in response.content.decode()
    for kind in ("area", "indicator", "delivery"):
        assert client_as(association_head).get(why(kind, story[kind])).status_code == 404


def test_an_answer_stands_in_the_chain_once_everybody_reads_it(stages, world, client_as, planner, head):
    cycle, measure = stages.at_implementation()
    evenings = Evenings(world, cycle)
    conference, idea = evenings.submitted(kind=AnswerKind.MEASURE, measure=measure, text="Kommt.")
    for person in (planner, head):
        client = client_as(person)
        assert "idea" not in kinds(client.get(why("measure", measure)).context["chain"].reasons)
        chain = client.get(why("idea", idea)).context["chain"]
        assert kinds(chain.results) == []
        assert chain.start.badge is None
        assert "idea" in kinds(
            client.get(why("recommendation", idea.recommendation)).context["chain"].results
        )
    evening_steps.release(conference, user=evenings.head)
    assert titles(client_as(head).get(why("measure", measure)).context["chain"].reasons, "idea") == [
        str(idea)
    ]
    assert titles(client_as(head).get(why("idea", idea)).context["chain"].results, "measure") == [
        str(measure)
    ]
    SpaceIdea.objects.filter(pk=idea.pk).update(state=EntryState.HIDDEN, hide_reason="Nennt jemanden")
    assert "idea" not in kinds(client_as(head).get(why("measure", measure)).context["chain"].reasons)
    assert client_as(planner).get(why("idea", idea)).status_code == 404


def test_another_department_sees_no_delivery(client_as, story, head, member):
    for person in (head, member):
        assert client_as(person).get(why("delivery", story["delivery"])).status_code == 404
        assert "delivery" not in kinds(
            client_as(person).get(why("measure", story["measure"])).context["chain"].reasons
        )


@pytest.mark.parametrize("kind", KINDS)
def test_a_foreign_chain_does_not_exist(client, client_as, story, outsider, planner, kind):
    url = why(kind, story[kind])
    if kind != "indicator":  # the catalogue is common to all; what follows from it is not
        assert client_as(outsider).get(url).status_code == 404
    assert client.get(url).status_code == 302
    assert client_as(planner).post(url).status_code == 405
    assert client_as(planner).get(reverse("workflows:why", args=[kind, 0])).status_code == 404


def test_a_neighbour_finds_nothing_of_ours_behind_a_common_indicator(story, world, outsider):
    factories.area(world.neighbour, "Nachbardorf")
    indicator = startable(outsider, "indicator").get(pk=story["indicator"].pk)
    chain = chain_from(outsider, "indicator", indicator)
    assert (chain.reasons, chain.results) == ([], [])


def test_an_unknown_kind_does_not_exist(client_as, planner):
    assert client_as(planner).get("/why/organisation/1/").status_code == 404


def test_drafts_stay_with_the_conference(stages, world, planner, member):
    """A recommendation that was never submitted is no result for who sees no drafts."""
    cycle = stages.in_conference()
    driver_user = world.fresh("specialist")
    from workflows.engine import recommendation_begin  # noqa: PLC0415

    recommendation_begin(cycle, wording=stages.wording("Nur ein Entwurf"), user=driver_user)
    area = world.areas[0]

    assert titles(chain_from(planner, "area", area).results, "recommendation") == ["2026-01 Nur ein Entwurf"]
    assert titles(chain_from(member, "area", area).results, "recommendation") == []


def test_the_run_is_internal_until_the_conference(stages, world, planner, member):
    cycle = stages.at_conference()
    area = world.areas[0]
    assert kinds(chain_from(member, "area", area).reasons) == ["indicator"]
    PlanningCycle.objects.filter(pk=cycle.pk).update(stage=StageKind.ANALYSIS)

    assert "indicator" in kinds(chain_from(planner, "area", area).reasons)
    assert kinds(chain_from(member, "area", area).reasons) == []


def test_few_and_many_links_cost_the_same(client_as, story, world, planner):
    client = client_as(planner)
    client.get(why("decision", story["decision"]))
    few = {kind: count_queries(client, why(kind, story[kind])) for kind in KINDS}
    origin = story["measure"].origins.get()
    for number in range(18):
        extra = factories.measure(world.plan, world.youth_office, title=f"Weitere {number}")
        extra.origins.create(recommendation=origin.recommendation, decision=origin.decision)
        Statement.objects.create(
            cycle=story["statement"].cycle,
            area=world.areas[0],
            indicator=world.indicators[0],
            position="agrees",
            text="Stimmt.",
            source_group="administration",
            organisation=world.jobcenter,
            created_by=world.people["jobcenter_head"],
        )
    assert Measure.objects.count() == 19

    for kind in KINDS:
        assert count_queries(client, why(kind, story[kind])) == few[kind], kind


def test_an_indicator_leads_to_the_areas_that_were_chosen_by_it(stages, client_as, planner):
    """Also where no recommendation names it as evidence."""
    cycle = stages.at_conference()
    indicator = cycle.index_run.indicators.first().indicator
    chosen = {profile.area.name for profile in cycle.profiles.all()}
    assert chosen
    chain = client_as(planner).get(why("indicator", indicator)).context["chain"]
    assert set(titles(chain.results, "area")) == chosen
