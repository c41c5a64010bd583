"""People."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from stakeholders.forms.fields import OrganisationChoice, TodayForm
from stakeholders.models import Function, Organisation


class PersonFilterForm(forms.Form):
    """Narrows the list of people down."""

    hide_optional = True

    q = forms.CharField(label=_("Search"), required=False, max_length=100)
    organisation = OrganisationChoice(
        label=_("Organisation"),
        required=False,
        queryset=Organisation.objects.none(),
        empty_label=_("All organisations"),
    )
    function = forms.ChoiceField(
        label=_("Function"), required=False, choices=[("", _("All functions")), *Function.choices]
    )
    state = forms.ChoiceField(
        label=_("Sign-in"),
        required=False,
        choices=[
            ("", _("active")),
            ("waiting", _("never used")),
            ("inactive", _("deactivated")),
            ("all", _("all")),
        ],
    )

    def __init__(self, *args: Any, organisations: QuerySet[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["organisation"]
        assert isinstance(field, OrganisationChoice)
        field.queryset = organisations


class PersonForm(forms.Form):
    """Name and address of a person."""

    display_name = forms.CharField(
        label=_("Name"), max_length=150, help_text=_("First and last name, as colleagues know it.")
    )
    email = forms.EmailField(
        label=_("E-mail"), max_length=254, help_text=_("Notices and the link for the password go there.")
    )


class NewPersonForm(TodayForm, PersonForm):
    """A person with the first function; without one nobody could find them."""

    username = forms.CharField(
        label=_("User name"),
        max_length=150,
        help_text=_("For signing in, for example the one of your network. It stays as it is."),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off"}),
    )
    organisation = OrganisationChoice(
        label=_("Organisation"), queryset=Organisation.objects.none(), empty_label=_("Please choose")
    )
    function = forms.ChoiceField(label=_("Function"), choices=Function.choices, initial=Function.MEMBER)
    starts_on = forms.DateField(
        label=_("First day"), help_text=_("The rights of the function come with this day.")
    )

    field_order = ["display_name", "email", "username", "organisation", "function", "starts_on"]

    def __init__(self, *args: Any, organisations: QuerySet[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["organisation"]
        assert isinstance(field, OrganisationChoice)
        field.with_territory = True
        field.queryset = organisations.select_related("territory")
