"""The audit log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from stakeholders.forms.fields import offer_territories
from stakeholders.models import Organisation
from stakeholders.selectors.audit import DEMO_SIGN_IN


class LogFilterForm(forms.Form):
    """Narrows the log down. There is no filter by person: the log is no tool to watch people."""

    hide_optional = True

    q = forms.CharField(label=_("Thing"), required=False, max_length=100)
    action = forms.ChoiceField(label=_("What happened"), required=False)
    since = forms.DateField(label=_("From"), required=False)
    until = forms.DateField(label=_("Until"), required=False)
    sign_ins = forms.BooleanField(label=_("Sign-ins on the demo page too"), required=False)
    territory = forms.ModelChoiceField(
        label=_("Territory"), required=False, queryset=Organisation.objects.none(), empty_label=_("All")
    )

    def __init__(
        self,
        *args: Any,
        territories: QuerySet[Organisation],
        actions: Iterable[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        offer_territories(self, territories)
        action = self.fields["action"]
        assert isinstance(action, forms.ChoiceField)
        choices = list(actions)
        action.choices = [("", _("Everything")), *choices]
        if DEMO_SIGN_IN not in dict(choices):
            del self.fields["sign_ins"]
