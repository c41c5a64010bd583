"""What there was before the portfolio is counted at its first look."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from django.apps import apps
from django.utils import timezone

from measures import migrations
from measures.models import FundedProject, FundingChange, FundingTally
from measures.selectors.funding_scope import portfolio_scope
from measures.selectors.tallies import tallies
from tests.factories import World
from tests.funding import granted, in_days, report

pytestmark = pytest.mark.django_db


def migration(name: str) -> ModuleType:
    """A migration by the end of its name."""
    (path,) = Path(str(migrations.__path__[0])).glob(f"*_{name}.py")
    return import_module(f"measures.migrations.{path.stem}")


def test_programmes_with_projects_are_marked_once_each(world: World) -> None:
    granted(world, "Eins")
    granted(world, "Zwei")
    granted(world, "Drei", programme="Anderes")
    FundingChange.objects.all().delete()
    scope = portfolio_scope(world.fresh("funder_reader"))
    assert tallies(scope, timezone.localdate()) == []
    migration("fill_tallies").mark_programmes(apps, None)
    assert FundingChange.objects.count() == 2
    found = tallies(scope, timezone.localdate())
    assert sum(tally.counts["projects"] for _row, tally in found) == FundedProject.objects.count() == 3


def test_what_was_kept_before_there_were_two_countings_is_counted_anew(world: World) -> None:
    report(granted(world, "Eins"), due_on=in_days(-5))
    scope, today = portfolio_scope(world.fresh("funder_reader")), timezone.localdate()
    tallies(scope, today)
    row = FundingTally.objects.get()
    row.content["counts"] = {"projects": 1, "report:late": 1}
    row.save()
    ((_row, before),) = tallies(scope, today)
    assert before.counts["report:late"] == 0
    migration("fill_told_tallies").forget_day(apps, None)
    ((_row, after),) = tallies(scope, today)
    assert after.counts["report:late"] == 1
