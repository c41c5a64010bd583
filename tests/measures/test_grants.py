"""Programmes, calls and grant notices: rules, rights both ways, what the pages show and refuse."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from measures.models import (
    FundedProject,
    GrantLine,
    GrantNotice,
    Programme,
    ProgrammeCall,
    ReportingDuty,
)
from measures.money import PlanLine
from measures.services.grants import Duty, PlanError, notice_mark, notice_record
from measures.services.programmes import (
    CallFields,
    ProgrammeFields,
    call_save,
    programme_change,
    programme_create,
)
from measures.services.projects import project_parties_set
from project.common.errors import DomainError
from stakeholders.models import LogEntry, OrganisationKind, User
from stakeholders.permissions import Perm, Role, can, role_group
from tests import factories
from tests.factories import World
from tests.grants import funded, lines, notice

ClientAs = Callable[[User], Client]
D = datetime.date
E = Decimal


@pytest.fixture
def project(world: World) -> FundedProject:
    return funded(world)


# --- services ----------------------------------------------------------------------------------------


def test_a_notice_sets_term_and_reference_of_its_project(project: FundedProject, world: World) -> None:
    made = notice_record(project, fields=notice(), user=world.fresh("planner"))
    project.refresh_from_db()
    assert (project.reference, project.starts_on, project.ends_on) == ("AZ 1", D(2026, 2, 1), D(2026, 12, 31))
    assert (made.number, made.lines.count(), made.duties.get().due_on) == (1, 3, D(2026, 9, 30))
    entry = LogEntry.objects.get(action="notice.recorded")
    assert (entry.data["number"], entry.territory) == (1, world.territory)


def test_an_amending_notice_needs_a_reason_and_keeps_the_first(project: FundedProject, world: World) -> None:
    planner = world.fresh("planner")
    first = notice_record(project, fields=notice(), user=planner)
    later = notice(granted=E("1350.00"), lines=lines("1500.00", "150.00"), ends_on=D(2026, 11, 30), duties=[])
    with pytest.raises(DomainError) as refused:
        notice_record(project, fields=later, user=planner)
    assert refused.value.code == "reason_missing"
    second = notice_record(project, fields=dataclasses.replace(later, reason="Aufstockung"), user=planner)
    assert (second.number, second.reason) == (2, "Aufstockung")
    first.refresh_from_db()
    assert (first.granted, first.lines.count()) == (E("900.00"), 3)
    project.refresh_from_db()
    assert project.ends_on == D(2026, 11, 30)


def test_two_amend_at_once_and_the_second_looks_at_the_first(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    planner = world.fresh("planner")
    client = client_as(planner)
    opened = client.get(create(project)).context["editor"].form["seen"].value()
    assert opened
    notice_record(project, fields=notice(), user=planner)
    response = client.post(create(project), typed(seen=opened))
    assert response.status_code == 422
    assert "inzwischen einen anderen Bescheid erfasst" in response.content.decode()
    assert project.notices.count() == 1
    form = response.context["editor"].form
    assert form["reference"].value() == "AZ 7"
    again = client.post(create(project), typed(seen=form["seen"].value(), reason="Aufstockung"))
    assert again.status_code == 302
    assert project.notices.count() == 2


def test_the_service_itself_refuses_what_was_not_seen(project: FundedProject, world: World) -> None:
    planner = world.fresh("planner")
    first = notice_record(project, fields=notice(), user=planner, seen=notice_mark(None))
    with pytest.raises(DomainError) as refused:
        notice_record(project, fields=notice(reason="x"), user=planner, seen=notice_mark(None))
    assert refused.value.code == "changed_meanwhile"
    notice_record(project, fields=notice(reason="x"), user=planner, seen=notice_mark(first))


def test_two_change_a_programme_or_a_call(project: FundedProject, world: World, client_as: ClientAs) -> None:
    client = client_as(world.fresh("funder_reader"))
    call = call_save(project.programme, fields=CallFields(year=2026), user=world.fresh("funder_reader"))
    for url, data in (
        (
            reverse("measures:programme-edit", args=[project.programme_id]),
            {"title": "Neu", "own_share_percent": "10", "deviation_percent": "20"},
        ),
        (reverse("measures:call-edit", args=[call.pk]), {"year": "2026", "goals": "Neu"}),
    ):
        opened = client.get(url).context["form"]["seen"].value()
        Programme.objects.update(goals=url)
        ProgrammeCall.objects.update(goals=url)
        refused = client.post(url, data | {"seen": opened})
        assert refused.status_code == 422
        assert "inzwischen" in refused.content.decode()
        shown = refused.context["form"]["seen"].value()
        assert client.post(url, data | {"seen": shown}).status_code == 302


def test_an_amending_notice_is_not_older_than_the_first(project: FundedProject, world: World) -> None:
    planner = world.fresh("planner")
    notice_record(project, fields=notice(), user=planner)
    with pytest.raises(DomainError) as refused:
        notice_record(project, fields=notice(issued_on=D(2026, 1, 14), reason="x"), user=planner)
    assert refused.value.code == "issued_wrong"


def test_what_was_recorded_is_never_changed(project: FundedProject, world: World) -> None:
    made = notice_record(project, fields=notice(), user=world.fresh("planner"))
    with pytest.raises(TypeError):
        made.save()
    for rows in (GrantNotice.objects.all(), GrantLine.objects.all(), ReportingDuty.objects.all()):
        with pytest.raises(TypeError):
            rows.delete()


WRONG = {
    "ends before it begins": ({"ends_on": D(2026, 1, 1)}, "ends_before_start"),
    "duty outside of the term": (
        {"duties": [Duty("final", D(2025, 1, 1), D(2026, 6, 30), D(2027, 3, 31))]},
        "duty_wrong",
    ),
    "duty that ends before it begins": (
        {"duties": [Duty("final", D(2026, 6, 1), D(2026, 3, 1), D(2027, 3, 31))]},
        "duty_wrong",
    ),
    "duty due in another century": (
        {"duties": [Duty("final", D(2026, 2, 1), D(2026, 12, 31), D(2126, 3, 31))]},
        "duty_wrong",
    ),
    "duty twice": (
        {"duties": [Duty("interim", D(2026, 2, 1), D(2026, 6, 30), D(2026, 9, 30))] * 2},
        "duty_wrong",
    ),
    "two duties of a kind for one time": (
        {
            "duties": [
                Duty("interim", D(2026, 2, 1), D(2026, 6, 30), D(2026, 9, 30)),
                Duty("interim", D(2026, 2, 1), D(2026, 6, 30), D(2026, 10, 31)),
            ]
        },
        "duty_wrong",
    ),
    "sum of lines is not the grant": ({"granted": E("900.01")}, "plan_wrong"),
    "own share too small": ({"lines": lines(own="99.99"), "granted": E("900.01")}, "plan_wrong"),
    "spending before the term": ({"lines": lines(year=2025)}, "plan_wrong"),
    "issued in days to come": ({"issued_on": D(2100, 1, 1)}, "issued_wrong"),
    "nothing granted": ({"granted": E(0), "lines": lines(own="1000.00")}, "invalid"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_notices_are_refused_and_not_kept(name: str, project: FundedProject, world: World) -> None:
    values, code = WRONG[name]
    with pytest.raises(DomainError) as refused:
        notice_record(project, fields=notice(**values), user=world.fresh("planner"))
    assert refused.value.code == code
    assert (GrantNotice.objects.count(), project.notices.count()) == (0, 0)


def test_every_fault_of_a_plan_is_told_at_once_with_its_sums(project: FundedProject, world: World) -> None:
    wrong = [
        PlanLine("cost", "staff", "", 2025, E("1000.00")),
        PlanLine("funding", "esf", "", 2026, E("950.00")),
    ]
    with pytest.raises(PlanError) as refused:
        notice_record(project, fields=notice(lines=wrong), user=world.fresh("planner"))
    text = " ".join(refused.value.faults)
    assert len(refused.value.faults) == 4
    for word in ("Personal, 2025", "1.000,00", "950,00", "900,00", "50,00", "100,00", "10 %"):
        assert word in text.replace("\xa0", " ")


def test_a_municipality_needs_no_own_share(world: World) -> None:
    measure = factories.measure(world.plan, world.youth_office, title="Eigenes Vorhaben")
    project = funded(world)
    FundedProject.objects.filter(pk=project.pk).update(provider=world.youth_office, measure=measure)
    project.refresh_from_db()
    rows = [*lines(own="0.00")[:2], PlanLine("funding", "municipality", "", 2026, E("0.00"))]
    notice_record(project, fields=notice(lines=rows, granted=E("1000.00")), user=world.fresh("planner"))
    assert project.notices.count() == 1


def test_the_call_is_held_against_the_plan(project: FundedProject, world: World) -> None:
    funder = world.fresh("funder_reader")
    call = call_save(
        project.programme,
        fields=CallFields(year=2026, esf_percent=E(50), cost_kinds=["material"], indicators=["EECO01"]),
        user=funder,
    )
    with pytest.raises(PlanError) as refused:
        notice_record(project, fields=notice(call=call), user=funder)
    assert len(refused.value.faults) == 2
    other = programme_create(funder=world.funder, fields=ProgrammeFields(title="Anderes"), user=funder)
    foreign = call_save(other, fields=CallFields(year=2026), user=funder)
    with pytest.raises(DomainError) as wrong:
        notice_record(project, fields=notice(call=foreign), user=funder)
    assert wrong.value.code == "wrong_call"


def test_who_records_a_notice(project: FundedProject, world: World) -> None:
    for name in ("head", "specialist", "provider_head", "jobcenter_head", "outsider", "chair"):
        with pytest.raises(PermissionDenied):
            notice_record(project, fields=notice(), user=world.fresh(name))
    notice_record(project, fields=notice(), user=world.fresh("funder_reader"))
    assert project.notices.count() == 1


def test_programmes_are_the_funders(world: World) -> None:
    funder = world.fresh("funder_reader")
    made = programme_create(funder=world.funder, fields=ProgrammeFields(title="Neu"), user=funder)
    with pytest.raises(DomainError) as twice:
        programme_create(funder=world.funder, fields=ProgrammeFields(title=" Neu "), user=funder)
    assert twice.value.code == "programme_exists"
    for name in ("planner", "provider_head", "outsider"):
        with pytest.raises(PermissionDenied):
            programme_change(made, fields=ProgrammeFields(title="Anders"), user=world.fresh(name))
        with pytest.raises(PermissionDenied):
            call_save(made, fields=CallFields(year=2026), user=world.fresh(name))
    programme_change(made, fields=ProgrammeFields(title="Anders", own_share_percent=E(15)), user=funder)
    made.refresh_from_db()
    assert (made.title, made.own_share_percent) == ("Anders", 15)


def test_a_programme_whose_name_is_too_long_is_refused(world: World) -> None:
    with pytest.raises(DomainError) as refused:
        funded(world, programme="x" * 121)
    assert refused.value.code == "invalid"
    assert not Programme.objects.exists()


def test_calls_are_one_a_year_and_pay_no_more_than_everything(world: World) -> None:
    funder = world.fresh("funder_reader")
    made = programme_create(funder=world.funder, fields=ProgrammeFields(title="Neu"), user=funder)
    call_save(made, fields=CallFields(year=2026), user=funder)
    for fields, code in (
        (CallFields(year=2026), "call_exists"),
        (CallFields(year=2027, esf_percent=E(60), state_percent=E("40.01")), "shares_over_hundred"),
    ):
        with pytest.raises(DomainError) as refused:
            call_save(made, fields=fields, user=funder)
        assert refused.value.code == code


def test_partners_follow_the_project_and_lose_it_again(project: FundedProject, world: World) -> None:
    partner = factories.organisation("Zweiter Träger (Beispiel)", OrganisationKind.PROVIDER, world.territory)
    planner = world.fresh("planner")
    someone = factories.person("Zweite Leitung")
    someone.groups.add(role_group(Role.ORGANISATION_HEAD, partner))
    assert not can(someone, Perm.TRACK_PROJECT, project)
    parties: dict[str, Any] = {"areas": [world.areas[0]], "further_measures": []}
    project_parties_set(project, partners=[partner], user=planner, **parties)
    assert can(someone, Perm.TRACK_PROJECT, project)
    assert [row.organisation for row in project.partners.all()] == [partner]
    project_parties_set(project, partners=[], user=planner, **parties)
    assert not can(someone, Perm.TRACK_PROJECT, project)
    for name in ("funder_reader", "provider_head", "head"):
        with pytest.raises(PermissionDenied):
            project_parties_set(project, partners=[partner], user=world.fresh(name), **parties)


def test_parties_are_of_the_territory(project: FundedProject, world: World) -> None:
    stranger = factories.organisation("Fremder Träger", OrganisationKind.PROVIDER, world.neighbour)
    planner = world.fresh("planner")
    with pytest.raises(DomainError) as refused:
        project_parties_set(project, partners=[stranger], areas=[], further_measures=[], user=planner)
    assert refused.value.code == "foreign_organisation"
    with pytest.raises(DomainError) as own:
        project_parties_set(project, partners=[], areas=[], further_measures=[project.measure], user=planner)
    assert own.value.code == "foreign_measure"


# --- pages -------------------------------------------------------------------------------------------


def typed(**kwargs: str) -> dict[str, str]:
    """A notice as typed in the browser."""
    data = {
        "reference": "AZ 7",
        "issued_on": "15.01.2026",
        "granted": "1.234,56",
        "starts_on": "01.02.2026",
        "ends_on": "31.12.2026",
        "lines-TOTAL_FORMS": "3",
        "lines-INITIAL_FORMS": "0",
        "lines-0-kind": "cost-staff",
        "lines-0-year_2026": "1.371,73",
        "lines-1-kind": "funding-esf",
        "lines-1-year_2026": "1.234,56",
        "lines-2-kind": "funding-own",
        "lines-2-year_2026": "137,17",
        "duties-TOTAL_FORMS": "1",
        "duties-INITIAL_FORMS": "0",
        "duties-0-kind": "final",
        "duties-0-covers_from": "01.02.2026",
        "duties-0-covers_until": "31.12.2026",
        "duties-0-due_on": "30.06.2027",
    }
    return data | kwargs


def create(project: FundedProject) -> str:
    return reverse("measures:notice-create", args=[project.pk])


def test_a_notice_is_recorded_on_its_page_and_read_by_all_parties(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    response = client_as(world.fresh("planner")).post(create(project), typed())
    made = GrantNotice.objects.get()
    assert response.url == reverse("measures:notice-detail", args=[made.pk])
    assert (made.granted, made.duties.get().kind) == (E("1234.56"), "final")
    for name in ("planner", "funder_reader", "provider_head"):
        client = client_as(world.fresh(name))
        for page in (response.url, reverse("measures:project-detail", args=[project.pk])):
            html = client.get(page).content.decode().replace("\xa0", " ")
            assert "1.234,56 €" in html
            assert "30.06.2027" in html
            assert "90 %" in html, "the share of ESF"
    assert client_as(world.fresh("outsider")).get(response.url).status_code == 404


def test_wrong_entries_are_shown_beside_what_was_typed(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    client = client_as(world.fresh("planner"))
    for change, word in (
        ({"lines-0-year_2026": "1.371,74"}, "0,01 € auseinander"),
        ({"lines-0-year_2026": "-5"}, "nicht kleiner als null"),
        ({"lines-0-year_2026": ""}, "in mindestens einem Jahr"),
        ({"lines-0-year_2026": "1,371"}, "„1,371“ ist nicht eindeutig"),
        ({"lines-0-kind": ""}, "lines-0-kind"),
        ({"ends_on": "31.12.2025"}, "Die Förderung endet vor ihrem Beginn."),
    ):
        response = client.post(create(project), typed(**change))
        assert response.status_code == 422, change
        html = response.content.decode().replace("\xa0", " ")
        assert word in html, change
        assert "AZ 7" in html
    assert GrantNotice.objects.count() == 0


def test_the_years_follow_the_term_and_rows_are_added(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    client = client_as(world.fresh("planner"))
    response = client.post(create(project), typed(ends_on="31.12.2028", show_years="1"))
    assert response.context["editor"].years == [2026, 2027, 2028]
    assert response.status_code == 200
    response = client.post(create(project), typed(add_line="1"))
    assert len(response.context["editor"].lines.forms) == 4
    assert 'value="137,17"' in response.content.decode()
    assert GrantNotice.objects.count() == 0


def test_an_amending_notice_begins_with_the_one_that_holds_and_tells_what_it_changes(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    planner = world.fresh("planner")
    notice_record(project, fields=notice(), user=planner)
    client = client_as(planner)
    editor = client.get(create(project)).context["editor"]
    assert [form.initial["kind"] for form in editor.lines.initial_forms] == [
        "cost-staff",
        "funding-esf",
        "funding-own",
    ]
    data = typed(**{"lines-INITIAL_FORMS": "3", "duties-INITIAL_FORMS": "1", "reason": "Aufstockung"})
    page = client.post(create(project), data, follow=True).content.decode().replace("\xa0", " ")
    assert "Aufstockung" in page
    assert "334,56 €" in page
    assert GrantNotice.objects.count() == 2


def test_the_plan_is_exported_with_its_sums(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    made = notice_record(project, fields=notice(), user=world.fresh("planner"))
    url = reverse("measures:notice-detail", args=[made.pk])
    text = client_as(world.fresh("funder_reader")).get(url, {"export": "csv"}).content.decode("utf-8-sig")
    assert "Personal" in text
    assert "1000,00" in text


def test_a_programme_shows_its_money_by_year_of_projects_one_follows(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    planner = world.fresh("planner")
    notice_record(project, fields=notice(), user=planner)
    notice_record(
        project,
        fields=notice(granted=E("1800.00"), lines=lines("2000.00", "200.00"), reason="Aufstockung"),
        user=planner,
    )
    url = reverse("measures:programme-detail", args=[project.programme_id])
    for name in ("funder_reader", "planner", "provider_head"):
        response = client_as(world.fresh(name)).get(url)
        assert [(row.year, row.granted) for row in response.context["money"]] == [(2026, E("1800.00"))]
    assert client_as(world.fresh("outsider")).get(url).status_code == 404
    listed = client_as(world.fresh("outsider")).get(reverse("measures:programme-list"))
    assert listed.context["page_obj"].paginator.count == 0


def test_a_call_is_recorded_and_changed_by_the_funder(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    client = client_as(world.fresh("funder_reader"))
    data = {
        "year": "2026",
        "budget": "8.000.000",
        "cost_kinds": ["staff"],
        "indicators": ["EECO01", "EECO06"],
    }
    client.post(reverse("measures:call-create", args=[project.programme_id]), data)
    call = project.programme.calls.get()
    assert (call.budget, call.indicators) == (8_000_000, ["EECO01", "EECO06"])
    edit = reverse("measures:call-edit", args=[call.pk])
    client.post(edit, data | {"year": "2027"})
    call.refresh_from_db()
    assert call.year == 2027
    assert client_as(world.fresh("planner")).get(edit).status_code == 403
    assert client.post(edit, data | {"esf_percent": "100,01"}).status_code == 422


def test_a_programme_is_recorded_by_its_funder_only(world: World, client_as: ClientAs) -> None:
    url = reverse("measures:programme-create", args=[world.funder.pk])
    data = {"title": "Neues Programm", "own_share_percent": "10", "deviation_percent": "20"}
    client = client_as(world.fresh("funder_reader"))
    assert client.post(url, data).status_code == 302
    made = Programme.objects.get(title="Neues Programm")
    assert client.post(url, data).status_code == 422
    edit = reverse("measures:programme-edit", args=[made.pk])
    assert client.post(edit, data | {"own_share_percent": "12,5"}).status_code == 302
    made.refresh_from_db()
    assert made.own_share_percent == E("12.5")
    assert client_as(world.fresh("outsider")).get(url).status_code in {403, 404}


def test_lists_and_pages_cost_the_same_for_many_projects(world: World, client_as: ClientAs) -> None:
    client = client_as(world.fresh("funder_reader"))
    counts = []
    for number in (1, 6):
        while FundedProject.objects.count() < number:
            made = funded(world, title=f"Vorhaben {FundedProject.objects.count()}", programme=f"P{number}")
            notice_record(made, fields=notice(), user=world.fresh("planner"))
        programme = Programme.objects.earliest("pk")
        found = []
        for url in (
            reverse("measures:programme-list"),
            reverse("measures:programme-detail", args=[programme.pk]),
            reverse("measures:project-list"),
        ):
            client.get(url)
            with CaptureQueriesContext(
                connection,
            ) as queries:
                client.get(url)
            found.append(len(queries))
        counts.append(found)
    assert counts[0] == counts[1]
