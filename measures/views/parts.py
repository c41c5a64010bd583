"""Pages of what belongs to a measure: documents and milestones."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from measures.models import MeasureFile, Milestone
from measures.selectors.portfolio import measures_seen_by, plans_seen_by
from measures.services.files import may_keep_files, measure_file_add, measure_file_remove
from measures.services.parts import may_tell_milestones, milestone_mark, milestone_tell
from project.common.attachments import attachment_response
from project.common.errors import DomainError
from project.common.seen import SEEN, with_mark
from project.forms import AttachmentForm, needed_if
from stakeholders.sessions import signed_in


@require_http_methods(["GET", "HEAD", "POST"])
def measure_files(request: HttpRequest, pk: int) -> HttpResponse:
    """The documents of a measure, and adding one."""
    measure = get_object_or_404(measures_seen_by(request.user), pk=pk)
    may_keep = may_keep_files(signed_in(request), measure)
    if request.method == "POST" and not may_keep:
        raise PermissionDenied(
            str(_("Only the social planning unit and the responsible organisation add documents."))
        )
    form = AttachmentForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            row = measure_file_add(measure, upload=data["file"], title=data["title"], user=signed_in(request))
        except DomainError as error:
            form.add_error("file", str(error.message))
        else:
            messages.success(request, _("“%(title)s” is with the measure now.") % {"title": row.title})
            return redirect("measures:measure-files", measure.pk)
    context = {
        "measure": measure,
        "form": form,
        "files": measure.files.filter(removed_at__isnull=True).select_related("uploaded_by"),
        "may_keep": may_keep,
        "sees_plan": plans_seen_by(request.user).filter(pk=measure.plan_id).exists(),
    }
    return render(
        request, "measures/measure_files.html", context, status=422 if request.method == "POST" else 200
    )


def _file(request: HttpRequest, pk: int) -> MeasureFile:
    """A standing document of a measure the person sees."""
    rows = MeasureFile.objects.filter(removed_at__isnull=True).select_related(
        "measure__plan__territory", "measure__responsible"
    )
    return get_object_or_404(rows, pk=pk, measure__in=measures_seen_by(request.user).values("pk"))


@require_safe
def measure_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A document of a measure, to be saved."""
    return attachment_response(_file(request, pk))


@require_POST
def measure_file_take_away(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a document away from its measure."""
    row = _file(request, pk)
    try:
        measure_file_remove(row, user=signed_in(request))
    except DomainError as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("The document has been taken away."))
    return redirect("measures:measure-files", row.measure_id)


class MilestoneTellForm(forms.Form):
    """Whether a milestone was reached, or for when it is planned now."""

    reached_on = forms.DateField(
        label=gettext_lazy("Reached on"),
        required=False,
        help_text=gettext_lazy("Left empty as long as it is not reached."),
    )
    due_on = forms.DateField(label=gettext_lazy("Planned for"))
    note = needed_if(
        forms.CharField(label=gettext_lazy("Note"), max_length=300, required=False),
        gettext_lazy("needed for a later day"),
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean_reached_on(self) -> datetime.date | None:
        """What is still to come was not reached."""
        day: datetime.date | None = self.cleaned_data["reached_on"]
        if day is not None and day > timezone.localdate():
            raise ValidationError(_("A milestone cannot have been reached in the future."), code="future")
        return day


@require_http_methods(["GET", "HEAD", "POST"])
def milestone_tell_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Tell that a milestone was reached, or when it will be."""
    seen = measures_seen_by(request.user).values("pk")
    rows = Milestone.objects.select_related(
        "measure__plan__territory", "measure__responsible", "measure__field", "measure__parent__field"
    )
    milestone = get_object_or_404(rows, pk=pk, measure__in=seen)
    measure = milestone.measure
    if not may_tell_milestones(signed_in(request), measure):
        raise PermissionDenied(
            str(_("Milestones are told by the responsible organisation while the measure is under way."))
        )
    initial: dict[str, Any] = {name: getattr(milestone, name) for name in ("reached_on", "due_on", "note")}
    initial[SEEN] = milestone_mark(milestone)
    form = MilestoneTellForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            milestone_tell(milestone, user=signed_in(request), **form.cleaned_data)
        except DomainError as error:
            if error.code == "changed_meanwhile":
                form.data = with_mark(request.POST, milestone_mark(milestone))
            form.add_error("note" if error.code == "note_missing" else None, str(error.message))
        else:
            messages.success(request, _("The milestone has been told."))
            return redirect("measures:measure-detail", measure.pk)
    context = {
        "measure": measure,
        "milestone": milestone,
        "form": form,
        "sees_plan": plans_seen_by(request.user).filter(pk=measure.plan_id).exists(),
    }
    return render(
        request, "measures/milestone_tell.html", context, status=422 if request.method == "POST" else 200
    )
