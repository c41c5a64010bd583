"""Planning's pages of the social report: chapters, their state and history, preview, withdrawal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from monitoring.models import Domain
from monitoring.selectors.figures import used_indicators
from project.common.errors import DomainError
from stakeholders.models import Organisation, OrganisationKind
from stakeholders.permissions import Perm, can, require, visible
from stakeholders.sessions import signed_in
from workflows.chapter_page import page_of_draft
from workflows.forms.social_report import ChapterEditForm, ChapterForm, ReasonForm, ReportFrameForm
from workflows.models import ChapterEdition, ChapterKind, ChapterRenewal, ReportChapter, SocialReport
from workflows.renewing import chapter_renew, renewal_give_up
from workflows.selectors.chapter_figures import draft_figures
from workflows.selectors.social_report import (
    chapter_lines,
    chapters_seen_by,
    given_up,
    history_of,
    reports_planned_by,
    reports_seen,
)
from workflows.services.social_report import (
    chapter_add,
    chapter_archive,
    chapter_change,
    chapter_move,
    edition_withdraw,
    public_address,
    report_begin,
    report_change,
)
from workflows.views.base import answer_domain_error

_FORM_METHODS = ["GET", "HEAD", "POST"]


@require_safe
def social_report_list(request: HttpRequest) -> HttpResponse:
    """Reports a person plans, and territories that have none yet; straight to the only one."""
    user = signed_in(request)
    reports = list(reports_planned_by(user))
    planned = visible(user, Perm.PLAN_TERRITORY, Organisation.objects.all())
    missing = list(planned.filter(social_report__isnull=True).order_by("name"))
    if len(reports) == 1 and not missing:
        return redirect("workflows:social-report-detail", reports[0].pk)
    return render(request, "workflows/social_report_list.html", {"reports": reports, "missing": missing})


def _report(request: HttpRequest, pk: int) -> SocialReport:
    """A report of a territory the person sees (404), and plans (403)."""
    report = get_object_or_404(reports_seen(request.user), pk=pk)
    require(request.user, Perm.PLAN_TERRITORY, report.territory)
    return report


def _chapter(request: HttpRequest, pk: int) -> ReportChapter:
    chapter = get_object_or_404(chapters_seen_by(request.user), pk=pk)
    require(request.user, Perm.PLAN_TERRITORY, chapter.report.territory)
    return chapter


@require_http_methods(_FORM_METHODS)
def social_report_create(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin the report of a territory."""
    seen = visible(request.user, Perm.VIEW_TERRITORY, Organisation.objects.all())
    territory = get_object_or_404(seen, pk=pk, territory_id=pk)
    require(request.user, Perm.PLAN_TERRITORY, territory)
    if SocialReport.objects.filter(territory=territory).exists():
        return redirect("workflows:social-report-detail", territory.social_report.pk)
    units = _units(territory)
    form = ReportFrameForm(
        request.POST or None,
        units=units,
        initial={
            "title": _("Social report %(territory)s") % {"territory": territory},
            "slug": public_address(str(territory)),
            "planning_unit": units[0] if units else None,
        },
    )

    def begin() -> str:
        report = report_begin(territory, user=signed_in(request), **form.cleaned_data)
        return reverse("workflows:social-report-detail", args=[report.pk])

    return _form_page(
        request,
        form,
        begin,
        template="workflows/social_report_form.html",
        context={"territory": territory},
        success=_("The report has been begun. Add its first chapter."),
    )


def _units(territory: Organisation) -> list[Organisation]:
    return list(
        Organisation.objects.filter(territory=territory, kind=OrganisationKind.PLANNING_UNIT).order_by("name")
    )


@require_http_methods(_FORM_METHODS)
def social_report_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change title and introduction."""
    report = _report(request, pk)
    form = ReportFrameForm(
        request.POST or None,
        units=_units(report.territory),
        report=report,
        initial={
            "title": report.title,
            "introduction": report.introduction,
            "planning_unit": report.planning_unit,
        },
    )

    def change() -> str:
        report_change(report, user=signed_in(request), **form.cleaned_data)
        return reverse("workflows:social-report-detail", args=[report.pk])

    return _form_page(
        request,
        form,
        change,
        template="workflows/social_report_form.html",
        context={"report": report, "territory": report.territory},
        success=_("Saved. The public pages show it at once."),
    )


def _form_page(
    request: HttpRequest,
    form: forms.Form,
    act: Callable[[], str],
    *,
    template: str,
    context: dict[str, Any],
    success: str | Promise,
) -> HttpResponse:
    """Show a form, or act and go on; what forbids it stands on the form."""
    if request.method == "POST" and form.is_valid():
        try:
            url = act()
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(request, str(success))
            return redirect(url)
    status = 422 if request.method == "POST" else 200
    return render(request, template, context | {"form": form}, status=status)


# --- chapters --------------------------------------------------------------------------------------


@require_safe
def social_report_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Chapters of a report: what is public since when, what is being renewed, where newer figures wait."""
    report = _report(request, pk)
    lines = chapter_lines(report)
    return render(
        request,
        "workflows/social_report_detail.html",
        {
            "report": report,
            "lines": lines,
            "archived": chapter_lines(report, is_archived=True),
            "has_public": any(line.edition is not None for line in lines),
            "waiting_count": sum(line.new_data_at is not None and line.renewal is None for line in lines),
        },
    )


@require_http_methods(_FORM_METHODS)
def chapter_create(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a chapter to a report."""
    report = _report(request, pk)
    used = used_indicators(report.territory).order_by().values("domain_id")
    form = ChapterForm(request.POST or None, domains=list(Domain.objects.filter(pk__in=used)))

    def add() -> str:
        chapter = chapter_add(report, user=signed_in(request), **form.cleaned_data)
        return reverse("workflows:chapter-detail", args=[chapter.pk])

    return _form_page(
        request,
        form,
        add,
        template="workflows/chapter_form.html",
        context={"report": report},
        success=_("The chapter has been added. Begin its first edition when you are ready."),
    )


@require_http_methods(_FORM_METHODS)
def chapter_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the title of a chapter and what it shows from the next edition on."""
    chapter = _chapter(request, pk)
    offered = (
        list(used_indicators(chapter.report.territory).filter(domain=chapter.domain_id))
        if chapter.kind == ChapterKind.DOMAIN
        else []
    )
    chosen = list(chapter.indicators.all())
    form = ChapterEditForm(
        request.POST or None,
        indicators=offered,
        initial={"title": chapter.title, "indicators": chosen},
    )

    def change() -> str:
        chapter_change(chapter, user=signed_in(request), **form.cleaned_data)
        return reverse("workflows:chapter-detail", args=[chapter.pk])

    return _form_page(
        request,
        form,
        change,
        template="workflows/chapter_form.html",
        context={"report": chapter.report, "chapter": chapter},
        success=_("Saved. It counts from the next edition on."),
    )


@require_POST
def chapter_move_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Move a chapter up or down in the contents."""
    chapter = _chapter(request, pk)
    try:
        chapter_move(chapter, is_up=request.POST.get("direction") == "up", user=signed_in(request))
    except DomainError as error:
        answer_domain_error(request, error)
    else:
        messages.success(request, _("The order of the chapters is saved."))
    return redirect(f"{reverse('workflows:social-report-detail', args=[chapter.report_id])}#k{chapter.pk}")


@require_safe
def chapter_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A chapter with its editions: who wrote and released them, what became of them."""
    chapter = _chapter(request, pk)
    line = next(
        row
        for row in chapter_lines(chapter.report, is_archived=chapter.is_archived)
        if row.chapter.pk == chapter.pk
    )
    return render(
        request,
        "workflows/chapter_detail.html",
        {
            "report": chapter.report,
            "chapter": chapter,
            "line": line,
            "history": history_of(chapter),
            "given_up": given_up(chapter),
            "may_withdraw": bool(can(request.user, Perm.LEAD_ORGANISATION, chapter.report.planning_unit)),
        },
    )


@require_POST
def chapter_renew_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin a new edition; the task lies with the planning unit then."""
    chapter = _chapter(request, pk)
    try:
        renewal = chapter_renew(chapter, user=signed_in(request))
    except DomainError as error:
        answer_domain_error(request, error)
        return redirect("workflows:chapter-detail", pk)
    task = renewal.process.task_set.get(flow_task_type="HUMAN", finished__isnull=True)
    messages.success(request, _("The draft is ready. Take the task to write the chapter."))
    return redirect("workflows:task", task.pk)


@require_http_methods(_FORM_METHODS)
def chapter_archive_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a chapter out of the report, with a reason."""
    chapter = _chapter(request, pk)
    form = ReasonForm(request.POST or None)

    def act() -> str:
        chapter_archive(chapter, reason=form.cleaned_data["reason"], user=signed_in(request))
        return reverse("workflows:social-report-detail", args=[chapter.report_id])

    return _form_page(
        request,
        form,
        act,
        template="workflows/chapter_reason.html",
        context={
            "report": chapter.report,
            "chapter": chapter,
            "heading": _("Take this chapter out of the report?"),
            "text": _(
                "It disappears from the contents. What was published of it stays readable under its address, "
                "with a note that it is no longer kept up."
            ),
            "label": _("Take out of the report"),
        },
        success=_("The chapter is no longer part of the report."),
    )


# --- renewals and editions -------------------------------------------------------------------------


def _renewal(request: HttpRequest, pk: int) -> ChapterRenewal:
    chapters = chapters_seen_by(request.user)
    renewal = get_object_or_404(
        ChapterRenewal.objects.filter(chapter__in=chapters.values("pk")).select_related(
            "chapter__report__territory", "chapter__report__planning_unit", "cycle"
        ),
        pk=pk,
    )
    require(request.user, Perm.PLAN_TERRITORY, renewal.chapter.report.territory)
    return renewal


@require_safe
def renewal_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """A chapter as the public would see it; once it is finished there is nothing to look forward to."""
    renewal = _renewal(request, pk)
    if not renewal.is_open:
        raise Http404
    return render(
        request,
        "workflows/renewal_preview.html",
        {
            "renewal": renewal,
            "chapter": renewal.chapter,
            "report": renewal.chapter.report,
            "page": page_of_draft(renewal, draft_figures(renewal)),
        },
    )


@require_http_methods(_FORM_METHODS)
def renewal_give_up_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the work on an edition up, with a reason."""
    renewal = _renewal(request, pk)
    if not renewal.is_open:
        raise Http404
    form = ReasonForm(request.POST or None)

    def act() -> str:
        renewal_give_up(renewal, reason=form.cleaned_data["reason"], user=signed_in(request))
        return reverse("workflows:chapter-detail", args=[renewal.chapter_id])

    return _form_page(
        request,
        form,
        act,
        template="workflows/chapter_reason.html",
        context={
            "report": renewal.chapter.report,
            "chapter": renewal.chapter,
            "heading": _("Give the work on this chapter up?"),
            "text": _("The open task is called off. What is published stays as it is."),
            "label": _("Give the work up"),
        },
        success=_("The work on this chapter has been given up."),
    )


@require_http_methods(_FORM_METHODS)
def edition_withdraw_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a published edition from the public, with a reason."""
    chapters = chapters_seen_by(request.user)
    edition = get_object_or_404(
        ChapterEdition.objects.filter(chapter__in=chapters.values("pk"))
        .select_related("chapter__report__territory", "chapter__report__planning_unit", "withdrawal")
        .defer("figures"),
        pk=pk,
    )
    report = edition.chapter.report
    require(request.user, Perm.LEAD_ORGANISATION, report.planning_unit)
    form = ReasonForm(request.POST or None)

    def act() -> str:
        edition_withdraw(edition, reason=form.cleaned_data["reason"], user=signed_in(request))
        return reverse("workflows:chapter-detail", args=[edition.chapter_id])

    return _form_page(
        request,
        form,
        act,
        template="workflows/chapter_reason.html",
        context={
            "report": report,
            "chapter": edition.chapter,
            "heading": _("Withdraw “%(edition)s”?") % {"edition": edition},
            "text": _(
                "Nobody without sign-in can read this edition any more; its address says on which day it was "
                "withdrawn. It stays in the history of the chapter. To replace it, publish a new edition."
            ),
            "label": _("Withdraw the edition"),
        },
        success=_("The edition has been withdrawn."),
    )
