"""Who sees what of a funded project: five sides, field by field, decided here and nowhere else.

Whether a person sees the project at all is ``Perm.TRACK_PROJECT``; what of it follows from the side they
stand on. A person may stand on several sides and then sees what any of them sees.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

from measures.models import FundedProject
from stakeholders.permissions import Perm, can


class Side(StrEnum):
    """A side of a project."""

    FUNDER = "funder"
    # Let in by the funder to read (such as G.I.B.), a plain member of the provider, or a partner.
    READER = "reader"
    # Whoever writes the reports: those who act for the provider.
    PROVIDER = "provider"
    # Departments, municipality, Jobcenter of the territory.
    STAFF = "staff"
    # The planning unit, which checks what is handed in.
    PLANNER = "planner"


class Part(StrEnum):
    """What is shown of a project, from the least to the most guarded."""

    #: Programme, parties, term, notices with plan and duties, dates of reports, confirmed figures;
    #: states of reports as well, but what comes before the first passing on is part of CHECK.
    PROJECT = "project"
    #: What was passed on to the funder: narrative, account by line, participants; not the list of receipts.
    DELIVERED = "delivered"
    #: Receipts and their files.
    RECEIPTS = "receipts"
    #: Questions, answers and their files; returns by the funder; more time. Requests to change the plan have
    #: readers of their own (``selectors.amendments``): partners carry the project and see what is asked for.
    QUESTIONS = "questions"
    #: What was handed in but not passed on yet, and why the municipality returned it.
    CHECK = "check"
    #: The draft.
    DRAFT = "draft"


_ALL = frozenset(Side)
#: Part -> the sides that see it.
SEEN_BY: Final[dict[Part, frozenset[Side]]] = {
    Part.PROJECT: _ALL,
    Part.DELIVERED: _ALL,
    Part.RECEIPTS: frozenset({Side.FUNDER, Side.PROVIDER, Side.PLANNER}),
    Part.QUESTIONS: frozenset({Side.FUNDER, Side.PROVIDER, Side.PLANNER}),
    Part.CHECK: frozenset({Side.PROVIDER, Side.PLANNER}),
    Part.DRAFT: frozenset({Side.PROVIDER}),
}


def sides_of(user: Any, project: FundedProject) -> frozenset[Side]:
    """Sides a person stands on; none if they do not see the project. Queries: up to 5."""
    if not can(user, Perm.TRACK_PROJECT, project):
        return frozenset()
    territory = project.measure.plan.territory
    asked = {
        # A funder belongs to no territory, so its organisation is seen by its own people only.
        Side.FUNDER: (Perm.VIEW_ORGANISATION, project.funder),
        Side.PROVIDER: (Perm.ACT_FOR_ORGANISATION, project.provider),
        Side.STAFF: (Perm.VIEW_TERRITORY, territory),
        Side.PLANNER: (Perm.PLAN_TERRITORY, territory),
    }
    found = frozenset(side for side, (perm, thing) in asked.items() if can(user, perm, thing))
    return found or frozenset({Side.READER})


def parts_seen(user: Any, project: FundedProject) -> frozenset[Part]:
    """What a person sees of a project; nothing if they do not see it. Queries: up to 5."""
    sides = sides_of(user, project)
    return frozenset(part for part, allowed in SEEN_BY.items() if sides & allowed)


def sees(user: Any, part: Part, project: FundedProject) -> bool:
    """Whether a person sees one part of a project. Queries: up to 5."""
    return part in parts_seen(user, project)
