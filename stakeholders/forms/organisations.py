"""Organisations and who works in them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from stakeholders.forms.fields import OrganisationChoice, PersonChoice, TodayForm, offer_territories
from stakeholders.models import Function, Organisation, OrganisationKind, User
from stakeholders.models.organisations import SUPRAREGIONAL_KINDS
from stakeholders.selectors import administered_scopes, selectable_people, territory_organisations

#: 5 digits for a district, 8 for a municipality.
_AGS = RegexValidator(
    r"^\d{5}(\d{3})?$", _("An official key has 8 digits, that of a district 5, for example 05358004.")
)
#: Kinds an administrator adds; new territories and funders are set up by whoever runs the installation.
_KINDS_TO_ADD = [choice for choice in OrganisationKind.choices if choice[0] not in SUPRAREGIONAL_KINDS]


class OrganisationFilterForm(forms.Form):
    """Narrows the list of organisations down."""

    hide_optional = True

    q = forms.CharField(label=_("Search"), required=False, max_length=100)
    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("All kinds")), *OrganisationKind.choices]
    )
    state = forms.ChoiceField(
        label=_("Status"),
        required=False,
        choices=[("", _("active")), ("archived", _("archived")), ("all", _("all"))],
    )
    territory = forms.ModelChoiceField(
        label=_("Territory"), required=False, queryset=Organisation.objects.none(), empty_label=_("All")
    )

    def __init__(self, *args: Any, territories: QuerySet[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_territories(self, territories)


class OrganisationForm(forms.Form):
    """An organisation of the administrator's territories."""

    name = forms.CharField(label=_("Name"), max_length=200)
    short_name = forms.CharField(
        label=_("Short name"),
        max_length=60,
        required=False,
        help_text=_("For tables and lists, for example the abbreviation."),
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=_KINDS_TO_ADD)
    territory = forms.ModelChoiceField(
        label=_("Territory"), queryset=Organisation.objects.none(), empty_label=None
    )
    parent = OrganisationChoice(
        label=_("Part of"),
        queryset=Organisation.objects.none(),
        required=False,
        empty_label=_("of nothing else"),
        help_text=_("For example the department of an office, or the association of a member."),
    )
    ags = forms.CharField(
        label=_("Official key (AGS)"),
        max_length=8,
        required=False,
        validators=[_AGS],
        help_text=_("For districts and municipalities."),
    )
    email = forms.EmailField(
        label=_("E-mail of the office"),
        required=False,
        help_text=_("For colleagues who want to write to the office."),
    )
    is_active = forms.BooleanField(
        label=_("Active"),
        required=False,
        help_text=_(
            "An archived organisation takes no people or seats and is no longer offered. Its history stays."
        ),
    )

    def __init__(
        self, *args: Any, user: User, organisation: Organisation | None = None, **kwargs: Any
    ) -> None:
        if organisation is not None:
            names = ("name", "short_name", "parent", "ags", "email", "is_active")
            kwargs["initial"] = {name: getattr(organisation, name) for name in names}
        super().__init__(*args, **kwargs)
        parent = self.fields["parent"]
        assert isinstance(parent, OrganisationChoice)
        if organisation is None:
            self._prepare_new(parent, administered_scopes(user))
        else:
            self._prepare_known(parent, organisation)

    def _prepare_new(self, parent: OrganisationChoice, scopes: QuerySet[Organisation]) -> None:
        territories = [scope for scope in scopes.order_by("name") if scope.is_territory]
        keys = [territory.pk for territory in territories]
        field = self.fields["territory"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Organisation.objects.filter(pk__in=keys).order_by("name")
        if len(territories) == 1:
            field.initial = territories[0]
            field.widget = field.hidden_widget()
        parent.with_territory = len(territories) > 1
        parent.queryset = (
            Organisation.objects.filter(territory__in=keys, is_active=True)
            .select_related("territory")
            .order_by("name")
        )
        del self.fields["is_active"]

    def _prepare_known(self, parent: OrganisationChoice, organisation: Organisation) -> None:
        del self.fields["kind"], self.fields["territory"]
        if organisation.territory is None:
            del self.fields["parent"]
        else:
            parent.queryset = territory_organisations(organisation.territory).exclude(pk=organisation.pk)
        if organisation.is_territory:
            del self.fields["is_active"], self.fields["parent"]


class MembershipForm(TodayForm):
    """Somebody gets a function in an organisation."""

    person = PersonChoice(label=_("Person"), queryset=User.objects.none())
    function = forms.ChoiceField(label=_("Function"), choices=Function.choices)
    starts_on = forms.DateField(
        label=_("First day"), help_text=_("The rights of the function come with this day.")
    )

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        person = self.fields["person"]
        assert isinstance(person, PersonChoice)
        person.queryset = selectable_people(organisation.scope)


class EndForm(TodayForm):
    """The last day of a function or seat."""

    day_field = "ends_on"

    ends_on = forms.DateField(
        label=_("Last day"), help_text=_("The rights hold until the evening of this day.")
    )
