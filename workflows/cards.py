"""The card beside each human task, and who sees a task or a case."""

import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from viewflow.workflow.models import Process, Task

from stakeholders.models import Body, Organisation
from stakeholders.permissions import Perm, can, permission_row
from stakeholders.selectors.absences import absences_on
from workflows.models import (
    AmendmentProcess,
    ContributionProcess,
    CosigningProcess,
    DrawdownProcess,
    FinalReportProcess,
    InterimReportProcess,
    PlanningCycle,
    PlanningCycleProcess,
    RecommendationProcess,
    ReportExtensionProcess,
    TaskCard,
)
from workflows.selectors.cases import subject_of
from workflows.selectors.tasks import cards_addressed_to
from workflows.services.tasks import may_hand_over, may_release

SUBJECT_LENGTH = 250
#: Cases that a planning conference may follow.
CONFERENCE_CASES = (PlanningCycleProcess, RecommendationProcess, ContributionProcess, CosigningProcess)
#: Cases of funded projects: provider and funder read the page of the report or request, which leaves out what
#: the municipality returned; the case with all its steps is planning's.
PROJECT_CASES = (
    InterimReportProcess,
    FinalReportProcess,
    DrawdownProcess,
    ReportExtensionProcess,
    AmendmentProcess,
)


def card_create(
    task: Task,
    *,
    addressee: Organisation | Body,
    perm: Perm,
    cycle: PlanningCycle,
    stage: int,
    subject: str,
    due_on: datetime.date,
) -> TaskCard:
    """Write the card of a new task."""
    return TaskCard.objects.create(
        task=task,
        territory_id=cycle.territory_id,
        cycle=cycle,
        stage=stage,
        permission=permission_row(perm),
        object_pk=str(addressee.pk),
        organisation=addressee if isinstance(addressee, Organisation) else None,
        body=addressee if isinstance(addressee, Body) else None,
        subject=subject[:SUBJECT_LENGTH],
        due_on=due_on,
    )


def card_close(task: Task) -> None:
    """Close the card of a finished or cancelled task."""
    TaskCard.objects.filter(task=task).update(is_open=False)


def task_visible(user: Any, task: Task) -> bool:
    """Whether a task may be seen: addressed to the user, done by them, or planning follows the cycle."""
    if not user.is_authenticated:
        return False
    if task.owner_id == user.pk or cards_addressed_to(user).filter(task=task).exists():
        return True
    card = TaskCard.objects.select_related("cycle").filter(task=task).first()
    return card is not None and bool(can(user, Perm.MANAGE_CYCLE, card.cycle))


def process_visible(user: Any, process: Process) -> bool:
    """Whether a case may be seen: it is planning's or the conference's, or one of its tasks is to the user.

    Who once did a step keeps the page of that task, not the case: they may have left since.
    """
    if not user.is_authenticated:
        return False
    concrete = process.coerced
    # The conference follows its own cases; those of suppliers, parties and reports are planning's.
    of_conference = isinstance(concrete, CONFERENCE_CASES)
    if can(user, Perm.VIEW_DRAFTS if of_conference else Perm.MANAGE_CYCLE, concrete.cycle):
        return True
    if isinstance(concrete, PROJECT_CASES):
        return False
    return cards_addressed_to(user).filter(task__process_id=process.pk).exists()


def task_entry_for(request: HttpRequest, task: Task) -> HttpResponse:
    """Lead a person to the page of the task they can use now."""
    node = task.flow_task
    if task.finished is None and node.can_execute(request.user, task):
        return redirect(node.reverse("execute", args=[task.process_id, task.pk]))
    if task.finished is None and task.owner_id is None and request.method == "POST":
        messages.warning(request, _("Please take the task before you do it."))
    return redirect(node.reverse("detail", args=[task.process_id, task.pk]))


def task_entry(request: HttpRequest) -> HttpResponse:
    """Entry point of a task."""
    return task_entry_for(request, request.activation.task)  # type: ignore[attr-defined]


def task_detail(request: HttpRequest) -> HttpResponse:
    """What the task is, who has it, and the button to take it."""
    task = request.activation.task  # type: ignore[attr-defined]
    node = task.flow_task
    may_give_away = may_hand_over(request.user, task)
    # That somebody is away is for who can hand the task over.
    away = absences_on([task.owner_id], timezone.localdate()) if may_give_away else {}
    return render(
        request,
        "workflows/task_detail.html",
        {
            "task": task,
            "card": task.card,
            "subject": subject_of(request.user, task.process),
            "node": node,
            "verdict": node.verdict(request.user, task),
            "can_take": task.finished is None and node.can_assign(request.user, task),
            "can_execute": task.finished is None and node.can_execute(request.user, task),
            "sees_case": process_visible(request.user, task.process),
            "may_hand_over": may_give_away,
            "absence": away.get(task.owner_id),
            "may_release": task.owner_id != request.user.pk and may_release(request.user, task),
            "execute_url": node.reverse("execute", args=[task.process_id, task.pk]),
        },
    )
