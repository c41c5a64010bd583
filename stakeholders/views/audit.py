"""The page of the audit log."""

from __future__ import annotations

import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from project.common.exports import Column, Kind, export_format, export_links, table_response
from project.common.keys import key_or_none
from project.common.listing import order_of, page_of
from stakeholders.audit_labels import action_label, detail_lines
from stakeholders.forms.audit import LogFilterForm
from stakeholders.models import LogEntry
from stakeholders.selectors import audit_actions, audit_entries, audit_territories
from stakeholders.selectors.audit import DEMO_SIGN_IN, audit_pages
from stakeholders.views.common import tabs

_ORDERS = {"at": ["at"], "action": ["action", "at"], "thing": ["object_label", "at"]}


@require_safe
def audit_log(request: HttpRequest) -> HttpResponseBase:
    """Who did what to which thing when, in the territories whose log the person may read."""
    territories = audit_territories(request.user).order_by("name")
    if not territories.exists():
        raise PermissionDenied(str(_("Your function does not include reading the log.")))
    actions = sorted(
        ((code, action_label(code)) for code in audit_actions(request.user)), key=lambda pair: pair[1]
    )
    form = LogFilterForm(request.GET, territories=territories, actions=actions)
    form.is_valid()
    order = order_of(request, _ORDERS, "-at")
    entries = _filtered(audit_entries(request.user), form.cleaned_data).order_by(*order.by)
    about = request.GET.get("about", "")
    if about:
        entries = _about(entries, about)
    elif not form.cleaned_data.get("sign_ins") and form.cleaned_data.get("action") != DEMO_SIGN_IN:
        # Looking round in the demo is no act on a thing; it would fill the first page.
        entries = entries.exclude(action=DEMO_SIGN_IN)
    wanted = export_format(request)
    if wanted is not None:
        lines = [", ".join(territory.name for territory in territories)]
        return table_response(_("Log"), _columns(), entries.iterator(chunk_size=2000), wanted, lines)
    page = page_of(request, entries)
    pages = audit_pages(request.user, list(page))
    rows = [
        (entry, action_label(entry.action), detail_lines(entry), pages.get(entry.pk, "")) for entry in page
    ]
    return render(
        request,
        "stakeholders/audit_log.html",
        {
            "tabs": tabs(request, "audit-log"),
            "filter_form": form,
            "is_filtered": about or any(form.cleaned_data.values()),
            "hidden": {"about": about} if about else {},
            "order": order,
            "page_obj": page,
            "rows": rows,
            "links": export_links(request),
            "has_several": len(territories) > 1,
        },
    )


def _filtered(entries: QuerySet[LogEntry], wanted: dict[str, Any]) -> QuerySet[LogEntry]:
    if wanted.get("q"):
        entries = entries.filter(object_label__icontains=wanted["q"])
    if wanted.get("action"):
        entries = entries.filter(action=wanted["action"])
    if wanted.get("territory"):
        entries = entries.filter(territory=wanted["territory"])
    if wanted.get("since"):
        entries = entries.filter(at__gte=_midnight(wanted["since"]))
    if wanted.get("until"):
        entries = entries.filter(at__lt=_midnight(wanted["until"] + datetime.timedelta(days=1)))
    return entries


def _midnight(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time()))


def _about(entries: QuerySet[LogEntry], about: str) -> QuerySet[LogEntry]:
    """Entries of one thing, ``organisation-12``; of nothing if the address makes no sense."""
    model, _dash, text = about.partition("-")
    pk = key_or_none(text)
    if pk is None:
        return entries.none()
    return entries.filter(content_type__model=model, object_id=pk)


def _columns() -> list[Column]:
    return [
        Column(_("When"), "at", Kind.DATETIME),
        Column(_("What happened"), lambda row: action_label(row.action)),
        Column(_("Thing"), "object_label"),
        Column(_("Details"), lambda row: "; ".join(detail_lines(row))),
        Column(_("Person"), lambda row: str(row.user) if row.user else _("the system")),
        Column(_("Territory"), "territory.name"),
    ]
