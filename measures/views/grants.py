"""Pages of funding programmes with their calls, and of grant notices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from measures import esf
from measures.forms.filters import ProgrammeFilterForm
from measures.forms.grants import CallForm, EntryForm, NoticeEditor, ProgrammeForm
from measures.forms.projects import PartiesForm
from measures.models import (
    CostKind,
    FinanceKind,
    FundedProject,
    GrantNotice,
    MoneySource,
    Programme,
    ProgrammeCall,
)
from measures.money import LineChange, PlanTable, TableRow, percent_of
from measures.selectors.amendments import amendments_seen_by
from measures.selectors.grants import (
    PROGRAMME_SORTS,
    NoticeView,
    advisers_of,
    calls_of,
    latest_notice,
    lines_of,
    money_by_year,
    notice_view,
    own_funders,
    programmes_seen_by,
    programmes_with,
    with_counts,
)
from measures.selectors.operations import funders_seen_by
from measures.selectors.projects import projects_seen_by
from measures.services.grants import notice_record
from measures.services.programmes import (
    CallFields,
    ProgrammeFields,
    call_save,
    entry_mark,
    programme_change,
    programme_create,
)
from measures.services.projects import project_parties_set
from project.common.errors import DomainError
from project.common.exports import Column, Kind, export_format, export_links, table_response
from project.common.formats import date_de
from project.common.listing import order_of, page_of
from project.common.seen import with_mark
from stakeholders.models import Organisation, OrganisationKind
from stakeholders.permissions import Perm, can, require, visible
from stakeholders.sessions import signed_in

#: Address and name of a page above.
Crumb = tuple[str, str]


def kind_label(row: TableRow | LineChange) -> str:
    """Kind of cost or source of money in words, with what the line is for."""
    kinds = CostKind if row.side == FinanceKind.COST else MoneySource
    label = str(kinds(row.kind).label)
    return f"{label}: {row.title}" if row.title else label


def _told(rows: Sequence[TableRow], sums: Sequence[Decimal]) -> list[tuple[str, TableRow, Decimal | None]]:
    """Lines with their words and their share of the side."""
    return [(kind_label(row), row, percent_of(row.total, sums[-1])) for row in rows]


def sides_of(table: PlanTable) -> list[tuple[str, Any, tuple[Decimal, ...]]]:
    """Both sides of a plan for ``_notice_plan.html``: heading, lines, sums."""
    return [
        (_("Expenditure"), _told(table.cost, table.cost_sums), table.cost_sums),
        (_("Financing"), _told(table.funding, table.funding_sums), table.funding_sums),
    ]


def notice_context(view: NoticeView) -> dict[str, Any]:
    """A notice for ``_notice.html``: plan, duties and changes with their words."""
    return {
        "view": view,
        "sides": sides_of(view.table),
        "changes": [(kind_label(row), row) for row in view.changes],
        "today": timezone.localdate(),
    }


# --- programmes --------------------------------------------------------------------------------------


@require_safe
def programme_list(request: HttpRequest) -> HttpResponseBase:
    """Programmes the person may see."""
    form = ProgrammeFilterForm(request.GET)
    order = order_of(request, PROGRAMME_SORTS, "title")
    rows = programmes_with(programmes_seen_by(request.user), form.wanted())
    rows = with_counts(rows, request.user).order_by(*order.by)
    wanted = export_format(request)
    if wanted is not None:
        columns = [
            Column(_("Funding programme"), "title"),
            Column(_("Funder"), "funder.name"),
            Column(_("Calls"), "call_count", Kind.NUMBER),
            Column(_("Projects"), "project_count", Kind.NUMBER),
        ]
        source = [_("As of %(day)s") % {"day": date_de(timezone.localdate())}]
        return table_response(_("Funding programmes"), columns, rows, wanted, source)
    context = {
        "form": form,
        "order": order,
        "page_obj": page_of(request, rows),
        "funders": own_funders(request.user),
        "links": export_links(request),
        "is_filtered": bool(request.GET.get("q")),
        "operation_funders": funders_seen_by(request.user).order_by("name"),
    }
    return render(request, "measures/programme_list.html", context)


@require_safe
def programme_detail(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A programme: what it is, its calls, what it granted to projects the person sees."""
    programme = get_object_or_404(programmes_seen_by(request.user), pk=pk)
    money = money_by_year(programme, request.user)
    wanted = export_format(request)
    if wanted is not None:
        columns = [
            Column(_("Year"), "year"),
            Column(_("Granted (euros)"), "granted", Kind.NUMBER, places=2),
            Column(_("Projects"), "project_count", Kind.NUMBER),
        ]
        source = [_("As of %(day)s") % {"day": date_de(timezone.localdate())}]
        return table_response(programme.title, columns, money, wanted, source)
    calls = [
        (
            call,
            [str(CostKind(kind).label) for kind in call.cost_kinds],
            [(code, esf.INDICATORS[code]) for code in call.indicators],
        )
        for call in calls_of(programme)
    ]
    projects = projects_seen_by(request.user).filter(programme=programme).order_by("title")
    context = {
        "programme": programme,
        "calls": calls,
        "money": money,
        "money_sum": sum(row.granted for row in money),
        "page_obj": page_of(request, projects),
        "may_edit": bool(can(request.user, Perm.MANAGE_PROGRAMME, programme)),
        "advisers": advisers_of(programme),
        "may_report": bool(can(request.user, Perm.VIEW_ORGANISATION, programme.funder)),
        "links": export_links(request),
    }
    return render(request, "measures/programme_detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def programme_create_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Record a programme of one's funder."""
    rows = visible(
        request.user, Perm.VIEW_ORGANISATION, Organisation.objects.filter(kind=OrganisationKind.FUNDER)
    )
    organisation = get_object_or_404(rows, pk=pk)
    require(request.user, Perm.ACT_FOR_ORGANISATION, organisation)
    form = ProgrammeForm(_sent(request), initial=ProgrammeForm.initial_of(None, ProgrammeFields(title="")))
    if request.method == "POST" and form.is_valid():
        try:
            row = programme_create(funder=organisation, fields=form.fields_given, user=signed_in(request))
        except DomainError as error:
            _refuse(request, form, error, None)
        else:
            messages.success(request, _("The programme has been recorded."))
            return redirect("measures:programme-detail", row.pk)
    heading = _("Record a programme")
    return _form_page(request, form, heading, organisation.name, [_programmes_crumb()])


@require_http_methods(["GET", "HEAD", "POST"])
def programme_edit_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what a programme is."""
    programme = get_object_or_404(programmes_seen_by(request.user), pk=pk)
    require(request.user, Perm.MANAGE_PROGRAMME, programme)
    form = ProgrammeForm(_sent(request), initial=ProgrammeForm.initial_of(programme, None))
    if request.method == "POST" and form.is_valid():
        try:
            programme_change(programme, fields=form.fields_given, user=signed_in(request), seen=form.mark)
        except DomainError as error:
            _refuse(request, form, error, programme)
        else:
            messages.success(request, _("The programme has been changed."))
            return redirect("measures:programme-detail", programme.pk)
    heading = _("Change the programme")
    return _form_page(request, form, heading, programme.funder.name, _programme_crumbs(programme))


@require_http_methods(["GET", "HEAD", "POST"])
def call_create_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Record a call of a programme."""
    programme = get_object_or_404(programmes_seen_by(request.user), pk=pk)
    return _call_page(request, programme, None)


@require_http_methods(["GET", "HEAD", "POST"])
def call_edit_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a call."""
    rows = ProgrammeCall.objects.filter(programme__in=programmes_seen_by(request.user).values("pk"))
    call = get_object_or_404(rows.select_related("programme__funder"), pk=pk)
    return _call_page(request, call.programme, call)


def _call_page(request: HttpRequest, programme: Programme, call: ProgrammeCall | None) -> HttpResponse:
    require(request.user, Perm.MANAGE_PROGRAMME, programme)
    empty = CallFields(year=timezone.localdate().year)
    form = CallForm(_sent(request), initial=CallForm.initial_of(call, empty))
    if request.method == "POST" and form.is_valid():
        try:
            call_save(programme, fields=form.fields_given, user=signed_in(request), call=call, seen=form.mark)
        except DomainError as error:
            _refuse(request, form, error, call)
        else:
            messages.success(request, _("The call has been saved."))
            return redirect("measures:programme-detail", programme.pk)
    heading = _("Change the call") if call else _("Record a call")
    return _form_page(request, form, heading, programme.title, _programme_crumbs(programme))


#: Codes that belong to an entry of a form.
_ENTRY_OF = {"programme_exists": "title", "call_exists": "year"}


def _refuse(
    request: HttpRequest, form: EntryForm, error: DomainError, row: Programme | ProgrammeCall | None
) -> None:
    """Show what forbids it; what somebody changed meanwhile is replaced by sending once more."""
    form.add_error(_ENTRY_OF.get(error.code), str(error.message))
    if error.code == "changed_meanwhile" and row is not None:
        row.refresh_from_db()
        form.data = with_mark(request.POST, entry_mark(row, form.kind))


def _sent(request: HttpRequest) -> QueryDict | None:
    """What was sent, even if that is nothing at all."""
    return request.POST if request.method == "POST" else None


def _programmes_crumb() -> Crumb:
    return reverse("measures:programme-list"), _("Funding programmes")


def _programme_crumbs(programme: Programme) -> list[Crumb]:
    return [_programmes_crumb(), (reverse("measures:programme-detail", args=[programme.pk]), programme.title)]


def _form_page(
    request: HttpRequest, form: Form, heading: str, preline: str, crumbs: Sequence[Crumb]
) -> HttpResponse:
    """A form; who does not save goes back to where the last crumb leads."""
    context = {"form": form, "heading": heading, "preline": preline, "crumbs": crumbs, "back": crumbs[-1][0]}
    status = 422 if request.method == "POST" else 200
    return render(request, "measures/funding_form.html", context, status=status)


# --- notices and parties -----------------------------------------------------------------------------


def _project(request: HttpRequest, pk: int) -> FundedProject:
    rows = projects_seen_by(request.user).select_related("measure__plan__territory", "programme")
    return get_object_or_404(rows, pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
def notice_create_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Record a grant notice, or the one that amends the last."""
    project = _project(request, pk)
    require(request.user, Perm.EDIT_PROJECT, project)
    latest = latest_notice(project)
    data = _sent(request)
    editor = NoticeEditor(
        project,
        latest=latest,
        lines=lines_of(latest) if latest else (),
        duties=latest.duties.order_by("due_on", "pk") if latest else (),
        data=data,
    )
    if data is not None and editor.is_valid():
        try:
            notice = notice_record(project, fields=editor.fields, user=signed_in(request), seen=editor.seen)
        except DomainError as error:
            editor.refuse(error)
        else:
            messages.success(request, _("The grant notice has been recorded; all parties see it now."))
            return redirect("measures:notice-detail", notice.pk)
    is_refused = data is not None and not editor.is_sketch
    open_request = amendments_seen_by(request.user).filter(project=project, ended_at__isnull=True).first()
    context = {"project": project, "editor": editor, "latest": latest, "open_request": open_request}
    return render(request, "measures/notice_form.html", context, status=422 if is_refused else 200)


@require_safe
def notice_detail(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A notice as it was recorded, and what it changed."""
    rows = GrantNotice.objects.filter(project__in=projects_seen_by(request.user).values("pk"))
    notice = get_object_or_404(rows.select_related("project__programme", "call", "recorded_by"), pk=pk)
    view = notice_view(notice)
    wanted = export_format(request)
    if wanted is not None:
        return plan_file(view.table, f"{notice.reference}, {date_de(notice.issued_on)}", wanted)
    context = {
        "project": notice.project,
        "notice": notice,
        "amendment": amendments_seen_by(request.user).filter(notice=notice).first(),
        "links": export_links(request),
    }
    return render(request, "measures/notice_detail.html", context | notice_context(view))


def _amount_in(place: int) -> Callable[[TableRow], Decimal | None]:
    return lambda row: row.amounts[place]


def plan_file(table: PlanTable, source: str, wanted: Any) -> HttpResponseBase:
    """A plan by line and year as a file."""
    columns = [
        Column(_("Side"), lambda row: _("Expenditure") if row.side == FinanceKind.COST else _("Financing")),
        Column(_("Cost or source"), kind_label),
        *(
            Column(str(year), _amount_in(place), Kind.NUMBER, places=2)
            for place, year in enumerate(table.years)
        ),
        Column(_("Total"), "total", Kind.NUMBER, places=2),
    ]
    return table_response(_("Financing plan"), columns, [*table.cost, *table.funding], wanted, [source])


@require_http_methods(["GET", "HEAD", "POST"])
def project_parties_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Partners, areas and further measures of a project."""
    project = _project(request, pk)
    require(request.user, Perm.EDIT_MEASURE, project.measure)
    form = PartiesForm(_sent(request), project=project)
    if request.method == "POST" and form.is_valid():
        try:
            project_parties_set(project, user=signed_in(request), **form.values)
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(request, _("Saved; the partners see the project now."))
            return redirect("measures:project-detail", project.pk)
    crumbs = [
        (reverse("measures:project-list"), _("Funded projects")),
        (reverse("measures:project-detail", args=[project.pk]), project.title),
    ]
    return _form_page(request, form, _("Partners and areas"), project.title, crumbs)
