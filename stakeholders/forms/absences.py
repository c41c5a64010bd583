"""When somebody is away."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from stakeholders.forms.fields import TodayForm


class AbsenceForm(TodayForm):
    """From when until when, and why, for oneself only."""

    starts_on = forms.DateField(label=_("First day"))
    ends_on = forms.DateField(label=_("Last day"))
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=200,
        help_text=_("Shown to nobody but the person. Leave it empty if you like."),
    )
