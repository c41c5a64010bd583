"""What pages and files of a plan count and say: parts apart, both states, nothing left out."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Callable
from decimal import Decimal

from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from measures.columns import COLUMNS
from measures.models import FigureKind, MeasureStatus
from measures.selectors.numbers import SLIPPING_SHOWN, plan_cards
from measures.services.states import state_set
from measures.status import PortfolioState
from stakeholders.models import User
from tests import factories
from tests.factories import World
from tests.workflows.test_plan_public import release

ClientAs = Callable[[User], Client]


def table(client: Client, address: str) -> list[dict[str, str]]:
    """A file as a list of rows, without what stands below the table."""
    text = client.get(address, {"export": "csv"}).content.decode("utf-8-sig")
    return [
        row
        for row in csv.DictReader(io.StringIO(text), delimiter=";")
        if all(v is not None for v in row.values())
    ]


def with_part(world: World) -> None:
    whole = factories.measure(world.plan, world.youth_office)
    factories.measure(world.plan, world.youth_office, parent=whole, position=1)


def test_parts_are_counted_apart(world: World, client_as: ClientAs, planner: User) -> None:
    with_part(world)
    (card,) = plan_cards(planner, timezone.localdate())
    assert (card.total, card.top_count, card.part_count) == (2, 1, 1)
    client = client_as(planner)
    html = client.get(reverse("measures:plan-list")).content.decode()
    assert "1 Maßnahme bis" in html
    assert "mit 1 Teilmaßnahme" in html
    words = gettext("%(count)s of %(total)s measures, sub-measures included") % {"count": 2, "total": 2}
    for name in ("measure-list", "plan-timeline"):
        address = reverse(f"measures:{name}", args=[world.plan.pk])
        assert client.get(address, {"q": "Maßnahme"}).context["found_words"] == words
    release(world)
    public = Client().get(reverse("workflows:public-plan", args=[world.plan.pk]))
    assert public.context["has_parts"]


def test_files_hold_the_computed_and_the_set_state(world: World, client_as: ClientAs, planner: User) -> None:
    today = timezone.localdate()
    measure = factories.measure(
        world.plan, world.youth_office, status=MeasureStatus.RUNNING, started_on=today, title="Gesetzt"
    )
    factories.measure(world.plan, world.youth_office, status=MeasureStatus.RUNNING, started_on=today)
    state_set(measure, state=PortfolioState.AT_RISK, reason="Personal fehlt", user=planner)
    rows = table(client_as(planner), reverse("measures:measure-list", args=[world.plan.pk]))
    names = ("state", "computed_state", "set_state", "set_reason")
    heads = [str(column.label) for name in names for column in COLUMNS if column.key == name]
    told = [[row[head] for head in heads] for row in rows]
    assert told == [
        ["gefährdet", told[1][1], "gefährdet", "Personal fehlt"],
        [told[1][1], told[1][1], "", ""],
    ]


def test_the_file_of_the_map_leaves_no_measure_out(world: World, client_as: ClientAs, planner: User) -> None:
    factories.measure(world.plan, world.youth_office).areas.add(world.areas[0])
    factories.measure(world.plan, world.youth_office)
    rows = table(client_as(planner), reverse("workflows:plan-map", args=[world.plan.pk]))
    assert sum(int(row["Maßnahmen"]) for row in rows) == 2
    assert len(rows) == len(world.areas) + 1


def test_judgements_stand_in_words_in_the_file_of_key_figures(
    world: World, client_as: ClientAs, planner: User
) -> None:
    figure = factories.measure(world.plan, world.youth_office).key_figures.get()
    figure.kind = FigureKind.QUALITY
    figure.save()
    figure.targets.update(value=Decimal(4))
    factories.measure(world.plan, world.youth_office)
    judged, counted = table(client_as(planner), reverse("measures:figure-sheet", args=[world.plan.pk]))
    assert judged["Ausgangswert"] == "nicht erreicht"
    assert judged["Nächster Zielwert"] == "erreicht"
    assert counted["Ausgangswert"] == "0"
    assert counted["Nächster Zielwert"] == "100"


def test_the_portfolio_says_how_many_slip_beyond_those_it_names(
    world: World, client_as: ClientAs, planner: User
) -> None:
    long_ago = timezone.localdate() - datetime.timedelta(days=200)
    address = reverse("measures:plan-detail", args=[world.plan.pk])
    client = client_as(planner)

    def note() -> bool:
        html = client.get(address).content.decode()
        slips = html[html.index('id="slips"') : html.index('id="changed"')]
        return 'class="pg-note"' in slips

    for _place in range(SLIPPING_SHOWN):
        factories.measure(world.plan, world.youth_office, status=MeasureStatus.AGREED, starts_on=long_ago)
    assert not note()
    factories.measure(world.plan, world.youth_office, status=MeasureStatus.AGREED, starts_on=long_ago)
    assert note()
