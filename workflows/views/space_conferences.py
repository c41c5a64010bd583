"""Pages of evenings of the social-space conference: list, one evening, setting up, giving up, record."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from monitoring.models import Area
from project.common.errors import DomainError
from project.common.exports import (
    Column,
    Format,
    Kind,
    export_format,
    export_links,
    pdf_response,
    table_response,
)
from project.common.formats import language_of_papers
from project.common.listing import order_of, page_of
from stakeholders.permissions import Perm, can, require
from stakeholders.sessions import signed_in
from workflows.evenings import conference_begin, conference_give_up
from workflows.forms.space import ConferenceForm, EveningReasonForm
from workflows.models import EntryState, PlanningCycle, SpaceConference, StageKind
from workflows.reports import space_record
from workflows.selectors.conference import invitable
from workflows.selectors.space_conferences import (
    TITLES,
    IdeaLine,
    conferences_seen_by,
    entry_url,
    headcounts_of,
    idea_lines,
    is_open_at,
    link_of,
    may_facilitate,
    title_of,
    waiting_count,
)
from workflows.selectors.space_corrections import pending_corrections
from workflows.views.access import visible_cycle

_FORM_METHODS = ["GET", "HEAD", "POST"]
_ORDERS = {"held": ("held_on",), "area": ("area__name", "held_on"), "state": ("state", "held_on")}


@require_safe
def conference_list(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Evenings of a cycle."""
    cycle = visible_cycle(request, pk)
    order = order_of(request, _ORDERS, "-held")
    rows = conferences_seen_by(request.user).filter(cycle=cycle).order_by(*order.by)
    if (fmt := export_format(request)) is not None:
        columns = [
            Column(_("Date"), "held_on", Kind.DATE),
            Column(_("Area"), "area.name"),
            Column(_("Place"), "place"),
            Column(_("Facilitating organisation"), "facilitator.name"),
            Column(_("State"), "get_state_display"),
        ]
        name = _("Social-space conferences %(cycle)s") % {"cycle": cycle.title}
        return table_response(name, columns, rows, fmt, [f"{cycle.title}, {cycle.territory.name}"])
    return render(
        request,
        "workflows/space_conference_list.html",
        {
            "cycle": cycle,
            "order": order,
            "page_obj": page_of(request, rows),
            "links": export_links(request),
            "may_create": _may_create(request, cycle),
            "is_early": cycle.stage < StageKind.SOCIAL_SPACE,
        },
    )


def _may_create(request: HttpRequest, cycle: PlanningCycle) -> bool:
    has_begun = not cycle.is_closed and cycle.stage >= StageKind.SOCIAL_SPACE
    return has_begun and bool(can(request.user, Perm.MANAGE_CYCLE, cycle))


@require_http_methods(_FORM_METHODS)
def conference_create_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Set an evening up in one of the chosen areas."""
    cycle = visible_cycle(request, pk)
    require(request.user, Perm.MANAGE_CYCLE, cycle)
    areas = Area.objects.filter(profiles__cycle=cycle).defer("geometry").order_by("name")
    form = ConferenceForm(
        request.POST or None,
        areas=areas,
        organisations=invitable(cycle),
        initial={"facilitator": cycle.planning_unit_id, "area": request.GET.get("area")},
    )
    if request.method == "POST" and form.is_valid():
        try:
            conference = conference_begin(cycle, user=signed_in(request), **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(request, _("The evening is set up. Take the task to prepare it."))
            return redirect("workflows:space-conference-detail", conference.pk)
    return render(
        request,
        "workflows/space_conference_create.html",
        {"cycle": cycle, "form": form, "is_early": cycle.stage < StageKind.SOCIAL_SPACE},
        status=422 if request.method == "POST" else 200,
    )


def _conference(request: HttpRequest, pk: int) -> SpaceConference:
    return get_object_or_404(conferences_seen_by(request.user), pk=pk)


@require_safe
def conference_detail(request: HttpRequest, pk: int) -> HttpResponseBase:
    """An evening: where it stands, its ideas, and what those who hold it can do."""
    conference = _conference(request, pk)
    facilitates = may_facilitate(request.user, conference)
    fmt = export_format(request)
    if fmt is not None:
        return _export(conference, fmt, has_all=facilitates)
    lines = idea_lines(conference)
    acts = bool(can(request.user, Perm.ACT_FOR_ORGANISATION, conference.cycle.planning_unit))
    may_correct = acts and conference.is_published
    waiting = list(pending_corrections(conference)) if may_correct else []
    task = conference.process.task_set.filter(flow_task_type="HUMAN", finished__isnull=True).first()
    return render(
        request,
        "workflows/space_conference_detail.html",
        {
            "conference": conference,
            "cycle": conference.cycle,
            "lines": lines,
            "topics": [title_of(row) for row in conference.recommendations.prefetch_related(*TITLES)],
            "headcounts": headcounts_of(conference),
            "facilitates": facilitates,
            "may_manage": bool(can(request.user, Perm.MANAGE_CYCLE, conference.cycle)),
            "sees_cycle": bool(can(request.user, Perm.VIEW_CYCLE, conference.cycle)),
            "waiting_count": waiting_count(conference) if facilitates else 0,
            "is_open": is_open_at(conference),
            "token": link_of(conference).token,
            "entry_url": entry_url(link_of(conference).token),
            "task": task if task is not None and task.flow_task.verdict(request.user, task) else None,
            "has_answers": facilitates or conference.is_published,
            "may_answer": acts and conference.takes_answers,
            "may_correct": may_correct,
            "waiting_pks": {row.idea_id for row in waiting},
            "own_corrections": [row for row in waiting if row.given_by_id == request.user.pk],
            "export_links": export_links(request) if lines or facilitates else [],
        },
    )


def _export(conference: SpaceConference, fmt: Format, *, has_all: bool) -> HttpResponseBase:
    """Ideas as a file; those not shown only for who moderates."""
    states = EntryState.values if has_all else [EntryState.SHOWN]
    columns = [
        Column(_("Number"), "idea.number", Kind.NUMBER, places=0),
        Column(_("Recommendation"), "topic"),
        Column(_("Idea"), "idea.text"),
        Column(_("State"), "idea.get_state_display"),
        Column(_("Points"), "points", Kind.NUMBER, places=0),
        Column(_("Comments"), lambda row: " | ".join(comment.text for comment in row.comments)),
        Column(_("Answer"), lambda row: row.answer.get_kind_display() if row.answer else ""),
        Column(_("Measure, recommendation or addressee"), "destination"),
        Column(_("Words to those who had the idea"), lambda row: row.answer.text if row.answer else ""),
        Column(_("Corrected"), "corrected_on", Kind.DATE),
    ]
    lines: list[IdeaLine] = idea_lines(conference, states=states)
    if not has_all and not conference.is_published:
        # What is answered becomes known when it is released.
        columns = columns[:6]
    name = _("Ideas %(conference)s") % {"conference": conference}
    return table_response(name, columns, lines, fmt, [f"{conference.cycle.territory}, {conference}"])


@require_http_methods(_FORM_METHODS)
def conference_give_up_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Give an evening up, with a reason."""
    conference = _conference(request, pk)
    require(request.user, Perm.MANAGE_CYCLE, conference.cycle)
    if conference.is_over:
        raise Http404
    form = EveningReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            conference_give_up(conference, reason=form.cleaned_data["reason"], user=signed_in(request))
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(request, _("The evening has been given up."))
            return redirect("workflows:space-conference-detail", conference.pk)
    return render(
        request,
        "workflows/space_conference_give_up.html",
        {"conference": conference, "cycle": conference.cycle, "form": form},
        status=422 if request.method == "POST" else 200,
    )


@require_safe
def conference_record(request: HttpRequest, pk: int) -> HttpResponse:
    """The record of a closed evening as a paper, with the answers as far as they may be read."""
    conference = _conference(request, pk)
    if not conference.has_record:
        raise Http404
    has_answers = conference.is_published or may_facilitate(request.user, conference)
    data = space_record.collect(conference, has_answers=has_answers)
    content = space_record.render(data, language=language_of_papers())
    return pdf_response(space_record.file_name(conference), content)
