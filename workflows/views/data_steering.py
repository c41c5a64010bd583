"""Steering requested deliveries: going on without one, expecting it again, reminding."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from project.common.errors import DomainError
from stakeholders.models import Organisation
from stakeholders.permissions import Perm, require
from stakeholders.sessions import signed_in
from workflows.engine import request_expect_again, request_go_on_without
from workflows.flows import DeliveryFlow
from workflows.forms.deliveries import ReopenForm, WaiveForm
from workflows.models import PlanningCycle
from workflows.nodes import open_task
from workflows.notices import remind_now
from workflows.selectors.requests import EXPECTED_STATES, cycles_with_requests_seen_by, with_progress
from workflows.services.deliveries import accepted_before
from workflows.views.data import visible_request


@require_http_methods(["GET", "HEAD", "POST"])
def request_waive(request: HttpRequest, pk: int) -> HttpResponse:
    """Go on without a delivery, with a reason."""
    row = visible_request(request, pk)
    require(request.user, Perm.MANAGE_CYCLE, row.cycle)
    accepted = accepted_before(row)
    form = WaiveForm(request.POST or None)
    if accepted is not None:
        form.fields["reason"].help_text = _("It stands in the log.")
    if request.method == "POST" and form.is_valid():
        try:
            request_go_on_without(row, reason=form.cleaned_data["reason"], user=signed_in(request))
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            text = (
                _("The cycle goes on without the delivery of %(supplier)s.")
                if accepted is None
                else _("%(supplier)s need not correct anything; the accepted figures stay in force.")
            )
            messages.success(request, text % {"supplier": row.organisation})
            return redirect("workflows:request-list", row.cycle_id)
    return render(
        request,
        "workflows/request_waive.html",
        {"data_request": row, "cycle": row.cycle, "form": form, "accepted": accepted},
        status=422 if request.method == "POST" else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def request_reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Expect a delivery again that the cycle had gone on without, or a correction, with a reason."""
    row = visible_request(request, pk)
    require(request.user, Perm.MANAGE_CYCLE, row.cycle)
    accepted = accepted_before(row)
    form = ReopenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            request_expect_again(row, reason=form.cleaned_data["reason"], user=signed_in(request))
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            text = (
                _("%(supplier)s has been asked for the delivery again.")
                if accepted is None
                else _("%(supplier)s has been asked for a correction.")
            )
            messages.success(request, text % {"supplier": row.organisation})
            return redirect("workflows:request-detail", row.pk)
    return render(
        request,
        "workflows/request_reopen.html",
        {"data_request": row, "cycle": row.cycle, "form": form, "accepted": accepted},
        status=422 if request.method == "POST" else 200,
    )


@require_POST
def request_remind(request: HttpRequest, pk: int) -> HttpResponse:
    """Remind the supplier's people of their open task."""
    row = visible_request(request, pk)
    require(request.user, Perm.MANAGE_CYCLE, row.cycle)
    if _reminded_today(row.cycle).filter(pk=row.pk).exists():
        text = _("%(supplier)s has been reminded today already.")
        messages.info(request, text % {"supplier": row.organisation})
        return redirect("workflows:request-list", row.cycle_id)
    try:
        task = open_task(row.process, DeliveryFlow.provide_data)
    except DomainError:
        messages.warning(request, _("There is nothing to remind of: no delivery is expected at the moment."))
    else:
        count = remind_now(task, user=signed_in(request))
        if count:
            text = ngettext(
                "%(count)s person has been reminded.", "%(count)s people have been reminded.", count
            )
            messages.success(request, text % {"count": count})
        else:
            messages.warning(request, _no_recipient(row.organisation))
    return redirect("workflows:request-list", row.cycle_id)


@require_POST
def request_remind_all(request: HttpRequest, pk: int) -> HttpResponse:
    """Remind all suppliers of a cycle whose delivery is still expected, each once a day."""
    cycle = get_object_or_404(cycles_with_requests_seen_by(request.user), pk=pk)
    require(request.user, Perm.MANAGE_CYCLE, cycle)
    expected = cycle.requests.filter(state__in=EXPECTED_STATES).select_related("organisation", "process")
    reminded = set(_reminded_today(cycle).values_list("pk", flat=True))
    reached = 0
    for row in expected:
        if row.pk in reminded:
            continue
        try:
            count = remind_now(open_task(row.process, DeliveryFlow.provide_data), user=signed_in(request))
        except DomainError:
            continue  # handed in at this moment
        reached += bool(count)
        if not count:
            messages.warning(request, _no_recipient(row.organisation))
    if reached:
        text = ngettext(
            "%(count)s supplier has been reminded.", "%(count)s suppliers have been reminded.", reached
        )
        messages.success(request, text % {"count": reached})
    elif reminded and all(row.pk in reminded for row in expected):
        messages.info(request, _("All of them have been reminded today already."))
    elif not expected:
        messages.warning(request, _("There is nothing to remind of: no delivery is expected at the moment."))
    return redirect("workflows:request-list", cycle.pk)


def _reminded_today(cycle: PlanningCycle) -> QuerySet[Any]:
    """Requests whose supplier was written to today, at a wish or by the timers."""
    rows: QuerySet[Any] = with_progress(cycle.requests.all())  # annotated
    return rows.filter(reminded_at__date=timezone.localdate())


def _no_recipient(organisation: Organisation) -> str:
    text = _("Nobody at %(supplier)s can take the task. Please have people entered there first.")
    return text % {"supplier": organisation}
