"""Pages of organisations: the tree, one with its people, adding and changing."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from project.common.exports import Column, Kind, export_format, export_links, table_response
from project.common.listing import order_of, page_of
from stakeholders.forms.organisations import (
    EndForm,
    MembershipForm,
    OrganisationFilterForm,
    OrganisationForm,
)
from stakeholders.models import Membership, Organisation
from stakeholders.permissions import Perm, can, require, territories_where
from stakeholders.selectors import (
    OrganisationRow,
    administered_scopes,
    organisation_members,
    organisation_rows,
    organisation_seats,
    visible_organisations,
)
from stakeholders.selectors.organisations import MEMBER_ORDER
from stakeholders.services import (
    membership_end,
    membership_start,
    organisation_create,
    organisation_update,
)
from stakeholders.sessions import signed_in
from stakeholders.views.common import administered, done, form_page, tabs

#: The list is a tree and is sorted here, not by the database.
_ORDERS: dict[str, list[str]] = {"tree": [], "name": [], "kind": [], "members": []}


def _sort(rows: list[OrganisationRow], key: str, *, is_falling: bool) -> None:
    """Sort lines that stand in the order of the tree."""
    match key:
        case "name":
            rows.sort(key=lambda row: row.organisation.name.casefold(), reverse=is_falling)
        case "kind":
            rows.sort(key=lambda row: str(row.organisation.get_kind_display()), reverse=is_falling)
        case "members":
            rows.sort(key=lambda row: row.member_count, reverse=is_falling)
        case _ if is_falling:
            rows.reverse()


@require_safe
def organisation_list(request: HttpRequest) -> HttpResponseBase:
    """Organisations a person may look up, as a tree."""
    seen = visible_organisations(request.user)
    # Every organisation above others of a person's view, to tell several territories apart.
    territories = Organisation.objects.filter(pk__in=seen.values("territory")).order_by("name")
    form = OrganisationFilterForm(request.GET, territories=territories)
    form.is_valid()
    rows = organisation_rows(_filtered(seen, form.cleaned_data))
    order = order_of(request, _ORDERS, "tree")
    _sort(rows, order.key, is_falling=order.is_falling)
    wanted = export_format(request)
    if wanted is not None:
        return table_response(_("Organisations"), _columns(), rows, wanted)
    return render(
        request,
        "stakeholders/organisation_list.html",
        {
            "tabs": tabs(request, "organisation-list"),
            "filter_form": form,
            "is_filtered": any(form.cleaned_data.values()),
            "is_tree": order.key == "tree" and not order.is_falling,
            "order": order,
            "page_obj": page_of(request, rows),
            "links": export_links(request),
            "may_add": any(scope.is_territory for scope in administered_scopes(request.user)),
        },
    )


def _filtered(rows: Any, wanted: dict[str, Any]) -> Any:
    if wanted.get("q"):
        term = wanted["q"]
        rows = rows.filter(Q(name__icontains=term) | Q(short_name__icontains=term) | Q(ags__startswith=term))
    if wanted.get("kind"):
        rows = rows.filter(kind=wanted["kind"])
    if wanted.get("territory"):
        rows = rows.filter(territory=wanted["territory"])
    match wanted.get("state"):
        case "archived":
            return rows.filter(is_active=False)
        case "all":
            return rows
        case _:
            return rows.filter(is_active=True)


def _columns() -> list[Column]:
    return [
        Column(_("Name"), "organisation.name"),
        Column(_("Short name"), "organisation.short_name"),
        Column(_("Kind"), lambda row: row.organisation.get_kind_display()),
        Column(_("Part of"), lambda row: " / ".join(row.path)),
        Column(_("Territory"), "organisation.territory.name"),
        Column(_("Official key (AGS)"), "organisation.ags"),
        Column(_("E-mail of the office"), "organisation.email"),
        Column(_("Head"), lambda row: ", ".join(row.heads)),
        Column(_("People"), "member_count", Kind.NUMBER, 0),
        Column(_("Active"), "organisation.is_active"),
    ]


@require_safe
def organisation_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One organisation: what it is, who works there today; for the administrator also before and later."""
    organisation = get_object_or_404(
        visible_organisations(request.user).select_related("territory", "parent"), pk=pk
    )
    may_manage = bool(can(request.user, Perm.MANAGE_ORGANISATION, organisation))
    today = timezone.localdate()
    all_rows = organisation.memberships.select_related("user").order_by("-starts_on", *MEMBER_ORDER)
    seen = visible_organisations(request.user)
    return render(
        request,
        "stakeholders/organisation_detail.html",
        {
            "tabs": tabs(request, "organisation-list"),
            "organisation": organisation,
            "parent": organisation.parent,
            "sees_parent": seen.filter(children=organisation).exists(),
            "children": seen.filter(parent=organisation, is_active=True).order_by("name"),
            "members": organisation_members(organisation),
            "coming": all_rows.filter(starts_on__gt=today) if may_manage else [],
            "former": all_rows.filter(ends_on__lt=today) if may_manage else [],
            "seats": organisation_seats(organisation),
            "may_manage": may_manage,
            "may_read_log": may_manage and bool(can(request.user, Perm.VIEW_AUDIT_LOG, organisation.scope)),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def organisation_create_page(request: HttpRequest) -> HttpResponse:
    """Add an organisation."""
    administered(request)
    user = signed_in(request)
    if not territories_where(user, Perm.ADMINISTER_TERRITORY).exists():
        raise PermissionDenied(str(_("New organisations are added by the administrators of a territory.")))
    form = OrganisationForm(request.POST or None, user=user, initial={"parent": request.GET.get("parent")})
    if form.is_valid():
        added = done(form, lambda: organisation_create(**form.cleaned_data, user=user))
        if added is not None:
            messages.success(request, _("Added: %(name)s") % {"name": added.name})
            return redirect("stakeholders:organisation-detail", added.pk)
    return form_page(request, "stakeholders/organisation_form.html", form)


@require_http_methods(["GET", "HEAD", "POST"])
def organisation_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change an organisation."""
    organisation = _managed(request, pk)
    user = signed_in(request)
    form = OrganisationForm(request.POST or None, user=user, organisation=organisation)
    if form.is_valid():
        # Fields that are not offered for this organisation stay as they are.
        kept = {"parent": organisation.parent, "is_active": organisation.is_active}
        new = {**kept, **form.cleaned_data}
        if done(form, lambda: organisation_update(organisation, **new, user=user)) is not None:
            messages.success(request, _("Saved."))
            return redirect("stakeholders:organisation-detail", organisation.pk)
        organisation.refresh_from_db()
    return form_page(request, "stakeholders/organisation_form.html", form, organisation=organisation)


@require_http_methods(["GET", "HEAD", "POST"])
def membership_create(request: HttpRequest, pk: int) -> HttpResponse:
    """Give somebody a function in an organisation."""
    organisation = _managed(request, pk)
    form = MembershipForm(request.POST or None, organisation=organisation)
    if form.is_valid():
        started = done(
            form,
            lambda: membership_start(**form.cleaned_data, organisation=organisation, user=signed_in(request)),
        )
        if started is not None:
            messages.success(
                request,
                _("%(person)s works here as: %(function)s")
                % {"person": started.user, "function": started.get_function_display()},
            )
            return redirect("stakeholders:organisation-detail", organisation.pk)
    return form_page(request, "stakeholders/membership_form.html", form, organisation=organisation)


@require_http_methods(["GET", "HEAD", "POST"])
def membership_end_page(request: HttpRequest, pk: int) -> HttpResponse:
    """End somebody's function."""
    membership = get_object_or_404(
        Membership.objects.select_related("user", "organisation__territory").filter(
            organisation__in=visible_organisations(request.user)
        ),
        pk=pk,
    )
    require(request.user, Perm.MANAGE_ORGANISATION, membership.organisation)
    form = EndForm(request.POST or None)
    if form.is_valid():
        ended = done(form, lambda: membership_end(membership, **form.cleaned_data, user=signed_in(request)))
        if ended is not None:
            messages.success(request, _("The last day has been entered."))
            return redirect("stakeholders:organisation-detail", membership.organisation_id)
    return form_page(request, "stakeholders/membership_end.html", form, membership=membership)


def _managed(request: HttpRequest, pk: int) -> Organisation:
    organisation = get_object_or_404(
        visible_organisations(request.user).select_related("territory", "parent"), pk=pk
    )
    require(request.user, Perm.MANAGE_ORGANISATION, organisation)
    return organisation
