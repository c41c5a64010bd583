"""Pages on which the administration enters bodies and seats; reading them: ``views_bodies``."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from stakeholders.forms.bodies import BodyForm, DeputyForm, SeatForm
from stakeholders.forms.organisations import EndForm
from stakeholders.models import Body, BodyMembership
from stakeholders.permissions import Perm, require, territories_where, visible
from stakeholders.selectors import selectable_people
from stakeholders.selectors.bodies import SEAT_ORDER
from stakeholders.services import (
    body_create,
    body_update,
    seat_end,
    seat_set_deputy,
    seat_start,
)
from stakeholders.sessions import signed_in
from stakeholders.views.common import done, form_page


@require_http_methods(["GET", "HEAD", "POST"])
def body_create_page(request: HttpRequest) -> HttpResponse:
    """Found a body."""
    user = signed_in(request)
    territories = territories_where(user, Perm.ADMINISTER_TERRITORY).order_by("name")
    if not territories.exists():
        raise PermissionDenied(str(_("This page is for administrators.")))
    form = BodyForm(request.POST or None, territories=territories)
    if form.is_valid():
        data = form.cleaned_data
        founded = done(
            form,
            lambda: body_create(
                territory=data["territory"],
                name=data["name"],
                kind=data["kind"],
                quorum_share=form.quorum_share,
                user=user,
            ),
        )
        if founded is not None:
            messages.success(request, _("The body exists. Now enter its members."))
            return redirect("stakeholders:body-seats", founded.pk)
    return form_page(request, "stakeholders/body_form.html", form)


@require_http_methods(["GET", "HEAD", "POST"])
def body_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the name, or close the body."""
    body = _managed(request, pk)
    form = BodyForm(request.POST or None, body=body)
    if form.is_valid():
        data = form.cleaned_data
        saved = done(
            form,
            lambda: body_update(
                body,
                name=data["name"],
                is_active=data["is_active"],
                user=signed_in(request),
            ),
        )
        if saved is not None:
            messages.success(request, _("Saved."))
            return redirect("stakeholders:body-seats", body.pk)
        body.refresh_from_db()
    return form_page(request, "stakeholders/body_form.html", form, body=body)


@require_safe
def body_seats(request: HttpRequest, pk: int) -> HttpResponse:
    """Seats of a body with what can be done with each."""
    body = _managed(request, pk)
    today = timezone.localdate()
    seats = list(
        BodyMembership.objects.filter(body=body)
        .select_related("organisation", "user", "deputy")
        .order_by(*SEAT_ORDER)
    )
    return render(
        request,
        "stakeholders/body_seats.html",
        {
            "body": body,
            "seats": [seat for seat in seats if seat.ends_on is None or seat.ends_on >= today],
            "former": [seat for seat in seats if seat.ends_on is not None and seat.ends_on < today],
            "today": today,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def seat_create(request: HttpRequest, pk: int) -> HttpResponse:
    """Give somebody a seat."""
    body = _managed(request, pk)
    form = SeatForm(request.POST or None, body=body)
    if form.is_valid():
        started = done(form, lambda: seat_start(**form.cleaned_data, body=body, user=signed_in(request)))
        if started is not None:
            messages.success(request, _("%(person)s has a seat.") % {"person": started.user})
            return redirect("stakeholders:body-seats", body.pk)
    return form_page(request, "stakeholders/seat_form.html", form, body=body)


@require_http_methods(["GET", "HEAD", "POST"])
def seat_end_page(request: HttpRequest, pk: int) -> HttpResponse:
    """End a seat."""
    seat = _managed_seat(request, pk)
    form = EndForm(request.POST or None)
    if form.is_valid():
        ended = done(form, lambda: seat_end(seat, **form.cleaned_data, user=signed_in(request)))
        if ended is not None:
            messages.success(request, _("The last day has been entered."))
            return redirect("stakeholders:body-seats", seat.body_id)
    return form_page(request, "stakeholders/seat_end.html", form, seat=seat)


@require_http_methods(["GET", "HEAD", "POST"])
def seat_deputy(request: HttpRequest, pk: int) -> HttpResponse:
    """Name who stands in."""
    seat = _managed_seat(request, pk)
    people = selectable_people(seat.body.territory).exclude(pk=seat.user_id)
    form = DeputyForm(request.POST or None, people=people, initial={"deputy": seat.deputy_id})
    if form.is_valid():
        changed = done(form, lambda: seat_set_deputy(seat, **form.cleaned_data, user=signed_in(request)))
        if changed is not None:
            messages.success(request, _("Saved."))
            return redirect("stakeholders:body-seats", seat.body_id)
    return form_page(request, "stakeholders/seat_deputy.html", form, seat=seat)


def _managed(request: HttpRequest, pk: int) -> Body:
    bodies = visible(request.user, Perm.VIEW_BODY, Body.objects.select_related("territory"))
    body = get_object_or_404(bodies, pk=pk)
    require(request.user, Perm.MANAGE_BODY, body)
    return body


def _managed_seat(request: HttpRequest, pk: int) -> BodyMembership:
    seats = BodyMembership.objects.select_related("body__territory", "organisation", "user", "deputy")
    seen = visible(request.user, Perm.VIEW_BODY, Body.objects.all())
    seat = get_object_or_404(seats.filter(body__in=seen), pk=pk)
    require(request.user, Perm.MANAGE_BODY, seat.body)
    return seat
