"""Programmes that were texts on projects become rows of their funders, and go back."""

from __future__ import annotations

import pytest

from measures.models import FundedProject, Programme
from tests import factories
from tests.grants import funded
from tests.history import History

pytestmark = [pytest.mark.history, pytest.mark.django_db(transaction=True)]

BEFORE = [("measures", "0006_create_grants")]


def test_each_text_becomes_one_programme_of_its_funder() -> None:
    world = factories.make_world()
    first, second = funded(world, title="Eins"), funded(world, title="Zwei")
    other = funded(world, title="Drei", programme="Anderes")
    with History() as history:
        old = history.back_to(BEFORE)
        project = old.get_model("measures", "FundedProject")
        assert set(project.objects.values_list("title", "programme")) == {
            ("Eins", "Zusammen im Quartier"),
            ("Zwei", "Zusammen im Quartier"),
            ("Drei", "Anderes"),
        }
        project.objects.update(programme_row=None)
        old.get_model("measures", "Programme").objects.all().delete()
    assert Programme.objects.count() == 2
    titles = {row.pk: row.programme.title for row in FundedProject.objects.select_related("programme")}
    assert titles == {
        first.pk: "Zusammen im Quartier",
        second.pk: "Zusammen im Quartier",
        other.pk: "Anderes",
    }
    assert {row.funder for row in Programme.objects.all()} == {world.funder}
