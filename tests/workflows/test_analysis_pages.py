"""The analysis over HTTP: compute, try again, choose areas with reasons, write and release profiles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from measures.models import Measure
from monitoring.models import IndexMethod, IndexRun
from monitoring.presets import BY_KEY
from monitoring.services.index import index_run_by_rules
from monitoring.services.methods import index_method_create
from stakeholders.models import User
from tests import factories
from tests.factories import World
from tests.stages import Stages
from tests.workflows.taskpages import SURE, take
from workflows.flows import PlanningCycleFlow
from workflows.models import AreaProfile, PlanningCycle, StageKind

ClientAs = Callable[[User], Client]


@pytest.fixture
def cycle(stages: Stages) -> PlanningCycle:
    """All deliveries are accepted."""
    return stages.at_analysis()


@pytest.fixture
def client(client_as: ClientAs, planner: User) -> Client:
    """The planner's."""
    return client_as(planner)


def analysis_url(client: Client, cycle: PlanningCycle) -> str:
    return take(client, cycle.process, PlanningCycleFlow.run_analysis)


def rules(world: World, **changes: Any) -> dict[str, Any]:
    defaults = {
        "save": "1",
        "year": "2024",
        "indicators": [str(row.pk) for row in world.indicators],
        "border": "1,00",
        "missing_policy": "exclude",
        "minimum_population": "",
    }
    return defaults | changes


def choice(run: IndexRun, **changes: Any) -> dict[str, Any]:
    ticked = {f"area-{row.area_id}": "on" for row in run.results.filter(stands_out=True)}
    return {"run": str(run.pk)} | ticked | changes


def test_the_page_offers_what_was_asked_with_its_completeness(
    client: Client, cycle: PlanningCycle, world: World
) -> None:
    page = client.get(analysis_url(client, cycle))
    rows = page.context["compute_form"].rows()
    assert {row.key: (ticked, cover.year, cover.count) for row, ticked, cover in rows} == {
        "sgb2_rate": (True, 2024, 4),
        "childcare_rate": (True, 2024, 4),
        "school_entry_deficit": (True, 2024, 4),
    }
    assert page.context["run"] is None


def test_computing_keeps_the_task_open_and_several_runs_may_be_compared(
    client: Client, cycle: PlanningCycle, world: World
) -> None:
    url = analysis_url(client, cycle)
    response = client.post(url, rules(world))
    first = IndexRun.objects.get()
    assert response.url == f"{url}?run={first.pk}#ranking"

    client.post(url, rules(world, border="0,40", indicators=[str(world.indicators[0].pk)]))

    second = IndexRun.objects.latest("pk")
    page = client.get(url, {"run": first.pk, "compare": second.pk})
    assert [trial.indicator_count for trial in page.context["trials"]] == [1, 3]
    assert page.context["run"] == first
    lines = [line for line, _tick, _reason in page.context["choose_form"].outstanding_rows()]
    assert [(line.result.area.name, line.other_rank) for line in lines] == [("Zentrum Nord", 1)]
    cycle.refresh_from_db()
    assert cycle.index_run is None
    assert cycle.stage == StageKind.ANALYSIS


@pytest.mark.parametrize(
    "changes",
    [
        {"indicators": []},
        {"border": "0"},
        {"border": "viel"},
        {"year": "1999"},
        {"missing_policy": "zero"},
        {"minimum_population": "1000000"},
    ],
)
def test_rules_that_make_no_sense_are_refused(
    client: Client, cycle: PlanningCycle, world: World, changes: dict[str, Any]
) -> None:
    response = client.post(analysis_url(client, cycle), rules(world, **changes))
    assert response.status_code == 422
    assert not IndexRun.objects.exists()


def own_method(world: World) -> IndexMethod:
    """Percentile ranks of two indicators; the upper quarter stands out."""
    columns = [{"column": row.key, "direction": row.direction} for row in world.indicators[:2]]
    return index_method_create(
        territory=world.territory,
        name="Ränge",
        content=BY_KEY["svi"].content() | {"indicator": columns},
        user=world.people["planner"],
    )


def test_an_own_method_brings_its_rules_and_indicators(
    client: Client, cycle: PlanningCycle, world: World
) -> None:
    url = analysis_url(client, cycle)
    assert "method" not in client.get(url).context["compute_form"].fields
    method = own_method(world)
    answer = rules(world, method=str(method.pk), indicators=[], border="")

    response = client.post(url, answer)

    run = IndexRun.objects.get()
    assert response.url == f"{url}?run={run.pk}#ranking"
    assert (run.index_method, run.border, run.content) == (method, None, method.content)
    page = client.get(url, {"run": run.pk})
    assert page.context["compute_form"].initial["method"] == method.pk
    shown = page.content.decode()
    assert "Ränge" in shown
    assert "Klasse: hoch" in shown, "four classes say more than the badge"
    rows = page.context["choose_form"].outstanding_rows()
    assert [line.result.class_label for line, _tick, _reason in rows] == ["hoch"]
    assert client.post(url, choice(run)).status_code == 302
    cycle.refresh_from_db()
    assert cycle.index_run == run
    assert cycle.profiles.get().weaknesses


def test_runs_that_were_tried_say_their_method_and_what_they_do_about_missing_figures(
    client: Client, cycle: PlanningCycle, world: World
) -> None:
    url = analysis_url(client, cycle)
    method = own_method(world)
    client.post(url, rules(world, missing_policy="available_75"))
    client.post(url, rules(world, method=str(method.pk), indicators=[], border=""))
    index_run_by_rules(
        territory=world.territory, year=2024, content=method.content, user=world.people["planner"]
    )
    page = client.get(url)
    trials = page.context["trials"]
    assert [row.method for row in trials] == [
        "Regeln ohne Namen",
        "Ränge",
        "Vorlage „Rheinisch-Bergischer Kreis“, Grenze 1,00",
    ]
    assert "75" in trials[2].missing
    shown = page.content.decode()
    assert "None" not in shown
    assert "Klasse: " in shown
    assert "Wenn Werte fehlen: das Gebiet nicht einbeziehen" in " ".join(shown.split())
    with_two = client.get(url, {"run": trials[2].run.pk}).content.decode()
    assert "Klasse: " not in with_two, "the badge says it all"


def test_without_an_own_method_indicators_and_border_are_needed(
    client: Client, cycle: PlanningCycle, world: World
) -> None:
    own_method(world)
    response = client.post(analysis_url(client, cycle), rules(world, border="", indicators=[]))
    assert response.status_code == 422
    assert set(response.context["compute_form"].errors) == {"border", "indicators"}


def test_what_a_place_hangs_on_is_said_where_areas_are_chosen(
    client: Client, cycle: PlanningCycle, world: World
) -> None:
    url = analysis_url(client, cycle)
    client.post(url, rules(world, border="0,40"))
    lines = client.get(url).context["choose_form"].lines
    scores = IndexRun.objects.get().scores.filter(keeps_class=False).values_list("area", "indicator__key")
    keys = {row.name: row.key for row in world.indicators}
    found = {(line.result.area_id, keys[name]) for line in lines for name in line.decisive}
    assert found == set(scores)


def test_choosing_areas_opens_profiles_with_drafts(
    client: Client, cycle: PlanningCycle, world: World
) -> None:
    url = analysis_url(client, cycle)
    client.post(url, rules(world))
    run = IndexRun.objects.get()
    extra = world.areas[2]
    answer = choice(
        run, **{f"area-{extra.pk}": "on", f"reason-{extra.pk}": "Zuzug, den die Zahlen noch nicht zeigen"}
    )

    assert client.post(url, answer).status_code == 302

    cycle.refresh_from_db()
    assert cycle.index_run == run
    profiles = {profile.area: profile for profile in cycle.profiles.all()}
    assert set(profiles) == {world.areas[0], extra}
    assert profiles[extra].choice_reason == "Zuzug, den die Zahlen noch nicht zeigen"
    assert "Kennwert sgb2_rate" in profiles[world.areas[0]].weaknesses


def test_an_area_below_the_border_needs_a_reason(client: Client, cycle: PlanningCycle, world: World) -> None:
    url = analysis_url(client, cycle)
    client.post(url, rules(world))
    run = IndexRun.objects.get()

    response = client.post(url, choice(run, **{f"area-{world.areas[2].pk}": "on"}))

    assert response.status_code == 422
    assert f"reason-{world.areas[2].pk}" in response.context["choose_form"].errors
    assert not AreaProfile.objects.exists()


def test_no_area_at_all_is_refused(client: Client, cycle: PlanningCycle, world: World) -> None:
    url = analysis_url(client, cycle)
    client.post(url, rules(world))
    assert client.post(url, {"run": IndexRun.objects.get().pk}).status_code == 422


def test_choosing_before_computing_is_refused(client: Client, cycle: PlanningCycle) -> None:
    assert client.post(analysis_url(client, cycle), {"run": "1"}).status_code == 422


def test_a_run_of_another_territory_cannot_be_chosen(
    client: Client, cycle: PlanningCycle, world: World, outsider: User
) -> None:
    foreign_area = factories.area(world.neighbour, "Nebenan")
    foreign = factories.index_run(world.neighbour, [foreign_area], world.indicators, outsider)
    url = analysis_url(client, cycle)
    assert client.post(url, {"run": foreign.pk, f"area-{foreign_area.pk}": "on"}).status_code == 422
    assert client.get(url, {"run": foreign.pk}).context["run"] is None


def test_only_planning_gets_to_the_task(
    cycle: PlanningCycle, client: Client, head: User, outsider: User, client_as: ClientAs
) -> None:
    url = analysis_url(client, cycle)
    for stranger in (head, outsider):
        assert client_as(stranger).get(url).status_code == 404


# --- Profiles --------------------------------------------------------------------------------------


@pytest.fixture
def profiles(client: Client, cycle: PlanningCycle, world: World) -> list[AreaProfile]:
    """Two chosen areas, nobody has looked at their drafts."""
    url = analysis_url(client, cycle)
    client.post(url, rules(world))
    second = world.areas[1]
    answer = choice(
        IndexRun.objects.get(), **{f"area-{second.pk}": "on", f"reason-{second.pk}": "Hinweis der Stadt"}
    )
    client.post(url, answer)
    return list(AreaProfile.objects.order_by("area__key"))


def profile_page(name: str, profile: AreaProfile) -> str:
    return reverse(f"workflows:profile-{name}", args=[profile.pk])


TEXTS = {"strengths": "Vereine", "weaknesses": "Viele Bedarfsgemeinschaften", "potentials": "Leere Räume"}


def test_profiles_are_released_only_when_each_was_looked_through(
    client: Client,
    cycle: PlanningCycle,
    profiles: list[AreaProfile],
    client_as: ClientAs,
    planning_head: User,
) -> None:
    writer, client = client, client_as(planning_head)
    url = take(client, cycle.process, PlanningCycleFlow.write_profiles)
    writer.post(profile_page("edit", profiles[0]), TEXTS)

    refused = client.post(url)
    assert refused.status_code == 422
    assert "Altstadt" in refused.content.decode().split("pg-columns")[1]
    assert AreaProfile.objects.filter(released_at__isnull=False).count() == 0

    client.post(profile_page("edit", profiles[1]), TEXTS)
    assert "Alle Steckbriefe freigeben" not in client.get(url).content.decode(), "it would only refuse"
    own = client.post(url)
    assert own.status_code == 422, "four eyes: who wrote one of the texts does not release them"
    assert AreaProfile.objects.filter(released_at__isnull=False).count() == 0
    writer.post(profile_page("edit", profiles[1]), TEXTS)
    assert client.post(url).status_code == 200
    assert not profiles[0].cycle.profiles.filter(released_at__isnull=False).exists(), "asked once more"
    assert client.post(url, SURE).status_code == 302

    cycle.refresh_from_db()
    assert cycle.stage == StageKind.CONFERENCE
    assert AreaProfile.objects.filter(released_at__isnull=True).count() == 0
    late = client.post(profile_page("edit", profiles[0]), TEXTS | {"strengths": "Zu spät"})
    assert late.status_code == 422
    assert AreaProfile.objects.get(pk=profiles[0].pk).strengths == "Vereine"


def test_editing_leads_to_the_next_profile(
    client: Client, profiles: list[AreaProfile], planner: User
) -> None:
    response = client.post(profile_page("edit", profiles[0]), TEXTS)
    assert response.url == profile_page("edit", profiles[1])
    saved = AreaProfile.objects.get(pk=profiles[0].pk)
    assert (saved.weaknesses, saved.edited_by) == ("Viele Bedarfsgemeinschaften", planner)
    assert client.post(profile_page("edit", profiles[1]), TEXTS).url == reverse(
        "workflows:profile-list", args=[saved.cycle_id]
    )


def test_a_profile_without_weakness_is_not_saved(client: Client, profiles: list[AreaProfile]) -> None:
    response = client.post(profile_page("edit", profiles[0]), TEXTS | {"weaknesses": " "})
    assert response.status_code == 422
    assert AreaProfile.objects.get(pk=profiles[0].pk).edited_at is None


def test_a_profile_shows_rank_deviations_map_and_texts(client: Client, profiles: list[AreaProfile]) -> None:
    page = client.get(profile_page("detail", profiles[0]))
    assert {row.indicator.key for row in page.context["strongest"]} == {
        "sgb2_rate",
        "childcare_rate",
        "school_entry_deficit",
    }
    text = page.content.decode()
    assert "pg-map__outline" in text
    assert "+1,3" in text
    assert profiles[0].weaknesses.splitlines()[0][:30] in text


def test_unreleased_profiles_are_for_those_who_prepare(
    profiles: list[AreaProfile],
    client_as: ClientAs,
    planner: User,
    specialist: User,
    member: User,
    association_head: User,
    outsider: User,
) -> None:
    detail = profile_page("detail", profiles[0])
    listing = reverse("workflows:profile-list", args=[profiles[0].cycle_id])
    # A seat in the planning conference brings drafts of recommendations, not of profiles.
    assert client_as(specialist).get(detail).status_code == 404
    assert len(client_as(specialist).get(listing).context["page_obj"]) == 0
    assert client_as(member).get(detail).status_code == 404
    assert len(client_as(member).get(listing).context["page_obj"]) == 0
    assert len(client_as(planner).get(listing).context["page_obj"]) == 2
    # Advises the steering group: sees the cycle, but no drafts.
    assert client_as(association_head).get(detail).status_code == 404
    assert len(client_as(association_head).get(listing).context["page_obj"]) == 0
    for url in (detail, listing):
        assert client_as(outsider).get(url).status_code == 404
    AreaProfile.objects.update(released_at="2026-01-01T00:00:00Z")
    for taking_part in (planner, specialist, member, association_head):
        assert client_as(taking_part).get(detail).status_code == 200
    assert client_as(outsider).get(detail).status_code == 404


def test_only_planning_edits_profiles(
    profiles: list[AreaProfile], client_as: ClientAs, specialist: User, outsider: User
) -> None:
    edit = profile_page("edit", profiles[0])
    assert client_as(specialist).post(edit, TEXTS).status_code == 404
    assert client_as(outsider).post(edit, TEXTS).status_code == 404
    assert Client().post(edit, TEXTS).status_code == 302
    assert AreaProfile.objects.get(pk=profiles[0].pk).edited_at is None


def test_statements_and_measures_stand_beside_the_figures(
    stages: Stages, world: World, client: Client
) -> None:
    cycle = stages.in_conference()
    statement = stages.statement(cycle)
    measure: Measure = factories.measure(world.plan, world.youth_office)
    measure.areas.add(world.areas[0])
    profile = cycle.profiles.get(area=world.areas[0])

    text = client.get(profile_page("detail", profile)).content.decode()

    assert statement.text in text
    assert measure.title in text


def test_the_list_can_be_searched_sorted_and_exported(
    client: Client, profiles: list[AreaProfile], cycle: PlanningCycle
) -> None:
    url = reverse("workflows:profile-list", args=[cycle.pk])
    names = [row.area.name for row in client.get(url, {"sort": "name"}).context["page_obj"]]
    assert names == ["Altstadt", "Zentrum Nord"]
    assert [row.area.name for row in client.get(url).context["page_obj"]] == ["Zentrum Nord", "Altstadt"]
    assert [row.area.name for row in client.get(url, {"q": "alt"}).context["page_obj"]] == ["Altstadt"]
    content = client.get(url, {"export": "csv"}).content.decode("utf-8-sig")
    assert "Hinweis der Stadt" in content


def test_the_list_costs_the_same_for_many_areas(
    client: Client, profiles: list[AreaProfile], cycle: PlanningCycle, world: World
) -> None:
    url = reverse("workflows:profile-list", args=[cycle.pk])
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for number in range(18):
        AreaProfile.objects.create(cycle=cycle, area=factories.area(world.territory, f"Viertel {number}"))
    with CaptureQueriesContext(connection) as many:
        page = client.get(url)
    assert len(page.context["page_obj"]) == 20
    assert len(many) == len(few)


def test_after_a_run_by_an_own_method_the_form_holds_only_its_own_choices(
    client: Client, cycle: PlanningCycle, world: World
) -> None:
    """A share of 60 % and a border of 6 are no choices of this form; as its values it could not be sent."""
    content = BY_KEY["siegen"].content() | {
        "indicator": [{"column": row.key} for row in world.indicators[:2]],
        "missing_policy": "mean_of_available",
        "minimum_share": 0.6,
        "classes": {"method": "sd", "borders": [-1, 6], "labels": ["gering", "mittel", "hoch"]},
    }
    method = index_method_create(
        territory=cycle.territory, name="Armut", content=content, user=world.people["planner"]
    )
    url = analysis_url(client, cycle)
    client.post(url, rules(world, method=str(method.pk)))
    assert IndexRun.objects.get().missing_policy == "mean_of_available"
    form = client.get(url).context["compute_form"]
    assert form["missing_policy"].value() in dict(form.fields["missing_policy"].choices)
    assert form.fields["border"].clean(form["border"].value()) == 1


def test_the_analysis_warns_of_areas_that_a_rule_on_inhabitants_would_leave_out(
    client: Client, cycle: PlanningCycle, world: World
) -> None:
    world.territory.areas.update(population=None)
    content = BY_KEY["mss"].content() | {"indicator": [{"column": world.indicators[0].key}]}
    del content["dynamics"], content["stands_out"]
    index_method_create(
        territory=cycle.territory, name="Wie Berlin", content=content, user=world.people["planner"]
    )
    url = analysis_url(client, cycle)
    page = client.get(url)
    assert [name for name, _words in page.context["inhabitants_warnings"]] == ["Wie Berlin"]
    page = client.post(url, rules(world, minimum_population="300"))
    assert page.status_code in {200, 422}
    assert [name for name, _words in page.context["inhabitants_warnings"]] == ["", "Wie Berlin"]
    assert not IndexRun.objects.exists()
