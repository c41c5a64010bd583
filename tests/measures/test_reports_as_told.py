"""A report that is not passed on yet looks the same to others however far it is, and is counted that way.

Numbers, filters, orders, files and papers of a person agree with one another for every side of a project.
"""

from __future__ import annotations

import datetime
import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation

from measures.models import (
    ActionPlan,
    FieldOfAction,
    FundedProject,
    ProjectReport,
    ProjectReportStep,
    ReportStepKind,
)
from measures.project_columns import PROJECT_COLUMNS
from measures.reports import programme_report, project_sheet
from measures.selectors.funding_scope import portfolio_scope
from measures.selectors.project_sides import Part, parts_seen
from measures.selectors.project_standing import WAITING_LABELS, Waiting
from measures.selectors.project_told import as_told, insight_of, is_kept_back
from measures.selectors.projects import projects_seen_by
from measures.selectors.tallies import tallies
from measures.services.advisers import adviser_let_in
from measures.services.grants import notice_record
from measures.services.projects import project_create
from stakeholders.models import Function, Organisation, OrganisationKind, User
from tests import factories, grants
from tests.factories import World
from tests.funding import delivered, granted, in_days, people_of, report
from tests.stages import at_noon

ClientAs = Callable[[User], Client]
PORTFOLIO, LIST, REPORTS = "/funding/", "/projects/", "/project-reports/"
K = ReportStepKind
#: State, days until it is due, and steps with the days since: in each state, passed on and not.
VARIETIES: tuple[tuple[str, int, tuple[tuple[K, int], ...]], ...] = (
    ("drafting", -5, ()),
    ("drafting", 10, ()),
    ("drafting", 100, ()),
    ("checking", -5, ((K.DELIVERED, 1),)),
    ("checking", 10, ((K.DELIVERED, 1),)),
    ("checking", 100, ((K.DELIVERED, 1),)),
    # Returned by the municipality: some days to mend it, of which others know nothing.
    ("drafting", -6, ((K.DELIVERED, 8), (K.SENT_BACK, 2))),
    ("drafting", -40, ((K.DELIVERED, 42), (K.SENT_BACK, 40))),
    # Passed on and returned by the funder, lately and long ago; written again, checked again.
    ("drafting", -7, ((K.FORWARDED, 9), (K.RETURNED, 3))),
    ("drafting", -50, ((K.FORWARDED, 52), (K.RETURNED, 45))),
    ("checking", -8, ((K.FORWARDED, 9), (K.RETURNED, 3), (K.DELIVERED, 1))),
    ("with_funder", -9, ((K.FORWARDED, 3),)),
    ("asked", -9, ((K.FORWARDED, 3), (K.ASKED, 1))),
    ("accepted", -9, ((K.FORWARDED, 9), (K.ACCEPTED, 1))),
    ("called_off", -9, ()),
)


def step(row: ProjectReport, kind: K, days: int, world: World) -> None:
    """A step some days ago, with what was handed in where there is something of the kind."""
    with at_noon(in_days(-days)):
        ProjectReportStep.objects.create(
            report=row,
            kind=kind,
            delivery=row.deliveries.order_by("-number").first(),
            organisation=world.planning_unit,
            made_by=world.people["planner"],
        )


def in_all_states(project: FundedProject, world: World) -> None:
    """A report of each variety; each covers a day of its own."""
    for place, (state, due, steps) in enumerate(VARIETIES):
        day = project.starts_on + datetime.timedelta(days=place)
        row = ProjectReport.objects.create(
            project=project,
            kind="interim",
            state=state,
            covers_from=day,
            covers_until=day,
            due_on=in_days(due),
        )
        for kind, days in steps:
            step(row, kind, days, world)


def paid(world: World, title: str, **kwargs: Any) -> FundedProject:
    """A project with reports of all varieties."""
    project = granted(world, title, **kwargs)
    in_all_states(project, world)
    return project


@pytest.fixture
def projects(world: World) -> dict[str, FundedProject]:
    """The funder pays for a project of the provider, one of the youth office, and one of the neighbours."""
    made = {
        "own": paid(world, "Elterncafé"),
        "office": paid(world, "Lernhaus", provider=world.youth_office, programme="Anderes"),
    }
    plan = ActionPlan.objects.create(territory=world.neighbour, title="Nebenan", ends_on=world.plan.ends_on)
    field = FieldOfAction.objects.create(plan=plan, number=1, title="Bildung")
    provider = factories.organisation("Träger nebenan", OrganisationKind.PROVIDER, world.neighbour)
    made["next"] = project_create(
        measure=factories.measure(plan, provider, field=field),
        funder=world.funder,
        provider=provider,
        programme="Zusammen im Quartier",
        title="Nebenan",
        starts_on=made["own"].starts_on,
        ends_on=made["own"].ends_on,
        user=world.fresh("outsider"),
    )
    fields = grants.notice_within(made["next"])
    notice_record(made["next"], fields=fields, user=world.fresh("outsider"))
    in_all_states(made["next"], world)
    foreign, _person = people_of("Stiftung (Beispiel)", OrganisationKind.FUNDER)
    made["foreign"] = paid(world, "Fremdes", funder=foreign, programme="Fremdes Programm")
    return made


@pytest.fixture
def cast(projects: dict[str, FundedProject], world: World) -> dict[str, User]:
    """Everybody who follows projects, and people who stand on two sides."""
    house, adviser = people_of("G.I.B. (Beispiel)", OrganisationKind.ADVISER)
    adviser_let_in(projects["own"].programme, organisation=house, user=world.fresh("funder_reader"))

    def both(name: str, first: Organisation, second: Organisation, function: Function) -> User:
        person = factories.staff(name, first, Function.MEMBER)
        return factories.employed(person, second, function)

    next_door = Organisation.objects.get(name="Sozialplanung Nachbarkreis")
    provider = projects["next"].provider
    return {
        **{name: world.fresh(name) for name in ("funder_reader", "provider_head", "planner", "outsider")},
        # Of the municipality, but not of its planning unit; the first is a provider as well.
        "head": world.fresh("head"),
        "health_head": world.fresh("health_head"),
        "adviser": User.objects.get(pk=adviser.pk),
        "funder and planner": both("Hier und dort", world.funder, next_door, Function.PLANNER),
        "funder and provider": both("Beides", world.funder, provider, Function.HEAD),
        "planner of both": both("Zwei Kreise", world.planning_unit, next_door, Function.PLANNER),
    }


def rows_of(client: Client, address: str) -> list[tuple[Any, Any]]:
    """Rows and badges of all pages of a list of reports."""
    found: list[tuple[Any, Any]] = []
    for page in itertools.count(1):
        context = client.get(f"{address}{'&' if '?' in address else '?'}page={page}").context
        found += [(row, badge) for row, _address, badge in context["rows"]]
        if not context["page_obj"].has_next():
            assert len(found) == context["page_obj"].paginator.count
            return found
    raise AssertionError


def keys(rows: list[tuple[Any, Any]]) -> set[int]:
    return {row.report.pk for row, _badge in rows}


def listed(client: Client, address: str) -> int:
    count: int = client.get(address).context["page_obj"].paginator.count
    return count


def test_numbers_are_those_of_their_lists_for_every_side(cast: dict[str, User], client_as: ClientAs) -> None:
    has_none = {"provider_head"}
    for name, user in cast.items():
        client = client_as(user)
        if name in has_none:
            assert client.get(PORTFOLIO).status_code == 404
            continue
        context = client.get(PORTFOLIO).context
        numbers = {
            **{tile.url: int(tile.number) for tile in context["tiles"] if "€" not in tile.number},
            context["late_url"]: context["late_count"],
            context["mine_url"]: context["mine_count"],
            **{row["late_url"]: row["late"] for row in context["territories"]},
        }
        for url, number in numbers.items():
            assert listed(client, url) == number, (name, url)
        assert context["late_count"] > 0
        for rows, url in ((context["late"], context["late_url"]), (context["mine"], context["mine_url"])):
            first = [row.report.pk for row, _url in rows]
            assert first == [row.report.pk for row, _badge in rows_of(client, url)][: len(first)], name
        found = tallies(portfolio_scope(user), timezone.localdate())
        for waiting in (Waiting.LATE, Waiting.SOON, Waiting.CHECKING, Waiting.WITH_FUNDER, Waiting.ASKED):
            counted = sum(tally.counts[f"report:{waiting}"] for _row, tally in found)
            assert counted == listed(client, f"{REPORTS}?waiting={waiting}"), (name, waiting)
        for row, tally in found:
            cell = f"programme={row.programme_id}&territory={row.territory_id}&waiting=late"
            assert tally.counts["report:late"] == listed(client, f"{REPORTS}?{cell}"), (name, cell)
        assert not any(key.startswith("told:") for _row, tally in found for key in tally.counts)


def test_each_row_is_found_under_its_label_for_every_side(cast: dict[str, User], client_as: ClientAs) -> None:
    for name, language in itertools.zip_longest(cast, ("de", "en"), fillvalue="de"):
        client = client_as(cast[name])
        client.cookies["django_language"] = language
        whole = rows_of(client, REPORTS)
        by_label = {}
        for waiting in Waiting:
            some = rows_of(client, f"{REPORTS}?waiting={waiting}")
            with translation.override(language):
                assert {badge.text for _row, badge in some} <= {str(WAITING_LABELS[waiting])}, name
            by_label[waiting] = keys(some)
            at_least_one = {row.report.project_id for row, _badge in some}
            if waiting not in (Waiting.LATER, Waiting.ACCEPTED, Waiting.CALLED_OFF):
                assert listed(client, f"{LIST}?report={waiting}") == len(at_least_one), (name, waiting)
        assert sum(map(len, by_label.values())) == len(whole), (name, "each under one label only")
        assert set().union(*by_label.values()) == keys(whole)


def test_the_condition_is_the_rule_of_single_reports_for_every_side(cast: dict[str, User]) -> None:
    told = set()
    for name, user in cast.items():
        rows = as_told(ProjectReport.objects.filter(project__in=projects_seen_by(user)), insight_of(user))
        assert rows.count() > 0
        for row in rows.select_related("project"):
            parts = parts_seen(user, row.project)
            assert row.is_kept_back == is_kept_back(row, parts), (name, row.state)
            told.add((name, row.project.title, Part.CHECK in parts, row.is_kept_back))
    assert ("funder and planner", "Nebenan", True, True) not in told
    assert ("funder and planner", "Elterncafé", False, True) in told
    assert ("head", "Lernhaus", True, False) in told
    assert ("head", "Elterncafé", False, True) in told


# --- nothing changes ---------------------------------------------------------------------------------


BY_DAY_OR_CHECKED = (Waiting.LATE, Waiting.SOON, Waiting.LATER, Waiting.CHECKING)


def plain(response: Any) -> str:
    """What a page says, without what differs from look to look."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return re.sub(r'(csrfmiddlewaretoken" value|nonce)="[^"]*"', "", content.decode("utf-8-sig"))


def addresses(project: FundedProject, other: FundedProject) -> Iterator[str]:
    every = "&".join(f"col={column.key}" for column in PROJECT_COLUMNS)
    yield PORTFOLIO
    yield f"{LIST}?sort=due&{every}"
    yield f"{LIST}?{every}&export=csv"
    yield f"{REPORTS}?sort=state"
    yield f"{REPORTS}?sort=state&export=json"
    for waiting in BY_DAY_OR_CHECKED:
        yield f"{LIST}?report={waiting}"
        yield f"{REPORTS}?waiting={waiting}"
    yield f"/projects/{project.pk}/"
    yield f"/projects/compare/?p={project.pk}&p={other.pk}"
    yield f"/search/?q={project.title}"


def everything(user: User, project: FundedProject, other: FundedProject, client: Client) -> dict[str, str]:
    """All pages, files and papers that tell a person of a project and its reports."""
    found = {}
    for address in addresses(project, other):
        response = client.get(address)
        found[address] = f"{response.status_code} {plain(response)}"
    today = timezone.localdate()
    rows = projects_seen_by(user).select_related("measure__plan__territory", "measure__responsible")
    sheet = project_sheet.collect(user, rows.get(pk=project.pk), today=today)
    found["sheet"] = str(project_sheet.content(sheet))
    paper = programme_report.collect(user, project.programme, today=today)
    found["programme"] = str(programme_report.content(paper))
    found["report"] = plain(client.get(f"/project-reports/{project.reports.all()[0].pk}/"))
    return found


def test_how_far_it_is_changes_nothing_that_outsiders_see(world: World, client_as: ClientAs) -> None:
    project, other = granted(world, "Elterncafé"), granted(world, "Lernhaus")
    moved = [
        report(project, due_on=in_days(due), months=(month, month))
        for month, due in ((1, -5), (2, 10), (3, 99))
    ]
    # Reports beside them, that they could change places with.
    for month, due in ((4, -6), (5, -4), (6, 9), (7, 11), (8, 98), (9, 100)):
        report(other, due_on=in_days(due), months=(month, month))
    house, adviser = people_of("G.I.B. (Beispiel)", OrganisationKind.ADVISER)
    adviser_let_in(project.programme, organisation=house, user=world.fresh("funder_reader"))
    people = {name: world.fresh(name) for name in ("funder_reader", "head", "planner")}
    people["adviser"] = User.objects.get(pk=adviser.pk)
    clients = {name: client_as(user) for name, user in people.items()}

    def looks() -> dict[str, dict[str, str]]:
        return {
            name: everything(User.objects.get(pk=user.pk), project, other, clients[name])
            for name, user in people.items()
        }

    for client in clients.values():
        client.get(LIST)  # lights are reckoned once
    before = looks()

    def changed() -> dict[str, set[str]]:
        now = looks()
        return {
            name: {address for address in now[name] if now[name][address] != before[name][address]}
            for name in people
        }

    for row in moved:
        delivered(row, world.people["provider_head"])
        step(row, K.DELIVERED, 0, world)
        row.state = "checking"
        row.save()
    seen = changed()
    assert seen.pop("planner") >= {PORTFOLIO, "sheet", "programme", "report", f"{REPORTS}?waiting=checking"}
    assert seen == {"funder_reader": set(), "head": set(), "adviser": set()}
    for row in moved:
        step(row, K.SENT_BACK, 0, world)
        row.state = "drafting"
        row.save()
    seen = changed()
    assert seen.pop("planner") >= {PORTFOLIO, "report", f"{REPORTS}?waiting=late"}
    assert seen == {"funder_reader": set(), "head": set(), "adviser": set()}


def test_in_time_is_what_was_passed_on_in_time(world: World, client_as: ClientAs) -> None:
    """The first version was in time but returned; the second, which the funder got, was not."""
    project, other = granted(world, "Elterncafé"), granted(world, "Lernhaus")
    row = report(project, state="accepted", due_on=in_days(-5), amount="10.00")
    with at_noon(in_days(-9)):
        delivered(row, world.people["provider_head"])
    step(row, K.DELIVERED, 9, world)
    step(row, K.SENT_BACK, 8, world)
    with at_noon(in_days(-2)):
        delivered(row, world.people["provider_head"], number=2)
    step(row, K.FORWARDED, 1, world)
    address = f"/projects/compare/?p={project.pk}&p={other.pk}"
    told = {}
    for name in ("funder_reader", "planner"):
        compared = client_as(world.fresh(name)).get(address).context["found"].projects[0]
        told[name] = (compared.accepted, compared.in_time)
    assert told == {"funder_reader": (1, 0), "planner": (1, 1)}


def test_a_department_that_does_not_check_is_not_shown_what_is_to_be_checked(
    projects: dict[str, FundedProject], world: World, client_as: ClientAs
) -> None:
    for name, is_planning in (("planner", True), ("health_head", False), ("funder_reader", False)):
        context = client_as(world.fresh(name)).get(PORTFOLIO).context
        assert context["is_planning"] is is_planning
        assert ("waiting=checking" in context["mine_url"]) is is_planning
