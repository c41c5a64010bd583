"""The table of moves: every pair of states by every role, by hand; and that no order leads out of it."""

from __future__ import annotations

import datetime
import itertools
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from measures.models import Measure, MeasureStatus, StatusChange
from measures.moves import ENDED, MOVES, STATUS_RULES, Mover, moves_from
from measures.services.status import status_move, status_write
from project.common.errors import DomainError
from stakeholders.models import LogEntry
from tests import factories
from tests.factories import World

S = MeasureStatus
PLANNING, RESPONSIBLE, NOBODY = "planner", "specialist", "nobody"
#: From, to -> who tells it, read like a sentence; "reason" where it must be said why. All else is refused.
ALLOWED: dict[tuple[str, str], tuple[str, ...]] = {
    ("agreed", "preparing"): ("planner", "specialist"),
    ("agreed", "ended_early"): ("planner", "reason"),
    ("agreed", "merged"): ("planner", "reason"),
    ("preparing", "ended_early"): ("planner", "reason"),
    ("preparing", "merged"): ("planner", "reason"),
    ("running", "suspended"): ("planner", "specialist", "reason"),
    ("running", "ended_early"): ("planner", "reason"),
    ("running", "merged"): ("planner", "reason"),
    ("suspended", "running"): ("planner", "specialist", "reason"),
    ("suspended", "ended_early"): ("planner", "reason"),
    ("suspended", "merged"): ("planner", "reason"),
}
ROLES = ("planner", "specialist", "chair", "provider_head", "jobcenter_head", "funder_reader", "outsider")


def at(world: World, status: str, **kwargs: Any) -> Measure:
    """A measure of the youth office in a state, with the provider as partner."""
    row = factories.measure(world.plan, world.youth_office, partners=[world.provider], **kwargs)
    started = (
        timezone.localdate() - datetime.timedelta(days=5) if status in {"running", "suspended"} else None
    )
    Measure.objects.filter(pk=row.pk).update(status=status, started_on=started)
    return Measure.objects.get(pk=row.pk)


def tell(measure: Measure, to: str, user: Any, **kwargs: Any) -> None:
    values = {"effective_on": timezone.localdate(), "reason": "Die Räume fehlen"} | kwargs
    status_move(measure, S(to), user=user, **values)


def refusal(measure: Measure, to: str, user: Any, **kwargs: Any) -> str:
    with pytest.raises(DomainError) as error:
        tell(measure, to, user, **kwargs)
    return error.value.code


@pytest.mark.parametrize("before", [status.value for status in S if status != S.MERGED])
def test_every_move_by_every_role(before: str, world: World) -> None:
    other = at(world, "running")
    for to in S.values:
        allowed = ALLOWED.get((before, to), ())
        for role in ROLES:
            measure = at(world, before)
            target = {"merged_into": other} if to == "merged" else {}
            user = world.fresh(role)
            if role not in allowed:
                assert refusal(measure, to, user, **target) == "move_not_allowed", (before, to, role)
                assert Measure.objects.get(pk=measure.pk).status == before
                continue
            if "reason" in allowed:
                assert refusal(measure, to, user, reason=" ", **target) == "reason_missing"
            else:
                tell(measure, to, user, reason="", **target)
                continue
            tell(measure, to, user, **target)
            stored = Measure.objects.get(pk=measure.pk)
            assert stored.status == to
            assert (stored.ended_on is not None) == (to in ENDED)
            assert stored.merged_into == (other if to == "merged" else None)
            change = StatusChange.objects.get(measure=measure)
            assert (change.before, change.after, change.changed_by) == (before, to, user)
            entry = LogEntry.objects.get(action="measure.status_moved", object_id=measure.pk)
            assert entry.data["reason"] == "Die Räume fehlen"


def test_what_a_move_needs_besides(world: World) -> None:
    planner, today = world.fresh("planner"), timezone.localdate()
    running = at(world, "running")
    tomorrow, long_ago = today + datetime.timedelta(days=1), today - datetime.timedelta(days=60)
    assert refusal(running, "suspended", planner, effective_on=tomorrow) == "effective_in_future"
    assert refusal(running, "suspended", planner, effective_on=long_ago) == "effective_before_start"
    assert refusal(running, "merged", planner) == "merge_target_missing"
    assert refusal(running, "merged", planner, merged_into=running) == "merged_into_itself"
    over = at(world, "completed")
    assert refusal(running, "merged", planner, merged_into=over) == "merge_target_over"
    foreign_plan = type(world.plan).objects.create(
        territory=world.neighbour, title="Plan nebenan", ends_on=world.plan.ends_on
    )
    foreign = factories.measure(foreign_plan, world.youth_office)
    assert refusal(running, "merged", planner, merged_into=foreign) == "foreign_measure"
    part = at(world, "running", parent=running, position=1)
    assert refusal(running, "ended_early", planner) == "submeasures_open"
    Measure.objects.filter(pk=part.pk).update(status="completed", ended_on=today)
    tell(running, "ended_early", planner)
    waiting = at(world, "agreed", stage=2)
    assert refusal(waiting, "preparing", planner) == "stage_not_open"


def test_each_state_has_its_definition_and_a_way_out_or_is_an_end() -> None:
    assert set(STATUS_RULES) == set(S)
    for status in S:
        assert (status in ENDED) == (not any(before == status for before, _to in MOVES)), status
    people = frozenset({Mover.PLANNING, Mover.RESPONSIBLE})
    told = {(before, to) for before in S for to, _move in moves_from(before, people)}
    assert told == {(S(before), S(to)) for before, to in ALLOWED}


STEPS = st.lists(st.tuples(st.sampled_from(list(S)), st.booleans()), max_size=12)


@given(steps=STEPS)
def test_no_order_of_moves_leads_out_of_the_table(steps: list[tuple[MeasureStatus, bool]]) -> None:
    """Whatever is tried in whatever order: each step is one of the table, and nothing follows an end."""
    status = S.PROPOSED
    way = [status]
    for wanted, by_person in steps:
        people = frozenset({Mover.PLANNING, Mover.RESPONSIBLE})
        possible = (
            {to for to, _move in moves_from(status, people)}
            if by_person
            else {to for before, to in MOVES if before == status}
        )
        if wanted in possible:
            status = wanted
            way.append(status)
    assert all(pair in MOVES for pair in itertools.pairwise(way))
    assert not any(state in ENDED for state in way[:-1])


def test_a_status_is_never_written_past_the_table(world: World) -> None:
    for before in S.values:
        for to in S:
            if (before, to) in MOVES or before == "merged" or to == S.MERGED:
                continue
            measure = at(world, before)
            with pytest.raises(DomainError) as error:
                status_write(measure, to, user=None)
            assert error.value.code == "move_not_allowed"
            assert Measure.objects.get(pk=measure.pk).status == before
