"""Pages of target agreements: what holds, versions, reviews, wording, paper, and the list of a plan."""

from __future__ import annotations

import dataclasses
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from measures.models import Measure, MeasureStatus
from measures.selectors.numbering import by_number, number_key
from measures.selectors.portfolio import fields_of, measures_seen_by, plans_seen_by
from project.common.comparison import FieldChange
from project.common.errors import DomainError
from project.common.exports import Column, Kind, export_format, export_links, pdf_response, table_response
from project.common.formats import date_de, language_of_papers
from project.common.listing import order_of, page_of
from project.common.seen import SEEN, with_mark
from stakeholders.permissions import Perm, can, require
from stakeholders.sessions import signed_in
from workflows.engine import agreement_amend
from workflows.forms.agreements import AgreementFilterForm, AgreementForm, CompareAgreementsForm
from workflows.models import (
    AgreementDraft,
    AgreementReview,
    IssuedPaper,
    MeasureProcess,
    ReviewState,
    TargetAgreement,
)
from workflows.paper_page import page_blocks
from workflows.reports import agreement as report
from workflows.selectors.agreement_changes import agreement_changes, content_changes
from workflows.selectors.agreement_lists import AgreementLine, agreement_lines
from workflows.selectors.agreement_versions import (
    VersionLine,
    content_for,
    content_mark,
    content_of,
    in_force,
    parties_to_agree,
    version_lines,
)
from workflows.selectors.agreements import can_be_worded, is_under_way
from workflows.selectors.papers import papers_seen_by
from workflows.services.agreements import draft_drop, draft_save
from workflows.views.base import answer_domain_error
from workflows.views.papers import paper_file
from workflows.views.read_back import asked_first


def _measure(request: HttpRequest, pk: int) -> Measure:
    measure: Measure = get_object_or_404(measures_seen_by(request.user), pk=pk)
    return measure


def _chosen(lines: list[VersionLine], wanted: str) -> VersionLine | None:
    """The version asked for, else the latest; None where there is none.

    Raises:
        Http404: There is no such version.
    """
    if not wanted:
        return lines[0] if lines else None
    for line in lines:
        if str(line.agreement.version) == wanted:
            return line
    raise Http404("No such version.")


def _crumbs(request: HttpRequest, measure: Measure) -> dict[str, Any]:
    return {
        "measure": measure,
        "sees_plan": plans_seen_by(request.user).filter(pk=measure.plan_id).exists(),
    }


@require_safe
def agreement_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The agreement of a measure: a version, the answers to it, reviews, what can be done."""
    measure = _measure(request, pk)
    lines = version_lines(measure)
    line = _chosen(lines, request.GET.get("version", ""))
    may_edit = bool(can(request.user, Perm.EDIT_MEASURE, measure))
    is_open = can_be_worded(measure)
    draft = AgreementDraft.objects.filter(measure=measure).select_related("drafted_by").first()
    process = MeasureProcess.objects.filter(measure=measure).select_related("cycle").first()
    held = in_force(measure) if measure.status != MeasureStatus.PROPOSED else None
    may_manage = process is not None and bool(can(request.user, Perm.MANAGE_CYCLE, process.cycle))
    reviews = AgreementReview.objects.filter(agreement__measure=measure)
    return render(
        request,
        "workflows/agreement_detail.html",
        {
            **_crumbs(request, measure),
            "lines": lines,
            "line": line,
            "renamed": line is not None and line.agreement.measure_name != str(measure),
            "blocks": page_blocks(report.content(report.collect(line.agreement))) if line else [],
            "paper": _paper(request, line),
            "reviews": reviews.exclude(state=ReviewState.CALLED_OFF).select_related("agreement", "held_by"),
            "may_edit": may_edit and is_open,
            "draft": draft if may_edit else None,
            "drafted": _drafted(measure, held) if draft and may_edit and held is not None else [],
            "holds": held is not None,
            "may_ask": may_edit and is_open and held is not None and draft is not None and may_manage,
            "call_off": may_manage and is_under_way(measure),
            "seen": content_mark(content_for(measure)) if draft and may_edit else "",
        },
    )


def _drafted(measure: Measure, held: TargetAgreement) -> list[FieldChange]:
    """What the draft would change in the version in force; its reason stands above."""
    after = dataclasses.replace(content_for(measure), change_reason="")
    return content_changes(content_of(held), after, parties_to_agree(measure))


def _paper(request: HttpRequest, line: VersionLine | None) -> IssuedPaper | None:
    if line is None:
        return None
    return papers_seen_by(request.user).filter(agreement=line.agreement).first()


@require_http_methods(["GET", "HEAD", "POST"])
def agreement_edit_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Word the next version, prefilled from the measure; a change of one in force says why."""
    measure = _measure(request, pk)
    require(request.user, Perm.EDIT_MEASURE, measure)
    is_open = can_be_worded(measure)
    holds = measure.status != MeasureStatus.PROPOSED and in_force(measure) is not None
    is_post = request.method == "POST"
    parties = parties_to_agree(measure)
    form = AgreementForm(
        request.POST if is_post else None,
        content=content_for(measure),
        parties=parties,
        needs_reason=holds,
    )
    meanwhile: list[FieldChange] = []
    if is_post and form.is_valid():
        own = form.content
        try:
            draft_save(measure, content=own, user=signed_in(request), seen=form.cleaned_data[SEEN])
        except DomainError as error:
            if error.code == "changed_meanwhile":
                stored = content_for(measure)
                form.data = with_mark(request.POST, content_mark(stored))
                meanwhile = content_changes(stored, own, parties)
            form.add_error(None, str(error.message))
        else:
            messages.success(
                request, _("The draft has been saved. You cannot confirm it for a party yourself.")
            )
            return redirect("workflows:agreement-detail", measure.pk)
    closed = 409 if is_post else 200
    return render(
        request,
        "workflows/agreement_edit.html",
        {
            **_crumbs(request, measure),
            "form": form,
            "is_open": is_open,
            "holds": holds,
            "meanwhile": meanwhile,
            "draft": AgreementDraft.objects.filter(measure=measure).select_related("drafted_by").first(),
        },
        status=(422 if is_post else 200) if is_open else closed,
    )


@require_POST
def agreement_ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask all parties to confirm a change."""
    measure = _measure(request, pk)
    require(request.user, Perm.EDIT_MEASURE, measure)
    try:
        agreement_amend(measure, user=signed_in(request), seen=request.POST.get(SEEN, ""))
    except DomainError as error:
        answer_domain_error(request, error)
    else:
        messages.success(
            request, _("All parties are asked to confirm the change; until then the old version holds.")
        )
    return redirect("workflows:agreement-detail", measure.pk)


@require_POST
def agreement_drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw the draft away."""
    measure = _measure(request, pk)
    require(request.user, Perm.EDIT_MEASURE, measure)
    here = reverse("workflows:agreement-detail", args=[measure.pk])
    context = {
        "crumbs": [(here, _("Target agreement"))],
        "preline": measure.title,
        "heading": _("Throw the draft away"),
        "warning": _("Throw the draft away for good?"),
        "label": _("Throw it away"),
    }
    answer = asked_first(request, context, back=here)
    if answer is not None:
        return answer
    draft_drop(measure, user=signed_in(request))
    messages.success(request, _("The draft has been thrown away."))
    return redirect("workflows:agreement-detail", measure.pk)


@require_safe
def agreement_compare(request: HttpRequest, pk: int) -> HttpResponse:
    """Two versions of an agreement with what came and went."""
    measure = _measure(request, pk)
    versions = [line.agreement for line in version_lines(measure)]
    by_number = {str(row.version): row for row in versions}
    new = by_number.get(request.GET.get("new", "")) or (versions[0] if versions else None)
    old = by_number.get(request.GET.get("old", "")) or (versions[1] if len(versions) > 1 else None)
    if old is not None and old == new:  # a version is compared with the one before it, or after it
        place = versions.index(old)
        old = versions[place + 1] if place + 1 < len(versions) else None
        old, new = (old, new) if old is not None else (new, versions[max(place - 1, 0)])
    if old is not None and new is not None and old.version > new.version:
        old, new = new, old
    parts = agreement_changes(old, new) if old is not None and new is not None else []
    numbers = {"old": old.version, "new": new.version} if old is not None and new is not None else {}
    return render(
        request,
        "workflows/agreement_compare.html",
        {
            **_crumbs(request, measure),
            "form": CompareAgreementsForm(numbers, versions=versions),
            "old": old,
            "new": new,
            "changed": [part for part in parts if part.is_changed],
            "unchanged": [part for part in parts if not part.is_changed],
        },
    )


@require_safe
def agreement_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """A version as a file: the paper that was issued; until all have confirmed a draft, marked as one."""
    measure = _measure(request, pk)
    line = _chosen(version_lines(measure), request.GET.get("version", ""))
    if line is None:
        raise Http404("No agreement yet.")
    paper = _paper(request, line)
    if paper is not None:  # what was confirmed stays, whatever the measure is called by now
        return paper_file(request, paper.pk)
    content = report.render(report.collect(line.agreement), language=language_of_papers())
    return pdf_response(report.file_name(line.agreement), content)


_ORDERS = {
    "number": lambda line: number_key(line.measure),
    "title": lambda line: line.measure.title.casefold(),
    "responsible": lambda line: line.measure.responsible.label.casefold(),
    "state": lambda line: str(line.state),
    "review": lambda line: str(line.review.due_on) if line.review else "9999",
}


@require_safe
def agreement_list(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Agreements of a plan with their state and the review that comes next."""
    plan = get_object_or_404(plans_seen_by(request.user), pk=pk)
    form = AgreementFilterForm(request.GET, fields_of_action=fields_of(plan))
    order = order_of(request, dict.fromkeys(_ORDERS, ()), "number")
    today = timezone.localdate()
    measures = measures_seen_by(request.user).filter(plan=plan).select_related("parent__field")
    lines = agreement_lines(measures.order_by(*by_number()), form.wanted(), today=today)
    lines.sort(key=_ORDERS[order.key], reverse=order.is_falling)
    wanted = export_format(request)
    if wanted is not None:
        source = [plan.title, date_de(today)]
        return table_response(_("Target agreements"), _columns(), lines, wanted, source)
    return render(
        request,
        "workflows/agreement_list.html",
        {
            "plan": plan,
            "form": form,
            "order": order,
            "today": today,
            "page_obj": page_of(request, lines),
            "links": export_links(request),
            "is_filtered": any(request.GET.get(name) for name in ("q", "state", "field", "due")),
        },
    )


def _columns() -> list[Column]:
    def review(line: AgreementLine) -> Any:
        return line.review.due_on if line.review else None

    return [
        Column(_("Number"), "measure.number"),
        Column(_("Measure"), "measure.title"),
        Column(_("Responsible"), "measure.responsible.name"),
        Column(_("State"), "badge.text"),
        Column(_("Version of the text"), "version", Kind.NUMBER),
        Column(_("Answers missing"), "open_count", Kind.NUMBER),
        Column(_("Next review"), review, Kind.DATE),
    ]
