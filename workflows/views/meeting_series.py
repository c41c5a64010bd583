"""Pages of series and templates of meetings, and of a meeting called off."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from project.common.errors import DomainError
from project.common.formats import date_de
from stakeholders.models import Body
from stakeholders.permissions import Perm, require, visible
from stakeholders.selectors.rules import rules_on
from stakeholders.sessions import signed_in
from workflows.forms.meetings import (
    CancelForm,
    SeriesForm,
    StandingItems,
    TemplateForm,
    standing_initial,
    standing_items,
)
from workflows.models import Meeting, MeetingTemplate, PlanningCycle
from workflows.recurrence import Rhythm, series_days
from workflows.selectors.conference import invitable, members_of
from workflows.selectors.cycles import stage_of_body
from workflows.selectors.decisions import meetings_seen_by
from workflows.services.meeting_series import series_schedule, template_save
from workflows.services.meeting_state import check_movable
from workflows.services.meetings import meeting_cancel
from workflows.views.access import meeting_context, visible_cycle
from workflows.views.meeting_days import warn_of_missing_addresses

_SATURDAY = 5


def bodies_of(cycle: PlanningCycle) -> list[Body]:
    """Bodies of a cycle; it may have no social-space conference."""
    bodies = [cycle.planning_conference, cycle.steering_group, cycle.social_space_conference]
    return [body for body in bodies if body is not None]


def templates_of(cycle: PlanningCycle) -> Any:
    """Templates of the cycle's bodies."""
    return MeetingTemplate.objects.filter(body__in=bodies_of(cycle)).select_related("body")


@require_http_methods(["GET", "HEAD", "POST"])
def meeting_series_create(request: HttpRequest, pk: int) -> HttpResponse:
    """Set several meetings at once: first their days with what speaks against them, then the meetings."""
    cycle = visible_cycle(request, pk)
    require(request.user, Perm.MANAGE_CYCLE, cycle)
    body = cycle.steering_group
    form = SeriesForm(
        request.POST if request.method == "POST" else None,
        bodies=Body.objects.filter(pk__in=[row.pk for row in bodies_of(cycle)]),
        templates=templates_of(cycle).filter(is_active=True),
        organisations=invitable(cycle),
        initial={"body": body.pk, "participants": list(members_of(body).values_list("pk", flat=True))},
    )
    days: list[datetime.date] = []
    if request.method == "POST" and form.is_valid():
        days = _days(form)
        said = ",".join(day.isoformat() for day in days)
        # What was changed after the look at the days is looked at again before it is saved.
        if "save" in request.POST and request.POST.get("days") == said:
            try:
                _schedule(request, cycle, form, days)
            except DomainError as error:
                form.add_error(None, str(error.message))
            else:
                return redirect("workflows:meeting-list", cycle.pk)
    return render(
        request,
        "workflows/meeting_series.html",
        {
            "cycle": cycle,
            "form": form,
            "days": _judged(cycle, form.cleaned_data["body"], days) if days else [],
            "said": ",".join(day.isoformat() for day in days),
        },
        status=422 if form.is_bound and form.errors else 200,
    )


def _days(form: SeriesForm) -> list[datetime.date]:
    data = form.cleaned_data
    return series_days(
        data["first_on"],
        rhythm=Rhythm(data["rhythm"]),
        interval=int(data["interval"]),
        count=int(data["count"]) if data["count"] else None,
        until=data["until"],
    )


def _schedule(
    request: HttpRequest, cycle: PlanningCycle, form: SeriesForm, days: list[datetime.date]
) -> None:
    data = form.cleaned_data
    series = series_schedule(
        cycle,
        body=data["body"],
        days=days,
        place=data["place"],
        starts_at=data["starts_at"],
        participants=data["participants"],
        template=data["template"],
        user=signed_in(request),
    )
    text = ngettext("%(count)s meeting has been set.", "%(count)s meetings have been set.", len(days))
    messages.success(request, text % {"count": len(days)})
    # To each of them the same are invited.
    warn_of_missing_addresses(request, series.meetings.all()[0])


def _judged(cycle: PlanningCycle, body: Body, days: list[datetime.date]) -> list[dict[str, Any]]:
    """Each day with what speaks against it. Queries: 4."""
    stage = stage_of_body(cycle, body.pk)
    today = timezone.localdate()
    notice = today + datetime.timedelta(days=rules_on(body, today).notice_days)
    taken = set(
        Meeting.objects.filter(body=body, cancelled_at__isnull=True, held_on__in=days).values_list(
            "held_on", flat=True
        )
    )
    rows = []
    for day in days:
        warnings = []
        if day < today:
            warnings.append(_("This day is over."))
        elif day < notice:
            warnings.append(_("Within the notice period of the body: set this meeting by itself, as urgent."))
        if day.weekday() >= _SATURDAY:
            warnings.append(_("On a weekend."))
        if stage is not None and not stage.starts_on <= day <= stage.due_on:
            text = _("Outside the dates of the stage %(stage)s (%(first)s to %(last)s).")
            dates = {"first": date_de(stage.starts_on), "last": date_de(stage.due_on)}
            warnings.append(text % {"stage": stage.get_kind_display(), **dates})
        if day in taken:
            warnings.append(_("The body meets on this day already."))
        rows.append({"day": day, "weekday": date_format(day, "l"), "warnings": warnings})
    return rows


@require_safe
def meeting_template_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Templates of the meetings of a cycle's bodies."""
    cycle = visible_cycle(request, pk)
    require(request.user, Perm.MANAGE_CYCLE, cycle)
    rows = templates_of(cycle).prefetch_related("items")
    return render(request, "workflows/meeting_template_list.html", {"cycle": cycle, "templates": rows})


@require_http_methods(["GET", "HEAD", "POST"])
def meeting_template_create(request: HttpRequest, pk: int) -> HttpResponse:
    """A new template."""
    cycle = visible_cycle(request, pk)
    require(request.user, Perm.MANAGE_CYCLE, cycle)
    bodies = Body.objects.filter(pk__in=[row.pk for row in bodies_of(cycle)])
    form = TemplateForm(request.POST if request.method == "POST" else None, bodies=bodies)
    return _template_page(request, MeetingTemplate(), form, cycle=cycle)


@require_http_methods(["GET", "HEAD", "POST"])
def meeting_template_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a template; meetings made from it stay as they are."""
    bodies = visible(request.user, Perm.VIEW_BODY, Body.objects.all())
    template = get_object_or_404(MeetingTemplate.objects.filter(body__in=bodies), pk=pk)
    require(request.user, Perm.PLAN_TERRITORY, template.body.territory)
    names = ("name", "place", "starts_at", "is_active")
    initial = {name: getattr(template, name) for name in names}
    form = TemplateForm(request.POST if request.method == "POST" else None, bodies=None, initial=initial)
    return _template_page(request, template, form)


def _template_page(
    request: HttpRequest,
    template: MeetingTemplate,
    form: TemplateForm,
    *,
    cycle: PlanningCycle | None = None,
) -> HttpResponse:
    posted = request.POST if request.method == "POST" else None
    items = standing_initial(list(template.items.all())) if template.pk else []
    formset = StandingItems(posted, initial=items, prefix="items")
    if posted is not None and form.is_valid() and formset.is_valid():
        values = dict(form.cleaned_data)
        template.body = values.pop("body", None) or template.body
        try:
            template_save(template, items=standing_items(formset), user=signed_in(request), **values)
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(request, _("The template has been saved."))
            if cycle is not None:
                return redirect("workflows:meeting-template-list", cycle.pk)
            return redirect("workflows:meeting-template-edit", template.pk)
    return render(
        request,
        "workflows/meeting_template_form.html",
        {"template": template, "cycle": cycle, "form": form, "formset": formset},
        status=422 if posted is not None else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def meeting_cancel_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Call a meeting off; everybody invited is told."""
    meeting = get_object_or_404(meetings_seen_by(request.user), pk=pk)
    require(request.user, Perm.MANAGE_CYCLE, meeting.cycle)
    form = CancelForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            meeting_cancel(meeting, reason=form.cleaned_data["reason"], user=signed_in(request))
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(request, _("The meeting has been called off; all who were invited are told."))
            return redirect("workflows:meeting-detail", meeting.pk)
    obstacle = None
    try:
        check_movable(meeting)
    except DomainError as error:
        obstacle = error.message
    return render(
        request,
        "workflows/meeting_cancel.html",
        {**meeting_context(request, meeting), "form": form, "obstacle": obstacle},
        status=422 if request.method == "POST" else 200,
    )
