"""Search over what a person may see."""

from __future__ import annotations

import pytest

from monitoring.models import AreaKind
from stakeholders.models import Organisation, OrganisationKind
from tests import factories
from tests.permissions.scene import Scene
from tests.workflows.test_inbox import count_queries
from workflows.selectors import search as selectors
from workflows.selectors.search import Wanted, pieces_of, search_all

SEARCH = "/search/"


def found(person, term):
    return {group.kind: [hit_text(hit) for hit in group.hits] for group in search_all(Wanted(person, term))}


def hit_text(hit):
    return "".join(piece.text for piece in hit.pieces)


@pytest.fixture
def story(stages):
    return stages.at_implementation(title="Elterncafé im Zentrum")


def test_everything_of_a_name_is_found_kind_by_kind(story, planner):
    assert found(planner, "eltern") == {
        "recommendations": ["2026-01 Elternarbeit ausbauen"],
        "decisions": [f"1/{story[0].meetings.first().held_on.year} Elternarbeit ausbauen"],
        "measures": ["1.1 Elterncafé im Zentrum"],
    }
    assert found(planner, "zentrum") == {
        "measures": ["1.1 Elterncafé im Zentrum"],
        "areas": ["Zentrum Nord"],
    }
    assert found(planner, "Steuerungsgruppe")["bodies"] == ["Steuerungsgruppe"]
    assert found(planner, "sgb2")["indicators"] == ["Kennwert sgb2_rate"]
    assert found(planner, "Planungszyklus")["cycles"] == ["Planungszyklus 2026–2028"]
    assert found(planner, "Jugendamt")["organisations"] == ["Jugendamt"]


def test_numbers_lead_to_their_things(story, planner):
    year = story[0].meetings.first().held_on.year
    assert list(found(planner, f"1/{year}")) == ["decisions"]
    assert list(found(planner, "2026-01")) == ["recommendations"]
    assert found(planner, "1.1")["measures"] == ["1.1 Elterncafé im Zentrum"]


def test_all_words_must_be_found_and_case_does_not_matter(story, planner):
    assert "measures" in found(planner, "ZENTRUM eltern")
    assert found(planner, "eltern nirgends") == {}


def test_umlauts_are_found_in_either_case(world, planner):
    factories.area(world.territory, "Übersee")
    assert found(planner, "übersee")["areas"] == ["Übersee"]
    assert found(planner, "ÜBERSEE")["areas"] == ["Übersee"]


def test_open_tasks_are_found_by_their_titles(client_as, stages, head, planner):
    stages.at_data()
    groups = client_as(head).get(SEARCH, {"q": "Daten liefern"}).context["groups"]
    assert [(group.kind, group.count) for group in groups] == [("tasks", 1)]
    assert [
        group.kind for group in client_as(planner).get(SEARCH, {"q": "Daten liefern"}).context["groups"]
    ] == []


def test_only_what_a_person_may_see_is_found(story, outsider, association_head, funder_reader):
    for term in ("eltern", "zentrum", "Steuerungsgruppe", "Planungszyklus", "Jugendamt"):
        assert found(outsider, term) == {}
        assert found(funder_reader, term) == {}
    assert list(found(association_head, "eltern")) == ["recommendations", "decisions", "measures"]
    assert "areas" not in found(association_head, "zentrum")


def test_found_words_are_marked_and_never_become_html(client_as, world, planner):
    factories.area(world.territory, "<b>Nord</b>")
    page = client_as(planner).get(SEARCH, {"q": "nord"}).content.decode()
    assert "<mark>Nord</mark>" in page
    assert "<b>" not in page
    assert "&lt;b&gt;<mark>Nord</mark>&lt;/b&gt;" in page


def test_pieces_together_are_the_text():
    text = "Nord und (Nord)"
    for words in (["nord"], ["("], ["no", "nord"], [".*"], []):
        assert "".join(piece.text for piece in pieces_of(text, words)) == text
    assert [piece.text for piece in pieces_of(text, ["NORD"]) if piece.is_found] == ["Nord", "Nord"]


def test_more_than_a_few_are_behind_a_link_and_in_pages(client_as, world, planner):
    for number in range(30):
        factories.area(world.territory, f"Siedlung {number:02d}")
    client = client_as(planner)

    page = client.get(SEARCH, {"q": "siedlung"})
    group = next(group for group in page.context["groups"] if group.kind == "areas")
    assert (len(group.hits), group.count) == (selectors.SHOWN, 31)
    assert "?q=siedlung&amp;kind=areas" in page.content.decode()

    everything = client.get(SEARCH, {"q": "siedlung", "kind": "areas", "page": 2})
    assert everything.context["page_obj"].paginator.count == 31
    assert len(everything.context["hits"]) == 6


def test_few_and_many_hits_cost_the_same(client_as, world, planner):
    for number in range(6):
        factories.area(world.territory, f"Siedlung {number:02d}")
    client = client_as(planner)
    few = count_queries(client, f"{SEARCH}?q=siedlung")
    for number in range(6, 26):
        factories.area(world.territory, f"Siedlung {number:02d}")
    assert count_queries(client, f"{SEARCH}?q=siedlung") == few


@pytest.mark.parametrize(("term", "text"), [("", "Suchen Sie nach Titel"), ("a", "mindestens 2 Buchstaben")])
def test_too_little_to_look_for(client_as, planner, term, text):
    response = client_as(planner).get(SEARCH, {"q": term})
    assert response.status_code == 200
    assert text in response.content.decode()


def test_nothing_found_says_what_to_try(client_as, planner):
    assert "Nichts gefunden zu „xyzzy“" in client_as(planner).get(SEARCH, {"q": "xyzzy"}).content.decode()
    assert client_as(planner).get(SEARCH, {"q": "x" * 500}).status_code == 200


def test_an_unknown_kind_and_other_methods_and_strangers(client, client_as, planner):
    assert client_as(planner).get(SEARCH, {"q": "kreis", "kind": "people"}).status_code == 404
    assert client_as(planner).post(SEARCH).status_code == 405
    assert client.get(SEARCH).status_code == 302


def test_a_town_finds_the_small_areas_whose_keys_begin_with_its_key(world, planner):
    factories.area(world.territory, "Zentrum Süd", key="0599900802")
    factories.area(world.territory, "Anderswo", key="0599901602")
    Organisation.objects.create(
        territory=world.territory, name="Stadt Musterau", kind=OrganisationKind.MUNICIPALITY, ags="05999008"
    )

    assert found(planner, "Musterau")["areas"] == ["Zentrum Süd"]
    assert found(planner, "musterau süd")["areas"] == ["Zentrum Süd"]


def test_an_area_is_found_by_the_town_above_it(world, planner):
    town = factories.area(world.territory, "Musterau", kind=AreaKind.MUNICIPALITY)
    factories.area(world.territory, "Zentrum Süd", parent=town)

    assert set(found(planner, "musterau")["areas"]) == {"Musterau", "Zentrum Süd"}


def test_projects_are_found_by_who_follows_them(world):
    scene = Scene(world)

    # The request to amend its grant waits for the funder.
    tasks = ["Über den Änderungsantrag entscheiden: Projekt"]
    assert found(scene.person("funder_reader"), "Projekt") == {"tasks": tasks, "projects": ["Projekt"]}
    assert found(scene.person("funder_reader"), "ziq projekt") == {"projects": ["Projekt"]}
    assert "projects" not in found(scene.person("outsider"), "Projekt")
