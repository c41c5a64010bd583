"""What tests of reports of funded projects begin with."""

from __future__ import annotations

import pytest

from measures.models import DutyKind, FundedProject, ProjectReport
from tests.factories import World, make_cycle
from tests.grants import fill_report, reporting_project
from workflows.project_reporting import reports_follow_the_notices


@pytest.fixture
def project(world: World) -> FundedProject:
    """A funded project that owes reports, in a planning cycle."""
    make_cycle(world)
    return reporting_project(world)


@pytest.fixture
def report(project: FundedProject) -> ProjectReport:
    """Its interim report, begun by the timers, with something written in it."""
    reports_follow_the_notices()
    made = project.reports.get(kind=DutyKind.INTERIM)
    fill_report(made)
    return made
