"""Forms of funding: odd numbers and dates, what is kept and what is refused, two people at once."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from measures.models import FundedProject, GrantLine, GrantNotice, KeyFigure, KeyFigureTarget, Programme
from measures.money import PlanLine
from measures.services.grants import Duty, notice_record
from measures.services.programmes import CallFields, ProgrammeFields, call_save, programme_change
from measures.services.projects import parties_mark, project_parties_set
from monitoring.models import Area
from project.common.errors import DomainError
from stakeholders.models import Function, Organisation, OrganisationKind, User
from stakeholders.selectors.audit import audit_entries
from tests import factories
from tests.factories import World
from tests.grants import lines, notice
from tests.measures.test_grants import create, typed
from tests.measures.test_views_projects import funded, page, values

ClientAs = Callable[[User], Client]
D = datetime.date
E = Decimal


@pytest.fixture
def project(world: World) -> FundedProject:
    return funded(world)


def remarks(response: Any) -> str:
    """What the summaries of wrong entries say."""
    html = response.content.decode().replace("\xa0", " ")
    found = re.findall(r"data-error-summary>(.*?)</ul>", html, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", " ".join(found)).split())


# --- numbers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("granted", "word"),
    [
        ("0", "über null"),
        ("-1", "über null"),
        ("1.234,567", "„1.234,567“ ist kein Betrag"),
        ("1,234", "„1,234“ ist nicht eindeutig"),
        ("12.345.678.901,23", "höchstens 12 Ziffern"),
        ("1e5", "zum Beispiel 1.234,56"),
        ("NaN", "zum Beispiel 1.234,56"),
    ],
)
def test_odd_sums_are_refused_with_what_to_do(
    granted: str, word: str, project: FundedProject, world: World, client_as: ClientAs
) -> None:
    response = client_as(world.fresh("planner")).post(create(project), typed(granted=granted))
    assert response.status_code == 422
    assert "Bewilligte Summe: " in remarks(response)
    assert word in remarks(response)
    assert not GrantNotice.objects.exists()


def test_the_largest_sum_is_recorded_to_the_cent(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    rows = {
        "granted": "8.999.999.999,99",
        "lines-0-year_2026": "9.999.999.999,99",
        "lines-1-year_2026": "8.999.999.999,99",
        "lines-2-year_2026": "1.000.000.000",
    }
    response = client_as(world.fresh("planner")).post(create(project), typed(**rows), follow=True)
    assert "8.999.999.999,99 €" in response.content.decode().replace("\xa0", " ")
    assert GrantNotice.objects.get().granted == E("8999999999.99")
    assert GrantLine.objects.get(side="cost").amount == E("9999999999.99")


def test_an_english_page_takes_english_numbers_and_says_so(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    client = client_as(world.fresh("planner"))
    client.cookies["django_language"] = "en"
    english = typed(
        granted="1,234.56",
        issued_on="2026-01-15",
        starts_on="2026-02-01",
        ends_on="2026-12-31",
        **{
            "lines-0-year_2026": "1,371.73",
            "lines-1-year_2026": "1,234.56",
            "lines-2-year_2026": "137.17",
            "duties-0-covers_from": "2026-02-01",
            "duties-0-covers_until": "2026-12-31",
            "duties-0-due_on": "2027-06-30",
        },
    )
    refused = client.post(create(project), english | {"granted": "1.234"}, headers={"accept-language": "en"})
    assert "“1.234” could mean two amounts" in remarks(refused)
    assert "for example 1,234.56." in remarks(refused)
    response = client.post(create(project), english, headers={"accept-language": "en"})
    assert response.status_code == 302
    assert "€1,234.56" in client.get(response.url, headers={"accept-language": "en"}).content.decode()  # type: ignore[attr-defined]


def test_a_german_page_takes_amounts_copied_from_an_english_table(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    same = typed() | {"granted": "1,234.56", "lines-1-year_2026": "1,234.56"}
    assert typed()["granted"] == "1.234,56"
    assert client_as(world.fresh("planner")).post(create(project), same).status_code == 302
    assert GrantNotice.objects.get().granted == E("1234.56")


def test_amounts_stand_there_with_both_places_of_their_cents(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    planner = world.fresh("planner")
    notice_record(project, fields=notice(granted=E("900.50"), lines=lines("1000.60", "100.10")), user=planner)
    html = client_as(planner).get(create(project)).content.decode()
    for amount in ("900,50", "1.000,60", "100,10"):
        assert f'value="{amount}"' in html


def test_parts_of_a_cent_are_not_rounded_away(project: FundedProject, world: World) -> None:
    halves = [
        PlanLine("cost", "staff", "a", 2026, E("499.995")),
        PlanLine("cost", "staff", "b", 2026, E("500.005")),
        *lines()[1:],
    ]
    with pytest.raises(DomainError) as refused:
        notice_record(project, fields=notice(lines=halves), user=world.fresh("planner"))
    assert refused.value.code == "invalid"
    assert "Personal (a), 2026" in str(refused.value.message)
    assert not GrantNotice.objects.exists()


def test_lines_that_differ_in_blanks_only_are_the_same_line(project: FundedProject, world: World) -> None:
    twice = [
        PlanLine("cost", "staff", "a", 2026, E("500.00")),
        PlanLine("cost", "staff", " a ", 2026, E("500.00")),
        *lines()[1:],
    ]
    with pytest.raises(DomainError) as refused:
        notice_record(project, fields=notice(lines=twice), user=world.fresh("planner"))
    assert refused.value.code == "plan_wrong"


# --- dates and years ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"ends_on": "31.12.2034"}, "mehr als 8 Kalenderjahre"),
        ({"ends_on": "31.12.2206"}, "nach 2100"),
        ({"starts_on": "01.02.0026"}, "vor 1990"),
        ({"issued_on": "15.01.0026"}, "vor 1990"),
        ({"issued_on": "15.01.2099"}, "Ausgestellt am: Ein Bescheid kann nicht in der Zukunft"),
        ({"issued_on": "31.02.2026"}, "Ausgestellt am"),
        ({"duties-0-due_on": "30.06.2077"}, "„Verwendungsnachweis, 30.06.2077“ ist vor Beginn"),
        ({"duties-0-covers_from": "01.01.2026"}, "„Verwendungsnachweis, 30.06.2027“ umfasst Tage"),
        ({"duties-0-covers_until": "01.01.2026"}, "„Verwendungsnachweis, 30.06.2027“ endet vor"),
    ],
)
def test_slips_in_dates_are_told_where_they_are(
    change: dict[str, str], word: str, project: FundedProject, world: World, client_as: ClientAs
) -> None:
    response = client_as(world.fresh("planner")).post(create(project), typed(**change))
    assert response.status_code == 422
    assert word in remarks(response)
    assert not GrantNotice.objects.exists()


def test_eight_calendar_years_are_the_longest_term(project: FundedProject, world: World) -> None:
    planner = world.fresh("planner")
    with pytest.raises(DomainError) as refused:
        notice_record(project, fields=notice(ends_on=D(2034, 1, 1)), user=planner)
    assert refused.value.code == "term_too_long"
    notice_record(project, fields=notice(ends_on=D(2033, 12, 31)), user=planner)


def test_the_same_duty_twice_is_named(project: FundedProject, world: World) -> None:
    duty = Duty("interim", D(2026, 2, 1), D(2026, 6, 30), D(2026, 9, 30))
    with pytest.raises(DomainError) as refused:
        notice_record(project, fields=notice(duties=[duty, duty]), user=world.fresh("planner"))
    assert "„Zwischennachweis, 30.09.2026“" in str(refused.value.message)


def test_an_amount_of_a_year_that_left_the_term_is_told_and_not_dropped(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    client = client_as(world.fresh("planner"))
    left = typed(**{"lines-0-year_2027": "5,00"})
    response = client.post(create(project), left)
    assert response.status_code == 422
    assert response.context["editor"].years == [2026, 2027]
    assert "„Personal, 2027“ liegt außerhalb" in remarks(response)
    shown = client.post(create(project), left | {"show_years": "1"})
    assert 'value="5,00"' in shown.content.decode()
    # Emptied, the year is gone; a flood of years shows no more than sixteen.
    assert client.post(create(project), left | {"lines-0-year_2027": ""}).status_code == 302
    flood = {f"lines-0-year_{year}": "1" for year in range(2030, 2300)}
    assert len(client.post(create(project), typed(**flood)).context["editor"].years) <= 17


def test_a_project_of_another_age_is_refused(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    measure = factories.measure(world.plan, world.youth_office, partners=[world.provider])
    url = reverse("measures:project-create", args=[measure.pk])
    client = client_as(world.fresh("planner"))
    response = client.post(url, values(world, starts_on="0026-01-01"))
    assert response.status_code == 422
    assert "vor 1990" in remarks(response)
    # Nothing sent at all is told like something left out.
    assert "Fördergeber" in remarks(client.post(url, {}))


# --- calls and programmes -----------------------------------------------------------------------------


def test_the_year_of_a_call_stays_once_a_notice_names_it(project: FundedProject, world: World) -> None:
    funder = world.fresh("funder_reader")
    call = call_save(project.programme, fields=CallFields(year=2025), user=funder)
    call = call_save(project.programme, fields=CallFields(year=2026), user=funder, call=call)
    notice_record(project, fields=notice(call=call), user=funder)
    with pytest.raises(DomainError) as refused:
        call_save(project.programme, fields=CallFields(year=2027), user=funder, call=call)
    assert refused.value.code == "call_named"
    call_save(project.programme, fields=CallFields(year=2026, goals="Ergänzt"), user=funder, call=call)
    call.refresh_from_db()
    assert (call.year, call.goals) == (2026, "Ergänzt")


def test_a_programme_typed_in_another_way_is_the_same(project: FundedProject, world: World) -> None:
    other = funded(world, title="Zweites", programme=" zusammen  im QUARTIER ")
    assert other.programme == project.programme
    # A name that stands there exactly goes before one that differs in case.
    exact = Programme.objects.create(funder=world.funder, title="ZUSAMMEN im Quartier")
    assert funded(world, title="Drittes", programme="ZUSAMMEN im Quartier").programme == exact


# --- partners, areas, further measures ----------------------------------------------------------------


@pytest.fixture
def partner(world: World) -> Organisation:
    return factories.organisation("Zweiter Träger", OrganisationKind.PROVIDER, world.territory)


def parties(project: FundedProject) -> str:
    return reverse("measures:project-parties", args=[project.pk])


def test_two_change_the_parties_and_the_second_looks_first(
    project: FundedProject, partner: Organisation, world: World, client_as: ClientAs
) -> None:
    planner = world.fresh("planner")
    client = client_as(planner)
    opened = client.get(parties(project)).context["form"]["seen"].value()
    assert opened
    project_parties_set(project, partners=[partner], areas=[], further_measures=[], user=planner)
    data = {"areas": [world.areas[0].pk], "seen": opened}
    response = client.post(parties(project), data)
    assert response.status_code == 422
    assert "Jemand hat inzwischen Partner, Gebiete oder weitere Maßnahmen geändert." in remarks(response)
    assert [row.organisation for row in project.partners.all()] == [partner]
    again = data | {"seen": response.context["form"]["seen"].value()}
    assert client.post(parties(project), again).status_code == 302
    assert list(project.areas.all()) == [world.areas[0]]
    assert not project.partners.exists()


def test_the_service_itself_refuses_parties_that_were_not_seen(
    project: FundedProject, partner: Organisation, world: World
) -> None:
    planner = world.fresh("planner")
    opened = parties_mark(project)
    given: dict[str, Any] = {"areas": [], "further_measures": [], "user": planner, "seen": opened}
    project_parties_set(project, partners=[partner], **given)
    with pytest.raises(DomainError) as refused:
        project_parties_set(project, partners=[], **given)
    assert refused.value.code == "changed_meanwhile"
    assert project.partners.count() == 1


def test_what_is_no_longer_active_or_valid_is_not_lost_with_the_next_saving(
    project: FundedProject, partner: Organisation, world: World, client_as: ClientAs
) -> None:
    planner = world.fresh("planner")
    old, other = world.areas[:2]
    project_parties_set(project, partners=[partner], areas=[old], further_measures=[], user=planner)
    Organisation.objects.filter(pk=partner.pk).update(is_active=False)
    Area.objects.filter(pk=old.pk).update(valid_until=D(2025, 12, 31))
    client = client_as(planner)
    form = client.get(parties(project)).context["form"]
    assert partner in form.fields["partners"].queryset
    assert old in form.fields["areas"].queryset
    sent = {"partners": form["partners"].value(), "areas": [*form["areas"].value(), other.pk]}
    assert client.post(parties(project), sent).status_code == 302
    assert [row.organisation for row in project.partners.all()] == [partner]
    assert set(project.areas.all()) == {old, other}
    # Another project is not offered them.
    offered = client.get(parties(funded(world, title="Zweites"))).context["form"].fields
    assert partner not in offered["partners"].queryset
    assert old not in offered["areas"].queryset


def test_further_measures_are_offered_by_number_with_equal_queries_for_many(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    client = client_as(world.fresh("planner"))

    def queries() -> int:
        client.get(parties(project))
        with CaptureQueriesContext(connection) as captured:
            assert client.get(parties(project)).status_code == 200
        return len(captured)

    whole = factories.measure(world.plan, world.youth_office, position=2, title="Ganze")
    factories.measure(world.plan, world.youth_office, parent=whole, position=1, title="Teil")
    few = queries()
    for number in range(3, 12):
        factories.measure(world.plan, world.youth_office, position=number, title=f"Nummer {number}")
    assert queries() == few
    labels = [
        str(label)
        for _pk, label in client.get(parties(project)).context["form"].fields["further_measures"].choices
    ]
    assert [label.split()[0] for label in labels[:4]] == ["1.2", "1.2.1", "1.3", "1.4"]
    assert labels[-1].startswith("1.11")


# --- pages --------------------------------------------------------------------------------------------


def test_a_project_whose_measure_has_no_key_figures_says_so(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    KeyFigureTarget.objects.all().delete()
    KeyFigure.objects.all().delete()
    html = client_as(world.fresh("funder_reader")).get(page(project)).content.decode()
    assert "Die Maßnahme hat noch keine Kennzahlen." in html
    assert "export=xlsx" not in html


def test_programmes_are_searched_ordered_and_exported(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    funded(world, title="Zweites", programme="Ältere Programme")
    funded(world, title="Drittes", programme="Ältere Programme")
    other = factories.organisation("Stiftung Fern", OrganisationKind.FUNDER)
    Programme.objects.create(funder=other, title="Fremdes Programm")
    client = client_as(world.fresh("funder_reader"))

    def titles(**query: str) -> list[str]:
        return [row.title for row in client.get("/programmes/", query).context["page_obj"]]

    assert titles(sort="projects") == ["Zusammen im Quartier", "Ältere Programme"]
    assert titles(sort="-projects") == ["Ältere Programme", "Zusammen im Quartier"]
    assert titles(q="quartier") == ["Zusammen im Quartier"]
    assert set(titles(q="Ministerium")) == {"Zusammen im Quartier", "Ältere Programme"}
    assert titles(q="Fremd") == []
    assert "Kein Programm passt zur Suche" in client.get("/programmes/", {"q": "Fremd"}).content.decode()
    text = client.get("/programmes/", {"export": "csv"}).content.decode("utf-8-sig")
    assert '"Ältere Programme";"Ministerium (Beispiel)";0;2' in text
    assert "Fremdes" not in text


def test_where_there_is_nothing_to_choose_nothing_is_asked(
    project: FundedProject, partner: Organisation, world: World, client_as: ClientAs
) -> None:
    Area.objects.update(valid_until=D(2025, 12, 31))
    client = client_as(world.fresh("planner"))
    assert set(client.get(parties(project)).context["form"].fields) == {"seen", "partners"}
    assert client.post(parties(project), {"partners": [partner.pk]}).status_code == 302
    assert [row.organisation for row in project.partners.all()] == [partner]


def test_projects_are_found_by_what_the_list_shows(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    Organisation.objects.filter(pk=world.funder.pk).update(short_name="MAGS")
    Organisation.objects.filter(pk=world.provider.pk).update(short_name="TrB")
    client = client_as(world.fresh("planner"))
    for words in ("MAGS", "TrB", "Ministerium", "im Quartier", "4711", "Elterncaf"):
        assert client.get("/projects/", {"q": words}).context["page_obj"].paginator.count == 1, words
    assert client.get("/projects/", {"q": "nirgends"}).context["page_obj"].paginator.count == 0


def test_what_forbids_a_project_stands_beside_its_entry(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    url = reverse("measures:project-create", args=[project.measure_id])
    client = client_as(world.fresh("planner"))
    for changes, name in (({}, "programme"), ({"ends_on": "2025-01-01"}, "ends_on")):
        response = client.post(url, values(world, **changes))
        assert response.status_code == 422
        assert list(response.context["form"].errors) == [name]


def test_what_is_recorded_on_programmes_stands_in_the_log_of_the_funder(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    funder = world.fresh("funder_reader")
    call = call_save(project.programme, fields=CallFields(year=2026), user=funder)
    call_save(project.programme, fields=CallFields(year=2026, goals="x"), user=funder, call=call)
    programme_change(project.programme, fields=ProgrammeFields(title="Neu"), user=funder)
    reader = factories.staff("Verwaltung Ministerium", world.funder, Function.ADMINISTRATOR)
    entries = audit_entries(reader).filter(object_id=project.programme_id)
    assert [row.action for row in entries] == [
        "programme.changed",
        "call.changed",
        "call.created",
        "programme.created",
    ]
    # Planning recorded it with the project; it does not read the log of the funder.
    assert entries.last().user == world.people["planner"]
    assert not audit_entries(world.fresh("planner")).filter(action__startswith="call.").exists()
