"""What the pages of the administration begin and end with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from project.common.errors import DomainError
from project.common.navigation import NavItem
from stakeholders.models import Organisation
from stakeholders.permissions import Perm, territories_where
from stakeholders.selectors import administered_scopes, audit_territories

T = TypeVar("T")

#: Form with errors: nothing was saved.
UNPROCESSABLE = 422

#: Field to which the sentence of a broken rule belongs; others stand above the form.
_FIELD_OF_CODE = {
    "username_taken": "username",
    "email_missing": "email",
    "name_taken": "name",
    "ends_before_start": "ends_on",
    "own_deputy": "deputy",
    "seat_taken": "person",
    "chair_taken": "seat",
    "absence_over": "ends_on",
    "absence_twice": "starts_on",
    "rules_in_past": "valid_from",
    "rules_used": "valid_from",
}


def administered(request: HttpRequest) -> QuerySet[Organisation]:
    """Territories the person administers; 403 for who administers none."""
    scopes = administered_scopes(request.user)
    if not scopes.exists():
        raise PermissionDenied(str(_("This page is for administrators.")))
    return scopes.order_by("name")


def tabs(request: HttpRequest, current: str) -> list[NavItem]:
    """Pages of the administration the person may open. Queries: 2 or 3."""
    is_administrator = administered_scopes(request.user).exists()
    wanted = [
        ("organisation-list", _("Organisations"), True),
        ("person-list", _("People"), is_administrator),
        ("body-list", _("Bodies"), is_administrator),
        ("mail-list", _("Mails not sent"), is_administrator),
        ("audit-log", _("Log"), audit_territories(request.user).exists()),
    ]
    found = [
        NavItem(label=label, url=reverse(f"stakeholders:{name}"), is_current=name == current)
        for name, label, is_shown in wanted
        if is_shown
    ]
    if is_administrator and territories_where(request.user, Perm.MANAGE_CATALOGUE).exists():
        found.append(NavItem(label=_("Areas"), url=reverse("monitoring:area-list"), is_current=False))
    return found


def done(form: forms.Form, act: Callable[[], T]) -> T | None:
    """Do what a valid form asks for; None, with the reason on the form, if a rule forbids it."""
    try:
        return act()
    except DomainError as error:
        field = _FIELD_OF_CODE.get(error.code)
        form.add_error(field if field in form.fields else None, str(error.message))
        return None


def form_page(request: HttpRequest, template: str, form: forms.Form, **context: Any) -> HttpResponse:
    """The page of a form; one that came back with errors says so to programs as well."""
    status = UNPROCESSABLE if form.errors else 200
    return render(request, template, {"form": form, **context}, status=status)
