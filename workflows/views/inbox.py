"""The inbox, and taking, giving back and handing over."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from viewflow.workflow.models import Task

from measures.models import Measure
from measures.selectors.portfolio import responsible_measures
from measures.selectors.projects import projects_seen_by
from project.common.errors import DomainError
from project.common.exports import Column, Kind, export_format, export_links, table_response
from project.common.keys import key_or_none
from stakeholders.permissions import Perm, visible
from stakeholders.selectors.absences import absences_on
from stakeholders.sessions import signed_in
from workflows import cards
from workflows.catalogue import nodes_called
from workflows.forms.tasks import HandOverForm, ReleaseForm, TaskFilterForm
from workflows.models import PlanningCycle, TaskCard
from workflows.selectors import polls as selectors_polls
from workflows.selectors import tasks as selectors
from workflows.selectors.left_meetings import meetings_beyond_stage
from workflows.selectors.next_steps import late_cycles
from workflows.selectors.outcomes import led_today
from workflows.selectors.replies import open_invitations
from workflows.services import tasks as services

PAGE_SIZE = 25
#: Most tasks that can be taken at once.
BULK_LIMIT = PAGE_SIZE
#: Most invitations shown at first, the next meetings first.
INVITATIONS_SHOWN = 20


@dataclasses.dataclass(frozen=True)
class Row:
    """A task in the inbox, and what the person may do with it."""

    card: TaskCard
    is_mine: bool
    can_take: bool
    can_hand_over: bool
    #: Until when its owner is away, for who can hand it over.
    away_until: datetime.date | None = None


def task_filter(chosen: dict[str, Any], scope: str) -> selectors.InboxFilter:
    """What a filter form says, for the queries."""
    term = str(chosen.get("q") or "").strip()
    return selectors.InboxFilter(
        scope=scope,
        search=term,
        nodes=nodes_called(term) if term else (),
        cycle_pk=chosen.get("cycle"),
        stage=chosen.get("stage"),
        overdue_on=timezone.localdate() if chosen.get("overdue") else None,
        newest_due_first=chosen.get("sort") == "-due",
    )


def task_columns() -> list[Column]:
    """Columns of a list of tasks as a file."""
    return [
        Column(_("Task"), "headline"),
        Column(_("Planning cycle"), "cycle.title"),
        Column(_("Stage"), lambda card: f"{card.stage} {card.get_stage_display()}"),
        Column(_("Addressed to"), lambda card: str(card.addressee)),
        Column(_("With whom"), lambda card: str(card.task.owner) if card.task.owner else None),
        Column(_("Came in"), "task.created", Kind.DATE),
        Column(_("Due"), "due_on", Kind.DATE),
    ]


def _rows(request: HttpRequest, shown: list[TaskCard], scope: str) -> list[Row]:
    if scope == "done":
        return [Row(card, is_mine=True, can_take=False, can_hand_over=False) for card in shown]
    led = selectors.led_organisations(request.user, shown)
    ours = [card.task.owner_id for card in shown if card.organisation_id in led]
    away = absences_on(ours, timezone.localdate())
    return [
        Row(
            card,
            is_mine=card.task.owner_id == request.user.pk,
            # Four eyes and a right lost meanwhile are checked when the button is pressed.
            can_take=card.task.owner_id is None,
            can_hand_over=card.task.owner_id == request.user.pk or card.organisation_id in led,
            away_until=away[card.task.owner_id].ends_on
            if card.organisation_id in led and card.task.owner_id in away
            else None,
        )
        for card in shown
    ]


@require_safe
def inbox(request: HttpRequest) -> HttpResponseBase:
    """All tasks of a person, of every flow."""
    scope = request.GET.get("scope", "open")
    if scope not in selectors.SCOPES:
        raise Http404("No such list.")
    form = TaskFilterForm(request.GET, cycles=selectors.cycles_to_filter(request.user))
    wanted = task_filter(form.wanted(), scope)
    if (fmt := export_format(request)) is not None:
        return table_response(_("Tasks"), task_columns(), selectors.inbox_cards(request.user, wanted), fmt)
    keys = selectors.inbox_keys(request.user, wanted)
    page: Page[int] = Paginator(keys[: selectors.LIST_LIMIT], PAGE_SIZE).get_page(request.GET.get("page"))
    shown = selectors.cards_by_keys(list(page.object_list))
    rows = _rows(request, shown, scope)
    return render(
        request,
        "workflows/inbox.html",
        {
            "scope": scope,
            "open_polls": selectors_polls.open_polls_for(request.user),
            **(_meetings(request) if scope == "open" else {}),
            "scope_field": {"scope": scope},
            "tabs": _tabs(scope),
            "has_own_measures": responsible_measures(signed_in(request), timezone.localdate()).exists(),
            "rows": rows,
            "page_obj": page,
            "has_more": len(keys) > selectors.LIST_LIMIT,
            "limit": selectors.LIST_LIMIT,
            "can_take_many": sum(row.can_take for row in rows) > 1,
            "filter_form": form,
            "is_filtered": any(name in request.GET for name in ("q", "cycle", "stage", "overdue")),
            "export_links": export_links(request) if rows else [],
            "elsewhere": None if rows else _elsewhere(request),
            "late_cycles": [] if rows else late_cycles(request.user, timezone.localdate()),
        },
    )


def _meetings(request: HttpRequest) -> dict[str, Any]:
    """Meetings the person runs today, is invited to without an answer, or has left set by mistake."""
    user = signed_in(request)
    waiting = open_invitations(user)
    shown = waiting if request.GET.get("invitations") == "all" else waiting[:INVITATIONS_SHOWN]
    return {
        "led_today": led_today(user),
        "invitations": shown,
        "further_count": len(waiting) - len(shown),
        "left_meetings": meetings_beyond_stage(user),
    }


def _elsewhere(request: HttpRequest) -> dict[str, str]:
    """Where who has nothing to do can look: the cycles, or what else they see."""
    user = signed_in(request)
    if not visible(user, Perm.VIEW_CYCLE, PlanningCycle.objects.all()).exists():
        if visible(user, Perm.VIEW_MEASURE, Measure.objects.all()).exists():
            return {"url": reverse("measures:plan-list"), "label": _("To the measures")}
        if projects_seen_by(user).exists():
            return {"url": reverse("measures:project-list"), "label": _("To the funded projects")}
    return {"url": reverse("workflows:cycle-list"), "label": _("To the planning cycles")}


def _tabs(current: str) -> list[dict[str, Any]]:
    labels = {
        "open": _("Open for me"),
        "mine": _("With me"),
        "free": _("Not taken yet"),
        "team": _("In the team"),
        "done": _("Done"),
    }
    return [
        {"label": label, "url": f"?scope={scope}", "is_current": scope == current}
        for scope, label in labels.items()
    ]


def _visible_task(request: HttpRequest, pk: int) -> Task:
    task: Task = get_object_or_404(
        Task.objects.select_related("process", "owner", "card"), pk=pk, card__isnull=False
    )
    if not cards.task_visible(request.user, task):
        raise Http404("No such task.")
    return task


def _back(request: HttpRequest) -> HttpResponse:
    """Back to where a button was pressed, if that is one of our pages."""
    target = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return redirect(target)
    return redirect("workflows:inbox")


@require_safe
def task(request: HttpRequest, pk: int) -> HttpResponse:
    """Lead to the page of a task that the person can use now."""
    return cards.task_entry_for(request, _visible_task(request, pk))


@require_POST
def take(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a task and go straight to its page."""
    task = _visible_task(request, pk)
    try:
        services.task_take(task, user=signed_in(request))
    except DomainError as error:
        messages.warning(request, str(error.message))
        return redirect("workflows:task", pk)
    return redirect(task.flow_task.reverse("execute", args=[task.process_id, task.pk]))


@require_POST
def take_many(request: HttpRequest) -> HttpResponse:
    """Take all chosen tasks."""
    sent = [key_or_none(value) for value in request.POST.getlist("task")[:BULK_LIMIT]]
    numbers = [key for key in sent if key is not None]
    if not numbers:
        messages.warning(request, _("Choose at least one task."))
        return _back(request)
    chosen = list(Task.objects.select_related("process", "owner").filter(pk__in=numbers, card__is_open=True))
    seen = [task for task in chosen if cards.task_visible(request.user, task)]
    result = services.task_take_many(seen, user=signed_in(request))
    refused = len(set(numbers)) - result.taken
    if result.taken:
        text = ngettext("%(count)s task is with you now.", "%(count)s tasks are with you now.", result.taken)
        messages.success(request, text % {"count": result.taken})
    if refused:
        text = ngettext(
            "%(count)s task could not be taken: a colleague was faster, or you may not do it.",
            "%(count)s tasks could not be taken: colleagues were faster, or you may not do them.",
            refused,
        )
        messages.warning(request, text % {"count": refused})
    return _back(request)


@require_POST
def give_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a task back to all whom it is addressed to."""
    task = _visible_task(request, pk)
    try:
        services.task_give_back(task, user=signed_in(request))
    except DomainError as error:
        messages.warning(request, str(error.message))
    else:
        messages.success(
            request,
            _("Given back: “%(task)s”. Your colleagues can take it now.") % {"task": task.card.headline},
        )
    return _back(request)


@require_http_methods(["GET", "HEAD", "POST"])
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a task from a colleague who does not get to it, so that the others can."""
    task = _visible_task(request, pk)
    if task.finished is not None or task.owner is None:
        messages.warning(request, _("Nobody has this task (any more)."))
        return redirect("workflows:task", pk)
    if not services.may_release(request.user, task):
        raise PermissionDenied(str(services.NOT_YOURS_TO_RELEASE))
    form = ReleaseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.task_release(task, reason=form.cleaned_data["reason"], user=signed_in(request))
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            text = _("Free again: “%(task)s”. All of %(addressee)s can take it now.")
            messages.success(request, text % {"task": task.card.headline, "addressee": task.card.addressee})
            return redirect("workflows:task", pk)
    back_url = reverse("workflows:task", args=[task.pk])
    return render(
        request,
        "workflows/task_release.html",
        {
            "form": form,
            "task": task,
            "card": task.card,
            "back_url": back_url,
        },
        status=422 if request.method == "POST" else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def hand_over(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose a colleague and give the task to them."""
    task = _visible_task(request, pk)
    if task.finished is not None:
        messages.warning(request, _("This task has already been done."))
        return redirect("workflows:task", pk)
    if not services.may_hand_over(request.user, task):
        raise PermissionDenied(
            _("Only who has the task, or who leads those it is addressed to, may hand it over.")
        )
    # To oneself there is nothing to hand over.
    recipients = [person for person in services.task_recipients(task) if person.pk != signed_in(request).pk]
    form = HandOverForm(request.POST or None, recipients=recipients)
    if request.method == "POST" and form.is_valid():
        to = form.cleaned_data["to"]
        try:
            services.task_hand_over(task, to=to, user=signed_in(request))
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(
                request,
                _("Handed over to %(person)s: “%(task)s”.") % {"person": to, "task": task.card.headline},
            )
            return redirect("workflows:inbox")
    return render(
        request,
        "workflows/task_hand_over.html",
        {
            "form": form,
            "task": task,
            "card": task.card,
            "recipients": recipients,
            "back_url": reverse("workflows:task", args=[task.pk]),
        },
        status=422 if request.method == "POST" else 200,
    )
