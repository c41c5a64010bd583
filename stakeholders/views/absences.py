"""Pages on which people, or the administration for them, enter when they are away."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from project.common.errors import DomainError
from stakeholders.forms.absences import AbsenceForm
from stakeholders.models import Absence, User
from stakeholders.selectors import answers_for, managed_people, person_seats
from stakeholders.services import absence_add, absence_end
from stakeholders.sessions import signed_in
from stakeholders.views.common import done, form_page


@require_http_methods(["GET", "HEAD", "POST"])
def absence_create(request: HttpRequest) -> HttpResponse:
    """Enter that one is away oneself."""
    return _enter(request, signed_in(request))


@require_http_methods(["GET", "HEAD", "POST"])
def absence_create_for(request: HttpRequest, pk: int) -> HttpResponse:
    """Enter it for somebody one administers."""
    user = signed_in(request)
    person = get_object_or_404(managed_people(user), pk=pk)
    if not answers_for(user, person):
        raise PermissionDenied(str(_("This person also works for others, who answer for the sign-in.")))
    return _enter(request, person)


def _enter(request: HttpRequest, person: User) -> HttpResponse:
    user = signed_in(request)
    form = AbsenceForm(request.POST or None)
    if form.is_valid():
        entered = done(form, lambda: absence_add(person, **form.cleaned_data, user=user))
        if entered is not None:
            messages.success(request, _("The absence has been entered."))
            return redirect(_back(user, person))
    return form_page(
        request,
        "stakeholders/absence_form.html",
        form,
        person=person,
        is_self=person.pk == user.pk,
        back_url=_back(user, person),
        seats=person_seats(person),
    )


@require_POST
def absence_end_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The person is back, or does not go after all."""
    user = signed_in(request)
    absences = Absence.objects.select_related("user")
    absence = get_object_or_404(absences.filter(Q(user=user) | Q(user__in=managed_people(user))), pk=pk)
    person = absence.user
    try:
        left = absence_end(absence, user=user)
    except DomainError as error:
        messages.error(request, str(error.message))
    else:
        text = _("The absence has been taken back.") if left is None else _("The absence has ended.")
        messages.success(request, text)
    return redirect(_back(user, person))


def _back(user: User, person: User) -> str:
    if user.pk == person.pk:
        return reverse("stakeholders:profile")
    return reverse("stakeholders:person-detail", args=[person.pk])
