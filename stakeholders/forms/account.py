"""Signing in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from project.common.addresses import browser_address
from project.common.errors import DomainError
from stakeholders.services import sign_in_begin, sign_in_failed, sign_in_succeeded


class SignInForm(AuthenticationForm):
    """User name and password."""

    error_messages = {
        "invalid_login": _(
            "User name and password do not fit together. Please look out for capital letters."
        ),
        "inactive": _("This sign-in has been deactivated."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("User name")
        self.fields["password"].label = _("Password")

    def clean(self) -> dict[str, Any]:
        """Compare the password, unless too many wrong ones came before."""
        username, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if not username or not password or self.request is None:
            return super().clean()
        try:
            attempt = sign_in_begin(username, browser_address(self.request))
        except DomainError as error:
            raise ValidationError(str(error.message), code=error.code) from error
        try:
            cleaned: dict[str, Any] = super().clean()
        except ValidationError:
            sign_in_failed(attempt)
            raise
        sign_in_succeeded(attempt)
        return cleaned


class LinkRequestForm(forms.Form):
    """Where to send the link for a new password."""

    email = forms.EmailField(
        label=_("E-mail"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
