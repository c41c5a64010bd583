"""Two people editing one measure: the second sees the first one's change, and nothing is lost."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client

from measures.forms.base import areas_of, organisations_of
from measures.models import Measure
from monitoring.models import Area
from stakeholders.models import Organisation, User
from tests.factories import World
from tests.measures.test_services_measures import create
from tests.workflows.measureform import measure_fields

ClientAs = Callable[[User], Client]


def hidden(text: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', text)
    assert found, name
    return unescape(found[1])


class Form:
    """The form of a measure as one person has it open."""

    def __init__(self, client: Client, world: World, measure: Measure) -> None:
        self.client, self.page = client, f"/measures/{measure.pk}/edit/"
        figure = measure.key_figures.get()
        self.values: dict[str, Any] = measure_fields(
            world,
            **{
                "position": measure.position,
                "ends_on": "2027-12-31",
                "description": "",
                "target_group": "",
                "partners-0-role": "Raum und Personal",
                "partners-INITIAL_FORMS": "1",
                "figures-INITIAL_FORMS": "1",
                "figures-0-pk": figure.pk,
                "figures-0-title": "Erreichte Kinder",
                "figures-0-baseline_on": "2026-01-01",
                "figures-0-definition": "",
                "figures-0-due_on_0": "2026-12-31",
                "figures-0-value_0": "50",
                "figures-0-due_on_1": "2027-12-31",
                "figures-0-value_1": "120",
            },
        )
        del self.values["stage"]
        self.values["opened_state"] = hidden(client.get(self.page).content.decode(), "opened_state")

    def send(self, **changes: Any) -> Any:
        self.values |= changes
        response = self.client.post(self.page, self.values)
        if response.status_code == 422:
            text = response.content.decode()
            if 'name="seen_state"' in text:
                self.values["seen_state"] = hidden(text, "seen_state")
        return response


@pytest.fixture
def forms(world: World, client_as: ClientAs) -> tuple[Measure, Form, Form]:
    """One measure, open in two browsers."""
    measure = create(world)
    first = Form(client_as(world.fresh("planner")), world, measure)
    second = Form(client_as(world.fresh("planning_head")), world, measure)
    return measure, first, second


def test_what_nobody_else_touched_is_saved(forms: tuple[Measure, Form, Form]) -> None:
    measure, first, _second = forms
    response = first.send(title="Elterntreff")
    assert response.status_code == 302, response.content.decode()[:3000]
    measure.refresh_from_db()
    assert measure.title == "Elterntreff"


def test_the_second_sees_the_change_of_the_first_and_decides(
    forms: tuple[Measure, Form, Form], world: World
) -> None:
    measure, first, second = forms
    assert first.send(title="Titel der ersten", target_group="Familien").status_code == 302
    refused = second.send(title="Titel der zweiten")
    assert refused.status_code == 422
    text = refused.content.decode()
    assert "Titel der ersten" in text
    assert "Titel der zweiten" in text
    assert str(world.people["planner"]) in text, "who"
    assert 'name="choice-title"' in text
    assert 'name="choice-target_group"' in text
    assert 'name="choice-starts_on"' not in text
    measure.refresh_from_db()
    assert measure.title == "Titel der ersten", "not overwritten"

    assert second.send().status_code == 422, "a choice is needed"
    half = second.send(**{"choice-title": "mine"})
    assert half.status_code == 422, "for each"
    done = second.send(**{"choice-title": "mine", "choice-target_group": "theirs"})
    assert done.status_code == 302
    measure.refresh_from_db()
    assert (measure.title, measure.target_group) == ("Titel der zweiten", "Familien")


def test_rows_are_taken_over_or_kept(forms: tuple[Measure, Form, Form], world: World) -> None:
    measure, first, second = forms
    milestone = {
        "milestones-TOTAL_FORMS": "1",
        "milestones-0-title": "Start",
        "milestones-0-due_on": "2026-06-30",
    }
    assert first.send(**milestone).status_code == 302
    other = milestone | {"milestones-0-title": "Beginn"}
    assert second.send(**other).status_code == 422
    assert [row.title for row in measure.milestones.all()] == ["Start"]
    assert second.send(**{"choice-milestones": "theirs"}).status_code == 302
    assert [row.title for row in measure.milestones.all()] == ["Start"]
    third = Form(first.client, world, measure)
    third.values |= {"milestones-TOTAL_FORMS": "1", "milestones-INITIAL_FORMS": "1"}
    row = {"milestones-0-pk": measure.milestones.get().pk, "milestones-0-title": "Beginn"}
    assert third.send(**row, **{"milestones-0-due_on": "2026-06-30"}).status_code == 302
    assert [row.title for row in measure.milestones.all()] == ["Beginn"]


def test_a_change_after_the_choice_is_shown_anew(forms: tuple[Measure, Form, Form], world: World) -> None:
    measure, first, second = forms
    first.send(title="Eins")
    assert second.send(title="Zwei").status_code == 422
    again = Form(first.client, world, measure)
    assert again.send(title="Drei").status_code == 302
    refused = second.send(**{"choice-title": "mine"})
    assert refused.status_code == 422
    assert "Drei" in refused.content.decode()
    measure.refresh_from_db()
    assert measure.title == "Drei"
    assert second.send(**{"choice-title": "mine"}).status_code == 302
    measure.refresh_from_db()
    assert measure.title == "Zwei"


def test_both_wrote_the_same(forms: tuple[Measure, Form, Form]) -> None:
    _measure, first, second = forms
    first.send(title="Gleich")
    assert second.send(title="Gleich").status_code == 302


def test_a_damaged_state_is_no_error(forms: tuple[Measure, Form, Form]) -> None:
    _measure, first, _second = forms
    for text in ("", "[]", "{", '{"at": "x"}', '{"at": 1, "groups": 5}'):
        assert first.send(opened_state=text, title=f"Neu {text}"[:20]).status_code == 302


WRONG = [
    {"ends_on": "2025-12-31"},
    {"starts_on": "2029-01-01", "ends_on": "2029-02-01"},
    {"description": "x" * 30_000},
    {"areas": ["999999"]},
    {"figures-0-baseline": ""},
    {"finance-TOTAL_FORMS": "1", "finance-0-kind": "cost", "finance-0-title": "S", "finance-0-amount": "-5"},
    {"needs-TOTAL_FORMS": "1", "needs-0-needed": "999999"},
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: next(iter(wrong)))
def test_wrong_input_on_the_form_loses_nothing(
    wrong: dict[str, Any], forms: tuple[Measure, Form, Form]
) -> None:
    measure, first, _second = forms
    response = first.send(title="Steht noch da", **wrong)
    assert response.status_code == 422
    text = response.content.decode()
    assert "Steht noch da" in text
    if "description" in wrong:
        assert "30000" in text.replace(".", ""), "the count is told"
        assert "x" * 30_000 in text
    measure.refresh_from_db()
    assert measure.title != "Steht noch da"


def test_what_can_no_longer_be_chosen_stays_with_the_measure(
    forms: tuple[Measure, Form, Form], world: World
) -> None:
    """A partner that was dissolved and an area that was redrawn are not lost by correcting the title."""
    measure, first, _second = forms
    Organisation.objects.filter(pk=world.provider.pk).update(is_active=False)
    Area.objects.filter(pk=world.areas[0].pk).update(valid_until=datetime.date(2026, 6, 30))
    assert first.send(title="Schreibfehler behoben").status_code == 302
    assert [row.organisation for row in measure.partners.all()] == [world.provider]
    assert list(measure.areas.all()) == [world.areas[0]]
    # A measure that does not have them yet is not offered them.
    assert world.provider not in organisations_of(world.plan)
    assert world.areas[0] not in areas_of(world.plan)
