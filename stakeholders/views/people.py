"""Pages of people: list, one with functions and seats, giving and taking the sign-in."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from project.common.errors import DomainError
from project.common.exports import Column, export_format, export_links, table_response
from project.common.listing import order_of, page_of
from stakeholders.forms.people import NewPersonForm, PersonFilterForm, PersonForm
from stakeholders.models import BodyMembership, Membership, User
from stakeholders.selectors import (
    answers_for,
    as_row,
    managed_bodies,
    managed_organisations,
    managed_people,
    person_rows,
)
from stakeholders.selectors.absences import coming_absences
from stakeholders.services import (
    membership_start,
    person_create,
    person_deactivate,
    person_invite,
    person_reactivate,
    person_update,
)
from stakeholders.sessions import signed_in
from stakeholders.views.common import administered, done, form_page, tabs

_ORDERS = {"name": ["display_name", "username"], "username": ["username"], "email": ["email"]}


@require_safe
def person_list(request: HttpRequest) -> HttpResponseBase:
    """People of the territories a person administers."""
    administered(request)
    user = signed_in(request)
    form = PersonFilterForm(request.GET, organisations=managed_organisations(user).order_by("name"))
    form.is_valid()
    order = order_of(request, _ORDERS, "name")
    people = _filtered(managed_people(user), user, form.cleaned_data).order_by(*order.by)
    wanted = export_format(request)
    if wanted is not None:
        return table_response(_("People"), _columns(), map(as_row, person_rows(people, user)), wanted)
    return render(
        request,
        "stakeholders/person_list.html",
        {
            "tabs": tabs(request, "person-list"),
            "filter_form": form,
            "is_filtered": any(form.cleaned_data.values()),
            "order": order,
            "page_obj": page_of(request, person_rows(people, user)),
            "links": export_links(request),
        },
    )


def _filtered(people: QuerySet[User], user: User, wanted: dict[str, Any]) -> QuerySet[User]:
    if wanted.get("q"):
        term = wanted["q"]
        people = people.filter(
            Q(display_name__icontains=term) | Q(username__icontains=term) | Q(email__icontains=term)
        )
    if wanted.get("organisation") or wanted.get("function"):
        work = Membership.objects.on(timezone.localdate()).filter(
            user=OuterRef("pk"), organisation__in=managed_organisations(user)
        )
        if wanted.get("organisation"):
            work = work.filter(organisation=wanted["organisation"])
        if wanted.get("function"):
            work = work.filter(function=wanted["function"])
        people = people.filter(Exists(work))
    match wanted.get("state"):
        case "all":
            return people
        case "inactive":
            return people.filter(is_active=False)
        case "waiting":
            return people.filter(is_active=True, last_login__isnull=True)
        case _:
            return people.filter(is_active=True)


def _columns() -> list[Column]:
    return [
        Column(_("Name"), lambda row: str(row.person)),
        Column(_("User name"), "person.username"),
        Column(_("E-mail"), "person.email"),
        Column(_("Functions"), lambda row: "; ".join(row.functions)),
        Column(_("Active"), "person.is_active"),
        Column(_("Has signed in"), "has_signed_in"),
    ]


@require_safe
def person_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One person: functions and seats, now and before, as far as the reader administers them."""
    user = signed_in(request)
    person = _person(request, pk)
    today = timezone.localdate()
    memberships = list(
        Membership.objects.filter(user=person, organisation__in=managed_organisations(user))
        .select_related("organisation")
        .order_by("-starts_on", "-pk")
    )
    seats = list(
        BodyMembership.objects.filter(Q(user=person) | Q(deputy=person), body__in=managed_bodies(user))
        .select_related("body", "organisation", "user")
        .order_by("-starts_on", "-pk")
    )
    return render(
        request,
        "stakeholders/person_detail.html",
        {
            "tabs": tabs(request, "person-list"),
            "person": person,
            "memberships": memberships,
            "seats": seats,
            "today": today,
            "may_manage": answers_for(user, person),
            "absences": coming_absences(person) if answers_for(user, person) else [],
            "is_self": user.pk == person.pk,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def person_create_page(request: HttpRequest) -> HttpResponse:
    """Give somebody a sign-in and the first function, and send the link for the password."""
    administered(request)
    user = signed_in(request)
    organisations = managed_organisations(user).filter(is_active=True).order_by("name")
    form = NewPersonForm(
        request.POST or None,
        organisations=organisations,
        initial={"organisation": request.GET.get("organisation")},
    )
    if form.is_valid():
        person = done(form, lambda: _create(user, form.cleaned_data))
        if person is not None:
            messages.success(
                request,
                _("%(person)s gets a mail with the link for choosing a password.") % {"person": person},
            )
            return redirect("stakeholders:person-detail", person.pk)
    return form_page(request, "stakeholders/person_form.html", form)


@transaction.atomic
def _create(user: User, data: dict[str, Any]) -> User:
    """Person, function and invitation, or nothing."""
    organisation = data["organisation"]
    person = person_create(
        username=data["username"],
        display_name=data["display_name"],
        email=data["email"],
        territory=organisation.scope,
        user=user,
    )
    membership_start(
        person=person,
        organisation=organisation,
        function=data["function"],
        starts_on=data["starts_on"],
        user=user,
    )
    person_invite(person, user=user)
    return person


@require_http_methods(["GET", "HEAD", "POST"])
def person_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change name and address."""
    person = _answered_for(request, pk)
    form = PersonForm(
        request.POST or None, initial={"display_name": person.display_name, "email": person.email}
    )
    if form.is_valid():
        saved = done(form, lambda: person_update(person, **form.cleaned_data, user=signed_in(request)))
        if saved is not None:
            messages.success(request, _("Saved."))
            return redirect("stakeholders:person-detail", person.pk)
        person.refresh_from_db()
    return form_page(request, "stakeholders/person_form.html", form, person=person)


@require_http_methods(["GET", "HEAD", "POST"])
def person_deactivate_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what ends with the sign-in, then take it."""
    person = _answered_for(request, pk)
    if request.method == "POST":
        try:
            person_deactivate(person, user=signed_in(request))
        except DomainError as error:
            messages.error(request, str(error.message))
        else:
            messages.success(request, _("%(person)s can no longer sign in.") % {"person": person})
        return redirect("stakeholders:person-detail", person.pk)
    today = timezone.localdate()
    lasting = Q(ends_on__isnull=True) | Q(ends_on__gt=today)
    return render(
        request,
        "stakeholders/person_deactivate.html",
        {
            "person": person,
            "memberships": person.memberships.filter(lasting).select_related("organisation"),
            "seats": person.seats.filter(lasting).select_related("body"),
            "stand_ins": person.deputy_seats.filter(lasting).select_related("body", "user"),
        },
    )


@require_POST
def person_reactivate_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the sign-in back."""
    person = _answered_for(request, pk)
    try:
        person_reactivate(person, user=signed_in(request))
    except DomainError as error:
        messages.error(request, str(error.message))
    else:
        messages.success(
            request,
            _("%(person)s can sign in again. Functions and seats that ended must be entered anew.")
            % {"person": person},
        )
    return redirect("stakeholders:person-detail", person.pk)


@require_POST
def person_invite_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the link for the password (again)."""
    person = _answered_for(request, pk)
    try:
        person_invite(person, user=signed_in(request))
    except DomainError as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("A new link goes to %(address)s.") % {"address": person.email})
    return redirect("stakeholders:person-detail", person.pk)


def _person(request: HttpRequest, pk: int) -> User:
    return get_object_or_404(managed_people(request.user), pk=pk)


def _answered_for(request: HttpRequest, pk: int) -> User:
    person = _person(request, pk)
    if not answers_for(signed_in(request), person):
        raise PermissionDenied(
            str(
                _(
                    "This person also works for others. Here you can end functions and seats of your own "
                    "organisations; the sign-in belongs to all administrators together."
                )
            )
        )
    return person
