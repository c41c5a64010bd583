"""Conditions of a decision: written with it, in words and as rows, and given as assignments."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable, Sequence

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError
from project.common.formats import date_de
from stakeholders.models import Organisation
from workflows.models import Assignment, Decision
from workflows.models.conditions import ConditionLine
from workflows.services.assignments import assignment_add


@dataclasses.dataclass(frozen=True)
class ConditionRow:
    """One condition: what has to be done, by whom, until when."""

    text: str
    organisation: Organisation
    due_on: datetime.date


def check_rows(rows: Sequence[ConditionRow], *, decided_on: datetime.date) -> None:
    """Every condition says what, and falls due after the decision.

    Raises:
        DomainError: ``conditions_missing`` for one without text, ``condition_too_early``.
    """
    for row in rows:
        if not row.text.strip():
            raise DomainError("conditions_missing", _("Name the conditions."))
        if row.due_on <= decided_on:
            raise DomainError(
                "condition_too_early",
                _("A condition falls due after the day of the meeting (%(day)s).")
                % {"day": date_de(decided_on)},
            )


def wording_of(rows: Sequence[ConditionRow]) -> str:
    """The conditions in words, as they stand in the decision; one a line, numbered if there are several."""
    lines = [
        gettext("%(text)s (%(organisation)s, until %(day)s)")
        % {
            "text": row.text.strip(),
            "organisation": row.organisation.label,
            "day": date_de(row.due_on),
        }
        for row in rows
    ]
    if len(lines) == 1:
        return lines[0]
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, start=1))


def conditions_write(rows: Sequence[ConditionRow], model: type[ConditionLine], **owner: models.Model) -> None:
    """Write conditions down with what they belong to.

    Args:
        rows: In order.
        model: ``DecisionCondition`` or ``PollCondition``.
        **owner: The decision or the poll.
    """
    model.objects.bulk_create(
        model(number=number, text=row.text.strip(), organisation=row.organisation, due_on=row.due_on, **owner)
        for number, row in enumerate(rows, start=1)
    )


def conditions_read(lines: Iterable[ConditionLine]) -> list[ConditionRow]:
    """What stands in such lines; with their organisations loaded."""
    return [ConditionRow(line.text, line.organisation, line.due_on) for line in lines]


def conditions_give(decision: Decision) -> list[Assignment]:
    """Give every condition of a decision to whom it names; the caller starts the flows.

    Returns:
        New assignments in order; none where they have been given already.
    """
    if decision.assignments.exists():
        return []
    cycle = decision.recommendation.process.cycle
    return [
        assignment_add(
            cycle=cycle,
            organisation=row.organisation,
            text=row.text,
            due_on=row.due_on,
            decision=decision,
            user=decision.recorded_by,
        )
        for row in decision.condition_rows.select_related("organisation").order_by("number")
    ]
