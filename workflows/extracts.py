"""Extracts of decisions that still have to be issued, one by one or all of a meeting. Above the flows."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from viewflow.workflow.models import Task

from project.common.errors import DomainError
from stakeholders.models import User
from stakeholders.permissions import Perm, require
from workflows.flows import RecommendationFlow
from workflows.models import Decision, Meeting
from workflows.nodes import OPEN_STATUSES, complete_task
from workflows.selectors.decisions import last_decision
from workflows.services.extracts import extract_issue


def _tasks(recommendations: Any) -> QuerySet[Task]:
    return Task.objects.filter(
        process__recommendationprocess__recommendation__in=recommendations,
        flow_task=RecommendationFlow.issue_extract,
        status__in=OPEN_STATUSES,
    ).order_by("pk")


def open_extracts(decisions: Iterable[Decision]) -> QuerySet[Task]:
    """Tasks of those of these decisions whose extract has not been issued. Queries: 1.

    The task of a case is about its latest decision: where a later meeting decided anew it is that one's.
    """
    later = Decision.objects.filter(recommendation=OuterRef("recommendation"), pk__gt=OuterRef("pk"))
    latest = Decision.objects.filter(~Exists(later), pk__in=[row.pk for row in decisions])
    return _tasks(latest.values("recommendation"))


def decisions_to_extract(meeting: Meeting) -> list[Decision]:
    """Decisions of a meeting whose extract has not been issued, in their order."""
    rows = meeting.decisions.select_related("version__addressee")
    outstanding = extracts_outstanding(row.recommendation_id for row in rows)
    later = Decision.objects.filter(recommendation=OuterRef("recommendation"), pk__gt=OuterRef("pk"))
    return list(rows.filter(~Exists(later), recommendation__in=outstanding).order_by("pk"))


def extracts_outstanding(recommendations: Iterable[int]) -> set[int]:
    """Those of these recommendations (keys) whose latest decision has not gone out yet. Queries: 1."""
    tasks = _tasks(list(recommendations))
    return set(tasks.values_list("process__recommendationprocess__recommendation", flat=True))


def extracts_issue(meeting: Meeting, *, user: User) -> int:
    """Issue all extracts of a meeting that are still to be issued.

    Args:
        meeting: Of a steering group.
        user: Chair of its body.

    Returns:
        Number of extracts; those that a colleague has taken or just issued are left to them.

    Raises:
        PermissionDenied: The user does not chair the body.
    """
    require(user, Perm.CHAIR_BODY, meeting.body)
    count = 0
    for task in open_extracts(meeting.decisions.all()):
        with contextlib.suppress(DomainError), transaction.atomic():
            complete_task(task, user=user, act=lambda process: issue_last(process, user=user))
            count += 1
    return count


def issue_last(process: Any, *, user: User) -> None:
    """Issue the extract of the latest decision of a case."""
    decision = last_decision(process.recommendation)
    assert decision is not None
    extract_issue(decision, user=user)
