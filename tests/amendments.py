"""Requests for amendments for tests: a project with a notice and a planning unit, and sound wishes."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from measures.models import AmendmentRequest, FundedProject, GrantNotice
from measures.money import PlanLine
from measures.services.amendment_wishes import Letter, Wish
from measures.services.grants import Duty, notice_record
from measures.services.projects import project_parties_set
from tests.factories import World, make_cycle
from tests.grants import funded, lines, notice
from workflows.demo import amendment_steps
from workflows.models import PlanningCycle

D = datetime.date
E = Decimal
#: Half a year longer than the notice of ``tests.grants``.
LONGER = D(2027, 6, 30)


def granted(world: World, cycle: PlanningCycle | None = None) -> FundedProject:
    """A project with a notice over 900 euros, a partner, and a cycle of its plan, made if there is none."""
    project = funded(world)
    planner = world.fresh("planner")
    project_parties_set(project, partners=[world.association], areas=[], further_measures=[], user=planner)
    notice_record(project, fields=notice(), user=planner)
    if cycle is None:
        make_cycle(world)
    project.refresh_from_db()
    return project


def wish(plan: Sequence[PlanLine] | None = None, **kwargs: Any) -> Wish:
    """500 euros more cost, paid by ESF and the provider, for half a year more."""
    defaults: dict[str, Any] = {
        "lines": plan if plan is not None else lines("1500.00", "150.00"),
        "ends_on": LONGER,
        "reason": "Verlängerung bis zum Sommer",
    }
    return Wish(**(defaults | kwargs))


def letter(**kwargs: Any) -> Letter:
    """The funder's letter, with a final report."""
    defaults: dict[str, Any] = {
        "reference": "AZ 1/2",
        "issued_on": D(2026, 11, 2),
        "duties": [Duty("final", D(2026, 2, 1), LONGER, D(2027, 12, 31))],
        "conditions": "Wie bisher",
    }
    return Letter(**(defaults | kwargs))


def sent(project: FundedProject, world: World, asked: Wish | None = None) -> AmendmentRequest:
    """A request that planning checks."""
    return amendment_steps.ask(project, asked or wish(), user=world.fresh("provider_head"))


def forwarded(project: FundedProject, world: World, asked: Wish | None = None) -> AmendmentRequest:
    """A request on which the funder decides."""
    request = sent(project, world, asked)
    amendment_steps.forward(request, "Aus Sicht der Planung sinnvoll", user=world.fresh("planner"))
    return request


def typed(**kwargs: str) -> dict[str, str]:
    """The wish as the form sends it."""
    data = {
        "ends_on": "30.06.2027",
        "reason": "Verlängerung bis zum Sommer",
        "lines-TOTAL_FORMS": "3",
        "lines-INITIAL_FORMS": "3",
        "lines-0-kind": "cost-staff",
        "lines-0-year_2026": "1.500,00",
        "lines-1-kind": "funding-esf",
        "lines-1-year_2026": "1.350,00",
        "lines-2-kind": "funding-own",
        "lines-2-year_2026": "150,00",
    }
    return data | kwargs


def decided(answer: str, **kwargs: str) -> dict[str, str]:
    """The funder's decision as the form sends it."""
    data = {
        "answer": answer,
        "reference": "AZ 1/2",
        "issued_on": "02.11.2026",
        "duties-TOTAL_FORMS": "1",
        "duties-INITIAL_FORMS": "1",
        "duties-0-kind": "final",
        "duties-0-covers_from": "01.02.2026",
        "duties-0-covers_until": "30.06.2027",
        "duties-0-due_on": "31.12.2027",
    }
    return data | kwargs


def wish_within(basis: GrantNotice) -> Wish:
    """Twice the plan of a notice of ``tests.grants`` in its own term, whenever that is."""
    return wish(lines("2000.00", "200.00", basis.starts_on.year), ends_on=basis.ends_on)
