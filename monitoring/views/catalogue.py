"""The catalogue as a file: export, import with a preview, the sets that come with the product."""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from monitoring.catalogue import CatalogueFile, CatalogueRefused, read_catalogue, write_catalogue
from monitoring.catalogue.ready import READY_SETS, ready_content, ready_sets
from monitoring.forms_catalogue import CatalogueUploadForm, ChangeReasonForm, ExistingForm
from monitoring.models import FileImport, ImportKind, Indicator, IndicatorSet, IndicatorSetEntry
from monitoring.selectors.catalogue import catalogue_entries, catalogue_territory, indicators_used_elsewhere
from monitoring.selectors.catalogue_plan import Existing, State, catalogue_plan
from monitoring.services.catalogue import catalogue_take_over
from monitoring.services.imports import file_import_begin, file_import_content
from monitoring.services.readings import upload_take
from project.common.errors import DomainError
from stakeholders.models import Organisation, User

_SHOWN = 200


def managed_territory(request: HttpRequest) -> tuple[Organisation, User]:
    """For which territory the person changes the catalogue, and who it is; 403 for who may not."""
    territory = catalogue_territory(request.user)
    if territory is None or not isinstance(request.user, User):
        raise PermissionDenied(_("Social planning and administration change the catalogue."))
    return territory, request.user


@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    """Ready sets, sets of the installation, export; for who may, import."""
    present = {row.key: row for row in IndicatorSet.objects.all()}
    members: dict[str, list[str]] = {}
    for set_key, key in IndicatorSetEntry.objects.values_list("indicator_set__key", "indicator__key"):
        members.setdefault(set_key, []).append(key)
    return render(
        request,
        "monitoring/catalogue.html",
        {
            "ready": [(row, row.key in present) for row in ready_sets()],
            "own": [(row, len(members.get(key, []))) for key, row in present.items()],
            "may_edit": catalogue_territory(request.user) is not None,
            "is_english": request.LANGUAGE_CODE.startswith("en"),
        },
    )


@require_safe
def catalogue_export(request: HttpRequest) -> HttpResponse:
    """The catalogue, or one set of it, as a file that others can take over."""
    key = request.GET.get("set", "")
    keys: list[str] | None = None
    name = _("catalogue-of-indicators")
    if key:
        found = get_object_or_404(IndicatorSet, key=key)
        keys = list(found.entries.values_list("indicator__key", flat=True))
        name = found.key
    content = write_catalogue(catalogue_entries(keys))
    response = HttpResponse(content, content_type="application/json; charset=utf-8")
    file_name = f"{name}-{timezone.localdate():%Y-%m-%d}.json"
    response.headers["Content-Disposition"] = content_disposition_header(True, file_name) or "attachment"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def catalogue_import(request: HttpRequest) -> HttpResponse:
    """Takes a file in for its preview."""
    territory, user = managed_territory(request)
    form = CatalogueUploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        taken = upload_take(form.cleaned_data["file"])
        try:
            read_catalogue(taken.content)
        except CatalogueRefused as refused:
            form.add_error("file", str(refused.message))
        else:
            row = file_import_begin(kind=ImportKind.CATALOGUE, taken=taken, territory=territory, user=user)
            return redirect("monitoring:catalogue-preview", row.pk)
    return render(
        request, "monitoring/catalogue_import.html", {"form": form}, status=422 if form.errors else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
def catalogue_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """What a file would change, then takes it over."""
    territory, user = managed_territory(request)
    row = get_object_or_404(
        FileImport, pk=pk, kind=ImportKind.CATALOGUE, created_by=user, applied_at__isnull=True
    )
    file = read_catalogue(file_import_content(row))
    shared = Indicator.objects.filter(
        key__in=file.entries["indicators"], pk__in=indicators_used_elsewhere(user)
    )
    return _preview(
        request,
        file,
        origin={"file": row.file_name, "sha256": row.sha256},
        territory=territory,
        user=user,
        imported=row,
        context={"title": row.file_name, "back_url": reverse("monitoring:catalogue-import")},
        # What others' figures rest on stays, unless somebody says otherwise.
        default=Existing.KEEP if shared.exists() else Existing.UPDATE,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def ready_set(request: HttpRequest, key: str) -> HttpResponse:
    """What a set that comes with the product would change, then takes it over."""
    territory, user = managed_territory(request)
    if key not in READY_SETS:
        raise Http404("No such set.")
    content = ready_content(key)
    found = next(row for row in ready_sets() if row.key == key)
    return _preview(
        request,
        read_catalogue(content),
        origin={"file": f"{key}.json", "sha256": hashlib.sha256(content).hexdigest()},
        territory=territory,
        user=user,
        imported=None,
        context={
            "title": found.name_en if request.LANGUAGE_CODE.startswith("en") else found.name_de,
            "lead": found.description,
            "source": found.source,
            "back_url": reverse("monitoring:catalogue"),
        },
        default=Existing.KEEP,
    )


def _preview(
    request: HttpRequest,
    file: CatalogueFile,
    *,
    origin: dict[str, str],
    territory: Organisation,
    user: User,
    imported: FileImport | None,
    context: dict[str, Any],
    default: Existing,
) -> HttpResponse:
    """The page of a comparison, and the act behind its button."""
    sent = request.POST if request.method == "POST" else request.GET
    form = ExistingForm(sent if "existing" in sent else {"existing": default.value})
    if not form.is_valid():
        form = ExistingForm({"existing": default.value})
        form.is_valid()
    existing = Existing(form.cleaned_data["existing"])
    plan = catalogue_plan(file, existing=existing, user=user)
    reason = ChangeReasonForm(request.POST or None)
    is_complete = not plan.changed or reason.is_valid()
    status = 200 if is_complete or request.method != "POST" else 422
    if request.method == "POST" and is_complete:
        try:
            catalogue_take_over(
                file=file,
                existing=existing,
                origin=origin,
                territory=territory,
                user=user,
                reason=reason.cleaned_data["reason"] if plan.changed else "",
                seen=request.POST.get("seen", ""),
                imported=imported,
            )
        except DomainError as error:
            messages.error(request, str(error.message))
            status = 422
        else:
            messages.success(request, _("The catalogue has been taken over."))
            return redirect("monitoring:catalogue")
        plan = catalogue_plan(file, existing=existing, user=user)
    changes = [row for row in plan.changes if row.state is not State.UNCHANGED]
    order = list(State)
    changes.sort(key=lambda row: order.index(row.state))
    return render(
        request,
        "monitoring/catalogue_preview.html",
        {
            "form": form,
            "plan": plan,
            "reason_form": reason,
            "changes": changes[:_SHOWN],
            "more": max(0, len(changes) - _SHOWN),
            "problems": plan.problems[:_SHOWN],
            "existing": existing.value,
            **context,
        },
        status=status,
    )
