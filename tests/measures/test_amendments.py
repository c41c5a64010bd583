"""Who reads what of a request for an amendment, its pages, and laws of what is consented to."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from measures.models import AmendmentRequest, AmendmentState, CostKind, FundedProject
from measures.money import COST, FUNDING, PlanLine, total
from measures.selectors.amendments import (
    Eyes,
    amendment_view,
    amendments_seen_by,
    difference_of,
    eyes_of,
    requests_of,
    shown_state,
)
from measures.selectors.grants import latest_notice, lines_of
from measures.services.amendment_wishes import Wish
from measures.services.grants import PlanError
from stakeholders.models import Function, User
from tests import factories
from tests.amendments import LONGER, forwarded, granted, letter, sent, wish
from tests.factories import World
from tests.grants import lines
from workflows.amending import amendment_open
from workflows.demo import amendment_steps as steps
from workflows.demo import clock
from workflows.forms.amendments import WishForm

ClientAs = Callable[[User], Client]
D = datetime.date
E = Decimal
#: Everybody who may read something, and two who see the project without being concerned.
READERS = ("provider_head", "association_head", "planner", "funder_reader", "head", "member", "outsider")


@pytest.fixture
def project(world: World) -> FundedProject:
    return granted(world)


def detail(request: AmendmentRequest) -> str:
    return reverse("measures:amendment-detail", args=[request.pk])


def readers(request: AmendmentRequest, world: World) -> set[str]:
    """Who may open the page."""
    return {name for name in READERS if amendments_seen_by(world.fresh(name)).filter(pk=request.pk).exists()}


# --- who reads what ------------------------------------------------------------------------------------


def test_more_people_see_it_with_each_step(project: FundedProject, world: World) -> None:
    request = amendment_open(project, user=world.fresh("provider_head"))
    assert readers(request, world) == {"provider_head"}
    steps.send(request, wish(), user=world.fresh("provider_head"))
    assert readers(request, world) == {"provider_head", "association_head", "planner"}
    steps.give_back(request, "Bitte begründen", user=world.fresh("planner"))
    assert readers(request, world) == {"provider_head", "association_head", "planner"}
    steps.send(request, wish(), user=world.fresh("provider_head"))
    steps.forward(request, user=world.fresh("planner"))
    everybody = {"provider_head", "association_head", "planner", "funder_reader"}
    assert readers(request, world) == everybody
    steps.consent(request, letter(), user=world.fresh("funder_reader"))
    assert readers(request, world) == everybody
    member = factories.staff("Mitarbeiterin", world.provider, Function.MEMBER)
    assert not amendments_seen_by(member).exists(), "works there, but does not act for it"


def test_the_reason_becomes_that_of_the_notice_and_the_form_says_so(
    project: FundedProject, world: World
) -> None:
    request = forwarded(project, world)
    notice = steps.consent(request, letter(), user=world.fresh("funder_reader"))
    assert notice.reason == wish().reason
    with translation.override("en"):
        told = str(WishForm.base_fields["reason"].help_text)
    assert "stands in the amending notice" in told


#: Words of each step, and who reads them on the page of the request.
WORDS = {
    "Erste Fassung": {"provider_head", "association_head", "planner"},
    "Zweite Fassung": {"provider_head", "association_head", "planner", "funder_reader"},
    "Grund der Rückgabe": {"provider_head", "planner"},
    "Anmerkung der Planung": {"planner", "funder_reader"},
    "Frage des Fördergebers": {"provider_head", "planner", "funder_reader"},
    "Grund der Ablehnung": {"provider_head", "association_head", "planner", "funder_reader"},
}


def test_each_reads_field_by_field(project: FundedProject, world: World, client_as: ClientAs) -> None:
    provider, planner, funder = (world.fresh(name) for name in ("provider_head", "planner", "funder_reader"))
    request = steps.ask(project, wish(reason="Erste Fassung"), user=provider)
    steps.give_back(request, "Grund der Rückgabe", user=planner)
    steps.send(request, wish(reason="Zweite Fassung"), user=provider)
    steps.forward(request, "Anmerkung der Planung", user=planner)
    steps.ask_back(request, "Frage des Fördergebers", user=funder)
    steps.send(request, wish(reason="Zweite Fassung, ergänzt"), user=provider)
    steps.forward(request, user=planner)
    steps.refuse(request, "Grund der Ablehnung", user=funder)
    pages = {}
    for name in READERS:
        response = client_as(world.fresh(name)).get(detail(request))
        pages[name] = response.content.decode() if response.status_code == 200 else ""
    for words, who in WORDS.items():
        assert {name for name, html in pages.items() if words in html} == who, words
    told = {name: "von der Sozialplanung zurückgegeben" in html for name, html in pages.items()}
    assert [name for name, is_told in told.items() if is_told] == [
        *("provider_head", "association_head", "planner"),
    ]


def test_the_funder_does_not_learn_what_goes_on_before_it_is_forwarded_again(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    request = forwarded(project, world)
    steps.ask_back(request, "Wofür?", user=world.fresh("funder_reader"))
    steps.send(request, wish(reason="Nur für die Planung"), user=world.fresh("provider_head"))
    steps.give_back(request, "Zahlen fehlen", user=world.fresh("planner"))
    funder = world.fresh("funder_reader")
    assert shown_state(request, eyes_of(funder, project)) == AmendmentState.ASKED
    assert shown_state(request, eyes_of(world.fresh("planner"), project)) == AmendmentState.RETURNED
    pages = [detail(request), reverse("measures:project-detail", args=[project.pk])]
    for page in pages:
        html = client_as(funder).get(page).content.decode()
        assert "Rückfrage des Fördergebers" in html
        for hidden in ("Nur für die Planung", "Zahlen fehlen", "zurückgegeben"):
            assert hidden not in html
    export = client_as(funder).get(detail(request), {"export": "csv"}).content.decode("utf-8-sig")
    assert "Fassung 1" in export


def test_eyes_add_up() -> None:
    both = Eyes(is_partner=True, is_funder=True)
    assert both.reads_answer("forwarded")
    assert not Eyes(is_partner=True).reads_answer("forwarded")
    assert not Eyes(is_funder=True).sees_answer("returned")
    assert not Eyes(is_partner=True).reads_answer("asked")


# --- pages ---------------------------------------------------------------------------------------------


def test_the_page_of_the_project_lists_requests_for_those_who_may(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    page = reverse("measures:project-detail", args=[project.pk])
    begin = reverse("workflows:amendment-begin", args=[project.pk])
    before = {name: client_as(world.fresh(name)).get(page).content.decode() for name in READERS[:5]}
    assert [name for name, html in before.items() if begin in html] == ["provider_head"]
    assert [name for name, html in before.items() if "Änderungsanträge" in html] == ["provider_head"]
    request = forwarded(project, world)
    after = {name: client_as(world.fresh(name)).get(page).content.decode() for name in READERS[:5]}
    assert [name for name, html in after.items() if detail(request) in html] == [*READERS[:4]]
    assert not any(begin in html for html in after.values()), "one at a time"


def test_who_records_a_notice_by_hand_is_told_of_an_open_request(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    page = reverse("measures:notice-create", args=[project.pk])
    planner, funder = client_as(world.fresh("planner")), client_as(world.fresh("funder_reader"))
    assert planner.get(page).context["open_request"] is None
    request = sent(project, world)
    assert detail(request) in planner.get(page).content.decode()
    assert funder.get(page).context["open_request"] is None, "not forwarded yet"
    steps.forward(request, user=world.fresh("planner"))
    assert detail(request) in funder.get(page).content.decode()


def test_a_version_is_exported_with_its_plan(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    request = sent(project, world)
    text = client_as(world.fresh("planner")).get(detail(request), {"export": "csv"})
    assert "1500,00" in text.content.decode("utf-8-sig")
    draft = amendment_open_again(request, project, world)
    empty = client_as(world.fresh("provider_head")).get(detail(draft), {"export": "csv"})
    assert empty["Content-Type"].startswith("text/html"), "nothing was sent, nothing to export"


def amendment_open_again(request: AmendmentRequest, project: FundedProject, world: World) -> AmendmentRequest:
    steps.forward(request, user=world.fresh("planner"))
    steps.refuse(request, "Keine Mittel", user=world.fresh("funder_reader"))
    return amendment_open(project, user=world.fresh("provider_head"))


def test_the_difference_marks_what_exceeds_the_allowed_deviation(
    project: FundedProject, world: World
) -> None:
    notice = latest_notice(project)
    assert notice is not None
    notice.project = project
    after = [
        PlanLine("cost", "staff", "", 2026, E("800.00")),
        PlanLine("cost", "fees", "", 2026, E("200.00")),
        PlanLine("funding", "esf", "", 2026, E("600.00")),
        PlanLine("funding", "own", "", 2026, E("400.00")),
    ]
    found = difference_of(notice, lines_of(notice), after, granted=E("600.00"), ends_on=LONGER)
    marks = {(row.line.kind, row.percent): row.is_beyond for row in found.changes}
    assert marks == {
        ("staff", E("-20.00")): False,  # exactly the 20 % of the programme
        ("esf", E("-33.33")): False,  # a source, no line of an account
        ("own", E("300.00")): False,
        ("fees", None): True,
    }
    assert (found.granted_more, found.moves_end, found.cost) == (E("-300.00"), True, (E(1000), E(1000)))


def test_a_project_page_costs_the_same_for_many_requests(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    client = client_as(world.fresh("planner"))
    page = reverse("measures:project-detail", args=[project.pk])
    counts = []
    for number in (1, 4):
        while project.amendments.count() < number:
            request = forwarded(project, world)
            steps.refuse(request, "Keine Mittel", user=world.fresh("funder_reader"))
        client.get(page)
        with CaptureQueriesContext(connection) as queries:
            client.get(page)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_database_holds_the_rules_too(project: FundedProject, world: World) -> None:
    request = sent(project, world)
    user = world.people["provider_head"]
    with pytest.raises(IntegrityError), transaction.atomic():
        AmendmentRequest.objects.create(project=project, number=2, begun_by=user)
    with pytest.raises(IntegrityError), transaction.atomic():
        AmendmentRequest.objects.filter(pk=request.pk).update(state=AmendmentState.GRANTED)


def test_requests_of_another_project_stay_apart(project: FundedProject, world: World) -> None:
    sent(project, world)
    user = world.fresh("provider_head")
    found = requests_of(project, user)
    assert (len(found.rows), found.may_ask) == (1, False)
    other = FundedProject.objects.get(pk=project.pk)
    other.pk, other.programme = None, project.funder.programmes.create(title="Anderes Programm")
    other.save()
    assert requests_of(other, user).rows == ()
    assert not requests_of(other, user).may_ask, "no notice yet"


def test_told_of_the_past_each_step_carries_its_own_day(project: FundedProject, world: World) -> None:
    days = [D(2026, 4, 10), D(2026, 4, 17), D(2026, 5, 12)]
    with clock.on(days[0]):
        request = sent(project, world)
    with clock.on(days[1]):
        steps.forward(request, user=world.fresh("planner"))
    with clock.on(days[2]):
        made = steps.consent(request, letter(issued_on=days[2]), user=world.fresh("funder_reader"))
    moments = [
        request.versions.get().submitted_at,
        *request.answers.order_by("pk").values_list("written_at", flat=True),
    ]
    assert [timezone.localdate(at) for at in moments] == days
    assert request.ended_at is not None
    assert timezone.localdate(made.recorded_at) == timezone.localdate(request.ended_at) == days[2]


# --- laws ----------------------------------------------------------------------------------------------

#: Each example goes through the whole flow: few of them, and a failure is not made smaller for minutes.
LAW = settings(
    max_examples=15,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
#: Cents of a cost in a year; at least one of them is positive.
AMOUNTS = st.integers(min_value=0, max_value=99_999_999)
COSTS = st.dictionaries(
    st.tuples(
        st.sampled_from([kind.value for kind in CostKind]),
        st.sampled_from(["", "Leitung", " Honorare  "]),
        st.sampled_from([2026, 2027]),
    ),
    AMOUNTS,
    min_size=1,
    max_size=6,
).filter(lambda found: sum(found.values()) > 100)


@st.composite
def sound_plans(draw: st.DrawFn) -> list[PlanLine]:
    """Plans that add up: any cost, an own share of a tenth or more, the rest from ESF and state."""
    costs = draw(COSTS)
    plan = [PlanLine(COST, kind, title, year, E(cents) / 100) for (kind, title, year), cents in costs.items()]
    whole = sum(costs.values())
    own = draw(st.integers(min_value=-(-whole // 10), max_value=whole - 1))
    esf = draw(st.integers(min_value=0, max_value=whole - own))
    for kind, cents in (("own", own), ("esf", esf), ("state", whole - own - esf)):
        plan.append(PlanLine(FUNDING, kind, "", draw(st.sampled_from([2026, 2027])), E(cents) / 100))
    return draw(st.permutations(plan))


@LAW
@given(plan=sound_plans(), days=st.integers(min_value=0, max_value=180))
def test_what_is_consented_to_is_exactly_what_was_asked_for(
    project: FundedProject, world: World, plan: list[PlanLine], days: int
) -> None:
    with transaction.atomic():
        end = D(2027, 1, 1) + datetime.timedelta(days=days)
        request = forwarded(project, world, Wish(plan, end, "Gesetz"))
        made = steps.consent(request, letter(duties=[]), user=world.fresh("funder_reader"))
        asked = [PlanLine(row.side, row.kind, row.title.strip(), row.year, row.amount) for row in plan]
        assert lines_of(made) == asked == lines_of(request.versions.get())
        assert made.ends_on == end
        assert made.granted == total(asked, FUNDING, {"esf", "state"})
        assert total(lines_of(made), COST) == total(lines_of(made), FUNDING)
        assert made.granted + total(asked, FUNDING, {"own"}) == total(asked, COST)
        transaction.set_rollback(True)


@LAW
@given(plan=sound_plans(), cents=st.integers(min_value=1, max_value=10_000), place=st.integers(min_value=0))
def test_one_cent_apart_is_never_sent(
    project: FundedProject, world: World, plan: list[PlanLine], cents: int, place: int
) -> None:
    with transaction.atomic():
        at = place % len(plan)
        row = plan[at]
        plan[at] = PlanLine(row.side, row.kind, row.title, row.year, row.amount + E(cents) / 100)
        request = amendment_open(project, user=world.fresh("provider_head"))
        with pytest.raises(PlanError):
            steps.send(request, Wish(plan, LONGER, "Gesetz"), user=world.fresh("provider_head"))
        assert not request.versions.exists()
        transaction.set_rollback(True)


def test_a_request_reads_the_same_in_its_own_page_and_in_its_task(
    project: FundedProject, world: World
) -> None:
    request = sent(project, world, wish(lines("1200.00", "120.00")))
    view = amendment_view(request, eyes_of(world.fresh("planner"), project))
    assert [round_.version.number for round_ in view.rounds] == [1]
    assert view.rounds[0].difference.granted == E("1080.00")
    assert not view.is_outdated
    assert view.difference_now is None
