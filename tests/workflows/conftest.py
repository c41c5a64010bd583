"""What several files on decisions and target agreements begin with."""

from __future__ import annotations

from typing import Any

import pytest

from measures.models import Measure
from tests.stages import Stages
from tests.workflows.taskpages import take
from workflows.flows import RecommendationFlow
from workflows.models import PlanningCycle


@pytest.fixture
def session(stages: Stages) -> Any:
    """Two recommendations before the steering group, which meets today."""
    return stages.in_steering_group(("Eins", "Zwei"))


@pytest.fixture
def recommendation(session: Any) -> Any:
    """The first of the two."""
    return session[0].recommendations.get(number=1)


@pytest.fixture
def page(recommendation: Any, client_as: Any, chair: Any) -> Any:
    """The chair at the task of deciding it: client and address."""
    client = client_as(chair)
    return client, take(client, recommendation.process, RecommendationFlow.decide_recommendation)


@pytest.fixture
def shaped(stages: Stages) -> Measure:
    """A measure whose parties have not been asked; its cycle is shaping."""
    stages.at_social_space()
    return stages.measure()


@pytest.fixture
def running(stages: Stages) -> tuple[PlanningCycle, Measure]:
    """A measure that runs; version 1 of its agreement is in force."""
    return stages.at_implementation()
