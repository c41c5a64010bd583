"""Signing in and out, passwords, the demo people, one's own profile."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import NON_FIELD_ERRORS
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from django.views.generic import FormView

from project.common.addresses import browser_address
from stakeholders.forms.account import LinkRequestForm, SignInForm
from stakeholders.models import User
from stakeholders.selectors import demo_people, person_functions, person_seats, stand_ins
from stakeholders.selectors.absences import coming_absences
from stakeholders.services import password_changed, password_link_request, person_look_round
from stakeholders.sessions import signed_in
from stakeholders.views.common import UNPROCESSABLE

TOO_MANY_REQUESTS = 429
_BACKEND = "django.contrib.auth.backends.ModelBackend"


class SignIn(auth.LoginView):
    """User name and password."""

    authentication_form = SignInForm

    def form_invalid(self, form: Any) -> HttpResponse:
        """Show the form again."""
        response = super().form_invalid(form)
        is_paused = form.has_error(NON_FIELD_ERRORS, "too_many_failures")
        response.status_code = TOO_MANY_REQUESTS if is_paused else UNPROCESSABLE
        return response


class PasswordChange(auth.PasswordChangeView):
    """A new password for who knows the old one."""

    success_url = reverse_lazy("stakeholders:profile")

    def form_valid(self, form: Any) -> HttpResponse:
        """Save it, say that it worked and go back to the profile."""
        with transaction.atomic():
            response = super().form_valid(form)
            password_changed(signed_in(self.request), address=browser_address(self.request), is_by_link=False)
        messages.success(self.request, _("From now on the new password applies."))
        return response


@method_decorator(login_not_required, name="dispatch")
class LinkRequest(FormView):  # type: ignore[type-arg]
    """Asks for a link with which a new password can be chosen; answers the same for unknown addresses."""

    template_name = "registration/password_reset_form.html"
    form_class = LinkRequestForm
    success_url = reverse_lazy("stakeholders:password-reset-done")

    def form_valid(self, form: LinkRequestForm) -> HttpResponse:
        """Queue the mail."""
        password_link_request(form.cleaned_data["email"])
        return super().form_valid(form)


class PasswordChoice(auth.PasswordResetConfirmView):
    """A new password for who has the link."""

    success_url = reverse_lazy("stakeholders:password-reset-complete")

    def form_valid(self, form: Any) -> HttpResponse:
        """Save it."""
        with transaction.atomic():
            response = super().form_valid(form)
            password_changed(self.user, address=browser_address(self.request), is_by_link=True)
        return response


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    """Choose a person of the demo by function; nowhere but in the demo."""
    if not settings.DEMO_MODE:
        raise Http404("No demo here.")
    if request.method == "POST":
        people = User.objects.filter(is_demo=True, is_active=True)
        person = get_object_or_404(people, username=request.POST.get("username", ""))
        person_look_round(person)
        login(request, person, backend=_BACKEND)
        return redirect(_next(request) or resolve_url(settings.LOGIN_REDIRECT_URL))
    context = {"people": demo_people(), "next": _next(request)}
    return render(request, "stakeholders/demo_sign_in.html", context)


def _next(request: HttpRequest) -> str:
    """Where the person wanted to go, if that is a page of ours."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_ours else ""


@require_safe
def profile(request: HttpRequest) -> HttpResponse:
    """One's own functions, seats and data."""
    person = signed_in(request)
    return render(
        request,
        "stakeholders/profile.html",
        {
            "person": person,
            "memberships": person_functions(person),
            "seats": person_seats(person),
            "stand_ins": stand_ins(person),
            "absences": coming_absences(person),
            "today": timezone.localdate(),
        },
    )
