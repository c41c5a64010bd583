"""A decision with two conditions: one is met, the other still open."""

from __future__ import annotations

import datetime

from stakeholders.permissions import Perm
from workflows.demo import driver
from workflows.demo.assignments import carry_out, confirm_done
from workflows.demo.cast import Cast
from workflows.models import Decision, DecisionResult, Meeting, Recommendation
from workflows.services.conditions import ConditionRow


def approve_with_conditions(
    recommendation: Recommendation, meeting: Meeting, cast: Cast, *, today: datetime.date
) -> Decision:
    """The steering group approves, if the Jobcenter is heard and the youth office names a provider."""
    rows = [
        ConditionRow(
            "Mit dem Jobcenter abstimmen, wie Eltern angesprochen werden (Beispiel)",
            cast.organisations["jobcenter"],
            today - datetime.timedelta(days=3),
        ),
        ConditionRow(
            "Träger und Standort benennen (Beispiel)",
            cast.organisations["jugendamt"],
            today + datetime.timedelta(days=21),
        ),
    ]
    return driver.decide(
        recommendation,
        meeting,
        DecisionResult.APPROVED_WITH_CONDITIONS,
        user=cast.person("vorsitz"),
        condition_rows=rows,
    )


def meet_first_condition(decision: Decision, cast: Cast) -> None:
    """The Jobcenter reports, planning confirms."""
    first = decision.assignments.get(number=1)
    user = driver.person_for(Perm.ACT_FOR_ORGANISATION, first.organisation)
    carry_out(first, "Abgestimmt: Anschreiben und Sprechstunde im Familienzentrum (Beispiel).", user=user)
    confirm_done(first, user=cast.person("sozialplanung"))
